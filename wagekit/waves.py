"""Change between two waves whose enterprises stay, come and go."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from wagekit.arrays import Codes, Flags, Floats, divide
from wagekit.errors import DesignError, EstimationError, WagekitWarning
from wagekit.estimates import Estimates
from wagekit.intervals import linear_interval
from wagekit.results import domain_counts, to_estimates
from wagekit.statistics import means
from wagekit.statistics.cells import Cells
from wagekit.statistics.distribution import Distribution, Variable
from wagekit.statistics.estimation import Estimated
from wagekit.statistics.growth import decomposition, joint_standard_error
from wagekit.statistics.percentiles import percentile
from wagekit.statistics.result import Result
from wagekit.statistics.variance import Linearized
from wagekit.survey import Survey
from wagekit.survey_statistics import By, names_of

if TYPE_CHECKING:
    import pandas as pd


def change(
    before: Survey,
    after: Survey,
    y: str,
    *,
    statistic: str = "mean",
    by: By = None,
    matched: bool = False,
    level: float = 0.95,
    df: float | None = None,
) -> Estimates:
    r"""Growth of a statistic from one wave to the next, the overlap of enterprises counted.

    Parameters
    ----------
    before, after : the two waves; first-stage units of the same name are the same enterprise.
    y : numeric column of both.
    statistic : ``mean``, ``total`` or a percentile such as ``p50``.
    by : domain columns of both.
    matched : only enterprises that have a value in both waves.
    level : confidence level.
    df : degrees of freedom; by default those of the wave that has more, in each domain.

    Returns
    -------
    Estimates with statistic ``growth``: 0.05 is a growth of 5 %. `n` and `n_psu` are those of the wave that has
    fewer, so that release rules hold for both.

    Raises
    ------
    EstimationError
        For an unknown statistic, or surveys with replicate weights.
    DesignError
        If `matched` is asked of a design that names no units.

    Notes
    -----
    The linearized variable of :math:`r = b/a` is :math:`(z_b - r z_a) / a`. Its variance is that of either wave
    under its own design, plus twice the covariance over the enterprises that are in both,
    :math:`\sum_i d_{ai} d_{bi}` of their deviations :math:`d` from the mean of their stratum in their wave, scaled so
    that :math:`\sum d^2` is the wave's variance (Kish 1965, 12.4; Berger 2004). Overlap is counted at the first
    stage; later stages count as drawn anew, which is on the safe side where the same employees answer twice. Where
    every enterprise is in both waves this is what R gives for the waves laid one below the other; where enterprises
    come and go or change their stratum it stays near the truth, while the stacked design overstates the error
    (``tests/simulations/growth.md``).

    Examples
    --------
    >>> import pandas as pd, wagekit as wk
    >>> before = pd.DataFrame({"pay": [10.0, 20, 30], "firm": [1, 2, 3], "w": 1.0})
    >>> after = before.assign(pay=[11.0, 22, 33.3])
    >>> waves = [wk.Survey(frame, weights="w", psu="firm") for frame in (before, after)]
    >>> wk.change(*waves, "pay").frame["estimate"].round(3).item()
    0.105
    """
    if not 0 < level < 1:
        raise EstimationError(f"{level!r}", where="level", expected="a confidence level between 0 and 1")
    waves = _Waves(before, after, y, names_of(by), matched)
    make = _statistic(statistic)
    cells = (waves.cells(0), waves.cells(1))
    results = tuple(make(part, variable) for part, variable in zip(cells, waves.variables, strict=True))
    base, now = results[0].point, results[1].point
    ratio = divide(now, base)
    per_base = divide(np.ones(base.size), base)
    scores = (
        Linearized(-results[0].linearize().own * cells[0].spread(ratio * per_base)),
        Linearized(results[1].linearize().own * cells[1].spread(per_base)),
    )
    estimated = _assemble(waves, cells, scores, ratio - 1, results[0].centred, level, df)
    details = {"statistic": statistic, "level": level}
    return waves.estimates(cells, waves.domains, waves.by, ["growth"], estimated, details)


def decompose_growth(
    before: Survey, after: Survey, y: str, *, within: By, matched: bool = False, level: float = 0.95
) -> Estimates:
    """Growth of the mean split into growth inside cells and change of their shares, adding up exactly.

    Parameters
    ----------
    within : columns whose crossing makes the cells, such as the occupation.
    matched : only enterprises that are in both waves.
    level : confidence level.

    Returns
    -------
    Estimates with statistics ``growth``, ``within`` and ``composition``, shares of the mean before; the formula
    is in :mod:`wagekit.statistics.growth`.
    """
    import pandas as pd

    waves = _Waves(before, after, y, names_of(within), matched)
    parts = (waves.cells(0), waves.cells(1))
    split = decomposition(parts, waves.y)
    whole = tuple(Cells(part.sample, np.where(part.inside, 0, -1), 1) for part in parts)
    words = ("growth", "within", "composition")
    done = [
        _assemble(
            waves, whole, tuple(map(Linearized, split[word].scores)), np.array([split[word].amount]), True, level, None
        )
        for word in words
    ]

    def together(name: str) -> Any:
        return np.concatenate([getattr(one, name) for one in done], axis=1)

    columns = {name: together(name) for name in ("point", "se", "lower", "upper", "deff", "flag")}
    linearize = tuple(score for one in done for score in one.linearize)
    joined = Estimated(cells=done[0].cells, df=done[0].df, linearize=linearize, **columns)
    details = {"statistic": "mean", "within": waves.by, "level": level}
    return waves.estimates(whole, pd.DataFrame(index=[0]), (), words, joined, details)


class _Waves:
    """Two waves with their cells numbered alike and their shared enterprises known."""

    def __init__(self, before: Survey, after: Survey, y: str, by: tuple[str, ...], matched: bool) -> None:
        self.surveys = (before, after)
        for wave in self.surveys:
            if wave.sample.replicates is not None:
                raise EstimationError(
                    "replicate weights of two waves do not know of one another",
                    where="change",
                    do="Pass the surveys without replicates: the covariance comes from the shared enterprises",
                )
        self.by = by
        self.variable = y
        values = [wave.numbers(y) for wave in self.surveys]
        self.variables = tuple(Variable(np.nan_to_num(part)) for part in values)
        self.y = tuple(variable.values for variable in self.variables)
        self.inside: list[Flags] = [~np.isnan(v) & w.mask for v, w in zip(values, self.surveys, strict=True)]
        self.shared = shared_units(before, after)
        if matched:
            self._match()
        self.codes, self.domains = self._cross()
        shared = int(self.shared[0].size)
        names = {"name": after.name, "before": before.name}
        self.metadata = {**after.metadata, **names, "matched": matched, "shared_units": shared, "design": after.design}

    def _match(self) -> None:
        if not all(wave.design.psu for wave in self.surveys):
            raise DesignError("the design names no enterprises", where="change", do="Give psu= to both surveys")
        units = [wave.sample.first.unit for wave in self.surveys]
        present = [
            np.bincount(unit[rows], minlength=unit.max() + 1) > 0 for unit, rows in zip(units, self.inside, strict=True)
        ]
        stay = present[0][self.shared[0]] & present[1][self.shared[1]]
        for k in (0, 1):
            kept = np.zeros(present[k].size, dtype=bool)
            kept[self.shared[k][stay]] = True
            self.inside[k] &= kept[units[k]]

    def _cross(self) -> tuple[tuple[Codes, ...], pd.DataFrame]:
        import pandas as pd

        if not self.by:
            return tuple(np.where(rows, 0, -1) for rows in self.inside), pd.DataFrame(index=[0])
        frames = [wave.columns_frame(self.by) for wave in self.surveys]
        both = pd.DataFrame({name: _alike(*(frame[name] for frame in frames)) for name in self.by})
        rows = np.concatenate(self.inside) & both.notna().all(axis=1).to_numpy()
        groups = both[rows].groupby(list(self.by), sort=True, observed=True)
        code = np.full(len(both), -1)
        code[rows] = groups.ngroup().to_numpy()
        domains = groups.size().index.to_frame(index=False)
        split = len(frames[0])
        return (code[:split], code[split:]), domains

    def cells(self, k: int) -> Cells:
        return Cells(self.surveys[k].sample, self.codes[k], len(self.domains))

    def estimates(
        self,
        cells: tuple[Cells, ...],
        domains: pd.DataFrame,
        by: tuple[str, ...],
        words: tuple[str, ...] | list[str],
        estimated: Estimated,
        details: dict[str, Any],
    ) -> Estimates:
        """Estimates whose counts and shares are those of the wave nearer to a release rule."""
        from dataclasses import replace

        metadata = {**self.metadata, "method": "Taylor", **details}
        made = to_estimates(self.variable, by, domains, self.y[1], words, estimated, metadata)
        counts = domain_counts(cells, self.y)
        told = {name: np.repeat(counts[name], len(words)) for name in ("n", "n_psu")}
        return replace(made, frame=made.frame.assign(**told), domains=made.domains.assign(**counts), source=None)


def _assemble(
    waves: _Waves,
    cells: tuple[Cells, ...],
    scores: tuple[Linearized, ...],
    point: Floats,
    centred: bool,
    level: float,
    df: float | None,
) -> Estimated:
    se, flag = joint_standard_error(cells, scores, waves.shared, 1 + np.abs(point), centred=centred)
    degrees = np.fmax(cells[0].degrees_of_freedom, cells[1].degrees_of_freedom)
    if df is not None:
        degrees = np.full(point.size, float(df))
    lower, upper = linear_interval(point, se, degrees, level)
    flag = np.where((flag == "") & np.isnan(point), "not_defined", flag)
    flag = np.where((flag == "") & (degrees <= 0), "no_df", flag)
    missing = np.full((point.size, 1), np.nan)
    point, se, lower, upper = (array[:, None] for array in (point, se, lower, upper))
    return Estimated(cells[1], point, se, lower, upper, missing, flag[:, None], degrees, (lambda: scores[1],))


def shared_units(before: Survey, after: Survey) -> tuple[Codes, Codes]:
    """Codes of the first-stage units that both waves have, in either wave's numbering."""
    import pandas as pd

    if not (before.design.psu and after.design.psu):
        warnings.warn(
            "a design names no sampling units, so the waves count as independent", WagekitWarning, stacklevel=4
        )
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    frames = []
    for wave in (before, after):
        first = np.unique(wave.sample.first.unit, return_index=True)[1]
        frame = wave.columns_frame([wave.design.psu[0], *wave.design.strata]).iloc[first]
        frames.append(frame.set_axis(range(frame.shape[1]), axis=1))
    split = len(frames[0])
    names = _alike(frames[0][0], frames[1][0])
    if not (names[:split].is_unique and names[split:].is_unique) and len(frames[0].columns) == len(frames[1].columns):
        # Unit names that begin again in each stratum are told apart by the stratum.
        keys = [_alike(frames[0][k], frames[1][k]).astype(str) for k in frames[0].columns]
        names = pd.Series(["\x1f".join(key) for key in zip(*keys, strict=True)])
    found = pd.Index(names[split:]).get_indexer(pd.Index(names[:split]))
    if not (found >= 0).any():
        warnings.warn(
            "no sampling unit has the same name in both waves, so they count as independent",
            WagekitWarning,
            stacklevel=4,
        )
    return np.flatnonzero(found >= 0), found[found >= 0].astype(np.int64)


