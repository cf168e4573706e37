"""Mistakes of the kind that real returns hold, put into synthetic files so that intake has work (模拟数据)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from wagekit.arrays import Codes
from wagekit.collect.questionnaire import PAY_PARTS
from wagekit.collect.synthetic.identifiers import credit_codes

_STRANGER = 999_999  # number of an enterprise that no population has

Damage = Callable[[pd.DataFrame, Codes], None]


@dataclass(frozen=True, eq=False)
class Spoiled:
    """Two tables of texts with mistakes in them.

    Parameters
    ----------
    enterprises, employees : the tables, columns as in the questionnaire, all text.
    mistakes : a row for each mistake: ``table``, ``row`` (1-based in a file whose header is row 1),
        ``enterprise_id``, ``employee_code``, ``field``, ``kind``.
    """

    enterprises: pd.DataFrame
    employees: pd.DataFrame
    mistakes: pd.DataFrame


def spoil(enterprises: pd.DataFrame, employees: pd.DataFrame, seed: int) -> Spoiled:
    """Put mistakes into copies of the two tables: about 1 % of the employees, about ten small enterprises.

    Parameters
    ----------
    enterprises, employees : tables of texts with the questionnaire's column names.
    seed : the same seed makes the same mistakes in the same tables.
    """
    rng = np.random.default_rng([seed, 4])
    enterprises, employees = enterprises.copy(), employees.copy()
    small = np.flatnonzero(
        enterprises["average_headcount"].astype(int) <= enterprises["average_headcount"].astype(int).median()
    )
    firms, firm_mistakes = _damaged(rng, enterprises, "enterprises", _ENTERPRISE_DAMAGE, small)
    people, staff_mistakes = _damaged(rng, employees, "employees", _EMPLOYEE_DAMAGE, np.arange(len(employees)))
    return Spoiled(firms, people, pd.concat([firm_mistakes, staff_mistakes], ignore_index=True))


def _damaged(
    rng: np.random.Generator,
    frame: pd.DataFrame,
    table: str,
    damages: tuple[tuple[str, str, float, Damage], ...],
    candidates: Codes,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every kind of damage to rows of its own, then duplicates at the end; and the list of what was done."""
    order = rng.permutation(candidates)
    done, notes = 0, []
    for kind, field, share, damage in damages:
        number = max(1, round(share * len(frame)))
        rows = order[done : done + number]
        done += number
        damage(frame, rows)
        notes.append(_note(frame, table, rows, field, kind))
    number = max(1, round(0.0008 * len(frame)))
    rows = order[done : done + number]
    frame = pd.concat([frame, frame.iloc[rows]], ignore_index=True)
    again = np.arange(len(frame) - rows.size, len(frame))
    key = "enterprise_id" if table == "enterprises" else "employee_code"
    notes.append(_note(frame, table, again, key, "duplicate"))
    return frame, pd.concat(notes, ignore_index=True)


def _note(frame: pd.DataFrame, table: str, rows: Codes, field: str, kind: str) -> pd.DataFrame:
    people = frame["employee_code"].to_numpy()[rows] if "employee_code" in frame else ""
    return pd.DataFrame(
        {
            "table": table,
            "row": rows + 2,
            "enterprise_id": frame["enterprise_id"].to_numpy()[rows],
            "employee_code": people,
            "field": field,
            "kind": kind,
        }
    )


def _put(column: str, value: str) -> Damage:
    """Damage that writes `value` into `column`."""

    def damage(frame: pd.DataFrame, rows: Codes) -> None:
        frame.loc[rows, column] = value

    return damage


def _add(column: str, amount: Callable[[pd.Series], pd.Series]) -> Damage:
    """Damage that adds `amount` (of the column's numbers) to `column`."""

    def damage(frame: pd.DataFrame, rows: Codes) -> None:
        numbers = frame.loc[rows, column].astype(int)
        frame.loc[rows, column] = (numbers + amount(numbers)).astype(str)

    return damage


def _below_minimum_wage(frame: pd.DataFrame, rows: Codes) -> None:
    """Pay of a month where that of a year was asked for; the parts still add up."""
    columns = list(PAY_PARTS)
    parts = frame.loc[rows, columns].astype(int) // 12
    frame.loc[rows, columns] = parts.astype(str)
    frame.loc[rows, "annual_pay"] = parts.sum(axis=1).astype(str)


def _stranger(frame: pd.DataFrame, rows: Codes) -> None:
    """An enterprise, with a right check digit, that is not in the enterprise table."""
    district = str(frame["enterprise_id"].iloc[0])[2:8]
    frame.loc[rows, "enterprise_id"] = str(credit_codes(np.array([_STRANGER]), district)[0])


def _wrong_check_digit(frame: pd.DataFrame, rows: Codes) -> None:
    codes = frame.loc[rows, "enterprise_id"]
    frame.loc[rows, "enterprise_id"] = [code[:-1] + ("0" if code[-1] != "0" else "1") for code in codes]


def _profit_above_revenue(frame: pd.DataFrame, rows: Codes) -> None:
    frame.loc[rows, "total_profit"] = (2 * frame.loc[rows, "revenue"].astype(int)).astype(str)


_EMPLOYEE_DAMAGE: tuple[tuple[str, str, float, Damage], ...] = (
    ("missing", "annual_pay", 0.001, _put("annual_pay", "")),
    ("missing", "education", 0.0015, _put("education", "")),
    ("parts_do_not_add_up", "annual_pay", 0.002, _add("basic_pay", lambda pay: pay // 5 + 100)),
    ("below_minimum_wage", "annual_pay", 0.001, _below_minimum_wage),
    ("wrong_code", "occupation_code", 0.001, _put("occupation_code", "9-99-99-99")),
    ("wrong_code", "sex", 0.0005, _put("sex", "3")),
    ("not_a_number", "annual_pay", 0.0005, _put("annual_pay", "面议")),
    ("out_of_range", "birth_year", 0.0005, _put("birth_year", "1880")),
    ("no_such_enterprise", "enterprise_id", 0.001, _stranger),
)
_ENTERPRISE_DAMAGE: tuple[tuple[str, str, float, Damage], ...] = (
    ("wrong_check_digit", "enterprise_id", 0.003, _wrong_check_digit),
    ("missing", "industry_code", 0.003, _put("industry_code", "")),
    ("profit_above_revenue", "total_profit", 0.003, _profit_above_revenue),
    ("items_do_not_add_up", "labour_cost", 0.006, _add("labour_cost", lambda cost: cost // 10 + 1)),
    ("headcounts_do_not_add_up", "average_headcount", 0.006, _add("average_headcount", lambda count: count // 2 + 3)),
)
