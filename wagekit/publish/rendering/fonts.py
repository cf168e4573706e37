"""The one font of everything that is published: Noto Sans CJK SC, found, registered and checked.

The font comes as a dependency (``noto-cjk-sans-otc``, SIL Open Font License) or from the system; none is kept in
the project. Neither matplotlib nor typst nor a browser says a word when a character has no glyph, so every text
is compared with the font's character map before it is published.
"""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wagekit.errors import ReleaseError

if TYPE_CHECKING:
    import typst
    import uharfbuzz

FAMILY = "Noto Sans CJK SC"

_PYPI_MODULE = "noto_cjk_sans_otc"
_FILE_NAMES = ("NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf")
_SYSTEM_FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path.home() / ".local/share/fonts",
    Path.home() / ".fonts",
    Path("/Library/Fonts"),
    Path("C:/Windows/Fonts"),
    Path.home() / "AppData/Local/Microsoft/Windows/Fonts",
)


@cache
def font_file() -> Path:
    """Path of the font file: the one of the Python package, else the first one the system has.

    Raises
    ------
    ReleaseError
        If the font is in neither place.

    Examples
    --------
    >>> font_file().suffix in (".ttc", ".otf")
    True
    """
    folders: list[Path] = []
    spec = find_spec(_PYPI_MODULE)
    if spec is not None and spec.submodule_search_locations:
        folders += [Path(folder) for folder in spec.submodule_search_locations]
    for folder in (*folders, *_SYSTEM_FOLDERS):
        for name in _FILE_NAMES:
            found = sorted(folder.rglob(name)) if folder.is_dir() else []
            if found:
                return found[0]
    raise ReleaseError(
        f"the font {FAMILY} is not installed",
        where="fonts",
        expected=f"the Python package {_PYPI_MODULE.replace('_', '-')} or {_FILE_NAMES[0]} on the system",
        do="Install wagekit with the extra 'reports': pip install 'wagekit[reports]'",
    )


@cache
def _face_number() -> int:
    """Index of the Simplified Chinese face in the font collection (0 in a file with one face)."""
    from fontTools.ttLib import TTCollection

    path = font_file()
    if path.suffix != ".ttc":
        return 0
    with TTCollection(str(path), lazy=True) as collection:
        for number, face in enumerate(collection.fonts):
            if face["name"].getDebugName(1) == FAMILY:
                return number
    raise ReleaseError(f"the collection holds no face named {FAMILY}", where=str(path))


@cache
def register() -> str:
    """Make the font known to matplotlib (>= 3.11, which sees all faces of a collection) and return its family.

    Examples
    --------
    >>> register()
    'Noto Sans CJK SC'
    """
    from matplotlib import font_manager

    font_manager.fontManager.addfont(str(font_file()))
    return FAMILY


@cache
def typst_fonts() -> typst.Fonts:
    """The one font for typst, read once.

    System fonts stay out: the same report has to look, and weigh, the same on every machine.
    """
    import typst

    return typst.Fonts(include_system_fonts=False, font_paths=[str(font_file().parent)])


def load_for_typst() -> None:
    """Let typst read the font file, which it puts off until a character is set.

    A page of the web is set for that, since a PDF would be made by threads, which a process that is going to be forked
    must not have.
    """
    import typst

    program: Any = {"main.typ": f'#set text(font: "{FAMILY}")\n#html.frame[工资]'.encode()}
    with suppress(typst.TypstError):  # then it is read later
        typst.compile(program, format="html", font_paths=typst_fonts())


@cache
def _glyphs() -> frozenset[int]:
    """Code points that the font can draw."""
    from fontTools.ttLib import TTFont

    with TTFont(str(font_file()), fontNumber=_face_number(), lazy=True) as font:
        return frozenset(font.getBestCmap())


def missing_glyphs(text: str) -> list[str]:
    """Characters of ``text`` that the font can't draw, each once, in the order of their code points.

    Line ends, tabs and characters that are never drawn (controls, joiners) don't count.

    Examples
    --------
    >>> missing_glyphs("工资价位 P50 ½")
    []
    >>> missing_glyphs("a\N{MUSICAL SYMBOL G CLEF}b")
    ['\N{MUSICAL SYMBOL G CLEF}']
    """
    drawn = {c for c in text if unicodedata.category(c) not in ("Cc", "Cf", "Zl", "Zp")}
    return sorted(c for c in drawn if ord(c) not in _glyphs())


def check_glyphs(text: str, *, where: str) -> None:
    """Refuse a text that would be published with empty boxes in it.

    Parameters
    ----------
    text : everything that will be drawn.
    where : what the text is, for the message.

    Raises
    ------
    ReleaseError
        Naming each character without a glyph, its code point and the words around its first occurrence.
    """
    missing = missing_glyphs(text)
    if missing:
        first = text.index(missing[0])
        names = ", ".join(f"{c!r} (U+{ord(c):04X})" for c in missing[:10])
        around = text[max(0, first - 10) : first + 10].replace("\n", " ")
        raise ReleaseError(
            f"no glyph for {names}",
            where=where,
            expected=f"characters that {FAMILY} can draw",
            do=f"Replace them; the first stands in {around!r}",
        )


@cache
def face() -> uharfbuzz.Face:
    """The Simplified Chinese face of the font, as HarfBuzz takes it."""
    import uharfbuzz

    return uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(font_file())), _face_number())


def embedded_face(text: str) -> bytes:
    """The font cut down to the characters of ``text``, as WOFF, to be carried inside a web page.

    The same text gives the same bytes. About 0.01 s and 0.2 KiB a character.

    Examples
    --------
    >>> embedded_face("工资")[:4]
    b'wOFF'
    """
    from io import BytesIO

    import uharfbuzz
    from fontTools.ttLib import TTFont

    wanted = uharfbuzz.SubsetInput()
    wanted.flags = uharfbuzz.SubsetFlags.NOTDEF_OUTLINE
    wanted.unicode_set.update(map(ord, text + " "))
    wanted.layout_feature_tag_set.clear()
    wanted.layout_feature_tag_set.update(_tags("tnum", "kern"))
    wanted.name_id_set.clear()
    wanted.drop_table_tag_set.update(_tags("BASE", "VORG", "vhea", "vmtx"))
    cut = uharfbuzz.subset(face(), wanted).blob.data
    buffer = BytesIO()
    # The tables are only packed; not even the time stamp is touched.
    with TTFont(BytesIO(cut), lazy=True, recalcTimestamp=False, recalcBBoxes=False) as font:
        font.flavor = "woff"
        font.save(buffer)
    return buffer.getvalue()


def _tags(*names: str) -> list[int]:
    return [int.from_bytes(name.encode(), "big") for name in names]
