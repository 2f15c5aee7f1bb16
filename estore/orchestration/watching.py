"""Watching: sensors that start a load when files arrive, and transforms after a load."""

import hashlib
import json
import time
from collections.abc import Iterable
from typing import Any

import dagster as dg
from dagster import DagsterRunStatus, RunsFilter

from estore.errors import Busy, EstoreError
from estore.landing import LandedFile, list_landing
from estore.orchestration.alerts import Alert, Outbox
from estore.orchestration.arrivals import Arrivals, Attempt, Content, FileState, arrivals, content
from estore.orchestration.context import ShopContext
from estore.orchestration.failures import PASSING_TAG
from estore.orchestration.jobs import LOAD, REBUILD, RELOAD, TRANSFORM
from estore.orchestration.loading import LANDING
from estore.orchestration.notifications import unreadable_ledger
from estore.reading import ledger

#: The statuses of a run that has read nothing yet.
WAITING = [DagsterRunStatus.NOT_STARTED, DagsterRunStatus.QUEUED, DagsterRunStatus.STARTING]
UNDER_WAY = [*WAITING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]
ENDED = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]
#: The number of ended loads that count as tries.
REMEMBERED = 200
SET_TAG, FILES_TAG = "estore/set", "estore/files"


def landing_sensor(shop: ShopContext, outbox: Outbox) -> dg.SensorDefinition:
    """The sensor that starts one run for all new content, and one for each failed content."""

    @dg.sensor(
        name="landing_sensor", job_name=LOAD, minimum_interval_seconds=shop.thresholds.poll_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Compares the landing with the ledger and loads new files.",
    )  # fmt: skip
    def watch(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        if shop.settings.landing is None:
            return dg.SkipReason("ESTORE_LANDING is not set; no folder or bucket to watch")
        listing = _listing(shop.settings.landing, outbox)
        try:
            known = ledger(shop.settings)
        except Busy as busy:
            return dg.SkipReason(f"waiting for the current run before checking the landing: {busy}")
        except EstoreError as error:
            outbox.add(unreadable_ledger(error), time.time())
            raise
        attempts = _attempts(context.instance)
        # Earlier loads went into a warehouse that was deleted: their success does not count.
        if not known and shop.settings.target == "duckdb" and not shop.settings.warehouse.exists():
            attempts = [attempt for attempt in attempts if not attempt.has_succeeded]
        found = arrivals(listing, known, attempts, shop.thresholds.tries)
        for file in found.files(FileState.DEAD):
            outbox.add(_dead(file, shop.thresholds.tries), time.time())
        seen = hashlib.sha256(str(sorted(map(content, listing))).encode()).hexdigest()
        requests = [_request(context.instance, batch) for batch in found.batches()]
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=None if requests else dg.SkipReason(f"nothing to load: {found}"),
            cursor=seen,
            asset_events=[] if seen == context.cursor else [_observation(listing, found)],
        )

    return watch


