"""How Jupyter's kernels come from a warm server: the kernel provisioner ``wagekit-fork``.

Jupyter finds it by its entry point. A kernel spec asks for it with the metadata
``{"kernel_provisioner": {"provisioner_name": "wagekit-fork"}}``, and any program, papermill for one, with the
environment variable ``JUPYTER_DEFAULT_PROVISIONER_NAME=wagekit-fork``. Where processes can't be forked, and for
kernels other than ipykernel's of this Python, it starts a kernel as Jupyter's own provisioner does.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Int

from wagekit.builds.forks import Child, WarmServer, current
from wagekit.builds.warm_server import set_by_libraries

_POLL = 0.005  # seconds; Jupyter's own 0.1 would be a tenth of a report's time
_START = 10.0  # seconds that a kernel has for opening its sockets before it is tried whether it answers
_LAST_WORDS = 1.0  # seconds that a kernel has for ending in good order


class ForkProvisioner(LocalProvisioner):
    """Kernels forked from a warm server; each is a process of its own with a whole ipykernel in it."""

    memory = Int(0, help="Bytes that the kernel may hold beyond what it starts with; 0 for any number.").tag(
        config=True
    )
    process: Any = None
    server: WarmServer | None = None
    """The server of this process if it has one already."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Fork a kernel; returns how to connect to it."""
        arguments = kernel_arguments(cmd)
        server = type(self).server or current() if arguments is not None else None
        if server is None:
            connection = await super().launch_kernel(cmd, **kwargs)
            limit_memory(self.memory, process=self.pid)
            return connection
        told = {
            "arguments": arguments,
            "folder": os.fspath(kwargs.get("cwd") or Path.cwd()),
            "environment": kwargs["env"],
            "memory": self.memory,
        }
        child = server.fork(f"{__name__}:run_kernel")
        self.process, self.pid = child, child.pid
        with child.stream:
            child.stream.sendall(json.dumps(told).encode() + b"\n")
            await _listens(child.stream)
        self.cwd = told["folder"]
        return self.connection_info

    async def wait(self) -> int | None:
        """Wait until the kernel has ended; returns its exit status."""
        if not isinstance(self.process, Child):
            return await super().wait()
        await self._ends(within=None)
        status, self.process = self.process.returncode, None
        return status

    async def shutdown_requested(self, restart: bool = False) -> None:
        """Give the kernel a moment to end by itself; most need a few hundredths of a second."""
        await self._ends(within=_LAST_WORDS)

    async def kill(self, restart: bool = False) -> None:
        """End the kernel at once."""
        await super().kill(restart)
        await self._ends(within=_LAST_WORDS)

    def get_shutdown_wait_time(self, recommended: float = 5.0) -> float:
        """Seconds that a kernel which didn't end may take to do so when it is told again."""
        return min(recommended, _LAST_WORDS)

    async def _ends(self, *, within: float | None) -> None:
        deadline = None if within is None else time.monotonic() + within
        while self.process and self.process.poll() is None and (deadline is None or time.monotonic() < deadline):
            await asyncio.sleep(_POLL)


async def _listens(stream: socket.socket) -> None:
    """Wait until the kernel at the other end has opened its sockets: who connects earlier tries again only later."""
    stream.setblocking(False)
    with suppress(OSError, TimeoutError):  # whether it lives is asked elsewhere
        await asyncio.wait_for(asyncio.get_running_loop().sock_recv(stream, 1), _START)


def kernel_arguments(command: Sequence[str]) -> list[str] | None:
    """What ipykernel is told on a command line that starts it with this Python; None for any other command.

    Examples
    --------
    >>> kernel_arguments([sys.executable, "-m", "ipykernel_launcher", "-f", "kernel.json"])
    ['-f', 'kernel.json']
    >>> kernel_arguments(["ir", "--args", "kernel.json"])
    """
    program, *rest = command
    if Path(program).absolute() != Path(sys.executable).absolute() or "ipykernel_launcher" not in rest:
        return None
    return list(rest[rest.index("ipykernel_launcher") + 1 :])


def limit_memory(size: int, *, process: int | None = None) -> None:
    """Let a process hold so many bytes of data beyond what it holds now; more is refused to it (Linux only).

    Parameters
    ----------
    size : bytes; 0 for any number.
    process : its number; this one unless given.
    """
    if not size or sys.platform != "linux":
        return
    import resource

    with suppress(OSError):  # it has ended
        status = Path("/proc", str(process or "self"), "status").read_text()
        held = next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmData")), 0)
        _, hard = resource.prlimit(process or 0, resource.RLIMIT_DATA)
        limit = held + size if hard == resource.RLIM_INFINITY else min(held + size, hard)
        resource.prlimit(process or 0, resource.RLIMIT_DATA, (limit, hard))


def run_kernel(stream: socket.socket) -> None:
    """In a forked process: be a kernel until it is told to end. The stream's one line says how."""
    import tempfile

    with stream.makefile("rb") as lines:
        told = json.loads(lines.readline())
    os.environ.clear()
    os.environ.update({name: value for name, value in told["environment"].items() if name != "JPY_PARENT_PID"})
    for name, value in set_by_libraries.items():
        os.environ.setdefault(name, value)
    os.chdir(told["folder"])
    time.tzset()
    tempfile.tempdir = None
    sys.argv = ["ipykernel_launcher", *told["arguments"]]
    limit_memory(told["memory"])

    from ipykernel.kernelapp import IPKernelApp

    application: Any = IPKernelApp.instance()
    with stream:  # its end says that the kernel listens
        application.initialize(told["arguments"])
    application.start()
