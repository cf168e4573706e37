"""The search for held-back values in published texts, and the calculation of them from published ones."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal

import numpy as np

from wagekit.publish.held_back import Figure, Withheld

_NUMBER = re.compile(
    r"(?<![A-Za-z0-9_.])(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?(?![\d_]|[A-Za-z]\w|\.\d)"
    r"(\s*[人家户名个]| (?:people|enterprises|employees|respondents))?"
)
"""A number of its own, not a part of a name or a code; its whole part, its decimals, what it counts."""
_DIGITS = 5
"""Significant digits from which a number is looked for: 15.23 is shared by many values, 152,341 by few."""
_EXACT = 7
"""Significant digits of numbers that are compared even if they count people or enterprises."""
_DECIMALS = 4
"""Decimals that are usual in print; a number of 7 digits with more than these, and than the tables have, is raw."""
_MONEY = 10_000.0


class HeldBackSearch:
    """Looks for the values that tables held back, in any rounding that leaves at least 5 significant digits.

    A number that the cell of a published table shows is no disclosure, also not where a held-back value happens to
    round to the same.

    Parameters
    ----------
    records : what the tables of a release held back and what they show.
    """

    def __init__(self, records: Sequence[Withheld]) -> None:
        self._told: list[str] = []
        values: list[float] = []
        for record in records:
            for figure in record.held:
                item = "/".join(figure.codes) or "all"
                about = f"{figure.statistic} of {item} in the table {record.title!r}"
                for scale in dict.fromkeys((1.0, figure.factor, _MONEY)):
                    values.append(abs(figure.value) / scale)
                    self._told.append(about)
        self._order = np.argsort(np.array(values, dtype=np.float64), kind="stable")
        self._values = np.array(values, dtype=np.float64)[self._order]
        printed = [abs(Decimal(text)) for record in records for text in record.printed]
        self._printed = {
            scaled for number in printed for scaled in (number, number * int(_MONEY), number / int(_MONEY))
        }
        self._decimals = max([_DECIMALS, *(-int(number.as_tuple().exponent) for number in printed)])

    def search(self, text: str, *, raw: bool = True) -> Iterator[tuple[str, str]]:
        """What a text gives away.

        Parameters
        ----------
        raw : also tell numbers that nobody rounded.

        Yields
        ------
        A sentence that doesn't repeat it. And what it rests on, to be shown nowhere: for numbers that equal a
        held-back value, which may be chance, the numbers, how often they stand there and all that they equal; else "".
        """
        numbers, unrounded = self._numbers(text)
        if unrounded and raw:
            yield f"{unrounded} numbers are not rounded (more than {self._decimals} decimals)", ""
        found: dict[str, list[str]] = defaultdict(list)
        for number, equals in self._held_back(numbers):
            found[equals[0]].append(f"{number} {numbers[number]} {equals}")
        for about, rests_on in found.items():
            yield f"a value that is held back can be read: {about}", "; ".join(sorted(rests_on))

    def _numbers(self, text: str) -> tuple[dict[tuple[float, int], int], int]:
        """Numbers worth looking for with their decimals, and how often they stand there; how many nobody rounded."""
        text = unicodedata.normalize("NFKC", re.sub(r"(?<=\d)[\u2009\u202f\u00a0](?=\d{3})", ",", text))
        numbers: dict[tuple[float, int], int] = defaultdict(int)
        unrounded = 0
        for (whole, decimals, counted), times in Counter(_NUMBER.findall(text)).items():
            digits = len((whole.replace(",", "") + decimals).lstrip("0").rstrip("" if decimals else "0"))
            if digits < (_EXACT if counted else _DIGITS):
                continue
            number = whole.replace(",", "") + (f".{decimals}" if decimals else "")
            unrounded += digits >= _EXACT and len(decimals) > self._decimals
            if Decimal(number) not in self._printed:
                numbers[float(number), len(decimals)] += times
        return numbers, unrounded

    def _held_back(self, numbers: Collection[tuple[float, int]]) -> Iterator[tuple[tuple[float, int], list[str]]]:
        """Each number that equals held-back values, and these by name."""
        if not numbers or not len(self._values):
            return
        points, decimals = np.array(list(numbers)).T
        # Half a unit of the last place, and what binary fractions blur.
        near = 0.5 * 10.0**-decimals * (1 + 1e-9) + 1e-12 * points
        first = np.searchsorted(self._values, points - near, side="left")
        last = np.searchsorted(self._values, points + near, side="right")
        for number, begin, end in zip(numbers, first, last, strict=True):
            if begin < end:
                # In an order of their own: that of the records is the order in which the reports were made.
                yield number, sorted({self._told[place] for place in self._order[begin:end]})


def derivable(records: Sequence[Withheld]) -> Iterator[tuple[str, str]]:
    """Held-back values that are what published values leave over: a whole less its other parts.

    Tables of one variable and statistic are put together: where the exact values of the parts add up to that of the
    whole (so totals and counts do, means and percentiles don't), each whole and its parts is an equation. An unknown
    that stands alone in one of them can be calculated, then perhaps the next.

    Yields
    ------
    Title of the table and the sentence.
    """
    kinds: dict[tuple[str, str], dict[frozenset[tuple[str, str]], tuple[float, bool, str]]] = defaultdict(dict)
    for record in records:
        for public, figures in ((True, record.shown), (False, _first(record.held))):
            for figure in figures:
                place = frozenset(zip(record.by, figure.codes, strict=True))
                cells = kinds[record.variable, figure.statistic]
                # What one table shows is public, whatever another holds back.
                if public or place not in cells:
                    cells[place] = (figure.value, public, record.title)
    for (_, statistic), cells in kinds.items():
        known = {place for place, (_, public, _) in cells.items() if public}
        equations = list(_equations({place: value for place, (value, _, _) in cells.items()}))
        while True:
            alone = {left for equation in equations if len(equation - known) == 1 for left in equation - known}
            if not alone:
                break
            known |= alone
            for place in sorted(alone, key=sorted):
                item = "/".join(code for _, code in sorted(place)) or "all"
                yield cells[place][2], f"{statistic} of {item} is held back but can be calculated from published values"


def _first(held: Sequence[Figure]) -> Iterator[Figure]:
    """The estimate of each held-back item and statistic; its error and limits come after it."""
    seen: set[tuple[tuple[str, ...], str]] = set()
    for figure in held:
        key = (figure.codes, figure.statistic)
        if key not in seen:
            seen.add(key)
            yield figure


def _equations(values: dict[frozenset[tuple[str, str]], float]) -> Iterator[frozenset[frozenset[tuple[str, str]]]]:
    """Each whole with its parts by one more column, where the parts add up to it."""
    groups: dict[tuple[frozenset[tuple[str, str]], str], list[frozenset[tuple[str, str]]]] = defaultdict(list)
    for place in values:
        for pair in place:
            groups[place - {pair}, pair[0]].append(place)
    for (whole, _), parts in groups.items():
        if whole in values and len(parts) > 1:
            total = sum(values[part] for part in parts)
            if np.isclose(total, values[whole], rtol=1e-6, atol=0):
                yield frozenset({whole, *parts})
