"""Files in the official shape, with the official Chinese headers, of a synthetic survey (模拟数据)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from wagekit.collect.questionnaire import EMPLOYEE, ENTERPRISE, Questionnaire
from wagekit.collect.sample_list import SAMPLE_LIST_FIELDS
from wagekit.collect.synthetic.item_errors import spoil
from wagekit.collect.synthetic.population import Population
from wagekit.collect.synthetic.samples import ENTERPRISES, draw
from wagekit.collect.synthetic.truth import population_values
from wagekit.errors import InputError
from wagekit.files import made_folder, replacing

FileFormat = Literal["csv", "xlsx"]
"""How the two tables are written."""

SYNTHETIC = "模拟数据"

TRUTH_BY = (
    (),
    ("industry",),
    ("industry_division",),
    ("occupation_major",),
    ("occupation_sub_major",),
    ("occupation_minor",),
    ("skill_level",),
    ("professional_title",),
    ("management_level",),
    ("education",),
    ("sex",),
    ("age_group",),
    ("enterprise_size",),
    ("industry", "occupation_sub_major"),
)
"""Dimensions of the file of population values; the empty one is everybody."""


@dataclass(frozen=True)
class SurveyFiles:
    """What `write_files` wrote.

    Parameters
    ----------
    enterprises, employees : the two tables of the questionnaire.
    drawn : the enterprises that were drawn, for `wagekit.collect.sample_list.read_sample_list`.
    truth : population values, or None.
    mistakes : list of the mistakes put into the tables, or None.
    """

    enterprises: Path
    employees: Path
    drawn: Path
    truth: Path | None
    mistakes: Path | None


def write_files(
    population: Population,
    folder: str | os.PathLike[str],
    *,
    wave: int,
    seed: int,
    enterprises: int = ENTERPRISES,
    response: bool = True,
    errors: bool = True,
    truth: bool = True,
    format: FileFormat = "csv",
) -> SurveyFiles:
    """Draw a wave's survey and write it as an enterprise would hand it in (模拟数据).

    The tables have the headers of the official questionnaire, and the design's columns 抽样层, 入样概率 (to be drawn and
    to answer), 名录从业人员数 (enterprises) and 权数 (employees). As CSV the enterprise table is UTF-8 with a byte order
    mark, the employee table GB18030, the two encodings met in practice. A further file lists the enterprises drawn, as
    CSV. File names, names of enterprises and sheets say 模拟.

    Parameters
    ----------
    population : see `population`.
    folder : where to; made if it isn't there. Each file appears whole or not at all.
    wave, seed, enterprises, response : see `draw`.
    errors : put mistakes in, and list them in another file.
    truth : write the population values as well.
    format : ``csv`` or ``xlsx``.

    Raises
    ------
    InputError
        If the folder can't be written to, or an argument is not possible.

    Examples
    --------
    >>> import tempfile
    >>> from wagekit.collect.synthetic import population
    >>> small = population(1, enterprises=300, workers=6000)
    >>> written = write_files(small, tempfile.mkdtemp(), wave=2023, seed=5, enterprises=90)
    >>> written.enterprises.name
    '模拟数据_企业人工成本情况_2023.csv'
    """
    if format not in ("csv", "xlsx"):
        raise InputError(f"the format is '{format}'", where="write_files", expected="'csv' or 'xlsx'")
    sample = draw(population, wave, seed, enterprises=enterprises, response=response)
    # What the design knows is the chance to be drawn and to answer, as the weights do: an enterprise that was sure
    # to be drawn still is no census of those that did not answer.
    answering = sample.enterprises.assign(inclusion_probability=sample.enterprises["sampling_fraction"])
    firms = _as_text(answering, ENTERPRISE)
    staff = _as_text(sample.employees, EMPLOYEE)
    folder = made_folder(folder, error=InputError)
    mistakes = None
    if errors:
        spoiled = spoil(firms, staff, seed)
        firms, staff = spoiled.enterprises, spoiled.employees
        mistakes = folder / f"{SYNTHETIC}_差错清单_{wave}.csv"
    paths = [
        _write_table(firms, ENTERPRISE, folder, wave, format, "utf-8-sig"),
        _write_table(staff, EMPLOYEE, folder, wave, format, "gb18030"),
    ]
    if mistakes is not None:
        with replacing(mistakes, error=InputError) as place:
            spoiled.mistakes.assign(note=SYNTHETIC).to_csv(place, index=False, encoding="utf-8-sig")
    drawn = _write_drawn(sample.drawn, folder, wave)
    truth_path = _write_truth(population, folder, wave) if truth else None
    return SurveyFiles(paths[0], paths[1], drawn, truth_path, mistakes)


def truth_table(population: Population, wave: int) -> pd.DataFrame:
    """Population values of annual pay for every dimension of `TRUTH_BY`, in long form.

    Returns
    -------
    pandas.DataFrame
        ``note`` (模拟数据), ``wave``, ``by`` (dimension names joined by ``*``, empty for everybody), ``domain`` (codes
        joined likewise), then the columns of ``Population.truth``.
    """
    frame = population.employees(wave)
    tables = []
    for by in TRUTH_BY:
        values = population_values(frame, list(by))
        domain = values[list(by)].astype(str).agg("*".join, axis=1) if by else pd.Series([""])
        head = pd.DataFrame({"note": SYNTHETIC, "wave": wave, "by": "*".join(by), "domain": domain})
        tables.append(pd.concat([head, values.drop(columns=list(by))], axis=1))
    return pd.concat(tables, ignore_index=True)


def _write_truth(population: Population, folder: Path, wave: int) -> Path:
    table = truth_table(population, wave)
    path = folder / f"{SYNTHETIC}_总体真值_{wave}.csv"
    with replacing(path, error=InputError) as place:
        table.to_csv(place, index=False, encoding="utf-8-sig", float_format="%.10g")
    return path


def _write_drawn(drawn: pd.DataFrame, folder: Path, wave: int) -> Path:
    """The sample list, with official headers and the chance to be drawn."""
    path = folder / f"{SYNTHETIC}_样本名录_{wave}.csv"
    official = {name: ENTERPRISE[name].chinese for name in SAMPLE_LIST_FIELDS}
    listed = drawn[list(official)].rename(columns=official).assign(说明=SYNTHETIC)
    with replacing(path, error=InputError) as place:
        listed.to_csv(place, index=False, encoding="utf-8-sig", float_format="%.10g")
    return path


def _as_text(frame: pd.DataFrame, questionnaire: Questionnaire) -> pd.DataFrame:
    """The questionnaire's columns as texts; a missing value is an empty text."""
    columns = {}
    for field in questionnaire:
        if field.name not in frame:
            continue
        values = frame[field.name]
        if field.kind == "yes_no":
            columns[field.name] = pd.Series(np.where(values, "是", "否"), index=values.index, dtype=object)
        elif values.dtype == np.float64:
            columns[field.name] = pd.Series([f"{value:.8g}" for value in values], index=values.index, dtype=object)
        else:
            columns[field.name] = values.astype(object).where(values.notna(), "").astype(str).astype(object)
    return pd.DataFrame(columns)


