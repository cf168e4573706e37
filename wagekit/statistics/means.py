r"""Means, totals, ratios, proportions and counts.

Notes
-----
Linearized variables (Särndal, Swensson and Wretman 1992, 5.5 and 5.7), for row i of cell c with weight w:
total :math:`w y`; ratio :math:`w (y - \hat R_c x) / \hat X_c`; the mean is the ratio to x = 1.
"""

from __future__ import annotations

import numpy as np

from wagekit.arrays import Floats, divide
from wagekit.statistics.cells import Cells
from wagekit.statistics.result import Result, simple_random_variance
from wagekit.statistics.variance import Linearized


def mean(cells: Cells, y: Floats) -> Result:
    """Weighted mean of `y`, shape (n,), in each cell."""
    weights, population = cells.sample.weights, cells.population
    # Centred on a value of the cell first, so that a large common level costs no digits of the spread.
    base = _any_value(cells, y)
    offset = y - cells.spread(base)
    point = base + divide(cells.sums(weights * offset), population)

    def linearize() -> Linearized:
        return Linearized(weights * (y - cells.spread(point)) * cells.spread(divide(np.ones(cells.count), population)))

    def simple() -> Floats:
        return simple_random_variance(cells, cells.spread_about(y, point))

    return Result(point, linearize, np.abs(point), simple_variance=simple, sums=(y, np.ones(y.size)))


def total(cells: Cells, y: Floats) -> Result:
    """Weighted total of `y`, shape (n,), in each cell."""
    weights = cells.sample.weights
    point = cells.sums(weights * y)
    scale = cells.sums(weights * np.abs(y))

    def linearize() -> Linearized:
        return Linearized(np.where(cells.inside, weights * y, 0.0))

    def simple() -> Floats:
        centre = divide(point, cells.population)
        return simple_random_variance(cells, cells.spread_about(y, centre)) * cells.population**2

    return Result(point, linearize, scale, centred=False, simple_variance=simple, sums=(y, None))


def ratio(cells: Cells, numerator: Floats, denominator: Floats) -> Result:
    """Ratio of two weighted totals in each cell; both of shape (n,)."""
    weights = cells.sample.weights
    below = cells.sums(weights * denominator)
    point = divide(cells.sums(weights * numerator), below)

    def linearize() -> Linearized:
        residual = numerator - cells.spread(point) * denominator
        return Linearized(weights * residual * cells.spread(divide(np.ones(cells.count), below)))

    return Result(point, linearize, np.abs(point), sums=(numerator, denominator))


def _any_value(cells: Cells, y: Floats) -> Floats:
    base = np.zeros(cells.count)
    rows = np.flatnonzero(cells.inside)
    base[cells.code[rows]] = y[rows]
    return base
