"""From estimates to printed figures: units, rounding, columns, the order and the names of items."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, runtime_checkable

from wagekit.disclosure.rules import ReleaseRules
from wagekit.errors import ReleaseError
from wagekit.grouping import TOTAL
from wagekit.options import Language, Precision
from wagekit.publish.words import WORDS, Status, clean_text, unit_text

if TYPE_CHECKING:
    import pandas as pd

UNITS: Mapping[str, tuple[float, int]] = MappingProxyType(
    {"元/年": (1.0, 0), "万元/年": (10_000.0, 2), "元/月": (1.0, 0), "元/小时": (1.0, 2), "元": (1.0, 0)}
)
"""Known unit -> divisor from the data's unit (元 for the same period) and decimals. Others: 1 and 2."""

_PERCENTILE = re.compile(r"p([1-9]\d?(?:\.\d+)?|0\.\d+)")


@dataclass(frozen=True)
class Column:
    """A column of figures: its key (``p10``, ``p10_se``, ``n``), its words and its number of decimals.

    `label` stands under `group` in a grouped heading; `heading` says both in one line. `unit` is empty for counts and
    bare numbers.
    """

    key: str
    label: str
    group: str
    heading: str
    decimals: int
    unit: str = ""


@dataclass(frozen=True)
class Cell:
    """A rounded value, or none and why."""

    value: Decimal | None
    status: Status = ""


class EstimateRow(NamedTuple):
    """A row of estimates as far as it may be printed; missing what the estimates don't tell."""

    estimate: float
    se: float
    ci_lower: float
    ci_upper: float
    n: float
    n_psu: float


def rows_of(frame: pd.DataFrame) -> Iterator[EstimateRow]:
    """The rows of estimates."""
    columns = (frame[name].tolist() if name in frame else [math.nan] * len(frame) for name in EstimateRow._fields)
    return map(EstimateRow, *columns)


def codes_of(frame: pd.DataFrame, by: Sequence[str]) -> list[tuple[str, ...]]:
    """The codes of the items of estimates, row by row; () where they are of the whole sample."""
    if not by:
        return [()] * len(frame)
    columns = ([code_text(value) for value in frame[name].tolist()] for name in by)
    return list(zip(*columns, strict=True))


