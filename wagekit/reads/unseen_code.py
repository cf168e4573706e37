"""What in a notebook's code can read data unseen: imports of libraries with readers of their own, and certain calls."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator

SEEN = frozenset(
    {
        "wagekit", "numpy", "pandas", "scipy", "statsmodels", "patsy", "matplotlib", "mpl_toolkits", "PIL", "IPython",
        "jinja2", "markupsafe", "dateutil", "tzdata", "typing_extensions",
    }
)  # fmt: skip
"""Libraries that open files through Python, but for the calls named below, and whose versions the fingerprint knows."""

_UNSEEN_STANDARD = frozenset({"multiprocessing", "concurrent", "ctypes", "dbm", "shelve", "time", "importlib"})
"""Parts of the standard library that start processes, load libraries, or tell the time."""

_READERS = frozenset(
    {
        "read_parquet", "read_feather", "read_orc", "read_hdf", "HDFStore", "read_sql", "read_sql_query",
        "read_sql_table", "read_spss", "read_clipboard", "read_gbq", "read_iceberg", "read_html", "read_xml",
        "scan", "intake",
    }
)  # fmt: skip
_CLOCK = frozenset({"now", "today", "utcnow"})
_SURROUNDINGS = frozenset({"environ", "environb", "getenv", "getenvb"})
_PRESENCE = frozenset(
    {
        "exists", "lexists", "is_file", "is_dir", "is_symlink", "isfile", "isdir", "islink", "stat", "lstat", "access",
        "getsize", "getmtime", "getctime", "getatime", "readlink",
    }
)  # fmt: skip
_HIDDEN = frozenset({"__import__", "import_module", "system", "getoutput", "run_cell_magic"})
_MAGICS = frozenset({"matplotlib", "precision", "config"})
"""Line magics that change nothing but how things are shown."""


def unseen_in(source: str, is_local: Callable[[str], bool]) -> Iterator[str]:
    """What in Python code can read, or make a report depend on, something that is not recorded.

    Parameters
    ----------
    source : of a cell, with magics already turned into calls, or of a module.
    is_local : whether a module lies outside the installation, so that its own code is looked at.

    Returns
    -------
    Words that go on after "it"; none for code that can't be parsed, since it doesn't run either.

    Examples
    --------
    >>> list(unseen_in("import polars as pl", lambda name: False))
    ['imports polars']
    >>> list(unseen_in("import pandas as pd; pd.read_csv('a.csv'); pd.read_parquet('b')", lambda name: False))
    ['calls read_parquet']
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    yield from _of_import(alias.name, is_local)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                yield from _of_import(module, is_local)
                for alias in names:
                    yield from _of_name(alias.name)
            case ast.ImportFrom(names=names):
                for alias in names:
                    yield from _of_name(alias.name)
            case ast.Call(func=ast.Attribute(attr="run_line_magic"), args=[ast.Constant(value=str(magic)), *_]):
                if magic not in _MAGICS:
                    yield f"uses the magic %{magic}"
            case ast.Attribute(attr=name):
                yield from _of_name(name)
            case ast.Name(id=name):
                yield from _of_name(name)
            # What is looked up by its name: getattr(pandas, "read_parquet").
            case ast.Constant(value=str(name)) if name in _READERS - {"scan", "intake"}:
                yield from _of_name(name)


def _of_import(module: str, is_local: Callable[[str], bool]) -> Iterator[str]:
    top = module.partition(".")[0]
    standard = top in sys.stdlib_module_names and top not in _UNSEEN_STANDARD
    if not (standard or top in SEEN or is_local(top)):
        yield f"imports {top}"


def _of_name(name: str) -> Iterator[str]:
    if name in _READERS or name.startswith("scan_"):
        yield f"calls {name}"
    elif name in _CLOCK:
        yield f"asks for the time ({name})"
    elif name in _SURROUNDINGS:
        yield f"reads the environment ({name})"
    elif name in _PRESENCE:
        yield f"looks whether or what a file is ({name})"
    elif name in _HIDDEN:
        yield f"uses {name}"
