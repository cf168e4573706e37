"""What the rooms of the data evaluation (数据评估) share: the waves, the rules, and how their tables are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from wagekit.collect.questionnaire import QUESTIONNAIRES, Table
from wagekit.publish.count_table import About, CountColumn, Figure, Group, count_table, other_name, plain_table
from wagekit.publish.evaluation.words import WORDS
from wagekit.publish.table import WageTable
from wagekit.publish.wave_records import WaveRecords
from wagekit.publish.words import WORDS as TABLE_WORDS
from wagekit.publish.words import dimension_heading, dimension_in_title

Figures = Mapping[str, Figure]
Rows = list[tuple[Sequence[str], Figures]]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """One wave to evaluate, and the last one where there is one.

    Parameters
    ----------
    now, before : the wave and the one before it.
    drawn : the list of the enterprises that were drawn, where it is known.
    about : release rules, language, whether the data are simulated.
    """

    now: WaveRecords
    before: WaveRecords | None
    drawn: pd.DataFrame | None
    about: About

    @property
    def words(self) -> Mapping[str, str]:
        """The report's words in its language."""
        return WORDS[self.about.language]

    def field(self, table: Table, name: str) -> str:
        """A question as the questionnaire names it."""
        questionnaire = QUESTIONNAIRES[table]
        if name not in questionnaire:
            return name
        field = questionnaire[name]
        return field.chinese if self.about.language == "zh" else field.english

    def title(self, key: str, by: str = "") -> str:
        """A table's title from its word, with the year and the column that it is by."""
        named = self.words["by"].format(dimension=dimension_in_title(by, self.about.language)) if by else ""
        return self.words[f"{key}_title"].format(year=self.now.wave, by=named)

    def plain(
        self,
        rows: Sequence[tuple[Sequence[str], Figures]],
        columns: Sequence[CountColumn],
        key: str,
        *,
        unit: str,
        headings: Sequence[str],
        notes: Sequence[str] = (),
        joined: bool = False,
    ) -> WageTable:
        """A table of figures that were judged one by one; unit, headings and notes are words of the report."""
        return plain_table(
            rows, columns, self.about, title=self.title(key), unit=self.words[unit],
            headings=[self.words[heading] for heading in headings], notes=[self.words[note] for note in notes],
            joined=joined,
        )  # fmt: skip

    def counted(
        self,
        counted: pd.DataFrame,
        figures: Callable[[pd.DataFrame], Figures],
        columns: Sequence[CountColumn],
        key: str,
        by: str,
        *,
        guarded: Sequence[str],
        notes: Sequence[str],
    ) -> WageTable:
        """A table by a column with a classification, a row for all first."""
        listed = self.now.labels.get(by)

        def names(group: Group) -> list[str]:
            if len(group) > 1:
                return [other_name(self.about.language)]
            code = group[0]
            if not code:
                return [TABLE_WORDS[self.about.language]["missing"]]
            return [listed.label(code, language=self.about.language) if listed and code in listed else code]

        return count_table(
            counted, figures, columns, self.about, title=self.title(key, by), unit=self.words["count_share"],
            headings=[dimension_heading(by, self.about.language)], names=names, guarded=guarded, total=True,
            notes=[self.words[note] for note in notes],
        )  # fmt: skip
