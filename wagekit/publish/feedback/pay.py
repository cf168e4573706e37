"""Pay inside the enterprises, for all of them at once: medians by post beside the market, growth beside the guideline.

A page travels through hands, and an employee's pay is personal: a median is told of so many employees or more, means of
posts never, since with counts they could be subtracted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wagekit.arrays import Floats
from wagekit.guidance.enterprises import enterprise_growth
from wagekit.guidance.lines import band_numbers
from wagekit.options import Language
from wagekit.publish.feedback.figures import Compared, Growth, GrowthRow, Measure, Pay, Post, Posts, Reference, Scope
from wagekit.publish.feedback.market import NOTHING, Market
from wagekit.publish.feedback.words import WORDS
from wagekit.publish.figures import Namer, Unit, code_order, code_text
from wagekit.publish.guideline.findings import lines_in_words, recommendation
from wagekit.publish.guideline.words import band_name, line_name

if TYPE_CHECKING:
    import pandas as pd

    from wagekit.guidance.guideline import Guideline
    from wagekit.guidance.rules import Results
    from wagekit.survey import Survey

ENTERPRISE = "enterprise_id"
POSTS = ("occupation_major", "occupation_sub_major", "management_level")
"""Columns that make posts. Major groups are shown only where the release publishes pay by them."""

REFERENCES = ((), ("industry",), ("enterprise_size",))
"""Domain columns of published pay that an enterprise's whole staff is held against."""

STATE_OWNED = frozenset({"110", "141", "151"})
"""Registration types of state-owned enterprises (国有企业, 国有联营企业, 国有独资公司)."""


def own_pay(
    survey: Survey,
    enterprises: pd.DataFrame,
    market: Market,
    labels: Mapping[str, Any],
    *,
    variable: str,
    least: int,
    language: Language,
) -> dict[str, Pay]:
    """Median pay of each enterprise and its posts beside the market.

    Parameters
    ----------
    survey : employees of the wave; their weights count where an enterprise reported only a part of them.
    enterprises : a row for each, with ``enterprise_id`` and the columns that the market is published by.
    market : the public release's figures.
    labels : code lists by column.
    variable : column of pay.
    least : fewest employees whose median is told.

    Returns
    -------
    Enterprise -> its pay; enterprises without employees are not there.
    """
    columns = [c for c in POSTS if c in survey.frame and survey.frame[c].notna().any()]
    columns = [c for c in columns if c != "occupation_major" or market.publishes(c) or market.publishes("industry", c)]
    posts = {column: _medians(survey, variable, column, least, market.unit) for column in columns}
    names = {column: Namer((column,), {column: labels.get(column, {})}, language) for column in columns}
    known = enterprises.set_index(ENTERPRISE)
    references = _References(market, labels, language)
    pay: dict[str, Pay] = {}
    for enterprise, rows in _medians(survey, variable, None, least, market.unit).items():
        if enterprise not in known.index:
            continue
        about = {name: known.at[enterprise, name] for name in ("industry", "enterprise_size") if name in known}
        beside = tuple(
            _beside(column, posts[column].get(enterprise, []), about.get("industry"), market, names[column])
            for column in columns
        )
        _, employees, median = rows[0]
        pay[enterprise] = Pay(employees, median, references(about), tuple(part for part in beside if part.rows))
    return pay


_Rows = list[tuple[str, int, Any]]


def _medians(survey: Survey, variable: str, column: str | None, least: int, unit: Unit) -> dict[str, _Rows]:
    """Enterprise -> (code, employees, printed median or None) of each of its groups, in the order of the codes."""
    by = [ENTERPRISE] if column is None else [ENTERPRISE, column]
    frame = survey.percentiles(variable, by=by, q=50).frame
    found: dict[str, _Rows] = {}
    codes = [""] * len(frame) if column is None else [code_text(code) for code in frame[column]]
    rows = zip(frame[ENTERPRISE], codes, frame["n"], frame["estimate"], strict=True)
    for enterprise, code, n, estimate in rows:
        median = unit.round(float(estimate)) if n >= least and np.isfinite(estimate) else None
        found.setdefault(str(enterprise), []).append((code, int(n), median))
    for groups in found.values():
        groups.sort(key=lambda row: code_order((row[0],)))
    return found


