"""The charts of the feedback, as small SVG files: drawn in a millisecond, in the look of the other charts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape

from wagekit.options import Language
from wagekit.publish.feedback.figures import GrowthRow, Post
from wagekit.publish.feedback.words import WORDS
from wagekit.publish.rendering.fonts import FAMILY
from wagekit.publish.words import display_width

# The colours of wagekit.publish.drawing, which loads matplotlib's settings with them.
INK, QUIET, ACCENT, MIDDLE, PALE, LINE, ALARM = (
    "#1f2933", "#5b6770", "#1f4e79", "#6f9bc4", "#c3d6e8", "#c9d1d8", "#a8322a",
)  # fmt: skip

WIDTH = 459.2
"""Points: the width of the text on the page, so that letters keep their size."""

MOST_POSTS = 12
_NAMES: Mapping[Language, float] = {"zh": 158.0, "en": 186.0}  # their room at the left
_ROW = 19.0
_HEAD = 26.0
_DIGIT = 4.3  # width of a digit of 8 points; a Chinese character has two


def posts_chart(rows: Sequence[Post], language: Language) -> str:
    """Own medians as diamonds on strips of the market's percentiles.

    Parameters
    ----------
    rows : those to draw, each with a median or a market figure.
    """
    known = [float(value) for row in rows for value in (row.median, *row.market) if value is not None]
    names = _NAMES[language]
    axis = Axis.over(known, names + 8, WIDTH - 12)
    bottom = _HEAD + _ROW * len(rows)
    parts = _key(language)
    for tick in axis.ticks():
        x = axis(tick)
        parts += [_line(x, _HEAD, x, bottom, LINE, 0.5), _text(x, bottom + 11, f"{tick:g}", anchor="middle")]
    for number, row in enumerate(rows):
        y = _HEAD + _ROW * (number + 0.5)
        low, lower, middle, upper, high = (None if v is None else axis(float(v)) for v in row.market)
        parts.append(_text(names, y + 3, _cut(row.name, names), anchor="end", fill=INK))
        if low is not None and high is not None:
            parts.append(_line(low, y, high, y, PALE, 4))
        if lower is not None and upper is not None:
            parts.append(_box(lower, y - 4, upper - lower, 8, MIDDLE))
        if middle is not None:
            parts.append(_line(middle, y - 6, middle, y + 6, ACCENT, 1.8))
        if row.median is not None:
            parts.append(_diamond(axis(float(row.median)), y))
    return _svg(bottom + 16, parts)


def growth_chart(rows: Sequence[GrowthRow], lines: Sequence[tuple[str, float]], language: Language) -> str:
    """Growth as diamonds on a line with the guideline's lines upright across it.

    Parameters
    ----------
    rows : the measures of growth.
    lines : name and figure of each issued line, from low to high.
    """
    words = WORDS[language]
    values = [float(row.growth) for row in rows] + [value for _, value in lines]
    names = _NAMES[language]
    axis = Axis.over([*values, 0.0], names + 40, WIDTH - 60)  # figures stand beside either end
    top = _HEAD + 8
    bottom = top + _ROW * len(rows)
    parts = []
    for tick in axis.ticks():
        x = axis(tick)
        parts += [_line(x, top, x, bottom, LINE, 0.5), _text(x, bottom + 11, f"{tick:g}", anchor="middle")]
    for number, (name, value) in enumerate(lines):
        x = axis(value)
        # Lines may lie near one another, so their names stand at two heights.
        y = 9.0 + 11 * ((len(lines) - number) % 2)
        parts.append(_line(x, y - 6, x, bottom, ACCENT, 1.2))
        parts.append(_text(x + 4, y, f"{name} {value:g}%", fill=ACCENT))
    for number, row in enumerate(rows):
        y = top + _ROW * (number + 0.5)
        x = axis(float(row.growth))
        measure = _capital(words[f"measure_{row.measure}"])
        parts.append(_text(names, y + 3, _cut(measure, names), anchor="end", fill=INK))
        parts += [_line(axis(0.0), y, x, y, MIDDLE, 3), _diamond(x, y)]
        right = x >= axis(0.0)
        label = f"{row.growth:f}"
        parts.append(_text(x + 7 if right else x - 7, y + 3, label, anchor="start" if right else "end", fill=ALARM))
    return _svg(bottom + 16, parts)


class Axis:
    """A linear scale from values to points, with round ticks.

    Examples
    --------
    >>> axis = Axis.over([4.0, 31.0], 0, 100)
    >>> axis.ticks()
    [0.0, 10.0, 20.0, 30.0]
    >>> axis(0.0) < axis(10.0) <= 100
    True
    """

    def __init__(self, low: float, high: float, start: float, stop: float) -> None:
        self.low, self.high, self.start, self.stop = low, high, start, stop

    @classmethod
    def over(cls, values: Sequence[float], start: float, stop: float) -> Axis:
        low, high = min(values), max(values)
        room = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
        # Pay is shown from 0, unless all of it lies far above.
        low = 0.0 if 0 <= low < 0.5 * high else low - room
        return cls(low, high + room, start, stop)

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.stop - self.start)

    def ticks(self) -> list[float]:
        rough = (self.high - self.low) / 6
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(each * power for each in (1.0, 2.0, 2.5, 5.0, 10.0) if each * power >= rough)
        first = math.ceil(self.low / step - 1e-9)
        return [round(k * step, 10) + 0.0 for k in range(first, math.floor(self.high / step + 1e-9) + 1)]


def _key(language: Language) -> list[str]:
    """What the marks mean, in a row above the strips."""
    words, y = WORDS[language], 9.0
    marks: tuple[tuple[str, Callable[[float], str]], ...] = (
        ("key_outer", lambda x: _line(x, y, x + 16, y, PALE, 4)),
        ("key_inner", lambda x: _box(x, y - 4, 16, 8, MIDDLE)),
        ("key_middle", lambda x: _line(x + 8, y - 5, x + 8, y + 5, ACCENT, 1.8)),
        ("key_own", lambda x: _diamond(x + 8, y)),
    )
    widths = [34 + display_width(words[name]) * _DIGIT for name, _ in marks]
    parts: list[str] = []
    x = WIDTH - sum(widths)
    for (name, mark), width in zip(marks, widths, strict=True):
        parts += [mark(x), _text(x + 20, y + 3, words[name])]
        x += width
    return parts


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _cut(text: str, width: float) -> str:
    """The text as far as it fits."""
    if display_width(text) * _DIGIT <= width:
        return text
    while display_width(text) * _DIGIT > width - 2 * _DIGIT:
        text = text[:-1]
    return f"{text}…"


def _svg(height: float, parts: Iterable[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}pt" height="{height:g}pt" viewBox="0 0 {WIDTH} {height:g}" '
        f'font-family="{FAMILY}" font-size="8">{"".join(parts)}</svg>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, stroke: str, width: float) -> str:
    return f'<path d="M{x1:.2f} {y1:.2f}L{x2:.2f} {y2:.2f}" stroke="{stroke}" stroke-width="{width:g}"/>'


def _box(x: float, y: float, width: float, height: float, fill: str) -> str:
    return f'<rect x="{x:.2f}" y="{y:.2f}" width="{max(width, 0):.2f}" height="{height:g}" fill="{fill}"/>'


def _diamond(x: float, y: float) -> str:
    corners = f"M{x:.2f} {y - 5:.2f}L{x + 4.5:.2f} {y:.2f}L{x:.2f} {y + 5:.2f}L{x - 4.5:.2f} {y:.2f}Z"
    return f'<path d="{corners}" fill="{ALARM}" stroke="#ffffff" stroke-width="0.8"/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start", fill: str = QUIET) -> str:
    return f'<text x="{x:.2f}" y="{y:.2f}" text-anchor="{anchor}" fill="{fill}">{escape(text)}</text>'
