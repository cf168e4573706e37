"""Whether a built release gives anything away: searched as an attacker would, in all texts of all of its files.

The problems are sentences for a log that others read: they say where and what kind of thing, and never repeat it.
"""

from __future__ import annotations

import getpass
import re
import tempfile
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wagekit.builds.held_back_search import HeldBackSearch, derivable
from wagekit.builds.release_text import Written, written
from wagekit.publish.held_back import read

_PATHS = re.compile(
    r"(?<![\w/.:<-])/(?:home|Users|root|tmp|var|private|mnt|opt|srv|work|media|usr|etc|data)/[\w.@~-]+"
    r"|(?<!\w)[A-Za-z]:[\\/](?:Users|Windows|Program|Temp|[\w.-]+[\\/])|file://|\\\\[\w.-]+\\[\w$.-]+"
)
_SAID_ONCE = 5  # problems of one file that are told


@dataclass(frozen=True)
class Problem:
    """Something that a release gives away.

    Parameters
    ----------
    file : where; the title of a table for what can be calculated from it.
    found : what, in a sentence that doesn't repeat it.
    coincidence : for a number that equals a held-back value what that rests on, which is as confidential as the value;
        "" for what can't be chance.
    """

    file: str
    found: str
    coincidence: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.file}: {self.found}"


def told(problems: Sequence[Problem]) -> list[str]:
    """The problems in sentences, of each file some."""
    files: dict[str, list[Problem]] = {}
    for problem in problems:
        files.setdefault(problem.file, []).append(problem)
    sentences: list[str] = []
    for file, found in files.items():
        sentences += map(str, found[:_SAID_ONCE])
        if len(found) > _SAID_ONCE:
            sentences.append(f"{file}: and {len(found) - _SAID_ONCE} more problems")
    return sentences


def check_release(
    folder: Path,
    *,
    identifiers: Collection[str],
    held_back: Iterable[Path] = (),
    private: Collection[str] = (),
    checked: Collection[str] = (),
) -> list[Problem]:
    """What a release gives away; empty if nothing was found.

    Looked for in every text of every file, also in properties, comments, alternative texts and hidden places:

    - identifiers of enterprises and employees;
    - values that the release rules held back (:mod:`wagekit.publish.held_back`), in 元, in the printed unit and in
      万元, with and without thousands separators; held-back values that are the rest of published ones;
    - numbers that nobody rounded;
    - paths of this machine, its user's name;
    - formulas, hidden sheets, rows and columns, addresses, scripts, files of unknown kinds.

    Parameters
    ----------
    folder : the built release.
    identifiers : codes and names of enterprises, codes of employees. See :class:`Identifiers` for which of them are
        long enough to be looked for.
    held_back : the private files in which releases recorded what they held back.
    private : further texts that may be in no file: the folder of the store, the name of the machine.
    checked : names of files that were taken over, byte for byte, from a release that passed this search. They are not
        searched again: what their tables hold back and show was recorded when they were made.
    """
    records = read(held_back)
    values = HeldBackSearch(records)
    names = Identifiers(identifiers)
    places = _places(private)
    problems = [Problem(title, sentence) for title, sentence in derivable(records)]
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in checked:
            content = written(path)
            problems += [Problem(name, sentence) for sentence in content.problems]
            problems += [Problem(name, *found) for found in _found(path, content, names, values, places)]
    return problems


def _found(
    path: Path, content: Written, names: Identifiers, values: HeldBackSearch, places: Collection[str]
) -> Iterator[tuple[str, ...]]:
    """Sentences, each with what it rests on where that may be chance."""
    everything = "\n".join((path.name, *content.shown, *content.about))
    for identifier in names.search(everything):
        yield (f"an identifier of the survey can be read: {masked(identifier)}",)
    yield from values.search("\n".join(content.shown))
    yield from values.search("\n".join(content.about), raw=False)
    raw = path.read_bytes()
    shown = {match[0] for match in _PATHS.finditer(everything)}
    shown |= {place for place in places if place in everything or place.encode() in raw}
    if shown:
        yield (f"a path or name of the machine it was made on can be read: {masked(min(shown, key=len))}",)
    # As the whole of a property: inside a sentence it may be any word.
    user = re.compile(rf"(?:^|[>\"'])\s*{re.escape(getpass.getuser())}\s*(?:$|[<\"'])")
    if any(user.search(text) for text in content.about):
        yield ("the properties name the user who made it",)


def _places(private: Collection[str]) -> set[str]:
    """Folders that no published file may name."""
    folders = {str(Path.home()), str(Path.cwd()), tempfile.gettempdir(), *private}
    # "/" is everywhere.
    return {folder for folder in folders if len(folder) >= 5}


def masked(text: str) -> str:
    """A text that may not be repeated, so that whoever knows it recognises it.

    Examples
    --------
    >>> masked("91310107MN00000129"), masked("模拟企业000001")
    ('91…29 (18 characters)', '模拟…01 (10 characters)')
    """
    return f"{text[:2]}…{text[-2:]} ({len(text)} characters)"


class Identifiers:
    """Codes and names that are looked for all at once, however many there are.

    A text that might be something else by chance is passed over. Looked for in any place, spaces and line ends left
    out: texts with letters beyond ASCII of at least 4 characters, texts with a letter of at least 8, digits from 15.
    Looked for as a word of its own: 9 to 14 digits. Shorter ones (a running number such as 00017) are not looked for.

    Examples
    --------
    >>> names = Identifiers(["91310107MN00000129", "某某（上海）有限公司", "00017"])
    >>> names.search("某某(上海)有 限\\n公司 00017")
    ['某某（上海）有限公司']
    """

    def __init__(self, identifiers: Collection[str]) -> None:
        import ahocorasick

        self._automaton: Any = ahocorasick.Automaton()
        self._words: dict[str, str] = {}
        for identifier in identifiers:
            text = _squeezed(identifier)
            beyond, digits = not text.isascii(), text.isdigit()
            if len(text) >= (4 if beyond else 15 if digits else 8):
                self._automaton.add_word(text, identifier)
            elif digits and len(text) >= 9:
                self._words[text] = identifier
        self._automaton.make_automaton()

    def search(self, text: str) -> list[str]:
        """The identifiers that are in a text, each once, in order of their place."""
        found: dict[str, None] = {}
        if len(self._automaton):
            found |= {identifier: None for _, identifier in self._automaton.iter(_squeezed(text))}
        if self._words:
            words = set(re.findall(r"(?<![\w.])\d{9,14}(?![\w.])", text))
            found |= {self._words[word]: None for word in sorted(words & self._words.keys())}
        return list(found)


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).upper()
