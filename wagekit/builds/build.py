"""A whole release from its ``release.toml``: tables and reports, complete or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wagekit.errors import ReleaseError
from wagekit.files import replacing_folder, writing
from wagekit.publish.configuration import Release, ReportDeclaration
from wagekit.publish.notebook import build_report, load
from wagekit.publish.tables import Progress, file_names, make_tables
from wagekit.resources import resource

_OF_THE_SYSTEM = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
"""Files that file managers leave in any folder."""


@dataclass(frozen=True)
class Built:
    """What a build wrote.

    Parameters
    ----------
    folder : the release.
    files : its files, sorted.
    """

    folder: Path
    files: tuple[Path, ...]


def build(
    declared: Release,
    output: str | os.PathLike[str],
    *,
    store: str | os.PathLike[str] | None = None,
    cell_timeout: float = 300.0,
    progress: Progress | None = None,
) -> Built:
    """Make every table and report of a release and put them in place together.

    The release is made in a folder beside the output. When its last file is there the folders change names, so
    that a failed build leaves the published release as it was.

    Parameters
    ----------
    declared : read from a ``release.toml``.
    output : folder of the release; replaced as a whole, so it may hold nothing but an earlier build of it.
    store : path of the store instead of the declared one.
    cell_timeout : seconds that one cell of a report may take.
    progress : told before each step.

    Raises
    ------
    ReleaseError
        If the folder holds other work, a report fails or the output can't be written. The failed notebook is kept
        beside the output.
    """
    target = output_folder(declared, output)
    source = Path(store) if store is not None else declared.store
    # A mistyped notebook or parameter is told before anything is made.
    reports = [(report, *_bound(declared, report, source)) for report in declared.reports]
    steps = len(declared.tables) + bool(declared.tables) + len(reports)

    def told(step: int, what: str) -> None:
        if progress is not None:
            progress(step, steps, what)

    with replacing_folder(target) as beside:
        try:
            if declared.tables:
                make_tables(declared, beside, store=source, progress=lambda step, _, what: told(step, what))
            first = len(declared.tables) + bool(declared.tables)
            for number, (report, path, parameters) in enumerate(reports, start=1):
                told(first + number, report.file_name)
                with _callers_signals():
                    build_report(
                        path,
                        parameters,
                        folder=beside,
                        name=report.file_name,
                        formats=report.formats,
                        cell_timeout=cell_timeout,
                    )
        except ReleaseError:
            _keep_failed(beside, target)
            raise
    return Built(target, tuple(sorted(path for path in target.rglob("*") if path.is_file())))


def output_folder(declared: Release, output: str | os.PathLike[str]) -> Path:
    """The folder of a release, after making sure that replacing it loses nothing else.

    Returns
    -------
    Its absolute path, symbolic links followed.

    Raises
    ------
    ReleaseError
        If it is a file, the working or home folder, or holds anything but files that this release writes.
    """
    with writing(output):
        target = Path(output).resolve()
        held = {entry.name for entry in target.iterdir()} if target.is_dir() else set()
    if target.exists() and not target.is_dir():
        raise ReleaseError("there is a file of that name", where=str(target), expected="a folder, or nothing")
    pages = {f"{report.file_name}.{ending}" for report in declared.reports for ending in report.formats}
    foreign = held - pages - set(file_names(declared)) - _OF_THE_SYSTEM
    if foreign or target in (Path.cwd(), Path.home()):
        what = f" ({min(foreign)!r}, which this release doesn't write)" if foreign else ""
        raise ReleaseError(
            f"the folder holds other work{what}",
            where=str(target),
            expected="a folder of its own, since a build replaces all that is in it",
            do="Name another with --output, or move the other work away",
        )
    return target


def notebook_path(declared: Release, name: str) -> Path:
    """The notebook that a report names: a file beside the ``release.toml``, or one that comes with wagekit.

    Raises
    ------
    ReleaseError
        If there is neither.
    """
    stem = name.removesuffix(".ipynb")
    beside = declared.path.parent / f"{stem}.ipynb"
    if beside.is_file():
        return beside
    try:
        return resource("notebooks", f"{stem}.ipynb")
    except FileNotFoundError:
        raise ReleaseError(
            f"there is no notebook {name!r}",
            where=f"{declared.path}, [[reports]]",
            expected="a notebook beside the release.toml, or one that comes with wagekit",
            do=f"wagekit brings {', '.join(sorted(path.stem for path in resource('notebooks').glob('*.ipynb')))}",
        ) from None


def _bound(declared: Release, report: ReportDeclaration, store: Path) -> tuple[Path, dict[str, Any]]:
    """The notebook of a report and the parameters it is run with."""
    path = notebook_path(declared, report.notebook)
    notebook = load(path)
    about = declared.publication
    known = {parameter.name for parameter in notebook.parameters}
    # What the release says once, each notebook that asks for it is told.
    said: dict[str, Any] = {
        "store": str(store.absolute()),
        "wave": about.wave,
        "language": about.language,
        "rules": str(declared.path.absolute()),
        "bureau": about.publisher,
        "date": about.date.isoformat() if about.date else "",
    }
    values = {**{name: value for name, value in said.items() if name in known}, **report.parameters}
    notebook.bind(values)
    return path, values


@contextmanager
def _callers_signals() -> Iterator[None]:
    """Keep nbclient from answering Ctrl-C itself: it would end the kernel and go on, as if the notebook had failed.

    nbclient does without its handlers where the event loop refuses them, and ends the kernel at exit all the same.
    """
    from jupyter_core.utils import ensure_event_loop

    def refuse(*arguments: object) -> None:
        raise RuntimeError

    loop: Any = ensure_event_loop()
    loop.add_signal_handler = refuse
    try:
        yield
    finally:
        del loop.add_signal_handler


def _keep_failed(beside: Path, target: Path) -> None:
    for notebook in beside.glob("*.failed.ipynb"):
        notebook.replace(target.parent / f"{target.name}-{notebook.name}")
