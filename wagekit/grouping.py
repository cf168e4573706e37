"""Sets of groupings: a table together with its totals, planned and estimated at once (SQL's GROUPING SETS).

Every grouping gives the rows that it would give alone: what misses a value in a column counts in the totals over that
column and nowhere else. Sums over enterprises are made for the finest grouping and added up for the others, so that
points and errors of coarser groupings may differ from those of a separate call in the last digits; percentiles themselves
and counts do not.

Examples
--------
>>> import pandas as pd, wagekit as wk
>>> frame = pd.DataFrame({"pay": [10.0, 20, 30, 40], "w": 1.0, "firm": [1, 2, 3, 4], "sex": ["f", "m", "f", "m"]})
>>> wk.Survey(frame, weights="w", psu="firm").mean("pay", by=wk.cube("sex")).frame[["sex", "estimate"]].values.tolist()
[['_T', 25.0], ['f', 20.0], ['m', 30.0]]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from wagekit.errors import InputError

TOTAL = "_T"
"""Stands in a domain column for all its values together, as in SDMX code lists (合计)."""


@dataclass(frozen=True)
class GroupingSets:
    """Several groupings of one survey, to be estimated together; made by :func:`cube`, :func:`rollup`,
    :func:`grouping_sets`.

    Parameters
    ----------
    columns : all domain columns, in the order of the result's.
    sets : the groupings, each some of the columns in that order; none: all of the survey together.
    """

    columns: tuple[str, ...]
    sets: tuple[tuple[str, ...], ...]

    @property
    def totalled(self) -> tuple[str, ...]:
        """Columns that some grouping leaves out: there they hold :data:`TOTAL`."""
        return tuple(name for name in self.columns if any(name not in one for one in self.sets))


def grouping_sets(*sets: str | Sequence[str]) -> GroupingSets:
    """Groupings that are listed one by one.

    Parameters
    ----------
    sets : columns that are crossed; ``[]`` for all together. Repeated groupings count once.

    Raises
    ------
    InputError
        If there is none, or a column stands twice in one.

    Examples
    --------
    >>> grouping_sets(["industry", "occupation"], ["industry"], []).totalled
    ('industry', 'occupation')
    """
    named = [(one,) if isinstance(one, str) else tuple(one) for one in sets]
    if not named:
        raise InputError("there is no grouping", where="grouping_sets", expected="at least one")
    for one in named:
        twice = next((name for name in one if one.count(name) > 1), None)
        if twice is not None:
            raise InputError(f"column {twice!r} stands twice in one grouping", where="grouping_sets")
    columns = tuple(dict.fromkeys(name for one in named for name in one))
    ordered = [tuple(name for name in columns if name in one) for one in named]
    return GroupingSets(columns, tuple(dict.fromkeys(ordered)))


def cube(*columns: str) -> GroupingSets:
    """Every combination of the columns, with the totals over each of them and over all.

    Examples
    --------
    >>> cube("industry", "occupation").sets
    (('industry', 'occupation'), ('industry',), ('occupation',), ())
    """
    subsets = [one for size in range(len(columns), -1, -1) for one in combinations(columns, size)]
    return grouping_sets(*subsets)


def rollup(*columns: str) -> GroupingSets:
    """The crossing of the columns and its totals over the last, the last two, … and over all.

    Examples
    --------
    >>> rollup("region", "industry", "occupation").sets[1:]
    (('region', 'industry'), ('region',), ())
    """
    return grouping_sets(*(columns[:size] for size in range(len(columns), -1, -1)))
