"""Text as outlines: held against the font's own tables and matplotlib's reading of its glyphs."""

import pytest
from fontTools.ttLib import TTFont

from wagekit.errors import ReleaseError
from wagekit.publish.lettering import laid_out, outline, width
from wagekit.publish.rendering import fonts


@pytest.fixture(scope="module")
def font():
    with TTFont(fonts.font_file(), fontNumber=fonts._face_number(), lazy=True) as opened:
        yield opened


def test_glyphs_and_widths_are_those_of_the_font(font):
    text = "工资价位12.35万元"
    names = [font.getBestCmap()[ord(character)] for character in text]
    assert [glyph for glyph, _ in laid_out(text).glyphs] == [font.getGlyphID(name) for name in names]
    advances = [font["hmtx"][name][0] for name in names]
    assert [place for _, place in laid_out(text).glyphs] == [sum(advances[:k]) for k in range(len(advances))]
    assert width(text, 8) == pytest.approx(8 * sum(advances) / font["head"].unitsPerEm)


def test_letters_are_kerned():
    assert width("AV", 10) < width("A", 10) + width("V", 10)


@pytest.mark.parametrize("character", "工8g%")
def test_outlines_are_those_that_matplotlib_draws(character):
    from fontTools.pens.boundsPen import BoundsPen
    from fontTools.svgLib.path import parse_path
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    fonts.register()
    ((glyph, _),) = laid_out(character).glyphs
    pen = BoundsPen(None)
    parse_path(outline(glyph), pen)
    box = TextPath((0, 0), character, size=1000, prop=FontProperties(family=fonts.FAMILY)).get_extents()
    # matplotlib reads the outlines in 64ths of a point at 100 points to the em, which are 0.16 units of the font.
    assert pen.bounds == pytest.approx((box.x0, box.y0, box.x1, box.y1), abs=0.5)


def test_the_width_of_lines_is_that_of_the_widest():
    assert width("工资\n价位表", 8) == 24


def test_what_is_never_drawn_takes_no_room():
    assert laid_out("工\u200b资").glyphs[1][1] == 1000
    assert width("工\u200b资", 1) == 2


def test_dots_stand_on_the_line_in_english_and_in_the_middle_in_chinese():
    english, chinese = (laid_out(text).glyphs[-1][0] for text in ("Grade…", "等级…"))
    assert english != chinese


def test_a_missing_glyph_is_refused():
    with pytest.raises(ReleaseError, match=r"no glyph for .*U\+1D11E"):
        laid_out("\N{MUSICAL SYMBOL G CLEF}")
