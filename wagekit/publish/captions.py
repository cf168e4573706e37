"""Title, headings and notes of a wage table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from wagekit.disclosure.rules import ReleaseRules, is_tail
from wagekit.publish.figures import percent
from wagekit.publish.words import (
    DIMENSIONS,
    WORDS,
    Language,
    clean_text,
    dimension_heading,
    dimension_in_title,
)

if TYPE_CHECKING:
    from wagekit.estimates import Estimates

OFFICIAL_UNIT = "元/年"
"""The unit in which the official questionnaire asks for pay."""


def unit_of(estimates: Estimates) -> str:
    """The unit of the variable as the survey's metadata have it, 元/年 where they don't."""
    pay = estimates.metadata.get("pay") or {}
    if pay.get("column") == estimates.variable:
        return str(pay.get("unit") or OFFICIAL_UNIT)
    return str(estimates.metadata.get("unit") or OFFICIAL_UNIT)


def source_of(estimates: Estimates, language: Language) -> str:
    """What the survey is called: 企业薪酬调查（2023年）."""
    about = estimates.metadata
    if about.get("title") and about.get("wave"):
        year = WORDS[language]["year"].format(name=about["wave"])
        return clean_text(f"{about['title']}{WORDS[language]['period'].format(name=year)}", where="name of the survey")
    return clean_text(about.get("name") or "", where="name of the survey")


def title_of(title: str | None, estimates: Estimates, headings: Mapping[str, str] | None, language: Language) -> str:
    """The given title, or one made of domain columns and survey: 分行业门类企业从业人员工资价位（2023年）.

    Simulated data are called so in every title.
    """
    words = WORDS[language]
    if title is None:
        name = clean_text(estimates.metadata.get("wave") or estimates.metadata.get("name") or "", where="name")
        name = words["year"].format(name=name) if name.isdecimal() and len(name) == 4 else name
        period = words["period"].format(name=name) if name else ""
        dimensions = words["cross"].join(
            dimension_in_title(column, language) if column in DIMENSIONS else (headings or {}).get(column, column)
            for column in estimates.by
        )
        template = words["title" if estimates.by else "title_all"]
        title = template.format(dimensions=dimensions, pay=words["pay"], period=period)
    return marked_title(title, language, synthetic=bool(estimates.metadata.get("synthetic")))


def marked_title(title: str, language: Language, *, synthetic: bool) -> str:
    """A title as it may be printed; of simulated data it says so.

    Examples
    --------
    >>> marked_title("按规模分的企业数（2023年）", "zh", synthetic=True)
    '按规模分的企业数（2023年，模拟数据）'
    """
    words = WORDS[language]
    title = clean_text(title, where="title")
    if synthetic and words["synthetic"] not in title.lower():
        opened = title[-1:] in ("）", ")")
        title = f"{title[:-1]}{words['comma']}" if opened else f"{title}{words['bracket']}"
        title += f"{words['synthetic']}{words['close']}"
    return title


def headings_of(by: Sequence[str], given: Mapping[str, str] | None, language: Language) -> tuple[str, ...]:
    """The heading of the names of each domain column; 名称 for the whole sample."""
    if not by:
        return (WORDS[language]["name"],)
    return tuple(
        clean_text(given[column], where="headings")
        if given and column in given
        else dimension_heading(column, language)
        for column in by
    )


def notes_of(
    estimates: Estimates,
    rules: ReleaseRules,
    statistics: Sequence[str],
    left_out: int,
    given: Sequence[str],
    language: Language,
) -> tuple[str, ...]:
    """The table's own notes, then the given ones. They mention thresholds of counts, never of concentration."""
    words = WORDS[language]
    notes: list[str] = []
    if estimates.metadata.get("synthetic"):
        notes.append(words["synthetic_note"])
    of_enterprises = estimates.metadata.get("respondents") == "enterprises"
    if any(percent(word) is not None for word in statistics):
        notes.append(words["percentile_note_enterprises" if of_enterprises else "percentile_note"])
    if estimates.variable == "annual_pay" and unit_of(estimates) == OFFICIAL_UNIT:
        notes.append(words["pay_note"])
    if rules.min_employees and rules.min_enterprises:
        notes.append(words["cases_note"].format(employees=rules.min_employees, enterprises=rules.min_enterprises))
    elif rules.min_enterprises and of_enterprises:
        notes.append(words["enterprises_note"].format(enterprises=rules.min_enterprises))
    if (rules.min_employees_tails or 0) > (rules.min_employees or 0) and any(is_tail(word) for word in statistics):
        notes.append(words["tails_note"].format(employees=rules.min_employees_tails))
    if left_out:
        notes.append(words["rows_note"].format(count=left_out))
    return (*notes, *(clean_text(note, where="notes") for note in given))
