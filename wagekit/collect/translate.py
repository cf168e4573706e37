"""From a file's columns and values to the questionnaire's: what a mapping declares, done to whole columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from wagekit.collect.mapping import ExtraColumn, InputOptions, TableMapping, nearest
from wagekit.collect.questionnaire import Field, Questionnaire
from wagekit.collect.raw import RawTable, header_key
from wagekit.collect.values import read_number
from wagekit.errors import InputError

PROVENANCE = ("_file", "_row")


def with_extras(
    questionnaire: Questionnaire, extra: Mapping[str, ExtraColumn], coded: Collection[str]
) -> Questionnaire:
    """The table with the survey's own columns as fields, so that they are read and checked like the others.

    Parameters
    ----------
    coded : columns that have a code list.
    """
    return questionnaire.with_fields(
        *(
            Field(
                name,
                column.chinese or name,
                column.english or name,
                "code" if name in coded else column.type,
                unit=column.unit,
            )
            for name, column in extra.items()
        )
    )


def find_columns(
    raw: RawTable, table: TableMapping, questionnaire: Questionnaire, options: InputOptions, *, plain: bool
) -> dict[str, str]:
    """Which header of the file holds which field or extra column; those that aren't there are left out.

    Parameters
    ----------
    plain : also accept wagekit's own names as headers (where no mapping was given).
    """
    headers = {header_key(header): header for header in raw.frame.columns}
    found = {}
    for field in questionnaire:
        if field.name in table.constants:
            continue
        if field.name in table.columns:
            names = [table.columns[field.name]]
        elif field.name in table.extra:
            names = [table.extra[field.name].column or field.name]
        else:
            names = [field.chinese] if options.official_headers else []
            names += [field.name] if plain else []
        header = next((headers[key] for key in map(header_key, names) if key in headers), None)
        if header is not None:
            found[field.name] = header
    return found


def require_columns(
    raw: RawTable,
    found: Mapping[str, str],
    table: TableMapping,
    questionnaire: Questionnaire,
    required: Collection[str],
) -> None:
    """Raise InputError if a column that the mapping names, or a required field, is not in the file."""
    declared = {**table.columns, **{name: extra.column or name for name, extra in table.extra.items()}}
    needed = {field.name: field.chinese for field in questionnaire if field.name in required}
    missing = {name: header for name, header in {**needed, **declared}.items() if name not in found}
    missing = {name: header for name, header in missing.items() if name not in table.constants}
    if not missing:
        return
    listed = ", ".join(f"{header!r}" if header == name else f"{header!r} ({name})" for name, header in missing.items())
    headers = [str(header) for header in raw.frame.columns]
    raise InputError(
        f"column{'s' if len(missing) > 1 else ''} {listed} {'are' if len(missing) > 1 else 'is'} missing",
        where=raw.file,
        expected=f"the {questionnaire.name} table ({questionnaire.chinese})",
        do=f"{nearest(next(iter(missing.values())), headers)}; map the column, or rename it",
    )


def translate(
    raw: RawTable,
    found: Mapping[str, str],
    table: TableMapping,
    questionnaire: Questionnaire,
    options: InputOptions,
    *,
    file: str,
) -> pd.DataFrame:
    """A file's rows under the questionnaire's names: recoded, in 元, constants filled in.

    Parameters
    ----------
    found : field name to header, as `find_columns` gives it.
    file : what the rows' origin is called in lists of refused rows.

    Returns
    -------
    Shape (rows, fields + 2): text columns, money with a unit factor as numbers, and ``_file`` and ``_row``.
    A value that should be a number and isn't stays as it is, for the checks to refuse.
    """
    columns: dict[str, object] = {}
    for field in questionnaire:
        if field.name in table.constants:
            columns[field.name] = table.constants[field.name]
        elif field.name in found:
            values = raw.frame[found[field.name]]
            if field.name in table.recode:
                values = _recoded(values, table.recode[field.name])
            if field.kind in ("number", "integer") and options.decimal == "," and raw.format == "csv":
                values = values.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
            columns[field.name] = _scaled(values, factor_of(field, table))
    frame = pd.DataFrame(columns, index=raw.frame.index)
    frame["_file"] = file
    frame["_row"] = raw.frame.index.to_numpy()
    return frame.reset_index(drop=True)


def factor_of(field: Field, table: TableMapping) -> float:
    """What a field's numbers are multiplied by to be in the questionnaire's unit."""
    default = table.units.get("money", 1.0) if field.unit == "元" else 1.0
    return table.units.get(field.name, default)


def _recoded(values: pd.Series, codes: Mapping[str, str]) -> pd.Series:
    """Values replaced by their codes; others stay."""
    spelled = {header_key(value): code for value, code in codes.items()}
    inverse, different = pd.factorize(values)
    new = pd.Series([*(spelled.get(header_key(str(value)), value) for value in different), None], dtype=values.dtype)
    return pd.Series(new.take(np.where(inverse < 0, len(different), inverse)).array, index=values.index)


def _scaled(values: pd.Series, factor: float) -> pd.Series:
    if factor == 1:
        return values
    reading = read_number(values)
    # A factor such as 1000 leaves binary crumbs (1.1 x 1000); millionths of a 元 are none of the answer.
    scaled = (reading.values * factor).round(6)
    return scaled if not reading.wrong.any() else scaled.astype(object).where(~reading.wrong, values)


def enterprises_of(employees: pd.DataFrame, questionnaire: Questionnaire, *, where: str) -> pd.DataFrame:
    """The enterprise table inside a combined file: one row for each enterprise, from its first employee's row.

    Raises
    ------
    InputError
        If the rows of one enterprise give different values for it; the first few are listed.
    """
    columns = [field.name for field in questionnaire if field.name in employees]
    rows = employees.loc[employees["enterprise_id"].notna(), [*columns, *PROVENANCE]]
    rows = rows.drop_duplicates(columns)
    double = rows["enterprise_id"].duplicated(keep=False)
    if double.any():
        conflicts = []
        groups = rows[double].groupby("enterprise_id", sort=False)
        for enterprise, group in list(groups)[:5]:
            for column in columns:
                values = group[column].fillna("(empty)").drop_duplicates()
                if len(values) > 1:
                    shown = " / ".join(map(str, values.iloc[:3]))
                    conflicts.append(f"{enterprise}: {column} {shown} (rows {', '.join(map(str, group['_row'][:3]))})")
                    break
        raise InputError(
            f"{groups.ngroups} enterprise{'s have' if groups.ngroups > 1 else ' has'} rows that contradict each "
            f"other: {'; '.join(conflicts)}",
            where=where,
            expected="the same enterprise values in all rows of an enterprise",
            do="Correct them, or map columns that differ between employees under [employees]",
        )
    return rows.reset_index(drop=True)
