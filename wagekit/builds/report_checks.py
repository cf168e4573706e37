"""Whether a rendered report is complete: what the notebook shows is in its files, where a reader finds it.

A report whose rows run off the page, whose glyphs are boxes or whose figure has no words looks finished to every
program. So each file is read again, as its reader would, and compared with the document that it was made from.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import accumulate, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wagekit.builds.html_page import HtmlPage, read_page
from wagekit.builds.pdf_file import Pdf
from wagekit.errors import ReleaseError
from wagekit.publish.rendering.document import Document, Figure, Plain, Prose, Table
from wagekit.publish.rendering.markdown import plain_text
from wagekit.publish.rendering.references import external_references
from wagekit.publish.rendering.table_fit import fit

if TYPE_CHECKING:
    from nbformat import NotebookNode

_LABELS: Mapping[str, Mapping[str, str]] = {
    "zh": {"tag": "zh", "table": "表{number}", "page": "第{page}页共{pages}页"},
    "en": {"tag": "en", "table": "Table{number}", "page": "Page{page}of{pages}"},
}
_SYNTHETIC = "模拟数据"
_SHOWN = 3  # problems of one kind that are told one by one


@dataclass(frozen=True)
class Expected:
    """Least numbers of what a report shows; a notebook declares its own in ``metadata.wagekit.expects``.

    Parameters
    ----------
    tables, figures, headings : least number of each.
    shows : 1 if it has to show a table or a figure; 0 where it may be words alone, since nothing may be published.
    words : least number of characters of its text, without spaces.

    Examples
    --------
    >>> Expected.of({"wagekit": {"expects": {"tables": 3, "words": 200}}})
    Expected(tables=3, figures=0, shows=1, headings=0, words=200)
    """

    tables: int = 0
    figures: int = 0
    shows: int = 1
    headings: int = 0
    words: int = 1

    @classmethod
    def of(cls, metadata: Mapping[str, Any], *, where: str = "the notebook") -> Expected:
        """What a notebook's metadata declare.

        Raises
        ------
        ReleaseError
            If a key is unknown or a number is none.
        """
        declared = metadata.get("wagekit", {}).get("expects", {})
        place = f"{where}, metadata wagekit.expects"
        if not isinstance(declared, Mapping):
            raise ReleaseError(f"found {declared!r}", where=place, expected='numbers by name, {"tables": 3}')
        known = [field.name for field in fields(cls)]
        for name, number in declared.items():
            if name not in known:
                raise ReleaseError(f"unknown key {name!r}", where=place, expected=f"one of {', '.join(known)}")
            if not isinstance(number, int) or isinstance(number, bool) or number < 0:
                raise ReleaseError(f"{name} is {number!r}", where=place, expected="a whole number of 0 or more")
        return cls(**declared)


def check_report(document: Document, files: Mapping[str, Path], *, notebook: NotebookNode | None = None) -> list[str]:
    """What is missing or wrong in a rendered report, in sentences; empty if it is complete.

    Parameters
    ----------
    document : what the report is made from.
    files : ``html`` and ``pdf`` to the files.
    notebook : whose metadata say how much the report shows at least.

    Raises
    ------
    ReleaseError
        If the notebook's metadata can't be understood.
    """
    expected = Expected.of(notebook.metadata if notebook is not None else {})
    problems = [*_contents(document, expected), *_empty_boxes(notebook)]
    for kind, path in files.items():
        if kind == "html":
            source = path.read_text(encoding="utf-8")
            found = [*_external(source), *_page(document, read_page(source))]
        else:
            pdf = Pdf.read(path)
            try:
                found = [*_paper(document, pdf)]
            except ReleaseError as error:
                found = [error.found]
        problems += [f"{path.name}: {problem}" for problem in found]
    return problems


_NO_GLYPH = re.compile(r"Glyph \d+ \(.*?\) missing from.*? font.*")


def _empty_boxes(notebook: NotebookNode | None) -> Iterator[str]:
    """What matplotlib warned of while a figure was drawn: characters that its font hasn't got."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ())) if notebook is not None else ()
    for output in outputs:
        if output.get("name") == "stderr" and (found := _NO_GLYPH.search(output["text"])):
            yield (
                f"a figure shows boxes in place of characters ({found[0].strip()}); the published font has them:"
                " plt.rcParams['font.family'] = wagekit.publish.rendering.fonts.register()"
            )
            return


def _contents(document: Document, expected: Expected) -> Iterator[str]:
    """What the document lacks, before any file is looked at."""
    if not document.cover.title.strip():
        yield "the report has no title"
    words = sum(
        len(re.sub(r"\s", "", plain_text(block.tokens))) for block in document.blocks if isinstance(block, Prose)
    )
    words += sum(len(re.sub(r"\s", "", block.text)) for block in document.blocks if isinstance(block, Plain))
    shown = {
        "tables": sum(isinstance(block, Table) for block in document.blocks),
        "figures": sum(isinstance(block, Figure) for block in document.blocks),
        "headings": sum(1 for _ in document.headings()),
        "words": words,
    }
    for name, number in shown.items():
        if number < getattr(expected, name):
            what = "characters of text" if name == "words" else name
            yield f"the report shows {number} {what}, expected at least {getattr(expected, name)}"
    if shown["tables"] + shown["figures"] < expected.shows:
        yield "the report shows neither a table nor a figure"
    for number, table in enumerate(_tables(document), start=1):
        if not table.rows and not table.notes:
            yield f"table {number} ({table.title}) has no row and no note that says why"


