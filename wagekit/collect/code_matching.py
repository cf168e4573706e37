"""Finding the code that is meant by what people write into a questionnaire."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from wagekit.collect.code_lists import Notation

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
_LOOKS_LIKE_A_CODE = re.compile(r"[a-z]?[\d-]+")


def key(written: str) -> str:
    """Form of a code or title in which full-width, blank, letter-case and dash differences vanish.

    >>> key(" ２－０２－０７ "), key("3611.0")
    ('2-02-07', '3611')
    """
    plain = "".join(unicodedata.normalize("NFKC", written).split()).translate(_DASHES).casefold()
    return re.sub(r"(?<=\d)\.0+$", "", plain)


def spellings(code: str, notation: Notation) -> Iterator[str]:
    """Other ways in which a code is written.

    >>> list(spellings("C3611", "industry")), list(spellings("2-02-07", "occupation"))
    (['3611'], ['2-02-07-00', '2020700', '20207'])
    """
    if notation == "industry" and len(code) > 1:
        yield code[1:]
    elif notation == "occupation":
        padded = "-".join([*code.split("-"), "00", "00", "00"][:4])
        yield padded
        yield padded.replace("-", "")
        if code.count("-") < 3:  # the five-digit number (GBM) that the dictionary prints beside a group's code
            yield padded.replace("-", "")[:5]


class Matcher:
    """Looks up codes, their other spellings, titles and aliases.

    Parameters
    ----------
    items : n rows with ``code``, ``name``, ``parent`` and perhaps ``alias`` and ``mark``.
    ancestors : shape (n, levels), position of every item's ancestors, -1 below the item's own level.
    notation : how codes are written in practice.
    """

    def __init__(self, items: pd.DataFrame, ancestors: NDArray[np.int64], notation: Notation) -> None:
        self._ancestors = ancestors
        self._depth = (ancestors >= 0).sum(axis=1)
        self._notation = notation
        self._codes: dict[str, int] = {}
        for at, code in enumerate(items["code"]):
            for written in spellings(str(code), notation):
                self._codes.setdefault(key(written), at)
        self._codes.update({key(str(code)): at for at, code in enumerate(items["code"])})
        self._all = self._with_titles(items)

    def find(self, written: str, *, nearest: bool = False) -> int:
        """Position of the item that is meant, -1 for none.

        Parameters
        ----------
        written : a code, title or alias.
        nearest : for a code of an industry or occupation that is not in the list, take the nearest group
            above it that is, but not one of the top level.
        """
        wanted = key(written)
        at = self._all.get(wanted, -1)
        if at >= 0 or not nearest or self._notation == "plain" or not _LOOKS_LIKE_A_CODE.fullmatch(wanted):
            return at
        for end in range(len(wanted) - 1, 1, -1):
            at = self._codes.get(wanted[:end], -1)
            if at >= 0:
                return at if self._depth[at] > 1 else -1
        return -1

    def _with_titles(self, items: pd.DataFrame) -> dict[str, int]:
        keys = dict(self._codes)
        if self._notation == "industry":
            # A lost leading zero: no code has one digit, so 1 to 9 can only be divisions 01 to 09.
            for digit in "123456789":
                if f"0{digit}" in keys:
                    keys.setdefault(digit, keys[f"0{digit}"])
        titles: dict[str, list[int]] = {}
        others: dict[str, list[int]] = {}
        for at, item in enumerate(items.to_dict("records")):
            titles.setdefault(key(item["name"]), []).append(at)
            written = str(item.get("alias") or "").split("|")
            if item.get("mark"):
                written.append(item["name"] + item["mark"])
            for alias in filter(None, written):
                others.setdefault(key(alias), []).append(at)
        for names in (titles, others):  # a title goes before another item's alias
            for name, places in names.items():
                meant = self._meant(places)
                if meant >= 0:
                    keys.setdefault(name, meant)
        return keys

    def _meant(self, places: list[int]) -> int:
        """Which of the items of one title is meant: the end of a chain of only children, -1 if that's unclear."""
        at, *below = sorted(places, key=lambda place: int(self._depth[place]))
        for place in below:
            if self._ancestors[place, self._depth[at] - 1] != at:
                return -1
        for place in below:
            children = np.flatnonzero(
                (self._depth == self._depth[at] + 1) & (self._ancestors[:, self._depth[at] - 1] == at)
            )
            if children.tolist() != [place]:
                break
            at = place
        return at
