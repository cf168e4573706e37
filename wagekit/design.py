"""The sampling design: by name (`Design`) and as the coded arrays that arithmetic works on (`Sample`)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from wagekit.arrays import (
    Arranged,
    Codes,
    Flags,
    Floats,
    Ordered,
    Values,
    dense_codes,
    first_rows,
    integer_codes,
    stable_order,
    sums_by,
)
from wagekit.errors import DesignError, WagekitWarning
from wagekit.options import SinglePSU, WithoutReplacement


@dataclass(frozen=True)
class Design:
    """Names of the columns that hold a sampling design. It holds no data.

    Parameters
    ----------
    weights : column of design weights (the number of workers that a row stands for).
    strata : columns whose crossing makes the strata; empty for an unstratified sample.
    psu : a column for each stage of sampling, enterprises first; empty when every row is a unit of its own.
    fpc : for each stage the population number of units in the stratum (all >= 1) or the sampling fraction
        (all <= 1); empty for sampling with replacement.
    single_psu : rule for a stratum with one unit, R's ``survey.lonely.psu``.
    pps : how sampling proportional to size without replacement is approximated at the first stage; anything
        but ``with_replacement`` reads `fpc` as each unit's inclusion probability. ``brewer`` (R ``survey``) holds
        unit totals against their plain mean, ``hajek`` against their mean weighted by 1 - pi (Hájek 1964).
    """

    weights: str
    strata: tuple[str, ...] = ()
    psu: tuple[str, ...] = ()
    fpc: tuple[str, ...] = ()
    single_psu: SinglePSU = "fail"
    pps: WithoutReplacement = "with_replacement"

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns the design names, without repetition."""
        return tuple(dict.fromkeys((self.weights, *self.strata, *self.psu, *self.fpc)))


@dataclass(frozen=True, eq=False)
class Stage:
    """One stage of sampling, in codes. Units are numbered so that those of a stratum are neighbours.

    Parameters
    ----------
    unit : shape (n,), the unit each row lies in, 0 … U-1.
    stratum : shape (U,), the stratum each unit lies in, 0 … H-1, ascending.
    size : shape (H,), number of sampled units of each stratum.
    fraction : shape (U,), sampling fraction or inclusion probability; 0 without fpc.
    scale : shape (U,), factor of a unit's squared deviation: (1 - f) n_h / (n_h - 1), or 1 - f where n_h = 1.
    multiplier : shape (H,), product of the sampling fractions of the earlier stages; 1 at the first.
    names : shape (H,), what the strata are called, for messages.
    weighted_centre : deviations are from the mean weighted by `scale` rather than from the plain one.
    """

    unit: Codes
    stratum: Codes
    size: Codes
    fraction: Floats
    scale: Floats
    multiplier: Floats
    names: Values
    weighted_centre: bool = False

    @cached_property
    def scale_sum(self) -> Floats:
        """Shape (H,): sum of `scale` over the units of each stratum."""
        return sums_by(self.stratum, self.scale, self.size.size)

    @cached_property
    def order(self) -> Codes:
        """Rows in the order of the units, shape (n,)."""
        return stable_order(self.unit, self.stratum.size)

    @cached_property
    def starts(self) -> Codes:
        """Where each unit's rows begin in :attr:`order`, closed: shape (U + 1,)."""
        return np.concatenate(([0], np.cumsum(np.bincount(self.unit, minlength=self.stratum.size))))

    @cached_property
    def narrow_stratum(self) -> NDArray[np.int32]:
        """The stratum of each unit as the compiled passes take it."""
        return self.stratum.astype(np.int32)

    @cached_property
    def parts(self) -> list[tuple[int, int]]:
        """Ranges of units, strata kept whole, of about the same number of rows."""
        return self.cut(PARTS)

    def cut(self, parts: int) -> list[tuple[int, int]]:
        """As :attr:`parts`, in another number."""
        ends = np.append(np.flatnonzero(np.diff(self.stratum)) + 1, self.stratum.size)
        wanted = np.linspace(0, self.unit.size, parts + 1)[1:]
        cuts = np.unique(ends[np.minimum(np.searchsorted(self.starts[ends], wanted), ends.size - 1)])
        return list(zip([0, *cuts[:-1].tolist()], cuts.tolist(), strict=True))

    @cached_property
    def any_taken(self) -> bool:
        """Whether any unit was taken with certainty."""
        return bool((1.0 - self.fraction < FULLY_TAKEN).any())

    @cached_property
    def single(self) -> Flags:
        """Shape (H,): strata whose one sampled unit leaves no way to see their variance."""
        open_share = np.maximum.reduceat(1.0 - self.fraction, np.r_[0, np.cumsum(self.size)[:-1]])
        return np.asarray((self.size == 1) & (open_share >= FULLY_TAKEN))


