"""Checking a wave: what is refused, what is kept and asked about, what is accepted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from wagekit.collect.answers import Answers, read_answers
from wagekit.collect.check_report import joined, report
from wagekit.collect.classification import Classification, load
from wagekit.collect.predicates import Predicate
from wagekit.collect.questionnaire import QUESTIONNAIRES, Questionnaire
from wagekit.collect.rules import RULES, Rule
from wagekit.collect.situation import Limits, Situation
from wagekit.errors import InputError
from wagekit.options import Language

_DTYPES = {"integer": "Int64", "year": "Int64", "number": "float64", "yes_no": "boolean"}


@dataclass(frozen=True, eq=False)
class Checked:
    """What came of a check.

    Parameters
    ----------
    enterprises, employees : the accepted rows, typed: codes and text as text, whole numbers and years ``Int64``,
        numbers ``float64``, yes or no ``boolean``.
    refused : one row for every hard rule that a refused row breaks: ``table, file, row, enterprise_id, field,
        value, rule, message``.
    queries : one row for every soft rule that an accepted row breaks, the same columns.
    """

    enterprises: pd.DataFrame
    employees: pd.DataFrame
    refused: pd.DataFrame
    queries: pd.DataFrame

    @property
    def summary(self) -> pd.DataFrame:
        """How often each rule was broken: ``table, rule, hard, rows``."""
        found = [listed.assign(hard=hard) for listed, hard in ((self.refused, True), (self.queries, False))]
        counts = pd.concat(found).groupby(["table", "rule", "hard"], sort=False).size()
        return counts.rename("rows").reset_index()


def check(
    enterprises: pd.DataFrame | None,
    employees: pd.DataFrame | None,
    *,
    wave: int,
    minimum_wage: float | None = None,
    known_enterprises: Collection[str] | None = None,
    rules: Sequence[str] | None = None,
    classifications: Mapping[str, Classification | None] | None = None,
    required: Collection[str] | None = None,
    questionnaires: Mapping[str, Questionnaire] = QUESTIONNAIRES,
    limits: Limits | None = None,
    language: Language = "zh",
) -> Checked:
    """Check the tables of a wave by the questionnaire's declarations and by `RULES`.

    A row that breaks a hard rule is refused, and an enterprise that is refused takes its employees with it. A
    row that breaks only soft rules is kept and listed. Of a field that isn't required, an answer that can't be
    taken (no number, not in the code list, out of range) is left out and listed.

    Parameters
    ----------
    enterprises, employees : rows with wagekit's column names, as text or as numbers; codes may be codes or
        titles. ``_file`` and ``_row`` tell where each row came from. None where there is no such table.
    wave : year of the wave.
    minimum_wage : 元 a month; without it pay isn't compared with it.
    known_enterprises : codes of enterprises accepted before, whose employees may come alone.
    rules : names of the rules to check by; all of `RULES` without it.
    classifications : other code lists by field name (or by the name of the list they replace); None for free
        text.
    required : names of the required fields, in place of those that the questionnaire declares.
    questionnaires : both tables, for surveys with fields of their own (`Questionnaire.with_fields`).
    limits : thresholds.
    language : of the messages.

    Raises
    ------
    InputError
        If the column of a required field is missing or there twice, or a rule, field or code list is named that
        doesn't exist.

    Examples
    --------
    >>> staff = pd.DataFrame({"enterprise_id": ["a", "a"], "employee_code": ["1", "2"],
    ...                       "occupation_code": ["统计专业人员", "2-06-03-00"], "annual_pay": ["88,000", "-"]})
    >>> checked = check(None, staff, wave=2023)
    >>> checked.employees["annual_pay"].tolist()
    [88000.0]
    >>> checked.refused[["row", "field", "value", "rule"]].values.tolist()
    [[3, 'annual_pay', '-', 'wrong_type']]
    """
    _check_options(wave, minimum_wage)
    active = _active_rules(rules)
    tables = _declared(questionnaires, required)
    lists = _code_lists(tables, classifications or {})
    read = {
        name: read_answers(table, tables[name], lists, chinese_identifiers="credit_code" in active)
        for name, table in (("enterprise", enterprises), ("employee", employees))
        if table is not None
    }
    all_rows = {name: read[name].frame if name in read else pd.DataFrame() for name in ("enterprise", "employee")}
    accepted = dict(all_rows)
    refused: list[pd.DataFrame] = []
    queries: list[pd.DataFrame] = []
    limits = limits or Limits()
    situation = Situation(wave, minimum_wage, limits, all_rows["enterprise"], all_rows["employee"], lists)
    for name, answers in read.items():  # enterprises first: employees are judged by what came of them
        if name == "employee":
            situation = _judged(situation, accepted["enterprise"], "enterprise" in read, known_enterprises)
        broken = _broken(answers, answers.frame, active, situation, hard=True)
        accepted[name] = answers.frame[~answers.frame.index.isin(broken["index"])]
        refused.append(report(answers, broken, situation, language))
    situation = replace(situation, enterprises=accepted["enterprise"], employees=accepted["employee"])
    for name, answers in read.items():
        broken = _broken(answers, accepted[name], active, situation, hard=False)
        queries.append(report(answers, broken, situation, language))
    return Checked(
        enterprises=accepted["enterprise"].reset_index(drop=True),
        employees=accepted["employee"].reset_index(drop=True),
        refused=joined(refused),
        queries=joined(queries),
    )


def _check_options(wave: int, minimum_wage: float | None) -> None:
    if not 1900 <= wave <= 2100:
        raise InputError(f"wave is {wave!r}", expected="a year, such as 2023")
    if minimum_wage is not None and not minimum_wage > 0:
        raise InputError(f"minimum_wage is {minimum_wage!r}", expected="元 a month, above 0")


def _active_rules(names: Sequence[str] | None) -> dict[str, Rule]:
    if names is None:
        return dict(RULES)
    if unknown := [name for name in names if name not in RULES]:
        raise InputError(f"there is no rule {unknown[0]!r}", expected=f"one of {', '.join(RULES)}")
    return {name: rule for name, rule in RULES.items() if name in names}


def _declared(
    questionnaires: Mapping[str, Questionnaire], required: Collection[str] | None
) -> Mapping[str, Questionnaire]:
    """The tables with the required fields that apply."""
    if required is None:
        return questionnaires
    for name in required:
        if not any(name in table for table in questionnaires.values()):
            raise InputError(f"there is no field {name!r}", where="required fields")
    return {name: table.with_required(required) for name, table in questionnaires.items()}


def _code_lists(
    tables: Mapping[str, Questionnaire], replaced: Mapping[str, Classification | None]
) -> dict[str, Classification | None]:
    """The code list of each coded field."""
    coded = {field.name: field.classification for table in tables.values() for field in table if field.kind == "code"}
    names = {*coded, *filter(None, coded.values())}
    if unknown := [name for name in replaced if name not in names]:
        raise InputError(
            f"there is no coded field {unknown[0]!r}", where="classifications", expected=f"one of {', '.join(coded)}"
        )
    lists: dict[str, Classification | None] = {}
    for name, listed in coded.items():
        if name in replaced:
            lists[name] = replaced[name]
        elif listed is not None and listed in replaced:
            lists[name] = replaced[listed]
        else:
            lists[name] = load(listed) if listed else None
    return lists


def _judged(situation: Situation, accepted: pd.DataFrame, in_file: bool, known: Collection[str] | None) -> Situation:
    """The situation once the enterprises are judged: which stand and which don't."""
    before = pd.Index(sorted(known or ()), dtype=object)
    if not in_file:
        if known is None:
            return situation
        return replace(situation, accepted_enterprises=before, refused_enterprises=before[:0])
    if "enterprise_id" not in accepted:
        return situation
    stand = pd.Index(accepted["enterprise_id"].astype(object))
    named = pd.Index(situation.enterprises["enterprise_id"].dropna().unique().astype(object))
    return replace(
        situation,
        accepted_enterprises=stand.append(before),
        refused_enterprises=named[~named.isin(stand)],
    )


