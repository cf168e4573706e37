"""The error of growth between two overlapping waves: wagekit's, the stacked design's, and the true one.

    python tests/simulations/growth.py --samples 300

Draws waves 2022 and 2023 of the simulated district again and again and compares the spread of the estimated growth
of mean pay over the samples with the standard errors that three ways of reckoning give. Writes growth.md.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

import wagekit as wk
from wagekit.collect.synthetic import draw, population

HERE = Path(__file__).parent
BEFORE, AFTER = 2022, 2023
DESIGN = {"weights": "weight", "strata": "stratum", "psu": "enterprise_id", "single_psu": "adjust"}
WITHOUT_REPLACEMENT = {"fpc": "sampling_fraction", "pps": "hajek"}


def one(frames: tuple[pd.DataFrame, pd.DataFrame]) -> dict[str, float]:
    own = [wk.Survey(frame, **DESIGN, **WITHOUT_REPLACEMENT) for frame in frames]
    plain = [wk.Survey(frame, **DESIGN) for frame in frames]
    growth = wk.change(*own, "annual_pay").frame.iloc[0]
    means = [survey.mean("annual_pay").frame.iloc[0] for survey in own]
    both = pd.concat([frame.assign(wave=wave) for frame, wave in zip(frames, ("before", "after"), strict=True)])
    stacked = wk.Survey(both, **DESIGN).pay_gap("annual_pay", group="wave", reference="before").frame.iloc[0]
    return {
        "growth": growth["estimate"],
        "wk.change, the design's own corrections": growth["se"],
        "wk.change, with replacement": wk.change(*plain, "annual_pay").frame["se"].item(),
        "waves stacked, with replacement (R `survey`)": stacked["se"],
        "waves as if independent": (1 + growth["estimate"]) * float(np.hypot(means[0]["cv"], means[1]["cv"])),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=300)
    samples = parser.parse_args().samples
    people = population(20210527)
    rows = []
    for seed in range(samples):
        rows.append(one((draw(people, BEFORE, seed).employees, draw(people, AFTER, seed).employees)))
    results = pd.DataFrame(rows)
    true = float(results.pop("growth").std())
    lines = [
        "# Error of growth between overlapping waves",
        "",
        f"Growth of mean pay {BEFORE} to {AFTER}, {samples} pairs of samples from the simulated district, about 73 % of the",
        f"enterprises in both. Its standard deviation over the samples, the true error, is {true:.4f}. Made by `growth.py`.",
        "",
        "| standard error by | root mean square | over the true error |",
        "| --- | ---: | ---: |",
    ]
    for name, values in results.items():
        size = float(np.sqrt((values**2).mean()))
        lines.append(f"| {name} | {size:.4f} | {size / true:.2f} |")
    (HERE / "growth.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
