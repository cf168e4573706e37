"""Feedback to enterprises: every own figure against plain pandas, every figure of the market against the release."""

import json
import re
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

import numpy as np
import pandas as pd
import pytest

from tests.publish import made_feedback as made
from wagekit.builds.feedback_published import read_release
from wagekit.collect.store import open as open_store
from wagekit.errors import InputError, ReleaseError
from wagekit.publish.feedback.accounts import BY_INDUSTRY
from wagekit.publish.feedback.charts import posts_chart
from wagekit.publish.feedback.document import write_letter
from wagekit.publish.feedback.figures import PERCENTS, Post
from wagekit.publish.feedback.letters import drawable, open_feedback
from wagekit.publish.feedback.returns import said_anew
from wagekit.publish.feedback.typst_files import set_letter
from wagekit.publish.feedback.words import WORDS
from wagekit.publish.labour_cost.report import open_labour_cost_report
from wagekit.publish.tables import released_tables
from wagekit.resources import resource

pytestmark = pytest.mark.filterwarnings("ignore::wagekit.errors.WagekitWarning")


@cache
def feedback(language="zh", least=3, changed=""):
    """The feedback of the made survey; with `changed`, under a release of that further text."""
    published = made.published(changed)  # which writes the declaration
    declared = made.changed(made.RELEASE + changed) if changed else made.release()
    return open_feedback(declared, declared.store, read_release(declared, published), language=language, least=least)


def told(number, **options):
    return next(each for each in feedback(**options).enterprises if each.id == made.CODES[number])


@cache
def stored():
    """Enterprises and employees of both waves as the store has them, by year."""
    with open_store(made.release().store, read_only=True) as store:
        return {wave: (store.enterprises(wave), store.employees(wave)) for wave in (2022, 2023)}


@cache
def public():
    with open_store(made.release().store, read_only=True) as store:
        return released_tables(made.release(), store)


def rounded(value, decimals=2):
    """Rounded half up as it is written, by the standard library alone."""
    return Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def median(rows):
    """The smallest pay that half of the weight doesn't exceed, in 万元."""
    ordered = rows.sort_values("annual_pay")
    reached = ordered["weight"].cumsum() >= ordered["weight"].sum() / 2
    return rounded(ordered["annual_pay"][reached].iloc[0] / 1e4)


# -- own figures against plain pandas ---------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(made.COUNT))
def test_medians_are_those_of_pandas(number):
    people = stored()[2023][1]
    own = people[people["enterprise_id"] == made.CODES[number]]
    pay = told(number).pay
    assert pay.employees == len(own) == made.STAFF[number]
    assert pay.median == (median(own) if len(own) >= 3 else None)
    keys = {"occupation_sub_major": own["occupation_code"].str[:4], "management_level": own["management_level"]}
    for posts in pay.posts:
        if posts.column in keys:
            groups = [group for _, group in own.groupby(keys[posts.column])]
            expected = [(len(group), median(group) if len(group) >= 3 else None) for group in groups]
            assert [(row.employees, row.median) for row in posts.rows] == expected


def test_weights_count_where_a_part_of_the_staff_is_reported():
    people = stored()[2023][1]
    own = people[people["enterprise_id"] == made.CODES[made.DOMINATING]]
    assert set(own["weight"]) == {1.0, 4.0}
    assert told(made.DOMINATING).pay.median == median(own) != median(own.assign(weight=1.0))


@pytest.mark.parametrize("number", range(made.COUNT))
def test_growth_is_that_of_pandas(number):
    before, after = stored()[2022], stored()[2023]
    code, growth = made.CODES[number], told(number).growth
    if number == made.NEW:
        assert growth.missing == "new"
    elif number == made.PART_YEAR:
        assert growth.missing == "months"
    elif made.STAFF[number] < 3:
        assert (growth.missing, growth.rows) == ("few", ())
    else:
        means, bills = [], []
        for firms, people in (before, after):
            own = people[people["enterprise_id"] == code]
            means.append((own["annual_pay"] * own["weight"]).sum() / own["weight"].sum())
            firm = firms.set_index("enterprise_id").loc[code]
            bills.append(firm["wages"] / firm["average_headcount"])
        for row, (first, second) in zip(growth.rows, (means, bills), strict=True):
            assert (row.before, row.after) == (rounded(first / 1e4), rounded(second / 1e4))
            assert row.growth == rounded((second / first - 1) * 100, 1)
            # The lines of Shanghai 2023: lower line 2 %, average line 5 %.
            expected = "低于下线" if row.growth < 2 else "下线至平均线" if row.growth < 5 else "平均线及以上"
            assert row.band == expected


