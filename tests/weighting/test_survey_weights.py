"""Calibration and replicate weights through the Survey, alone and together, against R survey and convey.

Tolerances: one-step (linear) calibration and replicates are closed arithmetic on both sides, 1e-9. Raking runs to
1e-12 of each total on both sides, which leaves about 1e-10 in the weights. Theil in convey's replicates is
the same arithmetic as here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import wagekit as wk
from tests.weighting.conftest import REFERENCE
from wagekit.errors import DesignError, EstimationError

TOLERANCE = 1e-9


@pytest.fixture(scope="module")
def expected() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "weighted_survey.csv")


def _survey(frame: pd.DataFrame) -> wk.Survey:
    return wk.Survey(frame, weights="weight", strata="stratum", psu="firm")


def _margins(frame: pd.DataFrame) -> dict[Any, Any]:
    totals: dict[Any, Any] = {key: frame.groupby(key)["target"].sum().to_dict() for key in ("industry", "size", "sex")}
    return {**totals, "age": float(frame["age"] @ frame["target"])}


def _case(frame: pd.DataFrame, case: str) -> wk.Survey:
    survey = _survey(frame)
    if case.startswith("JKn"):
        survey = survey.with_replicates("JKn")
    if case.endswith("linear"):
        return survey.calibrate(_margins(frame), method="linear")
    if case == "raking":
        return survey.calibrate(_margins(frame), method="raking", tolerance=1e-12)
    return survey


@pytest.mark.parametrize("case", ["raking", "linear", "JKn", "JKn quantiles", "JKn linear"])
def test_against_r(case: str, frame: pd.DataFrame, expected: pd.DataFrame) -> None:
    survey = _case(frame, case)
    ci = "replicates" if case == "JKn quantiles" else "woodruff"
    parts = []
    for by in (None, "sex"):
        parts += [
            survey.mean("pay", by=by).frame,
            survey.total("pay", by=by).frame,
            survey.ratio("pay", "hours", by=by).frame,
            survey.percentiles("pay", by=by, ci=ci, df=20).frame,
        ]
    if case in ("linear", "JKn"):
        parts.append(survey.theil("pay").frame)
        contrast = survey.mean("pay", by="sex").contrast({"male-female": {"male": 1, "female": -1}}).frame
        parts.append(contrast.assign(sex="contrast"))
    ours = pd.concat(parts)
    ours["domain"] = ours["sex"].fillna("all")
    theirs = expected[expected["case"] == case]
    both = theirs.merge(ours, on=["domain", "statistic"], suffixes=("_r", ""), how="left", validate="1:1")
    assert len(both) == len(theirs) > 20
    np.testing.assert_allclose(both["estimate"], both["estimate_r"], rtol=TOLERANCE)
    np.testing.assert_allclose(both["se"], both["se_r"], rtol=TOLERANCE)


def test_calibrated_totals_have_no_error(frame: pd.DataFrame) -> None:
    survey = _case(frame, "linear")
    row = survey.total("age").frame.iloc[0]
    assert row["estimate"] == pytest.approx(_margins(frame)["age"], rel=1e-10)
    assert row["flag"] == "zero_variance"
    assert np.isnan(row["se"])


def test_the_unit_of_a_margin_does_not_matter(frame: pd.DataFrame) -> None:
    errors = []
    for factor in (1.0, 1e3, 1e7):
        scaled = frame.assign(revenue=frame["revenue"] * factor)
        margins = {**_margins(frame), "revenue": float(scaled["revenue"] @ frame["target"])}
        errors.append(_survey(scaled).calibrate(margins, method="linear").total("pay").frame["se"].item())
    np.testing.assert_allclose(errors[1:], errors[0], rtol=1e-9)


def test_given_replicate_weights_are_those_that_were_made(frame: pd.DataFrame) -> None:
    made = _survey(frame).with_replicates("JKn")
    replicates = made.sample.replicates
    assert replicates is not None
    names = [f"r{index}" for index in range(replicates.count)]
    columns = pd.DataFrame({name: made.sample.replicate(k).weights for k, name in enumerate(names)})
    given = wk.Survey(
        pd.concat([frame, columns], axis=1),
        weights="weight",
        strata="stratum",
        psu="firm",
        replicates=names,
        replicate_method="JKn",
        replicate_options={"scale": replicates.scale, "rscales": replicates.rscales},
    )
    for statistic in ("mean", "gini", "total"):
        pd.testing.assert_frame_equal(
            getattr(given, statistic)("pay", by="sex").frame.drop(columns="df"),
            getattr(made, statistic)("pay", by="sex").frame.drop(columns="df"),
            rtol=1e-10,
        )


@pytest.mark.parametrize("method", ["JK1", "JKn", "bootstrap"])
def test_every_statistic_takes_replicates(frame: pd.DataFrame, method: Any) -> None:
    plain = _survey(frame) if method != "JK1" else wk.Survey(frame, weights="weight", psu="firm")
    survey = plain.with_replicates(method, n=60 if method == "bootstrap" else None, seed=1)
    asked = [
        survey.percentiles("pay", by="sex"),
        survey.gini("pay", by="sex"),
        survey.s80s20("pay", by="sex"),
        survey.low_pay_share("pay", by="sex"),
        survey.band_mean("pay", 90, 100, by="sex"),
        survey.winsorized_mean("pay", by="sex"),
        survey.percentile_ratio("pay", by="sex"),
        survey.pay_gap("pay", group="sex", reference="male"),
        survey.proportion("sex"),
        survey.count(by="sex"),
    ]
    for estimates in asked:
        assert estimates.metadata["method"] == method
        assert (estimates.frame["se"] > 0).all(), estimates


def test_enterprise_and_employee_margins_at_once(frame: pd.DataFrame) -> None:
    firms = frame.drop_duplicates("firm")
    own = 2.0
    wanted = {"industry": (firms.groupby("industry").size() * own * 1.05).to_dict()}
    survey = _survey(frame.assign(firm_weight=own)).calibrate(
        {"sex": _margins(frame)["sex"]},
        method="linear",
        enterprise_margins=wanted,
        enterprise_weights="firm_weight",
        same_in_enterprise=True,
    )
    factor = pd.Series(survey.sample.weights / frame["weight"].to_numpy()).groupby(frame["firm"])
    assert factor.std().fillna(0).max() < 1e-12
    reached = (own * factor.first()).groupby(firms.set_index("firm")["industry"]).sum()
    np.testing.assert_allclose(reached, pd.Series(wanted["industry"]), rtol=1e-9)
    assert survey.weight_summary().g.minimum > 0


def test_trimming_keeps_the_total(frame: pd.DataFrame) -> None:
    highest = 20.0
    survey = _survey(frame).trim(upper=highest)
    assert frame["weight"].max() > highest * 1.1
    assert survey.sample.weights.max() <= highest * (1 + 1e-12)
    assert survey.sample.weights.sum() == pytest.approx(frame["weight"].sum(), rel=1e-12)


def test_weights_say_what_is_wrong(frame: pd.DataFrame) -> None:
    survey = _survey(frame)
    with pytest.raises(DesignError, match="part of the sample"):
        survey.where(sex="male").calibrate(_margins(frame))
    with pytest.raises(EstimationError, match="have not been calibrated"):
        survey.weight_summary()
    with pytest.raises(EstimationError, match="no replicate weights"):
        survey.percentiles("pay", ci="replicates")