def _beside(column: str, rows: _Rows, industry: object, market: Market, name: Namer) -> Posts:
    """The groups with what is published of them: of the own industry first, else of all industries."""
    narrow, wide = market.publishes("industry", column), market.publishes(column)
    scope: Scope | None = "industry" if narrow else "all" if wide else None
    made = []
    for code, employees, median in rows:
        levels = market.levels({"industry": industry, column: code}) if narrow else market.levels({column: code})
        wider = narrow and wide and levels == NOTHING
        if wider:
            levels = market.levels({column: code})
            wider = levels != NOTHING
        made.append(Post(name((code,))[0], employees, median, levels, wider))
    return Posts(column, scope, tuple(made))


class _References:
    """What the whole staff of an enterprise is held against, each item made once."""

    def __init__(self, market: Market, labels: Mapping[str, Any], language: Language) -> None:
        self._market = market
        self._columns = [columns for columns in REFERENCES if market.publishes(*columns)]
        self._names = {c: Namer((c,), {c: labels.get(c, {})}, language) for columns in REFERENCES for c in columns}
        self._words = WORDS[language]

    def __call__(self, about: Mapping[str, object]) -> tuple[Reference, ...]:
        made = []
        for columns in self._columns:
            if all(column in about for column in columns):
                named = "".join(self._names[column]((code_text(about[column]),))[0] for column in columns)
                name = self._words[f"reference_{'_'.join(columns) or 'all'}"].format(name=named)
                made.append(Reference(name, self._market.levels({column: about[column] for column in columns})))
        return tuple(made)


# -- growth --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GuidelineFacts:
    """What the guideline asks besides the growth itself.

    Parameters
    ----------
    guideline : the lines of the wave's year; None where none is known.
    city_average : last year's average wage of the city, 元 a year; None where not known.
    """

    guideline: Guideline | None
    city_average: float | None = None


def own_growth(
    before: Survey | None,
    after: Survey,
    enterprises: pd.DataFrame,
    earlier: pd.DataFrame | None,
    facts: GuidelineFacts,
    *,
    variable: str,
    unit: Unit,
    least: int,
    language: Language,
) -> dict[str, Growth]:
    """Growth of average pay of each enterprise that is in both waves, and the rule of the guideline that it goes by.

    Two measures: the mean pay of the reported employees, and the wage bill over the average headcount, which counts
    everybody where a large enterprise reported only a part of its employees.

    Parameters
    ----------
    before, after : employees of the two waves; no `before` where the store doesn't have it.
    enterprises, earlier : enterprises of the two waves, a row each with ``enterprise_id``.
    facts : the guideline.
    variable, unit : column of pay and its printed unit.
    least : fewest employees whose mean is told.
    """
    said = () if facts.guideline is None else (str(lines_in_words(facts.guideline, language)),)
    ids = [str(each) for each in enterprises[ENTERPRISE]]
    if before is None or earlier is None:
        return {each: Growth("no_wave", said=said) for each in ids}
    lines = _lines(facts.guideline, language)
    returns = [frame.set_index(ENTERPRISE).reindex(ids) for frame in (earlier, enterprises)]
    headcounts = np.fmin(*(_numbers(frame, "average_headcount") for frame in returns))
    staff = dict(zip(ids, headcounts.tolist(), strict=True))
    measured = {
        "employees": _measured(before, after, variable, None),
        "wage_bill": _measured(before, after, variable, ("wages", "average_headcount")),
    }
    profits = [_numbers(frame, "total_profit") for frame in returns]
    types = [code_text(code) for code in returns[1]["registration_type"]] if "registration_type" in returns[1] else []
    present = set(map(str, earlier[ENTERPRISE]))
    found: dict[str, Growth] = {}
    for place, each in enumerate(ids):
        mean, bill = measured["employees"].get(each), measured["wage_bill"].get(each)
        people = mean.employees if mean else 0
        told: list[tuple[Measure, _Measured]] = []
        if mean and people >= least:
            told.append(("employees", mean))
        if bill and staff[each] >= least:
            told.append(("wage_bill", bill))
        rows = tuple(_row(measure, figures, facts.guideline, unit, language) for measure, figures in told)
        missing: Compared = "" if rows else "new" if each not in present else "few" if mean or bill else "months"
        rule: tuple[str, ...] = ()
        results = results_of(profits[0][place], profits[1][place])
        if told and facts.guideline is not None and results is not None:
            rule = _rule(facts, results, told[0][1].before, bool(types) and types[place] in STATE_OWNED, language)
        found[each] = Growth(missing, rows, people, lines, (*said, *rule))
    return found


