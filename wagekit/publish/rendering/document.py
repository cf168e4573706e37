"""An executed notebook as what a reader sees of it: a cover and a row of headings, words, tables and figures.

The web page and the PDF are both made from this, so they hold the same. It is also the gate: a notebook that did
not run to its end, a table that did not pass the release rules and a figure without alternative text stop here.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from wagekit.errors import InputError, ReleaseError
from wagekit.options import Language
from wagekit.publish import cover as cover_page
from wagekit.publish.cover import Cover
from wagekit.publish.rendering.markdown import Token, parse, plain_text

if TYPE_CHECKING:
    from nbformat import NotebookNode

TABLE_MIME = "application/vnd.wagekit.table+json"


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading, how it is aligned, and the heading it shares with its neighbours."""

    label: str
    align: Literal["left", "right", "center"]
    group: str | None


@dataclass(frozen=True)
class Prose:
    """Markdown as mistune's tree, headings numbered from level 1 and named by ``attrs["id"]``."""

    tokens: tuple[Token, ...]


@dataclass(frozen=True)
class Table:
    """A published table, every cell a finished text, and the HTML it renders itself to."""

    title: str
    unit: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    id: str
    html: str


@dataclass(frozen=True)
class Figure:
    """A picture with its alternative text and its caption ("" for none); `image` is SVG text or PNG bytes."""

    image: str | bytes
    alt: str
    title: str


@dataclass(frozen=True)
class Plain:
    """What a cell printed."""

    text: str


Block = Prose | Table | Figure | Plain


@dataclass(frozen=True)
class Document:
    """Everything a reader sees of a report.

    Parameters
    ----------
    cover : title, language, provenance.
    blocks : what stands between cover and end, in order.
    """

    cover: Cover
    blocks: tuple[Block, ...]

    def headings(self) -> Iterator[tuple[int, str, str]]:
        """Level (from 1), id and words of each heading, in order."""
        for block in self.blocks:
            if isinstance(block, Prose):
                for token in block.tokens:
                    if token["type"] == "heading":
                        yield token["attrs"]["level"], token["attrs"]["id"], plain_text(token["children"])

    def text(self) -> str:
        """Everything that is drawn with the report's font, for the check of its glyphs."""
        page = self.cover
        parts = [page.title, page.period, page.subtitle, page.bureau, page.day, page.warning, page.provenance]
        for block in self.blocks:
            match block:
                case Prose(tokens):
                    parts.append(plain_text(tokens))
                case Table():
                    parts += [block.title, block.unit, *block.notes]
                    parts += [text for column in block.columns for text in (column.label, column.group or "")]
                    parts += [cell for row in block.rows for cell in row]
                case Figure():
                    parts.append(block.title)
                case Plain(text):
                    parts.append(text)
        return "\n".join(parts)


def read_document(notebook: NotebookNode, *, name: str = "report") -> Document:
    """Read an executed notebook.

    The cover is the cell output that a :class:`~wagekit.publish.cover.Cover` gives; without one the first heading
    of level 1 is the title. A cell tagged ``zh`` or ``en`` is shown in reports of that language only. Code is not
    shown, nor is text written to stderr.

    Parameters
    ----------
    notebook : a notebook with its outputs.
    name : what to call it in messages, and in the title if it has none.

    Raises
    ------
    ReleaseError
        If a cell was not run or failed, or an output is not of a kind that may be published: a table that is no
        WageTable, a picture without alternative text, a script.
    """
    found: Cover | None = None
    blocks: list[Block] = []
    languages: list[str | None] = []
    for number, cell in enumerate(notebook.cells, start=1):
        where = f"{name}, cell {number}"
        if cell.cell_type == "markdown":
            blocks.append(Prose(tuple(parse(cell.source, where=where))))
            languages.append(_language_of(cell))
        elif cell.cell_type == "code" and cell.source.strip():
            if cell.execution_count is None:
                raise ReleaseError(
                    "the cell was not run",
                    where=where,
                    expected="a notebook that ran from its first cell to its last",
                    do="Run it: jupyter nbconvert --execute, or wagekit build",
                )
            for output in cell.outputs:
                block = _output(output, where)
                if isinstance(block, Cover):
                    found = block
                elif block is not None:
                    blocks.append(block)
                    languages.append(_language_of(cell))
    if found is None:
        found, blocks = _title_from_heading(blocks, name)
    else:
        shown = (None, found.language)
        blocks = [block for block, language in zip(blocks, languages, strict=True) if language in shown]
    return Document(found, tuple(_numbered(blocks)))


def _language_of(cell: NotebookNode) -> str | None:
    return next((tag for tag in cell.metadata.get("tags", []) if tag in get_args(Language)), None)


