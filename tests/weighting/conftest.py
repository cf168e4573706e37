"""The sample and the values of R survey that the weighting tests compare with (tests/reference/weighting.R)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

REFERENCE = Path(__file__).parents[1] / "reference"


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "weighting_sample.csv")


@pytest.fixture(scope="module")
def estimates() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "weighting_estimates.csv").set_index(["case", "statistic"])