def _alike(one: pd.Series[Any], other: pd.Series[Any]) -> pd.Series[Any]:
    """Both waves' values of a column below one another: numbers as numbers, whatever type they came in; else texts."""
    import pandas as pd

    numeric = [pd.api.types.is_numeric_dtype(part.dtype) for part in (one, other)]
    if all(numeric) or one.dtype == other.dtype:
        return pd.concat([one, other], ignore_index=True)
    return pd.concat([_text(part) for part in (one, other)], ignore_index=True)


def _text(values: pd.Series[Any]) -> pd.Series[Any]:
    """Values as texts, whole numbers without a decimal point; missing stays missing."""
    import pandas as pd

    if pd.api.types.is_float_dtype(values.dtype) and (values.dropna() % 1 == 0).all():
        values = values.astype("Int64")
    return values.astype("string")


def _statistic(word: str) -> Callable[[Cells, Variable], Result]:
    if word in ("mean", "total"):
        chosen = means.mean if word == "mean" else means.total
        return lambda cells, variable: chosen(cells, variable.values)
    try:
        probability = float(word.removeprefix("p")) / 100
    except ValueError:
        probability = np.nan
    if not (word.startswith("p") and 0 < probability < 1):
        raise EstimationError(f"{word!r}", where="statistic", expected="mean, total or a percentile such as p50")
    return lambda cells, variable: percentile(Distribution(cells, variable), probability)
