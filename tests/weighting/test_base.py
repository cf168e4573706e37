"""Base weights: calculated by hand."""

from __future__ import annotations

import numpy as np
import pytest

from wagekit.errors import DesignError, InputError
from wagekit.weighting.base import (
    base_weights,
    equal_probabilities,
    in_firm_factors,
    inclusion_probabilities,
    required_workers,
)


def test_equal_probabilities_by_stratum() -> None:
    """2 of 10 and 3 of 4."""
    found = equal_probabilities(np.array([0, 1, 0, 1, 1]), np.array([10.0, 4.0]))
    np.testing.assert_allclose(found, [0.2, 0.75, 0.2, 0.75, 0.75])
    with pytest.raises(DesignError, match="3 sampled units of 2 in stratum 0"):
        equal_probabilities(np.array([0, 0, 0]), np.array([2.0]))


def test_certainty_units_are_taken_out_round_by_round() -> None:
    """Sizes 500, 220, 100, 80, 60, 40 and 4 to take. Round 1: 4 x 500/1000 = 2, certain; 4 x 220/1000 = .88 is
    not. Round 2: 3 of 500: 3 x 220/500 = 1.32, certain. Round 3: 2 of 280: .714, .571, .429, .286."""
    found = inclusion_probabilities(np.array([500.0, 220, 100, 80, 60, 40]), 4)
    np.testing.assert_allclose(found.probability, [1, 1, 2 / 2.8, 1.6 / 2.8, 1.2 / 2.8, 0.8 / 2.8])
    assert found.certainty.tolist() == [True, True, False, False, False, False]
    assert found.rounds == 2


def test_strata_are_shared_out_each_on_its_own() -> None:
    sizes = np.array([60.0, 5, 40, 15, 24, 6])
    stratum = np.array([0, 1, 0, 1, 0, 1])
    found = inclusion_probabilities(sizes, np.array([1, 2]), stratum)
    # Stratum 1: 2 x 15/26 > 1, so 15 is certain and 1 is drawn from 5 + 6.
    np.testing.assert_allclose(found.probability, [60 / 124, 5 / 11, 40 / 124, 1, 24 / 124, 6 / 11])


def test_probabilities_sum_to_the_sample_size() -> None:
    rng = np.random.default_rng(1)
    size, stratum = rng.lognormal(4, 1.5, 800), rng.integers(0, 12, 800)
    wanted = np.minimum(np.bincount(stratum), rng.integers(0, 40, 12))
    for threshold in (1.0, 0.8):
        found = inclusion_probabilities(size, wanted, stratum, certainty_at=threshold)
        np.testing.assert_allclose(np.bincount(stratum, weights=found.probability), wanted, rtol=1e-12, atol=1e-12)
        assert found.probability.max() <= 1.0
        assert (found.probability[~found.certainty] < threshold).all()


def test_all_units_taken() -> None:
    assert inclusion_probabilities(np.array([3.0, 1.0]), 2).probability.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("size", "n", "error"),
    [([1.0, 0.0], 1, InputError), ([1.0, np.nan], 1, InputError), ([1.0, 2.0], 3, DesignError)],
)
def test_frames_that_can_not_be_sampled(size: list[float], n: int, error: type[Exception]) -> None:
    with pytest.raises(error, match="expected"):
        inclusion_probabilities(np.array(size), n)


def test_weights_add_up_to_the_frame_under_equal_workers() -> None:
    """An enterprise of 300 of which 60 are reported, drawn with 0.25: 4 x 5 each, 1,200 workers together."""
    factor = in_firm_factors(np.zeros(60, dtype=np.int64), np.array([300.0]))
    weights = base_weights(np.array([0.25]), np.zeros(60, dtype=np.int64), factor)
    np.testing.assert_allclose(weights, 20.0)
    assert weights.sum() == pytest.approx(300 / 0.25)


def test_in_firm_rule_of_the_instructions() -> None:
    assert required_workers(np.array([1, 50, 200, 250, 255, 256])).tolist() == [1, 50, 50, 50, 51, 52]


def test_contradictions() -> None:
    with pytest.raises(DesignError, match="2 reported of 1"):
        in_firm_factors(np.array([0, 0]), np.array([1.0]))
    with pytest.raises(DesignError, match=r"inclusion probability 1\.5"):
        base_weights(np.array([1.5]), np.array([0]))
