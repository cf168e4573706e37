"""What the store knows of a wave beyond its estimates: rows, what was refused or queried, what came in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from wagekit import reads
from wagekit.collect.frames import IDENTITIES
from wagekit.collect.questionnaire import Table
from wagekit.collect.sample_list import read_sample_list
from wagekit.errors import DesignError
from wagekit.survey import Survey

if TYPE_CHECKING:
    from wagekit.collect.classification import Classification
    from wagekit.collect.store import Store

_FINDINGS = ["table", "file", "row", "enterprise_id", "field", "rule"]


@dataclass(frozen=True, eq=False)
class WaveRecords:
    """One wave as it stands in the store, without what says who an enterprise is. Made by :func:`read_records`.

    Parameters
    ----------
    wave : reference year.
    survey : the wave with its design.
    enterprises, employees : the accepted rows.
    refused, queries : a row for each broken rule: ``table, file, row, enterprise_id, field, rule``.
    received : the log's row for each file that the wave comes from.
    labels : column -> classification.
    pay : column of pay.
    """

    wave: int
    survey: Survey
    enterprises: pd.DataFrame
    employees: pd.DataFrame
    refused: pd.DataFrame
    queries: pd.DataFrame
    received: pd.DataFrame
    labels: Mapping[str, Classification]
    pay: str

    def rows(self, table: Table) -> pd.DataFrame:
        """The accepted rows of one of the two tables, with a column ``_weight``: what each stands for."""
        if table == "employee":
            return self.employees.assign(_weight=self.survey.sample.weights)
        return self.firms

    @cached_property
    def firms(self) -> pd.DataFrame:
        """The enterprises that have employees in the survey, and ``_weight``: how many of the population each is.

        That is what its employees stand for over its average headcount, or over their own number where the headcount is
        not known. Where few of its employees were drawn this can come out below the enterprise itself: it is 1 then.
        """
        weights = pd.Series(self.survey.sample.weights).groupby(self.employees["enterprise_id"].to_numpy())
        firms = self.enterprises[self.enterprises["enterprise_id"].isin(weights.groups)].reset_index(drop=True)
        place = pd.Index(firms["enterprise_id"])
        headcount = firms["average_headcount"].astype("float64").to_numpy()
        reported = weights.size().reindex(place).to_numpy(dtype=np.float64)
        known = np.where(headcount > 0, headcount, reported)
        weight = np.maximum(weights.sum().reindex(place).to_numpy() / known, 1.0)
        return firms.assign(_weight=weight, industry=self.industry(firms))

    def industry(self, frame: pd.DataFrame) -> pd.Series:
        """The industry section of each row that has an ``industry_code``; missing where it has none."""
        if "industry_code" not in frame:
            return pd.Series(pd.NA, index=frame.index, dtype="str")
        codes = frame["industry_code"].astype("str")
        listed = self.labels.get("industry")
        return codes if listed is None else listed.roll_up(codes, 1)

    @cached_property
    def refused_rows(self) -> pd.DataFrame:
        """One row for each refused row of a file: ``table, file, row, enterprise_id``."""
        return self.refused.drop_duplicates(["table", "file", "row"])[["table", "file", "row", "enterprise_id"]]


def read_records(store: Store, wave: int) -> WaveRecords:
    """Read one wave from an open store.

    Raises
    ------
    StoreError
        If the store holds no such wave.
    DesignError
        If its design names no enterprises.
    """
    survey = store.survey(wave)
    if not survey.design.psu:
        raise DesignError(
            "the design names no enterprises", where=str(store.path), do="Name them in the mapping's [design]"
        )
    log = store.log(wave)
    return WaveRecords(
        wave=wave,
        survey=survey,
        enterprises=store.enterprises(wave).drop(columns=list(IDENTITIES), errors="ignore"),
        employees=store.employees(wave),
        refused=store.refused(wave)[_FINDINGS],
        queries=store.queries(wave)[_FINDINGS],
        received=log[log["intake"] == log["intake"].max()].reset_index(drop=True),
        labels=store.classifications(wave),
        pay=str(survey.metadata["pay"]["column"]),
    )


def wave_before(store: Store, wave: int) -> int | None:
    """The last wave in the store before another; None if that is the first."""
    return max((year for year in store.years() if year < wave), default=None)


def find_sample_list(sample: str, store: str | os.PathLike[str]) -> pd.DataFrame | None:
    """The list of the enterprises that were drawn; None if none is named.

    Parameters
    ----------
    sample : its path, one that isn't absolute being beside the store; "" for none.
    store : path of the store.
    """
    if not sample:
        return None
    path = Path(store).parent / sample
    reads.record_file(path)
    return read_sample_list(path)


def income_value_added(firms: pd.DataFrame) -> pd.Series:
    """Value added by the income approach (收入法): depreciation, business taxes, profit and labour cost."""
    parts = ["depreciation", "business_taxes", "total_profit", "labour_cost"]
    if any(name not in firms for name in parts):
        return pd.Series(np.nan, index=firms.index)
    return firms[parts].astype("float64").sum(axis=1, skipna=False)
