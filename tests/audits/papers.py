"""Hold PDFs to the rules of PDF/UA-1 (ISO 14289-1) that a program can judge, and to what poppler sees of them.

    python tests/audits/papers.py reports/demo/*.pdf

Needs pdffonts and pdftotext (poppler-utils). It stands in for veraPDF, which no package registry offers. The numbers
are those of the Matterhorn Protocol 1.1, the list of failure conditions of PDF/UA-1.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf

STANDARD = re.compile(
    "Document|DocumentFragment|Part|Art|Sect|Div|BlockQuote|Caption|TOC|TOCI|Index|NonStruct|Private|P|H[1-6]?|L|LI|Lbl"
    "|LBody|Table|TR|TH|TD|THead|TBody|TFoot|Span|Quote|Note|Reference|BibEntry|Code|Link|Annot|Ruby|RB|RT|RP|Warichu"
    "|WT|WP|Figure|Formula|Form"
)
PARENTS = {
    "TR": {"Table", "THead", "TBody", "TFoot"},
    "TH": {"TR"},
    "TD": {"TR"},
    "THead": {"Table"},
    "TBody": {"Table"},
    "LI": {"L"},
    "LBody": {"LI"},
    "TOCI": {"TOC"},
}


def elements(children: Any, parent: Any = None) -> Iterator[tuple[Any, Any]]:
    """Each element of the structure with its parent, in reading order."""
    if isinstance(children, pikepdf.Array):
        for child in children:
            yield from elements(child, parent)
    elif isinstance(children, pikepdf.Dictionary) and "/S" in children:
        yield children, parent
        yield from elements(children.get("/K"), children)


def kind(element: Any, roles: Any) -> str:
    name = element.S
    while str(name) in roles:
        name = roles[str(name)]
    return str(name)[1:]


def document(file: pikepdf.Pdf) -> Iterator[str]:
    """The document as a whole."""
    root = file.Root
    if not root.get("/MarkInfo", {}).get("/Marked", False) or root.get("/MarkInfo", {}).get("/Suspects", False):
        yield "06: not marked as tagged, or suspect"
    if "/StructTreeRoot" not in root:
        yield "01-005: no structure"
        return
    metadata = root.Metadata.read_bytes().decode() if "/Metadata" in root else ""
    if not re.search(r"pdfuaid:part(>|=[\"'])\s*1", metadata):
        yield "05-001: the metadata don't say PDF/UA-1"
    if "dc:title" not in metadata:
        yield "06-003: the metadata have no title"
    if not root.get("/ViewerPreferences", {}).get("/DisplayDocTitle", False):
        yield "07-001: the title isn't shown"
    if not root.get("/Lang"):
        yield "11-006: no language"
    if file.is_encrypted and not file.allow.accessibility:
        yield "26-002: screen readers are locked out"
    if "/Outlines" not in root:
        yield "bookmarks are missing"


def structure(file: pikepdf.Pdf) -> Iterator[str]:
    """Elements: kinds, parents, alternative texts, headings, tables."""
    tree = file.Root.StructTreeRoot
    roles = tree.get("/RoleMap", {})
    level = 0
    for element, parent in elements(tree.get("/K")):
        name = kind(element, roles)
        if not STANDARD.fullmatch(name):
            yield f"02-001: the kind {name} is not a standard one"
        if name in PARENTS and (parent is None or kind(parent, roles) not in PARENTS[name]):
            yield f"09: {name} stands in {kind(parent, roles) if parent is not None else 'nothing'}"
        if name == "Figure" and not str(element.get("/Alt", "")).strip():
            yield "13-004: a figure has no alternative text"
        if name == "Formula" and not str(element.get("/Alt", "")).strip():
            yield "17-002: a formula has no alternative text"
        if re.fullmatch("H[1-6]", name):
            if int(name[1]) > level + 1:
                yield f"14-003: {name} follows level {level}"
            level = int(name[1])
        if name == "TH" and not any(
            "/Scope" in owner or len(owner.get("/Headers", ())) for owner in attributes(element)
        ):
            yield "15-003: a heading cell has no scope"
        if name == "Table":
            yield from table(element, roles)


def attributes(element: Any) -> list[Any]:
    owners = element.get("/A")
    if owners is None:
        return []
    return list(owners) if isinstance(owners, pikepdf.Array) else [owners]


def span(cell: Any, name: str) -> int:
    return next((int(owner[name]) for owner in attributes(cell) if name in owner), 1)


def table(element: Any, roles: Any) -> Iterator[str]:
    """Each row of a table is as wide as the others, spanned cells counted, and columns have headings."""
    widths = set()
    down: dict[int, int] = {}  # column -> rows that a cell above still reaches down
    for row in (each for each, _ in elements(element.get("/K")) if kind(each, roles) == "TR"):
        place, busy = 0, set(down)
        down = {column: rows - 1 for column, rows in down.items() if rows > 1}
        for cell in row.K if isinstance(row.K, pikepdf.Array) else [row.K]:
            while place in busy:
                place += 1
            wide, deep = span(cell, "/ColSpan"), span(cell, "/RowSpan")
            down |= {column: deep - 1 for column in range(place, place + wide) if deep > 1}
            place += wide
        while place in busy:
            place += 1
        widths.add(place)
    if len(widths) > 1:
        yield f"15: rows of {sorted(widths)} cells in one table"
    if not any(kind(each, roles) == "TH" for each, _ in elements(element.get("/K"))):
        yield "15-003: a table has no heading cell"


def pages(file: pikepdf.Pdf) -> Iterator[str]:
    """Each page: everything drawn is tagged or an artifact, the order of tabs, annotations, fonts."""
    for number, page in enumerate(file.pages, start=1):
        depth = 0
        for step in pikepdf.parse_content_stream(page):
            operator = str(step.operator)
            depth += (operator in ("BDC", "BMC")) - (operator == "EMC")
            if depth == 0 and operator in (
                "Tj",
                "TJ",
                "'",
                '"',
                "Do",
                "f",
                "f*",
                "S",
                "s",
                "B",
                "B*",
                "b",
                "sh",
                "INLINE IMAGE",
            ):
                yield f"01-003: page {number} draws something that is neither tagged nor an artifact"
                break
        notes = list(page.obj.get("/Annots", ()))
        if notes and page.obj.get("/Tabs") != "/S":
            yield f"28-008: page {number} doesn't follow the structure with the tab key"
        for note in notes:
            if note.Subtype == "/Link" and "/StructParent" not in note:
                yield f"28-011: a link on page {number} is not in the structure"
            if note.Subtype == "/Link" and not str(note.get("/Contents", "")):
                yield f"28-012: a link on page {number} has no words"
        for font in page.obj.get("/Resources", {}).get("/Font", {}).values():
            if "/ToUnicode" not in font:
                yield f"10-001: the font {font.get('/BaseFont')} doesn't say its characters"


def poppler(path: Path) -> Iterator[str]:
    """What poppler sees: fonts carried along, text that can be copied."""
    lines = subprocess.run(["pdffonts", str(path)], capture_output=True, text=True, check=True).stdout.splitlines()[2:]
    for line in lines:
        embedded, subset, unicode = line.split()[-5:-2]
        if (embedded, subset, unicode) != ("yes", "yes", "yes"):
            yield f"pdffonts: {line}"
    if not lines:
        yield "pdffonts: no font"
    text = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, text=True, check=True).stdout
    if len(text.split()) < 20 or "\ufffd" in text:
        yield "pdftotext: no text, or characters without a meaning"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("papers", nargs="+", type=Path)
    bad = 0
    for path in parser.parse_args().papers:
        with pikepdf.open(path) as file:
            found = [*document(file), *(structure(file) if "/StructTreeRoot" in file.Root else ()), *pages(file)]
            found += poppler(path)
            print(f"{path.name}: {len(file.pages)} pages, {len(found)} failures")
        for each in dict.fromkeys(found):
            print(f"  {each} ({found.count(each)} times)")
        bad += len(found)
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
