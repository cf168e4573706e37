"""Growth beside the lines: bands, probabilities, shares against R survey and the synthetic population's truth."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import wagekit as wk
from wagekit.collect.synthetic import draw, population
from wagekit.errors import DesignError, InputError
from wagekit.estimates import RESULT_COLUMNS, Estimates
from wagekit.guidance.enterprises import enterprise_growth, full_year, matched_growth
from wagekit.guidance.guideline import guideline

REFERENCE = Path(__file__).parents[1] / "reference"
# Sums of squares of the same unit totals on both sides; shares are read from 17 digits: 1e-9.
TOLERANCE = 1e-9
BEIJING = guideline("北京", 2016)  # lower 4, base 9, upper 15
SHANGHAI = guideline("上海", 2023)  # lower 2, base 5, no upper
BANDS = ["below_lower", "lower_to_base", "base_to_upper", "above"]


@pytest.fixture(scope="module")
def expected() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "guideline.csv").set_index(["case", "domain", "name"]).sort_index()


def waves(fpc: str | None = None) -> tuple[wk.Survey, wk.Survey]:
    frame = pd.read_csv(REFERENCE / "two_waves.csv")
    before, after = (
        wk.Survey(frame[frame["wave"] == year], weights="weight", strata="stratum", psu="firm", fpc=fpc)
        for year in (2022, 2023)
    )
    return before, after


def made_growth(**columns: list[object]) -> Estimates:
    count = len(columns["estimate"])
    usual = {"statistic": "growth", "cv": np.nan, "deff": np.nan, "n": 99, "n_psu": 9, "flag": "", "df": 10.0}
    frame = pd.DataFrame({"group": range(count), **usual, **columns})
    frame["ci_lower"], frame["ci_upper"] = frame["estimate"] - 2 * frame["se"], frame["estimate"] + 2 * frame["se"]
    domains = pd.DataFrame({"group": range(count), "n": 99, "n_psu": 9})
    return Estimates(frame[["group", *RESULT_COLUMNS]], ("group",), "annual_pay", domains, {"level": 0.95})


# -- compare -------------------------------------------------------------------------------------


def test_growth_interval_and_probabilities_against_r(expected: pd.DataFrame) -> None:
    growth = wk.change(*waves(), "pay", matched=True)
    row = BEIJING.compare(growth).frame.iloc[0]
    r = expected.loc["growth", "all"]
    assert row["growth"] == pytest.approx(100 * r.loc["growth", "estimate"], rel=1e-8)  # as in test_change
    assert row["se"] == pytest.approx(100 * r.loc["growth", "se"], rel=1e-8)
    for end in ("ci_lower", "ci_upper"):
        assert row[end] == pytest.approx(100 * r.loc[end, "estimate"], rel=1e-7)  # a difference of two such figures
    for band in BANDS:
        assert row[f"p_{band}"] == pytest.approx(r.loc[band, "estimate"], rel=1e-6)  # a tail magnifies the error of se
    assert row["band"] == BEIJING.band(row["growth"])


def test_probabilities_by_hand() -> None:
    # Growth on the base line: half below it. t with 1 degree of freedom is Cauchy: F(x) = 1/2 + atan(x) / pi, so with
    # se 3 the lower line lies 1 se below: 1/4.
    growth = made_growth(estimate=[0.05, 0.05], se=[0.03, 0.03], df=[1.0, math.inf])
    frame = SHANGHAI.compare(growth).frame
    cauchy, normal = (frame.iloc[k][["p_below_lower", "p_lower_to_base", "p_base_and_above"]].tolist() for k in (0, 1))
    assert cauchy == pytest.approx([0.25, 0.25, 0.5], abs=1e-14)
    assert normal == pytest.approx([0.15865525393145707, 0.3413447460685429, 0.5], rel=1e-12)  # R pnorm(-1)


def test_what_has_no_error_or_no_freedom() -> None:
    growth = made_growth(
        estimate=[0.03, 0.02, 0.05, 0.01, np.nan],
        se=[np.nan, 0.0, 0.0, 0.01, np.nan],
        df=[10.0, 3.0, 3.0, 0.0, 0.0],
        flag=["single_psu", "census", "census", "no_df", "empty"],
    )
    frame = SHANGHAI.compare(growth).frame
    probabilities = frame[["p_below_lower", "p_lower_to_base", "p_base_and_above"]].to_numpy()
    assert np.isnan(probabilities[[0, 3, 4]]).all()
    assert probabilities[1].tolist() == [0, 1, 0]  # a census exactly on the lower line has reached it
    assert probabilities[2].tolist() == [0, 0, 1]
    assert frame["flag"].tolist() == ["single_psu", "census", "census", "no_df", "empty"]
    assert frame["band"].tolist()[:4] == ["lower_to_base", "lower_to_base", "base_and_above", "below_lower"]
    assert frame["band"].isna().tolist() == [False] * 4 + [True]


def test_probabilities_add_up_for_every_set_of_lines() -> None:
    growth = made_growth(estimate=[-0.2, 0.0, 0.05, 0.3], se=[0.01, 0.05, 0.002, 0.1])
    for region, year in (("上海", 2012), ("上海", 2016), ("上海", 2019), ("上海", 2023), ("北京", 2016)):
        compared = guideline(region, year).compare(growth)
        columns = [f"p_{band.name}" for band in compared.bands]
        assert compared.frame[columns].sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-12)


def test_real_growth() -> None:
    frame = SHANGHAI.compare(made_growth(estimate=[0.05], se=[0.01]), cpi=2.0).frame
    # 1.05 / 1.02 - 1, 1.03 / 1.02 - 1, 1.07 / 1.02 - 1
    assert frame["real_growth"].item() == pytest.approx(2.941176470588, rel=1e-11)
    assert frame["real_ci_lower"].item() == pytest.approx(0.980392156863, rel=1e-10)
    assert frame["real_ci_upper"].item() == pytest.approx(4.901960784314, rel=1e-11)
    with pytest.raises(InputError, match="cpi: -100"):
        SHANGHAI.compare(made_growth(estimate=[0.05], se=[0.01]), cpi=-100)


def test_a_frame_of_enterprises() -> None:
    firms = pd.DataFrame({"firm": list("abcd"), "rise": [0.0199, 0.02, 0.05, None]})
    compared = SHANGHAI.compare(firms, column="rise", cpi=0.0).frame
    assert compared["band"].tolist()[:3] == ["below_lower", "lower_to_base", "base_and_above"]
    assert compared["band"].isna().tolist()[3]
    assert compared["real_growth"].tolist()[:3] == pytest.approx([1.99, 2, 5])
    with pytest.raises(InputError, match="no column of numbers 'growth'"):
        SHANGHAI.compare(firms)
    with pytest.raises(InputError, match="a list"):
        SHANGHAI.compare([0.1])
    with pytest.raises(InputError, match="the estimates hold mean; expected the statistic growth"):
        SHANGHAI.compare(waves()[0].mean("pay"))


# -- shares --------------------------------------------------------------------------------------


@pytest.mark.parametrize("fpc", [None, "population"])
def test_shares_of_enterprises_and_workers_against_r(fpc: str | None, expected: pd.DataFrame) -> None:
    growth = enterprise_growth(*waves(fpc), "pay", enterprise_weights="weight")
    ends = " fpc" if fpc else ""
    for of, by in (("enterprises", None), ("enterprises", "stratum"), ("workers", None), ("workers", "sex")):
        frame = BEIJING.shares(growth, by, of=of).frame
        frame = frame.assign(domain=frame[by] if by else "all")
        assert list(dict.fromkeys(frame["band"])) == BANDS
        for row in frame[frame["domain"].isin(["all", "s1", "s4", "female", "male"])].itertuples():
            r = expected.loc[(of + ends, row.domain, row.band)]
            assert row.estimate == pytest.approx(r["estimate"], rel=TOLERANCE, abs=1e-14)
            if r["se"] > 0:
                assert row.se == pytest.approx(r["se"], rel=TOLERANCE)
            else:  # R says 0 where a band is empty; that feigns precision
                assert (math.isnan(row.se), row.flag) == (True, "zero_variance")


def test_growth_of_each_enterprise_by_hand() -> None:
    before = pd.DataFrame({"pay": [10.0, 20, 40, 50, 7], "firm": [1, 1, 2, 3, 4], "w": [1.0, 3, 1, 1, 1]})
    after = pd.DataFrame({"pay": [11.0, 22, 40.8, 60, 9], "firm": [1, 1, 2, 3, 5], "w": [3.0, 1, 1, 1, 1]})
    months = {1: 12, 2: 12, 3: 11, 4: 12, 5: 12}
    pair = [
        wk.Survey(frame.assign(fw=2.0, operating_months=frame["firm"].map(months)), weights="w", psu="firm")
        for frame in (before, after)
    ]
    frame = enterprise_growth(*pair, "pay", enterprise_weights="fw").frame.set_index("firm")
    # firm 1: (3 x 11 + 22) / 4 over (10 + 3 x 20) / 4; firm 3 worked 11 months; firms 4 and 5 are in one wave only
    assert frame["growth"].to_dict() == pytest.approx({1: 55 / 70 - 1, 2: 0.02})
    assert frame["employees"].to_dict() == {1: 2, 2: 1}
    assert SHANGHAI.compare(frame).frame["band"].tolist() == ["below_lower", "lower_to_base"]
    everybody = enterprise_growth(*pair, "pay", enterprise_weights="fw", months="none").frame
    assert everybody["firm"].tolist() == [1, 2, 3]
    assert len(full_year(pair[1])) == 4


def test_matched_growth_keeps_an_enterprise_in_one_domain() -> None:
    before = pd.DataFrame({"pay": [10.0, 40, 20, 90], "firm": [1, 2, 3, 4], "size": list("SMSM"), "job": [1, 1, 2, 1]})
    after = pd.DataFrame({"pay": [11.0, 44, 30, 70], "firm": [1, 2, 3, 5], "size": list("SMML"), "job": [1, 2, 2, 1]})
    pair = [wk.Survey(frame.assign(w=1.0), weights="w", psu="firm") for frame in (before, after)]
    found = matched_growth(*pair, "pay", by="size").frame.set_index("size")["estimate"]
    # firm 3 is M in the later wave: 74 over 60; firms 4 and 5 are in one wave only
    assert found.to_dict() == pytest.approx({"S": 0.1, "M": 74 / 60 - 1})
    # with each wave's own size it would be 44 over 40 for S alone, and so on
    assert wk.change(*pair, "pay", by="size", matched=True).frame.set_index("size").loc["S", "estimate"] != 0.1
    # a worker's own column stays each wave's: all three enterprises together
    assert matched_growth(*pair, "pay").frame["estimate"].item() == pytest.approx(85 / 70 - 1)
    with pytest.raises(DesignError, match="names no enterprises"):
        matched_growth(pair[0], wk.Survey(after.assign(w=1.0), weights="w"), "pay")


def test_growth_by_the_wage_bill() -> None:
    frame = pd.DataFrame({"pay": [10.0, 20, 30], "firm": [1, 1, 2], "w": 1.0, "fw": 1.0})
    before = frame.assign(bill=[1000.0, 1000, 500], heads=[10, 10, 0])
    after = frame.assign(bill=[1155.0, 1155, 500], heads=[11, 11, 5])
    pair = [wk.Survey(part, weights="w", psu="firm") for part in (before, after)]
    growth = enterprise_growth(*pair, "pay", wage_bill=("bill", "heads"), enterprise_weights="fw")
    # 105 over 100; an enterprise without a headcount is not compared
    assert growth.frame["growth"].tolist() == pytest.approx([0.05])


def test_counts_of_what_lies_in_each_band() -> None:
    growth = enterprise_growth(*waves(), "pay", enterprise_weights="weight")
    firms = growth.frame.assign(band=[BEIJING.band(100 * value) for value in growth.frame["growth"]])
    domains = BEIJING.shares(growth).domains.set_index("band")
    assert domains["band_enterprises"].to_dict() == firms["band"].value_counts().to_dict()
    assert domains["band_employees"].to_dict() == firms.groupby("band")["employees"].sum().to_dict()
    largest = firms.groupby("band")["enterprise_weight"].agg(lambda w: w.max() / w.sum())
    assert domains["band_largest_share"].to_dict() == pytest.approx(largest.to_dict())
    workers = BEIJING.shares(growth, of="workers").domains.set_index("band")
    assert workers["band_enterprises"].to_dict() == domains["band_enterprises"].to_dict()


def test_one_enterprise_has_a_share_without_an_error() -> None:
    frame = pd.DataFrame({"pay": [10.0, 12.0], "firm": [1, 1], "w": 1.0, "fw": 1.0})
    pair = [
        wk.Survey(part, weights="w", psu="firm", single_psu="adjust")
        for part in (frame, frame.assign(pay=frame["pay"] * 1.05))
    ]
    found = SHANGHAI.shares(enterprise_growth(*pair, "pay", enterprise_weights="fw")).frame
    assert found["estimate"].tolist() == [0, 0, 1]
    assert found["se"].isna().all()
    assert set(found["flag"]) == {"single_psu"}


def test_what_can_not_be_counted_is_said() -> None:
    before, after = waves()
    unweighted = enterprise_growth(before, after, "pay")
    with pytest.raises(DesignError, match="weights of the enterprises are not known"):
        SHANGHAI.shares(unweighted)
    assert len(SHANGHAI.shares(unweighted, of="workers")) == 3
    growth = enterprise_growth(before, after, "pay", enterprise_weights="weight")
    with pytest.raises(InputError, match=r"column 'sex' differs inside an enterprise.*of=\"workers\""):
        SHANGHAI.shares(growth, "sex")
    with pytest.raises(InputError, match="'jobs'; expected enterprises or workers"):
        SHANGHAI.shares(growth, of="jobs")
    with pytest.raises(InputError, match="weights differ inside an enterprise"):
        enterprise_growth(before, after, "pay", enterprise_weights="pay")
    rows = wk.Survey(after.frame, weights="weight")
    with pytest.raises(DesignError, match="names no enterprises"):
        enterprise_growth(before, rows, "pay")


# -- truth ---------------------------------------------------------------------------------------


def test_against_the_truth_of_the_synthetic_population() -> None:
    people = population(11, enterprises=800, workers=12_000)
    firms = [people.enterprises(year) for year in (2022, 2023)]
    both = firms[0].merge(firms[1], on="enterprise_id", suffixes=("_0", "_1"))
    both = both[(both["operating_months_0"] == 12) & (both["operating_months_1"] == 12)]
    pay = [both[f"wages_{k}"] / both[f"average_headcount_{k}"] for k in (0, 1)]
    band = [SHANGHAI.band(value) for value in 100 * (pay[1] / pay[0] - 1)]
    names = [each.name for each in SHANGHAI.bands]
    true = {
        "enterprises": pd.Series(band).value_counts(normalize=True)[names].to_numpy(),
        "workers": both.groupby(band)["average_headcount_1"].sum()[names].to_numpy(),
    }
    true["workers"] = true["workers"] / true["workers"].sum()
    heads = [both[f"average_headcount_{k}"].sum() for k in (0, 1)]
    true_growth = both["wages_1"].sum() / heads[1] / (both["wages_0"].sum() / heads[0]) - 1

    kept: dict[str, list[np.ndarray]] = {"enterprises": [], "workers": []}
    covered: dict[str, list[float]] = {"enterprises": [], "workers": []}
    growths = []
    for seed in range(12):
        pair = [survey_of(draw(people, year, seed, enterprises=200)) for year in (2022, 2023)]
        growth = enterprise_growth(*pair, wage_bill=("wages", "average_headcount"))
        for of in ("enterprises", "workers"):
            frame = SHANGHAI.shares(growth, of=of).frame
            kept[of].append(frame["estimate"].to_numpy())
            inside = (frame["ci_lower"] <= true[of]) & (true[of] <= frame["ci_upper"])
            covered[of].append(float(inside.mean()))
        change = matched_growth(*pair).frame.iloc[0]
        growths.append((change["estimate"], change["ci_lower"] <= true_growth <= change["ci_upper"]))
    for of, estimates in kept.items():
        spread = np.std(estimates, axis=0, ddof=1) / np.sqrt(12)
        # The mean of 12 draws lies within 3.5 of its standard errors of the truth (a miss has a chance under 1 in 200).
        assert (np.abs(np.mean(estimates, axis=0) - true[of]) < 3.5 * spread).all(), of
        assert np.mean(covered[of]) > 0.8, of  # 36 intervals of 95 %, three by three correlated
    assert np.mean([value for value, _ in growths]) == pytest.approx(true_growth, abs=0.02)
    assert sum(held for _, held in growths) >= 10


def survey_of(sample) -> wk.Survey:
    columns = ["enterprise_id", "operating_months", "wages", "average_headcount"]
    firms = sample.enterprises[columns].astype({"enterprise_id": str})
    frame = sample.employees.astype({"enterprise_id": str}).merge(firms, on="enterprise_id", validate="many_to_one")
    return wk.Survey(
        frame,
        weights="weight",
        strata="stratum",
        psu="enterprise_id",
        fpc="sampling_fraction",
        pps="hajek",
        single_psu="certainty",
    )
