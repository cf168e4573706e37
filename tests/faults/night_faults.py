"""Break a night build in every way that nights break builds, and look at what readers find in the morning.

    python -m tests.faults.night_faults                      all, on a small release; some ten minutes
    python -m tests.faults.night_faults --only kills         kills, notebooks, disks, twice
    python -m tests.faults.night_faults --write              also write tests/faults/night_faults.md

Whatever happens, the published folder holds, byte for byte, the release before or the new one; no process goes on;
the next build clears away what was left half-made. The disks are small tmpfs mounts and need root; without it that
part is left out and says so.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.faults.night_place import Place, digest, ended

NOTEBOOKS: tuple[tuple[str, str, str, dict[str, float]], ...] = (
    ("raises", "1 / 0", r"ZeroDivisionError", {}),
    ("ends itself politely", "import sys\nsys.exit(3)", r"SystemExit|ended", {}),
    ("ends itself", "import os\nos._exit(3)", r"kernel (ended|died)|ended", {}),
    ("crashes", "import ctypes\nctypes.string_at(0)", r"ended", {}),
    ("is killed", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", r"ended", {}),
    ("computes for ever", "while True:\n    pass", r"more than 4 s", {"cell": 4}),
    ("sleeps", "import time\ntime.sleep(600)", r"more than 4 s", {"cell": 4}),
    (
        "sleeps and won't be interrupted",
        "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "while True:\n    try:\n        time.sleep(600)\n    except BaseException:\n        pass",
        r"more than 4 s",
        {"cell": 4},
    ),
    (
        "takes too long as a whole",
        "import time\nfor _ in range(90):\n    time.sleep(1)",
        r"more than 8 s",
        {"report": 8},
    ),
    ("eats memory at once", "kept = bytearray(3 * 2**30)", r"[Mm]emory", {}),
    ("eats memory bit by bit", "kept = []\nwhile True:\n    kept.append(bytearray(2**20))", r"[Mm]emory", {}),
    ("prints without end", "while True:\n    print('x' * 1_000_000)", r"more than 6 s|[Mm]emory|output", {"cell": 6}),
    (
        "leaves a process behind",
        "import subprocess\nsubprocess.Popen(['sleep', '600'], start_new_session=True)\n1 / 0",
        r"ZeroDivisionError",
        {},
    ),
    (
        "shows a table that no rule has seen",
        "import pandas as pd\npd.DataFrame({'a': [1]})",
        r"no release rule has seen",
        {},
    ),
    (
        "shows a figure without words",
        "from IPython.display import SVG\nSVG('<svg xmlns=\"http://www.w3.org/2000/svg\"/>')",
        r"no alternative text",
        {},
    ),
)
"""What the second notebook does, the last cell of it, what the sentence must say, the limits."""


@dataclass
class Result:
    """One fault: what was done, what was found wrong (nothing, if all went as it should), and what the build said."""

    part: str
    fault: str
    wrong: list[str]
    said: str = ""


def notebooks(folder: Path, _: argparse.Namespace) -> Iterator[Result]:
    """A notebook that fails: the build fails with a sentence, the release stays, the others are finished."""
    place = Place(folder)
    first = place.build()
    if first.status != 0:
        yield Result("notebooks", "none, as a start", [f"the build failed: {first.said}"])
        return
    before = digest(place.output)
    for number, (name, cell, sentence, limits) in enumerate(faults_of(place), start=1):
        shutil.rmtree(place.output.parent / f"{place.output.name}.builds", ignore_errors=True)
        place.declare(f"别的标题{number}", cell, **limits)
        found = place.build(timeout=120)
        wrong = []
        if found.status == 0:
            wrong.append("the build did not fail")
        if digest(place.output) != before:
            wrong.append("the published release has changed")
        if not re.search(sentence, found.said) or found.said.count("\n"):
            wrong.append(f"it said {found.said[:300]!r}")
        searched = "would give away" in found.said
        if not searched and place.failed() != ["second.failed.ipynb"]:
            wrong.append(f"kept {place.failed()}")
        if not {"first", "third"} <= place.finished():
            wrong.append(f"of the others only {sorted(place.finished())} were finished")
        wrong += after(place)
        yield Result("notebooks", name, wrong, found.said)
    place.declare("别的标题")
    good = place.build()
    wrong = [] if good.status == 0 and digest(place.output) != before else [good.said]
    yield Result("notebooks", "none, at the end: the next build publishes", wrong + after(place))


def faults_of(place: Place) -> Iterator[tuple[str, str, str, dict[str, float]]]:
    """The faults, and two that need the survey: showing a code of it and a value that is held back."""
    yield from NOTEBOOKS
    code = "import wagekit\nprint(wagekit.open(store, read_only=True).enterprises(wave)['enterprise_id'][0])"
    yield "prints an enterprise's code", code, r"would give away .* identifier", {}
    value = (
        "from wagekit.disclosure import ReleaseRules\n"
        "found = report.survey.mean('annual_pay', by=['industry', 'enterprise_size'])\n"
        "wk.release(found, ReleaseRules(min_employees=1000))\n"
        "print(round(found.frame['estimate'][0], 1))"
    )
    yield "prints a value that is held back", value, r"would give away .* held back", {}


def after(place: Place) -> list[str]:
    """What a build left that it shouldn't."""
    strays, left = place.strays(), place.leftovers()
    return [f"still running: {each}" for each in strays] + [f"left behind: {each}" for each in left]


