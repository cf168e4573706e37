"""What a report reads is recorded: by the packages that hand out data, and of files by a watch over the process."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from wagekit import reads
from wagekit.reads import FOLDER, Read, file_digest, folder_digest, record, recorded, unseen
from wagekit.reads.unseen_code import unseen_in


@pytest.fixture
def record_file(tmp_path, monkeypatch):
    path = tmp_path / "reads.jsonl"
    monkeypatch.setenv("WAGEKIT_READS", str(path))
    return path


def watched(folder: Path, *cells: str) -> Path:
    """Run cells as IPython does, in a process of their own that is watched; the record of what they read."""
    path, private = folder / "reads.jsonl", folder / "private"
    for made in (private, folder / "lib"):
        made.mkdir(exist_ok=True)
    program = (
        "import sys; from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "import wagekit.reads; wagekit.reads.watch()\n"
        "for cell in sys.argv[1:]: shell.run_cell(cell).raise_error()\n"
    )
    path.unlink(missing_ok=True)
    known = {**os.environ, "WAGEKIT_READS": str(path), "IPYTHONDIR": str(private), "PYTHONPATH": str(folder / "lib")}
    known.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-c", program, *cells], cwd=folder, env=known, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return path


def sources(path: Path) -> dict[str, Read]:
    """The reads by their paths, those inside the notebook's folder by their relative paths."""
    found = recorded(path)
    assert found is not None, unseen(path)
    relative = {read.source: read for read in found if not Path(read.source).is_absolute()}
    # Each of them is there with its absolute path as well.
    whole = {str(path.parent / name): replace(read, source=str(path.parent / name)) for name, read in relative.items()}
    assert whole.items() <= {read.source: read for read in found}.items()
    return relative | {read.source: read for read in found if read.source not in whole and read.source not in relative}


def without_time_zones(found: dict[str, Read]) -> dict[str, Read]:
    """pandas may look them up; they are the system's and do change."""
    return {name: read for name, read in found.items() if "zoneinfo" not in name}


def test_what_is_recorded_comes_back(record_file):
    reads.records.mark_watched()
    record("/srv/a.duckdb", "1f", wave=2023, part=("industry", "C"))
    record("/srv/a.duckdb", "2f", wave=2022)
    record("/srv/a.duckdb", "1f", wave=2023, part=("industry", "C"))
    assert recorded(record_file) == (
        Read("/srv/a.duckdb", 2022, (), "2f"),
        Read("/srv/a.duckdb", 2023, ("industry", "C"), "1f"),
    )


def test_without_the_variable_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.delenv("WAGEKIT_READS", raising=False)
    monkeypatch.chdir(tmp_path)
    record("/srv/a.duckdb", "1f")
    assert list(tmp_path.iterdir()) == []


def test_a_block_that_says_it_better_is_not_recorded(record_file):
    reads.records.mark_watched()
    with reads.unrecorded():
        record("/srv/a.duckdb", "1f")
    assert recorded(record_file) == ()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "left no record"),
        ("", "was not watched"),
        ('{"read": ["/a", null, [], "1f"]}\n', "was not watched"),
        ('{"watched": true}\n{"read": ["/a", null, []', "left no record"),
        ('{"watched": true}\n{"read": ["/a", null, []]}\n', "can't be read"),
        ('{"watched": true}\n{"unseen": "imports polars"}\n', "imports polars"),
        ('{"watched": true}\n{"read": ["/a", null, [], "1"]}\n{"read": ["/a", null, [], "2"]}\n', "while it changed"),
    ],
)
def test_what_is_not_known_in_full_is_not_known(tmp_path, content, reason):
    path = tmp_path / "reads.jsonl"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    assert recorded(path) is None
    assert any(reason in each for each in unseen(path))


def test_files_and_folders_that_cells_read(tmp_path):
    (tmp_path / "rates.csv").write_text("year,rate\n2023,3\n", encoding="utf-8")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.txt").write_text("a", encoding="utf-8")
    path = watched(
        tmp_path,
        "import pandas as pd\nrates = pd.read_csv('rates.csv')",
        "from pathlib import Path\ntexts = [each.read_text() for each in sorted(Path('more').glob('*.txt'))]",
        "try:\n    open('absent.txt')\nexcept FileNotFoundError:\n    pass",
    )
    found = sources(path)
    assert found.pop("rates.csv") == Read("rates.csv", None, (), file_digest(tmp_path / "rates.csv"))
    assert found.pop("more") == Read("more", None, FOLDER, folder_digest(tmp_path / "more"))
    assert found.pop("more/a.txt").digest == file_digest(tmp_path / "more" / "a.txt")
    assert found.pop("absent.txt").digest == "absent"
    assert without_time_zones(found) == {}  # nothing of Python or of wagekit


