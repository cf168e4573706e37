"""What every statistic returns: one tidy frame, its domains and how it was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

RESULT_COLUMNS = (
    "statistic",
    "estimate",
    "se",
    "cv",
    "ci_lower",
    "ci_upper",
    "df",
    "deff",
    "n",
    "n_psu",
    "flag",
)

FLAGS: Mapping[str, str] = MappingProxyType(
    {
        "": "estimated",
        "empty": "no respondent with a value in the domain",
        "single_psu": "one sampling unit only: the variance can't be estimated",
        "zero_variance": "the values do not vary: an error margin of 0 would feign precision",
        "no_df": "as many strata as sampling units: no degrees of freedom, so no interval",
        "limit_outside_data": "a confidence limit lies outside the observed values",
        "census": "every unit was taken: no sampling error",
        "model_based": "estimated with the help of a model over all domains",
        "not_defined": "the statistic has no value in the domain (a denominator is 0 or a logarithm is of 0)",
    }
)


@dataclass(frozen=True)
class Estimates:
    """Estimates of one or several statistics for one or many domains.

    Parameters
    ----------
    frame : one row for each domain and statistic; first the columns in `by`, then ``statistic, estimate,
        se, cv, ci_lower, ci_upper, df, deff, n, n_psu, flag`` (:data:`RESULT_COLUMNS`). Not rounded and
        not suppressed: it must not leave the house (see :func:`wagekit.release`).
    by : names of the domain columns, empty for the whole sample.
    variable : name of the variable that was estimated.
    domains : one row for each domain: the columns in `by`, then ``n`` respondents, ``n_psu`` sampling units,
        ``population`` (sum of weights), and the largest unit's share, in [0, 1], of the respondents
        (``largest_share``), of the weighted respondents (``largest_weighted_share``) and of the weighted
        total of the variable (``largest_total_share``).
    metadata : how the estimates were made: method, definition, confidence level, name of the survey.
    covariance : covariance matrix of ``frame["estimate"]``, in the frame's row order, where it was asked for.

    Examples
    --------
    >>> import pandas as pd, wagekit as wk
    >>> frame = pd.DataFrame({"pay": [10.0, 20, 30, 40], "w": [1.0, 1, 1, 1], "firm": [1, 1, 2, 2]})
    >>> wk.Survey(frame, weights="w", psu="firm").mean("pay").frame["estimate"].tolist()
    [25.0]
    """

    frame: pd.DataFrame
    by: tuple[str, ...]
    variable: str
    domains: pd.DataFrame
    metadata: Mapping[str, Any] = field(default_factory=dict)
    covariance: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        of = f" by {', '.join(self.by)}" if self.by else ""
        return f"Estimates of {self.variable}{of}\n{self.frame!r}"

    def _repr_html_(self) -> str:
        return str(self.frame.to_html(index=False, escape=True, float_format=lambda value: f"{value:,.6g}"))
