"""Identifiers of synthetic enterprises and numbers that stay with a synthetic worker (模拟数据)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wagekit.arrays import Codes, Floats
from wagekit.collect.identifiers import credit_code_check_digits, organisation_check_digits

ORGANISATION_PREFIX = "MN"
"""Synthetic organisation codes begin with MN (模拟); enterprises registered since 2015 have MA."""


def credit_codes(numbers: Codes, district: str) -> NDArray[np.str_]:
    """Valid 统一社会信用代码 of synthetic enterprises, shape (k,), 18 characters each.

    The structure and the check digits are those of GB 32100-2015 (modulus 31) around an organisation code of
    GB 11714-1997 (modulus 11): ``91`` for an enterprise, the district, eight characters, two check digits.

    Parameters
    ----------
    numbers : shape (k,), from 0 to 999 999.
    district : 6 digits, GB/T 2260.

    Examples
    --------
    >>> credit_codes(np.array([0, 123]), "310107").tolist()
    ['91310107MN0000004E', '91310107MN00012344']
    """
    organisations = np.array([f"{ORGANISATION_PREFIX}{number:06d}" for number in numbers.tolist()], dtype="<U8")
    bodies = np.strings.add(f"91{district}", np.strings.add(organisations, organisation_check_digits(organisations)))
    return np.strings.add(bodies, credit_code_check_digits(bodies))


def enterprise_names(numbers: Codes) -> list[str]:
    """Names such as 模拟企业000123, which nobody takes for a real enterprise."""
    return [f"模拟企业{number:06d}" for number in numbers.tolist()]


def steady_uniform(keys: Codes, *purpose: int) -> Floats:
    """Uniform numbers in (0, 1) that depend on nothing but the keys and the purpose, shape of `keys`.

    A trait that is needed for the sampled workers only (parts of pay, hours) is computed from the worker's key
    when it is asked for, and is the same in every draw: nothing has to be stored for the whole population.
    The mixing function is splitmix64.
    """
    state = keys.astype(np.uint64)
    for number in purpose:
        step = (number + 1) * 0x9E3779B97F4A7C15 % 2**64  # the golden ratio's fraction, splitmix64's increment
        state = _mix(state + np.uint64(step))
    return np.asarray(((state >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53)


def _mix(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finalizer of splitmix64; arithmetic is modulo 2**64."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(state ^ (state >> np.uint64(31)))


def categorical(codes: NDArray[np.integer[Any]], labels: pd.Index, *, ordered: bool = False) -> pd.Categorical:
    """A column of texts held as codes into `labels`: quick to make and to group by; -1 is missing."""
    return pd.Categorical.from_codes(codes, categories=labels, ordered=ordered, validate=False)
