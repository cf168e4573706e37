r"""Replicate weights, kept as multipliers of first-stage units: (units, replicates), never (rows, replicates).

Notes
-----
With multipliers a the replicate weights are :math:`w_k a_{i(k) r}`, and the variance of any statistic is

.. math:: v = s \sum_r s_r (\hat\theta_r - c)^2

with c the replicates' mean (R's default) or the full sample's estimate. Sources: jackknife and balanced
repeated replication, Wolter (2007), 3 and 4; Fay's factor, Judkins (1990); bootstrap, Rao and Wu (1988) and
Rao, Wu and Yue (1992) with :math:`n_h - 1` draws; successive differences, Fay and Train (1995).
"""

from __future__ import annotations

from typing import get_args

import numpy as np

from wagekit.arrays import Codes, Flags, Floats
from wagekit.design import Replicates, Sample, Stage
from wagekit.errors import DesignError, InputError
from wagekit.options import ReplicateMethod
from wagekit.weighting.hadamard import hadamard_matrix, hadamard_order

LARGEST = 250_000_000
"""Numbers that multipliers may hold (2 GB)."""

BOOTSTRAPS = 200
"""Bootstrap replicates where `n` is not given."""

DIFFERENCES = 80
"""Successive-difference replicates where `n` is not given (as the American Community Survey)."""


def make_replicates(
    sample: Sample,
    method: ReplicateMethod,
    *,
    n: int | None = None,
    seed: int | None = None,
    fay: float = 0.5,
    order: Floats | None = None,
) -> Replicates:
    """Replicate weights for a sample.

    Parameters
    ----------
    sample : the design. Units are taken in the order of their identities, so that the order of rows says nothing.
    method : ``JK1`` (delete one unit, unstratified), ``JKn`` (delete one unit, stratified), ``JK2`` (one
        replicate a pair of units, centred on the full estimate), ``BRR`` and ``Fay`` (half-samples of pairs,
        balanced by a Hadamard matrix), ``bootstrap`` (Rao-Wu, n_h - 1 draws), ``SDR`` (successive differences,
        for systematic samples, centred on the full estimate).
        JK2, BRR and Fay want an even number of units in each stratum: they pair neighbours.
    n : number of replicates of bootstrap (200) and SDR (80), least number for BRR and Fay; for JK1 a number of
        random groups to delete in place of single units.
    seed : for bootstrap, JK1 with groups, and the half that JK2 deletes (the first of the pair without a seed).
    fay : Fay's factor rho in [0, 1): half-samples get 2 - rho and rho.
    order : shape (U,), for SDR: the order in which units were drawn, in place of that of their identities.

    Returns
    -------
    Replicates. The finite population correction of the first stage enters JK1 and JKn (through scale and
    rscales, as R does), bootstrap and SDR (the multipliers are drawn towards 1 by the square root of 1 - f);
    BRR, Fay and JK2 leave it out, as R does. Strata fully taken get no replicates of their own.
    Strata with one unit follow ``single_psu`` in JKn as in R; elsewhere ``certainty`` and ``remove`` give them
    a multiplier of 1 and other rules are refused.

    Raises
    ------
    InputError
        For options out of range.
    DesignError
        If the design does not suit the method.

    Examples
    --------
    >>> from wagekit.design import build_sample
    >>> sample = build_sample(np.ones(4), psu=[np.array([1, 1, 2, 3])])
    >>> made = make_replicates(sample, "JK1")
    >>> made.multipliers.tolist(), round(made.scale, 6)
    ([[0.0, 1.5, 1.5], [1.5, 0.0, 1.5], [1.5, 1.5, 0.0]], 0.666667)
    """
    if method not in get_args(ReplicateMethod):
        raise InputError(f"{method!r}", where="method", expected=", ".join(get_args(ReplicateMethod)))
    if n is not None and n < 2:
        raise InputError(f"n = {n}", where="make_replicates", expected="2 or more replicates")
    if order is not None and (method != "SDR" or order.shape != sample.first.stratum.shape):
        raise InputError(
            f"an order of {order.size} units with method {method!r}",
            where="order",
            expected=f"method 'SDR' and one value for each of {sample.first.stratum.size} units",
        )
    match method:
        case "JK1":
            return _jk1(sample, n, seed)
        case "JKn":
            return _jkn(sample)
        case "JK2":
            return _jk2(sample, seed)
        case "BRR":
            return _balanced(sample, "BRR", n, 0.0)
        case "Fay":
            if not 0 <= fay < 1:
                raise InputError(f"fay = {fay!r}", where="make_replicates", expected="a factor from 0, below 1")
            return _balanced(sample, "Fay", n, fay)
        case "bootstrap":
            return _bootstrap(sample, BOOTSTRAPS if n is None else n, seed)
        case _:
            return _successive(sample, n, order)


def _room(units: int, replicates: int, method: str) -> None:
    if units * replicates > LARGEST:
        raise DesignError(
            f"{units:,} units x {replicates:,} replicates would need {units * replicates * 8 / 1e9:,.1f} GB",
            where=f"replicates {method!r}",
            expected=f"at most {LARGEST:,} numbers",
            do='Name the enterprise as psu, give a smaller n, or choose "JK1" with n groups, "bootstrap" or "SDR"',
        )


