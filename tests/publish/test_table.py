"""The wage table: what it holds, in which order and words, and that what is held back is nowhere."""

import gc
import json
import pickle
import re
import zipfile
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.publish.made_estimates import STATISTICS, made_estimates, secrets
from wagekit.disclosure import ReleaseRules, judge
from wagekit.errors import ReleaseError
from wagekit.estimates import Estimates
from wagekit.publish.counts import refuse_counts_beside_means
from wagekit.publish.table import MARK, WageTable, release

INDUSTRIES = {"A": "农、林、牧、渔业", "B": "采矿业", "C": "制造业"}


def printed(table):
    """Names of an item -> its cells as they are printed."""
    cells = [[table.printed(*pair) for pair in zip(row.cells, table.columns, strict=True)] for row in table.rows]
    return dict(zip((row.names for row in table.rows), cells, strict=True))


def test_the_published_look_of_a_plain_table():
    table = release(made_estimates({"C": {}, "A": {"level": 79_050.0}}), unit="万元/年", labels=INDUSTRIES)
    assert table.title == "分行业门类企业从业人员工资价位（2023年）"
    data = table.to_json()
    assert data["unit"] == "单位：万元/年"
    assert [column["label"] for column in data["columns"]] == [
        "序号", "行业门类名称", "10%", "25%", "50%", "75%", "90%", "平均值",
    ]  # fmt: skip
    assert [column["group"] for column in data["columns"]] == [None, None, *["分位值"] * 5, None]
    # 79,050 元 is 7.905 万元: half up by hand 7.91, where the float 7.905 (below the half) would give 7.90.
    assert data["rows"] == [
        ["1", "农、林、牧、渔业", "3.95", "5.93", "7.91", "11.07", "15.81", "8.70"],
        ["2", "制造业", "5.00", "7.50", "10.00", "14.00", "20.00", "11.00"],
    ]


def test_yuan_a_year_is_whole_yuan():
    table = release(made_estimates({"A": {"level": 123_456.5}}, statistics=["p50"]))
    assert table.unit == "元/年"
    assert printed(table) == {("A",): ["123457"]}


def test_another_unit_with_its_own_factor_and_decimals():
    table = release(made_estimates({"A": {"level": 12.3456}}, statistics=["p50"]), unit="EUR/h", decimals=3)
    assert printed(table) == {("A",): ["12.346"]}
    table = release(made_estimates({"A": {}}, statistics=["p50"]), unit="千元/月", factor=12_000, decimals=1)
    assert printed(table) == {("A",): ["8.3"]}
    with pytest.raises(ReleaseError, match="positive"):
        release(made_estimates({"A": {}}), unit="x", factor=0)


def test_percentiles_from_high_to_low_and_a_choice_of_statistics():
    table = release(made_estimates({"A": {}}), order="descending", statistics=["mean", "p10", "p90"])
    assert [column.key for column in table.columns] == ["p90", "p10", "mean"]
    with pytest.raises(ReleaseError, match="no estimates of 'p33'"):
        release(made_estimates({"A": {}}), statistics=["p33"])


def test_rows_stand_in_the_order_of_their_codes():
    table = release(made_estimates({code: {} for code in ("10", "2", "C13", "C2", "A", "")}))
    assert [row.codes[0] for row in table.rows] == ["2", "10", "A", "C2", "C13", ""]
    assert table.rows[-1].names == ("未填报",)
    ages = release(made_estimates({code: {} for code in ("26–35", "≥56", "46–55", "≤25", "36–45")}, by=["age_group"]))
    assert [row.codes[0] for row in ages.rows] == ["≤25", "26–35", "36–45", "46–55", "≥56"]


def test_percentiles_and_means_that_were_estimated_apart_make_one_table():
    both = [made_estimates({"A": {}}, statistics=["p50"]), made_estimates({"A": {}}, statistics=["mean"])]
    assert printed(release(both)) == {("A",): ["100000", "110000"]}
    with pytest.raises(ReleaseError, match="two estimates of 'p50'"):
        release([both[0], both[0]])
    with pytest.raises(ReleaseError, match="one variable and the same domain columns"):
        release([both[0], made_estimates({"A": {}}, by=["sex"])])
    with pytest.raises(ReleaseError, match="no estimates"):
        release([])


def test_codes_of_other_types_are_codes():
    frame = made_estimates({"A": {}, "B": {}}, statistics=["p50"])
    for values in ([1, 2], [1.0, 2.0], pd.Categorical(["1", "2"]), ["1 ", "2"]):
        made = Estimates(
            frame.frame.assign(industry=values), ("industry",), "y", frame.domains.assign(industry=values), {}
        )
        assert list(printed(release(made, labels={"1": "男", 2: "女"}))) == [("男",), ("女",)]
    # Two codes that look the same when printed would become one item.
    made = Estimates(
        frame.frame.assign(industry=["1", "1 "]), ("industry",), "y", frame.domains.assign(industry=["1", "1 "]), {}
    )
    with pytest.raises(ReleaseError, match="two estimates"):
        release(made)


