"""The example schedules run: their commands are taken out of the files and executed for a small release."""

import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass

import pytest
import yaml

from tests.command import COMMAND, POSIX
from wagekit.builds.journal import journal_of, read
from wagekit.resources import resource

pytestmark = POSIX

FOLDER = resource("data", "examples", "schedules")
PLACES = {"WAGEKIT": "/opt/wagekit/bin/wagekit", "RELEASE": "/srv/wagekit/", "OUTPUT": "/srv/wagekit/published/"}
"""Where the examples say that things are, by the variables that say it."""
ANALYZE = shutil.which("systemd-analyze")

RELEASE = """\
[release]
store = "s.duckdb"
wave = 2023
title = "工资价位（模拟数据）"

[rules]
min_employees = 3
max_cv = false
min_employees_tails = false
min_enterprises_beyond = false

[calendar]
every = "day"

[[tables]]
name = "overall"
statistics = ["p50", "mean"]
"""
MISTAKEN = RELEASE.replace('"mean"', '"maen"')


@dataclass(frozen=True)
class Place:
    """A folder with a small release, and what the variables of the examples are set to for it."""

    folder: object
    variables: dict

    @property
    def output(self):
        return self.folder / "published"

    def declare(self, text):
        (self.folder / "release.toml").write_text(text, encoding="utf-8")


@pytest.fixture
def place(tmp_path, good):
    shutil.copy(good[2], tmp_path / "s.duckdb")
    found = {"WAGEKIT": COMMAND, "RELEASE": f"{tmp_path}/release.toml", "OUTPUT": f"{tmp_path}/published"}
    made = Place(tmp_path, found)
    made.declare(RELEASE)
    return made


def run(command, environment, folder):
    """What a scheduler does: run a command with its own environment, which is nearly empty."""
    return subprocess.run(
        command,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=180,
    )


def is_published(place):
    names = {path.name for path in place.output.glob("overall*")}
    ends = [event["event"] for event in read(journal_of(place.output))]
    return {"overall.csv", "overall_tidy.csv", "overall.html"} <= names and ends[-1] == "published"


def overridden(declared, place):
    """The variables that a file declares, at the places of the test; each is one that says where something is."""
    for name, value in declared.items():
        if name in PLACES:
            assert value.startswith(PLACES[name])
    return {**declared, **{name: place.variables[name] for name in PLACES if name in declared}}


# -- cron ----------------------------------------------------------------------------------------


def crontab():
    """The environment and the entries (schedule, command) of the crontab, as cron reads them."""
    environment, entries = {}, []
    for line in (FOLDER / "wagekit.crontab").read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if assigned := re.fullmatch(r"(\w+)\s*=\s*(.*)", line):
            environment[assigned[1]] = assigned[2]
        else:
            *schedule, command = line.split(None, 5)
            assert len(schedule) == 5
            assert all(re.fullmatch(r"[\d*,/-]+", field) for field in schedule)
            assert "%" not in command, "cron takes it for the end of a line"
            entries.append((schedule, command))
    return environment, entries


def test_cron(place):
    declared, ((_, build), (_, status)) = crontab()
    assert set(PLACES) <= set(declared)
    environment = overridden(declared, place)
    shell = environment["SHELL"]
    done = run([shell, "-c", build], environment, place.folder)
    assert (done.returncode, done.stdout) == (0, "")
    assert is_published(place)
    assert "overall.csv" in (place.folder / "published.log").read_text(encoding="utf-8")
    # All is well: cron has nothing to mail.
    done = run([shell, "-c", status], environment, place.folder)
    assert (done.returncode, done.stdout) == (0, "")
    # A release that isn't declared well: the mail has the reason.
    place.declare(RELEASE.replace("s.duckdb", "none.duckdb"))
    assert run([shell, "-c", build], environment, place.folder).returncode == 1
    assert "none.duckdb" in (place.folder / "published.log").read_text(encoding="utf-8")
    assert (place.output / "overall.csv").exists()
    done = run([shell, "-c", status], environment, place.folder)
    assert "none.duckdb" in done.stdout
    assert done.stdout.count("\n") == 1


# -- systemd -------------------------------------------------------------------------------------


def unit(name, instance):
    """Keys of a unit's sections with all their values, specifiers replaced."""
    specifiers = {"%i": instance, "%C": "/var/cache"}
    found, section = {}, ""
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        if header := re.fullmatch(r"\[(\w+)\]", line):
            section = header[1]
        elif line and line[0] not in "#;":
            key, value = line.split("=", 1)
            assert set(re.findall(r"%.", value)) <= set(specifiers)
            for word, meaning in specifiers.items():
                value = value.replace(word, meaning)
            found.setdefault((section, key), []).append(value)
    return found


def command_of(service, place):
    """The command line of a service and its environment; `${NAME}` is replaced within a word, as systemd does."""
    pairs = [word.split("=", 1) for line in service["Service", "Environment"] for word in shlex.split(line)]
    declared = dict(pairs)
    environment = overridden(declared, place)
    if home := environment.pop("HOME", None):
        assert home == f"/var/cache/{service['Service', 'CacheDirectory'][0]}"
    (line,) = service["Service", "ExecStart"]
    program, *words = shlex.split(line)
    assert program == PLACES["WAGEKIT"]
    filled = [re.sub(r"\$\{(\w+)\}", lambda name: environment[name[1]], word) for word in words]
    assert not any("$" in word for word in filled)
    return [COMMAND, *filled], environment


