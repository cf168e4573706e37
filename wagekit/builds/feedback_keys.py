"""The keys that the feedback is encrypted with: one for each enterprise, in a CSV file that never is part of a release.

No message, log or name of a file holds a key: what is wrong with one is told by the line it stands in.
"""

from __future__ import annotations

import csv
import os
import secrets
import stat
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from wagekit.errors import InputError, WagekitWarning
from wagekit.files import writing

COLUMNS = ("enterprise_id", "key")
SHORTEST, LONGEST = 12, 127
"""Characters of a key. The longest is what AES-256 encryption of PDF (ISO 32000-2, 7.6.4.3.3) takes."""

_FEWEST_DIFFERENT = 6
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # without 0 and O, 1 and I: keys are read out and typed in
_GROUPS, _GROUP = 5, 5


def new_key() -> str:
    """A key of 125 random bits, in groups that can be read out.

    Examples
    --------
    >>> [len(group) for group in new_key().split("-")]
    [5, 5, 5, 5, 5]
    """
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))


def read_keys(
    path: str | os.PathLike[str], enterprises: Iterable[str], *, folders: Iterable[str | os.PathLike[str]]
) -> dict[str, str]:
    """The keys of enterprises from a CSV file with the columns ``enterprise_id`` and ``key``.

    Parameters
    ----------
    path : the file; it may hold keys of further enterprises, which are left out.
    enterprises : codes of those that need one.
    folders : of what is encrypted and of what is published, in which the file must not lie.

    Raises
    ------
    InputError
        If the file lies in one of the folders, can't be read, lacks an enterprise, or has an enterprise or a key twice
        or a key that is too short or easy to guess.

    Warns
    -----
    WagekitWarning
        If others than its owner may read the file.
    """
    file = Path(path)
    where = str(file)
    _refuse_inside(file, folders)
    keys = _read(file)
    needed = list(enterprises)
    missing = [each for each in needed if each not in keys]
    if missing:
        raise InputError(
            f"{len(missing)} of {len(needed)} enterprises have no key, the first {missing[0]!r}",
            where=where,
            expected="a row for each enterprise of the wave",
            do="Add them, or let --make-keys add them",
        )
    if os.name == "posix" and file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        warnings.warn(
            WagekitWarning(f"{where}: others than its owner may read the keys; chmod 600 makes them yours alone"),
            stacklevel=2,
        )
    return {each: keys[each] for each in needed}


def make_keys(
    path: str | os.PathLike[str], enterprises: Iterable[str], *, folders: Iterable[str | os.PathLike[str]] = ()
) -> int:
    """Give a key to each enterprise that has none in a CSV file; those that have one keep it.

    The file is written beside its place and moved into it, for its owner alone (0600).

    Parameters
    ----------
    path : the file; made if it isn't there.
    enterprises : codes of those that need a key.
    folders : as :func:`read_keys` takes them.

    Returns
    -------
    Number of keys that were made.

    Raises
    ------
    InputError
        If the file lies in one of the folders, is there and can't be read as keys, or can't be written.
    """
    file = Path(path)
    _refuse_inside(file, folders)
    keys = _read(file) if file.exists() else {}
    missing = [each for each in dict.fromkeys(enterprises) if each not in keys]
    if missing:
        _write(file, {**keys, **{each: new_key() for each in missing}})
    return len(missing)


def _refuse_inside(file: Path, folders: Iterable[str | os.PathLike[str]]) -> None:
    if any(file.resolve().is_relative_to(Path(folder).resolve()) for folder in folders):
        raise InputError(
            "the keys lie in the folder that they encrypt, or in that of the release",
            where=str(file),
            expected="a place of their own, where only those who hand them out can read them",
            do="Move the file, or name another folder with --output",
        )


def _write(file: Path, keys: Mapping[str, str]) -> None:
    with writing(file, error=InputError):
        file.parent.mkdir(parents=True, exist_ok=True)
        # mkstemp makes files for their owner alone, and so it stays: not wagekit.files.replacing, which publishes.
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".part", dir=file.parent)
        beside = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
                writer = csv.writer(stream, lineterminator="\n")
                writer.writerow(COLUMNS)
                writer.writerows(sorted(keys.items()))
                stream.flush()
                os.fsync(stream.fileno())
            beside.replace(file)
        finally:
            beside.unlink(missing_ok=True)


def _read(file: Path) -> dict[str, str]:
    """All keys of a file, checked."""
    keys: dict[str, str] = {}
    owners: set[str] = set()
    for line, enterprise, key in _rows(file):
        where = f"{file}, line {line}"
        if enterprise in keys:
            raise InputError(f"the enterprise {enterprise!r} stands there twice", where=where, expected="a key each")
        problem = _weakness(enterprise, key)
        if problem:
            raise InputError(
                f"the key of {enterprise!r} {problem}",
                where=where,
                expected=f"{SHORTEST} to {LONGEST} letters, digits and signs of ASCII that nobody can guess",
                do="Take the row out and let --make-keys make one",
            )
        if key in owners:
            raise InputError(f"the key of {enterprise!r} is that of another enterprise too", where=where)
        keys[enterprise] = key
        owners.add(key)
    return keys


def _rows(file: Path) -> Iterator[tuple[int, str, str]]:
    """Line number, enterprise and key of each row."""
    # Nothing of the file's text goes into a message: it may be a key.
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            head = [cell.strip() for cell in next(reader, [])]
            if tuple(head) != COLUMNS:
                raise InputError("the first line is another", where=str(file), expected=",".join(COLUMNS))
            for row in reader:
                if not any(row):
                    continue
                if len(row) != len(COLUMNS):
                    raise InputError(
                        f"{len(row)} columns", where=f"{file}, line {reader.line_num}", expected=",".join(COLUMNS)
                    )
                yield reader.line_num, row[0].strip(), row[1].strip()
    except OSError as error:
        raise InputError(
            f"the keys can't be read ({error.strerror or error})",
            where=str(file),
            expected="a file of enterprise_id and key",
            do="Name another with --keys, or let --make-keys make it",
        ) from None
    except (UnicodeDecodeError, csv.Error):
        raise InputError("the file is no CSV in UTF-8", where=str(file), expected=",".join(COLUMNS)) from None


def _weakness(enterprise: str, key: str) -> str:
    """What is wrong with a key, in words that don't tell it; "" if nothing is."""
    if not SHORTEST <= len(key) <= LONGEST:
        return f"has {len(key)} characters"
    if not (key.isascii() and key.isprintable()) or " " in key:
        return "has characters that can't be typed everywhere"
    folded, code = key.casefold(), enterprise.casefold()
    if code and (folded in code or (len(code) >= SHORTEST // 2 and code in folded)):
        return "is made of the enterprise's code"
    if len(set(folded)) < _FEWEST_DIFFERENT:
        return f"has fewer than {_FEWEST_DIFFERENT} different characters"
    return ""
