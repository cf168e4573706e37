"""Building a release: complete, or the one before stays as it was, whatever happens on the way."""

import json
import os
import re
import shutil
import signal
import stat
from pathlib import Path

import duckdb
import nbformat
import pandas as pd
import pytest

from tests.builds.made_build import (
    COVER,
    FILES,
    OPENS,
    REPORT,
    TABLE,
    TABLE_FILES,
    TABLES,
    contents,
    declare,
    ended,
    made_store,
    sentence,
    waiting,
)
from tests.command import start, wagekit
from wagekit.builds.build import build
from wagekit.builds.editions import output_folder
from wagekit.collect.store import open as open_store
from wagekit.errors import InputError, ReleaseError, StoreError, WagekitError
from wagekit.publish.configuration import Release
from wagekit.publish.tables import file_names, make_tables

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    return made_store(tmp_path_factory.mktemp("store"))


@pytest.fixture
def place(tmp_path, store):
    """A folder with a store and a release of two tables."""
    shutil.copy(store, tmp_path / "s.duckdb")
    (tmp_path / "release.toml").write_text(TABLES, encoding="utf-8")
    return tmp_path


# -- the whole release ---------------------------------------------------------------------------


def test_a_release_of_tables_and_a_report(place):
    declare(place, TABLES + REPORT, OPENS, COVER, "assert wave == 2023 and bureau == '演示单位'", TABLE)
    status, said, complained = wagekit("build", "-r", "release.toml", "-o", "out/2023", folder=place)
    assert status == 0, complained
    names = sorted([*FILES, "own.html"])
    assert said.splitlines() == [str(Path("out", "2023", name)) for name in names]
    assert sorted(contents(place / "out" / "2023")) == names
    assert re.fullmatch(r"10 files in \d+ s: 2 made, 0 unchanged\.\n", complained)
    assert "演示单位" in (place / "out" / "2023" / "own.html").read_text(encoding="utf-8")
    if os.name == "posix":  # published files are for everybody
        assert stat.S_IMODE((place / "out" / "2023").stat().st_mode) == 0o755
        assert all(path.stat().st_mode & stat.S_IROTH for path in (place / "out" / "2023").iterdir())
    # A notebook that fails in the next build leaves this one in place, and is kept to be looked into.
    before = contents(place / "out" / "2023")
    declare(place, TABLES.replace("工资价位", "别的标题") + REPORT, OPENS, COVER, "1 / 0")
    complained = sentence(wagekit("build", "-r", "release.toml", "-o", "out/2023", folder=place))
    assert "('1 / 0') failed: ZeroDivisionError: division by zero)" in complained
    assert contents(place / "out" / "2023") == before
    failed = nbformat.read(place / "out" / "2023.builds" / "failed" / "own.failed.ipynb", as_version=4)
    assert failed.cells[-2].outputs[0].ename == "ZeroDivisionError"


def test_the_files_are_those_that_were_foretold(place):
    declared = declare(place)
    built = build(declared, place / "out")
    assert [path.name for path in built.files] == FILES
    assert sorted(file_names(declared)) == TABLE_FILES
    assert built.folder == (place / "out").resolve()
    told = []
    build(declared, place / "out", force=True, progress=lambda *step: told.append(step))
    assert told == [(1, 3, "overall"), (2, 3, "by_industry"), (3, 3, "wage_levels.xlsx")]


