"""How a release stands: one line for people, one exit status for the monitoring.

It is read from what lies there, the published folder with its manifest and the journal beside it; nothing is built
and nothing is written.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal
from zoneinfo import ZoneInfo

from wagekit.builds.crate import FILE as METADATA
from wagekit.builds.feedback import INDEX, published_letters
from wagekit.builds.journal import Event, journal_of, now, read
from wagekit.builds.manifest import FILE as MANIFEST
from wagekit.builds.manifest import Manifest
from wagekit.errors import WagekitError
from wagekit.files import lock_of
from wagekit.options import Language
from wagekit.publish.configuration import Release

Health = Literal["healthy", "failing", "unknown"]

EXIT: Mapping[Health, int] = MappingProxyType({"healthy": 0, "failing": 1, "unknown": 2})
"""Exit status of ``wagekit status``."""

_WORDS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "zh": {
            "healthy": "正常",
            "failing": "异常",
            "unknown": "不明",
            "published": "{wave}发布版本编制于{when}（{files}个文件{seconds}）",
            "wave": "{wave}年度",
            "seconds": "，用时{seconds:.0f}秒",
            "none": "尚无发布版本",
            "failed": "{when}的编制未完成：{problem}{more}",
            "more": "（另有{more}项）",
            "stopped": "编制被中止（信号{signal}）",
            "vanished": "编制进程中断，原因不明",
            "overdue": "应于{due}前编制，已逾期",
            "altered": "已发布的文件与清单不符：{names}",
            "manifest": "清单无法读取：{problem}",
            "building": "正在编制（{when}开始）",
            "others": "等{count}个",
            "list": "、",
            "join": "；",
            "colon": "：",
            "stop": "。",
        },
        "en": {
            "healthy": "healthy",
            "failing": "failing",
            "unknown": "unknown",
            "published": "the release{wave} was built {when} ({files} files{seconds})",
            "wave": " of {wave}",
            "seconds": ", {seconds:.0f} s",
            "none": "nothing is published yet",
            "failed": "the build of {when} failed: {problem}{more}",
            "more": " ({more} more)",
            "stopped": "stopped by signal {signal}",
            "vanished": "its process ended without a word",
            "overdue": "overdue since {due}",
            "altered": "published files are not those of the manifest: {names}",
            "manifest": "the manifest can't be read: {problem}",
            "building": "a build has been running since {when}",
            "others": " and others ({count} in all)",
            "list": ", ",
            "join": "; ",
            "colon": ": ",
            "stop": ".",
        },
    }
)


@dataclass(frozen=True)
class Failure:
    """A build that published nothing.

    Parameters
    ----------
    time : when it began.
    problem : the first thing that went wrong, a sentence; empty if the process was killed before it could say.
    more : how many other problems there were.
    signal : that stopped it, 0 if none did.
    """

    time: datetime
    problem: str = ""
    more: int = 0
    signal: int = 0


@dataclass(frozen=True)
class Status:
    """How a release stands. Made by :func:`status`.

    Parameters
    ----------
    output : folder of the release.
    published : when the last good build was put in place; None if there is none.
    wave : of the last good build; None if it isn't known.
    seconds : that it took; None if it isn't known.
    files : that are published.
    failure : of the last build, if it published nothing.
    overdue : the deadline that was missed.
    altered : published files that are missing, changed or not in the manifest.
    unreadable : why the manifest can't be read; empty if it can.
    building : when the build that is running now began; None if there is none.
    """

    output: Path
    published: datetime | None = None
    wave: int | None = None
    seconds: float | None = None
    files: int = 0
    failure: Failure | None = None
    overdue: datetime | None = None
    altered: tuple[str, ...] = ()
    unreadable: str = ""
    building: datetime | None = None

    @property
    def health(self) -> Health:
        """``failing``: somebody has to look; ``unknown``: there is nothing that could be told of."""
        if self.failure or self.overdue or self.altered:
            return "failing"
        return "unknown" if self.unreadable or self.published is None else "healthy"

    @property
    def exit_status(self) -> int:
        """0 healthy, 1 failing, 2 unknown."""
        return EXIT[self.health]

    def line(self, language: Language = "zh") -> str:
        """The status in one line."""
        words = _WORDS[language]
        parts = []
        if self.published is None:
            parts.append(words["none"])
        else:
            wave = "" if self.wave is None else words["wave"].format(wave=self.wave)
            seconds = "" if self.seconds is None else words["seconds"].format(seconds=self.seconds)
            when = _shown(self.published)
            parts.append(words["published"].format(wave=wave, when=when, files=self.files, seconds=seconds))
        if self.failure is not None:
            parts.append(_failed(self.failure, words))
        if self.overdue is not None:
            parts.append(words["overdue"].format(due=_shown(self.overdue)))
        if self.altered:
            names = words["list"].join(self.altered[:3])
            if len(self.altered) > 3:
                names += words["others"].format(count=len(self.altered))
            parts.append(words["altered"].format(names=names))
        if self.unreadable:
            parts.append(words["manifest"].format(problem=self.unreadable.rstrip(".")))
        if self.building is not None:
            parts.append(words["building"].format(when=_shown(self.building)))
        return " ".join(f"{words[self.health]}{words['colon']}{words['join'].join(parts)}{words['stop']}".split())

    def to_json(self) -> dict[str, Any]:
        """The status for programs: every field, times in ISO 8601, ``health`` and ``exit_status``."""
        failure = self.failure and {
            "time": self.failure.time.isoformat(),
            "problem": self.failure.problem,
            "more": self.failure.more,
            "signal": self.failure.signal,
        }
        return {
            "health": self.health,
            "exit_status": self.exit_status,
            "output": str(self.output),
            "published": _iso(self.published),
            "wave": self.wave,
            "seconds": self.seconds,
            "files": self.files,
            "failure": failure,
            "overdue": _iso(self.overdue),
            "altered": list(self.altered),
            "unreadable": self.unreadable,
            "building": _iso(self.building),
        }


def status(output: str | os.PathLike[str], *, declared: Release | None = None, at: datetime | None = None) -> Status:
    """How a release stands.

    Parameters
    ----------
    output : folder of the release.
    declared : its ``release.toml``, for the calendar and the wave; without it nothing is overdue.
    at : the time, with its zone; now unless given.

    Raises
    ------
    ReleaseError
        If the journal can't be read.
    """
    folder = Path(output).absolute()
    builds = _builds(folder)
    # The lock is only tried where a build may be running: trying it could get in the way of one that begins.
    running = bool(builds) and not builds[-1].ended and _held(lock_of(folder))
    if builds and not builds[-1].ended and not running:
        builds = _builds(folder)  # it may have ended just now
    building = builds.pop().begun if running else None
    failure = builds[-1].failure() if builds else None
    good = next((build for build in reversed(builds) if build.published is not None), None)
    manifest, unreadable, altered = _manifest(folder)
    if good is not None and not folder.is_dir():
        altered = (f"{folder.name}/",)
    published = good.published if good is not None and folder.is_dir() else None
    wave = good.wave if good else None
    if published is None and manifest is not None:  # the journal was lost: the folder was put in place when it was made
        published = datetime.fromtimestamp(folder.stat().st_mtime).astimezone()
    if wave is None and manifest is not None:
        wave = manifest.wave
    found = Status(
        output=folder,
        published=published,
        wave=wave,
        seconds=good.seconds if good else None,
        files=len(manifest.entries) if manifest else good.files if good and not unreadable else 0,
        failure=failure,
        altered=altered,
        unreadable=unreadable,
        building=building,
    )
    if declared is None or declared.calendar is None:
        return found
    built = published if wave == declared.publication.wave else None
    overdue = declared.calendar.missed(built, at or now())
    return replace(_in_zone(found, ZoneInfo(declared.calendar.zone)), overdue=overdue)


def _in_zone(found: Status, zone: ZoneInfo) -> Status:
    """The same times, told as the clocks of the calendar show them."""
    return replace(
        found,
        published=found.published and found.published.astimezone(zone),
        building=found.building and found.building.astimezone(zone),
        failure=found.failure and replace(found.failure, time=found.failure.time.astimezone(zone)),
    )


@dataclass(frozen=True)
class _Build:
    """A build as the journal tells of it.

    `last` is the event that ended it, None while it runs or if it was killed. `placed` is the event that its release
    takes its place, where it is the one that lies there: whatever came after it, the release stands.
    """

    begun: datetime
    wave: int | None
    last: Event | None
    placed: Event | None

    @property
    def ended(self) -> bool:
        return self.last is not None or self.placed is not None

    @property
    def published(self) -> datetime | None:
        good = self._good
        return None if good is None else _time(good)

    @property
    def seconds(self) -> float | None:
        return _number(self._good, "seconds")

    @property
    def files(self) -> int:
        return int(_number(self._good, "files") or 0)

    @property
    def _good(self) -> Event | None:
        return self.last if self.last is not None and self.last["event"] == "published" else self.placed

    def failure(self) -> Failure | None:
        if self.published is not None:
            return None
        problem = self.last.get("problem") if self.last else None
        return Failure(
            self.begun,
            problem if isinstance(problem, str) else "",
            int(_number(self.last, "more") or 0),
            int(_number(self.last, "signal") or 0),
        )


_ABOUT = frozenset({MANIFEST, METADATA, ".DS_Store", "Thumbs.db", "desktop.ini"})
"""What the manifest doesn't list: the files about the release, and those that file managers leave in any folder."""
_ENDS = frozenset({"published", "not_published", "stopped"})


