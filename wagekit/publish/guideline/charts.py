"""Charts of growth beside the wage-growth guideline (企业工资增长指导线), drawn from published tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wagekit.publish.chart_parts import (
    NAME,
    Rows,
    beside_each_other,
    finished,
    heading,
    items,
    key_of_shades,
    ruled,
    stacks,
)
from wagekit.publish.chart_words import CHART_WORDS
from wagekit.publish.drawing import ACCENT, ALARM, MIDDLE, PALE, WIDTH, Axis, Chart, Sheet
from wagekit.publish.guideline.words import GUIDELINE_WORDS, band_bounds, line_name, percent_text
from wagekit.publish.lettering import width

if TYPE_CHECKING:
    from wagekit.guidance.guideline import Guideline
    from wagekit.publish.table import WageTable

_SHADES = (ALARM, PALE, MIDDLE, ACCENT)
_LABEL = 11.0  # points from one row of the lines' names to the next


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
    shown = sorted(items(table, keys), key=lambda item: -item.value["growth"])
    issued = [(line_name(word, guideline, table.language), ends[0]) for word, ends in guideline.issued.items()]
    lines = sorted(issued, key=lambda line: line[1])
    values = [*(item.value[key] for item in shown for key in keys), *(line for _, line in lines)]
    room = (max(values) - min(values)) * 0.05 or 1.0
    figures = WIDTH - max(width(f"{item.value['growth']:.1f}", 8.5) for item in shown) - 12
    rows = Rows([item.name for item in shown], top=20)
    axis = Axis(min(values) - room, max(values) + room, rows.left, figures)
    labels = beside_each_other([(f"{name} {percent_text(line)}", axis(line)) for name, line in lines])
    rows.top = 14 + _LABEL * (1 + max((row for *_, row in labels), default=0))

    def paint(sheet: Sheet) -> None:
        ruled(sheet, axis, rows.top, rows.bottom)
        for (_, line), (text, x, side, row) in zip(lines, labels, strict=True):
            y = rows.top - 7 - _LABEL * row
            sheet.lines([[(axis(line), y + 6), (axis(line), rows.bottom)]], ALARM, 1.0, dashes=(4, 3))
            sheet.text(x, y, text, size=NAME, colour=ALARM, side=side)
        spans = [
            ((axis(item.value["ci_lower"]), rows(k)), (axis(item.value["ci_upper"]), rows(k)))
            for k, item in enumerate(shown)
        ]
        sheet.lines(spans, MIDDLE, 1.6)
        sheet.dots([(axis(item.value["growth"]), rows(place)) for place, item in enumerate(shown)], 2.4, ACCENT)
        for place, item in enumerate(shown):
            sheet.text(WIDTH, rows(place), f"{item.value['growth']:.1f}", side="right")
        rows.write_names(sheet)
        heading(sheet, f"{words['growth']} (%)")

    said = [
        words["chart_item"].format(
            name=item.name, value=item.value["growth"], low=item.value["ci_lower"], high=item.value["ci_upper"]
        )
        for item in shown
    ]
    named = words["names"].join(f"{name}{percent_text(line)}" for name, line in issued)
    alt = words["chart_growth_alt"].format(lines=named, items=words["join"].join(said))
    return finished(paint, rows.bottom + 22, alt, words["chart_growth"].format(title=table.title), table)


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
    shown = items(table, names)
    shades = _SHADES if len(names) == len(_SHADES) else (*_SHADES[: len(names) - 1], ACCENT)
    rows = Rows([item.name for item in shown], top=22)

    def paint(sheet: Sheet) -> None:
        key_of_shades(sheet, list(names.values()), shades, rows.left)
        parts = [[(item.value[name], f"{item.value[name]:.1f}") for name in names] for item in shown]
        stacks(sheet, rows, parts, shades, WIDTH)
        rows.write_names(sheet)
        heading(sheet, CHART_WORDS[table.language]["unit"].format(unit="%"))

    said = [
        f"{item.name} {words['names'].join(f'{label}{item.value[name]:.1f}%' for name, label in names.items())}"
        for item in shown
    ]
    alt = words["chart_shares_alt"].format(items=words["join"].join(said))
    return finished(paint, rows.bottom + 4, alt, words["chart_shares"].format(title=table.title), table)
