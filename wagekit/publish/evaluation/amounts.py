"""What data are evaluated by (数据评估), before it is protected: amounts by item and enterprise.

Every function gives a frame whose index is item and enterprise, as :mod:`wagekit.publish.count_table` takes it: who
stands behind a figure decides whether it may be shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from wagekit.collect.frames import IDENTITIES
from wagekit.collect.questionnaire import COST_ITEMS, PAY_PARTS, QUESTIONNAIRES, Field, Table
from wagekit.collect.rules import RULES
from wagekit.guidance.enterprises import enterprise_growth
from wagekit.publish.wave_records import WaveRecords, income_value_added

if TYPE_CHECKING:
    from wagekit.arrays import Floats

NOT_ASKED = ("enterprise_id", "employee_code", "stratum", "inclusion_probability", "frame_headcount", "weight")
"""Columns of the tables that are no questions."""

AGREEMENT_EDGES = (0.5, 0.8, 0.9, 1.1, 1.25, 2.0)
"""Bands of a ratio that should be 1; the outer ones are the limits of the check `wage_bill_mismatch`."""

GROWTH_EDGES = (-0.5, -0.2, 0.0, 0.1, 0.2, 0.5)
"""Bands of growth from one wave to the next."""

OUTLIER = 0.5
"""Growth or fall of an enterprise beyond which it is counted as far out."""

PARTS = {
    "pay_sum": ("employee", "annual_pay", PAY_PARTS),
    "labour_cost_sum": ("enterprise", "labour_cost", COST_ITEMS),
    "headcount_sum": (
        "enterprise",
        "average_headcount",
        ("on_post_headcount", "dispatched_headcount", "other_headcount"),
    ),
}
"""Check -> table, total and its parts."""

VALUE_ADDED_TOLERANCE = 0.05
"""Relative difference up to which reported value added agrees with the income approach."""


def by_rule(findings: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Broken rules of one table: item ``rule`` or, for rules about single fields, ``rule:field``; column ``rows``."""
    mine = findings[findings["table"] == table]
    place = {name: number for number, name in enumerate(RULES)}
    single = mine["rule"].map(lambda rule: RULES[rule].passes is None if rule in RULES else True).astype(bool)
    item = mine["rule"].where(~single, mine["rule"] + ":" + mine["field"])
    counted = mine.assign(item=item, rows=1).groupby(["item", "enterprise_id"], sort=False)["rows"].sum().to_frame()
    keys = counted.groupby(level=0)["rows"].sum()
    order = sorted(keys.index, key=lambda key: (-keys[key], place.get(key.split(":")[0], len(place)), key))
    return counted.sort_index(level=0, key=lambda level: level.map(order.index) if level.name == "item" else level)


def refused_rows(records: WaveRecords, table: Table) -> pd.DataFrame:
    """Refused rows of one table by enterprise, column ``rows``; the one item is the table."""
    mine = records.refused_rows[records.refused_rows["table"] == table]
    counted = mine.groupby("enterprise_id").size().rename("rows").to_frame()
    return pd.concat({table: counted}, names=["item"])


def asked(records: WaveRecords, table: Table) -> list[Field]:
    """The questions of a table that the wave's files hold an answer to, in the order of the questionnaire."""
    rows = records.rows(table)
    return [
        field
        for field in QUESTIONNAIRES[table]
        if field.name in rows and field.name not in (*NOT_ASKED, *IDENTITIES) and rows[field.name].notna().any()
    ]


def unanswered(records: WaveRecords, table: Table) -> pd.DataFrame:
    """Missing answers (缺报) by question: ``rows`` and ``weight`` of those that lack it, ``asked`` and ``asked_weight``.

    An answer that was not taken because it is no valid one counts as missing; where a question needs no answer
    (size of enterprise in some industries) it is not asked.
    """
    rows = records.rows(table)
    parts = {}
    for field in asked(records, table):
        needed = ~_exempt(rows, field)
        missing = needed & rows[field.name].isna()
        amounts = pd.DataFrame(
            {
                "rows": missing.astype("int64"),
                "weight": np.where(missing, rows["_weight"], 0.0),
                "asked": needed.astype("int64"),
                "asked_weight": np.where(needed, rows["_weight"], 0.0),
            }
        )
        parts[field.name] = amounts.groupby(rows["enterprise_id"], sort=True).sum()
    return pd.concat(parts, names=["item"])


def _exempt(rows: pd.DataFrame, field: Field) -> pd.Series:
    if field.exempt is None or field.exempt[0] not in rows:
        return pd.Series(False, index=rows.index)
    column, codes = field.exempt
    return rows[column].astype("str").str.startswith(tuple(codes)).fillna(False).astype(bool)


