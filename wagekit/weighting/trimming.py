"""Trimming: weights cut to bounds, the total kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wagekit.arrays import Codes, Flags, Floats, sums_by
from wagekit.errors import DesignError, InputError
from wagekit.options import Spreading


@dataclass(frozen=True, eq=False)
class Trimmed:
    """Trimmed weights.

    Parameters
    ----------
    weights : shape (n,), with the same sum (in each cell) as before.
    lower, upper : shape (n,), bounds of each row.
    trimmed : shape (n,), rows whose weight was outside the bounds.
    iterations : passes made.
    """

    weights: Floats
    lower: Floats
    upper: Floats
    trimmed: Flags
    iterations: int


def trim(
    weights: Floats,
    *,
    lower: float | None = None,
    upper: float | None = None,
    iqr: float | None = None,
    cell: Codes | None = None,
    spreading: Spreading = "proportional",
    maximum_iterations: int = 200,
) -> Trimmed:
    """Cut weights to bounds and spread what is cut off, until all weights lie within and the sum is as before.

    Parameters
    ----------
    weights : shape (n,).
    lower, upper : fixed bounds; None for none.
    iqr : k, for the upper bound median + k x interquartile range (of the cell), the customary rule for
        outlying weights; in place of `upper`. Percentiles are linear between order statistics.
    cell : shape (n,), 0 … C-1: the sum is kept, and the iqr rule taken, in each cell; None for overall.
    spreading : ``proportional``: the weights within bounds keep their ratios to one another, c x w with one c
        a cell; ``equal``: each untouched weight gets the same amount, pass by pass (R's ``trimWeights`` with
        ``strict=TRUE``).
    maximum_iterations : passes at most.

    Raises
    ------
    InputError
        For bounds that don't fit together.
    DesignError
        If no weights within the bounds have the sum: names the cells.

    Examples
    --------
    >>> trim(np.array([1.0, 2, 3, 14]), upper=8).weights.tolist()
    [2.0, 4.0, 6.0, 8.0]
    >>> trim(np.array([1.0, 2, 3, 14]), upper=8, spreading="equal").weights.tolist()
    [3.0, 4.0, 5.0, 8.0]
    """
    if upper is not None and iqr is not None:
        raise InputError("both upper and iqr are given", where="trim", expected="one of them")
    if lower is None and upper is None and iqr is None:
        raise InputError("no bound is given", where="trim", expected="lower, upper or iqr")
    if not np.isfinite(weights).all():
        raise InputError("missing or infinite weights", where="trim", expected="finite weights")
    code = np.zeros(weights.size, dtype=np.int64) if cell is None else cell
    count = int(code.max()) + 1
    low = np.full(count, -np.inf if lower is None else float(lower))
    high = np.full(count, np.inf if upper is None else float(upper))
    if iqr is not None:
        high = _median_and_range(weights, code, count, float(iqr))
    if (low > high).any():
        place = int(np.flatnonzero(low > high)[0])
        raise InputError(f"lower {low[place]:g} above upper {high[place]:g}", where=f"trim, cell {place}")
    outside = (weights < low[code]) | (weights > high[code])
    _check_feasible(weights, code, count, low, high)
    if not outside.any():
        return Trimmed(weights.copy(), low[code], high[code], outside, 0)
    spread = _proportional if spreading == "proportional" else _equal
    result, iterations = spread(weights, code, count, low[code], high[code], maximum_iterations)
    concerned = np.bincount(code[outside], minlength=count) > 0
    result = np.where(concerned[code], result, weights)
    return Trimmed(result, low[code], high[code], outside, iterations)


def _median_and_range(weights: Floats, code: Codes, count: int, k: float) -> Floats:
    import pandas as pd

    found = pd.Series(weights).groupby(code).quantile(np.array([0.25, 0.5, 0.75])).unstack()
    upper = found[0.5] + k * (found[0.75] - found[0.25])
    return np.asarray(upper.reindex(range(count)).to_numpy(dtype=np.float64))


def _check_feasible(weights: Floats, code: Codes, count: int, low: Floats, high: Floats) -> None:
    rows = np.bincount(code, minlength=count)
    total = sums_by(code, weights, count)
    with np.errstate(invalid="ignore"):
        least, most = np.where(rows > 0, rows * low, 0.0), np.where(rows > 0, rows * high, 0.0)
    slack = 1e-12 * np.abs(total)
    off = (total < least - slack) | (total > most + slack)
    if off.any():
        place = int(np.flatnonzero(off)[0])
        raise DesignError(
            f"{int(off.sum())} cells can't keep their total, the first cell {place}: {rows[place]} weights with a "
            f"sum of {total[place]:,.10g} against {least[place]:,.10g} to {most[place]:,.10g} within the bounds",
            where="trim",
            expected="bounds that leave room for the total",
            do="Widen the bounds, or keep the total over larger cells",
        )


def _proportional(
    weights: Floats, code: Codes, count: int, low: Floats, high: Floats, passes: int
) -> tuple[Floats, int]:
    """c x w cut to bounds, with the c of each cell by bisection and a last exact step on the linear piece."""
    if (weights < 0).any():
        raise InputError("negative weights", where="trim", expected="weights of 0 or more, or spreading='equal'")
    total = sums_by(code, weights, count)
    down, up = np.zeros(count), np.ones(count)
    while (short := sums_by(code, np.clip(up[code] * weights, low, high), count) < total * (1 - 1e-13)).any():
        up = np.where(short, 2 * up, up)
        if up.max() > 1e15:
            raise DesignError("too many weights of 0 to keep the total", where="trim", do="Widen the bounds")
    iterations = 0
    while iterations < min(passes, 60):
        iterations += 1
        middle = (down + up) / 2
        below = sums_by(code, np.clip(middle[code] * weights, low, high), count) < total
        down, up = np.where(below, middle, down), np.where(below, up, middle)
        if (up - down <= 1e-15 * up).all():
            break
    scaled = up[code] * weights
    # Values that rounding puts at a bound's edge count as at the bound.
    free = (scaled > low * (1 + np.sign(low) * 1e-13)) & (scaled < high * (1 - np.sign(high) * 1e-13))
    result = np.clip(scaled, low, high)
    room = sums_by(code, np.where(free, weights, 0.0), count)
    fixed = sums_by(code, np.where(free, 0.0, result), count)
    factor = np.divide(total - fixed, room, out=up.copy(), where=room > 0)
    return np.where(free, np.clip(factor[code] * weights, low, high), result), iterations


def _equal(weights: Floats, code: Codes, count: int, low: Floats, high: Floats, passes: int) -> tuple[Floats, int]:
    result, touched = weights.copy(), np.zeros(weights.size, dtype=bool)
    for iteration in range(1, passes + 1):
        outside = (result < low) | (result > high)
        if not outside.any():
            return result, iteration - 1
        cut = np.clip(result, low, high)
        free = ~outside & ~touched
        excess = sums_by(code, result - cut, count)
        room = sums_by(code, free, count)
        stuck = (room == 0) & (np.abs(excess) > 1e-12 * np.abs(sums_by(code, weights, count)))
        if stuck.any():
            raise DesignError(
                f"in cell {int(np.flatnonzero(stuck)[0])} every weight has been cut and the total is not kept",
                where="trim with spreading='equal'",
                do="Widen the bounds, or choose spreading='proportional'",
            )
        amount = np.divide(excess, room, out=np.zeros(count), where=room > 0)
        result = np.where(free, cut + amount[code], cut)
        touched |= outside
    raise DesignError(f"weights outside the bounds after {passes} passes", where="trim", do="Widen the bounds")
