"""The cells of one table of estimates: listed and summed in the engine, numbered in the order of their values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from wagekit.arrays import Codes, Floats
from wagekit.design import Design
from wagekit.engines import expressions
from wagekit.engines.assemble import SummedCells, summed_cells
from wagekit.engines.scanned_design import Strata, require_columns
from wagekit.engines.source import fetch, keep
from wagekit.errors import InputError
from wagekit.statistics.distribution import TIE

if TYPE_CHECKING:
    import pandas as pd

STEPS = 256.0
"""Bins that a standard deviation of a cell is cut into: only rows in the bins of percentiles and limits are sorted."""

ROWS_AT_ONCE = 20_000_000
"""Rows whose units' totals DuckDB makes at once: reading the file once more for other cells is quicker than keeping
the totals of all cells in temporary files."""


@dataclass(frozen=True, eq=False)
class CellTable:
    """The domains of a table of estimates over a scanned survey.

    Parameters
    ----------
    rows : the columns that the table needs, in the engine.
    numbered : its cells, in the engine.
    sums : one row a domain, in the order of the domains' values: their columns, then the engine's sums.
    """

    engine: Any
    design: Design
    strata: Strata
    by: tuple[str, ...]
    rows: Any
    numbered: Any
    sums: pd.DataFrame

    @property
    def count(self) -> int:
        """Number of cells."""
        return len(self.sums)

    @property
    def domains(self) -> pd.DataFrame:
        """One row a cell, the columns in `by`."""
        import pandas as pd

        if not self.by:
            return pd.DataFrame(index=range(self.count))
        columns = {name: self.sums[f"b{k}"] for k, name in enumerate(self.by)}
        return pd.DataFrame(columns)

    def __getitem__(self, name: str) -> Floats:
        """One of the engine's sums, shape (count,), 0 where there is no row with a value."""
        return np.asarray(np.nan_to_num(self.sums[name].to_numpy(dtype=np.float64, na_value=np.nan)))

    def with_parameters(self, parameters: Mapping[str, Floats], chosen: Codes | None = None) -> Any:
        """The rows with a value in the engine, with their cell and values of shape (count,) for each cell.

        Parameters
        ----------
        chosen : cells whose rows are wanted; all that have some by default.
        """
        filled = np.flatnonzero(self["n"] > 0) if chosen is None else chosen
        columns = {"number": self.sums["number"].to_numpy(dtype=np.int64)[filled], "cell": filled}
        columns |= {name: np.nan_to_num(values[filled]) for name, values in parameters.items()}
        return expressions.coded(self.rows, self.numbered, pa.table(columns), len(self.by))

    def _parts(self) -> list[Codes]:
        """Cells in parts whose units' totals the engine can hold in memory at once."""
        n = self["n"]
        filled = np.flatnonzero(n > 0)
        if self.engine.name != "duckdb":
            return [filled]
        part = (np.cumsum(n[filled]) - 1) // ROWS_AT_ONCE
        return [filled[part == number] for number in np.unique(part)] or [filled]

    def summed(self, parameters: Mapping[str, Floats], scores: Callable[[Any], Mapping[str, Any]]) -> SummedCells:
        """Cells with the moments of the unit totals of linearized variables.

        Parameters
        ----------
        parameters : what the scores need, of shape (count,) each.
        scores : from the rows with the parameters to the linearized variables, and squared deviations as ``spread``.
        """
        import pandas as pd

        found = []
        for chosen in self._parts():
            rows = self.with_parameters(parameters, chosen)
            moments = expressions.unit_moments(rows, scores(rows), self.design, self.strata.table)
            found.append(fetch(self.engine, moments).to_pandas())
        runs = pd.concat(found, ignore_index=True) if len(found) > 1 else found[0]
        return summed_cells(runs, self["positive"], self.strata, self.design.single_psu, self.count)

    @cached_property
    def _bins(self) -> tuple[Any, Any, Floats]:
        """Rows with their bins, the bins, both in the engine, and the sum of weights of each cell."""
        spread = self["spread"]
        step = np.where(spread > 0, spread / STEPS, 1.0)
        rows = expressions.binned(self.with_parameters({"level": self["level"], "step": step}))
        bins = keep(self.engine, expressions.bins(rows))
        found = fetch(self.engine, expressions.whole(bins))
        whole = np.full(self.count, np.nan)
        whole[found["cell"].to_numpy()] = found["whole"].to_numpy()
        return rows, bins, whole

    def look_up(self, probability: Floats) -> tuple[Floats, Floats]:
        """inf{y: F(y) >= p} and F there in each cell; `probability` and both results have shape (count, k)."""
        rows, bins, whole = self._bins
        cell, k = np.nonzero(~np.isnan(probability) & ~np.isnan(whole)[:, None])
        target = np.maximum(probability[cell, k] * whole[cell] * (1.0 - TIE), np.finfo(np.float64).tiny)
        value, share = np.full(probability.shape, np.nan), np.full(probability.shape, np.nan)
        if cell.size:
            targets = pa.table({"cell": cell, "k": k, "target": target})
            found = fetch(self.engine, expressions.look_up(rows, bins, targets))
            at = found["cell"].to_numpy(), found["k"].to_numpy()
            value[at] = found["value"].to_numpy()
            share[at] = np.minimum(found["reached"].to_numpy() / whole[at[0]], 1.0)
        return value, share


def cell_table(
    engine: Any, table: Any, design: Design, strata: Strata, by: tuple[str, ...], y: str | None, x: str | None = None
) -> CellTable:
    """List and sum the cells of a table.

    Parameters
    ----------
    y : the variable; None for 1 in every row.
    x : a second one, without which a row counts as having no value.

    Raises
    ------
    InputError
        If a column is missing, not of numbers, or holds infinite values.
    """
    variables = [name for name in (y, x) if name is not None]
    require_columns(table, (*variables, *by), numeric=variables)
    rows = expressions.rows(table, design, by, y, x)
    numbered = keep(engine, expressions.cells(rows, len(by)))
    sums = fetch(engine, numbered).to_pandas()
    for name, word in ((y, "infinite_y"), (x, "infinite_x")):
        if sums[word].sum() > 0:
            raise InputError(
                f"{int(sums[word].sum())} infinite values",
                where=f"column {name!r}",
                expected="finite numbers, or missing values",
            )
    keys = [f"b{k}" for k in range(max(len(by), 1))]
    sums = sums[sums["absent"] == 0].sort_values(keys, ignore_index=True)
    return CellTable(engine, design, strata, by, rows, numbered, sums)
