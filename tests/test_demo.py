"""The demo from end to end, run once: what it publishes, held against the simulated truth and the release rules."""

import json
import os
import re
import shutil
import time
import zipfile
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import numpy as np
import openpyxl
import pandas as pd
import pypdf
import pytest
from scipy import stats

import wagekit as wk
from tests.command import wagekit
from wagekit.publish.configuration import Release
from wagekit.publish.rendering.exporters import external_references
from wagekit.resources import resource

STATISTICS = ("p10", "p25", "p50", "p75", "p90", "mean")
RELEASE = Release.load(resource("data", "demo", "release.toml"))
TABLES = {table.name: table for table in RELEASE.tables}


class Demo(NamedTuple):
    """What one run of the command left: exit status, what it said, its two folders."""

    status: int
    said: str
    complained: str
    folder: Path
    survey: Path

    @property
    def files(self):
        return sorted(self.folder.iterdir())


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """Run the demo, once for all test processes."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "demo-run"
    told = shared / "told.json"
    folder = shared / "reports" / "demo"
    try:
        shared.mkdir()
    except FileExistsError:
        end = time.monotonic() + 600
        while not told.exists() and time.monotonic() < end:
            time.sleep(0.1)
    else:
        run = wagekit("demo", "--output", folder, timeout=580)
        beside = shared / "told.part"
        beside.write_text(json.dumps(run), encoding="utf-8")
        beside.replace(told)
    return Demo(*json.loads(told.read_text(encoding="utf-8")), folder, folder.with_name("demo-survey"))


@pytest.fixture(scope="session")
def survey(demo):
    assert demo.status == 0, demo.complained
    with wk.open(demo.survey / "demo.duckdb", read_only=True) as store:
        return store.survey(2023)


@pytest.fixture(scope="session")
def truth(demo):
    table = pd.read_csv(demo.survey / "2023" / "模拟数据_总体真值_2023.csv", keep_default_na=False)
    return table.set_index(["by", "domain"])


def estimates(survey, by=()):
    """Percentiles and mean of pay in one frame, with `domain` as the file of true values writes it."""
    columns = list(by)
    parts = [survey.percentiles("annual_pay", by=columns or None), survey.mean("annual_pay", by=columns or None)]
    frame = pd.concat([part.frame for part in parts], ignore_index=True)
    frame["domain"] = frame[columns].astype(str).agg("*".join, axis=1) if columns else ""
    return frame


def with_truth(frame, truth, by=""):
    values = [float(truth.loc[(by, row.domain), row.statistic]) for row in frame.itertuples()]
    return frame.assign(truth=values, z=(frame["estimate"] - values) / frame["se"])


# -- what is there -------------------------------------------------------------------------------


def names_of(report):
    """The reports that a declaration makes."""
    return [f"{report.file_name}_{value}" for value in report.values] if report.values else [report.file_name]


def test_it_ends_well_and_writes_what_it_says(demo):
    assert demo.status == 0, demo.complained
    tables = [f"{name}{ending}" for name in TABLES for ending in (".html", ".csv", "_tidy.csv")]
    reports = [
        f"{name}.{ending}" for report in RELEASE.reports for name in names_of(report) for ending in report.formats
    ]
    assert {"wage_levels.html", "wage_levels.pdf", "industry_guidance_C.pdf"} <= set(reports)
    about = ["manifest.json", "ro-crate-metadata.json"]
    assert [file.name for file in demo.files] == sorted([*tables, *reports, *about, "wage_levels.xlsx"])
    lines = demo.said.splitlines()
    assert [line.split(":")[0] for line in lines[:3]] == [f"Wave {wave} stored" for wave in (2021, 2022, 2023)]
    assert [Path(line).name for line in lines[3:-1]] == [file.name for file in demo.files]
    assert lines[-1].startswith("The survey's files, store and true values (模拟数据)")
    assert "\x1b" not in demo.said
    # Nothing half-made beside what was asked for.
    beside = {entry.name for entry in demo.folder.parent.iterdir()}
    assert beside - {".demo.lock", ".demo.journal.jsonl.lock"} == {
        "demo",
        "demo-survey",
        "demo.builds",
        "demo.journal.jsonl",
    }
    assert [path.name.split("-")[0] for path in (demo.folder.parent / "demo.builds").iterdir()] == ["reads"]
    assert {entry.name for entry in demo.survey.iterdir()} == {"2021", "2022", "2023", "demo.duckdb"}


def test_the_store_holds_three_simulated_waves(demo):
    with wk.open(demo.survey / "demo.duckdb", read_only=True) as store:
        waves = store.waves()
        assert waves["wave"].tolist() == [2021, 2022, 2023]
        assert waves["synthetic"].all()
        assert (waves["employees"] > 20_000).all()
        # The mistakes that the simulation puts in are found: each wave has refused rows and answers to follow up.
        assert set(store.refused()["wave"]) == set(store.queries()["wave"]) == {2021, 2022, 2023}


# -- estimates against the truth -----------------------------------------------------------------

# The seed is fixed, so what passes goes on to pass. How often a right estimator fails these criteria was measured with
# 200 other samples of the same population, drawn by the same design.

ERROR = 0.01


def test_intervals_of_the_whole_district_hold_the_truth(survey, truth):
    """At least 5 of 6 intervals of 95 %. Were the six independent, two or more would miss in 3 % of samples; they hang
    together, and it was 12 %, the mean being 5.63 of 6.
    """
    found = with_truth(estimates(survey), truth)
    inside = (found["ci_lower"] <= found["truth"]) & (found["truth"] <= found["ci_upper"])
    assert found["statistic"].tolist() == list(STATISTICS)
    assert inside.sum() >= 5, found[["statistic", "ci_lower", "truth", "ci_upper"]]
    # Intervals so wide that they hold anything would prove nothing.
    assert (found["cv"] < 0.05).all()


def test_industries_lie_about_the_truth(survey, truth):
    """Each deviation against Student's t with the cell's degrees of freedom, Bonferroni over all of them (7 % of samples
    failed: percentiles of a dozen enterprises are not yet t); industries with 20 enterprises and more must lie within
    4 standard errors besides (10 % failed).
    """
    found = with_truth(estimates(survey, ["industry"]), truth, "industry")
    assert found["domain"].nunique() == 18
    # A standard error of 0 or none at all (one unit a stratum, a census) says nothing about the deviation.
    found = found[(found["se"] > 0) & (found["df"] > 0)]
    assert len(found) > 80
    chance = 2 * stats.t.sf(found["z"].abs(), found["df"])
    assert chance.min() > ERROR / len(found), found[chance == chance.min()]
    many = found[found["n_psu"] >= 20]
    assert many["domain"].nunique() >= 8
    assert many["z"].abs().max() < 4, many[many["z"].abs() >= 4]


def test_another_years_truth_would_not_do(demo, survey):
    """The criterion is no formality: the values of two years before, a tenth lower, fail it."""
    table = pd.read_csv(demo.survey / "2021" / "模拟数据_总体真值_2021.csv", keep_default_na=False)
    found = with_truth(estimates(survey), table.set_index(["by", "domain"]))
    assert not ((found["ci_lower"] <= found["truth"]) & (found["truth"] <= found["ci_upper"])).any()


# -- what may not be published -------------------------------------------------------------------


def judged(survey, by):
    """Estimates with `release`: the rules of data/demo/release.toml, worked out here from the respondents."""
    frame, columns = survey.frame, list(by)
    rows = frame.dropna(subset=[*columns, "annual_pay"])
    keys = columns or [pd.Series("", index=rows.index, name="domain")]

    def largest(values):
        """Largest share of one enterprise in each domain."""
        parts = values.groupby([*(rows[key] if columns else key for key in keys), rows["enterprise_id"]]).sum()
        levels = list(range(max(len(columns), 1)))
        return (parts / parts.groupby(level=levels).transform("sum")).groupby(level=levels).max()

    weight = rows["weight"]
    shares = [largest(values) for values in (weight * 0 + 1, weight, weight * rows["annual_pay"])]
    groups = rows.groupby(keys)
    about = pd.DataFrame(
        {
            "respondents": groups.size(),
            "enterprises": groups["enterprise_id"].nunique(),
            "share": pd.concat(shares, axis=1).max(axis=1),
        }
    )
    found = estimates(survey, by).merge(about.reset_index(), on=columns or "domain")
    tail = found["statistic"].isin(["p10", "p90"])
    census = found["flag"] == "census"
    return found.assign(
        release=(found["enterprises"] >= 3)
        & (found["respondents"] >= np.where(tail, 50, 30))
        & (found["share"] <= 0.85)
        & found["estimate"].notna()
        & (census | ((found["se"] > 1e-9 * found["estimate"]) & (found["df"] > 0) & (found["cv"] <= 0.30)))
    )


@pytest.fixture(scope="session")
def decisions(survey):
    """Table -> its estimates and whether each may be published."""
    return {name: judged(survey, table.by) for name, table in TABLES.items()}


def test_a_figure_is_published_if_and_only_if_the_rules_let_it(demo, decisions):
    for name, table in TABLES.items():
        tidy = pd.read_csv(demo.folder / f"{name}_tidy.csv", dtype=str, keep_default_na=False)
        codes = [column for column in tidy.columns if column == "code" or column.endswith("_code")]
        domain = tidy[codes].agg("*".join, axis=1) if table.by else pd.Series("", index=tidy.index)
        printed = {
            (where, statistic)
            for where, statistic, value in zip(domain, tidy["statistic"], tidy["value"], strict=True)
            if value and statistic in STATISTICS
        }
        found = decisions[name]
        allowed = set(found.loc[found["release"], ["domain", "statistic"]].itertuples(index=False, name=None))
        assert printed == allowed, name
        # A mark stands in for what is held back; a precision is not printed beside a mark.
        held = tidy[tidy["value"] == ""]
        assert set(held["status"]) <= {"c", "u", "x"}
        assert (tidy.loc[tidy["value"] != "", "status"] == "").all()
    assert any((~found["release"]).any() for found in decisions.values())


def rounded(value, places):
    return f"{Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"


def writings(rows):
    """Ways to write the figures of estimates: as they are, in whole yuan, in 万元 with 2 to 4 decimals."""
    numbers = rows[["estimate", "se", "ci_lower", "ci_upper"]].to_numpy(dtype=float)
    texts = set()
    for value in np.abs(numbers[np.isfinite(numbers)]):
        texts |= {repr(float(value)), rounded(value, 0), f"{int(rounded(value, 0)):,}", rounded(value, 2)}
        texts |= {repr(float(value / 1e4)), *(rounded(value / 1e4, places) for places in (2, 3, 4))}
    return texts


def secrets_of(decisions):
    """Writings of what is held back and of nothing that is published; 5 digits at least, or chance would find them."""
    held = set().union(*(writings(found[~found["release"]]) for found in decisions.values()))
    free = set().union(*(writings(found[found["release"]]) for found in decisions.values()))
    return {text for text in held - free if sum(c.isdigit() for c in text.strip("0.")) >= 5}


NUMBER = re.compile(r"(?<![\d.])\d[\d,]*(?:\.\d+)?(?!\d|\.\d)")


@cache
def contents(path):
    """Everything a file holds as text: parts of archives, attributes and comments, metadata, text of pages."""
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as archive:
            # Another program's Chinese characters may be written as numbers.
            return [unescape(archive.read(name).decode("utf-8", "replace")) for name in archive.namelist()] + [
                f"{archive.comment!r}",
                *(f"{entry.filename} {entry.comment!r} {entry.extra!r}" for entry in archive.infolist()),
            ]
    if path.suffix == ".pdf":
        reader = pypdf.PdfReader(path)
        texts = [page.extract_text() for page in reader.pages]
        texts += [f"{value}" for value in (reader.metadata or {}).values()]
        for identifier in {key for table in (*reader.xref.values(), reader.xref_objStm) for key in table}:
            thing = reader.get_object(identifier)
            # Alternative texts, bookmarks and tags are strings of dictionaries, not of pages.
            texts.append(f"{thing}")
            if isinstance(thing, pypdf.generic.StreamObject) and "/CIDFont" not in str(thing.get("/Subtype")):
                # Numbers of glyphs, in hexadecimal, are the text that the pages were asked for above.
                texts.append(re.sub(r"<[0-9A-Fa-f]+>", "", thing.get_data().decode("utf-8", "replace")))
        return texts
    text = path.read_text(encoding="utf-8")
    return [re.sub(r"base64,[A-Za-z0-9+/=]+", "", text)]  # the font's bytes: digits by chance


def numbers_in(path):
    """All numbers of a file; a comma may stand between thousands or between two numbers."""
    found = {match.group() for text in contents(path) for match in NUMBER.finditer(text)}
    return found | {part for number in found for part in number.split(",")}


def test_what_is_held_back_is_in_no_byte_of_the_release(demo, decisions):
    secrets = secrets_of(decisions)
    assert len(secrets) > 1000
    for path in demo.files:
        assert not numbers_in(path) & secrets, path.name


def test_the_search_would_find_a_secret(demo, decisions, tmp_path):
    """Planted where it is easily overlooked, in a file of each kind."""
    secrets = secrets_of(decisions)
    secret = min(text for text in secrets if re.fullmatch(r"\d{6}", text))
    shutil.copytree(demo.folder, tmp_path / "copy")
    page, book, report, table = (
        tmp_path / "copy" / name
        for name in ("wage_levels.html", "wage_levels.xlsx", "wage_levels.pdf", "wage_levels_by_industry_tidy.csv")
    )
    page.write_text(page.read_text(encoding="utf-8").replace("<body", f'<!-- {secret} --><body data-x="{secret}"', 1))
    table.write_text(table.read_text(encoding="utf-8") + f"Z,甲,p50,{secret},元/年,,\n", encoding="utf-8")
    workbook = openpyxl.load_workbook(book)
    hidden = workbook.create_sheet("x")
    hidden["ZZ999"], hidden.sheet_state = int(secret), "veryHidden"
    workbook.save(book)
    writer = pypdf.PdfWriter(clone_from=report)
    writer.add_metadata({"/Keywords": f"P50 {secret}"})
    writer.write(report)
    for path in (page, book, report, table):
        assert numbers_in(path) & secrets == {secret}, path.name


def test_pages_and_report_show_published_figures_only(demo, decisions):
    """Also the short ones, such as 20.53 万元, that the search above can't tell from others."""
    short = re.compile(r"\d+\.\d\d")
    free = set().union(*(writings(found[found["release"]]) for found in decisions.values()))
    for name, found in decisions.items():
        shown = Visible(demo.folder / f"{name}.html")
        figures = [cell for cell in shown.cells if short.fullmatch(cell)]
        if TABLES[name].unit == "万元/年":
            printed = [rounded(value / 1e4, 2) for value in found.loc[found["release"], "estimate"]]
            assert sorted(figures) == sorted(printed), name
    report = Visible(demo.folder / "wage_levels.html")
    figures = {cell for cell in report.cells if short.fullmatch(cell)}
    assert len(figures) > 200
    assert figures <= free
    pages = pypdf.PdfReader(demo.folder / "wage_levels.pdf").pages
    set_in_type = {match for page in pages for match in short.findall(page.extract_text())}
    assert figures <= set_in_type <= set(short.findall(report.text)) | figures


