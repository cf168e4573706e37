"""The published release that feedback is made beside, read from its folder after all of it was found as it was built."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

from wagekit.builds.manifest import TABLES, FileEntry, Manifest
from wagekit.errors import ReleaseError
from wagekit.publish.configuration import Release
from wagekit.publish.feedback.published import PublishedRelease, PublishedReport

_TIDY = "_tidy.csv"


def read_release(declared: Release, folder: str | os.PathLike[str]) -> PublishedRelease:
    """What a release publishes, read from its folder.

    Reports made from a notebook beside the ``release.toml`` are passed over, since it may publish anything under the
    name of one of wagekit's, and so are those without a web page.

    Parameters
    ----------
    declared : what the release declares.
    folder : that it was built into.

    Raises
    ------
    ReleaseError
        If the folder holds no release, the release of another wave, or files that aren't as they were built.
    """
    place = Path(folder)
    manifest = Manifest.load(place)
    if manifest.wave != declared.publication.wave:
        raise ReleaseError(
            f"the release of {manifest.wave}",
            where=str(place),
            expected=f"that of {declared.publication.wave}, as {declared.path.name} declares it",
            do="Name its folder with --published",
        )
    contents = {entry.file: _content(place, entry) for entry in manifest.entries}
    altered = [entry.file for entry in manifest.entries if sha256(contents[entry.file]).hexdigest() != entry.sha256]
    if altered:
        raise ReleaseError(
            f"{len(altered)} of {len(manifest.entries)} files aren't as they were built, the first {altered[0]!r}",
            where=str(place),
            expected="the published release, untouched",
            do="Find out what happened to it, and build it again",
        )
    tables, reports = {}, []
    for entry in manifest.entries:
        content = contents[entry.file]
        if entry.made_by == TABLES and entry.file.endswith(_TIDY):
            tables[entry.file.removesuffix(_TIDY)] = content
        elif entry.file.endswith(".html") and entry.notebook and not (declared.path.parent / entry.notebook).is_file():
            stem = Path(entry.notebook).stem
            reports.append(PublishedReport(entry.file, stem, entry.parameters, content.decode("utf-8")))
    return PublishedRelease(manifest.wave, manifest.language, tables, tuple(reports))


def _content(folder: Path, entry: FileEntry) -> bytes:
    """What is in a file; nothing if it can't be read."""
    try:
        return (folder / entry.file).read_bytes()
    except OSError:
        return b""
