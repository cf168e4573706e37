"""Wage regression against R survey 4.5 (svyglm; values and script in tests/reference), and its edges.

Tolerance: closed arithmetic in double precision on both sides. Least squares with hours and hours squared loses
some four digits of sixteen to conditioning, a covariance the same again; so 1e-9, covariances against the
standard errors' product, so that a covariance near 0 is not asked for digits it has not.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import wagekit as wk
from wagekit.design import Calibration, Replicates
from wagekit.errors import DesignError, EstimationError, InputError
from wagekit.models import adjusted_premium, wage_regression

REFERENCE = Path(__file__).parents[1] / "reference"
TOLERANCE = 1e-9
MINCER = "np.log(pay) ~ sex + C(few) + hours + I(hours ** 2)"


@pytest.fixture(scope="module")
def expected() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "models_regression.csv")


def _frame(single: bool = True) -> pd.DataFrame:
    frame = pd.read_csv(REFERENCE / "stratified_clusters.csv")
    frame["few"] = frame["occupation"].clip(upper=3)
    return frame if single else frame[~frame["stratum"].isin(["h00", "h01", "h02"])]


def _clusters(**options: str) -> wk.Survey:
    return wk.Survey(_frame("single_psu" in options), weights="weight", strata="stratum", psu="firm", **options)


def _two_stages() -> wk.Survey:
    frame = pd.read_csv(REFERENCE / "two_stages.csv")
    frame["large"] = (frame["fpc2"] > 20).astype(float)
    return wk.Survey(frame, weights="weight", strata="stratum", psu=["firm", "worker"], fpc=["fpc1", "fpc2"])


def calibrated(survey: wk.Survey) -> wk.Survey:
    """Calibrated linearly to 1.05 times the workers and 1.3 times the men that the weights add up to."""
    sample = survey.sample
    margins = np.column_stack([np.ones(sample.n), survey.frame["sex"] == "male"])
    before = sample.weights
    wanted = np.array([1.05, 1.3]) * (before @ margins)
    information = margins.T @ (margins * before[:, None])
    after = before * (1 + margins @ np.linalg.solve(information, wanted - before @ margins))
    calibration = Calibration(sparse.csr_array(margins), before, after)
    return survey._copy(_sample=replace(sample, weights=after, calibrations=(calibration,)))


def with_jackknife(survey: wk.Survey) -> wk.Survey:
    """With the replicates of the stratified jackknife (JKn): a unit out, the others of its stratum raised."""
    stage = survey.sample.first
    size = stage.size[stage.stratum]
    same = np.equal.outer(stage.stratum, stage.stratum)
    multipliers = np.where(same, (size / (size - 1))[:, None], 1.0)
    np.fill_diagonal(multipliers, 0.0)
    degrees = float(size.size - stage.size.size)
    replicates = Replicates(multipliers, 1.0, (size - 1) / size, "JKn", degrees)
    return survey._copy(_sample=replace(survey.sample, replicates=replicates))


def _case(case: str) -> tuple[wk.Survey, str]:
    words = case.split()
    match words:
        case ["clusters", ("plain" | "fpc") as kind, rule, *domain]:
            options = {"single_psu": rule} | ({"fpc": "population"} if kind == "fpc" else {})
            survey = _clusters(**options)
            if domain == ["all"]:
                return survey, MINCER
            if domain == ["female"]:
                return survey.where(sex="female"), "pay ~ C(few) + hours"
            return survey.where(industry="C"), MINCER
        case ["clusters", "without", "single", "units"]:
            return _clusters(), "np.log(pay) ~ industry * sex"
        case ["collinear"]:
            # patsy puts the category first, R the numbers: `sex` as a number keeps R's order.
            return _clusters().with_column("male", _frame(False)["sex"] == "male"), (
                "np.log(pay) ~ hours + I(2 * hours + 1) + I(male * 1.0)"
            )
        case ["levels"]:
            return _clusters(), "pay ~ hours"
        case ["female", *_]:
            return _clusters().where(industry="C", sex="female"), "np.log(pay) ~ hours + I(hours ** 2)"
        case ["independent", "rows"]:
            return wk.Survey(_frame(False), weights="weight"), MINCER
        case ["clusters", "without", "strata"]:
            return wk.Survey(_frame(False), weights="weight", psu="firm"), MINCER
        case ["calibrated", *domain]:
            survey = calibrated(_clusters())
            return (survey.where(sex="female"), "np.log(pay) ~ hours") if domain else (survey, MINCER)
        case ["replicates", *domain]:
            survey = with_jackknife(_clusters())
            return (survey.where(sex="female"), "np.log(pay) ~ hours") if domain else (survey, MINCER)
        case ["two", "stages"]:
            return _two_stages(), "np.log(pay) ~ sex + large"
        case ["two", "stages", "female"]:
            return _two_stages().where(sex="female"), "np.log(pay) ~ large"
    raise AssertionError(case)


CASES = [
    *(
        f"clusters {kind} {rule} {domain}"
        for kind in ("plain", "fpc")
        for rule in ("adjust", "average", "remove", "certainty")
        for domain in ("all", "industry C", "female")
    ),
    "clusters without single units",
    "collinear",
    "levels",
    "female in industry C",
    "independent rows",
    "clusters without strata",
    "two stages",
    "two stages female",
    "calibrated",
    "calibrated female",
    "replicates",
    "replicates female",
]


def test_every_reference_case_is_compared(expected: pd.DataFrame) -> None:
    assert set(expected["case"]) == set(CASES)


@pytest.mark.parametrize("case", CASES)
def test_coefficients_covariance_and_tests_as_svyglm(case: str, expected: pd.DataFrame) -> None:
    survey, formula = _case(case)
    ours = wage_regression(survey, formula)
    theirs = expected[expected["case"] == case]
    table = ours.coefficients
    single = {
        "df": ours.df,
        "n": ours.n,
        "columns": len(table),
        "r_squared": ours.r_squared,
    }
    if (theirs["quantity"] == "F").any():
        test = ours.joint_test("C(few)")
        single |= {"F": test.statistic, "F p": test.p}
    compared = 0
    for row in theirs.itertuples():
        if row.quantity in single:
            np.testing.assert_allclose(single[row.quantity], row.value, rtol=1e-8 if "F" in row.quantity else TOLERANCE)
        elif row.quantity == "covariance":
            size = np.prod(table["se"].iloc[[row.i - 1, row.j - 1]])
            assert abs(ours.covariance[row.i - 1, row.j - 1] - row.value) <= TOLERANCE * size
        elif row.quantity == "p":
            # A p-value of 1e-80 multiplies the relative error of t by df: 1e-7 there.
            np.testing.assert_allclose(table["p"].iloc[row.i - 1], row.value, rtol=1e-7)
        elif row.quantity == "t":
            np.testing.assert_allclose(table["t"].iloc[row.i - 1], row.value, rtol=TOLERANCE, atol=TOLERANCE)
        else:
            # A coefficient near 0, or a limit near 0, is a difference of larger numbers: against its error's size.
            size = max(abs(row.value), table["se"].iloc[row.i - 1])
            assert abs(table[row.quantity].iloc[row.i - 1] - row.value) <= TOLERANCE * size
        compared += 1
    assert compared >= 5
    kept = theirs.loc[theirs["quantity"] == "estimate", "i"].to_numpy() - 1
    dropped = np.setdiff1d(np.arange(len(table)), kept)
    assert table["estimate"].iloc[dropped].isna().all()
    assert (table["flag"].iloc[dropped] == "collinear").all()
    assert (table["flag"].iloc[kept] == "").all()


def test_an_intercept_alone_is_the_mean() -> None:
    survey = _clusters().where(industry="C")
    ours = wage_regression(survey, "pay ~ 1").coefficients.iloc[0]
    mean = survey.mean("pay").frame.iloc[0]
    np.testing.assert_allclose(
        ours[["estimate", "se", "ci_lower", "ci_upper"]].astype(float),
        mean[["estimate", "se", "ci_lower", "ci_upper"]].astype(float),
        rtol=1e-10,
    )


def test_scaling_weights_and_row_order_change_nothing() -> None:
    frame = _frame(False)
    first = wage_regression(_clusters(), MINCER)
    other = frame.assign(weight=frame["weight"] * 1000).sample(frac=1, random_state=1)
    second = wage_regression(wk.Survey(other, weights="weight", strata="stratum", psu="firm"), MINCER)
    columns = ["estimate", "se"]
    np.testing.assert_allclose(first.coefficients[columns], second.coefficients[columns], rtol=1e-9)
    assert first.df == second.df


def test_units_of_a_covariate_scale_its_coefficient() -> None:
    frame = _frame(False)
    survey = _clusters()
    large = survey.with_column("seconds", frame["hours"].to_numpy() * 3600e6)
    first = wage_regression(survey, "pay ~ hours").coefficients
    second = wage_regression(large, "pay ~ seconds").coefficients
    np.testing.assert_allclose(
        second[["estimate", "se"]].iloc[1] * 3600e6, first[["estimate", "se"]].iloc[1], rtol=1e-9
    )


def test_missing_values_are_left_out_and_the_design_kept() -> None:
    frame = _frame(False)
    frame.loc[frame.index[::7], "sex"] = None
    survey = wk.Survey(frame, weights="weight", strata="stratum", psu="firm")
    full = wage_regression(survey, "pay ~ sex")
    part = wage_regression(survey.where(survey.frame["sex"].notna().to_numpy()), "pay ~ sex")
    pd.testing.assert_frame_equal(full.coefficients, part.coefficients)
    assert full.n == int((frame["sex"].notna() & frame["pay"].notna()).sum())


def test_nullable_and_polars_columns_give_the_same() -> None:
    import polars

    frame = _frame(False)
    plain = wage_regression(_clusters(), "pay ~ sex + hours").coefficients
    nullable = frame.convert_dtypes()
    for other in (nullable, polars.from_pandas(frame.reset_index(drop=True))):
        survey = wk.Survey(other, weights="weight", strata="stratum", psu="firm")
        pd.testing.assert_frame_equal(wage_regression(survey, "pay ~ sex + hours").coefficients, plain)


def test_equal_wages_have_no_precision() -> None:
    survey = _clusters()
    survey = survey.with_column("flat", np.full(len(survey), 30_000.1))
    result = wage_regression(survey, "flat ~ sex + hours")
    np.testing.assert_allclose(result.coefficients["estimate"], [30_000.1, 0, 0], atol=1e-8)
    assert result.coefficients["se"].isna().all()
    assert (result.coefficients["flag"] == "zero_variance").all()
    assert np.isnan(result.r_squared)


def test_one_enterprise_gives_no_standard_error() -> None:
    frame = _frame(False)
    firm = frame["firm"].value_counts().index[0]
    result = wage_regression(_clusters().where(firm=int(firm)), "pay ~ hours")
    assert result.coefficients["estimate"].notna().all()
    assert result.coefficients["se"].isna().all()
    assert (result.coefficients["flag"] == "single_psu").all()


def test_no_degrees_of_freedom_gives_no_interval() -> None:
    frame = pd.DataFrame({"pay": [1.0, 3, 2, 5, 4, 7], "x": [1.0, 2, 3, 4, 5, 6], "firm": [1, 1, 2, 2, 3, 3], "w": 1.0})
    result = wage_regression(wk.Survey(frame, weights="w", psu="firm"), "pay ~ x + I(x ** 2)")
    assert result.df == 0
    assert (result.coefficients["flag"] == "no_df").all()
    assert result.coefficients[["p", "ci_lower", "ci_upper"]].isna().all(axis=None)


def test_a_census_has_no_sampling_error() -> None:
    frame = pd.DataFrame({"pay": [1.0, 3, 2, 5], "x": [1.0, 2, 3, 4], "size": 4, "w": 1.0})
    table = wage_regression(wk.Survey(frame, weights="w", fpc="size"), "pay ~ x").coefficients
    assert (table["se"] == 0).all()
    assert (table["flag"] == "census").all()
    pd.testing.assert_series_equal(table["ci_lower"], table["estimate"], check_names=False)


def test_a_lone_unit_stops_under_the_rule_fail() -> None:
    survey = wk.Survey(_frame(), weights="weight", strata="stratum", psu="firm")
    with pytest.raises(DesignError, match="one sampling unit"):
        wage_regression(survey, "pay ~ hours")


def test_units_behind_a_coefficient_are_counted() -> None:
    frame = _frame(False)
    lone = (frame["firm"] == frame["firm"].iloc[0]).astype(float)
    table = wage_regression(_clusters().with_column("lone", lone.to_numpy()), "pay ~ lone").coefficients
    used = frame.loc[frame["pay"].notna(), "firm"].nunique()
    assert table["n_psu"].tolist() == [used, 1]


@pytest.mark.parametrize(
    ("formula", "error", "words"),
    [
        ("np.log(pay - 40000) ~ hours", InputError, "no finite value"),
        ("np.log(pay * 0) ~ hours", (InputError, EstimationError), "finite"),
        ("pay ~ np.log(hours - 20)", (InputError, EstimationError), "finite"),
        ("pay ~ nothing", EstimationError, "can't be computed"),
        ("pay ~ hours +", EstimationError, "can't be computed"),
        ("sex ~ hours", EstimationError, "can't be computed"),
        ("1 ~ 2", EstimationError, "names no column"),
    ],
)
def test_a_formula_without_an_answer_is_named(formula: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        wage_regression(_clusters(), formula)


def test_negative_weights_are_an_error() -> None:
    survey = _clusters()
    weights = survey.sample.weights.copy()
    weights[5] = -1.0
    with pytest.raises(EstimationError, match="1 weights are negative"):
        wage_regression(survey._copy(_sample=replace(survey.sample, weights=weights)), "pay ~ hours")


def test_a_coefficient_that_replicates_lose_has_no_error() -> None:
    frame = _frame(False)
    lone = (frame["firm"] == frame["firm"].iloc[0]).astype(float).to_numpy()
    table = wage_regression(with_jackknife(_clusters()).with_column("lone", lone), "pay ~ lone").coefficients
    assert table["estimate"].notna().all()
    assert table["se"].isna().all()
    assert (table["flag"] == "not_defined").all()


def test_an_empty_domain_is_an_error() -> None:
    survey = _clusters()
    with pytest.raises(EstimationError, match="no row has a value"):
        wage_regression(survey.where(np.zeros(len(survey), dtype=bool)), "pay ~ hours")


def test_a_column_named_like_a_function_is_not_a_variable() -> None:
    frame = _frame(False).assign(C=np.nan, log=np.nan)
    survey = wk.Survey(frame, weights="weight", strata="stratum", psu="firm")
    pd.testing.assert_frame_equal(
        wage_regression(survey, MINCER).coefficients, wage_regression(_clusters(), MINCER).coefficients
    )


def test_a_premium_is_the_coefficient_of_its_group() -> None:
    survey = _clusters()
    premium = adjusted_premium(survey, "np.log(pay) ~ hours", "few", 0)
    table = wage_regression(survey, "np.log(pay) ~ hours + C(few)").coefficients.set_index("term")
    for k in (1, 2, 3):
        mine = premium.frame.set_index("few").loc[k]
        b = table.loc[f"C(few)[T.{k}]"]
        np.testing.assert_allclose(mine["estimate"], np.exp(b["estimate"]) - 1, rtol=1e-9)
        np.testing.assert_allclose(mine["se"], np.exp(b["estimate"]) * b["se"], rtol=1e-9)
        np.testing.assert_allclose(mine["ci_upper"], np.exp(b["ci_upper"]) - 1, rtol=1e-9)
    frame = _frame(False)
    counts = frame[frame["pay"].notna()].groupby("few")["firm"].agg(["size", "nunique"]).loc[[1, 2, 3]]
    assert premium.frame["n"].tolist() == counts["size"].tolist()
    assert premium.frame["n_psu"].tolist() == counts["nunique"].tolist()
    assert premium.domains["few"].tolist() == [1, 2, 3]


def test_a_premium_in_yuan_is_the_difference_of_means_without_controls() -> None:
    survey = _clusters()
    mean = survey.mean("pay", by="sex").frame.set_index("sex")["estimate"]
    premium = adjusted_premium(survey, "pay ~ 1", "sex", "female", outcome="level").frame
    np.testing.assert_allclose(premium["estimate"].item(), mean["male"] - mean["female"], rtol=1e-9)


def test_a_premium_needs_its_reference_group() -> None:
    with pytest.raises(EstimationError, match="no row that can be used has 'other'"):
        adjusted_premium(_clusters(), "pay ~ hours", "sex", "other")
    with pytest.raises(EstimationError, match="all rows have 'female'"):
        adjusted_premium(_clusters().where(sex="female"), "pay ~ hours", "sex", "female")
