"""The tables of the report on method and quality: design, weights, precision, publication, other sources, waves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from wagekit.disclosure.rules import judge
from wagekit.estimates import Estimates
from wagekit.guidance.labour_cost_structure import rounded_to_whole
from wagekit.options import Language
from wagekit.publish.count_table import About, CountColumn, Figure, plain_table, with_decimals
from wagekit.publish.evaluation.context import Rows
from wagekit.publish.figures import Unit, percent
from wagekit.publish.quality.precision import CV_EDGES, TableQuality, as_items, beside
from wagekit.publish.quality.words import WORDS, series_name
from wagekit.publish.report import Report
from wagekit.publish.table import Measure, WageTable
from wagekit.publish.wave_records import WaveRecords
from wagekit.publish.words import dimension_in_title, region_name
from wagekit.weighting.summary import spread

WEIGHT_PERCENTS = (5, 25, 50, 75, 95)
DESIGN = (
    "strata",
    "enterprises",
    "employees",
    "population",
    "workers",
    "firms_fraction",
    "people_fraction",
    "per_firm",
    "df",
)
"""The rows of the table of the design; without strata the first is left out."""
CLASSES = tuple(f"cv_class_{number}" for number in range(len(CV_EDGES) + 1))
_YEARLY = {"元/年": 1.0, "元/月": 12.0, "万元/年": 10_000.0}
"""Unit of a reference series -> factor to 元 a year."""
_SKILLED = "average_wage_skilled_workers"


@dataclass(frozen=True, eq=False)
class Tables:
    """Makes the tables of one report.

    Parameters
    ----------
    report : the wave with rules, labels and language.
    about : the same rules and language for tables of figures that are no estimates.
    """

    report: Report
    about: About

    @property
    def words(self) -> Mapping[str, str]:
        return WORDS[self.language]

    @property
    def language(self) -> Language:
        return self.report.language

    def named(self, key: str, values: Mapping[str, tuple[float, int]], *notes: str) -> WageTable:
        """A row an item, each figure with decimals of its own.

        Parameters
        ----------
        values : word of the item -> figure and decimals; percentiles by their words are named so.
        """
        rows: Rows = []
        for word, (value, decimals) in values.items():
            share = percent(word)
            name = self.words["weight_percentile"].format(percent=share) if share else self.words[word]
            rows.append(([name], {"value": with_decimals(value, decimals)}))
        return self._plain(key, rows, [CountColumn("value", self.words["value"])], ["item"], "as_named", notes)

    def profile(self, values: Mapping[str, tuple[str, float, int]]) -> WageTable:
        """The main indicators: word -> aspect, figure, decimals."""
        rows: Rows = [
            ([self.words[aspect], self.words[word]], {"value": with_decimals(value, decimals)})
            for word, (aspect, value, decimals) in values.items()
        ]
        columns = [CountColumn("value", self.words["value"])]
        return self._plain("profile", rows, columns, ["aspect", "indicator"], "as_named")

    def design(self, records: WaveRecords) -> WageTable:
        """Strata, sample, population, fractions, degrees of freedom."""
        figures = design_figures(records)
        decimals = {"firms_fraction": 1, "people_fraction": 1, "per_firm": 1}
        return self.named(
            "design", {word: (figures[word], decimals.get(word, 0)) for word in DESIGN if word in figures}
        )

    def weights(self) -> WageTable:
        """How the employees' weights are distributed; the outermost are not told, they may be one enterprise's."""
        found = spread(self.report.survey.sample.weights)
        values = {
            "mean_weight": (found.mean, 1),
            **{f"p{share}": (found.percentiles[share], 1) for share in WEIGHT_PERCENTS},
            "weight_cv": (100 * found.cv, 1),
            "kish": (found.kish_deff, 2),
        }
        return self.named("weights", values, "weights_note")

    # -- precision -------------------------------------------------------------------------------

    def key_figures(self) -> WageTable | None:
        """Percentiles and mean of pay with error, interval and design effect; None if nothing may be published."""
        survey, pay = self.report.survey, self.report.pay
        parts = [survey.percentiles(pay), survey.mean(pay)]
        made = as_items(parts, "statistic_name", self.report.rules)
        if made is None:
            return None
        words = [str(word) for word in made.frame["statistic_name"]]
        codes = {word: str(number) for number, word in enumerate(words, start=1)}
        numbered = [
            part.assign(statistic_name=part["statistic_name"].map(codes)) for part in (made.frame, made.domains)
        ]
        made = replace(made, frame=numbered[0], domains=numbered[1])
        return self._beside(
            made,
            {
                "value": "estimate",
                "se": "se",
                "cv": "cv",
                "ci_lower": "ci_lower",
                "ci_upper": "ci_upper",
                "deff": "deff",
            },
            "key",
            labels={codes[word]: self.statistic(word) for word in words},
            headings={"statistic_name": self.words["statistic"]},
        )

    def by_industry(self) -> WageTable:
        """Mean pay by industry section with error, interval and design effect."""
        made = self.report.survey.mean(self.report.pay, by="industry")
        columns = {"value": "estimate", "cv": "cv", "ci_lower": "ci_lower", "ci_upper": "ci_upper", "deff": "deff"}
        return self._beside(made, columns, "industry", labels=self.report.labels, headings=None)

    def statistic(self, word: str) -> str:
        """A statistic as a reader knows it."""
        if word in ("mean", "p50"):
            return self.words["mean" if word == "mean" else "median"]
        return self.words["percentile"].format(percent=percent(word))

    def _beside(
        self,
        made: Estimates,
        columns: Mapping[str, str],
        key: str,
        *,
        labels: Mapping[str, object],
        headings: Mapping[str, str] | None,
    ) -> WageTable:
        level = f"{float(made.metadata.get('level') or 0.95) * 100:g}%"
        interval = self.words["interval"].format(level=level)
        measures = {
            "value": self._money("estimate"),
            "se": self._money("se", more=1),
            "cv": Measure(self.words["cv"]),
            "ci_lower": self._money("lower", interval),
            "ci_upper": self._money("upper", interval),
            "deff": Measure(self.words["design_effect"], unit="", factor=1.0, decimals=2),
        }
        return self.report.table(
            beside(made, columns),
            title=self._title(key),
            measures={word: measures[word] for word in columns},
            statistics=list(columns),
            labels=labels,
            headings=headings,
            notes=[self.words["precision_note"]],
        )

    def cells(self, found: Sequence[TableQuality]) -> WageTable:
        """How many values each table has and what becomes of them."""
        kinds = {
            "published": "shown",
            "confidential": "confidential",
            "imprecise": "imprecise",
            "absent": "absent",
        }
        columns = [
            CountColumn("items", self.words["items"]),
            CountColumn("values", self.words["values"]),
            *(CountColumn(kind, self.words[word], self.words["shares"], "%", 1) for kind, word in kinds.items()),
        ]
        rows: Rows = [
            (
                [each.table.name],
                {
                    "items": float(each.items),
                    "values": float(each.values),
                    **{kind: float(getattr(each, kind)) for kind in kinds},
                },
            )
            for each in found
        ]
        return self._plain("cells", rows, columns, ["table"], "count_share", ["cells_note"])

    def cv_classes(self, found: Sequence[TableQuality]) -> WageTable:
        """Published values by class of their coefficient of variation."""
        columns = [CountColumn(key, self.words[key], self.words["cv_shares"], "%", 1) for key in CLASSES]
        rows: Rows = [
            ([each.table.name], dict(zip(CLASSES, _whole(each.cv), strict=True))) for each in found if each.cv
        ]
        return self._plain("cv", rows, columns, ["table"], "percent")

    # -- coherence -------------------------------------------------------------------------------

    def references(self, series: pd.DataFrame) -> WageTable | None:
        """Mean pay beside the mean pay of other sources in the same year; None where there is nothing to compare.

        Parameters
        ----------
        series : ``series, chinese, region, year, value, unit, source_kind`` as the store has them.
        """
        wage = series["series"].str.startswith("average_wage")
        chosen = series[wage & (series["year"] == self.report.wave) & series["unit"].isin(list(_YEARLY))]
        means = {False: self.report.survey.mean(self.report.pay)}
        if (chosen["series"] == _SKILLED).any() and "skill_level" in self.report.labels:
            means[True] = self.report.without(skill_level="无").survey.mean(self.report.pay)
        else:
            chosen = chosen[chosen["series"] != _SKILLED]
        frames, domains, names = [], [], {}
        for number, (_, line) in enumerate(chosen.iterrows(), start=1):
            mean = means[bool(line["series"] == _SKILLED)]
            if (judge(mean, self.report.rules)["reason"] != "").any():
                continue
            reference = float(line["value"]) * _YEARLY[str(line["unit"])]
            own = beside(mean, {"survey": "estimate"})
            value = float(own.frame["estimate"].iloc[0])
            relative = float(own.frame["se"].iloc[0]) / value
            for word, figure in (("reference", reference), ("survey", value), ("ratio", value / reference)):
                line_of = own.frame.assign(statistic=word, estimate=figure, se=figure * relative, source=str(number))
                frames.append(line_of)
            domains.append(own.domains.assign(source=str(number)))
            name = series_name(str(line["series"]), str(line["chinese"]), self.language)
            certain = line["source_kind"] != "unconfirmed"
            named = name if certain else self.words["unconfirmed"].format(name=name)
            region = region_name(str(line["region"]), self.language)
            names[str(number)] = f"{region}{named}" if self.language == "zh" else f"{region}: {named}"
        if not frames:
            return None
        made = replace(
            means[False],
            frame=pd.concat(frames, ignore_index=True),
            by=("source",),
            domains=pd.concat(domains, ignore_index=True),
            source=None,
        )
        measures = {
            "reference": self._money("reference"),
            "survey": self._money("survey"),
            "ratio": Measure(self.words["ratio"]),
        }
        return self.report.table(
            made, title=self._title("reference"), measures=measures, statistics=list(measures), labels={"source": names},
            headings={"source": self.words["series"]}, notes=[self.words["reference_note"]],
        )  # fmt: skip

    def waves(self, earlier: Mapping[int, Estimates]) -> WageTable:
        """Mean pay of each wave with its coefficient of variation.

        Parameters
        ----------
        earlier : year -> mean pay for the whole sample, this wave's included.
        """
        frames = [made.frame.assign(wave=str(year)) for year, made in earlier.items()]
        domains = [made.domains.assign(wave=str(year)) for year, made in earlier.items()]
        made = replace(
            earlier[self.report.wave],
            frame=pd.concat(frames, ignore_index=True),
            by=("wave",),
            domains=pd.concat(domains, ignore_index=True),
            source=None,
        )
        return self._beside(
            made, {"value": "estimate", "cv": "cv", "ci_lower": "ci_lower", "ci_upper": "ci_upper", "deff": "deff"},
            "waves", labels={"wave": {str(year): self.words["year"].format(year=year) for year in earlier}},
            headings={"wave": self.words["wave"]},
        )  # fmt: skip

    # -- work ------------------------------------------------------------------------------------

    def table_name(self, by: Sequence[str]) -> str:
        """A table by its domain columns: 分行业门类、职业大类."""
        if not by:
            return self.words["all_employees"]
        named = self.words["and"].join(dimension_in_title(column, self.language) for column in by)
        said = self.words["by"].format(dimension=named)
        return said[:1].upper() + said[1:]

    def _money(self, key: str, group: str = "", *, more: int = 0) -> Measure:
        """A column of money in the report's unit; an error has one decimal more where the value has some."""
        unit = Unit.of(self.report.unit)
        decimals = unit.decimals + more if unit.decimals else 0
        return Measure(self.words[key], group, self.report.unit, float(unit.factor), decimals)

    def _title(self, key: str) -> str:
        return self.words[f"{key}_title"].format(year=self.report.wave)

    def _plain(
        self,
        key: str,
        rows: Rows,
        columns: Sequence[CountColumn],
        headings: Sequence[str],
        unit: str,
        notes: Sequence[str] = (),
    ) -> WageTable:
        return plain_table(
            rows, columns, self.about, title=self._title(key), unit=self.words[unit],
            headings=[self.words[heading] for heading in headings], notes=[self.words[note] for note in notes],
        )  # fmt: skip


def design_figures(records: WaveRecords) -> dict[str, float]:
    """Numbers of the design by the words of `DESIGN`."""
    survey, firms = records.survey, records.firms
    first = survey.sample.first
    enterprises, employees = float(len(firms)), float(survey.sample.n)
    population, workers = float(firms["_weight"].sum()), float(survey.sample.weights.sum())
    figures = {
        "enterprises": enterprises,
        "employees": employees,
        "population": population,
        "workers": workers,
        "firms_fraction": 100 * enterprises / population,
        "people_fraction": 100 * employees / workers,
        "per_firm": employees / enterprises,
        "df": float(survey.mean(records.pay).frame["df"].iloc[0]),
    }
    return {"strata": float(np.unique(first.stratum).size), **figures} if survey.design.strata else figures


def _whole(shares: Sequence[float]) -> list[Figure]:
    """Shares in per cent, rounded to one decimal so that they add up to 100.0."""
    return [with_decimals(100 * share, 1) for share in rounded_to_whole(np.array(shares) / 100, 3)]
