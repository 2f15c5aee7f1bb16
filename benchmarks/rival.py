"""Rival: runs the plain pipeline within the same limits and compares it with ours."""

import sys
from pathlib import Path
from typing import Any

from benchmarks.agreement import disagreements, fingerprints
from benchmarks.machine import ROOT
from benchmarks.measure import Run, run
from benchmarks.plan import Plan
from estore.synth import write_months


def plain_way(plan: Plan, marts: dict[str, str]) -> dict[str, Any]:
    """Build the same marts with one statement each, until success, failure or timeout."""
    plan.say("  the plain pipeline")
    home = plan.folder / "plain"
    warehouse = home / "warehouse.duckdb"
    command = [sys.executable, "-m", "benchmarks.plain"]
    environment = plan.environment() | {"PYTHONPATH": str(ROOT)}

    def plain(*words: str | Path, limit: float | None = None) -> Run:
        return run([*command, *words], watched=home, environment=environment, limit=limit)

    runs: list[Run] = []
    if plan.month_by_month:
        for path in write_months(plan.landing, plan.shop):
            runs.append(plain("load", warehouse, path))
            path.unlink()
    else:
        runs.append(plain("load", warehouse, *sorted(plan.landing.glob("*.csv"))))
    load = sum(one.seconds for one in runs)
    built = plain("build", warehouse, limit=max(0.0, plan.plain_limit - load))
    runs.append(built)
    report: dict[str, Any] = {
        "seconds": load + built.seconds,
        "peak_memory": max(one.peak_memory for one in runs),
        "peak_disk": max(one.peak_disk for one in runs),
        "stages": {"load": load} | {
            name: float(seconds) for name, seconds in (line.split(": ") for line in built.out)
        },
    }  # fmt: skip
    if built.code is None:
        return report | {"stopped": True}
    if built.code != 0:
        said = "\n".join(line for one in runs for line in one.err)
        return report | {"failed": said[-2000:]}
    found = fingerprints(warehouse, skipped=plan.skipped)
    return report | {"compared": sorted(found), "disagree": disagreements(marts, found)}