def test_the_whole_sample_is_one_row():
    table = release(made_estimates({(): {}}, by=()))
    assert table.title == "企业从业人员工资价位（2023年）"
    assert table.to_json()["rows"][0][:2] == ["1", "总体"]


def test_two_domain_columns_with_classifications():
    class Sexes:
        def __contains__(self, code):
            return code in ("1", "2")

        def label(self, code, *, language="zh"):
            return {"zh": {"1": "男", "2": "女"}, "en": {"1": "men", "2": "women"}}[language][code]

    made = made_estimates({("A", "1"): {}, ("A", "2"): {}, ("B", "9"): {}}, by=("industry", "sex"), statistics=["p50"])
    table = release(made, labels={"industry": INDUSTRIES, "sex": Sexes()})
    assert table.headings == ("行业门类名称", "性别")
    assert list(printed(table)) == [("农、林、牧、渔业", "男"), ("农、林、牧、渔业", "女"), ("采矿业", "9")]
    english = release(made, labels={"sex": Sexes()}, language="en", headings={"sex": "Men and women"})
    assert english.headings == ("Industry section", "Men and women")
    assert english.rows[1].names == ("A", "women")
    assert english.title == "Wage levels of employees by industry section and sex (2023)"
    with pytest.raises(ReleaseError, match="a mapping with the keys industry, sex"):
        release(made, labels=Sexes())


def test_a_shipped_classification_gives_the_names():
    from wagekit.collect.classification import load

    table = release(made_estimates({"C": {}, "I": {}}), labels=load("industry"))
    assert [row.names[0] for row in table.rows] == ["制造业", "信息传输、软件和信息技术服务业"]


def test_one_value_held_back_leaves_the_row_with_a_mark():
    table = release(made_estimates({"A": {"n": 40}, "B": {}}, cells={("B", "mean"): {"se": 0.0}}))
    assert printed(table)["A",] == [MARK, "75000", "100000", "140000", MARK, "110000"]
    assert printed(table)["B",][-1] == MARK
    assert table.statuses == ("c", "u")
    assert table.printed_notes()[-1] == "“..”表示按发布规则不予公布或无法估计。"


def test_rows_without_any_value_are_counted_or_listed():
    made = made_estimates({"A": {"n": 12}, "B": {"n_psu": 2}, "C": {}})
    dropped = release(made)
    assert list(printed(dropped)) == [("C",)]
    assert dropped.left_out == 2
    assert "另有2个项目按发布规则不予公布。" in dropped.notes
    listed = release(made, held_back="list", counts=True, statistics=["p50"])
    assert printed(listed) == {("A",): [MARK] * 3, ("B",): [MARK] * 3, ("C",): ["100000", "200", "20"]}
    assert {cell.status for row in listed.rows[:2] for cell in row.cells} == {"c"}


def test_nothing_tells_a_dominated_cell_from_a_small_one():
    small = release(made_estimates({"A": {"n": 12}}), held_back="list")
    dominated = release(made_estimates({"A": {"largest_share": 0.95}}), held_back="list")
    assert small == dominated
    assert small.to_html() == dominated.to_html()


def test_the_parameters_of_concentration_and_precision_rules_are_not_told():
    rules = ReleaseRules(max_share=0.7319, max_cv=0.2718, min_employees=31, min_enterprises=4)
    table = release(made_estimates({"A": {}, "B": {"largest_share": 0.74}}), rules, held_back="list")
    said = json.dumps(table._repr_mimebundle_(), ensure_ascii=False)
    assert "公布的数值至少依据4家企业31名从业人员的数据。" in said
    assert not any(secret in said for secret in ("7319", "73.19", "73%", "2718", "27%"))


def test_precision_beside_the_values():
    made = made_estimates({"A": {"n": 60}, "B": {"n": 45}}, statistics=["p25", "mean"])
    table = release(made, unit="万元/年", precision=["se", "cv", "interval"])
    assert [column.key for column in table.columns] == [
        "p25", "p25_se", "p25_cv", "p25_ci_lower", "p25_ci_upper", "mean", "mean_se", "mean_cv", "mean_ci_lower",
        "mean_ci_upper",
    ]  # fmt: skip
    assert table.columns[3].heading == "25%分位值95%置信下限"
    assert printed(table)["A",] == ["7.50", "0.150", "2.0", "7.20", "7.80", "11.00", "0.220", "2.0", "10.56", "11.44"]
    # 45 respondents are too few for P10, so for the limits of P25, too, that lie out there.
    assert printed(table)["B",][:5] == ["7.50", "0.150", "2.0", MARK, MARK]


