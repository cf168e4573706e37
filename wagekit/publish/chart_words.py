"""The words on and about charts, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping

from wagekit.options import Language

CHART_WORDS: Mapping[Language, Mapping[str, str]] = {
    "zh": {
        "strips": "{title}：分位值分布",
        "strips_alt": "条带图，每个项目一条，按中位数由高到低排列，单位{unit}。{items}。",
        "strip_item": "{name}：中位数{p50}{span}",
        "span_outer": "，10%至90%分位值为{p10}至{p90}",
        "span_inner": "，25%至75%分位值为{p25}至{p75}",
        "median": "中位数",
        "skipped": "（中间{count}项略）",
        "unit": "单位：{unit}",
        "grades": "{title}：{statistic}",
        "grades_alt": "柱形图，每个项目一柱，单位{unit}。{items}。",
        "grade_item": "{name}{value}{interval}",
        "interval": "（{level}置信区间{lower}至{upper}）",
        "whisker": "柱顶竖线为{level}置信区间",
        "p50": "中位数",
        "mean": "平均值",
        "bands": "从业人员按工资报酬的分布{period}",
        "bands_alt": "直方图，横轴为工资报酬（{unit}），纵轴为每{width}{money}区间内从业人员所占百分比。{items}。",
        "band_item": "{low}至{high}占{share}%",
        "band_low": "{high}以下占{share}%",
        "band_top": "{low}及以上占{share}%",
        "band_axis": "每{width}{money}区间内从业人员占比（%）",
        "join": "；",
    },
    "en": {
        "strips": "{title}: percentiles",
        "strips_alt": "Strip chart, one strip an item from the highest to the lowest median, in {unit}. {items}.",
        "strip_item": "{name}: median {p50}{span}",
        "span_outer": ", 10% to 90% percentile {p10} to {p90}",
        "span_inner": ", 25% to 75% percentile {p25} to {p75}",
        "median": "Median",
        "skipped": "({count} items between)",
        "unit": "Unit: {unit}",
        "grades": "{title}: {statistic}",
        "grades_alt": "Column chart, one column an item, in {unit}. {items}.",
        "grade_item": "{name} {value}{interval}",
        "interval": " ({level} interval {lower} to {upper})",
        "whisker": "Lines: {level} confidence intervals",
        "p50": "median",
        "mean": "mean",
        "bands": "Employees by pay{period}",
        "bands_alt": "Histogram: pay ({unit}) across, percentage of employees for each {width} {money} upwards. {items}.",
        "band_item": "{low} to {high}: {share}%",
        "band_low": "below {high}: {share}%",
        "band_top": "{low} and above: {share}%",
        "band_axis": "Employees for each {width} {money} (%)",
        "join": "; ",
    },
}
