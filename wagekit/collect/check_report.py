"""Broken rules as people read them: which row of which file, which value, what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from wagekit.collect.answers import Answers
from wagekit.collect.questionnaire import Field
from wagekit.collect.rules import RULES, message
from wagekit.collect.situation import Situation
from wagekit.collect.values import as_text
from wagekit.options import Language

if TYPE_CHECKING:
    from numpy.typing import NDArray

REPORT_COLUMNS = ("table", "file", "row", "enterprise_id", "field", "value", "rule", "message")
"""Columns of the lists of refused rows and of queries."""

_KINDS: Mapping[Language, Mapping[str, str]] = {
    "zh": {"integer": "整数", "number": "数字", "year": "年份", "yes_no": "是或否"},
    "en": {"integer": "a whole number", "number": "a number", "year": "a year", "yes_no": "yes or no"},
}


def report(answers: Answers, broken: pd.DataFrame, situation: Situation, language: Language) -> pd.DataFrame:
    """List broken rules with provenance, value and message.

    Parameters
    ----------
    answers : the table.
    broken : ``index`` (row of the table), ``field`` and ``rule``, one row a broken rule.
    situation : thresholds that messages name.
    language : of the messages.

    Returns
    -------
    The same rows with `REPORT_COLUMNS`; ``row`` is the row number in the file.
    """
    value = pd.Series("", index=broken.index, dtype=object)
    text = pd.Series("", index=broken.index, dtype=object)
    words = _situation_words(situation)
    for (name, rule), group in broken.groupby(["field", "rule"], sort=False):
        field, declared = answers.questionnaire[str(name)], RULES[str(rule)]
        shown = [column for column in (*declared.fields, *declared.also) if column in answers.raw]
        value[group.index] = _values_shown(answers, shown or [field.name], group["index"], language)
        text[group.index] = message(declared, language, {**words, **field_words(field, language)})
    rows = broken["index"].to_numpy()
    enterprise = (
        answers.frame["enterprise_id"] if "enterprise_id" in answers.frame else pd.Series("", answers.row.index)
    )
    listed = {
        "table": answers.questionnaire.name,
        "file": answers.file.loc[rows].to_numpy(),
        "row": answers.row.loc[rows].to_numpy(),
        "enterprise_id": enterprise.loc[rows].astype(object).fillna("").to_numpy(),
        "field": broken["field"].to_numpy(dtype=object),
        "value": value.to_numpy(),
        "rule": broken["rule"].to_numpy(dtype=object),
        "message": text.to_numpy(),
    }
    return pd.DataFrame(listed, index=broken.index, columns=[*REPORT_COLUMNS])


def joined(reports: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Reports of several tables as one, with its columns even when nothing is in it."""
    nothing = pd.DataFrame({column: pd.Series(dtype=object) for column in REPORT_COLUMNS})
    filled = [listed for listed in reports if len(listed)]
    whole = pd.concat(filled, ignore_index=True) if filled else nothing
    return whole.astype({column: "int64" if column == "row" else "str" for column in REPORT_COLUMNS})


def _values_shown(answers: Answers, names: Sequence[str], rows: pd.Series, language: Language) -> NDArray[np.object_]:
    """What the file says in the columns that a rule looks at, shape (rows,)."""
    cells = [as_text(answers.raw.loc[rows.to_numpy(), name]).astype(object).fillna("") for name in names]
    if len(names) == 1:
        return cells[0].to_numpy()
    fields = [answers.questionnaire[name] for name in names]
    titles = [field.chinese if language == "zh" else field.english for field in fields]
    whole = titles[0] + "=" + cells[0]
    for title, cell in zip(titles[1:], cells[1:], strict=True):
        whole = whole + "; " + title + "=" + cell
    return whole.to_numpy()


def _situation_words(situation: Situation) -> dict[str, object]:
    """What messages say about wave and thresholds."""
    words: dict[str, object] = {"wave": situation.wave, "minimum_year": 12 * (situation.minimum_wage or 0)}
    for name, limit in asdict(situation.limits).items():
        if isinstance(limit, tuple):
            words[f"{name}_low"], words[f"{name}_high"] = limit
        else:
            words[name] = limit
    return words


def field_words(field: Field, language: Language) -> dict[str, object]:
    """What messages say about a field."""
    chinese = language == "zh"
    low, high = field.low, field.high
    if low is not None and high is not None:
        wanted = f"在{low:g}至{high:g}之间" if chinese else f"from {low:g} to {high:g}"
    elif low is not None:
        wanted = f"不小于{low:g}" if chinese else f"at least {low:g}"
    elif high is not None:
        wanted = f"不大于{high:g}" if chinese else f"at most {high:g}"
    else:
        wanted = ""
    return {
        "field": field.chinese if chinese else field.english,
        "kind": _KINDS[language].get(field.kind, ""),
        "range": wanted,
    }
