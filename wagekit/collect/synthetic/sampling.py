"""Drawing the official sample from the synthetic frame: allocation, certainty, PPS, workers inside (模拟数据)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wagekit.arrays import Codes, Flags, Floats, counting
from wagekit.options import SelectionMethod

ROTATION = 0.15
"""Share of its stay in the sample by which an enterprise moves on from one wave to the next."""

LEAST_PER_STRATUM = 4


@dataclass(frozen=True, eq=False)
class Selection:
    """The enterprises drawn from a frame of k.

    Parameters
    ----------
    taken : shape (k,), True for the drawn.
    probability : shape (k,), inclusion probabilities; 1 for those taken with certainty.
    certainty : shape (k,), True for those taken with certainty.
    """

    taken: Flags
    probability: Floats
    certainty: Flags


def allocate(workers: Codes, enterprises: Codes, sample: int, least: int = LEAST_PER_STRATUM) -> Codes:
    """Enterprises to draw from each stratum, shape (H,): in proportion to workers, at least `least` where possible.

    With PPS inside the strata this gives workers of all strata about the same weight. Fractions go to the largest
    remainders. A stratum is never asked for more enterprises than it has; what the minimum takes, the strata above
    it give.

    Parameters
    ----------
    workers, enterprises : shape (H,), frame totals of each stratum.
    sample : enterprises to draw in all.

    Examples
    --------
    >>> allocate(np.array([1000, 9000, 10]), np.array([50, 300, 3]), 60).tolist()
    [6, 51, 3]
    """
    lower = np.minimum(least, enterprises)
    sample = int(np.clip(sample, lower.sum(), enterprises.sum()))
    fixed = np.zeros(workers.size, dtype=bool)
    share = np.zeros(workers.size)
    while True:
        left = sample - share[fixed].sum()
        share[~fixed] = left * workers[~fixed] / max(workers[~fixed].sum(), 1)
        # Strata below their minimum first: fixing those that overflow would then still leave too much.
        low = ~fixed & (share < lower)
        high = ~fixed & (share > enterprises)
        if low.any():
            share[low], fixed = lower[low], fixed | low
        elif high.any():
            share[high], fixed = enterprises[high], fixed | high
        else:
            break
    whole = np.floor(share + 1e-9).astype(np.int64)
    remainder = np.where(whole < enterprises, share - whole, -1.0)
    extra = sample - int(whole.sum())
    whole[np.argsort(-remainder, kind="stable")[: max(extra, 0)]] += 1
    return whole


def select(
    probability: Floats,
    certain: Flags,
    stratum: Codes,
    sample: Codes,
    number: Floats,
    method: SelectionMethod = "pareto",
) -> Selection:
    """Draw the enterprises.

    ``pareto`` is Rosén's sequential order sampling: in each stratum the enterprises with the smallest
    u (1 - p) / (p (1 - u)) are drawn, where u is the enterprise's permanent random number. The sample size is
    fixed, the inclusion probabilities are p but for a difference that is negligible here, and, what systematic
    sampling can't give, two waves that use the same numbers overlap as much as their probabilities allow.
    ``systematic`` is the classical PPS systematic draw along a random order, the first number of each stratum being
    its start: probabilities are exact, overlap is left to chance.

    Parameters
    ----------
    probability, certain : shape (k,), see :func:`wagekit.weighting.base.inclusion_probabilities`.
    stratum : shape (k,), ascending or not.
    sample : shape (H,).
    number : shape (k,), random numbers in (0, 1).
    """
    taken = certain.copy()
    rest = np.flatnonzero(~certain & (probability > 0))
    p, u, h = probability[rest], number[rest], stratum[rest]
    left = sample - np.bincount(stratum[certain], minlength=sample.size)
    if method == "pareto":
        order = np.lexsort((u * (1 - p) / (p * (1 - u)), h))
        counts = np.bincount(h, minlength=sample.size)
        rank = counting(counts)
        taken[rest[order[rank < left[h[order]]]]] = True
    else:
        order = np.lexsort((u, h))
        counts = np.bincount(h, minlength=sample.size)
        first = np.minimum(np.cumsum(counts) - counts, max(rest.size - 1, 0))
        # The order came from u; its leading digits are used up, so the start comes from digits further down.
        start = u[order][first] * 2**20 % 1.0
        total = np.cumsum(p[order])
        before = np.r_[0.0, total[:-1]]
        offset = before[first][h[order]] if rest.size else before[:0]
        shift = start[h[order]]
        hit = np.floor(total - offset - shift + 1e-9) > np.floor(before - offset - shift + 1e-9)
        taken[rest[order[hit]]] = True
    return Selection(taken, probability, certain)


def rotated(number: Floats, moved: Floats) -> Floats:
    """Permanent random numbers moved on by `moved`, modulo 1: still uniform, so the draw keeps its probabilities.

    An enterprise is drawn while its number lies in about (0, p). Taking ``ROTATION * p`` off the numbers each wave
    rotates that share of the sample out and as many others in.
    """
    return np.asarray((number - moved) % 1.0)


def systematic_rows(first: Codes, headcount: Codes, take: Codes, start: Floats, pay: Codes) -> Codes:
    """Workers drawn inside each enterprise: systematically along pay, so that high, middle and low pay all come.

    Parameters
    ----------
    first, headcount : shape (m,), first row and number of the workers of each drawn enterprise.
    take : shape (m,), how many of them.
    start : shape (m,), random numbers in (0, 1).
    pay : shape (N,), pay of all workers of the population.

    Returns
    -------
    rows of the drawn workers, ascending inside each enterprise, in the enterprises' order. Every worker of an
    enterprise has the same probability, take / headcount.
    """
    whole = np.repeat(first, headcount) + counting(headcount)
    owner = np.repeat(np.arange(headcount.size), headcount)
    subsampled = (take < headcount)[owner]
    mine, rows = owner[subsampled], whole[subsampled]
    by_pay = rows[np.lexsort((pay[rows], mine))]
    counts = np.where(take < headcount, headcount, 0)
    begin = np.cumsum(counts) - counts
    number = np.where(take < headcount, take, 0)
    which = np.repeat(np.arange(headcount.size), number)
    step = headcount / np.maximum(take, 1)
    position = np.floor((counting(number) + start[which]) * step[which]).astype(np.int64)
    position = np.minimum(position, headcount[which] - 1)
    chosen = by_pay[begin[which] + position]
    return np.sort(np.concatenate([whole[~subsampled], chosen]))
