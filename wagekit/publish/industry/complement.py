"""What a table holds back must not be what is left when its other items are taken from the whole.

A ratio of sums (人工成本指标, growth of average pay) is additive: with the figure of the whole and of all sizes but one,
and headcounts that others know, the last one can be calculated. Where what is left over is confidential, further
items are held back until it no longer is. Percentiles are not additive, so tables of percentiles need none of this.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from wagekit.disclosure.rules import ReleaseRules, judge

if TYPE_CHECKING:
    from wagekit.estimates import Estimates
    from wagekit.survey import Survey

CONFIDENTIAL = ("too_few_enterprises", "too_few_employees", "dominance")
"""Reasons that protect somebody; the others only say that a figure is poor."""


def with_safe_rest(
    survey: Survey, by: str, estimate: Callable[[Survey, str | None], Estimates], rules: ReleaseRules
) -> Estimates:
    """Estimates by one column, of which release rules hold back enough items to protect what is left of the whole.

    What is left is everybody who is in no released item, those without a value in the column included. It is
    estimated as one domain and judged by the same rules; while it is confidential, the released item with the fewest
    enterprises is held back too. Each statistic is looked at on its own.

    Parameters
    ----------
    survey : the whole whose figures are published as well.
    by : domain column.
    estimate : from a survey and a column, or None, to estimates whose domains name their ``statistic``, such as
        :func:`wagekit.guidance.labour_cost.labour_cost`.
    rules : of the release.

    Returns
    -------
    The estimates by `by`; items to be held back besides have no enterprises in the counts that the rules read.
    """
    made = estimate(survey, by)
    frame = made.frame.assign(released=judge(made, rules)["release"].to_numpy())
    column = survey.columns_frame([by])[by]
    judged: dict[tuple[str, ...], dict[str, bool]] = {}

    def confidential(word: str, shown: tuple[str, ...]) -> bool:
        if shown not in judged:
            rest = survey.where(~column.isin(shown).to_numpy(dtype=bool))
            left = estimate(rest, None)
            held = judge(left, rules)["reason"].isin(CONFIDENTIAL) & (left.frame["n_psu"] > 0)
            judged[shown] = dict(zip(left.frame["statistic"], held, strict=True))
        return bool(judged[shown][word])

    hidden = np.zeros(len(frame), dtype=bool)
    for word, rows in frame[frame["released"]].groupby("statistic", sort=False):
        rows = rows.sort_values("n_psu", kind="stable")
        while len(rows) and confidential(str(word), tuple(rows[by])):
            hidden[rows.index[0]] = True
            rows = rows.iloc[1:]
    counted = made.frame["n_psu"].where(~hidden, 0)
    return replace(made, frame=made.frame.assign(n_psu=counted), source=None)
