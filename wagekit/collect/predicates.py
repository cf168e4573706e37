"""How each rule is decided: whole tables at once, True for the rows that are right.

Every function takes the table (typed, see `wagekit.collect.answers`) and the situation and gives shape (n,) bool.
A row that lacks what a rule needs passes it: missing answers have rules of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from wagekit.collect.identifiers import valid_identifier
from wagekit.collect.situation import Situation

if TYPE_CHECKING:
    from numpy.typing import NDArray

Predicate = Callable[[pd.DataFrame, Situation], pd.Series]

_PROVINCES = "1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12]"
_PART_TIME = "3"  # code of 非全日制用工 in the list employment_form


def numbers(frame: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """A column as float64, missing as NaN."""
    return frame[column].to_numpy(dtype=np.float64, na_value=np.nan)


def _series(frame: pd.DataFrame, right: NDArray[np.bool_]) -> pd.Series:
    return pd.Series(right, index=frame.index)


def exceeds(larger: str, smaller: str) -> Predicate:
    """One column must be greater than another."""

    def passes(frame: pd.DataFrame, situation: Situation) -> pd.Series:
        return _series(frame, ~(numbers(frame, larger) <= numbers(frame, smaller)))

    return passes


def adds_up(total: str, parts: Sequence[str], tolerance: Callable[[Situation, NDArray[np.int64]], object]) -> Predicate:
    """A total must equal the sum of its parts; where a part is not filled in, at least not be smaller than the rest.

    Parameters
    ----------
    total, parts : columns; parts that the table lacks count as not filled in.
    tolerance : from the situation and the number of parts given in each row to the difference allowed.
    """

    def passes(frame: pd.DataFrame, situation: Situation) -> pd.Series:
        whole = numbers(frame, total)
        here = [part for part in parts if part in frame]
        if not here:
            return _series(frame, np.ones(len(frame), dtype=bool))
        values = np.stack([numbers(frame, part) for part in here])
        given = (~np.isnan(values)).sum(axis=0)
        # The second term leaves room for sums of decimals that binary numbers can't hold exactly.
        allowed = np.asarray(tolerance(situation, given)) + 1e-9 * np.abs(whole)
        over = np.nansum(values, axis=0) - whole
        wrong = (over > allowed) | ((over < -allowed) & (given == len(parts)))
        return _series(frame, ~(wrong & (given > 0)))

    return passes


def within(column: str, low: float, high: float) -> Predicate:
    """A column must lie between two values, both included."""

    def passes(frame: pd.DataFrame, situation: Situation) -> pd.Series:
        values = numbers(frame, column)
        return _series(frame, ~((values < low) | (values > high)))

    return passes


def matches(column: str, pattern: str) -> Predicate:
    """Text must match a pattern as a whole."""

    def passes(frame: pd.DataFrame, situation: Situation) -> pd.Series:
        text = frame[column]
        return text.isna() | text.astype("string").str.fullmatch(pattern).fillna(False).astype(bool)

    return passes


def credit_code(frame: pd.DataFrame, situation: Situation) -> pd.Series:
    """统一社会信用代码 or 组织机构代码 with its check digit."""
    return frame["enterprise_id"].isna() | valid_identifier(frame["enterprise_id"])


region_code = matches("region_code", f"({_PROVINCES})[0-9]{{4}}")
"""Six digits that begin with a province (GB/T 2260)."""


def not_repeated(key: Sequence[str]) -> Predicate:
    """Of rows that are the same in every column, the first one passes."""

    def passes(frame: pd.DataFrame, situation: Situation) -> pd.Series:
        same, _ = _duplicates(frame, key)
        return _series(frame, ~same)

    return passes


def not_contradicted(key: Sequence[str]) -> Predicate:
    """Rows with one key must be the same in every column; if not, nobody knows which is right."""

    def passes(frame: pd.DataFrame, situation: Situation) -> pd.Series:
        _, conflict = _duplicates(frame, key)
        return _series(frame, ~conflict)

    return passes


def _duplicates(frame: pd.DataFrame, key: Sequence[str]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which rows repeat an earlier one, and which contradict another row of their key; both shape (n,)."""
    keys = list(key)
    same = np.zeros(len(frame), dtype=bool)
    conflict = np.zeros(len(frame), dtype=bool)
    several = (frame.duplicated(keys, keep=False) & frame[keys].notna().all(axis=1)).to_numpy()
    if several.any():
        rows = frame[several]
        new_version = (~rows.duplicated()).astype("int64")
        versions = new_version.groupby([rows[column] for column in keys]).transform("sum").to_numpy()
        conflict[several] = versions > 1
        same[several] = rows.duplicated(keys).to_numpy() & (versions == 1)
    return same, conflict


def enterprise_known(frame: pd.DataFrame, situation: Situation) -> pd.Series:
    """An employee's enterprise must be in the enterprise table or known from before."""
    if situation.accepted_enterprises is None or situation.refused_enterprises is None:
        return pd.Series(True, index=frame.index)
    enterprise = frame["enterprise_id"]
    known = enterprise.isin(situation.accepted_enterprises) | enterprise.isin(situation.refused_enterprises)
    return known | enterprise.isna()


