"""The passes over rows in compiled code (Numba). NumPy's functions are the reference that tests hold them to.

Each pass is O(n) with no sort: rows come in the order of sampling units or of wages, which a Survey computes once
and keeps, and what is summed lies in arrays of the size of the table.

Numba loads only for samples of some size. The first time on a machine the passes are compiled in a process of their
own while NumPy does the work, and kept on disk: a notebook never waits for the compiler.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "fastmath": False, "boundscheck": False}


@njit(**_OPTIONS)
def ascending_order(values: Any) -> Any:
    """Stable ascending order of finite numbers, shape (n,): radix sort of their bits, 11 at a time.

    Bits that all values share cost one look and no pass.
    """
    n = values.size
    bits = values.view(np.uint64)
    keys, other_keys = np.empty(n, dtype=np.uint64), np.empty(n, dtype=np.uint64)
    order, other_order = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    sign = np.uint64(1) << np.uint64(63)
    mask = np.uint64(2047)
    for i in range(n):
        # Floats sort as unsigned numbers once negative ones are turned over and the sign bit is flipped.
        keys[i] = ~bits[i] if bits[i] & sign else bits[i] | sign
        order[i] = i
    for digit in range(6):
        shift = np.uint64(digit * 11)
        place = np.zeros(2049, dtype=np.int64)
        for i in range(n):
            place[((keys[i] >> shift) & mask) + np.uint64(1)] += 1
        if place.max() == n:
            continue
        for d in range(1, 2049):
            place[d] += place[d - 1]
        for i in range(n):
            d = (keys[i] >> shift) & mask
            j = place[d]
            place[d] = j + 1
            other_keys[j] = keys[i]
            other_order[j] = order[i]
        keys, other_keys = other_keys, keys
        order, other_order = other_order, order
    return order


@njit(**_OPTIONS)
def count_cells(
    cell: Any, starts: Any, stratum: Any, weights: Any, amount: Any, count: int, low: int, high: int
) -> Any:
    """Respondents, weights, units and strata of each cell, and the largest unit's parts of three sums.

    Parameters
    ----------
    cell, weights, amount : shape (n,), rows in the order of the first-stage units; cell is -1 for none.
    starts : shape (U + 1,), where each unit's rows begin.
    stratum : shape (U,).
    low, high : the units to pass over, from the first of a stratum to the last of one.

    Returns
    -------
    numbers of shape (count, 8): respondents, sum of weights, sum of amount, units and strata with a positive weight,
    the largest unit's respondents, weights and amount.
    """
    out = np.zeros((count, 8))
    stamp = np.full(count, -1, dtype=np.int32)
    last = np.full(count, -1, dtype=np.int32)
    part = np.zeros((count, 3))
    touched = np.empty(count, dtype=np.int32)
    for u in range(low, high):
        used = 0
        for i in range(starts[u], starts[u + 1]):
            c = cell[i]
            if c >= 0:
                if stamp[c] != u:
                    stamp[c] = u
                    touched[used] = c
                    used += 1
                    part[c, 0] = 1.0
                    part[c, 1] = weights[i]
                    part[c, 2] = amount[i]
                else:
                    part[c, 0] += 1.0
                    part[c, 1] += weights[i]
                    part[c, 2] += amount[i]
        h = stratum[u]
        for k in range(used):
            c = touched[k]
            for j in range(3):
                out[c, j] += part[c, j]
                if part[c, j] > out[c, 5 + j]:
                    out[c, 5 + j] = part[c, j]
            if part[c, 1] > 0.0:
                out[c, 3] += 1.0
                if last[c] != h:
                    last[c] = h
                    out[c, 4] += 1.0
    return out


@njit(**_OPTIONS)
def read_percentiles(cell: Any, values: Any, weights: Any, sums: Any, remaining: Any, targets: Any) -> Any:
    """First value of each cell at which the running sum of weights reaches each target, and the sum with its ties.

    Parameters
    ----------
    cell, values, weights : shape (n,), in the order of the values; weights are positive where a cell is not -1.
    sums : shape (count,), sum of weights of each cell.
    remaining : shape (count,), rows of each cell.
    targets : shape (count, k), ascending in each row; infinity is never reached and gives the last value.

    Returns
    -------
    values and shares F(value), both of shape (count, k); NaN for an empty cell.
    """
    count, k = targets.shape
    found = np.full((count, k), np.nan)
    share = np.full((count, k), np.nan)
    running = np.zeros(count)
    place = np.zeros(count, dtype=np.int64)
    left = remaining.copy()
    for i in range(cell.size):
        c = cell[i]
        if c < 0:
            continue
        running[c] += weights[i]
        left[c] -= 1
        value = values[i]
        j = place[c]
        total = running[c]
        if j < k and (total >= targets[c, j] or left[c] == 0):
            while j < k and (total >= targets[c, j] or left[c] == 0):
                found[c, j] = value
                j += 1
            place[c] = j
        j -= 1
        while j >= 0 and found[c, j] == value:
            share[c, j] = 1.0 if left[c] == 0 else min(total / sums[c], 1.0)
            j -= 1
    return found, share


@njit(**_OPTIONS)
def sum_weights(cell: Any, weights: Any, count: int) -> Any:
    """Sum of weights and number of rows of each cell, in the order in which the rows come."""
    sums = np.zeros(count)
    rows = np.zeros(count, dtype=np.int64)
    for i in range(cell.size):
        c = cell[i]
        if c >= 0:
            sums[c] += weights[i]
            rows[c] += 1
    return sums, rows


@njit(**_OPTIONS)
def _close_stratum(
    h: int, used: int, seg_cell: Any, seg_unit: Any, totals: Any, size: Any, scale: Any, scale_sum: Any, single: Any,
    multiplier: Any, weighted: bool, rule: int, mark: Any, sums: Any, scaled: Any, cells: Any, out: Any, state: Any,
) -> None:  # fmt: skip
    """Add one stratum's part of the variance to each of its cells; see `statistics.variance._stage_variance`."""
    k = totals.shape[1]
    met = 0
    for s in range(used):
        c = seg_cell[s]
        if mark[c] != h:
            mark[c] = h
            cells[met] = c
            met += 1
            for j in range(k):
                sums[c, j] = 0.0
            scaled[c] = 0.0
        weight = scale[seg_unit[s]]
        scaled[c] += weight
        for j in range(k):
            sums[c, j] += totals[s, j] * (weight if weighted else 1.0)
    if single[h]:
        # rule 0: no part; 1 average: counted as unknown; 2 adjust: kept for the mean over all strata.
        for m in range(met):
            state[cells[m], 1] += 1.0
        if rule != 2:
            for m in range(met):
                state[cells[m], 0] += 1.0
            return
    for m in range(met):
        c = cells[m]
        state[c, 0] += 1.0
        state[c, 2] += size[h]
        for j in range(k):
            sums[c, j] /= scale_sum[h] if weighted and scale_sum[h] > 0 else size[h]
    if single[h]:
        return
    factor = multiplier[h]
    for s in range(used):
        c = seg_cell[s]
        weight = scale[seg_unit[s]] * factor
        for j in range(k):
            deviation = totals[s, j] - sums[c, j]
            out[c, j] += weight * deviation * deviation
    for m in range(met):
        c = cells[m]
        absent = scale_sum[h] - scaled[c]
        if absent > 0.0:
            for j in range(k):
                out[c, j] += absent * factor * sums[c, j] * sums[c, j]


