"""A report that lost something on its way to the reader is found out, whatever the programs on the way said."""

import re
from copy import deepcopy
from dataclasses import replace
from io import BytesIO

import nbformat
import pikepdf
import pytest

from tests.publish.made_notebooks import cell, made_notebook, markdown
from tests.publish.test_exporters import report
from wagekit.builds.pdf_file import Pdf
from wagekit.builds.report_checks import Expected, Reading, check_report
from wagekit.errors import ReleaseError
from wagekit.publish.rendering import exporters
from wagekit.publish.rendering.document import Figure, Table, read_document
from wagekit.publish.rendering.fonts import typst_fonts


class Made:
    """A report with its files in a folder."""

    def __init__(self, folder, language):
        self.notebook = report(language)[0]
        self.document = read_document(self.notebook)
        self.page = exporters.WagekitHTMLExporter(embed_font=False).from_notebook_node(self.notebook)[0]
        self.pdf = exporters.set_pdf(self.document)
        self.folder = folder

    def problems(self, *, page=None, pdf=None, document=None):
        """What the checks say of the report with one file, or what it should be, replaced."""
        files = {"html": self.folder / "report.html", "pdf": self.folder / "report.pdf"}
        files["html"].write_text(page or self.page, encoding="utf-8")
        files["pdf"].write_bytes(pdf or self.pdf)
        return check_report(document or self.document, files, notebook=self.notebook)

    def changed(self, change):
        """The PDF after `change` was done to it."""
        with pikepdf.open(BytesIO(self.pdf)) as file:
            change(file)
            file.save(made := BytesIO())
        return made.getvalue()

    def table(self, **changes):
        """The document with its table changed."""
        blocks = [replace(block, **changes) if isinstance(block, Table) else block for block in self.document.blocks]
        return replace(self.document, blocks=tuple(blocks))

    @property
    def rows(self):
        return next(block for block in self.document.blocks if isinstance(block, Table)).rows


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return Made(tmp_path_factory.mktemp("zh"), "zh")


@pytest.fixture(scope="module")
def english(tmp_path_factory):
    return Made(tmp_path_factory.mktemp("en"), "en")


def test_a_whole_report_in_both_languages_has_no_problem(made, english):
    assert made.problems() == english.problems() == []
    assert len(Pdf(made.pdf).pages) > 4, "the table goes over several pages"


@pytest.mark.parametrize("number", [0, 37, 79])
def test_a_row_that_the_pdf_lost_is_found_out(made, number):
    without = made.table(rows=(*made.rows[:number], *made.rows[number + 1 :]))
    (problem,) = made.problems(pdf=exporters.set_pdf(without))
    assert problem.startswith(f"report.pdf: row '{number + 1} {made.rows[number][1]}")


@pytest.mark.parametrize("place", [0, 1, 4, -1])
def test_a_cell_that_the_pdf_shows_otherwise_is_found_out(made, place):
    row = list(made.rows[40])
    row[place] = row[place] + "1"
    changed = exporters.set_pdf(made.table(rows=(*made.rows[:40], tuple(row), *made.rows[41:])))
    assert [problem.split(" of table")[0] for problem in made.problems(pdf=changed)] == [
        f"report.pdf: row '{' '.join(made.rows[40][:3])}'"
    ]


def test_two_rows_that_changed_places_are_found_out(made):
    rows = list(made.rows)
    rows[10], rows[11] = rows[11], rows[10]
    assert len(made.problems(pdf=exporters.set_pdf(made.table(rows=tuple(rows))))) == 1


def test_rows_that_ran_off_the_page_are_found_out(made, monkeypatch):
    # What typst does with a table in a figure that may not break: no error, no warning.
    style = exporters._typst_template().decode()
    rule = r"show figure: set block\(breakable: [^)]*\)"
    broken, places = re.subn(rule, "show figure: set block(breakable: false)", style)
    assert places, "the style says that figures may break"
    monkeypatch.setattr(exporters, "_typst_template", broken.encode)
    problems = made.problems(pdf=exporters.set_pdf(made.document))
    lost = [problem for problem in problems if "row '" in problem]
    assert lost, problems
    assert any("more like that" in problem for problem in problems)


def test_boxes_in_place_of_characters_in_a_figure_are_found_out(made):
    """matplotlib only warns of them; the words are those of matplotlib 3.11."""
    node = deepcopy(made.notebook)
    warned = "x.py:158: UserWarning: Glyph 31034 (\\N{CJK UNIFIED IDEOGRAPH-793A}) missing from font(s) DejaVu Sans."
    [code, *_] = [each for each in node.cells if each.cell_type == "code"]
    code.outputs.append(nbformat.v4.new_output("stream", name="stderr", text=warned))
    [problem] = check_report(made.document, {}, notebook=node)
    assert "boxes in place of characters (Glyph 31034" in problem


