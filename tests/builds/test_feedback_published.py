"""The market of the letters is what the published folder holds: not what the store would give, nor what was changed."""

import json
import re
import shutil
from dataclasses import replace
from decimal import Decimal
from functools import cache

import pytest

from tests.publish import made_feedback as made
from wagekit.builds.feedback_keys import make_keys
from wagekit.builds.feedback_published import read_release
from wagekit.collect.store import open as open_store
from wagekit.errors import ReleaseError
from wagekit.publish.feedback.document import write_letter
from wagekit.publish.feedback.figures import PERCENTS
from wagekit.publish.feedback.letters import open_feedback

pytestmark = pytest.mark.filterwarnings("ignore::wagekit.errors.WagekitWarning")

WITHOUT_REPORTS = made.RELEASE[: made.RELEASE.index("[[reports]]")]
STRICT = "min_employees = 60\nmin_enterprises = 16\nmin_employees_tails = 150"
LOOSE = "min_employees = 20\nmin_enterprises = 3\nmin_employees_tails = 30"


@cache
def built(text):
    """The folder of another release of the same store."""
    return made.built(made.changed(text, name="other"))


def told(declared, folder, number=0, store=None):
    feedback = open_feedback(declared, store or declared.store, read_release(declared, folder))
    return next(each for each in feedback.enterprises if each.id == made.CODES[number])


def figures_of(enterprise):
    """Every figure of the market that an enterprise is told of pay."""
    found = [row for each in enterprise.pay.references for row in [each.market]]
    return found + [row.market for posts in enterprise.pay.posts for row in posts.rows]


def published_figures(folder):
    """Every figure of the release's open data, in 万元."""
    found = set()
    for path in folder.glob("*_tidy.csv"):
        for line in path.read_text(encoding="utf-8").splitlines()[1:]:
            value, unit = re.search(r",(?:p\d+|mean),([^,]*),([^,]*),", line).groups()
            if value:
                found.add(Decimal(value) if unit == "万元/年" else (Decimal(value) / 10_000).quantize(Decimal("0.01")))
    return found


def test_a_release_under_stricter_rules_is_told_as_it_stands():
    """Rules that hold more back than those that the release.toml has by now, or by default."""
    strict = built(WITHOUT_REPORTS.replace(LOOSE, STRICT))
    loose = made.changed(WITHOUT_REPORTS)
    public = published_figures(strict)
    held = 0
    for number in range(made.COUNT):
        for row, before in zip(
            figures_of(told(loose, strict, number)),
            figures_of(told(made.release(), made.published(), number)),
            strict=True,
        ):
            assert all(figure is None or figure in public for figure in row)
            held += sum(figure is None and other is not None for figure, other in zip(row, before, strict=True))
    assert held > 50
    page = write_letter(told(loose, strict), open_feedback(loose, loose.store, read_release(loose, strict)).edition)
    assert "按发布规则不予公布" in page.text()


def test_a_table_that_the_release_lacks_is_not_told():
    lacking = built(re.sub(r'\[\[tables\]\]\nname = "industry".*?\n\n', "", WITHOUT_REPORTS, flags=re.DOTALL))
    assert not (lacking / "industry_tidy.csv").exists()
    declared = made.changed(WITHOUT_REPORTS)
    without, whole = told(declared, lacking), told(made.release(), made.published())
    assert [each.name for each in whole.pay.references] == ["全部行业", "制造业"]
    assert [each.name for each in without.pay.references] == ["全部行业"]
    assert without.pay.references[0] == whole.pay.references[0]
    # Without tables and reports there is no market at all.
    nothing = replace(read_release(declared, lacking), tables={})
    alone = open_feedback(declared, declared.store, nothing).enterprises[0]
    assert alone.pay.references == ()
    assert all(posts.scope is None for posts in alone.pay.posts)


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("overall_tidy.csv", lambda content: re.sub(rb",p50,[\d.]+,", b",p50,99.99,", content)),
        ("labour_cost.html", lambda content: content + b"<!-- -->"),
        ("wage_levels.xlsx", lambda content: content[:-1]),
        ("industry_tidy.csv", None),
    ],
)
def test_a_folder_that_was_tampered_with_is_refused(tmp_path, file, change):
    folder = shutil.copytree(made.published(), tmp_path / "2023")
    read_release(made.release(), folder)
    path = folder / file
    before = path.read_bytes()
    if change is None:
        path.unlink()
    else:
        path.write_bytes(change(before))
        assert path.read_bytes() != before
    with pytest.raises(ReleaseError, match=f"1 of .* files aren't as they were built, the first '{file}'"):
        read_release(made.release(), folder)


def test_a_refused_run_makes_nothing(tmp_path):
    folder = shutil.copytree(made.published(), tmp_path / "2023")
    (folder / "overall_tidy.csv").write_bytes(b"")
    keys = tmp_path / "keys.csv"
    make_keys(keys, made.CODES)
    with pytest.raises(ReleaseError, match="aren't as they were built"):
        made.feedback.build_feedback(made.release(), tmp_path / "feedback", published=folder, keys=keys)
    assert not (tmp_path / "feedback").exists()
    assert list(tmp_path.rglob("*.pdf")) == []


