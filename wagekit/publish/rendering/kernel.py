"""The kernel of a notebook: what it is started with, so that it gives the same on each machine and in each run."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from queue import Empty
from typing import Any

from wagekit.reads.records import VARIABLE

_LONGEST_SOCKET = 100  # bytes; Linux takes 107, macOS 103, and a number is added

KERNEL_ENVIRONMENT: Mapping[str, str] = {
    "PYTHONHASHSEED": "0",
    "PYTHONWARNINGS": "ignore,always:Glyph:UserWarning",
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
}
"""What a kernel is started with: the same order of sets in each run, and sums of numbers in the same order."""


def place_for_temporary_files(folder: str) -> dict[str, str]:
    """Environment variables, of all systems, that make a folder the place for temporary files."""
    return dict.fromkeys(("TMPDIR", "TEMP", "TMP"), folder)


def kernel_environment(private: str, reads: str | os.PathLike[str] | None) -> dict[str, str]:
    """The kernel's environment: nobody's start-up files, and a place of its own for what it leaves lying about."""
    own = {"IPYTHONDIR": private, **place_for_temporary_files(private)}
    if reads is not None:
        own[VARIABLE] = os.fspath(reads)
    others = {name: value for name, value in os.environ.items() if name != VARIABLE}
    return {**others, **KERNEL_ENVIRONMENT, **own}


def kernel_manager(private: Path, *, forked: bool, memory: int, watched: bool) -> Any:
    """A manager that starts this Python, whatever kernels are registered on the machine."""
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    class OwnPython(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            command = [sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            command += ["--HistoryManager.enabled=False", "--log-level=ERROR"]
            if watched:
                command.append('--IPKernelApp.exec_lines=__import__("wagekit.reads").reads.watch()')
            start = {"provisioner_name": "wagekit-fork", "config": {"memory": memory}}
            metadata = {"kernel_provisioner": start} if forked else {}
            return KernelSpec(argv=command, display_name="Python", language="python", metadata=metadata)

    manager = AsyncKernelManager(
        kernel_spec_manager=OwnPython(), kernel_name="python3", connection_file=str(private / "kernel.json")
    )
    manager.client_factory = _prompt_client()
    socket = str(private / "k")
    if os.name == "posix" and len(os.fsencode(socket)) < _LONGEST_SOCKET:
        # Ports are free when they are looked for and may be taken when they are used; these files are private.
        manager.transport, manager.ip = "ipc", socket
    return manager


_ANSWER, _ECHO = 1.0, 0.1  # seconds that a kernel has for an answer, and for showing that it is heard by all


@cache
def _prompt_client() -> Any:
    """A client of kernels that goes on as soon as the kernel has answered.

    Jupyter's own waits a fifth of a second longer, for messages of the start that may still come. nbclient tells
    messages apart by the request that they answer.
    """
    from jupyter_client.asynchronous.client import AsyncKernelClient

    class Prompt(AsyncKernelClient):
        async def wait_for_ready(self, timeout: float | None = None) -> None:
            """Ask until the kernel answers, and is heard where it shows its outputs; RuntimeError if it doesn't."""
            deadline = None if timeout is None else time.monotonic() + timeout
            while True:
                self.kernel_info()
                with suppress(Empty):
                    answer = await self.shell_channel.get_msg(timeout=_ANSWER)
                    await self.iopub_channel.get_msg(timeout=_ECHO)
                    if answer["msg_type"] == "kernel_info_reply":
                        self._handle_kernel_info_reply(answer)
                        return
                if not await self.is_alive():
                    raise RuntimeError("it ended before it answered")
                if deadline is not None and time.monotonic() > deadline:
                    raise RuntimeError(f"it didn't answer in {timeout:g} s")

    return Prompt


@contextmanager
def callers_signals() -> Iterator[None]:
    """Keep nbclient from answering Ctrl-C itself: it would end the kernel and go on, as if the notebook had failed.

    nbclient does without its handlers where the event loop refuses them, and ends the kernel all the same.
    """
    from jupyter_core.utils import ensure_event_loop

    def refuse(*arguments: object) -> None:
        raise RuntimeError

    loop: Any = ensure_event_loop()
    loop.add_signal_handler = refuse
    try:
        yield
    finally:
        del loop.add_signal_handler
