"""What is published about growth and the guideline: release rules, printed figures, words that agree with them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import wagekit as wk
from tests.publish.made_estimates import made_estimates
from wagekit.disclosure import ReleaseRules
from wagekit.disclosure.rules import judge
from wagekit.errors import InputError, ReleaseError
from wagekit.estimates import RESULT_COLUMNS, Estimates
from wagekit.guidance.enterprises import enterprise_growth
from wagekit.guidance.guideline import guideline
from wagekit.publish.drawing import Chart
from wagekit.publish.findings import Text
from wagekit.publish.guideline import findings as findings
from wagekit.publish.guideline.charts import bands_stacked, growth_and_lines
from wagekit.publish.guideline.report import GuidelineReport, open_guideline_report
from wagekit.publish.guideline.tables import growth_table, parts_table, percent_rules, share_table
from wagekit.publish.rendering.markdown import parse, plain_text
from wagekit.publish.table import Measure, release

SHANGHAI = guideline("上海", 2023)
RULES = percent_rules(ReleaseRules(), 2.5)
NAMES = {"industry": {"C": "制造业", "I": "信息业", "J": "金融业", "P": "教育"}}


def growth_of(**industries: dict[str, object]) -> Estimates:
    frame, domains = [], []
    for name, given in industries.items():
        one = {"estimate": 0.06, "se": 0.01, "n": 200, "n_psu": 20, "df": 19.0, "flag": "", "share": 0.2} | given
        share = one.pop("share")
        half = 2 * one["se"]
        row = one | {"ci_lower": one["estimate"] - half, "ci_upper": one["estimate"] + half}
        frame.append({"industry": name, "statistic": "growth", "cv": np.nan, "deff": np.nan} | row)
        shares = {"largest_share": share, "largest_weighted_share": share, "largest_total_share": share}
        domains.append({"industry": name, "n": one["n"], "n_psu": one["n_psu"], **shares})
    columns = ["industry", *RESULT_COLUMNS]
    about = {"level": 0.95, "wave": 2023, "synthetic": True}
    return Estimates(pd.DataFrame(frame)[columns], ("industry",), "annual_pay", pd.DataFrame(domains), about)


def printed(table):
    return {row.codes[0]: [table.printed(cell, column) for cell, column in zip(row.cells, table.columns, strict=True)]
            for row in table.rows}  # fmt: skip


def said(text: Text) -> str:
    return plain_text(parse(text.markdown))


# -- rules and measures ----------------------------------------------------------------------------


def test_largest_standard_error() -> None:
    estimates = growth_of(C={"se": 0.025}, I={"se": 0.0251}, J={"estimate": 0.0, "se": 0.01}, P={"se": np.nan})
    assert judge(estimates, RULES)["reason"].tolist() == ["", "precision", "", "precision"]
    # The coefficient of variation would hold back what is precise and near 0.
    assert judge(estimates, ReleaseRules())["reason"].tolist() == ["precision", "precision", "precision", "precision"]
    assert judge(growth_of(B={"se": 0.0, "flag": "census"}), RULES)["reason"].tolist() == [""]
    assert judge(growth_of(B={"se": 0.0}), RULES)["reason"].tolist() == ["precision"]
    with pytest.raises(ReleaseError, match="release rule max_se: found 0"):
        ReleaseRules(max_se=0)
    assert ReleaseRules().max_se is None


def test_measures_print_statistics_in_their_own_unit() -> None:
    made = made_estimates(
        {"C": {}}, statistics=("mean", "growth"), cells={("C", "growth"): {"estimate": 0.0465, "se": 0.001}}
    )
    table = release(made, measures={"growth": Measure("增长", "比上年")}, precision=["cv"], unit="万元/年")
    assert [(c.key, c.heading, c.unit) for c in table.columns] == [
        ("mean", "平均值", "万元/年"),
        ("mean_cv", "平均值变异系数（%）", "%"),
        ("growth", "比上年增长", "%"),
    ]
    # 4.65 rounds half up as it is written, not down to 4.6 as floats would have it
    assert printed(table)["C"] == ["11.00", "2.0", "4.7"]
    assert table.to_frame("tidy").query("statistic == 'growth'")["unit"].tolist() == ["%"]


# -- growth ------------------------------------------------------------------------------------------


def test_growth_table_prints_growth_interval_and_probabilities() -> None:
    table = growth_table(SHANGHAI.compare(growth_of(C={"df": np.inf}), cpi=2.0), RULES, labels=NAMES)
    assert table.title == "分行业门类企业从业人员平均工资增长率（2023年，模拟数据）"
    assert [column.heading for column in table.columns] == [
        "名义增长", "95%置信区间下限", "95%置信区间上限", "实际增长",
        "增长率所在区间的概率低于2%", "增长率所在区间的概率2–5%", "增长率所在区间的概率5%以上",
    ]  # fmt: skip
    # 1.06 / 1.02 - 1 = 3.92 %; 5 % is one standard error below 6 %, 2 % is four: 0, 16 and 84 %
    assert printed(table)["C"] == ["6.0", "4.0", "8.0", "3.9", "0", "16", "84"]
    assert any("平均线5%，下线2%" in note for note in table.notes)


def test_an_item_of_growth_stands_or_falls_as_a_whole() -> None:
    made = growth_of(C={}, I={"n_psu": 2}, J={"share": 0.9, "estimate": 0.4567}, P={"se": np.nan, "flag": "single_psu"})
    table = growth_table(SHANGHAI.compare(made, cpi=0.3), RULES, labels=NAMES)
    assert list(printed(table)) == ["C"]
    assert table.left_out == 3
    for text in (repr(table), table.to_html(), str(table.to_json()), findings.items_in_words(table, SHANGHAI).markdown):
        assert "45.6" not in text
        assert "金融业" not in text
    with pytest.raises(InputError, match="a frame of enterprises"):
        growth_table(SHANGHAI.compare(pd.DataFrame({"growth": [0.1]})), RULES)


def test_growth_in_words() -> None:
    table = growth_table(
        SHANGHAI.compare(growth_of(C={}, I={"estimate": 0.01}, J={"estimate": 0.05})), RULES, labels=NAMES
    )
    assert said(findings.items_in_words(table, SHANGHAI)) == (
        "分行业门类看，公布的3个项目中，增长率“低于下线”的有1个（信息业）；增长率“平均线及以上”的有2个（制造业、金融业）。"
        "增长最快的是制造业（6.0%），最慢的是信息业（1.0%）。"
    )
    english = growth_table(SHANGHAI.compare(growth_of(C={})), RULES, language="en")
    assert said(findings.items_in_words(english, SHANGHAI)) == (
        "By industry section, published items: 1; 1 in the band base line and above (C)."
    )
    overall = growth_of(C={})
    whole = replace(
        overall, frame=overall.frame.drop(columns="industry"), by=(), domains=overall.domains.drop(columns="industry")
    )
    table = growth_table(SHANGHAI.compare(whole, cpi=0.3), RULES)
    assert said(findings.overall_in_words(table, SHANGHAI)) == (
        "可比企业从业人员平均工资比上年名义增长6.0%，95%置信区间为4.0%至8.0%，增长率位于“平均线及以上”区间。"
        "按抽样误差推算，增长率位于该区间的概率为84%。扣除居民消费价格上涨因素，实际增长5.7%。"
    )


# -- shares ------------------------------------------------------------------------------------------


def shares_of(growths: dict[str, list[float]], people: int = 20) -> Estimates:
    """Shares of workers by industry from enterprises with given growth and so many workers each."""
    rows = [
        {"industry": name, "firm": f"{name}{k}", "pay": 100.0, "after": 100 * (1 + value)}
        for name, values in growths.items()
        for k, value in enumerate(values)
        for _ in range(people)
    ]
    frame = pd.DataFrame(rows).assign(w=1.0, fw=1.0)
    pair = [wk.Survey(frame.assign(pay=frame[name]), weights="w", psu="firm") for name in ("pay", "after")]
    return SHANGHAI.shares(enterprise_growth(*pair, "pay", enterprise_weights="fw"), "industry", of="workers")


def test_shares_are_published_item_by_item() -> None:
    low, middle, high = [0.01] * 5, [0.03] * 5, [0.08] * 10
    shares = shares_of(
        {
            "C": [*low, *middle, *high],
            "I": [*low, *high, 0.03, 0.03],  # a band with 2 enterprises
            "J": high,  # all in one band: it would tell of each of them
            "P": [*low, *high],  # an empty band is no enterprise's secret
        }
    )
    table = share_table(shares, SHANGHAI, percent_rules(ReleaseRules(), 20), labels=NAMES)
    assert printed(table) == {"C": ["25.0", "25.0", "50.0"], "P": ["33.3", "0.0", "66.7"]}
    assert table.left_out == 2
    # too few people in a band, or too large an error, hold back the item as well
    assert len(share_table(shares_of({"C": [*low, *middle, *high]}, people=5), SHANGHAI, RULES)) == 0
    assert len(share_table(shares, SHANGHAI, percent_rules(ReleaseRules(), 1))) == 0


def test_a_band_that_one_enterprise_dominates_is_held_back() -> None:
    shares = shares_of({"C": [0.01] * 5 + [0.03] * 5 + [0.08] * 10})
    rules = percent_rules(ReleaseRules(max_share=0.25), 20)
    assert len(share_table(shares, SHANGHAI, rules)) == 1  # a fifth each in the smaller bands
    assert len(share_table(shares, SHANGHAI, percent_rules(ReleaseRules(max_share=0.19), 20))) == 0


# -- parts, lines and rules in words -----------------------------------------------------------------


def test_parts_in_a_table_and_in_words() -> None:
    random = np.random.default_rng(5)
    frame = pd.DataFrame({"firm": np.repeat(np.arange(40), 10), "w": 1.0, "job": random.integers(0, 2, 400)})
    frame["annual_pay"] = np.exp(11 + 0.5 * frame["job"] + random.normal(0, 0.1, 400))
    after = frame.assign(annual_pay=frame["annual_pay"] * random.normal(1.05, 0.1, 400))
    after.loc[after.index[:20], "job"] = 0
    pair = [wk.Survey(part, weights="w", psu="firm") for part in (frame, after)]
    parts = wk.decompose_growth(*pair, "annual_pay", within="job")
    table = parts_table(parts, SHANGHAI, percent_rules(ReleaseRules(), 20))
    values = {row.codes[0]: row.cells[0].value for row in table.rows}
    expected = parts.frame.set_index("statistic")["estimate"] * 100
    assert [float(values[k]) for k in "123"] == pytest.approx(
        expected[["growth", "within", "composition"]].tolist(), abs=0.05
    )
    assert [row.names[0] for row in table.rows] == ["名义增长", "同职业内工资增长", "职业构成变化"]
    words = said(findings.parts_in_words(table))
    shown = [row.cells[0].value for row in table.rows]
    assert shown[2] < 0 < shown[1]
    assert words == (
        f"在{shown[0]}%的名义增长中，同职业内工资增长拉动{shown[1]}个百分点，职业构成变化下拉{-shown[2]}个百分点。"
    )
    nothing = parts_table(parts, SHANGHAI, percent_rules(ReleaseRules(min_enterprises=99), 20))
    assert said(findings.parts_in_words(nothing)) == "本表没有可以公布的项目。"


def test_lines_in_words() -> None:
    assert (
        said(findings.lines_in_words(SHANGHAI))
        == "2023年上海企业工资指导线：平均线为5%，上线未发布或未查得，下线为2%。"
    )
    assert "base line 5% to 6%" in said(findings.lines_in_words(guideline("上海", 2019), "en"))
    table = findings.lines_of_years([guideline("上海", year) for year in (2016, 2019, 2023)]).markdown
    assert "| 2016年 | — | — | 4% |" in table
    assert "| 2019年 | 5%至6% | — | — |" in table


def test_rules_in_words() -> None:
    table = findings.rules_table(SHANGHAI).markdown
    assert "工资增长应低于平均线。 | 低于5% | 工资指导线文件 |" in table
    assert "| 5% | 各地通行规则 |" in table
    assert "| 2% | 通行做法，待核 |" in table  # flat results: no clause of Shanghai's own
    assert "最低工资标准" not in table  # enterprises in difficulty have a clause of Shanghai's own
    beijing = findings.rules_table(guideline("北京", 2016)).markdown
    assert "9%以上、低于15%" in beijing
    assert "不超过0%" in beijing


def test_recommendation_in_words() -> None:
    line = SHANGHAI.applicable_line("growing", average_wage=300_000, city_average=150_000)
    assert said(findings.recommendation(line, "growing", average_wage=300_000)) == (
        "经济效益增长、上年平均工资300000元（为全市平均工资的2.00倍）的企业，适用规则为："
        "上年平均工资达到全市平均工资2倍及以上的企业，工资增长应低于平均线。建议工资增幅：低于5%，即本年平均工资低于315000元。"
    )
    none = guideline("上海", 2019).applicable_line("falling")
    assert "没有可以适用的规则" in said(findings.recommendation(none, "falling"))


# -- charts and the report ---------------------------------------------------------------------------


def test_charts_draw_published_figures_only() -> None:
    table = growth_table(SHANGHAI.compare(growth_of(C={}, J={"n_psu": 1, "estimate": 0.4567})), RULES, labels=NAMES)
    chart = growth_and_lines(table, SHANGHAI)
    assert "制造业6.0%（4.0%至8.0%）" in chart.alt
    assert "下线2%" in chart.alt
    assert "金融业" not in chart.alt + chart.svg
    with pytest.raises(ReleaseError, match="no item has figures"):
        growth_and_lines(growth_table(SHANGHAI.compare(growth_of(C={"n": 3})), RULES), SHANGHAI)
    shares = shares_of({"C": [0.01] * 5 + [0.03] * 5 + [0.08] * 10})
    bars = bands_stacked(share_table(shares, SHANGHAI, percent_rules(ReleaseRules(), 20), labels=NAMES), SHANGHAI)
    assert "制造业 低于2%25.0%、2–5%25.0%、5%以上50.0%" in bars.alt


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    from wagekit.collect.intake import intake
    from wagekit.collect.store import open as open_store
    from wagekit.collect.synthetic import population, write_files
    from wagekit.resources import resource

    folder = tmp_path_factory.mktemp("waves")
    people = population(7, enterprises=700, workers=16_000)
    path = folder / "two.duckdb"
    with open_store(path) as opened:
        for wave in (2022, 2023):
            files = write_files(people, folder / str(wave), wave=wave, seed=3, enterprises=240)
            mapping = resource("data", "synthetic", "putuo.toml")
            intake(opened, [files.enterprises, files.employees], wave=wave, mapping=mapping)
    return path


def test_a_report_of_two_waves(store) -> None:
    report = open_guideline_report(store, 2023, cpi="0.3")
    assert isinstance(report, GuidelineReport)
    assert (report.guideline.base, report.cpi, report.growth_rules.max_se) == ((5.0, 5.0), 0.3, 0.025)
    assert [each.year for each in report.years][-2:] == [2022, 2023]
    for table in (report.growth("industry"), report.shares(of="workers"), report.parts()):
        assert table.synthetic
    assert isinstance(report.chart(report.growth("occupation_major")), Chart | Text)
    with pytest.raises(InputError, match="no guideline of the region '某市'"):
        open_guideline_report(store, 2023, region="某市")
    with pytest.raises(InputError, match="cpi: 'much'"):
        open_guideline_report(store, 2023, cpi="much")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_notebook_renders(store, tmp_path, language) -> None:
    from wagekit.publish.rendering.notebook import build_report
    from wagekit.resources import resource

    files = build_report(
        resource("notebooks", "guideline_comparison.ipynb"),
        {"store": str(store), "language": language, "average_wage": 300_000.0, "city_average": 146_196.0, "cpi": "0.3"},
        folder=tmp_path,
    )
    page = files["html"].read_text(encoding="utf-8")
    assert ("低于315000元" if language == "zh" else "below 315,000 yuan") in page
    assert "模拟数据" in page
    assert files["pdf"].read_bytes().startswith(b"%PDF")
