"""Starts a peer's statement in a process of its own and reads what it says."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from runners.data import Case

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
DENSE = 12e9
"""Bytes of rows x cells scores above which svy's means are not started."""


@dataclass(frozen=True)
class Measured:
    """What a statement took.

    Parameters
    ----------
    first : seconds of the first run in a fresh process.
    seconds : median of the runs after it, or of the only one.
    runs : how many those are.
    memory : MB at the peak above the process with its data loaded; NaN where it can't be read.
    numbers : the estimates, where the statement gives any.
    """

    first: float
    seconds: float
    runs: int
    memory: float
    version: str
    numbers: pd.DataFrame | None


@cache
def missing(peer: str) -> str:
    """Why a peer can't be run here; empty where it can."""
    if peer == "survey":
        script = shutil.which("Rscript")
        if script is None:
            return "R is not installed"
        found = subprocess.run([script, "-e", "library(survey)"], capture_output=True, check=False)
        return "" if found.returncode == 0 else "R has no package survey"
    return "" if importlib.util.find_spec(peer) else f"{peer} is not installed"


def run(peer: str, statement: str, case: Case, *, runs: int, patience: float) -> Measured | str:
    """Measure a statement, or say why there is nothing to be measured."""
    if reason := missing(peer):
        return f"skipped: {reason}"
    if peer == "svy" and statement == "mean" and case.rows * case.cells * 8 > DENSE:
        return f"skipped: svy would hold {case.rows * case.cells * 8 / 1e9:,.0f} GB of scores"
    target = case.folder / f"{peer}-{statement}.{'csv' if peer == 'survey' else 'parquet'}"
    target.unlink(missing_ok=True)
    if peer == "survey":
        command = ["Rscript", str(HERE / "with_survey.R"), statement, str(case.columns), str(target)]
    else:
        command = [sys.executable, str(HERE / "run.py"), peer, statement, str(case.parquet), str(target)]
        command += ["--runs", str(runs)]
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "WAGEKIT_COMPILED": "1"}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=patience, cwd=case.folder
        )
    except subprocess.TimeoutExpired:
        return f"stopped after {patience:,.0f} s"
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return f"ended with an error ({done.returncode}): {last[:200]}"
    said = json.loads(done.stdout.strip().splitlines()[-1])
    later = said["seconds"][1:] or said["seconds"]
    memory = float("nan") if said["memory"] is None else float(said["memory"])
    numbers = None
    if target.exists():
        numbers = pd.read_csv(target, skipinitialspace=True) if peer == "survey" else pd.read_parquet(target)
    return Measured(said["seconds"][0], statistics.median(later), len(later), memory, said["version"], numbers)
