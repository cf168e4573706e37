"""Seconds of a report, HTML and PDF, in a night build and in the usual loop of papermill and nbconvert, in one run.

    python tests/benchmarks/night_build.py [--reports 100] [--loop 5] [--jobs 3] [--store putuo.duckdb]
    python tests/benchmarks/night_build.py --steady 1000

All make industry guidance reports of the simulated survey, one an industry section, wave and language. The loop is
what a shell script of the usual tools does: ``papermill``, ``jupyter nbconvert --to html``, and for the PDF ``--to
webpdf`` where playwright is installed, else Chromium's own print of the HTML (xelatex loses the Chinese text). It is
run a second time with papermill called from one Python process, which spares its start. Memory is the proportional
set size of this process and all that it started, looked at twice a second.

With ``--steady`` nothing is compared: so many small reports show whether the memory grows. Writes night_build.md, or
night_build_steady.md, beside this file.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import psutil

from wagekit.builds.running import run
from wagekit.builds.tasks import Task
from wagekit.publish.rendering.notebook import load
from wagekit.resources import resource

HERE = Path(__file__).parent
SECTIONS = "ABCDEFGHIJKLMNOPQ"  # the simulated sample is too small for the others
WAVES = (2022, 2023)
SMALL = """\
from wagekit.publish.cover import Cover
from wagekit.publish import charts, findings
display(Cover("{name}", synthetic=True))
print("模拟数据 {name}")
display({{"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"}},
        metadata={{"image/svg+xml": {{"alt": "a small square", "title": "图"}}}}, raw=True)
