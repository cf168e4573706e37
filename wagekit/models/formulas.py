"""A formula's columns: which rows of a Survey a model uses, and the arrays it is fitted to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wagekit.arrays import Codes, Floats, Values
from wagekit.errors import EstimationError, InputError
from wagekit.intervals import check_level as check_level

if TYPE_CHECKING:
    import pandas as pd

    from wagekit.survey import Survey


@dataclass(frozen=True, eq=False)
class ModelData:
    """A formula's columns: `rows` (r,), `y` (r,), `x` (r, p) and their names; `also` holds a further column."""

    rows: Codes
    y: Floats
    x: Floats
    outcome: str
    names: tuple[str, ...]
    also: Values | None


def description(survey: Survey, level: float) -> dict[str, Any]:
    """What the metadata of a model's result say of the survey."""
    return {**survey.description(), "level": level}


def variable_of(term: str) -> str:
    """The variable a model's column belongs to: its name without the categories in brackets."""
    return re.sub(r"\[[^\]]*\]", "", term)


def groups_of(data: ModelData, group: str, reference: Any) -> tuple[Codes, Values, int]:
    """Group of each row by number, the groups in sorted order, and the reference group's number."""
    import pandas as pd

    code, levels = pd.factorize(np.asarray(data.also, dtype=object), sort=True)
    found = [k for k, value in enumerate(levels) if value == reference]
    if not found:
        raise EstimationError(
            f"no row that can be used has {reference!r}",
            where=f"column {group!r}",
            expected=f"one of {', '.join(map(str, levels[:12]))}",
        )
    return code, np.asarray(levels, dtype=object), found[0]


def model_data(survey: Survey, formula: str, also: str | None = None) -> ModelData:
    """The formula's columns for the rows that have a value of each variable, and of the column `also`."""
    import pandas as pd
    from statsmodels.regression.linear_model import OLS

    known = survey.columns
    if also is not None and also not in known:
        raise InputError(f"there is no column {also!r}", where="frame", expected="a column of the survey")
    # A name before "(" or after "." is a function's, not a column's.
    used = [name for name in map(str, known) if re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)(?!\s*\()", formula)]
    columns = list(dict.fromkeys([*used, *([also] if also is not None else [])]))
    if not used:
        raise EstimationError(f"{formula!r} names no column of the survey", where="formula", expected="outcome ~ terms")
    frame = survey.columns_frame(columns)
    frame = frame[survey.mask & frame.notna().all(axis=1)]
    if frame.empty:
        raise EstimationError(
            "no row has a value of every variable", where="formula", expected="respondents in the domain"
        )
    frame = pd.DataFrame({name: _plain(frame[name]) for name in columns}, index=frame.index)
    try:
        with np.errstate(all="ignore"):
            model = OLS.from_formula(formula, frame, missing="drop")
    except Exception as problem:  # a formula is code: evaluating it can raise anything
        reason = " ".join(str(problem).split())
        raise EstimationError(
            f"{formula!r} can't be computed ({reason})",
            where="formula",
            expected="a formula as in statsmodels, of columns with finite values",
            do="Write np.log(pay) for a logarithm, and leave out pay of 0 or less with survey.where(…)",
        ) from None
    y, x = np.asarray(model.endog, dtype=np.float64), np.asarray(model.exog, dtype=np.float64)
    rows = np.asarray(model.data.row_labels, dtype=np.int64)
    finite = np.isfinite(y) & np.isfinite(x).all(axis=1)
    if rows.size < len(frame) or not finite.all():
        wrong = np.setdiff1d(frame.index.to_numpy(), rows[finite])
        raise InputError(
            f"the formula gives no finite value in {wrong.size} rows, the first row {wrong[0]}",
            where=formula,
            expected="finite values (a logarithm needs more than 0)",
            do="Leave those rows out with survey.where(…)",
        )
    other = None if also is None else frame[also].to_numpy(dtype=object)
    return ModelData(rows, y, x, str(model.endog_names), tuple(map(str, model.exog_names)), other)


def _plain(series: pd.Series[Any]) -> Any:
    """A column without missing values in a type that formulas understand."""
    import pandas as pd

    if isinstance(series.dtype, pd.CategoricalDtype):
        return series.cat.remove_unused_categories()
    if pd.api.types.is_bool_dtype(series.dtype):
        return series.astype(bool)
    if pd.api.types.is_numeric_dtype(series.dtype):
        return series.to_numpy(dtype=np.float64) if pd.api.types.is_extension_array_dtype(series.dtype) else series
    return series.astype(object)
