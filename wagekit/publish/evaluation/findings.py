"""What the tables of the data evaluation show, in words made from the figures they print."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from wagekit.collect.questionnaire import Table
from wagekit.collect.situation import Limits
from wagekit.options import Language
from wagekit.publish import findings
from wagekit.publish.count_table import other_name
from wagekit.publish.evaluation.checks import NEAR
from wagekit.publish.evaluation.context import Evaluation
from wagekit.publish.evaluation.grades import CRITERIA, graded, overall
from wagekit.publish.evaluation.receipt import RECEIVED, TABLES
from wagekit.publish.findings import Text
from wagekit.publish.printed import Item, items
from wagekit.publish.rendering.markdown import escape_markdown
from wagekit.publish.table import WageTable
from wagekit.publish.words import dimension_in_title

RATIO, RATIO_BEFORE = "p90_p10", "p90_p10_before"
"""Words of P90 over P10 in this wave and the last: the release rules see percentiles far out in them."""
_MOST = 3
UNANSWERED_WORDS: Mapping[Table, str] = {"employee": "unanswered_words", "enterprise": "unanswered_firms"}
_HEAPED = Decimal(3)
"""Times the expected share of round figures from which on pay is called rounded."""
_CHANGED = Decimal("0.2")


def received(e: Evaluation, table: WageTable) -> Text:
    """How many rows came in and passed, this time and last time."""
    order = [key for key in RECEIVED if key != "rate_before" or e.before]
    rows = dict(zip(order, items(table), strict=True))
    text = Text("", e.about.language)
    both = {key: row.value for key, row in rows.items() if set(TABLES) <= row.value.keys()}
    if {"read", "rate"} <= both.keys():
        text += _said(
            e, "received_words",
            **{f"{table}_read": f"{both['read'][table]:,}" for table in TABLES},
            **{f"{table}_rate": f"{both['rate'][table]}%" for table in TABLES},
        )  # fmt: skip
    if "rate_before" in both:
        text += _said(
            e, "received_before", **{f"{table}_rate_before": f"{both['rate_before'][table]}%" for table in TABLES}
        )
    if "employee" in rows["query_rate"].value:
        count, rate = (rows[key].value["employee"] for key in ("query_count", "query_rate"))
        text += _said(e, "received_queries", employee_queries=f"{count:,}", employee_query_rate=rate)
    return text


def rules(e: Evaluation, table: WageTable, found: str) -> Text:
    """The rules that were broken most often in the employee table."""
    staff = e.words["employee"]
    named = [(row.names[1], item) for row, item in zip(table.rows, items(table), strict=True) if row.names[0] == staff]
    if not named:
        return _said(e, "none_queries") if found == "queries" else Text("", e.about.language)
    named = [(name, item) for name, item in named if name != other_name(e.about.language)] or named
    named.sort(key=lambda pair: -pair[1].value["hits"])
    said = [
        e.words["hit"].format(name=escape_markdown(name), count=_count(item, "hits")) for name, item in named[:_MOST]
    ]
    return _said(e, f"{found}_words", items=e.words["and"].join(said))


def unanswered(e: Evaluation, table: WageTable, means: Mapping[Table, tuple[int, int, float | None]]) -> Text:
    """How many questions lack answers, and which most.

    Parameters
    ----------
    means : questionnaire table -> questions, those with missing answers, mean share missing in per cent.
    """
    if not table.rows and all(lacking == 0 for _, lacking, _ in means.values()):
        return _said(e, "all_answered")
    text = Text("", e.about.language)
    for key, word in UNANSWERED_WORDS.items():
        asked, lacking, rate = means[key]
        if lacking == 0:
            text += _said(e, "answered_words", table=e.words[key], asked=asked)
        elif rate is not None:
            text += _said(e, word, asked=asked, missing=lacking, rate=f"{rate:.2f}")
    rows = [(row.names[1], item) for row, item in zip(table.rows, items(table), strict=True)]
    if rows:
        name, most = max(rows, key=lambda pair: pair[1].value["missing_rate"])
        text += _said(e, "unanswered_most", name=escape_markdown(name), value=most.said["missing_rate"])
    return text


def response(e: Evaluation, table: WageTable | None) -> Text:
    """The response rate of the sampled enterprises, or that none was measured."""
    if table is None:
        return _said(e, "no_list")
    rows = items(table)
    if len(rows) < 2:
        return findings.nothing(e.about.language)
    drawn, usable = rows[0], rows[1]
    return _said(
        e, "response_words", drawn=_count(drawn, "enterprises"), rate=usable.said["share"],
        weighted=usable.said["share_weighted"], workers=usable.said["share_workers"],
    )  # fmt: skip


def response_range(e: Evaluation, table: WageTable | None, by: str) -> Text:
    """Where response is highest and lowest."""
    rows = [] if table is None else items(table)[1:]
    rows = [item for item in rows if "unweighted" in item.value and item.name != other_name(e.about.language)]
    if len(rows) < 2:
        return Text("", e.about.language)
    high, low = (pick(item.value["unweighted"] for item in rows) for pick in (max, min))
    names = [e.words["and"].join(item.name for item in rows if item.value["unweighted"] == end) for end in (high, low)]
    return _said(
        e, "response_range", by=_by(e, by), high=names[0], low=names[1], high_value=f"{high}%", low_value=f"{low}%"
    )  # fmt: skip


def coverage(e: Evaluation, table: WageTable) -> Text:
    """Sample and population as a whole."""
    rows = items(table)
    if not rows or "frame_ratio" not in rows[0].value:
        return Text("", e.about.language)
    whole = rows[0]
    return _said(
        e, "coverage_words", firms=_count(whole, "enterprises"), people=_count(whole, "employees"),
        population=_count(whole, "population"), workers=_count(whole, "workers"),
        fraction=whole.said["people_fraction"], ratio=whole.said["frame_ratio"],
    )  # fmt: skip


def heaping(e: Evaluation, table: WageTable) -> Text:
    """Whether pay is reported in thousands more often than chance would have it."""
    row = items(table)[1]
    if "found" not in row.value:
        return Text("", e.about.language)
    judged = "heaped" if row.value["found"] > _HEAPED * row.value["expected"] else "not_heaped"
    return _said(
        e, "heaping_words", found=row.said["found"], expected=row.said["expected"], judged=e.words[judged]
    )  # fmt: skip


def extreme_pay(e: Evaluation, table: WageTable) -> Text:
    """Shares of extreme pay."""
    above, below, top = items(table)
    if "share" not in top.value:
        return Text("", e.about.language)
    if "share" not in above.value or "share" not in below.value:
        return _said(e, "extremes_top", top=top.said["share"])
    return _said(
        e, "extremes_words", above=above.said["share"], below=below.said["share"], top=top.said["share"],
        times=Limits().pay_to_median,
    )  # fmt: skip


def dispersion(e: Evaluation, table: WageTable) -> Text:
    """Industries whose P90 over P10 is far from the last wave's."""
    both = [item for item in items(table) if {RATIO, RATIO_BEFORE} <= item.value.keys()]
    if not both:
        return Text("", e.about.language)
    far = [item for item in both if abs(item.value[RATIO] / item.value[RATIO_BEFORE] - 1) > _CHANGED]
    if not far:
        return _said(e, "dispersion_none")
    names = [
        e.words["named"].format(name=item.name, value=f"{item.value[RATIO_BEFORE]}→{item.value[RATIO]}") for item in far
    ]
    return _said(e, "dispersion_words", count=len(far), names=e.words["and"].join(names))


