r"""Weighted least squares with a design-based covariance: wage regressions after Mincer (1974).

Notes
-----
The coefficients solve :math:`\sum_i w_i x_i (y_i - x_i^\top b) = 0`. Their linearized variable (Binder 1983;
Fuller 2009, 6.3) is, with :math:`e_i` the residual and :math:`A = \sum_i w_i x_i x_i^\top`,

.. math:: z_i = w_i e_i A^{-1} x_i,

so that the variance machinery of every other statistic gives the covariance, as R's ``svyglm`` does. With
calibrated weights the residuals on the margins vary in their stead; with replicate weights the regression is
computed under each set of them. Degrees of freedom are those of the design less the number of coefficients, plus one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from wagekit.arrays import Codes, Flags, Floats, Words
from wagekit.design import Sample, Stage
from wagekit.errors import EstimationError
from wagekit.statistics.cells import Cells
from wagekit.statistics.deviations import unit_deviations, unit_totals
from wagekit.statistics.estimation import freedom, replicate_deviations
from wagekit.statistics.variance import require_variance, standard_error

COLLINEAR = 1e-9
"""A column whose part outside the earlier columns is below this share of its length depends on them."""

Block = tuple[Codes, Floats]
"""Positions, shape (r,), of rows among the rows of a domain, and their linearized variables, shape (r, m)."""


@dataclass(frozen=True, eq=False)
class Fit:
    """Weighted least squares on arrays.

    Parameters
    ----------
    coefficients : shape (p,); NaN for a column that depends on earlier ones.
    kept : shape (p,), the columns that were estimated, k of them.
    residuals : shape (n,).
    inverse : shape (k, k), inverse of the weighted cross products of the kept columns.
    r_squared : weighted share of the outcome's variance that the columns explain; NaN where it does not vary.
    scale : shape (p,), size of a coefficient were the outcome all noise; below 1e-12 of it a standard error
        is rounding noise.
    """

    coefficients: Floats
    kept: Flags
    residuals: Floats
    inverse: Floats
    r_squared: float
    scale: Floats


def independent_columns(triangle: Floats) -> Flags:
    """Columns that do not depend on the columns before them, shape (p,).

    Parameters
    ----------
    triangle : shape (r, p), columns of length 1 or 0; the R of a QR decomposition will do, since it keeps the
        dependence of columns.

    Examples
    --------
    >>> independent_columns(np.array([[1.0, 0.6, 0.8], [0, 0.8, 0.6], [0, 0, 0]])).tolist()
    [True, True, False]
    """
    kept = np.zeros(triangle.shape[1], dtype=bool)
    basis = np.zeros((triangle.shape[0], 0))
    for j in range(triangle.shape[1]):
        rest = triangle[:, j]
        for _ in range(2):  # twice is enough for full precision (Kahan; Parlett 1980, 6.9)
            rest = rest - basis @ (basis.T @ rest)
        length = float(np.linalg.norm(rest))
        if length > COLLINEAR:
            kept[j] = True
            basis = np.column_stack([basis, rest / length])
    return kept


def fit(x: Floats, y: Floats, weights: Floats) -> Fit:
    """Weighted least squares through statsmodels.

    Parameters
    ----------
    x : shape (n, p), the model's columns, the intercept among them.
    y : shape (n,), the outcome.
    weights : shape (n,), not negative.

    Raises
    ------
    EstimationError
        If no row has a positive weight, some weight is negative, or all columns are 0.

    Examples
    --------
    >>> x = np.column_stack([np.ones(3), [0.0, 1, 2]])
    >>> fit(x, np.array([1.0, 3, 5]), np.ones(3)).coefficients.round(9).tolist()
    [1.0, 2.0]
    """
    from scipy.linalg import solve_triangular
    from statsmodels.regression.linear_model import WLS

    if (weights < 0).any():
        raise EstimationError(
            f"{int((weights < 0).sum())} weights are negative, so there are no least squares",
            where="regression",
            do='Calibrate with bounds or with method="raking" or "logit"',
        )
    if not (weights > 0).any():
        raise EstimationError("no row has a value and a positive weight", where="regression", expected="respondents")
    # Only the weights' proportions matter; with a mean of 1 the arithmetic stays near the data's own size.
    mean_weight = float(weights.mean())
    relative = weights / mean_weight
    root = np.sqrt(relative)
    length = np.sqrt(np.einsum("i,ij,ij->j", relative, x, x))
    # Columns of length 1 make the test of dependence, and the rounding, free of the columns' units.
    scaled = x / np.where(length > 0, length, 1.0)
    triangle = np.asarray(np.linalg.qr(root[:, None] * scaled, mode="r"))
    kept = independent_columns(triangle)
    if not kept.any():
        raise EstimationError("all columns of the model are 0", where="regression", expected="a column that varies")
    scaled = scaled[:, kept]
    result = WLS(y, scaled, weights=relative).fit(method="qr")
    root_inverse = solve_triangular(np.linalg.qr(triangle[:, kept], mode="r"), np.eye(int(kept.sum())))
    inverse = root_inverse @ root_inverse.T / np.outer(length[kept], length[kept])
    coefficients = np.full(x.shape[1], np.nan)
    coefficients[kept] = result.params / length[kept]
    squares = float((relative * y**2).sum())
    scale = np.full(x.shape[1], np.nan)
    scale[kept] = np.sqrt(np.diag(inverse) * squares)
    mean = float((relative * y).sum() / relative.sum())
    spread = float((relative * (y - mean) ** 2).sum())
    r_squared = float(result.rsquared) if spread > 1e-24 * squares else np.nan
    return Fit(coefficients, kept, y - scaled @ result.params, inverse / mean_weight, r_squared, scale)


def reweighted_coefficients(x: Floats, weights: Floats, fitted: Fit) -> Floats:
    """Coefficients of the kept columns under other weights, shape (k,); NaN where these leave them undetermined.

    Parameters
    ----------
    x : shape (n, p), as it was fitted.
    weights : shape (n,), the other weights.

    Notes
    -----
    Least squares of the residuals, added to the coefficients: exact, since the model is linear, and at the cost
    of the cross products alone, which replicate weights ask for hundreds of times.
    """
    kept = x[:, fitted.kept]
    length = np.sqrt((kept**2).sum(axis=0))
    scaled = kept / length
    weighted = scaled * weights[:, None]
    cross = weighted.T @ scaled
    if not np.isfinite(cross).all() or np.linalg.cond(cross) > 1 / COLLINEAR**1.5:
        return np.full(length.size, np.nan)
    step = np.linalg.solve(cross, weighted.T @ fitted.residuals)
    return np.asarray(fitted.coefficients[fitted.kept] + step / length)


def coefficient_influence(x: Floats, weights: Floats, fitted: Fit) -> Floats:
    """Linearized variables of the kept coefficients, shape (n, k)."""
    scores = x[:, fitted.kept] * (weights * fitted.residuals)[:, None]
    return np.asarray(scores @ fitted.inverse)


def mean_influence(x: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Weighted means of the columns of `x`, shape (p,), and their linearized variables, shape (n, p)."""
    population = float(weights.sum())
    means = weights @ x / population
    return means, (x - means) * (weights / population)[:, None]


