"""Mappings: what a TOML file may say, and how files follow it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.collect.made_files import credit_code, employees, enterprises, official, write_pair
from wagekit.collect import store as stores
from wagekit.collect.intake import intake
from wagekit.collect.mapping import Mapping
from wagekit.collect.store import Store
from wagekit.errors import InputError, StoreError
from wagekit.resources import resource

OWN = """
[survey]
title = "测试调查"
pay = "hourly"
pay_unit = "元/小时"
language = "en"
tables = [["sector"], ["sector", "occupation"]]

[design]
weights = "w"
strata = ["sector"]
psu = "firm"

[enterprises.columns]
enterprise_id = "firm"
industry_code = "branch"
wages = "payroll"

[enterprises.units]
money = 1000

[enterprises.constants]
region_code = "310107"

[enterprises.extra]
sector = { type = "code", chinese = "部门", english = "sector" }

[employees.columns]
enterprise_id = "firm"
sex = "gender"
occupation_code = "job"
annual_pay = "year pay"
weight = "w"

[employees.recode.sex]
m = 1
f = 2

[employees.extra]
hourly = { type = "number", column = "pay per hour" }
remote = "yes_no"

[classifications]
industry_code = "free"
occupation_code = "jobs.csv"
sector = { p = "公共", m = { name = "市场", english = "market" } }

