"""The command line with stores, stops, full disks and terminals: what can go wrong while it works."""

import codecs
import errno
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import wagekit as wk
from tests.collect import test_ses_shape as ses
from tests.collect.made_files import employees, enterprises, official, write_pair
from tests.command import COMMAND, POSIX, digest, environment, refusal, start, wagekit
from wagekit.resources import resource

# -- stores --------------------------------------------------------------------------------------

HEADER = official(employees()).to_csv(index=False).splitlines()[0]
JUNK = np.random.default_rng(1).integers(0, 256, 4096, dtype=np.uint8).tobytes()


def other_pair(folder):
    """A second employee file."""
    path = folder / "other" / "职工.csv"
    path.parent.mkdir(exist_ok=True)
    official(employees().assign(annual_pay="99999")).to_csv(path, index=False)
    return [path]


READERS = (["check", "--wave", 2023], ["tables", "--wave", 2023, "--output", "out"])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not a DuckDB database"),
        (b"SQLite format 3\0" + bytes(4096), "not a DuckDB database"),
        (JUNK * 8, "not a DuckDB database"),
        ("half", "damaged or cut off"),
        ("rotten", "damaged or cut off"),
        ("folder", "this is a folder"),
    ],
)
def test_a_store_that_is_none(good, tmp_path, content, says):
    firms, staff, whole = good
    store = tmp_path / "s.duckdb"
    if content == "folder":
        store.mkdir()
    else:
        whole = bytearray(whole.read_bytes())
        if content == "rotten":  # a byte in every block but the headers
            whole[20_000::4096] = bytes(byte ^ 255 for byte in whole[20_000::4096])
        store.write_bytes({"half": whole[:100_000], "rotten": whole}.get(content, content))
        before = digest(store)
    for command in (["intake", firms, staff, "--wave", 2024], *(READERS if content == "half" else [])):
        complained = refusal(wagekit(*command, "--store", store, folder=tmp_path))
        assert says in complained
        assert str(store) in complained
    assert [entry.name for entry in tmp_path.iterdir()] == ["s.duckdb"]
    assert content == "folder" or digest(store) == before


def test_a_store_that_can_not_be_made_or_found(good, tmp_path):
    firms, staff, store = good
    taken = tmp_path / "taken"
    taken.write_text("other work")
    for place, says in (
        (tmp_path / "none" / "s.duckdb", "no such folder"),
        (taken / "s.duckdb", "no such folder"),
        (tmp_path / ("x" * 300), "can't be reached"),
    ):
        assert says in refusal(wagekit("intake", firms, staff, "--wave", 2023, "--store", place))
    for command in READERS:
        assert "no such store" in refusal(wagekit(*command, "--store", tmp_path / "none", folder=tmp_path))
        wave_2019 = [2019 if part == 2023 else part for part in command]
        says = refusal(wagekit(*wave_2019, "--store", store, folder=tmp_path))
        assert "wave 2019 is not in the store; expected one of 2023" in says
    assert taken.read_text() == "other work"
    assert [entry.name for entry in tmp_path.iterdir()] == ["taken"]


HOLD = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"


def test_a_store_in_use(good, tmp_path):
    firms, staff, store = good
    store = shutil.copy(store, tmp_path / "s.duckdb")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(store)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout.readline() == "held\n"
        for command in (["intake", firms, staff, "--wave", 2024], *READERS):
            complained = refusal(wagekit(*command, "--store", store, folder=tmp_path))
            assert "in use by another process" in complained
            assert os.name != "posix" or f"PID {holder.pid}" in complained
    finally:
        holder.communicate("")
    assert [entry.name for entry in tmp_path.iterdir()] == ["s.duckdb"]
    assert wagekit("intake", firms, *other_pair(tmp_path), "--wave", 2024, "--store", store)[0] == 0


@pytest.mark.parametrize("before", ["no store", "a store"])
def test_two_intakes_at_once_lose_nothing(good, tmp_path, before):
    """Each wave is in the store in the end, or its intake said that it is not."""
    store = tmp_path / "s.duckdb"
    if before == "a store":
        shutil.copy(good[2], store)
    pairs = {2021: write_pair(tmp_path / "a"), 2022: [good[0], *other_pair(tmp_path)]}
    running = {wave: start("intake", *files, "--wave", wave, "--store", store) for wave, files in pairs.items()}
    results = {wave: (*process.communicate(timeout=120), process.returncode) for wave, process in running.items()}
    stored = {wave for wave, (_, _, status) in results.items() if status == 0}
    assert stored
    for wave in set(pairs) - stored:
        said, complained, status = results[wave]
        assert re.search("in use by another process|another process has just made", refusal((status, said, complained)))
    with wk.open(store, read_only=True) as opened:
        assert set(opened.waves()["wave"]) == stored | ({2023} if before == "a store" else set())
    assert {entry.name for entry in tmp_path.iterdir()} == {"a", "other", "s.duckdb"}


