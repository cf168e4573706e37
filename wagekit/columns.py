"""Columns of a user's frame as the arrays that statistics take: read once, coded once, kept."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np

from wagekit.arrays import Arranged, Flags, Floats, Values, integer_codes
from wagekit.domains import Domains, plan
from wagekit.errors import InputError
from wagekit.estimates import RESULT_COLUMNS
from wagekit.grouping import GroupingSets, grouping_sets
from wagekit.statistics.crossing import Coded, coded
from wagekit.statistics.variable import Variable

if TYPE_CHECKING:
    import pandas as pd


KEPT = 16
"""Tables whose domains are remembered."""


class Columns:
    """The columns of a pandas, polars or Arrow frame or DuckDB relation.

    Nothing is copied before it is asked for; orders and codes are computed once and shared by every Survey
    made from the same frame.
    """

    def __init__(self, frame: Any) -> None:
        import narwhals.stable.v2 as nw
        import pandas as pd

        self._index: pd.Index[Any] | None = None
        self._pandas: pd.DataFrame | None = None
        if isinstance(frame, pd.DataFrame):
            self._index = frame.index
            frame = frame.copy(deep=False)  # copy-on-write: later changes to the user's frame don't reach here
            self._pandas = frame
        try:
            native = nw.from_native(frame)
        except TypeError:
            raise InputError(
                f"a {type(frame).__name__}",
                where="frame",
                expected="a pandas or polars frame, an Arrow table or a DuckDB relation",
            ) from None
        self._frame = native.collect() if isinstance(native, nw.LazyFrame) else native
        self._added: dict[str, Any] = {}
        self._numbers: dict[str, Floats] = {}
        self._variables: dict[str, Variable] = {}
        self._codes: dict[str, Coded] = {}
        self._domains: dict[tuple[tuple[str, ...] | GroupingSets, Arranged | None], Domains] = {}
        self._bounded: set[str] = set()
        self._one: Variable | None = None
        if len(set(self._frame.columns)) < len(self._frame.columns):
            raise InputError("two columns have the same name", where="frame", expected="unique column names")

    @property
    def names(self) -> list[str]:
        return [*self._frame.columns, *(name for name in self._added if name not in self._frame.columns)]

    def __len__(self) -> int:
        return len(self._frame)

    def added(self, name: str, values: Any) -> Columns:
        """The same columns and one more (or one replaced)."""

        column = self._aligned(values)
        if len(column) != len(self):
            raise InputError(f"{len(column)} values", where=f"column {name!r}", expected=f"{len(self)}, one a row")
        other = object.__new__(Columns)
        other._frame = self._frame
        other._pandas = self._pandas
        other._index = self._index
        other._added = {**self._added, name: column}
        for kept in ("_numbers", "_variables", "_codes"):
            setattr(other, kept, {key: value for key, value in getattr(self, kept).items() if key != name})
        other._domains = {}
        other._one = self._one
        other._bounded = self._bounded - {name}
        return other

    def _aligned(self, values: Any) -> pd.Series[Any]:
        """Values for all rows; a pandas Series whose index is the frame's in another order is put in the frame's."""
        import pandas as pd

        if isinstance(values, pd.Series) and self._index is not None and len(values) == len(self):
            known, given = self._index, values.index
            if known.is_unique and given.is_unique and not given.equals(known) and given.isin(known).all():
                values = values.reindex(known)
        return pd.Series(values).reset_index(drop=True)

    def series(self, name: str) -> pd.Series[Any]:
        """A column as a pandas Series with a plain index."""
        import pandas as pd

        if not isinstance(name, str):
            raise InputError(f"{name!r}", where="column", expected="the name of one column, as text")
        if name in self._added:
            return pd.Series(self._added[name])
        if name not in self._frame.columns:
            close = get_close_matches(name, self.names, n=1)
            raise InputError(
                f"there is no column {name!r}",
                where="frame",
                expected=f"one of {', '.join(self.names[:20])}{' …' if len(self.names) > 20 else ''}",
                do=f"Did you mean {close[0]!r}?" if close else None,
            )
        column = pd.Series(self._frame[name].to_pandas()) if self._pandas is None else self._pandas[name]
        return column.reset_index(drop=True)

    def raw(self, name: str) -> Values:
        return np.asarray(self.series(name).array)

    def numbers(self, name: str, *, finite: bool = False) -> Floats:
        """A numeric column, shape (n,), NaN where missing.

        Raises
        ------
        InputError
            If the column holds text, or, with `finite`, infinite values.
        """
        import pandas as pd

        if name not in self._numbers:
            series = self.series(name)
            if pd.api.types.is_datetime64_any_dtype(series.dtype) or pd.api.types.is_timedelta64_dtype(series.dtype):
                raise InputError("it holds dates or times", where=f"column {name!r}", expected="numbers")
            if not (pd.api.types.is_numeric_dtype(series.dtype) or series.isna().all()):
                try:
                    series = pd.to_numeric(series)
                except (ValueError, TypeError):
                    converted = pd.to_numeric(series, errors="coerce")
                    row = int(np.flatnonzero((converted.isna() & series.notna()).to_numpy())[0])
                    raise InputError(
                        f"{series.iloc[row]!r} in row {row}", where=f"column {name!r}", expected="numbers"
                    ) from None
            self._numbers[name] = series.to_numpy(dtype=np.float64, na_value=np.nan)
        values = self._numbers[name]
        if not finite or name in self._bounded:
            return values
        if np.isinf(values).any():
            row = int(np.flatnonzero(np.isinf(values))[0])
            raise InputError(
                f"{int(np.isinf(values).sum())} infinite values, the first in row {row}",
                where=f"column {name!r}",
                expected="finite numbers, or missing values",
            )
        self._bounded.add(name)
        return values

    def variable(self, name: str) -> Variable:
        """A numeric column with its order, 0 where a value is missing; made once."""
        if name not in self._variables:
            values = self.numbers(name, finite=True)
            absent = np.isnan(values)
            some = bool(absent.any())
            filled = np.where(absent, 0.0, values) if some else values
            self._variables[name] = Variable(filled, Arranged(absent) if some else None)
        return self._variables[name]

    @property
    def one(self) -> Variable:
        """1 in every row; made once."""
        if self._one is None:
            self._one = Variable(np.ones(len(self)))
        return self._one

    def coded(self, name: str) -> Coded:
        """A column's values as codes in sorted order; made once."""
        if name not in self._codes:
            self._codes[name] = _coded(self.series(name))
        return self._codes[name]

    def domains(self, by: tuple[str, ...] | GroupingSets, inside: Arranged | None) -> Domains:
        """The domains of a table: those that some row in `inside` has, in the sorted order of their values."""
        key = (by, inside)
        if key not in self._domains:
            sets = by if isinstance(by, GroupingSets) else grouping_sets(by)
            clash = next((name for name in sets.columns if name in RESULT_COLUMNS), None)
            if clash is not None:
                raise InputError(
                    f"a domain column is called {clash!r}, as a column of the result is",
                    where="by",
                    do="Rename the column",
                )
            columns = {name: self.coded(name) for name in sets.columns}
            if np.prod([column.size for column in columns.values()], dtype=float) > 2**62:
                raise InputError("too many crossed values", where=", ".join(sets.columns), expected="fewer by columns")
            while len(self._domains) >= KEPT:
                del self._domains[next(iter(self._domains))]
            self._domains[key] = plan(columns, len(self), inside, sets)
        return self._domains[key]

    def condition(self, values: Any) -> Flags:
        """A boolean condition over all rows; missing counts as False."""
        import narwhals.stable.v2 as nw
        import pandas as pd

        if isinstance(values, nw.Series) or hasattr(values, "to_pandas"):
            values = values.to_pandas()
        column = self._aligned(values)
        if len(column) != len(self) or not pd.api.types.is_bool_dtype(column.convert_dtypes()):
            raise InputError(
                f"{len(column)} values of type {column.dtype}",
                where="where",
                expected=f"{len(self)} boolean values, one for each row of the whole sample",
            )
        return column.convert_dtypes().fillna(False).to_numpy(dtype=bool)

    def equal(self, name: str, wanted: Any) -> Flags:
        """Rows whose value is `wanted`, or one of them where it is a list, tuple or set."""
        column = self.coded(name)
        code, levels = column.code.rows, column.levels
        options = list(wanted) if isinstance(wanted, list | tuple | set | frozenset) else [wanted]
        positions = {value: index for index, value in enumerate(levels)}
        missing = [option for option in options if option not in positions]
        if missing:
            raise InputError(
                f"no row has {missing[0]!r}",
                where=f"column {name!r}",
                expected=f"one of {', '.join(map(str, list(levels)[:12]))}",
            )
        return np.isin(code, [positions[option] for option in options])

    def to_pandas(self) -> pd.DataFrame:
        """All columns with a plain index; those of a pandas frame are shared until somebody writes to them."""
        frame = self._frame.to_pandas().reset_index(drop=True)
        return frame.assign(**self._added) if self._added else frame


def _coded(series: pd.Series[Any]) -> Coded:
    import pandas as pd

    values = series.array
    if isinstance(values, pd.Categorical):
        seen = np.bincount(values.codes[values.codes >= 0], minlength=len(values.categories)) > 0
        number = np.append(np.cumsum(seen) - 1, -1)
        return coded(number[values.codes], values.categories[seen])
    few = integer_codes(series.to_numpy()) if isinstance(series.dtype, np.dtype) else None
    if few is not None:
        return coded(few[0], pd.Index(few[1]))
    code, levels = pd.factorize(series, sort=True)
    return coded(code.astype(np.int64), levels)
