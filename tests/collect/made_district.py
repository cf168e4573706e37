"""The simulated district and a small one, made once, for the tests of population and survey."""

from __future__ import annotations

from functools import cache

from wagekit.collect.synthetic import Population, population


@cache
def district() -> Population:
    return population(20240601)


@cache
def town() -> Population:
    """A small population for many draws."""
    return population(3, enterprises=400, workers=9000)


def independent_check(code: str) -> bool:
    """GB 32100-2015 and GB 11714-1997, written out digit by digit."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    weights = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
    total = sum(weight * alphabet.index(character) for weight, character in zip(weights, code[:17], strict=True))
    last = alphabet[(31 - total % 31) % 31]
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    parts = zip((3, 7, 9, 10, 5, 8, 4, 2), code[8:16], strict=True)
    ninth = 11 - sum(weight * letters.index(character) for weight, character in parts) % 11
    return code[17] == last and code[16] == {10: "X", 11: "0"}.get(ninth, str(ninth))
