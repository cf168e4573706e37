"""Fay-Herriot estimates against R sae 1.3 (eblupFH, mseFH) on simulated domains, and their edges.

Tolerance: sae iterates to a relative step of 1e-13, wagekit brackets the root to 1e-14 of its range; the score is
flat to rounding within about 1e-8 of the root at worst, and estimates depend on it smoothly: 1e-8.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import wagekit as wk
from wagekit.errors import EstimationError, InputError
from wagekit.estimates import RESULT_COLUMNS, Estimates
from wagekit.models import fay_herriot
from wagekit.statistics.small_area import fit_fay_herriot, model_variance

REFERENCE = Path(__file__).parents[1] / "reference"
TOLERANCE = 1e-8
METHODS = ("REML", "ML", "FH")


@pytest.fixture(scope="module")
def expected() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "models_small_area.csv", keep_default_na=False).astype({"value": float})


def _domains() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "models_domains.csv")


def _direct(outcome: str = "wage") -> tuple[Estimates, pd.DataFrame]:
    """Direct estimates of the first 35 simulated domains, and the covariates of all 40."""
    domains = _domains()
    seen = domains.iloc[:35]
    frame = pd.DataFrame({"domain": seen["domain"], "statistic": "mean", "estimate": seen[outcome]})
    frame["se"] = np.sqrt(seen["variance"])
    frame["cv"] = frame["se"] / frame["estimate"]
    frame = frame.assign(ci_lower=np.nan, ci_upper=np.nan, df=10.0, deff=1.0, n=20, n_psu=12, flag="")
    counts = frame[["domain", "n", "n_psu"]].assign(population=100.0)
    estimates = Estimates(frame[["domain", *RESULT_COLUMNS]], ("domain",), "pay", counts, {"name": "simulated"})
    return estimates, domains[["domain", "register", "share"]]


@pytest.mark.parametrize("method", METHODS)
def test_estimates_and_mean_squared_errors(method: str, expected: pd.DataFrame) -> None:
    direct, covariates = _direct()
    ours = fay_herriot(direct, covariates, method=method)
    theirs = expected[expected["case"] == method]
    variance = theirs.loc[theirs["quantity"] == "model_variance", "value"].item()
    np.testing.assert_allclose(ours.metadata["model_variance"], variance, rtol=TOLERANCE)
    for row in theirs[theirs["quantity"] == "coefficient"].itertuples():
        np.testing.assert_allclose(ours.metadata["model_coefficients"][row.name], row.value, rtol=TOLERANCE)
    for quantity, mine in (("estimate", ours.frame["estimate"]), ("mse", ours.frame["se"] ** 2)):
        part = theirs[theirs["quantity"] == quantity].set_index("name")["value"]
        assert len(part) == 40
        np.testing.assert_allclose(mine, part[ours.frame["domain"]], rtol=TOLERANCE)
    assert (ours.frame["flag"] == "model_based").all()
    assert ours.frame["n"].tolist() == [20] * 35 + [0] * 5


@pytest.mark.parametrize("method", METHODS)
def test_the_likelihood_at_the_estimates(method: str, expected: pd.DataFrame) -> None:
    domains = _domains().iloc[:35]
    x = np.column_stack([np.ones(35), domains["register"], domains["share"]])
    y, d = domains["wage"].to_numpy(), domains["variance"].to_numpy()
    model = fit_fay_herriot(y, d, x, np.ones(35, dtype=bool), method)
    theirs = expected[(expected["case"] == method) & (expected["quantity"] == "log_likelihood")]["value"].item()
    np.testing.assert_allclose(model.log_likelihood, theirs, rtol=TOLERANCE)


@pytest.mark.parametrize("method", METHODS)
def test_a_model_variance_of_zero_leaves_the_regression(method: str, expected: pd.DataFrame) -> None:
    direct, covariates = _direct("boundary")
    ours = fay_herriot(direct, covariates, method=method)
    assert ours.metadata["model_variance"] == 0.0
    theirs = expected[expected["case"] == "boundary"].set_index("name")["value"]
    np.testing.assert_allclose(ours.frame["estimate"], theirs[ours.frame["domain"]], rtol=TOLERANCE)
    assert (ours.frame["se"] > 0).all()
    assert set(ours.metadata["shrinkage"]) == {0.0}


@pytest.mark.parametrize("method", METHODS)
def test_equal_sampling_variances_have_a_closed_answer(method: str) -> None:
    # With D the same everywhere A is s^2 - D, s^2 with the divisor m - p (REML, moments) or m (ML).
    rng = np.random.default_rng(5)
    x = np.column_stack([np.ones(20), rng.normal(size=20)])
    y = x @ [3.0, 1.0] + rng.normal(0, 2, 20)
    residual = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    s2 = float(residual @ residual) / (20 if method == "ML" else 18)
    assert model_variance(y, x, np.full(20, 0.5), method) == pytest.approx(s2 - 0.5, rel=1e-9)
    assert model_variance(y, x, np.full(20, s2 * 1.01), method) == 0.0


def test_the_higher_of_two_likelihood_peaks_is_taken() -> None:
    # Precise domains that agree and imprecise ones that don't: the likelihood has a peak near 0 and one far out.
    rng = np.random.default_rng(3)
    y = np.concatenate([rng.normal(0, 1, 4), rng.normal(0, 300, 6)])
    d = np.concatenate([np.full(4, 1.0), np.full(6, 100.0)])
    x = np.ones((10, 1))
    best = model_variance(y, x, d, "ML")

    def likelihood(a: float) -> float:
        v = a + d
        beta = (y / v).sum() / (1 / v).sum()
        return float(-(np.log(v) + (y - beta) ** 2 / v).sum() / 2)

    everywhere = max(likelihood(float(a)) for a in np.concatenate([[0.0], np.geomspace(1e-3, 1e7, 4001)]))
    assert likelihood(best) >= everywhere - 1e-9


def test_estimates_lie_between_direct_and_synthetic() -> None:
    domains = _domains().iloc[:35]
    x = np.column_stack([np.ones(35), domains["register"]])
    y, d = domains["wage"].to_numpy(), domains["variance"].to_numpy()
    model = fit_fay_herriot(y, d, x, np.ones(35, dtype=bool))
    between = (model.estimate - y) * (model.estimate - model.synthetic)
    assert (between <= 1e-12).all()
    assert ((model.shrinkage > 0) & (model.shrinkage < 1)).all()
    np.testing.assert_array_equal(np.argsort(model.shrinkage), np.argsort(-d))


def test_scaling_wages_scales_estimates() -> None:
    direct, covariates = _direct()
    frame = direct.frame.assign(estimate=direct.frame["estimate"] * 1e5, se=direct.frame["se"] * 1e5)
    large = fay_herriot(replace(direct, frame=frame), covariates.assign(register=covariates["register"] * 1e6))
    small = fay_herriot(direct, covariates)
    np.testing.assert_allclose(large.frame["estimate"], small.frame["estimate"] * 1e5, rtol=1e-7)
    np.testing.assert_allclose(large.frame["se"], small.frame["se"] * 1e5, rtol=1e-7)


def test_certain_domains_keep_their_direct_estimates() -> None:
    direct, covariates = _direct()
    limit = float(direct.frame["cv"].median())
    ours = fay_herriot(direct, covariates, max_cv=limit)
    every = fay_herriot(direct, covariates)
    kept = (direct.frame["cv"] <= limit).to_numpy()
    assert 0 < kept.sum() < 35
    part = ours.frame.iloc[:35]
    pd.testing.assert_frame_equal(part[kept], direct.frame[kept], check_dtype=False)
    pd.testing.assert_frame_equal(part[~kept], every.frame.iloc[:35][~kept])
    assert (ours.frame["flag"].iloc[35:] == "model_based").all()


def test_domains_without_an_error_get_synthetic_estimates_and_censuses_stay() -> None:
    direct, covariates = _direct()
    frame = direct.frame.copy()
    frame.loc[0, ["se", "flag"]] = [np.nan, "single_psu"]
    frame.loc[1, ["se", "flag"]] = [0.0, "census"]
    ours = fay_herriot(replace(direct, frame=frame), covariates)
    assert ours.metadata["model_domains"] == 33
    assert ours.metadata["shrinkage"][0] == 0.0
    beta = ours.metadata["model_coefficients"]
    one = covariates.iloc[0]
    line = beta["Intercept"] + beta["register"] * one["register"] + beta["share"] * one["share"]
    assert ours.frame["estimate"].iloc[0] == pytest.approx(line, rel=1e-12)
    assert ours.frame["n"].iloc[0] == 20
    pd.testing.assert_series_equal(ours.frame.iloc[1], frame.iloc[1])


def test_from_a_survey_by_two_columns() -> None:
    frame = pd.read_csv(REFERENCE / "stratified_clusters.csv")
    survey = wk.Survey(frame, weights="weight", strata="stratum", psu="firm", single_psu="adjust")
    direct = survey.mean("pay", by=["industry", "occupation"])
    keys = direct.frame[["industry", "occupation"]].drop_duplicates()
    covariates = keys.assign(level=keys["occupation"].astype(float)).sample(frac=1, random_state=2)
    ours = fay_herriot(direct, covariates)
    assert ours.by == ("industry", "occupation")
    pd.testing.assert_frame_equal(ours.frame[["industry", "occupation"]], direct.frame[["industry", "occupation"]])
    known = direct.frame["se"] > 0
    assert (ours.frame["se"][known] <= direct.frame["se"][known] * 1.5).all()
    assert len(ours.domains) == len(direct.domains)


def test_one_of_several_statistics_is_chosen() -> None:
    frame = pd.read_csv(REFERENCE / "stratified_clusters.csv")
    direct = wk.Survey(frame, weights="weight", psu="firm").percentiles("pay", by="stratum", q=(25, 50))
    covariates = direct.domains[["stratum"]].assign(level=np.arange(15.0))
    assert set(fay_herriot(direct, covariates, statistic="p50").frame["statistic"]) == {"p50"}
    with pytest.raises(EstimationError, match="p25, p50"):
        fay_herriot(direct, covariates)


def test_too_few_domains_is_an_error() -> None:
    direct, covariates = _direct()
    few = replace(direct, frame=direct.frame.iloc[:3])
    with pytest.raises(EstimationError, match=r"3 domains .* 3 coefficients"):
        fay_herriot(few, covariates)
    assert len(fay_herriot(replace(direct, frame=direct.frame.iloc[:4]), covariates)) == 40


def test_equal_estimates_give_no_model_variance() -> None:
    direct, covariates = _direct()
    ours = fay_herriot(replace(direct, frame=direct.frame.assign(estimate=7.0)), covariates)
    assert ours.metadata["model_variance"] == 0.0
    np.testing.assert_allclose(ours.frame["estimate"], 7.0, rtol=1e-9)


def test_what_covariates_can_not_be() -> None:
    direct, covariates = _direct()
    with pytest.raises(EstimationError, match="depends on those before it"):
        fay_herriot(direct, covariates.assign(twice=covariates["register"] * 2 + 1))
    with pytest.raises(InputError, match="no row for"):
        fay_herriot(direct, covariates.iloc[1:])
    with pytest.raises(InputError, match="two rows"):
        fay_herriot(direct, pd.concat([covariates, covariates.iloc[:1]]))
    with pytest.raises(InputError, match="no finite value"):
        fay_herriot(direct, covariates.assign(register=np.inf))
    with pytest.raises(InputError, match="numbers"):
        fay_herriot(direct, covariates.assign(word="a"))
    with pytest.raises(InputError, match="no column 'domain'"):
        fay_herriot(direct, covariates.drop(columns="domain"))
    with pytest.raises(EstimationError, match="REML, ML or FH"):
        fay_herriot(direct, covariates, method="moments")  # type: ignore[arg-type]
