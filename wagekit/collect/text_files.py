"""Reading delimited text: which encoding, which separator, how many rows, then the rows themselves."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from wagekit.collect.raw import RawTable, assemble, too_many_rows
from wagekit.errors import InputError

_CHUNK = 1 << 23
_HEAD = 1 << 16
_SAMPLE = 20_000  # lines by which GB18030 is judged
_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ENCODING_ADVICE = "Save the file as UTF-8, or name its encoding (encoding under [input] in the mapping)"


@dataclass(frozen=True)
class _Scan:
    """What one pass over the bytes showed."""

    line_breaks: int
    quotes: int


@dataclass(frozen=True)
class _Layout:
    """How the file is written."""

    encoding: str
    separator: str
    header: str
    blank_lines: int
    odd_quotes: bool


def read_text(path: Path, *, file: str, encoding: str | None, maximum_rows: int) -> RawTable:
    """Read a delimited text file.

    Parameters
    ----------
    path : the file.
    file : its name for messages.
    encoding : a Python codec name, or None to detect UTF-8, UTF-16 (by its mark) or GB18030.
    maximum_rows : most data rows that are read.

    Raises
    ------
    InputError
        If the encoding or the separator can't be told, a byte is NUL, a row has another number of values than
        the header, a quotation mark is never closed, or the file has too many rows.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    declared = _given_encoding(encoding, file) if encoding else _marked_encoding(head)
    known = declared or "utf-8"
    scan = _scan(path, known, file)
    if scan is None and declared is None:
        known = _detect_without_mark(path, file)
        scan = _scan(path, known, file)
    if scan is None:
        raise _broken_encoding(path, known, file)
    if (found := scan.line_breaks) > maximum_rows + 1:
        # Line breaks inside quotes are no rows: only a file that seems too long is worth counting exactly.
        found = _records(path, known) - 1 if scan.quotes and scan.quotes % 2 == 0 else found - 1
        if found > maximum_rows:
            raise too_many_rows(file, found, maximum_rows)
    header, blank_lines = _first_record(head, known, file)
    if len(head) < _HEAD and not _decoded_head(head, known).replace(header, "", 1).strip():
        raise InputError("the file has a header but no data rows", where=file, expected="a row below the header")
    separator = _separator(header, file)
    return _parse(path, file, _Layout(known, separator, header, blank_lines, scan.quotes % 2 == 1))


def _given_encoding(encoding: str, file: str) -> str:
    try:
        "".encode(encoding)  # unlike a look-up, refuses codecs that are no text encodings, such as base64
        return codecs.lookup(encoding).name
    except (LookupError, ValueError):
        raise InputError(
            f"there is no encoding called {encoding!r}",
            where=file,
            expected="a name such as utf-8, gb18030, utf-16 or big5",
        ) from None


def _marked_encoding(head: bytes) -> str | None:
    return next((name for mark, name in _BYTE_ORDER_MARKS if head.startswith(mark)), None)


def _text(path: Path, encoding: str) -> Iterator[str]:
    """The decoded text in pieces, never cutting a character."""
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def _scan(path: Path, encoding: str, file: str) -> _Scan | None:
    """Count line breaks and quotation marks and refuse NUL characters; None if the bytes can't be decoded."""
    breaks = returns = quotes = 0
    try:
        for piece in _text(path, encoding):
            if "\0" in piece:
                raise _nul_byte(breaks + piece.count("\n", 0, piece.index("\0")) + 1, file)
            breaks += piece.count("\n")
            returns += piece.count("\r") if breaks == 0 else 0
            quotes += piece.count('"')
    except UnicodeError:
        return None
    return _Scan(breaks or returns, quotes)


def _nul_byte(row: int, file: str) -> InputError:
    return InputError(
        f"row {row} holds a NUL byte",
        where=file,
        expected="a text file in UTF-8 or GB18030, an .xlsx workbook or a Parquet file",
        do="The file is damaged, of another kind, or UTF-16 without a byte order mark: save it as UTF-8",
    )


