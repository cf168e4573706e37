"""What the report about an industry reads of the wave before: the enterprises it compares, and nothing of others."""

from __future__ import annotations

import numpy as np
import pytest

from tests.made_store import WAVE, change, copy_of_store
from wagekit.builds.fingerprints import Today
from wagekit.collect.parts import in_wave
from wagekit.collect.store import open as open_store
from wagekit.errors import InputError
from wagekit.guidance.enterprises import enterprise_growth, matched_growth
from wagekit.guidance.guideline import guideline
from wagekit.publish.industry.report import open_industry_report
from wagekit.reads import recorded, records

BEFORE = WAVE - 1
INDUSTRY = {"industry": "C"}
STAYING = ("industry in 2023", "C")
NUMBERS = ["estimate", "se", "ci_lower", "ci_upper", "df", "n", "n_psu"]

OF = (
    "enterprise_id IN (SELECT enterprise_id FROM enterprises WHERE wave = {wave} AND industry_code LIKE '{industry}%') "
    "AND enterprise_id IN (SELECT enterprise_id FROM enterprises WHERE wave = {other})"
)
RAISE = "UPDATE employees SET annual_pay = annual_pay * 1.2 WHERE wave = 2022 AND "
MOVED = (
    f"(SELECT min(enterprise_id) FROM enterprises WHERE wave = {WAVE} AND industry_code LIKE '{{industry}}%' AND "
    f"enterprise_id IN (SELECT enterprise_id FROM enterprises WHERE wave = {BEFORE}))"
)


@pytest.fixture
def store(tmp_path):
    return copy_of_store(tmp_path)


@pytest.fixture
def record(tmp_path, monkeypatch):
    return lambda industry: _told(store_of(tmp_path), industry, tmp_path, monkeypatch)


def store_of(folder):
    return folder / "survey.duckdb"


def _told(path, industry, folder, monkeypatch):
    """What the report of an industry reads."""
    told = folder / f"reads_{industry}.jsonl"
    with monkeypatch.context() as patched:
        patched.setenv("WAGEKIT_READS", str(told))
        records.mark_watched()
        report = open_industry_report(path, WAVE, industry=industry)
        assert report.guideline is not None
        found = recorded(told)
    assert found is not None
    return found


def unchanged(read):
    with Today() as today:
        return today.unchanged(read)


def surveys(store, year, *parts):
    with open_store(store, read_only=True) as opened:
        return [opened.survey(year, part=part) for part in parts]


def moved(store, industry, to):
    """Let an enterprise that is in an industry now have been in another in the wave before."""
    chosen = MOVED.format(industry=industry)
    change(store, f"UPDATE enterprises SET industry_code = ? WHERE wave = 2022 AND enterprise_id = {chosen}", to)


# -- what is made again -----------------------------------------------------------------------------


def test_of_the_wave_before_the_enterprises_are_read_that_the_industry_has(store, record):
    parts = {(read.wave, read.part) for read in record("C") if read.wave is not None}
    assert parts == {(WAVE, ("industry", "C")), (WAVE, ("classifications",)), (BEFORE, STAYING)}


def test_a_correction_of_last_year_makes_the_report_of_its_industry_again_and_no_other(store, record):
    reads = {industry: record(industry) for industry in "CI"}
    assert all(map(unchanged, reads.values()))
    change(store, RAISE + OF.format(wave=WAVE, other=BEFORE, industry="I"))
    assert unchanged(reads["C"])
    assert not unchanged(reads["I"])


def test_an_enterprise_is_read_where_it_stands_now_and_not_where_it_stood(store, record):
    moved(store, "C", to="I6510")
    reads = {industry: record(industry) for industry in "CI"}
    change(store, RAISE + f"enterprise_id = {MOVED.format(industry='C')}")
    assert not unchanged(reads["C"])
    assert unchanged(reads["I"])


@pytest.mark.parametrize(
    "statement",
    {
        "it came from elsewhere": "UPDATE enterprises SET industry_code = 'I6510' WHERE wave = 2022 AND enterprise_id = "
        + MOVED.format(industry="C"),
        "one comes in this year": "UPDATE enterprises SET industry_code = 'C3611' WHERE wave = 2023 AND enterprise_id = "
        + MOVED.format(industry="I"),
        "one leaves this year": "UPDATE enterprises SET industry_code = 'I6510' WHERE wave = 2023 AND enterprise_id = "
        + MOVED.format(industry="C"),
        "months of operation": "UPDATE enterprises SET operating_months = 6 WHERE wave = 2022 AND enterprise_id = "
        + MOVED.format(industry="C"),
        "a unit more in a stratum": "UPDATE enterprises SET inclusion_probability = 0.5, stratum = (SELECT min(stratum) "
        "FROM enterprises WHERE wave = 2022 AND enterprise_id = " + MOVED.format(industry="C") + ") WHERE wave = 2022 "
        "AND enterprise_id = " + MOVED.format(industry="I"),
        "the design": "UPDATE waves SET metadata = replace(metadata, '\"adjust\"', '\"remove\"') WHERE wave = 2022",
        "last year's wave is gone": "DELETE FROM waves WHERE wave = 2022",
    }.values(),
)  # fmt: skip
def test_what_growth_depends_on_makes_the_report_again(store, record, statement):
    [told] = [read for read in record("C") if read.wave == BEFORE]
    change(store, statement)
    with Today() as today:
        assert today.digest(told.source, told.wave, told.part) != told.digest


