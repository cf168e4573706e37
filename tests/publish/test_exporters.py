"""The reports as readers get them: one web page that stands alone, one accessible PDF, nothing lost on the way."""

import base64
import re
from html.parser import HTMLParser
from io import BytesIO

import pytest

from tests.publish.made_estimates import made_estimates, secrets
from tests.publish.made_notebooks import cell, made_notebook, markdown, shown
from wagekit.disclosure import judge
from wagekit.errors import ReleaseError
from wagekit.publish import charts
from wagekit.publish.cover import Cover
from wagekit.publish.rendering.document import read_document
from wagekit.publish.rendering.exporters import (
    WagekitHTMLExporter,
    WagekitPDFExporter,
    external_references,
    inline_svg,
    read_report,
    render,
    set_pdf,
)
from wagekit.publish.table import release

CODES = [f"{letter}{number}" for letter in "ABCDEFGH" for number in range(10)]


def report(language="zh", *, synthetic=True, items=80):
    """A report of all kinds of blocks, with a table over several pages and items that are held back."""
    metadata = {"name": "2023", "synthetic": synthetic}
    domains = {code: {"level": 61_000.0 + 1_117 * k} for k, code in enumerate(CODES[:items])}
    domains |= {"X1": {"level": 9_876_543.0, "n_psu": 2}, "X2": {"level": 8_765_432.0, "n": 35}}
    estimates = made_estimates(domains, metadata=metadata)
    table = release(estimates, labels={code: f"行业{code}名称" for code in domains}, language=language)
    cover = Cover(
        "工资价位报告" if language == "zh" else "Wage levels",
        2023,
        bureau="某区人力资源和社会保障局",
        date="2024-09-30",
        language=language,
        synthetic=synthetic,
        provenance="wagekit 0.1.0 · 0123456789ab",
    )
    notebook = made_notebook(
        cell(shown(cover)),
        markdown("## 第一章\n\n正文，公式 $x^2$。\n\n### 一节\n\n$$\\frac{a}{b}$$"),
        cell(shown(charts.percentile_strips(table, most=10))),
        cell(shown(table)),
        markdown("## 第二章\n\n- 一\n- 二"),
    )
    return notebook, estimates, table


@pytest.fixture(scope="module")
def page():
    return WagekitHTMLExporter().from_notebook_node(report()[0])[0]


@pytest.fixture(scope="module")
def pdf():
    pypdf = pytest.importorskip("pypdf")
    content, resources = WagekitPDFExporter().from_notebook_node(report()[0])
    assert resources["output_extension"] == ".pdf"
    return pypdf.PdfReader(BytesIO(content))


def plain(text):
    return re.sub(r"\s+", "", text)


# -- the web page -------------------------------------------------------------------------------


def test_the_page_needs_nothing_from_elsewhere(page):
    assert external_references(page) == []
    assert "http" not in page
    assert "<script" not in page


def test_the_page_shows_no_code(page):
    assert "not for readers" not in page


