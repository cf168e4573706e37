"""Tables of completeness: missing answers, response of the sampled enterprises, sample beside population."""

from __future__ import annotations

import math

import pandas as pd

from wagekit.collect.questionnaire import Table
from wagekit.publish.count_table import CountColumn, join_items, may_be_shown, other_name
from wagekit.publish.evaluation import amounts as amounts_of
from wagekit.publish.evaluation.context import Evaluation, Figures, Rows
from wagekit.publish.table import WageTable


def unanswered(e: Evaluation) -> WageTable:
    """Missing answers by question, those that lack none left out."""
    columns = [
        CountColumn("missing", e.words["missing"]),
        CountColumn("missing_rate", e.words["missing_rate"], unit="%", decimals=2),
        CountColumn("missing_weighted", e.words["missing_weighted"], unit="%", decimals=2),
    ]
    rows: Rows = []
    joined = False
    for table in ("employee", "enterprise"):
        counted = amounts_of.unanswered(e.now, table)
        lacking = counted.groupby(level=0)["rows"].transform("sum") > 0
        groups = join_items(counted[lacking][["rows"]], e.about.rules) if lacking.any() else []
        joined |= any(len(group) > 1 for group in groups)
        for group in groups:
            part = counted[counted.index.get_level_values(0).isin(group)].sum()
            name = e.field(table, group[0]) if len(group) == 1 else other_name(e.about.language)
            figures = {
                "missing": float(part["rows"]),
                "missing_rate": 100 * part["rows"] / part["asked"],
                "missing_weighted": 100 * part["weight"] / part["asked_weight"],
            }
            rows.append(([e.words[table], name], figures))
    return e.plain(
        rows, columns, "unanswered", unit="count_share", headings=["table", "field"], notes=["unanswered_note"],
        joined=joined,
    )  # fmt: skip


def mean_unanswered(e: Evaluation, table: Table) -> tuple[int, int, float | None]:
    """Questions asked, those with missing answers, and the mean share missing in per cent; None if held back."""
    counted = amounts_of.unanswered(e.now, table)
    lacking = int((counted.groupby(level=0)["rows"].sum() > 0).sum())
    shown = may_be_shown(counted[["rows"]].groupby(level=1).sum(), e.about.rules)
    rate = 100 * counted["rows"].sum() / counted["asked"].sum() if shown else None
    return len(amounts_of.asked(e.now, table)), lacking, rate


def outcome(e: Evaluation) -> WageTable | None:
    """What came of the drawn enterprises; None without a list of them."""
    if e.drawn is None:
        return None
    counted = amounts_of.response(e.now, e.drawn, None)
    kinds = ["usable", "refused", "silent"]
    if not may_be_shown(counted[kinds].droplevel(0), e.about.rules):
        # "Received but refused" is then counted as no usable response.
        kinds = ["usable", "lost"] if may_be_shown(counted[["usable", "lost"]].droplevel(0), e.about.rules) else []
    names = {"usable": "usable", "refused": "came_refused", "silent": "silent", "lost": "lost"}
    whole = counted.sum()
    rows: list[tuple[list[str], Figures]] = [
        ([e.words["drawn"]], {"enterprises": whole["drawn"], "share": 100.0, "share_weighted": 100.0,
                                 "share_workers": 100.0}),
    ]  # fmt: skip
    for kind in kinds:
        mine = counted[counted[kind] > 0].sum()
        rows.append(
            (
                [e.words[names[kind]]],
                {
                    "enterprises": float(mine["drawn"]),
                    "share": 100 * mine["drawn"] / whole["drawn"],
                    "share_weighted": 100 * mine["weight"] / whole["weight"],
                    "share_workers": 100 * mine["workers"] / whole["workers"],
                },
            )
        )
    columns = [
        CountColumn("enterprises", e.words["enterprises"]),
        *(CountColumn(key, e.words[key], unit="%", decimals=1) for key in ("share", "share_weighted", "share_workers")),
    ]
    return e.plain(rows, columns, "outcome", unit="count_share", headings=["outcome"], notes=["response_note"])


def response(e: Evaluation, by: str) -> WageTable | None:
    """Response rates by ``industry`` or ``enterprise_size``; None where the list of the drawn lacks it."""
    needed = "industry_code" if by == "industry" else by
    if e.drawn is None or needed not in e.drawn:
        return None
    rates = {"unweighted": "usable", "weighted": "usable_weight", "weighted_workers": "usable_workers"}
    bases = {"unweighted": "drawn", "weighted": "weight", "weighted_workers": "workers"}

    def figures(part: pd.DataFrame) -> Figures:
        whole = part.sum()
        shares = {key: 100 * whole[top] / whole[bases[key]] for key, top in rates.items()}
        return {"drawn": float(whole["drawn"]), "usable": float(whole["usable"]), **shares}

    columns = [
        CountColumn("drawn", e.words["drawn_count"]),
        CountColumn("usable", e.words["usable_count"]),
        *(CountColumn(key, e.words[key], e.words["response_rate"], "%", 1) for key in rates),
    ]
    return e.counted(
        amounts_of.response(e.now, e.drawn, by), figures, columns, "response", by,
        guarded=["usable", "lost"], notes=["response_note"],
    )  # fmt: skip


def coverage(e: Evaluation, by: str = "industry") -> WageTable:
    """Sample, population that it stands for, sampling fractions, headcount beside the frame's."""

    def figures(part: pd.DataFrame) -> Figures:
        whole = part.sum()
        return {
            **{key: float(whole[key]) for key in ("enterprises", "employees", "population", "workers")},
            "people_fraction": 100 * whole["employees"] / whole["workers"],
            "frame_ratio": 100 * whole["headcount"] / whole["frame_headcount"]
            if whole["frame_headcount"] > 0
            else math.nan,
        }

    firms, people = e.words["firms_column"], e.words["people_column"]
    columns = [
        CountColumn("enterprises", firms, e.words["in_sample"]),
        CountColumn("employees", people, e.words["in_sample"]),
        CountColumn("population", firms, e.words["in_population"]),
        CountColumn("workers", people, e.words["in_population"]),
        CountColumn("people_fraction", e.words["fraction"], e.words["ratios"], "%", 1),
        CountColumn("frame_ratio", e.words["frame_ratio"], e.words["ratios"], "%", 1),
    ]
    return e.counted(
        amounts_of.coverage(e.now), figures, columns, "coverage", by,
        guarded=["enterprises", "employees", "workers"], notes=["coverage_note"],
    )  # fmt: skip
