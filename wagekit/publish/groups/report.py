"""What the notebook about the pay of groups works with: its tables, under the release rules."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from wagekit.disclosure.rules import ReleaseRules
from wagekit.errors import EstimationError, InputError
from wagekit.estimates import Estimates
from wagekit.guidance.chief_technicians import chief_technicians
from wagekit.guidance.groups import graduate_pay, science_pay, science_premium
from wagekit.guidance.low_pay import low_pay
from wagekit.guidance.skill import FIRST_GRADE, skill_floor_check, skill_floors, skill_premium
from wagekit.options import Language
from wagekit.publish import charts, findings
from wagekit.publish.cover import Cover
from wagekit.publish.drawing import Chart
from wagekit.publish.findings import Text
from wagekit.publish.groups.words import WORDS
from wagekit.publish.guideline.tables import percent_rules
from wagekit.publish.printed import has
from wagekit.publish.rearrange import one_class, rows_as_items, with_limits
from wagekit.publish.report import Report, report_from
from wagekit.publish.table import Measure, WageTable, release
from wagekit.publish.words import dimension_in_title

if TYPE_CHECKING:
    from wagekit.collect.store import Store

By = str | Sequence[str] | None

LINES = ("below_minimum", "below_60_median", "below_67_median")
RISES = (5, 10, 20)


@dataclass(frozen=True)
class MinimumWage:
    """The minimum wage that a report uses, 元 a month, and where it is from: `confirmed` where a source was read."""

    value: float
    region: str = ""
    year: int = 0
    confirmed: bool = True


@dataclass(frozen=True)
class GroupReport:
    """The pay of groups in one wave, ready for a report. Made by :func:`open_group_report`.

    Parameters
    ----------
    report : the wave with rules, labels and language.
    minimum_wage : that pay is held against.
    less : columns taken off pay before it is held against the minimum wage.
    share_rules, premium_rules : release rules of shares of workers and of premiums.
    """

    report: Report
    minimum_wage: MinimumWage
    less: tuple[str, ...]
    share_rules: ReleaseRules
    premium_rules: ReleaseRules

    @property
    def language(self) -> Language:
        return self.report.language

    @property
    def words(self) -> Mapping[str, str]:
        return WORDS[self.language]

    def cover(self, *, title: str = "", bureau: str = "", date: str = "") -> Cover:
        """The report's cover; its footer line names the data."""
        title = title or self.words["report_title"]
        return self.report.cover(title=title, bureau=bureau, date=date, minimum_wage=self.minimum_wage.value)

    # -- low-paid workers ------------------------------------------------------------------------

    @cached_property
    def _low(self) -> Estimates:
        return low_pay(
            self.report.survey, self.minimum_wage.value, variable=self.report.pay, less=self.less, rises=RISES
        )

    def low(self) -> WageTable:
        """Shares of low-paid workers with their intervals, a row a line."""
        words, codes = self.words, {line: str(number) for number, line in enumerate(LINES, start=1)}
        made = rows_as_items(self._low, "line", codes, dict.fromkeys(LINES, "share"))
        measures = {"share": Measure(words["share"], decimals=2), **self._limits("share", decimals=2)}
        return self._table(
            with_limits(made, "share"), self.share_rules, "low_title", measures,
            ["scope_note", *self._less_notes(), "line_note"],
            labels={codes[line]: _capital(words[line]) for line in LINES}, headings={"line": words["line"]},
        )  # fmt: skip

    def low_by(self, by: By) -> WageTable:
        """Shares of workers paid at most 60 % and two thirds of the median, by one or several columns."""
        made = low_pay(
            self.report.survey, self.minimum_wage.value, by, variable=self.report.pay, less=self.less, rises=()
        )
        group = self.words["share"]
        measures = {line: Measure(_capital(self.words[line]), group) for line in LINES[1:]}
        return self._table(made, self.share_rules, "low_by_title", measures, ["scope_note", "line_note"])

    def rises(self) -> WageTable:
        """How far rises of the minimum wage would reach, a row a rise."""
        words = self.words
        codes, kinds, labels = {}, {}, {}
        for number, rise in enumerate(RISES, start=1):
            raised = self.minimum_wage.value * (1 + rise / 100)
            labels[str(number)] = words["rise_row"].format(rise=rise, raised=f"{raised:g}")
            for kind, word in _REACH.items():
                codes[f"{word}_{rise}"], kinds[f"{word}_{rise}"] = str(number), kind
        made = rows_as_items(self._low, "rise", codes, kinds)
        measures = {
            "reached": Measure(words["reached"], decimals=2),
            "workers": Measure(words["workers"], unit="人", factor=1.0, decimals=0),
            "cost": Measure(words["cost"], unit="万元", factor=1e4, decimals=1),
            "cost_share": Measure(words["cost_share"], decimals=4),
        }
        return self._table(
            made, self.report.rules, "rises_title", measures, ["scope_note", *self._less_notes(), "rise_note"],
            unit=words["rises_unit"], labels=labels, headings={"rise": words["rise"]},
        )  # fmt: skip

    def _less_notes(self) -> list[str]:
        return ["less_note"] if self.less else []

    # -- skilled workers -------------------------------------------------------------------------

    def skill_premium(self, by: By = None) -> WageTable:
        """Premium of each skill grade over the first, raw and adjusted, with intervals where there is no `by`."""
        made = skill_premium(self.report.survey, by, variable=self.report.pay)
        return self._premium(made, "premium_title", "skill_level", limits=by is None)

    def base_name(self, column: str, code: str = FIRST_GRADE) -> str:
        """The name of the item that premiums are held against."""
        labels = self.report.labels.get(column)
        return code if labels is None else labels.label(code, language=self.language)

    def _premium(self, made: Estimates, title: str, group: str, *, limits: bool) -> WageTable:
        words = self.words
        measures: dict[str, Measure] = {}
        for word, heading in (("premium", words["raw"]), ("adjusted_premium", words["adjusted"])):
            measures[word] = Measure(words["value"] if limits else heading, heading if limits else "")
            if limits:
                measures |= self._limits(word, group=heading)
        if limits:
            made = with_limits(with_limits(made, "premium"), "adjusted_premium")
        base = self.base_name(group, str(made.metadata["base"]))
        by = tuple(name for name in made.by if name != group or title != "premium_title")
        notes = [*(["limits_note"] if limits else []), "premium_note", "adjusted_note"]
        return self._table(made, self.premium_rules, title, measures, notes, by=by, base=base)

    def floors(self) -> WageTable:
        """Low percentile of each skill grade against the reference floor of each class of post."""
        made = skill_floor_check(
            self.report.survey, self.minimum_wage.value, variable=self.report.pay, less=self.less
        )  # fmt: skip
        floors, words = skill_floors(), self.words
        names = floors.chinese if self.language == "zh" else floors.english
        monthly, ratio = (f"{kind.format(f'p{floors.low_percentile:g}')}" for kind in ("monthly_{}", "{}_to_floor"))
        # Keys that say p10: the rule about the tails counts on that.
        measures = {monthly: Measure(words["monthly"], unit="元/月", factor=1.0, decimals=0)}
        parts = [one_class(made, monthly, monthly, next(iter(floors.percents)))]
        for code, percent in floors.percents.items():
            head = words["floor_head"].format(name=names[code], percent=f"{percent:g}")
            measures[f"{ratio}_{code}"] = Measure(head, words["ratio_group"], "", 1.0, 2)
            parts.append(one_class(made, ratio, f"{ratio}_{code}", code))
        listed = words["list"].join(
            words["floor_item"].format(name=names[code], percent=f"{percent:g}")
            for code, percent in floors.percents.items()
        )
        notes = [
            words["low_note"].format(percent=f"{floors.low_percentile:g}"),
            words["scope_note"],
            *(self._said_note(note) for note in self._less_notes()),
            words["floors_note"].format(title=floors.title, document=floors.document, items=listed),
            words["class_note"],
        ]
        return self._table(
            parts, self.report.rules, "floors_title", measures, notes, by=("",), unit=words["floors_unit"]
        )

    def chief_technicians(self) -> WageTable | None:
        """Special-grade and chief technicians against senior professionals; None where there are none."""
        try:
            made = chief_technicians(self.report.survey, variable=self.report.pay)
        except EstimationError:
            return None
        words = self.words
        measures = {
            "low_to_senior_low": Measure(words["low_to_senior_low"], "", "", 1.0, 2),
            "below_senior_low": Measure(words["below_senior_low"]),
        }
        return self._table(made, self.report.rules, "chief_title", measures, [], unit=words["chief_unit"])

    # -- science workers and graduates -----------------------------------------------------------

    def science(self) -> WageTable:
        """Percentiles of pay by industry of science and technology and professional title."""
        made = science_pay(self.report.survey, variable=self.report.pay)
        return self._levels(_in_order(made), "science_title")

    def science_premium(self) -> WageTable:
        """Premium of professional titles in each industry of science and technology, raw and adjusted."""
        made = science_premium(self.report.survey, variable=self.report.pay)
        return self._premium(_in_order(made), "title_premium_title", "professional_title", limits=False)

    def graduates(self) -> WageTable:
        """Percentiles of graduates' pay by education."""
        made = graduate_pay(self.report.survey, variable=self.report.pay)
        return self._levels(made, "graduates_title", ["graduates_note"])

    def _levels(self, made: Estimates, title: str, notes: Sequence[str] = ()) -> WageTable:
        return self._table(made, self.report.rules, title, {}, notes, unit=self.report.unit)

    # -- charts ----------------------------------------------------------------------------------

    def premium_chart(self, table: WageTable) -> Chart | Text:
        """The raw premiums of a table as columns, or the sentence that none may be published."""
        if not has(table, "premium"):
            return findings.nothing(self.language)
        title = self.words["chart_premium"].format(title=table.title)
        return charts.levels_by_group(table, statistic="premium", title=title)

    def strips(self, table: WageTable) -> Chart | Text:
        """The table's percentiles as strips, or the sentence that none may be published."""
        return self.report.strips(table)

    # -- shared ----------------------------------------------------------------------------------

    def _limits(self, word: str, *, group: str = "", decimals: int = 1) -> dict[str, Measure]:
        words = self.words
        interval = words["interval"].format(level="95%")
        heads = {end: words[f"{end}_limit"] for end in ("lower", "upper")}
        return {f"{word}_ci_{end}": Measure(head, group or interval, decimals=decimals) for end, head in heads.items()}

    def _said_note(self, note: str) -> str:
        parts = self.words["list"].join(self.words.get(name, name) for name in self.less)
        return self.words[note].format(parts=parts) if note in self.words else note

    def _table(
        self,
        made: Estimates | list[Estimates],
        rules: ReleaseRules,
        title: str,
        measures: dict[str, Measure],
        notes: Sequence[str],
        *,
        by: tuple[str, ...] | None = None,
        base: str = "",
        unit: str = "%",
        labels: Mapping[str, Any] | None = None,
        headings: Mapping[str, str] | None = None,
    ) -> WageTable:
        words, parts = self.words, made if isinstance(made, list) else [made]
        columns = parts[0].by
        named = words["and"].join(
            words[name] if name in words else dimension_in_title(name, self.language)
            for name in (columns if by is None else by)
            if name
        )
        known: dict[str, Any] = {
            column: self.report.labels[column] for column in columns if column in self.report.labels
        }
        known["science_industry"] = {code: words[name] for name, code in _INDUSTRIES.items()}
        heads = {name: _capital(words[name]) for name in columns if name in words}
        return release(
            parts,
            rules,
            title=words[title].format(
                by=words["by"].format(dimensions=named) if named else "", year=self.report.wave, base=base
            ),
            unit=unit,
            statistics=list(measures) or None,
            measures=measures,
            labels=labels or known,
            headings={**heads, **(headings or {})},
            notes=[self._said_note(note) for note in notes],
            language=self.language,
        )


