"""The wage table: what may leave the house, and how estimates become one."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast, get_args

from wagekit.disclosure.rules import ReleaseRules, judge, rules_for
from wagekit.errors import ReleaseError
from wagekit.options import HeldBack, Language, Layout, Order, Precision
from wagekit.publish.captions import headings_of, notes_of, source_of, title_of, unit_of
from wagekit.publish.counts import refuse_counts_beside_means, refuse_sums_beside_gaps
from wagekit.publish.figures import (
    Cell,
    Column,
    EstimateRow,
    Labels,
    Namer,
    Row,
    Unit,
    cells_of,
    code_order,
    codes_of,
    columns_of,
    count_cells,
    is_money,
    rows_of,
    statistics_in_order,
)
from wagekit.publish.held_back import Judged, record
from wagekit.publish.words import (
    WORDS,
    Status,
    clean_text,
    unit_text,
)

if TYPE_CHECKING:
    import pandas as pd

    from wagekit.estimates import Estimates

MARK = ".."
"""Stands for a value that isn't shown, in HTML and PDF. Not "…": in Chinese yearbooks that is a value too small
for the unit."""


@dataclass(frozen=True)
class Measure:
    """How a statistic is printed that is not in the unit of the variable: growth or a share in per cent.

    Parameters
    ----------
    heading : of its column, in the language of the table.
    group : heading that it shares with its neighbours, if any.
    unit, factor, decimals : printed unit, divisor from the data's unit to it, decimals.
    """

    heading: str
    group: str = ""
    unit: str = "%"
    factor: float = 0.01
    decimals: int = 1

    def column(self, key: str) -> Column:
        """The column of a statistic that is printed so."""
        heading, group = clean_text(self.heading, where="measures"), clean_text(self.group, where="measures")
        whole = f"{group} {heading}" if group and heading.isascii() else f"{group}{heading}"
        return Column(key, heading, group, whole, self.decimals, self.unit)

    def cell(self, figure: EstimateRow | None, status: Status) -> Cell:
        """The printed value of an estimate's row; none where it is held back or there is no number."""
        if figure is None:
            return Cell(None, status)
        if not math.isfinite(figure.estimate):
            return Cell(None, "x")
        return Cell(Unit.of(self.unit, self.factor, self.decimals).round(figure.estimate))