def test_building_again_gives_the_same_bytes_and_a_new_wave_other_ones(place, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    declared = declare(place)
    first = contents(build(declared, place / "out").folder)
    assert contents(build(declared, place / "out", force=True).folder) == first
    declare(place, TABLES.replace('publisher = "演示单位"', 'publisher = "另一单位"'))
    other = contents(build(Release.load(place / "release.toml"), place / "out").folder)
    assert other.keys() == first.keys()
    assert other["wage_levels.xlsx"] != first["wage_levels.xlsx"]


def test_what_did_not_change_is_taken_over(place):
    """The notebook leaves a line each time it is run."""
    declared = declare(place, TABLES + REPORT, OPENS, COVER, TABLE, "print(1, file=open(here / 'runs', 'a'))")

    def runs():
        return len((place / "runs").read_text().splitlines())

    first = build(declared, place / "out")
    assert (first.made, first.reused, runs()) == (("tables", "own"), (), 1)
    kept = contents(place / "out")
    again = build(declared, place / "out")
    assert (again.made, again.reused, runs()) == ((), ("tables", "own"), 1)
    pages = [name for name in kept if name not in ("manifest.json", "ro-crate-metadata.json")]
    assert {name: contents(place / "out")[name] for name in pages} == {name: kept[name] for name in pages}
    assert (build(declared, place / "out", force=True).made, runs()) == (("tables", "own"), 2)
    # Another cell, another parameter, other data: made anew.
    declared = declare(place, TABLES + REPORT, OPENS, COVER, TABLE, "print(2, file=open(here / 'runs', 'a'))")
    assert (build(declared, place / "out").made, runs()) == (("own",), 3)
    with duckdb.connect(place / "s.duckdb") as store:
        store.execute("UPDATE employees SET annual_pay = annual_pay + 1 WHERE rowid = 0")
    assert (build(declared, place / "out").made, runs()) == (("tables", "own"), 4)


def test_one_report_for_each_industry(place):
    notebook = 'each = "industry"\nformats = ["html"]\n'
    declared = declare(place, TABLES + REPORT.replace('formats = ["html"]\n', notebook), OPENS, COVER, TABLE)
    with pytest.raises(InputError, match="no parameter 'industry'"):
        build(declared, place / "out")
    text = (place / "own.ipynb").read_text(encoding="utf-8")
    (place / "own.ipynb").write_text(text.replace("bureau: str", "industry: str = ''\\nbureau: str"), encoding="utf-8")
    with open_store(place / "s.duckdb", read_only=True) as store:
        industries = sorted(store.survey(2023).frame["industry"].dropna().unique())
    assert len(industries) >= 2
    built = build(declared, place / "out")
    assert set(built.made) == {"tables", *(f"own_{industry}" for industry in industries)}
    assert {f"own_{industry}.html" for industry in industries} <= {path.name for path in built.files}


def test_changes_beyond_the_limits_wait_until_somebody_confirms_them(place):
    declared = declare(place, TABLES + "[comparison]\nmax_change = 0.2\n")
    before = contents(build(declared, place / "out").folder)
    with duckdb.connect(place / "s.duckdb") as store:
        store.execute("UPDATE employees SET annual_pay = 2 * annual_pay, basic_pay = annual_pay + basic_pay")
    complained = sentence(wagekit("build", "-r", "release.toml", "-o", "out", folder=place))
    assert "beyond the limits, so nothing was published" in complained
    assert "overall: 6 of 6 figures changed by more than 20%" in complained
    code = re.search(r"--confirm (\S+?)\.$", complained.strip())[1]
    assert contents(place / "out") == before
    assert sorted(contents(place / "out.builds" / "pending")) == FILES
    wrong = sentence(wagekit("build", "-r", "release.toml", "-o", "out", "--confirm", "0000-0000", folder=place))
    assert "the code '0000-0000' is of other changes" in wrong
    pending = contents(place / "out.builds" / "pending")
    status, _, complained = wagekit("build", "-r", "release.toml", "-o", "out", "--confirm", code, folder=place)
    assert status == 0, complained
    assert "0 made, 1 unchanged" in complained  # the release that waited is the one that is published
    assert contents(place / "out")["overall_tidy.csv"] == pending["overall_tidy.csv"] != before["overall_tidy.csv"]
    assert not (place / "out.builds" / "pending").exists()


def test_a_release_that_gives_something_away_is_not_published(place):
    """The notebook prints the code of an enterprise."""
    shows = "print(report.survey.frame['enterprise_id'].iloc[0])"
    declare(place, TABLES + REPORT, OPENS, COVER, TABLE, shows)
    complained = sentence(wagekit("build", "-r", "release.toml", "-o", "out", folder=place))
    assert "own.html: an identifier of the survey can be read" in complained
    assert not (place / "out").exists()
    with open_store(place / "s.duckdb", read_only=True) as store:
        codes = set(store.enterprises(2023)["enterprise_id"])
    said = complained + (place / "out.journal.jsonl").read_text(encoding="utf-8")
    assert not [code for code in codes if code in said]


# -- where it may go -----------------------------------------------------------------------------


def test_a_folder_with_other_work_is_left_alone(place):
    """A build replaces the folder as a whole: what it didn't write would be gone."""
    declared = declare(place)
    for name in ("年度总结.docx", "wage_levels_by_sex.csv", ".git", "deeper/own.csv"):
        out = place / "out"
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text("other work", encoding="utf-8")
        complained = sentence(wagekit("build", "-r", "release.toml", "-o", "out", folder=place))
        assert f"the folder holds other work ({name.split('/')[0]!r}, which no build has written)" in complained
        assert contents(out) == {name: b"other work"}
        shutil.rmtree(out)
    # A file manager's own files are nobody's work.
    build(declared, place / "out")
    (place / "out" / ".DS_Store").write_bytes(b"\0")
    assert [path.name for path in build(declared, place / "out").files] == FILES
    # What an earlier build wrote under another name goes.
    declared = declare(place, TABLES.replace('"overall"', '"all"'))
    assert "overall.csv" not in [path.name for path in build(declared, place / "out").files]


def test_the_working_folder_files_and_homes_are_no_output(place, monkeypatch):
    declared = declare(place)
    empty = place / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    monkeypatch.setenv("HOME", str(empty))
    for output, says in ((".", "other work"), (empty, "other work"), ("..", "other work"), (Path("/"), "other work")):
        with pytest.raises(ReleaseError, match=says):
            output_folder(declared, output)
    (place / "taken").write_text("other work")
    for output in (place / "taken", place / "taken" / "deeper"):
        with pytest.raises(ReleaseError, match=r"there is a file of that name|can't be written"):
            build(declared, output)
    assert (place / "taken").read_text() == "other work"
    complained = sentence(wagekit("demo", "--output", ".", folder=empty))
    assert "other work" in complained
    assert not list(empty.iterdir())
    assert not (place / "empty-survey").exists()


@POSIX
def test_a_link_to_the_published_folder_is_followed(place):
    declared = declare(place)
    build(declared, place / "published" / "2023")
    (place / "current").symlink_to(place / "published" / "2023")
    shutil.rmtree(place / "published" / "2023")
    (place / "published" / "2023").mkdir()
    assert build(declared, place / "current").folder == (place / "published" / "2023").resolve()
    assert (place / "current").is_symlink()
    assert sorted(contents(place / "published" / "2023")) == FILES


# -- releases that can't be built ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (TABLES.replace("wave =", "wvae ="), "[release]: unknown key 'wvae'"),
        (TABLES.replace("2023", '"2023"'), "key 'wave': found '2023'; expected a valid integer"),
        (TABLES.replace("[[tables]]", "[tables]", 1).split("[[tables]]")[0], "'tables'"),
        (TABLES.replace('"industry"', '"industri"'), "('by_industry'), frame: there is no column 'industri'"),
        (TABLES + 'variable = "sex"\n', "('by_industry'), key 'variable': 'sex' holds codes"),
        (TABLES + 'statistics = ["median"]\n', "found 'median'; expected a percentile such as p10"),
        (TABLES + "[rules]\nmin_employes = 3\n", "[rules]: unknown key 'min_employes'"),
        (TABLES + '[rules]\nmax_share = "85"\n', "key 'max_share': found '85'"),
        (TABLES.replace("by_industry", "../x"), "expected letters, digits"),
        (TABLES.replace("s.duckdb", "none.duckdb"), "none.duckdb: there is no such store"),
        (TABLES.replace("2023", "2022"), "wave 2022 is not in the store; expected one of 2023"),
        (TABLES + '[[reports]]\nnotebook = "wage_level"\n', "there is no notebook 'wage_level'"),
        (TABLES + '[[reports]]\nnotebook = "wage_levels"\nparameters = { wvae = 1 }\n', "there is no parameter 'wvae'"),
        (
            TABLES + '[[reports]]\nnotebook = "wage_levels"\nparameters = { language = "fr" }\n',
            "release.toml, [[reports]] 1, ",
        ),
        (TABLES + '[[reports]]\nnotebook = "deaf"\n', "deaf.ipynb: the notebook has no parameter 'wave'"),
        (TABLES + '[[reports]]\nnotebook = "wage_levels"\nformats = ["docx"]\n', "found 'docx'"),
        (TABLES + '[[reports]]\nnotebook = "junk"\n', "the file is no notebook"),
        ("[release", "not TOML"),
        ("", "the section [release] is missing"),
    ],
)
def test_a_release_that_can_not_be_built_changes_nothing(place, text, says):
    (place / "junk.ipynb").write_text("{")
    cell = nbformat.v4.new_code_cell('store: str = ""', metadata={"tags": ["parameters"]})
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), place / "deaf.ipynb")
    before = contents(build(declare(place), place / "out").folder)
    (place / "release.toml").write_text(text, encoding="utf-8")
    names = {entry.name for entry in place.iterdir()}
    with pytest.raises(WagekitError) as caught:
        build(Release.load(place / "release.toml"), place / "out")
    message = str(caught.value)
    assert says in message
    assert "\n" not in message
    assert contents(place / "out") == before
    assert {entry.name for entry in place.iterdir()} == names


