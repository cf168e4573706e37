"""The enterprises of the synthetic district over the years: births, deaths, sizes, traits (模拟数据)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wagekit.arrays import Codes, Flags, Floats
from wagekit.collect.synthetic.economy import Economy


@dataclass(frozen=True, eq=False)
class Enterprises:
    """All enterprises that lived in any year, ordered by division. E enterprises, T waves.

    Parameters
    ----------
    section, division : shape (E,), row of ``Economy.industries`` and of ``Economy.divisions``.
    industry_code : shape (E,), GB/T 4754 class with its section letter, such as ``F5131``.
    headcount : shape (E, T + 1), workers in the year before the first wave and in each wave; 0 is not alive.
    born : shape (E,), 0 for the first stock, t for those that began in wave t (counted from 1).
    registration : shape (E,), row of ``Economy.registration_types``.
    wage_effect : shape (E, T), the enterprise's part of log pay.
    """

    section: Codes
    division: Codes
    industry_code: NDArray[np.str_]
    headcount: Codes
    born: Codes
    registration: Codes
    wage_effect: Floats

    @property
    def count(self) -> int:
        return int(self.section.size)

    def alive(self, t: int) -> Flags:
        """Shape (E,): alive in wave t (0 is the first)."""
        return np.asarray(self.headcount[:, t + 1] > 0)

    def frame_headcount(self, t: int) -> Codes:
        """Shape (E,): 名录从业人员数, what the register says: last year's headcount, or this year's at a birth."""
        before, now = self.headcount[:, t], self.headcount[:, t + 1]
        return np.asarray(np.where(before > 0, before, now))


def make_enterprises(
    rng: np.random.Generator, economy: Economy, *, enterprises: int, workers: int, waves: int
) -> Enterprises:
    """Draw the panel of enterprises.

    Sizes are log-normal with the same deviation in every section, scaled so that each section employs its share of
    the workers; the largest are capped. Log headcounts make a random walk; small enterprises die more often.

    Parameters
    ----------
    enterprises, workers : size of the first stock.
    waves : number of years after the first stock.
    """
    settings = economy.settings["size"]
    industries = economy.industries
    share = industries["enterprise_share"].to_numpy(dtype=np.float64)
    share = share / share.sum()
    stock = np.maximum(np.round(share * enterprises).astype(np.int64), 2)
    births = [rng.multinomial(round(settings["birth_rate"] * enterprises), share) for _ in range(waves)]
    per_wave = [stock, *births]
    section = np.concatenate([np.repeat(np.arange(share.size), count) for count in per_wave])
    born = np.repeat(np.arange(waves + 1), [int(count.sum()) for count in per_wave])

    division, industry_code = _activities(rng, economy, section)
    order = np.argsort(division, kind="stable")
    section, born, division, industry_code = section[order], born[order], division[order], industry_code[order]

    workers_share = industries["worker_share"].to_numpy(dtype=np.float64)
    headcount = _sizes(rng, settings, section, born, workers * workers_share / workers_share.sum(), waves)
    largest = headcount.max(axis=1)
    registration = _registration(rng, economy, largest)
    return Enterprises(
        section,
        division,
        industry_code,
        headcount,
        born,
        registration,
        _wage_effects(rng, economy, largest, registration, waves),
    )


def _activities(rng: np.random.Generator, economy: Economy, section: Codes) -> tuple[Codes, NDArray[np.str_]]:
    """Division (row) and class of each enterprise, by the divisions' shares in the section."""
    divisions = economy.divisions
    letters = economy.industries["section"].to_list()
    division = np.zeros(section.size, dtype=np.int64)
    for index, letter in enumerate(letters):
        rows = np.flatnonzero(divisions["section"] == letter)
        mine = np.flatnonzero(section == index)
        weights = divisions["share"].to_numpy(dtype=np.float64)[rows]
        division[mine] = rows[rng.choice(rows.size, size=mine.size, p=weights / weights.sum())]
    classes = [
        [letter + code for code in codes.split()]
        for letter, codes in zip(divisions["section"], divisions["classes"], strict=True)
    ]
    counts = np.array([len(codes) for codes in classes])
    starts = np.cumsum(counts) - counts
    flat = np.array([code for codes in classes for code in codes])
    pick = (rng.random(section.size) * counts[division]).astype(np.int64)
    return division, flat[starts[division] + pick]


def _sizes(
    rng: np.random.Generator,
    settings: dict[str, float],
    section: Codes,
    born: Codes,
    target: Floats,
    waves: int,
) -> Codes:
    """Headcounts, shape (E, waves + 1); the living of each section employ `target` (18,) workers a year."""
    count = section.size
    deviation = settings["log_deviation"]
    log_size = deviation * rng.standard_normal(count)
    # What is born is small: half the typical size, less spread.
    log_size = np.where(born > 0, 0.7 * log_size - 0.7, log_size)
    cap = np.minimum(settings["largest"], np.maximum(settings["largest_share"] * target, 2))[section]
    alive = born == 0
    headcount = np.zeros((count, waves + 1), dtype=np.int64)
    for year in range(waves + 1):
        if year:
            log_size = log_size + settings["growth_deviation"] * rng.standard_normal(count)
            died = rng.random(count) < settings["death_rate"] / np.sqrt(np.maximum(headcount[:, year - 1], 1))
            living = np.bincount(section[alive], minlength=target.size)
            alive = (alive & ~(died & (living[section] > 10))) | (born == year)
        headcount[alive, year] = _scaled(log_size[alive], section[alive], target, cap[alive])
    return headcount


def _scaled(log_size: Floats, section: Codes, target: Floats, cap: Floats) -> Codes:
    """Whole headcounts from 1 to `cap` whose sums by section come nearest `target`, by bisection on the scale."""
    low, high = np.full(target.size, -8.0), np.full(target.size, 12.0)
    for _ in range(30):
        middle = (low + high) / 2
        size = np.clip(np.round(np.exp(log_size + middle[section])), 1, cap)
        enough = np.bincount(section, weights=size, minlength=target.size) >= target
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.asarray(np.clip(np.round(np.exp(log_size + high[section])), 1, np.floor(cap)).astype(np.int64))


def _registration(rng: np.random.Generator, economy: Economy, headcount: Codes) -> Codes:
    """登记注册类型 (row of the table) by the share of its size class."""
    table = economy.registration_types[["share_to_50", "share_to_250", "share_above"]].to_numpy(dtype=np.float64)
    cumulative = np.cumsum(table / table.sum(axis=0), axis=0)
    size_class = np.searchsorted([50, 250], headcount, side="left")
    u = rng.random(headcount.size)
    return np.asarray((u[:, None] > cumulative.T[size_class][:, :-1]).sum(axis=1))


def _wage_effects(
    rng: np.random.Generator, economy: Economy, headcount: Codes, registration: Codes, waves: int
) -> Floats:
    """The enterprise's part of log pay by wave: a lasting part, registration, size, and a random walk."""
    spread = economy.settings["spread"]
    lasting = spread["enterprise"] * rng.standard_normal(headcount.size)
    lasting += economy.registration_types["wage_effect"].to_numpy(dtype=np.float64)[registration]
    lasting += spread["size_elasticity"] * np.log(headcount / 30)
    walk = spread["enterprise_year"] * rng.standard_normal((headcount.size, waves))
    return np.asarray(lasting[:, None] + np.cumsum(walk, axis=1))
