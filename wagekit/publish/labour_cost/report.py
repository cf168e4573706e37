"""What the notebook about labour cost (人工成本) works with: its tables under the release rules, and their texts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from wagekit.disclosure.rules import ReleaseRules
from wagekit.errors import DesignError
from wagekit.estimates import Estimates
from wagekit.guidance.enterprise_survey import enterprise_survey
from wagekit.guidance.labour_cost import labour_cost
from wagekit.guidance.labour_cost_enterprises import labour_cost_losses, labour_cost_percentiles
from wagekit.guidance.labour_cost_structure import labour_cost_structure
from wagekit.guidance.labour_cost_warning import labour_cost_warning_shares
from wagekit.options import Language
from wagekit.publish import charts, findings
from wagekit.publish.cover import Cover
from wagekit.publish.drawing import Chart
from wagekit.publish.findings import Text
from wagekit.publish.guideline.tables import percent_rules
from wagekit.publish.labour_cost.words import (
    INDICATOR_ORDER,
    ITEM_ORDER,
    PER_HEAD,
    WORDS,
    capital,
    measure_of,
    name_of,
)
from wagekit.publish.printed import extremes, has, items, with_unit
from wagekit.publish.report import Report, open_report
from wagekit.publish.table import Measure, WageTable, release
from wagekit.publish.words import dimension_in_title
from wagekit.survey import Survey

By = str | Sequence[str] | None
_SPREAD = ("p25", "p50", "p75")


@dataclass(frozen=True)
class LabourCostReport:
    """Labour cost of one wave's enterprises, ready for a report. Made by :func:`open_labour_cost_report`.

    Parameters
    ----------
    report : the wave with rules, labels and language.
    share_rules : release rules of shares of enterprises.
    """

    report: Report
    share_rules: ReleaseRules

    @cached_property
    def enterprises(self) -> Survey:
        """The enterprises of the wave, or of the report's part of it, under the survey's design."""
        return enterprise_survey(self.report.survey).where(**self.report.part)

    @property
    def language(self) -> Language:
        return self.report.language

    def cover(self, *, title: str = "", bureau: str = "", date: str = "") -> Cover:
        """The report's cover; its footer line names the data."""
        title = title or WORDS[self.language]["report_title"]
        return self.report.cover(title=title, bureau=bureau, date=date)

    # -- tables ----------------------------------------------------------------------------------

    def overview(self) -> WageTable:
        """All enterprises: a row an indicator, with its interval and the quartiles of the enterprises."""
        import pandas as pd

        words = WORDS[self.language]
        whole = labour_cost(self.enterprises)
        level = f"{float(whole.metadata.get('level') or 0.95) * 100:g}%"
        interval = words["interval"].format(level=level)
        measures = {
            "value": Measure(words["overall_value"], "", "", 1.0, 2),
            "ci_lower": Measure(words["lower_limit"], interval, "", 1.0, 2),
            "ci_upper": Measure(words["upper_limit"], interval, "", 1.0, 2),
            **{f"enterprise_{word}": Measure(f"{word[1:]}%", words["of_enterprises"], "", 1.0, 2) for word in _SPREAD},
        }
        available = set(whole.frame["statistic"])
        codes = {word: str(number) for number, word in enumerate(INDICATOR_ORDER, start=1) if word in available}
        labels = {
            code: words["labelled"].format(
                name=capital(name_of(word, self.language)), unit=_unit(_unit_of(word), self.language)
            )
            for word, code in codes.items()
        }
        spreads = [labour_cost_percentiles(self.enterprises, word, q=(25, 50, 75)) for word in codes]
        # Statistic by statistic, each with a row an indicator.
        # A limit is as precise as its estimate, or the release rules would print one without the other.
        relative = (whole.frame["se"] / whole.frame["estimate"]).abs()
        own = [
            whole.frame.assign(statistic=name, estimate=limit, se=relative * limit.abs())
            for name, limit in ((name, whole.frame[column]) for name, column in _LIMITS.items())
        ]
        frame = pd.concat([*own, *(spread.frame for spread in spreads)], ignore_index=True)
        domains = pd.concat(
            [*[whole.domains] * len(own), *(spread.domains for _ in _SPREAD for spread in spreads)], ignore_index=True
        )
        of_whole, of_spreads = [codes[word] for word in whole.frame["statistic"]], list(codes.values())
        shown = [f"enterprise_{word}" for word in _SPREAD]
        by_indicator = [code for code in of_spreads for _ in shown]
        frame = frame.assign(
            indicator=[*of_whole * len(own), *by_indicator],
            statistic=[*frame["statistic"].iloc[: len(of_whole) * len(own)], *shown * len(of_spreads)],
        )
        domains = domains.assign(
            indicator=[*of_whole * len(own), *of_spreads * len(shown)],
            statistic=[name for name in _LIMITS for _ in of_whole] + [name for name in shown for _ in of_spreads],
        )
        scale = frame["indicator"].map({code: 1e-4 if word in PER_HEAD else 100.0 for word, code in codes.items()})
        numbers = ["estimate", "se", "ci_lower", "ci_upper"]
        frame[numbers] = frame[numbers].mul(scale, axis=0)
        made = replace(whole, frame=frame, by=("indicator",), domains=domains, source=None)
        return self._table(
            made, "overview_title", "万元/人年，%", measures, ["percentile_note", "ratio_note", "rank_note"], labels=labels,
            headings={"indicator": words["indicator"]},
        )  # fmt: skip

    def indicators(self, by: By) -> WageTable:
        """The seven indicators by one or several columns."""
        return self.indicators_of(labour_cost(self.enterprises, by))

    def indicators_of(self, made: Estimates, *, notes: Sequence[str] = ()) -> WageTable:
        """The table of estimates from :func:`wagekit.labour_cost`, with further notes."""
        words = WORDS[self.language]
        measures = {
            word: measure_of(word, self.language, group=words["per_head" if word in PER_HEAD else "shares"])
            for word in INDICATOR_ORDER
        }
        return self._table(made, "indicators_title", "万元/人年，%", measures, ["short_note", "ratio_note", *notes])

    def structure(self, by: By = None) -> WageTable:
        """The shares of the seven items of labour cost by one or several columns, adding up to 100.0 %."""
        made = labour_cost_structure(self.enterprises, by, decimals=1)
        group = WORDS[self.language]["item_shares"]
        measures = {word: measure_of(word, self.language, group=group) for word in ITEM_ORDER}
        return self._table(made, "structure_title", "%", measures, ["whole_note"])

    def percentiles(self, indicator: str, by: By = None, *, q: Sequence[float] = (25, 50, 75)) -> WageTable:
        """Percentiles of one indicator over the enterprises, by one or several columns."""
        made = labour_cost_percentiles(self.enterprises, indicator, by, q=q)
        unit, factor, decimals = ("万元/人年", 10_000.0, 2) if indicator in PER_HEAD else ("%", 0.01, 1)
        return self._table(
            made, "percentiles_title", unit, {}, ["rank_note"], indicator=name_of(indicator, self.language),
            factor=factor, decimals=decimals,
        )  # fmt: skip

    def losses(self, by: By = None) -> WageTable:
        """Share of enterprises with a loss, and of those marked for attention or warned, by one or several columns."""
        words = WORDS[self.language]
        marked = labour_cost_warning_shares(self.enterprises, by)
        lost = labour_cost_losses(self.enterprises, by)
        named = ("loss_making", "attention", "warning")
        measures = {word: Measure(words[word], words["share_of_enterprises"]) for word in named}
        return self._table([lost, marked], "losses_title", "%", measures, ["loss_note"], rules=self.share_rules)

    def _table(
        self,
        made: Estimates | list[Estimates],
        title: str,
        unit: str,
        measures: dict[str, Measure],
        notes: Sequence[str],
        *,
        indicator: str = "",
        rules: ReleaseRules | None = None,
        **options: Any,
    ) -> WageTable:
        words = WORDS[self.language]
        parts = made if isinstance(made, list) else [made]
        by = parts[0].by
        named = words["and"].join(dimension_in_title(name, self.language) for name in by)
        dimensions = words["by"].format(dimensions=named) if by and "labels" not in options else ""
        available = {word for part in parts for word in part.frame["statistic"]}
        labels = {column: self.report.labels[column] for column in by if column in self.report.labels}
        return release(
            parts,
            rules or self.report.rules,
            title=words[title].format(by=dimensions, year=self.report.wave, indicator=indicator),
            unit=_unit(unit, self.language),
            statistics=[word for word in measures if word in available] or None,
            measures=measures,
            notes=[words.get(note, note) for note in notes],
            language=self.language,
            **{"labels": labels or None, **options},
        )

    # -- texts and charts ------------------------------------------------------------------------

    def coverage(self) -> Text:
        """How many enterprises the report rests on."""
        return Text(WORDS[self.language]["coverage"].format(count=f"{len(self.enterprises):,}"), self.language)

    def overall_in_words(self, overview: WageTable) -> Text:
        """The main indicators of all enterprises, as far as they are published."""
        words = WORDS[self.language]
        said = []
        for item in items(overview):
            word = INDICATOR_ORDER[int(item.codes[0]) - 1]
            if "value" in item.value:
                value = with_unit(item.value["value"], _unit_of(word), self.language)
                said.append(words["item"].format(name=name_of(word, self.language), value=value))
        if not said:
            return findings.nothing(self.language)
        return Text(words["overall"].format(items=words["comma"].join(said)), self.language)

    def extremes_in_words(self, table: WageTable, *indicators: str) -> Text:
        """Which items are highest and lowest in each of some indicators."""
        words = WORDS[self.language]
        named = words["and"].join(dimension_in_title(name, self.language) for name in table.by)
        text = Text("", self.language)
        for word in indicators:
            found = extremes(items(table), word)
            if found is None:
                continue
            high, low = found
            said = words["extremes"].format(
                indicator=name_of(word, self.language),
                high=high.name,
                high_value=high.said[word],
                low=low.name,
                low_value=low.said[word],
            )
            first = not text.markdown
            by = words["extremes_by"].format(by=words["by"].format(dimensions=named).strip()) if first else ""
            text += Text(capital(by + said), self.language)
        return text

    def structure_in_words(self, table: WageTable) -> Text:
        """The items of labour cost of all enterprises, largest first."""
        words = WORDS[self.language]
        rows = items(table)
        if not rows:
            return findings.nothing(self.language)
        shown = sorted(rows[0].value, key=lambda key: -rows[0].value[key])
        said = [
            words["structure_item"].format(name=name_of(word, self.language), value=rows[0].said[word])
            for word in shown
        ]
        return Text(words["structure"].format(items=words["comma"].join(said)), self.language)

    def spread_in_words(self, table: WageTable, indicator: str) -> Text:
        """Between which values the middle half of all enterprises lies."""
        rows = items(table)
        if not rows or not set(_SPREAD) <= set(rows[0].value):
            return Text("", self.language)
        low, middle, high = (with_unit(rows[0].value[key], _unit_of(indicator), self.language) for key in _SPREAD)
        words = WORDS[self.language]
        return Text(
            words["spread"].format(indicator=name_of(indicator, self.language), low=low, middle=middle, high=high),
            self.language,
        )

    def losses_in_words(self, table: WageTable) -> Text:
        """Shares of enterprises with a loss or a mark, of all enterprises."""
        words = WORDS[self.language]
        rows = items(table)
        said = [words[f"said_{key}"].format(value=value) for key, value in rows[0].said.items()] if rows else []
        if not said:
            return findings.nothing(self.language)
        return Text(words["losses"].format(items=words["comma"].join(said)), self.language)

    def strips(self, table: WageTable, *, ordered: bool = False) -> Chart | Text:
        """The table's quartiles as strips, or the sentence that none may be published.

        Parameters
        ----------
        table : a published table.
        ordered : the items keep the order of the table.
        """
        title = WORDS[self.language]["percentile_chart"].format(title=table.title)
        return self.report.strips(table, title=title, ordered=ordered)

    def levels(self, table: WageTable, indicator: str) -> Chart | Text:
        """One indicator of the table as columns, or the sentence that none may be published."""
        if not has(table, indicator):
            return findings.nothing(self.language)
        name = name_of(indicator, self.language)
        return charts.levels_by_group(
            replace(table, unit=_unit(_unit_of(indicator), self.language)),
            statistic=indicator,
            title=WORDS[self.language]["chart_levels"].format(title=table.title, indicator=name),
        )


