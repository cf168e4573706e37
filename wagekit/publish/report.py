"""What a report notebook works with: one wave of a store, the release rules, the language, all said once."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from wagekit import reads
from wagekit.disclosure.rules import ReleaseRules
from wagekit.errors import InputError, ReleaseError
from wagekit.options import Language
from wagekit.publish import charts, findings
from wagekit.publish.cover import Cover, data_hash, provenance
from wagekit.publish.drawing import Chart
from wagekit.publish.findings import Text
from wagekit.publish.pay_bands import pay_bands
from wagekit.publish.table import WageTable, release

if TYPE_CHECKING:
    import pandas as pd

    from wagekit.collect.classification import Classification
    from wagekit.collect.store import Store
    from wagekit.estimates import Estimates
    from wagekit.survey import Survey

_TITLES: Mapping[Language, str] = {
    "zh": "企业从业人员工资价位报告",
    "en": "Wage levels of enterprise employees",
}
_PRINTED_UNITS = {"元/年": "万元/年"}


@dataclass(frozen=True)
class Report:
    """One wave of a survey, ready for a report. Made by :func:`open_report`.

    Parameters
    ----------
    survey : the wave with its design.
    wave : reference year.
    pay : column of pay.
    unit : printed unit of pay.
    rules : release rules of everything that the report shows.
    labels : column -> classification, for the names of items.
    language : of the report.
    part : columns and values that the survey is restricted to; empty for the whole wave.
    """

    survey: Survey
    wave: int
    pay: str
    unit: str
    rules: ReleaseRules
    labels: Mapping[str, Classification]
    language: Language
    part: Mapping[str, str] = field(default_factory=dict)

    def without(self, **names: str) -> Report:
        """The same report of the employees who have a value other than the named item, such as ``skill_level="无"``.

        The design stays that of the whole sample.

        Parameters
        ----------
        names : column and name of an item in its classification, in Chinese.

        Raises
        ------
        InputError
            If the column has no classification or that has no such item.
        """
        survey = self.survey
        for column, name in names.items():
            items = self.labels[column].items if column in self.labels else None
            codes = [] if items is None else items.loc[items["name"] == name, "code"].tolist()
            if not codes:
                raise InputError(f"there is no item {name!r}", where=f"classification of column {column!r}")
            values = survey.frame[column]
            kept = values.notna() & ~values.isin(codes)
            survey = survey.where(kept.reindex(range(survey.sample.n), fill_value=False))
        return replace(self, survey=survey)

    def table(self, estimates: Estimates | Sequence[Estimates], **options: Any) -> WageTable:
        """Release estimates as a table under the report's rules, in its language and unit.

        Parameters
        ----------
        estimates : as :func:`wagekit.publish.table.release` takes them.
        options : its other options.
        """
        given = {"unit": self.unit, "labels": self.labels, "language": self.language, **options}
        return release(estimates, self.rules, **given)

    def wage_levels(self, by: str | Sequence[str] | None = None, **options: Any) -> WageTable:
        """The table of percentiles and mean of pay by one or several columns.

        Parameters
        ----------
        by : domain columns; None for the whole sample.
        options : of :func:`wagekit.publish.table.release`.
        """
        estimates = [self.survey.percentiles(self.pay, by=by), self.survey.mean(self.pay, by=by)]
        return self.table(estimates, **options)

    def medians(self, by: str | Sequence[str] | None = None, **options: Any) -> WageTable:
        """The table of medians by one or several columns with their confidence intervals."""
        return self.table(self.survey.percentiles(self.pay, by=by, q=50), **{"precision": ["interval"], **options})

    def coverage(self) -> Text:
        """How many enterprises and employees the report rests on, in words."""
        return findings.coverage(self.table(self.survey.percentiles(self.pay, q=50), counts=True))

    def strips(self, table: WageTable, **options: Any) -> Chart | Text:
        """The table's percentiles as strips, or the sentence that none may be published.

        Parameters
        ----------
        table : a published table.
        options : of :func:`wagekit.publish.charts.percentile_strips`.
        """
        return charts.percentile_strips(table, **options) if _has(table, "p50") else findings.nothing(self.language)

    def levels(self, table: WageTable, *, statistic: str = "p50") -> Chart | Text:
        """The table's items as columns with their intervals, or the sentence that none may be published.

        Parameters
        ----------
        table : a published table.
        statistic : key of the column to draw.
        """
        if not _has(table, statistic):
            return findings.nothing(self.language)
        return charts.levels_by_group(table, statistic=statistic)

    def distribution(self, levels: WageTable | None = None) -> Chart | Text:
        """The employees by bands of pay, or the sentence that they can't be published.

        Parameters
        ----------
        levels : a published table for the whole sample, whose figures are marked.
        """
        try:
            bands = pay_bands(self.survey, self.pay, self.rules, unit=self.unit, levels=levels, language=self.language)
        except ReleaseError:
            return findings.nothing(self.language)
        return charts.pay_distribution(bands)

    def cover(
        self,
        *,
        title: str = "",
        bureau: str = "",
        date: str = "",
        also: Sequence[pd.DataFrame] = (),
        **parameters: str | float,
    ) -> Cover:
        """The report's cover; its footer line names the data by their hash and tells the parameters.

        Of a part of the wave the line tells the part and no hash: the rows may be few, and whoever knows all of them
        but one could find that one by trying.

        Parameters
        ----------
        title : the usual one if empty.
        bureau, date : as :class:`~wagekit.publish.cover.Cover` takes them.
        also : further tables that the report was made from.
        parameters : further parameters of the notebook for the footer line.
        """
        about = self.survey.metadata
        told = {"wave": self.wave, "language": self.language, **self.part, **parameters}
        data = "" if self.part else data_hash(self.survey.frame, *also)
        return Cover(
            title=title or _TITLES[self.language],
            year=self.wave,
            subtitle=str(about.get("title") or ""),
            bureau=bureau,
            date=date,
            language=self.language,
            synthetic=bool(about.get("synthetic")),
            provenance=provenance(data, told, self.language),
        )


def _has(table: WageTable, key: str) -> bool:
    """Whether the table publishes a value in a column."""
    places = [place for place, column in enumerate(table.columns) if column.key == key]
    return any(row.cells[place].value is not None for row in table.rows for place in places)


def open_report(
    store: str | os.PathLike[str],
    wave: int,
    *,
    part: Mapping[str, str] | None = None,
    language: Language = "zh",
    rules: str | os.PathLike[str] = "",
) -> Report:
    """Open one wave of a store for a report; the store is closed again at once.

    Parameters
    ----------
    store : the DuckDB file.
    wave : reference year.
    part : columns and their values, such as ``{"industry": "C"}``, that the report is restricted to. Its estimates are
        those of a domain under the wave's full design, it holds nothing of the other rows, and a build makes it again
        only when something changes that they depend on (see :mod:`wagekit.collect.parts`).
    language : of the report.
    rules : a ``release.toml`` whose ``[rules]`` hold; the defaults if empty.

    Raises
    ------
    StoreError
        If the store can't be opened or holds no such wave.
    InputError
        If the survey has no column that the part names.
    ReleaseError
        If the ``release.toml`` is wrong.
    """
    from pathlib import Path

    from wagekit.collect.store import open as open_store

    with open_store(Path(store), read_only=True) as opened:
        return report_from(opened, wave, part=part, language=language, rules=rules)


def report_from(
    opened: Store,
    wave: int,
    *,
    part: Mapping[str, str] | None = None,
    language: Language = "zh",
    rules: str | os.PathLike[str] = "",
) -> Report:
    """One wave of a store that is open already; :func:`open_report` says of the rest.

    Parameters
    ----------
    opened : the store; the report needs it no longer once it is made.
    """
    survey, labels = opened.survey(wave, part=part), opened.classifications(wave)
    about = survey.metadata["pay"]
    return Report(
        # Titles of tables name the year, not the survey.
        survey=survey.with_metadata(name=str(wave), unit=about["unit"]),
        wave=wave,
        pay=about["column"],
        unit=_PRINTED_UNITS.get(about["unit"], about["unit"]),
        rules=declared_rules(rules) if rules else ReleaseRules(),
        labels=labels,
        language=language,
        part=dict(part or {}),
    )


RULES: reads.Part = ("rules",)
"""The part of a ``release.toml`` that a report reads."""


def declared_rules(path: str | os.PathLike[str]) -> ReleaseRules:
    """The release rules of a ``release.toml``; of all that it declares, these alone count as read.

    Raises
    ------
    ReleaseError
        If the file is wrong.
    """
    from wagekit.publish.configuration import Release

    with reads.unrecorded():
        rules = Release.load(path).rules
    reads.record(path, rules_digest(rules), part=RULES)
    return rules


def rules_digest(rules: ReleaseRules) -> str:
    """SHA-256 of release rules."""
    return sha256(repr(rules).encode()).hexdigest()
