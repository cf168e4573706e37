"""The relational steps of estimation, written once as Ibis expressions: DuckDB, Spark and PostgreSQL run the same.

Inside the expressions columns have names of their own, so that those of a user's table can't collide: ``b0 …`` the
domain columns, ``s0 …`` the strata columns, ``u`` the sampling unit, ``w`` the weight, ``y`` the variable and ``x``
a second one, NULL where they have no value. A cell of the table and a stratum of the design are whole numbers.

Portable forms: infinite values are told by their size, since Ibis can't tell them on Spark; deviations are summed by
the engines' own variance, which all three reckon without cancellation (Welford, Youngs-Cramer).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ibis

from wagekit.design import Design

Table = Any
"""An Ibis table expression."""

Column = Any
"""An Ibis column expression."""

INFINITE = 1e308
"""Numbers of this size and above count as infinite."""


def number(column: Column) -> Column:
    """A column as double precision numbers; yes/no as 1/0."""
    if column.type().is_boolean():
        return ibis.cases((column, 1.0), (~column, 0.0))
    return column.cast("float64")


def missing(column: Column) -> Column:
    """Where a column has no value: NULL, or NaN."""
    return column.isnull() | column.isnan() if column.type().is_floating() else column.isnull()


def infinite(values: Column) -> Column:
    """Where a double precision column is infinite; NULL counts as not."""
    return (~values.isnan() & (values.abs() >= INFINITE)).fill_null(False)


def finite(values: Column) -> Column:
    """A double precision column with NULL in place of NaN and infinity."""
    return ibis.cases((~values.isnan() & (values.abs() < INFINITE), values))


def count_where(condition: Column) -> Column:
    """Number of rows where a condition holds, 0 rather than NULL."""
    return ibis.cases((condition, 1), else_=0).sum().fill_null(0).cast("int64")


# -- the design --------------------------------------------------------------------------------------


def design_faults(table: Table, design: Design) -> Table:
    """One row that counts what is wrong with the design's columns."""
    w = number(table[design.weights])
    counts = {
        "rows": table.count(),
        "positive": count_where((w > 0) & ~infinite(w)),
        "bad": count_where(missing(table[design.weights]) | infinite(w)),
        "negative": count_where((w < 0) & ~infinite(w)),
    }
    for k, name in enumerate((*design.strata, *design.psu, *design.fpc)):
        counts[f"missing{k}"] = count_where(missing(table[name]))
    return table.aggregate(**counts)


def units(table: Table, design: Design) -> Table:
    """One row a sampling unit: the columns of its stratum, its name, and the least and greatest of its fpc.

    Without a column of units every row is one.
    """
    keys = {f"s{k}": table[name] for k, name in enumerate(design.strata)} or {"s0": ibis.literal(0)}
    fpc = number(table[design.fpc[0]]) if design.fpc else ibis.literal(0.0)
    if not design.psu:
        return table.select(**keys, low=fpc, high=fpc)
    rows_of_units = table.select(**keys, u=table[design.psu[0]], f=fpc)
    return rows_of_units.group_by([*keys, "u"]).agg(low=rows_of_units.f.min(), high=rows_of_units.f.max())


def strata(unit_table: Table, n_strata: int) -> Table:
    """One row a stratum: its columns, its number, its sampled units and the least and greatest of its fpc.

    `differing` counts the units inside which the fpc differs.
    """
    keys = [f"s{k}" for k in range(max(n_strata, 1))]
    found = unit_table.group_by(keys).agg(
        size=unit_table.count(),
        low=unit_table.low.min(),
        high=unit_table.high.max(),
        differing=count_where(unit_table.low < unit_table.high),
    )
    return found.mutate(stratum=ibis.row_number().over(order_by=keys))


def unit_names(unit_table: Table) -> Table:
    """One row: how many names the sampling units have."""
    return unit_table.select("u").distinct().aggregate(names=ibis._.count())


# -- the rows of a table of estimates ----------------------------------------------------------------