PARTS = 4
"""Parts that a pass over the units is cut into: fixed, so that rounding does not depend on the machine."""

FULLY_TAKEN = 1e-7
"""A stratum with less than this share left out counts as fully taken (the figure is R survey's)."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """What a calibration leaves behind for the variance: estimates vary as the residuals on its margins.

    Parameters
    ----------
    matrix : sparse, shape (n, p), the calibration variables.
    before, after : shape (n,), weights before and after.
    again : calibrates other weights, such as those of a replicate, to the same totals.
    """

    matrix: Any
    before: Floats
    after: Floats
    again: Callable[[Floats], Floats] | None = None

    @cached_property
    def inverse_information(self) -> Floats:
        """Generalized inverse of X' D X, shape (p, p); margins that repeat one another do no harm.

        Columns are brought to length 1 first, so that the unit of a numeric margin does not decide what counts
        as a repetition.
        """
        normal = (self.matrix.T @ self.matrix.multiply(self.before[:, None]).tocsr()).toarray()
        length = np.sqrt(np.diag(normal))
        inverse = np.divide(1.0, length, out=np.ones_like(length), where=length > 0)
        scaled = normal * inverse[:, None] * inverse
        return np.asarray(np.linalg.pinv(scaled, rcond=1e-11, hermitian=True) * inverse[:, None] * inverse)

    @cached_property
    def weighted(self) -> Any:
        """The calibration variables times the weights after, sparse, shape (n, p)."""
        return self.matrix.multiply(self.after[:, None]).tocsr()

    @cached_property
    def _transposed(self) -> Any:
        """The calibration variables times the weights before over those after, sparse, shape (p, n)."""
        ratio = np.divide(self.before, self.after, out=np.zeros_like(self.before), where=self.after != 0)
        return self.matrix.multiply(ratio[:, None]).T.tocsr()

    def coefficients(self, scores: Any) -> Floats:
        """Coefficients of the regression of linearized variables on the margins, shape (p, m).

        Parameters
        ----------
        scores : dense or sparse, shape (n, m), weights included.
        """
        crossed = self._transposed @ scores
        return np.asarray(self.inverse_information @ (crossed.toarray() if hasattr(crossed, "toarray") else crossed))

    def residuals(self, scores: Floats) -> Floats:
        """Linearized variables less their regression on the margins, shape (n, m) as `scores`."""
        return np.asarray(scores - self.weighted @ self.coefficients(scores))


@dataclass(frozen=True, eq=False)
class Replicates:
    """Replicate weights as multipliers of the weights, kept per first-stage unit.

    Parameters
    ----------
    multipliers : shape (U, R), or (n, R) where given weights differ inside a unit (`per_row`).
    scale : overall factor of the squared deviations.
    rscales : shape (R,), factor of each replicate's.
    method : how the replicates were made.
    df : degrees of freedom of the whole sample.
    mse : deviations from the full sample's estimate; else from the replicates' mean, as R by default.
    """

    multipliers: Floats
    scale: float
    rscales: Floats
    method: str
    df: float
    mse: bool = False
    per_row: bool = False

    @property
    def count(self) -> int:
        return int(self.multipliers.shape[1])

    @property
    def used(self) -> Codes:
        """Numbers of the replicates whose factor is positive: the others add nothing."""
        return np.flatnonzero(self.rscales > 0)


@dataclass(frozen=True, eq=False)
class Sample:
    """The design's arrays: everything that the variance of any statistic needs.

    Parameters
    ----------
    weights : shape (n,), finite; not negative unless a linear calibration made them so.
    stages : one or more stages of sampling.
    single_psu : rule for strata with one unit.
    calibrations : what the weights were calibrated to, in order.
    replicates : replicate weights, which then take the place of linearization.
    """

    weights: Floats
    stages: tuple[Stage, ...]
    single_psu: SinglePSU = "fail"
    calibrations: tuple[Calibration, ...] = ()
    replicates: Replicates | None = None

    @property
    def first(self) -> Stage:
        return self.stages[0]

    @property
    def n(self) -> int:
        return int(self.weights.size)

    @cached_property
    def all_positive(self) -> bool:
        return bool((self.weights > 0).all())

    def weights_in_order(self, by: Ordered) -> Floats:
        """Weights in the order of a stage's units or of a variable, kept: shape (n,)."""
        return self._arranged_weights.along(by)

    @cached_property
    def _arranged_weights(self) -> Arranged:
        return Arranged(self.weights)

    def reweighted(self, weights: Floats, calibrations: tuple[Calibration, ...] | None = None) -> Sample:
        """The same units with other weights, and what these were calibrated to where that changes."""
        kept = self.calibrations if calibrations is None else calibrations
        return replace(self, weights=weights, calibrations=kept)

    def with_replicates(self, replicates: Replicates) -> Sample:
        """The same sample with replicate weights."""
        return replace(self, replicates=replicates)

    def replicate(self, index: int) -> Sample:
        """The sample under one set of replicate weights, calibrated as the full weights were.

        Raises
        ------
        DesignError
            If the sample has no replicate weights.
        """
        if self.replicates is None:
            raise DesignError("the sample has no replicate weights", do="Make them with with_replicates")
        multiplier = self.replicates.multipliers[:, index]
        base = self.calibrations[0].before if self.calibrations else self.weights
        weights = base * (multiplier if self.replicates.per_row else multiplier[self.first.unit])
        for calibration in self.calibrations:
            if calibration.again is not None:
                weights = calibration.again(weights)
        if self.calibrations:  # what was done to the weights since, such as trimming
            after = self.calibrations[-1].after
            weights = weights * np.divide(self.weights, after, out=np.ones_like(after), where=after != 0)
        return replace(self, weights=weights)


