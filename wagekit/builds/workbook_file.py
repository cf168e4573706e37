"""A finished workbook (.xlsx) as an attacker finds it: all of its texts, and what is hidden in it or would run."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from wagekit.errors import ReleaseError

_PLAIN = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|docProps/(app|core|custom)\.xml|xl/_rels/workbook\.xml\.rels|xl/workbook\.xml"
    r"|xl/(styles|sharedStrings|metadata)\.xml|xl/theme/theme\d+\.xml"
    r"|xl/(worksheets|tables|comments|drawings|charts)/(_rels/)?[\w.-]+\.(xml|xml\.rels|vml)|xl/comments\d+\.xml"
)
"""Parts that a workbook of tables is made of; anything else is programs, connections, queries, embedded files."""


@dataclass(frozen=True)
class Workbook:
    """What is in a workbook.

    Parameters
    ----------
    texts : part of the file and a text of it: cells, comments, headers, names, properties.
    problems : formulas, hidden sheets, rows and columns, parts that no table needs, addresses.
    """

    texts: tuple[tuple[str, str], ...]
    problems: tuple[str, ...]


def read_workbook(path: Path) -> Workbook:
    """Read all parts of a workbook.

    Raises
    ------
    ReleaseError
        If it is none.
    """
    texts: list[tuple[str, str]] = []
    problems: list[str] = []
    try:
        with zipfile.ZipFile(path) as archive:
            for part in archive.namelist():
                if not _PLAIN.fullmatch(part):
                    problems.append(f"the workbook holds {part}, which no table needs")
                    continue
                root = ElementTree.fromstring(archive.read(part))
                texts += [(part, text) for text in _texts(root)]
                problems += dict.fromkeys(_problems(part, root))
    except (zipfile.BadZipFile, ElementTree.ParseError, KeyError) as error:
        raise ReleaseError(f"the workbook can't be read ({error})", where=path.name, expected="an .xlsx") from error
    return Workbook(tuple(texts), tuple(problems))


def _texts(root: ElementTree.Element) -> Iterator[str]:
    # What stands in a cell of shared text is only its place in the list of texts.
    places = {child for cell in root.iter() if _name(cell) == "c" and cell.get("t") == "s" for child in cell}
    for element in root.iter():
        name = _name(element)
        if element.text and element.text.strip() and element not in places:
            yield _as_shown(element.text) if name == "v" else element.text
        # Attributes of cells are styles and places; names, descriptions and titles are words.
        if name not in ("c", "row", "col"):
            yield from (
                value
                for key, value in element.attrib.items()
                if key in ("name", "displayName", "descr", "title", "alt")
            )


def _as_shown(number: str) -> str:
    """The number of a cell with the 15 digits that a spreadsheet shows: 9.3 is stored as 9.300000000000001."""
    try:
        return f"{float(number):.15g}"
    except ValueError:
        return number


def _problems(part: str, root: ElementTree.Element) -> Iterator[str]:
    for element in root.iter():
        name = _name(element)
        if (name == "f" and "worksheets" in part) or name == "calculatedColumnFormula":
            yield f"{part} holds a formula"
        elif name == "sheet" and element.get("state", "visible") != "visible":
            yield f"the sheet {element.get('name')!r} is hidden"
        elif name in ("row", "col") and element.get("hidden") in ("1", "true"):
            yield f"{part} holds a hidden {'row' if name == 'row' else 'column'}"
        elif name == "definedName" and element.get("hidden") in ("1", "true"):
            yield f"the name {element.get('name')!r} is hidden"
        elif name == "Relationship" and element.get("TargetMode") == "External":
            yield f"{part} points to {str(element.get('Target'))[:80]}"


def _name(element: ElementTree.Element) -> str:
    """The element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]
