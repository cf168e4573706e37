"""Tables with their totals, estimated together: the same numbers as one table at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wagekit as wk
from wagekit.errors import InputError, ReleaseError
from wagekit.estimates import RESULT_COLUMNS
from wagekit.grouping import TOTAL, GroupingSets

WORDS = ["statistic", "flag"]
NUMBERS = [name for name in RESULT_COLUMNS if name not in WORDS]


@st.composite
def samples(draw: st.DrawFn) -> pd.DataFrame:
    n = draw(st.integers(10, 90))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    stratum = rng.integers(0, 3, n)
    frame = pd.DataFrame(
        {
            "pay": rng.choice([1e3, 2e3, 2.5e3, 5e3, 9.5e3], n) + rng.integers(0, 3, n) * 0.25,
            "hours": rng.integers(1, 9, n),
            "w": rng.choice([0.1, 0.3, 1.0, 2.7], n),
            "stratum": stratum,
            "firm": stratum * 10 + rng.integers(0, 4, n),
            "region": rng.choice(["north", "south", "east"], n),
            "year": rng.choice([2022, 2023], n),
            "sex": np.array(["f", "m"])[np.arange(n) % 2],
            "grade": rng.choice(["a", "b", "c"], n),
        }
    )
    # Some rows miss a pay or a region: they count in the totals over what they miss, and there alone.
    frame.loc[rng.random(n) < draw(st.sampled_from([0.0, 0.2])), "pay"] = np.nan
    frame.loc[rng.random(n) < draw(st.sampled_from([0.0, 0.2])), "region"] = None
    return frame


def _survey(frame: pd.DataFrame) -> wk.Survey:
    return wk.Survey(frame, weights="w", strata="stratum", psu="firm", single_psu="adjust")


def _ask(survey: wk.Survey, by: Any) -> list[wk.Estimates]:
    return [
        survey.percentiles("pay", by=by),
        survey.mean("pay", by=by),
        survey.total("pay", by=by),
        survey.ratio("pay", "hours", by=by),
        survey.count(by=by),
        survey.proportion("grade", by=by),
        survey.theil("pay", by=by),
        survey.pay_gap("pay", group="sex", reference="m", by=by),
    ]


def _rows(frame: pd.DataFrame, names: tuple[str, ...], columns: tuple[str, ...]) -> pd.DataFrame:
    """The rows of one grouping, the columns that it leaves out dropped."""
    inside = np.ones(len(frame), dtype=bool)
    for name in columns:
        inside &= (frame[name] != TOTAL) if name in names else (frame[name] == TOTAL)
    return frame[inside].drop(columns=[name for name in columns if name not in names]).reset_index(drop=True)


def _same_as_apart(survey: wk.Survey, sets: GroupingSets, *, exactly: bool) -> None:
    together = _ask(survey, sets)
    for names in sets.sets:
        for whole, apart in zip(together, _ask(survey, list(names)), strict=True):
            for frame, expected in ((whole.frame, apart.frame), (whole.domains, apart.domains)):
                found = _rows(frame, names, sets.columns)
                assert len(found) == len(expected) > 0
                for name in expected:
                    wanted = expected[name]
                    if not pd.api.types.is_float_dtype(wanted.dtype):
                        assert found[name].astype(str).tolist() == wanted.astype(str).tolist(), name
                    elif exactly:
                        np.testing.assert_array_equal(found[name], wanted, err_msg=name)
                    else:
                        # Sums of sums over enterprises differ from sums over rows in the last digits.
                        np.testing.assert_allclose(found[name], wanted, rtol=1e-9, atol=1e-9, err_msg=name)


SETS = [
    wk.cube("region", "year"),
    wk.rollup("year", "region", "sex"),
    wk.grouping_sets(["region", "sex"], ["year"], []),
    wk.grouping_sets(["region", "year"], ["year"]),
]


@given(samples(), st.sampled_from(SETS))
@settings(max_examples=25, deadline=None)
def test_tables_together_are_the_tables_apart(frame: pd.DataFrame, sets: GroupingSets) -> None:
    _same_as_apart(_survey(frame), sets, exactly=True)


@given(samples(), st.sampled_from(SETS))
@settings(max_examples=25, deadline=None)
def test_so_are_those_of_the_compiled_passes(frame: pd.DataFrame, sets: GroupingSets) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WAGEKIT_COMPILED", "1")
        _same_as_apart(_survey(frame), sets, exactly=False)


@given(samples())
@settings(max_examples=25, deadline=None)
def test_counts_and_totals_add_up(frame: pd.DataFrame) -> None:
    survey = _survey(frame.dropna())
    for estimates in (survey.count(by=wk.cube("region", "year")), survey.total("pay", by=wk.cube("region", "year"))):
        rows = estimates.frame.set_index(["region", "year"])["estimate"]
        inner = rows[[key for key in rows.index if TOTAL not in key]]
        for level, name in enumerate(("region", "year")):
            sums = inner.groupby(level=name, observed=True).sum()
            margin = rows[[key for key in rows.index if key[1 - level] == TOTAL and key[level] != TOTAL]]
            np.testing.assert_allclose(margin.to_numpy(), sums.to_numpy(), rtol=1e-12)
        np.testing.assert_allclose(rows[(TOTAL, TOTAL)], inner.sum(), rtol=1e-12)


def _frame() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "pay": rng.lognormal(11, 0.4, 240).round(2),
            "w": rng.uniform(1, 5, 240),
            "firm": np.arange(240) // 6,
            "region": np.arange(240) % 3,
            "sex": np.array(["f", "m"])[np.arange(240) // 3 % 2],
        }
    )


def test_totals_come_first_and_values_keep_their_type() -> None:
    estimates = wk.Survey(_frame(), weights="w", psu="firm").mean("pay", by=wk.cube("region", "sex"))
    assert estimates.by == ("region", "sex")
    assert list(zip(estimates.frame["region"], estimates.frame["sex"], strict=True)) == [
        (region, sex) for region in (TOTAL, 0, 1, 2) for sex in (TOTAL, "f", "m")
    ]
    assert estimates.frame["region"].dtype == pd.CategoricalDtype([TOTAL, 0, 1, 2], ordered=True)
    assert len(estimates.domains) == 12
    assert estimates.metadata["grouping_sets"] == (("region", "sex"), ("region",), ("sex",), ())
    partly = wk.Survey(_frame(), weights="w").mean("pay", by=wk.grouping_sets(["region", "sex"], "region"))
    assert pd.api.types.is_integer_dtype(partly.frame["region"])  # no grouping leaves it out


def test_rows_are_compared_across_groupings() -> None:
    survey = wk.Survey(_frame(), weights="w", psu="firm")
    together = survey.mean("pay", by=wk.rollup("region", "sex"))
    gap = together.contrast({"gap": {(2, "f"): 1, (TOTAL, TOTAL): -1}}).frame.iloc[0]
    # Against the regression of pay on one indicator over all rows and over the cell, by hand: the linearized variable
    # of a difference is the difference of the linearized variables.
    frame = _frame()
    inside = ((frame["region"] == 2) & (frame["sex"] == "f")).to_numpy()
    w, y = frame["w"].to_numpy(), frame["pay"].to_numpy()
    part, whole = np.average(y[inside], weights=w[inside]), np.average(y, weights=w)
    z = np.where(inside, w * (y - part) / w[inside].sum(), 0.0) - w * (y - whole) / w.sum()
    totals = np.bincount(frame["firm"], weights=z)
    variance = 40 / 39 * ((totals - totals.mean()) ** 2).sum()
    assert gap["estimate"] == pytest.approx(part - whole, rel=1e-12)
    assert gap["se"] == pytest.approx(np.sqrt(variance), rel=1e-9)


def test_a_released_table_names_its_totals() -> None:
    survey = wk.Survey(_frame(), weights="w", psu="firm")
    estimates = survey.percentiles("pay", by=wk.cube("region", "sex"), q=50)
    table = wk.release(estimates, unit="元/年", labels={"sex": {"f": "女", "m": "男"}})
    assert [row.names for row in table.rows][:4] == [("合计", "合计"), ("合计", "女"), ("合计", "男"), ("0", "合计")]
    english = wk.release(estimates, unit="yuan", language="en")
    assert english.rows[0].names == ("Total", "Total")
    assert TOTAL in set(table.to_frame("tidy")["region_code"])


def test_sums_and_their_total_do_not_tell_what_is_held_back() -> None:
    frame = _frame().assign(cell=lambda f: np.where(f.index < 20, "few", np.where(f["region"] == 1, "b", "c")))
    survey = wk.Survey(frame, weights="w", psu="firm")
    with pytest.raises(ReleaseError, match="could be calculated"):
        wk.release(survey.total("pay", by=wk.cube("cell")), unit="")
    assert len(wk.release(survey.mean("pay", by=wk.cube("cell")), unit="")) == 3
    assert len(wk.release(survey.total("pay", by=wk.cube("region")), unit="")) == 4


def test_replicates_and_domains_of_a_survey() -> None:
    survey = wk.Survey(_frame(), weights="w", psu="firm").with_replicates("bootstrap", n=20, seed=1).where(sex="f")
    sets = wk.cube("region", "sex")
    for ask in (survey.mean, survey.percentiles):
        together, apart = ask("pay", by=sets), ask("pay", by="region")
        found = _rows(together.frame, ("region",), sets.columns)
        np.testing.assert_allclose(found[NUMBERS].to_numpy(float), apart.frame[NUMBERS].to_numpy(float), rtol=1e-9)
    # Replicates of a mean have its variance on their diagonal.
    means = survey.mean("pay", by=sets)
    np.testing.assert_allclose(np.diag(means.covariance()), means.frame["se"] ** 2, rtol=1e-9)


def test_what_is_no_set_of_groupings_is_refused() -> None:
    survey = wk.Survey(_frame().assign(code=TOTAL), weights="w")
    with pytest.raises(InputError, match="stands twice"):
        wk.grouping_sets(["sex", "sex"])
    with pytest.raises(InputError, match="no grouping"):
        wk.grouping_sets()
    with pytest.raises(InputError, match="stands for the total"):
        survey.mean("pay", by=wk.cube("sex", "code"))
    with pytest.raises(InputError, match="Did you mean 'region'"):
        survey.mean("pay", by=wk.cube("regoin"))
    with pytest.raises(InputError, match="sets of groupings"):
        survey.cross(wk.cube("region"))
    assert wk.grouping_sets("sex", ["sex"], []) == wk.rollup("sex")
