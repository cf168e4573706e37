r"""Calibration: g-weights that make weighted sums equal to known totals.

Notes
-----
With d the weights, X the (n, p) matrix of margin columns and t their totals, the g-weights are
:math:`g_k = F(x_k'\lambda)` with λ such that :math:`\sum_k d_k g_k x_k = t` (Deville and Särndal 1992). λ is
the minimum of the convex function :math:`\sum_k d_k \int F(x_k'\lambda) - t'\lambda`, found by Newton steps that
are halved until the function falls. Columns are scaled to one length first and combinations of columns that are 0
for every row (collinear margins, such as two sets of categories with one sum) are taken out, so that hundreds of
margins and columns of very different size do no harm. Only (p, p) matrices are dense.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np

from wagekit.arrays import Codes, Floats, sums_by
from wagekit.errors import DesignError, EstimationError, InputError
from wagekit.options import CalibrationMethod
from wagekit.weighting.distances import Distance, Linear, distance_for

if TYPE_CHECKING:
    from scipy.sparse import csr_array

COLLINEAR = 1e-11
"""An eigenvalue of the scaled normal matrix below this share of the largest counts as 0."""

DENSE = 0.15
"""Share of non-zeros above which blocks of rows are multiplied as dense matrices."""

LONGEST = 20.0
"""Longest first move of x'λ in one step, against 1 + its largest value: exp of more says nothing."""

BLOCK = 4_000_000
"""Numbers in a dense block of rows (32 MB)."""

SPARSE_BLOCK = 20_000
"""Rows in a sparse block: ten times as fast as all rows at once on 1,000,000 x 300."""


@dataclass(frozen=True, eq=False)
class Calibrated:
    """Result of a calibration.

    Parameters
    ----------
    g : shape (n,), factor of each weight.
    iterations : Newton steps taken; 0 for post-stratification.
    largest_error : largest |total reached - total| / (1 + |total|) over the margins (R's measure).
    reached : shape (p,), the totals reached.
    rank : number of margins that say something of their own.
    method, bounds : as asked for.
    """

    g: Floats
    iterations: int
    largest_error: float
    reached: Floats
    rank: int
    method: CalibrationMethod
    bounds: tuple[float, float] | None


def calibrate(
    matrix: csr_array,
    weights: Floats,
    totals: Floats,
    method: CalibrationMethod = "linear",
    bounds: tuple[float, float] | None = None,
    tolerance: float = 1e-10,
    maximum_iterations: int = 100,
    *,
    unit: Codes | None = None,
    names: Sequence[str] | None = None,
) -> Calibrated:
    """Find the g-weights that meet the margins.

    Parameters
    ----------
    matrix : scipy.sparse.csr_array of shape (n, p).
    weights : shape (n,), not negative.
    totals : shape (p,).
    method : ``poststratify`` (one categorical margin, closed form), ``linear`` (GREG, may give negative
        weights), ``truncated`` (linear cut to bounds), ``raking`` (exp; bounds may be given), ``logit`` (smooth
        between bounds).
    bounds : lowest and highest g-weight, low < 1 < high.
    tolerance : on |total reached - total| / (1 + |total|).
    unit : shape (n,), enterprise of each row 0 … U-1: all rows of an enterprise get the same g. With weights
        that are equal inside an enterprise it is R's ``aggregate.stage=1``; otherwise columns enter by their
        weighted mean inside the enterprise, so that the margins hold all the same.
    names : p names for messages.

    Raises
    ------
    InputError
        For options that don't fit together.
    DesignError
        If margins contradict one another or lie out of reach of the bounds: says which and by how much.
    EstimationError
        If there is no convergence; says which margins stay off and by how much.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> x = csr_array(np.array([[1.0, 0], [1, 0], [0, 1]]))
    >>> calibrate(x, np.array([10.0, 10, 5]), np.array([30.0, 4]), "poststratify").g.tolist()
    [1.5, 1.5, 0.8]
    """
    if method not in get_args(CalibrationMethod):
        raise InputError(f"{method!r}", where="method", expected=", ".join(get_args(CalibrationMethod)))
    n, p = matrix.shape
    if weights.shape != (n,) or totals.shape != (p,):
        raise InputError(
            f"{weights.size} weights and {totals.size} totals for a matrix of {n} x {p}", where="calibrate"
        )
    if not np.isfinite(weights).all() or (weights < 0).any() or not (weights > 0).any():
        raise InputError("missing, infinite, negative or only zero weights", where="calibrate")
    words = tuple(names) if names is not None else tuple(f"margin {index + 1}" for index in range(p))
    distance = distance_for(method, bounds)
    if method == "poststratify":
        if bounds is not None:
            raise InputError(f"bounds {bounds}", where="method 'poststratify'", do="Use 'truncated' or 'logit'")
        g, iterations, rank = _poststratify(matrix, weights, totals, words), 0, p
    elif unit is not None:
        rows, unit_weights = unit_means(matrix, weights, unit)
        g_unit, iterations, rank = _newton(rows, unit_weights, totals, distance, tolerance, maximum_iterations, words)
        g = g_unit[unit]
    else:
        g, iterations, rank = _newton(matrix, weights, totals, distance, tolerance, maximum_iterations, words)
    reached = np.asarray(matrix.T @ (weights * g))
    error = float((np.abs(reached - totals) / (1.0 + np.abs(totals))).max())
    return Calibrated(g, iterations, error, reached, rank, method, bounds)