_LIMITS = {"value": "estimate", "ci_lower": "ci_lower", "ci_upper": "ci_upper"}


def _unit(unit: str, language: Language) -> str:
    if language == "zh":
        return unit
    return unit.replace("万元/人年", "10,000 yuan per head a year").replace("，", ", ")


def _unit_of(indicator: str) -> str:
    return "万元/人年" if indicator in PER_HEAD else "%"


def open_labour_cost_report(
    store: str | os.PathLike[str],
    wave: int,
    *,
    language: Language = "zh",
    rules: str | os.PathLike[str] = "",
    max_se_shares: float = 10.0,
) -> LabourCostReport:
    """Open one wave of a store for a report about labour cost; the store is closed again at once.

    Parameters
    ----------
    store, wave, language, rules : as :func:`wagekit.publish.report.open_report` takes them.
    max_se_shares : largest standard error, in percentage points, of shares of enterprises; it takes the place of the
        rule about the coefficient of variation.

    Raises
    ------
    StoreError
        If the store can't be opened or holds no such wave.
    DesignError
        If the survey names no enterprises.
    """
    report = open_report(store, wave, language=language, rules=rules)
    if not report.survey.design.psu:
        raise DesignError("the design names no enterprises", where=str(store), do="Name them in the mapping's [design]")
    return LabourCostReport(report, percent_rules(report.rules, max_se_shares))
