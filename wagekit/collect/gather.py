"""Gathering the files of a wave: which file is which table, and all of them as two tables."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from wagekit.collect import frames, readers
from wagekit.collect.classification import Classification
from wagekit.collect.mapping import Mapping, TableMapping
from wagekit.collect.questionnaire import EMPLOYEE, ENTERPRISE, Questionnaire, Table
from wagekit.collect.raw import RawTable
from wagekit.collect.translate import enterprises_of, find_columns, require_columns, translate, with_extras
from wagekit.collect.workbooks import sheet_names
from wagekit.errors import InputError

Progress = Callable[[str, int, int], None]
"""Called with the stage (``read``, ``check``, ``store``), what is done and how much there is."""

SYNTHETIC = "模拟数据"
"""What files of simulated data say."""

_DESIGN_FIELDS = ("weight", "stratum", "inclusion_probability", "frame_headcount")


@dataclass(frozen=True, eq=False)
class Source:
    """One table of one file: what was read, what it is called in lists, its content's SHA-256, which table it is."""

    raw: RawTable
    label: str
    sha256: str
    table: Table | Literal["combined"]


@dataclass(frozen=True, eq=False)
class Gathered:
    """The wave as it came, ready to be checked.

    Parameters
    ----------
    enterprises, employees : rows under the questionnaire's names, with ``_file`` and ``_row``.
    questionnaires : both tables, the survey's own columns among their fields.
    required : names of the fields without which a row is refused.
    lists : code lists of the columns for which the mapping names one; None for free codes.
    synthetic : whether the files or the names in them say that the data are simulated (模拟数据).
    notes : what a person should know about the files.
    """

    enterprises: pd.DataFrame
    employees: pd.DataFrame
    questionnaires: Dictionary[str, Questionnaire]
    required: tuple[str, ...]
    lists: Dictionary[str, Classification | None]
    synthetic: bool
    notes: tuple[str, ...]


def file_paths(files: str | Path | Sequence[str | Path]) -> tuple[Path, ...]:
    """The files asked for, each once.

    Raises
    ------
    InputError
        If there is none, or one is named twice.
    """
    paths = tuple(Path(file) for file in ([files] if isinstance(files, str | Path) else files))
    if not paths:
        raise InputError("no file is named", expected="the enterprise and the employee files of a wave")
    for place, path in enumerate(paths):
        if path in paths[:place]:
            raise InputError("the file is named twice", where=str(path))
    return paths


def file_hash(path: Path) -> str:
    """SHA-256 of a file's content.

    Raises
    ------
    InputError
        If it can't be read.
    """
    readers.format_of(path)
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"the file can't be read ({error.strerror})", where=str(path)) from None


def read_files(
    hashes: Dictionary[Path, str], mapping: Mapping, *, plain: bool, progress: Progress
) -> tuple[Source, ...]:
    """Read all files and tell by their headers which table each one is.

    Parameters
    ----------
    hashes : the files, with the SHA-256 of their content.
    plain : also accept wagekit's own names as headers.

    Raises
    ------
    InputError
        If a file can't be read, can't be told, or one of the two tables is missing.
    """
    names = [path.name for path in hashes]
    sources: list[Source] = []
    for done, (path, sha256) in enumerate(hashes.items()):
        progress("read", done, len(hashes))
        label = path.name if names.count(path.name) == 1 else str(path)
        for sheet in _sheets(path, mapping):
            raw = readers.read(
                path, sheet=sheet, encoding=mapping.input.encoding, maximum_rows=mapping.input.maximum_rows
            )
            table = _table_of(raw, mapping, plain=plain)
            sources.append(Source(raw, label if sheet is None else f"{label} [{sheet}]", sha256, table))
    progress("read", len(hashes), len(hashes))
    given = {source.table for source in sources}
    for part, questionnaire in (("enterprise", ENTERPRISE), ("employee", EMPLOYEE)):
        if "combined" not in given and part not in given:
            raise InputError(
                f"there is no {part} table ({questionnaire.chinese}) among the files",
                where=", ".join(names),
                expected="an enterprise and an employee table",
                do="Name the missing file too, or set combined = true under [input] if one file holds both",
            )
    return tuple(sources)


