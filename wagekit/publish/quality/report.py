"""What the notebook about method and quality (调查方法和质量报告) works with: tables, texts and charts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from wagekit.errors import InputError
from wagekit.estimates import Estimates
from wagekit.options import Language
from wagekit.publish import findings, share_charts
from wagekit.publish.cover import Cover
from wagekit.publish.drawing import Chart
from wagekit.publish.evaluation import receipt as evaluation_receipt
from wagekit.publish.evaluation.amounts import asked
from wagekit.publish.evaluation.evaluated_wave import EvaluatedWave
from wagekit.publish.evaluation.report import open_evaluation
from wagekit.publish.findings import Text
from wagekit.publish.printed import items
from wagekit.publish.quality import findings as said
from wagekit.publish.quality.method_words import method_of
from wagekit.publish.quality.precision import DeclaredTable, TableQuality, table_quality
from wagekit.publish.quality.tables import CLASSES, Tables, design_figures
from wagekit.publish.quality.words import WORDS
from wagekit.publish.report import open_report
from wagekit.publish.table import WageTable


@dataclass(frozen=True)
class QualityReport(EvaluatedWave):
    """Method and quality of one wave. Made by :func:`open_quality_report`.

    Parameters
    ----------
    declared : the tables that are planned.
    means : year -> mean pay of the whole sample, each wave up to this one.
    series : reference series of the store.
    date, planned : day of publication and the day that was announced, YYYY-MM-DD, "" where not known.
    hours : that an enterprise needs to answer, 0 where not known.
    """

    declared: tuple[DeclaredTable, ...]
    means: Mapping[int, Estimates]
    series: pd.DataFrame
    date: str = ""
    planned: str = ""
    hours: float = 0.0

    @property
    def words(self) -> Mapping[str, str]:
        return WORDS[self.language]

    @cached_property
    def _tables(self) -> Tables:
        return Tables(self.report, self.evaluation.about)

    def cover(self, *, title: str = "", bureau: str = "") -> Cover:
        """The report's cover; its footer line names the data."""
        return self._covered(title=title or self.words["report_title"], bureau=bureau, date=self.date)

    # -- tables ----------------------------------------------------------------------------------

    @cached_property
    def quality(self) -> tuple[TableQuality, ...]:
        """What becomes of the values of each planned table."""
        return tuple(table_quality(self.report.survey, table, self.report.rules) for table in self.declared)

    @cached_property
    def design(self) -> WageTable:
        """Strata, sample, population, fractions, degrees of freedom."""
        return self._tables.design(self.evaluation.now)

    @cached_property
    def weights(self) -> WageTable:
        """How the employees' weights are distributed."""
        return self._tables.weights()

    @cached_property
    def key_figures(self) -> WageTable | None:
        """Percentiles and mean of pay with errors, intervals and design effects."""
        return self._tables.key_figures()

    @cached_property
    def by_industry(self) -> WageTable:
        """Mean pay by industry section with errors, intervals and design effects."""
        return self._tables.by_industry()

    @cached_property
    def cells(self) -> WageTable:
        """How many values each planned table has and what becomes of them."""
        return self._tables.cells(self.quality)

    @cached_property
    def cv_classes(self) -> WageTable:
        """Published values by class of their coefficient of variation."""
        return self._tables.cv_classes(self.quality)

    @cached_property
    def references(self) -> WageTable | None:
        """Mean pay beside that of other sources; None where there is none of the year."""
        return self._tables.references(self.series)

    @cached_property
    def waves(self) -> WageTable:
        """Mean pay of each wave."""
        return self._tables.waves(self.means)

    @cached_property
    def profile(self) -> WageTable:
        """The main indicators of quality."""
        return self._tables.profile(self._indicators)

    @cached_property
    def _indicators(self) -> dict[str, tuple[str, float, int]]:
        """Word -> aspect, figure, decimals: those that are known and may be told."""
        key = {} if self.key_figures is None else {item.name: item.value for item in items(self.key_figures)}
        mean, median = key.get(self.words["mean"], {}), key.get(self.words["median"], {})
        outcome = [] if self.outcome is None else items(self.outcome)
        usable = outcome[1].value if len(outcome) > 1 else {}
        received = evaluation_receipt.received_figures(self.evaluation, self.evaluation.now, "employee")
        coverage = items(self.coverage)
        days = said.days_after(self.report.wave, self.date)
        found: dict[str, tuple[str, float | None, int]] = {
            "mean_cv": ("accuracy", _number(mean.get("cv")), 1),
            "median_cv": ("accuracy", _number(median.get("cv")), 1),
            "deff": ("accuracy", _number(mean.get("deff")), 2),
            "precise": ("accuracy", said.precise_share(self.quality, 2), 1),
            "frame_ratio": ("coverage", _number(coverage[0].value.get("frame_ratio")) if coverage else None, 1),
            "response": ("completeness", _number(usable.get("share")), 1),
            "response_weighted": ("completeness", _number(usable.get("share_weighted")), 1),
            "unanswered": ("completeness", self.mean_unanswered["employee"][2], 2),
            "accepted": ("measurement", received["rate"], 2),
            "published": ("accessibility", said.published_share(self.quality)["published"], 1),
            "days": ("timeliness", None if days is None else float(days), 0),
            "waves": ("comparability", float(len(self.means)), 0),
        }
        return {word: (aspect, value, places) for word, (aspect, value, places) in found.items() if value is not None}

    # -- texts -----------------------------------------------------------------------------------

    def precision_in_words(self) -> Text:
        """How precise the main results and the published values are."""
        known = self._indicators
        if not {"mean_cv", "median_cv", "precise"} <= known.keys():
            return Text("", self.language)
        mean, median, precise = (f"{known[word][1]:.1f}" for word in ("mean_cv", "median_cv", "precise"))
        return Text(self.words["profile_words"].format(mean=mean, median=median, precise=precise), self.language)

    def published_in_words(self) -> Text:
        """How much of what is planned is published."""
        share = f"{said.published_share(self.quality)['published']:.1f}"
        return Text(self.words["published_words"].format(published=share), self.language)

    def design_in_words(self) -> Text:
        """Strata, sample, population, sampling fraction."""
        return said.design(design_figures(self.evaluation.now), self.language)

    def method_in_words(self) -> Text:
        """How the sample was drawn and how variances are estimated, with the formula."""
        survey = self.report.survey
        replicates = survey.sample.replicates
        method = "" if replicates is None else replicates.method
        lone = bool(survey.sample.first.single.any())
        return Text(method_of(survey.design, self.language, replicates=method, lone=lone), self.language)

    def weights_in_words(self) -> Text:
        """How unequal the weights are."""
        return said.weights(self.weights)

    def key_figures_in_words(self) -> Text:
        """Mean pay with its interval."""
        return said.key_figures(self.key_figures, self.language)

    def by_industry_in_words(self) -> Text:
        """Where mean pay is most and least precise."""
        return said.by_industry(self.by_industry)

    def cells_in_words(self) -> Text:
        """How much of the planned tables is published."""
        return said.cells(self.quality, self.language)

    def cv_in_words(self) -> Text:
        """How precise the published values are."""
        return said.cv_classes(self.quality, self.language)

    def frame_in_words(self) -> Text:
        """The headcount beside the frame's."""
        known = self._indicators.get("frame_ratio")
        if known is None:
            return Text("", self.language)
        return Text(self.words["frame_words"].format(ratio=f"{known[1]:.1f}"), self.language)

    def unanswered_in_words(self) -> Text:
        """How many questions lack answers, and what is done about it."""
        return super().unanswered_in_words() + Text(self.words["imputed"], self.language)

    def processing_in_words(self) -> Text:
        """How many rows were refused, and how many answers are in doubt."""
        found = evaluation_receipt.received_figures(self.evaluation, self.evaluation.now, "employee")
        read, rate, queries = (found[key] for key in ("read", "rate", "query_rate"))
        if read is None or rate is None or queries is None:
            return Text("", self.language)
        return Text(
            self.words["processing"].format(read=f"{read:,.0f}", refused=f"{100 - rate:.2f}", queries=f"{queries:.2f}"),
            self.language,
        )

    def references_in_words(self) -> Text:
        """Mean pay beside other sources."""
        return said.references(self.references, self.report.wave, self.language)

    def waves_in_words(self) -> Text:
        """Mean pay beside the last wave's."""
        return said.waves(self.waves, len(self.means))

    def timeliness_in_words(self) -> Text:
        """How long after the survey year the data are published."""
        return said.timeliness(self.report.wave, self.date, self.planned, self.language)

    def rules_in_words(self) -> Text:
        """The release rules."""
        return said.release_rules(self.report.rules, self.language)

    def burden_in_words(self) -> Text:
        """What answering costs the enterprises, as far as it is known."""
        now = self.evaluation.now
        firms, staff = (len(asked(now, table)) for table in evaluation_receipt.TABLES)
        figures = design_figures(now)
        people = f"{figures['per_firm']:.1f}"
        text = Text(
            self.words["burden"].format(firm_questions=firms, staff_questions=staff, people=people), self.language
        )
        headcount = now.firms["average_headcount"].astype("float64")
        share = 100 * figures["employees"] / headcount.sum() if (headcount > 0).all() else 100.0
        if share < 99.95:
            text += Text(self.words["spared"].format(share=f"{share:.1f}"), self.language)
        if self.hours > 0:
            total = f"{self.hours * figures['enterprises']:,.0f}"
            return text + Text(self.words["hours"].format(hours=f"{self.hours:g}", total=total), self.language)
        return text + Text(self.words["no_hours"], self.language)

    # -- charts ----------------------------------------------------------------------------------

    def cv_chart(self) -> Chart | Text:
        """Published values by class of their coefficient of variation as stacked bars."""
        if not self.cv_classes.rows:
            return findings.nothing(self.language)
        title = self.words["cv_chart"].format(title=self.cv_classes.title)
        return share_charts.stacked(self.cv_classes, CLASSES, title=title)


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))


