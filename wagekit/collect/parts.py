"""A wave as a survey is made from it, whole or restricted to a part of its rows, and the digest of either.

A report of one industry is to be made again when something in that industry changes, and not when something elsewhere
does. So it gets a survey that *holds* no more than it may depend on, and the digest is that of what it holds: the same
digest means the same survey, bit for bit. What is held for a part is

* the rows of the part, with all columns;
* of the other rows in the strata that the part touches, the design alone (stratum, sampling units, population sizes,
  weight) and the enterprise's headcount, all else missing;
* of an enterprise that has rows in the part and others, its own figures on those others too;
* for a part without rows, the design of all;
* the columns' names and types, the design, the wave's metadata and its code lists.

That is enough. The variance of a statistic in a domain runs over the units of the strata in which the domain has rows,
those with nobody in the domain entering with 0 (Särndal, Swensson and Wretman 1992, 10.3), and so do the rules for
strata with one unit and the degrees of freedom (see :mod:`wagekit.statistics.variance`). The headcount is that which
turns employees' weights into an enterprise's.

What a part is compared with in an earlier wave are the same enterprises, wherever they stood then: one that has come
into the industry since is compared, one that has left it is not. So of the earlier wave the rows of those enterprises
are taken that are in the part in the later one; the record calls them ``("industry in 2023", "C")``. Growth in
enterprises of both waves (:func:`wagekit.guidance.enterprises.matched_growth`) depends on no others.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from wagekit.collect.classification import Classification
from wagekit.errors import InputError
from wagekit.reads import Part

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ENTERPRISE, _HEADCOUNT = "enterprise_id", "average_headcount"
_NAMES_A_WAVE = re.compile(r"(?P<column>.+) in (?P<wave>\d{4})", re.DOTALL)

Waves = Callable[[int], "WaveData"]
"""What gives a wave by its year."""


@dataclass(frozen=True, eq=False)
class WaveData:
    """All that a survey of a wave is made from.

    Parameters
    ----------
    frame : shape (n, …), the survey frame.
    design : arguments of `wagekit.survey.Survey`, as far as the data know them.
    notes : what had to be changed in the design.
    metadata : what the store keeps about the wave.
    lists : code lists by column; None for free codes.
    of_enterprises : columns that say the same in all rows of an enterprise.
    """

    frame: pd.DataFrame
    design: Mapping[str, Any]
    notes: tuple[str, ...]
    metadata: Mapping[str, Any]
    lists: Mapping[str, Classification | None]
    of_enterprises: frozenset[str] = frozenset()

    def digest(self, part: Part = (), waves: Waves | None = None) -> str:
        """SHA-256 of what :meth:`restricted` gives for a part, and of what comes along with it.

        Parameters
        ----------
        part : column and value in turn; () for all rows.
        waves : gives other waves, for a part that names one (:func:`in_wave`).

        Raises
        ------
        InputError
            If there is no such column, or the part is of another wave and a design needs more than that
            (:meth:`_told_by_enterprise`).
        """
        kept, inside = self._rows(part, waves)
        total = hashlib.sha256(self._about)
        total.update(json.dumps(part, ensure_ascii=False).encode())
        total.update(np.packbits(inside[kept]).tobytes())
        total.update(self._structure_hashes[kept].tobytes())
        rows = self.frame if inside.all() else self.frame[inside]
        total.update(row_hashes(rows).tobytes())
        return total.hexdigest()

    def restricted(self, part: Part, waves: Waves | None = None) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
        """The rows that estimates in a part depend on, numbered anew; outside of the part only the design is left.

        Returns
        -------
        The rows, and which of them lie in the part.

        Raises
        ------
        InputError
            As :meth:`digest`.
        """
        if not part:
            return self.frame, np.ones(len(self.frame), dtype=bool)
        kept, inside = self._rows(part, waves)
        held = self.frame[kept].reset_index(drop=True)
        if (kept == inside).all():
            return held, inside[kept]
        outside = ~inside[kept]
        # What an enterprise says of itself stands in its rows inside the part as well.
        firm = held[_ENTERPRISE] if _ENTERPRISE in held else pd.Series(np.arange(len(held)))
        strange = ~firm.isin(firm[~outside])
        hidden = {name: strange if name in self.of_enterprises else outside for name in held}
        hidden |= dict.fromkeys(self._structure, np.zeros(len(held), dtype=bool))
        return pd.DataFrame({name: column.mask(hidden[name]) for name, column in held.items()}), ~outside

    @cached_property
    def _structure(self) -> list[str]:
        """Columns that are kept of rows outside of a part."""
        named = [str(self.design["weights"])]
        for key in ("strata", "psu", "fpc"):
            named += _listed_names(self.design.get(key))
        return [name for name in dict.fromkeys([*named, _HEADCOUNT]) if name in self.frame.columns]

    @cached_property
    def _structure_hashes(self) -> NDArray[np.uint64]:
        return row_hashes(self.frame[self._structure])

    @cached_property
    def _about(self) -> bytes:
        """What a part shares with all others."""
        types = [[name, *_type(self.frame[name])] for name in self.frame.columns]
        about = [types, dict(self.design), self.notes, dict(self.metadata), lists_digest(self.lists)]
        return json.dumps(about, ensure_ascii=False, sort_keys=True, default=str).encode()

    def _rows(self, part: Part, waves: Waves | None) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Rows that are kept, and those of them that lie in the part: both of shape (n,)."""
        named = None if waves is None or set(part[::2]) <= set(self.frame.columns) else _named_wave(part)
        inside = self._inside(part) if waves is None or named is None else self._staying(waves(named[1]), named[0])
        if not part:
            return inside, inside
        if not inside.any():  # a survey can't be of no rows; what is left of these is their design
            return np.ones_like(inside), inside
        touched = np.zeros(int(self._stratum.max()) + 1, dtype=bool)
        touched[self._stratum[inside]] = True
        return touched[self._stratum], inside

    def _inside(self, part: Part) -> NDArray[np.bool_]:
        """Rows that lie in a part, shape (n,)."""
        inside = np.ones(len(self.frame), dtype=bool)
        if len(part) % 2:
            raise InputError(f"{part!r}", where="part", expected="a column and a value, or several of both")
        for column, value in zip(part[::2], part[1::2], strict=True):
            inside &= self._equal(column, value)
        return inside

    def _staying(self, later: WaveData, part: Part) -> NDArray[np.bool_]:
        """Rows of the enterprises that are in a part of another wave, shape (n,)."""
        if not (self._told_by_enterprise and later._told_by_enterprise):
            raise InputError(
                "the first units are not the enterprises, or those alone in a stratum count as the average of all",
                where="part of another wave",
                do="Read the wave whole",
            )
        others = later.frame.loc[later._inside(part), _ENTERPRISE]
        return self.frame[_ENTERPRISE].isin(others.unique()).to_numpy(dtype=bool)

    @property
    def _told_by_enterprise(self) -> bool:
        """Whether the rows of some enterprises and their strata are all that growth in these enterprises depends on.

        They are where an enterprise is a first unit in one stratum, so that its number says which unit it is. The
        rule ``average`` scales what two waves share by the strata of the whole sample.
        """
        strata, units = (_listed_names(self.design.get(key)) for key in ("strata", "psu"))
        alone = units[:1] == [_ENTERPRISE] and set(strata) <= self.of_enterprises
        return alone and self.design.get("single_psu") != "average"

    def _equal(self, column: str, value: str) -> NDArray[np.bool_]:
        if column not in self._codes:
            if column not in self.frame.columns:
                raise InputError(f"there is no column {column!r}", where="part", expected="a column of the survey")
            codes, levels = pd.factorize(self.frame[column])
            self._codes[column] = codes, {str(level): place for place, level in enumerate(levels)}
        code, places = self._codes[column]
        # -1 stands for a missing value.
        return np.asarray(code == places.get(value, -2))

    @cached_property
    def _codes(self) -> dict[str, tuple[NDArray[np.intp], dict[str, int]]]:
        return {}

    @cached_property
    def _stratum(self) -> NDArray[np.intp]:
        """The stratum of each row, shape (n,); one for all without strata."""
        names = _listed_names(self.design.get("strata"))
        if not names:
            return np.zeros(len(self.frame), dtype=np.intp)
        return np.asarray(self.frame.groupby(names, sort=False, dropna=False).ngroup(), dtype=np.intp)


