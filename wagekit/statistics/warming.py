"""Compiles the passes over rows ahead of need: ``python -m wagekit.statistics.warming``."""

from __future__ import annotations

import os
from typing import get_args

import numpy as np

from wagekit.arrays import Arranged
from wagekit.design import build_sample
from wagekit.options import SinglePSU
from wagekit.statistics.acceleration import marker
from wagekit.statistics.cells import Cells, Merged
from wagekit.statistics.crossing import CrossedRows, Crossing, coded
from wagekit.statistics.distribution import Distribution
from wagekit.statistics.estimation import estimate, estimate_percentiles
from wagekit.statistics.means import mean, ratio, total
from wagekit.statistics.variable import Variable
from wagekit.statistics.variance import variance


def warm() -> None:
    """Run every pass once with the types it is called with, and leave the marker that says so."""
    os.environ["WAGEKIT_COMPILED"] = "1"
    run_all()
    done = marker()
    if done is not None:
        done.parent.mkdir(exist_ok=True)
        done.touch()


def run_all() -> None:
    """Run every compiled pass once with the types it is called with."""
    y, x = Variable(np.arange(8.0)), Variable(np.arange(1.0, 9.0))
    inside = Arranged(np.arange(8) > 0)
    region, sex = coded(np.array([0, 1, 2, 0, 1, 2, 0, 0]), ("a", "b", "c")), coded(np.arange(8) % 2, ("f", "m"))
    for rule in get_args(SinglePSU)[1:]:
        sample = build_sample(
            np.ones(8),
            strata=[np.array([0, 0, 0, 0, 1, 1, 1, 2])],
            psu=[np.array([0, 0, 1, 1, 2, 3, 3, 4])],
            single_psu=rule,
        )
        fine = Crossing(8, (region, sex), inside)
        coarse = Crossing(8, (region,), inside, fine)
        cells = Cells(sample, CrossedRows(fine, every=True), fine.count_of_all, y)
        merged = Cells(
            sample, Merged(CrossedRows(coarse, every=True), cells, coarse.of_finer()), coarse.count_of_all, y
        )
        whole = Cells(sample, CrossedRows(Crossing(8, (region,))), 3, y)
        for part in (cells, merged, whole):
            for statistic in (lambda c: mean(c, y), lambda c: total(c, y), lambda c: ratio(c, y, x)):
                made = estimate(part, statistic, level=0.95)
                variance(part, made.linearize[0]())
            estimate_percentiles(Distribution(part, y), np.array([0.25, 0.5]), level=0.95)
        Cells(sample, whole.code, 3).tally  # noqa: B018


if __name__ == "__main__":
    warm()
