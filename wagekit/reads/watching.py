"""The watching itself: an audit hook (PEP 578) that says what a notebook's process opens, lists, runs or asks for."""

# Paths stay the texts that Python's events give, since this runs whenever a file is opened.
# ruff: noqa: PTH100, PTH109, PTH116, PTH117, PTH110, PTH113, PTH118, PTH119, PTH123

from __future__ import annotations

import os
import re
import site
import sys
import sysconfig
import threading
from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec, source_from_cache
from pathlib import Path
from types import FrameType
from typing import Any

from wagekit.reads import records
from wagekit.reads.unseen_code import unseen_in
from wagekit.resources import resource

_PROGRAM_EVENTS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.forkpty", "pty.spawn")
_NETWORK_EVENTS = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "urllib.Request")
_HARMLESS_CALLERS = ("platform.py", os.path.join("matplotlib", "font_manager.py"), os.path.join("core", "history.py"))
"""Who may run programs and open databases: the standard library's ``platform``, matplotlib's search for fonts,
IPython's history."""

_METADATA = os.path.join(os.sep, "importlib", "metadata", "")
"""Where the standard library looks for installed packages; all of them belong to the fingerprint."""

_FONT_LIST = re.compile(r"fontlist-v[\d.]+\.json$")
"""matplotlib's own list of the system's fonts; reports use one font, which belongs to the fingerprint."""

_watch: _Watch | None = None


def watch(*private: str | os.PathLike[str]) -> None:
    """Say from now on what this process reads; to be called in a notebook's kernel before its first cell.

    It says each file that Python opens for reading and each folder that it lists, outside of the Python installation
    and of wagekit (whose versions and code belong to the fingerprint), what goes to the network or to other programs,
    and what the notebook's code and the modules beside it import or call that reads unseen. It can't be undone. The
    process must have ``WAGEKIT_READS`` in its environment by then; without it nothing is said.

    In a kernel forked from a server call it in the child, after the environment is set. The stock kernel is told on
    its command line::

        --IPKernelApp.exec_lines=__import__("wagekit.reads").reads.watch()

    Parameters
    ----------
    private : folders of the kernel's own, whose files are not the notebook's doing, beside those that the variables
        ``IPYTHONDIR`` and ``JUPYTER_RUNTIME_DIR`` name.
    """
    global _watch
    records.mark_watched()
    first = _watch is None
    watching = _watch = _Watch(_own_folders(tuple(os.fspath(path) for path in private)))
    if first:
        sys.addaudithook(_hook)
    watching.guarded(watching.loaded)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _watch is not None and event in _HANDLERS:
        handler = _HANDLERS[event]
        watching = _watch
        frame = sys._getframe(1)
        watching.guarded(lambda: handler(watching, event, arguments, frame))


def _own_folders(private: tuple[str, ...]) -> tuple[str, ...]:
    """The Python installation, wagekit and its data, the system's own files, the kernel's folders."""
    paths = sysconfig.get_paths()
    own = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    own += [*site.getsitepackages(), site.getusersitepackages()]
    own += [os.path.join(prefix, name) for prefix in {sys.prefix, sys.base_prefix} for name in ("share", "lib")]
    own += [str(Path(__file__).resolve().parents[1]), str(resource("data"))]
    own += ["/proc", "/sys", "/dev"] if os.name == "posix" else []
    variables = ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "NUMBA_CACHE_DIR")
    own += [os.environ[name] for name in variables if os.environ.get(name)]
    folders = {form for path in [*own, *private] for form in (os.path.abspath(path), os.path.realpath(path))}
    return tuple(sorted(os.path.join(folder, "") for folder in folders))


