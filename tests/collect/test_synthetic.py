"""The synthetic survey: reproducible, consistent with itself, near published figures, drawn as it says."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from wagekit.collect.classification import load
from wagekit.collect.questionnaire import EMPLOYEE, ENTERPRISE
from wagekit.collect.synthetic import Population, draw, population, write_files
from wagekit.collect.synthetic.economy import load_economy
from wagekit.collect.synthetic.sampling import allocate, inclusion_probabilities, workers_to_take
from wagekit.errors import InputError
from wagekit.resources import resource

PAY_PARTS = ["basic_pay", "performance_pay", "allowances", "overtime_pay", "special_pay"]
COST_ITEMS = [
    "wages",
    "social_insurance",
    "welfare",
    "education_cost",
    "labour_protection",
    "housing_cost",
    "other_labour_cost",
]
QUANTILES = ["p10", "p25", "p50", "p75", "p90"]


@cache
def district() -> Population:
    return population(20240601)


@cache
def town() -> Population:
    """A small population for many draws."""
    return population(3, enterprises=400, workers=9000)


@cache
def published() -> pd.DataFrame:
    return pd.read_csv(resource("data", "synthetic", "published.csv"), dtype={"code": str}, keep_default_na=False)


def figures(dimension: str) -> pd.DataFrame:
    """Published figures of one dimension, 元, a row a code and a column a statistic."""
    rows = published()[published()["dimension"] == dimension]
    return rows.pivot(index="code", columns="statistic", values="value_wan") * 1e4


# -- reproducible -----------------------------------------------------------------------------------


def test_the_same_seed_makes_the_same_population_and_sample():
    again = population(3, enterprises=400, workers=9000)
    for wave in again.waves:
        assert again.employees(wave).equals(town().employees(wave))
        assert again.enterprises(wave).equals(town().enterprises(wave))
    first, second = draw(town(), 2022, 9, enterprises=90), draw(again, 2022, 9, enterprises=90)
    assert first.employees.equals(second.employees)
    assert first.enterprises.equals(second.enterprises)


def test_another_seed_makes_another_population_and_sample():
    other = population(4, enterprises=400, workers=9000)
    assert other.truth()["mean"][0] != town().truth()["mean"][0]
    drawn = [set(draw(town(), 2022, seed, enterprises=90).drawn["enterprise_id"]) for seed in (1, 2)]
    assert drawn[0] != drawn[1]


# -- size and shape ---------------------------------------------------------------------------------


@pytest.mark.parametrize("wave", [2021, 2022, 2023])
def test_the_district_has_its_size_and_all_sections(wave: int):
    firms = district().enterprises(wave)
    assert 11_500 < len(firms) < 12_500
    # Sections are scaled to whole numbers of workers: what is left is rounding in 18 sections.
    assert abs(firms["average_headcount"].sum() - 400_000) < 400
    assert sorted(firms["industry"].unique()) == list("ABCDEFGHIJKLMNOPQR")
    headcount = firms["average_headcount"]
    # Heavy-tailed: half of the enterprises are small, one per cent employ more than a fifth of all workers.
    assert headcount.median() < 15
    assert headcount.nlargest(len(firms) // 100).sum() > 0.2 * headcount.sum()


def test_enterprises_are_born_die_and_grow():
    ids = [set(district().enterprises(wave)["enterprise_id"]) for wave in district().waves]
    for before, after in pairwise(ids):
        assert 0.03 < len(after - before) / len(after) < 0.12
        assert 0.02 < len(before - after) / len(before) < 0.12
    one, two = (district().enterprises(wave).set_index("enterprise_id") for wave in (2021, 2022))
    stayed = one.index.intersection(two.index)
    growth = np.log(two.loc[stayed, "average_headcount"] / one.loc[stayed, "average_headcount"])
    assert 0.05 < growth.std() < 0.4


def test_people_stay_in_their_jobs_and_get_older():
    one, two = (town().employees(wave) for wave in (2021, 2022))
    both = one.merge(two, on=["enterprise_id", "employee_code"], suffixes=("_1", "_2"))
    assert 0.7 < len(both) / len(one) < 0.9  # turnover, deaths of enterprises
    for column in ("sex", "birth_year", "work_start_year", "occupation_code", "education"):
        assert (both[f"{column}_1"].astype(str) == both[f"{column}_2"].astype(str)).all()
    assert (both["enterprise_tenure_2"] == both["enterprise_tenure_1"] + 1).all()
    # Pay of one person is closely tied to that of the year before, and rises on average.
    change = np.log(both["annual_pay_2"] / both["annual_pay_1"])
    assert np.corrcoef(np.log(both["annual_pay_1"]), np.log(both["annual_pay_2"]))[0, 1] > 0.9
    assert 0.03 < change.mean() < 0.13


# -- consistent with itself -------------------------------------------------------------------------


@pytest.mark.parametrize("wave", [2021, 2023])
def test_identities_hold_exactly(wave: int):
    firms = district().enterprises(wave).set_index("enterprise_id")
    staff = district().employees(wave)
    assert (staff["annual_pay"] == staff[PAY_PARTS].sum(axis=1)).all()
    assert (staff[PAY_PARTS] >= 0).all(axis=None)
    by_firm = staff.groupby("enterprise_id", observed=True)
    assert (by_firm["annual_pay"].sum().reindex(firms.index) == firms["wages"]).all()
    assert (by_firm.size().reindex(firms.index) == firms["average_headcount"]).all()
    heads = firms[["on_post_headcount", "dispatched_headcount", "other_headcount"]]
    assert (heads.sum(axis=1) == firms["average_headcount"]).all()
    assert (heads >= 0).all(axis=None)
    dispatched = (staff["employment_form"] == "2").groupby(staff["enterprise_id"], observed=True).sum()
    assert (dispatched.reindex(firms.index) == firms["dispatched_headcount"]).all()
    assert (firms[COST_ITEMS].sum(axis=1) == firms["labour_cost"]).all()
    added = firms[["depreciation", "business_taxes", "total_profit", "labour_cost"]].sum(axis=1)
    assert (added == firms["value_added"]).all()
    assert (firms["revenue"] - firms["business_taxes"] - firms["total_profit"] == firms["total_cost"]).all()
    assert (firms["revenue"] > firms["value_added"]).all()
    assert (firms["revenue"] > firms["total_profit"]).all()
    assert (firms["total_cost"] > firms["labour_cost"]).all()
    assert 0.05 < (firms["total_profit"] < 0).mean() < 0.3
    assert (firms["value_added"] < 0).any()


def test_years_fit_together():
    staff = district().employees(2023)
    assert (staff["work_start_year"] < 2023).all()  # a full year's work
    assert (staff["work_start_year"] - staff["birth_year"] >= 17).all()
    assert (staff["enterprise_tenure"] <= 2023 - staff["work_start_year"]).all()
    assert (2023 - staff["birth_year"]).between(18, 66).all()
    assert not staff.duplicated(["enterprise_id", "employee_code"]).any()


def test_only_part_timers_are_paid_below_the_minimum_wage():
    staff = district().employees(2023)
    below = staff["annual_pay"] < 12 * 2690
    assert 0 < below.mean() < 0.005
    assert (staff.loc[below, "employment_form"] == "3").all()
    assert (staff.loc[below, "weekly_hours"] <= 24).all()


def test_every_code_is_in_its_classification():
    firms, staff = district().enterprises(2022), district().employees(2022)
    for table, frame in ((ENTERPRISE, firms), (EMPLOYEE, staff)):
        for field in table:
            if field.classification is None or field.name not in frame:
                continue
            given = pd.Series(frame[field.name].dropna().astype(str).unique())
            assert not load(field.classification).unknown(given), field.name
    industry = load("industry")
    codes = firms["industry_code"].drop_duplicates()
    assert (industry.roll_up(codes, "section") == firms.loc[codes.index, "industry"].astype(str)).all()
    assert (industry.roll_up(codes, "division") == firms.loc[codes.index, "industry_division"].astype(str)).all()
    # Only the divisions without a size standard have no size: railways, education, health (G53, P83, Q84).
    assert set(firms.loc[firms["enterprise_size"].isna(), "industry_division"]) == {"G53", "P83", "Q84"}


def test_sizes_by_hand():
    """国统字〔2017〕213号 by hand for retail: 大 300 人 and 20 000 万元, 中 50 and 500, 小 10 and 100."""
    firms = district().enterprises(2022)
    retail = firms[firms["industry_division"] == "F52"]
    workers, revenue = retail["average_headcount"], retail["revenue"] / 1e4
    medium = (workers >= 50) & (revenue >= 500) & ~((workers >= 300) & (revenue >= 20_000))
    assert ((retail["enterprise_size"] == "2") == medium).all()
    micro = (workers < 10) | (revenue < 100)
    assert ((retail["enterprise_size"] == "4") == micro).all()


def independent_check(code: str) -> bool:
    """GB 32100-2015 and GB 11714-1997, written out digit by digit."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    weights = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
    total = sum(weight * alphabet.index(character) for weight, character in zip(weights, code[:17], strict=True))
    last = alphabet[(31 - total % 31) % 31]
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    parts = zip((3, 7, 9, 10, 5, 8, 4, 2), code[8:16], strict=True)
    ninth = 11 - sum(weight * letters.index(character) for weight, character in parts) % 11
    return code[17] == last and code[16] == {10: "X", 11: "0"}.get(ninth, str(ninth))