def test_systemd(place):
    service = unit("wagekit@.service", "2023")
    build, environment = command_of(service, place)
    done = run(build, environment, place.folder)
    assert done.returncode == 0, done.stdout
    assert is_published(place)
    # A failure starts the unit that says how the release stands.
    (on_failure,) = service["Unit", "OnFailure"]
    assert on_failure == "wagekit-status@2023.service"
    after = unit(on_failure.replace("2023", ""), "2023")
    status, environment = command_of(after, place)
    assert run(status, environment, place.folder).returncode == 0
    place.declare(RELEASE.replace("s.duckdb", "none.duckdb"))
    assert run(build, environment, place.folder).returncode == 1
    done = run(status, environment, place.folder)
    assert str(done.returncode) in after["Service", "SuccessExitStatus"][0].split()
    assert "none.duckdb" in done.stdout
    # What is written lies where the service may write.
    for place_of in ("RELEASE", "OUTPUT"):
        assert PLACES[place_of].startswith(service["Service", "ReadWritePaths"][0])
    # Numba compiles while it runs.
    assert ("Service", "MemoryDenyWriteExecute") not in service


@pytest.mark.skipif(ANALYZE is None, reason="systemd is not installed")
def test_systemd_takes_the_units(tmp_path):
    for path in FOLDER.glob("wagekit*@.*"):
        # It asks whether the command is there.
        text = path.read_text(encoding="utf-8").replace(PLACES["WAGEKIT"], COMMAND)
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    units = sorted(path.name for path in tmp_path.iterdir())
    assert units == ["wagekit-status@.service", "wagekit@.service", "wagekit@.timer"]
    done = subprocess.run(
        [ANALYZE, "verify", "--man=no", *units], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    timer = unit("wagekit@.timer", "2023")
    (when,) = timer["Timer", "OnCalendar"]
    assert timer["Timer", "Persistent"] == ["true"]
    done = subprocess.run([ANALYZE, "calendar", when], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(ANALYZE is None, reason="systemd is not installed")
def test_the_build_has_few_rights(tmp_path):
    """systemd's own measure of exposure, in tenths: a service without any hardening has 96."""
    version = subprocess.run([ANALYZE, "--version"], capture_output=True, text=True, timeout=60).stdout.split()[1]
    if int(version) < 250:
        pytest.skip("systemd-analyze security reads unit files from 250 on")
    path = shutil.copy(FOLDER / "wagekit@.service", tmp_path)
    command = [ANALYZE, "security", "--offline=yes", "--no-pager", "--threshold=20", path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


# -- a CI workflow -------------------------------------------------------------------------------

CONDITIONS = {
    "always()": lambda failed: True,
    "failure()": lambda failed: failed,
    "success()": lambda failed: not failed,
}


def run_workflow(place):
    """Run the steps of the workflow that are commands, as the service does; whether it failed, and its summary."""
    workflow = yaml.safe_load((FOLDER / "release.yml").read_text(encoding="utf-8"))
    (job,) = workflow["jobs"].values()
    shell = job["defaults"]["run"]["shell"]
    assert shell == "bash"
    work = place.folder / "workspace"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    # pip is a stand-in that writes down what it is asked for: installing is not what is tried here.
    programs = place.folder / "programs"
    programs.mkdir(exist_ok=True)
    (programs / "wagekit").unlink(missing_ok=True)
    (programs / "wagekit").symlink_to(COMMAND)
    (programs / "pip").write_text(f'#!/bin/sh\necho "$@" > {shlex.quote(str(place.folder))}/pip.txt\n')
    (programs / "pip").chmod(0o755)
    summary = work / "summary.md"
    declared = {**workflow["env"]}
    assert declared["OUTPUT"].startswith(PLACES["OUTPUT"])
    environment = {
        **declared,
        "RELEASE": place.variables["RELEASE"],
        "OUTPUT": place.variables["OUTPUT"],
        "GITHUB_STEP_SUMMARY": str(summary),
        "PATH": f"{programs}:/usr/bin:/bin",
        "LANG": "C.UTF-8",
    }
    failed, kept, ran = False, [], []
    for step in job["steps"]:
        if not CONDITIONS[step.get("if", "success()")](failed):
            continue
        if "run" in step:
            assert "${{" not in step["run"], "an expression within a script is a way into it"
            script = work / "step.sh"
            script.write_text(step["run"], encoding="utf-8")
            done = run(["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)], environment, work)
            failed = failed or done.returncode != 0
            ran.append(step["name"])
        elif step["uses"].startswith("actions/upload-artifact@"):
            path = step["with"]["path"].replace("${{ env.OUTPUT }}", environment["OUTPUT"])
            kept.append(path)
    return failed, summary.read_text(encoding="utf-8"), kept, ran


def test_a_workflow(place):
    failed, summary, kept, ran = run_workflow(place)
    assert not failed, summary
    assert ran == ["Install", "Build", "Status"]
    assert (place.folder / "pip.txt").read_text() == "install wagekit[reports]\n"
    assert is_published(place)
    assert summary.count("\n") == 1
    assert kept == [str(place.output), str(journal_of(place.output))]
    assert all(os.path.exists(path) for path in kept)  # noqa: PTH110


def test_a_workflow_that_fails_says_why(place):
    place.declare(MISTAKEN)
    failed, summary, kept, ran = run_workflow(place)
    assert failed
    assert ran == ["Install", "Build", "Status", "What the build said"]
    assert "maen" in summary
    assert str(place.output) not in kept
