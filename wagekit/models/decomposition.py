"""Oaxaca-Blinder decomposition of a wage gap between two groups of a Survey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wagekit.arrays import Flags, Floats, divide
from wagekit.errors import EstimationError
from wagekit.intervals import check_level, linear_interval, t_test
from wagekit.models.formulas import description, groups_of, model_data, variable_of
from wagekit.options import Comparison
from wagekit.statistics.decomposition import COMPONENTS, Normalization, decompose, normalization
from wagekit.statistics.regression import fit

if TYPE_CHECKING:
    import pandas as pd

    from wagekit.survey import Survey


@dataclass(frozen=True, eq=False)
class OaxacaBlinder:
    """Decomposition of the gap between two groups' mean outcomes.

    Parameters
    ----------
    frame : rows of component x variable: ``decomposition`` ("means", "twofold" or "threefold"), ``component``,
        ``variable`` ("total" for the whole component), ``estimate, se, t, p, ci_lower, ci_upper, share`` (of the
        gap) and ``flag``. The gap is the mean of the reference group less that of the group.
    covariance : of ``frame["estimate"]``, in the frame's order.
    columns : for each column of the regression the ``variable`` it counts towards and the coefficients and
        means of both groups, with the coefficients that the explained part is valued at (``comparison``).
    df : units less strata present in the two groups.
    n, n_psu : respondents and sampling units of the reference group and of the group.
    metadata : formula, groups, method.
    """

    frame: pd.DataFrame
    covariance: Floats
    columns: pd.DataFrame
    df: float
    n: tuple[int, int]
    n_psu: tuple[int, int]
    metadata: Mapping[str, Any]

    def totals(self) -> pd.DataFrame:
        """The rows that are not split by variable."""
        return self.frame[self.frame["variable"] == "total"].reset_index(drop=True)

    def __repr__(self) -> str:
        return f"OaxacaBlinder {self.metadata['formula']}: {self._groups}\n{self.totals()!r}"

    @property
    def _groups(self) -> str:
        return f"{self.metadata['reference']} less {self.metadata['compared']}"

    def _repr_html_(self) -> str:
        return str(self.frame.to_html(index=False, escape=True, float_format=lambda value: f"{value:,.6g}"))


def oaxaca_blinder(
    survey: Survey,
    formula: str,
    group: str,
    reference: Any,
    *,
    comparison: Comparison = "pooled_with_group",
    normalize: bool = False,
    level: float = 0.95,
) -> OaxacaBlinder:
    """Oaxaca-Blinder decomposition of the gap in the mean of the formula's outcome, twofold and threefold.

    Parameters
    ----------
    survey : the survey or a part of it.
    formula : the regression without the group; it needs its intercept.
    group : column with the two groups; rows without a value are left out.
    reference : the group whose mean comes first in the gap (the better paid, as a rule).
    comparison : what the twofold decomposition values differences at, see
        :data:`wagekit.options.Comparison`.
    normalize : re-express categorical variables as deviations from their mean over all categories, so that the
        detail does not hang on the base category (Gardeazabal and Ugidos 2004; Yun 2005).
    level : confidence level.

    Raises
    ------
    EstimationError
        If there are not two groups, the intercept is missing, or a column can't be estimated in a group.

    Notes
    -----
    See :mod:`wagekit.statistics.decomposition`. Standard errors count means and coefficients of both groups as
    estimated from one sample; degrees of freedom are units less strata.

    Examples
    --------
    >>> import pandas as pd, wagekit as wk
    >>> frame = pd.DataFrame({"pay": [5.0, 6, 8, 9, 9, 12, 7, 9], "tenure": [1, 2, 3, 4, 5, 6, 4, 3],
    ...     "sex": list("fmfmfmfm"), "w": [1.0] * 8})
    >>> gap = oaxaca_blinder(wk.Survey(frame, weights="w"), "pay ~ tenure", "sex", "m", comparison="reference")
    >>> totals = gap.totals().set_index("component")["estimate"]
    >>> totals.loc[["difference", "explained", "unexplained"]].round(4).tolist()
    [1.75, 0.6857, 1.0643]
    """
    import pandas as pd

    check_level(level)
    data = model_data(survey, formula, also=group)
    code, levels, base = groups_of(data, group, reference)
    if len(levels) != 2:
        raise EstimationError(
            f"{len(levels)} groups ({', '.join(map(str, levels[:8]))})",
            where=f"column {group!r}",
            expected="two groups",
            do=f"Choose two with survey.where({group}=[…])",
        )
    if "Intercept" not in data.names:
        raise EstimationError(
            "the formula has no intercept", where="formula", expected="an intercept, without which the gap is not split"
        )
    # What follows from earlier columns in both groups alike (an empty category) would be 0 in both; leave it out.
    kept = fit(data.x, data.y, survey.sample.weights[data.rows]).kept
    names = [name for name, keep in zip(data.names, kept, strict=True) if keep]
    labels = list(dict.fromkeys(variable_of(name) for name in names))
    variable = [labels.index(variable_of(name)) for name in names]
    maps, names, variable = _normalized(names, labels, variable) if normalize else (None, names, variable)
    _check_support(data.x[:, kept], names, code == base, (reference, levels[1 - base]))
    result = decompose(
        survey.sample,
        data.rows,
        data.x[:, kept],
        data.y,
        code == base,
        np.asarray(variable),
        comparison=comparison,
        normalized=maps,
    )
    t, p = t_test(result.estimate, result.se, result.df)
    lower, upper = linear_interval(result.estimate, result.se, np.full(t.size, result.df), level)
    blocks = [
        ("means", "mean_reference", ["total"]),
        ("means", "mean_group", ["total"]),
        ("means", "difference", ["total"]),
    ]
    words = dict.fromkeys(COMPONENTS[:4], "twofold") | dict.fromkeys(COMPONENTS[4:], "threefold")
    blocks += [(words[component], component, ["total", *labels]) for component in COMPONENTS]
    keys = [(one, component, name) for one, component, under in blocks for name in under]
    frame = pd.DataFrame(keys, columns=["decomposition", "component", "variable"])
    gap = np.full(len(frame), result.estimate[2])
    gap[:2] = np.nan
    frame = frame.assign(
        estimate=result.estimate,
        se=result.se,
        t=t,
        p=p,
        ci_lower=lower,
        ci_upper=upper,
        share=divide(result.estimate, gap),
        flag=result.flag.astype(object),
    )
    columns = pd.DataFrame(
        {
            "term": names,
            "variable": [labels[k] for k in variable],
            "reference": result.reference_coefficients,
            "group": result.group_coefficients,
            "comparison": result.comparison_coefficients,
            "mean_reference": result.reference_means,
            "mean_group": result.group_means,
        }
    )
    metadata = {
        **description(survey, level),
        "formula": formula,
        "group": group,
        "reference": reference,
        "compared": levels[1 - base],
        "comparison": comparison,
        "normalized": normalize,
    }
    return OaxacaBlinder(frame, result.covariance, columns, result.df, result.n, result.n_psu, metadata)


def _normalized(names: list[str], labels: list[str], variable: list[int]) -> tuple[Normalization, list[str], list[int]]:
    """Normalization of the treatment-coded categorical main effects, with a column more for each base."""
    categorical = [
        k
        for k, label in enumerate(labels)
        if all(
            name == label + name[len(label) :] and name[len(label) :].startswith("[T.")
            for name, of in zip(names, variable, strict=True)
            if of == k
        )
    ]
    groups = [np.flatnonzero(np.asarray(variable) == k) for k in categorical]
    more = [f"{labels[k]}[base]" for k in categorical]
    return normalization(len(names), names.index("Intercept"), groups), names + more, variable + categorical


def _check_support(x: Floats, names: Sequence[str], reference: Flags, groups: tuple[Any, Any]) -> None:
    """Stop, with the column's name, where a column is 0 throughout one of the groups."""
    for side, word in ((reference, groups[0]), (~reference, groups[1])):
        empty = np.flatnonzero(~(x[side] != 0).any(axis=0))
        if side.any() and empty.size:
            raise EstimationError(
                f"nobody in {word!r} has {names[int(empty[0])]}",
                where="oaxaca_blinder",
                expected="every category in both groups",
                do="Leave the variable out, or join categories",
            )