def _records(path: Path, encoding: str) -> int:
    """Line breaks outside quotation marks."""
    records, quoted = 0, False
    for piece in _text(path, encoding):
        for part in piece.split('"'):
            records += 0 if quoted else part.count("\n")
            quoted = not quoted
        quoted = not quoted  # the piece ended without a quotation mark
    return records


def _detect_without_mark(path: Path, file: str) -> str:
    """Tell GB18030 from other encodings, and from a file that changes its encoding midway.

    Nearly any bytes above 127 make some GB18030 character, so being decodable says little. Real Chinese text
    lies almost wholly in GB 2312, mostly in its first level; other encodings read as GB18030 don't.
    """
    utf8_row = other_row = None
    sample: list[str] = []
    with path.open("rb") as stream:
        for row, line in enumerate(stream, 1):
            if b"\0" in line:
                raise _nul_byte(row, file)
            if line.isascii():
                continue
            as_utf8 = _decoded(line, "utf-8")
            if as_utf8 is None:
                other_row = other_row or row
                if len(sample) == _SAMPLE:
                    continue  # the pass that counts rows will find what isn't GB18030 further down
            text = _decoded(line, "gb18030")
            if as_utf8 is None:
                if text is None:
                    raise _unknown_encoding(path, file, row)
            elif _has_chinese(as_utf8) and (text is None or _chinese_share(text) < 0.75):
                utf8_row = utf8_row or row
                continue
            if text is not None and len(sample) < _SAMPLE:
                sample.append(text)
    if utf8_row and other_row:
        raise InputError(
            f"row {utf8_row} is UTF-8 but row {other_row} is not",
            where=file,
            expected="one encoding in the whole file",
            do="The file is damaged there, or files of different encodings were joined: save each as UTF-8",
        )
    if _chinese_share("".join(sample)) < 0.75:
        raise _unknown_encoding(path, file, other_row or 1)
    return "gb18030"


def _decoded(line: bytes, encoding: str) -> str | None:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return None


def _has_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


def _chinese_share(text: str) -> float:
    """Share of the non-ASCII characters that are GB 2312, where level 2 (rarer characters) counts half."""
    characters = "".join(character for character in text if character > "\x7f")
    if not characters:
        return 1.0
    codes = np.frombuffer(characters.encode("gb2312", errors="ignore"), dtype=np.uint8)
    lead = codes[::2]
    common = np.count_nonzero(((lead >= 0xB0) & (lead <= 0xD7)) | (lead <= 0xA3))
    rare = np.count_nonzero(lead >= 0xD8)
    return float(common + rare / 2) / len(characters)


def _unknown_encoding(path: Path, file: str, row: int) -> InputError:
    from charset_normalizer import from_bytes

    with path.open("rb") as stream:
        guess = from_bytes(stream.read(_HEAD)).best()
    looks = f" (it looks like {guess.encoding})" if guess and guess.encoding not in ("ascii", "utf_8") else ""
    return InputError(
        f"row {row} is neither UTF-8 nor GB18030{looks}",
        where=file,
        expected="UTF-8, GB18030, or UTF-16 with a byte order mark",
        do=_ENCODING_ADVICE,
    )


def _broken_encoding(path: Path, encoding: str, file: str) -> InputError:
    name = {"utf-8-sig": "UTF-8"}.get(encoding, encoding.upper())
    row = 1
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as stream:
        try:
            for line in stream:
                row += decoder.decode(line).count("\n")
            decoder.decode(b"", final=True)
        except UnicodeError:
            pass
    return InputError(
        f"row {row} is not {name}, which the file {'begins as' if encoding != 'utf-8' else 'should be'}",
        where=file,
        expected="one encoding in the whole file",
        do=_ENCODING_ADVICE,
    )


def _decoded_head(head: bytes, encoding: str) -> str:
    """The first piece of the file as text; a character that it cuts is left out."""
    return codecs.getincrementaldecoder(encoding)().decode(head).lstrip("\ufeff")