def test_credit_codes_are_valid_and_plainly_synthetic():
    firms = district().enterprises(2023)
    codes = firms["enterprise_id"].astype(str)
    assert codes.is_unique
    assert codes.str.fullmatch(r"91310107MN\d{6}[0-9X][0-9A-Y]").all()
    assert all(independent_check(code) for code in codes.iloc[::7])
    for column in ("name", "legal_representative", "contact"):
        assert firms[column].str.contains("模拟").all()


# -- near the published figures ---------------------------------------------------------------------


def test_level_factor_is_what_its_derivation_says():
    """(12.41 x 16.22 / 13.55) / mean of the shapes; the mean here by numerical integration of another kind.

    Between the published percentiles the quantile function is integrated by the trapezoid rule on log pay, above
    P90 by the Pareto mean P90 x a / (a - 1); both differ from the code's midpoint sum by less than 1 %.
    """
    economy = load_economy()
    table = economy.industries
    z = np.array([-1.2815516, -0.6744898, 0, 0.6744898, 1.2815516])
    p = np.linspace(0.0005, 0.9, 4000)
    means = []
    for row in table[QUANTILES].to_numpy():
        grid = pd.Series(np.interp(_normal_quantile(p), z, np.log(row)))
        low = p < 0.1
        slope = np.log(row[1] / row[0]) / (z[1] - z[0])
        grid[low] = np.log(row[0]) + slope * (_normal_quantile(p[low]) - z[0])
        body = np.trapezoid(np.exp(grid), p)
        tail = max(1.7549833 / (np.log(row[4] / row[3]) / (z[4] - z[3])), 2.5)  # hazard of the normal at P90
        means.append(body + 0.1 * row[4] * tail / (tail - 1))
    city = 12.41 * 16.22 / 13.55
    expected = city / np.average(means, weights=table["worker_share"])
    assert economy.level_factor == pytest.approx(expected, rel=0.01)
    assert economy.level_factor == pytest.approx(1.9, abs=0.05)


