"""The feedback to every surveyed enterprise: thousands of encrypted PDFs in a night, complete or not at all."""

from __future__ import annotations

import csv
import datetime
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wagekit.builds.feedback_keys import read_keys
from wagekit.builds.feedback_worker import Order, Sealed, made
from wagekit.errors import InputError, ReleaseError
from wagekit.files import replacing_folder, writing
from wagekit.options import Language
from wagekit.publish.configuration import Release
from wagekit.publish.feedback.letters import LEAST, open_feedback
from wagekit.publish.tables import Progress

INDEX = "index.csv"
COLUMNS = ("enterprise_id", "file", "pages", "sha256", "made_at")

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
_OF_THE_SYSTEM = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})


@dataclass(frozen=True)
class FeedbackBuilt:
    """What a run wrote: the folder, its index, and the encrypted files in the order of the enterprises' codes."""

    folder: Path
    index: Path
    files: tuple[Path, ...]


def surveyed(declared: Release, *, store: str | os.PathLike[str] | None = None) -> list[str]:
    """Codes of the enterprises that feedback is made for: those of the release's wave, in order.

    Parameters
    ----------
    declared : the public release.
    store : path of the store instead of the declared one.

    Raises
    ------
    StoreError
        If the store can't be opened or doesn't hold the wave.
    InputError
        If a code can't be the name of a file.
    """
    from wagekit.collect.store import open as open_store

    path = declared.store if store is None else Path(store)
    with open_store(path, read_only=True) as opened:
        codes = sorted(map(str, opened.enterprises(declared.publication.wave)["enterprise_id"]))
    for code in codes:
        if not _CODE.fullmatch(code):
            raise InputError(
                f"the enterprise's code {code!r} can't be the name of a file",
                where=str(path),
                expected="letters, digits, - and _, at most 60",
            )
    twice = [code for code, count in Counter(code.casefold() for code in codes).items() if count > 1]
    if twice:
        raise InputError(f"two enterprises have the code {twice[0]!r} but for capitals", where=str(path))
    return codes


def build_feedback(
    declared: Release,
    output: str | os.PathLike[str],
    *,
    keys: str | os.PathLike[str],
    store: str | os.PathLike[str] | None = None,
    jobs: int = 2,
    language: Language | None = None,
    least: int = LEAST,
    wait: float = 0.0,
    progress: Progress | None = None,
) -> FeedbackBuilt:
    """Make the feedback to every enterprise of a wave and put all of it in place together.

    Each enterprise gets ``<code>.pdf``, encrypted with AES-256 by its own key; ``index.csv`` lists code, file, pages,
    SHA-256 of the encrypted file, and when it was made. What others are told of the market is what the release
    publishes: its declared tables, its reports on single industries and on labour cost. Unencrypted pages are made and
    kept in memory only. They are the same for the same data; the encrypted files differ each time, since encryption
    draws random numbers.

    Parameters
    ----------
    declared : the public release.
    output : folder of the feedback, replaced as a whole; it may hold nothing but feedback made before.
    keys : CSV file with the columns ``enterprise_id`` and ``key``, outside of `output`.
    store : path of the store instead of the declared one.
    jobs : processes at a time.
    language : the release's unless given.
    least : fewest employees of a post whose median an enterprise is told.
    wait : seconds to wait if another process is replacing the folder.
    progress : told of each enterprise: how many are done, how many there are, its code.

    Raises
    ------
    InputError
        If a key is missing, weak or there twice, or the keys lie in the output folder.
    ReleaseError
        If the folder holds other work or can't be written, or the feedback to an enterprise failed: the others are
        made all the same, the message says how many failed and why, and nothing is published.
    """
    target = _own_folder(output)
    path = declared.store if store is None else Path(store)
    codes = surveyed(declared, store=path)
    kept = read_keys(keys, codes, output=target)
    if progress is not None:
        progress(0, len(codes), "")
    told = open_feedback(declared, path, least=least, language=language)
    orders = [Order(enterprise, kept[enterprise.id]) for enterprise in told.enterprises]
    with replacing_folder(target, wait=wait) as beside:
        results: list[Sealed] = []
        for sealed in made(orders, told.edition, beside, jobs=jobs):
            results.append(sealed)
            if progress is not None:
                progress(len(results), len(orders), sealed.id)
        results.sort(key=lambda sealed: sealed.id)
        _refuse_incomplete(results, target)
        _write_index(beside / INDEX, results)
    return FeedbackBuilt(target, target / INDEX, tuple(target / sealed.file for sealed in results))


def _own_folder(output: str | os.PathLike[str]) -> Path:
    """The folder, after making sure that replacing it loses nothing but feedback.

    Raises
    ------
    ReleaseError
        If it is a file, the working or home folder, or holds anything that its index doesn't list.
    """
    with writing(output):
        target = Path(output).resolve()
        held = {entry.name for entry in target.iterdir()} if target.is_dir() else set()
    if target.exists() and not target.is_dir():
        raise ReleaseError("there is a file of that name", where=str(target), expected="a folder, or nothing")
    foreign = held - _OF_THE_SYSTEM - {INDEX} - _listed(target / INDEX)
    if foreign or target in (Path.cwd(), Path.home()):
        raise ReleaseError(
            f"the folder holds other work{f' ({min(foreign)!r})' if foreign else ''}",
            where=str(target),
            expected=f"a folder of its own, with nothing but what its {INDEX} lists",
            do="Name another with --output, or move the other work away",
        )
    return target


def _listed(index: Path) -> set[str]:
    """The files that an index lists; none if it is no index of feedback."""
    try:
        with index.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            return {row["file"] for row in reader} if tuple(reader.fieldnames or ()) == COLUMNS else set()
    except (OSError, UnicodeDecodeError, csv.Error):
        return set()


def _refuse_incomplete(results: Sequence[Sealed], target: Path) -> None:
    failed = [sealed for sealed in results if sealed.problem]
    if not failed:
        return
    shown = "; ".join(f"{sealed.id}: {sealed.problem.rstrip('.')}" for sealed in failed[:3])
    more = f"; and {len(failed) - 3} more" if len(failed) > 3 else ""
    raise ReleaseError(
        f"feedback failed for {len(failed)} of {len(results)} enterprises, so none was published ({shown}{more})",
        where=str(target),
        do="What was there before stands as it was",
    )


def _write_index(path: Path, results: Sequence[Sealed]) -> None:
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    utc = datetime.UTC
    now = datetime.datetime.fromtimestamp(int(epoch), utc) if epoch else datetime.datetime.now(utc)
    made_at = now.isoformat(timespec="seconds")
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows((each.id, each.file, each.pages, each.sha256, made_at) for each in results)
