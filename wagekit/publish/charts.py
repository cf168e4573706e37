"""Charts of the reports, drawn from published tables: what a table holds back, no chart can show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wagekit.errors import ReleaseError
from wagekit.publish.chart_words import CHART_WORDS
from wagekit.publish.drawing import (
    ACCENT,
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

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from wagekit.publish.pay_bands import PayBands
    from wagekit.publish.table import WageTable

_PERCENTS = ("p10", "p25", "p50", "p75", "p90")


@dataclass(frozen=True)
class _Item:
    """A row of a table: its name, and its published values as numbers and as printed, by column key."""

    name: str
    value: dict[str, float]
    text: dict[str, str]


def _items(table: WageTable) -> list[_Item]:
    items: list[_Item] = []
    for row in table.rows:
        shown = [(c, cell) for c, cell in zip(table.columns, row.cells, strict=True) if cell.value is not None]
        values = {column.key: float(cell.value or 0) for column, cell in shown}
        texts = {column.key: table.printed(cell, column) for column, cell in shown}
        items.append(_Item(("·" if table.language == "zh" else " / ").join(row.names), values, texts))
    return items


def _need(items: Sequence[Any], table: WageTable, what: str) -> None:
    if not items:
        raise ReleaseError(
            f"no item has {what} that may be published",
            where=f"chart of {table.title!r}",
            expected="at least one",
            do="Leave the chart out, or draw it from broader groups",
        )


def percentile_strips(table: WageTable, *, title: str | None = None, most: int = 30) -> Chart:
    """A strip an item: line from P10 to P90, box from P25 to P75, mark at the median, highest median first.

    Items whose median isn't published are left out; line and box are drawn where both their ends are published.

    Parameters
    ----------
    table : a published table with percentile columns (p50, and p10, p25, p75, p90 as far as they are there).
    title : caption; made of the table's title unless given.
    most : with more items than this only the highest and the lowest medians are drawn, half of it each.

    Raises
    ------
    ReleaseError
        If no item has a published median.
    """
    texts = CHART_WORDS[table.language]
    items = sorted((item for item in _items(table) if "p50" in item.value), key=lambda item: -item.value["p50"])
    _need(items, table, "a median")
    skipped = max(len(items) - most, 0)
    if skipped:
        items = [*items[: (most + 1) // 2], *items[len(items) - most // 2 :]]
    gap = (most + 1) // 2 if skipped else len(items)
    places = [place + (place >= gap) for place in range(len(items))]
    count = places[-1] + 1
    row, above, below = 0.27, 0.52, 0.42 + (0.16 if table.synthetic else 0)
    height = count * row + above + below

    def paint(figure: Figure) -> None:
        left = 2.1 / WIDTH
        axes = figure.add_axes((left, below / height, 0.9 - left, count * row / height))
        for place, item in zip(places, items, strict=True):
            _strip(axes, place, item)
        if skipped:
            axes.text(0.5, gap, texts["skipped"].format(count=skipped), color=QUIET, ha="center", va="center",
                      transform=axes.get_yaxis_transform(), fontsize=8)  # fmt: skip
        axes.set_ylim(count - 0.4, -0.6)
        axes.set_yticks(places, [wrapped(item.name, 32) for item in items], linespacing=1.1, fontsize=8)
        axes.tick_params(axis="y", length=0, pad=6)
        _value_axis(
            axes, axes.xaxis, [value for item in items for key, value in item.value.items() if key in _PERCENTS]
        )
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        for place, item in zip(places, items, strict=True):
            axes.text(1.1, place, item.text["p50"], transform=axes.get_yaxis_transform(), ha="right", va="center")
        figure.text(
            0.9 + 0.1 * (0.9 - left),
            1 - 0.44 / height,
            texts["median"],
            ha="right",
            va="bottom",
            color=QUIET,
            fontsize=8,
        )
        figure.text(
            left, 1 - 0.44 / height, texts["unit"].format(unit=table.unit), color=QUIET, va="bottom", fontsize=8
        )
        _strip_key(figure, height)

    written: list[str] = []
    for item in items:
        span = ""
        if "p10" in item.text and "p90" in item.text:
            span = texts["span_outer"].format(**item.text)
        elif "p25" in item.text and "p75" in item.text:
            span = texts["span_inner"].format(**item.text)
        written.append(texts["strip_item"].format(name=item.name, p50=item.text["p50"], span=span))
    alt = texts["strips_alt"].format(unit=table.unit, items=texts["join"].join(written))
    return _chart(paint, height, alt, title or texts["strips"].format(title=table.title), table)


def _strip(axes: Axes, place: float, item: _Item) -> None:
    """Line, box and mark; a part is drawn only with both its ends, or it would seem to end at the median."""
    value = item.value
    if "p10" in value and "p90" in value:
        axes.plot([value["p10"], value["p90"]], [place] * 2, color=MIDDLE, linewidth=1.2, zorder=2)
        for key in ("p10", "p90"):
            axes.plot([value[key]] * 2, [place - 0.14, place + 0.14], color=MIDDLE, linewidth=1.2, zorder=2)
    if "p25" in value and "p75" in value:
        axes.barh(place, value["p75"] - value["p25"], left=value["p25"], height=0.5, color=PALE, edgecolor=MIDDLE,
                  linewidth=0.7, zorder=3)  # fmt: skip
    axes.plot(
        [value["p50"]] * 2, [place - 0.3, place + 0.3], color=ACCENT, linewidth=2.2, solid_capstyle="butt", zorder=4
    )


def _strip_key(figure: Figure, height: float) -> None:
    """What the parts of a strip are, drawn as a strip."""
    axes = figure.add_axes((0.52, 1 - 0.46 / height, 0.34, 0.44 / height))
    axes.set_axis_off()
    axes.set_xlim(0, 4)
    axes.set_ylim(0, 2)
    key = _Item("", dict(zip(_PERCENTS, (0.25, 1.2, 1.9, 2.7, 3.75), strict=True)), {})
    axes.set_ylim(1.9, -1.1)
    _strip(axes, 0.9, key)
    for name, place in key.value.items():
        axes.text(place, -0.05, f"{name[1:]}%", ha="center", va="bottom", fontsize=7, color=QUIET)


def _value_axis(axes: Axes, axis: Any, values: Sequence[float]) -> None:
    """An axis of pay from 0, round ticks, thin grid behind the marks."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    top = max(values)
    limits = (min(0.0, *values), top * 1.06 if top > 0 else 1.0)
    (axes.set_xlim if axis is axes.xaxis else axes.set_ylim)(*limits)
    axis.set_major_locator(MaxNLocator(7, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axis.grid(True, color=LINE, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.tick_params(axis="x" if axis is axes.xaxis else "y", length=0, labelcolor=QUIET)


def levels_by_group(table: WageTable, *, statistic: str = "p50", title: str | None = None) -> Chart:
    """A column an item in the table's order, such as skill grades, with its confidence interval where published.

    Parameters
    ----------
    table : a published table; with intervals if made with ``precision=["interval"]``.
    statistic : key of the column to draw, ``p50`` or ``mean``.
    title : caption; made of the table's title unless given.

    Raises
    ------
    ReleaseError
        If no item has a published value of the statistic.
    """
    texts = CHART_WORDS[table.language]
    items = [item for item in _items(table) if statistic in item.value]
    _need(items, table, f"a value of {statistic!r}")
    lower, upper = f"{statistic}_ci_lower", f"{statistic}_ci_upper"
    with_interval = any(lower in item.value and upper in item.value for item in items)
    level = _level(table, lower)
    above, below = 0.36, 0.5 + (0.16 if table.synthetic else 0)
    height = 2.3 + above + below

    def paint(figure: Figure) -> None:
        axes = figure.add_axes((0.075, below / height, 0.915, 2.3 / height))
        for place, item in enumerate(items):
            value = item.value[statistic]
            axes.bar(place, value, width=0.52, color=PALE, edgecolor=MIDDLE, linewidth=0.7, zorder=2)
            top = value
            if lower in item.value and upper in item.value:
                axes.plot([place] * 2, [item.value[lower], item.value[upper]], color=ACCENT, linewidth=1.4, zorder=3)
                for end in (lower, upper):
                    axes.plot(
                        [place - 0.07, place + 0.07], [item.value[end]] * 2, color=ACCENT, linewidth=1.4, zorder=3
                    )
                top = max(value, item.value[upper])
            axes.annotate(item.text[statistic], (place, top), (0, 3), textcoords="offset points", ha="center",
                          va="bottom", color=INK)  # fmt: skip
        shown = [item.value[key] for item in items for key in (statistic, lower, upper) if key in item.value]
        _value_axis(axes, axes.yaxis, [*shown, max(shown) * 1.05])
        # 98 columns of letters of 8 points lie side by side below the axis.
        room = max(8, 98 // max(len(items), 4) - 1)
        axes.set_xticks(range(len(items)), [wrapped(item.name, room) for item in items], linespacing=1.1)
        axes.set_xlim(-0.6, max(len(items), 4) - 0.4)
        axes.tick_params(axis="x", length=0, labelcolor=INK, labelsize=8)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        figure.text(0, 1 - 0.05 / height, texts["unit"].format(unit=table.unit), color=QUIET, va="top", fontsize=8)
        if with_interval:
            figure.text(0.99, 1 - 0.05 / height, texts["whisker"].format(level=level), color=QUIET, va="top", ha="right",
                        fontsize=8)  # fmt: skip

    written: list[str] = []
    for item in items:
        interval = ""
        if lower in item.text and upper in item.text:
            interval = texts["interval"].format(level=level, lower=item.text[lower], upper=item.text[upper])
        written.append(texts["grade_item"].format(name=item.name, value=item.text[statistic], interval=interval))
    alt = texts["grades_alt"].format(unit=table.unit, items=texts["join"].join(written))
    named = texts["grades"].format(title=table.title, statistic=texts.get(statistic, statistic))
    return _chart(paint, height, alt, title or named, table)


def _level(table: WageTable, key: str) -> str:
    """The confidence level as the table's heading says it, such as 95%."""
    label = next((column.label for column in table.columns if column.key == key), "")
    return next((word for word in label.replace("置", " ").split() if word.endswith("%")), "95%")


@dataclass(frozen=True)
class _Bar:
    low: float
    high: float
    share: float


def pay_distribution(bands: PayBands, *, title: str | None = None) -> Chart:
    """The employees by bands of pay as a histogram whose areas are shares; the open band on top is told in words.

    Parameters
    ----------
    bands : protected bands, see :func:`wagekit.publish.pay_bands.pay_bands`.
    title : caption; made of the survey's name unless given.
    """
    texts = CHART_WORDS[bands.language]
    words = {"unit": bands.unit, "width": f"{bands.width:g}", "money": bands.money}
    if bands.language == "en" and bands.money == "10,000 yuan":
        words |= {"width": f"{bands.width * 10_000:,.0f}", "money": "yuan"}
    drawn = [_Bar(band.low or 0.0, band.high, band.share) for band in bands.bands if band.high is not None]
    drawn = [bar for bar in drawn if bar.high > bar.low]
    above, below = 0.34, 0.52 + (0.16 if bands.synthetic else 0)
    height = 2.4 + above + below

    def paint(figure: Figure) -> None:
        axes = figure.add_axes((0.06, below / height, 0.93, 2.4 / height))
        # Bands that were joined are wider and by as much lower, so that areas stay shares.
        heights = [bar.share * bands.width / (bar.high - bar.low) for bar in drawn]
        for bar, tall in zip(drawn, heights, strict=True):
            axes.bar(bar.low, tall, width=bar.high - bar.low, align="edge", color=PALE, edgecolor=PAPER, linewidth=0.8,
                     zorder=2)  # fmt: skip
        _value_axis(axes, axes.yaxis, [*heights, max(heights) * 1.25])
        last = drawn[-1].high
        axes.set_xlim(min(0.0, drawn[0].low), last * 1.16)
        axes.tick_params(axis="x", length=3, color=LINE, labelcolor=QUIET)
        axes.set_xlabel(bands.unit)
        ceiling = axes.get_ylim()[1]
        open_band = bands.bands[-1]
        axes.text(1, 0.1, _band_text(open_band.low, open_band.high, open_band.share, texts), transform=axes.transAxes, ha="right",
                  color=ACCENT, fontsize=8)  # fmt: skip
        axes.annotate("", (axes.get_xlim()[1], ceiling * 0.06), (last, ceiling * 0.06),
                      arrowprops={"arrowstyle": "->", "color": ACCENT, "lw": 1.0})  # fmt: skip
        for number, mark in enumerate(sorted(bands.marks, key=lambda mark: mark.value)):
            # A line ends at its label, so that it crosses no label further left.
            top = ceiling * (0.985 - 0.08 * number)
            axes.plot([mark.value] * 2, [0, top], color=ACCENT, linewidth=1.1, solid_capstyle="butt", zorder=3)
            axes.annotate(f"{mark.name} {mark.text}", (mark.value, top), (4, 0), textcoords="offset points",
                          color=ACCENT, va="top", fontsize=8)  # fmt: skip
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        figure.text(0, 1 - 0.05 / height, texts["band_axis"].format(**words), color=QUIET, va="top", fontsize=8)

    items = texts["join"].join(_band_text(band.low, band.high, band.share, texts) for band in bands.bands)
    items += "".join(f"{texts['join']}{mark.name} {mark.text}" for mark in bands.marks)
    alt = texts["bands_alt"].format(items=items, **words)
    svg = draw(paint, height=height, synthetic=bands.synthetic, language=bands.language)
    if bands.synthetic:
        alt = f"{SIMULATED[bands.language]} {alt}"
    return Chart(svg, alt, title or texts["bands"].format(period=bands.period))


def _band_text(low: float | None, high: float | None, share: float, texts: Mapping[str, str]) -> str:
    key = "band_low" if low is None else "band_top" if high is None else "band_item"
    return texts[key].format(low=f"{low or 0:,g}", high=f"{high or 0:,g}", share=f"{share:.1f}")


def _chart(paint: Any, height: float, alt: str, title: str, table: WageTable) -> Chart:
    svg = draw(paint, height=height, synthetic=table.synthetic, language=table.language)
    if table.synthetic:
        alt = f"{SIMULATED[table.language]} {alt}"
    return Chart(svg, alt, title)
