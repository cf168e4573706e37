"""The ``wagekit`` command: one function a verb, each a few calls of the public interface."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wagekit import __version__
from wagekit.errors import InputError, WagekitError
from wagekit.options import Language
from wagekit.terminal import Stopped, listen_for_stops, messages, plain, progress, quiet_others, say, stages

if TYPE_CHECKING:
    from wagekit.publish.configuration import Release

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="From wage-survey files to protected, published pay guidance. 企业薪酬调查：从调查表到发布的工资价位。",
)

Store = Annotated[Path, typer.Option("--store", "-s", help="The survey's database, a DuckDB file.")]
Wave = Annotated[int, typer.Option("--wave", "-w", help="Reference year of the survey.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="Folder for what is written.")]
Declared = Annotated[Path | None, typer.Option("--release", "-r", help="A release.toml.")]
Asked = Annotated[Path, typer.Option("--release", "-r", help="A release.toml.")]
Replaced = Annotated[Path | None, typer.Option("--store", "-s", help="A store instead of the declared one.")]
Jobs = Annotated[int | None, typer.Option("--jobs", "-j", help="How many are made at a time.", min=1)]
Wait = Annotated[
    float, typer.Option(help="Seconds to wait for another build of the folder, or an intake, to end.", min=0)
]


def main() -> None:
    """Run the command; a mistake in the input ends with one sentence and exit status 1, never a traceback."""
    debug = bool(os.environ.get("WAGEKIT_DEBUG"))
    quiet_others(debug)
    stops = listen_for_stops()
    status: str | int | None = 1
    sentence = ""
    try:
        app()
    except SystemExit as end:
        status = end.code
    except WagekitError as error:
        sentence = str(error)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except MemoryError:
        sentence = "there is not enough memory for this; nothing was left half-done."
    except OSError as error:
        sentence = str(InputError(f"the system refused ({error.strerror or error})", where=_named(error)))
    except Stopped:
        pass
    except Exception as error:
        if debug and not stops:
            raise
        sentence = (
            f"an error of wagekit's own ({type(error).__name__}: {error}). "
            "Set WAGEKIT_DEBUG=1 to see where, and please report it."
        )
    if stops:  # whatever it was taken for on its way up
        status, sentence = 128 + stops[0], "stopped; nothing was left half-done."
    if sentence:
        messages.print(f"wagekit: {plain(sentence)}")
    sys.exit(status)


def _named(error: OSError) -> str | None:
    return os.fsdecode(error.filename) if isinstance(error.filename, (str, bytes)) else None


def _version(asked: bool) -> None:
    if asked:
        say(f"wagekit {__version__}")
        raise typer.Exit


@app.callback()
def _command(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
) -> None:
    pass


@app.command(epilog="Example:  wagekit demo --output reports/demo")
def demo(
    output: Output = Path("reports/demo"),
    seed: Annotated[int, typer.Option(help="Seed of the simulation.", min=0)] = 20210527,
) -> None:
    """The whole job on a simulated survey of a Shanghai district (模拟数据)."""
    from wagekit.demo import run_demo

    with progress() as told:
        made = run_demo(output, seed=seed, progress=told)
    for report in made.intakes:
        say(str(report))
    for file in made.release.files:
        say(_shown(file))
    say(f"The survey's files, store and true values (模拟数据): {_shown(made.survey)}")


@app.command(epilog="Example:  wagekit intake enterprises.xlsx employees.csv --wave 2023 --store putuo.duckdb")
def intake(
    files: Annotated[list[Path], typer.Argument(help="Enterprise and employee files: CSV, XLSX or Parquet.")],
    wave: Wave,
    store: Store = Path("wagekit.duckdb"),
    mapping: Annotated[
        Path | None, typer.Option("--mapping", "-m", help="A TOML file that says how other files are laid out.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put the files in place of the wave in the store.")
    ] = False,
    minimum_wage: Annotated[
        float | None, typer.Option(help="Monthly minimum wage in yuan; by default from the reference series.", min=0)
    ] = None,
) -> None:
    """Read the files of a wave, check them and store what passes, in one transaction."""
    from wagekit.collect.intake import intake as take_in
    from wagekit.collect.store import filling

    with stages() as told, filling(store) as opened:
        report = take_in(
            opened,
            files,
            wave=wave,
            mapping=mapping,
            replace=replace,
            minimum_wage=minimum_wage,
            progress=told,
        )
    say(str(report))
    for file in report.files:
        read_as = ", ".join(part for part in (file.format, file.encoding, file.sheet) if part)
        say(f"  {file.file} ({read_as}): {file.rows:,} rows, {file.refused:,} refused")
    for title, rules in (("refused", report.refused_by_rule), ("to follow up", report.queries_by_rule)):
        for rule, count in rules.items():
            say(f"  {title}: {rule} {count:,}")
    for note in report.notes:
        messages.print(f"  note: {plain(note)}")


@app.command(epilog="Example:  wagekit check --store putuo.duckdb --wave 2023 --output checks")
def check(store: Store, wave: Wave, output: Annotated[Path | None, typer.Option("--output", "-o")] = None) -> None:
    """What the checks of a wave found: rows refused and answers to follow up, with --output as CSV files."""
    from wagekit.collect.store import open as open_store
    from wagekit.files import made_folder, replacing
    from wagekit.publish.open_data import neutral

    with open_store(store, read_only=True) as opened:
        opened.metadata(wave)
        found = {"refused": opened.refused(wave), "queries": opened.queries(wave)}
    folder = None if output is None else made_folder(output)
    for name, rows in found.items():
        say(f"{name}: {len(rows):,}")
        for rule, count in rows["rule"].value_counts().items():
            say(f"  {rule} {count:,}")
        if folder is not None:
            with replacing(folder / f"{name}_{wave}.csv") as beside:
                # The values come from the files: none may become a formula in a spreadsheet.
                rows.map(lambda value: neutral(value) if isinstance(value, str) else value).to_csv(
                    beside, index=False, encoding="utf-8-sig"
                )
            say(f"  {_shown(folder / f'{name}_{wave}.csv')}")


@app.command(epilog="Example:  wagekit tables --store putuo.duckdb --wave 2023 --output tables")
def tables(
    release: Declared = None,
    store: Replaced = None,
    wave: Annotated[int | None, typer.Option("--wave", "-w", help="Without a release.toml: the wave.")] = None,
    output: Output = Path("tables"),
) -> None:
    """Estimate and protect the wage tables of a release, or those a wave asks for, and write them."""
    from wagekit.publish.tables import make_tables

    declared = _declared(release, store, wave)
    with progress() as told:
        made = make_tables(declared, output, store=store, progress=told)
    for file in made.files:
        say(_shown(file))


@app.command(epilog="Example:  wagekit build --release release.toml --output reports/2023")
def build(
    release: Asked,
    store: Replaced = None,
    output: Output = Path("reports/release"),
    jobs: Jobs = None,
    force: Annotated[bool, typer.Option("--force", help="Make everything anew, changed or not.")] = False,
    wait: Wait = 0,
    confirm: Annotated[
        list[str] | None,
        typer.Option(
            help="The code that a build gave which stopped, once somebody has looked; may be given repeatedly."
        ),
    ] = None,
) -> None:
    """Build a whole release, tables and reports: complete, or the one before stays as it was."""
    from wagekit.builds.build import build as build_release
    from wagekit.builds.journal import note_refusal
    from wagekit.publish.configuration import Release

    try:
        declared = Release.load(release)
    except WagekitError as problem:
        note_refusal(output, problem)
        raise
    with progress() as told:
        built = build_release(
            declared, output, store=store, jobs=jobs, force=force, wait=wait, confirm=confirm or (), progress=told
        )
    for file in built.files:
        say(_shown(file))
    messages.print(plain(built.summary))


@app.command(epilog="Example:  wagekit verify --release release.toml --output reports/2023")
def verify(
    release: Asked,
    store: Replaced = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The built release.")] = Path("reports/release"),
    jobs: Jobs = None,
) -> None:
    """Build a release again, elsewhere, and compare it with the built one byte for byte."""
    from wagekit.builds.verify import verify as verify_release
    from wagekit.publish.configuration import Release

    with progress() as told:
        differences = verify_release(Release.load(release), output, store=store, jobs=jobs, progress=told)
    for difference in differences:
        say(str(difference))
    if differences:
        raise typer.Exit(1)
    say(f"{_shown(output)}: the same, byte for byte")


@app.command(epilog="Example:  wagekit status --output reports/2023 --release release.toml")
def status(
    output: Annotated[Path, typer.Option("--output", "-o", help="The built release.")] = Path("reports/release"),
    release: Declared = None,
    language: Annotated[Language, typer.Option("--language", help="Of the line.")] = "zh",
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """One line on the health of a release; exit status 0 healthy, 1 failing or overdue, 2 unknown."""
    import json

    from wagekit.builds.status import status as status_of
    from wagekit.publish.configuration import Release

    found = status_of(output, declared=Release.load(release) if release is not None else None)
    say(json.dumps(found.to_json(), ensure_ascii=False) if as_json else found.line(language))
    raise typer.Exit(found.exit_status)


@app.command(
    epilog="Example:  wagekit feedback --release release.toml --published reports/2023 --keys keys.csv "
    "--output feedback/2023"
)
def feedback(
    release: Asked,
    keys: Annotated[Path, typer.Option("--keys", "-k", help="A CSV of enterprise_id and key, outside the output.")],
    output: Output,
    published: Annotated[
        Path, typer.Option("--published", "-p", help="The built release that the letters are made beside.")
    ] = Path("reports/release"),
    store: Replaced = None,
    make_keys: Annotated[bool, typer.Option("--make-keys", help="Make the keys that are missing, first.")] = False,
    jobs: Jobs = None,
    wait: Wait = 0,
) -> None:
    """An encrypted PDF for each surveyed enterprise: its pay, growth and labour cost beside what is published."""
    from wagekit.builds.feedback import build_feedback, surveyed
    from wagekit.builds.feedback_keys import make_keys as make
    from wagekit.publish.configuration import Release

    declared = Release.load(release)
    if make_keys:
        count = make(keys, surveyed(declared, store=store), folders=(output, published))
        say(f"{count:,} keys made: {_shown(keys)}")
    with progress() as told:
        built = build_feedback(
            declared, output, published=published, keys=keys, store=store, jobs=jobs or 2, wait=wait, progress=told
        )
    taken = f" ({built.reused:,} of them made before)" if built.reused else ""
    say(f"{len(built.files):,} files{taken} and {_shown(built.index)}")


@app.command(epilog="Example:  wagekit reports --release release.toml")
def reports(release: Declared = None) -> None:
    """The notebooks that a release can name, each with its parameters, their types, defaults and allowed values."""
    from wagekit.builds.plan import notebooks
    from wagekit.publish.rendering.notebook import load

    for name, path in sorted(notebooks(release.parent if release is not None else Path()).items()):
        say(f"{name}  ({_shown(path)})")
        for parameter in load(path).parameters:
            allowed = " | ".join(map(repr, parameter.choices)) or parameter.kind.__name__
            note = f"  # {parameter.description}" if parameter.description else ""
            say(f"    {parameter.name}: {allowed} = {parameter.default!r}{note}")


def _declared(release: Path | None, store: Path | None, wave: int | None) -> Release:
    from wagekit.publish.configuration import Release, default_release

    if release is not None:
        if wave is not None:
            raise InputError("--wave beside --release", where="wagekit tables", expected="the wave in the release.toml")
        return Release.load(release)
    if store is None or wave is None:
        raise InputError(
            "neither a release.toml nor a store and a wave",
            where="wagekit tables",
            expected="--release, or --store and --wave",
        )
    return default_release(store, wave)


def _shown(path: Path) -> str:
    """A path as short as it can be said from here."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
