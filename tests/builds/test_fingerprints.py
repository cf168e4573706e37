"""A fingerprint tells recipes apart, and what was read is compared with what is there today."""

from __future__ import annotations

from dataclasses import replace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.made_store import WAVE, change, copy_of_store
from wagekit.builds import fingerprints
from wagekit.builds.fingerprints import Today, fingerprint, tables_fingerprint, unchanged, versions, with_fingerprints
from wagekit.builds.tasks import Limits, Task
from wagekit.collect.store import open as open_store
from wagekit.publish.configuration import Release
from wagekit.publish.cover import FINGERPRINT, provenance
from wagekit.publish.report import RULES, declared_rules, rules_digest
from wagekit.reads import FOLDER, Read, file_digest, folder_digest

RELEASE = """
[release]
store = "{store}"
wave = 2023
title = "{title}"

[rules]
max_cv = {most}

[[tables]]
name = "overall"
by = {by}

[[reports]]
notebook = "wage_levels"
"""


def notebook():
    made = new_notebook(cells=[new_markdown_cell("# 标题"), new_code_cell("1 + 1")])
    made.metadata = {"kernelspec": {"name": "python3"}, "title": "报告"}
    return made


@pytest.fixture
def task(tmp_path):
    path = tmp_path / "report.ipynb"
    nbformat.write(notebook(), path)
    rules = tmp_path / "release.toml"
    rules.write_text(RELEASE.format(store="s.duckdb", title="甲", most=0.2, by="[]"), encoding="utf-8")
    return Task("report", path, {"store": "/srv/a.duckdb", "wave": 2023, "language": "zh", "rules": str(rules)})


def rewritten(task, work):
    made = notebook()
    work(made)
    nbformat.write(made, task.notebook)
    return fingerprint(task)


def _run(made):
    made.cells[1].outputs = [new_output("execute_result", {"text/plain": "2"}, execution_count=7)]
    made.cells[1].execution_count = 7
    made.cells[1].metadata["execution"] = {"iopub.status.busy": "2026-01-01T00:00:00Z"}
    made.metadata["language_info"] = {"name": "python", "version": "3.13.1"}


def _code(made):
    made.cells[1].source = "1 + 2"


def _text(made):
    made.cells[0].source = "# 另一个标题"


def _tag(made):
    made.cells[0].metadata["tags"] = ["en"]


def _order(made):
    made.cells.reverse()


def _title(made):
    made.metadata["title"] = "另一份报告"


def test_outputs_and_what_programs_leave_behind_do_not_count(task):
    assert rewritten(task, _run) == rewritten(task, lambda made: None)


@pytest.mark.parametrize("work", [_code, _text, _tag, _order, _title])
def test_what_a_notebook_says_counts(task, work):
    assert rewritten(task, work) != rewritten(task, lambda made: None)


def test_a_cells_identifier_does_not_count(task):
    assert rewritten(task, lambda made: made.cells[0].update(id="other")) == fingerprint(task)


@pytest.mark.parametrize(
    "change", [{"wave": 2022}, {"language": "en"}, {"store": "relative.duckdb"}, {"wave": "2023"}, {"title": ""}]
)
def test_parameters_count(task, change):
    assert fingerprint(replace(task, parameters={**task.parameters, **change})) != fingerprint(task)


def test_the_name_and_the_formats_count_but_no_limits(task):
    assert fingerprint(replace(task, name="other")) != fingerprint(task)
    assert fingerprint(replace(task, formats=("html",))) != fingerprint(task)
    assert fingerprint(replace(task, limits=Limits(cell=1.0))) == fingerprint(task)


def test_where_the_store_lies_does_not_count(task):
    assert fingerprint(replace(task, parameters={**task.parameters, "store": "/elsewhere/b.duckdb"})) == fingerprint(
        task
    )


def test_of_the_rules_their_content_counts(task, tmp_path):
    told = fingerprint(task)
    other = tmp_path / "elsewhere" / "other.toml"
    other.parent.mkdir()
    for title, most, same in (("乙", 0.2, True), ("甲", 0.3, False)):
        other.write_text(RELEASE.format(store="x", title=title, most=most, by="[]"), encoding="utf-8")
        moved = replace(task, parameters={**task.parameters, "rules": str(other)})
        assert (fingerprint(moved) == told) is same


def test_the_code_and_the_libraries_count(task, monkeypatch):
    told = fingerprint(task)
    for name, value in (("_code", "other"), ("versions", {"python": "3.99"})):
        with monkeypatch.context() as patch:
            fingerprints.environment.cache_clear()
            patch.setattr(fingerprints, name, lambda value=value: value)
            assert fingerprint(task) != told
        fingerprints.environment.cache_clear()
    assert fingerprint(task) == told