def test_nothing_names_an_enterprise(demo, survey):
    with wk.open(demo.survey / "demo.duckdb", read_only=True) as store:
        firms = store.enterprises(2023)
    private = {*firms["enterprise_id"], *firms["name"], *firms["legal_representative"], *firms["contact"]} - {None}
    assert len(private) > 500
    words = re.compile("|".join(re.escape(str(word)) for word in private if len(str(word)) > 4))
    for path in demo.files:
        for text in contents(path):
            assert not words.search(text), path.name
            assert str(demo.survey) not in text, path.name


# -- how it looks --------------------------------------------------------------------------------


def test_every_file_says_that_the_data_are_simulated(demo):
    for path in demo.files:
        assert any("模拟数据" in text for text in contents(path)), path.name
    for path in demo.survey.rglob("*.csv"):
        assert "模拟数据" in path.name
    sheets = openpyxl.load_workbook(demo.folder / "wage_levels.xlsx")
    for sheet in sheets:
        assert any("模拟数据" in str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value), (
            sheet.title
        )


def test_the_pdf_has_chinese_text_that_can_be_searched(demo):
    reader = pypdf.PdfReader(demo.folder / "wage_levels.pdf")
    pages = [re.sub(r"\s", "", page.extract_text()) for page in reader.pages]
    text = "".join(pages)
    assert len(pages) >= 5
    for words in (
        "工资价位",
        "主要结果",
        "分行业门类工资价位",
        "制造业",
        "分位值",
        "单位：万元/年",
        "普陀区",
        "发布规则",
    ):
        assert words in text, words
    assert "\ufffd" not in text
    assert reader.metadata.title
    assert not reader.is_encrypted
    # Every page says it, so that one torn out of the report does too.
    assert all("模拟数据" in page for page in pages)


