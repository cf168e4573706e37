"""Properties that hold for any sample."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

import wagekit as wk


@st.composite
def samples(draw: st.DrawFn) -> pd.DataFrame:
    n = draw(st.integers(12, 80))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    stratum = rng.integers(0, 3, n)
    return pd.DataFrame(
        {
            "y": rng.choice([1e3, 2e3, 2.5e3, 3e3, 5e3, 8e3, 9.5e3], n) + rng.integers(0, 3, n) * 0.25,
            "w": rng.choice([0.1, 0.3, 1.0, 2.7], n),
            "stratum": stratum,
            "firm": stratum * 10 + rng.integers(0, 4, n),
            "cell": rng.integers(0, 4, n),
        }
    )


def _survey(frame: pd.DataFrame) -> wk.Survey:
    return wk.Survey(frame, weights="w", strata="stratum", psu="firm", single_psu="adjust")


NUMBERS = ["estimate", "se", "ci_lower", "ci_upper"]


def _numbers(frame: pd.DataFrame, by: str | None = "cell") -> np.ndarray:
    survey = _survey(frame)
    parts = [survey.percentiles("y", by=by).frame, survey.mean("y", by=by).frame, survey.total("y", by=by).frame]
    return pd.concat(parts)[NUMBERS].to_numpy()


@given(samples())
@settings(max_examples=40, deadline=None)
def test_row_order_does_not_matter(frame: pd.DataFrame) -> None:
    shuffled = frame.sample(frac=1, random_state=3).reset_index(drop=True)
    # Sums in another order differ by rounding.
    np.testing.assert_allclose(_numbers(shuffled), _numbers(frame), rtol=1e-9)


@given(samples(), st.sampled_from([0.5, 2.0, 1024.0]))
@settings(max_examples=40, deadline=None)
def test_scaling_wages_scales_the_estimates(frame: pd.DataFrame, factor: float) -> None:
    scaled = frame.assign(y=frame["y"] * factor)
    np.testing.assert_allclose(_numbers(scaled), factor * _numbers(frame), rtol=1e-9)


@given(samples(), st.sampled_from([0.1, 3.0, 1e6]))
@settings(max_examples=40, deadline=None)
def test_scaling_weights_changes_no_percentile_and_no_mean(frame: pd.DataFrame, factor: float) -> None:
    for statistic in ("percentiles", "mean"):
        before = getattr(_survey(frame), statistic)("y", by="cell").frame[NUMBERS]
        after = getattr(_survey(frame.assign(w=frame["w"] * factor)), statistic)("y", by="cell").frame[NUMBERS]
        np.testing.assert_allclose(after, before, rtol=1e-9)


@given(samples())
@settings(max_examples=40, deadline=None)
def test_cells_are_the_same_alone_and_together(frame: pd.DataFrame) -> None:
    survey = _survey(frame)
    together = survey.percentiles("y", by="cell").frame
    means = survey.mean("y", by="cell").frame
    for cell in frame["cell"].unique():
        alone = survey.where(cell=cell)
        np.testing.assert_array_equal(
            alone.percentiles("y").frame[NUMBERS], together.loc[together["cell"] == cell, NUMBERS]
        )
        np.testing.assert_allclose(alone.mean("y").frame[NUMBERS], means.loc[means["cell"] == cell, NUMBERS], rtol=1e-9)


@given(samples())
@settings(max_examples=40, deadline=None)
def test_percentiles_are_observed_and_ascend(frame: pd.DataFrame) -> None:
    rows = _survey(frame).percentiles("y", by="cell").frame
    assert rows["estimate"].isin(frame["y"]).all()
    table = rows.pivot(index="cell", columns="statistic", values="estimate")
    assert (table[["p10", "p25", "p50", "p75", "p90"]].diff(axis=1).iloc[:, 1:] >= 0).all().all()


def test_any_frame_gives_the_same() -> None:
    import duckdb
    import polars as pl
    import pyarrow as pa

    frame = pd.DataFrame(
        {"y": [1.0, 2, 3, 4, None, 6], "w": [1, 2, 1, 2, 1, 2], "firm": list("aabbcc"), "cell": list("xyxyxy")}
    )
    expected = wk.Survey(frame, weights="w", psu="firm").percentiles("y", by="cell").frame
    connection = duckdb.connect()
    for other in (pl.from_pandas(frame), pa.Table.from_pandas(frame), connection.from_df(frame)):
        got = wk.Survey(other, weights="w", psu="firm").percentiles("y", by="cell").frame
        pd.testing.assert_frame_equal(got, expected, check_dtype=False)
