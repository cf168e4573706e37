r"""Formulas: LaTeX, as a notebook writes it, to MathML for the web page and to typst for the PDF.

latex2mathml reads the LaTeX; its tree is the one source of both, so the two can't say different things.
"""

from __future__ import annotations

from html import unescape
from xml.etree import ElementTree

from wagekit.errors import ReleaseError

# Characters that mean something in typst's formula language; a backslash makes any of them itself.
_SPECIAL = frozenset("\\#$&_^\"'/,;()[]{}|~`*@<>:.!=-+")
_ACCENTS = {
    "^": "hat", "\u02c6": "hat", "~": "tilde", "\u02dc": "tilde", "\u00af": "macron", "\u2015": "overline",
    "\u02d9": "dot", ".": "dot", "\u00a8": "dot.double", "\u2192": "arrow",
}  # fmt: skip
_VARIANTS = {"bold": "bold", "double-struck": "bb", "script": "cal", "fraktur": "frak", "sans-serif": "sans"}


def _tree(latex: str, display: str) -> ElementTree.Element:
    from latex2mathml.converter import convert_to_element

    try:
        element: ElementTree.Element = convert_to_element(latex, display=display)
    except Exception as error:  # the library has some twenty unrelated kinds
        raise ReleaseError(
            f"the formula {latex!r} can't be read ({type(error).__name__})",
            where="formula",
            expected="LaTeX mathematics",
            do="Correct it in the notebook",
        ) from error
    for part in element.iter():
        part.text = unescape(part.text) if part.text else part.text
    return element


def to_mathml(latex: str, *, block: bool = False) -> str:
    r"""MathML of a formula, its LaTeX as the text for readers that know no MathML.

    Raises
    ------
    ReleaseError
        If the LaTeX can't be read.

    Examples
    --------
    >>> to_mathml(r"x^2")
    '<math display="inline" alttext="x^2"><mrow><msup><mi>x</mi><mn>2</mn></msup></mrow></math>'
    """
    element = _tree(latex, "block" if block else "inline")
    element.attrib.pop("xmlns", None)  # HTML needs no namespace, and a page without addresses has none
    element.set("alttext", latex.strip())
    return ElementTree.tostring(element, encoding="unicode")


def to_typst(latex: str, *, block: bool = False) -> str:
    r"""Typst expression (code mode) of a formula, its LaTeX as alternative text.

    Raises
    ------
    ReleaseError
        If the LaTeX can't be read or uses a construction without a counterpart here.

    Examples
    --------
    >>> to_typst(r"\frac{a}{b}")
    'math.equation(block: false, alt: "\\\\frac{a}{b}", $frac(a, b)$.body)'
    """
    body = _children(_tree(latex, "block"), latex)
    return f"math.equation(block: {str(block).lower()}, alt: {typst_string(latex.strip())}, ${body}$.body)"


def typst_string(text: str) -> str:
    r"""A typst string literal: inside it nothing but the backslash and the quotation mark means anything.

    Examples
    --------
    >>> print(typst_string('#import "x" \\ *'))
    "#import \"x\" \\ *"
    """
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _literal(text: str) -> str:
    """One character as itself; a word as upright text."""
    if len(text) == 1:
        return f"\\{text}" if text in _SPECIAL else text
    return typst_string(text)


def _children(element: ElementTree.Element, latex: str) -> str:
    parts = [_node(child, latex) for child in element]
    for place, child in enumerate(element):
        # Brackets around a matrix grow with it, as MathML's do by themselves.
        if child.tag == "mtable" and 0 < place < len(parts) - 1 and element[place + 1].tag == "mo":
            parts[place - 1 : place + 2] = [f"lr({' '.join(parts[place - 1 : place + 2])})", "", ""]
    return " ".join(part for part in parts if part)


def _attach(element: ElementTree.Element, latex: str, *places: str, limits: bool = False) -> str:
    base, *scripts = (_node(child, latex) or '""' for child in element)
    if limits:
        base = f"limits({base})"
    return f"attach({base}, {', '.join(f'{place}: {script}' for place, script in zip(places, scripts, strict=True))})"


def _over(element: ElementTree.Element, latex: str) -> str:
    mark = (element[1].text or "").strip()
    if element[1].tag == "mo" and mark in _ACCENTS:
        name = _ACCENTS[mark]
        base = _node(element[0], latex)
        return f"overline({base})" if name == "overline" else f"accent({base}, {name})"
    return _attach(element, latex, "t", limits=True)


def _grid(element: ElementTree.Element, latex: str) -> str:
    rows = "; ".join(", ".join(_children(cell, latex) or '""' for cell in row) for row in element)
    return f"mat(delim: #none, {rows})"


def _row(element: ElementTree.Element, latex: str) -> str:
    """A row; one that begins or ends with a stretching fence grows with what it holds."""
    fenced = [child for child in (element[0], element[-1]) if child.get("fence") == "true"] if len(element) else []
    inner = _children(element, latex)
    return f"lr({inner})" if fenced else inner


def _leaf(element: ElementTree.Element) -> str:
    text = (element.text or "").strip() if element.tag != "mtext" else (element.text or "")
    if element.tag == "mo" and text.isalpha() and len(text) > 1:
        return f'op("{text}", limits: #true)'
    written = _literal(text) if text else ""
    if element.tag == "mn" and text.replace(".", "").isdigit():
        written = text
    variant = _VARIANTS.get(element.get("mathvariant", ""))
    return f"{variant}({written})" if variant else written


def _node(element: ElementTree.Element, latex: str) -> str:
    match element.tag:
        case "mi" | "mn" | "mo" | "mtext":
            return _leaf(element)
        case "mrow" | "mstyle" | "mpadded":
            return _row(element, latex)
        case "mspace":
            return "space.quad" if element.get("width", "").startswith(("1em", "2em")) else "space.thin"
        case "mfrac":
            return f"frac({_node(element[0], latex)}, {_node(element[1], latex)})"
        case "msqrt":
            return f"sqrt({_children(element, latex)})"
        case "mroot":
            return f"root({_node(element[1], latex)}, {_node(element[0], latex)})"
        case "msub":
            return _attach(element, latex, "b")
        case "msup":
            return _attach(element, latex, "t")
        case "msubsup":
            return _attach(element, latex, "b", "t")
        case "munder":
            return _attach(element, latex, "b", limits=True)
        case "munderover":
            return _attach(element, latex, "b", "t", limits=True)
        case "mover":
            return _over(element, latex)
        case "mtable":
            return _grid(element, latex)
        case tag:
            raise ReleaseError(
                f"the formula {latex!r} uses <{tag}>, which the PDF can't set",
                where="formula",
                do="Write it with fractions, roots, scripts, accents, fences and matrices",
            )
