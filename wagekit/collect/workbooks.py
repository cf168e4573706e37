"""Reading .xlsx workbooks: what must be known before one is loaded, then the rows of one sheet."""

from __future__ import annotations

import datetime
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa

from wagekit.collect.raw import RawTable, assemble, too_many_rows
from wagekit.errors import InputError

MAXIMUM_UNPACKED = 2 << 30
"""Bytes a workbook may unpack to; the fullest survey sheet Excel holds takes about half."""

_MAXIMUM_RATIO = 200  # of a part larger than 64 MiB; survey tables pack 10 to 20 times
_CHUNK = 1 << 20
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, ElementTree.ParseError, LookupError, ValueError, StopIteration)
_CELL = re.compile(rb"<(?:\w+:)?c[\s>/]")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_ERROR = re.compile(rb"<(?:\w+:)?c\s[^>]*\bt=\"e\"")
_ROW = re.compile(rb"<(?:\w+:)?row\s[^>]*?\br\s*=\s*[\"'](\d+)")
_ADDRESS = re.compile(rb"\br=\"([A-Z]{1,3}\d+)\"")
_WIDE = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]{2,})\d")


@dataclass(frozen=True)
class _Sheet:
    """A worksheet of the workbook: what it is called, which part of the archive it is, whether it shows."""

    name: str
    part: str
    visible: bool


def read_workbook(path: Path, *, file: str, sheet: str | None, maximum_rows: int) -> RawTable:
    """Read one sheet of an .xlsx workbook as text.

    Parameters
    ----------
    path : the workbook.
    file : its name for messages.
    sheet : the sheet's name; None takes the only visible sheet that isn't empty.
    maximum_rows : most data rows that are read.

    Raises
    ------
    InputError
        If the workbook is damaged or unpacks to an unreasonable size, the sheet can't be told, or the sheet
        has formulas, error values, merged cells, stray cells or too many rows.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_bomb(archive, file)
            _refuse_false_counts(archive, file)
            chosen = _choose(archive, _sheets(archive, file), sheet, file)
            _examine(archive, chosen, file, maximum_rows)
        book = CalamineWorkbook.from_path(str(path))
        try:
            cells = book.get_sheet_by_name(chosen.name)
            merged = cells.merged_cell_ranges
            if merged:
                raise _merged(merged, chosen.name, file)
            return _to_table(cells.iter_rows(), cells.total_height, cells.start, file, chosen.name)
        finally:
            book.close()
    except (*_DAMAGE, CalamineError) as error:
        raise _damaged(type(error).__name__, file) from None
    except NotImplementedError:
        raise InputError("the workbook is packed in an unknown way", where=file, do="Save it again") from None


def sheet_names(path: Path, *, file: str) -> list[str]:
    """Names of all sheets of a workbook.

    Raises
    ------
    InputError
        If the file is damaged or no .xlsx workbook.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_bomb(archive, file)
            return [sheet.name for sheet in _sheets(archive, file)]
    except _DAMAGE as error:
        raise _damaged(type(error).__name__, file) from None


def _damaged(reason: str, file: str) -> InputError:
    return InputError(
        f"the workbook is damaged or cut off ({reason})",
        where=file,
        expected="a complete .xlsx file",
        do="Copy or save it again",
    )


def _refuse_bomb(archive: zipfile.ZipFile, file: str) -> None:
    parts = archive.infolist()
    size = sum(part.file_size for part in parts)
    tight = [p for p in parts if p.file_size > (64 << 20) and p.file_size > _MAXIMUM_RATIO * p.compress_size]
    if size > MAXIMUM_UNPACKED or tight:
        raise InputError(
            f"the workbook would unpack to {size / 2**20:,.0f} MB",
            where=file,
            expected=f"at most {MAXIMUM_UNPACKED >> 20:,} MB, no part packed over {_MAXIMUM_RATIO} times",
            do="Save the table as CSV",
        )
    if any(part.flag_bits & 1 for part in parts):
        raise InputError("the workbook is protected by a password", where=file, do="Save it without one")