def joint_deviations(sample: Sample, rows: Codes, blocks: Sequence[Block]) -> Floats:
    """Deviations of unit totals that carry the covariance of many statistics of one domain.

    With ``d`` the result, the covariance is ``d.T @ d``, and that of linear functions ``j`` of the statistics that
    of ``d @ j.T``: taken before squaring, so that what cancels exactly leaves 1e-16 and not its root.

    Each block is added up to the design's units as it comes, so that no array of all statistics and all rows
    is ever laid out. Strata with nobody in the domain play no part (this matters to the rules ``adjust`` and
    ``average`` alone); units with nobody in it, in the others, enter with 0. The residuals of calibrated weights
    reach over the whole sample, and so do its strata then.

    Parameters
    ----------
    rows : shape (r,), row numbers of the domain.
    blocks : linearized variables, weights included; a block names its rows by their position in `rows`, and
        rows it leaves out count as 0.

    Returns
    -------
    Shape (units of all stages, m), m the number of columns of all blocks, in their order.
    """
    require_variance(sample)
    if sample.calibrations:
        blocks = [_calibration_residuals(sample, rows, block) for block in blocks]
        rows = np.arange(sample.n)
    stages = tuple(_present_strata(stage, rows) for stage in sample.stages)
    domain = Sample(sample.weights[rows], stages, sample.single_psu)
    return np.vstack(
        [
            unit_deviations(
                domain, stage, np.hstack([unit_totals(stage, columns, positions) for positions, columns in blocks])
            )
            for stage in stages
        ]
    )


def _calibration_residuals(sample: Sample, rows: Codes, block: Block) -> Block:
    """Linearized variables less their regression on what the weights were calibrated to, for all rows.

    As :func:`wagekit.statistics.variance.residuals` for the cells of a table.
    """
    positions, columns = block
    scores = np.zeros((sample.n, columns.shape[1]))
    scores[rows[positions]] = columns
    for calibration in sample.calibrations:
        scores = calibration.residuals(scores)
    return np.arange(sample.n), scores