def row_hashes(frame: pd.DataFrame) -> NDArray[np.uint64]:
    """A hash of each row by its values, whatever rows stand beside it: shape (n,).

    Examples
    --------
    >>> frame = pd.DataFrame({"a": ["x", "y"], "b": [1.0, 2.0]})
    >>> bool((row_hashes(frame)[1:] == row_hashes(frame.iloc[1:])).all())
    True
    """
    return np.asarray(pd.util.hash_pandas_object(frame, index=False), dtype=np.uint64)


def table_digest(table: pd.DataFrame) -> str:
    """SHA-256 of a table: columns, types, rows and their order."""
    total = hashlib.sha256(json.dumps([[name, *_type(table[name])] for name in table.columns]).encode())
    if len(table.columns):
        total.update(row_hashes(table).tobytes())
    return total.hexdigest()


def lists_digest(lists: Mapping[str, Classification | None]) -> str:
    """SHA-256 of code lists by column."""
    listed = {name: None if codes is None else _listed(codes) for name, codes in lists.items()}
    return text_digest(json.dumps(listed, ensure_ascii=False, sort_keys=True))


def text_digest(text: str) -> str:
    """SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def part_of(restriction: Mapping[str, str]) -> Part:
    """A restriction as the record of reads has it: column and value in turn.

    >>> part_of({"industry": "C"})
    ('industry', 'C')
    """
    return tuple(word for column in sorted(restriction) for word in (column, restriction[column]))


def in_wave(restriction: Mapping[str, str], wave: int) -> dict[str, str]:
    """A restriction of one wave as others are asked for the same enterprises.

    >>> in_wave({"industry": "C"}, 2023)
    {'industry in 2023': 'C'}
    """
    return {f"{column} in {wave}": value for column, value in restriction.items()}


def _named_wave(part: Part) -> tuple[Part, int] | None:
    """The part of another wave that a part names, and which wave that is; None where it names none, or several."""
    found = [_NAMES_A_WAVE.fullmatch(word) for word in part[::2]]
    known = [each for each in found if each is not None]
    if len(part) % 2 or len(known) < len(found) or len({each["wave"] for each in known}) != 1:
        return None
    pairs = zip((each["column"] for each in known), part[1::2], strict=True)
    return tuple(word for pair in pairs for word in pair), int(known[0]["wave"])


def _listed_names(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])


def _type(column: pd.Series[Any]) -> list[str]:
    categories = column.dtype.categories.tolist() if isinstance(column.dtype, pd.CategoricalDtype) else []
    return [str(column.dtype), *map(str, categories)]


@lru_cache(maxsize=64)  # a shipped list is one object for the whole process
def _listed(codes: Classification) -> list[str]:
    about = (codes.name, codes.title, codes.edition, codes.source, codes.levels, codes.notation)
    return [*map(str, about), table_digest(codes.items)]
