"""What the tests of the command share."""

import pytest

from tests.collect.made_files import write_pair
from tests.command import wagekit


@pytest.fixture(scope="session")
def good(tmp_path_factory):
    """An enterprise file, an employee file, and a store that holds them as wave 2023."""
    folder = tmp_path_factory.mktemp("good")
    firms, staff = write_pair(folder)
    status, _, complained = wagekit("intake", firms, staff, "--wave", 2023, "--store", folder / "s.duckdb")
    assert status == 0, complained
    return firms, staff, folder / "s.duckdb"
