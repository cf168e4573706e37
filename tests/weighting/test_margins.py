"""Margins: the matrix they make, enterprise-level columns, and what is said when they can't be met."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from wagekit.errors import DesignError, InputError
from wagekit.weighting.calibration import calibrate
from wagekit.weighting.margins import (
    Margins,
    build_enterprise_margins,
    build_margins,
    enterprise_column,
    join_margins,
)


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "industry": ["C", "C", "G", "G", "I"],
            "size": [1, 2, 1, 2, 1],
            "sex": ["f", "m", "m", "f", "f"],
            "staff": [10.0, 20.0, 5.0, 8.0, 2.0],
            "profit": [5.0, -2.0, 1.0, 3.0, -4.0],
        }
    )


def _build(frame: pd.DataFrame, margins: Any) -> Margins:
    return build_margins(frame.__getitem__, len(frame), margins)


def test_several_margins_side_by_side(frame: pd.DataFrame) -> None:
    built = _build(frame, {"size": {"1": 6.0, "2": 4.0}, "staff": 90, ("sex", "size"): _crossed(frame, 2.0)})
    assert built.names == (
        "size=1",
        "size=2",
        "staff",
        "sex=f, size=1",
        "sex=m, size=2",
        "sex=m, size=1",
        "sex=f, size=2",
    )
    expected = np.column_stack(
        [
            frame["size"] == 1,
            frame["size"] == 2,
            frame["staff"],
            (frame["sex"] == "f") & (frame["size"] == 1),
            (frame["sex"] == "m") & (frame["size"] == 2),
            (frame["sex"] == "m") & (frame["size"] == 1),
            (frame["sex"] == "f") & (frame["size"] == 2),
        ]
    )
    np.testing.assert_array_equal(built.matrix.toarray(), expected.astype(float))
    np.testing.assert_array_equal(built.totals, [6, 4, 90, 4, 2, 2, 2])


def _crossed(frame: pd.DataFrame, each: float) -> dict[tuple[Any, ...], float]:
    keys = list(zip(frame["sex"], frame["size"], strict=True))
    return {key: each * keys.count(key) for key in dict.fromkeys(keys)}


def test_totals_as_a_series_and_codes_as_text_or_numbers(frame: pd.DataFrame) -> None:
    one = _build(frame, {"size": pd.Series({1: 6.0, 2: 4.0})})
    other = _build(frame, {"size": {"1": 6.0, "2": 4.0}})
    np.testing.assert_array_equal(one.matrix.toarray(), other.matrix.toarray())


def test_a_category_of_nobody_with_a_total_of_zero_is_left_out(frame: pd.DataFrame) -> None:
    assert _build(frame, {"size": {"1": 6.0, "2": 4.0, "3": 0}}).names == ("size=1", "size=2")


@pytest.mark.parametrize(
    ("margins", "error", "words"),
    [
        ({"size": {"1": 6, "2": 4, "3": 9}}, DesignError, r"1 categories have no respondents: size=3 \(total 9\)"),
        ({"industry": {"C": 6, "G": 4}}, DesignError, r"without a total: industry=I \(1 rows\)"),
        (
            {("industry", "size"): {("C", 1): 1, ("C", 2): 1, ("G", 1): 1, ("G", 2): 1}},
            DesignError,
            r"without a total: industry=I, size=1 \(1 rows\)",
        ),
        ({"size": {"1": -6, "2": 4}}, InputError, "-6 is negative"),
        ({"staff": -90}, InputError, "-90 is negative"),
        ({"staff": float("nan")}, InputError, "finite number"),
        ({"staff": "many"}, InputError, "the total 'many'"),
        ({"industry": 90}, InputError, "holds text"),
        ({("sex", "size"): 90}, InputError, "one number"),
        ({("sex", "size"): {"f": 3}}, InputError, "has 1 parts"),
        ({"size": {"1": 6, 1: 6, "2": 4}}, InputError, "given twice"),
        ({}, InputError, "no margins"),
    ],
)
def test_diagnosis(frame: pd.DataFrame, margins: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        _build(frame, margins)


def test_a_total_of_a_column_with_negative_values_may_be_negative(frame: pd.DataFrame) -> None:
    assert _build(frame, {"profit": -12.5}).totals.tolist() == [-12.5]


def test_missing_values_are_counted_and_placed(frame: pd.DataFrame) -> None:
    frame.loc[[1, 3], "sex"] = None
    with pytest.raises(InputError, match="2 of 5 values are missing, the first in row 1"):
        _build(frame, {"sex": {"f": 3, "m": 2}})


def test_margins_with_different_sums_say_both(frame: pd.DataFrame) -> None:
    with pytest.raises(DesignError, match=r"sum to 10 over size and to 10\.5 over sex, a difference of -0\.5"):
        _build(frame, {"size": {"1": 6, "2": 4}, "sex": {"f": 5, "m": 5.5}})


def test_a_crossed_margin_must_agree_with_the_margin_it_holds(frame: pd.DataFrame) -> None:
    """Same grand total of 10, another split of size."""
    crossed = _crossed(frame, 2.0)
    with pytest.raises(DesignError, match=r"where size=1 sum to 7 over size and to 6 over sex x size"):
        _build(frame, {"size": {"1": 7, "2": 3}, ("sex", "size"): crossed})


def test_enterprise_and_employee_margins_at_once() -> None:
    """Enterprises 2.0 x 2 in C and 5.0 x 1 in I; after calibration both levels hold."""
    rng = np.random.default_rng(4)
    unit = np.repeat(np.arange(30), rng.integers(2, 9, 30))
    industry = np.array(["C", "G", "I"])[np.arange(30) % 3][unit]
    own = rng.uniform(2, 6, 30)[unit]
    weights = own * rng.uniform(1, 3, unit.size)
    frame = pd.DataFrame({"industry": industry, "sex": rng.choice(["f", "m"], unit.size), "revenue": (unit % 7) + 1.0})
    first = np.unique(unit, return_index=True)[1]
    enterprise_totals = {"industry": dict.fromkeys("CGI", 45.0), "revenue": float(own[first] @ frame["revenue"][first])}
    employees = build_margins(
        frame.__getitem__, unit.size, {"sex": {"f": weights.sum() * 0.55, "m": weights.sum() * 0.45}}
    )
    enterprises = build_enterprise_margins(frame.__getitem__, weights, unit, own, enterprise_totals)
    both = join_margins(employees, enterprises)
    for grouped in (None, unit):
        found = calibrate(both.matrix, weights, both.totals, "linear", unit=grouped, names=both.names)
        np.testing.assert_allclose(found.reached, both.totals, rtol=1e-10)
    # With one factor an enterprise, the enterprises' own weights times it meet the enterprise margins.
    for key in "CGI":
        inside = (industry == key)[first]
        np.testing.assert_allclose((own * found.g)[first][inside].sum(), 45.0, rtol=1e-10)


def test_enterprise_values_must_be_the_same_for_all_employees() -> None:
    ones = np.ones(3)
    with pytest.raises(InputError, match="rows 0 and 1 are of one enterprise"):
        enterprise_column(np.array([5.0, 6.0, 1.0]), ones, np.array([0, 0, 1]), ones)
    frame = pd.DataFrame({"industry": ["C", "G", "C"]})
    with pytest.raises(InputError, match="column 'industry'"):
        build_enterprise_margins(frame.__getitem__, ones, np.array([0, 0, 1]), ones, {"industry": {"C": 1, "G": 1}})
