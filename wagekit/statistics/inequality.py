r"""Inequality of pay: Gini, S80/S20, Theil, the share of low pay.

Notes
-----
Linearized variables after Deville (1999) and Osier (2009). Where one needs the density of wages at a point it
is estimated with a Gaussian kernel and the bandwidth :math:`\hat\sigma \hat N^{-1/5}`, as R ``convey`` does,
so that standard errors agree with it.
"""

from __future__ import annotations

import numpy as np

from wagekit.arrays import Flags, Floats, divide
from wagekit.statistics.deviations import Linearized
from wagekit.statistics.distribution import Distribution
from wagekit.statistics.result import Result
from wagekit.statistics.segments import segment_running_sum


def gini(d: Distribution) -> Result:
    r"""Gini coefficient of each cell, in [0, 1].

    Notes
    -----
    :math:`\hat G = (2 \sum_k w_k y_k S_k - \sum_k w_k^2 y_k) / (\sum w \sum w y) - 1` with the running sum
    :math:`S_k` of weights, the value of R ``laeken``; unlike ``convey``'s it does not move when all weights
    are scaled. Linearized as the quotient that it is.
    """
    cells, w, y = d.cells, d.weights, d.values
    pay = w * y
    n, total = d.sum, d.sums(pay)
    numerator = d.sums(2 * pay * d.running - w * pay)
    value = divide(numerator, n * total)
    point = value - 1

    def linearize() -> Linearized:
        above = total[d.cell] - segment_running_sum(pay, d.starts)
        own = 2 * (above + y * d.running)
        scores = divide(own, (n * total)[d.cell]) - value[d.cell] * (
            divide(y, total[d.cell]) + divide(np.ones(y.size), n[d.cell])
        )
        return Linearized(d.to_rows(w * scores))

    return Result(_where_defined(d, point, total > 0), linearize, np.ones(cells.count))


def s80s20(d: Distribution) -> Result:
    """Pay of the best-paid fifth over pay of the least-paid fifth (Eurostat's income quintile share ratio)."""
    cells, w, y = d.cells, d.weights, d.values
    cut = d.inverse(np.broadcast_to(np.array([0.2, 0.8]), (cells.count, 2)))
    low, high = cut[:, 0], cut[:, 1]
    poor, rich = y <= low[d.cell], y > high[d.cell]
    bottom, top = d.sums(w * y * poor), d.sums(w * y * rich)
    point = divide(top, bottom)

    def linearize() -> Linearized:
        poorest = y * poor - _quantile_of_total(d, low)[d.cell] * (poor - 0.2)
        richest = y * rich + _quantile_of_total(d, high)[d.cell] * ((y <= high[d.cell]) - 0.8)
        scores = divide(richest, bottom[d.cell]) - point[d.cell] * divide(poorest, bottom[d.cell])
        return Linearized(d.to_rows(w * scores))

    return Result(_where_defined(d, point, bottom > 0), linearize, np.abs(point), centred=True)


def theil(d: Distribution) -> Result:
    r"""Theil index :math:`\sum w (y/\bar y) \log(y/\bar y) / \sum w`; pay of 0 counts with its limit 0."""
    cells, w, y = d.cells, d.weights, d.values
    mean = divide(d.sums(w * y), d.sum)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = y / mean[d.cell]
        entropy = np.where(share > 0, share * np.log(share), 0.0)
    point = divide(d.sums(w * entropy), d.sum)
    defined = (mean > 0) & (d.sums((y < 0).astype(float)) == 0)

    def linearize() -> Linearized:
        scores = entropy - point[d.cell] - (point[d.cell] + 1) * (share - 1)
        return Linearized(d.to_rows(w * divide(scores, d.sum[d.cell])))

    return Result(_where_defined(d, point, defined), linearize, np.ones(cells.count))


def low_pay_share(d: Distribution, whole: Distribution | None, share: float) -> Result:
    r"""Share of workers paid at most `share` of the median.

    Parameters
    ----------
    d : pay in the cells.
    whole : pay of everyone in one cell, whose median sets one line for all; None: each cell its own median.
    share : the line as a share of the median; 2/3 for low pay (OECD, Eurostat).

    Notes
    -----
    The line is itself an estimate: with :math:`t = s \hat q_{.5}` the linearized variable gains
    :math:`\hat f_c(t) \, s \, z_{median}` over all rows that the median was taken from (Osier 2009, 4.1).
    """
    cells = d.cells
    source = d if whole is None else whole
    median = source.inverse(np.full((source.cells.count, 1), 0.5))[:, 0]
    line = share * (median if whole is None else np.full(cells.count, median[0]))
    point = d.cumulative(line[:, None])[:, 0]

    def linearize() -> Linearized:
        below = d.values <= line[d.cell]
        own = d.to_rows(divide(d.weights * (below - point[d.cell]), d.sum[d.cell]))
        slope = share * density(d, line)
        height = density(source, median)
        under = np.where(source.values <= median[source.cell], 0.5, -0.5)
        per_share = divide(divide(np.ones(height.size), source.sum), height)
        median_scores = source.to_rows(-source.weights * under * per_share[source.cell])
        if whole is None:
            return Linearized(own + median_scores * cells.spread(slope))
        return Linearized(own, median_scores[:, None], slope[:, None])

    return Result(point, linearize, np.ones(cells.count))


def density(d: Distribution, at: Floats) -> Floats:
    """Kernel estimate of the density of each cell at one point a cell: shape (cells,)."""
    kernel, bandwidth = _kernel(d, at)
    return divide(divide(d.sums(d.weights * kernel), d.sum), bandwidth)


def _quantile_of_total(d: Distribution, at: Floats) -> Floats:
    """Slope of the total below q as F(q) moves: the kernel-weighted mean of pay about q."""
    kernel, _ = _kernel(d, at)
    return divide(d.sums(d.weights * d.values * kernel), d.sums(d.weights * kernel))


def _kernel(d: Distribution, at: Floats) -> tuple[Floats, Floats]:
    mean = divide(d.sums(d.weights * d.values), d.sum)
    spread = divide(d.sums(d.weights * (d.values - mean[d.cell]) ** 2), d.sum)
    with np.errstate(divide="ignore", invalid="ignore"):
        bandwidth: Floats = np.sqrt(spread) / np.exp(0.2 * np.log(d.sum))
        u = (at[d.cell] - d.values) / bandwidth[d.cell]
        return np.exp(-(u**2) / 2) / np.sqrt(2 * np.pi), bandwidth


def _where_defined(d: Distribution, point: Floats, defined: Flags) -> Floats:
    return np.where((d.sum > 0) & defined, point, np.nan)
