"""Survey: a frame bound to its Design. Its methods pick columns and wrap results; numbers happen below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from wagekit.arrays import Codes, Flags, Floats
from wagekit.columns import Columns
from wagekit.design import Design, Sample, build_sample
from wagekit.errors import DesignError, EstimationError
from wagekit.estimates import Estimates
from wagekit.options import Definition, IntervalMethod, SinglePSU, WithoutReplacement
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


class Survey:
    """A sample of a wage survey with its sampling design.

    Parameters
    ----------
    frame : a pandas or polars frame, an Arrow table or a DuckDB relation, one row a respondent.
    weights : column of design weights, finite and not negative.
    strata : a column, or several whose crossing makes the strata.
    psu : column of sampling units (enterprises), or a list with one for each stage; None: rows are units.
    fpc : column of population sizes or sampling fractions, or a list with one for each stage.
    single_psu : rule for a stratum with one unit: R's ``fail``, ``remove``, ``certainty``, ``average``,
        ``adjust``.
    pps : approximation for sampling proportional to size without replacement at the first stage, `fpc`
        then holding inclusion probabilities.
    name : what the survey is called in the metadata of its estimates.

    Raises
    ------
    InputError
        If a column is missing or not of the needed type.
    DesignError
        If the design contradicts itself.

    Examples
    --------
    >>> import pandas as pd, wagekit as wk
    >>> frame = pd.DataFrame({
    ...     "pay": [50.0, 60, 55, 80, 90, 70], "firm": [1, 1, 2, 3, 3, 4], "section": list("CCCIII"),
    ...     "w": [10.0, 10, 20, 5, 5, 15]})
    >>> survey = wk.Survey(frame, weights="w", strata="section", psu="firm")
    >>> survey.percentiles("pay", by="section", q=50).frame[["section", "estimate"]].values.tolist()
    [['C', 55.0], ['I', 70.0]]
    """

    def __init__(
        self,
        frame: Any,
        *,
        weights: str,
        strata: By = None,
        psu: By = None,
        fpc: By = None,
        single_psu: SinglePSU = "fail",
        pps: WithoutReplacement = "with_replacement",
        name: str | None = None,
    ) -> None:
        if single_psu not in ("fail", "remove", "certainty", "average", "adjust"):
            raise DesignError(
                f"{single_psu!r}", where="single_psu", expected="fail, remove, certainty, average or adjust"
            )
        self._design = Design(weights, names_of(strata), names_of(psu), names_of(fpc), single_psu, pps)
        self._columns = Columns(frame)
        self._sample = build_sample(
            self._columns.numbers(weights),
            strata=[self._columns.raw(column) for column in self._design.strata],
            psu=[self._columns.raw(column) for column in self._design.psu],
            fpc=[self._columns.numbers(column) for column in self._design.fpc],
            single_psu=single_psu,
            pps=pps,
        )
        self._mask: Flags | None = None
        self._name = name
        self._metadata: dict[str, Any] = {}

    # -- what it is ------------------------------------------------------------------------------

    @property
    def design(self) -> Design:
        """Names of the design's columns."""
        return self._design

    @property
    def sample(self) -> Sample:
        """The design's arrays."""
        return self._sample

    @property
    def name(self) -> str | None:
        return self._name

    @property
    def metadata(self) -> dict[str, Any]:
        """What travels with every estimate: source, wave, whether the data are synthetic."""
        return dict(self._metadata)

    @property
    def frame(self) -> pd.DataFrame:
        """The rows as a pandas frame, restricted by :meth:`where`."""
        frame = self._columns.to_pandas()
        return frame if self._mask is None else frame[self._mask]

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

    def __len__(self) -> int:
        return self._sample.n if self._mask is None else int(self._mask.sum())

    def __repr__(self) -> str:
        stages = " > ".join(self._design.psu) or "rows"
        strata = " x ".join(self._design.strata) or "none"
        title = f" {self._name!r}" if self._name else ""
        return f"Survey{title}: {len(self):,} rows, units {stages}, strata {strata}, weights {self._design.weights}"

    # -- new surveys from this one ---------------------------------------------------------------

    def _copy(self, **changes: Any) -> Self:
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.__dict__.update(changes)
        return other

    def with_metadata(self, **metadata: Any) -> Self:
        """The same survey with further metadata for its estimates."""
        return self._copy(_metadata={**self._metadata, **metadata})

    def with_column(self, name: str, values: Any) -> Self:
        """The same survey with one more column, of shape (n,), for all its rows.

        Raises
        ------
        DesignError
            If `name` is a column of the design.
        """
        if name in self._design.columns:
            raise DesignError(f"column {name!r} belongs to the design", where="with_column", do="Choose another name")
        return self._copy(_columns=self._columns.added(name, values))

    def where(self, condition: Any = None, **equal: Any) -> Self:
        """The part of the survey in a domain; the design stays that of the whole sample.

        Parameters
        ----------
        condition : boolean values of shape (n,) for the rows of the whole sample.
        equal : ``column=value`` or ``column=[values]``, all of which must hold.

        Examples
        --------
        >>> import pandas as pd, wagekit as wk
        >>> frame = pd.DataFrame({"pay": [1.0, 2, 3], "sex": ["f", "m", "f"], "w": [1.0, 1, 1]})
        >>> wk.Survey(frame, weights="w").where(sex="f").mean("pay").frame["estimate"].item()
        2.0
        """
        mask = self.mask
        if condition is not None:
            mask &= self._columns.condition(condition)
        for column, wanted in equal.items():
            mask &= self._columns.equal(column, wanted)
        return self._copy(_mask=mask)

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
