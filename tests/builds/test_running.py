"""Reports made side by side: whatever one of them does, the others go on, and nothing of it is left."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import psutil
import pytest

from tests.builds.made_tasks import SHOWS, task
from wagekit.builds.running import run
from wagekit.builds.tasks import Limits

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="forks and limits of Linux")
MARK = f"wagekit-test-{os.getpid()}"
SLEEPER = f"[sys.executable, '-c', 'import time; time.sleep(600)', '{MARK}']"


def marked():
    """Processes that a notebook of these tests started."""
    found = []
    for process in psutil.process_iter():
        try:
            if MARK in process.cmdline():
                found.append(process)
        except psutil.Error:
            continue
    return found


def family():
    return psutil.Process().children(recursive=True)


def gone(look, seconds=10.0):
    """Whether there is nothing to be seen any more, after so many seconds at most."""
    deadline = time.monotonic() + seconds
    while look():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Folders for files, failed and temporary ones; the last has to be empty afterwards."""
    for name in ("out", "t"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "t"))
    before = set(family())
    yield tmp_path
    assert gone(lambda: set(family()) - before)
    assert marked() == []
    assert list((tmp_path / "t").iterdir()) == []
    assert list(Path("/dev/shm").glob(f"{MARK}*")) == []
    assert [path for path in (tmp_path / "out").iterdir() if path.name.startswith(".")] == []


def outcomes(place, *tasks, **options):
    found = run(tasks, place / "out", failed=place / "failed", **options)
    return {outcome.task.name: outcome for outcome in found}


# -- reports that fail --------------------------------------------------------------------------

SHORT = Limits(cell=5.0)
SMALL = Limits(memory=300 * 2**20)
FAILURES = {
    "raises": (["'before'", "raise ValueError(f'Wang {98764 + 1}')"], None, "cell 2 .* failed: ValueError", "Wang 98765"),
    "refuses": (["from wagekit.errors import InputError\nraise InputError('bad file', where='a.csv')"], None,
                r"failed: InputError: a\.csv: bad file", ""),
    "stops": (["import sys; sys.exit(3)"], None, "failed: SystemExit", ""),
    "exits": (["import os; os._exit(7)"], None, r"failed: the kernel ended \(exit status 7\)", ""),
    "is_killed": (["import os; os.kill(os.getpid(), 9)"], None, r"failed: the kernel ended \(signal 9\)", ""),
    "aborts": (["import os; os.abort()"], None, r"failed: the kernel ended \(signal 6\)", ""),
    "sleeps": (["import time; time.sleep(600)"], SHORT, r"failed: it took more than 5 s", ""),
    # The engine of regular expressions keeps the interpreter's lock.
    "hangs": (["import re; re.match('(a+)+$', 'a' * 60 + 'b')"], SHORT, r"failed: it took more than 5 s", ""),
    "drags_on": (["import time"] + ["time.sleep(1.5)"] * 9, Limits(report=4.0), "the report took more than 4 s", ""),
    "eats": (["x = bytearray(10**9)"], SMALL, r"needed more memory than the 300 MiB it may have \(MemoryError\)", ""),
    "eats_slowly": (["x = []\nwhile True: x.append(bytes(10**6))"], SMALL, "needed more memory than the 300 MiB", ""),
    "asks": (["input('?')"], None, "failed: StdinNotImplementedError", ""),
    "closes": (["import os; os.closerange(3, 999)", "1"], Limits(cell=10.0), "failed: ", ""),
    "says_too_much": (["import pandas as pd; pd.DataFrame({'pay': [1]})"], None, "cell 1: the cell shows an object", ""),
    "shows_nothing": (["1;"], None, "neither a table nor a figure", ""),
    "has_no_glyph": ([SHOWS, "print('\\N{MUSICAL SYMBOL G CLEF}')"], None, r"no glyph for .*U\+1D11E", ""),
    "starts_others": ([f"import subprocess, sys\nsubprocess.Popen({SLEEPER}, start_new_session=True)", "1 / 0"], None,
                      "failed: ZeroDivisionError", ""),
    "leaves_memory": ([f"from multiprocessing.shared_memory import SharedMemory\ns = SharedMemory('{MARK}a', create=True, size=99)",
                       "import os; os.kill(os.getpid(), 9)"], None, r"signal 9", ""),
    "leaves_files": (["import tempfile; open(tempfile.mkdtemp() + '/x', 'w').write('x' * 99)", "1 / 0"], None,
                     "ZeroDivisionError", ""),
}  # fmt: skip


