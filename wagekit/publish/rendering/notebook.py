"""Report notebooks: read, run from the first cell to the last, and rendered; a run counts only if all of it ran."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wagekit.errors import InputError, ReleaseError, WagekitError
from wagekit.files import replacing
from wagekit.publish.rendering.kernel import callers_signals, kernel_environment, kernel_manager
from wagekit.publish.rendering.notebook_format import nbformat
from wagekit.publish.rendering.parameters import Parameter, Value, read_parameters

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

    def bind(self, values: Mapping[str, object], *, where: str | None = None) -> dict[str, Value]:
        """All parameters with their values: the given ones checked, the others by default.

        Parameters
        ----------
        values : of some of the parameters.
        where : they were given; the notebook's path unless given.

        Raises
        ------
        InputError
            If a parameter is not declared or has a wrong value.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        place = where or str(self.path)
        for name in values:
            if name not in known:
                raise InputError(
                    f"there is no parameter {name!r}",
                    where=place,
                    expected=f"one of {', '.join(known) or '(none declared)'}",
                    do=_meant(name, known),
                )
        given = {name: known[name].check(value, where=place) for name, value in values.items()}
        return {name: given.get(name, parameter.default) for name, parameter in known.items()}


def _meant(name: str, known: Mapping[str, Parameter]) -> str | None:
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1)
    return f"Did you mean {close[0]!r}?" if close else None


