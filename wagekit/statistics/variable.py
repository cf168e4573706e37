"""A numeric variable of the whole sample, with its order, which every table over it shares."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from wagekit.arrays import Arranged, Codes, Flags, Floats, Ordered
from wagekit.statistics.acceleration import compiled


@dataclass(frozen=True, eq=False)
class Variable:
    """A variable of the whole sample with its order, which every table over it shares.

    Parameters
    ----------
    values : shape (n,), with any number where a row has none.
    absent : shape (n,), the rows that have none; None where all have one.
    """

    values: Floats
    absent: Arranged | None = None

    @cached_property
    def order(self) -> Codes:
        """Rows in ascending order, shape (n,)."""
        passes = compiled(self.values.size)
        if passes is None:
            return np.argsort(self.values, kind="stable")
        return np.asarray(passes.ascending_order(self.values + 0.0))  # + 0.0 makes -0.0 equal to 0.0

    @cached_property
    def ascending(self) -> Floats:
        """The values in ascending order, shape (n,)."""
        return self.values[self.order]

    @cached_property
    def blocks(self) -> list[tuple[int, int]]:
        """Ranges of the ascending values, of about the same number of rows, that equal values don't lie across."""
        ends = np.searchsorted(self.ascending, self.ascending[self.values.size * np.arange(1, BLOCKS) // BLOCKS])
        cuts = np.unique(np.concatenate(([0], ends, [self.values.size]))).tolist()
        return list(pairwise(cuts))

    def along(self, by: Ordered | None) -> Floats:
        """The values in the order of a stage's units, kept: shape (n,)."""
        return self._arranged.along(by)

    @cached_property
    def _arranged(self) -> Arranged:
        return Arranged(self.values)

    def present(self) -> Flags:
        """Rows that have a value, shape (n,)."""
        return np.ones(self.values.size, dtype=bool) if self.absent is None else ~self.absent.rows


Numbers = Floats | Variable
"""A variable, or its values alone."""

BLOCKS = 4
"""Parts that a pass over ascending values is cut into: fixed, so that rounding does not depend on the machine."""


def as_variable(numbers: Numbers) -> Variable:
    """A variable of values, shape (n,)."""
    return numbers if isinstance(numbers, Variable) else Variable(numbers)
