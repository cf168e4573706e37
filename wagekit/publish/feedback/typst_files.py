"""The feedback to an enterprise as a PDF, made in memory from the first character to the last byte."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from wagekit.publish.feedback.document import Letter
from wagekit.publish.feedback.words import WORDS
from wagekit.publish.rendering import fonts
from wagekit.publish.rendering.formula import typst_string
from wagekit.publish.rendering.typst_writer import FUNCTIONS, TEMPLATE, compile_pdf, write_blocks

_TEMPLATES = Path(__file__).resolve().parents[1] / "rendering" / "templates"
_LETTER = "feedback.typ"


def typst_files(letter: Letter) -> dict[str, bytes]:
    """The typst program of a letter as ``main.typ``, with all that it reads, by name.

    Text from data goes in as string literals only, see :mod:`wagekit.publish.rendering.typst_writer`.
    """
    cover = letter.document.cover
    day = cover.calendar_date
    texts = {
        "title": cover.title,
        "period": cover.period,
        "bureau": cover.bureau,
        "day": cover.day,
        "addressee": letter.addressee,
        "code": letter.code,
        "warning": cover.warning,
        "provenance": cover.provenance,
        "lang": cover.language,
    }
    arguments = [f"{name}: {typst_string(text)}" for name, text in texts.items()]
    if day is not None:
        arguments.append(f"date: datetime(year: {day.year}, month: {day.month}, day: {day.day})")
    arguments.append(f"labels: (code: {typst_string(WORDS[cover.language]['fact_code'])})")
    facts = "".join(f"({typst_string(name)}, {typst_string(said)}), " for name, said in letter.facts)
    arguments.append(f"facts: ({facts})")
    blocks, pictures = write_blocks(letter.document)
    head = [
        f'#import "{TEMPLATE}": {FUNCTIONS}',
        f'#import "{_LETTER}": feedback',
        f"#show: feedback.with({', '.join(arguments)})",
    ]
    main = "\n".join([*head, *blocks]) + "\n"
    return {"main.typ": main.encode(), **_templates(), **pictures}


def set_letter(letter: Letter) -> bytes:
    """The PDF of a letter: PDF/UA-1, nothing written to disk. The same letter gives the same bytes.

    Raises
    ------
    ReleaseError
        If a character has no glyph, or typst can't set the letter or warns.
    """
    where = f"feedback {letter.code}"
    fonts.check_glyphs(letter.text(), where=where)
    return compile_pdf(typst_files(letter), where=where)


@cache
def _templates() -> Mapping[str, bytes]:
    return {name: (_TEMPLATES / name).read_bytes() for name in (TEMPLATE, _LETTER)}
