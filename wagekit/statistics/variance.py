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

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from wagekit.arrays import Codes, Flags, Floats, Words, added, divide, sums_by
from wagekit.design import Sample, Stage
from wagekit.errors import DesignError
from wagekit.statistics.acceleration import compiled
from wagekit.statistics.cells import Cells
from wagekit.statistics.deviations import CHUNK as CHUNK
from wagekit.statistics.deviations import Linearized as Linearized
from wagekit.statistics.deviations import (
    dense_unit_totals,
    deviation_factor,
    own_unit_totals,
    unit_deviations,
    unit_totals,
    weighed_back,
)
from wagekit.statistics.segments import UnitSegments, segment_sum

NO_SPREAD = 1e-12
"""A standard error below this share of its own scale is rounding noise, not precision."""


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
        return _common_variance(cells, linearized)
    return _stages_variance(cells, cells.sample.stages, linearized.own)


def _stages_variance(cells: Cells, stages: Sequence[Stage], own: Floats) -> Floats:
    """The part of some stages in the variance of a linearized variable, shape (cells,)."""
    total = np.zeros(cells.count)
    for stage in stages:
        if compiled(cells.sample.n) is not None:
            total += pair_variance(cells, stage, cells.pairs(stage).totals(own), np.ones(cells.count))
        else:
            segments = cells.segments[cells.sample.stages.index(stage)]
            total += _stage_variance(cells, segments, segments.totals(own), first=stage is cells.sample.first)
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


def _common_variance(cells: Cells, linearized: Linearized) -> Floats:
    r"""Variance of linearized variables with common columns.

    Notes
    -----
    With the deviations :math:`d_c` of what each cell has of its own and D of the common columns, :math:`v_c = d_c' d_c
    + 2 \gamma_c' D' d_c + \gamma_c' D' D \gamma_c`: no cell's totals over all units are laid out. Where the three cancel
    but for their last digits, as for what the weights are calibrated to, they are.
    """
    assert linearized.coefficients is not None
    gamma = linearized.coefficients
    found, size = np.zeros(cells.count), np.zeros(cells.count)
    for stage in cells.sample.stages:
        own = own_unit_totals(cells, stage, linearized.own)
        alone = _own_variance(cells, stage, linearized.own, own)
        crossed, shared = np.zeros(cells.count), np.zeros(cells.count)
        for chosen, deviations, others in _common_deviations(cells.sample, stage, linearized.common):
            crossed += (gamma[:, chosen] * (own @ weighed_back(cells.sample, stage, deviations))).sum(axis=1)
            for other, beside in others():
                shared += ((gamma[:, chosen] @ (deviations.T @ beside)) * gamma[:, other]).sum(axis=1)
        found += alone + 2 * crossed + shared
        size += alone + shared
    lost = np.flatnonzero(~(found > CANCELLED * size) & ~np.isnan(size))
    if lost.size:
        found[lost] = _dense_variance(cells, linearized, lost)
    return found


Block = tuple[slice, Floats]


def _common_deviations(
    sample: Sample, stage: Stage, common: Any
) -> Iterator[tuple[slice, Floats, Callable[[], Iterator[Block]]]]:
    """Deviations of a stage's totals of the common columns, some columns at once; with each what gives them all."""
    width = max(1, 4 * CHUNK // stage.stratum.size)
    columns = common if common.shape[1] <= width else sparse.csc_array(common)
    blocks = [slice(low, min(low + width, columns.shape[1])) for low in range(0, columns.shape[1], width)]

    def of(block: slice) -> Floats:
        return unit_deviations(sample, stage, unit_totals(stage, columns if len(blocks) == 1 else columns[:, block]))

    for block in blocks:
        made = of(block)

        def others(block: slice = block, made: Floats = made) -> Iterator[Block]:
            for other in blocks:
                yield other, made if other is block else of(other)

        yield block, made, others


CANCELLED = 1e-6
"""Part of what a variance is the difference of under which that leaves too few digits."""


def _own_variance(cells: Cells, stage: Stage, linearized: Floats, totals: Any) -> Floats:
    """One stage's variance of what each cell has of its own, lone units held against all units of the sample.

    Parameters
    ----------
    totals : of the stage's units, sparse, shape (cells, U).
    """
    sample, lone = cells.sample, stage.single[stage.stratum]
    plain = Cells(replace(sample, single_psu="remove"), cells.given, cells.count)
    found = _stages_variance(plain, [stage], linearized)
    if not lone.any() or sample.single_psu not in ("adjust", "average"):
        return found
    factor = deviation_factor(sample, stage)
    if sample.single_psu == "average":
        growth = np.unique(divide(factor[~lone], (stage.scale * stage.multiplier[stage.stratum])[~lone]))
        return found * (growth[0] if growth.size else np.nan)
    if stage is not sample.first:
        return found
    grand = np.asarray(totals.sum(axis=1)).reshape(-1) / stage.size.sum()
    of_lone = totals[:, np.flatnonzero(lone)]
    weights = factor[lone]
    squares, sums = (of_lone.power(2) @ weights), of_lone @ weights
    return np.asarray(found + squares - 2 * grand * sums + grand**2 * weights.sum())


def _dense_variance(cells: Cells, linearized: Linearized, chosen: Codes) -> Floats:
    """Variance in some cells from their totals over all units: shape (cells chosen,)."""
    total = np.zeros(chosen.size)
    for stage in cells.sample.stages:
        own, common = own_unit_totals(cells, stage, linearized.own), None
        if linearized.common is not None:
            common = unit_totals(stage, linearized.common)
        width = max(1, CHUNK // stage.stratum.size)
        for low in range(0, chosen.size, width):
            totals = dense_unit_totals(own, common, linearized, chosen[low : low + width])
            total[low : low + width] += (unit_deviations(cells.sample, stage, totals) ** 2).sum(axis=0)
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
    for stage in sample.stages:
        parts = []
        for cells, linearized in tables:
            common = None if linearized.common is None else unit_totals(stage, linearized.common)
            own = own_unit_totals(cells, stage, linearized.own)
            parts.append(dense_unit_totals(own, common, linearized, np.arange(cells.count)))
        totals = np.hstack(parts)
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
