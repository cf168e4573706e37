"""A whole release from its ``release.toml``: tables and reports, complete or not at all."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from wagekit.builds import audit
from wagekit.builds.comparison import Comparison, compare, earlier_edition
from wagekit.builds.comparison_report import summary, write_comparison
from wagekit.builds.confirmations import code_of
from wagekit.builds.crate import write_crate
from wagekit.builds.editions import Editions, output_folder
from wagekit.builds.fingerprints import Today, versions, with_fingerprints
from wagekit.builds.journal import Journal, Kind, journal_of, note_refusal
from wagekit.builds.manifest import FILE, TABLES, FileEntry, Manifest, build_time, private_folder
from wagekit.builds.plan import plan
from wagekit.builds.release_checks import Problem, told
from wagekit.builds.reuse import entries as made_entries
from wagekit.builds.running import run
from wagekit.builds.tasks import Outcome, Task
from wagekit.collect.store import open as open_store
from wagekit.errors import ReleaseError, WagekitError
from wagekit.files import replacing_folder
from wagekit.publish.configuration import Release
from wagekit.publish.tables import Progress, make_tables, released_tables
from wagekit.reads import file_digest


@dataclass(frozen=True)
class Built:
    """What a build put in place.

    Parameters
    ----------
    folder : the release.
    files : its files, sorted.
    made : names of the reports that were made anew, and "tables".
    reused : names of those that were taken over from the build before, since nothing that they rest on has changed.
    seconds : that the build took.
    comparison : with the edition before, in a sentence; "" where there is none or none is declared.
    """

    folder: Path
    files: tuple[Path, ...]
    made: tuple[str, ...]
    reused: tuple[str, ...]
    seconds: float
    comparison: str = ""

    @property
    def summary(self) -> str:
        """The build in a sentence."""
        said = f"{len(self.files)} files in {self.seconds:.0f} s: {len(self.made)} made, {len(self.reused)} unchanged"
        return f"{said}. {self.comparison}" if self.comparison else f"{said}."


def build(
    declared: Release,
    output: str | os.PathLike[str],
    *,
    store: str | os.PathLike[str] | None = None,
    jobs: int | None = None,
    force: bool = False,
    wait: float = 0.0,
    confirm: str | Collection[str] = (),
    again: Manifest | None = None,
    progress: Progress | None = None,
) -> Built:
    """Make every table and report of a release and put them in place together.

    The release is made in a folder beside the output. When its last file is there and all checks have passed, the
    two folders exchange their names, so that the published release is whole at every moment. What rests on nothing
    that has changed since the build before is taken over from it. Beside the release lie its journal and a private
    folder, ``<output>.builds``, with the notebooks that failed and a release that waits to be confirmed.

    Parameters
    ----------
    declared : read from a ``release.toml``.
    output : folder of the release; replaced as a whole, so it may hold nothing but an earlier build of it.
    store : path of the store instead of the declared one.
    jobs : reports made at a time; as :func:`wagekit.builds.running.run` has it unless given.
    force : make everything anew.
    wait : seconds to wait if another build of the same folder is running, and if an intake writes into the store.
    confirm : codes that builds gave which stopped: for changes against the edition before that are beyond the declared
        limits, or for numbers that equal held-back values, once somebody has looked at them.
    again : manifest of a release that is built once more, elsewhere, to be compared with it: what was decided when it
        was published is not asked again.
    progress : told before each step.

    Raises
    ------
    ReleaseError
        If the folder holds other work, a report or a check fails, the changes against the edition before are beyond
        the limits and not confirmed, another build is running, or the output can't be written. The reports that do
        not fail are finished all the same.
    StoreError
        If the store can't be read, as while an intake writes into it.
    """
    began = time.monotonic()
    try:
        target = output_folder(declared, output)
        build_time()
    except ReleaseError as problem:
        note_refusal(output, problem)
        raise
    source = Path(store) if store is not None else declared.store
    codes = frozenset([confirm] if isinstance(confirm, str) else confirm)
    journal = Journal(journal_of(target))
    with _told(journal, began) as begin, replacing_folder(target, wait=wait) as beside:
        begin(declared)
        with audit.recorded() as held_back, Today() as today:
            today.hold(source, wait=wait)
            tasks = with_fingerprints(plan(declared, source))
            work = _Work(declared, source, target, beside, journal, progress, len(tasks), codes, again)
            before = work.edition_before()
            editions = Editions(target, today, force=force)
            entries = [*work.tables(editions), *work.reports(tasks, editions, jobs)]
            manifest = Manifest.of(declared, entries, confirmed=editions.confirmed)
            manifest.write(beside, private=private_folder(target))
            write_crate(manifest, beside)
            if code := work.check(held_back):
                manifest = manifest.model_copy(update={"confirmed": tuple(sorted({*editions.confirmed, code}))})
                manifest.write(beside, private=private_folder(target))
            today.check_held()
        said = work.compare(before)
        files = tuple(sorted(path.relative_to(beside) for path in beside.rglob("*") if path.is_file()))
        counts = {"files": len(files), "made": len(work.made), "reused": len(work.reused)}
        so_far = round(time.monotonic() - began, 1)
        # If this process is killed before it can say that the release was published, status knows it by its manifest.
        journal.event("placing", manifest=file_digest(beside / FILE), seconds=so_far, **counts)
    editions.clear_pending()
    seconds = time.monotonic() - began
    journal.event("published", seconds=round(seconds, 1), **counts)
    return Built(target, tuple(target / file for file in files), tuple(work.made), tuple(work.reused), seconds, said)


class _Work:
    """One build while it runs."""

    def __init__(
        self,
        declared: Release,
        source: Path,
        target: Path,
        beside: Path,
        journal: Journal,
        progress: Progress | None,
        reports: int,
        confirm: Collection[str],
        again: Manifest | None,
    ) -> None:
        self._confirm, self._again = confirm, again
        self._declared, self._source, self._target, self._beside = declared, source, target, beside
        self._journal, self._progress = journal, progress
        self._steps = len(declared.tables) + bool(declared.tables) + reports
        self._step = 0
        self._kept: set[str] = set()
        self.made: list[str] = []
        self.reused: list[str] = []

    def _tell(self, what: str, *, steps: int = 0) -> None:
        self._step += steps
        if self._progress is not None:
            self._progress(self._step, self._steps, what)

    def tables(self, editions: Editions) -> tuple[FileEntry, ...]:
        """The declared tables, made or taken over."""
        if not self._declared.tables:
            return ()
        began = time.monotonic()
        recipe = editions.recipe_of_tables(self._declared, self._source)
        kept = editions.take_tables(recipe, self._beside)
        if kept is None:
            make_tables(
                self._declared,
                self._beside,
                store=self._source,
                progress=lambda step, _, what: self._tell(what, steps=1),
            )
        else:
            self._tell(TABLES, steps=len(self._declared.tables) + 1)
        (self.reused if kept is not None else self.made).append(TABLES)
        self._kept.update(entry.file for entry in kept or ())
        self._journal.event(
            "tables_made",
            seconds=round(time.monotonic() - began, 1),
            tables=len(self._declared.tables),
            reused=kept is not None,
        )
        return kept if kept is not None else recipe.entries(self._beside)

    def reports(self, tasks: tuple[Task, ...], editions: Editions, jobs: int | None) -> list[FileEntry]:
        """The reports, made or taken over; all that can be made are, before those that failed are told."""
        entries: list[FileEntry] = []
        waiting: list[Task] = []
        for task in tasks:
            kept = editions.take(task, self._beside)
            if kept is None:
                waiting.append(task)
                continue
            entries += kept
            self._kept.update(entry.file for entry in kept)
            self.reused.append(task.name)
            self._journal.event("task_reused", task=task.name)
            self._tell(task.name, steps=1)
        if waiting and TABLES in self.reused:
            self._note_held_back_by_tables()
        failed: list[Outcome] = []
        outcomes = run(
            waiting,
            self._beside,
            failed=editions.failed,
            jobs=jobs,
            progress=lambda name, done, total: self._tell(f"{name} {done}/{total}"),
        )
        with closing(outcomes):
            for outcome in outcomes:
                self._tell(outcome.task.name, steps=1)
                self._remember(outcome)
                if outcome.problem:
                    failed.append(outcome)
                else:
                    entries += made_entries(outcome, self._beside)
                    self.made.append(outcome.task.name)
        if failed:
            raise _failure(failed, len(tasks), self._target, editions.failed)
        return entries

    def _note_held_back_by_tables(self) -> None:
        """Estimate the tables that were taken over once more, and keep nothing but the note of what they hold back.

        A report that is made anew may not tell it, and it is nowhere on disk.
        """
        with open_store(self._source, read_only=True) as opened:
            released_tables(self._declared, opened)

    def _remember(self, outcome: Outcome) -> None:
        name, seconds, memory = outcome.task.name, round(outcome.seconds, 2), outcome.peak_memory
        if outcome.problem:
            self._journal.event("task_failed", task=name, seconds=seconds, peak_memory=memory, problem=outcome.problem)
        else:
            self._journal.event("task_finished", task=name, seconds=seconds, peak_memory=memory, files=outcome.files)

    def check(self, held_back: Path) -> str:
        """Search all files for what may not be in them.

        Returns
        -------
        The code with which somebody confirmed that all that was found is there by chance; "" if nothing was found.
        """
        problems = audit.problems(self._beside, self._source, held_back, checked=self._kept)
        code = code_of(problems, private_folder(self._target))
        # What is found again just as somebody confirmed it for the edition that is published is not asked again.
        published = Manifest.found(self._target)
        confirmed = bool(code) and code in {*self._confirm, *(() if published is None else published.confirmed)}
        self._journal.event("checked", problems=told(problems), code=code, confirmed=confirmed)
        if not problems or confirmed:
            return code
        if self._again is not None and self._again.confirmed and code:
            return ""
        suspected = Editions.hold(self._beside, self._target, passed=False)
        raise _gives_away(problems, self._target, code, self._confirm, suspected)

    def edition_before(self) -> Path | None:
        """The edition that the release is to be compared with; None where there is none or none is declared."""
        limits = self._declared.comparison
        if limits is None or not self._declared.tables or self._again is not None:
            return None
        return earlier_edition(limits, self._target, declared_in=self._declared.path.parent)

    def compare(self, before: Path | None) -> str:
        """Hold the release against the edition before; beyond the limits it waits until somebody confirms."""
        limits = self._declared.comparison
        if limits is None or before is None:
            return ""
        found = compare(before, self._beside, limits)
        write_comparison(found, self._target)
        confirmed = bool(found.code) and found.code in self._confirm
        self._journal.event("compared", **found.counts, beyond=found.beyond, code=found.code, confirmed=confirmed)
        if found.beyond and not confirmed:
            pending = Editions.hold(self._beside, self._target, passed=True)
            raise _unconfirmed(found, self._target, self._confirm, pending)
        return summary(found, self._declared.publication.language)


@contextmanager
def _told(journal: Journal, began: float) -> Iterator[Callable[[Release], None]]:
    """Journal the start of a build, when the function that is given is called, and its end unless it is published."""
    begun = False

    def begin(declared: Release) -> None:
        nonlocal begun
        begun = True
        about = declared.publication
        journal.event(
            "build_started", release=str(declared.path.absolute()), wave=about.wave, versions=dict(versions())
        )

    def end(kind: Kind, **about: str | int) -> None:
        if begun:  # another build that is running has a start of its own
            journal.event(kind, seconds=round(time.monotonic() - began, 1), **about)

    try:
        yield begin
    except (WagekitError, OSError) as problem:
        end("not_published", problem=getattr(problem, "brief", str(problem)), more=getattr(problem, "more", 0))
        raise
    except Exception as problem:  # its words may repeat data
        end("not_published", problem=f"an error of wagekit's own ({type(problem).__name__})", more=0)
        raise
    except BaseException as stop:
        number = stop.args[0] if stop.args and isinstance(stop.args[0], int) else signal.SIGINT
        end("stopped", signal=int(number))
        raise


class _ReportsFailed(ReleaseError):
    """Reports that failed; `brief` is the first one's sentence without words of foreign exceptions, `more` the others."""

    brief: str
    more: int


