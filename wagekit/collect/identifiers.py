"""Check digits of the unified social credit code (统一社会信用代码) and the older organisation code (组织机构代码)."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from wagekit.collect.values import as_text
from wagekit.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

# GB 32100-2015, table 2: digits and capitals without I, O, S, V, Z; a character's value is its place.
CREDIT_CODE_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
# GB 11714-1997: digits and all capitals.
_ORGANISATION_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CREDIT_WEIGHTS = np.array([pow(3, place, 31) for place in range(17)])
_ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])


def credit_code_check_digit(body: str) -> str:
    """Check digit of a unified social credit code: C18 = 31 − (Σ Cᵢ·3^(i−1) mod 31), 0 for 31 (GB 32100-2015).

    Parameters
    ----------
    body : the first 17 characters.

    Raises
    ------
    InputError
        If there aren't 17 characters of the standard's set.

    Examples
    --------
    >>> credit_code_check_digit("91350100M000100Y4")
    '3'
    """
    if len(body) != 17 or not set(body) <= set(CREDIT_CODE_CHARACTERS):
        raise InputError(
            f"{body!r} is no body of a credit code", expected="17 digits and capitals without I, O, S, V, Z"
        )
    values = _values(np.array([body]), CREDIT_CODE_CHARACTERS)
    return CREDIT_CODE_CHARACTERS[int(-(values @ _CREDIT_WEIGHTS)[0] % 31)]


def organisation_check_digit(body: str) -> str:
    """Check digit of an organisation code: C9 = 11 − (Σ Cᵢ·Wᵢ mod 11), X for 10, 0 for 11 (GB 11714-1997).

    Parameters
    ----------
    body : the first 8 characters.

    Raises
    ------
    InputError
        If there aren't 8 digits or capitals.

    Examples
    --------
    >>> organisation_check_digit("D2143569")
    'X'
    """
    if len(body) != 8 or not set(body) <= set(_ORGANISATION_CHARACTERS):
        raise InputError(f"{body!r} is no body of an organisation code", expected="8 digits and capitals")
    values = _values(np.array([body]), _ORGANISATION_CHARACTERS)
    return "0123456789X"[int(-(values @ _ORGANISATION_WEIGHTS)[0] % 11)]


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
    for shape, characters, weights, modulus in (
        (r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}", CREDIT_CODE_CHARACTERS, _CREDIT_WEIGHTS, 31),
        (r"[0-9A-Z]{8}[0-9X]", _ORGANISATION_CHARACTERS, _ORGANISATION_WEIGHTS, 11),
    ):
        fitting = np.flatnonzero([re.fullmatch(shape, code) is not None for code in codes])
        if len(fitting) == 0:
            continue
        length = len(weights)
        expected = -(_values(codes[fitting], characters)[:, :length] @ weights) % modulus
        last = _values(codes[fitting], characters)[:, length]
        if modulus == 11:
            last = np.where(last == _ORGANISATION_CHARACTERS.index("X"), 10, last)
        right[fitting] = expected == last
    return pd.Series(right[inverse], index=values.index)


def _values(codes: NDArray[np.str_], characters: str) -> NDArray[np.int64]:
    """Value of each character of codes of one length, shape (codes, length)."""
    table = np.full(128, -1, dtype=np.int64)
    table[[ord(character) for character in characters]] = np.arange(len(characters))
    length = len(codes[0])
    return table[codes.astype(f"U{length}").view(np.uint32).reshape(len(codes), length)]