@dataclass(frozen=True)
class _Measured:
    """Average pay of one enterprise in both years in the data's unit, growth as a share, and respondents."""

    before: float
    after: float
    growth: float
    employees: int


def _measured(before: Survey, after: Survey, variable: str, wage_bill: tuple[str, str] | None) -> dict[str, _Measured]:
    """Average pay of each enterprise that is in both waves and operated throughout both years."""
    if wage_bill is not None and not all(name in wave.frame for name in wage_bill for wave in (before, after)):
        return {}
    # Weights of enterprises don't matter where each is told its own growth.
    counted = after.with_column("_one", np.ones(len(after)))
    frame = enterprise_growth(before, counted, variable, wage_bill=wage_bill, enterprise_weights="_one").frame
    columns = (frame[name].tolist() for name in (ENTERPRISE, "pay_before", "pay_after", "growth", "employees"))
    return {str(each): _Measured(*row) for each, *row in zip(*columns, strict=True)}


def _row(
    measure: Measure, figures: _Measured, guideline: Guideline | None, unit: Unit, language: Language
) -> GrowthRow:
    growth = Unit.of("%", 0.01, 1).round(figures.growth)
    band = ""
    if guideline is not None:
        # The printed figure decides, so that figure and band agree.
        number = int(band_numbers(np.array([float(growth)]), guideline.bands)[0])
        band = band_name(guideline.bands[number], guideline, language)
    return GrowthRow(measure, unit.round(figures.before), unit.round(figures.after), growth, band)


def results_of(before: float, after: float) -> Results | None:
    """How an enterprise's results develop, by its total profit in two years; None where one is not known.

    Examples
    --------
    >>> [results_of(*profits) for profits in ((5, 8), (5, 5), (5, 3), (5, -1), (float("nan"), 3))]
    ['growing', 'flat', 'falling', 'in_difficulty', None]
    """
    if not (np.isfinite(before) and np.isfinite(after)):
        return None
    if after < 0:
        return "in_difficulty"
    return "growing" if after > before else "falling" if after < before else "flat"


def _rule(
    facts: GuidelineFacts, results: Results, average_wage: float, state_owned: bool, language: Language
) -> tuple[str, ...]:
    assert facts.guideline is not None
    line = facts.guideline.applicable_line(
        results, average_wage=average_wage, city_average=facts.city_average, state_owned=state_owned
    )
    words = WORDS[language]
    said = str(recommendation(line, results, average_wage=average_wage, language=language))
    besides = [each.clause.text(language) for each in line.conditions]
    return (
        words["results_basis"] + said,
        *([words["conditions"].format(texts=words["space"].join(besides))] if besides else []),
        *([words["undecided"]] if line.undecided else []),
    )


def _lines(guideline: Guideline | None, language: Language) -> tuple[tuple[str, float], ...]:
    if guideline is None:
        return ()
    issued = [(line_name(line, guideline, language), ends[0]) for line, ends in guideline.issued.items()]
    return tuple(sorted(issued, key=lambda line: line[1]))


def _numbers(frame: pd.DataFrame, name: str) -> Floats:
    if name not in frame:
        return np.full(len(frame), np.nan)
    return np.asarray(frame[name].to_numpy(dtype=np.float64, na_value=np.nan))
