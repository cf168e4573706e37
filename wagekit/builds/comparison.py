"""A release compared with an edition before it (back test): what changed, and whether that is more than was allowed.

Both editions are read from their open data, ``<table>_tidy.csv``, so that nothing can be compared that isn't
published: a figure that one of the two holds back is there by its name only.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from wagekit.errors import ReleaseError
from wagekit.options import Language
from wagekit.publish.edition import LAST_BUILD, ComparisonDeclaration
from wagekit.publish.open_data import restored

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["changed", "unit", "name", "withdrawn", "new"]
"""A figure changed; its unit or the name of its item did; it is no longer published; it is published for the first
time."""

_REDEFINED: tuple[Kind, ...] = ("unit", "name")
_ENDING = "_tidy.csv"
_FIGURES = ("statistic", "value", "unit", "status", "source")
_PRECISION = r"_(?:se|cv|ci_lower|ci_upper)$"
_ROUNDING = 1e-9
"""What is at its limit as printed is not beyond it for the way floats are stored: (1.5 - 1.2) / 1.2 > 0.25."""
_KEY = ["table", "columns", "code", "statistic"]


@dataclass(frozen=True)
class Excess:
    """A limit that is passed in a table.

    Parameters
    ----------
    table : its name.
    kind : of the differences that are too many or too large; a unit or name that changes is always one too many.
    count, of : how many there are, of how many figures.
    limit : the relative change or the share of figures that is allowed.

    Examples
    --------
    >>> str(Excess("by_industry", "changed", 3, 96, 0.25))
    'by_industry: 3 of 96 figures changed by more than 25%'
    """

    table: str
    kind: Kind
    count: int
    of: int
    limit: float

    def __str__(self) -> str:
        what = {
            "changed": f"changed by more than {self.limit * 100:g}%",
            "unit": "have another unit",
            "name": "have another name under the same code",
            "withdrawn": f"are no longer published (limit {self.limit * 100:g}%)",
            "new": f"are published for the first time (limit {self.limit * 100:g}%)",
        }[self.kind]
        return f"{self.table}: {self.count:,} of {self.of:,} figures {what}"


@dataclass(frozen=True)
class Comparison:
    """Two editions of a release side by side. Made by :func:`compare`.

    Parameters
    ----------
    sources : what each edition calls its survey, the earlier first.
    figures : a row a difference, the largest change of an estimate first: ``table``, ``code`` and ``name`` of the item,
        ``statistic``, ``kind`` (:data:`Kind`), ``old``, ``new`` and ``difference`` as printed, ``percent`` (relative
        change in per cent), ``errors`` (the difference divided by its standard error; NaN where the editions don't
        publish standard errors or rest on the same survey), ``unit`` and ``beyond`` (a limit is passed). Texts of
        what isn't published in one of the editions are empty.
    tables : a row a table: ``table``, ``before`` and ``after`` (number of published figures), ``unchanged``,
        ``changed``, ``withdrawn``, ``new``, and ``largest`` (relative change of an estimate in per cent, NaN without).
    excesses : the limits that are passed.
    code : that confirms just these excesses, for example ``3f9a-12bc``; empty if there are none.
    """

    sources: tuple[str, str]
    figures: pd.DataFrame
    tables: pd.DataFrame
    excesses: tuple[Excess, ...] = ()
    code: str = ""

    @property
    def beyond(self) -> tuple[str, ...]:
        """What is beyond the limits, a sentence each, without figures of the survey."""
        return tuple(str(excess) for excess in self.excesses)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many figures are unchanged, changed, withdrawn and new."""
        return {name: int(self.tables[name].sum()) for name in ("unchanged", "changed", "withdrawn", "new")}

    def summary(self, language: Language = "zh") -> str:
        """The comparison in a paragraph."""
        from wagekit.builds import comparison_report

        return comparison_report.summary(self, language)

    def to_text(self, language: Language = "zh") -> str:
        """The comparison in lines of text: how many figures changed, the largest changes, the limits passed."""
        from wagekit.builds import comparison_report

        return comparison_report.to_text(self, language)

    def write(self, target: Path) -> tuple[Path, Path]:
        """Write ``<target>.comparison.csv`` and ``.html``, in Chinese and English, beside a release folder.

        Raises
        ------
        ReleaseError
            If they can't be written.
        """
        from wagekit.builds import comparison_report

        return comparison_report.write_comparison(self, target)


