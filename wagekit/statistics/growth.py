r"""Growth of a mean split into growth inside cells and change of composition.

Notes
-----
With shares :math:`p_c` and means :math:`m_c` of the cells before (0) and after (1),

.. math:: \bar y_1 - \bar y_0 = \sum_c \tfrac{p_{0c} + p_{1c}}{2} (m_{1c} - m_{0c})
                               + \sum_c (p_{1c} - p_{0c}) \tfrac{m_{0c} + m_{1c}}{2},

which adds up exactly and treats both waves alike (Bennet 1920; Kitagawa 1955). A cell of one wave only takes its
one mean for both, so that it counts as composition. Both parts are given as shares of :math:`\bar y_0`.
"""

from __future__ import annotations

import numpy as np

from wagekit.arrays import Codes, Floats
from wagekit.statistics.cells import Cells
from wagekit.statistics.result import Result, divide
from wagekit.statistics.variance import Linearized


def decomposition(whole: Cells, code: Codes, wave: Codes, y: Floats) -> dict[str, Result]:
    """Growth of the mean of `y` and its two parts.

    Parameters
    ----------
    whole : one cell that holds the rows of both waves.
    code : shape (n,), the cell of each row, -1 where it is in none.
    wave : shape (n,), 0 before and 1 after.
    """
    sample = whole.sample
    count = int(code.max(initial=-1)) + 1
    sides = [Cells(sample, np.where(wave == k, code, -1), count) for k in (0, 1)]
    size = [side.population for side in sides]
    total = [float(part.sum()) for part in size]
    share = [part / all_ for part, all_ in zip(size, total, strict=True)]
    raw = [divide(side.sums(sample.weights * y), part) for side, part in zip(sides, size, strict=True)]
    mean = [np.nan_to_num(np.where(size[k] > 0, raw[k], raw[1 - k])) for k in (0, 1)]
    level = [float(share[k] @ mean[k]) for k in (0, 1)]
    both = (size[0] > 0) & (size[1] > 0)
    step = mean[1] - mean[0]
    middle = (mean[0] + mean[1]) / 2
    weight = (share[0] + share[1]) / 2
    amount = {"within": float(weight @ step), "composition": float((share[1] - share[0]) @ middle)}
    amount["growth"] = level[1] - level[0]

    def scores(word: str) -> Floats:
        own = np.zeros(sample.n)
        for k, sign in ((0, -1.0), (1, 1.0)):
            inside = sides[k].inside
            cell = code[inside]
            w = sample.weights[inside]
            deviation = divide(w * (y[inside] - mean[k][cell]), size[k][cell])
            if word == "growth":
                part = sign * w * (y[inside] - level[k]) / total[k]
            elif word == "within":
                moved = (step[cell] - float(share[k] @ step)) / 2
                part = w * moved / total[k] + sign * np.where(both, weight, 0.0)[cell] * deviation
            else:
                moved = middle[cell] - float(share[k] @ middle)
                factor = np.where(both, (share[1] - share[0]) / 2, share[1] - share[0])
                part = sign * w * moved / total[k] + factor[cell] * deviation
            if k == 0:
                part = part - amount[word] / level[0] * w * (y[inside] - level[0]) / total[0]
            own[inside] = part / level[0]
        return own

    def result(word: str) -> Result:
        return Result(np.array([amount[word] / level[0]]), lambda: Linearized(scores(word)), np.ones(1))

    return {word: result(word) for word in ("growth", "within", "composition")}
