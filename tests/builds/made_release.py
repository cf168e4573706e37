"""A small release folder with its manifest, for the tests of manifests, archives and verification."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from wagekit.builds.manifest import Manifest, private_folder
from wagekit.builds.reuse import entries, table_entries
from wagekit.builds.tasks import Outcome, Task
from wagekit.publish.configuration import Release
from wagekit.reads import Read

STORE = "/srv/data/survey.duckdb"
WHOLE = Read(STORE, 2023, (), "a" * 64)
PART = Read(STORE, 2023, ("industry", "C"), "b" * 64)
PAGES = {"industry_C.html": b"<html>C</html>", "industry_C.pdf": b"%PDF C", "wage_levels.html": b"<html></html>"}
TABLES = {"wages.csv": b"1,2\r\n", "wage_levels.xlsx": b"PK"}

RELEASE = """
[release]
store = "survey.duckdb"
wave = 2023
title = "工资价位（模拟数据）"
publisher = "演示"

[[tables]]
name = "wages"

[[reports]]
notebook = "wage_levels"
"""


def task(name: str = "industry_C", **parameters: object) -> Task:
    given = {"store": STORE, "wave": 2023, "industry": "C", "rules": "/srv/release.toml", **parameters}
    made = Task(name, Path("/srv/notebooks/industry_guidance.ipynb"), given, ("html", "pdf"))  # type: ignore[arg-type]
    return replace(made, fingerprint="f" * 64)


def declared(folder: Path) -> Release:
    path = folder / "release.toml"
    path.write_text(RELEASE, encoding="utf-8")
    return Release.load(path)


def made_manifest(folder: Path, release: Release) -> Manifest:
    """Write the release's files into a folder; the manifest of them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in {**PAGES, **TABLES}.items():
        (folder / name).write_bytes(content)
    part = Outcome(task(), ("industry_C.html", "industry_C.pdf"), (PART,))
    whole = Outcome(replace(task("wage_levels"), formats=("html",)), ("wage_levels.html",), None)
    tables = table_entries(sorted(TABLES), folder, "e" * 64, (WHOLE,))
    return Manifest.of(release, [*entries(part, folder), *entries(whole, folder), *tables])


def made_release(folder: Path, release: Release) -> Manifest:
    """A published release: its files, its manifest, and the private file beside it."""
    manifest = made_manifest(folder, release)
    manifest.write(folder, private=private_folder(folder))
    return manifest
