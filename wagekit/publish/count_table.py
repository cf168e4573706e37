"""Tables of counts and of shares of counts, such as refused rows by rule, that may be published.

Estimates have their release rules. A count has no sampling error, but it can tell of single enterprises all the same:
that one enterprise left something out, or, where one holds nearly all rows, how many people it employs. Items of which
this is so are joined with others until no group of enterprises in the table is too small or dominated. Joining leaves
no gap, so nothing can be calculated from the total and the other items.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from wagekit.disclosure.rules import ReleaseRules
from wagekit.options import Language
from wagekit.publish.captions import marked_title
from wagekit.publish.figures import Cell, Column, Row, rounded
from wagekit.publish.table import WageTable
from wagekit.publish.words import WORDS, clean_text

if TYPE_CHECKING:
    import pandas as pd

Group = tuple[str, ...]
"""Codes of the items that are printed as one."""

Figure = float | Decimal | None
"""A figure of a table; None is held back."""

_WORDS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "zh": MappingProxyType(
            {
                "other": "其他（合并）",
                "total": "合计",
                "joined": "涉及企业少于{enterprises}家或集中于个别企业的项目，并入“其他”或相邻项目列示。",
            }
        ),
        "en": MappingProxyType(
            {
                "other": "Others (together)",
                "total": "Total",
                "joined": "Items of fewer than {enterprises} enterprises, or mostly of one of them, are shown together"
                " with others.",
            }
        ),
    }
)


@dataclass(frozen=True)
class CountColumn:
    """A column of a table of counts: key, heading, heading shared with its neighbours, printed unit, decimals."""

    key: str
    heading: str
    group: str = ""
    unit: str = ""
    decimals: int = 0

    def column(self) -> Column:
        """The column as a table has it."""
        heading, group = clean_text(self.heading, where="columns"), clean_text(self.group, where="columns")
        whole = f"{group} {heading}" if group and heading.isascii() else f"{group}{heading}"
        return Column(self.key, heading, group, whole, self.decimals, self.unit)

    def cell(self, value: Figure) -> Cell:
        """The printed value; None is held back, a number that isn't finite is none, a Decimal has its own decimals."""
        if value is None:
            return Cell(None, "c")
        if isinstance(value, Decimal):
            return Cell(value)
        if not math.isfinite(value):
            return Cell(None, "x")
        return Cell(rounded(Decimal(repr(float(value))), self.decimals))


@dataclass(frozen=True)
class About:
    """What all tables of a report have in common: release rules, language, whether the data are simulated, source."""

    rules: ReleaseRules
    language: Language = "zh"
    synthetic: bool = False
    source: str = ""


def may_be_shown(amounts: pd.DataFrame, rules: ReleaseRules) -> bool:
    """Whether no group of enterprises behind some figures is too small, or mostly one enterprise.

    Parameters
    ----------
    amounts : a row for each enterprise (index; one may have several rows), a column for each group that the figures
        would tell of: what the enterprise adds to it, 0 or more.
    rules : `min_enterprises` and `max_share` are asked. A group of nobody tells of nobody.

    Examples
    --------
    >>> import pandas as pd
    >>> amounts = pd.DataFrame({"answered": [1, 1, 1, 0], "silent": [0, 0, 0, 1]}, index=list("abcd"))
    >>> may_be_shown(amounts[["answered"]], ReleaseRules()), may_be_shown(amounts, ReleaseRules())
    (True, False)
    """
    whole = amounts.groupby(level=-1).sum() if amounts.index.has_duplicates or amounts.index.nlevels > 1 else amounts
    for _, column in whole.items():
        held = column[column > 0]
        if held.empty:
            continue
        if rules.min_enterprises is not None and len(held) < rules.min_enterprises:
            return False
        if rules.max_share is not None and held.max() > rules.max_share * held.sum():
            return False
    return True


