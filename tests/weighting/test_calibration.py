"""Calibration: identities, bounds, diagnosis, and the size it must bear."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.sparse import csr_array

from wagekit.errors import DesignError, EstimationError, InputError, WagekitError
from wagekit.weighting.calibration import calibrate
from wagekit.weighting.distances import Linear, Logit, Raking
from wagekit.weighting.summary import weight_summary


def _two_margins(n: int = 400, seed: int = 3) -> tuple[csr_array, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 4, n), rng.integers(0, 3, n)
    matrix = csr_array(np.hstack([np.eye(4)[a], np.eye(3)[b]]))
    weights = rng.uniform(1, 5, n)
    return matrix, weights, np.asarray(matrix.T @ (weights * rng.uniform(0.7, 1.4, n)))


def test_raking_is_the_fixed_point_of_iterative_proportional_fitting() -> None:
    """Both end at the same weights; 200 rounds of fitting leave rounding only."""
    matrix, weights, totals = _two_margins()
    dense = matrix.toarray()
    fitted = weights.copy()
    for _ in range(200):
        for columns in (slice(0, 4), slice(4, 7)):
            factor = totals[columns] / (dense[:, columns].T @ fitted)
            fitted = fitted * (dense[:, columns] @ factor)
    np.testing.assert_allclose(calibrate(matrix, weights, totals, "raking").g * weights, fitted, rtol=1e-12)


def test_collinear_margins_are_taken_out() -> None:
    """Two sets of categories share their sum: 7 columns, rank 6; a repeated column changes nothing."""
    matrix, weights, totals = _two_margins()
    once = calibrate(matrix, weights, totals, "linear")
    assert once.rank == 6
    repeated = csr_array(np.hstack([matrix.toarray(), matrix.toarray()[:, :2]]))
    twice = calibrate(repeated, weights, np.append(totals, totals[:2]), "linear")
    assert twice.rank == 6
    np.testing.assert_allclose(twice.g, once.g, rtol=1e-10)


@pytest.mark.parametrize("method", ["linear", "raking"])
def test_columns_of_very_different_size(method: str) -> None:
    """A margin of wages in yuan beside one of heads: scaling a column by 1e9 changes no g-weight."""
    matrix, weights, totals = _two_margins()
    rng = np.random.default_rng(8)
    pay = rng.uniform(0.5, 2, matrix.shape[0])
    full = np.hstack([matrix.toarray(), pay[:, None]])
    wanted = np.append(totals, weights @ pay * 1.01)
    small = calibrate(csr_array(full), weights, wanted, method)
    large = calibrate(csr_array(full * np.r_[np.ones(7), 1e9]), weights, wanted * np.r_[np.ones(7), 1e9], method)
    np.testing.assert_allclose(large.g, small.g, rtol=1e-9)


@pytest.mark.parametrize(
    ("method", "bounds"), [("logit", (0.6, 1.6)), ("truncated", (0.8, 1.2)), ("raking", (0.8, 1.2))]
)
def test_bounds_are_kept(method: str, bounds: tuple[float, float]) -> None:
    matrix, weights, totals = _two_margins()
    found = calibrate(matrix, weights, totals, method, bounds)
    assert found.g.min() >= bounds[0]
    assert found.g.max() <= bounds[1]
    np.testing.assert_allclose(found.reached, totals, rtol=1e-9)


def test_equal_factors_inside_an_enterprise_with_unequal_weights() -> None:
    """The margins hold even where R's unweighted average inside the cluster would miss them."""
    matrix, weights, totals = _two_margins()
    unit = np.arange(400) // 4
    found = calibrate(matrix, weights, totals, "linear", unit=unit)
    assert np.ptp(found.g.reshape(100, 4), axis=1).max() == 0
    np.testing.assert_allclose(found.reached, totals, rtol=1e-12)


def test_far_totals_converge_by_damping() -> None:
    """Weights of 1 and totals a thousand times the sample: full Newton steps would overflow."""
    matrix, weights, totals = _two_margins()
    found = calibrate(matrix, np.ones_like(weights), totals * 1000, "raking")
    assert found.largest_error < 1e-10


def test_a_total_of_zero_under_raking_leaves_weights_near_zero() -> None:
    matrix = csr_array(np.eye(2)[[0, 0, 1]])
    found = calibrate(matrix, np.ones(3), np.array([5.0, 0.0]), "raking")
    np.testing.assert_allclose(found.g, [2.5, 2.5, 0], atol=1e-9)


def test_contradiction_is_named() -> None:
    matrix, weights, totals = _two_margins()
    totals = totals.copy()
    totals[0] += 50
    names = [f"a={i}" for i in range(4)] + [f"b={i}" for i in range(3)]
    with pytest.raises(DesignError, match=r"contradict one another: .*[ab]=\d.*off by"):
        calibrate(matrix, weights, totals, "linear", names=names)