# -- the same growth --------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["adjust", "remove", "certainty"])
@pytest.mark.parametrize("by", [None, "enterprise_size", "occupation_major"])
def test_growth_is_that_beside_the_whole_wave(store, rule, by):
    change(store, "UPDATE waves SET metadata = replace(metadata, '\"adjust\"', ?)", f'"{rule}"')
    moved(store, "C", to="I6510")
    chosen = MOVED.format(industry="C")
    change(store, f"UPDATE enterprises SET stratum = 'alone' WHERE wave = 2022 AND enterprise_id = {chosen}")
    [after] = surveys(store, WAVE, INDUSTRY)
    made = [
        matched_growth(before, after, by=by).frame for before in surveys(store, BEFORE, in_wave(INDUSTRY, WAVE), None)
    ]
    assert made[0]["flag"].tolist() == made[1]["flag"].tolist()
    # The same sums over the same rows, at most added up in another order.
    np.testing.assert_allclose(made[0][NUMBERS], made[1][NUMBERS], rtol=1e-9)


@pytest.mark.parametrize("of", ["enterprises", "workers"])
def test_shares_are_those_beside_the_whole_wave(store, of):
    [after] = surveys(store, WAVE, INDUSTRY)
    made = [
        guideline("上海", WAVE).shares(enterprise_growth(before, after), of=of)
        for before in surveys(store, BEFORE, in_wave(INDUSTRY, WAVE), None)
    ]
    np.testing.assert_allclose(made[0].frame[NUMBERS], made[1].frame[NUMBERS], rtol=1e-9)
    added = ["band_enterprises", "band_employees", "band_largest_share"]
    np.testing.assert_allclose(made[0].domains[added], made[1].domains[added], rtol=1e-9)


def test_an_enterprise_that_moved_is_compared(store):
    moved(store, "C", to="I6510")
    [after] = surveys(store, WAVE, INDUSTRY)
    staying, standing = (
        matched_growth(before, after).frame["n_psu"].item()
        for before in surveys(store, BEFORE, in_wave(INDUSTRY, WAVE), INDUSTRY)
    )
    assert staying == standing + 1


# -- no more, and no less ---------------------------------------------------------------------------


def test_nothing_of_other_enterprises_is_held_but_their_design(store):
    [survey] = surveys(store, BEFORE, in_wave(INDUSTRY, WAVE))
    [now] = surveys(store, WAVE, INDUSTRY)
    assert set(survey.frame["enterprise_id"]) <= set(now.frame["enterprise_id"])
    others = survey.columns_frame(["annual_pay", "industry_code"])[~survey.mask]
    assert len(others)
    assert others.isna().all(axis=None)


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        # Strata of employees: one enterprise lies in several, and its number no longer says which unit it is.
        ('["stratum"]', '["sex"]'),
        # Under this rule what both waves share is scaled by the strata of the whole sample.
        ('"adjust"', '"average"'),
    ],
)
@pytest.mark.filterwarnings("ignore:.*names of sampling units stand for")
def test_where_the_enterprises_are_not_all_that_counts_the_whole_wave_is_read(store, record, said, instead):
    change(store, f"UPDATE waves SET metadata = replace(metadata, '{said}', '{instead}')")
    assert (BEFORE, ()) in {(read.wave, read.part) for read in record("C")}
    with open_store(store, read_only=True) as opened:
        with pytest.raises(InputError, match="the first units are not the enterprises"):
            opened.survey(BEFORE, part=in_wave(INDUSTRY, WAVE))
        with pytest.raises(InputError, match="the first units are not the enterprises"):
            opened.digest(BEFORE, STAYING)


def test_a_column_of_that_name_is_the_column(store):
    for wave, text in ((BEFORE, "x"), (WAVE, "y")):
        if wave == BEFORE:
            change_schema(store)
        change(store, f'UPDATE employees SET "industry in 2023" = ? WHERE wave = {wave}', text)
    [none, all_] = surveys(store, BEFORE, {"industry in 2023": "C"}, {"industry in 2023": "x"})
    assert len(none) == 0
    assert all_.mask.all()


def change_schema(store):
    import duckdb

    with duckdb.connect(str(store)) as connection:
        connection.execute('ALTER TABLE employees ADD COLUMN "industry in 2023" VARCHAR')


def test_a_part_of_a_wave_that_is_not_there(store):
    with open_store(store, read_only=True) as opened, pytest.raises(InputError, match="there is no column"):
        opened.survey(BEFORE, part={"industry in 2023": "C", "sex": "1"})
