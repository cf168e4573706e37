"""Estimation inside a database engine: the same numbers as in memory, from sums that the engine makes.

Rows never leave the engine. What comes back is a few sums for each cell of the table, and for each cell and stratum
the moments of the sampling units' totals; from there on the arithmetic is that of :mod:`wagekit.statistics`.
"""

from wagekit.engines.scanning import scan as scan

__all__ = ["scan"]
