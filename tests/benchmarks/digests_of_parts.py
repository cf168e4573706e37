"""Processor seconds to take the digests of all parts of a wave of 1,000,000 employees.

Run it with ``python -m tests.benchmarks.digests_of_parts``.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from tests.made_store import WAVE, copy_of_store

from wagekit.collect.parts import WaveData
from wagekit.collect.store import open as open_store

ROWS = 1_000_000


def large_wave() -> WaveData:
    """The simulated wave, repeated until it has so many rows, each with a pay and an identity of its own."""
    with tempfile.TemporaryDirectory() as name, open_store(copy_of_store(Path(name)), read_only=True) as store:
        small = store._wave_data(WAVE)
    times = -(-ROWS // len(small.frame))
    frame = pd.concat([small.frame] * times, ignore_index=True).iloc[:ROWS]
    copy = (np.arange(ROWS) // len(small.frame)).astype(str)
    frame = frame.assign(
        annual_pay=frame["annual_pay"] + np.arange(ROWS),
        enterprise_id=frame["enterprise_id"] + copy,
        employee_code=np.arange(ROWS).astype(str),
    )
    return WaveData(frame, small.design, small.notes, small.metadata, small.lists, small.of_enterprises)


def main() -> None:
    wave = large_wave()
    for column in ("industry", "occupation_sub_major"):
        fresh = WaveData(wave.frame, wave.design, wave.notes, wave.metadata, wave.lists, wave.of_enterprises)
        values = sorted(wave.frame[column].dropna().unique())
        began = time.process_time()
        for value in values:
            fresh.digest((column, value))
        print(f"{len(values):>3} parts by {column}: {time.process_time() - began:.1f} s")
    began = time.process_time()
    wave.digest()
    print(f"the whole wave: {time.process_time() - began:.1f} s")


if __name__ == "__main__":
    main()
