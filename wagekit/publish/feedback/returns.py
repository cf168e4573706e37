"""What there is to mend about each enterprise's return: left unanswered, to be looked at again, not taken.

Values stay in the house, since many are one employee's pay, and so do row numbers, which are those of files with all
enterprises in them: of each remark an enterprise is told the question, what is said of it and on how many rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from wagekit.collect.check_report import field_words
from wagekit.collect.questionnaire import QUESTIONNAIRES
from wagekit.collect.rules import RULES, message
from wagekit.collect.situation import Limits
from wagekit.options import Language
from wagekit.publish.feedback.figures import Remark

if TYPE_CHECKING:
    import pandas as pd

    from wagekit.collect.store import Store

_BRACKETED = re.compile(r" ?[（(][^（）()]*\{[^（）()]*[）)]")


def remarks(store: Store, wave: int, language: Language) -> dict[str, tuple[Remark, ...]]:
    """What the checks of a wave found, for each enterprise that they found something about.

    Parameters
    ----------
    store, wave : what was checked.
    language : of the messages; those that the store has in another language are made anew from the rules.

    Returns
    -------
    Enterprise -> its remarks: unanswered questions first, then answers to look at, then rows that were not taken.
    """
    kept = store.metadata(wave)["language"] == language
    found: dict[str, list[Remark]] = {}
    for refused, listed in ((False, store.queries(wave)), (True, store.refused(wave))):
        for enterprise, remark in _remarks(listed, wave, refused, kept, language):
            found.setdefault(enterprise, []).append(remark)
    order = ("missing", "blanked", "query", "refused")
    return {
        enterprise: tuple(sorted(each, key=lambda remark: (order.index(remark.kind), remark.table != "enterprise")))
        for enterprise, each in found.items()
    }


def _remarks(
    listed: pd.DataFrame, wave: int, refused: bool, kept: bool, language: Language
) -> Iterator[tuple[str, Remark]]:
    groups = listed.groupby(["enterprise_id", "table", "field", "rule"], sort=False)["message"].agg(["first", "size"])
    for (enterprise, table, field, rule), said, rows in groups.itertuples(name=None):
        if not kept and rule in RULES:
            said = said_anew(rule, table, field, wave, language)
        kind: Any = "refused" if refused else "missing" if rule == "missing_answer" else "query"
        if rule.endswith("_blanked"):
            kind = "blanked"
        yield str(enterprise), Remark(kind, table, field_name(table, field, language), str(said), int(rows))


def field_name(table: str, field: str, language: Language) -> str:
    """What a question is called; a question of the survey's own by its column.

    Examples
    --------
    >>> field_name("employee", "education", "zh"), field_name("employee", "shift", "zh")
    ('学历', 'shift')
    """
    questionnaire = QUESTIONNAIRES.get(table)
    if questionnaire is None or field not in questionnaire:
        return field
    declared = questionnaire[field]
    return str(declared.chinese if language == "zh" else declared.english)


def said_anew(rule: str, table: str, field: str, wave: int, language: Language) -> str:
    """A rule's message; amounts in brackets, which only the check knew, are left out.

    Examples
    --------
    >>> said_anew("pay_below_minimum_wage", "employee", "annual_pay", 2023, "en")
    'annual pay is below twelve monthly minimum wages'
    >>> said_anew("missing_answer", "employee", "education", 2023, "en")
    'education is not filled in'
    """
    declared = RULES[rule]
    questionnaire = QUESTIONNAIRES.get(table)
    words: dict[str, object] = {"wave": wave, "field": field, "kind": "", "range": ""}
    for name, limit in asdict(Limits()).items():
        if isinstance(limit, tuple):
            words[f"{name}_low"], words[f"{name}_high"] = limit
        else:
            words[name] = limit
    if questionnaire is not None and field in questionnaire:
        words |= field_words(questionnaire[field], language)
    chinese, english = (_BRACKETED.sub("", text) for text in (declared.chinese, declared.english))
    return message(replace(declared, chinese=chinese, english=english), language, words)