[checks]
required = ["annual_pay"]
off = ["credit_code"]
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A mapping with a code list beside it, and the two files it is for."""
    (tmp_path / "own.toml").write_text(OWN, encoding="utf-8")
    (tmp_path / "jobs.csv").write_text("code,name,parent\n1,经理,\n11,店长,1\n2,店员,\n", encoding="utf-8")
    (tmp_path / "firms.csv").write_text("firm,branch,payroll,sector\nA,x,1.1,p\nB,y,2000.5,m\n", encoding="utf-8")
    (tmp_path / "staff.csv").write_text(
        "firm,gender,job,year pay,w,pay per hour,remote\n"
        "A,m,11,50000,2,20.5,yes\nA,f,2,40000,3,18,no\nB,F,1,60000,2.5,31,\n",
        encoding="utf-8",
    )
    return tmp_path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return stores.open(tmp_path / "s.duckdb")


def take_own(store: Store, folder: Path, **changes: Any) -> Any:
    files = [folder / "staff.csv", folder / "firms.csv"]
    return intake(store, files, wave=2023, mapping=folder / "own.toml", **changes)


def refusal(folder: Path, toml: str) -> str:
    path = folder / "m.toml"
    path.write_text(toml, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        Mapping.load(path)
    message = str(caught.value)
    assert "m.toml" in message
    assert "\n" not in message
    return message


# -- what a mapping does -------------------------------------------------------------------------


def test_columns_codes_units_and_constants_follow_the_mapping(store: Store, own: Path) -> None:
    report = take_own(store, own)
    assert (report.enterprises, report.employees, report.refused) == (2, 3, 0)
    firms, staff = store.enterprises(2023), store.employees(2023)
    assert firms["wages"].tolist() == [1100.0, 2000500.0]  # 1.1 x 1000 without binary crumbs
    assert firms["region_code"].tolist() == ["310107", "310107"]
    assert firms["industry_code"].tolist() == ["x", "y"]
    assert staff["sex"].tolist() == ["1", "2", "2"]  # F is f
    assert staff["annual_pay"].tolist() == [50000, 40000, 60000]
    assert staff["hourly"].tolist() == [20.5, 18, 31]
    assert staff["remote"].tolist() == [True, False, None]
    assert staff["employee_code"].tolist() == ["00001", "00002", "00001"]  # counted within the enterprise


def test_the_survey_carries_design_labels_and_pay(store: Store, own: Path) -> None:
    take_own(store, own)
    # The code lists are in the store: the files they came from are no longer needed.
    (own / "jobs.csv").unlink()
    (own / "own.toml").unlink()
    survey = store.survey(2023)
    assert survey.design.weights == "weight"  # named by its header "w" in the mapping
    assert survey.design.strata == ("sector",)
    assert survey.design.psu == ("enterprise_id",)
    assert survey.metadata["pay"] == {
        "column": "hourly", "chinese": "工资报酬", "english": "annual pay", "unit": "元/小时"
    }  # fmt: skip
    assert survey.frame["occupation_major"].tolist() == ["1", "2", "1"]
    lists = store.classifications(2023)
    assert lists["occupation"].label("11") == "店长"
    assert lists["sector"].label("m", language="en") == "market"
    assert "industry" not in lists  # free codes have no labels
    assert store.metadata(2023)["tables"] == [["sector"], ["sector", "occupation"]]
    assert store.metadata(2023)["labels"]["sector"]["chinese"] == "部门"
    # (2 x 20.5 + 3 x 18 + 2.5 x 31) / 7.5
    assert survey.mean("hourly").frame["estimate"].item() == pytest.approx(172.5 / 7.5, rel=1e-12)


def test_an_extra_value_of_the_wrong_kind_is_listed(store: Store, own: Path) -> None:
    staff = (own / "staff.csv").read_text(encoding="utf-8")
    (own / "staff.csv").write_text(staff.replace("20.5", "much").replace("yes", "maybe"), encoding="utf-8")
    report = take_own(store, own)
    refused, queries = store.refused(2023), store.queries(2023)
    assert report.employees == 2  # the pay variable is required, whatever else is
    assert refused[["field", "value", "rule", "row"]].values.tolist() == [["hourly", "much", "wrong_type", 2]]
    assert queries.empty
    (own / "staff.csv").write_text(staff.replace("yes", "maybe"), encoding="utf-8")
    take_own(store, own, replace=True)
    assert store.queries(2023)[["field", "value", "row"]].values.tolist() == [["remote", "maybe", 2]]


def test_decimal_commas(store: Store, own: Path) -> None:
    text = (own / "staff.csv").read_text(encoding="utf-8").replace(",", ";").replace(".", ",")
    (own / "staff.csv").write_text(text.replace("50000", "50.000"), encoding="utf-8")
    mapping = Mapping.load(own / "own.toml")
    mapping = mapping.model_copy(update={"input": mapping.input.model_copy(update={"decimal": ","})})
    (own / "firms.csv").write_text("firm;branch;payroll;sector\nA;x;1,1;p\nB;y;2;m\n", encoding="utf-8")
    intake(store, [own / "staff.csv", own / "firms.csv"], wave=2023, mapping=mapping)
    assert store.employees(2023)["hourly"].tolist() == [20.5, 18, 31]
    assert store.employees(2023)["annual_pay"].tolist() == [50000, 40000, 60000]
    assert store.enterprises(2023)["wages"].tolist() == [1100, 2000]


def test_a_column_that_the_mapping_names_must_be_there(store: Store, own: Path) -> None:
    text = (own / "staff.csv").read_text(encoding="utf-8")
    (own / "staff.csv").write_text(text.replace("year pay", "yearly pay"), encoding="utf-8")
    with pytest.raises(InputError, match=r"'year pay' \(annual_pay\) is missing.*nearest is 'yearly pay'"):
        take_own(store, own)


def test_an_official_header_may_differ_in_width_and_blanks(store: Store, tmp_path: Path) -> None:
    firms = official(enterprises()).rename(columns={"销售(营业)收入": "销售（营业） 收入"})
    firms.to_csv(tmp_path / "a.csv", index=False)
    _, staff = write_pair(tmp_path)
    intake(store, [tmp_path / "a.csv", staff], wave=2023)
    assert store.enterprises(2023)["revenue"].tolist() == [9e6] * 4


def test_other_headers_keep_the_official_ones_that_are_not_named(store: Store, tmp_path: Path) -> None:
    staff = official(employees()).rename(columns={"全年工资报酬合计": "应发合计"})
    staff.to_csv(tmp_path / "b.csv", index=False)
    firms, _ = write_pair(tmp_path)
    with pytest.raises(InputError, match="'全年工资报酬合计'"):
        intake(store, [firms, tmp_path / "b.csv"], wave=2023)
    mapping = Mapping.declare({"employees": {"columns": {"annual_pay": "应发合计"}}})
    intake(store, [firms, tmp_path / "b.csv"], wave=2023, mapping=mapping)
    assert store.employees(2023)["annual_pay"].min() == 80000


def test_sheets_of_one_workbook(store: Store, tmp_path: Path) -> None:
    with pd.ExcelWriter(tmp_path / "both.xlsx", engine="xlsxwriter") as writer:
        official(enterprises()).to_excel(writer, sheet_name="单位", index=False)
        official(employees()).to_excel(writer, sheet_name="职工", index=False)
    with pytest.raises(InputError, match="several filled sheets"):
        intake(store, tmp_path / "both.xlsx", wave=2023)
    mapping = Mapping.declare({"enterprises": {"sheet": "单位"}, "employees": {"sheet": "职工"}})
    report = intake(store, tmp_path / "both.xlsx", wave=2023, mapping=mapping)
    assert [(entry.file, entry.table, entry.sheet) for entry in report.files] == [
        ("both.xlsx [单位]", "enterprise", "单位"),
        ("both.xlsx [职工]", "employee", "职工"),
    ]


def test_money_in_thousands_loosens_the_sum_checks(store: Store, tmp_path: Path) -> None:
    # Seven items rounded to 千元 add up to 1,498: two less than their total, by rounding. In 元 that is a mistake.
    money = {
        "labour_cost": 1500, "wages": 1000, "social_insurance": 300, "welfare": 50, "education_cost": 50,
        "labour_protection": 50, "housing_cost": 40, "other_labour_cost": 8, "revenue": 9000, "depreciation": 100,
        "business_taxes": 10, "total_profit": 900, "total_cost": 8000,
    }  # fmt: skip
    thousands = write_pair(tmp_path / "a", firms=enterprises().assign(**{k: str(v) for k, v in money.items()}))
    mapping = Mapping.declare({"enterprises": {"units": {"money": 1000}}})
    assert intake(store, thousands, wave=2023, mapping=mapping).enterprises == 4
    assert store.enterprises(2023)["labour_cost"].tolist() == [1.5e6] * 4
    yuan = write_pair(tmp_path / "b", firms=enterprises().assign(**{k: f"{v}000" for k, v in money.items()}))
    with pytest.raises(InputError, match=r"no employee passes .* 'labour_cost_sum'"):
        intake(store, yuan, wave=2024)


def test_an_extra_column_keeps_its_type_over_the_waves(store: Store, own: Path) -> None:
    take_own(store, own)
    (own / "own.toml").write_text(OWN.replace('remote = "yes_no"', 'remote = "text"'), encoding="utf-8")
    with pytest.raises(StoreError, match="'remote' is already kept as 'remote', BOOLEAN; expected VARCHAR"):
        intake(store, [own / "staff.csv", own / "firms.csv"], wave=2024, mapping=own / "own.toml")
    assert store.waves()["wave"].tolist() == [2023]


# -- what a mapping may say ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("[survye]\n", "no key 'survye'. The nearest is 'survey'"),
        ('[survey]\ntitel = "x"', "[survey] has no key 'titel'. The nearest is 'title'"),
        ('[employees.extra]\na = { type = "text", colum = "x" }', "no key 'colum'. The nearest is 'column'"),
        ('[survey]\nlanguage = "fr"', "survey.language = 'fr'; expected 'zh' or 'en'"),
        ('[employees.extra]\na = "numbr"', "expected 'text', 'code', 'integer', 'number'"),
        ('[enterprises]\nunits = { money = "much" }', "enterprises.units.money = 'much'; expected a number"),
        ("[enterprises]\nunits = { money = 0 }", "the factor 0.0 of 'money'"),
        ("[enterprises]\nunits = { name = 2 }", "no column of numbers 'name'"),
        ('[employees.columns]\nanual_pay = "x"', "no field 'anual_pay'. The nearest is 'annual_pay'"),
        ('[employees.recode.six]\nm = "1"', "no column 'six'. The nearest is 'sex'"),
        ('[employees.extra]\nweight = "number"', "the name 'weight' is taken"),
        ('[employees.extra]\nWEIGHT = "number"', "the name 'WEIGHT' is taken by 'weight'"),
        ('[employees.extra]\n"pay; DROP TABLE waves" = "number"', "can't be a column's name"),
        ('[employees.extra]\na = "text"\n[enterprises.extra]\na = "text"', "'a' is in both tables"),
        ('[employees]\ncolumns = { sex = "s" }\nconstants = { sex = "1" }', "a column and a constant"),
        ('[design]\nstrata = "indstry"', "no column 'indstry'. The nearest is 'industry'"),
        ('[design]\nsingle_psu = "ignore"', "design.single_psu = 'ignore'; expected 'fail', 'remove'"),
        ('[survey]\npay = "salary"', "no column 'salary'"),
        ('[survey]\ntables = [["region"]]', "[survey], tables: there is no column 'region'"),
        ('[checks]\noff = ["credit_cod"]', "no rule 'credit_cod'. The nearest is 'credit_code'"),
        ('[checks]\nrequired = ["pay"]', "no field 'pay'"),
        ("[checks]\nminimum_wage = -1", "checks.minimum_wage"),
        ('[classifications]\noccupation_code = "ocupation"', "no code list 'ocupation'"),
        ('[classifications]\noccupation_code = "none.csv"', "none.csv"),
        ('[classifications]\nannual_pay = "free"', "no column of codes 'annual_pay'"),
        ("[input]\nmaximum_rows = 0", "input.maximum_rows = '0'"),
        ("[survey\n", "not valid TOML"),
    ],
)
def test_what_a_mapping_may_not_say(tmp_path: Path, toml: str, says: str) -> None:
    assert says in refusal(tmp_path, toml)


def test_a_mapping_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be read"):
        Mapping.load(tmp_path / "none.toml")
    (tmp_path / "m.toml").write_bytes('[survey]\ntitle = "调查"'.encode("gb18030"))
    with pytest.raises(InputError, match="not UTF-8"):
        Mapping.load(tmp_path / "m.toml")
    (tmp_path / "m.toml").write_bytes(b"\xef\xbb\xbf[survey]\n")
    assert Mapping.load(tmp_path / "m.toml") == Mapping(folder=tmp_path)


def test_the_digest_changes_with_what_the_mapping_says(own: Path) -> None:
    first = Mapping.load(own / "own.toml").digest
    assert Mapping.load(own / "own.toml").digest == first
    (own / "jobs.csv").write_text("code,name,parent\n1,经理,\n11,店长,1\n2,营业员,\n", encoding="utf-8")
    assert Mapping.load(own / "own.toml").digest != first
    assert Mapping().digest != first


def test_the_example_mapping_is_right() -> None:
    mapping = Mapping.load(resource("data", "examples", "ses_mapping.toml"))
    assert mapping.design_columns() == ("weight", "NACE1", "size", "enterprise_id")


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8) | st.integers() | st.lists(st.integers()), min_size=1))
def test_any_declaration_is_taken_or_refused_in_one_sentence(declared: dict[str, Any]) -> None:
    for place in ({"survey": declared}, {"employees": {"extra": declared}}, {"classifications": declared}):
        message = "mapping"
        try:
            Mapping.declare(place)
        except InputError as error:
            message = str(error)
        assert message.startswith("mapping")


def test_check_digits_of_the_made_files() -> None:
    assert len(credit_code(1)) == 18
