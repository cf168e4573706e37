"""The wage-growth guideline (企业工资指导线) of a region and year: its lines, and which of them an enterprise goes by."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

from wagekit.errors import InputError
from wagekit.guidance.lines import Band, band_numbers, bands_of, guidelines, line_of
from wagekit.guidance.rules import Clause, Enterprise, Line, Results, Undecided, fits, load_clauses

if TYPE_CHECKING:
    import pandas as pd

    from wagekit.estimates import Estimates
    from wagekit.guidance.comparison import GuidelineComparison
    from wagekit.guidance.enterprises import EnterpriseGrowth
    from wagekit.guidance.shares import Of
    from wagekit.survey_statistics import By


@dataclass(frozen=True)
class ConditionMet:
    """A clause that must hold besides the line, and whether it does; None where that isn't known."""

    clause: Clause
    met: bool | None


@dataclass(frozen=True)
class ApplicableLine:
    """What a guideline recommends to one enterprise. Made by :meth:`Guideline.applicable_line`.

    Parameters
    ----------
    line : such as ``base``, ``below_base``, ``base_to_upper``, ``base_and_above``, ``lower``, ``below_lower``;
        ``none`` where no clause fits or the line it speaks of was not issued.
    low, high : recommended growth of nominal average pay in per cent; None where the clause sets no such end.
    high_included : False where growth should stay below `high`.
    wage_low, wage_high : the same as this year's average wage in 元 a year; None without last year's, or an end.
    wage_multiple : last year's average wage over the city's, None where not known.
    clause : what decided, None where nothing did.
    conditions : what must hold besides.
    undecided : clauses that come first and could not be judged for want of a fact.
    """

    line: str
    low: float | None
    high: float | None
    high_included: bool
    wage_low: float | None
    wage_high: float | None
    wage_multiple: float | None
    clause: Clause | None
    conditions: tuple[ConditionMet, ...] = ()
    undecided: tuple[Undecided, ...] = ()


@dataclass(frozen=True)
class Guideline:
    """The guideline lines of one region and year, in per cent of growth of nominal average pay. From :func:`guideline`.

    Parameters
    ----------
    base : base or average line (基准线, 平均线) as (low, high), equal where one figure was published; None where
        it isn't known.
    upper, lower : upper or warning line (上线, 警戒线) and lower line (下线), None where not issued or not found.
    base_name : what the notice calls the base line.
    source, source_kind : where the figures were read, and how far they can be trusted (data/reference/README.md).
    clauses : the rule table of the region and year, in the order in which clauses are tried.
    """

    region: str
    year: int
    base: tuple[float, float] | None
    upper: float | None
    lower: float | None
    base_name: str
    source: str
    source_kind: str = "found"
    clauses: tuple[Clause, ...] = field(default=(), repr=False)

    @property
    def issued(self) -> dict[Line, tuple[float, float]]:
        """The lines that were issued as (low, high), equal but for a base range."""
        lines: dict[Line, tuple[float, float]] = {} if self.base is None else {"base": self.base}
        if self.lower is not None:
            lines["lower"] = (self.lower, self.lower)
        if self.upper is not None:
            lines["upper"] = (self.upper, self.upper)
        return lines

    @property
    def bands(self) -> tuple[Band, ...]:
        """The bands of growth that the issued lines mark off; see :func:`wagekit.guidance.lines.bands_of`."""
        return bands_of(self.lower, self.base, self.upper)

    def band(self, growth: float) -> str:
        """The band that growth in per cent lies in; a line belongs to the band above it.

        Examples
        --------
        >>> [guideline("上海", 2023).band(growth) for growth in (1.99, 2, 4.9, 5)]
        ['below_lower', 'lower_to_base', 'lower_to_base', 'base_and_above']
        """
        import numpy as np

        if not math.isfinite(growth):
            raise InputError(f"a growth of {growth!r}", where="band", expected="a number in per cent")
        return self.bands[int(band_numbers(np.array([growth]), self.bands)[0])].name

    def applicable_line(
        self,
        results: Results,
        *,
        average_wage: float | None = None,
        city_average: float | None = None,
        state_owned: bool = False,
        able_to_pay: bool | None = None,
        far_above: float | None = None,
        growth: float | None = None,
        front_line_growth: float | None = None,
        executive_growth: float | None = None,
    ) -> ApplicableLine:
        """Which line an enterprise goes by, the clause that decides it, and the range in per cent and in 元.

        Parameters
        ----------
        results : how its results develop.
        average_wage, city_average : last year's average wage of the enterprise and of the city, 元 a year.
        state_owned : whether it is state-owned.
        able_to_pay : whether it can pay for more; None where that isn't known.
        far_above : the multiple of the city's average wage from which pay counts as far above it, where the notice
            names none (大庆 2021).
        growth, front_line_growth, executive_growth : planned growth of average pay, of the low-paid front line's and
            of the executives', in per cent, for the conditions.

        Raises
        ------
        InputError
            For an unknown word of `results`, or a wage that is not positive.

        Examples
        --------
        >>> line = guideline("上海", 2023).applicable_line("growing", average_wage=300_000, city_average=146_196)
        >>> line.line, line.low, line.high, line.high_included, line.clause.id
        ('below_base', None, 5.0, False, 'shanghai-high-pay')
        >>> guideline("上海", 2023).applicable_line("falling", average_wage=100_000).wage_high
        102000.0
        """
        if results not in get_args(Results):
            raise InputError(f"{results!r}", where="results", expected=f"one of {', '.join(get_args(Results))}")
        wages = {"average_wage": average_wage, "city_average": city_average, "far_above": far_above}
        for name, value in wages.items():
            if value is not None and not (math.isfinite(value) and value > 0):
                raise InputError(f"{value!r}", where=name, expected="a number above 0")
        enterprise = Enterprise(results, average_wage, city_average, state_owned, able_to_pay, far_above)
        lines = self.issued
        undecided: list[Undecided] = []
        conditions = self._conditions(growth, front_line_growth, executive_growth)
        for clause in self.clauses:
            if clause.range is None:
                continue
            fit = fits(clause, enterprise, tuple(lines))
            if isinstance(fit, str):
                undecided.append(Undecided(clause, fit))
            elif fit:
                low, high, included = clause.range.ends(lines)
                return ApplicableLine(
                    clause.range.name,
                    low,
                    high,
                    included,
                    _wage(average_wage, low),
                    _wage(average_wage, high),
                    enterprise.multiple,
                    clause,
                    conditions,
                    tuple(undecided),
                )
        return ApplicableLine(
            "none", None, None, True, None, None, enterprise.multiple, None, conditions, tuple(undecided)
        )

    def _conditions(
        self, growth: float | None, front_line: float | None, executives: float | None
    ) -> tuple[ConditionMet, ...]:
        given = {"front_line": front_line, "executives": executives}
        made: list[ConditionMet] = []
        for clause in self.clauses:
            if clause.condition is None:
                continue
            part = given.get(clause.condition)
            met: bool | None = None
            if growth is not None and part is not None:
                met = part >= growth if clause.condition == "front_line" else part < growth
            made.append(ConditionMet(clause, met))
        return tuple(made)

    def compare(
        self, growth: Estimates | pd.DataFrame, *, column: str = "growth", cpi: float | None = None
    ) -> GuidelineComparison:
        """Hold growth of pay against the lines; see :func:`wagekit.guidance.comparison.compare`.

        Parameters
        ----------
        growth : Estimates with the statistic ``growth`` (:func:`wagekit.change`), or a frame with a row an enterprise.
        column : of such a frame, growth as a share: 0.05 is 5 %.
        cpi : growth of consumer prices in per cent, for real growth.
        """
        from wagekit.guidance.comparison import compare

        return compare(self, growth, column=column, cpi=cpi)

    def shares(self, growth: EnterpriseGrowth, by: By = None, *, of: Of = "enterprises") -> Estimates:
        """Share of enterprises, or of their workers, in each band; see :func:`wagekit.guidance.shares.shares`."""
        from wagekit.guidance.shares import shares

        return shares(self, growth, by, of=of)


