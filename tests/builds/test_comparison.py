"""Two editions side by side: what changed, what that is held against, and what is never shown."""

import csv
import shutil
from io import StringIO

import pandas as pd
import pytest

from wagekit.builds.comparison import compare, earlier_edition
from wagekit.errors import ReleaseError
from wagekit.publish.edition import ComparisonDeclaration

HEAD = "code,name,statistic,value,unit,status,source"
SOURCE = "普陀区企业薪酬调查（模拟数据）"


def edition(folder, tables, *, year=2023, head=HEAD):
    """A release folder: table -> lines without their source."""
    folder.mkdir(exist_ok=True)
    for table, lines in tables.items():
        text = [head, *(f"{line},{SOURCE}（{year}年）" for line in lines)]
        (folder / f"{table}_tidy.csv").write_bytes("\r\n".join([*text, ""]).encode())
    return folder


INDUSTRY = [
    "C,制造业,p10,6.00,万元/年,",
    "C,制造业,p50,10.00,万元/年,",
    "C,制造业,mean,12.00,万元/年,",
    "I,信息业,p10,8.00,万元/年,",
    "I,信息业,p50,20.00,万元/年,",
    "I,信息业,mean,,万元/年,c",
    "J,金融业,p10,9.00,万元/年,",
    "J,金融业,p50,25.00,万元/年,",
    "J,金融业,mean,30.00,万元/年,",
]


def replaced(lines, *pairs):
    made = list(lines)
    for old, new in pairs:
        assert sum(old in line for line in made) == 1
        made = [line.replace(old, new) for line in made if new or old not in line]
    return made


def against(tmp_path, lines, limits=None, **declared):
    before = edition(tmp_path / "before", {"by_industry": INDUSTRY})
    after = edition(tmp_path / "after", {"by_industry": lines}, **declared)
    return compare(before, after, limits)


def test_an_edition_is_like_itself(tmp_path):
    comparison = against(tmp_path, INDUSTRY)
    assert comparison.figures.empty
    assert comparison.counts == {"unchanged": 8, "changed": 0, "withdrawn": 0, "new": 0}
    assert (comparison.beyond, comparison.code) == ((), "")
    assert comparison.summary("zh") == "与上一版相比，1张表的8个数据全部相同。"
    assert comparison.summary("en") == "All 8 figures of 1 tables are those of the last edition."


def test_every_kind_of_difference(tmp_path):
    lines = replaced(
        INDUSTRY,
        ("p50,10.00", "p50,10.5"),  # +0.50, +5 %
        ("p10,8.00", "p10,6.00"),  # -2.00, -25 %: at the limit, not beyond
        ("p50,20.00", "p50,26.00"),  # +6.00, +30 %: beyond
        ("I,信息业,mean,,万元/年,c", "I,信息业,mean,23.00,万元/年,"),
        ("p10,9.00,万元/年,", "p10,,万元/年,c"),  # held back now
        ("J,金融业,mean,30.00,万元/年,", ""),  # not listed any more
    )
    limits = ComparisonDeclaration(max_withdrawn=0.25, max_new=0.2)
    comparison = against(tmp_path, lines, limits)
    shown = comparison.figures[["code", "statistic", "kind", "old", "new", "difference"]].to_numpy().tolist()
    assert shown == [
        ["I", "p50", "changed", "20.00", "26.00", "+6.00"],
        ["I", "p10", "changed", "8.00", "6.00", "-2.00"],
        ["C", "p50", "changed", "10.00", "10.5", "+0.50"],
        ["J", "mean", "withdrawn", "", "", ""],
        ["J", "p10", "withdrawn", "", "", ""],
        ["I", "mean", "new", "", "", ""],
    ]
    assert comparison.figures["percent"].head(3).tolist() == pytest.approx([30.0, -25.0, 5.0], abs=1e-9)
    assert comparison.figures["beyond"].tolist() == [True, False, False, False, False, False]
    table = comparison.tables.iloc[0]
    assert table[["before", "after", "unchanged", "changed", "withdrawn", "new"]].tolist() == [8, 7, 3, 3, 2, 1]
    assert table["largest"] == pytest.approx(30.0)
    # 2 of 8 is the limit of a quarter, 1 of 7 is below a fifth.
    assert comparison.beyond == ("by_industry: 1 of 8 figures changed by more than 25%",)