def test_the_command_says_in_one_sentence_what_is_wrong_with_a_release(place):
    (place / "release.toml").write_text(TABLES.replace("wave =", "wvae ="), encoding="utf-8")
    for verb in ("build", "tables"):
        assert sentence(wagekit(verb, "-r", "release.toml", "-o", "out", folder=place)) == (
            "wagekit: release.toml, [release]: unknown key 'wvae'; expected one of store, wave, language, title, "
            "publisher, date, workbook, licence. The nearest is 'wave'.\n"
        )
    assert "can't be read" in sentence(wagekit("build", "-r", place, "-o", "out", folder=place))
    (place / "release.toml").write_bytes(TABLES.encode("gb18030"))
    assert "is not UTF-8" in sentence(wagekit("build", "-r", "release.toml", "-o", "out", folder=place))
    assert not (place / "out").exists()


def test_tables_leave_the_files_of_the_release_before(place):
    declared = declare(place)
    make_tables(declared, place / "out")
    before = contents(place / "out")
    with pytest.raises(StoreError):
        make_tables(declared, place / "out", store=place / "none.duckdb")
    blocked = declare(place, TABLES.replace("2023\n", "2023\nworkbook = 'book'\n"))
    with pytest.raises(ReleaseError):
        make_tables(blocked, place / "out" / "overall.csv")
    assert contents(place / "out") == before


