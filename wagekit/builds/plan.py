"""From a declared release to the reports to make: notebooks found, parameters bound, one task a value of a column."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from wagekit.builds.tasks import Limits, Task
from wagekit.errors import InputError, ReleaseError
from wagekit.publish.configuration import Release, ReportDeclaration
from wagekit.publish.rendering.notebook import Notebook, load
from wagekit.resources import resource


def plan(declared: Release, store: Path) -> tuple[Task, ...]:
    """All reports of a release, each with the parameters it is run with.

    Nothing is run: a mistyped notebook, parameter or column is told before anything is made.

    Parameters
    ----------
    declared : read from a ``release.toml``.
    store : path of the store.

    Raises
    ------
    ReleaseError
        If there is no such notebook, or two reports would have the same files.
    InputError
        If a notebook doesn't declare a parameter that is set, or not with such a value.
    StoreError
        If a report is made for each value of a column and the store can't be read.
    """
    values = _values(declared, store)
    tasks = [
        task
        for number, report in enumerate(declared.reports, start=1)
        for task in _tasks(declared, report, number, store, values.get(number))
    ]
    names = [task.name.lower() for task in tasks]
    others = {table.name.lower(): "a table" for table in declared.tables}
    for position, name in enumerate(names):
        other = others.get(name) or ("another report" if name in names[:position] else None)
        if other:
            raise ReleaseError(
                f"a report has the name {tasks[position].name!r}, which is that of {other} too",
                where=f"{declared.path}, [[reports]]",
                expected="a name for each, since its files are called so",
                do="Name it with the key 'name'",
            )
    return tuple(tasks)


def notebook_path(declared: Release, name: str) -> Path:
    """The notebook that a report names: a file beside the ``release.toml``, or one that comes with wagekit.

    Raises
    ------
    ReleaseError
        If there is neither.
    """
    found = notebooks(declared.path.parent)
    try:
        return found[name.removesuffix(".ipynb")]
    except KeyError:
        raise ReleaseError(
            f"there is no notebook {name!r}",
            where=f"{declared.path}, [[reports]]",
            expected="a notebook beside the release.toml, or one that comes with wagekit",
            do=f"There are {', '.join(sorted(found))}",
        ) from None


def notebooks(folder: Path) -> Mapping[str, Path]:
    """The notebooks that a ``release.toml`` in a folder can name: those beside it, before those of wagekit.

    Returns
    -------
    Name without ending -> path.
    """
    shipped = {path.stem: path for path in resource("notebooks").glob("*.ipynb")}
    return {**shipped, **{path.stem: path for path in sorted(folder.glob("*.ipynb"))}}


def _values(declared: Release, store: Path) -> Mapping[int, Sequence[str]]:
    """Number of a report made for each value of a column -> these values."""
    from wagekit.collect.store import open as open_store

    asked = {number: report for number, report in enumerate(declared.reports, start=1) if report.each}
    if all(report.values for report in asked.values()):
        return {number: report.values or () for number, report in asked.items()}
    wave = declared.publication.wave
    with open_store(store, read_only=True) as opened:
        frame = opened.survey(wave).frame
    found: dict[int, Sequence[str]] = {}
    for number, report in asked.items():
        if report.each not in frame.columns:
            raise ReleaseError(
                f"the survey of {wave} has no column {report.each!r}",
                where=f"{declared.path}, [[reports]] {number} ({report.notebook!r}), key 'each'",
                expected=f"one of {', '.join(map(str, frame.columns))}",
            )
        found[number] = report.values or sorted(frame[report.each].dropna().astype(str).unique())
    return found


def _tasks(
    declared: Release, report: ReportDeclaration, number: int, store: Path, values: Sequence[str] | None
) -> list[Task]:
    notebook = load(notebook_path(declared, report.notebook))
    where = f"{declared.path}, [[reports]] {number}, {notebook.path}"
    known = {parameter.name for parameter in notebook.parameters}
    if lacking := [name for name in _NEEDED if name not in known]:
        raise InputError(
            f"the notebook has no parameter {lacking[0]!r}, so it would not keep to what the release says of it",
            where=where,
            expected="a cell tagged 'parameters' that declares store, wave and rules",
            do="Declare them, and open the survey with wk.open_report(store, wave, rules=rules)",
        )
    limits = Limits(
        cell=declared.limits.cell_seconds,
        report=declared.limits.report_seconds,
        memory=declared.limits.memory_megabytes * 2**20,
    )
    if values is None:
        named: list[tuple[str, dict[str, Any]]] = [(report.file_name, {})]
    else:
        named = [
            (_named(declared, report, value), {str(report.each): _typed(notebook, report, value)}) for value in values
        ]
    about = declared.publication
    # What the release says once, each notebook that asks for it is told.
    said: dict[str, Any] = {
        "store": str(store.absolute()),
        "wave": about.wave,
        "language": about.language,
        "rules": str(declared.path.absolute()),
        "bureau": about.publisher,
        "date": about.date.isoformat() if about.date else "",
    }
    common = {**{name: value for name, value in said.items() if name in known}, **report.parameters}
    return [
        Task(
            name, notebook.path.absolute(), notebook.bind({**common, **own}, where=where), tuple(report.formats), limits
        )
        for name, own in named
    ]


_NEEDED = ("store", "wave", "rules")
"""What the release says once and each notebook must hear: or it would tell of another survey, under other rules."""


def _named(declared: Release, report: ReportDeclaration, value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", value):
        raise ReleaseError(
            f"the value {value!r} of the column {report.each!r} can't be part of a file's name",
            where=f"{declared.path}, [[reports]] ({report.notebook!r}), key 'each'",
            expected="codes of letters, digits, _ and -",
            do="Name the values to make reports for with the key 'values', or take a column of codes",
        )
    return f"{report.file_name}_{value}"


def _typed(notebook: Notebook, report: ReportDeclaration, value: str) -> Any:
    parameter = next((each for each in notebook.parameters if each.name == report.each), None)
    if parameter is None:
        raise InputError(
            f"the notebook has no parameter {report.each!r}, for each value of which it is to be run",
            where=str(notebook.path),
            expected=f"one of {', '.join(each.name for each in notebook.parameters) or '(none declared)'}",
        )
    return parameter.parse(value, where=str(notebook.path))
