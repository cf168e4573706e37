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
    "WageTable": "publish.table",
    "WagekitError": "errors",
    "adjusted_premium": "models",
    "change": "waves",
    "chief_technicians": "guidance.chief_technicians",
    "cube": "grouping",
    "decompose_growth": "waves",
    "enterprise_growth": "guidance.enterprises",
    "enterprise_survey": "guidance.enterprise_survey",
    "fay_herriot": "models",
    "graduate_pay": "guidance.groups",
    "graduates": "guidance.groups",
    "group_premium": "guidance.premium",
    "grouping_sets": "grouping",
    "guideline": "guidance.guideline",
    "guidelines": "guidance.lines",
    "intake": "collect.intake",
    "labour_cost": "guidance.labour_cost",
    "labour_cost_losses": "guidance.labour_cost_enterprises",
    "labour_cost_percentiles": "guidance.labour_cost_enterprises",
    "labour_cost_structure": "guidance.labour_cost_structure",
    "labour_cost_warning_shares": "guidance.labour_cost_warning",
    "labour_cost_warnings": "guidance.labour_cost_warning",
    "low_pay": "guidance.low_pay",
    "matched_growth": "guidance.enterprises",
    "oaxaca_blinder": "models",
    "open": "collect.store",
    "open_report": "publish.report",
    "release": "publish.table",
    "rollup": "grouping",
    "science_pay": "guidance.groups",
    "science_premium": "guidance.groups",
    "skill_floor_check": "guidance.skill",
    "skill_floors": "guidance.skill",
    "skill_premium": "guidance.skill",
    "wage_regression": "models",
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
    from wagekit.grouping import cube as cube
    from wagekit.grouping import grouping_sets as grouping_sets
    from wagekit.grouping import rollup as rollup
    from wagekit.guidance.chief_technicians import chief_technicians as chief_technicians
    from wagekit.guidance.enterprise_survey import enterprise_survey as enterprise_survey
    from wagekit.guidance.enterprises import enterprise_growth as enterprise_growth
    from wagekit.guidance.enterprises import matched_growth as matched_growth
    from wagekit.guidance.groups import graduate_pay as graduate_pay
    from wagekit.guidance.groups import graduates as graduates
    from wagekit.guidance.groups import science_pay as science_pay
    from wagekit.guidance.groups import science_premium as science_premium
    from wagekit.guidance.guideline import guideline as guideline
    from wagekit.guidance.labour_cost import labour_cost as labour_cost
    from wagekit.guidance.labour_cost_enterprises import labour_cost_losses as labour_cost_losses
    from wagekit.guidance.labour_cost_enterprises import labour_cost_percentiles as labour_cost_percentiles
    from wagekit.guidance.labour_cost_structure import labour_cost_structure as labour_cost_structure
    from wagekit.guidance.labour_cost_warning import labour_cost_warning_shares as labour_cost_warning_shares
    from wagekit.guidance.labour_cost_warning import labour_cost_warnings as labour_cost_warnings
    from wagekit.guidance.lines import guidelines as guidelines
    from wagekit.guidance.low_pay import low_pay as low_pay
    from wagekit.guidance.premium import group_premium as group_premium
    from wagekit.guidance.skill import skill_floor_check as skill_floor_check
    from wagekit.guidance.skill import skill_floors as skill_floors
    from wagekit.guidance.skill import skill_premium as skill_premium
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
