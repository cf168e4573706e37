"""The data evaluation: its figures are those of the store by other ways, and what may not be told is in none of them."""

from collections import Counter
from functools import cache

import duckdb
import numpy as np
import pandas as pd
import pytest

from tests.publish.made_evaluation import SAMPLE, WAVE, evaluation_store, figures, release_file
from tests.publish.made_reports import numbers, printed
from wagekit.collect.rules import RULES
from wagekit.collect.situation import Limits
from wagekit.publish.drawing import Chart
from wagekit.publish.evaluation.grades import CRITERIA, Criterion, graded, overall
from wagekit.publish.evaluation.report import EvaluationReport, open_evaluation_report
from wagekit.publish.evaluation.rule_words import RULE_NAMES, rule_name
from wagekit.publish.evaluation.words import WORDS
from wagekit.publish.findings import Text
from wagekit.publish.rendering.notebook import build_report
from wagekit.resources import resource

OFF = "\n".join(f"{rule} = false" for rule in ("min_enterprises", "min_employees", "max_share", "max_cv",
                                               "min_employees_tails"))  # fmt: skip


@cache
def made(language="zh", wave=WAVE):
    return open_evaluation_report(evaluation_store(), wave, sample=SAMPLE if wave == WAVE else "", language=language)


@pytest.fixture(scope="module")
def unprotected(tmp_path_factory):
    """The report without release rules, whose figures are all there to compare."""
    rules = release_file(tmp_path_factory.mktemp("rules"), OFF)
    return open_evaluation_report(evaluation_store(), WAVE, sample=SAMPLE, rules=rules)


def sql(query, *values):
    with duckdb.connect(str(evaluation_store()), read_only=True) as connection:
        return connection.execute(query, list(values)).df()


def one(query, *values):
    return sql(query, *values).iloc[0, 0]


def test_both_languages_have_the_same_words():
    assert WORDS["zh"].keys() == WORDS["en"].keys()


def test_every_rule_has_a_short_name():
    assert set(RULE_NAMES) == set(RULES)
    assert rule_name("of_their_own", "zh") == "of_their_own"


def test_rows_received_and_accepted_are_those_of_the_log():
    found = figures(made().received)
    for table, column in (("enterprise", "enterprises"), ("employee", "employees")):
        read = one("SELECT sum(rows_read) FROM intake_log WHERE wave = ? AND table_name = ?", WAVE, table)
        accepted = one(f"SELECT count(*) FROM {column} WHERE wave = ?", WAVE)
        queries = one("SELECT count(*) FROM queries WHERE wave = ? AND table_name = ?", WAVE, table)
        before = one(
            f"SELECT 100 * (SELECT count(*) FROM {column} WHERE wave = ?) / sum(rows_read) "
            "FROM intake_log WHERE wave = ? AND table_name = ?", WAVE - 1, WAVE - 1, table,
        )  # fmt: skip
        assert found["接收行数"][table] == read
        assert found["通过审核行数"][table] == accepted
        assert found["未通过行数"][table] == read - accepted
        # Printed with two decimals.
        assert found["通过率（%）"][table] == pytest.approx(100 * accepted / read, abs=0.005001)
        assert found["上次调查通过率（%）"][table] == pytest.approx(before, abs=0.005001)
        assert found["查询条数"][table] == queries


@pytest.mark.parametrize(("found", "stored"), [("refused", "refused_rows"), ("queries", "queries")])
def test_rules_are_counted_as_the_store_has_them(unprotected, found, stored):
    table = unprotected.refused if found == "refused" else unprotected.queries
    counted = sql(f"SELECT table_name, rule, field, count(*) AS n FROM {stored} WHERE wave = ? GROUP BY ALL", WAVE)
    words = {"enterprise": "企业表", "employee": "从业人员表"}
    expected = Counter()
    for line in counted.itertuples():
        expected[words[line.table_name], rule_name(line.rule, "zh")] += line.n
    shown = Counter()
    for row in table.rows:
        shown[row.names[0], row.names[1].split("：")[0]] += int(row.cells[0].value)
    assert shown == expected


