"""Shares of enterprises, or of their workers, in each band of a wage-growth guideline."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from wagekit.arrays import Codes, Flags
from wagekit.errors import InputError
from wagekit.estimates import Estimates
from wagekit.guidance.lines import band_numbers
from wagekit.results import stack
from wagekit.survey_statistics import By, names_of

if TYPE_CHECKING:
    import pandas as pd

    from wagekit.guidance.enterprises import EnterpriseGrowth
    from wagekit.guidance.guideline import Guideline
    from wagekit.survey import Survey

Of = Literal["enterprises", "workers"]
"""What shares are of."""

_BAND = "guideline_band"


def shares(guideline: Guideline, growth: EnterpriseGrowth, by: By = None, *, of: Of = "enterprises") -> Estimates:
    """Share of enterprises, or of the workers of such enterprises, in each band of a guideline.

    Parameters
    ----------
    growth : from :func:`wagekit.guidance.enterprises.enterprise_growth`.
    by : domain columns; for enterprises such as don't differ inside one (industry, size).
    of : what is counted. A worker lies in the band of the enterprise.

    Returns
    -------
    Estimates by the columns and ``band`` (from low to high), statistic ``proportion``. The domains also hold what lies
    in the band: ``band_enterprises``, ``band_employees`` (respondents) and ``band_largest_share`` (the largest
    enterprise's share of its weight), which release rules look at.

    Raises
    ------
    DesignError
        If enterprises are to be counted and their weights are not known.
    InputError
        If a column is missing, or differs inside enterprises.

    Notes
    -----
    Enterprises that are not compared stay in the design as rows outside the domain, as R's ``subset`` does.
    """
    if of not in ("enterprises", "workers"):
        raise InputError(f"{of!r}", where="of", expected="enterprises or workers")
    survey = growth.workers if of == "workers" else growth.weighted()
    names = names_of(by)
    differing = [name for name in names if name not in survey.columns and name in growth.workers.columns]
    if differing:
        raise InputError(
            f"column {differing[0]!r} differs inside an enterprise",
            where="shares",
            expected="a column of the enterprise",
            do='Count workers: of="workers"',
        )
    bands = guideline.bands
    percents = survey.numbers("growth") * 100
    number = band_numbers(np.where(survey.mask, percents, np.nan), bands)
    parts = [
        survey.with_column(_BAND, np.where(number < 0, np.nan, number == k)).proportion(_BAND, by)
        for k in range(len(bands))
    ]
    made = stack(parts, "band", list(range(len(bands))))
    counts = _contents(survey, growth, number, names, len(bands))
    domains = made.domains.merge(counts, on=list(made.by), how="left", validate="one_to_one")
    added = ["band_enterprises", "band_employees", "band_largest_share"]
    domains[added] = domains[added].fillna(0)
    words = dict(enumerate(band.name for band in bands))
    metadata = {**made.metadata, "of": of, "guideline": f"{guideline.region} {guideline.year}"}
    return replace(
        made,
        frame=made.frame.assign(band=made.frame["band"].map(words)),
        domains=domains.assign(band=domains["band"].map(words)),
        variable="growth",
        metadata=metadata,
    )


def _contents(survey: Survey, growth: EnterpriseGrowth, number: Codes, by: tuple[str, ...], bands: int) -> pd.DataFrame:
    """Enterprises and respondents in each domain and band, and the largest enterprise's share of the weight."""
    import pandas as pd

    code, domains = survey.cross(by)
    rows: Flags = (code >= 0) & (number >= 0)
    employees = np.ones(code.size) if survey is growth.workers else survey.numbers("employees")
    table = pd.DataFrame(
        {
            "domain": code[rows],
            "band": number[rows],
            "unit": survey.sample.first.unit[rows],
            "employees": employees[rows],
            "weight": survey.sample.weights[rows],
        }
    )
    firms = table.groupby(["domain", "band", "unit"], as_index=False)[["employees", "weight"]].sum()
    groups = firms.groupby(["domain", "band"])
    found = pd.DataFrame(
        {
            "band_enterprises": groups.size(),
            "band_employees": groups["employees"].sum(),
            "band_largest_share": groups["weight"].max() / groups["weight"].sum(),
        }
    ).reset_index()
    return pd.concat([domains.iloc[found["domain"]].reset_index(drop=True), found.drop(columns="domain")], axis=1)
