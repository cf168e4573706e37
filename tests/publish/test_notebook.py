"""Report notebooks: declared parameters, complete runs, and the wage-level report from a store to its pages."""

import ast
import re
import signal
import sys
import tempfile
from io import BytesIO
from pathlib import Path

import nbformat
import psutil
import pytest

from wagekit.errors import InputError, ReleaseError
from wagekit.publish.rendering.document import Figure, Prose, Table, read_document
from wagekit.publish.rendering.markdown import plain_text
from wagekit.publish.rendering.notebook import NotebookFailure, build_report, execute, load, without_injected
from wagekit.publish.rendering.parameters import Parameter, read_parameters
from wagekit.resources import resource

DECLARED = """from typing import Literal

wave: int = 2023  # survey year
language: Literal["zh", "en"] = "zh"
share: float = 0.5
"""


def written(folder, *cells, declared=DECLARED, name="report.ipynb"):
    first = nbformat.v4.new_code_cell(declared, metadata={"tags": ["parameters"]})
    notebook = nbformat.v4.new_notebook(cells=[first, *map(nbformat.v4.new_code_cell, cells)])
    nbformat.write(notebook, folder / name)
    return folder / name


# -- parameters ---------------------------------------------------------------------------------


def test_parameters_are_read_from_the_tagged_cell(tmp_path):
    assert load(written(tmp_path)).parameters == (
        Parameter("wave", int, 2023, (), "survey year"),
        Parameter("language", str, "zh", ("zh", "en"), ""),
        Parameter("share", float, 0.5, (), ""),
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"wav": 2022}, r"no parameter 'wav'; expected one of wave, language, share. Did you mean 'wave'\?"),
        ({"wave": "2022"}, r"parameter 'wave' is '2022' \(str\); expected a value of type int"),
        ({"wave": True}, r"parameter 'wave' is True \(bool\)"),
        ({"language": "fr"}, r"parameter 'language' is 'fr' \(str\); expected one of 'zh', 'en'"),
        ({"share": None}, r"parameter 'share' is None"),
    ],
)
def test_a_wrong_parameter_is_refused_before_anything_runs(tmp_path, values, message):
    notebook = load(written(tmp_path, "raise SystemError('ran')"))
    with pytest.raises(InputError, match=message):
        execute(notebook, values)


def test_a_parameter_is_read_from_a_command_line():
    wave = Parameter("wave", int, 2023)
    assert wave.parse("2022", where="x") == 2022
    assert Parameter("final", bool, False).parse("True", where="x") is True
    with pytest.raises(InputError, match="parameter 'wave' is '20x'"):
        wave.parse("20x", where="x")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("wave = 2023", "line 1 of the parameter cell is no declaration"),
        ("wave: int = 2000 + 23", "expected a type of str, int, float, bool or Literal"),
        ("wave: list = []", "expected a type of str"),
        ("wave: int = '2023'", "parameter 'wave' is '2023'"),
        ("wave: int", "parameter 'wave' is None"),
        ("import os\nwave: int = 1", "line 1 of the parameter cell"),
        ("wave: int =", "is not Python"),
    ],
)
def test_a_parameter_cell_declares_and_does_nothing_else(source, message):
    with pytest.raises(InputError, match=message):
        read_parameters(source)


def test_files_that_are_no_notebooks(tmp_path):
    (tmp_path / "text.ipynb").write_text("nothing")
    with pytest.raises(InputError, match="is no notebook"):
        load(tmp_path / "text.ipynb")
    with pytest.raises(InputError, match="can't be read"):
        load(tmp_path / "missing.ipynb")
    notebook = nbformat.read(written(tmp_path), as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("", metadata={"tags": ["parameters"]}))
    nbformat.write(notebook, tmp_path / "two.ipynb")
    with pytest.raises(InputError, match="2 cells are tagged 'parameters'"):
        load(tmp_path / "two.ipynb")


# -- runs ---------------------------------------------------------------------------------------