# -- stopped, killed, out of room ----------------------------------------------------------------


@pytest.fixture(scope="session")
def large(tmp_path_factory):
    """Files that take seconds to take in: 400,000 employees."""
    folder = tmp_path_factory.mktemp("large")
    firms = enterprises(200)
    official(firms).to_csv(folder / "单位.csv", index=False)
    person = "{},{:05d},女,1980,大学本科,2015,2-02-10-03,{}"
    lines = [person.format(firm, k, 80_000 + k) for firm in firms["enterprise_id"] for k in range(2000)]
    (folder / "职工.csv").write_text("\n".join([HEADER, *lines]), encoding="gb18030")
    return [folder / "单位.csv", folder / "职工.csv"]


def begin(files, store):
    """An intake that has opened its store and is reading or checking the files."""
    process = start("intake", *files, "--wave", 2024, "--store", store)
    handles = Path(f"/proc/{process.pid}/fd")
    if not handles.is_dir():  # no Linux: start-up takes less
        time.sleep(2)
    while handles.is_dir() and process.poll() is None:
        time.sleep(0.05)
        names = {os.path.realpath(handle) for handle in handles.glob("*")}
        if any(name.startswith(str(store.parent)) and name.endswith(".duckdb") for name in names):
            break
    time.sleep(0.3)
    assert process.poll() is None, process.communicate()
    return process


@POSIX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_intake_leaves_all_as_it_was(good, large, tmp_path, number):
    firms, staff, whole = good
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    for store in (Path(shutil.copy(whole, tmp_path / "old" / "s.duckdb")), tmp_path / "new" / "s.duckdb"):
        process = begin(large, store)
        process.send_signal(number)
        said, complained = process.communicate(timeout=60)
        assert said == ""
        if number == signal.SIGKILL:
            assert process.returncode == -number
        else:
            assert (process.returncode, complained) == (
                128 + number,
                "wagekit: stopped; nothing was left half-done.\n",
            )
            assert [entry.name for entry in store.parent.iterdir()] == (["s.duckdb"] if store.exists() else [])
    assert not store.exists()  # the new one
    with wk.open(tmp_path / "old" / "s.duckdb", read_only=True) as opened:
        assert opened.waves()["wave"].tolist() == [2023]
        assert len(opened.employees(2023)) == 40
        assert len(opened.log()) == 2
    if number == signal.SIGKILL:  # what it may have left is in nobody's way
        for folder in ("old", "new"):
            store = tmp_path / folder / "s.duckdb"
            assert wagekit("intake", firms, staff, "--wave", 2024, "--store", store)[0] == 0