def _normal_quantile(p: np.ndarray) -> np.ndarray:
    from scipy.stats import norm

    return norm.ppf(p)


def test_percentiles_by_industry_have_the_published_shape():
    """川渝 2022 times one factor. Within 1.5 % where a section has 1 000 workers, 5 % in the two tiny ones.

    What is left comes from part-timers, rounding, and few workers between two points of the calibration's grid.
    """
    truth = district().truth("industry", wave=2022).set_index("industry")
    target = figures("industry").drop(index="") * load_economy().level_factor
    ratio = truth.loc[target.index, QUANTILES] / target[QUANTILES]
    large = truth.loc[target.index, "workers"] >= 1000
    assert large.sum() == 13
    assert ratio[large].sub(1).abs().max(axis=None) < 0.015
    assert ratio[~large].sub(1).abs().max(axis=None) < 0.05


def test_percentiles_of_all_industries_follow():
    """The published row for all industries was not calibrated to; another mix of industries shifts it a little."""
    truth = district().truth(wave=2022)[QUANTILES].iloc[0]
    target = figures("industry").loc["", QUANTILES] * load_economy().level_factor
    assert (truth / target - 1).abs().max() < 0.08


@pytest.mark.parametrize(("wave", "tolerance"), [(2021, 0.06), (2022, 0.02), (2023, 0.06)])
def test_percentiles_by_skill_grade_have_the_published_level(wave: int, tolerance: float):
    """Shanghai 2020 grown like the published mean. 高级技师 are some 500 people: P90 of other waves moves by 4 %."""
    growth = _skilled_mean(wave) / _skilled_mean(2020)
    truth = district().truth("skill_level", wave=wave, q=(50, 90)).set_index("skill_level")
    target = figures("skill_level")[["p50", "p90"]] * growth
    assert (truth.loc[target.index, ["p50", "p90"]] / target - 1).abs().max(axis=None) < tolerance
    assert truth["p50"].loc[list("23456")].is_monotonic_increasing


