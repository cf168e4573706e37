"""Files and folders appear whole or not at all: written beside their place, then moved into it."""

from __future__ import annotations

import ctypes
import errno
import glob
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wagekit.errors import ReleaseError, WagekitError

_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


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
    ...     raise PermissionError(13, "Permission denied")
    Traceback (most recent call last):
    ...
    wagekit.errors.ReleaseError: tables.xlsx: it can't be written (Permission denied); expected a folder that \
exists and may be written to, and no program that holds its files open.
    """
    try:
        yield
    except OSError as problem:
        if problem.errno in _FULL:
            raise error(
                f"the disk is full ({problem.strerror})", where=str(path), do="Make room there and try again"
            ) from problem
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
def alone(path: str | os.PathLike[str], *, wait: float = 0.0) -> Iterator[None]:
    """Be the only one that replaces `path`, for as long as the block runs, on this machine.

    The lock is the system's: it ends with the process, whatever ends it.

    Parameters
    ----------
    path : file or folder; the lock is a hidden file beside it.
    wait : seconds to wait for whoever holds it.

    Raises
    ------
    ReleaseError
        If somebody else still holds it then, or the lock can't be written.
    """
    from filelock import FileLock, Timeout

    target = Path(path).absolute()
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(lock_of(target), timeout=wait, mode=0o644)
        try:
            lock.acquire()
        except Timeout:
            raise ReleaseError(
                "it is being built by another process",
                where=str(target),
                expected="one build of a folder at a time",
                do="Wait for it to end, or give --wait a number of seconds",
            ) from None
    try:
        yield
    finally:
        lock.release()


def lock_of(path: str | os.PathLike[str]) -> Path:
    """Where the lock of a file or folder lies."""
    target = Path(path).absolute()
    return target.with_name(f".{target.name}.lock")


_BESIDE = ".part"
_ASIDE = ".old.part"


@contextmanager
def replacing_folder(path: str | os.PathLike[str], *, wait: float = 0.0) -> Iterator[Path]:
    """A folder beside `path` that takes its place when the block ends without an error.

    The two exchange their names in one step, so that whoever reads `path`, or cuts the power, finds all of the old
    files or all of the new; where the system has no such step (Windows, some network file systems) one is renamed
    after the other. What an earlier process left half-made when it was killed is cleared away.

    Parameters
    ----------
    path : the folder.
    wait : seconds to wait if another process is replacing it.

    Raises
    ------
    ReleaseError
        If it can't be written, or another process is replacing it.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp()) / "release"
    >>> for name in ("before", "after"):
    ...     with replacing_folder(folder) as beside:
    ...         _ = (beside / name).write_text("whole")
    >>> [file.name for file in folder.iterdir()]
    ['after']
    """
    target = Path(path).absolute()
    with alone(target, wait=wait), writing(target):
        _clear(target)
        beside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=_BESIDE, dir=target.parent))
        try:
            yield beside
            beside.chmod(0o755)
            _settle(beside)
            _swap(beside, target)
        finally:
            shutil.rmtree(beside, ignore_errors=True)


def _clear(target: Path) -> None:
    """What a killed process left: half-made folders go, a release that it had just put aside comes back."""
    for left in target.parent.glob(f".{glob.escape(target.name)}.*{_BESIDE}"):
        if left.name.endswith(_ASIDE) and not target.exists():
            left.rename(target)
        else:
            shutil.rmtree(left, ignore_errors=True)


def _settle(folder: Path) -> None:
    """Have the disk hold all of a folder's files before they are pointed to."""
    for place, _, files in os.walk(folder):
        for file in files:
            _flush(Path(place, file))
        _flush(Path(place))


def _flush(path: Path) -> None:
    if os.name != "posix" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _swap(made: Path, target: Path) -> None:
    """Put a folder in the place of another; the old one has the name of the new one afterwards, or is gone."""
    if not target.exists():
        made.rename(target)
    elif not _exchange(made, target):
        old = made.with_name(f"{made.name.removesuffix(_BESIDE)}{_ASIDE}")
        target.rename(old)
        try:
            made.rename(target)
        except OSError:
            old.rename(target)
            raise
        shutil.rmtree(old, ignore_errors=True)
    if os.name == "posix":
        _flush(target.parent)


_AT_WORKING_FOLDER = -100  # AT_FDCWD of Linux
_EXCHANGE = 2  # RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS


def _exchange(one: Path, other: Path) -> bool:
    """Let two paths change names in one step; False where the system or its file system has no such step."""
    first, second = os.fsencode(one), os.fsencode(other)
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "darwin":
            status = library.renamex_np(first, second, _EXCHANGE)
        else:
            status = library.renameat2(_AT_WORKING_FOLDER, first, _AT_WORKING_FOLDER, second, _EXCHANGE)
    except (AttributeError, TypeError, OSError):
        return False
    if status == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return False
    raise OSError(number, os.strerror(number), str(other))
