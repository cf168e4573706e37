"""All that is written in the files of a release, whatever their kind, and what each of them would run or ask for."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from wagekit.builds.html_page import read_page
from wagekit.builds.pdf_file import Pdf
from wagekit.builds.workbook_file import read_workbook
from wagekit.errors import ReleaseError
from wagekit.publish.open_data import FORMULA_STARTS
from wagekit.publish.rendering.references import external_references


@dataclass(frozen=True)
class Written:
    """What is written in a file.

    Parameters
    ----------
    shown : texts for its readers, numbers included.
    about : texts about the file: properties, names, metadata.
    problems : what it would run, ask for or hide.
    """

    shown: tuple[str, ...]
    about: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def written(path: Path) -> Written:
    """What is written in a file of a release.

    A file that can't be read, or is of a kind that nobody has taught to be read, has that as its problem: what can't
    be searched can't be published.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        return Written((), (), (f"files of the kind {path.suffix or path.name!r} can't be searched",))
    try:
        return reader(path)
    except ReleaseError as error:
        return Written((), (), (error.found,))
    except (UnicodeDecodeError, ValueError, csv.Error) as error:
        return Written((), (), (f"it can't be read ({type(error).__name__})",))


def _html(path: Path) -> Written:
    source = path.read_text(encoding="utf-8")
    page = read_page(source)
    foreign = external_references(source)
    return Written((page.text,), (page.title, *page.told), tuple(f"it would use {found}" for found in foreign[:3]))


def _pdf(path: Path) -> Written:
    pdf = Pdf.read(path)
    alternatives = [words for _, words in pdf.structure if words]
    about = [*pdf.properties.values(), pdf.metadata, *pdf.bookmarks]
    problems = [f"it holds {found}" for found in pdf.active]
    return Written((*pdf.pages, *alternatives), tuple(about), tuple(problems))


_CELLS = re.compile("worksheets|sharedStrings|comment")


def _xlsx(path: Path) -> Written:
    book = read_workbook(path)
    shown = [text for part, text in book.texts if _CELLS.search(part)]
    about = [text for part, text in book.texts if not _CELLS.search(part)]
    return Written(("\n".join(shown),), tuple(about), book.problems)


def _csv(path: Path) -> Written:
    text = path.read_text(encoding="utf-8-sig")
    fields = [field for row in csv.reader(StringIO(text)) for field in row]
    runs = sorted({field for field in fields if _would_run(field)})
    return Written(("\n".join(fields),), (), tuple(f"a spreadsheet would run {field[:20]!r}" for field in runs[:3]))


def _would_run(field: str) -> bool:
    if field[:1] in ("\t", "\r", "\n"):
        field = field.lstrip()
    if not field or field[0] not in FORMULA_STARTS:
        return False
    try:
        float(field)
    except ValueError:
        return True
    return False


_SIZES = frozenset({"bytes", "contentSize"})
"""Keys of sizes of files: numbers that are sooner or later some held-back figure by chance."""


def _json(path: Path) -> Written:
    text = path.read_text(encoding="utf-8")
    values = [json.loads(line) for line in text.splitlines() if line.strip()] if path.suffix == ".jsonl" else None
    return Written(("\n".join(_leaves(json.loads(text) if values is None else values)),))


def _leaves(value: Any) -> Iterator[str]:
    """Every key and value of a JSON document but the sizes of files; escaped characters are read."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            if key not in _SIZES:
                yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif value is not None:
        yield str(value)


def _text(path: Path) -> Written:
    return Written((path.read_text(encoding="utf-8-sig"),))


_READERS: Mapping[str, Callable[[Path], Written]] = {
    ".html": _html,
    ".pdf": _pdf,
    ".xlsx": _xlsx,
    ".csv": _csv,
    **dict.fromkeys((".json", ".jsonl", ".jsonld"), _json),
    **dict.fromkeys((".txt", ".md", ".toml", ".xml", ".ttl", ".svg"), _text),
}