def test_a_run_sees_its_values_and_leaves_the_notebook_alone(tmp_path):
    notebook = load(written(tmp_path, "print(wave, language, share)", "import sys; print(sys.executable)"))
    seen = []
    node = execute(notebook, {"wave": 2022, "share": 1}, progress=lambda done, total: seen.append((done, total)))
    assert node.cells[2].outputs[0].text == "2022 zh 1.0\n"
    # A kernel of this Python, whatever kernels are registered on the machine.
    assert Path(node.cells[3].outputs[0].text.strip()).samefile(sys.executable)
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert all(cell.execution_count is None for cell in notebook.node.cells)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("1 / 0", r"cell 2 \('1 / 0'\) failed: ZeroDivisionError: division by zero"),
        ("raise SystemExit(0)", "failed: SystemExit: 0"),
        ("import os; os._exit(0)", r"cell 2 \('import os.*failed: the kernel ended \(exit status 0\)"),
        ("import os; os.kill(os.getpid(), 9)", r"failed: the kernel ended \(signal 9\)"),
        ("input('?')", "failed: StdinNotImplementedError"),
        ("import time; time.sleep(60)", "failed: it took more than 2 s"),
    ],
)
def test_a_run_that_fails_says_where_and_keeps_what_there_is(tmp_path, cell, message):
    notebook = load(written(tmp_path, cell, "print('after')"))
    kept = tmp_path / "kept.ipynb"
    with pytest.raises(ReleaseError, match=message):
        execute(notebook, cell_timeout=2, failed=kept)
    after = nbformat.read(kept, as_version=4).cells[-1]
    assert after.source == "print('after')"
    assert after.outputs == []


@pytest.mark.parametrize(
    ("cell", "brief"),
    [
        ("raise KeyError('310107' + '001')", r"failed: KeyError\."),
        ("from wagekit.errors import InputError\nraise InputError('bad', where='a.csv')", r"InputError: a\.csv: bad\."),
    ],
)
def test_a_log_gets_no_words_of_foreign_exceptions_which_may_repeat_data(tmp_path, cell, brief):
    with pytest.raises(NotebookFailure) as caught:
        execute(load(written(tmp_path, cell)))
    assert re.search(brief, caught.value.brief)
    assert ("310107001" in str(caught.value)) == ("310107" in cell)


def test_the_kernel_ends_with_the_run_and_leaves_no_files(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = psutil.Process().children()
    notebook = load(written(tmp_path, "import tempfile; print(tempfile.mkdtemp())", "import os; print(os.getpid())"))
    node = execute(notebook, timeout=60)
    assert not psutil.pid_exists(int(node.cells[3].outputs[0].text))
    assert psutil.Process().children() == before
    assert Path(node.cells[2].outputs[0].text).parent.parent == tmp_path
    assert [path.name for path in tmp_path.iterdir()] == ["report.ipynb"]


@pytest.mark.skipif(sys.platform == "win32", reason="a clock that POSIX has")
def test_ctrl_c_goes_to_the_caller_and_ends_the_kernel(tmp_path):
    def interrupt(number, frame):
        raise KeyboardInterrupt

    before = psutil.Process().children()
    notebook = load(written(tmp_path, "import time; time.sleep(60)", declared="wave: int = 2023"))
    own = signal.signal(signal.SIGALRM, interrupt)
    others = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(KeyboardInterrupt):  # half a second after the first cell
            execute(
                notebook, progress=lambda done, total: signal.setitimer(signal.ITIMER_REAL, 0.5) if done == 2 else 0
            )
    finally:
        signal.signal(signal.SIGALRM, own)
    assert psutil.Process().children() == before
    assert signal.getsignal(signal.SIGTERM) is others


def test_a_report_as_a_whole_may_take_only_so_long(tmp_path):
    notebook = load(written(tmp_path, "import time; time.sleep(60)"))
    with pytest.raises(NotebookFailure, match="the report took more than 1 s"):
        execute(notebook, timeout=1)


def test_the_notebook_with_its_outputs_has_the_cells_its_author_knows(tmp_path):
    notebook = load(written(tmp_path, "1"))
    node = execute(notebook, {"wave": 2022})
    assert [cell.id for cell in without_injected(node).cells] == [cell.id for cell in notebook.node.cells]
    assert len(node.cells) == 3


def test_a_failed_report_leaves_the_published_one_alone(tmp_path):
    out = tmp_path / "out"
    good = written(tmp_path, "from wagekit.publish.cover import Cover\nCover('第一版')")
    files = build_report(good, folder=out, name="levels")
    before = {each: path.read_bytes() for each, path in files.items()}
    assert sorted(path.name for path in out.iterdir()) == ["levels.html", "levels.pdf"]
    for bad in ("1 / 0", "import pandas as pd\npd.DataFrame({'pay': [1]})"):
        with pytest.raises(ReleaseError):
            build_report(written(tmp_path, bad, name="bad.ipynb"), folder=out, name="levels")
        assert {each: path.read_bytes() for each, path in files.items()} == before
        assert not [path for path in out.iterdir() if path.suffix == ".part"]
    with pytest.raises(InputError, match="the format 'docx' is unknown"):
        build_report(good, folder=out, formats=["docx"])


# -- the wage-level report ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store with the simulated survey of a small district."""
    from wagekit.collect import store as stores
    from wagekit.collect.intake import intake
    from wagekit.collect.synthetic import population, write_files

    folder = tmp_path_factory.mktemp("store")
    small = population(3, enterprises=1500, workers=40_000)
    files = write_files(small, folder, wave=2023, seed=5, enterprises=200, truth=False, errors=False)
    with stores.open(folder / "small.duckdb") as opened:
        intake(opened, [files.enterprises, files.employees], wave=2023)
    return folder / "small.duckdb"


@pytest.fixture(scope="module")
def wage_levels():
    return load(resource("notebooks", "wage_levels.ipynb"))


@pytest.fixture(scope="module")
def executed(store, wage_levels):
    return execute(wage_levels, {"store": store, "bureau": "某区人力资源和社会保障局"})


def test_the_notebook_is_kept_without_outputs_and_without_logic(wage_levels):
    names = [parameter.name for parameter in wage_levels.parameters]
    assert names[:3] == ["store", "wave", "language"]
    logic = (ast.If, ast.For, ast.While, ast.FunctionDef, ast.Lambda, ast.ListComp, ast.DictComp, ast.IfExp, ast.Try)
    for cell in wage_levels.node.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
            assert not [part for part in ast.walk(ast.parse(cell.source)) if isinstance(part, logic)]
        else:
            assert set(cell.metadata.tags) & {"zh", "en"}


def test_the_report_has_all_it_should(executed):
    document = read_document(executed)
    assert document.cover.synthetic
    assert document.cover.bureau == "某区人力资源和社会保障局"
    assert re.fullmatch(r"wagekit \S+ · 数据 [0-9a-f]{12} · wave=2023 language=zh", document.cover.provenance)
    chapters = [words for level, _, words in document.headings() if level == 1]
    assert chapters[:3] == ["主要结果", "分行业门类工资价位", "分职业工资价位"]
    assert sum(isinstance(block, Figure) for block in document.blocks) == 4
    tables = [block for block in document.blocks if isinstance(block, Table)]
    assert len(tables) == 7
    assert all("模拟数据" in table.title for table in tables)


def test_words_and_table_say_the_same(executed):
    document = read_document(executed)
    tables = [block for block in document.blocks if isinstance(block, Table)]
    industries = next(table for table in tables if table.title.startswith("分行业门类企业"))
    place = next(k for k, column in enumerate(industries.columns) if column.label == "50%")
    medians = {row[1]: float(row[place]) for row in industries.rows if row[place] != ".."}
    highest = max(medians, key=medians.__getitem__)
    words = "".join(plain_text(block.tokens) for block in document.blocks if isinstance(block, Prose))
    assert f"分行业门类看，{highest}的中位数最高，为{medians[highest]:.2f}万元" in words


def test_the_pages_show_every_row(store, tmp_path, executed):
    pypdf = pytest.importorskip("pypdf")
    from wagekit.publish.rendering.exporters import WagekitPDFExporter

    content, _ = WagekitPDFExporter().from_notebook_node(executed)
    text = re.sub(r"\s", "", "".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(content)).pages))
    for block in read_document(executed).blocks:
        if isinstance(block, Table) and len([c for c in block.columns if c.align == "left"]) == 1:
            for row in block.rows:
                assert re.sub(r"\s", "", "".join(row)) in text


