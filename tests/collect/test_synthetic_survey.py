"""The simulated survey: drawn as it says, without bias, written in the official shape."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.collect.made_district import district, independent_check, town
from wagekit.collect.classification import load
from wagekit.collect.questionnaire import COST_ITEMS, EMPLOYEE, ENTERPRISE, PAY_PARTS
from wagekit.collect.synthetic import draw, population, write_files
from wagekit.collect.synthetic.sampling import allocate
from wagekit.errors import InputError
from wagekit.resources import resource

# -- the sample -------------------------------------------------------------------------------------


def test_allocation_by_hand():
    # 100 to share: 4 for the small stratum, 3 for the one that has no more, the rest 930 : 60 of 93 -> 87.36, 5.64.
    assert allocate(np.array([9300, 600, 90, 10]), np.array([900, 60, 9, 3]), 100).tolist() == [87, 6, 4, 3]


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
