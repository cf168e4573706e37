"""Compiled passes over rows in the order of sampling units: sums and variances by (unit, cell).

A *pair* is a sampling unit and a cell that share a row. Pairs are numbered unit by unit inside a part (a range of units
with whole strata), so that what belongs to one stratum lies together and fits a core's own memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "fastmath": False, "boundscheck": False}


@njit(**_OPTIONS)
def number_pairs(cell: Any, starts: Any, count: int) -> Any:
    """Number the pairs of a part.

    Parameters
    ----------
    cell : shape (r,), the cell of each entry (a row, or a pair of finer cells), in the order of units; -1 for none.
    starts : shape (u + 1,), where each unit's entries begin.

    Returns
    -------
    the pair of each entry, shape (r,), -1 for none; the cell of each pair, shape (S,); where each unit's pairs begin,
    shape (u + 1,).
    """
    units = starts.size - 1
    pair = np.empty(cell.size, dtype=np.int32)
    cell_of = np.empty(cell.size, dtype=np.int32)
    first = np.empty(units + 1, dtype=np.int64)
    latest = np.full(count, -1, dtype=np.int32)
    used = 0
    for u in range(units):
        begin = used
        first[u] = begin
        for i in range(starts[u], starts[u + 1]):
            c = cell[i]
            if c < 0:
                pair[i] = -1
                continue
            s = latest[c]
            if s < begin:
                s = used
                latest[c] = s
                cell_of[s] = c
                used += 1
            pair[i] = s
    first[units] = used
    return pair, cell_of[:used].copy(), first


@njit(**_OPTIONS)
def sum_pairs(pair: Any, values: Any, size: int) -> Any:
    """Sum of the values of each pair's entries, shape (size,)."""
    sums = np.zeros(size)
    for i in range(pair.size):
        if pair[i] >= 0:
            sums[pair[i]] += values[i]
    return sums


@njit(**_OPTIONS)
def sum_products(pair: Any, weights: Any, values: Any, size: int) -> Any:
    """Sum of weight times value of each pair's rows, shape (size,)."""
    sums = np.zeros(size)
    for i in range(pair.size):
        if pair[i] >= 0:
            sums[pair[i]] += weights[i] * values[i]
    return sums


@njit(**_OPTIONS)
def sum_sizes(pair: Any, weights: Any, values: Any, size: int) -> Any:
    """Rows, sum of weights, and sum of weight times the size of a value of each pair, shape (size,) each."""
    rows, whole, amounts = np.zeros(size), np.zeros(size), np.zeros(size)
    for i in range(pair.size):
        s = pair[i]
        if s >= 0:
            rows[s] += 1.0
            whole[s] += weights[i]
            amounts[s] += weights[i] * abs(values[i])
    return rows, whole, amounts


@njit(**_OPTIONS)
def gather_sizes(pair: Any, rows: Any, weights: Any, amounts: Any, size: int) -> Any:
    """As :func:`sum_sizes`, from the sums of finer pairs."""
    n, whole, total = np.zeros(size), np.zeros(size), np.zeros(size)
    for i in range(pair.size):
        s = pair[i]
        if s >= 0:
            n[s] += rows[i]
            whole[s] += weights[i]
            total[s] += amounts[i]
    return n, whole, total


@njit(**_OPTIONS)
def gather_moved(pair: Any, cell: Any, sums: Any, below: Any, moved: Any, size: int) -> Any:
    """Sum over finer pairs of sum + move of the finer cell times `below`, shape (size,)."""
    found = np.zeros(size)
    for i in range(pair.size):
        if pair[i] >= 0:
            found[pair[i]] += sums[i] + moved[cell[i]] * below[i]
    return found


