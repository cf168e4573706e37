"""wagekit's statements."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import wagekit as wk
from runners.data import KNOWN, NEW, QUANTILES, TABLE, release_tables
from runners.run import Statement

PERCENTS = [100 * p for p in QUANTILES]


def version() -> str:
    return f"wagekit {wk.__version__}"


def load(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path)


def new(frame: pd.DataFrame) -> wk.Survey:
    return wk.Survey(frame, weights="weight", strata="stratum", psu="firm")


def used(frame: pd.DataFrame) -> wk.Survey:
    """A survey that has given the first table, and one each over the columns of the further ones."""
    survey = new(frame)
    survey.percentiles("pay", by=TABLE, q=PERCENTS)
    survey.mean("pay", by=TABLE)
    survey.mean("pay", by="region")
    survey.mean("pay", by="post")
    return survey


def first(frame: pd.DataFrame) -> wk.Survey:
    """A survey that has given the first table only."""
    survey = new(frame)
    survey.percentiles("pay", by=TABLE, q=PERCENTS)
    return survey


def bootstrap(frame: pd.DataFrame) -> wk.Survey:
    return new(frame).with_replicates("bootstrap", n=200, seed=1)


def release(survey: wk.Survey, *, means: bool) -> None:
    for by in release_tables():
        survey.percentiles("pay", by=by, q=PERCENTS)
        if means:
            survey.mean("pay", by=by)


def numbers(estimates: wk.Estimates) -> pd.DataFrame:
    return estimates.frame[[*estimates.by, "statistic", "estimate", "se", "df", "flag"]]


STATEMENTS = {
    "percentiles_first": Statement(lambda frame: new(frame).percentiles("pay", by=TABLE, q=PERCENTS), numbers),
    "percentiles_new": Statement(lambda survey: survey.percentiles("pay", by=NEW, q=PERCENTS), numbers, first),
    "percentiles_known": Statement(lambda survey: survey.percentiles("pay", by=KNOWN, q=PERCENTS), numbers, used),
    "mean_first": Statement(lambda frame: new(frame).mean("pay", by=TABLE), numbers),
    "mean_known": Statement(lambda survey: survey.mean("pay", by=KNOWN), numbers, used),
    "release_percentiles": Statement(lambda frame: release(new(frame), means=False)),
    "release_both": Statement(lambda frame: release(new(frame), means=True)),
    "bootstrap_mean": Statement(lambda frame: bootstrap(frame).mean("pay", by=TABLE), numbers),
    "bootstrap_percentiles": Statement(
        lambda frame: bootstrap(frame).percentiles("pay", by=TABLE, q=PERCENTS, ci="replicates"), numbers
    ),
}
