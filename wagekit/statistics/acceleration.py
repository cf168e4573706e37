"""When the compiled passes take over from NumPy, and how they come to be compiled without anyone waiting.

``WAGEKIT_COMPILED=0`` keeps to NumPy; ``WAGEKIT_COMPILED=1`` compiles on the spot where need be.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from importlib import import_module, metadata
from pathlib import Path
from types import ModuleType
from typing import Any

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
    wish = os.environ.get("WAGEKIT_COMPILED", "")
    if wish == "0" or (rows < SMALLEST and wish != "1"):
        return None
    if wish != "1" and not _ready():
        _compile_aside()
        return None
    return _module()


@lru_cache(maxsize=1)
def _module() -> ModuleType | None:
    try:
        return import_module("wagekit.statistics.compiled")
    except ImportError:
        return None


def _source() -> Path:
    return Path(__file__).with_name("compiled.py")


@lru_cache(maxsize=1)
def marker() -> Path | None:
    """File that says that this version of the passes lies compiled in Numba's cache; None without Numba."""
    try:
        version = metadata.version("numba")
    except metadata.PackageNotFoundError:
        return None
    stamp = f"{version}-{metadata.version('numpy')}-{sys.implementation.cache_tag}-{_source().stat().st_mtime_ns}"
    beside = _source().parent / "__pycache__"
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


def in_parts(work: Callable[[int, int], Any], parts: Sequence[tuple[int, int]]) -> list[Any]:
    """Results of a compiled pass over ranges of units, some at once: the passes let go of Python's lock."""
    if len(parts) == 1:
        return [work(*parts[0])]
    return list(_pool().map(lambda part: work(*part), parts))


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1), thread_name_prefix="wagekit")
