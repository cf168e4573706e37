"""A part of a wave holds what its estimates depend on, no more, and its digest is that of what it holds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import wagekit as wk
from tests.made_store import WAVE, change, copy_of_store
from wagekit.collect.parts import WaveData, row_hashes, table_digest
from wagekit.collect.questionnaire import ENTERPRISE
from wagekit.collect.store import open as open_store
from wagekit.errors import InputError
from wagekit.publish.evaluation.report import open_evaluation_report
from wagekit.publish.quality.report import open_quality_report
from wagekit.reads import recorded, records

NUMBERS = ["estimate", "se", "cv", "ci_lower", "ci_upper", "df", "deff", "n", "n_psu"]
INDUSTRY = {"industry": "C"}


@pytest.fixture
def store(tmp_path):
    return copy_of_store(tmp_path)


def digest(store, part=("industry", "C"), wave=WAVE):
    with open_store(store, read_only=True) as opened:
        return opened.digest(wave, part)


def surveys(store, part):
    with open_store(store, read_only=True) as opened:
        return opened.survey(WAVE, part=part), opened.survey(WAVE)


def estimates(survey):
    made = [
        survey.percentiles("annual_pay", by="occupation_major"),
        survey.mean("annual_pay"),
        survey.mean("annual_pay", by="education"),
        survey.total("weekly_hours"),
        survey.ratio("overtime_pay", "annual_pay", by="sex"),
    ]
    return pd.concat([each.frame for each in made])


# -- the same estimates -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "part", [INDUSTRY, {"education": "4"}, {"industry": "I", "sex": "2"}, {"enterprise_size": "2"}]
)
def test_estimates_of_a_part_are_those_of_the_domain_under_the_full_design(store, part):
    alone, whole = surveys(store, part)
    found, expected = estimates(alone), estimates(whole.where(**part))
    assert found["flag"].tolist() == expected["flag"].tolist()
    # The same sums over the same rows, at most added up in another order.
    np.testing.assert_allclose(found[NUMBERS], expected[NUMBERS], rtol=1e-11)


@pytest.mark.parametrize("rule", ["adjust", "average", "remove", "certainty"])
def test_rules_for_strata_with_one_unit_need_no_more_than_the_part(store, rule):
    # One enterprise of the industry alone in a stratum, beside one that is alone elsewhere.
    change(store, "UPDATE waves SET metadata = replace(metadata, '\"adjust\"', ?) WHERE wave = 2023", f'"{rule}"')
    for industry in "CI":
        change(
            store,
            "UPDATE enterprises SET stratum = ? WHERE wave = 2023 AND enterprise_id = (SELECT min(enterprise_id) FROM "
            "enterprises WHERE wave = 2023 AND industry_code LIKE ?)",
            f"alone {industry}",
            f"{industry}%",
        )
    alone, whole = surveys(store, INDUSTRY)
    assert alone.design.single_psu == rule
    assert alone.sample.first.single.sum() == 1
    assert whole.sample.first.single.sum() >= 2
    found, expected = alone.mean("annual_pay").frame, whole.where(**INDUSTRY).mean("annual_pay").frame
    np.testing.assert_allclose(found[NUMBERS], expected[NUMBERS], rtol=1e-11)


def test_growth_of_a_part_is_that_of_the_domain(store):
    with open_store(store, read_only=True) as opened:
        parts = [opened.survey(wave, part=INDUSTRY) for wave in (2022, 2023)]
        wholes = [opened.survey(wave).where(**INDUSTRY) for wave in (2022, 2023)]
    found, expected = (wk.change(*both, "annual_pay", statistic="mean").frame for both in (parts, wholes))
    numeric = expected.select_dtypes("number").columns
    np.testing.assert_allclose(found[numeric], expected[numeric], rtol=1e-9)


def test_enterprises_of_a_part_weigh_what_they_weigh_in_the_whole(store):
    from wagekit.guidance.enterprise_survey import enterprise_survey

    part = {"enterprise_size": "2", "sex": "1"}  # of each enterprise some employees only
    alone, whole = surveys(store, part)
    made = [enterprise_survey(each).where(enterprise_size="2") for each in (alone, whole)]
    columns = ["weight", "revenue", "labour_cost", "industry", "registration_type"]
    found, expected = (each.frame.set_index("enterprise_id")[columns].sort_index() for each in made)
    pd.testing.assert_frame_equal(found, expected, rtol=1e-12)


def test_a_part_without_rows_is_an_empty_domain(store):
    alone, _ = surveys(store, {"industry": "Z"})
    assert len(alone) == 0
    assert digest(store, ("industry", "Z")) != digest(store, ("industry", "Y"))


# -- no more than the part --------------------------------------------------------------------------


def test_nothing_of_other_rows_is_held_but_their_design(store):
    alone, _ = surveys(store, {"education": "4"})
    held = alone.where(np.ones(alone.sample.n, dtype=bool))._columns.to_pandas()
    outside = held[held["education"].isna()]
    assert len(outside) > 1_000
    known = {name for name in outside if outside[name].notna().any()}
    design = {"weight", "stratum", "enterprise_id", "inclusion_probability", "average_headcount"}
    mixed = outside["enterprise_id"].isin(held.loc[held["education"].notna(), "enterprise_id"])
    assert {name for name in outside if outside.loc[~mixed, name].notna().any()} == design
    assert known - design <= {*(field.name for field in ENTERPRISE), "industry", "industry_division"} - {"name"}
    assert outside[["annual_pay", "sex", "occupation", "age_group"]].isna().all(axis=None)


def test_an_industry_that_is_made_of_strata_holds_no_other_row(store):
    alone, whole = surveys(store, INDUSTRY)
    assert alone.sample.n == len(alone) == (whole.frame["industry"] == "C").sum()


# -- the digest -------------------------------------------------------------------------------------

ELSEWHERE = {
    "pay": "UPDATE employees SET annual_pay = annual_pay + 1 WHERE wave = 2023 AND {outside}",
    "another column": "UPDATE employees SET education = '1' WHERE wave = 2023 AND {outside}",
    "a weight": "UPDATE employees SET weight = weight * 2 WHERE wave = 2023 AND {outside}",
    "an employee less": "DELETE FROM employees WHERE wave = 2023 AND employee_code = '00001' AND {outside}",
    "a figure of an enterprise": "UPDATE enterprises SET revenue = revenue + 1 WHERE wave = 2023 AND {outside}",
    "the other wave": "UPDATE employees SET annual_pay = annual_pay + 1 WHERE wave = 2022",
    "a name, which no survey has": "UPDATE enterprises SET name = name || 'x' WHERE wave = 2023",
}
FIRMS = "enterprise_id {word} (SELECT enterprise_id FROM enterprises WHERE wave = 2023 AND industry_code LIKE 'C%')"


@pytest.mark.parametrize("statement", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_change_elsewhere_leaves_the_digest_and_every_bit_of_the_estimates(store, statement):
    before, told = estimates(surveys(store, INDUSTRY)[0]), digest(store)
    change(store, statement.format(outside=FIRMS.format(word="NOT IN")))
    assert digest(store) == told
    after = estimates(surveys(store, INDUSTRY)[0])
    assert after[NUMBERS].to_numpy().tobytes() == before[NUMBERS].to_numpy().tobytes()


INSIDE = {
    "pay": "UPDATE employees SET annual_pay = annual_pay + 1 WHERE wave = 2023 AND employee_code = '00001' AND {inside}",
    "a weight": "UPDATE employees SET weight = weight * 2 WHERE wave = 2023 AND employee_code = '00001' AND {inside}",
    "a value goes missing": "UPDATE employees SET education = NULL WHERE wave = 2023 AND {inside}",
    "an employee less": "DELETE FROM employees WHERE wave = 2023 AND employee_code = '00001' AND {inside}",
    "a figure of an enterprise": "UPDATE enterprises SET revenue = revenue + 1 WHERE wave = 2023 AND {inside}",
    "a population size": "UPDATE enterprises SET inclusion_probability = inclusion_probability / 2 WHERE wave = 2023 "
    "AND {inside}",
    "a stratum": "UPDATE enterprises SET stratum = stratum || 'x' WHERE wave = 2023 AND {inside}",
    "the title": "UPDATE waves SET metadata = replace(metadata, '调查', '调查2') WHERE wave = 2023",
    "the rule": "UPDATE waves SET metadata = replace(metadata, '\"adjust\"', '\"average\"') WHERE wave = 2023",
    "an enterprise comes in": "UPDATE enterprises SET industry_code = 'C3611' WHERE wave = 2023 AND enterprise_id = "
    "(SELECT min(enterprise_id) FROM enterprises WHERE wave = 2023 AND industry_code LIKE 'I%')",
}


@pytest.mark.parametrize("statement", INSIDE.values(), ids=INSIDE)
def test_a_change_inside_changes_the_digest(store, statement):
    told = digest(store)
    change(store, statement.format(inside=FIRMS.format(word="IN")))
    assert digest(store) != told


def test_a_unit_added_to_a_stratum_of_the_part_changes_the_digest(store):
    """An enterprise of another industry, but in a stratum that the part touches: the variance knows of it."""
    told = digest(store)
    with open_store(store, read_only=True) as opened:
        firms = opened.enterprises(WAVE)
    stratum = firms.loc[firms["industry_code"].str.startswith("C"), "stratum"].iloc[0]
    before = surveys(store, INDUSTRY)[0].mean("annual_pay").frame["se"].item()
    change(
        store,
        "UPDATE enterprises SET stratum = ?, inclusion_probability = 0.5 WHERE wave = 2023 AND enterprise_id = "
        "(SELECT min(enterprise_id) FROM enterprises WHERE wave = 2023 AND industry_code LIKE 'I%')",
        stratum,
    )
    assert digest(store) != told
    assert surveys(store, INDUSTRY)[0].mean("annual_pay").frame["se"].item() != before


def test_a_label_changes_the_digest():
    frame = pd.DataFrame({"pay": [1.0, 2, 3], "group": list("aab"), "w": 1.0})

    def made(name):
        codes = wk.collect.classification.Classification.from_items(
            pd.DataFrame({"code": ["a", "b"], "name": [name, "乙"]}), name="group"
        )
        return WaveData(frame, {"weights": "w"}, (), {"wave": 2023}, {"group": codes}).digest(("group", "a"))

    assert made("甲") == made("甲")
    assert made("甲") != made("丙")


def test_the_whole_wave_is_any_row_of_it(store):
    told = digest(store, ())
    change(store, ELSEWHERE["pay"].format(outside=FIRMS.format(word="NOT IN") + " AND employee_code = '00001'"))
    assert digest(store, ()) != told


def test_order_and_types_belong_to_a_table():
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    told = table_digest(frame)
    assert table_digest(frame.copy()) == told
    changed = [frame[::-1], frame[["b", "a"]], frame.astype({"a": float}), frame.rename(columns={"a": "c"})]
    assert told not in {table_digest(each) for each in changed}
    assert len(set(row_hashes(frame).tolist())) == 2


def test_a_part_of_what_is_not_there(store):
    with open_store(store, read_only=True) as opened:
        with pytest.raises(InputError, match="there is no column 'nothing'"):
            opened.survey(WAVE, part={"nothing": "C"})
        with pytest.raises(InputError, match="a part and another design"):
            opened.survey(WAVE, part=INDUSTRY, strata=None)
        with pytest.raises(InputError, match="no part 'industry C'"):
            opened.digest(None, ("industry", "C"))


# -- what is recorded -------------------------------------------------------------------------------


@pytest.fixture
def record(tmp_path, monkeypatch):
    path = tmp_path / "reads.jsonl"
    monkeypatch.setenv("WAGEKIT_READS", str(path))
    records.mark_watched()
    return path


def told(record):
    found = recorded(record)
    assert found is not None
    return {(read.wave, read.part): read.digest for read in found}


def test_a_report_of_a_part_reads_that_part_alone(store, record):
    report = wk.open_report(store, WAVE, part=INDUSTRY)
    assert set(told(record)) == {(WAVE, ("industry", "C")), (WAVE, ("classifications",))}
    assert told(record)[WAVE, ("industry", "C")] == digest(store)
    assert report.part == INDUSTRY
    assert set(report.survey.frame["industry"]) == {"C"}
    assert "industry=C" in report.cover().provenance
    # The hash of few rows could be tried out.
    assert "数据" not in report.cover().provenance


def test_what_widens_a_report_is_recorded_as_that(store, record):
    wk.open_report(store, WAVE, part=INDUSTRY)
    wk.open_report(store, WAVE)
    assert (WAVE, ()) in told(record)


def test_everything_that_a_store_hands_out_is_recorded(store, record):
    with open_store(store, read_only=True) as opened:
        opened.guideline_lines("上海")
        opened.reference("minimum_wage_month")
        opened.enterprises(2022)
        opened.metadata(2022)
        opened.years()
        expected = {
            key: opened.digest(*key)
            for key in (
                (None, ("guideline_lines",)), (None, ("reference_series",)), (2022, ("enterprises",)),
                (2022, ("metadata",)), (None, ("years",)),
            )
        }  # fmt: skip
    assert told(record) == expected


def test_a_survey_under_another_design_reads_all_that_it_is_made_from(store, record):
    with open_store(store, read_only=True) as opened:
        opened.survey(WAVE, strata=None, fpc=None, pps="with_replacement")
        parts = [(WAVE, (table,)) for table in ("metadata", "classifications", "enterprises", "employees")]
        assert told(record) == {key: opened.digest(*key) for key in parts}


FOUND = """(wave, intake, table_name, file, "row", field, value, rule, message)
    VALUES ({}, 1, 'employee', 'f.csv', 1, 'annual_pay', 'x', 'r', 'm')"""


@pytest.mark.parametrize(
    ("ask", "part", "statement"),
    [
        ("refused", "refused_rows", f"INSERT INTO refused_rows {FOUND}"),
        ("queries", "queries", f"INSERT INTO queries {FOUND}"),
        ("log", "intake_log", "UPDATE intake_log SET refused = refused + 1 WHERE wave = {}"),
    ],
)
def test_what_the_intake_of_a_wave_found_is_a_part_of_its_own(store, record, ask, part, statement):
    """An evaluation of one wave is not made again for what happens elsewhere in the store."""
    with open_store(store, read_only=True) as opened:
        getattr(opened, ask)(WAVE)
        getattr(opened, ask)()
    assert told(record) == {key: digest(store, *key[::-1]) for key in ((WAVE, (part,)), (None, (part,)))}
    before = digest(store, (part,)), digest(store, (part,), None)
    change(store, "UPDATE employees SET annual_pay = annual_pay + 1")
    assert (digest(store, (part,)), digest(store, (part,), None)) == before
    change(store, statement.format(WAVE - 1))
    assert digest(store, (part,)) == before[0]
    assert digest(store, (part,), None) != before[1]
    change(store, statement.format(WAVE))
    assert digest(store, (part,)) != before[0]


def test_an_evaluation_and_a_quality_report_read_no_more_than_their_waves(store, record):
    open_evaluation_report(store, WAVE)
    open_quality_report(store, WAVE)
    named = {key for key in told(record) if key[1] in [("refused_rows",), ("queries",), ("intake_log",)]}
    assert named == {(wave, (part,)) for wave in (2022, WAVE) for part in ("refused_rows", "queries", "intake_log")}
    assert (None, ("file",)) not in told(record)


@pytest.mark.parametrize("ask", ["waves", "connection"])
def test_what_is_asked_of_the_whole_store_is_the_whole_file(store, record, ask):
    with open_store(store, read_only=True) as opened:
        asked = getattr(opened, ask)
        if callable(asked) and ask != "connection":
            asked()
        assert told(record) == {(None, ("file",)): opened.digest(None, ("file",))}


def test_of_a_release_the_rules_alone_are_read(store, record, tmp_path):
    path = tmp_path / "release.toml"
    text = '[release]\nstore = "s"\nwave = 2023\ntitle = "{}"\n[rules]\nmax_cv = {}\n[[reports]]\nnotebook = "wage_levels"\n'
    found = []
    for title, most in (("甲", 0.2), ("乙", 0.2), ("乙", 0.3)):
        path.write_text(text.format(title, most), encoding="utf-8")
        record.unlink()
        records.mark_watched()
        wk.open_report(store, WAVE, rules=path)
        found.append(told(record)[None, ("rules",)])
    assert found[0] == found[1] != found[2]