@njit(**_OPTIONS)
def unit_variance(
    cell: Any, starts: Any, stratum: Any, own: Any, count: int, size: Any, scale: Any, scale_sum: Any, single: Any,
    multiplier: Any, weighted: bool, rule: int, low: int, high: int,
) -> Any:  # fmt: skip
    """Variance of one linearized variable in every cell, one stage, units `low` to `high`.

    Parameters
    ----------
    cell, own : shape (n,), rows in the order of the stage's units.
    starts : shape (U + 1,), where each unit's rows begin.
    rule : 0 remove, certainty or fail; 1 average; 2 adjust.
    low, high : the units to pass over, strata whole.

    Returns
    -------
    variance (count, 1), state (count, 3) (strata, strata with one unit, units), the total of each cell (count, 1), and
    the lone strata's parts: cells, totals and factors.
    """
    out = np.zeros((count, 1))
    state = np.zeros((count, 3))
    grand = np.zeros((count, 1))
    mark = np.full(count, -1, dtype=np.int32)
    stamp = np.full(count, -1, dtype=np.int32)
    slot = np.zeros(count, dtype=np.int32)
    sums = np.zeros((count, 1))
    scaled = np.zeros(count)
    cells = np.empty(count, dtype=np.int32)
    widest = _widest_stratum(starts, stratum, low, high)
    seg_cell = np.empty(widest, dtype=np.int32)
    seg_unit = np.empty(widest, dtype=np.int32)
    totals = np.zeros((widest, 1))
    rows = starts[high] - starts[low] if rule == 2 else 0
    lone_cell = np.empty(rows, dtype=np.int32)
    lone_total = np.empty((rows, 1))
    lone_scale = np.empty(rows)
    lone = 0
    used = 0
    for u in range(low, high):
        for i in range(starts[u], starts[u + 1]):
            c = cell[i]
            if c >= 0:
                if stamp[c] != u:
                    stamp[c] = u
                    slot[c] = used
                    seg_cell[used] = c
                    seg_unit[used] = u
                    totals[used, 0] = own[i]
                    used += 1
                else:
                    totals[slot[c], 0] += own[i]
        h = stratum[u]
        if u + 1 < high and stratum[u + 1] == h:
            continue
        for s in range(used):
            grand[seg_cell[s], 0] += totals[s, 0]
            if single[h] and rule == 2:
                lone_cell[lone] = seg_cell[s]
                lone_total[lone, 0] = totals[s, 0]
                lone_scale[lone] = scale[seg_unit[s]] * multiplier[h]
                lone += 1
        _close_stratum(
            h, used, seg_cell, seg_unit, totals, size, scale, scale_sum, single, multiplier, weighted, rule,
            mark, sums, scaled, cells, out, state,
        )  # fmt: skip
        used = 0
    return out, state, grand, lone_cell[:lone], lone_total[:lone], lone_scale[:lone]


