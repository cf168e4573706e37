"""Non-response: totals kept, cells collapsed in the documented order, propensities as R's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from wagekit.errors import DesignError, EstimationError, InputError
from wagekit.weighting.nonresponse import adjust_by_cells, adjust_by_propensity

REFERENCE = Path(__file__).parents[1] / "reference"


def _units(counts: dict[tuple[str, str], tuple[int, int]]) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Rows with weight 1: respondents and others of each cell."""
    rows = [(key, flag) for key, (yes, no) in counts.items() for flag in [True] * yes + [False] * no]
    cells = [np.array([key[place] for key, _ in rows]) for place in (0, 1)]
    return np.ones(len(rows)), np.array([flag for _, flag in rows]), cells


def test_respondents_take_over_the_weights_of_their_cell() -> None:
    weights, responded, cells = _units({("C", "1"): (6, 3), ("C", "2"): (5, 5), ("I", "1"): (8, 0)})
    found = adjust_by_cells(weights, responded, cells)
    np.testing.assert_allclose(found.factor, np.r_[np.full(9, 1.5), np.full(10, 2.0), np.full(8, 1.0)])
    assert found.merged == ()
    assert (found.weights[~responded] == 0).all()
    assert found.weights.sum() == pytest.approx(weights.sum())


def test_thin_cells_join_the_neighbour_that_shares_the_industry() -> None:
    """C 3 has 2 respondents; its neighbours in order are C 2 (same industry) and G 1 (another, fewer rows)."""
    weights, responded, cells = _units(
        {("C", "1"): (9, 1), ("C", "2"): (9, 1), ("C", "3"): (2, 2), ("G", "1"): (5, 1), ("G", "2"): (9, 1)}
    )
    found = adjust_by_cells(weights, responded, cells)
    assert found.merged == (("C x 3", "C x 2"),)
    assert found.factor[10] == pytest.approx(14 / 11)


def test_of_two_equal_neighbours_the_one_with_fewer_respondents() -> None:
    weights, responded, cells = _units({("C", "1"): (7, 1), ("C", "2"): (1, 1), ("C", "3"): (6, 1)})
    assert adjust_by_cells(weights, responded, cells).merged == (("C x 2", "C x 3"),)


def test_cells_without_respondents_and_large_factors_collapse_until_limits_hold() -> None:
    """I 1 (none) first; it joins I 2; together 5 of 20 is a factor of 4, above 3, so the group joins G."""
    weights, responded, cells = _units({("G", "1"): (20, 2), ("I", "1"): (0, 10), ("I", "2"): (5, 5)})
    found = adjust_by_cells(weights, responded, cells)
    assert found.merged == (("I x 1", "I x 2"), ("I x 1 to I x 2", "G x 1"))
    np.testing.assert_allclose(found.factor, 42 / 25)


def test_what_can_not_be_adjusted() -> None:
    weights, responded, cells = _units({("C", "1"): (1, 9)})
    with pytest.raises(DesignError, match="1 respondents and a factor of 10"):
        adjust_by_cells(weights, responded, cells)
    with pytest.raises(DesignError, match="nobody"):
        adjust_by_cells(weights, np.zeros(10, dtype=bool), cells)
    with pytest.raises(InputError, match="1 missing"):
        adjust_by_cells(weights, responded, [np.array(["a"] * 9 + [None], dtype=object)])
    with pytest.raises(InputError, match="True or False"):
        adjust_by_cells(weights, np.ones(10), cells)


@pytest.fixture(scope="module")
def sample() -> tuple[pd.DataFrame, np.ndarray]:
    frame = pd.read_csv(REFERENCE / "weighting_sample.csv")
    columns = [frame["industry"] == key for key in "GIJ"]
    return frame, np.column_stack([*columns, frame["age"]]).astype(float)


@pytest.mark.parametrize("weighted", [True, False])
def test_propensities_against_r(weighted: bool, sample: tuple[pd.DataFrame, np.ndarray]) -> None:
    """glm(binomial) with and without weights, both run to 1e-12 and beyond: 1e-9."""
    frame, covariates = sample
    expected = pd.read_csv(REFERENCE / "weighting_rows.csv")["propensity" if weighted else "propensity_unweighted"]
    weights, responded = frame["weight"].to_numpy(), frame["answered"].to_numpy(dtype=bool)
    found = adjust_by_propensity(weights, responded, covariates, weighted=weighted, classes=None)
    assert found.propensity is not None
    np.testing.assert_allclose(found.propensity, expected, rtol=1e-9)
    ratio = found.factor * found.propensity
    np.testing.assert_allclose(ratio, ratio[0])  # the inverse, up to one factor that keeps the sum
    assert found.weights.sum() == pytest.approx(weights.sum())


def test_quintiles_of_propensity_are_cells(sample: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, covariates = sample
    weights, responded = frame["weight"].to_numpy(), frame["answered"].to_numpy(dtype=bool)
    found = adjust_by_propensity(weights, responded, covariates)
    assert found.propensity is not None
    assert found.cell.max() == 4
    sizes = np.bincount(found.cell)
    assert sizes.min() > 0.15 * len(frame)  # ties of the 4 x 40 covariate patterns keep classes from 20 % exactly
    for one in range(5):
        inside = found.cell == one
        factor = weights[inside].sum() / weights[inside & responded].sum()
        np.testing.assert_allclose(found.factor[inside], factor)
        if one:
            assert found.propensity[inside].min() >= found.propensity[found.cell == one - 1].max()


def test_complete_separation_is_said() -> None:
    responded = np.arange(40) >= 20
    with pytest.raises(EstimationError, match=r"completely|does not converge"):
        adjust_by_propensity(np.ones(40), responded, np.arange(40.0)[:, None])
