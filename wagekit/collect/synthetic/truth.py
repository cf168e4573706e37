"""Population values of the synthetic district: what estimates from a sample ought to come near (模拟数据)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd


def population_values(
    frame: pd.DataFrame, columns: list[str], q: Sequence[float] = (10, 25, 50, 75, 90)
) -> pd.DataFrame:
    """Percentiles, mean, total and counts of annual pay in each cell of `columns`, see ``Population.truth``.

    Parameters
    ----------
    frame : everybody, see ``Population.employees``.
    """
    if columns:
        groups = frame.groupby(columns, observed=True, sort=True)
        cell = groups.ngroup().fillna(-1).to_numpy(dtype=np.int64)
        result = groups["enterprise_id"].first().index.to_frame(index=False)
    else:
        cell = np.zeros(len(frame), dtype=np.int64)
        result = pd.DataFrame(index=range(1))
    inside = cell >= 0  # a worker without a value of `by` (no size standard, for instance) lies in no cell
    cell = cell[inside]
    pay = frame["annual_pay"].to_numpy()[inside]
    enterprise = frame["enterprise_id"].cat.codes.to_numpy()[inside]
    order = np.lexsort((pay, cell))
    count = np.bincount(cell, minlength=len(result))
    start = np.cumsum(count) - count
    for percent in q:
        # The smallest rank whose share reaches p; the tolerance keeps whole ranks whole.
        rank = np.ceil(percent / 100 * count * (1 - 1e-12)).astype(np.int64)
        result[f"p{percent:g}"] = pay[order][start + np.maximum(rank, 1) - 1]
    total = np.bincount(cell, weights=pay, minlength=len(result))
    result["mean"] = total / count
    result["total"] = total
    result["workers"] = count
    pairs = np.unique(cell * (int(enterprise.max()) + 1) + enterprise)
    result["enterprises"] = np.bincount(pairs // (int(enterprise.max()) + 1), minlength=len(result))
    return result
