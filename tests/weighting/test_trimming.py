"""Trimming: bounds kept, totals kept, and R's trimWeights where it spreads in equal amounts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from wagekit.errors import DesignError, InputError
from wagekit.weighting.trimming import trim

REFERENCE = Path(__file__).parents[1] / "reference"


@pytest.mark.parametrize(("name", "bounds"), [("trim_upper", {"upper": 15}), ("trim_both", {"upper": 14, "lower": 4})])
def test_equal_amounts_against_r(name: str, bounds: dict[str, float]) -> None:
    """trimWeights(strict = TRUE): the same passes in the same arithmetic, 1e-12."""
    weights = pd.read_csv(REFERENCE / "weighting_sample.csv")["weight"].to_numpy()
    found = trim(weights, **bounds, spreading="equal")
    np.testing.assert_allclose(found.weights, pd.read_csv(REFERENCE / "weighting_rows.csv")[name], rtol=1e-12)


@pytest.mark.parametrize("spreading", ["proportional", "equal"])
@pytest.mark.parametrize("by_cell", [False, True])
def test_bounds_and_totals_are_kept(spreading: str, by_cell: bool) -> None:
    rng = np.random.default_rng(12)
    weights, cell = rng.lognormal(1, 0.8, 3000), rng.integers(0, 20, 3000)
    found = trim(weights, lower=0.6, upper=9.0, cell=cell if by_cell else None, spreading=spreading)
    assert found.weights.min() >= 0.6 * (1 - 1e-12)
    assert found.weights.max() <= 9 * (1 + 1e-12)
    groups = cell if by_cell else np.zeros(3000, dtype=np.int64)
    np.testing.assert_allclose(np.bincount(groups, found.weights), np.bincount(groups, weights), rtol=1e-12)
    assert found.trimmed.sum() == ((weights < 0.6) | (weights > 9)).sum()


def test_proportional_keeps_the_ratios_of_the_others() -> None:
    """By hand, sum 160: cut to 60, the others share 100 as 1 : 2 : 3. Cut to 50, the third would get 110/2 = 55: it
    is cut too, and 1 : 2 share 60."""
    found = trim(np.array([10.0, 20, 30, 100]), upper=60)
    np.testing.assert_allclose(found.weights, [100 / 6, 200 / 6, 50, 60])
    again = trim(np.array([10.0, 20, 30, 100]), upper=50)
    np.testing.assert_allclose(again.weights, [20, 40, 50, 50])


def test_median_and_interquartile_range_by_cell() -> None:
    """Cell 0: quartiles 2 and 4, median 3, bound 3 + 1 x 2 = 5; cell 1 has nothing above its bound."""
    weights = np.array([1.0, 2, 3, 4, 10, 5, 5, 6, 7, 7])
    cell = np.repeat([0, 1], 5)
    found = trim(weights, iqr=1.0, cell=cell)
    assert found.upper[[0, 9]].tolist() == [5.0, 8.0]
    np.testing.assert_allclose(found.weights[:5], [1.6666666666666667, 10 / 3, 5, 5, 5])
    np.testing.assert_array_equal(found.weights[5:], weights[5:])


def test_nothing_to_trim() -> None:
    weights = np.array([1.0, 2.0])
    found = trim(weights, upper=3)
    np.testing.assert_array_equal(found.weights, weights)
    assert found.iterations == 0


def test_totals_that_can_not_be_kept() -> None:
    with pytest.raises(DesignError, match=r"first cell 1: 2 weights with a sum of 21 against .* to 20"):
        trim(np.array([1.0, 2.0, 1.0, 20.0]), upper=10, cell=np.array([0, 0, 1, 1]))


@pytest.mark.parametrize(
    "options", [{}, {"upper": 3, "iqr": 2}, {"lower": 5, "upper": 3}, {"upper": 3, "spreading": "equal", "bad": True}]
)
def test_options_that_do_not_fit(options: dict[str, object]) -> None:
    weights = np.array([np.nan, 1.0]) if options.pop("bad", False) else np.array([1.0, 2.0])
    with pytest.raises(InputError, match="trim"):
        trim(weights, **options)
