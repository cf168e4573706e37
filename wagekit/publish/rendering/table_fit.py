"""How a table is set so that nothing of it runs off the page: size of type, direction of the page, columns, widths.

A typesetter lets a number that is wider than its column run over the next one, and a table over the edge of the
paper, without a word. So the widths are reckoned beforehand from the font's own advances: first headings take more
lines, then the type gets smaller down to 7 points, then the page lies on its side, then the columns are parted into
blocks that repeat the names of the rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby, product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wagekit.publish.rendering.document import Column

UPRIGHT = 162 * 72 / 25.4
"""Points between the side margins of the page."""
FLIPPED = 249 * 72 / 25.4
"""The same where the page lies on its side."""
SIZES = (9.0, 8.5, 8.0, 7.5, 7.0)
"""Sizes of type that are tried, in points; what is smaller can't be read on paper."""
LONGEST = 20
"""Characters that stay together; a longer word may be broken anywhere but near its ends."""

_SLACK = 1.015  # kerning and rounding
_NAME = 10.0  # ems that a column of names has at least, if its names are so long
_FIGURE = 14.0  # ems from which the cells of a column at the right are words that take several lines
_GROUP = 24.0  # ems up to which a shared heading stays on one line
_AIR = 20.0  # points that a column of figures gets where there is room
_SHORT = 8.0  # ems up to which the heading of a column of names stays on one line
_HEADING_LINES = 3
_WORD = 4.0  # ems up to which a heading is one word: the type gets smaller before it is broken

# Advances of Noto Sans CJK SC from the space to the tilde, in thousandths of an em; nearly all others have one em.
_ASCII = (
    224, 323, 474, 555, 555, 921, 680, 278, 338, 338, 467, 555, 278, 347, 278, 392, 555, 555, 555, 555, 555, 555, 555,
    555, 555, 555, 278, 278, 555, 555, 555, 474, 946, 608, 657, 638, 688, 589, 552, 689, 728, 293, 535, 646, 543, 812,
    723, 742, 633, 742, 635, 596, 599, 721, 575, 878, 573, 531, 603, 338, 392, 338, 555, 559, 606, 563, 618, 510, 620,
    554, 325, 564, 607, 275, 275, 552, 284, 926, 610, 606, 620, 620, 388, 468, 377, 607, 521, 802, 498, 521, 475, 338,
    270, 338, 555,
)  # fmt: skip
_ADVANCES = {chr(32 + place): advance for place, advance in enumerate(_ASCII)}
_ADVANCES |= {"\u200b": 0, "\u2060": 0, "\u00ad": 0, "Ю": 1014, "⸺": 1676, "⸻": 2459}
# Between Chinese and Latin characters typst puts a quarter of an em.
_JOINTS = re.compile(r"(?<=[\u2e80-\u9fff])(?=[!-~])|(?<=[!-~])(?=[\u2e80-\u9fff])")
_LONG = re.compile(rf"[^ \t\r\n\u200b\u3000\u3400-\u9fff]{{{LONGEST + 1},}}")
# What a line can't be broken within: a Latin word, a Chinese character with the marks that belong to it.
_PIECES = re.compile(r"[（《“‘【〔]*(?:[^\s\u200b\u2e80-\uffef“‘”’]+|[^\s\u200b])[，。、；：？！）》”’】〕…—]*\s*")


@dataclass(frozen=True)
class Block:
    """Columns that stand side by side.

    Parameters
    ----------
    places : of these columns in the table.
    widths : of each, in points.
    headings : of each, with line ends where they are broken.
    """

    places: tuple[int, ...]
    widths: tuple[float, ...]
    headings: tuple[str, ...]


@dataclass(frozen=True)
class Fit:
    """How a table is set.

    Parameters
    ----------
    size : of the type, in points.
    flipped : whether its page lies on its side.
    blocks : one, or several below each other that each begin with the names of the rows.
    """

    size: float
    flipped: bool
    blocks: tuple[Block, ...]


def breakable(text: str) -> str:
    """A text whose words of more than :data:`LONGEST` characters may be broken, by spaces that are never seen.

    Examples
    --------
    >>> breakable("industries"), breakable("x" * 21).count("\\u200b")
    ('industries', 10)
    """
    return _LONG.sub(lambda found: _crumbled(found[0]), text) if len(text) > LONGEST else text


def _crumbled(word: str) -> str:
    return word[:8] + "".join("\u200b" + character for character in word[8:-4]) + "\u200b" + word[-4:]


