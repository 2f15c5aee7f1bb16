"""The command `estore`. Each command imports heavy libraries itself, so `--help` is instant."""

import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from estore import interruption
from estore.arguments import GivenPath, near, utf8
from estore.assistant.verbs import mcp
from estore.audiences.verbs import audience
from estore.dashboard.verbs import report, serve
from estore.error_report import in_words, unexpected
from estore.errors import EstoreError
from estore.escaping import printable
from estore.export.verbs import export
from estore.inspection.verb import inspect
from estore.queries import verbs

if TYPE_CHECKING:
    from estore.console import Console
    from estore.landing import Found
    from estore.load import LoadReport
    from estore.settings import Settings
    from estore.shop import ShopConfig

DONE, REFUSED, MISUSED, FAILED = 0, 1, 2, 3
#: The exit code that shells use when the reader of a pipe has closed it (128 + SIGPIPE).
CUT_OFF = 141


class Context:
    """Options that all commands share, and the objects derived from them."""

    def __init__(self, home: Path | None) -> None:
        self._home = home

    @property
    def settings(self) -> "Settings":
        """The settings, with --home on top; raises EstoreError for a wrong value."""
        from pydantic import ValidationError

        from estore.settings import Settings

        try:
            return Settings(home=self._home) if self._home else Settings()
        except ValidationError as error:
            said = "; ".join(
                f"ESTORE_{str(fault['loc'][0]).upper()}: {fault['msg']}"
                if fault["loc"] else fault["msg"].removeprefix("Value error, ")
                for fault in error.errors()
            )  # fmt: skip
            raise EstoreError(f"{said}. Fix it in the environment or in .env") from error
        except UnicodeDecodeError as error:
            raise EstoreError(".env is not UTF-8; save it again as UTF-8 text") from error

    @property
    def home(self) -> Path:
        """The folder for logs, even if a setting is wrong."""
        try:
            return self.settings.home
        except (EstoreError, OSError):
            return self._home or Path(".estore")

    def shop(self, mapping: Path | None = None, preset: str | None = None) -> "ShopConfig":
        """The shop's shop.toml, with its thresholds checked; preset: the source of all files."""
        from estore.build.dbt_project import read_checked_shop
        from estore.shop import with_preset

        settings = self.settings
        path = mapping or settings.shop_file
        shop = read_checked_shop(path, must_exist=bool(mapping or settings.shop))
        return with_preset(shop, preset) if preset else shop

    def console(self, *, quiet: bool = False) -> "Console":
        """The console that shows progress."""
        from estore.console import Console

        return Console(quiet=quiet)


class _Group(click.Group):
    """Turns expected errors into one sentence and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        with interruption.interruptible() as stop:
            try:
                return super().invoke(ctx)
            except (click.ClickException, click.exceptions.Exit, click.Abort):
                raise  # misuse, or a requested exit
            except (Exception, KeyboardInterrupt) as error:
                if stop.is_asked or isinstance(error, KeyboardInterrupt):
                    _say(interruption.MESSAGE, err=True)
                    sys.exit(interruption.EXIT_CODE)
                said = in_words(error) or unexpected(error, Context(ctx.params["home"]).home)
                _say(f"error: {said}", err=True)
                sys.exit(FAILED)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--home", type=GivenPath(path_type=Path), help="Folder for everything that estore writes."
)
@click.version_option(package_name="estore-analytics")
@click.pass_context
def main(ctx: click.Context, home: Path | None) -> None:
    """Customer analytics for online shops: event files in, trusted numbers out."""
    ctx.obj = Context(home)


_paths = click.argument("paths", nargs=-1)
_mapping = click.option(
    "--mapping", type=GivenPath(path_type=Path), help="A shop.toml that maps the files' columns."
)
_preset = click.option(
    "--preset", help="The source that wrote the files, such as ga4; `estore inspect` names it."
)
_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def _format(*forms: str) -> Callable[[Any], Any]:
    return click.option(
        "--format", "form", type=click.Choice(forms), default=forms[0], show_default=True
    )


@main.command()
@_paths
@_mapping
@_preset
@click.option("--data", hidden=True, help="PATHS as one text, as `make run DATA=` passes them.")
@_json
@click.pass_obj
def run(
    context: Context, paths: tuple[str, ...], mapping: Path | None, preset: str | None,
    data: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Load PATHS (files, folders, patterns, buckets), build, publish, print the key findings."""
    from estore import pipeline
    from estore.findings import findings
    from estore.landing import Found, places_in
    from estore.snapshot.reader import open_snapshot
    from estore.tables import to_json

    settings, console = context.settings, context.console(quiet=as_json)
    places = [*paths, *(places_in(data) if data else [])]
    shop = context.shop(mapping, preset)
    found = pipeline.look_at(places, console) if places else Found()
    if mapping and shop.thresholds:
        said = f"the thresholds of {mapping} apply to this run only; later commands read"
        console.line(f"{said} {settings.shop_file}. Copy them there", "yellow")
    report = pipeline.run(settings, shop, found.files, console)
    if report.snapshot is None:
        raise EstoreError("data tests failed, so nothing was published; see the messages above")
    with open_snapshot(settings) as (snapshot, manifest):
        result = findings.key_findings(snapshot, manifest)
    if as_json:
        _say(to_json({**_load_json(report.loaded, found), **findings.as_json(result, manifest)}))
    else:
        _say(findings.as_text(result, manifest))
        home = (
            "" if settings.home == Path(".estore") else f"--home {shlex.quote(str(settings.home))} "
        )
        _say(f"\nSnapshot: {settings.published / manifest.version}")
        _say(f"Next: `estore {home}serve` (or `make serve`) shows the dashboard.", err=True)
    sys.exit(REFUSED if report.loaded.refused or found.problems else DONE)


