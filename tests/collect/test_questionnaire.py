"""The questionnaire's declarations against the survey's official fields."""

from __future__ import annotations

import pytest

from wagekit.collect.classification import load
from wagekit.collect.questionnaire import EMPLOYEE, ENTERPRISE, QUESTIONNAIRES, Field
from wagekit.errors import InputError

# The official headers, typed from the survey's forms (parts that forms name differently: see each field's source).
ENTERPRISE_HEADERS = [
    "统一社会信用代码",
    "单位名称",
    "法定代表人",
    "联系方式",
    "行政区划代码",
    "单位隶属关系",
    "行业类别代码",
    "企业规模",
    "登记注册类型",
    "从业人员平均人数",
    "在岗职工平均人数",
    "劳务派遣人员平均人数",
    "其他从业人员平均人数",
    "全年实际生产经营月数",
    "销售(营业)收入",
    "增加值",
    "固定资产折旧",
    "主营业务税金及附加",
    "利润总额",
    "成本费用总额",
    "人工成本总额",
    "从业人员劳动报酬(工资总额)",
    "社会保险费用",
    "福利费用",
    "教育经费",
    "劳动保护费用",
    "住房费用",
    "其他人工成本",
]
EMPLOYEE_HEADERS = [
    "统一社会信用代码",
    "职工代码",
    "性别",
    "出生年份",
    "学历",
    "参加工作年份",
    "职业",
    "管理岗位等级",
    "专业技术职称",
    "职业技能等级",
    "用工形式",
    "劳动合同类型",
    "是否工会会员",
    "全年周平均工作小时数",
    "全年工资报酬合计",
    "基本工资",
    "绩效奖金",
    "津贴补贴",
    "加班加点工资",
    "特殊情况下支付的工资",
    "本企业工龄",
]


def test_official_headers_in_official_order() -> None:
    assert [field.chinese for field in ENTERPRISE][: len(ENTERPRISE_HEADERS)] == ENTERPRISE_HEADERS
    assert [field.chinese for field in EMPLOYEE][: len(EMPLOYEE_HEADERS)] == EMPLOYEE_HEADERS


@pytest.mark.parametrize("table", list(QUESTIONNAIRES))
def test_declarations_hold_together(table: str) -> None:
    fields = QUESTIONNAIRES[table].fields
    assert len({field.name for field in fields}) == len({field.chinese for field in fields}) == len(fields)
    for field in fields:
        assert field.english, field.name
        assert field.source, field.name
        if field.classification:
            assert field.kind == "code", field.name
            load(field.classification)
        if field.low is not None and field.high is not None:
            assert field.low < field.high, field.name
        assert not (field.required and field.expected), field.name
    assert set(QUESTIONNAIRES[table].key) <= {field.name for field in fields}


def test_money_is_in_yuan_and_hours_in_hours() -> None:
    units = {field.name: field.unit for table in QUESTIONNAIRES.values() for field in table}
    assert units["revenue"] == units["annual_pay"] == "元"
    assert units["weekly_hours"] == "小时"
    assert units["average_headcount"] == "人"


def test_enterprise_size_is_not_required_where_there_is_no_size_standard() -> None:
    size = ENTERPRISE["enterprise_size"]
    assert size.required
    assert size.exempt == ("industry_code", ("G53", "P83", "Q84"))


def test_required_fields_can_be_declared_anew() -> None:
    table = EMPLOYEE.with_required(["annual_pay", "sex"])
    assert table.required == ("sex", "annual_pay")
    assert EMPLOYEE.required == ("enterprise_id", "employee_code", "occupation_code", "annual_pay")


def test_own_fields_and_data_dictionary() -> None:
    hourly = Field("hourly_pay", "小时工资", "hourly pay", "number", unit="元", low=0)
    table = EMPLOYEE.with_fields(hourly)
    assert table["hourly_pay"] is hourly
    assert "hourly_pay" not in EMPLOYEE
    changed = EMPLOYEE.with_fields(Field("sex", "性别", "sex", "text"))
    assert changed["sex"].kind == "text"
    assert [field.name for field in changed] == [field.name for field in EMPLOYEE]
    dictionary = table.to_frame().set_index("name")
    assert dictionary.loc["weekly_hours", ["low", "high", "unit"]].tolist() == [1, 100, "小时"]
    with pytest.raises(InputError, match="there is no field 'hourly_pay'"):
        EMPLOYEE["hourly_pay"]
