"""The published guideline lines (企业工资指导线) and the bands of growth that they mark off."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from wagekit.arrays import Codes, Floats
from wagekit.errors import InputError
from wagekit.resources import resource

if TYPE_CHECKING:
    import pandas as pd

ON_THE_LINE = 1e-9
"""Percentage points within which growth counts as lying on a line: what floating point adds to 105 / 100 - 1."""

_COLUMNS = {"base_line": "base_low", "base_line_high": "base_high", "upper_line": "upper", "lower_line": "lower"}


def guidelines(region: str | None = None, *, lines: pd.DataFrame | None = None) -> pd.DataFrame:
    """All guideline lines with their sources.

    Parameters
    ----------
    region : only this region's.
    lines : a store's own lines (``Store.guideline_lines()``); those shipped with wagekit unless given.

    Returns
    -------
    One row a region and year: ``region, year, base_low, base_high, upper, lower`` in per cent, ``base_name`` (平均线,
    基准线), ``source``, ``source_kind``. ``base_low`` and ``base_high`` are equal where one figure was published. NaN:
    not issued, or not found in any source; which of the two the sources don't always tell.

    Raises
    ------
    InputError
        If there is no such region, or a column is missing.

    Examples
    --------
    >>> guidelines("上海").query("year == 2019")[["base_low", "base_high"]].values.tolist()
    [[5.0, 6.0]]
    """
    table = _shipped() if lines is None else _named(lines)
    if region is not None:
        _require_region(table, region)
        table = table[table["region"] == region].reset_index(drop=True)
    return table.copy()


def line_of(region: str, year: int, lines: pd.DataFrame | None = None) -> dict[str, Any]:
    """The row of :func:`guidelines` for one region and year.

    Raises
    ------
    InputError
        If there is none; names the years or regions there are.
    """
    table = guidelines(lines=lines)
    _require_region(table, region)
    rows = table[table["region"] == region]
    found = rows[rows["year"] == year]
    if found.empty:
        years = ", ".join(str(each) for each in sorted(rows["year"]))
        raise InputError(
            f"there is no guideline of {region} for {year!r}",
            where="guideline",
            expected=f"one of the years {years}",
            do="Add the year with Store.update_reference and pass lines=store.guideline_lines()",
        )
    return {str(name): value for name, value in found.iloc[0].items()}


@lru_cache(maxsize=1)
def _shipped() -> pd.DataFrame:
    import pandas as pd

    return _named(pd.read_csv(resource("data", "reference", "guideline_lines.csv")))


def _named(lines: pd.DataFrame) -> pd.DataFrame:
    needed = ["region", "year", "base_line", "base_line_high", "upper_line", "lower_line", "base_line_name", "source"]
    missing = [name for name in needed if name not in lines]
    if missing:
        raise InputError(
            f"no column {', '.join(map(repr, missing))}",
            where="guideline lines",
            expected=", ".join(needed),
            do="Take them from Store.guideline_lines()",
        )
    table = lines.rename(columns={**_COLUMNS, "base_line_name": "base_name"})
    for name in _COLUMNS.values():
        table[name] = table[name].astype(float)
    table["base_high"] = table["base_high"].fillna(table["base_low"])
    if "source_kind" not in table:
        table["source_kind"] = "found"
    order = ["region", "year", "base_low", "base_high", "upper", "lower", "base_name", "source", "source_kind"]
    return table[order].reset_index(drop=True)


def _require_region(table: pd.DataFrame, region: str) -> None:
    regions = list(dict.fromkeys(table["region"]))
    if region not in regions:
        raise InputError(
            f"there is no guideline of the region {region!r}",
            where="guideline",
            expected=f"one of {', '.join(regions)}",
        )


@dataclass(frozen=True)
class Band:
    """Growth from `low` up to below `high`, in per cent; infinite where no line ends it.

    The name says between which lines: ``below_lower``, ``lower_to_base``, ``base_to_upper``, ``above`` (the upper
    line and above); where a line was not issued ``below_base``, ``base_and_above``, ``lower_and_above``.
    """

    name: str
    low: float
    high: float


def bands_of(lower: float | None, base: tuple[float, float] | None, upper: float | None) -> tuple[Band, ...]:
    """The bands that the issued lines mark off, from low to high.

    Growth on a line has reached it, so a line belongs to the band above it. No notice that was read says otherwise;
    Beijing's "in principle below the upper line" agrees. A base range begins at its lower end: growth inside the
    range has reached the base line.

    Parameters
    ----------
    lower, base, upper : in per cent, None where not issued.

    Examples
    --------
    >>> [(band.name, band.low, band.high) for band in bands_of(2, (5, 5), None)]
    [('below_lower', -inf, 2), ('lower_to_base', 2, 5), ('base_and_above', 5, inf)]
    """
    lines = {"lower": lower, "base": base[0] if base else None, "upper": upper}
    issued = [(name, value) for name, value in lines.items() if value is not None]
    if not issued:
        raise InputError("no line is known", where="guideline", expected="at least one of base, upper and lower")
    names, values = [name for name, _ in issued], [value for _, value in issued]
    if any(not low < high for low, high in pairwise(values)):
        shown = ", ".join(f"{name} {value:g}" for name, value in issued)
        raise InputError(f"the lines are {shown}", where="guideline", expected="lower < base < upper")
    between = [f"{low}_to_{high}" for low, high in pairwise(names)]
    last = "above" if names[-1] == "upper" else f"{names[-1]}_and_above"
    ends = [-math.inf, *values, math.inf]
    words = [f"below_{names[0]}", *between, last]
    return tuple(Band(word, low, high) for word, low, high in zip(words, ends[:-1], ends[1:], strict=True))


def band_numbers(growth: Floats, bands: tuple[Band, ...]) -> Codes:
    """Which band growth in per cent lies in, shape of `growth`; -1 where it is missing."""
    lines = np.array([band.low for band in bands[1:]])
    number = np.searchsorted(lines, growth + ON_THE_LINE, side="right")
    return np.where(np.isnan(growth), -1, number).astype(np.int64)
