"""The workers of the synthetic district: jobs that stay, people who come and go (模拟数据)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from wagekit.arrays import Codes, Floats, counting
from wagekit.collect.synthetic.economy import Economy, normal_scores
from wagekit.collect.synthetic.enterprises import Enterprises

Small = NDArray[np.int8]

_SCHOOL_LEAVING_AGE = np.array([0, 25, 22, 21, 19, 17])  # by education code 1-5; assumption
_GROUPS = ("1-06", "2", "3", "4", "5", "6")


@dataclass(frozen=True, eq=False)
class Jobs:
    """All jobs that existed in any wave, ordered by enterprise. S jobs.

    Parameters
    ----------
    enterprise : shape (S,), number of the enterprise.
    number : shape (S,), 0 … within the enterprise; in a wave with headcount m the jobs 0 … m - 1 exist.
    occupation : shape (S,), row of ``Economy.occupations``.
    management : shape (S,), 管理岗位等级 code.
    group : shape (S,), group of occupations in ``people.csv``.
    """

    enterprise: Codes
    number: Codes
    occupation: Codes
    management: Small
    group: Small


@dataclass(frozen=True, eq=False)
class People:
    """Who holds each job in one wave. All arrays have shape (S,).

    Parameters
    ----------
    code : 职工代码 in the enterprise, from 1; never used again after its holder left.
    sex, education, title, skill, form : codes of the classifications.
    birth_year, start_year, hired_year : years.
    effect : the person's part of log pay.
    """

    code: Codes
    sex: Small
    education: Small
    title: Small
    skill: Small
    form: Small
    birth_year: Codes
    start_year: Codes
    hired_year: Codes
    effect: Floats


def make_jobs(rng: np.random.Generator, economy: Economy, enterprises: Enterprises) -> Jobs:
    """Draw the occupation and the management level of every job, by the enterprise's division."""
    slots = enterprises.headcount[:, 1:].max(axis=1)
    enterprise = np.repeat(np.arange(enterprises.count), slots)
    number = counting(slots)
    shares = occupation_shares(economy)
    division = enterprises.division
    bounds = np.searchsorted(division[enterprise], np.arange(len(economy.divisions) + 1))
    u = rng.random(enterprise.size)
    occupation = np.empty(enterprise.size, dtype=np.int64)
    for row, (start, stop) in enumerate(pairwise(bounds)):
        cumulative = np.cumsum(shares[row])
        found = np.searchsorted(cumulative, u[start:stop] * cumulative[-1], side="right")
        occupation[start:stop] = found
    group = _occupation_groups(economy)[occupation]
    management = _by_share(economy, "management_level", 5, group, rng.random(enterprise.size))
    return Jobs(enterprise, number, occupation, management, group)


def occupation_shares(economy: Economy) -> Floats:
    """Share of each occupation in each division, shape (divisions, occupations), rows adding to 1.

    The sub-major groups come by section; ``own`` is the division's own operators. Inside a sub-major group the
    occupations that the section has share by their weights.
    """
    sub_major = economy.occupations["sub_major"].to_numpy()
    weight = economy.occupations["share"].to_numpy(dtype=np.float64)
    places = economy.occupations["sections"].to_list()
    mix = dict(list(economy.occupation_mix.groupby("section")))
    shares = np.zeros((len(economy.divisions), weight.size))
    for row, (letter, operators) in enumerate(
        zip(economy.divisions["section"], economy.divisions["operators"], strict=True)
    ):
        here = np.array([not place or letter in place for place in places])
        for group, share in zip(mix[letter]["sub_major"], mix[letter]["share"], strict=True):
            mine = np.where(here & (sub_major == (operators if group == "own" else group)), weight, 0.0)
            if mine.sum() > 0:
                shares[row] += share * mine / mine.sum()
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def first_people(rng: np.random.Generator, economy: Economy, enterprises: Enterprises, jobs: Jobs, wave: int) -> People:
    """Who holds each job in the first wave."""
    every = np.arange(jobs.enterprise.size)
    return _persons(rng, economy, enterprises, jobs, every, wave, first=True, code=jobs.number + 1)


def next_people(
    rng: np.random.Generator,
    economy: Economy,
    enterprises: Enterprises,
    jobs: Jobs,
    people: People,
    t: int,
    wave: int,
) -> People:
    """Who holds each job in wave t: some leave, and new jobs are filled with newcomers."""
    new_job = jobs.number >= enterprises.headcount[jobs.enterprise, t]
    leaves = rng.random(jobs.enterprise.size) < economy.settings["size"]["turnover"]
    renewed = np.flatnonzero(new_job | leaves)
    enterprise = jobs.enterprise[renewed]
    highest = np.maximum.reduceat(people.code, np.flatnonzero(jobs.number == 0))
    starts = np.flatnonzero(np.r_[True, enterprise[1:] != enterprise[:-1]]) if renewed.size else renewed
    rank = counting(np.diff(np.r_[starts, renewed.size]))
    position = np.cumsum(jobs.number == 0)[renewed] - 1
    code = highest[position] + 1 + rank
    fresh = _persons(rng, economy, enterprises, jobs, renewed, wave, first=False, code=code)
    changed = {}
    for name, values in vars(people).items():
        column = values.copy()
        column[renewed] = getattr(fresh, name)
        changed[name] = column
    return replace(people, **changed)


