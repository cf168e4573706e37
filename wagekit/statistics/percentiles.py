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

from wagekit.arrays import Floats, Words
from wagekit.options import Definition, IntervalMethod
from wagekit.statistics.cells import Cells
from wagekit.statistics.definitions import inverse
from wagekit.statistics.distribution import Distribution
from wagekit.statistics.intervals import beta_interval, linear_interval, logit_interval, t_quantile
from wagekit.statistics.result import divide, simple_random_variance
from wagekit.statistics.variance import Linearized, standard_error

Variance = Callable[[Cells, Linearized], Floats]


@dataclass(frozen=True, eq=False)
class Percentiles:
    """Percentiles of every cell: all arrays have shape (cells, k)."""

    point: Floats
    se: Floats
    lower: Floats
    upper: Floats
    deff: Floats
    flag: Words


def indicator_scores(cells: Cells, y: Floats, threshold: Floats, share: Floats) -> Floats:
    """Linearized F(threshold), shape (n,): w (1[y <= threshold] - F) / W, thresholds and F of shape (cells,)."""
    weights = cells.sample.weights
    per_weight = divide(np.ones(cells.count), cells.population)
    below = y <= cells.spread(threshold)
    return weights * (below - cells.spread(share)) * cells.spread(per_weight)


def percentiles(
    distribution: Distribution,
    probabilities: Floats,
    *,
    variance: Variance,
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
    variance : gives the variance of a linearized variable in every cell (Taylor or replicates).
    level : confidence level.
    definition : see :mod:`wagekit.statistics.definitions`.
    interval : how the interval for the probability is made.
    df : shape (cells,), degrees of freedom; those of the design where None.
    """
    cells = distribution.cells
    read = inverse(definition)
    p = np.broadcast_to(probabilities, (cells.count, probabilities.size)).copy()
    point = read(distribution, p)
    share = distribution.cumulative(point)
    freedom = cells.degrees_of_freedom if df is None else df
    shape = point.shape
    limits = np.full((2, *shape), np.nan)
    deff = np.full(shape, np.nan)
    flag = np.full(shape, "", dtype="<U20")
    for k in range(shape[1]):
        scores = indicator_scores(cells, distribution.y, point[:, k], share[:, k])
        variances = variance(cells, Linearized(scores))
        errors, flag[:, k] = standard_error(cells, variances, np.ones(cells.count), centred=True)
        if interval == "beta":
            limits[:, :, k] = beta_interval(share[:, k], errors, freedom, cells.respondents, level)
        else:
            make = logit_interval if interval == "logit" else linear_interval
            limits[:, :, k] = make(share[:, k], errors, freedom, level)
        below = distribution.y <= cells.spread(point[:, k])
        simple = simple_random_variance(cells, (below - cells.spread(share[:, k])) ** 2)
        deff[:, k] = divide(errors**2, simple)
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
    return Percentiles(point, se, lower, upper, deff, flag)
