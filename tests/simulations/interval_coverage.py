"""Coverage of 95 % intervals over samples drawn by the official design from the simulated population.

    python tests/simulations/interval_coverage.py --samples 1000 --workers 2

Draws the same district's survey again and again (with non-response, waves 2022 and 2023 sharing enterprises),
estimates each statistic, and counts how often its interval holds the population value. Writes coverage.csv (by
statistic and number of enterprises in the domain) and coverage.md beside this file. About an hour on two cores.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

import wagekit as wk
from wagekit.collect.synthetic import Population, draw, population

HERE = Path(__file__).parent
POPULATION_SEED = 20210527
BEFORE, AFTER = 2022, 2023
DOMAINS: dict[str, list[str]] = {"all": [], "industry": ["industry"], "skill_level": ["skill_level"]}
SIZES = [0, 5, 10, 20, 50, 10_000]


@lru_cache(maxsize=1)
def district() -> Population:
    return population(POPULATION_SEED)


def _design(frame: pd.DataFrame) -> wk.Survey:
    return wk.Survey(
        frame,
        weights="weight",
        strata="stratum",
        psu="enterprise_id",
        fpc="sampling_fraction",
        pps="hajek",
        single_psu="adjust",
    )


def _estimates(before: wk.Survey, after: wk.Survey, by: list[str]) -> pd.DataFrame:
    key = by or None
    frames = [
        after.percentiles("annual_pay", by=key).frame,
        after.mean("annual_pay", by=key).frame,
        after.total("annual_pay", by=key).frame,
        after.gini("annual_pay", by=key).frame,
        after.s80s20("annual_pay", by=key).frame,
        after.low_pay_share("annual_pay", by=key).frame,
    ]
    for statistic in ("mean", "p50"):
        growth = wk.change(before, after, "annual_pay", statistic=statistic, by=key).frame
        frames.append(growth.assign(statistic=f"growth of {statistic}"))
    return pd.concat(frames, ignore_index=True)


@lru_cache(maxsize=8)
def truth(name: str) -> pd.DataFrame:
    """Population values: the same statistics on the whole population, every weight 1."""
    by = DOMAINS[name]
    waves = []
    for wave in (BEFORE, AFTER):
        frame = district().employees(wave).assign(one=1.0)
        waves.append(wk.Survey(frame, weights="one", psu="enterprise_id"))
    found = _estimates(waves[0], waves[1], by)
    return found[[*by, "statistic", "estimate"]].rename(columns={"estimate": "truth"})


def one(seed: int) -> pd.DataFrame:
    before, after = (_design(draw(district(), wave, seed).employees) for wave in (BEFORE, AFTER))
    parts = []
    for name, by in DOMAINS.items():
        found = _estimates(before, after, by).merge(truth(name), on=[*by, "statistic"], how="left")
        parts.append(
            found.assign(domain=name)[
                ["domain", "statistic", "estimate", "se", "ci_lower", "ci_upper", "n_psu", "truth"]
            ]
        )
    return pd.concat(parts, ignore_index=True).assign(seed=seed)


def summary(results: pd.DataFrame) -> pd.DataFrame:
    known = results.dropna(subset=["ci_lower", "ci_upper"]).copy()
    known["enterprises"] = pd.cut(known["n_psu"], SIZES, labels=["1-5", "6-10", "11-20", "21-50", "over 50"])
    known["held"] = (known["ci_lower"] <= known["truth"]) & (known["truth"] <= known["ci_upper"])
    known["error"] = (known["estimate"] - known["truth"]) / known["truth"]
    known["relative_se"] = known["se"] / known["truth"]
    grouped = known.groupby(["statistic", "enterprises"], observed=True)
    return grouped.agg(
        intervals=("held", "size"),
        coverage=("held", "mean"),
        bias=("error", "mean"),
        root_mean_square_error=("error", lambda error: float(np.sqrt(np.mean(error**2)))),
        root_mean_square_se=("relative_se", lambda se: float(np.sqrt(np.mean(se**2)))),
    ).reset_index()


def report(table: pd.DataFrame, samples: int) -> str:
    """The table of coverage, and where it falls short in words."""
    wide = table.pivot(index="statistic", columns="enterprises", values="coverage")
    lines = [
        f"# Coverage of 95 % intervals, {samples} samples",
        "",
        "By statistic and number of sampled enterprises in the domain (all, industry section, skill grade). Made by",
        "`interval_coverage.py`; bias and errors are in `coverage.csv`. Domains whose interval can't be made are not counted.",
        "",
        "| statistic | " + " | ".join(map(str, wide.columns)) + " |",
        "| --- |" + " ---: |" * len(wide.columns),
        *(
            f"| {name} | " + " | ".join("" if pd.isna(value) else f"{100 * value:.1f} %" for value in row) + " |"
            for name, row in zip(wide.index, wide.to_numpy(), strict=True)
        ),
    ]
    low = table[(table["coverage"] < 0.93) & (table["intervals"] >= 100)]
    names = low.groupby("statistic", sort=False)["enterprises"].agg(lambda sizes: ", ".join(map(str, sizes)))
    lines += [
        "",
        "## Where it falls below 93 %",
        "",
        *(f"* {name}: domains of {sizes} enterprises" for name, sizes in names.items()),
        "",
        "The simulated pay has a heavy upper tail and is alike inside enterprises. A sample that misses the few best-paying",
        "enterprises gives a low Gini or S80/S20 and a low error at once; both are biased downwards in small domains (see",
        "`bias` in coverage.csv) and their intervals too short. Intervals of a low-pay share near 0 are symmetric while its",
        "estimates are not. P10 and P90 rest on few enterprises, which is why release rules ask more of them.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    with ProcessPoolExecutor(arguments.workers) as pool:
        results = pd.concat(pool.map(one, range(arguments.samples), chunksize=10), ignore_index=True)
    table = summary(results)
    table.to_csv(HERE / "coverage.csv", index=False, float_format="%.4f")
    text = report(table, arguments.samples)
    (HERE / "coverage.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