@njit(**_OPTIONS)
def any_values(pair: Any, cell: Any, values: Any, found: Any, known: Any, missing: int) -> int:
    """Note a value of each cell that none is known of yet; what is left to be known ends the pass.

    Parameters
    ----------
    cell : shape (S,), the cell of each pair.
    found, known : shape (count,), where the values are written and which cells have one.
    missing : number of cells without.
    """
    for i in range(pair.size):
        if missing == 0:
            break
        if pair[i] >= 0 and not known[cell[pair[i]]]:
            found[cell[pair[i]]] = values[i]
            known[cell[pair[i]]] = True
            missing -= 1
    return missing


@njit(**_OPTIONS)
def sum_about(pair: Any, cell: Any, weights: Any, values: Any, centre: Any, count: int) -> Any:
    """Weighted sums of the distance from the centre of the row's cell: by pair, by cell, and squared by cell.

    Parameters
    ----------
    cell : shape (S,), the cell of each pair.
    centre : shape (count,).
    """
    sums = np.zeros(cell.size)
    by_cell = np.zeros((count, 2))
    for i in range(pair.size):
        s = pair[i]
        if s >= 0:
            c = cell[s]
            distance = values[i] - centre[c]
            weighted = weights[i] * distance
            sums[s] += weighted
            by_cell[c, 0] += weighted
            by_cell[c, 1] += weighted * distance
    return sums, by_cell


@njit(**_OPTIONS)
def sum_cells(cell: Any, values: Any, count: int) -> Any:
    """Sum of the pairs' values in each cell, shape (count,)."""
    sums = np.zeros(count)
    for s in range(cell.size):
        sums[cell[s]] += values[s]
    return sums


@njit(**_OPTIONS)
def tally_pairs(cell: Any, first: Any, stratum: Any, rows: Any, weights: Any, amounts: Any, count: int) -> Any:
    """Counts of each cell and its largest unit's parts, from the sums of a part's pairs.

    Parameters
    ----------
    cell, rows, weights, amounts : shape (S,), of each pair: its cell, rows, sum of weights and of an amount.
    first : shape (u + 1,), where each unit's pairs begin.
    stratum : shape (u,).

    Returns
    -------
    shape (8, count): rows, weights, amount, units and strata with a positive weight, the largest unit's rows, weights
    and amount.
    """
    out = np.zeros((count, 8))
    last = np.full(count, -1, dtype=np.int64)
    for u in range(stratum.size):
        h = stratum[u]
        for s in range(first[u], first[u + 1]):
            c = cell[s]
            out[c, 0] += rows[s]
            out[c, 1] += weights[s]
            out[c, 2] += amounts[s]
            out[c, 5] = max(out[c, 5], rows[s])
            out[c, 6] = max(out[c, 6], weights[s])
            out[c, 7] = max(out[c, 7], amounts[s])
            if weights[s] > 0.0:
                out[c, 3] += 1.0
                if last[c] != h:
                    last[c] = h
                    out[c, 4] += 1.0
    return out.T.copy()


@njit(**_OPTIONS)
def _meet(
    c: int, h: int, rule: int, lone: bool, size: int, mark: Any, sums: Any, scaled: Any, state: Any, lanes: Any
) -> None:
    """A stratum meets a cell for the first time: what it sums of the cell is set to 0.

    Parameters
    ----------
    lanes : a tuple as long as there are variables: its length is known when this is compiled.
    """
    mark[c] = h
    scaled[c] = 0.0
    for j in range(len(lanes)):
        sums[c, j] = 0.0
    if rule != 0:
        # Strata, strata with one unit, units. Rule 1, average, leaves the size of lone strata out.
        state[c, 0] += 1.0
        if lone:
            state[c, 1] += 1.0
        if not (lone and rule == 1):
            state[c, 2] += size


