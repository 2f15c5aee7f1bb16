"""Bench: all measurements of one size, in an order that fits the disk."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.agreement import fingerprints
from benchmarks.landing import bare_scan, write_late_file, write_next_day
from benchmarks.measure import Run, median_seconds
from benchmarks.plan import ESTORE, MONTHS, Plan
from benchmarks.rival import plain_way
from benchmarks.stages import LogTail, stages
from estore.synth import write_months

NEXT_DAY_EVENTS, LATE_EVENTS_A_DAY = 2_000_000, 10_000
Report = dict[str, Any]


def bench(plan: Plan, keep: Callable[[Report], None] = lambda report: None) -> Report:
    """Run all measurements of one size. Its folder is emptied before and deleted afterwards.

    After each part, keep gets the results so far, so that a later failure loses nothing.
    """
    with _emptied(plan.folder):
        report: Report = {
            "events": plan.events,
            "date": machine.now()[:10],
            "commit": machine.commit(),
            "machine": machine.machine(),
            "threads": plan.threads,
            "memory_limit": plan.memory_limit,
        }
        report |= _month_by_month(plan) if plan.month_by_month else _whole(plan)
        keep(report)
        marts = fingerprints(plan.folder / "home" / "warehouse.duckdb", skipped=plan.skipped)
        report |= _what_comes_later(plan)
        keep(report)
        shutil.rmtree(plan.folder / "home")
        if plan.low_memory:
            home, limit = "small", plan.low_memory
            run = plan.estore("run", plan.landing, home=home, memory_limit=limit)
            report["low_memory"] = {"limit": limit, **_measured(run)}
            shutil.rmtree(plan.folder / home)
            keep(report)
        if plan.plain_limit:
            report["plain"] = plain_way(plan, marts)
        report["finished_at"] = machine.now()
        keep(report)
        return report


def _whole(plan: Plan) -> Report:
    """All months at once: one scan, one `estore run`."""
    plan.say("  synthetic shop")
    files = list(write_months(plan.landing, plan.shop))
    _write_later_files(plan, files[-1])
    os.sync()  # earlier writes must not slow down the measurement
    lines, scan = bare_scan(files, threads=plan.threads, times=3 if plan.events < 5e7 else 2)
    log = LogTail(plan.folder / "home" / "logs" / "dbt.log")
    run = plan.estore("run", plan.landing)
    return {
        "lines": lines,
        "csv_bytes": sum(path.stat().st_size for path in files),
        "scan_seconds": scan,
        "run": {**_measured(run), "stages": stages(run.err, log.read(), run.seconds)},
    }


def _month_by_month(plan: Plan) -> Report:
    """Create, scan, load and delete month after month; then one `estore build`."""
    report: Report = {"lines": 0, "csv_bytes": 0, "scan_seconds": 0.0}
    runs: list[Run] = []
    log = LogTail(plan.folder / "home" / "logs" / "dbt.log")
    for number, path in enumerate(write_months(plan.landing, plan.shop), start=1):
        os.sync()
        lines, scan = bare_scan([path], threads=plan.threads, times=1)
        report["lines"] += lines
        report["csv_bytes"] += path.stat().st_size
        report["scan_seconds"] += scan
        runs.append(plan.estore("load", path))
        if number == MONTHS:
            _write_later_files(plan, path)
        path.unlink()
    runs.append(plan.estore("build"))
    wall = sum(one.seconds for one in runs)
    load = {"load": sum(one.seconds for one in runs[:-1])}
    report["run"] = {
        "seconds": wall,
        "peak_memory": max(one.peak_memory for one in runs),
        "peak_disk": max(one.peak_disk for one in runs),
        "stages": stages(runs[-1].err, log.read(), runs[-1].seconds) | load,
    }
    return report


def _write_later_files(plan: Plan, last_month: Path) -> None:
    next_day = min(NEXT_DAY_EVENTS, plan.events // 10)
    write_next_day(last_month, plan.folder / "next-day.csv", next_day)
    late = min(LATE_EVENTS_A_DAY, plan.events // 300)
    write_late_file(last_month, plan.folder / "late.csv", late)


def _what_comes_later(plan: Plan) -> Report:
    """One more day, a late file, nothing new, and the commands that only read."""
    report: Report = {}
    for name, file in (("next_day", "next-day.csv"), ("late_file", "late.csv")):
        path = plan.folder / file
        with path.open("rb") as lines:
            count = sum(1 for _ in lines) - 1
        log = LogTail(plan.folder / "home" / "logs" / "dbt.log")
        run = plan.estore("run", path)
        spent = stages(run.err, log.read(), run.seconds)
        report[name] = {"lines": count, **_measured(run), "stages": spent}
    report["nothing_new"] = _measured(plan.estore("run", plan.folder / "late.csv"))
    for words in (["status"], ["findings"], ["--help"]):
        report[words[0].strip("-")] = {
            "seconds": median_seconds(
                [ESTORE, *words], plan.times,
                watched=plan.folder / "home", environment=plan.environment(),
            )
        }  # fmt: skip
    return report


def _measured(run: Run) -> Report:
    return {
        "seconds": run.seconds,
        "peak_memory": run.peak_memory,
        "peak_disk": run.peak_disk,
    }


@contextmanager
def _emptied(folder: Path) -> Iterator[None]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield
    finally:
        shutil.rmtree(folder)
