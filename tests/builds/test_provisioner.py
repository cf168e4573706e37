"""Kernels from a warm server: found by Jupyter, real, alone, and no other than the stock ones."""

import asyncio
import os
import sys
import time
from importlib.metadata import entry_points

import nbformat
import psutil
import pytest

from wagekit.builds import forks
from wagekit.builds.provisioner import ForkProvisioner
from wagekit.errors import ReleaseError
from wagekit.publish.rendering.kernel import kernel_manager
from wagekit.publish.rendering.notebook import execute, load

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="forks of Linux")


@pytest.fixture(scope="module", autouse=True)
def one_server():
    """The server of this process, ended with the module."""
    yield
    if forks.current.cache_info().currsize:
        server = forks.current()
        forks.current.cache_clear()
        if server is not None:
            server.close()


def ran(place, *sources, **options):
    """What the cells print, from a forked kernel."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    nbformat.write(notebook, place / "n.ipynb")
    node = execute(load(place / "n.ipynb"), **{"forked": True, **options})
    return [output.get("text") or output.get("data") for cell in node.cells for output in cell.outputs]


def test_jupyter_finds_the_provisioner_by_name():
    found = {entry.name: entry for entry in entry_points(group="jupyter_client.kernel_provisioners")}
    if "wagekit-fork" not in found:
        pytest.skip("wagekit is not installed, so its entry points are not known")
    assert found["wagekit-fork"].load() is ForkProvisioner


@LINUX
def test_the_server_has_one_thread_and_what_reports_need():
    server = psutil.Process(forks.current()._process.pid)
    assert server.num_threads() == 1
    assert {"wagekit.publish.labour_cost.report", "duckdb", "typst"} <= set(loaded_in_a_fork())
    assert server.num_threads() == 1


def loaded_in_a_fork():
    child = forks.current().fork("tests.builds.test_provisioner:tell_modules")
    with child.stream, child.stream.makefile("r") as lines:
        names = lines.read().split()
    assert child.wait(10) == 0
    assert child.peak_memory > 50 * 2**20
    return names


def tell_modules(stream):
    stream.sendall("\n".join(sys.modules).encode())


@LINUX
def test_a_forked_kernel_loads_nothing_that_the_server_could_have_loaded(tmp_path):
    looks = "import sys\nfrom wagekit.reads import watch\nprint(*sys.modules)"
    (said,) = ran(tmp_path, looks, reads=tmp_path / "reads")
    own = {"tests", "tests.builds", "tests.builds.test_provisioner", "__main__"}
    assert set(said.split()) - set(loaded_in_a_fork()) <= own


@LINUX
def test_a_forked_kernel_listens_when_it_is_said_to_have_started(tmp_path):
    """Who connects before is made to wait by ZeroMQ, a tenth of a second or more."""
    manager = kernel_manager(tmp_path, forked=True, memory=0, watched=False)

    async def start():
        await manager.start_kernel()
        listening = len(list(tmp_path.glob("k-*")))
        await manager.shutdown_kernel(now=True)
        return listening

    assert asyncio.run(start()) == 5


@LINUX
def test_a_forked_kernel_is_a_child_of_the_server_and_a_whole_ipykernel(tmp_path):
    looks = "import os\nprint(os.getppid(), os.getpid() == os.getsid(0))\nprint(get_ipython().kernel.implementation)"
    (said,) = ran(tmp_path, looks)
    assert said.split() == [str(forks.current()._process.pid), "True", "ipython"]


def test_a_forked_kernel_is_like_a_stock_one(tmp_path):
    """What a notebook can see of its process, with exception of what is loaded already.

    A stock kernel inherits it if hang-ups are ignored (nohup), a forked one never does: its server sees to its end.
    """
    looks = """
import os, signal, sys, tempfile, threading
print(sys.path)
print({name: value for name, value in sorted(os.environ.items()) if name not in ('JPY_PARENT_PID', 'LINES', 'COLUMNS')
       and 'wagekit-kernel-' not in value})
print(os.getcwd(), hash('工资'), sys.argv[1:2], __name__, os.path.dirname(tempfile.gettempdir()))
print([signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE)])
print(sorted({thread.name.split('-')[0] for thread in threading.enumerate()} - {'Thread'}))
print(__import__('warnings').filters[:1], os.nice(0), sorted(get_ipython().user_ns)[:5])
"""
    # One thread is left out: it looks whether the stock kernel's parent is there, which the server does for the other.
    forked, stock = (ran(tmp_path, looks, forked=each, folder=tmp_path)[0] for each in (True, False))
    assert forked.splitlines() == stock.splitlines()


@LINUX
@pytest.mark.parametrize("forked", [True, False])
def test_a_chart_of_pyplot_is_shown(tmp_path, forked):
    shown = ran(tmp_path, "import matplotlib.pyplot as plt\nplt.plot([1, 2]);", forked=forked)
    assert "image/png" in shown[0]


@LINUX
def test_a_kernel_may_hold_only_so_much_memory(tmp_path):
    limit = 500 * 2**20
    assert ran(tmp_path, "print(len(bytearray(300 * 2**20)))", memory=limit) == [f"{300 * 2**20}\n"]
    with pytest.raises(ReleaseError, match="needed more memory than the 500 MiB it may have"):
        ran(tmp_path, "bytearray(600 * 2**20)", memory=limit)


def test_where_nothing_can_be_forked_the_kernel_is_a_stock_one(tmp_path, monkeypatch):
    monkeypatch.setenv("WAGEKIT_FORK", "0")
    forks.current.cache_clear()
    try:
        (said,) = ran(tmp_path, "import os; print(os.getppid())", memory=2**40)
        assert int(said) == os.getpid()
        if sys.platform == "linux":  # the limit holds for it as well
            with pytest.raises(ReleaseError, match="needed more memory than the 300 MiB it may have"):
                ran(tmp_path, "bytearray(600 * 2**20)", memory=300 * 2**20)
    finally:
        forks.current.cache_clear()


@LINUX
def test_any_program_of_jupyter_can_have_forked_kernels(tmp_path, monkeypatch):
    """As papermill and ``jupyter nbconvert --execute`` start them; other languages keep their own way."""
    manager_module = pytest.importorskip("jupyter_client.manager")
    if "wagekit-fork" not in {entry.name for entry in entry_points(group="jupyter_client.kernel_provisioners")}:
        pytest.skip("wagekit is not installed, so its entry points are not known")
    from jupyter_client.provisioning import KernelProvisionerFactory

    monkeypatch.setattr(KernelProvisionerFactory.instance(), "default_provisioner_name", "wagekit-fork")
    manager, client = manager_module.start_new_kernel(cwd=str(tmp_path))
    try:
        assert isinstance(manager.provisioner, ForkProvisioner)
        pid = manager.provisioner.pid
        assert psutil.Process(pid).ppid() == forks.current()._process.pid
        client.execute("import time; time.sleep(60)")
        while client.get_iopub_msg(timeout=10)["msg_type"] != "execute_input":
            pass
        time.sleep(0.2)  # the message comes just before the cell begins; a kernel at rest is not interrupted
        manager.interrupt_kernel()
        assert client.get_shell_msg(timeout=10)["content"]["ename"] == "KeyboardInterrupt"
        manager.restart_kernel(now=True)
        client.wait_for_ready(timeout=30)
        assert manager.provisioner.pid != pid
        assert not psutil.pid_exists(pid)
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
    assert not manager.is_alive()
