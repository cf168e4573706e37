"""A survey of another shape: the Structure of Earnings Survey of the R package laeken, one file for both tables.

The rows here are made up by hand in that shape; the file itself is not shipped.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from wagekit.collect import store as stores
from wagekit.collect.intake import intake
from wagekit.collect.store import Store
from wagekit.errors import InputError
from wagekit.resources import resource

MAPPING = resource("data", "examples", "ses_mapping.toml")

# IDunit, section, size, weight; the blank in " 4479" is as R writes it.
FIRMS = [
    ("81461", "D-Manufactoring", "E10_49", 10.0),
    ("17733", "D-Manufactoring", "E10_49", 12.5),
    (" 4479", "D-Manufactoring", "E10_49", 8.0),
    ("60221", "G-Trade", "E1000", 2.0),
    ("42847", "G-Trade", "E1000", 3.0),
]
HOURLY = [[11.0, 12.5, 9.0], [20.0, 8.5], [15.0, 15.5, 7.25, 30.0], [10.0], [14.0, 16.0]]


def rows() -> pd.DataFrame:
    """The hand-made survey, column by column as laeken's ``ses``."""
    people = [(k, pay) for k, pays in enumerate(HOURLY) for pay in pays]
    firm = [FIRMS[k] for k, _ in people]
    count = len(people)
    return pd.DataFrame(
        {
            "location": "AT1",
            "NACE1": [entry[1] for entry in firm],
            "size": [entry[2] for entry in firm],
            "economicFinanc": "B",
            "payAgreement": "C",
            "IDunit": [entry[0] for entry in firm],
            "sex": ["male", "female"] * (count // 2),
            "age": "(29,39]",
            "education": "ISCED 3 and 4",
            "occupation": ["34", "72", "41"] * (count // 3),
            "contract": "indefinite duration",
            "fullPart": "FT",
            "lengthService": "(0,5]",
            "weeks": 52.14,
            "hoursPaid": 160.282018807484,
            "overtimeHours": 0,
            "shareNormalHours": 100,
            "holiday": 21.8939625141211,
            "notPaid": 9688.98562423898,
            "earningsOvertime": 0,
            "paymentsShiftWork": 0,
            "earningsMonth": [160 * pay for _, pay in people],
            "earnings": [1920 * pay for _, pay in people],
            "earningsHour": [pay for _, pay in people],
            "weightsEmployers": 1.25,
            "weightsEmployees": 2,
            "weights": [entry[3] for entry in firm],
        }
    )


def write(folder: Path, frame: pd.DataFrame) -> Path:
    path = folder / "ses.csv"
    frame.to_csv(path, index=False, quoting=2)  # texts in quotation marks, as R writes them
    return path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return stores.open(tmp_path / "ses.duckdb")


def test_one_file_becomes_both_tables(store: Store, tmp_path: Path) -> None:
    report = intake(store, write(tmp_path, rows()), wave=2006, mapping=MAPPING)
    assert (report.enterprises, report.employees, report.refused) == (5, 12, 0)
    assert [(entry.table, entry.rows) for entry in report.files] == [("combined", 12)]
    firms, staff = store.enterprises(2006), store.employees(2006)
    assert firms["enterprise_id"].tolist() == ["81461", "17733", "4479", "60221", "42847"]
    assert firms["NACE1"].tolist() == firms["industry_code"].tolist() == [firm[1] for firm in FIRMS]
    assert firms["weightsEmployers"].tolist() == [1.25] * 5
    assert staff["sex"].tolist() == ["1", "2"] * 6
    assert staff["hoursPaid"].tolist() == [160.282018807484] * 12  # to the last digit
    assert staff["employee_code"].tolist()[:4] == ["00001", "00002", "00003", "00001"]
    assert store.waves()["synthetic"].tolist() == [True]


def test_estimates_through_the_store_agree_with_the_formulas(store: Store, tmp_path: Path) -> None:
    intake(store, write(tmp_path, rows()), wave=2006, mapping=MAPPING)
    survey = store.survey(2006)
    assert survey.design.strata == ("NACE1", "size")
    assert survey.design.single_psu == "adjust"
    found = survey.mean("earningsHour").frame.iloc[0]
    # Ratio mean and its linearized variance, sum over strata of n/(n-1) sum of (z - mean z)^2, written out.
    w = np.array([firm[3] for firm in FIRMS])
    total = np.array([sum(pays) for pays in HOURLY])
    size = np.array([len(pays) for pays in HOURLY])
    mean = (w * total).sum() / (w * size).sum()
    z = w * (total - mean * size) / (w * size).sum()
    squares = sum(len(h) / (len(h) - 1) * ((z[h] - z[h].mean()) ** 2).sum() for h in ([0, 1, 2], [3, 4]))
    assert found["estimate"] == pytest.approx(mean, rel=1e-12)
    assert found["se"] == pytest.approx(np.sqrt(squares), rel=1e-12)
    assert (found["n"], found["n_psu"], found["df"]) == (12, 5, 3)
    # Trade: pays 10, 14, 16 with weights 2, 3, 3; half of 8 is reached at 14.
    trade = survey.percentiles("earningsHour", by="NACE1", q=50).frame.set_index("NACE1")
    assert trade.loc["G-Trade", "estimate"] == 14.0


def test_tables_and_labels_are_declared(store: Store, tmp_path: Path) -> None:
    intake(store, write(tmp_path, rows()), wave=2006, mapping=MAPPING)
    about = store.metadata(2006)
    assert about["tables"] == [["NACE1"], ["occupation"], ["NACE1", "occupation"]]
    assert about["pay"]["column"] == "earningsHour"
    lists = store.classifications(2006)
    assert lists["NACE1"].label("G-Trade", language="en") == "Wholesale and retail trade"
    assert lists["occupation"].label("34", language="en") == "Other associate professionals"
    assert lists["size"].label("E10_49") == "10至49人"
    assert store.survey(2006).frame["occupation_major"].tolist()[:3] == ["3", "7", "4"]


def test_contradicting_enterprise_values_are_listed(store: Store, tmp_path: Path) -> None:
    frame = rows()
    frame.loc[1, "NACE1"] = "G-Trade"
    frame.loc[6, "size"] = "E50_249"
    with pytest.raises(InputError) as caught:
        intake(store, write(tmp_path, frame), wave=2006, mapping=MAPPING)
    message = str(caught.value)
    assert "2 enterprises have rows that contradict each other" in message
    assert "81461: industry_code D-Manufactoring / G-Trade (rows 2, 3)" in message
    assert "4479: enterprise_size E10_49 / E50_249 (rows 7, 8)" in message
    assert store.waves().empty


def test_a_row_without_its_pay_or_enterprise_is_refused(store: Store, tmp_path: Path) -> None:
    frame = rows()
    frame.loc[0, "earningsHour"] = np.nan
    frame.loc[4, "IDunit"] = np.nan
    frame.loc[5, "weights"] = 0
    report = intake(store, write(tmp_path, frame), wave=2006, mapping=MAPPING)
    refused = store.refused(2006)
    assert refused[["row", "field", "rule"]].values.tolist() == [
        [2, "earningsHour", "missing_required"],
        [6, "enterprise_id", "missing_required"],
        [7, "weight", "weight"],
    ]
    assert (report.employees, report.files[0].accepted, report.files[0].refused) == (9, 9, 3)


def test_a_section_that_is_not_listed_refuses_the_enterprise(store: Store, tmp_path: Path) -> None:
    frame = rows()
    frame.loc[frame["IDunit"] == "60221", "NACE1"] = "Z-Unknown"
    report = intake(store, write(tmp_path, frame), wave=2006, mapping=MAPPING)
    refused = store.refused(2006)
    assert set(refused["enterprise_id"]) == {"60221"}
    assert refused["rule"].value_counts().to_dict() == {"code_not_in_list": 2, "enterprise_refused": 1}
    assert (report.enterprises, report.employees) == (4, 11)


def test_a_missing_column_is_named(store: Store, tmp_path: Path) -> None:
    frame = rows().rename(columns={"earningsHour": "earningsPerHour"})
    with pytest.raises(InputError, match=r"'earningsHour' is missing.*The nearest is 'earningsPerHour'"):
        intake(store, write(tmp_path, frame), wave=2006, mapping=MAPPING)
