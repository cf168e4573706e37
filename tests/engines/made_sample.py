"""A sample with what tables of wages hold: ties, missing and zero values, lone units, a cell without any wage."""

from __future__ import annotations

import numpy as np
import pandas as pd

import wagekit as wk

# Sums are made in another order than in memory, which costs some 1e-13 of them; a standard error of a percentile is
# the difference of two observed wages, which are either the same or not.
TOLERANCE = 1e-9

DESIGN = {"weights": "weight", "strata": ["region", "size"], "psu": "firm"}


def made_sample(rows: int = 4000, seed: int = 4) -> pd.DataFrame:
    """Enterprises numbered afresh in each stratum, two strata with one of them."""
    rng = np.random.default_rng(seed)
    stratum = np.minimum(rng.integers(0, 15, rows), 13)
    units = np.where(stratum < 2, 1, 6 + 3 * stratum)
    firm = rng.integers(0, 1_000_000, rows) % units
    pay = np.exp(11 + 0.03 * stratum + 0.15 * np.sin(firm) + rng.normal(0, 0.4, rows))
    pay = np.where(rng.random(rows) < 0.5, pay.round(-2), pay.round(2))
    industry = rng.choice(["制造业", "建筑业", "Retail"], rows)
    frame = pd.DataFrame(
        {
            "region": np.array(["p", "q"])[stratum % 2],
            "size": stratum // 2,
            "firm": firm,
            "weight": np.where(rng.random(rows) < 0.03, 0.0, rng.uniform(1, 5, rows).round(2)),
            "population": 3 * units + 2,
            "industry": np.where(rng.random(rows) < 0.02, None, industry),
            "occupation": rng.choice(12, rows, p=np.r_[0.3, 0.2, [0.05] * 9, 0.05]),
            "pay": np.where(rng.random(rows) < 0.04, np.nan, pay),
            "hours": np.where(rng.random(rows) < 0.02, np.nan, rng.integers(20, 60, rows).astype(float)),
            "same": 5000.0,
        }
    )
    frame.loc[frame["occupation"] == 11, "pay"] = np.nan
    tiny = np.flatnonzero((frame["occupation"] == 10) & (frame["industry"] == "Retail"))
    frame.loc[tiny[1:], "occupation"] = 9
    return frame


def compare(found: wk.Estimates, expected: wk.Estimates) -> int:
    """Hold all numbers, flags and domains of two results against each other; how many were compared."""
    compared = 0
    assert found.by == expected.by
    assert found.variable == expected.variable
    for mine, theirs in ((found.frame, expected.frame), (found.domains, expected.domains)):
        assert list(mine.columns) == list(theirs.columns)
        assert len(mine) == len(theirs)
        for name in theirs.columns:
            if pd.api.types.is_float_dtype(theirs[name]):
                np.testing.assert_allclose(mine[name], theirs[name], rtol=TOLERANCE, atol=0, err_msg=name)
                compared += int(theirs[name].notna().sum())
            else:
                assert mine[name].tolist() == theirs[name].tolist(), name
    return compared


QUESTIONS = (
    ("mean", ("pay",), None),
    ("mean", ("pay",), ["industry", "occupation"]),
    ("total", ("pay",), "occupation"),
    ("count", (), ["industry", "region"]),
    ("ratio", ("pay", "hours"), "industry"),
    ("percentiles", ("pay",), None),
    ("percentiles", ("pay",), ["industry", "occupation"]),
    ("percentiles", ("same",), "industry"),
)
"""Method, columns and domains."""
