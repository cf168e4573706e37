"""Check digits of the unified social credit code (统一社会信用代码) and the older organisation code (组织机构代码)."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from wagekit.collect.values import as_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

# GB 32100-2015, table 2: digits and capitals without I, O, S, V, Z; a character's value is its place.
CREDIT_CODE_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
# GB 11714-1997: digits and all capitals.
_ORGANISATION_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CREDIT_WEIGHTS = np.array([pow(3, place, 31) for place in range(17)])
_ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])


def credit_code_check_digits(bodies: NDArray[np.str_]) -> NDArray[np.str_]:
    """Check digits of unified social credit codes: C18 = 31 − (Σ Cᵢ·3^(i−1) mod 31), 0 for 31 (GB 32100-2015).

    Parameters
    ----------
    bodies : shape (k,), the first 17 characters of each, of the standard's set.

    Examples
    --------
    >>> credit_code_check_digits(np.array(["91350100M000100Y4"])).tolist()
    ['3']
    """
    return _check_digits(bodies, CREDIT_CODE_CHARACTERS, _CREDIT_WEIGHTS, CREDIT_CODE_CHARACTERS)


def organisation_check_digits(bodies: NDArray[np.str_]) -> NDArray[np.str_]:
    """Check digits of organisation codes: C9 = 11 − (Σ Cᵢ·Wᵢ mod 11), X for 10, 0 for 11 (GB 11714-1997).

    Parameters
    ----------
    bodies : shape (k,), the first 8 characters of each, digits and capitals.

    Examples
    --------
    >>> organisation_check_digits(np.array(["D2143569"])).tolist()
    ['X']
    """
    return _check_digits(bodies, _ORGANISATION_CHARACTERS, _ORGANISATION_WEIGHTS, "0123456789X")


def normal_identifier(values: pd.Series) -> pd.Series:
    """Enterprise codes as text in capitals, without the blanks and hyphens that people put in.

    >>> normal_identifier(pd.Series([" 91350100m000100y43", "D2143569-X"])).tolist()
    ['91350100M000100Y43', 'D2143569X']
    """
    inverse, different = pd.factorize(as_text(values))
    written = pd.Series(
        [re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", str(value))).upper() for value in different] + [None]
    )
    normal = written.take(np.where(inverse < 0, len(different), inverse))
    normal.index = values.index
    normal.name = values.name
    return normal


def valid_identifier(values: pd.Series) -> pd.Series:
    """Whether each code is a right 18-character credit code or a right 9-character organisation code.

    Parameters
    ----------
    values : shape (n,), codes in normal form (see `normal_identifier`).

    Returns
    -------
    Shape (n,), bool; False for a missing code.
    """
    inverse, different = pd.factorize(values)
    codes = np.asarray(different, dtype=str)
    right = np.zeros(len(codes) + 1, dtype=bool)  # the last one stands for "missing"
    for shape, check_digits in (
        (r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}", credit_code_check_digits),
        (r"[0-9A-Z]{8}[0-9X]", organisation_check_digits),
    ):
        fitting = np.flatnonzero([re.fullmatch(shape, code) is not None for code in codes])
        if len(fitting) == 0:
            continue
        bodies = np.array([code[:-1] for code in codes[fitting]])
        right[fitting] = np.strings.add(bodies, check_digits(bodies)) == codes[fitting]
    return pd.Series(right[inverse], index=values.index)


def _check_digits(
    bodies: NDArray[np.str_], characters: str, weights: NDArray[np.int64], digits: str
) -> NDArray[np.str_]:
    """What brings the weighted sum of the characters' values to a multiple of the number of possible `digits`."""
    if bodies.size == 0:
        return np.zeros(0, dtype="<U1")
    table = np.full(128, -1, dtype=np.int64)
    table[[ord(character) for character in characters]] = np.arange(len(characters))
    values = table[bodies.astype(f"U{weights.size}").view(np.uint32).reshape(bodies.size, weights.size)]
    return np.asarray(np.array(list(digits))[-(values @ weights) % len(digits)])
