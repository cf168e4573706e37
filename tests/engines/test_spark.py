"""Spark in local mode, with its JVM, against the estimates in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import wagekit as wk
from tests.engines.made_sample import DESIGN, QUESTIONS, compare
from wagekit.engines import scan
from wagekit.engines.scanned_survey import ScannedSurvey

pytestmark = [
    pytest.mark.filterwarnings("ignore:.* names of sampling units stand for"),
    # PySpark's and Ibis's own words on pandas 3
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The 'future.infer_string' option:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def scanned(spark: Any, rows: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> ScannedSurvey:
    folder: Path = tmp_path_factory.mktemp("employees")
    half = rows.num_rows // 2
    for part, chosen in enumerate((rows.slice(0, half), rows.slice(half))):
        pq.write_table(chosen, folder / f"part-{part}.parquet")
    return scan(spark.read_parquet(str(folder)), **DESIGN, single_psu="adjust")


@pytest.mark.parametrize(("method", "columns", "by"), [QUESTIONS[k] for k in (1, 3, 4, 6, 7)])
def test_same_numbers_as_in_memory(
    method: str, columns: tuple[str, ...], by: str | list[str] | None, scanned: ScannedSurvey, survey: wk.Survey
) -> None:
    found = getattr(scanned, method)(*columns, by=by)
    assert found.metadata["engine"] == "pyspark"
    assert compare(found, getattr(survey, method)(*columns, by=by)) > 5
