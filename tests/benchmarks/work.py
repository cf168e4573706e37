"""Counts the work of a table: ``python tests/benchmarks/work.py [--record]``. The count is the same on every machine.

The package's modules are loaded with their code rewritten so that each expression says how much it handles: the
elements of the arrays that go through a NumPy or pandas call, an operator or an index, and every turn of a loop. The
compiled passes run as plain Python, so that their turns count too. A sort counts its passes: 4 where NumPy sorts small
integers by radix, else the logarithm of the length. `tests/test_work.py` holds the counts against baseline.json.
"""

from __future__ import annotations

import argparse
import ast
import importlib.abc
import importlib.machinery
import itertools
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

HERE = Path(__file__).parent
BASELINE = HERE / "baseline.json"
SIZES = {"work": (10_000, 200), "memory": (4_000, 200), "calls": (5_000, 1_000)}
"""Rows and cells of each count: small, since compiled passes run as plain Python here."""
NOISE = 256
"""Arrays smaller than this don't grow with rows or cells and aren't counted."""


class Counter:
    """Elements handled in expressions, turns of loops outside and inside the compiled passes."""

    def __init__(self) -> None:
        self.elements = 0
        self.turns = itertools.count()  # atomic under Python's lock: the passes run in several threads
        self.passes = itertools.count()

    def size(self, value: Any) -> int:
        found = getattr(value, "size", 0)
        return found if isinstance(found, int) and found >= NOISE else 0

    def operated(self, value: Any) -> Any:
        """Result of an operator."""
        self.elements += self.size(value)
        return value

    def indexed(self, index: Any) -> Any:
        """What an array is indexed by: a slice costs nothing, a mask or positions are gone through."""
        self.elements += self.size(index)
        return index

    def called(self, function: Any, /, *arguments: Any, **named: Any) -> Any:
        """A call: what NumPy or pandas goes through counts, a function of the package counts its own."""
        result = function(*arguments, **named)
        if str(getattr(function, "__module__", "")).startswith("wagekit") or isinstance(function, type):
            return result
        owner = getattr(function, "__self__", None)
        handled = max(self.size(one) for one in (owner, result, *arguments, *named.values()))
        name = getattr(function, "__name__", "")
        if handled and name in ("argsort", "sort", "unique", "lexsort", "factorize", "sort_values"):
            array = owner if isinstance(owner, np.ndarray) else np.asarray(arguments[0])
            handled *= 4 if array.dtype.itemsize <= 2 else max(int(np.log2(handled)), 1)
        if name not in ("asarray", "reshape", "broadcast_to", "view", "ravel"):
            self.elements += handled
        return result

    def each(self, items: Iterable[Any]) -> Iterator[Any]:
        """The items of a loop or comprehension of the package."""
        for item in items:
            next(self.turns)
            yield item

    def each_pass(self, items: Iterable[Any]) -> Iterator[Any]:
        """The items of a loop in the compiled passes."""
        for item in items:
            next(self.passes)
            yield item

    def turn_pass(self) -> bool:
        next(self.passes)
        return True

    def turn(self) -> bool:
        next(self.turns)
        return True


