"""nbconvert exporters of wagekit's reports: ``wagekit-html`` and ``wagekit-pdf``.

Both show what a reader needs and no code. An executed notebook goes in, one file that stands alone comes out; the
same notebook gives the same bytes. ``jupyter nbconvert --to wagekit-pdf report.ipynb`` works without anything else
of wagekit's builds.
"""

from __future__ import annotations

import base64
import re
import tempfile
from collections.abc import Mapping
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbconvert.exporters import Exporter, TemplateExporter
from traitlets import Bool, default

from wagekit.errors import ReleaseError
from wagekit.publish import fonts
from wagekit.publish.document import Document, Figure, Plain, Prose, Table, read_document
from wagekit.publish.drawing import dark_colours, follows_the_screen
from wagekit.publish.markdown import to_html
from wagekit.publish.typst_writer import TEMPLATE, write_typst

if TYPE_CHECKING:
    import typst
    from nbformat import NotebookNode

_TEMPLATES = Path(__file__).resolve().parent / "templates"

LABELS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "tag": "zh-CN",
        "skip": "跳到正文",
        "contents": "目录",
        "table": "表",
        "figure": "图",
        "synthetic": "模拟数据",
        "page": '"第 " counter(page) " 页　共 " counter(pages) " 页"',
    },
    "en": {
        "tag": "en",
        "skip": "Skip to the text",
        "contents": "Contents",
        "table": "Table ",
        "figure": "Figure ",
        "synthetic": "Simulated data (模拟数据)",
        "page": '"Page " counter(page) " of " counter(pages)',
    },
}

# What the style sheet writes by itself: numbers of chapters, tables and pages.
_GENERATED = "〇零一二三四五六七八九十百、（）第页共表图"


def _read(notebook: NotebookNode, resources: Mapping[str, Any]) -> Document:
    name = str(resources.get("metadata", {}).get("name") or "report")
    document = read_document(notebook, name=name)
    fonts.check_glyphs(document.text(), where=name)
    return document


