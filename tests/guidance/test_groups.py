"""Pay of groups: hand-worked cases, R survey, replicate weights, the simulated population's truth."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import wagekit as wk
from wagekit.collect.synthetic import draw, population
from wagekit.disclosure import ReleaseRules
from wagekit.disclosure.rules import judge
from wagekit.errors import EstimationError, InputError
from wagekit.guidance.chief_technicians import chief_technicians
from wagekit.guidance.groups import graduate_pay, graduates, science_pay, science_premium, with_science_industry
from wagekit.guidance.low_pay import low_pay
from wagekit.guidance.premium import default_formula, group_premium
from wagekit.guidance.skill import skill_floor_check, skill_floors, skill_premium

REFERENCE = Path(__file__).parents[1] / "reference"


def values(estimates, column="estimate"):
    return estimates.frame.set_index([*estimates.by, "statistic"])[column].to_dict()


def people(monthly, **columns):
    """Workers of monthly pay, each in an enterprise of its own, standing for 10."""
    frame = pd.DataFrame({"annual_pay": 12.0 * np.asarray(monthly, dtype=float), "w": 10.0})
    frame["firm"] = np.arange(len(frame))
    return wk.Survey(frame.assign(**columns), weights="w", psu="firm")


# -- low pay -----------------------------------------------------------------------------------------------------------


def test_low_pay_by_hand():
    # Minimum 2000; raised by 10 % 2200. 1500 and 2100 are reached; 2200 and 2000 + nothing are on a line, not below it.
    made = values(low_pay(people([1500, 2000, 2100, 2200, 5000]), 2000, rises=[10]))
    assert made["below_minimum"] == pytest.approx(0.2)
    assert made["reached_10"] == pytest.approx(0.6)  # 1500, 2000, 2100
    assert made["workers_reached_10"] == pytest.approx(30)
    # 10 workers each: 200 (from 2000, not from 1500), 200, 100 a month.
    assert made["cost_10"] == pytest.approx(10 * 12 * 500)
    assert made["cost_share_10"] == pytest.approx(500 / 12800)
    # Median 2100: 60 % are 1260, two thirds 1400.
    assert (made["below_60_median"], made["below_67_median"]) == (0.0, 0.0)
    on_the_line = values(low_pay(people([1260, 2000, 2100, 2200, 5000]), 2000))
    assert on_the_line["below_60_median"] == pytest.approx(0.2)  # at most 60 %


def test_part_timers_are_left_out_and_full_time_can_be_said():
    survey = people([1500, 2500, 2600], employment_form=["3", "1", None])
    assert values(low_pay(survey, 2000))["below_minimum"] == 0.0
    assert values(low_pay(survey, 2000, full_time=[True] * 3))["below_minimum"] == pytest.approx(1 / 3)


def test_what_is_taken_off_before_the_minimum_wage():
    survey = people([2500, 3000], overtime_pay=[12 * 600.0, np.nan])
    assert values(low_pay(survey, 2000, less=["overtime_pay"]))["below_minimum"] == pytest.approx(0.5)
    assert values(low_pay(survey, 2000))["below_minimum"] == 0.0
    # The median and the wage bill are of the whole pay.
    assert values(low_pay(survey, 2000, less=["overtime_pay"], rises=[100]))["cost_share_100"] == pytest.approx(
        (4000 - 2000 + 4000 - 3000) / 5500
    )


def test_months_and_wrong_options():
    hourly = people([100, 200])
    assert values(low_pay(hourly, 2000, months=0.5))["below_minimum"] == 0.0  # 1200 and 2400 for half a month
    for wrong in ({"minimum_wage": 0}, {"minimum_wage": 2000, "rises": [-5]}, {"minimum_wage": 2000, "months": 0}):
        with pytest.raises(EstimationError, match="numbers above 0"):
            low_pay(hourly, **wrong)


def test_the_line_of_all_holds_for_every_domain():
    made = values(low_pay(people([1000, 4000, 4000, 4000], sex=list("abbb")), 500, "sex"))
    assert made["a", "below_60_median"] == 1.0
    assert made["b", "below_60_median"] == 0.0


def test_workers_reached_in_one_enterprise_are_not_told_of():
    pay = np.r_[np.full(20, 1500.0), np.linspace(3000, 9000, 180)]
    frame = pd.DataFrame({"annual_pay": 12 * pay, "firm": np.r_[np.zeros(20), np.arange(180) % 30 + 1], "w": 1.0})
    made = low_pay(wk.Survey(frame, weights="w", psu="firm"), 2000, rises=[5])
    reasons = dict(zip(made.frame["statistic"], judge(made, ReleaseRules(max_cv=None))["reason"], strict=True))
    assert reasons["below_minimum"] == reasons["reached_5"] == reasons["cost_5"] == "dominance"
    assert reasons["below_67_median"] == ""


@pytest.fixture(scope="module")
def clusters():
    frame = pd.read_csv(REFERENCE / "stratified_clusters.csv")
    frame = frame[frame["pay"].notna() & ~frame["stratum"].isin(["h00", "h01", "h02"])]
    frame = frame.assign(group="g" + frame["occupation"].clip(upper=4).astype(str)).reset_index(drop=True)
    return wk.Survey(frame, weights="weight", strata="stratum", psu="firm")


def against_r(case, found):
    """Both sides do the same closed arithmetic in double precision: 1e-8 leaves room for R's numerical steps."""
    expected = pd.read_csv(REFERENCE / "guidance.csv").query("case == @case and quantity != 'value'")
    assert len(expected)
    for row in expected.itertuples():
        ours = found.loc[(row.statistic, row.domain), row.quantity]
        if row.quantity == "se" and not row.value > 0:
            assert np.isnan(ours)
        else:
            assert ours == pytest.approx(row.value, rel=1e-8), (row.statistic, row.domain, row.quantity)


