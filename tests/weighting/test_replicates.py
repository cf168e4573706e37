"""Replicate weights: the identities that define them, lone units, and given columns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from wagekit.design import Replicates, Sample, build_sample
from wagekit.errors import DesignError, InputError
from wagekit.statistics.cells import Cells
from wagekit.statistics.estimation import replicate_variance
from wagekit.statistics.variance import Linearized, variance
from wagekit.weighting.given_replicates import from_columns
from wagekit.weighting.hadamard import hadamard_matrix, hadamard_order
from wagekit.weighting.replicates import make_replicates


def _sample(sizes: list[int], *, fraction: float | None = None, rule: str = "fail", seed: int = 1) -> Sample:
    """Strata of the given numbers of units, three rows a unit."""
    rng = np.random.default_rng(seed)
    stratum = np.repeat(np.arange(len(sizes)), np.array(sizes) * 3)
    psu = np.repeat(np.arange(sum(sizes)), 3)
    fpc = [] if fraction is None else [np.full(psu.size, fraction)]
    return build_sample(rng.uniform(1, 4, psu.size), strata=[stratum], psu=[psu], fpc=fpc, single_psu=rule)


def _weights(sample: Sample, made: Replicates, r: int) -> np.ndarray:
    return replace(sample, replicates=made).replicate(r).weights


def _y(sample: Sample, seed: int = 7) -> np.ndarray:
    return np.random.default_rng(seed).lognormal(3, 0.6, sample.n)


def _taylor(sample: Sample, y: np.ndarray) -> float:
    cells = Cells(sample, np.zeros(sample.n, dtype=np.int64), 1)
    return float(variance(cells, Linearized(sample.weights * y))[0])


def _of_total(sample: Sample, y: np.ndarray, method: str, **options: object) -> float:
    made = make_replicates(sample, method, **options)
    points = np.array([_weights(sample, made, r) @ y for r in range(made.count)])
    return float(replicate_variance(points, np.asarray(sample.weights @ y), made))


@pytest.mark.parametrize("method", ["JK2", "BRR", "Fay", "JKn"])
def test_total_has_the_taylor_variance_in_pairs(method: str) -> None:
    """With two units a stratum all four give the variance of a total exactly (Wolter 2007, 3.3 and 4.5)."""
    sample = _sample([2] * 11)
    assert _of_total(sample, _y(sample), method) == pytest.approx(_taylor(sample, _y(sample)), rel=1e-11)


@pytest.mark.parametrize("fraction", [None, 0.3])
def test_jackknife_of_a_total_has_the_taylor_variance(fraction: float | None) -> None:
    sample = _sample([2, 3, 7, 5], fraction=fraction)
    assert _of_total(sample, _y(sample), "JKn") == pytest.approx(_taylor(sample, _y(sample)), rel=1e-11)


@pytest.mark.parametrize("fraction", [None, 0.4])
def test_bootstrap_multipliers_are_rao_wu(fraction: float | None) -> None:
    """n_h - 1 draws: (1 - root) + root n_h/(n_h-1) counts; each stratum's mean multiplier is 1 in every replicate."""
    sizes = [2, 5, 9]
    sample = _sample(sizes, fraction=fraction)
    made = make_replicates(sample, "bootstrap", n=40, seed=3)
    root = 1.0 if fraction is None else np.sqrt(1 - fraction)
    starts = np.concatenate(([0], np.cumsum(sizes)))
    for h, size in enumerate(sizes):
        block = made.multipliers[starts[h] : starts[h + 1]]
        counts = ((block - 1) / root + 1) * (size - 1) / size
        np.testing.assert_allclose(counts, np.round(counts), atol=1e-12)
        np.testing.assert_allclose(counts.sum(axis=0), size - 1)
    assert (made.scale, made.df) == (1 / 39, 13)
    np.testing.assert_array_equal(made.multipliers, make_replicates(sample, "bootstrap", n=40, seed=3).multipliers)


@pytest.mark.parametrize("fraction", [None, 0.4])
def test_bootstrap_variance_of_a_total_comes_to_taylor(fraction: float | None) -> None:
    """4,000 replicates: the variance has a relative standard error of sqrt(2 / 4000) = 2.2 %; four of them."""
    sample = _sample([3, 4, 6, 5, 8], fraction=fraction)
    y = _y(sample)
    assert _of_total(sample, y, "bootstrap", n=4000, seed=11) == pytest.approx(_taylor(sample, y), rel=0.09)


