"""A public figure that equals a held-back value by chance stops a release until somebody confirms just that."""

import json
import re
from dataclasses import replace

import duckdb
import pytest

from tests.builds.made_build import COVER, OPENS, REPORT, TABLE, TABLES, contents, declare, made_store, sentence
from tests.command import wagekit
from wagekit.builds.build import build
from wagekit.builds.confirmations import code_of
from wagekit.builds.journal import journal_of, read
from wagekit.builds.manifest import Manifest
from wagekit.builds.release_checks import Problem
from wagekit.collect.store import open as open_store
from wagekit.errors import ReleaseError

FOUND = (
    Problem("own.html", "a value that is held back can be read: mean of C", "(98765.0, 0) 1 ['mean of C']"),
    Problem("own.pdf", "a value that is held back can be read: mean of C", "(98765.0, 0) 1 ['mean of C']"),
)


def test_a_code_stands_for_just_these_findings(tmp_path):
    private = tmp_path / "out.builds"
    code = code_of(FOUND, private)
    assert re.fullmatch("[0-9a-f]{4}-[0-9a-f]{4}", code)
    assert code_of(FOUND[::-1], private) == code  # in whatever order the reports were made
    others = [
        FOUND[:1],
        (*FOUND, replace(FOUND[0], found="a value that is held back can be read: mean of D")),
        (FOUND[0], replace(FOUND[1], file="other.pdf")),
        (FOUND[0], replace(FOUND[1], coincidence="(98766.0, 0) 1 ['mean of C']")),
        (FOUND[0], replace(FOUND[1], coincidence="(98765.0, 0) 2 ['mean of C']")),
    ]
    assert len({code, *(code_of(other, private) for other in others)}) == 6


def test_the_code_gives_nothing_away_to_who_tries_all_numbers(tmp_path):
    """Its key is random and lies where nobody but the owner reads."""
    assert code_of(FOUND, tmp_path / "one") != code_of(FOUND, tmp_path / "other")
    [key] = (tmp_path / "one").iterdir()
    assert key.stat().st_mode & 0o077 == 0
    assert len(key.read_bytes()) == 32
    key.write_bytes(b"cut off")
    assert code_of(FOUND, tmp_path / "one")
    assert len(key.read_bytes()) == 32
    assert "98765" not in repr(FOUND) + "".join(map(str, FOUND))


@pytest.mark.parametrize(
    "problems", [(), (Problem("a.csv", "an identifier"),), (*FOUND, Problem("a.csv", "an identifier"))]
)
def test_what_can_not_be_chance_has_no_code(tmp_path, problems):
    assert code_of(problems, tmp_path / "out.builds") == ""
    assert not (tmp_path / "out.builds").exists()


# -- a whole build -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return made_store(tmp_path_factory.mktemp("store"))


TOGETHER = TABLES + REPORT + "[rules]\nmin_enterprises = 1000\n"
"""All values are held back."""


@pytest.fixture
def place(tmp_path, store):
    (tmp_path / "s.duckdb").write_bytes(store.read_bytes())
    return tmp_path


def held_back(place, column="annual_pay"):
    with open_store(place / "s.duckdb", read_only=True) as store:
        return round(float(store.survey(2023).mean(column).frame["estimate"].iloc[0]), 1)


def stopped(place, *options):
    complained = sentence(wagekit("build", "-r", "release.toml", "-o", "out", *options, folder=place))
    found = re.search(r"--confirm (\S+)\.$", complained.strip())
    return complained, found and found[1]


def checked(place):
    return [event for event in read(journal_of(place / "out")) if event["event"] == "checked"]


