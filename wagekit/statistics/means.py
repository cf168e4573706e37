r"""Means, totals, ratios, proportions and counts.

Notes
-----
Linearized variables (Särndal, Swensson and Wretman 1992, 5.5 and 5.7), for row i of cell c with weight w:
total :math:`w y`; ratio :math:`w (y - \hat R_c x) / \hat X_c`; the mean is the ratio to x = 1. Where the compiled
passes are at work, points and variances come from sums over units (:mod:`wagekit.statistics.linear`) and the
linearized variable is made only when a covariance asks for it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wagekit.arrays import Floats, divide
from wagekit.statistics.acceleration import compiled
from wagekit.statistics.cells import Cells
from wagekit.statistics.deviations import Linearized
from wagekit.statistics.linear import RatioSums
from wagekit.statistics.result import Result, simple_random_variance
from wagekit.statistics.variable import Numbers, Variable, as_variable
from wagekit.statistics.variance import pair_variance, require_variance


def mean(cells: Cells, y: Numbers) -> Result:
    """Weighted mean of `y`, shape (n,), in each cell."""
    variable = as_variable(y)
    values, weights, population = variable.values, cells.sample.weights, cells.population
    quick = compiled(cells.sample.n) is not None
    if quick:
        sums = cells.ratio_sums(cells.sample.first, variable, None)
        point = np.where(sums.whole != 0, sums.ratio, np.nan)
    else:
        # Centred on a value of the cell first, so that a large common level costs no digits of the spread.
        base = _any_value(cells, values)
        point = base + divide(cells.sums(weights * (values - cells.spread(base))), population)

    def linearize() -> Linearized:
        per_weight = cells.spread(divide(np.ones(cells.count), population))
        return Linearized(weights * (values - cells.spread(point)) * per_weight)

    def simple() -> Floats:
        if quick and sums.spread is not None:
            return simple_random_variance(cells, divide(sums.spread, population))
        return simple_random_variance(cells, cells.spread_about(values, point))

    result = Result(point, linearize, np.abs(point), simple_variance=simple, sums=(values, _ones(cells)))
    return _quick(result, cells, variable, None) if quick else result


def total(cells: Cells, y: Numbers) -> Result:
    """Weighted total of `y`, shape (n,), in each cell."""
    variable = as_variable(y)
    values, weights = variable.values, cells.sample.weights
    quick = compiled(cells.sample.n) is not None
    if quick:
        sums = cells.ratio_sums(cells.sample.first, variable, None, total=True)
        point = sums.pairs.over_cells(sums.residual)
        scale = sums.pairs.over_cells([one[2] for one in sums.pairs.sizes(variable)])
    else:
        point = cells.sums(weights * values)
        scale = cells.sums(weights * np.abs(values))

    def linearize() -> Linearized:
        return Linearized(np.where(cells.inside, weights * values, 0.0))

    def simple() -> Floats:
        if quick:
            centred = cells.ratio_sums(cells.sample.first, variable, None).spread
            assert centred is not None
            spread = divide(centred, cells.population)
        else:
            spread = cells.spread_about(values, divide(point, cells.population))
        return simple_random_variance(cells, spread) * cells.population**2

    result = Result(point, linearize, scale, centred=False, simple_variance=simple, sums=(values, None))
    return _quick(result, cells, variable, None, total=True) if quick else result


def ratio(cells: Cells, numerator: Numbers, denominator: Numbers) -> Result:
    """Ratio of two weighted totals in each cell; both of shape (n,)."""
    above, below = as_variable(numerator), as_variable(denominator)
    y, x, weights = above.values, below.values, cells.sample.weights
    quick = compiled(cells.sample.n) is not None
    if quick:
        sums = cells.ratio_sums(cells.sample.first, above, below)
        whole = sums.whole
        point = np.where(whole != 0, sums.ratio, np.nan)
    else:
        whole = cells.sums(weights * x)
        point = divide(cells.sums(weights * y), whole)

    def linearize() -> Linearized:
        residual = y - cells.spread(point) * x
        return Linearized(weights * residual * cells.spread(divide(np.ones(cells.count), whole)))

    result = Result(point, linearize, np.abs(point), sums=(y, x))
    return _quick(result, cells, above, below) if quick else result


def _quick(result: Result, cells: Cells, y: Variable, x: Variable | None, *, total: bool = False) -> Result:
    """The result with its variance from sums over the units of every stage."""

    def variance() -> Floats:
        require_variance(cells.sample)
        found = np.zeros(cells.count)
        for stage in cells.sample.stages:
            sums: RatioSums = cells.ratio_sums(stage, y, x, total=total)
            factor = np.ones(cells.count) if total else divide(np.ones(cells.count), sums.whole)
            found += pair_variance(cells, stage, sums.residual, factor)
        return found

    return replace(result, variance=variance)


def _ones(cells: Cells) -> Floats:
    return np.broadcast_to(np.float64(1.0), cells.sample.n)


def _any_value(cells: Cells, y: Floats) -> Floats:
    base = np.zeros(cells.count)
    rows = np.flatnonzero(cells.inside)
    base[cells.code[rows]] = y[rows]
    return base
