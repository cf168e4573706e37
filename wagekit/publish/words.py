"""The words of the published tables, in Chinese and English, and the care that text from data needs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from wagekit.errors import ReleaseError
from wagekit.options import Language as Language

Status = Literal["", "c", "u", "x"]
"""Why a value is missing: confidential, unreliable, not available; empty when there is a value."""

WORDS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "zh": MappingProxyType(
            {
                "number": "序号",
                "all": "总体",
                "name": "名称",
                "missing": "未填报",
                "percentile": "分位值",
                "mean": "平均值",
                "total": "合计",
                "value": "数值",
                "se": "标准误",
                "cv": "变异系数（%）",
                "ci_lower": "{level}置信下限",
                "ci_upper": "{level}置信上限",
                "n": "样本人数（人）",
                "n_psu": "样本企业数（家）",
                "unit": "单位：",
                "notes": "注：",
                "pay": "工资价位",
                "title": "分{dimensions}企业从业人员{pay}{period}",
                "title_all": "企业从业人员{pay}{period}",
                "period": "（{name}）",
                "year": "{name}年",
                "cross": "和",
                "synthetic": "模拟数据",
                "comma": "，",
                "bracket": "（",
                "close": "）",
                "synthetic_note": "本表为模拟数据，由程序生成，不反映任何地区、企业或个人的实际情况。",
                "percentile_note": "分位值是将工资报酬由低到高排序后处于相应百分比位置的数值，50%分位值即中位数。",
                "percentile_note_enterprises": "分位值是将各企业的指标由低到高排序后处于相应百分比位置的数值，"
                "50%分位值即中位数。",
                "enterprises_note": "公布的数值至少依据{enterprises}家企业的数据。",
                "pay_note": "工资报酬是从业人员全年的税前所得，包括基本工资、绩效奖金、津贴补贴、加班加点工资"
                "和特殊情况下支付的工资。",
                "rows_note": "另有{count}个项目按发布规则不予公布。",
                "cases_note": "公布的数值至少依据{enterprises}家企业{employees}名从业人员的数据。",
                "tails_note": "低于25%和高于75%的分位值至少依据{employees}名从业人员的数据。",
                "mark_note": "“{mark}”表示按发布规则不予公布或无法估计。",
                "mark_c": "按发布规则不予公布",
                "mark_u": "抽样误差过大或无法估计，不予公布",
                "mark_x": "没有数值",
                "empty": "本表没有可以公布的项目。",
                "remark": "备注",
                "sheet_cover": "封面",
                "sheet_contents": "目录",
                "sheet_notes": "说明",
                "sheet_table": "表{number}",
                "publisher": "发布单位：{name}",
                "source": "数据来源：{name}",
                "date": "发布日期：{date}",
                "workbook_note": "本工作簿有{count}张数据表，每张工作表一张，表名见“目录”，注释和标记的含义见“说明”。",
                "to_contents": "返回目录",
                "table_number": "表号",
                "table_title": "表名",
                "table_unit": "计量单位",
                "table_rows": "项目数",
                "note": "编号或标记",
                "note_text": "含义",
                "note_tables": "适用的表",
                "no_notes": "没有注释。",
                "and_list": "、",
            }
        ),
        "en": MappingProxyType(
            {
                "number": "No.",
                "all": "All",
                "name": "Name",
                "missing": "Not stated",
                "percentile": "Percentile",
                "mean": "Mean",
                "total": "Total",
                "value": "Value",
                "se": "Standard error",
                "cv": "CV (%)",
                "ci_lower": "Lower {level} limit",
                "ci_upper": "Upper {level} limit",
                "n": "Employees in the sample",
                "n_psu": "Enterprises in the sample",
                "unit": "Unit: ",
                "notes": "Notes",
                "pay": "Wage levels",
                "title": "{pay} of employees by {dimensions}{period}",
                "title_all": "{pay} of employees{period}",
                "period": " ({name})",
                "year": "{name}",
                "cross": " and ",
                "synthetic": "simulated data",
                "comma": ", ",
                "bracket": " (",
                "close": ")",
                "synthetic_note": "Simulated data made by a program: they describe no real area, enterprise or person.",
                "percentile_note": "A percentile is the value at that position when pay is sorted from low to high;"
                " the 50% percentile is the median.",
                "percentile_note_enterprises": "A percentile is the value at that position when the enterprises'"
                " figures are sorted from low to high; the 50% percentile is the median.",
                "enterprises_note": "Every published value rests on at least {enterprises} enterprises.",
                "pay_note": "Pay is gross pay for the year: basic pay, performance pay, allowances, overtime pay and"
                " pay in special circumstances.",
                "rows_note": "Items not published under the release rules: {count}.",
                "cases_note": "Every published value rests on at least {employees} employees of {enterprises}"
                " enterprises.",
                "tails_note": "Percentiles below 25% or above 75% rest on at least {employees} employees.",
                "mark_note": "“{mark}” marks a value that is not published under the release rules or can't be"
                " estimated.",
                "mark_c": "not published under the release rules",
                "mark_u": "not published: the sampling error is too large or unknown",
                "mark_x": "no value",
                "empty": "This table has no items that may be published.",
                "remark": "Remark",
                "sheet_cover": "Cover",
                "sheet_contents": "Contents",
                "sheet_notes": "Notes",
                "sheet_table": "Table {number}",
                "publisher": "Published by {name}",
                "source": "Source: {name}",
                "date": "Published on {date}",
                "workbook_note": "Data tables in this workbook: {count}, one a sheet. They are listed in Contents;"
                " notes and marks are explained in Notes.",
                "to_contents": "Back to contents",
                "table_number": "Table",
                "table_title": "Title",
                "table_unit": "Unit",
                "table_rows": "Items",
                "note": "Note or mark",
                "note_text": "Meaning",
                "note_tables": "Tables",
                "no_notes": "There are no notes.",
                "and_list": ", ",
            }
        ),
    }
)

DIMENSIONS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "industry": ("行业门类", "行业门类名称", "industry section"),
        "industry_division": ("行业大类", "行业大类名称", "industry division"),
        "industry_group": ("行业中类", "行业中类名称", "industry group"),
        "occupation": ("职业", "职业名称", "occupation"),
        "occupation_major": ("职业大类", "职业大类名称", "major occupational group"),
        "occupation_sub_major": ("职业中类", "职业中类名称", "sub-major occupational group"),
        "occupation_minor": ("职业小类", "职业小类名称", "minor occupational group"),
        "enterprise_size": ("企业规模", "企业规模", "enterprise size"),
        "registration_type": ("登记注册类型", "登记注册类型", "registration type"),
        "region_code": ("地区", "地区", "area"),
        "sex": ("性别", "性别", "sex"),
        "age_group": ("年龄段", "年龄段", "age group"),
        "education": ("学历", "学历", "education"),
        "skill_level": ("职业技能等级", "职业技能等级", "skill level"),
        "professional_title": ("专业技术职称", "专业技术职称", "professional title"),
        "management_level": ("管理岗位等级", "管理岗位等级", "management level"),
        "employment_form": ("用工形式", "用工形式", "form of employment"),
        "contract_type": ("劳动合同类型", "劳动合同类型", "type of contract"),
        "science_industry": ("科技行业", "行业", "industry of science and technology"),
    }
)
"""Domain column -> its words in a Chinese title, in a Chinese heading, and in English."""

_UNITS_ENGLISH = {"元": "yuan", "元/年": "yuan a year", "万元/年": "10,000 yuan a year", "元/月": "yuan a month"}

_DIRECTION = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_LONGEST = 1_000


def dimension_in_title(column: str, language: Language) -> str:
    """A domain column as a title names it: ``industry`` -> 行业门类."""
    words = DIMENSIONS.get(column)
    if words is None:
        return clean_text(column, where="name of a domain column")
    return words[0] if language == "zh" else words[2]


def dimension_heading(column: str, language: Language) -> str:
    """A domain column as a heading names it: ``industry`` -> 行业门类名称."""
    words = DIMENSIONS.get(column)
    if words is None:
        return clean_text(column, where="name of a domain column")
    return words[1] if language == "zh" else words[2].capitalize()


def unit_text(unit: str, language: Language) -> str:
    """A unit in the language of the table; a unit that isn't known stays as it is."""
    return _UNITS_ENGLISH.get(unit, unit) if language == "en" else unit


