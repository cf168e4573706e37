"""Weighted distribution functions of every cell of a table, and their inverse."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wagekit.arrays import Codes, Floats, divide, sums_by
from wagekit.errors import EstimationError
from wagekit.statistics.acceleration import at_once, compiled
from wagekit.statistics.cells import Cells
from wagekit.statistics.segments import segment_running_sum, segment_search
from wagekit.statistics.variable import BLOCKS
from wagekit.statistics.variable import Variable as Variable

TIE = 1e-12
"""Relative tolerance within which a running sum of weights has reached p W: equal decimal weights whose sum
should meet p W exactly miss it by rounding in about half of all cases."""


@dataclass(frozen=True, eq=False)
class Distribution:
    """Weighted distribution functions of a variable in every cell of a table.

    Parameters
    ----------
    cells : the table; only rows with a value may be in a cell.
    variable : the variable.
    """

    cells: Cells
    variable: Variable

    def __post_init__(self) -> None:
        negative = int((self.cells.sample.weights < 0).sum()) if not self.cells.sample.all_positive else 0
        if negative:
            raise EstimationError(
                f"{negative} weights are negative, so there is no distribution function",
                where="weights",
                do='Calibrate with bounds or with method="raking" or "logit"',
            )

    @property
    def y(self) -> Floats:
        return self.variable.values

    @cached_property
    def _sorted(self) -> tuple[Codes, Codes]:
        order = self.variable.order
        positive = order[self.cells.sample.weights[order] > 0]
        code = np.where(self.cells.sample.weights > 0, self.cells.code, -1)
        kept = Cells(self.cells.sample, code, self.cells.count)
        return kept.order_by(positive)

    @property
    def rows(self) -> Codes:
        """Rows with positive weight in the order (cell, value)."""
        return self._sorted[0]

    @property
    def starts(self) -> Codes:
        """Where each cell begins among them, closed: shape (cells + 1,)."""
        return self._sorted[1]

    @cached_property
    def values(self) -> Floats:
        """Values with positive weight, ascending inside each cell."""
        return self.y[self.rows]

    @cached_property
    def weights(self) -> Floats:
        return self.cells.sample.weights[self.rows]

    @cached_property
    def cell(self) -> Codes:
        """The cell of each of the ordered rows."""
        return self.cells.code[self.rows]

    def sums(self, ordered: Floats) -> Floats:
        """Sum in each cell of values that lie in the order of :attr:`rows`: shape (cells,)."""
        return sums_by(self.cell, ordered, self.cells.count)

    def to_rows(self, ordered: Floats) -> Floats:
        """Values in the order of :attr:`rows` laid back over all rows, 0 elsewhere: shape (n,)."""
        values = np.zeros(self.cells.sample.n)
        values[self.rows] = ordered
        return values

    @cached_property
    def running(self) -> Floats:
        """Running sum of weights inside each cell."""
        if compiled(self.cells.sample.n) is not None:
            return np.asarray(self._laid[0][:, 1])
        return segment_running_sum(self.weights, self.starts)

    @cached_property
    def sum(self) -> Floats:
        """Sum of weights of each cell, the last running sum: shape (cells,)."""
        last = np.maximum(self.starts[1:] - 1, 0)
        filled = np.diff(self.starts) > 0
        return np.where(filled, self.running[last] if self.running.size else 0.0, 0.0)

    def read(self, probability: Floats) -> tuple[Floats, Floats]:
        """inf{y: F(y) >= p} and F there in each cell; `probability` and both results have shape (cells, k)."""
        passes = compiled(self.cells.sample.n)
        if passes is None:
            value = self.inverse(probability)
            return value, self.cumulative(value)
        laid, starts = self._laid
        targets = probability * (1.0 - TIE)
        found, share = np.full(targets.shape, np.nan), np.full(targets.shape, np.nan)
        self._read(passes, laid, starts, targets, found, share)
        return found, share

    def replicated(self, probability: Floats) -> Floats | None:
        """inf{y: F(y) >= p} under every set of replicate weights that are multiples of each unit's, for the compiled
        passes: shape (R, cells, k); None where NumPy is to do the work.

        Parameters
        ----------
        probability : shape (cells, k).
        """
        sample = self.cells.sample
        passes, replicates = compiled(sample.n), sample.replicates
        if passes is None or replicates is None:
            return None
        # Only the weights change from one replicate to the next: rows are laid once, with the units they lie in.
        laid, starts = self._lay(passes, self.cells.narrow(self.variable), self.variable.ascending)
        unit_of_row = sample.first.unit[self.variable.order].astype(np.float64)
        unit = self._lay(passes, self.cells.narrow(self.variable), unit_of_row)[0][:, 0].astype(np.int32)
        points = np.full((replicates.count, *probability.shape), np.nan)
        targets, share = probability * (1.0 - TIE), np.empty(probability.shape)
        for index in range(replicates.count):
            own = laid.copy()
            own[:, 1] *= np.ascontiguousarray(replicates.multipliers[:, index])[unit]
            self._read(passes, self._summed(passes, own, starts), starts, targets, points[index], share)
        return points

    @cached_property
    def _laid(self) -> tuple[Floats, Codes]:
        """Values of positive weight and running sums cell by cell, shape (rows, 2), and the cells' starts (compiled)."""
        passes, code = compiled(self.cells.sample.n), self.cells.narrow(self.variable)
        if not self.cells.sample.all_positive:
            code = np.where(self.cells.sample.weights_in_order(self.variable) > 0, code, np.int32(-1))
        laid, starts = self._lay(passes, code, self.variable.ascending)
        return self._summed(passes, laid, starts), starts

    def _lay(self, passes: Any, code: NDArray[np.int32], values: Floats) -> tuple[Floats, Codes]:
        """Values and weights cell by cell, shape (rows, 2), and the cells' starts.

        Parameters
        ----------
        code, values : shape (n,), in the order of the variable.
        """
        weights, count = self.cells.sample.weights_in_order(self.variable), self.cells.count
        blocks = self.variable.blocks
        rows = np.stack(at_once(lambda block: passes.count_rows(code, count, *block), blocks))
        starts = np.concatenate(([0], np.cumsum(rows.sum(axis=0))))
        places = starts[:-1] + np.cumsum(rows, axis=0) - rows
        laid = np.empty((starts[-1], 2))

        def lay(index: int) -> None:
            passes.lay_by_cell(code, values, weights, places[index], *blocks[index], laid)

        at_once(lay, range(len(blocks)))
        return laid, starts

    def _summed(self, passes: Any, laid: Floats, starts: Codes) -> Floats:
        """What is laid, its weights turned into running sums."""
        at_once(lambda cells: passes.run_up(laid, starts, *cells), self._ranges(starts))
        return laid

    def _read(self, passes: Any, laid: Floats, starts: Codes, targets: Floats, found: Floats, share: Floats) -> None:
        def work(cells: tuple[int, int]) -> None:
            passes.read_percentiles(laid, starts, targets, *cells, found, share)

        at_once(work, self._ranges(starts))

    def _ranges(self, starts: Codes) -> list[tuple[int, int]]:
        """Ranges of cells of about the same number of rows."""
        cuts = np.searchsorted(starts, starts[-1] * np.arange(1, BLOCKS) // BLOCKS)
        return list(pairwise(np.unique([0, *cuts, starts.size - 1]).tolist()))

    def inverse(self, probability: Floats) -> Floats:
        """inf{y: F(y) >= p} in each cell: `probability` and the result have shape (cells, k); NaN stays NaN."""
        target = np.nan_to_num(probability) * self.sum[:, None] * (1.0 - TIE)
        position = segment_search(self.running, self.starts, target)
        return self._value_at(position, probability)

    def _value_at(self, position: Codes, probability: Floats) -> Floats:
        if self.values.size == 0:
            return np.full(position.shape, np.nan)
        last = (self.starts[1:] - 1)[:, None]
        found = self.values[np.clip(np.minimum(position, last), 0, None)]
        filled = (np.diff(self.starts) > 0)[:, None]
        return np.where(filled & ~np.isnan(probability), found, np.nan)

    def cumulative(self, value: Floats) -> Floats:
        """F(value) in each cell, never above 1: shape (cells, k)."""
        position = segment_search(self.values, self.starts, np.where(np.isnan(value), np.inf, value), "right")
        before = np.maximum(position - 1, 0)
        reached = np.where(position > self.starts[:-1, None], self.running[before] if self.running.size else 0.0, 0.0)
        share = divide(reached, self.sum[:, None])
        # At the top the share is exactly 1, whatever the rounding of the running sum.
        share = np.where(position == self.starts[1:, None], 1.0, share)
        return np.where(np.isnan(value), np.nan, np.minimum(share, 1.0))
