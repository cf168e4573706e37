"""What an operator finds in the morning: after each way in which a night's build fails one clear sentence, the truth
from ``wagekit status`` with its exit status, and the same in the journal for programs.
"""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager

import duckdb
import pytest

from tests.builds.made_build import (
    COVER,
    OPENS,
    REPORT,
    TABLE,
    TABLES,
    contents,
    declare,
    made_store,
    sentence,
    waiting,
)
from tests.command import POSIX, wagekit
from wagekit.builds.journal import journal_of, read
from wagekit.builds.tasks import Task
from wagekit.builds.worker import make
from wagekit.files import writing

BUILD = ("build", "-r", "release.toml", "-o", "out")


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A store and a release that was built from it."""
    folder = tmp_path_factory.mktemp("published")
    made_store(folder)
    declare(folder, TABLES)
    status, _, complained = wagekit(*BUILD, folder=folder)
    assert status == 0, complained
    return folder


@pytest.fixture
def place(tmp_path, published):
    shutil.copytree(published, tmp_path, dirs_exist_ok=True)
    return tmp_path


def status(place, *options):
    """Exit status and line of ``wagekit status``."""
    code, said, complained = wagekit("status", "-o", "out", "--language", "en", *options, folder=place)
    assert not complained
    assert said.count("\n") == 1
    return code, said


def last(place):
    return read(journal_of(place / "out"))[-1]


def refused(place, says, *options, **environment):
    """A build that fails: one sentence, the release as it was, status and journal tell of it."""
    before = contents(place / "out")
    complained = sentence(wagekit(*BUILD, *options, folder=place, **environment))
    assert says in complained, complained
    assert contents(place / "out") == before
    code, line = status(place)
    assert code == 1
    assert line.startswith("failing: the release of 2023 was built ")
    assert "; the build of " in line
    assert last(place)["event"] == "not_published"
    assert last(place)["problem"].split(":")[-1][:60].rstrip(".") in line
    return complained, line


# -- before anything is made ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            TABLES.replace("wave =", "wvae ="),
            "release.toml, [release]: unknown key 'wvae'; expected one of store, wave",
        ),
        (TABLES.replace("s.duckdb", "none.duckdb"), "none.duckdb: there is no such store. Take a survey in first"),
        (TABLES.replace("2023", "2022"), "s.duckdb: wave 2022 is not in the store; expected one of 2023"),
        (TABLES + '[[reports]]\nnotebook = "wage_level"\n', "[[reports]]: there is no notebook 'wage_level'"),
        (TABLES + '[comparison]\nwith = "../2022"\n', "[comparison], with = '../2022'"),
    ],
)
def test_a_declaration_that_is_wrong(place, text, says):
    (place / "release.toml").write_text(text, encoding="utf-8")
    refused(place, says)
    assert [event["event"] for event in read(journal_of(place / "out"))[-2:]] == ["build_started", "not_published"]
    # The next good build mends it.
    declare(place, TABLES)
    assert wagekit(*BUILD, folder=place)[0] == 0
    assert status(place)[0] == 0


def test_a_time_that_is_none_is_refused_before_anything_is_made(place):
    refused(place, "environment variable SOURCE_DATE_EPOCH: found 'today'", SOURCE_DATE_EPOCH="today")


def test_a_folder_with_other_work(place):
    (place / "out" / "年度总结.docx").write_text("other work", encoding="utf-8")
    complained = sentence(wagekit(*BUILD, folder=place))
    assert "the folder holds other work ('年度总结.docx', which no build has written)" in complained
    code, line = status(place)
    assert code == 1
    assert "which no build has written" in line
    assert "published files are not those of the manifest: 年度总结.docx" in line


def test_a_slip_of_the_hand_leaves_no_journal(place):
    (place / "release.toml").write_text("[release", encoding="utf-8")
    assert "not TOML" in sentence(wagekit("build", "-r", "release.toml", "-o", "uot", folder=place))
    assert not list(place.glob("*uot*"))
    assert not list(place.glob(".uot*"))
    # The declaration that status is asked about is wrong as well.
    code, said, complained = wagekit("status", "-o", "out", "-r", "release.toml", folder=place)
    assert (code, said) == (1, "")
    assert "not TOML" in complained


# -- the store, and who writes into it -----------------------------------------------------------

WRITES = """
import sys, time
from wagekit.collect.store import open
with open(sys.argv[1]):
    print("open", flush=True)
    time.sleep(float(sys.argv[2]))