def _lone_names(stage: Stage) -> str:
    return ", ".join(str(name) for name in stage.names[stage.single][:3])


def _skip_lone(sample: Sample, method: str) -> Flags:
    """Units that get a multiplier of 1: those of fully taken strata and of lone ones where the rule allows."""
    stage = sample.first
    if stage.single.any() and sample.single_psu not in ("certainty", "remove"):
        raise DesignError(
            f"{int(stage.single.sum())} strata have one sampling unit, among them {_lone_names(stage)}",
            where=f"replicates {method!r} with single_psu={sample.single_psu!r}",
            expected="at least two units in each stratum",
            do='Join strata, or choose single_psu="certainty" (or "JKn" with "adjust" or "average")',
        )
    return np.asarray(stage.size[stage.stratum] == 1)


def _jk1(sample: Sample, groups: int | None, seed: int | None) -> Replicates:
    stage = sample.first
    units = stage.stratum.size
    if stage.size.size > 1:
        raise DesignError(f"{stage.size.size} strata", where="replicates 'JK1'", expected="one stratum", do="Use 'JKn'")
    if units < 2:
        raise DesignError("one sampling unit", where="replicates 'JK1'", expected="at least two")
    if np.ptp(stage.fraction) > 1e-9:
        raise DesignError(
            "sampling fractions that differ by unit", where="replicates 'JK1'", expected="one fraction", do="Use 'JKn'"
        )
    count = units if groups is None else min(groups, units)
    group = np.arange(units)
    if count < units:
        group = np.random.default_rng(seed).permutation(units) % count
    _room(units, count, "JK1")
    multipliers = np.full((units, count), count / (count - 1))
    multipliers[np.arange(units), group] = 0.0
    scale = float(1.0 - stage.fraction[0]) * (count - 1) / count
    return Replicates(multipliers, scale, np.ones(count), "JK1", float(count - 1))


def _jkn(sample: Sample) -> Replicates:
    stage, rule = sample.first, sample.single_psu
    units, strata = stage.stratum.size, stage.size.size
    if stage.single.any() and rule == "fail":
        raise DesignError(
            f"{int(stage.single.sum())} strata have one sampling unit, among them {_lone_names(stage)}",
            where="replicates 'JKn'",
            expected="at least two units in each stratum",
            do='Join strata, or choose single_psu="adjust", "average", "remove" or "certainty"',
        )
    size = stage.size[stage.stratum]
    deleted = np.flatnonzero((size > 1) & (stage.fraction < 1.0))
    lone = np.flatnonzero(stage.single[stage.stratum]) if rule == "adjust" else np.zeros(0, dtype=np.int64)
    count = deleted.size + lone.size
    if count == 0:
        raise DesignError("every stratum is fully taken", where="replicates 'JKn'", expected="a sample")
    _room(units, count, "JKn")
    multipliers = np.ones((units, count))
    n_h = size[deleted]
    starts = np.concatenate(([0], np.cumsum(stage.size)))
    for stratum in np.unique(stage.stratum[deleted]):
        rows = slice(starts[stratum], starts[stratum + 1])
        columns = np.flatnonzero(stage.stratum[deleted] == stratum)
        multipliers[rows, columns[0] : columns[-1] + 1] = stage.size[stratum] / (stage.size[stratum] - 1)
    multipliers[deleted, np.arange(deleted.size)] = 0.0
    # A lone unit is deleted against all other strata, as R does under "adjust".
    multipliers[:, deleted.size :] = strata / max(strata - 1, 1)
    multipliers[lone, deleted.size + np.arange(lone.size)] = 0.0
    rscales = np.concatenate(
        [(1.0 - stage.fraction[deleted]) * (n_h - 1) / n_h, np.full(lone.size, (strata - 1) / strata)]
    )
    scale = units / count if rule == "average" else 1.0
    return Replicates(multipliers, float(scale), rscales, "JKn", float(_degrees(stage, lone.size > 0)))


def _degrees(stage: Stage, with_lone: bool = False) -> int:
    """Units less strata, over strata that have replicates."""
    strata = stage.size > 1
    open_ = np.bincount(stage.stratum, weights=stage.fraction < 1.0, minlength=stage.size.size) > 0
    chosen = strata & open_
    return int((stage.size[chosen] - 1).sum()) + int(stage.single.sum() if with_lone else 0)


