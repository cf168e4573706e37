"""Simulated employees (模拟数据) for the benchmark, in the shapes that surveys come in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

QUANTILES = (0.10, 0.25, 0.50, 0.75, 0.90)
TABLE = ["industry", "occupation"]
NEW = ["region", "post"]
KNOWN = ["industry", "post"]
SHAPES = {
    "standard": "rows in no order, wages to the fen, codes as integers",
    "few": "4 huge cells",
    "tiny": "50,000 tiny cells",
    "ties": "wages rounded to 100 yuan",
    "strings": "industries, occupations, regions and posts as text",
    "by_enterprise": "rows sorted by enterprise",
    "by_wage": "rows sorted by wage",
}
_CELLS = {"few": 4, "tiny": 50_000}


@dataclass(frozen=True)
class Case:
    """One data set: what it is made of and where it lies.

    Parameters
    ----------
    cells : industries x occupations of the first table.
    """

    shape: str
    rows: int
    cells: int
    seed: int
    folder: Path

    @property
    def parquet(self) -> Path:
        return self.folder / f"{self.shape}-{self.rows}-{self.cells}.parquet"

    @property
    def columns(self) -> Path:
        """Folder of one file of raw numbers a column, which R reads without a package."""
        return self.parquet.with_suffix(".columns")


def make(shape: str, rows: int, cells: int, seed: int, folder: Path, *, raw: bool = False) -> Case:
    """Draw a data set and write it, once.

    Parameters
    ----------
    raw : write the columns that R reads as well.
    """
    case = Case(shape, rows, _CELLS.get(shape, cells), seed, folder)
    if not case.parquet.exists():
        frame = draw(case)
        frame.to_parquet(case.parquet, index=False)
        if raw:
            case.columns.mkdir()
            for name in ("pay", "weight"):
                frame[name].to_numpy(np.float64).tofile(case.columns / name)
            for name in ("stratum", "firm", *TABLE):
                codes(frame[name]).to_numpy(np.int32).tofile(case.columns / name)
    return case


def draw(case: Case) -> pd.DataFrame:
    """Employees of enterprises in 200 strata; 50 employees an enterprise, at least 2 enterprises a stratum."""
    rng = np.random.default_rng(case.seed)
    n, units = case.rows, max(case.rows // 50, 400)
    firm = rng.integers(0, units, n)
    industries = max(k for k in range(1, min(case.cells, 20) + 1) if case.cells % k == 0)
    occupations = case.cells // industries
    pay = np.exp(rng.normal(11, 0.5, n) + 0.1 * rng.normal(size=units)[firm])
    frame = pd.DataFrame(
        {
            "pay": (pay / 100).round() * 100 if case.shape == "ties" else pay.round(2),
            "weight": rng.uniform(1, 3, units).round(2)[firm],
            "firm": firm,
            "stratum": firm % 200,
            "industry": firm % industries,
            "occupation": rng.integers(0, occupations, n),
            "region": rng.integers(0, industries, units)[firm],
            "post": rng.integers(0, occupations, n),
            "size": rng.integers(1, 5, units)[firm],
            "sex": rng.integers(1, 3, n),
            "education": rng.integers(1, 8, n),
            "age": rng.integers(1, 9, n),
        }
    )
    if case.shape == "strings":
        for name in TABLE + NEW:
            frame[name] = name[0].upper() + frame[name].astype(str).str.zfill(6)
    if case.shape in ("by_enterprise", "by_wage"):
        frame = frame.sort_values("firm" if case.shape == "by_enterprise" else "pay", ignore_index=True)
    return frame


def codes(column: pd.Series) -> pd.Series:
    """Category codes as integers, be they written as text."""
    return column if pd.api.types.is_numeric_dtype(column) else column.astype(str).str[1:].astype(np.int64)


def release_tables() -> list[list[str]]:
    """The 40 tables of a release: 7 dimensions alone, their 21 pairs and 12 of their triples."""
    dimensions = ["industry", "occupation", "region", "size", "sex", "education", "age"]
    alone = [[name] for name in dimensions]
    pairs = [[a, b] for i, a in enumerate(dimensions) for b in dimensions[i + 1 :]]
    small = dimensions[3:]
    triples = [[a, b, c] for a in ("industry", "region") for i, b in enumerate(small) for c in small[i + 1 :]]
    return alone + pairs + triples