def _skilled_mean(year: int) -> float:
    rows = published()
    return float(rows[(rows["dimension"] == "skilled") & (rows["year"] == year)]["value_wan"].iloc[0])


@pytest.mark.parametrize("wave", [2021, 2022, 2023])
def test_mean_of_skilled_workers_is_near_the_published_one(wave: int):
    """Not calibrated to: it follows from the grades' levels and their assumed shares."""
    staff = district().employees(wave)
    mean = staff.loc[staff["skill_level"] != "0", "annual_pay"].mean()
    assert mean / 1e4 == pytest.approx(_skilled_mean(wave), rel=0.03)


def test_occupations_stand_in_the_published_order():
    """National medians by 中类 were a start, not a target; industries pull them about, the order stays."""
    truth = district().truth("occupation_sub_major", wave=2022).set_index("occupation_sub_major")
    national = figures("occupation_sub_major")["p50"]
    both = truth.loc[truth["workers"] >= 500].index.intersection(national.index)
    assert len(both) >= 15
    ratio = truth.loc[both, "p50"] / (national[both] * load_economy().level_factor)
    assert truth.loc[both, "p50"].corr(national[both], method="spearman") > 0.9
    assert ratio.between(0.75, 1.5).all()


def test_workers_of_an_enterprise_are_alike():
    """Intra-class correlation of log pay inside a section by the analysis of variance, weighted over sections."""
    staff = district().employees(2022)
    pay, firm = np.log(staff["annual_pay"].to_numpy()), staff["enterprise_id"].cat.codes.to_numpy()
    correlations, workers = [], []
    for letter in "CEFGHIKLM":
        inside = (staff["industry"] == letter).to_numpy()
        y, inverse = pay[inside], np.unique(firm[inside], return_inverse=True)[1]
        n = np.bincount(inverse)
        mean = np.bincount(inverse, y) / n
        between = (n * (mean - y.mean()) ** 2).sum() / (n.size - 1)
        within = ((y - mean[inverse]) ** 2).sum() / (y.size - n.size)
        usual = (y.size - (n**2).sum() / y.size) / (n.size - 1)
        correlations.append((between - within) / (between + (usual - 1) * within))
        workers.append(y.size)
    assert 0.2 < np.average(correlations, weights=workers) < 0.35


def test_truth_by_hand():
    staff = town().employees(2023)
    inside = staff[(staff["sex"] == "2") & (staff["industry"] == "F")]
    pay = np.sort(inside["annual_pay"].to_numpy())
    row = town().truth(["sex", "industry"], wave=2023).set_index(["sex", "industry"]).loc[("2", "F")]
    for percent in (10, 25, 50, 75, 90):
        assert row[f"p{percent}"] == pay[int(np.ceil(percent * len(pay) / 100)) - 1]
    assert row["mean"] == pytest.approx(pay.mean())
    assert row["workers"] == len(pay)
    assert row["enterprises"] == inside["enterprise_id"].nunique()


# -- the sample -------------------------------------------------------------------------------------


def test_allocation_by_hand():
    # 100 to share: 4 for the small stratum, 3 for the one that has no more, the rest 930 : 60 of 93 -> 87.36, 5.64.
    assert allocate(np.array([9300, 600, 90, 10]), np.array([900, 60, 9, 3]), 100).tolist() == [87, 6, 4, 3]


def test_certainty_enterprises_are_taken_out_first():
    """Sizes 100, 30, 20, 10 x 10 and 4 to draw: 4 x 100 > 250; of the rest 3 x 30 < 150."""
    size = np.array([100, 30, 20] + [10] * 10)
    probability, certain = inclusion_probabilities(size, np.zeros(13, dtype=np.int64), np.array([4]))
    assert certain.tolist() == [True] + [False] * 12
    assert probability == pytest.approx([1, 0.6, 0.4] + [0.2] * 10)


