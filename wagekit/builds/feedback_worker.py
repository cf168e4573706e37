"""One enterprise's feedback, set, encrypted and written by a process of its own; only the encrypted file meets a disk."""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import signal
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import connection, parent_process
from multiprocessing.connection import Connection
from pathlib import Path

from wagekit.errors import WagekitError
from wagekit.files import replacing
from wagekit.publish.feedback.document import write_letter
from wagekit.publish.feedback.figures import Edition, Enterprise
from wagekit.publish.feedback.typst_files import set_letter
from wagekit.publish.rendering import fonts


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
    kind : the same for a journal: words of foreign exceptions, which may repeat data, are left out.
    """

    id: str
    file: str = ""
    pages: int = 0
    sha256: str = ""
    problem: str = ""
    kind: str = ""


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


def serve(pipe: Connection, edition: Edition, folder: Path) -> None:
    """Make letters until there are no more orders; what a process is started for.

    Parameters
    ----------
    pipe : first says ``None`` for ready, then takes an :class:`Order` and gives a :class:`Sealed`, in turns. Neither
        figures nor keys go through arguments or files.
    edition : what all letters have alike.
    folder : where the encrypted files go.
    """
    # Ctrl-C reaches all processes of a terminal; the one that was asked ends the others in good order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _warm()
    with suppress(EOFError, OSError):  # no more orders, or nobody to give them
        pipe.send(None)
        while True:
            pipe.send(sealed(pipe.recv(), edition, folder))


def _warm() -> None:
    """Load what the first letter would have to wait for."""
    import pikepdf  # noqa: F401

    fonts.typst_fonts()
    fonts.missing_glyphs("")


def _end_with_parent() -> None:
    """End when the process that gives the orders is gone, whatever ended it."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def sealed(order: Order, edition: Edition, folder: Path) -> Sealed:
    """Make one letter: set, encrypted, and written whole or not at all."""
    enterprise = order.enterprise
    name = file_name(enterprise.id)
    try:
        content, pages = encrypted(set_letter(write_letter(enterprise, edition)), order.key)
        with replacing(folder / name) as beside:
            beside.write_bytes(content)
    except WagekitError as error:
        return Sealed(enterprise.id, problem=str(error), kind=error.found)
    except Exception as error:
        # Whatever others say of an error, it doesn't carry the key out of here.
        kind = type(error).__name__
        return Sealed(enterprise.id, problem=f"{kind}: {error}".replace(order.key, "…"), kind=kind)
    return Sealed(enterprise.id, name, pages, hashlib.sha256(content).hexdigest())
