"""Files appear whole or not at all: written beside their place, then moved into it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wagekit.errors import ReleaseError


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A path to write to, in the same folder, that becomes `path` when the block ends without an error.

    Raises
    ------
    ReleaseError
        If the folder is missing or can't be written to.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with replacing(folder / "a.txt") as beside:
    ...     _ = beside.write_text("whole")
    >>> [file.name for file in folder.iterdir()]
    ['a.txt']
    """
    target = Path(path)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    except OSError as error:
        raise _not_writable(target, error) from error
    os.close(handle)
    beside = Path(name)
    try:
        yield beside
        try:
            # mkstemp makes files for the owner alone; what is published is read by others.
            beside.chmod(0o644)
            beside.replace(target)
        except OSError as error:
            raise _not_writable(target, error) from error
    finally:
        beside.unlink(missing_ok=True)


def _not_writable(target: Path, error: OSError) -> ReleaseError:
    return ReleaseError(
        f"the file can't be written ({error.strerror or error})",
        where=str(target),
        expected="a folder that exists and may be written to, and no program that holds the file open",
    )
