"""The state of a release: one line, one exit status, whatever happened to the builds."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from tests.command import POSIX
from wagekit.builds.journal import Journal, journal_of, read
from wagekit.builds.manifest import FileEntry, Manifest
from wagekit.builds.status import status
from wagekit.files import alone
from wagekit.publish.configuration import Release
from wagekit.publish.edition import CalendarDeclaration
from wagekit.reads import file_digest

SHANGHAI = ZoneInfo("Asia/Shanghai")


def declared(wave=2023, **calendar):
    publication = {"store": "s.duckdb", "wave": wave, "title": "工资价位（模拟数据）"}
    release = {"release": publication, "tables": [{"name": "overall"}]}
    return Release.model_validate({**release, "calendar": calendar} if calendar else release)


def put_in_place(folder, **files):
    """A published release with its manifest."""
    import hashlib

    folder.mkdir(exist_ok=True)
    entries = []
    for name, content in files.items():
        path = folder / f"{name}.csv"
        path.write_text(content)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        entries.append(
            FileEntry(
                file=path.name,
                bytes=len(content),
                sha256=digest,
                made_by="tables",
                notebook="",
                parameters={},
                fingerprint="",
                inputs=(),
                made=datetime.now(UTC),
            )
        )
    Manifest.of(declared(), entries).write(folder)


def build(target, *, ends="published", wave=2023, **fields):
    journal = Journal(journal_of(target))
    journal.event("build_started", release="release.toml", wave=wave)
    journal.event("task_finished", task="a", seconds=1.0)
    if ends:
        journal.event(ends, **fields)


@pytest.fixture
def target(tmp_path):
    """A release that was published by the last build."""
    put_in_place(tmp_path / "2023", overall="1", by_industry="2")
    build(tmp_path / "2023", seconds=12.4, files=2)
    return tmp_path / "2023"


def outcome(target, **options):
    found = status(target, **options)
    line = found.line("en")
    assert "\n" not in line + found.line("zh")
    told = json.loads(json.dumps(found.to_json()))
    assert (told["exit_status"], told["health"]) == (found.exit_status, found.health)
    assert line.startswith(f"{found.health}: ")
    return found.exit_status, line


def test_a_healthy_release(target):
    when = datetime.fromisoformat(read(journal_of(target))[-1]["time"])
    exit_status, line = outcome(target)
    assert exit_status == 0
    assert line == f"healthy: the release of 2023 was built {when:%Y-%m-%d %H:%M} (2 files, 12 s)."
    assert status(target).line("zh") == f"正常：2023年度发布版本编制于{when:%Y-%m-%d %H:%M}（2个文件，用时12秒）。"
    # With a calendar, times are those of its clocks.
    exit_status, line = outcome(target, declared=declared(every="day", zone="Pacific/Kiritimati"))
    assert exit_status == 0
    assert f"{when.astimezone(ZoneInfo('Pacific/Kiritimati')):%Y-%m-%d %H:%M}" in line


def test_nothing_is_known(tmp_path):
    assert outcome(tmp_path / "none") == (2, "unknown: nothing is published yet.")
    (tmp_path / "old").mkdir()
    exit_status, line = outcome(tmp_path / "old")
    assert exit_status == 2
    assert "the manifest can't be read" in line
    (tmp_path / "old" / "manifest.json").write_text("{}")
    assert outcome(tmp_path / "old")[0] == 2


def test_a_later_build_failed(target):
    build(target, ends="not_published", seconds=3.0, problem="guidance_C: cell 4 failed.", more=2)
    exit_status, line = outcome(target)
    assert exit_status == 1
    assert "the release of 2023 was built" in line
    assert "failed: guidance_C: cell 4 failed (2 more)." in line
    assert status(target).published is not None
    assert "guidance_C: cell 4 failed（另有2项）" in status(target).line("zh")
    # The next good one mends it.
    build(target, seconds=5.0)
    assert outcome(target)[0] == 0


def test_the_first_build_failed(tmp_path):
    build(tmp_path / "2023", ends="not_published", problem="no store.")
    exit_status, line = outcome(tmp_path / "2023")
    assert exit_status == 1
    assert "nothing is published yet; the build of" in line


def test_a_build_was_stopped_or_killed(target):
    build(target, ends="stopped", signal=15)
    assert outcome(target)[0] == 1
    assert "stopped by signal 15" in outcome(target)[1]
    build(target, ends="")
    assert outcome(target)[0] == 1
    assert "its process ended without a word" in outcome(target)[1]


def test_a_build_was_killed_after_its_release_was_put_in_place(target):
    """The release stands, whatever the journal has no word of: it is the one that the build was about to place."""
    journal = Journal(journal_of(target))
    journal.event("build_started", wave=2023)
    (target / "by_industry.csv").unlink()
    put_in_place(target, overall="3")
    manifest = file_digest(target / "manifest.json")
    journal.event("placing", manifest=manifest, seconds=7.0, files=1, made=1, reused=0)
    exit_status, line = outcome(target)
    assert exit_status == 0
    assert line.endswith("(1 files, 7 s).")
    # Stopped a moment later, it stands as well; so it does when a later build fails.
    journal.event("stopped", signal=15, seconds=7.1)
    assert outcome(target)[0] == 0
    build(target, ends="not_published", problem="no store.")
    assert outcome(target)[0] == 1
    assert "the release of 2023 was built" in outcome(target)[1]
    assert "(1 files, 7 s); the build of" in outcome(target)[1]


def test_a_build_was_killed_before_its_release_was_put_in_place(target):
    """The folder holds another release than the one that was about to take its place."""
    journal = Journal(journal_of(target))
    journal.event("build_started", wave=2023)
    journal.event("placing", manifest="0" * 64, seconds=7.0, files=1, made=1, reused=0)
    exit_status, line = outcome(target)
    assert exit_status == 1
    assert "(2 files, 12 s)" in line
    assert "its process ended without a word" in line


@POSIX
def test_a_build_is_running(target):
    holds = """
