"""Whether a published release is what its declaration and data give: it is built anew and compared, byte for byte."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from wagekit.builds import crate
from wagekit.builds import manifest as manifests
from wagekit.builds.build import build
from wagekit.builds.manifest import FileEntry, Manifest
from wagekit.errors import ReleaseError
from wagekit.files import writing
from wagekit.publish.configuration import Release
from wagekit.publish.tables import Progress
from wagekit.reads import file_digest

Found = Literal["changed", "missing", "added", "differs", "not made", "only made anew", "environment"]
"""``changed``, ``missing``, ``added``: the published folder is not as its manifest says. ``differs``, ``not made``,
``only made anew``: the new build gives other bytes, not the file, or one that is not published. ``environment``: it was
made with other software."""

_BESIDE = frozenset({manifests.FILE, crate.FILE})


@dataclass(frozen=True)
class Difference:
    """One way in which a published release is not what it should be.

    Parameters
    ----------
    file : its name, or that of a library.
    found : what kind of difference.
    detail : in words, "" where the kind says all.
    """

    file: str
    found: Found
    detail: str = ""

    def __str__(self) -> str:
        said = f"{self.file}: {_SAID[self.found]}"
        return f"{said} ({self.detail})" if self.detail else said


_SAID: Mapping[Found, str] = {
    "changed": "it was changed after it was published",
    "missing": "it is in the manifest, but not in the folder",
    "added": "it is in the folder, but not in the manifest",
    "differs": "made anew it is another",
    "not made": "it isn't made any more",
    "only made anew": "it is made now, but not published",
    "environment": "it was another one when the release was built",
}


def verify(
    declared: Release,
    output: str | os.PathLike[str],
    *,
    store: str | os.PathLike[str] | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> list[Difference]:
    """Build a release anew, in a folder beside the published one, and compare them file by file.

    The published release is only read. Nothing of it is taken over, and everything that is published bears the time
    of its manifest.

    Parameters
    ----------
    declared : read from the release's ``release.toml``.
    output : folder of the published release.
    store : path of the store instead of the declared one.
    jobs : reports that are made at a time, as :func:`wagekit.builds.build.build` has it.
    progress : told before each step.

    Returns
    -------
    Every difference; empty if the release is what it should be.

    Raises
    ------
    ReleaseError
        If the folder holds no manifest, or the release can't be built.
    """
    target = Path(output).resolve()
    manifest = Manifest.load(target)
    found = discrepancies(target)
    with _beside(target) as folder, _at(manifest.built):
        try:
            build(declared, folder, store=store, jobs=jobs, force=True, again=manifest, progress=progress)
        except ReleaseError as problem:
            raise _not_made(problem, target, folder) from problem
        return [*found, *_compared(manifest, Manifest.load(folder), target, folder)]


def discrepancies(folder: str | os.PathLike[str]) -> list[Difference]:
    """Where a published folder is not as its manifest says: files changed, missing or added.

    Parameters
    ----------
    folder : of the release.

    Raises
    ------
    ReleaseError
        If it holds no manifest.
    """
    place = Path(folder)
    manifest = Manifest.load(place)
    expected = {entry.file: entry for entry in manifest.entries}
    present = {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}
    found = []
    for name, entry in sorted(expected.items()):
        if name not in present:
            found.append(Difference(name, "missing"))
        elif file_digest(place / name) != entry.sha256:
            found.append(Difference(name, "changed"))
    found += [Difference(name, "added") for name in sorted(present - set(expected) - _BESIDE)]
    archive = place / crate.FILE
    if archive.is_file() and archive.read_text(encoding="utf-8") != crate.crate(manifest):
        found.append(Difference(crate.FILE, "changed"))
    return found


def _not_made(problem: ReleaseError, target: Path, folder: Path) -> ReleaseError:
    """Why a release can't be built anew, without sending anybody to the folder that is gone by then."""
    private = str(folder.parent)
    where = problem.where if problem.where and private not in problem.where else str(target)
    do = problem.do
    if do and private in do:
        do = "Build it into another folder (wagekit build --output) to look into it; what is published was only read"
    return ReleaseError(
        f"it can't be built anew, so it was not compared: {problem.found}",
        where=where,
        expected=problem.expected,
        do=do,
    )


def _compared(old: Manifest, new: Manifest, published: Path, made: Path) -> Iterator[Difference]:
    before, after = ({entry.file: entry for entry in each.entries} for each in (old, new))
    software = {"python": old.python, "wagekit": old.wagekit, **old.libraries}
    now = {"python": new.python, "wagekit": new.wagekit, **new.libraries}
    for name in sorted({*software, *now}):
        if software.get(name) != now.get(name):
            yield Difference(name, "environment", f"{software.get(name, 'none')}, now {now.get(name, 'none')}")
    for name in sorted({*before, *after}):
        if name not in after:
            yield Difference(name, "not made")
        elif name not in before:
            yield Difference(name, "only made anew")
        elif before[name].sha256 != after[name].sha256:
            yield Difference(name, "differs", _why(before[name], after[name], published / name, made / name))


def _why(old: FileEntry, new: FileEntry, published: Path, made: Path) -> str:
    """What is known of the reason, and where the bytes part."""
    reasons = []
    if old.inputs != new.inputs:
        reasons.append("the data are others")
    if old.parameters != new.parameters:
        reasons.append("the parameters are others")
    elif old.fingerprint != new.fingerprint:
        reasons.append("the recipe is another")
    if file_digest(published) == old.sha256:
        one, other = published.read_bytes(), made.read_bytes()
        place = next((k for k, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
        reasons.append(f"from byte {place + 1} on, {len(one)} and {len(other)} bytes")
    return ", ".join(reasons)


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A folder for the new release that is gone afterwards, with all that the build leaves beside it."""
    with writing(target.parent):
        private = Path(tempfile.mkdtemp(prefix=f".{target.name}.verify.", dir=target.parent))
    try:
        yield private / target.name
    finally:
        shutil.rmtree(private, ignore_errors=True)


@contextmanager
def _at(time: datetime) -> Iterator[None]:
    """In the block everything that is published bears a given time."""
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = str(int(time.timestamp()))
    try:
        yield
    finally:
        if before is None:
            del os.environ["SOURCE_DATE_EPOCH"]
        else:
            os.environ["SOURCE_DATE_EPOCH"] = before