def test_rules_broken_in_few_enterprises_are_shown_together():
    counted = sql("SELECT rule, enterprise_id FROM refused_rows WHERE wave = ? AND table_name = 'employee'", WAVE)
    few = {rule for rule, firms in counted.groupby("rule")["enterprise_id"].nunique().items() if firms < 3}
    assert few, "the survey has no such rule, so this tests nothing"
    names = [name for row in made().refused.rows for name in row.names]
    assert not {rule_name(rule, "zh") for rule in few} & {name.split("：")[0] for name in names}
    staff = [row for row in made().refused.rows if row.names[0] == "从业人员表"]
    assert sum(int(row.cells[0].value) for row in staff) == len(counted)


def test_missing_answers_are_counted_in_the_store(unprotected):
    found = figures(unprotected.unanswered)
    people = sql("SELECT * FROM employees WHERE wave = ?", WAVE)
    lacking = people[["sex", "education"]].isna()
    for name, column in (("性别", "sex"), ("学历", "education")):
        line = found[f"从业人员表 {name}"]
        assert line["missing"] == lacking[column].sum() > 0
        assert line["missing_rate"] == pytest.approx(100 * lacking[column].mean(), abs=0.005001)
        weighted = np.average(lacking[column], weights=people["weight"])
        assert line["missing_weighted"] == pytest.approx(100 * weighted, abs=0.005001)
    assert len(found) == sum(people[column].isna().any() for column in people.columns)


def test_an_exempt_enterprise_has_no_missing_size(unprotected):
    exempt = "industry_code LIKE 'P83%' OR industry_code LIKE 'Q84%' OR industry_code LIKE 'G53%'"
    query = f"SELECT count(*) FROM enterprises WHERE wave = ? AND enterprise_size IS NULL AND ({exempt})"
    assert one(query, WAVE) > 0
    assert not any("企业规模" in name for name in figures(unprotected.unanswered))


def drawn_with_outcome():
    """The list of the sample and what became of each enterprise, from the files and the store."""
    path = evaluation_store().parent / SAMPLE
    listed = pd.read_csv(path, dtype={"企业规模": "str"})
    accepted = set(sql("SELECT DISTINCT enterprise_id FROM employees WHERE wave = ?", WAVE)["enterprise_id"])
    came = set(sql("SELECT DISTINCT enterprise_id FROM refused_rows WHERE wave = ?", WAVE)["enterprise_id"])
    usable = listed["统一社会信用代码"].isin(accepted)
    return listed.assign(
        usable=usable, refused=listed["统一社会信用代码"].isin(came) & ~usable, d=1 / listed["入样概率"]
    )


def test_response_rates_are_those_of_the_list_and_the_store(unprotected):
    listed = drawn_with_outcome()
    found = figures(unprotected.outcome)
    assert found["抽中企业"]["enterprises"] == len(listed)
    assert found["有效回收"]["enterprises"] == listed["usable"].sum()
    assert found["已报但未通过审核"]["enterprises"] == listed["refused"].sum()
    weights = {"share": np.ones(len(listed)), "share_weighted": listed["d"],
               "share_workers": listed["d"] * listed["名录从业人员数"]}  # fmt: skip
    for key, weight in weights.items():
        expected = 100 * np.average(listed["usable"], weights=weight)
        assert found["有效回收"][key] == pytest.approx(expected, abs=0.0501)  # printed with one decimal
        assert sum(found[name][key] for name in ("有效回收", "已报但未通过审核", "未报")) == pytest.approx(
            100, abs=0.11
        )


