"""One wave's survey of the synthetic district: the sample as frames ready for estimation (模拟数据)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from wagekit.arrays import Codes, Flags, Floats
from wagekit.collect.synthetic.identifiers import categorical
from wagekit.collect.synthetic.population import Population
from wagekit.collect.synthetic.response import answers
from wagekit.collect.synthetic.sampling import (
    ROTATION,
    Selection,
    allocate,
    rotated,
    select,
    systematic_rows,
)
from wagekit.errors import InputError
from wagekit.options import SelectionMethod
from wagekit.weighting.base import InclusionProbabilities, in_firm_factors, inclusion_probabilities, required_workers
from wagekit.weighting.nonresponse import adjust_by_cells

ENTERPRISES = 440
"""Enterprises drawn unless said otherwise; about 365 of them answer."""

CERTAINTY_SUFFIX = "-必选"


@dataclass(frozen=True, eq=False)
class SurveySample:
    """A wave's survey, drawn from a population (模拟数据). Made by `draw`.

    Parameters
    ----------
    wave : reference year of the pay.
    seed : what it was drawn with.
    employees : a row for each reported worker: the columns of ``Population.employees`` and ``weight`` (final
        weight: workers that the row stands for), ``stratum``, ``inclusion_probability`` (of the enterprise),
        ``sampling_fraction`` (that, times the response rate of the stratum).
    enterprises : a row for each answering enterprise: the columns of ``Population.enterprises`` and ``stratum``,
        ``inclusion_probability``, ``sampling_fraction``, ``weight`` (enterprises that it stands for).
    drawn : a row for each drawn enterprise: ``enterprise_id``, ``industry_code``, ``enterprise_size``, ``stratum``,
        ``inclusion_probability``, ``frame_headcount``, ``answered``.
    """

    wave: int
    seed: int
    employees: pd.DataFrame
    enterprises: pd.DataFrame
    drawn: pd.DataFrame


def draw(
    population: Population,
    wave: int,
    seed: int,
    *,
    enterprises: int = ENTERPRISES,
    response: bool = True,
    method: SelectionMethod = "pareto",
) -> SurveySample:
    """Draw the official sample of one wave.

    Strata are district x industry section; inside each, enterprises are drawn with probability proportional to
    名录从业人员数, after those that are sure to be in (their own stratum, with 必选 in its name). All workers of an
    enterprise up to 50 report, at least 50 up to 250, 20 % above. The same seed in two waves gives the panel: the
    enterprises keep their random numbers, of which a share moves on each wave.

    Parameters
    ----------
    population : see `population`.
    wave : a wave of it.
    seed : a whole number, 0 or more; other seeds draw other samples from the same population.
    enterprises : how many to draw, at least 4 a stratum where possible.
    response : False if everybody answers.
    method : ``pareto`` (coordinated between waves) or ``systematic``, see `select`.

    Raises
    ------
    InputError
        If the population has no such wave, or an argument is not possible.

    Examples
    --------
    >>> from wagekit.collect.synthetic import population
    >>> sample = draw(population(1, enterprises=300, workers=6000), 2023, 5, enterprises=90)
    >>> sample.employees["weight"].sum().round(-3) > 4000
    np.True_
    """
    t = population.index(wave)
    if enterprises < 1 or seed < 0:
        raise InputError(
            f"enterprises={enterprises}, seed={seed}",
            where="draw",
            expected="at least 1 enterprise, a seed of 0 or more",
        )
    if method not in ("pareto", "systematic"):
        raise InputError(f"the method is '{method}'", where="draw", expected="'pareto' or 'systematic'")
    table = population.tables[wave]
    numbers = table.index.to_numpy()
    section = population.panel.section[numbers]
    size = table["frame_headcount"].to_numpy()
    permanent = np.random.default_rng([seed, 1]).random(population.panel.count)
    moved = _moved(population, t, enterprises)
    selection = _select(size, section, enterprises, rotated(permanent, moved)[numbers], method, population)

    taken = np.flatnonzero(selection.taken)
    stratum = _strata(section[taken], selection.certainty[taken])
    rng = np.random.default_rng([seed, 2, wave])
    design_weight = 1 / selection.probability[taken]
    answered = np.ones(taken.size, dtype=bool)
    if response:
        lasting = np.random.default_rng([seed, 3]).standard_normal(population.panel.count)[numbers[taken]]
        this_wave = rng.standard_normal(taken.size)
        answered = answers(population.economy, section[taken], size[taken], stratum, lasting, this_wave)
    # Those who answer stand for all drawn workers of their stratum.
    workers = design_weight * size[taken]
    factor = adjust_by_cells(workers, answered, [stratum], minimum_respondents=1, maximum_factor=np.inf).factor
    labels = pd.Index(
        [
            f"{population.economy.settings['district']['code']}-{letter}{suffix}"
            for letter in population.economy.industries["section"]
            for suffix in ("", CERTAINTY_SUFFIX)
        ]
    )
    drawn = pd.DataFrame(
        {
            "enterprise_id": table["enterprise_id"].array[taken],
            "industry_code": table["industry_code"].array[taken],
            "enterprise_size": table["enterprise_size"].array[taken],
            "stratum": categorical(stratum, labels),
            "inclusion_probability": selection.probability[taken],
            "frame_headcount": size[taken],
            "answered": answered,
        }
    )
    kept = np.flatnonzero(answered)
    firms = _answering(table, taken[kept], drawn.iloc[kept], factor[kept])
    staff = _reported(population, wave, numbers[taken[kept]], firms, rng)
    return SurveySample(wave, seed, staff, firms, drawn)


def _strata(section: Codes, certain: Flags) -> Codes:
    """Stratum of each drawn enterprise: 2 x section, plus 1 for certainty unless one other alone was drawn."""
    others = np.bincount(section[~certain], minlength=int(section.max(initial=0)) + 1)
    return np.asarray(2 * section + (certain & (others[section] != 1)))


def _select(
    size: Codes, section: Codes, sample: int, number: Floats, method: SelectionMethod, population: Population
) -> Selection:
    """The draw from one wave's frame."""
    strata = len(population.economy.industries)
    asked, inclusion = _asked(size, section, sample, strata)
    return select(inclusion.probability, inclusion.certainty, section, asked, number, method)