import sys, time
from wagekit.builds.journal import Journal, journal_of
from wagekit.files import alone
with alone(sys.argv[1]):
    Journal(journal_of(sys.argv[1])).event("build_started", wave=2023)
    print("held", flush=True)
    time.sleep(60)
"""
    assert status(target).building is None
    process = subprocess.Popen([sys.executable, "-c", holds, str(target)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "held\n"
        found = status(target)
        assert found.exit_status == 0
        assert found.building is not None
        assert datetime.now().astimezone() - found.building < timedelta(minutes=5)
        assert "a build has been running since" in found.line("en")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    # It was killed, and the system let its lock go.
    assert outcome(target)[0] == 1
    assert status(target).building is None
    # Asking took nothing from the next build.
    with alone(target):
        assert status(target).building is not None


def test_published_files_were_changed(target):
    (target / "overall.csv").write_text("changed by hand")
    (target / "by_industry.csv").unlink()
    (target / "own.txt").write_text("put there by hand")
    exit_status, line = outcome(target)
    assert exit_status == 1
    assert "not those of the manifest: by_industry.csv, overall.csv, own.txt." in line
    for number in range(3):
        (target / f"z{number}.txt").write_text("")
    assert "own.txt and others (6 in all)." in outcome(target)[1]
    for path in target.iterdir():
        path.unlink()
    target.rmdir()
    exit_status, line = outcome(target)
    assert exit_status == 1
    assert "2023/" in line


def test_a_release_that_is_exchanged_meanwhile(target, monkeypatch):
    """The manifest of one release, the files of the next: that is no alteration."""
    load = Manifest.load

    def slowly(folder):
        manifest = load(folder)
        monkeypatch.setattr(Manifest, "load", load)
        put_in_place(target, overall="3", by_industry="4")
        return manifest

    monkeypatch.setattr(Manifest, "load", slowly)
    assert outcome(target)[0] == 0


def test_without_its_journal(target):
    journal_of(target).unlink()
    exit_status, line = outcome(target, declared=declared(every="day"))
    assert exit_status == 0
    assert "(2 files)" in line


def test_a_journal_of_others(target):
    """Lines that are no events of this version are passed over."""
    with journal_of(target).open("a") as file:
        file.write('{"time": "yesterday", "build": "x", "event": "not_published"}\n')
        file.write('{"time": "2024-01-01T00:00:00+08:00", "build": "y", "event": "published", "seconds": "long"}\n{"to')
    assert len(read(journal_of(target))) == 5
    assert status(target).seconds is None
    assert outcome(target)[0] == 0


# -- the calendar --------------------------------------------------------------------------------


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("calendar", "built", "now", "missed"),
    [
        ({"every": "day"}, "2024-09-30T02:00", "2024-09-30T07:00", None),
        ({"every": "day"}, "2024-09-29T02:00", "2024-09-30T06:59", None),
        ({"every": "day"}, "2024-09-29T02:00", "2024-09-30T07:00", "2024-09-30T07:00"),
        ({"every": "day"}, "2024-09-29T07:00", "2024-09-30T07:00", "2024-09-30T07:00"),  # it served the day before
        ({"every": "day"}, "2024-09-29T07:01", "2024-09-30T07:00", None),
        ({"every": "day"}, None, "2024-09-30T06:00", "2024-09-29T07:00"),
        # Built on Friday: nothing is due on Saturday and Sunday, then on Monday at 9.
        ({"every": "weekday", "by": "09:00"}, "2024-09-27T08:00", "2024-09-30T08:59", None),
        ({"every": "weekday", "by": "09:00"}, "2024-09-27T08:00", "2024-09-30T09:00", "2024-09-30T09:00"),
        ({"every": "week"}, "2024-09-23T06:00", "2024-09-29T23:00", None),
        ({"every": "week"}, "2024-09-23T06:00", "2024-09-30T07:00", "2024-09-30T07:00"),
        ({"every": "month"}, "2024-09-01T06:00", "2024-09-30T23:00", None),
        ({"every": "month"}, "2024-09-01T06:00", "2024-10-01T07:00", "2024-10-01T07:00"),
        ({"publish_on": date(2024, 9, 30)}, None, "2024-09-30T06:59", None),
        ({"publish_on": date(2024, 9, 30)}, None, "2024-10-02T00:00", "2024-09-30T07:00"),
        ({"publish_on": date(2024, 9, 30)}, "2024-06-01T00:00", "2024-10-02T00:00", None),
        ({"publish_on": date(2024, 9, 30), "every": "day"}, "2024-06-01T00:00", "2024-10-02T08:00", "2024-10-02T07:00"),
    ],
)
def test_deadlines(calendar, built, now, missed):
    found = CalendarDeclaration(**calendar).missed(built and at(built), at(now))
    assert found == (missed and at(missed))


def test_deadlines_are_local():
    """7 in the morning in Shanghai is 23:00 UTC of the day before; across a change of clocks, wall time counts."""
    calendar = CalendarDeclaration(every="day")
    built = datetime(2024, 9, 28, 18, tzinfo=UTC)
    assert calendar.missed(built, datetime(2024, 9, 29, 22, 59, tzinfo=UTC)) is None
    assert calendar.missed(built, datetime(2024, 9, 29, 23, 0, tzinfo=UTC)) == at("2024-09-30T07:00")
    berlin = CalendarDeclaration(every="day", zone="Europe/Berlin")
    # On 27 October 2024 the day has 25 hours there: 07:00 is 05:00 UTC on the 26th and 06:00 UTC from the 27th on.
    built = datetime(2024, 10, 26, 5, 30, tzinfo=UTC)
    assert berlin.missed(built, datetime(2024, 10, 27, 5, 59, tzinfo=UTC)) is None
    assert berlin.missed(built, datetime(2024, 10, 27, 6, 1, tzinfo=UTC)) is None
    assert berlin.missed(built, datetime(2024, 10, 28, 6, 1, tzinfo=UTC)) is not None


@pytest.mark.parametrize(
    "calendar",
    [
        {},
        {"by": "07:00"},
        {"every": "hour"},
        {"every": "day", "by": "7"},
        {"every": "day", "by": "25:00"},
        {"every": "day", "by": "07:00:00"},
        {"every": "day", "zone": "上海"},
        {"every": "day", "zone": "../etc"},
        {"every": "day", "zone": "Asia"},
        {"every": "day", "at": "07:00"},
    ],
)
def test_a_calendar_that_is_not_one(calendar):
    with pytest.raises(ValidationError):
        CalendarDeclaration(**calendar)


def test_overdue(target):
    tomorrow = datetime.now().astimezone() + timedelta(days=2)
    exit_status, line = outcome(target, declared=declared(every="day"), at=tomorrow)
    assert exit_status == 1
    assert "overdue since" in line
    assert outcome(target, declared=declared(), at=tomorrow)[0] == 0
    # Last year's edition is not this year's.
    late = {"publish_on": date(2020, 1, 1)}
    assert outcome(target, declared=declared(wave=2023, **late))[0] == 0
    assert outcome(target, declared=declared(wave=2024, **late))[0] == 1
    assert "逾期" in status(target, declared=declared(wave=2024, **late)).line("zh")
