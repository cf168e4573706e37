"""Charts of counts and shares, drawn from published tables: bars side by side, or stacked to a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wagekit.publish.chart_parts import Rows, finished, heading, items, key_of_shades, stacks
from wagekit.publish.chart_words import CHART_WORDS
from wagekit.publish.drawing import ACCENT, ALARM, LINE, MIDDLE, PALE, WIDTH, Axis, Chart, Sheet
from wagekit.publish.lettering import width

if TYPE_CHECKING:
    from wagekit.publish.table import WageTable

_SHADES = (ACCENT, MIDDLE, PALE, ALARM)


def bars(table: WageTable, key: str, *, title: str, unit: str) -> Chart:
    """A bar an item, across the page, in the table's order, its figure behind it.

    Parameters
    ----------
    table : a published table.
    key : of the column to draw; items without a published value are left out.
    title : caption.
    unit : what the figures are, as it is said above the bars.

    Raises
    ------
    ReleaseError
        If no item has a published value in the column.
    """
    shown = items(table, [key])
    texts = CHART_WORDS[table.language]
    rows = Rows([item.name for item in shown], top=22)
    figures = max(width(item.text[key], 8.5) for item in shown) + 6
    axis = Axis.from_zero([item.value[key] for item in shown], rows.left, WIDTH - figures, room=0)

    def paint(sheet: Sheet) -> None:
        ends = [(rows(place), axis(item.value[key]), item) for place, item in enumerate(shown)]
        sheet.boxes(
            [(min(axis(0), end), y - 5.4, max(axis(0), end), y + 5.4) for y, end, item in ends if item.value[key]],
            PALE, edge=MIDDLE, width=0.7,
        )  # fmt: skip
        sheet.lines([[(axis(0), rows.top), (axis(0), rows.bottom)]], LINE, 0.8)
        for y, end, item in ends:
            sheet.text(max(axis(0), end) + 5, y, item.text[key])
        rows.write_names(sheet)
        heading(sheet, texts["unit"].format(unit=unit))

    said = texts["join"].join(
        texts["grade_item"].format(name=item.name, value=item.text[key], interval="") for item in shown
    )
    return finished(paint, rows.bottom + 4, texts["grades_alt"].format(unit=unit, items=said), title, table)


def stacked(table: WageTable, keys: Sequence[str], *, title: str) -> Chart:
    """A bar an item, cut by its shares in per cent, which make a whole.

    Parameters
    ----------
    table : a published table.
    keys : of its columns of shares, from left to right, four at most.
    title : caption.

    Raises
    ------
    ReleaseError
        If no item has all its shares published.
    """
    shown = items(table, keys)
    texts = CHART_WORDS[table.language]
    labels = [next(column.label for column in table.columns if column.key == key) for key in keys]
    shades = _SHADES[: len(keys)]
    rows = Rows([item.name for item in shown], top=22)

    def paint(sheet: Sheet) -> None:
        key_of_shades(sheet, labels, shades, rows.left)
        stacks(sheet, rows, [[(item.value[key], item.text[key]) for key in keys] for item in shown], shades, WIDTH)
        rows.write_names(sheet)
        heading(sheet, texts["unit"].format(unit="%"))

    written = [
        f"{item.name} "
        + texts["join"].join(f"{label} {item.text[key]}%" for label, key in zip(labels, keys, strict=True))
        for item in shown
    ]
    alt = texts["grades_alt"].format(unit="%", items=texts["join"].join(written))
    return finished(paint, rows.bottom + 4, alt, title, table)
