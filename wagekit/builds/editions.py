"""The editions that a build finds: the published one, and one that waits to be confirmed; what is taken over from them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wagekit.builds.fingerprints import Today, tables_fingerprint
from wagekit.builds.manifest import FILE, FileEntry, Manifest, private_folder
from wagekit.builds.reuse import reusable, reusable_tables, table_entries, table_reads
from wagekit.builds.tasks import Task
from wagekit.errors import ReleaseError
from wagekit.files import made_folder, writing
from wagekit.publish.configuration import Release
from wagekit.publish.tables import file_names
from wagekit.reads import Read

_OF_THE_SYSTEM = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
"""Files that file managers leave in any folder."""
_ABOUT_ALL = (FILE, "ro-crate-metadata.json")


@dataclass(frozen=True)
class TablesRecipe:
    """What the tables of a release are to be made by and from, as it is now."""

    names: tuple[str, ...]
    fingerprint: str
    reads: tuple[Read, ...]

    def entries(self, folder: Path) -> tuple[FileEntry, ...]:
        """The entries of the files, once they are made."""
        return table_entries(self.names, folder, self.fingerprint, self.reads)


class Editions:
    """The editions beside which a release is built.

    Parameters
    ----------
    target : the folder of the release.
    today : stores and files as they are now.
    force : take nothing over.

    Attributes
    ----------
    failed : where the notebooks of reports that fail are kept.
    confirmed : codes that the manifests have of which files were taken over.
    """

    def __init__(self, target: Path, today: Today, *, force: bool = False) -> None:
        private = private_folder(target)
        self.failed = private / "failed"
        self.confirmed: set[str] = set()
        self._pending = _pending(target)
        self._today = today
        folders = () if force else (self._pending, target)
        self._found = [(folder, Manifest.found(folder, private=private)) for folder in folders]
        # What lies there is of an earlier build: a notebook that runs by now would be looked into for nothing.
        for old in self.failed.glob("*.failed.ipynb"):
            old.unlink(missing_ok=True)
        shutil.rmtree(_suspected(target), ignore_errors=True)

    def recipe_of_tables(self, declared: Release, store: Path) -> TablesRecipe:
        """The recipe of the tables as it is now, with what is in the store; taken before they are made."""
        read = table_reads(declared, store, self._today)
        return TablesRecipe(tuple(file_names(declared)), tables_fingerprint(declared), read)

    def take(self, task: Task, beside: Path) -> tuple[FileEntry, ...] | None:
        """Copy the files of a report from an edition where they are what a new run would give; None where none has."""
        for folder, manifest in self._found:
            found = reusable(task, manifest, folder, self._today)
            if found is not None:
                return self._copied(found, folder, manifest, beside)
        return None

    def take_tables(self, recipe: TablesRecipe, beside: Path) -> tuple[FileEntry, ...] | None:
        """As :meth:`take` for the files of the tables."""
        for folder, manifest in self._found:
            found = reusable_tables(recipe.names, recipe.fingerprint, recipe.reads, manifest, folder)
            if found is not None:
                return self._copied(found, folder, manifest, beside)
        return None

    def _copied(
        self, found: Sequence[FileEntry], folder: Path, manifest: Manifest | None, beside: Path
    ) -> tuple[FileEntry, ...]:
        for entry in found:
            shutil.copyfile(folder / entry.file, beside / entry.file)
        self.confirmed.update(() if manifest is None else manifest.confirmed)
        return tuple(found)

    def clear_pending(self) -> None:
        """Once a release is published nothing waits any more."""
        shutil.rmtree(self._pending, ignore_errors=True)

    @staticmethod
    def hold(beside: Path, target: Path, *, passed: bool) -> Path:
        """Keep a release that is not published, for its owner alone, where it can be looked at.

        Parameters
        ----------
        beside : the release; it is moved.
        target : where it would have been published.
        passed : it passed the search for what may not be published and waits to be confirmed: the next build takes its
            files over. Of one that did not pass nothing is ever taken over: what its tables hold back is known only
            while they are made, and it has to be searched again.

        Returns
        -------
        Where it lies.
        """
        place = _pending(target) if passed else _suspected(target)
        made_folder(place.parent)
        with writing(place):
            place.parent.chmod(0o700)
            shutil.rmtree(place, ignore_errors=True)
            beside.rename(place)
        return place


def _pending(target: Path) -> Path:
    return private_folder(target) / "pending"


def _suspected(target: Path) -> Path:
    return private_folder(target) / "suspected"


def output_folder(declared: Release, output: str | os.PathLike[str]) -> Path:
    """The folder of a release, after making sure that replacing it loses nothing else.

    Parameters
    ----------
    declared : the release.
    output : path of the folder.

    Returns
    -------
    Its absolute path, symbolic links followed.

    Raises
    ------
    ReleaseError
        If it is a file, the working or home folder, or holds anything but the files of an earlier build.
    """
    with writing(output):
        target = Path(output).resolve()
        held = {entry.name for entry in target.iterdir()} if target.is_dir() else set()
    if target.exists() and not target.is_dir():
        raise ReleaseError("there is a file of that name", where=str(target), expected="a folder, or nothing")
    earlier = Manifest.found(target)
    known = {entry.file for entry in earlier.entries} if earlier is not None else set()
    foreign = held - known - set(_ABOUT_ALL) - set(file_names(declared)) - _OF_THE_SYSTEM
    if foreign or target in (Path.cwd(), Path.home()):
        what = f" ({min(foreign)!r}, which no build has written)" if foreign else ""
        raise ReleaseError(
            f"the folder holds other work{what}",
            where=str(target),
            expected="a folder of its own, since a build replaces all that is in it",
            do="Name another with --output, or move the other work away",
        )
    return target