def response(records: WaveRecords, drawn: pd.DataFrame, by: str | None) -> pd.DataFrame:
    """What came of the drawn enterprises, by one of their columns.

    Parameters
    ----------
    drawn : see :func:`wagekit.collect.sample_list.read_sample_list`.
    by : ``industry`` (section), ``enterprise_size``, or None for all.

    Returns
    -------
    Columns ``usable`` (in the store with employees), ``refused`` (came in, did not pass the checks), ``silent`` (did
    not come in), each 0 or 1; ``drawn`` is 1, ``weight`` the inverse of the chance to be drawn, ``workers`` that times
    the workers in the frame (1 each where the list doesn't say).
    """
    codes = drawn["enterprise_id"].astype("str")
    usable = codes.isin(set(records.firms["enterprise_id"])).to_numpy()
    came = codes.isin(set(records.refused["enterprise_id"]) | set(records.enterprises["enterprise_id"])).to_numpy()
    weight = 1 / drawn["inclusion_probability"] if "inclusion_probability" in drawn else pd.Series(1.0, drawn.index)
    workers = drawn["frame_headcount"] if "frame_headcount" in drawn else pd.Series(1.0, drawn.index)
    amounts = pd.DataFrame(
        {
            "drawn": 1,
            "usable": usable.astype("int64"),
            "refused": (came & ~usable).astype("int64"),
            "silent": (~came & ~usable).astype("int64"),
            "lost": (~usable).astype("int64"),
            "weight": weight,
            "usable_weight": weight.where(usable, 0.0),
            "workers": weight * workers,
            "usable_workers": (weight * workers).where(usable, 0.0),
        }
    )
    if by is None:
        item = pd.Series("all", index=drawn.index)
    else:
        item = (records.industry(drawn) if by == "industry" else drawn[by]).astype("object").fillna("").astype("str")
    return _by_item(amounts, item, codes)


def coverage(records: WaveRecords) -> pd.DataFrame:
    """Sample and population by industry section.

    Columns ``enterprises`` and ``employees`` (in the sample), ``population`` and ``workers`` (that they stand for),
    ``headcount`` and ``frame_headcount`` (average headcount as reported and workers in the frame, both times the
    enterprise's weight; 0 where the frame's is not known).
    """
    firms = records.firms
    place = pd.Index(firms["enterprise_id"])
    of = records.employees["enterprise_id"]
    weights = pd.Series(records.survey.sample.weights, index=of.index)
    known = firms["frame_headcount"].notna() & firms["average_headcount"].notna()
    headcount = firms["average_headcount"].astype("float64") * firms["_weight"]
    amounts = pd.DataFrame(
        {
            "enterprises": 1,
            "employees": of.value_counts().reindex(place).to_numpy(),
            "population": firms["_weight"],
            "workers": weights.groupby(of).sum().reindex(place).to_numpy(),
            "headcount": headcount.where(known, 0.0),
            "frame_headcount": (firms["frame_headcount"].astype("float64") * firms["_weight"]).where(known, 0.0),
        }
    )
    return _by_item(amounts, firms["industry"].astype("object").fillna("").astype("str"), firms["enterprise_id"])


def heaped(records: WaveRecords, units: Sequence[int]) -> pd.DataFrame:
    """Employees whose pay is a multiple of a round amount, item by amount: ``rows``; ``asked`` are all with pay."""
    pay = records.employees[records.pay].astype("float64")
    parts = {
        str(unit): pd.DataFrame({"rows": (pay % unit == 0).astype("int64"), "asked": pay.notna().astype("int64")})
        .groupby(records.employees["enterprise_id"])
        .sum()
        for unit in units
    }
    return pd.concat(parts, names=["item"])


def top_pay(records: WaveRecords, share: float) -> pd.DataFrame:
    """Pay of the best-paid `share` of the workers, weighted: ``pay`` by enterprise, ``all`` what everybody earns."""
    pay = records.employees[records.pay].to_numpy(dtype=np.float64, na_value=np.nan)
    weight = np.where(np.isnan(pay), 0.0, records.survey.sample.weights)
    pay = np.nan_to_num(pay)
    order = np.argsort(-pay, kind="stable")
    before = np.cumsum(weight[order]) - weight[order]
    # The worker on the edge counts with the part of its weight that lies within the share.
    inside = np.empty(pay.size)
    inside[order] = np.clip(share * weight.sum() - before, 0.0, weight[order])
    amounts = pd.DataFrame({"pay": pay * inside, "all": pay * weight})
    return _by_item(amounts, pd.Series("top", index=amounts.index), records.employees["enterprise_id"])