@dataclass(frozen=True)
class Row:
    """One item of a table: its codes and names, one a domain column, and its cells, one a column of figures."""

    codes: tuple[str, ...]
    names: tuple[str, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Unit:
    """A printed unit: name in Chinese, divisor from the data's unit, decimals."""

    name: str
    factor: Decimal
    decimals: int

    @classmethod
    def of(cls, name: str, factor: float | None = None, decimals: int | None = None) -> Unit:
        """A unit by name; factor and decimals override what the name implies.

        Raises
        ------
        ReleaseError
            For a factor that is not a positive number or decimals outside 0 to 6.

        Examples
        --------
        >>> Unit.of("万元/年").round(152_350.0)
        Decimal('15.24')
        """
        known_factor, known_decimals = UNITS.get(name, (1.0, 2))
        factor = known_factor if factor is None else factor
        decimals = known_decimals if decimals is None else decimals
        if not (math.isfinite(factor) and factor > 0):
            raise ReleaseError(f"a factor of {factor!r}", where=f"unit {name!r}", expected="a positive number")
        if not 0 <= decimals <= 6:
            raise ReleaseError(f"{decimals!r} decimals", where=f"unit {name!r}", expected="0 to 6")
        return cls(clean_text(name, where="unit"), Decimal(repr(float(factor))), int(decimals))

    def round(self, value: float) -> Decimal:
        """A value of the data in this unit, rounded half up (四舍五入) as it is written, not as floats store it."""
        return rounded(Decimal(repr(float(value))) / self.factor, self.decimals)


def rounded(value: Decimal, decimals: int) -> Decimal:
    """A number with so many decimals, halves away from zero, and no minus sign before a zero.

    Examples
    --------
    >>> rounded(Decimal("7.905"), 2), rounded(Decimal("-0.001"), 2)
    (Decimal('7.91'), Decimal('0.00'))
    """
    result = value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return abs(result) if result == 0 else result


def percent(statistic: str) -> str | None:
    """The percent of a percentile word: ``p10`` -> ``10``; None for other statistics."""
    match = _PERCENTILE.fullmatch(statistic)
    return match[1] if match else None


def is_money(statistic: str) -> bool:
    """Whether a statistic is in the unit of the variable; a ratio or a Gini coefficient is a bare number."""
    return percent(statistic) is not None or statistic in ("mean", "total")


def statistics_in_order(available: Sequence[str], wanted: Sequence[str] | None, *, descending: bool) -> list[str]:
    """The statistics to print: percentiles in order, then the mean, then the others as they come.

    Raises
    ------
    ReleaseError
        For a statistic that wasn't estimated.

    Examples
    --------
    >>> statistics_in_order(["mean", "p90", "p10"], None, descending=False)
    ['p10', 'p90', 'mean']
    """
    for word in wanted or ():
        if word not in available:
            raise ReleaseError(
                f"no estimates of {word!r}", where="statistics", expected=f"some of {', '.join(available)}"
            )
    words = list(dict.fromkeys(wanted or available))
    percentiles = sorted((word for word in words if percent(word)), key=_percent_of, reverse=descending)
    means = [word for word in words if word == "mean"]
    return [*percentiles, *means, *(word for word in words if word not in {*percentiles, *means})]


def _percent_of(statistic: str) -> float:
    return float(percent(statistic) or 0)


def columns_of(
    statistics: Sequence[str],
    precision: Sequence[Precision],
    counts: bool,
    unit: Unit,
    *,
    level: float,
    language: Language,
) -> tuple[Column, ...]:
    """The columns of figures of a table.

    Examples
    --------
    >>> [column.heading for column in columns_of(["p10", "mean"], ["cv"], True, Unit.of("元/年"), level=0.95,
    ...     language="zh")]
    ['10%分位值', '10%分位值变异系数（%）', '平均值', '平均值变异系数（%）', '样本人数（人）', '样本企业数（家）']
    """
    words = WORDS[language]
    space = "" if language == "zh" else " "
    made: list[Column] = []
    for word in statistics:
        share = percent(word)
        if share:
            name = f"{share}%{space}{words['percentile'].lower()}"
        else:
            name = words[word] if word in ("mean", "total") else clean_text(word, where="statistics")
        decimals, own_unit = (unit.decimals, unit_text(unit.name, language)) if is_money(word) else (3, "")
        if precision:
            label, group = words["value"], name
        else:
            label, group = (f"{share}%", words["percentile"]) if share else (name, "")
        made.append(Column(word, label, group, name, decimals, own_unit))
        for key in _precision_keys(precision):
            text = words[key].format(level=f"{level * 100:g}%")
            inline = text if language == "zh" else text[0].lower() + text[1:] if key != "cv" else text
            # One decimal more than the value, or an error of a few yuan prints as 0.00 in 万元.
            places = {"cv": 1, "se": decimals + 1 if decimals else 0}.get(key, decimals)
            made.append(
                Column(f"{word}_{key}", text, name, f"{name}{space}{inline}", places, "%" if key == "cv" else own_unit)
            )
    if counts:
        made += [Column(key, words[key], "", words[key], 0) for key in ("n", "n_psu")]
    return tuple(made)


def _precision_keys(precision: Sequence[Precision]) -> list[str]:
    keys = [key for key in ("se", "cv") if key in precision]
    return keys + (["ci_lower", "ci_upper"] if "interval" in precision else [])


def cells_of(
    statistic: str,
    figure: EstimateRow | None,
    status: Status,
    precision: Sequence[Precision],
    unit: Unit,
    rules: ReleaseRules,
) -> list[Cell]:
    """The cells of one statistic of one item: its value and what is printed beside it.

    Parameters
    ----------
    figure : the estimate; None when it is held back.
    status : why it is held back.
    """
    keys = _precision_keys(precision)
    if figure is None:
        return [Cell(None, status)] * (1 + len(keys))
    scale = unit if is_money(statistic) else Unit("", Decimal(1), 3)
    cells = [Cell(scale.round(figure.estimate))]
    # A limit of a percentile is a percentile further out: the limits of P25 may be single low wages.
    few = rules.min_employees_tails is not None and not figure.n >= rules.min_employees_tails
    for key in keys:
        if key.startswith("ci_") and few and percent(statistic):
            cells.append(Cell(None, "c"))
            continue
        value = abs(figure.se / figure.estimate) if key == "cv" and figure.estimate else getattr(figure, key)
        if not math.isfinite(value):
            cells.append(Cell(None, "x"))
        elif key == "cv":
            cells.append(Cell(rounded(Decimal(repr(float(value))) * 100, 1)))
        elif key == "se":
            places = scale.decimals + 1 if scale.decimals else 0
            cells.append(Cell(rounded(Decimal(repr(float(value))) / scale.factor, places)))
        else:
            cells.append(Cell(scale.round(value)))
    return cells


def count_cells(figures: Sequence[EstimateRow]) -> list[Cell]:
    """Respondents and enterprises behind the released figures of an item; none when nothing is released."""
    if not figures:
        return [Cell(None, "c"), Cell(None, "c")]
    return [Cell(Decimal(min(int(getattr(figure, name)) for figure in figures))) for name in ("n", "n_psu")]


@runtime_checkable
class Labels(Protocol):
    """A classification, as far as names of items need one."""

    def __contains__(self, code: object) -> bool: ...

    def label(self, code: str, /, *, language: Language = "zh") -> str: ...


class Namer:
    """The names of items: code by code from classifications or mappings.

    Parameters
    ----------
    by : names of the domain columns.
    labels : domain column -> classification or mapping; for a single column the labels themselves will do.

    Examples
    --------
    >>> Namer(("sex",), {"1": "男", "2": "女"}, "zh")(("2",))
    ('女',)
    """

    def __init__(self, by: Sequence[str], labels: Mapping[str, Any] | Labels | None, language: Language) -> None:
        self.language = language
        if labels is None:
            chosen: list[Any] = [{}] * len(by)
        elif len(by) == 1 and (not isinstance(labels, Mapping) or by[0] not in labels):
            chosen = [labels]
        elif isinstance(labels, Mapping):
            chosen = [labels.get(column, {}) for column in by]
        else:
            raise ReleaseError(
                f"one classification for {len(by)} domain columns",
                where="labels",
                expected=f"a mapping with the keys {', '.join(by)}",
            )
        self._labels = chosen

    def __call__(self, codes: Sequence[str]) -> tuple[str, ...]:
        """The names of an item; for the whole sample, which has no codes, the word for all."""
        if not codes:
            return (WORDS[self.language]["all"],)
        return tuple(self._name(code, labels) for code, labels in zip(codes, self._labels, strict=True))

    def _name(self, code: str, labels: Any) -> str:
        name: object = ""
        if code in labels:
            name = labels[code] if isinstance(labels, Mapping) else labels.label(code, language=self.language)
        elif isinstance(labels, Mapping) and code.isdecimal() and int(code) in labels:
            name = labels[int(code)]
        elif code == TOTAL:
            name = WORDS[self.language]["total"]
        return clean_text(name, where="names of the items") or code or WORDS[self.language]["missing"]


def code_text(value: Any) -> str:
    """A code as text: 1, 1.0 and "1" are the same code, a missing value is the empty code.

    Examples
    --------
    >>> [code_text(value) for value in ("C13", 1.0, 2, None, float("nan"))]
    ['C13', '1', '2', '', '']
    """
    import pandas as pd

    if pd.isna(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return clean_text(value, where="codes of the items")


def code_order(codes: Sequence[str]) -> tuple[Any, ...]:
    """Sort key by code, totals first, numbers by size and missing codes last. Items are never sorted by a value: the place of a
    held-back one would tell its size.

    Examples
    --------
    >>> sorted([("10",), ("",), ("2",), ("_T",), ("A",), ("≤1",)], key=code_order)
    [('_T',), ('≤1',), ('2',), ('10',), ('A',), ('',)]
    """
    return tuple((not code, code != TOTAL, _parts(code.lstrip("≤<≥>")), code) for code in codes)


def _parts(code: str) -> list[tuple[int, int, str]]:
    """Digits and what stands between them, digits first: C2 before C13, and open bands (≤25, ≥56) in their place."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.findall(r"\d+|\D+", code)]
