"""The library that knows the format of notebooks, loaded without what it doesn't need."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_ADDRESSES = "rfc3987_syntax"


def nbformat() -> Any:
    """The library nbformat, whose functions have no types.

    It brings jsonschema along, and that a check of international web addresses where one is installed, as with
    JupyterLab. Its grammar takes a second to read, half as long as a small report takes. Nothing in a notebook is
    checked for such addresses, so the grammar is read when something is for the first time.

    Examples
    --------
    >>> nbformat().v4.new_notebook().nbformat
    4
    """
    put_off = not {"jsonschema", _ADDRESSES} & sys.modules.keys() and find_spec(_ADDRESSES) is not None
    if put_off:
        sys.modules[_ADDRESSES] = _Later(_ADDRESSES)
    try:
        return import_module("nbformat")
    finally:
        if put_off:
            del sys.modules[_ADDRESSES]


class _Later(ModuleType):
    """Stands for the check until jsonschema has been loaded."""

    @staticmethod
    def is_valid_syntax(term: str, value: str) -> bool:
        return bool(import_module(_ADDRESSES).is_valid_syntax(term, value))
