"""What a report or table is made of: a fingerprint of its recipe, and whether what it read is still the same.

A report made before is as good as a new one where both hold: its recipe is the same (:func:`fingerprint`: notebook,
parameters, release rules, code of wagekit, versions of the libraries, font), and what it read then is the same now
(:class:`Today`). The recipe is told apart from the data so that it names the same thing on every machine; it is what
the footer of each report and the manifest have in common.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from wagekit import reads
from wagekit.builds.tasks import Task
from wagekit.collect.connection import StoreInUseError
from wagekit.collect.store import Store
from wagekit.collect.store import open as open_store
from wagekit.errors import ReleaseError, WagekitError
from wagekit.publish.configuration import Release
from wagekit.publish.rendering import fonts
from wagekit.publish.rendering.notebook import load
from wagekit.publish.report import RULES, rules_digest
from wagekit.reads import Read
from wagekit.resources import resource

if TYPE_CHECKING:
    from nbformat import NotebookNode

MAIN_LIBRARIES = (
    "numpy", "pandas", "scipy", "statsmodels", "numba", "duckdb", "pyarrow", "matplotlib", "nbconvert", "typst",
    "xlsxwriter", "noto-cjk-sans-otc",
)  # fmt: skip
"""Libraries that make numbers and pages, whose versions a manifest tells."""

_VOLATILE = frozenset({"kernelspec", "language_info", "execution", "ExecuteTime", "collapsed", "scrolled", "vscode"})
"""Metadata of notebooks and cells that programs write and no report shows."""
_BETWEEN = 0.5  # seconds between two looks whether a store is free


def fingerprint(task: Task) -> str:
    """SHA-256 of the recipe of a report.

    The path of the store and that of the file with the release rules don't count: what is read from the store is told
    by :mod:`wagekit.reads`, and of the file it is the rules that count. Outputs of the notebook don't count either.

    Parameters
    ----------
    task : the report.

    Raises
    ------
    InputError
        If the notebook can't be read.
    ReleaseError
        If the release rules can't be read.
    """
    recipe = {
        "name": task.name,
        "formats": task.formats,
        "notebook": _cells(load(task.notebook).node),
        "parameters": _counted(task.parameters),
        "environment": environment(),
    }
    return _digest(recipe)


def with_fingerprints(tasks: Iterable[Task]) -> tuple[Task, ...]:
    """The same tasks, each with its fingerprint; to be taken before any of them is run.

    Raises
    ------
    InputError, ReleaseError
        As :func:`fingerprint`.
    """
    return tuple(replace(task, fingerprint=fingerprint(task)) for task in tasks)


def tables_fingerprint(declared: Release) -> str:
    """SHA-256 of the recipe of a release's tables: all that is declared of them, code, libraries.

    Parameters
    ----------
    declared : read from a ``release.toml``; its reports, limits and calendar don't count, nor does the store's path.
    """
    publication = declared.publication.model_dump(mode="json", exclude={"store"})
    tables = [table.model_dump(mode="json") for table in declared.tables]
    return _digest([publication, rules_digest(declared.rules), tables, environment()])


@cache
def environment() -> str:
    """SHA-256 of what all reports of this installation are made with; taken once in a process."""
    return _digest([versions(), _code(), reads.file_digest(fonts.font_file())])


@cache
def versions() -> Mapping[str, str]:
    """Versions of Python and of all packages that wagekit needs, directly or not, by name."""
    found = {"python": platform.python_version()}
    waiting = [("wagekit", "reports")]
    seen: set[tuple[str, str]] = set()
    while waiting:
        asked = waiting.pop()
        if asked in seen:
            continue
        seen.add(asked)
        try:
            package = distribution(asked[0])
        except PackageNotFoundError:
            continue  # for another system, or an extra that isn't installed
        found[asked[0]] = _version(package)
        waiting += _needed(package, asked[1])
    return dict(sorted(found.items()))


def _version(package: Distribution) -> str:
    """The version, with the commit of a package installed from a repository."""
    origin = json.loads(package.read_text("direct_url.json") or "{}")
    commit = origin.get("vcs_info", {}).get("commit_id", "")
    return f"{package.version}+{commit}" if commit else package.version


def _needed(package: Distribution, extra: str) -> Iterator[tuple[str, str]]:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    for line in package.requires or ():
        requirement = Requirement(line)
        if requirement.name == "jupyterlab":
            continue  # people look at notebooks in it; no report is made with it
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            name = canonicalize_name(requirement.name)
            yield name, ""
            yield from ((name, wanted) for wanted in requirement.extras)


def _code() -> str:
    """Digest of all files of the package and of the data that come with it."""
    package = Path(__file__).resolve().parents[1]
    total = hashlib.sha256()
    for root in (package, resource("data")):
        for path in sorted(root.rglob("*")):
            inside = path.relative_to(root)
            if path.is_file() and not {"__pycache__", "_shipped"} & set(inside.parts):
                total.update(f"{inside.as_posix()} {reads.file_digest(path)}\n".encode())
    return total.hexdigest()


def _cells(node: NotebookNode) -> list[Any]:
    """What counts of a notebook: its metadata and cells, without outputs and what programs leave behind."""
    cells = [[cell.cell_type, cell.source, _kept(cell.metadata), cell.get("attachments", {})] for cell in node.cells]
    return [_kept(node.metadata), cells]


def _kept(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in metadata.items() if name not in _VOLATILE}


def _counted(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as far as they count."""
    counted = dict(parameters)
    # A relative path counts: where it begins is not known, so what is read can't be told to be that.
    if Path(str(counted.get("store", ""))).is_absolute():
        counted["store"] = ""
    if Path(str(counted.get("rules", ""))).is_absolute():
        counted["rules"] = rules_digest(Release.load(str(counted["rules"])).rules)
    return counted


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


