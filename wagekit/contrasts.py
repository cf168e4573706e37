"""Differences and ratios between the rows of Estimates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from wagekit.arrays import Floats
from wagekit.errors import EstimationError
from wagekit.statistics.intervals import linear_interval

if TYPE_CHECKING:
    from wagekit.estimates import Estimates


def contrast(
    estimates: Estimates,
    combinations: Mapping[str, Mapping[Any, float]],
    *,
    kind: Literal["difference", "ratio"],
    level: float,
) -> Estimates:
    """See :meth:`wagekit.Estimates.contrast`."""
    import pandas as pd
    from scipy.special import stdtr

    if kind not in ("difference", "ratio"):
        raise EstimationError(f"{kind!r}", where="contrast kind", expected="difference or ratio")
    positions = _positions(estimates)
    matrix = np.zeros((len(combinations), len(estimates)))
    for line, (name, terms) in enumerate(combinations.items()):
        for key, coefficient in terms.items():
            matrix[line, _position(positions, key, name)] += coefficient
    rows = np.flatnonzero(matrix.any(axis=0))
    weights = matrix[:, rows]
    point = estimates.frame["estimate"].to_numpy(dtype=float)[rows]
    covariance = estimates.covariance(rows.tolist())
    if kind == "difference":
        value, slope, null = weights @ point, weights, 0.0
    else:
        with np.errstate(invalid="ignore", divide="ignore"):
            value = np.exp(weights @ np.log(point))
            slope = value[:, None] * weights / point
        null = 1.0
    se = np.sqrt(np.einsum("ij,jk,ik->i", slope, covariance, slope))
    # A row of unknown variance spoils only the contrasts it takes part in.
    lost = np.isnan(np.diag(covariance))
    if lost.any():
        known = np.where(np.isnan(covariance), 0.0, covariance)
        se = np.sqrt(np.einsum("ij,jk,ik->i", slope, known, slope))
        se = np.where((weights[:, lost] != 0).any(axis=1), np.nan, se)
    assert estimates.source is not None
    df = np.array([estimates.source.degrees_of_freedom(rows[line != 0]) for line in weights])
    lower, upper = linear_interval(value, se, df, level)
    statistic: Floats = (value - null) / np.where(se > 0, se, np.nan)
    taken = [estimates.frame.iloc[rows[line != 0]] for line in weights]
    flag = np.where(np.isnan(se), "single_psu", np.where(np.isnan(lower), "no_df", ""))
    flag = np.where(np.isnan(value), "not_defined", flag)
    frame = pd.DataFrame(
        {
            "statistic": list(combinations),
            "estimate": value,
            "se": se,
            "cv": np.abs(se / value),
            "ci_lower": lower,
            "ci_upper": upper,
            "df": df,
            "deff": np.nan,
            "n": [int(part["n"].min()) for part in taken],
            "n_psu": [int(part["n_psu"].min()) for part in taken],
            "flag": flag.astype(object),
            "t": statistic,
            "p_value": 2 * stdtr(np.maximum(df, np.nan_to_num(df, nan=1.0)), -np.abs(statistic)),
        }
    )
    domains = pd.DataFrame({"n": frame["n"], "n_psu": frame["n_psu"]})
    return replace(
        estimates,
        frame=frame,
        by=(),
        domains=domains,
        metadata={**estimates.metadata, "contrast": kind, "level": level},
        source=None,
    )


def _positions(estimates: Estimates) -> dict[Any, int]:
    frame = estimates.frame
    several = frame["statistic"].nunique() > 1
    names = [*estimates.by, *(["statistic"] if several or not estimates.by else [])]
    keys = frame[names].itertuples(index=False, name=None)
    return {key if len(names) > 1 else key[0]: row for row, key in enumerate(keys)}


def _position(positions: Mapping[Any, int], key: Any, name: str) -> int:
    if key not in positions:
        raise EstimationError(
            f"no row is called {key!r}",
            where=f"contrast {name!r}",
            expected=f"one of {', '.join(repr(known) for known in list(positions)[:8])}",
        )
    return positions[key]
