"""Intake: all or nothing, the same file twice, what is refused and where it is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.collect.made_files import credit_code, employees, enterprises, official, write_pair
from wagekit import __version__
from wagekit.collect import store as stores
from wagekit.collect.intake import intake
from wagekit.collect.mapping import Mapping
from wagekit.collect.store import Store
from wagekit.errors import InputError, StoreError, WagekitError

TABLES = ("waves", "enterprises", "employees", "code_lists", "intake_log", "refused_rows", "queries")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return stores.open(tmp_path / "s.duckdb")


def contents(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Everything in the store."""
    return {
        table: store.connection.execute(f"SELECT * FROM {table} ORDER BY ALL").fetchall()
        for table in (*TABLES, "guideline_lines", "reference_series")
    }


def other_pay(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(annual_pay="123456")


# -- what comes in -------------------------------------------------------------------------------


def test_files_in_any_order_become_a_wave(store: Store, tmp_path: Path) -> None:
    firms, staff = write_pair(tmp_path)
    seen: list[tuple[str, int, int]] = []
    report = intake(store, [staff, firms], wave=2023, progress=lambda *state: seen.append(state))
    assert (report.status, report.wave, report.enterprises, report.employees) == ("stored", 2023, 4, 40)
    assert [(f.file, f.table, f.encoding, f.rows, f.accepted) for f in report.files] == [
        ("职工.csv", "employee", "gb18030", 40, 40),
        ("单位.csv", "enterprise", "utf-8", 4, 4),
    ]
    assert {stage for stage, _, _ in seen} == {"read", "check", "store"}
    assert all(0 <= done <= total for _, done, total in seen)
    stored = store.employees(2023)
    assert stored["annual_pay"].tolist() == [80000.0 + 1000 * k for k in range(40)]
    assert stored["sex"].tolist()[:2] == ["2", "1"]  # titles became codes
    assert stored["education"].unique().tolist() == ["2"]
    assert store.waves()[["wave", "enterprises", "employees", "synthetic"]].values.tolist() == [[2023, 4, 40, False]]
    log = store.log()
    assert log["wagekit_version"].unique().tolist() == [__version__]
    assert log["mapping_sha256"].unique().tolist() == [Mapping().digest]
    assert log[["file", "encoding", "rows_read", "accepted", "refused", "action"]].values.tolist() == [
        ["单位.csv", "utf-8", 4, 4, 0, "stored"],
        ["职工.csv", "gb18030", 40, 40, 0, "stored"],
    ]


def test_formats_and_several_files_give_the_same_wave(store: Store, tmp_path: Path) -> None:
    firms, staff = enterprises(), employees()
    intake(store, write_pair(tmp_path / "csv", firms, staff), wave=2023)
    official(firms).to_parquet(tmp_path / "firms.parquet")
    official(staff[:15]).to_excel(tmp_path / "first.xlsx", index=False)
    official(staff[15:]).to_csv(tmp_path / "rest.csv", index=False, sep="\t", encoding="utf-16")
    files = [tmp_path / "firms.parquet", tmp_path / "first.xlsx", tmp_path / "rest.csv"]
    report = intake(store, files, wave=2022)
    assert [entry.format for entry in report.files] == ["parquet", "xlsx", "csv"]
    pd.testing.assert_frame_equal(store.employees(2022), store.employees(2023))
    pd.testing.assert_frame_equal(store.enterprises(2022), store.enterprises(2023))


def test_wagekits_own_names_are_headers_too(store: Store, tmp_path: Path) -> None:
    enterprises().to_csv(tmp_path / "a.csv", index=False)
    employees().to_csv(tmp_path / "b.csv", index=False)
    assert intake(store, [tmp_path / "a.csv", tmp_path / "b.csv"], wave=2023).employees == 40


def test_refused_rows_say_where_and_why(store: Store, tmp_path: Path) -> None:
    firms, staff = enterprises(), employees()
    firms.loc[3, "total_cost"] = "5"  # below labour cost: the enterprise and its ten employees are refused
    staff.loc[0, "annual_pay"] = "面议"
    staff.loc[1, "occupation_code"] = None
    staff.loc[5, "enterprise_id"] = credit_code(77)
    staff.loc[8, "sex"] = "x"  # not required: blanked, and asked about
    staff.loc[9, "annual_pay"] = "20000"  # under the minimum wage of Shanghai
    report = intake(store, write_pair(tmp_path, firms, staff), wave=2023)
    assert (report.enterprises, report.employees, report.refused, report.queries) == (3, 27, 14, 2)
    refused = store.refused(2023).set_index(["file", "row"])
    assert refused.loc[("职工.csv", 2), ["field", "value", "rule"]].tolist() == ["annual_pay", "面议", "wrong_type"]
    assert refused.loc[("职工.csv", 3), ["field", "rule"]].tolist() == ["occupation_code", "missing_required"]
    assert refused.loc[("职工.csv", 7), ["value", "rule"]].tolist() == [credit_code(77), "employee_without_enterprise"]
    assert refused.loc[("单位.csv", 5), "rule"] == "cost_above_labour_cost"
    assert (refused["rule"] == "enterprise_refused").sum() == 10
    assert report.refused_by_rule["enterprise_refused"] == 10
    queries = store.queries(2023)
    assert queries[["row", "field", "value", "rule"]].values.tolist() == [
        [10, "sex", "x", "code_not_in_list_blanked"],
        [11, "annual_pay", "20000", "pay_below_minimum_wage"],
    ]
    assert [(entry.rows, entry.refused, entry.queries) for entry in report.files] == [(4, 1, 0), (40, 13, 2)]


def test_the_minimum_wage_can_be_given(store: Store, tmp_path: Path) -> None:
    paths = write_pair(tmp_path)
    report = intake(store, paths, wave=2023, minimum_wage=10_000)  # 120,000 a year: above all 40
    assert report.queries_by_rule == {"pay_below_minimum_wage": 40}
    mapping = Mapping.declare({"checks": {"minimum_wage": 8000}})  # 96,000: 16 are below
    assert intake(store, paths, wave=2023, mapping=mapping, replace=True).queries == 16


def test_simulated_data_are_marked_whatever_they_are_called(store: Store, tmp_path: Path) -> None:
    firms, staff = write_pair(tmp_path, firms=enterprises().assign(name="模拟企业"))
    intake(store, [firms, staff], wave=2023)
    assert store.metadata(2023)["synthetic"] is True
    plain, _ = write_pair(tmp_path / "b")
    marked = tmp_path / "模拟数据_职工.csv"
    marked.write_bytes(staff.read_bytes())
    intake(store, [plain, marked], wave=2022)
    assert store.waves()["synthetic"].tolist() == [True, True]
    assert store.survey(2022).metadata["synthetic"] is True


def test_columns_that_are_not_used_are_said(store: Store, tmp_path: Path) -> None:
    report = intake(store, write_pair(tmp_path, staff=employees().assign(备注="x")), wave=2023)
    assert "职工.csv: columns not used: 备注." in report.notes


# -- again ---------------------------------------------------------------------------------------


def test_the_same_files_twice_change_nothing(store: Store, tmp_path: Path) -> None:
    paths = write_pair(tmp_path)
    first = intake(store, paths, wave=2023)
    before = contents(store)
    moved = [path.rename(path.with_name("x" + path.name)) for path in paths]  # the content counts, not the name
    again = intake(store, moved[::-1], wave=2023)
    assert again.status == "unchanged"
    assert (again.enterprises, again.employees) == (first.enterprises, first.employees)
    assert "nothing changed" in str(again)
    assert contents(store) == before


def test_a_wave_is_replaced_only_when_told_so(store: Store, tmp_path: Path) -> None:
    old = write_pair(tmp_path / "old")
    new = write_pair(tmp_path / "new", firms=enterprises(3), staff=other_pay(employees(30, 3)))
    intake(store, old, wave=2022)
    intake(store, old, wave=2023, replace=True)  # nothing there yet: simply stored
    before = contents(store)
    with pytest.raises(StoreError, match=r"wave 2023 is in the store already, from other files .*职工.csv"):
        intake(store, new, wave=2023)
    with pytest.raises(StoreError, match="with another mapping"):
        intake(store, old, wave=2023, mapping=Mapping.declare({"survey": {"title": "x"}}))
    assert contents(store) == before
    report = intake(store, new, wave=2023, replace=True)
    assert report.status == "replaced"
    assert store.employees(2023)["annual_pay"].unique().tolist() == [123456.0]
    assert len(store.enterprises(2023)) == 3
    assert len(store.employees(2022)) == 40  # the other wave stays
    assert store.log()["action"].tolist() == ["stored"] * 4 + ["replaced"] * 2
    # The first files are no longer what the wave holds.
    with pytest.raises(StoreError, match="from other files"):
        intake(store, old, wave=2023)


def test_a_file_that_another_wave_holds_is_noted(store: Store, tmp_path: Path) -> None:
    paths = write_pair(tmp_path)
    intake(store, paths, wave=2022)
    assert "职工.csv is also in wave 2022." in intake(store, paths, wave=2023).notes


# -- what can't come in --------------------------------------------------------------------------


def test_bad_files_leave_the_store_as_it_was(store: Store, tmp_path: Path) -> None:
    firms, staff = write_pair(tmp_path)
    intake(store, [firms, staff], wave=2022)
    before = contents(store)
    bad = tmp_path / "bad.csv"
    header = ",".join(official(employees()).columns)
    for content, says in (
        (b"", "empty"),
        (header.encode(), "no data rows"),
        (b"a,b\n1,2\n", "those of neither table"),
        (f"{header}\n1,2,3\n".encode(), "row 2 has 3 values"),
        ("统一社会信用代码,职工代码,职业\n1,2,3\n".encode(), "'全年工资报酬合计' (annual_pay) is missing"),
        (f"{header}\n{'x,' * 7}x\n".encode(), "no employee passes the checks"),
    ):
        bad.write_bytes(content)
        with pytest.raises(InputError) as caught:
            intake(store, [firms, bad], wave=2023)
        assert says in str(caught.value)
        assert "bad.csv" in str(caught.value)
        assert contents(store) == before


def test_missing_and_doubled_files(store: Store, tmp_path: Path) -> None:
    firms, staff = write_pair(tmp_path)
    copy = tmp_path / "copy.csv"
    copy.write_bytes(staff.read_bytes())
    for files, says in (
        ([], "no file is named"),
        ([firms], "no employee table"),
        ([staff], "no enterprise table"),
        ([firms, staff, staff], "named twice"),
        ([firms, staff, copy], "the same content as"),
        ([firms, tmp_path / "none.csv"], "no such file"),
    ):
        with pytest.raises(InputError, match=says):
            intake(store, files, wave=2023)


def test_a_missing_column_names_the_nearest(store: Store, tmp_path: Path) -> None:
    firms, _ = write_pair(tmp_path)
    staff = official(employees()).rename(columns={"全年工资报酬合计": "全年工资报酬"})
    staff.to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(InputError, match="The nearest is '全年工资报酬'"):
        intake(store, [firms, tmp_path / "b.csv"], wave=2023)


def test_a_design_column_must_be_filled_in_throughout(store: Store, tmp_path: Path) -> None:
    staff = employees().assign(weight=[None] * 5 + ["2"] * 35)
    assert intake(store, write_pair(tmp_path, staff=staff), wave=2023).employees == 35
    assert set(store.refused(2023)["field"]) == {"weight"}
    assert (store.survey(2023).frame["weight"] == 2).all()


def test_a_failure_while_storing_takes_everything_back(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake(store, write_pair(tmp_path / "old"), wave=2023)
    before = contents(store)
    new = write_pair(tmp_path / "new", staff=other_pay(employees()))

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "store" and done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        intake(store, new, wave=2023, replace=True, progress=stop)
    assert contents(store) == before
    assert intake(store, new, wave=2023, replace=True).status == "replaced"


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from wagekit.collect import store
    from wagekit.collect.intake import intake

    def kill(stage, done, total):
        if (stage, done) == (sys.argv[2], int(sys.argv[3])):
            os.kill(os.getpid(), signal.SIGKILL)

    opened = store.open(sys.argv[1])
    intake(opened, sys.argv[4:], wave=2023, replace=True, progress=kill)
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX")
@pytest.mark.parametrize(("stage", "done"), [("check", 1), ("store", 0), ("store", 1), ("store", 2)])
def test_a_killed_intake_leaves_the_store_as_it_was(tmp_path: Path, stage: str, done: int) -> None:
    path = tmp_path / "s.duckdb"
    with stores.open(path) as store:
        intake(store, write_pair(tmp_path / "old"), wave=2023)
        before = contents(store)
    # Enough rows that DuckDB writes some of them to the file before the transaction ends.
    new = write_pair(tmp_path / "new", enterprises(40), other_pay(employees(150_000, 40)))
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(path), stage, str(done), *map(str, new)]
    killed = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with stores.open(path, read_only=True) as store:  # also with what the killed process left beside the file
        assert contents(store) == before
    with stores.open(path) as store:
        assert contents(store) == before
        assert intake(store, new, wave=2023, replace=True).employees == 150_000


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX")
def test_killed_before_anything_was_stored_leaves_an_empty_store(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    new = write_pair(tmp_path / "new")
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(path), "store", "2", *map(str, new)]
    killed = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with stores.open(path) as store:
        assert store.waves().empty
        assert store.log().empty
        assert intake(store, new, wave=2023).status == "stored"


# -- how fast, and whatever comes ----------------------------------------------------------------


def test_four_hundred_thousand_employees_take_seconds(store: Store, tmp_path: Path) -> None:
    """Measured: 4 s of processor time, half of it reading. The limit leaves room for a busy machine."""
    count, firms = 400_000, 4_000
    random = np.random.default_rng(1)
    parts = {
        name: random.integers(1000, 60000, count)
        for name in ("basic_pay", "performance_pay", "allowances", "overtime_pay", "special_pay")
    }
    staff = employees(count, firms).assign(**parts, annual_pay=sum(parts.values()), weekly_hours=40, weight="1.5")
    paths = write_pair(tmp_path, enterprises(firms), staff)
    started = time.perf_counter()
    report = intake(store, paths, wave=2023)
    assert time.perf_counter() - started < 30
    assert (report.employees, report.refused) == (count, 0)


cell = st.sampled_from(["", "1", "-1", "0", "男", "C", "2-02", "1e999", "nan", "=1+1", "2023", "99999999999999999999"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_the_cells_say_intake_ends_in_a_wave_or_one_sentence(tmp_path: Path, data: st.DataObject) -> None:
    firms, staff = enterprises(), employees(12)
    for frame in (firms, staff):
        for _ in range(data.draw(st.integers(0, 6))):
            row = data.draw(st.integers(0, len(frame) - 1))
            frame.loc[row, data.draw(st.sampled_from(list(frame.columns)))] = data.draw(cell)
    paths = write_pair(tmp_path, firms, staff)
    with stores.open(tmp_path / "h.duckdb") as store:
        try:
            report = intake(store, paths, wave=2023, replace=True)
        except WagekitError as error:
            message = str(error)
        else:
            message = ""
            rows = sum(entry.rows for entry in report.files)
            assert report.enterprises + report.employees + report.refused == rows
            assert len(store.survey(2023)) == report.employees
        assert "\n" not in message