def normal_matrix(matrix: csr_array, weights: Floats) -> Floats:
    """X' diag(weights) X, dense, shape (p, p); summed over blocks of rows that fit in the processor's cache."""
    from scipy.sparse import csr_array

    n, p = matrix.shape
    total = np.zeros((p, p))
    dense = matrix.nnz > DENSE * n * p
    rows = max(1, BLOCK // p) if dense else SPARSE_BLOCK
    for low in range(0, n, rows):
        block, factor = matrix[low : low + rows], weights[low : low + rows]
        if dense:
            filled = block.toarray()
            total += filled.T @ (filled * factor[:, None])
        else:
            data = block.data * np.repeat(factor, np.diff(block.indptr))
            weighted = csr_array((data, block.indices, block.indptr), shape=block.shape)
            total += (block.T @ weighted).toarray()
    return total


def column_basis(normal: Floats) -> tuple[Floats, Floats]:
    """Combinations of columns that differ from 0, and those that are 0 for every row.

    Parameters
    ----------
    normal : shape (p, p), X' diag(weights) X.

    Returns
    -------
    Shapes (p, r) and (p, p - r): ``X @ kept`` has full rank r with columns of one length, ``X @ zero`` is 0.
    """
    length = np.sqrt(np.diag(normal))
    inverse = np.divide(1.0, length, out=np.ones_like(length), where=length > 0)
    values, vectors = np.linalg.eigh(normal * inverse[:, None] * inverse)
    kept = values > COLLINEAR * values[-1]
    return (vectors[:, kept] / np.sqrt(values[kept])) * inverse[:, None], vectors[:, ~kept] * inverse[:, None]


def _poststratify(matrix: csr_array, weights: Floats, totals: Floats, names: Sequence[str]) -> Floats:
    simple = (matrix.data == 1.0) | (matrix.data == 0.0)
    if not simple.all() or not (np.asarray(matrix.sum(axis=1)).reshape(-1) == 1.0).all():
        raise InputError(
            f"{len(names)} columns that are not the categories of one margin",
            where="method 'poststratify'",
            expected="exactly one categorical margin (crossed columns are one margin)",
            do="Use 'raking' or 'linear' for several margins",
        )
    sample = np.asarray(matrix.T @ weights)
    empty = (sample == 0) & (totals > 0)
    if empty.any():
        raise DesignError(
            f"the respondents have weights of 0 only in {_some(names, empty)}", where="method 'poststratify'"
        )
    factor = np.divide(totals, sample, out=np.zeros_like(totals), where=sample > 0)
    return np.asarray(matrix @ factor)


def unit_means(matrix: csr_array, weights: Floats, unit: Codes) -> tuple[csr_array, Floats]:
    """Weighted mean of the columns inside each enterprise, shape (U, p), and its summed weight, shape (U,).

    Under equal g-weights inside an enterprise ``unit_means(…)[0][unit]`` takes the matrix's place in the
    residuals that the variance is made of.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> means, sums = unit_means(csr_array([[1.0, 0], [0, 1]]), np.array([3.0, 1]), np.array([0, 0]))
    >>> means.toarray().tolist(), sums.tolist()
    ([[0.75, 0.25]], [4.0])
    """
    from scipy.sparse import csr_array

    count = int(unit.max()) + 1
    sums = sums_by(unit, weights, count)
    share = np.divide(weights, sums[unit], out=np.zeros_like(weights), where=sums[unit] > 0)
    gather = csr_array((share, (unit, np.arange(unit.size))), shape=(count, unit.size))
    return csr_array(gather @ matrix), sums


def _newton(
    matrix: csr_array,
    weights: Floats,
    totals: Floats,
    distance: Distance,
    tolerance: float,
    maximum_iterations: int,
    names: Sequence[str],
) -> tuple[Floats, int, int]:
    """g-weights, steps taken and rank."""
    sample = np.asarray(matrix.T @ weights)
    _check_reach(matrix, weights, totals, distance, names)
    normal = normal_matrix(matrix, weights)
    basis, zero = column_basis(normal)
    _check_consistency(totals - sample, zero, normal, tolerance, totals, names)
    combination = np.zeros(basis.shape[1])  # λ = basis @ combination
    u = np.zeros(matrix.shape[0])
    value = float(weights @ distance.integral(u))
    hessian = np.eye(basis.shape[1])  # at λ = 0, by the choice of the basis
    target = basis.T @ totals
    scale = 1.0 + np.abs(totals)
    unbounded_linear = isinstance(distance, Linear) and not np.isfinite([distance.low, distance.high]).any()
    best = np.inf
    for iteration in range(maximum_iterations + 1):
        g = distance.g(u)
        misfit = totals - np.asarray(matrix.T @ (weights * g))
        error = float((np.abs(misfit) / scale).max())
        # A further step after the tolerance is met is nearly free and brings rounding accuracy.
        if error <= tolerance and (error >= 0.5 * best or error == 0.0):
            return g, iteration, basis.shape[1]
        best = min(best, error)
        if iteration == maximum_iterations:
            if error <= tolerance:
                return g, iteration, basis.shape[1]
            break
        if iteration > 0 and error > tolerance and not unbounded_linear:
            hessian = basis.T @ normal_matrix(matrix, weights * distance.slope(u)) @ basis
        gradient = basis.T @ misfit
        step = _solve(hessian, gradient)
        change = np.asarray(matrix @ (basis @ step))
        # Near the minimum the function's rounding hides its fall: there a smaller misfit decides.
        gain = float(gradient @ step)
        furthest = float(np.abs(change).max(initial=0.0))
        length = 1.0
        if not unbounded_linear and furthest > 0:
            length = min(1.0, LONGEST * (1.0 + float(np.abs(u).max(initial=0.0))) / furthest)
        shortest = 1e-10 * length
        floor = 1e-12 * (abs(value) + float(np.abs(target) @ np.abs(combination)) + float(weights.sum()))
        while length > shortest:
            moved = u + length * change
            trial = float(weights @ distance.integral(moved)) - float(target @ (combination + length * step))
            if trial <= value - 1e-4 * length * gain + floor:
                break
            length *= 0.5
        else:
            if error <= tolerance:
                return g, iteration, basis.shape[1]
            break
        u, combination, value = moved, combination + length * step, trial
    raise _not_converged(matrix, weights, totals, distance.g(u), iteration, names)


def _solve(hessian: Floats, gradient: Floats) -> Floats:
    """Newton step; directions whose rows are all at their bounds have no curvature and get a long, finite one."""
    values, vectors = np.linalg.eigh(hessian)
    floor = 1e-13 * max(float(values[-1]), 1e-300)
    return np.asarray(vectors @ ((vectors.T @ gradient) / np.maximum(values, floor)))


def _some(names: Sequence[str], chosen: Floats | np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> str:
    places = np.flatnonzero(chosen)
    return ", ".join(names[place] for place in places[:6]) + (f" and {places.size - 6} more" if places.size > 6 else "")


def _check_reach(matrix: csr_array, weights: Floats, totals: Floats, distance: Distance, names: Sequence[str]) -> None:
    """Each margin alone must lie between what the lowest and the highest g-weights give."""
    from scipy.sparse import csr_array

    positive = np.asarray(matrix.T @ weights)
    negative = np.zeros_like(positive)
    if (matrix.data < 0).any():
        parts = csr_array((np.minimum(matrix.data, 0.0), matrix.indices, matrix.indptr), shape=matrix.shape)
        negative = np.asarray(parts.T @ weights)
        positive = positive - negative
    with np.errstate(invalid="ignore"):
        ends = np.array(
            [[np.where(part == 0, 0.0, part * end) for end in (distance.low, distance.high)]
             for part in (positive, negative)]
        )  # fmt: skip
    low, high = ends[0, 0] + ends[1, 1], ends[0, 1] + ends[1, 0]
    slack = 1e-12 * np.abs(totals)
    off = (totals < low - slack) | (totals > high + slack)
    if off.any():
        lines = []
        for place in np.flatnonzero(off)[:6]:
            short = totals[place] - (high if totals[place] > high[place] else low)[place]
            sample = positive[place] + negative[place]
            lines.append(
                f"{names[place]} (total {totals[place]:,.10g}, weighted sample {sample:,.10g}, reachable "
                f"{low[place]:,.10g} to {high[place]:,.10g}, off by {short:,.10g})"
            )
        raise DesignError(
            f"{int(off.sum())} margins can't be reached: {'; '.join(lines)}",
            where=f"calibrate with g-weights from {distance.low:g} to {distance.high:g}",
            expected="totals that the bounds allow",
            do="Widen the bounds, or join categories",
        )


def _check_consistency(
    misfit: Floats, zero: Floats, normal: Floats, tolerance: float, totals: Floats, names: Sequence[str]
) -> None:
    """Totals of margins that are combinations of one another must combine in the same way."""
    if zero.shape[1] == 0:
        return
    length = np.sqrt(np.diag(normal))
    length = np.where(length > 0, length, 1.0)
    direction = zero * length[:, None]  # orthonormal again
    part = direction @ (direction.T @ (misfit / length)) * length
    off = np.abs(part) > max(tolerance, 1e-8) * (1.0 + np.abs(totals))
    if off.any():
        order = np.argsort(-np.abs(part) / (1.0 + np.abs(totals)), kind="stable")[: min(6, int(off.sum()))]
        lines = [f"{names[place]} (total {totals[place]:,.10g}, off by {part[place]:,.6g})" for place in order]
        raise DesignError(
            f"the totals contradict one another: {'; '.join(lines)}",
            where="calibrate",
            expected="totals that agree where margins say the same thing twice",
            do="Check that these margins have one sum, or leave one out",
        )


def _not_converged(
    matrix: csr_array, weights: Floats, totals: Floats, g: Floats, iterations: int, names: Sequence[str]
) -> EstimationError:
    reached = np.asarray(matrix.T @ (weights * g))
    error = np.abs(reached - totals) / (1.0 + np.abs(totals))
    order = np.argsort(-error, kind="stable")[:6]
    lines = [
        f"{names[place]} (total {totals[place]:,.10g}, reached {reached[place]:,.10g}, "
        f"off by {reached[place] - totals[place]:,.6g})"
        for place in order
        if error[place] > 0
    ]
    return EstimationError(
        f"no g-weights meet all margins after {iterations} steps; the farthest off: {'; '.join(lines)}",
        where="calibrate",
        do="Widen the bounds, join categories with few respondents, or leave a margin out",
    )
