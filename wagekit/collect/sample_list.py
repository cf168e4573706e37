"""The list of the enterprises that were drawn (样本名录): what response is measured against."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from wagekit.collect.questionnaire import ENTERPRISE
from wagekit.collect.raw import header_key
from wagekit.collect.readers import read
from wagekit.errors import InputError

SAMPLE_LIST_FIELDS = (
    "enterprise_id",
    "industry_code",
    "enterprise_size",
    "stratum",
    "inclusion_probability",
    "frame_headcount",
)
"""Columns of a sample list, by wagekit's names; its headers may be these or the official Chinese ones."""

_NUMBERS = ("inclusion_probability", "frame_headcount")


def read_sample_list(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read the list of the enterprises that were drawn, those that did not answer included.

    Parameters
    ----------
    path : a CSV file, workbook or Parquet file with a row for each drawn enterprise. 统一社会信用代码 is needed; 行业类别代码,
        企业规模, 抽样层, 入样概率 (to be drawn) and 名录从业人员数 are used where they are there; other columns are not.

    Returns
    -------
    pandas.DataFrame
        Those of `SAMPLE_LIST_FIELDS` that the file has: codes as text, probability and workers as numbers.

    Raises
    ------
    InputError
        If the file can't be read, has no column of enterprises, an enterprise twice or not at all, or a probability
        or number of workers that can't be one.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "drawn.csv"
    >>> _ = path.write_text("统一社会信用代码,入样概率\\na,0.5\\nb,1\\n", encoding="utf-8")
    >>> read_sample_list(path)["inclusion_probability"].tolist()
    [0.5, 1.0]
    """
    where = str(path)
    raw = read(Path(path)).frame
    known = {header_key(text): name for name in SAMPLE_LIST_FIELDS for text in (name, ENTERPRISE[name].chinese)}
    named = {column: known[header_key(str(column))] for column in raw if header_key(str(column)) in known}
    twice = [name for name in SAMPLE_LIST_FIELDS if list(named.values()).count(name) > 1]
    if twice or "enterprise_id" not in named.values():
        raise InputError(
            f"{'two columns' if twice else 'no column'} for {ENTERPRISE[twice[0] if twice else 'enterprise_id'].chinese}",
            where=where,
            expected="one, in a list with a row for each enterprise drawn",
        )
    listed = raw[list(named)].rename(columns=named)
    listed = listed[[name for name in SAMPLE_LIST_FIELDS if name in listed]].reset_index(drop=True)
    codes = listed["enterprise_id"]
    wrong = codes.isna() | codes.duplicated()
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        found = "no enterprise" if codes.isna().iloc[row] else "an enterprise that is there before"
        raise InputError(found, where=f"{where}, row {raw.index[row]}", expected="each drawn enterprise once")
    for name in _NUMBERS:
        if name in listed:
            listed[name] = _numbers(listed[name], name, where, raw.index)
    return listed


def _numbers(column: pd.Series, name: str, where: str, rows: pd.Index) -> pd.Series:
    """The column as numbers above 0, probabilities up to 1.

    Raises
    ------
    InputError
        If one isn't.
    """
    values = pd.to_numeric(column, errors="coerce").astype("float64")
    wrong = ~(values > 0) | ((values > 1) & (name == "inclusion_probability"))
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        raise InputError(
            f"{ENTERPRISE[name].chinese} is {column.iloc[row]!r}",
            where=f"{where}, row {rows[row]}",
            expected="a number above 0" + (" and up to 1" if name == "inclusion_probability" else ""),
        )
    return values
