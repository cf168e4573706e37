"""Growth of pay in enterprises that are in both waves (可比企业) and operated throughout: of all, and one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wagekit.arrays import Codes, Floats, divide, sums_by
from wagekit.errors import DesignError, InputError
from wagekit.estimates import Estimates
from wagekit.survey import Survey
from wagekit.survey_statistics import By, names_of
from wagekit.waves import change, shared_units

if TYPE_CHECKING:
    import pandas as pd

FULL_YEAR = 12


@dataclass(frozen=True, eq=False)
class EnterpriseGrowth:
    """Growth of the average pay of each enterprise that is in both waves. Made by :func:`enterprise_growth`.

    Parameters
    ----------
    enterprises : a row for each enterprise of the later wave, with ``pay_before``, ``pay_after`` (average pay),
        ``employees`` (respondents, the fewer of the two waves) and ``growth`` (0.05 is 5 %), NaN where the enterprise
        is not compared; it stays in the design. None where the weights of the enterprises are not known.
    workers : the later wave with the column ``growth`` of each worker's enterprise.
    """

    enterprises: Survey | None
    workers: Survey

    @property
    def frame(self) -> pd.DataFrame:
        """The compared enterprises."""
        survey = self.weighted()
        frame = survey.frame
        return frame[frame["growth"].notna()].reset_index(drop=True)

    def weighted(self) -> Survey:
        """The enterprises with their weights.

        Raises
        ------
        DesignError
            If the weights are not known.
        """
        if self.enterprises is None:
            raise DesignError(
                "the weights of the enterprises are not known",
                where="enterprise_growth",
                expected="sampling fractions of enterprises in the design's fpc, or a column of weights",
                do="Pass enterprise_weights=<column>",
            )
        return self.enterprises


def enterprise_growth(
    before: Survey,
    after: Survey,
    y: str = "annual_pay",
    *,
    wage_bill: tuple[str, str] | None = None,
    enterprise_weights: str | None = None,
    months: str = "operating_months",
) -> EnterpriseGrowth:
    """Growth of average pay of the enterprises that are in both waves and worked through both years.

    Average pay is the mean over an enterprise's workers with their weights. Workers with part of a year are not in
    the survey; enterprises with less than 12 months of operation in either year are left out here.

    Where large enterprises report only a part of their workers, the growth of each is blurred by that, and with it a
    band as narrow as 2 to 5 %: too few workers seem to lie in it (in simulations 15 % instead of 21 %). `wage_bill`
    does without the sampled workers.

    Parameters
    ----------
    before, after : the two waves; units of the same name are the same enterprise.
    y : column of annual pay.
    wage_bill : columns of the enterprise's wage bill and average headcount, ``("wages", "average_headcount")``: average
        pay is their quotient. It counts everybody on the payroll, part of a year or not.
    enterprise_weights : column of `after` with the enterprises' own weights; unless given, the inverse of the
        sampling fractions in the design's ``fpc``.
    months : column with months of operation; not looked at where a wave doesn't have it.

    Raises
    ------
    DesignError
        If a design names no enterprises.
    InputError
        If `enterprise_weights` differ inside an enterprise or are not positive.

    Examples
    --------
    >>> import pandas as pd, wagekit as wk
    >>> first = pd.DataFrame({"pay": [10.0, 20, 40], "firm": [1, 1, 2], "w": 1.0, "fw": 1.0})
    >>> waves = [wk.Survey(f, weights="w", psu="firm") for f in (first, first.assign(pay=[11.0, 22, 41]))]
    >>> enterprise_growth(*waves, "pay", enterprise_weights="fw").frame["growth"].round(3).tolist()
    [0.1, 0.025]
    """
    _require_enterprises(before, after)
    pay = [_average_pay(full_year(survey, months), y, wage_bill) for survey in (before, after)]
    shared = shared_units(before, after)
    units = pay[1][0].size
    base, fewest = np.full(units, np.nan), np.zeros(units)
    base[shared[1]] = pay[0][0][shared[0]]
    fewest[shared[1]] = np.minimum(pay[0][1][shared[0]], pay[1][1][shared[1]])
    growth = divide(pay[1][0], base) - 1
    unit = after.sample.first.unit
    workers = after.with_column("growth", growth[unit])
    columns = {
        "growth": growth,
        "pay_before": base,
        "pay_after": np.where(np.isnan(growth), np.nan, pay[1][0]),
        "employees": np.where(np.isnan(growth), 0, fewest).astype(np.int64),
    }
    return EnterpriseGrowth(_one_row_each(after, columns, enterprise_weights), workers)


def matched_growth(
    before: Survey,
    after: Survey,
    y: str = "annual_pay",
    *,
    by: By = None,
    statistic: str = "mean",
    months: str = "operating_months",
    level: float = 0.95,
) -> Estimates:
    """Growth of pay in the enterprises that are in both waves and worked through both years.

    An enterprise is in one domain in both waves, that of the later one: had it grown from small to medium in between,
    its move would look like growth of either size.

    Parameters
    ----------
    before, after, y, statistic, level : as :func:`wagekit.change` takes them.
    by : domain columns. Those that don't differ inside an enterprise (industry, size) are taken from the later wave;
        those of workers (occupation) are each wave's own.
    months : column with months of operation; not looked at where a wave doesn't have it.

    Raises
    ------
    DesignError
        If a design names no enterprises.

    Examples
    --------
    >>> import pandas as pd, wagekit as wk
    >>> first = pd.DataFrame({"pay": [10.0, 40, 20], "firm": [1, 2, 3], "size": list("SMS"), "w": 1.0})
    >>> later = first.assign(pay=[11.0, 44, 30], size=list("SMM"))
    >>> waves = [wk.Survey(frame, weights="w", psu="firm") for frame in (first, later)]
    >>> matched_growth(*waves, "pay", by="size").frame[["size", "estimate"]].round(3).values.tolist()
    [['M', 0.233], ['S', 0.1]]
    """
    _require_enterprises(before, after)
    unit = after.sample.first.unit
    first = np.unique(unit, return_index=True)[1]
    shared = shared_units(before, after)
    place = np.full(int(before.sample.first.unit.max()) + 1, -1)
    place[shared[0]] = first[shared[1]]
    for name in names_of(by):
        column = after.columns_frame([name])[name]
        if _constant(column, unit, first):
            # Row -1, an enterprise that is not in the later wave, is no label of the index: it gives missing values.
            before = before.with_column(name, column.reindex(place[before.sample.first.unit]).to_numpy(dtype=object))
            after = after.with_column(name, column.to_numpy(dtype=object))
    return change(
        full_year(before, months),
        full_year(after, months),
        y,
        statistic=statistic,
        by=by,
        matched=True,
        level=level,
    )


def _require_enterprises(before: Survey, after: Survey) -> None:
    for survey in (before, after):
        if not survey.design.psu:
            raise DesignError("the design names no enterprises", where="growth of enterprises", do="Give psu= to both")


def full_year(survey: Survey, months: str = "operating_months") -> Survey:
    """The part of a survey in enterprises that operated for 12 months; the survey itself without such a column."""
    return survey.where(survey.numbers(months) >= FULL_YEAR) if months in survey.columns else survey


def _average_pay(survey: Survey, y: str, wage_bill: tuple[str, str] | None) -> tuple[Floats, Codes]:
    """Average pay and respondents of each unit in the survey's domain, shape (units,); NaN without any."""
    values, unit = survey.numbers(y), survey.sample.first.unit
    inside = survey.mask & ~np.isnan(values) & (survey.sample.weights > 0)
    count = int(unit.max()) + 1
    people = np.bincount(unit[inside], minlength=count)
    if wage_bill is None:
        weights = survey.sample.weights[inside]
        total = sums_by(unit[inside], weights * values[inside], count)
        return divide(total, sums_by(unit[inside], weights, count)), people
    average = np.full(count, np.nan)
    bill, headcount = (survey.numbers(name)[inside] for name in wage_bill)
    average[unit[inside]] = np.where((bill > 0) & (headcount > 0), divide(bill, headcount), np.nan)
    return average, people