def _persons(
    rng: np.random.Generator,
    economy: Economy,
    enterprises: Enterprises,
    jobs: Jobs,
    which: Codes,
    wave: int,
    *,
    first: bool,
    code: Codes,
) -> People:
    """New holders of the jobs `which`, all of them in post for the whole of `wave`."""
    n = which.size
    group = jobs.group[which]
    parameters = economy.people[economy.people["code"].isna()].pivot_table(
        index="occupation_group", columns="characteristic", values="value"
    )
    parameters = parameters.loc[list(_GROUPS)]
    z_age = rng.standard_normal(n) - (0.0 if first else 0.5)  # newcomers are younger
    age = parameters["age_mean"].to_numpy()[group] + parameters["age_deviation"].to_numpy()[group] * z_age
    age = np.clip(age, 19, 63).astype(np.int64)
    # Schooling rises from cohort to cohort; titles and skill grades come with the years.
    education = 1 + _by_share(
        economy, "education", 5, group, _uniform(0.35 * z_age + np.sqrt(1 - 0.35**2) * rng.standard_normal(n))
    )
    title = _by_share(economy, "professional_title", 4, group, rng.random(n), order=(0, 3, 2, 1), tilt=0.5 * z_age)
    graded = rng.random(n) < parameters["graded_share"].to_numpy()[group]
    cumulative = np.cumsum(economy.skill_grades["share"].to_numpy(dtype=np.float64))
    cuts = normal_scores(cumulative[:-1] / cumulative[-1])
    grade = 1 + np.searchsorted(cuts, 0.5 * z_age + np.sqrt(0.75) * rng.standard_normal(n))
    skill = np.where(graded, grade, 0)
    female = rng.random(n) < parameters["female_share"].to_numpy()[group]
    leaving = _SCHOOL_LEAVING_AGE[education] + (rng.random(n) < 0.3)
    # In post for the whole year means hired before it began.
    birth_year = np.minimum(wave - age, wave - 1 - leaving)
    start_year = birth_year + leaving
    born = enterprises.born[jobs.enterprise[which]]
    tenure = 1 + np.floor(rng.exponential(4.5 if first else 0.0, n)).astype(np.int64)
    hired_year = np.maximum(wave - tenure, start_year)
    hired_year = np.where(born > 0, wave - 1, hired_year)
    u = rng.random(n)
    form = np.select([u < 0.905, u < 0.965, u < 0.972], [1, 2, 3], default=9)
    # Managers and professionals are hardly ever dispatched or part-timers.
    form = np.where((group <= 1) & (form != 1) & (rng.random(n) < 0.7), 1, form)
    return People(
        code=code.astype(np.int64),
        sex=np.where(female, 2, 1).astype(np.int8),
        education=education.astype(np.int8),
        title=title,
        skill=skill.astype(np.int8),
        form=form.astype(np.int8),
        birth_year=birth_year,
        start_year=start_year,
        hired_year=hired_year,
        effect=economy.settings["spread"]["person"] * rng.standard_normal(n),
    )


def _occupation_groups(economy: Economy) -> Small:
    """Group in ``people.csv`` of each occupation: 1-06, or the major group."""
    names = [code if code in _GROUPS else code[0] for code in economy.occupations["sub_major"]]
    return np.array([_GROUPS.index(name) for name in names], dtype=np.int8)


def _by_share(
    economy: Economy,
    characteristic: str,
    size: int,
    group: Small,
    u: Floats,
    *,
    order: tuple[int, ...] | None = None,
    tilt: Floats | None = None,
) -> Small:
    """Code of `characteristic` by the shares of each group; `tilt` moves people along the `order` of codes."""
    rows = economy.people[(economy.people["characteristic"] == characteristic)]
    table = rows.pivot_table(index="occupation_group", columns="code", values="value").loc[list(_GROUPS)].to_numpy()
    steps = np.arange(size) if order is None else np.array(order)
    cumulative = np.cumsum(table[:, steps], axis=1)
    cumulative = cumulative / cumulative[:, -1:]
    if tilt is not None:
        u = _uniform(tilt + np.sqrt(0.75) * _normal(u))
    position = np.zeros(u.size, dtype=np.int8)
    for step in range(size - 1):
        position += u > cumulative[group, step]
    return steps[position].astype(np.int8)


def _uniform(z: Floats) -> Floats:
    from scipy.special import ndtr

    return np.asarray(ndtr(z))


def _normal(u: Floats) -> Floats:
    from scipy.special import ndtri

    return np.asarray(ndtri(u))
