"""The survey frame: employees with their enterprise's columns and the columns that tables are made by."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from wagekit.collect.classification import Classification, load
from wagekit.collect.questionnaire import EMPLOYEE, ENTERPRISE
from wagekit.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

IDENTITIES = ("name", "legal_representative", "contact")
"""Enterprise columns that say who it is. They stay in the store; no statistic needs them."""

AGE_BANDS = (("≤25", 25), ("26–35", 35), ("36–45", 45), ("46–55", 55), ("≥56", None))
"""Age in the reference year, upper ends included (the bands of Shanghai's publications)."""

TENURE_BANDS = (("≤1", 1), ("2–3", 3), ("4–5", 5), ("6–10", 10), ("≥11", None))
"""Years in the enterprise, upper ends included (the bands of Shenzhen's publications)."""

LEVEL_COLUMNS = {
    "industry": ("industry_code", 0),
    "industry_division": ("industry_code", 1),
    "occupation_major": ("occupation_code", 0),
    "occupation_sub_major": ("occupation_code", 1),
    "occupation_minor": ("occupation_code", 2),
}
"""Derived columns that are a level of a code's classification: the code's column and the level from the top."""

_DERIVED = (*LEVEL_COLUMNS, "occupation", "age_group", "tenure_group")


@lru_cache(maxsize=1)
def survey_columns() -> tuple[str, ...]:
    """Columns that every survey frame has, extra columns aside."""
    enterprise = (field.name for field in ENTERPRISE if field.name not in IDENTITIES)
    employee = (field.name for field in EMPLOYEE)
    return tuple(dict.fromkeys((*employee, *enterprise, *_DERIVED)))


def source_of(column: str) -> str:
    """The stored column that a derived one comes from; any other column is its own source.

    >>> source_of("industry"), source_of("annual_pay")
    ('industry_code', 'annual_pay')
    """
    if column in LEVEL_COLUMNS:
        return LEVEL_COLUMNS[column][0]
    others = {"occupation": "occupation_code", "age_group": "birth_year", "tenure_group": "enterprise_tenure"}
    return others.get(column, column)


@lru_cache(maxsize=1)
def reserved_columns() -> tuple[str, ...]:
    """Names that no extra column may have."""
    return ("wave", *survey_columns(), *IDENTITIES)


def code_lists(about: Mapping[str, Any], own: pd.DataFrame) -> dict[str, Classification | None]:
    """Code lists by column of the store's tables: the questionnaire's, changed by what a wave was read with.

    Parameters
    ----------
    about : column -> what the wave's metadata say of its code list, None for free codes.
    own : items of the wave's own code lists: ``column_name, code, name, english, parent``.
    """
    lists: dict[str, Classification | None] = {
        field.name: load(field.classification)
        for table in (ENTERPRISE, EMPLOYEE)
        for field in table
        if field.classification is not None and field.name not in about
    }
    for column, said in about.items():
        if said is None:
            lists[column] = None
        elif said["shipped"]:
            lists[column] = load(said["name"])
        else:
            lists[column] = Classification.from_items(
                own.loc[own["column_name"] == column, ["code", "name", "english", "parent"]],
                name=said["name"],
                title=said["title"],
                edition=said["edition"],
                source=said["source"],
                levels=said["levels"],
                notation=said["notation"],
            )
    return lists


def label_lists(lists: Mapping[str, Classification | None]) -> dict[str, Classification]:
    """Code lists by column of the survey frame, derived columns included; columns of free codes are left out.

    Parameters
    ----------
    lists : code lists by column of the store's tables.
    """
    labelled = {column: codes for column, codes in lists.items() if codes is not None}
    for column, (source, level) in LEVEL_COLUMNS.items():
        codes = labelled.get(source)
        if codes is not None and level < len(codes.levels):
            labelled[column] = codes
    if "occupation_code" in labelled:
        labelled["occupation"] = labelled["occupation_code"]
    return labelled


def survey_frame(
    enterprises: pd.DataFrame,
    employees: pd.DataFrame,
    lists: Mapping[str, Classification | None],
    *,
    wave: int,
) -> pd.DataFrame:
    """One row an employee, in the order of `employees`, with the enterprise's columns and the derived ones.

    Parameters
    ----------
    enterprises : one row an enterprise, columns of the store.
    employees : shape (n, …), columns of the store.
    lists : code lists by column; None for free codes, which are their own group at every level.
    wave : reference year, from which ages are counted.

    Returns
    -------
    Shape (n, …). ``industry`` is the section, ``occupation`` the code as given, ``occupation_major`` and so on
    its groups; a level that the code list doesn't have is missing throughout.

    Examples
    --------
    >>> firms = pd.DataFrame({"enterprise_id": ["a"], "industry_code": ["x1"]})
    >>> people = pd.DataFrame({"enterprise_id": ["a"], "occupation_code": ["o"], "birth_year": [1990]})
    >>> frame = survey_frame(firms, people, {"industry_code": None, "occupation_code": None}, wave=2023)
    >>> frame[["industry", "occupation_major", "age_group"]].iloc[0].tolist()
    ['x1', 'o', '26–35']
    """
    kept = [c for c in enterprises if c not in (*IDENTITIES, "enterprise_id", "wave") and c not in employees]
    place = pd.Index(enterprises["enterprise_id"]).get_indexer(pd.Index(employees["enterprise_id"]))
    # Place -1, an employee without an enterprise, is no label of the index: it gives missing values.
    joined = enterprises[kept].reset_index(drop=True).reindex(place).set_axis(employees.index)
    derived: dict[str, object] = {}
    for column, (source, level) in LEVEL_COLUMNS.items():
        # An industry is rolled up once for each enterprise, not for each of its employees.
        home = enterprises if source in enterprises else employees
        if source not in home:
            continue
        rolled = _at_level(home[source], lists.get(source), level)
        derived[column] = _spread(rolled, place, employees.index) if home is enterprises else rolled
    if "occupation_code" in employees:
        derived["occupation"] = employees["occupation_code"]
    if "birth_year" in employees:
        derived["age_group"] = _banded(wave - _floats(employees["birth_year"]), AGE_BANDS)
    if "enterprise_tenure" in employees:
        derived["tenure_group"] = _banded(np.ceil(_floats(employees["enterprise_tenure"])), TENURE_BANDS)
    frame = pd.concat(
        [employees.drop(columns="wave", errors="ignore"), joined, pd.DataFrame(derived, index=employees.index)],
        axis=1,
    )
    return frame.reset_index(drop=True)


def usable_design(
    frame: pd.DataFrame, design: Mapping[str, Any], *, where: str
) -> tuple[pd.DataFrame, dict[str, Any], tuple[str, ...]]:
    """The design as far as the data know it: unknown weights become 1, empty strata and sizes are left out.

    Parameters
    ----------
    frame : the survey frame.
    design : arguments of `wagekit.survey.Survey`.
    where : what messages call the data.

    Returns
    -------
    The frame, the design, and a sentence for each thing that had to be changed.

    Raises
    ------
    InputError
        If a design column has values for some of the rows only.
    """
    used, notes = dict(design), []
    weights = used["weights"]
    if weights in frame and not _complete(frame, weights, where):
        frame = frame.assign(**{weights: 1.0})
        notes.append(f"No weights are known ({weights} is empty): every employee counts 1.")
    for part, without in (("strata", "unstratified"), ("fpc", "as drawn with replacement")):
        named = used.get(part) or []
        columns = [named] if isinstance(named, str) else list(named)
        filled = [column for column in columns if column not in frame or _complete(frame, column, where)]
        if len(filled) < len(columns):
            empty = ", ".join(column for column in columns if column not in filled)
            notes.append(f"{part} not known ({empty} is empty): the sample is treated {without}.")
        used[part] = filled or None
    return frame, used, tuple(notes)


def _complete(frame: pd.DataFrame, column: str, where: str) -> bool:
    """Whether a column has values in all rows; False if in none.

    Raises
    ------
    InputError
        If in some only.
    """
    missing = int(frame[column].isna().sum())
    if 0 < missing < len(frame):
        raise InputError(
            f"column {column!r} of the design is missing for {missing:,} of {len(frame):,} employees",
            where=where,
            expected="a value for all or for none",
            do="Fill it in and take the wave in again",
        )
    return missing == 0


def _at_level(codes: pd.Series, listed: Classification | None, level: int) -> pd.Series:
    if listed is None:
        return codes
    if level >= len(listed.levels):
        return pd.Series(None, index=codes.index, dtype=codes.dtype, name=codes.name)
    return listed.roll_up(codes, level + 1)


def _spread(values: pd.Series, place: NDArray[np.intp], index: pd.Index) -> pd.Series:
    return values.reset_index(drop=True).reindex(place).set_axis(index)


def _floats(values: pd.Series) -> NDArray[np.float64]:
    return values.to_numpy(dtype=np.float64, na_value=np.nan)


def _banded(values: NDArray[np.float64], bands: tuple[tuple[str, int | None], ...]) -> pd.Categorical[str]:
    """Band of every value; missing where the value is."""
    ends = np.array([end for _, end in bands if end is not None], dtype=np.float64)
    at = np.where(np.isnan(values), -1, np.searchsorted(ends, values, side="left")).astype(np.int64)
    names = pd.Index([name for name, _ in bands])
    return pd.Categorical.from_codes(at, names, ordered=True)
