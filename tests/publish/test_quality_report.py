"""The report on method and quality: its figures against the store, the estimates and hand calculations."""

from functools import cache

import duckdb
import numpy as np
import pandas as pd
import pytest

from tests.publish.made_evaluation import SAMPLE, WAVE, evaluation_store, figures, release_file
from tests.publish.made_reports import numbers, printed
from wagekit.collect.store import open as open_store
from wagekit.design import Design
from wagekit.disclosure import ReleaseRules
from wagekit.disclosure.rules import judge
from wagekit.errors import InputError
from wagekit.publish.drawing import Chart
from wagekit.publish.quality import findings as quality_findings
from wagekit.publish.quality.method_words import _FORMULAS, _WORDS, method_of
from wagekit.publish.quality.precision import DeclaredTable, TableQuality, table_quality
from wagekit.publish.quality.report import open_quality_report
from wagekit.publish.quality.words import WORDS
from wagekit.publish.rendering.formula import to_mathml, to_typst
from wagekit.publish.rendering.notebook import build_report
from wagekit.resources import resource


@cache
def made(language="zh"):
    return open_quality_report(
        evaluation_store(), WAVE, sample=SAMPLE, language=language, date="2024-09-30", planned="2024-09-20"
    )


@cache
def survey():
    with open_store(evaluation_store(), read_only=True) as store:
        return store.survey(WAVE)


def sql(query, *values):
    with duckdb.connect(str(evaluation_store()), read_only=True) as connection:
        return connection.execute(query, list(values)).df()


def test_both_languages_have_the_same_words():
    assert WORDS["zh"].keys() == WORDS["en"].keys()
    assert _WORDS["zh"].keys() == _WORDS["en"].keys()


def test_the_design_is_that_of_the_store():
    [line] = sql(
        "SELECT count(DISTINCT stratum) AS strata, count(DISTINCT enterprise_id) AS firms, count(*) AS people, "
        "sum(weight) AS workers FROM employees JOIN enterprises USING (wave, enterprise_id) WHERE wave = ?", WAVE,
    ).to_dict("records")  # fmt: skip
    found = {name: figure["value"] for name, figure in figures(made().design).items()}
    assert found["抽样层数（层）"] == line["strata"]
    assert found["有效样本企业（家）"] == line["firms"]
    assert found["有效样本从业人员（人）"] == line["people"]
    assert found["代表的从业人员（人）"] == pytest.approx(line["workers"], abs=0.501)  # printed whole
    assert found["从业人员抽样比（%）"] == pytest.approx(100 * line["people"] / line["workers"], abs=0.0501)
    # Enterprises less strata, as for any stratified sample of enterprises.
    assert found["方差估计的自由度"] == line["firms"] - line["strata"]


def test_weights_are_described_as_pandas_does():
    weights = sql("SELECT weight FROM employees WHERE wave = ?", WAVE)["weight"]
    found = [figure["value"] for figure in figures(made().weights).values()]
    cv = weights.std(ddof=0) / weights.mean()
    expected = [weights.mean(), *weights.quantile([0.05, 0.25, 0.5, 0.75, 0.95]), 100 * cv, 1 + cv**2]
    assert found == pytest.approx(expected, abs=0.0501)  # one decimal, the last with two
    assert "等权数时" in str(made().weights_in_words())


def test_key_figures_are_the_estimates():
    mean = survey().mean("annual_pay").frame.iloc[0]
    median = survey().percentiles("annual_pay", q=50).frame.iloc[0]
    found = figures(made().key_figures)
    for name, line in (("平均值", mean), ("中位数", median)):
        # 万元 with two decimals, the error with three.
        assert found[name]["value"] == pytest.approx(line["estimate"] / 1e4, abs=0.00501)
        assert found[name]["se"] == pytest.approx(line["se"] / 1e4, abs=0.000501)
        assert found[name]["cv"] == pytest.approx(100 * line["se"] / line["estimate"], abs=0.0501)
        assert found[name]["ci_lower"] == pytest.approx(line["ci_lower"] / 1e4, abs=0.00501)
        assert found[name]["deff"] == pytest.approx(line["deff"], abs=0.00501)
    assert list(found) == ["10%分位值", "25%分位值", "中位数", "75%分位值", "90%分位值", "平均值"]


def test_an_industry_is_shown_with_its_limits_or_not_at_all():
    made_by = survey().mean("annual_pay", by="industry")
    held = made_by.frame.loc[(judge(made_by)["reason"] != "").to_numpy(), "industry"]
    assert len(held), "every industry may be shown, so this tests nothing"
    shown = {row.codes[0]: row for row in made().by_industry.rows}
    assert not set(held) & set(shown)
    line = made_by.frame.set_index("industry").loc["C"]
    value, cv, lower, upper, deff = (float(cell.value) for cell in shown["C"].cells)
    assert (value, lower, upper) == pytest.approx(
        [line[c] / 1e4 for c in ("estimate", "ci_lower", "ci_upper")], abs=0.00501
    )
    assert (cv, deff) == pytest.approx([100 * line["cv"], line["deff"]], abs=0.0501)


