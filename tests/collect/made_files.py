"""Small hand-made survey files with the official headers, for the tests of intake and store."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from wagekit.collect.identifiers import credit_code_check_digits
from wagekit.collect.questionnaire import EMPLOYEE, ENTERPRISE


def credit_code(number: int) -> str:
    """A made-up unified social credit code with the right check digit."""
    body = f"91310107MA{number:07d}"
    return body + str(credit_code_check_digits(np.array([body]))[0])


def enterprises(count: int = 4) -> pd.DataFrame:
    """Enterprises of the sections C, F, I and E in turn, under wagekit's column names."""
    codes = ["C3611", "F5111", "I6511", "E4710"]
    return pd.DataFrame(
        {
            "enterprise_id": [credit_code(k) for k in range(count)],
            "name": [f"甲{k}公司" for k in range(count)],
            "legal_representative": "某某",
            "contact": "000",
            "region_code": "310107",
            "affiliation": "90",
            "industry_code": [codes[k % len(codes)] for k in range(count)],
            "enterprise_size": [str(k % 4 + 1) for k in range(count)],
            "registration_type": "173",
            "average_headcount": "10",
            "on_post_headcount": "10",
            "operating_months": "12",
            "revenue": "9000000",
            "depreciation": "100000",
            "business_taxes": "10000",
            "total_profit": "900000",
            "total_cost": "8000000",
            "labour_cost": "1500000",
            "wages": "1000000",
        }
    )


def employees(count: int = 40, firms: int = 4) -> pd.DataFrame:
    """Employees spread evenly over the enterprises, pay rising from 80,000 元, under wagekit's column names."""
    return pd.DataFrame(
        {
            "enterprise_id": [credit_code(k % firms) for k in range(count)],
            "employee_code": [f"{k // firms + 1:05d}" for k in range(count)],
            "sex": ["男" if k % 2 else "女" for k in range(count)],
            "birth_year": [str(1970 + k % 30) for k in range(count)],
            "education": "大学本科",
            "work_start_year": "2015",
            "occupation_code": ["2-02-10-03" if k % 3 else "4-01-02-01" for k in range(count)],
            "annual_pay": [str(80000 + 1000 * k) for k in range(count)],
        }
    )


def official(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame under the official Chinese headers."""
    table = EMPLOYEE if "employee_code" in frame else ENTERPRISE
    return frame.rename(columns={field.name: field.chinese for field in table})


def write_pair(folder: Path, firms: pd.DataFrame | None = None, staff: pd.DataFrame | None = None) -> list[Path]:
    """An enterprise file (UTF-8) and an employee file (GB18030)."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / "单位.csv", folder / "职工.csv"]
    official(enterprises() if firms is None else firms).to_csv(paths[0], index=False, encoding="utf-8")
    official(employees() if staff is None else staff).to_csv(paths[1], index=False, encoding="gb18030")
    return paths
