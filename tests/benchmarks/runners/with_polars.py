"""polars' statement: plain unweighted quantiles."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from runners.data import QUANTILES, TABLE
from runners.run import Statement


def version() -> str:
    return f"polars {pl.__version__}"


def load(path: Path) -> pl.DataFrame:
    return pl.read_parquet(path)


def plain(frame: pl.DataFrame) -> pl.DataFrame:
    points = [pl.col("pay").quantile(p, "higher").alias(f"p{round(100 * p)}") for p in QUANTILES]
    return frame.lazy().group_by(TABLE).agg(points).collect()


STATEMENTS = {"plain": Statement(plain)}
