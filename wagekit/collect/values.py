"""Reading columns of values: text from a file to numbers, whole numbers, yes or no, and back to text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Words that Python takes for numbers (nan, inf) are text in a questionnaire, hence a pattern.
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_UNITS_WRITTEN_ALONG = "¥元人年月岁"
_YES = frozenset({"1", "是", "true", "yes", "y"})
_NO = frozenset({"0", "2", "否", "false", "no", "n"})


@dataclass(frozen=True, eq=False)
class Reading:
    """A column as it was understood.

    Parameters
    ----------
    values : shape (n,), the values; missing where the cell was empty or not understood.
    wrong : shape (n,), True where there was something that couldn't be understood.
    """

    values: pd.Series
    wrong: NDArray[np.bool_]


def as_text(values: pd.Series) -> pd.Series:
    """A column as trimmed text, empty cells missing; whole numbers without a decimal point.

    >>> as_text(pd.Series([3611.0, None])).tolist()[0], as_text(pd.Series([" a ", " "])).isna().tolist()
    ('3611', [False, True])
    """
    text = _arrow(values).to_pandas()
    return pd.Series(text.to_numpy() if text.dtype == object else text.array, index=values.index, name=values.name)


def read_number(values: pd.Series, *, whole: bool = False) -> Reading:
    """Read a column as numbers, the way people type them: ``12,345.60``, ``１２３``, ``¥ 500``, ``2019年``.

    A comma counts only where it groups thousands: ``1,5`` is not understood rather than taken for 15.

    Parameters
    ----------
    values : shape (n,), text or numbers.
    whole : only whole numbers are right; the result is then ``Int64`` instead of ``float64``.

    >>> read_number(pd.Series(["12,345", "1,5", " ", None])).values.tolist()[0]
    12345.0
    """
    if pd.api.types.is_numeric_dtype(values):
        numbers = values.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
        given = values.notna().to_numpy()
    else:
        text = _arrow(values)
        given = pc.is_valid(text).to_numpy(zero_copy_only=False)
        plain = pc.if_else(pc.match_substring_regex(text, _NUMBER), text, pa.scalar(None, text.type))
        # Arrow refuses a leading plus sign.
        numbers = pc.cast(pc.utf8_ltrim(plain, "+"), pa.float64()).to_numpy(zero_copy_only=False).copy()
        untidy = given & np.isnan(numbers)
        if untidy.any():
            inverse, different = pd.factorize(as_text(values)[untidy])
            numbers[untidy] = np.array([_untidy_number(word) for word in different])[inverse]
    understood: NDArray[np.bool_] = np.isfinite(numbers)
    if whole:
        # Beyond 2**53 a float64 no longer tells whole numbers apart.
        understood &= (np.abs(numbers) < 2**53) & (numbers == np.floor(numbers))
    numbers = np.where(understood, numbers, np.nan)
    read = pd.Series(numbers, index=values.index, name=values.name)
    return Reading(read.astype("Int64") if whole else read, given & ~understood)


def read_yes_no(values: pd.Series) -> Reading:
    """Read a column of 是/否, 1/0, 1/2 or true/false as ``boolean``."""
    inverse, different = pd.factorize(as_text(values))
    words = [unicodedata.normalize("NFKC", str(word)).casefold() for word in different]
    known = pd.array(
        [True if word in _YES else False if word in _NO else None for word in words] + [None], dtype="boolean"
    )
    read = pd.Series(known.take(np.where(inverse < 0, len(words), inverse)), index=values.index, name=values.name)
    return Reading(read, (inverse >= 0) & read.isna().to_numpy())


def _untidy_number(word: str) -> float:
    """A number that isn't written plainly, NaN if it is none."""
    tidy = "".join(unicodedata.normalize("NFKC", word).split()).strip(_UNITS_WRITTEN_ALONG)
    if _GROUPED.fullmatch(tidy):
        tidy = tidy.replace(",", "")
    return float(tidy) if re.match(_NUMBER, tidy) else np.nan


def _arrow(values: pd.Series) -> Any:
    """The column as trimmed Arrow text, empty cells null."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object)
    if pd.api.types.is_bool_dtype(values):
        values = values.astype(object).map({True: "true", False: "false"})
    elif pd.api.types.is_float_dtype(values):
        values = values.astype(object).where(values.notna(), None).map(_number_text, na_action="ignore")
    elif pd.api.types.is_numeric_dtype(values):
        values = values.astype("string")
    try:
        text = pa.array(values, type=pa.large_string(), from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # a column of several types, as spreadsheets have them
        mixed = values.astype(object).where(values.notna(), None).map(_number_text, na_action="ignore")
        text = pa.array(mixed, type=pa.large_string(), from_pandas=True)
    trimmed = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, trimmed.type), trimmed)


def _number_text(value: object) -> str:
    """A value as text, whole numbers without a decimal point."""
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)