def gather(sources: Sequence[Source], mapping: Mapping, *, plain: bool) -> Gathered:
    """Bring all files under the questionnaire's names and join those of each table.

    Raises
    ------
    InputError
        If a column is missing, or the enterprise values inside a combined file contradict each other.
    """
    enterprise = with_extras(ENTERPRISE, mapping.enterprises.extra, mapping.classifications)
    employee = with_extras(EMPLOYEE, mapping.employees.extra, mapping.classifications)
    declared = {"enterprise": (enterprise, mapping.enterprises), "employee": (employee, mapping.employees)}
    base = mapping.checks.required
    required = ("enterprise_id", *((*ENTERPRISE.required, *EMPLOYEE.required) if base is None else base))
    parts: dict[str, list[pd.DataFrame]] = {"enterprise": [], "employee": []}
    notes: list[str] = []
    for source in sources:
        used: set[str] = set()
        pieces = {}
        for name in ("enterprise", "employee") if source.table == "combined" else (source.table,):
            questionnaire, table = declared[name]
            found = find_columns(source.raw, table, questionnaire, mapping.input, plain=plain)
            require_columns(source.raw, found, table, questionnaire, required)
            used.update(found.values())
            pieces[name] = translate(source.raw, found, table, questionnaire, mapping.input, file=source.label)
        for name, piece in pieces.items():
            parts[name].append(piece)
        if unused := [str(header) for header in source.raw.frame.columns if header not in used]:
            notes.append(f"{source.label}: columns not used: {', '.join(unused)}.")
    joined = {name: _without_empty_design(pd.concat(pieces, ignore_index=True)) for name, pieces in parts.items()}
    if sources[0].table == "combined":
        joined["enterprise"] = enterprises_of(joined["enterprise"], enterprise, where=sources[0].raw.file)
    present = {*joined["enterprise"].columns, *joined["employee"].columns}
    required = tuple(dict.fromkeys((*required, *_needed_by_design(mapping, present))))
    for name, (questionnaire, _) in declared.items():
        absent = [field.chinese for field in questionnaire if field.expected and field.name not in joined[name]]
        if absent and mapping.input.official_headers:
            notes.append(f"Not in the {name} files: {', '.join(absent)}.")
    coded = {f.name for q, _ in declared.values() for f in q if f.kind == "code"}
    return Gathered(
        enterprises=joined["enterprise"],
        employees=joined["employee"],
        questionnaires={"enterprise": enterprise, "employee": employee},
        required=tuple(name for name in required if name in enterprise or name in employee),
        lists={name: codes for name, codes in mapping.code_lists.items() if name in coded},
        synthetic=_says_synthetic(sources, joined["enterprise"]),
        notes=tuple(notes),
    )


def _sheets(path: Path, mapping: Mapping) -> list[str | None]:
    """Sheets to read: those of a workbook that the mapping names; otherwise the one that is filled."""
    named = {table.sheet for _, table, _ in mapping.tables() if table.sheet is not None}
    if not named or readers.format_of(path) != "xlsx":
        return [None]
    return [name for name in sheet_names(path, file=str(path)) if name.strip() in named] or [None]


def _table_of(raw: RawTable, mapping: Mapping, *, plain: bool) -> Table | Literal["combined"]:
    """Which table a file is: the one of whose own columns it has more."""
    if mapping.input.combined:
        return "combined"
    tables: dict[Table, tuple[TableMapping, Questionnaire]] = {
        "enterprise": (mapping.enterprises, with_extras(ENTERPRISE, mapping.enterprises.extra, ())),
        "employee": (mapping.employees, with_extras(EMPLOYEE, mapping.employees.extra, ())),
    }
    found = {
        name: set(find_columns(raw, table, questionnaire, mapping.input, plain=plain)) - {"enterprise_id"}
        for name, (table, questionnaire) in tables.items()
    }
    enterprise, employee = len(found["enterprise"]), len(found["employee"])
    if enterprise == employee:
        shown = ", ".join(map(str, raw.frame.columns[:8])) + (" …" if len(raw.frame.columns) > 8 else "")
        raise InputError(
            f"the columns ({shown}) are "
            + ("those of neither table" if enterprise == 0 else f"{enterprise} of each table"),
            where=raw.file,
            expected=f"official headers such as {_examples()}",
            do="Write a mapping that names the columns; data/examples shows one",
        )
    return "enterprise" if enterprise > employee else "employee"


def _examples() -> str:
    fields = (ENTERPRISE["industry_code"], EMPLOYEE["employee_code"], EMPLOYEE["annual_pay"])
    return ", ".join(field.chinese for field in fields)


def _without_empty_design(frame: pd.DataFrame) -> pd.DataFrame:
    """Design columns without any value are as good as absent; half-filled ones are for the checks to refuse."""
    empty = [name for name in _DESIGN_FIELDS if name in frame and frame[name].isna().all()]
    return frame.drop(columns=empty)


def _says_synthetic(sources: Sequence[Source], enterprises: pd.DataFrame) -> bool:
    """Whether file names, sheets or most of the enterprises' names say 模拟: such data must never pass for real."""
    if any(SYNTHETIC in source.label or SYNTHETIC in (source.raw.sheet or "") for source in sources):
        return True
    named = enterprises["name"] if "name" in enterprises else pd.Series(dtype="str")
    return bool(named.astype("str").str.contains("模拟", regex=False).mean() > 0.5) if len(named) else False


def _needed_by_design(mapping: Mapping, present: Collection[str]) -> list[str]:
    """Fields that the design and the pay variable are made of: no estimate can do without them."""
    names = (*mapping.design_columns(), mapping.stored_name(mapping.survey.pay))
    return [field for field in map(frames.source_of, names) if field in present]
