"""Findings: words that say what the printed figures say, checked by hand."""

import pytest

from tests.publish.made_estimates import made_estimates
from wagekit.errors import ReleaseError
from wagekit.publish import findings
from wagekit.publish.rendering.markdown import parse, plain_text
from wagekit.publish.table import release

NAMES = {"A": "农业", "C": "制造业", "I": "信息业", "J": "金融业"}


def table(domains=None, **options):
    made = {key: options.pop(key) for key in ("by", "statistics", "cells", "metadata") if key in options}
    domains = domains or {"A": {"level": 60_000.0}, "C": {"level": 80_000.0}, "I": {"level": 150_000.0}}
    return release(made_estimates(domains, **made), unit="万元/年", labels=options.pop("labels", NAMES), **options)


def said(text):
    return plain_text(parse(text.markdown))


def test_highest_and_lowest_in_both_languages():
    assert said(findings.highest_and_lowest(table())) == (
        "分行业门类看，信息业的中位数最高，为15.00万元，其次是制造业（8.00万元）；农业最低，为6.00万元，最高为最低的2.50倍。"
    )
    assert said(findings.highest_and_lowest(table(language="en"))) == (
        "By industry section, the median is highest for 信息业, 150,000 yuan, followed by 制造业 (80,000 yuan); it is"
        " lowest for 农业, 60,000 yuan. The highest is 2.50 times the lowest."
    )


def test_what_is_held_back_is_not_talked_about():
    domains = {"A": {"level": 60_000.0}, "C": {"level": 80_000.0}, "J": {"level": 987_654.0, "n_psu": 2}}
    made = table(domains)
    words = findings.highest_and_lowest(made) + findings.spread(made) + findings.held_back(made)
    assert "金融业" not in words.markdown
    assert "98.77" not in words.markdown
    assert said(findings.held_back(made)) == "本表公布2个项目、12个数值。另有1个项目按发布规则未予公布。"


def test_gaps_inside_items_are_counted():
    made = table({"A": {}, "C": {"n": 40}}, statistics=("p10", "p50", "p90"))
    assert said(findings.held_back(made)).endswith("已列项目中有2个数值按发布规则未予公布。")


def test_spread_is_p90_over_p10_of_printed_figures():
    # 10 to 30 and 5 to 10: 3 and 2 times.
    cells = {("C", "p10"): {"estimate": 100_000.0}, ("C", "p90"): {"estimate": 300_000.0}}
    cells |= {("A", "p10"): {"estimate": 50_000.0}, ("A", "p90"): {"estimate": 100_000.0}}
    made = table({"A": {}, "C": {}}, cells=cells, statistics=("p10", "p50", "p90"))
    assert (
        said(findings.spread(made)) == "内部差距最大的是制造业，90%分位值为10%分位值的3.00倍；最小的是农业，为2.00倍。"
    )
    assert findings.spread(table(statistics=("p50",))).markdown == ""


def test_overall_says_median_mean_and_tails():
    made = table({(): {}}, by=(), labels=None)
    assert said(findings.overall(made)) == (
        "全部从业人员工资报酬的中位数为10.00万元。平均值为11.00万元，是中位数的1.10倍。"
        "10%的从业人员不高于5.00万元，10%的从业人员不低于20.00万元，后者是前者的4.00倍。"
    )


@pytest.mark.parametrize(
    ("levels", "words"),
    [
        (
            (60_000.0, 75_000.0, 90_000.0),
            "分职业技能等级看，中位数逐级上升，由甲的6.00万元升至丙的9.00万元，为前者的1.50倍。",
        ),
        ((60_000.0, 55_000.0, 90_000.0), "由甲的6.00万元变为丙的9.00万元，其间并非逐级上升：乙低于前一级。"),
    ],
)
def test_steps_of_grades(levels, words):
    domains = {str(k): {"level": level} for k, level in enumerate(levels, start=1)}
    made = table(domains, by=("skill_level",), labels={"1": "甲", "2": "乙", "3": "丙"}, statistics=("p50",))
    assert words in said(findings.steps(made))


def test_precision_from_coefficients_of_variation_and_from_intervals():
    cells = {("A", "p50"): {"se": 600.0}, ("C", "p50"): {"se": 2400.0}, ("I", "p50"): {"se": 3000.0}}
    expected = "在1.0%至3.0%之间，中间水平为2.0%，误差最大的是制造业。"
    assert expected in said(findings.precision(table(cells=cells, precision=["cv"])))
    # The stand-in's intervals are 2 standard errors wide each way: twice the coefficients of variation.
    expected = "在2.0%至6.0%之间，中间水平为4.0%，误差最大的是制造业。"
    assert expected in said(findings.precision(table(cells=cells, precision=["interval"], statistics=("p50",))))
    with pytest.raises(ReleaseError, match="neither coefficients of variation nor intervals"):
        findings.precision(table())


def test_coverage_needs_counts():
    made = table({(): {"n": 23_456, "n_psu": 412}}, by=(), labels=None, statistics=("p50",), counts=True)
    assert said(findings.coverage(made)) == "本次发布依据412家企业、23,456名从业人员的有效数据。"
    with pytest.raises(ReleaseError, match="counts=True"):
        findings.coverage(table({(): {}}, by=(), labels=None))


def test_names_from_data_are_text():
    name = "*甲* | <script>_x_ $1$"
    words = findings.highest_and_lowest(table(labels={**NAMES, "I": name}))
    assert name in said(words)


def test_a_table_without_items_is_said_to_be_empty():
    made = table({"A": {"n": 2}})
    assert said(findings.highest_and_lowest(made)) == "本表没有可以公布的项目。"
    assert said(findings.held_back(made)) == "本表没有可以公布的项目。"