def test_response_by_industry_is_that_of_the_list(unprotected):
    listed = drawn_with_outcome()
    table = unprotected.response("industry")
    by_letter = listed.groupby(listed["行业类别代码"].str[0])["usable"]
    names = unprotected.report.labels["industry"]
    for letter, usable in by_letter:
        line = figures(table)[names.label(letter)]
        assert (line["drawn"], line["usable"]) == (len(usable), usable.sum())
        assert line["unweighted"] == pytest.approx(100 * usable.mean(), abs=0.0501)


def test_published_response_tells_of_no_group_of_one_or_two():
    for by in ("industry", "enterprise_size"):
        table = made().response(by)
        for line in figures(table).values():
            lost = line["drawn"] - line["usable"]
            assert line["usable"] >= 3
            assert lost == 0 or lost >= 3
        total, *parts = figures(table).values()
        assert total["drawn"] == sum(part["drawn"] for part in parts)


def test_coverage_agrees_with_the_store(unprotected):
    query = """
        WITH firms AS (
            SELECT e.enterprise_id, left(industry_code, 1) AS letter, average_headcount AS heads, frame_headcount AS frame,
                count(*) AS people, sum(weight) AS workers
            FROM enterprises e JOIN employees p USING (wave, enterprise_id) WHERE wave = ? GROUP BY ALL
        ), weighted AS (SELECT *, greatest(workers / heads, 1) AS d FROM firms)
        SELECT letter, count(*) AS enterprises, sum(people) AS employees, sum(d) AS population, sum(workers) AS workers,
            100 * sum(people) / sum(workers) AS people_fraction, 100 * sum(d * heads) / sum(d * frame) AS frame_ratio
        FROM weighted GROUP BY letter
    """
    names = unprotected.report.labels["industry"]
    found = figures(unprotected.coverage)
    for line in sql(query, WAVE).to_dict("records"):
        shown = found[names.label(line.pop("letter"))]
        for key, value in line.items():
            # Counts are printed whole, ratios with one decimal.
            assert shown[key] == pytest.approx(value, abs=0.0501 if "ra" in key else 0.501), key


def test_round_and_extreme_pay_agree_with_the_store(unprotected):
    found = figures(unprotected.heaping)
    for unit in (100, 1000, 10000):
        share = one("SELECT 100 * avg((annual_pay % ? = 0)::INT) FROM employees WHERE wave = ?", unit, WAVE)
        assert found[f"{unit}元的整数倍"]["found"] == pytest.approx(share, abs=0.000501)
        assert found[f"{unit}元的整数倍"]["expected"] == 100 / unit
    people = sql("SELECT annual_pay, weight FROM employees WHERE wave = ?", WAVE)
    found = figures(unprotected.extremes)
    far = (people["annual_pay"] > Limits().pay_to_median * people["annual_pay"].median()).mean()
    assert found["超过中位数20倍"]["share"] == pytest.approx(100 * far, abs=0.00501)
    # The best-paid 1 %, the worker on the edge in part: integral of the sorted pay over the first 1 % of the weight.
    ordered = people.sort_values("annual_pay", ascending=False)
    reached = np.r_[0, ordered["weight"].cumsum()]
    earned = np.r_[0, (ordered["weight"] * ordered["annual_pay"]).cumsum()]
    top = np.interp(0.01 * reached[-1], reached, earned) / earned[-1]
    assert found["最高1%从业人员的工资报酬占全部的比重"]["share"] == pytest.approx(100 * top, abs=0.00501)


def test_dispersion_asks_for_as_many_employees_as_percentiles_far_out():
    rows = sql(
        "SELECT left(industry_code, 1) AS letter, count(*) AS n, count(DISTINCT enterprise_id) AS firms FROM employees "
        "JOIN enterprises USING (wave, enterprise_id) WHERE wave = ? GROUP BY letter", WAVE,
    ).set_index("letter")  # fmt: skip
    shown = {row.codes[0] for row in made().dispersion.rows if row.cells[0].value is not None}
    assert shown
    assert (rows.loc[list(shown), "n"] >= 50).all()
    assert (rows.loc[list(shown), "firms"] >= 3).all()


