"""The release rules: what each one holds back, in which order, and what no rule lets pass."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wagekit.disclosure import ReleaseRules, judge
from wagekit.disclosure.rules import is_tail
from wagekit.errors import ReleaseError
from wagekit.estimates import Estimates

OFF = {"min_employees": None, "min_enterprises": None, "max_share": None, "max_cv": None, "min_employees_tails": None}


def estimates(statistic="p50", *, shares=None, by=(), metadata=None, drop=(), **changes):
    """One estimate that passes all default rules, with changes."""
    row = {"estimate": 90_000.0, "se": 900.0, "cv": 0.01, "ci_lower": 88_000.0, "ci_upper": 92_000.0, "df": 20.0}
    row |= {"deff": 1.2, "n": 120, "n_psu": 24}
    row |= changes
    frame = pd.DataFrame([{**dict.fromkeys(by, "A"), "statistic": statistic, **row, "flag": changes.get("flag", "")}])
    shares = {"largest_share": 0.2, "largest_weighted_share": 0.3, "largest_total_share": 0.3} | (shares or {})
    domain = {**dict.fromkeys(by, "A"), "n": row["n"], "n_psu": row["n_psu"], "population": 2_400.0, **shares}
    return Estimates(frame, tuple(by), "annual_pay", pd.DataFrame([domain]).drop(columns=list(drop)), metadata or {})


def reason(made, rules=None):
    verdict = judge(made, rules)
    assert (verdict["release"] == (verdict["reason"] == "")).all()
    return verdict["reason"].item()


def test_the_defaults_are_those_of_the_issue():
    assert ReleaseRules() == ReleaseRules(30, 3, 0.85, 0.30, 50)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"n": 30}, ""),
        ({"n": 29}, "too_few_employees"),
        ({"n_psu": 3}, ""),
        ({"n_psu": 2}, "too_few_enterprises"),
        ({"shares": {"largest_share": 0.85}}, ""),
        ({"shares": {"largest_share": 0.8501}}, "dominance"),
        ({"shares": {"largest_weighted_share": 0.8501}}, "dominance"),
        ({"shares": {"largest_total_share": 0.8501}}, "dominance"),
        ({"statistic": "p10", "n": 50}, ""),
        ({"statistic": "p10", "n": 49}, "too_few_employees"),
        ({"statistic": "p90", "n": 49}, "too_few_employees"),
        ({"statistic": "p25", "n": 49}, ""),
        ({"statistic": "p75", "n": 49}, ""),
        ({"statistic": "mean", "n": 49}, ""),
        ({"se": 27_000.0}, ""),
        ({"se": 27_001.0}, "precision"),
        ({"estimate": -90_000.0, "se": 900.0}, ""),
        ({"estimate": np.nan}, "not_estimable"),
        ({"estimate": np.inf}, "not_estimable"),
        # Confidentiality is told before quality.
        ({"n_psu": 1, "n": 5, "se": np.nan, "estimate": np.nan}, "too_few_enterprises"),
        ({"n": 5, "se": np.nan}, "too_few_employees"),
    ],
)
def test_each_rule_at_its_limit(change, expected):
    assert reason(estimates(**change)) == expected


@pytest.mark.parametrize(
    "change",
    [
        {"se": 0.0},
        {"se": 1e-9},  # 1e-14 of the value: zero blurred by floating point
        {"se": np.nan, "flag": "single_psu"},
        {"se": np.inf},
        {"se": -1.0},
        {"df": 0.0},
        {"df": -1.0},
        {"df": np.nan},
        {"estimate": 0.0, "se": 1.0},
    ],
)
def test_a_precision_that_is_not_known_is_no_precision(change):
    assert reason(estimates(**change, cv=0.0)) == "precision"
    assert reason(estimates(**change, cv=0.0), ReleaseRules(max_cv=None)) == ""


def test_a_census_needs_no_precision_but_keeps_its_secrets():
    assert reason(estimates(se=0.0, df=np.nan, flag="census")) == ""
    assert reason(estimates(se=0.0, df=np.nan, flag="census", n_psu=2)) == "too_few_enterprises"


def test_infinite_degrees_of_freedom_are_the_normal():
    assert reason(estimates(df=np.inf)) == ""


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"n": np.nan}, "too_few_employees"),
        ({"n_psu": np.nan}, "too_few_enterprises"),
        ({"shares": {"largest_share": np.nan}}, "dominance"),
        ({"shares": {"largest_weighted_share": np.nan}}, "dominance"),
        ({"drop": ["largest_share"]}, "dominance"),
        ({"drop": ["largest_weighted_share"]}, "dominance"),
        ({"drop": ["largest_total_share"]}, ""),
    ],
)
def test_what_is_not_known_is_not_released(change, expected):
    assert reason(estimates(**change)) == expected


def test_a_domain_that_is_not_described_is_not_released():
    made = estimates(by=["industry"])
    other = Estimates(made.frame.assign(industry="B"), made.by, made.variable, made.domains, {})
    assert reason(other) == "too_few_enterprises"


@pytest.mark.parametrize("rule", list(OFF))
def test_none_turns_a_rule_off(rule):
    failing = estimates("p10", n=1, n_psu=1, se=np.nan, shares={"largest_share": 1.0})
    assert reason(failing, ReleaseRules(**OFF)) == ""
    assert reason(failing, ReleaseRules(**(OFF | {rule: getattr(ReleaseRules(), rule)}))) != ""


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("min_employees", -1), ("min_employees", 30.5), ("min_employees", "30"), ("min_employees", True),
        ("min_enterprises", np.nan), ("max_share", 0), ("max_share", 85), ("max_share", np.nan), ("max_cv", 0),
        ("max_cv", -0.3), ("max_cv", np.inf), ("min_employees_tails", False),
    ],
)  # fmt: skip
def test_a_figure_that_is_no_rule_is_refused(rule, value):
    with pytest.raises(ReleaseError, match=rule):
        ReleaseRules(**{rule: value})


def test_words_of_tails():
    words = ["p1", "p2.5", "p10", "p24.9", "p75.1", "p90", "p99", "p90_p10", "p50_p10"]
    assert all(is_tail(word) for word in words)
    assert not any(is_tail(word) for word in ("p25", "p50", "p75", "p75_p25", "mean", "total", "gini", "top10"))


def test_a_survey_without_enterprises_is_refused_unless_their_rules_are_off():
    class Design:
        psu = ()

    made = estimates(metadata={"design": Design()})
    with pytest.raises(ReleaseError, match="names no enterprises"):
        judge(made)
    assert reason(made, ReleaseRules(min_enterprises=None, max_share=None)) == ""


def test_missing_columns_and_double_domains_are_refused():
    made = estimates(by=["industry"])
    with pytest.raises(ReleaseError, match="no column 'se'"):
        judge(Estimates(made.frame.drop(columns="se"), made.by, made.variable, made.domains, {}))
    twice = pd.concat([made.domains, made.domains])
    with pytest.raises(ReleaseError, match="described twice"):
        judge(Estimates(made.frame, made.by, made.variable, twice, {}))


def test_each_row_is_judged_by_its_own_domain():
    """Whatever the order of either, in crossed columns of other types and with missing values."""
    keys = [(section, size) for section in ("A", "B", None) for size in (1.0, 2.0, np.nan)]
    few = {("A", 2.0), ("B", np.nan), (None, 1.0), (None, np.nan)}
    row = {"statistic": "p50", "estimate": 9e4, "se": 900.0, "df": 20.0, "n": 120, "n_psu": 24, "flag": ""}
    frame = pd.DataFrame([{"section": section, "size": size, **row} for section, size in [*keys, ("C", 1.0)]])
    domains = pd.DataFrame(keys, columns=["section", "size"])
    domains["size"] = pd.Categorical(domains["size"])
    domains["n"], domains["n_psu"] = 120, [2 if key in few else 24 for key in keys]
    domains["largest_share"] = domains["largest_weighted_share"] = 0.2
    for seed in range(3):
        shuffled, described = frame.sample(frac=1, random_state=seed), domains.sample(frac=1, random_state=seed + 9)
        verdict = judge(Estimates(shuffled, ("section", "size"), "pay", described))["reason"].sort_index()
        expected = ["too_few_enterprises" if key in few else "" for key in keys]
        assert verdict.tolist() == [*expected, "too_few_enterprises"]  # the last is described nowhere


def test_the_verdict_follows_the_frame_and_its_index():
    one, two = estimates(by=["industry"]), estimates(by=["industry"], n_psu=1)
    frame = pd.concat([two.frame.assign(industry="B"), one.frame], ignore_index=True)
    frame.index = pd.Index([7, 3])
    domains = pd.concat([one.domains, two.domains.assign(industry="B")], ignore_index=True)
    verdict = judge(Estimates(frame, ("industry",), "annual_pay", domains, {}))
    assert verdict["reason"].to_dict() == {7: "too_few_enterprises", 3: ""}


figure = st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.sampled_from([0.0, -0.0, np.nan, 1e-300, 9e4]))


@given(
    estimate=figure, se=figure, df=figure, n=figure, n_psu=figure, share=figure,
    statistic=st.sampled_from(["p10", "p50", "mean"]),
)  # fmt: skip
def test_whatever_is_released_fulfils_every_rule(estimate, se, df, n, n_psu, share, statistic):
    made = estimates(statistic, estimate=estimate, se=se, df=df, n=n, n_psu=n_psu, shares={"largest_share": share})
    if reason(made) == "":
        assert n >= (50 if statistic == "p10" else 30)
        assert n_psu >= 3
        assert 0 <= share <= 0.85
        assert np.isfinite(estimate)
        assert 0 < se <= 0.30 * abs(estimate)
        assert df > 0
