"""Compiled passes over integer codes: which occur, and their renumbering."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "fastmath": False, "boundscheck": False}


@njit(**_OPTIONS)
def occurring(code: Any, inside: Any, space: int) -> Any:
    """Which of the codes 0 … space-1 some row has, shape (space,).

    Parameters
    ----------
    inside : shape (n,), the rows that count; empty where all do.
    """
    seen = np.zeros(space, dtype=np.bool_)
    for i in range(code.size):
        if inside.size == 0 or inside[i]:
            seen[code[i]] = True
    return seen


@njit(**_OPTIONS)
def look_up(code: Any, table: Any) -> Any:
    """``table[code]`` for codes that all lie in the table; -1 stays -1."""
    found = np.empty(code.size, dtype=table.dtype)
    for i in range(code.size):
        found[i] = table[code[i]] if code[i] >= 0 else -1
    return found
