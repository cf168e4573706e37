"""Contrasts and change between waves against R survey, growth decomposition by hand."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import wagekit as wk
from wagekit.errors import DesignError, EstimationError, WagekitWarning

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


def _waves(stay: bool = False, fpc: str | None = None) -> tuple[wk.Survey, wk.Survey]:
    frame = pd.read_csv(REFERENCE / "two_waves.csv")
    parts = [frame[frame["wave"] == 2022], frame[frame["wave"] == 2023]]
    if stay:
        both = set(parts[0]["firm"]) & set(parts[1]["firm"])
        parts = [part[part["firm"].isin(both)] for part in parts]
    before, after = (wk.Survey(part, weights="weight", strata="stratum", psu="firm", fpc=fpc) for part in parts)
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


@pytest.mark.parametrize("case", ["stay", "stay fpc"])
@pytest.mark.parametrize("statistic", ["mean", "total"])
def test_change_of_enterprises_that_stay(statistic: str, case: str, expected: pd.DataFrame) -> None:
    before, after = _waves(stay=True, fpc="population" if case.endswith("fpc") else None)
    frames = [wk.change(before, after, "pay", statistic=statistic).frame.assign(sex="all")]
    frames.append(wk.change(before, after, "pay", statistic=statistic, by="sex").frame)
    for row in pd.concat(frames).itertuples():
        r = expected.loc[(case, row.sex, statistic)]
        assert row.estimate == pytest.approx(r["estimate"], rel=TOLERANCE)
        assert row.se == pytest.approx(r["se"], rel=TOLERANCE)


def test_change_of_independent_waves_adds_the_variances() -> None:
    before, after = _waves()
    names = after.frame.assign(firm=after.frame["firm"] + 1000)
    other = wk.Survey(names, weights="weight", strata="stratum", psu="firm")
    with pytest.warns(WagekitWarning, match="no sampling unit has the same name"):
        growth = wk.change(before, other, "pay").frame.iloc[0]
    a, b = (wave.mean("pay").frame.iloc[0] for wave in (before, other))
    by_hand = b["estimate"] / a["estimate"] * np.hypot(a["cv"], b["cv"])
    assert growth["se"] == pytest.approx(by_hand, rel=1e-10)
    assert wk.change(before, after, "pay").frame["se"].item() < growth["se"]


def test_change_by_hand() -> None:
    # Four enterprises of one worker, three of them in both waves; n / (n - 1) and deviations from each wave's mean.
    frames = [
        pd.DataFrame({"y": [10.0, 20, 30, 44], "firm": list("abcd"), "w": 1.0}),
        pd.DataFrame({"y": [12.0, 21, 36, 50], "firm": list("bcde"), "w": 1.0}),
    ]
    waves = [wk.Survey(frame, weights="w", psu="firm") for frame in frames]
    d0, d1 = (np.sqrt(4 / 3) * (f["y"] - f["y"].mean()).set_axis(f["firm"]) / 4 for f in frames)
    m0, m1 = (f["y"].mean() for f in frames)
    r = m1 / m0
    overlap = sum(d0[firm] * d1[firm] for firm in "bcd")
    variance = ((d1**2).sum() + r**2 * (d0**2).sum() - 2 * r * overlap) / m0**2
    row = wk.change(*waves, "y").frame.iloc[0]
    assert row["se"] == pytest.approx(np.sqrt(variance), rel=1e-12)
    assert row["n_psu"] == 4
    matched = wk.change(*waves, "y", matched=True).frame.iloc[0]
    assert matched["estimate"] == pytest.approx((12 + 21 + 36) / (20 + 30 + 44) - 1, rel=1e-14)
    assert matched["n_psu"] == 3


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
    frame = pd.DataFrame({"y": [10.0, 20], "c": [0, 1], "w": [2.0, 2], "firm": [1, 2]})
    before = wk.Survey(frame, weights="w", psu="firm")
    after = wk.Survey(frame.assign(y=[11.0, 22], w=[1.0, 3]), weights="w", psu="firm")
    parts = wk.decompose_growth(before, after, "y", within="c").frame.set_index("statistic")["estimate"]
    within = 0.375 * 1 + 0.625 * 2
    composition = -0.25 * 10.5 + 0.25 * 21
    assert parts["within"] == pytest.approx(within / 15, rel=1e-14)
    assert parts["composition"] == pytest.approx(composition / 15, rel=1e-14)
    assert parts["growth"] == pytest.approx((19.25 - 15) / 15, rel=1e-14)


def test_change_says_what_is_wrong() -> None:
    before, after = _waves()
    with pytest.raises(EstimationError, match="mean, total or a percentile"):
        wk.change(before, after, "pay", statistic="median")
    rows = wk.Survey(after.frame, weights="weight")
    with pytest.warns(WagekitWarning, match="count as independent"), pytest.raises(DesignError, match="no enterprises"):
        wk.change(before, rows, "pay", matched=True)


def test_types_of_unit_names_may_differ_between_waves() -> None:
    # A column that has held a missing value comes back as floats.
    before, after = _waves()
    floats = after.frame.assign(
        firm=after.frame["firm"].astype(float), occupation=after.frame["occupation"].astype(float)
    )
    other = wk.Survey(floats, weights="weight", strata="stratum", psu="firm")
    texts = wk.Survey(
        floats.assign(firm=after.frame["firm"].astype(str)), weights="weight", strata="stratum", psu="firm"
    )
    expected = wk.change(before, after, "pay", by="occupation").frame[["estimate", "se"]]
    for wave in (other, texts):
        pd.testing.assert_frame_equal(
            wk.change(before, wave, "pay", by="occupation").frame[["estimate", "se"]], expected
        )
