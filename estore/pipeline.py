"""Pipeline: what each writing command does, alone in its home from its first to its last step."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from estore import load as loading
from estore.build import batches
from estore.build.builder import BuildReport, Transform
from estore.console import Console
from estore.errors import Damaged, EstoreError, NothingLoaded
from estore.escaping import one_line
from estore.home import openness
from estore.landing import Found, LandedFile, look
from estore.load import LoadReport, load_files
from estore.load.ledger import Entry
from estore.load.loader import Outcome
from estore.runlock import run_lock
from estore.settings import Settings
from estore.shop import ShopConfig
from estore.snapshot.manifest import Manifest, check_snapshot, current_version
from estore.snapshot.writer import publish
from estore.warehouse import open_warehouse
from estore.warehouse.duckdb import missing


@dataclass(frozen=True)
class RunReport:
    """What one run did; snapshot is None where the data tests did not hold."""

    loaded: LoadReport
    built: BuildReport
    snapshot: Manifest | None


@contextmanager
def _alone(
    settings: Settings, command: str, console: Console, *, has_files: bool = False
) -> Iterator[None]:
    """The run lock, and the warehouse kept open. has_files: there may be no warehouse yet.

    Between dbt's own connections the file would be closed: time lost, and a door for others.
    """
    with run_lock(settings.home, command, console.line):
        if settings.target == "duckdb" and not settings.warehouse.exists():
            if not has_files:
                raise NothingLoaded(missing(settings))
            if (settings.published / "CURRENT").exists():
                console.line(
                    f"{settings.warehouse} is missing: a new one is made. Files that this run does "
                    "not name are not in it",
                    "yellow",
                )
        if warning := openness(settings.home):
            console.line(warning, "yellow")
        shutil.rmtree(settings.temp, ignore_errors=True)  # what a crash has left there
        with open_warehouse(settings):
            yield


def look_at(places: Sequence[str], console: Console) -> Found:
    """What is at the places, with a line for each problem; raises EstoreError if that is all."""
    found = look(places)
    if found.problems and not found.by_uri:
        raise EstoreError("; ".join([*found.problems, *found.notes]))
    for problem in found.problems:
        console.line(f"not loaded: {one_line(problem)}", "red")
    for note in found.notes:
        console.line(one_line(note), "yellow")
    return found


def load(
    settings: Settings,
    shop: ShopConfig,
    files: Sequence[LandedFile],
    console: Console,
    *,
    restore: bool = False,
    again: bool = False,
) -> LoadReport:
    """Load files with a progress bar and a line for each; restore, again: see load_files."""
    with _alone(settings, "load", console, has_files=True):
        return _load(settings, shop, files, console, restore=restore, again=again)


def build(
    settings: Settings,
    shop: ShopConfig,
    console: Console,
    *,
    full_refresh: bool = False,
    days: tuple[date, date] | None = None,
    on_node: Callable[[Any], None] = lambda run: None,
) -> tuple[BuildReport, Manifest | None]:
    """Build what waits; publish a snapshot where the data tests hold, unless nothing changed.

    days: the first and last day that are built anew besides. on_node: see Transform. Raises
    EstoreError where those days hold no events.
    """
    with _alone(settings, "build", console):
        if days:
            with open_warehouse(settings) as warehouse, warehouse.transaction():
                if not batches.wait_again(warehouse.control_tables, *days):
                    raise EstoreError(
                        f"no events are loaded for {days[0]} to {days[1]}; `estore status` says "
                        "which days are covered"
                    )
        transform = Transform(settings, shop, on_node)
        return _build(settings, transform, console, full_refresh=full_refresh)


def run(
    settings: Settings, shop: ShopConfig, files: Sequence[LandedFile], console: Console
) -> RunReport:
    """Load, build, publish."""
    with _alone(settings, "run", console, has_files=bool(files)):
        loaded = _load(settings, shop, files, console) if files else LoadReport()
        built, manifest = _build(settings, Transform(settings, shop), console)
    return RunReport(loaded, built, manifest)


def publish_again(settings: Settings, shop: ShopConfig, console: Console) -> Manifest:
    """Publish the last build as a new snapshot; raises EstoreError where it is not sound."""
    with _alone(settings, "publish", console):
        transform = Transform(settings, shop)
        if not transform.is_sound():
            raise EstoreError(
                "the last build is not complete or its data tests failed: `estore build`"
            )
        return _publish(settings, transform)


def withdraw(settings: Settings, uri: str, console: Console) -> tuple[Entry, Entry | None]:
    """Take a file's rows back; its entry, and the duplicate that keeps the rows, if any."""
    with _alone(settings, "withdraw", console), open_warehouse(settings) as warehouse:
        return loading.withdraw(warehouse, uri)


