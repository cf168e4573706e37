"""wagekit: from wage-survey files to protected, published pay guidance.

Files in, checked database, design-based estimates, protected tables, rendered reports out. Everything a user
needs stands here by name; the rooms behind the names load when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_ROOMS = {
    "Classification": "collect.classification",
    "Design": "design",
    "Estimates": "estimates",
    "ReleaseRules": "disclosure.rules",
    "Store": "collect.store",
    "Survey": "survey",
    "adjusted_premium": "models",
    "fay_herriot": "models",
    "oaxaca_blinder": "models",
    "wage_regression": "models",
    "WageTable": "publish.table",
    "change": "waves",
    "decompose_growth": "waves",
    "enterprise_growth": "guidance.enterprises",
    "guideline": "guidance.guideline",
    "guidelines": "guidance.lines",
    "intake": "collect.intake",
    "matched_growth": "guidance.enterprises",
    "open": "collect.store",
    "open_report": "publish.report",
    "release": "publish.table",
    "WagekitError": "errors",
}

__all__ = ["__version__", *_ROOMS]

if TYPE_CHECKING:
    from wagekit.collect.classification import Classification as Classification
    from wagekit.collect.intake import intake as intake
    from wagekit.collect.store import Store as Store
    from wagekit.collect.store import open as open
    from wagekit.design import Design as Design
    from wagekit.disclosure.rules import ReleaseRules as ReleaseRules
    from wagekit.errors import WagekitError as WagekitError
    from wagekit.estimates import Estimates as Estimates
    from wagekit.guidance.enterprises import enterprise_growth as enterprise_growth
    from wagekit.guidance.enterprises import matched_growth as matched_growth
    from wagekit.guidance.guideline import guideline as guideline
    from wagekit.guidance.lines import guidelines as guidelines
    from wagekit.models import adjusted_premium as adjusted_premium
    from wagekit.models import fay_herriot as fay_herriot
    from wagekit.models import oaxaca_blinder as oaxaca_blinder
    from wagekit.models import wage_regression as wage_regression
    from wagekit.publish.report import open_report as open_report
    from wagekit.publish.table import WageTable as WageTable
    from wagekit.publish.table import release as release
    from wagekit.survey import Survey as Survey
    from wagekit.waves import change as change
    from wagekit.waves import decompose_growth as decompose_growth


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'wagekit' has no attribute {name!r}")
    value = getattr(import_module(f"wagekit.{_ROOMS[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
