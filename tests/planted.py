"""Which alerts must tell a fault that a synthetic shop was made with, and on which days."""

import json
from datetime import datetime, timedelta
from typing import Any

from conftest import Workshop

from estore.synth import TRUTH, SyntheticShop, write_shop

DAY = timedelta(days=1)
#: Fault → the alerts that tell it: kind and subject. Late files are told by the ledger
#: (test_lateness.py); odd session ids and views without a price mislead nothing.
ALERTS = {
    "purchase-outage": {("missing_events", "purchase")},
    "view-outage": {("missing_events", "view")},
    "doubled-purchases": {("duplicate_burst", "purchase")},
    "unlogged-carts": {("purchases_without_carts", "cart")},
    "unpriced-purchases": {("unpriced_purchases", "purchase")},
    "missing-day": {("missing_events", "event")},
    "overlapping-file": {("duplicate_burst", kind) for kind in ("view", "cart", "purchase")},
    "bots": {("bots", "session")},
    "taxonomy-break": {("taxonomy_break", "category")},
    "price-cap": {("price_cap", "purchase")},
}
#: Products show their new category when they are next looked at.
DAYS_OF_A_BREAK = 7

Alert = tuple[str, str, str, str]  # kind, subject, first and last day


def build_shop(workshop: Workshop, shop: SyntheticShop) -> dict[str, Any]:
    """Make, load and build it; returns its truth."""
    workshop.load(*write_shop(workshop.landing, shop))
    workshop.build()
    return json.loads((workshop.landing / TRUTH).read_text())


def alerts(workshop: Workshop) -> set[Alert]:
    """All that is told."""
    return set(
        workshop.query(
            "select kind, subject, from_date::varchar, to_date::varchar "
            "from metrics.metrics_data_alerts"
        )
    )


def matches(fault: dict[str, Any], alert: Alert) -> bool:
    """Whether an alert's days are those of a fault: all whole ones, and none beyond."""
    kind, _, first, last = alert
    if kind == "taxonomy_break":
        latest = datetime.fromisoformat(fault["from_date"]) + DAYS_OF_A_BREAK * DAY
        return fault["from_date"] <= first <= last <= str(latest.date())
    if kind == "price_cap":
        return fault["from_date"] <= first <= last <= fault["to_date"]
    begin, end = (datetime.fromisoformat(fault[key]) for key in ("from_at", "to_at"))
    if kind == "missing_events":  # reported to the hour
        return (first, last) == (fault["from_date"], fault["to_date"])
    first_complete, last_complete = (
        str((begin + DAY - timedelta(seconds=1)).date()),
        str(end.date() - DAY),
    )
    if first_complete > last_complete:
        first_complete, last_complete = fault["from_date"], fault["to_date"]
    return fault["from_date"] <= first <= first_complete and last_complete <= last <= fault["to_date"]


def unreported(truth: dict[str, Any], reported: set[Alert]) -> list[tuple[str, str, str]]:
    """Faults that no alert of the right kind tells with the right days."""
    return [
        (fault["fault"], *expected)
        for fault in truth["faults"]
        for expected in sorted(ALERTS.get(fault["fault"], ()))
        if not any(alert[:2] == expected and matches(fault, alert) for alert in reported)
    ]


def false_alarms(truth: dict[str, Any], reported: set[Alert]) -> set[Alert]:
    """Alerts of days on which nothing is wrong."""
    faults = [fault for fault in truth["faults"] if ALERTS.get(fault["fault"])]
    return {alert for alert in reported if not any(_explains(fault, alert) for fault in faults)}


def _explains(fault: dict[str, Any], alert: Alert) -> bool:
    """A fault of few days may show in other ways, too."""
    if "from_at" in fault:
        return alert[2] <= fault["to_date"] and alert[3] >= fault["from_date"]
    return alert[:2] in ALERTS[fault["fault"]] and matches(fault, alert)
