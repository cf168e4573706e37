"""The compiled passes against NumPy's functions, which are their reference, over designs and shapes of tables."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest

import wagekit as wk
from wagekit.estimates import RESULT_COLUMNS

NUMBERS = [name for name in RESULT_COLUMNS if name not in ("statistic", "flag")]
DOMAINS = ["n", "n_psu", "population", "largest_share", "largest_weighted_share", "largest_total_share"]


def _frame(n: int = 900, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    firm = np.sort(rng.integers(0, 120, n))
    stratum = np.where(firm == 7, 99, firm % 9)  # stratum 99 has one firm
    frame = pd.DataFrame(
        {
            "pay": rng.lognormal(11, 0.5, n).round(-2),
            "hours": rng.integers(20, 60, n).astype(float),
            "loss": rng.normal(0, 1e4, n).round(),
            "w": rng.choice([0.7, 1.3, 2.9], n),
            "firm": firm,
            "office": firm * 3 + rng.integers(0, 3, n),
            "stratum": stratum,
            "firms": 400,
            "offices": 9,
            "region": rng.choice(["north", "south", None], n, p=[0.6, 0.3, 0.1]),
            "occupation": pd.Categorical(rng.choice(list("dcba"), n), categories=list("zdcba")),
            "size": rng.integers(-2, 3, n),
            "sex": rng.choice(["f", "m"], n),
        }
    )
    frame.loc[rng.random(n) < 0.05, "pay"] = np.nan
    return frame.sample(frac=1, random_state=1).reset_index(drop=True)


DESIGNS: dict[str, dict[str, Any]] = {
    **{rule: {"strata": "stratum", "psu": "firm", "single_psu": rule} for rule in ("adjust", "average", "remove")},
    "certainty": {"strata": "stratum", "psu": "firm", "fpc": "firms", "single_psu": "certainty"},
    "two stages": {
        "strata": "stratum", "psu": ["firm", "office"], "fpc": ["firms", "offices"], "single_psu": "adjust",
    },
    "rows are units": {},
    "stratified rows": {"strata": "stratum"},
    "census": {"strata": "stratum", "psu": "firm", "fpc": "taken", "single_psu": "remove"},
}  # fmt: skip
GROUPINGS = [None, "region", ["occupation", "size"], ["region", "occupation", "size", "sex"]]


def _estimates(survey: wk.Survey, by: Any) -> dict[str, wk.Estimates]:
    return {
        "percentiles": survey.percentiles("pay", by=by, q=(5, 10, 25, 33, 50, 60, 75, 90, 95)),
        "mean": survey.mean("pay", by=by),
        "total": survey.total("loss", by=by),
        "ratio": survey.ratio("pay", "hours", by=by),
        "count": survey.count(by=by),
        "gini": survey.gini("pay", by=by),
        "gap": survey.pay_gap("pay", group="sex", reference="m", by=by),
    }


def _same(found: wk.Estimates, expected: wk.Estimates, word: str) -> None:
    # Sums of the same numbers in another order differ in the last digits; nothing else may.
    other = [name for name in expected.frame if name not in NUMBERS]
    pd.testing.assert_frame_equal(found.frame[other], expected.frame[other], obj=word)
    for frame, wanted, names in (
        (found.frame, expected.frame, NUMBERS),
        (found.domains, expected.domains, DOMAINS),
    ):
        np.testing.assert_allclose(
            frame[names].to_numpy(float), wanted[names].to_numpy(float), rtol=1e-9, atol=1e-9, err_msg=word
        )


@pytest.mark.parametrize("weights", ["w", "some"])
@pytest.mark.parametrize("design", DESIGNS)
def test_the_compiled_passes_give_the_same(design: str, weights: str, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = _frame().assign(taken=lambda f: np.where(f["stratum"] == 2, 1.0, 0.5))
    frame["some"] = np.where(frame["firm"] % 11 == 0, 0.0, frame["w"])
    made = []
    for wish in ("0", "1"):
        monkeypatch.setenv("WAGEKIT_COMPILED", wish)
        survey = wk.Survey(frame, weights=weights, **DESIGNS[design])
        parts = [survey, survey.where(size=[0, 1, 2])]
        made.append([_estimates(part, by) for part in parts for by in GROUPINGS])
    for expected, found in zip(*made, strict=True):
        for word in expected:
            _same(found[word], expected[word], f"{design}: {word}")


def test_a_level_far_above_the_spread_costs_no_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = _frame().assign(cell=lambda f: f["size"] > 0).dropna(subset="pay")
    plain = frame["pay"] / 1e5
    results = []
    for level in (0.0, 2.0**33):
        # Both cells far from one another as well as from 0; what is added is kept exactly.
        y = (plain * 2**17).round() / 2**17 + level * (1 + frame["cell"])
        monkeypatch.setenv("WAGEKIT_COMPILED", "1")
        survey = wk.Survey(frame.assign(y=y), weights="w", strata="stratum", psu="firm", single_psu="adjust")
        results.append(survey.mean("y", by="cell").frame[["se", "deff"]].to_numpy())
    np.testing.assert_allclose(results[1], results[0], rtol=1e-9)


def test_many_thinkable_cells_and_few_that_occur(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"y": rng.normal(size=500), "w": 1.0, "firm": np.arange(500) // 4})
    for name in "abcd":
        frame[name] = rng.integers(0, 40, 500) * 10**9
    made = []
    for wish in ("0", "1"):
        monkeypatch.setenv("WAGEKIT_COMPILED", wish)
        made.append(wk.Survey(frame, weights="w", psu="firm").mean("y", by=list("abcd")))
    _same(made[1], made[0], "sparse")
    assert len(made[0].frame) == frame.groupby(list("abcd")).ngroups
    expected = frame.groupby(list("abcd"))["y"].mean()
    np.testing.assert_allclose(made[0].frame["estimate"], expected, rtol=1e-12)
    pd.testing.assert_index_equal(pd.MultiIndex.from_frame(made[0].frame[list("abcd")]), expected.index)


CASES = {
    "cents": lambda rng, n: np.exp(rng.normal(11, 0.5, n)).round(2),
    "all digits": lambda rng, n: np.exp(rng.normal(11, 0.5, n)),
    "hundreds": lambda rng, n: np.exp(rng.normal(11, 0.5, n)).round(-2),
    "one value": lambda rng, n: np.full(n, 5.0),
    "negative": lambda rng, n: rng.normal(0, 1, n),
    "leading digits alike": lambda rng, n: np.where(
        rng.random(n) < 0.5, 1 + 1e-12 * rng.random(n), 1e200 * rng.random(n)
    ),
    "any size": lambda rng, n: rng.choice([0.0, 1e-300, 1e300, -1e300, 3.0], n) + rng.normal(0, 1, n),
    "ascending": lambda rng, n: np.sort(rng.normal(0, 1, n)),
    "zeros of both signs": lambda rng, n: rng.choice([0.0, -0.0, 1.0], n) + 0.0,
}


@pytest.mark.parametrize("n", [1, 2, 50_000])
@pytest.mark.parametrize("case", CASES)
def test_the_order_of_values(case: str, n: int) -> None:
    from wagekit.statistics.compiled import ascending_order

    values = CASES[case](np.random.default_rng(1), n)
    np.testing.assert_array_equal(ascending_order(values), np.argsort(values, kind="stable"))


def test_nothing_is_compiled_that_was_not_compiled_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    from wagekit.statistics import compiled, warming

    monkeypatch.setenv("WAGEKIT_COMPILED", "1")
    warming.run_all()
    passes = [value for value in vars(compiled).values() if hasattr(value, "signatures")]
    known = {one.__name__: set(one.signatures) for one in passes}
    assert len(known) > 10
    assert all(known.values()), [name for name, signatures in known.items() if not signatures]
    for design in ("adjust", "two stages", "rows are units"):
        survey = wk.Survey(_frame(), weights="w", **DESIGNS[design])
        for part in (survey, survey.where(size=[0, 1, 2])):
            _estimates(part, ["region", "occupation"])
            part.mean("pay", by=wk.cube("region", "occupation"))
    assert {one.__name__: set(one.signatures) for one in passes} == known


@pytest.mark.parametrize("method", ["bootstrap", "JKn"])
def test_replicates_of_percentiles(method: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = _frame()
    made = []
    for wish in ("0", "1"):
        monkeypatch.setenv("WAGEKIT_COMPILED", wish)
        survey = wk.Survey(frame, weights="w", strata="stratum", psu="firm", single_psu="remove")
        varied = (
            survey.with_replicates(method, n=15, seed=4) if method == "bootstrap" else survey.with_replicates(method)
        )
        made.append(
            [varied.percentiles("pay", by=["region", "occupation", "size"], ci="replicates"), varied.mean("pay")]
        )
    for expected, found in zip(*made, strict=True):
        _same(found, expected, method)


FORKS = """
import os, sys
import numpy as np, pandas as pd, wagekit as wk

frame = pd.DataFrame({"y": np.arange(4000.0) % 977, "w": 1.0, "firm": np.arange(4000) // 8, "cell": np.arange(4000) % 7})

def table():
    return wk.Survey(frame, weights="w", psu="firm").percentiles("y", by="cell").frame

if sys.argv[1] == "after":
    expected = table()
else:
    survey = wk.Survey(frame, weights="w", psu="firm")  # a thread loads the passes while this process forks
child = os.fork()
if child == 0:
    made = table()
    os._exit(0 if len(made) == 35 and (sys.argv[1] != "after" or made.equals(expected)) else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.parametrize("when", ["after", "during"])
def test_a_forked_process_makes_tables_of_its_own(when: str) -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORKS, when]
    done = subprocess.run(command, env={**os.environ, "WAGEKIT_COMPILED": "1"}, timeout=300, check=False)
    assert done.returncode == 0