def _tables(document: Document) -> list[Table]:
    return [block for block in document.blocks if isinstance(block, Table)]


def _figures(document: Document) -> list[Figure]:
    return [block for block in document.blocks if isinstance(block, Figure)]


def _some(problems: Sequence[str]) -> Iterator[str]:
    yield from problems[:_SHOWN]
    if len(problems) > _SHOWN:
        yield f"and {len(problems) - _SHOWN} more like that"


def _external(source: str) -> Iterator[str]:
    yield from _some([f"the page would use {found}" for found in external_references(source)])


def _page(document: Document, page: HtmlPage) -> Iterator[str]:
    """What the web page lacks."""
    tag = _LABELS[document.cover.language]["tag"]
    if page.language.split("-")[0] != tag:
        yield f"the page's language is {page.language or 'not given'}, expected {tag}"
    if not page.title:
        yield "the page has no title"
    reading = Reading(page.text)
    if not reading.has(document.cover.title):
        yield "the title can't be seen on the page"
    if document.cover.synthetic and _SYNTHETIC not in page.text:
        yield f"the page doesn't say {_SYNTHETIC}"
    headings = {Reading(words).text for words in page.headings}
    for _, _, words in document.headings():
        if Reading(words).text not in headings:
            yield f"the heading {words!r} is no heading of the page"
    seen = {table.id: table.rows for table in page.tables}
    for number, table in enumerate(_tables(document), start=1):
        if table.id not in seen:
            yield f"table {number} ({table.title}) can't be seen on the page"
            continue
        found = {tuple(Reading(cell).text for cell in row) for row in seen[table.id]}
        lost = [row for row in table.rows if tuple(Reading(cell).text for cell in row) not in found]
        yield from _some([_lost(number, table, row) for row in lost])
    alternatives = list(page.pictures)
    for figure in _figures(document):
        if figure.alt in alternatives:
            alternatives.remove(figure.alt)
        else:
            yield f"the figure {figure.title or figure.alt[:30]!r} has no alternative text on the page"
    if any(not words.strip() for words in alternatives):
        yield "a picture has no alternative text"


def _lost(number: int, table: Table, row: Sequence[str]) -> str:
    name = " ".join(cell for cell in row[:3] if cell)
    return f"row {name!r} of table {number} ({table.title}) is not as it should be, or can't be seen"


def _paper(document: Document, pdf: Pdf) -> Iterator[str]:
    """What the PDF lacks."""
    if not pdf.pages:
        yield "the PDF has no page"
        return
    language = document.cover.language
    if not pdf.tagged:
        yield "the PDF isn't tagged, so that screen readers can't follow it"
    if pdf.title != document.cover.title:
        yield f"the PDF shows {pdf.title or 'no title'!r} as its title"
    if pdf.language.split("-")[0] != _LABELS[language]["tag"]:
        yield f"the PDF's language is {pdf.language or 'not given'}"
    yield from (f"the PDF holds {found}" for found in pdf.active)
    yield from (f"the font {name} isn't in the PDF" for name in pdf.missing_fonts)
    yield from (f"a character on page {page} has no glyph" for page in pdf.missing_glyphs)
    yield from (f"text is printed over other text on page {page}" for page in pdf.overprinted)
    yield from (f"text runs into the margin on page {page}" for page in pdf.beyond_margins)
    yield from _pages(document, pdf)
    yield from _bookmarks(document, pdf)
    yield from _rows(document, pdf)
    told = [Reading(alternative).text for kind, alternative in pdf.structure if kind == "Figure"]
    for figure in _figures(document):
        if Reading(figure.alt).text not in told:
            yield f"the figure {figure.title or figure.alt[:30]!r} has no alternative text in the PDF"
    if "" in told:
        yield "a figure in the PDF has no alternative text"


def _pages(document: Document, pdf: Pdf) -> Iterator[str]:
    """Each page after the cover says which of how many it is, and that simulated data are."""
    label, total = _LABELS[document.cover.language]["page"], len(pdf.pages)
    readings = [Reading(page) for page in pdf.pages]
    if not readings[0].has(document.cover.title):
        yield "the cover doesn't show the title"
    for number, reading in enumerate(readings[1:], start=2):
        if not reading.has(label.format(page=number, pages=total)):
            yield f"page {number} doesn't say that it is page {number} of {total}"
    if document.cover.synthetic:
        for number, reading in enumerate(readings, start=1):
            if not reading.has(_SYNTHETIC):
                yield f"page {number} doesn't say {_SYNTHETIC}"


def _bookmarks(document: Document, pdf: Pdf) -> Iterator[str]:
    marks = iter([Reading(words).text for words in pdf.bookmarks])
    for _, _, words in document.headings():
        # A bookmark has the heading's number before its words.
        if not any(mark.endswith(Reading(words).text) for mark in marks):
            yield f"the heading {words!r} has no bookmark, or not in its place"
            return


