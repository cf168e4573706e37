"""The statistics that can be asked of a survey: each method picks columns and wraps what arithmetic returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from wagekit.arrays import Codes, Flags, Floats
from wagekit.columns import Columns
from wagekit.design import Design, Sample
from wagekit.errors import EstimationError
from wagekit.estimates import Estimates
from wagekit.options import Definition, IntervalMethod
from wagekit.results import stack, to_estimates
from wagekit.statistics import bands, combine, inequality, means
from wagekit.statistics.cells import Cells
from wagekit.statistics.distribution import Distribution
from wagekit.statistics.estimation import Estimated, estimate, estimate_percentiles
from wagekit.statistics.percentiles import percentile
from wagekit.statistics.result import Result

if TYPE_CHECKING:
    import pandas as pd

By = str | Sequence[str] | None


def names_of(value: By) -> tuple[str, ...]:
    """Column names as a tuple, however they were given."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


class SurveyStatistics:
    """What every :class:`~wagekit.Survey` can be asked; it is not made on its own."""

    _columns: Columns
    _design: Design
    _sample: Sample
    _mask: Flags | None
    _name: str | None
    _metadata: dict[str, Any]

    def with_column(self, name: str, values: Any) -> Self:
        raise NotImplementedError

    @property
    def mask(self) -> Flags:
        """Rows of the whole sample that are in this survey's domain, shape (n,)."""
        return np.ones(self._sample.n, dtype=bool) if self._mask is None else self._mask.copy()

    def columns_frame(self, names: Sequence[str]) -> pd.DataFrame:
        """Some columns of all rows of the whole sample."""
        import pandas as pd

        return pd.DataFrame({name: self._columns.series(name) for name in names})

    def numbers(self, name: str) -> Floats:
        """A numeric column of all rows of the whole sample, NaN where missing: shape (n,)."""
        return self._columns.numbers(name, finite=True)

    def cross(self, by: By) -> tuple[Codes, pd.DataFrame]:
        """Cell of each row (-1 outside the domain or where a value is missing) and a frame of the cells."""
        return self._columns.cross(names_of(by), self._mask)

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
        by : domain columns, crossed; None for the whole sample.
        q : percents in (0, 100).
        level : confidence level.
        definition : named in :mod:`wagekit.statistics.definitions`.
        ci : interval for the probability: ``woodruff``, ``logit`` or ``beta``.
        df : degrees of freedom; by default units less strata present in the domain. ``inf`` for the normal.

        Returns
        -------
        Estimates with statistics ``p10`` … ``p90``.
        """
        wanted = np.atleast_1d(np.asarray(q, dtype=float))
        if wanted.size == 0 or not ((wanted > 0) & (wanted < 100)).all():
            raise EstimationError(f"q = {q!r}", where="percentiles", expected="percents above 0 and below 100")
        _check_level(level)
        values = self._columns.numbers(y, finite=True)
        cells, domains = self._cells(by, values)
        estimated = estimate_percentiles(
            cells,
            np.nan_to_num(values),
            self._columns.order(y),
            wanted / 100,
            level=level,
            definition=definition,
            interval=ci,
            df=df,
        )
        words = [f"p{value:g}" for value in wanted]
        details = {"definition": definition, "interval": ci, "level": level}
        return self._estimates(y, names_of(by), domains, values, words, estimated, details)

    def mean(self, y: str, by: By = None, *, level: float = 0.95, df: float | None = None) -> Estimates:
        """Mean of `y` in each domain; parameters as in :meth:`percentiles`."""
        return self._estimate("mean", y, by, means.mean, level, df)

    def total(self, y: str, by: By = None, *, level: float = 0.95, df: float | None = None) -> Estimates:
        """Total of `y` in each domain; parameters as in :meth:`percentiles`."""
        return self._estimate("total", y, by, means.total, level, df)

    def count(self, by: By = None, *, level: float = 0.95, df: float | None = None) -> Estimates:
        """Number of workers that each domain stands for, the total of 1."""
        ones = np.ones(self._sample.n)
        return self._estimate("count", None, by, lambda cells, _: means.total(cells, ones), level, df)

    def ratio(
        self, numerator: str, denominator: str, by: By = None, *, level: float = 0.95, df: float | None = None
    ) -> Estimates:
        """Ratio of the totals of two columns in each domain; rows that miss one of them are left out."""
        below = self._columns.numbers(denominator, finite=True)

        def statistic(cells: Cells, values: Floats) -> Result:
            return means.ratio(cells, values, np.nan_to_num(below))

        return self._estimate("ratio", numerator, by, statistic, level, df, also=below)

    def proportion(self, y: str, by: By = None, *, level: float = 0.95, df: float | None = None) -> Estimates:
        """Share of workers in each domain for whom `y` holds, or with each value of `y`.

        Parameters
        ----------
        y : a boolean or 0/1 column, or one of categories: then the result has a row for each category, named
            in a column `y` after the columns in `by`.
        """
        code, levels = self._columns.coded(y)
        values = np.where(code < 0, np.nan, code).astype(np.float64)
        if set(levels) <= {0, 1}:
            return self._estimate("proportion", y, by, means.mean, level, df)
        parts = [
            self.with_column(y, np.where(np.isnan(values), np.nan, values == k))._estimate(
                "proportion", y, by, means.mean, level, df
            )
            for k in range(len(levels))
        ]
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
        order = self._columns.order(y)

        def statistic(cells: Cells, values: Floats) -> Result:
            whole = None
            if of == "all":
                everyone = np.where(self._inside(y), 0, -1)
                whole = Distribution(Cells(cells.sample, everyone, 1), values, order)
            return inequality.low_pay_share(Distribution(cells, values, order), whole, share)

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
        code = self._columns.coded(group)[0]
        is_reference = self._columns.equal(group, reference)
        part = np.where(code < 0, -1, np.where(is_reference, 0, 1))
        order = self._columns.order(y)
        others = np.where(part < 0, np.nan, 0.0)

        def gap(cells: Cells, values: Floats) -> Result:
            def one(parts: Cells) -> Result:
                if statistic == "mean":
                    return means.mean(parts, values)
                return percentile(Distribution(parts, values, order), 0.5)

            return combine.between_parts(cells, part, one, sign=-1.0, shift=1.0)

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

    def _cells(self, by: By, values: Floats) -> tuple[Cells, pd.DataFrame]:
        """The table's cells and a frame with a row for each; rows without a value are in no cell."""
        code, domains = self.cross(by)
        return Cells(self._sample, np.where(np.isnan(values), -1, code), len(domains)), domains

    def _inside(self, *names: str) -> Flags:
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
        statistic: Callable[[Cells, Floats], Result],
        level: float,
        df: float | None,
        *,
        also: Floats | None = None,
    ) -> Estimates:
        _check_level(level)
        values = np.ones(self._sample.n) if y is None else self._columns.numbers(y, finite=True)
        present = values if also is None else np.where(np.isnan(also), np.nan, values)
        cells, domains = self._cells(by, present)
        filled = np.nan_to_num(values)
        estimated = estimate(cells, lambda part: statistic(part, filled), level=level, df=df)
        return self._estimates(y or word, names_of(by), domains, present, [word], estimated, {"level": level})

    def _distribution(
        self,
        word: str,
        y: str,
        by: By,
        statistic: Callable[[Distribution], Result],
        level: float,
        df: float | None,
    ) -> Estimates:
        order = self._columns.order(y)
        return self._estimate(
            word, y, by, lambda cells, values: statistic(Distribution(cells, values, order)), level, df
        )

    def _estimates(
        self,
        variable: str,
        by: tuple[str, ...],
        domains: pd.DataFrame,
        values: Floats,
        words: Sequence[str],
        estimated: Estimated,
        details: dict[str, Any],
    ) -> Estimates:
        replicates = self._sample.replicates
        metadata = {
            "name": self._name,
            "design": self._design,
            **self._metadata,
            "method": "Taylor" if replicates is None else replicates.method,
            **details,
        }
        return to_estimates(variable, by, domains, values, words, estimated, metadata)


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise EstimationError(f"{level!r}", where="level", expected="a confidence level between 0 and 1, such as 0.95")


def _check_band(low: float, high: float) -> None:
    if not 0 <= low < high <= 100:
        raise EstimationError(f"low = {low:g}, high = {high:g}", expected="0 <= low < high <= 100")
