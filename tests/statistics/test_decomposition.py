"""Oaxaca-Blinder decomposition against R: the package oaxaca (points), survey's influence functions (errors).

Tolerance: the points are closed arithmetic, sums of products that cancel: 1e-9 of the mean outcome's scale. The
errors in R come from numerical differentiation (numDeriv, Richardson) of a function that is quadratic in the
parameters, which leaves about 1e-10 of the parameters' size: 1e-7, and 1e-9 absolute (log points).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import wagekit as wk
from wagekit.errors import EstimationError
from wagekit.models import OaxacaBlinder, oaxaca_blinder

from .test_regression import calibrated, with_jackknife

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = ("clusters", "clusters industry C", "clusters fpc", "clusters adjust", "calibrated", "two stages")
CHOICES = ("reference", "group", "half", "share", "pooled", "pooled_with_group")


@pytest.fixture(scope="module")
def expected() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "models_decomposition.csv", keep_default_na=False).astype({"value": float})


def _frame() -> pd.DataFrame:
    frame = pd.read_csv(REFERENCE / "stratified_clusters.csv")
    frame["few"] = frame["occupation"].clip(upper=3)
    frame["tens"] = frame["hours"] / 10
    frame["one"] = 1.0
    return frame


def _paid() -> pd.DataFrame:
    """Rows with a wage, in strata of more than one enterprise."""
    frame = _frame()
    return frame[frame["pay"].notna() & ~frame["stratum"].isin(["h00", "h01", "h02"])]


def _survey(case: str) -> wk.Survey:
    frame = _frame()
    many = frame[~frame["stratum"].isin(["h00", "h01", "h02"])]
    match case:
        case "clusters":
            return wk.Survey(many, weights="weight", strata="stratum", psu="firm")
        case "clusters industry C":
            return wk.Survey(many, weights="weight", strata="stratum", psu="firm").where(industry="C")
        case "clusters fpc":
            return wk.Survey(many, weights="weight", strata="stratum", psu="firm", fpc="population")
        case "clusters adjust":
            return wk.Survey(frame, weights="weight", strata="stratum", psu="firm", single_psu="adjust")
        case "calibrated":
            return calibrated(wk.Survey(_paid(), weights="weight", strata="stratum", psu="firm"))
        case "two stages":
            frame = pd.read_csv(REFERENCE / "two_stages.csv")
            frame["large"] = (frame["fpc2"] > 20).astype(float)
            return wk.Survey(frame, weights="weight", strata="stratum", psu=["firm", "worker"], fpc=["fpc1", "fpc2"])
    raise AssertionError(case)


def _formula(case: str) -> str:
    return "np.log(pay) ~ large" if case == "two stages" else "np.log(pay) ~ C(few) + tens"


def _value(result: OaxacaBlinder, component: str, variable: str = "total", column: str = "estimate") -> float:
    frame = result.frame
    return float(frame.loc[(frame["component"] == component) & (frame["variable"] == variable), column].item())


@pytest.mark.parametrize("comparison", CHOICES)
@pytest.mark.parametrize("case", CASES)
def test_points_and_errors(case: str, comparison: str, expected: pd.DataFrame) -> None:
    result = oaxaca_blinder(_survey(case), _formula(case), "sex", "male", comparison=comparison)
    theirs = expected[expected["case"] == f"{case} {comparison}"].replace({"variable": {"factor(few)": "C(few)"}})
    theirs = theirs.pivot(index=["component", "variable"], columns="statistic", values="value").reset_index()
    both = theirs.merge(result.frame, on=["component", "variable"], suffixes=("_r", ""), validate="1:1")
    assert len(both) == len(result.frame) == len(theirs)
    np.testing.assert_allclose(both["estimate"], both["estimate_r"], rtol=1e-9, atol=1e-10)
    none = (both["flag"] == "zero_variance").to_numpy()  # parts that are 0 by definition; R has 0 or noise
    assert not none[both["variable"] != "Intercept"].all()
    assert (both["estimate"][none].abs() < 1e-12).all()
    assert (both["se_r"][none].fillna(0) < 1e-8).all()
    np.testing.assert_allclose(both["se"][~none], both["se_r"][~none], rtol=1e-7, atol=1e-9)
    r = expected[expected["case"] == case].set_index("statistic")["value"]
    assert result.df == r["df"]
    # svyglm of the outcome on the group gives the gap's error by another road, in closed form.
    np.testing.assert_allclose(_value(result, "difference", column="se"), r["se of svyglm"], rtol=1e-9)


@pytest.mark.parametrize("comparison", ["pooled_with_group", "pooled", "share", "group"])
def test_replicates(comparison: str, expected: pd.DataFrame) -> None:
    survey = with_jackknife(wk.Survey(_paid(), weights="weight", strata="stratum", psu="firm"))
    result = oaxaca_blinder(survey, _formula("clusters"), "sex", "male", comparison=comparison)
    theirs = expected[expected["case"] == f"replicates {comparison}"]
    assert len(theirs) >= 2
    for row in theirs.itertuples():
        mine = _value(result, row.component, column=row.statistic)
        np.testing.assert_allclose(mine, row.value, rtol=1e-9, atol=1e-12)  # closed arithmetic on both sides


@pytest.mark.parametrize("normalized", [False, True])
@pytest.mark.parametrize("comparison", CHOICES)
def test_points_of_the_package_oaxaca(comparison: str, normalized: bool, expected: pd.DataFrame) -> None:
    survey = wk.Survey(_frame(), weights="one")
    result = oaxaca_blinder(
        survey, "np.log(pay) ~ C(few) + tens", "sex", "male", comparison=comparison, normalize=normalized
    )
    base = "package normalized" if normalized else "package"
    theirs = expected[expected["case"].isin([base, f"{base} {comparison}"])]
    assert len(theirs) >= 20
    summed = theirs.assign(
        variable=theirs["variable"]
        .replace({"(Intercept)": "Intercept"})
        .str.replace(r"^few.*|^\(Base\)$", "C(few)", regex=True)
    )
    summed = summed.groupby(["component", "variable"])["value"].sum()
    for (component, variable), value in summed.items():
        np.testing.assert_allclose(_value(result, component, variable), value, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("normalized", [False, True])
def test_parts_add_up(normalized: bool) -> None:
    result = oaxaca_blinder(_survey("clusters"), "np.log(pay) ~ C(few) + tens", "sex", "male", normalize=normalized)
    frame = result.frame.set_index(["component", "variable"])["estimate"]
    gap = frame["difference", "total"]
    assert gap == pytest.approx(frame["mean_reference", "total"] - frame["mean_group", "total"], abs=1e-12)
    assert frame["explained", "total"] + frame["unexplained", "total"] == pytest.approx(gap, abs=1e-12)
    assert sum(frame[part, "total"] for part in ("endowments", "coefficients", "interaction")) == pytest.approx(
        gap, abs=1e-12
    )
    for component in ("explained", "unexplained", "endowments", "coefficients", "interaction"):
        part = frame[component]
        assert part.drop("total").sum() == pytest.approx(part["total"], abs=1e-12)


def test_normalized_detail_does_not_depend_on_the_base_category() -> None:
    survey = _survey("clusters")
    formulas = [f"np.log(pay) ~ C(few, Treatment({base})) + tens" for base in (0, 2)]
    first, second = (oaxaca_blinder(survey, f, "sex", "male", normalize=True).frame for f in formulas)
    columns = ["estimate", "se"]
    np.testing.assert_allclose(first[columns], second[columns], rtol=1e-7, atol=1e-11)
    plain, other = (oaxaca_blinder(survey, f, "sex", "male").frame for f in formulas)
    assert np.nanmax(np.abs(plain["estimate"] - other["estimate"])) > 1e-4


def test_the_groups_exchanged_change_the_gaps_sign() -> None:
    survey = _survey("clusters")
    first = oaxaca_blinder(survey, "np.log(pay) ~ tens", "sex", "male").totals().set_index("component")
    second = oaxaca_blinder(survey, "np.log(pay) ~ tens", "sex", "female").totals().set_index("component")
    for component in ("difference", "explained", "unexplained"):
        assert first["estimate"][component] == pytest.approx(-second["estimate"][component], abs=1e-12)
        assert first["se"][component] == pytest.approx(second["se"][component], rel=1e-9)


def test_a_group_in_one_enterprise_gives_no_standard_errors() -> None:
    frame = _frame().dropna()
    frame = frame[~frame["stratum"].isin(["h00", "h01", "h02"])]
    firm = frame.groupby("firm")["sex"].value_counts().unstack()["female"].idxmax()
    frame = frame[(frame["sex"] == "male") | (frame["firm"] == firm)]
    survey = wk.Survey(frame, weights="weight", psu="firm")
    result = oaxaca_blinder(survey, "np.log(pay) ~ tens", "sex", "male")
    assert result.frame["se"].isna().all()
    assert (result.frame["flag"] == "single_psu").all()


def test_equal_wages_have_no_precision() -> None:
    survey = _survey("clusters")
    survey = survey.with_column("flat", np.full(len(survey), 30_000.1))
    result = oaxaca_blinder(survey, "flat ~ tens", "sex", "male")
    np.testing.assert_allclose(result.totals()["estimate"].iloc[2:], 0, atol=1e-7)
    assert (result.frame["flag"] == "zero_variance").all()
    assert result.frame["se"].isna().all()


def test_an_empty_category_in_both_groups_is_left_out() -> None:
    frame = _frame()
    frame["few"] = pd.Categorical(frame["few"], categories=[0, 1, 2, 3, 9])
    frame = frame[~frame["stratum"].isin(["h00", "h01", "h02"])]
    survey = wk.Survey(frame, weights="weight", strata="stratum", psu="firm")
    first = oaxaca_blinder(survey, "np.log(pay) ~ C(few) + tens + I(2 * tens)", "sex", "male")
    second = oaxaca_blinder(_survey("clusters"), "np.log(pay) ~ C(few) + tens", "sex", "male")
    pd.testing.assert_frame_equal(first.frame, second.frame, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize(
    ("domain", "formula", "group", "reference", "words"),
    [
        ({"sex": "male"}, "pay ~ tens", "sex", "male", "1 groups"),
        ({"sex": "male"}, "pay ~ tens", "sex", "female", "no row that can be used"),
        ({}, "pay ~ tens", "few", 0, "4 groups"),
        ({}, "pay ~ tens - 1", "sex", "male", "no intercept"),
        ({}, "pay ~ sex + tens", "sex", "male", "nobody in 'female' has|can't be estimated"),
    ],
)
def test_what_has_no_decomposition_is_named(
    domain: dict[str, str], formula: str, group: str, reference: object, words: str
) -> None:
    with pytest.raises(EstimationError, match=words):
        oaxaca_blinder(_survey("clusters").where(**domain), formula, group, reference)


def test_a_category_without_one_of_the_groups_is_named() -> None:
    frame = _frame()
    frame = frame[(frame["few"] != 3) | (frame["sex"] == "male")]
    survey = wk.Survey(frame, weights="weight", psu="firm")
    with pytest.raises(EstimationError, match=r"nobody in 'female' has C\(few\)\[T\.3\]"):
        oaxaca_blinder(survey, "np.log(pay) ~ C(few)", "sex", "male")


def test_an_unknown_comparison_is_named() -> None:
    with pytest.raises(EstimationError, match="pooled_with_group"):
        oaxaca_blinder(_survey("clusters"), "pay ~ tens", "sex", "male", comparison="neumark")  # type: ignore[arg-type]
