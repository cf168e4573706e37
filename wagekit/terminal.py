"""What the terminal sees: sentences, progress, and how a signal ends the command."""

from __future__ import annotations

import io
import logging
import signal
import sys
import unicodedata
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from wagekit.errors import WagekitWarning

messages = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)
_output = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)


class Stopped(BaseException):
    """Ctrl-C, or a request to end. Not a KeyboardInterrupt, which typer answers by itself."""


def listen_for_stops() -> list[int]:
    """Let these signals end the command in good order; the list tells which one came."""
    stops: list[int] = []

    def stop(number: int, frame: object) -> None:
        stops.append(number)
        raise Stopped(number)

    names = ("SIGINT", "SIGTERM", "SIGHUP")  # the last one, where a terminal is closed, not on every system
    for number in (getattr(signal, name) for name in names if hasattr(signal, name)):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as in a job that a shell put in the background
            signal.signal(number, stop)
    return stops


def quiet_others(debug: bool) -> None:
    """Nothing but wagekit's own sentences on the terminal, and no character that it can't show ends the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if debug:
        return
    logging.getLogger().addHandler(logging.NullHandler())
    sys.unraisablehook = lambda problem: None

    def note(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if issubclass(category, WagekitWarning):
            messages.print(f"  note: {plain(str(message))}")

    warnings.showwarning = note


def plain(text: str) -> str:
    """Text for a terminal: what is no character (control codes, half-read bytes in names of files) is written out.

    >>> plain("单位\\x1b[31m\\n.csv")
    '单位\\\\x1b[31m\\\\n.csv'
    """
    return "".join(
        character.encode("unicode_escape").decode() if unicodedata.category(character)[0] == "C" else character
        for character in text
    )


def say(text: str) -> None:
    _output.print(plain(text))


@contextmanager
def progress() -> Iterator[Callable[[int, int, str], None]]:
    """A bar told of steps; silent where nobody watches."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=messages, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=None)

        def told(step: int, steps: int, what: str) -> None:
            bar.update(task, completed=max(step - 1, 0), total=steps, description=what)

        yield told


@contextmanager
def stages() -> Iterator[Callable[[str, int, int], None]]:
    """The same bar for work that tells its stage and how far that is."""
    with progress() as told:
        yield lambda stage, done, total: told(done + 1, max(total, 1), stage)
