"""Standstill: an alert where nothing was published for too long.

It looks at the times of files alone, so that it works when the warehouse, the ledger or the
snapshot is what is broken.
"""

import time
from datetime import UTC, datetime

import dagster as dg

from estore.orchestration.alerts import Alert, Outbox
from estore.orchestration.context import ShopContext
from estore.settings import Settings
from estore.snapshot.manifest import MANIFEST

#: Seconds in which the sensor that knows more may speak first.
GRACE = 3600


def standstill_sensor(shop: ShopContext, outbox: Outbox) -> dg.SensorDefinition:
    """Keeps an alert for the age of the newest snapshot."""

    @dg.sensor(
        name="standstill_sensor", default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=shop.thresholds.poll_seconds,
        description="Keeps an alert where no snapshot was published for too long.",
    )  # fmt: skip
    def look(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        now = time.time()
        watched_since = float(context.cursor or now)
        alert = standstill_alert(shop, watched_since, now)
        told_already = outbox.was_told("freshness ", now - outbox.repeat - GRACE)
        if alert and not told_already:
            outbox.add(alert, now)
        return dg.SensorResult(
            skip_reason=alert.words if alert else "a snapshot was published not long ago",
            cursor=str(watched_since),
        )

    return look


def standstill_alert(shop: ShopContext, watched_since: float, now: float) -> Alert | None:
    """One where the newest snapshot, or else the beginning of the watch, is too long ago."""
    published_at = last_published(shop.settings)
    since = watched_since if published_at is None else published_at
    age = now - since
    if shop.settings.landing is None or age < shop.thresholds.fresh_hours * 3600 + GRACE:
        return None
    return Alert(
        "freshness", f"standstill {since:.0f}", "published snapshot",
        f"nothing was published for {age / 3600:.0f} hours, since "
        f"{datetime.fromtimestamp(since, UTC):%Y-%m-%d %H:%M} UTC",
        "look for failed runs, and for errors in the ticks of the sensors; `estore status` names "
        "what is damaged",
        is_repeated=True,
    )  # fmt: skip


def last_published(settings: Settings) -> float | None:
    """When the newest snapshot was written, whether or not it can be read."""
    times = []
    for path in (settings.published / "CURRENT", *settings.published.glob(f"v*/{MANIFEST}")):
        try:
            times.append(path.stat().st_mtime)
        except OSError:  # gone since it was listed, or not readable
            continue
    return max(times, default=None)
