"""The wage-growth guideline (企业工资增长指导线) in words: its lines, its clauses, and what published tables show.

Of the survey only printed figures are spoken of, so that words and table agree and nothing held back is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from wagekit.guidance.lines import Band, band_numbers
from wagekit.guidance.rules import EVERY_REGION
from wagekit.options import Language
from wagekit.publish.findings import Text
from wagekit.publish.guideline.words import GUIDELINE_WORDS, band_name, line_name, percent_text, span_text
from wagekit.publish.rendering.markdown import escape_markdown
from wagekit.publish.words import WORDS, dimension_in_title, region_name

if TYPE_CHECKING:
    from wagekit.guidance.guideline import ApplicableLine, Guideline
    from wagekit.publish.table import WageTable


def lines_in_words(guideline: Guideline, language: Language = "zh") -> Text:
    """The lines of the year in a sentence; what was not issued is said."""
    words = GUIDELINE_WORDS[language]
    base = guideline.base
    shown = {
        "base": None if base is None else span_text(base[0], base[1], language),
        "upper": None if guideline.upper is None else percent_text(guideline.upper),
        "lower": None if guideline.lower is None else percent_text(guideline.lower),
    }
    items = [
        words["not_issued" if value is None else "issued"].format(
            line=line_name(line, guideline, language), value=value
        )
        for line, value in shown.items()
    ]
    region = escape_markdown(region_name(guideline.region, language))
    sentence = words["lines"].format(year=guideline.year, region=region, items=words["then"].join(items))
    return Text(sentence, language)


def lines_of_years(rows: Sequence[Guideline], language: Language = "zh") -> Text:
    """The lines of one region over the years, as a small table."""
    words = GUIDELINE_WORDS[language]
    if not rows:
        return Text("", language)
    base = line_name("base", rows[-1], language)
    lines = [words["line_head"].format(base=base if language == "zh" else base.capitalize())]
    for row in rows:
        span = "—" if row.base is None else span_text(row.base[0], row.base[1], language)
        ends = {
            line: "—" if value is None else percent_text(value)
            for line, value in (("upper", row.upper), ("lower", row.lower))
        }
        lines.append(words["line_row"].format(year=row.year, base=span, **ends))
    return Text("\n".join(lines) + f"\n\n{words['line_note_missing']}", language)


def range_text(line: ApplicableLine, language: Language = "zh") -> str:
    """The recommended range in per cent: 5%, 低于5%, 8%至12%."""
    return _range(line.low, line.high, line.high_included, GUIDELINE_WORDS[language], percent_text)


def _range(
    low: float | None, high: float | None, included: bool, words: Mapping[str, str], write: Callable[[float], str]
) -> str:
    if high is None:
        if low is None:
            return words["no_range"]
        return words["at_least"].format(value=write(low))
    if low is None:
        return words["up_to" if included else "lower_than"].format(value=write(high))
    if low == high:
        return words["at"].format(value=write(low))
    return words["from_to" if included else "from_below"].format(low=write(low), high=write(high))


def rules_table(guideline: Guideline, language: Language = "zh") -> Text:
    """The rule table of the region and year: each clause, its range in per cent and what it rests on.

    A clause that can't be reached, since clauses before it settle all that it is for, is left out.
    """
    words = GUIDELINE_WORDS[language]
    lines = [words["rule_head"]]
    conditions: list[str] = []
    settled: set[str] = set()
    for clause in guideline.clauses:
        text = escape_markdown(clause.text(language))
        status = "usual" if clause.region == EVERY_REGION and clause.status == "found" else clause.status
        if clause.range is None:
            conditions.append(words["rule_row"].format(text=text, range=words["condition"], status=words[status]))
        elif not settled.issuperset(clause.results) and clause.range.issued_in(guideline.issued):
            if clause.unconditional:
                settled.update(clause.results)
            low, high, included = clause.range.ends(guideline.issued)
            span = _range(low, high, included, words, percent_text)
            lines.append(words["rule_row"].format(text=text, range=span, status=words[status]))
    return Text("\n".join([*lines, *conditions]), language)


def recommendation(
    line: ApplicableLine, results: str, *, average_wage: float | None = None, language: Language = "zh"
) -> Text:
    """What the guideline recommends to one enterprise, in words.

    Parameters
    ----------
    line : from :meth:`wagekit.guidance.guideline.Guideline.applicable_line`.
    results, average_wage : what it was asked with.
    """
    words = GUIDELINE_WORDS[language]
    if line.clause is None:
        return Text(words["applies_none"].format(results=words[results]), language)
    wage = ""
    if average_wage is not None:
        wage = words["wage"].format(wage=f"{average_wage:.0f}" if language == "zh" else f"{average_wage:,.0f}")
        if line.wage_multiple is not None:
            wage += words["multiple"].format(multiple=f"{line.wage_multiple:.2f}")

    def yuan(value: float) -> str:
        return words["yuan_unit"].format(value=f"{value:.0f}" if language == "zh" else f"{value:,.0f}")

    money = ""
    if line.wage_low is not None or line.wage_high is not None:
        money = words["yuan"].format(range=_range(line.wage_low, line.wage_high, line.high_included, words, yuan))
    sentence = words["applies"].format(
        results=words[results],
        wage=wage,
        text=escape_markdown(line.clause.text(language)),
        range=range_text(line, language),
        yuan=money,
    )
    return Text(sentence, language)


# -- what the tables show: printed figures only ------------------------------------------------------------------


def _published(table: WageTable) -> list[tuple[str, dict[str, Decimal]]]:
    joined = "·" if table.language == "zh" else " / "
    return [
        (
            escape_markdown(joined.join(row.names)),
            {c.key: cell.value for c, cell in zip(table.columns, row.cells, strict=True) if cell.value is not None},
        )
        for row in table.rows
    ]


def band_of(value: Decimal, guideline: Guideline) -> Band:
    """The band of a printed figure, so that words and table agree."""
    return guideline.bands[int(band_numbers(np.array([float(value)]), guideline.bands)[0])]


def overall_in_words(table: WageTable, guideline: Guideline) -> Text:
    """Growth of all, its band and how sure that is."""
    words = GUIDELINE_WORDS[table.language]
    found = [figures for _, figures in _published(table) if {"growth", "ci_lower", "ci_upper"} <= set(figures)]
    if not found:
        return Text(words["nothing"], table.language)
    figures = found[0]
    band = band_of(figures["growth"], guideline)
    text = Text(
        words["overall"].format(
            growth=figures["growth"],
            low=figures["ci_lower"],
            high=figures["ci_upper"],
            band=band_name(band, guideline, table.language),
        ),
        table.language,
    )
    if f"p_{band.name}" in figures:
        text += Text(words["overall_p"].format(p=figures[f"p_{band.name}"]), table.language)
    if "real_growth" in figures:
        text += Text(words["overall_real"].format(real=figures["real_growth"]), table.language)
    return text


def items_in_words(table: WageTable, guideline: Guideline) -> Text:
    """How many published items lie in each band, and which grow fastest and slowest."""
    words, language = GUIDELINE_WORDS[table.language], table.language
    items = [(name, figures["growth"]) for name, figures in _published(table) if "growth" in figures]
    if not items:
        return Text(words["nothing"], language)
    groups: list[str] = []
    for band in guideline.bands:
        names = [name for name, value in items if band_of(value, guideline).name == band.name]
        if names:
            template = words["group" if len(names) <= 6 else "group_many"]
            shown = band_name(band, guideline, language)
            between = words["names" if not any(words["names"] in name for name in names) else "long_names"]
            groups.append(template.format(band=shown, count=len(names), names=between.join(names)))
    dimensions = WORDS[language]["cross"].join(dimension_in_title(name, language) for name in table.by)
    by = words["by"].format(dimensions=dimensions).strip()
    by = by if language == "zh" else by.capitalize()
    text = Text(words["items"].format(by=by, count=len(items), groups=words["join"].join(groups)), language)
    if len(items) > 1:
        high, low = max(items, key=lambda item: item[1]), min(items, key=lambda item: item[1])
        text += Text(words["extremes"].format(high=high[0], high_value=high[1], low=low[0], low_value=low[1]), language)
    return text


def shares_in_words(table: WageTable, of: str, guideline: Guideline) -> Text:
    """The shares of the bands over all enterprises or workers.

    Parameters
    ----------
    table : for the whole sample.
    of : enterprises or workers.
    """
    words, language = GUIDELINE_WORDS[table.language], table.language
    for _, figures in _published(table):
        items = [
            words["share"].format(band=band_name(band, guideline, language), value=figures[band.name])
            for band in guideline.bands
            if band.name in figures
        ]
        if items:
            return Text(words[f"shares_{of}"].format(items=words["then"].join(items)), language)
    return Text(words["nothing"], language)


def parts_in_words(table: WageTable) -> Text:
    """Growth within occupations and change of composition."""
    words = GUIDELINE_WORDS[table.language]
    found = {
        row.codes[0]: figures["estimate"]
        for row, (_, figures) in zip(table.rows, _published(table), strict=True)
        if "estimate" in figures
    }
    if not {"1", "2", "3"} <= set(found):
        return Text(words["nothing"], table.language)

    def moved(value: Decimal) -> str:
        return words["down" if value < 0 else "up"].format(value=abs(value))

    return Text(
        words["parts"].format(growth=found["1"], within=moved(found["2"]), composition=moved(found["3"])),
        table.language,
    )
