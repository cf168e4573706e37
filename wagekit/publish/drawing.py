"""How charts look and how they become SVG: one quiet style, real Chinese letters, the same bytes every time."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wagekit.options import Language
from wagekit.publish.rendering import fonts
from wagekit.publish.words import WORDS, display_width

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 6.38
"""Inches: the width of the text on an A4 page of the PDF report, so that letters keep their size."""

INK = "#1f2933"
QUIET = "#5b6770"
ACCENT = "#1f4e79"
MIDDLE = "#6f9bc4"
PALE = "#c3d6e8"
LINE = "#c9d1d8"
ALARM = "#a8322a"
PAPER = "#ffffff"

_STYLE: dict[str, Any] = {
    "font.family": fonts.FAMILY,
    "font.size": 8.5,
    "axes.unicode_minus": True,
    "axes.edgecolor": LINE,
    "axes.linewidth": 0.8,
    "axes.labelcolor": QUIET,
    "axes.titlesize": 8.5,
    "text.color": INK,
    "xtick.color": QUIET,
    "ytick.color": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8.5,
    "figure.facecolor": PAPER,
    "axes.facecolor": "none",
    "svg.fonttype": "path",
    "svg.hashsalt": "wagekit",
    "text.parse_math": False,
}

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


def draw(paint: Callable[[Figure], None], *, height: float, synthetic: bool, language: Language) -> str:
    """Paint a figure in wagekit's style and give its SVG.

    Parameters
    ----------
    paint : gets an empty figure of the page's width and draws on it.
    height : in inches.
    synthetic : write a line that says so under the drawing.
    language : of that line.
    """
    from io import StringIO

    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    fonts.register()
    buffer = StringIO()
    # No pyplot: it would keep every figure of a night alive.
    # Whatever style a user has set, a report looks the same.
    style: Any = {**matplotlib.rcParamsDefault, **_STYLE}
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(WIDTH, height))
        FigureCanvasSVG(figure)
        paint(figure)
        if synthetic:
            _mark_synthetic(figure, language)
        for text in figure.findobj(matplotlib.text.Text):
            fonts.check_glyphs(text.get_text(), where="chart")
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def _mark_synthetic(figure: Figure, language: Language) -> None:
    """A line under the drawing and a pale stamp in it: a chart that is cut out still says what it is."""
    from matplotlib.axes import Axes

    inch = figure.get_figheight()
    figure.text(0.0, 0.06 / inch, SIMULATED[language], color=ALARM, fontsize=7, va="bottom", ha="left")
    main = max(figure.axes, key=lambda axes: axes.get_position().height * axes.get_position().width, default=None)
    if isinstance(main, Axes):
        box = main.get_position()
        figure.text(
            (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2, WORDS[language]["synthetic"],
            color=ALARM, alpha=0.07, fontsize=46, rotation=24, ha="center", va="center", zorder=0.5,
        )  # fmt: skip


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


def wrapped(label: str, width: int) -> str:
    """A label in one line of at most `width` columns or in two of about the same length; what is longer is cut.

    A line ends after a comma or at a space where that keeps the two near the same length.

    Examples
    --------
    >>> wrapped("电力、热力、燃气及水生产和供应业", 24)
    '电力、热力、\\n燃气及水生产和供应业'
    >>> wrapped("制造业", 24)
    '制造业'
    """
    if display_width(label) <= width:
        return label
    if display_width(label) > 2 * width - 2:
        label = label[: _fitting(label, 2 * width - 4)] + "…"

    def unevenness(cut: int) -> int:
        good = label[cut - 1] in "、，, " or label[cut] == " "
        inside_word = (label[cut - 1] + label[cut]).isascii() and (label[cut - 1] + label[cut]).isalnum()
        difference = abs(display_width(label[:cut]) - display_width(label[cut:]))
        return difference - (10 if good else 0) + (100 if inside_word else 0)

    # A comma never begins a line.
    cuts = [cut for cut in range(1, len(label)) if label[cut] not in "、，,）)" and label[cut - 1] not in "（("]
    cuts = [cut for cut in cuts if max(display_width(label[:cut]), display_width(label[cut:])) <= width] or cuts
    cut = min(cuts, key=unevenness)
    return f"{label[:cut].rstrip()}\n{label[cut:].lstrip()}"


def _fitting(text: str, width: int) -> int:
    """How many characters of `text` fit into `width` columns."""
    return next(place for place in range(len(text), 0, -1) if display_width(text[:place]) <= width)
