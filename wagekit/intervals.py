"""Confidence intervals and t tests from an estimate, its standard error and the degrees of freedom."""

from __future__ import annotations

import numpy as np

from wagekit.arrays import Codes, Floats
from wagekit.errors import EstimationError


def check_level(level: float) -> None:
    """Stop where a confidence level is not between 0 and 1."""
    if not 0 < level < 1:
        raise EstimationError(f"{level!r}", where="level", expected="a confidence level between 0 and 1, such as 0.95")


def t_quantile(df: Floats, level: float) -> Floats:
    """Two-sided critical value of Student's t; NaN where df <= 0, the normal's where df is infinite."""
    from scipy.special import ndtri, stdtrit

    upper = (1 + level) / 2
    # Many domains share few degrees of freedom.
    distinct, place = np.unique(df, return_inverse=True)
    with np.errstate(invalid="ignore"):
        finite = stdtrit(np.where(np.isfinite(distinct) & (distinct > 0), distinct, np.nan), upper)
    return np.asarray(np.where(np.isposinf(distinct), ndtri(upper), finite)[place.reshape(np.shape(df))])


def linear_interval(point: Floats, se: Floats, df: Floats, level: float) -> Floats:
    """Point -/+ t se: shape (2, ...)."""
    half = t_quantile(df, level) * se
    return np.stack([point - half, point + half])


def logit_interval(share: Floats, se: Floats, df: Floats, level: float) -> Floats:
    """Interval of a probability made on the logit scale (R ``svyciprop(method="xlogit")``)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = share * (1 - share)
        centre = np.log(share / (1 - share))
        ends = linear_interval(centre, se / spread, df, level)
        return 1 / (1 + np.exp(-ends))


def beta_interval(share: Floats, se: Floats, df: Floats, n: Codes, level: float) -> Floats:
    """Korn and Graubard's (1998) exact interval with the effective sample size, as R ``survey``."""
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        widening: Floats = t_quantile(n.astype(np.float64) - 1, level) / t_quantile(df, level)
        effective: Floats = share * (1 - share) / se**2 * widening**2
        low = betaincinv(effective * share, effective * (1 - share) + 1, tail)
        high = betaincinv(effective * share + 1, effective * (1 - share), 1 - tail)
    return np.stack([low, high])


def t_test(estimate: Floats, se: Floats, df: float | Floats) -> tuple[Floats, Floats]:
    """Student's t of estimates against 0 and its two-sided p-value; the latter NaN where df <= 0."""
    from scipy.special import stdtr

    with np.errstate(divide="ignore", invalid="ignore"):
        t = estimate / se
        p = 2 * stdtr(np.where(np.asarray(df) > 0, df, np.nan), -np.abs(t))
    return t, np.asarray(p)
