"""The words of the report about one industry (分行业企业薪酬指导), in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from wagekit.options import Language

WORDS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "zh": MappingProxyType(
            {
                "report_title": "分行业企业薪酬指导：{industry}",
                "named": "{industry}{title}",
                "comma": "，",
                "list": "、",
                "stop": "。",
                # headings
                "main": "主要结果",
                "notice": "说明",
                "levels": "工资水平",
                "distribution": "工资报酬的分布",
                "divisions": "分行业大类工资水平",
                "occupations": "分职业工资水平",
                "workers": "分从业人员类别工资水平",
                "enterprises": "分企业类型工资水平",
                "growth": "工资增长与企业工资指导线",
                "growth_size": "分企业规模工资增长",
                "shares": "企业和从业人员在各区间的占比",
                "labour_cost": "人工成本",
                "cost_size": "分企业规模人工成本",
                "low_pay": "低收入从业人员",
                "reference": "工资集体协商参考",
                "clauses": "企业适用的工资指导线条款",
                "method": "数据和方法说明",
                "definitions": "统计口径",
                "estimation": "估计方法",
                "protection": "发布规则",
                # coverage
                "coverage": "工资价位依据不少于{firms}家{industry}企业、不少于{people}名从业人员的有效数据。",
                "no_levels": "{industry}的受访企业过少、个别企业占比过大或抽样误差过大，按发布规则，工资价位不予公布。",
                "only_mean": "{industry}从业人员工资报酬的平均值为**{mean}**；各分位值按发布规则不予公布。",
                "levels_title": "{industry}{by}工资价位（{year}年）",
                "by_in_title": "分{dimension}",
                "age": "{age}岁",
                "age_up_to": "{age}岁及以下",
                "age_from": "{age}岁及以上",
                "notice_text": "本次调查中{industry}的受访企业或从业人员过少、个别企业占比过大，或抽样误差过大，"
                "按发布规则没有可以公布的数值。{year}年的下列规定和标准不受此影响，可供企业和职工方开展工资集体协商时参考。",
                "notice_bare": "本次调查中{industry}的受访企业或从业人员过少、个别企业占比过大，或抽样误差过大，"
                "按发布规则没有可以公布的数值。",
                "held_back": "按发布规则，{items}的工资价位不予公布。",
                "by": "分{dimension}",
                # levels
                "statistic": "指标",
                "p10": "10%分位值（低位数）",
                "p25": "25%分位值（下四分位数）",
                "p50": "50%分位值（中位数）",
                "p75": "75%分位值（上四分位数）",
                "p90": "90%分位值（高位数）",
                "mean": "平均值",
                "overall": "{industry}从业人员工资报酬的中位数为**{p50}**",
                "interval": "（95%置信区间为{low}至{high}）",
                "overall_mean": "，平均值为**{mean}**，是中位数的{ratio}倍",
                "middle": "半数从业人员的工资报酬在{p25}至{p75}之间。",
                "tails": "10%的从业人员不高于{p10}，10%的从业人员不低于{p90}，后者是前者的{ratio}倍。",
                "distribution_text": "下图按工资报酬的区间给出从业人员所占百分比。人数或企业数不足的相邻区间已合并，"
                "最高一段不设上限。",
                "distribution_title": "{industry}从业人员工资报酬的分布{period}",
                "only": "分{dimension}看，可以公布的只有{name}，中位数为**{value}**。",
                "pair": "{high}的中位数为**{high_value}**，{low}为**{low_value}**，前者是后者的{ratio}倍。",
                # growth
                "no_growth": "两年均接受调查的{industry}企业过少、个别企业占比过大或抽样误差过大，按发布规则，工资增长率不予公布。",
                "no_wave": "没有上年的调查数据或当年的企业工资指导线，不作比较。",
                "above": "其95%置信区间全部高于{line}（{value}）。",
                "under": "其95%置信区间全部低于{line}（{value}）。",
                "across": "其95%置信区间包含{line}（{value}），尚不能断定增长率高于或低于该线。",
                # labour cost
                "no_cost": "{industry}填报人工成本的企业过少、个别企业占比过大或抽样误差过大，按发布规则，人工成本指标不予公布。",
                "cost": "{industry}企业{items}。",
                "cost_item": "{name}为**{value}**",
                "structure": "人工成本总额中，{items}。",
                "structure_item": "{name}占{value}",
                "cost_only": "分企业规模看，可以公布的只有{name}企业，{items}。",
                "cost_size_none": "按发布规则，分企业规模的人工成本指标不予公布。",
                "rest_note": "某一规模的数值按发布规则不予公布，且可由合计与其他规模推算的，其他规模的相应数值也不予公布。",
                # low pay
                "low_title": "低收入从业人员占比（{year}年）",
                "line": "标准",
                "share": "占全日制从业人员的比重（%）",
                "lower_limit": "下限",
                "upper_limit": "上限",
                "level": "95%置信区间",
                "below_minimum": "月工资低于最低工资标准",
                "below_60_median": "工资报酬不高于本行业中位数的60%",
                "minimum": "{year}年{region}月最低工资标准为**{value}元**{status}。",
                "minimum_given": "本报告采用的月最低工资标准为**{value}元**。",
                "unconfirmed": "（参考值，引用前请核对公布文件）",
                "no_minimum": "没有当年的月最低工资标准，不作比较。",
                "scope_note": "范围为全日制从业人员，不含非全日制用工。",
                "less_note": "与最低工资标准比较的工资不含加班加点工资。",
                "median_note": "中位数为本行业全部全日制从业人员工资报酬的中位数。",
                "low": "全日制从业人员中，{items}。",
                "low_item": "{name}的占**{value}**",
                "no_low": "占比过小、抽样误差过大，或受访企业过少的，按发布规则不予公布，本行业没有可以公布的低收入从业人员占比。",
                # reference
                "reference_text": "以下各项由本报告公布的数值和工资指导线条款按固定规则得出，"
                "供企业和职工方开展工资集体协商时参考。最低工资标准必须执行。",
                "refer_level": "**工资水平**：以中位数{p50}为参照，半数从业人员在{p25}至{p75}之间；"
                "各类岗位对照相应职业、技能等级和学历的分位值。",
                "refer_level_median": "**工资水平**：以中位数{p50}为参照。",
                "refer_skill": "**技能等级**：{low}的中位数为{low_value}，{high}为{high_value}，可作为确定技能等级工资差距的参照。",
                "refer_clause": "**工资增幅**：按本企业经济效益和上年工资水平适用下表条款",
                "refer_growth": "；本行业可比企业名义增长{growth}%，位于“{band}”区间，可作为参照",
                "refer_cost": "**支付能力**：本行业企业{items}，可与本企业指标对照。",
                "refer_cost_item": "{name}{value}",
                "refer_minimum": "**最低工资**：支付给提供正常劳动的全日制职工的工资，剔除加班加点工资等项目后，"
                "不得低于月最低工资标准{value}元。",
                "clauses_text": "依次判断，先符合者先适用。“全市平均工资”等以工资指导线文件所指为准。",
                # method
                "method_pay": "- **工资报酬**：从业人员在调查年度内的税前所得，包括基本工资、绩效奖金、津贴补贴、"
                "加班加点工资和特殊情况下支付的工资。",
                "method_percentile": "- **分位值**：将工资报酬由低到高排序，处于相应百分比位置的数值。",
                "method_industry": "- **行业**：按企业主要业务活动所属的国民经济行业门类划分。本报告只依据本行业的数据，"
                "不与其他行业比较。",
                "method_growth": "- **名义增长率**：两年均接受调查且两年全年生产经营的企业，其从业人员平均工资本年比上年的增长率。"
                "企业按本年所属的行业门类和规模划分。",
                "method_cost": "- **人工成本指标**：有关企业的合计数之比。人事费用率为人工成本总额与销售（营业）收入之比，"
                "劳动分配率为人工成本总额与增加值之比，人工成本利润率为利润总额与人工成本总额之比。",
                "method_low": "- **低收入从业人员**：月工资低于月最低工资标准，或全年工资报酬不高于本行业中位数60%的"
                "全日制从业人员。"
                "月工资为全年工资报酬的十二分之一；与最低工资标准比较的口径参照《最低工资规定》第十二条。",
                "method_estimation": "每名被调查的从业人员 $i$ 以其权数 $w_i$ 代表总体中的从业人员。"
                "工资报酬不超过 $y$ 的从业人员占比和 $p$ 分位值的估计为\n\n"
                r"$$\hat F(y)=\frac{\sum_{i\in s} w_i\,\mathbf{1}(y_i\le y)}{\sum_{i\in s} w_i},\qquad "
                r"\hat Q(p)=\inf\{y:\hat F(y)\ge p\}$$"
                "\n\n企业是抽样单元，误差按抽样层和企业用泰勒线性化方法估计，分位值的置信区间用伍德拉夫（Woodruff）方法得出。",
                "method_variance": "增长率 $\\hat g=\\bar y_1/\\bar y_0-1$ 的方差计入了两年样本中相同企业带来的相关："
                "\n\n$$\\hat V(\\hat g)=\\hat V_1+\\hat V_0+2\\,\\hat C_{01}$$",
                "method_rules": "涉及从业人员或企业过少、个别企业占比过大、抽样误差过大或无法估计的数值不予公布。"
                "分类的工资价位只公布分位值，不公布平均值和人数；样本企业数和从业人员数只公布不少于多少，"
                "使未公布的数值不能由合计推算。",
            }
        ),
        "en": MappingProxyType(
            {
                "report_title": "Pay guidance by industry: {industry}",
                "named": "{industry}: {title}",
                "comma": ", ",
                "list": ", ",
                "stop": ".",
                "main": "Main findings",
                "notice": "Notice",
                "levels": "Wage levels",
                "distribution": "Distribution of pay",
                "divisions": "Wage levels by industry division",
                "occupations": "Wage levels by occupation",
                "workers": "Wage levels by group of employees",
                "enterprises": "Wage levels by type of enterprise",
                "growth": "Wage growth and the wage guideline",
                "growth_size": "Wage growth by size of enterprise",
                "shares": "Enterprises and employees by band",
                "labour_cost": "Labour cost",
                "cost_size": "Labour cost by size of enterprise",
                "low_pay": "Low-paid workers",
                "reference": "Reference for collective wage bargaining",
                "clauses": "Clauses of the guideline",
                "method": "Data and method",
                "definitions": "Definitions",
                "estimation": "Estimation",
                "protection": "Release rules",
                "coverage": "Wage levels rest on valid data of at least {firms} enterprises and at least {people}"
                " employees in {industry}.",
                "only_mean": "The mean pay of employees in {industry} is **{mean}**; under the release rules percentiles are"
                " not published.",
                "levels_title": "{industry}: wage levels{by} ({year})",
                "by_in_title": " by {dimension}",
                "age": "{age}",
                "age_up_to": "up to {age}",
                "age_from": "{age} and above",
                "no_levels": "Too few enterprises in {industry} took part, one has too large a share, or the sampling"
                " error is too large: under the release rules no wage levels are published.",
                "notice_text": "Too few enterprises or employees in {industry} took part in the survey, one enterprise has too"
                " large a share, or the sampling error is too large: under the release rules there is no figure to publish."
                " What follows holds for {year} all the same and can be referred to in collective wage bargaining.",
                "notice_bare": "Too few enterprises or employees in {industry} took part in the survey, one enterprise has too"
                " large a share, or the sampling error is too large: under the release rules there is no figure to publish.",
                "held_back": "Under the release rules wage levels {items} are not published.",
                "by": "by {dimension}",
                "statistic": "Statistic",
                "p10": "10% percentile",
                "p25": "25% percentile (lower quartile)",
                "p50": "50% percentile (median)",
                "p75": "75% percentile (upper quartile)",
                "p90": "90% percentile",
                "mean": "Mean",
                "overall": "The median pay of employees in {industry} is **{p50}**",
                "interval": " (95% interval {low} to {high})",
                "overall_mean": "; the mean is **{mean}**, {ratio} times the median",
                "middle": "Half of the employees earn between {p25} and {p75}.",
                "tails": "One in ten earns {p10} or less and one in ten {p90} or more, {ratio} times as much.",
                "distribution_text": "The figure shows the percentage of employees in each band of pay. Neighbouring bands with"
                " too few employees or enterprises are joined; the highest band has no upper limit.",
                "distribution_title": "{industry}: distribution of pay{period}",
                "only": "By {dimension}, only {name} can be published; the median is **{value}**.",
                "pair": "The median is **{high_value}** for {high} and **{low_value}** for {low}; the former is {ratio} times"
                " the latter.",
                "no_growth": "Too few enterprises in {industry} took part in both years, one has too large a share, or the"
                " sampling error is too large: under the release rules wage growth is not published.",
                "no_wave": "There are no data of the year before, or no guideline for the year, so nothing is compared.",
                "above": "The whole of its 95% interval lies above the {line} ({value}).",
                "under": "The whole of its 95% interval lies below the {line} ({value}).",
                "across": "Its 95% interval includes the {line} ({value}), so it can't be said whether growth lies above or"
                " below it.",
                "no_cost": "Too few enterprises in {industry} reported labour cost, one has too large a share, or the sampling"
                " error is too large: under the release rules indicators of labour cost are not published.",
                "cost": "In {industry} {items}.",
                "cost_item": "{name} is **{value}**",
                "structure": "Labour cost consists of {items}.",
                "structure_item": "{name} ({value})",
                "cost_only": "By size of enterprise, only {name} can be published: {items}.",
                "cost_size_none": "Under the release rules indicators by size of enterprise are not published.",
                "rest_note": "Where the figure of one size is not published under the release rules and could be calculated from"
                " the whole and the other sizes, theirs is not published either.",
                "low_title": "Low-paid workers ({year})",
                "line": "Line",
                "share": "Share of full-time workers (%)",
                "lower_limit": "Lower",
                "upper_limit": "Upper",
                "level": "95% interval",
                "below_minimum": "Monthly pay below the minimum wage",
                "below_60_median": "Pay of at most 60% of the industry's median",
                "minimum": "The minimum wage of {region} in {year} was **{value} yuan a month**{status}.",
                "minimum_given": "The report uses a minimum wage of **{value} yuan a month**.",
                "unconfirmed": " (a reference figure; look it up before citing it)",
                "no_minimum": "There is no minimum wage for the year, so nothing is compared.",
                "scope_note": "Full-time workers; part-time employment is left out.",
                "less_note": "Pay held against the minimum wage is without overtime pay.",
                "median_note": "The median is that of the pay of all full-time workers of the industry.",
                "low": "Of full-time workers, {items}.",
                "low_item": "**{value}** have {name}",
                "no_low": "Shares that are too small or too imprecise, or rest on too few enterprises, are not published; no"
                " share of low-paid workers can be published for the industry.",
                "reference_text": "What follows comes by fixed rules from figures published in this report and from the clauses"
                " of the wage guideline; enterprises and employees can refer to it in collective wage bargaining. The minimum"
                " wage is binding.",
                "refer_level": "**Wage level**: the median is {p50}, and half of the employees earn between {p25} and {p75};"
                " posts compare with the percentiles of their occupation, skill grade and education.",
                "refer_level_median": "**Wage level**: the median is {p50}.",
                "refer_skill": "**Skill grades**: the median of {low} is {low_value} and of {high} {high_value}, a reference for"
                " the differences in pay between grades.",
                "refer_clause": "**Wage growth**: the clauses below go by the enterprise's results and its average pay of last"
                " year",
                "refer_growth": "; for reference, nominal growth in comparable enterprises of the industry is {growth}%, in the"
                " band *{band}*",
                "refer_cost": "**Ability to pay**: in the industry {items}, to be compared with the enterprise's own.",
                "refer_cost_item": "{name} is {value}",
                "refer_minimum": "**Minimum wage**: pay of full-time employees for normal work, without overtime pay and the"
                " like, must not be below {value} yuan a month.",
                "clauses_text": "The clauses are tried from the first to the last; the first that fits decides. Terms such as the"
                " city's average pay are those of the guideline's notice.",
                "method_pay": "- **Pay** (工资报酬) is gross pay for the survey year: basic pay, performance pay, allowances,"
                " overtime pay and pay in special circumstances.",
                "method_percentile": "- A **percentile** (分位值) is the value at that position when pay is sorted from low to"
                " high.",
                "method_industry": "- **Industry** (行业门类) is the section of the enterprise's main activity. The report rests"
                " on the data of this industry only and compares it with no other.",
                "method_growth": "- **Nominal growth** is that of average pay, this year over last, in enterprises that were"
                " surveyed in both years and operated throughout both, by their industry and size of this year.",
                "method_cost": "- **Indicators of labour cost** are ratios of sums over enterprises: labour cost to revenue"
                " (人事费用率), labour cost to value added (劳动分配率), profit to labour cost (人工成本利润率).",
                "method_low": "- **Low-paid workers** are full-time workers whose monthly pay is below the minimum wage, or whose"
                " annual pay is at most 60% of the industry's median. Monthly pay is a twelfth of annual pay; what is taken off"
                " before it is held against the minimum wage follows article 12 of the Provisions on Minimum Wages"
                " (最低工资规定).",
                "method_estimation": "Each surveyed employee $i$ stands for $w_i$ employees of the population. The share of"
                " employees with pay up to $y$ and the percentile at $p$ are estimated by\n\n"
                r"$$\hat F(y)=\frac{\sum_{i\in s} w_i\,\mathbf{1}(y_i\le y)}{\sum_{i\in s} w_i},\qquad "
                r"\hat Q(p)=\inf\{y:\hat F(y)\ge p\}$$"
                "\n\nEnterprises are the sampling units; errors are estimated by Taylor linearization over strata and"
                " enterprises, intervals of percentiles by the method of Woodruff.",
                "method_variance": "The variance of growth $\\hat g=\\bar y_1/\\bar y_0-1$ takes into account that enterprises in"
                " both samples make the two years correlated:\n\n$$\\hat V(\\hat g)=\\hat V_1+\\hat V_0+2\\,\\hat C_{01}$$",
                "method_rules": "Values that rest on too few employees or enterprises, on one dominant enterprise, or that are"
                " too imprecise or can't be estimated, are not published. Wage levels of groups are given as percentiles only,"
                " without means and counts, and of the sample only a number that it reaches, so that what is held back can't be"
                " calculated from the whole.",
            }
        ),
    }
)
