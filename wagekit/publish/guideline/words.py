"""The words of tables and texts about the wage-growth guideline (企业工资增长指导线), and what its lines are called."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from wagekit.guidance.lines import Band
from wagekit.options import Language
from wagekit.publish.words import region_name

if TYPE_CHECKING:
    from wagekit.guidance.guideline import Guideline

GUIDELINE_WORDS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "zh": MappingProxyType(
            {
                "report_title": "企业工资增长指导线比较报告",
                "growth_title": "{by}企业从业人员平均工资增长率（{year}年）",
                "enterprises_title": "{by}按工资增长所在区间的企业占比（{year}年）",
                "workers_title": "{by}按所在企业工资增长区间的从业人员占比（{year}年）",
                "parts_title": "平均工资增长的构成（{year}年）",
                "by": "分{dimensions}",
                "and": "和",
                "growth": "名义增长",
                "real_growth": "实际增长",
                "interval": "{level}置信区间",
                "lower_limit": "下限",
                "upper_limit": "上限",
                "probability": "增长率所在区间的概率",
                "share_of_enterprises": "企业占比",
                "share_of_workers": "从业人员占比",
                "points": "拉动",
                "points_unit": "百分点",
                "part": "构成",
                "within": "同职业内工资增长",
                "composition": "职业构成变化",
                "matched_note": "增长率按两年均接受调查且全年生产经营的企业计算。",
                "line_note": "增长率恰好等于某条线的，计入该线以上的区间。",
                "parts_note": "同职业内工资增长为各职业中类平均工资增长的拉动，"
                "职业构成变化为各职业中类人数占比变化的拉动，两项之和为名义增长。",
                "lower": "下线",
                "upper": "上线",
                "base": "基准线",
                "below": "低于{line}",
                "between": "{low}至{high}",
                "reached": "{line}及以上",
                "bounds_note": "{region}{year}年企业工资指导线：{items}。",
                "bounds_item": "{line}{value}",
                "lines": "{year}年{region}企业工资指导线：{items}。",
                "issued": "{line}为**{value}**",
                "not_issued": "{line}未发布或未查得",
                "then": "，",
                "line_head": "| 年份 | {base} | 上线 | 下线 |\n| --- | ---: | ---: | ---: |",
                "line_row": "| {year}年 | {base} | {upper} | {lower} |",
                "line_note_missing": "“—”表示未发布或未查得。",
                "range": "{low}至{high}",
                "rule_head": "| 企业情况和适用规则 | 建议增幅 | 依据 |\n| --- | --- | --- |",
                "rule_row": "| {text} | {range} | {status} |",
                "found": "工资指导线文件",
                "usual": "各地通行规则",
                "background": "通行做法，待核",
                "condition": "配套要求",
                "at": "{value}",
                "up_to": "不超过{value}",
                "lower_than": "低于{value}",
                "at_least": "不低于{value}",
                "from_to": "{low}至{high}",
                "from_below": "{low}以上、低于{high}",
                "no_range": "未规定",
                "applies": "经济效益**{results}**{wage}的企业，适用规则为：{text}建议工资增幅：**{range}**{yuan}。",
                "applies_none": "经济效益**{results}**的企业，没有可以适用的规则或相应的线未发布。",
                "wage": "、上年平均工资{wage}元",
                "multiple": "（为全市平均工资的{multiple}倍）",
                "yuan": "，即本年平均工资{range}",
                "yuan_unit": "{value}元",
                "growing_fast": "增长较快",
                "growing": "增长",
                "flat": "持平",
                "falling": "下降",
                "in_difficulty": "困难",
                "overall": "可比企业从业人员平均工资比上年名义增长**{growth}%**，"
                "95%置信区间为{low}%至{high}%，增长率位于“{band}”区间。",
                "overall_p": "按抽样误差推算，增长率位于该区间的概率为{p}%。",
                "overall_real": "扣除居民消费价格上涨因素，实际增长{real}%。",
                "items": "{by}看，公布的{count}个项目中，{groups}。",
                "group": "增长率“{band}”的有{count}个（{names}）",
                "group_many": "增长率“{band}”的有{count}个",
                "extremes": "增长最快的是{high}（{high_value}%），最慢的是{low}（{low_value}%）。",
                "join": "；",
                "names": "、",
                "long_names": "，",
                "shares_enterprises": "按企业数计，{items}。",
                "shares_workers": "按从业人员数计，{items}。",
                "share": "工资增长“{band}”的占{value}%",
                "parts": "在{growth}%的名义增长中，同职业内工资增长{within}个百分点，职业构成变化{composition}个百分点。",
                "up": "拉动{value}",
                "down": "下拉{value}",
                "nothing": "本表没有可以公布的项目。",
                "chart_growth": "{title}：增长率和95%置信区间",
                "chart_growth_alt": "点线图，每个项目一行，点为增长率，横线为95%置信区间，竖线为工资指导线（{lines}）。{items}。",
                "chart_item": "{name}{value}%（{low}%至{high}%）",
                "chart_shares": "{title}",
                "chart_shares_alt": "堆积条形图，每个项目一条，单位%。{items}。",
            }
        ),
        "en": MappingProxyType(
            {
                "report_title": "Wage growth and the wage guideline",
                "growth_title": "Growth of average pay of employees{by} ({year})",
                "enterprises_title": "Enterprises by band of wage growth{by} ({year})",
                "workers_title": "Employees by their enterprise's band of wage growth{by} ({year})",
                "parts_title": "Parts of the growth of average pay ({year})",
                "by": " by {dimensions}",
                "and": " and ",
                "growth": "Growth",
                "real_growth": "Real",
                "interval": "{level} interval",
                "lower_limit": "Lower",
                "upper_limit": "Upper",
                "probability": "Probability",
                "share_of_enterprises": "Enterprises",
                "share_of_workers": "Employees",
                "points": "Contribution",
                "points_unit": "percentage points",
                "part": "Part",
                "within": "Growth within occupations",
                "composition": "Change of composition",
                "matched_note": "Growth is that of enterprises surveyed in both years that operated throughout both.",
                "line_note": "Growth that lies exactly on a line belongs to the band above it.",
                "parts_note": "Growth within occupations is what growth of pay in each sub-major group adds, change of"
                " composition what the change of the groups' shares of employees adds; together they are nominal growth.",
                "lower": "lower line",
                "upper": "upper line",
                "base": "base line",
                "below": "below {line}",
                "between": "{low} to {high}",
                "reached": "{line} and above",
                "bounds_note": "Wage guideline of {region} for {year}: {items}.",
                "bounds_item": "{line} {value}",
                "lines": "Wage guideline of {region} for {year}: {items}.",
                "issued": "{line} **{value}**",
                "not_issued": "{line} not issued or not found",
                "then": ", ",
                "line_head": "| Year | {base} | Upper line | Lower line |\n| --- | ---: | ---: | ---: |",
                "line_row": "| {year} | {base} | {upper} | {lower} |",
                "line_note_missing": "“—”: not issued or not found.",
                "range": "{low} to {high}",
                "rule_head": "| Enterprise and rule | Recommended growth | Basis |\n| --- | --- | --- |",
                "rule_row": "| {text} | {range} | {status} |",
                "found": "notice of the guideline",
                "usual": "rule of all notices",
                "background": "usual practice, to be confirmed",
                "condition": "besides",
                "at": "{value}",
                "up_to": "up to {value}",
                "lower_than": "below {value}",
                "at_least": "{value} or more",
                "from_to": "{low} to {high}",
                "from_below": "{low} to below {high}",
                "no_range": "not laid down",
                "applies": "For an enterprise with results **{results}**{wage} this rule applies: {text} Recommended growth of"
                " pay: **{range}**{yuan}.",
                "applies_none": "For an enterprise with results **{results}** no rule applies, or its line was not issued.",
                "wage": ", average pay of {wage} yuan last year",
                "multiple": " ({multiple} times the city's)",
                "yuan": ", that is average pay of {range} this year",
                "yuan_unit": "{value} yuan",
                "growing_fast": "growing fast",
                "growing": "growing",
                "flat": "flat",
                "falling": "falling",
                "in_difficulty": "in difficulty",
                "overall": "Average pay in comparable enterprises grew by **{growth}%** in nominal terms (95% interval {low}% to"
                " {high}%), in the band *{band}*.",
                "overall_p": "Given the sampling error, growth lies in this band with a probability of {p}%.",
                "overall_real": "Net of consumer prices, real growth is {real}%.",
                "items": "{by}, published items: {count}; {groups}.",
                "group": "{count} in the band *{band}* ({names})",
                "group_many": "{count} in the band *{band}*",
                "extremes": "Growth is fastest for {high} ({high_value}%) and slowest for {low} ({low_value}%).",
                "join": "; ",
                "names": ", ",
                "long_names": "; ",
                "shares_enterprises": "Of enterprises, {items}.",
                "shares_workers": "Of employees, {items}.",
                "share": "{value}% lie in the band *{band}*",
                "parts": "Of nominal growth of {growth}%, growth within occupations makes {within} and change of composition"
                " {composition} percentage points.",
                "up": "{value}",
                "down": "-{value}",
                "nothing": "This table has no items that may be published.",
                "chart_growth": "{title}: growth and 95% interval",
                "chart_growth_alt": "Dot plot, one row an item: the dot is growth, the line its 95% interval, upright lines are"
                " the guideline ({lines}). {items}.",
                "chart_item": "{name} {value}% ({low}% to {high}%)",
                "chart_shares": "{title}",
                "chart_shares_alt": "Stacked bars, one an item, in %. {items}.",
            }
        ),
    }
)


def percent_text(value: float) -> str:
    """A line as it is written: 5%, 8.5%."""
    return f"{value:g}%"


def line_name(line: str, guideline: Guideline, language: Language) -> str:
    """What a line is called; in Chinese the base line by the notice's own name."""
    if line == "base" and language == "zh":
        return guideline.base_name
    return GUIDELINE_WORDS[language][line]


