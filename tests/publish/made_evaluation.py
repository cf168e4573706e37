"""A store with two waves of a simulated survey (模拟数据) that has mistakes in it, and the lists of its samples."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from wagekit.collect.intake import intake
from wagekit.collect.store import open as open_store
from wagekit.collect.synthetic import population, write_files
from wagekit.disclosure import ReleaseRules
from wagekit.resources import resource

WAVE = 2023
SAMPLE = "2023/模拟数据_样本名录_2023.csv"
OPEN_RULES = ReleaseRules(
    min_employees=None, min_enterprises=None, max_share=None, max_cv=None, min_employees_tails=None
)
"""Rules that hold nothing back, so that every figure can be compared with one calculated otherwise."""


@cache
def evaluation_store() -> Path:
    """The store; the list of the sample lies beside it at `SAMPLE`. Nobody may change it."""
    folder = Path(tempfile.mkdtemp(prefix="wagekit-evaluation-"))
    people = population(3, enterprises=900, workers=22_000, waves=(2022, 2023))
    mapping = resource("data", "synthetic", "putuo.toml")
    with open_store(folder / "survey.duckdb") as opened:
        for wave in (2022, 2023):
            files = write_files(people, folder / str(wave), wave=wave, seed=5, enterprises=260, truth=False)
            intake(opened, [files.enterprises, files.employees], wave=wave, mapping=mapping)
    return folder / "survey.duckdb"


def release_file(folder: Path, rules: str) -> Path:
    """A ``release.toml`` with one table and some rules."""
    path = folder / "release.toml"
    table = '[[tables]]\nname = "by_industry"\nby = ["industry"]\nstatistics = ["p50", "mean"]\n'
    path.write_text(f'[release]\nstore = "x"\nwave = {WAVE}\ntitle = "t"\n{table}[rules]\n{rules}\n', encoding="utf-8")
    return path


def figures(table):
    """First name (or names joined) of each row -> its printed figures by column key."""
    keys = [column.key for column in table.columns]
    return {
        " ".join(name for name in row.names if name): {
            key: None if cell.value is None else float(cell.value) for key, cell in zip(keys, row.cells, strict=True)
        }
        for row in table.rows
    }
