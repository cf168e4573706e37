"""Wage regression, and pay premiums of groups adjusted by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from wagekit.arrays import Floats, divide
from wagekit.errors import EstimationError
from wagekit.estimates import RESULT_COLUMNS, Estimates
from wagekit.intervals import check_level, linear_interval, t_test
from wagekit.models.formulas import description, groups_of, model_data, variable_of
from wagekit.results import domain_counts
from wagekit.statistics.cells import Cells
from wagekit.statistics.regression import regress

if TYPE_CHECKING:
    import pandas as pd

    from wagekit.survey import Survey


@dataclass(frozen=True, eq=False)
class JointTest:
    """Wald test that all coefficients of a variable are 0: F, its two degrees of freedom and p-value."""

    statistic: float
    df_numerator: int
    df_denominator: float
    p: float


@dataclass(frozen=True, eq=False)
class WageRegression:
    """A wage regression with design-based standard errors.

    Parameters
    ----------
    coefficients : a row for each column of the model: ``term, estimate, se, t, p, ci_lower, ci_upper, n_psu,
        flag``. ``n_psu`` counts the sampling units in which the column is not 0: a coefficient that rests on a
        handful has a standard error that is too small. A column that follows from earlier ones is NaN and
        flagged ``collinear``.
    covariance : of the coefficients, in the same order.
    df : units less strata of the rows used, less the coefficients, plus 1 (as R ``svyglm``).
    r_squared : weighted share of the outcome's variance explained.
    n, n_psu : respondents and sampling units used.
    formula : as it was given.
    metadata : how it was made.
    """

    coefficients: pd.DataFrame
    covariance: Floats
    df: float
    r_squared: float
    n: int
    n_psu: int
    formula: str
    metadata: Mapping[str, Any]

    def joint_test(self, variable: str) -> JointTest:
        """Test of all coefficients of one variable, written as in the formula, such as ``C(education)``.

        Raises
        ------
        EstimationError
            If no coefficient belongs to `variable`, or their covariance can't be inverted.
        """
        from scipy.special import fdtrc

        terms = [variable_of(term) for term in self.coefficients["term"]]
        chosen = np.flatnonzero([term == variable for term in terms])
        estimate = self.coefficients["estimate"].to_numpy(dtype=np.float64)
        chosen = chosen[np.isfinite(estimate[chosen])]
        if chosen.size == 0:
            raise EstimationError(
                f"no coefficient of {variable!r}", where="joint_test", expected=", ".join(dict.fromkeys(terms))
            )
        part = self.covariance[np.ix_(chosen, chosen)]
        if np.linalg.matrix_rank(part, hermitian=True) < chosen.size:
            raise EstimationError(
                f"{chosen.size} coefficients rest on too few sampling units to be tested together", where="joint_test"
            )
        b = estimate[chosen]
        value = float(b @ np.linalg.solve(part, b)) / chosen.size
        p = float(fdtrc(chosen.size, self.df, value)) if self.df > 0 else float("nan")
        return JointTest(value, int(chosen.size), self.df, p)

    def __repr__(self) -> str:
        return f"{self._title}\n{self.coefficients!r}"

    @property
    def _title(self) -> str:
        numbers = f"n = {self.n:,}, n_psu = {self.n_psu:,}, df = {self.df:g}, R² = {self.r_squared:.4g}"
        return f"WageRegression {self.formula}: {numbers}"

    def _repr_html_(self) -> str:
        from html import escape

        table = self.coefficients.to_html(index=False, escape=True, float_format=lambda value: f"{value:,.6g}")
        return f"<p>{escape(self._title)}</p>{table}"


def wage_regression(survey: Survey, formula: str, *, level: float = 0.95) -> WageRegression:
    """Weighted wage regression with design-based covariance.

    Parameters
    ----------
    survey : the survey, or a part of it by ``where``; the design stays that of the whole sample.
    formula : as in statsmodels, ``np.log(pay) ~ C(education) + tenure + I(tenure ** 2)``. Columns whose names
        are no Python names are written ``Q("…")``.
    level : confidence level.

    Raises
    ------
    EstimationError
        If the formula can't be read or computed.
    InputError
        If it gives values that are not finite, such as the logarithm of 0.

    Notes
    -----
    See :mod:`wagekit.statistics.regression`. The fit is statsmodels' WLS, the covariance the design's
    (Binder 1983), as R's ``svyglm``; t tests and intervals have design degrees of freedom less the
    coefficients plus 1.

    Examples
    --------
    >>> import pandas as pd, wagekit as wk
    >>> frame = pd.DataFrame({"pay": [5.0, 6, 8, 9, 9, 12], "tenure": [1, 2, 3, 4, 5, 6], "firm": [1, 1, 2, 2, 3, 3],
    ...     "w": [1.0, 2, 1, 2, 1, 2]})
    >>> survey = wk.Survey(frame, weights="w", psu="firm")
    >>> wage_regression(survey, "pay ~ tenure").coefficients["estimate"].round(4).tolist()
    [3.4615, 1.359]
    """
    import pandas as pd

    check_level(level)
    data = model_data(survey, formula)
    result = regress(survey.sample, data.rows, data.x, data.y)
    estimate = result.fit.coefficients
    t, p = t_test(estimate, result.se, result.df)
    lower, upper = linear_interval(estimate, result.se, np.full(estimate.size, result.df), level)
    frame = pd.DataFrame(
        {
            "term": list(data.names),
            "estimate": estimate,
            "se": result.se,
            "t": t,
            "p": p,
            "ci_lower": lower,
            "ci_upper": upper,
            "n_psu": result.column_units,
            "flag": result.flag.astype(object),
        }
    )
    return WageRegression(
        frame,
        result.covariance,
        result.df,
        result.fit.r_squared,
        result.n,
        result.n_psu,
        formula,
        description(survey, level),
    )


def adjusted_premium(
    survey: Survey,
    formula: str,
    group: str,
    reference: Any,
    *,
    outcome: Literal["log", "level"] = "log",
    level: float = 0.95,
) -> Estimates:
    """Pay premium of each group over the reference group, other characteristics held constant.

    Parameters
    ----------
    survey : the survey or a part of it.
    formula : the regression without the group, ``np.log(pay) ~ C(education) + tenure``.
    group : column of the groups.
    reference : the group that the others are compared with.
    outcome : ``log``: the formula explains the logarithm of pay, and the premium is exp(b) - 1, a share of the
        reference group's pay (Halvorsen and Palmquist 1980), its interval being that of b transformed;
        ``level``: it explains pay, and the premium is b, in its units.
    level : confidence level.

    Returns
    -------
    Estimates of ``premium`` by `group`, without the reference group.

    Examples
    --------
    >>> import pandas as pd, wagekit as wk
    >>> frame = pd.DataFrame({"pay": [5.0, 6, 8, 9, 9, 12], "sex": list("fmfmfm"), "w": [1.0] * 6})
    >>> survey = wk.Survey(frame, weights="w")
    >>> adjusted_premium(survey, "np.log(pay) ~ 1", "sex", "f").frame["estimate"].round(4).tolist()
    [0.2164]
    """
    import pandas as pd

    check_level(level)
    data = model_data(survey, formula, also=group)
    code, levels, base = groups_of(data, group, reference)
    others = [k for k in range(len(levels)) if k != base]
    if not others:
        raise EstimationError(f"all rows have {reference!r}", where=f"column {group!r}", expected="two groups or more")
    dummies = np.equal.outer(code, others).astype(np.float64)
    result = regress(survey.sample, data.rows, np.hstack([data.x, dummies]), data.y)
    chosen = slice(data.x.shape[1], None)
    b, se, flag = result.fit.coefficients[chosen], result.se[chosen], result.flag[chosen].astype(object)
    lower, upper = linear_interval(b, se, np.full(b.size, result.df), level)
    pay = data.y
    if outcome == "log":
        pay = np.exp(data.y)
        lower, upper, se = np.expm1(lower), np.expm1(upper), np.exp(b) * se
        b = np.expm1(b)
    elif outcome != "level":
        raise EstimationError(f"{outcome!r}", where="outcome", expected="log or level")
    flag[flag == "collinear"] = "not_defined"
    number = np.full(len(levels), -1)
    number[others] = np.arange(len(others))
    cell_of_row = np.full(survey.sample.n, -1, dtype=np.int64)
    cell_of_row[data.rows] = number[code]
    values = np.zeros(survey.sample.n)
    values[data.rows] = pay
    counts = domain_counts([Cells(survey.sample, cell_of_row, len(others))], [values])
    key = {group: pd.Series(levels[others]).infer_objects()}
    columns: dict[str, Any] = {
        "statistic": "premium",
        "estimate": b,
        "se": se,
        "cv": divide(se, np.abs(b)),
        "ci_lower": lower,
        "ci_upper": upper,
        "df": result.df,
        "deff": np.nan,
        "n": counts["n"],
        "n_psu": counts["n_psu"],
        "flag": flag,
    }
    frame = pd.DataFrame(key | {name: columns[name] for name in RESULT_COLUMNS})
    metadata = {
        **description(survey, level),
        "formula": formula,
        "reference": reference,
        "outcome": outcome,
    }
    return Estimates(frame, (group,), data.outcome, pd.DataFrame(key | counts), metadata)
