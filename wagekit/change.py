"""Change between two waves whose enterprises stay, come and go."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from wagekit.arrays import Codes, Flags, Floats
from wagekit.design import Calibration
from wagekit.errors import DesignError, EstimationError, WagekitWarning
from wagekit.estimates import Estimates
from wagekit.results import to_estimates
from wagekit.statistics import combine, means
from wagekit.statistics.cells import Cells
from wagekit.statistics.distribution import Distribution
from wagekit.statistics.estimation import estimate
from wagekit.statistics.growth import decomposition
from wagekit.statistics.percentiles import percentile
from wagekit.statistics.result import Result
from wagekit.survey import By, Survey, names_of

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
    before, after : surveys of one design; units of the same name are the same enterprise.
    y : numeric column of both.
    statistic : ``mean``, ``total`` or a percentile such as ``p50``.
    by : domain columns of both.
    matched : only enterprises that are in both waves.
    level : confidence level.
    df : degrees of freedom instead of those of the joined design.

    Returns
    -------
    Estimates with statistic ``growth``: 0.05 is a growth of 5 %. `n` and `n_psu` are those of the wave that has
    fewer, so that release rules hold for both.

    Raises
    ------
    DesignError
        If the two designs do not name the same columns.

    Notes
    -----
    Both waves are laid one below the other with the identities of strata and units shared, and the linearized
    variable of :math:`b/a - 1` is :math:`z_b / a - b z_a / a^2`; a unit of one wave only contributes its one side
    (Kish 1965, 12.4; Berger 2004). Treating the waves as independent overstates the error wherever enterprises
    stay.

    Examples
    --------
    >>> import pandas as pd, wagekit as wk
    >>> before = pd.DataFrame({"pay": [10.0, 20, 30], "firm": [1, 2, 3], "w": 1.0})
    >>> after = before.assign(pay=before["pay"] * 1.1)
    >>> waves = [wk.Survey(frame, weights="w", psu="firm") for frame in (before, after)]
    >>> wk.change(*waves, "pay").frame["estimate"].round(3).item()
    0.1
    """
    joined = _Joined(before, after, y, names_of(by), matched)
    order = np.argsort(joined.y, kind="stable")
    one = _statistic(statistic, joined.y, order)

    def growth(cells: Cells) -> Result:
        return combine.between_parts(cells, joined.wave, one, sign=1.0, shift=-1.0)

    cells, domains = joined.cells()
    estimated = estimate(cells, growth, level=level, df=df)
    return joined.estimates(cells, domains, ["growth"], estimated, {"statistic": statistic, "level": level})


def decompose_growth(
    before: Survey, after: Survey, y: str, *, within: By, matched: bool = False, level: float = 0.95
) -> Estimates:
    """Growth of the mean split into growth inside cells and change of their shares, adding up exactly.

    Parameters
    ----------
    within : columns whose crossing makes the cells, such as the occupation.
    matched : only enterprises that are in both waves.

    Returns
    -------
    Estimates with statistics ``growth``, ``within`` and ``composition``, shares of the mean before.
    """
    import pandas as pd

    joined = _Joined(before, after, y, names_of(within), matched)
    code = joined.cells()[0].code
    whole = Cells(joined.sample, np.where(code < 0, -1, 0), 1)
    parts = []
    for word in ("growth", "within", "composition"):
        estimated = estimate(whole, partial(_part, word, code, joined.wave, joined.y), level=level)
        details = {"statistic": "mean", "within": names_of(within), "level": level}
        parts.append(joined.estimates(whole, pd.DataFrame(index=[0]), [word], estimated, details, by=()))
    return replace(parts[0], frame=pd.concat([part.frame for part in parts], ignore_index=True), source=None)


def _part(word: str, code: Codes, wave: Codes, y: Floats, cells: Cells) -> Result:
    return decomposition(cells, code, wave, y)[word]