def test_what_is_not_published_in_both_has_no_figure(tmp_path):
    lines = replaced(INDUSTRY, ("mean,12.00,万元/年,", "mean,,万元/年,u"), ("mean,,万元/年,c", "mean,77.00,万元/年,"))
    comparison = against(tmp_path, lines)
    table, page = comparison.write(tmp_path / "out")
    for text in (
        *(comparison.to_text(language) for language in ("zh", "en")),
        table.read_text(encoding="utf-8-sig"),
        page.read_text(encoding="utf-8"),
        comparison.figures.to_csv(),
        "".join(comparison.beyond),
    ):
        assert "12.00" not in text
        assert "77.00" not in text
        assert "status" not in text
    # The reason of a withdrawal can't be told from another one.
    other = against(tmp_path, replaced(lines, ("mean,,万元/年,u", "mean,,万元/年,c")))
    assert other.to_text() == comparison.to_text()
    assert other.code == comparison.code


@pytest.mark.parametrize(
    ("limits", "passed"),
    [
        ({"max_change": 0.3, "max_withdrawn": 0.2}, "by_industry: 2 of 8 figures are no longer published (limit 20%)"),
        (
            {"max_change": 0.3, "max_withdrawn": False, "max_new": 0.125},
            "by_industry: 1 of 7 figures are published for the first time",
        ),
        ({"max_withdrawn": False, "max_new": False, "max_change": 0.29}, "changed by more than 29%"),
        ({"max_withdrawn": False, "tables": {"by_industry": 0.299}}, "changed by more than 29.9%"),
        ({"max_withdrawn": False, "max_change": 0.3}, ""),
        ({"max_withdrawn": False, "max_change": False}, ""),
        ({"max_withdrawn": False, "tables": {"by_industry": False}}, ""),
    ],
)
def test_limits(tmp_path, limits, passed):
    lines = replaced(
        INDUSTRY,
        ("p50,20.00", "p50,26.00"),
        ("I,信息业,mean,,万元/年,c", "I,信息业,mean,23.00,万元/年,"),
        ("p10,9.00,万元/年,", "p10,,万元/年,c"),
        ("J,金融业,mean,30.00,万元/年,", ""),
    )
    comparison = against(tmp_path, lines, ComparisonDeclaration(**limits))
    assert len(comparison.beyond) == bool(passed)
    assert passed in "".join(comparison.beyond)
    assert bool(comparison.code) == bool(passed)
    assert comparison.figures["beyond"].any() == bool(passed)


def test_precision_has_no_limit_and_sample_sizes_have(tmp_path):
    before = ["C,制造业,p50,10.00,万元/年,", "C,制造业,p50_cv,1.0,%,", "C,制造业,n,100,,"]
    after = ["C,制造业,p50,10.00,万元/年,", "C,制造业,p50_cv,9.0,%,", "C,制造业,n,200,,"]
    comparison = compare(edition(tmp_path / "a", {"t": before}), edition(tmp_path / "b", {"t": after}))
    assert comparison.figures["beyond"].tolist() == comparison.figures["statistic"].eq("n").tolist()
    assert comparison.beyond == ("t: 1 of 3 figures changed by more than 25%",)


def test_a_change_from_nothing_is_beyond_any_limit(tmp_path):
    before, after = ["C,制造业,p10,0,元,"], ["C,制造业,p10,1,元,"]
    comparison = compare(edition(tmp_path / "a", {"t": before}), edition(tmp_path / "b", {"t": after}))
    assert comparison.figures["percent"].tolist() == [float("inf")]
    assert comparison.code


def test_what_is_at_its_limit_is_not_beyond_it(tmp_path):
    """Printed 1.20 and 1.50 are a quarter apart, the floats a little more; so are 0.07 of 100 figures and 7."""
    before = [f"{number},职业{number},p10,1.20,万元/年," for number in range(100)]
    after = replaced(before, ("9,职业9,p10,1.20", "9,职业9,p10,1.50"))[:93]
    a, b = edition(tmp_path / "a", {"t": before}), edition(tmp_path / "b", {"t": after})
    assert compare(a, b, ComparisonDeclaration(max_withdrawn=0.07)).beyond == ()
    assert len(compare(a, b, ComparisonDeclaration(max_withdrawn=0.069, max_change=0.249)).beyond) == 2


def test_another_unit_or_name_is_another_figure(tmp_path):
    lines = [line.replace("万元/年", "元/年") for line in INDUSTRY[:3]] + INDUSTRY[3:6]
    lines += [line.replace("金融业", "房地产业") for line in INDUSTRY[6:]]
    comparison = against(tmp_path, lines, ComparisonDeclaration(max_change=False))
    assert comparison.figures["kind"].tolist() == ["unit"] * 3 + ["name"] * 3
    assert comparison.figures["difference"].tolist() == [""] * 6
    assert comparison.beyond == (
        "by_industry: 3 of 8 figures have another unit",
        "by_industry: 3 of 8 figures have another name under the same code",
    )


