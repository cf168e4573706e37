"""Intake: survey files are read, checked and stored, in one transaction or not at all."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from wagekit import __version__
from wagekit.collect import schema
from wagekit.collect.checks import Checked, check
from wagekit.collect.gather import Gathered, Progress, Source, file_hash, file_paths, gather, read_files
from wagekit.collect.mapping import Mapping
from wagekit.collect.questionnaire import EMPLOYEE, ENTERPRISE, Table
from wagekit.collect.raw import FileFormat
from wagekit.collect.rules import RULES
from wagekit.collect.situation import Limits
from wagekit.collect.store import Store
from wagekit.collect.translate import factor_of
from wagekit.errors import InputError, StoreError

__all__ = ["FileReport", "IntakeReport", "Progress", "intake"]

# First two digits of GB/T 2260 codes: the region under whose name reference series are kept.
# fmt: off
_PROVINCES = {
    "11": "北京", "12": "天津", "13": "河北", "14": "山西", "15": "内蒙古", "21": "辽宁", "22": "吉林",
    "23": "黑龙江", "31": "上海", "32": "江苏", "33": "浙江", "34": "安徽", "35": "福建", "36": "江西",
    "37": "山东", "41": "河南", "42": "湖北", "43": "湖南", "44": "广东", "45": "广西", "46": "海南",
    "50": "重庆", "51": "四川", "52": "贵州", "53": "云南", "54": "西藏", "61": "陕西", "62": "甘肃",
    "63": "青海", "64": "宁夏", "65": "新疆",
}
# fmt: on


@dataclass(frozen=True)
class FileReport:
    """What came of one file, or of one sheet of a workbook.

    ``rows`` is what was read, ``accepted`` and ``refused`` what became of them, ``queries`` the answers to
    follow up. The encoding is that of a CSV file.
    """

    file: str
    table: Table | Literal["combined"]
    format: FileFormat
    encoding: str | None
    sheet: str | None
    sha256: str
    rows: int
    accepted: int
    refused: int
    queries: int


@dataclass(frozen=True)
class IntakeReport:
    """What came of an intake.

    Parameters
    ----------
    status : ``stored``, ``replaced``, or ``unchanged`` if the wave holds these files already.
    wave : reference year.
    files : one entry a file; empty if unchanged.
    enterprises, employees : rows of the wave that are in the store now.
    refused : rows refused; the reasons are in ``store.refused(wave)``.
    queries : answers to follow up; they are in ``store.queries(wave)``.
    refused_by_rule, queries_by_rule : how often each rule was broken, most often first.
    notes : what a person should know, a sentence each: columns not used, columns absent, ….
    seconds : how long it took.
    """

    status: Literal["stored", "replaced", "unchanged"]
    wave: int
    files: tuple[FileReport, ...]
    enterprises: int
    employees: int
    refused: int
    queries: int
    refused_by_rule: dict[str, int] = field(default_factory=dict)
    queries_by_rule: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    def __str__(self) -> str:
        if self.status == "unchanged":
            return f"Wave {self.wave} holds these files already ({self.employees:,} employees): nothing changed."
        return (
            f"Wave {self.wave} {self.status}: {self.enterprises:,} enterprises, {self.employees:,} employees; "
            f"{self.refused:,} rows refused, {self.queries:,} answers to follow up ({self.seconds:.1f} s)."
        )


def intake(
    store: Store,
    files: str | Path | Sequence[str | Path],
    *,
    wave: int,
    mapping: Mapping | str | Path | None = None,
    replace: bool = False,
    minimum_wage: float | None = None,
    progress: Progress | None = None,
) -> IntakeReport:
    """Read the files of a wave, check them and store what passes.

    Everything is read and checked before the store is touched, and stored in one transaction: after a failure or
    a killed process the store is as it was. Files that the wave holds already, read by the same mapping, change
    nothing.

    Parameters
    ----------
    store : open for writing.
    files : enterprise and employee files, in any order; which is which is told by their headers.
    wave : reference year.
    mapping : how the files are laid out; a path is loaded. Without one the official headers are expected, or
        wagekit's own column names.
    replace : put the files in place of what the store holds for the wave.
    minimum_wage : 元 a month that pay is held against; otherwise the mapping's, otherwise that of the province
        and year among the store's reference series.
    progress : told how far it is.

    Raises
    ------
    InputError
        If a file can't be read, a column is missing, a table is missing, or no row passes the checks.
    StoreError
        If the wave is in the store with other files and `replace` is not set, or the store can't be written.

    Examples
    --------
    >>> import tempfile
    >>> from wagekit.collect import store
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "firms.csv").write_text("firm,industry\\na,C\\n")
    >>> _ = (folder / "staff.csv").write_text("firm,id,job,pay\\na,1,x,50000\\na,2,y,abc\\n")
    >>> mapping = Mapping.model_validate({
    ...     "enterprises": {"columns": {"enterprise_id": "firm", "industry_code": "industry"}},
    ...     "employees": {"columns": {"enterprise_id": "firm", "employee_code": "id", "occupation_code": "job",
    ...                               "annual_pay": "pay"}},
    ...     "classifications": {"occupation_code": "free"},
    ...     "checks": {"required": ["annual_pay"], "off": ["credit_code"]}})
    >>> with store.open(folder / "survey.duckdb") as opened:
    ...     report = intake(opened, [folder / "firms.csv", folder / "staff.csv"], wave=2023, mapping=mapping)
    >>> report.employees, report.refused_by_rule
    (1, {'wrong_type': 1})
    """
    started = time.perf_counter()
    plain = mapping is None
    if not isinstance(mapping, Mapping):
        mapping = Mapping() if mapping is None else Mapping.load(mapping)
    told: Progress = progress or (lambda stage, done, total: None)
    if store.read_only:
        raise StoreError("the store is open for reading only", where=str(store.path), do="Open it for writing")
    hashes = {path: file_hash(path) for path in file_paths(files)}
    _refuse_twins(hashes)
    held = _in_force(store, wave)
    if not held.empty and not replace:
        return _unchanged(store, wave, held, set(hashes.values()), mapping)
    sources = read_files(hashes, mapping, plain=plain, progress=told)
    gathered = gather(sources, mapping, plain=plain)
    told("check", 0, 1)
    wage = mapping.checks.minimum_wage if minimum_wage is None else minimum_wage
    if wage is None:
        wage = _minimum_wage(store, gathered.enterprises, wave)
    checked = _check(gathered, mapping, wave, wage)
    told("check", 1, 1)
    reports = _file_reports(sources, checked)
    notes = (*gathered.notes, *_elsewhere(store, wave, hashes))
    metadata = mapping.metadata(wave)
    metadata["synthetic"] = metadata["synthetic"] or gathered.synthetic
    status: Literal["stored", "replaced"] = "stored" if held.empty else "replaced"
    _write(store, metadata, mapping, checked, reports, status=status, told=told)
    return IntakeReport(
        status=status,
        wave=wave,
        files=reports,
        enterprises=len(checked.enterprises),
        employees=len(checked.employees),
        refused=_rows(checked.refused),
        queries=len(checked.queries),
        refused_by_rule=_by_rule(checked.refused),
        queries_by_rule=_by_rule(checked.queries),
        notes=notes,
        seconds=time.perf_counter() - started,
    )


# -- what is there already -----------------------------------------------------------------------


def _refuse_twins(hashes: dict[Path, str]) -> None:
    seen: dict[str, Path] = {}
    for path, sha256 in hashes.items():
        if sha256 in seen:
            raise InputError(f"the file has the same content as {str(seen[sha256])!r}", where=str(path), do="Drop one")
        seen[sha256] = path


def _in_force(store: Store, wave: int) -> pd.DataFrame:
    """Log entries of the intake that the wave now comes from; none if it isn't in the store."""
    waves = store.waves()
    if wave not in set(waves["wave"]):
        return pd.DataFrame()
    log = store.log()
    log = log[log["wave"] == wave]
    newest: pd.DataFrame = log[log["intake"] == log["intake"].max()]
    return newest


