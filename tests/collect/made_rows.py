"""An enterprise and an employee that pass every rule, and what to do with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from wagekit.collect.checks import Checked, check
from wagekit.collect.identifiers import credit_code_check_digits

FIRM = "91350100M000100Y43"  # the worked example of GB 32100-2015
OTHER = "D2143569X"  # the worked example of GB 11714-1997
WAVE = 2023

ENTERPRISE: dict[str, Any] = {
    "enterprise_id": FIRM,
    "name": "模拟单位",
    "legal_representative": "模拟",
    "contact": "模拟",
    "region_code": "310107",
    "affiliation": "90",
    "industry_code": "3611",
    "enterprise_size": "2",
    "registration_type": "159",
    "average_headcount": "100",
    "on_post_headcount": "80",
    "dispatched_headcount": "15",
    "other_headcount": "5",
    "operating_months": "12",
    "revenue": "90000000",
    "value_added": "30000000",
    "depreciation": "2000000",
    "business_taxes": "1000000",
    "total_profit": "8000000",
    "total_cost": "80000000",
    "labour_cost": "15000000",
    "wages": "10000000",
    "social_insurance": "3000000",
    "welfare": "800000",
    "education_cost": "200000",
    "labour_protection": "100000",
    "housing_cost": "700000",
    "other_labour_cost": "200000",
    "stratum": "310107-C",
    "inclusion_probability": "0.25",
    "frame_headcount": "98",
}
EMPLOYEE_ROW: dict[str, Any] = {
    "enterprise_id": FIRM,
    "employee_code": "00001",
    "sex": "男",
    "birth_year": "1985",
    "education": "本科",
    "work_start_year": "2007",
    "occupation_code": "2-02-07-07",
    "management_level": "非管理岗位",
    "professional_title": "中级",
    "skill_level": "无",
    "employment_form": "1",
    "contract_type": "2",
    "union_member": "是",
    "weekly_hours": "40",
    "annual_pay": "100000",
    "basic_pay": "60000",
    "performance_pay": "25000",
    "allowances": "8000",
    "overtime_pay": "5000",
    "special_pay": "2000",
    "enterprise_tenure": "10",
    "weight": "4",
}


def table(row: Mapping[str, Any], *changes: Mapping[str, Any]) -> pd.DataFrame:
    """The row with each change in turn; without changes the row itself."""
    return pd.DataFrame([{**row, **change} for change in changes or ({},)]).astype(object)


def run(enterprises: pd.DataFrame | None, employees: pd.DataFrame | None, **options: Any) -> Checked:
    options.setdefault("minimum_wage", 2690)
    return check(enterprises, employees, wave=WAVE, **options)


def broken(listed: pd.DataFrame) -> list[tuple[str, str, int]]:
    return list(listed[["field", "rule", "row"]].itertuples(index=False, name=None))


def firms(count: int) -> list[str]:
    bodies = [f"91310107MA1F{number:05d}" for number in range(count)]
    return np.strings.add(bodies, credit_code_check_digits(np.array(bodies))).tolist()