def sums(records: WaveRecords) -> pd.DataFrame:
    """Records whose total and parts, or value added by both approaches, can be compared: ``agree``, ``differ``."""
    made = {}
    for check, (table, total, parts) in PARTS.items():
        rows = records.employees if table == "employee" else records.enterprises
        if any(name not in rows for name in (total, *parts)):
            continue
        values = rows[[total, *parts]].astype("float64")
        whole = values[list(parts)].sum(axis=1, skipna=False)
        made[check] = _agreement(rows, values[total], whole, np.full(len(rows), 0.5))
    firms = records.enterprises
    if "value_added" in firms:
        reported = firms["value_added"].astype("float64")
        allowed: Floats = np.abs(reported.to_numpy(dtype=np.float64)) * VALUE_ADDED_TOLERANCE
        made["value_added"] = _agreement(firms, reported, income_value_added(firms), allowed)
    made = {check: amounts for check, amounts in made.items() if amounts.to_numpy().sum() > 0}
    return pd.concat(made, names=["item"]) if made else pd.DataFrame(columns=["agree", "differ"])


def _agreement(rows: pd.DataFrame, one: pd.Series, other: pd.Series, allowed: Floats) -> pd.DataFrame:
    difference = (one - other).abs()
    known = difference.notna()
    agree = known & (difference <= allowed)
    amounts = pd.DataFrame({"agree": agree.astype("int64"), "differ": (known & ~agree).astype("int64")})
    return amounts.groupby(rows["enterprise_id"]).sum()


def agreement(records: WaveRecords) -> pd.DataFrame:
    """Enterprises by band of two ratios that should be about 1: ``pay`` and ``headcount``, each 0 or 1.

    ``pay`` is the mean pay of the reported employees over the enterprise's wages per worker, ``headcount`` the average
    headcount over the workers in the frame. Items are the numbers of the bands of :data:`AGREEMENT_EDGES`.
    """
    firms = records.firms.set_index("enterprise_id")
    mean = records.employees.groupby("enterprise_id")[records.pay].mean().reindex(firms.index).astype("float64")
    headcount = firms["average_headcount"].astype("float64")
    ratios = {
        "pay": mean / (firms["wages"].astype("float64") / headcount),
        "headcount": headcount / firms["frame_headcount"].astype("float64"),
    }
    return _in_bands(ratios, AGREEMENT_EDGES)


def growth(before: WaveRecords, now: WaveRecords) -> pd.DataFrame:
    """Matched enterprises by band of growth of mean pay (``pay``) and of headcount (``headcount``), each 0 or 1."""
    frame = enterprise_growth(before.survey, now.survey, now.pay).frame
    pay = pd.Series(frame["growth"].to_numpy(), index=frame[now.survey.design.psu[0]].astype("str").to_numpy())
    heads = [records.enterprises.set_index("enterprise_id")["average_headcount"] for records in (before, now)]
    earlier, later = (counted.astype("float64") for counted in heads)
    change = (later / earlier.reindex(later.index) - 1).dropna()
    change = change[change.index.isin(set(now.firms["enterprise_id"]) & set(before.firms["enterprise_id"]))]
    return _in_bands({"pay": pay.dropna(), "headcount": change}, GROWTH_EDGES)


def _in_bands(values: dict[str, pd.Series], edges: Sequence[float]) -> pd.DataFrame:
    """Which band, 0 to len(edges), each enterprise lies in, lower ends included: an amount of 1 there."""
    parts = []
    for name, value in values.items():
        known = value[np.isfinite(value)]
        band = np.searchsorted(np.array(edges), known.to_numpy(), side="right")
        index = pd.MultiIndex.from_arrays([band.astype(str), known.index], names=["item", "enterprise_id"])
        parts.append(pd.DataFrame({name: 1}, index=index))
    # A band that holds nobody is there too, so that bands are joined in their order.
    bands = [str(number) for number in range(len(edges) + 1)]
    empty = pd.DataFrame(dict.fromkeys(values, 0), index=pd.MultiIndex.from_product([bands, [""]]))
    counted = pd.concat([empty, *parts]).fillna(0).astype("int64")
    return counted.groupby(level=[0, 1]).sum()[list(values)]


def _by_item(amounts: pd.DataFrame, item: pd.Series, enterprise: pd.Series) -> pd.DataFrame:
    index = pd.MultiIndex.from_arrays([item.to_numpy(), enterprise.to_numpy()], names=["item", "enterprise_id"])
    return amounts.set_axis(index).groupby(level=[0, 1]).sum()
