"""The published lines, and each clause of the rule tables worked by hand; sources are those of data/reference."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from wagekit.errors import InputError
from wagekit.guidance.guideline import Guideline, guideline
from wagekit.guidance.lines import bands_of, guidelines
from wagekit.guidance.rules import load_clauses

# Shanghai as published: base (low, high), upper, lower. Sources: big5.www.gov.cn 2008-04-27 (2008) and 2010-08-05 (2010),
# copy of the notice at tsrchy.com (2011), caixin 2012-06-29 (2012), epjob88 46201 (2013), 沪人社综发[2015]27号 (2015),
# 经济日报 2016-12 (2016, lower line only), 闽南网 2018-03-26 (2018), news digest (2019), ixigua 2022-03-15 (2022),
# 中新网 2023-03-24 (2023).
SHANGHAI = {
    2004: ((9, 10), None, 3),
    2008: ((11, 11), 16, 5),
    2010: ((11, 11), 16, 4),
    2011: ((13, 13), 18, 6),
    2012: ((12, 12), 16, None),
    2013: ((12, 12), 16, 5),
    2015: ((10, 10), 16, 4),
    2016: (None, None, 4),
    2018: ((8, 8), None, 3),
    2019: ((5, 6), None, None),
    2022: ((6, 6), None, 3),
    2023: ((5, 5), None, 2),
}


@pytest.mark.parametrize(("year", "lines"), SHANGHAI.items())
def test_shanghai_as_published(year: int, lines: tuple[object, ...]) -> None:
    found = guideline("上海", year)
    assert (found.base, found.upper, found.lower) == lines
    assert found.source


def test_all_lines_have_a_source_and_the_right_order() -> None:
    table = guidelines()
    assert len(table) == 46
    assert sorted(table.query("region == '上海'")["year"]) == sorted(SHANGHAI)
    assert table["source"].str.len().min() > 0
    assert not table.duplicated(["region", "year"]).any()
    for row in table.itertuples():
        assert not row.base_low > row.base_high
        guideline(row.region, row.year).bands  # noqa: B018 - made, so the lines are in order


def test_an_unknown_region_or_year_names_those_there_are() -> None:
    with pytest.raises(
        InputError, match=r"no guideline of 上海 for 2014; expected one of the years 2004, 2008, .*2023"
    ):
        guideline("上海", 2014)
    with pytest.raises(InputError, match="no guideline of the region '东京'; expected one of 上海, 北京"):
        guideline("东京", 2023)


def test_lines_of_a_store_come_first(tmp_path) -> None:
    from wagekit.collect.store import open as open_store

    with open_store(tmp_path / "s.duckdb") as store:
        row = {"region": "上海", "year": 2030, "base_line": 4.0, "lower_line": 1.0, "base_line_name": "平均线"}
        store.update_reference(guideline_lines=pd.DataFrame([{**row, "source": "test", "source_kind": "found"}]))
        lines = store.guideline_lines()
    found = guideline("上海", 2030, lines=lines)
    assert (found.base, found.upper, found.lower, found.source) == ((4.0, 4.0), None, 1.0, "test")
    assert guideline("上海", 2023, lines=lines).base == (5.0, 5.0)
    with pytest.raises(InputError, match="no column 'year'"):
        guidelines(lines=lines.drop(columns="year"))


# -- bands ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("region", "year", "growth", "band"),
    [
        # All three lines: 4, 9, 15. A line belongs to the band above it.
        ("北京", 2016, 3.999, "below_lower"),
        ("北京", 2016, 4, "lower_to_base"),
        ("北京", 2016, 8.999, "lower_to_base"),
        ("北京", 2016, 9, "base_to_upper"),
        ("北京", 2016, 14.999, "base_to_upper"),
        ("北京", 2016, 15, "above"),
        # No upper line: 2, 5.
        ("上海", 2023, -30, "below_lower"),
        ("上海", 2023, 2, "lower_to_base"),
        ("上海", 2023, 5, "base_and_above"),
        ("上海", 2023, 80, "base_and_above"),
        # No lower line: 12, 16.
        ("上海", 2012, 11.99, "below_base"),
        ("上海", 2012, 12, "base_to_upper"),
        ("上海", 2012, 16, "above"),
        # A base range, 5 to 6, and nothing else: reached from its lower end.
        ("上海", 2019, 4.99, "below_base"),
        ("上海", 2019, 5, "base_and_above"),
        ("上海", 2019, 5.5, "base_and_above"),
        # Only the lower line, 4.
        ("上海", 2016, 3.9, "below_lower"),
        ("上海", 2016, 4, "lower_and_above"),
        # 宁夏 2007: the lower line is 0.
        ("宁夏", 2007, -0.01, "below_lower"),
        ("宁夏", 2007, 0, "lower_to_base"),
    ],
)
def test_bands_and_their_boundaries(region: str, year: int, growth: float, band: str) -> None:
    assert guideline(region, year).band(growth) == band


def test_growth_on_a_line_stays_on_it_in_floating_point() -> None:
    # 1.1 / 1.0 / ... products that fall a hair short of the line as floats
    for before, after, line in ((3.0, 3.15, 5), (0.7, 0.714, 2), (100_000.1, 105_000.105, 5)):
        growth = (after / before - 1) * 100
        assert guideline("上海", 2023).band(growth) == ("base_and_above" if line == 5 else "lower_to_base")
    assert guideline("上海", 2023).band(5 - 1e-6) == "lower_to_base"


def test_bands_follow_one_another_without_gaps() -> None:
    for lower in (None, 2.0):
        for base in (None, (5.0, 6.0)):
            for upper in (None, 9.0):
                if (lower, base, upper) == (None, None, None):
                    continue
                bands = bands_of(lower, base, upper)
                assert (bands[0].low, bands[-1].high) == (-math.inf, math.inf)
                assert [band.high for band in bands[:-1]] == [band.low for band in bands[1:]]
    with pytest.raises(InputError, match="no line is known"):
        bands_of(None, None, None)
    with pytest.raises(InputError, match="expected lower < base < upper"):
        bands_of(7.0, (5.0, 5.0), None)


# -- clauses -------------------------------------------------------------------------------------

CITY = 100_000.0

CLAUSES = [
    # 上海 2018, 2022, 2023 (中新网 2023-03-24; ixigua 2022-03-15; 闽南网 2018-03-26)
    ("上海", 2023, "growing", {"average_wage": CITY}, "base", 5, 5, True, "normal"),
    ("上海", 2023, "growing", {"average_wage": 2 * CITY}, "below_base", None, 5, False, "shanghai-high-pay"),
    ("上海", 2023, "growing", {"average_wage": 2 * CITY - 1}, "base", 5, 5, True, "normal"),
    ("上海", 2023, "growing", {"average_wage": 0.6 * CITY}, "base", 5, 5, True, "normal"),
    ("上海", 2023, "growing", {"average_wage": 0.6 * CITY - 1}, "base_and_above", 5, None, True, "shanghai-low-pay"),
    ("上海", 2022, "growing_fast", {"average_wage": 2 * CITY}, "below_base", None, 6, False, "shanghai-high-pay"),
    ("上海", 2018, "growing", {"average_wage": 0.5 * CITY}, "base_and_above", 8, None, True, "shanghai-low-pay"),
    ("上海", 2018, "falling", {}, "lower", 3, 3, True, "shanghai-falling"),
    ("上海", 2022, "falling", {"average_wage": 3 * CITY}, "lower", 3, 3, True, "shanghai-falling"),
    ("上海", 2023, "in_difficulty", {}, "below_lower", None, 2, False, "shanghai-in-difficulty"),
    ("上海", 2023, "flat", {}, "lower", 2, 2, True, "flat-or-falling"),
    # 上海 2011 (tsrchy.com): more than 2 times: 80 % of 13; below 60 %: the upper line 18
    ("上海", 2011, "growing", {"average_wage": 2 * CITY + 1}, "share_of_base", 10.4, 10.4, True, "shanghai-2011-high-pay"),
    ("上海", 2011, "growing", {"average_wage": 2 * CITY}, "base", 13, 13, True, "normal"),
    ("上海", 2011, "growing", {"average_wage": 0.6 * CITY - 1}, "upper", 18, 18, True, "shanghai-2011-low-pay"),
    ("上海", 2011, "growing", {"average_wage": 0.6 * CITY}, "base", 13, 13, True, "normal"),
    # a base range
    ("上海", 2019, "growing", {}, "base", 5, 6, True, "normal"),
    # 北京 2012-2019 (北京晚报 2019-09-02; bjxgfjob 108399)
    ("北京", 2016, "growing_fast", {}, "base_to_upper", 9, 15, False, "beijing-fast-growth"),
    ("北京", 2016, "growing", {}, "base", 9, 9, True, "normal"),
    ("北京", 2016, "flat", {}, "lower", 4, 4, True, "beijing-flat-or-falling"),
    ("北京", 2012, "falling", {}, "lower", 4.5, 4.5, True, "beijing-flat-or-falling"),
    ("北京", 2013, "in_difficulty", {}, "up_to_zero", None, 0, True, "beijing-in-difficulty"),
    # no upper line in 2019: the clause about it can't apply
    ("北京", 2019, "growing_fast", {}, "base", 8, 8.5, True, "normal"),
    # 成都 2016 (ep-soft.cn 31774)
    (
        "成都", 2016, "growing_fast", {"average_wage": 57_479, "able_to_pay": True},
        "base_to_upper", 8, 12, True, "chengdu-2016-fast-growth",
    ),
    ("成都", 2016, "growing_fast", {"average_wage": 57_480, "able_to_pay": True}, "base", 8, 8, True, "normal"),
    ("成都", 2016, "growing_fast", {"average_wage": 50_000, "able_to_pay": False}, "base", 8, 8, True, "normal"),
    ("成都", 2016, "growing", {"average_wage": 50_000, "able_to_pay": True}, "base", 8, 8, True, "normal"),
    (
        "成都", 2016, "growing", {"average_wage": 138_246, "state_owned": True},
        "up_to_lower", None, 3, True, "chengdu-2016-state-owned-2-to-2.5",
    ),
    ("成都", 2016, "growing", {"average_wage": 138_245, "state_owned": True}, "base", 8, 8, True, "normal"),
    (
        "成都", 2016, "growing", {"average_wage": 172_808, "state_owned": True},
        "up_to_lower", None, 3, True, "chengdu-2016-state-owned-2-to-2.5",
    ),
    (
        "成都", 2016, "growing", {"average_wage": 172_809, "state_owned": True},
        "zero", 0, 0, True, "chengdu-2016-state-owned-over-2.5",
    ),
    ("成都", 2016, "growing", {"average_wage": 300_000}, "base", 8, 8, True, "normal"),
    # 大庆 2021 (m12333.cn): "far above" is the user's, here 1.5 times
    ("大庆", 2021, "growing_fast", {"average_wage": CITY - 1}, "base_to_upper", 4, 6, True, "daqing-2021-fast-low-pay"),
    (
        "大庆", 2021, "growing_fast", {"average_wage": 1.5 * CITY, "far_above": 1.5},
        "lower_to_base", 2, 4, True, "daqing-2021-fast-high-pay",
    ),
    ("大庆", 2021, "growing_fast", {"average_wage": 1.4 * CITY, "far_above": 1.5}, "base", 4, 4, True, "normal"),
    ("大庆", 2021, "growing", {"average_wage": 0.5 * CITY}, "base", 4, 4, True, "normal"),
    # a region without a rule table: the usual meaning of the lines, marked background
    ("四川", 2023, "growing", {}, "base", 6, 6, True, "normal"),
    ("四川", 2023, "falling", {}, "lower", 3, 3, True, "flat-or-falling"),
    ("四川", 2023, "in_difficulty", {}, "below_lower", None, 3, False, "in-difficulty"),
]  # fmt: skip


@pytest.mark.parametrize(("region", "year", "results", "facts", "line", "low", "high", "included", "clause"), CLAUSES)
def test_each_clause(region, year, results, facts, line, low, high, included, clause) -> None:
    found = guideline(region, year).applicable_line(results, **{"city_average": CITY, **facts})
    assert found.clause is not None
    assert (found.line, found.low, found.high, found.high_included) == (line, low, high, included)
    assert found.clause.id == clause


def test_every_clause_with_a_range_is_tried_here() -> None:
    assert {clause.id for clause in load_clauses() if clause.range is not None} == {case[-1] for case in CLAUSES}


def test_found_and_background_are_told_apart() -> None:
    by_id = {clause.id: clause for clause in load_clauses()}
    assert by_id["shanghai-falling"].status == "found"
    assert by_id["flat-or-falling"].status == by_id["in-difficulty"].status == "background"
    assert all(clause.source and clause.chinese and clause.english for clause in by_id.values())


def test_a_missing_line_leaves_no_recommendation() -> None:
    # 上海 2019 has no lower line, 上海 2016 no average line
    for year, results in ((2019, "falling"), (2019, "in_difficulty"), (2016, "growing")):
        found = guideline("上海", year).applicable_line(results, average_wage=90_000)
        assert (found.line, found.low, found.high, found.wage_high, found.clause) == ("none", None, None, None, None)
        assert [one.missing for one in found.undecided] == ["base line" if year == 2016 else "lower line"]


def test_what_was_not_known_is_said() -> None:
    found = guideline("上海", 2023).applicable_line("growing")
    assert found.line == "base"
    assert [(one.clause.id, one.missing) for one in found.undecided] == [
        ("shanghai-high-pay", "average_wage"),
        ("shanghai-low-pay", "average_wage"),
    ]
    found = guideline("大庆", 2021).applicable_line("growing_fast", average_wage=150_000, city_average=CITY)
    assert [(one.clause.id, one.missing) for one in found.undecided] == [("daqing-2021-fast-high-pay", "far_above")]
    found = guideline("成都", 2016).applicable_line("growing_fast", average_wage=50_000)
    assert [one.missing for one in found.undecided] == ["able_to_pay"]
    # 北京 2019: the upper line was dropped
    assert guideline("北京", 2019).applicable_line("growing_fast").undecided[0].missing == "upper line"


def test_the_range_in_yuan() -> None:
    # 成都 2016: 50,000 x 1.08 and x 1.12
    found = guideline("成都", 2016).applicable_line("growing_fast", average_wage=50_000, able_to_pay=True)
    assert (found.wage_low, found.wage_high) == (54_000, 56_000)
    # 上海 2019, a range: 120,000 x 1.05 and x 1.06
    found = guideline("上海", 2019).applicable_line("growing", average_wage=120_000)
    assert (found.wage_low, found.wage_high) == (126_000, 127_200)
    # 上海 2023, at least twice the city's: below 300,000 x 1.05, and no lower end
    found = guideline("上海", 2023).applicable_line("growing", average_wage=300_000, city_average=146_196)
    assert (found.wage_low, found.wage_high, found.high_included) == (None, 315_000, False)
    assert found.wage_multiple == pytest.approx(300_000 / 146_196, rel=1e-11)  # rounded to 12 places


def test_conditions_of_shanghai() -> None:
    def met(**growth: float) -> dict[str, bool | None]:
        found = guideline("上海", 2023).applicable_line("growing", **growth).conditions
        return {one.clause.condition: one.met for one in found}

    assert met() == {"front_line": None, "executives": None, "productivity": None}
    # front line at least the average, executives below it: equal passes the first and fails the second
    equal = met(growth=5, front_line_growth=5, executive_growth=5)
    assert equal == {"front_line": True, "executives": False, "productivity": None}
    other = met(growth=5, front_line_growth=4.9, executive_growth=4.9)
    assert other == {"front_line": False, "executives": True, "productivity": None}
    assert guideline("北京", 2016).applicable_line("growing").conditions == ()


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"results": "good"}, r"results: 'good'; expected one of growing_fast, growing, flat, falling, in_difficulty"),
        ({"average_wage": -1.0}, r"average_wage: -1.0; expected a number above 0"),
        ({"average_wage": 1.0, "city_average": 0.0}, "city_average: 0.0"),
        ({"average_wage": math.nan}, "average_wage: nan"),
    ],
)
def test_wrong_facts_are_refused(facts, message) -> None:
    with pytest.raises(InputError, match=message):
        guideline("上海", 2023).applicable_line(**{"results": "growing", **facts})


def test_rules_of_ones_own_come_first(tmp_path) -> None:
    own = tmp_path / "rules.toml"
    own.write_text(
        '[[clauses]]\nid = "own"\nregion = "四川"\nresults = ["growing"]\nwage = { above = 3.0 }\n'
        'range = { at = 1.5 }\nchinese = "文"\nenglish = "text"\nsource = "test"\nstatus = "found"\n',
        encoding="utf-8",
    )
    line = guideline("四川", 2023, rules=own)
    found = line.applicable_line("growing", average_wage=4 * CITY, city_average=CITY)
    assert (found.clause.id, found.low) == ("own", 1.5)
    assert line.applicable_line("growing", average_wage=3 * CITY, city_average=CITY).clause.id == "normal"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("clauses = 3", r"\[\[clauses\]\]"),
        ("[[clauses", "not TOML"),
        ('[[clauses]]\nid = "a"\nregon = "上海"', r"\[\[clauses\]\] 1"),
        (
            '[[clauses]]\nid = "a"\nregion = "*"\nresults = ["growing"]\nrange = { at = "base", to = "upper" }\n'
            'chinese = "a"\nenglish = "a"\nsource = "a"\nstatus = "found"',
            "either at, or from",
        ),
        (
            '[[clauses]]\nid = "a"\nregion = "*"\nresults = ["booming"]\nrange = { at = "base" }\n'
            'chinese = "a"\nenglish = "a"\nsource = "a"\nstatus = "found"',
            "clauses.* 1, results.0",
        ),
    ],
)
def test_wrong_rules_are_refused_with_their_place(tmp_path, text, message) -> None:
    own = tmp_path / "rules.toml"
    own.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        guideline("上海", 2023, rules=own)
    with pytest.raises(InputError, match="can't be read"):
        guideline("上海", 2023, rules=tmp_path / "missing.toml")


def test_a_guideline_can_be_made_by_hand() -> None:
    made = Guideline("某市", 2030, (5.0, 5.0), None, 1.0, "基准线", "test", clauses=load_clauses())
    assert made.band(1.0) == "lower_to_base"
    with pytest.raises(InputError, match="a growth of nan"):
        made.band(math.nan)
