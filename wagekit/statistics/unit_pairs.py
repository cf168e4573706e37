"""The pairs of sampling unit and cell that share a row, which sums and variances of a table are made from.

They are numbered once for a table and serve every variable over it. A coarser table's pairs are made of a finer one's,
and its sums are sums of theirs: the rows are passed over once for a whole set of tables.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wagekit.arrays import Codes, Floats, added
from wagekit.design import Sample, Stage
from wagekit.statistics.acceleration import at_once
from wagekit.statistics.variable import Variable

SCATTERED = 64
"""Rows a cell below which a pass is cut into two parts only: each part lays out arrays of the size of the table."""


@dataclass(frozen=True, eq=False)
class Part:
    """The pairs of a range of units, strata whole.

    Parameters
    ----------
    low, high : the units.
    pair : shape (r,), the pair of each of the units' entries (rows, or pairs with finer cells); -1 for none.
    cell : shape (S,), the cell of each pair.
    first : shape (units + 1,), where each unit's pairs begin.
    """

    low: int
    high: int
    pair: NDArray[np.int32]
    cell: NDArray[np.int32]
    first: Codes


@dataclass(frozen=True, eq=False)
class UnitPairs:
    """The pairs of a table and one stage of sampling, part by part.

    Parameters
    ----------
    count : number of cells.
    finer : the pairs with finer cells that these are made of.
    """

    passes: ModuleType
    sample: Sample
    stage: Stage
    count: int
    parts: tuple[Part, ...]
    finer: UnitPairs | None = None

    def merged(self, to: NDArray[np.int32], count: int) -> UnitPairs:
        """The pairs with coarser cells.

        Parameters
        ----------
        to : shape (cells,), the coarser cell of each cell.
        count : number of coarser cells.
        """

        def merge(part: Part) -> Part:
            numbered = self.passes.number_pairs(self.passes.look_up(part.cell, to), part.first, count)
            return Part(part.low, part.high, *numbered)

        parts = tuple(at_once(merge, self.parts))
        return UnitPairs(self.passes, self.sample, self.stage, count, parts, self)

    @cached_property
    def pair_of_row(self) -> list[NDArray[np.int32]]:
        """Part by part the pair of each row in the order of the units, -1 for none."""
        if self.finer is None:
            return [part.pair for part in self.parts]
        look_up = self.passes.look_up
        return at_once(lambda both: look_up(both[0], both[1].pair), self._beside(self.finer.pair_of_row))

    def _beside(self, lists: Sequence[Any]) -> list[tuple[Any, Part]]:
        return list(zip(lists, self.parts, strict=True))

    def rows(self, part: Part) -> slice:
        """The rows of a part in the order of the units."""
        return slice(int(self.stage.starts[part.low]), int(self.stage.starts[part.high]))

    def by_row(self, make: Callable[[Part, NDArray[np.int32], slice], Any]) -> list[Any]:
        """What a pass makes of each part: it takes the part, the pair of each row and the rows."""
        return at_once(lambda both: make(both[1], both[0], self.rows(both[1])), self._beside(self.pair_of_row))

    def gather(self, finer: Sequence[Floats]) -> list[Floats]:
        """Sums of each pair from those of the finer pairs, part by part."""
        sum_pairs = self.passes.sum_pairs
        return at_once(lambda both: sum_pairs(both[1].pair, both[0], both[1].cell.size), self._beside(finer))

    def over_cells(self, sums: Sequence[Floats]) -> Floats:
        """Sums of each cell from those of its pairs: shape (count,)."""
        sum_cells = self.passes.sum_cells
        found = at_once(lambda both: sum_cells(both[1].cell, both[0], self.count), self._beside(sums))
        return added(found)

    def totals(self, own: Floats) -> list[Floats]:
        """Part by part each pair's sum of a linearized variable of shape (n,)."""
        values = own[self.stage.order]
        return self.by_row(lambda part, pair, rows: self.passes.sum_pairs(pair, values[rows], part.cell.size))

    def sizes(self, y: Variable | None) -> list[tuple[Floats, Floats, Floats]]:
        """Part by part each pair's number of rows, sum of weights and weighted sum of the size of `y` (0 without)."""
        if y not in self._sizes:
            if self.finer is not None:
                gathered = self.passes.gather_sizes
                finer = self._beside(self.finer.sizes(y))
                made = at_once(lambda both: gathered(both[1].pair, *both[0], both[1].cell.size), finer)
            else:
                weights = self.sample.weights_in_order(self.stage)
                values = np.zeros(weights.size) if y is None else y.along(self.stage)
                summed = self.passes.sum_sizes
                made = self.by_row(lambda part, pair, rows: summed(pair, weights[rows], values[rows], part.cell.size))
            self._sizes[y] = made
        return self._sizes[y]

    @cached_property
    def _sizes(self) -> dict[Variable | None, list[tuple[Floats, Floats, Floats]]]:
        return {}

    def weights(self, y: Variable) -> list[Floats]:
        """Part by part each pair's sum of weights, which is had together with the sizes of `y`."""
        return [one[1] for one in self.sizes(y)]

    def each(self, work: Callable[..., Any]) -> list[Any]:
        """What a pass over pairs makes of each part.

        Parameters
        ----------
        work : takes the number of the part; its cells, where each unit's pairs begin and strata together; the units'
            scales.
        """
        stage = self.stage
        stratum = stage.narrow_stratum

        def run(index: int) -> Any:
            part = self.parts[index]
            units = slice(part.low, part.high)
            return work(index, (part.cell, part.first, stratum[units]), stage.scale[units])

        return at_once(run, range(len(self.parts)))


def unit_pairs(passes: ModuleType, sample: Sample, stage: Stage, code: NDArray[np.int32], count: int) -> UnitPairs:
    """The pairs of a table and one stage.

    Parameters
    ----------
    code : shape (n,), the cell of each row in the order of the stage's units, -1 for none.
    """
    ranges = stage.parts if code.size >= SCATTERED * count else stage.cut(2)

    def number(units: tuple[int, int]) -> Part:
        low, high = units
        starts = stage.starts[low : high + 1]
        numbered = passes.number_pairs(code[starts[0] : starts[-1]], starts - starts[0], count)
        return Part(low, high, *numbered)

    return UnitPairs(passes, sample, stage, count, tuple(at_once(number, ranges)))