"""


@contextmanager
def writing_into_the_store(place, seconds):
    command = [sys.executable, "-c", WRITES, str(place / "s.duckdb"), str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "open\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@POSIX
def test_a_build_while_an_intake_writes(place):
    with writing_into_the_store(place, 120) as other:
        complained, _ = refused(place, f"s.duckdb: the store is in use by another process (PID {other.pid}, ")
        assert "Wait until it ends" in complained
    with writing_into_the_store(place, 2):
        code, _, complained = wagekit(*BUILD, "--wait", "60", folder=place)
        assert code == 0, complained
    assert status(place)[0] == 0


@POSIX
def test_an_intake_while_a_build_reads(place):
    """All of a release is of one state of the survey, so the build keeps writers out until it ends."""
    process, _ = waiting(place)
    try:
        code, line = status(place)
        assert code == 0
        assert "; a build has been running since " in line
        complained = sentence(
            wagekit("intake", "enterprises.csv", "employees.csv", "-w", 2024, "-s", "s.duckdb", folder=place)
        )
        assert f"s.duckdb: the store is in use by another process (PID {process.pid}, " in complained
        assert "Wait until it ends, or end it, and try again." in complained
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    with duckdb.connect(place / "s.duckdb") as store:  # free again
        assert store.execute("SELECT count(*) FROM waves").fetchone() == (1,)


def test_another_store_is_moved_into_its_place_meanwhile(place):
    """Tables of the one survey beside reports of the other would be no release."""
    moves = "import shutil; shutil.copy(store, store + '.new'); os.replace(store + '.new', store)"
    declare(place, TABLES + REPORT, OPENS, COVER, TABLE, moves)
    refused(place, "s.duckdb: the store was changed while the release was being built, so nothing was published")


# -- the notebooks -------------------------------------------------------------------------------


def test_notebooks_that_fail(place):
    reports = TABLES + REPORT + REPORT.replace('"own"', '"own"\nname = "second"')
    declare(place, reports, OPENS, "raise ValueError(98_000 + 765)")
    complained, line = refused(place, "2 of 2 reports failed, so nothing was published (")
    assert "own: " in complained
    assert "second: " in complained
    assert f"Look at the notebooks with their outputs in {place / 'out.builds' / 'failed'}." in complained
    # The words of a foreign exception may repeat data: they are told to whoever runs it, and kept nowhere.
    assert "98765" in complained
    assert "98765" not in journal_of(place / "out").read_text(encoding="utf-8")
    assert "ValueError (1 more)." in line
    failed = [event for event in read(journal_of(place / "out")) if event["event"] == "task_failed"]
    assert sorted(event["task"] for event in failed) == ["own", "second"]


def test_a_limit_is_reached(place):
    declare(place, TABLES + REPORT + "[limits]\ncell_seconds = 1\n", "time.sleep(120)")
    complained, line = refused(place, "('time.sleep(120)') failed: it took more than 1 s")
    assert "it took more than 1 s" in line
    assert "Look at the notebooks" in complained


def test_changes_wait_to_be_confirmed(place):
    declare(place, TABLES + "[comparison]\nmax_change = 0.2\n")
    with duckdb.connect(place / "s.duckdb") as store:
        store.execute("UPDATE employees SET annual_pay = 2 * annual_pay, basic_pay = annual_pay + basic_pay")
    complained, line = refused(place, "beyond the limits, so nothing was published: ")
    assert f"Look at them in out.comparison.html and at the release in {place / 'out.builds' / 'pending'}" in complained
    [compared] = [event for event in read(journal_of(place / "out")) if event["event"] == "compared"]
    assert f"build with --confirm {compared['code']}." in complained
    assert compared["code"] in line
    assert not compared["confirmed"]
    assert wagekit(*BUILD, "--confirm", compared["code"], folder=place)[0] == 0
    assert status(place)[0] == 0


# -- the system ----------------------------------------------------------------------------------


@POSIX
@pytest.mark.parametrize(
    ("number", "says"), [(signal.SIGTERM, "stopped by signal 15"), (signal.SIGKILL, "without a word")]
)
def test_a_build_that_was_stopped(place, number, says):
    process, _ = waiting(place)
    process.send_signal(number)
    process.communicate(timeout=60)
    code, line = status(place)
    assert code == 1
    assert says in line


@POSIX
def test_a_second_build_at_once(place):
    """It says so, and what is known of the first one is not disturbed."""
    process, _ = waiting(place)
    try:
        complained = sentence(wagekit(*BUILD, folder=place))
        assert "out: it is being built by another process; expected one build of a folder at a time" in complained
        (place / "release.toml").write_text("[release", encoding="utf-8")
        sentence(wagekit(*BUILD, folder=place))
        assert status(place)[0] == 0
        assert "a build has been running since" in status(place)[1]
    finally:
        process.kill()
        process.communicate(timeout=60)


KILLED = """
import os, signal, sys
from pathlib import Path
from wagekit.builds import build as builds
from wagekit.publish.configuration import Release
builds.Editions.clear_pending = lambda self: os.kill(os.getpid(), signal.{signal})
builds.build(Release.load("release.toml"), "out", force=True)
"""


@POSIX
@pytest.mark.parametrize("number", ["SIGKILL", "SIGTERM"])
def test_killed_between_the_exchange_and_the_word_of_it(place, number):
    """The new release stands in its place, whatever the journal has not been told."""
    before = contents(place / "out")
    declare(place, TABLES.replace("工资价位", "别的标题"))
    done = subprocess.run([sys.executable, "-c", KILLED.format(signal=number)], cwd=place, capture_output=True)
    assert done.returncode == -getattr(signal, number), done.stderr
    assert contents(place / "out") != before
    assert last(place)["event"] == "placing"
    code, line = status(place)
    assert code == 0
    assert line.startswith("healthy: the release of 2023 was built ")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="a small file system has to be mounted")
def test_a_full_disk(place):
    disk = place / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        for name in ("out", "out.builds"):
            shutil.copytree(place / name, disk / name)
        shutil.copy(journal_of(place / "out"), disk)
        before = contents(disk / "out")
        used = os.statvfs(disk)
        taken = (used.f_blocks - used.f_bfree) * used.f_frsize
        subprocess.run(["mount", "-o", f"remount,size={taken + 65_536}", str(disk)], check=True)
        complained = sentence(wagekit("build", "-r", "release.toml", "-o", "disk/out", "--force", folder=place))
        assert "the disk is full (No space left on device). Make room there and try again." in complained
        assert contents(disk / "out") == before
        code, said, _ = wagekit("status", "-o", "disk/out", "--language", "en", folder=place)
        assert code == 1
        assert "the disk is full" in said
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        complained = sentence(wagekit("build", "-r", "release.toml", "-o", "disk/out", "--force", folder=place))
        assert "disk/out: it can't be written (Read-only file system)" in complained
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_said_so(tmp_path):
    with pytest.raises(Exception, match=r"a\.csv: the disk is full .*\. Make room there"), writing(tmp_path / "a.csv"):
        raise OSError(28, "No space left on device")


def test_a_full_disk_of_temporary_files_is_said_so(tmp_path, monkeypatch):
    def full(*given, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("wagekit.builds.worker.load", full)
    answer = make(Task("own", tmp_path / "own.ipynb", {}), tmp_path, private=tmp_path / "0")
    assert answer == {
        "problem": f"{tmp_path / '0'}: the disk of the temporary files is full. "
        "Make room there, or name another folder in TMPDIR."
    }
