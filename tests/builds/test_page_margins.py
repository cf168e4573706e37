"""Words outside the text area of a page are found, on pages that stand and that lie."""

import io

import numpy as np
import pypdfium2
import pytest
import typst

from wagekit.builds.page_margins import beyond_margins
from wagekit.builds.pdf_file import _boxes
from wagekit.publish.rendering.fonts import typst_fonts

A4 = (595.28, 841.89)


@pytest.mark.parametrize(
    ("box", "beyond"),
    [
        ((68.1, 400, 527.2, 410), False),
        ((68.1, 400, 531.9, 410), False),  # a full stop and a space behind the line's end
        ((50, 400, 527, 410), True),
        ((68.1, 400, 540, 410), True),
        ((68.1, 5, 100, 15), True),
        ((68.1, 830, 100, 840), True),
        ((700, 400, 720, 410), True),
    ],
)
def test_each_side_is_watched(box, beyond):
    boxes = np.array([(100.0, 300, 200, 310), box])
    assert beyond_margins(boxes, *A4) is beyond


def test_a_page_without_words_is_in_order():
    assert not beyond_margins(np.empty((0, 4)), *A4)


@pytest.mark.parametrize("flipped", ["false", "true"])
@pytest.mark.parametrize(("width", "beyond"), [("100%", False), ("110%", True)])
def test_a_finished_page(flipped, width, beyond):
    """A number at the right end of a line as wide as the text, and of one that is wider."""
    program = (
        f'#set page(paper: "a4", flipped: {flipped}, margin: (top: 27mm, bottom: 25mm, x: 24mm))\n'
        f'#set text(font: "Noto Sans CJK SC", size: 9pt)\n#block(width: {width}, align(right)[1,234,567.89])'
    )
    page = pypdfium2.PdfDocument(io.BytesIO(typst.compile(program.encode(), font_paths=typst_fonts())))[0]
    assert beyond_margins(_boxes(page.get_textpage()), *page.get_size()) is beyond
