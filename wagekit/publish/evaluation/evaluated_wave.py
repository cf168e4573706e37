"""What the reports about the data of a wave, evaluation and method and quality, have in common."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from wagekit.collect.questionnaire import Table
from wagekit.options import Language
from wagekit.publish.cover import Cover
from wagekit.publish.evaluation import findings, receipt, response
from wagekit.publish.evaluation.context import Evaluation
from wagekit.publish.findings import Text
from wagekit.publish.report import Report
from wagekit.publish.table import WageTable


@dataclass(frozen=True)
class EvaluatedWave:
    """One wave with the rows behind it: tables and texts on how complete it is.

    Parameters
    ----------
    report : the wave with rules, labels and language.
    evaluation : the same wave as rows, what was refused and queried, the last wave, the list of the sample.
    """

    report: Report
    evaluation: Evaluation

    @property
    def language(self) -> Language:
        return self.report.language

    @cached_property
    def unanswered(self) -> WageTable:
        """Missing answers by question."""
        return response.unanswered(self.evaluation)

    @cached_property
    def mean_unanswered(self) -> dict[Table, tuple[int, int, float | None]]:
        """Missing answers of each of the two tables, as :func:`wagekit.publish.evaluation.response.mean_unanswered` has them."""
        return {table: response.mean_unanswered(self.evaluation, table) for table in receipt.TABLES}

    @cached_property
    def outcome(self) -> WageTable | None:
        """What came of the drawn enterprises; None without a list of them."""
        return response.outcome(self.evaluation)

    @cached_property
    def coverage(self) -> WageTable:
        """Sample beside population by industry section."""
        return response.coverage(self.evaluation)

    def response_in_words(self) -> Text:
        """The response rate, or that it was not measured."""
        return findings.response(self.evaluation, self.outcome)

    def unanswered_in_words(self) -> Text:
        """How many questions lack answers."""
        return findings.unanswered(self.evaluation, self.unanswered, self.mean_unanswered)

    def _covered(self, *, title: str, bureau: str, date: str) -> Cover:
        """A cover whose footer line names the data, with what was refused and queried."""
        now = self.evaluation.now
        return self.report.cover(title=title, bureau=bureau, date=date, also=[now.refused, now.queries])
