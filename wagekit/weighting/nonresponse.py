r"""Adjustment for unit non-response, by cells and by response propensity.

Notes
-----
In a cell c the respondents take over the weights of those who did not answer:
:math:`w_k = d_k \sum_{c} d / \sum_{c, resp} d`, so that the sum of weights stays what it was (Särndal and
Lundström 2005, 6). With propensities :math:`\hat p_k` from a logistic regression the factor is
:math:`1 / \hat p_k`, or that of the cells that classes of :math:`\hat p` make (Little 1986).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wagekit.arrays import Codes, Flags, Floats, Values, sums_by
from wagekit.design import encode
from wagekit.errors import DesignError, EstimationError, InputError


@dataclass(frozen=True, eq=False)
class Adjusted:
    """Weights adjusted for non-response.

    Parameters
    ----------
    weights : shape (n,), 0 for those who did not answer; same sum as before.
    factor : shape (n,), adjustment of each row (of a respondent in its place).
    cell : shape (n,), adjustment cell of each row after collapsing, 0 … C-1; all 0 for direct propensities.
    merged : what was joined, in the order it was done: names of the two groups of cells.
    propensity : shape (n,), estimated probability of response; None for cells.
    """

    weights: Floats
    factor: Floats
    cell: Codes
    merged: tuple[tuple[str, str], ...] = ()
    propensity: Floats | None = None


def adjust_by_cells(
    weights: Floats,
    responded: Flags,
    cells: Sequence[Values],
    *,
    minimum_respondents: int = 5,
    maximum_factor: float = 3.0,
) -> Adjusted:
    """Adjust within cells; cells too thin are collapsed first.

    Cells stand in the sorted order of `cells`, the coarsest column first. While a cell has fewer respondents
    than `minimum_respondents` or a factor above `maximum_factor`, the worst one (fewest respondents; then the
    highest factor; then the first) is joined to one of its two neighbours in that order: the one that shares
    more of the coarser columns; if both do, the one with fewer respondents; then the following one. A joined
    group counts as one cell from then on.

    Parameters
    ----------
    weights : shape (n,), of respondents and others.
    responded : shape (n,).
    cells : columns of shape (n,), coarse to fine, such as industry, then size.
    minimum_respondents : at least 1.
    maximum_factor : above 1.

    Raises
    ------
    InputError
        For missing values, lengths that differ or limits out of range.
    DesignError
        If nobody answered, or all cells joined still break a limit.

    Examples
    --------
    >>> weights = np.array([10.0, 10, 10, 20, 20, 20])
    >>> responded = np.array([True, False, True, True, True, False])
    >>> industry = np.array(["C", "C", "C", "I", "I", "I"])
    >>> result = adjust_by_cells(weights, responded, [industry], minimum_respondents=2)
    >>> result.weights.tolist()
    [15.0, 0.0, 15.0, 30.0, 30.0, 0.0]
    """
    _check(weights, responded)
    if minimum_respondents < 1 or not maximum_factor > 1:
        raise InputError(
            f"minimum_respondents {minimum_respondents}, maximum_factor {maximum_factor}",
            where="adjust_by_cells",
            expected="at least 1 respondent and a factor above 1",
        )
    code, keys = _sorted_cells(cells, weights.size)
    all_weight = sums_by(code, weights, len(keys))
    answered = sums_by(code, np.where(responded, weights, 0.0), len(keys))
    respondents = np.bincount(code[responded], minlength=len(keys))
    group, merged = _collapse(keys, all_weight, answered, respondents, minimum_respondents, maximum_factor)
    cell = group[code]
    count = int(group.max()) + 1
    ratio = sums_by(group, all_weight, count) / sums_by(group, answered, count)
    factor = ratio[cell]
    return Adjusted(np.where(responded, weights * factor, 0.0), factor, cell, merged)


def adjust_by_propensity(
    weights: Floats,
    responded: Flags,
    covariates: Floats,
    *,
    weighted: bool = True,
    classes: int | None = 5,
) -> Adjusted:
    """Adjust by the probability of response that a logistic regression gives.

    Parameters
    ----------
    weights : shape (n,).
    responded : shape (n,).
    covariates : shape (n, k), numeric, without the constant; categories as 0/1 columns.
    weighted : fit with the weights (R's ``svyglm``), or without.
    classes : number of classes of equal number of rows by propensity, each adjusted as a cell (5 makes
        quintiles; classes without respondents join their neighbour); None for the direct inverse, scaled so
        that the sum of weights is kept.

    Raises
    ------
    InputError
        For missing values or lengths that differ.
    EstimationError
        If the regression does not converge or a covariate splits respondents from others completely.
    DesignError
        If nobody answered.

    Examples
    --------
    >>> weights = np.array([10.0, 10, 10, 10, 20, 20, 20, 20])
    >>> responded = np.array([1, 0, 1, 0, 1, 1, 1, 0], dtype=bool)
    >>> large = np.array([[0.0], [0], [0], [0], [1], [1], [1], [1]])
    >>> adjust_by_propensity(weights, responded, large, classes=None).factor.round(6).tolist()
    [2.0, 2.0, 2.0, 2.0, 1.333333, 1.333333, 1.333333, 1.333333]
    """
    _check(weights, responded)
    if covariates.ndim != 2 or covariates.shape[0] != weights.size or not np.isfinite(covariates).all():
        raise InputError(
            f"covariates of shape {covariates.shape}, or with missing or infinite values",
            where="adjust_by_propensity",
            expected=f"finite numbers of shape ({weights.size}, k)",
        )
    propensity = _propensity(weights if weighted else np.ones(weights.size), responded, covariates)
    if classes is None:
        raw = 1.0 / propensity
        factor = raw * (weights.sum() / (weights * raw)[responded].sum())
        cell = np.zeros(weights.size, dtype=np.int64)
        return Adjusted(np.where(responded, weights * factor, 0.0), factor, cell, (), propensity)
    if classes < 2:
        raise InputError(f"{classes} classes", where="adjust_by_propensity", expected="2 or more, or None")
    edges = np.quantile(propensity, np.arange(1, classes) / classes)
    # Equal propensities must not be split by rounding of the edges.
    code = np.searchsorted(edges, propensity * (1 + 1e-12), side="right")
    found = adjust_by_cells(weights, responded, [code], minimum_respondents=1, maximum_factor=np.inf)
    return Adjusted(found.weights, found.factor, found.cell, found.merged, propensity)


def _check(weights: Floats, responded: Flags) -> None:
    if responded.shape != weights.shape or responded.dtype != np.bool_:
        raise InputError(
            f"{responded.size} values of type {responded.dtype} for {weights.size} weights",
            where="responded",
            expected="a True or False for each row",
        )
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise InputError("missing, infinite or negative weights", where="weights", expected="weights of 0 or more")
    if not (weights[responded] > 0).any():
        raise DesignError("nobody with a positive weight answered", where="responded")


def _sorted_cells(cells: Sequence[Values], n: int) -> tuple[Codes, list[tuple[object, ...]]]:
    import pandas as pd

    if not cells or any(len(column) != n for column in cells):
        raise InputError("no cells, or columns of another length", where="cells", expected=f"columns of {n} values")
    for column in cells:
        missing = np.flatnonzero(pd.isna(column))
        if missing.size:
            raise InputError(
                f"{missing.size} missing values, the first in row {missing[0]}",
                where="cells",
                expected="a value in every row",
            )
    code, first = encode(cells)
    return code, [tuple(np.asarray(column)[row] for column in cells) for row in first]


def _shared(one: tuple[object, ...], other: tuple[object, ...]) -> int:
    """Number of leading columns in which two cells agree."""
    count = 0
    for a, b in zip(one, other, strict=True):
        if a != b:
            break
        count += 1
    return count


def _collapse(
    keys: list[tuple[object, ...]],
    all_weight: Floats,
    answered: Floats,
    respondents: Codes,
    minimum: int,
    maximum: float,
) -> tuple[Codes, tuple[tuple[str, str], ...]]:
    """Group of each cell and the joins made. Groups are runs of neighbouring cells."""
    groups = [[index] for index in range(len(keys))]
    total, heard, number = list(all_weight), list(answered), [int(value) for value in respondents]
    merged: list[tuple[str, str]] = []

    def factor(place: int) -> float:
        if total[place] == 0:
            return 1.0
        return total[place] / heard[place] if heard[place] > 0 else np.inf

    def is_thin(place: int) -> bool:
        return number[place] < minimum or factor(place) > maximum or heard[place] <= 0

    while thin := [place for place in range(len(groups)) if is_thin(place)]:
        worst = min(thin, key=lambda place: (number[place], -factor(place), place))
        if len(groups) == 1:
            raise DesignError(
                f"all cells together have {number[0]} respondents and a factor of {factor(0):.4g}",
                where="adjust_by_cells",
                expected=f"at least {minimum} respondents and a factor of at most {maximum:g}",
                do="Lower minimum_respondents or raise maximum_factor",
            )
        ways = []
        if worst + 1 < len(groups):
            near = _shared(keys[groups[worst][-1]], keys[groups[worst + 1][0]])
            ways.append((-near, number[worst + 1], 0, worst + 1))
        if worst > 0:
            near = _shared(keys[groups[worst - 1][-1]], keys[groups[worst][0]])
            ways.append((-near, number[worst - 1], 1, worst - 1))
        other = min(ways)[3]
        merged.append((_name(keys, groups[worst]), _name(keys, groups[other])))
        left, right = min(worst, other), max(worst, other)
        groups[left] += groups.pop(right)
        for values in (total, heard, number):
            values[left] += values.pop(right)
    group = np.zeros(len(keys), dtype=np.int64)
    for index, members in enumerate(groups):
        group[members] = index
    return group, tuple(merged)


def _name(keys: list[tuple[object, ...]], members: list[int]) -> str:
    ends = [" x ".join(str(part) for part in keys[index]) for index in (members[0], members[-1])]
    return ends[0] if len(members) == 1 else f"{ends[0]} to {ends[1]}"


def _propensity(weights: Floats, responded: Flags, covariates: Floats) -> Floats:
    """Fitted probabilities of response, shape (n,)."""
    import warnings

    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import PerfectSeparationError, PerfectSeparationWarning

    design = np.column_stack([np.ones(weights.size), covariates])
    # Columns of one length: their size says nothing, and the fit converges alike.
    design = design / np.maximum(np.sqrt((design**2).mean(axis=0)), 1e-300)
    with warnings.catch_warnings(), np.errstate(over="ignore"):
        warnings.simplefilter("error", PerfectSeparationWarning)
        try:
            model = sm.GLM(
                responded.astype(float), design, family=sm.families.Binomial(), var_weights=weights / weights.mean()
            )
            fit = model.fit(maxiter=100, tol=1e-12, tol_criterion="params")
        except (PerfectSeparationError, PerfectSeparationWarning):
            raise EstimationError(
                "the covariates tell respondents from others completely",
                where="adjust_by_propensity",
                do="Leave out the covariate that does so, or join its categories",
            ) from None
    propensity = np.asarray(fit.fittedvalues, dtype=np.float64)
    if not fit.converged or (propensity[responded] < 1e-6).any():
        raise EstimationError(
            "the regression of response does not converge, or gives probabilities of 0",
            where="adjust_by_propensity",
            do="Use fewer covariates, or join categories with few respondents",
        )
    return propensity
