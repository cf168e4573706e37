"""Statistics made of others: quotients of two statistics, and of one statistic between two parts of a cell."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wagekit.arrays import Codes, Floats, divide
from wagekit.statistics.cells import Cells
from wagekit.statistics.deviations import Linearized
from wagekit.statistics.result import Result


def quotient(cells: Cells, above: Result, below: Result) -> Result:
    """One statistic over another in the same cells, such as P90/P10."""
    point = divide(above.point, below.point)

    def linearize() -> Linearized:
        own = above.linearize().own - cells.spread(point) * below.linearize().own
        return Linearized(own * cells.spread(divide(np.ones(cells.count), below.point)))

    return Result(point, linearize, np.abs(point), centred=above.centred and below.centred)


def between_parts(
    cells: Cells, part: Codes, statistic: Callable[[Cells], Result], *, sign: float, shift: float
) -> Result:
    r"""Quotient of a statistic in part 1 of each cell over that in part 0, times `sign`, plus `shift`.

    A pay gap is 1 less the quotient of one sex over the other; growth is the quotient of one wave over the
    wave before less 1.

    Parameters
    ----------
    part : shape (n,), 0, 1 or -1 for a row in neither.

    Notes
    -----
    With :math:`r = s_1 / s_0` the linearized variable is :math:`(z_1 - r z_0) / s_0`.
    """
    code = np.where((cells.code >= 0) & (part >= 0), 2 * cells.code + np.maximum(part, 0), -1)
    parts = Cells(cells.sample, code, 2 * cells.count)
    result = statistic(parts)
    base, other = result.point.reshape(-1, 2).T
    ratio = divide(other, base)

    def linearize() -> Linearized:
        factors: Floats = np.stack([-divide(ratio, base), divide(np.ones(cells.count), base)], axis=1).reshape(-1)
        return Linearized(sign * result.linearize().own * parts.spread(factors))

    groups = tuple(Cells(cells.sample, np.where(part == k, cells.code, -1), cells.count, cells.amount) for k in (0, 1))
    return Result(shift + sign * ratio, linearize, np.abs(ratio), centred=result.centred, parts=groups)
