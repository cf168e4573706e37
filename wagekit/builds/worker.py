"""What the process of one report does: run the notebook, read it once, render it, check it, put the files in place.

It is started by :mod:`wagekit.builds.running`, forked from a warm server or, where that can't be had, fresh. It is
told what to do in one line of JSON and answers in lines of JSON: how many cells are done, and at the end what came of
the report. No code of a notebook runs in it, that is what the kernel is for.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from wagekit.builds.tasks import Limits, Task
from wagekit.errors import ReleaseError, WagekitError
from wagekit.files import replacing
from wagekit.publish.cover import FINGERPRINT
from wagekit.publish.rendering.kernel import place_for_temporary_files
from wagekit.publish.rendering.notebook import NotebookFailure, execute, load, save, without_injected

Message = dict[str, Any]


KEPT = "executed.ipynb"
"""Where a worker keeps the notebook with its outputs, in its private folder, until the report is in place."""


def order(task: Task, folder: Path, private: Path) -> Message:
    """What a worker is told.

    Parameters
    ----------
    task : the report.
    folder : of the build.
    private : an empty folder of the worker's own.
    """
    told = {**asdict(task), "notebook": str(task.notebook.absolute()), "parameters": dict(task.parameters)}
    return {"task": told, "folder": str(folder), "private": str(private)}


def forked(stream: socket.socket) -> None:
    """The life of a worker that was forked from a warm server.

    Parameters
    ----------
    stream : gives the order and takes the answers.
    """
    import tempfile

    from wagekit.builds.forks import WarmServer
    from wagekit.builds.provisioner import ForkProvisioner, limit_memory

    # The kernel comes from a server of the worker's own, so that all it starts ends with the worker.
    server = WarmServer.split(stream)
    ForkProvisioner.server = server
    with stream, stream.makefile("rb") as orders, stream.makefile("wb") as answers:
        told = json.loads(orders.readline())
        os.environ.update(place_for_temporary_files(told["private"]))
        tempfile.tempdir = None
        limit_memory(told["task"]["limits"]["memory"])
        _work(told, answers, lambda: server.peak_memory)


def main() -> None:
    """The life of a worker that was started fresh: it is told and answers through its standard streams."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what any library prints is no answer
    told = json.loads(sys.stdin.buffer.readline())
    _end_with_the_builder()
    _work(told, answers, _peak_memory_of_children)


def _end_with_the_builder() -> None:
    """End when the standard input is closed, as it is when the builder ends, however it does."""
    import threading

    def watch() -> None:
        sys.stdin.buffer.read()
        end_with_all_it_started(os.getpid())

    threading.Thread(target=watch, daemon=True).start()


def end_with_all_it_started(process: int) -> None:
    """Kill a process and everything that came from it."""
    import psutil

    try:
        own = psutil.Process(process)
        family = [*own.children(recursive=True), own]
    except psutil.NoSuchProcess:
        return
    for each in family:
        try:
            each.kill()
        except psutil.NoSuchProcess:
            continue


def _peak_memory_of_children() -> int:
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _work(told: Message, answers: IO[bytes], peak_memory: Callable[[], int]) -> None:
    def answer(message: Message) -> None:
        answers.write(json.dumps(message).encode() + b"\n")
        answers.flush()

    fields = told["task"]
    task = Task(
        fields["name"],
        Path(fields["notebook"]),
        fields["parameters"],
        tuple(fields["formats"]),
        Limits(**fields["limits"]),
        fields["fingerprint"],
    )
    made = make(
        task,
        Path(told["folder"]),
        private=Path(told["private"]),
        progress=lambda done, total: answer({"done": done, "total": total}),
    )
    answer({**made, "peak_memory": peak_memory()})


def make(task: Task, folder: Path, *, private: Path, progress: Callable[[int, int], None] | None = None) -> Message:
    """Make one report.

    Parameters
    ----------
    task : the report.
    folder : where its files go.
    private : an empty folder to work in. If the report fails, the notebook with its outputs is left there as
        :data:`KEPT`.
    progress : called with the number of code cells done and their total.

    Returns
    -------
    ``files`` (names) and ``reads`` (each as a list; None if they are not known in full), or ``problem`` and
    ``detail``, as :class:`~wagekit.builds.tasks.Outcome` has them.
    """
    try:
        reads = _make(task, folder, private, progress)
    except NotebookFailure as error:
        return {"problem": error.brief, "detail": str(error)}
    except WagekitError as error:
        return {"problem": str(error)}
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            full, do = "the disk of the temporary files is full", "Make room there, or name another folder in TMPDIR"
            return {"problem": str(ReleaseError(full, where=str(private), do=do))}
        found = f"the report can't be made: {type(error).__name__}"
        return {
            "problem": str(ReleaseError(found, where=str(task.notebook))),
            "detail": str(ReleaseError(f"{found} ({error})", where=str(task.notebook))),
        }
    return {"files": [f"{task.name}.{ending}" for ending in task.formats], "reads": reads}


def _make(task: Task, folder: Path, private: Path, progress: Callable[[int, int], None] | None) -> list[Any] | None:
    from wagekit.builds.report_checks import check_report
    from wagekit.publish.rendering.exporters import read_report, render
    from wagekit.reads import recorded

    kept, reads = private / KEPT, private / "reads"
    os.environ[FINGERPRINT] = task.fingerprint  # for the footer
    node = execute(
        load(task.notebook),
        task.parameters,
        folder=task.notebook.parent,  # as JupyterLab and nbconvert do it
        cell_timeout=task.limits.cell,
        timeout=task.limits.report,
        failed=kept,
        progress=progress,
        forked=True,
        memory=task.limits.memory,
        reads=reads,
    )
    save(node, kept)
    document = read_report(without_injected(node), name=task.name)
    files: Mapping[str, Path] = {ending: private / f"{task.name}.{ending}" for ending in task.formats}
    for ending, path in files.items():
        path.write_bytes(render(document, ending))
    problems = check_report(document, files, notebook=node)
    if problems:
        raise ReleaseError("; ".join(problems), where=str(task.notebook))
    with ExitStack() as together:
        for path in files.values():
            shutil.copyfile(path, together.enter_context(replacing(folder / path.name)))
    known = recorded(reads)
    return None if known is None else [[read.source, read.wave, read.part, read.digest] for read in known]
