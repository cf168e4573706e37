"""The rule tables of the notices: which line an enterprise goes by, and the clause that decides it."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from wagekit.errors import InputError
from wagekit.resources import resource

Results = Literal["growing_fast", "growing", "flat", "falling", "in_difficulty"]
"""How an enterprise's results (经济效益) develop; ``in_difficulty`` includes making a loss."""

Line = Literal["lower", "base", "upper"]
Condition = Literal["front_line", "executives", "productivity"]
EVERY_REGION = "*"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Wage(_Strict):
    """Bounds of last year's average wage; ``from`` and ``to`` include their figure, ``above`` and ``below`` don't."""

    at_least: float | None = Field(None, alias="from", gt=0)
    above: float | None = Field(None, gt=0)
    at_most: float | None = Field(None, alias="to", gt=0)
    below: float | None = Field(None, gt=0)

    def holds(self, value: float) -> bool:
        """Whether a wage lies within the bounds."""
        return (
            (self.at_least is None or value >= self.at_least)
            and (self.above is None or value > self.above)
            and (self.at_most is None or value <= self.at_most)
            and (self.below is None or value < self.below)
        )


class Range(_Strict):
    """The range a clause recommends: at a line, or between two ends. A number is a figure in per cent."""

    at: Line | float | None = None
    times: float | None = Field(None, gt=0)
    low: Line | float | None = Field(None, alias="from")
    high: Line | float | None = Field(None, alias="to")
    below: Line | float | None = None

    @model_validator(mode="after")
    def _one_shape(self) -> Self:
        ends = (self.low, self.high, self.below)
        if (self.at is None) == all(end is None for end in ends) or (self.high is not None and self.below is not None):
            raise ValueError("either at, or from with to or below")
        if self.times is not None and self.at is None:
            raise ValueError("times goes with at")
        return self

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines that must have been issued."""
        return tuple(end for end in (self.at, self.low, self.high, self.below) if isinstance(end, str))

    def issued_in(self, lines: Container[Line]) -> bool:
        """Whether all of them were."""
        return all(line in lines for line in self.lines)

    @property
    def name(self) -> str:
        """Such as ``base``, ``below_base``, ``base_to_upper``, ``base_and_above``, ``up_to_lower``, ``share_of_base``."""
        if self.at is not None:
            return f"share_of_{self.at}" if self.times is not None else _word(self.at)
        top = self.high if self.high is not None else self.below
        if self.low is None:
            return f"below_{_word(top)}" if self.below is not None else f"up_to_{_word(top)}"
        return f"{_word(self.low)}_and_above" if top is None else f"{_word(self.low)}_to_{_word(top)}"

    def ends(self, lines: Mapping[Line, tuple[float, float]]) -> tuple[float | None, float | None, bool]:
        """Lowest and highest growth in per cent, None without an end, and whether the highest is included.

        Parameters
        ----------
        lines : the issued lines as (low, high), equal but for a base range.
        """

        def value(end: Line | float | None, side: int) -> float | None:
            return lines[end][side] if isinstance(end, str) else end

        if self.at is not None:
            low, high = value(self.at, 0), value(self.at, 1)
            if self.times is None or low is None or high is None:
                return low, high, True
            # 80 % of 13 is 10.4, not 10.4000000000000004.
            return round(low * self.times, 9), round(high * self.times, 9), True
        if self.below is not None:
            return value(self.low, 0), value(self.below, 0), False
        return value(self.low, 0), value(self.high, 1), True


def _word(end: Line | float | None) -> str:
    return end if isinstance(end, str) else "zero" if end == 0 else f"{end:g}"


class Clause(_Strict):
    """One clause of a notice.

    A clause with a `range` says which line an enterprise goes by; one with a `condition` says what must hold besides.
    ``data/reference/guideline_rules.toml`` explains the keys.
    """

    id: str
    region: str
    years: tuple[int, ...] = Field((), strict=False)
    results: tuple[Results, ...] = Field((), strict=False)
    wage: Wage | None = None
    wage_yuan: Wage | None = None
    far_above: bool = False
    state_owned: bool = False
    able_to_pay: bool = False
    range: Range | None = None
    condition: Condition | None = None
    chinese: str
    english: str
    source: str
    status: Literal["found", "background"]

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.range is None) == (self.condition is None):
            raise ValueError("either range or condition")
        if self.range is not None and not self.results:
            raise ValueError("results, where there is a range")
        return self

    @property
    def unconditional(self) -> bool:
        """Whether the clause asks for nothing but the development of results."""
        return not (self.wage or self.wage_yuan or self.far_above or self.state_owned or self.able_to_pay)

    def covers(self, region: str, year: int) -> bool:
        """Whether the clause is of that region's notice of the year, or of every region."""
        return self.region == EVERY_REGION or (self.region == region and (not self.years or year in self.years))

    def text(self, language: Literal["zh", "en"] = "zh") -> str:
        """The clause in words."""
        return self.chinese if language == "zh" else self.english


