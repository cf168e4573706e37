"""What the tables of the report on method and quality show, in words made from the figures they print."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from wagekit.disclosure.rules import ReleaseRules
from wagekit.options import Language
from wagekit.publish import findings
from wagekit.publish.cover import Cover
from wagekit.publish.findings import Text
from wagekit.publish.printed import extremes, items
from wagekit.publish.quality.precision import TableQuality
from wagekit.publish.quality.tables import WEIGHT_PERCENTS
from wagekit.publish.quality.words import WORDS
from wagekit.publish.table import WageTable


def _said(language: Language, key: str, **values: object) -> Text:
    return Text(WORDS[language][key].format(**values), language)


def design(figures: Mapping[str, float], language: Language) -> Text:
    """Strata, sample, population, sampling fraction."""
    return _said(
        language, "design_words" if "strata" in figures else "design_words_unstratified",
        strata=f"{figures.get('strata', 0):,.0f}", firms=f"{figures['enterprises']:,.0f}",
        people=f"{figures['employees']:,.0f}", workers=f"{figures['workers']:,.0f}",
        fraction=f"{figures['people_fraction']:.1f}",
    )  # fmt: skip


def weights(table: WageTable) -> Text:
    """How unequal the weights are, and what that costs."""
    values = [item.value["value"] for item in items(table)]
    place = {share: number for number, share in enumerate(WEIGHT_PERCENTS, start=1)}
    return _said(
        table.language, "weights_words", mean=values[0], low=values[place[25]], high=values[place[75]], kish=values[-1]
    )  # fmt: skip


def key_figures(table: WageTable | None, language: Language) -> Text:
    """Mean pay with its interval."""
    name = WORDS[language]["mean"]
    rows = [] if table is None else [item for item in items(table) if item.name == name]
    if not rows or not {"value", "cv", "ci_lower", "ci_upper"} <= rows[0].said.keys():
        return findings.nothing(language)
    level = next(column.group for column in table.columns if column.key == "ci_lower") if table else ""
    said = rows[0].said
    return _said(
        language, "key_words", mean=said["value"], lower=said["ci_lower"], upper=said["ci_upper"], cv=said["cv"],
        level=level.replace("置信区间", "").replace(" interval", ""),
    )  # fmt: skip


def by_industry(table: WageTable) -> Text:
    """Where mean pay is most and least precise."""
    found = extremes(items(table), "cv")
    if found is None:
        return Text("", table.language)
    high, low = found
    return _said(
        table.language, "industry_words", low=low.value["cv"], low_name=low.name, high=high.value["cv"],
        high_name=high.name,
    )  # fmt: skip


def published_share(found: Sequence[TableQuality]) -> dict[str, float]:
    """Shares in per cent of the values of all tables: ``published``, ``confidential``, ``imprecise``."""
    values = sum(each.values for each in found)
    kinds = ("published", "confidential", "imprecise")
    return {kind: sum(getattr(each, kind) * each.values for each in found) / values for kind in kinds}


def precise_share(found: Sequence[TableQuality], classes: int) -> float | None:
    """Share in per cent of all published values that lie in the first so many classes; None without any."""
    shown = [(each.cv, each.published * each.values) for each in found if each.cv]
    whole = sum(weight for _, weight in shown)
    return sum(sum(cv[:classes]) * weight for cv, weight in shown) / whole if whole else None


def cells(found: Sequence[TableQuality], language: Language) -> Text:
    """How much of all tables is published."""
    shares = {kind: f"{share:.1f}" for kind, share in published_share(found).items()}
    values = f"{sum(each.values for each in found):,}"
    return _said(language, "cells_words", tables=len(found), values=values, **shares)


def cv_classes(found: Sequence[TableQuality], language: Language) -> Text:
    """How precise the published values are."""
    first, second = (precise_share(found, classes) for classes in (1, 2))
    if first is None or second is None:
        return findings.nothing(language)
    return _said(language, "cv_words", first=f"{first:.1f}", second=f"{second:.1f}")


def references(table: WageTable | None, year: int, language: Language) -> Text:
    """Mean pay beside each other source."""
    if table is None:
        return _said(language, "no_reference", year=year)
    rows = [item for item in items(table) if "ratio" in item.value]
    if not rows:
        return Text("", language)
    words = WORDS[language]
    said = [words["reference_item"].format(name=item.name, ratio=item.said["ratio"]) for item in rows]
    return _said(language, "reference_words", items=words["comma"].join(said))


def waves(table: WageTable, count: int) -> Text:
    """Mean pay beside the last wave's."""
    rows = [item for item in items(table) if "value" in item.value]
    words = WORDS[table.language]
    if count < 2:
        return _said(table.language, "first_wave")
    if len(rows) < 2:
        return Text("", table.language)
    change = (rows[-1].value["value"] / rows[-2].value["value"] - 1) * 100
    direction = words["rose" if change >= 0 else "fell"]
    return _said(table.language, "waves_words", count=count, direction=direction, change=f"{abs(change):.1f}")


def timeliness(year: int, date: str, planned: str, language: Language) -> Text:
    """How long after the survey year the data are published, and whether on the day announced."""
    days = days_after(year, date)
    if days is None:
        return _said(language, "no_date")
    text = _said(language, "published_on", day=_day(date, language), days=days)
    if not planned:
        return text
    delay = (datetime.date.fromisoformat(date) - datetime.date.fromisoformat(planned)).days
    key = "on_time" if delay == 0 else "late" if delay > 0 else "early"
    return text + _said(language, key, day=_day(planned, language), delay=abs(delay))


def days_after(year: int, date: str) -> int | None:
    """Days from the end of the survey year to the day of publication; None where that is not set.

    >>> days_after(2023, "2024-09-30")
    274
    """
    return (datetime.date.fromisoformat(date) - datetime.date(year, 12, 31)).days if date else None


def _day(date: str, language: Language) -> str:
    return Cover("-", date=date, language=language).day


def release_rules(rules: ReleaseRules, language: Language) -> Text:
    """The release rules in words; thresholds of counts and of precision are told, that of concentration never is."""
    words = WORDS[language]
    said = []
    if rules.min_employees and rules.min_enterprises:
        said.append(words["rule_counts"].format(enterprises=rules.min_enterprises, employees=rules.min_employees))
    elif rules.min_enterprises:
        said.append(words["rule_enterprises"].format(enterprises=rules.min_enterprises))
    if rules.min_employees_tails:
        said.append(words["rule_tails"].format(employees=rules.min_employees_tails))
    if rules.max_share:
        said.append(words["rule_share"])
    if rules.max_cv:
        said.append(words["rule_cv"].format(cv=f"{100 * rules.max_cv:g}"))
    return Text(words["rules"].format(rules=words["semicolon"].join(said)), language) if said else Text("", language)