def earlier_edition(limits: ComparisonDeclaration, target: Path, *, declared_in: Path) -> Path | None:
    """The folder of the edition that a build is compared with.

    Parameters
    ----------
    limits : the declaration.
    target : folder that the build will replace.
    declared_in : folder of the ``release.toml``.

    Returns
    -------
    The folder; None for the first build of a release that is compared with its last build.

    Raises
    ------
    ReleaseError
        If a folder is named that holds no edition.
    """
    if limits.edition == LAST_BUILD:
        return target if target.is_dir() else None
    folder = declared_in / limits.edition
    if not any(folder.glob(f"*{_ENDING}")):
        raise ReleaseError(
            "there is no edition to compare with" if folder.is_dir() else "there is no such folder",
            where=f"[comparison], with = {limits.edition!r} ({folder})",
            expected=f"the folder of a release, with its <table>{_ENDING} files",
        )
    return folder


def compare(before: Path, after: Path, limits: ComparisonDeclaration | None = None) -> Comparison:
    """Compare the published figures of two release folders, matched by table, item and statistic.

    A figure of another unit, or of an item that has another name under the same code, is not the same figure: it is
    told and not compared. A table with other domain columns is another table.

    Parameters
    ----------
    before, after : folders of the editions.
    limits : what may not be passed; the defaults unless given. Standard errors, coefficients of variation and
        limits of confidence intervals are compared too, but have no limit.

    Raises
    ------
    ReleaseError
        If one of the editions can't be read: files that were changed by hand, or of another layout.
    """
    import numpy as np

    limits = limits or ComparisonDeclaration()
    old, new = _edition(before), _edition(after)
    sources = (_source(old), _source(new))
    both = old.merge(new, on=_KEY, how="outer", suffixes=("_old", "_new"), indicator=True, sort=True)
    there, here = both["_merge"] != "right_only", both["_merge"] != "left_only"
    was, now = there & (both["text_old"].fillna("") != ""), here & (both["text_new"].fillna("") != "")
    both["kind"] = np.select(
        [
            was & ~now,
            now & ~was,
            was & now & (both["unit_old"] != both["unit_new"]),
            was & now & (both["name_old"] != both["name_new"]),
            was & now & (both["value_old"] != both["value_new"]),
        ],
        ["withdrawn", "new", "unit", "name", "changed"],
        default="",
    )
    both["was"], both["now"] = was, now
    both["name"] = both["name_new"].where(here, both["name_old"])
    both["unit"] = both["unit_new"].where(here, both["unit_old"])
    compared = both["kind"] == "changed"
    both["change"] = (both["value_new"] - both["value_old"]).where(compared)
    with np.errstate(divide="ignore"):
        both["percent"] = 100 * both["change"] / both["value_old"].abs()
    both["errors"] = both["change"] / _standard_error(both) if sources[0] != sources[1] else float("nan")
    estimate = ~both["statistic"].str.contains(_PRECISION)
    limit = both["table"].map({table: limits.change_of(table) for table in both["table"].unique()}).astype(float)
    too_large = compared & estimate & (both["percent"].abs() > 100 * limit + _ROUNDING)
    tables = _tables(both, compared & estimate)
    excesses = _excesses(both, tables, too_large, limits)
    both["beyond"] = too_large | _of_excesses(both, excesses)
    return Comparison(sources, _figures(both), tables, excesses, _code(both[both["beyond"]]))


def _edition(folder: Path) -> pd.DataFrame:
    """All figures of an edition: the key, ``name``, ``text`` (as printed), ``value``, ``unit``, ``source``."""
    import pandas as pd

    if not folder.is_dir():
        raise ReleaseError("there is no such folder", where=str(folder), expected="the folder of a release")
    files = [
        path
        for path in sorted(folder.glob(f"*{_ENDING}"))
        # The printed CSV of a table called x_tidy has the same ending; its own open data are x_tidy_tidy.csv.
        if not path.with_name(path.stem + _ENDING).exists()
    ]
    columns = [*_KEY, "name", "text", "unit", "source"]
    parts = [_table(path) for path in files]
    figures = pd.concat([pd.DataFrame(columns=columns, dtype=str), *parts], ignore_index=True)
    return figures.assign(value=pd.to_numeric(figures["text"]))


