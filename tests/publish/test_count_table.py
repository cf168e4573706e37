"""Tables of counts: no group of enterprises in them is too small, and none can be had by difference."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wagekit.disclosure import ReleaseRules
from wagekit.publish.count_table import About, CountColumn, count_table, join_items, may_be_shown, plain_table

RULES = ReleaseRules(min_enterprises=3, max_share=0.85)


def amounts(items):
    """Item -> enterprise -> amounts, as the functions take them."""
    rows = {(item, firm): amount for item, firms in items.items() for firm, amount in firms.items()}
    index = pd.MultiIndex.from_tuples(list(rows), names=["item", "enterprise"])
    return pd.DataFrame({"rows": list(rows.values())}, index=index)


@pytest.mark.parametrize(
    ("firms", "shown"),
    [
        ({}, True),  # nobody: tells of nobody
        ({"a": 0, "b": 0}, True),
        ({"a": 1}, False),
        ({"a": 5, "b": 5}, False),
        ({"a": 5, "b": 5, "c": 5}, True),
        ({"a": 86, "b": 7, "c": 7}, False),  # 86 % in one enterprise
        ({"a": 85, "b": 8, "c": 7}, True),
    ],
)
def test_a_group_is_large_enough_and_not_dominated(firms, shown):
    assert may_be_shown(pd.DataFrame({"rows": firms}, dtype=float), RULES) is shown


def test_an_enterprise_counts_once_however_many_rows_it_has():
    frame = pd.DataFrame({"rows": [1, 1, 1]}, index=["a", "a", "b"])
    assert not may_be_shown(frame, RULES)


def test_rules_that_are_off_hold_nothing_back():
    off = ReleaseRules(min_enterprises=None, max_share=None)
    assert may_be_shown(pd.DataFrame({"rows": [9.0]}, index=["a"]), off)


def test_one_small_item_takes_another_along():
    counted = amounts({"A": dict.fromkeys("abcd", 1), "B": dict.fromkeys("efg", 1), "C": {"h": 1}})
    assert join_items(counted, RULES) == [("A",), ("B", "C")]


def test_bands_join_their_nearest_neighbour_that_holds_somebody():
    bands = {"0": {"x": 0}, "1": dict.fromkeys("abcdef", 1), "2": {"g": 1}, "3": {"x": 0}, "4": {"x": 0}}
    assert join_items(amounts(bands), RULES, ordered=True) == [("0",), ("1", "2"), ("3",), ("4",)]


def test_nothing_is_shown_where_all_together_are_too_few():
    counted = amounts({"A": {"a": 1}, "B": {"b": 1}})
    assert join_items(counted, RULES) == join_items(counted, RULES, ordered=True) == []
    table = count_table(
        counted, lambda part: {"rows": part["rows"].sum()}, [CountColumn("rows", "行数")], About(RULES), title="表",
        unit="行", headings=["规则"], names=lambda codes: ["、".join(codes)], total=True,
    )  # fmt: skip
    assert len(table) == 0


firms = st.dictionaries(st.sampled_from("abcdefghij"), st.integers(0, 50), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(st.lists(firms, min_size=1, max_size=7), st.booleans())
def test_whatever_is_shown_may_be_shown_and_nothing_is_lost(parts, ordered):
    items = {str(number): part for number, part in enumerate(parts)}
    counted = amounts(items)
    groups = join_items(counted, RULES, ordered=ordered)
    if groups:
        assert sorted(code for group in groups for code in group) == sorted(items)
    item = counted.index.get_level_values(0)
    for group in groups:
        mine = counted["rows"][item.isin(group)].groupby(level=1).sum()
        held = mine[mine > 0]
        assert len(held) == 0 or (len(held) >= 3 and held.max() <= 0.85 * held.sum())
    if ordered:
        assert [code for group in groups for code in group] == (list(items) if groups else [])
    else:
        # A group of several is the only one: what is joined can't be told apart.
        assert sum(len(group) > 1 for group in groups) <= 1


def test_figures_are_rounded_and_what_is_not_there_is_marked():
    columns = [CountColumn("share", "占比", unit="%", decimals=1), CountColumn("rows", "行数")]
    rows = [(["甲"], {"share": 12.25, "rows": None}), (["乙"], {"share": np.nan, "rows": 3.0})]
    table = plain_table(rows, columns, About(RULES, synthetic=True), title="表（2023年）", unit="%", headings=["项目"])
    assert [[str(cell.value) for cell in row.cells] for row in table.rows] == [["12.3", "None"], ["None", "3"]]
    assert [[cell.status for cell in row.cells] for row in table.rows] == [["", "c"], ["x", ""]]
    assert table.title == "表（2023年，模拟数据）"


def test_text_from_data_is_cleaned():
    table = plain_table([(["甲\u202e\x00乙"], {"n": 1.0})], [CountColumn("n", "数")], About(RULES), title="表", unit="",
                        headings=["项目"])  # fmt: skip
    assert table.rows[0].names == ("甲乙",)
