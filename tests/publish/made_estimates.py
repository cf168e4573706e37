"""Estimates made by hand for the tests of what is published: every figure is known and easy to find again."""

import itertools

import numpy as np
import pandas as pd

from wagekit.estimates import RESULT_COLUMNS, Estimates

STATISTICS = ("p10", "p25", "p50", "p75", "p90", "mean")
LEVELS = dict(zip(STATISTICS, (0.5, 0.75, 1.0, 1.4, 2.0, 1.1), strict=True))


def made_estimates(
    domains, *, by=("industry",), statistics=STATISTICS, cells=None, metadata=None, variable="annual_pay"
):
    """Estimates of domains.

    `domains` maps a tuple of codes, or one code, to changes of the domain (n, n_psu, largest_share, level); `cells`
    maps (codes, statistic) to changes of one row.
    """
    rows, described = [], []
    for codes, changes in domains.items():
        names = dict(zip(by, codes if isinstance(codes, tuple) else (codes,), strict=True))
        usual = {"n": 200, "n_psu": 20, "largest_share": 0.2, "largest_weighted_share": 0.2, "level": 100_000.0}
        domain = usual | changes
        level = domain.pop("level")
        described.append(names | domain)
        for word in statistics:
            value = level * LEVELS.get(word, 1.0)
            row = {"estimate": value, "se": value * 0.02, "df": 19.0, "n": domain["n"], "n_psu": domain["n_psu"]}
            row |= (cells or {}).get((codes, word), {})
            row["cv"] = row["se"] / row["estimate"]
            row["ci_lower"], row["ci_upper"] = row["estimate"] - 2 * row["se"], row["estimate"] + 2 * row["se"]
            rows.append(names | {"statistic": word} | row | {"deff": 1.3, "flag": ""})
    frame = pd.DataFrame(rows, columns=[*by, *RESULT_COLUMNS])
    return Estimates(frame, tuple(by), variable, pd.DataFrame(described), metadata or {"name": "2023", "level": 0.95})


def secrets(estimates, released):
    """Every way in which a figure of a held-back row could be written: the row's numbers, whole and rounded.

    `released` is the boolean mask of rows that may be published. Figures that a released row shares are left out, and
    so are those with fewer than 6 digits, which occur by chance.
    """
    held = _writings(estimates.frame[~released])
    return held - _writings(estimates.frame[released])


def _writings(frame):
    numbers = frame[["estimate", "se", "ci_lower", "ci_upper"]].to_numpy(dtype=float)
    texts = set()
    for number, factor in itertools.product(numbers[np.isfinite(numbers)], (1, 10_000)):
        value = number / factor
        texts |= {repr(float(value)), f"{value:,.0f}", f"{value:,.2f}", *(f"{value:.{places}f}" for places in range(5))}
    return {text for text in texts if sum(c.isdigit() for c in text) >= 6}