@njit(**_OPTIONS)
def _close_stratum(
    begin: int, end: int, met: Any, cell: Any, totals: Any, scale: Any, lanes: Any, divisor: float, whole: float,
    factor: float, sums: Any, scaled: Any, out: Any,
) -> None:  # fmt: skip
    """Add one stratum's part of the variance to each of its cells; see `statistics.variance._stage_variance`.

    Parameters
    ----------
    begin, end : the stratum's pairs.
    met : its cells.
    totals, scale : shape (pairs of the stratum, lanes) and (pairs of the stratum,), with the unit's scale.
    divisor : of the cells' sums, to make means of them.
    whole : sum of scales of all units of the stratum; those that are not in a cell have totals of 0 there.
    factor : of the whole part.
    """
    for m in range(met.size):
        c = met[m]
        for j in range(len(lanes)):
            sums[c, j] /= divisor
    for s in range(begin, end):
        c = np.uintp(cell[s])
        r = np.uintp(s - begin)
        weight = scale[r] * factor
        for j in range(len(lanes)):
            deviation = totals[r, j] - sums[c, j]
            out[c, j] += weight * deviation * deviation
    for m in range(met.size):
        c = met[m]
        absent = (whole - scaled[c]) * factor
        if absent > 0.0:
            for j in range(len(lanes)):
                out[c, j] += absent * sums[c, j] * sums[c, j]


@njit(**_OPTIONS)
def _most_pairs(first: Any, stratum: Any) -> int:
    """Pairs of the stratum that has most of them."""
    most, begin = 1, 0
    for u in range(stratum.size):
        if u + 1 == stratum.size or stratum[u + 1] != stratum[u]:
            most = max(most, first[u + 1] - begin)
            begin = first[u + 1]
    return most


@njit(**_OPTIONS)
def pair_variance(
    cell: Any, first: Any, stratum: Any, own: Any, factor: Any, count: int, size: Any, scale: Any, scale_sum: Any,
    single: Any, multiplier: Any, weighted: bool, rule: int,
) -> Any:  # fmt: skip
    """Variance of one linearized variable in every cell, one stage, one part.

    Parameters
    ----------
    cell, own : shape (S,), the cell of each pair and its total of the linearized variable before `factor`.
    first : shape (u + 1,), where each unit's pairs begin.
    factor : shape (count,), what the totals of each cell are multiplied by.
    stratum, scale : shape (u,), of the part's units.
    size, scale_sum, single, multiplier : shape (H,), of all strata.
    rule : 0 remove, certainty or fail; 1 average; 2 adjust.

    Returns
    -------
    variance (count, 1), state (count, 3) (strata, strata with one unit, units), the total of each cell (count, 1), and
    the lone strata's parts: cells, totals and factors.
    """
    lanes = (0,)
    out, sums = np.zeros((count, 1)), np.empty((count, 1))
    state = np.zeros((count if rule else 0, 3))
    grand = np.zeros((count if rule == 2 else 0, 1))
    mark, scaled = np.full(count, -1, dtype=np.int64), np.empty(count)
    widest = _most_pairs(first, stratum)
    met, totals, scale_of = np.empty(widest, dtype=np.int32), np.empty((widest, 1)), np.empty(widest)
    room = cell.size if rule == 2 else 0
    lone_cell, lone_total, lone_scale = np.empty(room, dtype=np.int32), np.empty((room, 1)), np.empty(room)
    begin, cells, lone = 0, 0, 0
    for u in range(stratum.size):
        h = stratum[u]
        for s in range(first[u], first[u + 1]):
            c = np.uintp(cell[s])
            r = np.uintp(s - begin)
            if mark[c] != h:
                _meet(c, h, rule, single[h], size[h], mark, sums, scaled, state, lanes)
                met[cells] = c
                cells += 1
            total = own[s] * factor[c]
            totals[r, 0] = total
            scale_of[r] = scale[u]
            scaled[c] += scale[u]
            sums[c, 0] += total * (scale[u] if weighted else 1.0)
            if rule == 2:
                grand[c, 0] += total
                if single[h]:
                    lone_cell[lone] = c
                    lone_total[lone, 0] = total
                    lone_scale[lone] = scale[u] * multiplier[h]
                    lone += 1
        if u + 1 < stratum.size and stratum[u + 1] == h:
            continue
        if not single[h]:
            divisor = scale_sum[h] if weighted and scale_sum[h] > 0 else float(size[h])
            _close_stratum(
                begin, first[u + 1], met[:cells], cell, totals, scale_of, lanes, divisor, scale_sum[h], multiplier[h],
                sums, scaled, out,
            )  # fmt: skip
        begin, cells = first[u + 1], 0
    return out, state, grand, lone_cell[:lone], lone_total[:lone], lone_scale[:lone]