@main.command()
@_paths
@_mapping
@_preset
@click.option("--restore", is_flag=True, help="Also load withdrawn files.")
@click.option("--again", is_flag=True, help="Reload loaded files, e.g. after shop.toml changed.")
@_json
@click.pass_obj
def load(
    context: Context, paths: tuple[str, ...], mapping: Path | None, preset: str | None,
    restore: bool, again: bool, as_json: bool,
) -> None:  # fmt: skip
    """Load PATHS (files, folders, patterns, buckets); the same content is loaded only once."""
    from estore import pipeline
    from estore.tables import to_json

    if not paths:
        raise click.UsageError("name at least one file, folder or pattern")
    settings, shop, console = (
        context.settings,
        context.shop(mapping, preset),
        context.console(quiet=as_json),
    )
    found = pipeline.look_at(paths, console)
    report = pipeline.load(settings, shop, found.files, console, restore=restore, again=again)
    if as_json:
        _say(to_json(_load_json(report, found)))
    sys.exit(REFUSED if report.refused or found.problems else DONE)


@main.command()
@click.option("--full-refresh", is_flag=True, help="Rebuild all days.")
@_json
@click.pass_obj
def build(context: Context, full_refresh: bool, as_json: bool) -> None:
    """Build and test all pending days, and publish a snapshot if the tests pass."""
    from estore import pipeline
    from estore.tables import to_json

    console = context.console(quiet=as_json)
    report, manifest = pipeline.build(
        context.settings, context.shop(), console, full_refresh=full_refresh
    )
    if as_json:
        _say(to_json({
            "days": report.days, "rows": report.rows, "full_refresh": report.is_full,
            "skipped": report.is_skipped, "tests_passed": report.tests_passed,
            "problems": [vars(problem) for problem in report.problems],
            "snapshot": manifest.version if manifest else None,
        }))  # fmt: skip
    if manifest is None:
        raise EstoreError("data tests failed, so nothing was published; see the messages above")


@main.command("publish")
@click.pass_obj
def publish_again(context: Context) -> None:
    """Publish the last build as a new snapshot, if its data tests passed."""
    from estore import pipeline

    settings = context.settings
    manifest = pipeline.publish_again(settings, context.shop(), context.console())
    _say(settings.published / manifest.version)


@main.command()
@click.argument("path", callback=utf8)
@click.pass_obj
def withdraw(context: Context, path: str) -> None:
    """Remove the rows of the file at PATH; the next build updates the tables."""
    from estore import pipeline
    from estore.landing import local_path

    uri = path if "://" in path else str(local_path(path).resolve())
    entry, successor = pipeline.withdraw(context.settings, uri, context.console())
    if successor:
        _say(f"{entry.uri}: withdrawn, but its rows stay: {successor.uri} has the same rows")
    else:
        _say(
            f"{entry.uri}: {entry.loaded:,} rows withdrawn; run `estore build` to update the tables"
        )


@main.command()
@click.argument("ids", nargs=-1)
@click.option(
    "--file", "path", type=GivenPath(path_type=Path, dir_okay=False),
    help="A file with one user id per line.",
)  # fmt: skip
@click.pass_obj
def forget(context: Context, ids: tuple[str, ...], path: Path | None) -> None:
    """Remove the customers with these IDS from everything in the home, and keep them out."""
    from estore import pipeline
    from estore.forget import request

    for person in ids:
        utf8(click.get_current_context(), None, person)
    people = request.cleaned([*ids, *(request.read_ids(path) if path else [])])
    report = pipeline.forget(context.settings, context.shop(), people, context.console())
    _say(f"{len(people):,} forgotten, {report.rows:,} rows removed; later loads leave them out")
    for folder in report.open_snapshots:
        _say(f"{folder} is open in a reader; the next run deletes it", err=True)
    for file in report.other_files:
        _say(f"{file} still contains an id; delete it", err=True)
    _say(
        "Out of reach: landing files, files exported or sent earlier, backups"
        + (", and BigQuery's time travel (7 days)" if context.settings.target == "bigquery" else "")
    )


