"""The record of what was read: a line of JSON for each thing, in the file that ``WAGEKIT_READS`` names."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "WAGEKIT_READS"
"""Environment variable that names the file; nothing is recorded without it."""

Part = tuple[str, ...]

FOLDER: Part = ("names",)
"""The part of a folder that is read by listing it."""

ABSENT = "absent"
"""Digest of a file or folder that is not there: that it comes into being is a change."""

_paused: ContextVar[bool] = ContextVar("paused", default=False)


@dataclass(frozen=True, order=True)
class Read:
    """Something that a report read, and what it was at that time.

    Parameters
    ----------
    source : path of the store, file or folder, as it was given; a relative one begins at the folder that the notebook
        was run in.
    wave : reference year, for a wave of a store; None for anything else.
    part : () for the whole; column and value in turn for the rows that a wave was restricted to, such as
        ``("industry", "C")``; one word for a named part, such as ``("guideline_lines",)``.
    digest : of what was handed out.
    """

    source: str
    wave: int | None
    part: Part
    digest: str


def record(source: str | os.PathLike[str], digest: str, *, wave: int | None = None, part: Part = ()) -> None:
    """Say that something was read; nothing is done where ``WAGEKIT_READS`` isn't set.

    Parameters
    ----------
    source, digest, wave, part : as :class:`Read` has them.

    Examples
    --------
    >>> import tempfile
    >>> os.environ[VARIABLE] = str(Path(tempfile.mkdtemp()) / "reads")
    >>> record("/srv/putuo.duckdb", "9f2c", wave=2023, part=("industry", "C"))
    >>> print(Path(os.environ.pop(VARIABLE)).read_text().strip())
    {"read": ["/srv/putuo.duckdb", 2023, ["industry", "C"], "9f2c"]}
    """
    if recording():
        _append({"read": [os.fspath(source), wave, list(part), digest]})


def recording() -> bool:
    """Whether what is read is to be said, which is worth the work of a digest."""
    return VARIABLE in os.environ and not _paused.get()


def record_file(path: str | os.PathLike[str]) -> None:
    """Say that a file is about to be read whole."""
    if recording():
        with unrecorded():
            digest = file_digest(path)
        record(path, digest)


def record_folder(path: str | os.PathLike[str]) -> None:
    """Say that a folder is about to be listed."""
    if recording():
        with unrecorded():
            digest = folder_digest(path)
        record(path, digest, part=FOLDER)


def record_unseen(reason: str) -> None:
    """Say that something was or could be read that can't be seen.

    Parameters
    ----------
    reason : words that go on after "it", such as ``"imports polars"``.
    """
    if recording():
        _append({"unseen": reason})


@contextmanager
def unrecorded() -> Iterator[None]:
    """In the block nothing is said, because the caller says it better."""
    token = _paused.set(True)
    try:
        yield
    finally:
        _paused.reset(token)


def file_digest(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file's bytes; "absent" where there is no file that can be read.

    Examples
    --------
    >>> file_digest("/no/such/file")
    'absent'
    """
    try:
        if not Path(path).is_file():
            return ABSENT
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ABSENT


def folder_digest(path: str | os.PathLike[str]) -> str:
    """SHA-256 of the names in a folder; "absent" where there is no folder that can be listed."""
    try:
        names = sorted(entry.name for entry in Path(path).iterdir())
    except OSError:
        return ABSENT
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()


def recorded(path: str | os.PathLike[str]) -> tuple[Read, ...] | None:
    """All that was read, sorted; None if that can't be known in full (:func:`unseen` says why).

    Parameters
    ----------
    path : the file that ``WAGEKIT_READS`` named.
    """
    reads, reasons = _contents(path)
    return None if reasons else reads


def unseen(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Why what was read can't be known in full, as words that go on after "it"; empty if it can.

    Parameters
    ----------
    path : the file that ``WAGEKIT_READS`` named.
    """
    return _contents(path)[1]


def mark_watched() -> None:
    """Say that from here on everything that is read is told."""
    if recording():
        _append({"watched": True})


def _append(line: dict[str, object]) -> None:
    # One call of the system a line: threads and processes that write at once don't mix theirs.
    handle = os.open(os.environ[VARIABLE], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, (json.dumps(line, ensure_ascii=False) + "\n").encode("utf-8", "surrogateescape"))
    finally:
        os.close(handle)


def _contents(path: str | os.PathLike[str]) -> tuple[tuple[Read, ...], tuple[str, ...]]:
    """What was read, and why that may not be all."""
    reads: set[Read] = set()
    reasons: dict[str, None] = {}
    watched = False
    try:
        lines = Path(path).read_bytes().decode("utf-8", "surrogateescape").splitlines()
        for line in lines:
            match json.loads(line):
                case {"read": [str(source), wave, list(part), str(digest)]}:
                    reads.add(Read(source, wave, tuple(part), digest))
                case {"unseen": str(reason)}:
                    reasons[reason] = None
                case {"watched": True}:
                    watched = True
                case _:
                    reasons["left a record that can't be read"] = None
    except (OSError, ValueError):
        reasons["left no record that can be read"] = None
    if not watched:
        reasons["was not watched"] = None
    for source in _changed(reads):
        reasons[f"read {source} while it changed"] = None
    return tuple(sorted(reads, key=_order)), tuple(reasons)


def _changed(reads: set[Read]) -> Sequence[str]:
    """Sources that were read twice and were not the same."""
    seen: dict[tuple[str, int | None, Part], set[str]] = {}
    for read in reads:
        seen.setdefault((read.source, read.wave, read.part), set()).add(read.digest)
    return sorted({key[0] for key, digests in seen.items() if len(digests) > 1})


def _order(read: Read) -> tuple[str, int, Part, str]:
    return read.source, read.wave or 0, read.part, read.digest
