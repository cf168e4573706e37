"""Codes with which somebody confirms that what the search of a release found is there by chance.

A public figure of five digits is now and then the same as a value that is held back: nothing that a program could tell
from a disclosure. So the build stops and gives a code that stands for exactly what was found; whoever has looked at it
builds again with that code. A plain digest of the findings would give the value away to whoever tries all numbers of
five digits, so the code is keyed (HMAC, RFC 2104) with random bytes that lie in the release's private folder.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from wagekit.builds.release_checks import Problem
from wagekit.files import made_folder, writing

_KEY = "confirmations.key"
_BYTES = 32


def code_of(problems: Sequence[Problem], private: Path) -> str:
    """A short word such as ``3f9a-12bc`` that stands for exactly these findings; "" where one of them can't be chance.

    Parameters
    ----------
    problems : all that the search found; "" for none.
    private : the release's private folder, where the key lies or is made.

    Raises
    ------
    ReleaseError
        If the key can't be made or read.
    """
    found = sorted(f"{each.file}\x1f{each.found}\x1f{each.coincidence}" for each in problems if each.coincidence)
    if not found or not all(each.coincidence for each in problems):
        return ""
    digest = hmac.new(_key(private), "\x1e".join(found).encode(), hashlib.sha256).hexdigest()
    return f"{digest[:4]}-{digest[4:8]}"


def _key(private: Path) -> bytes:
    path = made_folder(private) / _KEY
    with writing(path):
        if path.exists() and path.stat().st_size != _BYTES:  # cut off by a full disk
            path.unlink()
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_bytes()
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
        return path.read_bytes()