def test_what_the_notebook_wrote_itself_is_no_source(tmp_path):
    path = watched(tmp_path, "open('own.txt', 'w').write('x')\nopen('own.txt').read()")
    assert sources(path) == {}


def test_a_module_beside_the_notebook_counts_by_its_source_even_if_it_is_compiled(tmp_path):
    (tmp_path / "lib").mkdir()
    module = tmp_path / "lib" / "local_helper.py"
    module.write_text("value = 1\n", encoding="utf-8")
    for _ in range(2):  # the second time its compiled form is there
        found = sources(watched(tmp_path, "import local_helper"))
        assert found["lib/local_helper.py"].digest == file_digest(module)
    assert list((tmp_path / "lib").rglob("*.pyc")) != []


def test_a_module_beside_the_notebook_is_looked_at_as_the_notebook_is(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "local_helper.py").write_text("import duckdb\n", encoding="utf-8")
    path = watched(tmp_path, "import local_helper")
    assert recorded(path) is None
    assert unseen(path) == ("imports duckdb in local_helper.py",)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("import polars", "imports polars"),
        ("exec('import polars')", "imports polars"),
        ("try:\n    import not_there_yet\nexcept ImportError:\n    pass", "imports not_there_yet"),
        ("import sqlite3; sqlite3.connect(':memory:')", "sqlite3.connect"),
        ("!true", "uses system"),
        ("import subprocess, sys; subprocess.run([sys.executable, '-V'])", "subprocess.Popen"),
        (
            "import socket\ntry:\n    socket.create_connection(('127.0.0.1', 9), 1)\nexcept OSError:\n    pass",
            "network",
        ),
        ("import datetime; datetime.date.today()", "asks for the time"),
        ("import os; os.environ.get('HOME')", "reads the environment"),
        ("import os; os.chdir('/')", "goes to another folder"),
        ("from pathlib import Path; Path('x').exists()", "looks whether"),
        ("import pandas\nreader = getattr(pandas, 'read_' + 'csv'), pandas.read_parquet", "calls read_parquet"),
    ],
)
def test_what_could_be_read_unseen_is_said(tmp_path, cell, reason):
    path = watched(tmp_path, cell)
    assert recorded(path) is None
    assert any(reason in each for each in unseen(path)), unseen(path)


def test_what_goes_on_in_libraries_is_not_the_notebooks_doing(tmp_path):
    path = watched(
        tmp_path,
        "import matplotlib\nmatplotlib.use('svg')\nimport matplotlib.pyplot as plt, statsmodels.api, scipy.stats",
        "plt.figure()\nplt.savefig('a.svg')",
        "import wagekit as wk\nwk.guideline('上海', 2023)",
    )
    assert without_time_zones(sources(path)) == {}


@pytest.mark.parametrize("forked", [False, True])
def test_the_kernels_of_reports_are_watched(tmp_path, forked, monkeypatch):
    """As a build runs them: started, and forked from a server that has everything loaded."""
    import nbformat

    from wagekit.publish.rendering.notebook import execute, load

    monkeypatch.chdir(tmp_path)
    Path("rates.csv").write_text("rate\n3\n", encoding="utf-8")
    cells = ["import pandas as pd\nimport wagekit as wk", "pd.read_csv('rates.csv')", "wk.guideline('上海', 2023)"]
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), "a.ipynb")
    record = tmp_path / "reads.jsonl"
    execute(load("a.ipynb"), reads=record, forked=forked)
    found = sources(record)
    assert found.pop("rates.csv").digest == file_digest("rates.csv")
    assert without_time_zones(found) == {}


@pytest.mark.parametrize(
    "source",
    [
        "import pandas as pd\npd.read_csv('a.csv').mean()",
        "from typing import Literal\nwave: int = 2023",
        "import wagekit as wk\nreport = wk.open_report(store, wave)\nreport",
        "get_ipython().run_line_magic('matplotlib', 'inline')",
        "not Python at all",
    ],
)
def test_ordinary_code_hides_nothing(source):
    assert list(unseen_in(source, lambda name: False)) == []


def test_shipped_notebooks_hide_nothing():
    import json

    from wagekit.resources import resource

    for path in resource("notebooks").glob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                assert list(unseen_in("".join(cell["source"]), lambda name: False)) == [], path.name
