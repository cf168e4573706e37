"""How charts look and how they become SVG: one quiet style, real Chinese letters, the same bytes every time."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from wagekit.options import Language
from wagekit.publish.words import WORDS

if TYPE_CHECKING:
    from matplotlib.path import Path

WIDTH = 459.36
"""Points: the width of the text on an A4 page of the PDF report, so that letters keep their size."""

INK = "#1f2933"
QUIET = "#5b6770"
ACCENT = "#1f4e79"
MIDDLE = "#6f9bc4"
PALE = "#c3d6e8"
LINE = "#c9d1d8"
ALARM = "#a8322a"
PAPER = "#ffffff"

SIMULATED: dict[Language, str] = {
    "zh": "模拟数据：由程序生成，不反映任何真实单位、个人或地区的情况。",
    "en": "Simulated data (模拟数据), made by a program: they describe no real enterprise, person or area.",
}
"""What every chart of simulated data says."""

# What the colours become on a dark screen; a page that carries the chart inline switches by itself.
_DARK = {
    INK: "#e4e8ec",
    QUIET: "#a9b4be",
    ACCENT: "#8fbbe8",
    MIDDLE: "#5d8ab8",
    PALE: "#34506b",
    LINE: "#3a4651",
    ALARM: "#f2978f",
    PAPER: "#14191e",
}

Side = Literal["left", "center", "right"]
Point = tuple[float, float]
"""Points right and down of a drawing's upper left corner."""
Box = tuple[float, float, float, float]
"""Left, top, right and bottom of a rectangle, in points of the same kind."""


@dataclass(frozen=True)
class Chart:
    """A finished chart: it shows itself in a notebook and goes into the reports.

    Parameters
    ----------
    svg : the drawing, letters as outlines.
    alt : what it shows, in words, made of the shown values.
    title : caption, as the tables have one.
    """

    svg: str
    alt: str
    title: str

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
        data = {"image/svg+xml": self.svg, "text/plain": f"{self.title}\n{self.alt}"}
        return data, {"image/svg+xml": {"alt": self.alt, "title": self.title}}


class Sheet:
    """A matplotlib figure of the page's width, drawn on in points from its upper left corner.

    It has no axes: those of matplotlib cost more than all that a chart shows. What is drawn later lies above.

    Parameters
    ----------
    height : in points.

    Attributes
    ----------
    figure : takes any artist of matplotlib beside what the methods add.
    points : the transform from points right and down of the upper left corner.
    """

    def __init__(self, height: float) -> None:
        from matplotlib.figure import Figure
        from matplotlib.transforms import Affine2D

        self.height = height
        self.figure = Figure(figsize=(WIDTH / 72, height / 72), dpi=72, facecolor=PAPER)
        self.points = Affine2D().scale(1, -1).translate(0, height)

    def lines(
        self, lines: Iterable[Sequence[Point]], colour: str, width: float, *, dashes: Sequence[float] = ()
    ) -> None:
        """Lines through points, all of one colour and width (in points)."""
        self._paths([list(line) for line in lines], edge=colour, width=width, dashes=dashes)

    def boxes(
        self,
        boxes: Iterable[Box],
        fill: str,
        *,
        edge: str | None = None,
        width: float = 0,
    ) -> None:
        """Rectangles, all of one colour, with an edge if it is given."""
        corners = [[(left, top), (right, top), (right, bottom), (left, bottom)] for left, top, right, bottom in boxes]
        self._paths(corners, fill=fill, edge=edge, width=width, closed=True)

    def dots(self, centres: Iterable[Point], radius: float, colour: str) -> None:
        """Discs around points."""
        from matplotlib.path import Path

        circles = [Path.circle(centre, radius) for centre in centres]
        if circles:
            self._add(Path.make_compound_path(*circles), fill=colour)

    def text(
        self, x: float, y: float, text: str, *, size: float = 8.5, colour: str = INK, side: Side = "left",
        alpha: float | None = None, angle: float = 0, leading: float = 1.15,
    ) -> None:  # fmt: skip
        """Write lines of text whose figures and capitals stand with their middle at `y`, all lines together.

        Parameters
        ----------
        x, y : the middle of the text's left or right end, or its middle.
        side : which of them `x` is.
        alpha, angle : how opaque, and by how many degrees turned to the left around its middle.
        leading : from line to line, in sizes.
        """
        from wagekit.publish.lettering import CAPITAL
        from wagekit.publish.svg_renderer import Letters

        lines = text.split("\n")
        first = y - (len(lines) - 1) / 2 * leading * size
        for number, line in enumerate(lines):
            middle = first + number * leading * size
            self.figure.add_artist(
                Letters(line, x, self.height - middle - CAPITAL / 2 * size, size, colour, side, alpha, angle)
            )

    def _paths(
        self, lines: Sequence[Sequence[Point]], *, fill: str | None = None, edge: str | None = None,
        width: float = 0, dashes: Sequence[float] = (), closed: bool = False,
    ) -> None:  # fmt: skip
        from matplotlib.path import Path

        vertices: list[Point] = []
        codes: list[Any] = []
        for line in lines:
            vertices += line
            codes += [Path.MOVETO, *[Path.LINETO] * (len(line) - 1)]
            if closed:
                vertices.append(line[0])
                codes.append(Path.CLOSEPOLY)
        if vertices:
            self._add(Path(vertices, codes), fill=fill, edge=edge, width=width, dashes=dashes)

    def _add(
        self, path: Path, *, fill: str | None = None, edge: str | None = None, width: float = 0,
        dashes: Sequence[float] = (),
    ) -> None:  # fmt: skip
        from matplotlib.patches import PathPatch

        path.should_simplify = False  # it would merge lines that lie on one another
        style: Any = (0, tuple(dashes)) if dashes else "-"
        patch = PathPatch(
            path, facecolor=fill or "none", edgecolor=edge or "none", linewidth=width if edge else 0, linestyle=style,
            joinstyle="miter", capstyle="butt", transform=self.points, zorder=1,
        )  # fmt: skip
        self.figure.add_artist(patch)


