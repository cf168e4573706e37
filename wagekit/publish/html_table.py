"""The wage table as HTML: the look of a published table, in a notebook or on a page, light or dark."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING

from wagekit.publish.words import WORDS

if TYPE_CHECKING:
    import jinja2

    from wagekit.publish.figures import Column
    from wagekit.publish.table import WageTable

# Colours come from the page (currentColor), so the table is at home on a dark one. Widths follow the content; a
# table wider than its place scrolls by itself.
_TEMPLATE = """\
<div class="wagekit-table" id="{{ id }}" lang="{{ lang }}">
<style>
.wagekit-table { margin: 1.2em auto 1.6em; width: fit-content; max-width: 100%; color: inherit; line-height: 1.45; }
.wagekit-table .wide { overflow-x: auto; }
.wagekit-table table { border-collapse: collapse; margin: 0; min-width: min(100%, 44em); font-size: 0.95em;
  font-variant-numeric: tabular-nums lining-nums; border: 0; color: inherit; background: transparent; }
.wagekit-table caption { caption-side: top; padding: 0; color: inherit; text-align: center; }
.wagekit-table .title { display: block; font-size: 1.15em; font-weight: 700; margin: 0 0 0.5em; text-wrap: balance; }
.wagekit-table .unit { display: block; text-align: right; font-size: 0.9em; margin: 0 0 0.3em; opacity: 0.8; }
.wagekit-table th, .wagekit-table td { border: 0; padding: 0.36em 0.8em; background: transparent; color: inherit;
  vertical-align: middle; white-space: nowrap; max-width: none; }
.wagekit-table thead { border: 0; border-top: 1.5px solid currentColor; border-bottom: 1px solid currentColor; }
.wagekit-table thead th { font-weight: 600; text-align: center; white-space: normal; min-width: 4.2em; }
.wagekit-table thead th.group { border-bottom: 1px solid color-mix(in srgb, currentColor 45%, transparent); }
.wagekit-table tbody { border: 0; border-bottom: 1.5px solid currentColor; }
.wagekit-table tbody tr, .wagekit-table tbody tr:nth-child(n) { background: transparent; border: 0;
  border-top: 1px solid color-mix(in srgb, currentColor 14%, transparent); }
.wagekit-table tbody tr:first-child { border-top: 0; }
.wagekit-table tbody th { font-weight: 400; text-align: left; white-space: normal; min-width: 11em; max-width: 26em; }
.wagekit-table tbody th.span { vertical-align: top; }
.wagekit-table td { text-align: right; }
.wagekit-table td.number, .wagekit-table td.none { text-align: center; }
.wagekit-table td.held { opacity: 0.6; }
.wagekit-table .notes { margin: 0.5em 0 0; width: 0; min-width: 100%; font-size: 0.85em; opacity: 0.85;
  display: flex; }