def test_pages_stand_alone(demo):
    for path in demo.folder.glob("*.html"):
        page = path.read_text(encoding="utf-8")
        assert external_references(page) == [], path.name
        # The namespace of MathML or SVG is a name, not an address that is asked for.
        addresses = set(re.findall(r"(?:https?:)?//[\w.-]+\.\w+[\w./-]*", re.sub(r"base64,[\w+/=]+", "", page)))
        assert {address for address in addresses if "www.w3.org" not in address} == set(), path.name
        assert 'lang="zh' in page
        assert "Traceback" not in page


class Visible(HTMLParser):
    """Text that a reader sees, and that of the cells of tables."""

    def __init__(self, path):
        super().__init__()
        self.text, self.cells, self._in_cell = "", [], False
        self.feed(re.sub(r"<style.*?</style>", "", path.read_text(encoding="utf-8"), flags=re.S))

    def handle_starttag(self, tag, attrs):
        self._in_cell = tag == "td"

    def handle_data(self, data):
        self.text += data
        if self._in_cell:
            self.cells.append(data.strip())


def test_the_page_shows_no_code(demo):
    reader = Visible(demo.folder / "wage_levels.html")
    for word in ("import wagekit", "open_report", "In [", "Out[", "def ", "nan", "None", "NaN"):
        assert word not in reader.text, word
    assert "制造业" in reader.text


