"""The manifest of a release: what it says, what it may not say, and that it is read as strictly as it is written."""

from __future__ import annotations

import hashlib
import json
import stat
import subprocess
import sys

import pytest

from tests.builds.made_release import PAGES, PART, STORE, TABLES, declared, made_manifest, made_release, task
from wagekit.builds.manifest import FILE, Manifest, build_time, commit_of, private_folder
from wagekit.errors import ReleaseError

EPOCH = "1700000000"


@pytest.fixture
def release(tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", EPOCH)
    return declared(tmp_path)


@pytest.fixture
def folder(tmp_path, release):
    made_release(tmp_path / "release", release)
    return tmp_path / "release"


def entry(manifest, name):
    return next(each for each in manifest.entries if each.file == name)


def test_it_says_of_each_file_what_it_is_and_what_made_it(folder):
    manifest = Manifest.load(folder)
    assert [each.file for each in manifest.entries] == sorted([*PAGES, *TABLES])
    page = entry(manifest, "industry_C.pdf")
    assert page.sha256 == hashlib.sha256(PAGES["industry_C.pdf"]).hexdigest()
    assert page.bytes == len(PAGES["industry_C.pdf"])
    assert (page.made_by, page.notebook) == ("industry_C", "industry_guidance.ipynb")
    assert page.fingerprint == task().fingerprint
    assert page.made.timestamp() == int(EPOCH)
    assert entry(manifest, "wages.csv").made_by == "tables"
    assert (manifest.title, manifest.publisher, manifest.wave) == ("工资价位（模拟数据）", "演示", 2023)
    assert manifest.built.timestamp() == int(EPOCH)
    assert manifest.python == ".".join(map(str, sys.version_info[:3]))
    assert "pandas" in manifest.libraries


def test_the_same_manifest_gives_the_same_bytes(tmp_path, release):
    one, other = (made_manifest(tmp_path / name, release) for name in ("one", "other"))
    assert one.to_json() == other.to_json()
    assert one.write(tmp_path / "one").read_bytes() == one.to_json().encode()


def test_it_holds_nothing_that_may_not_be_published(folder):
    text = (folder / FILE).read_text(encoding="utf-8")
    assert "/srv" not in text
    assert PART.digest not in text  # of a part of the rows
    assert "a" * 64 in text  # of the whole wave
    page = entry(Manifest.load(folder), "industry_C.html")
    assert page.parameters == {"store": "survey.duckdb", "wave": 2023, "industry": "C", "rules": "release.toml"}
    assert [(each.name, each.wave, each.part, each.sha256) for each in page.inputs] == [
        ("survey.duckdb", 2023, ("industry",), "")
    ]
    assert page.reads is None


def test_what_was_read_lies_beside_it_for_its_owner_alone(folder):
    private = private_folder(folder)
    assert private.parent == folder.parent
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    manifest = Manifest.load(folder, private=private)
    [read] = entry(manifest, "industry_C.html").reads
    # The path of the store is a parameter's, so that it may be another one the next time.
    assert (read.source, read.wave, read.part, read.digest) == ("parameter:store", 2023, PART.part, PART.digest)
    assert entry(manifest, "wages.csv").reads[0].source == STORE
    assert entry(manifest, "wage_levels.html").reads is None


def test_private_files_of_another_build_are_not_taken_for_this_ones(folder, release, monkeypatch):
    """A build that was killed before it published has left its reads; the published manifest is still the old one."""
    private = private_folder(folder)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    made_manifest(folder.with_name("killed"), release).write(folder.with_name("killed"), private=private)
    assert len(list(private.iterdir())) == 2
    assert entry(Manifest.load(folder, private=private), "wages.csv").reads is not None
    next(
        path for path in private.iterdir() if hashlib.sha256((folder / FILE).read_bytes()).hexdigest()[:32] in path.name
    ).unlink()
    assert entry(Manifest.load(folder, private=private), "wages.csv").reads is None


def test_few_private_files_are_kept(tmp_path, release, monkeypatch):
    for second in range(12):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(1_800_000_000 + second))
        made_release(tmp_path / "release", release)
    private = private_folder(tmp_path / "release")
    assert len(list(private.iterdir())) == 8
    assert entry(Manifest.load(tmp_path / "release", private=private), "wages.csv").reads is not None


@pytest.mark.parametrize(
    "content", ["", "{}", '{"wages.csv": [["/a", 2023, []]]}', '{"wages.csv": [["/a", "2023", [], "x"]]}']
)
def test_damaged_private_files_are_as_good_as_none(folder, content):
    for path in private_folder(folder).iterdir():
        path.write_text(content, encoding="utf-8")
    manifest = Manifest.load(folder, private=private_folder(folder))
    assert [each.reads for each in manifest.entries] == [None] * len(manifest.entries)


def changed(folder, work):
    path = folder / FILE
    content = json.loads(path.read_text(encoding="utf-8"))
    work(content)
    path.write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize(
    ("work", "problem"),
    [
        (lambda content: content.update(extra=1), "extra is wrong"),
        (lambda content: content.pop("title"), "title is wrong"),
        (lambda content: content.update(wave="2023"), "wave is wrong"),
        (lambda content: content["entries"][0].update(bytes=1.5), "entries.0.bytes is wrong"),
        (lambda content: content["entries"][0].update(made="yesterday"), "entries.0.made is wrong"),
        (lambda content: content["entries"][0].update(file="../other/x.csv"), "entries.0.file is wrong"),
        (lambda content: content.update(format="wagekit manifest 9"), "format is wrong"),
    ],
)
def test_a_wrong_manifest_is_refused_with_its_place(folder, work, problem):
    changed(folder, work)
    with pytest.raises(ReleaseError, match=problem) as refused:
        Manifest.load(folder)
    assert str(folder / FILE) in str(refused.value)
    assert Manifest.found(folder) is None


def test_a_folder_without_a_manifest(tmp_path):
    assert Manifest.found(tmp_path) is None
    with pytest.raises(ReleaseError, match="the manifest can't be read"):
        Manifest.load(tmp_path)
    (tmp_path / FILE).write_text("not JSON", encoding="utf-8")
    with pytest.raises(ReleaseError, match="the file is wrong"):
        Manifest.load(tmp_path)


def test_the_time_is_that_of_the_variable_or_now(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert build_time().isoformat() == "1970-01-01T00:00:00+00:00"
    for wrong in ("today", "1e999", "9" * 30):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", wrong)
        with pytest.raises(ReleaseError, match="SOURCE_DATE_EPOCH"):
            build_time()
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert build_time().microsecond == 0


def test_the_commit_is_that_of_the_releases_folder(tmp_path):
    assert commit_of(tmp_path) == ""

    def git(*words):
        known = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", "-C", str(tmp_path), *known, *words], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    git("init", "-q")
    (tmp_path / "release.toml").write_text("a", encoding="utf-8")
    git("add", ".")
    git("commit", "-q", "-m", "release")
    assert commit_of(tmp_path) == git("rev-parse", "HEAD")
    (tmp_path / "release.toml").write_text("b", encoding="utf-8")
    assert commit_of(tmp_path) == f"{git('rev-parse', 'HEAD')}-dirty"
