"""wagekit beside svy, R survey, polars and DuckDB on the same simulated data: time, memory, and whether numbers agree.

    python tests/benchmarks/peers.py [--rows 1000000] [--cells 1000] [--seed 1] [--shape standard] [--quick] [--full]

Every statement runs in a process of its own after its data are loaded; what is not installed is skipped. R survey
runs on 100,000 rows unless `--full`. Writes peers.md and peers.svg beside this file (not with `--quick`); `--record`
keeps the ratios in baseline.json, and later runs of the same size fail when one of them has fallen by a third.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
from runners.agreement import Agreement, exact_percentiles
from runners.data import KNOWN, SHAPES, TABLE, Case, make
from runners.growth import Growth, draw_growth, growth_table
from runners.start import ROOT, Measured, run

HERE = Path(__file__).parent
BASELINE = HERE / "baseline.json"
FALL = 2 / 3
"""Part of a recorded ratio below which a run fails."""
R_ROWS = 100_000
OWN = {
    "percentiles_first": "five percentiles with intervals, first table, Survey included",
    "percentiles_new": "the same, a further table over columns not used before",
    "percentiles_known": "the same, a further table over columns used before",
    "mean_first": "mean with SE, first table, Survey included",
    "mean_known": "mean with SE, a further table",
    "release_percentiles": "release of 40 tables: percentiles with intervals",
    "release_both": "release of 40 tables: percentiles with intervals, and means with SE",
    "bootstrap_mean": "bootstrap, 200 replicates: means, replicates included",
    "bootstrap_percentiles": "bootstrap, 200 replicates: percentiles, replicates included",
}
PEERS = {
    ("svy", "percentiles"): "five percentiles with Woodruff intervals",
    ("svy", "mean"): "mean with Taylor SE",
    ("survey", "percentiles"): "svyby(svyquantile), five percentiles",
    ("survey", "mean"): "svyby(svymean)",
    ("duckdb", "weighted"): "weighted percentiles by window functions, no variance",
    ("duckdb", "plain"): "unweighted quantiles",
    ("polars", "plain"): "unweighted quantiles",
}


class Benchmark:
    """One run: what was asked for, what was measured so far, and the report's lines."""

    def __init__(self, given: argparse.Namespace, folder: Path) -> None:
        self.given, self.folder = given, folder
        self.agreement = Agreement()
        self.ratios: dict[str, float] = {}
        self.versions: dict[str, str] = {}

    def case(self, shape: str, rows: int, cells: int, *, raw: bool = False) -> Case:
        return make(shape, rows, cells, self.given.seed, self.folder, raw=raw)

    def measure(self, peer: str, statement: str, case: Case) -> Measured | str:
        measured = run(peer, statement, case, runs=self.given.runs, patience=self.given.patience)
        shown = measured if isinstance(measured, str) else f"{measured.seconds:.3f} s, {measured.memory:,.0f} MB"
        print(f"{peer:8} {statement:22} {case.shape}, {case.rows:,} rows, {case.cells:,} cells: {shown}", flush=True)
        if isinstance(measured, Measured):
            self.versions[peer] = measured.version
        return measured

    # -- the table of peers ----------------------------------------------------------------------

    def main_table(self) -> Iterator[str]:
        given = self.given
        r_rows = given.rows if given.full else min(given.rows, given.r_rows)
        case = self.case(given.shape, given.rows, given.cells, raw=r_rows == given.rows)
        r_case = case if r_rows == given.rows else self.case(given.shape, r_rows, given.cells, raw=True)
        own = {name: self.measure("wagekit", name, case) for name in OWN}
        beside = own
        if r_case is not case:
            names = ("percentiles_first", "percentiles_known", "mean_first", "mean_known")
            beside = {name: self.measure("wagekit", name, r_case) for name in names}
        yield "| package | statement | rows | s | peak MB above the data | ÷ wagekit, first table | ÷ wagekit, further table |"
        yield "| --- | --- | ---: | ---: | ---: | ---: | ---: |"
        for name, words in OWN.items():
            yield _line("wagekit", words, case.rows, own[name])
            if name == "percentiles_first" and isinstance(one := own[name], Measured):
                yield f"| wagekit | the same, first of a fresh process (loads Numba) | {case.rows:,} | {one.first:.2f} | | | |"
        for name in beside if r_case is not case else ():
            yield _line("wagekit", OWN[name], r_case.rows, beside[name])
        frame = pd.read_parquet(case.parquet)
        exact = exact_percentiles(frame, TABLE)
        r_exact = exact if r_case is case else exact_percentiles(pd.read_parquet(r_case.parquet), TABLE)
        found: dict[str, Measured | str] = {}
        for (peer, statement), words in PEERS.items():
            here, mine = (r_case, beside) if peer == "survey" else (case, own)
            measured = found[f"{peer} {statement}"] = self.measure(peer, statement, here)
            kind = "mean" if statement == "mean" else "percentiles"
            first, known = mine[f"{kind}_first"], mine[f"{kind}_known"]
            ratios = [
                self._ratio(f"{peer} {statement}", n, measured, m) for n, m in (("first", first), ("further", known))
            ]
            yield _line(_title(peer), words, here.rows, measured, *ratios)
            if isinstance(measured, Measured) and isinstance(first, Measured) and peer in ("svy", "survey"):
                assert first.numbers is not None
                assert measured.numbers is not None
                truth = (r_exact if here is r_case else exact) if kind == "percentiles" else None
                where = f"{_title(peer)}, {statement}, {here.rows:,} rows"
                self.agreement.errors(where, _by_code(first.numbers), _by_code(measured.numbers), _by_code(truth))
        self._check_points(case, frame, own, found["duckdb weighted"])
        for name, other in (("bootstrap_mean", "mean_first"), ("bootstrap_percentiles", "percentiles_first")):
            replicated, taylor = own[name], own[other]
            if isinstance(replicated, Measured) and isinstance(taylor, Measured):
                assert replicated.numbers is not None
                assert taylor.numbers is not None
                self.agreement.bootstrap(name.replace("_", ", "), replicated.numbers, taylor.numbers)
        yield ""
        yield from self._targets(own, found)

    def _check_points(
        self, case: Case, frame: pd.DataFrame, own: dict[str, Measured | str], weighted: Measured | str
    ) -> None:
        for name, by, other in (
            ("percentiles_first", TABLE, weighted),
            ("percentiles_known", KNOWN, self.measure("duckdb", "weighted_known", case)),
        ):
            if isinstance(mine := own[name], Measured) and mine.numbers is not None:
                numbers = other.numbers if isinstance(other, Measured) else None
                exact = exact_percentiles(frame, by)
                self.agreement.points(
                    f"{case.shape}, {case.rows:,} rows, by {' x '.join(by)}", mine.numbers, exact, numbers
                )

    def _ratio(self, key: str, which: str, peer: Measured | str, own: Measured | str) -> str:
        if isinstance(peer, str) or isinstance(own, str):
            return ""
        ratio = self.ratios[f"{key} / {which}"] = peer.seconds / own.seconds
        return f"{ratio:,.0f}" if ratio >= 20 else f"{ratio:.2f}"

    def _targets(self, own: dict[str, Measured | str], found: dict[str, Measured | str]) -> Iterator[str]:
        """What the package set out to reach, and what this run says of it."""

        def seconds(one: Measured | str) -> float:
            return one.seconds if isinstance(one, Measured) else float("nan")

        def memory(one: Measured | str) -> float:
            return one.memory if isinstance(one, Measured) else float("nan")

        ratio = self.ratios.get
        nothing = float("nan")
        boot = seconds(own["bootstrap_mean"]) + seconds(own["bootstrap_percentiles"])
        plain, weighted = seconds(found["duckdb plain"]), seconds(found["duckdb weighted"])
        rows = [
            ("svy's percentiles ÷ a further table's, at least", ratio("svy percentiles / further", nothing), 800, 1),
            (
                "R survey's percentiles ÷ a further table's, at least",
                ratio("survey percentiles / further", nothing),
                800,
                1,
            ),
            ("svy's means ÷ a further table's, at least", ratio("svy mean / further", nothing), 300, 1),
            ("memory of the means ÷ svy's, at most", memory(own["mean_first"]) / memory(found["svy mean"]), 0.05, -1),
            ("first table ÷ DuckDB's weighted, below", seconds(own["percentiles_first"]) / weighted, 1, -1),
            ("a further table ÷ DuckDB's plain, at most", seconds(own["percentiles_known"]) / plain, 2, -1),
            ("release of 40 tables, percentiles and means, s, under", seconds(own["release_both"]), 6, -1),
            ("its memory above the data, MB, at most", memory(own["release_both"]), 500, -1),
            ("bootstrap of means and percentiles, s, under", boot, 3, -1),
        ]
        yield "| target (set for 1,000,000 rows and 1,000 cells) | target | this run | |"
        yield "| --- | ---: | ---: | --- |"
        for words, value, target, sign in rows:
            verdict = "not run" if value != value else "reached" if sign * (value - target) >= 0 else "missed"
            yield (
                f"| {words} | {target:g} | {value:,.2f} | {verdict} |"
                if value == value
                else f"| {words} | {target:g} | | {verdict} |"
            )

    # -- other shapes, and growth ----------------------------------------------------------------

    def shapes(self) -> Iterator[str]:
        yield "| shape | wagekit first | further | means, further | DuckDB weighted | DuckDB plain | polars plain |"
        yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
        asked = [
            ("wagekit", "percentiles_first"),
            ("wagekit", "percentiles_known"),
            ("wagekit", "mean_known"),
            ("duckdb", "weighted"),
            ("duckdb", "plain"),
            ("polars", "plain"),
        ]
        for shape, words in SHAPES.items():
            case = self.case(shape, self.given.rows, self.given.cells)
            found = [self.measure(peer, statement, case) for peer, statement in asked]
            cells = [f"{one.seconds:.3f}" if isinstance(one, Measured) else one for one in found]
            yield f"| {shape}: {words} | " + " | ".join(cells) + " |"
            mine, weighted = found[0], found[3]
            if isinstance(mine, Measured) and mine.numbers is not None and shape != self.given.shape:
                exact = exact_percentiles(pd.read_parquet(case.parquet), TABLE)
                numbers = weighted.numbers if isinstance(weighted, Measured) else None
                self.agreement.points(f"{shape}, {case.rows:,} rows", mine.numbers, exact, numbers)

    def growth(self) -> Iterator[str]:
        sizes = [10**k for k in range(4, 6 if self.given.quick else 8)]
        counts = [10**k for k in range(0, 3 if self.given.quick else 5)]
        rows, cells = Growth("rows"), Growth("cells")
        for n in sizes:
            rows.add(n, lambda peer, name, n=n: self.measure(peer, name, self.case("standard", n, self.given.cells)))
        for count in counts:
            cells.add(
                count, lambda peer, name, k=count: self.measure(peer, name, self.case("standard", self.given.rows, k))
            )
        yield from growth_table(rows, f"{self.given.cells:,} cells")
        yield ""
        yield from growth_table(cells, f"{self.given.rows:,} rows")
        if not self.given.quick:
            draw_growth(rows, cells, HERE / "peers.svg")
            yield "\n![Seconds against rows and against cells](peers.svg)"

    # -- ratios kept from an earlier run ---------------------------------------------------------

    def fallen(self) -> list[str]:
        """Ratios that have fallen by a third since they were recorded for the same data."""
        kept = json.loads(BASELINE.read_text(encoding="utf-8")).get("ratios") if BASELINE.exists() else None
        if kept is None or kept["of"] != self._of():
            return []
        return [
            f"{name} was {before:,.2f}, is {self.ratios[name]:,.2f}"
            for name, before in kept["values"].items()
            if name in self.ratios and self.ratios[name] < before * FALL
        ]

    def record(self) -> None:
        kept = json.loads(BASELINE.read_text(encoding="utf-8")) if BASELINE.exists() else {}
        values = {name: float(f"{value:.3g}") for name, value in self.ratios.items()}
        kept["ratios"] = {"of": self._of(), "machine": machine(), "values": values}
        BASELINE.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")

    def _of(self) -> dict[str, object]:
        return {name: getattr(self.given, name) for name in ("shape", "rows", "cells", "full")}