_INDUSTRIES = {"research": "1", "information": "2", "other": "3"}
"""Industries of science and technology in the order of a table."""


def _in_order(made: Estimates) -> Estimates:
    frame, domains = (
        part.assign(science_industry=part["science_industry"].map(_INDUSTRIES)) for part in (made.frame, made.domains)
    )
    return replace(made, frame=frame, domains=domains, source=None)


_REACH = {"reached": "reached", "workers": "workers_reached", "cost": "cost", "cost_share": "cost_share"}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def open_group_report(
    store: str | os.PathLike[str],
    wave: int,
    *,
    minimum_wage: float = 0.0,
    region: str = "上海",
    without_overtime: bool = True,
    language: Language = "zh",
    rules: str | os.PathLike[str] = "",
    max_se_shares: float = 2.5,
    max_se_premium: float = 15.0,
) -> GroupReport:
    """Open one wave of a store for a report about the pay of groups; the store is closed again at once.

    Parameters
    ----------
    store, wave, language, rules : as :func:`wagekit.publish.report.open_report` takes them.
    minimum_wage : 元 a month; 0: the store's reference figure of `region` and `wave`.
    without_overtime : hold pay without overtime pay against the minimum wage (最低工资规定, 2004, article 12).
    max_se_shares, max_se_premium : largest standard errors, in percentage points, of shares and of premiums; they take
        the place of the rule about the coefficient of variation.

    Raises
    ------
    StoreError
        If the store can't be opened or holds no such wave.
    InputError
        If no minimum wage is given and none is known.
    """
    from pathlib import Path

    from wagekit.collect.store import open as open_store

    with open_store(Path(store), read_only=True) as opened:
        report = report_from(opened, wave, language=language, rules=rules)
        chosen = MinimumWage(minimum_wage) if minimum_wage > 0 else known_minimum_wage(opened, region, wave)
    if chosen is None:
        raise InputError(
            f"no minimum wage of {region} in {wave} is known", where=str(store), do="Give minimum_wage, 元 a month"
        )
    less = taken_off(report) if without_overtime else ()
    shares, premiums = (percent_rules(report.rules, most) for most in (max_se_shares, max_se_premium))
    return GroupReport(report, chosen, less, shares, premiums)


def known_minimum_wage(opened: Store, region: str, year: int) -> MinimumWage | None:
    """The reference figure of the monthly minimum wage in an open store, None where it has none."""
    known = opened.reference()
    known = known[known["series"] == "minimum_wage_month"]
    found = known[(known["region"] == region) & (known["year"] == year)]
    if found.empty:
        return None
    row = found.iloc[0]
    return MinimumWage(float(row["value"]), region, year, row["source_kind"] != "unconfirmed")


def taken_off(report: Report) -> tuple[str, ...]:
    """Columns that are taken off pay before it is held against the minimum wage, as far as the wave has them."""
    return ("overtime_pay",) if "overtime_pay" in report.survey.columns else ()
