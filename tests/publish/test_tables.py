"""All tables of a release: made from a store by their declarations, written together or not at all."""

import csv

import numpy as np
import openpyxl
import pandas as pd
import pytest

import wagekit as wk
from wagekit.collect.classification import load
from wagekit.errors import InputError, ReleaseError, StoreError
from wagekit.publish.configuration import Release
from wagekit.publish.tables import make_tables, released_tables

DECLARED = """\
[release]
store = "store.duckdb"
wave = 2023
title = "工资价位"
publisher = "演示单位"

[[tables]]
name = "overall"
unit = "万元/年"

[[tables]]
name = "by_industry"
by = ["industry"]
order = "descending"

[[tables]]
name = "by_own_column"
by = "team"
statistics = ["p50"]
precision = ["cv"]
"""


class StandIn:
    """What a store gives for one wave, without a file."""

    def __init__(self, frame):
        self.frame = frame

    def survey(self, wave):
        survey = wk.Survey(
            self.frame, weights="weight", strata="industry", psu="enterprise_id", name=f"企业薪酬调查 ({wave})"
        )
        pay = {"column": "annual_pay", "unit": "元/年"}
        return survey.with_metadata(title="企业薪酬调查", wave=wave, synthetic=True, pay=pay)

    def classifications(self, wave):
        return {"industry": load("industry")}

    def metadata(self, wave):
        return {"labels": {"team": {"chinese": "班组", "english": "team", "unit": None}}}


@pytest.fixture
def store():
    random = np.random.default_rng(20230101)
    firm = np.repeat(np.arange(62), 12)
    # 30 enterprises in C, 30 in I, 2 in J: too few to be published.
    industry = np.array(["C"] * 30 + ["I"] * 30 + ["J"] * 2)[firm]
    pay = np.round(80_000 * np.exp(0.4 * random.standard_normal(firm.size) + 0.2 * random.standard_normal(62)[firm]))
    frame = pd.DataFrame({"enterprise_id": firm, "industry": industry, "annual_pay": pay, "weight": 10.0})
    return StandIn(frame.assign(team=np.where(firm % 2, "x", "y")))


@pytest.fixture
def declared(tmp_path):
    def write(text=DECLARED):
        (tmp_path / "release.toml").write_text(text, encoding="utf-8")
        return Release.load(tmp_path / "release.toml")

    return write


def test_the_tables_are_what_the_survey_estimates(store, declared):
    tables = released_tables(declared(), store)
    assert list(tables) == ["overall", "by_industry", "by_own_column"]
    by_industry = tables["by_industry"]
    assert [row.names[0] for row in by_industry.rows] == ["制造业", "信息传输、软件和信息技术服务业"]
    assert [column.key for column in by_industry.columns] == ["p90", "p75", "p50", "p25", "p10", "mean"]
    median = store.survey(2023).percentiles("annual_pay", by="industry", q=50).frame["estimate"].iloc[0]
    assert float(by_industry.rows[0].cells[2].value) == median
    assert by_industry.title == "分行业门类企业从业人员工资价位（2023年，模拟数据）"
    assert by_industry.source == "企业薪酬调查（2023年）"
    assert tables["by_own_column"].headings == ("班组",)
    assert tables["by_own_column"].title.startswith("分班组企业")
    assert tables["overall"].unit == "万元/年"


def test_the_files_of_a_release(store, declared, tmp_path):
    steps = []
    made = make_tables(declared(), tmp_path / "out", store=store, progress=lambda *step: steps.append(step))
    assert sorted(file.name for file in made.files) == sorted(
        ["wage_levels.xlsx"] + [f"{name}{end}" for name in made.tables for end in (".csv", ".html", "_tidy.csv")]
    )
    assert sorted((tmp_path / "out").iterdir()) == sorted(made.files)
    assert [step[:2] for step in steps] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert openpyxl.load_workbook(tmp_path / "out" / "wage_levels.xlsx").sheetnames[3:] == ["表1", "表2", "表3"]
    page = (tmp_path / "out" / "by_industry.html").read_text(encoding="utf-8")
    assert page.startswith('<!DOCTYPE html>\n<html lang="zh-CN">')
    assert "<title>分行业门类" in page
    with (tmp_path / "out" / "by_industry.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.reader(file))) == 3


def test_the_small_industry_is_in_no_file(store, declared, tmp_path):
    made = make_tables(
        declared(DECLARED.replace('"industry"]', '"industry"]\nheld_back = "list"')), tmp_path, store=store
    )
    pay = store.frame.query("industry == 'J'")["annual_pay"].to_numpy()
    secrets = {f"{value:.0f}" for value in pay} - {
        f"{value:.0f}" for value in store.frame.query("industry != 'J'")["annual_pay"]
    }
    assert len(secrets) > 10
    for file in made.files:
        if file.suffix != ".xlsx":
            assert not [secret for secret in secrets if secret in file.read_text(encoding="utf-8")]
    row = openpyxl.load_workbook(tmp_path / "wage_levels.xlsx")["表2"][7]
    assert [cell.value for cell in row] == [3, "金融业", *["[c]"] * 6]


def test_twice_the_same_bytes(store, declared, tmp_path):
    for folder in ("a", "b"):
        make_tables(declared(), tmp_path / folder, store=store)
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


def test_a_table_that_cannot_be_made_is_named_and_nothing_is_written(store, declared, tmp_path):
    with pytest.raises(InputError, match=r"\[\[tables\]\] 3 \('by_own_column'\).*'teem'"):
        make_tables(declared(DECLARED.replace('"team"', '"teem"')), tmp_path / "out", store=store)
    assert not (tmp_path / "out").exists()


def test_counts_and_means_of_a_release_are_checked_together(store, declared, tmp_path):
    counted = DECLARED.replace('precision = ["cv"]', "counts = true")
    with pytest.raises(ReleaseError, match="could be calculated"):
        make_tables(declared(counted), tmp_path / "out", store=store)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_release_that_fails_leaves_the_files_of_the_one_before(store, declared, tmp_path, monkeypatch):
    before = {file: file.read_bytes() for file in make_tables(declared(), tmp_path / "out", store=store).files}
    monkeypatch.setattr("wagekit.publish.tables.page_html", lambda table: 1 / 0)
    changed = StandIn(store.frame.assign(annual_pay=store.frame["annual_pay"] * 2))
    with pytest.raises(ZeroDivisionError):
        make_tables(declared(), tmp_path / "out", store=changed)
    assert {file: file.read_bytes() for file in (tmp_path / "out").iterdir()} == before


def test_without_a_store_or_tables_it_is_said(declared, tmp_path):
    with pytest.raises(StoreError):
        make_tables(declared(), tmp_path / "out")
    reports_only = DECLARED[: DECLARED.index("[[tables]]")] + '[[reports]]\nnotebook = "wage_levels"\n'
    with pytest.raises(ReleaseError, match="no tables are declared"):
        make_tables(declared(reports_only), tmp_path / "out")
