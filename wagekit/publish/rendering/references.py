"""What a web page would load, link to or run, if it were opened."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser

_LINES = re.compile(r'\sd="[A-Za-z0-9.,\s+-]*"')
"""The lines of drawings: most of a report's page, and no reference to anything."""


_LOADING = frozenset({"src", "href", "xlink:href", "srcset", "poster", "data", "action", "formaction", "background"})
_ACTIVE = frozenset({"script", "iframe", "object", "embed", "link", "base", "form"})
_FOREIGN = re.compile(r"url\(\s*['\"]?(?!#|data:)([^)'\"]*)")
_IMPORT = re.compile(r"@import[^;]*")

_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9-]*)((?:\s+[a-zA-Z][a-zA-Z:_-]*(?:=\"[^\"<>]*\")?)*)\s*/?>")
"""A tag as programs write it: what it is and where it ends is the same for whoever reads it."""
_ATTRIBUTE = re.compile(r"\s([a-zA-Z][a-zA-Z:_-]*)(?:=\"([^\"<>]*)\")?")
_DOCTYPE = "<!DOCTYPE html>"


def _of_attribute(name: str, value: str) -> Iterator[str]:
    """What an attribute would load or run; its name in small letters."""
    text = value.strip()
    if name.startswith("on") or text.lower().startswith("javascript:"):
        yield f"{name}={text[:40]!r}"
    elif name in _LOADING and text and not text.startswith(("#", "data:")):
        yield text[:80]
    elif name == "style":
        yield from _of_styles(text)
    elif name == "http-equiv":
        yield f"{name}={text[:40]!r}"


def _of_styles(text: str) -> Iterator[str]:
    yield from (url[:80] for url in _FOREIGN.findall(text))
    yield from _IMPORT.findall(text)


class _References(HTMLParser):
    """Collects what a page would load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        if tag in _ACTIVE:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            self.found += _of_attribute(name, value or "")

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.found += _of_styles(data)

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False


def _stands_alone(page: str) -> bool:
    """Whether a page is written so simply that its tags can be told apart without reading it, and none refers to
    anything; of any other page nothing is said.

    A report's page has thousands of tags, most of them alike: each kind is looked at once.
    """
    tags = _TAG.findall(page)
    if page.count("<") != len(tags) + page.count(_DOCTYPE):  # something else begins somewhere, be it a comment
        return False
    if next(_of_styles(page), None) is not None:
        return False
    different = set(tags)
    attributes = {found for _, attributes in different for found in _ATTRIBUTE.findall(attributes)}
    return _ACTIVE.isdisjoint(tag.lower() for tag, _ in different) and not any(
        True for name, value in attributes for _ in _of_attribute(name.lower(), unescape(value))
    )


def external_references(page: str) -> list[str]:
    """What an HTML page would load from elsewhere, link to or run; empty for a page that stands alone.

    Examples
    --------
    >>> external_references('<img src="data:image/png;base64,AA"><a href="#top">x</a>')
    []
    >>> external_references('<img src="//a.b/c.png"><p style="background: url(x.png)" onclick="f()">')
    ['//a.b/c.png', 'x.png', "onclick='f()'"]
    """
    page = _LINES.sub("", page)
    if _stands_alone(page):
        return []
    parser = _References()
    parser.feed(page)
    parser.close()
    return parser.found
