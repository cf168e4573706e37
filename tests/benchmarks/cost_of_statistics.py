"""Seconds of every statistic on 1,000,000 employees, 20,000 enterprises and 1,000 cells, beside DuckDB in the same run.

    python tests/benchmarks/cost_of_statistics.py [--rows 1000000]

DuckDB's plain unweighted quantiles of the same cells stand for the cost of touching the rows; its figure has no
weights, no design and no variance. Writes cost_of_statistics.md beside this file. Medians of three runs after a warm-up.
"""

from __future__ import annotations

import argparse
import platform
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

import wagekit as wk

HERE = Path(__file__).parent


def sample(rows: int, seed: int = 1) -> pd.DataFrame:
    """Enterprises in 200 strata of 20 industries, 50 occupations; pay with many distinct values."""
    rng = np.random.default_rng(seed)
    units = max(rows // 50, 400)
    firm = rng.integers(0, units, rows)
    return pd.DataFrame(
        {
            "pay": np.exp(rng.normal(11, 0.5, rows) + 0.1 * rng.normal(size=units)[firm]).round(2),
            "hours": rng.integers(20, 60, rows).astype(float),
            "weight": rng.uniform(1, 3, units)[firm],
            "firm": firm,
            "stratum": firm % 200,
            "industry": firm % 20,
            "occupation": rng.integers(0, 50, rows),
            "sex": rng.choice(["f", "m"], rows),
        }
    )


def seconds(call: Callable[[], object], runs: int = 3) -> float:
    call()
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    frame = sample(rows)
    survey = wk.Survey(frame, weights="weight", strata="stratum", psu="firm")
    later = wk.Survey(frame.assign(pay=frame["pay"] * 1.05), weights="weight", strata="stratum", psu="firm")
    by = ["industry", "occupation"]
    totals = (frame.groupby("sex")["weight"].sum() * 1.01).to_dict()
    calibrated = survey.calibrate({"sex": totals}, method="raking")
    bootstrap = survey.with_replicates("bootstrap", n=20, seed=1)
    connection = duckdb.connect()
    connection.register("frame", frame)
    plain = "SELECT industry, occupation, quantile_disc(pay, [.1,.25,.5,.75,.9]) FROM frame GROUP BY ALL"
    peer = seconds(lambda: connection.execute(plain).fetchall())
    calls: dict[str, Callable[[], object]] = {
        "percentiles, five, with intervals": lambda: survey.percentiles("pay", by=by),
        "mean": lambda: survey.mean("pay", by=by),
        "total": lambda: survey.total("pay", by=by),
        "ratio": lambda: survey.ratio("pay", "hours", by=by),
        "proportion": lambda: survey.proportion("sex", by=by),
        "gini": lambda: survey.gini("pay", by=by),
        "s80s20": lambda: survey.s80s20("pay", by=by),
        "theil": lambda: survey.theil("pay", by=by),
        "low_pay_share": lambda: survey.low_pay_share("pay", by=by),
        "pay_gap of means": lambda: survey.pay_gap("pay", group="sex", reference="m", by=by),
        "percentile_ratio": lambda: survey.percentile_ratio("pay", by=by),
        "band_mean": lambda: survey.band_mean("pay", 90, 100, by=by),
        "winsorized_mean": lambda: survey.winsorized_mean("pay", by=by),
        "growth of the mean": lambda: wk.change(survey, later, "pay", by=by),
        "mean, calibrated weights": lambda: calibrated.mean("pay", by=by),
        "mean, 20 bootstrap replicates": lambda: bootstrap.mean("pay", by=by),
        "calibrate (raking, one margin)": lambda: survey.calibrate({"sex": totals}, method="raking"),
    }
    lines = [
        f"# Cost of each statistic, {rows:,} employees, {frame['firm'].nunique():,} enterprises, 1,000 cells",
        "",
        f"{platform.machine()}, {platform.python_version()}, numpy {np.__version__}, duckdb {duckdb.__version__}; DuckDB's plain",
        f"unweighted quantiles of the same cells took {peer:.2f} s in this run.",
        "",
        "| statistic | s | times DuckDB's plain quantiles |",
        "| --- | ---: | ---: |",
    ]
    for name, call in calls.items():
        took = seconds(call)
        lines.append(f"| {name} | {took:.2f} | {took / peer:.1f} |")
        print(lines[-1], flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines += ["", f"Peak memory of the whole run: {peak:,.0f} MB."]
    (HERE / "cost_of_statistics.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
