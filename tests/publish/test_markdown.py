"""Markdown and formulas: text from data stays text, Chinese lines join without spaces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wagekit.errors import ReleaseError
from wagekit.publish.rendering.formula import to_mathml, to_typst
from wagekit.publish.rendering.markdown import escape_markdown, parse, plain_text, to_html


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=60))
def test_escaped_text_is_shown_exactly(text):
    escaped = escape_markdown(text)
    # White space is the one thing that changes: runs become one space, as in any typeset text.
    assert plain_text(parse(f"一、{escaped}")) == f"一、{' '.join(text.split())}".rstrip()


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("中文一行\n接着一行", "<p>中文一行接着一行</p>"),
        ("one line\nand the next", "<p>one line and the next</p>"),
        ("中文\nEnglish", "<p>中文 English</p>"),
        ("<script>x</script>", "<p>&lt;script&gt;x&lt;/script&gt;</p>"),
        ("a <b>x</b>", "<p>a &lt;b&gt;x&lt;/b&gt;</p>"),
        ("<!-- not shown -->", ""),
        ("[公告](https://example.org/a)", "<p>公告 (https://example.org/a)</p>"),
        ("[x](javascript:alert)", "<p>x (javascript:alert)</p>"),
        ("2. 乙\n3. 丙", '<ol start="2"><li>乙</li><li>丙</li></ol>'),
    ],
)
def test_what_markdown_becomes(source, html):
    assert to_html(parse(source)) == html


def test_an_image_in_the_text_is_refused():
    with pytest.raises(ReleaseError, match="cell 4: the text holds an image"):
        parse("![图](https://example.org/a.png)", where="cell 4")


def test_a_markdown_table_has_scopes_and_sides():
    html = to_html(parse("| 指标 | 值 |\n|:--|--:|\n| 中位数 | 1 |"))
    assert '<th scope="col" class="left">指标</th>' in html
    assert '<td class="right">1</td>' in html


FORMULA = r"\hat F(y)=\frac{\sum_{i\in s} w_i\,\mathbf{1}(y_i\le y)}{\sum_{i\in s} w_i}"


def test_a_formula_is_mathml_without_addresses():
    html = to_html(parse(f"$${FORMULA}$$"))
    assert html.startswith('<div class="scroll" tabindex="0" role="group"><math display="block"')
    assert "<mfrac>" in html
    assert "http" not in html


def test_text_in_a_formula_stays_text():
    assert "<script" not in to_mathml(r"\text{<script>}")
    assert '$"#import\\"x\\""$' in to_typst(r'\text{#import"x"}')


def test_every_construction_of_the_method_notes_can_be_set_by_typst():
    typst = pytest.importorskip("typst")
    formulas = [
        FORMULA,
        r"\hat Q(p)=\inf\{y:\hat F(y)\ge p\}",
        r"\text{增长率}=\left(\frac{W_t}{W_{t-1}}-1\right)\times 100\%",
        r"f(x)=\begin{cases}1 & x>0\\0&\text{else}\end{cases}",
        r"\sqrt[3]{x}+\sqrt{y}, \quad \bar{Y}_h, \tilde x, \dot x, \max_i x_i, \operatorname{Var}(x)",
        r"\begin{pmatrix}1&2\\3&4\end{pmatrix}\; \overline{abc} \; x'",
        r"a < b; c \ge d \neq e \# \$ \& \_ / [1] \{2\} | ~",
    ]
    body = "\n\n".join(f"#{to_typst(each, block=True)}" for each in formulas)
    source = '#set document(title: "t")\n#set text(font: "New Computer Modern")\n' + body.replace("增长率", "g")
    _, warnings = typst.compile_with_warnings(source.encode(), format="pdf", pdf_standards=["ua-1"])
    assert [warning.message for warning in warnings] == []


def test_a_broken_formula_is_named():
    with pytest.raises(ReleaseError, match="can't be read"):
        to_mathml(r"x^{")


@pytest.mark.parametrize("bold", ["-1.90%", "\\-1.90%", "5%", "（甲）", "“甲”", "≥5%", "甲"])
@pytest.mark.parametrize("after", ["的", "（本行业）", "，", "", " "])
def test_bold_needs_no_spaces_around_it_in_chinese(bold, after):
    shown = bold.replace("\\", "")
    assert to_html(parse(f"为**{bold}**{after}乙**2**丙")) == (
        f"<p>为<strong>{shown}</strong>{after}乙<strong>2</strong>丙</p>"
    )


def test_asterisks_in_code_and_escaped_ones_stay():
    assert to_html(parse(r"a`x**-1`b \*\*-1\*\* c")) == "<p>a<code>x**-1</code>b **-1** c</p>"
