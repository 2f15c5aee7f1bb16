"""The alerts that must report each fault of a synthetic shop, and their days."""

import json
from datetime import datetime, timedelta
from typing import Any

from conftest import Workshop

from estore.synth import TRUTH, SyntheticShop, write_shop

DAY = timedelta(days=1)
#: Fault → the alerts that report it: kind and subject. The ledger reports late files
#: (test_lateness.py). Odd session ids and views without a price distort no number.
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
#: Products show their new category at their next view.
DAYS_OF_A_BREAK = 7

Alert = tuple[str, str, str, str]  # kind, subject, first and last day


def build_shop(workshop: Workshop, shop: SyntheticShop) -> dict[str, Any]:
    """Create, load and build a shop. Returns its truth."""
    workshop.load(*write_shop(workshop.landing, shop))
    workshop.build()
    return json.loads((workshop.landing / TRUTH).read_text())


def alerts(workshop: Workshop) -> set[Alert]:
    """All reported alerts."""
    return set(
        workshop.query(
            "select kind, subject, from_date::varchar, to_date::varchar "
            "from metrics.metrics_data_alerts"
        )
    )


def matches(fault: dict[str, Any], alert: Alert) -> bool:
    """Whether an alert's days match a fault: all complete days of it, and no other days."""
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
    starts = fault["from_date"] <= first <= first_complete
    return starts and last_complete <= last <= fault["to_date"]


def unreported(truth: dict[str, Any], reported: set[Alert]) -> list[tuple[str, str, str]]:
    """Faults that no alert of the right kind reports with the right days."""
    return [
        (fault["fault"], *expected)
        for fault in truth["faults"]
        for expected in sorted(ALERTS.get(fault["fault"], ()))
        if not any(alert[:2] == expected and matches(fault, alert) for alert in reported)
    ]


def false_alarms(truth: dict[str, Any], reported: set[Alert]) -> set[Alert]:
    """Alerts for days without a fault."""
    faults = [fault for fault in truth["faults"] if ALERTS.get(fault["fault"])]
    return {alert for alert in reported if not any(_explains(fault, alert) for fault in faults)}


def _explains(fault: dict[str, Any], alert: Alert) -> bool:
    """Whether a fault explains an alert: a short fault may cause other alerts, too."""
    if "from_at" in fault:
        return alert[2] <= fault["to_date"] and alert[3] >= fault["from_date"]
    return alert[:2] in ALERTS[fault["fault"]] and matches(fault, alert)
