r"""Oaxaca-Blinder decomposition of the gap between two groups' mean wages, with design-based covariance.

Notes
-----
With group means :math:`\bar x_A, \bar x_B` of the regression's columns and group coefficients
:math:`\beta_A, \beta_B` (A the reference group), the gap :math:`\bar y_A - \bar y_B` splits
(Oaxaca 1973; Blinder 1973; Jann 2008) in two parts,

.. math:: (\bar x_A - \bar x_B)^\top\beta^* \;+\; \bar x_A^\top(\beta_A - \beta^*) + \bar x_B^\top(\beta^* - \beta_B),

explained and unexplained, given coefficients :math:`\beta^*` free of discrimination, or in three,

.. math:: (\bar x_A - \bar x_B)^\top\beta_B + \bar x_B^\top(\beta_A - \beta_B)
          + (\bar x_A - \bar x_B)^\top(\beta_A - \beta_B),

endowments, coefficients and interaction. Means and coefficients of both groups are linearized together, so that
workers of both groups in one enterprise bring their covariance with them, and means count as estimated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from wagekit.arrays import Codes, Flags, Floats, Words
from wagekit.design import Sample
from wagekit.errors import EstimationError
from wagekit.options import Comparison
from wagekit.statistics.estimation import freedom
from wagekit.statistics.regression import (
    Block,
    Fit,
    coefficient_influence,
    domain_cells,
    domain_replicate_deviations,
    errors_of,
    fit,
    joint_deviations,
    mean_influence,
    reweighted_coefficients,
)

COMPONENTS = (
    "explained",
    "unexplained",
    "unexplained_reference",
    "unexplained_group",
    "endowments",
    "coefficients",
    "interaction",
)


@dataclass(frozen=True, eq=False)
class Decomposition:
    """Components of the gap, in total and by variable, on arrays.

    The rows of `estimate` are: mean of the reference group, mean of the group, difference; then for each
    of :data:`COMPONENTS` its total and its part by variable, v of them.

    Parameters
    ----------
    estimate, se, flag : shape (3 + 7 (1 + v),).
    covariance : of the estimates, same order.
    df : units less strata present in the two groups together (at most the replicates').
    n : respondents of the reference group and of the other.
    n_psu : sampling units with a positive weight that hold somebody of the reference group, of the other.
    reference_coefficients, group_coefficients, comparison_coefficients : shape (K,), for each column.
    reference_means, group_means : shape (K,).
    """

    estimate: Floats
    se: Floats
    flag: Words
    covariance: Floats
    df: float
    n: tuple[int, int]
    n_psu: tuple[int, int]
    reference_coefficients: Floats
    group_coefficients: Floats
    comparison_coefficients: Floats
    reference_means: Floats
    group_means: Floats


@dataclass(frozen=True, eq=False)
class Normalization:
    """Linear maps that free the detail from the choice of base categories (Gardeazabal and Ugidos 2004; Yun 2005).

    A categorical variable's coefficients are re-expressed as deviations from their mean over all categories, the
    base included, and the intercept takes up that mean. Predictions stay the same.

    Parameters
    ----------
    coefficients : shape (K, p), from estimated coefficients to those of all columns, base categories included.
    means : shape (K, p), from the columns' means to those of all columns.
    """

    coefficients: Floats
    means: Floats


def normalization(p: int, intercept: int, variables: Sequence[Codes]) -> Normalization:
    """Maps for categorical variables given by the positions of their dummy columns; one column more for each.

    Examples
    --------
    >>> maps = normalization(3, 0, [np.array([1, 2])])  # three categories, the base without a column
    >>> (maps.coefficients @ np.array([10.0, 3, 6])).round(9).tolist()  # deviations from the mean 3 of 0, 3 and 6
    [13.0, 0.0, 3.0, -3.0]
    >>> (maps.means @ np.array([1.0, 0.2, 0.3])).round(9).tolist()
    [1.0, 0.2, 0.3, 0.5]
    """
    coefficients = np.vstack([np.eye(p), np.zeros((len(variables), p))])
    means = coefficients.copy()
    for number, columns in enumerate(variables):
        average = np.zeros(p)
        average[columns] = 1 / (columns.size + 1)
        base = p + number
        coefficients[columns] -= average
        coefficients[base] -= average
        coefficients[intercept] += average
        means[base, intercept] = 1.0
        means[base, columns] = -1.0
    return Normalization(coefficients, means)


def decompose(
    sample: Sample,
    rows: Codes,
    x: Floats,
    y: Floats,
    reference: Flags,
    variable: Codes,
    *,
    comparison: Comparison = "pooled_with_group",
    normalized: Normalization | None = None,
) -> Decomposition:
    """Twofold and threefold decomposition, in total and by variable.

    Parameters
    ----------
    rows : shape (r,), numbers of the rows of both groups.
    x : shape (r, p), columns of the regression, the intercept among them.
    y : shape (r,), the outcome.
    reference : shape (r,), True for the reference group.
    variable : shape (K,), the variable 0 … v-1 that each column counts towards; K = p unless `normalized`
        adds columns for base categories.
    comparison : see :data:`wagekit.options.Comparison`.
    normalized : see :class:`Normalization`.

    Raises
    ------
    EstimationError
        If a group is empty, or a column can't be estimated in one of them.
    DesignError
        For strata with one unit under ``single_psu="fail"``.
    """
    weights = sample.weights[rows]
    p = x.shape[1]
    sides = [np.flatnonzero(reference), np.flatnonzero(~reference)]
    if min(side.size for side in sides) == 0:
        raise EstimationError("one of the two groups is empty", where="oaxaca_blinder", expected="two groups")
    fits, blocks, means = [], [], []
    for side, word in zip(sides, ("the reference group", "the group"), strict=True):
        fitted = fit(x[side], y[side], weights[side])
        if not fitted.kept.all():
            column = int(np.flatnonzero(~fitted.kept)[0])
            raise EstimationError(
                f"column {column} of the regression can't be estimated in {word} ({side.size} respondents)",
                where="oaxaca_blinder",
                expected="columns that vary, and no category without respondents, in each group",
                do="Leave the variable out, or join categories",
            )
        mean, mean_scores = mean_influence(x[side], weights[side])
        blocks.append((side, np.hstack([coefficient_influence(x[side], weights[side], fitted), mean_scores])))
        fits.append(fitted)
        means.append(mean)
    # Parameters so far: beta_A, mean_A, beta_B, mean_B, each of p.
    star = _comparison(comparison, fits, x, y, weights, reference)
    chosen = normalized or Normalization(np.eye(p), np.eye(p))
    beta_map, mean_map = chosen.coefficients, chosen.means
    beta_a, beta_b = (beta_map @ one.coefficients for one in fits)
    mean_a, mean_b = (mean_map @ one for one in means)
    beta_star = beta_map @ star.coefficients
    estimate, gradient = _components(beta_a, beta_b, mean_a, mean_b, beta_star, variable)
    if sample.replicates is None:
        raw = joint_deviations(sample, rows, [*blocks, *star.blocks])
        # The same parameters after normalization, in the order beta_A, beta_B, mean_A, mean_B, beta*.
        select = np.eye(raw.shape[1])
        maps = np.vstack(
            [
                beta_map @ select[:p],
                beta_map @ select[2 * p : 3 * p],
                mean_map @ select[p : 2 * p],
                mean_map @ select[3 * p : 4 * p],
                beta_map @ star.gradient,
            ]
        )
        deviations = raw @ (gradient @ maps).T
    else:

        def points(other: Floats) -> Floats:
            a, b = (reweighted_coefficients(x[s], other[s], one) for s, one in zip(sides, fits, strict=True))
            of_a, of_b = (mean_map @ (other[s] @ x[s] / other[s].sum()) for s in sides)
            between = beta_map @ star.under(other, a, b)
            return _components(beta_map @ a, beta_map @ b, of_a, of_b, between, variable)[0]

        deviations = domain_replicate_deviations(sample, rows, points, estimate)
    covariance = deviations.T @ deviations
    cells = domain_cells(sample, rows)
    size = float((weights * np.abs(y)).sum() / weights.sum())
    se, flag = errors_of(cells, np.diag(covariance), np.full(estimate.size, size))
    units = tuple(int(domain_cells(sample, rows[side]).weighted_units[0]) for side in sides)
    if min(units) == 1:  # a group in one unit: its coefficients would seem to have no error
        se[:], flag[:] = np.nan, "single_psu"
    df = float(freedom(cells, None)[0])
    if df <= 0:
        flag[flag == ""] = "no_df"
    return Decomposition(
        estimate,
        se,
        flag,
        covariance,
        df,
        (sides[0].size, sides[1].size),
        (units[0], units[1]),
        beta_a,
        beta_b,
        beta_star,
        mean_a,
        mean_b,
    )


@dataclass(frozen=True, eq=False)
class _Star:
    """The coefficients beta* that the twofold decomposition values at.

    `gradient`, shape (p, 4 p + m), is by the parameters beta_A, mean_A, beta_B, mean_B and the m of `blocks`;
    `under` gives beta* for other weights and the groups' coefficients under these.
    """

    coefficients: Floats
    gradient: Floats
    blocks: list[Block]
    under: Callable[[Floats, Floats, Floats], Floats]


def _comparison(
    comparison: Comparison, fits: list[Fit], x: Floats, y: Floats, weights: Floats, reference: Flags
) -> _Star:
    p = x.shape[1]
    every = np.arange(y.size)
    beta_a, beta_b = fits[0].coefficients, fits[1].coefficients
    gradient = np.zeros((p, 4 * p))
    if comparison in ("pooled", "pooled_with_group"):
        columns = np.column_stack([x, ~reference]) if comparison == "pooled_with_group" else x
        pooled = fit(columns, y, weights)
        if not pooled.kept.all():
            raise EstimationError(
                "the regression over both groups has columns that depend on one another",
                where="oaxaca_blinder",
                expected="the group not to follow from the other columns",
                do="Leave the group out of the formula",
            )
        scores = coefficient_influence(columns, weights, pooled)[:, :p]
        return _Star(
            pooled.coefficients[:p],
            np.hstack([gradient, np.eye(p)]),
            [(every, scores)],
            lambda other, _a, _b: reweighted_coefficients(columns, other, pooled)[:p],
        )

    def share_of(other: Floats) -> float:
        return float(other[reference].sum() / other.sum())

    fixed = {"reference": 1.0, "group": 0.0, "half": 0.5}
    blocks: list[Block] = []
    if comparison == "share":
        share = share_of(weights)
        blocks = [(every, (weights * (reference - share) / weights.sum())[:, None])]
        gradient = np.column_stack([gradient, beta_a - beta_b])
    elif comparison in fixed:
        share = fixed[comparison]
    else:
        raise EstimationError(
            f"{comparison!r}",
            where="comparison",
            expected="reference, group, half, share, pooled or pooled_with_group",
        )
    gradient[:, :p] = share * np.eye(p)
    gradient[:, 2 * p : 3 * p] = (1 - share) * np.eye(p)

    def between(other: Floats, a: Floats, b: Floats) -> Floats:
        part = share_of(other) if comparison == "share" else share
        return part * a + (1 - part) * b

    return _Star(between(weights, beta_a, beta_b), gradient, blocks, between)


def _components(
    beta_a: Floats, beta_b: Floats, mean_a: Floats, mean_b: Floats, star: Floats, variable: Codes
) -> tuple[Floats, Floats]:
    """All rows of the result and their gradient by (beta_A, beta_B, mean_A, mean_B, beta*), shape (rows, 5 K)."""
    k = star.size
    apart = mean_a - mean_b
    zero = np.zeros(k)

    def row(*parts: Floats) -> Floats:
        return np.hstack([np.diag(part) for part in parts])

    values = [
        apart * star,
        mean_a * (beta_a - star) + mean_b * (star - beta_b),
        mean_a * (beta_a - star),
        mean_b * (star - beta_b),
        apart * beta_b,
        mean_b * (beta_a - beta_b),
        apart * (beta_a - beta_b),
    ]
    gradients = [
        row(zero, zero, star, -star, apart),
        row(mean_a, -mean_b, beta_a - star, star - beta_b, mean_b - mean_a),
        row(mean_a, zero, beta_a - star, zero, -mean_a),
        row(zero, -mean_b, zero, star - beta_b, mean_b),
        row(zero, apart, beta_b, -beta_b, zero),
        row(mean_b, -mean_b, zero, beta_a - beta_b, zero),
        row(apart, -apart, beta_a - beta_b, beta_b - beta_a, zero),
    ]
    # Total first, then the sums by variable.
    collect = np.vstack([np.ones(k), np.equal.outer(np.arange(int(variable.max()) + 1), variable)])
    level_a = np.hstack([mean_a, zero, beta_a, zero, zero])
    level_b = np.hstack([zero, mean_b, zero, beta_b, zero])
    estimate = [np.array([mean_a @ beta_a, mean_b @ beta_b, mean_a @ beta_a - mean_b @ beta_b])]
    gradient = [np.vstack([level_a, level_b, level_a - level_b])]
    for value, by_column in zip(values, gradients, strict=True):
        estimate.append(collect @ value)
        gradient.append(collect @ by_column)
    return np.concatenate(estimate), np.vstack(gradient)