def test_a_sample_has_the_official_design():
    sample = draw(district(), 2023, 5)
    assert len(sample.drawn) == 440
    assert 330 <= len(sample.enterprises) <= 400
    assert 15_000 <= len(sample.employees) <= 40_000
    section = sample.drawn["stratum"].astype(str).str[7]
    assert (section.value_counts() >= 4).all()
    assert section.nunique() == 18
    certain = sample.drawn["stratum"].astype(str).str.endswith("必选")
    assert (sample.drawn.loc[certain, "inclusion_probability"] == 1).all()
    answered = sample.drawn.groupby("stratum", observed=True)["answered"].sum()
    alone = answered.index[answered < 2]
    assert all(str(stratum).endswith("必选") for stratum in alone)


def test_workers_inside_enterprises():
    sample = draw(district(), 2022, 8, response=False)
    reported = sample.employees.groupby("enterprise_id", observed=True).size()
    firms = sample.enterprises.set_index("enterprise_id")
    headcount = firms["average_headcount"]
    reported = reported.reindex(firms.index)
    assert (reported[headcount <= 50] == headcount[headcount <= 50]).all()
    middle = headcount.between(51, 250)
    assert (reported[middle] >= 50).all()
    large = headcount > 250
    assert middle.any()
    assert large.any()
    assert (reported[large] == np.ceil(headcount[large] / 5)).all()
    assert not sample.employees.duplicated(["enterprise_id", "employee_code"]).any()
    assert workers_to_take(np.array([1, 50, 51, 250, 251, 5000])).tolist() == [1, 50, 50, 50, 51, 1000]
    # High, middle and low pay come: pay varies by some 55 % inside an enterprise, so the mean of a simple random fifth
    # of 300 would be 6 % off (standard error), half of the means more than 4 %. Along pay it is far nearer.
    mean = sample.employees.groupby("enterprise_id", observed=True)["annual_pay"].mean().reindex(firms.index)
    assert (mean / (firms["wages"] / headcount) - 1)[large].abs().median() < 0.02


def test_weights_by_hand():
    """Final weight = 1/p of the enterprise x headcount / reported x drawn / answering (by 1/p x frame size)."""
    sample = draw(town(), 2023, 11, enterprises=120)
    drawn = sample.drawn.assign(stands=lambda d: d["frame_headcount"] / d["inclusion_probability"])
    totals = drawn.groupby("stratum", observed=True)["stands"].sum()
    answering = drawn[drawn["answered"]].groupby("stratum", observed=True)["stands"].sum()
    factor = totals / answering
    staff = sample.employees
    reported = staff.groupby("enterprise_id", observed=True)["weight"].transform("size")
    firms = sample.enterprises.set_index("enterprise_id")
    headcount = firms["average_headcount"].reindex(staff["enterprise_id"].astype(str)).to_numpy()
    expected = (
        staff["stratum"].astype(str).map(factor.rename(index=str))
        / staff["inclusion_probability"]
        * headcount
        / reported
    )
    np.testing.assert_allclose(staff["weight"], expected, rtol=1e-12)


@pytest.mark.parametrize("method", ["pareto", "systematic"])
def test_inclusion_probabilities_come_true(method):
    """200 draws: the share of draws that hold an enterprise against its probability, in binomial deviations.

    If probabilities are right, z² averages 1. Pareto sampling is approximate: an error of a per cent or two in a
    probability would add less than 0.1. The bound 1.25 is three deviations above 1 for some 300 enterprises
    (deviation of the mean of 300 squares of normal numbers: sqrt(2 / 300) = 0.08).
    """
    draws = 200
    firms = town().enterprises(2022)
    position = pd.Series(np.arange(len(firms)), index=firms["enterprise_id"].astype(str))
    hits, probability = np.zeros(len(firms)), np.zeros(len(firms))
    for seed in range(draws):
        drawn = draw(town(), 2022, seed, enterprises=110, response=False, method=method).drawn
        here = position[drawn["enterprise_id"].astype(str)].to_numpy()
        hits[here] += 1
        probability[here] = drawn["inclusion_probability"]
    seen = probability > 0
    p = probability[seen]
    certain = p == 1
    assert (hits[seen][certain] == draws).all()
    z = (hits[seen][~certain] - draws * p[~certain]) / np.sqrt(draws * p[~certain] * (1 - p[~certain]))
    assert len(z) > 200
    assert abs(z.mean()) < 0.2
    assert 0.5 < (z**2).mean() < 1.25
    assert np.abs(z).max() < 4.5