def test_low_pay_against_r(clusters):
    reference = pd.read_csv(REFERENCE / "guidance.csv")
    minimum = reference.loc[reference["statistic"] == "minimum_wage", "value"].item()
    parts = [low_pay(clusters, minimum, by, variable="pay", rises=[10]) for by in (None, "industry")]
    found = pd.concat([parts[0].frame.assign(domain="all"), parts[1].frame.rename(columns={"industry": "domain"})])
    against_r("low pay", found.set_index(["statistic", "domain"]))


# -- premiums ----------------------------------------------------------------------------------------------------------


def test_premium_against_r(clusters):
    made = group_premium(clusters, "group", "g1", variable="pay", statistic="mean", formula="np.log(pay) ~ sex + hours")
    against_r("premium", made.frame.set_index(["statistic", "group"]))
    by_sex = group_premium(clusters, "group", "g1", "sex", variable="pay", statistic="mean", formula=None)
    frame = by_sex.frame.assign(domain=by_sex.frame["sex"] + " " + by_sex.frame["group"])
    against_r("premium by sex", frame.set_index(["statistic", "domain"]))


def test_premium_of_medians_agrees_with_the_contrast(clusters):
    made = group_premium(clusters, "group", "g1", variable="pay", formula=None)
    medians = clusters.percentiles("pay", by="group", q=50)
    contrast = medians.contrast({"g3": {"g3": 1, "g1": -1}}, kind="ratio").frame.iloc[0]
    row = made.frame.set_index("group").loc["g3"]
    assert row["estimate"] == pytest.approx(contrast["estimate"] - 1, rel=1e-12)
    assert row["se"] == pytest.approx(contrast["se"], rel=1e-12)
    assert row["ci_upper"] == pytest.approx(contrast["ci_upper"] - 1, rel=1e-12)


def test_the_raw_geometric_premium_is_what_the_regression_adjusts(clusters):
    """Without anything held constant both are the ratio of geometric means: the same arithmetic."""
    made = group_premium(clusters, "group", "g1", variable="pay", statistic="geometric", formula="np.log(pay) ~ 1")
    wide = made.frame.pivot_table(index="group", columns="statistic", values="estimate")
    np.testing.assert_allclose(wide["premium"], wide["adjusted_premium"], rtol=1e-12)
    logs = np.log(clusters.frame["pay"])
    means = [np.average(logs[rows], weights=clusters.frame.loc[rows, "weight"])
             for rows in (clusters.frame["group"] == "g2", clusters.frame["group"] == "g1")]  # fmt: skip
    assert wide.loc["g2", "premium"] == pytest.approx(np.exp(means[0] - means[1]) - 1, rel=1e-10)


def test_premiums_by_hand_and_their_counts():
    survey = people([100, 120, 150, 180, 165, 300], skill_level=list("223340"))
    made = skill_premium(survey, statistic="mean", formula=None)
    assert values(made) == pytest.approx({("3", "premium"): 0.5, ("4", "premium"): 0.5})
    assert made.frame["n"].tolist() == [2, 1]  # the smaller of grade and base
    assert made.metadata["base"] == "2"
    assert not judge(made)["release"].any()
    # One enterprise has no spread to be seen.
    assert made.frame.set_index("skill_level").loc["4", "flag"] == "single_psu"


