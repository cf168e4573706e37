"""From the sums that an engine returns to the arrays that the functions of `wagekit.statistics` take.

Notes
-----
The variance function sums squared deviations of unit totals. An engine returns their moments only: in each cell and
stratum the number m of units, their sum S and their centred sum of squares Q. Two stand-ins with the totals
:math:`S/m \\pm \\sqrt{Q/m}`, each of which counts for m/2 units, have the same moments, and a third that counts for no
unit brings the sum to S. The formula is quadratic, so the variance of the three is that of all m, under every rule
for strata with one unit, and there is one implementation of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from wagekit.arrays import Codes, Flags, Floats, divide, sums_by
from wagekit.design import FULLY_TAKEN, Sample, Stage
from wagekit.engines.scanned_design import Strata
from wagekit.errors import EstimationError
from wagekit.options import SinglePSU
from wagekit.statistics.cells import Cells, Tally
from wagekit.statistics.variance import Linearized

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class StandInStage(Stage):
    """A first stage whose units stand in for those of the design: `size` counts the design's units."""

    @cached_property
    def scale_sum(self) -> Floats:
        return (1.0 - self.stratum_fraction) * _spread_factor(self.size) * self.size

    @cached_property
    def single(self) -> Flags:
        return np.asarray((self.size == 1) & (1.0 - self.stratum_fraction >= FULLY_TAKEN))

    @cached_property
    def stratum_fraction(self) -> Floats:
        fraction = np.zeros(self.size.size)
        fraction[self.stratum] = self.fraction
        return fraction


@dataclass(frozen=True, eq=False)
class SummedCells(Cells):
    """Cells whose rows an engine has summed; a row here stands for a third of a cell's part in a stratum.

    Parameters
    ----------
    runs : the engine's sums, a row for each cell and stratum, in the order of stratum and cell.
    positive : shape (count,), respondents with a positive weight.
    """

    runs: pd.DataFrame | None = None
    positive: Floats | None = None

    def _column(self, name: str) -> Floats:
        assert self.runs is not None
        return self.runs[name].to_numpy(dtype=np.float64)

    @cached_property
    def run_cell(self) -> Codes:
        assert self.runs is not None
        return self.runs["cell"].to_numpy(dtype=np.int64)

    def total(self, name: str) -> Floats:
        """Sum of one of the engine's columns in each cell, shape (count,)."""
        return sums_by(self.run_cell, self._column(name), self.count)

    @cached_property
    def respondents(self) -> Codes:
        return np.rint(self.total("n")).astype(np.int64)

    @cached_property
    def weighted_respondents(self) -> Floats:
        assert self.positive is not None
        return self.positive

    @cached_property
    def tally(self) -> Tally:
        units = np.rint(self.total("weighted"))
        strata = sums_by(self.run_cell, self._column("weighted") > 0, self.count)
        shares = []
        for name in ("n", "w", "size"):
            largest = np.zeros(self.count)
            np.maximum.at(largest, self.run_cell, self._column(f"largest_{name}"))
            shares.append(divide(largest, self.total(name)))
        return Tally(units.astype(np.int64), units - strata, *shares)

    def linearized(self, name: str) -> Linearized:
        """Unit totals of one of the engine's linearized variables, laid on the stand-ins."""
        units, total = self._column("units"), self._column(f"total_{name}")
        middle = total / units
        away = np.sqrt(np.maximum(self._column(f"squares_{name}"), 0.0) / units)
        return Linearized(np.stack([middle + away, middle - away, total - 2 * middle], axis=1).reshape(-1))


def summed_cells(
    runs: pd.DataFrame, positive: Floats, strata: Strata, single_psu: SinglePSU, count: int
) -> SummedCells:
    """Cells made of an engine's sums.

    Parameters
    ----------
    runs : what :func:`wagekit.engines.expressions.unit_moments` gave, with cells numbered 0 … count-1.
    positive : shape (count,), respondents with a positive weight.
    """
    runs = runs.sort_values(["stratum", "cell"], ignore_index=True)
    of_run = runs["stratum"].to_numpy(dtype=np.int64)
    units = runs["units"].to_numpy(dtype=np.float64)
    stratum = np.repeat(of_run, 3)
    fraction = strata.fraction[stratum]
    counted = np.stack([units / 2, units / 2, np.zeros(units.size)], axis=1).reshape(-1)
    scale = (1.0 - fraction) * _spread_factor(strata.size)[stratum] * counted
    stage = StandInStage(
        np.arange(stratum.size), stratum, strata.size, fraction, scale, np.ones(strata.size.size), strata.names
    )
    weights = np.zeros(stratum.size)
    weights[::3] = runs["w"].to_numpy(dtype=np.float64)
    code = np.repeat(runs["cell"].to_numpy(dtype=np.int64), 3)
    # The amounts were summed by the engine; zeros keep the place of the variable's rows.
    return SummedCells(Sample(weights, (stage,), single_psu), code, count, np.zeros(code.size), runs, positive)


def _spread_factor(size: Codes) -> Floats:
    return np.where(size > 1, size / np.maximum(size - 1, 1), 1.0)


@dataclass(frozen=True)
class InEngine:
    """The source of estimates whose rows stayed in an engine."""

    engine: str

    def covariance(self, rows: Codes) -> Floats:
        """Not to be had.

        Raises
        ------
        EstimationError
            Always: covariances between cells need the units' totals in all of them at once.
        """
        raise EstimationError(
            f"the rows stayed in {self.engine}",
            where="covariance",
            expected="estimates of a Survey in memory",
            do="Make a Survey of the rows of the domains that are compared",
        )

    def degrees_of_freedom(self, rows: Codes) -> float:
        """Not to be had, as :meth:`covariance`."""
        self.covariance(rows)
        return float("nan")
