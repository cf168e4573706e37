"""g-weights and standard errors of calibrated estimates against R survey 4.5 (tests/reference/weighting.R).

Tolerances: closed forms are the same double arithmetic on both sides, 1e-9. Iterative methods run to 1e-12 of
each total on both sides, and Newton's error is squared by the last step; what is left in a g-weight is that
misfit times the condition of the normal matrix of the scaled columns (below 100 here): 1e-9 as well.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.weighting.conftest import REFERENCE
from wagekit.design import Calibration, Sample, build_sample
from wagekit.statistics.cells import Cells
from wagekit.statistics.variance import Linearized, variance
from wagekit.weighting.calibration import Calibrated, calibrate, unit_means
from wagekit.weighting.margins import Margins, build_margins

TOLERANCE = 1e-9
SEVERAL = ("industry", "size", "sex", "age")


@pytest.fixture(scope="module")
def g_weights() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "weighting_g.csv")


def _margins(frame: pd.DataFrame, keys: tuple[Any, ...]) -> Margins:
    totals: dict[Any, Any] = {}
    for key in keys:
        if key in ("age", "revenue"):
            totals[key] = float(frame[key] @ frame["target"])
        else:
            totals[key] = frame.groupby(list(key) if isinstance(key, tuple) else key)["target"].sum().to_dict()
    return build_margins(frame.__getitem__, len(frame), totals)


CASES: dict[str, tuple[tuple[Any, ...], str, tuple[float, float] | None, bool]] = {
    "poststratify": (("industry",), "poststratify", None, False),
    "poststratify_crossed": ((("industry", "sex"),), "poststratify", None, False),
    "linear": (SEVERAL, "linear", None, False),
    "linear_crossed": ((("industry", "sex"), "age"), "linear", None, False),
    "linear_numeric": (("age", "revenue"), "linear", None, False),
    "linear_unit": (SEVERAL, "linear", None, True),
    "raking": (SEVERAL, "raking", None, False),
    "raking_categories": (SEVERAL[:3], "raking", None, False),
    "raking_unit": (SEVERAL, "raking", None, True),
    "raking_bounded": (SEVERAL, "raking", (0.845, 1.09), False),
    "logit": (SEVERAL, "logit", (0.8, 1.2), False),
    "logit_tight": (SEVERAL, "logit", (0.845, 1.1), False),
    "truncated": (SEVERAL, "truncated", (0.845, 1.09), False),
    "truncated_unit": (SEVERAL, "truncated", (0.83, 1.15), True),
}


def _calibrated(frame: pd.DataFrame, case: str) -> tuple[Margins, Calibrated]:
    keys, method, bounds, by_unit = CASES[case]
    margins = _margins(frame, keys)
    unit = pd.factorize(frame["firm"])[0] if by_unit else None
    weights = frame["weight"].to_numpy()
    found = calibrate(
        margins.matrix, weights, margins.totals, method, bounds, 1e-12, unit=unit, names=margins.names
    )  # fmt: skip
    return margins, found


@pytest.mark.parametrize("case", CASES)
def test_g_weights(case: str, frame: pd.DataFrame, g_weights: pd.DataFrame) -> None:
    _, found = _calibrated(frame, case)
    assert found.largest_error < 1e-12
    np.testing.assert_allclose(found.g, g_weights[case], rtol=TOLERANCE)


def _sample(frame: pd.DataFrame, weights: np.ndarray) -> Sample:
    return build_sample(weights, strata=[frame["stratum"].to_numpy()], psu=[frame["firm"].to_numpy()])


@pytest.mark.parametrize("case", CASES)
def test_standard_errors(case: str, frame: pd.DataFrame, estimates: pd.DataFrame) -> None:
    """The variance of calibrated estimates is that of the residuals."""
    margins, found = _calibrated(frame, case)
    weights = frame["weight"].to_numpy()
    matrix = margins.matrix
    if CASES[case][3]:
        unit = pd.factorize(frame["firm"])[0]
        matrix = unit_means(matrix, weights, unit)[0][unit]
    sample = replace(_sample(frame, weights * found.g), calibrations=(Calibration(matrix, weights, weights * found.g),))
    cells = Cells(sample, np.zeros(len(frame), dtype=np.int64), 1)
    pay, hours, total = frame["pay"].to_numpy(), frame["hours"].to_numpy(), sample.weights.sum()
    mean = sample.weights @ pay / total
    ratio = sample.weights @ pay / (sample.weights @ hours)
    wanted = {
        "total": (sample.weights @ pay, pay),
        "mean": (mean, (pay - mean) / total),
        "ratio": (ratio, (pay - ratio * hours) / (sample.weights @ hours)),
    }
    if not case.startswith("post"):
        for sex in ("female", "male"):
            inside = (frame["sex"] == sex).to_numpy()
            size = sample.weights[inside].sum()
            point = sample.weights[inside] @ pay[inside] / size
            wanted[f"mean sex={sex}"] = (point, np.where(inside, (pay - point) / size, 0.0))
    for statistic, (point, z) in wanted.items():
        own = Linearized(sample.weights * z)
        expected = estimates.loc[(case, statistic)]
        np.testing.assert_allclose(point, expected["estimate"], rtol=TOLERANCE)
        np.testing.assert_allclose(np.sqrt(variance(cells, own)[0]), expected["se"], rtol=TOLERANCE)
