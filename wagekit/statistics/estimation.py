"""From a statistic to its estimates in every cell: variance by linearization or by replicates, intervals, flags."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy import sparse

from wagekit.arrays import Codes, Floats, Words, divide
from wagekit.design import Replicates
from wagekit.errors import EstimationError
from wagekit.intervals import linear_interval
from wagekit.options import Definition, IntervalMethod
from wagekit.statistics.cells import Cells
from wagekit.statistics.definitions import inverse
from wagekit.statistics.deviations import Linearized
from wagekit.statistics.distribution import Distribution
from wagekit.statistics.percentiles import PLAIN, indicator, percentile_scores, percentiles, taylor_share
from wagekit.statistics.result import Result
from wagekit.statistics.variance import standard_error, variance

Statistic = Callable[[Cells], Result]


@dataclass(frozen=True, eq=False)
class Estimated:
    """Estimates of k statistics in every cell.

    Parameters
    ----------
    point, se, lower, upper, deff, flag : shape (cells, k).
    df : shape (cells,).
    linearize : for each statistic what gives its linearized variable.
    parts : groups inside the cells that are held against one another.
    counts : what is told of each cell beside, by name, where it has been counted.
    replicated : gives the points under every set of replicate weights, shape (R, cells, k); None without.
    """

    cells: Cells
    point: Floats
    se: Floats
    lower: Floats
    upper: Floats
    deff: Floats
    flag: Words
    df: Floats
    linearize: tuple[Callable[[], Linearized], ...]
    replicated: Callable[[], Floats] | None = None
    parts: tuple[Cells, ...] = ()
    counts: Mapping[str, Codes | Floats] | None = None

    def remembering(self, cells: Cells) -> Estimated:
        """The estimates of the first cells, with other cells that are the same and keep nothing of the rows."""
        some = {name: getattr(self, name)[: cells.count] for name in _OF_CELLS}
        return replace(self, cells=cells, **some)


_OF_CELLS = ("point", "se", "lower", "upper", "deff", "flag", "df")


def estimate(
    cells: Cells, statistic: Statistic, *, level: float, df: float | None = None, kept: Cells | None = None
) -> Estimated:
    """Estimate one statistic in every cell.

    Parameters
    ----------
    statistic : from cells to a :class:`Result`; called once for each set of replicate weights too.
    level : confidence level.
    df : degrees of freedom instead of those of the design; ``inf`` for the normal.
    kept : the first of the cells, or all, as the estimates are to remember them: they are asked anew for what is
        wanted later, and what was kept for the others goes.
    """
    result = statistic(cells)
    replicates = cells.sample.replicates
    replicated = None
    if replicates is None:
        direct = None if cells.sample.calibrations else result.variance
        variances = variance(cells, result.linearize()) if direct is None else direct()
    else:
        if result.sums is not None and _by_unit(cells):
            points = _replicate_ratios(cells, [result.sums[0]], result.sums[1])
        else:
            points = replicate_points(cells, lambda part: statistic(part).point[:, None])
        variances = replicate_variance(points[:, :, 0], result.point, replicates)
        replicated = partial(_given, points if kept is None else points[:, : kept.count])
    se, flag = standard_error(cells, variances, result.scale, centred=result.centred)
    for part in result.parts:
        lone = (part.weighted_units == 1) & ~part.fully_taken & (flag != "empty")
        se, flag = np.where(lone, np.nan, se), np.where(lone, "single_psu", flag)
    degrees = freedom(cells, df)
    lower, upper = linear_interval(result.point, se, degrees, level)
    point = np.where(cells.weighted_units > 0, result.point, np.nan)
    flag = np.where((flag == "") & (degrees <= 0), "no_df", flag)
    flag = np.where(np.isnan(point) & (flag != "empty"), "not_defined", flag)
    census = flag == "census"
    lower, upper = np.where(census, point, lower), np.where(census, point, upper)
    deff = np.full(cells.count, np.nan)
    if result.simple_variance is not None:
        deff = divide(se**2, result.simple_variance())
    point, se, lower, upper, deff = (array[:, None] for array in (point, se, lower, upper, deff))
    linearize = result.linearize if kept is None else lambda: statistic(kept).linearize()
    made = Estimated(
        cells, point, se, lower, upper, deff, flag[:, None], degrees, (linearize,), replicated, result.parts
    )
    return made if kept is None else made.remembering(kept)


def estimate_percentiles(
    distribution: Distribution,
    probabilities: Floats,
    *,
    level: float,
    definition: Definition = "inverse_cdf",
    interval: IntervalMethod = "woodruff",
    df: float | None = None,
    kept: Cells | None = None,
) -> Estimated:
    """Estimate percentiles in every cell.

    Parameters
    ----------
    distribution : the variable over the table's cells.
    probabilities : shape (k,).
    kept : see :func:`estimate`.
    """
    cells = distribution.cells
    degrees = freedom(cells, df)
    replicates = cells.sample.replicates
    if interval == "replicates" and replicates is None:
        raise EstimationError(
            "the survey has no replicate weights", where='ci="replicates"', do="Make them with with_replicates"
        )
    done = percentiles(
        distribution,
        probabilities,
        share_variance=taylor_share if replicates is None else _replicate_share,
        level=level,
        definition=definition,
        interval="woodruff" if interval == "replicates" else interval,
        df=degrees,
    )
    se, lower, upper, flag = done.se, done.lower, done.upper, done.flag
    read = inverse(definition)
    wanted = np.broadcast_to(probabilities, done.point.shape).copy()

    remembered = cells if kept is None else kept
    first = slice(0, remembered.count)

    def points(cells: Cells = remembered) -> Floats:
        some = wanted[: cells.count]
        if definition in PLAIN and _by_unit(cells):
            passed = Distribution(cells, distribution.variable).replicated(some)
            if passed is not None:
                return passed
        return replicate_points(cells, lambda part: read(Distribution(part, distribution.variable), some))

    if interval == "replicates" and replicates is not None:
        spread = replicate_variance(points(cells), done.point, replicates)
        lost = np.isin(flag, ["", "limit_outside_data", "zero_variance"])
        flag = np.where(lost, np.where(spread > 0, "", "zero_variance"), flag)
        se = np.where(flag == "", np.sqrt(spread), np.nan)
        lower, upper = linear_interval(done.point, se, degrees[:, None], level)

    def linearize(k: int) -> Callable[[], Linearized]:
        again = distribution if kept is None else Distribution(kept, distribution.variable)
        read_at = (done.point[first, k], done.share[first, k], divide(done.se[first, k], done.share_se[first, k]))
        return lambda: Linearized(percentile_scores(again, *read_at))

    scores = tuple(linearize(k) for k in range(probabilities.size))
    replicated = None if replicates is None else points
    made = Estimated(cells, done.point, se, lower, upper, done.deff, flag, degrees, scores, replicated)
    return made if kept is None else made.remembering(kept)


def freedom(cells: Cells, df: float | None) -> Floats:
    """Degrees of freedom of each cell: those asked for, or units less strata, at most the replicates'."""
    if df is not None:
        return np.full(cells.count, float(df))
    replicates = cells.sample.replicates
    if replicates is None:
        return cells.degrees_of_freedom
    return np.minimum(cells.degrees_of_freedom, replicates.df)


