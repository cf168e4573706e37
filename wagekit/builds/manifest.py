"""The manifest of a release: what each file is, what made it, from what, when.

``manifest.json`` is published with the release, so it holds nothing that may not be published. Paths are told by their
last part. Of what a report read, it tells the digest where that is a whole wave; not where it is a part of one or a
file, which can be a few rows: whoever knows all of them but one could find that one by trying, and a digest that is
published once can be tried for ever. A keyed digest (HMAC) would close that, but the values that parts are restricted
to and the full paths would still have to be left out, and without these nothing can be looked up again. So all that a
build needs to know again, the reads as they are, goes into a file of its own beside the release
(``<release>.builds/``, for its owner alone).

That file carries the digest of the manifest it belongs to in its name. A build that is killed between writing the one
and publishing the other leaves a file that belongs to no published manifest, and it is never taken for another's;
where it is lost, everything is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from wagekit import __version__
from wagekit.builds.fingerprints import MAIN_LIBRARIES, versions
from wagekit.errors import ReleaseError
from wagekit.files import made_folder, replacing, writing
from wagekit.options import Language
from wagekit.publish.configuration import Release
from wagekit.publish.edition import Strict
from wagekit.publish.rendering.parameters import Value
from wagekit.reads import Read

FILE = "manifest.json"

TABLES = "tables"
"""What made the files that no report is."""

_KEPT = 8
"""Private files that are kept: those of the published release and of builds that were not published."""


class Input(Strict):
    """What a report read, as far as it is published.

    Parameters
    ----------
    name : of the store, file or folder.
    wave : reference year, None for what belongs to no wave.
    part : columns that the rows were restricted by, or the name of a part; empty for the whole.
    sha256 : digest of a whole wave; "" of anything else.
    """

    name: str
    wave: int | None
    part: tuple[str, ...]
    sha256: str


class FileEntry(Strict):
    """A file of a release.

    Parameters
    ----------
    file : its name in the folder.
    bytes, sha256 : of its content.
    made_by : name of the report, or ``tables``.
    notebook : name of the report's notebook; "" for tables.
    parameters : of the notebook, paths by their last part.
    fingerprint : of the recipe, see :mod:`wagekit.builds.fingerprints`.
    inputs : what it was made from.
    made : when; a file that a later build takes over keeps its time.
    reads : what it was made from, in full; None if that isn't known. Not published.
    """

    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]  # of this folder, not of another
    bytes: int
    sha256: str
    made_by: str
    notebook: str
    parameters: dict[str, Value]
    fingerprint: str
    inputs: tuple[Input, ...]
    made: AwareDatetime
    reads: tuple[Read, ...] | None = Field(default=None, exclude=True)


class Manifest(Strict):
    """The manifest of a release; see the module.

    Parameters
    ----------
    title, publisher, wave, language : of the release.
    licence : address of the licence that it is published under; "" for none.
    built : when it was built, in whole seconds; SOURCE_DATE_EPOCH where that is set.
    wagekit, python : versions.
    libraries : versions of the libraries that make numbers and pages.
    commit : of the folder of the ``release.toml``, with ``-dirty`` if it held changes; "" if it is in no repository.
    confirmed : codes with which somebody confirmed that numbers of this release, or of the one that files were taken
        over from, equal held-back values by chance (:mod:`wagekit.builds.confirmations`). Which they are is not told.
    entries : the files by name, but for the manifest itself and the archive's metadata, which is made from it.
    """

    format: Literal["wagekit manifest 1"] = "wagekit manifest 1"
    title: str
    publisher: str
    licence: str
    wave: int
    language: Language
    built: AwareDatetime
    wagekit: str
    python: str
    libraries: dict[str, str]
    commit: str
    confirmed: tuple[str, ...] = ()
    entries: tuple[FileEntry, ...]

    @classmethod
    def of(cls, declared: Release, entries: Iterable[FileEntry], *, confirmed: Iterable[str] = ()) -> Self:
        """The manifest of a release that is built now.

        Parameters
        ----------
        declared : read from its ``release.toml``.
        entries : of all its files.
        confirmed : codes, see the class.

        Raises
        ------
        ReleaseError
            If SOURCE_DATE_EPOCH is no time.
        """
        about, known = declared.publication, versions()
        return cls(
            title=about.title,
            publisher=about.publisher,
            licence=about.licence,
            wave=about.wave,
            language=about.language,
            built=build_time(),
            wagekit=__version__,
            python=known["python"],
            libraries={name: known[name] for name in MAIN_LIBRARIES if name in known},
            commit=commit_of(declared.path.parent),
            confirmed=tuple(sorted(confirmed)),
            entries=tuple(sorted(entries, key=lambda entry: entry.file)),
        )

    @classmethod
    def load(cls, folder: str | os.PathLike[str], *, private: str | os.PathLike[str] | None = None) -> Self:
        """Read the manifest of a release.

        Parameters
        ----------
        folder : the release.
        private : folder of the files with the reads, see :func:`private_folder`; without it, or without the file that
            belongs to this manifest, the entries have no reads.

        Raises
        ------
        ReleaseError
            If there is no manifest, or it is not one: the message says what is wrong where.
        """
        path = Path(folder) / FILE
        try:
            content = path.read_bytes()
            manifest = cls.model_validate_json(content)
        except OSError as error:
            raise ReleaseError(
                f"the manifest can't be read ({error.strerror})",
                where=str(path),
                expected="the folder of a release that wagekit built",
            ) from error
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"])) or "the file"
            raise ReleaseError(
                f"{place} is wrong ({first['msg']})", where=str(path), expected="a manifest as wagekit writes it"
            ) from None
        if private is None:
            return manifest
        known = _private_reads(Path(private) / _private_name(content))
        entries = tuple(entry.model_copy(update={"reads": known.get(entry.file)}) for entry in manifest.entries)
        return manifest.model_copy(update={"entries": entries})

    @classmethod
    def found(cls, folder: str | os.PathLike[str], *, private: str | os.PathLike[str] | None = None) -> Self | None:
        """As :meth:`load`; None where the folder has no manifest that can be read, so that all is to be made anew."""
        try:
            return cls.load(folder, private=private)
        except ReleaseError:
            return None

    def write(self, folder: str | os.PathLike[str], *, private: str | os.PathLike[str] | None = None) -> Path:
        """Write ``manifest.json`` into a release, and what the entries read into the private folder.

        The same manifest gives the same bytes.

        Parameters
        ----------
        folder : of the release; the one beside it while it is being built.
        private : folder of the files with the reads; made if it isn't there.

        Raises
        ------
        ReleaseError
            If one of them can't be written.
        """
        content = self.to_json().encode()
        if private is not None:
            folder_of_reads = made_folder(private)
            with writing(folder_of_reads):
                folder_of_reads.chmod(0o700)
                self._write_private(folder_of_reads, _private_name(content))
        path = Path(folder) / FILE
        with replacing(path) as beside:
            beside.write_bytes(content)
        return path

    def to_json(self) -> str:
        """The published form."""
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False, indent=1, sort_keys=True) + "\n"

    def _write_private(self, folder: Path, name: str) -> None:
        known = {
            entry.file: [[read.source, read.wave, list(read.part), read.digest] for read in entry.reads]
            for entry in self.entries
            if entry.reads is not None
        }
        with replacing(folder / name) as beside:
            beside.write_text(json.dumps(known, ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8")
        old = sorted(folder.glob(_private_name_of("*")), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in old[_KEPT:]:
            path.unlink(missing_ok=True)


def private_folder(target: str | os.PathLike[str]) -> Path:
    """Where a release's private files lie: beside it.

    >>> private_folder("reports/putuo").as_posix()
    'reports/putuo.builds'
    """
    path = Path(target)
    return path.with_name(f"{path.name}.builds")


def build_time() -> datetime:
    """The time that everything published bears: SOURCE_DATE_EPOCH where that is set, else now; in whole seconds.

    Raises
    ------
    ReleaseError
        If SOURCE_DATE_EPOCH is no number of seconds.

    Examples
    --------
    >>> os.environ["SOURCE_DATE_EPOCH"] = "1622073600"
    >>> build_time().isoformat()
    '2021-05-27T00:00:00+00:00'
    >>> del os.environ["SOURCE_DATE_EPOCH"]
    """
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not given:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        return datetime.fromtimestamp(int(given), UTC)
    except (ValueError, OverflowError, OSError):
        raise ReleaseError(
            f"found {given!r}", where="environment variable SOURCE_DATE_EPOCH", expected="seconds since 1970"
        ) from None


def commit_of(folder: Path) -> str:
    """The git commit of a folder, with ``-dirty`` if the repository holds changes; "" without git or a repository."""
    command = ["git", "-C", str(folder), "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
            # A build reads: without this git writes its index anew.
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _private_name(manifest: bytes) -> str:
    return _private_name_of(hashlib.sha256(manifest).hexdigest()[:32])


def _private_name_of(digits: str) -> str:
    return f"reads-{digits}.json"


_READS: TypeAdapter[dict[str, tuple[tuple[str, int | None, tuple[str, ...], str], ...]]] = TypeAdapter(
    dict[str, tuple[tuple[str, int | None, tuple[str, ...], str], ...]]
)


def _private_reads(path: Path) -> dict[str, tuple[Read, ...]]:
    """The reads by file; none where the private file is missing or damaged, so that all is made anew."""
    try:
        known = _READS.validate_json(path.read_bytes(), strict=True)
    except (OSError, ValidationError):
        return {}
    return {file: tuple(Read(*each) for each in read) for file, read in known.items()}