def test_what_cannot_be_estimated_is_marked_even_if_no_precision_is_asked_for():
    cells = {("A", "p50"): {"se": np.nan}, ("A", "mean"): {"estimate": np.nan}}
    table = release(
        made_estimates({"A": {}}, cells=cells, statistics=["p50", "mean"]), ReleaseRules(max_cv=None), precision=["cv"]
    )
    assert [cell.status for cell in table.rows[0].cells] == ["", "x", "x", "x"]


def test_simulated_data_say_so_everywhere():
    made = made_estimates({"A": {}}, metadata={"name": "普陀区2023", "synthetic": True})
    table = release(made)
    assert table.title == "分行业门类企业从业人员工资价位（普陀区2023，模拟数据）"
    assert table.notes[0].startswith("本表为模拟数据")
    assert release(made, title="工资价位").title == "工资价位（模拟数据）"
    assert release(made, title="模拟数据工资价位").title == "模拟数据工资价位"
    assert "simulated data" in release(made, language="en").title


def test_counts_beside_means_are_refused_where_a_mean_is_held_back():
    full = made_estimates({"A": {}, "B": {}})
    gap = made_estimates({"A": {}, "B": {"n_psu": 2}})
    assert release(full, counts=True).columns[-1].key == "n_psu"
    for held_back in ("drop", "list"):
        with pytest.raises(ReleaseError, match="could be calculated"):
            release(gap, counts=True, held_back=held_back)
    counted = release(gap, counts=True, statistics=["p50"])
    with pytest.raises(ReleaseError, match="could be calculated"):
        refuse_counts_beside_means([counted, release(gap)])
    refuse_counts_beside_means([counted, release(full)])


@pytest.mark.parametrize(
    "option",
    [{"order": "up"}, {"precision": ["deff"]}, {"held_back": "hide"}, {"language": "fr"}, {"precision": "cvs"}],
)
def test_options_that_are_not_known_are_refused(option):
    with pytest.raises(ReleaseError, match=next(iter(option))):
        release(made_estimates({"A": {}}), **option)


def test_text_from_data_is_data():
    nasty = '<script>alert(1)</script>&"quoted"\x00\x07\u202e\ud800\n=1+1'
    table = release(made_estimates({"A": {}}), labels={"A": nasty}, title=nasty, notes=[nasty])
    html = table.to_html()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert table.rows[0].names == ('<script>alert(1)</script>&"quoted" =1+1',)
    table.to_html().encode()
    with pytest.raises(ReleaseError, match="at most 1,000"):
        release(made_estimates({"A": {}}), labels={"A": "字" * 1_001})


def test_the_html_is_whole_escaped_and_accessible():
    from html.parser import HTMLParser

    made = made_estimates({("A", "1"): {"n": 40}, ("A", "2"): {}, ("B", "1"): {}}, by=("industry", "sex"))
    html = release(made, labels={"industry": INDUSTRIES}).to_html()
    stack, spans = [], []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attributes):
            stack.append(tag)
            spans.extend(int(value) for name, value in attributes if name == "rowspan" and tag == "th")

        def handle_endtag(self, tag):
            assert stack.pop() == tag

    Reader().feed(html)
    assert stack == []
    assert 'scope="rowgroup" class="span" rowspan="2">农、林、牧、渔业' in html
    assert '<th scope="colgroup" class="group" colspan="5">分位值</th>' in html
    assert 'aria-label="按发布规则不予公布">..</td>' in html
    assert not re.search(r"(src|href|url\(|@import)", html)


def test_an_empty_table_says_so():
    table = release(made_estimates({"A": {"n": 1}}))
    assert table.rows == ()
    assert "本表没有可以公布的项目。" in table.to_html()
    assert table.to_json()["notes"][-1] == "本表没有可以公布的项目。"
    assert len(table.to_frame()) == 0


def test_the_notebook_gets_text_html_and_a_table_for_other_writers():
    bundle = release(made_estimates({"A": {}}))._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", "application/vnd.wagekit.table+json"}
    data = bundle["application/vnd.wagekit.table+json"]
    assert json.loads(json.dumps(data)) == data
    assert all(len(row) == len(data["columns"]) for row in data["rows"])


def test_the_plain_text_stands_in_columns():
    """Each column is as wide as its widest text and set to the right, as pandas prints a frame of texts."""
    table = release(
        made_estimates({"A": {"level": 51_234.0}, "B1": {"level": 1_987_654.0}}), unit="元/年", language="en"
    )
    title, unit, *lines = repr(table).splitlines()
    made = table.to_json()
    heads = ["No.", *table.headings, *(column.heading for column in table.columns)]
    assert (title, unit) == (made["title"], made["unit"])
    frame = pd.DataFrame(made["rows"], columns=pd.Index(heads))
    assert lines == [*frame.to_string(index=False).splitlines(), *made["notes"]]