def test_a_coincidence_is_confirmed(place):
    """The mean pay is held back, and the notebook says a public figure that is the same."""
    value = held_back(place)
    cells = [OPENS, COVER, TABLE, f"print('public figure: {value:.1f}')"]
    declare(place, TOGETHER, *cells)
    complained, code = stopped(place)
    assert "own.html: a value that is held back can be read: mean of all" in complained
    assert not (place / "out").exists()
    # Whoever decides finds the page; nothing of it is taken over as searched.
    assert "own.html" in contents(place / "out.builds" / "suspected")
    assert (place / "out.builds").stat().st_mode & 0o077 == 0
    assert f"in {place / 'out.builds' / 'suspected'}" in complained
    again, same = stopped(place, "--confirm", "0000-0000")
    assert same == code
    assert "(the code '0000-0000' is of other findings)" in again
    status, _, complained = wagekit("build", "-r", "release.toml", "-o", "out", "--confirm", code, folder=place)
    assert status == 0, complained
    assert "2 made, 0 unchanged" in complained
    assert Manifest.load(place / "out").confirmed == (code,)
    assert not (place / "out.builds" / "suspected").exists()
    assert [(event["code"], event["confirmed"]) for event in checked(place)] == [(code, k == 2) for k in range(3)]
    # The value stands nowhere but on the page where it is public.
    said = {path: text for path, text in contents(place).items() if path.endswith((".json", ".jsonl"))}
    assert said
    assert not [
        path for path, text in said.items() if f"{value:.1f}".encode() in text or str(int(value)).encode() in text
    ]
    # What was searched and confirmed is taken over, with the word of it.
    status, _, complained = wagekit("build", "-r", "release.toml", "-o", "out", folder=place)
    assert "0 made, 2 unchanged" in complained
    assert Manifest.load(place / "out").confirmed == (code,)
    assert checked(place)[-1]["problems"] == []
    # Made and found anew just as it was confirmed, it is not asked again.
    status, _, complained = wagekit("build", "-r", "release.toml", "-o", "out", "--force", folder=place)
    assert status == 0, complained
    assert (checked(place)[-1]["code"], checked(place)[-1]["confirmed"]) == (code, True)
    assert Manifest.load(place / "out").confirmed == (code,)
    status, said, complained = wagekit("verify", "-r", "release.toml", "-o", "out", folder=place)
    assert (status, said) == (0, "out: the same, byte for byte\n"), said + complained


def test_a_new_report_may_not_tell_what_tables_hold_back_that_were_taken_over(place):
    """The note of it is in memory only: it is taken anew."""
    shows = "wk.release(report.survey.mean('weekly_hours'))"
    declare(place, TOGETHER, OPENS, COVER, shows)
    assert wagekit("build", "-r", "release.toml", "-o", "out", folder=place)[0] == 0
    tells = "print(report.survey.mean('annual_pay').frame['estimate'].iloc[0].round(1))"
    declare(place, TOGETHER, OPENS, COVER, shows, tells)
    complained, _ = stopped(place)
    assert "own.html: a value that is held back can be read: mean of all" in complained
    [made] = [event for event in read(journal_of(place / "out")) if event["event"] == "tables_made"][1:]
    assert made["reused"]


def test_a_code_is_of_no_other_findings(place):
    value = held_back(place)
    cells = [OPENS, COVER, TABLE, f"print('{value:.1f}')"]
    declare(place, TOGETHER, *cells)
    _, code = stopped(place)
    declare(place, TOGETHER, *cells, f"print('once more {value:.1f}')")
    complained, second = stopped(place, "--confirm", code)
    assert second != code
    assert "is of other findings" in complained
    # Other data: another value, another coincidence.
    with duckdb.connect(place / "s.duckdb") as store:
        store.execute("UPDATE employees SET annual_pay = annual_pay + 1000, basic_pay = basic_pay + 1000")
    other = held_back(place)
    assert other != value
    declare(place, TOGETHER, OPENS, COVER, TABLE, f"print('{other:.1f}')")
    complained, third = stopped(place, "--confirm", code, "--confirm", second)
    assert third not in (code, second)
    # An identifier can't be there by chance: the code doesn't let it pass.
    shows = "print(report.survey.frame['enterprise_id'].iloc[0])"
    declared = declare(place, TOGETHER, OPENS, COVER, TABLE, f"print('{other:.1f}')", shows)
    with pytest.raises(ReleaseError, match="and mend the notebook") as caught:
        build(declared, place / "out", confirm=[code, second, third])
    assert "--confirm" not in str(caught.value)
    assert not (place / "out").exists()


def test_both_kinds_of_stops_are_confirmed_one_after_the_other(place):
    """The changes against the edition before, and a coincidence that is in the new edition alone."""
    limits = "[comparison]\nmax_change = 0.2\n"
    build(declare(place, TABLES + REPORT + limits, OPENS, COVER, TABLE), place / "out")
    declare(place, TOGETHER + limits, OPENS, COVER, TABLE, f"print('{held_back(place):.1f}')")
    complained, first = stopped(place)
    assert "give away" in complained
    complained, second = stopped(place, "--confirm", first)
    assert "beyond the limits" in complained
    status, _, complained = wagekit("build", "-r", "release.toml", "-o", "out", "--confirm", second, folder=place)
    assert status == 0, complained
    assert "0 made, 2 unchanged" in complained  # the edition that waited, with the word of the first
    assert json.loads((place / "out" / "manifest.json").read_text())["confirmed"] == [first]
