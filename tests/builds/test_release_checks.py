"""Whatever a release gives away is found in it, and what it may show is no alarm."""

import json
import zipfile
from io import BytesIO

import pikepdf
import pytest
from openpyxl import load_workbook
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName

from tests.publish.made_estimates import made_estimates
from tests.publish.made_notebooks import cell, made_notebook, markdown, shown
from wagekit.builds.release_checks import Identifiers, check_release, told
from wagekit.disclosure import ReleaseRules
from wagekit.publish.cover import Cover
from wagekit.publish.held_back import VARIABLE, read
from wagekit.publish.html_table import page_html
from wagekit.publish.rendering.document import read_document
from wagekit.publish.rendering.exporters import WagekitHTMLExporter, set_pdf
from wagekit.publish.table import release

CODE, NAME, WORKER = "91310107MN00000129", "某某精密机械（上海）有限公司", "E0012345678"
IDENTIFIERS = [CODE, NAME, WORKER, "00017", "123456789"]
HELD = 98_765.4321
DOMAINS = {f"A{k}": {"level": 50_000.0 + 1_237.8 * k} for k in range(8)} | {"B1": {"level": HELD, "n_psu": 2}}


@pytest.fixture
def noted(tmp_path, monkeypatch):
    """The private file in which tables record what they hold back."""
    path = tmp_path / "private.jsonl"
    monkeypatch.setenv(VARIABLE, str(path))
    return path


@pytest.fixture
def folder(tmp_path, noted):
    """A small release: workbook, page, CSV, web report, PDF, manifest."""
    made = tmp_path / "release"
    made.mkdir()
    table = release(made_estimates(DOMAINS), unit="元/年", title="分行业工资价位")
    table.to_excel(made / "wage_levels.xlsx")
    table.to_csv(made / "wage_levels.csv")
    table.to_csv(made / "wage_levels_tidy.csv", layout="tidy")
    (made / "wage_levels.html").write_text(page_html(table), encoding="utf-8")
    notebook = made_notebook(
        cell(shown(Cover("报告", 2023, provenance="wagekit · 0123456789ab"))),
        markdown("# 结果\n\n样本98765人，平均55,000元。"),
        cell(shown(table)),
    )
    page = WagekitHTMLExporter(embed_font=False).from_notebook_node(notebook)[0]
    (made / "report.html").write_text(page, encoding="utf-8")
    (made / "report.pdf").write_bytes(set_pdf(read_document(notebook)))
    (made / "manifest.json").write_text(json.dumps({"title": "工资", "sha256": "9" * 64}), encoding="utf-8")
    return made


@pytest.fixture
def check(folder, noted):
    return lambda **more: told(check_release(folder, identifiers=IDENTIFIERS, held_back=[noted], **more))


def test_a_clean_release_has_no_problem(check):
    assert check() == []


