"""Special-grade and chief technicians (特级技师, 首席技师) against the low percentile of senior professionals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from wagekit.arrays import divide
from wagekit.errors import EstimationError
from wagekit.estimates import Estimates
from wagekit.guidance.premium import lone_blanked
from wagekit.guidance.skill import SkillFloors, skill_floors
from wagekit.guidance.tables import one_statistic, together
from wagekit.statistics import combine
from wagekit.statistics.cells import Cells
from wagekit.statistics.distribution import Distribution, Variable
from wagekit.statistics.inequality import density
from wagekit.statistics.percentiles import percentile
from wagekit.statistics.result import Result
from wagekit.statistics.variance import Linearized
from wagekit.survey import Survey
from wagekit.survey_statistics import By


def chief_technicians(
    survey: Survey,
    by: By = None,
    *,
    grade: str = "skill_level",
    title: str = "professional_title",
    senior: Sequence[Any] = ("1",),
    floors: SkillFloors | None = None,
    variable: str = "annual_pay",
    level: float = 0.95,
) -> Estimates:
    """Special-grade and chief technicians (特级技师, 首席技师) against the low percentile of senior professionals.

    Parameters
    ----------
    survey : of employees.
    by : domain columns, such as ``industry``.
    grade, title : columns of skill grades and of professional titles.
    senior : titles that make a senior professional (高级专业技术人员).
    floors : gives the grades and the percentile that 工资低位数 stands for.
    variable : column of pay.
    level : confidence level.

    Returns
    -------
    Estimates with ``low_to_senior_low``, the chiefs' low percentile over that of the senior professionals (1 and more
    keeps to the reference), and ``below_senior_low``, the share of chiefs paid less than that. Both count the line
    as estimated. `n` and `n_psu` are those of the smaller group.

    Raises
    ------
    EstimationError
        If nobody is in one of the groups.
    """
    floors = floors or skill_floors()
    frame = survey.columns_frame([grade, title])
    pay = survey.numbers(variable)
    known = ~np.isnan(pay) & survey.mask
    chief = frame[grade].isin(floors.chief_grades).to_numpy(dtype=bool) & known
    senior_ = frame[title].isin(list(senior)).to_numpy(dtype=bool) & known
    for group, word in ((chief, "special-grade or chief technician"), (senior_, "senior professional")):
        if not group.any():
            raise EstimationError(f"there is no {word}", where="chief_technicians")
    amount, p = Variable(np.nan_to_num(pay)), floors.low_percentile / 100

    def parts(cells: Cells) -> tuple[Distribution, Distribution]:
        chiefs, seniors = (Cells(cells.sample, np.where(g, cells.code, -1), cells.count) for g in (chief, senior_))
        return Distribution(chiefs, amount), Distribution(seniors, amount)

    def ratio(cells: Cells) -> Result:
        chiefs, seniors = parts(cells)
        return combine.quotient(cells, percentile(chiefs, p), percentile(seniors, p))

    def below(cells: Cells) -> Result:
        chiefs, seniors = parts(cells)
        line = percentile(seniors, p)
        under = (amount.values < cells.spread(line.point, np.nan)) & chief
        count = chiefs.cells.population
        point = np.where(np.isnan(line.point), np.nan, divide(cells.sums(cells.sample.weights * under), count))

        def linearize() -> Linearized:
            per_chief = cells.spread(divide(np.ones(cells.count), count))
            scores = np.where(chief, cells.sample.weights * (under - cells.spread(point)) * per_chief, 0.0)
            # The line is estimated too: where it moves, so does the share, by the density of the chiefs' pay at it.
            moved = line.linearize().own * cells.spread(density(chiefs, line.point))
            return Linearized(np.nan_to_num(scores) + np.nan_to_num(moved))

        return Result(point, linearize, np.ones(cells.count))

    present = chief | senior_
    made = [
        one_statistic(survey, word, by, statistic, present=present, level=level)
        for word, statistic in (("low_to_senior_low", ratio), ("below_senior_low", below))
    ]
    code, domains = survey.cross(by)
    both = [Cells(survey.sample, np.where(group, code, -1), len(domains)) for group in (chief, senior_)]
    fewest = {
        "n": np.minimum(both[0].respondents, both[1].respondents),
        "n_psu": np.minimum(both[0].weighted_units, both[1].weighted_units),
    }
    largest = {
        "largest_share": np.fmax(*(cells.largest_share(np.ones(survey.sample.n)) for cells in both)),
        "largest_weighted_share": np.fmax(*(cells.largest_share(survey.sample.weights) for cells in both)),
        "largest_total_share": np.fmax(*(cells.largest_share(survey.sample.weights * amount.values) for cells in both)),
    }
    made = [
        replace(one, frame=lone_blanked(one.frame.assign(**fewest)), domains=one.domains.assign(**fewest, **largest))
        for one in made
    ]
    return replace(together(made, subject="chief_technicians", floors=floors), variable=variable)