def open_quality_report(
    store: str | os.PathLike[str],
    wave: int,
    *,
    sample: str = "",
    language: Language = "zh",
    rules: str | os.PathLike[str] = "",
    date: str = "",
    planned: str = "",
    hours: float = 0.0,
) -> QualityReport:
    """Open one wave of a store for a report on method and quality; the store is closed again at once.

    Parameters
    ----------
    store, wave, language, rules : as :func:`wagekit.publish.report.open_report` takes them. The tables that the
        ``release.toml`` declares are those whose precision is told; without one, those that the survey itself names.
    sample : list of the enterprises that were drawn, as :func:`wagekit.publish.evaluation.report.open_evaluation_report`
        takes it.
    date, planned : day of publication and the day that was announced, YYYY-MM-DD; empty where not known.
    hours : that an enterprise needs to answer; 0 where not known.

    Raises
    ------
    StoreError
        If the store can't be opened or holds no such wave.
    DesignError
        If the design names no enterprises.
    InputError
        If the list of the sample can't be read, or a date is none.
    """
    import datetime

    from wagekit.collect.store import open as open_store
    from wagekit.publish.configuration import Release

    for name, day in (("date", date), ("planned", planned)):
        try:
            datetime.date.fromisoformat(day or "2000-01-01")
        except ValueError:
            raise InputError(f"{day!r}", where=name, expected="a day as YYYY-MM-DD, or nothing") from None
    report = open_report(store, wave, language=language, rules=rules)
    evaluation = open_evaluation(store, report, sample)
    with open_store(Path(store), read_only=True) as opened:
        earlier = [year for year in opened.years() if year < wave]
        means = {year: opened.survey(year).mean(report.pay) for year in earlier}
        series, planned_by = opened.reference(), opened.metadata(wave)["tables"]
    tables = Tables(report, evaluation.about)
    declared = Release.load(rules).tables if rules else []
    if declared:
        named = [
            DeclaredTable(tables.table_name(table.by), table.variable, tuple(table.by), tuple(table.statistics))
            for table in declared
        ]
    else:
        named = [DeclaredTable(tables.table_name(by), report.pay, tuple(by)) for by in ([], *planned_by)]
    means[wave] = report.survey.mean(report.pay)
    return QualityReport(report, evaluation, tuple(named), means, series, date, planned, hours)