def clean_text(text: object, *, where: str) -> str:
    """Text as it may be printed: one line, without characters that are invisible or break a file.

    Controls, marks that reverse the reading direction, halves of surrogate pairs and characters that XML does not
    allow are taken out; white space runs become one space.

    Raises
    ------
    ReleaseError
        For a text over 1,000 characters, which no cell of a published table holds.

    Examples
    --------
    >>> clean_text("  软件\\x00和\\n信息 ", where="name")
    '软件和 信息'
    """
    line = str(text)
    if not line.isprintable():  # printable characters are none of those, and no white space but the plain one
        line = "".join(" " if c.isspace() else c for c in _DIRECTION.sub("", line))
        line = "".join(c for c in line if unicodedata.category(c) not in ("Cc", "Cs") and not _noncharacter(c))
    line = " ".join(line.split())
    if len(line) > _LONGEST:
        raise ReleaseError(
            f"a text of {len(line):,} characters that begins {line[:20]!r}",
            where=where,
            expected=f"at most {_LONGEST:,} characters",
        )
    return line


def _noncharacter(character: str) -> bool:
    return ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF


def display_width(text: str) -> int:
    """Width of a text in columns of a fixed-width font: a Chinese character takes two.

    Examples
    --------
    >>> display_width("职业A")
    5
    """
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


_REGIONS: Mapping[str, str] = MappingProxyType({"上海": "Shanghai", "全国": "China", "北京": "Beijing"})


def region_name(region: str, language: Language) -> str:
    """What a region is called; its Chinese name where no other is known.

    >>> region_name("全国", "en")
    'China'
    """
    return _REGIONS.get(region, region) if language == "en" else region
