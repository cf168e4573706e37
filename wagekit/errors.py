"""The few kinds of error that wagekit raises, each one clear sentence."""

from __future__ import annotations


class WagekitError(Exception):
    """Base of all errors that a user can mend.

    Parameters
    ----------
    found : what was found, in words.
    where : the file, table, column, parameter or row it was found in.
    expected : what was expected instead.
    do : what to do about it.
    """

    def __init__(
        self,
        found: str,
        *,
        where: str | None = None,
        expected: str | None = None,
        do: str | None = None,
    ) -> None:
        self.found = found
        self.where = where
        self.expected = expected
        self.do = do
        sentence = f"{where}: {found}" if where else found
        if expected:
            sentence += f"; expected {expected}"
        if do:
            sentence += f". {do}"
        super().__init__(sentence.rstrip(".") + ".")


class InputError(WagekitError):
    """A file, frame or value that can't be used as it is."""


class DesignError(WagekitError):
    """A sampling design that contradicts itself or the data."""


class EstimationError(WagekitError):
    """A statistic that was asked for in a way that has no answer."""


class StoreError(WagekitError):
    """The database can't be opened, is locked, or holds another schema."""


class ReleaseError(WagekitError):
    """A release that is not declared well, or output that may not be written."""


class WagekitWarning(UserWarning):
    """Something that a result leaves out or assumes, which its reader should know."""