def _unchanged(store: Store, wave: int, held: pd.DataFrame, given: set[str], mapping: Mapping) -> IntakeReport:
    """The report that nothing changed, if the files given are those held.

    Raises
    ------
    StoreError
        If they are not.
    """
    same_files = set(held["sha256"]) == given
    if not same_files or set(held["mapping_sha256"]) != {mapping.digest}:
        what = "with another mapping" if same_files else f"from other files ({', '.join(held['file'])})"
        raise StoreError(
            f"wave {wave} is in the store already, {what}, since {held['taken_in'].iloc[0]:%Y-%m-%d %H:%M} UTC",
            where=str(store.path),
            do="Say replace to put these files in its place, or give another wave",
        )
    counts = store.waves().set_index("wave")
    return IntakeReport(
        status="unchanged",
        wave=wave,
        files=(),
        enterprises=int(counts["enterprises"].loc[wave]),
        employees=int(counts["employees"].loc[wave]),
        refused=_rows(store.refused(wave)),
        queries=len(store.queries(wave)),
    )


def _elsewhere(store: Store, wave: int, hashes: dict[Path, str]) -> list[str]:
    """A note for every file that another wave holds too: most likely a mistaken year."""
    notes = []
    for other in store.waves()["wave"]:
        if other != wave:
            held = set(_in_force(store, int(other))["sha256"])
            notes += [f"{path.name} is also in wave {other}." for path, sha256 in hashes.items() if sha256 in held]
    return notes


