"""The declaration of a release: ``release.toml``, read strictly.

A key that isn't known, a value of another type or a table declared twice is refused with its place, what was
expected and the nearest known word: a mistyped key that is passed over would publish under another rule.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from datetime import date as Date
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError

from wagekit.disclosure.rules import ReleaseRules
from wagekit.errors import ReleaseError
from wagekit.options import HeldBack, Language, Order, Precision
from wagekit.publish.edition import CalendarDeclaration, ComparisonDeclaration, Strict
from wagekit.publish.figures import percent
from wagekit.publish.words import clean_text

Parameter = str | int | float | bool | Date | list[str] | list[int] | list[float]
"""What a notebook's parameter can be set to."""


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _no_repetition(values: list[str]) -> list[str]:
    twice = next((value for value in values if values.count(value) > 1), None)
    if twice is not None:
        raise ValueError(f"each only once, but {twice!r} stands there twice")
    return values


def _statistic(word: str) -> str:
    if word != "mean" and not float(percent(word) or 0) > 0:
        raise ValueError("a percentile such as p10, p50 or p90, or mean")
    return word


def _printable(text: str) -> str:
    cleaned = clean_text(text, where="release")
    if not cleaned:
        raise ValueError("a text that isn't empty")
    return cleaned


Text = Annotated[str, AfterValidator(_printable)]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$")]
Words = Annotated[list[Text], BeforeValidator(_one_or_more), AfterValidator(_no_repetition)]


class _Strict(BaseModel):
    model_config = Strict.model_config


class Publication(_Strict):
    """``[release]``: what is published, from which store and wave, by whom, under which licence (its address).

    `workbook` is the name of the file of all tables.
    """

    store: Text
    wave: int
    language: Language = "zh"
    title: Text
    publisher: str = ""
    date: Date | None = None
    workbook: FileName = "wage_levels"
    licence: str = ""


class Rules(_Strict):
    """``[rules]``: the release rules; ``false`` turns one off, a rule that isn't named has its default."""

    min_employees: int | Literal[False] = ReleaseRules.min_employees or False
    min_enterprises: int | Literal[False] = ReleaseRules.min_enterprises or False
    max_share: float | Literal[False] = ReleaseRules.max_share or False
    max_cv: float | Literal[False] = ReleaseRules.max_cv or False
    min_employees_tails: int | Literal[False] = ReleaseRules.min_employees_tails or False
    max_se: float | Literal[False] = False
    min_enterprises_beyond: int | Literal[False] = ReleaseRules.min_enterprises_beyond or False

    def rules(self) -> ReleaseRules:
        """The rules as the disclosure control takes them."""
        values = self.model_dump()
        return ReleaseRules(**{name: None if value is False else value for name, value in values.items()})


class TableDeclaration(_Strict):
    """``[[tables]]``: one table; `name` is the name of its files and without a title one is made from `by`."""

    name: FileName
    title: Text | None = None
    variable: Text = "annual_pay"
    by: Words = []
    statistics: Annotated[
        list[Annotated[str, AfterValidator(_statistic)]], Field(min_length=1), AfterValidator(_no_repetition)
    ] = ["p10", "p25", "p50", "p75", "p90", "mean"]
    unit: Text | None = None
    factor: Annotated[float, Field(gt=0)] | None = None
    decimals: Annotated[int, Field(ge=0, le=6)] | None = None
    order: Order = "ascending"
    precision: Annotated[list[Precision], AfterValidator(_no_repetition)] = []
    counts: bool = False
    held_back: HeldBack = "drop"
    headings: dict[str, Text] = {}
    notes: list[Text] = []


class ReportDeclaration(_Strict):
    """``[[reports]]``: a report made from a notebook with parameters, or one for each value of a column.

    `each` names a column of the survey that is a parameter of the notebook; `values` are those of its values for
    which a report is made, all that the wave holds unless given. The value is added to the name of the files.
    """

    notebook: Text
    name: FileName | None = None
    each: Text | None = None
    values: Annotated[list[Text], Field(min_length=1), AfterValidator(_no_repetition)] | None = None
    formats: Annotated[list[Literal["html", "pdf"]], Field(min_length=1), AfterValidator(_no_repetition)] = [
        "html",
        "pdf",
    ]
    parameters: dict[str, Parameter] = {}

    @property
    def file_name(self) -> str:
        """What the report's files are called, without the ending; with `each`, the value comes after it."""
        return self.name or Path(self.notebook).stem


