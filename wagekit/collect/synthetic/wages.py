"""Annual pay of the synthetic workers, and its calibration to published percentiles (模拟数据).

A score of log pay adds up what an enterprise, a job and a person bring. It has realistic dependence (occupations,
grades, schooling, enterprises) but no particular level or shape. Calibration then bends it, monotonically and so
without changing anybody's rank inside an industry more than the skill grades ask for, until the percentiles lie on
their targets:

1. of each skill grade: the scores' quantiles are moved to those of the grade's target curve;
2. of each industry section: likewise.

The two are repeated in turn (as in raking, but of quantiles); industry comes last and fits exactly, the grades as
closely as the industries leave room. This is done once, in the reference wave; other waves use the same maps and
grow by the published growth of skilled workers' pay and by the guideline's average line for everybody else, so that
the change of the distribution between waves comes from growth, turnover and the panel of enterprises.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from wagekit.arrays import Codes, Floats
from wagekit.collect.synthetic.economy import Economy, log_quantiles
from wagekit.collect.synthetic.enterprises import Enterprises
from wagekit.collect.synthetic.identifiers import steady_uniform
from wagekit.collect.synthetic.workers import Jobs, People, Small

_GRID = np.array(
    [
        *(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.175, 0.25, 0.375, 0.5),
        *(0.625, 0.75, 0.825, 0.9, 0.95, 0.975, 0.99, 0.995, 0.999, 0.9999),
    ]
)
_PASSES = 4
_FEWEST = 5  # workers that quantiles are fitted to
PART_TIME = 3  # 用工形式 code of 非全日制用工


@dataclass(frozen=True, eq=False)
class QuantileMap:
    """A monotone, piecewise linear map of log pay; beyond its ends it shifts.

    Parameters
    ----------
    source, target : shape (k,), ascending; a single point makes a shift.
    """

    source: Floats
    target: Floats

    def apply(self, values: Floats) -> Floats:
        """Mapped values, shape of `values`."""
        low, high = self.source[0], self.source[-1]
        inside = np.interp(values, self.source, self.target)
        return np.asarray(inside + np.minimum(values - low, 0) + np.maximum(values - high, 0))


@dataclass(frozen=True, eq=False)
class Calibration:
    """The maps found in the reference wave.

    Parameters
    ----------
    year : the reference wave.
    passes : each holds the maps of the grades, then those of the sections (by row of ``Economy.industries``).
    """

    year: int
    passes: tuple[tuple[dict[int, QuantileMap], dict[int, QuantileMap]], ...]


def pay_scores(
    rng: np.random.Generator,
    economy: Economy,
    enterprises: Enterprises,
    jobs: Jobs,
    people: People,
    active: Codes,
    t: int,
    wave: int,
) -> Floats:
    """Uncalibrated log pay of the jobs `active` in wave t, shape of `active`."""
    spread = economy.settings["spread"]
    enterprise = jobs.enterprise[active]
    occupation = jobs.occupation[active]
    score = economy.effect("management_level")[jobs.management[active]]
    score += economy.effect("professional_title")[people.title[active]]
    score += economy.effect("education")[people.education[active]]
    score += economy.effect("sex")[people.sex[active]]
    score += economy.effect("employment_form")[people.form[active]]
    score += _grade_effects(economy)[people.skill[active]]
    experience = wave - people.start_year[active]
    score += spread["experience"] * experience + spread["experience_squared"] * experience**2
    score += spread["tenure"] * np.minimum(wave - people.hired_year[active], 12)
    # The published level of an occupation holds its usual mix of posts, titles and grades already.
    codes, sub_major = economy.sub_major_codes
    mine = codes[occupation]
    number = np.maximum(np.bincount(mine, minlength=sub_major.size), 1)
    usual = np.bincount(mine, weights=score, minlength=sub_major.size) / number
    level = economy.occupation_levels.set_index("sub_major")["p50_wan"]
    score += (np.log(level[sub_major].to_numpy(dtype=np.float64)) - usual)[mine]
    score += economy.occupations["level_offset"].to_numpy(dtype=np.float64)[occupation]
    score += economy.divisions["level_offset"].to_numpy(dtype=np.float64)[enterprises.division[enterprise]]
    score += enterprises.wage_effect[enterprise, t]
    score += people.effect[active] + spread["year"] * rng.standard_normal(active.size)
    return np.asarray(score)


def _grade_effects(economy: Economy) -> Floats:
    """Log pay of each skill grade against the lowest published one, shape (grades + 1,); none is 0."""
    grades = economy.skill_grades
    published = np.log(grades["p50_wan"].to_numpy(dtype=np.float64))
    known = np.flatnonzero(np.isfinite(published))
    step = (published[known[-1]] - published[known[0]]) / (known[-1] - known[0])
    effects = np.interp(np.arange(published.size), known, published[known])
    # Grades without a published figure lie a typical step beyond the nearest published one.
    effects += step * (np.minimum(np.arange(published.size) - known[0], 0))
    effects += step * (np.maximum(np.arange(published.size) - known[-1], 0))
    return np.asarray(np.r_[0.0, 0.1 + effects - published[known[0]]])


def calibrate(economy: Economy, scores: Floats, section_bounds: Codes, skill: Small, year: int) -> Calibration:
    """Find the maps that carry the scores of wave `year` to the published percentiles of that year.

    Parameters
    ----------
    scores : shape (n,), ordered by section.
    section_bounds : shape (19,), first row of each section, and n.
    skill : shape (n,), skill grade codes.
    """
    least = economy.settings["level"]["least_tail_index"]
    industry_target = economy.industry_target(year)
    skill_target = economy.skill_target(year)
    rows_of_grade = {code: np.flatnonzero(skill == code) for code in skill_target}
    ends = list(enumerate(pairwise(section_bounds)))
    values = scores.copy()

    # Start near the industries' level, so that the first maps of the grades are mild.
    centre = {}
    for index, (start, stop) in ends:
        if stop > start:
            middle = np.array([np.median(values[start:stop])])
            centre[index] = QuantileMap(middle, industry_target[index][2:3])
            values[start:stop] = centre[index].apply(values[start:stop])
    passes: list[tuple[dict[int, QuantileMap], dict[int, QuantileMap]]] = [({}, centre)]
    for _ in range(_PASSES):
        grades, sections = {}, {}
        for code, rows in rows_of_grade.items():
            if rows.size >= _FEWEST:
                grades[code] = _fit(values[rows], skill_target[code], least)
                values[rows] = grades[code].apply(values[rows])
        for index, (start, stop) in ends:
            if stop - start >= _FEWEST:
                sections[index] = _fit(values[start:stop], industry_target[index], least)
                values[start:stop] = sections[index].apply(values[start:stop])
        passes.append((grades, sections))
    return Calibration(year, tuple(passes))


def calibrated_log_pay(
    economy: Economy, calibration: Calibration, scores: Floats, section_bounds: Codes, skill: Small, year: int
) -> Floats:
    """Log of annual pay (元/年) in wave `year`, shape (n,): the maps, then the growth since the reference wave."""
    values = scores.copy()
    skilled = np.flatnonzero(skill)
    rows_of_grade = {code: np.flatnonzero(skill == code) for code in economy.skill_target(year)}
    for grades, sections in calibration.passes:
        for code, grade_map in grades.items():
            rows = rows_of_grade[code]
            values[rows] = grade_map.apply(values[rows])
        for index, section_map in sections.items():
            start, stop = section_bounds[index], section_bounds[index + 1]
            values[start:stop] = section_map.apply(values[start:stop])
    growth = economy.industry_target(year)[:, 2] - economy.industry_target(calibration.year)[:, 2]
    values += np.repeat(growth, np.diff(section_bounds))
    # Skilled workers' pay is known to have grown otherwise than the guideline's line.
    general = np.log(economy.general_growth(calibration.year, year))
    values[skilled] += np.log(economy.skilled_growth(calibration.year, year)) - general
    return values


def annual_pay(economy: Economy, log_pay: Floats, form: Small, keys: Codes, year: int) -> Codes:
    """Whole 元 a year: not below the minimum wage, but for part-timers, who are paid for the hours they work.

    Parameters
    ----------
    keys : shape (n,), the workers' keys for `steady_uniform`.
    """
    floor = 12 * economy.minimum_wage(year)
    pay = np.exp(log_pay)
    # A full-year job pays the minimum wage or a little above it.
    low = pay < floor
    pay[low] = floor * (1 + 0.04 * steady_uniform(keys[low], year, 1))
    part_time = form == PART_TIME
    pay[part_time] *= weekly_hours(keys[part_time], form[part_time], year) / 40
    return np.asarray(np.ceil(pay).astype(np.int64))


def weekly_hours(keys: Codes, form: Small, year: int) -> Codes:
    """全年周平均工作小时数: mostly 40, up to 54, and at most 24 for part-timers."""
    u = steady_uniform(keys, year, 2)
    full = np.array([40, 42, 44, 46, 48, 50, 54])[np.searchsorted([0.62, 0.72, 0.86, 0.91, 0.97, 0.99], u)]
    return np.asarray(np.where(form == PART_TIME, 16 + (8 * u).astype(np.int64), full))


def pay_parts(pay: Codes, keys: Codes, group: Small, year: int) -> Codes:
    """基本工资, 绩效奖金, 津贴补贴, 加班加点工资, 特殊情况下支付的工资: shape (n, 5), rows adding up to `pay`.

    Parameters
    ----------
    group : shape (n,), group of occupations; managers and professionals have more performance pay and less overtime.
    """
    u = np.column_stack([steady_uniform(keys, year, 10 + part) for part in range(4)])
    high = group <= 1
    performance = np.where(high, 0.18, 0.10) + np.where(high, 0.30, 0.25) * u[:, 0]
    allowances = 0.03 + 0.09 * u[:, 1]
    overtime = np.where(high, 0.01, 0.06) * np.where(u[:, 2] < 0.35, 0.0, 2 * u[:, 2])
    special = np.where(u[:, 3] < 0.7, 0.0, 0.04 * u[:, 3])
    parts = np.rint(pay[:, None] * np.column_stack([performance, allowances, overtime, special])).astype(np.int64)
    return np.column_stack([pay - parts.sum(axis=1), parts])


def _fit(values: Floats, target: Floats, least_tail_index: float) -> QuantileMap:
    """The map from the quantiles of `values`, shape (n,), to those of the target curve; coarser for small n."""
    usable = _GRID[(1 / values.size <= _GRID) & (1 - 1 / values.size >= _GRID)]
    source = np.quantile(values, usable)
    goal = log_quantiles(target, usable, least_tail_index)
    distinct = np.r_[True, np.diff(source) > 1e-9]
    return QuantileMap(source[distinct], goal[distinct])
