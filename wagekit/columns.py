"""Columns of a user's frame as the arrays that statistics take: read once, coded once, kept."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np

from wagekit.arrays import Codes, Flags, Floats, Values, dense_codes
from wagekit.errors import InputError
from wagekit.estimates import RESULT_COLUMNS
from wagekit.statistics.distribution import Variable

if TYPE_CHECKING:
    import pandas as pd


class Columns:
    """The columns of a pandas, polars or Arrow frame or DuckDB relation.

    Nothing is copied before it is asked for; orders and codes are computed once and shared by every Survey
    made from the same frame.
    """

    def __init__(self, frame: Any) -> None:
        import narwhals.stable.v2 as nw
        import pandas as pd

        self._index: pd.Index[Any] | None = None
        if isinstance(frame, pd.DataFrame):
            self._index = frame.index
            frame = frame.copy(deep=False)  # copy-on-write: later changes to the user's frame don't reach here
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
        self._codes: dict[str, tuple[Codes, Any]] = {}
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
        other._index = self._index
        other._added = {**self._added, name: column}
        for kept in ("_numbers", "_variables", "_codes"):
            setattr(other, kept, {key: value for key, value in getattr(self, kept).items() if key != name})
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
        return pd.Series(self._frame[name].to_pandas()).reset_index(drop=True)

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
        if finite and np.isinf(values).any():
            row = int(np.flatnonzero(np.isinf(values))[0])
            raise InputError(
                f"{int(np.isinf(values).sum())} infinite values, the first in row {row}",
                where=f"column {name!r}",
                expected="finite numbers, or missing values",
            )
        return values

    def variable(self, name: str) -> Variable:
        """A numeric column with its order, 0 where a value is missing; made once."""
        if name not in self._variables:
            self._variables[name] = Variable(np.nan_to_num(self.numbers(name, finite=True)))
        return self._variables[name]

    def coded(self, name: str) -> tuple[Codes, Any]:
        """Codes of a column's values in sorted order, -1 where missing, and the values."""
        import pandas as pd

        if name not in self._codes:
            code, levels = pd.factorize(self.series(name), sort=True)
            self._codes[name] = (code.astype(np.int64), levels)
        return self._codes[name]

    def cross(self, names: Sequence[str], mask: Flags | None) -> tuple[Codes, pd.DataFrame]:
        """Cells of the crossing of columns: code of each row (-1 for none) and a frame with a row a cell.

        Cells are those that some row in `mask` has, in the sorted order of their values.
        """
        import pandas as pd

        code = np.zeros(len(self), dtype=np.int64)
        inside = np.ones(len(self), dtype=bool) if mask is None else mask.copy()
        sizes: list[int] = []
        for name in names:
            part, levels = self.coded(name)
            inside &= part >= 0
            code = code * max(len(levels), 1) + part
            sizes.append(max(len(levels), 1))
            if np.prod(sizes, dtype=float) > 2**62:
                raise InputError("too many crossed values", where=", ".join(names), expected="fewer by columns")
        if not names:
            return np.where(inside, 0, -1), pd.DataFrame(index=[0])
        clash = next((name for name in names if name in RESULT_COLUMNS), None)
        if clash is not None:
            raise InputError(
                f"a domain column is called {clash!r}, as a column of the result is", where="by", do="Rename the column"
            )
        present, dense = dense_codes(code, int(np.prod(sizes, dtype=float)), None if inside.all() else inside)
        frame: dict[str, Any] = {}
        rest = present
        for name, size in zip(reversed(names), reversed(sizes), strict=True):
            frame[name] = pd.Series(self.coded(name)[1]).take(rest % size).reset_index(drop=True)
            rest = rest // size
        return dense, pd.DataFrame({name: frame[name] for name in names})

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
        code, levels = self.coded(name)
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
        import pandas as pd

        return pd.DataFrame({name: self.series(name) for name in self.names})
