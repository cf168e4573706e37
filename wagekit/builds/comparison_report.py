"""A comparison of two editions as people read it: a paragraph, lines of text, a page, a file for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from wagekit.files import replacing
from wagekit.options import Language
from wagekit.publish.figures import percent
from wagekit.publish.open_data import neutral
from wagekit.publish.words import WORDS, display_width

if TYPE_CHECKING:
    from wagekit.builds.comparison import Comparison

SHOWN = 20
"""Differences of a kind that the page lists; the CSV file has all."""

_WORDS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "zh": {
            "title": "与上一版的比较",
            "editions": "上一版：{0}。本版：{1}。",
            "no_edition": "没有数据表",
            "same": "与上一版相比，{tables}张表的{unchanged}个数据全部相同。",
            "counts": "与上一版相比，{tables}张表中{unchanged}个数据未变，{changed}个变动，{withdrawn}个不再公布，"
            "{new}个首次公布。",
            "largest": "变动最大的是{table}中“{name}”的{statistic}，由{old}{unit}变为{new}{unit}（{percent}）。",
            "beyond": "下列变动超出规定的限度，经核实确认后方可发布：",
            "changed_beyond": "{table}：{of}个数据中有{count}个变动超过{limit}",
            "unit_beyond": "{table}：{of}个数据中有{count}个改变了计量单位",
            "name_beyond": "{table}：{of}个数据中有{count}个所属项目代码未变、名称改变",
            "withdrawn_beyond": "{table}：{of}个数据中有{count}个不再公布（限度{limit}）",
            "new_beyond": "{table}：{of}个数据中有{count}个首次公布（限度{limit}）",
            "confirm": "核实无误的，以 --confirm {code} 重新编制。该确认码仅对上述变动有效。",
            "tables": "各表情况",
            "changed": "变动的数据",
            "redefined": "计量单位或项目名称改变的数据",
            "withdrawn": "不再公布的数据",
            "new": "首次公布的数据",
            "table": "表",
            "before": "上一版数据",
            "after": "本版数据",
            "unchanged": "未变",
            "number_changed": "变动",
            "number_withdrawn": "不再公布",
            "number_new": "首次公布",
            "largest_change": "最大变动（%）",
            "item": "项目",
            "statistic": "统计量",
            "unit": "单位",
            "old": "上一版",
            "new_value": "本版",
            "difference": "差",
            "percent": "变动（%）",
            "errors": "差与标准误之比",
            "errors_note": "差与标准误之比的绝对值大于2的变动，一般不能由抽样误差解释；标准误按两次调查样本相互独立计算。",
            "hidden_note": "不再公布和首次公布的数据只列名称。",
            "more": "此处列出前{shown}行，共{all}行，全部见CSV文件。",
            "colon": "：",
            "separator": "、",
            "space": "",
        },
        "en": {
            "title": "Comparison with the last edition",
            "editions": "Last edition: {0}. This edition: {1}.",
            "no_edition": "no tables",
            "same": "All {unchanged} figures of {tables} tables are those of the last edition.",
            "counts": "Figures of {tables} tables: {unchanged} as in the last edition, {changed} changed, {withdrawn} no "
            "longer published, {new} published for the first time.",
            "largest": " The largest change is that of the {statistic} of “{name}” in {table}: from {old} to {new} {unit} "
            "({percent}).",
            "beyond": "Beyond the declared limits, not to be published until somebody has confirmed it:",
            "changed_beyond": "{table}: {count} of {of} figures changed by more than {limit}",
            "unit_beyond": "{table}: {count} of {of} figures have another unit",
            "name_beyond": "{table}: {count} of {of} figures are of an item with the same code and another name",
            "withdrawn_beyond": "{table}: {count} of {of} figures are no longer published (limit {limit})",
            "new_beyond": "{table}: {count} of {of} figures are published for the first time (limit {limit})",
            "confirm": "If this is right, build again with --confirm {code}. The code holds for these changes only.",
            "tables": "Tables",
            "changed": "Figures that changed",
            "redefined": "Figures whose unit or name changed",
            "withdrawn": "Figures no longer published",
            "new": "Figures published for the first time",
            "table": "Table",
            "before": "Figures before",
            "after": "Figures now",
            "unchanged": "Unchanged",
            "number_changed": "Changed",
            "number_withdrawn": "Withdrawn",
            "number_new": "New",
            "largest_change": "Largest change (%)",
            "item": "Item",
            "statistic": "Statistic",
            "unit": "Unit",
            "old": "Before",
            "new_value": "Now",
            "difference": "Difference",
            "percent": "Change (%)",
            "errors": "In standard errors",
            "errors_note": "A change of more than 2 standard errors is more than sampling explains, as a rule. The two "
            "samples are taken as independent.",
            "hidden_note": "Figures that are withdrawn or new are listed by name only.",
            "more": "The first {shown} rows of {all}; the CSV file has all.",
            "colon": ": ",
            "separator": ", ",
            "space": " ",
        },
    }
)

_PAGE = """\
<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>
:root { color-scheme: light dark; }
body { font-family: "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", sans-serif;
  line-height: 1.6; max-width: 80em; margin: 2em auto; padding: 0 1em; }
