"""Where the files that ship with wagekit are: code lists, figures, report notebooks."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resource(*parts: str) -> Path:
    """Path of a shipped file, for example ``resource("data", "classifications")``.

    A wheel carries the top-level folders ``data`` and ``notebooks`` inside the package (``_shipped``);
    an editable install reads them from the checkout.

    Raises
    ------
    FileNotFoundError
        If no such file was shipped, which means a broken installation.
    """
    for root in (_PACKAGE / "_shipped", _PACKAGE.parent):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise FileNotFoundError(f"{'/'.join(parts)} is not part of this installation of wagekit")