@njit(**_OPTIONS)
def share_variance(
    pair: Any, starts: Any, values: Any, weights: Any, points: Any, shares: Any, cell: Any, first: Any, stratum: Any,
    factor: Any, count: int, lanes: Any, size: Any, scale: Any, scale_sum: Any, single: Any, multiplier: Any,
    weighted: bool, rule: int,
) -> Any:  # fmt: skip
    """Variances of F at points of every cell; as :func:`pair_variance` for several variables at once.

    Parameters
    ----------
    pair, values, weights : shape (r,), the part's rows in the order of its units.
    starts : shape (u + 1,), where each unit's rows begin.
    points, shares : shape (count, lanes).
    lanes : a tuple as long as there are points: its length is known when this is compiled.
    """
    out, sums = np.zeros((count, len(lanes))), np.empty((count, len(lanes)))
    state = np.zeros((count if rule else 0, 3))
    grand = np.zeros((count if rule == 2 else 0, len(lanes)))
    mark, scaled = np.full(count, -1, dtype=np.int64), np.empty(count)
    widest = _most_pairs(first, stratum)
    met, scale_of = np.empty(widest, dtype=np.int32), np.empty(widest)
    totals, whole = np.zeros((widest, len(lanes))), np.zeros(widest)
    room = cell.size if rule == 2 else 0
    lone_cell, lone_scale = np.empty(room, dtype=np.int32), np.empty(room)
    lone_total = np.empty((room, len(lanes)))
    begin, cells, lone = 0, 0, 0
    for u in range(stratum.size):
        h = stratum[u]
        for i in range(starts[u], starts[u + 1]):
            if pair[i] >= 0:
                r = np.uintp(pair[i] - begin)
                c = np.uintp(cell[pair[i]])
                weight, value = weights[i], values[i]
                whole[r] += weight
                for j in range(len(lanes)):
                    totals[r, j] += weight if value <= points[c, j] else 0.0
        for s in range(first[u], first[u + 1]):
            c = np.uintp(cell[s])
            r = np.uintp(s - begin)
            if mark[c] != h:
                _meet(c, h, rule, single[h], size[h], mark, sums, scaled, state, lanes)
                met[cells] = c
                cells += 1
            scale_of[r] = scale[u]
            scaled[c] += scale[u]
            share = scale[u] if weighted else 1.0
            per_weight = factor[c]
            for j in range(len(lanes)):
                total = (totals[r, j] - shares[c, j] * whole[r]) * per_weight
                totals[r, j] = total
                sums[c, j] += total * share
            if rule == 2:
                for j in range(len(lanes)):
                    grand[c, j] += totals[r, j]
                if single[h]:
                    lone_cell[lone] = c
                    lone_scale[lone] = scale[u] * multiplier[h]
                    for j in range(len(lanes)):
                        lone_total[lone, j] = totals[r, j]
                    lone += 1
        if u + 1 < stratum.size and stratum[u + 1] == h:
            continue
        end = first[u + 1]
        if not single[h]:
            divisor = scale_sum[h] if weighted and scale_sum[h] > 0 else float(size[h])
            _close_stratum(
                begin, end, met[:cells], cell, totals, scale_of, lanes, divisor, scale_sum[h], multiplier[h], sums,
                scaled, out,
            )  # fmt: skip
        totals[: end - begin] = 0.0
        whole[: end - begin] = 0.0
        begin, cells = end, 0
    return out, state, grand, lone_cell[:lone], lone_total[:lone], lone_scale[:lone]
