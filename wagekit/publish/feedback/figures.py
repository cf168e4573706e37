"""What one enterprise is told: figures and names only, so that a page can be made from it anywhere, by any process."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from wagekit.options import Language

PERCENTS = (10, 25, 50, 75, 90)
"""The percentiles of the market that an enterprise's own median is held against."""

QUARTILES = (25, 50, 75)
"""The percentiles of enterprises that its labour cost is held against."""

Figure = Decimal | None
"""A printed figure; None where there is none or it is held back."""

Scope = Literal["industry", "all"]
"""Whom published figures are about: the enterprise's own industry section, or all industries."""

Compared = Literal["", "no_wave", "new", "months", "few"]
"""Why the growth of pay is not told: the wave before is not in the store, the enterprise was not in it, did not operate
throughout both years, or has too few employees. Empty where it is told."""


@dataclass(frozen=True)
class Edition:
    """What all enterprises of a wave are told alike.

    Parameters
    ----------
    title : what the survey is called.
    wave, before : reference years of this wave and of the one before.
    language : of the pages.
    bureau, date : who publishes, and the day as YYYY-MM-DD; "" where not said.
    synthetic : whether the data are simulated.
    provenance : line for the footer.
    unit : printed unit of pay, such as 万元/年.
    least : fewest employees whose median is told.
    """

    title: str
    wave: int
    before: int
    language: Language
    bureau: str
    date: str
    synthetic: bool
    provenance: str
    unit: str
    least: int


@dataclass(frozen=True)
class Reference:
    """A row of published pay that an enterprise's whole staff is held against: its name, a figure for each percent."""

    name: str
    market: tuple[Figure, ...]


@dataclass(frozen=True)
class Post:
    """One group of an enterprise's employees beside the market.

    Parameters
    ----------
    name : of the group.
    employees : how many the enterprise reported.
    median : their median pay; None for fewer than the least number.
    market : the published percentiles, in the order of :data:`PERCENTS`.
    wider : whether these are of all industries in a table that is else about the enterprise's own.
    """

    name: str
    employees: int
    median: Figure
    market: tuple[Figure, ...]
    wider: bool = False


@dataclass(frozen=True)
class Posts:
    """The enterprise's employees by one column, and whom the market's figures are about; None without a market."""

    column: str
    scope: Scope | None
    rows: tuple[Post, ...]


@dataclass(frozen=True)
class Pay:
    """The pay of an enterprise's employees: how many, their median, what it is held against, post by post."""

    employees: int
    median: Figure
    references: tuple[Reference, ...]
    posts: tuple[Posts, ...]


Measure = Literal["employees", "wage_bill"]
"""Average pay as the mean of the reported employees, or as the wage bill over the average headcount."""


@dataclass(frozen=True)
class GrowthRow:
    """One measure of average pay: its word, both years in the printed unit, growth in per cent, its band's name."""

    measure: Measure
    before: Decimal
    after: Decimal
    growth: Decimal
    band: str


@dataclass(frozen=True)
class Growth:
    """Growth of an enterprise's average pay beside the guideline.

    Parameters
    ----------
    missing : why there are no rows.
    rows : the measures.
    employees : respondents of the wave that had fewer.
    lines : name and figure in per cent of each issued line, from low to high.
    said : Markdown: the lines, and the rule that the enterprise goes by.
    """

    missing: Compared
    rows: tuple[GrowthRow, ...] = ()
    employees: int = 0
    lines: tuple[tuple[str, float], ...] = ()
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class Indicator:
    """One labour-cost indicator of an enterprise beside the published ones.

    Parameters
    ----------
    word : of :data:`wagekit.guidance.labour_cost.INDICATORS`.
    own : the enterprise's.
    industry : its industry's, a ratio of sums.
    quartiles : of the enterprises, in the order of :data:`QUARTILES`.
    scope : which enterprises these are.
    """

    word: str
    own: Figure
    industry: Figure
    quartiles: tuple[Figure, ...]
    scope: Scope


@dataclass(frozen=True)
class Remark:
    """Something about the return to be mended: where it stands, what is said of it, on how many rows.

    `kind` is ``missing`` for a question left unanswered, ``query`` for an answer to look at again, ``blanked`` for one
    that was left out, ``refused`` for a row that was not taken.
    """

    kind: Literal["missing", "query", "blanked", "refused"]
    table: Literal["enterprise", "employee"]
    field: str
    message: str
    rows: int


@dataclass(frozen=True)
class Enterprise:
    """Everything that one enterprise is told.

    Parameters
    ----------
    id, name : code and name, as they may be printed.
    industry, size : in words.
    pay : None where no employee's row was accepted.
    growth, indicators, remarks : as they are; empty where there is nothing to tell.
    """

    id: str
    name: str
    industry: str
    size: str
    pay: Pay | None
    growth: Growth
    indicators: tuple[Indicator, ...]
    remarks: tuple[Remark, ...]


def position(value: Figure, market: tuple[Figure, ...], percents: tuple[int, ...]) -> tuple[int, int] | None:
    """Between which published percentiles a figure lies; 0 and 100 stand for no percentile on that side.

    A figure that equals a percentile has reached it. None where there is nothing to compare.

    Examples
    --------
    >>> position(Decimal(7), (None, Decimal(6), Decimal(7), Decimal(9), None), PERCENTS)
    (50, 75)
    >>> position(Decimal(5), (None, Decimal(6), Decimal(7), Decimal(9), None), PERCENTS)
    (0, 25)
    """
    known = [(percent, figure) for percent, figure in zip(percents, market, strict=True) if figure is not None]
    if value is None or not known:
        return None
    below = [percent for percent, figure in known if figure <= value]
    above = [percent for percent, figure in known if figure > value]
    return max(below, default=0), min(above, default=100)
