"""From a survey of employees to a survey of their enterprises."""

from __future__ import annotations

import numpy as np

from wagekit.errors import InputError
from wagekit.survey import Survey


def enterprise_survey(survey: Survey) -> Survey:
    """The enterprises of a survey of employees, one row each, under its design.

    Parameters
    ----------
    survey : a survey of employees whose first-stage unit is the enterprise, with the enterprise's columns on every
        row, as ``Store.survey`` gives it. Its domain, if it was restricted, is not kept: enterprises are whole.

    Returns
    -------
    Survey of enterprises. An enterprise's weight is the sum of its employees' weights over its
    ``average_headcount``: its employees stand for so many times its staff.

    Raises
    ------
    InputError
        If the design names no enterprises, or an enterprise has no ``average_headcount`` above 0.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"firm": [1, 1, 2], "w": [5.0, 5, 8], "average_headcount": [4, 4, 2]})
    >>> enterprise_survey(Survey(people, weights="w", psu="firm")).frame["w"].tolist()
    [2.5, 4.0]
    """
    design = survey.design
    if not design.psu:
        raise InputError(
            "the survey's design names no enterprises", where="enterprise_survey", do="Make it with psu=<enterprise>"
        )
    unit = survey.sample.first.unit
    first = np.unique(unit, return_index=True)[1]
    staff = np.bincount(unit, weights=survey.sample.weights)
    firms = survey.columns_frame(survey.columns).iloc[first].reset_index(drop=True)
    if "average_headcount" not in firms:
        raise InputError("there is no column 'average_headcount'", where="enterprise_survey")
    headcount = firms["average_headcount"].to_numpy(dtype=np.float64, na_value=np.nan)
    bad = ~(headcount > 0)
    if bad.any():
        raise InputError(
            f"{int(bad.sum())} enterprises, the first {str(firms[design.psu[0]].iloc[int(np.argmax(bad))])!r}, have no"
            " average_headcount above 0",
            where="enterprise_survey",
            do="Correct it, or leave those enterprises out",
        )
    made = Survey(
        firms.assign(**{design.weights: staff / headcount}),
        weights=design.weights,
        strata=design.strata or None,
        psu=design.psu[0],
        fpc=design.fpc[0] if design.fpc else None,
        single_psu=design.single_psu,
        pps=design.pps,
        name=survey.name,
    )
    return made.with_metadata(**survey.metadata)
