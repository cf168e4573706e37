"""All tables of a release, from the store to the files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wagekit.errors import ReleaseError, WagekitError
from wagekit.files import made_folder, writing
from wagekit.publish.figures import percent
from wagekit.publish.html_table import page_html
from wagekit.publish.table import WageTable, release
from wagekit.publish.workbook import write_workbook

if TYPE_CHECKING:
    from wagekit.collect.store import Store
    from wagekit.publish.configuration import Release, TableDeclaration
    from wagekit.survey import Survey

Progress = Callable[[int, int, str], None]
"""Told before each step: number of the step from 1, number of steps, what is made."""


@dataclass(frozen=True)
class MadeTables:
    """The tables of a release by their declared names, and the files that were written."""

    tables: Mapping[str, WageTable]
    files: tuple[Path, ...]


def make_tables(
    declared: Release,
    output: str | os.PathLike[str],
    *,
    store: Store | str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> MadeTables:
    """Make the tables of a release and write them: one workbook, and for each table a web page and two CSV files.

    The files are ``<workbook>.xlsx``, ``<table>.html``, ``<table>.csv`` (as printed) and ``<table>_tidy.csv`` (a
    figure a row). All are written beside the output and moved into place when the last one is ready: a release that
    fails leaves the files of the one before.

    Parameters
    ----------
    declared : read from a ``release.toml``.
    output : folder of the files; made if it isn't there.
    store : an open store, or the path of one, instead of the declared one.
    progress : told before each table and before the writing.

    Raises
    ------
    ReleaseError
        If no tables are declared, or the output can't be written.
    WagekitError
        If the store can't be opened, or a table asks for what the survey doesn't have; the message names the table.
    """
    if not declared.tables:
        raise ReleaseError("no tables are declared", where=str(declared.path), expected="[[tables]]")
    with _opened(declared, store) as source:
        tables = released_tables(declared, source, progress=progress)
    if progress is not None:
        progress(len(tables) + 1, len(tables) + 1, f"{declared.publication.workbook}.xlsx")
    return MadeTables(tables, tuple(_write(declared, tables, Path(output))))


def file_names(declared: Release) -> list[str]:
    """Names of the files that :func:`make_tables` writes; none without tables."""
    names = [f"{table.name}{ending}" for table in declared.tables for ending in (".html", ".csv", "_tidy.csv")]
    return [f"{declared.publication.workbook}.xlsx", *names] if names else []


def released_tables(declared: Release, store: Store, *, progress: Progress | None = None) -> dict[str, WageTable]:
    """The tables of a release by name, with the release rules applied; nothing is written.

    Raises
    ------
    WagekitError
        As :func:`make_tables`.
    """
    wave = declared.publication.wave
    survey = store.survey(wave)
    labels = store.classifications(wave)
    language = "chinese" if declared.publication.language == "zh" else "english"
    headings = {name: about[language] for name, about in store.metadata(wave).get("labels", {}).items()}
    tables: dict[str, WageTable] = {}
    for number, table in enumerate(declared.tables, start=1):
        if progress is not None:
            progress(number, len(declared.tables) + 1, table.name)
        try:
            tables[table.name] = _released(declared, table, survey, labels, headings)
        except WagekitError as error:
            place = f"{declared.path}, [[tables]] {number} ({table.name!r})"
            where = f"{place}, {error.where}" if error.where else place
            raise type(error)(error.found, where=where, expected=error.expected, do=error.do) from error
    return tables


def _released(
    declared: Release,
    table: TableDeclaration,
    survey: Survey,
    labels: Mapping[str, Any],
    headings: Mapping[str, str],
) -> WageTable:
    if table.variable in labels:
        raise ReleaseError(f"{table.variable!r} holds codes", where="key 'variable'", expected="a column of numbers")
    percents = [float(share) for word in table.statistics if (share := percent(word))]
    estimates = [survey.percentiles(table.variable, by=table.by, q=percents)] if percents else []
    if "mean" in table.statistics:
        estimates.append(survey.mean(table.variable, by=table.by))
    return release(
        estimates,
        declared.rules,
        title=table.title,
        unit=table.unit,
        factor=table.factor,
        decimals=table.decimals,
        labels={column: labels[column] for column in table.by if column in labels},
        headings={**headings, **table.headings},
        notes=table.notes,
        order=table.order,
        precision=table.precision,
        counts=table.counts,
        held_back=table.held_back,
        language=declared.publication.language,
    )


def _opened(declared: Release, store: Store | str | os.PathLike[str] | None) -> AbstractContextManager[Store]:
    from wagekit.collect.store import open as open_store

    if store is None or isinstance(store, (str, os.PathLike)):
        return open_store(Path(store) if store is not None else declared.store, read_only=True)
    return nullcontext(store)


def _write(declared: Release, tables: Mapping[str, WageTable], output: Path) -> Iterator[Path]:
    from xlsxwriter.exceptions import FileCreateError

    about = declared.publication
    with writing(output), tempfile.TemporaryDirectory(prefix=".tables.", dir=made_folder(output)) as folder:
        beside = Path(folder)
        try:
            write_workbook(
                tables.values(),
                beside / f"{about.workbook}.xlsx",
                title=about.title,
                publisher=about.publisher,
                date=about.date,
            )
        except FileCreateError as error:  # what xlsxwriter makes of a full disk
            raise OSError(*error.args[0].args) from error
        for name, table in tables.items():
            (beside / f"{name}.html").write_text(page_html(table), encoding="utf-8", newline="\n")
            table.to_csv(beside / f"{name}.csv")
            table.to_csv(beside / f"{name}_tidy.csv", layout="tidy")
        for file in sorted(beside.iterdir()):
            yield file.replace(output / file.name)
