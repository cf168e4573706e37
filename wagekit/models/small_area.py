"""Fay-Herriot estimates for domains whose direct estimates are too uncertain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wagekit.arrays import Floats, divide
from wagekit.errors import EstimationError, InputError
from wagekit.estimates import RESULT_COLUMNS, Estimates
from wagekit.intervals import check_level, linear_interval
from wagekit.options import VarianceMethod
from wagekit.statistics.small_area import fit_fay_herriot

if TYPE_CHECKING:
    import pandas as pd


def fay_herriot(
    estimates: Estimates,
    covariates: pd.DataFrame,
    *,
    statistic: str | None = None,
    method: VarianceMethod = "REML",
    max_cv: float | None = None,
    intercept: bool = True,
    level: float = 0.95,
) -> Estimates:
    """Fay-Herriot estimates for domains whose direct estimates are too uncertain, marked as model-based.

    Parameters
    ----------
    estimates : direct estimates by domain, such as ``survey.mean("pay", by="occupation")``.
    covariates : a row for each domain: the columns of ``estimates.by``, and numeric columns that are known for
        all domains without sampling error (from a register or census). Domains that have no row in
        `estimates` get synthetic estimates.
    statistic : which statistic, where `estimates` has several.
    method : estimator of the model variance: ``REML``, ``ML`` or ``FH`` (Fay and Herriot's moments).
    max_cv : keep the direct estimate of domains whose coefficient of variation is at most this, such as 0.2;
        None takes the model for all. The model is always fitted to all domains that have a standard error.
    intercept : whether the model has an intercept besides the covariates.
    level : confidence level; intervals use the normal.

    Returns
    -------
    Estimates whose model-based rows are flagged ``model_based``, with se the root of the mean squared error,
    df infinite and no deff. The metadata hold the model variance, the coefficients and, in the frame's order,
    the weight of the direct estimates (``shrinkage``, NaN where the direct estimate was kept).

    Raises
    ------
    InputError
        If covariates are missing, repeated or not finite.
    EstimationError
        With too few domains, or covariates that depend on one another.

    Notes
    -----
    See :mod:`wagekit.statistics.small_area`. Direct estimates without a standard error (one sampling unit, no
    variation) get synthetic estimates; those of domains taken in full stay. The variances of the direct
    estimates count as known, which for domains of a handful of sampling units they are not.

    Examples
    --------
    >>> import pandas as pd, wagekit as wk
    >>> frame = pd.DataFrame({"pay": [5.0, 6, 8, 9, 9, 12, 7, 9], "job": list("aabbccdd"), "w": [1.0] * 8})
    >>> direct = wk.Survey(frame, weights="w").mean("pay", by="job")
    >>> known = pd.DataFrame({"job": list("abcde"), "register": [5.0, 8, 10, 9, 7]})
    >>> fay_herriot(direct, known).frame["flag"].tolist()
    ['model_based', 'model_based', 'model_based', 'model_based', 'model_based']
    """
    import pandas as pd

    check_level(level)
    by = list(estimates.by)
    if not by:
        raise EstimationError("the estimates have no domains", where="fay_herriot", expected="estimates by a column")
    direct = _one_statistic(estimates, statistic)
    known, x, names = _covariates(covariates, by, direct, intercept)
    word = str(direct["statistic"].iloc[0])
    row = pd.MultiIndex.from_frame(direct[by]).get_indexer(pd.MultiIndex.from_frame(known[by]))
    present = row >= 0

    def column(name: str) -> Floats:
        values = direct[name].to_numpy(dtype=np.float64)
        return np.where(present, values[row], np.nan)

    point, error = column("estimate"), column("se")
    observed = np.isfinite(point) & np.isfinite(error) & (error > 0)
    model = fit_fay_herriot(np.nan_to_num(point), np.nan_to_num(error) ** 2, x, observed, method)
    kept = error == 0  # taken in full
    if max_cv is not None:
        kept |= column("cv") <= max_cv
    estimate, se = model.estimate, np.sqrt(model.mse)
    lower, upper = linear_interval(estimate, se, np.full(se.size, np.inf), level)
    flags = np.where(present, direct["flag"].to_numpy(dtype=object)[row], "")
    columns: dict[str, Any] = {
        "statistic": word,
        "estimate": np.where(kept, point, estimate),
        "se": np.where(kept, error, se),
        "cv": np.where(kept, column("cv"), divide(se, np.abs(estimate))),
        "ci_lower": np.where(kept, column("ci_lower"), lower),
        "ci_upper": np.where(kept, column("ci_upper"), upper),
        "df": np.where(kept, column("df"), np.inf),
        "deff": np.where(kept, column("deff"), np.nan),
        "n": np.where(present, direct["n"].to_numpy()[row], 0).astype(np.int64),
        "n_psu": np.where(present, direct["n_psu"].to_numpy()[row], 0).astype(np.int64),
        "flag": np.where(kept, flags, "model_based"),
    }
    frame = known[by].assign(**{name: columns[name] for name in RESULT_COLUMNS})
    domains = known[by].merge(estimates.domains, on=by, how="left")
    for count in ("n", "n_psu"):
        domains[count] = domains[count].fillna(0).astype(np.int64)
    metadata = {
        **estimates.metadata,
        "method": f"Fay-Herriot ({method})",
        "level": level,
        "model_variance": model.model_variance,
        "model_coefficients": dict(zip(names, model.coefficients.tolist(), strict=True)),
        "model_domains": int(observed.sum()),
        "shrinkage": tuple(np.where(kept, np.nan, model.shrinkage).tolist()),
        "max_cv": max_cv,
    }
    return Estimates(frame, estimates.by, estimates.variable, domains, metadata)


def _one_statistic(estimates: Estimates, statistic: str | None) -> pd.DataFrame:
    words = list(dict.fromkeys(estimates.frame["statistic"]))
    chosen = words[0] if statistic is None and len(words) == 1 else statistic
    if chosen not in words:
        raise EstimationError(f"{chosen!r}", where="statistic", expected=f"one of {', '.join(map(str, words))}")
    return estimates.frame[estimates.frame["statistic"] == chosen].reset_index(drop=True)


def _covariates(
    covariates: pd.DataFrame, by: list[str], direct: pd.DataFrame, intercept: bool
) -> tuple[pd.DataFrame, Floats, list[str]]:
    """Covariates with the domains of `direct` first, in its order; their matrix (M, p) and its names."""
    import pandas as pd

    missing = [name for name in by if name not in covariates.columns]
    if missing:
        raise InputError(f"there is no column {missing[0]!r}", where="covariates", expected=", ".join(by))
    keys = pd.MultiIndex.from_frame(covariates[by])
    if not keys.is_unique:
        raise InputError(
            f"{keys[keys.duplicated()][0]} has two rows", where="covariates", expected="one row for each domain"
        )
    wanted = pd.MultiIndex.from_frame(direct[by])
    position = keys.get_indexer(wanted)
    if (position < 0).any():
        raise InputError(
            f"no row for {wanted[position < 0][0]}", where="covariates", expected="a row for each estimated domain"
        )
    order = np.concatenate([position, np.setdiff1d(np.arange(len(covariates)), position)])
    known = covariates.iloc[order].reset_index(drop=True)
    names = [str(name) for name in covariates.columns if name not in by]
    for name in names:
        if not pd.api.types.is_numeric_dtype(known[name].dtype):
            raise InputError(f"{known[name].dtype} values", where=f"covariates, column {name!r}", expected="numbers")
    x = known[names].to_numpy(dtype=np.float64, na_value=np.nan)
    if not np.isfinite(x).all():
        row, column = np.argwhere(~np.isfinite(x))[0]
        raise InputError(
            f"no finite value for {tuple(known[by].iloc[row])}",
            where=f"covariates, column {names[column]!r}",
            expected="a finite number for each domain",
        )
    if intercept:
        x, names = np.column_stack([np.ones(len(known)), x]), ["Intercept", *names]
    if not names:
        raise InputError("there is no covariate", where="covariates", expected="a numeric column, or an intercept")
    return known, x, names