def _builds(folder: Path) -> list[_Build]:
    """The builds of a release's journal in the order they began."""
    events = read(journal_of(folder))
    standing = _digest(folder / MANIFEST)
    found: dict[str, _Build] = {}
    for event in events:
        time = _time(event)
        if time is None:
            continue
        before = found.get(event["build"])
        if before is None:
            wave = _number(event, "wave")
            before = _Build(time, None if wave is None else int(wave), None, None)
        if event["event"] in _ENDS:
            before = replace(before, last=event)
        elif event["event"] == "placing" and standing and event.get("manifest") == standing:
            before = replace(before, placed=event)
        found[event["build"]] = before
    return list(found.values())


def _time(event: Event) -> datetime | None:
    try:
        return datetime.fromisoformat(event["time"]).astimezone()
    except ValueError:
        return None


def _number(event: Event | None, name: str) -> float | None:
    value = None if event is None else event.get(name)
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _manifest(folder: Path) -> tuple[Manifest | None, str, tuple[str, ...]]:
    """The manifest of the published folder, why it can't be read, and the files that aren't as it says."""
    if not folder.is_dir():
        return None, "", ()
    try:
        manifest = Manifest.load(folder)
    except WagekitError as error:
        letters = published_letters(folder)
        return (None, str(error), ()) if letters is None else (None, "", _unlike(folder, letters, about={INDEX}))
    altered = _altered(folder, manifest)
    if altered:
        now_there = Manifest.found(folder)
        if now_there is not None and now_there != manifest:  # a build has just put another release in place
            return now_there, "", _altered(folder, now_there)
    return manifest, "", altered