@pytest.mark.parametrize("response", [False, True])
def test_weighted_totals_and_means_have_no_bias(response: bool):
    """Over 100 draws the mean of the estimates lies within 3.5 of its standard errors from the truth.

    Without answers of some, the bias of adjusting by stratum alone may add one per cent.
    """
    truth = town().truth(wave=2023).iloc[0]
    totals, pay = [], []
    for seed in range(100):
        staff = draw(town(), 2023, seed, enterprises=110, response=response).employees
        weight, annual = staff["weight"].to_numpy(), staff["annual_pay"].to_numpy()
        totals.append(weight.sum())
        pay.append(weight @ annual / weight.sum())
    for estimates, target in ((totals, truth["workers"]), (pay, truth["mean"])):
        error = np.std(estimates) / np.sqrt(len(estimates))
        slack = 0.01 * target if response else 0.0
        assert abs(np.mean(estimates) - target) < 3.5 * error + slack


def test_waves_overlap():
    samples = {wave: draw(district(), wave, 21) for wave in district().waves}

    def overlap(kind: str, one: int, two: int) -> float:
        first, second = (set(getattr(samples[wave], kind)["enterprise_id"]) for wave in (one, two))
        return len(first & second) / len(second)

    for one, two in ((2021, 2022), (2022, 2023)):
        assert 0.75 < overlap("drawn", one, two) < 0.9
        assert 0.6 < overlap("enterprises", one, two) < 0.85
    # Rotation goes on: two years apart fewer are left.
    assert overlap("drawn", 2021, 2023) < overlap("drawn", 2022, 2023) - 0.05
    independent = set(draw(district(), 2022, 22).drawn["enterprise_id"])
    chance = len(independent & set(samples[2022].drawn["enterprise_id"])) / len(independent)
    assert chance < 0.5


# -- files ------------------------------------------------------------------------------------------


def read(path: Path, encoding: str) -> pd.DataFrame:
    return pd.read_csv(path, encoding=encoding, dtype=str, keep_default_na=False)


def test_files_have_the_official_shape_and_encodings(tmp_path: Path):
    files = write_files(town(), tmp_path, wave=2023, seed=5, enterprises=120, errors=False)
    sample = draw(town(), 2023, 5, enterprises=120)
    assert files.enterprises.read_bytes().startswith(b"\xef\xbb\xbf")
    with pytest.raises(UnicodeDecodeError):
        files.employees.read_text(encoding="utf-8")
    firms, staff = read(files.enterprises, "utf-8-sig"), read(files.employees, "gb18030")
    assert list(firms.columns) == [field.chinese for field in ENTERPRISE]
    assert list(staff.columns) == [field.chinese for field in EMPLOYEE]
    assert (len(firms), len(staff)) == (len(sample.enterprises), len(sample.employees))
    assert staff["职工代码"].str.fullmatch(r"\d{5}").all()
    assert staff["权数"].astype(float).to_numpy() == pytest.approx(sample.employees["weight"], rel=1e-7)
    assert set(staff["是否工会会员"]) == {"是", "否"}
    assert all("模拟" in path.name for path in tmp_path.iterdir())
    assert files.mistakes is None
    assert files.truth is not None
    truth = read(files.truth, "utf-8-sig")
    assert (truth["note"] == "模拟数据").all()
    everybody = truth[truth["by"] == ""].iloc[0]
    assert float(everybody["p50"]) == town().truth(wave=2023)["p50"][0]


