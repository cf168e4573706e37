"""Notebooks are committed bare: what the hook does to a commit, how a diff reads, and the notebooks that are here."""

import copy
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from wagekit.resources import resource

ROOT = Path(__file__).parents[2]
HOOKS = ROOT / ".githooks"
NOTEBOOKS = sorted(resource("notebooks").glob("*.ipynb"))

needs_git = pytest.mark.skipif(
    os.name != "posix" or shutil.which("git") is None or not HOOKS.is_dir(), reason="git, bash and a checkout"
)


# -- the notebooks -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_in_normal_form(path):
    """As nbformat writes them: saving one in JupyterLab changes no line but those that somebody wrote."""
    text = path.read_text(encoding="utf-8")
    notebook = json.loads(text)
    normal = json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    assert text.splitlines() == normal.splitlines()
    assert "\r" not in text
    nbformat.validate(notebook)
    assert {name: value for name, value in notebook["metadata"].items() if name != "wagekit"} == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook["cells"]:
        assert isinstance(cell["source"], list), "a line of code is a line of the file"
        assert set(cell["metadata"]) <= {"tags"}
        assert cell.get("execution_count") is None
        assert cell.get("outputs", []) == []
    # Ids are words that somebody chose, so that they stay when cells are moved or the notebook is written anew.
    names = [cell["id"] for cell in notebook["cells"]]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name)] == []
    assert [name for name in names if re.fullmatch(r"[0-9a-f]{8}(-.*)?", name)] == []


# -- the hook ------------------------------------------------------------------------------------


def bare():
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_markdown_cell("# 工资价位", id="title"),
        nbformat.v4.new_code_cell("print('工资')\n1 + 1", id="pay"),
    ]
    notebook.metadata = {"language_info": {"name": "python"}}
    return notebook


def executed():
    notebook = copy.deepcopy(bare())
    notebook.metadata.language_info.update(version="3.11.2", mimetype="text/x-python")
    notebook.cells[1].execution_count = 7
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="A SECRET WAGE")]
    return notebook


def text_of(notebook):
    return nbformat.writes(notebook) + "\n"


