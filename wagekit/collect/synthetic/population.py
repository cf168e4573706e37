"""The finite population of the synthetic district, wave by wave, and its truth (模拟数据)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from wagekit.arrays import Codes
from wagekit.collect.synthetic import accounts, wages
from wagekit.collect.synthetic.economy import Economy, load_economy
from wagekit.collect.synthetic.enterprises import Enterprises, make_enterprises
from wagekit.collect.synthetic.tables import Labels, Workers, employee_frame, enterprise_table, make_labels
from wagekit.collect.synthetic.truth import population_values
from wagekit.collect.synthetic.workers import Jobs, People, first_people, make_jobs, next_people
from wagekit.errors import InputError

WAVES = (2021, 2022, 2023)
"""Waves are named by the reference year of the pay: wave 2023 is the pay of 2023, collected in 2024."""


@dataclass(frozen=True, eq=False)
class Population:
    """A finite population of enterprises and workers over several waves (模拟数据). Made by `population`.

    Parameters
    ----------
    seed : what it was made from; the same seed makes the same population.
    waves : years, ascending.
    economy : the parameters.
    panel : the enterprises.
    labels : texts behind the codes.
    workers, tables : by wave, the workers and the enterprise table.
    """

    seed: int
    waves: tuple[int, ...]
    economy: Economy
    panel: Enterprises
    labels: Labels
    workers: dict[int, Workers]
    tables: dict[int, pd.DataFrame]

    def index(self, wave: int) -> int:
        """Position of `wave`, 0 for the first.

        Raises
        ------
        InputError
            If the population has no such wave.
        """
        if wave not in self.waves:
            raise InputError(
                f"the population has no wave {wave}",
                where="wave",
                expected=f"one of {', '.join(map(str, self.waves))}",
            )
        return self.waves.index(wave)

    def enterprises(self, wave: int) -> pd.DataFrame:
        """The enterprise table of all enterprises alive in `wave`, with the columns of the questionnaire.

        Besides: ``frame_headcount`` (名录从业人员数), ``industry`` and ``industry_division``; the index is the
        enterprise's number.
        """
        self.index(wave)
        return self.tables[wave].copy()

    def employees(self, wave: int) -> pd.DataFrame:
        """The employee table of everybody, with the questionnaire's columns and those tables are made by."""
        self.index(wave)
        return self.employee_frame(wave, np.arange(self.workers[wave].pay.size))

    def employee_frame(self, wave: int, rows: Codes) -> pd.DataFrame:
        """The employees `rows` (positions, shape (k,)) of `wave`. Codes are texts held as categories."""
        firms = self.tables[wave]
        return employee_frame(self.economy, self.panel, self.labels, firms, self.workers[wave], rows, wave)

    def truth(
        self,
        by: str | Sequence[str] | None = None,
        *,
        wave: int | None = None,
        q: Sequence[float] = (10, 25, 50, 75, 90),
    ) -> pd.DataFrame:
        """Population values of annual pay: what an estimate from a sample ought to come near.

        Parameters
        ----------
        by : a column of `employees`, several (crossed), or None for all workers.
        wave : the last one if not given.
        q : percents; the percentile is inf{y: F(y) >= p}.

        Returns
        -------
        pandas.DataFrame
            The columns of `by`, then ``p10`` … , ``mean``, ``total``, ``workers``, ``enterprises``; pay in 元.

        Raises
        ------
        InputError
            If there is no such wave or column, or a percent is not between 0 and 100.

        Examples
        --------
        >>> small = population(1, enterprises=300, workers=6000)
        >>> small.truth("sex", wave=2022).columns.tolist()[:3]
        ['sex', 'p10', 'p25']
        """
        wave = self.waves[-1] if wave is None else wave
        frame = self.employees(wave)
        columns = [] if by is None else [by] if isinstance(by, str) else list(by)
        for column in columns:
            if column not in frame.columns:
                raise InputError(
                    f"there is no column '{column}'", where="by", expected=f"among {', '.join(frame.columns)}"
                )
        if any(not 0 < percent < 100 for percent in q):
            raise InputError(f"the percents are {list(q)}", where="q", expected="numbers between 0 and 100")
        return population_values(frame, columns, q)