# -- checking ------------------------------------------------------------------------------------


def _minimum_wage(store: Store, enterprises: pd.DataFrame, wave: int) -> float | None:
    """Monthly minimum wage of the province that all enterprises lie in, in the year of the wave."""
    if "region_code" not in enterprises:
        return None
    provinces = enterprises["region_code"].astype("str").str[:2].value_counts()
    if provinces.empty or provinces.iloc[0] < 0.5 * len(enterprises):
        return None
    series = store.reference("minimum_wage_month")
    region = _PROVINCES.get(str(provinces.index[0]), "")
    found = series.loc[(series["region"] == region) & (series["year"] == wave), "value"]
    return float(found.iloc[0]) if len(found) else None


def _check(gathered: Gathered, mapping: Mapping, wave: int, minimum_wage: float | None) -> Checked:
    """Check both tables; name employees that the files give no code.

    Raises
    ------
    InputError
        If nothing is left.
    """
    money = [
        max(factor_of(questionnaire[name], table) for name in names if name in questionnaire)
        for table, questionnaire, names in (
            (mapping.enterprises, ENTERPRISE, ("labour_cost", "wages")),
            (mapping.employees, EMPLOYEE, ("annual_pay", "basic_pay")),
        )
    ]
    checked = check(
        gathered.enterprises,
        gathered.employees,
        wave=wave,
        minimum_wage=minimum_wage,
        rules=[name for name in RULES if name not in mapping.checks.off],
        classifications=gathered.lists,
        required=gathered.required,
        questionnaires=gathered.questionnaires,
        limits=Limits(enterprise_rounding=max(1.0, money[0]), employee_rounding=max(1.0, money[1])),
        language=mapping.survey.language,
    )
    if checked.employees.empty:
        # That an enterprise was refused is no reason of its own where the enterprise's reason is there too.
        own = checked.refused[checked.refused["rule"] != "enterprise_refused"]
        reasons = checked.refused if own.empty else own
        rule, count = next(iter(_by_rule(reasons).items()))
        first = reasons[reasons["rule"] == rule].iloc[0]
        raise InputError(
            f"no employee passes the checks; most often ({count:,} times) because of the rule {rule!r}: "
            f"{first['message']}",
            where=f"{first['file']}, row {first['row']}, {first['field']} = {first['value']!r}",
            do="Nothing was stored. Correct the files or the mapping",
        )
    _name_employees(checked.employees)
    return checked


