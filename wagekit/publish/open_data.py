"""Open data: the wage table as CSV, as it is printed (wide) and a figure a row with codes (tidy).

Both are RFC 4180 in UTF-8: lines end in CR LF, fields with commas, quotes or line ends are quoted. The wide file is
for readers and begins with a byte order mark, without which Excel on a Chinese computer reads UTF-8 as GB18030; the
tidy file is for programs and has none. A spreadsheet takes text that begins with ``= + - @`` for a formula, so such
text gets one apostrophe in front, and text that begins with an apostrophe gets another: whoever reads the file gets
the text back by taking one leading apostrophe away.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import TYPE_CHECKING

from wagekit.errors import ReleaseError
from wagekit.files import replacing
from wagekit.options import Layout
from wagekit.publish.words import WORDS

if TYPE_CHECKING:
    import pandas as pd

    from wagekit.publish.table import WageTable

FORMULA_STARTS = "=+-@＝＋－＠"
"""A spreadsheet takes text that begins so for a formula (the wide forms in East Asian settings)."""


def neutral(text: str) -> str:
    """Text that no spreadsheet takes for a formula; :func:`restored` gives it back.

    Examples
    --------
    >>> neutral("=1+1"), neutral("'s"), neutral("制造业")
    ("'=1+1", "''s", '制造业')
    """
    return f"'{text}" if text[:1] and text[0] in FORMULA_STARTS + "'" else text


def restored(text: str) -> str:
    """The text that :func:`neutral` was given."""
    return text.removeprefix("'")


def write_csv(
    table: WageTable, path: str | os.PathLike[str], *, layout: Layout = "wide", bom: bool | None = None
) -> None:
    """Write a table as CSV.

    Parameters
    ----------
    layout : ``wide``: number, names and figures as printed; a value that isn't published is ``[c]`` (confidential),
        ``[u]`` (unreliable) or ``[x]`` (not available). ``tidy``: see :func:`tidy_frame`; a value that isn't
        published is an empty field and its status.
    bom : begin with a byte order mark; by default for the wide layout only.

    Raises
    ------
    ReleaseError
        For another layout, or a file that can't be written.
    """
    if layout not in ("wide", "tidy"):
        raise ReleaseError(f"found {layout!r}", where="option layout", expected="wide or tidy")
    lines = _wide_lines(table) if layout == "wide" else _tidy_lines(table)
    text = StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(lines)
    encoding = "utf-8-sig" if (layout == "wide" if bom is None else bom) else "utf-8"
    with replacing(path) as beside:
        beside.write_bytes(text.getvalue().encode(encoding))


def tidy_frame(table: WageTable) -> pd.DataFrame:
    """The published figures, one a row.

    Columns: ``code`` and ``name`` (for several domain columns ``<column>_code`` and ``<column>_name``),
    ``statistic`` (``p10``, ``mean``, ``p10_se``, ``n``, …), ``value`` in the printed unit, ``unit`` (empty for
    counts and bare numbers), ``status`` (empty, ``c``, ``u`` or ``x``) and ``source``, the
    survey, which for simulated data says so.
    """
    import pandas as pd

    head, *body = _tidy_lines(table, spreadsheet=False)
    frame = pd.DataFrame(body, columns=pd.Index(head), dtype=object)
    return frame.assign(value=pd.to_numeric(frame["value"], errors="coerce"))


def _wide_lines(table: WageTable) -> Iterator[Sequence[str]]:
    words = WORDS[table.language]
    extra = [words["synthetic"]] if table.synthetic else []
    head = [words["number"], *table.headings, *(column.heading for column in table.columns)]
    yield [neutral(text) for text in [*head, *([words["remark"]] if extra else [])]]
    for number, row in enumerate(table.rows, start=1):
        figures = [f"[{cell.status}]" if cell.value is None else f"{cell.value:f}" for cell in row.cells]
        yield [str(number), *map(neutral, row.names), *figures, *extra]


def _tidy_lines(table: WageTable, *, spreadsheet: bool = True) -> Iterator[list[str]]:
    keep = neutral if spreadsheet else str
    dimensions = (
        ("code", "name")
        if len(table.by) <= 1
        else tuple(keep(f"{column}_{part}") for column in table.by for part in ("code", "name"))
    )
    yield [*dimensions, "statistic", "value", "unit", "status", "source"]
    source = table.source
    word = WORDS[table.language]["synthetic"]
    if table.synthetic and word not in source.lower():
        source = f"{source} ({word})" if source else word
    for row in table.rows:
        item = [keep(text) for pair in zip(row.codes, row.names, strict=True) for text in pair]
        for cell, column in zip(row.cells, table.columns, strict=True):
            value = "" if cell.value is None else f"{cell.value:f}"
            yield [*item, column.key, value, keep(column.unit), cell.status, keep(source)]
