"""A numeric variable of the whole sample, with its order, which every table over it shares."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from wagekit.arrays import Arranged, Codes, Flags, Floats, Ordered, ascending_order
from wagekit.statistics.acceleration import loaded


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
        passes = loaded(self.values.size)
        if passes is None:
            return ascending_order(self.values)
        return np.asarray(passes.ascending_order(self.values + 0.0))  # + 0.0 makes -0.0 equal to 0.0

    @cached_property
    def ascending(self) -> Floats:
        """The values in ascending order, shape (n,)."""
        return self.values[self.order]

    @cached_property
    def blocks(self) -> list[tuple[int, int]]:
        """Ranges of rows that passes in ascending order are cut into."""
        return list(pairwise((self.values.size * np.arange(BLOCKS + 1) // BLOCKS).tolist()))

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
"""Parts that a pass over ascending values is cut into."""


def as_variable(numbers: Numbers) -> Variable:
    """A variable of values, shape (n,)."""
    return numbers if isinstance(numbers, Variable) else Variable(numbers)