def test_tables_that_come_and_go(tmp_path):
    before = edition(tmp_path / "before", {"gone": INDUSTRY, "stays": INDUSTRY})
    after = edition(tmp_path / "after", {"added": INDUSTRY, "stays": INDUSTRY})
    comparison = compare(before, after)
    assert comparison.tables.set_index("table")[["before", "after"]].to_dict("index") == {
        "added": {"before": 0, "after": 8},
        "gone": {"before": 8, "after": 0},
        "stays": {"before": 8, "after": 8},
    }
    assert comparison.beyond == ("gone: 8 of 8 figures are no longer published (limit 10%)",)
    # Other domain columns make another table of the same name.
    head = "sex_code,sex_name,age_code,age_name,statistic,value,unit,status,source"
    crossed = ["1,男,2,中年,p50,10.00,万元/年,", "12,女,,未填报,p50,10.00,万元/年,", "1,男,22,老年,p50,9.00,万元/年,"]
    after = edition(tmp_path / "crossed", {"stays": crossed}, head=head)
    comparison = compare(before, after)
    assert comparison.counts == {"unchanged": 0, "changed": 0, "withdrawn": 16, "new": 3}
    assert compare(after, after).counts["unchanged"] == 3
    names = comparison.figures.loc[comparison.figures["kind"] == "new", ["code", "name"]].to_numpy().tolist()
    assert names == [["1 · 2", "男 · 中年"], ["1 · 22", "男 · 老年"], ["12 · ", "女 · 未填报"]]


def test_a_code_confirms_these_differences_only(tmp_path):
    def code(*pairs):
        return against(tmp_path, replaced(INDUSTRY, *pairs)).code

    first = code(("p50,20.00", "p50,26.00"))
    assert first == code(("p50,20.00", "p50,26.00"))
    # What stays within the limits doesn't matter to what was confirmed.
    assert first == code(("p50,20.00", "p50,26.00"), ("p50,25.00", "p50,25.01"))
    assert first != code(("p50,20.00", "p50,26.01"))
    assert first != code(("p50,25.00", "p50,32.50"))
    assert first != code(("p50,20.00", "p50,26.00"), ("p50,25.00", "p50,35.00"))


def test_growth_in_standard_errors(tmp_path):
    before = ["C,制造业,p50,10.00,万元/年,", "C,制造业,p50_se,0.030,万元/年,"]
    before += ["I,信息业,mean,100.0,元,", "I,信息业,mean_cv,3.0,%,", "J,金融业,p50,5.00,元,"]
    after = ["C,制造业,p50,10.10,万元/年,", "C,制造业,p50_se,0.040,万元/年,"]
    after += ["I,信息业,mean,80.0,元,", "I,信息业,mean_cv,5.0,%,", "J,金融业,p50,6.00,元,"]
    old = edition(tmp_path / "old", {"t": before}, year=2022)
    comparison = compare(old, edition(tmp_path / "new", {"t": after}, year=2023))
    estimates = comparison.figures.set_index(["code", "statistic"])["errors"]
    # By hand: 0.10 / sqrt(0.03² + 0.04²) = 2; -20 / sqrt(3² + 4²) = -4; nothing to compare with for J.
    assert estimates["C", "p50"] == pytest.approx(2.0)
    assert estimates["I", "mean"] == pytest.approx(-4.0)
    assert pd.isna(estimates["J", "p50"])
    assert "-4.0" in comparison.to_text("zh")
    assert "标准误按两次调查样本相互独立计算" in comparison.to_text("zh")
    # A correction of the same survey is no matter of sampling.
    same = compare(old, edition(tmp_path / "again", {"t": after}, year=2022))
    assert same.figures["errors"].isna().all()
    assert "标准误" not in same.summary("zh")


