r"""The named definitions of a weighted percentile.

Two packages that both say "percentile" often mean different things; a published table names its rule. With
:math:`w_{(i)}, y_{(i)}` in ascending order, :math:`S_i` the running sum of weights and :math:`S_n` its total:

============================  ==========================================================================
``inverse_cdf``, ``hf1``      :math:`\inf\{y: F(y) \ge p\}`; R ``survey`` "math"
``average``, ``stata``        the same, averaged with the next value where F(y) = p; Stata, statsmodels
``laeken``                    first value with F > p; R ``laeken``, ``vardpoor``
``linear``, ``sas``           linear on F over distinct values, the minimum below the first; SAS SURVEYMEANS
``hf2``, ``hf3``, ``hf4``     as R ``survey``: hf2 and hf4 use the first two values below the first step
``hf5`` … ``hf9``             linear between plotting positions, as R ``survey`` (Hyndman and Fan 1996)
============================  ==========================================================================
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wagekit.arrays import Codes, Floats
from wagekit.errors import EstimationError
from wagekit.options import Definition
from wagekit.statistics.distribution import TIE, Distribution
from wagekit.statistics.segments import run_starts, segment_search

Inverse = Callable[[Distribution, Floats], Floats]


def inverse(definition: Definition) -> Inverse:
    """The function (distribution, probabilities of shape (cells, k)) -> values of shape (cells, k).

    Raises
    ------
    EstimationError
        For a definition that is not known.
    """
    found = _DEFINITIONS.get(definition)
    if found is None:
        raise EstimationError(
            f"definition {definition!r} is not known",
            where="percentiles",
            expected=f"one of {', '.join(_DEFINITIONS)}",
        )
    return found


def _inverse_cdf(distribution: Distribution, p: Floats) -> Floats:
    return distribution.inverse(p)


def _step(d: Distribution, p: Floats, running: Floats, starts: Codes) -> tuple[Codes, Codes, Floats, Floats]:
    """Positions of the last running sum <= p S (the first where none is) and of the next, and their F."""
    target = np.nan_to_num(p) * d.sum[:, None] * (1.0 + TIE)
    first, last = starts[:-1, None], np.maximum(starts[1:, None] - 1, 0)
    low = np.maximum(segment_search(running, starts, target, "right") - 1, first)
    low = np.minimum(low, last)
    high = np.minimum(low + 1, last)
    with np.errstate(divide="ignore", invalid="ignore"):
        return low, high, running[low] / d.sum[:, None], running[high] / d.sum[:, None]


def _blank(d: Distribution, p: Floats, value: Floats) -> Floats:
    return np.where(np.isnan(p) | (np.diff(d.starts) == 0)[:, None], np.nan, value)


def _average(d: Distribution, p: Floats) -> Floats:
    if d.values.size == 0:
        return np.full(p.shape, np.nan)
    low, high, f_low, _ = _step(d, p, d.running, d.starts)
    at_step = np.abs(f_low - p) <= TIE * np.maximum(p, TIE)
    return _blank(d, p, np.where(at_step, (d.values[low] + d.values[high]) / 2, d.inverse(p)))


def _hf2(d: Distribution, p: Floats) -> Floats:
    if d.values.size == 0:
        return np.full(p.shape, np.nan)
    low, high, f_low, _ = _step(d, p, d.running, d.starts)
    at_step = p - f_low <= TIE * np.maximum(p, TIE)
    return _blank(d, p, np.where(at_step, (d.values[low] + d.values[high]) / 2, d.values[high]))


def _laeken(d: Distribution, p: Floats) -> Floats:
    if d.values.size == 0:
        return np.full(p.shape, np.nan)
    target = np.nan_to_num(p) * d.sum[:, None] * (1.0 + TIE)
    position = segment_search(d.running, d.starts, target, "right")
    last = np.maximum(d.starts[1:, None] - 1, 0)
    return _blank(d, p, d.values[np.minimum(position, last)])


def _distinct(d: Distribution) -> tuple[Floats, Floats, Codes]:
    """Distinct values of each cell, their running sums of weights and the cells' starts."""
    cell = np.repeat(np.arange(d.starts.size - 1), np.diff(d.starts))
    runs = run_starts(cell, d.values)
    starts = np.concatenate(([0], np.cumsum(np.bincount(cell[runs[:-1]], minlength=d.starts.size - 1))))
    return d.values[runs[:-1]], d.running[runs[1:] - 1], starts


def _linear(d: Distribution, p: Floats) -> Floats:
    if d.values.size == 0:
        return np.full(p.shape, np.nan)
    values, running, starts = _distinct(d)
    return _interpolate(d, p, values, running / np.repeat(d.sum, np.diff(starts)), starts)


def _interpolate(d: Distribution, p: Floats, values: Floats, at: Floats, starts: Codes) -> Floats:
    """Linear between the points (at, values) of each cell, constant beyond them."""
    first, last = starts[:-1, None], np.maximum(starts[1:, None] - 1, 0)
    target = np.where(np.isnan(p), np.inf, p)
    high = np.minimum(segment_search(at, starts, target * (1.0 - TIE)), last)
    low = np.maximum(high - 1, first)
    gap = at[high] - at[low]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(gap > 0, (target - at[low]) / gap, 1.0)
    share = np.where(share > 1.0 - TIE, 1.0, np.where(share < TIE, 0.0, share))
    return _blank(d, p, values[low] + share * (values[high] - values[low]))


def _hf3(d: Distribution, p: Floats) -> Floats:
    if d.values.size == 0:
        return np.full(p.shape, np.nan)
    values, running, starts = _distinct(d)
    low, high, f_low, _ = _step(d, p, running, starts)
    even = (low - starts[:-1, None] + 1) % 2 == 0
    return _blank(d, p, np.where((p - f_low <= TIE * np.maximum(p, TIE)) & even, values[low], values[high]))


def _hf4(d: Distribution, p: Floats) -> Floats:
    if d.values.size == 0:
        return np.full(p.shape, np.nan)
    low, high, f_low, f_high = _step(d, p, d.running, d.starts)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (p - f_low) / (f_high - f_low)
    share = np.where(high == low, 0.0, share)
    return _blank(d, p, d.values[low] * (1 - share) + d.values[high] * share)


def _plotting(offset_before: float, offset_own: float, end: float) -> Inverse:
    """Positions (offset_before S_(i-1) + offset_own S_i) / (S_n + end w_n)."""

    def positions(d: Distribution, p: Floats) -> Floats:
        if d.values.size == 0:
            return np.full(p.shape, np.nan)
        last = np.maximum(d.starts[1:] - 1, 0)
        length = np.diff(d.starts)
        before = d.running - d.weights
        before[d.starts[:-1][length > 0]] = 0.0
        whole = np.repeat(d.sum + end * d.weights[last], length)
        at = (offset_before * before + offset_own * d.running) / whole
        return _interpolate(d, p, d.values, at, d.starts)

    return positions


_DEFINITIONS: dict[str, Inverse] = {
    "inverse_cdf": _inverse_cdf,
    "average": _average,
    "linear": _linear,
    "laeken": _laeken,
    "sas": _linear,
    "stata": _average,
    "hf1": _inverse_cdf,
    "hf2": _hf2,
    "hf3": _hf3,
    "hf4": _hf4,
    "hf5": _plotting(0.5, 0.5, 0.0),
    "hf6": _plotting(0.0, 1.0, 1.0),
    "hf7": _plotting(1.0, 0.0, -1.0),
    "hf8": _plotting(1 / 3, 2 / 3, 1 / 3),
    "hf9": _plotting(3 / 8, 5 / 8, 1 / 4),
}
