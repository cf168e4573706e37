"""The words that options take, all in one place."""

from __future__ import annotations

from typing import Literal

SinglePSU = Literal["fail", "remove", "certainty", "average", "adjust"]
"""What to do with a stratum that has one sampling unit (R ``survey.lonely.psu``)."""

Definition = Literal[
    "inverse_cdf", "average", "linear", "laeken", "sas", "stata",
    "hf1", "hf2", "hf3", "hf4", "hf5", "hf6", "hf7", "hf8", "hf9",
]  # fmt: skip
"""Definition of a weighted percentile; ``inverse_cdf`` is inf{y: F(y) >= p}."""

IntervalMethod = Literal["woodruff", "logit", "beta", "replicates"]
"""How the confidence interval of a percentile is made."""

WithoutReplacement = Literal["with_replacement", "brewer", "hajek"]
"""Approximation of the first stage's variance under sampling proportional to size."""

CalibrationMethod = Literal["poststratify", "raking", "linear", "logit", "truncated"]
"""Distance function of calibration (Deville and Särndal 1992)."""

ReplicateMethod = Literal["JK1", "JKn", "JK2", "BRR", "Fay", "bootstrap", "SDR"]
"""How replicate weights are made."""
