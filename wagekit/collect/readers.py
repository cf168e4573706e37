"""Reading a survey file of any kind: CSV, XLSX or Parquet, told apart by content."""

from __future__ import annotations

import difflib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from wagekit.collect.raw import MAXIMUM_ROWS, FileFormat, RawTable, assemble, too_many_rows
from wagekit.collect.text_files import read_text
from wagekit.collect.workbooks import read_workbook
from wagekit.errors import InputError

__all__ = ["MAXIMUM_ROWS", "RawTable", "format_of", "read"]

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FOREIGN = (
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\x09\x08\x10\x00", "a workbook of the old .xls kind"),
    (b"\x09\x04\x06\x00", "a workbook of the old .xls kind"),
)
_KINDS = "a CSV, .xlsx or Parquet file"


def read(
    path: str | Path,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    maximum_rows: int = MAXIMUM_ROWS,
) -> RawTable:
    """Read one table from a file, every value as text.

    Parameters
    ----------
    path : a CSV file (UTF-8 with or without mark, GB18030, UTF-16 with mark; separated by comma, semicolon or
        tab), an .xlsx workbook, or a Parquet file. The kind is told by content, not by the file's ending.
    sheet : sheet of a workbook; None takes the only visible sheet that isn't empty.
    encoding : Python codec name for a CSV file in another encoding; None detects it.
    maximum_rows : most data rows; counted before the file is loaded.

    Returns
    -------
    RawTable
        The text columns, with the rows of the file as index.

    Raises
    ------
    InputError
        For anything that keeps the file from being read whole and unambiguously: one sentence says what.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "pay.csv"
    >>> _ = path.write_text("职工代码,性别\\n00001,女\\n", encoding="gb18030")
    >>> table = read(path)
    >>> table.encoding, table.frame.loc[2, "职工代码"]
    ('gb18030', '00001')
    """
    path = Path(path)
    file = str(path)
    kind = format_of(path)
    try:
        if kind == "xlsx":
            return read_workbook(path, file=file, sheet=sheet, maximum_rows=maximum_rows)
        if kind == "parquet":
            return _read_parquet(path, file=file, maximum_rows=maximum_rows)
        return read_text(path, file=file, encoding=encoding, maximum_rows=maximum_rows)
    except MemoryError:
        raise InputError("the file does not fit into memory", where=file, do="Split it into several files") from None
    except OSError as error:
        raise InputError(f"the file can't be read ({error.strerror or error})", where=file) from None


def format_of(path: Path) -> FileFormat:
    """Tell a file's format by its first bytes.

    Raises
    ------
    InputError
        If there is no such file, or it is of a kind that can't be read.
    """
    file = str(path)
    try:
        if path.is_dir():
            raise InputError("this is a folder", where=file, expected=_KINDS, do="Name the files in it")
        if not path.exists():
            raise InputError("there is no such file", where=file, expected=_KINDS, do=_nearest_file(path))
        if not path.is_file():
            raise InputError("this is not a regular file", where=file, expected=_KINDS)
        if any("\ud800" <= character <= "\udfff" for character in file):
            raise InputError(
                "the file's name holds bytes that are no UTF-8",
                where=file.encode("utf-8", "surrogateescape").decode("gb18030", "replace"),
                do="Rename it; a name unpacked from an archive made on Windows is often written in GB18030",
            )
        with path.open("rb") as stream:
            head = stream.read(512)
            if head.startswith(_OLE):
                raise _compound_file(head + stream.read(1 << 20), file)
    except OSError as error:
        raise InputError(f"the file can't be opened ({error.strerror})", where=file) from None
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0"):
        raise InputError("the file is empty", where=file, expected="a header row and data rows")
    if head.startswith(b"PK"):
        return "xlsx"
    if head.startswith(b"PAR1"):
        return "parquet"
    for mark, name in _FOREIGN:
        if head.startswith(mark):
            raise InputError(f"the file is {name}", where=file, expected=_KINDS)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<table", b"<meta")):
        raise InputError(
            "the file is a web page or XML, whatever its name says",
            where=file,
            expected=_KINDS,
            do="Open it in a spreadsheet program and save it as .xlsx",
        )
    if path.suffix.lower() in {".xlsx", ".xls", ".xlsm", ".xlsb", ".et", ".parquet"}:
        raise InputError(
            f"the file is named {path.suffix} but holds something else",
            where=file,
            expected=_KINDS,
            do="If it is text, give it the ending .csv; if not, the file is damaged",
        )
    return "csv"


def _compound_file(head: bytes, file: str) -> InputError:
    """An OLE compound file is a password-protected .xlsx or an old .xls; the directory inside says which."""
    if "EncryptedPackage".encode("utf-16-le") in head or "EncryptionInfo".encode("utf-16-le") in head:
        return InputError(
            "the workbook is protected by a password",
            where=file,
            expected="a workbook without a password",
            do="Open it and save it without one",
        )
    return InputError("the file is a workbook of the old .xls kind", where=file, expected=_KINDS, do="Save it as .xlsx")


def _nearest_file(path: Path) -> str | None:
    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.is_file()]
    except OSError:
        return f"There is no folder {str(path.parent)!r} either"
    near = difflib.get_close_matches(path.name, names, n=1)
    return f"The nearest name is {near[0]!r}" if near else None


def _read_parquet(path: Path, *, file: str, maximum_rows: int) -> RawTable:
    try:
        source = pq.ParquetFile(path)
        if source.metadata.num_rows > maximum_rows:
            raise too_many_rows(file, source.metadata.num_rows, maximum_rows)
        table = source.read()
        names = [name for name in table.column_names if not name.startswith("__index_level_")]
        columns = [_parquet_text(table.column(name), name, file) for name in names]
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"the Parquet file is damaged or cut off ({type(error).__name__})",
            where=file,
            do="Copy or write it again",
        ) from None
    rows = np.arange(2, table.num_rows + 2, dtype=np.int64)
    return assemble(names, columns, rows, file=file, format="parquet")


def _parquet_text(column: pa.ChunkedArray, name: str, file: str) -> pa.ChunkedArray:
    """A column as text; whole numbers kept as floats (as pandas does for gaps) lose their point."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = kind.value_type
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        raise InputError(f"column {name!r} holds {kind}", where=file, expected="text, numbers or dates")
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    elif pa.types.is_floating(kind):
        numbers = column.cast(pa.float64())
        column = pc.if_else(pc.is_finite(numbers), numbers, pa.scalar(None, pa.float64()))
        whole = pc.all(pc.and_(pc.equal(column, pc.floor(column)), pc.less(pc.abs(column), 2.0**53)))
        if whole.as_py():
            column = column.cast(pa.int64())
    return column.cast(pa.string())