def reload(
    settings: Settings, shop: ShopConfig, files: Sequence[LandedFile], console: Console
) -> LoadReport:
    """Read files again as if they were new, with today's mapping, in place of their old rows.

    Of a file that is refused now, the old rows stay.
    """
    with _alone(settings, "reload", console, has_files=True):
        return _load(settings, shop, files, console, again=True)


def snapshot(
    settings: Settings,
    shop: ShopConfig,
    console: Console,
    on_node: Callable[[Any], None] = lambda run: None,
) -> None:
    """Record now what is said of every customer."""
    with _alone(settings, "snapshot", console):
        Transform(settings, shop, on_node).snapshot(only_if_new=False)


def _load(
    settings: Settings,
    shop: ShopConfig,
    files: Sequence[LandedFile],
    console: Console,
    *,
    restore: bool = False,
    again: bool = False,
) -> LoadReport:
    total = sum(file.bytes for file in files)
    with console.step("load") as step, open_warehouse(settings) as warehouse:
        report = LoadReport()

        def on_outcome(outcome: Outcome) -> None:
            report.outcomes.append(outcome)
            console.line(outcome_line(outcome), "red" if outcome.status == "refused" else None)
            for warning in outcome.warnings:
                name = one_line(outcome.uri.rsplit("/", 1)[-1])
                console.line(f"WARNING: {name}: {warning}", "bold yellow")

        load_files(
            warehouse,
            files,
            shop,
            settings,
            restore=restore,
            again=again,
            on_outcome=on_outcome,
            on_progress=lambda done, lines: step.update(done, total, lines),
        )
    return report


def _build(
    settings: Settings, transform: Transform, console: Console, *, full_refresh: bool = False
) -> tuple[BuildReport, Manifest | None]:
    if changed := transform.changed_thresholds():
        console.line(f"thresholds changed since the last build: {', '.join(changed)}", "yellow")
    with console.step("build") as step:
        report = transform.build(
            full_refresh=full_refresh,
            on_rows=lambda done, total: step.update(done, total, done) if done else None,
            on_phase=step.title,
        )
    for problem in report.problems:
        kind = "data test failed" if problem.is_error else "data test warns"
        said = f" ({problem.description})" if problem.description else ""
        console.line(
            f"{kind}: {problem.name}{said}: {problem.rows} rows; see the query in "
            f"{problem.compiled}",
            "red" if problem.is_error else "yellow",
        )
    if not report.holds:
        return report, None
    if report.is_skipped and (manifest := _still_published(settings, transform, console)):
        console.line("nothing new: the last snapshot still holds")
        return report, manifest
    with console.step("publish"):
        transform.snapshot(only_if_new=True)
        return report, _publish(settings, transform)


def _still_published(settings: Settings, transform: Transform, console: Console) -> Manifest | None:
    """The manifest of the last build's snapshot; None where it is not there, or not whole."""
    try:
        folder = current_version(settings)
        manifest = check_snapshot(folder) if folder else None
    except Damaged as error:
        console.line(f"{error}, and so does this command", "yellow")
        return None
    return manifest if manifest and transform.is_published(manifest.version) else None


def _publish(settings: Settings, transform: Transform) -> Manifest:
    manifest = publish(settings, transform)
    transform.note_published(manifest.version)
    return manifest


def outcome_line(outcome: Outcome) -> str:
    """One file's outcome for a person."""
    name = one_line(outcome.uri.rsplit("/", 1)[-1])
    if outcome.error:
        return f"{name}: refused: {outcome.error}"
    said = f"{name}: {outcome.status}"
    if outcome.status == "loaded":
        said += f", {outcome.lines:,} lines"
        if outcome.rejected:
            reasons = "; ".join(
                f"{count:,} × {reason}" for reason, count in outcome.reasons.items()
            )
            said += f", of which {outcome.rejected:,} rejected ({reasons})"
    return said + "".join(f"; {note}" for note in outcome.notes)
