"""Reading files: what is read, and the one sentence that every bad file gives."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wagekit.collect import readers, workbooks
from wagekit.collect.readers import read
from wagekit.errors import InputError

HEADER = ["统一社会信用代码", "职工代码", "性别", "职业"]
ROWS = [["91310107MA1G00001X", "00001", "女", "软件工程师"], ["91310107MA1G00002Y", "00002", "男", "销售员"]]
TEXT = "\n".join(",".join(row) for row in [HEADER, *ROWS]) + "\n"


def refusal(path: Path, **options: object) -> str:
    """The message of the error that a file gives: one sentence that names the file."""
    with pytest.raises(InputError) as caught:
        read(path, **options)  # type: ignore[arg-type]
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def read_or_refused(path: Path) -> bool:
    """Whether a file gives rows, or an error that names it."""
    try:
        return len(read(path).frame) > 0
    except InputError as error:
        return str(path) in str(error)


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def workbook(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return path


# -- what is read --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codec", "said"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("gb18030", "gb18030"), ("utf-16", "utf-16")],
)
def test_encodings_are_detected_and_said(tmp_path: Path, codec: str, said: str) -> None:
    table = read(write(tmp_path / "a.csv", TEXT.encode(codec)))
    assert table.encoding == said
    assert list(table.frame.columns) == HEADER
    assert table.frame.to_numpy().tolist() == ROWS
    assert table.frame.index.tolist() == [2, 3]


def test_utf16_big_endian_counts_rows_right(tmp_path: Path) -> None:
    # U+4E0A (上) holds the byte of a line feed; counting bytes would see a row there.
    text = "地区\n" + "上海上上上\n" * 3
    table = read(write(tmp_path / "a.csv", b"\xfe\xff" + text.encode("utf-16-be")), maximum_rows=3)
    assert len(table.frame) == 3


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators(tmp_path: Path, separator: str) -> None:
    table = read(write(tmp_path / "a.csv", TEXT.replace(",", separator)))
    assert table.separator == separator
    assert table.frame.to_numpy().tolist() == ROWS


def test_rows_are_numbered_as_a_spreadsheet_shows_them(tmp_path: Path) -> None:
    text = '\na,b\n1,"x\ny"\n\n,\n2,z\n,,\n3,w\n\n'
    frame = read(write(tmp_path / "a.csv", text)).frame
    assert frame.index.tolist() == [3, 6, 8]
    assert frame["b"].tolist() == ["x\ny", "z", "w"]


def test_values_stay_text_and_lose_only_outer_blanks(tmp_path: Path) -> None:
    frame = read(write(tmp_path / "a.csv", "id,v\r\n 007 ,\u3000NA\u3000\r\n1e5,  \r\n")).frame
    assert frame["id"].tolist() == ["007", "1e5"]
    assert frame["v"].iloc[0] == "NA"
    assert pd.isna(frame["v"].iloc[1])


def test_workbook_cells_become_plain_text(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        sheet = book.add_worksheet("职工")
        sheet.write_row(0, 0, ["代码", "人数", "金额", "日期", "会员"])
        sheet.write_string(2, 0, "00012")
        sheet.write_row(2, 1, [12, 12.5])
        sheet.write_datetime(2, 3, pd.Timestamp(2023, 5, 1), book.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.write_boolean(2, 4, True)
        book.add_worksheet("Sheet2")  # empty sheets, as spreadsheet programs add them, don't count
    table = read(tmp_path / "a.xlsx")
    assert (table.format, table.sheet, table.encoding) == ("xlsx", "职工", None)
    assert table.frame.loc[3].tolist() == ["00012", "12", "12.5", "2023-05-01", "1"]


def test_a_named_sheet_is_read(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"企业": [["a"], ["1"]], "职工": [["b"], ["2"]]})
    assert read(path, sheet="职工").frame["b"].tolist() == ["2"]
    assert "'企业', '职工'" in refusal(path)
    assert "no sheet '员工'" in refusal(path, sheet="员工")


def test_parquet_numbers_become_the_text_a_person_would_write(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "size": [1.0, np.nan, 3.0],  # whole numbers with a gap, which pandas keeps as floats
            "pay": [1.5, 0.1 + 0.2, 3.0],
            "n": [1, 2, 3],
            "code": pd.Categorical(["a", "b", "a"]),
        }
    )
    frame.to_parquet(tmp_path / "a.parquet")
    table = read(tmp_path / "a.parquet")
    assert table.format == "parquet"
    assert table.frame["size"].tolist()[::2] == ["1", "3"]
    assert [float(value) for value in table.frame["pay"]] == frame["pay"].tolist()
    assert table.frame["n"].tolist() == ["1", "2", "3"]
    assert table.frame["code"].tolist() == ["a", "b", "a"]


cells = st.text(
    st.characters(codec="gb18030", exclude_categories=("Cs", "Cc", "Co", "Cn"), exclude_characters="\ufeff"),
    max_size=8,
).map(str.strip)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=6), st.sampled_from(",;\t"))
def test_what_was_written_comes_back(tmp_path: Path, rows: list[list[str]], separator: str) -> None:
    written = pd.DataFrame(rows, columns=["企业", "职工", "报酬"])
    path = tmp_path / "a.csv"
    written.to_csv(path, index=False, sep=separator, encoding="utf-8")
    kept = written[(written != "").any(axis=1)]
    if kept.empty:
        assert "no data rows" in refusal(path)
        return
    pd.testing.assert_frame_equal(
        read(path).frame.fillna("").reset_index(drop=True), kept.reset_index(drop=True), check_dtype=False
    )


# -- what is refused -----------------------------------------------------------------------------


def test_missing_file_names_the_nearest(tmp_path: Path) -> None:
    write(tmp_path / "employees.csv", TEXT)
    assert "The nearest name is 'employees.csv'" in refusal(tmp_path / "employee.csv")
    assert "no folder" in refusal(tmp_path / "nowhere" / "employee.csv")


def test_a_folder(tmp_path: Path) -> None:
    assert "folder" in refusal(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\n \r\n\t", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_empty(tmp_path: Path, content: bytes) -> None:
    assert "empty" in refusal(write(tmp_path / "a.csv", content))


@pytest.mark.parametrize("content", ["a,b\n", "a,b\n,\n\n"])
def test_header_only(tmp_path: Path, content: str) -> None:
    assert "no data rows" in refusal(write(tmp_path / "a.csv", content))


def test_duplicate_headers(tmp_path: Path) -> None:
    assert "two columns have the header 'b'" in refusal(write(tmp_path / "a.csv", "a,b,b\n1,2,3\n"))
    message = refusal(write(tmp_path / "a.csv", "收入(元),收入（元）\n1,2\n"))
    assert "two columns" in message


def test_a_column_without_a_header(tmp_path: Path) -> None:
    assert "column 2 has values but no header" in refusal(write(tmp_path / "a.csv", "a,\n1,2\n"))
    assert read(write(tmp_path / "a.csv", "a,\n1,\n")).frame.columns.tolist() == ["a"]


@pytest.mark.parametrize(
    ("content", "row", "found"),
    [("a,b\n1,2\n\n3\n", 4, "1 value "), ("a,b\n1,2\n3,4,5\n6,7\n8,9,10\n", 3, "3 values")],
)
def test_ragged_rows(tmp_path: Path, content: str, row: int, found: str) -> None:
    message = refusal(write(tmp_path / "a.csv", content))
    assert f"row {row} has {found}".strip() in message
    assert "expected 2" in message


@pytest.mark.parametrize("content", ['a,b\n1,"2\n3,4\n5,6\n', 'a,b\n1,2\n"3,4\n5,6\n'])
def test_a_quotation_mark_that_is_never_closed(tmp_path: Path, content: str) -> None:
    assert "quotation mark" in refusal(write(tmp_path / "a.csv", content))


def test_an_unknown_separator(tmp_path: Path) -> None:
    assert "separated by none" in refusal(write(tmp_path / "a.csv", "代码，性别\n1，女\n"))


def test_nul_bytes(tmp_path: Path) -> None:
    assert "row 3 holds a NUL byte" in refusal(write(tmp_path / "a.csv", b"a,b\n1,2\n3,\x004\n"))
    assert "UTF-16" in refusal(write(tmp_path / "a.csv", TEXT.encode("utf-16-le")))


def test_big5_is_not_taken_for_gb18030(tmp_path: Path) -> None:
    text = "統一編號,職業,薪資\n" + "12345678,軟體工程師與資料分析人員,50000\n" * 20
    message = refusal(write(tmp_path / "a.csv", text.encode("big5")))
    assert "neither UTF-8 nor GB18030" in message
    assert read(tmp_path / "a.csv", encoding="big5").frame["職業"].iloc[0] == "軟體工程師與資料分析人員"


def test_western_text_is_not_taken_for_gb18030(tmp_path: Path) -> None:
    text = "Straße;Größe;Länder\n" + "Münchener Straße;groß;Österreich, Île-de-France, Málaga\n" * 5
    assert "neither UTF-8 nor GB18030" in refusal(write(tmp_path / "a.csv", text.encode("cp1252")))


def test_mixed_encodings_name_a_row_of_each(tmp_path: Path) -> None:
    head, tail = TEXT.encode("utf-8"), "91310107MA1G00003Z,00003,女,会计人员\n".encode("gb18030")
    message = refusal(write(tmp_path / "a.csv", head + tail))
    assert "row 1 is UTF-8 but row 4 is not" in message
    message = refusal(write(tmp_path / "b.csv", b"\xef\xbb\xbf" + head + tail))
    assert "row 4 is not UTF-8" in message


def test_a_given_encoding_must_fit(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", TEXT.encode("gb18030"))
    assert "row 1 is not UTF-8" in refusal(path, encoding="utf-8")
    assert "no encoding called 'utf-99'" in refusal(path, encoding="utf-99")


def test_too_many_rows_are_refused_before_loading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("the file was loaded")

    monkeypatch.setattr("pyarrow.csv.read_csv", never)
    path = write(tmp_path / "a.csv", "a,b\n" + "1,2\n" * 1001)
    message = refusal(path, maximum_rows=1000)
    assert "1,001 data rows" in message
    assert "maximum_rows" in message


def test_line_breaks_inside_quotes_are_no_rows(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "a,b\n" + '1,"x\n\n\ny"\n' * 10)
    assert len(read(path, maximum_rows=10).frame) == 10
    assert "10 data rows" in refusal(path, maximum_rows=9)


def test_ten_million_rows(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", b"a\n" + b"1\n" * 10_000_000)
    assert "10,000,000 data rows" in refusal(path)


def test_too_many_rows_in_other_formats(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"s": [["a"], *[["1"]] * 20]})
    assert "20 data rows" in refusal(path, maximum_rows=10)
    pd.DataFrame({"a": range(20)}).to_parquet(tmp_path / "a.parquet")
    assert "20 data rows" in refusal(tmp_path / "a.parquet", maximum_rows=10)


def test_formula_cells_give_their_address(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        sheet = book.add_worksheet("s")
        for row in range(20_000):  # more than one piece of XML
            sheet.write_row(row, 0, ["text", "more text", 12345.678])
        sheet.write_formula("B19000", "=1+1", value=2)
        sheet.write_formula("C19001", "=1+1", value=2)
    assert "cell B19000 holds a formula" in refusal(tmp_path / "a.xlsx")


def test_error_values_give_their_address(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        sheet = book.add_worksheet("s")
        sheet.write_row(0, 0, ["a", "b"])
        sheet.write_formula("B2", "=NA()", value="#N/A")
    parts = _parts(tmp_path / "a.xlsx")
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(b"<f>NA()</f>", b"")
    _pack(tmp_path / "a.xlsx", parts)
    message = refusal(tmp_path / "a.xlsx")
    assert "cell B2 holds an Excel error value" in message


def test_merged_title_rows(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        sheet = book.add_worksheet("s")
        sheet.merge_range("A1:C1", "企业薪酬调查表")
        sheet.write_row(1, 0, ["a", "b", "c"])
        sheet.write_row(2, 0, ["1", "2", "3"])
    assert "cells A1:C1 are merged" in refusal(tmp_path / "a.xlsx")


def test_stray_cells_are_refused_before_they_take_memory(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        sheet = book.add_worksheet("s")
        sheet.write_row(0, 0, ["a", "b"])
        sheet.write_row(1, 0, ["1", "2"])
        sheet.write("XFD1048576", "stray")
    assert "1,048,576, 16384 columns" in refusal(tmp_path / "a.xlsx")


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_truncated_workbooks(tmp_path: Path, share: float) -> None:
    path = workbook(tmp_path / "a.xlsx", {"s": [["a", "b"], *[[str(i), i] for i in range(500)]]})
    content = path.read_bytes()
    assert "damaged or cut off" in refusal(write(path, content[: int(len(content) * share)]))


def test_a_workbook_with_a_damaged_part(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"s": [["a", "b"], *[[str(i), i] for i in range(500)]]})
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("xl/worksheets/sheet1.xml")
    content = bytearray(path.read_bytes())
    middle = info.header_offset + 60 + info.compress_size // 2
    content[middle : middle + 20] = bytes(20)
    assert "damaged or cut off" in refusal(write(path, bytes(content)))


def test_zip_bombs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = workbook(tmp_path / "a.xlsx", {"s": [["a"], ["1"]]})
    parts = _parts(path)
    parts["xl/sharedStrings.xml"] = b"<sst>" + b" " * (80 << 20)
    _pack(path, parts)
    assert "would unpack to" in refusal(path)
    monkeypatch.setattr(workbooks, "MAXIMUM_UNPACKED", 1000)
    assert "would unpack to" in refusal(workbook(tmp_path / "b.xlsx", {"s": [["a"], ["1"]]}))


def test_false_counts_that_would_ask_for_memory(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"s": [["a"], *[["the same"]] * 5000]})  # 5,001 uses of two strings
    assert len(read(path).frame) == 5000
    parts = _parts(path)
    parts["xl/sharedStrings.xml"] = parts["xl/sharedStrings.xml"].replace(
        b'uniqueCount="2"', b'uniqueCount="999999999999"'
    )
    _pack(path, parts)
    assert "a false count" in refusal(path)


def test_cells_outside_their_rows(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"s": [["a", "b"], [1, 2]]})
    parts = _parts(path)
    parts["xl/worksheets/sheet1.xml"] = parts["xl/worksheets/sheet1.xml"].replace(b'r="B2"', b'r="XFD1048576"')
    _pack(path, parts)
    assert "cells outside their rows" in refusal(path)


def test_password_protected_and_old_workbooks(tmp_path: Path) -> None:
    signature = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(1016)
    locked = signature + "EncryptedPackage".encode("utf-16-le") + bytes(200)
    assert "protected by a password" in refusal(write(tmp_path / "a.xlsx", locked))
    old = signature + "Workbook".encode("utf-16-le") + bytes(200)
    assert "old .xls kind" in refusal(write(tmp_path / "a.xls", old))


def test_other_kinds_of_file(tmp_path: Path) -> None:
    assert "web page" in refusal(write(tmp_path / "a.xls", "<html><table><tr><td>1</td></tr></table></html>"))
    assert "PDF" in refusal(write(tmp_path / "a.pdf", b"%PDF-1.7 ..."))
    assert "named .xlsx" in refusal(write(tmp_path / "a.xlsx", TEXT))
    _pack(tmp_path / "b.zip", {"data.csv": TEXT.encode()})
    assert "no workbook" in refusal(tmp_path / "b.zip")
    _pack(tmp_path / "c.xlsb", {"xl/workbook.bin": b"", "_rels/.rels": b""})
    assert ".xlsb" in refusal(tmp_path / "c.xlsb")
    _pack(tmp_path / "d.ods", {"mimetype": b"", "content.xml": b""})
    assert ".ods" in refusal(tmp_path / "d.ods")


def test_an_empty_workbook(tmp_path: Path) -> None:
    assert "empty" in refusal(workbook(tmp_path / "a.xlsx", {"s": []}))
    assert "no data rows" in refusal(workbook(tmp_path / "b.xlsx", {"s": [["a", "b"]]}))


def test_truncated_and_nested_parquet(tmp_path: Path) -> None:
    pd.DataFrame({"a": range(1000)}).to_parquet(tmp_path / "a.parquet")
    content = (tmp_path / "a.parquet").read_bytes()
    assert "damaged or cut off" in refusal(write(tmp_path / "a.parquet", content[: len(content) // 2]))
    pd.DataFrame({"a": [[1, 2], [3]]}).to_parquet(tmp_path / "b.parquet")
    assert "column 'a' holds list" in refusal(tmp_path / "b.parquet")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", TEXT)
    path.chmod(0)
    assert "can't be opened" in refusal(path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path / "a.csv", content)
    assert read_or_refused(path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_workbook_with_changed_bytes_is_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "a.xlsx"
    if not path.exists():
        workbook(path, {"s": [["a", "b"], ["1", 2], ["x", 3]]})
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
    broken = write(tmp_path / "b.xlsx", bytes(content))
    assert read_or_refused(broken)


def test_the_default_limit_is_declared() -> None:
    assert readers.MAXIMUM_ROWS == 5_000_000


def _parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _pack(path: Path, parts: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
