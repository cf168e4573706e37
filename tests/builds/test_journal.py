"""The journal: whole lines whoever writes, torn ones read over, small for ever."""

import json
import os
import subprocess
import sys
import warnings
from datetime import datetime

import pytest

from tests.command import POSIX
from wagekit.builds.journal import Journal, journal_of, read
from wagekit.errors import WagekitWarning


@pytest.fixture
def path(tmp_path):
    return journal_of(tmp_path / "2023")


def test_a_line_an_event(path, tmp_path):
    journal = Journal(path)
    versions = {"wagekit": "1.0", "python": "3.11"}
    journal.event("build_started", release="release.toml", wave=2023, versions=versions)
    journal.event(
        "task_failed", task="guidance_C", seconds=1.5, peak_memory=2**30, problem="单元格3：\n出错\u2028。\udce4"
    )
    assert path == tmp_path / "2023.journal.jsonl"
    text = path.read_bytes().decode()
    assert text.count("\n") == 2
    started, failed = map(json.loads, text.split("\n")[:2])
    assert (started["wave"], started["versions"], started["pid"]) == (2023, versions, os.getpid())
    assert failed["problem"].startswith("单元格3：\n出错")
    assert "制" not in text
    assert "单元格3" in text  # readable, not escaped
    assert started["build"] == failed["build"] != Journal(path).build
    for event in (started, failed):
        time = datetime.fromisoformat(event["time"])
        assert time.tzinfo is not None
        assert abs((datetime.now().astimezone() - time).total_seconds()) < 60
    assert read(path) == [started, failed]


def test_no_journal_has_no_events(path):
    assert read(path) == []


def test_a_torn_line_is_read_over_and_spoils_no_other(path):
    first = Journal(path)
    first.event("build_started", wave=2023)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:-20])  # kill -9 in the middle of a line
    assert [event["event"] for event in read(path)] == ["build_started"]
    Journal(path).event("stopped", signal=15)
    assert [event["event"] for event in read(path)] == ["build_started", "stopped"]
    # Lines of others, and what is no text at all.
    path.write_bytes(b'\xff\xfe\n[1]\n{"time": 3, "build": "a", "event": "published"}\n\n' + path.read_bytes())
    assert [event["event"] for event in read(path)] == ["build_started", "stopped"]


WRITES = """
import sys
from wagekit.builds.journal import Journal
journal = Journal(sys.argv[1], builds=3)
for number in range(60):
    journal.event("task_finished", task="x" * 1500 + str(number), seconds=0.1)
    if number == 30:
        Journal(sys.argv[1], builds=1000).event("build_started", wave=number)
"""


def test_builds_at_once_tear_no_lines(path):
    running = [subprocess.Popen([sys.executable, "-W", "error", "-c", WRITES, str(path)]) for _ in range(3)]
    assert [process.wait(timeout=120) for process in running] == [0, 0, 0]
    lines = path.read_text().splitlines()
    assert len(lines) == len(read(path)) == 3 * 61
    by_build = {}
    for event in read(path):
        by_build.setdefault(event["build"], []).append(event.get("task"))
    assert sorted(map(len, by_build.values())) == [1, 1, 1, 60, 60, 60]
    assert all(tasks == sorted(tasks, key=lambda task: int(task[1500:])) for tasks in by_build.values() if tasks[0])


def test_old_builds_are_taken_out(path):
    for wave in range(7):
        journal = Journal(path, builds=3)
        journal.event("build_started", wave=wave)
        journal.event("published", files=wave)
    assert [event.get("wave", event.get("files")) for event in read(path)] == [4, 4, 5, 5, 6, 6]


def test_a_large_build_is_kept_until_the_one_after_the_next(path):
    """The build before the present one stays, however large: what failed yesterday is there to be read."""
    for wave in range(3):
        journal = Journal(path, size=2_000)
        journal.event("build_started", wave=wave)
        for _ in range(10):
            journal.event("task_failed", task="t", problem="p" * 500)
    assert [event["wave"] for event in read(path) if "wave" in event] == [1, 2]
    assert path.stat().st_size < 2 * 10 * 1_000


def test_long_texts_are_cut(path):
    Journal(path).event("checked", problems=["长" * 10_000, "short"])
    assert list(map(len, read(path)[0]["problems"])) == [2_000, 5]


@POSIX
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device that is always full")  # noqa: PTH110
def test_a_journal_that_can_not_be_written_ends_no_build(tmp_path):
    path = tmp_path / "full.journal.jsonl"
    path.symlink_to("/dev/full")
    journal = Journal(path)
    with pytest.warns(WagekitWarning, match=r"the journal can't be written: .*No space left"):
        journal.event("task_started", task="a")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        journal.event("task_finished", task="a", seconds=1.0)  # told once
    blocked = Journal(tmp_path / "file" / "2023.journal.jsonl")
    (tmp_path / "file").write_text("no folder")
    with pytest.warns(WagekitWarning, match="the journal can't be written"):
        blocked.event("published")


@POSIX
def test_no_part_of_a_line_stays_where_the_disk_is_full(path):
    """A write that the system cuts short (here by a limit on the size of files) is taken back."""
    limited = """
import resource, signal, sys, warnings
warnings.simplefilter("ignore")
from wagekit.builds.journal import Journal
journal = Journal(sys.argv[1])
journal.event("build_started", wave=2023)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (400, 400))
journal.event("checked", problems=["x" * 1000])
"""
    subprocess.run([sys.executable, "-c", limited, str(path)], check=True, timeout=60)
    assert path.read_bytes().count(b"\n") == 1
    assert path.read_bytes().endswith(b"\n")
    assert [event["event"] for event in read(path)] == ["build_started"]
