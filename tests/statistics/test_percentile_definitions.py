"""Percentile definitions on the worked example, and the exact ties that other packages get wrong."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import wagekit as wk
from wagekit.options import Definition

X = [10, 20, 30, 40, 50, 60]
W = [2, 4, 2, 1, 0.5, 0.5]
Q = [10, 20, 25, 50, 60, 75, 90]

# F = .2, .6, .8, .9, .95, 1 by hand; each row is the value that the named package printed for these data
# (R survey 4.5, Stata's documented _pctile rule, laeken, SAS SURVEYMEANS' documented rule).
BY_HAND: dict[Definition, list[float]] = {
    "inverse_cdf": [10, 10, 20, 20, 20, 30, 40],
    "average": [10, 15, 20, 20, 25, 30, 45],
    "stata": [10, 15, 20, 20, 25, 30, 45],
    "laeken": [10, 20, 20, 20, 30, 30, 50],
    "linear": [10, 10, 11.25, 17.5, 20, 27.5, 40],
    "sas": [10, 10, 11.25, 17.5, 20, 27.5, 40],
    "hf2": [15, 15, 20, 20, 25, 30, 45],
    "hf4": [7.5, 10, 11.25, 17.5, 20, 27.5, 40],
    "hf5": [10, 40 / 3, 15, 70 / 3, 80 / 3, 100 / 3, 140 / 3],
}


def _survey(values: list[float], weights: list[float]) -> wk.Survey:
    return wk.Survey(pd.DataFrame({"y": values, "w": weights}), weights="w")


@pytest.mark.parametrize("definition", BY_HAND)
def test_worked_example(definition: Definition) -> None:
    got = _survey(X, W).percentiles("y", q=Q, definition=definition).frame["estimate"]
    # Interpolation does two roundings: 1e-14 relative.
    np.testing.assert_allclose(got, BY_HAND[definition], rtol=1e-14)


def _exact(values: np.ndarray, weights: list[Fraction], p: Fraction) -> float:
    """inf{y: F(y) >= p} in exact arithmetic."""
    total, running = sum(weights), Fraction(0)
    for value, weight in sorted(zip(values, weights, strict=True)):
        running += weight
        if running >= p * total:
            return float(value)
    raise AssertionError


@pytest.mark.parametrize("weight", ["0.1", "0.7", "1.1", "3.3", "12.47", "101.3"])
@pytest.mark.parametrize("n", [10, 20, 40, 100, 1000])
def test_exact_ties_with_equal_decimal_weights(weight: str, n: int) -> None:
    values = np.arange(1.0, n + 1)
    got = _survey(values.tolist(), [float(weight)] * n).percentiles("y").frame["estimate"]
    expected = [_exact(values, [Fraction(weight)] * n, Fraction(p, 100)) for p in (10, 25, 50, 75, 90)]
    assert got.tolist() == expected


def test_ties_hold_in_every_cell_of_a_long_table() -> None:
    # One running sum over all cells would lose the ties of the small cells behind a big one.
    sizes = [500_000, *([10] * 400)]
    cell = np.repeat(np.arange(len(sizes)), sizes)
    y = np.concatenate([np.arange(size, dtype=float) for size in sizes])
    weight = np.where(cell == 0, 12345.678, 0.1)
    frame = wk.Survey(pd.DataFrame({"y": y, "w": weight, "cell": cell}), weights="w").percentiles("y", by="cell").frame
    small = frame[frame["cell"] > 0]
    for p, value in zip((10, 25, 50, 75, 90), (0, 2, 4, 7, 8), strict=True):
        assert (small.loc[small["statistic"] == f"p{p}", "estimate"] == value).all()
