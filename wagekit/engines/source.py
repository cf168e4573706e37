"""What can be scanned: Parquet files, DuckDB relations, tables of any engine that Ibis speaks to."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import Any

import pyarrow as pa

from wagekit.errors import InputError

SPILL = "wagekit-duckdb-"
"""How the folders begin that take what does not fit into memory."""

_NUMBER = itertools.count()


def open_source(source: Any, memory: str | None = None) -> tuple[Any, Any]:
    """The engine (an Ibis backend) and the table in it.

    Parameters
    ----------
    source : a Parquet file, a folder of them or a pattern such as ``"waves/*.parquet"``; a DuckDB relation; or an
        Ibis table.
    memory : limit of the memory of the DuckDB that reads Parquet files, such as ``"4GB"``; what goes beyond is
        kept in the system's folder for temporary files.

    Raises
    ------
    InputError
        If the source is none of these, there is no file, or Ibis is not installed.
    """
    try:
        import ibis
    except ImportError:
        raise InputError(
            "the package ibis-framework is not installed",
            where="Survey.scan",
            do='Install wagekit with its engines: pip install "wagekit[engines]"',
        ) from None
    if isinstance(source, ibis.Table):
        return source.get_backend(), source
    if isinstance(source, str | Path):
        return _parquet(ibis, source, memory)
    connection = getattr(source, "_con", None)
    if hasattr(source, "sql_query") and connection is not None:
        name = f"wagekit_scan_{next(_NUMBER)}"
        connection.execute(f"CREATE TEMP VIEW {name} AS {source.sql_query()}")
        engine = ibis.duckdb.from_connection(connection)
        return engine, engine.table(name)
    raise InputError(
        f"a {type(source).__name__}",
        where="Survey.scan",
        expected="a Parquet file or folder, a DuckDB relation or an Ibis table",
        do="A DuckDB table: ibis.duckdb.from_connection(connection).table(name)",
    )


def _parquet(ibis: Any, source: str | Path, memory: str | None) -> tuple[Any, Any]:
    path = Path(source)
    pattern = str(path / "**" / "*.parquet") if path.is_dir() else str(path)
    base = Path(path.anchor) if path.is_absolute() else Path()
    inside = path.relative_to(path.anchor) if path.is_absolute() else path
    some = path.glob("**/*.parquet") if path.is_dir() else base.glob(str(inside))
    if next(iter(some), None) is None:
        raise InputError("there is no such Parquet file", where=str(source), expected="a file, folder or pattern")
    # Readable by this user alone, as the rows that DuckDB may put there; it goes when the engine does.
    spill = tempfile.mkdtemp(prefix=SPILL)
    options = {"memory_limit": memory} if memory else {}
    # The order of the rows matters to no estimate; not keeping it saves memory.
    engine = ibis.duckdb.connect(temp_directory=spill, preserve_insertion_order=False, **options)
    weakref.finalize(engine, shutil.rmtree, spill, ignore_errors=True)
    try:
        return engine, engine.read_parquet(pattern)
    except Exception as problem:
        first = str(problem).splitlines()[0]
        raise InputError(first, where=str(source), expected="Parquet files with the same columns") from None


def keep(engine: Any, expression: Any) -> Any:
    """The table of an expression kept in the engine as a temporary one, as long as it is referred to."""
    engine._register_in_memory_tables(expression)  # Ibis 12 leaves this out on Spark
    return expression.cache()


def fetch(engine: Any, expression: Any) -> pa.Table:
    """The rows of a small result."""
    return engine.to_pyarrow(expression)
