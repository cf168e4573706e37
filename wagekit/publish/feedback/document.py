"""The feedback to one enterprise as a document: words, tables and charts made of its figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from wagekit.options import Language
from wagekit.publish.cover import Cover
from wagekit.publish.feedback.charts import MOST_POSTS, growth_chart, posts_chart
from wagekit.publish.feedback.figures import (
    PERCENTS,
    QUARTILES,
    Edition,
    Enterprise,
    Indicator,
    Posts,
    Remark,
    position,
)
from wagekit.publish.feedback.figures import Figure as Number
from wagekit.publish.feedback.words import WORDS
from wagekit.publish.labour_cost.words import PER_HEAD, name_of
from wagekit.publish.rendering.document import Block, Column, Document, Figure, Prose, Table
from wagekit.publish.rendering.markdown import escape_markdown, parse
from wagekit.publish.table import MARK
from wagekit.publish.words import unit_text

CHARTED = "occupation_sub_major"
"""The column whose posts are drawn."""


@dataclass(frozen=True)
class Letter:
    """A document addressed to one enterprise.

    Parameters
    ----------
    document : its cover is set as a heading above the text, not as a page.
    addressee, code : name and code of the enterprise.
    facts : name and text of what stands below them.
    """

    document: Document
    addressee: str
    code: str
    facts: tuple[tuple[str, str], ...]

    def text(self) -> str:
        """Everything that is drawn."""
        drawn = [self.document.text(), self.addressee, self.code, *(part for fact in self.facts for part in fact)]
        svgs = [block.image for block in self.document.blocks if isinstance(block, Figure)]
        return "\n".join([*drawn, *(image for image in svgs if isinstance(image, str))])


def write_letter(enterprise: Enterprise, edition: Edition) -> Letter:
    """The feedback to one enterprise.

    Parameters
    ----------
    enterprise : its figures.
    edition : what all enterprises are told alike.
    """
    words = WORDS[edition.language]
    page = _Page(edition)
    page.say(words["thanks"].format(wave=edition.wave))
    _pay(page, enterprise)
    _growth(page, enterprise)
    _cost(page, enterprise.indicators)
    _return(page, enterprise.remarks)
    page.head(words["about"])
    page.points([words[key] for key in ("about_public", "about_own", "about_secret", "about_use")])
    cover = Cover(
        title=words["title"],
        year=edition.wave,
        bureau=edition.bureau,
        date=edition.date,
        language=edition.language,
        synthetic=edition.synthetic,
        provenance=edition.provenance,
    )
    facts = (
        (words["fact_survey"], edition.title),
        (words["fact_wave"], words["year"].format(year=edition.wave)),
        (words["fact_industry"], enterprise.industry or words["unstated"]),
        (words["fact_size"], enterprise.size or words["unstated"]),
    )
    return Letter(Document(cover, tuple(page.blocks)), enterprise.name or words["nameless"], enterprise.id, facts)


class _Page:
    """The blocks as they are written down."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        self.words = WORDS[edition.language]
        self.language: Language = edition.language
        self.blocks: list[Block] = []
        self._heads = 0
        self._tables = 0

    @property
    def unit(self) -> str:
        return unit_text(self.edition.unit, self.language)

    @property
    def period(self) -> str:
        """The year as titles have it; simulated data are called so in every title."""
        key = "period_synthetic" if self.edition.synthetic else "period"
        return self.words[key].format(wave=self.edition.wave)

    def head(self, text: str) -> None:
        self._heads += 1
        children = [{"type": "text", "raw": text}]
        attributes = {"level": 1, "id": f"section-{self._heads}"}
        self.blocks.append(Prose(({"type": "heading", "attrs": attributes, "children": children},)))

    def say(self, *markdown: str) -> None:
        """A paragraph of sentences, as Markdown."""
        if any(markdown):
            self.blocks.append(Prose(tuple(parse(self.words["space"].join(filter(None, markdown))))))

    def points(self, markdown: Sequence[str]) -> None:
        """A list of sentences, as Markdown."""
        self.blocks.append(Prose(tuple(parse("\n".join(f"- {each}" for each in markdown)))))

    def table(
        self, title: str, unit: str, columns: Sequence[Column], rows: Sequence[Sequence[str]], notes: Sequence[str]
    ) -> None:
        self._tables += 1
        if any(MARK in row for row in rows):
            notes = [*notes, self.words["note_mark"].format(mark=MARK)]
        made = tuple(tuple(row) for row in rows)
        self.blocks.append(Table(title, unit, tuple(columns), made, tuple(notes), f"table-{self._tables}", ""))

    def figure(self, svg: str, alt: str, title: str) -> None:
        self.blocks.append(Figure(svg, alt, title))

    def number(self, value: Number) -> str:
        """A figure as the tables of the release print it."""
        if value is None:
            return MARK
        return f"{value:,f}" if self.language == "en" else f"{value:f}"

    def place(self, value: Number, market: tuple[Number, ...], percents: tuple[int, ...], where: str) -> str:
        """Where a figure lies, as a cell or a sentence has it; "" where there is nothing to compare."""
        found = position(value, market, percents)
        if found is None:
            return ""
        low, high = found
        kind = "below" if low == 0 else "above" if high == 100 else "between"
        return self.words[f"{where}_{kind}"].format(low=low, high=high)


