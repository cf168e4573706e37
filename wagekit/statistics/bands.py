r"""Means over a band of the distribution: trimmed, winsorized, and the bands that Chinese tables publish.

The high, middle and low figures of some cities are not percentiles but means: of the best-paid 10 %, of the
middle 40 %, of the least-paid 10 %. All are the mean between two points of the distribution.

Notes
-----
With the generalized Lorenz curve :math:`L(p) = \int_0^p q(u) du` the mean between a and b is
:math:`(L(b) - L(a)) / (b - a)`; the observation on an end counts with the part of its weight inside. The
influence of y on :math:`L(p)` is :math:`y 1[y \le q_p] + q_p (p - 1[y \le q_p]) - L(p)`, free of any density
(Langel and Tillé 2011).
"""

from __future__ import annotations

import numpy as np

from wagekit.arrays import Floats, divide
from wagekit.statistics.deviations import Linearized
from wagekit.statistics.distribution import Distribution
from wagekit.statistics.inequality import density
from wagekit.statistics.result import Result
from wagekit.statistics.segments import segment_running_sum, segment_search


def band_mean(d: Distribution, low: float, high: float) -> Result:
    """Mean of the part of each cell between two points of its distribution.

    Parameters
    ----------
    low, high : 0 <= low < high <= 1.
    """
    lower, upper = _lorenz(d, low), _lorenz(d, high)
    width = high - low
    point = divide(upper[1] - lower[1], np.full(d.cells.count, width))

    def linearize() -> Linearized:
        scores = (_influence(d, high, *upper) - _influence(d, low, *lower)) / width
        return Linearized(d.to_rows(divide(d.weights * scores, d.sum[d.cell])))

    return Result(point, linearize, np.abs(point))


def winsorized_mean(d: Distribution, low: float, high: float) -> Result:
    """Mean of each cell with pay below one percentile raised to it and pay above another cut to it."""
    lower, upper = _lorenz(d, low), _lorenz(d, high)
    point = upper[1] - lower[1] + (low * lower[0] if low > 0 else 0.0) + ((1 - high) * upper[0] if high < 1 else 0.0)

    def linearize() -> Linearized:
        scores = _influence(d, high, *upper) - _influence(d, low, *lower)
        for p, share, quantile in ((low, low, lower[0]), (high, 1 - high, upper[0])):
            if 0 < p < 1:
                height = density(d, quantile)[d.cell]
                scores = scores - share * divide(np.where(d.values <= quantile[d.cell], 1 - p, -p), height)
        return Linearized(d.to_rows(divide(d.weights * scores, d.sum[d.cell])))

    return Result(point, linearize, np.abs(point))


def _lorenz(d: Distribution, p: float) -> tuple[Floats, Floats]:
    """q_p and L(p) of each cell."""
    count = d.cells.count
    pay = segment_running_sum(d.weights * d.values, d.starts)
    if d.values.size == 0:
        return np.full(count, np.nan), np.full(count, np.nan)
    last = np.maximum(d.starts[1:] - 1, 0)
    if p <= 0:
        return np.full(count, -np.inf), np.zeros(count)
    if p >= 1:
        return np.full(count, np.inf), divide(pay[last], d.sum)
    target = (p * d.sum)[:, None]
    position = np.minimum(segment_search(d.running, d.starts, target)[:, 0], last)
    quantile = d.values[position]
    before = d.running[position] - d.weights[position]
    below = pay[position] - d.weights[position] * quantile
    return quantile, divide(below + (p * d.sum - before) * quantile, d.sum)


def _influence(d: Distribution, p: float, quantile: Floats, lorenz: Floats) -> Floats:
    """Influence of each ordered row on L(p), not weighted."""
    if p <= 0:
        return np.zeros(d.values.size)
    if p >= 1:
        return d.values - lorenz[d.cell]
    at = quantile[d.cell]
    # y 1[y <= q] + q (p - 1[y <= q]) - L(p) is min(y - q, 0) less its mean, since L(p) - p q is that mean.
    short = np.minimum(d.values - at, 0.0)
    return short - divide(d.sums(d.weights * short), d.sum)[d.cell]
