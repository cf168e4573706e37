"""PostgreSQL, started from its package, against the estimates in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest

import wagekit as wk
from tests.engines.made_sample import DESIGN, QUESTIONS, compare
from wagekit.engines import scan
from wagekit.engines.scanned_survey import ScannedSurvey

pytestmark = pytest.mark.filterwarnings("ignore:.* names of sampling units stand for")


@pytest.fixture(scope="module")
def office(postgres: Any, rows: pa.Table) -> Iterator[list[ScannedSurvey]]:
    table = postgres.create_table("employees", rows)
    held = [scan(table, **DESIGN, single_psu="adjust", name="office")]
    yield held
    held.clear()  # pytest keeps what a test was given; its temporary tables are to go before the server does


@pytest.mark.parametrize(("method", "columns", "by"), QUESTIONS)
def test_same_numbers_as_in_memory(
    method: str, columns: tuple[str, ...], by: str | list[str] | None, office: list[ScannedSurvey], survey: wk.Survey
) -> None:
    found = getattr(office[0], method)(*columns, by=by)
    assert found.metadata["engine"] == "postgres"
    assert compare(found, getattr(survey, method)(*columns, by=by)) > 5
