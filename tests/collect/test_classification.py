"""Classifications: the shipped lists, roll-ups, and what people write instead of codes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wagekit.collect.classification import Classification, load, shipped_names
from wagekit.errors import InputError

INDUSTRY = load("industry")
OCCUPATION = load("occupation")


def encode(classification: Classification, *values: object, nearest: bool = False) -> list[str | None]:
    codes = classification.encode(pd.Series(list(values), dtype=object), nearest=nearest)
    return [None if pd.isna(code) else code for code in codes]


# Counts: GB/T 4754-2017 has 20 sections and 97 divisions; the dictionary of 2022 has 8 major groups. The others
# are what data/classifications/README.md says is in the file.
@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("industry", {"section": 20, "division": 97, "group": 473, "class": 1381}),
        ("occupation", {"major": 8, "sub_major": 74, "minor": 441, "detailed": 1631}),
        ("enterprise_size", {"size": 4}),
        ("registration_type", {"group": 3, "type": 18, "detail": 10}),
        ("education", {"education": 5}),
        ("skill_level", {"grade": 9}),
        ("professional_title", {"title": 4}),
        ("management_level", {"level": 5}),
        ("sex", {"sex": 2}),
        ("employment_form", {"form": 4}),
        ("contract_type", {"type": 4}),
    ],
)
def test_shipped_lists_have_their_levels(name: str, counts: dict[str, int]) -> None:
    listed = load(name)
    assert {level: len(listed.codes(level)) for level in listed.levels} == counts
    assert listed.title
    assert listed.edition
    assert listed.source


def test_every_shipped_list_is_tested_and_reads_its_own_codes_and_titles() -> None:
    for name in shipped_names():
        listed = load(name)
        codes = listed.items["code"]
        assert listed.encode(codes).tolist() == codes.tolist()
        once = listed.items[~listed.items["name"].duplicated(keep=False)]
        assert listed.encode(once["name"]).tolist() == once["code"].tolist()


def test_eight_skill_grades_in_order_from_none() -> None:
    assert load("skill_level").items["name"].tolist() == [
        "无", "学徒工", "初级工", "中级工", "高级工", "技师", "高级技师", "特级技师", "首席技师",
    ]  # fmt: skip


def test_labels_in_both_languages() -> None:
    assert INDUSTRY.label("C36") == "汽车制造业"
    assert INDUSTRY.label("J", language="en") == "Financial Intermediation"
    assert OCCUPATION.label("2-02-07", language="en") == "机械工程技术人员"  # no English title: Chinese
    assert OCCUPATION.label("2-02-07-07") == "自动控制工程技术人员"  # printed with the mark S
    labels = INDUSTRY.labels(pd.Series(["A", None, "X"], index=[5, 6, 7]))
    assert labels[5] == "农、林、牧、渔业"
    assert labels[[6, 7]].isna().all()
    assert labels.index.tolist() == [5, 6, 7]


def test_every_section_and_division_has_an_english_title() -> None:
    upper = INDUSTRY.items[INDUSTRY.items["level"].isin(["section", "division"])]
    assert (upper["english"] != "").all()


def test_roll_up_by_hand() -> None:
    codes = pd.Series(["C3611", "C36", "J", "K7010", None, "X9"], index=list("abcdef"), name="industry_code")
    sections = INDUSTRY.roll_up(codes, "section")
    assert sections[:4].tolist() == ["C", "C", "J", "K"]
    assert sections[4:].isna().all()
    assert sections.index.tolist() == codes.index.tolist()
    assert sections.name == "industry_code"
    divisions = INDUSTRY.roll_up(codes, 2)
    assert divisions[["a", "b", "d"]].tolist() == ["C36", "C36", "K70"]
    assert pd.isna(divisions["c"])  # a section lies above the divisions
    assert INDUSTRY.unknown(codes) == ["X9"]
    assert OCCUPATION.roll_up(pd.Series(["2-06-02-00"]), "minor").tolist() == ["2-06-02"]
    assert load("registration_type").roll_up(pd.Series(["151", "110", "330"]), "group").tolist() == [
        "100",
        "100",
        "300",
    ]


@pytest.mark.parametrize("name", ["industry", "occupation", "registration_type"])
@given(data=st.data())
def test_roll_up_in_steps_is_roll_up_at_once(name: str, data: st.DataObject) -> None:
    listed = load(name)
    codes = pd.Series(data.draw(st.lists(st.sampled_from([*listed.codes(), "no such code"]), min_size=1, max_size=30)))
    high = data.draw(st.integers(1, len(listed.levels)))
    low = data.draw(st.integers(high, len(listed.levels)))
    at_once = listed.roll_up(codes, high)
    in_steps = listed.roll_up(listed.roll_up(codes, low), high)
    deep_enough = listed.roll_up(codes, low).notna()
    pd.testing.assert_series_equal(in_steps[deep_enough], at_once[deep_enough])
    assert in_steps[~deep_enough].isna().all()


@pytest.mark.parametrize("name", ["industry", "occupation", "registration_type"])
def test_parent_is_one_step_of_roll_up(name: str) -> None:
    listed = load(name)
    for above, below in zip(listed.levels, listed.levels[1:], strict=False):
        codes = listed.codes(below)
        assert listed.roll_up(pd.Series(codes), above).tolist() == [listed.parent(code) for code in codes]
    assert listed.parent(listed.codes(1)[0]) is None


def test_industry_codes_as_they_are_used() -> None:
    assert (
        encode(INDUSTRY, "3611", 3611, 3611.0, "3611.0", "C3611", " c3611 ", "Ｃ３６１１", "汽柴油车整车制造")
        == ["C3611"] * 8
    )
    assert encode(INDUSTRY, "36", "C36", "361", "1", "01", "C") == ["C36", "C36", "C361", "A01", "A01", "C"]
    # 36 lies in C, so B36 contradicts itself.
    assert encode(INDUSTRY, "B36", "9999", "", None, "火星工业") == [None] * 5


def test_a_title_of_several_levels_means_the_only_child() -> None:
    assert encode(INDUSTRY, "教育", "房地产业", "保险业") == ["P83", "K70", "J68"]
    assert encode(OCCUPATION, "统计专业人员") == ["2-06-02-00"]
    # Two occupations of different groups have this title in the dictionary.
    assert encode(OCCUPATION, "甘油制造工") == [None]


def test_occupation_codes_as_they_are_used() -> None:
    assert (
        encode(OCCUPATION, "2-02-07-07", "2020707", "２－０２－０７－０７", "2–02–07–07", "自动控制工程技术人员S")
        == ["2-02-07-07"] * 5
    )
    assert encode(OCCUPATION, "2-02-07-00", "2-02-00-00", "2-00-00-00", "20207", "2") == [
        "2-02-07",
        "2-02",
        "2",
        "2-02-07",
        "2",
    ]


def test_nearest_group_of_an_unknown_code_but_never_the_top_level() -> None:
    assert encode(OCCUPATION, "2-02-07-77", "2-02-77-01", "2-77-01-01", "9-01-01-01", nearest=True) == [
        "2-02-07", "2-02", None, None,
    ]  # fmt: skip
    assert encode(INDUSTRY, "3699", "C9901", "9999", "B36", nearest=True) == ["C36", None, None, None]
    assert encode(load("registration_type"), "175", nearest=True) == [None]


def test_other_spellings() -> None:
    assert encode(load("education"), "本科", "硕士", "大专", "高中、中专或技校", 5) == ["2", "1", "3", "4", "5"]
    assert encode(load("sex"), "男", "女性", 1.0, "3") == ["1", "2", "1", None]
    assert encode(load("skill_level"), "高级技师（一级）", "高级技师(一级)", "首席技师", "无") == ["6", "6", "8", "0"]


def test_own_list_from_csv(tmp_path: Path) -> None:
    path = tmp_path / "nace.csv"
    path.write_bytes("code,name,parent\nB-F,工业,\nC,Manufacturing,B-F\n".encode("gb18030"))
    listed = Classification.from_csv(path, levels=("sector", "section"))
    assert listed.name == "nace"
    assert listed.roll_up(pd.Series(["C"]), "sector").tolist() == ["B-F"]
    assert listed.label("B-F") == "工业"
    assert "C" in listed
    assert len(listed) == 2


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("code,name,parent\n1,a,\n1,b,\n", "a code that was there before in row 3"),
        ("code,name,parent\n1,a,9\n", "the parent '9' of code '1' is not in the list"),
        ("code,name,parent\n1,a,2\n2,b,1\n", "run in a circle"),
        ("code,name,parent\n,a,\n", "an empty code in row 2"),
        ("code,title\n1,a\n", "column 'name' is missing"),
        ("code,name,parent\n", "the list has no codes"),
        ("", "empty or not a table"),
        ("code,name,parent\n1,a,\n2,b,1\n", "the list has 2 levels, but 1 are named"),
    ],
)
def test_a_list_that_contradicts_itself_is_refused(tmp_path: Path, text: str, found: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=found) as caught:
        Classification.from_csv(path, levels=("only",))
    assert "list.csv" in str(caught.value)


def test_missing_file_and_unknown_names() -> None:
    with pytest.raises(InputError, match=r"nowhere\.csv: the code list can't be read"):
        Classification.from_csv("nowhere.csv")
    with pytest.raises(InputError, match="no classification 'trade' comes with wagekit"):
        load("trade")
    with pytest.raises(InputError, match="there is no code 'ZZ'"):
        INDUSTRY.label("ZZ")
    with pytest.raises(InputError, match="there is no level 'chapter'"):
        INDUSTRY.roll_up(pd.Series(["C"]), "chapter")


def test_official_shape_of_the_dictionary(tmp_path: Path) -> None:
    path = tmp_path / "dictionary.csv"
    path.write_text(
        "level,code,name,definition\n"
        "1,2-00-00-00,专业技术人员,\n"
        "2,2-06-00-00,经济和金融专业人员,\n"
        "3,2-06-01-00,经济专业人员,\n"
        "4,2-06-01-01,经济规划专业人员,\n"
        "4,2-06-02-00,统计专业人员,\n"  # group and only member in one line
        "2,2-07-00-00,法律专业人员,\n"
        "4,2-07-00-01,法官L/S,\n"  # an occupation directly below a sub-major group
        "4,2-07-09-01,甲专业人员S,\n"  # a group without a line of its own
        "4,2-07-09-02,乙专业人员,\n",
        encoding="utf-8",
    )
    listed = Classification.from_official_file(path)
    assert listed.codes("minor") == ["2-06-01", "2-06-02", "2-07-00", "2-07-09"]
    assert [listed.label(code) for code in listed.codes("minor")] == [
        "经济专业人员", "统计专业人员", "法律专业人员", "甲专业人员、乙专业人员",
    ]  # fmt: skip
    assert listed.label("2-07-00-01") == "法官"
    assert listed.items.set_index("code").loc["2-07-00-01", "mark"] == "L/S"
    assert listed.roll_up(pd.Series(["2-07-00-01", "2-06-02-00"]), "sub_major").tolist() == ["2-07", "2-06"]


def test_official_shape_of_the_industries(tmp_path: Path) -> None:
    path = tmp_path / "industries.csv"
    path.write_text("level,code,name\n1,C,制造业\n2,C36,汽车制造业\n3,C361,整车\n4,C3611,汽柴油车\n", encoding="utf-8")
    listed = Classification.from_official_file(path, name="industry")
    assert listed.parent("C36") == "C"
    assert listed.parent("C3611") == "C361"
    path.write_text("level,code,name\n1,3611,制造业\n", encoding="utf-8")
    with pytest.raises(InputError, match="code '3611' in row 2"):
        Classification.from_official_file(path, name="industry")
