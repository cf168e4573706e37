"""A whole release from its ``release.toml``: tables and reports, complete or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wagekit.errors import ReleaseError
from wagekit.publish.configuration import Release, ReportDeclaration
from wagekit.publish.notebook import build_report, load
from wagekit.publish.tables import make_tables
from wagekit.resources import resource

Progress = Callable[[int, int, str], None]
"""Told before each step: number of the step from 1, number of steps, what is made."""


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
    output : folder of the release; what it holds is replaced as a whole.
    store : path of the store instead of the declared one.
    cell_timeout : seconds that one cell of a report may take.
    progress : told before each step.

    Raises
    ------
    ReleaseError
        If a report fails or the output can't be written. The failed notebook is kept beside the output.
    """
    target = Path(output).absolute()
    _refuse_foreign_folder(target)
    source = Path(store) if store is not None else declared.store
    steps = len(declared.tables) + bool(declared.tables) + len(declared.reports)

    def told(step: int, what: str) -> None:
        if progress is not None:
            progress(step, steps, what)

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise _not_written(target, error) from error
    try:
        if declared.tables:
            make_tables(declared, beside, store=source, progress=lambda step, _, what: told(step, what))
        first = len(declared.tables) + bool(declared.tables)
        for number, report in enumerate(declared.reports, start=1):
            told(first + number, report.file_name)
            _report(declared, report, source, beside, cell_timeout)
        beside.chmod(0o755)
        _swap(beside, target)
    except ReleaseError:
        _keep_failed(beside, target)
        raise
    except OSError as error:
        raise _not_written(target, error) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return Built(target, tuple(sorted(path for path in target.rglob("*") if path.is_file())))


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


def _report(declared: Release, report: ReportDeclaration, store: Path, folder: Path, cell_timeout: float) -> None:
    path = notebook_path(declared, report.notebook)
    about = declared.publication
    known = {parameter.name for parameter in load(path).parameters}
    # What the release says once, each notebook that asks for it is told.
    said: dict[str, Any] = {
        "store": str(store.absolute()),
        "wave": about.wave,
        "language": about.language,
        "rules": str(declared.path.absolute()),
        "bureau": about.publisher,
        "date": about.date.isoformat() if about.date else "",
    }
    values = {name: value for name, value in said.items() if name in known}
    build_report(
        path,
        {**values, **report.parameters},
        folder=folder,
        name=report.file_name,
        formats=report.formats,
        cell_timeout=cell_timeout,
    )


def _swap(made: Path, target: Path) -> None:
    """Put a folder in the place of another by renaming both."""
    if not target.exists():
        made.rename(target)
        return
    old = made.with_name(f"{made.name}.old")
    target.rename(old)
    try:
        made.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _keep_failed(beside: Path, target: Path) -> None:
    for notebook in beside.glob("*.failed.ipynb"):
        notebook.replace(target.parent / f"{target.name}-{notebook.name}")


def _refuse_foreign_folder(target: Path) -> None:
    """A build replaces the whole folder, so it must not be one that holds other work."""
    if not target.exists():
        return
    if not target.is_dir():
        raise ReleaseError("there is a file of that name", where=str(target), expected="a folder, or nothing")
    if any((target / name).exists() for name in (".git", "pyproject.toml", "release.toml")) or target in (
        Path.home(),
        Path.cwd(),
    ):
        raise ReleaseError(
            "the folder holds other work",
            where=str(target),
            expected="a folder of its own, since a build replaces all that is in it",
            do="Name another with --output",
        )


def _not_written(target: Path, error: OSError) -> ReleaseError:
    return ReleaseError(
        f"the release can't be written ({error.strerror or error})",
        where=str(target),
        expected="a folder beside which new folders may be made",
    )
