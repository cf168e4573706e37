"""What a web page would load, link to or run, if it were opened."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_LINES = re.compile(r'\sd="[A-Za-z0-9.,\s+-]*"')
"""The lines of drawings: most of a report's page, and no reference to anything."""


class _References(HTMLParser):
    """Collects what a page would load or run."""

    _LOADING = frozenset(
        {"src", "href", "xlink:href", "srcset", "poster", "data", "action", "formaction", "background"}
    )
    _ACTIVE = frozenset({"script", "iframe", "object", "embed", "link", "base", "form"})

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        if tag in self._ACTIVE:
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            text = (value or "").strip()
            if name.startswith("on") or text.lower().startswith("javascript:"):
                self.found.append(f"{name}={text[:40]!r}")
            elif name in self._LOADING and text and not text.startswith(("#", "data:")):
                self.found.append(text[:80])
            elif name == "style":
                self._css(text)
            elif name == "http-equiv":
                self.found.append(f"{name}={text[:40]!r}")

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self._css(data)

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def _css(self, text: str) -> None:
        self.found += [url[:80] for url in re.findall(r"url\(\s*['\"]?(?!#|data:)([^)'\"]*)", text)]
        self.found += re.findall(r"@import[^;]*", text)


def external_references(page: str) -> list[str]:
    """What an HTML page would load from elsewhere, link to or run; empty for a page that stands alone.

    Examples
    --------
    >>> external_references('<img src="data:image/png;base64,AA"><a href="#top">x</a>')
    []
    >>> external_references('<img src="//a.b/c.png"><p style="background: url(x.png)" onclick="f()">')
    ['//a.b/c.png', 'x.png', "onclick='f()'"]
    """
    parser = _References()
    parser.feed(_LINES.sub("", page))
    parser.close()
    return parser.found
