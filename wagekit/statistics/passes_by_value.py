"""Compiled passes over rows in the order of their values: the order itself, and the reading of percentiles."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "fastmath": False, "boundscheck": False}


@njit(**_OPTIONS)
def _keys(values: Any) -> Any:
    """Unsigned numbers in the order of finite floats, the smallest of them 0, and the largest.

    Money in whole cents is told by its number of cents, which has few bits.
    """
    keys = np.empty(values.size, dtype=np.uint64)
    sign = np.uint64(1) << np.uint64(63)
    least, most = ~np.uint64(0), np.uint64(0)
    whole = True
    for i in range(values.size):
        cents = np.rint(values[i] * 100.0)
        if cents / 100.0 != values[i] or abs(cents) > 2.0**52:
            whole = False
            break
        key = np.uint64(np.int64(cents) + np.int64(2**52))
        keys[i] = key
        least, most = min(least, key), max(most, key)
    if not whole:
        bits = values.view(np.uint64)
        least, most = ~np.uint64(0), np.uint64(0)
        for i in range(values.size):
            # Floats sort as unsigned numbers once negative ones are turned over and the sign bit is flipped.
            key = ~bits[i] if bits[i] & sign else bits[i] | sign
            keys[i] = key
            least, most = min(least, key), max(most, key)
    for i in range(values.size):
        keys[i] -= least
    return keys, most - least


@njit(**_OPTIONS)
def _by_digits(words: Any, low: int, high: int) -> Any:
    """Stable sort of numbers by their bits `low` to `high`: radix, 11 bits at a time."""
    other = np.empty_like(words)
    mask = np.uint64(2047)
    for digit in range(low, high, 11):
        shift = np.uint64(digit)
        place = np.zeros(2049, dtype=np.int64)
        for i in range(words.size):
            place[((words[i] >> shift) & mask) + np.uint64(1)] += 1
        if place.max() == words.size:
            continue
        for d in range(1, 2049):
            place[d] += place[d - 1]
        for i in range(words.size):
            d = (words[i] >> shift) & mask
            other[place[d]] = words[i]
            place[d] += 1
        words, other = other, words
    return words


RUN = 64
"""Rows of like leading bits that are still sorted one by one."""


@njit(**_OPTIONS)
def ascending_order(values: Any) -> Any:
    """Stable ascending order of fewer than 2**32 finite numbers, shape (n,).

    The leading bits that tell values apart are sorted together with the row numbers, in one word each; what agrees in
    them is put in order afterwards. Values that nearly all agree in them are sorted by all bits.
    """
    n = values.size
    keys, most = _keys(values)
    row_bits = 1
    while (n - 1) >> row_bits:
        row_bits += 1
    key_bits = 0
    while key_bits < 64 and most >> np.uint64(key_bits):
        key_bits += 1
    shift = np.uint64(max(key_bits + row_bits - 64, 0))
    word = np.empty(n, dtype=np.uint64)
    for i in range(n):
        word[i] = (keys[i] >> shift) << np.uint64(row_bits) | np.uint64(i)
    word = _by_digits(word, row_bits, min(row_bits + key_bits, 64))
    mask = (np.uint64(1) << np.uint64(row_bits)) - np.uint64(1)
    order = np.empty(n, dtype=np.int64)
    for i in range(n):
        order[i] = np.int64(word[i] & mask)
    if shift == np.uint64(0):
        return order
    begin = 0
    leading = word[0] >> np.uint64(row_bits)
    for end in range(1, n + 1):
        following = word[end] >> np.uint64(row_bits) if end < n else ~np.uint64(0)
        if following != leading:
            if end - begin > 1:
                _put_in_order(order, keys, begin, end)
            begin = end
            leading = following
    return order


@njit(**_OPTIONS)
def _put_in_order(order: Any, keys: Any, begin: int, end: int) -> None:
    """Sort a run of rows by their keys, stable."""
    if end - begin > RUN:
        ascending = True
        for i in range(begin + 1, end):
            if keys[order[i]] < keys[order[i - 1]]:
                ascending = False
                break
        if not ascending:
            part = order[begin:end].copy()
            order[begin:end] = part[np.argsort(keys[part], kind="mergesort")]
        return
    for i in range(begin + 1, end):
        row = order[i]
        key = keys[row]
        j = i - 1
        while j >= begin and keys[order[j]] > key:
            order[j + 1] = order[j]
            j -= 1
        order[j + 1] = row


@njit(**_OPTIONS)
def sum_weights(cell: Any, weights: Any, count: int, low: int, high: int) -> Any:
    """Sum of weights and number of rows of each cell among the rows `low` to `high`, shape (count,) each."""
    sums = np.zeros(count)
    rows = np.zeros(count, dtype=np.int64)
    for i in range(low, high):
        c = cell[i]
        if c >= 0:
            sums[c] += weights[i]
            rows[c] += 1
    return sums, rows


@njit(**_OPTIONS)
def _write(
    c: int, value: float, state: Any, place: Any, sums: Any, targets: Any, found: Any, share: Any
) -> None:  # fmt: skip
    """Note a value for the targets that a cell has reached with it."""
    k = targets.shape[1]
    total, last = state[c, 0] + state[c, 1], state[c, 3] == 0.0
    j = place[c]
    while j < k and (total >= targets[c, j] or last):
        found[c, j] = value
        share[c, j] = 1.0 if last else min(total / sums[c], 1.0)
        j += 1
    place[c] = j
    state[c, 2] = targets[c, j] if j < k else np.inf


@njit(**_OPTIONS)
def read_percentiles(
    cell: Any, values: Any, weights: Any, sums: Any, targets: Any, before: Any, left: Any, low: int, high: int,
    found: Any, share: Any,
) -> None:  # fmt: skip
    """First value of each cell at which the running sum of weights reaches each target, and the sum with its ties.

    Parameters
    ----------
    cell, values, weights : shape (n,), in the order of the values; weights are positive where a cell is not -1.
    sums : shape (count,), sum of weights of each cell.
    targets : shape (count, k), ascending in each row; infinity is never reached and gives the last value.
    before, left : shape (count,), of each cell: the sum of weights before row `low`, the number of rows from there.
    low, high : the rows to pass over; equal values don't lie on both sides of an end.
    found, share : shape (count, k), where values and shares F(value) are written.
    """
    count, k = targets.shape
    # Of each cell: the sum of weights before row `low` and since, the next target, and the rows that are left. The sum
    # since is added to what came before, so that parts meet without a gap of rounding.
    state = np.zeros((count, 4))
    place = np.zeros(count, dtype=np.int32)
    for c in range(count):
        j = 0
        while j < k and before[c] > 0.0 and before[c] >= targets[c, j]:
            j += 1
        place[c] = j
        state[c, 0] = before[c]
        state[c, 2] = targets[c, j] if j < k else np.inf
        state[c, 3] = left[c]
    i = low
    while i < high:
        value = values[i]
        if i + 1 == high or values[i + 1] != value:
            c = cell[i]
            if c >= 0:
                since, rows = state[c, 1] + weights[i], state[c, 3] - 1.0
                state[c, 1] = since
                state[c, 3] = rows
                if state[c, 0] + since >= state[c, 2] or rows == 0.0:
                    _write(c, value, state, place, sums, targets, found, share)
            i += 1
            continue
        # Rows of equal value come in together before any of them is read.
        end = i + 1
        while end < high and values[end] == value:
            end += 1
        for r in range(i, end):
            c = cell[r]
            if c >= 0:
                state[c, 1] += weights[r]
                state[c, 3] -= 1.0
        for r in range(i, end):
            c = cell[r]
            if c >= 0 and (state[c, 0] + state[c, 1] >= state[c, 2] or state[c, 3] == 0.0):
                _write(c, value, state, place, sums, targets, found, share)
        i = end
