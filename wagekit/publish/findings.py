"""What a published table says, in words: computed from the printed figures, so that words and table agree.

Only :class:`~wagekit.publish.table.WageTable` is read, never estimates: what is held back can't be talked about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from wagekit.errors import ReleaseError
from wagekit.options import Language
from wagekit.publish.figures import percent, rounded
from wagekit.publish.rendering.markdown import escape_markdown
from wagekit.publish.words import WORDS, dimension_in_title

if TYPE_CHECKING:
    from wagekit.publish.table import WageTable


@dataclass(frozen=True)
class Text:
    """A paragraph for a report, as Markdown in which every value from data is escaped. ``a + b`` joins two."""

    markdown: str
    language: Language = "zh"

    def __add__(self, other: Text) -> Text:
        gap = "" if self.language == "zh" or not self.markdown or not other.markdown else " "
        return Text(f"{self.markdown}{gap}{other.markdown}", self.language)

    def __str__(self) -> str:
        return self.markdown

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/markdown": self.markdown, "text/plain": self.markdown}


_WORDS: dict[Language, dict[str, str]] = {
    "zh": {
        "p50": "中位数",
        "mean": "平均值",
        "percentile": "{percent}%分位值",
        "coverage": "本次发布依据{firms}家企业、{people}名从业人员的有效数据。",
        "overall": "全部从业人员工资报酬的中位数为**{p50}**。",
        "overall_mean": "平均值为{mean}，是中位数的{ratio}倍。",
        "overall_tails": "10%的从业人员不高于{p10}，10%的从业人员不低于{p90}，后者是前者的{ratio}倍。",
        "highest": "{by}{name}的{statistic}最高，为**{value}**",
        "by": "分{dimensions}看，",
        "next": "，其次是{names}",
        "then": "，再次是",
        "lowest": "；{name}最低，为**{value}**，最高为最低的{ratio}倍。",
        "single": "。",
        "and": "、",
        "named": "{name}（{value}）",
        "spread": "内部差距最大的是{high}，90%分位值为10%分位值的**{high_ratio}倍**；最小的是{low}，为{low_ratio}倍。",
        "spread_single": "{high}的90%分位值为10%分位值的{high_ratio}倍。",
        "rise": "{by}{statistic}逐级上升，由{first}的{first_value}升至{last}的{last_value}，为前者的**{ratio}倍**。",
        "no_rise": "{by}{statistic}由{first}的{first_value}变为{last}的{last_value}，其间并非逐级上升：{breaks}低于前一级。",
        "held_back": "本表公布{rows}个项目、{values}个数值。",
        "left_out": "另有{count}个项目按发布规则未予公布。",
        "gaps": "已列项目中有{count}个数值按发布规则未予公布。",
        "precision_cv": "{statistic}的变异系数在{low}%至{high}%之间，中间水平为{middle}%，误差最大的是{name}。",
        "precision_interval": "{statistic}的置信区间半宽与估计值之比在{low}%至{high}%之间，中间水平为{middle}%，"
        "误差最大的是{name}。",
        "none": "本表没有可以公布的项目。",
        "nothing": "按发布规则，本项没有可以公布的数值。",
    },
    "en": {
        "p50": "median",
        "mean": "mean",
        "percentile": "{percent}% percentile",
        "coverage": "The figures rest on valid data of {firms} enterprises and {people} employees.",
        "overall": "The median pay of all employees is **{p50}**.",
        "overall_mean": "The mean is {mean}, {ratio} times the median.",
        "overall_tails": "One in ten employees earns {p10} or less and one in ten {p90} or more, {ratio} times as much.",
        "highest": "{by}the {statistic} is highest for {name}, **{value}**",
        "by": "By {dimensions}, ",
        "next": ", followed by {names}",
        "then": " and ",
        "lowest": "; it is lowest for {name}, **{value}**. The highest is {ratio} times the lowest.",
        "single": ".",
        "and": " and ",
        "named": "{name} ({value})",
        "spread": "Pay differs most within {high}, where the 90% percentile is **{high_ratio} times** the 10% percentile,"
        " and least within {low} ({low_ratio} times).",
        "spread_single": "Within {high} the 90% percentile is {high_ratio} times the 10% percentile.",
        "rise": "{by}the {statistic} rises at each step, from {first_value} ({first}) to {last_value}"
        " ({last}), **{ratio} times** as much.",
        "no_rise": "{by}the {statistic} goes from {first_value} ({first}) to {last_value} ({last}), though not at each step:"
        " {breaks} lies below the step before.",
        "held_back": "Items in this table: {rows}; values: {values}.",
        "left_out": "Items not published under the release rules: {count}.",
        "gaps": "Values of listed items not published under the release rules: {count}.",
        "precision_cv": "The coefficient of variation of the {statistic} lies between {low}% and {high}%, {middle}% in the"
        " middle of the items; it is largest for {name}.",
        "precision_interval": "Half the width of the {statistic}'s confidence interval is {low}% to {high}% of the estimate,"
        " {middle}% in the middle of the items; it is largest for {name}.",
        "none": "This table has no items that may be published.",
        "nothing": "Under the release rules there are no values to publish here.",
    },
}


@dataclass(frozen=True)
class _Item:
    name: str
    value: Mapping[str, Decimal]
    said: Mapping[str, str]


class _Reader:
    """A table's published values by column key, as numbers and as they are said: figure and unit."""

    def __init__(self, table: WageTable) -> None:
        self.words = _WORDS[table.language]
        self.language = table.language
        dimensions = WORDS[table.language]["cross"].join(dimension_in_title(c, table.language) for c in table.by)
        self.by = self.words["by"].format(dimensions=escape_markdown(dimensions)) if table.by else ""
        self.items: list[_Item] = []
        for row in table.rows:
            cells = [(c, cell) for c, cell in zip(table.columns, row.cells, strict=True) if cell.value is not None]
            value = {column.key: cell.value for column, cell in cells if cell.value is not None}
            said = {key: _said(table, number) for key, number in value.items()}
            joined = ("·" if table.language == "zh" else " / ").join(row.names)
            self.items.append(_Item(escape_markdown(joined), value, said))

    def with_values(self, *keys: str) -> list[_Item]:
        return [item for item in self.items if all(key in item.value for key in keys)]

    def statistic(self, key: str) -> str:
        share = percent(key)
        return self.words.get(key) or self.words["percentile"].format(percent=share or key)

    def say(self, key: str, **values: object) -> Text:
        return Text(self.words[key].format(**values), self.language)


