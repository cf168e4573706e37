"""Lines of text as outlines: laid out by HarfBuzz in the published font, each text and each letter once in a process.

matplotlib lays a text out for its size and again for its outlines, and reads the tables of the large Chinese font each
time, which costs more than all else in a chart. What is laid out here depends on the text alone, not on the locale.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from wagekit.publish.rendering import fonts

if TYPE_CHECKING:
    import uharfbuzz

CAPITAL = 0.733
"""Height of a capital or a figure of the font, in ems; a Chinese character reaches from -0.12 to 0.88."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text, laid out.

    Parameters
    ----------
    width : to the pen's place behind it, in ems.
    glyphs : number of each glyph in the font and the place of its origin, in units of the font, of which an em has
        :func:`units`.
    """

    width: float
    glyphs: tuple[tuple[int, int], ...]


@lru_cache(maxsize=20_000)
def laid_out(text: str) -> Line:
    """A text without line ends, laid out from left to right.

    Parameters
    ----------
    text : of characters that the font can draw.

    Raises
    ------
    ReleaseError
        If the font can't draw one of its characters.

    Examples
    --------
    >>> laid_out("工资").width
    2.0
    >>> [place for _, place in laid_out("工资").glyphs]
    [0, 1000]
    """
    import uharfbuzz

    fonts.check_glyphs(text, where="chart")
    buffer = uharfbuzz.Buffer()
    buffer.add_str(text)
    # Unless it is told, the language is that of the process; dots stand higher in Chinese than in English.
    buffer.language = "en" if text.replace("…", "").isascii() else "zh-Hans"
    buffer.guess_segment_properties()
    buffer.direction = "ltr"
    uharfbuzz.shape(_font(), buffer)
    place, glyphs = 0, []
    for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        if info.codepoint:  # 0 stands for what is never drawn, such as a control character
            glyphs.append((info.codepoint, place + position.x_offset))
            place += position.x_advance
    return Line(place / units(), tuple(glyphs))


@cache
def outline(glyph: int) -> str:
    """The outline of a glyph as SVG path data in units of the font, upwards from the base line; empty for a space.

    Examples
    --------
    >>> dash, _ = laid_out("-").glyphs[0]
    >>> outline(dash)
    'M46 245H302V315H46V245Z'
    """
    from fontTools.pens.svgPathPen import SVGPathPen

    pen = SVGPathPen(None, ntos=lambda number: f"{number:g}")
    _font().draw_glyph_with_pen(glyph, pen)
    return str(pen.getCommands())


def units() -> int:
    """How many units of the font make an em."""
    return int(_font().face.upem)


def width(text: str, size: float) -> float:
    """Points that a text takes, the widest of its lines.

    Parameters
    ----------
    text : of one line or more.
    size : of the letters, in points.

    Examples
    --------
    >>> width("工资\\n价位表", 8)
    24.0
    """
    return max(laid_out(line).width for line in text.split("\n")) * size


@cache
def _font() -> uharfbuzz.Font:
    import uharfbuzz

    return uharfbuzz.Font(fonts.face())
