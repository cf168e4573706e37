"""Makes the small sample that R and wagekit both weight. Run once; the CSV files are kept.

    python tests/reference/weighting_data.py

`weighting_sample.csv`: employees of 36 enterprises in 14 strata of two or four, weights equal inside an
enterprise. `target` is a weight of the population that margins are taken from, so that all margins agree and
g-weights from 0.55 to 1.8 reach them. `weighting_successive.csv` carries wagekit's
own successive-difference multipliers to R, whose choice would be another one.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from wagekit.design import build_sample
from wagekit.weighting.replicates import make_replicates

HERE = Path(__file__).parent


def sample(seed: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    firm = 100
    for stratum in range(14):
        count = 4 if stratum % 4 == 1 else 2
        population = count * int(rng.integers(2, 9))
        for _ in range(count):
            firm += 1
            level = 11 + 0.04 * stratum + rng.normal(0, 0.25)
            revenue = float(np.round(np.exp(rng.normal(9, 1)), 1))
            firm_factor = rng.uniform(0.75, 1.35)
            for _ in range(int(rng.integers(4, 24))):
                answered = rng.random() < (0.85 if stratum % 3 else 0.55)
                rows.append(
                    {
                        "stratum": f"h{stratum:02d}",
                        "firm": firm,
                        "population": population,
                        "industry": "CGIJ"[stratum % 4],
                        "size": int(stratum // 5) + 1,
                        "sex": rng.choice(["female", "male"]),
                        "age": int(rng.integers(20, 60)),
                        "revenue": revenue,
                        "weight": round(population / count * (1 + stratum % 3), 4),
                        "target": 0.0,
                        "factor": firm_factor * rng.uniform(0.75, 1.3),
                        "pay": float(np.round(np.exp(level + rng.normal(0, 0.4)), -2)),
                        "hours": float(rng.integers(20, 60)),
                        "answered": int(answered),
                    }
                )
    frame = pd.DataFrame(rows)
    frame["target"] = (frame["weight"] * frame["factor"]).round(4)
    return frame.drop(columns="factor")


if __name__ == "__main__":
    frame = sample()
    frame.to_csv(HERE / "weighting_sample.csv", index=False)
    built = build_sample(
        frame["weight"].to_numpy(), strata=[frame["stratum"].to_numpy()], psu=[frame["firm"].to_numpy()]
    )
    successive = make_replicates(built, "SDR", n=20).multipliers
    pd.DataFrame(successive).to_csv(HERE / "weighting_successive.csv", index=False, header=False, float_format="%.17g")