@dataclass(frozen=True)
class WageTable:
    """A table of wage levels (工资价位) that may be published. Made by :func:`release`.

    It holds rounded, releasable values only: what was held back was left behind when it was made. In a notebook it
    shows itself in the published look.

    Parameters
    ----------
    title, unit, notes : as printed, in `language`.
    by : names of the domain columns.
    headings : heading of the name column of each domain column.
    columns : the columns of figures.
    rows : in the order of their codes.
    left_out : number of items that have no publishable value and are not listed.
    source : name of the survey, empty if it has none.
    synthetic : whether the data are simulated; the title, a note and the open data say so.
    """

    title: str
    unit: str
    by: tuple[str, ...]
    headings: tuple[str, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    left_out: int = 0
    source: str = ""
    synthetic: bool = False
    language: Language = "zh"

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        table = self.to_json()
        heads = [WORDS[self.language]["number"], *self.headings, *(column.heading for column in self.columns)]
        lines = [heads, *table["rows"]]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        texts = (" ".join(map(str.rjust, line, widths)) for line in lines)
        return "\n".join((self.title, table["unit"], *texts, *table["notes"]))

    @cached_property
    def id(self) -> str:
        """A name made of the table's content, the same for the same table."""
        content = repr((self.title, self.unit, self.headings, self.columns, self.rows, self.notes))
        return "wagekit-" + hashlib.sha256(content.encode()).hexdigest()[:12]

    @property
    def statuses(self) -> tuple[Status, ...]:
        """The marks that occur in the table, in the order c, u, x."""
        seen = {cell.status for row in self.rows for cell in row.cells}
        return tuple(status for status in cast("tuple[Status, ...]", ("c", "u", "x")) if status in seen)

    def printed(self, cell: Cell, column: Column, *, mark: str = MARK) -> str:
        """A cell as it is printed: the figure with its decimals, or `mark`."""
        if cell.value is None:
            return mark
        return f"{cell.value:,f}" if self.language == "en" else f"{cell.value:f}"

    def printed_notes(self) -> tuple[str, ...]:
        """The notes, with the meaning of :data:`MARK` where it is used."""
        if not self.statuses:
            return self.notes
        return (*self.notes, WORDS[self.language]["mark_note"].format(mark=MARK))

    def to_frame(self, layout: Layout = "wide") -> pd.DataFrame:
        """The published values as a frame: not a figure more than the table shows.

        Parameters
        ----------
        layout : ``wide``: a row an item, for each domain column its code and ``<column>_name``, then the columns of
            figures by their keys (``p10``, …), NaN where nothing is published. ``tidy``: a row a figure, with
            ``statistic``, ``value``, ``unit`` and ``status`` (:data:`~wagekit.publish.words.Status`).
        """
        import pandas as pd

        if layout == "tidy":
            from wagekit.publish.open_data import tidy_frame

            return tidy_frame(self)
        data: dict[str, list[Any]] = {}
        for position, column in enumerate(self.by or ("all",)):
            data[column] = [row.codes[position] for row in self.rows]
            data[f"{column}_name"] = [row.names[position] for row in self.rows]
        for position, figure in enumerate(self.columns):
            values = [row.cells[position].value for row in self.rows]
            data[figure.key] = [float("nan") if value is None else float(value) for value in values]
        return pd.DataFrame(data)

    def to_excel(self, path: str | os.PathLike[str]) -> None:
        """Write a workbook with this table; see :func:`wagekit.publish.workbook.write_workbook`."""
        from wagekit.publish.workbook import write_workbook

        write_workbook([self], path, title=self.title)

    def to_csv(self, path: str | os.PathLike[str], *, layout: Layout = "wide", bom: bool | None = None) -> None:
        """Write the table as UTF-8 CSV; see :func:`wagekit.publish.open_data.write_csv`."""
        from wagekit.publish.open_data import write_csv

        write_csv(self, path, layout=layout, bom=bom)

    def to_html(self) -> str:
        """The table as HTML that needs nothing from elsewhere."""
        from wagekit.publish.html_table import table_html

        return table_html(self)

    def to_json(self) -> dict[str, Any]:
        """The table in words, as other writers (the PDF's) read it: title, unit, columns, rows, notes, id."""
        words = WORDS[self.language]
        columns: list[dict[str, str | None]] = [{"label": words["number"], "align": "center", "group": None}]
        columns += [{"label": heading, "align": "left", "group": None} for heading in self.headings]
        columns += [{"label": each.label, "align": "right", "group": each.group or None} for each in self.columns]
        rows = [
            [
                str(number),
                *row.names,
                *(self.printed(cell, column) for cell, column in zip(row.cells, self.columns, strict=True)),
            ]
            for number, row in enumerate(self.rows, start=1)
        ]
        notes = list(self.printed_notes()) if rows else [*self.printed_notes(), words["empty"]]
        unit = f"{words['unit']}{self.unit}"
        return {"title": self.title, "unit": unit, "columns": columns, "rows": rows, "notes": notes, "id": self.id}

    def plot(self, **options: Any) -> Any:
        """Draw the table; see :func:`wagekit.publish.charts.percentile_strips`."""
        from wagekit.publish import charts

        return charts.percentile_strips(self, **options)

    def _repr_html_(self) -> str:
        return self.to_html()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {
            "text/plain": repr(self),
            "text/html": self.to_html(),
            "application/vnd.wagekit.table+json": self.to_json(),
        }


_STATUS: Mapping[str, Status] = {
    "": "",
    "too_few_enterprises": "c",
    # One mark for all three: that a cell is dominated says something about the enterprise that dominates it.
    "too_few_employees": "c",
    "dominance": "c",
    "not_estimable": "x",
    "precision": "u",
}


def release(
    estimates: Estimates | Sequence[Estimates],
    rules: ReleaseRules | None = None,
    *,
    title: str | None = None,
    unit: str | None = None,
    factor: float | None = None,
    decimals: int | None = None,
    labels: Mapping[str, Any] | Labels | None = None,
    headings: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    statistics: Sequence[str] | None = None,
    order: Order = "ascending",
    precision: Sequence[Precision] = (),
    counts: bool = False,
    held_back: HeldBack = "drop",
    measures: Mapping[str, Measure] | None = None,
    language: Language = "zh",
) -> WageTable:
    """Apply the release rules to estimates and make the table that may be published.

    Parameters
    ----------
    estimates : one or several (percentiles and means, say) of one variable for the same domain columns.
    rules : the release rules; the defaults of :class:`ReleaseRules` unless given.
    title : as printed; made from the domain columns and the survey's name unless given.
    unit : as printed; the survey's, or 元/年, unless given. ``万元/年`` divides by 10,000 and prints 2 decimals.
    factor, decimals : divisor from the data's unit to the printed one, and decimals, where `unit` doesn't imply them.
    labels : for each domain column a classification or a mapping from code to name; for one domain column they can
        be given directly. A code without a name is printed as it is.
    headings : domain column -> heading of its names.
    notes : printed below the table's own notes.
    statistics : the statistics to print, all unless given.
    order : percentiles from 10 to 90 or from 90 to 10.
    precision : what to print beside each value. Limits of percentiles are themselves percentiles further out, so
        they ask for ``min_employees_tails`` respondents.
    counts : print the number of respondents and of enterprises in the sample.
    held_back : leave out rows without any publishable value, or list them.
    measures : statistic -> how it is printed, for those that are not in `unit`; `precision` is for the others.
    language : Chinese or English.

    Raises
    ------
    ReleaseError
        If the estimates don't belong in one table, an option is unknown, or counts beside means would let a reader
        calculate a mean that is held back.

    Examples
    --------
    >>> import pandas as pd
    >>> from wagekit.estimates import Estimates
    >>> frame = pd.DataFrame({"industry": ["I", "J"], "statistic": ["p50", "p50"], "estimate": [152340.0, 171990.0],
    ...     "se": [2100.0, 3300.0], "cv": [0.014, 0.019], "ci_lower": [148e3, 166e3], "ci_upper": [156e3, 178e3],
    ...     "df": [20.0, 9.0], "deff": [1.5, 1.6], "n": [420, 130], "n_psu": [22, 2], "flag": ["", ""]})
    >>> domains = pd.DataFrame({"industry": ["I", "J"], "n": [420, 130], "n_psu": [22, 2],
    ...     "largest_share": [0.2, 0.6], "largest_weighted_share": [0.2, 0.6]})
    >>> table = release(Estimates(frame, ("industry",), "annual_pay", domains), unit="万元/年",
    ...     labels={"industry": {"I": "信息传输、软件和信息技术服务业", "J": "金融业"}})
    >>> table.title, [row.names[0] for row in table.rows], str(table.rows[0].cells[0].value)
    ('分行业门类企业从业人员工资价位', ['信息传输、软件和信息技术服务业'], '15.23')
    """
    _check_options(order, precision, held_back, language)
    parts = list(estimates) if isinstance(estimates, Sequence) else [estimates]
    first = _same_table(parts)
    rules = rules_for(first, rules or ReleaseRules())
    metadata = first.metadata
    printed_unit = Unit.of(unit or unit_of(first), factor, decimals)
    available = list(dict.fromkeys(str(word) for part in parts for word in part.frame["statistic"]))
    chosen = statistics_in_order(available, statistics, descending=order == "descending")
    level = float(metadata.get("level") or 0.95)
    measured = dict(measures or {})
    columns = tuple(
        column
        for word in chosen
        for column in (
            (measured[word].column(word),)
            if word in measured
            else columns_of([word], precision, False, printed_unit, level=level, language=language)
        )
    )
    columns += columns_of([], precision, counts, printed_unit, level=level, language=language)

    names = Namer(first.by, labels, language)
    rows: list[Row] = []
    left_out = 0
    judged = [(part, judge(part, rules)["reason"].tolist()) for part in parts]
    items = _released(judged)
    for key in sorted(items, key=code_order):
        figures = {word: items[key].get(word, _ABSENT) for word in chosen}
        if held_back == "drop" and all(status for _, status in figures.values()):
            left_out += 1
            continue
        cells: list[Cell] = []
        for word, (figure, status) in figures.items():
            if word in measured:
                cells.append(measured[word].cell(figure, status))
            else:
                cells += cells_of(word, figure, status, precision, printed_unit, rules)
        if counts:
            cells += count_cells([figure for figure, _ in figures.values() if figure is not None])
        rows.append(Row(key or ("",), names(key), tuple(cells)))

    table = WageTable(
        title=title_of(title, first, headings, language),
        unit=clean_text(unit_text(printed_unit.name, language), where="unit"),
        by=first.by,
        headings=headings_of(first.by, headings, language),
        columns=columns,
        rows=tuple(rows),
        notes=notes_of(first, rules, chosen, left_out, notes, language),
        left_out=left_out,
        source=source_of(first, language),
        synthetic=bool(metadata.get("synthetic")),
        language=language,
    )
    refuse_counts_beside_means([table])
    refuse_sums_beside_gaps(table)
    factors = {word: float(printed_unit.factor) for word in available if is_money(word)}
    record(table, judged, rules, factors | {word: measure.factor for word, measure in measured.items()})
    return table


def _check_options(order: str, precision: Sequence[str], held_back: str, language: str) -> None:
    for name, values, known in (
        ("order", [order], get_args(Order)),
        ("precision", [precision] if isinstance(precision, str) else precision, get_args(Precision)),
        ("held_back", [held_back], get_args(HeldBack)),
        ("language", [language], get_args(Language)),
    ):
        for value in values:
            if value not in known:
                raise ReleaseError(f"found {value!r}", where=f"option {name}", expected=f"one of {', '.join(known)}")


def _same_table(parts: Sequence[Estimates]) -> Estimates:
    """The first of several estimates that share variable and domain columns."""
    if not parts:
        raise ReleaseError("there are no estimates to release", expected="the result of a statistic")
    first = parts[0]
    for part in parts[1:]:
        if (tuple(part.by), part.variable) != (tuple(first.by), first.variable):
            raise ReleaseError(
                f"estimates of {part.variable!r} by {list(part.by)} beside {first.variable!r} by {list(first.by)}",
                where="the estimates",
                expected="one variable and the same domain columns",
                do="Release them as tables of their own",
            )
    return first


_ABSENT: tuple[EstimateRow | None, Status] = (None, "x")


def _released(
    judged: Judged,
) -> dict[tuple[str, ...], dict[str, tuple[EstimateRow | None, Status]]]:
    """Item -> statistic -> its estimate and "", or None and why not."""
    items: dict[tuple[str, ...], dict[str, tuple[EstimateRow | None, Status]]] = {}
    for part, reasons in judged:
        words = [str(word) for word in part.frame["statistic"].tolist()]
        rows = zip(codes_of(part.frame, part.by), words, rows_of(part.frame), reasons, strict=True)
        for key, word, figure, reason in rows:
            item = items.setdefault(key, {})
            if word in item:
                raise ReleaseError(
                    f"two estimates of {word!r} for the item {' / '.join(key) or 'all'}",
                    where="the estimates",
                    expected="one for each domain and statistic",
                )
            # What is held back is forgotten here: from now on there is only its mark.
            item[word] = (None if reason else figure, _STATUS[reason])
    return items
