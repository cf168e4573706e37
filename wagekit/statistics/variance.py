r"""The one variance function: from the linearized variable of a statistic to its variance in every cell.

Every statistic of the package is a point and a linearized variable (Deville 1999; the idea of INSEE's
gustave). The cells of a table are disjoint, so the linearized variable for *all* cells is one vector: row i
carries the value for its own cell. What reaches over the cells (residuals of calibration, a threshold taken
from the whole sample) is of low rank and rides along as common columns with a coefficient for each cell.

Notes
-----
With :math:`t_{hi}` the sum of the linearized variable over unit i of stratum h,

.. math:: v = \sum_h (1 - f_h) \frac{n_h}{n_h - 1} \sum_i (t_{hi} - \bar t_h)^2,

where :math:`n_h` counts the units of the full design, those with nobody in the cell entering with 0
(Särndal, Swensson and Wretman 1992, 4.2 and 10.3). Later stages add the same form inside each unit, times the
sampling fraction of the stages before. Strata with one unit follow the design's rule, as in R ``survey``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from wagekit.arrays import Codes, Flags, Floats, Words, added, divide, sums_by
from wagekit.design import Sample, Stage
from wagekit.errors import DesignError
from wagekit.statistics.acceleration import compiled
from wagekit.statistics.cells import Cells
from wagekit.statistics.segments import UnitSegments, segment_sum

CHUNK = 4_000_000
"""Numbers held at once where unit totals of all cells are laid out densely (32 MB)."""

NO_SPREAD = 1e-12
"""A standard error below this share of its own scale is rounding noise, not precision."""


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


def require_variance(sample: Sample) -> None:
    """Stop where the design has strata with one unit and no rule for them.

    Raises
    ------
    DesignError
        Under ``single_psu="fail"``.
    """
    if sample.single_psu != "fail":
        return
    for index, stage in enumerate(sample.stages):
        if stage.single.any():
            names = [str(name) for name in stage.names[stage.single][:3]]
            found = f"{int(stage.single.sum())} strata have one sampling unit, among them {', '.join(names)}"
            if stage.size.size == 1:
                found = "the sample has one sampling unit"
            elif index:
                found = f"{int(stage.single.sum())} units of the stage before have one sampling unit of this one"
            raise DesignError(
                found,
                where=f"stage {index + 1} of the design",
                expected="at least two units in each stratum",
                do='Join strata, or choose single_psu="adjust", "average", "remove" or "certainty"',
            )


def variance(cells: Cells, linearized: Linearized) -> Floats:
    """Variance of a statistic in each cell, shape (cells,); NaN where the single-unit rule leaves none."""
    require_variance(cells.sample)
    linearized = residuals(cells, linearized)
    if linearized.common is not None:
        return _dense_variance(cells, linearized)
    if compiled(cells.sample.n) is not None:
        return _compiled_variance(cells, linearized.own)
    total = np.zeros(cells.count)
    for index, segments in enumerate(cells.segments):
        total += _stage_variance(cells, segments, segments.totals(linearized.own), first=index == 0)
    return total


def _compiled_variance(cells: Cells, own: Floats) -> Floats:
    total = np.zeros(cells.count)
    for stage in cells.sample.stages:
        sums = cells.pairs(stage).totals(own)
        total += pair_variance(cells, stage, sums, np.ones(cells.count))
    return total


def pair_variance(cells: Cells, stage: Stage, totals: Sequence[Floats], factor: Floats) -> Floats:
    """One stage's variance of each cell from totals over the pairs of unit and cell (compiled passes).

    Parameters
    ----------
    totals : part by part, shape (S,), the totals of a linearized variable before `factor`.
    factor : shape (cells,), what the totals of each cell are multiplied by.
    """
    pairs = cells.pairs(stage)

    def work(index: int, of_part: tuple[Any, ...], *design: Any) -> Any:
        return pairs.passes.pair_variance(*of_part, totals[index], factor, cells.count, *design)

    return by_stratum(work, cells, stage)[:, 0]


def by_stratum(work: Callable[..., Any], cells: Cells, stage: Stage) -> Floats:
    """Run a compiled pass over one stage and apply the rule for strata with one unit: shape (cells, k).

    Parameters
    ----------
    work : takes the number of a part, its cells, where its units' pairs begin and its strata together, then the stage's
        sizes, scales and multipliers and the rule's number.
    """
    first = stage is cells.sample.first
    rule = cells.sample.single_psu if stage.single.any() else "remove"
    number = {"average": 1, "adjust": 2}.get(rule, 0) if first or rule == "average" else 0

    def run(index: int, of_part: tuple[Any, ...], scale: Floats) -> Any:
        fixed = (stage.scale_sum, stage.single, stage.multiplier, stage.weighted_centre, number)
        return work(index, of_part, stage.size, scale, *fixed)

    parts = cells.pairs(stage).each(run)
    total = added([part[0] for part in parts])
    if number == 0:
        return total
    state = added([part[1] for part in parts])
    if number == 1:
        if not first:
            return np.where(state[:, 1:2] > 0, np.nan, total)
        return np.asarray(total * divide(state[:, :1], state[:, :1] - state[:, 1:2]))
    grand = added([part[2] for part in parts]) / np.maximum(state[:, 2:3], 1)
    for _, _, _, cell, lone, scale in parts:
        np.add.at(total, cell, scale[:, None] * (lone - grand[cell]) ** 2)
    return np.asarray(total)


def residuals(cells: Cells, linearized: Linearized) -> Linearized:
    r"""The linearized variable less its regression on what the weights were calibrated to.

    Notes
    -----
    :math:`u - w X (X' D X)^{-1} X' (d / w) u` with the weights d before and w after (Deville and Särndal 1992,
    3.4; R ``calibrate``). The regression reaches over all rows, so it rides along as common columns.
    """
    for calibration in cells.sample.calibrations:
        own = _by_cell(cells, linearized.own)
        added = -calibration.coefficients(own)
        if linearized.common is None or linearized.coefficients is None:
            linearized = Linearized(linearized.own, calibration.weighted, added.T)
            continue
        added -= calibration.coefficients(linearized.common) @ linearized.coefficients.T
        common = sparse.hstack([sparse.csr_array(linearized.common), calibration.weighted], format="csr")
        linearized = Linearized(linearized.own, common, np.hstack([linearized.coefficients, added.T]))
    return linearized


def _by_cell(cells: Cells, own: Floats) -> Any:
    rows = np.flatnonzero(cells.inside)
    return sparse.csr_array((own[rows], (rows, cells.code[rows])), shape=(own.size, cells.count))


def _stage_variance(cells: Cells, segments: UnitSegments, totals: Floats, *, first: bool) -> Floats:
    stage, runs, run_of = segments.stage, segments.runs, segments.run_of_segment
    if totals.size == 0:
        return np.zeros(cells.count)
    cell = segments.cell[runs[:-1]]
    stratum = segments.stratum[runs[:-1]]
    scale = stage.scale[segments.unit]
    run_sum = segment_sum(totals, runs)
    if stage.weighted_centre:
        mean = divide(segment_sum(scale * totals, runs), stage.scale_sum[stratum])
        mean = np.nan_to_num(mean)  # all units taken: whatever the centre, nothing is added
    else:
        mean = run_sum / stage.size[stratum]
    single = stage.single[stratum]
    rule = cells.sample.single_psu
    if rule == "adjust" and first and single.any():
        # A lone unit is held against the mean over all units of the strata present in the cell.
        units = sums_by(cell, stage.size[stratum], cells.count)
        grand = sums_by(cell, run_sum, cells.count) / np.maximum(units, 1)
        mean = np.where(single, grand[cell], mean)
    deviation = totals - mean[run_of]
    seen = segment_sum(scale * deviation**2, runs)
    absent = np.maximum(stage.scale_sum[stratum] - segment_sum(scale, runs), 0.0)
    part = (seen + absent * mean**2) * stage.multiplier[stratum]
    if rule == "average" and single.any():
        part = np.where(single, 0.0 if first else np.nan, part)
    by_cell = sums_by(cell, part, cells.count)
    if rule == "average" and first and single.any():
        strata = np.bincount(cell, minlength=cells.count)
        known = sums_by(cell, ~single, cells.count)
        with np.errstate(divide="ignore", invalid="ignore"):
            by_cell = by_cell * strata / known
    return by_cell


def unit_deviations(sample: Sample, stage: Stage, totals: Floats) -> Floats:
    """Deviations of unit totals whose squares add up to one stage's variance.

    Parameters
    ----------
    totals : shape (U, m), unit totals of m linearized variables over the whole sample.

    Returns
    -------
    Shape (U, m), scaled, so that ``d.T @ d`` is the stage's covariance matrix.
    """
    first = stage is sample.first
    starts = np.concatenate(([0], np.cumsum(stage.size)))
    if stage.weighted_centre:
        weighted = segment_sum(stage.scale[:, None] * totals, starts)
        mean = np.nan_to_num(divide(weighted, stage.scale_sum[:, None]))
    else:
        mean = segment_sum(totals, starts) / stage.size[:, None]
    factor = stage.scale * stage.multiplier[stage.stratum]
    if stage.single.any():
        if sample.single_psu == "adjust" and first:
            mean[stage.single] = totals.sum(axis=0) / stage.size.sum()
        elif sample.single_psu == "average":
            lone = stage.single[stage.stratum]
            known = stage.size.size - int(stage.single.sum())
            growth = stage.size.size / known if first and known else np.nan
            factor = np.where(lone, 0.0, factor * growth)
    deviations = totals - mean[stage.stratum]
    deviations *= np.sqrt(factor)[:, None]
    return deviations


def dense_unit_totals(cells: Cells, linearized: Linearized, index: int, chosen: slice) -> Floats:
    """Unit totals of a stage for a range of cells, shape (U, cells chosen)."""
    segments = cells.segments[index]
    stage = segments.stage
    low, high = chosen.start, min(chosen.stop, cells.count)
    totals = np.zeros((stage.stratum.size, high - low))
    within = (segments.cell >= low) & (segments.cell < high)
    totals[segments.unit[within], segments.cell[within] - low] = segments.totals(linearized.own)[within]
    if linearized.common is not None and linearized.coefficients is not None:
        common = unit_totals(stage, linearized.common)
        totals += common @ linearized.coefficients[low:high].T
    return totals


def unit_totals(stage: Stage, columns: Any, rows: Codes | None = None) -> Floats:
    """Sums of columns over the units of a stage, shape (U, m); units without a row get 0.

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


