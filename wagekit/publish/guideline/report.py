"""What the notebook about the wage-growth guideline works with: two waves, the lines, the release rules."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from wagekit.collect.parts import in_wave
from wagekit.disclosure.rules import ReleaseRules
from wagekit.errors import DesignError, InputError
from wagekit.guidance.enterprises import EnterpriseGrowth, enterprise_growth, full_year, matched_growth
from wagekit.guidance.guideline import Guideline, guideline, guidelines_until
from wagekit.guidance.shares import Of
from wagekit.options import Language
from wagekit.publish import findings
from wagekit.publish.cover import Cover
from wagekit.publish.drawing import Chart
from wagekit.publish.findings import Text
from wagekit.publish.guideline import charts as guideline_charts
from wagekit.publish.guideline import findings as said
from wagekit.publish.guideline.tables import growth_table, parts_table, percent_rules, share_table
from wagekit.publish.guideline.words import GUIDELINE_WORDS
from wagekit.publish.report import Report, report_from
from wagekit.publish.table import WageTable
from wagekit.waves import decompose_growth

if TYPE_CHECKING:
    import pandas as pd

    from wagekit.collect.store import Store
    from wagekit.estimates import Estimates
    from wagekit.guidance.rules import Results
    from wagekit.survey import Survey

By = str | Sequence[str] | None


@dataclass(frozen=True)
class GuidelineReport:
    """Growth from one wave to the next beside a guideline, ready for a report. Made by :func:`open_guideline_report`.

    Parameters
    ----------
    report : the later wave with rules, labels and language.
    before : the earlier wave.
    guideline : the lines of the later wave's year.
    years : the region's guidelines up to that year.
    cpi : growth of consumer prices in per cent, None where not given.
    growth_rules, share_rules : release rules of growth, and of shares of enterprises and workers.
    """

    report: Report
    before: Survey
    guideline: Guideline
    years: tuple[Guideline, ...]
    cpi: float | None
    growth_rules: ReleaseRules
    share_rules: ReleaseRules

    @property
    def language(self) -> Language:
        return self.report.language

    @cached_property
    def enterprises(self) -> EnterpriseGrowth:
        """Growth enterprise by enterprise."""
        return enterprise_growth(self.before, self.report.survey, self.report.pay)

    def cover(self, *, title: str = "", bureau: str = "", date: str = "") -> Cover:
        """The report's cover; its footer line names the data of both waves."""
        told: dict[str, str | float] = {"region": self.guideline.region}
        if self.cpi is not None:
            told["cpi"] = self.cpi
        title = title or GUIDELINE_WORDS[self.language]["report_title"]
        return self.report.cover(title=title, bureau=bureau, date=date, also=[self.before.frame], **told)

    def growth(self, by: By = None) -> WageTable:
        """The table of growth by one or several columns, beside the lines."""
        return self.growth_of(matched_growth(self.before, self.report.survey, self.report.pay, by=by))

    def growth_of(self, estimates: Estimates, *, notes: Sequence[str] = ()) -> WageTable:
        """The table of growth that is estimated already, with further notes."""
        compared = self.guideline.compare(estimates, cpi=self.cpi)
        labels = self._labels(estimates.by)
        return growth_table(compared, self.growth_rules, labels=labels, notes=notes, language=self.language)

    def shares(self, by: By = None, *, of: Of = "enterprises") -> WageTable:
        """The table of shares of enterprises, or of their workers, in each band."""
        estimates = self.guideline.shares(self.enterprises, by, of=of)
        labels = self._labels(estimates.by)
        return share_table(estimates, self.guideline, self.share_rules, labels=labels, language=self.language)

    def parts(self, within: By = "occupation_sub_major") -> WageTable:
        """The table of growth split into growth within occupations and change of composition."""
        waves = full_year(self.before), full_year(self.report.survey)
        estimates = decompose_growth(*waves, self.report.pay, within=within, matched=True)
        return parts_table(estimates, self.guideline, self.growth_rules, language=self.language)

    def lines(self) -> Text:
        """The lines of the year in a sentence."""
        return said.lines_in_words(self.guideline, self.language)

    def lines_of_years(self) -> Text:
        """The region's lines over the years."""
        return said.lines_of_years(self.years, self.language)

    def rules_table(self) -> Text:
        """Which line goes for which enterprise."""
        return said.rules_table(self.guideline, self.language)

    def recommendation(
        self,
        results: Results,
        *,
        average_wage: float | None = None,
        city_average: float | None = None,
        state_owned: bool = False,
    ) -> Text:
        """What the guideline recommends to one enterprise; see :meth:`Guideline.applicable_line`."""
        line = self.guideline.applicable_line(
            results, average_wage=average_wage, city_average=city_average, state_owned=state_owned
        )
        return said.recommendation(line, results, average_wage=average_wage, language=self.language)

    def in_words(self, table: WageTable) -> Text:
        """What a table of growth shows: of all employees, or item by item."""
        if table.by:
            return said.items_in_words(table, self.guideline)
        return said.overall_in_words(table, self.guideline)

    def shares_in_words(self, table: WageTable, of: Of) -> Text:
        """What a table of shares for the whole sample shows."""
        return said.shares_in_words(table, of, self.guideline)

    def parts_in_words(self, table: WageTable) -> Text:
        """What the table of the parts of growth shows."""
        return said.parts_in_words(table)

    def chart(self, table: WageTable) -> Chart | Text:
        """Growth by item beside the lines, or the sentence that none may be published."""
        if not any(row.cells[0].value is not None for row in table.rows):
            return findings.nothing(self.language)
        return guideline_charts.growth_and_lines(table, self.guideline)

    def bars(self, table: WageTable) -> Chart | Text:
        """Shares by item as bars, or the sentence that none may be published."""
        if not any(all(cell.value is not None for cell in row.cells) for row in table.rows):
            return findings.nothing(self.language)
        return guideline_charts.bands_stacked(table, self.guideline)

    def _labels(self, by: Sequence[str]) -> dict[str, object]:
        return {column: self.report.labels[column] for column in by if column in self.report.labels}