def test_what_is_no_release_of_the_wave_is_refused(tmp_path):
    with pytest.raises(ReleaseError, match="the manifest can't be read"):
        read_release(made.release(), tmp_path)
    folder = shutil.copytree(made.published(), tmp_path / "2022")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (folder / "manifest.json").write_text(json.dumps({**manifest, "wave": 2022}), encoding="utf-8")
    with pytest.raises(ReleaseError, match="the release of 2022; expected that of 2023"):
        read_release(made.release(), folder)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('by = ["industry"]', 'by = ["occupation_sub_major"]', "the item '制造业'"),
        ('by = ["industry"]', 'by = ["industry", "sex"]', "the columns"),
        ('by = ["industry"]\nunit = "万元/年"', 'by = ["industry"]\nunit = "元/年"', "the unit '万元/年'"),
        ('statistics = ["p25", "p50", "p75"]', 'statistics = ["p25", "p50", "p90"]', "the statistics"),
    ],
)
def test_a_table_that_was_declared_anew_since_is_refused(before, after, said):
    assert made.RELEASE.count(before) == 1
    declared = made.changed(made.RELEASE.replace(before, after))
    with pytest.raises(ReleaseError, match=f"{said} of the published table can't be that of the declared one"):
        told(declared, made.published())


def test_a_report_that_the_store_no_longer_gives_is_refused(tmp_path):
    store = tmp_path / "later.duckdb"
    shutil.copy(made.release().store, store)
    with open_store(store) as opened, opened.transaction() as connection:
        connection.execute("UPDATE enterprises SET labour_cost = labour_cost * 1.1 WHERE wave = 2023")
    with pytest.raises(
        ReleaseError, match="other figures for the table '企业人工成本主要指标（2023年）' than are published"
    ):
        told(made.release(), made.published(), store=store)
    # So is one whose rules are others by now.
    declared = made.changed(made.RELEASE.replace(LOOSE, STRICT))
    declared = declared.model_copy(update={"path": declared.path.rename(declared.path.with_name("later.toml"))})
    published = read_release(declared, made.published())
    renamed = [replace(each, parameters={**each.parameters, "rules": "later.toml"}) for each in published.reports]
    with pytest.raises(ReleaseError, match="other figures for the table"):
        open_feedback(declared, declared.store, replace(published, reports=tuple(renamed)))


def test_a_report_under_rules_of_its_own_is_not_told():
    published = read_release(made.release(), made.published())
    own = [replace(each, parameters={**each.parameters, "rules": "own.toml"}) for each in published.reports]
    enterprise = open_feedback(
        made.release(), made.release().store, replace(published, reports=tuple(own))
    ).enterprises[0]
    assert all(each.industry is None and not any(each.quartiles) for each in enterprise.indicators)


def test_a_table_that_the_page_does_not_show_is_not_told():
    published = read_release(made.release(), made.published())
    (report,) = published.reports
    overview = next(title for title in report.tables if "主要指标" in title)
    without = replace(
        report, page=report.page.replace(report.tables[overview], "elsewhere").replace(overview, "别的表")
    )
    found = open_feedback(made.release(), made.release().store, replace(published, reports=(without,))).enterprises
    for enterprise in found:
        assert all(each.scope == "industry" or not any(each.quartiles) for each in enterprise.indicators)
    assert any(each.industry is not None for enterprise in found for each in enterprise.indicators)


def test_a_notebook_of_the_bureaus_own_does_not_count(tmp_path):
    declared = made.release().model_copy(update={"path": tmp_path / "release.toml"})
    assert [report.notebook for report in read_release(declared, made.published()).reports] == ["labour_cost"]
    (tmp_path / "labour_cost.ipynb").write_text("{}", encoding="utf-8")
    assert read_release(declared, made.published()).reports == ()


def test_the_guideline_is_that_of_the_published_report():
    from wagekit.publish.feedback.letters import _beside_guideline
    from wagekit.publish.feedback.published import PublishedReport

    published = read_release(made.release(), made.published())
    assert _beside_guideline(published) == ("上海", None)
    about = {"region": "北京", "city_average": 120_000.0}
    report = PublishedReport("g.html", "guideline_comparison", about, "")
    assert _beside_guideline(replace(published, reports=(report,))) == ("北京", 120_000.0)


def test_five_percentiles_are_read():
    """The figures that a letter tells are those of the file, cell by cell."""
    rows = {}
    for line in (made.published() / "industry_tidy.csv").read_text(encoding="utf-8").splitlines()[1:]:
        code, _, statistic, value, *_ = line.split(",")
        rows.setdefault(code, {})[statistic] = Decimal(value) if value else None
    market = told(made.release(), made.published()).pay.references[1].market
    assert market == tuple(rows["C"][f"p{each}"] for each in PERCENTS)
