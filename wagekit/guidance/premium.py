"""Pay premiums of groups over a base group: raw, and adjusted by the wage regression, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from wagekit.arrays import divide
from wagekit.errors import EstimationError, InputError
from wagekit.estimates import RESULT_COLUMNS, Estimates
from wagekit.models.formulas import description
from wagekit.models.regression import adjusted_premium
from wagekit.survey import Survey
from wagekit.survey_statistics import By, names_of

if TYPE_CHECKING:
    import pandas as pd

Level = Literal["median", "mean", "geometric"]
"""What a group's pay is compared by; ``geometric``, the mean of logarithms, is what the regression explains."""

CATEGORIES = ("sex", "education", "enterprise_size", "industry", "occupation_major", "employment_form")
"""Characteristics held constant unless a formula is given, as far as the survey has them with two values or more."""

_CURVES = {
    "enterprise_tenure": "enterprise_tenure + I(enterprise_tenure ** 2)",
    "work_start_year": "I((work_start_year - 2000) / 10) + I(((work_start_year - 2000) / 10) ** 2)",
}


def group_premium(
    survey: Survey,
    group: str,
    base: Any,
    by: By = None,
    *,
    variable: str = "annual_pay",
    statistic: Level = "median",
    formula: str | None = "default",
    level: float = 0.95,
    subject: str = "premium",
) -> Estimates:
    """Pay premium of each group over the base group of the same domain.

    Parameters
    ----------
    survey : of employees.
    group : column of the groups.
    base : the group that the others are compared with.
    by : domain columns; a domain without the base group has no premiums.
    variable : column of pay.
    statistic : what the raw premium compares.
    formula : regression of the adjusted premium, without the group, as :func:`wagekit.adjusted_premium` takes it;
        ``default`` holds :data:`CATEGORIES`, tenure and years since the first work constant; None leaves it out.
    level : confidence level.

    Returns
    -------
    Estimates by the domain columns and `group`, with statistics ``premium`` (the group's level over that of the base,
    less 1; the covariance of the two counts) and ``adjusted_premium`` (exp(b) - 1 of the regression in the domain).
    `n` and `n_psu` are those of the smaller of the two groups, and so release rules hold for both. Where the
    regression can't be fitted in a domain, the adjusted premium is ``not_defined``.

    Raises
    ------
    EstimationError
        If the base group is in no domain, or a statistic is unknown.

    Notes
    -----
    Raw and adjusted differ by what is held constant, and, but for ``geometric``, by the level they compare: the
    regression explains the mean of log pay.

    Examples
    --------
    >>> import pandas as pd, wagekit as wk
    >>> frame = pd.DataFrame({"annual_pay": [50.0, 60, 55, 80, 90, 70], "grade": list("223344"), "w": 1.0})
    >>> made = group_premium(wk.Survey(frame, weights="w"), "grade", "2", statistic="mean", formula=None)
    >>> made.frame[["grade", "estimate"]].round(4).values.tolist()
    [['3', 0.2273], ['4', 0.4545]]
    """
    import pandas as pd

    dimensions = names_of(by)
    if group in dimensions:
        raise InputError(f"{group!r} is among the domain columns", where="group_premium", do="Leave it out of by")
    raw = _raw(survey, group, base, dimensions, variable, statistic, level)
    if raw.frame.empty:
        raise EstimationError(
            f"no domain has {base!r} and another group",
            where=f"column {group!r}",
            expected="a base group with respondents",
        )
    frames = [raw.frame]
    if formula is not None:
        frames.append(_adjusted(survey, raw, group, base, variable, formula, level))
    columns = [*dimensions, group]
    frame = pd.concat(frames, ignore_index=True).sort_values(columns, kind="stable").reset_index(drop=True)
    metadata = {
        **description(survey, level),
        "base": base,
        "statistic": statistic,
        "formula": formula,
        "subject": subject,
        # A premium of 0 is pay as high as the base's: its precision is that of 1 + premium.
        "precision_offset": 1.0,
    }
    return Estimates(frame, (*dimensions, group), variable, raw.domains, metadata)


@dataclass(frozen=True, eq=False)
class _Raw:
    """Rows of the raw premium and the description of their domains, in the same order."""

    frame: pd.DataFrame
    domains: pd.DataFrame


def _raw(
    survey: Survey, group: str, base: Any, by: tuple[str, ...], variable: str, statistic: Level, level: float
) -> _Raw:
    import pandas as pd

    columns = [*by, group]
    if statistic in ("median", "geometric"):
        levels = survey.percentiles(variable, by=columns, q=50, level=level)
    elif statistic == "mean":
        levels = survey.mean(variable, by=columns, level=level)
    else:
        raise EstimationError(f"{statistic!r}", where="statistic", expected="median, mean or geometric")
    found = levels.frame[levels.frame["n"] > 0]
    keys = list(found[columns].itertuples(index=False, name=None))
    homes = {key[:-1] for key in keys if key[-1] == base}
    wanted = [key for key in keys if key[-1] != base and key[:-1] in homes]
    domains = _pairs(levels, wanted, base, columns)
    if not wanted:
        return _Raw(pd.DataFrame(columns=[*columns, *RESULT_COLUMNS]), domains)

    def name(key: tuple[Any, ...]) -> Any:
        return key if len(key) > 1 else key[0]

    if statistic == "geometric":
        frame = _geometric(survey, wanted, group, base, by, variable, level)
    else:
        pairs = {str(place): {name(key): 1.0, name((*key[:-1], base)): -1.0} for place, key in enumerate(wanted)}
        frame = levels.contrast(pairs, kind="ratio", level=level).frame[list(RESULT_COLUMNS)]
        for column in ("estimate", "ci_lower", "ci_upper"):
            frame[column] = frame[column] - 1
    frame = frame.assign(
        statistic="premium",
        cv=divide(frame["se"].to_numpy(float), np.abs(frame["estimate"].to_numpy(float))),
        n=domains["n"].to_numpy(),
        n_psu=domains["n_psu"].to_numpy(),
    )
    return _Raw(pd.concat([domains[columns], lone_blanked(frame[list(RESULT_COLUMNS)])], axis=1), domains)


