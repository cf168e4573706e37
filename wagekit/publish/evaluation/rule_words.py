"""Short names of the checks' rules (审核规则), in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from wagekit.options import Language

RULE_NAMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "missing_required": ("必填项未填", "Required answer missing"),
        "missing_answer": ("未填报", "Not answered"),
        "wrong_type": ("填报内容类型不符", "Not of the right kind"),
        "wrong_type_blanked": ("类型不符，所填未采用", "Not of the right kind, left out"),
        "code_not_in_list": ("代码不在代码表内", "Code not in the list"),
        "code_not_in_list_blanked": ("代码不在代码表内，所填未采用", "Code not in the list, left out"),
        "code_detail_unknown": ("细分代码归入上一级", "Detailed code unknown, group taken"),
        "code_leading_zero": ("代码首位0可能丢失", "Leading zero perhaps lost"),
        "out_of_range": ("超出允许范围", "Out of range"),
        "out_of_range_blanked": ("超出允许范围，所填未采用", "Out of range, left out"),
        "credit_code": ("统一社会信用代码有误", "Wrong credit code"),
        "region_code": ("行政区划代码有误", "Wrong region code"),
        "enterprise_repeated": ("单位记录重复", "Enterprise repeated"),
        "enterprise_contradicted": ("同一单位记录不一致", "Enterprise contradicted"),
        "operating_months": ("生产经营月数不在6至12之间", "Not 6 to 12 months of operation"),
        "headcount_sum": ("平均人数不等于分项之和", "Headcount is not the sum of its parts"),
        "revenue_above_profit": ("销售收入不大于利润总额", "Revenue not above profit"),
        "revenue_above_value_added": ("销售收入不大于增加值", "Revenue not above value added"),
        "cost_above_labour_cost": ("成本费用不大于人工成本", "Total cost not above labour cost"),
        "labour_cost_above_wages": ("人工成本不大于劳动报酬", "Labour cost not above wages"),
        "labour_cost_sum": ("人工成本不等于分项之和", "Labour cost is not the sum of its items"),
        "inclusion_probability": ("入样概率有误", "Wrong inclusion probability"),
        "frame_headcount": ("名录从业人员数有误", "Wrong number of workers in the frame"),
        "average_wage_far_from_industry": ("人均报酬与行业中位数相差过大", "Wages per worker far from the industry's"),
        "wage_bill_mismatch": ("两表平均工资相差过大", "Mean pay of the two tables far apart"),
        "employee_without_enterprise": ("所在单位不在企业表中", "Enterprise not in the enterprise table"),
        "enterprise_refused": ("所在单位未通过审核", "Enterprise refused"),
        "employee_repeated": ("职工记录重复", "Employee repeated"),
        "employee_contradicted": ("同一职工记录不一致", "Employee contradicted"),
        "age": ("年龄超出调查范围", "Age out of scope"),
        "work_start_year": ("参加工作年份不早于调查年份", "First work not before the survey year"),
        "pay_not_positive": ("工资报酬不大于0", "Pay not above 0"),
        "pay_sum": ("工资报酬不等于分项之和", "Pay is not the sum of its parts"),
        "weight": ("权数有误", "Wrong weight"),
        "employee_code_format": ("职工代码格式不符", "Form of the employee code"),
        "work_start_age": ("参加工作时年龄偏小", "Very young at the first work"),
        "tenure_longer_than_career": ("本企业工龄超过工作年数", "More years in the enterprise than at work"),
        "pay_below_minimum_wage": ("工资报酬低于最低工资标准年额", "Pay below twelve monthly minimum wages"),
        "pay_far_above_median": ("工资报酬远高于中位数", "Pay far above the median"),
        "long_weekly_hours": ("周平均工作小时数过长", "Very long weekly hours"),
    }
)


def rule_name(rule: str, language: Language) -> str:
    """The short name of a rule; one that isn't known is called by its own word.

    >>> rule_name("pay_sum", "zh")
    '工资报酬不等于分项之和'
    """
    return RULE_NAMES[rule][0 if language == "zh" else 1] if rule in RULE_NAMES else rule
