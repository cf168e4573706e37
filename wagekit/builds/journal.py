"""The journal of a release: what each build did, an event a line in JSON, beside the release and never in it.

=================  ============================================================================================
event              fields
=================  ============================================================================================
``build_started``  ``release`` (path of the file), ``wave``, ``versions`` (name -> version), ``pid``
``tables_made``    ``seconds``, ``tables`` (number), ``reused``
``task_started``   ``task``, ``notebook``
``task_finished``  ``task``, ``seconds``, ``peak_memory`` (bytes), ``files`` (names)
``task_reused``    ``task``
``task_failed``    ``task``, ``seconds``, ``peak_memory``, ``problem`` (a sentence)
``checked``        ``problems`` (sentences), ``code``, ``confirmed``
``compared``       ``unchanged``, ``changed``, ``withdrawn``, ``new`` (numbers), ``beyond`` (sentences), ``code``,
                   ``confirmed``
``placing``        as ``published``, and ``manifest`` (SHA-256): the release is whole and takes its place now
``published``      ``seconds``, ``files`` (number), ``made``, ``reused`` (numbers)
``not_published``  ``seconds``, ``problem``, ``more`` (number of problems beside it); where a build was refused before
                   it could begin, its ``build_started`` says no more than that
``stopped``        ``signal``, ``seconds``
=================  ============================================================================================

Every line has ``time`` (ISO 8601 with zone), ``build`` (the same for all events of one build) and ``event`` as well.
A journal says nothing of the survey's data: no figures, no names of enterprises.

Not made of the standard library's ``logging``: its handlers promise neither one write a line nor a rotation that two
processes may do at once, and they pass over what they couldn't write.
"""

from __future__ import annotations

import errno
import json
import os
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from wagekit.errors import ReleaseError, WagekitError, WagekitWarning
from wagekit.files import alone, replacing

Kind = Literal[
    "build_started", "tables_made", "task_started", "task_finished", "task_reused", "task_failed",
    "checked", "compared", "placing", "published", "not_published", "stopped",
]  # fmt: skip
"""What can happen in a build."""
Field = str | int | float | bool | None | Sequence[str] | Mapping[str, str]
Event = dict[str, Any]

KEPT_BUILDS = 100
KEPT_BYTES = 16 * 2**20
_LONGEST = 2_000
_PATIENCE = 5.0
"""Seconds to wait for another process that is writing its line."""


def journal_of(target: str | os.PathLike[str]) -> Path:
    """Where the journal of a release folder lies: beside it.

    Examples
    --------
    >>> journal_of("reports/2023").name
    '2023.journal.jsonl'
    """
    folder = Path(target).absolute()
    return folder.with_name(f"{folder.name}.journal.jsonl")


class Journal:
    """The journal as one build writes it.

    Builds that run at the same time may write to the same file: each line is appended in one write. A line that a
    killed process or a full disk left torn stays alone on its line, and :func:`read` passes over it. When a build
    begins, the oldest builds are taken out so that the file stays small.

    Parameters
    ----------
    path : the file, see :func:`journal_of`; its folder is made.
    builds, size : how many builds are kept, and how many bytes of them; the build before the present one always.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "2023.journal.jsonl"
    >>> journal = Journal(path)
    >>> journal.event("build_started", release="release.toml", wave=2023)
    >>> journal.event("published", seconds=12.5, files=30)
    >>> [event["event"] for event in read(path)]
    ['build_started', 'published']
    """

    def __init__(self, path: str | os.PathLike[str], *, builds: int = KEPT_BUILDS, size: int = KEPT_BYTES) -> None:
        self.path = Path(path)
        self.build = uuid4().hex[:12]
        self._builds = builds
        self._size = size
        self._complained = False

    def event(self, kind: Kind, **fields: Field) -> None:
        """Append an event.

        A journal that can't be written is told once, in a warning: a build doesn't fail for its own log.

        Parameters
        ----------
        kind : what happened.
        fields : see the table above; texts are cut after 2,000 characters.
        """
        about: dict[str, Field] = {"time": now().isoformat(timespec="milliseconds"), "build": self.build, "event": kind}
        if kind == "build_started":
            about["pid"] = os.getpid()
        line = json.dumps({**about, **{name: _cut(value) for name, value in fields.items()}}, ensure_ascii=False)
        try:
            with alone(self.path, wait=_PATIENCE):
                if kind == "build_started":
                    self._shorten()
                # Whoever finds the release in its place after a power cut finds this line as well.
                _append(self.path, line.encode("utf-8", "backslashreplace") + b"\n", lasting=kind == "placing")
        except (WagekitError, OSError) as problem:
            if not self._complained:
                self._complained = True
                message = f"the journal can't be written: {problem}"
                warnings.warn(message, WagekitWarning, stacklevel=2)

    def _shorten(self) -> None:
        """Take the oldest builds out, so that the one that begins now is the last of those that are kept."""
        if not self.path.exists():
            return
        lines = _lines(self.path)
        weight: dict[str, int] = {}
        for line, event in lines:
            weight[event["build"]] = weight.get(event["build"], 0) + len(line) + 1
        kept: set[str] = set()
        total = 0
        for build in reversed(weight):
            total += weight[build]
            if kept and (len(kept) >= self._builds - 1 or total > self._size):
                break
            kept.add(build)
        if len(kept) < len(weight):
            with replacing(self.path) as beside:
                beside.write_bytes(b"".join(line + b"\n" for line, event in lines if event["build"] in kept))


def note_refusal(target: str | os.PathLike[str], problem: WagekitError) -> None:
    """Say that a build was refused before it could begin, so that whoever asks how the release stands is told.

    Only where a build has written a journal before and none is running now: a slip of the hand in the name of a folder
    leaves nothing there.

    Parameters
    ----------
    target : folder of the release.
    problem : why it was refused.
    """
    path = journal_of(target)
    if not path.exists():
        return
    with suppress(ReleaseError), alone(target):
        journal = Journal(path)
        journal.event("build_started")
        journal.event("not_published", seconds=0.0, problem=str(problem), more=0)


def read(path: str | os.PathLike[str]) -> list[Event]:
    """The events of a journal in the order they were written; none if there is no journal.

    Raises
    ------
    ReleaseError
        If the file can't be read.
    """
    return [event for _, event in _lines(Path(path))]


def now() -> datetime:
    """The time with the zone of this machine."""
    return datetime.now().astimezone()


def _lines(path: Path) -> list[tuple[bytes, Event]]:
    """Every whole line and what it says; a torn one is passed over."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ReleaseError(
            f"the journal can't be read ({error.strerror or error})", where=str(path), expected="a file of JSON lines"
        ) from error
    found = []
    for line in content.split(b"\n"):
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and all(isinstance(event.get(name), str) for name in ("time", "build", "event")):
            found.append((line, event))
    return found


def _append(path: Path, line: bytes, *, lasting: bool) -> None:
    with path.open("a+b", buffering=0) as file:  # unbuffered, so that write() is one call of the system's
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":  # a killed process's torn line ends here
                line = b"\n" + line
        if file.write(line) != len(line):
            file.truncate(size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        if lasting:
            os.fsync(file.fileno())


def _cut(value: Field) -> Field:
    if isinstance(value, str):
        return value[:_LONGEST]
    if isinstance(value, Sequence):
        return [text[:_LONGEST] for text in value]
    return value
