"""The feedback to every surveyed enterprise: thousands of encrypted PDFs in a night, complete or not at all."""

from __future__ import annotations

import csv
import os
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from wagekit.builds.feedback_journal import journalled
from wagekit.builds.feedback_kept import Kept, Letter
from wagekit.builds.feedback_keys import read_keys
from wagekit.builds.feedback_processes import SECONDS, made
from wagekit.builds.feedback_published import read_release
from wagekit.builds.feedback_worker import Order, Sealed
from wagekit.builds.journal import Journal, journal_of
from wagekit.errors import InputError, ReleaseError
from wagekit.files import replacing_folder, writing
from wagekit.options import Language
from wagekit.publish.configuration import Release
from wagekit.publish.feedback.letters import LEAST, open_feedback
from wagekit.publish.tables import Progress

INDEX = "index.csv"
COLUMNS = ("enterprise_id", "file", "pages", "sha256", "made_at")

SHOWN = 3
"""Letters that failed are named in the message, so many."""

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
_OF_THE_SYSTEM = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})


@dataclass(frozen=True)
class FeedbackBuilt:
    """What a run wrote: the folder, its index, the encrypted files in the order of the enterprises' codes.

    `reused` of them were made by a run before.
    """

    folder: Path
    index: Path
    files: tuple[Path, ...]
    reused: int


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
    published: str | os.PathLike[str],
    keys: str | os.PathLike[str],
    store: str | os.PathLike[str] | None = None,
    jobs: int = 2,
    language: Language | None = None,
    least: int = LEAST,
    seconds: float = SECONDS,
    wait: float = 0.0,
    progress: Progress | None = None,
) -> FeedbackBuilt:
    """Make the feedback to every enterprise of a wave and put all of it in place together.

    Each enterprise gets ``<code>.pdf``, encrypted with AES-256 by its own key; ``index.csv`` lists code, file, pages,
    SHA-256 of the encrypted file, and when it was made. What others are told of the market is read from the published
    release. Unencrypted pages are made and kept in memory only. They are the same for the same data; the encrypted
    files differ each time they are made, since encryption draws random numbers.

    Letters that are made are kept in ``<output>.builds`` until all of them are: a run that is interrupted, or in which
    a letter failed, is gone on with by the next one. Letters of which nothing has changed since they were published
    are taken over. The journal beside the output tells what each run did.

    Parameters
    ----------
    declared : what the public release declares.
    output : folder of the feedback, replaced as a whole; it may hold nothing but feedback made before.
    published : folder of the public release, as it was built.
    keys : CSV file with the columns ``enterprise_id`` and ``key``, outside of `output` and `published`.
    store : path of the store instead of the declared one.
    jobs : processes at a time.
    language : the release's unless given.
    least : fewest employees whose median, mean or cost a head an enterprise is told.
    seconds : that one letter may take.
    wait : seconds to wait if another process is replacing the folder.
    progress : told of each enterprise: how many are done, how many there are, its code.

    Raises
    ------
    InputError
        If a key is missing, weak or there twice, or the keys lie in the output folder or the published one.
    ReleaseError
        If the published release isn't as it was built, or not of this store; if the folder holds other work or can't
        be written; or if the feedback to an enterprise failed: the others are made all the same, the message says how
        many failed and why, and nothing is published.
    """
    target = _own_folder(output)
    path = declared.store if store is None else Path(store)
    with journalled(Journal(journal_of(target))) as run, replacing_folder(target, wait=wait) as beside:
        run.begin(declared)
        codes = surveyed(declared, store=path)
        kept_keys = read_keys(keys, codes, folders=(target, Path(published)))
        if progress is not None:
            progress(0, len(codes), "")
        told = open_feedback(declared, path, read_release(declared, published), least=least, language=language)
        orders = {enterprise.id: Order(enterprise, kept_keys[enterprise.id]) for enterprise in told.enterprises}
        kept = Kept(target)
        letters = {code: letter for code, order in orders.items() if (letter := kept.find(order, told.edition))}
        reused = len(letters)
        waiting = [order for code, order in orders.items() if code not in letters]
        failed: list[Sealed] = []
        if progress is not None and reused:
            progress(reused, len(orders), "")
        with closing(made(waiting, told.edition, kept.folder, jobs=jobs, seconds=seconds)) as results:
            for sealed in results:
                if sealed.problem:
                    failed.append(sealed)
                    run.letter_failed(sealed)
                else:
                    letters[sealed.id] = kept.remember(sealed, orders[sealed.id], told.edition)
                if progress is not None:
                    progress(len(letters) + len(failed), len(orders), sealed.id)
        if failed:
            raise _failure(failed, len(orders), target)
        written = [letters[code] for code in sorted(letters)]
        for letter in written:
            kept.copy(letter, beside)
        _write_index(beside / INDEX, written)
        run.complete(files=len(written) + 1, made=len(waiting), reused=reused)
    kept.clear(written)
    return FeedbackBuilt(target, target / INDEX, tuple(target / letter.file for letter in written), reused)


def published_letters(folder: str | os.PathLike[str]) -> dict[str, str] | None:
    """Name and SHA-256 of the files that the index of a folder of feedback lists; None if it is no such folder."""
    rows = _index(Path(folder) / INDEX)
    return None if rows is None else {row["file"]: row["sha256"] for row in rows}


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
    foreign = held - _OF_THE_SYSTEM - {INDEX} - (published_letters(target) or {}).keys()
    if foreign or target in (Path.cwd(), Path.home()):
        raise ReleaseError(
            f"the folder holds other work{f' ({min(foreign)!r})' if foreign else ''}",
            where=str(target),
            expected=f"a folder of its own, with nothing but what its {INDEX} lists",
            do="Name another with --output, or move the other work away",
        )
    return target


def _index(path: Path) -> list[dict[str, str]] | None:
    """The rows of an index; None if it is no index of feedback."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            return list(reader) if tuple(reader.fieldnames or ()) == COLUMNS else None
    except (OSError, UnicodeDecodeError, csv.Error):
        return None


def _failure(failed: Sequence[Sealed], letters: int, target: Path) -> ReleaseError:
    """All letters that failed, in one sentence."""
    failed = sorted(failed, key=lambda sealed: sealed.id)
    shown = "; ".join(f"{sealed.id}: {sealed.problem.rstrip('.')}" for sealed in failed[:SHOWN])
    more = f"; and {len(failed) - SHOWN} more" if len(failed) > SHOWN else ""
    error = _LettersFailed(
        f"feedback failed for {len(failed)} of {letters} enterprises, so none was published ({shown}{more})",
        where=str(target),
        do=f"What was there before stands as it was; {journal_of(target).name} names all of them. The others' letters"
        " are kept, the next run makes only those that are missing",
    )
    error.brief, error.more = f"{failed[0].id}: {failed[0].kind}", len(failed) - 1
    return error


class _LettersFailed(ReleaseError):
    """Letters that failed; `brief` is the first one's sentence without words of foreign exceptions, `more` the others."""

    brief: str
    more: int


def _write_index(path: Path, letters: Sequence[Letter]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows((each.id, each.file, each.pages, each.sha256, each.made) for each in letters)
