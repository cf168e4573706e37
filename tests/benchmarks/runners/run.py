"""Runs one statement of one peer in this process and says what it took: ``run.py PEER STATEMENT DATA NUMBERS``.

Prints one line of JSON: seconds of each run, MB at the peak above the process with its data loaded, and the peer's
version. The numbers of the last run go to the file NUMBERS.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

PATIENCE = 20.0
"""Seconds of runs after which no further one is started."""


@dataclass(frozen=True)
class Statement:
    """What is timed of a peer.

    Parameters
    ----------
    call : the statement; it takes what `load` gave, or what `prepare` made of that.
    numbers : its result as a frame: domain columns, statistic, estimate and, if there is one, se, df and flag.
    prepare : made anew before each run and not timed.
    """

    call: Callable[[Any], Any]
    numbers: Callable[[Any], pd.DataFrame] | None = None
    prepare: Callable[[Any], Any] = lambda data: data


class Peak:
    """Highest resident memory of this process since it was made, in MB above what was resident then."""

    def __init__(self) -> None:
        gc.collect()
        try:
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # Linux: starts the high-water mark anew
            self._base = _status("VmRSS")
        except OSError:
            self._base = -1.0
            self._mark = _high_water()

    def read(self) -> float:
        return _high_water() - self._mark if self._base < 0 else _status("VmHWM") - self._base


def _status(key: str) -> float:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) / 1024
    raise OSError(key)


def _high_water() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peer")
    parser.add_argument("statement")
    parser.add_argument("data", type=Path)
    parser.add_argument("numbers", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).parents[1]))
    module = importlib.import_module(f"runners.with_{given.peer}")
    statement: Statement = module.STATEMENTS[given.statement]
    data = module.load(given.data)
    seconds: list[float] = []
    peak = Peak()
    while not seconds or (len(seconds) <= given.runs and sum(seconds) < PATIENCE):
        ready = statement.prepare(data)
        start = time.perf_counter()
        result = statement.call(ready)
        seconds.append(time.perf_counter() - start)
    highest = peak.read()
    if statement.numbers is not None:
        statement.numbers(result).to_parquet(given.numbers, index=False)
    print(json.dumps({"seconds": seconds, "memory": highest, "version": module.version()}))


if __name__ == "__main__":
    main()