def disks(folder: Path, _: argparse.Namespace) -> Iterator[Result]:
    """A full disk and one that can only be read, at the release and at the temporary files."""
    place = Place(folder)
    disk = folder / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(disk)], capture_output=True).returncode:
        yield Result("disks", "left out", ["no file system can be mounted here"])
        return
    try:
        yield from _disks(place, disk)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def _disks(place: Place, disk: Path) -> Iterator[Result]:
    def remount(options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", str(disk)], check=True)

    def used() -> int:
        status = os.statvfs(disk)
        return (status.f_blocks - status.f_bfree) * status.f_frsize

    target = disk / "out" / "release"
    place.output = target
    first = place.build()
    if first.status != 0:
        yield Result("disks", "none, as a start", [first.said])
        return
    before, taken = digest(target), used()
    temporary = {"TMPDIR": str(disk / "temporary")}
    (disk / "temporary").mkdir()
    needed = sum(-(-path.stat().st_size // 4_096) * 4_096 for path in target.iterdir())
    cases: list[tuple[str, str, dict[str, str]]] = [
        (f"room for {part:.0%} of the release", f"size={taken + int(part * needed)}", {})
        for part in (0.01, 0.2, 0.4, 0.6, 0.8, 0.95)
    ]
    cases += [("read-only target", "ro", {})]
    cases += [
        (f"room for {part:.0%} of the release and all temporary files", f"size={taken + int(part * needed)}", temporary)
        for part in (0.2, 0.8)
    ]
    cases += [("read-only, temporary files too", "ro", temporary)]
    for number, (name, options, changes) in enumerate(cases, start=1):
        place.declare(f"满{number}")
        remount(options)
        found = place.build("--force", timeout=180, **changes)
        wrong = [] if found.status else ["the build did not fail"]
        if digest(target) != before:
            wrong.append("the published release has changed")
        if found.said.count("\n") or "wagekit's own" in found.said or not found.said.startswith("wagekit: "):
            wrong.append(f"it said {found.said[:400]!r}")
        remount("rw,size=64m")
        wrong += after(place)
        yield Result("disks", name, wrong, found.said)
        shutil.rmtree(disk / "temporary")
        (disk / "temporary").mkdir()
    good = place.build("--force")
    wrong = [] if good.status == 0 and digest(target) != before else [good.said]
    yield Result("disks", "room again: the next build publishes", wrong + after(place))


def kills(folder: Path, given: argparse.Namespace) -> Iterator[Result]:
    """kill -9 of the builder at random moments spread over a whole build; then SIGTERM and Ctrl-C."""
    place = Place(folder)
    digests: dict[str, str] = {}
    seconds = 0.0
    for title in ("甲", "乙"):
        place.declare(title)
        built = place.build("--force")
        if built.status != 0:
            yield Result("kills", "none, as a start", [built.said])
            return
        digests[title], seconds = digest(place.output), built.seconds
    current, random_moments, moments = "乙", random.Random(given.seed), given.moments
    # One moment in each of as many equal parts of the build, in any order, so that none is left out.
    parts = [(number + random_moments.random()) / moments for number in range(moments)]
    random_moments.shuffle(parts)
    kept = {"old": 0, "new": 0, "ended before": 0}
    wrong: list[str] = []
    half_made = 0
    for part in parts:
        title = "甲" if current == "乙" else "乙"
        place.declare(title)
        began = time.monotonic()
        process = place.start("--force")
        try:
            process.wait(part * seconds)
            # The machine is faster than it was: from now on a build is taken to be this long.
            seconds = time.monotonic() - began
        except subprocess.TimeoutExpired:
            pass
        killed = process.poll() is None
        process.kill()
        ended(process, began)
        found = digest(place.output)
        if found not in digests.values():
            wrong.append(f"at {part:.0%}: the release is neither the old nor the new one")
        kept["ended before" if not killed else "new" if found == digests[title] else "old"] += 1
        current = next((name for name, each in digests.items() if each == found), current)
        wrong += [f"at {part:.0%}: still running after 5 s: {each}" for each in place.strays()]
        half_made += any(left.startswith(".") for left in place.leftovers())
    said = f"{kept['old']} times the old release was found, {kept['new']} times the new one; {kept['ended before']} "
    said += f"builds had just ended; a build took {seconds:.0f} s; {half_made} times half-made files lay beside it, "
    said += f"{place.empty_folders()} empty temporary folders stayed"
    yield Result("kills", f"kill -9 at {moments} moments", wrong, said)
    good = place.build("--force")
    yield Result(
        "kills", "the next build publishes and sweeps", ([] if good.status == 0 else [good.said]) + after(place)
    )
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        yield _stopped(place, number, seconds, digests)


def _stopped(place: Place, number: signal.Signals, seconds: float, digests: dict[str, str]) -> Result:
    """Asked to stop, at five moments."""
    wrong: list[str] = []
    said: set[str] = set()
    for part in (0.1, 0.3, 0.5, 0.7, 0.9):
        title = next(name for name, each in digests.items() if each != digest(place.output))
        place.declare(title)
        process = place.start("--force")
        time.sleep(part * seconds)
        process.send_signal(number)
        found = ended(process, time.monotonic(), timeout=30)
        said.add(found.said)
        if digest(place.output) not in digests.values():
            wrong.append(f"at {part:.0%}: the release is neither the old nor the new one")
        if found.status == 0 and digest(place.output) != digests[title]:
            wrong.append(f"at {part:.0%}: status 0, but nothing was published")
        if found.seconds > 10:
            wrong.append(f"at {part:.0%}: it took {found.seconds:.0f} s to stop")
        wrong += [f"at {part:.0%}: {each}" for each in after(place)]
    return Result("kills", f"{number.name} at 5 moments", wrong, "; ".join(sorted(said)))


def twice(folder: Path, _: argparse.Namespace) -> Iterator[Result]:
    """Two builds at once, and five."""
    place = Place(folder)
    place.declare("甲")
    first = place.start("--force")
    time.sleep(1.0)
    began = time.monotonic()
    second = place.build("--force")
    one = ended(first, began)
    wrong = [] if (one.status, second.status) == (0, 1) else [f"{one}, {second}"]
    if "another process" not in second.said:
        wrong.append(f"the second said {second.said!r}")
    yield Result("twice", "a second build while one runs", wrong + after(place), second.said)
    before = digest(place.output)
    place.declare("乙")
    many = [place.start("--force", "--wait", "200") for _ in range(5)]
    ends = [ended(process, began) for process in many]
    wrong = [f"{each}" for each in ends if each.status != 0]
    if digest(place.output) == before:
        wrong.append("nothing new was published")
    yield Result("twice", "five builds at once that wait for each other", wrong + after(place))


PARTS: dict[str, Callable[[Path, argparse.Namespace], Iterator[Result]]] = {
    "notebooks": notebooks,
    "disks": disks,
    "kills": kills,
    "twice": twice,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=sorted(PARTS), action="append")
    parser.add_argument("--moments", type=int, default=50)
    parser.add_argument("--seed", type=int, default=20240930)
    parser.add_argument("--write", action="store_true", help="write night_faults.md beside this script")
    given = parser.parse_args()
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="night-") as name:
        for part in given.only or PARTS:
            began = time.monotonic()
            for result in PARTS[part](Path(name, part), given):
                results.append(result)
                print(f"{'ok ' if not result.wrong else 'BAD'} {part}: {result.fault}", flush=True)
                for each in result.wrong:
                    print(f"      {each}", flush=True)
                if result.said:
                    print(f"      said: {result.said[:300]}", flush=True)
            print(f"    {part}: {time.monotonic() - began:.0f} s", flush=True)
    bad = sum(bool(result.wrong) for result in results)
    print(f"{len(results)} faults, {bad} not as they should be")
    if given.write:
        write(results)
    return bool(bad)


def write(results: list[Result]) -> None:
    """The results as tables in Markdown; parts that were not run this time stay as they are."""
    path = Path(__file__).with_suffix(".md")
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    text = "# What a night build does when things break\n\nWritten by `python -m tests.faults.night_faults --write`.\n"
    for part, run in PARTS.items():
        lines = [_line(result) for result in results if result.part == part]
        before = re.search(rf"^## {part}\n.*?(?=^## |\Z)", old, re.M | re.S)
        if lines:
            about = (run.__doc__ or "").strip()
            head = f"## {part}\n\n{about}\n\n| fault | as it should be | what the build said |\n| --- | --- | --- |\n"
            text += "\n" + head + "\n".join(lines) + "\n"
        elif before is not None:
            text += "\n" + before[0].rstrip() + "\n"
    path.write_text(text, encoding="utf-8")


def _line(result: Result) -> str:
    said = re.sub(r"/\S*/(?=[\w.-]+)", "…/", result.said)
    fine = "yes" if not result.wrong else "no: " + "; ".join(result.wrong)
    cells = [text.replace("|", "\\|").replace("\n", " ") for text in (result.fault, fine, said)]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
