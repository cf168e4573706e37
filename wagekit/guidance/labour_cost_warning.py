"""Early warning of labour cost (人工成本预警): single enterprises held against their industry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from wagekit.arrays import Codes, Floats
from wagekit.errors import InputError
from wagekit.estimates import Estimates
from wagekit.guidance.labour_cost import ENTERPRISES, INDICATORS, as_survey, prepared
from wagekit.guidance.labour_cost_enterprises import BEYOND, enterprise_ratios, share_of_rows
from wagekit.guidance.tables import together
from wagekit.options import SinglePSU
from wagekit.survey import Survey
from wagekit.survey_statistics import By, names_of

if TYPE_CHECKING:
    import pandas as pd

Mark = Literal["normal", "attention", "warning"]
"""正常, 关注, 预警."""


@dataclass(frozen=True)
class WarningRule:
    """When an enterprise's indicator stands out in its industry.

    Parameters
    ----------
    indicator : a word of :data:`wagekit.guidance.labour_cost.INDICATORS`.
    side : ``high``: beyond the percentile; ``low``: below the mirrored one (P25 for 75).
    attention, warning : percents, 50 < attention <= warning < 100.
    """

    indicator: str
    side: Literal["high", "low"] = "high"
    attention: float = 75
    warning: float = 90

    def __post_init__(self) -> None:
        if self.indicator not in INDICATORS:
            raise InputError(f"{self.indicator!r}", where="warning rule", expected=f"one of {', '.join(INDICATORS)}")
        if not 50 < self.attention <= self.warning < 100:
            raise InputError(
                f"attention = {self.attention:g}, warning = {self.warning:g}",
                where=f"warning rule of {self.indicator}",
                expected="50 < attention <= warning < 100",
            )


WARNING_RULES = (
    WarningRule("labour_cost_to_revenue"),
    WarningRule("labour_share_of_value_added"),
    WarningRule("labour_cost_to_total_cost"),
    WarningRule("profit_to_labour_cost", "low"),
)
"""The rules unless others are given. No official figures were found: P75 and P90 of the industry are wagekit's."""


def labour_cost_warnings(
    enterprises: Any,
    by: By = "industry",
    weights: str | None = None,
    *,
    rules: Sequence[WarningRule] = WARNING_RULES,
    limits: pd.DataFrame | None = None,
    least: int = 10,
) -> pd.DataFrame:
    """Every enterprise held against its industry: which indicators stand out, and the mark that follows.

    Parameters
    ----------
    enterprises, weights : as :func:`wagekit.labour_cost` takes them.
    by : columns that make the industry.
    rules : one for each indicator to look at.
    limits : a table to hold enterprises against in place of the percentiles of `enterprises`, such as published
        ones: the columns of `by`, ``indicator``, ``attention``, ``warning``.
    least : an industry with fewer enterprises that have the indicator is held against nothing.

    Returns
    -------
    A frame with the rows and the index of the enterprises: the columns of `by`; for each indicator its value (NaN
    where it is no number) and ``<indicator>_mark``; ``mark``, the most serious of them. It tells of single
    enterprises, so it is for the house and for the enterprise itself only.

    Notes
    -----
    Above the industry's attention percentile (P75; the profit: below P25) a value is marked ``attention``, beyond
    its warning percentile (P90; P10) ``warning``; exactly on a limit is not beyond it. An enterprise with a loss is
    marked ``attention`` at least in the profit, one whose value added is 0 or less ``warning`` in the labour share.
    """
    import pandas as pd

    survey = as_survey(enterprises, weights=weights, strata=None, psu=None, fpc=None, single_psu="adjust")
    survey, found = prepared(survey, tuple(rule.indicator for rule in rules))
    code, domains = survey.cross(by)
    frame = survey.columns_frame(names_of(by))
    serious = np.full(survey.sample.n, -1)
    for rule in rules:
        if rule.indicator not in found:
            continue
        value = enterprise_ratios(survey, rule.indicator)
        sign = 1.0 if rule.side == "high" else -1.0
        if limits is None:
            attention, warning = _percentile_limits(survey, rule, value, code, len(domains), by, least)
        else:
            attention, warning = _given_limits(limits, rule.indicator, domains, names_of(by))
        attention, warning = (np.append(each, np.nan)[code] for each in (attention, warning))
        with np.errstate(invalid="ignore"):
            mark = (sign * value > sign * attention).astype(int) + (sign * value > sign * warning)
            mark = np.where(np.isnan(value) | np.isnan(attention) | np.isnan(warning), -1, mark)
            if rule.indicator == "profit_to_labour_cost":
                mark = np.where(value < 0, np.maximum(mark, 1), mark)
            mark = np.where(value >= BEYOND, 2, mark)
            frame[rule.indicator] = np.where((value < 0) | (value >= BEYOND), np.nan, value)
        frame[f"{rule.indicator}_mark"] = _marks(mark)
        serious = np.maximum(serious, mark)
    frame["mark"] = _marks(serious)
    frame = frame[survey.mask]
    if isinstance(enterprises, pd.DataFrame):
        frame = frame.set_axis(enterprises.index)
    return frame


