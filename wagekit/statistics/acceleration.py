"""When the compiled passes take over from NumPy, and how they come to be compiled without anyone waiting.

``WAGEKIT_COMPILED=0`` keeps to NumPy; ``WAGEKIT_COMPILED=1`` compiles on the spot where need be.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import lru_cache
from importlib import import_module, metadata
from pathlib import Path
from types import ModuleType
from typing import TypeVar

_Part = TypeVar("_Part")
_Made = TypeVar("_Made")

SMALLEST = 100_000
"""Rows below which NumPy is quick enough not to load Numba for."""

THREADS = 4
"""Most parts of the units that are passed over at once."""


def compiled(rows: int) -> ModuleType | None:
    """The module of compiled passes, or None where NumPy is to do the work.

    Parameters
    ----------
    rows : size of the sample.
    """
    return _module().result() if _wanted(rows) else None


def loaded(rows: int) -> ModuleType | None:
    """As :func:`compiled`, but None too as long as the passes are being loaded: for what NumPy does nearly as fast."""
    return _module().result() if _wanted(rows) and _module().done() else None


def load_ahead(rows: int) -> bool:
    """Begin to load the passes where a sample of this size will want them; whether they are still being loaded."""
    return _wanted(rows) and not _module().done()


def _wanted(rows: int) -> bool:
    wish = os.environ.get("WAGEKIT_COMPILED", "")
    if wish == "0" or (rows < SMALLEST and wish != "1"):
        return False
    if wish != "1" and not _ready():
        _compile_aside()
        return False
    return True


@lru_cache(maxsize=1)
def _module() -> Future[ModuleType | None]:
    """Numba takes a third of a second to load: a thread does it while codes and orders are made."""
    return _pool().submit(_load)


def _load() -> ModuleType | None:
    try:
        passes = import_module("wagekit.statistics.compiled")
    except ImportError:
        return None
    passes.load()
    return passes


def _sources() -> list[Path]:
    return sorted(Path(__file__).parent.glob("passes_*.py"))


@lru_cache(maxsize=1)
def marker() -> Path | None:
    """File that says that this version of the passes lies compiled in Numba's cache; None without Numba."""
    try:
        version = metadata.version("numba")
    except metadata.PackageNotFoundError:
        return None
    edited = max(source.stat().st_mtime_ns for source in _sources())
    stamp = f"{version}-{metadata.version('numpy')}-{sys.implementation.cache_tag}-{edited}"
    beside = Path(__file__).with_name("__pycache__")
    folder = beside if os.access(beside if beside.exists() else beside.parent, os.W_OK) else Path(tempfile.gettempdir())
    return folder / f"compiled.{stamp}.ready"


def _ready() -> bool:
    done = marker()
    return done is not None and done.exists()


@lru_cache(maxsize=1)
def _compile_aside() -> None:
    """Start the compilation in a process of its own, once; its end is seen by the marker."""
    if marker() is None:
        return
    try:
        subprocess.Popen(
            [sys.executable, "-m", "wagekit.statistics.warming"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return


def at_once(work: Callable[[_Part], _Made], parts: Sequence[_Part]) -> list[_Made]:
    """Results of a compiled pass over parts of the rows, some at once: the passes let go of Python's lock."""
    made: dict[int, _Made] = {}
    waiting = iter(range(len(parts)))

    def run() -> None:
        for index in waiting:
            made[index] = work(parts[index])

    helpers = min(THREADS, os.cpu_count() or 1, len(parts)) - 1
    helped = [_pool().submit(run) for _ in range(helpers)]
    run()
    for helper in helped:
        helper.result()
    return [made[index] for index in range(len(parts))]


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="wagekit")


def _settle() -> None:
    """Nothing is left half loaded for a forked process, whose copy of this one has no other threads."""
    if _module.cache_info().currsize:
        wait([_module()])


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_settle, after_in_child=_pool.cache_clear)
