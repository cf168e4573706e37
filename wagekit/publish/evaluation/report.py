"""What the notebook about the quality of the survey data (数据质量评估) works with: tables, texts and charts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from wagekit.estimates import Estimates
from wagekit.options import Language
from wagekit.publish import findings, share_charts
from wagekit.publish.count_table import About
from wagekit.publish.cover import Cover
from wagekit.publish.drawing import Chart
from wagekit.publish.evaluation import checks as evaluation_checks
from wagekit.publish.evaluation import findings as evaluation_findings
from wagekit.publish.evaluation import receipt as evaluation_receipt
from wagekit.publish.evaluation import response as evaluation_response
from wagekit.publish.evaluation.context import Evaluation
from wagekit.publish.evaluation.evaluated_wave import EvaluatedWave
from wagekit.publish.evaluation.findings import RATIO, RATIO_BEFORE
from wagekit.publish.evaluation.grades import grades_table
from wagekit.publish.evaluation.receipt import RECEIVED
from wagekit.publish.findings import Text
from wagekit.publish.printed import Item, has, items
from wagekit.publish.report import Report, open_report
from wagekit.publish.table import Measure, WageTable
from wagekit.publish.wave_records import find_sample_list, read_records, wave_before


@dataclass(frozen=True)
class EvaluationReport(EvaluatedWave):
    """The evaluation of one wave's data. Made by :func:`open_evaluation_report`."""

    @property
    def words(self) -> Mapping[str, str]:
        return self.evaluation.words

    def cover(self, *, title: str = "", bureau: str = "", date: str = "") -> Cover:
        """The report's cover; its footer line names the data."""
        return self._covered(title=title or self.words["report_title"], bureau=bureau, date=date)

    # -- tables ----------------------------------------------------------------------------------

    @cached_property
    def received(self) -> WageTable:
        """Files, rows received, accepted and refused, queries."""
        return evaluation_receipt.received(self.evaluation)

    @cached_property
    def refused(self) -> WageTable:
        """Why rows were refused."""
        return evaluation_receipt.rules(self.evaluation, "refused")

    @cached_property
    def queries(self) -> WageTable:
        """What has to be followed up."""
        return evaluation_receipt.rules(self.evaluation, "queries")

    def response(self, by: str) -> WageTable | Text:
        """Response rates by ``industry`` or ``enterprise_size``, or nothing without a list of the drawn."""
        table = evaluation_response.response(self.evaluation, by)
        return Text("", self.language) if table is None else table

    @cached_property
    def heaping(self) -> WageTable:
        """Pay in round figures."""
        return evaluation_checks.heaping(self.evaluation)

    @cached_property
    def extremes(self) -> WageTable:
        """Extreme values of pay."""
        return evaluation_checks.extremes(self.evaluation)

    @cached_property
    def dispersion(self) -> WageTable:
        """P90 over P10 of pay by industry section, in this wave and the last."""
        now, before = self.evaluation.now, self.evaluation.before
        parts = [_ratio(self.report.survey.percentile_ratio(now.pay, by="industry"), RATIO)]
        years = {RATIO: now.wave}
        if before is not None:
            parts.append(_ratio(before.survey.percentile_ratio(now.pay, by="industry"), RATIO_BEFORE))
            years[RATIO_BEFORE] = before.wave
        measures = {
            key: Measure(self.words["year"].format(year=year), unit=self.words["times"], factor=1.0, decimals=2)
            for key, year in years.items()
        }
        return self.report.table(
            parts,
            title=self.evaluation.title("dispersion"),
            unit=self.words["times"],
            measures=measures,
            statistics=list(years),
            notes=[self.words["dispersion_note"]] if before is not None else [],
        )

    @cached_property
    def sums(self) -> WageTable:
        """Totals and their parts."""
        return evaluation_checks.sums(self.evaluation)

    @cached_property
    def agreement(self) -> WageTable:
        """Enterprises by agreement between the tables and with the frame."""
        return evaluation_checks.agreement(self.evaluation)

    @cached_property
    def matched(self) -> WageTable | None:
        """Enterprises in both waves; None without a last wave."""
        return evaluation_checks.matched(self.evaluation)

    @cached_property
    def growth(self) -> WageTable | None:
        """Matched enterprises by change; None without a last wave."""
        return evaluation_checks.growth(self.evaluation)

    @cached_property
    def grades(self) -> WageTable:
        """Grades by the declared criteria."""
        return grades_table(self.evaluation, self._values)

    @cached_property
    def _values(self) -> dict[str, float | None]:
        """The figure of each criterion, None where it may not be told; those that the data don't have are absent."""
        received, coverage = items(self.received), items(self.coverage)
        values: dict[str, float | None] = {
            "unanswered_graded": self.mean_unanswered["employee"][2],
            "unanswered_firms_graded": self.mean_unanswered["enterprise"][2],
            "enterprise_accepted": _figure(received, RECEIVED.index("rate"), "enterprise"),
            "employee_accepted": _figure(received, RECEIVED.index("rate"), "employee"),
            "queries_graded": _figure(received, len(received) - 1, "employee"),
            "heaping_graded": _figure(items(self.heaping), 1, "found"),
            "wage_bill_graded": self._near["pay"],
        }
        if self.outcome is not None:
            values["response_graded"] = _figure(items(self.outcome), 1, "share")
        relations = [row.names[0] for row in self.sums.rows]
        if self.words["value_added"] in relations:
            place = relations.index(self.words["value_added"])
            values["value_added_graded"] = _figure(items(self.sums), place, "agree_share")
        if has(self.coverage, "frame_ratio"):
            ratio = _figure(coverage, 0, "frame_ratio")
            values["frame_graded"] = None if ratio is None else round(abs(ratio - 100), 1)
        if self.matched is not None:
            rows = items(self.matched)
            places = {name: place for place, name in enumerate(evaluation_findings.MATCHED)}
            values["matched_graded"] = _figure(rows, places["both_share"], "value")
            values["outliers_graded"] = _figure(rows, places["outliers"], "value")
        return values

    @cached_property
    def _near(self) -> dict[str, float | None]:
        """Shares of enterprises in per cent whose ratios lie near 1."""
        return evaluation_checks.near(self.evaluation)

    # -- texts -----------------------------------------------------------------------------------

    def conclusion(self) -> Text:
        """The overall grade in words."""
        return evaluation_findings.grades(self.evaluation, self._values)

    def received_in_words(self) -> Text:
        """How many rows came in and passed."""
        return evaluation_findings.received(self.evaluation, self.received)

    def rules_in_words(self, found: str) -> Text:
        """The most frequent reasons, of ``refused`` or ``queries``."""
        return evaluation_findings.rules(self.evaluation, self.refused if found == "refused" else self.queries, found)

    def range_in_words(self, table: WageTable | Text, by: str) -> Text:
        """Where response is highest and lowest."""
        return evaluation_findings.response_range(self.evaluation, None if isinstance(table, Text) else table, by)

    def coverage_in_words(self) -> Text:
        """Sample and population as a whole."""
        return evaluation_findings.coverage(self.evaluation, self.coverage)

    def pay_in_words(self) -> Text:
        """Round and extreme pay."""
        heaped = evaluation_findings.heaping(self.evaluation, self.heaping)
        return heaped + evaluation_findings.extreme_pay(self.evaluation, self.extremes)

    def dispersion_in_words(self) -> Text:
        """Industries whose P90 over P10 is far from the last wave's."""
        return evaluation_findings.dispersion(self.evaluation, self.dispersion)

    def sums_in_words(self) -> Text:
        """Totals and their parts."""
        return evaluation_findings.sums(self.evaluation, self.sums)

    def agreement_in_words(self) -> Text:
        """Agreement between the tables and with the frame."""
        return evaluation_findings.agreement(self.evaluation, self._near)

    def matched_in_words(self) -> Text:
        """Comparison with the last wave."""
        return evaluation_findings.matched(self.evaluation, self.matched)

    # -- charts ----------------------------------------------------------------------------------

    def rules_chart(self) -> Chart | Text:
        """Reasons of refusal in the employee table as bars."""
        title = self.words["rules_chart"].format(title=self.refused.title)
        return self._bars(_of(self.refused, self.words["employee"]), "hits", title, self.words["hits"])

    def response_chart(self, table: WageTable | Text) -> Chart | Text:
        """Response rates as bars."""
        if isinstance(table, Text):
            return table
        return self._bars(table, "unweighted", self.words["response_chart"].format(title=table.title), "%")

    def agreement_chart(self) -> Chart | Text:
        """Enterprises by headcount beside the frame's."""
        title = self.words["agreement_chart"].format(title=self.agreement.title)
        return self._bars(_of(self.agreement, self.words["frame"]), "share", title, "%")

    def growth_chart(self) -> Chart | Text:
        """Matched enterprises by change of mean pay."""
        if self.growth is None:
            return Text("", self.language)
        title = self.words["growth_chart"].format(title=self.growth.title)
        return self._bars(_of(self.growth, self.words["pay_growth"]), "share", title, "%")

    def _bars(self, table: WageTable, key: str, title: str, unit: str) -> Chart | Text:
        if not has(table, key):
            return findings.nothing(self.language)
        return share_charts.bars(table, key, title=title, unit=unit)