def guideline(
    region: str,
    year: int,
    *,
    lines: pd.DataFrame | None = None,
    rules: str | os.PathLike[str] | None = None,
) -> Guideline:
    """The wage-growth guideline of a region and year.

    Parameters
    ----------
    region : as the lines name it: 上海, 北京, 成都 …
    year : the year whose growth the lines are for: growth of average pay of this year over the year before.
    lines : a store's own lines (``Store.guideline_lines()``) in place of the shipped ones.
    rules : a TOML file with a region's own clauses, tried before the shipped ones
        (``data/reference/guideline_rules.toml`` shows how).

    Raises
    ------
    InputError
        If there is no such region or year; names those there are.

    Examples
    --------
    >>> shanghai = guideline("上海", 2019)
    >>> shanghai.base, shanghai.upper, shanghai.lower
    ((5.0, 6.0), None, None)
    """
    return _from_line(line_of(region, year, lines), load_clauses(rules))


def guidelines_until(region: str, year: int, *, lines: pd.DataFrame | None = None) -> tuple[Guideline, ...]:
    """The guidelines of a region up to a year, oldest first.

    Parameters
    ----------
    region, year, lines : as :func:`guideline` takes them.

    Raises
    ------
    InputError
        If there is no such region.

    Examples
    --------
    >>> [made.year for made in guidelines_until("上海", 2023)][-2:]
    [2022, 2023]
    """
    known = guidelines(region, lines=lines)
    clauses = load_clauses()
    rows = known[known["year"] <= year].sort_values("year", kind="stable").to_dict("records")
    return tuple(_from_line(row, clauses) for row in rows)


def _from_line(row: Mapping[Any, Any], clauses: Sequence[Clause]) -> Guideline:
    """The guideline of a row of the lines; see :func:`wagekit.guidance.lines.guidelines`."""
    region, year = str(row["region"]), int(row["year"])
    low, high = _known(row["base_low"]), _known(row["base_high"])
    return Guideline(
        region=region,
        year=year,
        base=None if low is None or high is None else (low, high),
        upper=_known(row["upper"]),
        lower=_known(row["lower"]),
        base_name=_text(row["base_name"]) or "基准线",
        source=_text(row["source"]),
        source_kind=_text(row["source_kind"]) or "found",
        clauses=tuple(clause for clause in clauses if clause.covers(region, year)),
    )


def _known(value: Any) -> float | None:
    number = float(value)
    return None if math.isnan(number) else number


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _wage(average_wage: float | None, growth: float | None) -> float | None:
    """This year's average wage in 元, to the 分."""
    if average_wage is None or growth is None:
        return None
    return round(average_wage * (1 + growth / 100), 2)
