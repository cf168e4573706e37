"""Every rule with a row that breaks just this rule and rows that don't."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from tests.collect.made_rows import EMPLOYEE_ROW, ENTERPRISE, FIRM, OTHER, broken, firms, run, table
from wagekit.collect.classification import load
from wagekit.collect.rules import RULES
from wagekit.collect.situation import Limits


def test_right_rows_pass_every_rule_and_are_typed() -> None:
    checked = run(table(ENTERPRISE), table(EMPLOYEE_ROW))
    assert checked.refused.empty
    assert checked.queries.empty
    assert checked.summary.empty
    firm, person = checked.enterprises.iloc[0], checked.employees.iloc[0]
    assert firm["industry_code"] == "C3611"
    assert firm["wages"] == 1e7
    assert person[["sex", "education", "management_level", "skill_level"]].tolist() == ["1", "2", "0", "0"]
    assert bool(person["union_member"])
    assert checked.employees["birth_year"].dtype == "Int64"
    assert checked.employees["annual_pay"].dtype == "float64"
    assert list(checked.enterprises.columns) == list(ENTERPRISE)


HARD_ENTERPRISE = [
    ("missing_required", "registration_type", {"registration_type": " "}),
    ("missing_required", "enterprise_size", {"enterprise_size": ""}),
    ("wrong_type", "average_headcount", {"average_headcount": "约100人左右"}),
    ("wrong_type", "average_headcount", {"average_headcount": "100.5"}),
    ("code_not_in_list", "industry_code", {"industry_code": "9999"}),
    ("code_not_in_list", "enterprise_size", {"enterprise_size": "5"}),
    ("out_of_range", "average_headcount", {"average_headcount": "-100"}),
    ("credit_code", "enterprise_id", {"enterprise_id": FIRM[:-1] + "4"}),
    ("region_code", "region_code", {"region_code": "3101"}),
    ("region_code", "region_code", {"region_code": "990107"}),
    ("operating_months", "operating_months", {"operating_months": "5"}),
    ("operating_months", "operating_months", {"operating_months": "13"}),
    # Four rounded figures: half a person each, so 2 may be missing and 3 may not.
    ("headcount_sum", "average_headcount", {"on_post_headcount": "77"}),
    ("headcount_sum", "average_headcount", {"on_post_headcount": "90", "other_headcount": ""}),
    ("revenue_above_profit", "revenue", {"total_profit": "90000000"}),
    ("revenue_above_value_added", "revenue", {"value_added": "90000001"}),
    ("cost_above_labour_cost", "total_cost", {"total_cost": "15000000"}),
    # Seven items, 1 元 each: 7 元 may be missing and 8 may not.
    ("labour_cost_sum", "labour_cost", {"welfare": "799992"}),
    ("labour_cost_sum", "labour_cost", {"welfare": "800008"}),
    ("labour_cost_sum", "labour_cost", {"welfare": "", "housing_cost": "1500009"}),
    ("inclusion_probability", "inclusion_probability", {"inclusion_probability": "1.01"}),
    ("inclusion_probability", "inclusion_probability", {"inclusion_probability": ""}),
    ("frame_headcount", "frame_headcount", {"frame_headcount": "0"}),
]


@pytest.mark.parametrize(("rule", "field", "change"), HARD_ENTERPRISE)
def test_hard_rules_of_enterprises(rule: str, field: str, change: dict[str, Any]) -> None:
    checked = run(table(ENTERPRISE, change), None)
    assert broken(checked.refused) == [(field, rule, 2)]
    assert checked.enterprises.empty
    assert checked.queries.empty


def test_labour_cost_must_exceed_wages() -> None:
    # With seven items that add up, labour cost can only equal wages where the six others are nothing.
    nothing = dict.fromkeys(
        ["social_insurance", "welfare", "education_cost", "labour_protection", "housing_cost", "other_labour_cost"], "0"
    )
    checked = run(table(ENTERPRISE, {**nothing, "labour_cost": "10000000"}), None)
    assert broken(checked.refused) == [("labour_cost", "labour_cost_above_wages", 2)]
    assert checked.refused["value"][0] == "人工成本总额=10000000; 从业人员劳动报酬(工资总额)=10000000"


@pytest.mark.parametrize(
    "change",
    [
        {"industry_code": "5311", "enterprise_size": ""},  # G53 has no size standard
        {"industry_code": "P", "enterprise_size": None},  # all of P is P83
        {"industry_code": "8411", "enterprise_size": ""},
        {"enterprise_id": OTHER},
        {"enterprise_id": " 91350100m000100y43 "},
        {"enterprise_id": "D2143569-X"},
        {"on_post_headcount": "78"},
        {"other_headcount": ""},  # 80 + 15 is not more than 100
        {"operating_months": "6"},
        {"total_profit": "-8000000"},
        {"total_profit": "89999999"},
        {"welfare": "800007"},
        {"welfare": "799993"},
        {"welfare": ""},
        {"revenue": "90,000,000", "average_headcount": "１００人"},
        {"inclusion_probability": "1"},
        {"frame_headcount": ""},
        {"value_added": ""},
    ],
)
def test_enterprises_that_are_right(change: dict[str, Any]) -> None:
    checked = run(table(ENTERPRISE, change), None)
    assert broken(checked.refused) == []
    assert broken(checked.queries) == []


HARD_EMPLOYEE = [
    ("missing_required", "occupation_code", {"occupation_code": None}),
    ("wrong_type", "annual_pay", {"annual_pay": "十万"}),
    ("wrong_type", "annual_pay", {"annual_pay": "nan"}),
    ("wrong_type", "annual_pay", {"annual_pay": "1e999"}),
    ("wrong_type", "annual_pay", {"annual_pay": "100,00"}),
    ("code_not_in_list", "occupation_code", {"occupation_code": "宇航员"}),
    ("age", "birth_year", {"birth_year": "1947"}),
    ("age", "birth_year", {"birth_year": "2008", "work_start_year": ""}),
    ("work_start_year", "work_start_year", {"work_start_year": "2023", "enterprise_tenure": "1"}),
    ("pay_sum", "annual_pay", {"basic_pay": "59994"}),
    ("pay_sum", "annual_pay", {"basic_pay": "60006"}),
    ("pay_sum", "annual_pay", {"basic_pay": "", "performance_pay": "85005"}),
    ("weight", "weight", {"weight": "0"}),
    ("weight", "weight", {"weight": ""}),
    ("employee_without_enterprise", "enterprise_id", {"enterprise_id": OTHER}),
]


@pytest.mark.parametrize(("rule", "field", "change"), HARD_EMPLOYEE)
def test_hard_rules_of_employees(rule: str, field: str, change: dict[str, Any]) -> None:
    checked = run(table(ENTERPRISE), table(EMPLOYEE_ROW, change))
    assert broken(checked.refused) == [(field, rule, 2)]
    assert checked.employees.empty
    assert checked.refused["table"].tolist() == ["employee"]
    assert len(checked.enterprises) == 1


def test_pay_must_be_positive() -> None:
    parts = dict.fromkeys(["basic_pay", "performance_pay", "allowances", "overtime_pay", "special_pay"], "0")
    checked = run(table(ENTERPRISE), table(EMPLOYEE_ROW, {**parts, "annual_pay": "0"}))
    assert broken(checked.refused) == [("annual_pay", "pay_not_positive", 2)]


SOFT = [
    # rule, field, change of the employee, value kept (None: left out)
    ("missing_answer", "education", {"education": ""}, None),
    ("wrong_type_blanked", "weekly_hours", {"weekly_hours": "八小时"}, None),
    ("wrong_type_blanked", "union_member", {"union_member": "也许"}, None),
    ("code_not_in_list_blanked", "sex", {"sex": "3"}, None),
    ("out_of_range_blanked", "weekly_hours", {"weekly_hours": "100.5"}, None),
    ("out_of_range_blanked", "weekly_hours", {"weekly_hours": "0"}, None),
    ("code_detail_unknown", "occupation_code", {"occupation_code": "2-02-07-77"}, "2-02-07"),
    ("employee_code_format", "employee_code", {"employee_code": "甲1"}, "甲1"),
    ("work_start_age", "work_start_year", {"work_start_year": "2000"}, 2000),
    ("tenure_longer_than_career", "enterprise_tenure", {"enterprise_tenure": "18"}, 18),
    ("long_weekly_hours", "weekly_hours", {"weekly_hours": "60.5"}, 60.5),
]


@pytest.mark.parametrize(("rule", "field", "change", "kept"), SOFT)
def test_soft_rules_of_employees(rule: str, field: str, change: dict[str, Any], kept: object) -> None:
    checked = run(table(ENTERPRISE), table(EMPLOYEE_ROW, change))
    assert checked.refused.empty
    assert broken(checked.queries) == [(field, rule, 2)]
    found = checked.employees[field].iloc[0]
    assert pd.isna(found) if kept is None else found == kept


@pytest.mark.parametrize(
    ("change", "below"),
    [
        ({}, True),
        ({"annual_pay": "32280", "basic_pay": "32280"}, False),  # 12 × 2,690
        ({"employment_form": "非全日制用工"}, False),
        ({"weekly_hours": "24"}, False),
        ({"weekly_hours": "25"}, True),
    ],
)
def test_minimum_wage_of_full_time_work(change: dict[str, Any], below: bool) -> None:
    parts = dict.fromkeys(["performance_pay", "allowances", "overtime_pay", "special_pay"], "0")
    low = {**parts, "annual_pay": "32279", "basic_pay": "32279", **change}
    checked = run(table(ENTERPRISE), table(EMPLOYEE_ROW, low))
    assert checked.refused.empty
    assert broken(checked.queries) == ([("annual_pay", "pay_below_minimum_wage", 2)] if below else [])
    assert run(table(ENTERPRISE), table(EMPLOYEE_ROW, low), minimum_wage=None).queries.empty
    if below:
        assert checked.queries["message"][0] == "全年工资报酬低于月最低工资标准的12倍（32280元），请核实"


@pytest.mark.parametrize(
    "change",
    [
        {"annual_pay": "100005", "basic_pay": "60000"},  # five parts, 1 元 each
        {"birth_year": "2007", "work_start_year": ""},  # turns 16; a missing answer is no age
        {"birth_year": "1948", "work_start_year": "1970"},
        {"birth_year": "1985.0"},
        {"basic_pay": "", "performance_pay": "", "allowances": "", "overtime_pay": "", "special_pay": ""},
        {"enterprise_tenure": "17"},  # begun in 2007, and begun years count
        {"contract_type": "", "union_member": ""},
        {"employee_code": 1},
        {"weekly_hours": 40.5},
        {"annual_pay": "¥100,000元"},
    ],
)
def test_employees_that_are_right(change: dict[str, Any]) -> None:
    checked = run(table(ENTERPRISE), table(EMPLOYEE_ROW, change))
    assert checked.refused.empty
    assert [rule for _, rule, _ in broken(checked.queries) if rule != "missing_answer"] == []
    assert len(checked.employees) == 1


def test_pay_far_above_the_median() -> None:
    parts = dict.fromkeys(["performance_pay", "allowances", "overtime_pay", "special_pay"], "0")

    def paid(code: int, pay: int) -> dict[str, Any]:
        return {"employee_code": f"{code:05d}", "annual_pay": pay, "basic_pay": pay, **parts}

    staff = table(EMPLOYEE_ROW, *(paid(code, 100_000) for code in range(1, 4)), paid(4, 2_000_000), paid(5, 2_000_001))
    checked = run(None, staff)
    assert broken(checked.queries) == [("annual_pay", "pay_far_above_median", 6)]


def test_average_wage_far_from_the_industry() -> None:
    ids = firms(6)
    # Wages per worker: five firms with 100,000 元 and one with a bit less than a quarter of that.
    low = {"enterprise_id": ids[5], "wages": "2499999", "labour_cost": "7499999"}
    checked = run(table(ENTERPRISE, *({"enterprise_id": code} for code in ids[:5]), low), None)
    assert checked.refused.empty
    assert broken(checked.queries) == [("wages", "average_wage_far_from_industry", 7)]
    assert "0.25至4倍" in checked.queries["message"][0]
    # Fewer than five firms of the section: no median to compare with.
    assert run(table(ENTERPRISE, *({"enterprise_id": code} for code in ids[:3]), low), None).queries.empty
    # In another section it is alone.
    alone = {**low, "industry_code": "6513"}
    assert run(table(ENTERPRISE, *({"enterprise_id": code} for code in ids[:5]), alone), None).queries.empty


def test_wage_bill_against_the_employees() -> None:
    parts = dict.fromkeys(["performance_pay", "allowances", "overtime_pay", "special_pay"], "0")
    staff = table(
        EMPLOYEE_ROW,
        *({"employee_code": f"{k:05d}", "annual_pay": 210_000, "basic_pay": 210_000, **parts} for k in range(1, 6)),
    )
    # 210,000 元 is more than twice the 100,000 元 of the enterprise table.
    checked = run(table(ENTERPRISE), staff)
    assert broken(checked.queries) == [("wages", "wage_bill_mismatch", 2)]
    assert run(table(ENTERPRISE), staff.iloc[:4]).queries.empty  # too few to compare
    assert run(table(ENTERPRISE), staff, limits=Limits(wage_bill_ratio=(0.5, 2.1))).queries.empty


def test_an_industry_code_that_may_have_lost_its_zero() -> None:
    checked = run(table(ENTERPRISE, {"industry_code": 111}), None)
    assert broken(checked.queries) == [("industry_code", "code_leading_zero", 2)]
    assert checked.enterprises["industry_code"].tolist() == ["B111"]
    assert run(table(ENTERPRISE, {"industry_code": "361"}), None).queries.empty  # there is no 0361


def test_soft_rules_of_enterprises_about_answers() -> None:
    checked = run(table(ENTERPRISE, {"contact": "", "revenue": "不详", "industry_code": "3699", "welfare": "-5"}), None)
    assert broken(checked.queries) == [
        ("contact", "missing_answer", 2),
        ("revenue", "wrong_type_blanked", 2),
        ("industry_code", "code_detail_unknown", 2),
        ("welfare", "out_of_range_blanked", 2),
    ]
    assert checked.enterprises["industry_code"].tolist() == ["C36"]
    assert checked.enterprises[["revenue", "welfare"]].isna().all(axis=None)
    assert checked.queries["value"].tolist() == ["", "不详", "3699", "-5"]


def test_every_rule_is_tested_here_or_with_the_tables() -> None:
    in_tests_of_their_own = {
        "labour_cost_above_wages",
        "pay_not_positive",
        "pay_below_minimum_wage",
        "pay_far_above_median",
        "average_wage_far_from_industry",
        "wage_bill_mismatch",
        "code_leading_zero",
        "enterprise_refused",
        "employee_repeated",
        "employee_contradicted",
        "enterprise_repeated",
        "enterprise_contradicted",
    }
    tested = {rule for rule, *_ in (*HARD_ENTERPRISE, *HARD_EMPLOYEE, *SOFT)} | in_tests_of_their_own
    assert tested == set(RULES)


def test_minimum_wage_rule_knows_the_code_of_part_time_work() -> None:
    assert load("employment_form").label("3") == "非全日制用工"