def band_name(band: Band, guideline: Guideline, language: Language) -> str:
    """What a band is called: 低于下线, 下线至平均线, 平均线及以上."""
    words = GUIDELINE_WORDS[language]

    def named(line: str) -> str:
        return line_name(line, guideline, language)

    if band.name == "above":
        return words["reached"].format(line=named("upper"))
    if band.name.startswith("below_"):
        return words["below"].format(line=named(band.name.removeprefix("below_")))
    if band.name.endswith("_and_above"):
        return words["reached"].format(line=named(band.name.removesuffix("_and_above")))
    low, high = band.name.split("_to_")
    return words["between"].format(low=named(low), high=named(high))


def band_bounds(band: Band, language: Language) -> str:
    """A band by its figures, short enough for a heading: 低于2%, 2–5%, 5%以上 (which includes the 5).

    Examples
    --------
    >>> [band_bounds(Band("", *ends), "zh") for ends in ((-math.inf, 2), (2, 5.1), (5.1, math.inf))]
    ['低于2%', '2–5.1%', '5.1%以上']
    """
    low, high = percent_text(band.low), percent_text(band.high)
    if math.isinf(band.low):
        return f"低于{high}" if language == "zh" else f"< {high}"
    if math.isinf(band.high):
        return f"{low}以上" if language == "zh" else f"≥ {low}"
    return f"{band.low:g}–{high}"


def bounds_note(guideline: Guideline, language: Language) -> str:
    """What the figures in the headings are: 上海2023年企业工资指导线：平均线5%，下线2%。"""
    words = GUIDELINE_WORDS[language]
    items = [
        words["bounds_item"].format(line=line_name(line, guideline, language), value=span_text(*ends, language))
        for line, ends in guideline.issued.items()
    ]
    named = {
        "region": region_name(guideline.region, language),
        "year": guideline.year,
        "items": words["then"].join(items),
    }
    return words["bounds_note"].format(**named)


def span_text(low: float, high: float, language: Language) -> str:
    """A line that may be a range: 5%, 5%至6%."""
    if low == high:
        return percent_text(low)
    return GUIDELINE_WORDS[language]["range"].format(low=percent_text(low), high=percent_text(high))
