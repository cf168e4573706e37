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
from wagekit.publish.feedback.market import IndustryReport, market_of
from wagekit.publish.feedback.pay import ENTERPRISE, GuidelineFacts, own_growth, own_pay
from wagekit.publish.feedback.published import PublishedRelease
from wagekit.publish.feedback.returns import remarks
from wagekit.publish.figures import Namer, code_text
from wagekit.publish.rendering import fonts
from wagekit.publish.words import clean_text

if TYPE_CHECKING:
    import pandas as pd

    from wagekit.collect.store import Store
    from wagekit.publish.configuration import Release
    from wagekit.survey import Survey

LEAST = 5
"""Fewest employees whose median, mean or cost a head an enterprise is told, of a post as of its whole staff.

It is the enterprise's own payroll, but letters are lost and passed on, and whoever finds one may know who holds a post. A
median is one person's pay, or lies between two: of three, the finder knows it to be that of the one in the middle; of
five, two stand on either side, whom no letter tells apart. Below it there is the number of employees alone. Means of
posts are never told, whatever the number: with the mean of all, what is left could be subtracted.
"""

_REGION = "上海"
"""Whose guideline holds where the release has no report beside one."""

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


def open_feedback(
    declared: Release,
    store: str | os.PathLike[str],
    published: PublishedRelease,
    *,
    least: int = LEAST,
    language: Language | None = None,
) -> Feedback:
    """Figure out what every enterprise of a wave is told; the store is closed again at once.

    The market is the public release and no more: pay as its open data and its reports on single industries have it,
    labour cost as these and the labour-cost report do. What isn't there is not told.

    Parameters
    ----------
    declared : what the public release declares.
    store : path of the store that it is made from.
    published : the release as it is published.
    least : fewest employees whose median, mean or cost a head is told, since a page travels and pay is personal.
    language : the release's unless given.

    Raises
    ------
    StoreError
        If the store can't be opened or doesn't hold the wave.
    InputError
        If `least` is below 2.
    ReleaseError
        If a published table isn't the declared one, or a report shows other figures than the store gives.
    """
    from wagekit.collect.store import open as open_store
    from wagekit.guidance.guideline import guideline

    if least < 2:
        raise InputError(f"{least!r}", where="least", expected="2 or more: the median of one employee is that pay")
    path, wave = Path(store), declared.publication.wave
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
    industries = _industries(declared, path, published)
    market = market_of(
        declared, published, labels, variable=pay["column"], data_unit=pay["unit"], industries=industries
    )
    region, city_average = _beside_guideline(published)
    try:
        facts = GuidelineFacts(guideline(region, wave, lines=lines), city_average)
    except InputError:  # no line for the year: growth is told alone
        facts = GuidelineFacts(None)
    cost = published_cost(declared, path, published, industries=industries)
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


def _industries(declared: Release, store: Path, published: PublishedRelease) -> dict[str, IndustryReport]:
    """The reports on single industries that the release has, by the code of the section."""
    from wagekit.publish.industry.report import open_industry_report

    found = {}
    for page in published.made_from("industry_guidance", rules=declared.path.name):
        code, region = str(page.parameters["industry"]), str(page.parameters["region"])
        opened = open_industry_report(
            store, published.wave, industry=code, region=region, language=published.language, rules=declared.path
        )
        found[code] = IndustryReport(opened, page)
    return found


def _beside_guideline(published: PublishedRelease) -> tuple[str, float | None]:
    """Whose guideline the release is held against, and last year's average wage of the city in 元, if it is known."""
    for page in published.made_from("guideline_comparison"):
        average = page.parameters.get("city_average")
        known = float(average) if isinstance(average, (int, float)) and average > 0 else None
        return str(page.parameters["region"]), known
    return _REGION, None


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
    """A name from the data as it can be printed: one line, not too long, nothing invisible, 〓 for what has no glyph.

    Examples
    --------
    >>> drawable("甲\\n公司 \\U0001F600"), drawable(None)
    ('甲 公司 〓', '')
    """
    import pandas as pd

    if not isinstance(name, str) and pd.isna(name):  # type: ignore[call-overload]
        return ""
    line = clean_text(str(name), where="name of an enterprise")
    if len(line) > _LONGEST_NAME:
        line = f"{line[:_LONGEST_NAME]}…"
    for character in fonts.missing_glyphs(line):
        line = line.replace(character, MISSING_GLYPH)
    return line