def test_the_same_estimates_give_the_same_table():
    one, two = (release(made_estimates({"B": {}, "A": {}})) for _ in range(2))
    shuffled = made_estimates({"A": {}, "B": {}})
    assert one == two == release(shuffled)
    assert one.to_html() == two.to_html()
    assert one.id != release(made_estimates({"A": {}})).id


def test_frames_show_what_the_table_shows():
    table = release(made_estimates({"A": {"n": 40, "level": 123_456.789}}), unit="万元/年", labels=INDUSTRIES)
    wide = table.to_frame()
    assert list(wide) == ["industry", "industry_name", *STATISTICS]
    assert wide["p50"].item() == 12.35
    assert np.isnan(wide["p10"].item())
    tidy = table.to_frame("tidy")
    assert list(tidy) == ["code", "name", "statistic", "value", "unit", "status", "source"]
    assert tidy.iloc[0].tolist()[:3] == ["A", "农、林、牧、渔业", "p10"]
    assert tidy.loc[0, "status"] == "c"
    assert np.isnan(tidy.loc[0, "value"])


def test_nothing_of_the_estimates_is_reachable_from_the_table():
    table = release(made_estimates({"A": {"n": 40}, "B": {}, "C": {"n_psu": 1}}), held_back="list")
    seen, queue = set(), [getattr(table, name) for name in WageTable.__dataclass_fields__]
    while queue:
        item = queue.pop()
        if id(item) in seen or isinstance(item, type):
            continue
        seen.add(id(item))
        assert not isinstance(item, (Estimates, pd.DataFrame, pd.Series, np.ndarray, float))
        queue.extend(gc.get_referents(item))


# Random estimates with 9-digit figures, so that a figure found in an output is no chance hit.
amount = st.integers(0, 10**6).map(lambda seed: (seed * 2_654_435_761 + 234_567_891) % 800_000_000 + 100_000_000.377)
domain = st.fixed_dictionaries(
    {
        "n": st.integers(0, 120),
        "n_psu": st.integers(0, 8),
        "largest_share": st.floats(0, 1),
        "largest_weighted_share": st.floats(0, 1),
        "level": amount,
    }
)
some_rules = st.builds(
    ReleaseRules,
    min_employees=st.none() | st.integers(0, 100),
    min_enterprises=st.none() | st.integers(0, 8),
    max_share=st.none() | st.floats(0.1, 1),
    max_cv=st.none() | st.floats(0.01, 0.5),
    min_employees_tails=st.none() | st.integers(0, 120),
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    domains=st.lists(domain, min_size=1, max_size=4),
    noise=st.lists(st.floats(0.001, 0.6), min_size=6, max_size=6),
    rules=some_rules,
    unit=st.sampled_from(["元/年", "万元/年"]),
    precision=st.sampled_from([(), ("se",), ("cv",), ("interval",), ("se", "cv", "interval")]),
    held_back=st.sampled_from(["drop", "list"]),
    language=st.sampled_from(["zh", "en"]),
)
def test_a_held_back_value_is_in_no_output(domains, noise, rules, unit, precision, held_back, language, tmp_path):
    codes = "ABCD"[: len(domains)]
    cells = {
        (code, word): {"estimate": one["level"] * (1 + 0.137 * place), "se": one["level"] * noise[place]}
        for code, one in zip(codes, domains, strict=True)
        for place, word in enumerate(STATISTICS)
    }
    made = made_estimates(dict(zip(codes, domains, strict=True)), cells=cells)
    table = release(made, rules, unit=unit, decimals=4, precision=precision, held_back=held_back, language=language)
    hidden = secrets(made, judge(made, rules)["release"].to_numpy(dtype=bool))
    table.to_excel(tmp_path / "t.xlsx")
    table.to_csv(tmp_path / "wide.csv")
    table.to_csv(tmp_path / "tidy.csv", layout="tidy")
    with zipfile.ZipFile(tmp_path / "t.xlsx") as archive:
        parts = [archive.read(name) for name in archive.namelist()]
    said = b"\n".join(
        [
            *parts,
            (tmp_path / "wide.csv").read_bytes(),
            (tmp_path / "tidy.csv").read_bytes(),
            json.dumps(table._repr_mimebundle_()).encode(),
            repr(table).encode(),
            pickle.dumps(table),
            table.to_frame().to_csv(float_format="%.6f").encode(),
        ]
    ).decode("utf-8", errors="replace")
    assert not [text for text in hidden if text in said]
    # The search can find: every released figure is there as printed.
    shown = [cell.value for row in table.rows for cell in row.cells if cell.value is not None]
    assert all(isinstance(value, Decimal) and f"{value:f}" in said for value in shown)