def _name_employees(employees: pd.DataFrame) -> None:
    """Fill in employee codes where the files have none: counted within the enterprise, as the survey does."""
    counted = (employees.groupby("enterprise_id", sort=False).cumcount() + 1).astype(str).str.zfill(5)
    if "employee_code" not in employees:
        employees["employee_code"] = counted
    elif (missing := employees["employee_code"].isna()).any():
        employees.loc[missing, "employee_code"] = "x" + counted[missing]


def _rows(findings: pd.DataFrame) -> int:
    """Number of different rows of files among findings."""
    return len(findings[["table", "file", "row"]].drop_duplicates())


def _by_rule(findings: pd.DataFrame) -> dict[str, int]:
    return {str(rule): int(count) for rule, count in findings["rule"].value_counts().items()}


def _file_reports(sources: Collection[Source], checked: Checked) -> tuple[FileReport, ...]:
    reports = []
    for source in sources:
        # In a combined file an enterprise that is refused takes all its rows with it as employees.
        table = "employee" if source.table == "combined" else source.table
        refused = checked.refused[(checked.refused["file"] == source.label) & (checked.refused["table"] == table)]
        rows, lost = len(source.raw.frame), _rows(refused)
        reports.append(
            FileReport(
                file=source.label,
                table=source.table,
                format=source.raw.format,
                encoding=source.raw.encoding,
                sheet=source.raw.sheet,
                sha256=source.sha256,
                rows=rows,
                accepted=rows - lost,
                refused=lost,
                queries=int((checked.queries["file"] == source.label).sum()),
            )
        )
    return tuple(reports)


# -- storing -------------------------------------------------------------------------------------


def _write(
    store: Store,
    metadata: dict[str, Any],
    mapping: Mapping,
    checked: Checked,
    reports: Sequence[FileReport],
    *,
    status: str,
    told: Progress,
) -> None:
    """Everything about the wave in one transaction, in place of what was there."""
    wave = metadata["wave"]
    with store.transaction() as connection:
        told("store", 0, 3)
        taken_in = schema.now()
        [(number,)] = connection.execute("SELECT coalesce(max(intake), 0) + 1 FROM intake_log").fetchall()
        store.remove_wave(wave)
        for table, part in (("enterprises", mapping.enterprises), ("employees", mapping.employees)):
            for name, extra in part.extra.items():
                store.add_column(table, name, extra.type)
        store.append("enterprises", checked.enterprises.assign(wave=wave))
        told("store", 1, 3)
        store.append("employees", checked.employees.assign(wave=wave))
        told("store", 2, 3)
        for table, findings in (("refused_rows", checked.refused), ("queries", checked.queries)):
            store.append(table, findings.rename(columns={"table": "table_name"}).assign(wave=wave, intake=number))
        for column, codes in mapping.code_lists.items():
            if codes is not None and not mapping.is_shipped(codes):
                items = codes.items[["code", "name", "parent"]]
                items = items.assign(english=codes.items.get("english", ""))
                store.append("code_lists", items.assign(wave=wave, column_name=column))
        log = pd.DataFrame([vars(report) for report in reports])
        store.append(
            "intake_log",
            log.rename(columns={"table": "table_name", "rows": "rows_read"}).assign(
                intake=number,
                wave=wave,
                taken_in=taken_in,
                action=status,
                mapping_sha256=mapping.digest,
                wagekit_version=__version__,
            ),
        )
        kept = json.dumps(metadata, ensure_ascii=False)
        connection.execute("INSERT INTO waves VALUES (?, ?, ?)", [wave, kept, taken_in])
    told("store", 3, 3)