# -- stopped and killed --------------------------------------------------------------------------


@POSIX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_build_leaves_the_release_before(place, number):
    before = contents(build(declare(place), place / "out").folder)
    process, kernel = waiting(place)
    process.send_signal(number)
    said, complained = process.communicate(timeout=60)
    assert said == ""
    assert contents(place / "out") == before
    assert ended(kernel)
    lasting = {"s.duckdb", "release.toml", "own.ipynb", "kernel", "out"}
    lasting |= {"out.builds", "out.journal.jsonl", ".out.lock", ".out.journal.jsonl.lock"}
    beside = {entry.name for entry in place.iterdir()} - lasting
    if number == signal.SIGKILL:
        assert process.returncode == -number
        assert all(name.startswith(".out.") and name.endswith(".part") for name in beside)
    else:
        assert process.returncode == 128 + number
        assert "wagekit: stopped; nothing was left half-done.\n" in complained
        assert not beside
    # The next build works.
    assert [path.name for path in build(declare(place), place / "out").files] == FILES
    assert not [entry.name for entry in place.iterdir() if entry.name.endswith(".part")]


def test_a_cell_that_takes_too_long(place):
    declare(place, TABLES + REPORT + "[limits]\ncell_seconds = 2\n", "time.sleep(120)")
    complained = sentence(wagekit("build", "-r", "release.toml", "-o", "out", folder=place))
    assert "('time.sleep(120)') failed: it took more than 2 s" in complained
    assert not (place / "out").exists()


def test_two_builds_at_once_leave_a_whole_release(place):
    declare(place)
    running = [start("build", "-r", "release.toml", "-o", "out", folder=place) for _ in range(2)]
    results = [(process.communicate(timeout=120), process.returncode) for process in running]
    assert 0 in [status for _, status in results]
    assert all("Traceback" not in complained for (_, complained), _ in results)
    assert sorted(contents(place / "out")) == FILES
    tidy = pd.read_csv(place / "out" / "overall_tidy.csv")
    assert tidy["value"].notna().all()


def test_the_notebook_is_told_what_the_release_says_once(place):
    """Parameters of the release reach the notebook that asks for them; its own are set over them."""
    text = TABLES.replace('"演示单位"', '"演示单位"\ndate = 2024-05-01')
    cells = [
        "(here / 'told.json').write_text(__import__('json').dumps([store, wave, rules, bureau]));",
        OPENS,
        COVER,
        TABLE,
    ]
    declared = declare(place, text + REPORT + "parameters = { bureau = '另一单位' }\n", *cells)
    build(declared, place / "out")
    assert json.loads((place / "told.json").read_text()) == [
        str(place / "s.duckdb"),
        2023,
        str(place / "release.toml"),
        "另一单位",
    ]
