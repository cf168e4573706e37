"""The labour-cost indicators of single enterprises: their percentiles, and the share that make a loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from wagekit.arrays import Flags, Floats
from wagekit.errors import EstimationError, InputError
from wagekit.estimates import Estimates
from wagekit.guidance.labour_cost import ENTERPRISES, INDICATORS, as_survey, prepared, with_value_added
from wagekit.guidance.tables import blanked, one_statistic, together
from wagekit.options import SinglePSU
from wagekit.statistics import means
from wagekit.survey import Survey
from wagekit.survey_statistics import By

BEYOND = 1e30
"""Rank of an enterprise whose labour cost stands against nothing (no revenue, no value added): above all others."""


def enterprise_ratios(survey: Survey, word: str) -> Floats:
    """One indicator of every enterprise as it ranks, shape (n,).

    Where the denominator is not above 0 and the numerator is, the value is :data:`BEYOND`; where the numerator is
    negative it is the negative ratio. Both are ranks, not figures to be shown. NaN where an answer is missing or a
    ratio has no meaning (nothing over nothing, no workers, no labour cost under a profit).
    """
    indicator = INDICATORS[word]
    above, below = survey.numbers(indicator.numerator), survey.numbers(indicator.denominator)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(below > 0, above / below, np.nan)
    if indicator.denominator in ("revenue", "total_cost", "value_added"):
        value = np.where((below <= 0) & (above > 0), BEYOND, value)
    return value


def labour_cost_percentiles(
    enterprises: Any,
    indicator: str,
    by: By = None,
    weights: str | None = None,
    *,
    q: float | Sequence[float] = (25, 50, 75),
    strata: By = None,
    psu: By = None,
    fpc: By = None,
    single_psu: SinglePSU = "adjust",
    level: float = 0.95,
) -> Estimates:
    """Percentiles of one indicator over the enterprises of each domain, beside the industry's ratio of sums.

    Parameters
    ----------
    enterprises, by, weights, strata, psu, fpc, single_psu, level : as :func:`wagekit.labour_cost` takes them.
    indicator : a word of :data:`wagekit.guidance.labour_cost.INDICATORS`.
    q : percents in (0, 100).

    Returns
    -------
    Estimates with statistics ``p25`` … whose variable is the indicator. Every enterprise keeps its rank: one with a
    loss (or negative value added) ranks below the others by its ratio, one whose labour cost stands against no
    revenue or value added above all. A percentile that falls on such an enterprise is no number (``not_defined``),
    and neither is a confidence limit (``limit_outside_data``).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"labour_cost": [10.0, 20, 30, 40, 50], "revenue": [100.0, 100, 100, 100, 0]})
    >>> made = labour_cost_percentiles(frame, "labour_cost_to_revenue", q=(50, 90)).frame
    >>> made["estimate"].tolist(), made["flag"].tolist()[1]
    ([0.3, nan], 'not_defined')
    """
    if indicator not in INDICATORS:
        raise EstimationError(f"{indicator!r}", where="indicator", expected=f"one of {', '.join(INDICATORS)}")
    survey = as_survey(enterprises, weights=weights, strata=strata, psu=psu, fpc=fpc, single_psu=single_psu)
    survey, _ = prepared(survey, (indicator,))
    ranked = survey.with_column(indicator, enterprise_ratios(survey, indicator))
    made = ranked.percentiles(indicator, by=by, q=q, level=level)
    point = made.frame["estimate"].to_numpy(dtype=np.float64)
    made = blanked(_limits_blanked(made), (point < 0) | (point >= BEYOND))
    # A share of the sum of ratios says nothing about whom a percentile tells of; the weight does.
    domains = made.domains.assign(largest_total_share=made.domains["largest_weighted_share"])
    unit = INDICATORS[indicator].unit
    return replace(made, domains=domains, metadata={**made.metadata, **ENTERPRISES, "unit": unit})


def _limits_blanked(made: Estimates) -> Estimates:
    frame = made.frame
    lower, upper = (frame[name].to_numpy(dtype=np.float64) for name in ("ci_lower", "ci_upper"))
    low, high = lower < 0, upper >= BEYOND
    if not (low | high).any():
        return made
    frame = frame.copy()
    frame.loc[low, "ci_lower"] = np.nan
    frame.loc[high, ["ci_upper", "se", "cv", "deff"]] = np.nan
    frame.loc[(low | high) & (frame["flag"] == ""), "flag"] = "limit_outside_data"
    return replace(made, frame=frame)


def labour_cost_losses(
    enterprises: Any,
    by: By = None,
    weights: str | None = None,
    *,
    strata: By = None,
    psu: By = None,
    fpc: By = None,
    single_psu: SinglePSU = "adjust",
    level: float = 0.95,
) -> Estimates:
    """Share of enterprises with a loss (亏损企业占比) and with value added of 0 or less, in each domain.

    Parameters as :func:`wagekit.labour_cost` takes them.

    Returns
    -------
    Estimates with statistics ``loss_making`` and ``no_value_added``, as far as the columns are there.
    """
    survey = as_survey(enterprises, weights=weights, strata=strata, psu=psu, fpc=fpc, single_psu=single_psu)
    survey = with_value_added(survey)
    columns = set(survey.columns)
    asked: dict[str, tuple[str, Any]] = {
        "loss_making": ("total_profit", lambda money: money < 0),
        "no_value_added": ("value_added", lambda money: money <= 0),
    }
    parts = []
    for word, (column, holds) in asked.items():
        if column in columns:
            money = survey.numbers(column)
            parts.append(share_of_rows(survey, word, by, holds(money), ~np.isnan(money), level))
    if not parts:
        raise InputError("there is neither total_profit nor value_added", where="enterprises")
    return replace(together(parts, **ENTERPRISES), variable="labour_cost")


def share_of_rows(survey: Survey, word: str, by: By, holds: Flags, present: Flags, level: float) -> Estimates:
    """Weighted share of the enterprises for which `holds`, among those that are `present`; both of shape (n,).

    Release rules count the smaller of the two sides: that all enterprises but one make a loss tells of each of them.
    """
    values = holds.astype(np.float64)
    made = one_statistic(survey, word, by, lambda cells: means.mean(cells, values), present=present, level=level)
    code, domains = survey.cross(by)
    sides = [np.bincount(code[side & present & (code >= 0)], minlength=len(domains)) for side in (holds, ~holds)]
    fewest = np.minimum(*sides)
    return replace(made, domains=made.domains.assign(n=fewest, n_psu=fewest))