def encode(columns: Sequence[Values]) -> tuple[Codes, Values]:
    """Codes 0 … K-1 of the crossing of `columns` and, for each code, the first row that has it.

    Raises
    ------
    DesignError
        If a value is missing.
    """
    import pandas as pd

    code, known = np.zeros(len(columns[0]), dtype=np.int64), 1
    for column in columns:
        few = integer_codes(column) if isinstance(column, np.ndarray) else None
        part, levels = few or pd.factorize(column, sort=True)
        if (part < 0).any():
            row = int(np.flatnonzero(part < 0)[0])
            raise DesignError(
                f"a design column has a missing value in row {row}",
                expected="a value in every row",
                do="Fill it, or leave those rows out before the Survey is made",
            )
        count = max(len(levels), 1)
        if known == 1:
            code, known = part.astype(np.int64, copy=False), count
            continue
        present, code = dense_codes(code * count + part, known * count)
        known = present.size
    return code, first_rows(code, known)


def _fractions(values: Floats, unit_first: Codes, size: Codes, stratum: Codes, stage: int) -> Floats:
    """Sampling fraction of each unit from population sizes (all >= 1) or fractions (all <= 1)."""
    where = f"fpc of stage {stage + 1}"
    if not np.isfinite(values).all() and not np.isposinf(values[~np.isfinite(values)]).all():
        raise DesignError("missing or negative infinite values", where=where, expected="a number in every row")
    if (values <= 0).any():
        raise DesignError("a value is 0 or negative", where=where, expected="population sizes or fractions")
    if (values > 1).any() and (values < 1).any():
        raise DesignError(
            f"values from {values.min():g} to {values.max():g}",
            where=where,
            expected="either population sizes (all >= 1) or sampling fractions (all <= 1)",
        )
    per_unit = values[unit_first]
    fraction = size[stratum] / per_unit if (values > 1).any() else per_unit
    if (fraction > 1 + 1e-12).any():
        worst = int(np.argmax(fraction))
        raise DesignError(
            f"a stratum with {size[stratum[worst]]} sampled units has a population of {per_unit[worst]:g}",
            where=where,
            expected="a population at least as large as the sample",
        )
    return np.minimum(fraction, 1.0)


def _nested(row_stratum: Codes, strata: int, own: Codes, own_first: Codes) -> tuple[Codes, Codes]:
    """Units numbered by stratum, one name in several strata being as many units; and the first row of each.

    Parameters
    ----------
    row_stratum, own : shape (n,), stratum and name of the unit of each row.
    own_first : the first row of each name.
    """
    of_name = row_stratum[own_first]
    if (of_name[own] == row_stratum).all():
        order = np.argsort(of_name, kind="stable")
        number = np.empty(order.size, dtype=np.int64)
        number[order] = np.arange(order.size)
        return number[own], own_first[order]
    present, unit = dense_codes(row_stratum * own_first.size + own, strata * own_first.size)
    return unit, first_rows(unit, present.size)


