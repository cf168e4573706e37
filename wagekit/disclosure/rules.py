"""Release rules: which estimates may be published, and why not.

The unit to protect in a wage survey is the enterprise as much as the worker, so the rules look at both. No notice on
工资价位 was found that states a minimum, so every figure is a parameter. The defaults follow practice elsewhere: INSEE
publishes from 3 enterprises with at most 85 % in the largest, US QCEW from 3 establishments with at most 80 %; NCHS
marks estimates from fewer than 30 persons or with a relative standard error of 30 % and more.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from wagekit.errors import ReleaseError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from wagekit.estimates import Estimates

Reason = Literal["", "too_few_enterprises", "too_few_employees", "dominance", "not_estimable", "precision"]
"""Why an estimate is held back; empty when it may be published. The first that applies, in this order."""

REASONS: Mapping[Reason, str] = MappingProxyType(
    {
        "": "may be published",
        "too_few_enterprises": "fewer enterprises than the rules ask for",
        "too_few_employees": "fewer employees than the rules ask for",
        "dominance": "one enterprise has too large a share",
        "not_estimable": "there is no estimate",
        "precision": "the sampling error is too large, or can't be estimated",
    }
)

TAILS = (25.0, 75.0)
"""Percentiles below the first or above the second figure ask for more employees."""

_PERCENTILE = re.compile(r"(?<![a-z])p(\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class ReleaseRules:
    """What an estimate must fulfil to be published. ``None`` turns a rule off.

    Parameters
    ----------
    min_employees : least number of respondents in the domain.
    min_enterprises : least number of enterprises (first-stage units) in the domain.
    max_share : largest share, in (0, 1], that one enterprise may have: of the respondents, of the weighted
        employees, and of the weighted wages. Like every parameter of a concentration rule it is confidential:
        nothing that wagekit publishes mentions it.
    max_cv : largest coefficient of variation (0.30 is 30 %). An estimate whose sampling error is 0, missing or
        without degrees of freedom has no known precision and is held back too; a census is exempt.
    min_employees_tails : least number of respondents for percentiles outside 25 to 75.
    max_se : largest standard error in the unit of the estimate (0.02 is 2 percentage points of a growth or a share),
        for what may be near 0, where a coefficient of variation says nothing: turn `max_cv` off then. Off by default.
    min_enterprises_beyond : where the respondents are enterprises (labour cost), least number of them on either side
        of a percentile, since it is one enterprise's own figure: 3 asks for 6 at the median, 12 at P25 and P75.

    Raises
    ------
    ReleaseError
        For a figure that can't be a rule, such as a share of 85.

    Examples
    --------
    >>> ReleaseRules(max_cv=None).min_employees
    30
    >>> ReleaseRules(max_share=85)
    Traceback (most recent call last):
    ...
    wagekit.errors.ReleaseError: release rule max_share: found 85; expected a number above 0 and up to 1, or None.
    """

    min_employees: int | None = 30
    min_enterprises: int | None = 3
    max_share: float | None = 0.85
    max_cv: float | None = 0.30
    min_employees_tails: int | None = 50
    max_se: float | None = None
    min_enterprises_beyond: int | None = 3

    def __post_init__(self) -> None:
        for rule in fields(self):
            value: object = getattr(self, rule.name)
            if value is None:
                continue
            number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
            finite = number and math.isfinite(cast(float, value))
            if rule.name.startswith("min_"):
                good = finite and cast(float, value) >= 0 and float(cast(float, value)).is_integer()
                expected = "a whole number of 0 or more, or None"
            elif rule.name == "max_share":
                good = finite and 0 < cast(float, value) <= 1
                expected = "a number above 0 and up to 1, or None"
            else:
                good = finite and cast(float, value) > 0
                expected = "a number above 0, or None"
            if not good:
                raise ReleaseError(f"found {value!r}", where=f"release rule {rule.name}", expected=expected)


def is_tail(statistic: str) -> bool:
    """Whether a statistic rests on a percentile outside 25 to 75.

    Examples
    --------
    >>> [is_tail(word) for word in ("p10", "p25", "mean", "p75", "p90", "p50", "p90_p10", "p2.5")]
    [True, False, False, False, True, False, True, True]
    """
    return any(not TAILS[0] <= float(p) <= TAILS[1] for p in _percents(statistic))


def _thinner_side(statistic: str) -> float:
    """Share of the distribution on the thinner side of the percentile furthest out; infinite for other statistics."""
    return min((min(float(p), 100 - float(p)) / 100 for p in _percents(statistic)), default=math.inf)


def _percents(statistic: str) -> list[str]:
    return _PERCENTILE.findall(statistic.replace("_", " "))


def rules_for(estimates: Estimates, rules: ReleaseRules) -> ReleaseRules:
    """The rules as they apply to the respondents of estimates.

    Where these are enterprises (metadata ``respondents`` is ``enterprises``), rules about employees do not apply.
    """
    if estimates.metadata.get("respondents") != "enterprises":
        return rules
    return replace(rules, min_employees=None, min_employees_tails=None)


def held_back(
    rules: ReleaseRules,
    *,
    estimate: ArrayLike,
    se: ArrayLike,
    df: ArrayLike,
    n: ArrayLike,
    n_psu: ArrayLike,
    shares: ArrayLike,
    tail: ArrayLike,
    census: ArrayLike,
) -> NDArray[np.str_]:
    """The reason why each of k estimates is held back, empty where it may be published.

    Every comparison is written so that a missing figure fails it: what is not known can't be released.

    Parameters
    ----------
    estimate, se, df : shape (k,), the estimate, its standard error in the same unit, its degrees of freedom.
    n, n_psu : shape (k,), respondents and enterprises.
    shares : shape (k,), the largest share of one enterprise in [0, 1].
    tail, census : shape (k,) of bool: percentile outside 25 to 75; every unit was taken.

    Examples
    --------
    >>> held_back(ReleaseRules(), estimate=[9.0, 9.0, 9.0], se=[1.0, 0.0, 1.0], df=[20, 20, 20], n=[60, 60, 40],
    ...     n_psu=[9, 9, 9], shares=[0.5, 0.5, 0.5], tail=[True, True, True], census=[False] * 3).tolist()
    ['', 'precision', 'too_few_employees']
    """
    point, error, freedom, people, firms, share = (
        np.asarray(values, dtype=np.float64) for values in (estimate, se, df, n, n_psu, shares)
    )
    outer, complete = np.asarray(tail, dtype=bool), np.asarray(census, dtype=bool)
    reason = np.full(point.shape, "", dtype="<U20")

    def hold(word: Reason, passes: NDArray[np.bool_]) -> None:
        reason[~passes & (reason == "")] = word

    # Confidentiality comes before quality: a reader told "imprecise" may not conclude that it is only that.
    if rules.min_enterprises is not None:
        hold("too_few_enterprises", firms >= rules.min_enterprises)
    if rules.min_employees is not None:
        hold("too_few_employees", people >= rules.min_employees)
    if rules.min_employees_tails is not None:
        hold("too_few_employees", ~outer | (people >= rules.min_employees_tails))
    if rules.max_share is not None:
        hold("dominance", (share >= 0) & (share <= rules.max_share))
    hold("not_estimable", np.isfinite(point))
    with np.errstate(invalid="ignore", over="ignore"):
        # An error of 1e-9 of the value is a 0 blurred by floating point, not precision.
        known = np.isfinite(error) & (error > 1e-9 * np.abs(point)) & (freedom > 0)
        if rules.max_cv is not None:
            hold("precision", complete | (known & (error <= rules.max_cv * np.abs(point))))
        if rules.max_se is not None:
            hold("precision", complete | (known & (error <= rules.max_se)))
    return reason


def judge(estimates: Estimates, rules: ReleaseRules | None = None) -> pd.DataFrame:
    """Decide for each row of ``estimates.frame`` whether it may be published.

    The precision is judged by `estimate` and `se`, not by a `cv` that may have been made otherwise; the counts are
    the smaller of the row's and the domain's.

    Returns
    -------
    A frame in the order and with the index of ``estimates.frame``: ``release`` (bool) and ``reason``
    (:data:`Reason`). It says of each domain why it is confidential, so it is for the house only.

    Raises
    ------
    ReleaseError
        If columns that the rules need are missing, a domain is described twice, or rules about enterprises are
        asked for where the design names none.

    Examples
    --------
    >>> import pandas as pd
    >>> from wagekit.estimates import Estimates
    >>> frame = pd.DataFrame({"statistic": ["p50"], "estimate": [9e4], "se": [900.0], "cv": [0.01],
    ...     "ci_lower": [8.8e4], "ci_upper": [9.2e4], "df": [10.0], "n": [80], "n_psu": [2], "flag": [""]})
    >>> domains = pd.DataFrame({"n": [80], "n_psu": [2], "largest_share": [0.6], "largest_weighted_share": [0.6]})
    >>> judge(Estimates(frame, (), "annual_pay", domains)).reason.tolist()
    ['too_few_enterprises']
    """
    import pandas as pd

    rules = rules_for(estimates, rules or ReleaseRules())
    of_enterprises = estimates.metadata.get("respondents") == "enterprises"
    if not of_enterprises:
        _refuse_unknown_enterprises(estimates, rules)
    frame, by = estimates.frame, list(estimates.by)
    _require(frame, [*by, "statistic", "estimate", "se", "df", "n", "n_psu"], "frame")
    _require(estimates.domains, by, "domains")
    domains = _of_each_row(frame, estimates.domains, by)
    words, places = _words(frame)
    flags = frame["flag"] if "flag" in frame else pd.Series("", index=frame.index)
    n_psu = _smaller(_numbers(frame, "n_psu"), domains.get("n_psu"))
    reason = held_back(
        rules,
        estimate=_numbers(frame, "estimate"),
        se=_numbers(frame, "se"),
        df=_numbers(frame, "df"),
        n=_smaller(_numbers(frame, "n"), domains.get("n")),
        n_psu=n_psu,
        shares=np.maximum.reduce([domains[name] for name in _SHARES if name in domains], initial=0.0),
        tail=np.array([is_tail(word) for word in words], dtype=bool)[places],
        census=(flags == "census").to_numpy(dtype=bool, na_value=False),
    )
    if of_enterprises and rules.min_enterprises_beyond is not None:
        side = np.array([_thinner_side(word) for word in words], dtype=np.float64)[places]
        reason[~(n_psu >= rules.min_enterprises_beyond * (1 - 1e-9) / side)] = "too_few_enterprises"
    return pd.DataFrame({"release": reason == "", "reason": reason.astype(object)}, index=frame.index)


_SHARES = ("largest_share", "largest_weighted_share", "largest_total_share")


def _refuse_unknown_enterprises(estimates: Estimates, rules: ReleaseRules) -> None:
    """Without units in the design each employee counts as one, and every rule about enterprises would pass."""
    design = estimates.metadata.get("design")
    about_enterprises = rules.min_enterprises is not None or rules.max_share is not None
    if design is not None and not design.psu and about_enterprises:
        raise ReleaseError(
            "the survey's design names no enterprises, so rules about them can't be judged",
            where="release rules min_enterprises, max_share",
            do="Make the Survey with psu=<column of enterprises>, or turn both rules off with None",
        )


def _require(frame: pd.DataFrame, columns: list[str], where: str) -> None:
    missing = [name for name in columns if name not in frame]
    if missing:
        raise ReleaseError(
            f"no column {', '.join(map(repr, missing))}",
            where=f"the {where} of the estimates",
            expected="estimates as the statistics of wagekit return them",
        )


def _of_each_row(frame: pd.DataFrame, domains: pd.DataFrame, by: list[str]) -> dict[str, NDArray[np.float64]]:
    """Counts and shares of the domain that belongs to each row of `frame`; missing where there is none.

    The first two shares are always there, missing if `domains` doesn't tell them. Domains whose statistics rest on
    different rows have a row for each, named in a column ``statistic``.
    """
    by = [*by, "statistic"] if "statistic" in domains else by
    code = _common_codes([(domains[name], frame[name]) for name in by], len(domains) + len(frame))
    own, wanted = code[: len(domains)], code[len(domains) :]
    place = np.full(code.max(initial=-1) + 1, -1)
    place[own] = np.arange(len(own))
    if (place[own] != np.arange(len(own))).any():
        raise ReleaseError("a domain is described twice", where="the domains of the estimates")
    told = [name for name in ("n", "n_psu", *_SHARES) if name in domains or name in _SHARES[:2]]
    return {name: np.append(_numbers(domains, name), np.nan)[place[wanted]] for name in told}


def _common_codes(pairs: Sequence[tuple[pd.Series[Any], pd.Series[Any]]], count: int) -> NDArray[np.intp]:
    """Codes of the crossed values of several pairs of columns, shape (count,): first of one side, then of the other.

    It does the work of a merge, which takes several times as long to be set up for a small table.
    """
    import pandas as pd

    code = np.zeros(count, dtype=np.intp)
    for pair in pairs:
        values, levels = pd.factorize(np.concatenate([each.to_numpy(dtype=object) for each in pair]))
        code = pd.factorize(code * (len(levels) + 1) + values)[0]
    return code


def _words(frame: pd.DataFrame) -> tuple[list[str], NDArray[np.intp]]:
    """The different statistics of a frame, and which of them each row holds."""
    import pandas as pd

    places, words = pd.factorize(frame["statistic"].to_numpy(dtype=object), use_na_sentinel=False)
    return [str(word) for word in words], places


def _smaller(own: NDArray[np.float64], other: NDArray[np.float64] | None) -> NDArray[np.float64]:
    return own if other is None else np.minimum(own, other)


def _numbers(frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    """A column as floats, missing throughout when it isn't there."""
    import pandas as pd

    if name not in frame:
        return np.full(len(frame), np.nan)
    values = frame[name].array
    if isinstance(values, pd.arrays.NumpyExtensionArray) and values.dtype.kind in "iuf":
        return values.to_numpy(dtype=np.float64)
    return pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