class WagekitHTMLExporter(TemplateExporter):
    """One accessible web page that holds everything it shows and asks nothing of any other place.

    Formulas are MathML, charts are inline SVG, a cut-down font is carried along for machines without Chinese fonts.

    Raises
    ------
    ReleaseError
        See :func:`~wagekit.publish.document.read_document`; also if the page would ask for an external address or
        holds a script.
    """

    export_from_notebook = "wagekit HTML report"
    template_name = "wagekit"
    output_mimetype = "text/html"
    embed_font = Bool(True, help="Carry the font's glyphs that the page uses inside it.").tag(config=True)

    @default("file_extension")
    def _file_extension(self) -> str:
        return ".html"

    @default("template_extension")
    def _template_extension(self) -> str:
        return ".html.j2"

    @default("extra_template_basedirs")
    def _template_folders(self) -> list[str]:
        return [str(_TEMPLATES)]

    @default("template_paths")
    def _template_paths(self) -> list[str]:
        # Only the package's own templates: a folder named wagekit in the working directory is not one.
        return [str(_TEMPLATES / "wagekit")]

    def from_notebook_node(  # type: ignore[override]
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """Render an executed notebook; returns the page and nbconvert's resources."""
        resources = dict(resources or {})
        document = _read(nb, resources)
        resources["report"] = {
            "cover": document.cover,
            "labels": LABELS[document.cover.language],
            "headings": list(document.headings()),
            "parts": _parts(document),
            "dark_colours": dark_colours(),
            "font": "",
        }
        page, resources = super().from_notebook_node(nb, resources, **kw)
        if self.embed_font:
            face = fonts.embedded_face("".join(sorted({*page, *_GENERATED})))
            resources["report"]["font"] = base64.b64encode(face).decode()
            page, resources = super().from_notebook_node(nb, resources, **kw)
        foreign = external_references(page)
        if foreign:
            raise ReleaseError(
                f"the page would use {', '.join(foreign[:3])}",
                where=document.cover.title,
                expected="a page without scripts that holds everything it shows",
                do="Take it out of the notebook's outputs",
            )
        return page, resources


def _parts(document: Document) -> list[dict[str, Any]]:
    """The blocks as the template takes them: kind, finished HTML, caption."""
    parts: list[dict[str, Any]] = []
    for block in document.blocks:
        match block:
            case Prose(tokens):
                parts.append({"kind": "prose", "html": to_html(tokens)})
            case Table():
                # The page has one style sheet for all its tables.
                html = re.sub(r"<style>.*?</style>\s*", "", block.html, flags=re.S)
                parts.append({"kind": "table", "title": block.title, "html": html})
            case Figure():
                parts.append({"kind": "figure", "title": block.title, **_picture(block, len(parts))})
            case Plain(text):
                parts.append({"kind": "plain", "text": text})
    return parts


def _picture(figure: Figure, number: int) -> dict[str, str]:
    if isinstance(figure.image, bytes):
        return {"alt": figure.alt, "png": base64.b64encode(figure.image).decode()}
    return {"alt": figure.alt, "svg": inline_svg(follows_the_screen(figure.image), prefix=f"f{number}-")}


def inline_svg(svg: str, *, prefix: str) -> str:
    """The inside of an SVG file as part of a web page: names made unique, prolog and metadata gone.

    Examples
    --------
    >>> inline_svg('<?xml version="1.0"?><svg xmlns="http://x.y"><g id="a"/><use href="#a"/></svg>', prefix="f1-")
    '<svg aria-hidden="true"><g id="f1-a"/><use href="#f1-a"/></svg>'
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.S)
    svg = re.sub(r"\s*\n\s*", " ", svg)
    svg = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", svg)
    svg = re.sub(r'\bid="', f'id="{prefix}', svg)
    svg = re.sub(r'(href=")#|(url\()#', lambda m: f"{m[1] or m[2]}#{prefix}", svg)
    return svg.replace("<svg", '<svg aria-hidden="true"', 1).strip()


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
    parser.feed(page)
    parser.close()
    return parser.found


class WagekitPDFExporter(Exporter):
    """A PDF/UA-1 file set by typst: cover, contents, running header, page numbers, bookmarks, alternative texts.

    Raises
    ------
    ReleaseError
        See :func:`~wagekit.publish.document.read_document`; also if typst can't set the report or warns of anything.
    """

    export_from_notebook = "wagekit PDF report"
    output_mimetype = "application/pdf"

    @default("file_extension")
    def _file_extension(self) -> str:
        return ".pdf"

    def from_notebook_node(  # type: ignore[override]
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[bytes, dict[str, Any]]:
        """Set an executed notebook; returns the file and nbconvert's resources."""
        copy, resources = super().from_notebook_node(nb, resources, **kw)
        return set_pdf(_read(copy, resources)), resources


@cache
def _fonts() -> typst.Fonts:
    import typst

    # System fonts stay out: the same report has to look, and weigh, the same on every machine.
    return typst.Fonts(include_system_fonts=False, font_paths=[str(fonts.font_file().parent)])


def set_pdf(document: Document) -> bytes:
    """The PDF of a report. The same document gives the same bytes.

    Raises
    ------
    ReleaseError
        If typst can't set it, or warns.
    """
    import typst

    source = write_typst(document)
    with tempfile.TemporaryDirectory(prefix="wagekit-") as name:
        folder = Path(name)
        (folder / TEMPLATE).write_bytes((_TEMPLATES / TEMPLATE).read_bytes())
        for file, content in source.files.items():
            (folder / file).write_bytes(content)
        main = folder / "main.typ"
        main.write_text(source.main, encoding="utf-8")
        try:
            pdf, warnings = typst.compile_with_warnings(
                str(main), format="pdf", font_paths=_fonts(), pdf_standards=["1.7", "ua-1"], timestamp=0
            )
        except typst.TypstError as error:
            raise _not_set(document, error.message, error.hints) from error
    if warnings:
        raise _not_set(document, warnings[0].message, warnings[0].hints)
    return pdf


def _not_set(document: Document, message: str, hints: list[str]) -> ReleaseError:
    return ReleaseError(f"the PDF can't be set ({message})", where=document.cover.title, do="; ".join(hints) or None)
