"""What a statistic is: a point and, when it is asked for, a linearized variable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from wagekit.arrays import Floats
from wagekit.statistics.cells import Cells
from wagekit.statistics.deviations import Linearized


@dataclass(frozen=True, eq=False)
class Result:
    """One statistic in every cell of a table.

    Parameters
    ----------
    point : shape (cells,), NaN where it has no value.
    linearize : gives the linearized variable; called only where a Taylor variance is wanted, since replicate
        weights need points alone.
    scale : shape (cells,), the size against which a standard error counts as rounding noise.
    centred : whether the linearized variable adds up to 0 inside each cell.
    simple_variance : variance of the same statistic under simple random sampling without replacement with
        the same number of respondents, for the design effect.
    parts : the groups inside each cell that are held against one another, where there are such: counts, release
        rules and what can't be estimated then follow the group that has less.
    sums : of a statistic that is a weighted sum, or one over another, the variables summed, shape (n,) each (None:
        no denominator): replicates then need sums over units only.
    variance : gives the variance of each cell where that is had without the linearized variable: of sums of weights
        that are not calibrated, by the compiled passes.
    """

    point: Floats
    linearize: Callable[[], Linearized]
    scale: Floats
    centred: bool = True
    simple_variance: Callable[[], Floats] | None = None
    parts: tuple[Cells, ...] = ()
    sums: tuple[Floats, Floats | None] | None = None
    variance: Callable[[], Floats] | None = None


def simple_random_variance(cells: Cells, spread: Floats) -> Floats:
    r"""Variance of a mean under simple random sampling without replacement, shape of `spread`.

    Parameters
    ----------
    spread : shape (cells,) or (k, cells), weighted mean of (y - mean)² in each cell.

    Notes
    -----
    :math:`s^2 / n \cdot (N - n) / N` with :math:`s^2 = \frac{n}{n-1}` times the spread, as R's
    ``svymean(deff=TRUE)``; NaN where the weights do not sum to more than the respondents.
    """
    n = cells.weighted_respondents
    population = cells.population
    with np.errstate(divide="ignore", invalid="ignore"):
        simple = spread * n / (n - 1) / n * (population - n) / population
    # A sum of decimal weights that is n exactly misses it by rounding.
    return np.where((n > 1) & (population > n * (1 + 1e-12)), simple, np.nan)
