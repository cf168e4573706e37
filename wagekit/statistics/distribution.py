"""Weighted distribution functions of every cell of a table, and their inverse."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wagekit.arrays import Codes, Floats, divide, sums_by
from wagekit.errors import EstimationError
from wagekit.statistics.acceleration import at_once, compiled
from wagekit.statistics.cells import Cells
from wagekit.statistics.segments import segment_running_sum, segment_search
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
        code, blocks = self._ordered
        weights, ascending = self.cells.sample.weights_in_order(self.variable), self.variable.ascending
        sums = np.sum([block[0] for block in blocks], axis=0)
        missing = np.isnan(probability)
        target = np.where(missing, np.inf, np.nan_to_num(probability) * sums[:, None] * (1.0 - TIE))
        order = np.argsort(target, axis=1, kind="stable")
        target = np.take_along_axis(target, order, axis=1)
        found, share = np.full(target.shape, np.nan), np.full(target.shape, np.nan)
        # What every block finds before it: the blocks before summed one after the other.
        before = np.cumsum([np.zeros(sums.size), *(block[0] for block in blocks)], axis=0)
        left = np.cumsum([block[1] for block in blocks][::-1], axis=0)[::-1]

        def work(index: int) -> None:
            low, high = self.variable.blocks[index]
            passes.read_percentiles(
                code, ascending, weights, sums, target, before[index], left[index], low, high, found, share
            )

        at_once(work, range(len(blocks)))
        results = []
        for values in (found, share):
            placed = np.empty_like(target)
            np.put_along_axis(placed, order, values, axis=1)
            results.append(np.where(missing, np.nan, placed))
        return results[0], results[1]

    @cached_property
    def _ordered(self) -> tuple[NDArray[np.int32], list[tuple[Floats, Codes]]]:
        """Cells in the order of the values for the compiled passes, and block by block each cell's weights and rows."""
        passes = compiled(self.cells.sample.n)
        assert passes is not None
        weights = self.cells.sample.weights_in_order(self.variable)
        code = self.cells.narrow(self.variable)
        if not self.cells.sample.all_positive:
            code = np.where(weights > 0, code, np.int32(-1))

        def work(block: tuple[int, int]) -> Any:
            return passes.sum_weights(code, weights, self.cells.count, *block)

        return code, at_once(work, self.variable.blocks)

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
