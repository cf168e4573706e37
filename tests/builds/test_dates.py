"""Nothing that is published bears the time of its making but that of SOURCE_DATE_EPOCH: two days, the same bytes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine

from tests.builds.made_release import declared, made_manifest
from tests.made_store import copy_of_store
from tests.publish.made_notebooks import cell, made_notebook, markdown, shown
from wagekit.builds.crate import write_crate
from wagekit.publish.configuration import Release
from wagekit.publish.rendering.exporters import read_report, render
from wagekit.publish.report import open_report
from wagekit.publish.tables import make_tables

DAYS = (datetime(2024, 2, 29, 23, 59, 58, tzinfo=UTC), datetime(2031, 7, 1, 4, 5, 6, tzinfo=UTC))
RELEASE = """
[release]
store = "survey.duckdb"
wave = 2023
title = "工资价位（模拟数据）"
{date}
[[tables]]
name = "by_industry"
by = ["industry"]
precision = ["interval"]
"""


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def on_both_days(tmp_path, work):
    """What `work` writes into a folder on either day."""
    made = []
    for day in DAYS:
        folder = tmp_path / f"{day:%Y}"
        folder.mkdir()
        with time_machine.travel(day, tick=True):
            assert datetime.now(UTC).year == day.year
            work(folder)
        made.append(contents(folder))
    assert made[0]
    return made


@pytest.mark.parametrize("date", ["", "date = 2024-09-30"])
def test_tables(tmp_path, date):
    copy_of_store(tmp_path)
    path = tmp_path / "release.toml"
    path.write_text(RELEASE.format(date=date), encoding="utf-8")
    one, other = on_both_days(tmp_path, lambda folder: make_tables(Release.load(path), folder))
    assert set(one) == {"wage_levels.xlsx", "by_industry.html", "by_industry.csv", "by_industry_tidy.csv"}
    assert one == other


def test_reports(tmp_path):
    store = copy_of_store(tmp_path)

    def work(folder):
        report = open_report(store, 2023)
        table = report.wage_levels("industry")
        notebook = made_notebook(
            cell(shown(report.cover(title="工资价位报告（模拟数据）"))),
            markdown("# 分行业"),
            cell(shown(report.strips(table))),
            cell(shown(table)),
        )
        document = read_report(notebook, name="report")
        for ending in ("html", "pdf"):
            (folder / f"report.{ending}").write_bytes(render(document, ending))

    one, other = on_both_days(tmp_path, work)
    assert one == other


def test_the_manifest_and_the_archives_metadata(tmp_path, monkeypatch):
    release = declared(tmp_path)

    def work(folder):
        made = made_manifest(folder, release)
        made.write(folder)
        write_crate(made, folder)

    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    one, other = on_both_days(tmp_path, work)
    assert one == other
    assert b"2023-11-14T22:13:20Z" in one["manifest.json"]


def test_without_the_variable_the_manifest_bears_the_time(tmp_path, monkeypatch):
    """Also that the test's clock is one that the code looks at."""
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    release = declared(tmp_path)
    one, other = on_both_days(tmp_path, lambda folder: made_manifest(folder, release).write(folder))
    assert b"2024-02-29" in one["manifest.json"]
    assert b"2031-07-01" in other["manifest.json"]
