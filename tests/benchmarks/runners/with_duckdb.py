"""DuckDB's statements over a table in its memory: plain quantiles, and weighted percentiles, both without variance."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd

from runners.data import KNOWN, QUANTILES, TABLE
from runners.run import Statement


def version() -> str:
    return f"DuckDB {duckdb.__version__}"


def load(path: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE employees AS SELECT * FROM read_parquet($1)", [str(path)])
    return connection


def plain(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    wanted = ", ".join(f"{p}" for p in QUANTILES)
    return connection.execute(
        f"SELECT {', '.join(TABLE)}, quantile_disc(pay, [{wanted}]) FROM employees GROUP BY ALL"
    ).df()


def weighted(connection: duckdb.DuckDBPyConnection, by: list[str]) -> pd.DataFrame:
    """First wage at which the running sum of weights reaches p W; a sum that misses it by rounding has reached it."""
    cell = ", ".join(by)
    points = ", ".join(
        f"min(pay) FILTER (running >= {p} * total * (1 - 1e-12)) AS p{round(100 * p)}" for p in QUANTILES
    )
    return connection.execute(
        f"""
        WITH ordered AS (
            SELECT {cell}, pay, sum(weight) OVER (PARTITION BY {cell} ORDER BY pay) AS running,
                sum(weight) OVER (PARTITION BY {cell}) AS total
            FROM employees)
        SELECT {cell}, {points} FROM ordered GROUP BY ALL
        """
    ).df()


def long(frame: pd.DataFrame) -> pd.DataFrame:
    by = [name for name in frame.columns if name in TABLE + KNOWN]
    return frame.melt(by, var_name="statistic", value_name="estimate")


STATEMENTS = {
    "plain": Statement(plain),
    "weighted": Statement(lambda connection: weighted(connection, TABLE), long),
    "weighted_known": Statement(lambda connection: weighted(connection, KNOWN), long),
}
