"""The market as the public release has it: the printed figures of its tables and reports, and not one figure more.

They are made once, for everybody, under the release rules. No figure is made for one enterprise with itself left out:
it would tell the enterprise the others' figures, and where it dominates, one other's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from wagekit.publish.feedback.figures import PERCENTS, Figure
from wagekit.publish.figures import Unit, code_text, percent, rounded
from wagekit.publish.tables import released_tables

if TYPE_CHECKING:
    from wagekit.collect.store import Store
    from wagekit.publish.configuration import Release
    from wagekit.publish.industry.report import IndustryReport
    from wagekit.publish.table import WageTable

NOTHING: tuple[Figure, ...] = (None,) * len(PERCENTS)
"""No figure at all."""


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
    store: Store,
    *,
    variable: str,
    data_unit: str,
    industries: Mapping[str, IndustryReport] = MappingProxyType({}),
) -> Market:
    """The market's figures from the tables of a release, and from its reports on single industries.

    Parameters
    ----------
    declared : the release.
    store : the store that it is made from.
    variable : column of pay; tables of others are passed over.
    data_unit : its unit; 元/年 is printed as 万元/年.
    industries : code of an industry section -> the report on it, for those that the release has one on.
    """
    unit = Unit.of("万元/年" if data_unit == "元/年" else data_unit)
    chosen = [table for table in declared.tables if table.variable == variable and any(map(percent, table.statistics))]
    made = released_tables(declared.model_copy(update={"tables": chosen}), store)
    published: _Published = {}
    for table in chosen:
        printed = Unit.of(table.unit or data_unit, table.factor, table.decimals)
        _add(published, made[table.name], {}, printed, unit)
    for code, report in industries.items():
        shown, _ = report.shown_and_held("occupations")
        for wage_table in shown.values():
            _add(published, wage_table, {"industry": code}, Unit.of(report.report.unit), unit)
    return Market(unit, published)


_Published = dict[tuple[str, ...], dict[tuple[str, ...], tuple[Figure, ...]]]


def _add(published: _Published, table: WageTable, of: Mapping[str, str], printed: Unit, unit: Unit) -> None:
    """Enter a table's percentiles; `of` is the part of the survey that it is about, column -> code."""
    names = (*of, *table.by)
    order = sorted(range(len(names)), key=names.__getitem__)
    columns = {percent(column.key): place for place, column in enumerate(table.columns)}
    places = [columns.get(str(each)) for each in PERCENTS]
    items = published.setdefault(tuple(sorted(names)), {})
    for row in table.rows:
        codes = (*of.values(), *row.codes)
        key = tuple(codes[place] for place in order) or ("",)
        values = [None if place is None else row.cells[place].value for place in places]
        items[key] = _merged(items.get(key, NOTHING), [_in_unit(value, printed, unit) for value in values])


def _in_unit(value: Figure, printed: Unit, wanted: Unit) -> Figure:
    """A published figure in another unit, never with more digits than it was published with."""
    if value is None or printed.factor == wanted.factor:
        return value
    return rounded(value * printed.factor / wanted.factor, wanted.decimals)


def _merged(first: Sequence[Figure], second: Sequence[Decimal | None]) -> tuple[Figure, ...]:
    return tuple(other if one is None else one for one, other in zip(first, second, strict=True))
