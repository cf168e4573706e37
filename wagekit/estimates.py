"""What every statistic returns: one tidy frame, its domains and how it was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from wagekit.arrays import Codes, Floats
from wagekit.contrasts import contrast
from wagekit.errors import EstimationError
from wagekit.options import ContrastKind

if TYPE_CHECKING:
    import pandas as pd


class Source(Protocol):
    """What estimates were made from."""

    def covariance(self, rows: Codes) -> Floats:
        """Covariance matrix of rows of the estimates."""

    def degrees_of_freedom(self, rows: Codes) -> float:
        """Degrees of freedom of the rows taken together."""


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
        "unknown_variance": "the error of a part of it can't be estimated",
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
    by : names of the domain columns, empty for the whole sample. A row in which one holds ``_T`` is a total over its
        values (:mod:`wagekit.grouping`).
    variable : name of the variable that was estimated.
    domains : one row for each domain: the columns in `by`, then ``n`` respondents, ``n_psu`` sampling units,
        ``population`` (sum of weights), and the largest unit's share, in [0, 1], of the respondents
        (``largest_share``), of the weighted respondents (``largest_weighted_share``) and of the weighted
        total of the variable (``largest_total_share``).
    metadata : how the estimates were made: method, definition, confidence level, name of the survey.
    source : what the estimates were made from, for covariances between their rows. It holds the survey's rows
        in memory, so it is left behind when estimates are copied to a file (pickled) or released.

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
    source: Source | None = field(default=None, repr=False, compare=False)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "source": None}

    def covariance(self, rows: Sequence[int] | None = None) -> Floats:
        """Covariance matrix of estimates, shape (m, m), in the order of `rows` (all rows of the frame by default).

        Raises
        ------
        EstimationError
            If the estimates were read back from a file and no longer know their sample.
        """
        if self.source is None:
            raise EstimationError(
                "these estimates no longer know the sample they were made from",
                where="covariance",
                do="Estimate them again from the Survey",
            )
        wanted = np.arange(len(self.frame)) if rows is None else np.asarray(rows, dtype=np.int64)
        matrix = self.source.covariance(wanted)
        # Where a row's own error can't be estimated, neither can its part in others'.
        unknown = self.frame["se"].isna().to_numpy()[wanted]
        matrix[unknown, :] = np.nan
        matrix[:, unknown] = np.nan
        return matrix

    def contrast(
        self,
        combinations: Mapping[str, Mapping[Any, float]],
        *,
        kind: ContrastKind = "difference",
        level: float = 0.95,
    ) -> Estimates:
        """Differences or ratios between rows, with the covariance of the rows.

        Parameters
        ----------
        combinations : for each name the coefficients of the rows that take part. A row is named by the value of
            its domain column, or a tuple of them where there are several; where the estimates hold several
            statistics the statistic's word comes last: ``("E", "p50")``. Without domains the word alone.
        kind : ``difference``, the sum of coefficient times estimate (R ``svycontrast``); ``ratio``, the product
            of estimates to the power of their coefficients, so that ``{"E": 1, "H": -1}`` is E / H.
        level : confidence level.

        Returns
        -------
        Estimates whose statistic is the name, with two further columns ``t`` and ``p_value``: the t test of a
        difference of 0, or of a ratio of 1.

        Raises
        ------
        EstimationError
            If a row is not there, or the estimates were read back from a file.

        Examples
        --------
        >>> import pandas as pd, wagekit as wk
        >>> frame = pd.DataFrame({"y": [1.0, 2, 3, 5, 6, 7], "g": list("aaabbb"), "w": 1.0})
        >>> means = wk.Survey(frame, weights="w").mean("y", by="g")
        >>> means.contrast({"b_minus_a": {"b": 1, "a": -1}}).frame["estimate"].item()
        4.0
        """
        import pandas as pd

        if not 0 < level < 1:
            raise EstimationError(f"{level!r}", where="level", expected="a confidence level between 0 and 1")
        if not combinations or not all(isinstance(terms, Mapping) and terms for terms in combinations.values()):
            raise EstimationError(
                "no coefficients", where="contrast", expected='a mapping such as {"a_minus_b": {"a": 1, "b": -1}}'
            )
        positions = self._positions()
        matrix = np.zeros((len(combinations), len(self)))
        for line, (name, terms) in enumerate(combinations.items()):
            for key, coefficient in terms.items():
                if key not in positions:
                    raise EstimationError(
                        f"no row is called {key!r}",
                        where=f"contrast {name!r}",
                        expected=f"one of {', '.join(repr(known) for known in list(positions)[:8])}",
                    )
                matrix[line, positions[key]] += coefficient
        rows = np.flatnonzero(matrix.any(axis=0))
        coefficients = matrix[:, rows]
        covariance = self.covariance(rows.tolist())
        flags = self.frame["flag"].to_numpy(dtype=object)[rows]
        assert self.source is not None
        df = np.array([self.source.degrees_of_freedom(rows[line != 0]) for line in coefficients])
        point = self.frame["estimate"].to_numpy(dtype=float)[rows]
        made = contrast(point, covariance, coefficients, df, flags=flags, kind=kind, level=level)
        taken = [self.frame.iloc[rows[line != 0]] for line in coefficients]
        frame = pd.DataFrame(
            {
                "statistic": list(combinations),
                "estimate": made.estimate,
                "se": made.se,
                "cv": np.abs(made.se / made.estimate),
                "ci_lower": made.lower,
                "ci_upper": made.upper,
                "df": df,
                "deff": np.nan,
                "n": [int(part["n"].min()) for part in taken],
                "n_psu": [int(part["n_psu"].min()) for part in taken],
                "flag": made.flag.astype(object),
                "t": made.t,
                "p_value": made.p_value,
            }
        )
        metadata = {**self.metadata, "contrast": kind, "level": level}
        return replace(self, frame=frame, by=(), domains=frame[["n", "n_psu"]], metadata=metadata, source=None)

    def _positions(self) -> dict[Any, int]:
        """Rows by their name: value of the domain column, or a tuple, the statistic's word last."""
        several = self.frame["statistic"].nunique() > 1
        names = [*self.by, *(["statistic"] if several or not self.by else [])]
        keys = self.frame[names].itertuples(index=False, name=None)
        return {key if len(names) > 1 else key[0]: row for row, key in enumerate(keys)}

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        of = f" by {', '.join(self.by)}" if self.by else ""
        return f"Estimates of {self.variable}{of}\n{self.frame!r}"

    def _repr_html_(self) -> str:
        return str(self.frame.to_html(index=False, escape=True, float_format=lambda value: f"{value:,.6g}"))
