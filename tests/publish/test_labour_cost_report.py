"""The report about labour cost: its tables are protected, and its words hold only what the tables print."""

import pytest

from tests.publish.made_reports import numbers, printed, simulated_report
from wagekit.disclosure import ReleaseRules
from wagekit.publish.drawing import Chart
from wagekit.publish.guideline.tables import percent_rules
from wagekit.publish.labour_cost.report import LabourCostReport
from wagekit.publish.labour_cost.words import INDICATOR_ORDER, WORDS


def made_report(language="zh", rules=None):
    report = simulated_report(language, rules)
    return LabourCostReport(report, percent_rules(report.rules, 10.0))


def test_both_languages_have_the_same_words():
    assert WORDS["zh"].keys() == WORDS["en"].keys()


def test_the_overview_prints_every_indicator_in_its_unit():
    table = made_report().overview()
    assert len(table) == 7
    assert table.rows[0].names == ("人均人工成本（万元/人年）",)
    value, low, high = (float(cell.value) for cell in table.rows[0].cells[:3])
    assert 5 < low < value < high < 60  # 万元 a head
    share = float(table.rows[INDICATOR_ORDER.index("labour_share_of_value_added")].cells[0].value)
    assert 20 < share < 100
    assert "模拟数据" in table.title


@pytest.mark.parametrize("max_cv", [0.02, 0.03, 0.05, 0.08])
def test_a_limit_is_printed_only_beside_its_estimate_and_the_other_limit(max_cv):
    for row in made_report(rules=ReleaseRules(max_cv=max_cv)).overview().rows:
        assert len({cell.value is None for cell in row.cells[:3]}) == 1


def test_extremes_name_what_they_compare_by_once():
    report = made_report()
    said = str(report.extremes_in_words(report.indicators("enterprise_size"), *INDICATOR_ORDER[:2]))
    assert said.count("分企业规模看") == 1
    assert said.count("最高的是") == 2


def test_structure_prints_shares_that_add_up():
    for row in made_report().structure("enterprise_size").rows:
        assert sum(cell.value for cell in row.cells) == 100


def test_words_hold_only_what_the_tables_print():
    report = made_report()
    overview, sizes = report.overview(), report.indicators("enterprise_size")
    structure, losses = report.structure(), report.losses()
    spread = report.percentiles("labour_share_of_value_added")
    assert numbers(str(report.overall_in_words(overview))) <= printed(overview)
    assert numbers(str(report.extremes_in_words(sizes, "labour_cost_per_head"))) <= printed(sizes)
    assert numbers(str(report.structure_in_words(structure))) <= printed(structure)
    assert numbers(str(report.losses_in_words(losses))) <= printed(losses)
    assert numbers(str(report.spread_in_words(spread, "labour_share_of_value_added"))) <= printed(spread)


def test_english_money_is_said_in_yuan():
    report = made_report("en")
    said = str(report.overall_in_words(report.overview()))
    assert "labour cost per head is **" in said
    assert "00 yuan**" in said


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_can_not_be_published_is_said(language):
    report = made_report(language, ReleaseRules(min_enterprises=10_000))
    overview, losses, sizes = report.overview(), report.losses(), report.indicators("enterprise_size")
    assert len(overview) == len(losses) == len(sizes) == 0
    words = [
        report.overall_in_words(overview),
        report.losses_in_words(losses),
        report.levels(sizes, "labour_cost_per_head"),
    ]
    words += [report.structure_in_words(report.structure()), report.strips(report.percentiles("labour_cost_per_head"))]
    for text in words:
        assert (
            str(text)
            == {
                "zh": "按发布规则，本项没有可以公布的数值。",
                "en": "Under the release rules there are no values to publish here.",
            }[language]
        )
    assert str(report.extremes_in_words(sizes, "labour_cost_per_head")) == ""


def test_charts_are_drawn():
    report = made_report()
    sizes = report.indicators("enterprise_size")
    chart = report.levels(sizes, "labour_cost_per_head")
    assert isinstance(chart, Chart)
    assert "万元/人年" in chart.alt
    assert isinstance(report.strips(report.percentiles("labour_cost_per_head", "enterprise_size")), Chart)
