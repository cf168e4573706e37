"""A published release as feedback reads it: the open data of its tables, and which tables its web pages show.

Nothing is taken for published that isn't in a file of the release. Tables are read from their open data. Of the reports
only web pages are published, whose rows have no codes, so their tables are made again from the store and told only
where the page shows the very same table: each bears the digest of its codes, names and figures as its id.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from html import unescape
from io import StringIO
from typing import Any

from wagekit.errors import ReleaseError
from wagekit.options import Language
from wagekit.publish.configuration import TableDeclaration
from wagekit.publish.figures import Namer, Unit, percent
from wagekit.publish.open_data import restored
from wagekit.publish.table import WageTable
from wagekit.publish.words import unit_text

_SHOWN = re.compile(r'<div class="wagekit-table" id="([^"]*)".*?<span class="title"[^>]*>([^<]*)</span>', re.DOTALL)
_REBUILD = "Build the release again, so that it is made of what the store holds now, and then the feedback"

Codes = tuple[str, ...]


@dataclass(frozen=True)
class PublishedReport:
    """A report of a release as it is published.

    Parameters
    ----------
    file : name of its web page.
    notebook : name of its notebook without the ending.
    parameters : that it was made with, paths by their last part.
    page : the web page.
    """

    file: str
    notebook: str
    parameters: Mapping[str, Any]
    page: str

    @cached_property
    def tables(self) -> Mapping[str, str]:
        """Title -> id of the tables that the page shows."""
        return {unescape(title).strip(): found for found, title in _SHOWN.findall(self.page)}

    def shows(self, table: WageTable) -> bool:
        """Whether the page shows this very table.

        Raises
        ------
        ReleaseError
            If it shows another one of that title: the store isn't what the page was made from.
        """
        shown = self.tables.get(table.title)
        if shown is not None and shown != table.id:
            raise ReleaseError(
                f"the store gives other figures for the table {table.title!r} than are published",
                where=self.file,
                expected="the store and the release rules that the release was made from",
                do=_REBUILD,
            )
        return shown is not None


@dataclass(frozen=True)
class PublishedRelease:
    """What a published release holds, as far as feedback reads it.

    Parameters
    ----------
    wave, language : of the release.
    tables : name of a table -> its open data, the content of ``<table>_tidy.csv``.
    reports : those that have a web page.
    """

    wave: int
    language: Language
    tables: Mapping[str, bytes]
    reports: tuple[PublishedReport, ...]

    def made_from(self, notebook: str, *, rules: str | None = None) -> Iterator[PublishedReport]:
        """The reports made from a notebook; with `rules`, the name of a file, under these release rules only."""
        for report in self.reports:
            if report.notebook == notebook and (rules is None or report.parameters.get("rules") == rules):
                yield report


def read_figures(
    content: bytes, table: TableDeclaration, labels: Mapping[str, Any], language: Language, unit: Unit
) -> dict[Codes, dict[str, Decimal | None]]:
    """Read the figures of a table from its open data.

    Parameters
    ----------
    content : of ``<table>_tidy.csv``.
    table : as it is declared.
    labels : code lists by column.
    language, unit : that it was printed in.

    Returns
    -------
    Codes of an item -> statistic (``p10``, ``mean``) -> figure, None for one that is held back.

    Raises
    ------
    ReleaseError
        If it isn't the table that is declared: other columns, statistics or unit, or codes under other names.
    """
    file = f"{table.name}_tidy.csv"
    by = tuple(table.by)
    parts = (
        ("code", "name") if len(by) <= 1 else tuple(f"{column}_{part}" for column in by for part in ("code", "name"))
    )
    head = [*parts, "statistic", "value", "unit", "status", "source"]
    rows = list(csv.reader(StringIO(content.decode("utf-8"), newline="")))
    if not rows or [restored(cell) for cell in rows[0]] != head:
        raise _another(file, "the columns")
    names = Namer(by, {column: labels.get(column, {}) for column in by}, language)
    wanted, printed = {_normal(word) for word in table.statistics}, unit_text(unit.name, language)
    items: dict[Codes, dict[str, Decimal | None]] = {}
    for row in rows[1:]:
        cells = [restored(cell) for cell in row]
        if len(cells) != len(head):
            raise _another(file, "a row")
        codes, called = tuple(cells[: len(parts) : 2]), tuple(cells[1 : len(parts) : 2])
        statistic, value, of = cells[len(parts) : len(parts) + 3]
        if statistic not in wanted:
            continue  # errors and limits, and counts
        if of != printed:
            raise _another(file, f"the unit {of!r}")
        if by and tuple(names(codes)) != called:
            raise _another(file, f"the item {'、'.join(called)!r}")
        try:
            items.setdefault(codes, {})[statistic] = Decimal(value) if value else None
        except InvalidOperation:
            raise _another(file, f"the figure {value!r}") from None
    if any(wanted != set(figures) for figures in items.values()):
        raise _another(file, "the statistics")
    return items


def _normal(statistic: str) -> str:
    """The word of a statistic as tables have it: p10.0 is p10."""
    share = percent(statistic)
    return f"p{float(share):g}" if share else statistic


def _another(file: str, what: str) -> ReleaseError:
    return ReleaseError(
        f"{what} of the published table can't be that of the declared one",
        where=file,
        expected="the tables that the release.toml declares, named as in the store",
        do=_REBUILD,
    )