def domain_replicate_deviations(
    sample: Sample, rows: Codes, points: Callable[[Floats], Floats], full: Floats
) -> Floats:
    """Deviations of a domain's statistics under replicate weights, scaled so that ``d.T @ d`` is their covariance.

    Parameters
    ----------
    rows : shape (r,), row numbers of the domain.
    points : gives the m statistics for weights of the domain's rows, shape (r,).
    full : shape (m,), the statistics under the full sample's weights.

    Returns
    -------
    Shape (replicates, m), replicates with a factor of 0 left out.
    """
    replicates = sample.replicates
    assert replicates is not None
    values = np.stack([points(sample.replicate(int(r)).weights[rows]) for r in replicates.used])
    return replicate_deviations(values, full, replicates)


def _present_strata(stage: Stage, rows: Codes) -> Stage:
    """The stage with only those strata that `rows` reach, and with only these rows."""
    unit = stage.unit[rows]
    stratum = np.zeros(stage.size.size, dtype=bool)
    stratum[stage.stratum[unit]] = True
    units = stratum[stage.stratum]
    return replace(
        stage,
        unit=(np.cumsum(units) - 1)[unit],
        stratum=(np.cumsum(stratum) - 1)[stage.stratum[units]],
        size=stage.size[stratum],
        fraction=stage.fraction[units],
        scale=stage.scale[units],
        multiplier=stage.multiplier[stratum],
        names=stage.names[stratum],
    )


def domain_cells(sample: Sample, rows: Codes) -> Cells:
    """One cell that holds `rows`: for degrees of freedom, units and flags of the whole domain."""
    code = np.full(sample.n, -1, dtype=np.int64)
    code[rows] = 0
    return Cells(sample, code, 1)


def errors_of(cells: Cells, variances: Floats, scale: Floats) -> tuple[Floats, Words]:
    """Standard errors and flags of several statistics of one domain, both of shape (m,).

    As :func:`wagekit.statistics.variance.standard_error`; ``not_defined`` where some replicate weights leave a
    statistic without a value.
    """
    pairs = [
        standard_error(cells, np.array([one]), np.array([size]), centred=True)
        for one, size in zip(variances, scale, strict=True)
    ]
    se, flag = np.array([se[0] for se, _ in pairs]), np.array([flag[0] for _, flag in pairs], dtype="<U20")
    if cells.sample.replicates is not None:
        flag[np.isnan(variances)] = "not_defined"
    return se, flag


@dataclass(frozen=True, eq=False)
class RegressionEstimates:
    """Coefficients with their design-based covariance, on arrays.

    Parameters
    ----------
    fit : the weighted least squares.
    se, flag : shape (p,); NaN and ``collinear`` for a column that depends on earlier ones.
    covariance : shape (p, p), NaN in the rows and columns of such coefficients.
    df : units less strata of the rows used (at most the replicates'), less the coefficients estimated, plus 1
        (R ``svyglm``).
    n : rows used.
    n_psu : sampling units among them that have a positive weight.
    column_units : shape (p,), sampling units in which the column is not 0 throughout. A coefficient that rests
        on a handful has a standard error that is too small, whatever the formula.
    """

    fit: Fit
    se: Floats
    flag: Words
    covariance: Floats
    df: float
    n: int
    n_psu: int
    column_units: Codes


def regress(sample: Sample, rows: Codes, x: Floats, y: Floats) -> RegressionEstimates:
    """Regression in a domain, the design being that of the whole sample.

    Parameters
    ----------
    rows : shape (r,), numbers of the rows used, in the order of `x` and `y`.
    x : shape (r, p).
    y : shape (r,).

    Raises
    ------
    EstimationError
        Without a row of positive weight.
    DesignError
        For strata with one unit under ``single_psu="fail"``.
    """
    weights = sample.weights[rows]
    fitted = fit(x, y, weights)
    kept = fitted.kept
    if sample.replicates is None:
        scores = coefficient_influence(x, weights, fitted)
        deviations = joint_deviations(sample, rows, [(np.arange(rows.size), scores)])
    else:

        def points(other: Floats) -> Floats:
            return reweighted_coefficients(x, other, fitted)

        deviations = domain_replicate_deviations(sample, rows, points, fitted.coefficients[kept])
    inner = deviations.T @ deviations
    covariance = np.full((kept.size, kept.size), np.nan)
    covariance[np.ix_(kept, kept)] = inner
    cells = domain_cells(sample, rows)
    df = float(freedom(cells, None)[0]) + 1 - int(kept.sum())
    se = np.full(kept.size, np.nan)
    flag = np.full(kept.size, "collinear", dtype="<U20")
    se[kept], flag[kept] = errors_of(cells, np.diag(inner), fitted.scale[kept])
    if df <= 0:
        flag[flag == ""] = "no_df"
    positive = np.flatnonzero(weights > 0)
    touched = unit_totals(_present_strata(sample.first, rows), (x[positive] != 0).astype(np.float64), positive)
    units = int(cells.weighted_units[0])
    return RegressionEstimates(
        fitted, se, flag, covariance, df, int(rows.size), units, np.count_nonzero(touched, axis=0)
    )