def test_margin_out_of_reach_of_the_bounds_is_named() -> None:
    matrix = csr_array(np.eye(2)[[0, 0, 1]])
    with pytest.raises(DesignError, match=r"size=1 \(total 5.*reachable 1 to 3, off by 2\)"):
        calibrate(matrix, np.ones(3), np.array([5.0, 1.0]), "logit", (0.5, 1.5), names=["size=1", "size=2"])


@pytest.mark.parametrize("method", ["logit", "truncated", "raking"])
def test_margins_out_of_reach_together(method: str) -> None:
    """Each margin alone is within bounds, both at once are not: the message says what stays off."""
    # One row in both margins: its g must be 1.4 for the first and 0.6 for the second.
    matrix = csr_array(np.array([[1.0, 1.0], [1.0, 1.0], [0.1, 0.0]]))
    with pytest.raises(EstimationError, match=r"farthest off: .*total.*reached.*off by"):
        calibrate(matrix, np.ones(3), np.array([2.9, 1.1]), method, (0.5, 1.5))


@pytest.mark.parametrize(
    ("method", "bounds", "words"),
    [
        ("linear", (0.5, 2.0), "truncated"),
        ("logit", None, "without bounds"),
        ("logit", (0.5, np.inf), "both finite"),
        ("truncated", (1.1, 2.0), "low < 1 < high"),
        ("poststratify", None, "exactly one categorical margin"),
        ("nearest", None, "poststratify"),
    ],
)
def test_options_that_do_not_fit(method: str, bounds: tuple[float, float] | None, words: str) -> None:
    matrix, weights, totals = _two_margins()
    with pytest.raises(InputError, match=words):
        calibrate(matrix, weights, totals, method, bounds)


@pytest.mark.parametrize("weights", [np.array([1.0, np.nan]), np.array([1.0, -1.0]), np.zeros(2)])
def test_weights_that_can_not_be(weights: np.ndarray) -> None:
    with pytest.raises(WagekitError, match="weights"):
        calibrate(csr_array(np.eye(2)), weights, np.ones(2))


@pytest.mark.parametrize("distance", [Linear(), Linear(0.7, 1.3), Raking(), Raking(0.7, 1.3), Logit(0.5, 2.0)], ids=str)
def test_slope_and_integral_belong_to_the_distance(distance: Linear | Raking | Logit) -> None:
    """Central differences with step 1e-5: error about 1e-10 where the function is smooth."""
    u = np.linspace(-0.91, 0.93, 47)
    step = 1e-5
    np.testing.assert_allclose(
        (distance.integral(u + step) - distance.integral(u - step)) / (2 * step), distance.g(u), atol=1e-8
    )
    np.testing.assert_allclose((distance.g(u + step) - distance.g(u - step)) / (2 * step), distance.slope(u), atol=1e-8)
    assert distance.g(np.zeros(1))[0] == pytest.approx(1.0)
    assert distance.slope(np.zeros(1))[0] == pytest.approx(1.0)


def test_summary_before_and_after() -> None:
    """By hand: weights 1, 1, 2 with g 2, 2, -1: after 2, 2, -2, mean 2/3, variance 32/9, cv² 8."""
    summary = weight_summary(np.array([1.0, 1, 2]), np.array([2.0, 2, -1]))
    assert (summary.after.minimum, summary.after.maximum, summary.after.negative) == (-2, 2, 1)
    assert summary.after.kish_deff == pytest.approx(9)
    assert summary.before.kish_deff == pytest.approx(1 + (2 / 9) / (4 / 3) ** 2)
    assert summary.g.percentiles[50] == 2


def test_a_hundred_thousand_rows_and_two_hundred_margins_in_seconds() -> None:
    """A tenth of the size that it must bear: 1,000,000 rows x 300 margins took 2 to 7 s and 0.35 GB on two cores."""
    rng = np.random.default_rng(2)
    n, sets, levels = 100_000, 4, 50
    codes = rng.integers(0, levels, (n, sets)) + levels * np.arange(sets)
    matrix = csr_array((np.ones(n * sets), codes.reshape(-1), np.arange(0, n * sets + 1, sets)), shape=(n, 200))
    weights = rng.uniform(1, 9, n)
    totals = np.asarray(matrix.T @ (weights * rng.uniform(0.7, 1.5, n)))
    start = time.perf_counter()
    found = calibrate(matrix, weights, totals, "raking")
    assert found.largest_error < 1e-10
    assert time.perf_counter() - start < 10  # under 1 s alone on two cores; room for a busy machine
