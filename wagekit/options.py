"""The words that options take, all in one place."""

from __future__ import annotations

from typing import Literal

Language = Literal["zh", "en"]
"""Language of what is printed: simplified Chinese or English."""

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

Spreading = Literal["proportional", "equal"]
"""How what is cut off trimmed weights is spread over the others."""

SelectionMethod = Literal["pareto", "systematic"]
"""How enterprises are drawn with probability proportional to size inside a stratum."""

ContrastKind = Literal["difference", "ratio"]
"""What rows of estimates are combined to: a weighted sum, or a product of powers."""

Comparison = Literal["reference", "group", "half", "share", "pooled", "pooled_with_group"]
"""Coefficients free of discrimination: those of the reference group or of the other (Oaxaca 1973), halfway
between (Reimers 1983), weighted by the groups' shares of the population (Cotton 1988), of a regression over both
(Neumark 1988), or of one over both that holds the group constant (Jann 2008; Fortin 2008). The last has the
reference group's intercept, so that its unexplained part lies with the other group altogether."""

VarianceMethod = Literal["REML", "ML", "FH"]
"""Estimator of a small-area model's variance: restricted or full maximum likelihood, or Fay and Herriot's moments."""

Order = Literal["ascending", "descending"]
"""Order of the percentile columns: 10 to 90, or 90 to 10 (as in the Yangtze delta tables of 2025)."""

HeldBack = Literal["drop", "list"]
"""A row without any publishable value is left out and counted in a note, or listed with marks."""

Precision = Literal["se", "cv", "interval"]
"""What can be printed beside a value: standard error, coefficient of variation, confidence interval."""

Layout = Literal["wide", "tidy"]
"""A table as a frame or file: as printed, or a figure a row."""
