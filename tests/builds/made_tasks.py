"""Notebooks of a few cells as tasks, and what a run of them leaves behind."""

import nbformat

from wagekit.builds.tasks import Limits, Task
from wagekit.publish.rendering.notebook import load

SHOWS = """\
import pandas as pd
import wagekit as wk
from wagekit.publish.cover import Cover
from wagekit.publish.table import release

columns = {"pay": range(50_000, 51_200), "industry": "C", "firm": [f"F{k % 40}" for k in range(1_200)]}
survey = wk.Survey(pd.DataFrame(columns).assign(weight=1.0), weights="weight", psu="firm", name="2023")
display(Cover("工资价位", 2023))
print("一个行业的工资价位。")
release(survey.percentiles("pay", by="industry"))"""
"""A cell that shows a cover, words and a table: the least that a report is."""


def task(folder, name, *cells, limits=None, declared="", formats=("html",), **parameters):
    """A task of a notebook with these cells."""
    made = nbformat.v4.new_notebook()
    if declared:
        made.cells.append(nbformat.v4.new_code_cell(declared, metadata={"tags": ["parameters"]}))
    made.cells += [nbformat.v4.new_code_cell(source) for source in cells]
    for number, cell in enumerate(made.cells):
        cell.id = f"cell-{number}"
    nbformat.write(made, folder / f"{name}.ipynb")
    notebook = load(folder / f"{name}.ipynb")
    return Task(name, notebook.path, notebook.bind(parameters), formats, limits or Limits())