def _of(table: WageTable, name: str) -> WageTable:
    """The rows of a table that have a name in its first column, without that column."""
    rows = tuple(replace(row, codes=row.codes[1:], names=row.names[1:]) for row in table.rows if row.names[0] == name)
    return replace(table, rows=rows, by=table.by[1:], headings=table.headings[1:])


def _ratio(made: Estimates, word: str) -> Estimates:
    """The one statistic of some estimates under another word; it stays a ratio of outer percentiles to the rules."""
    return replace(made, frame=made.frame.assign(statistic=word), source=None)


def _figure(rows: list[Item], place: int, key: str) -> float | None:
    """What a table prints in a row, None if it is held back."""
    return float(rows[place].value[key]) if place < len(rows) and key in rows[place].value else None


def open_evaluation_report(
    store: str | os.PathLike[str],
    wave: int,
    *,
    sample: str = "",
    language: Language = "zh",
    rules: str | os.PathLike[str] = "",
) -> EvaluationReport:
    """Open one wave of a store for the evaluation of its data; the store is closed again at once.

    Parameters
    ----------
    store, wave, language, rules : as :func:`wagekit.publish.report.open_report` takes them. The wave before it in the
        store is what it is compared with.
    sample : list of the enterprises that were drawn, see :func:`wagekit.collect.sample_list.read_sample_list`; a path
        that isn't absolute is beside the store. Without it, response of the enterprises is not measured.

    Raises
    ------
    StoreError
        If the store can't be opened or holds no such wave.
    DesignError
        If the design names no enterprises.
    InputError
        If the list of the sample can't be read.
    """
    report = open_report(store, wave, language=language, rules=rules)
    return EvaluationReport(report, open_evaluation(store, report, sample))


def open_evaluation(store: str | os.PathLike[str], report: Report, sample: str = "") -> Evaluation:
    """The rows behind a report, those of the last wave, and the list of the sample."""
    from pathlib import Path

    from wagekit.collect.store import open as open_store

    with open_store(Path(store), read_only=True) as opened:
        now = read_records(opened, report.wave)
        earlier = wave_before(opened, report.wave)
        before = None if earlier is None else read_records(opened, earlier)
    about = report.survey.metadata
    return Evaluation(
        now,
        before,
        find_sample_list(sample, store),
        About(report.rules, report.language, bool(about.get("synthetic")), str(about.get("title") or "")),
    )
