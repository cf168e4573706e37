"""What a ``release.toml`` promises about its editions: how far one may move from the last, and when it is there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date as Date
from datetime import datetime, time, timedelta
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

LAST_BUILD = "last build"
"""Word for the edition that a build would replace."""


class Strict(BaseModel):
    """A section of the file: no key that isn't known, no value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


Share = Annotated[float, Field(ge=0, le=1)] | Literal[False]
Change = Annotated[float, Field(gt=0)] | Literal[False]


class ComparisonDeclaration(Strict):
    """``[comparison]``: the edition that a build is compared with, and what it may not go beyond unconfirmed.

    `with` is ``"last build"`` or the folder of a release, such as last year's; a relative one starts at the folder
    of the ``release.toml``. `max_change` is the largest relative change of a figure (0.25: by a quarter),
    `max_withdrawn` and `max_new` are shares of the figures of a table; ``false`` turns a limit off. `tables` gives
    single tables a `max_change` of their own, since a table by occupation moves more than the whole.

    Examples
    --------
    >>> limits = ComparisonDeclaration(tables={"by_occupation": 0.4})
    >>> limits.change_of("by_occupation"), limits.change_of("overall")
    (0.4, 0.25)
    """

    edition: Annotated[str, Field(alias="with", min_length=1)] = LAST_BUILD
    max_change: Change = 0.25
    max_withdrawn: Share = 0.1
    max_new: Share = 0.25
    tables: Mapping[str, Change] = {}

    def change_of(self, table: str) -> float:
        """The largest relative change of a figure of a table; infinite without a limit."""
        limit = self.tables.get(table, self.max_change)
        return float("inf") if limit is False else limit


Every = Literal["day", "weekday", "week", "month"]


def _clock(text: str) -> str:
    try:
        if len(text) != 5:
            raise ValueError
        time.fromisoformat(text)
    except ValueError:
        raise ValueError('a time of the day such as "07:00"') from None
    return text


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):  # OSError: the name of a folder of zones
        raise ValueError('a time zone such as "Asia/Shanghai"') from None
    return text


class CalendarDeclaration(Strict):
    """``[calendar]``: when a release has to be there, so that ``wagekit status`` can tell that it is overdue.

    `every` names the rhythm of its builds: each ``day``, each ``weekday`` (Monday to Friday; holidays aren't known),
    each ``week`` (by Monday) or ``month`` (by its first day). `publish_on` is the one day by which the edition of
    its wave has to be there. Both are meant `by` a time of the day in `zone`.

    Examples
    --------
    >>> nightly = CalendarDeclaration(every="day", by="07:00")
    >>> now = datetime(2024, 9, 30, 8, tzinfo=ZoneInfo("Asia/Shanghai"))
    >>> str(nightly.missed(datetime(2024, 9, 30, 2, 10, tzinfo=ZoneInfo("Asia/Shanghai")), now))
    'None'
    >>> str(nightly.missed(datetime(2024, 9, 29, 2, 10, tzinfo=ZoneInfo("Asia/Shanghai")), now))
    '2024-09-30 07:00:00+08:00'
    """

    every: Every | None = None
    publish_on: Date | None = None
    by: Annotated[str, AfterValidator(_clock)] = "07:00"
    zone: Annotated[str, AfterValidator(_zone)] = "Asia/Shanghai"

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if self.every is None and self.publish_on is None:
            raise ValueError("every, publish_on or both")
        return self

    def missed(self, built: datetime | None, now: datetime) -> datetime | None:
        """The deadline that has passed without an edition.

        A deadline is met by a build since the one before it: the build of 2 in the night serves 7 in the morning.

        Parameters
        ----------
        built : when the last good build of the wave was put in place; None if there is none. With its zone, as `now`.

        Returns
        -------
        The latest deadline that was missed; None if all is in time.
        """
        if self.every is not None:
            last, before = self._deadlines(now)
            if built is None or built <= before:
                return last
        if self.publish_on is not None:
            day = self._at(self.publish_on)
            if now >= day and built is None:
                return day
        return None

    def _at(self, day: Date) -> datetime:
        return datetime.combine(day, time.fromisoformat(self.by), ZoneInfo(self.zone))

    def _deadlines(self, now: datetime) -> tuple[datetime, datetime]:
        """The last deadline up to now and the one before it."""
        day = now.astimezone(ZoneInfo(self.zone)).date()
        found: list[datetime] = []
        while len(found) < 2:
            if self._is_due(day) and self._at(day) <= now:
                found.append(self._at(day))
            day -= timedelta(days=1)
        return found[0], found[1]

    def _is_due(self, day: Date) -> bool:
        match self.every:
            case "weekday":
                return day.weekday() < 5
            case "week":
                return day.weekday() == 0
            case "month":
                return day.day == 1
            case _:
                return True