def _circles(sample: Sample, y: np.ndarray, order: np.ndarray | None = None) -> float:
    """Half the sum of squared differences of neighbours, each stratum a closed circle (Fay and Train 1995)."""
    stage = sample.first
    totals = np.bincount(stage.unit, weights=sample.weights * y)
    total = 0.0
    for h in range(stage.size.size):
        members = np.flatnonzero(stage.stratum == h)
        if order is not None:
            members = members[np.argsort(order[members], kind="stable")]
        z = totals[members]
        share = 1 - stage.fraction[members[0]]
        total += share * 0.5 * ((z - np.roll(z, -1)) ** 2).sum()
    return total


@pytest.mark.parametrize("sizes", [[23], [2, 3, 5, 9], [2] * 9])
@pytest.mark.parametrize("fraction", [None, 0.25])
def test_successive_differences_are_half_the_squared_differences(sizes: list[int], fraction: float | None) -> None:
    """Exact while the Hadamard matrix has a row for each unit."""
    sample = _sample(sizes, fraction=fraction)
    y = _y(sample)
    assert _of_total(sample, y, "SDR") == pytest.approx(_circles(sample, y), rel=1e-11)
    order = np.random.default_rng(2).permutation(sum(sizes)).astype(float)
    assert _of_total(sample, y, "SDR", order=order) == pytest.approx(_circles(sample, y, order), rel=1e-11)


def test_successive_differences_with_shared_rows_are_right_on_average() -> None:
    """160 units on 79 rows: over 300 samples of independent units the mean variance is the true one of the
    total within 5 standard errors of that mean."""
    rng = np.random.default_rng(4)
    psu = np.arange(160)
    sample = build_sample(np.ones(160), psu=[psu])
    made = make_replicates(sample, "SDR")
    assert made.count == 80
    y = rng.normal(0, 1, (300, 160))
    points = y @ made.multipliers
    variances = made.scale * ((points - y.sum(axis=1, keepdims=True)) ** 2).sum(axis=1)
    error = variances.std() / np.sqrt(300)
    assert abs(variances.mean() - 160) < 5 * error


@pytest.mark.parametrize("size", [2, 20, 39, 58])
def test_no_unit_of_a_circle_is_left_without_differences(size: int) -> None:
    """A circle that closes on the row it began with (1 more than a multiple of 19) still moves every unit."""
    sample = _sample([size])
    made = make_replicates(sample, "SDR", n=20)
    assert (np.abs(made.multipliers - 1).sum(axis=1) > 0).all()


@pytest.mark.parametrize("method", ["JKn", "BRR", "Fay", "JK2", "bootstrap", "SDR"])
def test_a_lone_unit_is_an_error(method: str) -> None:
    with pytest.raises(DesignError, match="one sampling unit, among them 1"):
        make_replicates(_sample([2, 1, 4]), method)


@pytest.mark.parametrize("method", ["JKn", "BRR", "JK2", "bootstrap", "SDR"])
def test_a_lone_unit_taken_for_certain_does_not_vary(method: str) -> None:
    made = make_replicates(_sample([2, 1, 4], rule="certainty"), method, seed=1)
    np.testing.assert_array_equal(made.multipliers[2], 1.0)


@pytest.mark.parametrize("method", ["BRR", "Fay", "JK2"])
def test_odd_strata_can_not_be_paired(method: str) -> None:
    with pytest.raises(DesignError, match=r"odd number of sampling units, among them 1 \(3\)"):
        make_replicates(_sample([2, 3]), method)


def test_fully_taken_strata_have_no_replicates() -> None:
    psu = np.arange(5)
    sample = build_sample(np.ones(5), strata=[np.array([1, 1, 2, 2, 2])], psu=[psu], fpc=[np.array([2.0, 2, 9, 9, 9])])
    made = make_replicates(sample, "JKn")
    assert made.count == 3
    assert made.df == 2
    np.testing.assert_array_equal(make_replicates(sample, "bootstrap", n=9, seed=1).multipliers[:2], 1.0)


def test_jk1_by_random_groups() -> None:
    sample = build_sample(np.ones(1000), psu=[np.arange(1000)])
    made = make_replicates(sample, "JK1", n=50, seed=5)
    assert made.multipliers.shape == (1000, 50)
    np.testing.assert_allclose(made.multipliers.sum(axis=0), 1000)
    y = np.random.default_rng(6).normal(10, 2, 1000)
    points = y @ made.multipliers
    # 49 degrees of freedom: relative standard error sqrt(2 / 49) = 0.2; three of them.
    assert replicate_variance(points, np.asarray(y.sum()), made) == pytest.approx(1000 * y.var(), rel=0.6)


