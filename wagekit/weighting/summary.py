"""How calibration has changed the weights: the distribution of the g-weights, and of weights before and after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wagekit.arrays import Floats

PERCENTS = (1, 5, 25, 50, 75, 95, 99)


@dataclass(frozen=True)
class Spread:
    """Distribution of one set of numbers over the respondents.

    Parameters
    ----------
    minimum, maximum, mean : over rows.
    percentiles : percent -> value (linear between order statistics), for 1, 5, 25, 50, 75, 95 and 99.
    cv : standard deviation (divisor n) over the mean.
    kish_deff : 1 + cv², the loss of precision from unequal weights (Kish 1965).
    negative : number below 0.
    """

    minimum: float
    percentiles: dict[int, float]
    maximum: float
    mean: float
    cv: float
    kish_deff: float
    negative: int


@dataclass(frozen=True)
class WeightSummary:
    """g-weights, and the weights before and after they are applied."""

    g: Spread
    before: Spread
    after: Spread


def spread(values: Floats) -> Spread:
    """Distribution of `values`, shape (n,).

    Examples
    --------
    >>> one = spread(np.array([1.0, 1, 1, 5]))
    >>> one.mean, one.kish_deff, one.percentiles[50], one.negative
    (2.0, 1.75, 1.0, 0)
    """
    mean = float(values.mean())
    cv = float(values.std() / mean) if mean != 0 else float("nan")
    found = np.percentile(values, PERCENTS)
    return Spread(
        float(values.min()),
        {percent: float(value) for percent, value in zip(PERCENTS, found, strict=True)},
        float(values.max()),
        mean,
        cv,
        1.0 + cv**2,
        int((values < 0).sum()),
    )


def weight_summary(weights: Floats, g: Floats) -> WeightSummary:
    """Distribution of g-weights before and after.

    Parameters
    ----------
    weights : shape (n,), before calibration.
    g : shape (n,).

    Examples
    --------
    >>> summary = weight_summary(np.array([10.0, 10, 5]), np.array([1.5, 1.5, 0.8]))
    >>> summary.g.minimum, summary.after.maximum
    (0.8, 15.0)
    """
    return WeightSummary(spread(g), spread(weights), spread(weights * g))
