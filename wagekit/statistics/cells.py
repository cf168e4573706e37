"""The cells of one table: which domain each row falls in, and the orders that its statistics pass over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from wagekit.arrays import Codes, Flags, Floats, Ordered, added, divide, stable_order, sums_by
from wagekit.design import FULLY_TAKEN, Sample, Stage
from wagekit.statistics.acceleration import compiled
from wagekit.statistics.linear import RatioSums, mean_sums, quotient_sums, total_sums
from wagekit.statistics.segments import UnitSegments, run_starts
from wagekit.statistics.unit_pairs import UnitPairs, unit_pairs
from wagekit.statistics.variable import Numbers, Variable, as_variable


class Coding(Protocol):
    """What lays out the cell of each row in any order."""

    def codes(self, along: Ordered | None = None) -> NDArray[np.int32]: ...


@dataclass(frozen=True, eq=False)
class Merged:
    """The cells that finer cells make up.

    Parameters
    ----------
    rows : what lays out the cells.
    finer : the finer cells, over the same rows.
    to : shape (finer cells,), the coarser cell of each.
    """

    rows: Coding
    finer: Cells
    to: NDArray[np.int32]

    def codes(self, along: Ordered | None = None) -> NDArray[np.int32]:
        """The cell of each row in an order, -1 for none: shape (n,)."""
        return self.rows.codes(along)


@dataclass(frozen=True, eq=False)
class Cells:
    """A table's disjoint domains over a sample.

    Parameters
    ----------
    sample : the design.
    given : shape (n,), the cell of each row, 0 … count-1, or -1 for a row in none; or what lays it out when needed.
    count : number of cells; a cell may be empty.
    amount : the variable whose concentration on units is counted, or None.
    """

    sample: Sample
    given: Codes | Coding
    count: int
    amount: Numbers | None = None

    @cached_property
    def code(self) -> Codes:
        """The cell of each row, or -1: shape (n,)."""
        return self.given if isinstance(self.given, np.ndarray) else self.given.codes().astype(np.int64)

    def narrow(self, along: Ordered | None) -> NDArray[np.int32]:
        """The cell of each row in an order, as the compiled passes take it."""
        if not isinstance(self.given, np.ndarray):
            return self.given.codes(along)
        code = self.given.astype(np.int32)
        return code if along is None else code[along.order]

    @cached_property
    def inside(self) -> Flags:
        return self.code >= 0

    @cached_property
    def _all_inside(self) -> bool:
        return bool(self.inside.all())

    @property
    def _passes(self) -> ModuleType | None:
        return compiled(self.sample.n)

    def pairs(self, stage: Stage) -> UnitPairs:
        """The pairs of a stage's units and cells, for the compiled passes."""
        if stage not in self._pairs:
            passes = self._passes
            assert passes is not None
            if isinstance(self.given, Merged):
                made = self.given.finer.pairs(stage).merged(self.given.to, self.count)
            else:
                made = unit_pairs(passes, self.sample, stage, self.narrow(stage), self.count)
            self._pairs[stage] = made
        return self._pairs[stage]

    @cached_property
    def _pairs(self) -> dict[Stage, UnitPairs]:
        return {}

    def ratio_sums(self, stage: Stage, y: Variable, x: Variable | None, *, total: bool = False) -> RatioSums:
        """Sums of a variable, and of those that it is a ratio to, over a stage's units, for the compiled passes.

        Parameters
        ----------
        x : None for a mean.
        total : the totals of `y` alone.
        """
        key = (stage, y, x, total)
        if key not in self._ratio_sums:
            pairs = self.pairs(stage)
            if isinstance(self.given, Merged):
                finer = self.given.finer.ratio_sums(stage, y, x, total=total)
                made = finer.merged(pairs, self.given.to, y, x, about=not total)
            elif total:
                made = total_sums(pairs, y)
            else:
                made = mean_sums(pairs, y) if x is None else quotient_sums(pairs, y, x)
            self._ratio_sums[key] = made
        return self._ratio_sums[key]

    @cached_property
    def _ratio_sums(self) -> dict[tuple[Stage, Variable, Variable | None, bool], RatioSums]:
        return {}

    def sums(self, values: Floats) -> Floats:
        """Sum of row values of shape (n,) in each cell: shape (count,)."""
        if self._all_inside:
            return sums_by(self.code, values, self.count)
        return sums_by(self.code[self.inside], values[self.inside], self.count)

    def spread(self, per_cell: Floats, outside: float = 0.0) -> Floats:
        """Row values of shape (n,) from cell values of shape (count,)."""
        return np.append(per_cell, outside)[self.code]

    @cached_property
    def _weight_sums(self) -> Floats:
        """Respondents of positive weight, respondents, and sum of weights of each cell: shape (3, count)."""
        positive = self.sample.all_positive
        if positive and self._passes is not None:
            n, population = self._tallied[:2]
        else:
            code = self.code if self._all_inside else self.code[self.inside]
            n = np.bincount(code, minlength=self.count).astype(np.float64)
            population = self.sums(self.sample.weights)
        return np.stack([n if positive else self.sums((self.sample.weights > 0).astype(np.float64)), n, population])

    @cached_property
    def population(self) -> Floats:
        """Sum of weights of each cell, shape (count,)."""
        return np.asarray(self._weight_sums[2])

    @cached_property
    def respondents(self) -> Codes:
        return np.asarray(self._weight_sums[1].astype(np.int64))

    @cached_property
    def weighted_respondents(self) -> Floats:
        """Respondents with a positive weight of each cell, shape (count,)."""
        return np.asarray(self._weight_sums[0])

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

    @cached_property
    def tally(self) -> Tally:
        """Counts of each cell and what its largest first-stage unit holds of them."""
        weights = self.sample.weights
        if self._passes is not None and self.sample.all_positive:
            sums = self._tallied
            shares = [divide(sums[5 + k], sums[k]) for k in range(3)]
            return Tally(sums[3].astype(np.int64), sums[3] - sums[4], *shares)
        amount = np.zeros(self.sample.n) if self.amount is None else np.abs(as_variable(self.amount).values) * weights
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

    @cached_property
    def _tallied(self) -> Floats:
        """What the compiled pass counts, see :func:`wagekit.statistics.passes_by_unit.tally_pairs`: shape (8, count)."""
        passes, pairs = self._passes, self.pairs(self.sample.first)
        assert passes is not None
        sizes = pairs.sizes(None if self.amount is None else as_variable(self.amount))

        def count(index: int, of_part: tuple[Any, ...], _: Floats) -> Floats:
            return np.asarray(passes.tally_pairs(*of_part, *sizes[index], self.count))

        parts = pairs.each(count)
        return np.concatenate([added([part[:5] for part in parts]), np.max([part[5:] for part in parts], axis=0)])

    def _members(self, stage: Stage) -> Iterator[tuple[Codes, Codes]]:
        """The pairs of cell and unit of a stage, in some parts: codes of either."""
        if self._passes is None:
            segments = self.segments[self.sample.stages.index(stage)]
            yield segments.cell, segments.unit
            return
        for part in self.pairs(stage).parts:
            yield part.cell.astype(np.int64), np.repeat(np.arange(part.low, part.high), np.diff(part.first))

    @cached_property
    def fully_taken(self) -> Flags:
        """Cells all of whose units, at every stage, were taken with certainty."""
        certain = self.sample.single_psu == "certainty"
        if not all(stage.any_taken or (certain and stage.single.any()) for stage in self.sample.stages):
            return np.zeros(self.count, dtype=bool)
        taken = np.ones(self.count, dtype=bool)
        for stage in self.sample.stages:
            open_ = 1.0 - stage.fraction >= FULLY_TAKEN
            if certain:
                open_ &= ~stage.single[stage.stratum]
            for cell, unit in self._members(stage):
                taken[cell[open_[unit]]] = False
        return taken

    @cached_property
    def only_single_strata(self) -> Flags:
        """Cells whose rows all lie in strata with one unit."""
        first = self.sample.first
        if not first.single.any():
            return np.zeros(self.count, dtype=bool)
        only = np.ones(self.count, dtype=bool)
        for cell, unit in self._members(first):
            only[cell[~first.single[first.stratum[unit]]]] = False
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
