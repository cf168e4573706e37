"""release.toml: what is declared is understood, what isn't known is refused with its place and the nearest word."""

import datetime

import pytest

from wagekit.disclosure import ReleaseRules
from wagekit.errors import ReleaseError
from wagekit.publish.configuration import Release
from wagekit.resources import resource

GOOD = """\
[release]
store = "store.duckdb"
wave = 2023
language = "zh"
title = "工资价位"
publisher = "演示单位"
date = 2024-09-30

[rules]
min_employees = 20
max_cv = false

[[tables]]
name = "by_industry"
title = "分行业"
variable = "annual_pay"
by = ["industry", "sex"]
statistics = ["p10", "p50", "mean"]
unit = "万元/年"
order = "descending"
precision = ["cv"]

[[tables]]
name = "overall"
by = "sex"

[[reports]]
notebook = "wage_levels"
formats = ["pdf"]
parameters = {most = 12, chart = true, names = ["A", "B"]}
"""


@pytest.fixture
def load(tmp_path):
    def read(text):
        path = tmp_path / "release.toml"
        path.write_text(text, encoding="utf-8")
        return Release.load(path)

    return read


def test_a_good_declaration(load, tmp_path):
    release = load(GOOD)
    assert release.store == tmp_path / "store.duckdb"
    assert (release.publication.wave, release.publication.date) == (2023, datetime.date(2024, 9, 30))
    assert release.rules == ReleaseRules(min_employees=20, max_cv=None)
    first, second = release.tables
    assert (first.by, first.statistics, first.order) == (["industry", "sex"], ["p10", "p50", "mean"], "descending")
    assert (second.by, second.variable, second.unit) == (["sex"], "annual_pay", None)
    assert release.reports[0].parameters == {"most": 12, "chart": True, "names": ["A", "B"]}


def test_without_rules_the_defaults_apply(load):
    assert load(GOOD.replace("[rules]\nmin_employees = 20\nmax_cv = false\n", "")).rules == ReleaseRules()


