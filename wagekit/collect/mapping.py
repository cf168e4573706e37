"""Mappings: how the columns and codes of a survey's files become those of wagekit, declared in TOML."""

from __future__ import annotations

import difflib
import hashlib
import json
import tomllib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pandas as pd
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from wagekit.collect import frames
from wagekit.collect.classification import Classification, load, shipped_names
from wagekit.collect.questionnaire import EMPLOYEE, ENTERPRISE, Kind, Questionnaire
from wagekit.collect.raw import MAXIMUM_ROWS, header_key
from wagekit.collect.rules import RULES
from wagekit.errors import InputError
from wagekit.options import Language, SinglePSU, WithoutReplacement

FREE = "free"
"""Word for a code column without a code list: every value is right."""


def _tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _text(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_tuple)]
Text = Annotated[str, BeforeValidator(_text)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class ExtraColumn(_Part):
    """A column of the survey's own, kept beside the questionnaire's under its own name.

    ``column`` is its header in the file where that differs from the name.
    """

    type: Kind
    column: str | None = None
    chinese: str = ""
    english: str = ""
    unit: str | None = None


def _extra(value: object) -> object:
    return {"type": value} if isinstance(value, str) else value


class TableMapping(_Part):
    """One table: ``columns`` (field = header), ``recode`` (field: value = code), ``units`` (field = factor to
    元; ``money`` stands for all of them), ``constants`` (field = value), ``extra`` (name = type), ``sheet``.
    """

    sheet: str | None = None
    columns: dict[str, str] = {}
    recode: dict[str, dict[str, Text]] = {}
    units: dict[str, float] = {}
    constants: dict[str, Text] = {}
    extra: dict[str, Annotated[ExtraColumn, BeforeValidator(_extra)]] = {}


class InputOptions(_Part):
    """How files are read. ``combined``: enterprise columns stand in the employee file. ``official_headers``:
    fields that ``columns`` doesn't name are looked for under their official header.
    """

    combined: bool = False
    official_headers: bool = True
    encoding: str | None = None
    decimal: Literal[".", ","] = "."
    maximum_rows: int = Field(default=MAXIMUM_ROWS, gt=0)


class SurveyOptions(_Part):
    """What the survey is: title, source, the pay variable with its label and unit, the tables it is made for."""

    title: str = "企业薪酬调查"
    source: str = ""
    synthetic: bool = False
    language: Language = "zh"
    pay: str = "annual_pay"
    pay_chinese: str = "工资报酬"
    pay_english: str = "annual pay"
    pay_unit: str = "元/年"
    tables: tuple[Names, ...] = (("industry",), ("occupation_sub_major",), ("industry", "occupation_major"))


class DesignOptions(_Part):
    """Names of the design's columns in the survey frame; see `wagekit.survey.Survey`."""

    weights: str = "weight"
    strata: Names = ("stratum",)
    psu: Names = ("enterprise_id",)
    fpc: Names = ()
    single_psu: SinglePSU = "adjust"
    pps: WithoutReplacement = "with_replacement"


class CheckOptions(_Part):
    """What is checked: the required fields (None: as in the questionnaire), rules switched off, and the monthly
    minimum wage in 元 that pay is held against (None: from the store's reference series).
    """

    required: tuple[str, ...] | None = None
    off: tuple[str, ...] = ()
    minimum_wage: float | None = Field(default=None, gt=0)


class ListedCode(_Part):
    """One code of a list that is written in the mapping itself."""

    name: str
    english: str = ""
    parent: str = ""


def _listed(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


CodeList = str | dict[str, Annotated[ListedCode, BeforeValidator(_listed)]]


class Mapping(_Part):
    """How a survey's files are read into wagekit. The default reads the official headers.

    ``classifications`` gives a column's code list: the name of a shipped one, a CSV file beside the TOML file,
    ``free``, or the codes themselves. `load` reads a mapping from TOML; docs are in ``data/examples/``.

    Examples
    --------
    >>> mapping = Mapping.model_validate({"enterprises": {"units": {"money": 1000}}})
    >>> mapping.enterprises.units
    {'money': 1000.0}
    """

    survey: SurveyOptions = SurveyOptions()
    design: DesignOptions = DesignOptions()
    input: InputOptions = InputOptions()
    enterprises: TableMapping = TableMapping()
    employees: TableMapping = TableMapping()
    classifications: dict[str, CodeList] = {}
    checks: CheckOptions = CheckOptions()
    folder: Path = Field(default=Path(), exclude=True)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a mapping from a TOML file.

        Raises
        ------
        InputError
            If the file can't be read, is no TOML, or has a key, field, type or name that isn't known; the
            nearest known one is named.
        """
        path = Path(path)
        try:
            declared = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
        except OSError as error:
            raise InputError(f"the mapping can't be read ({error.strerror})", where=str(path)) from None
        except UnicodeDecodeError:
            raise InputError("the mapping is not UTF-8", where=str(path), do="Save it as UTF-8") from None
        except tomllib.TOMLDecodeError as error:
            raise InputError(f"the mapping is not valid TOML: {error}", where=str(path)) from None
        if "folder" in declared:
            raise InputError("there is no key 'folder'", where=str(path))
        return cls.declare(declared, folder=path.parent, where=str(path))

    @classmethod
    def declare(cls, declared: dict[str, Any], *, folder: Path | None = None, where: str = "mapping") -> Self:
        """Make a mapping of the tables of a TOML file, with errors of one sentence.

        Raises
        ------
        InputError
            As `load`.
        """
        try:
            mapping = cls.model_validate({**declared, "folder": folder or Path()})
            mapping.check()
        except ValidationError as error:
            raise _plain_error(error, where) from None
        except InputError as error:
            raise InputError(
                error.found, where=f"{where}, {error.where}", expected=error.expected, do=error.do
            ) from None
        return mapping

    def check(self) -> None:
        """Raise InputError for a field, extra column, rule or design column that can't be."""
        for part, table, questionnaire in self.tables():
            _check_table(part, table, questionnaire)
        shared = set(self.enterprises.extra) & set(self.employees.extra)
        if shared:
            raise InputError(
                f"column {min(shared)!r} is in both tables", where="[employees.extra]", do="Name it differently"
            )
        declared = [field for _, _, questionnaire in self.tables() for field in questionnaire]
        fields = {field.name for field in declared}
        extras = {*self.enterprises.extra, *self.employees.extra}
        coded = {field.name for field in declared if field.kind == "code"}
        coded |= {
            name
            for _, table, _ in self.tables()
            for name, extra in table.extra.items()
            if extra.type in ("text", "code")
        }
        for name in self.classifications:
            _known(name, coded, "[classifications]", "column of codes")
        for name in self.checks.off:
            _known(name, set(RULES), "[checks], off", "rule")
        for name in self.checks.required or ():
            _known(name, fields, "[checks], required", "field")
        names = {*frames.survey_columns(), *extras}
        for name in self.design_columns():
            _known(name, names, "[design]", "column")
        for name in {column for columns in self.survey.tables for column in columns}:
            _known(self.stored_name(name), names, "[survey], tables", "column")
        _known(self.stored_name(self.survey.pay), names, "[survey], pay", "column")
        _ = self.code_lists

    def tables(self) -> Iterator[tuple[str, TableMapping, Questionnaire]]:
        """Both tables: the key in TOML, the mapping, the questionnaire."""
        yield "enterprises", self.enterprises, ENTERPRISE
        yield "employees", self.employees, EMPLOYEE

    def design_columns(self) -> tuple[str, ...]:
        """All columns the design names, as they are called in the store."""
        design = self.design
        return tuple(map(self.stored_name, (design.weights, *design.strata, *design.psu, *design.fpc)))

    def stored_name(self, name: str) -> str:
        """What a column is called in the survey frame, also where it is named by its header in the file."""
        extras = {**self.enterprises.extra, **self.employees.extra}
        if name in extras or name in frames.survey_columns():
            return name
        for table in (self.employees, self.enterprises):
            for field, header in table.columns.items():
                if header_key(header) == header_key(name):
                    return field
        return name

    @cached_property
    def code_lists(self) -> dict[str, Classification | None]:
        """Code lists by column, for the columns the mapping names; None for free codes.

        Raises
        ------
        InputError
            If a list is neither shipped nor a readable CSV file, or contradicts itself.
        """
        return {name: _code_list(name, declared, self.folder) for name, declared in self.classifications.items()}

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what the mapping says, code lists from files included."""
        said = self.model_dump(mode="json")
        lists = {name: codes.items.to_csv(index=False) for name, codes in self.code_lists.items() if codes is not None}
        content = json.dumps([said, lists], ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()

    @staticmethod
    def is_shipped(codes: Classification) -> bool:
        """Whether a code list is one that comes with wagekit."""
        return codes.name in shipped_names() and load(codes.name) is codes

    def metadata(self, wave: int) -> dict[str, Any]:
        """What the store keeps about a wave that was read with this mapping (plain data for JSON)."""
        survey, design = self.survey, self.design
        return {
            "title": survey.title,
            "source": survey.source,
            "synthetic": survey.synthetic,
            "language": survey.language,
            "wave": wave,
            "pay": {
                "column": self.stored_name(survey.pay),
                "chinese": survey.pay_chinese,
                "english": survey.pay_english,
                "unit": survey.pay_unit,
            },
            "design": {
                "weights": self.stored_name(design.weights),
                "strata": [self.stored_name(name) for name in design.strata],
                "psu": [self.stored_name(name) for name in design.psu],
                "fpc": [self.stored_name(name) for name in design.fpc],
                "single_psu": design.single_psu,
                "pps": design.pps,
            },
            "tables": [[self.stored_name(name) for name in columns] for columns in survey.tables],
            "classifications": {name: _about(codes) for name, codes in self.code_lists.items()},
            "labels": {
                name: {"chinese": extra.chinese or name, "english": extra.english or name, "unit": extra.unit}
                for _, table, _ in self.tables()
                for name, extra in table.extra.items()
            },
        }


def _check_table(part: str, table: TableMapping, questionnaire: Questionnaire) -> None:
    fields = {field.name for field in questionnaire}
    money = {field.name for field in questionnaire if field.unit == "元"}
    numeric = {field.name for field in questionnaire if field.kind in ("number", "integer")}
    numeric |= {name for name, extra in table.extra.items() if extra.type in ("number", "integer")}
    for name in table.columns:
        _known(name, fields, f"[{part}.columns]", "field")
    for name in table.constants:
        _known(name, fields, f"[{part}.constants]", "field")
        if name in table.columns:
            raise InputError(f"field {name!r} has a column and a constant", where=f"[{part}]", do="Drop one")
    for name in table.recode:
        _known(name, {*fields, *table.extra}, f"[{part}.recode]", "column")
    for name, factor in table.units.items():
        _known(name, {*numeric, *({"money"} if money else ())}, f"[{part}.units]", "column of numbers")
        if not 0 < factor < float("inf"):
            raise InputError(f"the factor {factor} of {name!r}", where=f"[{part}.units]", expected="a positive number")
    reserved = {name.casefold(): name for name in frames.reserved_columns()}
    seen: dict[str, str] = {}
    for name in table.extra:
        key = name.casefold()
        if not name.isidentifier() or name.startswith("_") or len(name) > 63:
            raise InputError(
                f"{name!r} can't be a column's name",
                where=f"[{part}.extra]",
                expected="letters, digits and underscores, a letter first",
                do=f'Write another_name = {{ column = "{name}", type = "{table.extra[name].type}" }}',
            )
        if key in reserved or key in seen:
            raise InputError(
                f"the name {name!r} is taken by {(reserved | seen)[key]!r}",
                where=f"[{part}.extra]",
                do=f'Write another_name = {{ column = "{name}", type = "{table.extra[name].type}" }}',
            )
        seen[key] = name


def _known(name: str, known: set[str], where: str, what: str) -> None:
    """Raise InputError if a name is not known, naming the nearest that is."""
    if name not in known:
        raise InputError(f"there is no {what} {name!r}", where=where, do=nearest(name, known))


def nearest(name: str, known: set[str] | list[str]) -> str:
    """A sentence that names the nearest known name, or all of them.

    >>> nearest("earning", {"earnings", "sex"})
    "The nearest is 'earnings'"
    """
    keys = {header_key(candidate): candidate for candidate in sorted(known)}
    near = difflib.get_close_matches(header_key(name), keys, n=1, cutoff=0.5)
    return f"The nearest is {keys[near[0]]!r}" if near else f"Known are {', '.join(sorted(known))}"


def _code_list(name: str, declared: CodeList, folder: Path) -> Classification | None:
    where = f"[classifications], {name}"
    if isinstance(declared, dict):
        rows = [{"code": code, **entry.model_dump()} for code, entry in declared.items()]
        return Classification.from_items(pd.DataFrame(rows), name=name, where=where)
    if declared == FREE:
        return None
    if declared in shipped_names():
        return load(declared)
    path = folder / declared
    if not declared.lower().endswith(".csv"):
        known = {*shipped_names(), FREE}
        raise InputError(
            f"there is no code list {declared!r}",
            where=where,
            expected="a shipped list, a CSV file with code,name,parent, or free",
            do=nearest(declared, known),
        )
    return Classification.from_csv(path, name=path.stem)


def _about(codes: Classification | None) -> dict[str, Any] | None:
    """What the store keeps about a code list besides the codes of one that isn't shipped."""
    if codes is None:
        return None
    return {
        "shipped": Mapping.is_shipped(codes),
        "name": codes.name,
        "title": codes.title,
        "edition": codes.edition,
        "source": codes.source,
        "levels": list(codes.levels),
        "notation": codes.notation,
    }


def _plain_error(error: ValidationError, where: str) -> InputError:
    """The first thing that pydantic found, in one sentence; an unknown key with the nearest known one."""
    first = error.errors()[0]
    place = [str(step) for step in first["loc"]]
    more = f" ({error.error_count() - 1} more are wrong as well)" if error.error_count() > 1 else ""
    if first["type"] == "extra_forbidden":
        parent = f"[{'.'.join(place[:-1])}]" if place[:-1] else "the mapping"
        return InputError(
            f"{parent} has no key {place[-1]!r}{more}", where=where, do=nearest(place[-1], _keys(place[:-1]))
        )
    return InputError(
        f"{'.'.join(place)} = {str(first.get('input'))[:60]!r}{more}", where=where, expected=_expectation(first)
    )


def _expectation(error: Any) -> str:
    message = str(error["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
    message = message.partition(", unable to parse")[0].partition(" or instance of")[0]
    words = {"a valid integer": "a whole number", "a valid dictionary": "a table of keys and values"}
    return words.get(message, message.replace("a valid ", "a "))


def _keys(place: list[str]) -> set[str]:
    """Keys that a part of the mapping knows."""
    part: type[BaseModel] = Mapping
    for step in place:
        known = part.model_fields.get(step)
        if known is None:
            return set(ExtraColumn.model_fields)
        if isinstance(known.annotation, type) and issubclass(known.annotation, BaseModel):
            part = known.annotation
    return set(part.model_fields) - {"folder"}
