"""The cells that coded columns make when they are crossed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wagekit.arrays import SPARSE, Arranged, Codes, Flags, Ordered
from wagekit.statistics.acceleration import at_once, loaded

CHUNK = 1 << 16
"""Rows that are crossed at once, few enough to stay near the core."""

_ALL: Flags = np.zeros(0, dtype=bool)


@dataclass(frozen=True, eq=False)
class Coded:
    """A column's values as codes 0 … K-1 in their sorted order; K where a row has none.

    Parameters
    ----------
    code : in the narrowest type that holds them.
    levels : the K values.
    complete : whether every row has one.
    """

    code: Arranged
    levels: Any
    complete: bool

    @property
    def size(self) -> int:
        """Number of codes, that of a missing value included."""
        return max(len(self.levels) + (not self.complete), 1)


@dataclass(frozen=True, eq=False)
class Crossing:
    """Cells of the crossing of columns: those that some row has, in the sorted order of their values.

    Parameters
    ----------
    n : number of rows.
    columns : none: all rows are one cell.
    inside : rows of the domain; None for all.
    finer : a crossing of these columns and others, whose cells make up these; saves a look at the rows.
    """

    n: int
    columns: tuple[Coded, ...]
    inside: Arranged | None = None
    finer: Crossing | None = None

    @cached_property
    def space(self) -> int:
        """Number of thinkable cells."""
        size = 1
        for column in self.columns:
            size *= column.size
        return size

    @cached_property
    def _sparse(self) -> bool:
        return self.space > SPARSE * self.n + 1024

    def _crossed(self, along: Ordered | None) -> NDArray[Any]:
        """The thinkable cell of each row."""
        kind: Any = np.int32 if self.space < 2**31 else np.int64
        if not self.columns:
            return np.zeros(self.n, dtype=kind)
        first, *others = (column.code.along(along) for column in self.columns)
        code = np.empty(self.n, dtype=kind)

        def cross(rows: slice) -> None:
            code[rows] = first[rows]
            for column, part in zip(self.columns[1:], others, strict=True):
                code[rows] *= column.size
                code[rows] += part[rows]

        at_once(cross, [slice(low, low + CHUNK) for low in range(0, self.n, CHUNK)])
        return code

    @cached_property
    def _found(self) -> Codes:
        """Thinkable cells that some row has, those that miss a value among them, ascending."""
        if not self.columns:
            return np.zeros(1, dtype=np.int64)
        if self.finer is not None:
            return np.unique(self._recoded(self.finer))
        if self._sparse:
            return self._listed[0]
        crossed, inside = self._crossed(None), _ALL if self.inside is None else self.inside.rows
        passes = loaded(self.n)
        if passes is not None:
            return np.flatnonzero(passes.occurring(crossed, inside, self.space))
        seen = np.zeros(self.space, dtype=bool)
        seen[crossed if self.inside is None else crossed[inside]] = True
        return np.flatnonzero(seen)

    @cached_property
    def _listed(self) -> tuple[Codes, Arranged]:
        """What :attr:`_found` holds, and the place in it of each row, where there are too many thinkable cells."""
        crossed = self._crossed(None)
        chosen = crossed if self.inside is None else crossed[self.inside.rows]
        found, place = np.unique(chosen, return_inverse=True)
        places = np.zeros(self.n, dtype=np.int32)
        places[slice(None) if self.inside is None else self.inside.rows] = place
        return found.astype(np.int64), Arranged(places)

    def _recoded(self, finer: Crossing) -> Codes:
        """The thinkable cell of these columns that each found cell of a finer crossing lies in."""
        parts = dict(zip(map(id, finer.columns), finer.parts_of(finer._found), strict=True))
        code = np.zeros(finer._found.size, dtype=np.int64)
        for column in self.columns:
            code = code * column.size + parts[id(column)]
        return code

    def parts_of(self, crossed: Codes) -> list[Codes]:
        """The code of each column in thinkable cells."""
        parts = []
        for column in reversed(self.columns):
            parts.append(crossed % column.size)
            crossed = crossed // column.size
        return parts[::-1]

    @cached_property
    def _incomplete(self) -> Flags:
        """Cells of :attr:`_found` that miss a value."""
        missing = np.zeros(self._found.size, dtype=bool)
        for column, part in zip(self.columns, self.parts_of(self._found), strict=True):
            if not column.complete:
                missing |= part == len(column.levels)
        return missing

    @property
    def count(self) -> int:
        """Number of cells; cells that miss a value are not counted."""
        return int(self._found.size - self._incomplete.sum())

    @property
    def count_of_all(self) -> int:
        """Number of cells with those that miss a value, which are numbered after the others."""
        return int(self._found.size)

    @cached_property
    def parts(self) -> list[Codes]:
        """The code of each column in each cell, shape (count,)."""
        return self.parts_of(self._found[~self._incomplete])

    @cached_property
    def _number(self) -> NDArray[np.int32]:
        """The number of each cell of :attr:`_found`."""
        number = np.empty(self._found.size, dtype=np.int32)
        known = self._found.size - int(self._incomplete.sum())
        number[~self._incomplete] = np.arange(known)
        number[self._incomplete] = np.arange(known, self._found.size)
        return number

    def codes(self, along: Ordered | None = None, *, every: bool = False) -> NDArray[np.int32]:
        """The cell of each row, -1 outside the domain, shape (n,).

        Parameters
        ----------
        along : what the rows are in the order of; None: as they stand.
        every : number cells that miss a value too; else their rows are in none.
        """
        number = self._number if every else np.where(self._incomplete, np.int32(-1), self._number)
        if not self.columns:
            code = np.zeros(self.n, dtype=np.int32)
        elif self._sparse:
            place = self._place.along(along)
            code = number[place]
        elif self._found.size == self.space and not self._incomplete.any():
            code = self._crossed(along)
        else:
            table = np.full(self.space, -1, dtype=np.int32)
            table[self._found] = number
            crossed = self._crossed(along)
            passes = loaded(self.n)
            code = table[crossed] if passes is None else passes.look_up(crossed, table)
        if self.inside is not None:
            code[~self.inside.along(along)] = -1
        return code

    @cached_property
    def _place(self) -> Arranged:
        if self.finer is None:
            return self._listed[1]
        return Arranged(
            np.searchsorted(self._found, self._crossed(None)).clip(0, self._found.size - 1).astype(np.int32)
        )

    def of_finer(self) -> NDArray[np.int32]:
        """The cell of these, by :meth:`codes` with `every`, that each cell of the finer crossing lies in."""
        assert self.finer is not None
        of_found = np.empty(self.finer._found.size, dtype=np.int32)
        of_found[self.finer._number] = self._number[np.searchsorted(self._found, self._recoded(self.finer))]
        return of_found


@dataclass(frozen=True, eq=False)
class CrossedRows:
    """The cells of a crossing that rows with a value lie in.

    Parameters
    ----------
    absent : rows without a value; None: all have one.
    every : see :meth:`Crossing.codes`.
    """

    crossing: Crossing
    absent: Arranged | None = None
    every: bool = False

    def codes(self, along: Ordered | None = None) -> NDArray[np.int32]:
        """The cell of each row in an order, -1 for none: shape (n,)."""
        code = self.crossing.codes(along, every=self.every)
        if self.absent is not None:
            code[self.absent.along(along)] = -1
        return code


def coded(code: Codes, levels: Any) -> Coded:
    """Codes 0 … K-1, -1 where missing, as a column's."""
    count = len(levels)
    complete = bool(code.size == 0 or code.min() >= 0)
    narrow = np.int16 if count < 2**15 - 1 else np.int32
    kept = np.where(code < 0, count, code).astype(narrow)
    return Coded(Arranged(kept), levels, complete)


def crossed_levels(columns: Sequence[Coded]) -> float:
    """Number of thinkable cells of columns, as a float that can't overflow."""
    return float(np.prod([column.size for column in columns], dtype=float))