def machine() -> str:
    """Processor, cores, memory and Python of this machine."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        name = next(
            (x.split(":")[1].strip() for x in info.read_text().splitlines() if x.startswith("model name")), name
        )
    memory = (
        os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30 if hasattr(os, "sysconf") else float("nan")
    )
    return f"{name}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()}, Python {platform.python_version()}"


def _title(peer: str) -> str:
    return {"survey": "R survey", "duckdb": "DuckDB"}.get(peer, peer)


def _line(peer: str, words: str, rows: int, measured: Measured | str, *ratios: str) -> str:
    first, further = ratios or ("", "")
    if isinstance(measured, str):
        return f"| {peer} | {words} | {rows:,} | {measured} | | | |"
    return f"| {peer} | {words} | {rows:,} | {measured.seconds:.3g} | {measured.memory:,.0f} | {first} | {further} |"


def _by_code(frame: pd.DataFrame | None) -> pd.DataFrame | None:
    """The same numbers with categories as whole numbers, which is how R was given them."""
    from runners.data import codes

    return None if frame is None else frame.assign(**{name: codes(frame[name]) for name in TABLE})


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, help="employees (1,000,000)")
    parser.add_argument("--cells", type=int, help="cells of the first table (1,000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shape", choices=list(SHAPES), default="standard", help="data of the table of peers")
    parser.add_argument("--runs", type=int, default=5, help="runs after the first, of which the median is shown")
    parser.add_argument("--patience", type=float, default=1800, help="seconds after which a process is stopped")
    parser.add_argument("--quick", action="store_true", help="20,000 rows, 100 cells; writes no files")
    parser.add_argument("--full", action="store_true", help="R survey on all rows too")
    parser.add_argument("--record", action="store_true", help="keep this run's ratios as the baseline")
    given = parser.parse_args()
    given.rows = given.rows or (20_000 if given.quick else 1_000_000)
    given.cells = given.cells or (100 if given.quick else 1_000)
    given.r_rows = 5_000 if given.quick else R_ROWS
    subprocess.run([sys.executable, "-m", "wagekit.statistics.warming"], check=True, cwd=ROOT)
    with tempfile.TemporaryDirectory() as folder:
        benchmark = Benchmark(given, Path(folder))
        before = _load()
        peers = list(benchmark.main_table())
        shapes = list(benchmark.shapes())
        growth = list(benchmark.growth())
    lines = [
        f"# wagekit and its peers: {given.rows:,} employees, {given.shape}, seed {given.seed}",
        "",
        f"{date.today()}, {machine()}; load average {before} before the run and {_load()} after it, so other work "
        + "may have taken part of the processors. "
        + ", ".join(benchmark.versions.values())
        + ".",
        "",
        "Simulated data (模拟数据). Every statement in a process of its own, after its data and, of the peers, its design "
        + f"object were made; medians of up to {given.runs} runs after a first one (long ones run once). DuckDB and polars "
        + "have no variance in their figures. Memory is the process's high-water mark less what it held with its data "
        + "loaded, so that wagekit's holds Numba's own code (about 130 MB).",
        "",
        *peers,
        "",
        "## Do the numbers agree",
        "",
        *(f"- {line}" for line in benchmark.agreement.lines),
        "",
        f"## Other shapes, {given.rows:,} rows, seconds",
        "",
        *shapes,
        "",
        "## How time grows, seconds",
        "",
        *growth,
    ]
    fallen = benchmark.fallen()
    print("\n" + "\n".join(lines))
    if not given.quick:
        (HERE / "peers.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if given.record:
        benchmark.record()
    elif fallen:
        print("\nFallen by more than a third since the baseline:\n" + "\n".join(fallen))
    if benchmark.agreement.failed or (fallen and not given.record):
        sys.exit(1)


if __name__ == "__main__":
    main()