def test_text_over_other_text_is_found_out(made):
    def print_twice(file):
        page = file.pages[3]
        page.contents_add(b"1 0 0 1 0 4 cm\n" + page.Contents.read_bytes())

    assert "report.pdf: text is printed over other text on page 4" in made.problems(pdf=made.changed(print_twice))


def test_a_row_that_the_page_lost_or_hides_is_found_out(made):
    before, row, after = made.page.partition('<td class="number">7</td>')
    hidden = before[: before.rindex("<tr>")] + "<tr hidden>" + row + after
    lost = before[: before.rindex("<tr>")] + after[after.index("</tr>") + 5 :]
    for page in (hidden, lost):
        (problem,) = made.problems(page=page)
        assert problem.startswith(f"report.html: row '7 {made.rows[6][1]}")


def test_a_page_without_its_table_figure_words_or_heading_is_found_out(made):
    figure = next(block for block in made.document.blocks if isinstance(block, Figure))
    for gone, expected in (
        (f'id="{next(b.id for b in made.document.blocks if isinstance(b, Table))}"', "table 1"),
        (f'aria-label="{figure.alt}"', "has no alternative text"),
        ('lang="zh-CN"', "language is not given"),
        ("模拟数据", "doesn't say 模拟数据"),
        ("第二章", "the heading '第二章'"),
        ("<title>", "has no title"),
    ):
        found = made.problems(page=made.page.replace(gone, "" if gone != "<title>" else "<title></title>"))
        assert any(expected in problem for problem in found), (gone, found)


def test_what_a_page_asks_of_other_places_is_found_out(made):
    page = made.page.replace("</main>", '<img src="https://example.org/a.png" alt="x"></main>')
    assert made.problems(page=page) == ["report.html: the page would use https://example.org/a.png"]


def _link(file):
    note = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.Link,
        Rect=[0, 0, 9, 9],
        A=pikepdf.Dictionary(S=pikepdf.Name.URI, URI="https://example.org"),
    )
    file.pages[0].obj.Annots = file.make_indirect([note])


def _opens(file):
    file.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")


def _launches(file):
    file.pages[1].obj.Annots = [
        pikepdf.Dictionary(Subtype=pikepdf.Name.Link, A=pikepdf.Dictionary(S=pikepdf.Name.Launch, F="cmd.exe"))
    ]


def _attaches(file):
    file.attachments["raw.csv"] = b"1"


def _forgets_alt(file):
    for thing in file.objects:
        if isinstance(thing, pikepdf.Dictionary) and thing.get("/S") == "/Figure":
            del thing["/Alt"]


def _forgets_font(file):
    for thing in file.objects:
        if isinstance(thing, pikepdf.Dictionary) and thing.get("/Type") == "/FontDescriptor":
            for key in {"/FontFile2", "/FontFile3"} & set(thing.keys()):
                del thing[key]


def _forgets_bookmark(file):
    del file.Root.Outlines.First["/First"]


def _without(key):
    def change(file):
        del file.Root[key]

    return change


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_link, "the PDF holds an action URI (https://example.org)"),
        (_opens, "the PDF holds an action when it is opened"),
        (_launches, "the PDF holds an action Launch (cmd.exe)"),
        (_attaches, "the PDF holds an embedded file"),
        (_forgets_alt, "has no alternative text in the PDF"),
        (_forgets_font, "isn't in the PDF"),
        (_forgets_bookmark, "the heading '一节' has no bookmark"),
        (_without("/StructTreeRoot"), "isn't tagged"),
        (_without("/Lang"), "the PDF's language is not given"),
        (_without("/ViewerPreferences"), "the PDF shows 'no title' as its title"),
        (lambda file: file.pages.reverse(), "doesn't say that it is page"),
    ],
)
def test_what_a_pdf_lacks_or_carries_is_found_out(made, change, expected):
    found = made.problems(pdf=made.changed(change))
    assert any(expected in problem for problem in found), found


def test_a_box_in_the_place_of_a_character_is_found_out(tmp_path, made):
    import typst

    # The standard for accessible files refuses such a glyph, so it is set without one: Hebrew is not in the font.
    for text, pages in (("工资", ()), ("工资\u05d0", (1,))):
        source = f'#set text(font: "Noto Sans CJK SC", fallback: false)\n{text}'
        (tmp_path / "a.typ").write_text(source, encoding="utf-8")
        pdf = typst.compile(str(tmp_path / "a.typ"), font_paths=typst_fonts())
        assert Pdf(pdf).missing_glyphs == pages


