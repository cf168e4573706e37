"""Labour-cost indicators (人工成本指标) of enterprises: industry figures as ratios of sums, with their errors."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from wagekit.arrays import Flags, Floats
from wagekit.columns import Columns
from wagekit.errors import InputError, WagekitWarning
from wagekit.estimates import Estimates
from wagekit.guidance.tables import Asked, statistics_of, where_defined
from wagekit.options import SinglePSU
from wagekit.statistics import means
from wagekit.statistics.cells import Cells
from wagekit.statistics.result import Result
from wagekit.survey import Survey
from wagekit.survey_statistics import By

ENTERPRISES: Mapping[str, Any] = MappingProxyType({"respondents": "enterprises", "subject": "labour_cost"})
"""Metadata of estimates over enterprises: release rules about employees don't apply to them."""

INCOME_APPROACH = ("depreciation", "business_taxes", "total_profit", "labour_cost")
"""增加值（收入法）: 固定资产折旧 + 主营业务税金及附加 (for 生产税净额) + 利润总额 (for 营业盈余) + 人工成本总额."""


@dataclass(frozen=True)
class Indicator:
    """One indicator: a total over a total.

    Parameters
    ----------
    chinese : official name.
    numerator, denominator : columns of the enterprise table.
    unit : ``元/人年``, or ``%`` for a share, which is kept as a fraction (0.25 is 25 %).
    """

    chinese: str
    numerator: str
    denominator: str
    unit: Literal["元/人年", "%"]


INDICATORS: Mapping[str, Indicator] = MappingProxyType(
    {
        "labour_cost_per_head": Indicator("人均人工成本", "labour_cost", "average_headcount", "元/人年"),
        "labour_cost_to_total_cost": Indicator("人工成本占成本费用总额比重", "labour_cost", "total_cost", "%"),
        "labour_cost_to_revenue": Indicator("人事费用率", "labour_cost", "revenue", "%"),
        "labour_share_of_value_added": Indicator("劳动分配率", "labour_cost", "value_added", "%"),
        "profit_to_labour_cost": Indicator("人工成本利润率", "total_profit", "labour_cost", "%"),
        "wage_share_of_labour_cost": Indicator("人工成本工资含量", "wages", "labour_cost", "%"),
        "value_added_per_head": Indicator("全员劳动生产率", "value_added", "average_headcount", "元/人年"),
    }
)
"""The seven indicators, by the word of their statistic."""


def labour_cost(
    enterprises: Any,
    by: By = None,
    weights: str | None = None,
    *,
    strata: By = None,
    psu: By = None,
    fpc: By = None,
    single_psu: SinglePSU = "adjust",
    complete: bool = False,
    level: float = 0.95,
) -> Estimates:
    r"""The seven labour-cost indicators of each domain, each a ratio of sums with its standard error.

    Parameters
    ----------
    enterprises : one row an enterprise, with the questionnaire's columns ``revenue, total_profit, depreciation,
        business_taxes, total_cost, labour_cost, wages`` (money in one unit) and ``average_headcount``; a frame of
        any kind that :class:`wagekit.Survey` takes, or a Survey of enterprises (see
        :func:`wagekit.guidance.enterprise_survey.enterprise_survey`),
        whose design then holds. ``value_added`` is optional: where it is missing it is made by the income
        approach (:data:`INCOME_APPROACH`).
    by : domain columns, such as ``industry``.
    weights : column of the enterprises' weights; every enterprise counts 1 without.
    strata, psu, fpc, single_psu : design, as in :class:`wagekit.Survey`; without `psu` every row is a unit.
    complete : use only enterprises that have every column that is needed; then the identity below holds exactly.
        By default each indicator uses the enterprises that have its own two columns.
    level : confidence level.

    Returns
    -------
    Estimates with the statistics of :data:`INDICATORS`; shares are fractions. Where a sum that must not be negative
    is (profit, value added), or a denominator's sum is not above 0, there is no number and the flag is
    ``not_defined``. The metadata say by how much the identity is missed (``identity_gap``).

    Raises
    ------
    InputError
        If the columns of every indicator are missing, or a column does not hold numbers.

    Warns
    -----
    WagekitWarning
        If an indicator is left out because its columns are missing, or the identity does not hold because
        enterprises miss some answers.

    Notes
    -----
    人均人工成本 = 人工成本总额 / 从业人员平均人数; 人工成本占成本费用总额比重 = 人工成本总额 / 成本费用总额; 人事费用率 =
    人工成本总额 / 销售(营业)收入; 劳动分配率 = 人工成本总额 / 增加值; 人工成本利润率 = 利润总额 / 人工成本总额;
    人工成本工资含量 = 工资总额 / 人工成本总额; 全员劳动生产率 = 增加值 / 从业人员平均人数. Identity: 劳动分配率 =
    人均人工成本 / 全员劳动生产率. Errors by linearization, :mod:`wagekit.statistics.means`.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"revenue": [500.0, 300, 400], "total_profit": [40.0, 10, 30], "depreciation": [20.0, 10, 15],
    ...     "business_taxes": [5.0, 3, 4], "total_cost": [455.0, 287, 366], "labour_cost": [100.0, 80, 60],
    ...     "wages": [70.0, 60, 45], "average_headcount": [10, 9, 5]})
    >>> labour_cost(frame).frame.set_index("statistic")["estimate"].round(4).to_dict()["labour_cost_to_revenue"]
    0.2
    """
    survey = as_survey(enterprises, weights=weights, strata=strata, psu=psu, fpc=fpc, single_psu=single_psu)
    survey, words = prepared(survey, tuple(INDICATORS))
    common = np.ones(survey.sample.n, dtype=bool)
    if complete:
        used = {column for word in words for column in (INDICATORS[word].numerator, INDICATORS[word].denominator)}
        for column in used:
            common &= ~np.isnan(survey.numbers(column))
    asked = []
    for word in words:
        above, below = (survey.numbers(column) for column in (INDICATORS[word].numerator, INDICATORS[word].denominator))
        asked.append(ratio_of_sums(word, above, below, present=common & ~np.isnan(above) & ~np.isnan(below)))
    made = statistics_of(survey, by, asked, level=level, **ENTERPRISES)
    gap = identity_gap(made)
    if gap > IDENTITY_TOLERANCE:
        warnings.warn(
            WagekitWarning(
                f"劳动分配率 differs from 人均人工成本 / 全员劳动生产率 by up to {gap:.2%}, since some enterprises"
                " miss answers that the indicators rest on; complete=True uses only enterprises that have all"
            ),
            stacklevel=2,
        )
    return replace(made, variable="labour_cost", metadata={**made.metadata, "identity_gap": gap})


