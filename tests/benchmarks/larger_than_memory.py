"""Estimates of 100,000,000 employees inside DuckDB under a memory limit, design and variance included.

    python tests/benchmarks/larger_than_memory.py [--rows 100000000] [--memory 4GB] [--folder /tmp]

Generates the employees once as Parquet with DuckDB itself, in 1,000 cells, 200 strata and a fiftieth as many
enterprises, in no order; estimates in a process of its own, whose peak memory is taken from the operating system and
whose temporary files are watched; and holds all numbers of a sample of 1,000,000 against the estimates in memory.
Beside it, in the same process, DuckDB's plain quantiles of the same cells: without weights, design or variance. Writes
larger_than_memory.md beside this file.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from wagekit.engines.source import SPILL

HERE = Path(__file__).parent
CHUNK = 5_000_000
DESIGN = {"weights": "weight", "strata": "stratum", "psu": "firm"}
BY = ["industry", "occupation"]
CHECKED_ROWS = 1_000_000


def generate(folder: Path, rows: int, seed: int) -> Path:
    """Write the employees as Parquet, a file a chunk; what is there already is kept."""
    target = folder / f"wagekit-employees-{rows}-{seed}"
    if (target / "_complete").exists():
        return target
    target.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    connection.execute("SET memory_limit = '2GB'; SET preserve_insertion_order = false")
    # Different whole numbers are hashed for each draw: hashes of one number with another beside it are not independent.
    first = seed * 10_000_000_000
    u = [f"(hash({first} + 4 * i + {part}) >> 11) / 9007199254740992.0" for part in range(4)]
    units = max(rows // 50, 400)
    for start in range(0, rows, CHUNK):
        connection.execute(f"""
            COPY (
                SELECT
                    firm, firm % 200 AS stratum, firm % 20 AS industry, occupation,
                    round(1 + 2 * (hash(firm, {seed}) % 1000) / 1000.0, 3) AS weight,
                    round(exp(
                        11 + 0.1 * ((hash(firm) % 7)::INTEGER - 3) / 2.0 + 0.01 * occupation
                        + 0.5 * sqrt(-2 * ln(1 - u2)) * cos(2 * pi() * u3)
                    )) AS pay
                FROM (
                    SELECT floor({u[0]} * {units})::INTEGER AS firm, floor({u[1]} * 50)::INTEGER AS occupation,
                        {u[2]} AS u2, {u[3]} AS u3
                    FROM range({start}, {min(start + CHUNK, rows)}) t(i)
                )
            ) TO '{target}/part-{start // CHUNK:04d}.parquet' (FORMAT parquet)""")
    connection.close()
    (target / "_complete").touch()
    return target


def estimate(folder: str, memory: str) -> None:
    """The measured process: prints seconds of each step and the peak memory as JSON."""
    from wagekit.engines import scan

    taken: dict[str, float] = {}

    def timed(word: str, call: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        result = call()
        taken[word] = time.perf_counter() - start
        print(f"{word}: {taken[word]:.1f} s", file=sys.stderr, flush=True)
        return result

    survey = timed("scan: checks, units and strata", lambda: scan(folder, **DESIGN, memory=memory))
    timed("percentiles, five, with intervals", lambda: survey.percentiles("pay", by=BY))
    timed("mean with standard errors", lambda: survey.mean("pay", by=BY))
    timed("percentiles of the whole sample", lambda: survey.percentiles("pay"))
    plain = (
        f"SELECT industry, occupation, quantile_disc(pay, [.1,.25,.5,.75,.9]) FROM '{folder}/*.parquet' GROUP BY ALL"
    )
    timed("DuckDB's plain quantiles", lambda: survey.engine.raw_sql(plain).fetchall())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": taken, "peak_mb": peak}))


def check(folder: Path) -> int:
    """Hold all numbers of a smaller sample against the estimates in memory; how many were compared."""
    from tests.engines.made_sample import compare

    import wagekit as wk
    from wagekit.engines import scan

    survey = wk.Survey(pq.read_table(folder), **DESIGN)
    scanned = scan(folder, **DESIGN)
    compared = 0
    for method in ("percentiles", "mean", "total"):
        compared += compare(getattr(scanned, method)("pay", by=BY), getattr(survey, method)("pay", by=BY))
    return compared


def watched(command: list[str]) -> tuple[dict[str, Any], float]:
    """Run a command, and return what it printed and the largest size of its temporary files in MB."""
    largest = 0.0
    done = threading.Event()

    def watch() -> None:
        nonlocal largest
        while not done.wait(0.5):
            spilled = 0
            for path in Path(tempfile.gettempdir()).glob(f"{SPILL}*/**/*"):
                with suppress(FileNotFoundError):
                    spilled += path.stat().st_size
            largest = max(largest, spilled / 1024**2)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=HERE.parents[1])
    finally:
        done.set()
        thread.join()
    return json.loads(answer.stdout), largest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000_000)
    parser.add_argument("--memory", default="4GB")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="leave the Parquet files for another run")
    parser.add_argument("--estimate", help=argparse.SUPPRESS)
    options = parser.parse_args()
    sys.path.insert(0, str(HERE.parents[1]))
    if options.estimate:
        estimate(options.estimate, options.memory)
        return
    small = generate(options.folder, min(CHECKED_ROWS, options.rows), options.seed)
    compared = check(small)
    print(f"{compared:,} numbers agree with those in memory", flush=True)
    start = time.perf_counter()
    large = generate(options.folder, options.rows, options.seed)
    print(f"generated in {time.perf_counter() - start:.0f} s", flush=True)
    size = sum(path.stat().st_size for path in large.glob("*.parquet")) / 1024**2
    command = [sys.executable, __file__, "--estimate", str(large), "--memory", options.memory]
    answer, spilled = watched(command)
    seconds = answer["seconds"]
    lines = [
        f"# {options.rows:,} employees inside DuckDB with a memory limit of {options.memory}",
        "",
        f"{max(options.rows // 50, 400):,} enterprises, 200 strata, 1,000 cells, wages in 元; Parquet of {size:,.0f} MB,",
        f"{platform.machine()}, Python {platform.python_version()}, duckdb {duckdb.__version__}. Peak memory of the process",
        f"{answer['peak_mb']:,.0f} MB, of its temporary files {spilled:,.0f} MB. {compared:,} numbers of a sample of",
        f"{min(CHECKED_ROWS, options.rows):,} agree with those in memory at a relative 1e-9.",
        "",
        "| step | s |",
        "| --- | ---: |",
        *(f"| {word} | {taken:.1f} |" for word, taken in seconds.items()),
    ]
    (HERE / "larger_than_memory.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))
    if not options.keep:
        for folder in {small, large}:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
