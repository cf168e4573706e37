"""Structure of labour cost (人工成本构成): the shares of its seven items, adding to 1 also as printed."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from wagekit.arrays import Floats
from wagekit.errors import EstimationError, InputError, WagekitWarning
from wagekit.estimates import Estimates
from wagekit.guidance.labour_cost import ENTERPRISES, as_survey, ratio_of_sums
from wagekit.guidance.tables import statistics_of
from wagekit.options import SinglePSU
from wagekit.survey_statistics import By

ITEMS: Mapping[str, str] = MappingProxyType(
    {
        "wages": "从业人员劳动报酬",
        "social_insurance": "社会保险费用",
        "welfare": "福利费用",
        "education_cost": "教育经费",
        "labour_protection": "劳动保护费用",
        "housing_cost": "住房费用",
        "other_labour_cost": "其他人工成本",
    }
)
"""The seven items of labour cost (劳部发〔1997〕261号): column -> Chinese name."""


def labour_cost_structure(
    enterprises: Any,
    by: By = None,
    weights: str | None = None,
    *,
    decimals: int | None = None,
    strata: By = None,
    psu: By = None,
    fpc: By = None,
    single_psu: SinglePSU = "adjust",
    level: float = 0.95,
) -> Estimates:
    """Share of each of the seven items in labour cost, in each domain.

    Parameters
    ----------
    enterprises, by, weights, strata, psu, fpc, single_psu, level : as :func:`wagekit.labour_cost` takes them, with
        the columns of :data:`ITEMS`. Enterprises that miss an item are left out.
    decimals : round the shares, as percents, to so many decimals in a way that they still add up to 100
        (:func:`rounded_to_whole`); None leaves them as they are.

    Returns
    -------
    Estimates with statistics ``wages_share`` …, in the order of :data:`ITEMS`: sum of the item over the sum of all
    seven. Since the shares add to 1 a held-back one could be worked out from the others, the domains' largest
    enterprise is that of the item it weighs most in: release rules take a domain's seven shares or none for it.

    Raises
    ------
    InputError
        If an item's column is missing.

    Warns
    -----
    WagekitWarning
        If ``labour_cost`` is there and differs from the sum of its items by more than 0.5 % over all enterprises.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({name: [money, 2 * money] for name, money in
    ...     zip(ITEMS, [70.0, 20.0, 4.0, 1.0, 1.0, 3.0, 1.0])})
    >>> made = labour_cost_structure(frame).frame
    >>> made["estimate"].tolist()[:3], round(float(made["estimate"].sum()), 12)
    ([0.7, 0.2, 0.04], 1.0)
    """
    survey = as_survey(enterprises, weights=weights, strata=strata, psu=psu, fpc=fpc, single_psu=single_psu)
    columns = set(survey.columns)
    missing = [name for name in ITEMS if name not in columns]
    if missing:
        raise InputError(
            f"no column {', '.join(missing)}", where="labour_cost_structure", expected="the seven items of labour cost"
        )
    items = [survey.numbers(name) for name in ITEMS]
    whole = np.sum(items, axis=0)
    if "labour_cost" in columns:
        _compare(survey.numbers("labour_cost"), whole, survey.sample.weights)
    present = ~np.isnan(whole)
    asked = [
        ratio_of_sums(f"{name}_share", item, whole, present=present) for name, item in zip(ITEMS, items, strict=True)
    ]
    made = statistics_of(survey, by, asked, level=level, **{**ENTERPRISES, "subject": "labour_cost_structure"})
    shares = made.domains["largest_total_share"].to_numpy(dtype=np.float64).reshape(-1, len(ITEMS))
    largest = np.repeat(np.fmax.reduce(shares, axis=1), len(ITEMS))
    made = replace(made, variable="labour_cost", domains=made.domains.assign(largest_total_share=largest))
    if decimals is None:
        return made
    estimate = made.frame["estimate"].to_numpy(dtype=np.float64).reshape(-1, len(ITEMS))
    even = np.stack([rounded_to_whole(shares, decimals + 2) for shares in estimate])
    return replace(made, frame=made.frame.assign(estimate=even.reshape(-1)))


def rounded_to_whole(shares: Floats, decimals: int) -> Floats:
    """Shares that add to 1, rounded so that they still do: the largest remainders are rounded up (最大余额法).

    Parameters
    ----------
    shares : shape (k,), not negative, adding to 1; left as they are if one is NaN.
    decimals : of the shares as fractions, 0 to 12.

    Notes
    -----
    Each share is cut to so many decimals; the units that are then missing from 1 go to the shares of which most was
    cut off, the first where several are equal (Hamilton's method). No share moves by a unit or more.

    Examples
    --------
    >>> rounded_to_whole(np.array([1 / 3, 1 / 3, 1 / 3]), 2).tolist()
    [0.34, 0.33, 0.33]
    """
    if not 0 <= decimals <= 12:
        raise EstimationError(f"{decimals!r} decimals", where="rounded_to_whole", expected="0 to 12")
    if np.isnan(shares).any():
        return shares
    units = shares * 10.0**decimals
    cut = np.floor(units + 1e-9)
    left = round(10.0**decimals - cut.sum())
    order = np.argsort(-(units - cut), kind="stable")
    cut[order[:left]] += 1
    return np.asarray(cut / 10.0**decimals)


def _compare(given: Floats, whole: Floats, weights: Floats) -> None:
    both = ~np.isnan(given) & ~np.isnan(whole)
    total, items = (weights[both] * given[both]).sum(), (weights[both] * whole[both]).sum()
    if total > 0 and abs(items / total - 1) > 0.005:
        warnings.warn(
            WagekitWarning(
                f"the seven items add up to {items / total:.1%} of labour_cost; shares are of the sum of the items"
            ),
            stacklevel=3,
        )
