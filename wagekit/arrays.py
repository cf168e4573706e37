"""The array types that signatures speak of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Flags = NDArray[np.bool_]
Words = NDArray[Any]
"""Texts, as objects."""
Values = NDArray[Any]


class Ordered(Protocol):
    """What the rows of a sample can be put in the order of."""

    @property
    def order(self) -> Codes: ...

    def __hash__(self) -> int: ...


@dataclass(frozen=True, eq=False)
class Arranged:
    """Values of all rows, and the same in each order that has been asked for, kept.

    Parameters
    ----------
    rows : shape (n,), in the order of the rows.
    """

    rows: Values

    def along(self, by: Ordered | None) -> Values:
        """The values in the order of a stage's units or of a variable; None: of the rows."""
        if by is None:
            return self.rows
        if by not in self._along:
            self._along[by] = self.rows[by.order]
        return self._along[by]

    @cached_property
    def _along(self) -> dict[Ordered, Values]:
        return {}


def sums_by(code: NDArray[np.signedinteger[Any]], values: Floats | Flags | Codes, count: int) -> Floats:
    """Sum of `values` for each code 0 … count-1: shape (count,)."""
    return np.asarray(np.bincount(code, weights=values, minlength=count), dtype=np.float64)


def added(parts: Sequence[Floats]) -> Floats:
    """Sum of arrays of one shape, the first to the last."""
    return reduce(np.add, parts)


def counting(counts: Codes) -> Codes:
    """0 … c - 1 for each of the counts c, one after the other: places of rows that lie group by group.

    Examples
    --------
    >>> counting(np.array([2, 0, 3])).tolist()
    [0, 1, 0, 1, 2]
    """
    return np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)


def divide(numerator: Floats, denominator: Floats) -> Floats:
    """Quotient that is NaN where the denominator is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator == 0, np.nan, numerator / denominator)


_RADIX = 1 << 16

SPARSE = 8
"""Codes a row up to which a table of all codes is laid out rather than sorted."""


def stable_order(codes: Codes, n_codes: int) -> Codes:
    """Order that sorts integer codes 0 … n_codes-1 and keeps ties as they stand, in O(n).

    NumPy sorts 16-bit integers by radix; wider codes take two such passes.

    Examples
    --------
    >>> stable_order(np.array([1, 0, 1]), 2).tolist()
    [1, 0, 2]
    """
    if n_codes <= _RADIX:
        return np.argsort(codes.astype(np.uint16), kind="stable")
    low = np.argsort((codes % _RADIX).astype(np.uint16), kind="stable")
    return low[stable_order(codes[low] // _RADIX, (n_codes - 1) // _RADIX + 1)]


def ascending_order(values: Floats) -> Codes:
    """Stable ascending order of finite numbers, in O(n): radix sort of their bits, 16 at a time.

    Examples
    --------
    >>> ascending_order(np.array([2.5, -1.0, 2.5, 1e300])).tolist()
    [1, 0, 2, 3]
    """
    keys = _sort_keys(values)
    bits = int(keys.max()).bit_length() if keys.size else 0
    order = np.argsort(keys.astype(np.uint16), kind="stable")
    for shift in range(16, bits, 16):
        digit = (keys >> np.uint64(shift)).astype(np.uint16)
        order = order[np.argsort(digit[order], kind="stable")]
    return order


def _sort_keys(values: Floats) -> NDArray[np.uint64]:
    """Unsigned numbers from 0 in the order of finite floats; money in whole cents as cents, which have few bits."""
    with np.errstate(over="ignore"):
        cents = np.rint(values * 100.0)
    if values.size and np.abs(cents).max() < 2**52 and (cents / 100.0 == values).all():
        whole: NDArray[np.int64] = cents.astype(np.int64)
        above: NDArray[np.uint64] = (whole - whole.min()).view(np.uint64)
        return above
    bits = (values + 0.0).view(np.uint64)  # + 0.0 makes -0.0 equal to 0.0
    # Floats sort as unsigned numbers once negative ones are turned over and the sign bit is flipped.
    turned = np.where(bits >> np.uint64(63), ~bits, bits | np.uint64(1 << 63))
    return np.asarray(turned - turned.min() if values.size else turned)


def integer_codes(values: Values) -> tuple[Codes, Values] | None:
    """Codes of integers in their order and the integers that occur, where a table of all of them is small; else None.

    Examples
    --------
    >>> [array.tolist() for array in integer_codes(np.array([7, 2, 7]))]
    [[1, 0, 1], [2, 7]]
    """
    if values.dtype.kind not in "iu" or values.size == 0:
        return None
    least, most = int(values.min()), int(values.max())
    if most - least >= SPARSE * values.size or most >= 2**62:
        return None
    present, code = dense_codes((values - values.dtype.type(least)).astype(np.int64), most - least + 1)
    return code, (present + least).astype(values.dtype)


def dense_codes(code: Codes, space: int, inside: Flags | None = None) -> tuple[Codes, Codes]:
    """Codes that occur, ascending, and the rows' codes renumbered to 0 … K-1 in their order.

    Parameters
    ----------
    code : shape (n,), 0 … space-1.
    inside : shape (n,), the rows that count; the others get -1.

    Examples
    --------
    >>> present, dense = dense_codes(np.array([7, 2, 7]), 9)
    >>> present.tolist(), dense.tolist()
    ([2, 7], [1, 0, 1])
    """
    if space <= SPARSE * code.size + 1024:
        seen = np.zeros(space, dtype=bool)
        seen[code if inside is None else code[inside]] = True
        present = np.flatnonzero(seen)
        lookup = np.zeros(space, dtype=np.int64)
        lookup[present] = np.arange(present.size)
        if inside is None:
            return present, lookup[code]
        return present, np.where(inside, lookup[np.where(inside, code, 0)], -1)
    chosen = code if inside is None else code[inside]
    present, inverse = np.unique(chosen, return_inverse=True)
    if inside is None:
        return present, inverse.reshape(-1)
    dense = np.full(code.size, -1, dtype=np.int64)
    dense[inside] = inverse
    return present, dense


def first_rows(code: Codes, count: int) -> Codes:
    """The first row that has each code 0 … count-1, all of which occur: shape (count,)."""
    first = np.empty(count, dtype=np.int64)
    first[code[::-1]] = np.arange(code.size - 1, -1, -1)
    return first