def join_items(amounts: pd.DataFrame, rules: ReleaseRules, *, ordered: bool = False) -> list[Group]:
    """Join items until each may be shown.

    Parameters
    ----------
    amounts : index of two levels, item and enterprise, items in the order in which they are printed; columns as
        :func:`may_be_shown` takes them.
    ordered : items that stand in an order, such as bands, are joined with their neighbours. Others become one item
        at the end, to which the smallest of the rest is added as long as it can't be shown either.

    Returns
    -------
    The codes of each printed item; nothing if not even all together may be shown.

    Examples
    --------
    >>> import pandas as pd
    >>> enterprises = [("A", "1"), ("A", "2"), ("A", "3"), ("B", "4"), ("C", "5"), ("C", "6"), ("D", "7")]
    >>> rows = pd.DataFrame({"rows": 1}, index=pd.MultiIndex.from_tuples(enterprises))
    >>> join_items(rows, ReleaseRules())
    [('A',), ('B', 'C', 'D')]
    >>> join_items(rows, ReleaseRules(), ordered=True)
    [('A',), ('B', 'C', 'D')]
    """
    items = [str(item) for item in dict.fromkeys(amounts.index.get_level_values(0))]
    of = {str(code): part for code, part in amounts.groupby(level=0, sort=False)}

    def passes(codes: Sequence[str]) -> bool:
        import pandas as pd

        return may_be_shown(pd.concat([of[code] for code in codes]), rules)

    size = {code: int((part > 0).any(axis=1).sum()) for code, part in of.items()}
    return (_neighbours if ordered else _others)(items, passes, size)


def _neighbours(items: Sequence[str], passes: Callable[[Sequence[str]], bool], size: Mapping[str, int]) -> list[Group]:
    """Each item that can't be shown is joined with the smaller of the nearest ones that hold somebody."""
    groups: list[Group] = [(item,) for item in items]
    while (place := next((n for n, group in enumerate(groups) if not passes(group)), None)) is not None:
        held = [n for n, group in enumerate(groups) if n != place and any(size[item] for item in group)]
        near = [*[n for n in held if n < place][-1:], *[n for n in held if n > place][:1]]
        if not near:
            return []
        other = min(near, key=lambda n: sum(size[item] for item in groups[n]))
        first, last = min(place, other), max(place, other)
        groups[first : last + 1] = [tuple(item for group in groups[first : last + 1] for item in group)]
    return groups


def _others(items: Sequence[str], passes: Callable[[Sequence[str]], bool], size: Mapping[str, int]) -> list[Group]:
    shown = [item for item in items if passes((item,))]
    rest = [item for item in items if item not in shown]
    # One item alone under the name of "others" is known by its absence.
    while rest and (len(rest) == 1 or not passes(rest)):
        if not shown:
            return []
        least = min(shown, key=lambda item: size[item])
        shown.remove(least)
        rest.append(least)
    together = tuple(item for item in items if item in rest)
    return [*((item,) for item in shown), *([together] if together else [])]


