"""Compiles the passes over rows ahead of need: ``python -m wagekit.statistics.warming``."""

from __future__ import annotations

import os
from typing import get_args

import numpy as np

from wagekit.design import build_sample
from wagekit.options import SinglePSU
from wagekit.statistics.acceleration import marker
from wagekit.statistics.cells import Cells
from wagekit.statistics.distribution import Distribution, Variable
from wagekit.statistics.estimation import estimate, estimate_percentiles
from wagekit.statistics.means import mean


def warm() -> None:
    """Run every pass once with the types it is called with, and leave the marker that says so."""
    os.environ["WAGEKIT_COMPILED"] = "1"
    y = np.arange(8.0)
    for rule in get_args(SinglePSU)[1:]:
        sample = build_sample(
            np.ones(8),
            strata=[np.array([0, 0, 0, 0, 1, 1, 1, 2])],
            psu=[np.array([0, 0, 1, 1, 2, 3, 3, 4])],
            single_psu=rule,
        )
        cells = Cells(sample, np.arange(8) % 2, 2, amount=y)
        estimate(cells, lambda part: mean(part, y), level=0.95)
        estimate_percentiles(Distribution(cells, Variable(y)), np.array([0.25, 0.5]), level=0.95)
    done = marker()
    if done is not None:
        done.parent.mkdir(exist_ok=True)
        done.touch()


if __name__ == "__main__":
    warm()