def _said(table: WageTable, value: Decimal) -> str:
    """A figure with its unit in a sentence: 15.23万元, in English 152,300 yuan."""
    money = table.unit.removesuffix("/年").removesuffix(" a year")
    if table.language == "zh":
        return f"{value:f}{money}"
    if money == "10,000 yuan":
        value, money = value * 10_000, "yuan"
        return f"{value:,.0f} {money}"
    return f"{value:,f} {money}"


def _ratio(high: Decimal, low: Decimal) -> Decimal:
    return rounded(high / low, 2)


def coverage(table: WageTable) -> Text:
    """How many enterprises and employees the figures rest on.

    Parameters
    ----------
    table : for the whole sample, made with ``counts=True``.

    Raises
    ------
    ReleaseError
        If the table has no counts.
    """
    reader = _Reader(table)
    found = reader.with_values("n", "n_psu")
    if not found:
        raise ReleaseError("the table has no counts", where=f"table {table.title!r}", do="Release it with counts=True")
    return reader.say("coverage", people=f"{found[0].value['n']:,}", firms=f"{found[0].value['n_psu']:,}")


def overall(table: WageTable) -> Text:
    """Median, mean and outer percentiles of all employees, as far as they are published.

    Parameters
    ----------
    table : for the whole sample.
    """
    reader = _Reader(table)
    items = reader.with_values("p50")
    if not items:
        return reader.say("none")
    item = items[0]
    text = reader.say("overall", p50=item.said["p50"])
    if "mean" in item.value and item.value["p50"]:
        text += reader.say("overall_mean", mean=item.said["mean"], ratio=_ratio(item.value["mean"], item.value["p50"]))
    if item.value.get("p10") and "p90" in item.value:
        ratio = _ratio(item.value["p90"], item.value["p10"])
        text += reader.say("overall_tails", p10=item.said["p10"], p90=item.said["p90"], ratio=ratio)
    return text


def highest_and_lowest(table: WageTable, statistic: str = "p50") -> Text:
    """Which items are highest and lowest, and how far apart.

    Examples
    --------
    >>> from wagekit.publish.figures import Cell, Column, Row
    >>> from wagekit.publish.table import WageTable
    >>> column = Column("p50", "50%", "分位值", "50%分位值", 2)
    >>> rows = tuple(Row((c,), (n,), (Cell(Decimal(v)),)) for c, n, v in
    ...     [("I", "信息业", "15.00"), ("J", "金融业", "17.10"), ("H", "餐饮业", "6.84")])
    >>> print(highest_and_lowest(WageTable("表", "万元/年", ("industry",), ("行业",), (column,), rows)))
    分行业门类看，金融业的中位数最高，为**17.10万元**，其次是信息业（15.00万元）；餐饮业最低，为**6.84万元**，最高为最低的2.50倍。
    """
    reader = _Reader(table)
    items = sorted(reader.with_values(statistic), key=lambda item: -item.value[statistic])
    if not items:
        return reader.say("none")
    words = reader.words
    sentence = words["highest"].format(
        by=reader.by, statistic=reader.statistic(statistic), name=items[0].name, value=items[0].said[statistic]
    )
    following = [words["named"].format(name=item.name, value=item.said[statistic]) for item in items[1:-1][:2]]
    if following:
        sentence += words["next"].format(names=words["then"].join(following))
    last = items[-1]
    if len(items) == 1 or not last.value[statistic]:
        return Text(sentence + words["single"], reader.language)
    ratio = _ratio(items[0].value[statistic], last.value[statistic])
    return Text(
        sentence + words["lowest"].format(name=last.name, value=last.said[statistic], ratio=ratio), reader.language
    )


