"""What a build is made of: one task a report, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from wagekit.publish.rendering.parameters import Value
from wagekit.reads import Read as Read

Format = Literal["html", "pdf"]


@dataclass(frozen=True)
class Limits:
    """What one report may use.

    Parameters
    ----------
    cell : seconds that one cell may take.
    report : seconds for the whole report, execution and rendering.
    memory : bytes of its own data that the report's process may hold, beyond what it was started with.
    """

    cell: float = 300.0
    report: float = 1_800.0
    memory: int = 4 * 2**30


@dataclass(frozen=True)
class Task:
    """One report to make.

    Parameters
    ----------
    name : of its files, without ending.
    notebook : path of the notebook.
    parameters : all of the notebook's parameters with their values, checked.
    formats : what it is rendered to.
    limits : what it may use.
    fingerprint : of its recipe (:func:`wagekit.builds.fingerprints.fingerprint`), told to its notebook for the footer;
        "" where none was taken.
    """

    name: str
    notebook: Path
    parameters: Mapping[str, Value]
    formats: tuple[Format, ...] = ("html", "pdf")
    limits: Limits = field(default_factory=Limits)
    fingerprint: str = ""


@dataclass(frozen=True)
class Outcome:
    """What came of a task.

    Parameters
    ----------
    task : that was run.
    files : names of the files it wrote into the folder of the build; empty if it failed.
    reads : what its notebook read; None if that can't be known in full, so that it has to be run each time.
    problem : why it failed, in one sentence that repeats nothing of the data; "" if it did not.
    detail : the same with the words of a foreign exception, which may repeat data; for whoever runs the build.
    failed_notebook : the notebook with the outputs it had by then, if it failed.
    seconds : that it took.
    peak_memory : largest resident memory of the notebook's process, in bytes.
    """

    task: Task
    files: tuple[str, ...] = ()
    reads: tuple[Read, ...] | None = None
    problem: str = ""
    detail: str = ""
    failed_notebook: Path | None = None
    seconds: float = 0.0
    peak_memory: int = 0
