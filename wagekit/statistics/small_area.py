r"""Fay-Herriot estimates for small domains: direct estimates that borrow strength from a regression over domains.

Notes
-----
The model (Fay and Herriot 1979) for domain d is :math:`y_d = x_d^\top\beta + u_d + e_d`, with the model's error
:math:`u_d \sim (0, A)` and the sampling error :math:`e_d \sim (0, D_d)`, :math:`D_d` taken as known. The empirical
best linear unbiased predictor weighs the direct estimate and the regression by
:math:`\gamma_d = A / (A + D_d)`. Mean squared errors to second order: Prasad and Rao (1990), Datta and Lahiri
(2000) for REML and ML, Datta, Rao and Smith (2005) for the moment estimator; they are set out in Rao and Molina
(2015), 6.2. Domains without a usable direct estimate get the synthetic :math:`x_d^\top\hat\beta`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from wagekit.arrays import Flags, Floats
from wagekit.errors import EstimationError
from wagekit.options import VarianceMethod
from wagekit.statistics.regression import independent_columns


@dataclass(frozen=True, eq=False)
class SmallAreaModel:
    """A Fay-Herriot model fitted to m domains and applied to M.

    Parameters
    ----------
    estimate : shape (M,), the predictor (EBLUP), or the synthetic estimate of a domain outside the fit.
    mse : shape (M,), estimated mean squared error.
    shrinkage : shape (M,), weight of the direct estimate, in [0, 1); 0 outside the fit.
    synthetic : shape (M,), the regression's value.
    coefficients : shape (p,).
    coefficient_covariance : shape (p, p).
    model_variance : A, in squared units of the estimates; 0 where the sampling errors explain all differences.
    log_likelihood : of the full (not the restricted) likelihood at the estimates.
    """

    estimate: Floats
    mse: Floats
    shrinkage: Floats
    synthetic: Floats
    coefficients: Floats
    coefficient_covariance: Floats
    model_variance: float
    log_likelihood: float


@dataclass(frozen=True, eq=False)
class _Projection:
    """Generalized least squares at one value of the model variance."""

    inverse: Floats  # 1 / (A + D), shape (m,)
    cross: Floats  # (X' V^-1 X)^-1, shape (p, p)
    coefficients: Floats
    residuals: Floats

    @classmethod
    def at(cls, a: float, y: Floats, x: Floats, d: Floats) -> _Projection:
        inverse = 1 / (a + d)
        q, r = np.linalg.qr(np.sqrt(inverse)[:, None] * x)
        root = np.linalg.inv(r)
        coefficients = root @ (q.T @ (np.sqrt(inverse) * y))
        return cls(inverse, root @ root.T, coefficients, y - x @ coefficients)


def model_variance(y: Floats, x: Floats, sampling_variance: Floats, method: VarianceMethod = "REML") -> float:
    """Model variance A of a Fay-Herriot model; 0 where the estimating equation has no positive root.

    Parameters
    ----------
    y : shape (m,), direct estimates.
    x : shape (m, p), covariates, the intercept among them.
    sampling_variance : shape (m,), positive.
    method : see :data:`wagekit.options.VarianceMethod`.

    Notes
    -----
    Likelihoods are searched over a grid first, so that a second, lower peak is not mistaken for the maximum
    (Fisher scoring, which other packages use, can be); the root of the score is then bracketed and refined to
    machine precision. The moment equation falls in A and has one root at most.

    Examples
    --------
    >>> model_variance(np.array([1.0, 1, 1, 1]), np.ones((4, 1)), np.ones(4))
    0.0
    >>> round(model_variance(np.array([0.0, 2, 4, 6]), np.ones((4, 1)), np.ones(4)), 9)  # s^2 - D = 20/3 - 1
    5.666666667
    """
    m, p = x.shape
    ordinary = np.linalg.lstsq(x, y, rcond=None)[0]
    s2 = float(((y - x @ ordinary) ** 2).sum()) / (m - p)
    # Above this the score is negative: y'PPy <= SSR / A^2, and tr P >= (m - p) / (A + max D).
    limit = (s2 + np.sqrt(s2 * s2 + 4 * s2 * sampling_variance.max())) / 2

    def score(a: float) -> float:
        gls = _Projection.at(a, y, x, sampling_variance)
        if method == "FH":
            return float((gls.inverse * gls.residuals**2).sum() - (m - p))
        squares = float(((gls.inverse * gls.residuals) ** 2).sum())
        trace = float(gls.inverse.sum())
        if method == "REML":
            trace -= float(np.einsum("i,ij,jk,ik->", gls.inverse**2, x, gls.cross, x))
        return (squares - trace) / 2

    def likelihood(a: float) -> float:
        gls = _Projection.at(a, y, x, sampling_variance)
        value = float(np.log(gls.inverse).sum() - (gls.inverse * gls.residuals**2).sum()) / 2
        return value + float(np.linalg.slogdet(gls.cross)[1]) / 2 if method == "REML" else value

    if s2 <= 1e-24 * float((y**2).mean()):  # the regression leaves rounding noise only
        return 0.0
    if method == "FH":
        return _root(score, 0.0, limit) if score(0.0) > 0 else 0.0
    grid = np.concatenate(([0.0], limit * np.geomspace(1e-6, 1, 60)))
    best = int(np.argmax([likelihood(float(a)) for a in grid]))
    if best == 0 and score(0.0) <= 0:
        return 0.0
    return _root(score, float(grid[max(best - 1, 0)]), float(grid[min(best + 1, grid.size - 1)]))


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    from scipy.optimize import brentq

    if function(high) >= 0:
        return high
    if function(low) <= 0:
        return low
    return float(brentq(function, low, high, xtol=1e-14 * high, rtol=1e-14, maxiter=500))


def fit_fay_herriot(
    y: Floats, sampling_variance: Floats, x: Floats, observed: Flags, method: VarianceMethod = "REML"
) -> SmallAreaModel:
    """Fit the model to the observed domains and predict all.

    Parameters
    ----------
    y : shape (M,), direct estimates.
    sampling_variance : shape (M,), their variances, positive where observed.
    x : shape (M, p), finite covariates of every domain, the intercept among them.
    observed : shape (M,), the domains that the model is fitted to; the rest get synthetic estimates.
    method : estimator of the model variance.

    Raises
    ------
    EstimationError
        With no more domains than covariates, or with covariates that depend on one another.
    """
    if method not in ("REML", "ML", "FH"):
        raise EstimationError(f"{method!r}", where="method", expected="REML, ML or FH")
    m, p = int(observed.sum()), x.shape[1]
    if m <= p:
        raise EstimationError(
            f"{m} domains have a direct estimate with a standard error, and the model has {p} coefficients",
            where="fay_herriot",
            expected=f"more than {p} domains, better several times as many",
            do="Leave out covariates, or use finer domains",
        )
    inside = x[observed]
    length = np.sqrt((inside**2).sum(axis=0))
    kept = independent_columns(inside / np.where(length > 0, length, 1.0))
    if not kept.all():
        raise EstimationError(
            f"covariate {int(np.flatnonzero(~kept)[0]) + 1} of {p} depends on those before it",
            where="fay_herriot",
            expected="covariates that no sum of the others can make (the intercept counts as the first)",
            do="Leave it out",
        )
    # With columns of length 1 the cross products are well conditioned whatever the covariates' units.
    scaled, inside = x / length, inside / length
    direct, d = y[observed], sampling_variance[observed]
    a = model_variance(direct, inside, d, method)
    gls = _Projection.at(a, direct, inside, d)
    synthetic = scaled @ gls.coefficients
    leverage = np.einsum("ij,jk,ik->i", scaled, gls.cross, scaled)
    estimate = synthetic.copy()
    shrinkage = np.zeros(y.size)
    shrinkage[observed] = a * gls.inverse
    estimate[observed] += shrinkage[observed] * gls.residuals
    mse = a + leverage  # a domain outside the fit: the model's error and that of the coefficients
    mse[observed] = _mean_squared_error(a, d, gls, inside, leverage[observed], method)
    likelihood = float(np.log(gls.inverse / (2 * np.pi)).sum() - (gls.inverse * gls.residuals**2).sum()) / 2
    return SmallAreaModel(
        estimate,
        mse,
        shrinkage,
        synthetic,
        gls.coefficients / length,
        gls.cross / np.outer(length, length),
        a,
        likelihood,
    )


def _mean_squared_error(
    a: float, d: Floats, gls: _Projection, x: Floats, leverage: Floats, method: VarianceMethod
) -> Floats:
    """Second-order unbiased mean squared error of the predictor, shape (m,)."""
    inverse, share = gls.inverse, d * gls.inverse
    first, second = float(inverse.sum()), float((inverse**2).sum())
    bias = 0.0
    if method == "FH":
        variance = 2 * d.size / first**2
        bias = 2 * (d.size * second - first**2) / first**3
    else:
        variance = 2 / second
        if method == "ML":
            bias = -float(np.einsum("ij,jk,i,ik->", x, gls.cross, inverse**2, x)) / second
    known = a * share + share**2 * leverage
    uncorrected = known + 2 * share**2 * inverse * variance
    corrected = uncorrected - bias * share**2
    # With very few domains the correction for the bias of A can exceed all the rest; then it is left out.
    return np.asarray(np.where(corrected > 0, corrected, uncorrected))
