"""Grades of the data (数据质量评定) by criteria that the report declares; official ones are not known.

A criterion is judged by the figure that a table prints, so that grade and table agree; what no table may print is not
graded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from wagekit.publish.count_table import CountColumn, plain_table
from wagekit.publish.evaluation.context import Evaluation
from wagekit.publish.table import WageTable

Grade = Literal["good", "fair", "poor"]


@dataclass(frozen=True)
class Criterion:
    """One criterion: its word, the aspect of quality, and from where on it is good and fair.

    Where `good` is below `fair`, small figures are good.
    """

    name: str
    dimension: Literal["completeness", "accuracy", "coherence", "comparability"]
    good: float
    fair: float

    @property
    def rising(self) -> bool:
        """Whether large figures are good."""
        return self.good > self.fair

    def grade(self, value: float) -> Grade:
        """The grade of a figure, limits included.

        >>> Criterion("response_graded", "completeness", 80, 60).grade(60)
        'fair'
        >>> Criterion("queries_graded", "accuracy", 1, 3).grade(3.1)
        'poor'
        """
        sign = 1 if self.rising else -1
        if sign * value >= sign * self.good:
            return "good"
        return "fair" if sign * value >= sign * self.fair else "poor"


CRITERIA = (
    Criterion("response_graded", "completeness", 80, 60),
    Criterion("unanswered_graded", "completeness", 1, 5),
    Criterion("unanswered_firms_graded", "completeness", 1, 5),
    Criterion("enterprise_accepted", "accuracy", 97, 90),
    Criterion("employee_accepted", "accuracy", 98, 95),
    Criterion("queries_graded", "accuracy", 1, 3),
    Criterion("heaping_graded", "accuracy", 10, 30),
    Criterion("wage_bill_graded", "coherence", 90, 75),
    Criterion("value_added_graded", "coherence", 95, 80),
    Criterion("frame_graded", "coherence", 5, 10),
    Criterion("matched_graded", "comparability", 70, 50),
    Criterion("outliers_graded", "comparability", 2, 5),
)
"""The criteria of the report; the limits are wagekit's."""


def overall(grades: list[Grade]) -> Grade:
    """The grade of all criteria: good with none poor and three in four good, poor with more than one in four poor.

    >>> overall(["good", "good", "good", "fair"]), overall(["good", "good", "poor"])
    ('good', 'poor')
    """
    if not grades:
        return "poor"
    if "poor" not in grades and grades.count("good") >= 0.75 * len(grades):
        return "good"
    return "poor" if grades.count("poor") > 0.25 * len(grades) else "fair"


def graded(values: Mapping[str, float | None]) -> dict[str, Grade]:
    """The grade of each criterion whose figure is known, in the order of `CRITERIA`."""
    known = {criterion: values.get(criterion.name) for criterion in CRITERIA}
    return {each.name: each.grade(value) for each, value in known.items() if value is not None}


def grades_table(e: Evaluation, values: Mapping[str, float | None]) -> WageTable:
    """A row a criterion: aspect, criterion, its limits, the grade, the figure; those without a figure left out."""
    grades = graded(values)
    rows = []
    for criterion in CRITERIA:
        if criterion.name not in values:
            continue
        limit = "at_least" if criterion.rising else "at_most"
        names = [
            e.words[criterion.dimension],
            e.words[criterion.name],
            e.words[limit].format(value=f"{criterion.good:g}"),
            e.words[limit].format(value=f"{criterion.fair:g}"),
            e.words[grades.get(criterion.name, "ungraded")],
        ]
        rows.append((names, {"value": values[criterion.name]}))
    return plain_table(
        rows, [CountColumn("value", e.words["value"], decimals=2)], e.about, title=e.title("grades"),
        unit=e.words["as_named"], notes=[e.words["grades_note"]],
        headings=[e.words[key] for key in ("dimension", "criterion", "good_line", "fair_line", "grade")],
    )  # fmt: skip
