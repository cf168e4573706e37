"""A warm server: a process that has loaded all that reports need, and is forked for each of them.

Loading the libraries takes longer than most reports. A process forked from one that has loaded them starts at once
and is a world of its own all the same: nothing that a report does to modules, styles or memory reaches the next one.

A fork copies one thread only, so the server has a single one: it starts nothing that works in the background, and is
not used if it finds that something did. Whoever asks for forks holds one end of a socket (:mod:`wagekit.builds.forks`).
When that is closed, be it by ``kill -9``, the server ends everything that came from it, also what a notebook detached
from itself, and then itself.
"""

from __future__ import annotations

import gc
import json
import os
import select
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wagekit.collect.classification import Classification

from wagekit.publish.rendering.notebook_format import nbformat

GRACE = 0.5
"""Seconds that helpers of an ended process have for putting their things away."""

_DIE_WITH_PARENT, _ADOPT_ORPHANS = 1, 36  # PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER of prctl(2)


def main() -> None:
    """Load everything, then serve: the arguments are the number of the open socket and the folder to remove."""
    _, number, folder = sys.argv
    requests = socket.socket(fileno=int(number))
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    sys.path.remove("")
    # Loading takes seconds in which nobody looks at the socket: a builder that is killed meanwhile says so by a signal.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit())
    _prctl(_DIE_WITH_PARENT, signal.SIGTERM)
    try:
        if select.select([requests], [], [], 0)[0]:  # it was killed even before
            sys.exit()
        preload()
        _prctl(_DIE_WITH_PARENT, 0)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if len(list(Path("/proc/self/task").iterdir())) == 1:
            requests.send(b"ready")
            serve(requests)
    finally:  # also where nobody hears any more that it is ready
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)


set_by_libraries: dict[str, str] = {}
"""Environment variables that libraries set when they were loaded; a kernel gets an environment of its own, and these."""


def preload() -> None:
    """Load what reports and their kernels need, without starting a thread."""
    before = dict(os.environ)
    nbformat()
    for name in _LIBRARIES:
        import_module(name)
    for room in _ROOMS:
        package = import_module(f"wagekit.{room}")
        for module in walk_packages(getattr(package, "__path__", ()), f"{package.__name__}."):
            with suppress(ImportError):  # of an extra that is not installed
                import_module(module.name)
    _rehearse()
    set_by_libraries.update({name: value for name, value in os.environ.items() if before.get(name) != value})
    gc.collect()
    gc.freeze()  # the collector leaves these objects alone, so that their memory stays shared


_ROOMS = ("publish", "collect", "guidance", "statistics", "weighting", "disclosure", "survey", "waves", "builds")
# Not statsmodels: it loads polars where that is installed, which starts threads.
_LIBRARIES = (
    "duckdb", "pandas", "pandas.core.methods.to_dict", "pandas.io.formats.string", "pyarrow.compute", "scipy.stats",
    "narwhals.stable.v2", "narwhals._pandas_like.namespace", "fontTools.ttLib.tables.C_F_F_", "uharfbuzz",
    "matplotlib.backends.backend_svg", "matplotlib.pyplot",
    "ipykernel.kernelapp", "ipykernel.ipkernel", "jupyter_client.asynchronous", "jupyter_client.manager", "nbclient",
    "nbconvert.exporters", "typst", "lxml.html", "pikepdf", "pypdfium2", "zmq.utils.garbage", "psutil",
    # What a kernel loads by name when it starts.
    "ipykernel.debugger", "tornado.platform.asyncio", "IPython.core.completerlib", "IPython.core.debugger",
    "IPython.core.logger", "IPython.core.oinspect", "IPython.extensions.storemagic", "encodings.utf_8_sig", "faulthandler",
    # What tables are drawn with.
    "narwhals.stable.v2._namespace", "narwhals._interchange.dataframe",
)  # fmt: skip


def _rehearse() -> None:
    """Do once what is slow the first time only: fonts, templates, code lists, the format of notebooks."""
    from jupyter_client.provisioning.factory import KernelProvisionerFactory

    from wagekit.collect.classification import load, shipped_names
    from wagekit.collect.parts import lists_digest
    from wagekit.publish import drawing
    from wagekit.publish.cover import Cover
    from wagekit.publish.rendering import exporters, fonts, notebook
    from wagekit.publish.rendering.document import Document, Prose
    from wagekit.publish.rendering.markdown import parse
    from wagekit.publish.table import WageTable
    from wagekit.resources import resource

    lists = {name: load(name) for name in shipped_names()}
    lists_digest(lists)
    fonts.check_glyphs("工资", where="")
    drawing.draw(lambda sheet: sheet.text(0, 0, _letters(lists)), height=72.0, synthetic=True, language="zh")
    WageTable("工资", "元/年", (), ("名称",), (), ()).to_html()
    exporters.make_page(Document(Cover("工资"), (Prose(tuple(parse("$x$"))),)))
    fonts.load_for_typst()
    KernelProvisionerFactory.instance()  # it looks through all installed packages
    notebook.load(next(resource("notebooks").glob("*.ipynb")))


