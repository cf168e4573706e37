"""What a file holds before anything is known about its meaning: a header and rows of text."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from wagekit.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FileFormat = Literal["csv", "xlsx", "parquet"]

MAXIMUM_ROWS = 5_000_000
"""Data rows that one file may have unless told otherwise; larger files are refused before they are loaded."""


@dataclass(frozen=True, eq=False)
class RawTable:
    """One table as it stands in a file: every value text, trimmed, empty cells missing.

    Parameters
    ----------
    frame : shape (rows, columns), text columns in the file's order. The index ``row`` is the 1-based row of
        the file as a spreadsheet shows it (header = row 1, a quoted line break starts no row), blank rows
        counted but left out. A Parquet file has no header row; its first record is row 2 all the same.
    file : path as it was given.
    format : ``csv``, ``xlsx`` or ``parquet``, found from the content.
    encoding : of a CSV file, detected or given; None for the others.
    separator : of a CSV file; None for the others.
    sheet : of a workbook; None for the others.
    """

    frame: pd.DataFrame
    file: str
    format: FileFormat
    encoding: str | None = None
    separator: str | None = None
    sheet: str | None = None


def header_key(header: str) -> str:
    """Form of a column header in which full-width, blank and letter-case differences vanish.

    >>> header_key("销售（营业） 收入") == header_key("销售(营业)收入")
    True
    """
    return "".join(unicodedata.normalize("NFKC", header).split()).casefold()


def too_many_rows(file: str, found: int, maximum: int) -> InputError:
    """The error for a file that has more rows than are allowed."""
    return InputError(
        f"the file has {found:,} data rows",
        where=file,
        expected=f"at most {maximum:,}",
        do="If the file is right, raise the limit: maximum_rows, under [input] in the mapping",
    )


def assemble(
    header: Sequence[str | None],
    columns: Sequence[pa.ChunkedArray | pa.Array],
    rows: NDArray[np.int64],
    *,
    file: str,
    format: FileFormat,
    encoding: str | None = None,
    separator: str | None = None,
    sheet: str | None = None,
) -> RawTable:
    """Make a `RawTable` of text columns, after the checks that hold for every format.

    Parameters
    ----------
    header : one cell for each column.
    columns : Arrow string arrays, each of length n.
    rows : shape (n,), the row of the file each record stands in.

    Raises
    ------
    InputError
        If a column with values has no header, two columns have the same one, or no row has a value.
    """
    where = f"{file}, sheet {sheet!r}" if sheet is not None and format == "xlsx" else file
    trimmed = [_trim(column) for column in columns]
    names = [_clean_header(cell) for cell in header]
    keep = [i for i, name in enumerate(names) if name or trimmed[i].null_count < len(trimmed[i])]
    unnamed = [str(i + 1) for i in keep if not names[i]]
    if not any(names):
        raise InputError(
            "the first row with values is not a header row",
            where=where,
            expected="column names in the first row",
            do="Delete title rows above the header",
        )
    if unnamed:
        raise InputError(
            f"column {_some(unnamed)} has values but no header",
            where=where,
            expected="a name above every column, in the first row",
            do="Name the column, or delete title rows above the header",
        )
    _refuse_duplicates([names[i] for i in keep], where)
    table = pa.table({names[i]: trimmed[i] for i in keep})
    filled = _filled(table)
    if filled is not None:
        table, rows = table.filter(pa.array(filled)), rows[filled]
    if table.num_rows == 0:
        raise InputError("the file has a header but no data rows", where=where, expected="a row below the header")
    frame: pd.DataFrame = table.to_pandas()
    frame.index = pd.Index(rows, name="row")
    return RawTable(frame, file, format, encoding, separator, sheet)


def _trim(column: Any) -> Any:
    """Text without blanks around it; nothing left means missing."""
    text = pc.utf8_trim_whitespace(column.cast(pa.string()))
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _clean_header(cell: str | None) -> str:
    """A header without line breaks, marks of byte order and doubled blanks."""
    return " ".join((cell or "").replace("\ufeff", "").replace("\u200b", "").split())


def _refuse_duplicates(names: Sequence[str], where: str) -> None:
    seen: dict[str, str] = {}
    for name in names:
        key = header_key(name)
        if key in seen:
            raise InputError(
                f"two columns have the header {name!r}",
                where=where,
                expected="every header once",
                do="Rename or delete one of them",
            )
        seen[key] = name


def _filled(table: pa.Table) -> NDArray[np.bool_] | None:
    """Which rows have a value in some column; None if all have (most often so)."""
    empty: Any = None
    for column in table.columns:
        if column.null_count == 0:
            return None
        missing = pc.is_null(column)
        empty = missing if empty is None else pc.and_(empty, missing)
    return ~empty.to_numpy() if empty is not None and pc.any(empty).as_py() else None


def _some(items: Sequence[str], most: int = 5) -> str:
    """A few of the items, and how many more there are."""
    text = ", ".join(items[:most])
    return text if len(items) <= most else f"{text} and {len(items) - most} more"
