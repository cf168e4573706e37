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
def count_rows(cell: Any, count: int, low: int, high: int) -> Any:
    """Number of rows of each cell among the rows `low` to `high`: shape (count,)."""
    rows = np.zeros(count, dtype=np.int64)
    for i in range(low, high):
        if cell[i] >= 0:
            rows[cell[i]] += 1
    return rows


@njit(**_OPTIONS)
def lay_by_cell(cell: Any, values: Any, weights: Any, place: Any, low: int, high: int, laid: Any) -> None:
    """Lay values and weights of the rows `low` to `high` cell by cell, in their order.

    Parameters
    ----------
    cell, values, weights : shape (n,), -1 for a row in no cell.
    place : shape (count,), where the first of each cell's rows goes; it moves on with them.
    laid : shape (rows in cells, 2), where values and weights are written.
    """
    for i in range(low, high):
        c = cell[i]
        if c >= 0:
            j = np.uintp(place[c])
            laid[j, 0] = values[i]
            laid[j, 1] = weights[i]
            place[c] += 1


@njit(**_OPTIONS)
def run_up(laid: Any, starts: Any, low: int, high: int) -> None:
    """Turn the weights of the cells `low` to `high` into running sums, cell by cell."""
    for c in range(low, high):
        total = 0.0
        for i in range(starts[c], starts[c + 1]):
            total += laid[i, 1]
            laid[i, 1] = total


@njit(**_OPTIONS)
def read_percentiles(laid: Any, starts: Any, targets: Any, low: int, high: int, found: Any, share: Any) -> None:
    """First value of each cell whose running sum of weights reaches each target, and its share with all its ties.

    Parameters
    ----------
    laid : shape (rows in cells, 2), values, ascending inside each cell, and running sums of weights.
    starts : shape (count + 1,).
    targets : shape (count, k), shares of the cell's sum; NaN gives none.
    low, high : the cells to read.
    found, share : shape (count, k), where values and shares F(value) are written.
    """
    k = targets.shape[1]
    for c in range(low, high):
        first, end = starts[c], starts[c + 1]
        whole = laid[end - 1, 1] if first < end else 0.0
        if whole == 0.0:
            continue
        for j in range(k):
            if np.isnan(targets[c, j]):
                continue
            target = targets[c, j] * whole
            left, right = first, end - 1
            while left < right:
                middle = (left + right) // 2
                if laid[middle, 1] < target:
                    left = middle + 1
                else:
                    right = middle
            value = laid[left, 0]
            found[c, j] = value
            # The ties end a step on, or few: steps double until one is past them.
            step = 1
            while left + step < end and laid[left + step, 0] == value:
                step *= 2
            right = min(left + step, end)
            left += step // 2
            while left + 1 < right:
                middle = (left + right) // 2
                if laid[middle, 0] == value:
                    left = middle
                else:
                    right = middle
            share[c, j] = 1.0 if left == end - 1 else min(laid[left, 1] / whole, 1.0)
