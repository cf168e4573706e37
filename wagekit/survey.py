"""Survey: a frame bound to its Design. Its methods pick columns and wrap results; numbers happen below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from wagekit.arrays import Flags, Floats, Values
from wagekit.columns import Columns
from wagekit.design import Design, Sample, build_sample
from wagekit.errors import DesignError, EstimationError
from wagekit.estimates import RESULT_COLUMNS, Estimates
from wagekit.options import Definition, IntervalMethod, SinglePSU, WithoutReplacement
from wagekit.statistics import means
from wagekit.statistics.cells import Cells
from wagekit.statistics.distribution import Distribution
from wagekit.statistics.intervals import linear_interval
from wagekit.statistics.percentiles import percentiles
from wagekit.statistics.result import Result, divide
from wagekit.statistics.variance import standard_error, variance

if TYPE_CHECKING:
    import pandas as pd

By = str | Sequence[str] | None


def _names(value: By) -> tuple[str, ...]:
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
        self._design = Design(weights, _names(strata), _names(psu), _names(fpc), single_psu, pps)
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
        mask = np.ones(self._sample.n, dtype=bool) if self._mask is None else self._mask.copy()
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
        freedom = cells.degrees_of_freedom if df is None else np.full(cells.count, float(df))
        result = percentiles(
            Distribution(cells, np.nan_to_num(values), self._columns.order(y)),
            wanted / 100,
            variance=variance,
            level=level,
            definition=definition,
            interval=ci,
            df=freedom,
        )
        words = [f"p{value:g}" for value in wanted]
        arrays = (result.point, result.se, result.lower, result.upper, result.deff, result.flag)
        details = {"method": "Taylor", "definition": definition, "interval": ci, "level": level}
        return self._estimates(y, by, cells, domains, values, words, arrays, freedom, details)

    def mean(self, y: str, by: By = None, *, level: float = 0.95, df: float | None = None) -> Estimates:
        """Mean of `y` in each domain; parameters as in :meth:`percentiles`."""
        return self._statistic("mean", y, by, means.mean, level=level, df=df)

    def total(self, y: str, by: By = None, *, level: float = 0.95, df: float | None = None) -> Estimates:
        """Total of `y` in each domain; parameters as in :meth:`percentiles`."""
        return self._statistic("total", y, by, means.total, level=level, df=df)

    def ratio(
        self, numerator: str, denominator: str, by: By = None, *, level: float = 0.95, df: float | None = None
    ) -> Estimates:
        """Ratio of the totals of two columns in each domain; rows that miss one of them are left out."""
        below = self._columns.numbers(denominator, finite=True)

        def statistic(cells: Cells, values: Floats) -> Result:
            return means.ratio(cells, values, np.nan_to_num(below))

        return self._statistic("ratio", numerator, by, statistic, also=below, level=level, df=df)

    def _statistic(
        self,
        word: str,
        y: str,
        by: By,
        statistic: Callable[[Cells, Floats], Result],
        *,
        also: Floats | None = None,
        level: float,
        df: float | None,
    ) -> Estimates:
        _check_level(level)
        values = self._columns.numbers(y, finite=True)
        present = values if also is None else np.where(np.isnan(also), np.nan, values)
        cells, domains = self._cells(by, present)
        result = statistic(cells, np.nan_to_num(values))
        variances = variance(cells, result.linearize())
        se, flag = standard_error(cells, variances, result.scale, centred=result.centred)
        freedom = cells.degrees_of_freedom if df is None else np.full(cells.count, float(df))
        lower, upper = linear_interval(result.point, se, freedom, level)
        point = np.where(cells.weighted_units > 0, result.point, np.nan)
        flag = np.where((flag == "") & np.isnan(point), "not_defined", flag)
        flag = np.where((flag == "") & (freedom <= 0), "no_df", flag)
        census = flag == "census"
        lower, upper = np.where(census, point, lower), np.where(census, point, upper)
        deff = np.full(cells.count, np.nan)
        if result.simple_variance is not None:
            deff = divide(se**2, result.simple_variance())
        arrays = tuple(array[:, None] for array in (point, se, lower, upper, deff, flag))
        return self._estimates(
            y, by, cells, domains, present, [word], arrays, freedom, {"method": "Taylor", "level": level}
        )

    # -- shared ----------------------------------------------------------------------------------

    def _cells(self, by: By, values: Floats) -> tuple[Cells, pd.DataFrame]:
        """The table's cells and a frame with a row for each; rows without a value are in no cell."""
        code, domains = self._columns.cross(_names(by), self._mask)
        return Cells(self._sample, np.where(np.isnan(values), -1, code), len(domains)), domains

    def _estimates(
        self,
        variable: str,
        by: By,
        cells: Cells,
        domains: pd.DataFrame,
        values: Floats,
        words: Sequence[str],
        arrays: Sequence[Values],
        df: Floats,
        details: dict[str, Any],
    ) -> Estimates:
        import pandas as pd

        names = _names(by)
        k = len(words)
        point, se, lower, upper, deff, flag = (array.reshape(-1) for array in arrays)
        frame = domains.loc[np.repeat(np.arange(len(domains)), k)].reset_index(drop=True)
        columns = {
            "statistic": np.tile(np.array(words, dtype=object), cells.count),
            "estimate": point,
            "se": se,
            "cv": divide(se, np.abs(point)),
            "ci_lower": lower,
            "ci_upper": upper,
            "df": np.repeat(df, k),
            "deff": deff,
            "n": np.repeat(cells.respondents, k),
            "n_psu": np.repeat(cells.weighted_units, k),
            "flag": flag.astype(object),
        }
        frame = pd.concat([frame, pd.DataFrame({c: columns[c] for c in RESULT_COLUMNS})], axis=1)
        counts = domains.assign(
            n=cells.respondents,
            n_psu=cells.weighted_units,
            population=cells.population,
            largest_share=cells.largest_share(np.ones(cells.sample.n)),
            largest_weighted_share=cells.largest_share(cells.sample.weights),
            largest_total_share=cells.largest_share(np.abs(np.nan_to_num(values)) * cells.sample.weights),
        )
        metadata = {"name": self._name, "design": self._design, **self._metadata, **details}
        return Estimates(frame, names, variable, counts, metadata)


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise EstimationError(f"{level!r}", where="level", expected="a confidence level between 0 and 1, such as 0.95")
