"""The store's tables, and the migrations that bring an older store to them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import duckdb

from wagekit import __version__
from wagekit.errors import StoreError

# No primary keys: DuckDB checks them too eagerly for a wave to be deleted and inserted in one transaction, and
# the index would slow the bulk insert. That keys are unique is what the checks see to before anything is stored.
_FIRST_TABLES = (
    """
    CREATE TABLE waves (
        wave INTEGER NOT NULL,
        metadata VARCHAR NOT NULL,
        taken_in TIMESTAMP NOT NULL
    )""",
    """
    CREATE TABLE enterprises (
        wave INTEGER NOT NULL,
        enterprise_id VARCHAR NOT NULL,
        name VARCHAR,
        legal_representative VARCHAR,
        contact VARCHAR,
        region_code VARCHAR,
        affiliation VARCHAR,
        industry_code VARCHAR,
        enterprise_size VARCHAR,
        registration_type VARCHAR,
        average_headcount BIGINT,
        on_post_headcount BIGINT,
        dispatched_headcount BIGINT,
        other_headcount BIGINT,
        operating_months BIGINT,
        revenue DOUBLE,
        value_added DOUBLE,
        depreciation DOUBLE,
        business_taxes DOUBLE,
        total_profit DOUBLE,
        total_cost DOUBLE,
        labour_cost DOUBLE,
        wages DOUBLE,
        social_insurance DOUBLE,
        welfare DOUBLE,
        education_cost DOUBLE,
        labour_protection DOUBLE,
        housing_cost DOUBLE,
        other_labour_cost DOUBLE,
        stratum VARCHAR,
        inclusion_probability DOUBLE,
        frame_headcount DOUBLE
    )""",
    """
    CREATE TABLE employees (
        wave INTEGER NOT NULL,
        enterprise_id VARCHAR NOT NULL,
        employee_code VARCHAR NOT NULL,
        sex VARCHAR,
        birth_year BIGINT,
        education VARCHAR,
        work_start_year BIGINT,
        occupation_code VARCHAR,
        management_level VARCHAR,
        professional_title VARCHAR,
        skill_level VARCHAR,
        employment_form VARCHAR,
        contract_type VARCHAR,
        union_member BOOLEAN,
        weekly_hours DOUBLE,
        annual_pay DOUBLE,
        basic_pay DOUBLE,
        performance_pay DOUBLE,
        allowances DOUBLE,
        overtime_pay DOUBLE,
        special_pay DOUBLE,
        enterprise_tenure DOUBLE,
        weight DOUBLE
    )""",
    """
    CREATE TABLE code_lists (
        wave INTEGER NOT NULL,
        column_name VARCHAR NOT NULL,
        code VARCHAR NOT NULL,
        name VARCHAR NOT NULL,
        english VARCHAR NOT NULL,
        parent VARCHAR NOT NULL
    )""",
    """
    CREATE TABLE intake_log (
        intake INTEGER NOT NULL,
        wave INTEGER NOT NULL,
        taken_in TIMESTAMP NOT NULL,
        action VARCHAR NOT NULL,
        file VARCHAR NOT NULL,
        sha256 VARCHAR NOT NULL,
        table_name VARCHAR NOT NULL,
        format VARCHAR NOT NULL,
        encoding VARCHAR,
        sheet VARCHAR,
        rows_read BIGINT NOT NULL,
        accepted BIGINT NOT NULL,
        refused BIGINT NOT NULL,
        queries BIGINT NOT NULL,
        mapping_sha256 VARCHAR NOT NULL,
        wagekit_version VARCHAR NOT NULL
    )""",
    *(
        f"""
    CREATE TABLE {table} (
        intake INTEGER NOT NULL,
        wave INTEGER NOT NULL,
        table_name VARCHAR NOT NULL,
        file VARCHAR NOT NULL,
        "row" BIGINT NOT NULL,
        enterprise_id VARCHAR,
        field VARCHAR NOT NULL,
        value VARCHAR,
        rule VARCHAR NOT NULL,
        message VARCHAR NOT NULL
    )"""
        for table in ("refused_rows", "queries")
    ),
    """
    CREATE TABLE guideline_lines (
        region VARCHAR NOT NULL,
        year INTEGER NOT NULL,
        base_line DOUBLE,
        base_line_high DOUBLE,
        upper_line DOUBLE,
        lower_line DOUBLE,
        base_line_name VARCHAR,
        source VARCHAR,
        source_kind VARCHAR
    )""",
    """
    CREATE TABLE reference_series (
        series VARCHAR NOT NULL,
        chinese VARCHAR NOT NULL,
        region VARCHAR NOT NULL,
        year INTEGER NOT NULL,
        value DOUBLE NOT NULL,
        unit VARCHAR NOT NULL,
        note VARCHAR,
        source VARCHAR,
        source_kind VARCHAR
    )""",
)


@dataclass(frozen=True)
class Migration:
    """One step from a schema version to the next: the version reached, what changes, the SQL that does it."""

    version: int
    title: str
    statements: tuple[str, ...]


MIGRATIONS: tuple[Migration, ...] = (Migration(1, "the first tables", _FIRST_TABLES),)
"""All steps in order. A step that has been released is never changed; a change of the tables is a new step."""


def newest_version() -> int:
    """Schema version that this wagekit works with."""
    return MIGRATIONS[-1].version


def version_of(connection: duckdb.DuckDBPyConnection, where: str) -> int:
    """Schema version of an open database; 0 if it is empty.

    Raises
    ------
    StoreError
        If the database has tables but is no wagekit store.
    """
    try:
        versions = connection.execute("SELECT version FROM schema_version").fetchall()
    except duckdb.CatalogException:  # there is no such table; to ask for the tables first takes ten times as long
        pass
    else:
        return max((int(version) for (version,) in versions), default=0)
    query = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main'"
    tables = {str(name) for (name,) in connection.execute(query).fetchall()}
    if tables:
        raise StoreError(
            f"the database holds other tables ({', '.join(sorted(tables)[:3])})",
            where=where,
            expected="a wagekit store",
            do="Give the path of a store, or of a file that doesn't exist yet",
        )
    return 0


def migrate(connection: duckdb.DuckDBPyConnection, where: str) -> tuple[int, int]:
    """Bring a database to the newest schema in one transaction: all steps or none.

    Returns
    -------
    The version it had and the version it has.

    Raises
    ------
    StoreError
        If the store is newer than this wagekit, no wagekit store, or a step fails.
    """
    before = version_of(connection, where)
    refuse_newer(before, where)
    steps = [step for step in MIGRATIONS if step.version > before]
    if not steps:
        return before, before
    connection.begin()
    try:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_version "
            "(version INTEGER NOT NULL, title VARCHAR, applied_at TIMESTAMP, wagekit_version VARCHAR)"
        )
        for step in steps:
            for statement in step.statements:
                connection.execute(statement)
            connection.execute(
                "INSERT INTO schema_version VALUES (?, ?, ?, ?)", [step.version, step.title, now(), __version__]
            )
        connection.commit()
    except duckdb.Error as error:
        connection.rollback()
        raise StoreError(
            f"the store could not be brought from schema version {before} to {steps[-1].version} "
            f"({type(error).__name__})",
            where=where,
            do="The store is as it was. Copy it and report the fault",
        ) from error
    return before, steps[-1].version


def refuse_newer(version: int, where: str) -> None:
    """Raise StoreError if a store was written by a later wagekit than this one."""
    if version > newest_version():
        raise StoreError(
            f"the store has schema version {version}",
            where=where,
            expected=f"at most {newest_version()}, which this wagekit {__version__} knows",
            do="Install a newer wagekit",
        )


def now() -> datetime.datetime:
    """The time as the store keeps it: UTC, without a zone."""
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
