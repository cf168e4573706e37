"""A published release is held against its manifest and against a new build; it is only read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.builds.made_release import RELEASE, declared, made_manifest, made_release
from wagekit.builds import verify as verification
from wagekit.builds.crate import write_crate
from wagekit.builds.manifest import Manifest, private_folder
from wagekit.builds.verify import Difference, discrepancies, verify
from wagekit.errors import ReleaseError


@pytest.fixture
def release(tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    return declared(tmp_path)


@pytest.fixture
def published(tmp_path, release, monkeypatch):
    folder = tmp_path / "release"
    write_crate(made_release(folder, release), folder)
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    return folder


@pytest.fixture
def builds(monkeypatch):
    """Stands for the build, which is tested elsewhere: what it was asked, and what is done to what it makes."""
    asked: dict[str, object] = {"changes": []}

    def build(release, output, **options):
        asked.update(output=Path(output), options=options, epoch=os.environ["SOURCE_DATE_EPOCH"])
        manifest = made_manifest(Path(output), release)
        for work in asked["changes"]:
            manifest = work(Path(output), manifest)
        manifest.write(output, private=private_folder(output))

    monkeypatch.setattr(verification, "build", build)
    return asked


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_release_that_is_what_it_should_be(release, published, builds, tmp_path):
    before = contents(tmp_path)
    assert verify(release, published, store="/srv/s.duckdb", jobs=3) == []
    assert contents(tmp_path) == before  # nothing written, nothing left
    # What was decided when it was published isn't asked again.
    again = Manifest.load(published)
    assert builds["options"] == {"store": "/srv/s.duckdb", "jobs": 3, "force": True, "again": again, "progress": None}
    assert builds["epoch"] == "1700000000"
    assert published not in builds["output"].parents
    assert builds["output"].parent.parent == published.parent
    assert "SOURCE_DATE_EPOCH" not in os.environ


def test_a_build_that_fails_leaves_nothing_and_says_why(release, published, monkeypatch, tmp_path):
    def build(release, output, **options):
        Path(output).mkdir()
        raise ReleaseError("the disk is full")

    monkeypatch.setattr(verification, "build", build)
    before = contents(tmp_path)
    with pytest.raises(ReleaseError, match="the disk is full"):
        verify(release, published)
    assert contents(tmp_path) == before


def test_nobody_is_sent_to_a_folder_that_is_gone(release, published, monkeypatch):
    def build(release, output, **options):
        raise ReleaseError(
            "the report failed", where=str(output), do=f"Look at the notebooks in {output}.builds/failed"
        )

    monkeypatch.setattr(verification, "build", build)
    with pytest.raises(ReleaseError) as caught:
        verify(release, published)
    said = str(caught.value)
    assert said.startswith(f"{published}: it can't be built anew, so it was not compared: the report failed. Build it ")
    assert ".verify." not in said


def rewritten(name, content):
    def work(folder, manifest):
        (folder / name).write_bytes(content)
        return made_again(folder, manifest)

    return work


def made_again(folder, manifest):
    from hashlib import sha256

    known = {entry.file: entry for entry in manifest.entries}
    entries = [
        known[path.name].model_copy(update={"sha256": sha256(path.read_bytes()).hexdigest()})
        for path in sorted(folder.iterdir())
        if path.name in known
    ]
    return manifest.model_copy(update={"entries": tuple(entries)})


def test_a_file_that_comes_out_differently(release, published, builds):
    builds["changes"].append(rewritten("industry_C.html", b"<html>D</html>"))
    [found] = verify(release, published)
    assert found == Difference("industry_C.html", "differs", "from byte 7 on, 14 and 14 bytes")
    assert str(found) == "industry_C.html: made anew it is another (from byte 7 on, 14 and 14 bytes)"


def test_a_file_that_goes_on_where_the_other_ends(release, published, builds):
    builds["changes"].append(rewritten("wages.csv", b"1,2\r\n3,4\r\n"))
    [found] = verify(release, published)
    assert found.detail == "from byte 6 on, 5 and 10 bytes"


def test_what_is_known_of_the_reason_is_said(release, published, builds):
    def other_data(folder, manifest):
        entries = tuple(
            entry.model_copy(
                update={
                    "sha256": "0" * 64,
                    "inputs": tuple(each.model_copy(update={"sha256": "9" * 64}) for each in entry.inputs),
                    "fingerprint": "1" * 64,
                }
            )
            for entry in manifest.entries
        )
        return manifest.model_copy(update={"entries": entries, "libraries": {**manifest.libraries, "numpy": "0.1"}})

    builds["changes"].append(other_data)
    found = {each.file: each for each in verify(release, published)}
    assert found["numpy"].found == "environment"
    assert found["numpy"].detail.endswith("now 0.1")
    assert found["wages.csv"].detail.startswith("the data are others, the recipe is another")


def test_files_that_are_made_no_more_or_only_now(release, published, builds):
    def renamed(folder, manifest):
        entries = [
            entry.model_copy(update={"file": "new.csv"}) if entry.file == "wages.csv" else entry
            for entry in manifest.entries
        ]
        return manifest.model_copy(update={"entries": tuple(entries)})

    builds["changes"].append(renamed)
    assert [(each.file, each.found) for each in verify(release, published)] == [
        ("new.csv", "only made anew"),
        ("wages.csv", "not made"),
    ]


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        (lambda folder: (folder / "wages.csv").write_bytes(b"9"), ("wages.csv", "changed")),
        (lambda folder: (folder / "wages.csv").unlink(), ("wages.csv", "missing")),
        (lambda folder: (folder / "more.csv").touch(), ("more.csv", "added")),
        (lambda folder: (folder / "ro-crate-metadata.json").write_text("{}"), ("ro-crate-metadata.json", "changed")),
    ],
)
def test_a_folder_that_does_not_hold_its_own_manifest(published, release, builds, work, expected):
    assert discrepancies(published) == []
    work(published)
    assert [(each.file, each.found) for each in discrepancies(published)] == [expected]
    # That somebody changed it is told; that it should be as it was published isn't told twice.
    assert [(each.file, each.found) for each in verify(release, published)] == [expected]


def test_times_of_files_that_were_taken_over_are_no_difference(published, release, builds):
    manifest = Manifest.load(published)
    entries = tuple(
        entry.model_copy(update={"made": entry.made.replace(year=2020)}) if entry.file == "wages.csv" else entry
        for entry in manifest.entries
    )
    older = manifest.model_copy(update={"entries": entries})
    older.write(published)
    write_crate(older, published)
    assert verify(release, published) == []


def test_a_folder_without_a_manifest_is_no_release(tmp_path, release):
    with pytest.raises(ReleaseError, match="the manifest can't be read"):
        verify(release, tmp_path)
    assert RELEASE in (tmp_path / "release.toml").read_text(encoding="utf-8")
