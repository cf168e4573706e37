"""Who answers (模拟数据)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wagekit.arrays import Codes, Floats, counting
from wagekit.collect.synthetic.economy import Economy

_LEAST_ANSWERS = 2  # the field work does not leave a stratum with fewer, where it has more
_SIZE_ELASTICITY = 0.012  # answers rise a little with size; assumption
_LASTING = 0.8  # correlation of the willingness to answer between waves; assumption


def answers(
    economy: Economy,
    section: Codes,
    size: Codes,
    stratum: Codes,
    lasting: Floats,
    this_wave: Floats,
) -> NDArray[np.bool_]:
    """Which of the drawn enterprises answer, shape (m,).

    The rate differs by industry and rises with size; willingness lasts, so that an enterprise that answered once
    mostly answers again. At least two of a stratum answer where it has as many.

    Parameters
    ----------
    section, size, stratum : shape (m,), industry, 名录从业人员数 and stratum of the drawn.
    lasting, this_wave : shape (m,), standard normal numbers, one for the enterprise, one for the wave.
    """
    from scipy.special import ndtr

    rates = economy.accounts.set_index("section")["response_rate"]
    rate = rates[economy.industries["section"]].to_numpy(dtype=np.float64)[section]
    rate = np.clip(rate + _SIZE_ELASTICITY * np.log(size / 100), 0.4, 0.98)
    reluctance = ndtr(_LASTING * lasting + np.sqrt(1 - _LASTING**2) * this_wave)
    order = np.lexsort((reluctance / rate, stratum))
    starts = np.flatnonzero(np.r_[True, np.diff(stratum[order]) != 0])
    rank = np.empty(section.size, dtype=np.int64)
    rank[order] = counting(np.diff(np.r_[starts, section.size]))
    return np.asarray((reluctance < rate) | (rank < _LEAST_ANSWERS))