.wagekit-table .notes span { flex: none; }
.wagekit-table .notes ol { margin: 0; padding-left: 1.6em; }
.wagekit-table .notes li { margin: 0; }
@media print { .wagekit-table .wide { overflow: visible; } .wagekit-table tr { break-inside: avoid; } }
</style>
<div class="wide"{% if alone %} tabindex="0" role="group" aria-label="{{ title }}"{% endif %}>
<table>
<caption><span class="title"{% if alone %} role="heading" aria-level="1"{% endif %}>{{ title }}</span>
 {#- #}<span class="unit">{{ words.unit }}{{ unit }}</span></caption>
<thead>
<tr><th scope="col"{{ deep }}>{{ words.number }}</th>
{%- for heading in headings %}<th scope="col"{{ deep }}>{{ heading }}</th>{% endfor %}
{%- for group in groups %}
{%- if group.text %}<th scope="colgroup" class="group" colspan="{{ group.columns|length }}">{{ group.text }}</th>
{%- else %}{% for column in group.columns %}<th scope="col"{{ deep }}>{{ column.label }}</th>{% endfor %}{% endif %}
{%- endfor %}</tr>
{%- if deep %}
<tr>{% for group in groups if group.text %}{% for column in group.columns %}<th scope="col">{{ column.label }}</th>
{%- endfor %}{% endfor %}</tr>
{%- endif %}
</thead>
<tbody>
{%- for row in rows %}
<tr><td class="number">{{ loop.index }}</td>
{%- for name in row.names %}{% if name.rows %}<th
 {%- if name.rows > 1 %} scope="rowgroup" class="span" rowspan="{{ name.rows }}"{% else %} scope="row"{% endif -%}
 >{{ name.text }}</th>{% endif %}{% endfor %}
{%- for cell in row.cells %}
{%- if cell.why %}<td class="held" title="{{ cell.why }}" aria-label="{{ cell.why }}">{{ cell.text }}</td>
{%- else %}<td>{{ cell.text }}</td>{% endif %}{% endfor %}</tr>
{%- else %}
<tr><td class="none" colspan="{{ 1 + headings|length + columns|length }}">{{ words.empty }}</td></tr>
{%- endfor %}
</tbody>
</table>
</div>
{%- if notes %}
<div class="notes"><span>{{ words.notes }}</span><ol>
{%- for note in notes %}<li>{{ note }}</li>{% endfor %}</ol></div>
{%- endif %}
</div>
"""


@dataclass(frozen=True)
class _Group:
    text: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class _Name:
    text: str
    rows: int


@dataclass(frozen=True)
class _Cell:
    text: str
    why: str


@dataclass(frozen=True)
class _Row:
    names: tuple[_Name, ...]
    cells: tuple[_Cell, ...]


@cache
def _template(text: str) -> jinja2.Template:
    import jinja2

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    return environment.from_string(text)


_PAGE = """\
<!DOCTYPE html>
<html lang="{{ lang }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{ title }}</title>
<style>
:root { color-scheme: light dark; }
body { margin: 1.5em; font-family: "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC",
  sans-serif; }
</style>
</head>
<body>
<main>
{{ table }}
</main>
</body>
</html>
"""


def page_html(table: WageTable) -> str:
    """A web page with nothing but the table, to be put on a site as it is."""
    from markupsafe import Markup

    lang = "zh-CN" if table.language == "zh" else "en"
    return _template(_PAGE).render(lang=lang, title=table.title, table=Markup(table_html(table, alone=True)))


def table_html(table: WageTable, *, alone: bool = False) -> str:
    """The table as one self-contained HTML element with its style; the same table gives the same text.

    Every text is escaped. Heading cells carry their scope, held-back cells say in words that they aren't published,
    and equal names of the outer domain column are printed once for their group of rows.

    Parameters
    ----------
    alone : it is all that its page shows: its title is the page's heading, and the keyboard scrolls a wide table.
    """
    from markupsafe import Markup

    words = WORDS[table.language]
    groups = tuple(
        _Group(text, tuple(members)) for text, members in groupby(table.columns, key=lambda column: column.group)
    )
    deep = Markup(' rowspan="2"') if any(group.text for group in groups) else Markup("")
    return _template(_TEMPLATE).render(
        id=table.id,
        lang="zh-CN" if table.language == "zh" else "en",
        title=table.title,
        unit=table.unit,
        words=words,
        headings=table.headings,
        columns=table.columns,
        groups=groups,
        deep=deep,
        rows=tuple(_rows(table)),
        notes=table.printed_notes(),
        alone=alone,
    )


def _rows(table: WageTable) -> Iterator[_Row]:
    words = WORDS[table.language]
    runs: list[int] = []
    for _, members in groupby(table.rows, key=lambda row: row.codes[0]):
        length = len(list(members))
        runs += [length] + [0] * (length - 1)
    for row, run in zip(table.rows, runs, strict=True):
        names = tuple(_Name(text, run if place == 0 else 1) for place, text in enumerate(row.names))
        cells = tuple(
            _Cell(table.printed(cell, column), words[f"mark_{cell.status}"] if cell.status else "")
            for cell, column in zip(row.cells, table.columns, strict=True)
        )
        yield _Row(names, cells)