@lru_cache(maxsize=20_000)
def line_width(text: str) -> float:
    """Width of a text on one line, in ems; nothing is drawn wider.

    Examples
    --------
    >>> line_width("工资价位"), line_width("12.5")
    (4.0, 1.943)
    """
    wide = sum(_ADVANCES.get(character, 1000) for character in text) / 1000
    return wide if text.isascii() else wide + 0.25 * sum(1 for _ in _JOINTS.finditer(text))


def fit(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, may_flip: bool = True) -> Fit:
    """How a table is set: the first way, from the most to the least usual one, in which all of it has room.

    Parameters
    ----------
    columns, rows : of the table; cells are finished texts.
    may_flip : whether it may have a page of its own that lies on its side.

    Returns
    -------
    The last way if a table has no room in any, for the check of the finished pages to find.

    Examples
    --------
    >>> from wagekit.publish.rendering.document import Column
    >>> few = (Column("行业", "left", None), *[Column("平均值", "right", None)] * 5)
    >>> fit(few, [("制造业", *["1,234,567.89"] * 5)]).flipped
    False
    >>> many = (few[0], *[few[1]] * 12)
    >>> made = fit(many, [("制造业", *["1,234,567.89"] * 12)])
    >>> made.flipped, len(made.blocks)
    (True, 1)
    """
    return _fit(tuple(columns), tuple(map(tuple, rows)), may_flip)


@lru_cache(maxsize=256)  # the page, the paper and the check of both ask the same
def _fit(columns: tuple[Column, ...], rows: tuple[tuple[str, ...], ...], may_flip: bool) -> Fit:
    needs = [_Needs.of(column, [row[place] for row in rows]) for place, column in enumerate(columns)]
    figures = [place for place, need in enumerate(needs) if need.figure]
    whole = tuple(range(len(columns)))
    pages = (False, True) if may_flip else (False,)
    for flipped in pages:
        for size in SIZES:
            block = _block(whole, columns, needs, size, FLIPPED if flipped else UPRIGHT)
            if block is not None:
                return Fit(size, flipped, (block,))
    names = tuple(place for place in whole if place not in figures)
    room = FLIPPED if may_flip else UPRIGHT
    for number in range(2, len(figures) + 1):
        parts = [tuple(sorted((*names, *part))) for part in _parted(figures, columns, number)]
        for size in SIZES:
            blocks = [_block(part, columns, needs, size, room) for part in parts]
            if all(blocks):
                return Fit(size, may_flip, tuple(block for block in blocks if block is not None))
    share = room / len(columns)
    return Fit(SIZES[-1], may_flip, (Block(whole, (share,) * len(whole), tuple(column.label for column in columns)),))


def padding(size: float) -> float:
    """Points between a cell's text and its edge, at each side."""
    return 4.0 if size > 7.5 else 3.0


@dataclass(frozen=True)
class _Needs:
    """What a column needs, in ems: its cells on one line, its longest piece, its heading on 1, 2, … lines."""

    figure: bool
    cells: float
    piece: float
    headings: tuple[tuple[float, str], ...]

    @classmethod
    def of(cls, column: Column, cells: Sequence[str]) -> _Needs:
        distinct = {breakable(cell) for cell in cells}
        longest = max(map(line_width, distinct), default=0.0)
        figure = column.align == "right" and longest <= _FIGURE
        piece = longest
        if not figure and longest > 1:
            words = {piece.strip() for cell in distinct for piece in _PIECES.findall(cell)}
            piece = max(map(line_width, words), default=0.0)
        label = breakable(column.label)
        texts = dict.fromkeys(_heading(label, lines) for lines in range(1, _HEADING_LINES + 1))
        headings = [(max(map(line_width, text.split("\n"))), text) for text in texts]
        if not figure:  # it is broken only where it would be wider than the names below it
            narrow = next((k for k, (width, _) in enumerate(headings) if width <= max(longest, _SHORT)), 0)
            headings = headings[narrow : narrow + 1]
        return cls(figure, longest, piece, tuple(headings))

    def heading(self, lines: int) -> tuple[float, str]:
        """The heading's width and text on so many lines or fewer."""
        return self.headings[min(lines, len(self.headings)) - 1]

    def least(self, lines: int) -> float:
        cells = self.cells if self.figure else max(self.piece, min(self.cells, _NAME))
        return max(cells, self.heading(lines)[0]) * _SLACK

    def whole(self, lines: int) -> float:
        return max(self.cells, self.heading(lines)[0]) * _SLACK


