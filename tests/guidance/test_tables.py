"""Several statistics that are estimated together are those that are estimated one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import wagekit as wk
from wagekit.guidance.labour_cost import labour_cost, with_value_added
from wagekit.guidance.tables import Asked, one_statistic, statistics_of, together
from wagekit.statistics import means


@pytest.fixture
def survey():
    random = np.random.default_rng(8)
    n = 120
    frame = pd.DataFrame(
        {
            "firm": np.repeat(np.arange(n // 4), 4),
            "section": np.repeat(random.choice(list("ABC"), n // 4), 4),
            "size": random.choice([1.0, 2.0, np.nan], n),
            "a": random.lognormal(1, 1, n),
            "b": np.where(random.random(n) < 0.2, np.nan, random.lognormal(1, 1, n)),
            "w": random.uniform(1, 5, n),
        }
    )
    frame.loc[frame["section"] == "C", "b"] = np.nan
    return wk.Survey(frame, weights="w", strata=None, psu="firm")


def asked(survey):
    """Statistics that rest on different rows, with and without sizes; one is not defined in a section."""
    a, b = survey.numbers("a"), survey.numbers("b")
    some = ~np.isnan(b)
    filled = np.nan_to_num(b)
    return [
        Asked("mean_a", lambda cells: means.mean(cells, a), np.ones(a.size, dtype=bool)),
        Asked("b_to_a", lambda cells: means.ratio(cells, filled, a), some, [filled, a]),
        Asked("a_to_b", lambda cells: means.ratio(cells, a, filled), some, [a]),
    ]


@pytest.mark.parametrize("by", [None, "section", ["section", "size"]])
@pytest.mark.parametrize("replicates", [False, True])
def test_together_is_one_by_one(survey, by, replicates):
    survey = survey.with_replicates("bootstrap", n=20, seed=1) if replicates else survey
    whole = asked(survey)
    made = statistics_of(survey, by, whole, subject="tests")
    parts = [one_statistic(survey, one.word, by, one.statistic, present=one.present, sizes=one.sizes) for one in whole]
    expected = together(parts, subject="tests")
    # The same sums in the same order: not only near.
    pd.testing.assert_frame_equal(made.frame, expected.frame, check_exact=True)
    pd.testing.assert_frame_equal(made.domains, expected.domains, check_exact=True)
    assert made.metadata == expected.metadata
    assert (made.by, made.variable) == (expected.by, expected.variable)


def test_covariances_between_statistics_stay_known(survey):
    whole = asked(survey)
    made = statistics_of(survey, "section", whole)
    parts = [
        one_statistic(survey, one.word, "section", one.statistic, present=one.present, sizes=one.sizes) for one in whole
    ]
    rows = np.array([0, 1, 3, 4])
    found, expected = (each.source.covariance(rows) for each in (made, together(parts)))
    np.testing.assert_array_equal(found, expected)
    # Two statistics of one section, and of another.
    np.testing.assert_allclose(np.sqrt(np.diag(found)), made.frame["se"].iloc[rows], rtol=1e-12)


def test_a_domain_counts_the_rows_of_each_statistic(survey):
    made = statistics_of(survey, "section", asked(survey)).domains.set_index(["section", "statistic"])
    rows = survey.frame
    for section, here in rows.groupby("section"):
        assert made.loc[(section, "mean_a"), "n"] == len(here)
        assert made.loc[(section, "b_to_a"), "n"] == here["b"].notna().sum()
    assert made.loc[("A", "mean_a"), "largest_total_share"] == made.loc[("A", "mean_a"), "largest_weighted_share"]
    of_a = rows[(rows["section"] == "A") & rows["b"].notna()]
    weighed = (of_a["a"] * of_a["w"]).groupby(of_a["firm"]).sum()
    assert made.loc[("A", "a_to_b"), "largest_total_share"] == pytest.approx(weighed.max() / weighed.sum(), rel=1e-12)


def test_a_statistic_without_rows_is_not_defined(survey):
    made = statistics_of(survey, "section", asked(survey)).frame
    of_c = made[made["section"] == "C"].set_index("statistic")
    assert np.isnan(of_c.loc["b_to_a", "estimate"])
    assert np.isfinite(of_c.loc["mean_a", "estimate"])


def test_value_added_that_is_given_stays_as_it_is():
    money = {
        "depreciation": [1.0, 2],
        "business_taxes": [1.0, 1],
        "total_profit": [3.0, np.nan],
        "labour_cost": [5.0, 6],
    }
    frame = pd.DataFrame({**money, "w": 1.0})
    # Of the second enterprise neither is known: there is nothing to fill in.
    given = wk.Survey(frame.assign(value_added=[20.0, np.nan]), weights="w")
    assert with_value_added(given) is given
    lacking = with_value_added(wk.Survey(frame.assign(value_added=[np.nan, 30.0]), weights="w"))
    assert lacking.numbers("value_added").tolist() == [10.0, 30.0]
    assert with_value_added(wk.Survey(frame, weights="w")).numbers("value_added")[0] == 10.0


def test_indicators_that_rest_on_different_enterprises_are_each_their_own():
    frame = pd.DataFrame(
        {"labour_cost": [10.0, 20, 30], "average_headcount": [1.0, 2, np.nan], "wages": [5.0, np.nan, 15]}
    )
    with pytest.warns(wk.errors.WagekitWarning, match="left out"):
        made = labour_cost(frame)
    found = made.frame.set_index("statistic")[["estimate", "n"]]
    assert found.loc["labour_cost_per_head"].tolist() == [10.0, 2]
    assert found.loc["wage_share_of_labour_cost"].tolist() == [0.5, 2]


def test_the_names_of_columns_are_those_of_the_frame(survey):
    added = survey.where(section="A").with_column("more", 1.0 + np.arange(survey.sample.n))
    assert added.columns == list(added.frame.columns) == [*survey.frame.columns, "more"]
