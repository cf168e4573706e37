"""What a check makes of whole tables: refusals that spread, provenance, options, other surveys."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from tests.collect.made_rows import EMPLOYEE_ROW, ENTERPRISE, FIRM, OTHER, broken, firms, run, table
from wagekit.collect.checks import check
from wagekit.collect.classification import Classification
from wagekit.collect.questionnaire import EMPLOYEE, QUESTIONNAIRES, Field
from wagekit.collect.rules import RULES
from wagekit.collect.situation import Limits
from wagekit.errors import InputError


def test_an_enterprise_refused_takes_its_employees_with_it() -> None:
    ids = firms(2)
    enterprises = table(ENTERPRISE, {"enterprise_id": ids[0], "region_code": "x"}, {"enterprise_id": ids[1]})
    employees = table(EMPLOYEE_ROW, {"enterprise_id": ids[0]}, {"enterprise_id": ids[1]})
    checked = run(enterprises, employees)
    assert checked.enterprises["enterprise_id"].tolist() == ids[1:]
    assert checked.employees["enterprise_id"].tolist() == ids[1:]
    assert broken(checked.refused) == [("region_code", "region_code", 2), ("enterprise_id", "enterprise_refused", 2)]
    assert checked.refused["table"].tolist() == ["enterprise", "employee"]


def test_repeated_rows_keep_the_first_and_contradicting_rows_keep_none() -> None:
    same, other = {}, {"annual_pay": "100001"}
    assert broken(run(table(ENTERPRISE), table(EMPLOYEE_ROW, same, same, same)).refused) == [
        ("employee_code", "employee_repeated", 3),
        ("employee_code", "employee_repeated", 4),
    ]
    checked = run(table(ENTERPRISE), table(EMPLOYEE_ROW, same, same, other))
    assert broken(checked.refused) == [("employee_code", "employee_contradicted", row) for row in (2, 3, 4)]
    assert checked.employees.empty
    # Written differently, but the same answers.
    assert broken(run(table(ENTERPRISE), table(EMPLOYEE_ROW, same, {"annual_pay": "100,000", "sex": "1"})).refused) == [
        ("employee_code", "employee_repeated", 3)
    ]
    checked = run(table(ENTERPRISE, same, same), table(EMPLOYEE_ROW))
    assert broken(checked.refused) == [("enterprise_id", "enterprise_repeated", 3)]
    assert len(checked.employees) == 1  # the first row of the enterprise stands
    checked = run(table(ENTERPRISE, same, {"name": "另一单位"}), table(EMPLOYEE_ROW))
    assert [rule for _, rule, _ in broken(checked.refused)] == ["enterprise_contradicted"] * 2 + ["enterprise_refused"]


def test_one_code_in_two_enterprises_is_no_duplicate() -> None:
    ids = firms(2)
    checked = run(
        table(ENTERPRISE, *({"enterprise_id": code} for code in ids)),
        table(EMPLOYEE_ROW, *({"enterprise_id": code} for code in ids)),
    )
    assert checked.refused.empty


def test_employees_alone() -> None:
    assert len(run(None, table(EMPLOYEE_ROW)).employees) == 1
    assert len(run(None, table(EMPLOYEE_ROW), known_enterprises=[FIRM]).employees) == 1
    checked = run(None, table(EMPLOYEE_ROW), known_enterprises=[OTHER])
    assert broken(checked.refused) == [("enterprise_id", "employee_without_enterprise", 2)]
    # Known from before and not in this file's enterprise table.
    assert (
        len(run(table(ENTERPRISE, {"enterprise_id": OTHER}), table(EMPLOYEE_ROW), known_enterprises=[FIRM]).employees)
        == 1
    )


def test_every_failure_of_a_row_is_listed_with_its_place() -> None:
    employees = table(EMPLOYEE_ROW, {"annual_pay": "-", "occupation_code": "", "sex": "9"})
    employees["_file"], employees["_row"] = "职工表.csv", 17
    checked = run(table(ENTERPRISE), employees)
    assert checked.refused.to_dict("list") == {
        "table": ["employee"] * 2,
        "file": ["职工表.csv"] * 2,
        "row": [17, 17],
        "enterprise_id": [FIRM] * 2,
        "field": ["occupation_code", "annual_pay"],
        "value": ["", "-"],
        "rule": ["missing_required", "wrong_type"],
        "message": ["“职业”必须填报", "“全年工资报酬合计”应填数字"],
    }
    assert checked.queries.empty  # queries are about rows that are kept
    assert checked.summary.values.tolist() == [
        ["employee", "missing_required", True, 1],
        ["employee", "wrong_type", True, 1],
    ]
    accepted = run(table(ENTERPRISE), table(EMPLOYEE_ROW).assign(_file="a", _row=2)).employees
    assert not {"_file", "_row"} & set(accepted.columns)


def test_messages_in_english() -> None:
    checked = run(table(ENTERPRISE, {"average_headcount": "x"}), None, language="en")
    assert checked.refused["message"].tolist() == ["average number of workers must be a whole number"]
    checked = run(table(ENTERPRISE), table(EMPLOYEE_ROW, {"weekly_hours": "0"}), language="en")
    assert checked.queries["message"].tolist() == [
        "average weekly hours must be from 1 to 100; what was filled in is left out"
    ]


def test_another_survey_through_the_same_checks() -> None:
    """Other identifiers, other code lists, free text, an own field, fewer required fields."""
    names = pd.DataFrame({"code": ["m", "f"], "name": ["male", "female"]})
    sexes = Classification.from_items(names, name="sex")
    hourly = Field("hourly_pay", "小时工资", "hourly pay", "number", unit="EUR", required=True, low=0)
    employees = pd.DataFrame(
        {
            "enterprise_id": ["81461", "81461", "5"],
            "sex": ["male", "female", "other"],
            "occupation_code": ["34", "71", "71"],
            "hourly_pay": [31.17, None, 8.5],
            "weight": [1.5, 1.5, 2],
            "place": ["AT3", "AT3", "AT1"],
        }
    )
    enterprises = pd.DataFrame({"enterprise_id": ["81461", "5"], "industry_code": ["C-Mining", "D-Manufacturing"]})
    checked = check(
        enterprises,
        employees,
        wave=2006,
        rules=[name for name in RULES if name != "credit_code"],
        classifications={"sex": sexes, "occupation_code": None, "industry_code": None},
        required=["enterprise_id", "hourly_pay"],
        questionnaires={**QUESTIONNAIRES, "employee": EMPLOYEE.with_fields(hourly)},
        language="en",
    )
    assert broken(checked.refused) == [("hourly_pay", "missing_required", 3)]
    assert broken(checked.queries) == [("sex", "code_not_in_list_blanked", 4)]
    assert checked.employees["sex"].tolist()[0] == "m"
    assert checked.employees["occupation_code"].tolist() == ["34", "71"]
    assert checked.employees["place"].tolist() == ["AT3", "AT1"]
    assert checked.enterprises["industry_code"].tolist() == ["C-Mining", "D-Manufacturing"]


def test_rules_can_be_turned_off_one_by_one() -> None:
    wrong = table(ENTERPRISE, {"region_code": "x", "operating_months": "5"})
    assert [rule for _, rule, _ in broken(run(wrong, None).refused)] == ["region_code", "operating_months"]
    kept = run(wrong, None, rules=[name for name in RULES if name not in {"region_code", "operating_months"}])
    assert len(kept.enterprises) == 1
    assert run(wrong, None, rules=[]).refused.empty


def test_checks_run_even_where_pandera_is_switched_off() -> None:
    from pandera.config import config_context

    with config_context(validation_enabled=False):
        assert len(run(table(ENTERPRISE, {"region_code": "x"}), None).refused) == 1


def test_money_kept_in_thousands_may_be_off_by_its_rounding() -> None:
    rounded = table(ENTERPRISE, {"welfare": "793001"})
    assert len(run(rounded, None).refused) == 1
    assert run(rounded, None, limits=Limits(enterprise_rounding=1000)).refused.empty


def test_empty_tables() -> None:
    checked = run(table(ENTERPRISE).iloc[:0], table(EMPLOYEE_ROW).iloc[:0])
    assert checked.enterprises.empty
    assert list(checked.employees.columns) == list(EMPLOYEE_ROW)
    assert list(checked.refused.columns) == list(checked.queries.columns)


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"rules": ["no_such_rule"]}, "there is no rule 'no_such_rule'"),
        ({"required": ["salary"]}, "there is no field 'salary'"),
        ({"classifications": {"trade": None}}, "there is no coded field 'trade'"),
        ({"minimum_wage": 0}, "minimum_wage is 0"),
    ],
)
def test_options_that_name_nothing(options: dict[str, Any], found: str) -> None:
    with pytest.raises(InputError, match=found):
        run(table(ENTERPRISE), None, **options)


def test_missing_and_double_columns_are_one_sentence() -> None:
    staff = table(EMPLOYEE_ROW).drop(columns=["annual_pay"]).assign(_file="staff.csv")
    with pytest.raises(InputError, match=r"staff\.csv: column 'annual_pay' \(全年工资报酬合计\) is missing"):
        run(None, staff)
    twice = pd.concat([table(EMPLOYEE_ROW), table(EMPLOYEE_ROW)[["sex"]]], axis=1)
    with pytest.raises(InputError, match="column 'sex' is there twice"):
        run(None, twice)
    with pytest.raises(InputError, match="wave is 23"):
        check(None, table(EMPLOYEE_ROW), wave=23)


ODD_VALUES = ["", " ", "男", "3", "abc", "12", "-1", "１２", "1,000", "nan", "=1+1", "2-02-07", None, 5, 2.5, True]


def test_odd_values_anywhere_bring_no_traceback_and_lose_no_row() -> None:
    for row, code in ((EMPLOYEE_ROW, "employee_code"), (ENTERPRISE, "name")):
        odd = [
            {code: f"{number:05d}", field: value}
            for number, (field, value) in enumerate((field, value) for field in row for value in ODD_VALUES)
        ]
        if row is EMPLOYEE_ROW:
            checked = run(None, table(row, *odd))
            accepted, name = checked.employees, "employee"
        else:
            rules = [rule for rule in RULES if rule != "enterprise_contradicted"]
            checked = run(table(row, *odd), None, rules=rules)
            accepted, name = checked.enterprises, "enterprise"
        refused = checked.refused.loc[checked.refused["table"] == name, "row"].nunique()
        assert len(accepted) + refused == len(odd)
        assert 0 < refused < len(odd)
