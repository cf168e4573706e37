"""The words of tables and texts about the pay of groups: low-paid, skilled, science workers, graduates."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from wagekit.options import Language

WORDS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "zh": MappingProxyType(
            {
                "report_title": "重点群体薪酬分配指引报告",
                "by": "分{dimensions}",
                "and": "和",
                "comma": "，",
                "semicolon": "；",
                "stop": "。",
                "list": "、",
                "interval": "{level}置信区间",
                "lower_limit": "下限",
                "upper_limit": "上限",
                "share": "占从业人员的比重（%）",
                # low pay
                "low_title": "低收入从业人员占比（{year}年）",
                "low_by_title": "{by}低收入从业人员占比（{year}年）",
                "line": "标准",
                "below_minimum": "低于月最低工资标准",
                "below_60_median": "不高于中位数的60%",
                "below_67_median": "不高于中位数的三分之二",
                "rises_title": "月最低工资标准提高的影响（{year}年）",
                "rises_unit": "人，万元，%",
                "rise": "提高幅度",
                "rise_row": "提高{rise}%（{raised}元/月）",
                "reached": "涉及从业人员占比（%）",
                "workers": "涉及从业人员（人）",
                "cost": "全年增加工资（万元）",
                "cost_share": "占工资总额的比重（%）",
                "minimum": "{year}年{region}月最低工资标准为**{value}元**{status}。",
                "minimum_given": "本报告采用的月最低工资标准为**{value}元**。",
                "unconfirmed": "（参考值，引用前请核对公布文件）",
                "scope_note": "范围为全日制从业人员，不含非全日制用工。",
                "less_note": "与最低工资标准比较的工资不含{parts}。",
                "overtime_pay": "加班加点工资",
                "line_note": "中位数为全部全日制从业人员工资报酬的中位数。",
                "rise_note": "涉及从业人员为月工资低于提高后标准的人员；增加工资为由现有工资（低于现行标准的，由现行标准）"
                "提高到新标准所需的金额，不计其他人员工资的变化。",
                "low_item": "{name}的占**{value}**",
                "low": "全日制从业人员中，{items}。",
                "rise_said": "月最低工资标准{rise}，涉及{workers}，占{reached}，增加工资{cost}，占工资总额的{share}。",
                "extremes": "{by}看，{what}的占比最高的是{high}（{high_value}），最低的是{low}（{low_value}）。",
                # premium
                "premium_title": "{by}职业技能等级工资溢价（以{base}为基准，{year}年）",
                "title_premium_title": "{by}工资溢价（以{base}为基准，{year}年）",
                "raw": "实际溢价（%）",
                "adjusted": "调整后溢价（%）",
                "value": "溢价",
                "limits_note": "下限和上限为95%置信区间的两端。",
                "premium_note": "实际溢价为该等级与基准等级工资报酬中位数之比减1。",
                "adjusted_note": "调整后溢价由工资回归得出，比较性别、学历、企业规模、行业门类、职业大类、用工形式、"
                "本企业工龄和参加工作年份相同的从业人员。",
                "premium_said": "与{base}相比，{items}。",
                "premium_item": "{name}的工资中位数高**{value}**",
                "premium_less": "{name}的工资中位数低**{value}**",
                "adjusted_said": "其他条件相同时，{items}。",
                "adjusted_item": "{name}高{value}",
                "adjusted_less": "{name}低{value}",
                "chart_premium": "{title}：实际溢价",
                # floors
                "floors_title": "{by}职业技能等级工资低位数与参考底线的比较（{year}年）",
                "floors_unit": "元/月，倍",
                "monthly": "工资低位数（元/月）",
                "ratio_group": "工资低位数与参考底线之比",
                "floor_head": "{name}{percent}%",
                "floors_note": "参考底线为月最低工资标准的倍数，按《{title}》（{document}）的岗位类别分为{items}，供参考，"
                "不具强制性；比值不低于1的达到参考底线。",
                "floor_item": "{name}{percent}%",
                "class_note": "调查不采集岗位类别，各等级分别与四类底线比较。",
                "low_note": "工资低位数为{percent}%分位值，按月折算。",
                "floors_said": "{name}的工资低位数为每月{value}，{reached}。",
                "floors_all": "达到全部四类岗位的参考底线",
                "floors_none": "未达到任何一类岗位的参考底线",
                "floors_up_to": "达到{names}岗位的参考底线",
                # chief technicians
                "chief": "特级技师和首席技师的工资低位数为高级专业技术人员工资低位数的**{ratio}倍**，"
                "工资低于后者的占{below}。",
                "chief_none": "调查中的特级技师和首席技师过少，按发布规则不予比较。",
                "chief_title": "特级技师、首席技师与高级专业技术人员工资低位数的比较（{year}年）",
                "chief_unit": "倍，%",
                "low_to_senior_low": "工资低位数之比",
                "below_senior_low": "低于高级专业技术人员工资低位数的占比（%）",
                # science
                "science_title": "{by}企业从业人员工资价位（{year}年）",
                "research": "科学研究和技术服务业（73、74、75大类）",
                "information": "信息传输、软件和信息技术服务业（63、64、65大类）",
                "other": "其他行业",
                # graduates
                "graduates_title": "分学历毕业生工资价位（{year}年）",
                "graduates_note": "毕业生指大学专科及以上学历、本企业工龄和参加工作年限均不超过1年的从业人员。",
            }
        ),
        "en": MappingProxyType(
            {
                "report_title": "Pay guidance for groups of workers",
                "by": " by {dimensions}",
                "and": " and ",
                "comma": ", ",
                "semicolon": "; ",
                "stop": ". ",
                "list": ", ",
                "interval": "{level} interval",
                "lower_limit": "Lower",
                "upper_limit": "Upper",
                "share": "Share of workers (%)",
                "low_title": "Low-paid workers ({year})",
                "low_by_title": "Low-paid workers{by} ({year})",
                "line": "Line",
                "below_minimum": "below the minimum wage",
                "below_60_median": "at most 60% of the median",
                "below_67_median": "at most two thirds of the median",
                "rises_title": "Reach of a rise of the minimum wage ({year})",
                "rises_unit": "people, 10,000 yuan, %",
                "rise": "Rise",
                "rise_row": "by {rise}% ({raised} yuan a month)",
                "reached": "Share of workers reached (%)",
                "workers": "Workers reached",
                "cost": "More pay in the year (10,000 yuan)",
                "cost_share": "Share of the wage bill (%)",
                "minimum": "The minimum wage of {region} in {year} was **{value} yuan a month**{status}.",
                "minimum_given": "The report uses a minimum wage of **{value} yuan a month**.",
                "unconfirmed": " (a reference figure; look it up before citing it)",
                "scope_note": "Full-time workers; part-time employment is left out.",
                "less_note": "Pay held against the minimum wage is without {parts}.",
                "overtime_pay": "overtime pay",
                "line_note": "The median is that of the pay of all full-time workers.",
                "rise_note": "Workers reached are paid less than the raised minimum wage; more pay is what lifts them to"
                " it from their pay, or from the present minimum wage where they are below it. Other pay stays.",
                "low_item": "**{value}** are paid {name}",
                "low": "Of full-time workers {items}.",
                "rise_said": "Raising the minimum wage {rise} reaches {workers}, {reached} of all, and costs {cost},"
                " {share} of the wage bill.",
                "extremes": "{by}, the share of workers {what} is highest in {high} ({high_value}) and lowest in {low}"
                " ({low_value}).",
                "premium_title": "Pay premium of skill grades{by} (against {base}, {year})",
                "title_premium_title": "Pay premium{by} (against {base}, {year})",
                "raw": "Raw premium (%)",
                "adjusted": "Adjusted premium (%)",
                "value": "Premium",
                "limits_note": "Lower and upper are the ends of 95% intervals.",
                "premium_note": "The raw premium is the ratio of median pay to that of the base, less 1.",
                "adjusted_note": "The adjusted premium comes from a wage regression: it compares workers of the same sex,"
                " education, size and section of the enterprise, occupation, form of employment, tenure and year of"
                " first work.",
                "premium_said": "Compared with {base}, {items}.",
                "premium_item": "{name} has a median pay **{value}** higher",
                "premium_less": "{name} has a median pay **{value}** lower",
                "adjusted_said": "All else equal, {items}.",
                "adjusted_item": "{name} is paid {value} more",
                "adjusted_less": "{name} is paid {value} less",
                "chart_premium": "{title}: raw premium",
                "floors_title": "Low percentile of pay by skill grade against the reference floors ({year})",
                "floors_unit": "yuan a month, times",
                "monthly": "Low percentile (yuan a month)",
                "ratio_group": "Low percentile over the reference floor",
                "floor_head": "{name} {percent}%",
                "floors_note": "Reference floors are multiples of the minimum wage by class of post ({title}, {document}):"
                " {items}. They are references and bind nobody; a ratio of 1 and more reaches the floor.",
                "floor_item": "{name} {percent}%",
                "class_note": "The survey does not ask for the class of post: every grade is held against all floors.",
                "low_note": "The low percentile is the {percent}% percentile, a month.",
                "floors_said": "The low percentile of {name} is {value} a month; it {reached}. ",
                "floors_all": "reaches the reference floors of all four classes",
                "floors_none": "reaches none of the reference floors",
                "floors_up_to": "reaches the reference floors of {names}",
                "chief": "The low percentile of special-grade and chief technicians is **{ratio} times** that of senior"
                " professionals; {below} are paid less than the latter.",
                "chief_none": "There are too few special-grade and chief technicians in the survey to compare them under"
                " the release rules.",
                "chief_title": "Special-grade and chief technicians against senior professionals ({year})",
                "chief_unit": "times, %",
                "low_to_senior_low": "Ratio of low percentiles",
                "below_senior_low": "Paid less than the low percentile of senior professionals (%)",
                "science_title": "Wage levels{by} ({year})",
                "research": "Scientific research and technical services (divisions 73–75)",
                "information": "Information transmission and software (divisions 63–65)",
                "other": "Other industries",
                "graduates_title": "Pay of graduates by education ({year})",
                "graduates_note": "Graduates are workers with tertiary education, at most one year in the enterprise and at"
                " most one year after their first work.",
            }
        ),
    }
)
