"""What a check looks at besides the row itself: wave, thresholds, the other table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from wagekit.collect.classification import Classification


@dataclass(frozen=True)
class Limits:
    """Thresholds of the checks.

    Parameters
    ----------
    minimum_age, maximum_age : of employees in the year of the wave, in years, both included.
    full_time_hours : weekly hours above which work counts as full-time. 24 is where part-time work ends in
        the Labour Contract Law, article 68.
    long_hours : weekly hours above which a row is listed for follow-up.
    pay_to_median : pay above this multiple of the file's median is listed for follow-up.
    wage_bill_ratio : mean pay of an enterprise's employees over its wages per worker, lower and upper bound.
    average_wage_ratio : wages per worker over the median of the industry section, lower and upper bound.
    smallest_group : fewest employees, or enterprises, that such a comparison is made with.
    enterprise_rounding, employee_rounding : step that money is rounded to in each table, in 元 (1000 where the
        form is kept in 千元); sums may be off by one step a part.
    """

    minimum_age: int = 16
    maximum_age: int = 75
    full_time_hours: float = 24.0
    long_hours: float = 60.0
    pay_to_median: float = 20.0
    wage_bill_ratio: tuple[float, float] = (0.5, 2.0)
    average_wage_ratio: tuple[float, float] = (0.25, 4.0)
    smallest_group: int = 5
    enterprise_rounding: float = 1.0
    employee_rounding: float = 1.0


@dataclass(frozen=True, eq=False)
class Situation:
    """The surroundings of one check.

    Parameters
    ----------
    wave : year of the wave.
    minimum_wage : 元 a month; None if it isn't known.
    limits : thresholds.
    enterprises, employees : both tables, read; in the hard stage all rows, in the soft stage the accepted ones.
    classifications : code list of each field, None for free text.
    accepted_enterprises : codes of the enterprises that stand, known ones included; None where nothing is known
        about enterprises.
    refused_enterprises : codes of the enterprises that this check refused.
    """

    wave: int
    minimum_wage: float | None
    limits: Limits
    enterprises: pd.DataFrame
    employees: pd.DataFrame
    classifications: Mapping[str, Classification | None]
    accepted_enterprises: pd.Index | None = None
    refused_enterprises: pd.Index | None = None
