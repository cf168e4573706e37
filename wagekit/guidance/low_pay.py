"""Low-income workers (低收入群体): pay against the minimum wage and the median, and how far a rise would reach."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from wagekit.arrays import Flags, Floats
from wagekit.errors import EstimationError
from wagekit.estimates import Estimates
from wagekit.guidance.tables import one_statistic, together, with_sizes, with_words
from wagekit.statistics import means
from wagekit.statistics.cells import Cells
from wagekit.statistics.result import Result
from wagekit.survey import Survey
from wagekit.survey_statistics import By

PART_TIME = ("3",)
"""Codes of 用工形式 that the monthly minimum wage does not hold for (非全日制用工 has an hourly one)."""


def low_pay(
    survey: Survey,
    minimum_wage: float,
    by: By = None,
    *,
    variable: str = "annual_pay",
    less: Sequence[str] = (),
    months: float = 12,
    full_time: Any = None,
    shares: Sequence[float] = (0.6, 2 / 3),
    rises: Sequence[float] = (5, 10, 20),
    level: float = 0.95,
) -> Estimates:
    """Shares of low-paid workers, and how far rises of the minimum wage would reach, in each domain.

    Parameters
    ----------
    survey : of employees.
    minimum_wage : 月最低工资标准, 元 a month.
    by : domain columns.
    variable : column of pay, 元 for `months` months.
    less : columns taken off the pay before it is held against the minimum wage, such as ``overtime_pay``: the
        minimum wage is without overtime pay, allowances for special shifts and conditions, and statutory welfare
        (最低工资规定, 2004, article 12). A missing amount counts as 0.
    months : months that the pay is for.
    full_time : boolean values of shape (n,), the workers that the monthly minimum wage holds for; by default all but
        those whose ``employment_form`` is part-time (:data:`PART_TIME`), where there is such a column. Everything
        is about these workers.
    shares : lines as shares of the median of all these workers (of the part of the sample that `survey` is).
    rises : rises of the minimum wage, in percent.
    level : confidence level.

    Returns
    -------
    Estimates with these statistics, shares as fractions:

    ``below_minimum``
        share of workers paid less than the minimum wage;
    ``below_60_median``, ``below_67_median``
        share of workers paid at most 60 % (2/3) of the median;
    ``reached_5``, ``workers_reached_5``, …
        share and number of workers paid less than the minimum wage raised by 5 %;
    ``cost_5``, ``cost_share_5``, …
        what they would be paid more for `months` months, in 元, and that as a share of all pay: from their pay, or
        from the present minimum wage where they are paid less than that, up to the raised one. What is missing up
        to the present minimum is no cost of the rise. Other pay stays as it is.

    Raises
    ------
    EstimationError
        For a minimum wage, rises or shares that are not above 0.

    Notes
    -----
    All are means, totals and ratios of indicators, so that their errors are the design's. The line at a share of the
    median is itself estimated, which its error counts (:func:`wagekit.statistics.inequality.low_pay_share`).

    Examples
    --------
    >>> import pandas as pd, wagekit as wk
    >>> frame = pd.DataFrame({"annual_pay": [12_000.0, 24_600, 36_000, 60_000], "firm": [1, 2, 3, 4], "w": 10.0})
    >>> made = low_pay(wk.Survey(frame, weights="w", psu="firm"), 2_000, rises=[10])
    >>> made.frame.set_index("statistic")["estimate"].round(4).to_dict()
    {'below_minimum': 0.25, 'below_60_median': 0.25, 'below_67_median': 0.25, 'reached_10': 0.5,
     'workers_reached_10': 20.0, 'cost_10': 42000.0, 'cost_share_10': 0.0317}
    """
    _check(minimum_wage, months, shares, rises)
    part = full_time_workers(survey, full_time)
    pay = part.numbers(variable)
    monthly = monthly_pay(part, variable, less=less, months=months)
    present = ~np.isnan(pay)
    weights = part.sample.weights
    filled = np.nan_to_num(pay)

    # What an enterprise may dominate are the workers reached (their cost), not all workers of the domain.
    def one(word: str, size: Floats, statistic: Callable[[Cells], Result]) -> Estimates:
        return one_statistic(part, word, by, statistic, present=present, sizes=[size], level=level)

    def share(word: str, holds: Flags) -> Estimates:
        values = holds.astype(np.float64)
        return one(word, values, lambda cells: means.mean(cells, values))

    def total(word: str, values: Floats) -> Estimates:
        return one(word, values, lambda cells: means.total(cells, values))

    def ratio(word: str, above: Floats) -> Estimates:
        return one(word, above, lambda cells: means.ratio(cells, above, filled))

    parts = [share("below_minimum", (monthly < minimum_wage) & present)]
    code, domains = part.cross(by)
    cells = Cells(part.sample, np.where(present, code, -1), len(domains))
    median = float(part.percentiles(variable, q=50).frame["estimate"].iloc[0])
    for of_median in shares:
        made = part.low_pay_share(variable, by=by, share=of_median, level=level)
        made = with_sizes(made, cells, [(filled <= of_median * median).astype(np.float64)])
        parts.append(with_words(made, {"low_pay_share": f"below_{100 * of_median:.0f}_median"}))
    for rise in rises:
        raised = minimum_wage * (1 + rise / 100)
        reached = (monthly < raised) & present
        more = np.where(reached, months * (raised - np.maximum(monthly, minimum_wage)), 0.0)
        parts.append(share(f"reached_{rise:g}", reached))
        parts.append(total(f"workers_reached_{rise:g}", reached.astype(np.float64)))
        parts.append(total(f"cost_{rise:g}", more))
        parts.append(ratio(f"cost_share_{rise:g}", more))
    made = together(
        parts,
        subject="low_pay",
        minimum_wage=float(minimum_wage),
        less=tuple(less),
        workers=float(weights[present & part.mask].sum()),
    )
    return replace(made, variable=variable)


def full_time_workers(survey: Survey, full_time: Any = None) -> Survey:
    """The part of the survey that the monthly minimum wage holds for, see :func:`low_pay`."""
    if full_time is not None:
        return survey.where(full_time)
    if "employment_form" not in survey.columns:
        return survey
    form = survey.columns_frame(["employment_form"])["employment_form"]
    return survey.where(~form.isin(PART_TIME).to_numpy(dtype=bool))


def monthly_pay(survey: Survey, variable: str, *, less: Sequence[str] = (), months: float = 12) -> Floats:
    """Pay a month without the columns `less`, shape (n,) for all rows of the sample; NaN where pay is missing."""
    taken_off = sum((np.nan_to_num(survey.numbers(column)) for column in less), np.zeros(survey.sample.n))
    return np.asarray((survey.numbers(variable) - taken_off) / months)


def _check(minimum_wage: float, months: float, shares: Sequence[float], rises: Sequence[float]) -> None:
    for name, values in (
        ("minimum_wage", [minimum_wage]),
        ("months", [months]),
        ("shares", shares),
        ("rises", rises),
    ):
        for value in values:
            if not (np.isfinite(value) and value > 0):
                raise EstimationError(f"{value!r}", where=f"low_pay, {name}", expected="numbers above 0")
