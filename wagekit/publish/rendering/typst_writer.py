"""A report as a typst program: the cover, the words, native tables, figures with their alternative text.

Everything that is text goes into typst as a string literal, never as markup, so no character in the data can mean
anything to the typesetter. How the pages look is in ``templates/report.typ``.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from wagekit.errors import InputError, ReleaseError
from wagekit.publish.cover import Cover
from wagekit.publish.rendering.document import Column, Document, Figure, Plain, Prose, Table
from wagekit.publish.rendering.fonts import typst_fonts
from wagekit.publish.rendering.formula import to_typst, typst_string
from wagekit.publish.rendering.markdown import Token, plain_text
from wagekit.publish.rendering.table_fit import Block, breakable, fit, padding, shown

TEMPLATE = "report.typ"
FUNCTIONS = "report, wage-table, wage-figure, plain-table, printed, quotation, divider"
_TOGETHER = 1200  # characters that surely have room on one page


@dataclass(frozen=True)
class TypstSource:
    """A typst program and the files it reads.

    Parameters
    ----------
    main : the program; it imports ``report.typ``.
    files : name to content of the pictures it shows.
    """

    main: str
    files: Mapping[str, bytes]


def write_typst(document: Document) -> TypstSource:
    """The typst program of a report.

    Examples
    --------
    >>> from wagekit.publish.cover import Cover
    >>> print(write_typst(Document(Cover("工资价位"), ())).main.splitlines()[0])
    #import "report.typ": report, wage-table, wage-figure, plain-table, printed, quotation, divider
    """
    blocks, files = write_blocks(document)
    lines = [f'#import "{TEMPLATE}": {FUNCTIONS}', f"#show: report.with({_cover(document.cover, document)})"]
    return TypstSource("\n".join([*lines, *blocks]) + "\n", files)


def write_blocks(document: Document) -> tuple[list[str], dict[str, bytes]]:
    """The lines for what stands below the cover, and name to content of the pictures they show.

    They call the functions of ``report.typ`` (:data:`FUNCTIONS`), under whatever page design has been set.
    """
    files: dict[str, bytes] = {}
    language = document.cover.language
    lines: list[str] = []
    for block in document.blocks:
        match block:
            case Prose(tokens):
                for token, following in zip_longest(tokens, tokens[1:]):
                    # Words that lead to a formula are on its page.
                    leads = token["type"] == "paragraph" and following and following["type"] == "block_math"
                    lines.append(f"#block(sticky: true, {_block(token)})" if leads else f"#{_block(token)}")
            case Table():
                lines.append(f"#wage-table(lang: {typst_string(language)}, {_table(block)})")
            case Figure():
                name = f"figure-{len(files) + 1}.svg"
                files[name] = (block.image if isinstance(block.image, str) else framed(block.image)).encode()
                lines.append(
                    f"#wage-figure(lang: {typst_string(language)}, title: {_text(block.title)}, "
                    f"alt: {typst_string(block.alt)}, file: {typst_string(name)})"
                )
            case Plain(text):
                lines.append(f"#printed({_lines(text)})")
    return lines, files


def compile_pdf(files: Mapping[str, bytes], *, where: str) -> bytes:
    """The PDF/UA-1 file of a typst program, made in memory. The same program gives the same bytes.

    Parameters
    ----------
    files : ``main.typ`` and all that it reads, by name.
    where : what to call it in messages.

    Raises
    ------
    ReleaseError
        If typst can't set it, or warns.
    """
    import typst

    program: Any = dict(files)  # a mapping is taken, as typst's manual says, but its stubs don't know it
    try:
        pdf, warnings = typst.compile_with_warnings(
            program, format="pdf", font_paths=typst_fonts(), pdf_standards=["1.7", "ua-1"], timestamp=0
        )
    except typst.TypstError as error:
        raise _not_set(where, error.message, error.hints) from error
    if warnings:
        raise _not_set(where, warnings[0].message, warnings[0].hints)
    return bytes(pdf)


def _not_set(where: str, message: str, hints: Sequence[str]) -> ReleaseError:
    return ReleaseError(f"the PDF can't be set ({message})", where=where, do="; ".join(hints) or None)


def framed(png: bytes) -> str:
    """An SVG picture that holds a PNG one: the files that typst is handed in memory have to be text.

    Raises
    ------
    InputError
        If it is no PNG picture.
    """
    if png[:8] != b"\x89PNG\r\n\x1a\n" or png[12:16] != b"IHDR":
        raise InputError("the picture is no PNG", where="figure", expected="PNG or SVG")
    width, height = int.from_bytes(png[16:20]), int.from_bytes(png[20:24])
    size = f'width="{width}" height="{height}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width} {height}">'
        f'<image {size} href="data:image/png;base64,{base64.b64encode(png).decode()}"/></svg>'
    )


def _cover(cover: Cover, document: Document) -> str:
    day = cover.calendar_date
    texts = {
        "title": cover.title,
        "period": cover.period,
        "subtitle": cover.subtitle,
        "bureau": cover.bureau,
        "day": cover.day,
        "warning": cover.warning,
        "provenance": cover.provenance,
    }
    arguments = [f"{name}: {_text(text)}" for name, text in texts.items()]
    # What the file is called by and says of its author are plain words.
    arguments += [f"lang: {typst_string(cover.language)}", f"name: {typst_string(cover.title)}"]
    arguments += [f"author: {typst_string(cover.bureau)}"]
    if day is not None:
        arguments.append(f"date: datetime(year: {day.year}, month: {day.month}, day: {day.day})")
    arguments.append(f"contents: {_bool(any(True for _ in document.headings()))}")
    return ", ".join(arguments)


def _bool(value: bool) -> str:
    return "true" if value else "false"


def _array(items: Iterable[str]) -> str:
    # The comma after the last item keeps an array of one an array.
    return "(" + "".join(f"{item}, " for item in items) + ")"


def _table(table: Table) -> str:
    made = fit(table.columns, table.rows)
    blocks = _array(_table_block(table, block) for block in made.blocks)
    return (
        f"title: {_text(table.title)}, unit: {_text(table.unit)}, blocks: {blocks}, "
        f"notes: {_array(map(_text, table.notes))}, size: {_points(made.size)}, "
        f"padding: {_points(padding(made.size))}, flipped: {_bool(made.flipped)}"
    )


def _table_block(table: Table, block: Block) -> str:
    columns = _array(
        f"(label: {_array(map(_text, c.label.split(chr(10))))}, align: {typst_string(c.align)}, "
        f"group: {'none' if c.group is None else _text(c.group)})"
        for c in shown(table.columns, block)
    )
    rows = _array(_array(_text(row[place]) for place in block.places) for row in table.rows)
    return f"(columns: {columns}, rows: {rows}, widths: {_widths(block)})"


def _widths(block: Block) -> str:
    return _array(_points(width) for width in block.widths)


def _points(length: float) -> str:
    # Rounded down, so that the columns together are not wider than the page.
    return f"{int(length * 100) / 100:g}pt"


def _text(text: str) -> str:
    """A text as a string literal, its longest words made breakable."""
    return typst_string(breakable(text))


def _lines(text: str) -> str:
    return " + linebreak() + ".join(_text(line) for line in text.rstrip("\n").split("\n"))


def _content(tokens: Iterable[Token]) -> str:
    """A code block whose parts join into one content."""
    return "{" + "; ".join(_inline(token) for token in tokens) + "}"


def _inline(token: Token) -> str:
    kind = token["type"]
    match kind:
        case "text":
            return _text(token["raw"])
        case "strong":
            return f"strong({_content(token['children'])})"
        case "emphasis":
            return f"emph({_content(token['children'])})"
        case "strikethrough":
            return f"strike({_content(token['children'])})"
        case "codespan":
            return f"raw({_text(token['raw'])})"
        case "linebreak":
            return "linebreak()"
        case "inline_math":
            return to_typst(token["raw"])
        case "block_text":
            return _content(token["children"])
        case _:
            return _block(token)


def _block(token: Token) -> str:
    writer = _BLOCKS.get(token["type"])
    if writer is None:
        raise ReleaseError(f"a report can't show Markdown of the kind {token['type']!r}", where="markdown")
    return writer(token)


def _heading(token: Token) -> str:
    return f"heading(level: {token['attrs']['level']}, {_content(token['children'])})"


def _list(token: Token) -> str:
    attrs = token["attrs"]
    items = "".join(f"{_content(item['children'])}, " for item in token["children"])
    if attrs.get("ordered"):
        return f"enum(start: {attrs.get('start', 1)}, {items})"
    return f"list({items})"


def _markdown_table(token: Token) -> str:
    """A table of the notebook's own words: no caption, no number."""
    head, *bodies = token["children"]
    lines = [[plain_text([cell]) for cell in head["children"]]]
    lines += [[plain_text([cell]) for cell in row["children"]] for body in bodies for row in body["children"]]
    columns = tuple(
        Column(label, cell["attrs"].get("align") or "left", None)
        for label, cell in zip(lines[0], head["children"], strict=True)
    )
    cells = [[_content(cell["children"]) for cell in row["children"]] for body in bodies for row in body["children"]]
    heads = [f"strong({_content(cell['children'])})" for cell in head["children"]]
    made = fit(columns, lines[1:], may_flip=False)
    last = min(3, max(len(cells) - 4, 0))
    if sum(len(text) for line in lines[len(lines) - last :] for text in line) >= _TOGETHER:
        last = 0
    blocks = [_plain_block(columns, heads, cells, made.size, block, last * len(block.places)) for block in made.blocks]
    return "{" + "; ".join(blocks) + "}"


def _plain_block(
    columns: Sequence[Column],
    heads: Sequence[str],
    cells: Sequence[Sequence[str]],
    size: float,
    block: Block,
    last: int,
) -> str:
    aligns = _array(columns[place].align for place in block.places)
    inside = _array(row[place] for row in cells for place in block.places)
    return (
        f"plain-table({_widths(block)}, {aligns}, {_array(heads[place] for place in block.places)}, {inside}, "
        f"size: {_points(size)}, padding: {_points(padding(size))}"
        f"{f', last: {last}' if last else ''})"
    )


_BLOCKS: Mapping[str, Callable[[dict[str, Any]], str]] = {
    "heading": _heading,
    "paragraph": lambda token: f"par({_content(token['children'])})",
    "list": _list,
    "block_quote": lambda token: f"quotation({_content(token['children'])})",
    "block_code": lambda token: f"printed({_lines(token['raw'])})",
    "block_math": lambda token: to_typst(token["raw"], block=True),
    "thematic_break": lambda token: "divider",
    "table": _markdown_table,
}
