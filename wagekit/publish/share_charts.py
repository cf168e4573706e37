"""Charts of counts and shares, drawn from published tables: bars side by side, or stacked to a whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from wagekit.errors import ReleaseError
from wagekit.publish.chart_words import CHART_WORDS
from wagekit.publish.drawing import (
    ACCENT,
    ALARM,
    INK,
    MIDDLE,
    PALE,
    PAPER,
    QUIET,
    SIMULATED,
    WIDTH,
    Chart,
    draw,
    wrapped,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from wagekit.publish.table import WageTable

_SHADES = (ACCENT, MIDDLE, PALE, ALARM)
_ROW = 0.27
"""Inches between two bars."""


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
    rows = _published(table, [key])
    texts = CHART_WORDS[table.language]
    above, below = 0.3, 0.12 + (0.16 if table.synthetic else 0)
    height = len(rows) * _ROW + above + below

    def paint(figure: Figure) -> None:
        left = 2.35 / WIDTH
        axes = figure.add_axes((left, below / height, 0.97 - left, len(rows) * _ROW / height))
        values = [value for _, (value,), _ in rows]
        axes.barh(range(len(rows)), values, height=0.56, color=PALE, edgecolor=MIDDLE, linewidth=0.7)
        for place, (_, (value,), (said,)) in enumerate(rows):
            axes.annotate(said, (max(value, 0), place), (4, 0), textcoords="offset points", va="center", color=INK)
        axes.set_xlim(min(0.0, *values), (max(values) or 1.0) * 1.12)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xticks([])
        axes.set_yticks(range(len(rows)), [wrapped(name, 36) for name, _, _ in rows], linespacing=1.1, fontsize=8)
        axes.tick_params(axis="y", length=0, pad=5)
        for side in ("top", "right", "bottom"):
            axes.spines[side].set_visible(False)
        figure.text(0, 1 - 0.05 / height, texts["unit"].format(unit=unit), color=QUIET, va="top", fontsize=8)

    items = texts["join"].join(texts["grade_item"].format(name=n, value=s[0], interval="") for n, _, s in rows)
    return _chart(paint, height, texts["grades_alt"].format(unit=unit, items=items), title, table)


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
    rows = _published(table, keys)
    texts = CHART_WORDS[table.language]
    labels = [next(column.label for column in table.columns if column.key == key) for key in keys]
    above, below = 0.4, 0.12 + (0.16 if table.synthetic else 0)
    height = len(rows) * _ROW + above + below

    def paint(figure: Figure) -> None:
        left = 2.35 / WIDTH
        axes = figure.add_axes((left, below / height, 0.97 - left, len(rows) * _ROW / height))
        for place, (_, values, said) in enumerate(rows):
            start = 0.0
            for number, (value, text) in enumerate(zip(values, said, strict=True)):
                axes.barh(place, value, left=start, height=0.62, color=_SHADES[number], edgecolor=PAPER, linewidth=0.8)
                if value >= 8:
                    shade = PAPER if number in (0, 3) else INK
                    axes.text(start + value / 2, place, text, ha="center", va="center", color=shade, fontsize=7.5)
                start += value
        axes.set_xlim(0, 100.3)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xticks([])
        axes.set_yticks(range(len(rows)), [wrapped(name, 36) for name, _, _ in rows], linespacing=1.1, fontsize=8)
        axes.tick_params(axis="y", length=0, pad=5)
        for side in ("top", "right", "bottom", "left"):
            axes.spines[side].set_visible(False)
        _key(figure, labels, left, height)

    written = [
        f"{name} " + texts["join"].join(f"{label} {text}%" for label, text in zip(labels, said, strict=True))
        for name, _, said in rows
    ]
    alt = texts["grades_alt"].format(unit="%", items=texts["join"].join(written))
    return _chart(paint, height, alt, title, table)


def _key(figure: Figure, labels: Sequence[str], left: float, height: float) -> None:
    """What the shades mean, in a line above the bars."""
    from matplotlib.patches import Rectangle

    step = (0.97 - left) / len(labels)
    for number, label in enumerate(labels):
        place = left + number * step
        figure.add_artist(
            Rectangle((place, 1 - 0.27 / height), 0.13 / WIDTH, 0.13 / height, facecolor=_SHADES[number], linewidth=0)
        )
        figure.text(place + 0.19 / WIDTH, 1 - 0.2 / height, label, color=QUIET, va="center", fontsize=8)


def _published(table: WageTable, keys: Sequence[str]) -> list[tuple[str, list[float], list[str]]]:
    """Name, numbers and printed figures of the rows that publish all the columns."""
    places = [next(number for number, column in enumerate(table.columns) if column.key == key) for key in keys]
    made = []
    for row in table.rows:
        cells = [(row.cells[place], table.columns[place]) for place in places]
        if all(cell.value is not None for cell, _ in cells):
            name = ("·" if table.language == "zh" else " / ").join(name for name in row.names if name)
            values = [float(cell.value or 0) for cell, _ in cells]
            made.append((name, values, [table.printed(cell, column) for cell, column in cells]))
    if not made:
        raise ReleaseError(
            "no item has figures that may be published",
            where=f"chart of {table.title!r}",
            expected="at least one",
            do="Leave the chart out",
        )
    return made


def _chart(paint: Callable[[Figure], None], height: float, alt: str, title: str, table: WageTable) -> Chart:
    svg = draw(paint, height=height, synthetic=table.synthetic, language=table.language)
    return Chart(svg, f"{SIMULATED[table.language]} {alt}" if table.synthetic else alt, title)
