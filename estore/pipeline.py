"""Pipeline: the steps of each writing command, which runs alone in its home."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from estore import load as loading
from estore.audiences.published import write_tables
from estore.build import batches
from estore.build.builder import BuildReport, Transform
from estore.console import Console
from estore.errors import Damaged, EstoreError, NothingLoaded
from estore.escaping import one_line
from estore.findings.phrases import counted
from estore.forget import request, sweep
from estore.home import openness
from estore.landing import Found, LandedFile, look
from estore.load import LoadReport, load_files
from estore.load.forgotten import Forgotten
from estore.load.ledger import Entry
from estore.load.loader import Outcome
from estore.runlock import run_lock
from estore.settings import Settings
from estore.shop import ShopConfig
from estore.snapshot.manifest import Manifest, check_snapshot, current_version
from estore.snapshot.writer import publish
from estore.warehouse import Warehouse, open_warehouse
from estore.warehouse.duckdb import missing


@dataclass(frozen=True)
class RunReport:
    """The result of one run; snapshot is None if data tests failed."""

    loaded: LoadReport
    built: BuildReport
    snapshot: Manifest | None


@contextmanager
def _alone(
    settings: Settings,
    command: str,
    console: Console,
    *,
    has_files: bool = False,
    shop: ShopConfig | None = None,
) -> Iterator[None]:
    """Holds the run lock and keeps the warehouse open. has_files: the warehouse may not exist yet.

    shop: for a command that first completes an interrupted `forget`.

    Otherwise the file would close between dbt's connections, which costs time and lets others in.
    """
    with run_lock(settings.home, command, console.line):
        if settings.target == "duckdb" and not settings.warehouse.exists():
            if not has_files:
                _check_loaded(settings)
            if (settings.published / "CURRENT").exists():
                console.line(
                    f"{settings.warehouse} is missing, so a new one is created. It contains only "
                    "the files that this run names",
                    "yellow",
                )
        if warning := openness(settings.home):
            console.line(warning, "yellow")
        shutil.rmtree(settings.temp, ignore_errors=True)  # left by a crash
        is_there = settings.target == "bigquery" or settings.warehouse.exists()
        if shop and is_there and request.pending(settings):
            console.line("completing `estore forget`, which did not end", "yellow")
            _forget(settings, shop, console)
        with open_warehouse(settings):
            yield


def _check_loaded(settings: Settings) -> None:
    if settings.target == "duckdb" and not settings.warehouse.exists():
        raise NothingLoaded(missing(settings))


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
    with _alone(settings, "load", console, has_files=True, shop=shop):
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
    with _alone(settings, "build", console, shop=shop):
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
    with _alone(settings, "run", console, has_files=bool(files), shop=shop):
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
        return _publish(settings, transform, console)


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
    with _alone(settings, "reload", console, has_files=True, shop=shop):
        return _load(settings, shop, files, console, again=True)


@dataclass(frozen=True)
class ForgetReport:
    """What `forget` did: deleted rows, and what it could not remove."""

    rows: int
    open_snapshots: list[Path]
    other_files: list[Path]


def forget(
    settings: Settings, shop: ShopConfig, ids: Sequence[str], console: Console
) -> ForgetReport:
    """Remove people from everything in the home; a kill is completed by the next run.

    Raises EstoreError if the tables cannot be rebuilt; then the next run tries again.
    """
    with run_lock(settings.home, "forget", console.line):
        _check_loaded(settings)
        earlier = request.pending(settings)
        people = [*(earlier.ids if earlier else []), *request.cleaned(ids)]
        request.note(settings, request.Request(request.cleaned(people)))
        return _forget(settings, shop, console)


def _forget(settings: Settings, shop: ShopConfig, console: Console) -> ForgetReport:
    asked = request.pending(settings)
    if asked is None:
        return ForgetReport(0, [], [])
    with open_warehouse(settings) as warehouse:
        with warehouse.transaction():
            forgotten = Forgotten(warehouse)
            rows = forgotten.remove(asked.ids)
            forgotten.remember(asked.ids)
        if rows or not asked.is_rewritten:
            _, manifest = _build(settings, Transform(settings, shop), console)
            if manifest is None:
                raise EstoreError(
                    "data tests failed, so old tables and snapshots still contain the forgotten "
                    "people. Fix the cause; the next run completes this"
                )
    if settings.target == "duckdb" and (rows or not asked.is_rewritten):
        with console.step("rewrite the warehouse"):
            sweep.rewrite_warehouse(settings)
    sweep.clean_logs(settings, asked.ids)
    sweep.clean_records(settings, asked.ids)
    still_open = sweep.remove_old_snapshots(settings)
    if still_open:
        request.note(settings, request.Request(asked.ids, is_rewritten=True))
    else:
        request.done(settings)
    return ForgetReport(rows, still_open, sweep.files_with(settings, asked.ids))


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
        return report, _publish(settings, transform, console)


def _still_published(settings: Settings, transform: Transform, console: Console) -> Manifest | None:
    """The manifest of the last build's snapshot; None if it is missing or damaged."""
    try:
        folder = current_version(settings)
        manifest = check_snapshot(folder) if folder else None
    except Damaged as error:
        console.line(f"{error}; this command also does so", "yellow")
        return None
    return manifest if manifest and transform.is_published(manifest.version) else None


def _publish(settings: Settings, transform: Transform, console: Console) -> Manifest:
    """A wrong definition of an audience must not keep the numbers from being published."""

    def add(warehouse: Warehouse, folder: Path) -> dict[str, int]:
        try:
            return write_tables(settings, warehouse, folder)
        except EstoreError as error:
            for leftover in folder.glob("audience_*"):
                leftover.unlink()
            console.line(f"published without audiences: {error}", "yellow")
            return {}

    manifest = publish(settings, transform, add)
    transform.note_published(manifest.version)
    return manifest


def outcome_line(outcome: Outcome) -> str:
    """One file's outcome as a line of text."""
    name = one_line(outcome.uri.rsplit("/", 1)[-1])
    if outcome.error:
        hint = "" if "estore inspect" in outcome.error else "; `estore inspect` shows its content"
        return f"{name}: refused: {outcome.error.rstrip('.')}{hint}"
    said = f"{name}: {outcome.status}"
    if outcome.status == "loaded":
        said += f", {counted(outcome.lines, 'row')}"
        if outcome.rejected:
            reasons = "; ".join(
                f"{count:,} × {reason}" for reason, count in outcome.reasons.items()
            )
            said += f", {outcome.rejected:,} rejected ({reasons})"
    return said + "".join(f"; {note}" for note in outcome.notes)