def _pairs(sample: Sample, method: str) -> tuple[Codes, Codes]:
    """Pair of each unit, 0 … H-1 or -1 for none, and its side, 0 or 1."""
    stage = sample.first
    none = _skip_lone(sample, method)
    odd = (stage.size % 2 == 1) & (stage.size > 1)
    if odd.any():
        names = ", ".join(f"{stage.names[place]} ({stage.size[place]})" for place in np.flatnonzero(odd)[:3])
        raise DesignError(
            f"{int(odd.sum())} strata have an odd number of sampling units, among them {names}",
            where=f"replicates {method!r}",
            expected="two units in each stratum, or an even number that can be paired",
            do="Use 'JKn' or 'bootstrap'",
        )
    starts = np.concatenate(([0], np.cumsum(stage.size)[:-1]))
    place = np.arange(stage.stratum.size) - starts[stage.stratum]
    firsts = (place % 2 == 0) & ~none
    # Pairs of larger strata come first: R's numbering, on which the balance of a ratio depends.
    large = stage.size[stage.stratum] > 2
    number = np.where(large, np.cumsum(firsts & large), (firsts & large).sum() + np.cumsum(firsts & ~large))
    pair = np.where(none, -1, number - 1)
    if not firsts.any():
        raise DesignError("no stratum has two units", where=f"replicates {method!r}", expected="pairs of units")
    return pair, place % 2


def _jk2(sample: Sample, seed: int | None) -> Replicates:
    pair, side = _pairs(sample, "JK2")
    count = int(pair.max()) + 1
    _room(pair.size, count, "JK2")
    removed = np.zeros(count, dtype=np.int64)
    if seed is not None:
        removed = np.random.default_rng(seed).integers(0, 2, count)
    multipliers = np.ones((pair.size, count))
    rows = np.flatnonzero(pair >= 0)
    multipliers[rows, pair[rows]] = np.where(side[rows] == removed[pair[rows]], 0.0, 2.0)
    return Replicates(multipliers, 1.0, np.ones(count), "JK2", float(count), mse=True)


def _balanced(sample: Sample, method: ReplicateMethod, n: int | None, rho: float) -> Replicates:
    pair, side = _pairs(sample, method)
    pairs = int(pair.max()) + 1
    # The first row of the matrix is all +1: left out, so that each half of a pair is taken equally often.
    order = hadamard_order(max(pairs + 1, n or 0))
    _room(pair.size, order, method)
    sign = hadamard_matrix(order)[1 + np.maximum(pair, 0)].astype(np.float64)
    sign = np.where((side == 0)[:, None], sign, -sign)
    multipliers = np.where((pair >= 0)[:, None], 1.0 + (1.0 - rho) * sign, 1.0)
    scale = 1.0 / (order * (1.0 - rho) ** 2)
    return Replicates(multipliers, scale, np.ones(order), method, float(pairs))


def _bootstrap(sample: Sample, count: int, seed: int | None) -> Replicates:
    stage = sample.first
    none = _skip_lone(sample, "bootstrap")
    _room(stage.stratum.size, count, "bootstrap")
    rng = np.random.default_rng(seed)
    multipliers = np.ones((stage.stratum.size, count))
    starts = np.concatenate(([0], np.cumsum(stage.size)))
    for stratum in np.flatnonzero(stage.size > 1):
        size = int(stage.size[stratum])
        draws = rng.multinomial(size - 1, np.full(size, 1.0 / size), size=count).T
        multipliers[starts[stratum] : starts[stratum + 1]] = draws * (size / (size - 1))
    multipliers = _shrunk(multipliers, stage)
    multipliers[none] = 1.0
    df = min(_degrees(stage), count - 1)
    return Replicates(multipliers, 1.0 / (count - 1), np.ones(count), "bootstrap", float(df))


def _shrunk(multipliers: Floats, stage: Stage) -> Floats:
    """Multipliers drawn towards 1 by the square root of 1 - f."""
    root = np.sqrt(1.0 - stage.fraction)[:, None]
    return np.asarray(1.0 + root * (multipliers - 1.0))


def _successive(sample: Sample, n: int | None, drawn: Floats | None) -> Replicates:
    stage = sample.first
    units = stage.stratum.size
    none = _skip_lone(sample, "SDR")
    order = hadamard_order(min(units + 1, DIFFERENCES) if n is None else n)
    order = max(order, 4)
    _room(units, order, "SDR")
    matrix = hadamard_matrix(order)
    sequence = np.arange(units) if drawn is None else np.lexsort((drawn, stage.stratum))
    # Rows 1 … order-1 in turn, each stratum a closed circle: a unit has its own row and that of the next.
    available = order - 1
    place = np.arange(units)
    starts = np.concatenate(([0], np.cumsum(stage.size)[:-1]))
    in_stratum = place - starts[stage.stratum]
    size = stage.size[stage.stratum]
    last = in_stratum == size - 1
    # Where the circle would close on the row it started with, its last unit takes the row after.
    row = place + (last & (size > 1) & ((size - 1) % available == 0))
    following = np.where(last, starts[stage.stratum], np.minimum(place + 1, units - 1))
    following_row = row[following]
    own, other = 1 + row % available, 1 + following_row % available
    sign = matrix[own].astype(np.float64) - matrix[other]
    multipliers = np.empty((units, order))
    multipliers[sequence] = 1.0 + sign / 2**1.5
    multipliers = _shrunk(multipliers, stage)
    multipliers[none] = 1.0
    df = np.linalg.matrix_rank((multipliers - 1.0).T @ (multipliers - 1.0), tol=1e-9 * units, hermitian=True)
    return Replicates(multipliers, 4.0 / order, np.ones(order), "SDR", float(df), mse=True)
