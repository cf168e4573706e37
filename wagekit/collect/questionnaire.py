"""The questionnaire of the enterprise wage survey (企业薪酬调查): both tables, field by field."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from wagekit.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["text", "code", "integer", "number", "year", "yes_no"]
"""What a field holds."""

Table = Literal["enterprise", "employee"]
"""The two tables of the survey: 企业人工成本情况 and 从业人员工资报酬."""

_REGIME = "enterprise wage survey, training slides Guangdong 2021 and statistical regime Fujian 2021"
_MANUAL = "enterprise wage survey, instructions 2012"
_NOTES = "enterprise wage survey, notes to the published tables 2022"
_COST = "劳部发〔1997〕261号: seven items of labour cost"
_TENURE = "published wage levels by education and years in the enterprise, Shenzhen"
_DESIGN = "sampling design, not a question"


@dataclass(frozen=True)
class Field:
    """One field of a table.

    Parameters
    ----------
    name : column name in wagekit.
    chinese : official header.
    english : name in English.
    kind : what it holds; a ``year`` is a whole number of four digits.
    unit : 元, 人, 月, 小时 or 年; None without one.
    classification : name of the code list (see `wagekit.collect.classification.load`); None for free text.
    required : a row without a right value is refused.
    expected : a row without it is kept, and listed for follow-up.
    low, high : smallest and largest right value, both included.
    exempt : ``(field, codes)``: not required where that field's code lies in one of the codes.
    source : where the field and its rule come from.
    """

    name: str
    chinese: str
    english: str
    kind: Kind
    unit: str | None = None
    classification: str | None = None
    required: bool = False
    expected: bool = False
    low: float | None = None
    high: float | None = None
    exempt: tuple[str, tuple[str, ...]] | None = None
    source: str = ""


@dataclass(frozen=True)
class Questionnaire:
    """One table: its fields in order and the key that tells rows apart.

    Parameters
    ----------
    name : ``enterprise`` or ``employee``.
    chinese : official title.
    fields : in the official order.
    key : names of the fields that identify a row.

    Examples
    --------
    >>> EMPLOYEE["annual_pay"].chinese
    '全年工资报酬合计'
    >>> ENTERPRISE["enterprise_size"].exempt
    ('industry_code', ('G53', 'P83', 'Q84'))
    """

    name: Table
    chinese: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def __contains__(self, name: object) -> bool:
        return any(field.name == name for field in self.fields)

    def __getitem__(self, name: str) -> Field:
        for field in self.fields:
            if field.name == name:
                return field
        raise InputError(f"there is no field {name!r}", where=f"questionnaire table {self.name}")

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the fields without which a row is refused."""
        return tuple(field.name for field in self.fields if field.required)

    def with_required(self, required: Collection[str]) -> Questionnaire:
        """The table with just these fields required; the exemption of a field stays."""
        fields = tuple(replace(field, required=field.name in required) for field in self.fields)
        return replace(self, fields=fields)

    def with_fields(self, *fields: Field) -> Questionnaire:
        """The table with more fields, or with others in place of those of the same name.

        >>> hourly = Field("hourly_pay", "小时工资", "hourly pay", "number", unit="元", low=0)
        >>> "hourly_pay" in EMPLOYEE.with_fields(hourly)
        True
        """
        changed = {field.name: field for field in (*self.fields, *fields)}
        return replace(self, fields=tuple(changed.values()))

    def to_frame(self) -> pd.DataFrame:
        """The data dictionary: one row a field."""
        import pandas as pd

        columns = (
            "name",
            "chinese",
            "english",
            "kind",
            "unit",
            "classification",
            "required",
            "expected",
            "low",
            "high",
        )
        rows = [{column: getattr(field, column) for column in columns} for field in self.fields]
        return pd.DataFrame(rows, columns=[*columns])


