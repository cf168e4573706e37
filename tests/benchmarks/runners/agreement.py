"""Holds wagekit's numbers against whole-number arithmetic and against the peers'."""

from __future__ import annotations

import numpy as np
import pandas as pd

from runners.data import QUANTILES

SAME = 1e-6
"""Relative distance within which two standard errors are the same."""


def exact_percentiles(frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """inf{y: F(y) >= p} of each cell without rounding: weights have two decimals, so hundredths are whole numbers."""
    ordered = frame.assign(hundredths=(frame["weight"] * 100).round().astype(np.int64)).sort_values([*by, "pay"])
    groups = ordered.groupby(by, sort=False)["hundredths"]
    running, total = groups.cumsum(), groups.transform("sum")
    parts = []
    for p in QUANTILES:
        reached = ordered[running * 100 >= round(100 * p) * total]
        first = reached.groupby(by, sort=False)["pay"].first().reset_index(name="exact")
        parts.append(first.assign(statistic=f"p{round(100 * p)}"))
    return pd.concat(parts)


ALIKE = 0.1
"""How far the median ratio of bootstrap to linearized standard errors may lie from 1."""


class Agreement:
    """Sentences on what was compared, and whether anything remains unexplained."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.failed = False

    def points(self, where: str, own: pd.DataFrame, exact: pd.DataFrame, weighted: pd.DataFrame | None) -> None:
        """Percentiles against whole-number arithmetic, and DuckDB's weighted ones against both."""
        by = _by(own)
        both = _joined(own, exact, [*by, "statistic"])
        wrong = int((both["estimate"] != both["exact"]).sum())
        self._say(f"{where}: {len(both) - wrong:,} of {len(both):,} percentiles are exact", wrong > 0)
        if weighted is not None:
            other = _joined(own, weighted, [*by, "statistic"])
            off = int((other["estimate"] != other["estimate_peer"]).sum())
            self._say(f"{where}: {len(other) - off:,} of {len(other):,} equal DuckDB's weighted ones", off > 0)

    def errors(self, where: str, own: pd.DataFrame, peer: pd.DataFrame, exact: pd.DataFrame | None) -> None:
        """Estimates and standard errors against a peer's; where they differ, why."""
        keys = [*_by(own), "statistic"]
        both = _joined(own, peer, keys)
        same_point = np.isclose(both["estimate"], both["estimate_peer"], rtol=1e-10, atol=0)
        known = (both["se"].notna() & both["se_peer"].notna()).to_numpy()
        same = np.isclose(both["se"], both["se_peer"], rtol=SAME, atol=0)
        text = [f"{where}: {int((same_point & (same | ~known)).sum()):,} of {len(both):,} points"]
        text.append(f"{int((same & known).sum()):,} of {int(known.sum()):,} standard errors the same at {SAME:g}")
        off_points = both[~same_point]
        unexplained = 0
        if len(off_points):
            peer_wrong = 0
            if exact is not None:
                truth = _joined(off_points, exact, keys)
                peer_wrong = int(
                    ((truth["estimate"] == truth["exact"]) & (truth["estimate_peer"] != truth["exact"])).sum()
                )
            unexplained += len(off_points) - peer_wrong
            text.append(f"{peer_wrong} points of the peer are off by a tie: the running sum meets p W exactly")
        off = both[known & ~same & same_point]
        no_df = int((off["df"] <= 0).sum())
        if no_df:
            text.append(f"{no_df} standard errors of the peer are of cells without degrees of freedom")
        if len(off) > no_df:
            text.append(f"{len(off) - no_df} standard errors differ: {_examples(off[off['df'] > 0])}")
        unexplained += len(off) - no_df
        for flag, part in both[~known].groupby("flag"):
            given = int(part["se_peer"].notna().sum())
            zero = int((part["se_peer"] == 0).sum())
            text.append(
                f"{len(part)} left out by wagekit as {flag or 'none'} (the peer gives {given}, of them {zero} zeros)"
            )
            unexplained += given if not flag else 0
        self._say("; ".join(text), unexplained > 0)

    def bootstrap(self, where: str, own: pd.DataFrame, taylor: pd.DataFrame) -> None:
        """Bootstrap standard errors against linearized ones: alike over many cells, though not in each."""
        both = _joined(own, taylor, [*_by(own), "statistic"])
        ratio = float((both["se"] / both["se_peer"]).median())
        bad = not 1 - ALIKE < ratio < 1 + ALIKE
        self._say(f"{where}: bootstrap SE ÷ linearized SE, median over the cells {ratio:.3f}", bad)

    def _say(self, text: str, bad: bool) -> None:
        self.failed |= bad
        self.lines.append(("**DIFFERS** " if bad else "") + text + ".")
        print("  " + self.lines[-1], flush=True)


def _by(own: pd.DataFrame) -> list[str]:
    return [name for name in own.columns if name not in ("statistic", "estimate", "se", "df", "flag")]


def _joined(own: pd.DataFrame, other: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    return own.merge(other, on=keys, how="outer", suffixes=("", "_peer"), validate="one_to_one")


def _examples(frame: pd.DataFrame) -> str:
    return ", ".join(f"{a:.6g} against {b:.6g}" for a, b in frame[["se", "se_peer"]].head(3).to_numpy())