def _rows(document: Document, pdf: Pdf) -> Iterator[str]:
    """Each table's caption, headings, rows and notes, in order, between its caption and the next one's."""
    label = _LABELS[document.cover.language]["table"]
    reading = Reading(*pdf.pages)
    tables = _tables(document)
    begins: list[int] = []
    for number, table in enumerate(tables, start=1):
        caption = label.format(number=number) + Reading(table.title).text
        place = reading.find([caption], begins[-1] if begins else 0)
        if place is None:
            yield f"the caption of table {number} ({table.title}) can't be found in the PDF"
            return
        begins.append(place[1])
    for number, (table, begin) in enumerate(zip(tables, begins, strict=True), start=1):
        end = begins[number] if number < len(begins) else len(reading.text)
        blocks = fit(table.columns, table.rows).blocks
        # The lines of a broken heading may stand between those of its neighbours.
        heads = {line for block in blocks for heading in block.headings for line in heading.split("\n")}
        heads |= {column.group or "" for column in table.columns}
        for text in (table.unit, *sorted(heads), *table.notes):
            if reading.find([text], begin, end, broken=True) is None:
                yield f"{text[:40]!r} of table {number} ({table.title}) can't be found in the PDF"
        lost: list[str] = []
        # The columns of a very wide table stand in blocks below each other.
        for block in blocks:
            for row in table.rows:
                cells = [row[place] for place in block.places]
                place = reading.find(cells, begin, end, broken=sum(map(len, cells)) > _LONG)
                if place is None:
                    lost.append(_lost(number, table, row))
                else:
                    begin = place[1]
        yield from _some(lost)


_MINUS = str.maketrans(dict.fromkeys("−‐‑‒–—﹣－", "-"))
_HYPHEN = re.compile(r"(?<=[A-Za-z])-\s*(?=[A-Za-z])")
_UNSEEN = re.compile("[\u00ad\u200b\u2060\ufeff\ufffe\x02]")
_NUMERIC = re.compile(r"[\d.,%-]")
_LONG = 400
"""Characters from which the text of a row may be broken over two pages."""
_PIECE = 12
"""Least number of characters of a piece on a page, unless it is the end."""


class Reading:
    """A text without what typesetting adds: line ends, spaces, hyphens, the look of minus signs.

    Where a space or line end stood is remembered, since between two numbers it tells one from the other.

    Examples
    --------
    >>> Reading("信息传输、软件和信息\\n技术服务业 25.70 50.59").find(["信息传输、软件和信息技术服务业", "25.70"])
    (0, 20)
    >>> Reading("制造业 125.7").find(["制造业", "25.7"]), Reading("制造业 25.70").find(["制造业", "25.7"])
    (None, None)
    """

    def __init__(self, *pages: str) -> None:
        self._words: list[str] = []
        self._page_ends: list[int] = []
        for page in pages:
            page = unicodedata.normalize("NFKC", page).translate(_MINUS)
            self._words += _HYPHEN.sub("", _UNSEEN.sub("", page)).split()
            self._page_ends.append(sum(map(len, self._words)))
        self.text = "".join(self._words)

    @cached_property
    def _gaps(self) -> frozenset[int]:
        """Places in the text before which there was a space."""
        return frozenset(accumulate(map(len, self._words), initial=0))

    def has(self, text: str) -> bool:
        """Whether a text can be read in this one."""
        return Reading(text).text in self.text

    def find(
        self, cells: Sequence[str], begin: int = 0, end: int | None = None, *, broken: bool = False
    ) -> tuple[int, int] | None:
        """Where cells stand one after the other, as begin and end; None if they don't.

        Parameters
        ----------
        begin, end : places in :attr:`text` to look between.
        broken : they may go on on the next page, after its header.
        """
        wanted = [text for text in (Reading(cell).text for cell in cells) if text]
        end = len(self.text) if end is None else end
        whole = "".join(wanted)
        place = self.text.find(whole, begin, end)
        while place >= 0:
            edges = accumulate(map(len, wanted), initial=place)
            if all(map(self._parts, edges)):
                return place, place + len(whole)
            place = self.text.find(whole, place + 1, end)
        return self._find_broken(whole, begin, end) if broken else None

    def _find_broken(self, whole: str, begin: int, end: int) -> tuple[int, int] | None:
        """Where a text stands that is broken at the ends of pages only."""
        first = place = self.text.find(whole[:_PIECE], begin, end)
        while place >= 0:
            same = sum(
                1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(whole, self.text[place:end], strict=False))
            )
            whole, place = whole[same:], place + same
            if not whole:
                return first, place
            page_end = next((page_end for page_end in self._page_ends if page_end >= place), end)
            place = self.text.find(whole[:_PIECE], page_end, end)
        return None

    def _parts(self, edge: int) -> bool:
        """Whether a cell can end here: not in the middle of a number."""
        if edge in self._gaps or edge >= len(self.text):
            return True
        return not (_NUMERIC.match(self.text[edge - 1]) and _NUMERIC.match(self.text[edge]))
