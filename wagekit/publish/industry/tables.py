"""Tables of the report about one industry that other reports don't have, and how tables are named after the industry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from wagekit.disclosure.rules import ReleaseRules
from wagekit.guidance.low_pay import low_pay
from wagekit.options import Language
from wagekit.publish.figures import Column, Row
from wagekit.publish.groups.report import MinimumWage
from wagekit.publish.industry.words import WORDS
from wagekit.publish.rearrange import rows_as_items, with_limits
from wagekit.publish.table import Measure, WageTable, release
from wagekit.publish.words import WORDS as TABLE_WORDS

if TYPE_CHECKING:
    from wagekit.survey import Survey

LINES = ("below_minimum", "below_60_median")
_PARTS = ("", "_ci_lower", "_ci_upper")


def has_figures(table: WageTable) -> bool:
    """Whether a table publishes any value."""
    return any(cell.value is not None for row in table.rows for cell in row.cells)


def named_after(industry: str, table: WageTable) -> WageTable:
    """The table with the industry's name in its title: 制造业分学历企业从业人员工资价位（2023年）."""
    title = WORDS[table.language]["named"].format(industry=industry, title=table.title)
    return replace(table, title=title)


def without_definitions(table: WageTable) -> WageTable:
    """The table without the notes on what pay and percentiles are, which the report defines once."""
    printed = TABLE_WORDS[table.language]
    defined = (printed["percentile_note"], printed["pay_note"])
    return replace(table, notes=tuple(note for note in table.notes if note not in defined))


def upright(table: WageTable) -> WageTable:
    """A published table of one row with a row for each statistic: its value and the limits of its interval.

    Parameters
    ----------
    table : for a whole sample, made with ``precision=["interval"]``; what it holds back stays held back.

    Examples
    --------
    >>> from decimal import Decimal
    >>> from wagekit.publish.figures import Cell
    >>> columns = [Column(f"p50{part}", "", "", "", 2) for part in _PARTS]
    >>> cells = tuple(Cell(Decimal(figure)) for figure in ("12.10", "11.80", "12.50"))
    >>> wide = WageTable("工资价位", "万元/年", (), ("名称",), tuple(columns), (Row(("",), ("总体",), cells),))
    >>> [(row.names, [str(cell.value) for cell in row.cells]) for row in upright(wide).rows]
    [(('50%分位值（中位数）',), ['12.10', '11.80', '12.50'])]
    """
    words, printed = WORDS[table.language], TABLE_WORDS[table.language]
    place = {column.key: number for number, column in enumerate(table.columns)}
    shown = [key for key in place if key in words and all(f"{key}{part}" in place for part in _PARTS)]
    decimals = table.columns[0].decimals if table.columns else 2
    unit = table.columns[0].unit if table.columns else ""
    heads = (printed["value"], words["lower_limit"], words["upper_limit"])
    columns = tuple(
        Column(f"value{part}", head, words["level"] if part else "", head, decimals, unit)
        for part, head in zip(_PARTS, heads, strict=True)
    )
    rows = tuple(
        Row((str(number),), (words[key],), tuple(row.cells[place[f"{key}{part}"]] for part in _PARTS))
        for row in table.rows
        for number, key in enumerate(shown, start=1)
    )
    return replace(table, by=("statistic",), headings=(words["statistic"],), columns=columns, rows=rows)


def low_pay_table(
    survey: Survey,
    chosen: MinimumWage,
    rules: ReleaseRules,
    *,
    variable: str,
    less: Sequence[str],
    wave: int,
    language: Language,
) -> WageTable:
    """Shares of low-paid workers with their intervals, a row a line.

    Parameters
    ----------
    survey : employees of the industry; the median is theirs.
    chosen : minimum wage.
    rules : of shares, see :func:`wagekit.publish.guideline.tables.percent_rules`.
    variable, less : pay, and what is taken off it before it is held against the minimum wage.
    """
    words = WORDS[language]
    codes = {line: str(number) for number, line in enumerate(LINES, start=1)}
    made = low_pay(survey, chosen.value, variable=variable, less=less, shares=(0.6,), rises=())
    # The interval of a small share reaches below 0, where no share lies.
    made = replace(made, frame=made.frame.assign(ci_lower=made.frame["ci_lower"].clip(lower=0.0)), source=None)
    made = with_limits(rows_as_items(made, "line", codes, dict.fromkeys(LINES, "share")), "share")
    measures: Mapping[str, Measure] = {
        "share": Measure(words["share"]),
        "share_ci_lower": Measure(words["lower_limit"], words["level"]),
        "share_ci_upper": Measure(words["upper_limit"], words["level"]),
    }
    notes = ["scope_note", *(["less_note"] if less else []), "median_note"]
    return release(
        made,
        rules,
        title=words["low_title"].format(year=wave),
        unit="%",
        statistics=list(measures),
        measures=measures,
        labels={codes[line]: words[line] for line in LINES},
        headings={"line": words["line"]},
        notes=[words[note] for note in notes],
        language=language,
    )
