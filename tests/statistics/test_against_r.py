"""Designs x statistics x cells against R survey 4.5 (values and script in tests/reference).

Tolerance: both sides do the same closed arithmetic in double precision; sums of some hundred terms leave about
1e-13 relative, and the difference of two limits (a standard error) loses up to three digits more: 1e-9.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import wagekit as wk

REFERENCE = Path(__file__).parents[1] / "reference"
TOLERANCE = 1e-9
Q = (10, 25, 50, 75, 90)


@pytest.fixture(scope="module")
def expected() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "design_based.csv", skipinitialspace=True)


def _clusters(single: bool = True) -> pd.DataFrame:
    frame = pd.read_csv(REFERENCE / "stratified_clusters.csv")
    frame["cell"] = frame["industry"] + " " + frame["occupation"].astype(str)
    return frame if single else frame[~frame["stratum"].isin(["h00", "h01", "h02"])]


def _two_stages() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "two_stages.csv")


def _survey(case: str) -> wk.Survey:
    words = case.split()
    if words[0] == "clusters" and words[1] in ("plain", "fpc"):
        fpc = "population" if words[1] == "fpc" else None
        return wk.Survey(_clusters(), weights="weight", strata="stratum", psu="firm", fpc=fpc, single_psu=words[2])
    match case:
        case "clusters without single units":
            return wk.Survey(_clusters(False), weights="weight", strata="stratum", psu="firm")
        case "independent rows":
            return wk.Survey(_clusters(False), weights="weight")
        case "stratified rows":
            return wk.Survey(_clusters(False), weights="weight", strata="stratum")
        case "clusters without strata":
            return wk.Survey(_clusters(False), weights="weight", psu="firm")
        case "two stages":
            return wk.Survey(
                _two_stages(), weights="weight", strata="stratum", psu=["firm", "worker"], fpc=["fpc1", "fpc2"]
            )
        case "two stages, first fpc":
            return wk.Survey(_two_stages(), weights="weight", strata="stratum", psu=["firm", "worker"], fpc="fpc1")
        case "two stages, no fpc":
            return wk.Survey(_two_stages(), weights="weight", strata="stratum", psu=["firm", "worker"])
        case "brewer":
            frame = pd.read_csv(REFERENCE / "proportional_to_size.csv")
            return wk.Survey(frame, weights="weight", strata="stratum", psu="firm", fpc="probability", pps="brewer")
    raise AssertionError(case)


CASES = [
    *(f"clusters {kind} {rule}" for kind in ("plain", "fpc") for rule in ("adjust", "average", "remove", "certainty")),
    "clusters without single units",
    "independent rows",
    "stratified rows",
    "clusters without strata",
    "two stages",
    "two stages, first fpc",
    "two stages, no fpc",
    "brewer",
]


def _ours(survey: wk.Survey, statistic: str, by: str | None, **options: str) -> pd.DataFrame:
    if statistic == "percentiles":
        frame = survey.percentiles("pay", by=by, q=Q, **options).frame
    elif statistic == "ratio":
        frame = survey.ratio("pay", "hours", by=by).frame
    else:
        frame = getattr(survey, statistic)("pay", by=by).frame
    frame = frame.copy()
    frame["domain"] = "all" if by is None else by + "=" + frame[by].astype(str)
    return frame


def _compare(ours: pd.DataFrame, theirs: pd.DataFrame, columns: dict[str, str]) -> int:
    both = theirs.merge(ours, on=["domain", "statistic"], suffixes=("_r", ""), how="left", validate="1:1")
    assert both["estimate"].notna().all(), "a domain that R estimates is missing here"
    compared = 0
    for mine, other in columns.items():
        r = both[other + "_r" if other + "_r" in both else other].to_numpy(dtype=float)
        w = both[mine].to_numpy(dtype=float)
        # Where R reports an error margin of 0 or noise, wagekit says that it can't be estimated.
        noise = 1e-9 * both["estimate"].abs().to_numpy()
        no_interval = (both["flag"] == "no_df") & both["statistic"].str.startswith("p")
        degenerate = both["flag"].isin(["single_psu", "zero_variance"]) | no_interval
        degenerate = degenerate.to_numpy() & np.isnan(w)
        if mine == "se":
            assert (np.isnan(r[degenerate]) | (r[degenerate] <= noise[degenerate])).all()
        keep = ~degenerate
        np.testing.assert_allclose(w[keep], r[keep], rtol=TOLERANCE, err_msg=mine)
        compared += int(np.isfinite(r[keep]).sum())
    return compared


@pytest.mark.parametrize("case", CASES)
def test_estimates_errors_limits_and_design_effects(case: str, expected: pd.DataFrame) -> None:
    survey = _survey(case)
    theirs = expected[expected["case"] == case]
    compared = 0
    for column in theirs["domain"].str.split("=").str[0].unique():
        by = None if column == "all" else column
        part = theirs[theirs["domain"].str.split("=").str[0] == column]
        for statistic in ("mean", "total", "ratio", "percentiles"):
            rows = part[part["statistic"].isin([f"p{q}" for q in Q] if statistic == "percentiles" else [statistic])]
            if rows.empty:
                continue
            columns = {"estimate": "estimate", "se": "se", "ci_lower": "lower", "ci_upper": "upper", "df": "df"}
            if statistic == "mean" and "average" not in case:
                columns["deff"] = "deff"
            compared += _compare(_ours(survey, statistic, by), rows, columns)
    assert compared > 30


RULES = [f"hf{k}" for k in range(2, 10)]


@pytest.mark.parametrize("interval", ["woodruff", "beta", "logit"])
@pytest.mark.parametrize("definition", ["hf1", *RULES])
def test_definitions_and_intervals(definition: str, interval: str, expected: pd.DataFrame) -> None:
    survey = _survey("clusters without single units")
    rule = "math" if definition == "hf1" else definition
    method = {"woodruff": "mean", "beta": "beta", "logit": "xlogit"}[interval]
    case = "clusters without single units"
    if (rule, method) != ("math", "mean"):
        case += f"|{rule}|{method}"
    theirs = expected[(expected["case"] == case) & expected["statistic"].str.startswith("p")]
    columns = {"estimate": "estimate", "se": "se", "ci_lower": "lower", "ci_upper": "upper"}
    compared = 0
    for by in (None, "industry"):
        part = theirs[(theirs["domain"] == "all") == (by is None)]
        ours = _ours(survey, "percentiles", by, definition=definition, ci=interval)
        compared += _compare(ours, part, columns)
    assert compared > 100