def _stage(
    unit_columns: Sequence[Values],
    stratum_columns: Sequence[Values],
    fpc: Floats | None,
    parent: Stage | None,
    pps: WithoutReplacement,
    index: int,
) -> Stage:
    n = len(unit_columns[0]) if unit_columns else len(stratum_columns[0])
    if parent is not None:
        row_stratum = parent.unit
        names = np.arange(parent.stratum.size)
    elif stratum_columns:
        row_stratum, first_row = encode(stratum_columns)
        parts = [np.asarray(column)[first_row].astype(str) for column in stratum_columns]
        names = np.array([" / ".join(part) for part in zip(*parts, strict=True)])
    else:
        row_stratum, names = np.zeros(n, dtype=np.int64), np.array(["all"])
    own, own_first = encode(unit_columns)
    unit, unit_first = _nested(row_stratum, len(names), own, own_first)
    stratum = row_stratum[unit_first]
    if parent is None and unit_first.size > own_first.size and stratum_columns:
        warnings.warn(
            f"{own_first.size:,} names of sampling units stand for {unit_first.size:,} units, since some occur in several "
            "strata: they are taken as different units in each",
            WagekitWarning,
            stacklevel=5,
        )
    size = np.bincount(stratum, minlength=len(names))
    multiplier = np.ones(len(names))
    if parent is not None:
        multiplier = parent.multiplier[parent.stratum] * parent.fraction
    fraction = np.zeros(stratum.size)
    if fpc is not None:
        fraction = _fractions(fpc, unit_first, size, stratum, index)
        if (fpc != fpc[unit_first][unit]).any():
            raise DesignError("the values differ inside a unit", where=f"fpc of stage {index + 1}")
        low = np.minimum.reduceat(fraction, np.r_[0, np.cumsum(size)[:-1]])
        if pps == "with_replacement" and (fraction > low[stratum] * (1 + 1e-9)).any():
            raise DesignError(
                "the values differ inside a stratum",
                where=f"fpc of stage {index + 1}",
                expected="one population size or fraction a stratum",
                do='For sampling proportional to size give inclusion probabilities and pps="brewer"',
            )
    scale = (1.0 - fraction) * np.where(size > 1, size / np.maximum(size - 1, 1), 1.0)[stratum]
    return Stage(unit, stratum, size, fraction, scale, multiplier, names, weighted_centre=pps == "hajek")


def build_sample(
    weights: Floats,
    *,
    strata: Sequence[Values] = (),
    psu: Sequence[Values] = (),
    fpc: Sequence[Floats] = (),
    single_psu: SinglePSU = "fail",
    pps: WithoutReplacement = "with_replacement",
) -> Sample:
    """Check the design's columns and code them.

    Parameters
    ----------
    weights : shape (n,).
    strata : columns of shape (n,), crossed.
    psu : a column of shape (n,) for each stage; none: every row is a unit.
    fpc : a column of shape (n,) for the first stages.

    Raises
    ------
    DesignError
        For weights that are missing, infinite or negative, or columns that contradict one another.
    """
    n = weights.size
    if n == 0:
        raise DesignError("the sample has no rows", expected="at least one respondent")
    for bad, word in ((~np.isfinite(weights), "missing or infinite"), (weights < 0, "negative")):
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise DesignError(
                f"{int(bad.sum())} {word} weights, the first in row {row} ({weights[row]:g})",
                where="weights",
                expected="a finite weight of 0 or more in every row",
                do="Correct them, or leave those rows out before the Survey is made",
            )
    if not (weights > 0).any():
        raise DesignError("all weights are 0", where="weights", expected="at least one positive weight")
    if pps not in get_args(WithoutReplacement):
        raise DesignError(f"{pps!r}", where="pps", expected=" or ".join(get_args(WithoutReplacement)))
    if pps != "with_replacement" and not fpc:
        raise DesignError(
            "no inclusion probabilities", where=f"pps={pps!r}", expected="a column of them in fpc for the first stage"
        )
    if len(fpc) > max(len(psu), 1):
        raise DesignError(f"{len(fpc)} fpc columns for {max(len(psu), 1)} stages", where="fpc")
    units = list(psu) or [np.arange(n)]
    stages: list[Stage] = []
    for index, column in enumerate(units):
        parent = stages[-1] if stages else None
        values = fpc[index] if index < len(fpc) else None
        stages.append(_stage([column], strata, values, parent, pps if index == 0 else "with_replacement", index))
        if parent is None and values is None:
            break  # with replacement at the first stage: later stages add nothing
    return Sample(weights, tuple(stages), single_psu)
