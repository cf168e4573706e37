"""The command line with files and mappings: each verb in a process of its own, with all that can go wrong."""

import codecs
import io
import os
import re
import shutil

import numpy as np
import openpyxl
import pytest

import wagekit as wk
from tests.collect.made_files import employees, official, write_pair
from tests.command import POSIX, VERBS, digest, refusal, wagekit

# -- help and usage ------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_every_verb_has_an_example_that_it_understands(verb):
    # A terminal that knows no Chinese gets its characters spelled out, not an error.
    status, said, complained = wagekit(verb, "--help", PYTHONIOENCODING="ascii:strict")
    assert (status, complained) == (0, "")
    assert "\x1b" not in said
    options, _, example = said.partition("Example:")
    assert re.match(rf"\s+wagekit {verb} ", example)
    assert all(option in options for option in re.findall(r"--[a-z-]+", example))


def test_usage():
    status, said, complained = wagekit()
    assert status == 2
    assert all(verb in said + complained for verb in VERBS)
    assert wagekit("--version")[:2] == (0, f"wagekit {wk.__version__}\n")
    for wrong in (["intak"], ["intake"], ["intake", "a.csv"], ["check", "--wave", "x", "--store", "s"], ["--wave"]):
        status, said, complained = wagekit(*wrong)
        assert (status, said) == (2, ""), wrong
        assert complained.splitlines()[-1].startswith("Error: ")
        assert "Traceback" not in complained


# -- intake: what it says ------------------------------------------------------------------------


def test_an_intake_says_what_it_read_and_refused(tmp_path):
    firms, staff = write_pair(tmp_path, staff=employees().assign(annual_pay=["", *["80000"] * 39]))
    status, said, complained = wagekit("intake", "单位.csv", "职工.csv", "--wave", 2023, folder=tmp_path)
    assert status == 0
    assert said.startswith("Wave 2023 stored: 4 enterprises, 39 employees; 1 rows refused")
    assert "单位.csv (csv, utf-8): 4 rows, 0 refused" in said
    assert "职工.csv (csv, gb18030): 40 rows, 1 refused" in said
    assert "refused: missing_required 1" in said
    assert all(line.startswith("  note: ") for line in complained.splitlines())
    assert {entry.name for entry in tmp_path.iterdir()} == {firms.name, staff.name, "wagekit.duckdb"}
    again = wagekit("intake", "单位.csv", "职工.csv", "--wave", 2023, folder=tmp_path)
    assert again == (0, "Wave 2023 holds these files already (39 employees): nothing changed.\n", "")
    assert "Say replace" in refusal(wagekit("intake", firms, *other_pair(tmp_path), "--wave", 2023, folder=tmp_path))
    status, said, _ = wagekit("intake", *other_pair(tmp_path), firms, "--wave", 2023, "--replace", folder=tmp_path)
    assert (status, said[:19]) == (0, "Wave 2023 replaced:")


def other_pair(folder):
    """A second employee file."""
    path = folder / "other" / "职工.csv"
    path.parent.mkdir(exist_ok=True)
    official(employees().assign(annual_pay="99999")).to_csv(path, index=False)
    return [path]


# -- intake: bad files ---------------------------------------------------------------------------

STAFF = official(employees())
TEXT = STAFF.to_csv(index=False)
HEADER, FIRST, *_ = TEXT.splitlines()