def _altered(folder: Path, manifest: Manifest) -> tuple[str, ...]:
    """Files of a release that are missing or changed, or that nobody knows of."""
    return _unlike(folder, {entry.file: entry.sha256 for entry in manifest.entries})


def _unlike(folder: Path, promised: Mapping[str, str], *, about: Collection[str] = ()) -> tuple[str, ...]:
    altered = {name for name, digest in promised.items() if _digest(folder / name) != digest}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return tuple(sorted(altered | (there - promised.keys() - _ABOUT.union(about))))


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _held(lock: Path) -> bool:
    """Whether a process holds a lock of :func:`wagekit.files.alone`; nothing is written, so that any user may ask."""
    try:
        with lock.open("rb") as file:
            if sys.platform == "win32":
                file.read(1)  # refused where the byte is locked
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return True
    except OSError:
        return False
    return False


def _failed(failure: Failure, words: Mapping[str, str]) -> str:
    if failure.signal:
        problem = words["stopped"].format(signal=failure.signal)
    else:
        problem = failure.problem.rstrip(".。") or words["vanished"]
    more = words["more"].format(more=failure.more) if failure.more else ""
    return words["failed"].format(when=_shown(failure.time), problem=problem, more=more)


def _shown(time: datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M")


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat(timespec="seconds")
