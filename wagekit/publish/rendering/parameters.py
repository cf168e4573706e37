"""The parameters that a report notebook declares: names, types, allowed values, defaults, descriptions.

They stand in the one cell tagged ``parameters``, as annotated assignments::

    from typing import Literal

    wave: int = 2023                        # survey year
    language: Literal["zh", "en"] = "zh"    # language of the report

The cell runs as it stands in JupyterLab; wagekit only reads it.
"""

from __future__ import annotations

import ast
import io
import os
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass

from wagekit.errors import InputError

Value = str | int | float | bool
_TYPES: Mapping[str, type[Value]] = {"str": str, "int": int, "float": float, "bool": bool}


@dataclass(frozen=True)
class Parameter:
    """A declared parameter of a notebook.

    Parameters
    ----------
    name : of the variable.
    kind : ``str``, ``int``, ``float`` or ``bool``.
    default : value if none is given.
    choices : allowed values; empty if any of the kind will do.
    description : the comment on the parameter's line.
    """

    name: str
    kind: type[Value]
    default: Value
    choices: tuple[Value, ...] = ()
    description: str = ""

    @property
    def expected(self) -> str:
        """The allowed values in words."""
        if self.choices:
            return f"one of {', '.join(map(repr, self.choices))}"
        return f"a value of type {self.kind.__name__}"

    def check(self, value: object, *, where: str) -> Value:
        """The value as the notebook will see it.

        A whole number will do for a ``float`` and a path for a ``str``; nothing else is converted.

        Raises
        ------
        InputError
            If it is of another type or not among the allowed values.

        Examples
        --------
        >>> Parameter("wave", int, 2023).check(2022, where="report")
        2022
        """
        if self.kind is float and type(value) is int:
            value = float(value)
        if self.kind is str and isinstance(value, os.PathLike):
            value = os.fspath(value)
        # bool is a kind of int to Python, not to a reader of a report.
        if type(value) is not self.kind or (self.choices and value not in self.choices):
            raise InputError(
                f"parameter {self.name!r} is {value!r} ({type(value).__name__})", where=where, expected=self.expected
            )
        return value

    def parse(self, text: str, *, where: str) -> Value:
        """The value from a text, as a command line gives it.

        Raises
        ------
        InputError
            If the text is no value of the parameter's type, or not an allowed one.

        Examples
        --------
        >>> Parameter("wave", int, 2023).parse("2022", where="report")
        2022
        """
        value: object = text
        try:
            if self.kind is bool:
                value = {"true": True, "false": False}.get(text.lower(), text)
            elif self.kind is not str:
                value = self.kind(text)
        except ValueError:
            pass  # stays a text, which check() refuses with the parameter's name
        return self.check(value, where=where)


def read_parameters(source: str, *, where: str = "parameters") -> tuple[Parameter, ...]:
    """The parameters that a cell declares.

    Parameters
    ----------
    source : annotated assignments of plain values, imports and comments, nothing else.
    where : what to call the cell in messages.

    Raises
    ------
    InputError
        If the cell holds anything else, or a default that is not of its own type.

    Examples
    --------
    >>> [(p.name, p.kind.__name__, p.default, p.description) for p in read_parameters("wave: int = 2023  # year")]
    [('wave', 'int', 2023, 'year')]
    """
    try:
        statements = ast.parse(source).body
    except SyntaxError as error:
        raise InputError(f"the parameter cell is not Python ({error.msg})", where=where) from error
    comments = _comments(source)
    found: list[Parameter] = []
    for statement in statements:
        if isinstance(statement, ast.ImportFrom) and statement.module == "typing":
            continue
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            raise InputError(
                f"line {statement.lineno} of the parameter cell is no declaration",
                where=where,
                expected="name: type = value, with a type of str, int, float, bool or Literal[...]",
                do="Move other statements into the next cell",
            )
        found.append(_parameter(statement, comments.get(statement.end_lineno or 0, ""), where))
    return tuple(found)


def _parameter(statement: ast.AnnAssign, description: str, where: str) -> Parameter:
    name = ast.unparse(statement.target)
    annotation = statement.annotation
    choices: tuple[Value, ...] = ()
    try:
        default = ast.literal_eval(statement.value) if statement.value is not None else None
        if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "Literal":
            allowed = ast.literal_eval(annotation.slice)
            choices = allowed if isinstance(allowed, tuple) else (allowed,)
            kind = type(choices[0])
        else:
            kind = _TYPES[ast.unparse(annotation)]
    except (KeyError, ValueError) as error:
        raise InputError(
            f"parameter {name!r} is declared as {ast.unparse(statement)!r}",
            where=where,
            expected="a type of str, int, float, bool or Literal[...] and a plain value",
        ) from error
    checked = Parameter(name, kind, kind(), choices, description).check(default, where=where)
    return Parameter(name, kind, checked, choices, description)


def _comments(source: str) -> dict[int, str]:
    """Line number -> text of the comment on it."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT}
