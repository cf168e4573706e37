"""Survey: a frame bound to its Design. Its methods pick columns and wrap results; numbers happen below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from wagekit.arrays import Arranged, Floats
from wagekit.columns import Columns
from wagekit.design import Calibration, Design, Sample, build_sample
from wagekit.errors import DesignError, EstimationError
from wagekit.options import CalibrationMethod, ReplicateMethod, SinglePSU, WithoutReplacement
from wagekit.statistics.acceleration import load_ahead
from wagekit.survey_statistics import By, SurveyStatistics, names_of

if TYPE_CHECKING:
    import pandas as pd

    from wagekit.engines.scanned_survey import ScannedSurvey
    from wagekit.weighting.margins import Totals
    from wagekit.weighting.summary import WeightSummary


_REPLICATE_OPTIONS = {"scale", "rscales", "fay", "combined", "df", "tolerance"}


class Survey(SurveyStatistics):
    """A sample of a wage survey with its sampling design.

    Parameters
    ----------
    frame : a pandas or polars frame, an Arrow table or a DuckDB relation, one row a respondent.
    weights : column of design weights, finite and not negative.
    strata : a column, or several whose crossing makes the strata.
    psu : column of sampling units (enterprises), or a list with one for each stage; None: rows are units. Units are
        nested in strata and earlier units, whatever their names.
    fpc : column of population sizes (all at least 1, some above) or sampling fractions (all at most 1; all 1 is a
        census), or a list with one for each stage.
    single_psu : rule for a stratum with one unit: R's ``fail``, ``remove``, ``certainty``, ``average``,
        ``adjust``.
    pps : approximation for sampling proportional to size without replacement at the first stage, `fpc`
        then holding inclusion probabilities.
    replicates : columns of replicate weights that came with the data; every statistic then uses them.
    replicate_method : how they were made, which gives the factors of their squared deviations; see
        :func:`wagekit.weighting.given_replicates.from_columns`.
    replicate_options : ``scale``, ``rscales``, ``fay``, ``combined``, ``df``, ``mse`` (centre on the full estimate, as
        most agencies' files want), ``tolerance``.
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
        replicates: By = None,
        replicate_method: ReplicateMethod = "bootstrap",
        replicate_options: Mapping[str, Any] | None = None,
        name: str | None = None,
    ) -> None:
        if single_psu not in ("fail", "remove", "certainty", "average", "adjust"):
            raise DesignError(
                f"{single_psu!r}", where="single_psu", expected="fail, remove, certainty, average or adjust"
            )
        self._design = Design(weights, names_of(strata), names_of(psu), names_of(fpc), single_psu, pps)
        self._columns = Columns(frame)
        load_ahead(len(self._columns))
        self._sample = build_sample(
            self._columns.numbers(weights),
            strata=[self._columns.raw(column) for column in self._design.strata],
            psu=[self._columns.raw(column) for column in self._design.psu],
            fpc=[self._columns.numbers(column) for column in self._design.fpc],
            single_psu=single_psu,
            pps=pps,
        )
        self._inside: Arranged | None = None
        self._name = name
        self._metadata: dict[str, Any] = {}
        if replicates is not None:
            from wagekit.weighting.given_replicates import from_columns

            given = np.column_stack([self._columns.numbers(column) for column in names_of(replicates)])
            options = dict(replicate_options or {})
            mse = bool(options.pop("mse", False))
            unknown = sorted(set(options) - _REPLICATE_OPTIONS)
            if unknown:
                raise DesignError(
                    f"{unknown[0]!r}",
                    where="replicate_options",
                    expected=", ".join(sorted({*_REPLICATE_OPTIONS, "mse"})),
                )
            made = from_columns(self._sample.weights, given, self._sample, replicate_method, **options)
            self._sample = self._sample.with_replicates(replace(made, mse=mse or made.mse))

    @staticmethod
    def scan(source: Any, **design: Any) -> ScannedSurvey:
        """A survey whose rows stay where they are: in Parquet files, DuckDB, PostgreSQL or Spark.

        Parameters
        ----------
        source : a Parquet file, a folder of them or a pattern; a DuckDB relation; an Ibis table of any engine.
        design : ``weights``, ``strata``, ``psu``, ``fpc``, ``single_psu``, ``name`` as for a Survey; ``memory``, a limit
            such as ``"4GB"``. See :func:`wagekit.engines.scan`.
        """
        from wagekit.engines.scanning import scan

        return scan(source, **design)

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
        return frame if self._inside is None else frame[self._inside.rows]

    @property
    def columns(self) -> list[str]:
        """Names of the frame's columns; the frame itself is not laid out for them."""
        return self._columns.names

    def __len__(self) -> int:
        return self._sample.n if self._inside is None else int(self._inside.rows.sum())

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
        return self._copy(_inside=Arranged(mask))

    # -- weights ---------------------------------------------------------------------------------

    def calibrate(
        self,
        margins: Totals,
        method: CalibrationMethod = "raking",
        bounds: tuple[float, float] | None = None,
        *,
        enterprise_margins: Totals | None = None,
        enterprise_weights: str | None = None,
        same_in_enterprise: bool = False,
        tolerance: float = 1e-10,
    ) -> Self:
        """The same survey with weights that meet known totals; variances then use the residuals.

        Parameters
        ----------
        margins : ``{"size": {"1": 4421, "2": 755}}`` the totals of a category, ``{"headcount": 3914069}`` the total
            of a number, ``{("industry", "size"): {("C", "1"): 100.0}}`` a crossed margin.
        method : ``poststratify`` (one categorical margin), ``raking``, ``linear`` (GREG), ``truncated`` (linear
            within bounds), ``logit`` (smooth within bounds).
        bounds : lowest and highest factor of a weight, low < 1 < high.
        enterprise_margins : totals over enterprises, at once with those over employees.
        enterprise_weights : column of the enterprises' own weights, needed with `enterprise_margins`.
        same_in_enterprise : all employees of an enterprise get the same factor (R ``aggregate.stage = 1``).
        tolerance : relative distance from each total at which the search ends.

        Raises
        ------
        DesignError
            If margins contradict one another or the sample, or lie out of reach of the bounds: says which.
        EstimationError
            If there is no convergence; says which margins stay off, and by how much.

        Notes
        -----
        Deville and Särndal (1992). With replicate weights each replicate is calibrated to the same totals.

        Examples
        --------
        >>> import pandas as pd, wagekit as wk
        >>> frame = pd.DataFrame({"pay": [10.0, 20, 30], "sex": ["f", "m", "m"], "w": [10.0, 10, 10]})
        >>> survey = wk.Survey(frame, weights="w").calibrate({"sex": {"f": 15, "m": 15}}, method="poststratify")
        >>> survey.mean("pay").frame["estimate"].item()
        17.5
        """
        from wagekit.weighting.calibration import calibrate, unit_means
        from wagekit.weighting.margins import build_enterprise_margins, build_margins, join_margins

        if self._inside is not None:
            raise DesignError(
                "the survey is a part of the sample",
                where="calibrate",
                expected="the whole sample, for which the totals hold",
                do="Calibrate first, then use where",
            )
        weights, unit = self._sample.weights, self._sample.first.unit
        built = build_margins(self._columns.series, self._sample.n, margins)
        if enterprise_margins is not None:
            if enterprise_weights is None:
                raise DesignError("enterprise_margins without enterprise_weights", where="calibrate")
            own = self._columns.numbers(enterprise_weights, finite=True)
            further = build_enterprise_margins(self._columns.series, weights, unit, own, enterprise_margins)
            built = join_margins(built, further)
        again = partial(
            _calibrated,
            partial(
                calibrate,
                built.matrix,
                totals=built.totals,
                method=method,
                bounds=bounds,
                tolerance=tolerance,
                unit=unit if same_in_enterprise else None,
                names=built.names,
            ),
        )
        after = again(weights)
        matrix = unit_means(built.matrix, weights, unit)[0][unit] if same_in_enterprise else built.matrix
        return self._reweighted(after, (*self._sample.calibrations, Calibration(matrix, weights, after, again)))

    def trim(
        self,
        *,
        lower: float | None = None,
        upper: float | None = None,
        iqr: float | None = None,
        by: By = None,
    ) -> Self:
        """The same survey with extreme weights cut and their excess spread over the others, the total kept.

        Parameters
        ----------
        lower, upper : bounds of the weights.
        iqr : in their place the median plus so many interquartile ranges.
        by : columns inside whose crossing the total is kept.
        """
        from wagekit.weighting.trimming import trim

        cell = self.cross(by)[0] if by is not None else None
        cut = trim(self._sample.weights, lower=lower, upper=upper, iqr=iqr, cell=cell).weights
        return self._reweighted(cut, self._sample.calibrations)

    def with_replicates(
        self,
        method: ReplicateMethod,
        n: int | None = None,
        seed: int | None = None,
        *,
        fay: float = 0.5,
        mse: bool | None = None,
    ) -> Self:
        """The same survey with replicate weights, which every statistic then uses.

        Parameters
        ----------
        method : ``JK1``, ``JKn``, ``JK2``, ``BRR``, ``Fay``, ``bootstrap`` (Rao-Wu) or ``SDR``.
        n : number of replicates of bootstrap and SDR; least number of BRR and Fay.
        seed : of bootstrap.
        fay : Fay's factor.
        mse : centre on the full sample's estimate rather than on the replicates' mean; by default as the method.

        Examples
        --------
        >>> import pandas as pd, wagekit as wk
        >>> frame = pd.DataFrame({"pay": [10.0, 20, 30], "firm": [1, 2, 3], "w": 1.0})
        >>> survey = wk.Survey(frame, weights="w", psu="firm").with_replicates("JK1")
        >>> round(survey.mean("pay").frame["se"].item(), 6)
        5.773503
        """
        from wagekit.weighting.replicates import make_replicates

        made = make_replicates(self._sample, method, n=n, seed=seed, fay=fay)
        if mse is not None:
            made = replace(made, mse=mse)
        return self._copy(_sample=self._sample.with_replicates(made))

    def weight_summary(self) -> WeightSummary:
        """Weights before the first and after the last calibration, and the factors between them.

        Raises
        ------
        EstimationError
            If the survey has not been calibrated.
        """
        from wagekit.weighting.summary import weight_summary

        if not self._sample.calibrations:
            raise EstimationError("the weights have not been calibrated", where="weight_summary")
        before = self._sample.calibrations[0].before
        factor = np.divide(self._sample.weights, before, out=np.ones_like(before), where=before > 0)
        return weight_summary(before, factor)

    def _reweighted(self, weights: Floats, calibrations: tuple[Calibration, ...]) -> Self:
        columns = self._columns.added(self._design.weights, weights)
        return self._copy(_columns=columns, _sample=self._sample.reweighted(weights, calibrations))


def _calibrated(calibrate: Any, weights: Floats) -> Floats:
    return np.asarray(weights * calibrate(weights=weights).g)
