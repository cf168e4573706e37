"""DuckDB, the embedded engine, against the estimates in memory; and what a scan refuses."""

from __future__ import annotations

import datetime
import gc
import sys
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import wagekit as wk
from tests.engines.made_sample import DESIGN, QUESTIONS, compare

pytest.importorskip("ibis", reason="ibis-framework is not installed (wagekit[engines])")

from wagekit.engines import scan
from wagekit.errors import DesignError, EstimationError, InputError, WagekitWarning

pytestmark = [
    pytest.mark.filterwarnings("ignore:.* names of sampling units stand for"),
    pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning"),  # Ibis 12 with DuckDB 2
]


@pytest.fixture(scope="module")
def relation(rows: pa.Table) -> duckdb.DuckDBPyRelation:
    connection = duckdb.connect()
    connection.register("arrived", rows)
    connection.execute("CREATE TABLE employees AS FROM arrived")
    return connection.sql("FROM employees")


def _scanned(frame: pd.DataFrame, **design: Any) -> Any:
    import ibis

    engine = ibis.duckdb.connect()
    return scan(engine.create_table("employees", pa.Table.from_pandas(frame, preserve_index=False)), **design)


def _both(frame: pd.DataFrame, **design: Any) -> tuple[Any, wk.Survey]:
    return _scanned(frame, **design), wk.Survey(frame, **design)


@pytest.mark.parametrize("fpc", [None, "population"])
@pytest.mark.parametrize("rule", ["adjust", "average", "remove", "certainty"])
def test_every_rule_for_lone_units(
    rule: str, fpc: str | None, relation: duckdb.DuckDBPyRelation, frame: pd.DataFrame
) -> None:
    options: Any = {**DESIGN, "fpc": fpc, "single_psu": rule}
    found, expected = scan(relation, **options), wk.Survey(frame, **options)
    compared = 0
    for method, columns, by in QUESTIONS:
        compared += compare(getattr(found, method)(*columns, by=by), getattr(expected, method)(*columns, by=by))
    assert compared > 1500


