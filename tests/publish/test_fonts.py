"""The font: found, known to matplotlib, and honest about what it can't draw."""

import subprocess
import sys
from io import BytesIO

import pytest
from fontTools.ttLib import TTFont

from wagekit.errors import ReleaseError
from wagekit.publish.rendering import fonts


def test_the_font_is_found_and_known_to_matplotlib():
    from matplotlib import font_manager

    assert fonts.font_file().is_file()
    assert fonts.register() == "Noto Sans CJK SC"
    # findfont falls back silently to DejaVu unless told not to.
    found = font_manager.findfont(fonts.FAMILY, fallback_to_default=False)
    assert str(found) == str(fonts.font_file())


def test_a_missing_font_is_one_clear_error(monkeypatch):
    fonts.font_file.cache_clear()
    monkeypatch.setattr(fonts, "find_spec", lambda name: None)
    monkeypatch.setattr(fonts, "_SYSTEM_FOLDERS", ())
    with pytest.raises(ReleaseError, match=r"Noto Sans CJK SC is not installed.*pip install 'wagekit\[reports\]'"):
        fonts.font_file()
    monkeypatch.undo()
    fonts.font_file.cache_clear()


def test_published_characters_all_have_glyphs():
    assert fonts.missing_glyphs("工资价位（2023年）：10%分位值，单位：万元/年 — “··” … ≥ × ½ é\n\t\u200b") == []


def test_a_character_without_a_glyph_is_named_with_its_surroundings():
    with pytest.raises(ReleaseError, match=r"table 3: no glyph for .*U\+1D11E.*制造业"):
        fonts.check_glyphs("前文很长很长很长很长，制造业\N{MUSICAL SYMBOL G CLEF}企业", where="table 3")


def test_the_embedded_face_holds_the_characters_of_the_text_and_no_more_than_it_needs():
    face = fonts.embedded_face("工资 123")
    assert face == fonts.embedded_face("321 资工")
    with TTFont(BytesIO(face)) as font:
        assert set("工资123 ") <= {chr(code) for code in font.getBestCmap()}
        assert len(font.getGlyphOrder()) < 30
    assert len(face) < 20_000


LOADS = """
import os
from pathlib import Path
from wagekit.publish.rendering import fonts

def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"), len(os.listdir("/proc/self/task"))

fonts.typst_fonts()
before, _ = held()
fonts.load_for_typst()
after, threads = held()
print(after - before, threads)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="forks of Linux")
def test_a_server_can_let_typst_read_the_font_without_a_thread():
    said = subprocess.run([sys.executable, "-c", LOADS], capture_output=True, text=True, check=True).stdout
    read, threads = map(int, said.split())
    assert threads == 1
    # A little of what typst held before may be used again.
    assert read > 0.9 * fonts.font_file().stat().st_size
