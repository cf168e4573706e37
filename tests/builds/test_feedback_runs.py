"""Runs of the feedback that go wrong: what is published then, what the next run has to make, what the journal says."""

import csv
import json
import os
import re
import signal
import time
from io import BytesIO
from multiprocessing import get_context

import pikepdf
import pytest

from tests.publish import made_feedback as made
from wagekit.builds import feedback
from wagekit.builds.feedback_keys import make_keys
from wagekit.builds.fingerprints import environment
from wagekit.builds.journal import journal_of, read
from wagekit.errors import InputError, ReleaseError
from wagekit.publish.feedback.letters import Feedback

pytestmark = pytest.mark.filterwarnings("ignore::wagekit.errors.WagekitWarning")


@pytest.fixture
def keys(tmp_path):
    path = tmp_path / "keys.csv"
    make_keys(path, made.CODES)
    return path


def key_of(keys, code):
    with keys.open(encoding="utf-8") as stream:
        return next(row["key"] for row in csv.DictReader(stream) if row["enterprise_id"] == code)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def plain(content, key):
    """The same bytes for the same letter, whatever the random numbers of its encryption."""
    with pikepdf.open(BytesIO(content), password=key) as pdf:
        unlocked = BytesIO()
        pdf.save(unlocked, encryption=False, deterministic_id=True)
    return unlocked.getvalue()


def events(target, *names):
    """The last run's events and some of their fields."""
    found = read(journal_of(target))
    last = [event for event in found if event["build"] == found[-1]["build"]]
    return [tuple(event.get(name) for name in ("event", *names)) for event in last]


class Call:
    """Calls a function in the process that receives it."""

    def __init__(self, function, argument):
        self.call = function, (argument,)

    def __reduce__(self):
        return self.call

    def __repr__(self):
        return f"{self.call}"


# -- letters that fail -----------------------------------------------------------------------------------------------


def test_a_failure_goes_on_with_the_others_and_publishes_nothing(tmp_path, keys, monkeypatch):
    target = tmp_path / "feedback"
    made.only(monkeypatch, 0, 1)
    made.run(target, keys=keys)
    before = contents(target)
    steps = []
    made.only(monkeypatch, 0, 1, 2, industry="\U0001f600")
    with pytest.raises(ReleaseError) as caught:
        made.run(target, keys=keys, progress=lambda *step: steps.append(step))
    assert "feedback failed for 1 of 3 enterprises" in str(caught.value)
    assert f"{made.CODES[0]}: feedback {made.CODES[0]}: no glyph for" in str(caught.value)
    # The letter that nothing changed of is taken over from the published ones.
    assert [done for done, *_ in steps] == [0, 1, 2, 3]
    assert {code for _, _, code in steps} == {"", made.CODES[0], made.CODES[2]}
    assert contents(target) == before
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {"feedback", "feedback.builds"}


@pytest.mark.parametrize(
    ("call", "said", "journalled"),
    [
        (Call(os._exit, 3), r"the process that made it ended \(status 3\)", "status 3"),
        (Call(signal.raise_signal, signal.SIGKILL), r"the process that made it ended \(SIGKILL\)", "SIGKILL"),
        (Call(time.sleep, 3_600), "it took more than 8 s", "time limit"),
    ],
)
def test_a_letter_that_hangs_or_kills_costs_itself_only(tmp_path, keys, monkeypatch, call, said, journalled):
    target = tmp_path / "feedback"
    made.only(monkeypatch, 0, 1, 2, 3, remarks=(call,))
    with pytest.raises(ReleaseError, match=f"for 1 of 4 .*{made.CODES[0]}: {said}"):
        made.run(target, keys=keys, seconds=8.0)
    assert not target.exists()
    assert events(target, "task", "problem") == [
        ("build_started", None, None),
        ("task_failed", made.CODES[0], journalled),
        ("not_published", None, f"{made.CODES[0]}: {journalled}"),
    ]
    kept = contents(tmp_path / "feedback.builds" / "letters")
    assert kept.keys() == {f"{made.CODES[number]}.pdf" for number in (1, 2, 3)}
    # The next run makes the one that is missing, and publishes the others as they were made.
    made.only(monkeypatch, 0, 1, 2, 3)
    result = made.run(target, keys=keys)
    assert (len(result.files), result.reused) == (4, 3)
    assert events(target, "files", "made", "reused")[1:] == [("published", 5, 1, 3)]
    published = contents(target)
    assert kept.items() <= published.items()
    assert [path.name for path in (tmp_path / "feedback.builds").iterdir()] == ["letters.jsonl"]


def test_processes_that_never_start_are_told(tmp_path, keys, monkeypatch):
    deadly = Feedback(Call(os._exit, 1), made.told().enterprises)
    monkeypatch.setattr(feedback, "open_feedback", lambda *_, **__: deadly)
    with pytest.raises(ReleaseError, match="can't be started"):
        made.run(tmp_path / "feedback", keys=keys)