def test_the_same_data_give_the_same_files_and_english_is_english(store, wage_levels, tmp_path, executed):
    from wagekit.publish.rendering.exporters import WagekitHTMLExporter

    first = WagekitHTMLExporter().from_notebook_node(executed)[0]
    again = execute(wage_levels, {"store": store, "bureau": "某区人力资源和社会保障局"})
    assert WagekitHTMLExporter().from_notebook_node(again)[0] == first
    english = read_document(execute(wage_levels, {"store": store, "language": "en"}))
    words = "".join(plain_text(block.tokens) for block in english.blocks if isinstance(block, Prose))
    assert not re.search(r"[\u4e00-\u9fff]", words.replace("工资报酬", "").replace("分位值", ""))


def test_a_wave_that_is_not_in_the_store_fails_clearly(store, wage_levels):
    with pytest.raises(ReleaseError, match=r"StoreError: .*wave 1999 is not in the store"):
        execute(wage_levels, {"store": store, "wave": 1999})


def test_the_notebook_runs_without_wagekits_builds(store, wage_levels, monkeypatch):
    """As JupyterLab or ``jupyter nbconvert --execute`` run it: declared values, another directory."""
    from nbclient import NotebookClient

    node = nbformat.from_dict(wage_levels.node.copy())
    declared = next(cell for cell in node.cells if "parameters" in cell.metadata.get("tags", []))
    declared["source"] = re.sub(r"store: str = \".*?\"", f"store: str = {str(store)!r}", declared.source)
    NotebookClient(node, timeout=120, kernel_name="python3").execute()
    assert read_document(node).cover.year == 2023