def test_the_base_grade():
    survey = people([100, 200, 300, 400], skill_level=list("3344"))
    assert skill_premium(survey, formula=None).metadata["base"] == "3"  # nobody has grade 2
    assert skill_premium(survey, base="4", formula=None).frame["skill_level"].tolist() == ["3"]
    with pytest.raises(EstimationError, match="no domain has '7'"):
        skill_premium(survey, base="7", formula=None)
    with pytest.raises(EstimationError, match="nobody has a grade"):
        skill_premium(people([1, 2], skill_level=["0", None]))
    with pytest.raises(EstimationError, match="median, mean or geometric"):
        skill_premium(survey, statistic="mode", formula=None)
    with pytest.raises(InputError, match="among the domain columns"):
        skill_premium(survey, "skill_level")


def test_domains_without_the_base_have_no_premium():
    survey = people([100, 200, 300, 400], skill_level=list("2334"), job=list("aabb"))
    made = skill_premium(survey, "job", formula=None, statistic="mean")
    assert made.frame[["job", "skill_level"]].to_numpy().tolist() == [["a", "3"]]
    assert made.by == ("job", "skill_level")


def test_a_regression_that_can_not_be_fitted_is_not_defined():
    survey = people([100, 200, 150, 180, 0, 10], skill_level=list("232323"), job=list("aaaabb"), sex=list("121212"))
    made = skill_premium(survey, "job", statistic="mean", formula="np.log(annual_pay) ~ C(nothing)")
    adjusted = made.frame[made.frame["statistic"] == "adjusted_premium"]
    assert set(adjusted["flag"]) == {"not_defined"}
    assert made.frame.loc[made.frame["statistic"] == "premium", "estimate"].notna().any()


def test_default_formula_holds_what_is_there_and_varies():
    survey = people([1, 2, 3], sex=list("121"), education=["1"] * 3, work_start_year=[2001, 2010, 2020])
    formula = default_formula(survey, "annual_pay")
    assert "C(sex)" in formula
    assert "education" not in formula
    assert "work_start_year" in formula
    assert default_formula(people([1, 2]), "annual_pay").endswith("~ 1")


# -- floors and chief technicians --------------------------------------------------------------------------------------


def test_the_floors_of_2025():
    floors = skill_floors()
    assert floors.percents == {"1": 105, "2": 120, "3": 150, "4": 200}
    assert (floors.document, floors.status, floors.chinese["4"]) == ("人社厅发〔2025〕52号", "reference", "核心类")


def test_floors_from_a_file(tmp_path):
    file = tmp_path / "floors.toml"
    file.write_text("title = 'x'", encoding="utf-8")
    with pytest.raises(InputError, match="no key"):
        skill_floors(file)
    with pytest.raises(InputError, match="can't be read"):
        skill_floors(tmp_path / "none.toml")


def test_low_pay_of_grades_against_the_floors_by_hand():
    # Ten workers of 2000, 2100 … 2900 a month: P10 is 2000. Minimum 1000, floors 1050, 1200, 1500, 2000.
    survey = people(np.arange(2000, 3000, 100), skill_level="3")
    made = values(skill_floor_check(survey, 1000))
    assert made["3", "4", "monthly_p10"] == pytest.approx(2000)
    assert made["3", "4", "p10_to_floor"] == pytest.approx(1.0)  # exactly on the floor keeps to it
    assert made["3", "4", "below_floor"] == 0.0
    assert made["3", "1", "p10_to_floor"] == pytest.approx(2000 / 1050)
    made = values(skill_floor_check(survey, 1100))
    assert made["3", "4", "below_floor"] == pytest.approx(0.2)  # 2000 and 2100 are below 2200


def test_floors_by_given_classes_of_post():
    survey = people([2000, 1000], skill_level="3", post=["4", "1"])
    made = values(skill_floor_check(survey, 1000, post_class="post"))
    assert made["3", "4", "p10_to_floor"] == pytest.approx(1.0)
    assert made["3", "1", "p10_to_floor"] == pytest.approx(1000 / 1050)
    assert {key[1] for key in made} == {"1", "4"}
    with pytest.raises(InputError, match="'9'"):
        skill_floor_check(people([1.0], skill_level="3", post="9"), 1000, post_class="post")


def test_chief_technicians_by_hand():
    # Senior professionals 5000 … 14000: P10 is 5000. Chiefs 4000, 5000, 9000: one is below the line.
    pay = [*range(5000, 15000, 1000), 4000, 5000, 9000]
    survey = people(pay, skill_level=["0"] * 10 + ["7", "8", "8"], professional_title=["1"] * 10 + ["0"] * 3)
    made = chief_technicians(survey)
    assert values(made) == pytest.approx({"low_to_senior_low": 0.8, "below_senior_low": 1 / 3})
    assert set(made.frame["n"]) == {3}
    with pytest.raises(EstimationError, match="no special-grade or chief technician"):
        chief_technicians(people([1, 2], skill_level="3", professional_title="1"))


