"""Charts: the published values and nothing else, Chinese that shows, the same bytes every time."""

import re
from decimal import Decimal
from html import unescape
from xml.etree import ElementTree

import pytest

from tests.publish.made_estimates import made_estimates, secrets
from wagekit.disclosure import judge
from wagekit.errors import ReleaseError
from wagekit.publish import charts
from wagekit.publish.chart_parts import wrapped
from wagekit.publish.lettering import laid_out, outline
from wagekit.publish.pay_bands import Mark, PayBand, PayBands
from wagekit.publish.svg_renderer import name_of
from wagekit.publish.table import release
from wagekit.publish.words import display_width

NAMES = {"A": "农、林、牧、渔业", "C": "制造业", "D": "电力、热力、燃气及水生产和供应业", "I": "信息业"}
SVG = "{http://www.w3.org/2000/svg}"


def estimates(**options):
    domains = {
        "A": {"level": 61_230.0},
        "C": {"level": 98_765.0},
        "D": {"level": 123_456.0, "n": 40},
        "I": {"level": 187_654.0, "n_psu": 2},
    }
    return made_estimates(domains, **options)


def drawn_texts(svg):
    """Texts of a drawing; matplotlib writes each beside its outlines as a comment."""
    return [text.strip() for text in re.findall(r"<!--(.*?)-->", svg, flags=re.S)]


def paths(svg, style):
    """The parts of each path with this in its style, each part as its points."""
    found = [path.get("d") for path in ElementTree.fromstring(svg).iter(f"{SVG}path") if style in path.get("style", "")]
    return [
        [
            [tuple(map(float, point)) for point in re.findall(r"[ML] ([\d.]+) ([\d.]+)", part)]
            for part in d.split("M")[1:]
            for part in ["M" + part]
        ]
        for d in found
    ]


BANDS = PayBands(
    bands=(PayBand(None, 4.0, 3.1), PayBand(4.0, 6.0, 40.0), PayBand(6.0, 10.0, 50.9), PayBand(10.0, None, 6.0)),
    marks=(Mark("中位数", 6.1, "6.10"),),
    width=2.0,
    unit="万元/年",
    money="万元",
    period="（2023年）",
    synthetic=True,
    language="zh",
)


def test_strips_show_the_published_items_from_high_to_low():
    chart = charts.percentile_strips(release(estimates(), unit="万元/年", labels=NAMES))
    # D has 40 employees: its outer percentiles are held back, so its strip has no line from P10 to P90. The whole
    # of I is held back: two enterprises.
    assert "信息业" not in chart.alt
    assert re.search(r"供应业：中位数12\.35，25%至75%分位值为9\.26至17\.28；制造业：中位数9\.88，10%至90%", chart.alt)
    texts = drawn_texts(chart.svg)
    assert texts.index("12.35") < texts.index("9.88") < texts.index("6.12")
    assert "制造业" in texts
    assert "单位：万元/年" in texts


def test_nothing_held_back_is_in_a_chart():
    made = estimates()
    table = release(made, labels=NAMES)
    grades = release(estimates(statistics=("p50",)), precision=["interval"])
    hidden = secrets(made, judge(made)["release"].to_numpy())
    assert "187654" in hidden  # the median of I: the search would find it
    for chart in (charts.percentile_strips(table), charts.levels_by_group(grades)):
        # The coordinates of the drawing are pixels; texts and words are where a figure could be.
        written = " ".join([*drawn_texts(chart.svg), chart.alt, chart.title])
        assert [secret for secret in hidden if secret in written] == []


def test_a_strip_without_outer_percentiles_has_no_line():
    # Lines of strips are the only open paths in this colour, three of them a strip: the strip's and its key's.
    def lines(n):
        table = release(made_estimates({"C": {"n": n}}, statistics=("p10", "p25", "p50", "p75", "p90")))
        return sum(
            len(path) for path in paths(charts.percentile_strips(table).svg, "stroke: #6f9bc4; stroke-width: 1.2")
        )

    assert (lines(200), lines(40)) == (6, 0)


def test_with_many_items_the_middle_is_left_out_and_said():
    made = made_estimates({str(k): {"level": 10_000.0 * k} for k in range(1, 13)}, statistics=("p50",))
    chart = charts.percentile_strips(release(made), most=4)
    assert "（中间8项略）" in drawn_texts(chart.svg)
    assert [int(value) for value in re.findall(r"中位数(\d+)", chart.alt)] == [120_000, 110_000, 20_000, 10_000]


def test_grades_show_intervals_where_they_are_published():
    made = made_estimates({"1": {"level": 60_000.0}, "2": {"level": 80_000.0, "n": 35}}, by=("skill_level",),
                          statistics=("p50",))  # fmt: skip
    table = release(made, unit="万元/年", labels={"1": "初级工", "2": "中级工"}, precision=["interval"])
    chart = charts.levels_by_group(table)
    assert "初级工6.00（95%置信区间5.76至6.24）；中级工8.00。" in chart.alt
    assert {"6.00", "8.00", "初级工", "中级工"} <= set(drawn_texts(chart.svg))


