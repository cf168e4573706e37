"""Work is counted, not timed: rows passed through NumPy and the compiled passes, memory, and calls of functions.

Counts are the same on every machine, up to what pandas does inside. `python tests/benchmarks/work.py --record` keeps new
ones after a change that was meant.
"""

from __future__ import annotations

import ast
import json
from typing import Any

import numpy as np
import pytest

from tests.benchmarks import work

MODES = [pytest.param(False, id="numpy"), pytest.param(True, id="compiled")]


def need(compiled: bool) -> None:
    if compiled:
        pytest.importorskip("numba")


def run(code: str, *, compiled: bool = False) -> tuple[work.Counter, dict[str, Any]]:
    counter = work.Counter()
    tree = ast.fix_missing_locations(work.Rewriter(compiled=compiled).visit(ast.parse(code)))
    names: dict[str, Any] = {"__work__": counter, "np": np}
    exec(compile(tree, "counted", "exec"), names)
    return counter, names


def test_elements_are_counted_where_arrays_are_gone_through() -> None:
    counter, names = run("def f(a, order):\n    return np.cumsum((a * 2.0)[order])[:5]")
    a = np.arange(1000.0)
    np.testing.assert_array_equal(names["f"](a, np.arange(999, -1, -1)), [1998.0, 3994.0, 5988.0, 7980.0, 9970.0])
    assert counter.elements == 3 * 1000  # product, positions, running sum; the slice is free


def test_a_sort_counts_its_passes() -> None:
    counter, names = run("def f(a):\n    return np.argsort(a, kind='stable')")
    names["f"](np.arange(1024.0))
    assert counter.elements == 10 * 1024
    names["f"](np.arange(1024, dtype=np.uint16))
    assert counter.elements == 14 * 1024


def test_turns_of_loops_are_counted_apart() -> None:
    code = "def f(n):\n    s = sum([i for i in range(n)])\n    while n:\n        n -= 1\n    return s"
    counter, names = run(code)
    assert names["f"](300) == 299 * 150
    assert (next(counter.turns), next(counter.passes)) == (600, 0)
    counter, names = run(code, compiled=True)
    assert names["f"](300) == 299 * 150
    assert (next(counter.turns), next(counter.passes)) == (0, 600)


def test_growth_is_told() -> None:
    kept = {"numpy": {"mean": {"work": 90.0, "bytes": 60.0}, "percentiles": {"work": 200.0}}}
    same = {"numpy": {"mean": {"work": 119.0, "bytes": 30.0}, "percentiles": {"work": 200.0}}}
    assert work.grown(same, kept) == []
    more = {"numpy": {"mean": {"work": 121.0, "bytes": 60.0}}}
    assert work.grown(more, kept) == [
        "numpy, mean: work a row was 90, is 121",
        "numpy, percentiles: work a row was 200, is inf",
    ]


@pytest.mark.parametrize("compiled", MODES)
@pytest.mark.parametrize("what", ["work", "memory"])
def test_a_row_costs_no_third_more_than_was_kept(what: str, compiled: bool) -> None:
    need(compiled)
    mode, key = ("compiled" if compiled else "numpy"), {"work": "work", "memory": "bytes"}[what]
    kept = json.loads(work.BASELINE.read_text(encoding="utf-8"))["work"][mode]
    only = {name: {key: values[key]} for name, values in kept.items() if key in values}
    assert work.grown({mode: work.counted(what, compiled=compiled)}, {mode: only}) == []


@pytest.mark.parametrize("compiled", MODES)
def test_calls_do_not_grow_with_cells(compiled: bool) -> None:
    need(compiled)
    few, many = (work.counted("calls", compiled=compiled, cells=cells) for cells in (10, 1_000))
    ratio = {name: many[name]["calls"] / few[name]["calls"] for name in few}
    assert {name: value for name, value in ratio.items() if value > 1.1} == {}


@pytest.mark.parametrize("compiled", MODES)
def test_loops_outside_the_compiled_passes_do_not_grow_with_cells(compiled: bool) -> None:
    need(compiled)
    few, many = (work.counted("work", compiled=compiled, cells=cells) for cells in (10, 1_000))
    # Binary searches turn as often as the longest cell's logarithm, so fewer cells turn more.
    assert {
        name: many[name]["python_turns"] for name in few if many[name]["python_turns"] > few[name]["python_turns"] * 1.1
    } == {}