def _table(path: Path) -> pd.DataFrame:
    import pandas as pd

    def refused(what: str) -> ReleaseError:
        return ReleaseError(
            f"the edition can't be read: {what}",
            where=str(path),
            expected="open data as wagekit writes them, which nobody has changed",
            do="Put the edition's own file back, or compare with another edition",
        )

    try:
        head, *rows = csv.reader(StringIO(path.read_bytes().decode("utf-8"), newline=""), strict=True)
    except OSError as error:
        raise refused(error.strerror or str(error)) from error
    except UnicodeDecodeError:
        raise refused("it is not UTF-8") from None
    except (csv.Error, ValueError) as error:
        raise refused(f"it is no CSV file with a head ({error})") from None
    domains = head[: -len(_FIGURES)]
    codes = [place for place, column in enumerate(domains) if column == "code" or column.endswith("_code")]
    names = [place + 1 for place in codes]
    if tuple(head[-len(_FIGURES) :]) != _FIGURES or sorted(codes + names) != list(range(len(domains))) or not codes:
        raise refused(f"its columns are {', '.join(head)[:120]!r}")
    wrong = next((number for number, row in enumerate(rows, start=2) if len(row) != len(head)), None)
    if wrong is not None:
        raise refused(f"line {wrong} has {len(rows[wrong - 2])} fields and the head has {len(head)}")
    frame = pd.DataFrame(rows, columns=range(len(head)), dtype=object)
    places = {word: len(domains) + place for place, word in enumerate(_FIGURES)}
    read = pd.DataFrame(
        {
            "table": path.name.removesuffix(_ENDING),
            "columns": "\x1f".join(domains[place] for place in codes),
            "code": _joined(frame, codes),
            "statistic": frame[places["statistic"]],
            "name": _joined(frame, names),
            "text": frame[places["value"]],
            "unit": frame[places["unit"]].map(restored),
            "source": frame[places["source"]].map(restored),
        },
        dtype=str,
    )
    numbers = read["text"].str.fullmatch(r"-?\d+(?:\.\d+)?")
    held = (read["text"] == "") & frame[places["status"]].isin(["c", "u", "x"])
    bad = ~(held | (numbers & (frame[places["status"]] == "")))
    if bad.any():
        raise refused(
            f"line {int(bad.to_numpy().argmax()) + 2} holds neither a figure nor a mark for one that is held back"
        )
    twice = read.duplicated(_KEY)
    if twice.any():
        raise refused(f"line {int(twice.to_numpy().argmax()) + 2} gives a figure a second time")
    return read


def _joined(frame: pd.DataFrame, places: list[int]) -> pd.Series:
    """The texts of several columns as one; no published text holds the separator."""
    joined = frame[places[0]].map(restored)
    for place in places[1:]:
        joined = joined + "\x1f" + frame[place].map(restored)
    return joined


def _source(figures: pd.DataFrame) -> str:
    return "; ".join(sorted(set(figures["source"])))


def _standard_error(both: pd.DataFrame) -> pd.Series:
    """Standard error of each difference, from the standard errors or coefficients of variation that are published.

    The two surveys are taken as independent. Where enterprises take part in both, the truth is smaller: a change
    that counts as large by this one is large.
    """
    variance: pd.Series = both["value_old"] * 0.0
    for edition in ("old", "new"):
        value = both.set_index(_KEY)[f"value_{edition}"]

        def beside(word: str, value: pd.Series = value) -> pd.Series:
            keys = both[_KEY].assign(statistic=both["statistic"] + word)
            return value.reindex(keys.set_index(_KEY).index).reset_index(drop=True)

        published = beside("_se")
        error = published.where(published.notna(), beside("_cv") / 100 * both[f"value_{edition}"].abs())
        variance = variance + error**2
    return variance.where(variance > 0) ** 0.5


