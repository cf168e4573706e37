"""Counts and means of several tables together: they must not give away what one of them holds back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wagekit.errors import ReleaseError
from wagekit.grouping import TOTAL

if TYPE_CHECKING:
    from wagekit.publish.table import WageTable


def refuse_counts_beside_means(tables: Sequence[WageTable]) -> None:
    """Refuse to print counts together with means where a mean is held back.

    Mean times count is additive, so a held-back mean could be calculated from the whole and the other parts.

    Parameters
    ----------
    tables : what is published together.

    Raises
    ------
    ReleaseError
        If one of the tables shows counts and one of them holds means or totals with a gap.
    """
    with_counts = [table.title for table in tables if any(column.key == "n" for column in table.columns)]
    gaps = [
        table.title
        for table in tables
        for position, column in enumerate(table.columns)
        if column.key in ("mean", "total")
        and (table.left_out or any(row.cells[position].value is None for row in table.rows))
    ]
    if with_counts and gaps:
        raise ReleaseError(
            "counts are printed beside means of which some are held back, so those could be calculated",
            where=f"table {gaps[0]!r}",
            do="Leave out the counts, or the means",
        )


def refuse_sums_beside_gaps(table: WageTable) -> None:
    """Refuse to print sums together with their totals where a sum is held back: it is the total less the others.

    Raises
    ------
    ReleaseError
        If the table holds totals over a domain column, and sums or counts with a gap.
    """
    if not any(TOTAL in row.codes for row in table.rows):
        return
    for position, column in enumerate(table.columns):
        gap = table.left_out or any(row.cells[position].value is None for row in table.rows)
        if column.key in ("total", "count") and gap:
            raise ReleaseError(
                "sums are printed beside their total and some are held back, so those could be calculated",
                where=f"table {table.title!r}",
                do="Leave out the total, or take coarser domains",
            )