def _output(output: Mapping[str, Any], where: str) -> Block | Cover | None:
    kind = output["output_type"]
    if kind == "error":
        raise ReleaseError(f"the cell failed with {output['ename']}: {output['evalue']}", where=where)
    if kind == "stream":
        return Plain(_joined(output["text"])) if output["name"] == "stdout" and output["text"] else None
    data: Mapping[str, Any] = output["data"]
    metadata: Mapping[str, Any] = output.get("metadata", {})
    if cover_page.MIME in data:
        try:
            return Cover.from_json(_object(data[cover_page.MIME]))
        except (TypeError, InputError) as error:
            raise ReleaseError(f"the cover can't be read ({error})", where=where) from error
    if TABLE_MIME in data:
        return _table(_object(data[TABLE_MIME]), _joined(data.get("text/html", "")), where)
    for mime in ("image/svg+xml", "image/png"):
        if mime in data:
            return _figure(mime, _joined(data[mime]), {**metadata, **metadata.get(mime, {})}, where)
    if "text/markdown" in data:
        return Prose(tuple(parse(_joined(data["text/markdown"]), where=where)))
    if "text/latex" in data:
        latex = _joined(data["text/latex"]).strip().strip("$").removeprefix(r"\displaystyle").strip()
        return Prose(({"type": "block_math", "raw": latex},))
    raise ReleaseError(
        f"the cell shows an object as {', '.join(sorted(data)) or 'nothing'}, which no release rule has seen",
        where=where,
        expected="tables that passed the release rules, figures with alternative text, Markdown or printed text",
        do="Show tables with wagekit.release(...), figures with wagekit.publish.charts, and end the cell in ';' "
        "if its last value is not for readers",
    )


def _joined(value: str | list[str]) -> str:
    """nbformat lets a text be a list of lines."""
    return value if isinstance(value, str) else "".join(value)


def _object(value: Any) -> dict[str, Any]:
    return json.loads(value) if isinstance(value, str) else dict(value)


def _table(data: Mapping[str, Any], html: str, where: str) -> Table:
    try:
        columns = tuple(Column(str(c["label"]), c["align"], c["group"]) for c in data["columns"])
        rows = tuple(tuple("" if cell is None else str(cell) for cell in row) for row in data["rows"])
        table = Table(data["title"], data["unit"], columns, rows, tuple(data["notes"]), data["id"], html)
    except (KeyError, TypeError) as error:
        raise ReleaseError(f"the table lacks {error}", where=where, expected="a table from wagekit.release") from error
    uneven = next((number for number, row in enumerate(rows, start=1) if len(row) != len(columns)), None)
    if uneven is not None:
        raise ReleaseError(
            f"row {uneven} of the table {table.title!r} has {len(rows[uneven - 1])} cells",
            where=where,
            expected=f"{len(columns)}, one for each column",
        )
    return table


def _figure(mime: str, image: str, metadata: Mapping[str, Any], where: str) -> Figure:
    alt = str(metadata.get("alt", "")).strip()
    if not alt:
        raise ReleaseError(
            "the figure has no alternative text",
            where=where,
            expected="metadata 'alt' in words for readers who can't see the figure",
            do="Make it with wagekit.publish.charts, or display it with metadata={'alt': …}",
        )
    content = image if mime == "image/svg+xml" else base64.b64decode(image)
    return Figure(content, alt, str(metadata.get("title", "")))


def _title_from_heading(blocks: list[Block], name: str) -> tuple[Cover, list[Block]]:
    for place, block in enumerate(blocks):
        if isinstance(block, Prose) and block.tokens and block.tokens[0]["type"] == "heading":
            first, *rest = block.tokens
            if first["attrs"]["level"] == 1:
                return Cover(plain_text(first["children"])), [
                    *blocks[:place],
                    Prose(tuple(rest)),
                    *blocks[place + 1 :],
                ]
            break
    return Cover(name), blocks


def _numbered(blocks: list[Block]) -> Iterator[Block]:
    """Headings moved up until the highest has level 1, and named for links: section-2-1."""
    levels = [
        token["attrs"]["level"]
        for block in blocks
        if isinstance(block, Prose)
        for token in block.tokens
        if token["type"] == "heading"
    ]
    top = min(levels, default=1)
    counts = [0] * 7
    for block in blocks:
        if not isinstance(block, Prose):
            yield block
            continue
        tokens: list[Token] = []
        for token in block.tokens:
            if token["type"] == "heading":
                level = token["attrs"]["level"] - top + 1
                counts[level] += 1
                counts[level + 1 :] = [0] * (6 - level)
                name = "-".join(map(str, ("section", *counts[1 : level + 1])))
                token = {**token, "attrs": {"level": level, "id": name}}
            tokens.append(token)
        if tokens:
            yield Prose(tuple(tokens))
