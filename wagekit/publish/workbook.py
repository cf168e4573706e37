"""Accessible workbooks (.xlsx): one wage table a sheet, with a cover, contents and notes.

They follow the practice of the UK statistical service for accessible spreadsheets: marked-up tables with names, one
heading row of unique texts, no merged or empty cells, the title in A1, shorthand in square brackets explained in the
notes. No sheet, row or column is hidden, figures are stored as rounded as they are shown, and the document's
properties name neither a person nor a machine. The same tables give the same bytes.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from datetime import date as Date
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wagekit.errors import ReleaseError
from wagekit.files import replacing
from wagekit.publish.counts import refuse_counts_beside_means
from wagekit.publish.words import WORDS, clean_text, display_width

if TYPE_CHECKING:
    from wagekit.publish.table import WageTable

_FONTS = {"zh": "等线", "en": "Calibri"}
_WIDEST = 44
_LINE = 15
_UNDATED = Date(1980, 1, 1)  # the first day that a zip archive knows

Cells = Sequence[str | float]


def write_workbook(
    tables: Iterable[WageTable],
    path: str | os.PathLike[str],
    *,
    title: str,
    publisher: str = "",
    date: Date | None = None,
) -> None:
    """Write wage tables as a workbook, in the language of the first table.

    Parameters
    ----------
    tables : one or more tables; each becomes a sheet.
    path : a name that ends in ``.xlsx``; the file is replaced as a whole.
    title : of the workbook, on its cover and in its properties.
    publisher, date : printed on the cover; the date is also the document's date.

    Raises
    ------
    ReleaseError
        If there is no table, the name doesn't end in ``.xlsx``, the file can't be written, or counts and means of
        the tables together would let a held-back mean be calculated.
    """
    from xlsxwriter import Workbook

    tables = list(tables)
    if not tables:
        raise ReleaseError("no table to write", where=str(path), expected="at least one wage table")
    if Path(path).suffix.lower() != ".xlsx":
        raise ReleaseError("the name is not that of a workbook", where=str(path), expected="a name ending in .xlsx")
    refuse_counts_beside_means(tables)
    title, publisher = clean_text(title, where="title"), clean_text(publisher, where="publisher")
    with replacing(path) as beside:
        workbook = Workbook(
            str(beside),
            {
                "in_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "nan_inf_to_errors": False,
            },
        )
        day = date or _UNDATED
        workbook.set_properties(
            {"title": title, "company": publisher, "author": "", "created": datetime(day.year, day.month, day.day)}
        )
        book = _Book(workbook, tables)
        book.cover(title, publisher, date)
        book.contents()
        book.notes()
        for number, table in enumerate(tables, start=1):
            book.table(number, table)
        workbook.close()


class _Book:
    """The sheets of one workbook: formats are made once, sheets in the order of the methods' calls."""

    def __init__(self, workbook: Any, tables: Sequence[WageTable]) -> None:
        self.workbook, self.tables = workbook, tables
        self.words = WORDS[tables[0].language]
        self.font = {"font_name": _FONTS[tables[0].language], "font_size": 11, "valign": "vcenter"}
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}

    def format(self, **properties: Any) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self.workbook.add_format({**self.font, **properties})
        return self._formats[key]

    def sheet(self, name: str, title: str) -> Any:
        sheet = self.workbook.add_worksheet(name)
        sheet.hide_gridlines(2)
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&C&P / &N")
        sheet.write_string(0, 0, title, self.format(bold=True, font_size=14))
        sheet.set_row(0, 26)
        return sheet

    def table_name(self, number: int) -> str:
        return self.words["sheet_table"].format(number=number)

    def cover(self, title: str, publisher: str, date: Date | None) -> None:
        words, tables = self.words, self.tables
        sheet = self.sheet(words["sheet_cover"], title)
        lines = [words["publisher"].format(name=publisher)] if publisher else []
        lines += [words["date"].format(date=date.isoformat())] if date else []
        lines += [words["source"].format(name=source) for source in dict.fromkeys(t.source for t in tables) if source]
        lines += [words["synthetic_note"]] if any(table.synthetic for table in tables) else []
        lines += [words["workbook_note"].format(count=len(tables))]
        for row, line in enumerate(lines, start=1):
            sheet.write_string(row, 0, line, self.format(text_wrap=True))
            sheet.set_row(row, _LINE * math.ceil(display_width(line) / 90) + 4)
        sheet.set_column(0, 0, 94)

    def contents(self) -> None:
        words = self.words
        sheet = self.sheet(words["sheet_contents"], words["sheet_contents"])
        rows = [(self.table_name(i), t.title, t.unit, len(t)) for i, t in enumerate(self.tables, start=1)]
        heads = [words["table_number"], words["table_title"], words["table_unit"], words["table_rows"]]
        self.grid(
            sheet, 1, heads, rows, name="contents", formats=[self.cell(), self.cell(), self.cell(), self.cell("0")]
        )
        for row, (name, *_) in enumerate(rows, start=2):
            sheet.write_url(row, 0, f"internal:'{name}'!A1", self.cell(font_color="#0563C1", underline=1), name)
        sheet.freeze_panes(2, 0)

    def notes(self) -> None:
        words = self.words
        sheet = self.sheet(words["sheet_notes"], words["sheet_notes"])
        used: dict[tuple[str, str], list[str]] = {}
        for number, table in enumerate(self.tables, start=1):
            marks = [(f"[{status}]", words[f"mark_{status}"]) for status in table.statuses]
            for key in [*marks, *(("", note) for note in table.notes)]:
                used.setdefault(key, []).append(self.table_name(number))
        rows: list[Cells] = []
        for (mark, text), names in sorted(used.items(), key=lambda item: item[0][0] or "~"):
            number_of_note = str(1 + sum(not str(row[0]).startswith("[") for row in rows))
            rows.append((mark or number_of_note, text, words["and_list"].join(dict.fromkeys(names))))
        rows = rows or [("1", words["no_notes"], self.table_name(1))]
        heads = [words["note"], words["note_text"], words["note_tables"]]
        self.grid(sheet, 1, heads, rows, name="notes", formats=[self.cell()] * 3, widest=72)
        sheet.freeze_panes(2, 0)

    def table(self, number: int, table: WageTable) -> None:
        words = self.words
        sheet = self.sheet(self.table_name(number), table.title)
        sheet.write_string(1, 0, f"{words['unit']}{table.unit}", self.format())
        contents = f"internal:'{words['sheet_contents']}'!A1"
        sheet.write_url(2, 0, contents, self.format(font_color="#0563C1", underline=1), words["to_contents"])
        if not table.rows:
            sheet.write_string(3, 0, words["empty"], self.format())
            return
        heads = _unique([words["number"], *table.headings, *(column.heading for column in table.columns)])
        rows: list[Cells] = [
            (
                index,
                *row.names,
                *(f"[{cell.status}]" if cell.value is None else float(cell.value) for cell in row.cells),
            )
            for index, row in enumerate(table.rows, start=1)
        ]
        names = [self.cell()] * len(table.headings)
        thousands = "#,##" if table.language == "en" else ""
        figures = [
            self.cell(f"{thousands}0.{'0' * c.decimals}" if c.decimals else f"{thousands}0", align="right")
            for c in table.columns
        ]
        formats = [self.cell("0", align="center"), *names, *figures]
        self.grid(sheet, 3, heads, rows, name=f"table_{number}", formats=formats)
        sheet.freeze_panes(4, 1 + len(table.headings))
        sheet.repeat_rows(3)
        if len(table.columns) > 6 or len(table.headings) > 1:
            sheet.set_landscape()

    def cell(self, number: str = "@", **properties: Any) -> Any:
        return self.format(num_format=number, text_wrap=number == "@", bottom=1, bottom_color="#D9D9D9", **properties)

    def grid(
        self,
        sheet: Any,
        top: int,
        heads: Sequence[str],
        rows: Sequence[Cells],
        *,
        name: str,
        formats: Sequence[Any],
        widest: int = _WIDEST,
    ) -> None:
        """A marked-up table with its heading in row `top` (0-based): headings, cells, column widths."""
        head = self.format(bold=True, text_wrap=True, top=2, bottom=1, align="center", bg_color="#F2F2F2")
        columns = [{"header": text, "header_format": head} for text in heads]
        options = {"name": name, "columns": columns, "style": None, "autofilter": False, "banded_rows": False}
        if sheet.add_table(top, 0, top + len(rows), len(heads) - 1, options) != 0:
            raise ReleaseError("the spreadsheet writer refused the table", where=f"sheet of {name}")
        widths: list[float] = []
        for place, column_format in enumerate(formats):
            values = [row[place] for row in rows]
            for line, value in enumerate(values, start=top + 1):
                if isinstance(value, str):
                    sheet.write_string(line, place, value, column_format)
                else:
                    sheet.write_number(line, place, value, column_format)
            # A heading may break over two lines, a text only when it is very long.
            longest = max((display_width(v) if isinstance(v, str) else len(f"{v:.2f}") for v in values), default=0)
            widths.append(min(max(longest, (display_width(heads[place]) + 1) // 2 + 2, 6) + 3, widest))
            sheet.set_column(place, place, widths[place])
        # Heights are written because not every program finds them for itself when a text breaks over lines.
        for line, row in enumerate([heads, *rows], start=top):
            lines = max(math.ceil(_width(value) / (width - 2)) for value, width in zip(row, widths, strict=True))
            sheet.set_row(line, _LINE * lines + 4)


def _width(value: str | float) -> int:
    return display_width(value) if isinstance(value, str) else 1


def _unique(heads: Sequence[str]) -> list[str]:
    """Headings that differ from one another, capitals aside, as a marked-up table asks; none is empty.

    Examples
    --------
    >>> _unique(["名称", "名称", ""])
    ['名称', '名称 (2)', '3']
    """
    seen: set[str] = set()
    made: list[str] = []
    for place, text in enumerate(heads, start=1):
        head = text[:200] or str(place)
        while head.lower() in seen:
            head = f"{text[:200]} ({place})"
        seen.add(head.lower())
        made.append(head)
    return made
