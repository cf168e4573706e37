"""Tables of what came in: files and rows, why rows were refused, what has to be followed up."""

from __future__ import annotations

import math

from wagekit.collect.questionnaire import Table
from wagekit.publish.count_table import CountColumn, join_items, may_be_shown, other_name, with_decimals
from wagekit.publish.evaluation import amounts as amounts_of
from wagekit.publish.evaluation.context import Evaluation, Rows
from wagekit.publish.evaluation.rule_words import rule_name
from wagekit.publish.table import WageTable
from wagekit.publish.wave_records import WaveRecords

TABLES: tuple[Table, ...] = ("enterprise", "employee")


def received(e: Evaluation) -> WageTable:
    """Files, rows received, accepted and refused, and queries, a column a table of the questionnaire."""
    counted = {table: received_figures(e, e.now, table) for table in TABLES}
    if e.before:
        for table in TABLES:
            counted[table]["rate_before"] = received_figures(e, e.before, table)["rate"]
    rows: Rows = []
    for key in RECEIVED:
        values = {table: counted[table].get(key, math.nan) for table in TABLES}
        if key != "rate_before" or e.before:
            decimals = 2 if "rate" in key else 0
            rows.append(([e.words[key]], {table: with_decimals(value, decimals) for table, value in values.items()}))
    columns = [CountColumn(table, e.words[table]) for table in TABLES]
    return e.plain(rows, columns, "received", unit="as_named", headings=["item"], notes=["received_note"])


RECEIVED = ("files", "read", "accepted", "refused", "rate", "rate_before", "query_count", "query_rate")
"""The rows of the table of what came in; that of the last wave is left out where there is none."""


def received_figures(e: Evaluation, records: WaveRecords, table: Table) -> dict[str, float | None]:
    """What came in of one table of the questionnaire, by the words of `RECEIVED`; None for what is held back."""
    log = records.received
    files = log[log["table"].isin(["combined", table])]
    accepted = float(len(records.enterprises if table == "enterprise" else records.employees))
    queries = records.queries[records.queries["table"] == table]
    # In a file that holds both tables, a row is an employee.
    own = log[log["table"].isin([table, *(["combined"] if table == "employee" else [])])]
    read = float(own["rows_read"].sum()) if len(own) else math.nan
    shown = may_be_shown(amounts_of.refused_rows(records, table), e.about.rules)
    asked = may_be_shown(queries.groupby("enterprise_id").size().to_frame(), e.about.rules)
    return {
        "files": float(len(files)),
        "accepted": accepted,
        "read": read if shown else None,
        "refused": read - accepted if shown else None,
        "rate": 100 * accepted / read if shown else None,
        "query_count": float(len(queries)) if asked else None,
        "query_rate": 100 * len(queries) / accepted if asked else None,
    }


def rules(e: Evaluation, found: str) -> WageTable:
    """Broken rules, ``refused`` or ``queries``, most frequent first, employees and enterprises apart."""
    findings = e.now.refused if found == "refused" else e.now.queries
    rows: Rows = []
    joined = False
    for table in reversed(TABLES):
        counted = amounts_of.by_rule(findings, table)
        base = received_figures(e, e.now, table)["read" if found == "refused" else "accepted"]
        for group in join_items(counted, e.about.rules) if len(counted) else []:
            hits = float(counted["rows"][counted.index.get_level_values(0).isin(group)].sum())
            name = _rule(e, table, group[0]) if len(group) == 1 else other_name(e.about.language)
            rows.append(([e.words[table], name], {"hits": hits, "share": None if base is None else 1e4 * hits / base}))
            joined |= len(group) > 1
    columns = [CountColumn("hits", e.words["hits"]), CountColumn("share", e.words["hits_share"], decimals=1)]
    notes = ["rule_note"] if found == "refused" else []
    return e.plain(rows, columns, found, unit="hits", headings=["table", "rule"], notes=notes, joined=joined)


def _rule(e: Evaluation, table: Table, item: str) -> str:
    rule, _, field = item.partition(":")
    said = rule_name(rule, e.about.language)
    return f"{said}{e.words['colon']}{e.field(table, field)}" if field else said