class _Joined:
    """Two waves as one sample, with shared strata and units."""

    def __init__(self, before: Survey, after: Survey, y: str, by: tuple[str, ...], matched: bool) -> None:
        import pandas as pd

        if before.design != after.design:
            raise DesignError(
                "the two surveys have different designs",
                where="change",
                expected="the same columns for weights, strata and units in both",
                do="Rename the columns of one wave",
            )
        for wave in (before, after):
            if wave.sample.replicates is not None:
                raise EstimationError(
                    "replicate weights of two waves do not know of one another",
                    where="change",
                    do="Pass the surveys without replicates: the covariance comes from the shared enterprises",
                )
        design = before.design
        names = list(dict.fromkeys((*design.columns, *by, y)))
        self.by = by
        self.variable = y
        frames = [wave.columns_frame(names) for wave in (before, after)]
        for name in {*design.strata, *design.psu, *by}:
            if frames[0][name].dtype != frames[1][name].dtype:
                frames = [frame.astype({name: str}) for frame in frames]
        both = pd.concat(frames, ignore_index=True)
        self.wave: Codes = np.repeat([0, 1], [len(frame) for frame in frames])
        self.survey = _bind(both, before)
        self.sample = replace(self.survey.sample, calibrations=_calibrations(before, after))
        weights = np.concatenate([before.sample.weights, after.sample.weights])
        self.sample = self.sample.reweighted(weights)
        values = self.survey.numbers(y)
        self.inside: Flags = ~np.isnan(values) & np.concatenate([before.mask, after.mask])
        if matched:
            self.inside &= self._in_both(both, design.psu)
        self.y: Floats = np.nan_to_num(values)
        self.metadata = {**after.metadata, "before": before.name, "after": after.name, "matched": matched}

    def _in_both(self, both: pd.DataFrame, psu: Sequence[str]) -> Flags:
        import pandas as pd

        if not psu:
            raise DesignError("the design names no enterprises", where="change", do="Give psu= to both surveys")
        unit = pd.factorize(both[psu[0]])[0]
        seen = [np.bincount(unit[self.inside & (self.wave == k)], minlength=unit.max() + 1) > 0 for k in (0, 1)]
        return np.asarray((seen[0] & seen[1])[unit])

    def cells(self) -> tuple[Cells, pd.DataFrame]:
        code, domains = self.survey.cross(self.by)
        return Cells(self.sample, np.where(self.inside, code, -1), len(domains)), domains

    def estimates(
        self,
        cells: Cells,
        domains: pd.DataFrame,
        words: list[str],
        estimated: Any,
        details: dict[str, Any],
        by: tuple[str, ...] | None = None,
    ) -> Estimates:
        made = to_estimates(
            self.variable,
            self.by if by is None else by,
            domains,
            self.y,
            words,
            estimated,
            {**self.metadata, **details},
        )
        waves = [Cells(self.sample, np.where(self.wave == k, cells.code, -1), cells.count) for k in (0, 1)]
        fewest = {
            "n": np.minimum(waves[0].respondents, waves[1].respondents),
            "n_psu": np.minimum(waves[0].weighted_units, waves[1].weighted_units),
        }
        ones = np.ones(self.sample.n)
        shares = {
            "largest_share": np.fmax(*(wave.largest_share(ones) for wave in waves)),
            "largest_weighted_share": np.fmax(*(wave.largest_share(self.sample.weights) for wave in waves)),
        }
        return replace(
            made,
            frame=made.frame.assign(**{name: np.repeat(value, len(words)) for name, value in fewest.items()}),
            domains=made.domains.assign(**fewest, **shares),
        )


def _bind(both: pd.DataFrame, like: Survey) -> Survey:
    design = like.design
    parts: dict[str, Any] = {
        "weights": design.weights,
        "strata": design.strata,
        "psu": design.psu,
        "single_psu": design.single_psu,
        "pps": design.pps,
    }
    # Calibrated weights are laid over afterwards, so a negative one need not pass the design's checks.
    both = both.assign(**{design.weights: both[design.weights].clip(lower=0)})
    try:
        return Survey(both, **parts, fpc=design.fpc)
    except DesignError as error:
        if not design.fpc:
            raise
        warnings.warn(
            f"the finite population correction differs between the waves and is left out ({error.found}): "
            "the standard errors are on the safe side",
            WagekitWarning,
            stacklevel=4,
        )
        return Survey(both, **{**parts, "pps": "with_replacement"})


def _calibrations(before: Survey, after: Survey) -> tuple[Calibration, ...]:
    """Each wave's calibrations over the rows of both, the other wave's rows being 0."""
    from scipy import sparse

    n = (before.sample.n, after.sample.n)
    result = []
    for wave, survey in enumerate((before, after)):
        for one in survey.sample.calibrations:
            rows = [sparse.csr_array((n[k], one.matrix.shape[1])) if k != wave else one.matrix for k in (0, 1)]
            ends = [
                (np.zeros(n[0]), one_side) if wave else (one_side, np.zeros(n[1]))
                for one_side in (one.before, one.after)
            ]
            result.append(
                Calibration(sparse.vstack(rows, format="csr"), np.concatenate(ends[0]), np.concatenate(ends[1]))
            )
    return tuple(result)


def _statistic(word: str, y: Floats, order: Codes) -> Any:
    if word == "mean":
        return lambda cells: means.mean(cells, y)
    if word == "total":
        return lambda cells: means.total(cells, y)
    try:
        probability = float(word.removeprefix("p")) / 100
    except ValueError:
        probability = np.nan
    if not (word.startswith("p") and 0 < probability < 1):
        raise EstimationError(f"{word!r}", where="statistic", expected="mean, total or a percentile such as p50")
    return lambda cells: percentile(Distribution(cells, y, order), probability)
