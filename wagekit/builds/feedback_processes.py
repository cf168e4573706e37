"""The processes that make the letters: each has one letter at a time, so that it is known which one it failed at.

A letter that takes too long, or whose process is killed, costs that letter; the others go on in a process that takes
its place.
"""

from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import suppress
from multiprocessing import connection, get_context
from pathlib import Path

from wagekit.builds.feedback_worker import Order, Sealed, serve
from wagekit.errors import ReleaseError
from wagekit.publish.feedback.figures import Edition

SECONDS = 120.0
"""That one letter may take; it takes a fifth of one."""

RECYCLED = 400
"""Letters that a process makes before a new one takes over: typst keeps what it has set in memory."""

_STARTING = 300.0
"""Seconds that a process may take to load what it needs, on a disk that has much else to do."""

_ENDING = 5.0
"""Seconds that a process may take to end by itself."""

_TRIED = 3
"""Processes that end one after the other before they are ready, and no further is tried."""


def made(
    orders: Sequence[Order], edition: Edition, folder: Path, *, jobs: int, seconds: float = SECONDS
) -> Generator[Sealed]:
    """Make letters in processes of their own, as they finish; a failure of one doesn't touch the others.

    A letter whose process ended is tried once more, since what ends processes when memory runs out doesn't choose the
    one that took it.

    Parameters
    ----------
    orders : the letters.
    edition : what all have alike.
    folder : where the encrypted files go.
    jobs : processes at a time.
    seconds : that one letter may take.

    Raises
    ------
    ReleaseError
        If no process can be started.
    """
    waiting, again = deque(orders), set[str]()
    crew: list[_Worker] = []
    ended = 0
    try:
        while waiting or crew:
            while len(crew) < min(jobs, len(waiting) + sum(each.order is not None for each in crew)):
                crew.append(_Worker(edition, folder))
            soonest = min(each.deadline for each in crew)
            ready = connection.wait([each.pipe for each in crew], max(0.0, soonest - time.monotonic()))
            for worker in list(crew):
                order = worker.order
                if worker.pipe in ready:
                    said, alive = worker.said()
                elif time.monotonic() >= worker.deadline:
                    said, alive = None, False
                    worker.late = True
                else:
                    continue
                if said is not None:
                    ended = 0
                    yield said
                if alive and waiting and worker.letters < RECYCLED:
                    worker.take(waiting.popleft(), seconds)
                    continue
                crew.remove(worker)
                why = worker.end(at_once=worker.late)
                if alive:
                    continue
                if order is None:
                    ended += 1
                    if ended >= _TRIED:
                        raise _not_started()
                elif worker.late:
                    yield Sealed(order.enterprise.id, problem=f"it took more than {seconds:g} s", kind="time limit")
                elif order.enterprise.id not in again:
                    again.add(order.enterprise.id)
                    waiting.append(order)
                else:
                    yield Sealed(order.enterprise.id, problem=f"the process that made it ended ({why})", kind=why)
    finally:
        for worker in crew:
            worker.end(at_once=True)


class _Worker:
    """A process that makes letters, as the one that orders them sees it.

    Attributes
    ----------
    order : what it is working on; None while it starts.
    deadline : when it is given up, in seconds of the monotonic clock.
    letters : how many orders it has had.
    late : whether it was given up for its time.
    """

    def __init__(self, edition: Edition, folder: Path) -> None:
        # A fresh interpreter, not a fork: this process has read the store with threads.
        context = get_context("spawn")
        self.pipe, far = context.Pipe()
        self._process = context.Process(target=serve, args=(far, edition, folder), daemon=True)
        with far:  # its own end alone is open then, so that the pipe ends with it
            self._process.start()
        self.order: Order | None = None
        self.deadline = time.monotonic() + _STARTING
        self.letters = 0
        self.late = False

    def take(self, order: Order, seconds: float) -> None:
        """Give it a letter to make."""
        self.order, self.letters = order, self.letters + 1
        self.deadline = time.monotonic() + seconds
        with suppress(OSError):  # it has ended: the pipe says so next
            self.pipe.send(order)

    def said(self) -> tuple[Sealed | None, bool]:
        """What it says, None for being ready, and whether it lives."""
        try:
            return self.pipe.recv(), True
        except (EOFError, OSError):
            return None, False

    def end(self, *, at_once: bool) -> str:
        """Have it end, whatever it does, and say how it did."""
        self.pipe.close()
        self._process.join(0.0 if at_once else _ENDING)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        status = self._process.exitcode or 0
        self._process.close()
        if status < 0:
            with suppress(ValueError):
                return signal.Signals(-status).name
        return f"status {status}"


def _not_started() -> ReleaseError:
    return ReleaseError(
        "the processes that make the feedback can't be started, or end at once",
        where="feedback",
        expected="a program that may be started again: a script that builds feedback at its top level"
        " needs 'if __name__ == \"__main__\":'",
    )
