"""The last look at a release: which names and codes of the store are looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.made_store import WAVE, copy_of_store
from wagekit.builds import audit, release_checks
from wagekit.collect.store import open as open_store


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return copy_of_store(tmp_path_factory.mktemp("store"))


def test_codes_and_names_of_all_waves_are_looked_for(store, tmp_path, monkeypatch):
    """Held against what the store hands out of each wave; persons beside an enterprise's name are no identifiers."""
    looked_for: set[str] = set()

    def check(folder: Path, *, identifiers: set[str], **more: object) -> list[release_checks.Problem]:
        looked_for.update(identifiers)
        return []

    monkeypatch.setattr(audit, "check_release", check)
    assert audit.problems(tmp_path, store, tmp_path / "held-back") == []
    named: set[str] = set()
    with open_store(store, read_only=True) as opened:
        for wave in (WAVE - 1, WAVE):
            firms, staff = opened.enterprises(wave), opened.employees(wave)
            for column in (firms["enterprise_id"], firms["name"], staff["employee_code"]):
                own = set(column.dropna())
                assert own, "the wave names nobody"
                named |= own
    assert looked_for == named


def test_an_identifier_of_an_older_wave_is_found(store, tmp_path):
    with open_store(store, read_only=True) as opened:
        before, now = (set(opened.enterprises(wave)["enterprise_id"]) for wave in (WAVE - 1, WAVE))
    gone = min(before - now)
    (tmp_path / "table.csv").write_text(f"name\n{gone}\n", encoding="utf-8")
    [problem] = audit.problems(tmp_path, store, tmp_path / "held-back")
    assert "table.csv" in str(problem)
    assert gone not in str(problem)
