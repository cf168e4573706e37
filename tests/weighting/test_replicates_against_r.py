"""Replicate weights against R survey 4.5: mean, total and ratio, standard error and degrees of freedom.

Tolerance 1e-9: the same closed arithmetic; the deviations of replicates from their mean lose three digits of
double precision at most.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.weighting.conftest import REFERENCE
from wagekit.arrays import Values
from wagekit.design import Replicates, Sample, build_sample
from wagekit.statistics.estimation import replicate_variance
from wagekit.weighting.given_replicates import from_columns
from wagekit.weighting.replicates import make_replicates

TOLERANCE = 1e-9


def _sample(frame: pd.DataFrame, *, strata: bool = True, fpc: Values | None = None, rule: str = "fail") -> Sample:
    return build_sample(
        frame["weight"].to_numpy(),
        strata=[frame["stratum"].to_numpy()] if strata else [],
        psu=[frame["firm"].to_numpy()],
        fpc=[] if fpc is None else [fpc],
        single_psu=rule,
    )


def _weights(sample: Sample, made: Replicates, r: int) -> np.ndarray:
    return replace(sample, replicates=made).replicate(r).weights


def _points(frame: pd.DataFrame, weights: np.ndarray) -> np.ndarray:
    pay, hours = frame["pay"].to_numpy(), frame["hours"].to_numpy()
    total = weights @ pay
    return np.array([total / weights.sum(), total, total / (weights @ hours)])


def _agrees(
    frame: pd.DataFrame, sample: Sample, made: Replicates, expected: pd.DataFrame, mse: bool | None = None
) -> None:
    full = _points(frame, sample.weights)
    points = np.array([_points(frame, _weights(sample, made, r)) for r in range(made.count)])
    made = made if mse is None else replace(made, mse=mse)
    variance = replicate_variance(points, full, made)
    statistics = ["mean", "total", "ratio"]
    np.testing.assert_allclose(full, expected.loc[statistics, "estimate"], rtol=TOLERANCE)
    np.testing.assert_allclose(np.sqrt(variance), expected.loc[statistics, "se"], rtol=TOLERANCE)
    assert made.df == expected.loc["mean", "df"]


@pytest.mark.parametrize(("case", "mse"), [("JK1", False), ("JK1 fpc", False), ("JK1 mse", True)])
def test_jackknife_without_strata(case: str, mse: bool, frame: pd.DataFrame, estimates: pd.DataFrame) -> None:
    sample = _sample(frame, strata=False, fpc=np.full(len(frame), 500.0) if "fpc" in case else None)
    _agrees(frame, sample, make_replicates(sample, "JK1"), estimates.loc[case], mse)


@pytest.mark.parametrize(("case", "mse"), [("JKn", False), ("JKn fpc", False), ("JKn mse", True)])
def test_jackknife_with_strata(case: str, mse: bool, frame: pd.DataFrame, estimates: pd.DataFrame) -> None:
    sample = _sample(frame, fpc=frame["population"].to_numpy(dtype=float) if "fpc" in case else None)
    _agrees(frame, sample, make_replicates(sample, "JKn"), estimates.loc[case], mse)


@pytest.mark.parametrize("rule", ["adjust", "average", "remove", "certainty"])
def test_jackknife_with_lone_units(rule: str, estimates: pd.DataFrame) -> None:
    frame = pd.read_csv(REFERENCE / "stratified_clusters.csv").dropna(subset="pay")
    sample = _sample(frame, rule=rule)
    _agrees(frame, sample, make_replicates(sample, "JKn"), estimates.loc[f"JKn lone {rule}"])


@pytest.mark.parametrize(("case", "rho"), [("BRR", 0.0), ("Fay 0.5", 0.5), ("Fay 0.3", 0.3)])
def test_half_samples(case: str, rho: float, frame: pd.DataFrame, estimates: pd.DataFrame) -> None:
    """The errors of a mean and a ratio depend on the Hadamard matrix: here it has R's order and signs."""
    sample = _sample(frame)
    made = make_replicates(sample, "BRR") if rho == 0 else make_replicates(sample, "Fay", fay=rho)
    assert made.count == 20
    _agrees(frame, sample, made, estimates.loc[case])


def test_half_samples_of_a_total_do_not_depend_on_the_matrix(frame: pd.DataFrame, estimates: pd.DataFrame) -> None:
    sample = _sample(frame)
    for n in (None, 24, 36):
        made = make_replicates(sample, "BRR", n=n)
        points = np.array([_weights(sample, made, r) @ frame["pay"] for r in range(made.count)])
        variance = replicate_variance(points, np.asarray(sample.weights @ frame["pay"]), made)
        expected = estimates.loc[("BRR", "total"), "se"]
        np.testing.assert_allclose(np.sqrt(variance), expected, rtol=TOLERANCE)


def test_given_bootstrap_factors(frame: pd.DataFrame, estimates: pd.DataFrame) -> None:
    """Multipliers that R's subbootstrap drew, spread over the rows as a data file would hold them."""
    sample = _sample(frame)
    unit = pd.factorize(frame["firm"])[0]
    drawn = pd.read_csv(REFERENCE / "weighting_bootstrap.csv", header=None).to_numpy()[unit]
    for combined in (True, False):
        columns = drawn * sample.weights[:, None] if combined else drawn
        made = from_columns(sample.weights, columns, sample, "bootstrap", combined=combined)
        assert made.multipliers.shape == (36, 25)
        assert not made.per_row
        _agrees(frame, sample, made, estimates.loc["bootstrap"])


@pytest.mark.parametrize(("case", "mse"), [("SDR", True), ("SDR centred", False)])
def test_successive_differences(case: str, mse: bool, frame: pd.DataFrame, estimates: pd.DataFrame) -> None:
    """R takes wagekit's multipliers as given and does the rest; 36 units share 19 rows of the matrix."""
    sample = _sample(frame)
    made = make_replicates(sample, "SDR", n=20)
    _agrees(frame, sample, made, estimates.loc[case], mse)
