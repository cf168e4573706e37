"""The statistics that can be asked of a survey: each method picks columns and wraps what arithmetic returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from wagekit.arrays import Arranged, Codes, Flags, Floats, Ordered
from wagekit.columns import Columns
from wagekit.design import Design, Sample
from wagekit.domains import Domains
from wagekit.errors import EstimationError, InputError
from wagekit.estimates import Estimates
from wagekit.grouping import GroupingSets
from wagekit.intervals import check_level
from wagekit.options import Definition, IntervalMethod
from wagekit.results import counted, stack, to_estimates
from wagekit.statistics import bands, combine, inequality, means
from wagekit.statistics.acceleration import load_ahead
from wagekit.statistics.cells import Cells
from wagekit.statistics.distribution import Distribution
from wagekit.statistics.estimation import Estimated, estimate, estimate_percentiles
from wagekit.statistics.percentiles import percentile
from wagekit.statistics.result import Result
from wagekit.statistics.variable import Variable

if TYPE_CHECKING:
    import pandas as pd

By = str | Sequence[str] | GroupingSets | None
"""Domain columns: one, several that are crossed, sets of groupings, or none."""


def names_of(value: By) -> tuple[str, ...]:
    """Column names of one grouping as a tuple, however they were given.

    Raises
    ------
    InputError
        For sets of groupings.
    """
    if value is None:
        return ()
    if isinstance(value, GroupingSets):
        raise InputError(
            "sets of groupings",
            where="by",
            expected="a column, or several that are crossed",
            do="Take the groupings one by one",
        )
    return (value,) if isinstance(value, str) else tuple(value)


def percents_of(q: float | Sequence[float]) -> Floats:
    """Percents of percentiles, however they were given: shape (k,).

    Raises
    ------
    EstimationError
        If there is none, or one is below 1 or not below 100.
    """
    wanted = np.atleast_1d(np.asarray(q, dtype=float))
    if wanted.size == 0 or not ((wanted >= 1) & (wanted < 100)).all():
        raise EstimationError(f"q = {q!r}", where="percentiles", expected="percents from 1, below 100: 50, not 0.5")
    return wanted


class SurveyStatistics:
    """What every :class:`~wagekit.Survey` can be asked; it is not made on its own."""

    _columns: Columns
    _design: Design
    _sample: Sample
    _inside: Arranged | None
    _name: str | None
    _metadata: dict[str, Any]

    @property
    def mask(self) -> Flags:
        """Rows of the whole sample that are in this survey's domain, shape (n,)."""
        return np.ones(self._sample.n, dtype=bool) if self._inside is None else self._inside.rows.copy()

    def columns_frame(self, names: Sequence[str]) -> pd.DataFrame:
        """Some columns of all rows of the whole sample."""
        import pandas as pd

        return pd.DataFrame({name: self._columns.series(name) for name in names})

    def numbers(self, name: str) -> Floats:
        """A numeric column of all rows of the whole sample, NaN where missing: shape (n,)."""
        return self._columns.numbers(name, finite=True)

    def cross(self, by: By) -> tuple[Codes, pd.DataFrame]:
        """Cell of each row (-1 outside the domain or where a value is missing) and a frame of the cells.

        Raises
        ------
        InputError
            For sets of groupings, where a row lies in several cells.
        """
        domains = self._columns.domains(names_of(by), self._inside)
        return domains.crossings[0].codes().astype(np.int64), domains.frame.copy()

    def description(self) -> dict[str, Any]:
        """What the metadata of every result say of the survey: name, design, its own metadata, kind of variance."""
        replicates = self._sample.replicates
        method = "Taylor" if replicates is None else replicates.method
        return {"name": self._name, "design": self._design, **self._metadata, "method": method}

    # -- statistics ------------------------------------------------------------------------------

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
        """Percentiles (分位值) of `y` in each domain.

        Parameters
        ----------
        y : numeric column; rows without a value are left out.
        by : domain columns, crossed; None for the whole sample; or several groupings that are planned and estimated
            together, see :func:`wagekit.cube`, :func:`wagekit.rollup` and :func:`wagekit.grouping_sets`. A column that
            a grouping leaves out holds ``_T`` there, and is then an ordered category with ``_T`` first and its own
            values after it; totals come first in the result.
        q : percents in (0, 100).
        level : confidence level.
        definition : named in :mod:`wagekit.statistics.definitions`; ``inverse_cdf`` is R's "math".
        ci : interval for the probability: ``woodruff`` (R "mean"), ``logit`` (R "xlogit"), ``beta`` (Korn and Graubard);
            ``replicates`` takes the spread of the percentile itself over replicate weights (R "quantile").
        df : degrees of freedom; by default units less strata present in the domain. ``inf`` for the normal.

        Returns
        -------
        Estimates with statistics ``p10`` … ``p90``.
        """
        wanted = percents_of(q)
        _check_option(ci, IntervalMethod, "ci")
        check_level(level)
        variable = self._columns.variable(y)

        def make(cells: Cells, kept: Cells) -> Estimated:
            return estimate_percentiles(
                Distribution(cells, variable),
                wanted / 100,
                level=level,
                definition=definition,
                interval=ci,
                df=df,
                kept=kept,
            )

        words = [f"p{value:g}" for value in wanted]
        details = {"definition": definition, "interval": ci, "level": level}
        return self._estimates(y, by, variable, variable.absent, words, make, details)

    def mean(self, y: str, by: By = None, *, level: float = 0.95, df: float | None = None) -> Estimates:
        """Mean of `y` in each domain; parameters as in :meth:`percentiles`."""
        return self._estimate("mean", y, by, means.mean, level, df)

    def total(self, y: str, by: By = None, *, level: float = 0.95, df: float | None = None) -> Estimates:
        """Total of `y` in each domain; parameters as in :meth:`percentiles`."""
        return self._estimate("total", y, by, means.total, level, df)

    def count(self, by: By = None, *, level: float = 0.95, df: float | None = None) -> Estimates:
        """Number of workers that each domain stands for, the total of 1."""
        return self._estimate("count", None, by, means.total, level, df)

    def ratio(
        self, numerator: str, denominator: str, by: By = None, *, level: float = 0.95, df: float | None = None
    ) -> Estimates:
        """Ratio of the totals of two columns in each domain; rows that miss one of them are left out."""
        below = self._columns.variable(denominator)

        def statistic(cells: Cells, above: Variable) -> Result:
            return means.ratio(cells, above, below)

        return self._estimate("ratio", numerator, by, statistic, level, df, also=below.absent)

    def proportion(self, y: str, by: By = None, *, level: float = 0.95, df: float | None = None) -> Estimates:
        """Share of workers in each domain for whom `y` holds, or with each value of `y`.

        Parameters
        ----------
        y : a boolean or 0/1 column, or one of categories: then the result has a row for each category, named
            in a column `y` after the columns in `by`.
        """
        column = self._columns.coded(y)
        code, levels = column.code.rows, column.levels
        if set(levels) <= {0, 1}:
            return self._estimate("proportion", y, by, means.mean, level, df)
        absent = None if column.complete else Arranged(code == len(levels))
        parts = []
        for k in range(len(levels)):
            holds = Variable(np.where(code == k, 1.0, 0.0), absent)
            parts.append(self._estimate("proportion", y, by, means.mean, level, df, variable=holds))
        return stack(parts, y, list(levels))

    def gini(self, y: str, by: By = None, *, level: float = 0.95, df: float | None = None) -> Estimates:
        """Gini coefficient of `y` in each domain, in [0, 1]."""
        return self._distribution("gini", y, by, inequality.gini, level, df)

    def s80s20(self, y: str, by: By = None, *, level: float = 0.95, df: float | None = None) -> Estimates:
        """Total of the best-paid fifth over that of the least-paid fifth in each domain."""
        return self._distribution("s80s20", y, by, inequality.s80s20, level, df)

    def theil(self, y: str, by: By = None, *, level: float = 0.95, df: float | None = None) -> Estimates:
        """Theil index of `y` in each domain."""
        return self._distribution("theil", y, by, inequality.theil, level, df)

    def low_pay_share(
        self,
        y: str,
        by: By = None,
        *,
        share: float = 2 / 3,
        of: Literal["all", "domain"] = "all",
        level: float = 0.95,
        df: float | None = None,
    ) -> Estimates:
        """Share of workers paid at most `share` of the median.

        Parameters
        ----------
        of : ``all``, one line for all domains from the median of this survey; ``domain``, each its own.
        """
        _check_option(of, Literal["all", "domain"], "of")
        if not share > 0:
            raise EstimationError(f"share = {share!r}", where="low_pay_share", expected="a share of the median above 0")
        variable = self._columns.variable(y)

        def statistic(cells: Cells, _: Variable) -> Result:
            whole = None
            if of == "all":
                everyone = np.where(self._present(y), 0, -1)
                whole = Distribution(Cells(cells.sample, everyone, 1), variable)
            return inequality.low_pay_share(Distribution(cells, variable), whole, share)

        return self._estimate("low_pay_share", y, by, statistic, level, df)

    def percentile_ratio(
        self,
        y: str,
        upper: float = 90,
        lower: float = 10,
        by: By = None,
        *,
        level: float = 0.95,
        df: float | None = None,
    ) -> Estimates:
        """One percentile over another in each domain, such as P90/P10."""
        _check_band(1, upper)
        _check_band(1, lower)

        def statistic(d: Distribution) -> Result:
            return combine.quotient(d.cells, percentile(d, upper / 100), percentile(d, lower / 100))

        return self._distribution(f"p{upper:g}/p{lower:g}", y, by, statistic, level, df)

    def pay_gap(
        self,
        y: str,
        *,
        group: str,
        reference: Any,
        by: By = None,
        statistic: Literal["mean", "median"] = "mean",
        level: float = 0.95,
        df: float | None = None,
    ) -> Estimates:
        """Unadjusted pay gap: (reference - others) / reference, of means or medians (Eurostat ``earn_gr_gpg``).

        Parameters
        ----------
        group : column that tells the groups apart; rows without a value are left out.
        reference : the group that the others are held against, such as ``"male"``.
        """
        _check_option(statistic, Literal["mean", "median"], "statistic")
        column = self._columns.coded(group)
        unknown = column.code.rows == len(column.levels)
        is_reference = self._columns.equal(group, reference)
        part = np.where(unknown, -1, np.where(is_reference, 0, 1))

        def gap(cells: Cells, variable: Variable) -> Result:
            def one(parts: Cells) -> Result:
                if statistic == "mean":
                    return means.mean(parts, variable)
                return percentile(Distribution(parts, variable), 0.5)

            return combine.between_parts(cells, part, one, sign=-1.0, shift=1.0)

        others = None if column.complete else Arranged(unknown)
        return self._estimate("pay_gap", y, by, gap, level, df, also=others)

    def band_mean(
        self, y: str, low: float, high: float, by: By = None, *, level: float = 0.95, df: float | None = None
    ) -> Estimates:
        """Mean of the workers between two percentiles: 90 to 100 the best-paid tenth, 30 to 70 the middle 40 %.

        Parameters
        ----------
        low, high : whole percents, 0 <= low < high <= 100.
        """
        _check_band(low, high)
        word = f"mean_{low:g}_{high:g}"
        return self._distribution(word, y, by, lambda d: bands.band_mean(d, low / 100, high / 100), level, df)

    def trimmed_mean(
        self, y: str, by: By = None, *, low: float = 5, high: float = 95, level: float = 0.95, df: float | None = None
    ) -> Estimates:
        """Mean without the workers below percentile `low` and above percentile `high`."""
        _check_band(low, high)
        return self._distribution("trimmed_mean", y, by, lambda d: bands.band_mean(d, low / 100, high / 100), level, df)

    def winsorized_mean(
        self, y: str, by: By = None, *, low: float = 5, high: float = 95, level: float = 0.95, df: float | None = None
    ) -> Estimates:
        """Mean with values below percentile `low` raised to it and above percentile `high` cut to it."""
        _check_band(low, high)
        return self._distribution(
            "winsorized_mean", y, by, lambda d: bands.winsorized_mean(d, low / 100, high / 100), level, df
        )

    # -- shared ----------------------------------------------------------------------------------

    def _present(self, *names: str) -> Flags:
        """Rows of this survey's domain that have a value in each column."""
        inside = self.mask
        for name in names:
            inside &= ~np.isnan(self.numbers(name))
        return inside

    def _estimate(
        self,
        word: str,
        y: str | None,
        by: By,
        statistic: Callable[[Cells, Variable], Result],
        level: float,
        df: float | None,
        *,
        also: Arranged | None = None,
        variable: Variable | None = None,
    ) -> Estimates:
        """Estimates of one statistic; rows in `also` have no value either."""
        check_level(level)
        chosen = variable
        if chosen is None:
            chosen = self._columns.one if y is None else self._columns.variable(y)
        given = [one for one in (chosen.absent, also) if one is not None]
        absent = given[0] if len(given) == 1 else Arranged(given[0].rows | given[1].rows) if given else None

        def make(cells: Cells, kept: Cells) -> Estimated:
            return estimate(cells, lambda part: statistic(part, chosen), level=level, df=df, kept=kept)

        return self._estimates(y or word, by, chosen, absent, [word], make, {"level": level})

    def _distribution(
        self,
        word: str,
        y: str,
        by: By,
        statistic: Callable[[Distribution], Result],
        level: float,
        df: float | None,
    ) -> Estimates:
        def of_cells(cells: Cells, variable: Variable) -> Result:
            return statistic(Distribution(cells, variable))

        return self._estimate(word, y, by, of_cells, level, df)

    def _arrange(self, variable: Variable, domains: Domains, *, by_value: bool) -> None:
        """Lay weights, codes and values in the orders that the passes over rows go by."""
        orders: list[Ordered] = [*self._sample.stages, *([variable] if by_value else [])]
        for order in orders:
            self._sample.weights_in_order(order)
            for column in domains.columns.values():
                column.code.along(order)
        for stage in self._sample.stages:
            variable.along(stage)

    def _estimates(
        self,
        name: str,
        by: By,
        variable: Variable,
        absent: Arranged | None,
        words: Sequence[str],
        make: Callable[[Cells, Cells], Estimated],
        details: dict[str, Any],
    ) -> Estimates:
        """Estimates over the domains of a table, grouping by grouping.

        Parameters
        ----------
        absent : rows without a value.
        make : from the cells of a grouping, and these as they are to be remembered, to their estimates.
        """
        grouped = by if isinstance(by, GroupingSets) else None
        names = names_of(by) if grouped is None else grouped.columns
        domains = self._columns.domains(names if grouped is None else grouped, self._inside)
        if load_ahead(self._sample.n):  # what NumPy can do while Numba loads
            self._arrange(variable, domains, by_value="interval" in details)
        made = [
            counted(make(cells, kept), variable, cells) for cells, kept in domains.cells(self._sample, absent, variable)
        ]
        metadata = {**self.description(), **details}
        if grouped is not None:
            metadata["grouping_sets"] = grouped.sets
        return to_estimates(name, names, domains.frame, variable, words, made, metadata, domains.order)


def _check_option(value: str, known: Any, where: str) -> None:
    if value not in get_args(known):
        raise EstimationError(f"{value!r}", where=where, expected=f"one of {', '.join(get_args(known))}")


def _check_band(low: float, high: float) -> None:
    if not 0 <= low < high <= 100:
        raise EstimationError(f"low = {low:g}, high = {high:g}", expected="0 <= low < high <= 100")