def load_clauses(path: str | os.PathLike[str] | None = None) -> tuple[Clause, ...]:
    """The clauses of all regions, in the order in which they are tried.

    Parameters
    ----------
    path : a TOML file of a user's own, whose clauses come before the shipped ones.

    Raises
    ------
    InputError
        If the file can't be read or a clause is wrong: says which.

    Examples
    --------
    >>> [clause.id for clause in load_clauses() if clause.covers("上海", 2023)][:2]
    ['shanghai-high-pay', 'shanghai-low-pay']
    """
    shipped = _read(resource("data", "reference", "guideline_rules.toml"))
    clauses = shipped if path is None else (*_read(Path(path)), *shipped)
    # Clauses of every region are what is left where no notice's own clause fits.
    return tuple(sorted(clauses, key=lambda clause: clause.region == EVERY_REGION))


@lru_cache(maxsize=8)
def _parse(text: str, where: str) -> tuple[Clause, ...]:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"the file is not TOML ({error})", where=where) from error
    unknown = sorted(set(content) - {"clauses"})
    if unknown or not isinstance(content.get("clauses"), list):
        raise InputError(f"found {', '.join(unknown) or 'no clauses'}", where=where, expected="[[clauses]]")
    made: list[Clause] = []
    for number, entry in enumerate(content["clauses"], start=1):
        try:
            made.append(Clause.model_validate(entry))
        except ValidationError as error:
            first: Any = error.errors()[0]
            name = f"{where}, [[clauses]] {number}"
            key = ".".join(map(str, first["loc"]))
            raise InputError(first["msg"], where=f"{name}, {key}" if key else name) from error
    return tuple(made)


def _read(path: Path) -> tuple[Clause, ...]:
    try:
        return _parse(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the rules can't be read ({error})", where=str(path)) from error


@dataclass(frozen=True)
class Undecided:
    """A clause that comes before the deciding one and could not be judged: `missing` names what was not known."""

    clause: Clause
    missing: str


@dataclass(frozen=True)
class Enterprise:
    """What the clauses ask about an enterprise; see ``Guideline.applicable_line``."""

    results: Results
    average_wage: float | None = None
    city_average: float | None = None
    state_owned: bool = False
    able_to_pay: bool | None = None
    far_above: float | None = None

    @property
    def multiple(self) -> float | None:
        """Last year's average wage over the city's; None where one of them isn't known."""
        if self.average_wage is None or self.city_average is None:
            return None
        # Rounded, so that 60 % of a city's average typed in is 60 % of it.
        return round(self.average_wage / self.city_average, 12)


def fits(clause: Clause, enterprise: Enterprise, issued: Sequence[Line]) -> bool | str:
    """Whether a clause with a range fits an enterprise; the name of what is missing where that isn't known."""
    assert clause.range is not None
    if enterprise.results not in clause.results or (clause.state_owned and not enterprise.state_owned):
        return False
    if clause.able_to_pay and enterprise.able_to_pay is False:
        return False
    wage = enterprise.average_wage
    if clause.wage_yuan is not None and wage is not None and not clause.wage_yuan.holds(wage):
        return False
    multiple = enterprise.multiple
    if multiple is not None:
        if clause.wage is not None and not clause.wage.holds(multiple):
            return False
        if clause.far_above and enterprise.far_above is not None and multiple < enterprise.far_above:
            return False
    needed = {
        "average_wage": (clause.wage or clause.wage_yuan or clause.far_above) and wage is None,
        "city_average": (clause.wage or clause.far_above) and enterprise.city_average is None,
        "far_above": clause.far_above and enterprise.far_above is None,
        "able_to_pay": clause.able_to_pay and enterprise.able_to_pay is None,
        **{f"{line} line": True for line in clause.range.lines if line not in issued},
    }
    return next((name for name, missing in needed.items() if missing), True)
