"""Standstill: an alert if nothing was published for too long.

It only checks file times, so it works even if the warehouse, the ledger or the snapshot is
broken.
"""

import time
from datetime import UTC, datetime

import dagster as dg

from estore.orchestration.alerts import Alert, Outbox
from estore.orchestration.context import ShopContext
from estore.settings import Settings
from estore.snapshot.manifest import MANIFEST

#: Seconds in which the more specific sensor may report first.
GRACE = 3600


def standstill_sensor(shop: ShopContext, outbox: Outbox) -> dg.SensorDefinition:
    """The sensor that watches the age of the newest snapshot."""

    @dg.sensor(
        name="standstill_sensor", default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=shop.thresholds.poll_seconds,
        description="Creates an alert if no snapshot was published for too long.",
    )  # fmt: skip
    def look(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        now = time.time()
        watched_since = float(context.cursor or now)
        alert = standstill_alert(shop, watched_since, now)
        is_reported = outbox.was_sent("freshness ", now - outbox.repeat - GRACE)
        if alert and not is_reported:
            outbox.add(alert, now)
        return dg.SensorResult(
            skip_reason=alert.words if alert else "a snapshot was published recently",
            cursor=str(watched_since),
        )

    return look


def standstill_alert(shop: ShopContext, watched_since: float, now: float) -> Alert | None:
    """An alert if the newest snapshot, or else the start of watching, is too long ago."""
    published_at = last_published(shop.settings)
    since = watched_since if published_at is None else published_at
    age = now - since
    if shop.settings.landing is None or age < shop.thresholds.fresh_hours * 3600 + GRACE:
        return None
    return Alert(
        "freshness", f"standstill {since:.0f}", "published snapshot",
        f"nothing was published for {age / 3600:.0f} hours, since "
        f"{datetime.fromtimestamp(since, UTC):%Y-%m-%d %H:%M} UTC",
        "check for failed runs and for errors in the sensors' ticks; `estore status` names what "
        "is damaged",
        is_repeated=True,
    )  # fmt: skip


def last_published(settings: Settings) -> float | None:
    """When the newest snapshot was written, whether or not it can be read."""
    times = []
    for path in (settings.published / "CURRENT", *settings.published.glob(f"v*/{MANIFEST}")):
        try:
            times.append(path.stat().st_mtime)
        except OSError:  # deleted after it was listed, or not readable
            continue
    return max(times, default=None)
