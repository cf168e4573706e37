"""What of a published release can be taken over: files whose recipe and data are still what they were made from.

The decision leans to one side. Whatever isn't known, a read that could not be seen, a store that can't be opened, a
private file that was lost, a published file that somebody changed, has the report made again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from wagekit.builds.fingerprints import Today
from wagekit.builds.manifest import TABLES, FileEntry, Input, Manifest, build_time
from wagekit.builds.tasks import Outcome, Task
from wagekit.publish.configuration import Release
from wagekit.publish.rendering.parameters import Value
from wagekit.reads import Read, file_digest

_OF_A_TASK = "parameter:"
"""How a read is named whose path a parameter of the report gave."""


def entries(outcome: Outcome, folder: str | os.PathLike[str]) -> tuple[FileEntry, ...]:
    """The entries of the files of a report that was just made.

    Parameters
    ----------
    outcome : of the task, whose fingerprint was taken before it was run: a notebook that was changed in the meantime
        is run again the next time.
    folder : that the files were written into.

    Raises
    ------
    ReleaseError
        If SOURCE_DATE_EPOCH is no time.
    """
    task = outcome.task
    read = None if outcome.reads is None else _named_by_parameters(outcome.reads, task.parameters)
    # Without a read of the store that was handed over nothing tells that another one was given.
    if read is not None and _given_store(task) and not any(each.source == f"{_OF_A_TASK}store" for each in read):
        read = None
    return tuple(
        _entry(
            Path(folder) / name,
            made_by=task.name,
            notebook=task.notebook.name,
            parameters={name: _published(value) for name, value in task.parameters.items()},
            fingerprint=task.fingerprint,
            inputs=_inputs(outcome.reads or ()),
            reads=read,
        )
        for name in outcome.files
    )


def table_entries(
    names: Sequence[str], folder: str | os.PathLike[str], fingerprint: str, read: Sequence[Read]
) -> tuple[FileEntry, ...]:
    """The entries of the files of the tables that were just made.

    Parameters
    ----------
    names : of the files.
    folder : that they were written into.
    fingerprint : :func:`~wagekit.builds.fingerprints.tables_fingerprint` of the release.
    read : what they were made from, see :func:`table_reads`, taken before they were made.
    """
    return tuple(
        _entry(
            Path(folder) / name,
            made_by=TABLES,
            notebook="",
            parameters={},
            fingerprint=fingerprint,
            inputs=_inputs(read),
            reads=tuple(read),
        )
        for name in names
    )


def table_reads(declared: Release, store: Path, today: Today) -> tuple[Read, ...]:
    """What the tables of a release are made from: the whole wave."""
    wave, source = declared.publication.wave, str(store.absolute())
    parts: tuple[tuple[str, ...], ...] = ((), ("metadata",), ("classifications",))
    return tuple(Read(source, wave, part, today.digest(source, wave, part)) for part in parts)


def reusable(
    task: Task, previous: Manifest | None, folder: str | os.PathLike[str], today: Today
) -> tuple[FileEntry, ...] | None:
    """The entries of a report's files in the published release, if a new one would be the same; None if not known.

    It is known where the recipe has the same fingerprint, all that was read is still as it was, and the files that
    the task wants are there with the content that they had.

    Parameters
    ----------
    task : the report, with its fingerprint.
    previous : manifest of the published release, with its reads; None if there is none.
    folder : the published release.
    today : stores and files as they are now.
    """
    found = _made_by(previous, task.name)
    wanted = {f"{task.name}.{ending}" for ending in task.formats}
    if wanted != {entry.file for entry in found}:
        return None
    for entry in found:
        if entry.reads is None or not task.fingerprint or entry.fingerprint != task.fingerprint:
            return None
        if not today.unchanged(_resolved(entry.reads, task.parameters)):
            return None
    return found if _as_they_were(found, folder) else None


def reusable_tables(
    names: Sequence[str],
    fingerprint: str,
    read: Sequence[Read],
    previous: Manifest | None,
    folder: str | os.PathLike[str],
) -> tuple[FileEntry, ...] | None:
    """The entries of the tables' files in the published release, if new ones would be the same; None if not known.

    Parameters
    ----------
    names : of the files that are wanted.
    fingerprint : of the tables as they are declared now.
    read : what they would be made from now, see :func:`table_reads`.
    previous, folder : as :func:`reusable` takes them.
    """
    found = _made_by(previous, TABLES)
    if not names or set(names) != {entry.file for entry in found} or any(each.digest == "" for each in read):
        return None
    # The store may lie elsewhere by now: what counts is what is in it.
    now = [(each.wave, each.part, each.digest) for each in read]
    for entry in found:
        if entry.reads is None or entry.fingerprint != fingerprint:
            return None
        if [(each.wave, each.part, each.digest) for each in entry.reads] != now:
            return None
    return found if _as_they_were(found, folder) else None


def _made_by(manifest: Manifest | None, name: str) -> tuple[FileEntry, ...]:
    return tuple(entry for entry in manifest.entries if entry.made_by == name) if manifest is not None else ()


def _as_they_were(found: Sequence[FileEntry], folder: str | os.PathLike[str]) -> bool:
    return all(file_digest(Path(folder) / entry.file) == entry.sha256 for entry in found)


def _entry(path: Path, **about: Any) -> FileEntry:
    return FileEntry(file=path.name, bytes=path.stat().st_size, sha256=file_digest(path), made=build_time(), **about)


def _given_store(task: Task) -> bool:
    return Path(str(task.parameters.get("store", ""))).is_absolute()


def _named_by_parameters(read: Iterable[Read], parameters: Mapping[str, Value]) -> tuple[Read, ...]:
    """Reads whose source a parameter gave, named by the parameter: the path may be another one the next time."""
    names = {value: name for name, value in parameters.items() if isinstance(value, str) and Path(value).is_absolute()}
    return tuple(
        Read(f"{_OF_A_TASK}{names[each.source]}", each.wave, each.part, each.digest) if each.source in names else each
        for each in read
    )


def _resolved(read: Iterable[Read], parameters: Mapping[str, Value]) -> tuple[Read, ...]:
    """The reads of a task under the parameters it has now."""
    paths = {f"{_OF_A_TASK}{name}": str(value) for name, value in parameters.items()}
    return tuple(Read(paths.get(each.source, each.source), each.wave, each.part, each.digest) for each in read)


def _inputs(read: Iterable[Read]) -> tuple[Input, ...]:
    """What may be published of reads."""
    found = {}
    for each in read:
        part = each.part if len(each.part) % 2 else each.part[::2]
        whole = each.wave is not None and not each.part
        made = Input(name=Path(each.source).name, wave=each.wave, part=part, sha256=each.digest if whole else "")
        found[(made.name, made.wave or 0, made.part, made.sha256)] = made
    return tuple(found[key] for key in sorted(found))


def _published(value: Value) -> Value:
    """A parameter's value; of a path only the last part."""
    return Path(value).name if isinstance(value, str) and Path(value).is_absolute() else value