def workbook(change=None):
    book = openpyxl.Workbook()
    for row in [list(STAFF.columns), *STAFF.to_numpy().tolist()]:
        book.active.append(row)
    if change:
        change(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def formula(book):
    book.active["H3"] = "=SUM(A1:A2)"


def merged(book):
    book.active.merge_cells("A1:B1")


def second_sheet(book):
    book.create_sheet("说明").append(["填表说明"])


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
JUNK = np.random.default_rng(1).integers(0, 256, 4096, dtype=np.uint8).tobytes()

BAD = {
    "big5.csv": (TEXT.encode("big5", "replace"), "neither UTF-8 nor GB18030"),
    "utf-16 without mark.csv": (TEXT.encode("utf-16-le"), "NUL byte"),
    "two encodings.csv": (HEADER.encode() + b"\n" + (FIRST + "\n").encode("gb18030"), "row 2 is not"),
    "cut off.xlsx": (workbook()[:3000], "damaged or cut off"),
    "password.xlsx": (OLE + "EncryptedPackage".encode("utf-16-le") + bytes(4096), "protected by a password"),
    "old.xls": (OLE + "Workbook".encode("utf-16-le") + bytes(4096), "old .xls kind"),
    "formula.xlsx": (workbook(formula), "cell H3 holds a formula"),
    "merged.xlsx": (workbook(merged), "cells A1:B1 are merged"),
    "two sheets.xlsx": (workbook(second_sheet), "several filled sheets: 'Sheet', '说明'"),
    "text.xlsx": (TEXT.encode(), "named .xlsx but holds something else"),
    "cut off.parquet": (b"PAR1" + JUNK, "Parquet file is damaged"),
    "empty.csv": (b"", "the file is empty"),
    "blank.csv": (codecs.BOM_UTF8 + b"\r\n  \r\n", "the file is empty"),
    "header only.csv": (HEADER.encode() + b"\n", "a header but no data rows"),
    "junk.csv": (JUNK, "expected"),
    "junk.xlsx": (b"PK\x03\x04" + JUNK, "damaged or cut off"),
    "page.xls": (b"<html><table></table></html>", "a web page"),
    "no pay.csv": (STAFF.iloc[:, :-1].to_csv(index=False).encode(), "'全年工资报酬合计' (annual_pay) is missing"),
    "doubled header.csv": (TEXT.replace("性别", "学历", 1).encode(), "two columns have the header '学历'"),
    "ragged.csv": (f"{TEXT}1,2\n".encode(), "row 42 has 2 values; expected 8"),
    "too wide.csv": (f"{TEXT}{FIRST},1\n".encode(), "row 42 has 9 values; expected 8"),
    "open quote.csv": (f'{TEXT}"1,2,3,4,5,6,7,8\n'.encode(), "quotation mark"),
    "wide commas.csv": (TEXT.replace(",", "，").encode(), "separated by none of comma"),
    "strange.csv": (b"a,b\n1,2\n", "those of neither table"),
    "nothing passes.csv": (HEADER.encode() + b"\n" + b"x,1,9,9,9,9,9,9\n", "no employee passes the checks"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_in_one_sentence_and_nothing_is_left(good, tmp_path, name):
    content, says = BAD[name]
    bad = tmp_path / name
    bad.write_bytes(content)
    complained = refusal(wagekit("intake", good[0], bad, "--wave", 2023, "--store", tmp_path / "new.duckdb"))
    assert says in complained
    assert name in complained
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["formula.xlsx", "ragged.csv", "no pay.csv", "nothing passes.csv"])
def test_a_store_is_byte_for_byte_as_before(good, tmp_path, name):
    (tmp_path / name).write_bytes(BAD[name][0])
    store = shutil.copy(good[2], tmp_path / "s.duckdb")
    before = digest(store)
    for wave, more in ((2023, ["--replace"]), (2024, [])):
        refusal(wagekit("intake", good[0], tmp_path / name, "--wave", wave, "--store", store, *more))
        assert digest(store) == before
    assert {entry.name for entry in tmp_path.iterdir()} == {name, "s.duckdb"}


def test_what_is_no_file(good, tmp_path):
    firms, staff, _ = good
    new = tmp_path / "new.duckdb"
    for wrong, says in (
        (tmp_path, "this is a folder"),
        (tmp_path / "职工表.csv", "no such file"),
        (tmp_path / "none" / "a.csv", "There is no folder"),
        (tmp_path / ("x" * 300), ""),
        (staff, "named twice"),
    ):
        assert says in refusal(wagekit("intake", firms, staff, wrong, "--wave", 2023, "--store", new))
    assert "no employee table" in refusal(wagekit("intake", firms, "--wave", 2023, "--store", new))
    assert not list(tmp_path.iterdir())


@POSIX
def test_names_that_are_no_text_neither_break_the_sentence_nor_the_terminal(good, tmp_path):
    evil = tmp_path / "a\n\x1b[31mwagekit: all is well.csv"
    evil.write_bytes(b"a,b\n1,2\n")
    assert r"a\n\x1b[31m" in refusal(wagekit("intake", good[0], evil, "--wave", 2023, folder=tmp_path))
    # As from an archive that was packed on a Chinese Windows.
    bytes_of_gbk = os.fsencode(tmp_path) + b"/" + "职工.csv".encode("gb18030")
    shutil.copy(good[1], bytes_of_gbk)
    complained = refusal(wagekit("intake", good[0], os.fsdecode(bytes_of_gbk), "--wave", 2023, folder=tmp_path))
    assert "职工.csv: the file's name holds bytes that are no UTF-8. Rename it" in complained


# -- intake: mappings ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("[surveys]", "no key 'surveys'. The nearest is 'survey'."),
        ("[input]\nmaximum_rows = 'many'", "input.maximum_rows = 'many'; expected a whole number."),
        ("[input]\nmaximum_rows = 39", "has 40 data rows; expected at most 39"),
        ("[input]\nencoding = 'base64'", "no encoding called 'base64'"),
        ("survey = 3", "survey = '3'; expected a table of keys and values."),
        ("[employees.columns]\nannual_pay = '工资'", "'工资' (annual_pay) is missing"),
        ("[[[", "not valid TOML"),
    ],
)
def test_a_mistyped_mapping(good, tmp_path, toml, says):
    path = tmp_path / "m.toml"
    path.write_text(toml + "\n", encoding="utf-8")
    firms, staff, _ = good
    result = wagekit("intake", firms, staff, "--wave", 2023, "-m", path, "--store", tmp_path / "new.duckdb")
    assert says in refusal(result)
    assert [entry.name for entry in tmp_path.iterdir()] == ["m.toml"]


def test_options_that_can_not_be(good, tmp_path):
    firms, staff, _ = good
    for options, says in (
        (["--wave", 23], "expected a year"),
        (["--wave", 10**12], "expected a year"),
        (["--wave", 2023, "--minimum-wage", 0], "minimum_wage is 0"),
        (["--wave", 2023, "--mapping", tmp_path / "none.toml"], "mapping can't be read"),
        (["--wave", 2023, "--mapping", tmp_path], "mapping can't be read"),
    ):
        assert says in refusal(wagekit("intake", firms, staff, *options, folder=tmp_path))
    assert not list(tmp_path.iterdir())
