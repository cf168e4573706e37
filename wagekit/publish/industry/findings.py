"""What the published tables of one industry say, in words: printed figures only."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from wagekit.options import Language
from wagekit.publish.figures import rounded
from wagekit.publish.findings import Text
from wagekit.publish.guideline.findings import band_of
from wagekit.publish.guideline.words import band_name, line_name, span_text
from wagekit.publish.industry.words import WORDS
from wagekit.publish.labour_cost.words import INDICATOR_ORDER, PER_HEAD, name_of
from wagekit.publish.printed import Item, items, with_unit
from wagekit.publish.rendering.markdown import escape_markdown
from wagekit.publish.words import dimension_in_title, region_name

if TYPE_CHECKING:
    from wagekit.guidance.guideline import Guideline
    from wagekit.publish.groups.report import MinimumWage
    from wagekit.publish.table import WageTable

_SOME_FIRMS, _SOME_PEOPLE = 5, 100
_MAIN_COST = ("labour_cost_per_head", "labour_cost_to_revenue", "labour_share_of_value_added")


def at_least(count: Decimal | int, step: int, least: int | None) -> int:
    """A number that a count reaches: whole steps, or what the rules ask for in any case.

    Counts of every industry, told exactly, could be taken from the count of all: what is left would be the count of
    an industry whose figures are held back.

    Examples
    --------
    >>> at_least(43, 5, 3), at_least(4, 5, 3)
    (40, 3)
    """
    return max(int(count) // step * step, least or 1)


def coverage(table: WageTable, industry: str, *, firms: int | None, people: int | None) -> Text:
    """How many enterprises and employees the wage levels rest on, at least.

    Parameters
    ----------
    table : of the whole industry, made with ``counts=True``.
    industry : its name.
    firms, people : what the release rules ask for.
    """
    words, found = WORDS[table.language], items(table)
    if not found or not {"n", "n_psu"} <= set(found[0].value):
        return Text("", table.language)
    counts = found[0].value
    told = {
        "firms": f"{at_least(counts['n_psu'], _SOME_FIRMS, firms):,}",
        "people": f"{at_least(counts['n'], _SOME_PEOPLE, people):,}",
    }
    return Text(words["coverage"].format(industry=escape_markdown(industry), **told), table.language)


def overall(table: WageTable, industry: str, *, intervals: bool = False) -> Text:
    """Median and mean of the industry, with the middle half and the tails where `intervals` are told too.

    Parameters
    ----------
    table : percentiles and mean of the whole industry, made with ``precision=["interval"]``.
    industry : its name.
    """
    words, language = WORDS[table.language], table.language
    found, name = _whole(table), escape_markdown(industry)
    if found is None or not {"p50", "mean"} & set(found.value):
        return Text(words["no_levels"].format(industry=name), language)
    value, said = found.value, found.said
    if "p50" not in value:
        return Text(words["only_mean"].format(industry=name, mean=said["mean"]), language)
    sentence = words["overall"].format(industry=name, p50=said["p50"])
    limits = (value.get("p50_ci_lower"), value.get("p50_ci_upper"))
    # A census has no sampling error, and its interval no width.
    if intervals and None not in limits and limits[0] != limits[1]:
        sentence += words["interval"].format(low=said["p50_ci_lower"], high=said["p50_ci_upper"])
    if "mean" in value and value["p50"]:
        ratio = rounded(value["mean"] / value["p50"], 2)
        sentence += words["overall_mean"].format(mean=said["mean"], ratio=ratio)
    text = Text(sentence + words["stop"], language)
    if intervals and {"p25", "p75"} <= set(value):
        text += Text(words["middle"].format(p25=said["p25"], p75=said["p75"]), language)
    if {"p10", "p90"} <= set(value) and value["p10"]:
        ratio = rounded(value["p90"] / value["p10"], 2)
        text += Text(words["tails"].format(p10=said["p10"], p90=said["p90"], ratio=ratio), language)
    return text


def only_item(table: WageTable) -> Text:
    """The median of the one item that a table by some column publishes."""
    words, found = WORDS[table.language], items(table)
    if len(found) != 1 or "p50" not in found[0].value:
        return Text("", table.language)
    dimension = words["list"].join(dimension_in_title(column, table.language) for column in table.by)
    sentence = words["only"].format(dimension=dimension, name=found[0].name, value=found[0].said["p50"])
    return Text(sentence, table.language)


def pair(table: WageTable) -> Text:
    """The medians of the two items that a table publishes, the higher one first."""
    words = WORDS[table.language]
    found = sorted((item for item in items(table) if item.value.get("p50")), key=lambda item: -item.value["p50"])
    if len(found) != 2:
        return Text("", table.language)
    high, low = found
    # 男, 女 are words of a form; a sentence says 男性, 女性.
    names = [f"{item.name}性" if item.name in ("男", "女") else item.name for item in found]
    told = {"high": names[0], "high_value": high.said["p50"], "low": names[1], "low_value": low.said["p50"]}
    ratio = rounded(high.value["p50"] / low.value["p50"], 2)
    return Text(words["pair"].format(**told, ratio=ratio), table.language)


def beside_the_base_line(table: WageTable, guideline: Guideline) -> Text:
    """Whether the interval of growth lies on one side of the base line."""
    words, found = WORDS[table.language], _whole(table)
    if guideline.base is None or found is None or not {"ci_lower", "ci_upper"} <= set(found.value):
        return Text("", table.language)
    if found.value["ci_lower"] == found.value["ci_upper"]:
        return Text("", table.language)
    low, high = (Decimal(repr(end)) for end in guideline.base)
    side = "above" if found.value["ci_lower"] > high else "under" if found.value["ci_upper"] < low else "across"
    line = line_name("base", guideline, table.language)
    value = span_text(*guideline.base, table.language)
    return Text(words[side].format(line=line, value=value), table.language)


def labour_cost(table: WageTable, industry: str) -> Text:
    """The main indicators of labour cost of the industry.

    Parameters
    ----------
    table : a row an indicator, see :meth:`wagekit.publish.labour_cost.report.LabourCostReport.overview`.
    industry : its name.
    """
    words = WORDS[table.language]
    said = [
        words["cost_item"].format(name=name_of(word, table.language), value=value)
        for word, value in _indicators(table).items()
        if word in (*_MAIN_COST, "value_added_per_head")
    ]
    if not said:
        return Text(words["no_cost"].format(industry=escape_markdown(industry)), table.language)
    joined = words["comma"].join(said)
    return Text(words["cost"].format(industry=escape_markdown(industry), items=joined), table.language)


def only_cost(table: WageTable) -> Text:
    """The main indicators of the one size of enterprise that a table publishes."""
    words, found = WORDS[table.language], items(table)
    if len(found) != 1:
        return Text("", table.language)
    said = [
        words["cost_item"].format(name=name_of(word, table.language), value=found[0].said[word])
        for word in _MAIN_COST
        if word in found[0].said
    ]
    sentence = words["cost_only"].format(name=found[0].name, items=words["comma"].join(said))
    return Text(sentence if said else "", table.language)


def structure(table: WageTable) -> Text:
    """The items of labour cost, largest first."""
    words, found = WORDS[table.language], items(table)
    if not found or not found[0].value:
        return Text("", table.language)
    shown = sorted(found[0].value, key=lambda word: -found[0].value[word])
    said = [
        words["structure_item"].format(name=name_of(word, table.language), value=found[0].said[word]) for word in shown
    ]
    return Text(words["structure"].format(items=words["comma"].join(said)), table.language)


def minimum_wage(chosen: MinimumWage, language: Language) -> Text:
    """The minimum wage that the report uses, and whether its source was read."""
    words, value = WORDS[language], f"{chosen.value:g}"
    if not chosen.region:
        return Text(words["minimum_given"].format(value=value), language)
    status = "" if chosen.confirmed else words["unconfirmed"]
    region = escape_markdown(region_name(chosen.region, language))
    return Text(words["minimum"].format(year=chosen.year, region=region, value=value, status=status), language)


def low_pay(table: WageTable) -> Text:
    """The published shares of low-paid workers."""
    words, language = WORDS[table.language], table.language
    said = []
    for item in items(table):
        if "share" in item.said:
            name = item.name if language == "zh" else item.name[:1].lower() + item.name[1:]
            said.append(words["low_item"].format(name=name, value=item.said["share"]))
    if not said:
        return Text(words["no_low"], language)
    return Text(words["low"].format(items=words["comma"].join(said)), language)


# -- reference for bargaining -------------------------------------------------------------------------------------


def refer_to_levels(table: WageTable) -> Text:
    """Median and middle half as a reference for the level of pay."""
    words, found = WORDS[table.language], _whole(table)
    if found is None or "p50" not in found.said:
        return Text("", table.language)
    key = "refer_level" if {"p25", "p75"} <= set(found.said) else "refer_level_median"
    return Text(words[key].format(**found.said), table.language)


def refer_to_grades(table: WageTable) -> Text:
    """Medians of the lowest and the highest published grade."""
    words = WORDS[table.language]
    found = [item for item in items(table) if "p50" in item.value]
    if len(found) < 2:
        return Text("", table.language)
    low, high = found[0], found[-1]
    named = {"low": low.name, "low_value": low.said["p50"], "high": high.name, "high_value": high.said["p50"]}
    return Text(words["refer_skill"].format(**named), table.language)


def refer_to_clauses(table: WageTable | None, guideline: Guideline, language: Language) -> Text:
    """That the clauses decide on growth, and the growth of the industry where it is published."""
    words = WORDS[language]
    sentence = words["refer_clause"]
    found = None if table is None else _whole(table)
    if found is not None and "growth" in found.value:
        growth = found.value["growth"]
        band = band_name(band_of(growth, guideline), guideline, language)
        sentence += words["refer_growth"].format(growth=f"{growth:f}", band=band)
    return Text(sentence + words["stop"], language)


def refer_to_cost(table: WageTable) -> Text:
    """Indicators of labour cost as a reference for the ability to pay."""
    words = WORDS[table.language]
    said = [
        words["refer_cost_item"].format(name=name_of(word, table.language), value=value)
        for word, value in _indicators(table).items()
        if word in _MAIN_COST
    ]
    joined = words["comma"].join(said)
    return Text(words["refer_cost"].format(items=joined) if said else "", table.language)


def refer_to_minimum(chosen: MinimumWage, language: Language) -> Text:
    """That pay must not be below the minimum wage (最低工资规定, 2004, article 12)."""
    return Text(WORDS[language]["refer_minimum"].format(value=f"{chosen.value:g}"), language)


def _whole(table: WageTable) -> Item | None:
    """The row of a table without domain columns."""
    found = items(table)
    return found[0] if found and not table.by else None


def _indicators(table: WageTable) -> Mapping[str, str]:
    """The published values of an overview of labour cost, by the word of the indicator."""
    return {
        (word := INDICATOR_ORDER[int(item.codes[0]) - 1]): with_unit(
            item.value["value"], "万元/人年" if word in PER_HEAD else "%", table.language
        )
        for item in items(table)
        if "value" in item.value
    }