def spread(table: WageTable) -> Text:
    """Where pay differs most and least inside an item: P90 over P10 (90%分位值与10%分位值之比)."""
    reader = _Reader(table)
    items = [item for item in reader.with_values("p10", "p90") if item.value["p10"]]
    if not items:
        return Text("", reader.language)

    def ratio(item: _Item) -> Decimal:
        return item.value["p90"] / item.value["p10"]

    high, low = max(items, key=ratio), min(items, key=ratio)
    return reader.say(
        "spread" if len(items) > 1 else "spread_single",
        high=high.name,
        high_ratio=rounded(ratio(high), 2),
        low=low.name,
        low_ratio=rounded(ratio(low), 2),
    )


def steps(table: WageTable, statistic: str = "p50") -> Text:
    """Whether the statistic rises from each item to the next, for items with an order such as skill grades."""
    reader = _Reader(table)
    items = reader.with_values(statistic)
    if len(items) < 2 or not items[0].value[statistic]:
        return highest_and_lowest(table, statistic)
    breaks = [after.name for before, after in pairwise(items) if after.value[statistic] < before.value[statistic]]
    first, last = items[0], items[-1]
    return reader.say(
        "no_rise" if breaks else "rise",
        by=reader.by,
        statistic=reader.statistic(statistic),
        first=first.name,
        first_value=first.said[statistic],
        last=last.name,
        last_value=last.said[statistic],
        ratio=_ratio(last.value[statistic], first.value[statistic]),
        breaks=reader.words["and"].join(breaks),
    )


def held_back(table: WageTable) -> Text:
    """How much is in the table and how much the release rules kept out of it."""
    reader = _Reader(table)
    cells = [cell for row in table.rows for cell in row.cells]
    gaps = sum(1 for cell in cells if cell.value is None)
    if not table.rows:
        return reader.say("none")
    text = reader.say("held_back", rows=len(table.rows), values=len(cells) - gaps)
    if table.left_out:
        text += reader.say("left_out", count=table.left_out)
    if gaps:
        text += reader.say("gaps", count=gaps)
    return text


def precision(table: WageTable, statistic: str = "p50") -> Text:
    """How precise a statistic is over the items: from its coefficients of variation, else from its intervals.

    Parameters
    ----------
    table : made with ``precision=["cv"]`` or ``precision=["interval"]``.

    Raises
    ------
    ReleaseError
        If the table says nothing about precision.
    """
    reader = _Reader(table)
    if not reader.items:
        return Text("", reader.language)
    keys = {column.key for column in table.columns}
    measure: Callable[[_Item], Decimal]
    if f"{statistic}_cv" in keys:
        kind, needed = "precision_cv", [f"{statistic}_cv"]

        def measure(item: _Item) -> Decimal:
            return item.value[f"{statistic}_cv"]

    elif {f"{statistic}_ci_lower", f"{statistic}_ci_upper"} <= keys:
        kind, needed = "precision_interval", [statistic, f"{statistic}_ci_lower", f"{statistic}_ci_upper"]

        def measure(item: _Item) -> Decimal:
            width = item.value[f"{statistic}_ci_upper"] - item.value[f"{statistic}_ci_lower"]
            return width / 2 / item.value[statistic] * 100

    else:
        raise ReleaseError(
            f"the table has neither coefficients of variation nor intervals of {statistic!r}",
            where=f"table {table.title!r}",
            do='Release it with precision=["cv"] or precision=["interval"]',
        )
    items = sorted((item for item in reader.with_values(*needed) if item.value[needed[0]]), key=measure)
    if not items:
        return Text("", reader.language)
    low, middle, high = (rounded(measure(items[place]), 1) for place in (0, (len(items) - 1) // 2, -1))
    return reader.say(
        kind, statistic=reader.statistic(statistic), low=low, middle=middle, high=high, name=items[-1].name
    )


def nothing(language: Language) -> Text:
    """The sentence that stands in the place of a chart or table without publishable values."""
    return Text(_WORDS[language]["nothing"], language)


def points(*texts: Text) -> Text:
    """Several texts as a list, one point each; those that have nothing to say are left out.

    Examples
    --------
    >>> print(points(Text("甲。"), Text(""), Text("乙。")))
    - 甲。
    - 乙。
    """
    silent = ("", *(words["none"] for words in _WORDS.values()))
    said = [text.markdown for text in texts if text.markdown not in silent]
    return Text("\n".join(f"- {markdown}" for markdown in said), texts[0].language)
