r"""Growth between two waves: the variance over shared units, and the split of a mean's growth.

Notes
-----
With shares :math:`p_c` and means :math:`m_c` of the cells before (0) and after (1),

.. math:: \bar y_1 - \bar y_0 = \sum_c \tfrac{p_{0c} + p_{1c}}{2} (m_{1c} - m_{0c})
                               + \sum_c (p_{1c} - p_{0c}) \tfrac{m_{0c} + m_{1c}}{2},

which adds up exactly and treats both waves alike (Bennet 1920; Kitagawa 1955). A cell of one wave only takes its
one mean for both, so that it counts as composition. Both parts are given as shares of :math:`\bar y_0`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from wagekit.arrays import Codes, Floats, Words, divide
from wagekit.statistics.cells import Cells
from wagekit.statistics.deviations import (
    CHUNK,
    Linearized,
    deviation_factor,
    own_unit_totals,
    stratum_means,
    unit_deviations,
    unit_totals,
    weighed_back,
)
from wagekit.statistics.variance import NO_SPREAD, residuals, standard_error, variance


def joint_standard_error(
    cells: tuple[Cells, ...],
    scores: tuple[Linearized, ...],
    shared: tuple[Codes, Codes],
    scale: Floats,
    *,
    centred: bool,
) -> tuple[Floats, Words]:
    """Standard error of a sum of two linearized variables, one a wave, whose samples share units.

    Parameters
    ----------
    cells : the same domains over either wave.
    scores : linearized variable of either wave.
    shared : codes of the units that both waves have, in either wave's numbering, pair by pair.
    scale, centred : as :func:`wagekit.statistics.variance.standard_error` takes them.
    """
    variances = [variance(part, one) for part, one in zip(cells, scores, strict=True)]
    alone = [standard_error(part, v, scale, centred=centred) for part, v in zip(cells, variances, strict=True)]
    both = variances[0] + variances[1]
    total = both + 2 * _cross(cells, scores, shared)
    # What is left of two variances that cancel is rounding noise.
    total = np.where(total > NO_SPREAD * both, total, 0.0)
    se = np.sqrt(np.where(np.isnan(both), np.nan, total))
    flag = alone[0][1].copy()
    for word in ("zero_variance", "census", "single_psu", "empty"):
        for _, flags in alone:
            flag = np.where(flags == word, word, flag)
    # A census of one wave leaves the other's error.
    flag = np.where((flag == "census") & ((alone[0][1] == "") | (alone[1][1] == "")), "", flag)
    flag = np.where((flag == "") & ~(se > NO_SPREAD * scale), "zero_variance", flag)
    se = np.where(np.isin(flag, ["", "no_df"]), se, np.where(flag == "census", 0.0, np.nan))
    return se, flag


def _cross(cells: tuple[Cells, ...], scores: tuple[Linearized, ...], shared: tuple[Codes, Codes]) -> Floats:
    r"""Sum over shared units of the product of their deviations, shape (cells,).

    Notes
    -----
    With what a cell has of its own, o, and common columns X with coefficients :math:`\gamma`, the deviations of either
    wave are :math:`L (o + X \gamma)`. The products are formed part by part, so that no cell's totals over all units are
    laid out.
    """
    count = cells[0].count
    if shared[0].size == 0:
        return np.zeros(count)
    made = [residuals(part, one) for part, one in zip(cells, scores, strict=True)]
    stages = [part.sample.first for part in cells]
    own = [own_unit_totals(c, stage, z.own) for c, stage, z in zip(cells, stages, made, strict=True)]
    result = _own_cross(cells, own, shared)
    common = [
        None if z.common is None else unit_deviations(part.sample, stage, unit_totals(stage, z.common))[units]
        for part, stage, z, units in zip(cells, stages, made, shared, strict=True)
    ]
    for one, other in ((0, 1), (1, 0)):
        gamma, columns = made[other].coefficients, common[other]
        if gamma is not None and columns is not None:
            laid = np.zeros((stages[one].stratum.size, columns.shape[1]))
            laid[shared[one]] = columns
            result += (gamma * (own[one] @ weighed_back(cells[one].sample, stages[one], laid))).sum(axis=1)
    gammas = made[0].coefficients, made[1].coefficients
    if common[0] is not None and common[1] is not None and gammas[0] is not None and gammas[1] is not None:
        result += ((gammas[0] @ (common[0].T @ common[1])) * gammas[1]).sum(axis=1)
    return result


def _own_cross(cells: tuple[Cells, ...], own: Sequence[Any], shared: tuple[Codes, Codes]) -> Floats:
    """Sum over shared units of the product of the deviations of sparse unit totals, shape (cells,).

    Parameters
    ----------
    own : of either wave, unit totals of each cell: sparse, shape (cells, U).
    """
    stages = [part.sample.first for part in cells]
    factors = [
        np.sqrt(deviation_factor(part.sample, stage))[units]
        for part, stage, units in zip(cells, stages, shared, strict=True)
    ]
    product = factors[0] * factors[1]
    strata = [stage.stratum[units] for stage, units in zip(stages, shared, strict=True)]
    rows = np.arange(product.size)
    members = [
        sparse.csr_array((np.ones(rows.size), (rows, stratum)), shape=(rows.size, stage.size.size))
        for stratum, stage in zip(strata, stages, strict=True)
    ]
    between = (members[0].multiply(product[:, None]).T @ members[1]).tocsr()
    count = cells[0].count
    result = np.zeros(count)
    width = max(1, CHUNK // max(stage.size.size for stage in stages))
    for low in range(0, count, width):
        some = slice(low, min(low + width, count))
        totals = [one[some] for one in own]
        means = [stratum_means(part.sample, stage, one) for part, stage, one in zip(cells, stages, totals, strict=True)]
        met = [one[:, units] for one, units in zip(totals, shared, strict=True)]
        scaled = [sparse.csr_array(one.multiply(product)) for one in met]
        result[some] = np.asarray(scaled[0].multiply(met[1]).sum(axis=1)).reshape(-1)
        result[some] -= ((scaled[0] @ members[1]).toarray() * means[1]).sum(axis=1)
        result[some] -= ((scaled[1] @ members[0]).toarray() * means[0]).sum(axis=1)
        result[some] += ((means[0] @ between) * means[1]).sum(axis=1)
    return result


@dataclass(frozen=True, eq=False)
class Part:
    """A part of growth: its amount and its linearized variable in either wave, shape (n,) each."""

    amount: float
    scores: tuple[Floats, Floats]


def decomposition(cells: tuple[Cells, ...], y: tuple[Floats, ...]) -> dict[str, Part]:
    """Growth of the mean of `y` over all cells, and its two parts ``within`` and ``composition``.

    Parameters
    ----------
    cells : the same cells over either wave.
    y : the variable of either wave, shape (n,) each.
    """
    size = [part.population for part in cells]
    total = [float(part.sum()) for part in size]
    share = [part / all_ for part, all_ in zip(size, total, strict=True)]
    raw = [divide(part.sums(part.sample.weights * v), s) for part, v, s in zip(cells, y, size, strict=True)]
    mean = [np.nan_to_num(np.where(size[k] > 0, raw[k], raw[1 - k])) for k in (0, 1)]
    level = [float(share[k] @ mean[k]) for k in (0, 1)]
    both = (size[0] > 0) & (size[1] > 0)
    step, middle, weight = mean[1] - mean[0], (mean[0] + mean[1]) / 2, (share[0] + share[1]) / 2
    moved = share[1] - share[0]
    amount = {"growth": level[1] - level[0], "within": float(weight @ step), "composition": float(moved @ middle)}

    def scores(word: str, k: int) -> Floats:
        sign = 1.0 if k else -1.0
        inside = cells[k].inside
        cell, w, value = cells[k].code[inside], cells[k].sample.weights[inside], y[k][inside]
        deviation = divide(w * (value - mean[k][cell]), size[k][cell])
        if word == "growth":
            part = sign * w * (value - level[k]) / total[k]
        elif word == "within":
            part = w * (step[cell] - float(share[k] @ step)) / (2 * total[k])
            part = part + sign * np.where(both, weight, 0.0)[cell] * deviation
        else:
            part = sign * w * (middle[cell] - float(share[k] @ middle)) / total[k]
            part = part + np.where(both, moved / 2, moved)[cell] * deviation
        if k == 0:  # the base of the shares is an estimate too
            part = part - amount[word] / level[0] * w * (value - level[0]) / total[0]
        own = np.zeros(inside.size)
        own[inside] = part / level[0]
        return own

    return {word: Part(amount[word] / level[0], (scores(word, 0), scores(word, 1))) for word in amount}
