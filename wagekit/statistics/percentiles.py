r"""Weighted percentiles with their confidence intervals, all cells and all percentiles at once.

Notes
-----
The default definition is :math:`\hat q_p = \inf\{y : \hat F(y) \ge p\}` with the weighted distribution
function of the cell. Intervals follow Woodruff (1952): the variance of :math:`\hat F(\hat q)` as a mean of
:math:`1[y \le \hat q]`, an interval for that probability, and its ends read back through the same definition.
The standard error is :math:`(q_{upper} - q_{lower}) / (2 t_{df})`, as R's ``svyquantile``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from wagekit.arrays import Floats, Words, divide
from wagekit.design import Stage
from wagekit.intervals import beta_interval, linear_interval, logit_interval, t_quantile
from wagekit.options import Definition, IntervalMethod
from wagekit.statistics.acceleration import compiled
from wagekit.statistics.cells import Cells
from wagekit.statistics.definitions import inverse
from wagekit.statistics.deviations import Linearized
from wagekit.statistics.distribution import Distribution
from wagekit.statistics.result import Result, simple_random_variance
from wagekit.statistics.variance import by_stratum, require_variance, standard_error, variance

ShareVariance = Callable[[Distribution, Floats, Floats], Floats]
"""From a distribution, points of each cell and F there to the variances of F, all of shape (cells, k)."""


@dataclass(frozen=True, eq=False)
class Percentiles:
    """Percentiles of every cell: all arrays have shape (cells, k).

    Parameters
    ----------
    share, share_se : F at each percentile and its standard error.
    """

    point: Floats
    se: Floats
    lower: Floats
    upper: Floats
    deff: Floats
    flag: Words
    share: Floats
    share_se: Floats


def indicator_scores(cells: Cells, indicator: Floats, share: Floats) -> Floats:
    """Linearized mean of an indicator, shape (n,): w (1[..] - share) / W of the row's cell."""
    per_weight = divide(np.ones(cells.count), cells.population)
    return cells.sample.weights * (indicator - cells.spread(share)) * cells.spread(per_weight)


def percentile_scores(distribution: Distribution, point: Floats, share: Floats, slope: Floats) -> Floats:
    r"""Linearized percentile on the scale of the variable, shape (n,).

    Parameters
    ----------
    point, share : the percentile of each cell and F there, shape (cells,).
    slope : standard error of the percentile over that of F, shape (cells,).

    Notes
    -----
    :math:`-(se_q / se_F) \, w (1[y \le q] - F) / W`: the slope of the quantile function is read off the Woodruff
    interval, so that the variance of one percentile alone is the published one (Francisco and Fuller 1991).
    """
    cells = distribution.cells
    return -indicator_scores(cells, indicator(distribution, point), share) * cells.spread(slope)


PLAIN: tuple[Definition, ...] = ("inverse_cdf", "hf1")
"""Definitions that are inf{y: F(y) >= p}."""


