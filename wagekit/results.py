"""Wraps estimated arrays as the tidy Estimates that users see, and compares their rows with one another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from wagekit.arrays import Codes, Floats, divide
from wagekit.estimates import Estimates
from wagekit.statistics.cells import Cells
from wagekit.statistics.estimation import Estimated, freedom, replicate_deviations
from wagekit.statistics.variable import Numbers, Variable
from wagekit.statistics.variance import Linearized, covariance

if TYPE_CHECKING:
    import pandas as pd


def to_estimates(
    variable: str,
    by: tuple[str, ...],
    domains: pd.DataFrame,
    values: Numbers,
    words: Sequence[str],
    estimated: Estimated | Sequence[Estimated],
    metadata: Mapping[str, Any],
    order: Codes | None = None,
) -> Estimates:
    """Estimates of k statistics over a table's domains.

    Parameters
    ----------
    domains : one row a cell, the columns in `by`.
    values : the variable, for the largest unit's share of its total.
    words : names of the k statistics.
    estimated : of one grouping, or of several one after another.
    order : shape (cells,), the place among the groupings' cells of each row of `domains`; None: they are in order.
    """
    import pandas as pd

    tables, k = (estimated,) if isinstance(estimated, Estimated) else tuple(estimated), len(words)
    found = [counted(table, values).counts or {} for table in tables]

    def ordered(arrays: list[Any]) -> Any:
        whole = arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
        return whole if order is None else whole[order]

    counts = {name: ordered([one[name] for one in found]) for name in found[0]}
    estimates = {
        name: ordered([getattr(table, name) for table in tables]).reshape(-1)
        for name in ("point", "se", "lower", "upper", "deff", "flag")
    }
    columns = {
        "statistic": pd.array(list(words), dtype="str").take(np.tile(np.arange(k), len(domains))),
        "estimate": estimates["point"],
        "se": estimates["se"],
        "cv": divide(estimates["se"], np.abs(estimates["point"])),
        "ci_lower": estimates["lower"],
        "ci_upper": estimates["upper"],
        "df": np.repeat(ordered([table.df for table in tables]), k),
        "deff": estimates["deff"],
        "n": np.repeat(counts["n"], k),
        "n_psu": np.repeat(counts["n_psu"], k),
        "flag": estimates["flag"].astype(object),
    }
    # Each frame is made at once: one that is put together column by column costs more than a small table itself.
    named = {str(name): domains[name] for name in domains}
    rows = np.repeat(np.arange(len(domains)), k)
    repeated = {name: column.take(rows).reset_index(drop=True) for name, column in named.items()}
    frame = pd.DataFrame(repeated | columns)
    described = pd.DataFrame(named | counts, index=domains.index)
    position = None if order is None else (order[:, None] * k + np.arange(k)).reshape(-1)
    source = TableSource(tables, position)
    return Estimates(frame, by, variable, described, dict(metadata), source)


def counted(estimated: Estimated, values: Numbers, cells: Cells | None = None) -> Estimated:
    """Estimates that know the counts of their cells, and no longer their groups.

    Parameters
    ----------
    values : the variable whose weighted total the largest unit has a share of.
    cells : the cells that the estimates were made in, where they remember others.
    """
    if estimated.counts is not None:
        return estimated
    groups = estimated.parts or (cells or estimated.cells,)
    counts = domain_counts(groups, [values] * len(groups))
    some = slice(0, estimated.cells.count)
    return replace(estimated, counts={name: array[some] for name, array in counts.items()}, parts=())


def domain_counts(parts: Sequence[Cells], values: Sequence[Numbers]) -> dict[str, Codes | Floats]:
    """What ``Estimates.domains`` tells of each cell, by column: counts, and the largest unit's shares.

    Parameters
    ----------
    parts : the cells; or, of an estimate that holds groups or waves against one another, the cells of each: the
        counts are then of the one that has fewer and the shares of the one where they are larger.
    values : the variable of each, whose weighted total the largest unit has a share of.
    """
    found = []
    for cells, amount in zip(parts, values, strict=True):
        tally = (cells if cells.amount is amount else replace(cells, amount=_filled(amount))).tally
        found.append(
            {
                "n": cells.weighted_respondents.astype(np.int64),
                "n_psu": tally.units,
                "population": cells.population,
                "largest_share": tally.largest_share,
                "largest_weighted_share": tally.largest_weighted_share,
                "largest_total_share": tally.largest_amount_share,
            }
        )
    nearer: dict[str, Codes | Floats] = {}
    for name in found[0]:
        columns = [one[name] for one in found]
        nearer[name] = np.fmax.reduce(columns) if name.startswith("largest") else np.minimum.reduce(columns)
    return nearer


def _filled(amount: Numbers) -> Variable:
    return amount if isinstance(amount, Variable) else Variable(np.nan_to_num(amount))


@dataclass(frozen=True, eq=False)
class TableSource:
    """The estimated tables behind the rows of an Estimates frame, one after another.

    Parameters
    ----------
    tables : each gives cells x k rows, cell by cell.
    position : shape (rows,), which of those rows each row of the frame is; None where they are in order.
    """

    tables: tuple[Estimated, ...]
    position: Codes | None = None

    def covariance(self, rows: Codes) -> Floats:
        """Covariance matrix of rows of the frame, by linearization or from the replicates."""
        wanted = rows if self.position is None else self.position[rows]
        replicates = self.tables[0].cells.sample.replicates
        if replicates is not None:
            return self._replicate_covariance(wanted)
        parts: list[tuple[Cells, Linearized]] = []
        places: list[Codes] = []
        for first, table in self._numbered():
            k = len(table.linearize)
            inside = np.flatnonzero((wanted >= first) & (wanted < first + table.cells.count * k))
            for statistic in range(k):
                mine = inside[(wanted[inside] - first) % k == statistic]
                if mine.size == 0:
                    continue
                chosen = (wanted[mine] - first) // k
                parts.append(_restricted(table.cells, table.linearize[statistic](), chosen))
                places.append(mine)
        order = np.concatenate(places)
        result = np.empty((rows.size, rows.size))
        result[np.ix_(order, order)] = covariance(parts)
        return result

    def _replicate_covariance(self, wanted: Codes) -> Floats:
        replicates = self.tables[0].cells.sample.replicates
        assert replicates is not None
        points = []
        for table in self.tables:
            assert table.replicated is not None
            points.append(table.replicated().reshape(replicates.count, -1))
        full = np.concatenate([table.point.reshape(-1) for table in self.tables])[wanted]
        chosen = np.concatenate(points, axis=1)[:, wanted]
        deviations = replicate_deviations(chosen[replicates.used], full, replicates)
        return np.asarray(deviations.T @ deviations)

    def degrees_of_freedom(self, rows: Codes) -> float:
        """Units less strata in the union of the cells of the rows."""
        wanted = rows if self.position is None else self.position[rows]
        sample = self.tables[0].cells.sample
        union = np.zeros(sample.n, dtype=bool)
        for first, table in self._numbered():
            k = len(table.linearize)
            mine = wanted[(wanted >= first) & (wanted < first + table.cells.count * k)]
            union |= np.isin(table.cells.code, (mine - first) // k)
        return float(freedom(Cells(sample, np.where(union, 0, -1), 1), None)[0])

    def _numbered(self) -> Iterator[tuple[int, Estimated]]:
        first = 0
        for table in self.tables:
            yield first, table
            first += table.cells.count * len(table.linearize)


def _restricted(cells: Cells, linearized: Linearized, chosen: Codes) -> tuple[Cells, Linearized]:
    """Some cells of a table, renumbered in the order chosen."""
    number = np.full(cells.count + 1, -1)
    number[chosen] = np.arange(chosen.size)
    coefficients = None if linearized.coefficients is None else linearized.coefficients[chosen]
    part = Cells(cells.sample, number[cells.code], chosen.size)
    return part, Linearized(linearized.own, linearized.common, coefficients)


def stack(parts: Sequence[Estimates], name: str, values: Sequence[Any]) -> Estimates:
    """Estimates for each of several values as one, the values in a last domain column `name`."""
    import pandas as pd

    first = parts[0]
    by = (*first.by, name)

    def joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
        for frame, value in zip(frames, values, strict=True):
            frame.insert(len(first.by), name, [value] * len(frame))
        whole = pd.concat(frames, ignore_index=True)
        return whole.sort_values(list(by), kind="stable") if first.by else whole

    frame = joined([part.frame.copy() for part in parts])
    return Estimates(
        frame.reset_index(drop=True),
        by,
        first.variable,
        joined([part.domains.copy() for part in parts]).reset_index(drop=True),
        first.metadata,
        joined_source(parts, frame.index.to_numpy(dtype=np.int64)),
    )


def joined_source(parts: Sequence[Estimates], order: Codes) -> TableSource:
    """The source of the rows of several estimates put together.

    Parameters
    ----------
    order : of each row its place among the estimates' rows one after another.
    """
    tables: list[Estimated] = []
    positions: list[Codes] = []
    before = 0
    for part in parts:
        assert isinstance(part.source, TableSource)
        rows = np.arange(len(part.frame)) if part.source.position is None else part.source.position
        positions.append(rows + before)
        tables += part.source.tables
        before += len(part.frame)
    return TableSource(tuple(tables), np.concatenate(positions)[order])
