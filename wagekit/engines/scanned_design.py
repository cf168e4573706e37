"""The sampling design as an engine sees it: checked by one aggregate query, its strata counted by another."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from wagekit.arrays import Codes, Floats, Values
from wagekit.design import Design, _fractions
from wagekit.engines import expressions
from wagekit.engines.source import fetch, keep
from wagekit.errors import DesignError, InputError, WagekitWarning


@dataclass(frozen=True, eq=False)
class Strata:
    """The strata of the full design, all arrays of shape (H,).

    Parameters
    ----------
    table : the strata in the engine: their columns and their number under ``stratum``.
    size : number of sampled units.
    fraction : sampling fraction; 0 without fpc.
    names : what they are called, for messages.
    rows : number of rows of the sample.
    """

    table: Any
    size: Codes
    fraction: Floats
    names: Values
    rows: int


def require_columns(table: Any, names: Sequence[str], *, numeric: Sequence[str] = ()) -> None:
    """Check that columns are there, and that some hold numbers.

    Raises
    ------
    InputError
        Says which column is missing or is not of numbers.
    """
    known = list(table.columns)
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            raise InputError(
                f"there is no column {name!r}",
                where="the scanned table",
                expected=f"one of {', '.join(known[:20])}{' …' if len(known) > 20 else ''}",
                do=f"Did you mean {close[0]!r}?" if close else None,
            )
    for name in numeric:
        kind = table[name].type()
        if not (kind.is_numeric() or kind.is_boolean() or kind.is_null()):
            raise InputError(
                f"values of type {kind}", where=f"column {name!r}", expected="numbers", do="Cast the column first"
            )


def read_design(engine: Any, table: Any, design: Design) -> Strata:
    """Check the design's columns and count its strata.

    Raises
    ------
    InputError
        If a column is missing or not of numbers.
    DesignError
        For weights that are missing, infinite or negative, or columns that contradict one another.
    """
    require_columns(table, design.columns, numeric=(design.weights, *design.fpc))
    faults = fetch(engine, expressions.design_faults(table, design)).to_pylist()[0]
    rows = int(faults["rows"])
    if rows == 0:
        raise DesignError("the sample has no rows", expected="at least one respondent")
    for count, word in ((int(faults["bad"]), "missing or infinite"), (int(faults["negative"]), "negative")):
        if count:
            raise DesignError(
                f"{count} {word} weights",
                where=f"column {design.weights!r}",
                expected="a finite weight of 0 or more in every row",
                do="Correct them, or leave those rows out before the Survey is made",
            )
    if not faults["positive"]:
        raise DesignError("all weights are 0", where="weights", expected="at least one positive weight")
    for k, name in enumerate((*design.strata, *design.psu, *design.fpc)):
        count = int(faults[f"missing{k}"])
        if count:
            raise DesignError(
                f"{count} rows have a missing value",
                where=f"column {name!r} of the design",
                expected="a value in every row",
                do="Fill it, or leave those rows out before the Survey is made",
            )
    return _read_strata(engine, table, design, rows)


def _read_strata(engine: Any, table: Any, design: Design, rows: int) -> Strata:
    units = expressions.units(table, design)
    if design.psu:
        units = keep(engine, units)
    kept = keep(engine, expressions.strata(units, len(design.strata)))
    found = fetch(engine, kept).to_pandas().sort_values("stratum", ignore_index=True)
    size = found["size"].to_numpy(dtype=np.int64)
    if design.strata and design.psu:
        names = int(fetch(engine, expressions.unit_names(units))["names"][0].as_py())
        if names < size.sum():
            warnings.warn(
                f"{names:,} names of sampling units stand for {size.sum():,} units, since some occur in several "
                "strata: they are taken as different units in each",
                WagekitWarning,
                stacklevel=5,
            )
    fraction = np.zeros(size.size)
    if design.fpc:
        if found["differing"].sum() > 0:
            raise DesignError("the values differ inside a unit", where="fpc of stage 1")
        ends = found[["low", "high"]].to_numpy(dtype=np.float64).T.reshape(-1)
        stratum = np.tile(np.arange(size.size), 2)
        low, high = _fractions(ends, np.arange(ends.size), size, stratum, 0).reshape(2, -1)
        if (np.maximum(low, high) > np.minimum(low, high) * (1 + 1e-9)).any():
            raise DesignError(
                "the values differ inside a stratum",
                where="fpc of stage 1",
                expected="one population size or fraction a stratum",
                do="Sampling proportional to size without replacement is estimated in memory: wk.Survey(…, pps=…)",
            )
        fraction = low
    named = [found[f"s{k}"].astype(str) for k in range(len(design.strata))]
    words = [" / ".join(parts) for parts in zip(*named, strict=True)] if named else ["all"]
    return Strata(kept, size, fraction, np.array(words), rows)