@main.command("record-history")
@click.pass_obj
def record_history(context: Context) -> None:
    """Record every customer's current segment and status, as a dated version."""
    from estore import pipeline

    pipeline.snapshot(context.settings, context.shop(), context.console())
    _say("recorded in snapshots.snap_user_rfm and snapshots.snap_user_status")


@main.command("snapshot", hidden=True)
@click.pass_context
def snapshot(context: click.Context) -> None:
    """The former name of `record-history`; it still works in this release."""
    _say("warning: `estore snapshot` is now called `estore record-history`")
    context.forward(record_history)


@main.command()
@_json
@click.pass_obj
def status(context: Context, as_json: bool) -> None:
    """Show files, rows, rejected rows, days covered, the last build and the last snapshot."""
    from estore import reading
    from estore.status import as_text
    from estore.tables import to_json

    result = reading.status(context.settings)
    if as_json:
        _say(to_json(result))
        sys.exit(FAILED if result["snapshot_error"] else DONE)
    _say(as_text(result))
    if result["snapshot_error"]:
        raise EstoreError(result["snapshot_error"])


@main.command("findings")
@_format("text", "markdown", "json")
@click.pass_obj
def show_findings(context: Context, form: str) -> None:
    """Print the key findings of the latest snapshot."""
    from estore.findings import findings
    from estore.snapshot.reader import open_snapshot
    from estore.tables import to_json

    with open_snapshot(context.settings) as (snapshot, manifest):
        found = findings.key_findings(snapshot, manifest)
    if form == "json":
        _say(to_json(findings.as_json(found, manifest)))
    else:
        write = findings.as_markdown if form == "markdown" else findings.as_text
        _say(write(found, manifest))


@main.command()
@click.argument("directory", type=GivenPath(path_type=Path, file_okay=False), callback=near)
@click.option(
    "--events", type=int, default=1_000_000, show_default=True, help="Total number of rows."
)
@click.option(
    "--months", type=int, default=2, show_default=True, help="Months of data, one file per month."
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed gives the same files."
)
@_format("csv", "csv.gz", "parquet")
@click.option(
    "--faults", default="usual", show_default=True,
    help="Tracking faults: usual, all, none, or names separated by commas.",
)  # fmt: skip
@click.option(
    "--repeat-hazard", "hazards", type=float, multiple=True, default=[1.0],
    help="Repeat purchase rate, 1 is the real shop's; repeat it for each monthly cohort.",
)  # fmt: skip
@click.option(
    "--buying", type=float, default=1.0, help="Chance that a session buys, 1 is the real shop's."
)
@click.option("--filling", type=float, default=1.0, help="Chance that a session fills a cart.")
@click.option("--drop-out", type=float, default=1.0, help="Chance that a customer never returns.")
@click.option("--spend", type=float, default=1.0, help="Price level, 1 is the real shop's.")
@click.option(
    "--known-customers", "known", type=float, default=0.2, show_default=True,
    help="Share of the first day's orders by customers who ordered before the data start.",
)  # fmt: skip
@click.pass_obj
def synth(
    context: Context, directory: Path, events: int, months: int, seed: int, form: str, faults: str,
    hazards: tuple[float, ...], buying: float, filling: float, drop_out: float, spend: float,
    known: float,
) -> None:  # fmt: skip
    """Write a synthetic shop modeled on the real one, and its true numbers, to DIRECTORY."""
    from estore.synth import Behavior, SyntheticShop, named_faults, write_shop

    try:
        shop = SyntheticShop(
            events=events, months=months, seed=seed, format=form, faults=named_faults(faults),
            behavior=Behavior(hazards, buying, filling, drop_out, spend), known_customers=known,
        )  # fmt: skip
        with context.console().step("synthetic shop") as step:
            paths = write_shop(
                directory, shop, on_progress=lambda rows: step.update(rows, events, rows)
            )
    except ValueError as error:
        raise click.UsageError(printable(str(error))) from error
    for path in paths:
        _say(path)


def _say(said: object, *, err: bool = False) -> None:
    """Print text without control characters; end quietly if the reader closed the pipe."""
    try:
        click.echo(printable(str(said)), err=err)
    except BrokenPipeError:  # as in `estore query … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2 if err else 1)
        sys.exit(CUT_OFF)


def _load_json(report: "LoadReport", found: "Found") -> dict[str, Any]:
    return {
        "files": [vars(outcome) for outcome in report.outcomes],
        "problems": found.problems, "skipped": found.skipped,
    }  # fmt: skip


for verb in (
    serve,
    report,
    inspect,
    verbs.query,
    verbs.rejects,
    verbs.tables,
    export,
    audience,
    mcp,
):
    main.add_command(verb)

if __name__ == "__main__":
    main()