"""


@dataclass
class Memory:
    """What the processes of this run held: at most, and at each look."""

    seen: list[float] = field(default_factory=list)

    @property
    def peak(self) -> float:
        return max(self.seen, default=0.0)


@contextmanager
def watched() -> Iterator[Memory]:
    """Look at the memory, in MB, while the block runs."""
    memory, ended, own = Memory(), threading.Event(), psutil.Process()

    def look() -> None:
        while not ended.wait(0.5):
            total = 0
            for process in (own, *own.children(recursive=True)):
                try:
                    total += process.memory_full_info().pss
                except (psutil.Error, OSError):
                    continue
            memory.seen.append(total / 1e6)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield memory
    finally:
        ended.set()
        thread.join()


def simulated(folder: Path) -> Path:
    """A store with three waves of the simulated survey."""
    from wagekit.collect.intake import intake
    from wagekit.collect.store import open as open_store
    from wagekit.collect.synthetic import population, write_files

    people, store = population(20210527), folder / "demo.duckdb"
    for wave in (2021, *WAVES):
        files = write_files(people, folder / str(wave), wave=wave, seed=20210527)
        with open_store(store) as opened:
            mapping = resource("data", "synthetic", "putuo.toml")
            intake(opened, [files.enterprises, files.employees], wave=wave, mapping=mapping, replace=True)
    return store


def tasks(store: Path, number: int) -> list[Task]:
    """So many industry reports; after all sections, waves and languages they begin again under another name."""
    notebook = load(resource("notebooks", "industry_guidance.ipynb"))
    kinds = itertools.cycle(itertools.product(("zh", "en"), WAVES, SECTIONS))
    return [
        Task(
            f"{place:04}_{section}_{wave}_{language}",
            notebook.path,
            notebook.bind({"store": str(store), "wave": wave, "language": language, "industry": section}),
        )
        for place, (language, wave, section) in zip(range(number), kinds, strict=False)
    ]


def small_tasks(folder: Path, number: int) -> list[Task]:
    """So many notebooks of one cell each."""
    made = []
    for place in range(number):
        name = f"small{place:04}"
        cells = [nbformat.v4.new_code_cell(SMALL.format(name=name))]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / f"{name}.ipynb")
        made.append(Task(name, folder / f"{name}.ipynb", {}))
    return made


def build(made: list[Task], folder: Path, jobs: int | None) -> float:
    """Seconds that wagekit takes, the start of its server included."""
    folder.mkdir()
    began = time.perf_counter()
    for done, outcome in enumerate(run(made, folder, failed=folder / "failed", jobs=jobs), start=1):
        if outcome.problem:
            raise SystemExit(outcome.detail or outcome.problem)
        print(f"\r{done} of {len(made)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return time.perf_counter() - began


def loop(made: list[Task], folder: Path, *, by_command: bool) -> tuple[float, str]:
    """Seconds a report that the usual tools take, and how they made the PDF."""
    import papermill

    folder.mkdir()
    nbconvert = [sys.executable, "-m", "jupyter", "nbconvert", "--no-input"]
    webpdf = importlib.util.find_spec("playwright") is not None
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not webpdf and chromium is None:
        raise SystemExit("the loop needs playwright or Chromium for its PDF")
    began = time.perf_counter()
    for task in made:
        executed, page, pdf = (folder / f"{task.name}.{ending}" for ending in ("ipynb", "html", "pdf"))
        if by_command:
            options = ["-k", "python3", "-y", json.dumps(dict(task.parameters))]
            quietly([sys.executable, "-m", "papermill", str(task.notebook), str(executed), *options])
        else:
            papermill.execute_notebook(
                task.notebook, executed, dict(task.parameters), progress_bar=False, kernel_name="python3"
            )
        quietly([*nbconvert, "--to", "html", str(executed)])
        if webpdf:
            quietly([*nbconvert, "--to", "webpdf", str(executed)])
        else:
            options = ["--headless", "--no-sandbox", "--disable-gpu", f"--print-to-pdf={pdf}"]
            quietly([str(chromium), *options, page.as_uri()])
        if not (page.stat().st_size and pdf.stat().st_size):
            raise SystemExit(f"the loop made no {page.name} or {pdf.name}")
    taken = time.perf_counter() - began
    return taken / len(made), "nbconvert's webpdf" if webpdf else "Chromium's print of the HTML"


def quietly(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def compared(folder: Path, options: argparse.Namespace) -> list[str]:
    """The table of both ways."""
    store = options.store or simulated(folder)
    made = tasks(store, options.reports)
    with watched() as memory:
        ours = build(made, folder / "ours", options.jobs) / len(made)
    with watched() as of_commands:
        commands, pdf = loop(made[: options.loop], folder / "commands", by_command=True)
    with watched() as of_calls:
        calls, _ = loop(made[: options.loop], folder / "calls", by_command=False)
    return [
        f"# A report, HTML and PDF: a night build beside the usual loop, {psutil.cpu_count()} processors",
        "",
        f"{platform.machine()}, Python {platform.python_version()}. Industry guidance reports of the simulated survey",
        f"(模拟数据). The loop is papermill, `jupyter nbconvert --to html` and {pdf}, one report after the other.",
        "",
        "| way | reports | s a report | times the build | peak memory, MB |",
        "| --- | ---: | ---: | ---: | ---: |",
        f"| wagekit's build, start of its server included | {len(made)} | {ours:.2f} | 1.0 | {memory.peak:,.0f} |",
        f"| the loop on the command line | {options.loop} | {commands:.2f} | {commands / ours:.1f} "
        f"| {of_commands.peak:,.0f} |",
        f"| the loop with papermill called from Python | {options.loop} | {calls:.2f} | {calls / ours:.1f} "
        f"| {of_calls.peak:,.0f} |",
        "",
        f"100 reports take {100 * ours:,.0f} s in a build and {100 * commands / 60:,.0f} min in the loop.",
    ]


def steady(folder: Path, options: argparse.Namespace) -> list[str]:
    """The table of the memory over a long run."""
    made = small_tasks(folder, options.steady)
    with watched() as memory:
        taken = build(made, folder / "ours", options.jobs)
    tenth = max(len(memory.seen) // 10, 1)
    parts = [memory.seen[place * tenth : (place + 1) * tenth] for place in range(10)]
    return [
        f"# Memory over {options.steady:,} small reports, {psutil.cpu_count()} processors",
        "",
        f"{taken / options.steady:.2f} s a report, HTML and PDF. Memory of all processes, MB:",
        "",
        "| part of the run | median | most |",
        "| --- | ---: | ---: |",
        *(
            f"| {place * 10}-{place * 10 + 10} % | {sorted(part)[len(part) // 2]:,.0f} | {max(part):,.0f} |"
            for place, part in enumerate(parts)
            if part
        ),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reports", type=int, default=100, help="that the build makes")
    parser.add_argument("--loop", type=int, default=5, help="of them that the loop makes as well")
    parser.add_argument("--jobs", type=int, help="reports at a time in the build")
    parser.add_argument("--store", type=Path, help="of the simulated survey; made unless given")
    parser.add_argument("--steady", type=int, default=0, help="small reports instead, to look at the memory")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="night-build-") as name:
        lines = (steady if options.steady else compared)(Path(name), options)
    target = HERE / ("night_build_steady.md" if options.steady else "night_build.md")
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
