"""Makes the small samples that R and wagekit both estimate from. Run once; the CSV files are kept.

python tests/reference/make_data.py
"""

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent


def stratified_clusters(seed: int = 20210527) -> pd.DataFrame:
    """Two thousand workers of 140 enterprises in 15 strata, three of which have one enterprise.

    Wages hold many ties (rounded to 100) and some are missing; occupations are so unequal that some cells
    have one worker.
    """
    rng = np.random.default_rng(seed)
    enterprises = [1, 1, 1, *rng.integers(4, 20, 12)]
    rows = []
    firm = 0
    for stratum, count in enumerate(enterprises):
        for _ in range(count):
            firm += 1
            level = 11 + 0.05 * stratum + rng.normal(0, 0.25)
            size = int(rng.integers(1, 30))
            for _ in range(size):
                rows.append(
                    {
                        "stratum": f"h{stratum:02d}",
                        "firm": firm,
                        "industry": "CGIJMR"[stratum % 6],
                        "occupation": int(rng.choice(7, p=[0.35, 0.25, 0.2, 0.1, 0.07, 0.02, 0.01])),
                        "sex": rng.choice(["female", "male"]),
                        "weight": round(float(rng.uniform(1.5, 6)) * (1 + stratum % 4), 3),
                        "population": int(count * 3 + 2),
                        "pay": float(np.round(np.exp(level + rng.normal(0, 0.4)), -2)),
                        "hours": float(rng.integers(20, 60)),
                    }
                )
    frame = pd.DataFrame(rows)
    frame.loc[rng.choice(len(frame), 25, replace=False), "pay"] = np.nan
    return frame


def two_stages(seed: int = 33) -> pd.DataFrame:
    """Six strata of enterprises, three to eight a stratum, and a part of the workers of each."""
    rng = np.random.default_rng(seed)
    rows = []
    firm = 0
    for stratum in range(6):
        count = int(rng.integers(3, 9))
        population = count + int(rng.integers(2, 12))
        for _ in range(count):
            firm += 1
            workers = int(rng.integers(6, 40))
            taken = int(rng.integers(2, workers))
            level = 11 + rng.normal(0, 0.3)
            for worker in range(taken):
                rows.append(
                    {
                        "stratum": stratum,
                        "firm": firm,
                        "worker": worker,
                        "fpc1": population,
                        "fpc2": workers,
                        "weight": population / count * workers / taken,
                        "sex": rng.choice(["female", "male"]),
                        "pay": float(np.round(np.exp(level + rng.normal(0, 0.4)), 1)),
                    }
                )
    return pd.DataFrame(rows)


def proportional_to_size(seed: int = 7) -> pd.DataFrame:
    """Four strata of enterprises drawn with unequal probabilities, all workers taken."""
    rng = np.random.default_rng(seed)
    rows = []
    firm = 0
    for stratum in range(4):
        for _ in range(int(rng.integers(5, 12))):
            firm += 1
            probability = round(float(rng.uniform(0.05, 0.7)), 4)
            level = 11 + rng.normal(0, 0.3)
            for _ in range(int(rng.integers(3, 15))):
                rows.append(
                    {
                        "stratum": stratum,
                        "firm": firm,
                        "probability": probability,
                        "weight": 1 / probability,
                        "sex": rng.choice(["female", "male"]),
                        "pay": float(np.round(np.exp(level + rng.normal(0, 0.4)), 1)),
                    }
                )
    return pd.DataFrame(rows)


def two_waves(seed: int = 2023) -> pd.DataFrame:
    """Two waves of enterprises in six strata: about two thirds stay, some leave, some come."""
    rng = np.random.default_rng(seed)
    rows = []
    for firm in range(90):
        stratum = firm % 6
        level = 11 + 0.04 * stratum + rng.normal(0, 0.3)
        size = int(rng.integers(4, 16))
        weight = round(float(rng.uniform(2, 8)), 2)
        waves = [2022, 2023] if firm % 3 else [2022 + int(rng.integers(0, 2))]
        for wave in waves:
            growth = 0.06 * (wave - 2022) + rng.normal(0, 0.03)
            for _ in range(size + int(rng.integers(-2, 3))):
                rows.append(
                    {
                        "wave": wave,
                        "stratum": f"s{stratum}",
                        "firm": firm,
                        "sex": rng.choice(["female", "male"]),
                        "occupation": int(rng.integers(0, 4)),
                        "weight": weight,
                        "population": 40,
                        "pay": float(np.round(np.exp(level + growth + rng.normal(0, 0.4)), 1)),
                    }
                )
    return pd.DataFrame(rows)


if __name__ == "__main__":
    stratified_clusters().to_csv(HERE / "stratified_clusters.csv", index=False)
    two_stages().to_csv(HERE / "two_stages.csv", index=False)
    two_waves().to_csv(HERE / "two_waves.csv", index=False)
    proportional_to_size().to_csv(HERE / "proportional_to_size.csv", index=False)
