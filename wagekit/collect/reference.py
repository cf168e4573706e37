"""Reference figures in the store: wage guideline lines (工资指导线) and published series, with their sources."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd

from wagekit.errors import InputError
from wagekit.resources import resource

KEYS = {"guideline_lines": ("region", "year"), "reference_series": ("series", "region", "year")}
"""Tables of reference figures and what tells their rows apart."""


def load_shipped(connection: duckdb.DuckDBPyConnection) -> None:
    """Put the figures that come with wagekit into a new store, in one transaction."""
    connection.begin()
    try:
        for table in KEYS:
            put(connection, table, pd.read_csv(resource("data", "reference", f"{table}.csv")), where=table)
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


def put(connection: duckdb.DuckDBPyConnection, table: str, rows: pd.DataFrame, *, where: str | Path) -> int:
    """Insert rows, in place of those with the same key. Runs in the caller's transaction.

    Parameters
    ----------
    table : ``guideline_lines`` or ``reference_series``.
    rows : columns of the table; those that aren't required may be missing.
    where : what the rows are called in messages.

    Returns
    -------
    Number of rows put.

    Raises
    ------
    InputError
        If a column is missing or unknown, a value has the wrong type, or a key comes twice.
    """
    described = connection.execute(f"DESCRIBE {table}").fetchall()
    columns = {str(row[0]): (str(row[1]), row[2] == "NO") for row in described}
    for name in rows.columns:
        if name not in columns:
            raise InputError(f"there is no column {name!r}", where=str(where), expected=", ".join(columns))
    for name, (kind, needed) in columns.items():
        if needed and (name not in rows or rows[name].isna().any()):
            raise InputError(f"column {name!r} is missing or has gaps", where=str(where), expected="values throughout")
        if name in rows and kind in ("INTEGER", "DOUBLE") and not pd.api.types.is_numeric_dtype(rows[name]):
            raise InputError(f"column {name!r} holds text", where=str(where), expected="numbers")
    key = list(KEYS[table])
    if (twice := rows.duplicated(key)).any():
        shown = " ".join(map(str, rows.loc[twice, key].iloc[0]))
        raise InputError(f"{shown} is there twice", where=str(where), expected="one row for each")
    connection.register("incoming", rows)
    try:
        same = " AND ".join(f"{table}.{name} = incoming.{name}" for name in key)
        connection.execute(f"DELETE FROM {table} USING incoming WHERE {same}")
        connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")
    finally:
        connection.unregister("incoming")
    return len(rows)
