"""Opening the store's DuckDB file: created whole or not at all, and every failure said in one sentence."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from wagekit.collect import schema
from wagekit.collect.reference import load_shipped
from wagekit.errors import StoreError

# A store must not reach for the network, whatever is asked of it, and hands rows out in the order of the files.
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "preserve_insertion_order": True,
}
_IN_USE = re.compile(r"\block\b|used by another process", re.IGNORECASE)
_HOLDER = re.compile(r"Conflicting lock is held in (?P<program>.+?) \(PID (?P<process>\d+)\)")


class StoreInUseError(StoreError):
    """Another process has the store open, to write into it or so that nobody else may: it will be free by itself."""


def connect(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Open a store, creating it first if it is to be written and isn't there.

    Raises
    ------
    StoreError
        If the file is missing (read-only), no DuckDB database or damaged, used by another process, newer than
        this wagekit, or its folder can't be written.
    """
    where = str(path)
    if not is_there(path):
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
    except duckdb.Error as error:
        connection.close()
        raise explained(str(error), path, read_only=read_only) from None
    except BaseException:
        connection.close()
        raise
    return connection


def is_there(path: Path) -> bool:
    """Whether there is a file of that name.

    Raises
    ------
    StoreError
        If it is a folder, or the system won't say.
    """
    try:
        if path.is_dir():
            raise StoreError("this is a folder", where=str(path), expected="a store, one file")
        return path.exists()
    except OSError as error:
        raise StoreError(f"the store can't be reached ({error.strerror})", where=str(path)) from None


@contextmanager
def creating(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty store beside its place that is moved there, with what was stored, when the block ends without an error.

    No half-made file ever stands under the store's name.

    Raises
    ------
    StoreError
        If it can't be created, or another process has made a store of that name in the meantime.
    """
    folder = path.parent
    if not folder.is_dir():
        raise StoreError("there is no such folder", where=str(folder), do="Create it first")
    try:
        temporary = tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=folder, ignore_cleanup_errors=True)
    except OSError as error:
        raise _not_created(path, error) from None
    with temporary as name:
        made = Path(name) / "new.duckdb"
        connection = _open(made, read_only=False, shown=path)
        try:
            _prepare(connection, path)
            yield connection
            connection.execute("CHECKPOINT")  # or what was stored would stay behind in the log beside the file
        except duckdb.Error as error:
            raise explained(str(error), path) from None
        finally:
            connection.close()
        try:
            _move(made, path)
        except FileExistsError:
            raise StoreError(
                "another process has just made a store of that name",
                where=str(path),
                do="Nothing was stored. Try again, and it is added to that one",
            ) from None
        except OSError as error:
            raise _not_created(path, error) from None


def _create(path: Path) -> None:
    """Make an empty store; one that another process has just made will do as well."""
    try:
        with creating(path):
            pass
    except StoreError:
        if not path.exists():
            raise


def _prepare(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """The tables and reference figures of a new store."""
    try:
        schema.migrate(connection, str(path))
    except StoreError as error:
        # That the tables of a new store can't be made says less than why: a full disk, most likely.
        raise (explained(str(error.__cause__), path) if error.__cause__ else error) from None
    load_shipped(connection)


def _move(made: Path, path: Path) -> None:
    """Give the file its name, without ever overwriting another."""
    try:
        os.link(made, path)
    except FileExistsError:
        raise
    except OSError:  # no links in this kind of file system
        if path.exists():
            raise FileExistsError from None
        made.replace(path)


def _not_created(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"the store can't be created ({error.strerror})", where=str(path), do="Choose a folder you may write to"
    )


def _open(path: Path, *, read_only: bool, shown: Path | None = None) -> duckdb.DuckDBPyConnection:
    try:
        return duckdb.connect(str(path), read_only=read_only, config=_SETTINGS)
    except duckdb.Error as error:
        raise explained(str(error), shown or path, read_only=read_only) from None


def explained(message: str, path: Path, *, read_only: bool = False) -> StoreError:
    """DuckDB's message as a sentence about the store."""
    where = str(path)
    if holder := _HOLDER.search(message):
        return StoreInUseError(
            f"the store is in use by another process (PID {holder['process']}, {Path(holder['program']).name})",
            where=where,
            expected="one writer at a time, and no readers while it writes",
            do="Wait until it ends, or end it, and try again",
        )
    if _IN_USE.search(message):
        do = "Wait until it ends and try again"
        return StoreInUseError("the store is in use by another process", where=where, do=do)
    if "different configuration" in message:
        return StoreError(
            f"the store is already open in this process for {'writing' if read_only else 'reading only'}",
            where=where,
            do="Close that one first, or use it",
        )
    if "No space left" in message or "Out of space" in message or "not enough space" in message:
        return StoreError("the disk is full", where=where, do="The store is as it was. Make room and try again")
    if "not a valid DuckDB" in message or "sqlite_scanner" in message:
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
    return StoreError(f"the database refused ({message.splitlines()[0][:160]})", where=where)
