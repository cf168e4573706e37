"""Feedback to the surveyed enterprises: what each of them is told, figured out for all of them at once.

An enterprise is told its own figures beside those of the public release, and nothing of any other enterprise that the
public release does not hold.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wagekit.collect import frames
from wagekit.errors import InputError
from wagekit.options import Language
from wagekit.publish.cover import provenance
from wagekit.publish.feedback.accounts import own_indicators, published_cost
from wagekit.publish.feedback.figures import Edition, Enterprise, Growth
from wagekit.publish.feedback.market import market_of
from wagekit.publish.feedback.pay import ENTERPRISE, GuidelineFacts, own_growth, own_pay
from wagekit.publish.feedback.returns import remarks
from wagekit.publish.figures import Namer, code_text
from wagekit.publish.rendering import fonts
from wagekit.publish.words import clean_text

if TYPE_CHECKING:
    import pandas as pd

    from wagekit.collect.store import Store
    from wagekit.publish.configuration import Release, ReportDeclaration
    from wagekit.publish.industry.report import IndustryReport
    from wagekit.survey import Survey

LEAST = 3
"""Fewest employees of a post whose median an enterprise is told."""

MISSING_GLYPH = "〓"
"""Stands for a character of an enterprise's name that the font can't draw, as printers have it (U+3013)."""

_LONGEST_NAME = 120


@dataclass(frozen=True)
class Feedback:
    """What the enterprises of a wave are told. Made by :func:`open_feedback`.

    Parameters
    ----------
    edition : what all are told alike.
    enterprises : what each is told, in the order of their codes.
    """

    edition: Edition
    enterprises: tuple[Enterprise, ...]


@dataclass(frozen=True)
class PublishedReports:
    """What the reports of a release publish, as far as feedback holds an enterprise's figures against it.

    Parameters
    ----------
    labour_cost : whether wagekit's own labour-cost report is among them, under the release's rules.
    industries : codes of the sections that there is a report on, None for all, empty for none.
    region, city_average : parameters of the guideline report, or what it has by default: whose guideline, and last
        year's average wage of the city in 元 a year.
    """

    labour_cost: bool = False
    industries: tuple[str, ...] | None = ()
    region: str = "上海"
    city_average: float | None = None

    @classmethod
    def of(cls, declared: Release) -> PublishedReports:
        """Read it from the declared reports. A notebook beside the ``release.toml`` may publish anything: it counts not."""
        said: dict[str, ReportDeclaration] = {}
        for report in declared.reports:
            stem = Path(report.notebook).stem
            if not (declared.path.parent / f"{stem}.ipynb").is_file():
                said.setdefault(stem, report)
        about = said.get("industry_guidance")
        industries: tuple[str, ...] | None = ()
        if about is not None and "rules" not in about.parameters:
            if about.each == "industry":
                industries = None if about.values is None else tuple(about.values)
            elif "industry" in about.parameters:
                industries = (str(about.parameters["industry"]),)
        guideline = said["guideline_comparison"].parameters if "guideline_comparison" in said else {}
        average = guideline.get("city_average")
        return cls(
            labour_cost="labour_cost" in said and "rules" not in said["labour_cost"].parameters,
            industries=industries,
            region=str(guideline.get("region", cls.region)),
            city_average=float(average) if isinstance(average, (int, float)) and average > 0 else None,
        )


def open_feedback(
    declared: Release,
    store: str | os.PathLike[str],
    *,
    reports: PublishedReports | None = None,
    least: int = LEAST,
    language: Language | None = None,
) -> Feedback:
    """Figure out what every enterprise of a wave is told; the store is closed again at once.

    The market is the public release and no more: pay as the declared tables and the reports on single industries print
    it, labour cost as these and the labour-cost report do. What the release rules hold back there is held back here.

    Parameters
    ----------
    declared : the public release.
    store : path of the store that it is made from.
    reports : what its reports publish; read from `declared` unless given.
    least : fewest employees whose median is told, since a page travels and an employee's pay is personal.
    language : the release's unless given.

    Raises
    ------
    StoreError
        If the store can't be opened or doesn't hold the wave.
    InputError
        If `least` is below 2.
    WagekitError
        If a table of the release asks for what the survey doesn't have.
    """
    from wagekit.collect.store import open as open_store
    from wagekit.guidance.guideline import guideline

    if least < 2:
        raise InputError(f"{least!r}", where="least", expected="2 or more: the median of one employee is that pay")
    path, wave = Path(store), declared.publication.wave
    reports = reports or PublishedReports.of(declared)
    spoken = language or declared.publication.language
    with open_store(path, read_only=True) as opened:
        about = opened.metadata(wave)
        pay = about["pay"]
        labels = opened.classifications(wave)
        held = set(opened.waves()["wave"])
        survey, enterprises = _wave(opened, wave)
        earlier = _wave(opened, wave - 1) if wave - 1 in held else (None, None)
        lines = opened.guideline_lines()
        said = remarks(opened, wave, spoken)
    industries = _industries(declared, path, enterprises, reports)
    with open_store(path, read_only=True) as opened:
        market = market_of(declared, opened, variable=pay["column"], data_unit=pay["unit"], industries=industries)
    try:
        facts = GuidelineFacts(guideline(reports.region, wave, lines=lines), reports.city_average)
    except InputError:  # no line for the year: growth is told alone
        facts = GuidelineFacts(None)
    cost = published_cost(declared, path, report=reports.labour_cost, industries=industries)
    publication = declared.publication
    edition = Edition(
        title=str(about["title"]),
        wave=wave,
        before=wave - 1,
        language=spoken,
        bureau=publication.publisher,
        date=publication.date.isoformat() if publication.date else "",
        synthetic=bool(about["synthetic"]),
        # No hash of the data: who knows all rows but a few could find these by trying.
        provenance=provenance("", {"wave": wave, "language": spoken}, spoken),
        unit=market.unit.name,
        least=least,
    )
    options: dict[str, Any] = {"variable": pay["column"], "least": least, "language": spoken}
    own = own_pay(survey, enterprises, market, labels, **options)
    growth = own_growth(earlier[0], survey, enterprises, earlier[1], facts, unit=market.unit, **options)
    indicators = own_indicators(enterprises, cost, least=least)
    names = {column: _names(enterprises, column, labels, spoken) for column in ("industry", "enterprise_size")}
    told = [
        Enterprise(
            id=each,
            name=drawable(enterprises["name"].iloc[place]) if "name" in enterprises else "",
            industry=names["industry"][place],
            size=names["enterprise_size"][place],
            pay=own.get(each),
            growth=growth.get(each, Growth("no_wave")),
            indicators=indicators.get(each, ()),
            remarks=said.get(each, ()),
        )
        for place, each in enumerate(map(str, enterprises[ENTERPRISE]))
    ]
    return Feedback(edition, tuple(sorted(told, key=lambda enterprise: enterprise.id)))


def _industries(
    declared: Release, store: Path, enterprises: pd.DataFrame, reports: PublishedReports
) -> dict[str, IndustryReport]:
    """The reports on single industries that the release has, by the code of the section."""
    from wagekit.publish.industry.report import open_industry_report

    if "industry" not in enterprises:
        return {}
    surveyed = sorted(map(str, enterprises["industry"].dropna().unique()))
    codes = [code for code in surveyed if reports.industries is None or code in reports.industries]
    return {
        code: open_industry_report(
            store, declared.publication.wave, industry=code, region=reports.region, rules=declared.path
        )
        for code in codes
    }


def _wave(opened: Store, wave: int) -> tuple[Survey, pd.DataFrame]:
    """The employees of a wave, and its enterprises with their industry section.

    Of the design only the weights matter for what an enterprise is told of itself.
    """
    survey = opened.survey(wave, psu=ENTERPRISE, strata=None, fpc=None, pps="with_replacement")
    enterprises = opened.enterprises(wave)
    lists = opened.classifications(wave)
    source, level = frames.LEVEL_COLUMNS["industry"]
    if source in enterprises:
        listed = lists.get(source)
        rolled = enterprises[source] if listed is None else listed.roll_up(enterprises[source], level + 1)
        enterprises = enterprises.assign(industry=rolled)
    return survey, enterprises


def _names(enterprises: pd.DataFrame, column: str, labels: Any, language: Language) -> list[str]:
    if column not in enterprises:
        return [""] * len(enterprises)
    name = Namer((column,), {column: labels.get(column, {})}, language)
    codes = [code_text(code) for code in enterprises[column]]
    known = {code: name((code,))[0] if code else "" for code in set(codes)}
    return [known[code] for code in codes]


def drawable(name: object) -> str:
    """A name from the data as it can be printed: one line, nothing invisible, 〓 for what the font can't draw.

    Examples
    --------
    >>> drawable("甲\\n公司 \\U0001F600"), drawable(None)
    ('甲 公司 〓', '')
    """
    import pandas as pd

    if not isinstance(name, str) and pd.isna(name):  # type: ignore[call-overload]
        return ""
    line = clean_text(str(name)[:_LONGEST_NAME], where="name of an enterprise")
    for character in fonts.missing_glyphs(line):
        line = line.replace(character, MISSING_GLYPH)
    return line
