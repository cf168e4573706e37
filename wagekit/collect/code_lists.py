"""Reading code lists and working out their tree: the arithmetic under `Classification`."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from wagekit.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Notation = Literal["plain", "industry", "occupation"]
"""How codes are written in practice: as listed, GB/T 4754 without its letter, 大典 codes padded with 00."""

_MAXIMUM_DEPTH = 32
# Marks printed behind a title of the dictionary: L green, S digital.
_MARKED_TITLE = re.compile(r"(.*?)(L/S|L|S)?")


def read_list(path: Path, columns: Sequence[str] = ("code", "name")) -> pd.DataFrame:
    """Read a CSV code list as text, UTF-8 or GB18030, missing cells as "".

    Raises
    ------
    InputError
        If the file is missing, empty, in another encoding, not a table, or lacks one of `columns`.
    """
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding=encoding)
            break
        except UnicodeDecodeError:
            continue
        except OSError as error:
            raise InputError("the code list can't be read", where=str(path), do=error.strerror) from error
        except (pd.errors.EmptyDataError, pd.errors.ParserError, ValueError) as error:
            raise InputError(
                "the code list is empty or not a table", where=str(path), expected="CSV with a header row"
            ) from error
    else:
        raise InputError("the encoding can't be told", where=str(path), expected="UTF-8 or GB18030")
    frame.columns = pd.Index([str(column).strip() for column in frame.columns])
    require_columns(frame, columns, str(path))
    return frame


def require_columns(frame: pd.DataFrame, columns: Sequence[str], where: str) -> None:
    """Raise InputError if a column is missing."""
    if missing := [column for column in columns if column not in frame]:
        raise InputError(
            f"column {missing[0]!r} is missing",
            where=where,
            expected=f"columns {', '.join(columns)}",
            do=f"The columns found are {', '.join(map(str, frame.columns)) or 'none'}",
        )


def clean_items(items: pd.DataFrame, where: str) -> pd.DataFrame:
    """Items as trimmed text with ``code, name, parent`` first, checked for empty and repeated codes."""
    require_columns(items, ("code", "name"), where)
    columns = dict.fromkeys(["code", "name", "parent", *items.columns.drop("level", errors="ignore")])
    frame = pd.DataFrame({column: _trimmed(items, column) for column in columns}, dtype="str")
    if frame.empty:
        raise InputError("the list has no codes", where=where)
    for wrong, found in (
        (frame["code"] == "", "an empty code"),
        (frame["name"] == "", "an empty name"),
        (frame["code"].duplicated(), "a code that was there before"),
    ):
        if wrong.any():
            at = int(np.flatnonzero(wrong)[0])
            raise InputError(f"{found} in row {at + 2} ({frame['code'].iloc[at]!r})", where=where)
    return frame


def _trimmed(items: pd.DataFrame, column: Hashable) -> list[str]:
    """A column as text without blanks around it, "" where a value is missing or there is no such column."""
    if column not in items:
        return [""] * len(items)
    pairs = zip(items[column].tolist(), items[column].isna().tolist(), strict=True)
    return ["" if missing else str(value).strip() for value, missing in pairs]


def ancestors(items: pd.DataFrame, where: str) -> NDArray[np.int64]:
    """Position of every item's ancestor at every level.

    Parameters
    ----------
    items : n rows with ``code`` and ``parent`` ("" at the top).

    Returns
    -------
    Shape (n, levels); an item stands at its own level, and below it is -1.

    Raises
    ------
    InputError
        If a parent is not in the list or parents run in a circle.
    """
    parents = items["parent"].to_numpy(dtype=object)
    parent = pd.Index(items["code"].astype(object)).get_indexer(parents)
    orphan = (parent < 0) & (parents != "")
    if orphan.any():
        at = int(np.flatnonzero(orphan)[0])
        raise InputError(
            f"the parent {parents[at]!r} of code {items['code'].iloc[at]!r} is not in the list",
            where=where,
            do="Add the parent as a code of its own",
        )
    chain = [np.arange(len(items), dtype=np.int64)]
    while (chain[-1] >= 0).any():
        if len(chain) > _MAXIMUM_DEPTH:
            at = int(chain[-1].max())
            raise InputError(f"the parents of code {items['code'].iloc[at]!r} run in a circle", where=where)
        chain.append(np.where(chain[-1] >= 0, parent[chain[-1]], -1))
    upward = np.stack(chain[:-1], axis=1)  # own position, parent, grandparent, … , -1 beyond the top
    depth = (upward >= 0).sum(axis=1)
    level = np.arange(upward.shape[1])
    steps = depth[:, None] - 1 - level
    return np.where(steps >= 0, np.take_along_axis(upward, np.maximum(steps, 0), axis=1), -1)


def industry_items(frame: pd.DataFrame) -> pd.DataFrame:
    """``code, name, parent`` of a list whose codes are a letter and up to four digits."""
    codes = frame["code"]
    parent = codes.str[:-1].where(codes.str.len() != 3, codes.str[:1])
    return pd.DataFrame({"code": codes, "name": frame["name"], "parent": parent})


def occupation_items(frame: pd.DataFrame) -> pd.DataFrame:
    """``code, name, parent, mark`` of a dictionary in its official shape: ``d-dd-dd-dd`` padded with 00."""
    lines = frame.drop_duplicates()
    parts = lines["name"].str.extract(f"^{_MARKED_TITLE.pattern}$").fillna("")
    lines = lines.assign(name=parts[0], mark=parts[1])
    width = {"1": 1, "2": 4, "3": 7, "4": 10}
    lines["short"] = [code[: width[level]] for code, level in zip(lines["code"], lines["level"], strict=True)]
    minor = lines["code"].str[:7]
    detailed = lines["level"] == "4"
    # A level-4 line padded with 00 beside other occupations of the same group is that group's own line.
    crowded = detailed & (minor.where(detailed).map(minor[detailed].value_counts()) > 1)
    heads = crowded & lines["code"].str.endswith("-00")
    lines.loc[heads, "short"] = minor[heads]
    lines = lines.drop_duplicates("short")
    names = dict(zip(lines["short"], lines["name"], strict=True))
    added: dict[str, str] = {}
    for code, name in zip(lines["short"], lines["name"], strict=True):
        group = code[:7]
        if len(code) == 10 and group not in names:
            own = names.get(group[:4], name) if group.endswith("-00") else name
            added[group] = own if group not in added or group.endswith("-00") else f"{added[group]}、{name}"
    groups = pd.DataFrame({"short": list(added), "name": list(added.values()), "mark": ""})
    items = pd.concat([lines[["short", "name", "mark"]], groups]).sort_values("short", ignore_index=True)
    cut = {1: 0, 4: 1, 7: 4, 10: 7}
    parent = [code[: cut[len(code)]] for code in items["short"]]
    return pd.DataFrame({"code": items["short"], "name": items["name"], "parent": parent, "mark": items["mark"]})
