"""How precise the tables of a release are and how much of them is published, as shares of their values.

The shares are of whole tables: they tell of no value which it is, nor which rule holds it back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from wagekit.disclosure.rules import ReleaseRules, judge
from wagekit.estimates import Estimates
from wagekit.publish.figures import percent
from wagekit.survey import Survey

CV_EDGES = (0.05, 0.10, 0.20)
"""Upper ends of the classes of the coefficient of variation; the last class lies above."""


@dataclass(frozen=True)
class DeclaredTable:
    """A table of the release: what it is called, the variable, the domain columns and the statistics."""

    name: str
    variable: str
    by: tuple[str, ...]
    statistics: tuple[str, ...] = ("p10", "p25", "p50", "p75", "p90", "mean")


@dataclass(frozen=True)
class TableQuality:
    """What becomes of the values of one table.

    Parameters
    ----------
    table : the table.
    items, values : how many items and values it has before the release rules.
    published, confidential, imprecise, absent : shares of the values in per cent: published, held back for
        confidentiality, for too large a sampling error, or not there at all; they make 100.
    cv : shares of the published values in per cent by class of their coefficient of variation, see `CV_EDGES`; none if
        nothing is published.
    """

    table: DeclaredTable
    items: int
    values: int
    published: float
    confidential: float
    imprecise: float
    absent: float
    cv: tuple[float, ...]


def estimates_of(survey: Survey, table: DeclaredTable) -> list[Estimates]:
    """The estimates that a table is made from."""
    percents = [float(share) for word in table.statistics if (share := percent(word))]
    by = list(table.by)
    parts = [survey.percentiles(table.variable, by=by, q=percents)] if percents else []
    if "mean" in table.statistics:
        parts.append(survey.mean(table.variable, by=by))
    return parts


def table_quality(survey: Survey, table: DeclaredTable, rules: ReleaseRules) -> TableQuality:
    """Judge every value of a table by the release rules and sort the published ones by their precision.

    Examples
    --------
    >>> frame = pd.DataFrame({"pay": np.arange(1.0, 121), "firm": np.arange(120) % 12, "w": 1.0})
    >>> found = table_quality(Survey(frame, weights="w", psu="firm"), DeclaredTable("全部", "pay", ()), ReleaseRules())
    >>> found.values, found.published, [round(share, 1) for share in found.cv]
    (6, 50.0, [66.7, 33.3, 0.0, 0.0])
    """
    parts = estimates_of(survey, table)
    frame = pd.concat([part.frame for part in parts], ignore_index=True)
    reason = pd.concat([judge(part, rules)["reason"] for part in parts], ignore_index=True)
    kinds = {
        "published": ("",),
        "confidential": ("too_few_enterprises", "too_few_employees", "dominance"),
        "imprecise": ("precision",),
        "absent": ("not_estimable",),
    }
    shares = {kind: 100 * float(reason.isin(words).mean()) for kind, words in kinds.items()}
    shown = frame[reason == ""]
    census = (shown["flag"] == "census").to_numpy()
    cv = np.where(census, 0.0, (shown["se"] / shown["estimate"]).abs().to_numpy())
    class_of = np.searchsorted(np.array(CV_EDGES), cv, side="left")
    counts = np.bincount(class_of, minlength=len(CV_EDGES) + 1)
    items = frame[list(table.by)].drop_duplicates().shape[0] if table.by else 1
    classes = tuple(100 * float(count) / len(shown) for count in counts) if len(shown) else ()
    return TableQuality(table, items, len(frame), cv=classes, **shares)


def beside(made: Estimates, columns: Mapping[str, str]) -> Estimates:
    """Columns of estimates, such as limits or design effects, as statistics of their own that stand or fall with it.

    Parameters
    ----------
    made : estimates of one statistic a domain.
    columns : new word -> column of the frame.
    """
    relative = (made.frame["se"] / made.frame["estimate"]).abs()
    frames = [
        made.frame.assign(statistic=word, estimate=made.frame[column], se=made.frame[column].abs() * relative)
        for word, column in columns.items()
    ]
    domains = made.domains.drop(columns="statistic", errors="ignore").drop_duplicates(list(made.by) or None)
    return replace(made, frame=pd.concat(frames, ignore_index=True), domains=domains, source=None)


def as_items(parts: Sequence[Estimates], column: str, rules: ReleaseRules) -> Estimates | None:
    """The statistics of estimates for the whole sample as items of a column, by their own word; None if none is left.

    What the rules hold back is left out here, under its own word: a percentile far out asks for more employees.
    """
    frames = [part.frame[(judge(part, rules)["reason"] == "").to_numpy()] for part in parts]
    frame = pd.concat(frames, ignore_index=True)
    if frame.empty:
        return None
    whole = parts[0].domains.drop(columns="statistic", errors="ignore").head(1)
    words = frame["statistic"].tolist()
    domains = pd.concat([whole.assign(**{column: word}) for word in words], ignore_index=True)
    moved = frame.assign(**{column: words, "statistic": "value"})
    return replace(parts[0], frame=moved, by=(column,), domains=domains, source=None)