def sums(e: Evaluation, table: WageTable) -> Text:
    """How far totals agree with their parts."""
    shown = [item for item in items(table) if "agree_share" in item.value]
    if not shown:
        return Text("", e.about.language)
    if len(shown) == len(table.rows) and all(item.value["agree"] == item.value["compared"] for item in shown):
        return _said(e, "sums_all", count=len(shown))
    said = [e.words["sums_item"].format(name=item.name, value=item.said["agree_share"]) for item in shown]
    return _said(e, "sums_words", items=e.words["semicolon"].join(said))


def agreement(e: Evaluation, near: Mapping[str, float | None]) -> Text:
    """How many enterprises agree between the tables and with the frame.

    Parameters
    ----------
    near : see :func:`wagekit.publish.evaluation.checks.near`.
    """
    if near["pay"] is None or near["headcount"] is None:
        return Text("", e.about.language)
    low, high = (f"{edge:g}" for edge in NEAR)
    return _said(
        e, "agreement_words", pay_share=f"{near['pay']:.1f}%", frame_share=f"{near['headcount']:.1f}%", low=low, high=high
    )  # fmt: skip


def matched(e: Evaluation, table: WageTable | None) -> Text:
    """How much of the sample was there last time, and how many enterprises changed far."""
    if table is None:
        return _said(e, "no_before")
    printed = [item.value.get("value") for item in items(table)]
    value = {name: figure for name, figure in zip(MATCHED, printed, strict=True) if figure is not None}
    text = Text("", e.about.language)
    if "both_share" in value:
        text += _said(e, "matched_words", both=f"{value['firms_both']:,}", share=f"{value['both_share']}%")
    if "outliers" in value and "headcount_outliers" in value:
        text += _said(
            e, "outlier_words", pay=f"{value['outliers']}%", headcount=f"{value['headcount_outliers']}%"
        )  # fmt: skip
    return text


MATCHED = (
    "firms_now",
    "firms_before",
    "firms_both",
    "both_share",
    "both_people_share",
    "compared_firms",
    "outliers",
    "headcount_outliers",
)
"""The rows of the table of comparison with the last wave."""


def grades(e: Evaluation, values: Mapping[str, float | None]) -> Text:
    """The overall grade, how many criteria have which, and what is to be improved."""
    found = graded(values)
    each = list(found.values())
    if 2 * len(each) < len(CRITERIA):
        return _said(e, "overall_unknown")
    text = _said(
        e, "overall_all" if len(set(each)) == 1 else "overall", count=len(each), good=each.count("good"),
        fair=each.count("fair"), poor=each.count("poor"), grade=e.words[overall(each)],
    )  # fmt: skip
    poor = [_bare(e.words[name]) for name, grade in found.items() if grade == "poor"]
    return text + _said(e, "improve", names=e.words["and"].join(poor)) if poor else text


def _bare(name: str) -> str:
    """A criterion without its unit."""
    return name.split("（")[0].split(" (")[0]


def _by(e: Evaluation, by: str) -> str:
    said = e.words["by"].format(dimension=dimension_in_title(by, e.about.language)).strip()
    return said[:1].upper() + said[1:]


def _count(item: Item, key: str) -> str:
    return f"{item.value[key]:,}" if key in item.value else ".."


def _said(e: Evaluation, key: str, **values: object) -> Text:
    return Text(e.words[key].format(**values), _language(e))


def _language(e: Evaluation) -> Language:
    return e.about.language