@LINUX
def test_each_fails_with_one_sentence_and_the_others_go_on(place):
    tasks = [task(place, "first", SHOWS)]
    tasks += [task(place, name, *cells, limits=limits) for name, (cells, limits, _, _) in FAILURES.items()]
    tasks += [task(place, "last", SHOWS)]
    found = outcomes(place, *tasks, jobs=3)
    assert set(found) == {"first", "last", *FAILURES}
    for name, (_, _, message, detail) in FAILURES.items():
        outcome = found[name]
        path = place / "failed" / f"{name}.failed.ipynb"
        assert outcome.files == ()
        assert outcome.problem.startswith(str(place / f"{name}.ipynb")) or outcome.problem.startswith(name), name
        assert outcome.problem.count("\n") == 0
        assert re.search(message, outcome.problem), (name, outcome.problem)
        assert detail in outcome.detail
        assert not detail or detail not in outcome.problem
        assert outcome.failed_notebook == path, name
        assert nbformat.read(path, as_version=4).cells
    for name in ("first", "last"):
        assert (found[name].problem, found[name].files) == ("", (f"{name}.html",))
        assert found[name].failed_notebook is None
        assert found[name].peak_memory > 50 * 2**20
    assert sorted(path.name for path in (place / "out").iterdir()) == ["first.html", "last.html"]
    kept = nbformat.read(place / "failed" / "raises.failed.ipynb", as_version=4)
    assert kept.cells[0].outputs[0].data["text/plain"] == "'before'"
    assert kept.cells[1].outputs[0].evalue == "Wang 98765"


@LINUX
def test_what_a_notebook_starts_and_leaves_ends_with_it_also_if_it_succeeds(place):
    cells = [
        f"import os, subprocess, sys, tempfile\nsubprocess.Popen({SLEEPER}, start_new_session=True);",
        # One that its parent has left is nobody's child.
        "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        f"        os.execv(sys.executable, {SLEEPER})\n    os._exit(0)",
        "file = open(tempfile.mkstemp()[0], 'w')\nos.write(1, b'raw\\n');",
        f"from multiprocessing.shared_memory import SharedMemory\nshared = SharedMemory('{MARK}b', create=True, size=99)",
        SHOWS,
    ]
    found = outcomes(place, task(place, "good", *cells))
    assert found["good"].problem == ""


@LINUX
def test_a_worker_or_a_server_that_is_killed_is_one_failure(place):
    """What kills is a notebook, which finds its worker and the server as its ancestors."""
    up = "import os, psutil\nancestors = [psutil.Process()]\n"
    up += "while ancestors[-1].ppid() > 1: ancestors.append(ancestors[-1].parent())\n"
    tasks = [
        # kernel, the worker's own server, the worker, the server of the build
        task(place, "kills_worker", up + "ancestors[2].kill()", "import time; time.sleep(60)"),
        task(place, "good", SHOWS),
        task(place, "kills_server", up + "ancestors[3].kill()", "import time; time.sleep(60)"),
        task(place, "also_good", SHOWS),
    ]
    found = outcomes(place, *tasks, jobs=1)
    assert "its process ended (status -9)" in found["kills_worker"].problem
    assert "its process ended (status -9)" in found["kills_server"].problem
    assert found["good"].problem == found["also_good"].problem == ""


def test_cells_are_numbered_as_their_author_sees_them(place):
    declared = "wave: int = 2023"
    tasks = [
        task(place, "raises", "wave", "1 / 0", declared=declared, wave=2022),
        task(place, "shows", "wave;", "object()", declared=declared, wave=2022),
    ]
    found = outcomes(place, *tasks)
    assert "cell 3 ('1 / 0') failed: ZeroDivisionError" in found["raises"].problem
    assert "cell 3: the cell shows an object" in found["shows"].problem


# -- reports that succeed -----------------------------------------------------------------------


def test_the_same_report_is_the_same_file_however_it_was_run(place, monkeypatch):
    def files(name):
        return [(place / "out" / f"{name}.{ending}").read_bytes() for ending in ("html", "pdf")]

    def three():
        names = ("one", "two", "three")
        found = outcomes(place, *(task(place, name, SHOWS, formats=("html", "pdf")) for name in names), jobs=2)
        assert {outcome.problem for outcome in found.values()} == {""}
        assert found["one"].seconds > 0
        return [files(name) for name in names]

    first, second, third = three()
    assert first == second == third
    monkeypatch.setenv("WAGEKIT_FORK", "0")
    found = outcomes(place, task(place, "one", SHOWS, formats=("html", "pdf")))
    assert found["one"].problem == ""
    assert files("one") == first


