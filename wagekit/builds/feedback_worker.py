"""One enterprise's feedback, set, encrypted and written by a process of its own; only the encrypted file meets a disk."""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import connection, get_context, parent_process
from pathlib import Path

from wagekit.errors import ReleaseError, WagekitError
from wagekit.publish.feedback.document import write_letter
from wagekit.publish.feedback.figures import Edition, Enterprise
from wagekit.publish.feedback.typst_files import set_letter

RECYCLED = 400
"""Letters that a pool of processes makes before new processes take over: typst keeps what it has set in memory."""

_TRIED = 3
"""Processes that end one after the other, before any has made a letter, and no further is tried."""


@dataclass(frozen=True)
class Order:
    """One letter to make: the enterprise's figures and the key to encrypt it with."""

    enterprise: Enterprise
    key: str = field(repr=False)


@dataclass(frozen=True)
class Sealed:
    """What came of an order: the encrypted file, or why there is none.

    Parameters
    ----------
    id : of the enterprise.
    file : name of the file.
    pages : of the letter.
    sha256 : of the encrypted file.
    problem : one sentence; "" if there is none.
    """

    id: str
    file: str = ""
    pages: int = 0
    sha256: str = ""
    problem: str = ""


def file_name(enterprise: str) -> str:
    """The name of an enterprise's file: nothing but its code shows."""
    return f"{enterprise}.pdf"


def encrypted(pdf: bytes, key: str) -> tuple[bytes, int]:
    """A PDF encrypted with AES-256 (ISO 32000-2, revision 6), and its number of pages.

    It opens with the key; printing, copying and reading aloud are allowed, changes are not. The owner's password is
    random and kept nowhere. The same PDF gives other bytes each time, since the encryption key and its salts are random.

    Parameters
    ----------
    pdf : the file.
    key : the user's password.
    """
    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as opened:
        pages = len(opened.pages)
        sealed = io.BytesIO()
        opened.save(
            sealed,
            encryption=pikepdf.Encryption(
                user=key,
                owner=secrets.token_urlsafe(32),
                R=6,
                allow=pikepdf.Permissions(
                    modify_annotation=False, modify_assembly=False, modify_form=False, modify_other=False
                ),
            ),
            # The tags of PDF/UA are many small objects: together they are a third of the size.
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
        )
    return sealed.getvalue(), pages


def made(orders: Sequence[Order], edition: Edition, folder: Path, *, jobs: int) -> Iterator[Sealed]:
    """Make letters in processes of their own, as they finish; a failure of one doesn't touch the others.

    Parameters
    ----------
    orders : the letters.
    edition : what all have alike.
    folder : where the encrypted files go.
    jobs : processes at a time.

    Raises
    ------
    ReleaseError
        If no process can be started.
    """
    succeeded = failed = 0
    lost: list[Order] = []
    for start in range(0, len(orders), RECYCLED):
        for order, sealed in _in_a_pool(orders[start : start + RECYCLED], edition, folder, jobs):
            if sealed is None:
                lost.append(order)
            else:
                succeeded += 1
                yield sealed
    # A process that ends takes the others' orders with it: one at a time they show which one it was.
    for order in lost:
        for _, sealed in _in_a_pool([order], edition, folder, 1):
            succeeded, failed = succeeded + (sealed is not None), failed + (sealed is None)
            if not succeeded and failed == min(len(orders), _TRIED):
                raise ReleaseError(
                    "the processes that make the feedback can't be started, or end at once",
                    where="feedback",
                    expected="a program that may be started again: a script that builds feedback at its top level"
                    " needs 'if __name__ == \"__main__\":'",
                )
            yield sealed or Sealed(order.enterprise.id, problem="the process that made it ended")


def _in_a_pool(
    orders: Sequence[Order], edition: Edition, folder: Path, jobs: int
) -> Iterator[tuple[Order, Sealed | None]]:
    """Each order with what came of it, None where its process ended before it said."""
    # A fresh interpreter, not a fork: this process has read the store with threads. What a letter is made of and its
    # key go there through a pipe, never through arguments or files.
    workers = min(jobs, len(orders))
    pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=_prepare, initargs=(edition, folder))
    try:
        running: dict[Future[Sealed], Order] = {}
        for order in orders:
            try:
                running[pool.submit(_sealed, order)] = order
            except BrokenProcessPool:
                yield order, None
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                order = running.pop(future)
                try:
                    yield order, future.result()
                except BrokenProcessPool:
                    yield order, None
    finally:
        pool.shutdown(cancel_futures=True)


_place: tuple[Edition, Path] | None = None


def _prepare(edition: Edition, folder: Path) -> None:
    """What a worker does before its first letter."""
    global _place
    _place = edition, folder
    # Ctrl-C reaches all processes of a terminal; the one that was asked ends the others in good order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End when the process that gives the orders is gone, whatever ended it."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _sealed(order: Order) -> Sealed:
    assert _place is not None
    edition, folder = _place
    enterprise = order.enterprise
    name = file_name(enterprise.id)
    try:
        content, pages = encrypted(set_letter(write_letter(enterprise, edition)), order.key)
        (folder / name).write_bytes(content)
    except WagekitError as error:
        return Sealed(enterprise.id, problem=str(error))
    except Exception as error:
        # Whatever others say of an error, it doesn't carry the key out of here.
        said = f"{type(error).__name__}: {error}".replace(order.key, "…")
        return Sealed(enterprise.id, problem=said)
    return Sealed(enterprise.id, name, pages, hashlib.sha256(content).hexdigest())
