"""The distribution of pay: no band tells of few employees or of one enterprise."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wagekit as wk
from tests.publish.made_estimates import made_estimates
from wagekit.disclosure import ReleaseRules
from wagekit.errors import InputError, ReleaseError
from wagekit.publish.pay_bands import join_bands, pay_bands
from wagekit.publish.table import release


def survey(pay, firm, weight=1.0, **metadata):
    frame = pd.DataFrame({"annual_pay": np.asarray(pay, float), "firm": firm, "w": weight})
    return wk.Survey(frame, weights="w", psu="firm", name="2023").with_metadata(**metadata)


def ordinary(n=6000, firms=60, seed=1):
    random = np.random.default_rng(seed)
    return survey(np.exp(11.4 + random.normal(0, 0.5, n)), random.integers(0, firms, n), random.uniform(5, 15, n))


def test_shares_are_those_of_the_weights():
    made = ordinary()
    bands = pay_bands(made, width=20_000).bands
    frame = made.frame
    for band in bands:
        inside = frame["annual_pay"].between((band.low or 0) * 1e4, (band.high or np.inf) * 1e4, inclusive="left")
        # Shares are published with one decimal.
        assert band.share == pytest.approx(100 * frame.loc[inside, "w"].sum() / frame["w"].sum(), abs=0.0501)
    assert sum(band.share for band in bands) == pytest.approx(100, abs=0.05 * len(bands))
    assert [band.high for band in bands[:-1]] == [band.low for band in bands[1:]]
    assert (bands[0].low, bands[-1].high) == (None, None)


def test_one_extreme_wage_is_not_told_apart():
    made = ordinary()
    frame = made.frame
    frame.loc[0, "annual_pay"] = 98_765_432.0
    extreme = wk.Survey(frame, weights="w", psu="firm")
    assert (
        pay_bands(extreme, width=20_000).bands
        == pay_bands(
            wk.Survey(frame.assign(annual_pay=frame["annual_pay"].clip(upper=500_000)), weights="w", psu="firm"),
            width=20_000,
        ).bands
    )


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 12).flatmap(
        lambda firms: st.lists(st.lists(st.integers(0, 60), min_size=firms, max_size=firms), min_size=2, max_size=15)
    )
)
def test_every_joined_band_passes_the_rules_and_none_is_lost(counts):
    people = np.array(counts, dtype=float)
    rules = ReleaseRules(min_employees=30, min_enterprises=3, max_share=0.6, min_employees_tails=50)
    try:
        groups = join_bands(people, people * 2.0, rules)
    except ReleaseError:
        return
    assert groups[0][0] == 0
    assert groups[-1][1] == len(people)
    assert all(before[1] == after[0] for before, after in pairwise(groups))
    for start, stop in groups:
        firms = people[start:stop].sum(axis=0)
        assert firms.sum() >= 50
        assert (firms > 0).sum() >= 3
        assert firms.max() <= 0.6 * firms.sum()


def test_joining_does_not_let_one_enterprise_dominate_the_open_band():
    # Found by hypothesis: the first two bands left over make the open one 55 of 91 of the last enterprise.
    people = np.array([[1, 19, 30], [0, 0, 1], [1, 35, 54]], dtype=float)
    with pytest.raises(ReleaseError, match="too few"):
        join_bands(people, people, ReleaseRules(max_share=0.6, min_employees_tails=50))


def test_a_band_with_one_dominant_enterprise_is_joined():
    # 55,000 is paid by firm 0 nearly alone.
    pay = np.repeat([45_000, 55_000, 65_000], 300)
    firm = np.r_[np.arange(300) % 10, np.r_[np.zeros(290), 1:11].astype(int), np.arange(300) % 10]
    edges = [band.high for band in pay_bands(survey(pay, firm), width=10_000).bands]
    assert edges == [5.0, None]


@pytest.mark.parametrize("firms", [1, 2])
def test_few_enterprises_have_no_distribution(firms):
    random = np.random.default_rng(0)
    made = survey(random.normal(9e4, 1e4, 900), random.integers(0, firms, 900))
    with pytest.raises(ReleaseError, match="too few employees or enterprises"):
        pay_bands(made, width=10_000)


def test_rules_about_enterprises_need_enterprises():
    frame = pd.DataFrame({"annual_pay": [1.0, 2.0], "w": 1.0})
    with pytest.raises(ReleaseError, match="names no enterprises"):
        pay_bands(wk.Survey(frame, weights="w"))


def test_marks_are_published_figures_in_the_same_unit():
    overall = made_estimates({(): {}}, by=())
    bands = pay_bands(ordinary(), levels=release(overall, unit="万元/年"))
    assert [(mark.name, mark.text) for mark in bands.marks] == [
        ("10%分位值", "5.00"), ("中位数", "10.00"), ("90%分位值", "20.00"), ("平均值", "11.00"),
    ]  # fmt: skip
    with pytest.raises(InputError, match="for the whole sample in 万元/年"):
        pay_bands(ordinary(), levels=release(overall, unit="元/年"))


def test_the_width_is_round_and_gives_a_readable_number_of_bands():
    bands = pay_bands(ordinary())
    assert bands.width == 1.0
    assert 15 <= len(bands.bands) <= 30


@pytest.mark.parametrize("width", [0, -5.0, float("nan")])
def test_a_width_must_be_positive(width):
    with pytest.raises(InputError, match="a number above 0"):
        pay_bands(ordinary(), width=width)
