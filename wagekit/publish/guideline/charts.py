"""Charts of growth beside the wage-growth guideline (企业工资增长指导线), drawn from published tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wagekit.errors import ReleaseError
from wagekit.publish.drawing import (
    ACCENT,
    ALARM,
    INK,
    LINE,
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
from wagekit.publish.guideline.words import GUIDELINE_WORDS, band_bounds, line_name, percent_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from wagekit.guidance.guideline import Guideline
    from wagekit.publish.table import WageTable

_ROW = 0.27
_SHADES = (ALARM, PALE, MIDDLE, ACCENT)


def growth_and_lines(table: WageTable, guideline: Guideline) -> Chart:
    """A row an item: growth with its interval, highest first, and the guideline's lines across all rows.

    Parameters
    ----------
    table : from :func:`wagekit.publish.guideline.tables.growth_table`.
    guideline : the lines.

    Raises
    ------
    ReleaseError
        If no item has a published growth.
    """
    words = GUIDELINE_WORDS[table.language]
    keys = ("growth", "ci_lower", "ci_upper")
    items = [(name, {key: value[key] for key in keys}) for name, value in _items(table) if set(keys) <= set(value)]
    items.sort(key=lambda item: -item[1]["growth"])
    _need(items, table)
    lines = [(line_name(word, guideline, table.language), ends[0]) for word, ends in guideline.issued.items()]
    above, below = 0.42, 0.42 + (0.16 if table.synthetic else 0)
    height = len(items) * _ROW + above + below

    def paint(figure: Figure) -> None:
        left = 2.1 / WIDTH
        axes = figure.add_axes((left, below / height, 0.92 - left, len(items) * _ROW / height))
        for place, (_, value) in enumerate(items):
            axes.plot([value["ci_lower"], value["ci_upper"]], [place] * 2, color=MIDDLE, linewidth=1.6, zorder=3)
            axes.plot([value["growth"]], [place], "o", color=ACCENT, markersize=4.5, zorder=4)
        for name, line in lines:
            axes.axvline(line, color=ALARM, linewidth=1.0, linestyle=(0, (4, 3)), zorder=2)
            axes.annotate(f"{name} {percent_text(line)}", (line, 1), (0, 3), xycoords=("data", "axes fraction"),
                          textcoords="offset points", ha="center", va="bottom", color=ALARM, fontsize=8)  # fmt: skip
        _rows(axes, [name for name, _ in items])
        axes.grid(True, axis="x", color=LINE, linewidth=0.5)
        axes.set_axisbelow(True)
        for place, (_, value) in enumerate(items):
            axes.text(1.08, place, f"{value['growth']:.1f}", transform=axes.get_yaxis_transform(), ha="right",
                      va="center")  # fmt: skip
        figure.text(0, 1 - 0.05 / height, f"{words['growth']} (%)", color=QUIET, va="top", fontsize=8)

    said = [
        words["chart_item"].format(name=name, value=value["growth"], low=value["ci_lower"], high=value["ci_upper"])
        for name, value in items
    ]
    shown = words["names"].join(f"{name}{percent_text(line)}" for name, line in lines)
    alt = words["chart_growth_alt"].format(lines=shown, items=words["join"].join(said))
    return _chart(paint, height, alt, words["chart_growth"].format(title=table.title), table)


def bands_stacked(table: WageTable, guideline: Guideline) -> Chart:
    """A bar an item, divided into the shares of the bands from low to high.

    Parameters
    ----------
    table : from :func:`wagekit.publish.guideline.tables.share_table`; items that miss a share are left out.

    Raises
    ------
    ReleaseError
        If no item has all its shares published.
    """
    words = GUIDELINE_WORDS[table.language]
    names = {band.name: band_bounds(band, table.language) for band in guideline.bands}
    items = [(name, value) for name, value in _items(table) if set(names) <= set(value)]
    _need(items, table)
    colours = _SHADES if len(names) == len(_SHADES) else (*_SHADES[: len(names) - 1], ACCENT)
    shades = dict(zip(names, colours, strict=True))
    above, below = 0.5, 0.42 + (0.16 if table.synthetic else 0)
    height = len(items) * _ROW * 1.15 + above + below

    def paint(figure: Figure) -> None:
        left = 2.1 / WIDTH
        axes = figure.add_axes((left, below / height, 0.97 - left, len(items) * _ROW * 1.15 / height))
        for place, (_, value) in enumerate(items):
            start = 0.0
            for word, colour in shades.items():
                axes.barh(place, value[word], left=start, height=0.62, color=colour, edgecolor=PAPER, linewidth=0.8)
                if value[word] >= 6:
                    dark = colour in (ACCENT, ALARM)
                    axes.text(start + value[word] / 2, place, f"{value[word]:.1f}", ha="center", va="center",
                              color=PAPER if dark else INK, fontsize=8)  # fmt: skip
                start += value[word]
        axes.set_xlim(0, 100)
        _rows(axes, [name for name, _ in items])
        across = left
        for word, colour in shades.items():
            figure.text(across, 1 - 0.2 / height, "■", color=colour, fontsize=9, va="center")
            figure.text(across + 0.024, 1 - 0.2 / height, names[word], color=INK, fontsize=8, va="center")
            across += 0.78 / len(shades)
        figure.text(0, 1 - 0.05 / height, "%", color=QUIET, va="top", fontsize=8)

    said = [
        f"{name} {words['names'].join(f'{names[word]}{value[word]:.1f}%' for word in names)}" for name, value in items
    ]
    alt = words["chart_shares_alt"].format(items=words["join"].join(said))
    return _chart(paint, height, alt, words["chart_shares"].format(title=table.title), table)


def _items(table: WageTable) -> list[tuple[str, dict[str, float]]]:
    joined = "·" if table.language == "zh" else " / "
    return [
        (
            joined.join(row.names),
            {
                column.key: float(cell.value)
                for column, cell in zip(table.columns, row.cells, strict=True)
                if cell.value is not None
            },
        )
        for row in table.rows
    ]


def _need(items: Sequence[object], table: WageTable) -> None:
    if not items:
        raise ReleaseError(
            "no item has figures that may be published",
            where=f"chart of {table.title!r}",
            expected="at least one",
            do="Leave the chart out, or draw it from broader groups",
        )


def _rows(axes: Axes, names: Sequence[str]) -> None:
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_yticks(range(len(names)), [wrapped(name, 32) for name in names], linespacing=1.1, fontsize=8)
    axes.tick_params(axis="y", length=0, pad=6)
    axes.tick_params(axis="x", length=0, labelcolor=QUIET)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _chart(paint: object, height: float, alt: str, title: str, table: WageTable) -> Chart:
    assert callable(paint)
    svg = draw(paint, height=height, synthetic=table.synthetic, language=table.language)
    return Chart(svg, f"{SIMULATED[table.language]} {alt}" if table.synthetic else alt, title)