section + section { border-top: 2px solid; margin-top: 3em; padding-top: 1em; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { font-weight: 700; text-align: left; padding: 1.2em 0 0.4em; }
thead, tbody { border-top: 1.5px solid; border-bottom: 1.5px solid; }
th, td { padding: 0.25em 0.9em 0.25em 0; text-align: left; vertical-align: top; }
.number { text-align: right; }
.number, .figures td:nth-child(n + 3) { white-space: nowrap; }
.beyond { border-left: 4px solid #c62828; padding-left: 1em; }
code { overflow-wrap: anywhere; }
</style>
</head>
<body>
<main>
{%- for view in views %}
<section lang="{{ view.lang }}">
<h1>{{ view.title }}</h1>
{%- for line in view.lines %}
<p>{{ line }}</p>
{%- endfor %}
{%- if view.beyond %}
<div class="beyond">
<p><strong>{{ view.beyond[0] }}</strong></p>
<ul>{% for line in view.beyond[1:-1] %}<li>{{ line }}</li>{% endfor %}</ul>
<p>{{ view.beyond[-1] }}</p>
</div>
{%- endif %}
{%- for block in view.blocks %}
<div class="scroll" role="region" aria-label="{{ block.title }}" tabindex="0">
<table{% if block.texts > 3 %} class="figures"{% endif %}>
<caption>{{ block.title }}</caption>
<thead><tr>{% for head in block.heads %}<th scope="col"{% if loop.index0 >= block.texts %} class="number"{% endif %}>
{{- head }}</th>{% endfor %}</tr></thead>
<tbody>
{%- for row in block.rows %}
<tr>{% for cell in row %}<td{% if loop.index0 >= block.texts %} class="number"{% endif %}>{{ cell }}</td>{% endfor %}</tr>
{%- endfor %}
</tbody>
</table>
</div>
{%- if block.more %}
<p>{{ block.more }}</p>
{%- endif %}
{%- endfor %}
{%- for note in view.notes %}
<p>{{ note }}</p>
{%- endfor %}
</section>
{%- endfor %}
</main>
</body>
</html>
"""


@dataclass(frozen=True)
class _Block:
    """A table of the page; the first `texts` columns hold text, the others numbers."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    texts: int
    more: str = ""


@dataclass(frozen=True)
class _View:
    """A comparison in one language."""

    lang: str
    title: str
    lines: Sequence[str]
    beyond: Sequence[str]
    blocks: Sequence[_Block]
    notes: Sequence[str]


def summary(comparison: Comparison, language: Language = "zh") -> str:
    """The comparison in a paragraph: how many figures changed, and which of them most."""
    words = _WORDS[language]
    counts = {name: _count(count, language) for name, count in comparison.counts.items()}
    tables = _count(len(comparison.tables), language)
    if comparison.figures.empty:
        return words["same"].format(tables=tables, **counts)
    text = words["counts"].format(tables=tables, **counts)
    figures = comparison.figures
    estimates = figures[(figures["kind"] == "changed") & figures["statistic"].map(_is_estimate)]
    for row in estimates.head(1).to_dict("records"):
        text += words["largest"].format(
            table=row["table"],
            name=row["name"],
            statistic=_statistic(row["statistic"], language),
            old=row["old"],
            new=row["new"],
            unit=row["unit"],
            percent=f"{row['percent']:+.1f}%",
        )
    return text


def to_text(comparison: Comparison, language: Language = "zh") -> str:
    """The comparison in lines of text."""
    view = _view(comparison, language)
    lines = [view.title, "", *view.lines, *view.beyond]
    for block in view.blocks:
        lines += [
            "",
            block.title,
            *_aligned([block.heads, *block.rows], block.texts),
            *([block.more] * bool(block.more)),
        ]
    return "\n".join([*lines, *([""] * bool(view.notes)), *view.notes, ""])


def write_comparison(comparison: Comparison, target: Path) -> tuple[Path, Path]:
    """Write the comparison beside a release folder: every difference as CSV, and a page in both languages."""
    import jinja2

    folder = target.absolute()
    table, page = (folder.with_name(f"{folder.name}.comparison.{ending}") for ending in ("csv", "html"))
    with replacing(table) as beside:
        frame = comparison.figures.assign(percent=comparison.figures["percent"].round(2))
        frame = frame.assign(errors=comparison.figures["errors"].round(2))
        frame = frame.map(lambda value: neutral(value) if isinstance(value, str) else value)
        # Signed differences are figures, not texts from data; a spreadsheet reads them as such.
        frame = frame.assign(**{name: comparison.figures[name] for name in ("old", "new", "difference")})
        # With a byte order mark: people open it in a spreadsheet.
        beside.write_bytes(frame.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig"))
    with replacing(page) as beside:
        template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(_PAGE)
        views = [_view(comparison, "zh"), _view(comparison, "en")]
        beside.write_text(template.render(title=views[0].title, views=views), encoding="utf-8", newline="\n")
    return table, page


def _view(comparison: Comparison, language: Language) -> _View:
    words = _WORDS[language]
    lines = [
        words["editions"].format(*(source or words["no_edition"] for source in comparison.sources)),
        summary(comparison, language),
    ]
    beyond: list[str] = []
    if comparison.excesses:
        sentences = [
            words[f"{each.kind}_beyond"].format(
                table=each.table,
                count=_count(each.count, language),
                of=_count(each.of, language),
                limit=f"{each.limit * 100:g}%",
            )
            for each in comparison.excesses
        ]
        beyond = [words["beyond"], *sentences, words["confirm"].format(code=comparison.code)]
    blocks = [block for block in _blocks(comparison, language) if block.rows]
    listed = comparison.figures[comparison.figures["kind"] == "changed"].head(SHOWN)
    notes = [words["errors_note"]] if listed["errors"].notna().any() else []
    if comparison.figures["kind"].isin(["withdrawn", "new"]).any():
        notes.append(words["hidden_note"])
    return _View("zh-CN" if language == "zh" else "en", words["title"], lines, beyond, blocks, notes)


def _blocks(comparison: Comparison, language: Language) -> Iterator[_Block]:
    words = _WORDS[language]
    counts = ("before", "after", "unchanged", "changed", "withdrawn", "new")
    heads = ("before", "after", "unchanged", "number_changed", "number_withdrawn", "number_new", "largest_change")
    rows = [
        [row["table"], *(_count(row[name], language) for name in counts), _number(row["largest"], ".1f")]
        for row in comparison.tables.to_dict("records")
    ]
    yield _Block(words["tables"], [words["table"], *(words[head] for head in heads)], rows, 1)
    figures = comparison.figures
    changed = figures[figures["kind"] == "changed"]
    with_errors = bool(changed.head(SHOWN)["errors"].notna().any())
    columns = ["table", "item", "statistic", "unit", "old", "new_value", "difference", "percent"]
    rows = [
        [
            *(row["table"], _item(row), _statistic(row["statistic"], language), row["unit"]),
            *(row["old"], row["new"], row["difference"], _number(row["percent"], "+.1f")),
            *([_number(row["errors"], "+.1f")] if with_errors else []),
        ]
        for row in changed.head(SHOWN).to_dict("records")
    ]
    titles = [words[column] for column in columns] + ([words["errors"]] if with_errors else [])
    yield _Block(words["changed"], titles, rows, 4, _more(words, len(rows), len(changed)))
    for title, kinds in (("redefined", ("unit", "name")), ("withdrawn", ("withdrawn",)), ("new", ("new",))):
        chosen = figures[figures["kind"].isin(kinds)]
        items = chosen.assign(item=[_item(row) for row in chosen.to_dict("records")]).groupby(
            ["table", "item"], sort=False
        )["statistic"]
        rows = [
            [*map(str, key), words["separator"].join(_statistic(word, language) for word in sorted(group, key=_place))]
            for key, group in list(items)[:SHOWN]
        ]
        titles = [words["table"], words["item"], words["statistic"]]
        yield _Block(words[title], titles, rows, 3, _more(words, len(rows), len(items)))


def _more(words: Mapping[str, str], shown: int, all_rows: int) -> str:
    return words["more"].format(shown=shown, all=all_rows) if shown < all_rows else ""


def _aligned(rows: Sequence[Sequence[str]], texts: int) -> Iterator[str]:
    """Rows with their columns below each other, in a font where a Chinese character is as wide as two letters."""
    widths = [max(map(display_width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        spaces = [" " * (width - display_width(cell)) for cell, width in zip(row, widths, strict=True)]
        padded = enumerate(zip(row, spaces, strict=True))
        cells = [cell + space if place < texts else space + cell for place, (cell, space) in padded]
        yield "  ".join(cells).rstrip()


def _count(number: int, language: Language) -> str:
    return f"{number:,}" if language == "en" else str(number)


def _item(row: Mapping[Any, Any]) -> str:
    return f"{row['name']} ({row['code']})" if row["code"] else str(row["name"])


def _number(value: float, form: str) -> str:
    return "" if value != value else f"{value:{form}}"


def _is_estimate(statistic: str) -> bool:
    return percent(statistic) is not None or statistic == "mean"


def _place(word: str) -> float:
    """Percentiles in their order, then the others as they are."""
    return float(percent(word) or 100)


def _statistic(word: str, language: Language) -> str:
    """A statistic as a reader knows it: ``p10_cv`` -> 10%分位值变异系数（%）; one that isn't known as it is."""
    words, space = WORDS[language], _WORDS[language]["space"]
    stem, _, beside = word.partition("_") if word not in ("n_psu",) else (word, "", "")
    share = percent(stem)
    name = f"{share}%{space}{words['percentile'].lower()}" if share else words.get(stem, stem).lower()
    if not beside or beside not in words:
        return name if not beside else word
    return f"{name}{space}{words[beside].format(level='')}"
