"""The domains of a table of estimates: their cells one grouping after another, and a frame with a row for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from wagekit.arrays import Arranged, Codes
from wagekit.design import Sample
from wagekit.errors import InputError
from wagekit.grouping import TOTAL, GroupingSets
from wagekit.statistics.cells import Cells, Merged
from wagekit.statistics.crossing import Coded, CrossedRows, Crossing
from wagekit.statistics.variable import Variable

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Domains:
    """The domains of a table.

    Parameters
    ----------
    columns : the domain columns by name.
    crossings : of each grouping, finer ones first.
    sources : for each grouping the number of the one before it that its sums are made from, or None.
    sets : for each grouping the names of its columns.
    """

    columns: Mapping[str, Coded]
    crossings: tuple[Crossing, ...]
    sources: tuple[int | None, ...]
    sets: tuple[tuple[str, ...], ...]

    @cached_property
    def _codes(self) -> dict[str, Codes]:
        """Code of each domain's value in each column, -1 for a total; grouping after grouping."""
        codes = {}
        for name in self.columns:
            parts = []
            for names, crossing in zip(self.sets, self.crossings, strict=True):
                total = np.full(crossing.count, -1, dtype=np.int64)
                parts.append(crossing.parts[names.index(name)] if name in names else total)
            codes[name] = np.concatenate(parts)
        return codes

    @cached_property
    def order(self) -> Codes | None:
        """Places of the frame's rows among the domains grouping after grouping; None where they are the same."""
        if len(self.sets) == 1:
            return None
        return np.lexsort(tuple(self._codes.values())[::-1])

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row a domain, in the order of the columns' values, totals first."""
        import pandas as pd

        if not self.columns:
            return pd.DataFrame(index=[0])
        data = {}
        for name, column in self.columns.items():
            code = self._codes[name] if self.order is None else self._codes[name][self.order]
            if all(name in names for names in self.sets):
                data[name] = pd.Series(column.levels).take(code).reset_index(drop=True)
            else:
                data[name] = pd.Series(with_total(name, code, column.levels))
        return pd.DataFrame(data)

    def cells(self, sample: Sample, absent: Arranged | None, amount: Variable | None) -> Iterator[tuple[Cells, Cells]]:
        """The cells of each grouping, those that miss a value in a column last among them; and those without these.

        The second have nothing kept that is of the rows' number, and are what estimates are to remember.

        Parameters
        ----------
        absent : rows that have no value of the variable.
        amount : the variable whose concentration on units is counted.
        """
        made: dict[int, Cells] = {}
        for number, (crossing, source) in enumerate(zip(self.crossings, self.sources, strict=True)):
            plain = Cells(sample, CrossedRows(crossing, absent), crossing.count, amount)
            if len(self.crossings) == 1:
                yield plain, Cells(sample, plain.given, plain.count, amount)
                return
            given: CrossedRows | Merged = CrossedRows(crossing, absent, every=True)
            if source is not None:
                given = Merged(given, made[source], crossing.of_finer())
            made[number] = Cells(sample, given, crossing.count_of_all, amount)
            yield made[number], plain
            for done in [one for one in made if one not in self.sources[number + 1 :]]:
                del made[done]


def with_total(name: str, code: Codes, levels: Sequence[object]) -> pd.Categorical[Any]:
    """Values of a domain column with totals, as an ordered category whose first is :data:`wagekit.grouping.TOTAL`.

    Parameters
    ----------
    code : of each value, -1 for a total.

    Raises
    ------
    InputError
        If the column itself holds the code of a total.
    """
    import pandas as pd

    known = list(levels)
    if TOTAL in known:
        raise InputError(
            f"it holds {TOTAL!r}, which stands for the total", where=f"column {name!r}", do="Recode that value"
        )
    values: Any = [TOTAL, *known]
    return pd.Categorical.from_codes(code + 1, categories=values, ordered=True)


def plan(columns: Mapping[str, Coded], n: int, inside: Arranged | None, sets: GroupingSets) -> Domains:
    """The domains of several groupings, each made of the smallest one before that has its columns.

    Parameters
    ----------
    columns : the groupings' columns by name.
    n : number of rows.
    inside : rows of the survey's domain; None for all.
    """
    names = sorted(sets.sets, key=len, reverse=True)
    crossings: list[Crossing] = []
    sources: list[int | None] = []
    for number, own in enumerate(names):
        finer = [k for k in range(number) if set(own) < set(names[k])]
        source = min(finer, key=lambda k: crossings[k].count_of_all, default=None)
        chosen = tuple(columns[name] for name in own)
        crossings.append(Crossing(n, chosen, inside, None if source is None else crossings[source]))
        sources.append(source)
    return Domains(columns, tuple(crossings), tuple(sources), tuple(names))
