"""Open data: CSV that Excel opens well, programs read without surprises, and no spreadsheet runs."""

import csv

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.publish.made_estimates import made_estimates
from wagekit.errors import ReleaseError
from wagekit.publish.open_data import neutral, restored
from wagekit.publish.table import release
from wagekit.publish.words import clean_text


def rows(path, encoding="utf-8-sig"):
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.reader(file))


@pytest.fixture
def table():
    return release(made_estimates({"A": {"n": 40}, "B": {}}), unit="万元/年", labels={"A": '农,林"牧"', "B": "=1+1"})


def test_the_wide_layout_is_the_printed_table(table, tmp_path):
    table.to_csv(tmp_path / "t.csv")
    assert rows(tmp_path / "t.csv") == [
        ["序号", "行业门类名称", "10%分位值", "25%分位值", "50%分位值", "75%分位值", "90%分位值", "平均值"],
        ["1", '农,林"牧"', "[c]", "7.50", "10.00", "14.00", "[c]", "11.00"],
        ["2", "'=1+1", "5.00", "7.50", "10.00", "14.00", "20.00", "11.00"],
    ]


def test_the_tidy_layout_has_a_row_a_figure(table, tmp_path):
    table.to_csv(tmp_path / "t.csv", layout="tidy")
    head, first, second, *_ = rows(tmp_path / "t.csv", "utf-8")
    assert head == ["code", "name", "statistic", "value", "unit", "status", "source"]
    assert first == ["A", '农,林"牧"', "p10", "", "万元/年", "c", "2023"]
    assert second == ["A", '农,林"牧"', "p25", "7.50", "万元/年", "", "2023"]
    frame = pd.read_csv(tmp_path / "t.csv", dtype={"code": str, "source": str}, keep_default_na=False)
    assert len(frame) == 12
    frame["value"] = pd.to_numeric(frame["value"], errors="coerce")
    expected = table.to_frame("tidy").assign(name=lambda f: [neutral(name) for name in f["name"]])
    np.testing.assert_array_equal(frame["value"], expected["value"])
    assert frame.drop(columns="value").astype(str).equals(expected.drop(columns="value").astype(str))


def test_several_domain_columns_have_codes_and_names_of_their_own(tmp_path):
    made = made_estimates({("A", "1"): {}}, by=("industry", "sex"), statistics=["p50"])
    release(made, precision=["cv"], statistics=["p50"], counts=True).to_csv(tmp_path / "t.csv", layout="tidy")
    head, *body = rows(tmp_path / "t.csv", "utf-8")
    assert head[:4] == ["industry_code", "industry_name", "sex_code", "sex_name"]
    assert [row[4:8] for row in body] == [
        ["p50", "100000", "元/年", ""],
        ["p50_cv", "2.0", "%", ""],
        ["n", "200", "", ""],
        ["n_psu", "20", "", ""],
    ]


def test_marks_and_line_ends(table, tmp_path):
    for layout, bom, expected in (
        ("wide", None, True), ("tidy", None, False), ("wide", False, False), ("tidy", True, True),
    ):  # fmt: skip
        table.to_csv(tmp_path / "t.csv", layout=layout, bom=bom)
        content = (tmp_path / "t.csv").read_bytes()
        assert content.startswith(b"\xef\xbb\xbf") is expected
        assert content.count(b"\n") == content.count(b"\r\n") > 0
    with pytest.raises(ReleaseError, match="layout"):
        table.to_csv(tmp_path / "t.csv", layout="long")


def test_simulated_data_say_so_in_every_row(tmp_path):
    table = release(made_estimates({"A": {}, "B": {}}, metadata={"name": "甲区2023", "synthetic": True}))
    for layout in ("wide", "tidy"):
        table.to_csv(tmp_path / "t.csv", layout=layout)
        assert all("模拟数据" in row[-1] for row in rows(tmp_path / "t.csv")[1:])


@given(st.text() | st.text(alphabet="=+-@＝＋－＠'1 \t\r|"))
def test_no_field_is_a_formula_and_every_text_comes_back(text):
    cleaned = clean_text(text[:1_000], where="name")
    field = neutral(cleaned)
    # The starts are those of the OWASP page on CSV injection.
    assert not field or field[0] not in "=+-@\t\r\n＝＋－＠"
    assert restored(field) == cleaned


def test_negative_figures_stay_figures(tmp_path):
    made = made_estimates({"A": {"level": -1_000.0}}, statistics=["p50"], cells={("A", "p50"): {"se": 10.0}})
    release(made).to_csv(tmp_path / "t.csv")
    assert rows(tmp_path / "t.csv")[1] == ["1", "A", "-1000"]
