"""Reports made side by side: each in processes of its own, so that whatever one of them does, the others go on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from glob import escape
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, Timer
from typing import Any, BinaryIO, Protocol, cast

from wagekit.builds.forks import Child, WarmServer
from wagekit.builds.tasks import Outcome, Read, Task
from wagekit.builds.worker import KEPT, end_with_all_it_started, order
from wagekit.errors import ReleaseError
from wagekit.files import made_folder, replacing, writing
from wagekit.publish.rendering.kernel import KERNEL_ENVIRONMENT, place_for_temporary_files

_WORK = "wagekit.builds.worker:forked"
_LATE = 10.0  # seconds that a worker has, beyond the report's limit, to say itself that the limit was passed

Progress = Callable[[str, int, int], None]
_Heard = SimpleQueue[Outcome | tuple[str, int, int] | Exception]


def run(
    tasks: Sequence[Task],
    folder: Path,
    *,
    failed: Path,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Generator[Outcome, None, None]:
    """Make reports, some at a time, and give the outcome of each as soon as it is there.

    Closing the iterator, as an exception in the loop over it does, ends everything that still runs and leaves nothing
    behind: no process, no temporary file. So does the death of this process, be it by ``kill -9``; only temporary
    files are then left where nothing could be forked.

    Parameters
    ----------
    tasks : the reports.
    folder : where their files go; it must be there.
    failed : folder for the notebooks of the reports that fail, with the outputs they had by then; made if need be.
    jobs : reports at a time; by default one more than there are processors, because a report waits now and then.
    progress : called with a report's name, the number of its code cells that are done, and their total.

    Yields
    ------
    One outcome a task. A report that fails leaves no file in the folder.

    Raises
    ------
    ReleaseError
        If a folder for temporary files can't be made.
    """
    if not tasks:
        return
    heard: _Heard = SimpleQueue()
    with _Crew() as crew, ThreadPoolExecutor(jobs or (os.cpu_count() or 1) + 1, "wagekit-report") as threads:
        try:
            for number, task in enumerate(tasks):
                threads.submit(_one, crew, number, task, folder, failed, heard)
            left = len(tasks)
            while left:
                event = heard.get()
                if isinstance(event, Outcome):
                    left -= 1
                    yield event
                elif isinstance(event, Exception):
                    raise event
                elif progress is not None:
                    progress(*event)
        finally:
            crew.stop()
            threads.shutdown(cancel_futures=True)


class _Worker(Protocol):
    """A process that makes a report, however it was started."""

    def answers(self) -> Iterator[bytes]: ...

    def kill(self) -> None: ...

    def ended(self) -> int | None: ...


class _Forked:
    """A worker forked from the warm server."""

    def __init__(self, child: Child, told: dict[str, Any]) -> None:
        self._child = child
        self._file = child.stream.makefile("rwb")
        self._file.write(json.dumps(told).encode() + b"\n")
        self._file.flush()

    def answers(self) -> Iterator[bytes]:
        with self._file, suppress(ConnectionError):
            yield from self._file

    def kill(self) -> None:
        self._child.kill()

    def ended(self) -> int | None:
        return self._child.wait()


class _Fresh:
    """A worker started as a Python of its own, where nothing can be forked."""

    def __init__(self, told: dict[str, Any]) -> None:
        noise = None if os.environ.get("WAGEKIT_DEBUG") else subprocess.DEVNULL
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from wagekit.builds.worker import main; main()"],
            env={**os.environ, **KERNEL_ENVIRONMENT, **place_for_temporary_files(told["private"])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=noise,
            start_new_session=True,
        )
        # Its input stays open: it ends when that is closed.
        self._input, self._output = cast(BinaryIO, self._process.stdin), cast(BinaryIO, self._process.stdout)
        self._input.write(json.dumps(told).encode() + b"\n")
        self._input.flush()

    def answers(self) -> Iterator[bytes]:
        with self._output:
            yield from self._output

    def kill(self) -> None:
        end_with_all_it_started(self._process.pid)

    def ended(self) -> int | None:
        status = self._process.wait()
        self._input.close()
        return status


class _Crew:
    """Starts the workers of a build, keeps their temporary files in one folder, and ends what there is of them."""

    def __init__(self) -> None:
        try:
            self.folder = Path(tempfile.mkdtemp(prefix="wagekit-"))
        except OSError as error:
            raise ReleaseError(
                f"no folder for temporary files can be made ({error.strerror})", where=tempfile.gettempdir()
            ) from error
        self._lock = Lock()
        self._stopped = False
        self._running: dict[str, _Worker] = {}

    def __enter__(self) -> _Crew:
        try:
            self._server = WarmServer.start(self.folder)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, task: Task, told: dict[str, Any]) -> _Worker:
        """Start a worker.

        Raises
        ------
        OSError
            If it can't be started, or all were told to stop.
        """
        with self._lock:
            if self._stopped:
                raise OSError("the build was stopped")
            child = self._forked()
            worker: _Worker = _Fresh(told) if child is None else _Forked(child, told)
            self._running[task.name] = worker
            return worker

    def _forked(self) -> Child | None:
        """A process forked from the warm server; None where there is none to be had."""
        if self._server is None:
            return None
        try:
            return self._server.fork(_WORK)
        except OSError:  # the server was killed, as by a system that has run out of memory: once more with another
            self._server.close()
            self._server = WarmServer.start(self.folder)
            return None if self._server is None else self._server.fork(_WORK)

    def forget(self, task: Task) -> None:
        with self._lock:
            self._running.pop(task.name, None)

    def stop(self) -> None:
        """End all workers and what they started, and start no more."""
        with self._lock:
            self._stopped = True
            for worker in self._running.values():
                worker.kill()
        if self._server is not None:
            self._server.close()


def _one(crew: _Crew, number: int, task: Task, folder: Path, failed: Path, heard: _Heard) -> None:
    """Have one report made by a worker, and tell what comes of it."""
    began = time.monotonic()
    private = crew.folder / str(number)
    try:
        with writing(private):
            private.mkdir()
        answer = _answered(crew, task, order(task, folder.absolute(), private), heard)
        kept = None
        if answer.get("problem"):
            for piece in folder.glob(f".{escape(task.name)}.*.part"):  # a killed worker's
                piece.unlink(missing_ok=True)
            kept = _kept(task, private / KEPT, failed)
        shutil.rmtree(private, ignore_errors=True)
        reads = answer.pop("reads", None)
        answer["files"] = tuple(answer.get("files", ()))
        heard.put(
            Outcome(
                task,
                reads=None
                if reads is None
                else tuple(Read(each[0], each[1], tuple(each[2]), each[3]) for each in reads),
                failed_notebook=kept,
                seconds=time.monotonic() - began,
                **answer,
            )
        )
    except Exception as error:
        heard.put(error)


def _kept(task: Task, notebook: Path, failed: Path) -> Path | None:
    """Where the notebook of a report that failed is kept; None if it left none."""
    if not notebook.exists():
        return None
    with suppress(ReleaseError), replacing(made_folder(failed) / f"{task.name}.failed.ipynb") as beside:
        shutil.copyfile(notebook, beside)
        return failed / f"{task.name}.failed.ipynb"
    return None


def _answered(crew: _Crew, task: Task, told: dict[str, Any], heard: _Heard) -> dict[str, Any]:
    """The last answer of a worker, or that it gave none."""
    try:
        worker = crew.start(task, told)
    except OSError as error:
        return {"problem": str(ReleaseError(f"the report can't be started ({error})", where=str(task.notebook)))}
    late = Timer(task.limits.report + _LATE, worker.kill)
    late.daemon = True
    late.start()
    last: dict[str, Any] = {}
    try:
        for line in worker.answers():
            answer = json.loads(line)
            if "done" in answer:
                heard.put((task.name, answer["done"], answer["total"]))
            else:
                last = answer
        status = worker.ended()
    finally:
        late.cancel()
        crew.forget(task)
    if last:
        return last
    overdue = not late.is_alive() and status == -9
    why = f"it took more than {task.limits.report:g} s" if overdue else f"its process ended (status {status})"
    return {"problem": str(ReleaseError(f"the report failed: {why}", where=str(task.notebook)))}
