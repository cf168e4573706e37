"""Differences and ratios between estimates that vary together: arithmetic on arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wagekit.arrays import Floats, Values, Words
from wagekit.errors import EstimationError
from wagekit.intervals import linear_interval, t_test
from wagekit.options import ContrastKind

NO_SPREAD = 1e-7
"""An error below this share of what cancels in it is rounding: variances cancel to about 1e-15 of their size."""


@dataclass(frozen=True, eq=False)
class Contrasts:
    """Combinations of estimates, shape (c,) each.

    Parameters
    ----------
    t, p_value : t test of a difference of 0, or of a ratio of 1.
    flag : as in :data:`wagekit.estimates.FLAGS`.
    """

    estimate: Floats
    se: Floats
    lower: Floats
    upper: Floats
    t: Floats
    p_value: Floats
    flag: Words


def contrast(
    point: Floats,
    covariance: Floats,
    coefficients: Floats,
    df: Floats,
    *,
    flags: Values | None = None,
    kind: ContrastKind,
    level: float,
) -> Contrasts:
    """Combine estimates, with the error that their covariance gives.

    Parameters
    ----------
    point : shape (m,), the estimates.
    covariance : shape (m, m), NaN in the rows and columns of an estimate whose variance is not known.
    coefficients : shape (c, m).
    df : shape (c,), degrees of freedom.
    flags : shape (m,), flags of the estimates; the first that is set explains a contrast without error.
    kind : ``difference``, the sum of coefficient times estimate (R ``svycontrast``); ``ratio``, the product of
        estimates to the power of their coefficients.
    level : confidence level.

    Raises
    ------
    EstimationError
        For another kind.

    Examples
    --------
    >>> made = contrast(np.array([5.0, 3.0]), np.diag([3.0, 1.0]), np.array([[1.0, -1]]), np.array([np.inf]),
    ...     kind="difference", level=0.95)
    >>> made.estimate.item(), made.se.item(), made.t.item()
    (2.0, 2.0, 1.0)
    """
    if kind == "difference":
        value, slope, null = coefficients @ point, coefficients, 0.0
    elif kind == "ratio":
        with np.errstate(invalid="ignore", divide="ignore"):
            value = np.exp(coefficients @ np.log(point))
            slope = value[:, None] * coefficients / point
        null = 1.0
    else:
        raise EstimationError(f"{kind!r}", where="contrast kind", expected="difference or ratio")
    # A row of unknown variance spoils only the contrasts it takes part in.
    lost = np.isnan(np.diag(covariance))
    known = np.where(np.isnan(covariance), 0.0, covariance) if lost.any() else covariance
    se = np.sqrt(np.einsum("ij,jk,ik->i", slope, known, slope))
    se = np.where((coefficients[:, lost] != 0).any(axis=1), np.nan, se)
    lower, upper = linear_interval(value, se, df, level)
    t, p_value = t_test(value - null, np.where(se > 0, se, np.nan), df)
    flag = np.where(np.isnan(lower), "no_df", "").astype("<U20")
    for line in np.flatnonzero(np.isnan(se)):
        reasons = [] if flags is None else [f for f in flags[lost & (coefficients[line] != 0)] if f]
        flag[line] = reasons[0] if reasons else "unknown_variance"
    scale = np.sqrt(np.einsum("ij,jk,ik->i", np.abs(slope), np.abs(known), np.abs(slope)))
    flat = ~np.isnan(se) & (se <= NO_SPREAD * scale)
    flag = np.where(flat, "zero_variance", flag)
    flag = np.where(np.isnan(value), "not_defined", flag)
    se, lower, upper, t, p_value = (np.where(flat, np.nan, array) for array in (se, lower, upper, t, p_value))
    return Contrasts(value, se, lower, upper, t, p_value, flag)
