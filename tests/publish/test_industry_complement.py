"""What is left of the whole when released items are taken away is never confidential."""

import pandas as pd

import wagekit as wk
from wagekit.disclosure.rules import ReleaseRules, judge
from wagekit.guidance.labour_cost import labour_cost
from wagekit.publish.industry.complement import with_safe_rest

RULES = ReleaseRules(max_cv=None)


def firms(*sizes):
    """One enterprise for each letter, with plain accounts that differ."""
    rows = [
        {"size": None if size == "-" else size, "firm": number, "w": 1.0, "average_headcount": 10.0 + number,
         "labour_cost": 100.0 + 7 * number, "revenue": 900.0 + 40 * number, "wages": 70.0 + 5 * number,
         "total_cost": 700.0 + 30 * number, "total_profit": 90.0 + 3 * number, "depreciation": 20.0,
         "business_taxes": 5.0}
        for number, size in enumerate("".join(sizes))
    ]  # fmt: skip
    return wk.Survey(pd.DataFrame(rows), weights="w", psu="firm")


def released(survey, rules=RULES):
    made = with_safe_rest(survey, "size", labour_cost, rules)
    frame = made.frame[judge(made, rules)["release"].to_numpy()]
    return set(frame.loc[frame["statistic"] == "labour_cost_per_head", "size"])


def test_a_size_that_is_held_back_could_be_calculated_from_the_others():
    survey = firms("LLLL", "MMMMMM", "SS")
    plain = labour_cost(survey, "size")
    assert set(plain.frame[judge(plain, RULES)["release"].to_numpy()]["size"]) == {"L", "M"}
    heads = survey.frame.groupby("size")["average_headcount"].sum()  # what a business register tells anybody
    per_head = plain.frame[plain.frame["statistic"] == "labour_cost_per_head"].set_index("size")["estimate"]
    whole = labour_cost(survey).frame.set_index("statistic")["estimate"]["labour_cost_per_head"]
    left = (whole * heads.sum() - per_head["L"] * heads["L"] - per_head["M"] * heads["M"]) / heads["S"]
    assert abs(left - per_head["S"]) < 1e-9


def test_the_smallest_released_size_is_held_back_too():
    assert released(firms("LLLL", "MMMMMM", "SS")) == {"M"}


def test_held_back_sizes_that_are_enough_together_protect_each_other():
    assert released(firms("LL", "MMMMMM", "SS")) == {"M"}
    assert released(firms("LLLL", "MMMMMM", "SSS")) == {"L", "M", "S"}


def test_enterprises_without_a_size_are_left_over_as_well():
    assert released(firms("LLLL", "MMMMMM", "-")) == {"M"}
    assert released(firms("LLLL", "MMMMMM", "---")) == {"L", "M"}


def test_nothing_is_released_where_every_rest_is_confidential():
    assert released(firms("MMMMMM", "SS")) == set()


def test_a_size_that_is_only_imprecise_asks_for_nothing():
    survey = firms("LLLL", "MMMMMM", "SSS")
    shaky = survey.frame.copy()
    shaky.loc[shaky["size"] == "S", "labour_cost"] = [1.0, 3.0, 900.0]
    rules = ReleaseRules(max_cv=0.3, max_share=None)
    assert released(wk.Survey(shaky, weights="w", psu="firm"), rules) == {"L", "M"}
