"""Accounts of the synthetic enterprises, in which every identity of the questionnaire holds (模拟数据)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from wagekit.arrays import Codes, Floats
from wagekit.collect.synthetic.economy import Economy

# Employers' labour cost beside wages, as shares of the wages: assumptions near the contribution rates of Shanghai.
_LABOUR_COST_ITEMS = {
    "social_insurance": 0.24,
    "welfare": 0.045,
    "education_cost": 0.012,
    "labour_protection": 0.008,
    "housing_cost": 0.06,
    "other_labour_cost": 0.03,
}
_NEGATIVE_VALUE_ADDED = 0.004  # share of enterprises whose loss is greater than what they add; assumption
_SPREAD = 0.45  # deviation of the log labour share between enterprises; assumption
_YEARLY = 0.35  # part of it that changes from year to year; assumption


def lasting_traits(rng: np.random.Generator, count: int) -> Floats:
    """What stays with an enterprise's accounts from year to year: standard normal numbers, shape (count, 4)."""
    return rng.standard_normal((count, 4))


def make_accounts(
    rng: np.random.Generator, economy: Economy, section: Codes, wages: Codes, traits: Floats
) -> pd.DataFrame:
    """The money columns of the enterprise table for one wave, whole 元, one row an enterprise.

    The identities hold exactly: 人工成本总额 is the sum of its seven items;
    增加值 = 固定资产折旧 + 主营业务税金及附加 + 利润总额 + 人工成本总额 (income approach);
    成本费用总额 = 销售收入 - 主营业务税金及附加 - 利润总额.
    So 销售收入 is above 增加值 and 利润总额, and 成本费用总额 above 人工成本总额.

    Parameters
    ----------
    section : shape (k,), row of ``Economy.industries``.
    wages : shape (k,), 工资总额 of the year.
    traits : shape (k, 4), see `lasting_traits`.
    """
    count = wages.size
    ratios = economy.accounts.set_index("section").loc[economy.industries["section"]]

    def ratio(name: str) -> Floats:
        return ratios[name].to_numpy(dtype=np.float64)[section]

    z = np.sqrt(1 - _YEARLY**2) * traits + _YEARLY * rng.standard_normal((count, 4))
    money = {"wages": wages}
    for name, share in _LABOUR_COST_ITEMS.items():
        noise = np.exp(0.18 * rng.standard_normal(count))
        money[name] = np.rint(wages * share * noise).astype(np.int64)
    labour_cost = np.sum(list(money.values()), axis=0)

    value_added = labour_cost / (ratio("labour_share_of_value_added") * np.exp(_SPREAD * z[:, 0]))
    depreciation = value_added * ratio("depreciation_share_of_value_added") * np.exp(0.4 * z[:, 1])
    taxes = value_added * ratio("tax_share_of_value_added") * np.exp(0.3 * z[:, 2])
    profit = value_added - depreciation - taxes - labour_cost
    deep_loss = rng.random(count) < _NEGATIVE_VALUE_ADDED
    profit = np.where(deep_loss, -1.1 * (depreciation + taxes + labour_cost), profit)
    depreciation, taxes, profit = (np.rint(part).astype(np.int64) for part in (depreciation, taxes, profit))
    value_added = depreciation + taxes + profit + labour_cost

    bought_in = labour_cost / (ratio("labour_cost_to_revenue") * np.exp(0.4 * z[:, 3])) - np.maximum(value_added, 0)
    # Everybody buys something in; the floor keeps revenue above value added.
    bought_in = np.maximum(bought_in, 0.08 * labour_cost)
    revenue = np.maximum(value_added, 0) + np.rint(bought_in).astype(np.int64)
    return pd.DataFrame(
        {
            "revenue": revenue,
            "value_added": value_added,
            "depreciation": depreciation,
            "business_taxes": taxes,
            "total_profit": profit,
            "total_cost": revenue - taxes - profit,
            "labour_cost": labour_cost,
            **money,
        }
    )


def enterprise_sizes(economy: Economy, section: Codes, division: Codes, headcount: Codes, revenue: Codes) -> Codes:
    """企业规模 by 国统字〔2017〕213号: 1 large, 2 medium, 3 small, 4 micro, 0 where no standard exists, shape (k,).

    A class asks for all of its lower bounds; an enterprise that misses one belongs to a class below.

    Parameters
    ----------
    section, division : shape (k,), rows of ``Economy.industries`` and ``Economy.divisions``.
    headcount, revenue : shape (k,), workers and 元.
    """
    table = economy.size_classes.set_index("unit")
    units = [
        name if name in table.index else name[0] if name[0] in table.index else ""
        for name in economy.divisions["division"]
    ]
    known = np.array([bool(unit) for unit in units])[division]
    bounds = table.reindex([unit or None for unit in units])
    worst = np.ones(headcount.size, dtype=np.int64)
    for measure, values in (("workers", headcount), ("revenue", revenue / 1e4)):
        suffix = "" if measure == "workers" else "_wan"
        columns = [f"{measure}_{size}{suffix}" for size in ("large", "medium", "small")]
        lower = bounds[columns].fillna(0.0).to_numpy(dtype=np.float64)[division]
        worst = np.maximum(worst, 1 + (values[:, None] < lower).sum(axis=1))
    return np.where(known, worst, 0)
