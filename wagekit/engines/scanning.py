"""Survey.scan: a survey whose rows stay in their engine. Ibis loads when one is opened."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from wagekit.design import Design
from wagekit.engines.source import open_source
from wagekit.errors import DesignError
from wagekit.options import SinglePSU
from wagekit.survey_statistics import By, names_of

if TYPE_CHECKING:
    from wagekit.engines.scanned_survey import ScannedSurvey


def scan(
    source: Any,
    *,
    weights: str,
    strata: By = None,
    psu: By = None,
    fpc: By = None,
    single_psu: SinglePSU = "fail",
    name: str | None = None,
    memory: str | None = None,
) -> ScannedSurvey:
    """A survey whose rows stay where they are: in Parquet files, DuckDB, PostgreSQL, Spark …

    Parameters
    ----------
    source : a Parquet file, a folder of them or a pattern; a DuckDB relation; or an Ibis table of any engine.
    weights, strata, psu, fpc, single_psu, name : as for :class:`wagekit.Survey`. One stage of sampling; later ones
        add nothing without fpc.
    memory : limit of the memory for reading Parquet files, such as ``"4GB"``.

    Raises
    ------
    InputError
        If the source can't be read, or a column is missing or not of numbers.
    DesignError
        If the design contradicts itself; says how many rows are concerned.

    Examples
    --------
    >>> import duckdb, wagekit as wk
    >>> firms = duckdb.sql("SELECT i // 5 AS firm, 100.0 * i AS pay, 2.0 AS w FROM range(20) t(i)")
    >>> from wagekit.engines import scan
    >>> scan(firms, weights="w", psu="firm").mean("pay").frame["estimate"].item()
    950.0
    """
    if single_psu not in ("fail", "remove", "certainty", "average", "adjust"):
        raise DesignError(f"{single_psu!r}", where="single_psu", expected="fail, remove, certainty, average or adjust")
    units, sizes = names_of(psu), names_of(fpc)
    if len(sizes) > 1:
        raise DesignError(
            f"fpc of {len(sizes)} stages",
            where="Survey.scan",
            expected="one stage of sampling",
            do="Designs of several stages are estimated in memory: wk.Survey(…)",
        )
    if len(units) > 1 and sizes:
        raise DesignError(
            f"{len(units)} stages with an fpc",
            where="Survey.scan",
            expected="one stage of sampling, or several without fpc",
            do="Designs of several stages are estimated in memory: wk.Survey(…)",
        )
    design = Design(weights, names_of(strata), units, sizes, single_psu)
    engine, table = open_source(source, memory)

    from wagekit.engines.scanned_design import read_design
    from wagekit.engines.scanned_survey import ScannedSurvey

    return ScannedSurvey(engine, table, design, read_design(engine, table, replace(design, psu=units[:1])), name)
