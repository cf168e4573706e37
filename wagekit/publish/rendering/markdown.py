"""Markdown of the notebooks, read once into a tree that the web page and the PDF are both made from.

The dialect is small on purpose: headings, paragraphs, lists, quotations, simple tables, emphasis and formulas. Raw
HTML is shown as the text it is, addresses of links are printed instead of linked, images are refused: a report's
figures come from cells, with alternative text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache
from html import escape
from typing import Any, cast

from wagekit.errors import ReleaseError
from wagekit.publish.rendering.formula import to_mathml

Token = dict[str, Any]

# Every character that can begin or end something in the dialect.
_MARKS = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$<>&])")

# CommonMark takes ** between a letter and a mark for no sign of bold, as in 为**-1.9%**的; Chinese has no spaces there.
# With a joiner at the side of the mark, which is taken out again, it is one.
_JOINER = "\u3164"  # a letter to every program, seen by none
_OPENS = re.compile(r"(?<=\w)\*\*(?=[^\w\s*])")
_CLOSES = re.compile(r"(?<=[^\w\s*\\])\*\*(?=\w)")


def escape_markdown(text: str) -> str:
    r"""A text from data, written so that Markdown shows exactly it.

    Examples
    --------
    >>> escape_markdown("*A|B* 有限公司 <b>")
    '\\*A\\|B\\* 有限公司 \\<b\\>'
    """
    return _MARKS.sub(r"\\\1", " ".join(text.split()))


@cache
def _parser() -> Callable[[str], list[Token]]:
    import mistune

    return cast(
        "Callable[[str], list[Token]]",
        mistune.create_markdown(renderer="ast", plugins=["table", "math", "strikethrough"]),
    )


def parse(source: str, *, where: str = "markdown") -> list[Token]:
    """Read Markdown into mistune's tree, without what a report may not hold.

    Parameters
    ----------
    source : the text of a cell.
    where : which cell, for messages.

    Raises
    ------
    ReleaseError
        If the text holds an image.

    Examples
    --------
    >>> [token["type"] for token in parse("## 一个标题\\n\\n一段话。")]
    ['heading', 'paragraph']
    """
    joined = _CLOSES.sub(_JOINER + "**", _OPENS.sub("**" + _JOINER, source))
    return _cleaned(_parser()(joined), where)


def plain_text(tokens: Iterable[Token]) -> str:
    """The words of a tree, without marks."""
    return "".join(token.get("raw", "") + plain_text(token.get("children", [])) for token in tokens)


def _wide(character: str) -> bool:
    return bool(character) and unicodedata.east_asian_width(character) in "WF"


def _cleaned(tokens: Iterable[Token], where: str) -> list[Token]:
    kept: list[Token] = []
    source = [token for token in tokens if token["type"] != "blank_line"]
    for place, token in enumerate(source):
        if _JOINER in token.get("raw", ""):
            token = {**token, "raw": token["raw"].replace(_JOINER, "")}
        kind = token["type"]
        if kind == "image":
            raise ReleaseError(
                f"the text holds an image ({token['attrs']['url'][:60]!r})",
                where=where,
                expected="figures as outputs of cells, with alternative text",
                do="Make the figure in a cell (wagekit.publish.charts)",
            )
        if kind in ("block_html", "inline_html"):
            if not token["raw"].lstrip().startswith("<!--"):
                text: Token = {"type": "text", "raw": token["raw"].strip("\n")}
                kept.append({"type": "paragraph", "children": [text]} if kind == "block_html" else text)
            continue
        if kind == "softbreak":
            # Chinese is written without spaces, so a line end between two Chinese characters is none.
            before = plain_text(source[place - 1 : place])[-1:]
            after = plain_text(source[place + 1 : place + 2])[:1]
            if not (_wide(before) and _wide(after)):
                kept.append({"type": "text", "raw": " "})
            continue
        if kind == "link":
            words = plain_text(token["children"])
            address = token["attrs"]["url"]
            kept += _cleaned(token["children"], where)
            if address not in (words, f"mailto:{words}") and not address.startswith("#"):
                kept.append({"type": "text", "raw": f" ({address})"})
            continue
        kept.append({**token, "children": _cleaned(token["children"], where)} if "children" in token else token)
    return kept


_TAGS = {"emphasis": "em", "strong": "strong", "strikethrough": "del", "block_quote": "blockquote",
         "paragraph": "p", "list_item": "li", "table_body": "tbody", "table_row": "tr"}  # fmt: skip


def to_html(tokens: Iterable[Token]) -> str:
    """HTML of a tree from :func:`parse`; headings carry the id in ``attrs["id"]`` and begin at h2.

    Examples
    --------
    >>> to_html(parse("**5 % < x**"))
    '<p><strong>5 % &lt; x</strong></p>'
    """
    return "".join(_html(token) for token in tokens)


def _html(token: Token) -> str:
    kind, attrs = token["type"], token.get("attrs", {})
    inner = to_html(token.get("children", []))
    match kind:
        case "text":
            return escape(token["raw"], quote=False)
        case "block_text":
            return inner
        case "heading":
            level = min(attrs["level"] + 1, 6)
            name = f' id="{attrs["id"]}"' if "id" in attrs else ""
            return f"<h{level}{name}>{inner}</h{level}>"
        case "list":
            tag = "ol" if attrs.get("ordered") else "ul"
            start = f' start="{attrs["start"]}"' if attrs.get("start", 1) != 1 else ""
            return f"<{tag}{start}>{inner}</{tag}>"
        case "table":
            # It scrolls by itself, also with the keyboard, so it is called by its headings.
            heads = escape(", ".join(plain_text([cell]) for cell in token["children"][0]["children"]))
            return f'<div class="scroll" tabindex="0" role="group" aria-label="{heads}"><table>{inner}</table></div>'
        case "table_head":
            return f"<thead><tr>{inner}</tr></thead>"
        case "table_cell":
            tag = "th" if attrs.get("head") else "td"
            scope = ' scope="col"' if attrs.get("head") else ""
            align = f' class="{attrs["align"]}"' if attrs.get("align") else ""
            return f"<{tag}{scope}{align}>{inner}</{tag}>"
        case "codespan":
            return f"<code>{escape(token['raw'], quote=False)}</code>"
        case "block_code":
            return f"<pre>{escape(token['raw'], quote=False)}</pre>"
        case "linebreak":
            return "<br>"
        case "thematic_break":
            return "<hr>"
        case "inline_math":
            return to_mathml(token["raw"])
        case "block_math":
            # A long one scrolls by itself on a small screen.
            return f'<div class="scroll" tabindex="0" role="group">{to_mathml(token["raw"], block=True)}</div>'
        case _ if kind in _TAGS:
            return f"<{_TAGS[kind]}>{inner}</{_TAGS[kind]}>"
        case _:
            raise ReleaseError(f"a report can't show Markdown of the kind {kind!r}", where="markdown")
