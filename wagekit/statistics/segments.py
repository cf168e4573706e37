"""Passes over rows that lie cell by cell: counting sorts, running sums, look-ups. No loop over cells.

A *segment* is a run of neighbouring rows. Segments are given by ``starts`` of shape (S + 1,), so that
segment s holds the positions ``starts[s]:starts[s + 1]``; a segment may be empty where that is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from wagekit.arrays import Codes, Floats, Values
from wagekit.design import Stage


def run_starts(*codes: Values) -> Codes:
    """Starts of the runs in which all `codes` stay the same, closed by the length: shape (runs + 1,)."""
    n = codes[0].size
    if n == 0:
        return np.zeros(1, dtype=np.int64)
    change = np.zeros(n, dtype=bool)
    change[0] = True
    for code in codes:
        change[1:] |= code[1:] != code[:-1]
    return np.append(np.flatnonzero(change), n)


def segment_sum(values: Floats, starts: Codes) -> Floats:
    """Sum of each segment, shape (S, ...); an empty segment gives 0."""
    if values.shape[0] == 0:
        return np.zeros((starts.size - 1, *values.shape[1:]))
    filled = np.diff(starts) > 0
    sums = np.zeros((starts.size - 1, *values.shape[1:]))
    sums[filled] = np.add.reduceat(values, starts[:-1][filled], axis=0)
    return sums


def segment_running_sum(values: Floats, starts: Codes) -> Floats:
    """Running sum that begins anew in each segment, shape (n,).

    Each segment is summed on its own, so that a cell's result does not depend on the cells beside it, which
    the difference of one long running sum would not give. Segments of like length (within a factor of 2)
    are padded to a common length and summed together, at most 64 passes.
    """
    result = np.empty_like(values)
    length = np.diff(starts)
    size_class = np.ceil(np.log2(np.maximum(length, 1))).astype(np.int64)
    for one_class in np.unique(size_class[length > 0]):
        members = np.flatnonzero((size_class == one_class) & (length > 0))
        width = int(length[members].max())
        if members.size == 1:
            part = slice(starts[members[0]], starts[members[0]] + width)
            result[part] = np.cumsum(values[part])
            continue
        offset = np.arange(width)
        inside = offset < length[members, None]
        position = (starts[members, None] + offset)[inside]
        padded = np.zeros(inside.shape)
        padded[inside] = values[position]
        result[position] = np.cumsum(padded, axis=1)[inside]
    return result


def segment_search(values: Floats, starts: Codes, targets: Floats, side: str = "left") -> Codes:
    """Binary search inside each segment, all segments together.

    Parameters
    ----------
    values : shape (n,), ascending inside each segment.
    starts : shape (S + 1,).
    targets : shape (S, k).
    side : "left": first position with value >= target; "right": first position with value > target.

    Returns
    -------
    Shape (S, k): position in `values`; the segment's end where no value reaches the target.
    """
    low = np.broadcast_to(starts[:-1, None], targets.shape).copy()
    high = np.broadcast_to(starts[1:, None], targets.shape).copy()
    last = max(values.size - 1, 0)
    while (open_ := low < high).any():
        middle = (low + high) // 2
        value = values[np.minimum(middle, last)]
        before = (value < targets) if side == "left" else (value <= targets)
        low = np.where(open_ & before, middle + 1, low)
        high = np.where(open_ & ~before, middle, high)
    return low


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
