"""The cells of one table: which domain each row falls in, and the orders that its statistics pass over."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from wagekit.arrays import Codes, Flags, Floats, divide, stable_order, sums_by
from wagekit.design import FULLY_TAKEN, Sample, Stage
from wagekit.statistics.acceleration import compiled, in_parts
from wagekit.statistics.segments import run_starts, segment_sum


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
    amount : shape (n,), the variable whose concentration on units is counted, or None.
    """

    sample: Sample
    code: Codes
    count: int
    amount: Floats | None = None

    @cached_property
    def inside(self) -> Flags:
        return self.code >= 0

    @cached_property
    def _all_inside(self) -> bool:
        return bool(self.inside.all())

    def sums(self, values: Floats) -> Floats:
        """Sum of row values of shape (n,) in each cell: shape (count,)."""
        if self._all_inside:
            return sums_by(self.code, values, self.count)
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
        return np.bincount(self.code if self._all_inside else self.code[self.inside], minlength=self.count)

    @cached_property
    def weighted_respondents(self) -> Floats:
        """Respondents with a positive weight of each cell, shape (count,)."""
        if self.sample.all_positive:
            return self.respondents.astype(np.float64)
        return self.sums((self.sample.weights > 0).astype(np.float64))

    def spread_about(self, y: Floats, centre: Floats) -> Floats:
        """Weighted mean of (y - centre)² in each cell; y of shape (n,), centre of shape (count,)."""
        return divide(self.sums(self.sample.weights * (y - self.spread(centre)) ** 2), self.population)

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
        rows, _ = self.order_by(stage.order)
        cell, unit = self.code[rows], stage.unit[rows]
        starts = run_starts(cell, unit)
        return UnitSegments(stage, rows, starts, cell[starts[:-1]], unit[starts[:-1]])

    def code_by_unit(self, stage: Stage) -> NDArray[np.int32]:
        """The cell of each row in the order of a stage's units, as the compiled passes take it."""
        if stage not in self._codes_by_unit:
            self._codes_by_unit[stage] = self.narrow[stage.order]
        return self._codes_by_unit[stage]

    @cached_property
    def _codes_by_unit(self) -> dict[Stage, NDArray[np.int32]]:
        return {}

    @cached_property
    def narrow(self) -> NDArray[np.int32]:
        """The cell of each row as the compiled passes take it."""
        return self.code.astype(np.int32)

    @cached_property
    def tally(self) -> Tally:
        """Counts of each cell and what its largest first-stage unit holds of them."""
        weights = self.sample.weights
        amount = np.zeros(self.sample.n) if self.amount is None else np.abs(self.amount) * weights
        passes = compiled(self.sample.n)
        if passes is not None and self.sample.all_positive:
            return self._compiled_tally(passes, amount)
        segments = self.segments[0]
        present = segments.totals(np.abs(weights)) > 0
        cell, stratum = segments.cell[present], segments.stratum[present]
        units = np.bincount(cell, minlength=self.count)
        strata = np.bincount(cell[run_starts(cell, stratum)[:-1]], minlength=self.count)
        shares = [self.largest_share(values) for values in (np.ones(self.sample.n), weights, amount)]
        return Tally(units, (units - strata).astype(np.float64), *shares)

    def largest_share(self, values: Floats) -> Floats:
        """Largest first-stage unit's share of each cell's sum of row values, shape (count,); NaN where 0."""
        segments = self.segments[0]
        totals = segments.totals(values)
        largest = np.zeros(self.count)
        np.maximum.at(largest, segments.cell, totals)
        return divide(largest, sums_by(segments.cell, totals, self.count))

    def _compiled_tally(self, passes: ModuleType, amount: Floats) -> Tally:
        first = self.sample.first
        code = self.code_by_unit(first)
        weights, amounts = self.sample.weights_in_order(first), amount[first.order]
        parts = in_parts(
            lambda low, high: passes.count_cells(
                code, first.starts, first.narrow_stratum, weights, amounts, self.count, low, high
            ),
            first.parts,
        )
        sums = np.sum([part[:, :5] for part in parts], axis=0)
        largest = np.max([part[:, 5:] for part in parts], axis=0)
        shares = [divide(largest[:, k], sums[:, k]) for k in range(3)]
        return Tally(sums[:, 3].astype(np.int64), sums[:, 3] - sums[:, 4], *shares)

    @cached_property
    def fully_taken(self) -> Flags:
        """Cells all of whose units, at every stage, were taken with certainty."""
        certain = self.sample.single_psu == "certainty"
        if not all(stage.any_taken or (certain and stage.single.any()) for stage in self.sample.stages):
            return np.zeros(self.count, dtype=bool)
        taken = np.ones(self.count, dtype=bool)
        for segments in self.segments:
            open_ = 1.0 - segments.stage.fraction[segments.unit] >= FULLY_TAKEN
            if certain:
                open_ &= ~segments.stage.single[segments.stratum]
            taken[segments.cell[open_]] = False
        return taken

    @cached_property
    def only_single_strata(self) -> Flags:
        """Cells whose rows all lie in strata with one unit."""
        if not self.sample.first.single.any():
            return np.zeros(self.count, dtype=bool)
        first = self.segments[0]
        only = np.ones(self.count, dtype=bool)
        only[first.cell[~first.stage.single[first.stratum]]] = False
        return only

    @property
    def weighted_units(self) -> Codes:
        """Number of first-stage units with a positive weight in each cell."""
        return self.tally.units

    @property
    def degrees_of_freedom(self) -> Floats:
        """Units less strata present with a positive weight in each cell (R ``degf``), shape (count,)."""
        return self.tally.degrees_of_freedom


@dataclass(frozen=True, eq=False)
class Tally:
    """Counts of each cell, all of shape (count,).

    Parameters
    ----------
    units : first-stage units with a positive weight.
    degrees_of_freedom : those units less their strata.
    largest_share, largest_weighted_share, largest_amount_share : the largest unit's part of the respondents, of the
        sum of weights and of the weighted amount; NaN where that is 0.
    """

    units: Codes
    degrees_of_freedom: Floats
    largest_share: Floats
    largest_weighted_share: Floats
    largest_amount_share: Floats
