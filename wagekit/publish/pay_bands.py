"""How many employees earn how much: shares of employees by bands of pay, protected before anyone sees them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from wagekit.disclosure.rules import ReleaseRules
from wagekit.errors import InputError, ReleaseError
from wagekit.options import Language
from wagekit.publish.figures import Unit, rounded
from wagekit.publish.words import WORDS, clean_text, unit_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from wagekit.publish.table import WageTable
    from wagekit.survey import Survey

    Floats = NDArray[np.float64]

_TAIL = 0.02
"""The open band at the top holds at least this share of the employees: no few high wages are told apart."""

_MARKS = ("p10", "p50", "mean", "p90")


@dataclass(frozen=True)
class PayBand:
    """Share in percent (one decimal) of the employees with pay from `low` up to below `high`; None: no limit."""

    low: float | None
    high: float | None
    share: float


@dataclass(frozen=True)
class Mark:
    """A published figure to mark on the axis: its name, its value and how it is printed."""

    name: str
    value: float
    text: str


@dataclass(frozen=True)
class PayBands:
    """A published distribution of pay. Made by :func:`pay_bands`; holds rounded, releasable values only.

    Parameters
    ----------
    bands : from low to high; together they hold all employees.
    marks : published figures to mark on the axis.
    width : of a band before bands were joined, in the printed unit.
    unit : printed unit, such as 万元/年; `money` is its part before the stroke.
    period : as titles say it, such as （2023年）; simulated data are called so in it.
    synthetic : whether the data are simulated.
    language : of the words.
    """

    bands: tuple[PayBand, ...]
    marks: tuple[Mark, ...]
    width: float
    unit: str
    money: str
    period: str
    synthetic: bool
    language: Language


def pay_bands(
    survey: Survey,
    variable: str = "annual_pay",
    rules: ReleaseRules | None = None,
    *,
    width: float | None = None,
    unit: str = "万元/年",
    levels: WageTable | None = None,
    language: Language = "zh",
) -> PayBands:
    """Weighted shares of employees by bands of pay, neighbouring bands joined until each may be published.

    A band is published if it has the respondents that the rules ask of outer percentiles, the enterprises, and no
    enterprise with a larger part of its respondents or of its weight than the rules allow. The lowest band has no
    lower limit and the highest no upper one.

    Parameters
    ----------
    survey : the sample.
    variable : numeric column of pay; rows without a value are left out.
    rules : the release rules; the defaults of :class:`ReleaseRules` unless given.
    width : of a band in the data's unit; a round figure that gives about 25 bands unless given.
    unit : printed unit.
    levels : a published table for the whole sample in the same unit; its P10, median, mean and P90 are marked.
    language : of the words.

    Raises
    ------
    InputError
        If `width` is not positive, or `levels` is in another unit or for parts of the sample.
    ReleaseError
        If there are too few employees or enterprises for two bands, or the survey names no enterprises.

    Examples
    --------
    >>> import pandas as pd, wagekit as wk
    >>> pay = [40_000.0 + 1_000 * k for k in range(60)]
    >>> frame = pd.DataFrame({"pay": pay * 6, "firm": [f for f in range(6) for _ in range(60)], "w": 2.0})
    >>> bands = pay_bands(wk.Survey(frame, weights="w", psu="firm"), "pay", width=20_000).bands
    >>> [(band.low, band.high, band.share) for band in bands]
    [(None, 6.0, 33.3), (6.0, 8.0, 33.3), (8.0, None, 33.3)]
    """
    rules = rules or ReleaseRules()
    if not survey.design.psu:
        raise ReleaseError(
            "the survey's design names no enterprises, so a distribution can't be protected",
            where="pay_bands",
            do="Make the Survey with psu=<column of enterprises>",
        )
    if width is not None and not width > 0:
        raise InputError(f"a band width of {width!r}", where="pay_bands", expected="a number above 0")
    frame = survey.frame[[variable, survey.design.weights, survey.design.psu[0]]].dropna()
    pay, weight = frame[variable].to_numpy(float), frame[survey.design.weights].to_numpy(float)
    if not len(pay):
        raise ReleaseError(f"no respondent has a value of {variable!r}", where="pay_bands")
    width = width or _round_width(pay, weight)
    index = np.floor(pay / width).astype(np.int64)
    first, index = int(index.min()), index - index.min()
    firms, firm = np.unique(frame[survey.design.psu[0]].to_numpy(), return_inverse=True)
    shape = (int(index.max()) + 1, len(firms))
    people, weights = np.zeros(shape), np.zeros(shape)
    np.add.at(people, (index, firm), 1.0)
    np.add.at(weights, (index, firm), weight)
    groups = join_bands(people, weights, rules)
    printed = Unit.of(unit)
    total = weights.sum()

    def edge(place: int) -> float:
        return float(Decimal(repr(float((first + place) * width))) / printed.factor)

    bands = tuple(
        PayBand(
            None if number == 0 else edge(start),
            None if number == len(groups) - 1 else edge(stop),
            float(rounded(Decimal(repr(float(weights[start:stop].sum() / total * 100))), 1)),
        )
        for number, (start, stop) in enumerate(groups)
    )
    name = clean_text(survey.metadata.get("name") or survey.name or "", where="name of the survey")
    words = WORDS[language]
    name = words["year"].format(name=name) if name.isdecimal() and len(name) == 4 else name
    synthetic = bool(survey.metadata.get("synthetic"))
    about = words["comma"].join(part for part in (name, words["synthetic"] if synthetic else "") if part)
    shown = unit_text(printed.name, language)
    return PayBands(
        bands=bands,
        marks=tuple(_marks(levels, shown)),
        width=float(width) / float(printed.factor),
        unit=shown,
        money=shown.split("/")[0].removesuffix(" a year"),
        period=words["period"].format(name=about) if about else "",
        synthetic=synthetic,
        language=language,
    )


def join_bands(people: Floats, weights: Floats, rules: ReleaseRules) -> list[tuple[int, int]]:
    """Join neighbouring bands until each may be published.

    Parameters
    ----------
    people, weights : shape (bands, enterprises), respondents and their weight, bands from low to high.
    rules : the release rules.

    Returns
    -------
    ``(start, stop)`` of each joined band, from low to high, covering all bands.

    Raises
    ------
    ReleaseError
        If not even two bands come out.

    Examples
    --------
    >>> people = np.array([[9, 9, 9], [20, 20, 20], [30, 30, 30], [20, 20, 20], [1, 1, 0]])
    >>> join_bands(people, people, ReleaseRules(min_employees_tails=50))
    [(0, 2), (2, 3), (3, 5)]
    """
    last = len(people)
    total = weights.sum()

    def passes(start: int, stop: int) -> bool:
        count, weight = people[start:stop].sum(axis=0), weights[start:stop].sum(axis=0)
        largest = max(_largest(count), _largest(weight))
        return bool(
            count.sum() >= max(rules.min_employees or 0, rules.min_employees_tails or 0)
            and (count > 0).sum() >= (rules.min_enterprises or 0)
            and largest <= (rules.max_share or 1.0)
        )

    def tail(start: int) -> bool:
        return bool(passes(start, last) and weights[start:].sum() >= _TAIL * total)

    top = next((start for start in range(last - 1, 0, -1) if tail(start)), None)
    groups: list[tuple[int, int]] = []
    start = 0
    for stop in range(1, (top or 0) + 1):
        if passes(start, stop):
            groups.append((start, stop))
            start = stop
    # What is left between the last full band and the open one joins the latter, and with it as many bands as it
    # takes until the open one passes: bands that are joined can be dominated where none of them is.
    while groups and not passes(start, last):
        start = groups.pop()[0]
    if top is None or not groups:
        raise ReleaseError(
            "too few employees or enterprises for a distribution of pay",
            where="pay_bands",
            expected="at least two bands that the release rules let through",
            do="Use wider bands, or leave the distribution out",
        )
    return [*groups, (start, last)]


def _largest(values: Floats) -> float:
    total = values.sum()
    return float(values.max() / total) if total > 0 else math.inf


def _round_width(pay: Floats, weight: Floats) -> float:
    """A width of 1, 2, 2.5 or 5 times a power of ten with about 20 to 30 bands below the weighted P98."""
    order = np.argsort(pay, kind="stable")
    reached = np.cumsum(weight[order])
    high = float(pay[order][np.searchsorted(reached, 0.98 * reached[-1])])
    if not high > 0:
        raise ReleaseError("pay is not positive for nearly all respondents", where="pay_bands")
    rough = high / 30
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in (1.0, 2.0, 2.5, 5.0, 10.0) if step * power >= rough)


def _marks(levels: WageTable | None, unit: str) -> Iterator[Mark]:
    if levels is None:
        return
    if levels.by or levels.unit != unit:
        raise InputError(
            f"a table by {list(levels.by)} in {levels.unit}",
            where="pay_bands, levels",
            expected=f"a table for the whole sample in {unit}",
        )
    for row in levels.rows:
        for column, cell in zip(levels.columns, row.cells, strict=True):
            if column.key in _MARKS and cell.value is not None:
                name = _mark_name(column.key, column.heading, levels.language)
                yield Mark(name, float(cell.value), levels.printed(cell, column))


def _mark_name(key: str, heading: str, language: Language) -> str:
    return ("中位数" if language == "zh" else "Median") if key == "p50" else heading