def test_nothing_is_recorded_without_the_variable(tmp_path, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    release(made_estimates(DOMAINS))
    assert list(tmp_path.iterdir()) == []


def test_what_is_recorded_is_exact_private_and_read_back_once(noted):
    for _ in range(2):
        release(made_estimates(DOMAINS), unit="万元/年")
    assert noted.stat().st_mode & 0o777 == 0o600
    (found,) = read([noted, noted.with_name("none.jsonl")])
    held = {figure.value for figure in found.held}
    assert HELD in held
    assert 50_000.0 not in held
    assert {figure.codes for figure in found.held} == {("B1",)}
    assert {figure.factor for figure in found.held} == {10_000.0}
    assert {figure.codes for figure in found.shown} == {(code,) for code in DOMAINS if code != "B1"}


def _page(folder, text):
    path = folder / "report.html"
    path.write_text(path.read_text("utf-8").replace("</main>", f"<p>{text}</p></main>"), encoding="utf-8")


def _attribute(folder, text):
    path = folder / "wage_levels.html"
    path.write_text(path.read_text("utf-8").replace("<table", f'<table aria-label="{text}"'), encoding="utf-8")


def _comment_in_page(folder, text):
    _page(folder, f"<!-- {text} --><span hidden>x</span>")


def _paper(folder, text):
    notebook = made_notebook(markdown(f"# 标题\n\n{text}"))
    (folder / "other.pdf").write_bytes(set_pdf(read_document(notebook)))


def _properties(folder, text):
    with pikepdf.open(folder / "report.pdf", allow_overwriting_input=True) as file:
        file.docinfo["/Subject"] = text
        file.save()


def _csv(folder, text):
    with (folder / "wage_levels.csv").open("a", encoding="utf-8") as file:
        file.write(f'"{text}"\r\n')


def _json(folder, text):
    (folder / "manifest.json").write_text(json.dumps({"x": [{"y": text}]}), encoding="utf-8")


def _book(change):
    def do(folder, text):
        path = folder / "wage_levels.xlsx"
        book = load_workbook(path)
        change(book, text)
        book.save(path)

    return do


def _cell(book, text):
    book.worksheets[-1]["A99"] = text


def _comment(book, text):
    book.worksheets[-1]["A1"].comment = Comment(text, "")


def _creator(book, text):
    book.properties.description = text


def _defined(book, text):
    book.defined_names["x"] = DefinedName("x", attr_text=f'"{text}"')


def _header(book, text):
    book.worksheets[-1].oddHeader.center.text = text


PLACES = [_page, _attribute, _comment_in_page, _paper, _csv, _json]
BOOK = [_book(change) for change in (_cell, _comment, _creator, _defined, _header)]


@pytest.mark.parametrize("place", [*PLACES, _properties, *BOOK])
@pytest.mark.parametrize(
    "secret", [CODE, NAME, f"[{NAME.replace('（', '(').replace('）', ')')}]", WORKER, CODE.lower()]
)
def test_an_identifier_is_found_wherever_it_stands(folder, check, place, secret):
    place(folder, f"见{secret}。")
    found = check()
    assert any("an identifier of the survey can be read" in problem for problem in found), found
    assert not any(secret.lower() in problem.lower() for problem in found), "the log must not repeat it"


def test_an_identifier_broken_over_lines_of_a_pdf_is_found(folder, check):
    _paper(folder, "字" * 40 + NAME + "字" * 3 + CODE)
    assert sum("an identifier" in problem for problem in check()) == 2


def test_running_numbers_and_parts_of_longer_numbers_are_no_identifiers():
    names = Identifiers(["00017", "123456789", "甲公司", "公司"])
    assert names.search("00017 甲公司 0123456789 1234567890 x123456789 1.123456789") == []
    assert names.search("编码：123456789。") == ["123456789"]


def test_thousands_of_identifiers_are_looked_for_at_once():
    names = Identifiers([f"模拟企业{k:06d}" for k in range(20_000)])
    assert names.search("模拟企业 0199\n99，模拟企业20000") == ["模拟企业019999"]


@pytest.mark.parametrize("place", [*PLACES, *BOOK[:2]])
@pytest.mark.parametrize("text", ["98765", "98,765元", "98765.4", "98765.43", "98765.4321", "9.8765", "9.87654万元"])
def test_a_held_back_value_is_found_in_any_writing(folder, check, place, text):
    place(folder, f"为{text}，")
    found = check()
    assert any("a value that is held back can be read: p50 of B1" in problem for problem in found), found
    assert not any("98765" in problem or "98,765" in problem for problem in found), "the log must not repeat it"


@pytest.mark.parametrize("space", ["\u2009", "\u202f", "\u00a0", "&nbsp;"])
def test_a_held_back_value_with_spaces_between_thousands_is_found(folder, check, space):
    _page(folder, f"为98{space}765元")
    assert len(check()) == 1


@pytest.mark.parametrize("text", ["98766", "9.88", "98765人", "198765", "98765.9", "A98765", "98765.1", "0.98765"])
def test_other_numbers_are_no_alarm(folder, check, text):
    _page(folder, f"为{text}，")
    assert check() == []


def test_a_published_number_is_no_alarm_though_a_held_back_one_rounds_to_it(folder, noted, check):
    domains = {"A1": {"level": 98_765.1}, "B1": {"level": HELD, "n_psu": 2}}
    table = release(made_estimates(domains), unit="元/年")
    (folder / "second.html").write_text(page_html(table), encoding="utf-8")
    assert "98765" in (folder / "second.html").read_text("utf-8")
    assert check() == []


@pytest.mark.parametrize("place", [_page, _csv, _json, _paper])
def test_a_number_that_nobody_rounded_is_found(folder, check, place):
    place(folder, "123456.789012")
    assert any("1 numbers are not rounded" in problem for problem in check())


@pytest.mark.parametrize("place", [*PLACES, *BOOK[:3], _properties])
@pytest.mark.parametrize(
    "text", ["/home/wang/putuo/demo.duckdb", "C:\\Users\\wang\\a.csv", "file:///srv/x", "\\\\server\\share$\\a"]
)
def test_a_path_of_the_machine_is_found(folder, check, place, text):
    place(folder, f"见 {text}" if place is not _paper else f"见 `{text}`")
    found = check()
    assert any("a path or name of the machine" in problem for problem in found), found


def test_further_private_texts_are_found_in_any_byte(folder, check):
    (folder / "a.txt").write_text("built on bureau-build-07", encoding="utf-8")
    assert check() == []
    assert check(private=["bureau-build-07"]) == [
        "a.txt: a path or name of the machine it was made on can be read: bu…07 (15 characters)"
    ]


def test_the_name_of_the_user_in_properties_is_found(folder, check, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "wang")
    _book(lambda book, text: setattr(book.properties, "lastModifiedBy", text))(folder, "wang")
    assert "wage_levels.xlsx: the properties name the user who made it" in check()


def test_what_passed_the_search_before_is_not_searched_again(folder, check):
    _page(folder, f"{CODE} {HELD}")
    _attribute(folder, CODE)
    assert [problem.split(":")[0] for problem in check(checked=["report.html"])] == ["wage_levels.html"]


def test_dates_versions_and_addresses_of_a_site_are_no_paths(folder, check):
    _page(folder, "2023/2024，和/或，1/2，wagekit 0.1.0，https 协议，GB/T 4754-2017，A:B")
    assert check() == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda book: book.worksheets[-1].__setitem__("A99", "=1+1"), "holds a formula"),
        (lambda book: setattr(book.worksheets[-1], "sheet_state", "hidden"), "is hidden"),
        (lambda book: setattr(book.worksheets[-1], "sheet_state", "veryHidden"), "is hidden"),
        (lambda book: setattr(book.worksheets[-1].row_dimensions[5], "hidden", True), "a hidden row"),
        (lambda book: setattr(book.worksheets[-1].column_dimensions["B"], "hidden", True), "a hidden column"),
        (lambda book: setattr(book.worksheets[-1]["A1"], "hyperlink", "https://example.org"), "points to https"),
    ],
)
def test_what_a_workbook_runs_or_hides_is_found(folder, check, change, expected):
    _book(lambda book, _: change(book))(folder, "")
    found = check()
    assert any(expected in problem for problem in found), found