class Today:
    """Stores and files as they are now: each is looked at once, and kept until the block ends.

    Examples
    --------
    >>> with Today() as today:
    ...     today.unchanged([Read("/no/such/file.csv", None, (), "absent")])
    True
    """

    def __init__(self) -> None:
        self._digests: dict[tuple[str, int | None, reads.Part], str] = {}
        self._stores: dict[str, Store] = {}
        self._held: dict[str, list[object]] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stores.clear()
        self._held.clear()
        self._open.close()

    def hold(self, source: str | os.PathLike[str], *, wait: float = 0.0) -> None:
        """Keep a store open for reading until the block ends, so that nobody can write into it meanwhile.

        Parameters
        ----------
        source : path of the store.
        wait : seconds to wait for a process that is writing into it.

        Raises
        ------
        StoreError
            If it can't be opened.
        """
        end = time.monotonic() + wait
        path = str(Path(source).absolute())
        while path not in self._stores:
            try:
                self._stores[path] = self._open.enter_context(open_store(path, read_only=True))
            except StoreInUseError:
                if time.monotonic() >= end:
                    raise
                time.sleep(_BETWEEN)
        self._held[path] = _state(path)

    def check_held(self) -> None:
        """That the stores which are held are still the same files: another can have been moved into their place.

        Raises
        ------
        ReleaseError
            If one is not.
        """
        for path, state in self._held.items():
            if _state(path) != state:
                raise ReleaseError(
                    "the store was changed while the release was being built, so nothing was published",
                    where=path,
                    expected="one state of the survey for all tables and reports",
                    do="Build again",
                )

    def unchanged(self, read: Sequence[Read]) -> bool:
        """Whether everything that was read is now as it was then."""
        return all(self.digest(each.source, each.wave, each.part) == each.digest for each in read)

    def digest(self, source: str, wave: int | None, part: reads.Part) -> str:
        """Digest of a source as :class:`wagekit.reads.Read` names it; "" if it can't be read now."""
        asked = source, wave, part
        if asked not in self._digests:
            try:
                self._digests[asked] = self._taken(*asked)
            except (WagekitError, OSError):
                self._digests[asked] = ""
        return self._digests[asked]

    def _taken(self, source: str, wave: int | None, part: reads.Part) -> str:
        if wave is None and not part:
            return reads.file_digest(source)
        if wave is None and part == reads.FOLDER:
            return reads.folder_digest(source)
        if wave is None and part == RULES:
            return rules_digest(Release.load(source).rules)
        if source not in self._stores:
            self._stores[source] = self._open.enter_context(open_store(source, read_only=True))
        return self._stores[source].digest(wave, part)


def _state(path: str) -> list[object]:
    """What tells a file, and what DuckDB keeps beside it, from another in its place."""
    found: list[object] = []
    for file in (Path(path), Path(f"{path}.wal")):
        try:
            about = file.stat()
        except OSError:
            found.append(None)
        else:
            found.append((about.st_ino, about.st_size, about.st_mtime_ns))
    return found


def unchanged(read: Sequence[Read]) -> bool:
    """Whether everything that was read is now as it was then; for several reports use one :class:`Today`."""
    with Today() as today:
        return today.unchanged(read)
