"""What a published table prints, row by row, for the texts that are made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from wagekit.publish.rendering.markdown import escape_markdown

if TYPE_CHECKING:
    from wagekit.publish.table import WageTable


@dataclass(frozen=True)
class Item:
    """A row of a table: its codes, its name (safe in Markdown), and its published values by column key.

    `value` holds numbers, `said` the same as a sentence has them, with their unit.
    """

    codes: tuple[str, ...]
    name: str
    value: Mapping[str, Decimal]
    said: Mapping[str, str]


def items(table: WageTable) -> list[Item]:
    """The rows of a published table; what is held back is not there.

    Examples
    --------
    >>> from wagekit.publish.figures import Cell, Column, Row
    >>> from wagekit.publish.table import WageTable
    >>> column = Column("share", "占比", "", "占比", 1, "%")
    >>> row = Row(("I",), ("信息业",), (Cell(Decimal("12.5")),))
    >>> items(WageTable("表", "%", ("industry",), ("行业",), (column,), (row,)))[0].said
    {'share': '12.5%'}
    """
    made = []
    joined = "·" if table.language == "zh" else " / "
    for row in table.rows:
        shown = [(column, cell.value) for column, cell in zip(table.columns, row.cells, strict=True)]
        value = {column.key: number for column, number in shown if number is not None}
        said = {
            column.key: with_unit(number, column.unit or "", table.language)
            for column, number in shown
            if number is not None
        }
        made.append(Item(row.codes, escape_markdown(joined.join(row.names)), value, said))
    return made


def with_unit(number: Decimal, unit: str, language: str) -> str:
    """A printed figure as a sentence has it: 21.65万元, 12.5%, 1,009 people.

    Examples
    --------
    >>> with_unit(Decimal("21.65"), "万元/人年", "en"), with_unit(Decimal("1009"), "人", "zh")
    ('216,500 yuan', '1009人')
    """
    if unit == "%":
        return f"{number:f}%"
    money = unit.split("/")[0].removesuffix(" a year")
    if language == "zh":
        return f"{number:f}{money}"
    if money in ("万元", "10,000 yuan"):
        return f"{number * 10_000:,.0f} yuan"
    words = {"元": "yuan", "人": "people", "倍": "times"}
    return f"{number:,f} {words.get(money, money)}".rstrip()


def has(table: WageTable, key: str) -> bool:
    """Whether the table publishes a value in the column `key`."""
    return any(key in item.value for item in items(table))


def extremes(rows: list[Item], key: str) -> tuple[Item, Item] | None:
    """The items with the highest and the lowest value of a column; None with fewer than two."""
    found = [item for item in rows if key in item.value]
    if len(found) < 2:
        return None
    return max(found, key=lambda item: item.value[key]), min(found, key=lambda item: item.value[key])
