"""Skilled workers (技能人才): premium of each grade, the reference floors of 2025, chief technicians."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from wagekit.arrays import Flags
from wagekit.errors import EstimationError, InputError
from wagekit.estimates import Estimates
from wagekit.guidance.low_pay import full_time_workers, monthly_pay
from wagekit.guidance.premium import Level, group_premium
from wagekit.guidance.tables import one_statistic, together, with_words
from wagekit.resources import resource
from wagekit.results import stack
from wagekit.statistics import means
from wagekit.survey import Survey
from wagekit.survey_statistics import By, names_of

NO_GRADE = "0"
"""Code of workers without a skill grade; most of them are no skilled workers, so they are no base of comparison."""

FIRST_GRADE = "2"
"""初级工, the first grade after the apprentice: the base unless another is named."""


@dataclass(frozen=True)
class SkillFloors:
    """Reference floors of skilled workers' monthly minimum wage, as percents of the local minimum wage.

    Parameters
    ----------
    title, document, issued, source, source_kind, status : what they were taken from; ``status`` is ``reference``.
    percents : class of post -> percent of the statutory minimum wage.
    chinese, english : class of post -> its name.
    chief_grades : skill grades whose pay is held against senior professionals.
    low_percentile : the percent that 工资低位数 stands for.
    """

    title: str
    document: str
    issued: date
    status: str
    source: str
    source_kind: str
    percents: dict[str, float]
    chinese: dict[str, str]
    english: dict[str, str]
    chief_grades: tuple[str, ...]
    low_percentile: float


def skill_floors(path: str | Path | None = None) -> SkillFloors:
    """The reference floors by class of post: those of 2025 that ship with wagekit, or a file of the same shape.

    Raises
    ------
    InputError
        If the file can't be read or lacks a key.

    Examples
    --------
    >>> skill_floors().percents
    {'1': 105.0, '2': 120.0, '3': 150.0, '4': 200.0}
    """
    file = resource("data", "reference", "skill_floors.toml") if path is None else Path(path)
    try:
        read = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"the file can't be read ({error})", where=str(file), expected="TOML") from None
    try:
        floors = read["floors"]
        return SkillFloors(
            **{name: read[name] for name in ("title", "document", "issued", "status", "source", "source_kind")},
            percents={each["code"]: float(each["percent"]) for each in floors},
            chinese={each["code"]: each["chinese"] for each in floors},
            english={each["code"]: each["english"] for each in floors},
            chief_grades=tuple(read["chief_grades"]),
            low_percentile=float(read["low_percentile"]),
        )
    except KeyError as error:
        raise InputError(
            f"there is no key {error}", where=str(file), expected="the keys of skill_floors.toml"
        ) from None


def skill_premium(
    survey: Survey,
    by: By = None,
    *,
    grade: str = "skill_level",
    base: Any = None,
    without: Sequence[Any] = (NO_GRADE,),
    variable: str = "annual_pay",
    statistic: Level = "median",
    formula: str | None = "default",
    level: float = 0.95,
) -> Estimates:
    """Pay premium of each skill grade over a base grade, raw and adjusted, in each domain (by occupation, say).

    Parameters
    ----------
    survey : of employees.
    by : domain columns, such as ``occupation_minor``; only domains that have the base grade have premiums.
    grade : column of skill grades.
    base : the grade that the others are held against; :data:`FIRST_GRADE`, or the lowest there is where nobody has
        it, unless given.
    without : grades that are left out, those without a grade unless said otherwise.
    variable, statistic, formula, level : as :func:`wagekit.guidance.premium.group_premium` takes them.

    Returns
    -------
    Estimates of ``premium`` and ``adjusted_premium``, see :func:`wagekit.guidance.premium.group_premium`.

    Examples
    --------
    >>> import pandas as pd, wagekit as wk
    >>> frame = pd.DataFrame({"annual_pay": [50.0, 60, 70, 80, 90, 20], "skill_level": list("223340"), "w": 1.0})
    >>> made = skill_premium(wk.Survey(frame, weights="w"), statistic="mean", formula=None).frame
    >>> made[["skill_level", "estimate"]].round(4).values.tolist()
    [['3', 0.3636], ['4', 0.6364]]
    """
    values = survey.columns_frame([grade])[grade]
    graded = survey.where((values.notna() & ~values.isin(list(without))).to_numpy(dtype=bool))
    present = sorted(graded.frame[grade].unique())
    if not present:
        raise EstimationError("nobody has a grade", where=f"column {grade!r}", expected="workers with a skill grade")
    if base is None:
        base = FIRST_GRADE if FIRST_GRADE in present else present[0]
    return group_premium(
        graded, grade, base, by, variable=variable, statistic=statistic, formula=formula, level=level,
        subject="skill_premium",
    )  # fmt: skip


def skill_floor_check(
    survey: Survey,
    minimum_wage: float,
    by: By = None,
    *,
    grade: str = "skill_level",
    post_class: str | None = None,
    floors: SkillFloors | None = None,
    without: Sequence[Any] = (NO_GRADE,),
    variable: str = "annual_pay",
    less: Sequence[str] = (),
    months: float = 12,
    full_time: Any = None,
    level: float = 0.95,
) -> Estimates:
    """Low percentile of pay by skill grade and class of post, held against the reference floors.

    Parameters
    ----------
    survey : of employees.
    minimum_wage : 月最低工资标准, 元 a month.
    by : further domain columns, such as ``industry``.
    grade : column of skill grades.
    post_class : column with the codes of the floors' classes of post. The survey does not ask for it: without one
        every grade is held against the floor of each class, which says up to which class its low pay would do.
    floors : those of :func:`skill_floors` unless given.
    without : grades that are left out.
    variable, less, months, full_time : as :func:`wagekit.low_pay` takes them.
    level : confidence level.

    Returns
    -------
    Estimates by the domain columns, `grade` and ``post_class`` with the statistics ``monthly_p10`` (low percentile,
    元 a month), ``p10_to_floor`` (that over the floor: 1 and more keeps to it) and ``below_floor`` (share of
    workers paid less than the floor). The floors are references, not law.
    """
    floors = floors or skill_floors()
    if not (np.isfinite(minimum_wage) and minimum_wage > 0):
        raise EstimationError(f"{minimum_wage!r}", where="minimum_wage", expected="元 a month, above 0")
    part = full_time_workers(survey, full_time)
    values = part.columns_frame([grade])[grade]
    part = part.where((values.notna() & ~values.isin(list(without))).to_numpy(dtype=bool))
    monthly = monthly_pay(part, variable, less=less, months=months)
    columns = [*names_of(by), grade]
    rows: dict[str, Survey] = {}
    if post_class is None:
        rows = dict.fromkeys(floors.percents, part)
    else:
        classes = part.columns_frame([post_class])[post_class]
        unknown = sorted(set(classes[part.mask].dropna()) - set(floors.percents))
        if unknown:
            raise InputError(
                f"{unknown[0]!r}", where=f"column {post_class!r}", expected=f"one of {', '.join(floors.percents)}"
            )
        for code in floors.percents:
            mine = (classes == code).to_numpy(dtype=bool, na_value=False)
            if (mine & part.mask).any():
                rows[code] = part.where(mine)
    if not rows:
        raise EstimationError("nobody has a class of post", where=f"column {post_class!r}")
    word = f"p{floors.low_percentile:g}"
    made = []
    for code, chosen in rows.items():
        floor = minimum_wage * floors.percents[code] / 100
        measured = chosen.with_column("_monthly", monthly).with_column("_to_floor", monthly / floor)
        low = measured.percentiles("_monthly", by=columns, q=floors.low_percentile, level=level)
        ratio = measured.percentiles("_to_floor", by=columns, q=floors.low_percentile, level=level)
        below = (monthly < floor).astype(np.float64)
        share = _share(measured, "below_floor", columns, below, ~np.isnan(monthly), level)
        made.append(
            together(
                [with_words(low, {word: f"monthly_{word}"}), with_words(ratio, {word: f"{word}_to_floor"}), share],
                subject="skill_floors",
                minimum_wage=float(minimum_wage),
                floors=floors,
            )
        )
    return replace(stack(made, "post_class", list(rows)), variable=variable)


def _share(survey: Survey, word: str, by: By, holds: Any, present: Flags, level: float) -> Estimates:
    return one_statistic(
        survey, word, by, lambda cells: means.mean(cells, holds), present=present, sizes=[holds], level=level
    )
