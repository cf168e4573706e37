"""A finished web page as its reader finds it: the words that can be seen, the words that are told, the tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BLOCKS = (
    frozenset({"address", "article", "aside", "blockquote", "br", "caption", "dd", "div", "dl", "dt", "figcaption"})
    | {"figure", "footer", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tbody", "td"}
    | {"tfoot", "th", "thead", "tr", "ul", "text", "desc"}
    | _HEADINGS
)
_UNSEEN = frozenset({"head", "style", "script", "title", "template", "noscript"})
_TOLD = ("alt", "aria-label", "title", "content", "aria-description", "summary", "placeholder")
_DRAWN = re.compile(r'\sd="[A-Za-z0-9.,\s+-]*"|(?<=;base64,)[A-Za-z0-9+/=]{200,}')
"""Lines of drawings, pictures and fonts: most of a page, and no words."""
_TELLING = f"//*[{' or '.join(f'@{name}' for name in _TOLD)}]"
_HIDEABLE = (
    f"//*[@hidden or @style or {' or '.join(f'self::{tag}' for tag in sorted(_UNSEEN))}]"
    " | //comment() | //processing-instruction()"
)
"""Elements, in order, that may be hidden; a page has thousands of others."""
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*(hidden|collapse)|font-size\s*:\s*0|opacity\s*:\s*0\s*(;|$)")


@dataclass(frozen=True)
class HtmlTable:
    """A table of a page: the id of the element around it, and all of its rows, spanned cells repeated."""

    id: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class HtmlPage:
    """What a page holds for its readers.

    Parameters
    ----------
    root : the page as lxml's tree.
    """

    root: Any

    @cached_property
    def text(self) -> str:
        """Words that can be seen, a line for each block."""
        return _seen(self.root)

    @cached_property
    def told(self) -> tuple[str, ...]:
        """Texts of attributes that are read out or shown at the pointer, of the head, and what is hidden."""
        told = [value for element in self.root.xpath(_TELLING) for name in _TOLD if (value := element.get(name))]
        hidden = (element for element in self.root.xpath(_HIDEABLE) if _hidden(element) and not _drawing(element))
        return tuple(text.strip() for text in (*told, *map(_inside, hidden)) if text.strip())

    @property
    def title(self) -> str:
        title = self.root.find(".//head/title")
        return " ".join(title.text_content().split()) if title is not None else ""

    @property
    def language(self) -> str:
        return str(self.root.get("lang", ""))

    @cached_property
    def headings(self) -> tuple[str, ...]:
        """Words of the headings, in order."""
        return tuple(_words(element) for element in self.root.iter(*_HEADINGS))

    @cached_property
    def tables(self) -> tuple[HtmlTable, ...]:
        """The tables, in order."""
        return tuple(HtmlTable(_id_around(table), tuple(_rows(table))) for table in self.root.iter("table"))

    @cached_property
    def pictures(self) -> tuple[str, ...]:
        """Alternative text of each picture, in order; "" where there is none."""
        return tuple(_pictures(self.root))


def read_page(source: str) -> HtmlPage:
    """Read a web page; styles, scripts and the lines of drawings are passed over.

    Examples
    --------
    >>> page = read_page('<h1>工资</h1><p hidden>x</p><table><tr><th rowspan=2>甲<td>1<tr><td>2</table><img src=a>')
    >>> page.text.split(), page.tables[0].rows, page.pictures
    (['工资', '甲', '1', '2'], (('甲', '1'), ('甲', '2')), ('',))
    """
    from lxml import html

    parser = html.HTMLParser(encoding="utf-8")
    return HtmlPage(html.document_fromstring(_DRAWN.sub("", source).encode(), parser=parser))


def _hidden(element: Any) -> bool:
    if element.tag in _UNSEEN or not isinstance(element.tag, str):
        return True
    style = element.get("style")
    return element.get("hidden") is not None or (style is not None and bool(_HIDING.search(style)))


def _drawing(element: Any) -> bool:
    return element.tag in ("style", "script", "head")


def _inside(element: Any) -> str:
    # A comment has no elements.
    return "".join(element.itertext()) if isinstance(element.tag, str) else element.text or ""


def _seen(element: Any) -> str:
    """The words of an element that can be seen, a line for each block."""
    pieces: list[str] = []
    _see(element, pieces)
    return "".join(pieces)


def _see(element: Any, pieces: list[str]) -> None:
    if _hidden(element):
        return
    line = "\n" if element.tag in _BLOCKS else ""
    pieces += (line, element.text or "")
    for child in element:
        _see(child, pieces)
        pieces.append(child.tail or "")
    pieces.append(line)


def _words(element: Any) -> str:
    return " ".join(_seen(element).split())


def _id_around(table: Any) -> str:
    return next((found for element in table.iterancestors() if (found := element.get("id"))), "")


def _pictures(element: Any) -> Iterator[str]:
    if element.tag in ("img", "svg") or element.get("role") == "img":
        yield element.get("alt") or element.get("aria-label") or ""
    else:
        for child in element:
            yield from _pictures(child)


def _rows(table: Any) -> Iterator[tuple[str, ...]]:
    """The rows that can be seen, each as wide as the table."""
    down: dict[int, tuple[str, int]] = {}  # column -> words that reach down, for how many more rows
    for row in table.iter("tr"):
        own = [] if _hidden(row) or any(map(_hidden, row.iterancestors())) else list(row.iterchildren("th", "td"))
        cells: list[str] = []
        while own or len(cells) in down:
            if len(cells) in down:
                words, left = down.pop(len(cells))
                if left > 1:
                    down[len(cells)] = (words, left - 1)
                cells.append(words)
                continue
            cell = own.pop(0)
            for _ in range(_number(cell.get("colspan"))):
                if _number(cell.get("rowspan")) > 1:
                    down[len(cells)] = (_words(cell), _number(cell.get("rowspan")) - 1)
                cells.append(_words(cell))
        yield tuple(cells)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 1
