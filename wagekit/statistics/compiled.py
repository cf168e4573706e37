"""The passes over rows in compiled code (Numba). NumPy's functions are the reference that tests hold them to.

Each pass is O(n): rows come in the order of sampling units or of wages, which a Survey computes once and keeps, and
what is summed lies in arrays of the size of the table.

Numba loads only for samples of some size. The first time on a machine the passes are compiled in a process of their
own while NumPy does the work, and kept on disk: a notebook never waits for the compiler.
"""

from __future__ import annotations

from wagekit.statistics.passes_by_unit import any_values as any_values
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
from wagekit.statistics.passes_by_value import read_percentiles as read_percentiles
from wagekit.statistics.passes_by_value import sum_weights as sum_weights
from wagekit.statistics.passes_over_codes import look_up as look_up
from wagekit.statistics.passes_over_codes import occurring as occurring