def test_the_compiled_passes_see_the_same(
    relation: duckdb.DuckDBPyRelation, frame: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    for wish in ("0", "1"):
        monkeypatch.setenv("WAGEKIT_COMPILED", wish)
        scanned = scan(relation, **DESIGN, single_psu="adjust")
        made.append([getattr(scanned, method)(*columns, by=by) for method, columns, by in QUESTIONS])
    for first, second in zip(*made, strict=True):
        compare(first, second)


@pytest.mark.parametrize(
    "design",
    [
        {"weights": "weight"},
        {"weights": "weight", "strata": "size"},
        {"weights": "weight", "psu": ["firm", "occupation"], "strata": "region"},
        {"weights": "weight", "psu": "firm"},
    ],
)
def test_other_designs(design: dict[str, Any], relation: duckdb.DuckDBPyRelation, frame: pd.DataFrame) -> None:
    found, expected = scan(relation, **design), wk.Survey(frame, **design)
    assert len(found) == len(expected) == 4000
    for method, columns, by in QUESTIONS:
        compare(getattr(found, method)(*columns, by=by), getattr(expected, method)(*columns, by=by))


def test_a_census_of_a_stratum(frame: pd.DataFrame) -> None:
    units = frame.groupby(["region", "size"])["firm"].transform("nunique")
    frame = frame.assign(population=np.where(frame["size"] < 3, units, 3.0 * units))
    found, expected = _both(frame, **DESIGN, fpc="population", single_psu="certainty")
    for made in (found, expected):
        assert "census" in set(made.mean("pay", by="size").frame["flag"])
    assert compare(found.mean("pay", by="size"), expected.mean("pay", by="size")) > 50
    assert compare(found.percentiles("pay", by="size"), expected.percentiles("pay", by="size")) > 100


@pytest.mark.parametrize(
    "options",
    [
        {"ci": "beta"},
        {"ci": "logit", "level": 0.9},
        {"q": [1, 3, 97.5, 99.99]},
        {"q": 50, "df": float("inf")},
        {"definition": "hf1"},
    ],
)
def test_options_of_percentiles(options: dict[str, Any], relation: duckdb.DuckDBPyRelation, survey: wk.Survey) -> None:
    scanned = scan(relation, **DESIGN, single_psu="adjust")
    compare(scanned.percentiles("pay", "industry", **options), survey.percentiles("pay", "industry", **options))


def test_options_of_means(relation: duckdb.DuckDBPyRelation, survey: wk.Survey) -> None:
    scanned = scan(relation, **DESIGN, single_psu="adjust")
    compare(scanned.mean("pay", level=0.9, df=20), survey.mean("pay", level=0.9, df=20))


def test_in_parts_as_at_once(
    relation: duckdb.DuckDBPyRelation, survey: wk.Survey, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wagekit.engines import cell_table

    scanned, by = scan(relation, **DESIGN, single_psu="adjust"), ["industry", "occupation"]
    at_once = scanned.percentiles("pay", by)
    asked = []
    monkeypatch.setattr(cell_table, "ROWS_AT_ONCE", 700)
    monkeypatch.setattr(cell_table, "fetch", lambda engine, what: asked.append(what) or engine.to_pyarrow(what))
    in_parts = scanned.percentiles("pay", by)
    assert len(asked) >= 3 + 5
    compare(in_parts, at_once)
    compare(scanned.mean("pay", by), survey.mean("pay", by))


def test_exact_ties_of_decimal_weights() -> None:
    # Ten equal weights a cell, so that p n is whole for every q: the running sum meets p W only up to rounding.
    cells = np.repeat(np.arange(300), 10)
    frame = pd.DataFrame(
        {"cell": cells, "pay": np.tile(np.arange(10.0), 300), "w": 0.1 + cells / 7, "firm": cells % 10}
    )
    made = _scanned(frame, weights="w").percentiles("pay", by="cell", q=[10, 20, 50, 90]).frame
    assert made["estimate"].tolist() == [0.0, 1.0, 4.0, 8.0] * 300


def test_a_few_values_far_out_and_one_value_only() -> None:
    rng = np.random.default_rng(8)
    pay = np.where(rng.random(3000) < 0.002, 1e12, rng.lognormal(11, 0.3, 3000))
    frame = pd.DataFrame({"pay": pay, "w": rng.uniform(1, 2, 3000), "firm": rng.integers(0, 60, 3000)})
    frame["cell"] = frame["firm"] % 4
    frame.loc[frame["cell"] == 3, "pay"] = -0.5
    found, expected = _both(frame, weights="w", psu="firm")
    assert compare(found.percentiles("pay", "cell"), expected.percentiles("pay", "cell")) > 50
    compare(found.total("pay", "cell"), expected.total("pay", "cell"))


def test_a_common_level_far_above_the_spread() -> None:
    # Values of 1e9 with a spread of 1: the centre's rounding error of 1e-7 would show in the standard error.
    rng = np.random.default_rng(9)
    frame = pd.DataFrame({"pay": 1e9 + rng.normal(0, 1, 5000), "w": rng.uniform(1, 3, 5000)})
    frame["firm"] = rng.integers(0, 50, 5000)
    found, expected = _both(frame, weights="w", psu="firm")
    compare(found.mean("pay"), expected.mean("pay"))


def test_domains_of_every_type(frame: pd.DataFrame) -> None:
    frame = frame.assign(
        yes=frame["size"] > 2,
        level=np.where(frame["firm"] % 5 == 0, np.nan, frame["firm"] % 3 / 2),
        day=[datetime.date(2023, 1, 1 + int(size)) for size in frame["size"]],
    )
    found, expected = _both(frame, **DESIGN, single_psu="remove")
    for by in ("yes", "level", "day", ["level", "yes"], []):
        compare(found.mean("pay", by=by), expected.mean("pay", by=by))
        compare(found.percentiles("pay", by=by, q=50), expected.percentiles("pay", by=by, q=50))
    yes = found.mean("yes").frame["estimate"].item()
    assert yes == pytest.approx(expected.mean("yes").frame["estimate"].item(), rel=1e-12)


def test_no_row_with_a_value(frame: pd.DataFrame) -> None:
    frame = frame.assign(pay=np.nan)
    found, expected = _both(frame, **DESIGN, single_psu="remove")
    compare(found.mean("pay", "size"), expected.mean("pay", "size"))
    compare(found.percentiles("pay", "size"), expected.percentiles("pay", "size"))


def test_names_of_columns_do_not_collide(frame: pd.DataFrame) -> None:
    names = {"pay": "w", "weight": "y", "industry": "cell", "firm": "b0", "size": "n"}
    design = {"weights": "y", "strata": ["region", "n"], "psu": "b0"}
    found, expected = _both(frame.rename(columns=names), **design, single_psu="remove")
    compare(found.percentiles("w", "cell"), expected.percentiles("w", "cell"))


def test_files_folders_and_patterns(rows: pa.Table, survey: wk.Survey, tmp_path: Path) -> None:
    folder = tmp_path / "工资 2023" / "part=1"
    folder.mkdir(parents=True)
    pq.write_table(rows.slice(0, 1500), folder / "a.parquet")
    pq.write_table(rows.slice(1500), folder / "b.parquet")
    pq.write_table(rows, tmp_path / "whole.parquet")
    expected = survey.percentiles("pay", "industry")
    for source in (folder.parent, str(folder / "*.parquet"), tmp_path / "whole.parquet"):
        scanned = scan(source, **DESIGN, single_psu="adjust", memory="512MB", name="wave")
        assert scanned.engine.raw_sql("SELECT current_setting('memory_limit')").fetchone() == ("488.2 MiB",)
        assert "4,000 rows" in repr(scanned)
        compare(scanned.percentiles("pay", "industry"), expected)
    spill = Path(scanned.engine.raw_sql("SELECT current_setting('temp_directory')").fetchone()[0])
    assert spill.stat().st_mode & 0o077 == 0
    del scanned
    gc.collect()
    assert not spill.exists()
    for source in (tmp_path / "none.parquet", tmp_path / "none*.parquet", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(InputError, match="no such Parquet file"):
            scan(source, **DESIGN)
    (tmp_path / "text.parquet").write_text("a,b")
    with pytest.raises(InputError, match=r"text\.parquet.*expected Parquet files"):
        scan(tmp_path / "text.parquet", **DESIGN)


def test_what_is_no_source() -> None:
    with pytest.raises(InputError, match="a list; expected a Parquet file"):
        scan([1, 2], weights="w")


def test_without_ibis_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "ibis", None)
    with pytest.raises(InputError, match=r"ibis-framework is not installed.*wagekit\[engines\]"):
        scan(tmp_path, weights="w")


def test_metadata_and_what_stays_in_the_engine(relation: duckdb.DuckDBPyRelation) -> None:
    made = scan(relation, **DESIGN, single_psu="adjust", name="wave").mean("pay", by="industry")
    assert made.metadata["engine"] == "duckdb"
    assert made.metadata["name"] == "wave"
    assert made.metadata["method"] == "Taylor"
    with pytest.raises(EstimationError, match="rows stayed in duckdb"):
        made.covariance()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"weight": -1.0}, DesignError, "4000 negative weights"),
        ({"weight": np.nan}, DesignError, "4000 missing or infinite weights"),
        ({"weight": np.inf}, DesignError, "4000 missing or infinite weights"),
        ({"weight": 0.0}, DesignError, "all weights are 0"),
        ({"weight": "many"}, InputError, "'weight': values of type string; expected numbers"),
        ({"region": [None, "p"] * 2000}, DesignError, "'region' of the design: 2000 rows have a missing value"),
        ({"population": 0.0}, DesignError, "0 or negative"),
        ({"population": 2}, DesignError, "population of 2"),
        ({"population": range(4000)}, DesignError, "differ inside a unit"),
    ],
)
def test_a_bad_design_is_refused(
    change: dict[str, Any], error: type[Exception], message: str, frame: pd.DataFrame
) -> None:
    with pytest.raises(error, match=message):
        _scanned(frame.assign(**change), **DESIGN, fpc="population")


