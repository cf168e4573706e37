"""Opening the store's DuckDB file: created whole or not at all, and every failure said in one sentence."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

import duckdb

from wagekit.collect import schema
from wagekit.collect.reference import load_shipped
from wagekit.errors import StoreError

# A store must not reach for the network, whatever is asked of it.
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
_HOLDER = re.compile(r"Conflicting lock is held in (?P<program>.+?) \(PID (?P<process>\d+)\)")


def connect(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Open a store, creating it first if it is to be written and isn't there.

    Raises
    ------
    StoreError
        If the file is missing (read-only), no DuckDB database or damaged, used by another process, newer than
        this wagekit, or its folder can't be written.
    """
    where = str(path)
    if path.is_dir():
        raise StoreError("this is a folder", where=where, expected="a store, one file")
    if not path.exists():
        if read_only:
            raise StoreError("there is no such store", where=where, do="Take a survey in first: wagekit intake")
        _create(path)
    connection = _open(path, read_only=read_only)
    try:
        if read_only:
            version = schema.version_of(connection, where)
            schema.refuse_newer(version, where)
            if version < schema.newest_version():
                raise StoreError(
                    f"the store has schema version {version}",
                    where=where,
                    expected=f"version {schema.newest_version()}",
                    do="Open it once for writing (wagekit intake, or open without read_only); that updates it",
                )
        else:
            before, _ = schema.migrate(connection, where)
            if before == 0:
                load_shipped(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _create(path: Path) -> None:
    """Make an empty store beside its place and move it there: no half-made file ever stands under its name."""
    folder = path.parent
    if not folder.is_dir():
        raise StoreError("there is no such folder", where=str(folder), do="Create it first")
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=folder) as temporary:
            made = Path(temporary) / "new.duckdb"
            connection = _open(made, read_only=False)
            try:
                schema.migrate(connection, str(path))
                load_shipped(connection)
            finally:
                connection.close()
            try:
                os.link(made, path)  # unlike a move, never overwrites a store that another process just made
            except FileExistsError:
                return
            except OSError:
                made.replace(path)
    except OSError as error:
        raise StoreError(
            f"the store can't be created ({error.strerror})", where=str(path), do="Choose a folder you may write to"
        ) from None


def _open(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(str(path), read_only=read_only, config=_SETTINGS)
    except duckdb.Error as error:
        raise _explained(str(error), path, read_only=read_only) from None


def _explained(message: str, path: Path, *, read_only: bool) -> StoreError:
    """DuckDB's message as a sentence about the store."""
    where = str(path)
    if holder := _HOLDER.search(message):
        return StoreError(
            f"the store is in use by another process (PID {holder['process']}, {Path(holder['program']).name})",
            where=where,
            expected="one writer at a time, and no readers while it writes",
            do="Wait until it ends, or end it, and try again",
        )
    if "lock" in message.lower():
        return StoreError("the store is in use by another process", where=where, do="Wait until it ends and try again")
    if "different configuration" in message:
        return StoreError(
            f"the store is already open in this process for {'writing' if read_only else 'reading only'}",
            where=where,
            do="Close that one first, or use it",
        )
    if "not a valid DuckDB" in message:
        return StoreError("the file is not a DuckDB database", where=where, expected="a wagekit store")
    if "read enough bytes" in message or "checksum" in message.lower() or "corrupt" in message.lower():
        return StoreError("the store is damaged or cut off", where=where, do="Restore it from a copy")
    if "newer version" in message or "storage version" in message.lower():
        return StoreError("the store was written by a newer DuckDB", where=where, do="Upgrade duckdb")
    if "Permission denied" in message or "Read-only file system" in message:
        return StoreError(
            "the store may not be opened here" if read_only else "the store may not be written here",
            where=where,
            do="Ask for the rights" if read_only else "Open it read-only, or copy it to a folder you may write to",
        )
    return StoreError(f"the store can't be opened ({message.splitlines()[0][:160]})", where=where)
