"""Charts of every kind, with names long and short, few items and many: no text is cut off, none lies over another."""

import re
from dataclasses import dataclass
from decimal import Decimal
from html import unescape
from itertools import combinations, cycle

import pytest

from wagekit.guidance.guideline import Guideline
from wagekit.publish import charts, share_charts
from wagekit.publish.drawing import WIDTH, Axis, Sheet, draw
from wagekit.publish.figures import Cell, Column, Row
from wagekit.publish.guideline.charts import bands_stacked, growth_and_lines
from wagekit.publish.lettering import width
from wagekit.publish.pay_bands import Mark, PayBand, PayBands
from wagekit.publish.table import WageTable

NAMES = {
    "zh": (
        "制造业", "电力、热力、燃气及水生产和供应业", "运输设备和通用工程机械操作人员及有关人员", "教育",
        "信息传输、软件和信息技术服务业·专业技术人员和办事人员和有关人员", "高级技师", "水利、环境和公共设施管理业",
    ),
    "en": (
        "Mining", "Management of Water Conservancy, Environment and Public Facilities", "Intermediate Worker (Grade 4)",
        "Information Transmission, Software and Information Technology / Professional and Technical Personnel", "Total",
        "Operators of Transport Equipment and General Construction Machinery and Related Personnel", "Large",
    ),
}  # fmt: skip
GUIDELINE = Guideline("某市", 2023, (6.0, 6.0), 9.0, 3.0, "基准线", "made")