def rows(table: Table, design: Design, by: Sequence[str], y: str | None, x: str | None = None) -> Table:
    """The columns that a table of estimates needs, under the names of this module.

    Parameters
    ----------
    y : the variable; None for 1 in every row.
    x : a second one; rows that miss one of them have a value in neither.
    """
    columns = {f"b{k}": table[name] for k, name in enumerate(by)} or {"b0": ibis.literal(0)}
    columns |= {f"s{k}": table[name] for k, name in enumerate(design.strata)} or {"s0": ibis.literal(0)}
    if design.psu:
        columns["u"] = table[design.psu[0]]
    columns["w"] = number(table[design.weights])
    columns["raw_y"] = ibis.literal(1.0) if y is None else number(table[y])
    columns["raw_x"] = ibis.literal(1.0) if x is None else number(table[x])
    taken = table.select(**columns)
    taken = taken.mutate(y=finite(taken.raw_y), x=finite(taken.raw_x))
    both = taken.y.notnull() & taken.x.notnull()
    return taken.mutate(y=ibis.cases((both, taken.y)), x=ibis.cases((both, taken.x)))


def cells(taken: Table, n_by: int) -> Table:
    """One row a cell, with its number and its sums; cells with a missing domain value are among them.

    ``n`` rows with a value, ``positive`` of them with a positive weight, ``w`` and ``wy`` and ``wx`` and ``size`` the
    sums of w, w y, w x and w \\|y\\|, ``level`` and ``spread`` the plain mean and standard deviation of y.
    """
    keys = [f"b{k}" for k in range(max(n_by, 1))]
    valid = taken.y.notnull()
    weighted = valid & (taken.w > 0)
    used = ibis.cases((weighted, taken.y))
    found = taken.group_by(keys).agg(
        n=count_where(valid),
        positive=count_where(weighted),
        infinite_y=count_where(infinite(taken.raw_y)),
        infinite_x=count_where(infinite(taken.raw_x)),
        w=ibis.cases((valid, taken.w)).sum(),
        wy=(taken.w * taken.y).sum(),
        wx=(taken.w * taken.x).sum(),
        size=(taken.w * taken.y.abs()).sum(),
        level=used.mean(),
        spread=used.std(how="pop"),
        absent=count_where(ibis.or_(*(missing(taken[key]) for key in keys))),
    )
    return found.mutate(number=ibis.row_number().over(order_by=keys))


def coded(taken: Table, numbered: Table, parameters: Any, n_by: int) -> Table:
    """Rows with a value, with the number of their cell and what the cell is to be reckoned with.

    Parameters
    ----------
    numbered : the cells, numbered in the engine.
    parameters : an Arrow table of the engine's numbers of cells, under ``number``, with the table's own, under
        ``cell``, and values for each; rows of other cells are left out.
    """
    keys = [f"b{k}" for k in range(max(n_by, 1))]
    known = numbered.select(*keys, "number").inner_join(ibis.memtable(parameters), "number").drop("number")
    return taken.filter(taken.y.notnull()).inner_join(known, keys)


# -- percentiles -------------------------------------------------------------------------------------


def binned(rows_of_cells: Table) -> Table:
    """Rows with a positive weight and the number of their bin: each cell's values cut at steps from its level."""
    t = rows_of_cells.filter(rows_of_cells.w > 0)
    return t.select("cell", "y", "w", bin=((t.y - t.level) / t.step).floor().cast("int64"))


def bins(rows_in_bins: Table) -> Table:
    """Running sum of weights over the bins of each cell: `before` and `reached` of each bin."""
    summed = rows_in_bins.group_by(["cell", "bin"]).agg(w=rows_in_bins.w.sum())
    return _running(summed, ["cell"], "bin")


def whole(bin_table: Table) -> Table:
    """Sum of weights of each cell, the last running sum."""
    return bin_table.group_by("cell").agg(whole=bin_table.reached.max())