def load(path: str | os.PathLike[str]) -> Notebook:
    """Read a notebook and its declared parameters.

    Raises
    ------
    InputError
        If the file is missing or no notebook, or its parameters are not declared as
        :mod:`wagekit.publish.rendering.parameters` describes.
    """
    file = Path(path)
    try:
        node = nbformat().reads(file.read_text(encoding="utf-8"), as_version=4)
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
    timeout: float | None = None,
    failed: str | os.PathLike[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
    forked: bool = False,
    memory: int | None = None,
    reads: str | os.PathLike[str] | None = None,
) -> NotebookNode:
    """Run a notebook in a kernel of its own of this Python, from its first cell to its last.

    Parameters
    ----------
    notebook : from :func:`load`; it stays as it is.
    parameters : values that replace defaults.
    folder : working directory of the notebook; the current one unless given.
    cell_timeout : seconds that one cell may take.
    timeout : seconds that all cells may take; any number unless given.
    failed : where the notebook, with the outputs it has by then, is written if it fails.
    progress : called with the number of code cells done and their total.
    forked : fork the kernel from a warm server instead of starting a fresh one, where that can be had. The outputs
        are the same.
    memory : bytes that the kernel may hold beyond what it starts with; only on Linux, and with `forked`.
    reads : file to which it is written what the notebook reads, for :func:`wagekit.reads.recorded`.

    Returns
    -------
    A copy of the notebook with its outputs, and a cell tagged ``injected-parameters`` after the declared ones.

    Raises
    ------
    InputError
        If a parameter is unknown or of a wrong type.
    NotebookFailure
        If a cell fails, takes too long, ends the kernel, or did not run.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    values = notebook.bind(parameters or {})
    node = _with_values(notebook, values)
    total = sum(1 for cell in node.cells if cell.cell_type == "code" and cell.source.strip())
    run = _Run(notebook, node, cell_timeout, timeout, memory)

    def count(**event: Any) -> None:
        run.done.append(event["cell_index"])
        if progress is not None:
            progress(len(run.done), total)

    try:
        with tempfile.TemporaryDirectory(prefix="wagekit-kernel-", ignore_cleanup_errors=True) as private:
            manager = kernel_manager(Path(private), forked=forked, memory=memory or 0, watched=reads is not None)
            client = NotebookClient(
                node,
                km=manager,
                timeout_func=lambda cell: run.seconds_left(),
                record_timing=False,
                allow_errors=False,
                resources={"metadata": {"path": str(folder or Path.cwd())}},
                on_notebook_start=lambda **event: run.started(manager.provisioner),
                on_cell_executed=count,
            )
            try:
                with callers_signals():
                    client.execute(env=kernel_environment(private, reads), cleanup_kc=True)
            except CellExecutionError as error:
                raise run.failed_with(error.ename, error.evalue) from error
            except CellTimeoutError as error:
                raise run.failure(run.overdue()) from error
            except DeadKernelError as error:
                raise run.failure(f"the kernel ended{run.ending()}") from error
            except RuntimeError as error:  # before its first cell
                raise NotebookFailure("no kernel could be started", f" ({error})", where=str(notebook.path)) from error
            finally:
                run.end()
        run.refuse_incomplete()
    except ReleaseError:
        if failed is not None:
            save(node, failed)
        raise
    return node


def save(node: NotebookNode, path: str | os.PathLike[str]) -> None:
    """Write a notebook with its outputs to a file, in one line: a build does so for each report, in case it fails."""
    with replacing(path) as beside:
        beside.write_text(json.dumps(node, ensure_ascii=False), encoding="utf-8")


_LONGEST = 300  # characters of another's words in one of our sentences


class NotebookFailure(ReleaseError):
    """A notebook that did not run to its end.

    Attributes
    ----------
    brief : the sentence without the words of a foreign exception, which may repeat data.
    """

    def __init__(self, found: str, words: str = "", *, where: str) -> None:
        self.brief = str(ReleaseError(found, where=where))
        super().__init__(found + words, where=where)


@dataclass
class _Run:
    """A notebook while it runs."""

    notebook: Notebook
    node: NotebookNode
    cell_timeout: float
    timeout: float | None
    memory: int | None
    done: list[int] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    process: Any = None

    def started(self, provisioner: Any) -> None:
        # It forgets its process as soon as that has ended.
        self.process = provisioner.process

    def end(self) -> None:
        """End the kernel if it is there still, as after Ctrl-C."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def seconds_left(self) -> float:
        """What the next cell may take."""
        if self.timeout is None:
            return self.cell_timeout
        # nbclient takes 0 for no limit at all.
        return max(min(self.cell_timeout, self.began + self.timeout - time.monotonic()), 0.001)

    def overdue(self) -> str:
        if self.timeout is not None and time.monotonic() - self.began >= self.timeout:
            return f"the report took more than {self.timeout:g} s"
        return f"it took more than {self.cell_timeout:g} s"

    def ending(self) -> str:
        """How the kernel ended, in brackets."""
        status = getattr(self.process, "returncode", None)
        if status is None:
            return ""
        return f" (signal {-status})" if status < 0 else f" (exit status {status})"

    def failed_with(self, kind: str, words: str) -> NotebookFailure:
        if self.memory and ("MemoryError" in kind or "OutOfMemory" in kind):
            return self.failure(f"it needed more memory than the {self.memory / 2**20:,.0f} MiB it may have ({kind})")
        own = kind in {error.__name__ for error in WagekitError.__subclasses__()}
        said = f": {' '.join(words.split())[:_LONGEST]}" if words.strip() else ""
        return self.failure(f"{kind}{said}") if own else self.failure(kind, said)

    def failure(self, why: str, words: str = "") -> NotebookFailure:
        """The error for the first code cell that has an error output or was not finished."""
        cell = next(
            cell
            for number, cell in enumerate(self.node.cells)
            if cell.cell_type == "code"
            and cell.source.strip()
            and (number not in self.done or any(output.output_type == "error" for output in cell.outputs))
        )
        return NotebookFailure(f"{self.named(cell)} failed: {why}", words, where=str(self.notebook.path))

    def named(self, cell: NotebookNode) -> str:
        """A cell as the notebook's author knows it."""
        if is_injected(cell):
            return "the cell of the parameters' values"
        number = 1 + [each.get("id") for each in without_injected(self.node).cells].index(cell.get("id"))
        line = next(line for line in cell.source.splitlines() if line.strip())
        return f"cell {number} ({line.strip()[:60]!r})"

    def refuse_incomplete(self) -> None:
        """A run without an exception is no proof: a kernel that a cell ended can leave later cells unrun."""
        for cell in self.node.cells:
            if cell.cell_type != "code" or not cell.source.strip():
                continue
            if cell.execution_count is None:
                raise NotebookFailure(f"{self.named(cell)} was not run", where=str(self.notebook.path))
            for output in cell.outputs:
                if output.output_type == "error":
                    raise self.failed_with(output.ename, output.evalue)


def is_injected(cell: NotebookNode) -> bool:
    """Whether wagekit put the cell into the notebook, so that its author doesn't know it."""
    return "injected-parameters" in cell.metadata.get("tags", [])


def without_injected(node: NotebookNode) -> NotebookNode:
    """The notebook as its author knows it, with its outputs."""
    import copy

    known = copy.copy(node)
    known.cells = [cell for cell in node.cells if not is_injected(cell)]
    return known


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
        cell = nbformat().v4.new_code_cell(source, metadata={"tags": ["injected-parameters"]})
        cell.id = "injected-parameters"  # nbformat's own is random
        node.cells.insert(place, cell)
    return node


FORMATS = ("html", "pdf")


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
    from wagekit.publish.rendering.exporters import read_report, render

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
    document = read_report(without_injected(node), name=name)
    made = {each: render(document, each) for each in formats}
    files = {each: target / f"{name}.{each}" for each in formats}
    with ExitStack() as together:
        for each, content in made.items():
            together.enter_context(replacing(files[each])).write_bytes(content)
    return files
