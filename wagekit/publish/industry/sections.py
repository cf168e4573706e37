"""The sections of the report about one industry (分行业企业薪酬指导): words, tables and charts in their order.

A section is a list of what a reader sees, for ``display(*sections.levels(report))``. What the release rules hold back is
said in words; a table or a chart without any figure is not there. An industry of which nothing may be published gets
a notice in :func:`main`, and no other section.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps

from wagekit.errors import ReleaseError
from wagekit.publish import charts, findings
from wagekit.publish.drawing import Chart
from wagekit.publish.findings import Text
from wagekit.publish.guideline.report import GuidelineReport
from wagekit.publish.industry import findings as said
from wagekit.publish.industry.report import GROUPS, IndustryReport
from wagekit.publish.industry.tables import has_figures, upright
from wagekit.publish.pay_bands import pay_bands
from wagekit.publish.printed import has, items
from wagekit.publish.rendering.markdown import escape_markdown
from wagekit.publish.table import WageTable
from wagekit.publish.words import dimension_in_title

Part = Text | Chart | WageTable
"""What a section holds."""

_STRIPS = ("industry_division", "occupation_sub_major")
_ENOUGH_FOR_A_CHART = 3
_ENOUGH_BANDS = 5
_FITS_A_PAGE = 10


def _unless_nothing(section: Callable[[IndustryReport], list[Part]]) -> Callable[[IndustryReport], list[Part]]:
    """The section, empty for an industry of which nothing may be published."""

    @wraps(section)
    def made(report: IndustryReport) -> list[Part]:
        return section(report) if report.published else []

    return made


def main(report: IndustryReport) -> list[Part]:
    """The findings, point by point; where there are none, the notice that is the whole report."""
    if not report.published:
        return _notice(report)
    rules = report.report.rules
    nothing = Text("", report.language)
    grades, occupations = report.levels_by("skill_level"), report.levels_by("occupation_sub_major")
    points = [
        said.coverage(report.counts, report.name, firms=rules.min_enterprises, people=rules.min_employees),
        said.overall(report.levels, report.name),
        nothing if occupations is None else _medians(occupations),
        nothing if grades is None or len(grades) < 2 else findings.steps(grades),
    ]
    if report.guideline is not None and report.growth is not None:
        points.append(report.guideline.in_words(report.growth))
    if report.cost is not None:
        points.append(said.labour_cost(report.cost, report.name))
    if report.low_pay is not None:
        points.append(said.low_pay(report.low_pay))
    return [_heading(report, "main"), findings.points(*points)]


@_unless_nothing
def levels(report: IndustryReport) -> list[Part]:
    """Pay of the whole industry and its distribution; also by which columns nothing at all is published."""
    parts: list[Part] = [_heading(report, "levels"), said.overall(report.levels, report.name, intervals=True)]
    if has(report.levels, "p50"):
        parts.append(upright(report.levels))
    # A section of which everything is held back is no section of its own; it is told of here.
    groups = [report.shown_and_held(group) for group in GROUPS]
    if held := [column for shown, held in groups if not shown for column in held]:
        parts.append(_held_back(report, held))
    if (drawn := _distribution(report)) is not None:
        parts += [_heading(report, "distribution", 3), _text(report, "distribution_text"), drawn]
    return parts


@_unless_nothing
def divisions(report: IndustryReport) -> list[Part]:
    """Pay by industry division, where there are several."""
    return _group(report, "divisions")


@_unless_nothing
def occupations(report: IndustryReport) -> list[Part]:
    """Pay by occupation, from major groups to single occupations."""
    return _group(report, "occupations")


@_unless_nothing
def workers(report: IndustryReport) -> list[Part]:
    """Pay by skill grade, education, age and sex."""
    return _group(report, "workers")


@_unless_nothing
def enterprises(report: IndustryReport) -> list[Part]:
    """Pay by size and registration type of the enterprise."""
    return _group(report, "enterprises")


@_unless_nothing
def growth(report: IndustryReport) -> list[Part]:
    """Growth of pay beside the wage guideline."""
    parts: list[Part] = [_heading(report, "growth")]
    beside = report.guideline
    if beside is None:
        return [*parts, _text(report, "no_wave")]
    if report.growth is None:
        parts.append(beside.lines() + _text(report, "no_growth"))
    else:
        certain = said.beside_the_base_line(report.growth, beside.guideline)
        parts += [beside.lines() + beside.in_words(report.growth) + certain, report.growth, *_shares(report, beside)]
    if report.growth_by_size is not None:
        parts += [_heading(report, "growth_size", 3), beside.in_words(report.growth_by_size), report.growth_by_size]
    return parts


@_unless_nothing
def labour_cost(report: IndustryReport) -> list[Part]:
    """Indicators and structure of labour cost, and indicators by size of enterprise."""
    parts: list[Part] = [_heading(report, "labour_cost")]
    if report.costs is None or report.cost is None:
        return [*parts, _text(report, "no_cost")]
    structure = said.structure(report.costs.structure())
    parts += [said.labour_cost(report.cost, report.name), report.cost, *([structure] if structure.markdown else [])]
    sizes = report.cost_by_size()
    if sizes is None:
        return parts
    parts.append(_heading(report, "cost_size", 3))
    if not has_figures(sizes):
        return [*parts, _text(report, "cost_size_none")]
    words = said.only_cost(sizes)
    words += report.costs.extremes_in_words(sizes, "labour_cost_per_head", "labour_cost_to_revenue")
    parts += [*([words] if words.markdown else []), sizes]
    if sum("labour_cost_per_head" in item.value for item in items(sizes)) >= _ENOUGH_FOR_A_CHART:
        parts.append(report.costs.levels(sizes, "labour_cost_per_head"))
    return parts


@_unless_nothing
def low_pay(report: IndustryReport) -> list[Part]:
    """Low-paid workers against the minimum wage and the median."""
    parts: list[Part] = [_heading(report, "low_pay")]
    if report.minimum_wage is None:
        return [*parts, _text(report, "no_minimum")]
    minimum = said.minimum_wage(report.minimum_wage, report.language)
    if report.low_pay is None:
        return [*parts, minimum + _text(report, "no_low")]
    return [*parts, minimum + said.low_pay(report.low_pay), report.low_pay]


@_unless_nothing
def reference(report: IndustryReport) -> list[Part]:
    """What the figures and the clauses of the guideline are a reference for in collective bargaining."""
    grades = report.levels_by("skill_level")
    points = [said.refer_to_levels(report.levels)]
    if grades is not None:
        points.append(said.refer_to_grades(grades))
    if report.guideline is not None:
        points.append(said.refer_to_clauses(report.growth, report.guideline.guideline, report.language))
    if report.cost is not None:
        points.append(said.refer_to_cost(report.cost))
    if report.minimum_wage is not None:
        points.append(said.refer_to_minimum(report.minimum_wage, report.language))
    listed = findings.points(*points)
    if not listed.markdown:
        return []
    return [_heading(report, "reference"), _text(report, "reference_text"), listed, *_clauses(report)]


@_unless_nothing
def method(report: IndustryReport) -> list[Part]:
    """Definitions, estimation and release rules of what the report shows."""
    defined = ["method_pay", "method_percentile", "method_industry"]
    growth = report.growth if report.growth is not None else report.growth_by_size
    for key, table in (("growth", growth), ("cost", report.cost), ("low", report.low_pay)):
        defined += [f"method_{key}"] if table is not None else []
    return [
        _heading(report, "method"),
        _heading(report, "definitions", 3),
        Text("\n".join(report.words[key] for key in defined), report.language),
        _heading(report, "estimation", 3),
        Text(report.words["method_estimation"], report.language),
        *([] if growth is None else [Text(report.words["method_variance"], report.language)]),
        _heading(report, "protection", 3),
        Text(report.words["method_rules"], report.language),
    ]


# -- parts of sections --------------------------------------------------------------------------------------------


def _notice(report: IndustryReport) -> list[Part]:
    facts = [] if report.guideline is None else [report.guideline.lines()]
    facts += [] if report.minimum_wage is None else [said.minimum_wage(report.minimum_wage, report.language)]
    parts: list[Part] = [_heading(report, "notice"), _text(report, "notice_text" if facts else "notice_bare")]
    return [*parts, *([findings.points(*facts)] if facts else []), *_clauses(report)]


def _shares(report: IndustryReport, beside: GuidelineReport) -> list[Part]:
    """Shares of enterprises and of employees by band of growth, as far as they are published."""
    firms, people = (report.named(beside.shares(of=of)) for of in ("enterprises", "workers"))
    told = Text("", report.language)
    if firms is not None:
        told += beside.shares_in_words(firms, "enterprises")
    if people is not None:
        told += beside.shares_in_words(people, "workers")
    tables = [table for table in (firms, people) if table is not None]
    return [_heading(report, "shares", 3), told, *tables] if tables else []


def _clauses(report: IndustryReport) -> list[Part]:
    """Which clause of the guideline goes for which enterprise."""
    if report.guideline is None or not report.guideline.guideline.issued:
        return []
    return [_heading(report, "clauses", 3), _text(report, "clauses_text"), report.guideline.rules_table()]


def _group(report: IndustryReport, group: str) -> list[Part]:
    """Words, table and chart of pay by each column of a group, and in words which of them are held back."""
    shown, held = report.shown_and_held(group)
    if not shown:
        return []
    parts: list[Part] = [_heading(report, group)]
    for column, table in shown.items():
        if len(GROUPS[group]) > 1:
            name = dimension_in_title(column, report.language)
            parts.append(Text(f"### {name[:1].upper()}{name[1:]}", report.language))
        words = _medians(table) + (findings.spread(table) if len(table) > 2 else Text("", report.language))
        drawn = _drawn(report, column, table)
        # What can't be cut stands where it leaves the smaller gap at the end of a page.
        parts += [words, *drawn, table] if len(table) > _FITS_A_PAGE else [words, table, *drawn]
    return [*parts, _held_back(report, held)] if held else parts


def _medians(table: WageTable) -> Text:
    """The medians of a table by one column: of its one item, its two, step by step, or the highest and the lowest."""
    if len(table) == 1:
        return said.only_item(table)
    if table.by == ("skill_level",):
        return findings.steps(table)
    return said.pair(table) if len(table) == 2 else findings.highest_and_lowest(table)


def _drawn(report: IndustryReport, column: str, table: WageTable) -> list[Part]:
    if len(table) < _ENOUGH_FOR_A_CHART:
        return []
    if column in _STRIPS:
        return [report.report.strips(table)]
    if column == "skill_level":
        return [report.graded.levels(report.graded.medians(column, title=report.title(column)))]
    return []


def _distribution(report: IndustryReport) -> Chart | None:
    if not has(report.levels, "p50"):
        return None
    of = report.report
    try:
        bands = pay_bands(of.survey, of.pay, of.rules, unit=of.unit, levels=report.levels, language=of.language)
    except ReleaseError:
        return None
    last = bands.bands[-1].low
    if len(bands.bands) < _ENOUGH_BANDS or last is None:
        return None
    # Marks in the open band would stand beside the chart.
    bands = replace(bands, marks=tuple(mark for mark in bands.marks if mark.value <= last))
    title = report.words["distribution_title"].format(industry=report.name, period=bands.period)
    return charts.pay_distribution(bands, title=title)


def _held_back(report: IndustryReport, columns: Sequence[str]) -> Text:
    named = [report.words["by"].format(dimension=dimension_in_title(column, report.language)) for column in columns]
    return _text(report, "held_back", items=report.words["list"].join(named))


def _heading(report: IndustryReport, key: str, level: int = 2) -> Text:
    return Text(f"{'#' * level} {report.words[key]}", report.language)


def _text(report: IndustryReport, key: str, **values: str) -> Text:
    told = {"industry": escape_markdown(report.name), "year": str(report.report.wave), **values}
    return Text(report.words[key].format(**told), report.language)
