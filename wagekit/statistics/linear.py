"""Weighted totals and ratios of them, with their variances, from sums over sampling units (compiled passes).

Notes
-----
A ratio of totals over a cell, :math:`R = \\sum w y / \\sum w x`, has the linearized variable
:math:`w (y - R x) / \\sum w x`. Its totals over the pairs of unit and cell, :math:`r = \\sum w (y - R x)` and
:math:`q = \\sum w x`, are kept before the division. A coarser cell is made of finer ones with

.. math:: r' = \\sum_f \\left[ r_f + (R_f - R') q_f \\right],

so that its variance needs no further pass over rows. The mean is the ratio to x = 1; a total has R = 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from wagekit.arrays import Floats, added, divide, sums_by
from wagekit.statistics.acceleration import at_once
from wagekit.statistics.unit_pairs import UnitPairs
from wagekit.statistics.variable import Variable

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class RatioSums:
    """Sums of one variable over those of another, over the pairs of unit and cell.

    Parameters
    ----------
    pairs : of one stage.
    ratio : shape (cells,), what the residuals are about: sum over sum, 0 where there is none; or 0 throughout.
    residual, below : part by part, shape (S,): each pair's sums of w (y - ratio x) and of w x.
    spread : shape (cells,), of a mean: each cell's sum of w (y - ratio)².
    """

    pairs: UnitPairs
    ratio: Floats
    residual: Sequence[Floats]
    below: Sequence[Floats]
    spread: Floats | None = None

    @cached_property
    def whole(self) -> Floats:
        """Each cell's sum of w x, shape (cells,)."""
        return self.pairs.over_cells(self.below)

    def merged(
        self, pairs: UnitPairs, to: NDArray[np.int32], y: Variable, x: Variable | None, *, about: bool
    ) -> RatioSums:
        """The sums with coarser cells.

        Parameters
        ----------
        pairs : the coarser cells' pairs, made of these.
        to : shape (cells,), the coarser cell of each cell.
        y, x : the variables; x is None for a mean or a total.
        about : whether residuals are about the cells' ratios.
        """
        below = pairs.weights(y) if x is None else pairs.gather(self.below)
        if not about:
            return RatioSums(pairs, np.zeros(pairs.count), pairs.gather(self.residual), below)
        base = np.zeros(pairs.count)
        some = self.whole != 0
        base[to[some]] = self.ratio[some]  # any of the finer ratios: what is summed are distances from it
        whole = sums_by(to, self.whole, pairs.count)
        distance = sums_by(to, (self.ratio - base[to]) * self.whole, pairs.count)
        ratio = np.where(whole != 0, base + np.nan_to_num(divide(distance, whole)), 0.0)
        moved = np.where(some, self.ratio - ratio[to], 0.0)

        def gather(index: int) -> Floats:
            finer, part = self.pairs.parts[index], pairs.parts[index]
            sums = (self.residual[index], self.below[index], moved)
            return np.asarray(pairs.passes.gather_moved(part.pair, finer.cell, *sums, part.cell.size))

        spread = None if self.spread is None else sums_by(to, self.spread + moved**2 * self.whole, pairs.count)
        return RatioSums(pairs, ratio, at_once(gather, range(len(pairs.parts))), below, spread)


def mean_sums(pairs: UnitPairs, y: Variable) -> RatioSums:
    """Sums for the means of a variable."""
    weights, values = pairs.sample.weights_in_order(pairs.stage), y.along(pairs.stage)

    def about(centre: Floats) -> tuple[list[Floats], Floats]:
        def work(part: Any, pair: Any, rows: slice) -> Any:
            return pairs.passes.sum_about(pair, part.cell, weights[rows], values[rows], centre, pairs.count)

        found = pairs.by_row(work)
        return [one[0] for one in found], added([one[1] for one in found])

    below = pairs.weights(y)
    made = RatioSums(pairs, np.zeros(pairs.count), below, below)
    # Once about a value of the cell for the means, once about them: a level far above the spread costs no digits then,
    # and values that are all the same have exactly no spread.
    centre = _any_values(pairs, values)
    centre = centre + np.nan_to_num(divide(about(centre)[1][:, 0], made.whole))
    residual, sums = about(centre)
    error, spread = np.nan_to_num(divide(sums[:, 0], made.whole)), sums[:, 1]
    if (np.abs(error) > NEGLIGIBLE * np.sqrt(divide(np.abs(spread), np.abs(made.whole)))).any():
        residual = [r - error[part.cell] * w for r, w, part in zip(residual, below, pairs.parts, strict=True)]
    return replace(made, ratio=np.where(made.whole != 0, centre + error, 0.0), residual=residual, spread=spread)


def _any_values(pairs: UnitPairs, values: Floats) -> Floats:
    """A value of each cell, 0 where it has none: shape (cells,)."""
    found, known, missing = np.zeros(pairs.count), np.zeros(pairs.count, dtype=bool), pairs.count
    for part, pair in zip(pairs.parts, pairs.pair_of_row, strict=True):
        missing = pairs.passes.any_values(pair, part.cell, values[pairs.rows(part)], found, known, missing)
    return found


NEGLIGIBLE = 1e-13
"""Part of the spread that the error of a centre may have."""


def total_sums(pairs: UnitPairs, y: Variable) -> RatioSums:
    """Sums for the totals of a variable."""
    return RatioSums(pairs, np.zeros(pairs.count), products(pairs, y), pairs.weights(y))


def quotient_sums(pairs: UnitPairs, y: Variable, x: Variable) -> RatioSums:
    """Sums for the ratios of a variable's totals to another's."""
    above, below = products(pairs, y), products(pairs, x)
    ratio = np.nan_to_num(divide(pairs.over_cells(above), pairs.over_cells(below)))
    residual = [a - ratio[part.cell] * b for a, b, part in zip(above, below, pairs.parts, strict=True)]
    return RatioSums(pairs, ratio, residual, below)


def products(pairs: UnitPairs, y: Variable) -> list[Floats]:
    """Part by part each pair's sum of w y."""
    weights, values = pairs.sample.weights_in_order(pairs.stage), y.along(pairs.stage)
    summed = pairs.passes.sum_products
    return pairs.by_row(lambda part, pair, rows: summed(pair, weights[rows], values[rows], part.cell.size))
