"""nbconvert exporters of wagekit's reports: ``wagekit-html`` and ``wagekit-pdf``.

Both show what a reader needs and no code. An executed notebook goes in, one file that stands alone comes out; the
same notebook gives the same bytes. ``jupyter nbconvert --to wagekit-pdf report.ipynb`` works without anything else
of wagekit's builds.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbconvert.exporters import Exporter
from traitlets import Bool, default

from wagekit.errors import ReleaseError
from wagekit.publish.drawing import dark_colours, follows_the_screen
from wagekit.publish.rendering import fonts
from wagekit.publish.rendering.document import Document, Figure, Plain, Prose, Table, read_document
from wagekit.publish.rendering.markdown import to_html
from wagekit.publish.rendering.references import external_references
from wagekit.publish.rendering.table_fit import fit
from wagekit.publish.rendering.typst_writer import TEMPLATE, compile_pdf, write_typst

if TYPE_CHECKING:
    from jinja2 import Template
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
_FONT = "the-font"  # stands in the style sheet until it is known which glyphs the page needs


def read_report(notebook: NotebookNode, *, name: str) -> Document:
    """Read an executed notebook and make sure that each of its characters can be drawn.

    Parameters
    ----------
    notebook : a notebook with its outputs.
    name : what to call it in messages, and in the title if it has none.

    Raises
    ------
    ReleaseError
        See :func:`~wagekit.publish.rendering.document.read_document` and :func:`~wagekit.publish.rendering.fonts.check_glyphs`.
    """
    document = read_document(notebook, name=name)
    fonts.check_glyphs(document.text(), where=name)
    return document


def _name(resources: Mapping[str, Any]) -> str:
    return str(resources.get("metadata", {}).get("name") or "report")


class WagekitHTMLExporter(Exporter):
    """One accessible web page that holds everything it shows and asks nothing of any other place.

    Formulas are MathML, charts are inline SVG, a cut-down font is carried along for machines without Chinese fonts.

    Raises
    ------
    ReleaseError
        See :func:`~wagekit.publish.rendering.document.read_document`; also if the page would ask for an external address or
        holds a script.
    """

    export_from_notebook = "wagekit HTML report"
    output_mimetype = "text/html"
    embed_font = Bool(True, help="Carry the font's glyphs that the page uses inside it.").tag(config=True)

    @default("file_extension")
    def _file_extension(self) -> str:
        return ".html"

    def from_notebook_node(  # type: ignore[override]
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """Render an executed notebook; returns the page and nbconvert's resources."""
        copy, resources = super().from_notebook_node(nb, resources, **kw)
        return make_page(read_report(copy, name=_name(resources)), embed_font=self.embed_font), resources


@cache
def _page_template() -> Template:
    from jinja2 import Environment, FileSystemLoader

    # Only the package's own templates: a folder named wagekit in the working directory is not one.
    return Environment(loader=FileSystemLoader(_TEMPLATES / "wagekit"), autoescape=True).get_template("index.html.j2")


def make_page(document: Document, *, embed_font: bool = True) -> str:
    """The web page of a report. The same document gives the same page.

    Parameters
    ----------
    document : from :func:`read_report`.
    embed_font : carry the font's glyphs that the page uses inside it.

    Raises
    ------
    ReleaseError
        If the page would ask for an external address or holds a script.
    """
    report = {
        "cover": document.cover,
        "labels": LABELS[document.cover.language],
        "headings": list(document.headings()),
        "parts": _parts(document),
        "dark_colours": dark_colours(),
        "font": _FONT if embed_font else "",
    }
    page = _page_template().render(report=report)
    foreign = external_references(page)
    if foreign:
        raise ReleaseError(
            f"the page would use {', '.join(foreign[:3])}",
            where=document.cover.title,
            expected="a page without scripts that holds everything it shows",
            do="Take it out of the notebook's outputs",
        )
    if embed_font:
        face = fonts.embedded_face("".join(sorted({*page, *_GENERATED})))
        page = page.replace(f"data:{_FONT}", f"data:font/woff;base64,{base64.b64encode(face).decode()}", 1)
    return page


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
                lying = fit(block.columns, block.rows).flipped
                parts.append({"kind": "table", "title": block.title, "html": html, "lying": lying})
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
    svg = " ".join(filter(None, map(str.strip, svg.split("\n"))))
    svg = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", svg)
    # Looking back at what stands before the name is a good deal faster than beginning with it.
    svg = re.sub(r'id="(?<!\wid=")', f'id="{prefix}', svg)
    svg = svg.replace('href="#', f'href="#{prefix}').replace("url(#", f"url(#{prefix}")
    return svg.replace("<svg", '<svg aria-hidden="true"', 1).strip()


class WagekitPDFExporter(Exporter):
    """A PDF/UA-1 file set by typst: cover, contents, running header, page numbers, bookmarks, alternative texts.

    Raises
    ------
    ReleaseError
        See :func:`~wagekit.publish.rendering.document.read_document`; also if typst can't set the report or warns of anything.
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
        return set_pdf(read_report(copy, name=_name(resources))), resources


def set_pdf(document: Document) -> bytes:
    """The PDF of a report. The same document gives the same bytes.

    Raises
    ------
    ReleaseError
        If typst can't set it, or warns.
    """
    source = write_typst(document)
    files = {"main.typ": source.main.encode(), TEMPLATE: _typst_template(), **source.files}
    return compile_pdf(files, where=document.cover.title)


@cache
def _typst_template() -> bytes:
    return (_TEMPLATES / TEMPLATE).read_bytes()


def render(document: Document, ending: str) -> bytes:
    """The file of a report in one of the :data:`~wagekit.publish.rendering.notebook.FORMATS`.

    Parameters
    ----------
    document : from :func:`read_report`.
    ending : ``html`` or ``pdf``.

    Raises
    ------
    ReleaseError
        See :func:`make_page` and :func:`set_pdf`.
    """
    return set_pdf(document) if ending == "pdf" else make_page(document).encode()