class _Watch:
    """What has been said, what the process made itself, and where nothing is to be said."""

    def __init__(self, own: tuple[str, ...]) -> None:
        self._own = own
        self._said: set[tuple[str, object]] = set()
        self._made: set[str] = set()
        self._local = threading.local()

    def guarded(self, work: Callable[[], None]) -> None:
        """Do something of the watch's own, whose file accesses are nobody's reads; a failure of it is told."""
        if getattr(self._local, "busy", False) or not records.recording():
            return
        self._local.busy = True
        try:
            work()
        except Exception as error:  # an exception would come out of the notebook's own call
            records.record_unseen(f"could not be watched ({type(error).__name__}: {error})")
        finally:
            self._local.busy = False

    def is_own(self, path: str) -> bool:
        """Whether a file belongs to the installation, to wagekit, to the system or to the kernel."""
        return self._lies_in_own(path) or self._lies_in_own(os.path.realpath(path))

    def _lies_in_own(self, path: str) -> bool:
        """The same, by the path alone: most files of the installation are found so, without a look at the disk."""
        return (path + os.sep).startswith(self._own)

    def loaded(self) -> None:
        """Modules from outside the installation that were loaded before."""
        for module in list(sys.modules.values()):
            path = getattr(module, "__file__", None)
            if isinstance(path, str) and not self._lies_in_own(os.path.abspath(path)):
                self.opened(path)

    def opened(self, path: str, flags: int = os.O_RDONLY) -> None:
        """A file is about to be opened."""
        given, path = path, os.path.abspath(path)
        if flags & (os.O_TRUNC | os.O_EXCL):
            self._made.add(path)
            return
        if path in self._made or flags & os.O_ACCMODE == os.O_WRONLY or self.is_own(path):
            return
        if path == os.path.abspath(os.environ[records.VARIABLE]) or _FONT_LIST.search(path):
            return
        if path.endswith(".pyc"):
            # A module's compiled form is read in its place; the source is what somebody changes.
            given, path = _source(given), _source(path)
        if os.path.exists(path) and not os.path.isfile(path):
            self.unseen(f"opens {path}, which is no file")
            return
        for form in _forms(given):
            self._say(form, partial(records.record_file, form))
        if path.endswith((".py", ".pyw")):
            self._look_at(path)

    def listed(self, path: str) -> None:
        """A folder is about to be listed."""
        if not self.is_own(os.path.abspath(path)):
            for form in _forms(path):
                self._say(form + os.sep, partial(records.record_folder, form))

    def unseen(self, reason: str) -> None:
        if ("", reason) not in self._said:
            self._said.add(("", reason))
            records.record_unseen(reason)

    def code(self, source: str, where: str = "") -> None:
        """Code of the notebook, or of a module beside it."""
        for reason in unseen_in(source, self._is_local):
            self.unseen(f"{reason} in {where}" if where else reason)

    def is_notebooks(self, frame: FrameType) -> bool:
        """Whether it is the notebook's code, or the compiling of its cells, that runs in a frame."""
        name = frame.f_code.co_filename
        if name.endswith(os.path.join("IPython", "core", "compilerop.py")):
            return True
        return not (name.startswith("<frozen") or self.is_own(os.path.abspath(name)))

    def _say(self, path: str, say: Callable[[], None]) -> None:
        try:
            about = os.stat(path)
            state: object = (about.st_mtime_ns, about.st_size, about.st_ino)
        except OSError:
            state = None
        if (path, state) not in self._said:
            self._said.add((path, state))
            say()

    def _look_at(self, path: str) -> None:
        try:
            with open(path, encoding="utf-8") as file:
                self.code(file.read(), os.path.basename(path))
        except (OSError, ValueError):
            return

    def _is_local(self, module: str) -> bool:
        try:
            spec = find_spec(module)
        except (ImportError, ValueError):
            return False
        if spec is None:
            return False
        places = [spec.origin] if spec.origin else list(spec.submodule_search_locations or ())
        return bool(places) and not any(self.is_own(os.path.abspath(place)) for place in places)


def _forms(path: str) -> list[str]:
    """A path as it is absolutely, and from the folder of the notebook where it leads through that: either may come to
    mean another file, be it that the file is changed or that the notebook is run in another folder.
    """
    whole, here = os.path.abspath(path), os.path.join(os.getcwd(), "")
    if not os.path.isabs(path):
        return [whole, os.path.normpath(path)]
    return [whole, whole[len(here) :]] if whole.startswith(here) else [whole]


def _source(path: str) -> str:
    try:
        return source_from_cache(path)
    except ValueError:
        return path


def _on_open(watching: _Watch, event: str, arguments: tuple[Any, ...], frame: FrameType) -> None:
    path, _, flags = arguments
    if isinstance(path, (str, bytes, os.PathLike)):
        watching.opened(os.fsdecode(path), flags or 0)


def _on_listing(watching: _Watch, event: str, arguments: tuple[Any, ...], frame: FrameType) -> None:
    (path,) = arguments
    # The import system looks for modules: those it finds are opened.
    if frame.f_code.co_filename.startswith("<frozen importlib") or _METADATA in frame.f_code.co_filename:
        return
    if isinstance(path, int):
        watching.unseen("lists a folder by its handle")
    else:
        watching.listed(os.fsdecode("." if path is None else path))


def _on_import(watching: _Watch, event: str, arguments: tuple[Any, ...], frame: FrameType) -> None:
    # Only compiled modules come with their file here; the others are opened.
    path = arguments[1]
    if isinstance(path, str):
        watching.opened(path)


def _on_library(watching: _Watch, event: str, arguments: tuple[Any, ...], frame: FrameType) -> None:
    (name,) = arguments
    if isinstance(name, str) and os.path.isabs(name):
        watching.opened(name)


def _on_compile(watching: _Watch, event: str, arguments: tuple[Any, ...], frame: FrameType) -> None:
    source = arguments[0]
    if isinstance(source, bytes):
        source = source.decode("utf-8", "replace")
    if isinstance(source, str) and watching.is_notebooks(frame):
        watching.code(source)


def _on_move(watching: _Watch, event: str, arguments: tuple[Any, ...], frame: FrameType) -> None:
    watching.unseen("goes to another folder (os.chdir)")


def _on_unseen(watching: _Watch, event: str, arguments: tuple[Any, ...], frame: FrameType) -> None:
    caller: FrameType | None = frame
    while caller is not None:
        if caller.f_code.co_filename.endswith(_HARMLESS_CALLERS):
            return
        caller = caller.f_back
    what = "asks the network" if event in _NETWORK_EVENTS else "opens a database or runs a program"
    watching.unseen(f"{what} ({event})")


_HANDLERS: Mapping[str, Callable[[_Watch, str, tuple[Any, ...], FrameType], None]] = {
    "open": _on_open,
    "os.listdir": _on_listing,
    "os.scandir": _on_listing,
    "import": _on_import,
    "ctypes.dlopen": _on_library,
    "os.chdir": _on_move,
    "compile": _on_compile,
    **dict.fromkeys((*_PROGRAM_EVENTS, *_NETWORK_EVENTS, "sqlite3.connect"), _on_unseen),
}
