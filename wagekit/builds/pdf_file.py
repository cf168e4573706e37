"""A finished PDF as a reader, a screen reader and an attacker find it: what can be seen, what is told, what would run.

PDFium reads the text, since it sees what is drawn where; qpdf (pikepdf) reads the structure. Both work in C++: a
report of ten pages takes less than a tenth of a second.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wagekit.builds.page_margins import beyond_margins
from wagekit.errors import ReleaseError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COVERED = 0.4
"""Share of a piece of text that another may cover: a subscript and its letter share a quarter."""


@dataclass(frozen=True)
class Pdf:
    """A PDF file.

    Parameters
    ----------
    content : its bytes.
    name : what to call it in messages.

    Raises
    ------
    ReleaseError
        From each property, if the file is no PDF, is damaged or asks for a password.
    """

    content: bytes
    name: str = "report.pdf"

    @classmethod
    def read(cls, path: Path) -> Pdf:
        """The PDF of a file."""
        return cls(path.read_bytes(), path.name)

    @cached_property
    def _seen(self) -> tuple[tuple[str, ...], tuple[int, ...], tuple[int, ...]]:
        import pypdfium2

        try:
            document = pypdfium2.PdfDocument(self.content)
        except pypdfium2.PdfiumError as error:
            raise self._unreadable(str(error)) from error
        texts: list[str] = []
        overprinted: list[int] = []
        beyond: list[int] = []
        try:
            for number in range(len(document)):
                page = document[number]
                text = page.get_textpage()
                # Only what lies on the page: rows that ran off its end are in the file, and no reader sees them.
                texts.append(text.get_text_bounded())
                boxes = _boxes(text)
                if _covers_itself(boxes):
                    overprinted.append(number + 1)
                if beyond_margins(boxes, *page.get_size()):
                    beyond.append(number + 1)
                text.close()
                page.close()
        finally:
            document.close()
        return tuple(texts), tuple(overprinted), tuple(beyond)

    @property
    def pages(self) -> tuple[str, ...]:
        """What can be read on each page; nothing that lies outside of it."""
        return self._seen[0]

    @property
    def overprinted(self) -> tuple[int, ...]:
        """Numbers of the pages on which text is printed over other text."""
        return self._seen[1]

    @property
    def beyond_margins(self) -> tuple[int, ...]:
        """Numbers of the pages on which text runs into a margin or off the paper."""
        return self._seen[2]

    @cached_property
    def _file(self) -> Any:
        import pikepdf

        try:
            return pikepdf.open(BytesIO(self.content))
        except (pikepdf.PdfError, pikepdf.PasswordError) as error:
            raise self._unreadable(str(error)) from error

    def _unreadable(self, why: str) -> ReleaseError:
        return ReleaseError(f"the PDF can't be read ({why})", where=self.name, expected="a whole PDF without password")

    @property
    def title(self) -> str:
        """The document's title, if readers are told to show it; "" otherwise."""
        shown = self._file.Root.get("/ViewerPreferences", {}).get("/DisplayDocTitle", False)
        return self.properties.get("/Title", "") if shown else ""

    @property
    def language(self) -> str:
        """Language of the text, "zh-CN"; "" if it isn't said."""
        return str(self._file.Root.get("/Lang", ""))

    @property
    def properties(self) -> Mapping[str, str]:
        """The document's properties."""
        return {key: str(value) for key, value in self._file.docinfo.items()}

    @property
    def metadata(self) -> str:
        """The document's metadata packet (XMP)."""
        packet = self._file.Root.get("/Metadata")
        return packet.read_bytes().decode("utf-8", errors="replace") if packet is not None else ""

    @property
    def tagged(self) -> bool:
        """Whether the file has a structure that a screen reader can follow."""
        marked = self._file.Root.get("/MarkInfo", {}).get("/Marked", False)
        return bool(marked) and self.structure != ()

    @cached_property
    def bookmarks(self) -> tuple[str, ...]:
        """Words of the bookmarks, in order."""
        return tuple(str(item["/Title"]) for item in _outline(self._file.Root.get("/Outlines", {})))

    @cached_property
    def structure(self) -> tuple[tuple[str, str], ...]:
        """Kind ("H1", "Table", "Figure") and alternative text of each element, in reading order."""
        root = self._file.Root.get("/StructTreeRoot")
        if root is None:
            return ()
        return tuple(
            (str(element.S)[1:], str(element.get("/Alt", ""))) for element in structure_elements(root.get("/K"))
        )

    @property
    def active(self) -> tuple[str, ...]:
        """What the file would open, run or carry along, in words; empty for one that only shows itself."""
        root = self._file.Root
        names = root.get("/Names", {})
        found = [words for key, words in _ACTIVE.items() if key in root]
        found += [words for key, words in _ACTIVE.items() if key in names]
        actions = [item["/A"] for item in _outline(root.get("/Outlines", {})) if "/A" in item]
        for page in self._file.pages:
            if "/AA" in page.obj:
                found.append(_ACTIVE["/AA"])
            for note in page.obj.get("/Annots", ()):
                kind = str(note.get("/Subtype"))
                if kind != "/Link" or "/AA" in note:
                    found.append(f"an annotation of the kind {kind[1:]}")
                if "/A" in note:
                    actions.append(note["/A"])
        for action in actions:
            kind = str(action.get("/S"))
            if kind != "/GoTo" or "/Next" in action:
                target = str(action.get("/URI", action.get("/F", "")))[:80]
                found.append(f"an action {kind[1:]}" + (f" ({target})" if target else ""))
        return tuple(dict.fromkeys(found))

    @cached_property
    def _fonts(self) -> dict[str, bool]:
        """Name of each font that text is drawn with, and whether it is carried along."""
        found: dict[str, bool] = {}
        for _, resources in self._drawings():
            for font in resources.get("/Font", {}).values():
                inner = font.get("/DescendantFonts", [font])[0]
                descriptor = inner.get("/FontDescriptor", {})
                embedded = any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3"))
                found[str(font.get("/BaseFont", "/?"))[1:]] = embedded or inner.get("/Subtype") == "/Type3"
        return found

    @property
    def missing_fonts(self) -> tuple[str, ...]:
        """Names of the fonts that the file uses and does not carry."""
        return tuple(sorted(name for name, embedded in self._fonts.items() if not embedded))

    @cached_property
    def missing_glyphs(self) -> tuple[int, ...]:
        """Numbers of the pages that show a box in the place of a character: glyph 0 (.notdef) is drawn.

        Looked for in composite fonts of two-byte glyph numbers (Identity-H), as typesetters write them today.
        """
        import pikepdf

        pages: list[int] = []
        for (number, stream), resources in self._drawings():
            fonts = {
                name
                for name, font in resources.get("/Font", {}).items()
                if font.get("/Encoding") in ("/Identity-H", "/Identity-V")
            }
            if not fonts or number in pages or not _may_draw_nothing(_content(stream)):
                continue
            composite = False
            steps: Any = pikepdf.parse_content_stream(stream, operators="Tf Tj TJ ' \"")
            for operands, operator in steps:
                if str(operator) == "Tf":
                    composite = str(operands[0]) in fonts
                elif composite and any(_draws_nothing(text) for text in _strings(operands)):
                    pages.append(number)
                    break
        return tuple(pages)

    def _drawings(self) -> Iterator[tuple[tuple[int, Any], Any]]:
        """Page number and content, and resources, of each page and of each drawing that it uses."""
        seen: set[tuple[int, int]] = set()

        def inside(number: int, stream: Any, resources: Any) -> Iterator[tuple[tuple[int, Any], Any]]:
            yield (number, stream), resources
            for item in resources.get("/XObject", {}).values():
                if item.get("/Subtype") == "/Form" and item.objgen not in seen:
                    seen.add(item.objgen)
                    yield from inside(number, item, item.get("/Resources", {}))

        for number, page in enumerate(self._file.pages, start=1):
            yield from inside(number, page, page.obj.get("/Resources", {}))


