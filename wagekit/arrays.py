"""The array types that signatures speak of."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Flags = NDArray[np.bool_]
Words = NDArray[np.str_]
Values = NDArray[Any]


def sums_by(code: Codes, values: Floats | Flags | Codes, count: int) -> Floats:
    """Sum of `values` for each code 0 … count-1: shape (count,)."""
    return np.asarray(np.bincount(code, weights=values, minlength=count), dtype=np.float64)


def divide(numerator: Floats, denominator: Floats) -> Floats:
    """Quotient that is NaN where the denominator is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator == 0, np.nan, numerator / denominator)