def replicate_points(cells: Cells, points: Callable[[Cells], Floats]) -> Floats:
    """Points of a statistic under each set of replicate weights: shape (R, cells, ...)."""
    replicates = cells.sample.replicates
    assert replicates is not None
    parts = (Cells(cells.sample.replicate(r), cells.code, cells.count) for r in range(replicates.count))
    return np.stack([points(part) for part in parts])


def _by_unit(cells: Cells) -> bool:
    """Whether a replicate only multiplies the weights of each unit, so that sums over units say all."""
    replicates = cells.sample.replicates
    return replicates is not None and not replicates.per_row and not cells.sample.calibrations


def _replicate_ratios(cells: Cells, above: Sequence[Floats], below: Floats | None) -> Floats:
    """Weighted sums of some variables over the sum of another (or as they are) in each replicate: (R, cells, k).

    Parameters
    ----------
    above, below : shape (n,) each.
    """
    replicates = cells.sample.replicates
    assert replicates is not None
    segments = cells.segments[0]
    place = (segments.cell, segments.unit)
    shape = (cells.count, segments.stage.stratum.size)

    def sums(values: Floats) -> Floats:
        by_unit = sparse.csr_array((segments.totals(cells.sample.weights * values), place), shape=shape)
        return np.asarray(by_unit @ replicates.multipliers).T

    numerators = np.stack([sums(values) for values in above], axis=2)
    return numerators if below is None else divide(numerators, sums(below)[:, :, None])


def replicate_deviations(points: Floats, full: Floats, replicates: Replicates) -> Floats:
    r"""Deviations under replicate weights whose squares add up to the variance :math:`s \sum_r s_r (\hat\theta_r - c)^2`.

    Parameters
    ----------
    points : shape (R, ...), under the replicates that are used (``replicates.used``).
    full : shape (...), the full sample's estimate, the centre c where ``mse``; else c is the replicates' mean.

    Returns
    -------
    Shape (R, ...); where the rest is one axis, ``d.T @ d`` is the covariance matrix.
    """
    centre = full if replicates.mse else points.mean(axis=0)
    factor = np.sqrt(replicates.scale * replicates.rscales[replicates.used])
    return np.asarray((points - centre) * factor.reshape(-1, *(1 for _ in full.shape)))


def replicate_variance(points: Floats, full: Floats, replicates: Replicates) -> Floats:
    """Variance from replicates, shape (...).

    Parameters
    ----------
    points : shape (R, ...), under all replicates.
    full : shape (...), the full sample's estimate.
    """
    return np.asarray((replicate_deviations(points[replicates.used], full, replicates) ** 2).sum(axis=0))


def _given(points: Floats) -> Floats:
    return points


def _replicate_share(distribution: Distribution, points: Floats, shares: Floats) -> Floats:
    cells = distribution.cells
    replicates = cells.sample.replicates
    assert replicates is not None
    below = [indicator(distribution, points[:, k]) for k in range(points.shape[1])]
    if _by_unit(cells):
        varied = _replicate_ratios(cells, below, np.ones(cells.sample.n))
        return replicate_variance(varied, shares, replicates)

    def means(part: Cells) -> Floats:
        return np.stack([divide(part.sums(part.sample.weights * one), part.population) for one in below], axis=1)

    return replicate_variance(replicate_points(cells, means), shares, replicates)
