"""How long the feedback to N enterprises takes and how much memory, on a simulated survey (模拟数据).

    python tests/benchmarks/feedback.py                      # 1,000 enterprises, two processes
    python tests/benchmarks/feedback.py --enterprises 50     # to see that it works
    python tests/benchmarks/feedback.py --write              # keeps the result in feedback.md

The survey is drawn, taken in and published first, which is not counted. Memory is what the run and its processes hold together
(resident, from /proc), told when 10 %, 50 % and 100 % of the letters are done.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
import time
import warnings
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage

from wagekit.builds.build import build
from wagekit.builds.feedback import build_feedback, surveyed
from wagekit.builds.feedback_keys import make_keys
from wagekit.collect.intake import intake
from wagekit.collect.store import open as open_store
from wagekit.collect.synthetic import population, write_files
from wagekit.errors import WagekitWarning
from wagekit.publish.configuration import Release
from wagekit.resources import resource

WAVES = (2022, 2023)
_ANSWERED = 0.75  # of the enterprises drawn, more than so many answer and pass the checks


def survey(folder: Path, enterprises: int) -> Release:
    """A store with two waves of so many enterprises or more, and the demo's release of it."""
    release = folder / "release.toml"
    text = resource("data", "demo", "release.toml").read_text(encoding="utf-8")
    # No letter tells anything of the reports on the data and their quality.
    release.write_text(text[: text.index('[[reports]]\nnotebook = "data_evaluation"')], encoding="utf-8")
    people = population(7, waves=WAVES)
    mapping = resource("data", "synthetic", "putuo.toml")
    for wave in WAVES:
        drawn = int(enterprises / _ANSWERED) + 10
        files = write_files(people, folder / str(wave), wave=wave, seed=7, enterprises=drawn, truth=False)
        with open_store(folder / "demo.duckdb") as store:
            intake(store, [files.enterprises, files.employees], wave=wave, mapping=mapping)
    return Release.load(release)


def keep(release: Release, enterprises: int) -> None:
    """Leave just so many enterprises in the later wave."""
    codes = surveyed(release)[:enterprises]
    with open_store(release.store) as store, store.transaction() as connection:
        for table in ("enterprises", "employees"):
            connection.execute(
                f"DELETE FROM {table} WHERE wave = {WAVES[1]} AND NOT list_contains(?, enterprise_id)", [codes]
            )


def memory() -> int:
    """Resident memory of this process and its children, bytes."""
    total, waiting = 0, ["self"]
    while waiting:
        process = Path("/proc") / waiting.pop()
        try:
            lines = (process / "status").read_text(encoding="utf-8").splitlines()
            for children in process.glob("task/*/children"):
                waiting += children.read_text(encoding="utf-8").split()
        except OSError:  # it has ended in between
            continue
        total += next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS")), 0)
    return total


def processor() -> float:
    """Seconds that this process and its children that have ended spent computing."""
    return sum(used.ru_utime + used.ru_stime for used in map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--enterprises", type=int, default=1_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="keep the result beside this file")
    asked = parser.parse_args()
    warnings.simplefilter("ignore", WagekitWarning)
    with tempfile.TemporaryDirectory(prefix="feedback-") as name:
        folder = Path(name)
        release = survey(folder, asked.enterprises)
        keep(release, asked.enterprises)
        make_keys(folder / "keys.csv", surveyed(release))
        published = build(release, folder / "published").folder
        held: dict[int, int] = {}
        first: list[float] = []

        def told(step: int, steps: int, code: str) -> None:
            if step == 1:
                first.append(time.perf_counter() - started)
            for percent in (10, 50, 100):
                if step and percent not in held and step >= steps * percent / 100:
                    held[percent] = memory()

        started = time.perf_counter()
        spent = processor()
        built = build_feedback(
            release,
            folder / "feedback",
            published=published,
            keys=folder / "keys.csv",
            jobs=asked.jobs,
            progress=told,
        )
        seconds, spent = time.perf_counter() - started, processor() - spent
        sizes = [path.stat().st_size for path in built.files]
    rows = [
        ("letters", f"{len(sizes):,}"),
        ("processes", f"{asked.jobs}"),
        ("seconds, all", f"{seconds:.1f}"),
        ("seconds until the first letter", f"{first[0]:.1f}"),
        ("letters a second after that", f"{len(sizes) / (seconds - first[0]):.1f}"),
        ("CPU seconds a letter", f"{spent / len(sizes):.3f}"),
        *((f"memory at {percent} %, MB", f"{held[percent] / 1e6:,.0f}") for percent in sorted(held)),
        ("size of a letter, KB", f"{sum(sizes) / len(sizes) / 1e3:.0f}"),
        ("size of all, MB", f"{sum(sizes) / 1e6:.1f}"),
    ]
    text = "\n".join(
        [
            f"# Encrypted feedback to {len(sizes):,} enterprises of a simulated survey (模拟数据)",
            "",
            f"{platform.machine()}, Python {platform.python_version()}; `python tests/benchmarks/feedback.py"
            f" --enterprises {asked.enterprises} --jobs {asked.jobs}`",
            "",
            "| what | measured |",
            "| --- | ---: |",
            *(f"| {what} | {measured} |" for what, measured in rows),
            "",
        ]
    )
    print(text)
    if asked.write:
        Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