def _one_row_each(after: Survey, columns: dict[str, Any], weights: str | None) -> Survey | None:
    """The later wave's enterprises as a survey of their own, with the columns that don't differ inside one."""
    design, unit = after.design, after.sample.first.unit
    fpc = design.fpc[0] if design.fpc else None
    fractions = after.numbers(fpc) if fpc is not None else np.full(unit.size, np.nan)
    if weights is None and not (fractions <= 1).all():
        return None
    frame = after.columns_frame([name for name in after.columns if name != design.weights])
    first = np.unique(unit, return_index=True)[1]
    kept = frame.columns[[_constant(frame[name], unit, first) for name in frame.columns]]
    own = after.numbers(weights)[first] if weights is not None else 1 / fractions[first]
    if weights is not None and not ((own > 0).all() and (after.numbers(weights) == own[unit]).all()):
        raise InputError(
            "the weights differ inside an enterprise, or are not above 0",
            where=f"enterprise_weights {weights!r}",
            expected="one weight an enterprise, the enterprises that it stands for",
        )
    table = frame.loc[first, [name for name in kept if name not in columns]].reset_index(drop=True)
    table = table.assign(**columns, enterprise_weight=own)
    survey = Survey(
        table,
        weights="enterprise_weight",
        strata=design.strata,
        psu=design.psu[0],
        fpc=fpc,
        single_psu=design.single_psu,
        pps=design.pps,
        name=after.name,
    )
    return survey.with_metadata(**after.metadata)


def _constant(column: pd.Series[Any], unit: Codes, first: Codes) -> bool:
    import pandas as pd

    codes = pd.factorize(column)[0]
    return bool((codes == codes[first][unit]).all())
