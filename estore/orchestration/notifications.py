"""Notifications: sensors that create alerts, and the sensor that delivers them."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from estore.errors import Busy, EstoreError
from estore.escaping import shortened
from estore.orchestration.alerts import Alert, Outbox, message, send
from estore.orchestration.context import ShopContext
from estore.orchestration.failures import WHAT_TO_DO
from estore.reading import Known, ledger
from estore.snapshot.manifest import current_version
from estore.snapshot.reader import open_snapshot

RUNNING = dg.DefaultSensorStatus.RUNNING
#: Seconds between two checks for waiting alerts.
DELIVERY_SECONDS = 15
#: The message of a run that ended without a failed step.
GONE = "its process is gone"
#: Dagster's text for such a run.
OUTSIDE = "outside the execution context"
#: Dagster's texts for a run that exceeded its time limit, and for the step it then interrupts.
TOO_LONG, INTERRUPTED = "maximum runtime", "DagsterExecutionInterruptedError"
SEE_WHAT_TAKES_LONG = (
    "check the run's log for the slow step, or raise `timeout_hours`; Dagster restarts it at "
    "most twice"
)
SEE_RUN = "Dagster restarts it if it died; otherwise check the run's log and launch it again"


def notification_sensors(shop: ShopContext, outbox: Outbox) -> list[dg.SensorDefinition]:
    """The sensors for failures, data age, data quality and delivery."""
    poll = shop.thresholds.poll_seconds

    @dg.run_failure_sensor(
        name="failure_sensor", default_status=RUNNING, minimum_interval_seconds=min(15, poll),
        description="Creates an alert for every failed run.",
    )  # fmt: skip
    def report_failure(context: dg.RunFailureSensorContext) -> None:
        outbox.add(failure_alert(context), time.time())

    @dg.sensor(
        name="data_sensor", default_status=RUNNING, minimum_interval_seconds=poll,
        description="Creates an alert if no data arrive, or if the data are unusual.",
    )  # fmt: skip
    def report_data(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        found = ledger_alerts(shop)
        try:
            found += snapshot_alerts(shop)
        except EstoreError as error:
            found.append(unreadable_snapshot(error))
        new = [alert for alert in found if outbox.add(alert, time.time())]
        return dg.SkipReason(f"{len(found)} found, {len(new)} new")

    @dg.sensor(
        name="alert_sensor", default_status=RUNNING,
        minimum_interval_seconds=min(DELIVERY_SECONDS, poll),
        description="Delivers the waiting alerts as one message.",
    )  # fmt: skip
    def deliver(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        url = shop.settings.alert_url

        def post(alerts: Any) -> None:
            if url:
                send(url.get_secret_value(), alerts)
            else:
                context.log.warning(
                    f"ESTORE_ALERT_URL is not set, so alerts appear only here:\n{message(alerts)}"
                )

        count = outbox.deliver(post, time.time())
        return dg.SkipReason(f"{count} delivered, {len(outbox.waiting())} waiting")

    return [report_failure, report_data, deliver]


def ledger_alerts(shop: ShopContext) -> list[Alert]:
    """Alerts from the ledger; none while a run writes to the warehouse."""
    try:
        known = ledger(shop.settings)
    except Busy:
        return []
    except EstoreError as error:
        return [unreadable_ledger(error)]
    return [*refusal_alerts(known), *freshness_alerts(known, shop.thresholds.fresh_hours)]


def unreadable_ledger(error: EstoreError) -> Alert:
    """An alert for a warehouse that cannot be read although no run writes to it."""
    return Alert(
        "landing", "ledger", "warehouse", str(error),
        "follow the message; until then no new file is loaded", is_repeated=True,
    )  # fmt: skip


def unreadable_snapshot(error: EstoreError) -> Alert:
    """An alert for a published snapshot that cannot be read."""
    return Alert(
        "quality", "snapshot", "published snapshot", str(error),
        "follow the message, or launch `transform` to publish a new one", is_repeated=True,
    )  # fmt: skip


def failure_alert(context: dg.RunFailureSensorContext) -> Alert:
    """An alert for a failed run, with the error's message."""
    words, what_to_do = context.failure_event.message or GONE, SEE_RUN
    for event in context.get_step_failure_events():
        data = event.step_failure_data
        if data.user_failure_data:  # our message; the cause only adds a traceback
            words = data.user_failure_data.description or words
            fix = data.user_failure_data.metadata.get(WHAT_TO_DO)
            what_to_do = str(fix.value) if fix else what_to_do
        elif data.error and data.error.cls_name != INTERRUPTED:
            words = shortened(data.error.message, 1000)
    if OUTSIDE in words:
        words = GONE
    if TOO_LONG in words:
        what_to_do = SEE_WHAT_TAKES_LONG
    run = context.dagster_run
    return Alert(
        "failure", f"failure {run.job_name} {words}", f"{run.job_name} (run {run.run_id[:8]})",
        words, what_to_do, is_repeated=True,
    )  # fmt: skip


def refusal_alerts(known: list[Known]) -> Iterator[Alert]:
    """An alert for each content that was ever refused."""
    for file in known:
        if file.status == "refused":
            yield Alert(
                "quality", f"refused {file.uri} {file.generation}", file.uri,
                f"refused: {file.error}",
                "replace it with a fixed file, which is then loaded automatically. The numbers do "
                "not include this file; the other files are loaded",
            )  # fmt: skip


def freshness_alerts(known: list[Known], hours: int) -> Iterator[Alert]:
    """An alert if the newest file was loaded too long ago."""
    newest = max((file.loaded_at for file in known if file.status == "loaded"), default=None)
    if newest is None:
        return
    age = (datetime.now(UTC).replace(tzinfo=None) - newest).total_seconds() / 3600
    if age >= hours:
        yield Alert(
            "freshness", f"freshness {newest}", "landing",
            f"no new data for {age:.0f} hours, since {newest:%Y-%m-%d %H:%M} UTC",
            "ask the team that delivers the files; check the landing sensor's ticks for errors",
            is_repeated=True,
        )  # fmt: skip


def snapshot_alerts(shop: ShopContext) -> Iterator[Alert]:
    """Alerts of medium and high severity in the newest snapshot."""
    if current_version(shop.settings) is None:
        return
    with open_snapshot(shop.settings) as (connection, manifest):
        rows = connection.execute(
            "select kind, subject, from_at, severity, sentence from metrics_data_alerts "
            "where severity <> 'low' order by severity, from_at, kind, subject"
        ).fetchall()
    for kind, subject, from_at, severity, sentence in rows:
        yield Alert(
            "quality", f"data {kind} {subject} {from_at}", f"{kind} ({severity})", sentence,
            f"see the dashboard (snapshot {manifest.version}) and docs/metrics.md; fix it at the "
            "source, or take it into account for these days",
        )  # fmt: skip