def test_the_rule_of_the_guideline_goes_by_profit():
    firms = {wave: frames[0].set_index("enterprise_id")["total_profit"] for wave, frames in stored().items()}
    for number in made.MADE:
        first, second = (firms[wave][made.CODES[number]] for wave in (2022, 2023))
        word = "困难" if second < 0 else "增长" if second > first else "下降"
        assert f"经济效益**{word}**" in " ".join(told(number).growth.said)


@pytest.mark.parametrize("number", range(made.COUNT))
def test_indicators_are_those_of_the_accounts(number):
    firm = stored()[2023][0].set_index("enterprise_id").loc[made.CODES[number]].astype(object)
    parts = [firm[name] for name in ("depreciation", "business_taxes", "total_profit", "labour_cost")]
    added = np.nan if any(pd.isna(part) for part in parts) else sum(parts)
    people = firm["average_headcount"]
    expected = {
        "labour_cost_per_head": firm["labour_cost"] / people / 1e4 if people >= 3 else np.nan,
        "value_added_per_head": added / people / 1e4 if people >= 3 else np.nan,
        "labour_cost_to_total_cost": firm["labour_cost"] / firm["total_cost"] * 100,
        "labour_cost_to_revenue": firm["labour_cost"] / firm["revenue"] * 100,
        "labour_share_of_value_added": firm["labour_cost"] / added * 100,
        "profit_to_labour_cost": firm["total_profit"] / firm["labour_cost"] * 100,
        "wage_share_of_labour_cost": firm["wages"] / firm["labour_cost"] * 100,
    }
    shown = {each.word: each.own for each in told(number).indicators}
    assert shown.keys() == expected.keys()
    for word, value in expected.items():
        # Another order of division may tip the last digit.
        assert shown[word] is None if np.isnan(value) else abs(float(shown[word]) - value) <= 0.00501, word


def test_few_employees_are_not_told_of():
    one = told(made.TINY)
    assert one.pay.median is None
    assert all(row.median is None for posts in one.pay.posts for row in posts.rows)
    assert [each.own for each in one.indicators if each.word.endswith("_per_head")] == [None, None]
    several = told(made.NEW, least=9)
    assert several.pay.median is not None
    assert all(row.median is None for posts in several.pay.posts for row in posts.rows if row.employees < 9)
    with pytest.raises(InputError, match="the median of one employee is that pay"):
        feedback(least=1)


def test_by_default_pay_is_told_of_five_employees_or_more():
    """Of three or four, whoever finds a letter may know whose pay the median is."""
    few = 0
    for code in made.CODES:
        by_default, more = (
            next(each for each in of.enterprises if each.id == code) for of in (made.told(), feedback())
        )
        own, other = by_default.pay, more.pay
        assert (own.median is None) == (own.employees < 5)
        for posts, others in zip(own.posts, other.posts, strict=True):
            for row, wider in zip(posts.rows, others.rows, strict=True):
                assert row.employees == wider.employees
                assert row.median == (wider.median if row.employees >= 5 else None)
                few += 3 <= row.employees < 5 and wider.median is not None
        assert bool(by_default.growth.rows) <= (own.employees >= 5)
    assert few > 5
    letter = write_letter(
        next(each for each in made.told().enterprises if each.id == made.CODES[0]), made.told().edition
    )
    assert "本单位不足5人的岗位不列示中位数" in letter.text()


# -- the market against the release --------------------------------------------------------------------------------------


def cells(table, *codes):
    """What a table of the release prints of an item, by percent; nothing where it holds it back."""
    row = next((row for row in table.rows if row.codes == codes), None)
    printed = {} if row is None else {c.key: cell.value for c, cell in zip(table.columns, row.cells, strict=True)}
    return tuple(printed.get(f"p{percent}") for percent in PERCENTS)


@pytest.mark.parametrize("number", range(made.COUNT))
def test_the_market_is_what_the_release_prints(number):
    enterprise, tables = told(number), public()
    section = made.SECTION.get(number, "C3611")[0]
    assert enterprise.pay.references[0].market == cells(tables["overall"], "")
    assert enterprise.pay.references[1].market == cells(tables["industry"], section)
    own = stored()[2023][1]
    own = own[own["enterprise_id"] == made.CODES[number]]
    major, minor, levels = enterprise.pay.posts
    for row, code in zip(major.rows, sorted(set(own["occupation_code"].str[:1])), strict=True):
        assert row.market == cells(tables["crossed"], code, section)
    for row, code in zip(minor.rows, sorted(set(own["occupation_code"].str[:4])), strict=True):
        # This table is in 元 and has no P10 and P90.
        printed = [None if value is None else rounded(value / 10_000) for value in cells(tables["occupation"], code)]
        assert row.market == tuple(printed)
    assert levels.scope is None
    assert all(value is None for row in levels.rows for value in row.market)