def count_table(
    amounts: pd.DataFrame,
    figures: Callable[[pd.DataFrame], Mapping[str, Figure]],
    columns: Sequence[CountColumn],
    about: About,
    *,
    title: str,
    unit: str,
    headings: Sequence[str],
    names: Callable[[Group], Sequence[str]],
    guarded: Sequence[str] | None = None,
    ordered: bool = False,
    total: bool = False,
    notes: Sequence[str] = (),
) -> WageTable:
    """A table of counts by item, items joined as far as the release rules ask for it.

    Parameters
    ----------
    amounts : index of two levels, item and enterprise, items in the order in which they are printed.
    figures : from the amounts of a printed item to its figures by column key; None for what is held back.
    columns : the columns of figures.
    about : rules, language, whether the data are simulated.
    title, unit, headings, notes : as printed.
    names : from the codes of a printed item to its name under each heading. An item of several codes is called
        "others" by :func:`other_name`.
    guarded : columns of `amounts` whose enterprises are protected; all unless given.
    ordered : as :func:`join_items` takes it.
    total : with a first row for all items together.

    Examples
    --------
    >>> import pandas as pd
    >>> firms = [("A", "1"), ("A", "2"), ("A", "3"), ("B", "4"), ("C", "5"), ("C", "6")]
    >>> rows = pd.DataFrame({"rows": 2}, index=pd.MultiIndex.from_tuples(firms))
    >>> table = count_table(rows, lambda part: {"rows": part["rows"].sum()}, [CountColumn("rows", "行数")],
    ...     About(ReleaseRules()), title="未通过审核的行数", unit="行", headings=["规则"],
    ...     names=lambda codes: [codes[0] if len(codes) == 1 else other_name("zh")])
    >>> [(row.names[0], int(row.cells[0].value)) for row in table.rows]
    [('A', 6), ('其他（合并）', 6)]
    """
    kept = amounts[list(guarded)] if guarded is not None else amounts
    groups = join_items(kept, about.rules, ordered=ordered) if len(amounts) else []
    rows: list[tuple[Sequence[str], Mapping[str, Figure]]] = []
    if total and groups and len(groups) > 1:
        blank = [""] * (len(headings) - 1)
        rows.append(([_WORDS[about.language]["total"], *blank], figures(amounts)))
    item = amounts.index.get_level_values(0).astype(str)
    rows += [(names(group), figures(amounts[item.isin(group)])) for group in groups]
    joined = any(len(group) > 1 for group in groups)
    return plain_table(
        rows, columns, about, title=title, unit=unit, headings=headings, notes=notes, joined=joined,
    )  # fmt: skip


def plain_table(
    rows: Sequence[tuple[Sequence[str], Mapping[str, Figure]]],
    columns: Sequence[CountColumn],
    about: About,
    *,
    title: str,
    unit: str,
    headings: Sequence[str],
    notes: Sequence[str] = (),
    joined: bool = False,
) -> WageTable:
    """A table of figures that were judged one by one: the names of each row and its figures, None if held back.

    Parameters
    ----------
    rows : the caller has asked :func:`may_be_shown` of everything that a figure tells of.
    columns, about, title, unit, headings, notes : as :func:`count_table` takes them.
    joined : whether items were joined, so that a note says so.
    """
    language, words = about.language, _WORDS[about.language]
    own = [WORDS[language]["synthetic_note"]] if about.synthetic else []
    if joined and about.rules.min_enterprises:
        own.append(words["joined"].format(enterprises=about.rules.min_enterprises))
    # Rows that share their first name stand together under it.
    place = {names[0]: str(number) for number, (names, _) in reversed([*enumerate(rows, start=1)])}
    made = tuple(
        Row(
            codes=(place[names[0]], *[str(number)] * (len(headings) - 1)),
            names=tuple(clean_text(name, where="names of the items") for name in names),
            cells=tuple(column.cell(values.get(column.key, math.nan)) for column in columns),
        )
        for number, (names, values) in enumerate(rows, start=1)
    )
    return WageTable(
        title=marked_title(title, language, synthetic=about.synthetic),
        unit=clean_text(unit, where="unit"),
        by=tuple(f"item_{place}" if place else "item" for place in range(len(headings))),
        headings=tuple(clean_text(heading, where="headings") for heading in headings),
        columns=tuple(column.column() for column in columns),
        rows=made,
        notes=(*own, *(clean_text(note, where="notes") for note in notes)),
        source=clean_text(about.source, where="name of the survey"),
        synthetic=about.synthetic,
        language=language,
    )


def with_decimals(value: float | None, decimals: int) -> Figure:
    """A figure with decimals of its own, for a column whose rows differ; what is held back or no number stays so.

    >>> with_decimals(12.25, 1), with_decimals(None, 1)
    (Decimal('12.3'), None)
    """
    if value is None or not math.isfinite(value):
        return value
    return rounded(Decimal(repr(float(value))), decimals)


def other_name(language: Language) -> str:
    """What items that are shown together are called.

    >>> other_name("en")
    'Others (together)'
    """
    return _WORDS[language]["other"]
