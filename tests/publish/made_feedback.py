"""A small made survey of two waves with enterprises of every kind that feedback has to do with, and its release."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from tests.collect.made_files import credit_code, enterprises, official
from wagekit.builds import feedback
from wagekit.builds.build import build
from wagekit.builds.feedback_published import read_release
from wagekit.collect.intake import intake
from wagekit.collect.store import open as open_store
from wagekit.publish.configuration import Release
from wagekit.publish.feedback.letters import Feedback, open_feedback

NASTY = "#panic(\"x\") $a$ <b>&amp; 'q' \\ *粗* `码` {n} =1+1\n二行 \u202e反\U0001f600"
"""A name that means something to typst, Markdown, XML, format strings or spreadsheets, or has no glyph."""

MADE, DOMINATING, SMALL, TINY, NEW, UNANSWERED, PART_YEAR, CHANGED = range(0, 10), 10, (11, 12), 13, 14, 15, 16, 17
COUNT = 18
STAFF = {**dict.fromkeys(MADE, 20), 10: 90, 11: 2, 12: 2, 13: 1, 14: 9, 15: 12, 16: 8, 17: 2}
SECTION = {**dict.fromkeys(MADE, "C3611"), 10: "F5111", 11: "F5111", 12: "F5111", 13: "I6511"}
CODES = [credit_code(k) for k in range(COUNT)]

RELEASE = """
[release]
store = "survey.duckdb"
wave = 2023
title = "工资价位"
publisher = "某区人力资源和社会保障局"

[rules]
min_employees = 20
min_enterprises = 3
min_employees_tails = 30
max_cv = false

[[tables]]
name = "overall"
unit = "万元/年"

[[tables]]
name = "industry"
by = ["industry"]
unit = "万元/年"

[[tables]]
name = "occupation"
by = ["occupation_sub_major"]
unit = "元/年"
statistics = ["p25", "p50", "p75"]

[[tables]]
name = "crossed"
by = ["occupation_major", "industry"]
unit = "万元/年"

[[reports]]
notebook = "labour_cost"
formats = ["html"]
"""


def firms(wave: int) -> pd.DataFrame:
    random = np.random.default_rng(wave)
    frame = enterprises(COUNT).astype(object)
    staff = [STAFF[k] for k in range(COUNT)]
    frame["industry_code"] = [SECTION.get(k, "C3611") for k in range(COUNT)]
    frame["average_headcount"] = frame["on_post_headcount"] = [str(n) for n in staff]
    wages = [n * int(random.integers(70_000, 130_000)) for n in staff]
    cost = [int(1.4 * w) for w in wages]
    frame["wages"], frame["labour_cost"] = [str(w) for w in wages], [str(c) for c in cost]
    frame["total_profit"] = [str(int(c * random.uniform(-0.2, 1))) for c in cost]
    frame["revenue"] = [str(c * int(random.integers(4, 9))) for c in cost]
    frame["total_cost"] = [str(int(c * random.uniform(2, 4))) for c in cost]
    frame.loc[NEW, "name"] = NASTY
    frame.loc[UNANSWERED, ["contact", "depreciation", "business_taxes"]] = ""
    frame.loc[PART_YEAR, "operating_months"] = "11"
    return frame[frame.index != NEW] if wave == 2022 else frame


def people(wave: int) -> pd.DataFrame:
    random = np.random.default_rng(wave + 1)
    rows = []
    for k in range(COUNT):
        if wave == 2022 and k == NEW:
            continue
        for number in range(STAFF[k]):
            rows.append(
                {
                    "enterprise_id": CODES[k],
                    "employee_code": f"{number + 1:05d}",
                    "sex": "男" if number % 2 else "女",
                    "birth_year": str(1970 + number % 30),
                    "education": "" if k == UNANSWERED and number % 2 else "大学本科",
                    "work_start_year": "2015",
                    "occupation_code": ("2-02-10-03", "4-01-02-01", "2-06-03-00")[int(random.integers(3))],
                    "management_level": str(int(number == 0)),
                    "annual_pay": str(int(random.lognormal(11.4, 0.4))),
                    # A large enterprise reports a part of its employees, of one post more than of another.
                    "weight": "4" if k == DOMINATING and number % 3 else "1",
                    "weekly_hours": "90" if k == UNANSWERED and number == 0 else "40",
                }
            )
    frame = pd.DataFrame(rows)
    # Twice the same row, of an employee who is not taken twice.
    return pd.concat([frame, frame[frame["enterprise_id"] == CODES[UNANSWERED]].iloc[[3]]], ignore_index=True)


@cache
def release() -> Release:
    """The declared release; its store lies beside it."""
    folder = Path(tempfile.mkdtemp(prefix="feedback-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "release.toml").write_text(RELEASE, encoding="utf-8")
    with open_store(folder / "survey.duckdb") as store:
        for wave in (2022, 2023):
            made = {"单位": firms(wave), "职工": people(wave)}
            files = [folder / f"{name}{wave}.csv" for name in made]
            for file, frame in zip(files, made.values(), strict=True):
                official(frame).to_csv(file, index=False, encoding="utf-8")
            intake(store, files, wave=wave)
    return Release.load(folder / "release.toml")


def changed(text: str, *, name: str = "changed") -> Release:
    """Another declaration beside that of the release, of the same store."""
    path = release().path.with_name(f"{name}.toml")
    path.write_text(text, encoding="utf-8")
    return Release.load(path)


def built(declared: Release) -> Path:
    """The folder of a release, built for real."""
    return build(declared, Path(tempfile.mkdtemp(prefix="published-", dir=release().path.parent)) / "2023").folder


@cache
def published(further: str = "") -> Path:
    """The folder of the release; with `further`, of a release of that further text."""
    return built(changed(RELEASE + further) if further else release())


@cache
def told() -> Feedback:
    """What the enterprises are told beside the published release."""
    return open_feedback(release(), release().store, read_release(release(), published()))


def run(target: Path, **options) -> feedback.FeedbackBuilt:
    """Build the feedback beside the published release."""
    return feedback.build_feedback(release(), target, published=published(), **options)


def only(monkeypatch, *numbers: int, **changes) -> None:
    """Make a run tell just these enterprises, the first of them changed."""
    chosen = [next(each for each in told().enterprises if each.id == CODES[number]) for number in numbers]
    chosen[0] = replace(chosen[0], **changes)
    monkeypatch.setattr(feedback, "open_feedback", lambda *_, **__: Feedback(told().edition, tuple(chosen)))