def open_guideline_report(
    store: str | os.PathLike[str],
    wave: int,
    *,
    region: str = "上海",
    before: int | None = None,
    cpi: str | float | None = None,
    language: Language = "zh",
    rules: str | os.PathLike[str] = "",
    max_se_growth: float = 2.5,
    max_se_shares: float = 10.0,
) -> GuidelineReport:
    """Open two waves of a store for a report about the guideline; the store is closed again at once.

    Parameters
    ----------
    store : the DuckDB file; its guideline lines are used.
    wave : the later wave, whose year's guideline is taken.
    region : as the lines name it.
    before : the earlier wave; the year before unless given.
    cpi : growth of consumer prices in per cent; empty where not known.
    language, rules : as :func:`wagekit.publish.report.open_report` takes them; of the rules the largest CV is replaced by
        `max_se_growth` and `max_se_shares`, the largest standard error in percentage points.

    Raises
    ------
    StoreError
        If the store can't be opened or holds no such wave.
    InputError
        If there is no guideline of the region and year, or `cpi` is no number.
    DesignError
        If the survey names no enterprises.
    """
    from pathlib import Path

    from wagekit.collect.store import open as open_store

    with open_store(Path(store), read_only=True) as opened:
        report = report_from(opened, wave, language=language, rules=rules)
        return beside_guideline(
            report,
            opened,
            region=region,
            before=before,
            cpi=cpi,
            max_se_growth=max_se_growth,
            max_se_shares=max_se_shares,
        )


def beside_guideline(
    report: Report,
    opened: Store,
    *,
    region: str = "上海",
    before: int | None = None,
    cpi: str | float | None = None,
    max_se_growth: float = 2.5,
    max_se_shares: float = 10.0,
) -> GuidelineReport:
    """A wave that is already open beside the wave before and the guideline of its year.

    Parameters
    ----------
    report : the later wave, or a part of it: then of the earlier one the enterprises of that part alone are read.
    opened : the store that holds both waves.
    region, before, cpi, max_se_growth, max_se_shares : as :func:`open_guideline_report` takes them.

    Raises
    ------
    StoreError
        If the store holds no such wave.
    InputError
        If there is no guideline of the region and year, or `cpi` is no number.
    DesignError
        If the survey names no enterprises.
    """
    earlier = _earlier(opened, report, report.wave - 1 if before is None else before)
    lines: pd.DataFrame = opened.guideline_lines()
    if not (report.survey.design.psu and earlier.design.psu):
        raise DesignError(
            "the design names no enterprises", where=str(opened.path), do="Name them in the mapping's [design]"
        )
    chosen = guideline(region, report.wave, lines=lines)
    return GuidelineReport(
        report=report,
        before=earlier,
        guideline=chosen,
        years=guidelines_until(region, report.wave, lines=lines),
        cpi=_number(cpi),
        growth_rules=percent_rules(report.rules, max_se_growth),
        share_rules=percent_rules(report.rules, max_se_shares),
    )


def _earlier(opened: Store, report: Report, year: int) -> Survey:
    """The earlier wave: beside a part of the later one those enterprises of it that the part has, since growth is that
    of enterprises in both; a correction of others then changes nothing of the report.
    """
    if report.part:
        try:
            return opened.survey(year, part=in_wave(report.part, report.wave))
        except InputError:  # a design under which the enterprises of a part are not all that counts
            pass
    return opened.survey(year)


def _number(cpi: str | float | None) -> float | None:
    if cpi is None or cpi == "":
        return None
    try:
        return float(cpi)
    except ValueError:
        raise InputError(f"{cpi!r}", where="cpi", expected="a number in per cent, or nothing") from None
