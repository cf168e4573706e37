"""Charts of the reports, drawn from published tables: what a table holds back, no chart can show."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from wagekit.publish.chart_parts import (
    NAME,
    Item,
    Rows,
    finished,
    heading,
    items,
    room_for_ticks,
    ruled,
    ruled_upwards,
    wrapped,
)
from wagekit.publish.chart_words import CHART_WORDS
from wagekit.publish.drawing import (
    ACCENT,
    LINE,
    MIDDLE,
    PALE,
    PAPER,
    QUIET,
    WIDTH,
    Axis,
    Box,
    Chart,
    Point,
    Sheet,
    tick_text,
)
from wagekit.publish.lettering import width

if TYPE_CHECKING:
    from wagekit.publish.pay_bands import PayBands
    from wagekit.publish.table import WageTable

_PERCENTS = ("p10", "p25", "p50", "p75", "p90")


def percentile_strips(table: WageTable, *, title: str | None = None, most: int = 30, ordered: bool = False) -> Chart:
    """A strip an item: line from P10 to P90, box from P25 to P75, mark at the median, highest median first.

    Items whose median isn't published are left out; line and box are drawn where both their ends are published.

    Parameters
    ----------
    table : a published table with percentile columns (p50, and p10, p25, p75, p90 as far as they are there).
    title : caption; made of the table's title unless given.
    most : with more items than this only the highest and the lowest medians are drawn, half of it each.
    ordered : the items keep the order of the table, as sizes of enterprises do.

    Raises
    ------
    ReleaseError
        If no item has a published median.
    """
    texts = CHART_WORDS[table.language]
    shown = sorted(items(table, ["p50"], "a median"), key=lambda item: 0 if ordered else -item.value["p50"])
    skipped = max(len(shown) - most, 0)
    drawn: list[Item | None] = [*shown]
    if skipped:
        shown = [*shown[: (most + 1) // 2], *shown[len(shown) - most // 2 :]]
        drawn = [*shown[: (most + 1) // 2], None, *shown[(most + 1) // 2 :]]
    placed = [(place, item) for place, item in enumerate(drawn) if item is not None]
    parts = [part for part in (("p10", "p90"), ("p25", "p75")) if any(set(part) <= set(item.value) for item in shown)]
    rows = Rows([None if item is None else item.name for item in drawn], top=40 if parts else 24)
    figures = WIDTH - max(width(text, 8.5) for text in [texts["median"], *(item.text["p50"] for item in shown)]) - 12
    axis = Axis.from_zero(
        [item.value[key] for item in shown for key in _PERCENTS if key in item.value], rows.left, figures
    )

    def paint(sheet: Sheet) -> None:
        ruled(sheet, axis, rows.top, rows.bottom)
        _strips(sheet, axis, [(rows(place), item.value) for place, item in placed])
        rows.write_names(sheet)
        for place, item in placed:
            sheet.text(WIDTH, rows(place), item.text["p50"], side="right")
        if skipped:
            middle = rows(drawn.index(None))
            said = texts["skipped"].format(count=skipped)
            sheet.text((axis.start + axis.stop) / 2, middle, said, size=NAME, colour=QUIET, side="center")
        heading(sheet, texts["unit"].format(unit=table.unit), rows.top - 9)
        heading(sheet, texts["median"], rows.top - 9, side=True)
        if parts:
            _strip_key(sheet, axis.stop, {key for part in parts for key in part})

    written: list[str] = []
    for item in shown:
        span = ""
        if "p10" in item.text and "p90" in item.text:
            span = texts["span_outer"].format(**item.text)
        elif "p25" in item.text and "p75" in item.text:
            span = texts["span_inner"].format(**item.text)
        written.append(texts["strip_item"].format(name=item.name, p50=item.text["p50"], span=span))
    alt = texts["strips_alt"].format(unit=table.unit, items=texts["join"].join(written))
    return finished(paint, rows.bottom + 22, alt, title or texts["strips"].format(title=table.title), table)


def _strips(sheet: Sheet, axis: Axis, strips: Iterable[tuple[float, Mapping[str, float]]]) -> None:
    """Line, box and mark; a part is drawn only with both its ends, or it would seem to end at the median."""
    outer, inner, marks = [], [], []
    for y, value in strips:
        if "p10" in value and "p90" in value:
            low, high = axis(value["p10"]), axis(value["p90"])
            outer += [[(low, y), (high, y)], *([(x, y - 2.7), (x, y + 2.7)] for x in (low, high))]
        if "p25" in value and "p75" in value:
            inner.append((axis(value["p25"]), y - 4.8, axis(value["p75"]), y + 4.8))
        marks.append([(axis(value["p50"]), y - 5.8), (axis(value["p50"]), y + 5.8)])
    sheet.lines(outer, MIDDLE, 1.2)
    sheet.boxes(inner, PALE, edge=MIDDLE, width=0.7)
    sheet.lines(marks, ACCENT, 2.2)


def _strip_key(sheet: Sheet, right: float, known: Collection[str]) -> None:
    """What the parts of the strips are, drawn as a strip."""
    axis = Axis(0, 3.5, right - 130, right)
    places = dict(zip(_PERCENTS, (0, 0.95, 1.65, 2.45, 3.5), strict=True))
    value = {key: place for key, place in places.items() if key in {*known, "p50"}}
    _strips(sheet, axis, [(22, value)])
    for key, place in value.items():
        sheet.text(axis(place), 9, f"{key[1:]}%", size=7, colour=QUIET, side="center")


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
    shown = items(table, [statistic], f"a value of {statistic!r}")
    lower, upper = f"{statistic}_ci_lower", f"{statistic}_ci_upper"
    intervals = [
        (item.value[lower], item.value[upper]) if lower in item.value and upper in item.value else None
        for item in shown
    ]
    level = _level(table, lower)
    top, bottom = 20.0, 185.0
    values = [item.value[key] for item in shown for key in (statistic, lower, upper) if key in item.value]
    upwards = Axis.from_zero(values, bottom, top, room=0.12)
    left = room_for_ticks(upwards)
    each = (WIDTH - left) / len(shown)
    # Half an em for a column of letters, and a little between two names.
    names = [wrapped(item.name, max(8, int((each - 6) / (NAME / 2))), 3) for item in shown]
    most_lines = max(name.count("\n") for name in names) + 1

    def paint(sheet: Sheet) -> None:
        ruled_upwards(sheet, upwards, left, WIDTH)
        half = 0.26 * min(each, (WIDTH - left) / 4)
        columns: list[Box] = []
        behind: list[Box] = []
        whiskers: list[list[Point]] = []
        for place, (item, interval) in enumerate(zip(shown, intervals, strict=True)):
            x, value = left + (place + 0.5) * each, item.value[statistic]
            columns.append((x - half, upwards(max(value, 0)), x + half, upwards(min(value, 0))))
            if interval:
                low, high = map(upwards, interval)
                whiskers += [[(x, low), (x, high)], *([(x - 5, end), (x + 5, end)] for end in (low, high))]
            y = upwards(max(0, value, *(interval or ()))) - 7.5
            room = width(item.text[statistic], 8.5) / 2 + 1.5
            behind.append((x - room, y - 4.5, x + room, y + 4.5))
        sheet.boxes(columns, PALE, edge=MIDDLE, width=0.7)
        sheet.lines(whiskers, ACCENT, 1.4)
        sheet.boxes(behind, PAPER)  # no grid line runs through a figure
        for (start, above, end, below), item, name in zip(behind, shown, names, strict=True):
            x = (start + end) / 2
            sheet.text(x, (above + below) / 2, item.text[statistic], side="center")
            sheet.text(x, bottom + 10 + name.count("\n") * 4.6, name, size=NAME, side="center")
        heading(sheet, texts["unit"].format(unit=table.unit))
        if whiskers:
            heading(sheet, texts["whisker"].format(level=level), side=True)

    written: list[str] = []
    for item, interval in zip(shown, intervals, strict=True):
        span = ""
        if interval:
            span = texts["interval"].format(level=level, lower=item.text[lower], upper=item.text[upper])
        written.append(texts["grade_item"].format(name=item.name, value=item.text[statistic], interval=span))
    alt = texts["grades_alt"].format(unit=table.unit, items=texts["join"].join(written))
    named = texts["grades"].format(title=table.title, statistic=texts.get(statistic, statistic))
    return finished(paint, bottom + 12 + 9.2 * most_lines, alt, title or named, table)


def _level(table: WageTable, key: str) -> str:
    """The confidence level as the table's heading says it, such as 95%."""
    label = next((column.label for column in table.columns if column.key == key), "")
    return next((word for word in label.replace("置", " ").split() if word.endswith("%")), "95%")


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
    closed = [(band.low or 0.0, band.high, band.share) for band in bands.bands if band.high is not None]
    # Bands that were joined are wider and by as much lower, so that areas stay shares.
    drawn = [(low, high, share * bands.width / (high - low)) for low, high, share in closed if high > low]
    last = drawn[-1][1]
    labelled = [(mark, f"{mark.name} {mark.text}") for mark in sorted(bands.marks, key=lambda mark: mark.value)]
    top, bottom = 20.0, 190.0
    open_band = bands.bands[-1]
    told = _band_text(open_band.low, open_band.high, open_band.share, texts)
    upwards = Axis.from_zero([share for _, _, share in drawn], bottom, top, room=0.25)
    left, first = room_for_ticks(upwards), min(0.0, drawn[0][0])
    # Right of the bands is room for what is told of the open one, and of each mark for its label.
    ends = [(last, width(told, NAME) + 4), *((mark.value, width(label, NAME) + 6) for mark, label in labelled)]
    across = Axis(
        first, first + max((value - first) / (1 - room / (WIDTH - left)) for value, room in ends), left, WIDTH
    )

    def paint(sheet: Sheet) -> None:
        ruled_upwards(sheet, upwards, left, WIDTH)
        sheet.boxes(
            [(across(low), upwards(share), across(high), bottom) for low, high, share in drawn],
            PALE,
            edge=PAPER,
            width=0.8,
        )
        sheet.lines([[(left, bottom), (WIDTH, bottom)]], LINE, 0.8)
        ticks = [tick for tick in across.ticks() if tick <= last]  # the open band has no scale
        sheet.lines([[(across(tick), bottom), (across(tick), bottom + 3)] for tick in ticks], LINE, 0.8)
        for tick in ticks:
            sheet.text(across(tick), bottom + 10, tick_text(tick), size=NAME, colour=QUIET, side="center")
        sheet.text((left + across(last)) / 2, bottom + 22, bands.unit, size=NAME, colour=QUIET, side="center")
        # No grid line runs through it.
        sheet.boxes([(WIDTH - width(told, NAME) - 2, bottom - 25, WIDTH, bottom - 15)], PAPER)
        sheet.text(WIDTH, bottom - 20, told, size=NAME, colour=ACCENT, side="right")
        end = (WIDTH, bottom - 10)
        head = [(WIDTH - 4, end[1] - 2.5), end, (WIDTH - 4, end[1] + 2.5)]
        sheet.lines([[(across(last) + 3, end[1]), end], head], ACCENT, 1.0)
        y = top + 1.0
        uprights = []
        for mark, label in labelled:
            # A line ends at its label, so that it crosses no label further left; no grid line runs through a label.
            y = next((upwards(tick) + 2 for tick in upwards.ticks() if y - 1 < upwards(tick) < y + 9), y)
            uprights.append([(across(mark.value), bottom), (across(mark.value), y)])
            sheet.text(across(mark.value) + 4, y + 4, label, size=NAME, colour=ACCENT)
            y += 12
        sheet.lines(uprights, ACCENT, 1.1)
        heading(sheet, texts["band_axis"].format(**words))

    said = texts["join"].join(_band_text(band.low, band.high, band.share, texts) for band in bands.bands)
    said += "".join(f"{texts['join']}{mark.name} {mark.text}" for mark in bands.marks)
    alt = texts["bands_alt"].format(items=said, **words)
    return finished(paint, bottom + 28, alt, title or texts["bands"].format(period=bands.period), bands)


def _band_text(low: float | None, high: float | None, share: float, texts: Mapping[str, str]) -> str:
    key = "band_low" if low is None else "band_top" if high is None else "band_item"
    return texts[key].format(low=f"{low or 0:,g}", high=f"{high or 0:,g}", share=f"{share:.1f}")
