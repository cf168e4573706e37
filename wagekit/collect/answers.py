"""Reading a table against its questionnaire: every answer typed, and what couldn't be taken as it stood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from wagekit.collect.classification import Classification
from wagekit.collect.identifiers import normal_identifier
from wagekit.collect.questionnaire import Field, Questionnaire
from wagekit.collect.values import as_text, read_number, read_yes_no
from wagekit.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Answers:
    """One table, read.

    Parameters
    ----------
    questionnaire : what it was read against.
    raw : the table as it came, without provenance, numbered from 0.
    frame : the same with typed answers; an answer that couldn't be taken is missing.
    findings : for each field and rule about single fields, shape (n,) True where the rule is broken.
    file, row : where each row came from.
    """

    questionnaire: Questionnaire
    raw: pd.DataFrame
    frame: pd.DataFrame
    findings: Mapping[tuple[str, str], Mask]
    file: pd.Series
    row: pd.Series


def read_answers(
    table: pd.DataFrame,
    questionnaire: Questionnaire,
    classifications: Mapping[str, Classification | None],
    *,
    chinese_identifiers: bool,
) -> Answers:
    """Read a table: codes from codes or titles, numbers from text, empty cells missing.

    Parameters
    ----------
    table : rows as they came, with wagekit's column names; ``_file`` and ``_row`` tell where each came from
        (row numbers count the header as 1 where they aren't given). Columns that are no fields stay as they are.
    questionnaire : declares the fields.
    classifications : code list by field name; None or absent for free text.
    chinese_identifiers : bring enterprise codes into the normal form of credit codes.

    Raises
    ------
    InputError
        If a column is there twice or the column of a required field is missing.
    """
    raw = table.reset_index(drop=True)
    file = raw.pop("_file").astype(object) if "_file" in raw else pd.Series("", index=raw.index, dtype=object)
    row = raw.pop("_row") if "_row" in raw else pd.Series(raw.index + 2, index=raw.index)
    _require_columns(raw, questionnaire, file)
    typed: dict[str, pd.Series] = {}
    broken: dict[str, dict[str, Mask]] = {}
    for field in questionnaire:
        if field.name in raw:
            typed[field.name], broken[field.name] = _read_field(
                raw[field.name], field, classifications.get(field.name), chinese_identifiers
            )
    frame = pd.DataFrame({column: typed.get(column, raw[column]) for column in raw.columns}, index=raw.index)
    findings: dict[tuple[str, str], Mask] = {}
    for field in questionnaire:
        if field.name in typed:
            needed = _needed(field, frame, classifications)
            for rule, where in broken[field.name].items():
                for name, rows in _by_severity(rule, where, needed, field).items():
                    if rows.any():
                        findings[field.name, name] = rows
    return Answers(questionnaire, raw, frame, findings, file, row)


def _by_severity(rule: str, where: Mask, needed: Mask, field: Field) -> dict[str, Mask]:
    """Rules as they are named for required and for other answers."""
    if rule == "missing":
        optional = where & ~needed if field.expected else np.zeros_like(where)
        return {"missing_required": where & needed, "missing_answer": optional}
    if rule in ("code_detail_unknown", "code_leading_zero"):
        return {rule: where}
    return {rule: where & needed, f"{rule}_blanked": where & ~needed}


def _require_columns(raw: pd.DataFrame, questionnaire: Questionnaire, file: pd.Series) -> None:
    names = [name for name in file.unique() if name]
    where = names[0] if len(names) == 1 else f"{questionnaire.name} table"
    if not raw.columns.is_unique:
        twice = raw.columns[raw.columns.duplicated()][0]
        raise InputError(f"column {twice!r} is there twice", where=where, do="Keep the one that counts")
    missing = [field for field in questionnaire if field.required and field.name not in raw]
    if missing:
        listed = ", ".join(f"{field.name!r} ({field.chinese})" for field in missing)
        raise InputError(
            f"column{'s' if len(missing) > 1 else ''} {listed} {'are' if len(missing) > 1 else 'is'} missing",
            where=where,
            expected=f"the required fields of the {questionnaire.name} table ({questionnaire.chinese})",
            do="Add the column, map another one to it, or declare in the mapping which fields are required",
        )


def _read_field(
    values: pd.Series, field: Field, classification: Classification | None, chinese_identifiers: bool
) -> tuple[pd.Series, dict[str, Mask]]:
    """Typed answers of one field, and where each rule about single fields is broken."""
    broken: dict[str, Mask] = {}
    if field.kind in ("integer", "number", "year"):
        reading = read_number(values, whole=field.kind != "number")
        answers, broken["wrong_type"] = reading.values, reading.wrong
        if field.low is not None or field.high is not None:
            numbers = answers.to_numpy(dtype=np.float64, na_value=np.nan)
            low = -np.inf if field.low is None else field.low
            high = np.inf if field.high is None else field.high
            broken["out_of_range"] = (numbers < low) | (numbers > high)
            answers = answers.mask(broken["out_of_range"])
    elif field.kind == "yes_no":
        reading = read_yes_no(values)
        answers, broken["wrong_type"] = reading.values, reading.wrong
    elif field.name == "enterprise_id" and chinese_identifiers:
        answers = normal_identifier(values)
    else:
        answers = as_text(values)
        if classification is not None:
            answers, broken = _read_codes(answers, classification)
    missing = answers.isna().to_numpy()
    broken["missing"] = missing & ~np.logical_or.reduce([*broken.values(), np.zeros_like(missing)])
    return answers, broken


def _read_codes(text: pd.Series, classification: Classification) -> tuple[pd.Series, dict[str, Mask]]:
    codes = classification.encode(text)
    given = text.notna().to_numpy()
    unknown = given & codes.isna().to_numpy()
    broken = {"code_not_in_list": unknown}
    if classification.notation != "plain" and unknown.any():
        nearest = classification.encode(text[unknown], nearest=True)
        codes = codes.where(~unknown, nearest.reindex(codes.index))
        broken["code_not_in_list"] = given & codes.isna().to_numpy()
        broken["code_detail_unknown"] = unknown & codes.notna().to_numpy()
    if classification.notation == "industry":
        short = text.str.fullmatch("[0-9]{3}").to_numpy(dtype=bool, na_value=False)
        broken["code_leading_zero"] = short.copy()
        broken["code_leading_zero"][short] = classification.encode("0" + text[short]).notna()
    return codes, broken


def _needed(field: Field, frame: pd.DataFrame, classifications: Mapping[str, Classification | None]) -> Mask:
    """Rows in which a field is required, shape (n,)."""
    needed = np.full(len(frame), field.required)
    if field.required and field.exempt is not None:
        other, codes = field.exempt
        classification = classifications.get(other)
        if classification is not None and other in frame:
            for code in codes:
                if code in classification:
                    needed &= ~_may_lie_in(frame[other], code, classification)
    return needed


def _may_lie_in(values: pd.Series, code: str, classification: Classification) -> Mask:
    """Where a code lies in a group, or is so coarse that it may."""
    inside = classification.roll_up(values, classification.level(code)) == code
    above = []
    parent = classification.parent(code)
    while parent is not None:
        above.append(parent)
        parent = classification.parent(parent)
    return inside.to_numpy(dtype=bool, na_value=False) | values.isin(above).to_numpy()