def _market_columns(page: _Page, percents: tuple[int, ...], group: str) -> list[Column]:
    return [Column(f"{percent}%", "right", group) for percent in percents]


# -- pay -----------------------------------------------------------------------------------------------------------


def _pay(page: _Page, enterprise: Enterprise) -> None:
    words, edition, pay = page.words, page.edition, enterprise.pay
    page.head(words["pay"])
    if pay is None:
        page.say(words["pay_none"])
        return
    if pay.median is None:
        page.say(words["pay_few"].format(n=pay.employees, least=edition.least))
    else:
        said = [words["pay_own"].format(n=pay.employees, median=page.number(pay.median), unit=page.unit)]
        for reference in pay.references:
            place = page.place(pay.median, reference.market, PERCENTS, "place")
            if place:
                said.append(words["pay_place"].format(name=escape_markdown(reference.name), place=place))
        page.say(*said)
    if pay.references:
        own = {50: page.number(pay.median)}
        rows = [[words["own_row"].format(n=pay.employees), *(own.get(each, "") for each in PERCENTS), ""]]
        for reference in pay.references:
            place = page.place(pay.median, reference.market, PERCENTS, "cell") or MARK
            rows.append([reference.name, *map(page.number, reference.market), place])
        columns = [
            Column(words["reference"], "left", None),
            *_market_columns(page, PERCENTS, words["market"]),
            Column(words["place"], "center", None),
        ]
        page.table(
            words["reference_title"].format(period=page.period),
            words["unit"].format(unit=page.unit),
            columns,
            rows,
            [words["note_place"]],
        )
    for posts in pay.posts:
        _posts(page, posts)


def _posts(page: _Page, posts: Posts) -> None:
    words, edition = page.words, page.edition
    column = words[posts.column]
    named = Column(_capital(column), "left", None)
    own = [Column(words[key], "right", words["own"]) for key in ("employees", "median")]
    unit = words["unit_posts"].format(unit=page.unit)
    notes = [words["note_median"].format(least=edition.least)]
    if posts.scope is None:
        rows = [[row.name, str(row.employees), page.number(row.median)] for row in posts.rows]
        title = words["posts_title_none"].format(column=column, period=page.period)
        page.table(title, unit, [named, *own], rows, [*notes, words["market_none"]])
        return
    rows = [
        [
            f"＊{row.name}" if row.wider else row.name,
            str(row.employees),
            page.number(row.median),
            *map(page.number, row.market),
            page.place(row.median, row.market, PERCENTS, "cell") or MARK,
        ]
        for row in posts.rows
    ]
    if any(row.wider for row in posts.rows):
        notes.append(words["note_wider"])
    columns = [named, *own, *_market_columns(page, PERCENTS, words["market"]), Column(words["place"], "center", None)]
    scope = words[f"scope_{posts.scope}"]
    page.table(words["posts_title"].format(column=column, scope=scope, period=page.period), unit, columns, rows, notes)
    if posts.column == CHARTED:
        _posts_chart(page, posts)