@pytest.mark.parametrize(
    ("sizes", "method", "options", "words"),
    [
        ([2, 2], "JK1", {}, "2 strata"),
        ([2, 2], "Fay", {"fay": 1.0}, "fay = 1.0"),
        ([2, 2], "bootstrap", {"n": 1}, "2 or more"),
        ([2, 2], "magic", {}, "JK1, JKn"),
        ([2, 2], "JKn", {"order": np.arange(4.0)}, "method 'SDR'"),
    ],
)
def test_options_that_do_not_fit(sizes: list[int], method: str, options: dict[str, object], words: str) -> None:
    with pytest.raises((InputError, DesignError), match=words):
        make_replicates(_sample(sizes), method, **options)


def test_too_many_replicates_are_refused_before_memory_is_taken() -> None:
    sample = build_sample(np.ones(100_000), strata=[np.repeat([0, 1], 50_000)])
    with pytest.raises(DesignError, match=r"80\.0 GB"):
        make_replicates(sample, "JKn")


def test_row_order_does_not_matter() -> None:
    """Multipliers follow the units' identities, not the order of rows."""
    rng = np.random.default_rng(9)
    psu = np.repeat([30, 10, 20, 40], 3)
    stratum = np.repeat([1, 1, 2, 2], 3)
    mixed = rng.permutation(12)
    for method in ("JKn", "JK2", "BRR", "SDR", "bootstrap"):
        one = build_sample(np.ones(12), strata=[stratum], psu=[psu])
        other = build_sample(np.ones(12), strata=[stratum[mixed]], psu=[psu[mixed]])
        first, second = make_replicates(one, method, seed=1), make_replicates(other, method, seed=1)
        np.testing.assert_array_equal(first.multipliers[one.first.unit][mixed], second.multipliers[other.first.unit])


def test_given_columns_that_differ_inside_a_unit_are_kept_by_row() -> None:
    sample = _sample([4, 4])
    made = make_replicates(sample, "JKn")
    columns = np.column_stack([_weights(sample, made, r) for r in range(made.count)])
    per_unit = from_columns(sample.weights, columns, sample, "JKn", rscales=made.rscales)
    np.testing.assert_allclose(per_unit.multipliers, made.multipliers, rtol=1e-12)
    assert per_unit.df == made.df
    columns[0, 3] *= 1.01
    by_row = from_columns(sample.weights, columns, sample, "JKn", rscales=made.rscales)
    assert by_row.per_row
    np.testing.assert_allclose(_weights(sample, by_row, 3), columns[:, 3], rtol=1e-14)


def test_a_replicate_may_not_weigh_a_row_without_weight() -> None:
    weights = np.array([0.0, 1, 2, 3])
    sample = build_sample(weights, psu=[np.array([1, 1, 2, 2])])
    given = from_columns(weights, np.array([[0.0, 0], [0, 2], [4, 0], [6, 0]]), sample, "JK1")
    assert given.multipliers.tolist() == [[0, 2], [2, 0]]
    with pytest.raises(InputError, match="full weight of 0"):
        from_columns(weights, np.array([[1.0, 0], [0, 2], [4, 0], [6, 0]]), sample, "JK1")


@pytest.mark.parametrize(
    ("columns", "method", "words"),
    [
        (np.ones((24, 1)), "BRR", "one column"),
        (np.full((24, 3), np.nan), "BRR", "missing"),
        (np.ones((23, 3)), "BRR", "24 rows"),
        (np.ones((24, 3)), "JKn", "rscales"),
    ],
)
def test_given_columns_that_can_not_be_used(columns: np.ndarray, method: str, words: str) -> None:
    sample = _sample([4, 4])
    with pytest.raises(InputError, match=words):
        from_columns(sample.weights, columns, sample, method)


def test_hadamard_matrices_are_orthogonal() -> None:
    order = 1
    while order <= 260:
        order = hadamard_order(order)
        matrix = hadamard_matrix(order).astype(np.int64)
        np.testing.assert_array_equal(matrix @ matrix.T, order * np.eye(order))
        assert (matrix[0] == 1).all()
        assert (matrix[:, 0] == 1).all()
        order += 1
    with pytest.raises(InputError, match="order 6"):
        hadamard_matrix(6)
