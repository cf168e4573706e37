"""What the charts of tables have in common: their items, rows with names at the left, axes, the finished chart."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, combinations, pairwise
from typing import TYPE_CHECKING

from wagekit.errors import ReleaseError
from wagekit.publish.drawing import (
    ACCENT,
    ALARM,
    INK,
    LINE,
    PAPER,
    QUIET,
    SIMULATED,
    WIDTH,
    Axis,
    Box,
    Chart,
    Sheet,
    Side,
    draw,
    tick_text,
)
from wagekit.publish.lettering import width
from wagekit.publish.words import display_width

if TYPE_CHECKING:
    from wagekit.publish.pay_bands import PayBands
    from wagekit.publish.table import WageTable

NAME, SMALL = 8.0, 7.5
"""Sizes of the names of items and of what is written inside of bars, in points."""

_COLUMNS = 40  # of a name in one line; an English letter takes one, a Chinese character two
_ROW, _TALL_ROW = 19.5, 22.0
_GAP = 6.0  # between a name and its row


@dataclass(frozen=True)
class Item:
    """A row of a table: its name, and its published values as numbers and as printed, by column key."""

    name: str
    value: dict[str, float]
    text: dict[str, str]


def items(table: WageTable, needed: Collection[str], what: str = "figures") -> list[Item]:
    """The rows of a table that publish all the columns needed, in its order.

    Parameters
    ----------
    needed : keys of columns.
    what : what they are, for the message.

    Raises
    ------
    ReleaseError
        If no row does.
    """
    made: list[Item] = []
    for row in table.rows:
        shown = [(c, cell) for c, cell in zip(table.columns, row.cells, strict=True) if cell.value is not None]
        values = {column.key: float(cell.value or 0) for column, cell in shown}
        if set(needed) <= set(values):
            name = ("·" if table.language == "zh" else " / ").join(filter(None, row.names))
            made.append(Item(name, values, {column.key: table.printed(cell, column) for column, cell in shown}))
    if not made:
        raise ReleaseError(
            f"no item has {what} that may be published",
            where=f"chart of {table.title!r}",
            expected="at least one",
            do="Leave the chart out, or draw it from broader groups",
        )
    return made


def finished(paint: Callable[[Sheet], None], height: float, alt: str, title: str, shown: WageTable | PayBands) -> Chart:
    """The chart of a table or distribution; where its data are simulated, drawing and words say so.

    Parameters
    ----------
    height : of what is painted, in points.
    """
    svg = draw(paint, height=height, synthetic=shown.synthetic, language=shown.language)
    return Chart(svg, f"{SIMULATED[shown.language]} {alt}" if shown.synthetic else alt, title)


class Rows:
    """A row an item, from top to bottom, its name at the left.

    Parameters
    ----------
    names : of the items; None leaves a row without one.
    top : where the rows begin, in points.

    Attributes
    ----------
    left : where the names end and the rows begin, in points.
    """

    def __init__(self, names: Sequence[str | None], top: float) -> None:
        self._names = [None if name is None else wrapped(name, _COLUMNS) for name in names]
        two = [name is not None and "\n" in name for name in self._names]
        self._pitch = _TALL_ROW if any(above and below for above, below in pairwise(two)) else _ROW
        self.top = top
        self.left = max(90.0, *(width(name, NAME) for name in self._names if name)) + _GAP

    @property
    def bottom(self) -> float:
        """Where the rows end, in points."""
        return self.top + len(self._names) * self._pitch

    def __call__(self, place: float) -> float:
        """Where the middle of a row is, counted from 0."""
        return self.top + (place + 0.5) * self._pitch

    def write_names(self, sheet: Sheet) -> None:
        for place, name in enumerate(self._names):
            if name:
                sheet.text(self.left - _GAP, self(place), name, size=NAME, side="right", leading=1.12)


def ruled(sheet: Sheet, axis: Axis, top: float, bottom: float) -> None:
    """Thin upright lines at the ticks of an axis that runs across, its figures below."""
    ticks = axis.ticks()
    sheet.lines([[(axis(tick), top), (axis(tick), bottom)] for tick in ticks], LINE, 0.5)
    sheet.lines([[(axis.start, bottom), (axis.stop, bottom)]], LINE, 0.8)
    for tick in ticks:
        sheet.text(axis(tick), bottom + 10, tick_text(tick), size=NAME, colour=QUIET, side="center")


def ruled_upwards(sheet: Sheet, axis: Axis, left: float, right: float) -> None:
    """Thin lines across at the ticks of an axis that runs upwards, its figures at the left."""
    ticks = axis.ticks()
    sheet.lines([[(left, axis(tick)), (right, axis(tick))] for tick in ticks if tick], LINE, 0.5)
    sheet.lines([[(left, axis(0)), (right, axis(0))]], LINE, 0.8)
    for tick in ticks:
        sheet.text(left - 5, axis(tick), tick_text(tick), size=NAME, colour=QUIET, side="right")


def room_for_ticks(axis: Axis) -> float:
    """Points that the figures of an axis upwards need at its left."""
    return max(width(tick_text(tick), NAME) for tick in axis.ticks()) + 5


def heading(sheet: Sheet, text: str, y: float = 8, *, side: bool = False) -> None:
    """What the figures are, in the upper left corner, or a remark in the upper right one."""
    sheet.text(WIDTH if side else 0, y, text, size=NAME, colour=QUIET, side="right" if side else "left")


def beside_each_other(labels: Sequence[tuple[str, float]]) -> list[tuple[str, float, Side, int]]:
    """Text and place of each label, from left to right, with the side that `place` is of it, and its row from below.

    Where they would touch, the outer two turn away from each other and those between rise, so that no line cuts a label.
    """
    halves = [width(text, NAME) / 2 for text, _ in labels]
    apart = all(
        x + half + 6 < then - other for ((_, x), half), ((_, then), other) in pairwise(zip(labels, halves, strict=True))
    )
    if apart or len(labels) < 2:
        return [(text, x, "center", 0) for text, x in labels]
    (first, left), *between, (last, right) = labels
    middle = (left + right) / 2
    return [
        (first, min(left + 2, middle - 2), "right", 0),
        *((text, x, "center", row) for row, (text, x) in enumerate(between, start=1)),
        (last, max(right - 2, middle + 2), "left", 0),
    ]


def stacks(
    sheet: Sheet, rows: Rows, parts: Sequence[Sequence[tuple[float, str]]], shades: Sequence[str], right: float
) -> None:
    """A bar a row, cut by shares in per cent; a share is written where it has room.

    Parameters
    ----------
    parts : for each row its shares, from left to right, and how they are printed.
    shades : colours of the shares.
    right : where 100% is, in points.
    """
    axis = Axis(0, 100, rows.left, right)
    texts: list[tuple[float, float, str, str]] = []
    for number, shade in enumerate(shades):
        boxes: list[Box] = []
        for place, row in enumerate(parts):
            share, text = row[number]
            start = sum(before for before, _ in row[:number])
            left, end, y = axis(start), axis(start + share), rows(place)
            if share > 0:
                boxes.append((left, y - 6.2, end, y + 6.2))
            if end - left > width(text, SMALL) + 3:
                texts.append(((left + end) / 2, y, text, PAPER if shade in (ACCENT, ALARM) else INK))
        sheet.boxes(boxes, shade, edge=PAPER, width=0.8)
    for x, y, text, colour in texts:
        sheet.text(x, y, text, size=SMALL, colour=colour, side="center")


def key_of_shades(sheet: Sheet, labels: Sequence[str], shades: Sequence[str], left: float, y: float = 8) -> None:
    """What the shades mean, in a line above the bars."""
    for label, shade in zip(labels, shades, strict=True):
        sheet.boxes([(left, y - 4.5, left + 9, y + 4.5)], shade)
        sheet.text(left + 13, y, label, size=NAME, colour=QUIET)
        left += 13 + width(label, NAME) + 20


@lru_cache(maxsize=5_000)
def wrapped(label: str, columns: int, lines: int = 2) -> str:
    """A label in as few lines as can be, of at most so many columns each and of about the same length.

    A line ends after a comma, before an "and" or at a space where that keeps the lines near the same length, never
    inside an English word. What is too long is cut.

    Examples
    --------
    >>> wrapped("电力、热力、燃气及水生产和供应业", 24)
    '电力、热力、燃气\\n及水生产和供应业'
    >>> wrapped("制造业", 24)
    '制造业'
    >>> wrapped("Intermediate Worker (Grade 4)", 14, lines=3)
    'Intermediate\\nWorker\\n(Grade 4)'
    >>> wrapped("Intermediate Worker (Grade 4)", 14)
    'Intermediate\\nWorker (Grade…'
    """
    cut = label
    while True:
        for count in range(1, lines + 1):
            if parted := _parted(cut, columns, count):
                return parted
        cut = cut.removesuffix("…")[:-1].rstrip() + "…"


def _parted(label: str, columns: int, count: int) -> str | None:
    """The label in `count` lines, or None where they would be too long."""
    places = [place for place in range(1, len(label)) if _may_end(label[place - 1], label[place])]
    before = [0, *accumulate(map(display_width, label))]

    def long(start: int, end: int) -> int:
        return before[end] - before[start] - (label[end - 1] == " ")

    def unevenness(ends: tuple[int, ...]) -> int:
        parts = [long(start, end) for start, end in pairwise((0, *ends, len(label)))]
        return max(parts) - min(parts) - sum(_good(label[:end].rstrip()[-1:], label[end]) for end in ends)

    fitting = [
        ends
        for ends in combinations(places, count - 1)
        if all(long(start, end) <= columns for start, end in pairwise((0, *ends, len(label))))
    ]
    if not fitting:
        return None
    return "\n".join(
        label[start:end].rstrip() for start, end in pairwise((0, *min(fitting, key=unevenness), len(label)))
    )


def _may_end(last: str, first: str) -> bool:
    """Whether a line may end between two characters."""
    if last == " " or first == " ":
        return first != " "
    # No comma begins a line; words and figures stay whole.
    return (
        first not in "、，,）)…；："
        and last not in "（("
        and not (last.isascii() and (first.isascii() or last.isdigit()))
    )


def _good(last: str, first: str) -> int:
    """How much longer, in columns, one line may be than the other for the sake of a good end."""
    return 22 if last in ("、", "，", "；", "：") or first in "和及与（" else 4 if last == "," else 0
