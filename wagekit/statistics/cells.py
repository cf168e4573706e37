"""The cells of one table: which domain each row falls in, and the orders that its statistics pass over."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from wagekit.arrays import Codes, Flags, Floats, sums_by
from wagekit.design import Sample, Stage
from wagekit.statistics.segments import run_starts, segment_sum, stable_order


@dataclass(frozen=True, eq=False)
class UnitSegments:
    """Rows of a table grouped by cell and, inside a cell, by sampling unit of one stage.

    Parameters
    ----------
    rows : row numbers in the order (cell, unit); rows in no cell are left out.
    starts : shape (S + 1,), where each (cell, unit) segment begins.
    cell, unit : shape (S,), the codes of each segment.
    """

    stage: Stage
    rows: Codes
    starts: Codes
    cell: Codes
    unit: Codes

    @cached_property
    def stratum(self) -> Codes:
        return self.stage.stratum[self.unit]

    @cached_property
    def runs(self) -> Codes:
        """Where each (cell, stratum) run of segments begins, closed: shape (R + 1,)."""
        return run_starts(self.cell, self.stratum)

    @cached_property
    def run_of_segment(self) -> Codes:
        return np.repeat(np.arange(self.runs.size - 1), np.diff(self.runs))

    def totals(self, values: Floats) -> Floats:
        """Sums of row values of shape (n,) over each segment: shape (S,)."""
        return segment_sum(values[self.rows], self.starts)


@dataclass(frozen=True, eq=False)
class Cells:
    """A table's disjoint domains over a sample.

    Parameters
    ----------
    sample : the design.
    code : shape (n,), the cell of each row, 0 … count-1, or -1 for a row in none.
    count : number of cells; a cell may be empty.
    """

    sample: Sample
    code: Codes
    count: int

    @cached_property
    def inside(self) -> Flags:
        return self.code >= 0

    def sums(self, values: Floats) -> Floats:
        """Sum of row values of shape (n,) in each cell: shape (count,)."""
        return sums_by(self.code[self.inside], values[self.inside], self.count)

    def spread(self, per_cell: Floats, outside: float = 0.0) -> Floats:
        """Row values of shape (n,) from cell values of shape (count,)."""
        return np.append(per_cell, outside)[self.code]

    @cached_property
    def population(self) -> Floats:
        """Sum of weights of each cell, shape (count,)."""
        return self.sums(self.sample.weights)

    @cached_property
    def respondents(self) -> Codes:
        return np.bincount(self.code[self.inside], minlength=self.count)

    def order_by(self, value_order: Codes) -> tuple[Codes, Codes]:
        """Rows in the order (cell, value) from rows in the order of the value.

        Returns
        -------
        rows of shape (rows in cells,) and the starts of the cells, shape (count + 1,).
        """
        kept = value_order[self.inside[value_order]]
        rows = kept[stable_order(self.code[kept], self.count)]
        starts = np.concatenate(([0], np.cumsum(self.respondents)))
        return rows, starts

    @cached_property
    def segments(self) -> tuple[UnitSegments, ...]:
        """The (cell, unit) segments of every stage."""
        return tuple(self._segments(stage) for stage in self.sample.stages)

    def _segments(self, stage: Stage) -> UnitSegments:
        rows, _ = self.order_by(self.sample.unit_order(stage))
        cell, unit = self.code[rows], stage.unit[rows]
        starts = run_starts(cell, unit)
        return UnitSegments(stage, rows, starts, cell[starts[:-1]], unit[starts[:-1]])

    @cached_property
    def weighted_units(self) -> Codes:
        """Number of first-stage units with a positive weight in each cell."""
        present = self._present
        return np.bincount(self.segments[0].cell[present], minlength=self.count)

    @cached_property
    def _present(self) -> Flags:
        first = self.segments[0]
        return first.totals(self.sample.weights) > 0

    @cached_property
    def degrees_of_freedom(self) -> Floats:
        """Units less strata present with a positive weight in each cell (R ``degf``), shape (count,)."""
        first = self.segments[0]
        cell, stratum = first.cell[self._present], first.stratum[self._present]
        strata = np.bincount(cell[run_starts(cell, stratum)[:-1]], minlength=self.count)
        return (self.weighted_units - strata).astype(np.float64)

    def largest_share(self, values: Floats) -> Floats:
        """Largest first-stage unit's share of each cell's sum of row values, shape (count,); NaN where 0."""
        first = self.segments[0]
        totals = first.totals(values)
        largest = np.zeros(self.count)
        np.maximum.at(largest, first.cell, totals)
        with np.errstate(invalid="ignore", divide="ignore"):
            return largest / sums_by(first.cell, totals, self.count)