@njit(**_OPTIONS)
def share_variance(
    cell: Any, starts: Any, stratum: Any, values: Any, weights: Any, points: Any, shares: Any, sums: Any, size: Any,
    scale: Any, scale_sum: Any, single: Any, multiplier: Any, weighted: bool, rule: int, low: int, high: int,
) -> Any:  # fmt: skip
    """Variances of F at k ascending points of every cell; as :func:`unit_variance` for k variables at once.

    Parameters
    ----------
    values, weights : shape (n,), rows in the order of the stage's units.
    points, shares : shape (count, k).
    sums : shape (count,), sum of weights.
    """
    count, k = points.shape
    out = np.zeros((count, k))
    state = np.zeros((count, 3))
    grand = np.zeros((count, k))
    mark = np.full(count, -1, dtype=np.int32)
    stamp = np.full(count, -1, dtype=np.int32)
    slot = np.zeros(count, dtype=np.int32)
    means = np.zeros((count, k))
    scaled = np.zeros(count)
    cells = np.empty(count, dtype=np.int32)
    widest = _widest_stratum(starts, stratum, low, high)
    seg_cell = np.empty(widest, dtype=np.int32)
    seg_unit = np.empty(widest, dtype=np.int32)
    totals = np.zeros((widest, k))
    whole = np.zeros(widest)
    rows = starts[high] - starts[low] if rule == 2 else 0
    lone_cell = np.empty(rows, dtype=np.int32)
    lone_total = np.empty((rows, k))
    lone_scale = np.empty(rows)
    lone = 0
    used = 0
    for u in range(low, high):
        for i in range(starts[u], starts[u + 1]):
            c = cell[i]
            if c >= 0:
                if stamp[c] != u:
                    stamp[c] = u
                    slot[c] = used
                    seg_cell[used] = c
                    seg_unit[used] = u
                    whole[used] = 0.0
                    for j in range(k):
                        totals[used, j] = 0.0
                    used += 1
                s = slot[c]
                value = values[i]
                whole[s] += weights[i]
                j = 0
                while j < k and value > points[c, j]:
                    j += 1
                if j < k:
                    totals[s, j] += weights[i]
        h = stratum[u]
        if u + 1 < high and stratum[u + 1] == h:
            continue
        for s in range(used):
            c = seg_cell[s]
            below = 0.0
            for j in range(k):
                below += totals[s, j]
                totals[s, j] = (below - shares[c, j] * whole[s]) / sums[c]
                grand[c, j] += totals[s, j]
            if single[h] and rule == 2:
                lone_cell[lone] = c
                lone_scale[lone] = scale[seg_unit[s]] * multiplier[h]
                for j in range(k):
                    lone_total[lone, j] = totals[s, j]
                lone += 1
        _close_stratum(
            h, used, seg_cell, seg_unit, totals, size, scale, scale_sum, single, multiplier, weighted, rule,
            mark, means, scaled, cells, out, state,
        )  # fmt: skip
        used = 0
    return out, state, grand, lone_cell[:lone], lone_total[:lone], lone_scale[:lone]


@njit(**_OPTIONS)
def _widest_stratum(starts: Any, stratum: Any, low: int, high: int) -> int:
    widest, run = 1, 0
    for u in range(low, high):
        run += starts[u + 1] - starts[u]
        widest = max(widest, run)
        if u + 1 < high and stratum[u + 1] != stratum[u]:
            run = 0
    return widest
