"""Files and folders appear whole or not at all: written beside their place, then moved into it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wagekit.errors import ReleaseError, WagekitError


@contextmanager
def writing(path: str | os.PathLike[str], *, error: type[WagekitError] = ReleaseError) -> Iterator[None]:
    """Says in one sentence why `path` can't be written, where the block fails for the system's reasons.

    Parameters
    ----------
    path : file or folder, for the message.
    error : kind of error.

    Examples
    --------
    >>> with writing("tables.xlsx"):
    ...     raise OSError(28, "No space left on device")
    Traceback (most recent call last):
    ...
    wagekit.errors.ReleaseError: tables.xlsx: it can't be written (No space left on device); expected a folder that \
exists and may be written to, and no program that holds its files open.
    """
    try:
        yield
    except OSError as problem:
        raise error(
            f"it can't be written ({problem.strerror or problem})",
            where=str(path),
            expected="a folder that exists and may be written to, and no program that holds its files open",
        ) from problem


def made_folder(path: str | os.PathLike[str], *, error: type[WagekitError] = ReleaseError) -> Path:
    """The folder `path`, made with those above it if it isn't there; `error` if it can't be."""
    folder = Path(path)
    with writing(folder, error=error):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def replacing(path: str | os.PathLike[str], *, error: type[WagekitError] = ReleaseError) -> Iterator[Path]:
    """A path to write to, in the same folder, that becomes the file `path` when the block ends without an error.

    Parameters
    ----------
    path : the file.
    error : kind of error, if it can't be written.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp())
    >>> with replacing(folder / "a.txt") as beside:
    ...     _ = beside.write_text("whole")
    >>> [file.name for file in folder.iterdir()]
    ['a.txt']
    """
    target = Path(path)
    with writing(target, error=error):
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
        os.close(handle)
        beside = Path(name)
        try:
            yield beside
            # mkstemp makes files for the owner alone; what is published is read by others.
            beside.chmod(0o644)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A folder beside `path` that takes its place when the block ends without an error.

    Both change their names, so that whoever reads `path` finds all of the old files or all of the new.

    Raises
    ------
    ReleaseError
        If it can't be written.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp()) / "release"
    >>> for name in ("before", "after"):
    ...     with replacing_folder(folder) as beside:
    ...         _ = (beside / name).write_text("whole")
    >>> [file.name for file in folder.iterdir()]
    ['after']
    """
    target = Path(path)
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        try:
            yield beside
            beside.chmod(0o755)
            _swap(beside, target)
        finally:
            shutil.rmtree(beside, ignore_errors=True)


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