@dataclass(frozen=True)
class Written:
    """A line of text in a drawing, with the box that its letters fill, in points."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


def written(svg):
    """The lines of text of a drawing but for its stamp, which lies across."""
    found = re.findall(r'translate\(([\d.-]+) ([\d.-]+)\) scale\(([\d.]+) [^)]*\)">\s*<!-- (.*?) -->', svg, flags=re.S)
    lines = []
    for x, y, scale, text in found:
        size, text = float(scale) * 100, unescape(text).replace("- -", "--")
        left, base = float(x), float(y)
        # From the height of a capital to a little below the base line: Chinese characters are a little higher.
        lines.append(Written(text, left, base - 0.75 * size, left + width(text, size), base + 0.1 * size))
    return lines


def faults(svg):
    """What is wrong with the lines of text of a drawing."""
    height = float(re.search(r'height="([\d.]+)pt"', svg)[1])
    lines = written(svg)
    assert lines
    outside = [
        line.text
        for line in lines
        if line.left < -0.1 or line.right > WIDTH + 0.1 or line.top < -0.1 or line.bottom > height + 0.1
    ]
    over = [
        (one.text, other.text)
        for one, other in combinations(lines, 2)
        if one.left < other.right and other.left < one.right and one.top < other.bottom and other.top < one.bottom
    ]
    return outside, over


def table(values, language="zh", keys=None):
    """A table of these rows of values."""
    keys = keys or ("p10", "p25", "p50", "p75", "p90", "p50_ci_lower", "p50_ci_upper")
    columns = tuple(Column(key, key, "", key, 2, "") for key in keys)
    rows = tuple(
        Row((str(k),), (name,), tuple(Cell(None if v is None else Decimal(str(v))) for v in row))
        for k, (row, name) in enumerate(zip(values, cycle(NAMES[language])))
    )  # fmt: skip
    return WageTable("表", "万元/年", ("industry",), ("行业",), columns, rows, synthetic=True, language=language)


def strip(level):
    return [round(level * each, 2) for each in (0.5, 0.75, 1.0, 1.4, 2.0, 0.9, 1.12)]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("items", [1, 2, 7, 20, 40])
def test_strips(items, language):
    made = table([strip(5.0 + 1.7 * k) for k in range(items)], language)
    assert faults(charts.percentile_strips(made).svg) == ([], [])
    bare = table([[None, None, 6.0 + k, None, None, None, None] for k in range(items)], language)
    assert faults(charts.percentile_strips(bare).svg) == ([], [])


def test_the_key_of_strips_has_the_parts_that_are_drawn():
    def key(*values):
        texts = [line.text for line in written(charts.percentile_strips(table([values])).svg)]
        return [text for text in texts if text.endswith("%")]

    assert key(1, 2, 3, 4, 5, None, None) == ["10%", "25%", "50%", "75%", "90%"]
    assert key(None, 2, 3, 4, None, None, None) == ["25%", "50%", "75%"]
    assert key(1, 2, 3, None, None, None, None) == []  # neither the line nor the box has both its ends


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("levels", [[8.0], [3, 5, 5.2, 9], [12_345.67] * 7, [-4.0, 6.0, -12.5, 77.3], [0.0]])
def test_levels(levels, language):
    made = table([strip(level) if level > 0 else [None, None, level, *[None] * 4] for level in levels], language)
    chart = charts.levels_by_group(made)
    assert faults(chart.svg) == ([], [])


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    "marks", [(6.5, 11.2, 13.9, 22.9), (5.0, 5.05, 5.1, 5.2), (35.0, 37.5, 38.0, 39.9), (), (0.4, 20.0, 39.99)]
)
@pytest.mark.parametrize("widths", [[2.0] * 20, [10.0, 30.0], [40.0]])
def test_the_distribution(widths, marks, language):
    low, bands = 0.0, []
    for wide in widths:
        bands.append(PayBand(low, low + wide, round(95 / len(widths), 1)))
        low += wide
    name = {"zh": "90%分位值", "en": "90% percentile"}[language]
    made = PayBands(
        bands=(*bands, PayBand(low, None, 5.0)),
        marks=tuple(Mark(name, mark, f"{mark:.2f}") for mark in marks),
        width=min(widths), unit="万元/年", money="万元", period="", synthetic=True, language=language,
    )  # fmt: skip
    assert faults(charts.pay_distribution(made).svg) == ([], [])


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("values", [[0.0], [218, 25, 0, 1], [-3.1, 4.0], [100.0] * 20])
def test_bars(values, language):
    chart = share_charts.bars(table([[v] for v in values], language, ["n"]), "n", title="图", unit="%")
    assert faults(chart.svg) == ([], [])


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("items", [1, 20])
def test_stacked(items, language):
    rows = [(0, 2.5, 40.2, 57.3), (100, 0, 0, 0), (4.9, 5.1, 5.0, 85.0)]
    keys = ["≤5%", "5%–10%", "10%–20%", ">20%"]
    made = table([rows[k % 3] for k in range(items)], language, keys)
    assert faults(share_charts.stacked(made, keys, title="图").svg) == ([], [])
    bands = table([rows[k % 3] for k in range(items)], language, [band.name for band in GUIDELINE.bands])
    assert faults(bands_stacked(bands, GUIDELINE).svg) == ([], [])


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("spread", [1, 10, 200])
@pytest.mark.parametrize("items", [1, 9])
def test_growth_and_lines(items, spread, language):
    rows = [(-spread / 2 + k, -spread + k, spread + k) for k in range(items)]
    made = table(rows, language, ["growth", "ci_lower", "ci_upper"])
    assert faults(growth_and_lines(made, GUIDELINE).svg) == ([], [])


def test_faults_are_seen():
    def paint(sheet):
        sheet.text(WIDTH - 10, 20, "出去了")
        sheet.text(50, 50, "上面")
        sheet.text(60, 52, "下面")

    svg = draw(paint, height=80, synthetic=False, language="zh")
    assert faults(svg) == (["出去了"], [("上面", "下面")])


def test_an_artist_of_matplotlib_can_be_added():
    from matplotlib.text import Text

    def paint(sheet):
        sheet.figure.add_artist(Text(10, 40, "工资\n价位", transform=sheet.points, fontsize=10))

    assert [line.text for line in written(draw(paint, height=80, synthetic=False, language="zh"))] == ["工资", "价位"]


@pytest.mark.parametrize(("side", "left"), [("left", 100), ("center", 80), ("right", 60)])
def test_text_stands_where_it_is_put(side, left):
    (line,) = written(draw(lambda sheet: sheet.text(100, 30, "工资价位", size=10, side=side), height=60,
                           synthetic=False, language="zh"))  # fmt: skip
    assert line.left == left
    assert (line.top + line.bottom) / 2 == pytest.approx(30, abs=0.5)


def test_a_turned_text_keeps_its_middle():
    svg = draw(lambda sheet: sheet.text(200, 50, "工资价位", size=10, side="center", angle=90, alpha=0.5), height=100,
               synthetic=False, language="zh")  # fmt: skip
    # It runs upwards: its base line is half a capital's height (0.3665 ems) right of its middle, and begins half of
    # its 40 points below.
    assert "opacity: 0.5" in svg
    x, y = map(float, re.search(r"translate\(([\d.]+) ([\d.]+)\) rotate\(-90\)", svg).groups())
    assert (x, y) == (pytest.approx(203.67, abs=0.01), pytest.approx(70, abs=0.01))


@pytest.mark.parametrize(("low", "high"), [(0, 0.37), (-3.6, 10.4), (0, 98_000), (1.9, 12.1), (0, 100)])
def test_ticks_are_round_and_few(low, high):
    ticks = Axis(low, high, 0, 300).ticks()
    assert 3 <= len(ticks) <= 8
    step = ticks[1] - ticks[0]
    assert all(low <= tick <= high for tick in ticks)
    assert f"{step:e}"[0] in "125"
    assert all(tick / step == pytest.approx(round(tick / step)) for tick in ticks)


def test_the_users_style_changes_nothing():
    import matplotlib

    def paint(sheet: Sheet) -> None:
        sheet.lines([[(0, 0), (50, 50)]], "#1f4e79", 1)
        sheet.text(20, 20, "工资")

    usual = draw(paint, height=60, synthetic=False, language="zh")
    with matplotlib.rc_context(
        {"figure.facecolor": "black", "path.sketch": (3, 50, 2), "svg.id": "x", "lines.antialiased": False}
    ):
        assert draw(paint, height=60, synthetic=False, language="zh") == usual
