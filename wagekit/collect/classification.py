"""Classifications (分类标准): code lists whose levels roll up to their parents."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from wagekit.collect import code_lists
from wagekit.collect.code_lists import Notation
from wagekit.collect.code_matching import Matcher
from wagekit.collect.values import as_text
from wagekit.errors import InputError
from wagekit.options import Language
from wagekit.resources import resource

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Classification:
    """A code list with a tree of levels.

    Make one with `load`, `Classification.from_csv`, `Classification.from_items` or
    `Classification.from_official_file`: these check it and work the levels out.

    Parameters
    ----------
    name : short name, as in ``load("industry")``.
    title, edition, source : what the list is, in the words of whoever issued it.
    items : one row a code: ``code``, ``name``, ``parent`` ("" at the top), ``level`` (name of the level) and,
        where known, ``english``, ``alias`` (other spellings, separated by ``|``) and ``mark``.
    levels : names of the levels, top level first.
    notation : how codes are written in practice.

    Examples
    --------
    >>> industry = load("industry")
    >>> industry.label("C36"), industry.label("C36", language="en")
    ('汽车制造业', 'Manufacture of Automobiles')
    >>> industry.roll_up(pd.Series(["C3611", "J"]), "section").tolist()
    ['C', 'J']
    >>> industry.encode(pd.Series(["3611", "汽车制造业", "火星"])).isna().tolist()
    [False, False, True]
    """

    name: str
    title: str
    edition: str
    source: str
    items: pd.DataFrame
    levels: tuple[str, ...]
    notation: Notation = "plain"

    @classmethod
    def from_items(
        cls,
        items: pd.DataFrame,
        *,
        name: str,
        title: str | None = None,
        edition: str = "",
        source: str = "",
        levels: Sequence[str] | None = None,
        notation: Notation = "plain",
        where: str | None = None,
    ) -> Classification:
        """Check a frame of ``code, name, parent`` and make a classification of it.

        Parameters
        ----------
        items : ``code``, ``name`` and, for more than one level, ``parent``; other columns are kept.
        levels : names of the levels, top first; ``level_1``, ``level_2`` … without it.
        where : file or variable that error messages name.

        Raises
        ------
        InputError
            If a column is missing, a code is empty or given twice, a parent is not in the list, parents run
            in a circle, or the list has another number of levels than `levels` names.
        """
        where = where or f"classification {name!r}"
        frame = code_lists.clean_items(items, where)
        ancestors = code_lists.ancestors(frame, where)
        depth = ancestors.shape[1]
        titles = tuple(levels) if levels is not None else tuple(f"level_{k + 1}" for k in range(depth))
        if len(titles) != depth:
            raise InputError(
                f"the list has {depth} levels, but {len(titles)} are named ({', '.join(titles)})",
                where=where,
                do="Name every level, from the top down",
            )
        own = (ancestors >= 0).sum(axis=1) - 1
        frame.insert(3, "level", [titles[k] for k in own])
        made = cls(name, title or name, edition, source, frame, titles, notation)
        made.__dict__["_ancestors"] = ancestors  # worked out already
        return made

    @classmethod
    def from_csv(
        cls,
        path: str | Path,
        *,
        name: str | None = None,
        title: str | None = None,
        edition: str = "",
        source: str = "",
        levels: Sequence[str] | None = None,
        notation: Notation = "plain",
    ) -> Classification:
        """Read a list of one's own from a CSV file with the columns ``code,name,parent``.

        Raises
        ------
        InputError
            If the file can't be read or the list contradicts itself (see `from_items`).
        """
        return cls.from_items(
            code_lists.read_list(Path(path)),
            name=name or Path(path).stem,
            title=title,
            edition=edition,
            source=source or str(path),
            levels=levels,
            notation=notation,
            where=str(path),
        )

    @classmethod
    def from_official_file(
        cls, path: str | Path, *, name: Literal["occupation", "industry"] = "occupation", edition: str = ""
    ) -> Classification:
        """Read a full list in its official shape: ``level`` (1 to 4), ``code``, ``name``; codes tell the parents.

        Occupations are written ``d-dd-dd-dd`` padded with 00. Where the dictionary prints a group and its
        only member as one line (``2-06-02-00`` at level 4), the group is added; a group of several
        occupations that has no line of its own gets their names. Industries are a letter and up to 4 digits.

        Raises
        ------
        InputError
            If the file can't be read, a column is missing or a code has another shape.
        """
        frame = code_lists.read_list(Path(path), columns=("level", "code", "name"))[["level", "code", "name"]]
        for column in frame:
            frame[column] = frame[column].str.strip()
        shape = r"\d-\d\d-\d\d-\d\d" if name == "occupation" else r"[A-Z]\d{0,4}"
        odd = ~(frame["code"].str.fullmatch(shape) & frame["level"].isin(["1", "2", "3", "4"]))
        if odd.any():
            row = int(np.flatnonzero(odd)[0])
            raise InputError(
                f"level {frame['level'].iloc[row]!r}, code {frame['code'].iloc[row]!r} in row {row + 2}",
                where=str(path),
                expected=f"levels 1 to 4 and codes like {'2-02-07-01' if name == 'occupation' else 'C3611'}",
            )
        shipped = load(name)
        return cls.from_items(
            code_lists.occupation_items(frame) if name == "occupation" else code_lists.industry_items(frame),
            name=name,
            title=shipped.title,
            edition=edition or shipped.edition,
            source=str(path),
            levels=shipped.levels,
            notation=shipped.notation,
            where=str(path),
        )

    def __contains__(self, code: object) -> bool:
        return code in self._positions

    def __len__(self) -> int:
        return len(self.items)

    def codes(self, level: str | int | None = None) -> list[str]:
        """Codes of one level (all without it), in the list's order."""
        if level is None:
            return self.items["code"].tolist()
        return self.items.loc[self.items["level"] == self.levels[self._level(level)], "code"].tolist()

    def label(self, code: str, *, language: Language = "zh") -> str:
        """Title of one code; Chinese where there is no English one.

        Raises
        ------
        InputError
            If the code is not in the list.
        """
        return str(self._pool(language).iloc[self._position(code)])

    def labels(self, codes: pd.Series, *, language: Language = "zh") -> pd.Series:
        """Titles of a column of codes, shape (n,); NA for codes that are not in the list."""
        return self._take(self._pool(language), self._locate(codes), codes)

    def parent(self, code: str) -> str | None:
        """Code of the group that a code lies in; None at the top."""
        return str(self.items["parent"].iloc[self._position(code)]) or None

    def level(self, code: str) -> str:
        """Name of the level that a code lies at.

        Raises
        ------
        InputError
            If the code is not in the list.
        """
        return str(self.items["level"].iloc[self._position(code)])

    def roll_up(self, codes: pd.Series, level: str | int) -> pd.Series:
        """Code of the ancestor at a level, for a column of codes.

        Parameters
        ----------
        codes : shape (n,), codes of any level.
        level : name of a level or its number, 1 for the top.

        Returns
        -------
        Shape (n,), same index; NA for an unknown code (see `unknown`) and for one that lies above the level.
        """
        depth = self._level(level)
        at = self._locate(codes)
        return self._take(self._pool("code"), np.where(at >= 0, self._ancestors[at, depth], -1), codes)

    def unknown(self, codes: pd.Series) -> list[str]:
        """The different codes of a column that are not in the list, sorted; missing ones don't count."""
        missing = (self._locate(codes) < 0) & codes.notna().to_numpy()
        return sorted({str(code) for code in codes[missing].unique()})

    def encode(self, values: pd.Series, *, nearest: bool = False) -> pd.Series:
        """Codes for a column as people fill it in: codes or titles, full-width or half-width, with blanks.

        GB/T 4754 codes may come without their letter (``3611`` is C3611, ``36`` is C36), occupation codes
        padded (``2-02-07-00``) or without hyphens (``2020700``); a number that a spreadsheet made of a code
        counts as its digits. A title shared by a group and its only member means the member. The work grows
        with the number of different values, not with the number of rows.

        Parameters
        ----------
        values : shape (n,), text or numbers.
        nearest : for an industry or occupation code that is not in the list, take the nearest group above it
            that is (not the top level): the survey's rule where no detailed occupation fits.

        Returns
        -------
        Shape (n,), same index; NA where the value is missing or not in the list.
        """
        inverse, different = pd.factorize(as_text(values))
        places = [self._matcher.find(str(value), nearest=nearest) for value in different]
        return self._take(self._pool("code"), np.array([*places, -1], dtype=np.int64)[inverse], values)

    # Work tables, made once when first needed.

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {str(code): at for at, code in enumerate(self.items["code"])}

    @cached_property
    def _ancestors(self) -> NDArray[np.int64]:
        return code_lists.ancestors(self.items, self.name)

    @cached_property
    def _pools(self) -> dict[str, pd.Series]:
        chinese = self.items["name"].tolist()
        english = self.items["english"].tolist() if "english" in self.items else [""] * len(chinese)
        english = [e or c for e, c in zip(english, chinese, strict=True)]
        columns = {"code": self.items["code"].tolist(), "zh": chinese, "en": english}
        # The last element stands for "missing", so that position -1 takes it.
        return {key: pd.Series([*values, None]) for key, values in columns.items()}

    @cached_property
    def _matcher(self) -> Matcher:
        return Matcher(self.items, self._ancestors, self.notation)

    def _level(self, level: str | int) -> int:
        if isinstance(level, int) and 1 <= level <= len(self.levels):
            return level - 1
        if level in self.levels:
            return self.levels.index(str(level))
        raise InputError(
            f"there is no level {level!r}",
            where=f"classification {self.name!r}",
            expected=f"one of {', '.join(self.levels)} or 1 to {len(self.levels)}",
        )

    def _position(self, code: str) -> int:
        try:
            return self._positions[code]
        except KeyError:
            raise InputError(
                f"there is no code {code!r}",
                where=f"classification {self.name!r} ({self.edition or self.title})",
                do="Use Classification.encode to turn what people write into codes",
            ) from None

    def _pool(self, which: str) -> pd.Series:
        return self._pools[which]

    def _locate(self, codes: pd.Series) -> NDArray[np.int64]:
        inverse, different = pd.factorize(codes)
        places = [self._positions.get(code, -1) for code in different]
        return np.array([*places, -1], dtype=np.int64)[inverse]

    @staticmethod
    def _take(pool: pd.Series, at: NDArray[np.int64], like: pd.Series) -> pd.Series:
        taken: pd.Series = pool.take(np.where(at < 0, len(pool) - 1, at))
        taken.index = like.index
        taken.name = like.name
        return taken


@lru_cache(maxsize=1)
def _index() -> dict[str, Any]:
    return tomllib.loads(resource("data", "classifications", "index.toml").read_text(encoding="utf-8"))


def shipped_names() -> list[str]:
    """Names of the classifications that come with wagekit."""
    return list(_index())


@lru_cache(maxsize=32)
def load(name: str) -> Classification:
    """A classification that comes with wagekit; read once and kept.

    Parameters
    ----------
    name : ``industry`` (GB/T 4754-2017), ``occupation`` (职业分类大典 2022), ``enterprise_size``,
        ``registration_type``, ``education``, ``skill_level``, ``professional_title``, ``management_level``,
        ``sex``, ``employment_form`` or ``contract_type``.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    about = _index().get(name)
    if about is None:
        raise InputError(
            f"no classification {name!r} comes with wagekit",
            expected=f"one of {', '.join(shipped_names())}",
            do="Load a list of your own with Classification.from_csv",
        )
    return Classification.from_csv(
        resource("data", "classifications", f"{name}.csv"),
        name=name,
        title=about["title"],
        edition=about["edition"],
        source=about["source"],
        levels=about["levels"],
        notation=about.get("notation", "plain"),
    )
