"""Hadamard matrices: the balance behind balanced repeated replication and successive differences."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from wagekit.errors import InputError

LARGEST_ORDER = 8192


def hadamard_order(minimum: int) -> int:
    """Smallest order of at least `minimum` that :func:`hadamard_matrix` can make.

    Examples
    --------
    >>> [hadamard_order(k) for k in (1, 3, 5, 9, 13, 17, 25, 33, 49, 81)]
    [1, 4, 8, 12, 16, 20, 28, 36, 56, 84]
    """
    if minimum > LARGEST_ORDER:
        raise InputError(f"order {minimum}", where="Hadamard matrix", expected=f"at most {LARGEST_ORDER}")
    order = minimum
    while _recipe(order) is None:
        order += 1
    return order


def hadamard_matrix(order: int) -> NDArray[np.int8]:
    """Matrix of +1 and -1 with orthogonal rows, its first row and column all +1: shape (order, order).

    Made by Paley's constructions for primes (1933) and doubled as often as needed (Sylvester 1867).

    Raises
    ------
    InputError
        If the order is not of the form that these constructions reach.

    Examples
    --------
    >>> h = hadamard_matrix(12).astype(int)
    >>> bool((h @ h.T == 12 * np.eye(12)).all())
    True
    """
    from scipy.linalg import hadamard

    recipe = _recipe(order)
    if recipe is None:
        raise InputError(f"order {order}", where="Hadamard matrix", expected=f"such as {hadamard_order(order)}")
    doubling, kind, prime = recipe
    core = np.ones((1, 1), dtype=np.int8)
    if kind == 1:
        core = _paley_one(prime)
    elif kind == 2:
        core = _paley_two(prime)
    matrix = np.kron(hadamard(doubling, dtype=np.int8), core) if doubling > 1 else core
    matrix = matrix * matrix[:1]
    return np.asarray(matrix * matrix[:, :1], dtype=np.int8)


@cache
def _recipe(order: int) -> tuple[int, int, int] | None:
    """Doubling factor, Paley's construction (0 none, 1, 2) and its prime."""
    doubling, core = 1, order
    found = None
    while True:
        if core == 1 or order & (order - 1) == 0:
            # Powers of two by doubling alone: R's matrix, on which the error of a ratio depends.
            found = (order, 0, 0)
        elif core % 4 == 0 and _is_prime(core - 1):
            found = (doubling, 1, core - 1)
        elif core % 4 == 0 and (core // 2 - 1) % 4 == 1 and _is_prime(core // 2 - 1):
            found = (doubling, 2, core // 2 - 1)
        if found is not None or core % 2:
            return found
        core //= 2
        doubling *= 2


def _is_prime(value: int) -> bool:
    return value > 1 and all(value % factor for factor in range(2, int(value**0.5) + 1))


def _jacobsthal(prime: int) -> NDArray[np.int8]:
    """Matrix of quadratic characters of i - j, shape (prime, prime)."""
    character = np.full(prime, -1, dtype=np.int8)
    character[(np.arange(1, prime, dtype=np.int64) ** 2) % prime] = 1
    character[0] = 0
    place = np.arange(prime)
    return np.asarray(character[(place[:, None] - place) % prime])


def _paley_one(prime: int) -> NDArray[np.int8]:
    skew = np.zeros((prime + 1, prime + 1), dtype=np.int8)
    skew[0, 1:], skew[1:, 0] = 1, -1
    skew[1:, 1:] = _jacobsthal(prime)
    return np.asarray(skew + np.eye(prime + 1, dtype=np.int8), dtype=np.int8)


def _paley_two(prime: int) -> NDArray[np.int8]:
    symmetric = np.zeros((prime + 1, prime + 1), dtype=np.int8)
    symmetric[0, 1:] = symmetric[1:, 0] = 1
    symmetric[1:, 1:] = _jacobsthal(prime)
    on, diagonal = np.array([[1, 1], [1, -1]], dtype=np.int8), np.array([[1, -1], [-1, -1]], dtype=np.int8)
    return np.asarray(np.kron(symmetric, on) + np.kron(np.eye(prime + 1, dtype=np.int8), diagonal), dtype=np.int8)
