"""A store with two waves of a small simulated survey (模拟数据), made once, and changes to copies of it."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import duckdb

from wagekit.collect.intake import intake
from wagekit.collect.store import open as open_store
from wagekit.collect.synthetic import population, write_files
from wagekit.resources import resource

WAVE = 2023


def copy_of_store(folder: Path, name: str = "survey.duckdb") -> Path:
    """The store, in a folder of the test's own."""
    path = folder / name
    path.write_bytes(_made())
    return path


def change(store: Path, statement: str, *values: object) -> None:
    """Change a store with one statement, which must change something."""
    with duckdb.connect(str(store)) as connection:
        [(rows,)] = connection.execute(statement, list(values)).fetchall()
        assert rows > 0, "the statement changes nothing"


@cache
def _made() -> bytes:
    people = population(3, enterprises=900, workers=22_000, waves=(2022, 2023))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = folder / "survey.duckdb"
        with open_store(store) as opened:
            for wave in (2022, 2023):
                files = write_files(
                    people, folder / str(wave), wave=wave, seed=5, enterprises=260, errors=False, truth=False
                )
                mapping = resource("data", "synthetic", "putuo.toml")
                intake(opened, [files.enterprises, files.employees], wave=wave, mapping=mapping)
        return store.read_bytes()