class LimitsDeclaration(_Strict):
    """``[limits]``: what one report may use: seconds for a cell, seconds for all of it, memory in MB."""

    cell_seconds: Annotated[float, Field(gt=0)] = 300.0
    report_seconds: Annotated[float, Field(gt=0)] = 1_800.0
    memory_megabytes: Annotated[int, Field(gt=0)] = 4_096


class Release(_Strict):
    """The declared list of tables and reports of one publication. Read one with :meth:`load`.

    Examples
    --------
    >>> from wagekit.resources import resource
    >>> release = Release.load(resource("data", "demo", "release.toml"))
    >>> release.publication.language, release.rules.min_enterprises
    ('zh', 3)
    """

    publication: Publication = Field(alias="release")
    declared_rules: Rules = Field(alias="rules", default=Rules())
    tables: list[TableDeclaration] = []
    reports: list[ReportDeclaration] = []
    limits: LimitsDeclaration = LimitsDeclaration()
    comparison: ComparisonDeclaration | None = None
    calendar: CalendarDeclaration | None = None
    path: Path = Field(default=Path("release.toml"), exclude=True)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read and check a ``release.toml``.

        Raises
        ------
        ReleaseError
            If the file can't be read, is not TOML, or declares something that isn't known: the message says in
            which table and key, what was found, what is expected, and the nearest known word.
        """
        place = Path(path)
        declared = _read(place)
        if "path" in declared:
            raise _unknown("path", list(_SECTIONS), str(place))
        try:
            made = cls.model_validate({**declared, "path": place})
        except ValidationError as error:
            raise _refusal(error, declared, place) from None
        made._check(place)
        return made

    @property
    def rules(self) -> ReleaseRules:
        """The release rules."""
        return self.declared_rules.rules()

    @property
    def store(self) -> Path:
        """Path of the store; a relative one starts at the folder of the ``release.toml``."""
        return self.path.parent / self.publication.store

    def _check(self, place: Path) -> None:
        try:
            self.declared_rules.rules()
        except ReleaseError as error:
            raise ReleaseError(error.found, where=f"{place}, [rules], {error.where}", expected=error.expected) from None
        pages = {report.file_name.lower() for report in self.reports}
        seen: dict[str, int] = {}
        for number, table in enumerate(self.tables, start=1):
            first = seen.setdefault(table.name.lower(), number)
            if first != number:
                raise ReleaseError(
                    f"the name {table.name!r} is that of table {first} too",
                    where=f"{place}, [[tables]] {number}, key 'name'",
                    expected="a name for each table, since its files are called so",
                )
            if table.name.lower() in pages:
                raise ReleaseError(
                    f"the name {table.name!r} is that of a report too",
                    where=f"{place}, [[tables]] {number}, key 'name'",
                    expected="another name, since both are written as web pages",
                )
        for number, report in enumerate(self.reports, start=1):
            if report.values is not None and report.each is None:
                raise ReleaseError(
                    "'values' without 'each'",
                    where=f"{place}, [[reports]] {number} ({report.notebook!r})",
                    expected="the column of which these are values",
                )
            if report.each in report.parameters:
                raise ReleaseError(
                    f"the parameter {report.each!r} is set and named by 'each' too",
                    where=f"{place}, [[reports]] {number} ({report.notebook!r})",
                    expected="one of the two",
                )
        known = sorted(table.name for table in self.tables)
        for name in self.comparison.tables if self.comparison else ():
            if name not in known:
                raise _unknown(name, known, f"{place}, [comparison.tables]")
        if not self.tables and not self.reports:
            raise ReleaseError(
                "neither tables nor reports are declared", where=str(place), expected="[[tables]] or [[reports]]"
            )


def default_release(store: str | os.PathLike[str], wave: int) -> Release:
    """The release of a wave that has no ``release.toml``: the tables that its mapping names, under the default rules.

    Raises
    ------
    StoreError
        If the store can't be opened or holds no such wave.
    """
    from wagekit.collect.store import open as open_store

    with open_store(Path(store), read_only=True) as opened:
        about = opened.metadata(wave)
    tables = [
        {
            "name": "wage_levels" + "".join(f"_{column}" for column in by),
            "variable": about["pay"]["column"],
            "by": list(by),
            "unit": "万元/年" if about["pay"]["unit"] == "元/年" else about["pay"]["unit"],
        }
        for by in ([], *about["tables"])
    ]
    publication = {
        "store": str(Path(store).absolute()),
        "wave": wave,
        "language": about["language"],
        "title": about["title"],
    }
    return Release.model_validate({"release": publication, "tables": tables})


def _read(place: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(place.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ReleaseError(
            f"the file can't be read ({error.strerror or error})", where=str(place), expected="a release.toml"
        ) from error
    except UnicodeDecodeError as error:
        raise ReleaseError(
            f"byte {error.start + 1} is not UTF-8", where=str(place), expected="TOML in UTF-8", do="Save it as UTF-8"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ReleaseError(f"not TOML: {error}", where=str(place)) from error


_SECTIONS: dict[str, type[BaseModel]] = {
    "release": Publication,
    "rules": Rules,
    "tables": TableDeclaration,
    "reports": ReportDeclaration,
    "limits": LimitsDeclaration,
    "comparison": ComparisonDeclaration,
    "calendar": CalendarDeclaration,
}


def _refusal(error: ValidationError, declared: dict[str, Any], place: Path) -> ReleaseError:
    """The first thing that is wrong, as one sentence; how many more there are."""
    problems = error.errors(include_url=False, include_context=True)
    # A mistyped key is often the reason for the key that is missing, so it is told first.
    first = min(problems, key=lambda problem: problem["type"] != "extra_forbidden")
    location = _key_of(first)
    section = str(location[0]) if location else ""
    keys = [part for part in location[1:] if isinstance(part, str)]
    others = len({_key_of(problem) for problem in problems}) - 1
    more = f" (and {others} more)" if others else ""
    where = str(place)
    if section in ("tables", "reports"):
        number = next((part for part in location[1:] if isinstance(part, int)), None)
        where += f", [[{section}]]" + (f" {number + 1}" if number is not None else "")
        entries = declared.get(section)
        if number is not None and isinstance(entries, list) and isinstance(entries[number], dict):
            name = entries[number].get("name", entries[number].get("notebook"))
            where += f" ({name!r})" if isinstance(name, str) and keys[:1] not in (["name"], ["notebook"]) else ""
    elif section in _SECTIONS and len(location) > 1:
        where += f", [{section}]"
    if first["type"] == "extra_forbidden":
        known = list(_SECTIONS) if len(location) == 1 else _keys(_SECTIONS[section])
        return _unknown(str(location[-1]), known, where)
    key = keys[0] if keys else section
    if first["type"] == "missing":
        kind = f"the section [{section}]" if len(location) == 1 else f"the key {key!r}"
        return ReleaseError(f"{kind} is missing{more}", where=where)
    found = repr(first["input"])
    return ReleaseError(
        f"found {found if len(found) <= 60 else found[:57] + '...'}{more}",
        where=f"{where}, key {key!r}" if len(location) > 1 else f"{where}, {key!r}",
        expected=_expected(first, [problem for problem in problems if _key_of(problem) == location]),
    )


def _keys(section: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in section.model_fields.items()]


def _key_of(problem: Any) -> tuple[int | str, ...]:
    """Where the key of a problem stands, without the place inside its value."""
    location: tuple[int | str, ...] = problem["loc"]
    return location[: 3 if location and location[0] in ("tables", "reports") else 2]


def _expected(first: Any, same_place: Sequence[Any]) -> str:
    if first["type"] == "value_error":
        return str(first["ctx"]["error"])
    if first["type"] == "string_pattern_mismatch":
        return "letters, digits, _ and - (at most 60), since files are called so"
    if first["type"] == "literal_error":
        options = str(first["ctx"]["expected"])
        words = options.replace("'", "").replace(" or ", ", ").split(", ")
        near = get_close_matches(str(first["input"]).lower(), words, n=1, cutoff=0.5)
        return f"{options} (nearest: {near[0]!r})" if near else options
    texts = [str(problem["msg"]) for problem in same_place] if len(same_place) > 1 else [str(first["msg"])]
    return " or ".join(dict.fromkeys(text.removeprefix("Input should be ").replace("False", "false") for text in texts))


def _unknown(key: str, known: Sequence[str], where: str) -> ReleaseError:
    near = get_close_matches(key, known, n=1, cutoff=0.5)
    return ReleaseError(
        f"unknown key {key!r}",
        where=where,
        expected=f"one of {', '.join(known)}",
        do=f"The nearest is {near[0]!r}" if near else None,
    )