def _first_record(head: bytes, encoding: str, file: str) -> tuple[str, int]:
    """The header record, and how many blank lines stand before it."""
    text = _decoded_head(head, encoding)
    blank_lines, quoted = 0, False
    record: list[str] = []
    for line in io.StringIO(text, newline=""):
        if not record and not line.strip():
            blank_lines += 1
            continue
        record.append(line)
        quoted ^= line.count('"') % 2 == 1
        if not quoted:
            break
    if not record:
        raise InputError("the file is empty", where=file, expected="a header row and data rows")
    return "".join(record), blank_lines


def _separator(record: str, file: str) -> str:
    """The separator that occurs most in the header, outside quotation marks."""
    plain = "".join(record.split('"')[::2])
    best = max(_SEPARATORS, key=plain.count)
    if best not in plain and any(mark in plain for mark in "，；|、"):
        raise InputError(
            f"the header {record.strip()[:60]!r} is separated by none of comma, semicolon and tab",
            where=file,
            expected="values separated by , or ; or tab",
        )
    return best


def _parse(path: Path, file: str, layout: _Layout) -> RawTable:
    """Read all records as text; a record with another number of values than the header is refused."""
    wrong: list[tuple[int, int, bool]] = []

    def note(row: pa_csv.InvalidRow) -> str:
        blank = not row.text.strip(layout.separator + '" \t\r\n')
        wrong.append((row.number or 0, row.actual_columns, blank))
        return "skip" if len(wrong) < 100_000 else "error"

    try:
        width = len(next(csv.reader([layout.header], delimiter=layout.separator)))
        table = pa_csv.read_csv(
            path,
            read_options=pa_csv.ReadOptions(
                use_threads=False,  # only so does the parser say which row is wrong
                block_size=1 << 24,
                encoding="utf8" if layout.encoding == "utf-8-sig" else layout.encoding,
                skip_rows=layout.blank_lines,
                autogenerate_column_names=True,
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=layout.separator,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=note,
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types={f"f{i}": pa.string() for i in range(width)},
                null_values=[""],
                strings_can_be_null=True,
            ),
        )
    except (pa.ArrowInvalid, csv.Error) as error:
        if ragged := [entry for entry in wrong if not entry[2]]:
            raise _ragged(ragged, width, file, layout) from None
        never_closed = "straddling" in str(error)
        raise InputError(
            "a value is longer than 16 MB" if never_closed else "the rows can't be told apart",
            where=file,
            expected="values separated by , or ; or tab",
            do="Look for a quotation mark that is never closed",
        ) from None
    if ragged := [entry for entry in wrong if not entry[2]]:
        raise _ragged(ragged, width, file, layout)
    rows = np.arange(table.num_rows + len(wrong), dtype=np.int64) + layout.blank_lines + 1
    if wrong:
        rows = np.delete(rows, np.array([row for row, _, _ in wrong]) - layout.blank_lines - 1)
    columns = table.columns
    if layout.odd_quotes and any("\n" in (column[-1].as_py() or "") for column in columns):
        raise InputError(
            f"a quotation mark opened in row {rows[-1]} is never closed",
            where=file,
            expected="quotation marks in pairs",
        )
    return assemble(
        [column[0].as_py() for column in columns],
        [column.slice(1) for column in columns],
        rows[1:],
        file=file,
        format="csv",
        encoding=layout.encoding,
        separator=layout.separator,
    )


def _ragged(ragged: Sequence[tuple[int, int, bool]], width: int, file: str, layout: _Layout) -> InputError:
    row, found, _ = ragged[0]
    others = f" ({len(ragged) - 1} more rows are wrong as well)" if len(ragged) > 1 else ""
    hint = ", or close the quotation mark that is still open there" if layout.odd_quotes else ""
    return InputError(
        f"row {row} has {found} value{'s' if found != 1 else ''}{others}",
        where=file,
        expected=f"{width} as in the header",
        do=f"Put values that hold a {_SEPARATORS[layout.separator]} in quotation marks{hint}",
    )