def test_agreement_and_growth_are_counted_in_their_bands(unprotected):
    firms = sql(
        "SELECT wave, e.enterprise_id, average_headcount / frame_headcount AS frame, avg(annual_pay) AS pay, "
        "any_value(wages / average_headcount) AS wages, any_value(average_headcount) AS heads, "
        "any_value(operating_months) AS months "
        "FROM enterprises e JOIN employees p USING (wave, enterprise_id) GROUP BY ALL"
    )  # fmt: skip
    now, before = (firms[firms["wave"] == wave].set_index("enterprise_id") for wave in (WAVE, WAVE - 1))
    found = figures(unprotected.agreement)
    bands = {"低于0.5": (0, 0.5), "0.5至0.8": (0.5, 0.8), "0.8至0.9": (0.8, 0.9), "0.9至1.1": (0.9, 1.1),
             "1.1至1.25": (1.1, 1.25), "1.25至2": (1.25, 2), "2及以上": (2, np.inf)}  # fmt: skip
    for name, (low, high) in bands.items():
        for word, ratio in (
            ("平均人数与名录人数之比", now["frame"]),
            ("平均工资与人均劳动报酬之比", now["pay"] / now["wages"]),
        ):
            assert found[f"{word} {name}"]["enterprises"] == ((ratio >= low) & (ratio < high)).sum()
    both = now.index.intersection(before.index)
    full = [code for code in both if now.loc[code, "months"] == before.loc[code, "months"] == 12]
    change = {"平均人数": now.loc[both, "heads"] / before.loc[both, "heads"] - 1,
              "平均工资": now.loc[full, "pay"] / before.loc[full, "pay"] - 1}  # fmt: skip
    found = figures(unprotected.growth)
    for word, growth in change.items():
        assert found[f"{word} 0%至10%"]["enterprises"] == ((growth >= 0) & (growth < 0.1)).sum()
        assert found[f"{word} 低于-50%"]["enterprises"] == (growth < -0.5).sum()
        assert sum(line["enterprises"] for name, line in found.items() if name.startswith(word)) == len(growth)
    matched = figures(unprotected.matched)
    assert matched["两次均有效的企业（家）"]["value"] == len(both)
    assert matched["占本次企业的比重（%）"]["value"] == pytest.approx(100 * len(both) / len(now), abs=0.0501)


def test_totals_that_differ_are_found(unprotected):
    assert {line["agree_share"] for line in figures(unprotected.sums).values()} == {100.0}
    assert "全部一致" in str(unprotected.sums_in_words())
    now = unprotected.evaluation.now
    odd = now.enterprises.assign(value_added=now.enterprises["value_added"].where(now.enterprises.index >= 5, 1.0))
    changed = EvaluationReport(unprotected.report, with_now(unprotected.evaluation, enterprises=odd))
    line = figures(changed.sums)["增加值＝收入法四项之和（允许相差5%）"]
    assert line["agree"] == line["compared"] - 5


def with_now(evaluation, **changes):
    from dataclasses import replace

    return replace(evaluation, now=replace(evaluation.now, **changes))


def test_grades_follow_their_limits():
    rising, falling = Criterion("a", "accuracy", 80, 60), Criterion("b", "accuracy", 1, 3)
    assert [rising.grade(value) for value in (80, 79.9, 60, 59.9)] == ["good", "fair", "fair", "poor"]
    assert [falling.grade(value) for value in (1, 1.1, 3, 3.1)] == ["good", "fair", "fair", "poor"]
    assert overall(["good"] * 3 + ["fair"]) == "good"
    assert overall(["good"] * 3 + ["poor"]) == "fair"
    assert overall(["good", "good", "poor"]) == "poor"
    assert graded({"response_graded": None, "queries_graded": 5.0}) == {"queries_graded": "poor"}


