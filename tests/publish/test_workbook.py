"""The workbook: read back by two readers, and every rule for accessible spreadsheets that a program can check."""

import datetime
import zipfile

import openpyxl
import pytest
import python_calamine

from tests.publish.made_estimates import made_estimates
from wagekit.disclosure import ReleaseRules
from wagekit.errors import ReleaseError
from wagekit.publish.table import release
from wagekit.publish.workbook import write_workbook

NAMES = {"A": "=cmd|' /C calc'!A0", "B": "+1", "C": "-1", "D": "@x", "E": "_x0041_", "F": "a<b>&\x0b\x00c", "G": "12"}


@pytest.fixture
def tables():
    one = release(made_estimates({"A": {"n": 40}, "B": {}, "C": {"n_psu": 1}}), unit="万元/年", labels={"A": "农业"})
    made = made_estimates({(code, sex): {} for code in NAMES for sex in "12"}, by=("industry", "sex"))
    two = release(made, labels={"industry": NAMES}, precision=["cv"])
    return [one, two, release(made_estimates({"A": {"n": 1}}))]


@pytest.fixture
def path(tables, tmp_path):
    target = tmp_path / "book.xlsx"
    write_workbook(tables, target, title="工资价位", publisher="演示单位", date=datetime.date(2024, 9, 30))
    return target


def test_what_is_read_back_is_what_the_tables_show(path, tables):
    book = python_calamine.CalamineWorkbook.from_path(str(path))
    assert book.sheet_names == ["封面", "目录", "说明", "表1", "表2", "表3"]
    for number, table in enumerate(tables[:2], start=1):
        rows = book.get_sheet_by_name(f"表{number}").to_python()
        assert rows[0][0] == table.title
        assert rows[1][0] == f"单位：{table.unit}"
        assert rows[3] == ["序号", *table.headings, *(column.heading for column in table.columns)]
        expected = [
            [place, *row.names, *(f"[{c.status}]" if c.value is None else float(c.value) for c in row.cells)]
            for place, row in enumerate(table.rows, start=1)
        ]
        assert rows[4:] == expected
    assert book.get_sheet_by_name("表3").to_python()[3] == ["本表没有可以公布的项目。"]


def test_marked_up_tables_with_one_heading_row_and_no_merged_or_empty_cells(path):
    book = openpyxl.load_workbook(path)
    names = [name for sheet in book for name in sheet.tables]
    assert names == ["contents", "notes", "table_1", "table_2"]
    for sheet in book:
        assert not sheet.merged_cells.ranges
        assert isinstance(sheet["A1"].value, str)
        for table in sheet.tables.values():
            cells = sheet[table.ref]
            heads = [cell.value for cell in cells[0]]
            assert all(heads)
            assert len({head.lower() for head in heads}) == len(heads)
            assert heads == [column.name for column in table.tableColumns]
            assert all(cell.value not in (None, "") for row in cells for cell in row)
    assert book["表1"].freeze_panes == "C5"
    assert book["表2"].freeze_panes == "D5"
    assert book["表1"].print_title_rows == "$4:$4"


def test_text_stays_text(path):
    book = openpyxl.load_workbook(path)
    texts = [row[1].value for row in book["表2"].iter_rows(min_row=5)]
    assert list(dict.fromkeys(texts)) == ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "_x0041_", "a<b>& c", "12"]
    assert all(cell.data_type in "sn" for sheet in book for row in sheet.iter_rows() for cell in row)
    with zipfile.ZipFile(path) as archive:
        sheets = [archive.read(name) for name in archive.namelist() if "worksheets/sheet" in name]
    assert not any(b"<f>" in sheet for sheet in sheets)


def test_nothing_is_hidden(path):
    book = openpyxl.load_workbook(path)
    for sheet in book:
        assert sheet.sheet_state == "visible"
        assert not any(dimension.hidden for dimension in sheet.row_dimensions.values())
        assert not any(dimension.hidden for dimension in sheet.column_dimensions.values())
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    assert not [name for name in names if any(word in name for word in ("external", "custom", "vba", "comments"))]


def test_figures_are_as_round_as_they_are_shown(path):
    sheet = openpyxl.load_workbook(path)["表1"]
    assert [cell.value for cell in sheet[6]] == [2, "B", 5, 7.5, 10, 14, 20, 11]
    assert {cell.number_format for cell in sheet[6][2:]} == {"0.00"}
    assert [cell.value for cell in sheet[5]][1:4] == ["农业", "[c]", 7.5]


