"""Contrasts and change between waves against R survey, growth decomposition by hand."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import wagekit as wk
from wagekit.errors import DesignError, EstimationError

REFERENCE = Path(__file__).parents[1] / "reference"
# Both sides take the same sums of squares of unit totals; the difference of two close estimates costs digits: 1e-8.
TOLERANCE = 1e-8


@pytest.fixture(scope="module")
def expected() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "change.csv").set_index(["case", "domain", "name"])


def _clusters(fpc: str | None = None) -> wk.Survey:
    frame = pd.read_csv(REFERENCE / "stratified_clusters.csv")
    frame = frame[~frame["stratum"].isin(["h00", "h01", "h02"])]
    return wk.Survey(frame, weights="weight", strata="stratum", psu="firm", fpc=fpc)


def _waves() -> tuple[wk.Survey, wk.Survey]:
    frame = pd.read_csv(REFERENCE / "two_waves.csv")
    parts = (frame[frame["wave"] == 2022], frame[frame["wave"] == 2023])
    before, after = (wk.Survey(part, weights="weight", strata="stratum", psu="firm") for part in parts)
    return before, after


@pytest.mark.parametrize("case", ["contrast", "contrast fpc"])
def test_contrasts(case: str, expected: pd.DataFrame) -> None:
    survey = _clusters("population" if case.endswith("fpc") else None)
    means = survey.mean("pay", by="industry")
    differences = means.contrast({"C-G": {"C": 1, "G": -1}, "CG/2-I": {"C": 0.5, "G": 0.5, "I": -1}}).frame
    ratio = means.contrast({"C/G": {"C": 1, "G": -1}}, kind="ratio").frame
    sex = survey.mean("pay", by="sex").contrast({"male-female": {"male": 1, "female": -1}}).frame
    total = survey.total("pay", by="sex").contrast({"male-female": {"male": 1, "female": -1}}).frame
    for frame, domain in ((differences, "industry"), (ratio, "industry"), (sex, "sex"), (total, "sex total")):
        for row in frame.itertuples():
            r = expected.loc[(case, domain, row.statistic)]
            assert row.estimate == pytest.approx(r["estimate"], rel=TOLERANCE)
            assert row.se == pytest.approx(r["se"], rel=TOLERANCE)


def test_contrast_of_one_percentile_has_its_published_error() -> None:
    percentiles = _clusters().percentiles("pay", by="industry")
    row = percentiles.frame.query("industry == 'G' and statistic == 'p50'").iloc[0]
    alone = percentiles.contrast({"median of G": {("G", "p50"): 1}}).frame.iloc[0]
    assert alone["se"] == pytest.approx(row["se"], rel=1e-10)
    spread = percentiles.contrast({"P90-P10": {("G", "p90"): 1, ("G", "p10"): -1}}).frame.iloc[0]
    assert (
        0
        < spread["se"]
        < np.hypot(*percentiles.frame.query("industry == 'G'").set_index("statistic").se[["p10", "p90"]])
    )


def test_t_test_of_a_difference() -> None:
    frame = _clusters().mean("pay", by="sex").contrast({"gap": {"male": 1, "female": -1}}).frame.iloc[0]
    from scipy import stats

    assert frame["p_value"] == pytest.approx(
        2 * stats.t.sf(abs(frame["estimate"] / frame["se"]), frame["df"]), rel=1e-9
    )


def test_contrast_says_what_is_wrong() -> None:
    means = _clusters().mean("pay", by="industry")
    with pytest.raises(EstimationError, match=r"no row is called 'Z'.*one of 'C', 'G'"):
        means.contrast({"x": {"Z": 1}})
    with pytest.raises(EstimationError, match="no longer know the sample"):
        pickle.loads(pickle.dumps(means)).contrast({"x": {"C": 1}})


@pytest.mark.parametrize("matched", [False, True])
@pytest.mark.parametrize("statistic", ["mean", "total"])
def test_change(statistic: str, matched: bool, expected: pd.DataFrame) -> None:
    before, after = _waves()
    frames = [wk.change(before, after, "pay", statistic=statistic, matched=matched).frame.assign(sex="all")]
    frames.append(wk.change(before, after, "pay", statistic=statistic, by="sex", matched=matched).frame)
    for row in pd.concat(frames).itertuples():
        r = expected.loc[("matched" if matched else "change", row.sex, statistic)]
        assert row.estimate == pytest.approx(r["estimate"], rel=TOLERANCE)
        assert row.se == pytest.approx(r["se"], rel=TOLERANCE)


def test_no_change_has_no_error() -> None:
    before, _ = _waves()
    for statistic in ("mean", "p50", "total"):
        row = wk.change(before, before, "pay", statistic=statistic).frame.iloc[0]
        assert row["estimate"] == 0
        assert row["flag"] == "zero_variance"


def test_percentile_growth_counts_the_overlap() -> None:
    before, after = _waves()
    growth = wk.change(before, after, "pay", statistic="p50").frame.iloc[0]
    medians = [wave.percentiles("pay", q=50).frame.iloc[0] for wave in (before, after)]
    assert growth["estimate"] == pytest.approx(medians[1]["estimate"] / medians[0]["estimate"] - 1, rel=1e-12)
    independent = np.hypot(medians[0]["cv"], medians[1]["cv"]) * medians[1]["estimate"] / medians[0]["estimate"]
    assert 0 < growth["se"] < independent


def test_decomposition_adds_up_exactly() -> None:
    before, after = _waves()
    parts = wk.decompose_growth(before, after, "pay", within=["sex", "occupation"]).frame.set_index("statistic")
    growth = wk.change(before, after, "pay").frame.iloc[0]
    assert parts.loc[["within", "composition"], "estimate"].sum() == pytest.approx(growth["estimate"], rel=1e-12)
    assert parts.loc["growth", "se"] == pytest.approx(growth["se"], rel=1e-10)


def test_decomposition_by_hand() -> None:
    # Two cells: shares 1/2, 1/2 -> 1/4, 3/4; means 10, 20 -> 11, 22.
    before = wk.Survey(pd.DataFrame({"y": [10.0, 20], "c": [0, 1], "w": [2.0, 2]}), weights="w")
    after = wk.Survey(pd.DataFrame({"y": [11.0, 22], "c": [0, 1], "w": [1.0, 3]}), weights="w")
    parts = wk.decompose_growth(before, after, "y", within="c").frame.set_index("statistic")["estimate"]
    within = 0.375 * 1 + 0.625 * 2
    composition = -0.25 * 10.5 + 0.25 * 21
    assert parts["within"] == pytest.approx(within / 15, rel=1e-14)
    assert parts["composition"] == pytest.approx(composition / 15, rel=1e-14)
    assert parts["growth"] == pytest.approx((19.25 - 15) / 15, rel=1e-14)


def test_designs_must_agree() -> None:
    before, after = _waves()
    other = wk.Survey(after.frame, weights="weight", psu="firm")
    with pytest.raises(DesignError, match="different designs"):
        wk.change(before, other, "pay")
    with pytest.raises(EstimationError, match="mean, total or a percentile"):
        wk.change(before, after, "pay", statistic="median")