def transform_sensor(shop: ShopContext) -> dg.SensorDefinition:
    """The sensor that starts the transforms when a load has ended since they last began.

    One run covers all ended loads; a queued run will see them all. Transforms that ended with a
    temporary error (lock held, network down) do not count as begun.
    """

    @dg.sensor(
        name="transform_sensor", job_name=TRANSFORM,
        minimum_interval_seconds=min(30, shop.thresholds.poll_seconds),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Builds the days loaded since the last transforms.",
    )  # fmt: skip
    def follow(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        builds = _records(context.instance, (TRANSFORM, REBUILD), [*UNDER_WAY, *ENDED])
        if any(build.dagster_run.status in WAITING for build in builds):
            return dg.SkipReason("a queued run will build all loaded days")
        loads = _records(context.instance, (LOAD, RELOAD), ENDED)
        newest = max(loads, key=lambda load: load.end_time or 0, default=None)
        if newest is None:
            return dg.SkipReason("no load has ended yet")
        began = max((_began(build) for build in builds if not _may_pass(build)), default=0)
        if began >= (newest.end_time or 0):
            return dg.SkipReason("nothing was loaded since the transforms last began")
        kept_out = max(filter(_may_pass, builds), key=_began, default=None)
        return dg.RunRequest(
            run_key="-".join(one.dagster_run.run_id for one in (newest, kept_out) if one)
        )

    return follow


def _began(build: Any) -> float:
    """When a run read the pending days; for a run that never started, when it was requested."""
    return float(build.start_time or build.create_timestamp.timestamp())


def _may_pass(build: Any) -> bool:
    """Whether a run failed with a temporary error."""
    run = build.dagster_run
    return run.status == DagsterRunStatus.FAILURE and PASSING_TAG in run.tags


def _listing(landing: str, outbox: Outbox) -> list[LandedFile]:
    """The files in the landing; unreadable ones create an alert. Fails if none can be read."""
    try:
        found = list_landing(landing)
    except Exception as error:
        outbox.add(_unreadable(landing, str(error)), time.time())
        raise
    if found.problems:
        said = "; ".join(found.problems[:10])
        outbox.add(_unreadable(landing, f"{said}. The other files are loaded"), time.time())
    return found.files


def _unreadable(landing: str, said: str) -> Alert:
    return Alert(
        "landing", f"landing {landing}", landing, said,
        "check ESTORE_LANDING and its read permissions; until then it is not loaded",
        is_repeated=True,
    )  # fmt: skip


def _dead(file: LandedFile, tries: int) -> Alert:
    return Alert(
        "failure", f"dead {content(file)}", file.uri, f"{tries} runs failed on this file",
        "read the log of the last run; then replace the file with a fixed one, or launch "
        "`reload_files` with its name. The other files are still loaded",
    )  # fmt: skip


def _attempts(instance: dg.DagsterInstance) -> list[Attempt]:
    """The contents of loads: those in progress and the most recent others."""
    return [
        Attempt(
            contents=_given(run),
            is_under_way=run.status in UNDER_WAY,
            has_succeeded=run.status == DagsterRunStatus.SUCCESS,
            may_pass=PASSING_TAG in run.tags,
        )
        for statuses, limit in ((UNDER_WAY, None), (ENDED, REMEMBERED))
        for run in instance.get_runs(RunsFilter(job_name=LOAD, statuses=statuses), limit=limit)
    ]  # fmt: skip


def _given(run: dg.DagsterRun) -> tuple[Content, ...]:
    config: Any = run.run_config
    for name in ("ops", "load", "config", "contents"):
        config = config.get(name, {})
    return tuple(config.items())


def _request(instance: dg.DagsterInstance, files: list[LandedFile]) -> dg.RunRequest:
    """A run request; its key changes after a run for the same contents has ended."""
    contents = dict(content(file) for file in files)
    digest = hashlib.sha256(json.dumps(contents).encode()).hexdigest()[:16]
    earlier = instance.get_runs_count(RunsFilter(job_name=LOAD, tags={SET_TAG: digest}))
    return dg.RunRequest(
        run_key=f"{digest}-{earlier}",
        run_config={"ops": {"load": {"config": {"contents": contents}}}},
        tags={SET_TAG: digest, FILES_TAG: str(len(files))},
    )


def _observation(listing: list[LandedFile], found: Arrivals) -> dg.AssetObservation:
    return dg.AssetObservation(
        LANDING,
        metadata={"files": len(listing), "bytes": sum(file.bytes for file in listing),
                  "states": str(found)},
    )  # fmt: skip


def _records(
    instance: dg.DagsterInstance, jobs: Iterable[str], statuses: list[DagsterRunStatus]
) -> list[Any]:
    """The newest runs of jobs that have one of the statuses."""
    return [
        record
        for job in jobs
        for record in instance.get_run_records(
            RunsFilter(job_name=job, statuses=statuses), limit=20
        )
    ]