def draw(paint: Callable[[Sheet], None], *, height: float, synthetic: bool, language: Language) -> str:
    """Paint a sheet in wagekit's style and give its SVG.

    Parameters
    ----------
    paint : gets an empty sheet and draws on it.
    height : in points.
    synthetic : stamp the drawing and write a line below it that says so.
    language : of that line.
    """
    import matplotlib

    from wagekit.publish.svg_renderer import Renderer

    # Whatever style a user has set, a report looks the same. No pyplot: it would keep every figure of a night alive.
    style: Any = {**matplotlib.rcParamsDefault, "svg.hashsalt": "wagekit"}
    with matplotlib.rc_context(style):
        sheet = Sheet(height + (_FOOT if synthetic else 0))
        paint(sheet)
        if synthetic:
            _mark_synthetic(sheet, language)
        renderer = Renderer(WIDTH, sheet.height)
        sheet.figure.draw(renderer)
        return renderer.finished()


_FOOT = 14.0
"""Points below a drawing for the line that says that the data are simulated."""


def _mark_synthetic(sheet: Sheet, language: Language) -> None:
    """A line under the drawing and a pale stamp in it: a chart that is cut out still says what it is."""
    from wagekit.publish.lettering import width

    sheet.text(0, sheet.height - 6, SIMULATED[language], size=7, colour=ALARM)
    stamp, angle = WORDS[language]["synthetic"], math.radians(24)
    # As large as fits between the upper edge and the line.
    inside = sheet.height - _FOOT
    size = min(46.0, inside / (width(stamp, 1) * math.sin(angle) + math.cos(angle)))
    sheet.text(WIDTH * 0.6, inside / 2, stamp, size=size, colour=ALARM, alpha=0.07, angle=24, side="center")


class Axis:
    """A linear scale from values to points, with round ticks.

    Parameters
    ----------
    low, high : the values at its ends.
    start, stop : where they are, in points.

    Examples
    --------
    >>> axis = Axis(0, 32.0, 0, 100)
    >>> axis.ticks()
    [0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0]
    >>> axis(16.0)
    50.0
    """

    def __init__(self, low: float, high: float, start: float, stop: float) -> None:
        self.low, self.high, self.start, self.stop = low, high, start, stop

    @classmethod
    def from_zero(cls, values: Iterable[float], start: float, stop: float, *, room: float = 0.06) -> Axis:
        """From 0, or the lowest value if that is less, to a little above the highest."""
        values = tuple(values)
        low, high = min(0.0, *values), max(values)
        return cls(low, high + (high - low) * room if high > low else low + 1.0, start, stop)

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.stop - self.start)

    def ticks(self) -> list[float]:
        rough = (self.high - self.low) / 7
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(each * power for each in (1.0, 2.0, 5.0, 10.0) if each * power >= rough)
        first = math.ceil(self.low / step - 1e-9)
        return [round(k * step, 10) + 0.0 for k in range(first, math.floor(self.high / step + 1e-9) + 1)]


def tick_text(value: float) -> str:
    """A tick's value as it is written.

    Examples
    --------
    >>> tick_text(-2.5), tick_text(1_200_000.0)
    ('−2.5', '1,200,000')
    """
    return f"{value:,.10g}".replace("-", "−")


def follows_the_screen(svg: str) -> str:
    """The same drawing with colours that a web page can turn dark.

    Examples
    --------
    >>> follows_the_screen('<path style="fill: #1f4e79"/>')
    '<path style="fill: var(--chart-1f4e79, #1f4e79)"/>'
    """
    return re.sub(
        r"(?<=: )#[0-9a-f]{6}\b", lambda m: f"var(--chart-{m[0][1:]}, {m[0]})" if m[0] in _DARK else m[0], svg
    )


def dark_colours() -> str:
    """CSS declarations of the colours that :func:`follows_the_screen` names, for a dark screen.

    Examples
    --------
    >>> dark_colours().split(";")[0]
    '--chart-1f2933: #e4e8ec'
    """
    return "; ".join(f"--chart-{light[1:]}: {dark}" for light, dark in _DARK.items())