class Outline(HTMLParser):
    """What an assistive technology is told: headings, ids, captions, tables' scopes, names of pictures."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.ids, self.unlabelled, self.language = [], [], [], None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append(tag)
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "html":
            self.language = given["lang"]
        if given.get("role") == "img" and not given.get("aria-label"):
            self.unlabelled.append(given)
        if (tag == "img" and not given.get("alt")) or (tag == "th" and "scope" not in given):
            self.unlabelled.append((tag, given))


def test_the_page_is_accessible(page):
    outline = Outline(page)
    assert outline.language == "zh-CN"
    assert outline.unlabelled == []
    assert len(outline.ids) == len(set(outline.ids))
    headings = [tag for tag in outline.tags if re.fullmatch(r"h\d", tag)]
    assert headings == ["h1", "h2", "h3", "h2"]
    assert {"main", "nav", "header", "footer", "caption", "math"} <= set(outline.tags)
    assert {f"section-{k}" for k in ("1", "1-1", "2")} <= set(outline.ids)
    for name in re.findall(r'href="#([^"]+)"', page):
        assert name in outline.ids


def test_the_page_carries_its_glyphs(page):
    from fontTools.ttLib import TTFont

    encoded = re.search(r"data:font/woff;base64,([^)]+)", page)[1]
    with TTFont(BytesIO(base64.b64decode(encoded))) as font:
        drawn = {chr(code) for code in font.getBestCmap()}
    body = re.sub(r"<[^>]*>", "", page[page.index("<body>") :])
    # The chapter numbers are made by the style sheet.
    assert {c for c in body if not c.isspace()} | set("一二三四五六七八九十、（）") <= drawn


def test_the_page_turns_dark_and_prints(page):
    assert page.count("prefers-color-scheme: dark") == 2
    assert "var(--chart-1f4e79, #1f4e79)" in page
    assert "@media print" in page
    assert '"第 " counter(page) " 页' in page


def test_simulated_data_are_called_so_at_both_ends(page):
    assert "模拟数据" in page[page.index("<header") : page.index("</header>")]
    assert "模拟数据" in page[page.index("<footer") :]
    real = WagekitHTMLExporter().from_notebook_node(report(synthetic=False)[0])[0]
    assert "模拟" not in real


def test_the_same_notebook_gives_the_same_page(page):
    assert WagekitHTMLExporter().from_notebook_node(report()[0])[0] == page


def test_a_build_writes_what_nbconvert_writes(page):
    document = read_report(report()[0], name="report")
    assert render(document, "html").decode() == page
    assert render(document, "pdf") == WagekitPDFExporter().from_notebook_node(report()[0])[0]
    without = WagekitHTMLExporter(embed_font=False).from_notebook_node(report()[0])[0]
    assert "@font-face" not in without
    assert without == re.sub(r"@font-face .*\n", "", page)


def test_text_from_data_is_text_on_the_page():
    hostile = "<script>alert(1)</script><img src=//a.b/c onerror=x>"
    table = release(made_estimates({"C": {}}), labels={"C": hostile})
    notebook = made_notebook(cell(shown(Cover(hostile, bureau=hostile))), cell(shown(table)), markdown(f"a {hostile}"))
    made, _ = WagekitHTMLExporter().from_notebook_node(notebook)
    assert "<script>" not in made
    assert "&lt;script&gt;" in made


@pytest.mark.parametrize(
    "html",
    ["<table><tr><td><img src='https://a.b/c.png'></td></tr></table>", "<table onclick='f()'></table>"],
)
def test_a_page_that_would_ask_elsewhere_is_refused(html):
    table = release(made_estimates({"C": {}}))
    bundle = {**table._repr_mimebundle_(), "text/html": html}
    with pytest.raises(ReleaseError, match="the page would use"):
        WagekitHTMLExporter().from_notebook_node(made_notebook(cell(shown(Cover("报告"))), cell(shown(bundle))))


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<link rel="stylesheet" href="a.css">', ["<link>", "a.css"]),
        ("<style>@import 'x.css'; p { background: url('//h/x') }</style>", ["//h/x", "@import 'x.css'"]),
        ('<a href="javascript:f()">', ["href='javascript:f()'"]),
        ('<meta http-equiv="refresh" content="0; url=//h">', ["http-equiv='refresh'"]),
        ('<svg><use xlink:href="#a"/></svg><a href="#b">', []),
    ],
)
def test_external_references_are_found(html, found):
    assert external_references(html) == found


def test_names_inside_two_drawings_do_not_collide():
    svg = '<svg><g id="a" clip-path="url(#p)"/><use xlink:href="#a"/></svg>'
    first, second = inline_svg(svg, prefix="f1-"), inline_svg(svg, prefix="f2-")
    assert 'id="f1-a" clip-path="url(#f1-p)"' in first
    assert 'xlink:href="#f2-a"' in second


# -- the PDF ------------------------------------------------------------------------------------


def test_the_pdf_is_tagged_and_named(pdf):
    catalog = pdf.trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in catalog
    assert catalog["/Lang"].lower().startswith("zh")
    assert catalog["/ViewerPreferences"]["/DisplayDocTitle"]
    assert pdf.metadata.title == "工资价位报告"
    assert b"pdfuaid:part" in catalog["/Metadata"].get_object().get_data()


def test_the_pdf_has_bookmarks(pdf):
    top = [entry for entry in pdf.outline if not isinstance(entry, list)]
    assert [plain(entry.title) for entry in top][-2:] == ["一、第一章", "二、第二章"]
    assert any(isinstance(entry, list) and "（一）一节" in plain(entry[0].title) for entry in pdf.outline)


def test_each_page_says_where_it_is(pdf):
    pages = [plain(page.extract_text()) for page in pdf.pages]
    assert len(pages) >= 5
    for number, text in enumerate(pages[1:], start=2):
        assert f"第{number}页共{len(pages)}页" in text
        assert "工资价位报告2023年" in text
        assert "模拟数据" in text
    assert "某区人力资源和社会保障局" in pages[0]
    assert "2024年9月30日" in pages[0]
    assert "目录" in pages[1]


def test_no_row_of_a_long_table_is_lost(pdf):
    _, _, table = report()
    text = plain("".join(page.extract_text() for page in pdf.pages))
    for row in table.to_json()["rows"]:
        assert plain("".join(row[1:])) in text
    for note in table.printed_notes():
        assert plain(note) in text


def test_the_heads_of_a_long_table_are_repeated(pdf):
    pages = [plain(page.extract_text()) for page in pdf.pages]
    with_rows = [text for text in pages if re.search(r"行业[A-H]\d名称\d", text)]
    assert len(with_rows) >= 3
    assert all("10%25%50%75%90%" in text for text in with_rows)
    assert "（续）" not in with_rows[0]
    assert all("表1（续）单位：元/年" in text for text in with_rows[1:])


def test_pictures_and_formulas_have_alternative_texts(pdf):
    texts = []

    def walk(node):
        node = node.get_object()
        if "/Alt" in node:
            texts.append((node["/S"], node["/Alt"]))
        children = node.get("/K", [])
        for child in children if isinstance(children, list) else [children]:
            if hasattr(child.get_object(), "keys"):
                walk(child)

    walk(pdf.trailer["/Root"]["/StructTreeRoot"])
    assert {"/Figure", "/Formula"} <= {kind for kind, _ in texts}
    assert any(alt.startswith("模拟数据：") and "中位数" in alt for kind, alt in texts if kind == "/Figure")
    assert ("/Formula", "x^2") in texts


def test_all_fonts_are_embedded_with_their_characters(pdf):
    for page in pdf.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            assert "/ToUnicode" in font.get_object()
            descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
            assert "/FontFile3" in descriptor.get_object()


def test_the_same_document_gives_the_same_bytes():
    document = read_document(report()[0])
    assert set_pdf(document) == set_pdf(read_document(report()[0]))


def test_a_report_in_english():
    pypdf = pytest.importorskip("pypdf")
    content, _ = WagekitPDFExporter().from_notebook_node(report("en", items=3)[0])
    reader = pypdf.PdfReader(BytesIO(content))
    text = plain("".join(page.extract_text() for page in reader.pages))
    assert reader.trailer["/Root"]["/Lang"].startswith("en")
    assert f"Page2of{len(reader.pages)}" in text
    assert "30September2024" in text
    assert "Table1" in text


@pytest.mark.parametrize("exporter", [WagekitHTMLExporter, WagekitPDFExporter])
def test_a_character_without_a_glyph_stops_the_report(exporter):
    notebook = made_notebook(cell(shown(Cover("报告"))), markdown("音符 \N{MUSICAL SYMBOL G CLEF}"))
    with pytest.raises(ReleaseError, match=r"no glyph for .*U\+1D11E"):
        exporter().from_notebook_node(notebook)


# -- confidentiality ----------------------------------------------------------------------------


def test_nothing_held_back_is_in_any_report():
    notebook, estimates, _ = report()
    hidden = secrets(estimates, judge(estimates)["release"].to_numpy())
    # The fonts and outlines of the page are digits by chance; what a reader or a program can read is the rest.
    page = re.sub(r"base64,[^)\"]+|\sd=\"[^\"]*\"", "", WagekitHTMLExporter().from_notebook_node(notebook)[0])
    assert "9876543" in hidden
    assert [secret for secret in hidden if secret in page] == []
    assert "行业X1名称" not in page


def test_jupyter_finds_the_exporters_by_name():
    nbconvert = pytest.importorskip("nbconvert.exporters")
    names = nbconvert.get_export_names()
    if "wagekit-pdf" not in names:
        pytest.skip("wagekit is not installed, so its entry points are not known")
    assert nbconvert.get_exporter("wagekit-html") is WagekitHTMLExporter
    assert nbconvert.get_exporter("wagekit-pdf") is WagekitPDFExporter


def test_a_name_taller_than_a_page_loses_nothing():
    pypdf = pytest.importorskip("pypdf")
    long = "长" * 900 + "尾"
    labels = {"industry": {"A": long, "B": "短"}, "occupation": {"A": long}}
    table = release(made_estimates({("A", "A"): {}, ("B", "A"): {}}, by=("industry", "occupation")), labels=labels)
    content = set_pdf(read_document(made_notebook(cell(shown(Cover("报告"))), cell(shown(table)))))
    text = "".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(content)).pages)
    assert (text.count("长"), text.count("尾"), text.count("短")) == (2700, 3, 1)
