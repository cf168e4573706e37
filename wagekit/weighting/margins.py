"""Margins: known population totals, and the sparse matrix of the columns that must add up to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from wagekit.arrays import Codes, Floats, Values, sums_by
from wagekit.errors import DesignError, InputError

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_array

Key = str | tuple[str, ...]
Totals = Mapping[Key, "Mapping[Any, float] | float"]

SAME_SUM = 1e-8
"""Relative difference up to which two margins are said to have the same sum."""


@dataclass(frozen=True, eq=False)
class Margins:
    """Columns and the totals that their weighted sums must reach.

    Parameters
    ----------
    matrix : scipy.sparse.csr_array of shape (n, p).
    totals : shape (p,).
    names : p names for messages, such as ``stype=E``, ``industry=C, size=1`` or ``api99``.
    """

    matrix: csr_array
    totals: Floats
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Part:
    """One margin: a column position and a value for each row."""

    columns: tuple[str, ...]
    position: Codes
    value: Floats
    totals: Floats
    names: tuple[str, ...]
    table: dict[tuple[Any, ...], float] | None


def build_margins(column: Callable[[str], pd.Series[Any]], n: int, margins: Totals) -> Margins:
    """Turn margins as a user writes them into a sparse matrix and its totals.

    Parameters
    ----------
    column : gives a column of the survey by its name, n values.
    n : number of rows.
    margins : ``{"size": {"1": 4421, "2": 755}}`` the totals of a category column; ``{"headcount": 3914069}``
        the total of a numeric column; ``{("industry", "size"): {("C", "1"): 100.0, …}}`` a crossed margin.

    Returns
    -------
    Margins. A category with a total of 0 and no row is left out.

    Raises
    ------
    InputError
        For a missing or non-numeric value, or a total that is missing, infinite or negative.
    DesignError
        If a category has a total but no row, or rows but no total, or two margins contradict one another.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"size": ["1", "2", "2"], "staff": [10, 5, 6]})
    >>> margins = build_margins(frame.__getitem__, 3, {"size": {"1": 40, "2": 60}, "staff": 700})
    >>> margins.names, margins.totals.tolist()
    (('size=1', 'size=2', 'staff'), [40.0, 60.0, 700.0])
    >>> margins.matrix.toarray().tolist()
    [[1.0, 0.0, 10.0], [0.0, 1.0, 5.0], [0.0, 1.0, 6.0]]
    """
    if not margins:
        raise InputError("there are no margins", where="margins", expected="at least one known total")
    parts: list[_Part] = []
    for key, wanted in margins.items():
        columns = (key,) if isinstance(key, str) else tuple(key)
        if isinstance(wanted, Mapping) or hasattr(wanted, "items"):
            parts.append(_categories(column, columns, dict(wanted.items())))
        else:
            parts.append(_numeric(column, columns, wanted))
    for one, other in combinations(parts, 2):
        _compare_sums(one, other)
    return _assemble(parts, n)


def build_enterprise_margins(
    column: Callable[[str], pd.Series[Any]],
    weights: Floats,
    unit: Codes,
    unit_weights: Floats,
    margins: Totals,
) -> Margins:
    r"""Margins that count enterprises, for a sample whose rows are employees.

    A total over enterprises (their number by industry, their revenue) is carried by the employees: row k of
    enterprise i gets :math:`x_k = v_i D_i / \sum_{l \in i} d_l`, so that the weighted sum over employees,
    :math:`\sum_k d_k x_k = \sum_i D_i v_i`, is the enterprise-level estimate. After calibration an
    enterprise's own factor is the weighted mean of its employees' g-weights (integrative calibration, Lemaître
    and Dufour 1987; Deville and Särndal 1992); ``calibrate(..., unit=…)`` makes these equal.

    Parameters
    ----------
    column : gives a column by its name, n values that are the same for all rows of an enterprise.
    weights : shape (n,), employees' weights d.
    unit : shape (n,), enterprise of each row, 0 … U-1.
    unit_weights : shape (n,), the enterprise's own first-stage weight D, repeated on its rows.
    margins : as in :func:`build_margins`; categories count enterprises, numbers are summed over enterprises.

    Raises
    ------
    InputError
        If a column differs inside an enterprise, or as :func:`build_margins` says.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"industry": ["C", "C", "I"]})
    >>> margins = build_enterprise_margins(frame.__getitem__, np.array([4.0, 6, 5]), np.array([0, 0, 1]),
    ...     np.array([2.0, 2, 5]), {"industry": {"C": 3, "I": 4}})
    >>> (np.array([4.0, 6, 5]) @ margins.matrix).tolist()
    [2.0, 5.0]
    """
    names = dict.fromkeys(name for key in margins for name in ((key,) if isinstance(key, str) else key))
    for name in names:
        _constant_inside(column(name), unit, f"column {name!r}")
    share = enterprise_column(np.ones(weights.size), weights, unit, unit_weights)
    built = build_margins(column, weights.size, margins)
    matrix = built.matrix.copy()
    matrix.data = matrix.data * np.repeat(share, np.diff(matrix.indptr))
    return Margins(matrix, built.totals, tuple(f"enterprises: {name}" for name in built.names))


def enterprise_column(values: Floats, weights: Floats, unit: Codes, unit_weights: Floats) -> Floats:
    r"""Column over employees whose weighted sum is an enterprise-level total: shape (n,).

    Parameters
    ----------
    values : shape (n,), the enterprise's value v, repeated on its rows.
    weights, unit, unit_weights : as in :func:`build_enterprise_margins`.

    Examples
    --------
    Two employees of weight 4 and 6 stand for an enterprise with weight 2 and a revenue of 50:

    >>> x = enterprise_column(np.array([50.0, 50]), np.array([4.0, 6]), np.array([0, 0]), np.array([2.0, 2]))
    >>> x.tolist(), float(x @ [4, 6])
    ([10.0, 10.0], 100.0)
    """
    import pandas as pd

    for name, array in (("values", values), ("unit_weights", unit_weights)):
        _constant_inside(pd.Series(array), unit, name)
    sums = sums_by(unit, weights, int(unit.max()) + 1)[unit]
    if (sums <= 0).any():
        row = int(np.flatnonzero(sums <= 0)[0])
        raise DesignError(f"the enterprise of row {row} has employees' weights of 0 only", where="weights")
    return np.asarray(values * unit_weights / sums)


def join_margins(*parts: Margins) -> Margins:
    """Margins of several levels side by side, for one calibration.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"size": ["1", "2"], "staff": [10, 5]})
    >>> one = build_margins(frame.__getitem__, 2, {"size": {"1": 4, "2": 6}})
    >>> join_margins(one, build_margins(frame.__getitem__, 2, {"staff": 70})).names
    ('size=1', 'size=2', 'staff')
    """
    from scipy.sparse import csr_array, hstack

    matrix = csr_array(hstack([part.matrix for part in parts], format="csr"))
    totals = np.concatenate([part.totals for part in parts])
    return Margins(matrix, totals, tuple(name for part in parts for name in part.names))


def _constant_inside(series: pd.Series[Any], unit: Codes, where: str) -> None:
    import pandas as pd

    code = pd.factorize(series)[0]
    first = np.zeros(int(unit.max()) + 1, dtype=np.int64)
    first[unit[::-1]] = np.arange(unit.size)[::-1]
    different = code != code[first[unit]]
    if different.any():
        row = int(np.flatnonzero(different)[0])
        raise InputError(
            f"rows {int(first[unit[row]])} and {row} are of one enterprise and have different values",
            where=where,
            expected="one value for all employees of an enterprise",
        )


def _listed(words: Sequence[str], most: int = 6) -> str:
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")


def _title(columns: Sequence[str]) -> str:
    return "margin " + " x ".join(columns)


def _check_total(value: Any, where: str, *, signed: bool = False) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InputError(f"the total {value!r}", where=where, expected="a number") from None
    if not np.isfinite(number):
        raise InputError(f"the total {number:g}", where=where, expected="a finite number")
    if number < 0 and not signed:
        raise InputError(f"the total {number:,.10g} is negative", where=where, expected="a total of 0 or more")
    return number


def _check_missing(series: pd.Series[Any], name: str) -> None:
    missing = series.isna().to_numpy()
    if missing.any():
        raise InputError(
            f"{int(missing.sum())} of {missing.size} values are missing, the first in row "
            f"{int(np.flatnonzero(missing)[0])}",
            where=f"margin column {name!r}",
            expected="a value in every row",
            do="Impute them, or make them a category of their own with a total",
        )


def _numeric(column: Callable[[str], pd.Series[Any]], columns: tuple[str, ...], total: Any) -> _Part:
    import pandas as pd

    if len(columns) != 1:
        raise InputError(
            f"one number ({total!r}) for {len(columns)} crossed columns",
            where=_title(columns),
            expected="a total for each combination of categories",
        )
    series = column(columns[0])
    _check_missing(series, columns[0])
    if not pd.api.types.is_numeric_dtype(series.dtype):
        raise InputError(
            "the column holds text, but the margin is one number",
            where=_title(columns),
            expected="a numeric column, or a total for each category",
        )
    values = series.to_numpy(dtype=np.float64)
    if not np.isfinite(values).all():
        raise InputError("infinite values", where=f"margin column {columns[0]!r}", expected="finite numbers")
    number = _check_total(total, _title(columns), signed=bool((values < 0).any()))
    if not values.any() and number != 0:
        raise DesignError(
            f"every row has 0, but the total is {number:,.10g}",
            where=_title(columns),
            expected="at least one respondent with a value",
        )
    nowhere = np.zeros(values.size, dtype=np.int64)
    return _Part(columns, nowhere, values, np.array([number]), (columns[0],), None)


def _categories(column: Callable[[str], pd.Series[Any]], columns: tuple[str, ...], wanted: dict[Any, Any]) -> _Part:
    import pandas as pd

    keys = [key if isinstance(key, tuple) else (key,) for key in wanted]
    if any(len(key) != len(columns) for key in keys):
        bad = next(key for key in keys if len(key) != len(columns))
        raise InputError(
            f"the category {bad!r} has {len(bad)} parts", where=_title(columns), expected=f"{len(columns)} parts"
        )
    totals = [_check_total(value, f"{_title(columns)}, {_word(columns, key)}")
              for key, value in zip(keys, wanted.values(), strict=True)]  # fmt: skip
    code: Values = np.zeros(0, dtype=np.int64)
    wanted_code = np.zeros(len(keys), dtype=np.int64)
    sizes: list[int] = []
    found: list[Values] = []
    for place, name in enumerate(columns):
        series = column(name)
        _check_missing(series, name)
        part, levels = pd.factorize(series)
        positions = _positions(np.asarray(levels, dtype=object), [key[place] for key in keys])
        size = len(positions)
        code = part.astype(np.int64) if place == 0 else code * size + part
        wanted_code = wanted_code * size + np.array([positions[key[place]] for key in keys], dtype=np.int64)
        sizes.append(size)
        found.append(np.asarray(levels, dtype=object))
    present, row_code = np.unique(code, return_inverse=True)
    if len(set(wanted_code.tolist())) < len(keys):
        raise InputError("a category is given twice", where=_title(columns), expected="one total a category")
    where = {int(value): index for index, value in enumerate(wanted_code)}
    without = [index for index, value in enumerate(present) if int(value) not in where]
    if without:
        rows = np.bincount(row_code, minlength=present.size)
        words = [f"{_word(columns, _levels(present[index], sizes, found))} ({rows[index]} rows)" for index in without]
        raise DesignError(
            f"the data have {len(words)} categories without a total: {_listed(words)}",
            where=_title(columns),
            expected="a total for every category in the data",
        )
    seen = set(present.tolist())
    empty = [index for index, value in enumerate(wanted_code) if int(value) not in seen and totals[index] > 0]
    if empty:
        words = [f"{_word(columns, keys[index])} (total {totals[index]:,.10g})" for index in empty]
        raise DesignError(
            f"{len(words)} categories have no respondents: {_listed(words)}",
            where=_title(columns),
            expected="at least one respondent in every category with a total",
            do="Join each with a neighbouring category, in the data and in the totals",
        )
    kept = [index for index, value in enumerate(wanted_code) if int(value) in seen]
    rank = np.full(len(keys), -1, dtype=np.int64)
    rank[kept] = np.arange(len(kept))
    position = rank[np.array([where[int(value)] for value in present], dtype=np.int64)][row_code.reshape(-1)]
    return _Part(
        columns,
        position,
        np.ones(position.size),
        np.array([totals[index] for index in kept]),
        tuple(_word(columns, keys[index]) for index in kept),
        dict(zip(keys, totals, strict=True)),
    )


def _positions(levels: Values, wanted: list[Any]) -> dict[Any, int]:
    """Position of each level and each wanted category; "1" and 1 are the same when only one of them occurs."""
    positions: dict[Any, int] = {level: index for index, level in enumerate(levels)}
    by_text = {str(level): index for index, level in enumerate(levels)}
    extra = len(positions)
    for value in wanted:
        if value not in positions:
            positions[value] = by_text.get(str(value), extra)
            extra += positions[value] == extra
    return positions


def _levels(code: int, sizes: list[int], found: list[Values]) -> tuple[Any, ...]:
    parts: list[Any] = []
    for size, levels in zip(reversed(sizes), reversed(found), strict=True):
        parts.append(levels[int(code) % size])
        code = int(code) // size
    return tuple(reversed(parts))


def _word(columns: Sequence[str], key: tuple[Any, ...]) -> str:
    return ", ".join(f"{name}={value}" for name, value in zip(columns, key, strict=True))


def _compare_sums(one: _Part, other: _Part) -> None:
    """Two tables must agree on the sums over the columns they share: at least on the grand total."""
    if one.table is None or other.table is None:
        return
    shared = [name for name in one.columns if name in other.columns]
    first, second = _sums(one, shared), _sums(other, shared)
    for key in first:
        a, b = first[key], second.get(key, 0.0)
        if abs(a - b) > SAME_SUM * max(abs(a), abs(b)):
            domain = f" where {_word(shared, key)}" if shared else ""
            raise DesignError(
                f"the totals{domain} sum to {a:,.10g} over {' x '.join(one.columns)} and to {b:,.10g} over "
                f"{' x '.join(other.columns)}, a difference of {a - b:,.10g}",
                where="margins",
                expected="margins with the same sum",
                do="Correct one of them, or rescale it to the other's sum",
            )


def _sums(part: _Part, shared: Sequence[str]) -> dict[tuple[str, ...], float]:
    places = [part.columns.index(name) for name in shared]
    sums: dict[tuple[str, ...], float] = {}
    for key, total in (part.table or {}).items():
        group = tuple(str(key[place]) for place in places)
        sums[group] = sums.get(group, 0.0) + total
    return sums


def _assemble(parts: Sequence[_Part], n: int) -> Margins:
    from scipy.sparse import csr_array

    offsets = np.cumsum([0, *(part.totals.size for part in parts)])
    for part in parts:
        if part.position.size != n:
            raise InputError(f"{part.position.size} values", where=_title(part.columns), expected=f"{n}, one a row")
    indices = np.column_stack([part.position + low for part, low in zip(parts, offsets[:-1], strict=True)])
    data = np.column_stack([part.value for part in parts])
    matrix = csr_array(
        (data.reshape(-1), indices.reshape(-1).astype(np.int32), np.arange(0, n * len(parts) + 1, len(parts))),
        shape=(n, int(offsets[-1])),
    )
    return Margins(
        matrix, np.concatenate([part.totals for part in parts]), tuple(name for part in parts for name in part.names)
    )