def _write_table(
    frame: pd.DataFrame, questionnaire: Questionnaire, folder: Path, wave: int, format: FileFormat, encoding: str
) -> Path:
    path = folder / f"{SYNTHETIC}_{questionnaire.chinese}_{wave}.{format}"
    official = frame.rename(columns={field.name: field.chinese for field in questionnaire})
    with replacing(path, error=InputError) as place:
        if format == "csv":
            official.to_csv(place, index=False, encoding=encoding)
        else:
            _write_workbook(official, questionnaire, place)
    return path


def _write_workbook(official: pd.DataFrame, questionnaire: Questionnaire, path: Path) -> None:
    """One sheet; numbers as numbers, codes as text, so that leading zeros stay."""
    import xlsxwriter

    numeric = [field.chinese for field in questionnaire if field.kind in ("integer", "number", "year")]
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as workbook:
        workbook.set_properties({"title": f"{SYNTHETIC} {questionnaire.chinese}", "comments": SYNTHETIC})
        sheet = workbook.add_worksheet(SYNTHETIC)
        for column, header in enumerate(official.columns):
            sheet.write_string(0, column, header)
            values = official[header].to_list()
            for row, value in enumerate(values, start=1):
                if header in numeric and value.lstrip("-").replace(".", "", 1).isdigit():
                    sheet.write_number(row, column, float(value))
                elif value:
                    sheet.write_string(row, column, value)
