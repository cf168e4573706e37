"""Estimates laid out otherwise for a table: statistics as rows, limits and classes as columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from wagekit.estimates import Estimates


def rows_as_items(made: Estimates, column: str, codes: Mapping[str, str], words: Mapping[str, str]) -> Estimates:
    """Estimates of one domain with their statistics as items of a column: each word's code and new word."""
    frame = made.frame[made.frame["statistic"].isin(list(codes))]
    domains = made.domains[made.domains["statistic"].isin(list(codes))]

    def moved(part: Any) -> Any:
        items = {column: part["statistic"].map(dict(codes)), "statistic": part["statistic"].map(dict(words))}
        return part.assign(**items).reset_index(drop=True)

    return replace(made, frame=moved(frame), domains=moved(domains), by=(column,), source=None)


def with_limits(made: Estimates, word: str) -> Estimates:
    """The estimates and the limits of one statistic as further statistics, judged by the same counts and error."""
    import pandas as pd

    names = {f"{word}_{column}": column for column in ("ci_lower", "ci_upper")}
    own = made.frame[made.frame["statistic"] == word]
    frame = pd.concat([made.frame, *(own.assign(statistic=name, estimate=own[c]) for name, c in names.items())])
    domains = made.domains
    if "statistic" in domains:
        mine = domains[domains["statistic"] == word]
        domains = pd.concat([domains, *(mine.assign(statistic=name) for name in names)], ignore_index=True)
    return replace(made, frame=frame.reset_index(drop=True), domains=domains, source=None)


def one_class(made: Estimates, statistic: str, word: str, code: str) -> Estimates:
    """One statistic of one class of post under another word, by the other columns."""

    def chosen(part: Any) -> Any:
        mine = part[(part["statistic"] == statistic) & (part["post_class"] == code)]
        return mine.assign(statistic=word).drop(columns="post_class").reset_index(drop=True)

    by = tuple(name for name in made.by if name != "post_class")
    return replace(made, frame=chosen(made.frame), domains=chosen(made.domains), by=by, source=None)
