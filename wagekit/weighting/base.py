"""Base weights from the frame: equal probabilities, probabilities proportional to size, the in-firm sub-sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wagekit.arrays import Codes, Flags, Floats, counting, sums_by
from wagekit.errors import DesignError, InputError


@dataclass(frozen=True, eq=False)
class InclusionProbabilities:
    """First-stage inclusion probabilities of the units of a frame.

    Parameters
    ----------
    probability : shape (N,), in (0, 1].
    certainty : shape (N,), units taken for certain.
    rounds : number of times certainty units were taken out.
    """

    probability: Floats
    certainty: Flags
    rounds: int


def equal_probabilities(stratum: Codes, population: Floats) -> Floats:
    """Inclusion probability n_h / N_h of each sampled unit: shape (U,).

    Parameters
    ----------
    stratum : shape (U,), stratum of each sampled unit, 0 … H-1.
    population : shape (H,), number of units of each stratum on the frame.

    Raises
    ------
    DesignError
        If a stratum has more sampled units than units.

    Examples
    --------
    >>> (1 / equal_probabilities(np.array([0, 0, 1]), np.array([10.0, 4]))).tolist()
    [5.0, 5.0, 4.0]
    """
    taken = np.bincount(stratum, minlength=population.size)
    if (taken > population).any():
        worst = int(np.argmax(taken - population))
        raise DesignError(
            f"{taken[worst]} sampled units of {population[worst]:g} in stratum {worst}",
            where="equal_probabilities",
            expected="a population at least as large as the sample",
        )
    return np.asarray((taken / population)[stratum], dtype=np.float64)


def inclusion_probabilities(
    size: Floats, n: int | Codes, stratum: Codes | None = None, *, certainty_at: float = 1.0
) -> InclusionProbabilities:
    r"""Probabilities proportional to size, :math:`\pi_i = n_h M_i / \sum_h M`, certainty units taken out first.

    Where :math:`\pi_i` reaches `certainty_at` the unit is taken for certain; the rest of the stratum's sample is
    shared out anew among the rest of its units, until no further unit reaches it (Särndal, Swensson and
    Wretman 1992, 3.6.2).

    Parameters
    ----------
    size : shape (N,), measure of size of every unit on the frame (employees), above 0.
    n : number of units to take, or one for each stratum, shape (H,).
    stratum : shape (N,), 0 … H-1; None for one stratum.
    certainty_at : probability from which a unit is taken for certain, in (0, 1].

    Raises
    ------
    InputError
        For sizes that are missing, 0 or negative.
    DesignError
        If a stratum has fewer units than are to be taken.

    Examples
    --------
    Of 3 enterprises to take, the one with 60 of 100 employees is certain (3 x 60 / 100 > 1), then the one
    with 24 of the other 40 (2 x 24 / 40 > 1), and the last is drawn from 16:

    >>> result = inclusion_probabilities(np.array([60.0, 24, 8, 4, 4]), 3)
    >>> result.probability.tolist(), result.certainty.tolist(), result.rounds
    ([1.0, 1.0, 0.5, 0.25, 0.25], [True, True, False, False, False], 2)
    """
    bad = ~(np.isfinite(size) & (size > 0))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InputError(
            f"{int(bad.sum())} sizes are missing, 0 or negative, the first in row {row} ({size[row]:g})",
            where="inclusion_probabilities",
            expected="a size above 0 for every unit on the frame",
        )
    if not 0 < certainty_at <= 1:
        raise InputError(f"{certainty_at!r}", where="certainty_at", expected="a probability above 0, up to 1")
    code = np.zeros(size.size, dtype=np.int64) if stratum is None else stratum
    wanted = np.atleast_1d(np.asarray(n, dtype=np.int64))
    count = max(int(code.max()) + 1, wanted.size)
    units = np.bincount(code, minlength=count)
    if wanted.size != count or (wanted > units).any() or (wanted < 0).any():
        raise DesignError(
            f"sample sizes {wanted.tolist()[:8]} for strata of {units.tolist()[:8]} units",
            where="inclusion_probabilities",
            expected="for each stratum a sample size from 0 to its number of units",
        )
    certainty = np.zeros(size.size, dtype=bool)
    rounds = 0
    while True:
        left = wanted - sums_by(code, certainty, count)
        rest = sums_by(code, np.where(certainty, 0.0, size), count)
        share = np.divide(left, rest, out=np.zeros(count), where=rest > 0)
        probability = np.where(certainty, 1.0, share[code] * size)
        reached = ~certainty & (probability >= certainty_at * (1 - 1e-12))
        # A threshold below 1 may ask for more certain units than there are places: the largest come first.
        if (sums_by(code, reached, count) > left).any():
            order = np.lexsort((-size, ~reached, code))
            place = np.empty(size.size, dtype=np.int64)
            place[order] = counting(units)
            reached &= place < left[code]
        if not reached.any():
            return InclusionProbabilities(probability, certainty, rounds)
        certainty |= reached
        rounds += 1


def required_workers(headcount: Codes) -> Codes:
    """Workers to report of a post by the survey's rule: all up to 50, 50 up to 250, 20 % above.

    The rule is that of the 2012 instructions to enterprises; percentages are rounded up.

    Examples
    --------
    >>> required_workers(np.array([12, 50, 51, 250, 251, 1000])).tolist()
    [12, 50, 50, 50, 51, 200]
    """
    fifth = (headcount + 4) // 5
    return np.asarray(np.minimum(headcount, np.maximum(50, fifth)), dtype=np.int64)


def in_firm_factors(group: Codes, headcount: Floats) -> Floats:
    """Factor M / m of a worker drawn from the M of his enterprise (or enterprise and post): shape (n,).

    Parameters
    ----------
    group : shape (n,), enterprise (or enterprise x post) of each reported worker, 0 … K-1.
    headcount : shape (K,), number of workers of each group, M.

    Raises
    ------
    DesignError
        If more workers are reported than there are.

    Examples
    --------
    >>> in_firm_factors(np.array([0, 0, 1]), np.array([300.0, 1])).tolist()
    [150.0, 150.0, 1.0]
    """
    reported = np.bincount(group, minlength=headcount.size)
    wrong = (reported > headcount * (1 + 1e-12)) | ~np.isfinite(headcount)
    if wrong.any():
        worst = int(np.flatnonzero(wrong)[0])
        raise DesignError(
            f"{int(wrong.sum())} groups have fewer workers than are reported, the first {worst} with "
            f"{reported[worst]} reported of {headcount[worst]:g}",
            where="in_firm_factors",
            expected="a headcount of at least the reported workers",
            do="Correct the headcount, or take the reported workers as all there are",
        )
    return np.asarray((headcount / np.maximum(reported, 1))[group], dtype=np.float64)


def base_weights(probability: Floats, unit: Codes, factor: Floats | None = None) -> Floats:
    r"""Employees' base weights :math:`d_k = \pi_i^{-1} M_i / m_i`: shape (n,).

    Parameters
    ----------
    probability : shape (U,), first-stage inclusion probability of each sampled enterprise.
    unit : shape (n,), enterprise of each employee, 0 … U-1.
    factor : shape (n,), from :func:`in_firm_factors`; None where all employees are taken.

    Raises
    ------
    DesignError
        If a probability is not in (0, 1].

    Examples
    --------
    >>> base_weights(np.array([0.5, 1.0]), np.array([0, 1, 1]), np.array([1.0, 4, 4])).tolist()
    [2.0, 4.0, 4.0]
    """
    if not ((probability > 0) & (probability <= 1)).all():
        wrong = int(np.flatnonzero(~((probability > 0) & (probability <= 1)))[0])
        raise DesignError(
            f"enterprise {wrong} has the inclusion probability {probability[wrong]:g}",
            where="base_weights",
            expected="probabilities above 0, up to 1",
        )
    weights = 1.0 / probability[unit]
    return np.asarray(weights if factor is None else weights * factor)