def test_the_distribution_tells_its_open_bands():
    chart = charts.pay_distribution(BANDS)
    assert "4以下占3.1%；4至6占40.0%；6至10占50.9%；10及以上占6.0%；中位数 6.10" in chart.alt
    assert "10及以上占6.0%" in drawn_texts(chart.svg)
    assert "每2万元区间内从业人员占比（%）" in drawn_texts(chart.svg)


def test_areas_of_joined_bands_stay_shares():
    chart = charts.pay_distribution(BANDS)
    (bars,) = paths(chart.svg, "fill: #c3d6e8")
    boxes = [(right - left) * (bottom - top) for (left, top), _, (right, bottom), _ in bars]
    # 3.1 : 40 : 50.9, whatever the widths of the bands; coordinates are written with 6 decimals.
    assert [box / boxes[0] for box in boxes] == pytest.approx([1, 40 / 3.1, 50.9 / 3.1], rel=1e-4)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_simulated_data_say_so_in_drawing_and_words(language):
    made = estimates(metadata={"name": "2023", "synthetic": True})
    chart = charts.percentile_strips(release(made, labels=NAMES, language=language))
    word = "模拟数据" if language == "zh" else "Simulated data"
    assert any(text.startswith(word) for text in drawn_texts(chart.svg))
    assert chart.alt.startswith(word)


def test_the_same_table_gives_the_same_bytes_without_a_date():
    table = release(estimates(), labels=NAMES)
    first, second = charts.percentile_strips(table), charts.percentile_strips(table)
    assert first == second
    assert "<dc:date>" not in first.svg


def test_letters_are_outlines_of_the_chinese_font():
    svg = charts.percentile_strips(release(estimates(), labels=NAMES)).svg
    assert "<text" not in svg
    ((glyph, _),) = laid_out("造").glyphs
    assert len(re.findall(f'<path id="{name_of(glyph)}" [^>]*d="{outline(glyph)}"/>', svg)) == 1
    assert f'xlink:href="#{name_of(glyph)}"' in svg


def test_no_place_in_a_drawing_looks_like_a_figure():
    """Names of glyphs and places of letters have less than five digits in a row, as held-back figures are searched."""
    svg = charts.percentile_strips(release(estimates(), labels=NAMES)).svg
    assert re.findall(r"(?<![\d.])\d{5,}(?![\d.])", re.sub("<!--.*?-->", "", svg, flags=re.S)) == []


def test_a_name_without_glyphs_is_refused():
    table = release(estimates(), labels={**NAMES, "C": "制造\N{MUSICAL SYMBOL G CLEF}业"})
    with pytest.raises(ReleaseError, match=r"chart: no glyph for .*U\+1D11E"):
        charts.percentile_strips(table)


def test_a_name_is_text_not_mathematics_or_markup():
    chart = charts.percentile_strips(release(estimates(), labels={**NAMES, "C": r"$\frac{1}{2}$ <b>&"}))
    ElementTree.fromstring(chart.svg)
    assert r"$\frac{1}{2}$ <b>&" in [unescape(text) for text in drawn_texts(chart.svg)]
    assert r"$\frac{1}{2}$ <b>&" in chart.alt


def test_a_table_without_publishable_medians_makes_no_chart():
    table = release(made_estimates({"C": {"n": 3}}), held_back="list")
    with pytest.raises(ReleaseError, match="no item has a median"):
        charts.percentile_strips(table)


def test_plot_of_a_table_is_its_strips():
    table = release(estimates(), labels=NAMES)
    assert table.plot(title="标题") == charts.percentile_strips(table, title="标题")


def test_in_a_notebook_a_chart_brings_its_alternative_text():
    chart = charts.percentile_strips(release(estimates(), labels=NAMES))
    data, metadata = chart._repr_mimebundle_()
    assert set(data) == {"image/svg+xml", "text/plain"}
    assert metadata["image/svg+xml"] == {"alt": chart.alt, "title": chart.title}


@pytest.mark.parametrize(
    "label", ["信息传输、软件和信息技术服务业", "电力、热力、燃气及水生产和供应业人员", "a b c d e f g h i j"]
)
@pytest.mark.parametrize("width", [8, 14, 22, 40])
def test_wrapped_labels_fit_and_begin_with_no_comma(label, width):
    lines = wrapped(label, width).split("\n")
    assert len(lines) <= 2
    assert max(map(display_width, lines)) <= width
    assert not any(line.startswith(("、", "，", " ")) for line in lines)


def test_values_are_printed_as_the_table_prints_them():
    table = release(made_estimates({"C": {"level": 79_050.0}}, statistics=("p50",)), unit="万元/年")
    assert table.rows[0].cells[0].value == Decimal("7.91")
    assert "7.91" in drawn_texts(charts.percentile_strips(table).svg)
