"""What a report notebook works with: one place for rules, labels, unit and language."""

import duckdb
import numpy as np
import pandas as pd
import pytest

import wagekit as wk
from tests.publish.made_industry import small_store
from wagekit.collect import connection
from wagekit.collect.classification import load
from wagekit.disclosure import ReleaseRules
from wagekit.errors import InputError, StoreError
from wagekit.publish.drawing import Chart
from wagekit.publish.findings import Text
from wagekit.publish.groups.report import open_group_report
from wagekit.publish.guideline.report import open_guideline_report
from wagekit.publish.industry.report import open_industry_report
from wagekit.publish.report import Report, open_report


def made_report(rules=None, **changes):
    random = np.random.default_rng(7)
    n = 3000
    frame = pd.DataFrame(
        {
            "enterprise_id": random.integers(0, 60, n),
            "annual_pay": np.exp(11.4 + random.normal(0, 0.4, n)).round(),
            "skill_level": random.choice(["0", "1", "2", None], n),
            "weight": 10.0,
        }
    ).assign(**changes)
    survey = wk.Survey(frame, weights="weight", psu="enterprise_id").with_metadata(title="调查", synthetic=True)
    labels = {"skill_level": load("skill_level")}
    return Report(
        survey.with_metadata(name="2023"), 2023, "annual_pay", "万元/年", rules or ReleaseRules(), labels, "zh"
    )


def test_tables_have_the_reports_rules_unit_labels_and_language():
    table = made_report(ReleaseRules(max_cv=1e-4)).wage_levels("skill_level")
    assert len(table) == 0
    table = made_report().wage_levels("skill_level")
    assert (table.unit, table.language) == ("万元/年", "zh")
    assert [row.names[0] for row in table.rows] == ["无", "学徒工", "初级工"]
    assert table.title == "分职业技能等级企业从业人员工资价位（2023年，模拟数据）"


def test_leaving_out_an_item_keeps_the_design():
    report = made_report()
    graded = report.without(skill_level="无")
    assert [row.codes for row in graded.wage_levels("skill_level").rows] == [("1",), ("2",)]
    assert graded.survey.sample.n == report.survey.sample.n
    expected = report.survey.percentiles("annual_pay", by="skill_level", q=50).frame.set_index("skill_level")
    found = graded.survey.percentiles("annual_pay", by="skill_level", q=50).frame.set_index("skill_level")
    assert found.loc["1", "se"] == pytest.approx(expected.loc["1", "se"], rel=1e-12)  # the same arithmetic
    with pytest.raises(InputError, match="no item 'nobody'"):
        report.without(skill_level="nobody")


def test_what_can_not_be_drawn_is_said():
    few = made_report(ReleaseRules(min_enterprises=100))
    for shown in (few.strips(few.wage_levels()), few.levels(few.medians("skill_level")), few.distribution()):
        assert isinstance(shown, Text)
        assert "没有可以公布的数值" in shown.markdown
    report = made_report()
    overall = report.wage_levels()
    for shown in (report.strips(overall), report.levels(report.medians("skill_level")), report.distribution(overall)):
        assert isinstance(shown, Chart)


def test_the_cover_names_the_survey_and_the_data():
    cover = made_report().cover(bureau="某局", date="2024-05-06")
    assert (cover.subtitle, cover.year, cover.synthetic, cover.day) == ("调查", 2023, True, "2024年5月6日")
    other = made_report(annual_pay=1.0).cover()
    assert other.provenance != made_report().cover().provenance


def test_a_store_that_is_not_there(tmp_path):
    with pytest.raises(StoreError):
        open_report(tmp_path / "missing.duckdb", 2023)


@pytest.mark.parametrize("opens", ["industry", "guideline", "groups"])
def test_a_report_opens_its_store_once_and_closes_it(monkeypatch, opens):
    path, opened = small_store(), []
    connect = connection.connect

    def counted(*given, **options):
        opened.append(connect(*given, **options))
        return opened[-1]

    monkeypatch.setattr(connection, "connect", counted)
    if opens == "industry":
        report = open_industry_report(path, 2023, industry="C")
        assert report.guideline is not None
        assert report.minimum_wage is not None
    elif opens == "guideline":
        open_guideline_report(path, 2023)
    else:
        open_group_report(path, 2023)
    assert len(opened) == 1
    with pytest.raises(duckdb.Error, match="closed"):
        opened[0].execute("SELECT 1")


def test_a_group_report_needs_a_minimum_wage():
    with pytest.raises(InputError, match="no minimum wage of 无此地 in 2023"):
        open_group_report(small_store(), 2023, region="无此地")
    assert open_group_report(small_store(), 2023, region="无此地", minimum_wage=2000).minimum_wage.value == 2000