def test_the_versions_are_those_that_are_installed():
    import numpy
    import pandas

    known = versions()
    assert known["numpy"] == numpy.__version__
    assert known["pandas"] == pandas.__version__
    # What is needed by what is needed; nothing that only a developer has.
    assert {"pillow", "jupyter-core", "wagekit", "python"} <= set(known)
    assert not {"pytest", "ruff", "jupyterlab"} & set(known)


def test_every_task_gets_its_own(task):
    one, other = with_fingerprints([task, replace(task, name="other")])
    assert (one.fingerprint, other.fingerprint) == (fingerprint(task), fingerprint(replace(task, name="other")))
    assert fingerprint(one) == one.fingerprint


def test_a_footer_names_the_report_as_the_manifest_does(task, monkeypatch):
    monkeypatch.delenv(FINGERPRINT, raising=False)
    assert provenance("0123456789ab", {"wave": 2023}).endswith("数据 0123456789ab · wave=2023")
    monkeypatch.setenv(FINGERPRINT, fingerprint(task))
    line = provenance("0123456789ab", {"wave": 2023})
    assert line.endswith(f"数据 0123456789ab · 编制 {fingerprint(task)[:12]} · wave=2023")
    assert f"recipe {fingerprint(task)[:12]}" in provenance("", {"wave": 2023}, "en")
    assert "data" not in provenance("", {"wave": 2023}, "en")


def test_tables_count_by_what_is_declared_of_them(tmp_path):
    path = tmp_path / "release.toml"

    def told(store="s", title="甲", most=0.2, by="[]", more=""):
        path.write_text(RELEASE.format(store=store, title=title, most=most, by=by) + more, encoding="utf-8")
        return tables_fingerprint(Release.load(path))

    plain = told()
    assert told(store="other") == plain
    assert told(more='[[reports]]\nnotebook = "labour_cost"\n') == plain
    assert len({plain, told(title="乙"), told(most=0.3), told(by='["industry"]')}) == 4


# -- today ------------------------------------------------------------------------------------------


def test_files_and_folders_are_looked_at_again(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("1", encoding="utf-8")
    reads = [Read(str(file), None, (), file_digest(file)), Read(str(tmp_path), None, FOLDER, folder_digest(tmp_path))]
    assert unchanged(reads)
    file.write_text("2", encoding="utf-8")
    assert [unchanged([read]) for read in reads] == [False, True]
    (tmp_path / "b.csv").touch()
    assert not unchanged(reads[1:])


def test_a_file_that_comes_into_being_is_a_change(tmp_path):
    file = tmp_path / "a.csv"
    read = Read(str(file), None, (), file_digest(file))
    assert unchanged([read])
    file.touch()
    assert not unchanged([read])


def test_a_store_is_looked_at_again(tmp_path):
    store = copy_of_store(tmp_path)
    with open_store(store, read_only=True) as opened:
        parts = [(WAVE, ()), (WAVE, ("industry", "C")), (WAVE, ("industry", "I")), (None, ("guideline_lines",))]
        reads = [Read(str(store), wave, part, opened.digest(wave, part)) for wave, part in parts]
    with Today() as today:
        assert today.unchanged(reads)
    change(
        store,
        "UPDATE employees SET annual_pay = annual_pay + 1 WHERE wave = 2023 AND enterprise_id IN "
        "(SELECT enterprise_id FROM enterprises WHERE wave = 2023 AND industry_code LIKE 'I%')",
    )
    with Today() as today:
        assert [today.unchanged([read]) for read in reads] == [False, True, False, True]


@pytest.mark.parametrize(
    "read",
    [
        Read("/no/such/store.duckdb", 2023, (), "1f"),
        Read("/no/such/store.duckdb", None, ("guideline_lines",), "1f"),
        Read("/no/such/release.toml", None, RULES, "1f"),
    ],
)
def test_what_can_not_be_looked_at_has_changed(read):
    assert not unchanged([read])


def test_of_a_release_only_the_rules_are_looked_at(tmp_path):
    path = tmp_path / "release.toml"
    path.write_text(RELEASE.format(store="s", title="甲", most=0.2, by="[]"), encoding="utf-8")
    read = Read(str(path), None, RULES, rules_digest(declared_rules(path)))
    path.write_text(RELEASE.format(store="s", title="乙", most=0.2, by="[]"), encoding="utf-8")
    assert unchanged([read])
    path.write_text(RELEASE.format(store="s", title="乙", most=0.3, by="[]"), encoding="utf-8")
    assert not unchanged([read])
