"""What the notebook about one industry (分行业企业薪酬指导) works with: its tables, under the release rules.

No table compares with another industry, and none lets a reader calculate what another holds back: wage levels of groups
are percentiles without means and counts, which would add up to the whole; growth and indicators of labour cost by size,
which do add up, hold back what :mod:`wagekit.publish.industry.complement` asks for.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from wagekit.errors import InputError
from wagekit.guidance.enterprises import matched_growth
from wagekit.guidance.labour_cost import INDICATORS, labour_cost
from wagekit.options import Language
from wagekit.publish.cover import Cover
from wagekit.publish.groups.report import MinimumWage, known_minimum_wage, taken_off
from wagekit.publish.guideline.report import GuidelineReport, beside_guideline
from wagekit.publish.guideline.tables import percent_rules
from wagekit.publish.industry.complement import with_safe_rest
from wagekit.publish.industry.tables import has_figures, low_pay_table, named_after, without_definitions
from wagekit.publish.industry.words import WORDS
from wagekit.publish.labour_cost.report import LabourCostReport
from wagekit.publish.report import Report, report_from
from wagekit.publish.table import WageTable
from wagekit.publish.words import dimension_in_title

if TYPE_CHECKING:
    from wagekit.collect.store import Store
    from wagekit.estimates import Estimates
    from wagekit.survey import Survey

GROUPS: Mapping[str, tuple[str, ...]] = {
    "divisions": ("industry_division",),
    "occupations": ("occupation_major", "occupation_sub_major", "occupation"),
    "workers": ("skill_level", "education", "age_group", "sex"),
    "enterprises": ("enterprise_size", "registration_type"),
}
"""Sections of wage levels and the columns that each goes by."""

_NO_GRADE = "无"


@dataclass(frozen=True)
class IndustryReport:
    """One industry section in one wave, ready for a report. Made by :func:`open_industry_report`.

    Parameters
    ----------
    report : the industry's part of the wave, with rules, labels and language.
    industry : code of the section.
    guideline : the same part beside the wave before and the wage guideline; None without a wave before or a guideline.
    costs : the industry's enterprises; None where they reported no labour cost.
    minimum_wage : of the region and year; None where it isn't known.
    max_se_shares : largest standard error of shares of workers, in percentage points.
    told : parameters for the footer line, besides the industry.
    """

    report: Report
    industry: str
    guideline: GuidelineReport | None
    costs: LabourCostReport | None
    minimum_wage: MinimumWage | None
    max_se_shares: float = 2.5
    told: Mapping[str, str | float] = field(default_factory=dict)

    @property
    def language(self) -> Language:
        return self.report.language

    @property
    def words(self) -> Mapping[str, str]:
        return WORDS[self.language]

    @property
    def name(self) -> str:
        """The industry's name in the report's language."""
        labels = self.report.labels.get("industry")
        if labels is None or self.industry not in labels:
            return self.industry
        return labels.label(self.industry, language=self.language)

    def cover(self, *, title: str = "", bureau: str = "", date: str = "") -> Cover:
        """The report's cover; its footer line names the industry."""
        title = title or self.words["report_title"].format(industry=self.name)
        return self.report.cover(title=title, bureau=bureau, date=date, also=(), **self.told)

    @cached_property
    def levels(self) -> WageTable:
        """Percentiles and mean of pay of the industry with their intervals, one row."""
        return self.report.wage_levels(precision=["interval"], title=self.title())

    @cached_property
    def counts(self) -> WageTable:
        """The median of the industry with the counts of respondents: not to be shown, see :func:`at_least`."""
        return self.report.table(self.report.survey.percentiles(self.report.pay, q=50), counts=True)

    def levels_by(self, column: str) -> WageTable | None:
        """Percentiles of pay by one column; None if the survey has no such column."""
        if column not in self._by_column:
            people = self.graded if column == "skill_level" else self.report
            table = None
            if column in people.survey.columns:
                made = people.survey.percentiles(people.pay, by=column)
                labels = {**people.labels, "age_group": self._ages(made)}
                table = without_definitions(people.table(made, title=self.title(column), labels=labels))
            self._by_column[column] = table
        return self._by_column[column]

    @cached_property
    def _by_column(self) -> dict[str, WageTable | None]:
        return {}

    def _ages(self, made: Estimates) -> dict[str, str]:
        """Age groups as a sentence has them: 25岁及以下, 26–35岁."""
        if made.by != ("age_group",):
            return {}
        ends = {"≤": self.words["age_up_to"], "≥": self.words["age_from"]}
        codes = made.frame["age_group"].dropna().astype(str).unique()
        return {code: ends.get(code[0], self.words["age"]).format(age=code.lstrip("≤≥")) for code in codes}

    def shown_and_held(self, group: str) -> tuple[dict[str, WageTable], list[str]]:
        """Of a section of :data:`GROUPS`, tables by column as far as they publish anything, and the other columns.

        A column with a single item, which everybody has, would repeat the whole: it is neither.
        """
        tables = {column: table for column in GROUPS[group] if (table := self.levels_by(column)) is not None}
        shown = {column: table for column, table in tables.items() if table.rows and len(table) + table.left_out > 1}
        return shown, [column for column, table in tables.items() if table.left_out and not table.rows]

    @cached_property
    def graded(self) -> Report:
        """The employees who have a skill grade."""
        grades = self.report.labels.get("skill_level")
        if grades is None or _NO_GRADE not in set(grades.items["name"]):
            return self.report
        return self.report.without(skill_level=_NO_GRADE)

    @cached_property
    def growth(self) -> WageTable | None:
        """Growth of average pay of the industry beside the lines, one row; None if it can't be published."""
        return None if self.guideline is None else self.named(self.guideline.growth())

    @cached_property
    def growth_by_size(self) -> WageTable | None:
        """Growth by size of enterprise, sizes that would give others away held back too.

        None if the survey has no sizes, or not two can be published.
        """
        if self.guideline is None or "enterprise_size" not in self.report.survey.columns:
            return None
        before, pay = self.guideline.before, self.report.pay

        def estimate(survey: Survey, by: str | None) -> Estimates:
            return matched_growth(before, survey, pay, by=by)

        made = with_safe_rest(self.report.survey, "enterprise_size", estimate, self.guideline.growth_rules)
        if not len(made):
            return None
        table = self.named(self.guideline.growth_of(made, notes=[self.words["rest_note"]]))
        return table if table is not None and len(table) > 1 else None

    @cached_property
    def cost(self) -> WageTable | None:
        """Indicators of labour cost of the industry, a row an indicator; None if none can be published."""
        return None if self.costs is None else self.named(self.costs.overview())

    def cost_by_size(self) -> WageTable | None:
        """Indicators of labour cost by size of enterprise, those that would give others away held back too.

        None if the survey has no sizes, or but one, which would repeat the whole.
        """
        if self.costs is None or "enterprise_size" not in self.report.survey.columns:
            return None
        made = with_safe_rest(self.costs.enterprises, "enterprise_size", labour_cost, self.report.rules)
        table = self.costs.indicators_of(made, notes=[self.words["rest_note"]])
        return named_after(self.name, table) if len(table) + table.left_out > 1 else None

    @cached_property
    def low_pay(self) -> WageTable | None:
        """Shares of low-paid workers of the industry, a row a line; None if none can be published."""
        if self.minimum_wage is None:
            return None
        return self.named(
            low_pay_table(
                self.report.survey,
                self.minimum_wage,
                percent_rules(self.report.rules, self.max_se_shares),
                variable=self.report.pay,
                less=taken_off(self.report),
                wave=self.report.wave,
                language=self.language,
            )
        )

    @cached_property
    def published(self) -> bool:
        """Whether any figure of the industry may be published."""
        if has_figures(self.levels) or any((self.growth, self.growth_by_size, self.cost, self.low_pay)):
            return True
        return any(self.shown_and_held(group)[0] for group in GROUPS)

    def title(self, column: str = "") -> str:
        """Title of a table of wage levels: 制造业分学历工资价位（2023年）."""
        by = self.words["by_in_title"].format(dimension=dimension_in_title(column, self.language)) if column else ""
        return self.words["levels_title"].format(industry=self.name, by=by, year=self.report.wave)

    def named(self, table: WageTable) -> WageTable | None:
        """The table named after the industry; None if it publishes nothing."""
        return named_after(self.name, table) if has_figures(table) else None


