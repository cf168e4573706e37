"""Tables of growth beside the wage-growth guideline (企业工资增长指导线), under the release rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from wagekit.arrays import Floats
from wagekit.disclosure.rules import ReleaseRules
from wagekit.errors import InputError
from wagekit.estimates import Estimates
from wagekit.options import Language
from wagekit.publish.figures import Labels
from wagekit.publish.guideline.words import GUIDELINE_WORDS, band_bounds, bounds_note
from wagekit.publish.table import Measure, WageTable, release
from wagekit.publish.words import dimension_in_title

if TYPE_CHECKING:
    from wagekit.guidance.comparison import GuidelineComparison
    from wagekit.guidance.guideline import Guideline

PARTS = ("growth", "within", "composition")


def percent_rules(rules: ReleaseRules, max_se: float) -> ReleaseRules:
    """The release rules for growth and shares: the largest standard error in percentage points, no CV.

    Examples
    --------
    >>> rules = percent_rules(ReleaseRules(), 2.5)
    >>> rules.max_cv, rules.max_se, rules.min_employees
    (None, 0.025, 30)
    """
    return replace(rules, max_cv=None, max_se=max_se / 100)


def growth_table(
    comparison: GuidelineComparison,
    rules: ReleaseRules,
    *,
    labels: Mapping[str, Any] | Labels | None = None,
    notes: Sequence[str] = (),
    language: Language = "zh",
) -> WageTable:
    """Growth with its interval, real growth, and the probability of each band of the guideline.

    Parameters
    ----------
    comparison : of Estimates; see :meth:`wagekit.guidance.guideline.Guideline.compare`.
    rules : see :func:`percent_rules`; all figures of an item stand or fall with its growth.
    labels, notes : as :func:`wagekit.publish.table.release` takes them.

    Raises
    ------
    InputError
        If a frame of enterprises was compared: what is known of one enterprise is not published.
    """
    if comparison.estimates is None:
        raise InputError("a frame of enterprises was compared", where="growth_table", expected="Estimates")
    words = GUIDELINE_WORDS[language]
    level = f"{float(comparison.estimates.metadata.get('level') or 0.95) * 100:g}%"
    interval = words["interval"].format(level=level)
    measures = {
        "growth": Measure(words["growth"]),
        "ci_lower": Measure(words["lower_limit"], interval),
        "ci_upper": Measure(words["upper_limit"], interval),
    }
    if comparison.cpi is not None:
        measures["real_growth"] = Measure(words["real_growth"])
    for band in comparison.bands:
        measures[f"p_{band.name}"] = Measure(band_bounds(band, language), words["probability"], decimals=0)
    scale = {name: 1.0 if name.startswith("p_") else 100.0 for name in measures}
    figures = {name: comparison.frame[name].to_numpy(float) / scale[name] for name in measures}
    return release(
        _with_figures(comparison.estimates, figures),
        rules,
        title=_title("growth_title", comparison.by, comparison.guideline, language),
        unit="%",
        labels=labels,
        measures=measures,
        notes=[*_growth_notes(comparison.guideline, language), *notes],
        language=language,
    )


def _with_figures(estimates: Estimates, figures: Mapping[str, Floats]) -> Estimates:
    """Figures made from the growth of each domain, judged by the growth's own counts and error.

    Parameters
    ----------
    figures : statistic -> its value in each domain, shape (domains,).
    """
    import pandas as pd

    rows = estimates.frame[estimates.frame["statistic"] == "growth"]
    frame = pd.concat([rows] * len(figures), ignore_index=True)
    words, values = np.repeat(list(figures), len(rows)), np.concatenate(list(figures.values()))
    frame = frame.assign(statistic=words, estimate=values)
    return replace(estimates, frame=frame, source=None)


def share_table(
    shares: Estimates,
    guideline: Guideline,
    rules: ReleaseRules,
    *,
    labels: Mapping[str, Any] | Labels | None = None,
    notes: Sequence[str] = (),
    language: Language = "zh",
) -> WageTable:
    """Share of enterprises or workers in each band.

    The rules are asked of every band of an item that holds anybody, the precision of the least precise one, and an
    item is published with all its bands or not at all: a missing one would be 100 % less the others. Where all
    enterprises lie in one band, the item would tell of each of them, so it is held back too.

    Parameters
    ----------
    shares : from :meth:`wagekit.guidance.guideline.Guideline.shares`.
    rules : see :func:`percent_rules`.
    """
    words = GUIDELINE_WORDS[language]
    by = tuple(name for name in shares.by if name != "band")
    of = str(shares.metadata["of"])
    measures = {band.name: Measure(band_bounds(band, language), words[f"share_of_{of}"]) for band in guideline.bands}
    return release(
        _protected(shares, by),
        rules,
        title=_title(f"{of}_title", by, guideline, language),
        unit="%",
        labels=labels,
        measures=measures,
        notes=[*_growth_notes(guideline, language), *notes],
        language=language,
    )


def _protected(shares: Estimates, by: tuple[str, ...]) -> Estimates:
    """The bands as statistics, with counts and error of the item's least-filled and least precise band."""
    whole = shares.domains.assign(_item=0)
    key = list(by) or ["_item"]
    held = whole[whole["band_enterprises"] > 0]
    groups = held.groupby(key, dropna=False, observed=True)
    least = groups.agg(
        n=("band_employees", "min"),
        n_psu=("band_enterprises", "min"),
        bands=("band", "size"),
        largest_share=("band_largest_share", "max"),
    ).reset_index()
    least["n_psu"] = least["n_psu"].where(least["bands"] > 1, 0)
    least["largest_weighted_share"] = least["largest_share"]
    domains = least.drop(columns=["bands", *(["_item"] if not by else [])])
    frame = shares.frame.assign(_item=0, statistic=shares.frame["band"]).drop(columns=["n", "n_psu"])
    # The error of the least precise band stands for all, those included that hold nobody and have no error.
    frame["se"] = frame.groupby(key, dropna=False, observed=True)["se"].transform("max")
    frame = frame.merge(least[[*key, "n", "n_psu"]], on=key, how="left", validate="many_to_one")
    return replace(shares, frame=frame.drop(columns=["_item", "band"]), by=by, domains=domains, source=None)


