"""nbformat without the second that a grammar takes which no notebook needs."""

import subprocess
import sys

import pytest

LOADS = """
import sys
from wagekit.publish.rendering.notebook_format import nbformat
nbformat().validate(nbformat().v4.new_notebook())
print("rfc3987_syntax" in sys.modules, "jsonschema" in sys.modules)
from jsonschema import FormatChecker
print([FormatChecker().conforms(text, "iri") for text in ("http://工资.cn/", "no address")], "rfc3987_syntax" in sys.modules)
"""


def test_the_grammar_of_addresses_is_read_when_an_address_is_checked():
    pytest.importorskip("rfc3987_syntax")
    said = subprocess.run([sys.executable, "-c", LOADS], capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == ["False True", "[True, False] True"]