def _pairs(levels: Estimates, wanted: Sequence[tuple[Any, ...]], base: Any, columns: list[str]) -> pd.DataFrame:
    """For each group and its base the smaller counts and the larger shares."""
    import pandas as pd

    described = levels.domains.set_index(columns)
    described.index = pd.MultiIndex.from_frame(levels.domains[columns])
    own = described.loc[list(wanted)].reset_index(drop=True)
    other = described.loc[[(*key[:-1], base) for key in wanted]].reset_index(drop=True)
    values = {
        column: (np.minimum if column in ("n", "n_psu", "population") else np.fmax)(own[column], other[column])
        for column in own.columns
    }
    # Keys keep the type they have in the data: a frame made from tuples would guess one.
    index = levels.domains.reset_index(drop=True)
    place = {key: row for row, key in enumerate(index[columns].itertuples(index=False, name=None))}
    key_frame = index.loc[[place[key] for key in wanted], columns].reset_index(drop=True)
    return pd.concat([key_frame, pd.DataFrame(values)], axis=1)


def _geometric(
    survey: Survey, wanted: Sequence[tuple[Any, ...]], group: str, base: Any, by: tuple[str, ...], variable: str,
    level: float,
) -> pd.DataFrame:  # fmt: skip
    import pandas as pd

    homes = list(dict.fromkeys(key[:-1] for key in wanted))
    formula = f'np.log(Q("{variable}")) ~ 1'
    parts = {home: survey.where(**dict(zip(by, home, strict=True))) for home in homes}
    made = {home: _regression(part, group, base, formula, level, whole=not by) for home, part in parts.items()}
    return pd.DataFrame([_row(made[key[:-1]], key[-1]) for key in wanted])


def _adjusted(
    survey: Survey, raw: _Raw, group: str, base: Any, variable: str, formula: str, level: float
) -> pd.DataFrame:
    """Rows of the adjusted premium for the same domains and groups as the raw ones."""
    import pandas as pd

    by = tuple(column for column in raw.domains.columns[: raw.domains.columns.get_loc(group)])
    keys = list(raw.domains[[*by, group]].itertuples(index=False, name=None))
    made: dict[tuple[Any, ...], dict[Any, dict[str, Any]]] = {}
    for home in dict.fromkeys(key[:-1] for key in keys):
        part = survey.where(**dict(zip(by, home, strict=True)))
        chosen = default_formula(part, variable, (group, *by)) if formula == "default" else formula
        made[home] = _regression(part, group, base, chosen, level, whole=not by)
    rows = pd.DataFrame([_row(made[key[:-1]], key[-1]) for key in keys])
    rows["statistic"] = "adjusted_premium"
    rows["n"], rows["n_psu"] = (np.minimum(rows[name], raw.domains[name]) for name in ("n", "n_psu"))
    return pd.concat([raw.domains[[*by, group]], lone_blanked(rows[list(RESULT_COLUMNS)])], axis=1)


def _regression(
    part: Survey, group: str, base: Any, formula: str, level: float, *, whole: bool
) -> dict[Any, dict[str, Any]]:
    """Group -> its premium in a domain; empty where the regression can't be fitted there, unless it is the whole."""
    try:
        frame = adjusted_premium(part, formula, group, base, level=level).frame
    except EstimationError:
        if whole:
            raise
        return {}
    return {row[group]: {str(name): value for name, value in row.items()} for row in frame.to_dict("records")}


_UNKNOWN: dict[str, Any] = dict.fromkeys(RESULT_COLUMNS, np.nan) | {"n": 0, "n_psu": 0, "flag": "not_defined"}


def _row(made: dict[Any, dict[str, Any]], group: Any) -> dict[str, Any]:
    row = made.get(group)
    if row is None or not np.isfinite(row["estimate"]):
        return dict(_UNKNOWN)
    return {name: row[name] for name in RESULT_COLUMNS}


def lone_blanked(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows without an error where a group rests on one enterprise: what there is of it is not the group's."""
    lone = (frame["n_psu"] < 2) & frame["flag"].isin(["", "zero_variance"])
    frame = frame.copy()
    frame.loc[lone, ["se", "cv", "ci_lower", "ci_upper"]] = np.nan
    frame.loc[lone, "flag"] = "single_psu"
    return frame


def default_formula(survey: Survey, variable: str, without: Sequence[str] = ()) -> str:
    """The regression that holds the usual characteristics constant, as far as this survey has and varies them.

    Examples
    --------
    >>> import pandas as pd, wagekit as wk
    >>> frame = pd.DataFrame({"annual_pay": [1.0, 2], "sex": ["1", "2"], "enterprise_tenure": [1, 5], "w": 1.0})
    >>> default_formula(wk.Survey(frame, weights="w"), "annual_pay")
    'np.log(Q("annual_pay")) ~ C(sex) + enterprise_tenure + I(enterprise_tenure ** 2)'
    """
    here = survey.mask

    def held(name: str) -> bool:
        if name in without or name not in survey.columns:
            return False
        return int(survey.columns_frame([name])[name][here].nunique()) > 1

    terms = [f"C({name})" for name in CATEGORIES if held(name)]
    terms += [curve for name, curve in _CURVES.items() if held(name)]
    return f'np.log(Q("{variable}")) ~ {" + ".join(terms) or "1"}'