def look_up(rows_in_bins: Table, bin_table: Table, targets: Any) -> Table:
    """The first value of a cell at which the running sum of weights reaches a target.

    Only the rows of the bins in which targets lie are sorted.

    Parameters
    ----------
    targets : an Arrow table ``cell, k, target``, with 0 < target <= whole.

    Returns
    -------
    Columns ``cell, k, value, reached``: the running sum at the value, ties included.
    """
    wanted = ibis.memtable(targets)
    hit = bin_table.inner_join(wanted, "cell")
    hit = hit.filter((hit.before < hit.target) & (hit.target <= hit.reached))
    hit = hit.select("cell", "k", "target", "bin", start=hit.before, end=hit.reached)
    open_bins = hit.select("cell", "bin", "start", "end").distinct()
    inside = rows_in_bins.inner_join(open_bins, ["cell", "bin"])
    values = inside.group_by(["cell", "bin", "start", "end", "y"]).agg(w=inside.w.sum())
    window = ibis.window(group_by=["cell", "bin"], order_by="y", preceding=None, following=0)
    last = values.y == values.y.max().over(group_by=["cell", "bin"])
    # The last value reaches what the bin reaches, to the last digit, so that every target is met exactly once.
    reached = ibis.cases((last, values.end), else_=values.start + values.w.sum().over(window))
    values = values.mutate(reached=reached)
    before = values.reached.lag().over(group_by=["cell", "bin"], order_by="y")
    values = values.mutate(before=before.fill_null(values.start)).select("cell", "bin", "y", "before", "reached")
    met = values.inner_join(hit.select("cell", "bin", "k", "target"), ["cell", "bin"])
    met = met.filter((met.before < met.target) & (met.target <= met.reached))
    return met.select("cell", "k", "reached", value=met.y)


def _running(summed: Table, groups: Sequence[str], order: str) -> Table:
    window = ibis.window(group_by=list(groups), order_by=order, preceding=None, following=0)
    running = summed.mutate(reached=summed.w.sum().over(window))
    before = running.reached.lag().over(group_by=list(groups), order_by=order)
    return running.mutate(before=before.fill_null(0.0)).drop("w")


# -- variance ----------------------------------------------------------------------------------------


def linear_scores(t: Table) -> dict[str, Column]:
    """Linearized mean, total, count or ratio of the row's cell: w (y - centre - slope x) factor; and w (y - about)²."""
    return {"z0": t.w * (t.y - t.centre - t.slope * t.x) * t.factor, "spread": t.w * (t.y - t.about) ** 2}


def indicator_scores(t: Table, k: int) -> dict[str, Column]:
    """Linearized shares of weight at or below k values of the row's cell: w (1[y <= q] - F) / W."""
    return {
        f"z{j}": t.w * (ibis.cases((t.y <= t[f"q{j}"], 1.0), else_=0.0) - t[f"share{j}"]) * t.factor for j in range(k)
    }


def unit_moments(rows_of_cells: Table, scores: Mapping[str, Column], design: Design, stratum_table: Table) -> Table:
    """Moments of the unit totals of linearized variables in each cell and stratum.

    Parameters
    ----------
    scores : for each statistic its linearized variable, a value a row; under ``spread`` what is to be summed only.

    Returns
    -------
    For each cell and stratum ``units`` with a row and ``weighted`` of them with a positive weight; ``n``, ``w`` and
    ``size`` the sums of 1, w and w \\|y\\| with the largest unit's under ``largest_…``; and for each statistic
    ``total_z`` the sum and ``squares_z`` the centred sum of squares over the units.
    """
    t = rows_of_cells
    keys = [f"s{k}" for k in range(max(len(design.strata), 1))]
    names = [name for name in scores if name != "spread"]
    parts = {"n": ibis.literal(1), "w": t.w, "size": t.w * t.y.abs(), **scores}
    units = t.select(
        "cell", *keys, *(["u"] if design.psu else []), **{f"part_{name}": part for name, part in parts.items()}
    )
    if design.psu:
        sums = {f"part_{name}": units[f"part_{name}"].sum() for name in parts}
        units = units.group_by(["cell", *keys, "u"]).agg(**sums)
    sums = {name: units[f"part_{name}"].sum() for name in parts if name not in names}
    sums |= {f"largest_{name}": units[f"part_{name}"].max() for name in ("n", "w", "size")}
    sums |= {f"total_{name}": units[f"part_{name}"].sum() for name in names}
    sums |= {f"squares_{name}": units[f"part_{name}"].var(how="pop") * units.count() for name in names}
    found = units.group_by(["cell", *keys]).agg(units=units.count(), weighted=count_where(units.part_w > 0), **sums)
    return found.inner_join(stratum_table.select(*keys, "stratum"), keys).drop(*keys)
