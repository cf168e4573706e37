"""The words of the report on method and quality (调查方法和质量报告), in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from wagekit.options import Language

WORDS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "zh": MappingProxyType(
            {
                "report_title": "企业薪酬调查方法和质量报告",
                "and": "、",
                "by": "分{dimension}",
                "item": "项目",
                "value": "数值",
                "as_named": "见各项目",
                "percent": "%",
                "count_share": "数量，%",
                # profile
                "profile_title": "主要质量指标（{year}年）",
                "indicator": "指标",
                "aspect": "方面",
                "response": "样本企业有效回收率（%）",
                "response_weighted": "加权有效回收率（%）",
                "unanswered": "从业人员表平均缺报率（%）",
                "accepted": "从业人员表审核通过率（%）",
                "frame_ratio": "平均人数与名录从业人员数之比（%）",
                "mean_cv": "平均工资的变异系数（%）",
                "median_cv": "工资中位数的变异系数（%）",
                "deff": "平均工资的设计效应",
                "published": "拟发布数值中予以公布的比重（%）",
                "precise": "公布数值中变异系数不超过10%的比重（%）",
                "days": "调查年度结束至发布的天数（天）",
                "waves": "可比的调查次数（次）",
                "completeness": "无回答",
                "accuracy": "抽样误差",
                "measurement": "计量和处理",
                "coverage": "覆盖",
                "accessibility": "可获得性",
                "timeliness": "及时性",
                "comparability": "可比性",
                "profile_words": "平均工资的变异系数为**{mean}%**，中位数的变异系数为**{median}%**；公布的数值中，"
                "变异系数不超过10%的占**{precise}%**。",
                "published_words": "拟发布的数值中予以公布的占**{published}%**。",
                # design
                "design_title": "抽样设计和样本（{year}年）",
                "strata": "抽样层数（层）",
                "enterprises": "有效样本企业（家）",
                "employees": "有效样本从业人员（人）",
                "population": "代表的企业（家）",
                "workers": "代表的从业人员（人）",
                "firms_fraction": "企业抽样比（%）",
                "people_fraction": "从业人员抽样比（%）",
                "per_firm": "平均每家企业上报从业人员（人）",
                "df": "方差估计的自由度",
                "design_words": "样本分{strata}层抽取，有效样本企业{firms}家、从业人员{people}人，代表从业人员"
                "{workers}人，从业人员抽样比为**{fraction}%**。",
                "design_words_unstratified": "有效样本企业{firms}家、从业人员{people}人，代表从业人员{workers}人，"
                "从业人员抽样比为**{fraction}%**。",
                "weights_title": "从业人员权数的分布（{year}年）",
                "mean_weight": "平均值",
                "weight_percentile": "{percent}%分位值",
                "weight_cv": "变异系数（%）",
                "kish": "不等权数造成的设计效应",
                "weights_note": "不等权数造成的设计效应为1加权数变异系数的平方。",
                "weights_words": "从业人员权数平均为{mean}，半数在{low}至{high}之间，权数不等使方差扩大到等权数时"
                "的**{kish}倍**。",
                # precision
                "key_title": "主要数据及其抽样误差（{year}年）",
                "statistic": "主要统计指标",
                "estimate": "估计值",
                "se": "标准误",
                "cv": "变异系数（%）",
                "interval": "{level}置信区间",
                "lower": "下限",
                "upper": "上限",
                "design_effect": "设计效应",
                "mean": "平均值",
                "median": "中位数",
                "percentile": "{percent}%分位值",
                "key_words": "平均工资为{mean}，{level}置信区间为{lower}至{upper}，变异系数为{cv}。",
                "industry_title": "分行业门类平均工资的抽样误差（{year}年）",
                "industry_words": "各行业门类平均工资的变异系数在{low}%（{low_name}）至{high}%（{high_name}）之间。",
                "precision_note": "设计效应是抽样设计下的方差与同样人数简单随机抽样的方差之比。全数调查的没有抽样"
                "误差。",
                "cells_title": "拟发布各表的数值和公布情况（{year}年）",
                "table": "表",
                "items": "项目数",
                "values": "数值数",
                "shares": "占数值数的比重（%）",
                "shown": "公布",
                "confidential": "保密",
                "imprecise": "误差过大",
                "absent": "无法估计",
                "cells_note": "保密是指企业或从业人员过少、个别企业占比过大；误差过大是指变异系数超过发布规则的上"
                "限或无法估计。",
                "cells_words": "拟发布的{tables}张表共有{values}个数值，予以公布的占**{published}%**，因保密不予公"
                "布的占{confidential}%，因误差过大不予公布的占{imprecise}%。",
                "cv_title": "公布数值按变异系数的分布（{year}年）",
                "cv_shares": "变异系数占比（%）",
                "cv_class_0": "≤5%",
                "cv_class_1": "5%–10%",
                "cv_class_2": "10%–20%",
                "cv_class_3": ">20%",
                "cv_words": "公布的数值中，变异系数不超过5%的占{first}%，不超过10%的占**{second}%**。",
                "cv_chart": "{title}（%）",
                # coherence
                "reference_title": "与其他来源平均工资的比较（{year}年）",
                "series": "其他来源",
                "region": "地区",
                "reference": "其他来源",
                "survey": "本调查",
                "ratio": "本调查与其他来源之比（%）",
                "unconfirmed": "{name}（未经核实）",
                "reference_note": "各来源的调查范围、对象和口径与本调查不同，比较仅供参考。月平均工资按12个月折算"
                "为年。",
                "reference_words": "按年折算，本调查相应人员的平均工资{items}。",
                "reference_item": "为{name}的{ratio}",
                "comma": "，",
                "no_reference": "数据库中没有{year}年其他来源的平均工资，不作比较。",
                "waves_title": "历次调查的主要数据",
                "wave": "调查年度",
                "year": "{year}年",
                "waves_words": "本次是数据库中按同一方法进行的第{count}次调查，平均工资比上次{direction}{change}%。",
                "rose": "增长",
                "fell": "下降",
                "first_wave": "数据库中没有以前的调查数据，不作比较。",
                # timeliness
                "published_on": "本次数据于{day}发布，距调查年度结束**{days}天**。",
                "on_time": "按预定日期发布。",
                "late": "比预定的{day}推迟{delay}天。",
                "early": "比预定的{day}提前{delay}天。",
                "no_date": "发布日期尚未确定，不计算时效。",
                # burden
                "burden": "企业填报企业表{firm_questions}个指标、从业人员表{staff_questions}个指标，平均每家企业上"
                "报**{people}名**从业人员。",
                "spared": "从业人员较多的企业按规定抽取一部分上报，样本企业因此共上报其从业人员的{share}%。",
                "hours": "每家企业的填报时间约为{hours}小时，样本企业合计约{total}小时。",
                "no_hours": "调查没有测算企业的填报时间和调查经费。",
                # non-sampling
                "processing": "从业人员表接收{read}行，审核未通过的占{refused}%；采用的记录每百行有{queries}条填报"
                "内容需要核实。",
                "imputed": "缺报的指标不作插补，有关汇总只用已填报的记录。",
                "frame_words": "样本企业填报的平均人数合计为其名录从业人员数的**{ratio}%**。",
                # confidentiality
                "rule_counts": "公布的数值至少依据{enterprises}家企业、{employees}名从业人员的数据",
                "rule_enterprises": "公布的数值至少依据{enterprises}家企业的数据",
                "rule_tails": "低于25%和高于75%的分位值至少依据{employees}名从业人员的数据",
                "rule_share": "个别企业占比过大的数值不予公布",
                "rule_cv": "变异系数超过{cv}%或抽样误差无法估计的数值不予公布",
                "rules": "发布规则为：{rules}。",
                "semicolon": "；",
                "all_employees": "全部从业人员",
            }
        ),
        "en": MappingProxyType(
            {
                "report_title": "Method and quality of the enterprise wage survey",
                "and": ", ",
                "by": "by {dimension}",
                "item": "Item",
                "value": "Value",
                "as_named": "as named",
                "percent": "%",
                "count_share": "number, %",
                "profile_title": "Main indicators of quality ({year})",
                "indicator": "Indicator",
                "aspect": "Aspect",
                "response": "Response rate of enterprises (%)",
                "response_weighted": "Response rate, weighted (%)",
                "unanswered": "Missing answers, employee table (%)",
                "accepted": "Employee rows accepted (%)",
                "frame_ratio": "Headcount to the frame's (%)",
                "mean_cv": "CV of mean pay (%)",
                "median_cv": "CV of median pay (%)",
                "deff": "Design effect of mean pay",
                "published": "Values published, of those planned (%)",
                "precise": "Published values with a CV up to 10% (%)",
                "days": "Days from the end of the survey year to publication",
                "waves": "Comparable waves",
                "completeness": "Non-response",
                "accuracy": "Sampling error",
                "measurement": "Processing",
                "coverage": "Coverage",
                "accessibility": "Accessibility",
                "timeliness": "Timeliness",
                "comparability": "Comparability",
                "profile_words": "The coefficient of variation is **{mean}%** for mean pay and **{median}%** for"
                " the median; of the published values **{precise}%** have one of 10% or less.",
                "published_words": "Of the values planned **{published}%** are published.",
                "design_title": "Sampling design and sample ({year})",
                "strata": "Strata",
                "enterprises": "Enterprises in the sample",
                "employees": "Employees in the sample",
                "population": "Enterprises stood for",
                "workers": "Employees stood for",
                "firms_fraction": "Sampling fraction, enterprises (%)",
                "people_fraction": "Sampling fraction, employees (%)",
                "per_firm": "Employees reported by an enterprise, on average",
                "df": "Degrees of freedom of variances",
                "design_words": "The sample was drawn in {strata} strata. It has {firms} enterprises and {people}"
                " employees, who stand for {workers} employees, a sampling fraction of **{fraction}%**.",
                "design_words_unstratified": "The sample has {firms} enterprises and {people} employees, who stand"
                " for {workers} employees, a sampling fraction of **{fraction}%**.",
                "weights_title": "Weights of the employees ({year})",
                "mean_weight": "Mean",
                "weight_percentile": "{percent}% percentile",
                "weight_cv": "Coefficient of variation (%)",
                "kish": "Design effect of unequal weights",
                "weights_note": "The design effect of unequal weights is 1 plus their squared coefficient of"
                " variation.",
                "weights_words": "An employee's weight is {mean} on average and half of the weights lie between"
                " {low} and {high}; that they are unequal makes variances **{kish} times** as large.",
                "key_title": "Main results and their sampling errors ({year})",
                "statistic": "Statistic",
                "estimate": "Estimate",
                "se": "Standard error",
                "cv": "CV (%)",
                "interval": "{level} interval",
                "lower": "Lower",
                "upper": "Upper",
                "design_effect": "Design effect",
                "mean": "Mean",
                "median": "Median",
                "percentile": "{percent}% percentile",
                "key_words": "Mean pay is {mean} with a {level} interval from {lower} to {upper} and a coefficient"
                " of variation of {cv}.",
                "industry_title": "Sampling errors of mean pay by industry section ({year})",
                "industry_words": "The coefficient of variation of mean pay lies between {low}% ({low_name}) and"
                " {high}% ({high_name}).",
                "precision_note": "The design effect is the variance under the design over that of a simple random"
                " sample of as many employees. Where all enterprises were surveyed there is no sampling error.",
                "cells_title": "Values of the planned tables and their publication ({year})",
                "table": "Table",
                "items": "Items",
                "values": "Values",
                "shares": "Share of the values (%)",
                "shown": "Shown",
                "confidential": "Held (c)",
                "imprecise": "Held (u)",
                "absent": "None",
                "cells_note": "Held (c), confidential: too few enterprises or employees, or mostly one enterprise."
                " Held (u), imprecise: the coefficient of variation is above the limit of the release rules or"
                " can't be estimated.",
                "cells_words": "The {tables} planned tables have {values} values, of which **{published}%** are"
                " published, {confidential}% are held back as confidential and {imprecise}% as imprecise.",
                "cv_title": "Published values by coefficient of variation ({year})",
                "cv_shares": "Share with a CV of (%)",
                "cv_class_0": "≤5%",
                "cv_class_1": "5%–10%",
                "cv_class_2": "10%–20%",
                "cv_class_3": ">20%",
                "cv_words": "Of the published values {first}% have a coefficient of variation of 5% or less and"
                " **{second}%** one of 10% or less.",
                "cv_chart": "{title} (%)",
                "reference_title": "Mean pay beside other sources ({year})",
                "series": "Other source",
                "region": "Area",
                "reference": "Other source",
                "survey": "This survey",
                "ratio": "Survey to source (%)",
                "unconfirmed": "{name} (unconfirmed)",
                "reference_note": "The sources differ from this survey in scope, units and definitions, so the"
                " comparison is a rough one. Monthly averages are taken times 12.",
                "reference_words": "On a yearly basis, mean pay of the same group in this survey is {items}.",
                "reference_item": "{ratio} of “{name}”",
                "comma": ", ",
                "no_reference": "The store holds no mean pay of other sources for {year} to compare with.",
                "waves_title": "Main results of the waves",
                "wave": "Survey year",
                "year": "{year}",
                "waves_words": "This is wave number {count} in the store by the same method; mean pay {direction}"
                " by {change}% on the last wave.",
                "rose": "rose",
                "fell": "fell",
                "first_wave": "The store holds no earlier wave to compare with.",
                "published_on": "The data are published on {day}, **{days} days** after the end of the survey year.",
                "on_time": "That is the day announced.",
                "late": "That is {delay} days after the day announced, {day}.",
                "early": "That is {delay} days before the day announced, {day}.",
                "no_date": "The day of publication is not set, so timeliness is not measured.",
                "burden": "An enterprise answers {firm_questions} questions about itself and {staff_questions}"
                " about each employee, and reports **{people}** employees on average.",
                "spared": "Enterprises with many employees report a part of them by rule; the sampled enterprises"
                " report {share}% of theirs.",
                "hours": "Answering takes an enterprise about {hours} hours, all of them about {total} hours.",
                "no_hours": "Neither the time that enterprises need nor the cost of the survey was measured.",
                "processing": "Of {read} rows received in the employee table {refused}% were refused; in 100"
                " accepted rows {queries} answers have to be followed up.",
                "imputed": "Missing answers are not imputed; results use the rows that have an answer.",
                "frame_words": "The average headcount that the enterprises report is **{ratio}%** of the frame's.",
                "rule_counts": "a published value rests on at least {enterprises} enterprises and {employees}"
                " employees",
                "rule_enterprises": "a published value rests on at least {enterprises} enterprises",
                "rule_tails": "percentiles below 25% or above 75% rest on at least {employees} employees",
                "rule_share": "values that are mostly one enterprise's are not published",
                "rule_cv": "values with a coefficient of variation above {cv}%, or whose error can't be estimated,"
                " are not published",
                "rules": "The release rules: {rules}.",
                "semicolon": "; ",
                "all_employees": "All employees",
            }
        ),
    }
)


_SERIES: Mapping[str, str] = MappingProxyType(
    {
        "average_wage_employees": "average wage of employees",
        "average_wage_enterprises_above_size": "average wage in enterprises above the designated size",
        "average_wage_non_private_units": "average wage in urban non-private units",
        "average_wage_skilled_workers": "average wage of skilled workers in enterprises",
        "average_wage_urban_units_month": "average monthly wage in urban units",
        "average_wage_urban_units_year": "average wage in urban units",
    }
)


def series_name(series: str, chinese: str, language: Language) -> str:
    """What a reference series is called; its Chinese title where no other is known."""
    return _SERIES.get(series, chinese) if language == "en" else chinese