def _failure(failed: list[Outcome], tasks: int, target: Path, folder: Path) -> ReleaseError:
    """All reports that failed, in one sentence."""
    kept = [outcome for outcome in failed if outcome.failed_notebook is not None]
    shown = "; ".join(f"{each.task.name}: {(each.detail or each.problem).rstrip('.')}" for each in failed[:5])
    more = f"; and {len(failed) - 5} more" if len(failed) > 5 else ""
    what = "the report" if tasks == 1 else f"{len(failed)} of {tasks} reports"
    error = _ReportsFailed(
        f"{what} failed, so nothing was published ({shown}{more})",
        where=str(target),
        do=f"Look at the notebooks with their outputs in {folder}" if kept else None,
    )
    error.brief = f"{failed[0].task.name}: {failed[0].problem}"
    error.more = len(failed) - 1
    return error


def _gives_away(
    problems: Sequence[Problem], target: Path, code: str, confirm: Collection[str], suspected: Path
) -> ReleaseError:
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    wrong = _wrong(confirm, "findings") if code else ""
    all_told = f" (all that was found stands in {journal_of(target).name})" if more else ""
    then = (
        f": if each of these numbers is a public figure that equals a held-back value by chance, build with --confirm {code}"
        if code
        else ", and mend the notebook or the declaration"
    )
    return ReleaseError(
        "the release would give away what may not be published, so nothing was published"
        f"{wrong}: {str(problems[0]).rstrip('.')}{more}",
        where=str(target),
        do=f"Look at the release in {suspected}{all_told}{then}",
    )


def _unconfirmed(found: Comparison, target: Path, confirm: Collection[str], pending: Path) -> ReleaseError:
    beyond = "; ".join(found.beyond[:3]) + (f"; and {len(found.beyond) - 3} more" if len(found.beyond) > 3 else "")
    return ReleaseError(
        "the changes against the edition before are beyond the limits, so nothing was published"
        f"{_wrong(confirm, 'changes')}: {beyond}",
        where=str(target),
        do=f"Look at them in {target.name}.comparison.html and at the release in {pending}; if they are right, build "
        f"with --confirm {found.code}",
    )


def _wrong(confirm: Collection[str], what: str) -> str:
    return f" (the code {', '.join(map(repr, sorted(confirm)))} is of other {what})" if confirm else ""