def test_text_from_data_stays_text(tmp_path):
    name = '\'=HYPERLINK(1) <b>&amp;</b> | "引号"'
    line = ["'=1", name, "p50", "1.00", "元", "", SOURCE]
    for folder, value in (("a", "1.00"), ("b", "2.00")):
        (tmp_path / folder).mkdir()
        text = StringIO()
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerows([HEAD.split(","), [*line[:3], value, *line[4:]]])
        (tmp_path / folder / "t_tidy.csv").write_bytes(text.getvalue().encode())
    comparison = compare(tmp_path / "a", tmp_path / "b")
    assert comparison.figures["code"].tolist() == ["=1"]
    table, page = comparison.write(tmp_path / "out")
    head, row = csv.reader(StringIO(table.read_text(encoding="utf-8-sig"), newline=""))
    assert dict(zip(head, row, strict=True)) | {"table": "t"} == {
        **{"table": "t", "code": "'=1", "name": name, "statistic": "p50", "kind": "changed", "old": "1.00"},
        **{"new": "2.00", "difference": "+1.00", "percent": "100.0", "errors": "", "unit": "元", "beyond": "True"},
    }
    shown = page.read_text(encoding="utf-8")
    assert "<b>" not in shown
    assert "=HYPERLINK(1) &lt;b&gt;&amp;amp;&lt;/b&gt;" in shown
    assert "http" not in shown
    assert not list(tmp_path.glob("b/*comparison*"))


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (lambda text: text.encode("gb18030"), "it is not UTF-8"),
        (lambda text: text.encode("utf-8-sig"), "its columns are"),
        (lambda text: text.replace(",", ";").encode(), "its columns are"),
        (lambda text: text.replace("6.00", "6.00元").encode(), "line 2 holds neither a figure nor a mark"),
        (lambda text: text.replace("10.00", "").encode(), "line 3 holds neither a figure nor a mark"),
        (lambda text: text.replace(",c,", ",?,").encode(), "line 7 holds neither a figure nor a mark"),
        (lambda text: text.replace("p50", "p10").encode(), "line 3 gives a figure a second time"),
        (lambda text: (text + "X\r\n").encode(), "line 11 has 1 fields and the head has 7"),
        (lambda text: b"", "no CSV file with a head"),
        (lambda text: text.replace("制造业,p10", '"制造业,p10').encode(), "no CSV file with a head"),
        (lambda text: text.replace("code,name,", "").encode(), "its columns are"),
    ],
)
def test_an_edition_that_can_not_be_read(tmp_path, spoilt, said):
    before = edition(tmp_path / "before", {"by_industry": INDUSTRY})
    after = shutil.copytree(before, tmp_path / "after")
    file = before / "by_industry_tidy.csv"
    file.write_bytes(spoilt(file.read_bytes().decode()))
    with pytest.raises(ReleaseError, match="the edition can't be read") as caught:
        compare(before, after)
    assert said in str(caught.value)
    assert str(file) in str(caught.value)


def test_which_edition_is_meant(tmp_path):
    limits = ComparisonDeclaration()
    target = tmp_path / "out"
    assert earlier_edition(limits, target, declared_in=tmp_path) is None
    edition(target, {"t": INDUSTRY})
    assert earlier_edition(limits, target, declared_in=tmp_path) == target
    last_year = ComparisonDeclaration.model_validate({"with": "2022"})
    with pytest.raises(ReleaseError, match="there is no such folder"):
        earlier_edition(last_year, target, declared_in=tmp_path)
    edition(tmp_path / "2022", {})
    with pytest.raises(ReleaseError, match="no edition to compare with"):
        earlier_edition(last_year, target, declared_in=tmp_path)
    edition(tmp_path / "2022", {"t": INDUSTRY})
    assert earlier_edition(last_year, target, declared_in=tmp_path) == tmp_path / "2022"


def test_a_printed_table_with_the_ending_of_open_data(tmp_path):
    """The printed CSV of a table called x_tidy is no open data."""
    folder = edition(tmp_path / "a", {"x_tidy": INDUSTRY})
    (folder / "x_tidy.csv").write_text("\ufeff序号,名称\r\n1,制造业\r\n", encoding="utf-8")
    assert compare(folder, folder).tables["table"].tolist() == ["x_tidy"]


def test_a_page_lists_the_first_and_tells_of_the_others(tmp_path):
    lines = [f"{number},职业{number},p50,{number}00,元," for number in range(1, 31)]
    raised = [line.replace("00,元", "09,元") for line in lines]
    comparison = compare(edition(tmp_path / "a", {"t": lines}), edition(tmp_path / "b", {"t": raised}))
    text = comparison.to_text("zh")
    assert "变动最大的是t中“职业1”的50%分位值，由100元变为109元（+9.0%）。" in text
    assert "职业20 (20)" in text
    assert "职业21" not in text
    assert "此处列出前20行，共30行，全部见CSV文件。" in text
    assert "The first 20 rows of 30; the CSV file has all." in comparison.to_text("en")
    table, _ = comparison.write(tmp_path / "b")
    assert len(pd.read_csv(table)) == 30