def test_a_program_in_a_workbook_is_found(folder, check):
    with zipfile.ZipFile(folder / "wage_levels.xlsx", "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"1")
    assert check() == ["wage_levels.xlsx: the workbook holds xl/vbaProject.bin, which no table needs"]


@pytest.mark.parametrize("field", ["=1+1", "@SUM(A1)", "+cmd", "-2+3", "\t=1", "＝1+1"])
def test_a_field_that_a_spreadsheet_would_run_is_found(folder, check, field):
    _csv(folder, field)
    assert any("a spreadsheet would run" in problem for problem in check())


@pytest.mark.parametrize("field", ["-3.5", "+1", "'=1+1", "a=b", "..", "[c]"])
def test_numbers_and_guarded_fields_are_run_by_nobody(folder, check, field):
    _csv(folder, field)
    assert check() == []


def test_what_a_page_or_pdf_would_ask_for_is_found(folder, check):
    _page(folder, '<img src="https://example.org/a.png" alt="x"><script>1</script>')
    with pikepdf.open(folder / "report.pdf", allow_overwriting_input=True) as file:
        file.attachments["a.csv"] = b"1"
        file.save()
    assert check() == [
        "report.html: it would use https://example.org/a.png",
        "report.html: it would use <script>",
        "report.pdf: it holds an associated file",
        "report.pdf: it holds an embedded file",
    ]


def test_what_can_not_be_searched_can_not_be_published(folder, check):
    (folder / "data.parquet").write_bytes(b"PAR1")
    (folder / "notes.txt").write_bytes("模拟".encode("gb18030"))
    (folder / "broken.xlsx").write_bytes(b"PK")
    locked = BytesIO()
    with pikepdf.open(folder / "report.pdf") as file:
        file.save(locked, encryption=pikepdf.Encryption(user="secret", owner="owner"))
    (folder / "locked.pdf").write_bytes(locked.getvalue())
    assert [problem.split(":")[0] for problem in check()] == ["broken.xlsx", "data.parquet", "locked.pdf", "notes.txt"]


def _totals(values, by, hidden):
    domains = {codes: {"level": value, "n_psu": 2 if codes in hidden else 20} for codes, value in values.items()}
    release(made_estimates(domains, by=by, statistics=("total",)), ReleaseRules(), held_back="list")


PARTS = {("A", "1"): 10.0, ("A", "2"): 20.0, ("A", "3"): 30.0, ("B", "1"): 1.0, ("B", "2"): 2.0, ("B", "3"): 3.0}


def _derived(noted, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir(exist_ok=True)
    return sorted(
        problem.found.split(" is held back")[0] for problem in check_release(empty, identifiers=[], held_back=[noted])
    )


def test_the_rest_of_a_total_is_no_secret(noted, tmp_path):
    _totals({("A",): 60.0, ("B",): 6.0}, ("industry",), {})
    _totals(PARTS, ("industry", "size"), {("A", "2")})
    assert _derived(noted, tmp_path) == ["total of A/2"]


def test_two_held_back_parts_protect_each_other_unless_a_second_whole_gives_them_away(noted, tmp_path):
    _totals({("A",): 60.0, ("B",): 6.0}, ("industry",), {})
    _totals(PARTS, ("industry", "size"), {("A", "2"), ("A", "3")})
    assert _derived(noted, tmp_path) == []
    _totals({("1",): 11.0, ("2",): 22.0, ("3",): 33.0}, ("size",), {("3",)})
    assert _derived(noted, tmp_path) == ["total of 3", "total of A/2", "total of A/3"]


def test_means_are_no_parts_of_a_whole(noted, tmp_path):
    domains = {("A",): {"level": 30.0}, ("B",): {"level": 50.0, "n_psu": 2}}
    release(made_estimates({(): {"level": 40.0}}, by=()))
    release(made_estimates(domains))
    assert _derived(noted, tmp_path) == []