def test_mistakes_are_listed_where_they_are(tmp_path: Path):
    files = write_files(town(), tmp_path, wave=2023, seed=5, enterprises=120, truth=False)
    assert files.mistakes is not None
    mistakes = read(files.mistakes, "utf-8-sig")
    tables = {"enterprises": read(files.enterprises, "utf-8-sig"), "employees": read(files.employees, "gb18030")}
    found = {
        ("annual_pay", "missing"): lambda row, _: row["全年工资报酬合计"] == "",
        ("annual_pay", "not_a_number"): lambda row, _: row["全年工资报酬合计"] == "面议",
        ("annual_pay", "parts_do_not_add_up"): lambda row, _: (
            int(row["全年工资报酬合计"]) != sum(int(row[EMPLOYEE[part].chinese]) for part in PAY_PARTS)
        ),
        ("annual_pay", "below_minimum_wage"): lambda row, _: int(row["全年工资报酬合计"]) < 12 * 12 * 2690,
        ("occupation_code", "wrong_code"): lambda row, _: row["职业"] not in load("occupation"),
        ("enterprise_id", "no_such_enterprise"): lambda row, _: (
            row["统一社会信用代码"] not in set(tables["enterprises"]["统一社会信用代码"])
        ),
        ("enterprise_id", "wrong_check_digit"): lambda row, _: not independent_check(row["统一社会信用代码"]),
        ("labour_cost", "items_do_not_add_up"): lambda row, _: (
            int(row["人工成本总额"]) != sum(int(row[ENTERPRISE[item].chinese]) for item in COST_ITEMS)
        ),
        ("employee_code", "duplicate"): lambda row, table: table.duplicated(
            ["统一社会信用代码", "职工代码"], keep="first"
        )[row.name],
    }
    seen = set()
    for mistake in mistakes.itertuples():
        key = (mistake.field, mistake.kind)
        if key in found:
            table = tables[mistake.table]
            assert found[key](table.loc[int(mistake.row) - 2], table), key
            seen.add(key)
    assert seen == set(found)
    # Strangers have a right check digit: only the enterprise table tells that they don't belong.
    strangers = mistakes[mistakes["kind"] == "no_such_enterprise"]["enterprise_id"]
    assert all(independent_check(code) for code in strangers)
    share = (mistakes["table"] == "employees").sum() / len(tables["employees"])
    assert 0.003 < share < 0.03


def test_workbooks_hold_the_same_as_csv(tmp_path: Path):
    from python_calamine import CalamineWorkbook

    csv = write_files(town(), tmp_path, wave=2022, seed=6, enterprises=90, truth=False)
    xlsx = write_files(town(), tmp_path, wave=2022, seed=6, enterprises=90, truth=False, format="xlsx")
    workbook = CalamineWorkbook.from_path(xlsx.employees)
    assert workbook.sheet_names == ["模拟数据"]
    header, *rows = workbook.get_sheet_by_index(0).to_python()
    same = read(csv.employees, "gb18030")
    assert header == list(same.columns)
    assert len(rows) == len(same)
    place = header.index("职工代码")
    assert [row[place] for row in rows] == same["职工代码"].to_list()


def test_the_mapping_that_reads_the_files_knows_the_columns():
    from wagekit.collect.mapping import Mapping

    mapping = Mapping.load(resource("data", "synthetic", "putuo.toml"))
    assert mapping.survey.synthetic
    assert "模拟数据" in mapping.survey.title
    columns = set(draw(town(), 2023, 1, enterprises=90).employees.columns)
    assert {mapping.design.weights, *mapping.design.strata, *mapping.design.psu, *mapping.design.fpc} <= columns


# -- what can't be made -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: population(1, waves=[2030]), "2030"),
        (lambda: population(1, waves=[2021, 2023]), "consecutive"),
        (lambda: population(-1), "seed"),
        (lambda: population(1, enterprises=20, workers=1000), "at least 100"),
        (lambda: draw(town(), 2019, 1), "2019"),
        (lambda: draw(town(), 2022, 1, enterprises=0), "at least 1"),
        (lambda: draw(town(), 2022, 1, method="snowball"), "snowball"),
        (lambda: town().truth("colour"), "colour"),
        (lambda: town().truth(q=(0,)), "between 0 and 100"),
        (lambda: write_files(town(), "/proc/nowhere", wave=2022, seed=1, enterprises=90), "can't be written"),
        (lambda: write_files(town(), "x", wave=2022, seed=1, format="pdf"), "pdf"),
    ],
)
def test_impossible_wishes_get_a_sentence(call, says):
    with pytest.raises(InputError, match=says):
        call()
