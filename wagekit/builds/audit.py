"""The last look at a release before it is published: whether anything in it gives away what may not be published."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from wagekit.builds.release_checks import Problem, check_release
from wagekit.publish.held_back import VARIABLE

_IDENTIFIERS = """
    SELECT enterprise_id FROM enterprises UNION SELECT name FROM enterprises UNION SELECT employee_code FROM employees
"""
"""What names an enterprise or an employee, in all waves."""


@contextmanager
def recorded() -> Iterator[Path]:
    """While the block runs, note what the release rules hold back, here and in the kernels, for :func:`problems`.

    The notes are as confidential as the survey. Where the system can, they are in memory only and end with this
    process, whatever ends it; elsewhere in a folder for this user alone.

    Yields
    ------
    The path under which the notes can be read.
    """
    before = os.environ.get(VARIABLE)
    handle = os.memfd_create("held-back") if hasattr(os, "memfd_create") else None
    folder = tempfile.mkdtemp(prefix="wagekit-") if handle is None else None
    path = Path(folder, "held-back") if folder is not None else Path(f"/proc/{os.getpid()}/fd/{handle}")
    os.environ[VARIABLE] = str(path)
    try:
        yield path
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before
        if handle is not None:
            os.close(handle)
        if folder is not None:
            path.unlink(missing_ok=True)
            Path(folder).rmdir()


def problems(folder: Path, store: Path, held_back: Path, *, checked: Collection[str] = ()) -> list[Problem]:
    """What a built release gives away; empty if nothing was found.

    Parameters
    ----------
    folder : the release, not published yet.
    store : path of the store that it was made from; the identifiers of all its waves are looked for.
    held_back : see :func:`recorded`.
    checked : names of the files that were taken over from a release that passed this search.
    """
    from wagekit.collect.store import open as open_store

    with open_store(store, read_only=True) as opened:
        found = opened.connection.execute(_IDENTIFIERS).fetchall()
    identifiers = {str(value) for (value,) in found if value is not None}
    private = [str(store.absolute().parent), platform.node()]
    return check_release(folder, identifiers=identifiers, held_back=[held_back], private=private, checked=checked)
