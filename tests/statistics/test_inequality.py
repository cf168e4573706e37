"""Inequality measures against R convey and laeken, and bands against hand calculation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import wagekit as wk
from wagekit.errors import EstimationError

REFERENCE = Path(__file__).parents[1] / "reference"


@pytest.fixture(scope="module")
def survey() -> wk.Survey:
    frame = pd.read_csv(REFERENCE / "stratified_clusters.csv")
    frame = frame[frame["pay"].notna() & ~frame["stratum"].isin(["h00", "h01", "h02"])]
    return wk.Survey(frame, weights="weight", strata="stratum", psu="firm")


@pytest.fixture(scope="module")
def expected() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "inequality.csv")


def _estimates(survey: wk.Survey, statistic: str, by: str | None) -> pd.DataFrame:
    match statistic:
        case "pay_gap":
            return survey.pay_gap("pay", group="sex", reference="male", by=by).frame
        case "pay_gap_median":
            return survey.pay_gap("pay", group="sex", reference="male", by=by, statistic="median").frame
        case "proportion female":
            frame = survey.proportion("sex", by=by).frame
            return frame[frame["sex"] == "female"]
        case "count":
            return survey.count(by=by).frame
        case _:
            return getattr(survey, statistic)("pay", by=by).frame


@pytest.mark.parametrize(
    "statistic",
    ["gini", "s80s20", "theil", "low_pay_share", "pay_gap", "pay_gap_median", "proportion female", "count"],
)
def test_against_convey_and_laeken(survey: wk.Survey, expected: pd.DataFrame, statistic: str) -> None:
    theirs = expected[expected["statistic"] == statistic]
    for by, rows in ((None, theirs["domain"] == "all"), ("industry", theirs["domain"] != "all")):
        ours = _estimates(survey, statistic, by)
        r = theirs[rows]
        assert len(ours) == len(r)
        # Closed arithmetic on some thousand rows on both sides: 1e-9 leaves four digits for cancellation.
        np.testing.assert_allclose(ours["estimate"], r["estimate"], rtol=1e-9)
        if r["se"].notna().any():
            np.testing.assert_allclose(ours["se"], r["se"], rtol=1e-9)
        assert (ours["flag"] == "").all()


def test_bands_by_hand() -> None:
    # Ten workers of weight 2: the least-paid tenth is the first, the middle 40 % the fourth to the seventh.
    y = np.arange(1.0, 11) ** 2
    survey = wk.Survey(pd.DataFrame({"y": y, "w": 2.0}), weights="w")
    for low, high, value in ((0, 10, 1), (90, 100, 100), (30, 70, (16 + 25 + 36 + 49) / 4), (0, 100, y.mean())):
        assert survey.band_mean("y", low, high).frame["estimate"].item() == pytest.approx(value, rel=1e-14)
    # Half of the second worker lies below 15 %.
    assert survey.band_mean("y", 0, 15).frame["estimate"].item() == pytest.approx((1 + 4 * 0.5) / 1.5, rel=1e-14)
    # 10th percentile 1, 90th 81: only the top is cut.
    assert survey.winsorized_mean("y", low=10, high=90).frame["estimate"].item() == pytest.approx(
        (y[:9].sum() + 81) / 10, rel=1e-14
    )
    with pytest.raises(EstimationError, match="low < high"):
        survey.band_mean("y", 50, 50)


def test_trimmed_mean_by_hand() -> None:
    # Twenty workers of one weight: without the least and the best paid.
    y = np.arange(1.0, 21) ** 2
    survey = wk.Survey(pd.DataFrame({"y": y, "w": 3.0}), weights="w")
    assert survey.trimmed_mean("y").frame["estimate"].item() == pytest.approx(y[1:-1].mean(), rel=1e-14)


def test_whole_band_is_the_mean_with_its_error(survey: wk.Survey) -> None:
    columns = ["estimate", "se", "ci_lower", "ci_upper"]
    band = survey.band_mean("pay", 0, 100, by="industry").frame[columns]
    np.testing.assert_allclose(band, survey.mean("pay", by="industry").frame[columns], rtol=1e-10)


@pytest.mark.parametrize("statistic", ["band", "gini", "theil"])
def test_linearization_is_the_derivative(survey: wk.Survey, statistic: str) -> None:
    """The influence of a weight is the derivative of the point by that weight.

    Only the statistics without a kernel density in their linearized variable can be held to it.
    """
    from wagekit.statistics import bands, inequality
    from wagekit.statistics.cells import Cells
    from wagekit.statistics.distribution import Distribution, Variable

    make = {
        "band": lambda d: bands.band_mean(d, 0.1, 0.62),
        "gini": inequality.gini,
        "theil": inequality.theil,
    }[statistic]
    y = survey.frame["pay"].to_numpy()
    variable = Variable(y)
    sample = survey.sample
    cells = Cells(sample, np.zeros(len(y), dtype=np.int64), 1)
    scores = make(Distribution(cells, variable)).linearize().own / sample.weights
    for row in (3, 500, 1200):
        step = 1e-4
        points = []
        for sign in (-1, 1):
            weights = sample.weights.copy()
            weights[row] += sign * step
            moved = Cells(sample.reweighted(weights), cells.code, 1)
            points.append(make(Distribution(moved, variable)).point[0])
        # Central differences of a smooth function: error of order step**2 and 1e-16 / step.
        assert scores[row] == pytest.approx((points[1] - points[0]) / (2 * step), rel=1e-5)