@POSIX
@pytest.mark.parametrize("before", ["no store", "a store"])
def test_a_full_disk(good, large, tmp_path, before):
    """A limit on the size of files stands for the full disk: both fail in the middle of writing."""
    import resource as limits

    store = tmp_path / "s.duckdb"
    if before == "a store":
        shutil.copy(good[2], store)
    names = {entry.name for entry in tmp_path.iterdir()}
    most = 1_500_000
    run = subprocess.run(
        [COMMAND, "intake", *map(str, large), "--wave", "2024", "--store", str(store)],
        preexec_fn=lambda: limits.setrlimit(limits.RLIMIT_FSIZE, (most, most)),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    complained = refusal((run.returncode, run.stdout, run.stderr))
    assert os.strerror(errno.EFBIG) in complained or "full" in complained
    assert str(store) in complained
    assert {entry.name for entry in tmp_path.iterdir()} == names
    if before == "a store":
        with wk.open(store, read_only=True) as opened:
            assert opened.waves()["wave"].tolist() == [2023]
            assert len(opened.employees(2023)) == 40


def fill(path):
    """Write until nothing more goes on the disk."""
    with suppress(OSError), path.open("wb", buffering=0) as stream:
        while True:
            stream.write(bytes(4096))


@POSIX
def test_a_disk_that_is_really_full(good, large, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small disk")
    try:
        result = wagekit("intake", *large, "--wave", 2024, "--store", disk / "s.duckdb")
        assert "the disk is full" in refusal(result)
        assert not list(disk.iterdir())
        shutil.copy(good[2], disk / "s.duckdb")
        fill(disk / "filler")
        tables = wagekit("tables", "--wave", 2023, "--store", good[2], "--output", disk / "t")
        assert os.strerror(errno.ENOSPC) in refusal(tables)
        status, _, complained = wagekit("check", "--wave", 2023, "--store", good[2], "--output", disk)
        assert status == 1
        assert os.strerror(errno.ENOSPC) in complained
        assert not list(disk.glob("*.csv"))
        assert not list(disk.glob("t/*"))
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_output_that_can_not_be_written_is_no_success(good):
    with Path("/dev/full").open("w") as full:
        for command in (["--version"], ["check", "--wave", "2023", "--store", str(good[2])]):
            run = subprocess.run([COMMAND, *command], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
            assert run.returncode == 1
            assert run.stderr.count("\n") == 1
            assert "Traceback" not in run.stderr


# -- terminals -----------------------------------------------------------------------------------


@POSIX
def test_bars_are_drawn_on_a_terminal_and_nowhere_else(good, tmp_path):
    import pty

    firms, staff, _ = good
    command = [COMMAND, "intake", str(firms), str(staff), "--wave", "2023", "--store"]
    there, here = pty.openpty()
    with subprocess.Popen(
        [*command, str(tmp_path / "a.duckdb")],
        stdout=subprocess.PIPE,
        stderr=here,
        env=environment(TERM="xterm-256color", COLUMNS="100"),
        text=True,
    ) as process:
        os.close(here)
        shown = b""
        try:
            while piece := os.read(there, 4096):
                shown += piece
        except OSError:  # how Linux tells that the terminal is closed
            pass
        said = process.stdout.read()
    os.close(there)
    assert process.returncode == 0
    assert b"\x1b[" in shown
    assert "\x1b" not in said
    forced = {"FORCE_COLOR": "1", "TTY_COMPATIBLE": "1", "TTY_INTERACTIVE": "1"}
    status, said, complained = wagekit(*command[1:], tmp_path / "b.duckdb", **forced)
    assert status == 0
    assert "\x1b" not in said + complained
    assert "\r" not in said + complained


@pytest.mark.parametrize("encoding", ["cp1252", "gbk"])
def test_a_terminal_without_chinese_characters_is_no_failure(good, tmp_path, encoding):
    """The intake is done by then; to end with an error because a name can't be shown would say that it isn't."""
    firms, staff, _ = good
    process = subprocess.run(
        [COMMAND, "intake", str(firms), str(staff), "--wave", "2023", "--store", str(tmp_path / "s.duckdb")],
        env=environment(PYTHONIOENCODING=encoding),
        capture_output=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    said = process.stdout.decode(encoding)
    assert ("职工.csv" if encoding == "gbk" else r"\u804c\u5de5.csv") in said


def test_other_programs_warnings_stay_silent(good, tmp_path):
    """Libraries warn on standard error; what the bureau reads there is wagekit's own."""
    (tmp_path / "sitecustomize.py").write_text("import warnings; warnings.warn('noise', FutureWarning)")
    spy = textwrap.dedent(
        """
        import logging, sys, warnings
        from wagekit.cli import app, main

        @app.command()
        def noisy() -> None:
            warnings.warn("of a library", FutureWarning)
            warnings.warn(wagekit.errors.WagekitWarning("columns left out"))
            logging.getLogger("library").warning("of a library")

        import wagekit.errors
        sys.argv = ["wagekit", "noisy"]
        main()
        """
    )
    run = subprocess.run([sys.executable, "-c", spy], capture_output=True, text=True, env=environment(), check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "  note: columns left out\n")


# -- check ---------------------------------------------------------------------------------------


def test_the_lists_of_a_check_hold_no_formulas(tmp_path):
    evil = employees().assign(annual_pay=["=cmd|'/c calc'!A1", "+1", *map(str, range(80_000, 80_038))])
    firms, staff = write_pair(tmp_path, staff=evil)
    assert wagekit("intake", firms, staff, "--wave", 2023, "--store", tmp_path / "s.duckdb")[0] == 0
    status, said, complained = wagekit("check", "--wave", 2023, "--store", "s.duckdb", "-o", "lists", folder=tmp_path)
    assert (status, complained) == (0, "")
    assert "refused: 1\n  wrong_type 1\n" in said
    assert str(Path("lists", "refused_2023.csv")) in said
    content = (tmp_path / "lists" / "refused_2023.csv").read_bytes()
    assert content.startswith(codecs.BOM_UTF8)
    listed = pd.read_csv(io.BytesIO(content), dtype=str)
    assert "'=cmd|'/c calc'!A1" in set(listed["value"])
    for column in listed:
        assert not listed[column].fillna("").str.match(r"[=+@\t\r]|-\D").any(), column
    taken = tmp_path / "taken"
    taken.write_text("other work")
    refusal(wagekit("check", "--wave", 2023, "--store", tmp_path / "s.duckdb", "--output", taken))
    assert taken.read_text() == "other work"


# -- tables --------------------------------------------------------------------------------------


def test_tables_need_a_release_or_a_store_and_a_wave(good, tmp_path):
    store = good[2]
    for options in ([], ["--store", store], ["--wave", 2023]):
        assert "expected --release, or --store and --wave" in refusal(wagekit("tables", *options, folder=tmp_path))
    both = ["--release", tmp_path / "r.toml", "--wave", 2023]
    assert "--wave beside --release" in refusal(wagekit("tables", *both, folder=tmp_path))
    taken = tmp_path / "taken"
    taken.write_text("other work")
    result = wagekit("tables", "--store", store, "--wave", 2023, "--output", taken, folder=tmp_path)
    assert "can't be written" in refusal(result)
    assert [entry.name for entry in tmp_path.iterdir()] == ["taken"]


def weighted(pay, weights, p):
    """Smallest value whose weighted share reaches p, counted through one by one."""
    reached = 0.0
    for value, weight in sorted(zip(pay, weights, strict=True)):
        reached += weight
        if reached >= p * sum(weights) * (1 - 1e-12):
            return value
    raise AssertionError


def test_a_survey_of_another_shape_from_its_file_to_its_tables(tmp_path):
    """The Structure of Earnings Survey with the example mapping; the figures by hand from the file's rows."""
    random = np.random.default_rng(2006)
    firm = np.repeat(np.arange(29), 12)
    section = np.array(["D-Manufactoring"] * 14 + ["G-Trade"] * 13 + ["F-Construction"] * 2)[firm]
    frame = ses.rows().iloc[np.zeros(firm.size, dtype=int)].reset_index(drop=True)
    pay = np.round(12 * np.exp(0.3 * random.standard_normal(firm.size) + 0.15 * random.standard_normal(29)[firm]), 4)
    weight = np.round(random.uniform(2, 20, 29), 3)[firm]
    frame = frame.assign(
        IDunit=10_000 + firm,
        NACE1=section,
        size=np.array(["E10_49", "E1000"])[firm % 2],
        occupation=np.array(["34", "72", "41"])[np.arange(firm.size) % 3],
        earningsHour=pay,
        weights=weight,
    )
    ses.write(tmp_path, frame)
    mapping = resource("data", "examples", "ses_mapping.toml")
    status, said, complained = wagekit(
        "intake", "ses.csv", "--wave", 2006, "-m", mapping, "-s", "ses.duckdb", folder=tmp_path
    )
    assert status == 0, complained
    assert said.startswith(f"Wave 2006 stored: 29 enterprises, {firm.size} employees; 0 rows refused")
    status, said, complained = wagekit("tables", "-s", "ses.duckdb", "-w", 2006, "-o", "out", folder=tmp_path)
    assert (status, complained) == (0, "")
    assert set(said.splitlines()) == {str(Path("out", entry.name)) for entry in (tmp_path / "out").iterdir()}
    statistics = {f"p{p}": p / 100 for p in (10, 25, 50, 75, 90)}
    for name, column in (
        ("wage_levels", None),
        ("wage_levels_NACE1", "NACE1"),
        ("wage_levels_occupation", "occupation"),
    ):
        tidy = pd.read_csv(tmp_path / "out" / f"{name}_tidy.csv", dtype=str, keep_default_na=False)
        tidy = tidy.assign(code=tidy["code"] if column else "")
        expected = {}
        for code in [""] if column is None else sorted(set(frame[column])):
            rows = frame if column is None else frame[frame[column] == code]
            if rows["IDunit"].nunique() < 3:
                continue
            y, w = rows["earningsHour"].to_numpy(), rows["weights"].to_numpy()
            expected |= {(code, word): weighted(y, w, p) for word, p in statistics.items()}
            expected[code, "mean"] = float((w * y).sum() / w.sum())
        found = {(row.code, row.statistic): float(row.value) for row in tidy.itertuples() if row.value}
        assert set(found) == set(expected), name
        # Printed with two decimals.
        assert all(abs(found[key] - value) <= 0.005 + 1e-9 for key, value in expected.items()), name
        assert set(tidy["unit"]) == {"EUR/hour"} or "欧元" in tidy["unit"].iloc[0]
    construction = [path for path in (tmp_path / "out").glob("*.csv") if "onstruction" in path.read_text("utf-8")]
    assert construction == []
