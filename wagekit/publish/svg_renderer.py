"""matplotlib's renderer for SVG, writing text from outlines that are kept."""

from __future__ import annotations

import math
from io import StringIO
from typing import Any, Literal

from matplotlib.artist import Artist
from matplotlib.backend_bases import GraphicsContextBase
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.colors import to_hex
from matplotlib.font_manager import FontProperties

from wagekit.publish.lettering import CAPITAL, laid_out, outline, units

_LETTERS = str.maketrans("0123456789", "ghijklmnop")


def name_of(glyph: int) -> str:
    """What a glyph is called in a drawing: without digits, which would be taken for those of a figure.

    Examples
    --------
    >>> name_of(16914)
    'g-kihi'
    """
    return f"g-{glyph:x}".translate(_LETTERS)


class Renderer(RendererSVG):
    """Renders a figure of `width` by `height` points; every text is in the published font, whatever it asks for.

    Parameters
    ----------
    width, height : of the drawing, in points.
    """

    writer: Any  # matplotlib's, without types

    def __init__(self, width: float, height: float) -> None:
        self._file = StringIO()
        self._defined: set[int] = set()
        super().__init__(width, height, self._file, metadata={"Date": None, "Creator": None})  # type: ignore[no-untyped-call]

    def finished(self) -> str:
        """The whole drawing; nothing can be added any more."""
        self.finalize()  # type: ignore[no-untyped-call]
        return self._file.getvalue()

    def get_text_width_height_descent(
        self, s: str, prop: FontProperties, ismath: object = False
    ) -> tuple[float, float, float]:
        size = prop.get_size_in_points()
        return laid_out(s).width * size, CAPITAL * size, 0.0

    def draw_text(
        self, gc: GraphicsContextBase, x: float, y: float, s: str, prop: FontProperties, angle: float,
        ismath: object = False, mtext: Any = None,
    ) -> None:  # fmt: skip
        alpha = gc.get_alpha() if gc.get_forced_alpha() else None
        self.write(s, x, y, prop.get_size_in_points(), to_hex(gc.get_rgb()), alpha, angle)

    def write(
        self, text: str, x: float, y: float, size: float, colour: str, alpha: float | None = None, angle: float = 0
    ) -> None:
        """Write a line of text; a glyph is defined where it comes first and used by name.

        Parameters
        ----------
        x, y : where its base line begins, in points right and down of the upper left corner.
        size : in points.
        alpha, angle : how opaque, and by how many degrees turned to the left.
        """
        line = laid_out(text)
        # Glyphs stand on a grid of hundredths of an em: finer than eyes, and too coarse for the places of a long line
        # to have five digits, which would now and then be those of a figure that is held back.
        grid = 100 / units()
        scale = size / 100
        turned = f" rotate({-angle:g})" if angle else ""
        faint = "" if alpha is None else f"; opacity: {alpha:g}"
        self.writer.start(
            "g",
            style=f"fill: {colour}{faint}",
            transform=f"translate({x:.2f} {y:.2f}){turned} scale({scale:g} {-scale:g})",
        )
        self.writer.comment(text)  # which ends the tag, so that the file can be written to
        new = dict.fromkeys(glyph for glyph, _ in line.glyphs if glyph not in self._defined)
        if new:
            self._defined.update(new)
            paths = "".join(
                f'<path id="{name_of(glyph)}" transform="scale({grid:g})" d="{outline(glyph)}"/>\n' for glyph in new
            )
            self._file.write(f"<defs>\n{paths}</defs>\n")
        self._file.write(
            "".join(f'<use xlink:href="#{name_of(glyph)}" x="{place * grid:.0f}"/>\n' for glyph, place in line.glyphs)
        )
        self.writer.end("g")


class Letters(Artist):
    """A line of text. An artist of matplotlib, which spends on each of its own more than on all the paths of a chart.

    Parameters
    ----------
    x, y : the left end, middle or right end of its base line, in points right and up of the lower left corner.
    side : which of them `x` is.
    alpha, angle : how opaque, and by how many degrees turned to the left around the middle of the text.
    """

    def __init__(
        self, text: str, x: float, y: float, size: float, colour: str, side: Literal["left", "center", "right"],
        alpha: float | None, angle: float,
    ) -> None:  # fmt: skip
        super().__init__()
        self.zorder = 1
        self._text, self._size, self._colour, self._faint, self._angle = text, size, colour, alpha, angle
        length = laid_out(text).width * size
        x -= {"left": 0.0, "center": length / 2, "right": length}[side]
        if angle:
            turn, half, rise = math.radians(angle), length / 2, CAPITAL / 2 * size
            x += half - half * math.cos(turn) + rise * math.sin(turn)
            y += rise - half * math.sin(turn) - rise * math.cos(turn)
        self._place = x, y

    def draw(self, renderer: Any) -> None:
        x, y = self._place
        renderer.write(self._text, x, renderer.height - y, self._size, self._colour, self._faint, self._angle)