def population(
    seed: int,
    *,
    waves: Sequence[int] = WAVES,
    enterprises: int | None = None,
    workers: int | None = None,
    economy: Economy | None = None,
) -> Population:
    """Make the finite population of the district 上海市普陀区 (模拟数据).

    Parameters
    ----------
    seed : a whole number, 0 or more.
    waves : consecutive years, the reference years of the pay.
    enterprises, workers : size of the population; the district's own if not given.
    economy : parameters other than those that ship with wagekit.

    Raises
    ------
    InputError
        If the waves lie outside the years that the parameters know, or sizes are impossible.

    Examples
    --------
    >>> small = population(1, enterprises=300, workers=6000)
    >>> small.waves, len(small.employees(2023)) > 5000
    ((2021, 2022, 2023), True)
    """
    economy = load_economy() if economy is None else economy
    waves = tuple(int(wave) for wave in waves)
    economy.check_waves(waves)
    if seed < 0:
        raise InputError(f"the seed is {seed}", where="seed", expected="a whole number, 0 or more")
    district = economy.settings["district"]
    count = district["enterprises"] if enterprises is None else enterprises
    total = district["workers"] if workers is None else workers
    if count < 100 or total < 5 * count:
        raise InputError(
            f"{count} enterprises with {total} workers",
            where="population",
            expected="at least 100 enterprises with 5 workers each on average",
        )
    rng = np.random.default_rng([seed, 310107])
    panel = make_enterprises(rng, economy, enterprises=count, workers=total, waves=len(waves))
    jobs = make_jobs(rng, economy, panel)
    holders = _holders(rng, economy, panel, jobs, waves)
    active = {
        wave: np.flatnonzero(jobs.number < panel.headcount[jobs.enterprise, t + 1]) for t, wave in enumerate(waves)
    }
    pay = _pay(rng, seed, economy, panel, jobs, holders, active, waves)
    staff = {wave: _workers(seed, panel, jobs, holders[wave], active[wave], pay[wave]) for wave in waves}
    traits = accounts.lasting_traits(rng, panel.count)
    labels = make_labels(economy, panel.count)
    tables = {
        wave: enterprise_table(rng, economy, panel, labels, staff[wave], traits, t) for t, wave in enumerate(waves)
    }
    return Population(seed, waves, economy, panel, labels, staff, tables)


def _holders(
    rng: np.random.Generator, economy: Economy, panel: Enterprises, jobs: Jobs, waves: tuple[int, ...]
) -> dict[int, People]:
    holders = {waves[0]: first_people(rng, economy, panel, jobs, waves[0])}
    for t, wave in enumerate(waves[1:], start=1):
        holders[wave] = next_people(rng, economy, panel, jobs, holders[wave - 1], t, wave)
    return holders


def _pay(
    rng: np.random.Generator,
    seed: int,
    economy: Economy,
    panel: Enterprises,
    jobs: Jobs,
    holders: dict[int, People],
    active: dict[int, Codes],
    waves: tuple[int, ...],
) -> dict[int, Codes]:
    """Annual pay of the active jobs by wave, calibrated in the wave nearest the published shapes' year."""
    reference_year = economy.settings["level"]["reference_year"]
    reference = min(waves, key=lambda wave: abs(wave - reference_year))
    scores = {
        wave: wages.pay_scores(rng, economy, panel, jobs, holders[wave], active[wave], t, wave)
        for t, wave in enumerate(waves)
    }
    sections = np.arange(len(economy.industries) + 1)
    bounds = {wave: np.searchsorted(panel.section[jobs.enterprise[rows]], sections) for wave, rows in active.items()}
    skill = {wave: holders[wave].skill[rows] for wave, rows in active.items()}
    calibration = wages.calibrate(economy, scores[reference], bounds[reference], skill[reference], reference)
    pay = {}
    for wave, rows in active.items():
        log_pay = wages.calibrated_log_pay(economy, calibration, scores[wave], bounds[wave], skill[wave], wave)
        people = holders[wave]
        pay[wave] = wages.annual_pay(economy, log_pay, people.form[rows], _keys(seed, people, rows), wave)
    return pay


def _keys(seed: int, people: People, rows: Codes) -> Codes:
    """A number for the holder of each job; populations of other seeds have other numbers.

    From the lowest bit on: the job (below 2**26), the code inside the enterprise (below 2**17), the seed.
    """
    return rows + people.code[rows] * 2**26 + seed % 2**19 * 2**43


def _workers(seed: int, panel: Enterprises, jobs: Jobs, people: People, rows: Codes, pay: Codes) -> Workers:
    enterprise = jobs.enterprise[rows]
    return Workers(
        key=_keys(seed, people, rows),
        enterprise=enterprise,
        first=np.searchsorted(enterprise, np.arange(panel.count + 1)),
        occupation=jobs.occupation[rows],
        management=jobs.management[rows],
        group=jobs.group[rows],
        pay=pay,
        **{name: values[rows] for name, values in vars(people).items() if name != "effect"},
    )