_ACTIVE: Mapping[str, str] = {
    "/OpenAction": "an action when it is opened",
    "/AA": "an action of a page or of the document",
    "/AcroForm": "a form",
    "/JavaScript": "JavaScript",
    "/EmbeddedFiles": "an embedded file",
    "/AF": "an associated file",
    "/Collection": "a collection of files",
    "/URI": "a base address",
}


def _outline(parent: Any) -> Iterator[Any]:
    item = parent.get("/First")
    while item is not None:
        yield item
        yield from _outline(item)
        item = item.get("/Next")


def structure_elements(children: Any) -> Iterator[Any]:
    """The elements of a structure tree below `children`, in reading order."""
    import pikepdf

    waiting = [children]
    while waiting:
        item = waiting.pop()
        if isinstance(item, int):  # a piece of a page's content
            continue
        if isinstance(item, pikepdf.Array):
            waiting.extend(reversed(list(item)))
        elif isinstance(item, pikepdf.Dictionary) and "/S" in item:
            yield item
            waiting.append(item.get("/K"))


_ZEROS = re.compile(rb"(?:\\000|\\00?(?![0-7])|\0){2}")
"""Two bytes of zero, as strings in a PDF write them; they may still belong to two glyphs."""
_SHORT_ZERO = re.compile(rb"\\0(?:(?![0-7])|0(?![0-7]))|\0")
_ZERO_IN_HEX = re.compile(rb"<(?:(?:(?!0000)[0-9A-Fa-f]{4})*+000[0>]|[0-9A-Fa-f]*\s)")
"""A string of hexadecimal digits with glyph 0, or with spaces, where that is hard to see."""


