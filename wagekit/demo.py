"""The whole job on a simulated survey: files, intake, tables, reports. Everything it makes says 模拟数据."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from wagekit.builds.build import Built, build
from wagekit.builds.editions import output_folder
from wagekit.collect.intake import IntakeReport, intake
from wagekit.collect.store import open as open_store
from wagekit.collect.synthetic import population, write_files
from wagekit.files import made_folder
from wagekit.publish.configuration import Release
from wagekit.publish.tables import Progress
from wagekit.resources import resource

WAVES = (2021, 2022, 2023)


@dataclass(frozen=True)
class Demo:
    """What the demo made: the release, the survey's files and store, and what the intake said of each wave."""

    release: Built
    survey: Path
    intakes: tuple[IntakeReport, ...]


def run_demo(
    output: str | os.PathLike[str] = "reports/demo",
    *,
    seed: int = 20210527,
    progress: Progress | None = None,
) -> Demo:
    """Simulate the wage survey of a district and take it from its files to the published release.

    Parameters
    ----------
    output : folder of the release. The survey's files, its store and the truth of the simulated population go to
        a folder beside it, called ``<output>-survey``.
    seed : of the simulation.
    progress : told before each step: its number from 1, the number of steps, what is done.
    """
    declared = Release.load(resource("data", "demo", "release.toml"))
    target = output_folder(declared, output)
    survey = target.with_name(f"{target.name}-survey")
    first = 1 + 2 * len(WAVES)
    done = 0

    def told(what: str) -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, first, what)

    def told_of_build(step: int, steps: int, what: str) -> None:
        if progress is not None:
            progress(first + step, first + steps, what)

    mapping = resource("data", "synthetic", "putuo.toml")
    told("population")
    people = population(seed)
    store = made_folder(survey) / "demo.duckdb"
    intakes = []
    for wave in WAVES:
        told(f"survey {wave}")
        files = write_files(people, survey / str(wave), wave=wave, seed=seed)
        told(f"intake {wave}")
        with open_store(store) as opened:
            given = [files.enterprises, files.employees]
            intakes.append(intake(opened, given, wave=wave, mapping=mapping, replace=True))
    built = build(declared, target, store=store, progress=told_of_build)
    return Demo(built, survey, tuple(intakes))
