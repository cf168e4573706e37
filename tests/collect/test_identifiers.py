"""Check digits of enterprise codes, by hand and by property."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from tests.collect.made_rows import FIRM, OTHER
from wagekit.collect.identifiers import (
    CREDIT_CODE_CHARACTERS,
    credit_code_check_digits,
    normal_identifier,
    organisation_check_digits,
    valid_identifier,
)


def test_check_digits_by_hand() -> None:
    # GB 32100-2015: characters' values times 1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28:
    # 9·1 + 1·3 + 3·9 + 5·27 + 1·26 + M(21)·20 + 1·8 + Y(30)·30 + 4·28 = 1640 = 52·31 + 28; 31 − 28 = 3.
    assert credit_code_check_digits(np.array(["91350100M000100Y4"])).tolist() == ["3"]
    # GB 11714-1997: D(13)·3 + 2·7 + 1·9 + 4·10 + 3·5 + 5·8 + 6·4 + 9·2 = 199 = 18·11 + 1; 11 − 1 = 10, an X.
    assert organisation_check_digits(np.array(["D2143569"])).tolist() == ["X"]
    codes = pd.Series([FIRM, OTHER, FIRM[:-1], FIRM + "0", "91350100I000100Y43", None, "91350100M000100y43"])
    assert valid_identifier(codes).tolist() == [True, True, False, False, False, False, False]


CHARACTERS = st.sampled_from(CREDIT_CODE_CHARACTERS)


@given(
    st.text(CHARACTERS, min_size=2, max_size=2),
    st.text(st.sampled_from("0123456789"), min_size=6, max_size=6),
    st.text(CHARACTERS, min_size=9, max_size=9),
)
def test_only_one_check_digit_is_right(kind: str, region: str, organisation: str) -> None:
    body = kind + region + organisation
    right = credit_code_check_digits(np.array([body])).tolist()
    valid = valid_identifier(pd.Series([body + last for last in CREDIT_CODE_CHARACTERS]))
    assert [last for last, good in zip(CREDIT_CODE_CHARACTERS, valid, strict=True) if good] == right


@given(st.text(st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"), min_size=8, max_size=8))
def test_only_one_check_digit_of_an_organisation_is_right(body: str) -> None:
    right = organisation_check_digits(np.array([body])).tolist()
    valid = valid_identifier(pd.Series([body + last for last in "0123456789X"]))
    assert [last for last, good in zip("0123456789X", valid, strict=True) if good] == right


def test_normal_form() -> None:
    written = pd.Series([" 91350100m000100y43 ", "D2143569-X", None, "９１350100M000100Y43"])
    assert normal_identifier(written)[:2].tolist() == [FIRM, OTHER]
    assert pd.isna(normal_identifier(written)[2])
    assert normal_identifier(written)[3] == FIRM  # full-width digits
