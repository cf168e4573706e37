"""Report notebooks: read, run from the first cell to the last, and rendered; a run counts only if all of it ran."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wagekit.errors import InputError, ReleaseError
from wagekit.files import replacing
from wagekit.publish.parameters import Parameter, Value, read_parameters

if TYPE_CHECKING:
    from nbformat import NotebookNode


@dataclass(frozen=True)
class Notebook:
    """A report notebook and the parameters it declares."""

    path: Path
    node: NotebookNode
    parameters: tuple[Parameter, ...]

    @property
    def name(self) -> str:
        return self.path.stem

    def bind(self, values: Mapping[str, object]) -> dict[str, Value]:
        """All parameters with their values: the given ones checked, the others by default.

        Raises
        ------
        InputError
            If a parameter is not declared or has a wrong value.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in values:
            if name not in known:
                raise InputError(
                    f"there is no parameter {name!r}",
                    where=str(self.path),
                    expected=f"one of {', '.join(known) or '(none declared)'}",
                    do=_meant(name, known),
                )
        given = {name: known[name].check(value, where=str(self.path)) for name, value in values.items()}
        return {name: given.get(name, parameter.default) for name, parameter in known.items()}


def _meant(name: str, known: Mapping[str, Parameter]) -> str | None:
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1)
    return f"Did you mean {close[0]!r}?" if close else None


def _nbformat() -> Any:
    """The library, whose functions have no types."""
    import nbformat

    return nbformat


def load(path: str | os.PathLike[str]) -> Notebook:
    """Read a notebook and its declared parameters.

    Raises
    ------
    InputError
        If the file is missing or no notebook, or its parameters are not declared as
        :mod:`wagekit.publish.parameters` describes.
    """
    file = Path(path)
    try:
        node = _nbformat().reads(file.read_text(encoding="utf-8"), as_version=4)
    except OSError as error:
        raise InputError(f"the notebook can't be read ({error.strerror})", where=str(file)) from error
    except Exception as error:  # nbformat and json have kinds of their own
        raise InputError(
            f"the file is no notebook ({type(error).__name__})",
            where=str(file),
            expected="a Jupyter notebook, version 4",
        ) from error
    tagged = [cell for cell in node.cells if "parameters" in cell.metadata.get("tags", [])]
    if len(tagged) > 1:
        raise InputError(f"{len(tagged)} cells are tagged 'parameters'", where=str(file), expected="one at most")
    parameters = read_parameters(tagged[0].source, where=str(file)) if tagged else ()
    return Notebook(file, node, parameters)


