r"""Distance functions of calibration (Deville and Särndal 1992), as functions of u = x'λ.

Notes
-----
Each is the g-weight F(u) with F(0) = F'(0) = 1, its slope F'(u), and its integral
:math:`\int_0^u F`, which makes calibration the minimum of a convex function of λ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wagekit.arrays import Floats
from wagekit.errors import InputError
from wagekit.options import CalibrationMethod

LARGEST_EXPONENT = 700.0
"""exp of more overflows double precision."""


@dataclass(frozen=True)
class Linear:
    """F = 1 + u cut to [low, high]; without finite bounds the regression (GREG) estimator."""

    low: float = -np.inf
    high: float = np.inf

    def g(self, u: Floats) -> Floats:
        return np.clip(1.0 + u, self.low, self.high)

    def slope(self, u: Floats) -> Floats:
        return np.asarray((1.0 + u > self.low) & (1.0 + u < self.high), dtype=np.float64)

    def integral(self, u: Floats) -> Floats:
        g = self.g(u)
        return np.asarray(g * u - (g - 1.0) ** 2 / 2)


@dataclass(frozen=True)
class Raking:
    """F = exp(u) cut to [low, high]; without bounds the fixed point of iterative proportional fitting."""

    low: float = 0.0
    high: float = np.inf

    def g(self, u: Floats) -> Floats:
        with np.errstate(over="ignore"):
            return np.clip(np.exp(np.minimum(u, LARGEST_EXPONENT)), self.low, self.high)

    def slope(self, u: Floats) -> Floats:
        value = np.exp(np.minimum(u, LARGEST_EXPONENT))
        return np.where((value > self.low) & (value < self.high), value, 0.0)

    def integral(self, u: Floats) -> Floats:
        g = self.g(u)
        # Conjugate of g log g - g + 1, which is 1 at g = 0.
        entropy = np.where(g > 0, g * np.log(np.where(g > 0, g, 1.0)) - g + 1.0, 1.0)
        return np.asarray(np.where(g > 0, g * u, 0.0) - entropy)


@dataclass(frozen=True)
class Logit:
    r"""F between low < 1 < high: :math:`F = L + (U - L)\,\mathrm{expit}(A u + \log\frac{1-L}{U-1})`."""

    low: float
    high: float

    @property
    def _rate(self) -> float:
        return (self.high - self.low) / ((self.high - 1.0) * (1.0 - self.low))

    def _shifted(self, u: Floats) -> Floats:
        return np.asarray(self._rate * u + np.log((1.0 - self.low) / (self.high - 1.0)))

    def _share(self, u: Floats) -> Floats:
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * self._shifted(u))))

    def g(self, u: Floats) -> Floats:
        return np.asarray(self.low + (self.high - self.low) * self._share(u))

    def slope(self, u: Floats) -> Floats:
        share = self._share(u)
        return np.asarray((self.high - self.low) * self._rate * share * (1.0 - share))

    def integral(self, u: Floats) -> Floats:
        width = (1.0 - self.low) * (self.high - 1.0)
        return np.asarray(self.low * u + width * np.logaddexp(0.0, self._shifted(u)))


Distance = Linear | Raking | Logit


def distance_for(method: CalibrationMethod, bounds: tuple[float, float] | None) -> Distance:
    """The distance function of a method.

    Raises
    ------
    InputError
        For bounds that the method doesn't take, needs, or that don't hold 1 between them.
    """
    if method == "linear" and bounds is not None:
        raise InputError(
            f"bounds {bounds} with method 'linear'", where="calibrate", do="Use method 'truncated' or 'logit'"
        )
    if bounds is None:
        if method in ("logit", "truncated"):
            raise InputError(f"method {method!r} without bounds", where="calibrate", expected="bounds such as (0.3, 3)")
        return Raking() if method == "raking" else Linear()
    low, high = float(bounds[0]), float(bounds[1])
    if not low < 1.0 < high or (method == "logit" and not np.isfinite([low, high]).all()):
        raise InputError(
            f"bounds ({low:g}, {high:g})",
            where="calibrate",
            expected="low < 1 < high" + (", both finite" if method == "logit" else ""),
        )
    match method:
        case "logit":
            return Logit(low, high)
        case "raking":
            return Raking(max(low, 0.0), high)
        case _:
            return Linear(low, high)
