"""Labour-cost indicators: hand-worked boundaries, R survey, the simulated population's truth, the release rules."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import wagekit as wk
from wagekit.collect.synthetic import draw, population
from wagekit.disclosure import ReleaseRules
from wagekit.disclosure.rules import judge
from wagekit.errors import EstimationError, InputError, ReleaseError, WagekitWarning
from wagekit.guidance.enterprise_survey import enterprise_survey
from wagekit.guidance.labour_cost import INDICATORS, labour_cost
from wagekit.guidance.labour_cost_enterprises import labour_cost_losses, labour_cost_percentiles
from wagekit.guidance.labour_cost_structure import ITEMS, labour_cost_structure, rounded_to_whole
from wagekit.guidance.labour_cost_warning import WarningRule, labour_cost_warning_shares, labour_cost_warnings
from wagekit.publish.table import release

REFERENCE = Path(__file__).parents[1] / "reference"

# Three enterprises by hand: sums 1200 revenue, 80 profit, 45 depreciation, 12 taxes, 1108 cost, 240 labour cost,
# 175 wages, 24 workers; value added 80 + 45 + 12 + 240 = 377.
THREE = pd.DataFrame(
    {
        "revenue": [500.0, 300, 400],
        "total_profit": [40.0, 10, 30],
        "depreciation": [20.0, 10, 15],
        "business_taxes": [5.0, 3, 4],
        "total_cost": [455.0, 287, 366],
        "labour_cost": [100.0, 80, 60],
        "wages": [70.0, 60, 45],
        "average_headcount": [10, 9, 5],
    }
)
BY_HAND = {
    "labour_cost_per_head": 240 / 24,
    "labour_cost_to_total_cost": 240 / 1108,
    "labour_cost_to_revenue": 240 / 1200,
    "labour_share_of_value_added": 240 / 377,
    "profit_to_labour_cost": 80 / 240,
    "wage_share_of_labour_cost": 175 / 240,
    "value_added_per_head": 377 / 24,
}


def values(estimates, column="estimate"):
    return estimates.frame.set_index([*estimates.by, "statistic"])[column].to_dict()


def test_the_seven_indicators_by_hand():
    made = labour_cost(THREE)
    assert values(made) == pytest.approx(BY_HAND, rel=1e-12)
    assert list(made.frame["statistic"]) == list(INDICATORS)
    # 劳动分配率 = 人均人工成本 / 全员劳动生产率
    assert made.metadata["identity_gap"] < 1e-12
    found = values(made)
    assert found["labour_share_of_value_added"] == pytest.approx(
        found["labour_cost_per_head"] / found["value_added_per_head"], rel=1e-12
    )


def test_the_standard_error_by_hand():
    # Ratio of labour cost to revenue with equal weights: residuals e = y - 0.2 x are 0, 20, -20, and
    # v = n / (n - 1) * sum(e²) / X² = 1.5 * 800 / 1200².
    assert values(labour_cost(THREE), "se")["labour_cost_to_revenue"] == pytest.approx(np.sqrt(1200) / 1200, rel=1e-12)


def test_value_added_is_taken_as_given_and_made_where_it_is_missing():
    given = THREE.assign(value_added=[np.nan, 200.0, np.nan])
    # 165 and 109 by the income approach, 200 as given.
    assert values(labour_cost(given))["value_added_per_head"] == pytest.approx((165 + 200 + 109) / 24, rel=1e-12)


def test_an_indicator_without_its_columns_is_left_out():
    with pytest.warns(WagekitWarning, match=r"labour_cost_to_revenue \(no revenue\)"):
        made = labour_cost(THREE.drop(columns="revenue"))
    assert "labour_cost_to_revenue" not in set(made.frame["statistic"])
    assert len(made) == 6
    with pytest.warns(WagekitWarning, match="labour_share_of_value_added"):
        made = labour_cost(THREE.drop(columns="depreciation"))
    assert len(made) == 5
    with pytest.warns(WagekitWarning, match="wage_share_of_labour_cost"):
        labour_cost(THREE.assign(wages=np.nan))
    with pytest.raises(InputError, match="columns of every indicator are missing"):
        labour_cost(THREE[["depreciation"]])


def test_one_enterprise_has_its_figures_but_no_error():
    made = labour_cost(THREE.iloc[[0]])
    assert values(made)["labour_share_of_value_added"] == pytest.approx(100 / 165, rel=1e-12)
    assert made.frame["se"].isna().all()
    assert set(made.frame["flag"]) == {"single_psu"}
    assert not judge(made)["release"].any()


def test_negative_sums_are_not_defined():
    # A loss that is greater than all else: profit -900 in all, value added -603.
    made = labour_cost(THREE.assign(total_profit=[40.0, 10, -950]))
    flags, found = values(made, "flag"), values(made)
    for word in ("profit_to_labour_cost", "labour_share_of_value_added", "value_added_per_head"):
        assert flags[word] == "not_defined"
        assert np.isnan(found[word])
    assert found["labour_cost_per_head"] == pytest.approx(10, rel=1e-12)
    missing = made.frame[made.frame["flag"] == "not_defined"][["estimate", "se", "cv", "ci_lower", "ci_upper"]]
    assert missing.isna().all(axis=None)


def test_profit_and_value_added_of_exactly_0():
    none = labour_cost(THREE.assign(total_profit=[-20.0, -10, 30]))
    assert values(none)["profit_to_labour_cost"] == 0.0
    nothing = labour_cost(THREE.assign(total_profit=[-125.0, -93, -79]))  # value added 0 in each
    assert values(nothing, "flag")["labour_share_of_value_added"] == "not_defined"
    assert values(nothing)["value_added_per_head"] == 0.0


def test_a_domain_that_is_not_defined_leaves_the_others_alone():
    frame = pd.concat([THREE.assign(industry="C"), THREE.assign(industry="F", total_profit=[40.0, 10, -950])])
    made, alone = labour_cost(frame, "industry"), labour_cost(THREE)
    of_c = made.frame[made.frame["industry"] == "C"]
    np.testing.assert_allclose(of_c["estimate"], alone.frame["estimate"], rtol=1e-12)
    assert of_c["se"].notna().all()
    assert (made.frame["flag"] == "not_defined").sum() == 3


def test_revenue_of_0_counts_as_0_in_the_sum():
    made = labour_cost(THREE.assign(revenue=[0.0, 0, 400]))
    assert values(made)["labour_cost_to_revenue"] == pytest.approx(240 / 400, rel=1e-12)
    assert values(labour_cost(THREE.assign(revenue=0.0)), "flag")["labour_cost_to_revenue"] == "not_defined"


def test_missing_answers_break_the_identity_and_complete_mends_it():
    frame = THREE.assign(average_headcount=[10, np.nan, 5])
    with pytest.warns(WagekitWarning, match="complete=True"):
        made = labour_cost(frame)
    assert made.metadata["identity_gap"] > 0.01
    whole = labour_cost(frame, complete=True)
    assert whole.metadata["identity_gap"] < 1e-12
    assert set(whole.frame["n"]) == {2}


def test_weights_by_name_and_other_kinds_of_frames():
    import polars

    weighted = labour_cost(polars.from_pandas(THREE.assign(w=[1.0, 2, 1])), weights="w")
    assert values(weighted)["labour_cost_to_revenue"] == pytest.approx(320 / 1500, rel=1e-12)
    with pytest.raises(InputError, match="beside a Survey"):
        labour_cost(wk.Survey(THREE.assign(w=1.0), weights="w"), weights="w")


@pytest.mark.parametrize("design", ["rows", "stratified", "fpc"])
def test_against_r(design):
    """svyratio; both sides do the same closed arithmetic in double precision, 1e-9 leaves room for cancellation."""
    frame = pd.read_csv(REFERENCE / "guidance_enterprises.csv")
    options = {"rows": {}, "stratified": {"strata": "stratum", "psu": "firm"}}
    options["fpc"] = {**options["stratified"], "fpc": "population"}
    expected = pd.read_csv(REFERENCE / "guidance.csv")
    expected = expected[expected["case"] == f"labour cost {design}"]
    parts = [labour_cost(frame, by, weights="weight", **options[design]) for by in (None, "industry")]
    found = pd.concat([parts[0].frame.assign(domain="all"), parts[1].frame.rename(columns={"industry": "domain"})])
    found = found.set_index(["statistic", "domain"])
    for row in expected.itertuples():
        ours = found.loc[(row.statistic, row.domain), row.quantity]
        if row.statistic == "profit_to_labour_cost" and row.quantity == "estimate":
            assert row.value > 0  # else it would not be defined here
        assert ours == pytest.approx(row.value, rel=1e-9), (row.statistic, row.domain, row.quantity)
    assert len(expected) == 7 * 4 * 2


@pytest.fixture(scope="module")
def simulated():
    people = population(3, enterprises=1200, workers=30_000, waves=(2023,))
    return people, draw(people, 2023, 5, enterprises=400, response=False)


def test_estimates_come_near_the_simulated_truth(simulated):
    people, sample = simulated
    truth = labour_cost(people.enterprises(2023))
    survey = wk.Survey(
        sample.employees, weights="weight", strata="stratum", psu="enterprise_id", fpc="inclusion_probability",
        pps="hajek", single_psu="adjust",
    )  # fmt: skip
    firms = sample.enterprises.set_index("enterprise_id")
    for column in [name for name in firms if name not in sample.employees]:
        survey = survey.with_column(column, firms[column].reindex(sample.employees["enterprise_id"]).to_numpy())
    enterprises = enterprise_survey(survey)
    # The employees of each drawn enterprise stand for 1 / p times its staff.
    drawn = firms.loc[enterprises.frame["enterprise_id"], "inclusion_probability"].to_numpy()
    weights = enterprises.frame["weight"].to_numpy()
    assert np.median(np.abs(weights * drawn - 1)) < 0.01
    made = labour_cost(enterprises)
    distance = (made.frame["estimate"] - truth.frame["estimate"]) / made.frame["se"]
    # Seven indicators of one sample: 3.5 standard errors are left by one in two thousand.
    assert distance.abs().max() < 3.5
    assert made.frame["cv"].max() < 0.25


def test_enterprise_survey_refuses_what_it_can_not_weigh():
    people = pd.DataFrame({"firm": [1, 1, 2], "w": [5.0, 5, 8], "average_headcount": [4, 4, 0]})
    with pytest.raises(InputError, match="1 enterprises, the first '2'"):
        enterprise_survey(wk.Survey(people, weights="w", psu="firm"))
    with pytest.raises(InputError, match="names no enterprises"):
        enterprise_survey(wk.Survey(people, weights="w"))


# -- percentiles, losses, early warning --------------------------------------------------------------------------------


def ten(**columns):
    """Ten enterprises with labour cost to revenue of 1 % to 10 %."""
    base = {"labour_cost": np.arange(1.0, 11), "revenue": 100.0, "total_profit": np.arange(1.0, 11)[::-1]}
    return pd.DataFrame({**base, "industry": "C", **columns})


def test_percentiles_of_enterprises():
    made = labour_cost_percentiles(ten(), "labour_cost_to_revenue", q=(25, 50, 90))
    assert made.frame["estimate"].tolist() == pytest.approx([0.03, 0.05, 0.09])
    assert made.metadata["unit"] == "%"
    with pytest.raises(EstimationError, match="labour_cost_per_head"):
        labour_cost_percentiles(ten(), "cost")


def test_enterprises_without_a_meaningful_ratio_keep_their_rank():
    # Two losses rank below the eight others: P10 and P20 fall on them, P30 on the lowest profit.
    losses = ten(total_profit=[-5.0, -50, *np.arange(3.0, 11)])
    made = labour_cost_percentiles(losses, "profit_to_labour_cost", q=(10, 20, 30))
    assert made.frame["flag"].tolist()[:2] == ["not_defined", "not_defined"]
    assert made.frame["estimate"].isna().tolist() == [True, True, False]
    assert made.frame["estimate"].iloc[2] == pytest.approx(1.0)
    # Value added of 0 or less: labour cost stands against nothing, above all others.
    nothing = ten(value_added=[100.0] * 8 + [0.0, -10.0])
    made = labour_cost_percentiles(nothing, "labour_share_of_value_added", q=(80, 81))
    assert made.frame["estimate"].iloc[0] == pytest.approx(0.08)
    assert made.frame["flag"].iloc[1] == "not_defined"
    # Nothing over nothing is no answer at all.
    empty = ten(labour_cost=[0.0, *np.arange(2.0, 11)], revenue=[0.0] + [100.0] * 9)
    assert labour_cost_percentiles(empty, "labour_cost_to_revenue", q=50).frame["n"].item() == 9


def test_a_limit_beyond_what_can_be_shown_is_not_shown():
    frame = pd.concat([ten(), ten(revenue=0.0)], ignore_index=True)
    made = labour_cost_percentiles(frame, "labour_cost_to_revenue", q=50).frame.iloc[0]
    assert made["estimate"] == pytest.approx(0.1)
    assert np.isnan(made["ci_upper"])
    assert np.isnan(made["se"])
    assert made["flag"] == "limit_outside_data"


def test_losses_and_what_release_rules_count():
    frame = ten(total_profit=[-1.0, -2, 0, *np.arange(4.0, 11)], value_added=[-1.0, *[50.0] * 9])
    made = labour_cost_losses(frame)
    assert values(made) == pytest.approx({"loss_making": 0.2, "no_value_added": 0.1})
    # Two enterprises make a loss and eight do not: the smaller side counts.
    assert made.domains["n_psu"].tolist() == [2, 1]
    assert judge(made, ReleaseRules(max_cv=None))["reason"].tolist() == ["too_few_enterprises"] * 2


def test_marks_of_the_early_warning():
    # P75 of 1..10 % is 8 %, P90 is 9 %: exactly on it is not beyond it.
    made = labour_cost_warnings(ten(), rules=[WarningRule("labour_cost_to_revenue")])
    assert made["mark"].tolist() == ["normal"] * 8 + ["attention", "warning"]
    low = labour_cost_warnings(ten(), rules=[WarningRule("profit_to_labour_cost", "low")])
    # Profit over labour cost falls from 10 to 0.1; P25 is that of the 8th enterprise, P10 that of the 10th.
    assert low["mark"].tolist() == ["normal"] * 8 + ["attention", "attention"]


def test_losses_are_marked_whatever_the_industry():
    few = ten(total_profit=[-5.0, *np.arange(2.0, 11)]).head(9)
    made = labour_cost_warnings(few, rules=[WarningRule("profit_to_labour_cost", "low")])
    assert made["mark"].tolist()[0] == "attention"
    assert made["mark"].isna().sum() == 8  # fewer than ten enterprises are held against nothing
    assert np.isnan(made["profit_to_labour_cost"].iloc[0])
    nothing = ten(value_added=[*[100.0] * 9, -1.0])
    made = labour_cost_warnings(nothing, rules=[WarningRule("labour_share_of_value_added")])
    assert made["mark"].iloc[-1] == "warning"


def test_given_limits_take_the_place_of_percentiles():
    limits = pd.DataFrame(
        {"industry": ["C"], "indicator": ["labour_cost_to_revenue"], "attention": [0.02], "warning": [0.04]}
    )
    rules = [WarningRule("labour_cost_to_revenue")]
    made = labour_cost_warnings(ten(), rules=rules, limits=limits)
    assert made["mark"].tolist() == ["normal"] * 2 + ["attention"] * 2 + ["warning"] * 6
    elsewhere = labour_cost_warnings(ten(industry="F"), rules=rules, limits=limits)
    assert elsewhere["mark"].isna().all()
    assert labour_cost_warnings(ten(), None, rules=rules, limits=limits.drop(columns="industry"))["mark"].notna().all()
    with pytest.raises(InputError, match="no column 'warning'"):
        labour_cost_warnings(ten(), rules=rules, limits=limits.drop(columns="warning"))
    with pytest.raises(InputError, match="two rows"):
        labour_cost_warnings(ten(), rules=rules, limits=pd.concat([limits, limits]))
    with pytest.raises(InputError, match="50 < attention"):
        WarningRule("labour_cost_to_revenue", attention=95, warning=90)


def test_shares_of_marked_enterprises():
    frame = pd.concat([ten(), ten(industry="F").head(3)], ignore_index=True).assign(size=list("12") * 6 + ["1"])
    made = labour_cost_warning_shares(frame, None, rules=[WarningRule("labour_cost_to_revenue")])
    assert values(made) == pytest.approx({"attention": 0.1, "warning": 0.1})
    assert set(made.frame["n"]) == {10}  # the three of F have no mark
    by_size = labour_cost_warning_shares(frame, "size", rules=[WarningRule("labour_cost_to_revenue")])
    assert values(by_size)["1", "attention"] == pytest.approx(0.2)


# -- structure ---------------------------------------------------------------------------------------------------------


def items(**columns):
    amounts = dict(zip(ITEMS, [700.0, 200.0, 40.0, 10.0, 10.0, 30.0, 10.0], strict=True))
    return pd.DataFrame({name: [money, 3 * money] for name, money in amounts.items()} | columns)


def test_structure_adds_up_exactly_and_as_printed():
    shares = labour_cost_structure(items()).frame["estimate"].to_numpy()
    assert shares.tolist() == pytest.approx([0.7, 0.2, 0.04, 0.01, 0.01, 0.03, 0.01], rel=1e-12)
    thirds = items(**{name: [1.0, 1.0] for name in ITEMS})
    printed = labour_cost_structure(thirds, decimals=1).frame["estimate"].to_numpy()
    # 14.2857 % seven times: cut to 14.2, and the 0.6 missing go to the first six.
    assert (printed * 1000).round(9).tolist() == [143] * 6 + [142]
    with pytest.raises(InputError, match="no column welfare"):
        labour_cost_structure(items().drop(columns="welfare"))
    with pytest.warns(WagekitWarning, match=r"50\.0%"):
        labour_cost_structure(items(labour_cost=[2000.0, 6000.0]))


def test_rounding_to_the_whole():
    random = np.random.default_rng(1)
    for _ in range(200):
        shares = random.dirichlet(np.full(7, 0.4))
        for decimals in (0, 2, 3):
            made = rounded_to_whole(shares, decimals)
            assert round(made.sum() * 10**decimals) == 10**decimals
            assert np.abs(made - shares).max() < 10.0**-decimals
    assert rounded_to_whole(np.array([0.125, 0.375, 0.5]), 2).tolist() == [0.13, 0.37, 0.5]
    assert np.isnan(rounded_to_whole(np.array([np.nan, 1.0]), 2)).any()


# -- what may leave the house ------------------------------------------------------------------------------------------


def many(n, **columns):
    random = np.random.default_rng(4)
    labour = np.exp(random.normal(15, 0.3, n))
    frame = pd.DataFrame({"industry": "C", "labour_cost": labour, "average_headcount": (labour / 1e5).round()})
    frame = frame.assign(revenue=labour * random.uniform(3, 9, n), wages=0.7 * labour, total_cost=labour * 5)
    for name, share in (("total_profit", 0.4), ("depreciation", 0.2), ("business_taxes", 0.05)):
        frame[name] = labour * share * random.uniform(0.5, 1.5, n)
    return frame.assign(**columns)


def test_release_rules_about_employees_do_not_apply_to_enterprises():
    table = release(labour_cost(many(8), "industry"))
    assert len(table) == 1
    assert any("3家企业" in note for note in table.notes)
    assert not any("从业人员" in note for note in table.notes)
    assert len(release(labour_cost(many(2), "industry"))) == 0


def test_an_enterprise_that_dominates_one_total_holds_back_what_rests_on_it():
    frame = many(8)
    frame.loc[0, "revenue"] = 1e12
    held = judge(labour_cost(frame), ReleaseRules(max_cv=None))
    found = dict(zip(labour_cost(frame).frame["statistic"], held["reason"], strict=True))
    assert found["labour_cost_to_revenue"] == "dominance"
    assert found["labour_cost_per_head"] == ""


@pytest.mark.parametrize(("n", "shown"), [(5, []), (6, ["p50"]), (11, ["p50"]), (12, ["p25", "p50", "p75"])])
def test_percentiles_of_enterprises_need_enterprises_on_both_sides(n, shown):
    made = labour_cost_percentiles(many(n), "labour_cost_to_revenue")
    released = judge(made, ReleaseRules(max_cv=None))["release"]
    assert made.frame.loc[released, "statistic"].tolist() == shown
    assert judge(made, ReleaseRules(max_cv=None, min_enterprises_beyond=None))["release"].all()


def test_rules_about_employees_stay_for_employees():
    frame = pd.DataFrame({"pay": np.arange(40.0) + 100, "w": 1.0})
    with pytest.raises(ReleaseError, match="names no enterprises"):
        judge(wk.Survey(frame, weights="w").mean("pay"))
