"""The passes over rows in compiled code (Numba). NumPy's functions are the reference that tests hold them to.

Each pass is O(n): rows come in the order of sampling units or of wages, which a Survey computes once and keeps, and
what is summed lies in arrays of the size of the table.

Numba loads only for samples of some size. The first time on a machine the passes are compiled in a process of their
own while NumPy does the work, and kept on disk: a notebook never waits for the compiler.
"""

from __future__ import annotations

import numpy as np

from wagekit.statistics.passes_by_unit import any_values as any_values
from wagekit.statistics.passes_by_unit import gather_moved as gather_moved
from wagekit.statistics.passes_by_unit import gather_sizes as gather_sizes
from wagekit.statistics.passes_by_unit import number_pairs as number_pairs
from wagekit.statistics.passes_by_unit import pair_variance as pair_variance
from wagekit.statistics.passes_by_unit import share_variance as share_variance
from wagekit.statistics.passes_by_unit import sum_about as sum_about
from wagekit.statistics.passes_by_unit import sum_cells as sum_cells
from wagekit.statistics.passes_by_unit import sum_pairs as sum_pairs
from wagekit.statistics.passes_by_unit import sum_products as sum_products
from wagekit.statistics.passes_by_unit import sum_sizes as sum_sizes
from wagekit.statistics.passes_by_unit import tally_pairs as tally_pairs
from wagekit.statistics.passes_by_value import ascending_order as ascending_order
from wagekit.statistics.passes_by_value import count_rows as count_rows
from wagekit.statistics.passes_by_value import lay_by_cell as lay_by_cell
from wagekit.statistics.passes_by_value import read_percentiles as read_percentiles
from wagekit.statistics.passes_by_value import run_up as run_up
from wagekit.statistics.passes_over_codes import look_up as look_up
from wagekit.statistics.passes_over_codes import occurring as occurring


def load() -> None:
    """Load what a first table needs from Numba's cache, by running it on one row."""
    code, one, starts = np.zeros(1, dtype=np.int32), np.ones(1), np.array([0, 1])
    pair, cell, first = number_pairs(code, starts, 1)
    rows, weights, amounts = sum_sizes(pair, one, one, 1)
    tally_pairs(cell, first, code, rows, weights, amounts, 1)
    look_up(code, code)
    laid = np.empty((1, 2))
    lay_by_cell(code, one, one, count_rows(code, 1, 0, 1) - 1, 0, 1, laid)
    run_up(laid, starts, 0, 1)
    points = np.ones((1, 8))
    read_percentiles(laid, starts, points, 0, 1, points.copy(), points.copy())
    stratum = (starts[1:], one, one, np.zeros(1, dtype=bool), one, False, 0)
    pair_variance(cell, first, code, one, one, 1, *stratum)
    share_variance(pair, starts, one, one, points, points, cell, first, code, one, 1, (0,) * 8, *stratum)