def _tables(both: pd.DataFrame, estimates: pd.Series) -> pd.DataFrame:
    counted = both.assign(
        unchanged=both["was"] & both["now"] & (both["kind"] == ""),
        changed=both["kind"].isin(["changed", "unit", "name"]),
        withdrawn=both["kind"] == "withdrawn",
        fresh=both["kind"] == "new",
        largest=both["percent"].where(estimates).abs(),
    ).groupby("table", sort=True)
    table = counted[["was", "now", "unchanged", "changed", "withdrawn", "fresh"]].sum().astype(int)
    table["largest"] = counted["largest"].max().astype(float)
    return table.rename(columns={"was": "before", "now": "after", "fresh": "new"}).reset_index()


def _excesses(
    both: pd.DataFrame, tables: pd.DataFrame, too_large: pd.Series, limits: ComparisonDeclaration
) -> tuple[Excess, ...]:
    found = []
    large: dict[Any, int] = too_large.groupby(both["table"]).sum().astype(int).to_dict()
    kinds: dict[Any, int] = both.groupby(["table", "kind"]).size().to_dict()
    for row in tables.to_dict("records"):
        name, before, after = str(row["table"]), row["before"], row["after"]
        if large[name]:
            found.append(Excess(name, "changed", large[name], before, limits.change_of(name)))
        for kind in _REDEFINED:
            if kinds.get((name, kind)):
                found.append(Excess(name, kind, kinds[name, kind], before, 0.0))
        if limits.max_withdrawn is not False and row["withdrawn"] > limits.max_withdrawn * before + _ROUNDING:
            found.append(Excess(name, "withdrawn", row["withdrawn"], before, limits.max_withdrawn))
        # A table that wasn't there before was declared by somebody: nothing that needs confirming.
        if limits.max_new is not False and before and row["new"] > limits.max_new * after + _ROUNDING:
            found.append(Excess(name, "new", row["new"], after, limits.max_new))
    return tuple(found)


def _of_excesses(both: pd.DataFrame, excesses: tuple[Excess, ...]) -> pd.Series:
    import pandas as pd

    named = {(excess.table, excess.kind) for excess in excesses if excess.kind != "changed"}
    return pd.Series(
        [pair in named for pair in zip(both["table"], both["kind"], strict=True)], index=both.index, dtype=bool
    )


def _figures(both: pd.DataFrame) -> pd.DataFrame:
    shown = both[both["kind"] != ""].copy()
    for edition in ("old", "new"):
        # What isn't published in both has no figure here.
        shown[edition] = shown[f"text_{edition}"].where(~shown["kind"].isin(["withdrawn", "new"]), "")
    decimals = [max(_decimals(old), _decimals(new)) for old, new in zip(shown["old"], shown["new"], strict=True)]
    shown["difference"] = [
        "" if change != change else f"{change:+.{places}f}"
        for change, places in zip(shown["change"], decimals, strict=True)
    ]
    order = shown["kind"].map({"unit": 0.0, "name": 1.0, "changed": 2.0, "withdrawn": 3.0, "new": 4.0})
    shown["order"] = order.where((order != 2) | ~shown["statistic"].str.contains(_PRECISION), 2.5)
    shown["size"] = -shown["percent"].abs()
    shown = shown.sort_values(["order", "size", *_KEY], kind="stable", na_position="last")
    for column in ("code", "name"):
        shown[column] = shown[column].str.replace("\x1f", " · ")
    columns = ["table", "code", "name", "statistic", "kind", "old", "new", "difference"]
    return shown[[*columns, "percent", "errors", "unit", "beyond"]].reset_index(drop=True)


def _decimals(text: str) -> int:
    return len(text.partition(".")[2])


def _code(beyond: pd.DataFrame) -> str:
    """A short word that stands for exactly these differences."""
    if beyond.empty:
        return ""
    shown = beyond[[*_KEY, "kind", "text_old", "text_new", "unit_old", "unit_new", "name_old", "name_new"]]
    lines = sorted("\x1e".join(map(str, row)) for row in shown.itertuples(index=False))
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return f"{digest[:4]}-{digest[4:8]}"