def _refuse_false_counts(archive: zipfile.ZipFile, file: str) -> None:
    """Counts that can't be true: the loader would ask for that much memory at once.

    Elements can't be more than the bytes they stand in. ``count`` of the shared strings is another matter: it
    counts the cells that use them.
    """
    for part in archive.infolist():
        if part.filename.endswith(("sharedStrings.xml", "styles.xml")):
            with archive.open(part) as stream:
                counts = re.findall(rb"\b(count|uniqueCount)\s*=\s*[\"'](\d+)", stream.read(_CHUNK))
            uses = part.filename.endswith("sharedStrings.xml")
            limits = {b"uniqueCount": part.file_size, b"count": 1 << 26 if uses else part.file_size}
            if any(int(count) > limits[name] for name, count in counts):
                raise _damaged("a false count of strings or styles", file)


def _sheets(archive: zipfile.ZipFile, file: str) -> list[_Sheet]:
    names = set(archive.namelist())
    if any(name.endswith("workbook.bin") for name in names):
        raise InputError("the file is a binary workbook (.xlsb)", where=file, do="Save it as .xlsx")
    if "content.xml" in names and "mimetype" in names:
        raise InputError("the file is an OpenDocument table (.ods)", where=file, do="Save it as .xlsx")
    if "_rels/.rels" not in names or not any(name.startswith("xl/") for name in names):
        raise InputError(
            "the file is a zip archive but no workbook",
            where=file,
            expected="a CSV, .xlsx or Parquet file",
            do="Unpack it first",
        )
    book = next(target for kind, target in _relations(archive, "").values() if kind.endswith("/officeDocument"))
    targets = _relations(archive, book)
    found = []
    for element in ElementTree.fromstring(archive.read(book)).iter():
        if element.tag.rpartition("}")[2] != "sheet":
            continue
        key = next((value for name, value in element.attrib.items() if name.endswith("}id")), "")
        kind, target = targets.get(key, ("", ""))
        if kind.endswith("/worksheet"):
            visible = element.get("state", "visible") == "visible"
            found.append(_Sheet(element.get("name", ""), target, visible))
    return found