def test_the_demo_release_is_good():
    release = Release.load(resource("data", "demo", "release.toml"))
    assert release.rules == ReleaseRules()
    assert "模拟数据" in release.publication.title
    assert {tuple(table.by) for table in release.tables} >= {("industry",), ("occupation",)}
    shipped = {path.stem for path in resource("notebooks").glob("*.ipynb")}
    assert {report.notebook for report in release.reports} == shipped
    industries = next(report for report in release.reports if report.notebook == "industry_guidance")
    assert industries.each == "industry"
    assert release.comparison is not None
    assert release.calendar is not None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        # A mistyped key: its place and the nearest known one.
        ("wave =", "weve =", ["[release]", "'weve'", "nearest is 'wave'"]),
        ("min_employees =", "min_employes =", ["[rules]", "'min_employes'", "nearest is 'min_employees'"]),
        ("unit =", "units =", ["[[tables]] 1 ('by_industry')", "'units'", "nearest is 'unit'"]),
        ("formats =", "format =", ["[[reports]] 1 ('wage_levels')", "nearest is 'formats'"]),
        ("[rules]", "[rule]", ["unknown key 'rule'", "nearest is 'rules'"]),
        ("[rules]", "[limits]\ncell_second = 3\n[rules]", ["[limits]", "'cell_second'", "nearest is 'cell_seconds'"]),
        ("[rules]", "[limits]\nmemory_megabytes = 0\n[rules]", ["'memory_megabytes'", "found 0", "greater than 0"]),
        ("[rules]", '[comparison]\nwiht = "x"\n[rules]', ["[comparison]", "'wiht'", "nearest is 'with'"]),
        ("[rules]", "[comparison.tables]\nby_industri = 0.4\n[rules]", ["[comparison.tables]", "'by_industri'"]),
        ("[rules]", '[calendar]\nevery = "night"\n[rules]', ["'every'", "found 'night'", "'day'"]),
        ("[rules]", '[calendar]\nby = "07:00"\n[rules]', ["'calendar'", "expected every, publish_on or both"]),
        ("formats =", 'values = ["C"]\nformats =', ["[[reports]] 1", "'values' without 'each'"]),
        (
            "parameters = {",
            'each = "industry"\nparameters = {industry = "C", ',
            ["[[reports]] 1", "'industry' is set and named by 'each' too"],
        ),
        # A value of another type or out of range.
        ("wave = 2023", 'wave = "2023"', ["key 'wave'", "found '2023'", "integer"]),
        ("wave = 2023", "wave = true", ["key 'wave'", "integer"]),
        ("date = 2024-09-30", 'date = "30.9.2024"', ["key 'date'", "date"]),
        ("min_employees = 20", "min_employees = true", ["key 'min_employees'", "integer or false"]),
        ("min_employees = 20", "min_employees = -1", ["[rules]", "min_employees", "0 or more"]),
        ("min_employees = 20", "min_employees = 30.5", ["key 'min_employees'", "found 30.5"]),
        ("max_cv = false", "max_cv = nan", ["key 'max_cv'", "finite"]),
        ("max_cv = false", "max_share = 85", ["[rules]", "max_share", "up to 1"]),
        ('title = "工资价位"', 'title = " "', ["key 'title'", "isn't empty"]),
        ('language = "zh"', 'language = "cn"', ["key 'language'", "'zh' or 'en'"]),
        ('"p10"', '"p0"', ["[[tables]] 1", "key 'statistics'", "percentile"]),
        ('"p10"', '"median"', ["key 'statistics'", "found 'median'"]),
        ('"p10", "p50"', '"p50", "p50"', ["key 'statistics'", "twice"]),
        ('"descending"', '"down"', ["key 'order'", "'ascending' or 'descending'"]),
        ('["cv"]', '["CV"]', ["key 'precision'", "nearest: 'cv'"]),
        ('["industry", "sex"]', "[1]", ["key 'by'", "string"]),
        ('"by_industry"', '"../../x"', ["key 'name'", "files are called so"]),
        ('"by_industry"', '"Overall"', ["[[tables]] 2", "table 1 too"]),
        ('"by_industry"', '"wage_levels"', ["[[tables]] 1", "a report too"]),
        ('["pdf"]', '["docx"]', ["key 'formats'", "'html' or 'pdf'"]),
        ('["pdf"]', "[]", ["key 'formats'"]),
        # Something that must be there.
        ("wave = 2023\n", "", ["[release]", "key 'wave' is missing"]),
        # Not TOML.
        ("[release]", "[release", ["not TOML", "line 1"]),
        ("wave = 2023", "wave = 2023\nwave = 2024", ["not TOML"]),
    ],
)
def test_what_is_not_known_is_refused_with_its_place(load, tmp_path, old, new, words):
    with pytest.raises(ReleaseError) as refused:
        load(GOOD.replace(old, new, 1))
    message = str(refused.value)
    assert message.startswith(str(tmp_path / "release.toml"))
    assert "\n" not in message
    for word in words:
        assert word in message


def test_how_many_more_is_told(load):
    with pytest.raises(ReleaseError, match=r"\(and 2 more\)"):
        load(GOOD.replace("wave = 2023", 'wave = "x"').replace('"zh"', '"zz"').replace('"descending"', '"down"'))


def test_a_release_of_nothing_is_refused(load):
    with pytest.raises(ReleaseError, match="neither tables nor reports"):
        load('[release]\nstore = "s"\nwave = 1\ntitle = "t"\n')
    with pytest.raises(ReleaseError, match=r"section \[release\] is missing"):
        load("")


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path):
    with pytest.raises(ReleaseError, match="can't be read"):
        Release.load(tmp_path / "none.toml")
    with pytest.raises(ReleaseError, match="can't be read"):
        Release.load(tmp_path)
    (tmp_path / "gb.toml").write_bytes('title = "工资"'.encode("gb18030"))
    with pytest.raises(ReleaseError, match="not UTF-8"):
        Release.load(tmp_path / "gb.toml")
    (tmp_path / "bom.toml").write_bytes(GOOD.encode("utf-8-sig"))
    assert Release.load(tmp_path / "bom.toml").publication.wave == 2023
