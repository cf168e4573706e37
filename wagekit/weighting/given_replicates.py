"""Replicate weights that came with the data, brought into the form of :class:`~wagekit.design.Replicates`."""

from __future__ import annotations

import numpy as np

from wagekit.arrays import Floats
from wagekit.design import Replicates, Sample, Stage
from wagekit.errors import InputError
from wagekit.options import ReplicateMethod


def from_columns(
    weights: Floats,
    replicate_weights: Floats,
    sample: Sample,
    method: ReplicateMethod,
    *,
    scale: float | None = None,
    rscales: Floats | None = None,
    fay: float = 0.5,
    combined: bool = True,
    df: float | None = None,
    tolerance: float = 1e-9,
) -> Replicates:
    """Replicate weights that came with the data.

    Parameters
    ----------
    weights : shape (n,), full weights.
    replicate_weights : shape (n, R).
    method : how they were made, which gives scale and rscales (as R's ``svrepdesign``): JK1 (R - 1) / R; JK2 1;
        BRR 1 / R; Fay 1 / (R (1 - fay)²); bootstrap 1 / (R - 1); SDR 4 / R; JKn wants `rscales`.
    scale, rscales : in place of the method's.
    combined : whether the columns are whole weights, or factors of the full weight.
    df : degrees of freedom; by default the rank of the replicate weights less 1 (R's ``degf``), at most the
        number of units less 1.
    tolerance : relative difference up to which factors inside a unit count as equal; weights printed with few
        digits need more.

    Returns
    -------
    Replicates, with multipliers per first-stage unit where the factors are the same for all rows of a unit;
    otherwise (replicates calibrated each on its own) with the factors of each row, ``per_row=True``, which
    takes n x R numbers as the columns themselves do.

    Raises
    ------
    InputError
        For missing or infinite weights, shapes that differ, JKn without rscales, or a row with a full weight
        of 0 that a replicate gives a weight.

    Examples
    --------
    >>> from wagekit.design import build_sample
    >>> weights = np.array([2.0, 4, 5])
    >>> sample = build_sample(weights, psu=[np.array([1, 1, 2])])
    >>> given = from_columns(weights, np.array([[0.0, 4], [0, 8], [10, 0]]), sample, "JK1")
    >>> given.multipliers.tolist(), given.scale, given.per_row
    ([[0.0, 2.0], [2.0, 0.0]], 0.5, False)
    """
    if replicate_weights.ndim != 2 or replicate_weights.shape[0] != sample.n or weights.shape != (sample.n,):
        raise InputError(
            f"replicate weights of shape {replicate_weights.shape} and {weights.size} weights",
            where="replicates",
            expected=f"{sample.n} rows and at least two columns",
        )
    count = replicate_weights.shape[1]
    if not np.isfinite(replicate_weights).all() or count < 2:
        raise InputError(
            "missing or infinite replicate weights, or one column only", where="replicates", expected="finite weights"
        )
    if method == "JKn" and rscales is None:
        raise InputError("JKn without rscales", where="replicates", expected="(n_h - 1) / n_h of each replicate")
    usual = {"JK1": (count - 1) / count, "JKn": 1.0, "JK2": 1.0, "BRR": 1 / count, "bootstrap": 1 / (count - 1),
             "Fay": 1 / (count * (1 - fay) ** 2), "SDR": 4 / count}  # fmt: skip
    if method not in usual:
        raise InputError(f"{method!r}", where="method", expected=", ".join(usual))
    factors = np.ones(count) if rscales is None else np.asarray(rscales, dtype=np.float64)
    if factors.shape != (count,):
        raise InputError(f"{factors.size} rscales", where="replicates", expected=f"{count}, one a replicate")
    multipliers = _per_unit(weights, replicate_weights, sample.first, combined, tolerance)
    per_row = multipliers is None
    if multipliers is None:
        multipliers = _per_row(weights, replicate_weights) if combined else replicate_weights
    if df is None:
        # Factors of units with no weight don't count; the rank from the (R, R) products, as rows may be many.
        heavy = multipliers[weights > 0] if per_row else multipliers
        inner = heavy.T @ heavy
        length = np.sqrt(np.maximum(np.diag(inner), 1e-300))
        rank = int(np.linalg.matrix_rank(inner / length / length[:, None], tol=1e-10 * count, hermitian=True))
        df = float(max(min(rank, sample.first.stratum.size) - 1, 0))
    return Replicates(
        np.asarray(multipliers, dtype=np.float64),
        float(usual[method] if scale is None else scale),
        factors,
        method,
        df,
        mse=method in ("JK2", "SDR"),
        per_row=per_row,
    )


def _per_unit(
    weights: Floats, replicate_weights: Floats, stage: Stage, combined: bool, tolerance: float
) -> Floats | None:
    """Multipliers of shape (U, R), or None where they differ inside a unit."""
    units = stage.stratum.size
    zero = weights == 0
    _check_weightless(weights, replicate_weights, combined)
    heavy = np.full(units, -1, dtype=np.int64)  # the row with the largest weight speaks for its unit
    order = np.argsort(weights, kind="stable")
    heavy[stage.unit[order]] = order
    multipliers = replicate_weights[heavy].astype(np.float64)
    if combined:
        multipliers /= np.where(weights[heavy] > 0, weights[heavy], 1.0)[:, None]
    for column in range(multipliers.shape[1]):
        expected = multipliers[stage.unit, column] * (weights if combined else 1.0)
        given = replicate_weights[:, column]
        scale = np.abs(weights) if combined else 1.0
        if (np.abs(given - expected) > tolerance * np.maximum(np.abs(given), scale))[~zero].any():
            return None
    return multipliers


def _check_weightless(weights: Floats, replicate_weights: Floats, combined: bool) -> None:
    wrong = (weights == 0) & replicate_weights.any(axis=1)
    if combined and wrong.any():
        raise InputError(
            f"{int(wrong.sum())} rows have a full weight of 0 and replicate weights above, the first in row "
            f"{int(np.flatnonzero(wrong)[0])}",
            where="replicates",
            expected="replicate weights of 0 where the full weight is 0",
        )


def _per_row(weights: Floats, replicate_weights: Floats) -> Floats:
    """Factors of the full weight, 0 where that is 0: shape (n, R)."""
    full = weights[:, None]
    return np.divide(replicate_weights, full, out=np.zeros_like(replicate_weights, dtype=np.float64), where=full != 0)
