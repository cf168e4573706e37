"""The charts of the feedback, as small SVG files: drawn in a millisecond, in the look of the other charts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape

from wagekit.options import Language
from wagekit.publish.chart_parts import beside_each_other, wrapped
from wagekit.publish.drawing import ACCENT, ALARM, INK, LINE, MIDDLE, PALE, QUIET, Axis, Side, tick_text
from wagekit.publish.feedback.figures import GrowthRow, Post
from wagekit.publish.feedback.words import WORDS
from wagekit.publish.rendering.fonts import FAMILY
from wagekit.publish.words import display_width

WIDTH = 459.2
"""Points: the width of the text on the page, so that letters keep their size."""

MOST_POSTS = 12
_ANCHORS: Mapping[Side, str] = {"left": "start", "center": "middle", "right": "end"}
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
    axis = _axis_over(known, names + 8, WIDTH - 12)
    bottom = _HEAD + _ROW * len(rows)
    parts = _key(language)
    for tick in axis.ticks():
        x = axis(tick)
        parts += [_line(x, _HEAD, x, bottom, LINE, 0.5), _text(x, bottom + 11, tick_text(tick), anchor="middle")]
    for number, row in enumerate(rows):
        y = _HEAD + _ROW * (number + 0.5)
        low, lower, middle, upper, high = (None if v is None else axis(float(v)) for v in row.market)
        parts += _name(row.name, y, language)
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
    axis = _axis_over([*values, 0.0], names + 40, WIDTH - 60)  # figures stand beside either end
    labels = beside_each_other([(f"{name} {value:g}%", axis(value)) for name, value in lines])
    top = 17.0 + 11 * max((above for *_, above in labels), default=0)
    bottom = top + _ROW * len(rows)
    parts = []
    for tick in axis.ticks():
        x = axis(tick)
        parts += [_line(x, top, x, bottom, LINE, 0.5), _text(x, bottom + 11, tick_text(tick), anchor="middle")]
    for (_, value), (label, x, side, above) in zip(lines, labels, strict=True):
        y = top - 8.0 - 11 * above
        parts.append(_line(axis(value), y + 4, axis(value), bottom, ACCENT, 1.2))
        parts.append(_text(x, y, label, anchor=_ANCHORS[side], fill=ACCENT))
    for number, row in enumerate(rows):
        y = top + _ROW * (number + 0.5)
        x = axis(float(row.growth))
        measure = _capital(words[f"measure_{row.measure}"])
        parts += [*_name(measure, y, language), _line(axis(0.0), y, x, y, MIDDLE, 3), _diamond(x, y)]
        right = x >= axis(0.0)
        label = f"{row.growth:f}".replace("-", "−")
        parts.append(_text(x + 7 if right else x - 7, y + 3, label, anchor="start" if right else "end", fill=ALARM))
    return _svg(bottom + 16, parts)


def _axis_over(values: Sequence[float], start: float, stop: float) -> Axis:
    """A scale with a little room at either end."""
    low, high = min(values), max(values)
    room = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    # Pay is shown from 0, unless all of it lies far above.
    return Axis(0.0 if 0 <= low < 0.5 * high else low - room, high + room, start, stop)


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


def _name(text: str, y: float, language: Language) -> list[str]:
    """The name of a row, in two lines where it is long."""
    lines = wrapped(text, int(_NAMES[language] / _DIGIT)).split("\n")
    first = y + 3 - 4.4 * (len(lines) - 1)
    return [
        _text(_NAMES[language], first + 8.8 * number, line, anchor="end", fill=INK) for number, line in enumerate(lines)
    ]


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
