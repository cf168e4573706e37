"""Tables of accuracy, coherence and comparison: round and extreme pay, totals, the frame, the last wave."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from wagekit.collect.situation import Limits
from wagekit.publish.count_table import CountColumn, Group, join_items, may_be_shown, with_decimals
from wagekit.publish.evaluation import amounts as amounts_of
from wagekit.publish.evaluation.context import Evaluation, Rows
from wagekit.publish.table import WageTable
from wagekit.publish.wave_records import WaveRecords

ROUND_FIGURES = (100, 1_000, 10_000)
NEAR = (0.8, 1.25)
"""Between these a ratio of the two tables, or to the frame, counts as agreeing."""
TOP = 0.01
"""Share of the workers whose part of all pay is told."""


def heaping(e: Evaluation) -> WageTable:
    """Shares of pay in round figures beside what chance gives and the last wave's."""
    columns = [
        CountColumn("found", e.words["found"], unit="%", decimals=3),
        CountColumn("expected", e.words["expected"], unit="%", decimals=3),
        *([CountColumn("found_before", e.words["found_before"], unit="%", decimals=3)] if e.before else []),
    ]
    found = [_heaped(e, records) for records in (e.now, e.before) if records]
    rows = []
    for unit in ROUND_FIGURES:
        figures = {"found": found[0][unit], "expected": 100 / unit}
        if len(found) > 1:
            figures["found_before"] = found[1][unit]
        rows.append(([e.words["multiple_row"].format(unit=f"{unit:,}" if e.about.language == "en" else unit)], figures))
    return e.plain(rows, columns, "heaping", unit="percent", headings=["multiple"], notes=["heaping_note"])


def _heaped(e: Evaluation, records: WaveRecords) -> dict[int, float | None]:
    counted = amounts_of.heaped(records, ROUND_FIGURES)
    made: dict[int, float | None] = {}
    for unit in ROUND_FIGURES:
        part = counted.loc[[str(unit)]]
        shown = may_be_shown(part[["rows"]], e.about.rules)
        made[unit] = 100 * part["rows"].sum() / part["asked"].sum() if shown else None
    return made


def extremes(e: Evaluation) -> WageTable:
    """Shares of employees far above the median or below the minimum wage, and of the best paid in all pay."""
    columns = [
        CountColumn("share", e.words["found"], unit="%", decimals=2),
        *([CountColumn("share_before", e.words["found_before"], unit="%", decimals=2)] if e.before else []),
    ]
    rows: Rows = []
    for key, rule in (("above", "pay_far_above_median"), ("below", "pay_below_minimum_wage")):
        figures = {"share": _queried(e, e.now, rule)}
        if e.before:
            figures["share_before"] = _queried(e, e.before, rule)
        rows.append(([e.words[key].format(times=Limits().pay_to_median)], figures))
    top = {"share": _top(e, e.now)}
    if e.before:
        top["share_before"] = _top(e, e.before)
    rows.append(([e.words["top_share"]], top))
    return e.plain(rows, columns, "extremes", unit="percent", headings=["kind"], notes=["extremes_note"])


def _queried(e: Evaluation, records: WaveRecords, rule: str) -> float | None:
    found = records.queries[records.queries["rule"] == rule]
    if not may_be_shown(found.groupby("enterprise_id").size().to_frame(), e.about.rules):
        return None
    if found.empty and rule == "pay_below_minimum_wage":
        return math.nan  # nobody, or no minimum wage was known
    return 100 * len(found) / len(records.employees)


def _top(e: Evaluation, records: WaveRecords) -> float | None:
    part = amounts_of.top_pay(records, TOP)
    shown = may_be_shown(part.droplevel(0), e.about.rules)
    return 100 * part["pay"].sum() / part["all"].sum() if shown else None


def sums(e: Evaluation) -> WageTable:
    """Rows whose totals agree with their parts, a row a relation."""
    counted = amounts_of.sums(e.now)
    columns = [
        CountColumn("compared", e.words["compared"]),
        CountColumn("agree", e.words["agree"]),
        CountColumn("agree_share", e.words["agree_share"], unit="%", decimals=2),
    ]
    rows: Rows = []
    for check in dict.fromkeys(counted.index.get_level_values(0)):
        part = counted.loc[check]
        whole, shown = part.to_numpy().sum(), may_be_shown(part, e.about.rules)
        agree = float(part["agree"].sum())
        figures = {
            "compared": float(whole),
            "agree": agree if shown else None,
            "agree_share": 100 * agree / whole if shown else None,
        }
        rows.append(([e.words[check]], figures))
    return e.plain(rows, columns, "sums", unit="count_share", headings=["relation"], notes=["sums_note"])


def agreement(e: Evaluation) -> WageTable:
    """Enterprises by band of the ratios between the two tables and to the frame."""
    return _bands(
        e, amounts_of.agreement(e.now), amounts_of.AGREEMENT_EDGES, "agreement",
        {"pay": "wage_bill", "headcount": "frame"}, "band", percent=False,
    )  # fmt: skip


