"""What is taken over from the published release: only what a new build would give again."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.made_store import WAVE, change, copy_of_store
from wagekit.builds.fingerprints import Today, tables_fingerprint, with_fingerprints
from wagekit.builds.manifest import Manifest, private_folder
from wagekit.builds.reuse import entries, reusable, reusable_tables, table_entries, table_reads
from wagekit.builds.tasks import Outcome, Task
from wagekit.collect.store import open as open_store
from wagekit.publish.configuration import Release
from wagekit.reads import Read, file_digest

RELEASE = '[release]\nstore = "{store}"\nwave = 2023\ntitle = "工资价位（模拟数据）"\n[[tables]]\nname = "wages"\n'
NAMES = ["wage_levels.xlsx", "wages.csv"]
OF = "enterprise_id IN (SELECT enterprise_id FROM enterprises WHERE wave = 2023 AND industry_code LIKE '{industry}%')"
RAISE = f"UPDATE employees SET annual_pay = annual_pay + 1 WHERE wave = 2023 AND {OF}"


class World:
    """A store, a notebook for each industry, a file that they read, and what was published of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = copy_of_store(folder)
        self.rates = folder / "rates.csv"
        self.rates.write_text("1", encoding="utf-8")
        self.notebook = folder / "industry.ipynb"
        nbformat.write(new_notebook(cells=[new_code_cell("1")]), self.notebook)
        self.path = folder / "release.toml"
        self.path.write_text(RELEASE.format(store=self.store), encoding="utf-8")
        self.release = folder / "release"
        self.release.mkdir()
        self.publish()

    @property
    def declared(self) -> Release:
        return Release.load(self.path)

    def tasks(self, **more: object) -> tuple[Task, ...]:
        made = [
            Task(f"industry_{code}", self.notebook, {"store": str(self.store), "industry": code, **more})  # type: ignore[dict-item]
            for code in "CI"
        ]
        return with_fingerprints(made)

    def publish(self) -> None:
        """What a build does, but for the running of notebooks."""
        made = []
        with open_store(self.store, read_only=True) as opened:
            for task in self.tasks():
                names = tuple(f"{task.name}.{ending}" for ending in task.formats)
                for name in names:
                    (self.release / name).write_text(name, encoding="utf-8")
                part = ("industry", str(task.parameters["industry"]))
                read = [
                    Read(str(self.store), WAVE, part, opened.digest(WAVE, part)),
                    Read(str(self.rates), None, (), file_digest(self.rates)),
                ]
                made += entries(Outcome(task, names, tuple(read)), self.release)
        for name in NAMES:
            (self.release / name).write_text(name, encoding="utf-8")
        with Today() as today:
            read = table_reads(self.declared, self.store, today)
        made += table_entries(NAMES, self.release, tables_fingerprint(self.declared), read)
        Manifest.of(self.declared, made).write(self.release, private=private_folder(self.release))

    def reused(self, *tasks: Task) -> str:
        """Codes of the industries whose report is taken over, T for the tables."""
        previous = Manifest.found(self.release, private=private_folder(self.release))
        with Today() as today:
            found = "".join(
                str(task.parameters["industry"])
                for task in tasks or self.tasks()
                if reusable(task, previous, self.release, today) is not None
            )
            read = table_reads(self.declared, self.store, today)
            mark = tables_fingerprint(self.declared)
            tables = reusable_tables(NAMES, mark, read, previous, self.release)
        return found + "T" * (tables is not None)


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def test_what_did_not_change_is_taken_over_with_its_entries(world):
    assert world.reused() == "CIT"
    previous = Manifest.found(world.release, private=private_folder(world.release))
    with Today() as today:
        found = reusable(world.tasks()[0], previous, world.release, today)
    assert [entry.file for entry in found] == ["industry_C.html", "industry_C.pdf"]
    assert found == tuple(entry for entry in previous.entries if entry.made_by == "industry_C")


def test_a_correction_of_one_industry_makes_its_report_and_the_tables_again(world):
    change(world.store, RAISE.format(industry="C"))
    assert world.reused() == "I"


def test_a_correction_of_an_industry_without_a_report_makes_the_tables_again(world):
    change(world.store, RAISE.format(industry="F"))
    assert world.reused() == "CI"


def test_a_changed_file_makes_the_reports_again_that_read_it(world):
    world.rates.write_text("2", encoding="utf-8")
    assert world.reused() == "T"


def test_a_changed_notebook_makes_the_reports_again(world):
    nbformat.write(new_notebook(cells=[new_code_cell("2")]), world.notebook)
    assert world.reused() == "T"


def test_a_changed_parameter_makes_the_report_again(world):
    assert world.reused(*world.tasks(language="en")) == "T"


def test_a_changed_declaration_of_tables_makes_them_again(world):
    world.path.write_text(RELEASE.format(store=world.store) + 'by = ["industry"]\n', encoding="utf-8")
    assert world.reused() == "CI"


def test_a_store_that_moved_is_the_same_store_and_another_one_is_not(world):
    world.store = world.store.rename(world.folder / "moved.duckdb")
    assert world.reused() == "CIT"
    # At the old place there may lie what was: it is not what the report is given now.
    copy_of_store(world.folder)
    change(world.store, RAISE.format(industry="C"))
    assert world.reused() == "I"


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_text("x", encoding="utf-8")])
def test_a_published_file_that_is_not_what_it_was_is_made_again(world, damage):
    damage(world.release / "industry_C.pdf")
    damage(world.release / "wages.csv")
    assert world.reused() == "I"


def test_another_format_is_made_again(world):
    only = [replace(task, formats=("html",)) for task in world.tasks()]
    assert world.reused(*with_fingerprints(only)) == "T"


def test_without_a_fingerprint_nothing_is_taken_over(world):
    assert world.reused(*[replace(task, fingerprint="") for task in world.tasks()]) == "T"


def test_without_the_private_file_or_the_manifest_all_is_made_again(world):
    for path in private_folder(world.release).iterdir():
        path.unlink()
    assert world.reused() == ""
    world.publish()
    assert world.reused() == "CIT"
    (world.release / "manifest.json").unlink()
    assert world.reused() == ""


def test_a_store_that_can_not_be_read_is_not_taken_for_unchanged(world):
    world.store.write_bytes(b"damaged")
    assert world.reused() == ""


@pytest.mark.parametrize(
    "read",
    [
        None,
        # The report was given a store and none was seen to be read: another one would not be noticed.
        (),
        (Read("/elsewhere/copy.duckdb", WAVE, (), "1f"),),
    ],
)
def test_a_report_whose_reads_are_not_known_is_made_each_time(world, read):
    task = world.tasks()[0]
    made = entries(Outcome(task, ("industry_C.html", "industry_C.pdf"), read), world.release)
    previous = Manifest.of(world.declared, made)
    with Today() as today:
        assert reusable(task, previous, world.release, today) is None


def test_an_entry_says_what_the_file_is(world):
    [entry, _] = entries(Outcome(world.tasks()[0], ("industry_C.html", "industry_C.pdf"), ()), world.release)
    content = (world.release / "industry_C.html").read_bytes()
    assert (entry.sha256, entry.bytes) == (hashlib.sha256(content).hexdigest(), len(content))
