"""A private note of what the release rules held back, for the search that proves that none of it was published.

:func:`~wagekit.publish.table.release` forgets what may not be published. A build has to know it once more, at the
end, to look for it in all files. Where :data:`VARIABLE` names a file, each release adds a line to it; the build that
set it looks after that file and deletes it after the search. Without the variable nothing is kept anywhere.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wagekit.disclosure.rules import Reason, ReleaseRules
from wagekit.publish.figures import EstimateRow, codes_of, percent, rows_of

if TYPE_CHECKING:
    from wagekit.estimates import Estimates
    from wagekit.publish.table import WageTable

Judged = Sequence[tuple["Estimates", Sequence[Reason]]]
"""Estimates, and for each of their rows why it is held back."""

VARIABLE = "WAGEKIT_HELD_BACK"
"""Environment variable with the path of the private file."""


@dataclass(frozen=True)
class Figure:
    """An exact estimate: of which item and statistic, and what it is divided by where it is printed."""

    codes: tuple[str, ...]
    statistic: str
    value: float
    factor: float


@dataclass(frozen=True)
class Withheld:
    """What one table held back, and what it shows.

    Parameters
    ----------
    title, variable, by : of the table.
    held : figures that may not be published: estimates, their errors and limits.
    shown : the exact estimates behind the published ones.
    printed : texts of its cells.
    """

    title: str
    variable: str
    by: tuple[str, ...]
    held: tuple[Figure, ...]
    shown: tuple[Figure, ...]
    printed: tuple[str, ...]


def record(table: WageTable, judged: Judged, rules: ReleaseRules, factors: Mapping[str, float]) -> None:
    """Add what a table held back to the file that :data:`VARIABLE` names; without the variable do nothing.

    Parameters
    ----------
    table : as published.
    judged, rules : what it was made of.
    factors : statistic -> divisor from the data's unit to the printed one.
    """
    path = os.environ.get(VARIABLE)
    if not path:
        return
    line = json.dumps(asdict(_withheld(table, judged, rules, factors)), ensure_ascii=False) + "\n"
    # Readable by the owner alone from its first byte; one write, so that lines of two processes don't mix.
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, line.encode())
    finally:
        os.close(handle)


def read(files: Iterable[Path]) -> list[Withheld]:
    """What was recorded in private files, each table once; a file that isn't there holds nothing."""
    lines = dict.fromkeys(line for path in files if path.exists() for line in path.read_text("utf-8").splitlines())
    return [_from_json(json.loads(line)) for line in lines]


def _from_json(data: dict[str, Any]) -> Withheld:
    def figures(name: str) -> tuple[Figure, ...]:
        return tuple(Figure(**{**each, "codes": tuple(each["codes"])}) for each in data[name])

    by, printed = tuple(data["by"]), tuple(data["printed"])
    return Withheld(data["title"], data["variable"], by, figures("held"), figures("shown"), printed)


def _withheld(table: WageTable, judged: Judged, rules: ReleaseRules, factors: Mapping[str, float]) -> Withheld:
    held: list[Figure] = []
    shown: list[Figure] = []
    for part, reasons in judged:
        words = [str(word) for word in part.frame["statistic"].tolist()]
        rows = zip(codes_of(part.frame, part.by), words, rows_of(part.frame), reasons, strict=True)
        for codes, word, figure, reason in rows:
            few = rules.min_employees_tails is not None and not figure.n >= rules.min_employees_tails
            names = ["estimate", "se", "ci_lower", "ci_upper"] if reason else []
            if not reason and few and percent(word):
                names = ["ci_lower", "ci_upper"]
            held += _exact(figure, codes, word, names, factors)
            shown += _exact(figure, codes, word, [] if reason else ["estimate"], factors)
    cells = [cell for row in table.rows for cell in row.cells if cell.value is not None]
    printed = tuple(dict.fromkeys(f"{cell.value:f}" for cell in cells))
    return Withheld(table.title, str(judged[0][0].variable), table.by, tuple(held), tuple(shown), printed)


def _exact(
    figure: EstimateRow, codes: tuple[str, ...], word: str, names: Sequence[str], factors: Mapping[str, float]
) -> list[Figure]:
    values = [float(getattr(figure, name)) for name in names]
    return [Figure(codes, word, value, factors.get(word, 1.0)) for value in values if math.isfinite(value)]