def test_a_dominated_industry_is_held_back_from_the_one_that_dominates_too():
    shares = {number: made.STAFF[number] / 94 for number in (made.DOMINATING, *made.SMALL)}
    assert shares[made.DOMINATING] > 0.85
    for number in shares:
        enterprise = told(number)
        assert enterprise.pay.references[1].market == (None,) * 5
        assert all(value is None for row in enterprise.pay.posts[0].rows for value in row.market)
        assert all(each.industry is None and each.scope == "all" for each in enterprise.indicators)


@pytest.mark.parametrize("number", [0, made.DOMINATING, made.TINY])
def test_labour_cost_of_others_is_what_the_report_prints(number):
    release = made.release()
    opened = open_labour_cost_report(release.store, 2023)
    report = replace(opened, report=replace(opened.report, rules=release.rules))
    section = made.SECTION.get(number, "C3611")[0]
    overview = [[cell.value for cell in row.cells][3:] for row in report.overview().rows]
    ratios = {row.codes[0]: [cell.value for cell in row.cells] for row in report.indicators("industry").rows}
    heads = report.percentiles("labour_cost_per_head", "industry")
    narrow = {row.codes[0]: [cell.value for cell in row.cells] for row in heads.rows}
    shown = told(number).indicators
    assert [each.industry for each in shown] == ratios.get(section, [None] * 7)
    assert list(shown[0].quartiles) == narrow.get(section, overview[0])
    assert [list(each.quartiles) for each in shown[1:]] == overview[1:]
    assert shown[0].scope == ("industry" if section in narrow else "all")


def test_what_feedback_takes_for_published_is_in_the_notebook():
    notebook = json.loads(resource("notebooks", "labour_cost.ipynb").read_text(encoding="utf-8"))
    code = "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")
    assert "report.overview()" in code
    assert 'report.indicators("industry")' in code
    for word in BY_INDUSTRY:
        assert f'report.percentiles("{word}", "industry")' in code


def test_a_release_without_reports_tells_no_labour_cost_of_others():
    published = replace(read_release(made.release(), made.published()), reports=())
    for enterprise in open_feedback(made.release(), made.release().store, published).enterprises:
        assert all(each.industry is None and not any(each.quartiles) for each in enterprise.indicators)


def test_reports_on_single_industries_count_as_published():
    from wagekit.publish.industry.report import open_industry_report

    changed = '\n[[reports]]\nnotebook = "industry_guidance"\neach = "industry"\nvalues = ["C"]\nformats = ["html"]\n'
    enterprise = told(0, changed=changed)
    release = made.release().path.with_name("changed.toml")
    report = open_industry_report(made.release().store, 2023, industry="C", rules=release)
    posts = enterprise.pay.posts[1]
    assert posts.scope == "industry"
    codes = sorted(set(stored()[2023][1].query(f"enterprise_id == '{enterprise.id}'")["occupation_code"].str[:4]))
    for row, code in zip(posts.rows, codes, strict=True):
        assert row.market == cells(report.levels_by("occupation_sub_major"), code)
        assert not row.wider
    quartiles = [[cell.value for cell in row.cells][3:] for row in report.cost.rows]
    assert [list(each.quartiles) for each in enterprise.indicators] == quartiles
    # The other industry has no report of its own: its posts are held against all industries, and the page says so.
    other = told(made.DOMINATING, changed=changed).pay.posts[1]
    assert all(row.wider for row in other.rows)
    assert "＊" in write_letter(told(made.DOMINATING, changed=changed), feedback(changed=changed).edition).text()


# -- the return ----------------------------------------------------------------------------------------------------------


def test_remarks_are_those_of_the_store():
    remarks = {(each.kind, each.table, each.field): each.rows for each in told(made.UNANSWERED).remarks}
    assert remarks == {
        ("missing", "enterprise", "联系方式"): 1,
        ("missing", "enterprise", "固定资产折旧"): 1,
        ("missing", "enterprise", "主营业务税金及附加"): 1,
        ("missing", "employee", "学历"): 6,
        ("query", "employee", "全年周平均工作小时数"): 1,
        ("refused", "employee", "职工代码"): 1,
    }
    text = write_letter(told(made.UNANSWERED), feedback().edition).text()
    assert "补报" in text
    assert "感谢" in text
    assert "更正后重报" in text
    good = next(each for each in feedback().enterprises if not each.remarks)
    assert "填报完整" in write_letter(good, feedback().edition).text()


def test_remarks_in_another_language_are_made_from_the_rules():
    with open_store(made.release().store, read_only=True) as store:
        found = pd.concat([store.queries(2023), store.refused(2023)])
    for row in found.drop_duplicates(["rule", "field"]).itertuples():
        english = said_anew(row.rule, row.table, row.field, 2023, "en")
        assert english.isascii()
        assert "{" not in english
        chinese = said_anew(row.rule, row.table, row.field, 2023, "zh")
        assert re.sub("（.*?）", "", row.message) == chinese


