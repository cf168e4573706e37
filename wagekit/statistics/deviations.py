"""Linearized variables, their totals over sampling units, and the deviations of these that variances add up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from wagekit.arrays import Codes, Floats, divide
from wagekit.design import Sample, Stage
from wagekit.statistics.acceleration import compiled
from wagekit.statistics.cells import Cells
from wagekit.statistics.segments import segment_sum

CHUNK = 4_000_000
"""Numbers held at once where unit totals of all cells are laid out densely (32 MB)."""


@dataclass(frozen=True, eq=False)
class Linearized:
    """Linearized variable of one statistic for all cells, weights included.

    Parameters
    ----------
    own : shape (n,), each row's value for its own cell.
    common : dense or sparse, shape (n, k), columns that matter to every cell, or None.
    coefficients : shape (cells, k): cell c's linearized variable is ``own`` where the row lies in c, plus
        ``common @ coefficients[c]`` everywhere.
    """

    own: Floats
    common: Any = None
    coefficients: Floats | None = None


def unit_deviations(sample: Sample, stage: Stage, totals: Floats) -> Floats:
    """Deviations of unit totals whose squares add up to one stage's variance.

    Parameters
    ----------
    totals : shape (U, m), unit totals of m linearized variables over the whole sample.

    Returns
    -------
    Shape (U, m), scaled, so that ``d.T @ d`` is the stage's covariance matrix.
    """
    starts = np.concatenate(([0], np.cumsum(stage.size)))
    if stage.weighted_centre:
        weighted = segment_sum(stage.scale[:, None] * totals, starts)
        mean = np.nan_to_num(divide(weighted, stage.scale_sum[:, None]))
    else:
        mean = segment_sum(totals, starts) / stage.size[:, None]
    if _grand_mean(sample, stage):
        mean[stage.single] = totals.sum(axis=0) / stage.size.sum()
    deviations = totals - mean[stage.stratum]
    deviations *= np.sqrt(deviation_factor(sample, stage))[:, None]
    return deviations


def _grand_mean(sample: Sample, stage: Stage) -> bool:
    """Whether lone units are held against the mean over all units."""
    return sample.single_psu == "adjust" and stage is sample.first and bool(stage.single.any())


def stratum_means(sample: Sample, stage: Stage, totals: Any) -> Floats:
    """What the units of each stratum are held against, shape (cells, H).

    Parameters
    ----------
    totals : sparse, shape (cells, U).
    """
    units = np.arange(stage.stratum.size)
    weights = stage.scale if stage.weighted_centre else np.ones(units.size)
    of_stratum = sparse.csr_array((weights, (units, stage.stratum)), shape=(units.size, stage.size.size))
    divisor = stage.scale_sum if stage.weighted_centre else stage.size.astype(np.float64)
    means = np.nan_to_num(divide((totals @ of_stratum).toarray(), divisor))
    if _grand_mean(sample, stage):
        means[:, stage.single] = (np.asarray(totals.sum(axis=1)).reshape(-1) / stage.size.sum())[:, None]
    return means


def deviation_factor(sample: Sample, stage: Stage) -> Floats:
    """Factor of each unit's squared deviation, shape (U,)."""
    factor = stage.scale * stage.multiplier[stage.stratum]
    if sample.single_psu != "average" or not stage.single.any():
        return np.asarray(factor)
    known = stage.size.size - int(stage.single.sum())
    growth = stage.size.size / known if stage is sample.first and known else np.nan
    return np.where(stage.single[stage.stratum], 0.0, factor * growth)


def weighed_back(sample: Sample, stage: Stage, deviations: Floats) -> Floats:
    """What unit totals are multiplied by to give their products with deviations, shape (U, m).

    With the deviations :math:`L t` of unit totals t, :func:`unit_deviations` being the linear map L, this is
    :math:`L' d`, so that :math:`(L t)' d = t' (L' d)`.

    Parameters
    ----------
    deviations : shape (U, m), scaled, as :func:`unit_deviations` gives them.
    """
    scaled = deviations * np.sqrt(deviation_factor(sample, stage))[:, None]
    starts = np.concatenate(([0], np.cumsum(stage.size)))
    sums = segment_sum(scaled, starts)
    share = 1.0 / stage.size[stage.stratum]
    if stage.weighted_centre:
        share = np.nan_to_num(divide(stage.scale, stage.scale_sum[stage.stratum]))
    if not _grand_mean(sample, stage):
        return np.asarray(scaled - share[:, None] * sums[stage.stratum])
    lone = sums[stage.single].sum(axis=0) / stage.size.sum()
    sums[stage.single] = 0.0
    return np.asarray(scaled - share[:, None] * sums[stage.stratum] - lone)


def own_unit_totals(cells: Cells, stage: Stage, own: Floats) -> Any:
    """Totals of a linearized variable over each cell's units of a stage: sparse, shape (cells, U)."""
    if compiled(cells.sample.n) is None:
        segments = cells.segments[cells.sample.stages.index(stage)]
        totals, cell, unit = segments.totals(own), segments.cell, segments.unit
    else:
        pairs = cells.pairs(stage)
        totals = np.concatenate(pairs.totals(own))
        cell = np.concatenate([part.cell for part in pairs.parts])
        unit = np.concatenate([np.repeat(np.arange(part.low, part.high), np.diff(part.first)) for part in pairs.parts])
    return sparse.csr_array((totals, (cell, unit)), shape=(cells.count, stage.stratum.size))


def dense_unit_totals(own: Any, common: Any, linearized: Linearized, chosen: Codes) -> Floats:
    """Unit totals of a stage for some cells, shape (U, cells chosen).

    Parameters
    ----------
    own : what :func:`own_unit_totals` gives.
    common : unit totals of the common columns, or None.
    """
    totals = own[chosen].toarray().T
    if common is not None and linearized.coefficients is not None:
        totals = totals + common @ linearized.coefficients[chosen].T
    return np.asarray(totals)


def unit_totals(stage: Stage, columns: Any, rows: Codes | None = None) -> Floats:
    """Sums of columns over the units of a stage, dense, shape (U, m); units without a row get 0.

    Parameters
    ----------
    columns : dense or sparse, shape (r, m).
    rows : shape (r,), the rows of the stage that the columns have values for; None for all.
    """
    unit = stage.unit if rows is None else stage.unit[rows]
    members = sparse.csr_array(
        (np.ones(unit.size), (unit, np.arange(unit.size))), shape=(stage.stratum.size, unit.size)
    )
    sums = members @ columns
    return np.asarray(sums.toarray() if sparse.issparse(sums) else sums)