def test_the_workbook_has_no_formulas_and_hides_nothing(demo):
    path = demo.folder / "wage_levels.xlsx"
    with zipfile.ZipFile(path) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
        for name in archive.namelist():
            part = archive.read(name).decode("utf-8")
            assert not re.search(r"<(\w+:)?f[\s>/]", part), name
            assert "hidden" not in part.lower(), name
            assert not re.search(r"externalLink|oleObject|macro|<definedName[^>]*hidden", part), name
    assert len(sheets) == len(TABLES) + 3  # cover, contents, notes
    workbook = openpyxl.load_workbook(path)
    for sheet in workbook:
        assert sheet.sheet_state == "visible"
        assert not any(cell.data_type == "f" or cell.comment for row in sheet.iter_rows() for cell in row)
    assert (workbook.properties.creator or "", workbook.properties.lastModifiedBy or "") == ("", "")


def test_all_forms_of_a_table_print_the_same_figures(demo):
    """The wide CSV, the tidy CSV and the workbook agree, figure by figure."""
    workbook = openpyxl.load_workbook(demo.folder / "wage_levels.xlsx")
    for sheet, name in zip(workbook.worksheets[3:], TABLES, strict=True):
        tidy = pd.read_csv(demo.folder / f"{name}_tidy.csv", dtype=str, keep_default_na=False)
        with (demo.folder / f"{name}.csv").open(encoding="utf-8-sig") as stream:
            wide = pd.read_csv(stream, dtype=str, keep_default_na=False)
        figures = [column for column in wide.columns if re.search(r"分位值|平均值", column)]
        printed = [text for row in wide[figures].itertuples(index=False) for text in row]
        assert [text for text in printed if not text.startswith("[")] == [text for text in tidy["value"] if text], name
        cells = [row for row in sheet.iter_rows(values_only=True) if isinstance(row[0], int | float)]
        numbers = [value for row in cells for value in row[1:] if isinstance(value, int | float)]
        assert numbers == [float(text) for text in tidy["value"] if text], name