def _broken(
    answers: Answers, rows: pd.DataFrame, active: Mapping[str, Rule], situation: Situation, *, hard: bool
) -> pd.DataFrame:
    """Every rule that one of the rows breaks: ``index, field, rule``, in the order of rows and rules.

    The rules are handed to pandera as checks of one schema, which runs them all and collects every failure.
    """
    import pandera.pandas as pandera
    from pandera.config import ValidationDepth, config_context

    checks: dict[str, list[Any]] = {}
    for (name, finding), where in answers.findings.items():
        if finding in active and active[finding].hard == hard:
            right = pd.Series(~where[rows.index], index=rows.index)
            checks.setdefault(name, []).append(pandera.Check(_always(right), name=finding, ignore_na=False))
    for rule in active.values():
        applies = rule.hard == hard and rule.table == answers.questionnaire.name
        if applies and rule.passes is not None and all(name in rows for name in rule.fields):
            judge = _judge(rule.passes, rows, situation)
            checks.setdefault(rule.fields[0], []).append(pandera.Check(judge, name=rule.name, ignore_na=False))
    schema = pandera.DataFrameSchema(
        {
            name: pandera.Column(_DTYPES.get(answers.questionnaire[name].kind), checks=listed, nullable=True)
            for name, listed in checks.items()
        }
    )
    nothing = pd.DataFrame({"index": pd.Series(dtype="int64"), "field": "", "rule": ""})
    if rows.empty:
        return nothing
    try:
        # Checks can be switched off from outside, for speed; refusing rows must not depend on that.
        with config_context(validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA):
            schema.validate(rows[[*checks]], lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases.rename(columns={"column": "field", "check": "rule"})
        place = {rule: order for order, rule in enumerate(RULES)}
        found = cases[["index", "field", "rule"]].assign(order=cases["rule"].map(place))
        ordered: pd.DataFrame = found.sort_values(["index", "order"], kind="stable", ignore_index=True)
        return ordered.drop(columns="order")
    return nothing


def _always(right: pd.Series) -> Callable[[pd.Series], pd.Series]:
    return lambda _: right


def _judge(passes: Predicate, rows: pd.DataFrame, situation: Situation) -> Callable[[pd.Series], pd.Series]:
    return lambda _: passes(rows, situation)
