"""A report over a small simulated survey, as a store gives it, for the tests of what guidance reports show."""

from functools import cache

import wagekit as wk
from wagekit.collect.classification import load
from wagekit.collect.synthetic import draw, population
from wagekit.disclosure import ReleaseRules
from wagekit.publish.report import Report

LABELS = ("industry", "enterprise_size", "education", "skill_level", "professional_title")


@cache
def _survey():
    sample = draw(population(3, enterprises=900, workers=22_000, waves=(2023,)), 2023, 5, enterprises=300)
    firms = sample.enterprises.set_index("enterprise_id")
    frame = sample.employees
    more = firms[[name for name in firms if name not in frame]].reindex(frame["enterprise_id"].astype(str))
    frame = frame.assign(**{name: more[name].to_numpy() for name in more})
    survey = wk.Survey(
        frame, weights="weight", strata="stratum", psu="enterprise_id", fpc="inclusion_probability", pps="hajek",
        single_psu="adjust",
    )  # fmt: skip
    return survey.with_metadata(title="调查", wave=2023, synthetic=True, name="2023")


def simulated_report(language="zh", rules=None):
    labels = {name: load(name) for name in LABELS} | {"occupation_sub_major": load("occupation")}
    return Report(_survey(), 2023, "annual_pay", "万元/年", rules or ReleaseRules(), labels, language)


def numbers(text):
    """Every figure in a text."""
    import re

    return set(re.findall(r"\d+(?:\.\d+)?", text.replace(",", "").replace("\\", "")))


def printed(*tables):
    """Every figure in published tables."""
    return {
        f"{abs(cell.value):f}" for table in tables for row in table.rows for cell in row.cells if cell.value is not None
    }
