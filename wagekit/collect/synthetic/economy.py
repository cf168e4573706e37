"""What the synthetic district is like (模拟数据): its parameters, read from ``data/synthetic``.

Every figure lies in a plain-text file beside its source: published figures carry the publication, the rest say
``assumption``. Nothing is computed here but the curves that follow from those figures.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wagekit.arrays import Codes, Floats
from wagekit.errors import InputError
from wagekit.resources import resource

PERCENTS = (10, 25, 50, 75, 90)
_Z = np.array([NormalDist().inv_cdf(percent / 100) for percent in PERCENTS])
# Slope of -log(1 - F) against the normal score at P90, where the Pareto tail takes over: phi(z) / (1 - F).
_HAZARD_AT_P90 = NormalDist().pdf(_Z[4]) / 0.1


def normal_scores(probabilities: Floats) -> Floats:
    """Normal quantiles of `probabilities`, shape (k,), each in (0, 1)."""
    inverse = NormalDist().inv_cdf
    return np.array([inverse(float(p)) for p in probabilities])


def log_quantiles(log_percentiles: Floats, probabilities: Floats, least_tail_index: float = 2.5) -> Floats:
    """Logarithm of a pay distribution's quantiles, from its published P10, P25, P50, P75 and P90.

    Between the published points log pay is linear in the normal score (log-normal pieces); below P10 the first
    piece goes on; above P90 follows a Pareto tail that leaves P90 with the slope of the last piece, the usual form
    of the upper tail of pay.

    Parameters
    ----------
    log_percentiles : shape (5,), log of P10 … P90.
    probabilities : shape (k,), in (0, 1).
    least_tail_index : smallest Pareto index; above 2 the variance of pay stays finite.

    Examples
    --------
    >>> published = np.log([3.27, 4.27, 5.90, 8.64, 13.09])
    >>> np.exp(log_quantiles(published, np.array([0.1, 0.5, 0.9]))).round(2).tolist()
    [3.27, 5.9, 13.09]
    """
    z = normal_scores(probabilities)
    result = np.interp(z, _Z, log_percentiles)
    slopes = np.diff(log_percentiles) / np.diff(_Z)
    low, high = probabilities < 0.1, probabilities > 0.9
    result[low] = log_percentiles[0] + (z[low] - _Z[0]) * slopes[0]
    tail_index = max(_HAZARD_AT_P90 / slopes[3], least_tail_index)
    result[high] = log_percentiles[4] + np.log(0.1 / (1 - probabilities[high])) / tail_index
    return result


@dataclass(frozen=True, eq=False)
class Economy:
    """The parameters of the synthetic district, as tables.

    Parameters
    ----------
    industries : a row for each of the 18 sections A-R: shares of enterprises and workers, published percentiles.
    divisions : a row for each division: its share of the section, level, the operators' occupations, its classes.
    accounts : ratios of the enterprise accounts by section.
    occupations, occupation_levels, occupation_mix : occupations, pay level by sub-major group, mix by section.
    people : shares of personal characteristics by group of occupations.
    characteristics : effect of each characteristic's code on log pay.
    registration_types, size_classes, skill_grades, waves : see the files of those names.
    settings : the scalars of ``parameters.toml``.
    """

    industries: pd.DataFrame
    divisions: pd.DataFrame
    accounts: pd.DataFrame
    occupations: pd.DataFrame
    occupation_levels: pd.DataFrame
    occupation_mix: pd.DataFrame
    people: pd.DataFrame
    characteristics: pd.DataFrame
    registration_types: pd.DataFrame
    size_classes: pd.DataFrame
    skill_grades: pd.DataFrame
    waves: pd.DataFrame
    settings: Mapping[str, Any]

    @cached_property
    def shapes(self) -> Floats:
        """Shape (18, 5): log of the published percentiles by section, 万元/年, as published."""
        columns = [f"p{percent}" for percent in PERCENTS]
        return np.asarray(np.log(self.industries[columns].to_numpy(dtype=np.float64)))

    @cached_property
    def sub_major_codes(self) -> tuple[Codes, NDArray[Any]]:
        """Sub-major group of each occupation, as a code into the names that come second."""
        codes, names = pd.factorize(self.occupations["sub_major"], sort=True)
        return codes.astype(np.int64), np.asarray(names)

    @cached_property
    def level_factor(self) -> float:
        """Factor from the published shapes to this district's level in the reference year.

        The published figures are those of a poorer area. The city's average pay of 2020, carried to the reference
        year by the growth of skilled workers' mean pay, divided by the mean pay that the published shapes imply
        under the district's mix of industries, makes the district's mean equal the city's average.
        """
        settings = self.settings["level"]
        probabilities = (np.arange(4000) + 0.5) / 4000
        means = np.array(
            [np.exp(log_quantiles(row, probabilities, settings["least_tail_index"])).mean() for row in self.shapes]
        )
        share = self.industries["worker_share"].to_numpy(dtype=np.float64)
        city = settings["city_average_2020_wan"] * self.skilled_growth(2020, settings["reference_year"])
        return float(city / np.average(means, weights=share))

    def skilled_growth(self, start: int, end: int) -> float:
        """Ratio of the published mean pay of skilled workers in `end` to that in `start`."""
        mean = self.waves["skilled_mean_wan"]
        return float(mean[end] / mean[start])

    def general_growth(self, start: int, end: int) -> float:
        """Ratio of general pay in year `end` to `start`: the guideline's average line, year by year."""
        if end < start:
            return 1 / self.general_growth(end, start)
        factor = 1.0
        for year in range(start + 1, end + 1):
            line = self.waves["guideline_pct"][year]
            factor *= self.skilled_growth(year - 1, year) if np.isnan(line) else 1 + line / 100
        return factor

    def industry_target(self, year: int) -> Floats:
        """Shape (18, 5): target log percentiles by section in `year`, 元/年."""
        reference = self.settings["level"]["reference_year"]
        years = year - reference
        deviation = np.log1p(self.industries["growth_deviation_pct"].to_numpy(dtype=np.float64) / 100)
        level = np.log(self.level_factor * self.general_growth(reference, year) * 1e4)
        return np.asarray(self.shapes + level + (deviation * years)[:, None])

    def skill_target(self, year: int) -> dict[int, Floats]:
        """Target log percentiles (shape (5,), 元/年) of each published skill grade, by the grade's code.

        Published are P50 and P90 of Shanghai 2020. They grow like the mean pay of skilled workers; the other
        percentiles divide each half as in manufacturing (section C), whose shape is published in full.
        """
        shape = self.shapes[list(self.industries["section"]).index("C")]
        relative = (shape - shape[2]) / (shape[4] - shape[2])
        growth = np.log(self.skilled_growth(2020, year) * 1e4)
        published = self.skill_grades.dropna(subset=["p50_wan"])
        return {
            int(code): np.log(p50) + relative * np.log(p90 / p50) + growth
            for code, p50, p90 in zip(published["code"], published["p50_wan"], published["p90_wan"], strict=True)
        }

    def effect(self, characteristic: str) -> Floats:
        """Effect on log pay by code, shape (largest code + 1,)."""
        rows = self.characteristics[self.characteristics["characteristic"] == characteristic]
        effects = np.zeros(int(rows["code"].max()) + 1)
        effects[rows["code"].to_numpy()] = rows["log_effect"].to_numpy()
        return effects

    def minimum_wage(self, year: int) -> float:
        """月最低工资标准 of Shanghai in `year`, 元/月."""
        return float(self.waves["minimum_wage_month"][year])

    def check_waves(self, waves: tuple[int, ...]) -> None:
        """Refuse waves that the parameters do not reach, or that are not consecutive years.

        Raises
        ------
        InputError
            With the years that can be asked for.
        """
        known = [int(year) for year in self.waves.index]
        if not waves or any(wave not in known for wave in waves):
            raise InputError(
                f"the waves {list(waves)} can't be made",
                where="waves",
                expected=f"years from {known[0]} to {known[-1]}",
                do="Ask for other waves, or add the year to data/synthetic/waves.csv",
            )
        if list(waves) != list(range(waves[0], waves[0] + len(waves))):
            raise InputError(f"the waves are {list(waves)}", where="waves", expected="consecutive years, ascending")


@lru_cache(maxsize=1)
def load_economy() -> Economy:
    """The parameters that ship with wagekit.

    Examples
    --------
    >>> round(load_economy().level_factor, 1)
    1.9
    """

    def table(name: str, **options: Any) -> pd.DataFrame:
        frame: pd.DataFrame = pd.read_csv(resource("data", "synthetic", f"{name}.csv"), encoding="utf-8", **options)
        return frame

    settings = tomllib.loads(resource("data", "synthetic", "parameters.toml").read_text(encoding="utf-8"))
    return Economy(
        industries=table("industries"),
        divisions=table("divisions", dtype={"classes": str}),
        accounts=table("accounts"),
        occupations=table("occupations", keep_default_na=False),
        occupation_levels=table("occupation_levels"),
        occupation_mix=table("occupation_mix"),
        people=table("people", dtype={"occupation_group": str}),
        characteristics=table("characteristics"),
        registration_types=table("registration_types", dtype={"registration_type": str}),
        size_classes=table("size_classes"),
        skill_grades=table("skill_grades"),
        waves=table("waves").set_index("year"),
        settings=settings,
    )
