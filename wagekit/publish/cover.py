"""The cover of a report: what it is called, whose it is, and what it was made from."""

from __future__ import annotations

import datetime
import hashlib
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from wagekit.errors import InputError
from wagekit.options import Language

if TYPE_CHECKING:
    import pandas as pd

MIME = "application/vnd.wagekit.cover+json"

FINGERPRINT = "WAGEKIT_FINGERPRINT"
"""Environment variable in which a build tells a notebook the fingerprint of its report."""

SYNTHETIC = {
    "zh": "本报告由程序生成的模拟调查数据编制，不反映任何真实单位、个人或地区的情况。",
    "en": "This report is made from a survey simulated by a program; it describes no real enterprise, person or area.",
}
"""What follows the words 模拟数据 on the cover of a report."""


@dataclass(frozen=True)
class Cover:
    """What stands on the cover, in the running header and in the footer of a report.

    Shown as the output of a notebook cell, it gives the report its title, language and provenance.

    Parameters
    ----------
    title : title of the report, also the title of the file.
    year : reference year of the survey.
    subtitle : second line, "" for none.
    bureau : who publishes, "" for nobody named.
    date : day of publication as YYYY-MM-DD, "" for none.
    language : language of the report.
    synthetic : whether the data are simulated; the report then says so on every page.
    provenance : one line for the footer (see :func:`provenance`).

    Raises
    ------
    InputError
        If the title is empty, the date is no date or the language is unknown.

    Examples
    --------
    >>> Cover("工资价位报告", 2023, date="2024-09-30").day
    '2024年9月30日'
    """

    title: str
    year: int | None = None
    subtitle: str = ""
    bureau: str = ""
    date: str = ""
    language: Language = "zh"
    synthetic: bool = False
    provenance: str = ""

    def __post_init__(self) -> None:
        if not self.title.strip():
            raise InputError("the title is empty", where="cover", do="Give the report a title")
        if self.language not in ("zh", "en"):
            raise InputError(f"the language is {self.language!r}", where="cover", expected="'zh' or 'en'")
        try:
            self.calendar_date  # noqa: B018 - reading it is the check
        except ValueError as error:
            raise InputError(
                f"the date is {self.date!r}", where="cover", expected="a day as YYYY-MM-DD, or nothing"
            ) from error

    @property
    def calendar_date(self) -> datetime.date | None:
        return datetime.date.fromisoformat(self.date) if self.date else None

    @property
    def day(self) -> str:
        """The date as people write it in the report's language, "" if there is none."""
        day = self.calendar_date
        if day is None:
            return ""
        return f"{day.year}年{day.month}月{day.day}日" if self.language == "zh" else f"{day.day} {day:%B} {day.year}"

    @property
    def period(self) -> str:
        """The reference year in words of the report's language, "" if there is none."""
        if self.year is None:
            return ""
        return f"{self.year}年" if self.language == "zh" else f"Survey year {self.year}"

    @property
    def warning(self) -> str:
        """What is said of simulated data, "" for real ones."""
        return SYNTHETIC[self.language] if self.synthetic else ""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Cover:
        """The cover that a notebook's output carries."""
        return cls(**data)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        lines = [self.bureau, self.title, self.period, self.subtitle, self.day, self.warning, self.provenance]
        lines = [line for line in lines if line]
        marked = [f"<h1>{escape(line)}</h1>" if line == self.title else f"<p>{escape(line)}</p>" for line in lines]
        return {MIME: asdict(self), "text/html": "\n".join(marked), "text/plain": "\n".join(lines)}


def data_hash(*frames: pd.DataFrame) -> str:
    """Twelve hexadecimal digits that name the data a report was made from.

    Parameters
    ----------
    frames : the tables that were read; rows, columns and their order count.

    Examples
    --------
    >>> import pandas as pd
    >>> data_hash(pd.DataFrame({"pay": [1.0, 2.0]})) == data_hash(pd.DataFrame({"pay": [1.0, 2.5]}))
    False
    """
    import pandas as pd

    digest = hashlib.sha256()
    for frame in frames:
        digest.update("\x1f".join(map(str, frame.columns)).encode())
        digest.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    return digest.hexdigest()[:12]


def provenance(data: str, parameters: Mapping[str, str | int | float | bool], language: Language = "zh") -> str:
    """One line that says with what a report was made: version, data, recipe and parameters.

    The recipe is the beginning of the fingerprint that a build gives each report, by which its manifest names the
    report; the build hands it to the notebook in the environment variable ``WAGEKIT_FINGERPRINT``. A notebook run by
    hand has none.

    Parameters
    ----------
    data : the :func:`data_hash` of what was read; "" where none may be told.
    parameters : the notebook's parameters; empty texts are left out, of a path only the last part is told.
    language : language of the line.

    Examples
    --------
    >>> provenance("0123456789ab", {"wave": 2023, "store": "/srv/data/putuo.duckdb"}).split(" · ", 1)[1]
    '数据 0123456789ab · wave=2023 store=putuo.duckdb'
    """
    from wagekit import __version__

    given = " ".join(
        f"{name}={str(value).replace(chr(92), '/').rsplit('/', 1)[-1]}"
        for name, value in parameters.items()
        if value != ""
    )
    recipe = os.environ.get(FINGERPRINT, "")[:12]
    named = {"数据" if language == "zh" else "data": data, "编制" if language == "zh" else "recipe": recipe}
    parts = [f"wagekit {__version__}", *(f"{word} {digits}" for word, digits in named.items() if digits), given]
    return " · ".join(part for part in parts if part)