def execute(
    notebook: Notebook,
    parameters: Mapping[str, object] | None = None,
    *,
    folder: str | os.PathLike[str] | None = None,
    cell_timeout: float = 300.0,
    failed: str | os.PathLike[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> NotebookNode:
    """Run a notebook in a fresh kernel of this Python, from its first cell to its last.

    Parameters
    ----------
    notebook : from :func:`load`; it stays as it is.
    parameters : values that replace defaults.
    folder : working directory of the notebook; the current one unless given.
    cell_timeout : seconds that one cell may take.
    failed : where the notebook, with the outputs it has by then, is written if it fails.
    progress : called with the number of code cells done and their total.

    Returns
    -------
    A copy of the notebook with its outputs, and a cell tagged ``injected-parameters`` after the declared ones.

    Raises
    ------
    InputError
        If a parameter is unknown or of a wrong type.
    ReleaseError
        If a cell fails, takes too long, ends the kernel, or did not run.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    values = notebook.bind(parameters or {})
    node = _with_values(notebook, values)
    total = sum(1 for cell in node.cells if cell.cell_type == "code" and cell.source.strip())
    done: list[int] = []

    def count(**event: Any) -> None:
        done.append(event["cell_index"])
        if progress is not None:
            progress(len(done), total)

    try:
        with tempfile.TemporaryDirectory(prefix="wagekit-kernel-") as private:
            client = NotebookClient(
                node,
                km=_kernel_manager(Path(private)),
                timeout=cell_timeout,
                record_timing=False,
                allow_errors=False,
                resources={"metadata": {"path": str(folder or Path.cwd())}},
                on_cell_executed=count,
            )
            try:
                client.execute(env=_environment(private))
            except CellExecutionError as error:
                raise _failure(notebook, node, done, f"{error.ename}: {error.evalue}") from error
            except CellTimeoutError as error:
                raise _failure(notebook, node, done, f"it took more than {cell_timeout:g} s") from error
            except DeadKernelError as error:
                raise _failure(notebook, node, done, "the kernel ended") from error
        _refuse_incomplete(notebook, node)
    except ReleaseError:
        if failed is not None:
            with replacing(failed) as beside:
                beside.write_text(_nbformat().writes(node), encoding="utf-8")
        raise
    return node


def _with_values(notebook: Notebook, values: Mapping[str, Value]) -> NotebookNode:
    """A copy without outputs, the values in a cell after the declared ones."""
    import copy

    node = copy.deepcopy(notebook.node)
    place = 0
    for number, cell in enumerate(node.cells):
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if "parameters" in cell.metadata.get("tags", []):
            place = number + 1
    if values:
        source = "\n".join(f"{name} = {value!r}" for name, value in values.items())
        cell = _nbformat().v4.new_code_cell(source, metadata={"tags": ["injected-parameters"]})
        cell.id = "injected-parameters"  # nbformat's own is random
        node.cells.insert(place, cell)
    return node


def _environment(private: str) -> dict[str, str]:
    """The kernel's environment: nobody's start-up files, the same order of sets in each run."""
    return {**os.environ, "IPYTHONDIR": private, "PYTHONHASHSEED": "0", "PYTHONWARNINGS": "ignore"}


def _kernel_manager(private: Path) -> Any:
    """A manager that starts this Python, whatever kernels are registered on the machine."""
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    class OwnPython(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            command = [sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            command += ["--HistoryManager.enabled=False", "--log-level=ERROR"]
            return KernelSpec(argv=command, display_name="Python", language="python")

    return AsyncKernelManager(
        kernel_spec_manager=OwnPython(), kernel_name="python3", connection_file=str(private / "kernel.json")
    )


def _failure(notebook: Notebook, node: NotebookNode, done: Sequence[int], why: str) -> ReleaseError:
    """The error for the first code cell that has an error output or was not finished."""
    number = next(
        number
        for number, cell in enumerate(node.cells)
        if cell.cell_type == "code"
        and cell.source.strip()
        and (number not in done or any(output.output_type == "error" for output in cell.outputs))
    )
    line = next(line for line in node.cells[number].source.splitlines() if line.strip())
    return ReleaseError(f"cell {number + 1} ({line.strip()[:60]!r}) failed: {why}", where=str(notebook.path))


def _refuse_incomplete(notebook: Notebook, node: NotebookNode) -> None:
    """A run without an exception is no proof: a kernel that a cell ended can leave later cells unrun."""
    for number, cell in enumerate(node.cells, start=1):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        if cell.execution_count is None:
            raise ReleaseError(f"cell {number} was not run", where=str(notebook.path), expected="every cell run")
        for output in cell.outputs:
            if output.output_type == "error":
                raise ReleaseError(
                    f"cell {number} failed with {output.ename}: {output.evalue}", where=str(notebook.path)
                )


FORMATS: Mapping[str, str] = {"html": "WagekitHTMLExporter", "pdf": "WagekitPDFExporter"}


def build_report(
    path: str | os.PathLike[str],
    parameters: Mapping[str, object] | None = None,
    *,
    folder: str | os.PathLike[str],
    name: str | None = None,
    formats: Sequence[str] = ("html", "pdf"),
    cell_timeout: float = 300.0,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Path]:
    """Run a report notebook and write it as web page and PDF: all of the formats, or none.

    Parameters
    ----------
    path : the notebook.
    parameters : values that replace its defaults.
    folder : where the report goes; made if it is not there.
    name : of the files, without ending; the notebook's unless given.
    formats : ``html``, ``pdf``.
    cell_timeout : seconds that one cell may take.
    progress : called with the number of code cells done and their total.

    Returns
    -------
    Format -> file.

    Raises
    ------
    InputError
        For an unknown format or parameter.
    ReleaseError
        If the notebook fails (it is then kept as ``<name>.failed.ipynb`` in the folder), or can't be rendered.
    """
    from wagekit.publish import exporters

    for each in formats:
        if each not in FORMATS:
            raise InputError(f"the format {each!r} is unknown", where="formats", expected=" or ".join(FORMATS))
    notebook = load(path)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    name = name or notebook.name
    failed = target / f"{name}.failed.ipynb"
    node = execute(notebook, parameters, cell_timeout=cell_timeout, failed=failed, progress=progress)
    failed.unlink(missing_ok=True)
    resources = {"metadata": {"name": name}}
    made = {each: getattr(exporters, FORMATS[each])().from_notebook_node(node, dict(resources))[0] for each in formats}
    files = {each: target / f"{name}.{each}" for each in formats}
    with ExitStack() as together:
        for each, content in made.items():
            beside = together.enter_context(replacing(files[each]))
            beside.write_bytes(content.encode() if isinstance(content, str) else content)
    return files
