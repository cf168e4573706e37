"""The engines, each started for real; where one is missing its tests are skipped with a word.

WAGEKIT_ALL_ENGINES=1 makes them fail instead.
"""

from __future__ import annotations

import gc
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

import wagekit as wk
from tests.engines.made_sample import DESIGN, made_sample


def missing(word: str) -> None:
    """Skip, or fail where everything is to be run."""
    if os.environ.get("WAGEKIT_ALL_ENGINES"):
        pytest.fail(f"{word}; WAGEKIT_ALL_ENGINES asks for every engine")
    pytest.skip(word)


@pytest.fixture(scope="session")
def frame() -> pd.DataFrame:
    return made_sample()


@pytest.fixture(scope="session")
def rows(frame: pd.DataFrame) -> pa.Table:
    """The sample as an engine gets it: half of what is missing as NULL, half as NaN."""
    columns = {name: pa.array(frame[name], from_pandas=True) for name in frame.columns}
    pay = frame["pay"].tolist()
    columns["pay"] = pa.array([None if row % 2 and value != value else value for row, value in enumerate(pay)])
    return pa.table(columns)


@pytest.fixture(scope="session")
def survey(frame: pd.DataFrame) -> wk.Survey:
    return wk.Survey(frame, **DESIGN, single_psu="adjust")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """A PostgreSQL server of its own on the loopback address, in a folder that goes when it is stopped."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    found = shutil.which("pg_ctl")
    if not programs and found is None:
        missing("no PostgreSQL server is installed (Debian package postgresql)")
    try:
        import ibis
        import psycopg  # noqa: F401
    except ImportError:
        missing("ibis-framework or psycopg is not installed (wagekit[postgres])")
    folder = Path(programs[-1]) if programs else Path(str(found)).parent
    user = "postgres" if os.geteuid() == 0 else None  # the server refuses to run as root
    if user is not None and user not in {entry.pw_name for entry in pwd.getpwall()}:
        missing("run as root without a user postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = Path(tempfile.mkdtemp(prefix="wagekit-postgres-"))
    if user is not None:
        shutil.chown(home, user)
    data = home / "data"
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={home} -F"
    start = [[folder / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8"]]
    start.append([folder / "pg_ctl", "-D", data, "-o", options, "-l", home / "log", "-w", "start"])
    # Output to files: the server inherits what pg_ctl writes to, and a pipe would stay open as long as it runs.
    with (home / "output").open("wb") as output:
        for command in start:
            subprocess.run(list(map(str, command)), check=True, user=user, cwd="/", stdout=output, stderr=output)
    try:
        connection = ibis.postgres.connect(host="127.0.0.1", port=port, user="postgres", database="postgres")
        yield connection
        gc.collect()  # temporary tables are dropped while there still is a connection
        connection.disconnect()
    finally:
        stop = [folder / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"]
        subprocess.run(list(map(str, stop)), check=True, user=user, cwd="/", stdout=subprocess.DEVNULL)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """Spark in local mode, with its JVM."""
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        missing("no Java is installed (Debian package openjdk-17-jre-headless)")
    try:
        import ibis
        from pyspark.sql import SparkSession
    except ImportError:
        missing("ibis-framework or pyspark is not installed (wagekit[spark])")
    with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="wagekit-spark-") as home:
        warnings.simplefilter("ignore")
        settings = {
            "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": "2",
            # The rows are few: compiling a plan takes longer than running it as it stands.
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.codegen.factoryMode": "NO_CODEGEN",
            "spark.sql.adaptive.enabled": "false",
            "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.sql.warehouse.dir": f"{home}/warehouse",
            "spark.local.dir": home,
        }
        builder = SparkSession.builder.master("local[2]")
        for name, value in settings.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
        yield ibis.pyspark.connect(session)
        session.stop()