def test_shares_of_values_are_those_of_the_judge():
    table = DeclaredTable("分职业中类", "annual_pay", ("occupation_sub_major",))
    found = table_quality(survey(), table, ReleaseRules())
    parts = [survey().percentiles("annual_pay", by="occupation_sub_major", q=(10, 25, 50, 75, 90)),
             survey().mean("annual_pay", by="occupation_sub_major")]  # fmt: skip
    reasons = pd.concat([judge(part)["reason"] for part in parts])
    cv = pd.concat([part.frame["se"] / part.frame["estimate"] for part in parts])[(reasons == "").to_numpy()]
    assert found.items == parts[1].frame["occupation_sub_major"].nunique()
    assert found.values == len(reasons) == 6 * found.items
    assert found.published == pytest.approx(100 * (reasons == "").mean())
    assert found.imprecise == pytest.approx(100 * (reasons == "precision").mean())
    assert found.published + found.confidential + found.imprecise + found.absent == pytest.approx(100)
    edges = [-1, 0.05, 0.1, 0.2, np.inf]
    expected = pd.cut(cv, edges).value_counts(sort=False, normalize=True) * 100
    assert found.cv == pytest.approx(expected.to_numpy())


def test_shares_of_all_tables_weigh_each_by_its_values():
    table = DeclaredTable("t", "pay", ())
    found = [
        TableQuality(table, 1, 10, 100.0, 0.0, 0.0, 0.0, (100.0, 0.0, 0.0, 0.0)),
        TableQuality(table, 5, 30, 50.0, 50.0, 0.0, 0.0, (0.0, 100.0, 0.0, 0.0)),
    ]
    assert quality_findings.published_share(found) == {"published": 62.5, "confidential": 37.5, "imprecise": 0.0}
    assert quality_findings.precise_share(found, 1) == 40.0  # 10 of the 25 published values
    assert quality_findings.precise_share(found, 2) == 100.0
    nothing = TableQuality(table, 1, 2, 0.0, 100.0, 0.0, 0.0, ())
    assert quality_findings.precise_share([nothing], 2) is None


def test_printed_classes_add_up_to_a_hundred():
    table = made().cv_classes
    assert len(table) > 1
    assert {sum(cell.value for cell in row.cells) for row in table.rows} == {100}


def test_the_tables_described_are_those_declared(tmp_path):
    declared = open_quality_report(evaluation_store(), WAVE, rules=release_file(tmp_path, "max_cv = 0.2"))
    assert [(each.table.by, each.values) for each in declared.quality] == [
        (("industry",), 2 * declared.quality[0].items)
    ]
    assert "变异系数超过20%" in str(declared.rules_in_words())
    # Without a release they are those that the survey's mapping names, after all employees together.
    assert [each.table.by for each in made().quality][:2] == [(), ("industry",)]


def test_mean_pay_is_compared_with_series_of_the_year_only():
    series = pd.DataFrame(
        {
            "series": ["average_wage_urban_units_month", "average_wage_urban_units_year", "minimum_wage_month",
                       "average_wage_skilled_workers"],
            "chinese": ["月平均工资", "年平均工资", "月最低工资", "技能人才年平均工资"], "region": "上海",
            "year": [WAVE, WAVE - 1, WAVE, WAVE], "value": [10_000.0, 130_000.0, 2_690.0, 16.88],
            "unit": ["元/月", "元/年", "元/月", "万元/年"], "source_kind": ["unconfirmed", "found", "found", "found"],
        }
    )  # fmt: skip
    found = figures(made()._tables.references(series))
    mean = survey().mean("annual_pay").frame["estimate"].item()
    skilled = survey().where(survey().frame["skill_level"].ne("0")).mean("annual_pay").frame["estimate"].item()
    assert list(found) == ["上海月平均工资（未经核实）", "上海技能人才年平均工资"]
    assert found["上海月平均工资（未经核实）"]["reference"] == 12.0
    assert found["上海月平均工资（未经核实）"]["ratio"] == pytest.approx(100 * mean / 120_000, abs=0.0501)
    assert found["上海技能人才年平均工资"]["survey"] == pytest.approx(skilled / 1e4, abs=0.00501)
    assert made()._tables.references(series[series["year"] != WAVE]) is None


def test_waves_stand_one_below_the_other():
    found = figures(made().waves)
    with open_store(evaluation_store(), read_only=True) as store:
        means = [store.survey(year).mean("annual_pay").frame["estimate"].item() for year in (WAVE - 1, WAVE)]
    assert [line["value"] for line in found.values()] == pytest.approx([mean / 1e4 for mean in means], abs=0.00501)
    change = 100 * (found["2023年"]["value"] / found["2022年"]["value"] - 1)
    assert f"{'增长' if change >= 0 else '下降'}{abs(change):.1f}%" in str(made().waves_in_words())


