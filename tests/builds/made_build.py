"""A small survey and a release of it with a notebook of the test's own, for the tests of whole builds."""

import os
import time
from pathlib import Path

import nbformat
import numpy as np

from tests.collect.made_files import employees, enterprises, write_pair
from tests.command import start, wagekit
from wagekit.publish.configuration import Release

TABLES = """\
[release]
store = "s.duckdb"
wave = 2023
title = "工资价位"
publisher = "演示单位"

[[tables]]
name = "overall"

[[tables]]
name = "by_industry"
by = ["industry"]
"""

TABLE_FILES = ["by_industry.csv", "by_industry.html", "by_industry_tidy.csv"]
TABLE_FILES += ["overall.csv", "overall.html", "overall_tidy.csv", "wage_levels.xlsx"]
FILES = sorted([*TABLE_FILES, "manifest.json", "ro-crate-metadata.json"])

REPORT = '\n[[reports]]\nnotebook = "own"\nformats = ["html"]\n'

OPENS = "report = wk.open_report(store, wave, rules=rules)"
COVER = "report.cover(bureau=bureau)"
TABLE = "report.wage_levels()"


def made_store(folder):
    """A store with one wave of 1,200 employees in 40 enterprises."""
    pay = np.random.default_rng(7).lognormal(11.6, 0.4, 1200).round().astype(int).astype(str)
    firms, staff = write_pair(folder, enterprises(40), employees(1200, 40).assign(annual_pay=pay, weight="10"))
    status, _, complained = wagekit("intake", firms, staff, "--wave", 2023, "--store", folder / "s.duckdb")
    assert status == 0, complained
    return folder / "s.duckdb"


def declare(place, text=TABLES, *cells):
    """The release, and beside it a notebook of the cells, which knows the folder as `here`."""
    (place / "release.toml").write_text(text, encoding="utf-8")
    notebook = nbformat.v4.new_notebook()
    said = 'store: str = ""\nwave: int = 0\nrules: str = ""\nbureau: str = ""'
    notebook.cells = [nbformat.v4.new_code_cell(said, metadata={"tags": ["parameters"]})]
    start_up = f"import os, pathlib, time\nimport wagekit as wk\nhere = pathlib.Path({str(place)!r})"
    notebook.cells += [nbformat.v4.new_code_cell(source) for source in (start_up, *cells)]
    notebook.cells.append(nbformat.v4.new_markdown_cell("工资价位如上表。"))
    nbformat.write(notebook, place / "own.ipynb")
    return Release.load(place / "release.toml")


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def sentence(result):
    status, said, complained = result
    assert (status, said) == (1, ""), complained
    assert complained.count("\n") == 1, complained
    assert "wagekit's own" not in complained
    return complained


WAITS = "(here / 'kernel').write_text(str(os.getpid()))\ntime.sleep(120)"


def waiting(place):
    """A build whose notebook is running; the process and that of its kernel."""
    declare(place, TABLES + REPORT, OPENS, COVER, WAITS)
    process = start("build", "-r", "release.toml", "-o", "out", folder=place)
    end = time.monotonic() + 90
    while not (place / "kernel").exists() or not (place / "kernel").read_text():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.1)
    return process, int((place / "kernel").read_text())


def ended(process_id, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.kill(process_id, 0)
        except ProcessLookupError:
            return True
        state = Path(f"/proc/{process_id}/stat")
        if state.exists() and state.read_text().split()[2] == "Z":  # dead, its parent hasn't asked yet
            return True
        time.sleep(0.1)
    return False