def _may_draw_nothing(content: bytes) -> bool:
    """Whether glyph 0 may be among what is drawn; a page of which this says no needs no closer look."""
    if any(plain in content for plain in (b"\\000\\000", b"\\\n", b"\\\r")) or _ZERO_IN_HEX.search(content):
        return True
    # Most programs write a zero in full, so that the slow search can be spared.
    return bool(_SHORT_ZERO.search(content) and _ZEROS.search(content))


def _content(stream: Any) -> bytes:
    """What a page or a drawing is made of; of a page whose content is in pieces, all of them."""
    import pikepdf

    content = stream.Contents if isinstance(stream, pikepdf.Page) else stream
    pieces = content if isinstance(content, pikepdf.Array) else [content]
    return b"\n".join(piece.read_bytes() for piece in pieces)


def _strings(operands: Any) -> Iterator[bytes]:
    import pikepdf

    for operand in operands:
        if isinstance(operand, pikepdf.Array):
            yield from (bytes(item) for item in operand if isinstance(item, pikepdf.String))
        elif isinstance(operand, pikepdf.String):
            yield bytes(operand)


def _draws_nothing(text: bytes) -> bool:
    """Whether glyph 0 is among the two-byte numbers."""
    place = text.find(b"\0\0")
    while place >= 0:
        if place % 2 == 0:
            return True
        place = text.find(b"\0\0", place + 1)
    return False


def _boxes(text: Any) -> NDArray[np.float64]:
    """Left, bottom, right, top of each piece of text, shape (k, 4), in points."""
    from pypdfium2 import raw

    number = raw.FPDFText_CountRects(text, 0, -1)
    boxes = np.empty((number, 4))
    left, top, right, bottom = (ctypes.c_double() for _ in range(4))
    for place in range(number):
        raw.FPDFText_GetRect(text, place, left, top, right, bottom)
        boxes[place] = left.value, bottom.value, right.value, top.value
    return boxes


def _covers_itself(boxes: NDArray[np.float64]) -> bool:
    """Whether two of the boxes share more than :data:`_COVERED` of the smaller one."""
    boxes = boxes[np.argsort(boxes[:, 1])]
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    # From bottom to top, each box is compared with the next one, the one after it …, as far as any still reach up.
    for step in range(1, len(boxes)):
        lower, upper = boxes[:-step], boxes[step:]
        if not (upper[:, 1] < lower[:, 3]).any():
            break
        shared = np.minimum(lower[:, 2:], upper[:, 2:]) - np.maximum(lower[:, :2], upper[:, :2])
        if (shared.clip(0).prod(axis=1) > _COVERED * np.minimum(area[:-step], area[step:])).any():
            return True
    return False