def _relations(archive: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Kind and target part of each relation of a part of the archive."""
    folder, name = posixpath.split(part)
    text = archive.read(posixpath.join(folder, "_rels", f"{name}.rels"))
    relations = {}
    for element in ElementTree.fromstring(text):
        target = element.get("Target", "")
        target = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
        relations[element.get("Id", "")] = (element.get("Type", ""), target)
    return relations


def _choose(archive: zipfile.ZipFile, sheets: list[_Sheet], name: str | None, file: str) -> _Sheet:
    listed = ", ".join(repr(sheet.name) for sheet in sheets)
    if name is not None:
        for sheet in sheets:
            if sheet.name.strip() == name.strip():
                return sheet
        raise InputError(f"there is no sheet {name!r}", where=file, expected=f"one of {listed}")
    filled = [sheet for sheet in sheets if sheet.visible and _has_cells(archive, sheet)]
    if not filled:
        raise InputError("the workbook is empty", where=file, expected="a sheet with a header and data rows")
    if len(filled) > 1:
        raise InputError(
            f"the workbook has several filled sheets: {', '.join(repr(sheet.name) for sheet in filled)}",
            where=file,
            expected="one table",
            do="Name the sheet under [enterprises] or [employees] in the mapping, or save it on its own",
        )
    return filled[0]


def _pieces(archive: zipfile.ZipFile, sheet: _Sheet) -> Iterator[bytes]:
    """The sheet's XML in pieces, each cut before a cell or row begins, so that no pattern is torn."""
    rest = b""
    with archive.open(sheet.part) as stream:
        while chunk := stream.read(_CHUNK):
            text = rest + chunk
            cut = max(text.rfind(b"<c "), text.rfind(b"<row "), text.rfind(b":c "), text.rfind(b":row "))
            cut = max(text.rfind(b"<", 0, cut + 1), 0) if cut > 0 else 0
            if cut == 0 and len(text) < 8 * _CHUNK:
                rest = text
                continue
            yield text[:cut] if cut else text
            rest = text[cut:] if cut else b""
    yield rest


def _has_cells(archive: zipfile.ZipFile, sheet: _Sheet) -> bool:
    return any(_CELL.search(piece) for piece in _pieces(archive, sheet))


def _examine(archive: zipfile.ZipFile, sheet: _Sheet, file: str, maximum_rows: int) -> None:
    """Look through the sheet's XML before it is loaded: formulas, error values, rows, stray cells."""
    where = f"{file}, sheet {sheet.name!r}"
    cells, last_row, columns = 0, 0, {b"Z"}
    for piece in _pieces(archive, sheet):
        if formula := _FORMULA.search(piece):
            raise InputError(
                f"cell {_address(piece, formula.start())} holds a formula",
                where=where,
                expected="values only",
                do="Paste the table as values (选择性粘贴 - 数值) and save it again",
            )
        if wrong := _ERROR.search(piece):
            raise InputError(
                f"cell {_address(piece, wrong.end())} holds an Excel error value such as #N/A",
                where=where,
                expected="a value or an empty cell",
            )
        cells += len(_CELL.findall(piece))
        columns.update(_WIDE.findall(piece))
        if numbers := _ROW.findall(piece):
            last_row = max(last_row, *map(int, numbers))
        # A cell that claims to lie far below its row would make the loader ask for memory without end.
        if re.search(rb"\br\s*=\s*[\"'][A-Za-z]+\d{%d}" % (len(str(last_row)) + 1), piece):
            raise _damaged("cells outside their rows", file)
    width = max(_column_number(column.upper()) for column in columns)
    if cells > maximum_rows and last_row - 1 > maximum_rows:
        raise too_many_rows(file, last_row - 1, maximum_rows)
    if last_row * width > 20 * cells + 1_000_000:
        raise InputError(
            f"the sheet has cells far from the table (down to row {last_row:,}, {width} columns wide)",
            where=where,
            expected="one table that begins in cell A1",
            do="Delete the stray cells, or save the table as CSV",
        )


def _address(piece: bytes, position: int) -> str:
    """Address of the last cell that begins before a position."""
    found = [match.group(1) for match in _ADDRESS.finditer(piece, 0, position)]
    return found[-1].decode() if found else "?"


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _merged(ranges: list[tuple[tuple[int, int], tuple[int, int]]], sheet: str, file: str) -> InputError:
    (top, left), (bottom, right) = min(ranges)
    name = f"{_column_letters(left)}{top + 1}:{_column_letters(right)}{bottom + 1}"
    return InputError(
        f"cells {name} are merged",
        where=f"{file}, sheet {sheet!r}",
        expected="one header row and one cell for every value",
        do="Delete title rows above the header and unmerge the cells",
    )


def _column_letters(index: int) -> str:
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _to_table(rows: Iterator[list[Any]], height: int, start: tuple[int, int] | None, file: str, sheet: str) -> RawTable:
    header: list[str | None] | None = None
    columns: list[list[str | None]] = []
    numbers: list[int] = []
    for number, row in enumerate(rows, 1):
        texts = [_as_text(cell) for cell in row]
        if not any(texts):
            continue
        if header is None:
            header, columns = texts, [[] for _ in texts]
            continue
        numbers.append(number)
        for column, text in zip(columns, texts, strict=True):
            column.append(text)
    if header is None:
        raise InputError("the sheet is empty", where=f"{file}, sheet {sheet!r}", expected="a header and rows")
    return assemble(
        header,
        [pa.array(column, pa.string()) for column in columns],
        np.array(numbers, dtype=np.int64),
        file=file,
        format="xlsx",
        sheet=sheet,
    )


def _as_text(cell: Any) -> str | None:
    """A cell as a person reads it: whole numbers without a point, dates as year-month-day."""
    if isinstance(cell, str):
        return cell or None
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell)
