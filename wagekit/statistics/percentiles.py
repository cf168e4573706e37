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

import numpy as np

from wagekit.arrays import Floats, Words, divide
from wagekit.options import Definition, IntervalMethod
from wagekit.statistics.cells import Cells
from wagekit.statistics.definitions import inverse
from wagekit.statistics.distribution import Distribution
from wagekit.statistics.intervals import beta_interval, linear_interval, logit_interval, t_quantile
from wagekit.statistics.result import Result, simple_random_variance
from wagekit.statistics.variance import Linearized, standard_error, variance

ShareVariance = Callable[[Cells, Floats, Floats], Floats]
"""From cells, an indicator of shape (n,) and its mean in each cell to the variance of that mean."""


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


def percentile_scores(distribution: Distribution, estimated: Percentiles, k: int) -> Floats:
    r"""Linearized percentile k on the scale of the variable, shape (n,).

    Notes
    -----
    :math:`-(se_q / se_F) \, w (1[y \le q] - F) / W`: the slope of the quantile function is read off the Woodruff
    interval, so that the variance of one percentile alone is the published one (Francisco and Fuller 1991).
    """
    cells = distribution.cells
    slope = divide(estimated.se[:, k], estimated.share_se[:, k])
    below = (distribution.y <= cells.spread(estimated.point[:, k])).astype(np.float64)
    return -indicator_scores(cells, below, estimated.share[:, k]) * cells.spread(slope)


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
    read = inverse(definition)
    point = read(distribution, np.broadcast_to(probabilities, (cells.count, probabilities.size)).copy())
    share = distribution.cumulative(point)
    freedom = cells.degrees_of_freedom if df is None else df
    share_se, deff = np.empty_like(point), np.empty_like(point)
    limits = np.empty((2, *point.shape))
    flag = np.full(point.shape, "", dtype="<U20")
    for k in range(probabilities.size):
        below = (distribution.y <= cells.spread(point[:, k])).astype(np.float64)
        variances = share_variance(cells, below, share[:, k])
        share_se[:, k], flag[:, k] = standard_error(cells, variances, np.ones(cells.count), centred=True)
        simple = simple_random_variance(cells, (below - cells.spread(share[:, k])) ** 2)
        deff[:, k] = divide(share_se[:, k] ** 2, simple)
        if interval == "beta":
            limits[:, :, k] = beta_interval(share[:, k], share_se[:, k], freedom, cells.respondents, level)
        else:
            make = logit_interval if interval == "logit" else linear_interval
            limits[:, :, k] = make(share[:, k], share_se[:, k], freedom, level)
    outside = (limits[0] < 0) | (limits[1] > 1)
    limits[0] = np.where(limits[0] < 0, np.nan, limits[0])
    limits[1] = np.where(limits[1] > 1, np.nan, limits[1])
    lower, upper = read(distribution, limits[0]), read(distribution, limits[1])
    se = (upper - lower) / (2 * t_quantile(freedom, level)[:, None])
    flag = np.where((flag == "") & (freedom[:, None] <= 0), "no_df", flag)
    flag = np.where((flag == "") & outside, "limit_outside_data", flag)
    # An interval that shrinks to one observed value (ties, too few values) is no proof of exactness.
    flat = (flag == "") & (se == 0)
    flag = np.where(flat, "zero_variance", flag)
    se = np.where(flat, np.nan, se)
    return Percentiles(point, se, lower, upper, deff, flag, share, share_se)


def taylor_share(cells: Cells, indicator: Floats, share: Floats) -> Floats:
    """Variance of the mean of an indicator by linearization."""
    return variance(cells, Linearized(indicator_scores(cells, indicator, share)))


def percentile(distribution: Distribution, probability: float) -> Result:
    """One percentile of each cell as a :class:`Result`, to be combined with others."""
    wanted = np.array([probability])
    point = distribution.inverse(np.full((distribution.cells.count, 1), probability))[:, 0]

    def linearize() -> Linearized:
        done = percentiles(distribution, wanted, share_variance=taylor_share)
        return Linearized(percentile_scores(distribution, done, 0))

    return Result(point, linearize, np.abs(point))
