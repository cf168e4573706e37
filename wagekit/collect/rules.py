"""The rules that survey data are checked by, as declarations: what each one says and how it is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from wagekit.collect import predicates
from wagekit.collect.predicates import Predicate
from wagekit.collect.questionnaire import COST_ITEMS, EMPLOYEE, ENTERPRISE, PAY_PARTS, Table
from wagekit.options import Language

_LOGIC = "logic checks of the survey's manual (逻辑性审核)"
_PLAUSIBILITY = "plausibility check (合理性审核); the threshold is wagekit's"
_INSTRUCTIONS = "instructions to the survey 2012"
_DESIGN = "a sampling design needs it"

_HEADCOUNTS = ("on_post_headcount", "dispatched_headcount", "other_headcount")


@dataclass(frozen=True)
class Rule:
    """One check.

    Parameters
    ----------
    name : short name, by which a mapping turns it off.
    table : the table whose rows it judges; ``both`` for rules about single fields.
    hard : a row that fails is refused; otherwise it is kept and listed for follow-up.
    chinese, english : message; ``{field}``, ``{kind}``, ``{range}``, ``{wave}`` and thresholds are filled in.
    fields : columns it needs, the one it is reported under first; where one is absent the rule doesn't apply.
    also : columns it looks at if they are there.
    passes : decides a whole table at once, True for right rows; None for rules about single fields, which
        follow from the questionnaire.
    source : where the rule comes from.
    """

    name: str
    table: Table | Literal["both"]
    hard: bool
    chinese: str
    english: str
    fields: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    passes: Predicate | None = field(default=None, repr=False)
    source: str = ""


_FIELD_RULES = (
    Rule("missing_required", "both", True, "“{field}”必须填报", "{field} must be filled in"),
    Rule("missing_answer", "both", False, "“{field}”未填报，请核实补报", "{field} is not filled in"),
    Rule("wrong_type", "both", True, "“{field}”应填{kind}", "{field} must be {kind}"),
    Rule(
        "wrong_type_blanked",
        "both",
        False,
        "“{field}”应填{kind}，所填内容未采用",
        "{field} must be {kind}; what was filled in is left out",
    ),
    Rule("code_not_in_list", "both", True, "“{field}”不在代码表内", "{field} is not in the code list"),
    Rule(
        "code_not_in_list_blanked",
        "both",
        False,
        "“{field}”不在代码表内，所填内容未采用",
        "{field} is not in the code list; what was filled in is left out",
    ),
    Rule(
        "code_detail_unknown",
        "both",
        False,
        "“{field}”的细分代码不在代码表内，已归入上一级",
        "{field}: the detailed code is not in the list; the group above it is taken",
        source=_INSTRUCTIONS,
    ),
    Rule(
        "code_leading_zero",
        "both",
        False,
        "“{field}”只有3位数字，如首位0丢失请补正",
        "{field} has three digits; if a leading zero was lost, the code means something else",
    ),
    Rule("out_of_range", "both", True, "“{field}”应{range}", "{field} must be {range}"),
    Rule(
        "out_of_range_blanked",
        "both",
        False,
        "“{field}”应{range}，所填内容未采用",
        "{field} must be {range}; what was filled in is left out",
    ),
)

_ENTERPRISE_RULES = (
    Rule(
        "credit_code",
        "enterprise",
        True,
        "统一社会信用代码（18位）或组织机构代码（9位）有误，校验码不符",
        "neither an 18-character credit code nor a 9-character organisation code with the right check digit",
        fields=("enterprise_id",),
        passes=predicates.credit_code,
        source="GB 32100-2015, GB 11714-1997",
    ),
    Rule(
        "region_code",
        "enterprise",
        True,
        "行政区划代码应为6位数字，前两位为省级代码",
        "the region code must be six digits that begin with a province",
        fields=("region_code",),
        passes=predicates.region_code,
        source="GB/T 2260",
    ),
    Rule(
        "enterprise_repeated",
        "enterprise",
        True,
        "同一单位的记录重复，只保留第一条",
        "the enterprise's row is there before; the first one is kept",
        fields=("enterprise_id",),
        passes=predicates.not_repeated(ENTERPRISE.key),
    ),
    Rule(
        "enterprise_contradicted",
        "enterprise",
        True,
        "同一单位有多条不同的记录，均未采用",
        "the enterprise has several rows that differ; none is taken",
        fields=("enterprise_id",),
        passes=predicates.not_contradicted(ENTERPRISE.key),
    ),
    Rule(
        "operating_months",
        "enterprise",
        True,
        "全年实际生产经营月数应在6至12之间",
        "the enterprise must have operated 6 to 12 months of the year",
        fields=("operating_months",),
        passes=predicates.within("operating_months", 6, 12),
        source="training slides Guangdong 2021",
    ),
    Rule(
        "headcount_sum",
        "enterprise",
        True,
        "从业人员平均人数应等于在岗职工、劳务派遣人员与其他从业人员平均人数之和",
        "the average headcount must be the sum of own staff, dispatched and other workers",
        fields=("average_headcount",),
        also=_HEADCOUNTS,
        # Every figure is an average rounded to a whole person: half a person each, the total too.
        passes=predicates.adds_up("average_headcount", _HEADCOUNTS, lambda _, given: 0.5 * (given + 1)),
        source=_LOGIC,
    ),
    Rule(
        "revenue_above_profit",
        "enterprise",
        True,
        "销售（营业）收入应大于利润总额",
        "revenue must be greater than total profit",
        fields=("revenue", "total_profit"),
        passes=predicates.exceeds("revenue", "total_profit"),
        source=_LOGIC,
    ),
    Rule(
        "revenue_above_value_added",
        "enterprise",
        True,
        "销售（营业）收入应大于增加值",
        "revenue must be greater than value added",
        fields=("revenue", "value_added"),
        passes=predicates.exceeds("revenue", "value_added"),
        source=_LOGIC,
    ),
    Rule(
        "cost_above_labour_cost",
        "enterprise",
        True,
        "成本费用总额应大于人工成本总额",
        "total cost must be greater than labour cost",
        fields=("total_cost", "labour_cost"),
        passes=predicates.exceeds("total_cost", "labour_cost"),
        source=_LOGIC,
    ),
    Rule(
        "labour_cost_above_wages",
        "enterprise",
        True,
        "人工成本总额应大于从业人员劳动报酬（工资总额）",
        "labour cost must be greater than wages",
        fields=("labour_cost", "wages"),
        passes=predicates.exceeds("labour_cost", "wages"),
        source=_LOGIC,
    ),
    Rule(
        "labour_cost_sum",
        "enterprise",
        True,
        "人工成本总额应等于七个组成项目之和",
        "labour cost must be the sum of its seven items",
        fields=("labour_cost",),
        also=COST_ITEMS,
        passes=predicates.adds_up(
            "labour_cost", COST_ITEMS, lambda situation, given: situation.limits.enterprise_rounding * given
        ),
        source=_LOGIC,
    ),
    Rule(
        "inclusion_probability",
        "enterprise",
        True,
        "入样概率应大于0且不大于1",
        "the inclusion probability must be above 0 and at most 1",
        fields=("inclusion_probability",),
        passes=predicates.probability,
        source=_DESIGN,
    ),
    Rule(
        "frame_headcount",
        "enterprise",
        True,
        "名录从业人员数应大于0",
        "the number of workers in the frame must be above 0",
        fields=("frame_headcount",),
        passes=predicates.positive("frame_headcount"),
        source=_DESIGN,
    ),
    Rule(
        "average_wage_far_from_industry",
        "enterprise",
        False,
        "人均劳动报酬与本行业门类中位数相差过大（应在其{average_wage_ratio_low:g}至{average_wage_ratio_high:g}倍之间）",
        "wages per worker are far from the industry's median (below {average_wage_ratio_low:g} or above "
        "{average_wage_ratio_high:g} times)",
        fields=("wages", "average_headcount", "industry_code"),
        passes=predicates.average_wage_near_industry,
        source=_PLAUSIBILITY,
    ),
    Rule(
        "wage_bill_mismatch",
        "enterprise",
        False,
        "从业人员表平均工资与人均劳动报酬相差过大（应在其{wage_bill_ratio_low:g}至{wage_bill_ratio_high:g}倍之间）",
        "mean pay in the employee table is far from wages per worker (below {wage_bill_ratio_low:g} or above "
        "{wage_bill_ratio_high:g} times)",
        fields=("wages", "average_headcount"),
        passes=predicates.wage_bill_agrees,
        source=_PLAUSIBILITY,
    ),
)

_EMPLOYEE_RULES = (
    Rule(
        "employee_without_enterprise",
        "employee",
        True,
        "所在单位不在单位表中",
        "the enterprise is not in the enterprise table",
        fields=("enterprise_id",),
        passes=predicates.enterprise_known,
    ),
    Rule(
        "enterprise_refused",
        "employee",
        True,
        "所在单位的记录未通过审核",
        "the enterprise's own row was refused",
        fields=("enterprise_id",),
        passes=predicates.enterprise_accepted,
    ),
    Rule(
        "employee_repeated",
        "employee",
        True,
        "同一职工的记录重复，只保留第一条",
        "the employee's row is there before; the first one is kept",
        fields=("employee_code", "enterprise_id"),
        passes=predicates.not_repeated(EMPLOYEE.key),
        source=_INSTRUCTIONS,
    ),
    Rule(
        "employee_contradicted",
        "employee",
        True,
        "同一职工代码有多条不同的记录，均未采用",
        "the employee code has several rows that differ; none is taken",
        fields=("employee_code", "enterprise_id"),
        passes=predicates.not_contradicted(EMPLOYEE.key),
        source=_INSTRUCTIONS,
    ),
    Rule(
        "age",
        "employee",
        True,
        "按出生年份计算，{wave}年年龄应在{minimum_age}至{maximum_age}岁之间",
        "the age reached in {wave} must be {minimum_age} to {maximum_age}",
        fields=("birth_year",),
        passes=predicates.age_in_scope,
    ),
    Rule(
        "work_start_year",
        "employee",
        True,
        "参加工作年份应早于{wave}年",
        "the year of first work must be before {wave}",
        fields=("work_start_year",),
        passes=predicates.started_before_wave,
        source=_INSTRUCTIONS,
    ),
    Rule(
        "pay_not_positive",
        "employee",
        True,
        "全年工资报酬合计应大于0",
        "annual pay must be greater than 0",
        fields=("annual_pay",),
        passes=predicates.positive("annual_pay"),
    ),
    Rule(
        "pay_sum",
        "employee",
        True,
        "全年工资报酬合计应等于基本工资、绩效奖金、津贴补贴、加班加点工资和特殊情况下支付的工资之和",
        "annual pay must be the sum of its five parts",
        fields=("annual_pay",),
        also=PAY_PARTS,
        passes=predicates.adds_up(
            "annual_pay", PAY_PARTS, lambda situation, given: situation.limits.employee_rounding * given
        ),
        source=_LOGIC,
    ),
    Rule(
        "weight",
        "employee",
        True,
        "权数应大于0",
        "the weight must be greater than 0",
        fields=("weight",),
        passes=predicates.positive("weight", needed=True),
        source=_DESIGN,
    ),
    Rule(
        "employee_code_format",
        "employee",
        False,
        "职工代码应为00001至99999",
        "the employee code must be 00001 to 99999",
        fields=("employee_code",),
        passes=predicates.matches("employee_code", "[0-9]{1,5}"),
        source=_INSTRUCTIONS,
    ),
    Rule(
        "work_start_age",
        "employee",
        False,
        "参加工作时年龄不满{minimum_age}岁，请核实",
        "younger than {minimum_age} at the first work",
        fields=("work_start_year", "birth_year"),
        passes=predicates.started_at_working_age,
        source=_PLAUSIBILITY,
    ),
    Rule(
        "tenure_longer_than_career",
        "employee",
        False,
        "本企业工龄超过参加工作以来的年数，请核实",
        "more years in the enterprise than since the first work",
        fields=("enterprise_tenure", "work_start_year"),
        passes=predicates.tenure_within_career,
        source=_PLAUSIBILITY,
    ),
    Rule(
        "pay_below_minimum_wage",
        "employee",
        False,
        "全年工资报酬低于月最低工资标准的12倍（{minimum_year:g}元），请核实",
        "annual pay is below twelve monthly minimum wages ({minimum_year:g} yuan)",
        fields=("annual_pay",),
        also=("weekly_hours", "employment_form"),
        passes=predicates.minimum_wage,
        source="minimum wage of the region; part-time work left out, Labour Contract Law article 68",
    ),
    Rule(
        "pay_far_above_median",
        "employee",
        False,
        "全年工资报酬超过全部职工中位数的{pay_to_median:g}倍，请核实",
        "annual pay is above {pay_to_median:g} times the median of all employees",
        fields=("annual_pay",),
        passes=predicates.pay_near_median,
        source=_PLAUSIBILITY,
    ),
    Rule(
        "long_weekly_hours",
        "employee",
        False,
        "周平均工作小时数超过{long_hours:g}小时，请核实",
        "more than {long_hours:g} hours a week",
        fields=("weekly_hours",),
        passes=predicates.usual_hours,
        source=_PLAUSIBILITY,
    ),
)

RULES: Mapping[str, Rule] = MappingProxyType(
    {rule.name: rule for rule in (*_FIELD_RULES, *_ENTERPRISE_RULES, *_EMPLOYEE_RULES)}
)
"""All rules by name, in the order in which they are reported."""


def message(rule: Rule, language: Language, words: Mapping[str, object]) -> str:
    """A rule's message with its words filled in.

    >>> message(RULES["missing_required"], "zh", {"field": "职业"})
    '“职业”必须填报'
    """
    return (rule.chinese if language == "zh" else rule.english).format_map(words)