def test_nothing_goes_from_one_report_to_the_next(place):
    changes = """
import sys, os, matplotlib, pandas, wagekit
matplotlib.rcParams["font.size"] = 40; pandas.options.display.max_rows = 3
wagekit.left_behind = True; os.environ["LEFT"] = "1"; sys.path.append("/left"); os.chdir("/")
"""
    looks = """
import sys, os, random, matplotlib, numpy, pandas, wagekit
assert matplotlib.rcParams["font.size"] == 10 and pandas.options.display.max_rows == 60
assert not hasattr(wagekit, "left_behind") and "LEFT" not in os.environ and "/left" not in sys.path
"""
    # Each draws numbers of its own: what is copied in a fork is not the state of the generators.
    draws = "import random, numpy\nprint(random.random(), numpy.random.random())"
    tasks = [
        task(place, "changes", SHOWS, changes),
        task(place, "looks", looks, SHOWS),
        task(place, "first", draws, SHOWS),
        task(place, "second", draws, SHOWS),
    ]
    assert {outcome.problem for outcome in outcomes(place, *tasks, jobs=1).values()} == {""}
    assert (place / "out" / "first.html").read_bytes() != (place / "out" / "second.html").read_bytes()


def test_a_notebook_runs_in_its_folder_with_nobodys_settings(place, monkeypatch):
    (place / "beside.py").write_text("VALUE = 7")
    (place / "ipython" / "profile_default" / "startup").mkdir(parents=True)
    (place / "ipython" / "profile_default" / "startup" / "x.py").write_text("started = True")
    monkeypatch.setenv("IPYTHONDIR", str(place / "ipython"))
    looks = "import os, beside\nassert beside.VALUE == 7 and 'started' not in globals()\n"
    looks += f"assert os.getcwd() == {str(place)!r} and hash('工资') == {hash_with_seed_0()}"
    assert outcomes(place, task(place, "looks", looks, SHOWS))["looks"].problem == ""


def hash_with_seed_0():
    command = [sys.executable, "-c", "print(hash('工资'))"]
    return int(subprocess.check_output(command, env={**os.environ, "PYTHONHASHSEED": "0"}))


def test_progress_is_told_and_what_was_read_is_known(place):
    (place / "prices.csv").write_text("a\n1\n")
    told = []
    reads = "prices = open('prices.csv').read()"
    found = outcomes(place, task(place, "good", SHOWS, reads), progress=lambda *step: told.append(step))
    assert told == [("good", 1, 2), ("good", 2, 2)]
    known = {Path(read.source).name for read in found["good"].reads or ()}
    assert "prices.csv" in known


def test_no_tasks_need_no_server(place):
    assert outcomes(place) == {}


# -- stopping -----------------------------------------------------------------------------------


@pytest.mark.parametrize("fork", ["1", "0"])
def test_an_exception_in_the_callers_loop_ends_all(place, monkeypatch, fork):
    monkeypatch.setenv("WAGEKIT_FORK", fork)
    slow = f"import subprocess, sys, time\nsubprocess.Popen({SLEEPER})\ntime.sleep(600)"
    tasks = [task(place, "quick", SHOWS), *(task(place, f"slow{k}", slow) for k in range(3))]
    with pytest.raises(KeyboardInterrupt):
        stopped_after_the_first(place, tasks)
    assert gone(marked)


def stopped_after_the_first(place, tasks):
    for outcome in run(tasks, place / "out", failed=place / "failed", jobs=3):
        assert outcome.task.name == "quick"
        assert gone(lambda: not marked())  # until one of the slow ones runs
        raise KeyboardInterrupt


BUILDER = """
import signal, sys, tempfile
from pathlib import Path
from tests.builds.made_tasks import task
from wagekit.builds.running import run

def stop(number, frame):
    raise SystemExit(7)

signal.signal(signal.SIGTERM, stop)
place = Path(sys.argv[1])
slow = sys.argv[2]
for outcome in run([task(place, f"slow{k}", slow) for k in range(3)], place / "out", failed=place / "failed", jobs=2):
    print(outcome)
"""


@LINUX
@pytest.mark.parametrize(("number", "fork"), [("SIGTERM", "1"), ("SIGKILL", "1"), ("SIGTERM", "0"), ("SIGKILL", "0")])
def test_nothing_outlives_the_builder(place, number, fork):
    slow = f"import subprocess, sys, time\nsubprocess.Popen({SLEEPER}, start_new_session=True)\ntime.sleep(600)"
    environment = {**os.environ, "TMPDIR": str(place / "t"), "WAGEKIT_FORK": fork}
    builder = subprocess.Popen([sys.executable, "-c", BUILDER, str(place), slow], env=environment)
    try:
        assert gone(lambda: len(marked()) < 2, 60.0)
        started = psutil.Process(builder.pid).children(recursive=True)
        builder.send_signal(getattr(signal, number))
        builder.wait(20)
    finally:
        builder.kill()
    assert gone(lambda: [each for each in started if each.is_running()])
    assert gone(marked)
    if fork == "1" or number == "SIGTERM":
        assert gone(lambda: list((place / "t").iterdir()))
    else:  # without a server nobody is left to put these away
        for left in (place / "t").iterdir():
            shutil.rmtree(left)
