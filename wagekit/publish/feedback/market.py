"""The market as the public release has it: the printed figures of its tables and reports, and not one figure more.

They are read from the published files, once, for everybody. No figure is made for one enterprise with itself left out:
it would tell the enterprise the others' figures, and where it dominates, one other's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from wagekit.publish.feedback.figures import PERCENTS, Figure
from wagekit.publish.feedback.published import PublishedRelease, PublishedReport, read_figures
from wagekit.publish.figures import Unit, code_text, percent, rounded

if TYPE_CHECKING:
    from wagekit.publish.configuration import Release
    from wagekit.publish.industry.report import IndustryReport as Opened

NOTHING: tuple[Figure, ...] = (None,) * len(PERCENTS)
"""No figure at all."""


@dataclass(frozen=True)
class IndustryReport:
    """A report on one industry: as the store gives it now, and the web page that is published of it."""

    opened: Opened
    page: PublishedReport


@dataclass(frozen=True)
class Market:
    """Published percentiles of pay in one printed unit. Made by :func:`market_of`.

    Parameters
    ----------
    unit : printed unit.
    published : domain columns in alphabetical order -> their codes -> figures in the order of ``PERCENTS``.
    """

    unit: Unit
    published: Mapping[tuple[str, ...], Mapping[tuple[str, ...], tuple[Figure, ...]]]

    def publishes(self, *columns: str) -> bool:
        """Whether the release has a table by these columns."""
        return tuple(sorted(columns)) in self.published

    def levels(self, codes: Mapping[str, object]) -> tuple[Figure, ...]:
        """The percentiles of one item, None for each that the release does not publish.

        Parameters
        ----------
        codes : column -> code.
        """
        columns = tuple(sorted(codes))
        key = tuple(code_text(codes[column]) for column in columns)
        return self.published.get(columns, {}).get(key or ("",), NOTHING)


def market_of(
    declared: Release,
    published: PublishedRelease,
    labels: Mapping[str, Any],
    *,
    variable: str,
    data_unit: str,
    industries: Mapping[str, IndustryReport] = MappingProxyType({}),
) -> Market:
    """The market's figures from the open data of a release, and from its reports on single industries.

    Parameters
    ----------
    declared : what the release declares.
    published : the release as it is published; tables that it doesn't hold are not told.
    labels : code lists by column.
    variable : column of pay; tables of others are passed over.
    data_unit : its unit; 元/年 is printed as 万元/年.
    industries : code of an industry section -> the report on it, for those that the release has one on.

    Raises
    ------
    ReleaseError
        If a published table isn't the declared one, or a report shows other figures than the store gives.
    """
    unit = Unit.of("万元/年" if data_unit == "元/年" else data_unit)
    found: _Published = {}
    for table in declared.tables:
        content = published.tables.get(table.name)
        if content is None or table.variable != variable or not any(map(percent, table.statistics)):
            continue
        printed = Unit.of(table.unit or data_unit, table.factor, table.decimals)
        _add(found, table.by, read_figures(content, table, labels, published.language, printed), printed, unit)
    for code, about in industries.items():
        shown, _ = about.opened.shown_and_held("occupations")
        for made in shown.values():
            if about.page.shows(made):
                columns = [column.key for column in made.columns]
                items = {
                    (code, *row.codes): dict(zip(columns, (cell.value for cell in row.cells), strict=True))
                    for row in made.rows
                }
                _add(found, ("industry", *made.by), items, Unit.of(about.opened.report.unit), unit)
    return Market(unit, found)


_Published = dict[tuple[str, ...], dict[tuple[str, ...], tuple[Figure, ...]]]


def _add(
    published: _Published,
    names: Sequence[str],
    items: Mapping[tuple[str, ...], Mapping[str, Figure]],
    printed: Unit,
    unit: Unit,
) -> None:
    """Enter the percentiles of a table by the columns `names`."""
    order = sorted(range(len(names)), key=names.__getitem__)
    entered = published.setdefault(tuple(sorted(names)), {})
    for codes, figures in items.items():
        key = tuple(codes[place] for place in order) or ("",)
        values = [_in_unit(figures.get(f"p{each}"), printed, unit) for each in PERCENTS]
        entered[key] = _merged(entered.get(key, NOTHING), values)


def _in_unit(value: Figure, printed: Unit, wanted: Unit) -> Figure:
    """A published figure in another unit, never with more digits than it was published with."""
    if value is None or printed.factor == wanted.factor:
        return value
    return rounded(value * printed.factor / wanted.factor, wanted.decimals)


def _merged(first: Sequence[Figure], second: Sequence[Decimal | None]) -> tuple[Figure, ...]:
    return tuple(other if one is None else one for one, other in zip(first, second, strict=True))
