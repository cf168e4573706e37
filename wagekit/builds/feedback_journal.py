"""What a run of the feedback writes into the journal beside its folder, in the words of a build's events.

``build_started``; ``task_failed`` for each letter that failed, its task the enterprise's code, of which the folder's
files are named too; ``published`` with the number of letters made and taken over, ``not_published`` or ``stopped``.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from wagekit.builds.feedback_worker import Sealed
from wagekit.builds.fingerprints import versions
from wagekit.builds.journal import Journal, Kind
from wagekit.errors import WagekitError
from wagekit.publish.configuration import Release


class Run:
    """One run of the feedback, as the journal is told of it. Made by :func:`journalled`."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._began = time.monotonic()
        self._begun = False
        self._counted: dict[str, int] = {}

    def begin(self, declared: Release) -> None:
        """It has the folder to itself; another run that has it tells of itself."""
        self._begun = True
        about = declared.publication
        self._journal.event(
            "build_started", release=str(declared.path.absolute()), wave=about.wave, versions=dict(versions())
        )

    def letter_failed(self, sealed: Sealed) -> None:
        """A letter failed; words of foreign exceptions, which may repeat data, stay out."""
        self._journal.event("task_failed", task=sealed.id, problem=sealed.kind)

    def complete(self, *, files: int, made: int, reused: int) -> None:
        """All files are there; they are published where nothing goes wrong any more."""
        self._counted = {"files": files, "made": made, "reused": reused}

    def end(self, kind: Kind, **about: str | int) -> None:
        """The last event, where it began."""
        if self._begun:
            self._journal.event(kind, seconds=round(time.monotonic() - self._began, 1), **about)

    def published(self) -> None:
        """All of it is in place."""
        self.end("published", **self._counted)


@contextmanager
def journalled(journal: Journal) -> Iterator[Run]:
    """Journal how a run ends, from when it begins."""
    run = Run(journal)
    try:
        yield run
    except (WagekitError, OSError) as problem:
        run.end("not_published", problem=getattr(problem, "brief", str(problem)), more=getattr(problem, "more", 0))
        raise
    except Exception as problem:  # its words may repeat data
        run.end("not_published", problem=type(problem).__name__, more=0)
        raise
    except BaseException as stop:
        number = stop.args[0] if stop.args and isinstance(stop.args[0], int) else signal.SIGINT
        run.end("stopped", signal=int(number))
        raise
    run.published()
