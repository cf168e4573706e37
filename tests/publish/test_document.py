"""The gate between an executed notebook and its readers."""

import nbformat
import pytest

from tests.publish.made_estimates import made_estimates
from tests.publish.made_notebooks import cell, made_notebook, markdown, shown
from wagekit.errors import InputError, ReleaseError
from wagekit.publish.cover import Cover, data_hash, provenance
from wagekit.publish.rendering.document import Figure, Plain, Prose, Table, read_document
from wagekit.publish.table import release

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


def test_a_report_is_read_in_order_with_its_cover():
    table = release(made_estimates({"C": {}}), labels={"C": "制造业"})
    notebook = made_notebook(
        cell(shown(Cover("报告", 2023, synthetic=True))),
        markdown("## 第一章\n\n### 一节\n\n## 第二章"),
        cell(shown(table), shown({"image/png": PIXEL}, {"image/png": {"alt": "一点"}})),
        cell(nbformat.v4.new_output("stream", name="stdout", text="印出")),
    )
    document = read_document(notebook)
    assert document.cover == Cover("报告", 2023, synthetic=True)
    assert [type(block) for block in document.blocks] == [Prose, Table, Figure, Plain]
    assert list(document.headings()) == [
        (1, "section-1", "第一章"),
        (2, "section-1-1", "一节"),
        (1, "section-2", "第二章"),
    ]
    assert document.blocks[1].rows[0][:2] == ("1", "制造业")
    assert "制造业" in document.text()


def test_without_a_cover_the_first_heading_is_the_title():
    document = read_document(made_notebook(markdown("# 标题\n\n文"), markdown("## 章")))
    assert document.cover.title == "标题"
    assert [heading[2] for heading in document.headings()] == ["章"]


def test_cells_tagged_with_a_language_are_shown_in_it_only():
    notebook = made_notebook(
        cell(shown(Cover("Report", language="en"))), markdown("中", tags=["zh"]), markdown("E", tags=["en"])
    )
    assert [block.tokens[0]["children"][0]["raw"] for block in read_document(notebook).blocks] == ["E"]


def test_warnings_of_libraries_are_not_for_readers():
    notebook = made_notebook(cell(nbformat.v4.new_output("stream", name="stderr", text="DeprecationWarning")))
    assert read_document(notebook).blocks == ()


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (shown({"text/html": "<table></table>", "text/plain": "x"}), "no release rule has seen"),
        (shown({"text/plain": "12.5"}), "no release rule has seen"),
        (shown({"application/javascript": "x()"}), "no release rule has seen"),
        (shown({"image/png": PIXEL, "text/plain": "<Figure>"}), "no alternative text"),
        (shown({"application/vnd.wagekit.table+json": {"title": "x"}}), "the table lacks"),
        (shown({"application/vnd.wagekit.cover+json": {"title": ""}}), "the cover can't be read"),
        (
            nbformat.v4.new_output("error", ename="ValueError", evalue="bad", traceback=[]),
            "failed with ValueError: bad",
        ),
    ],
)
def test_what_may_not_be_published_stops_here(output, message):
    with pytest.raises(ReleaseError, match=f"report, cell 1: .*{message}"):
        read_document(made_notebook(cell(output)))


def test_a_notebook_that_did_not_run_to_its_end_is_refused():
    notebook = made_notebook(cell(shown(Cover("报告"))), cell())
    notebook.cells[1].execution_count = None
    with pytest.raises(ReleaseError, match="cell 2: the cell was not run"):
        read_document(notebook)


def test_an_estimate_shown_without_release_is_refused():
    estimates = made_estimates({"C": {}})
    output = shown({"text/html": estimates._repr_html_(), "text/plain": repr(estimates)})
    with pytest.raises(ReleaseError, match=r"wagekit\.release"):
        read_document(made_notebook(cell(output)))


def test_a_table_with_uneven_rows_is_refused():
    data = release(made_estimates({"C": {}})).to_json()
    data["rows"][0] = data["rows"][0][:-1]
    with pytest.raises(ReleaseError, match="row 1 of the table"):
        read_document(made_notebook(cell(shown({"application/vnd.wagekit.table+json": data}))))


@pytest.mark.parametrize("wrong", [{"title": " "}, {"date": "2024-13-01"}, {"language": "fr"}])
def test_a_cover_says_what_is_wrong_with_it(wrong):
    with pytest.raises(InputError, match="cover"):
        Cover(**{"title": "报告", **wrong})


def test_dates_are_written_as_people_write_them():
    assert Cover("报告", date="2024-09-03").day == "2024年9月3日"
    assert Cover("Report", date="2024-09-03", language="en").day == "3 September 2024"


def test_provenance_tells_no_folders_and_no_empty_parameters():
    line = provenance("abc", {"store": "/srv/secret/putuo.duckdb", "bureau": "", "wave": 2023})
    assert line.endswith("数据 abc · store=putuo.duckdb wave=2023")
    assert "secret" not in line


def test_the_data_hash_sees_values_columns_and_order():
    frame = made_estimates({"A": {}, "C": {}}).frame
    other = [frame.rename(columns={"se": "s"}), frame.iloc[::-1], frame.assign(estimate=frame["estimate"] + 1e-9)]
    assert len({data_hash(each) for each in [frame, frame.copy(), *other]}) == 4
