"""What the guidance shares: one statistic over a table with what release rules need, and several of them as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from wagekit.arrays import Flags, Floats
from wagekit.estimates import Estimates
from wagekit.models.formulas import check_level, description
from wagekit.results import TableSource, counted, to_estimates
from wagekit.statistics.cells import Cells
from wagekit.statistics.estimation import estimate
from wagekit.statistics.result import Result
from wagekit.statistics.variable import Variable
from wagekit.statistics.variance import Linearized
from wagekit.survey_statistics import By, names_of

if TYPE_CHECKING:
    import pandas as pd

    from wagekit.survey import Survey

NUMBERS = ("estimate", "se", "cv", "ci_lower", "ci_upper")
"""Columns of a result that a value which is not defined leaves empty."""


@dataclass(frozen=True)
class Asked:
    """A statistic that is asked of the domains of a table.

    Parameters
    ----------
    word : its name.
    statistic : from cells to a :class:`~wagekit.statistics.result.Result`.
    present : shape (n,), rows that have what the statistic needs.
    sizes : each of shape (n,), what the statistic is made of, without weights: one enterprise's largest share of
        any of them is what a rule against dominance looks at.
    """

    word: str
    statistic: Callable[[Cells], Result]
    present: Flags
    sizes: Sequence[Floats] = ()


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
    word, statistic, present, sizes : as :class:`Asked` has them.
    by : domain columns.
    variable : what was estimated; `word` if empty.
    """
    made = statistics_of(survey, by, [Asked(word, statistic, present, sizes)], variable=variable, level=level)
    return replace(made, domains=made.domains.drop(columns="statistic"))


def statistics_of(
    survey: Survey, by: By, asked: Sequence[Asked], *, variable: str = "", level: float = 0.95, **metadata: Any
) -> Estimates:
    """Several statistics in each domain, what they share worked out once; otherwise as :func:`together` has them.

    Parameters
    ----------
    by : domain columns.
    asked : the statistics, in their order within a domain.
    variable : what was estimated; the first statistic's name if empty.
    metadata : further metadata of the estimates.
    """
    check_level(level)
    code, domains = survey.cross(by)
    ones = Variable(np.ones(survey.sample.n))
    shared: dict[bytes, Cells] = {}
    tables, largest = [], []
    for one in asked:
        # Mostly the same rows answer all: their cells are counted once.
        key = np.packbits(one.present).tobytes()
        if key not in shared:
            shared[key] = Cells(survey.sample, np.where(one.present, code, -1), len(domains), ones)
        cells = shared[key]
        tables.append(counted(estimate(cells, one.statistic, level=level), ones))
        largest.append(_largest(cells, one.sizes) if one.sizes else None)
    count = len(asked)
    order = np.arange(count * len(domains)).reshape(count, -1).T.reshape(-1)
    words = [one.word for one in asked]
    rows = domains.take(np.repeat(np.arange(len(domains)), count)).reset_index(drop=True)
    about = {**description(survey, level), **metadata}
    made = to_estimates(variable or words[0], names_of(by), rows, ones, words[:1], tables, about, order)
    named = _repeated(words, len(domains))
    described = made.domains.copy()
    described.insert(len(made.by), "statistic", named)
    own = described["largest_total_share"].to_numpy().reshape(-1, count).T
    shares = [given if given is not None else default for given, default in zip(largest, own, strict=True)]
    described["largest_total_share"] = np.stack(shares, axis=1).reshape(-1)
    made = replace(made, frame=made.frame.assign(statistic=named), domains=described)
    return blanked(made, (made.frame["flag"] == "not_defined").to_numpy())


def _repeated(words: Sequence[str], times: int) -> Any:
    import pandas as pd

    return pd.array(list(words), dtype="str").take(np.tile(np.arange(len(words)), times))


def with_sizes(estimates: Estimates, cells: Cells, sizes: Sequence[Floats]) -> Estimates:
    """The estimates with the largest enterprise's share of what they are made of, see :func:`one_statistic`.

    A size that is 0 throughout a domain has no share there: a rule against dominance then holds the domain back.
    """
    if not sizes:
        return estimates
    return replace(estimates, domains=estimates.domains.assign(largest_total_share=_largest(cells, sizes)))


def _largest(cells: Cells, sizes: Sequence[Floats]) -> Floats:
    """The largest enterprise's share of any of some sizes in each cell, shape (cells,)."""
    weights = cells.sample.weights
    return np.asarray(np.maximum.reduce([cells.largest_share(np.abs(size) * weights) for size in sizes]))


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