IDENTITY_TOLERANCE = 1e-9
"""Relative difference up to which the identity holds: rounding of sums of some thousand numbers."""


def identity_gap(estimates: Estimates) -> float:
    """Largest relative difference between 劳动分配率 and 人均人工成本 / 全员劳动生产率 over the domains; 0 without."""
    by = list(estimates.by)
    frame = estimates.frame[[*by, "statistic", "estimate"]]
    wide: dict[str, Floats] = {}
    for word in ("labour_share_of_value_added", "labour_cost_per_head", "value_added_per_head"):
        rows = frame[frame["statistic"] == word]
        if rows.empty:
            return 0.0
        wide[word] = rows["estimate"].to_numpy(dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = wide["labour_cost_per_head"] / wide["value_added_per_head"]
        gap = np.abs(share / wide["labour_share_of_value_added"] - 1)
    gap = gap[np.isfinite(gap)]
    return float(gap.max(initial=0.0))


def ratio_of_sums(word: str, above: Floats, below: Floats, *, present: Flags) -> Asked:
    """Weighted sum of `above` over that of `below`, both of shape (n,), where neither is negative nor `below` 0."""
    top, bottom = np.nan_to_num(above), np.nan_to_num(below)

    def statistic(cells: Cells) -> Result:
        weights = cells.sample.weights
        defined = (cells.sums(weights * top) >= 0) & (cells.sums(weights * bottom) > 0)
        return where_defined(means.ratio(cells, top, bottom), defined)

    return Asked(word, statistic, present, [top, bottom])


def as_survey(enterprises: Any, *, weights: str | None, strata: By, psu: By, fpc: By, single_psu: SinglePSU) -> Survey:
    """The enterprises as a survey whose rows are enterprises; a Survey is taken as it is.

    Raises
    ------
    InputError
        If a design is given beside a Survey, which has one.
    """
    if isinstance(enterprises, Survey):
        if any(given is not None for given in (weights, strata, psu, fpc)):
            raise InputError(
                "a design is given beside a Survey, which has its own", where="labour cost", do="Leave one out"
            )
        return enterprises
    frame = Columns(enterprises).to_pandas()
    if weights is None:
        weights = "_one"
        frame = frame.assign(_one=1.0)
    return Survey(frame, weights=weights, strata=strata, psu=psu, fpc=fpc, single_psu=single_psu)


def prepared(survey: Survey, words: tuple[str, ...]) -> tuple[Survey, list[str]]:
    """The survey with value added, and the indicators among `words` whose columns it has.

    Raises
    ------
    InputError
        If it has the columns of none.
    """
    survey = with_value_added(survey)
    columns = set(survey.columns)
    filled = {
        column
        for word in words
        for column in (INDICATORS[word].numerator, INDICATORS[word].denominator)
        if column in columns and not np.isnan(survey.numbers(column)).all()
    }
    missing: dict[str, list[str]] = {}
    for word in words:
        lacks = [c for c in (INDICATORS[word].numerator, INDICATORS[word].denominator) if c not in filled]
        if lacks:
            missing[word] = lacks
    found = [word for word in words if word not in missing]
    named = "; ".join(f"{word} (no {' and no '.join(lacks)})" for word, lacks in missing.items())
    if not found:
        raise InputError(
            f"the columns of every indicator are missing: {named}",
            where="enterprises",
            expected="the questionnaire's columns, such as labour_cost and average_headcount",
        )
    if missing:
        warnings.warn(WagekitWarning(f"left out, since their columns are missing or empty: {named}"), stacklevel=3)
    return survey, found


def with_value_added(survey: Survey) -> Survey:
    """The survey with a column ``value_added``: as given, and where missing by the income approach."""
    columns = set(survey.columns)
    if not set(INCOME_APPROACH) <= columns:
        return survey
    made = np.sum([survey.numbers(column) for column in INCOME_APPROACH], axis=0)
    if "value_added" in columns:
        given = survey.numbers("value_added")
        missing = np.isnan(given)
        if not (missing & ~np.isnan(made)).any():
            return survey
        made = np.where(missing, made, given)
    return survey.with_column("value_added", made)