# -- runs that are interrupted ---------------------------------------------------------------------------------------


def run_until_killed(target, keys, release, published):
    """A process of its own that is killed after two letters."""

    def step(done, letters, code):
        if done == 2:
            os.kill(os.getpid(), signal.SIGKILL)

    feedback.build_feedback(release, target, published=published, keys=keys, progress=step)


def test_a_run_that_was_killed_is_gone_on_with(tmp_path, keys):
    target, whole = tmp_path / "killed", tmp_path / "whole"
    killed = get_context("spawn").Process(
        target=run_until_killed, args=(target, keys, made.release(), made.published())
    )
    killed.start()
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    assert not target.exists()
    # What a process that was killed may leave: half a file, half a record.
    (tmp_path / "killed.builds" / "letters" / ".x.pdf.1.part").write_bytes(b"%PDF")
    with (tmp_path / "killed.builds" / "letters.jsonl").open("a", encoding="utf-8") as stream:
        stream.write('\n{"id": "9131')
    kept = contents(tmp_path / "killed.builds" / "letters")
    environment.cache_clear()  # as for the process that was killed: somebody may edit the code while tests run
    result = made.run(target, keys=keys)
    assert 1 <= result.reused <= 2
    assert [path.name for path in tmp_path.glob("*.part")] == []
    after = contents(target)
    assert sum(after.get(name) == content for name, content in kept.items()) == result.reused
    made.run(whole, keys=keys)
    others = contents(whole)
    assert after.keys() == others.keys()
    for code in made.CODES:
        key = key_of(keys, code)
        assert plain(after[f"{code}.pdf"], key) == plain(others[f"{code}.pdf"], key)


def test_ctrl_c_is_journalled_and_keeps_what_was_made(tmp_path, keys, monkeypatch):
    target = tmp_path / "feedback"
    made.only(monkeypatch, 0, 1, 2)

    def step(done, letters, code):
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made.run(target, keys=keys, jobs=1, progress=step)
    assert events(target, "signal")[-1] == ("stopped", signal.SIGINT)
    assert not target.exists()
    assert made.run(target, keys=keys).reused == 1


# -- what is taken over ----------------------------------------------------------------------------------------------


def test_only_what_changed_is_made_again(tmp_path, keys, monkeypatch):
    target = tmp_path / "feedback"
    made.only(monkeypatch, 0, 1, 2)
    made.run(target, keys=keys)
    before = contents(target)
    assert made.run(target, keys=keys).reused == 3
    assert contents(target) == before

    def changed():
        after = contents(target)
        return {
            made.CODES.index(name.removesuffix(".pdf"))
            for name in after
            if ".pdf" in name and after[name] != before[name]
        }

    made.only(monkeypatch, 0, 1, 2, name="另一个名称")
    made.run(target, keys=keys)
    assert changed() == {0}

    made.only(monkeypatch, 0, 1, 2)
    key = key_of(keys, made.CODES[1])
    keys.write_text(keys.read_text(encoding="utf-8").replace(key, "Xk29-Lm4P-77qt"), encoding="utf-8")
    made.run(target, keys=keys)
    assert changed() == {0, 1}
    assert plain((target / f"{made.CODES[1]}.pdf").read_bytes(), "Xk29-Lm4P-77qt")

    # A published letter that isn't as it was is made again too.
    (target / f"{made.CODES[2]}.pdf").write_bytes(b"%PDF")
    assert made.run(target, keys=keys).reused == 2
    assert changed() == {0, 1, 2}


def test_no_record_tells_of_a_letter_without_its_key(tmp_path, keys, monkeypatch):
    made.only(monkeypatch, 0)
    made.run(tmp_path / "feedback", keys=keys)
    private = tmp_path / "feedback.builds"
    assert private.stat().st_mode & 0o077 == 0
    record = json.loads((private / "letters.jsonl").read_text(encoding="utf-8"))
    assert record.keys() == {"id", "file", "pages", "sha256", "made", "fingerprint"}
    # Under another key the same figures have another fingerprint: it can't be found by trying figures.
    keys.unlink()
    make_keys(keys, made.CODES)
    made.run(tmp_path / "feedback", keys=keys)
    again = json.loads((private / "letters.jsonl").read_text(encoding="utf-8"))
    assert again["fingerprint"] != record["fingerprint"]


def test_what_is_wrong_before_the_first_letter_is_journalled(tmp_path):
    with pytest.raises(InputError):
        made.run(tmp_path / "feedback", keys=tmp_path / "none.csv")
    (start, end) = events(tmp_path / "feedback", "problem")
    assert start[0] == "build_started"
    assert end[0] == "not_published"
    assert re.search("keys can't be read", end[1])