def _letters(lists: Mapping[str, Classification]) -> str:
    """What charts have most of: figures, and the names of industries and groups of occupations."""
    names = (
        name
        for each in (lists["industry"], lists["occupation"])
        for name in each.items.loc[each.items["level"].isin(each.levels[:2]), "name"]
    )
    return "0123456789%" + "".join(names)


def serve(requests: socket.socket) -> None:
    """Fork whenever asked until the one who asks is gone; then end all that came from here.

    Parameters
    ----------
    requests : gets ``{"fork": entry}`` with the child's ends of two sockets, or ``{"signal": number, "pid": pid}``.
    """
    _prctl(_ADOPT_ORPHANS, 1)
    children: dict[int, socket.socket] = {}
    woken, wake = socket.socketpair()
    wake.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)

    def begin(entry: str, stream: socket.socket, status: socket.socket) -> None:
        signal.set_wakeup_fd(-1)
        for other in (requests, woken, wake, status, *children.values()):
            other.close()
        _run(entry, stream)

    while True:
        ready, _, _ = select.select([requests, woken], [], [])
        if woken in ready:
            woken.recv(4096)
        _reap(children)
        if requests not in ready:
            continue
        try:
            content, handles, _, _ = socket.recv_fds(requests, 65_536, 2)
        except ConnectionError:
            content, handles = b"", []
        if not content:
            break
        message = json.loads(content)
        if "signal" in message:
            if message["pid"] in children:
                _signal(message["pid"], message["signal"])
            continue
        stream, status = (socket.socket(fileno=handle) for handle in handles)
        with stream:
            try:
                pid = _forked(partial(begin, message["fork"], stream, status))
            except OSError as error:
                _say(status, {"problem": error.strerror})
                status.close()
            else:
                children[pid] = status
                _say(status, {"pid": pid})
    requests.close()
    _end_all(children)


def _forked(work: Callable[[], None]) -> int:
    """Fork; the child does its work and ends, with this process if that is killed."""
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        _prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        if os.getppid() == parent:
            os.setsid()
            work()
            status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        with suppress(Exception):
            sys.stdout.flush()
        os._exit(status)


def _run(entry: str, stream: socket.socket) -> None:
    """In a new child: what a fork copies but a fresh process would not have is put right, then the function is run."""
    import random

    import numpy

    for number in (signal.SIGCHLD, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    random.seed()
    numpy.random.seed()  # noqa: NPY002 -- the global state, which is what is copied
    module, function = entry.split(":")
    getattr(import_module(module), function)(stream)


def _reap(children: dict[int, socket.socket]) -> bool:
    """Take note of the processes that ended and tell whoever asked for them; whether any are left."""
    while True:
        try:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if pid == 0:
            return True
        told = children.pop(pid, None)  # or it is an orphan
        if told is not None:
            with told:
                _say(told, {"status": os.waitstatus_to_exitcode(status), "peak": usage.ru_maxrss * 1024})


def _end_all(children: dict[int, socket.socket]) -> None:
    """End all processes that came from here: at once those that were asked for, the orphans after their grace."""
    for pid in children:
        _signal(pid, signal.SIGKILL)
    deadline = time.monotonic() + GRACE
    while _reap(children):
        if time.monotonic() > deadline:
            for pid in _own_children():
                _signal(pid, signal.SIGKILL)
        time.sleep(0.005)


def _own_children() -> list[int]:
    import psutil

    return [child.pid for child in psutil.Process().children()]


def _signal(pid: int, number: int) -> None:
    """Send a signal to a process and the group that it leads."""
    try:
        os.killpg(pid, number)
    except OSError:  # it leads none
        with suppress(OSError):
            os.kill(pid, number)


def _say(to: socket.socket, message: Mapping[str, object]) -> None:
    with suppress(OSError):  # nobody listens any more
        to.send(json.dumps(message).encode())


def _prctl(option: int, value: int) -> None:
    import ctypes

    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
