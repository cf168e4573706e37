"""A small release to break: its own store, two tables, three notebooks; what it leaves on disk and among processes."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
import numpy as np
import psutil
from tests.collect.made_files import employees, enterprises, write_pair
from tests.command import COMMAND, environment

MARK = "WAGEKIT_FAULT_RUN"
"""Environment variable that every process of a build inherits, by which strays are found."""

DECLARED = """\
[release]
store = "s.duckdb"
wave = 2023
title = "{title}"
publisher = "演示单位"

[limits]
cell_seconds = {cell}
report_seconds = {report}
memory_megabytes = 400

[[tables]]
name = "overall"

[[tables]]
name = "by_industry"
by = ["industry"]

[[reports]]
notebook = "first"

[[reports]]
notebook = "second"
formats = ["html"]

[[reports]]
notebook = "third"
"""

PARAMETERS = 'store: str = ""\nwave: int = 0\nrules: str = ""\nbureau: str = ""'
SHOWS = [
    "import wagekit as wk\n\nreport = wk.open_report(store, wave, rules=rules)\nreport.cover(bureau=bureau)",
    "report.wage_levels()",
    "report.wage_levels('industry')",
]


@dataclass(frozen=True)
class Ended:
    """How a build ended.

    Parameters
    ----------
    status : of its process.
    said : what it complained of.
    seconds : that it took.
    """

    status: int
    said: str
    seconds: float


class Place:
    """A folder with a store, a release and its notebooks.

    Parameters
    ----------
    folder : an empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = folder / "out" / "release"
        self.temporary = folder / "temporary"
        self.temporary.mkdir(parents=True)
        self._runs = 0
        self._make_store()
        self.declare()

    def _make_store(self) -> None:
        pay = np.random.default_rng(7).lognormal(11.6, 0.4, 1200).round().astype(int).astype(str)
        staff = employees(1200, 40).assign(annual_pay=pay, weight="10")
        files = write_pair(self.folder, enterprises(40), staff)
        command = [COMMAND, "intake", *map(str, files), "--wave", "2023", "--store", str(self.folder / "s.duckdb")]
        subprocess.run(command, check=True, capture_output=True)

    def declare(self, title: str = "工资价位", *cells: str, cell: float = 60, report: float = 120) -> None:
        """Write the release and its notebooks; `cells` are added to the second one."""
        text = DECLARED.format(title=title, cell=cell, report=report)
        (self.folder / "release.toml").write_text(text, encoding="utf-8")
        for name in ("first", "second", "third"):
            self._notebook(name, title, cells if name == "second" else ())

    def _notebook(self, name: str, title: str, more: tuple[str, ...]) -> None:
        notebook = nbformat.v4.new_notebook()
        notebook.cells = [
            nbformat.v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
            *(nbformat.v4.new_code_cell(source) for source in SHOWS[:1]),
            nbformat.v4.new_markdown_cell(f"## {title}\n\n正文。"),
            *(nbformat.v4.new_code_cell(source) for source in (*SHOWS[1:], *more)),
        ]
        for number, cell in enumerate(notebook.cells):
            cell.id = f"cell-{number}"
        nbformat.write(notebook, self.folder / f"{name}.ipynb")

    def start(self, *options: str, output: Path | None = None, **changes: str) -> subprocess.Popen[str]:
        """A build that has begun, as a leader of a session of its own."""
        self._runs += 1
        marks = {MARK: f"{os.getpid()}-{self._runs}", "TMPDIR": str(self.temporary), "SOURCE_DATE_EPOCH": "1700000000"}
        command = [
            COMMAND,
            "build",
            "-r",
            str(self.folder / "release.toml"),
            "-o",
            str(output or self.output),
            *options,
        ]
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment(**{**marks, **changes}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=_hear_signals,
        )

    def build(self, *options: str, output: Path | None = None, timeout: float = 300, **changes: str) -> Ended:
        """A build from its start to its end."""
        began = time.monotonic()
        process = self.start(*options, output=output, **changes)
        return ended(process, began, timeout)

    def strays(self, wait: float = 5.0) -> list[str]:
        """Processes of any build of this place that still run after so many seconds."""
        until = time.monotonic() + wait
        while (found := self._running()) and time.monotonic() < until:
            time.sleep(0.2)
        return found

    def _running(self) -> list[str]:
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK, "").startswith(f"{os.getpid()}-") and process.status() != "zombie":
                    found.append(" ".join(process.cmdline())[:100])
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found

    def leftovers(self) -> list[str]:
        """Half-made files and folders beside the release, and temporary files."""
        beside = [path.name for path in self.output.parent.glob(".*") if path.suffix != ".lock"]
        files = [path.relative_to(self.folder).as_posix() for path in self.temporary.rglob("*") if path.is_file()]
        return sorted(beside + files)

    def empty_folders(self) -> int:
        """Temporary folders without a file: of builds that were killed before they had begun."""
        return sum(1 for path in self.temporary.iterdir() if not any(each.is_file() for each in path.rglob("*")))

    def failed(self) -> list[str]:
        """Notebooks that were kept with their outputs."""
        return sorted(path.name for path in self.output.parent.rglob("*.failed.ipynb"))

    def finished(self) -> set[str]:
        """Reports that the last build finished, by its journal."""
        events: list[dict[str, object]] = []
        for path in self.output.parent.glob("*.jsonl"):
            events += [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        starts = [number for number, event in enumerate(events) if event.get("event") == "build_started"]
        last = events[starts[-1] :] if starts else []
        return {str(event["task"]) for event in last if event.get("event") == "task_finished"}


def _hear_signals() -> None:
    """A shell that starts this in the background, or nohup, makes all that comes from it deaf to these."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def ended(process: subprocess.Popen[str], began: float, timeout: float = 300) -> Ended:
    """How a process ends, once it does."""
    try:
        _, said = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        _, said = process.communicate()
        said += "\n(killed, it did not end)"
    return Ended(process.returncode, said.strip(), time.monotonic() - began)


def digest(folder: Path) -> str:
    """One digest of all names and bytes below a folder; "" if it isn't there."""
    if not folder.exists():
        return ""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        total.update(f"{path.relative_to(folder)}\0{len(content)}\0".encode() + content)
    return total.hexdigest()[:16]


if __name__ == "__main__":
    place = Place(Path(sys.argv[1]))
    print(place.build())
    print(sorted(path.name for path in place.output.parent.rglob("*")), place.leftovers(), place.strays())
