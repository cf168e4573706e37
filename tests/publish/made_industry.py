"""A store with two waves of a small simulated district, made once, for the tests of the report about an industry."""

import tempfile
from functools import cache
from pathlib import Path

from wagekit.collect.intake import intake
from wagekit.collect.store import open as open_store
from wagekit.collect.synthetic import population, write_files
from wagekit.publish.industry.report import open_industry_report
from wagekit.resources import resource

WAVES = (2022, 2023)
_folder = tempfile.TemporaryDirectory(prefix="wagekit-tests-")


@cache
def small_store():
    folder = Path(_folder.name)
    people = population(3, enterprises=900, workers=22_000, waves=WAVES)
    store = folder / "small.duckdb"
    for wave in WAVES:
        files = write_files(
            people, folder / str(wave), wave=wave, seed=5, enterprises=300, errors=False, truth=False
        )  # fmt: skip
        with open_store(store) as opened:
            intake(
                opened,
                [files.enterprises, files.employees],
                wave=wave,
                mapping=resource("data", "synthetic", "putuo.toml"),
            )
    return store


@cache
def industry(code="C", language="zh", rules=""):
    return open_industry_report(small_store(), 2023, industry=code, language=language, rules=rules)


@cache
def strict_rules():
    """A release.toml under which nothing may be published."""
    path = Path(_folder.name) / "strict.toml"
    path.write_text(
        '[release]\nstore = "small.duckdb"\nwave = 2023\ntitle = "模拟"\n[rules]\nmin_enterprises = 10000\n'
        '[[reports]]\nnotebook = "industry_guidance"\n',
        encoding="utf-8",
    )
    return str(path)
