"""Running the installed ``wagekit`` command in a process of its own, as a person at a terminal does."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = shutil.which("wagekit", path=str(Path(sys.executable).parent)) or "wagekit"


def environment(**changes):
    """The environment without what would change how the command talks."""
    kept = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "WAGEKIT_DEBUG")}
    return {**kept, "PYTHONUTF8": "1", **changes}


def start(*arguments, folder=None, **changes):
    """The command running, with its output caught; `changes` go into its environment."""
    return subprocess.Popen(
        [COMMAND, *map(str, arguments)],
        cwd=folder,
        env=environment(**changes),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def wagekit(*arguments, folder=None, timeout=120, **changes):
    """The command's exit status, output and complaints."""
    process = start(*arguments, folder=folder, **changes)
    try:
        said, complained = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return process.returncode, said, complained


VERBS = ("demo", "intake", "check", "tables", "build")
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals, pseudo-terminals and limits of POSIX")


def refusal(result):
    """The one sentence of a command that was refused."""
    status, said, complained = result
    assert status == 1, complained
    assert said == ""
    assert complained.startswith("wagekit: ")
    assert complained.endswith(".\n")
    assert complained.count("\n") == 1
    assert "Traceback" not in complained
    assert "wagekit's own" not in complained
    assert "\x1b" not in complained
    return complained


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
