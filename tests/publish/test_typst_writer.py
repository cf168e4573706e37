"""The typst program: text from data is a string in it, tables are native, nothing is lost."""

import base64
import io
import json
import re

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.publish.made_estimates import made_estimates
from tests.publish.made_notebooks import cell, made_notebook, markdown, shown
from wagekit.publish.cover import Cover
from wagekit.publish.rendering.document import Document, Figure, read_document
from wagekit.publish.rendering.exporters import set_pdf
from wagekit.publish.rendering.formula import typst_string
from wagekit.publish.rendering.typst_writer import write_typst
from wagekit.publish.table import release

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAADklEQVR4nGP4DwMMcBYAs2AR7za3GVIAAAAASUVORK5CYII="
)
"""Three white dots by two."""
HOSTILE = '#import "@preview/x:1.0.0": *  $x$ *b* _i_ `r` @label <l> \\ ] } " // /* = - + 1. #panic()'


def written(*cells):
    return write_typst(read_document(made_notebook(cell(shown(Cover("报告"))), *cells)))


def outside_strings(program):
    """The program without its string literals."""
    return re.sub(r'"(?:\\.|[^"\\])*"', '""', program)


@given(st.text(max_size=80))
def test_a_string_literal_can_be_read_back(text):
    # typst's escapes used here (\\, \" and \n) are JSON's too; JSON allows no bare control characters.
    literal = re.sub(r"[\x00-\x1f]", lambda m: f"\\u{ord(m[0]):04x}", typst_string(text))
    assert json.loads(literal) == text


def test_hostile_text_stays_inside_string_literals():
    from wagekit.publish.rendering.markdown import escape_markdown

    table = release(made_estimates({"C": {}}), labels={"C": HOSTILE}, title=HOSTILE, notes=[HOSTILE])
    program = written(cell(shown(table)), markdown(f"## {escape_markdown(HOSTILE)}")).main
    bare = outside_strings(program)
    assert "panic" in program
    assert "panic" not in bare
    assert "preview" not in bare
    assert "import" not in bare.split("\n", 1)[1]


def test_a_table_keeps_every_cell_heading_and_note():
    table = release(made_estimates({"C": {}, "A": {"n": 40}}), labels={"C": "制造业"}, unit="万元/年")
    program = written(cell(shown(table))).main
    data = table.to_json()
    for text in [data["title"], data["unit"], *data["notes"], *(text for row in data["rows"] for text in row)]:
        assert typst_string(text) in program
    assert program.count('group: "分位值"') == 5


def test_a_figure_comes_with_alternative_text_and_caption():
    source = write_typst(Document(Cover("报告"), (Figure("<svg/>", '说"明', "图题"), Figure(PNG, "b", ""))))
    assert set(source.files) == {"figure-1.svg", "figure-2.svg"}
    assert source.files["figure-1.svg"] == b"<svg/>"
    assert b'<image width="3" height="2" href="data:image/png;base64,' in source.files["figure-2.svg"]
    assert 'title: "图题", alt: "说\\"明", file: "figure-1.svg"' in source.main


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("**粗** *斜* ~~删~~ `码`", 'par({strong({"粗"}); " "; emph({"斜"}); " "; strike({"删"}); " "; raw("码")})'),
        ("1. 甲\n2. 乙", 'enum(start: 1, {{"甲"}}, {{"乙"}}, )'),
        ("- 甲\n  - 乙", 'list({{"甲"}; list({{"乙"}}, )}, )'),
        ("> 引", 'quotation({par({"引"})})'),
        ("甲  \n乙", 'par({"甲"; linebreak(); "乙"})'),
        ("| a | b |\n|--|--:|\n| 1 | **2** |", '{plain-table((13.14pt, 446.06pt, ), (left, right, ), (strong({"a"}), '
         'strong({"b"}), ), ({"1"}, {strong({"2"})}, ), size: 9pt, padding: 4pt)}'),
    ],
)  # fmt: skip
def test_markdown_as_typst(source, expected):
    assert f"#{expected}\n" in written(markdown(source)).main


@settings(max_examples=25, deadline=None)
@given(st.text(alphabet=st.sampled_from("#$*_`@<>\\\"'[]{}()=-+/~^&|中a1 \n"), max_size=60))
def test_typst_accepts_any_markdown(source):
    typst = pytest.importorskip("typst")
    from wagekit.errors import ReleaseError

    try:
        program = written(markdown(source)).main
    except ReleaseError:  # a formula that is no LaTeX, an image
        return
    # Only the syntax and the calls count here, so the page design is a stand-in that takes anything.
    names = program.split("\n", 1)[0].split(": ")[1].split(", ")
    stand_in = (
        "\n".join(f"#let {name} = (..any) => none" for name in names if name != "divider") + "\n#let divider = none"
    )
    typst.compile((stand_in + "\n" + program.split("\n", 1)[1]).encode(), format="svg")


def widths(table):
    """Points of the columns of a table in the program."""
    program = written(cell(shown(table))).main
    return [float(width) for width in re.search(r"widths: \(([^)]*)\)", program)[1].replace("pt", "").split(", ")[:-1]]


@pytest.mark.parametrize("name", ["农", "党的机关、国家机关、群众团体和社会组织、企事业单位负责人"])
@pytest.mark.parametrize("by", [("industry",), ("industry", "occupation_major")])
@pytest.mark.parametrize("precision", [[], ["interval"]])
def test_columns_fill_the_page_and_figures_have_room(name, by, precision):
    codes = ("A",) * len(by)
    estimates = made_estimates({codes: {}}, by=by, statistics=("p50",) if precision else ("p10", "p50", "p90", "mean"))
    table = release(estimates, labels={column: {"A": name} for column in by}, precision=precision)
    made = widths(table)
    # 162 mm lie between the margins of the page; each width is rounded down to 0.01 points.
    assert 162 * 72 / 25.4 - 0.01 * len(made) <= sum(made) <= 162 * 72 / 25.4
    # Five digits of 9 points, 0.555 em each, and the cell's padding.
    assert min(made[-len(table.columns) :]) >= 5 * 0.555 * 9 + 2 * 4


def test_a_picture_of_dots_is_set():
    """What JupyterLab shows of a figure by default is PNG."""
    pdf = pypdf.PdfReader(io.BytesIO(set_pdf(Document(Cover("报告"), (Figure(PNG, "白点", "图题"),)))))
    images = [image for page in pdf.pages for image in page.images]
    assert [image.image.size for image in images] == [(3, 2)]
