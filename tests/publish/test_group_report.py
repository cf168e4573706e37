"""The report about the pay of groups: protected tables, and words that hold only what they print."""

import pytest

from tests.publish.made_reports import numbers, printed, simulated_report
from wagekit.disclosure import ReleaseRules
from wagekit.publish.drawing import Chart
from wagekit.publish.groups import findings as said
from wagekit.publish.groups.report import GroupReport, MinimumWage
from wagekit.publish.groups.words import WORDS
from wagekit.publish.guideline.tables import percent_rules


def made_report(language="zh", rules=None, minimum=None):
    report = simulated_report(language, rules)
    shares, premiums = percent_rules(report.rules, 2.5), percent_rules(report.rules, 15.0)
    return GroupReport(report, minimum or MinimumWage(2690, "上海", 2023), ("overtime_pay",), shares, premiums)


def test_both_languages_have_the_same_words():
    assert WORDS["zh"].keys() == WORDS["en"].keys()


def test_words_hold_only_what_the_tables_print():
    report = made_report()
    low, rises, grades, floors = report.low(), report.rises(), report.skill_premium(), report.floors()
    lines = {"60", "2690", "2023", "5", "10", "20"} | numbers(" ".join(row.names[0] for row in rises.rows))
    assert numbers(str(said.low(low))) <= printed(low) | lines
    assert numbers(str(said.rises(rises))) <= printed(rises) | lines
    assert numbers(str(said.premium(grades, "初级工"))) <= printed(grades)
    assert numbers(str(said.floors(floors))) <= printed(floors)
    assert len(low) == 3
    assert "**" in str(said.low(low))


def test_floors_reached_are_said_as_printed():
    table = made_report().floors()
    assert any("人社厅发〔2025〕52号" in note for note in table.notes)
    assert any("不具强制性" in note for note in table.notes)
    assert [column.label for column in table.columns[1:]] == ["基础类105%", "重要类120%", "关键类150%", "核心类200%"]
    # Fewer than 50 respondents can't have a low percentile published, whatever its name in the table.
    strict = made_report(rules=ReleaseRules(min_employees_tails=100_000)).floors()
    assert len(strict) == 0
    low = made_report(minimum=MinimumWage(100_000.0)).floors()
    assert "未达到任何一类" in str(said.floors(low))
    high = made_report(minimum=MinimumWage(100.0)).floors()
    assert "全部四类" in str(said.floors(high))


def test_the_minimum_wage_says_how_far_it_can_be_trusted():
    assert str(said.minimum_wage(made_report())) == "2023年上海月最低工资标准为**2690元**。"
    unread = made_report(minimum=MinimumWage(2740, "上海", 2025, confirmed=False))
    assert "参考值" in str(said.minimum_wage(unread))
    assert "采用" in str(said.minimum_wage(made_report(minimum=MinimumWage(2000.0))))


def test_premiums_below_the_base_are_said_as_lower():
    from decimal import Decimal

    from wagekit.publish.figures import Cell, Column, Row
    from wagekit.publish.table import WageTable

    column = Column("premium", "溢价", "", "溢价", 1, "%")
    row = Row(("1",), ("学徒工",), (Cell(Decimal("-12.5")),))
    table = WageTable("表", "%", ("skill_level",), ("等级",), (column,), (row,))
    assert str(said.premium(table, "初级工")) == "与初级工相比，学徒工的工资中位数低**12.5%**。"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_can_not_be_published_is_said(language):
    report = made_report(language, ReleaseRules(min_enterprises=10_000))
    nothing = {
        "zh": "按发布规则，本项没有可以公布的数值。",
        "en": "Under the release rules there are no values to publish here.",
    }[language]
    grades = report.skill_premium()
    for text in (
        said.low(report.low()),
        said.rises(report.rises()),
        said.premium(grades, "x"),
        said.floors(report.floors()),
        report.premium_chart(grades),
        report.strips(report.graduates()),
    ):
        assert str(text) == nothing
    few = {"zh": "过少", "en": "too few"}[language]
    assert few in str(said.chief_technicians(report.chief_technicians(), language))
    assert few in str(said.chief_technicians(None, language))
    assert str(said.low_extremes(report.low_by("industry"))) == ""


def test_tables_by_group_and_their_charts():
    report = made_report()
    science = report.science()
    assert science.headings == ("行业", "专业技术职称")
    assert all(
        row.names[0] in [WORDS["zh"][name] for name in ("research", "information", "other")] for row in science.rows
    )
    assert report.science_premium().title.startswith("分科技行业和专业技术职称工资溢价（以未取得为基准")
    assert isinstance(report.strips(report.graduates()), Chart)
    assert isinstance(report.premium_chart(report.skill_premium()), Chart)
    assert len(report.low_by("enterprise_size")) > 0
