"""What can't be estimated is NaN with a flag, and what can't be used is one clear error."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import wagekit as wk
from wagekit.errors import DesignError, EstimationError, InputError, WagekitWarning


def _frame(n: int = 40, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "y": rng.lognormal(11, 0.4, n).round(2),
            "w": rng.uniform(1, 5, n),
            "firm": np.arange(n) // 5,
            "stratum": np.arange(n) // 20,
            "cell": np.arange(n) % 3,
        }
    )


def _survey(frame: pd.DataFrame) -> wk.Survey:
    return wk.Survey(frame, weights="w", strata="stratum", psu="firm")


def _cell(estimates: wk.Estimates, value: object) -> pd.DataFrame:
    return estimates.frame[estimates.frame["cell"] == value]


def test_one_employee_has_a_value_but_no_error_margin() -> None:
    frame = _frame()
    frame.loc[0, "cell"] = 9
    for estimates in (_survey(frame).mean("y", by="cell"), _survey(frame).percentiles("y", by="cell")):
        rows = _cell(estimates, 9)
        assert (rows["estimate"] == frame.loc[0, "y"]).all()
        assert rows["se"].isna().all()
        assert rows["ci_lower"].isna().all()
        assert (rows["flag"] == "single_psu").all()
        assert (rows["n"] == 1).all()


def test_one_enterprise_is_single_psu_but_its_total_has_an_error() -> None:
    frame = _frame()
    frame["cell"] = np.where(frame["firm"] == 0, "one", "rest")
    survey = _survey(frame)
    assert _cell(survey.mean("y", by="cell"), "one")["flag"].item() == "single_psu"
    assert _cell(survey.total("y", by="cell"), "one")["se"].item() > 0


def test_equal_wages_do_not_feign_precision() -> None:
    frame = _frame().assign(y=5000.0)
    for estimates in (_survey(frame).mean("y"), _survey(frame).percentiles("y")):
        assert (estimates.frame["estimate"] == 5000).all()
        assert estimates.frame["se"].isna().all()
        assert (estimates.frame["flag"] == "zero_variance").all()


def test_no_degrees_of_freedom() -> None:
    frame = _frame()
    frame["cell"] = np.where(frame["firm"].isin([0, 4]), "one firm a stratum", "rest")
    mean = _cell(_survey(frame).mean("y", by="cell"), "one firm a stratum")
    assert mean["flag"].item() == "no_df"
    assert mean["se"].item() > 0
    assert np.isnan(mean["ci_lower"].item())
    tail = _cell(_survey(frame).percentiles("y", by="cell"), "one firm a stratum")
    assert set(tail.loc[tail["statistic"].isin(["p25", "p50", "p75"]), "flag"]) == {"no_df"}
    assert tail["se"].isna().all()


def test_missing_wages_leave_the_domain_but_not_the_design() -> None:
    frame = _frame()
    frame.loc[frame["firm"] == 2, "y"] = np.nan
    blank = _survey(frame).mean("y").frame
    # Rows without a wage are a domain: R's na.rm subsets the design in the same way. Same numbers by hand:
    kept = frame["y"].notna()
    w, y = frame.loc[kept, "w"], frame.loc[kept, "y"]
    ybar = (w * y).sum() / w.sum()
    z = (w * (y - ybar) / w.sum()).groupby(frame.loc[kept, "firm"]).sum().reindex(range(8), fill_value=0.0)
    v = sum(4 / 3 * ((z.loc[h] - z.loc[h].mean()) ** 2).sum() for h in (slice(0, 3), slice(4, 7)))
    assert blank["se"].item() == pytest.approx(np.sqrt(v), rel=1e-12)
    assert blank["n"].item() == 35
    assert blank["n_psu"].item() == 7


def test_an_empty_domain_is_shown_as_empty() -> None:
    frame = _frame()
    frame.loc[frame["cell"] == 1, "y"] = np.nan
    for estimates in (_survey(frame).mean("y", by="cell"), _survey(frame).percentiles("y", by="cell")):
        row = _cell(estimates, 1)
        assert (row["flag"] == "empty").all()
        assert row["estimate"].isna().all()
        assert (row["n"] == 0).all()
    with pytest.raises(InputError, match="no row has 'nowhere'"):
        _survey(frame).where(cell="nowhere")


def test_a_domain_in_one_stratum() -> None:
    # With 4 units in its stratum, df = 3, and the other stratum adds nothing.
    row = _survey(_frame()).mean("y", by="stratum").frame
    assert row["df"].tolist() == [3, 3]
    assert (row["flag"] == "").all()


def test_zero_weights_count_for_nothing() -> None:
    frame = _frame()
    frame.loc[frame["firm"] == 7, "w"] = 0.0
    top = frame.copy()
    top.loc[top["firm"] == 7, "y"] = 1e9
    pd.testing.assert_series_equal(
        _survey(frame).percentiles("y").frame["estimate"], _survey(top).percentiles("y").frame["estimate"]
    )
    assert _survey(frame).mean("y").frame["n_psu"].item() == 7


def test_census_has_no_sampling_error() -> None:
    frame = _frame().assign(population=4)
    survey = wk.Survey(frame, weights="w", strata="stratum", psu="firm", fpc="population")
    for rows in (survey.mean("y").frame, survey.percentiles("y").frame):
        assert (rows["se"] == 0).all()
        assert (rows["flag"] == "census").all()
        np.testing.assert_allclose(rows["ci_lower"], rows["estimate"], rtol=1e-14)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"w": -1.0}, DesignError, r"40 negative weights, the first in row 0"),
        ({"w": np.nan}, DesignError, r"missing or infinite weights"),
        ({"w": np.inf}, DesignError, r"missing or infinite weights"),
        ({"w": 0.0}, DesignError, r"all weights are 0"),
        ({"stratum": None}, DesignError, r"missing value in row 0"),
        ({"w": "many"}, InputError, r"'many' in row 0; expected numbers"),
    ],
)
def test_a_bad_design_is_refused(change: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        _survey(_frame().assign(**change))


def test_bad_questions_are_refused() -> None:
    frame = _frame()
    survey = _survey(frame)
    with pytest.raises(InputError, match="Did you mean 'firm'"):
        survey.mean("y", by="firms")
    with pytest.raises(EstimationError, match=r"50, not 0\.5"):
        survey.percentiles("y", q=0.5)
    with pytest.raises(EstimationError, match="ci: 'wald'; expected one of woodruff"):
        survey.percentiles("y", ci="wald")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="a domain column is called 'n'"):
        _survey(frame.assign(n=1)).mean("y", by="n")
    with pytest.raises(InputError, match="dates or times"):
        _survey(frame.assign(y=pd.Timestamp("2023-01-01"))).mean("y")
    with pytest.raises(DesignError, match="no inclusion probabilities"):
        wk.Survey(frame, weights="w", psu="firm", pps="brewer")
    with pytest.raises(EstimationError, match="confidence level"):
        survey.mean("y", level=95)
    frame.loc[3, "y"] = np.inf
    with pytest.raises(InputError, match="infinite values, the first in row 3"):
        _survey(frame).mean("y")
    with pytest.raises(EstimationError, match="definition 'median' is not known"):
        survey.percentiles("y", definition="median")  # type: ignore[arg-type]


def test_single_units_fail_by_default_and_say_where() -> None:
    frame = _frame()
    frame.loc[frame["firm"] == 7, "stratum"] = 5
    with pytest.raises(DesignError, match=r"1 strata have one sampling unit, among them 5.*single_psu"):
        _survey(frame).mean("y")


def test_contradictory_fpc_is_refused() -> None:
    for value, message in ((2, "population of 2"), (0.0, "0 or negative")):
        with pytest.raises(DesignError, match=message):
            wk.Survey(_frame().assign(f=value), weights="w", strata="stratum", psu="firm", fpc="f")
    mixed = _frame().assign(f=np.where(np.arange(40) < 20, 0.5, 9))
    with pytest.raises(DesignError, match="either population sizes"):
        wk.Survey(mixed, weights="w", strata="stratum", psu="firm", fpc="f")


def test_a_contrast_with_one_enterprise_has_no_error() -> None:
    frame = _frame()
    frame["cell"] = np.where(frame["firm"] == 0, "one", "rest")
    means = _survey(frame).mean("y", by="cell")
    row = means.contrast({"gap": {"one": 1, "rest": -1}}).frame.iloc[0]
    assert np.isnan(row["se"])
    assert row["flag"] == "single_psu"
    assert np.isnan(means.covariance()[0, 1])


def test_a_pay_gap_counts_the_smaller_group() -> None:
    # Among many men one woman: her pay must not come out as a gap with the counts of all.
    frame = _frame(200).assign(sex="m")
    frame.loc[7, "sex"] = "f"
    gap = wk.Survey(frame, weights="w", psu="firm").pay_gap("y", group="sex", reference="m")
    row = gap.frame.iloc[0]
    assert (row["n"], row["n_psu"], row["flag"]) == (1, 1, "single_psu")
    assert np.isnan(row["se"])
    assert gap.domains["largest_share"].item() == 1
    assert len(wk.release(gap, unit="").to_frame()) == 0


def test_a_proportion_of_a_design_column() -> None:
    frame = _frame()
    frame["stratum"] = frame["stratum"].map({0: "a", 1: "b"})
    got = _survey(frame).proportion("stratum").frame
    share = frame.groupby("stratum")["w"].sum() / frame["w"].sum()
    np.testing.assert_allclose(got["estimate"], share, rtol=1e-14)


def test_conditions_follow_the_index_of_a_frame() -> None:
    frame = _frame().sample(frac=1, random_state=2)
    survey = _survey(frame)
    wanted = (frame["cell"] == 1).sort_index()
    assert len(survey.where(wanted)) == (frame["cell"] == 1).sum()
    assert (survey.where(wanted).frame["cell"] == 1).all()
    doubled = survey.with_column("twice", (2 * frame["y"]).sort_index())
    np.testing.assert_allclose(doubled.frame["twice"], 2 * doubled.frame["y"])


def test_unit_names_that_begin_anew_are_said() -> None:
    frame = _frame().assign(firm=np.arange(40) // 5 % 4)
    with pytest.warns(WagekitWarning, match="4 names of sampling units stand for 8 units"):
        survey = _survey(frame)
    assert survey.mean("y").frame["n_psu"].item() == 8


def test_respondents_of_no_weight_do_not_count() -> None:
    frame = _frame()
    frame.loc[:29, "w"] = 0.0
    assert _survey(frame).mean("y").frame["n"].item() == 10


def test_hajek_by_hand() -> None:
    # Three enterprises of one stratum, inclusion probabilities .2, .5, .8; deviations from the mean weighted by 1 - pi.
    frame = pd.DataFrame({"y": [4.0, 10, 7], "pi": [0.2, 0.5, 0.8], "firm": [1, 2, 3]})
    frame["w"] = 1 / frame["pi"]
    c = (1 - frame["pi"]) * 3 / 2
    t = frame["w"] * frame["y"]
    variance = (c * (t - (c * t).sum() / c.sum()) ** 2).sum()
    row = wk.Survey(frame, weights="w", psu="firm", fpc="pi", pps="hajek").total("y").frame.iloc[0]
    assert row["se"] == pytest.approx(np.sqrt(variance), rel=1e-14)
