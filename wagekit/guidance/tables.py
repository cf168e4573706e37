"""What the guidance shares: one statistic over a table with what release rules need, and several of them as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from wagekit.arrays import Flags, Floats
from wagekit.estimates import Estimates
from wagekit.models.formulas import check_level, description
from wagekit.results import TableSource, to_estimates
from wagekit.statistics.cells import Cells
from wagekit.statistics.estimation import estimate
from wagekit.statistics.result import Result
from wagekit.statistics.variance import Linearized
from wagekit.survey_statistics import By, names_of

if TYPE_CHECKING:
    import pandas as pd

    from wagekit.survey import Survey

NUMBERS = ("estimate", "se", "cv", "ci_lower", "ci_upper")
"""Columns of a result that a value which is not defined leaves empty."""


def one_statistic(
    survey: Survey,
    word: str,
    by: By,
    statistic: Callable[[Cells], Result],
    *,
    present: Flags,
    sizes: Sequence[Floats] = (),
    variable: str = "",
    level: float = 0.95,
) -> Estimates:
    """One statistic in each domain.

    Parameters
    ----------
    word : name of the statistic.
    by : domain columns.
    statistic : from cells to a :class:`~wagekit.statistics.result.Result`.
    present : shape (n,), rows that have what the statistic needs.
    sizes : each of shape (n,), what the statistic is made of, without weights: one enterprise's largest share of
        any of them is what a rule against dominance looks at.
    variable : what was estimated; `word` if empty.
    """
    check_level(level)
    code, domains = survey.cross(by)
    cells = Cells(survey.sample, np.where(present, code, -1), len(domains))
    estimated = estimate(cells, statistic, level=level)
    ones = np.ones(survey.sample.n)
    made = to_estimates(variable or word, names_of(by), domains, ones, [word], estimated, description(survey, level))
    made = with_sizes(made, cells, sizes)
    return blanked(made, (made.frame["flag"] == "not_defined").to_numpy())


def with_sizes(estimates: Estimates, cells: Cells, sizes: Sequence[Floats]) -> Estimates:
    """The estimates with the largest enterprise's share of what they are made of, see :func:`one_statistic`.

    A size that is 0 throughout a domain has no share there: a rule against dominance then holds the domain back.
    """
    if not sizes:
        return estimates
    largest = [cells.largest_share(np.abs(size) * cells.sample.weights) for size in sizes]
    return replace(estimates, domains=estimates.domains.assign(largest_total_share=np.maximum.reduce(largest)))


def where_defined(result: Result, defined: Flags) -> Result:
    """The result without a value in cells where it is not defined; these then disturb no other cell."""

    def linearize() -> Linearized:
        made = result.linearize()
        return replace(made, own=np.nan_to_num(made.own, posinf=0.0, neginf=0.0))

    return replace(result, point=np.where(defined, result.point, np.nan), linearize=linearize)


def blanked(estimates: Estimates, rows: Flags) -> Estimates:
    """The estimates with `rows`, shape (rows of the frame,), holding no number and flagged ``not_defined``."""
    if not rows.any():
        return estimates
    frame = estimates.frame.copy()
    frame.loc[rows, list(NUMBERS)] = np.nan
    frame.loc[rows, "flag"] = "not_defined"
    return replace(estimates, frame=frame)


def together(parts: Sequence[Estimates], **metadata: Any) -> Estimates:
    """Estimates of one statistic each, made from one survey for the same domain columns, as one.

    Every domain's statistics stand below one another in the order of `parts`. The domains are described for each
    statistic, since each rests on the rows that have its columns. Covariances between the statistics stay known.
    """
    import pandas as pd

    first = parts[0]
    words = [str(part.frame["statistic"].iloc[0]) if len(part) else "" for part in parts]
    frame = pd.concat([part.frame for part in parts], ignore_index=True)
    if first.by:
        frame = frame.sort_values(list(first.by), kind="stable")
    described = [_with_statistic(part, word) for part, word in zip(parts, words, strict=True)]
    domains = pd.concat(described, ignore_index=True)
    if first.by:
        domains = domains.sort_values(list(first.by), kind="stable")
    tables = tuple(table for part in parts if isinstance(part.source, TableSource) for table in part.source.tables)
    source = TableSource(tables, frame.index.to_numpy(dtype=np.int64)) if len(tables) == len(parts) else None
    return Estimates(
        frame.reset_index(drop=True),
        first.by,
        first.variable,
        domains.reset_index(drop=True),
        {**first.metadata, **metadata},
        source,
    )


def _with_statistic(part: Estimates, word: str) -> pd.DataFrame:
    described = part.domains.copy()
    described.insert(len(part.by), "statistic", word)
    return described


def with_words(estimates: Estimates, words: Mapping[str, str]) -> Estimates:
    """The estimates with other names of their statistics."""
    return replace(estimates, frame=estimates.frame.assign(statistic=estimates.frame["statistic"].replace(dict(words))))