@pytest.mark.parametrize(
    ("date", "planned", "said"),
    [
        ("2024-09-30", "", "距调查年度结束**274天**。"),
        ("2024-09-30", "2024-09-20", "比预定的2024年9月20日推迟10天。"),
        ("2024-09-30", "2024-10-01", "比预定的2024年10月1日提前1天。"),
        ("2024-09-30", "2024-09-30", "按预定日期发布。"),
        ("", "2024-09-30", "发布日期尚未确定，不计算时效。"),
    ],
)
def test_timeliness_is_counted_in_days(date, planned, said):
    assert str(quality_findings.timeliness(2023, date, planned, "zh")).endswith(said)


def test_a_day_that_is_none_is_refused():
    with pytest.raises(InputError, match="planned"):
        open_quality_report(evaluation_store(), WAVE, planned="2024-13-01")


def test_release_rules_are_told_but_never_the_limit_of_concentration():
    text = str(quality_findings.release_rules(ReleaseRules(max_share=0.77, max_cv=0.25), "zh"))
    assert numbers(text) == {"3", "30", "25", "75", "50"}
    nothing = ReleaseRules(
        min_employees=None, min_enterprises=None, max_share=None, max_cv=None, min_employees_tails=None
    )
    assert str(quality_findings.release_rules(nothing, "en")) == ""


@pytest.mark.parametrize(
    ("design", "told"),
    [
        (Design("w", ("h",), ("f",), ("p",), pps="hajek"), "hajek"),
        (Design("w", ("h",), ("f",), ("p",), pps="brewer"), "brewer"),
        (Design("w", ("h",), ("f",), ("p",)), "fractions"),
        (Design("w", (), ("f",)), "with_replacement"),
    ],
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_formula_is_that_of_the_design_and_can_be_set(design, told, language):
    text = method_of(design, language)
    formula = _FORMULAS[told]
    assert f"$${formula}$$" in text
    assert (_WORDS[language]["no_strata"] in text) == (not design.strata)
    assert to_typst(formula, block=True)
    assert to_mathml(formula, block=True)


def test_strata_with_one_enterprise_are_explained_only_where_there_are_some():
    design = Design("w", ("h",), ("f",), single_psu="adjust")
    assert _WORDS["zh"]["adjust"] in method_of(design, "zh", lone=True)
    assert _WORDS["zh"]["adjust"] not in method_of(design, "zh")
    assert "bootstrap" in method_of(design, "en", replicates="bootstrap")


def test_words_hold_only_what_the_tables_print():
    report = made()
    pairs = [
        (report.key_figures_in_words(), [report.key_figures], {"95"}),
        (report.by_industry_in_words(), [report.by_industry], set()),
        (report.weights_in_words(), [report.weights], set()),
        (report.design_in_words(), [report.design], set()),
        (report.precision_in_words(), [report.profile], {"10"}),
        (report.published_in_words(), [report.profile], set()),
    ]
    for text, tables, others in pairs:
        assert str(text)
        assert numbers(str(text)) <= printed(*tables) | others


def test_the_burden_says_what_is_known():
    unknown = str(made().burden_in_words())
    assert unknown.endswith("调查没有测算企业的填报时间和调查经费。")
    known = open_quality_report(evaluation_store(), WAVE, hours=4.5)
    firms = figures(known.design)["有效样本企业（家）"]["value"]
    assert f"约为4.5小时，样本企业合计约{firms * 4.5:,.0f}小时" in str(known.burden_in_words())


@pytest.mark.parametrize("language", ["zh", "en"])
def test_rules_that_nothing_passes_leave_nothing(tmp_path, language):
    rules = release_file(tmp_path, "min_enterprises = 10000")
    report = open_quality_report(evaluation_store(), WAVE, language=language, rules=rules)
    assert report.key_figures is None
    assert report.references is None
    assert [len(table) for table in (report.by_industry, report.waves, report.cv_classes, report.coverage)] == [0] * 4
    assert str(report.precision_in_words()) == ""
    assert not isinstance(report.cv_chart(), Chart)
    assert report.quality[0].confidential == 100


def test_the_chart_says_what_it_shows():
    chart = made().cv_chart()
    assert isinstance(chart, Chart)
    assert "模拟数据" in chart.alt
    assert numbers(chart.alt) >= printed(made().cv_classes)


def test_the_notebook_runs_from_a_store_to_a_page(tmp_path):
    given = {"store": str(evaluation_store()), "wave": WAVE, "sample": SAMPLE, "date": "2024-09-30", "hours": 4.5}
    notebook = resource("notebooks", "method_and_quality.ipynb")
    page = build_report(notebook, given, folder=tmp_path, formats=["html"])["html"].read_text(encoding="utf-8")
    assert page.count("<table") == 11
    assert page.count("<math") >= 10
    chapters = "相关性 准确性和可靠性 及时性和准时性 一致性和可比性 可获得性和清晰度 保密和发布规则 成本和负担"
    for chapter in chapters.split():
        assert chapter in page
    firms = sql("SELECT enterprise_id, name FROM enterprises")
    assert not any(value in page for column in firms for value in firms[column].astype("str"))
