"""Pipeline: the steps of each writing command, which runs alone in its home."""

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
from estore.findings.phrases import counted
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
    """The result of one run; snapshot is None if data tests failed."""

    loaded: LoadReport
    built: BuildReport
    snapshot: Manifest | None


@contextmanager
def _alone(
    settings: Settings, command: str, console: Console, *, has_files: bool = False
) -> Iterator[None]:
    """Holds the run lock and keeps the warehouse open. has_files: the warehouse may not exist yet.

    Otherwise the file would close between dbt's connections, which costs time and lets others in.
    """
    with run_lock(settings.home, command, console.line):
        if settings.target == "duckdb" and not settings.warehouse.exists():
            if not has_files:
                raise NothingLoaded(missing(settings))
            if (settings.published / "CURRENT").exists():
                console.line(
                    f"{settings.warehouse} is missing, so a new one is created. It contains only "
                    "the files that this run names",
                    "yellow",
                )
        if warning := openness(settings.home):
            console.line(warning, "yellow")
        shutil.rmtree(settings.temp, ignore_errors=True)  # left by a crash
        with open_warehouse(settings):
            yield


def look_at(places: Sequence[str], console: Console) -> Found:
    """The files at the places, with a line for each problem; raises EstoreError if none."""
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
    """Load files with a progress bar and a line for each file; see load_files."""
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
    """Build pending days; publish a snapshot if the data tests pass, unless nothing changed.

    days: the first and last of extra days to rebuild. on_node: see Transform. Raises
    EstoreError if those days have no events.
    """
    with _alone(settings, "build", console):
        if days:
            with open_warehouse(settings) as warehouse, warehouse.transaction():
                if not batches.wait_again(warehouse.control_tables, *days):
                    raise EstoreError(
                        f"no events are loaded for {days[0]} to {days[1]}; `estore status` shows "
                        "the days covered"
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
    """Publish the last build as a new snapshot; raises EstoreError if it failed."""
    with _alone(settings, "publish", console):
        transform = Transform(settings, shop)
        if not transform.is_sound():
            raise EstoreError(
                "the last build is incomplete or its data tests failed: run `estore build`"
            )
        return _publish(settings, transform)


def withdraw(settings: Settings, uri: str, console: Console) -> tuple[Entry, Entry | None]:
    """Withdraw a file's rows; returns its entry, and the duplicate that keeps the rows, if any."""
    with _alone(settings, "withdraw", console), open_warehouse(settings) as warehouse:
        return loading.withdraw(warehouse, uri)


def reload(
    settings: Settings, shop: ShopConfig, files: Sequence[LandedFile], console: Console
) -> LoadReport:
    """Reload files with the current mapping and replace their old rows.

    If a file is refused now, its old rows stay.
    """
    with _alone(settings, "reload", console, has_files=True):
        return _load(settings, shop, files, console, again=True)


def snapshot(
    settings: Settings,
    shop: ShopConfig,
    console: Console,
    on_node: Callable[[Any], None] = lambda run: None,
) -> None:
    """Record every customer's current segment and status."""
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
        kind = "data test failed" if problem.is_error else "data test warning"
        said = f" ({problem.description})" if problem.description else ""
        console.line(
            f"{kind}: {problem.name}{said}: {problem.rows} rows; see the query in "
            f"{problem.compiled}",
            "red" if problem.is_error else "yellow",
        )
    if not report.holds:
        return report, None
    if report.is_skipped and (manifest := _still_published(settings, transform, console)):
        console.line("nothing new: the last snapshot is current")
        return report, manifest
    with console.step("publish"):
        transform.snapshot(only_if_new=True)
        return report, _publish(settings, transform)


def _still_published(settings: Settings, transform: Transform, console: Console) -> Manifest | None:
    """The manifest of the last build's snapshot; None if it is missing or damaged."""
    try:
        folder = current_version(settings)
        manifest = check_snapshot(folder) if folder else None
    except Damaged as error:
        console.line(f"{error}; this command also does so", "yellow")
        return None
    return manifest if manifest and transform.is_published(manifest.version) else None


def _publish(settings: Settings, transform: Transform) -> Manifest:
    manifest = publish(settings, transform)
    transform.note_published(manifest.version)
    return manifest


def outcome_line(outcome: Outcome) -> str:
    """One file's outcome as a line of text."""
    name = one_line(outcome.uri.rsplit("/", 1)[-1])
    if outcome.error:
        return f"{name}: refused: {outcome.error}"
    said = f"{name}: {outcome.status}"
    if outcome.status == "loaded":
        said += f", {counted(outcome.lines, 'row')}"
        if outcome.rejected:
            reasons = "; ".join(
                f"{count:,} × {reason}" for reason, count in outcome.reasons.items()
            )
            said += f", {outcome.rejected:,} rejected ({reasons})"
    return said + "".join(f"; {note}" for note in outcome.notes)