def _dense_variance(cells: Cells, linearized: Linearized) -> Floats:
    total = np.zeros(cells.count)
    for index, stage in enumerate(cells.sample.stages):
        width = max(1, CHUNK // stage.stratum.size)
        for low in range(0, cells.count, width):
            chosen = slice(low, min(low + width, cells.count))
            totals = dense_unit_totals(cells, linearized, index, chosen)
            total[chosen] += (unit_deviations(cells.sample, stage, totals) ** 2).sum(axis=0)
    return total


def covariance(tables: list[tuple[Cells, Linearized]]) -> Floats:
    """Covariance matrix of several statistics in all their cells, in the order given.

    Parameters
    ----------
    tables : cells and linearized variables over one and the same sample.

    Returns
    -------
    Shape (m, m) with m the total number of cells.
    """
    sample = tables[0][0].sample
    require_variance(sample)
    tables = [(cells, residuals(cells, linearized)) for cells, linearized in tables]
    result: Floats | float = 0.0
    for index, stage in enumerate(sample.stages):
        totals = np.hstack([dense_unit_totals(c, z, index, slice(0, c.count)) for c, z in tables])
        deviations = unit_deviations(sample, stage, totals)
        result = result + deviations.T @ deviations
    return np.asarray(result)


def standard_error(cells: Cells, variances: Floats, scale: Floats, *, centred: bool) -> tuple[Floats, Words]:
    """Standard errors and the flags of cells where none can be had.

    Parameters
    ----------
    variances : shape (cells,) or (cells, k).
    scale : of the same shape, size of the statistic: a standard error under 1e-12 of it counts as none.
    centred : True for a statistic whose linearized variable adds up to 0 in its cell (means, ratios,
        percentiles): with one unit its variance is 0 whatever the data, so it is not estimable.

    Returns
    -------
    Standard errors, NaN where they can't be estimated, and flags, both of the shape of `variances`.
    """

    def wide(of_cells: Flags) -> Flags:
        return of_cells if variances.ndim == 1 else np.broadcast_to(of_cells[:, None], variances.shape)

    with np.errstate(invalid="ignore"):
        errors = np.sqrt(variances)
        unknown = ~(errors > NO_SPREAD * np.abs(scale))
    units = cells.weighted_units
    if centred:
        unknown |= wide(units == 1)
    taken, empty = wide(cells.fully_taken), wide(units == 0)
    flags = np.full(variances.shape, "", dtype=object)
    flags[unknown] = "zero_variance"
    flags[np.isnan(variances)] = "unknown_variance"
    flags[unknown & wide((units == 1) | cells.only_single_strata)] = "single_psu"
    flags[taken] = "census"
    flags[empty] = "empty"
    errors[unknown] = np.nan
    errors[taken] = 0.0
    errors[empty] = np.nan
    return errors, flags