ENTERPRISE = Questionnaire(
    name="enterprise",
    chinese="企业人工成本情况",
    key=("enterprise_id",),
    fields=(
        Field("enterprise_id", "统一社会信用代码", "unified social credit code", "text", required=True, source=_REGIME),
        Field("name", "单位名称", "name of the enterprise", "text", expected=True, source=_REGIME),
        Field("legal_representative", "法定代表人", "legal representative", "text", expected=True, source=_REGIME),
        Field("contact", "联系方式", "contact", "text", expected=True, source=_REGIME),
        Field("region_code", "行政区划代码", "region code (GB/T 2260)", "code", required=True, source=_REGIME),
        Field("affiliation", "单位隶属关系", "administrative affiliation", "text", expected=True, source=_REGIME),
        Field(
            "industry_code",
            "行业类别代码",
            "industry (GB/T 4754-2017)",
            "code",
            classification="industry",
            required=True,
            source=_REGIME,
        ),
        Field(
            "enterprise_size",
            "企业规模",
            "enterprise size",
            "code",
            classification="enterprise_size",
            required=True,
            exempt=("industry_code", ("G53", "P83", "Q84")),
            source=_REGIME,
        ),
        Field(
            "registration_type",
            "登记注册类型",
            "registration type",
            "code",
            classification="registration_type",
            required=True,
            source=_REGIME,
        ),
        Field(
            "average_headcount",
            "从业人员平均人数",
            "average number of workers",
            "integer",
            unit="人",
            required=True,
            low=0,
            source=_REGIME,
        ),
        Field("on_post_headcount", "在岗职工平均人数", "own staff", "integer", unit="人", low=0, source=_REGIME),
        Field(
            "dispatched_headcount",
            "劳务派遣人员平均人数",
            "dispatched workers",
            "integer",
            unit="人",
            low=0,
            source=_REGIME,
        ),
        Field("other_headcount", "其他从业人员平均人数", "other workers", "integer", unit="人", low=0, source=_REGIME),
        Field(
            "operating_months",
            "全年实际生产经营月数",
            "months of operation",
            "integer",
            unit="月",
            expected=True,
            source=_REGIME,
        ),
        Field("revenue", "销售(营业)收入", "revenue", "number", unit="元", expected=True, low=0, source=_REGIME),
        Field("value_added", "增加值", "value added", "number", unit="元", source=_REGIME),
        Field(
            "depreciation", "固定资产折旧", "depreciation", "number", unit="元", expected=True, low=0, source=_REGIME
        ),
        Field(
            "business_taxes", "主营业务税金及附加", "business taxes", "number", unit="元", expected=True, source=_REGIME
        ),
        Field("total_profit", "利润总额", "total profit", "number", unit="元", expected=True, source=_REGIME),
        Field("total_cost", "成本费用总额", "total cost", "number", unit="元", expected=True, low=0, source=_REGIME),
        Field("labour_cost", "人工成本总额", "labour cost", "number", unit="元", expected=True, low=0, source=_COST),
        Field(
            "wages",
            "从业人员劳动报酬(工资总额)",
            "wages (wage bill)",
            "number",
            unit="元",
            expected=True,
            low=0,
            source=_COST,
        ),
        Field("social_insurance", "社会保险费用", "social insurance", "number", unit="元", low=0, source=_COST),
        Field("welfare", "福利费用", "welfare", "number", unit="元", low=0, source=_COST),
        Field("education_cost", "教育经费", "education and training", "number", unit="元", low=0, source=_COST),
        Field("labour_protection", "劳动保护费用", "labour protection", "number", unit="元", low=0, source=_COST),
        Field("housing_cost", "住房费用", "housing", "number", unit="元", low=0, source=_COST),
        Field("other_labour_cost", "其他人工成本", "other labour cost", "number", unit="元", low=0, source=_COST),
        Field("stratum", "抽样层", "sampling stratum", "text", source=_DESIGN),
        Field("inclusion_probability", "入样概率", "inclusion probability", "number", source=_DESIGN),
        Field("frame_headcount", "名录从业人员数", "workers in the frame", "number", unit="人", source=_DESIGN),
    ),
)
"""Enterprise table (企业人工成本情况)."""

