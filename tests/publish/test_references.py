"""What a page refers to is found however the page is written; the quick look at simple pages hides nothing."""

import pytest

from wagekit.publish.rendering.references import _References, _stands_alone, external_references

HARMLESS = [
    '<!DOCTYPE html><html lang="zh-CN"><body><p class="a" hidden>工资 &lt; 5</p><br/></body></html>',
    '<svg viewBox="0 0 1 1"><clipPath id="c"/><use xlink:href="#a" style="fill: url(#g)"/></svg>',
    "<style>p { background: url(data:font/woff;base64,AAAA) }</style>",
    '<p title="figure on onset = 1">javascript: src=x</p>',
]
REFERRING = [
    '<p a="<td class="x"> <img src=evil> "">',  # quotation marks that pair another way without the cell
    "<!<td>-- <img src=evil>",
    '<img alt="x" SRC="//a.b/c.png"/>',
    '<a href="&#106;avascript:f()">x</a>',
    '<a href="java&#115;cript:f()">x</a>',
    '<p style="background: u&#114;l(x.png)"></p>',
    "<style>p { background: url(x.png) }</style>",
    "<style>@import 'x.css'</style>",
    '<style>p::after { content: "<b title="; background: url(//h/x) }</style>',
    '<p onclick="f()"></p>',
    "<p onclick></p>",
    '<clipPath id="a" onload="f()"/>',
    "<SCRIPT>f()</SCRIPT>",
    '<iframe title="x"></iframe>',
    '<meta http-equiv="refresh" content="0; url=//h"/>',
    '<p class="a"title="b"src="c"></p>',
    '<use xlink:href=" //a.b/c#d"/>',
    "<a href=x>",
]


@pytest.mark.parametrize("page", HARMLESS)
def test_a_simple_page_that_stands_alone_is_not_read_further(page):
    assert _stands_alone(page)
    assert external_references(page) == read_in_full(page) == []


@pytest.mark.parametrize("page", REFERRING)
@pytest.mark.parametrize("around", ["{}", '<table><tr><td class="right">1</td></tr></table>{}<p class="note">注</p>'])
def test_a_page_that_refers_to_something_never_passes_the_quick_look(page, around):
    page = around.format(page)
    assert read_in_full(page)
    assert external_references(page) == read_in_full(page)


def test_a_comment_is_never_taken_for_simple():
    assert not _stands_alone("<p>a</p><!-- b -->")


def read_in_full(page):
    parser = _References()
    parser.feed(page)
    parser.close()
    return parser.found