def open_industry_report(
    store: str | os.PathLike[str],
    wave: int,
    *,
    industry: str,
    region: str = "上海",
    minimum_wage: float = 0.0,
    cpi: str | float | None = None,
    language: Language = "zh",
    rules: str | os.PathLike[str] = "",
    max_se_growth: float = 2.5,
    max_se_shares: float = 2.5,
    max_se_bands: float = 10.0,
) -> IndustryReport:
    """Open one industry of one wave of a store for a report; the store is closed again at once.

    Parameters
    ----------
    store, wave, language, rules : as :func:`wagekit.publish.report.open_report` takes them.
    industry : code of the section (国民经济行业门类), such as ``C``.
    region : whose wage guideline and minimum wage hold.
    minimum_wage : 元 a month; 0: the store's reference figure of `region` and `wave`, if it has one.
    cpi : growth of consumer prices in per cent; empty where not known.
    max_se_growth, max_se_shares, max_se_bands : largest standard errors, in percentage points, of growth, of shares of
        workers and of shares of enterprises in the bands of the guideline.

    Raises
    ------
    StoreError
        If the store can't be opened or holds no such wave.
    InputError
        If the survey has no column ``industry``, or neither it nor its classification has the code.
    """
    from pathlib import Path

    from wagekit.collect.store import open as open_store

    with open_store(Path(store), read_only=True) as opened:
        report = report_from(opened, wave, part={"industry": industry}, language=language, rules=rules)
        labels = report.labels.get("industry")
        if not len(report.survey) and (labels is None or industry not in labels):
            raise InputError(
                f"there is no industry {industry!r}", where="industry", expected="code of a section, such as 'C'"
            )
        guideline = None
        if _has_wave_and_line(opened, wave, region):
            guideline = beside_guideline(
                report, opened, region=region, cpi=cpi, max_se_growth=max_se_growth, max_se_shares=max_se_bands
            )
        chosen = MinimumWage(minimum_wage) if minimum_wage > 0 else known_minimum_wage(opened, region, wave)
    costs = LabourCostReport(report, percent_rules(report.rules, max_se_bands)) if _answered(report) else None
    given: dict[str, str | float] = {"minimum_wage": minimum_wage or "", "cpi": "" if cpi is None else cpi}
    told = {"region": region, **given}
    return IndustryReport(report, industry, guideline, costs, chosen, max_se_shares, told)


def _has_wave_and_line(opened: Store, wave: int, region: str) -> bool:
    """Whether the store has the wave before, and the region's guideline of the year."""
    lines = opened.guideline_lines(region)
    return wave - 1 in opened.years() and bool((lines["year"] == wave).any())


def _answered(report: Report) -> bool:
    """Whether any enterprise of the part has the two answers of any indicator of labour cost."""
    frame = report.survey.frame
    return "average_headcount" in frame and any(
        {each.numerator, each.denominator} <= set(frame)
        and bool(frame[[each.numerator, each.denominator]].notna().all(axis=1).any())
        for each in INDICATORS.values()
    )
