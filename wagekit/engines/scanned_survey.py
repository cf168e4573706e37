"""The statistics of a survey that stays in its engine: methods orchestrate, the engine sums."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wagekit.arrays import Floats, divide
from wagekit.design import Design
from wagekit.engines import expressions
from wagekit.engines.assemble import InEngine, SummedCells
from wagekit.engines.cell_table import CellTable, cell_table
from wagekit.engines.scanned_design import Strata
from wagekit.errors import EstimationError
from wagekit.estimates import Estimates
from wagekit.intervals import check_level
from wagekit.options import Definition, IntervalMethod
from wagekit.results import to_estimates
from wagekit.statistics.cells import Cells
from wagekit.statistics.distribution import Distribution, Variable
from wagekit.statistics.estimation import Estimated, estimate, freedom
from wagekit.statistics.percentiles import percentiles
from wagekit.statistics.result import Result, simple_random_variance
from wagekit.statistics.variance import NO_SPREAD, variance
from wagekit.survey_statistics import By, names_of, percents_of


@dataclass(frozen=True, eq=False, repr=False)
class ScannedSurvey:
    """A sample of a wage survey that stays in its engine, with its sampling design; see :func:`scan`.

    Its methods take what those of :class:`wagekit.Survey` take and return the same estimates.
    """

    engine: Any
    table: Any
    design: Design
    strata: Strata
    name: str | None = None

    def __len__(self) -> int:
        return self.strata.rows

    def __repr__(self) -> str:
        units = self.design.psu[0] if self.design.psu else "rows"
        strata = " x ".join(self.design.strata) or "none"
        title = f" {self.name!r}" if self.name else ""
        return f"ScannedSurvey{title} in {self.engine.name}: {len(self):,} rows, units {units}, strata {strata}"

    def percentiles(
        self,
        y: str,
        by: By = None,
        q: float | Sequence[float] = (10, 25, 50, 75, 90),
        *,
        level: float = 0.95,
        definition: Definition = "inverse_cdf",
        ci: IntervalMethod = "woodruff",
        df: float | None = None,
    ) -> Estimates:
        """Percentiles (分位值) of `y` in each domain; parameters as in :meth:`wagekit.Survey.percentiles`.

        Raises
        ------
        EstimationError
            For another `definition` than ``inverse_cdf``, or ``ci="replicates"``: these are made in memory.
        """
        wanted = percents_of(q)
        check_level(level)
        if definition not in ("inverse_cdf", "hf1") or ci not in ("woodruff", "logit", "beta"):
            raise EstimationError(
                f"definition {definition!r} with ci {ci!r}",
                where="Survey.scan",
                expected="definition 'inverse_cdf' with ci 'woodruff', 'logit' or 'beta'",
                do="The others are estimated in memory: wk.Survey(…)",
            )
        table = self._table(by, y)
        probabilities = np.broadcast_to(wanted / 100, (table.count, wanted.size)).copy()
        point, share = table.look_up(probabilities)
        cells = _indicator_moments(table, point, share)

        def share_variance(_: Distribution, points: Floats, __: Floats) -> Floats:
            return np.stack([variance(cells, cells.linearized(f"z{k}")) for k in range(points.shape[1])], axis=1)

        degrees = freedom(cells, df)
        done = percentiles(
            LookedUp(cells, Variable(np.zeros(cells.sample.n)), table, probabilities, (point, share)),
            wanted / 100,
            share_variance=share_variance,
            level=level,
            interval=ci,
            df=degrees,
        )
        estimated = Estimated(cells, done.point, done.se, done.lower, done.upper, done.deff, done.flag, degrees, ())
        details = {"definition": definition, "interval": ci, "level": level}
        return self._estimates(y, table, [f"p{value:g}" for value in wanted], estimated, details)

    def mean(self, y: str, by: By = None, *, level: float = 0.95, df: float | None = None) -> Estimates:
        """Mean of `y` in each domain; parameters as in :meth:`wagekit.Survey.mean`."""
        check_level(level)
        table = self._table(by, y)
        population, centre = table["w"], divide(table["wy"], table["w"])
        for attempt in range(2):
            cells = _linear_moments(table, centre, divide(np.ones(table.count), population), centre)
            spread = divide(cells.total("spread"), population)
            # What the scores add up to is the rounding error of the centre: a common level far above the spread
            # leaves one that shows, and the sums are made again about the better centre.
            error = cells.total("total_z0")
            visible = (np.abs(error) > 1e-10 * np.sqrt(spread)) & (np.sqrt(spread) > NO_SPREAD * np.abs(centre))
            centre = centre + error
            if attempt or not visible.any():
                break

        def statistic(_: Cells) -> Result:
            return Result(
                centre,
                lambda: cells.linearized("z0"),
                np.abs(centre),
                simple_variance=lambda: simple_random_variance(cells, spread),
            )

        return self._finished("mean", y, table, cells, statistic, level, df)

    def total(self, y: str, by: By = None, *, level: float = 0.95, df: float | None = None) -> Estimates:
        """Total of `y` in each domain; parameters as in :meth:`wagekit.Survey.total`."""
        return self._total("total", y, by, level, df)

    def count(self, by: By = None, *, level: float = 0.95, df: float | None = None) -> Estimates:
        """Number of workers that each domain stands for, the total of 1."""
        return self._total("count", None, by, level, df)

    def ratio(
        self, numerator: str, denominator: str, by: By = None, *, level: float = 0.95, df: float | None = None
    ) -> Estimates:
        """Ratio of the totals of two columns in each domain; rows that miss one of them are left out."""
        check_level(level)
        table = self._table(by, numerator, denominator)
        point = divide(table["wy"], table["wx"])
        nothing = np.zeros(table.count)
        cells = _linear_moments(table, nothing, divide(np.ones(table.count), table["wx"]), nothing, slope=point)

        def statistic(_: Cells) -> Result:
            return Result(point, lambda: cells.linearized("z0"), np.abs(point))

        return self._finished("ratio", numerator, table, cells, statistic, level, df)

    # -- shared ----------------------------------------------------------------------------------

    def _table(self, by: By, y: str | None, x: str | None = None) -> CellTable:
        return cell_table(self.engine, self.table, self.design, self.strata, names_of(by), y, x)

    def _total(self, word: str, y: str | None, by: By, level: float, df: float | None) -> Estimates:
        check_level(level)
        table = self._table(by, y)
        population, nothing = table["w"], np.zeros(table.count)
        cells = _linear_moments(table, nothing, np.ones(table.count), divide(table["wy"], population))
        spread = divide(cells.total("spread"), population)

        def statistic(_: Cells) -> Result:
            return Result(
                cells.total("total_z0"),
                lambda: cells.linearized("z0"),
                cells.total("size"),
                centred=False,
                simple_variance=lambda: simple_random_variance(cells, spread) * population**2,
            )

        return self._finished(word, y, table, cells, statistic, level, df)

    def _finished(
        self,
        word: str,
        y: str | None,
        table: CellTable,
        cells: SummedCells,
        statistic: Callable[[Cells], Result],
        level: float,
        df: float | None,
    ) -> Estimates:
        return self._estimates(
            y or word, table, [word], estimate(cells, statistic, level=level, df=df), {"level": level}
        )

    def _estimates(
        self, variable: str, table: CellTable, words: Sequence[str], estimated: Estimated, details: Mapping[str, Any]
    ) -> Estimates:
        metadata = {
            "name": self.name,
            "design": self.design,
            "method": "Taylor",
            "engine": self.engine.name,
            **details,
        }
        amount = estimated.cells.amount
        assert amount is not None
        made = to_estimates(variable, table.by, table.domains, amount, words, estimated, metadata)
        return replace(made, source=InEngine(self.engine.name))


@dataclass(frozen=True, eq=False)
class LookedUp(Distribution):
    """Distribution functions that an engine reads.

    Parameters
    ----------
    known : probabilities of shape (cells, k), with what was read at them.
    """

    table: CellTable
    known: Floats
    known_values: tuple[Floats, Floats]

    def read(self, probability: Floats) -> tuple[Floats, Floats]:
        if np.array_equal(probability, self.known):
            return self.known_values
        return self.table.look_up(probability)


def _linear_moments(
    table: CellTable, centre: Floats, factor: Floats, about: Floats, *, slope: Floats | None = None
) -> SummedCells:
    """Moments of w (y - centre - slope x) factor, all of shape (cells,), and squares of y about another centre."""
    slopes = np.zeros(table.count) if slope is None else slope
    parameters = {"centre": centre, "factor": factor, "about": about, "slope": slopes}
    return table.summed(parameters, expressions.linear_scores)


def _indicator_moments(table: CellTable, point: Floats, share: Floats) -> SummedCells:
    """Moments of w (1[y <= point] - share) / W for k points and shares of shape (cells, k)."""
    k = point.shape[1]
    parameters = {f"q{j}": point[:, j] for j in range(k)} | {f"share{j}": share[:, j] for j in range(k)}
    parameters["factor"] = divide(np.ones(table.count), table["w"])
    return table.summed(parameters, lambda rows: expressions.indicator_scores(rows, k))