@pytest.fixture(scope="module")
def simulated():
    world = population(3, enterprises=1500, workers=45_000, waves=(2023,))
    return world, draw(world, 2023, 5, enterprises=500, response=False)


def as_survey(sample, **options):
    return wk.Survey(
        sample.employees, weights="weight", strata="stratum", psu="enterprise_id", single_psu="adjust", **options
    ).with_metadata(wave=2023)


def test_errors_of_the_chief_technicians_agree_with_the_jackknife(simulated):
    """Two estimators of one variance, the jackknife poor for percentiles: within a factor of 1.6 is the same size."""
    survey = as_survey(simulated[1])
    floors = replace(skill_floors(), chief_grades=("4", "5", "6", "7", "8"))
    ours = chief_technicians(survey, floors=floors, senior=("2", "3")).frame.set_index("statistic")["se"]
    bootstrap = survey.with_replicates("bootstrap", n=120, seed=1)
    theirs = chief_technicians(bootstrap, floors=floors, senior=("2", "3")).frame.set_index("statistic")["se"]
    ratio = ours / theirs
    assert ((ratio > 1 / 1.6) & (ratio < 1.6)).all(), ratio


def test_estimates_come_near_the_simulated_truth(simulated):
    world, sample = simulated
    everybody = world.employees(2023).assign(weight=1.0)
    truth = wk.Survey(everybody, weights="weight", psu="enterprise_id").with_metadata(wave=2023)
    survey = as_survey(sample, fpc="inclusion_probability", pps="hajek")
    for ask in (
        lambda s: low_pay(s, 2690, rises=[20], less=["overtime_pay"]),
        lambda s: skill_premium(s, formula=None),
        lambda s: science_premium(s, formula=None),
        lambda s: graduate_pay(s, q=(25, 50, 75)),
    ):
        known, made = ask(truth), ask(survey)
        keys = [*made.by, "statistic"]
        both = made.frame.merge(known.frame, on=keys, suffixes=("", "_true"))
        both = both[(both["n"] >= 30) & both["se"].notna()]
        distance = (both["estimate"] - both["estimate_true"]).abs() / both["se"]
        assert len(both)
        # Some 30 figures of one sample: 4 standard errors are left by one in fifteen thousand each.
        assert distance.max() < 4, both.assign(distance=distance)


# -- science workers and graduates -------------------------------------------------------------------------------------


def test_industries_of_science_and_technology():
    codes = ["M73", "M7310", "75", "I65", "I6513", "C13", "M", None]
    survey = people(np.arange(8) + 1, industry_division=codes)
    found = with_science_industry(survey).frame["science_industry"]
    assert found.tolist()[:6] == ["research", "research", "research", "information", "information", "other"]
    assert found.isna().tolist()[6:] == [True, True]  # a section says nothing about the division
    own = with_science_industry(survey, industries={"food": ["13"]}).frame["science_industry"]
    assert own.tolist()[:6] == ["other"] * 5 + ["food"]


def test_science_pay_by_title():
    survey = people(
        [100, 200, 300, 400], industry_division=["M73", "M73", "C13", "C13"], professional_title=list("1010")
    )
    assert values(science_pay(survey, q=50))["research", "1", "p50"] == 1200
    made = science_premium(survey, statistic="mean", formula=None)
    assert values(made) == pytest.approx({("other", "1", "premium"): 300 / 400 - 1, ("research", "1", "premium"): -0.5})


def test_graduates_by_hand():
    survey = people(
        [1, 2, 3, 4, 5, 6],
        education=["1", "2", "3", "4", "2", "2"],
        enterprise_tenure=[0, 1, 1.5, 0, 1, 1],
        work_start_year=[2023, 2022, 2023, 2023, 2005, np.nan],
    ).with_metadata(wave=2023)
    # The third has been there too long, the fourth has no degree, the fifth began to work in 2005.
    assert graduates(survey).frame["annual_pay"].tolist() == [12, 24, 72]
    assert graduates(survey, first_job=False).frame["annual_pay"].tolist() == [12, 24, 60, 72]
    assert values(graduate_pay(survey, q=50)) == {("1", "p50"): 12, ("2", "p50"): 24}
    with pytest.raises(EstimationError, match="nobody is a graduate"):
        graduates(survey, levels=["9"])
