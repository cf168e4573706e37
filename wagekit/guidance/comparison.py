r"""Growth of pay held against the guideline lines: band, probability of each band, real growth.

Notes
-----
The probability of a band is :math:`F\{(b-\hat g)/s\} - F\{(a-\hat g)/s\}` with the estimate :math:`\hat g`, its standard
error s and the distribution function F of Student's t with the estimate's degrees of freedom (the normal's where they
are infinite). It is the confidence distribution of the growth, the reading that goes with its confidence interval:
the 95 % interval holds probability 0.95. It says nothing about enterprises: their shares are
:func:`wagekit.guidance.shares.shares`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wagekit.arrays import Floats, Values
from wagekit.errors import InputError
from wagekit.estimates import Estimates
from wagekit.guidance.lines import ON_THE_LINE, Band, band_numbers

if TYPE_CHECKING:
    import pandas as pd

    from wagekit.guidance.guideline import Guideline


@dataclass(frozen=True)
class GuidelineComparison:
    """Growth beside the lines of a guideline. Made by :meth:`Guideline.compare`.

    Parameters
    ----------
    guideline : the lines.
    frame : a row for each domain: the domain columns, ``growth, se, ci_lower, ci_upper`` in per cent, ``df, n, n_psu,
        flag``, ``band``, for each band of the guideline ``p_<band>`` in [0, 1], and with a `cpi` ``real_growth,
        real_ci_lower, real_ci_upper``. Of a frame of enterprises: its columns, ``growth_percent``, ``band`` and
        ``real_growth``. Neither rounded nor suppressed: it must not leave the house.
    by : domain columns.
    cpi : growth of consumer prices in per cent, None where not given.
    estimates : what was compared; None for a frame.
    """

    guideline: Guideline
    frame: pd.DataFrame
    by: tuple[str, ...]
    cpi: float | None = None
    estimates: Estimates | None = None

    @property
    def bands(self) -> tuple[Band, ...]:
        """The guideline's bands, from low to high."""
        return self.guideline.bands

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        return f"{self.guideline.region} {self.guideline.year}: growth beside the lines\n{self.frame!r}"


def compare(
    guideline: Guideline, growth: Estimates | pd.DataFrame, *, column: str = "growth", cpi: float | None = None
) -> GuidelineComparison:
    """Hold growth against a guideline's lines.

    Parameters
    ----------
    growth : Estimates with the statistic ``growth`` as a share (0.05 is 5 %), as :func:`wagekit.change` gives; rows of
        other statistics are left out. Or a frame with a row an enterprise.
    column : of such a frame, growth as a share.
    cpi : growth of consumer prices in per cent, taken as known without error.

    Raises
    ------
    InputError
        If there is no growth in what was given, or the `cpi` is no number above -100.

    Examples
    --------
    >>> import pandas as pd
    >>> from wagekit.guidance.guideline import guideline
    >>> firms = pd.DataFrame({"firm": ["a", "b"], "growth": [0.02, 0.051]})
    >>> compare(guideline("上海", 2023), firms).frame["band"].tolist()
    ['lower_to_base', 'base_and_above']
    """
    if cpi is not None and not (math.isfinite(cpi) and cpi > -100):
        raise InputError(f"{cpi!r}", where="cpi", expected="growth of consumer prices in per cent")
    if not isinstance(growth, Estimates):
        return _compare_enterprises(guideline, growth, column, cpi)
    import pandas as pd

    rows = growth.frame[growth.frame["statistic"] == "growth"].reset_index(drop=True)
    if rows.empty:
        words = ", ".join(dict.fromkeys(map(str, growth.frame["statistic"])))
        raise InputError(
            f"the estimates hold {words or 'nothing'}",
            where="compare",
            expected="the statistic growth",
            do="Estimate it with wagekit.change",
        )
    bands = guideline.bands
    percents = {name: rows[name].to_numpy(float) * 100 for name in ("estimate", "se", "ci_lower", "ci_upper")}
    point, se = percents.pop("estimate"), percents["se"]
    probabilities = band_probabilities(point, se, rows["df"].to_numpy(float), bands)
    added = {"growth": point, **percents, **{name: rows[name] for name in ("df", "n", "n_psu", "flag")}}
    added["band"] = _names(point, bands)
    added |= {f"p_{band.name}": probabilities[:, k] for k, band in enumerate(bands)}
    if cpi is not None:
        ends = {"real_growth": point, "real_ci_lower": percents["ci_lower"], "real_ci_upper": percents["ci_upper"]}
        added |= {name: real_growth(value, cpi) for name, value in ends.items()}
    frame = pd.concat([rows[list(growth.by)], pd.DataFrame(added)], axis=1)
    return GuidelineComparison(guideline, frame, growth.by, cpi, growth)


def _compare_enterprises(
    guideline: Guideline, frame: pd.DataFrame, column: str, cpi: float | None
) -> GuidelineComparison:
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"a {type(frame).__name__}", where="compare", expected="Estimates or a pandas frame")
    if column not in frame or not pd.api.types.is_numeric_dtype(frame[column]):
        raise InputError(
            f"there is no column of numbers {column!r}", where="compare", expected="growth as a share: 0.05 is 5 %"
        )
    point = frame[column].to_numpy(dtype=float, na_value=np.nan) * 100
    made = frame.assign(growth_percent=point, band=_names(point, guideline.bands))
    if cpi is not None:
        made = made.assign(real_growth=real_growth(point, cpi))
    return GuidelineComparison(guideline, made, (), cpi)


def _names(point: Floats, bands: tuple[Band, ...]) -> Values:
    """Name of the band of each row, None where growth is missing."""
    return np.array([*(band.name for band in bands), None], dtype=object)[band_numbers(point, bands)]


def real_growth(growth: Floats, cpi: float) -> Floats:
    """Real growth (1 + g) / (1 + CPI) - 1, all in per cent.

    Examples
    --------
    >>> real_growth(np.array([5.0]), 2.0).round(4).tolist()
    [2.9412]
    """
    return np.asarray(((1 + growth / 100) / (1 + cpi / 100) - 1) * 100)


def band_probabilities(point: Floats, se: Floats, df: Floats, bands: tuple[Band, ...]) -> Floats:
    """Probability of each band, shape (rows, bands), by the confidence distribution of the growth.

    NaN where the standard error or the degrees of freedom are not known; 0 and 1 where there is no sampling error
    (``census``, a standard error of 0).

    Parameters
    ----------
    point, se : shape (rows,), in per cent.
    df : shape (rows,), infinite for the normal.

    Examples
    --------
    >>> bands = (Band("below_base", -math.inf, 5), Band("base_and_above", 5, math.inf))
    >>> band_probabilities(np.array([5.0]), np.array([1.0]), np.array([10.0]), bands).tolist()
    [[0.5, 0.5]]
    """
    from scipy.special import ndtr, stdtr

    lines = np.array([band.low for band in bands[1:]])
    with np.errstate(invalid="ignore", divide="ignore"):
        distance = (lines - point[:, None]) / se[:, None]
        finite = stdtr(np.where(np.isfinite(df) & (df > 0), df, np.nan)[:, None], distance)
        below = np.where(np.isposinf(df)[:, None], ndtr(distance), finite)
    exact = (lines > point[:, None] + ON_THE_LINE).astype(np.float64)
    below = np.where((se == 0)[:, None], exact, below)
    below = np.where(np.isnan(point)[:, None], np.nan, below)
    edges = np.column_stack([np.zeros(point.size), below, np.ones(point.size)])
    return np.asarray(np.diff(edges, axis=1))
