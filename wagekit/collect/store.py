"""The store: one DuckDB file with the waves of a survey, reference figures, and the log of what came in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import duckdb
import pandas as pd
import pyarrow as pa

from wagekit import reads
from wagekit.collect import connection as connections
from wagekit.collect import frames, reference
from wagekit.collect.classification import Classification
from wagekit.collect.parts import WaveData, lists_digest, part_of, table_digest, text_digest
from wagekit.collect.questionnaire import Kind
from wagekit.errors import InputError, StoreError

if TYPE_CHECKING:
    from wagekit.survey import Survey

_TYPES: Mapping[Kind, str] = {
    "text": "VARCHAR",
    "code": "VARCHAR",
    "integer": "BIGINT",
    "year": "BIGINT",
    "number": "DOUBLE",
    "yes_no": "BOOLEAN",
}

_REFERENCE = {
    "reference_series": "SELECT * FROM reference_series ORDER BY series, region, year",
    "guideline_lines": "SELECT * FROM guideline_lines ORDER BY region, year",
}


def open(path: str | Path, *, read_only: bool = False) -> Store:
    """Open a store.

    Parameters
    ----------
    path : the DuckDB file. For writing it is created if it isn't there, and brought to the newest schema.
    read_only : several processes may read at once; none while another writes.

    Raises
    ------
    StoreError
        If the file can't be opened so; the message says why and what to do.

    Examples
    --------
    >>> import tempfile
    >>> with open(Path(tempfile.mkdtemp()) / "survey.duckdb") as store:
    ...     len(store.waves())
    0
    """
    path = Path(path)
    return Store(path, connections.connect(path, read_only=read_only), read_only=read_only)


@contextmanager
def filling(path: str | Path) -> Iterator[Store]:
    """Open a store for writing; one that isn't there yet appears only when the block ends without an error.

    Raises
    ------
    StoreError
        As `open`; also if another process makes a store of that name while this one is filled.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "survey.duckdb"
    >>> with filling(path) as store:
    ...     path.exists(), len(store.waves())
    (False, 0)
    >>> path.exists()
    True
    """
    path = Path(path)
    if connections.is_there(path):
        with open(path) as store:
            yield store
    else:
        with connections.creating(path) as connection:
            yield Store(path, connection, read_only=False)


class Store:
    """An open store; made by `open`, closed by :meth:`close` or by leaving a ``with`` block."""

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection, *, read_only: bool) -> None:
        self._path = path
        self._connection: duckdb.DuckDBPyConnection | None = connection
        self._read_only = read_only
        self._data: dict[int, WaveData] = {}

    # -- opening and closing ---------------------------------------------------------------------

    @property
    def path(self) -> Path:
        """The DuckDB file."""
        return self._path

    @property
    def read_only(self) -> bool:
        """Whether nothing can be stored through this store."""
        return self._read_only

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The DuckDB connection, for queries of one's own: to whoever asks what is read, the whole file.

        Raises
        ------
        StoreError
            If the store is closed.
        """
        self._read_file()
        return self._live

    @property
    def _live(self) -> duckdb.DuckDBPyConnection:
        """The connection, for what the store itself asks and tells in detail."""
        if self._connection is None:
            raise StoreError("the store is closed", where=str(self._path), do="Open it again")
        return self._connection

    def close(self) -> None:
        """Close the file; what was stored is on disk."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            self._data.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._connection is None else "read-only" if self._read_only else "open"
        return f"Store({str(self._path)!r}, {state})"

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """All or nothing: leaving the block commits, an error in it takes everything back.

        Raises
        ------
        StoreError
            If the store is read-only, or the database can't do what is asked (disk full, another writer).
        """
        connection = self._live
        if self._read_only:
            raise StoreError("the store is open for reading only", where=str(self._path), do="Open it for writing")
        try:
            connection.begin()
            try:
                yield connection
            except BaseException:
                with suppress(duckdb.Error):  # a broken database rolls back by itself
                    connection.rollback()
                raise
            connection.commit()
        except duckdb.Error as error:
            raise connections.explained(str(error), self._path) from error

    # -- waves -----------------------------------------------------------------------------------

    def waves(self) -> pd.DataFrame:
        """One row a wave: ``wave, title, synthetic, enterprises, employees, taken_in``."""
        self._read_file()
        found = self._query(
            """
            SELECT wave, metadata,
                (SELECT count(*) FROM enterprises e WHERE e.wave = w.wave) AS enterprises,
                (SELECT count(*) FROM employees e WHERE e.wave = w.wave) AS employees,
                taken_in
            FROM waves w ORDER BY wave
            """
        )
        about = [json.loads(text) for text in found.pop("metadata")]
        found.insert(1, "title", pd.Series([entry["title"] for entry in about], dtype="str"))
        found.insert(2, "synthetic", pd.Series([entry["synthetic"] for entry in about], dtype="bool"))
        return found

    def years(self) -> list[int]:
        """Reference years of the waves, ascending."""
        self._read(None, "years")
        return self._years()

    def _years(self) -> list[int]:
        return [int(year) for year in self._query("SELECT wave FROM waves ORDER BY wave")["wave"]]

    def metadata(self, wave: int) -> dict[str, Any]:
        """What is kept about a wave: title, source, pay variable, design, tables, code lists, labels.

        Raises
        ------
        StoreError
            If the wave is not in the store.
        """
        metadata = self._metadata(wave)
        self._read(wave, "metadata")
        return metadata

    def _metadata(self, wave: int) -> dict[str, Any]:
        rows = self._query("SELECT wave, metadata FROM waves ORDER BY wave")
        found = {int(year): str(text) for year, text in zip(rows["wave"], rows["metadata"], strict=True)}
        if wave not in found:
            there = [str(year) for year in found]
            raise StoreError(
                f"wave {wave} is not in the store",
                where=str(self._path),
                expected=f"one of {', '.join(there)}" if there else "a wave; the store is empty",
                do="Take it in first: wagekit intake",
            )
        content: dict[str, Any] = json.loads(found[wave])
        return content

    def enterprises(self, wave: int) -> pd.DataFrame:
        """The enterprises of a wave, all columns, in the order of the files."""
        self._read(wave, "enterprises")
        self._metadata(wave)
        return self._table("enterprises", wave)

    def employees(self, wave: int) -> pd.DataFrame:
        """The employees of a wave, all columns, in the order of the files."""
        self._read(wave, "employees")
        self._metadata(wave)
        return self._table("employees", wave)

    def classifications(self, wave: int) -> dict[str, Classification]:
        """Code lists of the survey frame's columns, derived columns included; none for columns of free codes."""
        self._read(wave, "classifications")
        return frames.label_lists(self._lists_of(wave))

    def survey(self, wave: int, *, part: Mapping[str, str] | None = None, **overrides: Any) -> Survey:
        """The wave as a survey with its design.

        Where no weight is known, every employee counts 1, and where the strata, or population sizes, are not
        filled in, the design goes without; the survey's metadata says so under ``notes``.

        Parameters
        ----------
        wave : reference year.
        part : columns and their values, such as ``{"industry": "C"}``: the survey restricted to these rows under the
            full design, as :meth:`~wagekit.survey.Survey.where` restricts it, which holds nothing of the other rows
            but what the variance needs. ``{"industry in 2023": "C"}`` are the rows of the enterprises that are in that
            part in the other wave, wherever they stand in this one (see :mod:`wagekit.collect.parts`).
        overrides : parts of the design to change, as in `wagekit.survey.Survey`: ``weights``, ``strata``,
            ``psu``, ``fpc``, ``single_psu`` …

        Raises
        ------
        StoreError
            If the wave is not in the store.
        InputError
            If only some of the employees have a weight, or the survey has no column that the part names; for a part
            under another design than the wave's own, or one of another wave whose enterprises don't tell all.
        """
        from wagekit.survey import Survey

        rows = part_of(part or {})
        if rows and overrides:
            raise InputError("a part and another design", where="survey", expected="one of both")
        data = self._wave_data(wave, **overrides)
        if overrides:  # the digest of a survey is that of the wave's own design
            for table in ("metadata", "classifications", "enterprises", "employees"):
                self._read(wave, table)
        elif reads.recording():
            reads.record(self._path, data.digest(rows, self._wave_data), wave=wave, part=rows)
        metadata, (frame, inside) = data.metadata, data.restricted(rows, self._wave_data)
        survey = Survey(frame, **data.design, name=f"{metadata['title']} ({wave})")
        kept = {key: metadata[key] for key in ("title", "source", "synthetic", "language", "wave", "pay")}
        survey = survey.with_metadata(**kept, notes=data.notes)
        return survey.where(inside) if rows else survey

    # -- what came in ----------------------------------------------------------------------------

    def refused(self, wave: int | None = None) -> pd.DataFrame:
        """Refused rows of a wave as it stands, or of all, a row for each rule that was broken.

        Columns ``wave, table, file, row, enterprise_id, field, value, rule, message``.
        """
        self._read(wave, "refused_rows")
        return self._findings("refused_rows", wave)

    def queries(self, wave: int | None = None) -> pd.DataFrame:
        """Answers kept but to be followed up, the same columns as :meth:`refused`."""
        self._read(wave, "queries")
        return self._findings("queries", wave)

    def log(self, wave: int | None = None) -> pd.DataFrame:
        """One row for each file taken in for a wave, or for all, oldest first; those that were replaced included."""
        self._read(wave, "intake_log")
        return self._log(wave)

    # -- reference figures -----------------------------------------------------------------------

    def reference(self, series: str | None = None) -> pd.DataFrame:
        """A reference series by its name or Chinese title, all without one: ``series, chinese, region, year, value…``.

        Raises
        ------
        StoreError
            If there is no such series.
        """
        self._read(None, "reference_series")
        found = self._query(_REFERENCE["reference_series"])
        if series is None:
            return found
        chosen = found[(found["series"] == series) | (found["chinese"] == series)]
        if chosen.empty:
            raise StoreError(
                f"there is no reference series {series!r}",
                where=str(self._path),
                expected=f"one of {', '.join(found['series'].unique())}",
            )
        return chosen.reset_index(drop=True)

    def guideline_lines(self, region: str | None = None) -> pd.DataFrame:
        """Wage guideline lines (工资指导线) in per cent, of one region or all, by year."""
        self._read(None, "guideline_lines")
        found = self._query(_REFERENCE["guideline_lines"])
        return found if region is None else found[found["region"] == region].reset_index(drop=True)

    def update_reference(
        self, *, guideline_lines: pd.DataFrame | None = None, reference_series: pd.DataFrame | None = None
    ) -> None:
        """Add reference figures, in place of those for the same region, year (and series).

        Raises
        ------
        InputError
            If a column is missing or unknown, or a key comes twice.
        """
        with self.transaction() as connection:
            if guideline_lines is not None:
                reference.put(connection, "guideline_lines", guideline_lines, where="guideline_lines")
            if reference_series is not None:
                reference.put(connection, "reference_series", reference_series, where="reference_series")

    # -- what was read ---------------------------------------------------------------------------

    def digest(self, wave: int | None = None, part: reads.Part = ()) -> str:
        """Digest of what the store hands out as a part of a wave, or of itself, as :class:`wagekit.reads.Read` names it.

        Parameters
        ----------
        wave : reference year; None for a part that belongs to no wave.
        part : () for the survey of the whole wave; column and value in turn for the rows of a survey;
            ``("metadata",)``, ``("classifications",)``, ``("enterprises",)``, ``("employees",)``; without a wave
            ``("file",)``, ``("years",)``, ``("guideline_lines",)`` or ``("reference_series",)``; of a wave or of all
            ``("refused_rows",)``, ``("queries",)``, ``("intake_log",)``.

        Raises
        ------
        StoreError
            If the wave is not in the store.
        InputError
            If there is no such part.
        """
        match part:
            case ("file",):
                return self._file_digest()
            case ("years",):
                return text_digest(str(self._years()))
            case ("guideline_lines" | "reference_series" as table,):
                return table_digest(self._query(_REFERENCE[table]))
            case ("refused_rows" | "queries" | "intake_log" as table,):
                return table_digest(self._log(wave) if table == "intake_log" else self._findings(table, wave))
            case _ if wave is None:
                raise InputError(f"the store has no part {' '.join(part)!r}", where=str(self._path))
            case ("metadata",):
                return text_digest(json.dumps(self._metadata(wave), sort_keys=True))
            case ("classifications",):
                return lists_digest(self._lists_of(wave))
            case ("enterprises" | "employees" as table,):
                self._metadata(wave)
                return table_digest(self._table(table, wave))
            case _:
                return self._wave_data(wave).digest(part, self._wave_data)

    def _read(self, wave: int | None, part: str) -> None:
        if reads.recording():
            reads.record(self._path, self.digest(wave, (part,)), wave=wave, part=(part,))

    def _read_file(self) -> None:
        if reads.recording():
            reads.record(self._path, self._file_digest(), part=("file",))

    def _file_digest(self) -> str:
        """Of the file and of what DuckDB keeps beside it until it is written into it."""
        files = (self._path, self._path.with_name(f"{self._path.name}.wal"))
        return text_digest(" ".join(reads.file_digest(file) for file in files))

    # -- for intake ------------------------------------------------------------------------------

    def add_column(self, table: str, name: str, kind: Kind) -> None:
        """Give a table a column of the survey's own. Runs in the caller's transaction.

        Raises
        ------
        StoreError
            If the column is there with another type.
        """
        columns = {str(row[0]).casefold(): row for row in self._live.execute(f"DESCRIBE {table}").fetchall()}
        there = columns.get(name.casefold())
        if there is None:
            self._live.execute(f"ALTER TABLE {table} ADD COLUMN {quoted(name)} {_TYPES[kind]}")
        elif there[0] != name or there[1] != _TYPES[kind]:
            raise StoreError(
                f"column {name!r} is already kept as {there[0]!r}, {there[1]}",
                where=f"{self._path}, table {table}",
                expected=_TYPES[kind],
                do="Give it another name in the mapping",
            )

    def append(self, table: str, rows: pd.DataFrame) -> None:
        """Insert a frame in bulk, by column name. Runs in the caller's transaction."""
        incoming = pa.Table.from_pandas(rows, preserve_index=False)
        self._live.register("incoming", incoming)
        try:
            self._live.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming")
        finally:
            with suppress(duckdb.Error):  # a transaction that failed knows no other word than that
                self._live.unregister("incoming")

    def remove_wave(self, wave: int) -> None:
        """Delete what a wave's intake put in; the log keeps its entries. Runs in the caller's transaction."""
        for table in ("waves", "enterprises", "employees", "code_lists", "refused_rows", "queries"):
            self._live.execute(f"DELETE FROM {table} WHERE wave = ?", [wave])

    # -- work ------------------------------------------------------------------------------------

    def _query(self, query: str, parameters: list[object] | None = None) -> pd.DataFrame:
        try:
            result = self._live.sql(query, params=parameters or [])
            frame: pd.DataFrame = result.to_arrow_table().to_pandas()
        except duckdb.Error as error:
            raise connections.explained(str(error), self._path, read_only=True) from None
        return frame

    def _wave_data(self, wave: int, **overrides: Any) -> WaveData:
        """What a survey of the wave is made from; kept where nobody can change it while the store is open."""
        if wave in self._data and not overrides:
            return self._data[wave]
        metadata = self._metadata(wave)
        lists = self._lists(wave, metadata)
        firms, staff = self._table("enterprises", wave), self._table("employees", wave)
        frame = frames.survey_frame(firms, staff, lists, wave=wave)
        stated = set(firms) - set(staff)
        of_firms = frozenset(str(name) for name in frame if frames.source_of(str(name)) in stated)
        design = {**metadata["design"], **overrides}
        frame, design, notes = frames.usable_design(frame, design, where=f"wave {wave} of {self._path}")
        data = WaveData(frame, design, notes, metadata, lists, of_firms)
        if self._read_only and not overrides:
            self._data[wave] = data
        return data

    def _table(self, table: str, wave: int) -> pd.DataFrame:
        # In the order of insertion, which the settings of the connection keep; sorting by it takes as long again.
        return self._query(f"SELECT * EXCLUDE (wave) FROM {table} WHERE wave = ?", [wave])

    def _findings(self, table: str, wave: int | None) -> pd.DataFrame:
        if wave is not None:
            self._metadata(wave)
        query = f"""
            SELECT wave, table_name AS "table", file, "row", enterprise_id, field, value, rule, message
            FROM {table} WHERE wave = coalesce(?, wave) ORDER BY wave, rowid
        """
        return self._query(query, [wave])

    def _log(self, wave: int | None) -> pd.DataFrame:
        query = "SELECT * FROM intake_log WHERE wave = coalesce(?, wave) ORDER BY intake, file"
        return self._query(query, [wave]).rename(columns={"table_name": "table"})

    def _lists_of(self, wave: int) -> Mapping[str, Classification | None]:
        return self._data[wave].lists if wave in self._data else self._lists(wave, self._metadata(wave))

    def _lists(self, wave: int, metadata: dict[str, Any]) -> dict[str, Classification | None]:
        """Code lists by column of the store: the questionnaire's, changed by what the wave was read with."""
        own = self._query("SELECT * FROM code_lists WHERE wave = ? ORDER BY rowid", [wave])
        return frames.code_lists(metadata["classifications"], own)


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'