# -- pages ---------------------------------------------------------------------------------------------------------------


def test_both_languages_have_the_same_words():
    assert WORDS["zh"].keys() == WORDS["en"].keys()
    for key, text in WORDS["zh"].items():
        if key not in ("growth_said", "growth_fell", "pay_own"):
            assert set(re.findall(r"\{\w+\}", WORDS["en"][key])) == set(re.findall(r"\{\w+\}", text)), key


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_kind_of_enterprise_has_its_pages(language):
    for number in (0, made.DOMINATING, made.TINY, made.NEW, made.UNANSWERED, made.PART_YEAR):
        letter = write_letter(told(number, language=language), feedback(language).edition)
        assert letter.code == made.CODES[number]
        pdf = set_letter(letter)
        assert pdf.startswith(b"%PDF-1.7")
        assert b"pdfuaid" in pdf


def test_the_same_figures_give_the_same_bytes():
    again = feedback.__wrapped__()
    assert again == feedback()
    for number in (0, made.NEW):
        letters = [write_letter(told(number), each.edition) for each in (feedback(), again)]
        assert set_letter(letters[0]) == set_letter(letters[1])


def test_a_name_from_the_data_is_only_a_name():
    enterprise = told(made.NEW)
    assert enterprise.name == "#panic(\"x\") $a$ <b>&amp; 'q' \\ *粗* `码` {n} =1+1 二行 反〓"
    letter = write_letter(enterprise, feedback().edition)
    assert letter.addressee == enterprise.name
    assert extracted(set_letter(letter)).count("#panic(\"x\")$a$<b>&amp;'q'\\*粗*`码`{n}=1+1二行反〓") == 1


@pytest.mark.parametrize("character", ["长", "A", "ü"])
def test_a_long_name_is_cut_and_stays_on_the_page(character):
    import pypdfium2

    name = drawable(character * 200)
    assert name == character * 120 + "…"
    pdf = pypdfium2.PdfDocument(set_letter(write_letter(replace(told(0), name=name), feedback().edition)))
    page = pdf[0]
    text = page.get_textpage()
    boxes = [
        text.get_charbox(place) for place in range(text.count_chars()) if text.get_text_range(place, 1) == character
    ]
    assert len(boxes) >= 120
    assert max(right for _, _, right, _ in boxes) < page.get_width() - 60  # points; the margin has 68


def test_names_of_items_and_messages_are_only_text_too():
    first, *others = told(0).pay.posts[1].rows
    posts = replace(told(0).pay.posts[1], rows=(replace(first, name=made.NASTY[:-2]), *others))
    nasty = replace(
        told(made.UNANSWERED),
        industry='"]#panic()',
        pay=replace(
            told(0).pay, posts=(posts,), references=(replace(told(0).pay.references[0], name="*a* [b](c) #d"),)
        ),
        remarks=tuple(replace(each, message='"#panic("x")\\', field="$x$") for each in told(made.UNANSWERED).remarks),
    )
    text = extracted(set_letter(write_letter(nasty, feedback().edition)))
    for part in ('"]#panic()', "*a*[b](c)#d", '"#panic("x")\\', "$x$", '#panic("x")$a$<b>&amp;'):
        assert part in text


def test_a_glyph_that_is_missing_elsewhere_is_refused():
    edition = replace(feedback().edition, bureau="局\U0001f600")
    with pytest.raises(ReleaseError, match="no glyph for"):
        set_letter(write_letter(told(0), edition))


def test_simulated_data_are_called_so():
    edition = replace(feedback().edition, synthetic=True)
    letter = write_letter(told(0), edition)
    titled = [block.title for block in letter.document.blocks if hasattr(block, "title")]
    assert titled
    assert all("模拟数据" in title for title in titled)
    assert "模拟数据" in extracted(set_letter(letter))
    assert "模拟" not in write_letter(told(0), feedback().edition).text()


def test_the_chart_draws_what_is_there():
    market = (None, Decimal(5), Decimal(6), None, None)
    svg = posts_chart([Post("<甲&乙>", 5, Decimal(7), market)], "zh")
    assert "&lt;甲&amp;乙&gt;" in svg
    assert svg.count("<rect") == 1  # in the key; without P75 there is no bar
    assert svg.count('stroke-width="1.8"') == 2


def extracted(pdf, password=None):
    """The words of a PDF without blanks."""
    from io import BytesIO

    import pypdf

    reader = pypdf.PdfReader(BytesIO(pdf), password=password)
    return re.sub(r"\s", "", "".join(page.extract_text() for page in reader.pages))
