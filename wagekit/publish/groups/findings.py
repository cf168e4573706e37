"""The pay of groups in words, from published tables only: what is held back is not spoken of."""

from __future__ import annotations

from wagekit.guidance.skill import skill_floors
from wagekit.options import Language
from wagekit.publish import findings
from wagekit.publish.findings import Text
from wagekit.publish.groups.report import LINES, GroupReport
from wagekit.publish.groups.words import WORDS
from wagekit.publish.printed import extremes, items
from wagekit.publish.rendering.markdown import escape_markdown
from wagekit.publish.table import WageTable
from wagekit.publish.words import dimension_in_title, region_name


def minimum_wage(report: GroupReport) -> Text:
    """The minimum wage that the report uses, and whether its source was read."""
    words, chosen = report.words, report.minimum_wage
    value = f"{chosen.value:g}"
    if not chosen.region:
        return Text(words["minimum_given"].format(value=value), report.language)
    status = "" if chosen.confirmed else words["unconfirmed"]
    region = escape_markdown(region_name(chosen.region, report.language))
    return Text(words["minimum"].format(year=chosen.year, region=region, value=value, status=status), report.language)


def low(table: WageTable) -> Text:
    """Shares of low-paid workers, from :meth:`GroupReport.low`."""
    words = WORDS[table.language]
    said = [
        words["low_item"].format(name=words[LINES[int(item.codes[0]) - 1]], value=item.said["share"])
        for item in items(table)
        if "share" in item.said
    ]
    if not said:
        return findings.nothing(table.language)
    return Text(words["low"].format(items=words["comma"].join(said)), table.language)


def rises(table: WageTable) -> Text:
    """What each rise of the minimum wage would reach, from :meth:`GroupReport.rises`."""
    words = WORDS[table.language]
    needed = {"workers": "workers", "reached": "reached", "cost": "cost", "share": "cost_share"}
    said = [
        words["rise_said"].format(rise=item.name, **{name: item.said[key] for name, key in needed.items()})
        for item in items(table)
        if set(needed.values()) <= set(item.said)
    ]
    if not said:
        return findings.nothing(table.language)
    return Text(("" if table.language == "zh" else " ").join(said), table.language)


def low_extremes(table: WageTable, line: str = "below_67_median") -> Text:
    """Where the share of low-paid workers is highest and lowest."""
    words = WORDS[table.language]
    found = extremes(items(table), line)
    if found is None:
        return Text("", table.language)
    high, low_ = found
    named = words["and"].join(dimension_in_title(name, table.language) for name in table.by)
    by = words["by"].format(dimensions=named).strip()
    return Text(
        words["extremes"].format(
            by=by[:1].upper() + by[1:],
            what=words[line],
            high=high.name,
            high_value=high.said[line],
            low=low_.name,
            low_value=low_.said[line],
        ),
        table.language,
    )


def premium(table: WageTable, base: str) -> Text:
    """The raw premiums, and then the adjusted ones, of a table without further domain columns.

    Parameters
    ----------
    base : name of the group that premiums are held against.
    """
    words, rows = WORDS[table.language], items(table)
    text = Text("", table.language)
    for key, kind in (("premium", "premium"), ("adjusted_premium", "adjusted")):
        said = [
            words[f"{kind}_{'item' if item.value[key] >= 0 else 'less'}"].format(
                name=item.name, value=item.said[key].removeprefix("-")
            )
            for item in rows
            if key in item.value
        ]
        if said:
            joined = words["comma"].join(said)
            text += Text(words[f"{kind}_said"].format(base=escape_markdown(base), items=joined), table.language)
    return text if text.markdown else findings.nothing(table.language)


def floors(table: WageTable) -> Text:
    """Up to which class of post each grade's low percentile reaches the reference floor."""
    words, chosen = WORDS[table.language], skill_floors()
    names = chosen.chinese if table.language == "zh" else chosen.english
    monthly = f"monthly_p{chosen.low_percentile:g}"
    keys = {f"p{chosen.low_percentile:g}_to_floor_{code}": names[code] for code in chosen.percents}
    text = Text("", table.language)
    for item in items(table):
        if not {monthly, *keys} <= set(item.value):
            continue
        # What is printed decides: a ratio of 0.996 is printed, and counts, as 1.00.
        reached = [name for key, name in keys.items() if item.value[key] >= 1]
        word = "floors_all" if len(reached) == len(keys) else "floors_up_to" if reached else "floors_none"
        said = words[word].format(names=words["list"].join(reached))
        text += Text(
            words["floors_said"].format(name=item.name, value=item.said[monthly], reached=said).strip(), table.language
        )
    return text if text.markdown else findings.nothing(table.language)


def chief_technicians(table: WageTable | None, language: Language = "zh") -> Text:
    """Chief technicians against senior professionals, or that there are too few of them."""
    words = WORDS[language]
    rows = [] if table is None else items(table)
    if not rows or not {"low_to_senior_low", "below_senior_low"} <= set(rows[0].value):
        return Text(words["chief_none"], language)
    ratio = f"{rows[0].value['low_to_senior_low']:f}"
    return Text(words["chief"].format(ratio=ratio, below=rows[0].said["below_senior_low"]), language)
