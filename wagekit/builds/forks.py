"""Processes forked from a warm server, as those see it that ask for them.

:mod:`wagekit.builds.warm_server` is what runs in the server itself.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from wagekit.builds.warm_server import serve
from wagekit.publish.rendering.kernel import KERNEL_ENVIRONMENT

_START = "from wagekit.builds.warm_server import main; main()"


def can_fork() -> bool:
    """Whether processes are forked here: on Linux, unless the environment says ``WAGEKIT_FORK=0``."""
    return sys.platform == "linux" and os.environ.get("WAGEKIT_FORK") != "0"


def _environment() -> dict[str, str]:
    """The environment of a server."""
    return {
        # What ipykernel says to matplotlib, unless the user has said something else.
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        **os.environ,
        **KERNEL_ENVIRONMENT,
        # The memory pool of pyarrow would start a thread as soon as it is imported.
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
    }


class Child:
    """A process forked from a warm server, as the one that asked for it sees it.

    Parameters
    ----------
    server : that forks.
    stream : the near end of a socket, whose other end the child has; its first line is sent by the one that asked.
    status : where the server says how it went.

    Raises
    ------
    OSError
        If the server is gone or can't fork.
    """

    stdin = stdout = stderr = None  # as in subprocess.Popen, whose place it takes in jupyter_client

    def __init__(self, server: WarmServer, stream: socket.socket, status: socket.socket) -> None:
        self._server, self.stream, self._status = server, stream, status
        self.returncode: int | None = None
        self.peak_memory = 0
        first = self._told()
        if "pid" not in first:
            self.close()
            raise OSError(f"the warm server can't fork ({first.get('problem', 'it ended')})")
        self.pid: int = first["pid"]

    def _told(self) -> dict[str, Any]:
        """What the server says next; nothing if it is gone. Raises TimeoutError or BlockingIOError if it is silent."""
        try:
            content = self._status.recv(4096)
        except ConnectionError:
            content = b""
        return dict(json.loads(content)) if content else {}

    def poll(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        return self.wait(0.0)

    def wait(self, timeout: float | None = None) -> int | None:
        """Its exit status, negative for a signal; None if it still runs after so many seconds."""
        if self.returncode is None:
            self._status.settimeout(timeout)
            try:
                end = self._told()
            except (TimeoutError, BlockingIOError):
                return None
            self.returncode = end.get("status", -signal.SIGKILL)
            self.peak_memory = end.get("peak", 0)
            self._server.peak_memory = max(self._server.peak_memory, self.peak_memory)
            self.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to it and its process group; nothing happens if it has ended."""
        self._server.send({"signal": number, "pid": self.pid})

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """Close its sockets; what the server says afterwards is not heard."""
        self.stream.close()
        self._status.close()


class WarmServer:
    """A warm server, as the process that uses it sees it; made by :meth:`start` or :meth:`split`.

    Attributes
    ----------
    peak_memory : largest resident memory of the children that have ended, in bytes.
    """

    def __init__(self, requests: socket.socket, process: subprocess.Popen[bytes] | None = None) -> None:
        self._requests, self._process = requests, process
        self.peak_memory = 0

    @classmethod
    def start(cls, folder: Path | None = None) -> WarmServer | None:
        """Start a server and wait until it has loaded everything.

        Parameters
        ----------
        folder : that the server removes when it ends.

        Returns
        -------
        The server; None if processes can't be forked here, or not safely.
        """
        if not can_fork():
            return None
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        noise = None if os.environ.get("WAGEKIT_DEBUG") else subprocess.DEVNULL
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-c", _START, str(theirs.fileno()), str(folder or "")],
                # The package is found from here, and nothing in a user's folder is taken for a library.
                cwd=Path(__file__).parents[2],
                env=_environment(),
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=noise,
                stderr=noise,
            )
        server = cls(ours, process)
        try:
            ready = ours.recv(4096)
        except BaseException:
            server.close()
            raise
        if ready != b"ready":
            server.close()
            return None
        return server

    @classmethod
    def split(cls, *private: socket.socket) -> WarmServer:
        """A server of one's own: this process, forked now, before it starts a thread.

        Parameters
        ----------
        private : sockets that are not for the server.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if os.fork() == 0:
            try:
                os.setsid()
                for other in (ours, *private):
                    other.close()
                serve(theirs)
            finally:
                os._exit(0)
        theirs.close()
        return cls(ours)

    def fork(self, entry: str) -> Child:
        """A new process that runs a function.

        Parameters
        ----------
        entry : ``"module:function"``, called with its end of :attr:`Child.stream`.

        Raises
        ------
        OSError
            If the server is gone or can't fork.
        """
        stream, far_stream = socket.socketpair()
        status, far_status = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with far_stream, far_status:
            try:
                message = json.dumps({"fork": entry}).encode()
                socket.send_fds(self._requests, [message], [far_stream.fileno(), far_status.fileno()])
            except OSError:
                stream.close()
                status.close()
                raise
        return Child(self, stream, status)

    def send(self, message: Mapping[str, object]) -> None:
        with suppress(OSError):  # it is gone, and everything with it
            self._requests.send(json.dumps(message).encode())

    def close(self) -> None:
        """End everything that was forked from it and wait until it is gone."""
        self._requests.close()
        if self._process is not None:
            try:
                self._process.wait(timeout=30.0)
            except subprocess.TimeoutExpired:  # something can't be ended, such as a read from a dead network drive
                self._process.kill()
                self._process.wait()


@cache
def current() -> WarmServer | None:
    """The server of this process, started when it is first asked for; None if nothing can be forked here."""
    import atexit

    server = WarmServer.start()
    if server is not None:
        atexit.register(server.close)
    return server