def _heading(label: str, lines: int) -> str:
    """A heading on so many lines or fewer, of about the same length; its unit stands on a line of its own."""
    if lines == 1:
        return label
    words, bracket, unit = label.partition("（") if label.endswith("）") else (label, "", "")
    if words and unit and lines > 1:
        return _heading(words, lines - 1) + "\n" + bracket + unit
    if line_width(label) <= _WORD:
        return label
    pieces = _PIECES.findall(label)
    widths = [line_width(piece) for piece in pieces]
    best = [label]
    for limit in sorted({sum(widths[i:j]) for i in range(len(pieces)) for j in range(i + 1, len(pieces) + 1)}):
        if limit >= max(widths, default=0.0):
            best = list(_filled(pieces, widths, limit + 1e-9))
            if len(best) <= lines:
                break
    return "\n".join(line.strip() for line in best)


def _filled(pieces: Sequence[str], widths: Sequence[float], limit: float) -> Iterator[str]:
    line, used = "", 0.0
    for piece, width in zip(pieces, widths, strict=True):
        if line and used + width > limit:
            yield line
            line, used = "", 0.0
        line, used = line + piece, used + width
    yield line


def _parted(figures: Sequence[int], columns: Sequence[Column], number: int) -> list[list[int]]:
    """Columns of figures in so many parts; those that share a heading stay together if that gives enough parts."""
    groups = [list(places) for _, places in groupby(figures, key=lambda place: columns[place].group or f"\0{place}")]
    units = groups if len(groups) >= number else [[place] for place in figures]
    size = len(figures) / number
    parts: list[list[int]] = [[]]
    for left, unit in zip(range(len(units), 0, -1), units, strict=True):
        wanted = number - len(parts)
        if parts[-1] and wanted and (len(parts[-1]) + len(unit) / 2 > size or left == wanted):
            parts.append([])
        parts[-1] += unit
    return parts


def _block(
    places: tuple[int, ...], columns: Sequence[Column], needs: Sequence[_Needs], size: float, room: float
) -> Block | None:
    """Columns side by side in so many points, or None if they have no room.

    Names on one line are best, then headings of few lines, then columns of figures that are equally wide.
    """
    inside = room - 2 * padding(size) * len(places)
    for whole, lines, equal in product((True, False), range(1, _HEADING_LINES + 1), (True, False)):
        if not whole and lines == 1:
            continue  # names that are broken get the room that broken headings leave
        least = [(needs[place].whole(lines) if whole else needs[place].least(lines)) * size for place in places]
        if equal:
            widest = max((least[k] for k, place in enumerate(places) if needs[place].figure), default=0.0)
            least = [widest if needs[place].figure else least[k] for k, place in enumerate(places)]
        least = _below_groups(least, places, columns, size)
        if sum(least) <= inside:
            widths = _filling(least, [needs[place] for place in places], lines, size, inside)
            headings = tuple(needs[place].heading(lines)[1] for place in places)
            return Block(places, tuple(width + 2 * padding(size) for width in widths), headings)
    return None


def _below_groups(least: list[float], places: tuple[int, ...], columns: Sequence[Column], size: float) -> list[float]:
    """Widths of which those below a shared heading have room for it on one line, or for its longest word."""
    made = list(least)
    for group, members in groupby(range(len(places)), key=lambda k: columns[places[k]].group):
        inner = list(members)
        if group:
            wanted = line_width(group)
            if wanted > _GROUP:
                wanted = max((line_width(piece.strip()) for piece in _PIECES.findall(breakable(group))), default=0.0)
            wanted *= _SLACK * size
            lack = wanted - sum(made[k] for k in inner) - 2 * padding(size) * (len(inner) - 1)
            for k in inner:
                made[k] += max(lack, 0.0) / len(inner)
    return made


def _filling(least: list[float], needs: Sequence[_Needs], lines: int, size: float, inside: float) -> list[float]:
    """Widths that fill the page: names get one line first, then figures some air, then names what is left."""
    widths = list(least)
    left = inside - sum(widths)
    names = [k for k, need in enumerate(needs) if not need.figure and need.cells > 3]
    figures = [k for k, need in enumerate(needs) if need.figure]
    wish = [max(needs[k].whole(lines) * size - widths[k], 0.0) for k in names]
    if sum(wish) > 0:
        share = min(1.0, left / sum(wish))
        for k, more in zip(names, wish, strict=True):
            widths[k] += more * share
        left = inside - sum(widths)
    if figures:
        air = left / len(figures) if not names else min(left / len(figures), _AIR)
        for k in figures:
            widths[k] += air
        left = inside - sum(widths)
    rest = names or ([] if figures else range(len(widths)))
    total = sum(widths[k] for k in rest)
    for k in rest:
        widths[k] += left * widths[k] / total if total else left / len(rest)
    return widths


def shown(columns: Sequence[Column], block: Block) -> tuple[Column, ...]:
    """The columns of a block with their broken headings."""
    return tuple(
        replace(columns[place], label=label) for place, label in zip(block.places, block.headings, strict=True)
    )