class Repository:
    """A clone with the hook and the driver set up, as CONTRIBUTING.md says."""

    def __init__(self, folder, path):
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        self.environment = {
            **kept,
            "PATH": path,
            "HOME": str(folder.parent),
            "GIT_CONFIG_NOSYSTEM": "1",
            **{f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        }
        folder.mkdir()
        shutil.copytree(HOOKS, folder / ".githooks")
        shutil.copy(ROOT / ".gitattributes", folder)
        self.git("init", "-q")
        self.git("config", "include.path", "../.githooks/config")
        self.git("add", ".")
        self.git("commit", "-q", "-m", "hooks")

    def try_git(self, *arguments):
        return subprocess.run(
            ["git", *arguments], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=120
        )

    def git(self, *arguments):
        done = self.try_git(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def committed(self, path):
        return self.git("show", f"HEAD:{path}")

    def write(self, name, notebook):
        (self.folder / name).write_text(text_of(notebook), encoding="utf-8")


def programs(folder, *names):
    """A folder of only these programs."""
    folder.mkdir()
    for name in names:
        (folder / name).symlink_to(shutil.which(name))
    return str(folder)


@pytest.fixture
def repository(tmp_path):
    stripper = Path(sys.executable).with_name("nbstripout")
    assert stripper.exists(), "nbstripout is in the extra 'test'"
    return Repository(tmp_path / "clone", f"{stripper.parent}:{os.environ['PATH']}")


@needs_git
def test_a_commit_has_no_outputs(repository):
    name = "工资 价位's.ipynb"
    repository.write(name, executed())
    (repository.folder / "notes.txt").write_text("plain")
    repository.git("add", ".")
    repository.git("commit", "-m", "a notebook")
    assert repository.committed(name) == text_of(bare())
    assert (repository.folder / name).read_text(encoding="utf-8") == text_of(bare())
    assert repository.git("status", "--short") == ""
    # The outputs are in no object that a clone would fetch.
    reachable = [line.split()[0] for line in repository.git("rev-list", "--objects", "--all").splitlines()]
    assert all("SECRET" not in repository.git("cat-file", "-p", each) for each in reachable)


@needs_git
def test_work_that_went_on_is_left_alone(repository):
    repository.write("a.ipynb", executed())
    repository.git("add", "a.ipynb")
    later = executed()
    later.cells[0].source = "# 又一个标题"
    repository.write("a.ipynb", later)
    repository.git("commit", "-m", "the staged one")
    assert repository.committed("a.ipynb") == text_of(bare())
    assert (repository.folder / "a.ipynb").read_text(encoding="utf-8") == text_of(later)


@needs_git
def test_commits_without_staging(repository):
    repository.write("a.ipynb", bare())
    repository.git("add", ".")
    repository.git("commit", "-m", "bare")
    changed = executed()
    changed.cells[0].source = "# 又一个标题"
    repository.write("a.ipynb", changed)
    repository.git("commit", "-am", "all")
    assert "SECRET" not in repository.committed("a.ipynb")
    assert repository.git("status", "--short") == ""
    changed.cells[0].source = "# 第三个标题"
    repository.write("a.ipynb", changed)
    refused = repository.try_git("commit", "-m", "one", "a.ipynb")
    assert refused.returncode != 0
    assert "commit again" in refused.stderr
    repository.git("commit", "-m", "one", "a.ipynb")
    assert "第三个标题" in repository.committed("a.ipynb")
    assert "SECRET" not in repository.committed("a.ipynb")
    assert repository.git("status", "--short") == ""


@needs_git
def test_nothing_but_outputs_is_no_commit(repository):
    repository.write("a.ipynb", bare())
    repository.git("add", ".")
    repository.git("commit", "-m", "bare")
    head = repository.git("rev-parse", "HEAD")
    repository.write("a.ipynb", executed())
    repository.git("add", ".")
    refused = repository.try_git("commit", "-m", "outputs only")
    assert refused.returncode != 0
    assert "nothing else to commit" in refused.stderr
    assert repository.git("rev-parse", "HEAD") == head
    assert repository.git("status", "--short") == ""


@needs_git
def test_what_is_no_notebook_is_refused(repository):
    (repository.folder / "a.ipynb").write_text("{ no json")
    repository.git("add", ".")
    refused = repository.try_git("commit", "-m", "broken")
    assert refused.returncode != 0
    assert "a.ipynb is no notebook that can be read" in refused.stderr


@needs_git
def test_without_nbstripout_the_commit_says_so(tmp_path):
    path = programs(tmp_path / "programs", "git", "bash", "env", "mktemp", "cat", "rm", "sh", "true")
    repository = Repository(tmp_path / "clone", path)
    (repository.folder / "notes.txt").write_text("no notebook is staged, so none is needed")
    repository.git("add", ".")
    repository.git("commit", "-m", "notes")
    repository.write("a.ipynb", executed())
    repository.git("add", ".")
    refused = repository.try_git("commit", "-m", "a notebook")
    assert refused.returncode != 0
    assert "there is no nbstripout" in refused.stderr
    assert "pip install -e '.[dev]'" in refused.stderr
    # A diff still shows the file as it is.
    repository.git("commit", "--no-verify", "-m", "on my own responsibility")
    repository.write("a.ipynb", bare())
    assert '-      "text": [' in repository.git("diff") or "A SECRET WAGE" in repository.git("diff")


@needs_git
def test_a_diff_shows_what_somebody_wrote(repository):
    repository.write("a.ipynb", bare())
    repository.git("add", ".")
    repository.git("commit", "-m", "bare")
    changed = executed()
    changed.cells[1].source = "print('工资')\n1 + 2"
    repository.write("a.ipynb", changed)
    lines = repository.git("diff", "-U0").splitlines()
    assert [line for line in lines if line[0] in "+-" and line[:3] not in ("+++", "---")] == [
        '-    "1 + 1"',
        '+    "1 + 2"',
    ]
