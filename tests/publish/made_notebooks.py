"""Executed notebooks made by hand for the tests of what is rendered."""

import nbformat


def shown(thing, metadata=None):
    """The output of a cell that displays an object, or a MIME bundle given as a mapping."""
    bundle = thing if isinstance(thing, dict) else thing._repr_mimebundle_()
    if isinstance(bundle, tuple):
        bundle, metadata = bundle
    return nbformat.v4.new_output("display_data", data=bundle, metadata=metadata or {})


def cell(*outputs, source="code = 'not for readers'"):
    made = nbformat.v4.new_code_cell(source, outputs=list(outputs))
    made.execution_count = 1
    return made


def markdown(source, tags=()):
    return nbformat.v4.new_markdown_cell(source, metadata={"tags": list(tags)} if tags else {})


def made_notebook(*cells):
    notebook = nbformat.v4.new_notebook(cells=list(cells))
    for number, each in enumerate(notebook.cells):
        each.id = f"cell-{number}"
    return notebook
