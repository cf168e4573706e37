"""From a statistic to its estimates in every cell: variance by linearization or by replicates, intervals, flags."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from wagekit.arrays import Codes, Floats, Words, divide
from wagekit.design import Replicates
from wagekit.errors import EstimationError
from wagekit.options import Definition, IntervalMethod
from wagekit.statistics.cells import Cells
from wagekit.statistics.definitions import inverse
from wagekit.statistics.distribution import Distribution
from wagekit.statistics.intervals import linear_interval
from wagekit.statistics.percentiles import percentile_scores, percentiles, taylor_share
from wagekit.statistics.result import Result
from wagekit.statistics.variance import Linearized, standard_error, variance

Statistic = Callable[[Cells], Result]


@dataclass(frozen=True, eq=False)
class Estimated:
    """Estimates of k statistics in every cell.

    Parameters
    ----------
    point, se, lower, upper, deff, flag : shape (cells, k).
    df : shape (cells,).
    linearize : for each statistic what gives its linearized variable.
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


def estimate(cells: Cells, statistic: Statistic, *, level: float, df: float | None = None) -> Estimated:
    """Estimate one statistic in every cell.

    Parameters
    ----------
    statistic : from cells to a :class:`Result`; called once for each set of replicate weights too.
    level : confidence level.
    df : degrees of freedom instead of those of the design; ``inf`` for the normal.
    """
    result = statistic(cells)
    replicates = cells.sample.replicates
    replicated = None
    if replicates is None:
        variances = variance(cells, result.linearize())
    else:
        points = replicate_points(cells, lambda part: statistic(part).point[:, None])
        variances = replicate_variance(points[:, :, 0], result.point, replicates)
        replicated = partial(_given, points)
    se, flag = standard_error(cells, variances, result.scale, centred=result.centred)
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
    return Estimated(cells, point, se, lower, upper, deff, flag[:, None], degrees, (result.linearize,), replicated)


def estimate_percentiles(
    cells: Cells,
    y: Floats,
    order: Codes,
    probabilities: Floats,
    *,
    level: float,
    definition: Definition = "inverse_cdf",
    interval: IntervalMethod = "woodruff",
    df: float | None = None,
) -> Estimated:
    """Estimate percentiles in every cell.

    Parameters
    ----------
    y : shape (n,), with any number where a row is in no cell.
    order : shape (n,), rows in ascending order of `y`.
    probabilities : shape (k,).
    """
    if (cells.sample.weights < 0).any():
        raise EstimationError(
            f"{int((cells.sample.weights < 0).sum())} weights are negative, so F is no distribution function",
            where="percentiles",
            do='Calibrate with bounds or with method="raking" or "logit"',
        )
    distribution = Distribution(cells, y, order)
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

    def points() -> Floats:
        return replicate_points(cells, lambda part: read(Distribution(part, y, order), wanted))

    if interval == "replicates" and replicates is not None:
        spread = replicate_variance(points(), done.point, replicates)
        lost = np.isin(flag, ["", "limit_outside_data", "zero_variance"])
        flag = np.where(lost, np.where(spread > 0, "", "zero_variance"), flag)
        se = np.where(flag == "", np.sqrt(spread), np.nan)
        lower, upper = linear_interval(done.point, se, degrees[:, None], level)

    def linearize(k: int) -> Callable[[], Linearized]:
        return lambda: Linearized(percentile_scores(distribution, done, k))

    scores = tuple(linearize(k) for k in range(probabilities.size))
    replicated = None if replicates is None else points
    return Estimated(cells, done.point, se, lower, upper, done.deff, flag, degrees, scores, replicated)


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


def replicate_variance(points: Floats, full: Floats, replicates: Replicates) -> Floats:
    r"""Variance from replicates, :math:`s \sum_r s_r (\hat\theta_r - c)^2`.

    Parameters
    ----------
    points : shape (R, ...).
    full : shape (...), the full sample's estimate, the centre c where ``mse``; else c is the replicates' mean,
        taken over those with a positive factor.
    """
    used = replicates.rscales > 0
    centre = full if replicates.mse else points[used].mean(axis=0)
    squared = (points[used] - centre) ** 2
    return np.asarray(replicates.scale * np.tensordot(replicates.rscales[used], squared, axes=1))


def _given(points: Floats) -> Floats:
    return points


def _replicate_share(cells: Cells, indicator: Floats, share: Floats) -> Floats:
    replicates = cells.sample.replicates
    assert replicates is not None

    def mean(part: Cells) -> Floats:
        return divide(part.sums(part.sample.weights * indicator), part.population)

    return replicate_variance(replicate_points(cells, mean), share, replicates)