def near(e: Evaluation) -> dict[str, float | None]:
    """Shares of enterprises in per cent whose ``pay`` and ``headcount`` ratios lie in `NEAR`; None if not to be told."""
    counted = amounts_of.agreement(e.now)
    low, high = (amounts_of.AGREEMENT_EDGES.index(edge) for edge in NEAR)
    bands = {str(number) for number in range(low + 1, high + 1)}
    return {name: _inside(e, counted, name, bands) for name in ("pay", "headcount")}


def _inside(e: Evaluation, counted: pd.DataFrame, name: str, bands: set[str]) -> float | None:
    """Share of the enterprises in some bands, in per cent; None where printed bands are joined across their ends.

    Told all the same, it would give away by difference what the joining hides.
    """
    groups = join_items(counted[[name]], e.about.rules, ordered=True)
    if counted[name].sum() == 0 or any(0 < len(bands & set(group)) < len(group) for group in groups) or not groups:
        return None
    inside = counted.index.get_level_values(0).isin(list(bands))
    return round(100 * float(counted[name][inside].sum()) / float(counted[name].sum()), 1)


def matched(e: Evaluation) -> WageTable | None:
    """Enterprises in both waves, and how many of them changed much; None without a last wave."""
    if e.before is None:
        return None
    now, before = e.now.firms, e.before.firms
    both = set(now["enterprise_id"]) & set(before["enterprise_id"])
    growth = amounts_of.growth(e.before, e.now)
    ends = {"0", str(len(amounts_of.GROWTH_EDGES))}
    new = pd.DataFrame({"new": (~now["enterprise_id"].isin(both)).astype("int64")}).set_index(now["enterprise_id"])
    shown = may_be_shown(new, e.about.rules)
    people = e.now.employees["enterprise_id"].isin(both)
    figures: dict[str, float | None] = {
        "firms_now": float(len(now)),
        "firms_before": float(len(before)),
        "firms_both": float(len(both)) if shown else None,
        "both_share": 100 * len(both) / len(now) if shown else None,
        "both_people_share": 100 * float(people.mean()) if shown else None,
        "compared_firms": float(growth["pay"].sum()),
        "outliers": _inside(e, growth, "pay", ends),
        "headcount_outliers": _inside(e, growth, "headcount", ends),
    }
    columns = [CountColumn("value", e.words["value"])]
    rows: Rows = []
    for key, value in figures.items():
        decimals = 1 if key.endswith(("share", "outliers")) else 0
        rows.append(([e.words[key]], {"value": with_decimals(value, decimals)}))
    return e.plain(rows, columns, "matched", unit="as_named", headings=["item"], notes=["matched_note"])


def growth(e: Evaluation) -> WageTable | None:
    """Matched enterprises by band of change; None without a last wave."""
    if e.before is None:
        return None
    counted = amounts_of.growth(e.before, e.now)
    return _bands(
        e,
        counted, amounts_of.GROWTH_EDGES, "growth", {"pay": "pay_growth", "headcount": "headcount_growth"},
        "change", percent=True,
    )  # fmt: skip


def _bands(
    e: Evaluation,
    counted: pd.DataFrame,
    edges: Sequence[float],
    key: str,
    measures: Mapping[str, str],
    heading: str,
    *,
    percent: bool,
) -> WageTable:
    """Enterprises by band, one measure after the other; neighbouring bands are joined where one is too small."""
    rows: Rows = []
    joined = False
    for name, word in measures.items():
        mine = counted[[name]]
        if mine[name].sum() == 0:
            continue
        groups = join_items(mine, e.about.rules, ordered=True)
        joined |= any(len(group) > 1 for group in groups)
        band = mine.index.get_level_values(0)
        for group in groups:
            count = float(mine[name][band.isin(group)].sum())
            names = [e.words[word], band_name(group, edges, e.words, percent=percent)]
            rows.append((names, {"enterprises": count, "share": 100 * count / float(mine[name].sum())}))
    columns = [
        CountColumn("enterprises", e.words["enterprises"]),
        CountColumn("share", e.words["share"], unit="%", decimals=1),
    ]
    notes = [f"{key}_note"] if f"{key}_note" in e.words else []
    return e.plain(
        rows, columns, key, unit="count_share", headings=["item", heading], notes=notes, joined=joined,
    )  # fmt: skip


def band_name(codes: Group, edges: Sequence[float], words: Mapping[str, str], *, percent: bool) -> str:
    """The name of bands that are printed as one, from the lower end of the first to the upper end of the last.

    >>> from wagekit.publish.evaluation.words import WORDS
    >>> band_name(("0", "1"), [0.5, 0.8, 1.25], WORDS["zh"], percent=False)
    '低于0.8'
    >>> band_name(("2",), [-0.2, 0.0, 0.1], WORDS["en"], percent=True)
    '0% to 10%'
    """

    def said(edge: float) -> str:
        return f"{edge * 100:g}%" if percent else f"{edge:g}"

    first, last = int(codes[0]), int(codes[-1])
    if first == 0 and last == len(edges):
        return words["from_edge"].format(low=said(-1.0 if percent else 0.0))
    if first == 0:
        return words["below_edge"].format(high=said(edges[last]))
    if last == len(edges):
        return words["from_edge"].format(low=said(edges[first - 1]))
    return words["between"].format(low=said(edges[first - 1]), high=said(edges[last]))