def _asked(size: Codes, section: Codes, sample: int, strata: int) -> tuple[Codes, InclusionProbabilities]:
    """Enterprises to draw from each section, and with which probabilities."""
    workers = np.bincount(section, weights=size, minlength=strata)
    asked = allocate(workers, np.bincount(section, minlength=strata), sample)
    return asked, inclusion_probabilities(size.astype(np.float64), asked, section)


def _moved(population: Population, t: int, sample: int) -> Floats:
    """How far each enterprise's number has moved by wave t, shape (E,)."""
    moved = np.zeros(population.panel.count)
    for earlier in range(1, t + 1):
        table = population.tables[population.waves[earlier]]
        numbers = table.index.to_numpy()
        section = population.panel.section[numbers]
        size = table["frame_headcount"].to_numpy()
        inclusion = _asked(size, section, sample, len(population.economy.industries))[1]
        moved[numbers] += ROTATION * inclusion.probability
    return moved


def _answering(table: pd.DataFrame, rows: Codes, drawn: pd.DataFrame, factor: Floats) -> pd.DataFrame:
    firms = table.iloc[rows].reset_index(drop=True)
    probability = drawn["inclusion_probability"].to_numpy()
    return firms.assign(
        stratum=drawn["stratum"].array,
        inclusion_probability=probability,
        sampling_fraction=probability / factor,
        weight=factor / probability,
    )


def _reported(
    population: Population, wave: int, numbers: Codes, firms: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """The workers that the answering enterprises report, with their weights."""
    staff = population.workers[wave]
    first = staff.first[numbers]
    headcount = staff.first[numbers + 1] - first
    take = required_workers(headcount)
    rows = systematic_rows(first, headcount, take, rng.random(numbers.size), staff.pay)
    frame = population.employee_frame(wave, rows)
    owner = np.repeat(np.arange(numbers.size), take)
    frame["weight"] = firms["weight"].to_numpy()[owner] * in_firm_factors(owner, headcount.astype(np.float64))
    frame["stratum"] = firms["stratum"].array[owner]
    for name in ("inclusion_probability", "sampling_fraction"):
        frame[name] = firms[name].to_numpy()[owner]
    return frame