def test_the_notes_explain_every_mark_and_name_its_tables(path, tables):
    sheet = openpyxl.load_workbook(path)["说明"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=3)]
    assert rows[0] == ["[c]", "按发布规则不予公布", "表1"]
    notes = {text: names for _, text, names in rows[1:]}
    assert set(notes) == {note for table in tables for note in table.notes}
    assert notes[tables[0].notes[0]] == "表1、表2、表3"
    assert [row[0] for row in rows[1:]] == [str(number) for number in range(1, len(rows))]


def test_the_contents_lead_to_the_tables(path, tables):
    sheet = openpyxl.load_workbook(path)["目录"]
    assert [cell.value for cell in sheet[3]] == ["表1", tables[0].title, "万元/年", 2]
    assert sheet["A3"].hyperlink.location == "'表1'!A1"


def test_the_properties_name_no_person_and_no_machine(path):
    properties = openpyxl.load_workbook(path).properties
    assert properties.title == "工资价位"
    assert not properties.creator
    assert not properties.lastModifiedBy
    assert properties.created == datetime.datetime(2024, 9, 30)


def test_the_same_tables_give_the_same_bytes(tables, tmp_path):
    for name in ("a.xlsx", "b.xlsx"):
        write_workbook(tables, tmp_path / name, title="工资价位")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_simulated_data_are_told_on_the_cover_and_in_the_title(tmp_path):
    table = release(made_estimates({"A": {}}, metadata={"name": "甲区", "synthetic": True}))
    table.to_excel(tmp_path / "t.xlsx")
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    assert "模拟数据" in book["表1"]["A1"].value
    assert any("模拟数据" in str(row[0]) for row in book["封面"].iter_rows(min_row=2, values_only=True))


def test_headings_that_are_the_same_are_told_apart(tmp_path):
    made = made_estimates({("A", "1"): {}}, by=("industry", "sex"))
    release(made, headings={"industry": "名称", "sex": "名称"}).to_excel(tmp_path / "t.xlsx")
    assert openpyxl.load_workbook(tmp_path / "t.xlsx")["表1"]["C4"].value == "名称 (3)"


def test_english_workbooks_are_english(tmp_path):
    release(made_estimates({"A": {"n": 40}}), language="en").to_excel(tmp_path / "t.xlsx")
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    assert book.sheetnames == ["Cover", "Contents", "Notes", "Table 1"]
    assert book["Table 1"]["D5"].number_format == "#,##0"


def test_a_workbook_appears_whole_or_not_at_all(tables, tmp_path, monkeypatch):
    target = tmp_path / "t.xlsx"
    target.write_bytes(b"before")
    monkeypatch.setattr("wagekit.publish.workbook._Book.table", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_workbook(tables, target, title="工资价位")
    assert [file.name for file in tmp_path.iterdir()] == ["t.xlsx"]
    assert target.read_bytes() == b"before"


def test_what_cannot_be_written_is_said(tables, tmp_path):
    with pytest.raises(ReleaseError, match="no table"):
        write_workbook([], tmp_path / "t.xlsx", title="工资价位")
    with pytest.raises(ReleaseError, match=r"ending in \.xlsx"):
        write_workbook(tables, tmp_path / "t.xls", title="工资价位")
    with pytest.raises(ReleaseError, match="can't be written"):
        write_workbook(tables, tmp_path / "nowhere" / "t.xlsx", title="工资价位")


def test_counts_and_means_of_several_tables_are_checked_together(tmp_path):
    gap = made_estimates({"A": {}, "B": {"n_psu": 2}})
    tables = [release(gap), release(gap, statistics=["p50"], counts=True)]
    with pytest.raises(ReleaseError, match="could be calculated"):
        write_workbook(tables, tmp_path / "t.xlsx", title="工资价位")


def test_a_table_without_notes_makes_a_workbook_too(tmp_path):
    off = ReleaseRules(min_employees=None, min_enterprises=None, max_share=None, max_cv=None, min_employees_tails=None)
    release(made_estimates({"A": {}}, statistics=["mean"], variable="pay"), off).to_excel(tmp_path / "t.xlsx")
    assert openpyxl.load_workbook(tmp_path / "t.xlsx")["说明"]["B3"].value == "没有注释。"