def test_the_table_of_grades_shows_each_criterion_with_its_grade():
    table = made().grades
    assert len(table) == len(CRITERIA)
    for row in table.rows:
        value, good, fair = row.cells[0].value, *(float(name[1:]) for name in row.names[2:4])
        assert row.names[2][0] == row.names[3][0] == ("≥" if good > fair else "≤")
        assert row.names[4] == WORDS["zh"][Criterion("x", "accuracy", good, fair).grade(float(value))]


def test_words_hold_only_what_the_tables_print():
    report = made()
    pairs = [
        (report.received_in_words(), report.received),
        (report.response_in_words(), report.outcome),
        (report.coverage_in_words(), report.coverage),
        (report.rules_in_words("refused"), report.refused),
        (report.rules_in_words("queries"), report.queries),
        (report.range_in_words(report.response("industry"), "industry"), report.response("industry")),
    ]
    for text, table in pairs:
        assert str(text)
        assert numbers(str(text)) <= printed(table)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_first_wave_without_a_list_is_evaluated_too(language):
    report = made(language, WAVE - 1)
    assert report.matched is None
    assert report.growth is None
    assert report.outcome is None
    assert str(report.response_in_words()) == WORDS[language]["no_list"]
    assert str(report.matched_in_words()) == WORDS[language]["no_before"]
    assert [column.key for column in report.dispersion.columns] == ["p90_p10"]
    assert len(report.grades) == len(CRITERIA) - 3
    assert isinstance(report.response("industry"), Text)


def test_rules_that_nothing_passes_leave_nothing(tmp_path):
    rules = release_file(tmp_path, "min_enterprises = 10000")
    report = open_evaluation_report(evaluation_store(), WAVE, sample=SAMPLE, rules=rules)
    tables = [report.refused, report.queries, report.response("industry"), report.coverage, report.growth]
    assert [len(table) for table in tables] == [0] * 5
    assert figures(report.received)["未通过行数"] == {"enterprise": None, "employee": None}
    assert {line["found"] for line in figures(report.heaping).values()} <= {None, 0.0}  # nobody tells of nobody
    assert str(report.conclusion()) == WORDS["zh"]["overall_unknown"]
    assert isinstance(report.rules_chart(), Text)


def test_no_enterprise_is_named_anywhere():
    report = made()
    firms = sql("SELECT enterprise_id, name FROM enterprises")
    tables = [
        report.grades,
        report.received,
        report.refused,
        report.queries,
        report.unanswered,
        report.outcome,
        report.response("industry"),
        report.coverage,
        report.sums,
        report.agreement,
        report.matched,
        report.growth,
    ]
    text = "\n".join(repr(table) + table.to_html() for table in tables)
    assert not any(value in text for column in firms for value in firms[column].astype("str"))


def test_charts_are_drawn_of_what_is_published():
    report = made()
    for chart in (report.rules_chart(), report.response_chart(report.response("industry")), report.agreement_chart(),
                  report.growth_chart()):  # fmt: skip
        assert isinstance(chart, Chart)
        assert "模拟数据" in chart.alt
    assert numbers(report.growth_chart().alt) >= {f"{figures(report.growth)['平均工资 0%至10%']['share']:.1f}"}


def test_the_notebook_runs_from_a_store_to_a_page(tmp_path):
    given = {"store": str(evaluation_store()), "wave": WAVE, "sample": SAMPLE, "language": "en"}
    made_files = build_report(resource("notebooks", "data_evaluation.ipynb"), given, folder=tmp_path, formats=["html"])
    page = made_files["html"].read_text(encoding="utf-8")
    assert page.count("<table") == 16
    assert page.count("<figure") >= 4
    assert "How the data were evaluated" in page
    assert "评估方法说明" not in page
    firms = sql("SELECT enterprise_id, name FROM enterprises")
    assert not any(value in page for column in firms for value in firms[column].astype("str"))