def enterprise_accepted(frame: pd.DataFrame, situation: Situation) -> pd.Series:
    """An employee's enterprise must not have been refused."""
    if situation.refused_enterprises is None:
        return pd.Series(True, index=frame.index)
    return ~frame["enterprise_id"].isin(situation.refused_enterprises)


def age_in_scope(frame: pd.DataFrame, situation: Situation) -> pd.Series:
    """Age reached in the year of the wave."""
    age = situation.wave - numbers(frame, "birth_year")
    return _series(frame, ~((age < situation.limits.minimum_age) | (age > situation.limits.maximum_age)))


def started_before_wave(frame: pd.DataFrame, situation: Situation) -> pd.Series:
    """Who began to work in the year of the wave has no full year's pay."""
    return _series(frame, ~(numbers(frame, "work_start_year") >= situation.wave))


def started_at_working_age(frame: pd.DataFrame, situation: Situation) -> pd.Series:
    """Age at the first work."""
    age = numbers(frame, "work_start_year") - numbers(frame, "birth_year")
    return _series(frame, ~(age < situation.limits.minimum_age))


def tenure_within_career(frame: pd.DataFrame, situation: Situation) -> pd.Series:
    """Years in the enterprise against years since the first work; one year of grace for begun years."""
    career = situation.wave - numbers(frame, "work_start_year") + 1
    return _series(frame, ~(numbers(frame, "enterprise_tenure") > career))


def positive(column: str, *, needed: bool = False) -> Predicate:
    """A column must be greater than 0; a missing value passes unless it is needed."""

    def passes(frame: pd.DataFrame, situation: Situation) -> pd.Series:
        values = numbers(frame, column)
        return _series(frame, values > 0 if needed else ~(values <= 0))

    return passes


def probability(frame: pd.DataFrame, situation: Situation) -> pd.Series:
    """Inclusion probability above 0, at most 1, never missing."""
    values = numbers(frame, "inclusion_probability")
    return _series(frame, (values > 0) & (values <= 1))


def minimum_wage(frame: pd.DataFrame, situation: Situation) -> pd.Series:
    """Annual pay of full-time work against twelve monthly minimum wages."""
    if situation.minimum_wage is None:
        return pd.Series(True, index=frame.index)
    below = numbers(frame, "annual_pay") < 12 * situation.minimum_wage
    if "weekly_hours" in frame:
        below &= ~(numbers(frame, "weekly_hours") <= situation.limits.full_time_hours)
    if "employment_form" in frame:
        below &= ~(frame["employment_form"] == _PART_TIME).to_numpy(dtype=bool, na_value=False)
    return _series(frame, ~below)


def pay_near_median(frame: pd.DataFrame, situation: Situation) -> pd.Series:
    """Pay against a multiple of the median of the file's employees (unweighted)."""
    pay = numbers(frame, "annual_pay")
    if np.isnan(pay).all():
        return pd.Series(True, index=frame.index)
    return _series(frame, ~(pay > situation.limits.pay_to_median * np.nanmedian(pay)))


def usual_hours(frame: pd.DataFrame, situation: Situation) -> pd.Series:
    """Weekly hours against the limit for follow-up."""
    return _series(frame, ~(numbers(frame, "weekly_hours") > situation.limits.long_hours))


def wages_per_worker(enterprises: pd.DataFrame) -> NDArray[np.float64]:
    """Wages over average headcount, 元 a year; NaN where there is no headcount."""
    headcount = numbers(enterprises, "average_headcount")
    return numbers(enterprises, "wages") / np.where(headcount > 0, headcount, np.nan)


def wage_bill_agrees(frame: pd.DataFrame, situation: Situation) -> pd.Series:
    """Mean pay of an enterprise's employees against its wages per worker."""
    employees = situation.employees
    if "annual_pay" not in employees or "enterprise_id" not in employees:
        return pd.Series(True, index=frame.index)
    pay = pd.Series(numbers(employees, "annual_pay")).groupby(employees["enterprise_id"].to_numpy())
    mean = pay.mean().where(pay.count() >= situation.limits.smallest_group)
    ratio = mean.reindex(frame["enterprise_id"]).to_numpy() / wages_per_worker(frame)
    low, high = situation.limits.wage_bill_ratio
    return _series(frame, ~((ratio < low) | (ratio > high)))


def average_wage_near_industry(frame: pd.DataFrame, situation: Situation) -> pd.Series:
    """Wages per worker against the median of the enterprises of the industry section (top level of the list)."""
    listed = situation.classifications.get("industry_code")
    codes = frame["industry_code"]
    section = (listed.roll_up(codes, 1) if listed else codes).to_numpy()
    wage = pd.Series(wages_per_worker(frame))
    groups = wage.groupby(section)
    usual = groups.transform("median").where(groups.transform("count") >= situation.limits.smallest_group)
    ratio = (wage / usual).to_numpy()
    low, high = situation.limits.average_wage_ratio
    return _series(frame, ~((ratio < low) | (ratio > high)))