def parts_table(
    parts: Estimates,
    guideline: Guideline,
    rules: ReleaseRules,
    *,
    notes: Sequence[str] = (),
    language: Language = "zh",
) -> WageTable:
    """Growth split into growth within occupations and change of their composition, a row each.

    Parameters
    ----------
    parts : from :func:`wagekit.decompose_growth`.
    rules : see :func:`percent_rules`.
    """
    import pandas as pd

    words = GUIDELINE_WORDS[language]
    level = f"{float(parts.metadata.get('level') or 0.95) * 100:g}%"
    interval = words["interval"].format(level=level)
    measures = {
        "estimate": Measure(words["points"]),
        "ci_lower": Measure(words["lower_limit"], interval),
        "ci_upper": Measure(words["upper_limit"], interval),
    }
    frame = parts.frame.set_index("statistic").loc[list(PARTS)].reset_index()
    numbers = [str(number) for number in range(1, len(PARTS) + 1)]
    rows = pd.concat([frame.assign(part=numbers, statistic=name, estimate=frame[name]) for name in measures])
    domains = pd.concat([parts.domains.assign(part=number) for number in numbers], ignore_index=True)
    made = replace(parts, frame=rows.reset_index(drop=True), by=("part",), domains=domains, source=None)
    return release(
        made,
        rules,
        title=words["parts_title"].format(year=guideline.year),
        unit=words["points_unit"],
        labels={number: words[name] for number, name in zip(numbers, PARTS, strict=True)},
        headings={"part": words["part"]},
        measures=measures,
        notes=[words["parts_note"], *notes],
        language=language,
    )


def _title(key: str, by: Sequence[str], guideline: Guideline, language: Language) -> str:
    words = GUIDELINE_WORDS[language]
    named = words["and"].join(dimension_in_title(name, language) for name in by)
    dimensions = words["by"].format(dimensions=named) if by else ""
    return words[key].format(by=dimensions, year=guideline.year)


def _growth_notes(guideline: Guideline, language: Language) -> list[str]:
    words = GUIDELINE_WORDS[language]
    return [bounds_note(guideline, language), words["matched_note"], words["line_note"]]