class Rewriter(ast.NodeTransformer):
    """Wraps the expressions inside functions; `compiled` modules have their loops counted only."""

    def __init__(self, *, compiled: bool) -> None:
        self.compiled = compiled
        self.depth = 0

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.depth += 1
        node.body = [self.visit(statement) for statement in node.body]
        self.depth -= 1
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        self.depth += 1
        node.body = self.visit(node.body)
        self.depth -= 1
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        depth, self.depth = self.depth, 0
        self.generic_visit(node)
        self.depth = depth
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        if self.depth:
            node.iter = _call("each_pass" if self.compiled else "each", node.iter)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        if self.depth:
            node.iter = _call("each_pass" if self.compiled else "each", node.iter)
        return node

    def visit_While(self, node: ast.While) -> ast.AST:
        self.generic_visit(node)
        if self.depth:
            turn = _call("turn_pass" if self.compiled else "turn")
            node.body = [ast.Expr(turn), *node.body]
        return node

    def _operated(self, node: ast.expr) -> ast.AST:
        self.generic_visit(node)
        return _call("operated", node) if self.depth and not self.compiled else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        return self._operated(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        return self._operated(node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        return self._operated(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if self.depth and not self.compiled:
            node.value = _call("operated", node.value)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if not self.depth or self.compiled or (isinstance(node.func, ast.Name) and node.func.id == "super"):
            return node
        return ast.Call(_counter("called"), [node.func, *node.args], node.keywords)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        if not self.depth or self.compiled:
            return node
        if isinstance(node.slice, ast.Tuple):
            node.slice.elts = [_index(one) for one in node.slice.elts]
        else:
            node.slice = _index(node.slice)
        return node


def _counter(name: str) -> ast.expr:
    return ast.Attribute(ast.Name("__work__", ast.Load()), name, ast.Load())


def _call(name: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(_counter(name), list(arguments), [])


def _index(node: ast.expr) -> ast.expr:
    return node if isinstance(node, ast.Slice | ast.Starred | ast.Constant) else _call("indexed", node)


class Loader(importlib.machinery.SourceFileLoader):
    """Loads a module of the package rewritten, from its source and never from a cache."""

    counter: Counter

    def get_code(self, fullname: str) -> Any:
        path = self.get_filename(fullname)
        tree = ast.parse(Path(path).read_text(encoding="utf-8"))
        tree = Rewriter(compiled="njit" in ast.dump(tree)).visit(tree)
        return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__work__"] = self.counter
        super().exec_module(module)


class Finder(importlib.abc.MetaPathFinder):
    def __init__(self, counter: Counter) -> None:
        self.loader = type("CountingLoader", (Loader,), {"counter": counter})

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: Any = None) -> Any:
        if fullname.split(".")[0] != "wagekit":
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None and spec.origin.endswith(".py"):
            spec.loader = self.loader(fullname, spec.origin)
        return spec


def frame(rows: int, cells: int) -> Any:
    """Employees of 200 enterprises in 20 strata; `cells` is divisible by 10."""
    import pandas as pd

    rng = np.random.default_rng(1)
    firm = rng.integers(0, 200, rows)
    return pd.DataFrame(
        {
            "pay": np.exp(rng.normal(11, 0.5, rows)).round(2),
            "weight": rng.uniform(1, 3, 200).round(2)[firm],
            "firm": firm,
            "stratum": firm % 20,
            "industry": firm % 10,
            "occupation": rng.integers(0, cells // 10, rows),
            "post": rng.integers(0, cells // 10, rows),
        }
    )


def statements() -> dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]]:
    """What is counted, by name: what makes ready, and the statement."""
    import wagekit as wk

    table, other = ["industry", "occupation"], ["industry", "post"]

    def new(data: Any) -> wk.Survey:
        return wk.Survey(data, weights="weight", strata="stratum", psu="firm")

    def used(data: Any) -> wk.Survey:
        survey = new(data)
        survey.percentiles("pay", by=table)
        survey.mean("pay", by=other)
        return survey

    def replicated(data: Any) -> wk.Survey:
        return new(data).with_replicates("bootstrap", n=10, seed=1)

    return {
        "percentiles, first table": (lambda data: data, lambda data: new(data).percentiles("pay", by=table)),
        "percentiles, further table": (used, lambda survey: survey.percentiles("pay", by=other)),
        "mean, first table": (lambda data: data, lambda data: new(data).mean("pay", by=table)),
        "mean, further table": (used, lambda survey: survey.mean("pay", by=other)),
        "mean, 10 bootstrap replicates": (replicated, lambda survey: survey.mean("pay", by=table)),
        "percentiles, 10 bootstrap replicates": (
            replicated,
            lambda survey: survey.percentiles("pay", by=table, ci="replicates"),
        ),
    }


def count_work(rows: int, cells: int) -> dict[str, dict[str, float]]:
    """Elements and turns per row of every statement, in this process, which must not have loaded the package yet."""
    counter = Counter()
    sys.meta_path.insert(0, Finder(counter))
    data = frame(rows, cells)
    found = {}
    for name, (prepare, call) in statements().items():
        ready = prepare(data)
        counter.elements, counter.turns, counter.passes = 0, itertools.count(), itertools.count()
        call(ready)
        passes, turns = next(counter.passes), next(counter.turns)
        found[name] = {"work": round((counter.elements + passes + turns) / rows, 2), "python_turns": turns}
    return found


def count_memory(rows: int, cells: int) -> dict[str, dict[str, float]]:
    """Bytes per row at the peak of every statement above what was held before it."""
    data = frame(rows, cells)
    found = {}
    for name, (prepare, call) in statements().items():
        if "replicates" in name:  # tracing every number of the passes takes long, and replicates repeat them
            continue
        call(prepare(data))  # what is loaded once is not counted
        ready = prepare(data)
        tracemalloc.start()
        call(ready)
        found[name] = {"bytes": round(tracemalloc.get_traced_memory()[1] / rows, 1)}
        tracemalloc.stop()
    return found


def count_calls(rows: int, cells: int) -> dict[str, dict[str, float]]:
    """Calls of functions, Python's and C's, of every statement, NumPy's own included, those in compiled code not."""
    data = frame(rows, cells)
    found = {}
    for name, (prepare, call) in statements().items():
        call(prepare(data))
        ready = prepare(data)
        calls = 0

        def seen(inside: Any, event: str, _: Any) -> None:
            nonlocal calls
            calls += event in ("call", "c_call") and "njit" not in inside.f_globals

        sys.setprofile(seen)
        call(ready)
        sys.setprofile(None)
        found[name] = {"calls": calls}
    return found


COUNTS = {"work": count_work, "memory": count_memory, "calls": count_calls}


def counted(what: str, *, compiled: bool, cells: int | None = None) -> dict[str, dict[str, float]]:
    """The counts from a fresh process, with the compiled passes (run as plain Python) or with NumPy.

    Parameters
    ----------
    cells : other than in `SIZES`.
    """
    rows, usual = SIZES[what]
    cells = usual if cells is None else cells
    switches = {"WAGEKIT_COMPILED": str(int(compiled)), "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(HERE.parents[1])}
    done = subprocess.run(
        [sys.executable, str(HERE / "work.py"), "--count", what, "--rows", str(rows), "--cells", str(cells)],
        env={**os.environ, **switches},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    found: dict[str, dict[str, float]] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def count_all() -> dict[str, dict[str, dict[str, float]]]:
    """Work and memory per row with and without the compiled passes."""
    found = {}
    for mode, compiled in (("numpy", False), ("compiled", True)):
        work, memory = counted("work", compiled=compiled), counted("memory", compiled=compiled)
        found[mode] = {name: {"work": work[name]["work"], **memory.get(name, {})} for name in work}
    return found


def grown(
    found: dict[str, dict[str, dict[str, float]]], kept: dict[str, dict[str, dict[str, float]]], limit: float = 4 / 3
) -> list[str]:
    """Counts above `limit` times the kept ones, in words, and statements that were not counted."""
    told = []
    for mode, counts in kept.items():
        for name, values in counts.items():
            for what, before in values.items():
                now = found[mode].get(name, {}).get(what, float("inf"))
                if now > before * limit:
                    told.append(f"{mode}, {name}: {what} a row was {before:g}, is {now:g}")
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--record", action="store_true", help="keep the counts in baseline.json")
    parser.add_argument("--count", choices=list(COUNTS), help="print one count of this process as JSON")
    parser.add_argument("--rows", type=int, default=SIZES["work"][0])
    parser.add_argument("--cells", type=int, default=SIZES["work"][1])
    given = parser.parse_args()
    if given.count:
        print(json.dumps(COUNTS[given.count](given.rows, given.cells)))
        return
    found = count_all()
    for mode, counts in found.items():
        for name, values in counts.items():
            memory = f", {values['bytes']:.0f} bytes" if "bytes" in values else ""
            print(f"{mode:9} {name:38} {values['work']:7.1f} elements and turns{memory} a row")
    if given.record:
        kept = json.loads(BASELINE.read_text(encoding="utf-8")) if BASELINE.exists() else {}
        kept["work"] = found
        BASELINE.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
