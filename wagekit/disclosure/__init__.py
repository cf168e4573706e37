"""Statistical disclosure control: what may leave the house (GSBPM 6.4)."""

from wagekit.disclosure.rules import ReleaseRules, judge

__all__ = ["ReleaseRules", "judge"]
