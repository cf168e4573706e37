"""wagekit: from wage-survey files to protected, published pay guidance.

Files in, checked database, design-based estimates, protected tables, rendered reports out. Everything a user
needs stands here by name; the rooms behind the names load when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_ROOMS = {
    "Design": "design",
    "Estimates": "estimates",
    "Survey": "survey",
    "change": "change",
    "decompose_growth": "change",
    "WagekitError": "errors",
}

__all__ = ["__version__", *_ROOMS]

if TYPE_CHECKING:
    from wagekit.change import change as change
    from wagekit.change import decompose_growth as decompose_growth
    from wagekit.design import Design as Design
    from wagekit.errors import WagekitError as WagekitError
    from wagekit.estimates import Estimates as Estimates
    from wagekit.survey import Survey as Survey


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'wagekit' has no attribute {name!r}")
    value = getattr(import_module(f"wagekit.{_ROOMS[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
