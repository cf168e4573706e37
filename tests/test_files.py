"""Folders appear whole or not at all, one builder at a time, whatever ended the one before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from wagekit import files
from wagekit.errors import ReleaseError

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the exchange of folders is Linux's")


def fill(folder: Path, text: str) -> None:
    with files.replacing_folder(folder) as beside:
        for name in ("one", "two"):
            (beside / name).write_text(text)


def contents(folder: Path) -> set[str]:
    return {path.read_text() for path in folder.iterdir()}


@LINUX
def test_a_reader_never_finds_the_folder_missing(tmp_path: Path) -> None:
    target = tmp_path / "release"
    fill(target, "0")
    missed: list[str] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            if not target.exists():
                missed.append("gone")

    reader = threading.Thread(target=look)
    reader.start()
    for number in range(100):
        fill(target, str(number))
    done.set()
    reader.join()
    assert not missed
    assert contents(target) == {"99"}


def test_without_an_exchange_one_is_renamed_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_exchange", lambda one, other: False)
    for text in ("before", "after"):
        fill(tmp_path / "release", text)
    assert contents(tmp_path / "release") == {"after"}
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["release"]


def test_a_release_that_a_killed_builder_had_put_aside_comes_back(tmp_path: Path) -> None:
    fill(tmp_path / "release", "before")
    (tmp_path / "release").rename(tmp_path / ".release.abc.old.part")  # as between the two renames
    with files.replacing_folder(tmp_path / "release") as beside:
        assert contents(tmp_path / "release") == {"before"}
        (beside / "one").write_text("after")
    assert contents(tmp_path / "release") == {"after"}


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_what_a_killed_builder_left_is_cleared_and_its_lock_is_gone(tmp_path: Path) -> None:
    target = tmp_path / "release"
    fill(target, "before")
    code = """
        import sys, time
        from pathlib import Path
        from wagekit.files import replacing_folder
        with replacing_folder(sys.argv[1]) as beside:
            (beside / "one").write_text("half")
            print("there", flush=True)
            time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(target)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as builder:
        assert builder.stdout is not None
        assert builder.stdout.readline() == "there\n"
        with pytest.raises(ReleaseError, match="being built by another process"):
            fill(target, "second")
        builder.send_signal(signal.SIGKILL)
    assert contents(target) == {"before"}
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 2
    fill(target, "after")
    assert contents(target) == {"after"}
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == [target]


def test_a_second_builder_waits_if_it_is_told_to(tmp_path: Path) -> None:
    target = tmp_path / "release"
    held = threading.Event()

    def first() -> None:
        with files.replacing_folder(target) as beside:
            held.set()
            time.sleep(0.3)
            (beside / "one").write_text("first")

    builder = threading.Thread(target=first)
    builder.start()
    held.wait()
    with files.replacing_folder(target, wait=30) as beside:
        assert contents(target) == {"first"}
        (beside / "one").write_text("second")
    builder.join()
    assert contents(target) == {"second"}


@LINUX
def test_what_the_system_refuses_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        def renameat2(self, *arguments: object) -> int:
            files.ctypes.set_errno(13)
            return -1

    fill(tmp_path / "release", "before")
    monkeypatch.setattr(files.ctypes, "CDLL", lambda *arguments, **named: Refusing())
    with pytest.raises(ReleaseError, match="Permission denied"):
        fill(tmp_path / "release", "after")
    assert contents(tmp_path / "release") == {"before"}
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["release"]
