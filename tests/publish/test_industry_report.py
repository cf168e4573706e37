"""The report about one industry: its numbers are the district's and a hand's, its words only what its tables print."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from tests.publish.made_industry import industry, small_store, strict_rules
from tests.publish.made_reports import numbers, printed
from wagekit import reads
from wagekit.collect.store import open as open_store
from wagekit.errors import InputError
from wagekit.publish.drawing import Chart
from wagekit.publish.findings import Text
from wagekit.publish.guideline.report import open_guideline_report
from wagekit.publish.industry import findings as said
from wagekit.publish.industry import sections as sections
from wagekit.publish.industry.report import GROUPS, open_industry_report
from wagekit.publish.industry.tables import upright
from wagekit.publish.industry.words import WORDS
from wagekit.publish.labour_cost.report import open_labour_cost_report
from wagekit.publish.rendering.notebook import execute, load
from wagekit.publish.report import open_report
from wagekit.publish.table import WageTable
from wagekit.resources import resource

SECTIONS = (
    sections.main, sections.levels, sections.divisions, sections.occupations, sections.workers, sections.enterprises,
    sections.growth, sections.labour_cost, sections.low_pay, sections.reference, sections.method,
)  # fmt: skip


def frame(wave=2023):
    with open_store(small_store(), read_only=True) as store:
        return store.survey(wave).frame


def value(table, key, item=0):
    place = [column.key for column in table.columns].index(key)
    return table.rows[item].cells[place].value


def row_of(table, code):
    return next(row for row in table.rows if row.codes[0] == code)


def everything(report):
    return [part for section in SECTIONS for part in section(report)]


def weighted_percentile(pay, weight, share):
    order = np.argsort(pay.to_numpy(), kind="stable")
    reached = np.cumsum(weight.to_numpy()[order])
    return float(pay.to_numpy()[order][np.searchsorted(reached, share * reached[-1] * (1 - 1e-12))])


def in_wan(yuan):
    return Decimal(repr(yuan / 10_000)).quantize(Decimal("0.01"), "ROUND_HALF_UP")


# -- numbers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["C", "F", "K"])
def test_wage_levels_are_those_of_the_industry_in_the_whole_district(code):
    whole = open_report(small_store(), 2023).wage_levels("industry", precision=["interval"])
    assert industry(code).levels.rows[0].cells == row_of(whole, code).cells


def test_growth_is_that_of_the_industry_in_the_whole_district():
    whole = open_guideline_report(small_store(), 2023).growth("industry")
    shown = [code for code in "CFGJLQ" if industry(code).growth is not None]
    assert len(shown) > 3
    for code in shown:
        assert industry(code).growth.rows[0].cells == row_of(whole, code).cells


@pytest.mark.parametrize("code", ["C", "F"])
def test_labour_cost_is_that_of_the_industry_in_the_whole_district(code):
    whole = row_of(open_labour_cost_report(small_store(), 2023).indicators("industry"), code)
    assert value(industry(code).cost, "value") == whole.cells[0].value


def test_percentiles_are_those_counted_by_hand():
    staff = frame()
    staff = staff[staff["industry"] == "C"]
    for share, key in ((0.1, "p10"), (0.5, "p50"), (0.75, "p75")):
        by_hand = weighted_percentile(staff["annual_pay"], staff["weight"], share)
        assert value(industry().levels, key) == in_wan(by_hand)
    mean = float(np.average(staff["annual_pay"], weights=staff["weight"]))
    assert value(industry().levels, "mean") == in_wan(mean)
    table = industry().levels_by("education")
    for row in table.rows:
        group = staff[staff["education"].astype(str) == row.codes[0]]
        assert row.cells[2].value == in_wan(weighted_percentile(group["annual_pay"], group["weight"], 0.5))


def test_growth_is_that_counted_by_hand():
    before, after = frame(2022), frame(2023)
    after = after[after["industry"] == "C"]
    pay = [part[part["operating_months"] == 12] for part in (before, after)]
    shared = set(pay[0]["enterprise_id"]) & set(pay[1]["enterprise_id"])
    means = []
    for part in pay:
        kept = part[part["enterprise_id"].isin(shared)]
        means.append(np.average(kept["annual_pay"], weights=kept["weight"]))
    growth = Decimal(repr(float((means[1] / means[0] - 1) * 100))).quantize(Decimal("0.1"), "ROUND_HALF_UP")
    assert value(industry().growth, "growth") == growth


def test_labour_cost_is_that_counted_by_hand():
    staff = frame()
    staff = staff[staff["industry"] == "C"]
    firms = staff.groupby("enterprise_id", observed=True).agg(
        weight=("weight", "sum"), headcount=("average_headcount", "first"), cost=("labour_cost", "first"),
        revenue=("revenue", "first"),
    )  # fmt: skip
    stands_for = firms["weight"] / firms["headcount"]
    table = industry().cost
    per_head = (stands_for * firms["cost"]).sum() / (stands_for * firms["headcount"]).sum()
    assert value(table, "value", 0) == in_wan(float(per_head))
    to_revenue = float((stands_for * firms["cost"]).sum() / (stands_for * firms["revenue"]).sum() * 100)
    place = [row.names[0] for row in table.rows].index("人事费用率（%）")
    assert float(value(table, "value", place)) == pytest.approx(to_revenue, abs=0.005)  # half of the last digit


def test_growth_by_size_gives_no_size_away():
    from dataclasses import replace

    def under(code, **limits):
        known = industry(code)
        rules = replace(known.report.rules, max_cv=None, **limits)
        return replace(known, guideline=replace(known.guideline, growth_rules=rules))

    # H has two sizes with enough enterprises, and no others.
    sizes = under("H").growth_by_size
    assert [row.names[0] for row in sizes.rows] == ["中型", "小型"]
    assert sizes in sections.growth(under("H"))
    # Of C's three sizes one has two enterprises in both years: another one has to go, and one alone is no table.
    assert under("C").growth_by_size is None
    held = under("H", max_se=1e-9)
    assert held.growth is None
    assert "工资增长率不予公布" in sections.growth(held)[1].markdown


def test_limits_of_a_share_are_no_less_than_0():
    for code in "CEFGHIJK":
        table = industry(code).low_pay
        if table is not None:
            limits = [row.cells[1].value for row in table.rows if row.cells[1].value is not None]
            assert min(limits) >= 0


def test_low_pay_is_that_counted_by_hand():
    staff = frame()
    staff = staff[(staff["industry"] == "C") & (staff["employment_form"].astype(str) != "3")]
    median = weighted_percentile(staff["annual_pay"], staff["weight"], 0.5)
    share = np.average(staff["annual_pay"] <= 0.6 * median, weights=staff["weight"]) * 100
    assert float(row_of(industry().low_pay, "2").cells[0].value) == pytest.approx(share, abs=0.05)


def test_upright_prints_the_same_figures():
    table = industry().levels
    stood_up = upright(table)
    assert [cell.value for row in stood_up.rows for cell in row.cells] == [cell.value for cell in table.rows[0].cells]
    assert stood_up.rows[2].names == ("50%分位值（中位数）",)
    assert stood_up.title == table.title == "制造业工资价位（2023年，模拟数据）"


# -- disclosure ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["C", "F", "N"])
def test_groups_have_no_means_and_nothing_has_counts(code):
    report = industry(code)
    staff = frame()
    people = int((staff["industry"] == code).sum())
    for part in everything(report):
        if isinstance(part, WageTable):
            keys = {column.key for column in part.columns}
            assert not keys & {"n", "n_psu"}
            if set(part.by) & {column for group in GROUPS.values() for column in group} and "p50" in keys:
                assert "mean" not in keys
        elif isinstance(part, Text):
            assert str(people) not in numbers(part.markdown)


def test_counts_are_told_as_what_they_reach():
    assert said.at_least(99, 100, 30) == 30
    assert said.at_least(0, 5, None) == 1
    staff = frame()
    staff = staff[staff["industry"] == "C"]
    firms, people = staff["enterprise_id"].nunique() // 5 * 5, len(staff) // 100 * 100
    told = str(said.coverage(industry().counts, "制造业", firms=3, people=30))
    assert told == f"工资价位依据不少于{firms}家制造业企业、不少于{people:,}名从业人员的有效数据。"


def test_only_the_industry_s_part_of_the_wave_is_read(tmp_path, monkeypatch):
    note = tmp_path / "reads"
    small_store()
    monkeypatch.setenv(reads.records.VARIABLE, str(note))
    reads.records.mark_watched()
    everything(open_industry_report(small_store(), 2023, industry="C"))
    parts = {read.part for read in reads.recorded(note) if read.wave == 2023}
    assert ("industry", "C") in parts
    assert parts <= {("industry", "C"), ("metadata",), ("classifications",)}


# -- words --------------------------------------------------------------------------------------------------------


def test_both_languages_have_the_same_words():
    assert WORDS["zh"].keys() == WORDS["en"].keys()


@pytest.mark.parametrize("code", ["C", "K"])
def test_words_hold_only_what_the_tables_print(code):
    report = industry(code)
    assert numbers(str(said.labour_cost(report.cost, report.name))) <= printed(report.cost)
    assert numbers(str(said.refer_to_cost(report.cost))) <= printed(report.cost)
    assert numbers(str(said.low_pay(report.low_pay))) <= printed(report.low_pay) | {"60"}
    assert numbers(str(said.refer_to_levels(report.levels))) <= printed(report.levels)
    grades = report.levels_by("skill_level")
    assert numbers(str(said.refer_to_grades(grades))) <= printed(grades)
    told = numbers(str(said.overall(report.levels, report.name, intervals=True)))
    ratios = {
        f"{(value(report.levels, above) / value(report.levels, below)).quantize(Decimal('0.01'), 'ROUND_HALF_UP'):f}"
        for above, below in (("mean", "p50"), ("p90", "p10"))
    }
    assert told <= printed(report.levels) | ratios | {"10", "95"}
    assert ratios <= told


def test_medians_of_two_items_are_compared():
    table = industry().levels_by("sex")
    high, low = sorted((row.cells[2].value for row in table.rows), reverse=True)
    sentence = str(said.pair(table))
    assert sentence.startswith("男性的中位数为**")
    assert f"{high}万元" in sentence
    assert f"女性为**{low}万元**" in sentence
    assert said.pair(industry().levels_by("education")).markdown == ""


def test_one_size_that_is_published_alone_is_said():
    from wagekit.publish.figures import Cell, Column, Row

    column = Column("labour_cost_per_head", "人工成本", "", "", 2, "万元/人年")
    row = Row(("3",), ("小型",), (Cell(Decimal("17.12")),))
    table = WageTable("表", "万元/人年，%", ("enterprise_size",), ("企业规模",), (column,), (row,))
    assert str(said.only_cost(table)) == "分企业规模看，可以公布的只有小型企业，人均人工成本为**17.12万元**。"


def test_age_groups_read_as_ages():
    names = {name for row in industry().levels_by("age_group").rows for name in row.names}
    assert {"25岁及以下", "26–35岁"} <= names
    english = {name for row in industry("C", "en").levels_by("age_group").rows for name in row.names}
    assert "26–35" in english


def test_the_base_line_is_told_from_the_interval():
    from types import SimpleNamespace

    from wagekit.publish.figures import Cell, Column, Row

    line = SimpleNamespace(base=(5.0, 5.0), base_name="平均线")
    columns = tuple(Column(key, "", "", "", 1) for key in ("growth", "ci_lower", "ci_upper"))

    def growth(*figures):
        cells = tuple(Cell(Decimal(figure)) for figure in figures)
        return WageTable("表", "%", (), ("名称",), columns, (Row(("",), ("总体",), cells),))

    assert "全部高于平均线（5%）" in str(said.beside_the_base_line(growth("7.0", "5.1", "8.9"), line))
    assert "全部低于平均线（5%）" in str(said.beside_the_base_line(growth("3.0", "1.1", "4.9"), line))
    assert "尚不能断定" in str(said.beside_the_base_line(growth("6.0", "5.0", "7.0"), line))
    assert str(said.beside_the_base_line(growth("6.0", "6.0", "6.0"), line)) == ""  # a census


# -- the whole report ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("code", ["C", "N", "R"])
def test_no_section_shows_an_empty_table(code, language):
    report = industry(code, language)
    parts = everything(report)
    tables = [part for part in parts if isinstance(part, WageTable)]
    assert len(tables) > 5
    if code == "C":
        assert sum(isinstance(part, Chart) for part in parts) >= 3
    for table in tables:
        assert any(cell.value is not None for row in table.rows for cell in row.cells)
        assert report.name in table.title
        assert "模拟数据" in table.title or "simulated data" in table.title


@pytest.mark.parametrize(("language", "words"), [("zh", "没有可以公布的数值"), ("en", "there is no figure to publish")])
def test_an_industry_of_which_nothing_may_be_published_gets_a_notice(language, words):
    for report in (industry("D", language), industry("C", language, strict_rules()), industry("T", language)):
        assert not report.published
        notice = sections.main(report)
        assert words in notice[1].markdown
        assert any("2690" in part.markdown for part in notice)
        assert all(isinstance(part, Text) for part in notice)
        assert all(section(report) == [] for section in SECTIONS[1:])


def test_what_a_section_holds_back_is_said():
    told = "".join(part.markdown for part in sections.workers(industry("I")) if isinstance(part, Text))
    shown, held = industry("I").shown_and_held("workers")
    assert shown
    assert held == ["skill_level"]
    assert "按发布规则，分职业技能等级的工资价位不予公布。" in told


def test_reference_names_the_clauses_and_the_minimum_wage():
    told = "\n".join(part.markdown for part in sections.reference(industry()))
    assert "一线低收入职工的工资增幅不低于本企业职工平均工资增幅" in told
    assert "不得低于月最低工资标准2690元" in told
    growth = f"{value(industry().growth, 'growth'):f}%"
    assert f"名义增长{growth}" in told


def test_an_industry_that_does_not_exist_is_refused():
    with pytest.raises(InputError, match="there is no industry 'Z'"):
        open_industry_report(small_store(), 2023, industry="Z")


def test_a_store_without_the_wave_before_says_so():
    report = open_industry_report(small_store(), 2022, industry="C")
    assert report.guideline is None
    assert "没有上年的调查数据" in sections.growth(report)[1].markdown
    assert "工资增幅" not in "".join(part.markdown for part in sections.reference(report))


def test_the_notebook_runs_and_its_cover_names_the_industry():
    notebook = load(resource("notebooks", "industry_guidance.ipynb"))
    node = execute(notebook, {"store": str(small_store()), "industry": "K", "date": "2024-09-30"}, folder=Path.cwd())
    shown = [output["data"] for cell in node.cells for output in cell.get("outputs", []) if "data" in output]
    cover = next(
        data["application/vnd.wagekit.cover+json"] for data in shown if "application/vnd.wagekit.cover+json" in data
    )
    assert cover["title"] == "分行业企业薪酬指导：房地产业"
    assert "industry=K" in cover["provenance"]
    headings = [data["text/markdown"] for data in shown if data.get("text/markdown", "").startswith("## ")]
    assert headings[:2] == ["## 主要结果", "## 工资水平"]
    assert headings[-2:] == ["## 工资集体协商参考", "## 数据和方法说明"]
