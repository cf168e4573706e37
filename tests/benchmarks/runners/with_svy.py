"""svy's statements: percentiles with Woodruff intervals and means with Taylor standard errors."""

from __future__ import annotations

from importlib.metadata import version as installed
from pathlib import Path

import pandas as pd
import polars as pl
import svy

from runners.data import QUANTILES, TABLE
from runners.run import Statement


def version() -> str:
    return f"svy {installed('svy')}"


def load(path: Path) -> svy.Sample:
    return svy.Sample(pl.read_parquet(path), svy.Design(stratum="stratum", psu="firm", wgt="weight"))


def percentile_numbers(results: list[svy.Estimate]) -> pd.DataFrame:
    parts = []
    for result in results:
        frame = result.to_polars().to_pandas()
        parts.append(frame.assign(statistic=[f"p{round(100 * p)}" for p in frame["prob"]]))
    return pd.concat(parts)[[*TABLE, "statistic", "est", "se", "df"]].rename(columns={"est": "estimate"})


def mean_numbers(result: svy.Estimate) -> pd.DataFrame:
    frame = result.to_polars().to_pandas().assign(statistic="mean")
    return frame[[*TABLE, "statistic", "est", "se", "df"]].rename(columns={"est": "estimate"})


STATEMENTS = {
    "percentiles": Statement(
        lambda sample: sample.estimation.quantile("pay", p=list(QUANTILES), by=TABLE), percentile_numbers
    ),
    "mean": Statement(lambda sample: sample.estimation.mean("pay", by=TABLE), mean_numbers),
}