def _posts_chart(page: _Page, posts: Posts) -> None:
    """The posts with most employees, of those that have a median and the market's."""
    words = page.words
    middle = PERCENTS.index(50)
    known = [row for row in posts.rows if row.median is not None and row.market[middle] is not None]
    largest = sorted(known, key=lambda row: -row.employees)[:MOST_POSTS]
    drawn = [row for row in known if row in largest]
    if not drawn:
        return
    items = "；" if page.language == "zh" else "; "
    alt = items.join(
        words["chart_item"].format(name=row.name, own=page.number(row.median), p50=page.number(row.market[middle]))
        for row in drawn
    )
    page.figure(
        posts_chart(drawn, page.language),
        words["chart_posts_alt"].format(items=alt),
        words["chart_posts"].format(period=page.period, unit=page.unit),
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# -- growth --------------------------------------------------------------------------------------------------------


def _growth(page: _Page, enterprise: Enterprise) -> None:
    words, edition, growth = page.words, page.edition, enterprise.growth
    page.head(words["growth"])
    about = {"wave": edition.wave, "before": edition.before, "least": edition.least}
    said = [words[f"growth_{growth.missing}"].format(**about)] if growth.missing else []
    for row in growth.rows:
        template = words["growth_fell" if row.growth < 0 else "growth_said"]
        band = words["growth_band"].format(band=escape_markdown(row.band)) if row.band else ""
        said.append(
            template.format(
                measure=words[f"measure_{row.measure}"],
                before_year=edition.before,
                year=edition.wave,
                before=f"{page.number(row.before)}{_money(page)}",
                after=f"{page.number(row.after)}{_money(page)}",
                growth=page.number(abs(row.growth)),
                band=band,
            )
        )
    page.say(*said)
    page.say(*growth.said) if growth.said else page.say(words["guideline_none"].format(wave=edition.wave))
    if not growth.rows:
        return
    columns = [
        Column(words["measure"], "left", None),
        *(Column(words["year"].format(year=year), "right", None) for year in (edition.before, edition.wave)),
        Column(words["rate"], "right", None),
        Column(words["band"], "center", None),
    ]
    rows = [
        [
            _capital(words[f"measure_{row.measure}"]),
            page.number(row.before),
            page.number(row.after),
            page.number(row.growth),
            row.band or MARK,
        ]
        for row in growth.rows
    ]
    notes = [words["note_growth"].format(wave=edition.wave)]
    if any(row.measure == "employees" for row in growth.rows):
        notes.append(words["note_employees"].format(n=growth.employees))
    title = words["growth_title"].format(period=page.period)
    unit = words["unit"].format(unit=f"{page.unit}{words['comma']}%")
    page.table(title, unit, columns, rows, [*notes, words["note_line"]])
    if growth.lines:
        items = [f"{words[f'measure_{row.measure}']} {page.number(row.growth)}%" for row in growth.rows]
        page.figure(
            growth_chart(growth.rows, growth.lines, page.language),
            words["chart_growth_alt"].format(
                lines=words["comma"].join(f"{name} {value:g}%" for name, value in growth.lines),
                items=words["comma"].join(items),
            ),
            words["chart_growth"].format(period=page.period),
        )


def _money(page: _Page) -> str:
    """The unit after a figure in a sentence: 11.93万元; in English the table says it."""
    return page.edition.unit.split("/")[0] if page.language == "zh" else ""


# -- labour cost ---------------------------------------------------------------------------------------------------


def _cost(page: _Page, indicators: Sequence[Indicator]) -> None:
    words = page.words
    page.head(words["cost"])
    if not any(each.own is not None for each in indicators):
        page.say(words["cost_none"])
        if not indicators:
            return
    said = []
    for each in indicators:
        if each.own is not None:
            item = words["cost_item"].format(
                name=name_of(each.word, page.language), own=_with_unit(page, each, each.own)
            )
            if each.industry is not None:
                item += words["cost_beside"].format(industry=_with_unit(page, each, each.industry))
            said.append(item)
    page.say(words["cost_said"].format(items=words["comma"].join(said)) if said else "")
    rows = []
    published = any(value is not None for each in indicators for value in (each.industry, *each.quartiles))
    for each in indicators:
        name = words["per_head" if each.word in PER_HEAD else "share"]
        row = [_capital(name.format(name=name_of(each.word, page.language))), page.number(each.own)]
        if published:
            place = page.place(each.own, each.quartiles, QUARTILES, "cell") or MARK
            scope = words[f"scope_{each.scope}_enterprises"]
            row += [page.number(each.industry), scope, *map(page.number, each.quartiles), place]
        rows.append(row)
    columns = [Column(words["indicator"], "left", None), Column(words["cost_own"], "right", None)]
    notes = [words["cost_market_none"]]
    if published:
        columns += [
            Column(words["cost_industry"], "right", None),
            Column(words["cost_scope"], "center", None),
            *_market_columns(page, QUARTILES, words["cost_quartiles"]),
            Column(words["place"], "center", None),
        ]
        notes = [words[key] for key in ("note_ratio", "note_scope", "note_cost_place")]
    page.table(words["cost_title"].format(period=page.period), words["cost_unit"], columns, rows, notes)


def _with_unit(page: _Page, indicator: Indicator, value: Decimal) -> str:
    if indicator.word not in PER_HEAD:
        return f"{page.number(value)}%"
    return f"{value:f}万元" if page.language == "zh" else f"{value * 10_000:,.0f} yuan"


# -- the return ----------------------------------------------------------------------------------------------------


def _return(page: _Page, remarks: Sequence[Remark]) -> None:
    words = page.words
    page.head(words["return"])
    if not remarks:
        page.say(words["return_good"])
        return
    page.say(words["return_some"])
    missing = [each for each in remarks if each.kind == "missing"]
    others = [each for each in remarks if each.kind != "missing"]
    start = [Column(words["table"], "left", None), Column(words["field"], "left", None)]
    end = [Column(words["rows"], "right", None), Column(words["todo"], "left", None)]
    notes = [words["note_rows"]]

    def cells(each: Remark, *more: str) -> list[str]:
        return [words[f"table_{each.table}"], _capital(each.field), *more, str(each.rows), words[f"todo_{each.kind}"]]

    if missing:
        page.table(
            words["missing_title"].format(period=page.period),
            "",
            [*start, *end],
            [cells(each) for each in missing],
            notes,
        )
    if others:
        columns = [*start, Column(words["remark"], "left", None), *end]
        refused = [words["note_refused"]] if any(each.kind == "refused" for each in others) else []
        rows = [cells(each, _capital(each.message)) for each in others]
        page.table(words["query_title"].format(period=page.period), "", columns, rows, [*notes, *refused])
    kinds = {each.kind for each in remarks}
    steps = [
        words[step]
        for step, about in (
            ("step_missing", {"missing"}),
            ("step_query", {"query", "blanked"}),
            ("step_refused", {"refused"}),
        )
        if about & kinds
    ]
    bureau = escape_markdown(page.edition.bureau) or words["organiser"]
    page.say(words["steps"])
    page.points([*steps, words["step_contact"].format(bureau=bureau)])