ZERO = [
    rb"(\000\000)",
    rb"(\001\002\0\00a\000)",
    b"(a\0\0\0b)",
    b"(\\000\\\n\\000)",
    b"<00010000>",
    b"<000>",
    b"<00 0 1 0000>",
]
NO_ZERO = [rb"(\001\000\000\002)", b"(a\0\0b)", b"<00EA00F0000A>", b"<00EA0F0000A0>", rb"(\0001\000)", b"<0>"]


@pytest.mark.parametrize("text", ZERO + NO_ZERO)
@pytest.mark.parametrize("shown", [b"%b Tj", b"[%b -250 (ab)] TJ"])
def test_a_box_is_found_out_however_its_number_is_written(text, shown):
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type0, Encoding=pikepdf.Name("/Identity-H"))
    with pikepdf.new() as file:
        page = file.add_blank_page()
        page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F0=font))
        page.Contents = file.make_stream(b"BT /F0 9 Tf " + shown % text + b" ET")
        file.save(content := BytesIO())
    assert Pdf(content.getvalue()).missing_glyphs == ((1,) if text in ZERO else ())


def test_a_damaged_or_locked_pdf_is_a_problem_and_no_crash(made):
    locked = BytesIO()
    with pikepdf.open(BytesIO(made.pdf)) as file:
        file.save(locked, encryption=pikepdf.Encryption(user="secret", owner="owner"))
    for pdf in (made.pdf[: len(made.pdf) // 3], b"%PDF-1.7 nothing", locked.getvalue()):
        (problem,) = made.problems(pdf=pdf)
        assert problem.startswith("report.pdf: the PDF can't be read")


def test_a_report_of_nothing_is_a_problem():
    document = read_document(made_notebook(markdown("# 标题\n"), cell()))
    assert check_report(document, {}) == [
        "the report shows 0 characters of text, expected at least 1",
        "the report shows neither a table nor a figure",
    ]


def test_a_report_may_be_words_alone_where_its_notebook_says_so():
    """As of an industry of which nothing may be published."""
    notebook = made_notebook(markdown("# 标题\n\n没有可以公布的数据。\n"), cell())
    document = read_document(notebook)
    assert check_report(document, {}, notebook=notebook) == ["the report shows neither a table nor a figure"]
    notebook.metadata["wagekit"] = {"expects": {"shows": 0}}
    assert check_report(document, {}, notebook=notebook) == []


def test_a_notebook_declares_what_it_shows_at_least(made):
    made.notebook.metadata["wagekit"] = {"expects": {"tables": 2, "figures": 1}}
    try:
        assert made.problems() == ["the report shows 1 tables, expected at least 2"]
    finally:
        del made.notebook.metadata["wagekit"]


@pytest.mark.parametrize("declared", [{"tabels": 1}, {"tables": "3"}, {"tables": True}, {"tables": -1}, [3]])
def test_a_declaration_that_is_none_is_refused(declared):
    with pytest.raises(ReleaseError, match=r"a\.ipynb, metadata wagekit\.expects"):
        Expected.of({"wagekit": {"expects": declared}}, where="a.ipynb")


@pytest.mark.parametrize(
    ("text", "cells", "found"),
    [
        ("1 信息\n技术业 15.2\n−3.1 2 下一", ["1", "信息技术业", "15.2", "-3.1"], True),
        ("1 low-\nskilled work 1,234.5 2", ["1", "low-skilled work", "1,234.5"], True),
        ("1 甲 15.23 4", ["1", "甲", "15.2"], False),
        ("1 甲 15.2 3.4", ["1", "甲", "15.23", "4"], False),
        ("1 甲 115.2", ["1", "甲", "15.2"], False),
        ("21 甲 15.2", ["1", "甲", "15.2"], False),
        ("1 甲 -15.2", ["1", "甲", "15.2"], False),
        ("1 甲 （乙） ..", ["1", "甲(乙)", ".."], True),
        ("1 甲 5%", ["1", "甲", "5"], False),
    ],
)
def test_cells_are_read_as_they_are_set(text, cells, found):
    assert (Reading(text).find(cells) is not None) == found


def test_a_cell_longer_than_a_page_is_followed_over_the_page():
    words = "工资总额由计时工资计件工资奖金津贴组成" * 40
    first, second = f"1 {words[:307]}\n第 2 页", f"标题\n{words[307:]} 5.1"
    assert Reading(first, second).find(["1", words, "5.1"], broken=True) is not None
    assert Reading(first, second).find(["1", words, "5.1"]) is None
    for place in (100, 280):
        assert Reading(first[:place] + first[place + 1 :], second).find(["1", words, "5.1"], broken=True) is None
        assert Reading(first, second[:place] + second[place + 1 :]).find(["1", words, "5.1"], broken=True) is None