EMPLOYEE = Questionnaire(
    name="employee",
    chinese="从业人员工资报酬",
    key=("enterprise_id", "employee_code"),
    fields=(
        Field("enterprise_id", "统一社会信用代码", "unified social credit code", "text", required=True, source=_REGIME),
        Field("employee_code", "职工代码", "employee code", "text", required=True, source=_MANUAL),
        Field("sex", "性别", "sex", "code", classification="sex", expected=True, source=_MANUAL),
        Field("birth_year", "出生年份", "year of birth", "year", expected=True, source=_MANUAL),
        Field("education", "学历", "education", "code", classification="education", expected=True, source=_MANUAL),
        Field("work_start_year", "参加工作年份", "year of first work", "year", expected=True, source=_MANUAL),
        Field(
            "occupation_code",
            "职业",
            "occupation (2022 dictionary)",
            "code",
            classification="occupation",
            required=True,
            source=_MANUAL,
        ),
        Field(
            "management_level",
            "管理岗位等级",
            "management level",
            "code",
            classification="management_level",
            expected=True,
            source=_NOTES,
        ),
        Field(
            "professional_title",
            "专业技术职称",
            "professional title",
            "code",
            classification="professional_title",
            expected=True,
            source=_NOTES,
        ),
        Field(
            "skill_level",
            "职业技能等级",
            "vocational skill grade",
            "code",
            classification="skill_level",
            expected=True,
            source=_NOTES,
        ),
        Field(
            "employment_form",
            "用工形式",
            "form of employment",
            "code",
            classification="employment_form",
            expected=True,
            source=_REGIME,
        ),
        Field(
            "contract_type",
            "劳动合同类型",
            "type of labour contract",
            "code",
            classification="contract_type",
            source=_REGIME,
        ),
        Field("union_member", "是否工会会员", "union member", "yes_no", source=_REGIME),
        Field(
            "weekly_hours",
            "全年周平均工作小时数",
            "average weekly hours",
            "number",
            unit="小时",
            expected=True,
            low=1,
            high=100,
            source=_REGIME,
        ),
        Field("annual_pay", "全年工资报酬合计", "annual pay", "number", unit="元", required=True, source=_NOTES),
        Field("basic_pay", "基本工资", "basic pay", "number", unit="元", low=0, source=_NOTES),
        Field("performance_pay", "绩效奖金", "performance pay and bonus", "number", unit="元", low=0, source=_NOTES),
        Field("allowances", "津贴补贴", "allowances", "number", unit="元", low=0, source=_NOTES),
        Field("overtime_pay", "加班加点工资", "overtime pay", "number", unit="元", low=0, source=_NOTES),
        Field("special_pay", "特殊情况下支付的工资", "special pay", "number", unit="元", low=0, source=_NOTES),
        Field(
            "enterprise_tenure",
            "本企业工龄",
            "years in the enterprise",
            "number",
            unit="年",
            low=0,
            high=60,
            source=_TENURE,
        ),
        Field("weight", "权数", "design weight", "number", source=_DESIGN),
    ),
)
"""Employee table (从业人员工资报酬)."""

QUESTIONNAIRES: Mapping[str, Questionnaire] = MappingProxyType({ENTERPRISE.name: ENTERPRISE, EMPLOYEE.name: EMPLOYEE})
"""Both tables by name."""

COST_ITEMS = (
    "wages",
    "social_insurance",
    "welfare",
    "education_cost",
    "labour_protection",
    "housing_cost",
    "other_labour_cost",
)
"""The items that ``labour_cost`` (人工成本总额) is the sum of."""

PAY_PARTS = ("basic_pay", "performance_pay", "allowances", "overtime_pay", "special_pay")
"""The parts that ``annual_pay`` (全年工资报酬合计) is the sum of."""
