"""Science and technology workers (科技人才) and graduates (毕业生): whom they are, and what they are paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from wagekit.errors import EstimationError
from wagekit.estimates import Estimates
from wagekit.guidance.premium import Level, group_premium
from wagekit.survey import Survey

SCIENCE_INDUSTRIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"research": ("73", "74", "75"), "information": ("63", "64", "65")}
)
"""Industries of science and technology, divisions of GB/T 4754-2017: 研究和试验发展 73, 专业技术服务业 74 and
科技推广和应用服务业 75; 电信、广播电视和卫星传输服务 63, 互联网和相关服务 64 and 软件和信息技术服务业 65. No official
text that says which industries 科技人才 guidance looks at was found: this is wagekit's choice."""

OTHER_INDUSTRY = "other"

NO_TITLE = "0"
"""Code of workers without a professional title (未取得)."""

GRADUATES = ("1", "2", "3")
"""Codes of education of graduates: 研究生, 大学本科, 大学专科."""


def with_science_industry(
    survey: Survey,
    *,
    column: str = "industry_division",
    industries: Mapping[str, Sequence[str]] = SCIENCE_INDUSTRIES,
) -> Survey:
    """The survey with a column ``science_industry``: which of the industries of science and technology, or ``other``.

    Parameters
    ----------
    column : GB/T 4754 codes of any level below the section, with or without the letter (``M73``, ``7310``).
    industries : name -> divisions, two digits each.

    Examples
    --------
    >>> import pandas as pd, wagekit as wk
    >>> frame = pd.DataFrame({"industry_division": ["M73", "I65", "C13", None], "w": 1.0})
    >>> with_science_industry(wk.Survey(frame, weights="w")).frame["science_industry"].tolist()[:3]
    ['research', 'information', 'other']
    """
    codes = survey.columns_frame([column])[column]
    digits = codes.astype("string").str.extract(r"^[A-Z]?(\d{2})", expand=False)
    found = np.full(survey.sample.n, OTHER_INDUSTRY, dtype=object)
    for name, divisions in industries.items():
        found[digits.isin(list(divisions)).to_numpy(dtype=bool)] = name
    found[digits.isna().to_numpy(dtype=bool)] = None
    return survey.with_column("science_industry", found)


def science_pay(
    survey: Survey,
    *,
    title: str = "professional_title",
    variable: str = "annual_pay",
    q: Sequence[float] = (10, 25, 50, 75, 90),
    column: str = "industry_division",
    industries: Mapping[str, Sequence[str]] = SCIENCE_INDUSTRIES,
    level: float = 0.95,
) -> Estimates:
    """Percentiles of pay by industry of science and technology and professional title.

    Parameters
    ----------
    survey : of employees.
    title : column of professional titles.
    variable : column of pay.
    q : percents.
    column, industries : as :func:`with_science_industry` takes them.
    level : confidence level.

    Returns
    -------
    Estimates by ``science_industry`` and `title`; the other industries together are one of them.
    """
    marked = with_science_industry(survey, column=column, industries=industries)
    made = marked.percentiles(variable, by=["science_industry", title], q=q, level=level)
    return replace(made, metadata={**made.metadata, "subject": "science_pay"})


def science_premium(
    survey: Survey,
    *,
    title: str = "professional_title",
    base: Any = NO_TITLE,
    variable: str = "annual_pay",
    statistic: Level = "median",
    formula: str | None = "default",
    column: str = "industry_division",
    industries: Mapping[str, Sequence[str]] = SCIENCE_INDUSTRIES,
    level: float = 0.95,
) -> Estimates:
    """Premium of each professional title over workers without one, in each industry of science and technology.

    Parameters
    ----------
    base : the title that the others are held against.
    statistic, formula : as :func:`wagekit.guidance.premium.group_premium` takes them.

    Returns
    -------
    Estimates by ``science_industry`` and `title` of ``premium`` and ``adjusted_premium``.
    """
    marked = with_science_industry(survey, column=column, industries=industries)
    return group_premium(
        marked, title, base, "science_industry", variable=variable, statistic=statistic, formula=formula, level=level,
        subject="title_premium",
    )  # fmt: skip


def graduates(
    survey: Survey,
    *,
    education: str = "education",
    levels: Sequence[Any] = GRADUATES,
    tenure: str = "enterprise_tenure",
    most: float = 1,
    first_job: bool = True,
    wave: int | None = None,
) -> Survey:
    """The part of the survey that are graduates at the beginning of their working life.

    Parameters
    ----------
    education : column of education; `levels` are its values that count as graduates.
    tenure : column of years in the enterprise, at most `most`.
    first_job : also ask that the first work began at most `most` years before `wave` where ``work_start_year`` is
        known, so that an experienced worker in a new enterprise is no graduate.
    wave : reference year; the survey's own (metadata ``wave``) unless given.

    Raises
    ------
    EstimationError
        If nobody is left.
    """
    frame = survey.columns_frame([education])
    years = survey.numbers(tenure)
    with np.errstate(invalid="ignore"):
        chosen = frame[education].isin(list(levels)).to_numpy(dtype=bool) & (years <= most)
        year = wave if wave is not None else survey.metadata.get("wave")
        if first_job and year is not None and "work_start_year" in survey.columns:
            worked = float(year) - survey.numbers("work_start_year")
            chosen &= np.isnan(worked) | (worked <= most)
    part = survey.where(chosen)
    if not len(part):
        raise EstimationError("nobody is a graduate in the first year", where="graduates")
    return part


def graduate_pay(
    survey: Survey,
    *,
    education: str = "education",
    levels: Sequence[Any] = GRADUATES,
    tenure: str = "enterprise_tenure",
    most: float = 1,
    first_job: bool = True,
    wave: int | None = None,
    variable: str = "annual_pay",
    q: Sequence[float] = (10, 25, 50, 75, 90),
    level: float = 0.95,
) -> Estimates:
    """Percentiles of graduates' pay by education.

    Parameters
    ----------
    education, levels, tenure, most, first_job, wave : whom counts, see :func:`graduates`.
    variable : column of pay.
    q : percents.
    level : confidence level.
    """
    part = graduates(
        survey, education=education, levels=levels, tenure=tenure, most=most, first_job=first_job, wave=wave
    )
    made = part.percentiles(variable, by=education, q=q, level=level)
    return replace(made, metadata={**made.metadata, "subject": "graduate_pay", "most": most})
