"""The words of tables and texts about labour cost (人工成本), in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from wagekit.options import Language
from wagekit.publish.table import Measure

WORDS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "zh": MappingProxyType(
            {
                "report_title": "企业人工成本报告",
                "overview_title": "企业人工成本主要指标（{year}年）",
                "indicators_title": "{by}企业人工成本指标（{year}年）",
                "structure_title": "{by}企业人工成本构成（{year}年）",
                "percentiles_title": "{by}各企业{indicator}的分位值（{year}年）",
                "losses_title": "{by}亏损和预警企业占比（{year}年）",
                "by": "分{dimensions}",
                "and": "和",
                "indicator": "指标",
                "overall_value": "合计数之比",
                "interval": "{level}置信区间",
                "lower_limit": "下限",
                "upper_limit": "上限",
                "of_enterprises": "各企业指标的分位值",
                "per_head": "人均（万元/人年）",
                "shares": "比率（%）",
                "item_shares": "占人工成本总额的比重（%）",
                "percentile_chart": "{title}：25%分位值、中位数和75%分位值",
                "ratio_note": "各项指标为有关企业分子合计数与分母合计数之比；利润总额或增加值合计为负的，不计算相应指标。",
                "short_note": "劳动生产率即全员劳动生产率，占总成本即人工成本占成本费用总额比重，成本利润率即人工成本利润率，"
                "工资含量即人工成本工资含量。",
                "rank_note": "亏损企业和增加值、收入不为正的企业参加排序；分位值落在这些企业上的，不予列示。",
                "whole_note": "构成按最大余额法取舍，各项合计为100%。",
                "loss_note": "亏损企业指利润总额为负的企业。关注和预警企业的判定规则见“数据和方法说明”。",
                "loss_making": "亏损企业",
                "attention": "关注企业",
                "warning": "预警企业",
                "share_of_enterprises": "占企业数的比重（%）",
                "coverage": "本报告依据{count}家企业的有效数据。",
                "overall": "全部企业{items}。",
                "item": "{name}为**{value}**",
                "comma": "，",
                "semicolon": "；",
                "extremes_by": "{by}看，",
                "extremes": "{indicator}最高的是{high}（{high_value}），最低的是{low}（{low_value}）。",
                "structure": "人工成本中，{items}。",
                "structure_item": "{name}占{value}",
                "losses": "全部企业中，{items}。",
                "said_loss_making": "亏损企业占**{value}**",
                "said_attention": "关注企业占**{value}**",
                "said_warning": "预警企业占**{value}**",
                "percentile_note": "分位值是将各企业的指标由低到高排序后处于相应百分比位置的数值，50%分位值即中位数。",
                "labelled": "{name}（{unit}）",
                "spread": "半数企业的{indicator}在{low}至{high}之间，中位数为{middle}。",
                "chart_levels": "{title}：{indicator}",
            }
        ),
        "en": MappingProxyType(
            {
                "report_title": "Labour cost of enterprises",
                "overview_title": "Main indicators of labour cost ({year})",
                "indicators_title": "Labour-cost indicators of enterprises{by} ({year})",
                "structure_title": "Structure of labour cost{by} ({year})",
                "percentiles_title": "Percentiles of the enterprises' {indicator}{by} ({year})",
                "losses_title": "Enterprises with losses or an early warning{by} ({year})",
                "by": " by {dimensions}",
                "and": " and ",
                "indicator": "Indicator",
                "overall_value": "Ratio of sums",
                "interval": "{level} interval",
                "lower_limit": "Lower",
                "upper_limit": "Upper",
                "of_enterprises": "Percentiles of enterprises",
                "per_head": "Per head (10,000 yuan a year)",
                "shares": "Ratios (%)",
                "item_shares": "Share of labour cost (%)",
                "percentile_chart": "{title}: 25% percentile, median and 75% percentile",
                "ratio_note": "Each indicator is the sum of its numerator over the sum of its denominator; where the sum"
                " of profit or value added is negative there is no figure.",
                "short_note": "Ratios: labour cost to total cost, to revenue and of value added; profit and wages to labour"
                " cost.",
                "rank_note": "Enterprises with a loss, or without positive value added or revenue, keep their rank; a"
                " percentile that falls on one of them is not shown.",
                "whole_note": "Shares are rounded by largest remainders, so that they add up to 100%.",
                "loss_note": "A loss is a negative total profit. The rule for attention and warning is given under"
                " data and method.",
                "loss_making": "With a loss",
                "attention": "Attention",
                "warning": "Warning",
                "share_of_enterprises": "Share of enterprises (%)",
                "coverage": "The report rests on valid data of {count} enterprises.",
                "overall": "Over all enterprises {items}.",
                "item": "{name} is **{value}**",
                "comma": ", ",
                "semicolon": "; ",
                "extremes_by": "{by}, ",
                "extremes": "{indicator} is highest in {high} ({high_value}) and lowest in {low} ({low_value}).",
                "structure": "Of labour cost, {items}.",
                "structure_item": "{name} takes {value}",
                "losses": "Of all enterprises, {items}.",
                "said_loss_making": "**{value}** make a loss",
                "said_attention": "**{value}** are marked for attention",
                "said_warning": "**{value}** are warned",
                "percentile_note": "A percentile is the value at that position when the enterprises' figures are sorted"
                " from low to high; the 50% percentile is the median.",
                "labelled": "{name} ({unit})",
                "spread": "Half of the enterprises have a {indicator} between {low} and {high}; the median is {middle}.",
                "chart_levels": "{title}: {indicator}",
            }
        ),
    }
)

_NAMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "labour_cost_per_head": ("人均人工成本", "labour cost per head"),
        "value_added_per_head": ("全员劳动生产率", "value added per head"),
        "labour_cost_to_total_cost": ("人工成本占成本费用总额比重", "labour cost to total cost"),
        "labour_cost_to_revenue": ("人事费用率", "labour cost to revenue"),
        "labour_share_of_value_added": ("劳动分配率", "labour share of value added"),
        "profit_to_labour_cost": ("人工成本利润率", "profit to labour cost"),
        "wage_share_of_labour_cost": ("人工成本工资含量", "wage share of labour cost"),
        "wages_share": ("从业人员劳动报酬", "wages"),
        "social_insurance_share": ("社会保险费用", "social insurance"),
        "welfare_share": ("福利费用", "welfare"),
        "education_cost_share": ("教育经费", "education and training"),
        "labour_protection_share": ("劳动保护费用", "labour protection"),
        "housing_cost_share": ("住房费用", "housing"),
        "other_labour_cost_share": ("其他人工成本", "other"),
    }
)

_SHORT: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "labour_cost_per_head": ("人工成本", "Labour cost"),
        "value_added_per_head": ("劳动生产率", "Value added"),
        "labour_cost_to_total_cost": ("占总成本", "To total cost"),
        "labour_cost_to_revenue": ("人事费用率", "To revenue"),
        "labour_share_of_value_added": ("劳动分配率", "Of value added"),
        "profit_to_labour_cost": ("成本利润率", "Profit"),
        "wage_share_of_labour_cost": ("工资含量", "Wages"),
        "wages_share": ("劳动报酬", "Wages"),
        "social_insurance_share": ("社会保险", "Insurance"),
        "welfare_share": ("福利", "Welfare"),
        "education_cost_share": ("教育", "Training"),
        "labour_protection_share": ("劳动保护", "Protection"),
        "housing_cost_share": ("住房", "Housing"),
        "other_labour_cost_share": ("其他", "Other"),
    }
)
"""Short names, for tables that have a column for each of them."""

INDICATOR_ORDER = tuple(_NAMES)[:7]
"""The indicators as they are printed: per head first, then the ratios."""

ITEM_ORDER = tuple(_NAMES)[7:]
"""The items of labour cost as they are printed."""

PER_HEAD = INDICATOR_ORDER[:2]
"""Indicators in 元 per head; the others are shares."""


def name_of(word: str, language: Language) -> str:
    """The name of an indicator or an item of labour cost.

    >>> name_of("labour_cost_to_revenue", "zh"), name_of("wages_share", "en")
    ('人事费用率', 'wages')
    """
    return _NAMES[word][0 if language == "zh" else 1]


def capital(text: str) -> str:
    """The text with its first letter in capitals, as a heading has it."""
    return text[:1].upper() + text[1:]


def measure_of(word: str, language: Language, *, group: str = "", decimals: int = 1) -> Measure:
    """How an indicator or an item is printed: by its short name, in 万元 per head or per cent."""
    name = _SHORT[word][0 if language == "zh" else 1]
    if word in PER_HEAD:
        return Measure(name, group, "万元/人年", 10_000.0, 2)
    return Measure(name, group, decimals=decimals)