def percentiles(
    distribution: Distribution,
    probabilities: Floats,
    *,
    share_variance: ShareVariance,
    level: float = 0.95,
    definition: Definition = "inverse_cdf",
    interval: IntervalMethod = "woodruff",
    df: Floats | None = None,
) -> Percentiles:
    """Percentiles with standard errors and limits.

    Parameters
    ----------
    distribution : the variable over the table's cells.
    probabilities : shape (k,), F in (0, 1).
    share_variance : gives the variance of the mean of an indicator (by linearization or replicates).
    level : confidence level.
    definition : see :mod:`wagekit.statistics.definitions`.
    interval : how the interval for the probability is made.
    df : shape (cells,), degrees of freedom; those of the design where None.
    """
    cells = distribution.cells
    plain = definition in PLAIN
    read = inverse(definition)
    wanted = np.broadcast_to(probabilities, (cells.count, probabilities.size)).copy()
    if plain:
        point, share = distribution.read(wanted)
    else:
        point = read(distribution, wanted)
        share = distribution.cumulative(point)
    freedom = cells.degrees_of_freedom if df is None else df
    variances = share_variance(distribution, point, share)
    share_se, flag = standard_error(cells, variances, np.ones(point.shape), centred=True)
    if interval == "beta":
        limits = beta_interval(share, share_se, freedom[:, None], cells.respondents[:, None], level)
    else:
        make = logit_interval if interval == "logit" else linear_interval
        limits = make(share, share_se, freedom[:, None], level)
    deff = divide(share_se**2, simple_random_variance(cells, (share * (1 - share)).T).T)
    below, above = limits[0] < 0, limits[1] > 1
    limits[0][below], limits[1][above] = np.nan, np.nan
    if plain:
        lower, upper = np.split(distribution.read(np.hstack([limits[0], limits[1]]))[0], 2, axis=1)
    else:
        lower, upper = read(distribution, limits[0]), read(distribution, limits[1])
    se = (upper - lower) / (2 * t_quantile(freedom, level)[:, None])
    fine = flag == ""
    flag[fine & (below | above)] = "limit_outside_data"
    flag[fine & (freedom[:, None] <= 0)] = "no_df"
    # An interval that shrinks to one observed value (ties, too few values) is no proof of exactness.
    flat = fine & (se == 0)
    flag[flat] = "zero_variance"
    se[flat] = np.nan
    return Percentiles(point, se, lower, upper, deff, flag, share, share_se)


def taylor_share(distribution: Distribution, points: Floats, shares: Floats) -> Floats:
    """Variances of F at points of each cell by linearization; all of shape (cells, k)."""
    cells = distribution.cells
    passes = compiled(cells.sample.n)
    if passes is None or cells.sample.calibrations:
        below = [indicator(distribution, points[:, k]) for k in range(points.shape[1])]
        scores = [indicator_scores(cells, each, shares[:, k]) for k, each in enumerate(below)]
        return np.stack([variance(cells, Linearized(own)) for own in scores], axis=1)
    require_variance(cells.sample)
    total = np.zeros(points.shape)
    for low in range(0, points.shape[1], LANES):
        chosen = slice(low, low + LANES)
        for stage in cells.sample.stages:
            total[:, chosen] += _some_shares(passes, distribution, stage, points[:, chosen], shares[:, chosen])
    return total


LANES = 8
"""Points whose indicators one compiled pass sums side by side, in registers of that width."""


def _some_shares(
    passes: ModuleType, distribution: Distribution, stage: Stage, points: Floats, shares: Floats
) -> Floats:
    """One stage's variances of F at not more than `LANES` points of each cell."""
    cells, given = distribution.cells, points.shape[1]
    pairs, whole = cells.pairs(stage), divide(np.ones(cells.count), cells.population)
    values, weights = distribution.variable.along(stage), cells.sample.weights_in_order(stage)
    padded = np.full((2, cells.count, LANES), -np.inf)
    padded[1] = 0.0
    padded[0, :, :given], padded[1, :, :given] = points, shares
    pair_of_row = pairs.pair_of_row

    def work(index: int, of_part: tuple[Any, ...], *design: Any) -> Any:
        part = pairs.parts[index]
        rows, starts = pairs.rows(part), stage.starts[part.low : part.high + 1]
        own = (pair_of_row[index], starts - starts[0], values[rows], weights[rows], padded[0], padded[1])
        return passes.share_variance(*own, *of_part, whole, cells.count, (0,) * LANES, *design)

    return by_stratum(work, cells, stage)[:, :given]


def indicator(distribution: Distribution, threshold: Floats) -> Floats:
    """1[y <= threshold of the row's cell], shape (n,)."""
    return (distribution.y <= distribution.cells.spread(threshold)).astype(np.float64)


def percentile(distribution: Distribution, probability: float) -> Result:
    """One percentile of each cell as a :class:`Result`, to be combined with others."""
    wanted = np.array([probability])
    point = distribution.read(np.full((distribution.cells.count, 1), probability))[0][:, 0]

    def linearize() -> Linearized:
        done = percentiles(distribution, wanted, share_variance=taylor_share)
        slope = divide(done.se[:, 0], done.share_se[:, 0])
        return Linearized(percentile_scores(distribution, done.point[:, 0], done.share[:, 0], slope))

    return Result(point, linearize, np.abs(point))