def _marks(number: Any) -> Any:
    words = np.array(["normal", "attention", "warning", None], dtype=object)
    return words[number]


def _percentile_limits(
    survey: Survey, rule: WarningRule, value: Floats, code: Codes, count: int, by: By, least: int
) -> tuple[Floats, Floats]:
    """The two percentiles of each domain, shape (count,); NaN in domains of too few enterprises."""
    percents = [rule.attention, rule.warning]
    if rule.side == "low":
        percents = [100 - percent for percent in percents]
    # Without the rows that have no value, so that the domains are those of the table.
    made = survey.with_column("_rank", value).percentiles("_rank", by=by, q=percents).frame
    # A single percent twice gives one statistic twice, in order: rows are domain by domain.
    found = made["estimate"].to_numpy(dtype=np.float64).reshape(count, 2)
    enough = np.bincount(code[(code >= 0) & ~np.isnan(value)], minlength=count) >= least
    found = np.where(enough[:, None], found, np.nan)
    return found[:, 0], found[:, 1]


def _given_limits(
    limits: pd.DataFrame, indicator: str, domains: pd.DataFrame, by: tuple[str, ...]
) -> tuple[Floats, Floats]:
    needed = [*by, "indicator", "attention", "warning"]
    missing = [name for name in needed if name not in limits]
    if missing:
        raise InputError(f"there is no column {missing[0]!r}", where="limits", expected=", ".join(needed))
    mine = limits[limits["indicator"] == indicator]
    if mine.duplicated(list(by)).any() if by else len(mine) > 1:
        raise InputError(f"{indicator} has two rows for one domain", where="limits", expected="one each")
    mine = domains.merge(mine, on=list(by), how="left") if by else mine.reindex(mine.index[:1].union([0])[:1])
    return mine["attention"].to_numpy(dtype=np.float64), mine["warning"].to_numpy(dtype=np.float64)


def labour_cost_warning_shares(
    enterprises: Any,
    by: By = "industry",
    weights: str | None = None,
    *,
    within: By = "industry",
    rules: Sequence[WarningRule] = WARNING_RULES,
    limits: pd.DataFrame | None = None,
    least: int = 10,
    strata: By = None,
    psu: By = None,
    fpc: By = None,
    single_psu: SinglePSU = "adjust",
    level: float = 0.95,
) -> Estimates:
    """Share of enterprises marked ``attention`` and ``warning`` in each domain, of those that have a mark.

    Parameters
    ----------
    by : domain columns of the table.
    within : columns that make the industry that enterprises are held against.
    rules, limits, least : as :func:`labour_cost_warnings` takes them.

    Returns
    -------
    Estimates with statistics ``attention`` and ``warning``. The limits count as known.
    """
    survey = as_survey(enterprises, weights=weights, strata=strata, psu=psu, fpc=fpc, single_psu=single_psu)
    mark = labour_cost_warnings(survey, within, rules=rules, limits=limits, least=least)["mark"]
    present = np.zeros(survey.sample.n, dtype=bool)
    present[survey.mask] = mark.notna()
    parts = []
    for word in ("attention", "warning"):
        holds = np.zeros(survey.sample.n, dtype=bool)
        holds[survey.mask] = (mark == word).to_numpy(dtype=bool, na_value=False)
        parts.append(share_of_rows(survey, word, by, holds, present, level))
    return replace(together(parts, **ENTERPRISES), variable="labour_cost")
