"""How the package is laid out: imports run down the floors, without circles; rooms are small; notebooks are bare."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = {
    **dict.fromkeys(("cli", "demo", "terminal"), 7),
    "builds": 6,
    **dict.fromkeys(("publish", "editing"), 5),
    **dict.fromkeys(("collect", "guidance"), 4),
    **dict.fromkeys(("survey", "survey_statistics", "waves", "engines", "models", "results", "columns", "domains"), 3),
    **dict.fromkeys(("statistics", "weighting", "disclosure"), 2),
    **dict.fromkeys(("design", "estimates", "contrasts", "intervals", "grouping"), 1),
    **dict.fromkeys(("errors", "arrays", "options", "resources", "files", "reads"), 0),
}
"""Floor of each file or folder of the package, as CONTRIBUTING.md has it."""
MOST_LINES = 500


@cache
def modules() -> dict[str, Path]:
    """All modules of the package by name; the package's front door, which loads all rooms by name, left out."""
    found = {}
    for path in sorted((ROOT / "wagekit").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    del found["wagekit"]
    return found


def imported(node: ast.AST) -> Iterator[str]:
    """Modules of the package that are imported when the code runs, be it inside a function."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            for other in child.orelse:
                yield from imported(ast.Module([other], []))
            continue
        if isinstance(child, ast.Import):
            yield from (name.name for name in child.names if name.name in modules())
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports name the whole module"
            for name in child.names:
                whole = f"{child.module}.{name.name}"
                if (module := whole if whole in modules() else child.module) in modules():
                    yield str(module)
        yield from imported(child)


@cache
def imports() -> dict[str, set[str]]:
    return {
        name: set(imported(ast.parse(path.read_text(encoding="utf-8")))) - {name} for name, path in modules().items()
    }


def floor(module: str) -> int:
    room = module.split(".")[1]
    assert room in FLOORS, f"wagekit/{room} has no floor: give it one here and in CONTRIBUTING.md"
    return FLOORS[room]


def test_the_reading_of_imports_sees_what_runs() -> None:
    code = """
from typing import TYPE_CHECKING
from wagekit import arrays
from wagekit.collect import store
if TYPE_CHECKING:
    from wagekit.survey import Survey
else:
    import wagekit.errors
def late():
    from wagekit.publish.table import release
"""
    seen = set(imported(ast.parse(code)))
    assert seen == {"wagekit.arrays", "wagekit.collect.store", "wagekit.errors", "wagekit.publish.table"}


def test_imports_run_down_the_floors() -> None:
    upward = [
        f"{name} imports {other}"
        for name, others in imports().items()
        for other in sorted(others)
        if floor(other) > floor(name)
    ]
    assert upward == []


def test_no_imports_run_in_a_circle() -> None:
    try:
        TopologicalSorter(imports()).prepare()
    except CycleError as circle:
        pytest.fail(" <- ".join(circle.args[1]))


@pytest.mark.parametrize("folder", ["wagekit", "tests"])
def test_no_file_is_two_rooms(folder: str) -> None:
    lines = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in (ROOT / folder).rglob("*.py")
    }
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebooks_are_kept_without_outputs(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert [cell["id"] for cell in cells if cell.get("outputs") or cell.get("execution_count")] == []


def test_every_public_name_loads() -> None:
    import wagekit

    assert [name for name in wagekit.__all__ if getattr(wagekit, name, None) is None] == []
