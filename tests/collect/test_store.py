"""The store: opening, locking, migrating, and what it gives back."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from tests.collect.made_files import employees, enterprises, write_pair
from wagekit import __version__
from wagekit.collect import frames, schema
from wagekit.collect import store as stores
from wagekit.collect.classification import Classification
from wagekit.collect.intake import intake
from wagekit.collect.questionnaire import EMPLOYEE, ENTERPRISE
from wagekit.errors import InputError, StoreError


def refusal(path: Path, *, read_only: bool = False) -> str:
    with pytest.raises(StoreError) as caught:
        stores.open(path, read_only=read_only)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_rows_come_in_the_order_of_insertion(tmp_path):
    """Also where the rows of another wave lie between them, and several threads read."""
    path, rows = tmp_path / "survey.duckdb", 300_000
    with stores.open(path) as store, store.transaction() as connection:
        for wave in (2022, 2023):
            connection.execute(
                "INSERT INTO waves VALUES (?, ?, now())",
                [wave, '{"title": "t", "synthetic": true, "classifications": {}}'],
            )
        numbers = np.random.default_rng(1).permutation(rows).astype(str)
        codes = {"wave": np.arange(rows) // 1000 % 2 + 2022, "enterprise_id": "a", "employee_code": numbers}
        store.append("employees", pd.DataFrame(codes))
    with stores.open(path, read_only=True) as store:
        assert store.employees(2023)["employee_code"].tolist() == numbers[codes["wave"] == 2023].tolist()


def run(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run Python code in another process."""
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A store with one wave."""
    with stores.open(tmp_path / "s.duckdb") as store:
        intake(store, write_pair(tmp_path), wave=2023)
    return tmp_path / "s.duckdb"


# -- opening -------------------------------------------------------------------------------------


def test_opening_for_writing_creates_a_whole_store_and_nothing_else(tmp_path: Path) -> None:
    with stores.open(tmp_path / "s.duckdb") as store:
        assert store.waves().empty
        assert not store.log().shape[0]
    assert [entry.name for entry in tmp_path.iterdir()] == ["s.duckdb"]


def test_a_store_that_is_not_there(tmp_path: Path) -> None:
    assert "no such store" in refusal(tmp_path / "none.duckdb", read_only=True)
    assert not list(tmp_path.iterdir())
    assert "no such folder" in refusal(tmp_path / "none" / "s.duckdb")
    assert "a folder" in refusal(tmp_path)


@pytest.mark.parametrize("read_only", [True, False])
def test_files_that_are_no_store(tmp_path: Path, filled: Path, read_only: bool) -> None:
    junk = tmp_path / "junk.duckdb"
    for content in (b"", b"x", b"a line of text\n" * 1000):
        junk.write_bytes(content)
        assert "not a DuckDB database" in refusal(junk, read_only=read_only)
    junk.write_bytes(filled.read_bytes()[:6000])
    assert "damaged or cut off" in refusal(junk, read_only=read_only)
    other = tmp_path / "other.duckdb"
    with duckdb.connect(str(other)) as connection:
        connection.execute("CREATE TABLE orders (x INTEGER)")
    assert "holds other tables (orders)" in refusal(other, read_only=read_only)


def test_a_closed_and_a_read_only_store_say_so(filled: Path) -> None:
    store = stores.open(filled, read_only=True)
    with pytest.raises(StoreError, match="reading only"), store.transaction():
        pass
    with pytest.raises(StoreError, match="reading only"):
        intake(store, [], wave=2022)
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.waves()


def test_reading_beside_a_reader_works(filled: Path) -> None:
    with stores.open(filled, read_only=True) as store:
        result = run(
            """
            import sys
            from wagekit.collect import store
            print(len(store.open(sys.argv[1], read_only=True).employees(2023)))
            """,
            filled,
        )
        assert result.stdout.strip() == str(len(store.employees(2023))), result.stderr


@pytest.mark.parametrize("read_only", [True, False])
def test_a_second_writer_is_told_who_holds_the_store(filled: Path, read_only: bool) -> None:
    with stores.open(filled):
        result = run(
            """
            import sys
            from wagekit.collect import store
            from wagekit.errors import StoreError
            try:
                store.open(sys.argv[1], read_only=sys.argv[2] == "True")
            except StoreError as error:
                print(error)
            """,
            filled,
            read_only,
        )
    assert f"in use by another process (PID {os.getpid()}" in result.stdout, result.stderr
    assert "try again" in result.stdout


def test_reading_and_writing_in_one_process_is_refused_clearly(filled: Path) -> None:
    with stores.open(filled):
        assert "already open in this process for writing" in refusal(filled, read_only=True)


@pytest.mark.skipif(os.name != "posix", reason="rights of folders work otherwise")
def test_a_folder_that_may_not_be_written(tmp_path: Path, filled: Path) -> None:
    code = """
        import os, sys
        from wagekit.collect import store
        from wagekit.errors import StoreError
        with store.open(sys.argv[2], read_only=True) as opened:
            opened.waves()  # loads what the other user may not be let to read
        if os.geteuid() == 0:
            os.setuid(65534)  # rights don't bind root
        for path, read_only in ((sys.argv[1], False), (sys.argv[2], False), (sys.argv[2], True)):
            try:
                print(len(store.open(path, read_only=read_only).waves()))
            except StoreError as error:
                print(error)
        """
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are closed to other users
        place = Path(folder)
        (place / "s.duckdb").write_bytes(filled.read_bytes())
        (place / "s.duckdb").chmod(0o444)
        place.chmod(0o555)
        try:
            result = run(code, place / "new.duckdb", place / "s.duckdb")
        finally:
            place.chmod(0o755)
    lines = result.stdout.splitlines()
    assert "can't be created (Permission denied)" in lines[0], result.stderr
    assert "may not be written here" in lines[1]
    assert lines[2:] == ["1"], result.stderr


# -- schema and migrations -----------------------------------------------------------------------


def test_the_tables_hold_the_questionnaire(tmp_path: Path) -> None:
    """Whoever adds a field must add a migration."""
    kinds = {"text": "VARCHAR", "code": "VARCHAR", "integer": "BIGINT", "year": "BIGINT", "number": "DOUBLE"}
    with stores.open(tmp_path / "s.duckdb") as store:
        for table, questionnaire in (("enterprises", ENTERPRISE), ("employees", EMPLOYEE)):
            columns = {name: kind for name, kind, *_ in store.connection.execute(f"DESCRIBE {table}").fetchall()}
            expected = {field.name: kinds.get(field.kind, "BOOLEAN") for field in questionnaire}
            assert columns == {"wave": "INTEGER", **expected}


def test_a_store_of_an_older_schema_is_brought_up_to_date(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    later = schema.Migration(
        2, "remarks", ("ALTER TABLE waves ADD COLUMN remark VARCHAR", "UPDATE waves SET remark = 'moved'")
    )
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, later))
    assert "schema version 1; expected version 2" in refusal(filled, read_only=True)
    with stores.open(filled) as store:
        remark = store.connection.execute("SELECT remark FROM waves").fetchall()
        versions = store.connection.execute("SELECT version, title, wagekit_version FROM schema_version").fetchall()
        assert remark == [("moved",)]
        assert versions == [(1, "the first tables", __version__), (2, "remarks", __version__)]
        assert len(store.employees(2023)) == 40
    with stores.open(filled, read_only=True) as store:
        assert len(store.waves()) == 1


def test_an_empty_database_becomes_a_store(tmp_path: Path) -> None:
    duckdb.connect(str(tmp_path / "empty.duckdb")).close()
    assert "schema version 0" in refusal(tmp_path / "empty.duckdb", read_only=True)
    with stores.open(tmp_path / "empty.duckdb") as store:
        assert len(store.guideline_lines()) > 40
        assert store.waves().empty


def test_a_failing_migration_changes_nothing(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = schema.Migration(2, "good", ("CREATE TABLE more (x INTEGER)",))
    bad = schema.Migration(3, "bad", ("ALTER TABLE waves ADD COLUMN a INTEGER", "SELECT nonsense"))
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, good, bad))
        assert "could not be brought from schema version 1 to 3" in refusal(filled)
    with stores.open(filled) as store:
        tables = {name for (name,) in store.connection.execute("SHOW TABLES").fetchall()}
        assert "more" not in tables
        assert [row[0] for row in store.connection.execute("DESCRIBE waves").fetchall()] == [
            "wave", "metadata", "taken_in"
        ]  # fmt: skip
        assert schema.version_of(store.connection, "") == 1


@pytest.mark.parametrize("read_only", [True, False])
def test_a_store_of_a_newer_schema_is_left_alone(filled: Path, read_only: bool) -> None:
    with duckdb.connect(str(filled)) as connection:
        connection.execute("INSERT INTO schema_version VALUES (99, 'from the future', now(), '9.9')")
    message = refusal(filled, read_only=read_only)
    assert "schema version 99; expected at most 1" in message
    assert "newer wagekit" in message


# -- what comes back -----------------------------------------------------------------------------


def test_a_wave_that_is_not_there_names_those_that_are(filled: Path) -> None:
    with stores.open(filled, read_only=True) as store:
        for question in (store.survey, store.employees, store.enterprises, store.refused, store.classifications):
            with pytest.raises(StoreError, match="wave 2022 is not in the store; expected one of 2023"):
                question(2022)


def test_the_survey_frame_has_the_derived_columns(filled: Path) -> None:
    with stores.open(filled, read_only=True) as store:
        frame = store.survey(2023).frame
        first = frame.iloc[1]
        assert (first["industry"], first["industry_division"]) == ("F", "F51")
        assert first["occupation"] == "2-02-10-03"
        assert (first["occupation_major"], first["occupation_sub_major"]) == ("2", "2-02")
        assert first["occupation_minor"] == "2-02-10"
        assert (first["birth_year"], first["age_group"]) == (1971, "46–55")
        assert not set(frames.IDENTITIES) & set(frame.columns)
        assert set(frames.survey_columns()) == set(frame.columns)
        assert list(frame["enterprise_id"]) == list(store.employees(2023)["enterprise_id"])
        lists = store.classifications(2023)
        assert lists["industry"].label("F") == "批发和零售业"
        assert lists["occupation_sub_major"].label("2-02") == "工程技术人员"


def test_without_weights_everybody_counts_one_and_it_is_said(filled: Path) -> None:
    with stores.open(filled, read_only=True) as store:
        survey = store.survey(2023)
    assert survey.frame["weight"].unique().tolist() == [1.0]
    assert survey.design.strata == ()
    weights, strata = survey.metadata["notes"]
    assert "every employee counts 1" in weights
    assert "stratum is empty" in strata
    assert survey.mean("annual_pay").frame["estimate"].item() == pytest.approx(99500.0, rel=1e-12)


def test_the_design_of_the_files_comes_along_and_can_be_overridden(tmp_path: Path) -> None:
    firms = enterprises(6).assign(stratum=["a", "a", "a", "b", "b", "b"], frame_headcount="100")
    staff = employees(60, 6).assign(weight=[str(1 + k % 6) for k in range(60)])
    with stores.open(tmp_path / "s.duckdb") as store:
        intake(store, write_pair(tmp_path, firms, staff), wave=2023)
        survey = store.survey(2023)
        assert (survey.design.weights, survey.design.strata) == ("weight", ("stratum",))
        assert (survey.design.psu, survey.design.single_psu) == (("enterprise_id",), "adjust")
        assert survey.metadata["notes"] == ()
        assert survey.sample.n == 60
        weights, pay = np.array([1 + k % 6 for k in range(60)]), np.array([80000 + 1000 * k for k in range(60)])
        expected = (weights * pay).sum() / weights.sum()
        assert survey.mean("annual_pay").frame["estimate"].item() == pytest.approx(expected, rel=1e-12)
        other = store.survey(2023, strata=["industry"], single_psu="certainty")
        assert (other.design.strata, other.design.single_psu) == (("industry",), "certainty")


def test_a_half_filled_design_column_is_refused(tmp_path: Path) -> None:
    frame = pd.DataFrame({"weight": [1.0, None], "enterprise_id": ["a", "b"]})
    design = {"weights": "weight", "strata": [], "psu": ["enterprise_id"]}
    with pytest.raises(InputError, match="'weight' of the design is missing for 1 of 2 employees"):
        frames.usable_design(frame, design, where="wave 2023")


def test_bands_include_their_upper_ends() -> None:
    firms = pd.DataFrame({"enterprise_id": ["a"]})
    ages = [25, 26, 35, 36, 55, 56, np.nan]
    tenures = [0, 1, 1.5, 3, 10, 10.5, np.nan]
    staff = pd.DataFrame({"enterprise_id": "a", "birth_year": 2023 - np.array(ages), "enterprise_tenure": tenures})
    frame = frames.survey_frame(firms, staff, {}, wave=2023)
    assert frame["age_group"].tolist() == ["≤25", "26–35", "26–35", "36–45", "46–55", "≥56", np.nan]
    assert frame["tenure_group"].tolist() == ["≤1", "≤1", "2–3", "2–3", "6–10", "≥11", np.nan]


def test_an_employee_without_an_enterprise_has_no_enterprise_values() -> None:
    firms = pd.DataFrame({"enterprise_id": ["a"], "industry_code": ["C36"], "revenue": [5.0]})
    staff = pd.DataFrame({"enterprise_id": ["a", "z"]})
    codes = Classification.from_items(pd.DataFrame({"code": ["C36"], "name": ["x"]}), name="industry")
    frame = frames.survey_frame(firms, staff, {"industry_code": codes}, wave=2023)
    assert frame["industry"].tolist()[0] == "C36"
    assert frame.loc[1, ["industry_code", "revenue", "industry"]].isna().all()


def test_reference_figures_come_with_their_sources(filled: Path) -> None:
    with stores.open(filled, read_only=True) as store:
        wage = store.reference("月最低工资").set_index("year")
        assert wage.loc[2023, "value"] == 2690
        assert store.reference("minimum_wage_month").equals(store.reference("月最低工资"))
        lines = store.guideline_lines("上海").set_index("year")
        assert (lines.loc[2012, "base_line"], lines.loc[2012, "upper_line"]) == (12, 16)
        assert lines["source"].notna().all()
        assert set(store.reference()["source_kind"]) <= {"found", "rounded", "derived", "unconfirmed"}
        with pytest.raises(StoreError, match="no reference series 'gdp'; expected one of"):
            store.reference("gdp")


def test_reference_figures_can_be_added_and_replaced(filled: Path) -> None:
    row = {"series": "minimum_wage_month", "chinese": "月最低工资", "region": "上海", "unit": "元/月"}
    new = pd.DataFrame([{**row, "year": 2023, "value": 2700.0}, {**row, "year": 2026, "value": 2800.0}])
    with stores.open(filled) as store:
        before = len(store.reference())
        store.update_reference(reference_series=new)
        wage = store.reference("minimum_wage_month").set_index("year")["value"]
        assert (wage[2023], wage[2026], len(store.reference())) == (2700, 2800, before + 1)
        line = pd.DataFrame([{"region": "上海", "year": 2024, "base_line": 4.0}])
        store.update_reference(guideline_lines=line)
        assert store.guideline_lines("上海")["year"].max() == 2024
        for wrong, says in (
            (new.drop(columns="unit"), "'unit' is missing"),
            (new.assign(colour="red"), "no column 'colour'"),
            (pd.concat([new, new]), "is there twice"),
            (new.assign(value="much"), "'value' holds text"),
        ):
            with pytest.raises(InputError, match=says):
                store.update_reference(reference_series=wrong)
        assert len(store.reference()) == before + 1


def test_a_transaction_is_all_or_nothing(filled: Path) -> None:
    def remove(store: stores.Store, error: type[BaseException] | None) -> None:
        with store.transaction() as connection:
            store.remove_wave(2023)
            if error is not None:
                raise error
            connection.execute("SELECT nonsense")

    with stores.open(filled) as store:
        with pytest.raises(KeyboardInterrupt):
            remove(store, KeyboardInterrupt)
        assert len(store.employees(2023)) == 40
        with pytest.raises(StoreError, match="the database refused"):
            remove(store, None)
        assert len(store.employees(2023)) == 40
