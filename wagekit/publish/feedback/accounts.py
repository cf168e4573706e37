"""Labour-cost indicators of each enterprise beside the figures that the reports of the release publish."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wagekit.errors import InputError, WagekitWarning
from wagekit.guidance.labour_cost import INDICATORS, as_survey, prepared
from wagekit.guidance.labour_cost_enterprises import BEYOND, enterprise_ratios
from wagekit.publish.feedback.figures import QUARTILES, Figure, Indicator
from wagekit.publish.feedback.market import IndustryReport
from wagekit.publish.feedback.published import PublishedRelease
from wagekit.publish.figures import Unit, code_text
from wagekit.publish.labour_cost.report import open_labour_cost_report
from wagekit.publish.labour_cost.words import INDICATOR_ORDER, PER_HEAD

if TYPE_CHECKING:
    import pandas as pd

    from wagekit.publish.configuration import Release
    from wagekit.publish.table import WageTable

BY_INDUSTRY = ("labour_cost_per_head",)
"""Indicators whose percentiles the labour-cost report publishes by industry; of the others it publishes those of all
enterprises. A test holds this to the notebook. The reports on single industries publish all of them."""

_NONE: tuple[Figure, ...] = (None,) * len(QUARTILES)


@dataclass(frozen=True)
class PublishedCost:
    """What the reports of a release publish of labour cost, as they print it. Made by :func:`published_cost`.

    Parameters
    ----------
    ratios : industry -> indicator -> ratio of sums.
    all_enterprises : indicator -> quartiles of all enterprises.
    by_industry : industry -> indicator -> quartiles of its enterprises.
    """

    ratios: Mapping[str, Mapping[str, Figure]]
    all_enterprises: Mapping[str, tuple[Figure, ...]]
    by_industry: Mapping[str, Mapping[str, tuple[Figure, ...]]]

    def quartiles(self, word: str, industry: str) -> tuple[tuple[Figure, ...], bool]:
        """Quartiles of one indicator, and whether they are of the industry's enterprises."""
        own = self.by_industry.get(industry, {}).get(word, _NONE)
        if own != _NONE:
            return own, True
        return self.all_enterprises.get(word, _NONE), False


def published_cost(
    declared: Release, store: Path, published: PublishedRelease, *, industries: Mapping[str, IndustryReport]
) -> PublishedCost:
    """The labour cost that a release publishes: in the labour-cost report and in its reports on single industries.

    The tables are made again from the store; those that the published page doesn't show are not told.

    Parameters
    ----------
    declared : the release.
    store : path of the store that it is made from.
    published : the release as it is published.
    industries : code of an industry section -> the report on it.

    Raises
    ------
    ReleaseError
        If a report shows other figures than the store gives.
    WagekitError
        As the reports themselves.
    """
    ratios: dict[str, dict[str, Figure]] = {}
    by_industry: dict[str, dict[str, tuple[Figure, ...]]] = {}
    whole: dict[str, tuple[Figure, ...]] = {}
    with warnings.catch_warnings():  # the reports themselves tell
        warnings.simplefilter("ignore", WagekitWarning)
        for page in published.made_from("labour_cost", rules=declared.path.name):
            costs = open_labour_cost_report(store, published.wave, language=published.language, rules=declared.path)
            overview, by = costs.overview(), costs.indicators("industry")
            if page.shows(overview):
                whole = {word: _quartiles(figures, "enterprise_p") for word, figures in _overview(overview).items()}
            if page.shows(by):
                ratios = {code: figures for (code, *_), figures in _items(by).items()}
            for word in BY_INDUSTRY:
                heads = costs.percentiles(word, "industry")
                for (code, *_), figures in _items(heads).items() if page.shows(heads) else ():
                    by_industry.setdefault(code, {})[word] = _quartiles(figures, "p")
        for code, about in industries.items():
            cost = about.opened.cost
            for word, figures in _overview(cost).items() if cost is not None and about.page.shows(cost) else ():
                ratios.setdefault(code, {}).setdefault(word, figures["value"])
                by_industry.setdefault(code, {}).setdefault(word, _quartiles(figures, "enterprise_p"))
    return PublishedCost(ratios, whole, by_industry)


def _overview(table: WageTable) -> dict[str, dict[str, Figure]]:
    """Indicator -> its figures in the labour-cost overview, whose rows are numbered."""
    return {INDICATOR_ORDER[int(code) - 1]: figures for (code, *_), figures in _items(table).items()}


def _quartiles(figures: Mapping[str, Figure], prefix: str) -> tuple[Figure, ...]:
    return tuple(figures.get(f"{prefix}{each}") for each in QUARTILES)


def _items(table: WageTable) -> dict[tuple[str, ...], dict[str, Figure]]:
    keys = [column.key for column in table.columns]
    return {row.codes: dict(zip(keys, (cell.value for cell in row.cells), strict=True)) for row in table.rows}


def own_indicators(
    enterprises: pd.DataFrame, published: PublishedCost, *, least: int
) -> dict[str, tuple[Indicator, ...]]:
    """The labour-cost indicators of each enterprise, as far as it filled in what they are made of.

    Parameters
    ----------
    enterprises : a row for each, with ``enterprise_id``, ``industry`` and the questionnaire's columns.
    published : what they are held against.
    least : fewest employees whose cost a head is told.

    Returns
    -------
    Enterprise -> indicators in the printed order. Labour cost against no revenue or value added is no number.
    """
    words, values = _ratios(enterprises)
    headcount = enterprises["average_headcount"].to_numpy(dtype=np.float64, na_value=np.nan)
    industries = [code_text(code) for code in enterprises["industry"]] if "industry" in enterprises else []
    found: dict[str, tuple[Indicator, ...]] = {}
    for place, enterprise in enumerate(enterprises["enterprise_id"]):
        industry = industries[place] if industries else ""
        made = []
        for word in words:
            told = word not in PER_HEAD or headcount[place] >= least
            own = _printed(word, values[word][place]) if told else None
            quartiles, narrow = published.quartiles(word, industry)
            ratio = published.ratios.get(industry, {}).get(word)
            made.append(Indicator(word, own, ratio, quartiles, "industry" if narrow else "all"))
        found[str(enterprise)] = tuple(made)
    return found


def _ratios(enterprises: pd.DataFrame) -> tuple[Sequence[str], dict[str, Sequence[float]]]:
    """The indicators that the columns give, and for each the values of all enterprises."""
    survey = as_survey(enterprises, weights=None, strata=None, psu=None, fpc=None, single_psu="adjust")
    try:
        with warnings.catch_warnings():  # each page shows which indicators there are
            warnings.simplefilter("ignore", WagekitWarning)
            survey, words = prepared(survey, tuple(INDICATORS))
    except InputError:
        return (), {}
    ordered = [word for word in INDICATOR_ORDER if word in words]
    return ordered, {word: enterprise_ratios(survey, word).tolist() for word in ordered}


def _printed(word: str, value: float) -> Decimal | None:
    """In 万元 per head or in per cent, with two decimals, as the report's overview has them."""
    if not np.isfinite(value) or value >= BEYOND:
        return None
    return Unit.of("", 10_000.0 if word in PER_HEAD else 0.01, 2).round(value)