def test_fpc_that_differs_or_mixes_is_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(DesignError, match="differ inside a stratum"):
        _scanned(frame.assign(population=100 + frame["firm"]), **DESIGN, fpc="population")
    mixed = frame.assign(population=np.where(frame["region"] == "p", 0.5, 900.0))
    with pytest.raises(DesignError, match="either population sizes"):
        _scanned(mixed, **DESIGN, fpc="population")


def test_designs_and_questions_that_are_for_memory(relation: duckdb.DuckDBPyRelation) -> None:
    with pytest.raises(DesignError, match="several stages are estimated in memory"):
        scan(relation, weights="weight", psu=["firm", "occupation"], fpc="population")
    with pytest.raises(DesignError, match="one stage of sampling"):
        scan(relation, weights="weight", psu="firm", fpc=["population", "size"])
    with pytest.raises(DesignError, match="single_psu"):
        scan(relation, weights="weight", single_psu="guess")  # type: ignore[arg-type]
    scanned = scan(relation, **DESIGN)
    with pytest.raises(EstimationError, match="estimated in memory"):
        scanned.percentiles("pay", definition="hf7")
    with pytest.raises(EstimationError, match="percents from 1"):
        scanned.percentiles("pay", q=0)
    with pytest.raises(EstimationError, match="confidence level"):
        scanned.mean("pay", level=95)
    with pytest.raises(InputError, match="Did you mean 'industry'"):
        scanned.mean("pay", by="industri")
    with pytest.raises(InputError, match="values of type string"):
        scanned.mean("industry")
    with pytest.raises(DesignError, match="2 strata have one sampling unit"):
        scanned.mean("pay")


def test_units_named_alike_in_several_strata_are_told(frame: pd.DataFrame) -> None:
    with pytest.warns(WagekitWarning, match="45 names of sampling units stand for 344 units"):
        _scanned(frame, **DESIGN)


def test_infinite_wages_are_refused(frame: pd.DataFrame) -> None:
    pay = frame["pay"].mask(frame.index < 2, -np.inf)
    scanned = _scanned(frame.assign(pay=pay), **DESIGN)
    with pytest.raises(InputError, match="'pay': 2 infinite values"):
        scanned.mean("pay")
    with pytest.raises(InputError, match="'pay': 2 infinite values"):
        scanned.ratio("hours", "pay")
