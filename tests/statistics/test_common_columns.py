"""Variances of what reaches over its cell (calibration, lines drawn from the whole sample) without laying out all units.

The reference are the totals of every cell over all units, which the covariance matrix is made from.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import sparse

import wagekit as wk
from tests.statistics.test_compiled_passes import DESIGNS, _frame
from wagekit.statistics.cells import Cells
from wagekit.statistics.deviations import Linearized, own_unit_totals, unit_deviations, unit_totals
from wagekit.statistics.growth import _cross
from wagekit.statistics.variance import covariance, variance

HAJEK = {"strata": "stratum", "psu": "firm", "fpc": "probability", "pps": "hajek", "single_psu": "adjust"}
ALL: dict[str, dict[str, Any]] = {**DESIGNS, "hajek": HAJEK, "brewer": {**HAJEK, "pps": "brewer"}}


def _cells(design: str, seed: int) -> tuple[Cells, Linearized]:
    frame = _frame().assign(taken=lambda f: np.where(f["stratum"] == 2, 1.0, 0.5))
    frame["probability"] = 0.1 + frame["firm"] % 7 / 10
    sample = wk.Survey(frame, weights="w", **ALL[design]).sample
    rng = np.random.default_rng(seed)
    n, cells = len(frame), 7
    common = sparse.random_array((n, 9), density=0.3, rng=rng, format="csr")
    scores = Linearized(rng.normal(1, 1, n), common, rng.normal(0, 0.3, (cells, 9)))
    code = rng.integers(-1, cells, n)
    return Cells(sample, code, cells), Linearized(
        np.where(code < 0, 0.0, scores.own), scores.common, scores.coefficients
    )


@pytest.mark.parametrize("wish", ["0", "1"])
@pytest.mark.parametrize("design", ALL)
def test_variances_are_those_of_totals_over_all_units(design: str, wish: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAGEKIT_COMPILED", wish)
    cells, linearized = _cells(design, 1)
    expected = np.diag(covariance([(cells, linearized)]))
    assert np.isfinite(expected).all() or design == "average"
    np.testing.assert_allclose(variance(cells, linearized), expected, rtol=1e-9)


def test_a_total_that_the_weights_are_calibrated_to_has_no_error() -> None:
    survey = wk.Survey(_frame().dropna(), weights="w", psu="firm")
    totals = {"sex": {"f": 5000.0, "m": 7000.0}}
    counts = survey.calibrate(totals, method="raking").count(by="sex").frame
    np.testing.assert_allclose(counts["estimate"], [5000, 7000], rtol=1e-8)
    assert counts["se"].isna().all()
    assert (counts["flag"] == "zero_variance").all()
    near = survey.calibrate(totals, method="raking").count(by=["sex", "size"]).frame
    assert (near["se"] > 0).all()


@pytest.mark.parametrize("kind", ["own", "one common", "both common"])
@pytest.mark.parametrize(
    "designs", [("adjust", "adjust"), ("adjust", "average"), ("hajek", "brewer"), ("stratified rows", "rows are units")]
)
def test_products_over_shared_units_are_those_of_all_units(designs: tuple[str, str], kind: str) -> None:
    made = [_cells(design, seed) for seed, design in enumerate(designs)]
    cells = (made[0][0], made[1][0])
    scores = [made[0][1], made[1][1]]
    for k in range(2):
        if kind == "own" or (kind == "one common" and k):
            scores[k] = Linearized(scores[k].own)
    rng = np.random.default_rng(5)
    units = [part.sample.first.stratum.size for part in cells]
    some = min(units) // 2
    shared = (rng.permutation(units[0])[:some], rng.permutation(units[1])[:some])
    sides = []
    for part, one, places in zip(cells, scores, shared, strict=True):
        stage = part.sample.first
        totals = own_unit_totals(part, stage, one.own).toarray().T
        if one.common is not None and one.coefficients is not None:
            totals = totals + unit_totals(stage, one.common) @ one.coefficients.T
        sides.append(unit_deviations(part.sample, stage, totals)[places])
    expected = (sides[0] * sides[1]).sum(axis=0)
    size = np.sqrt((sides[0] ** 2).sum(axis=0) * (sides[1] ** 2).sum(axis=0))
    np.testing.assert_allclose(_cross(cells, (scores[0], scores[1]), shared), expected, atol=1e-11 * size.max())
