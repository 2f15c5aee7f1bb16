"""False alarms and power of the alerts, by kind of shop."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import numpy as np

from benchmarks.detect import Detector
from benchmarks.faults import FAULTS
from benchmarks.zoo import FIRST_DAY, KINDS, Kind, simulate, tables

#: The last day of a file may be incomplete. That is true of every shop.
NOT_COUNTED = "unfinished_day"
#: Days of a shop with a planted fault: enough history before and after it.
DAYS = 200


def false_alarms(detector: Detector, kind: Kind, seed: int) -> Counter[str]:
    """Alerts of a clean year by kind, and days marked as anomalies."""
    with detector.run(tables(simulate(kind, seed))) as shop:
        found = shop.execute(
            "select kind from metrics_data_alerts where kind <> ?", [NOT_COUNTED]
        ).fetchall()
        (odd,) = shop.execute(
            "select count(*) filter (is_revenue_anomaly) from metrics_daily_sales"
        ).fetchone() or (0,)
    return Counter({**Counter(name for (name,) in found), "is_revenue_anomaly": odd})


def is_found(
    detector: Detector, kind: Kind, seed: int, fault: str, days: int = DAYS
) -> tuple[bool, float, float]:
    """Whether an alert names a fault; for days with a stated loss, the true and the stated loss."""
    plant, names = FAULTS[fault]
    planted = plant(simulate(kind, seed, days), np.random.default_rng([seed, 7]))
    first, last = (FIRST_DAY + timedelta(days=n) for n in (planted.first_day, planted.last_day))
    with detector.run(tables(planted.sums)) as shop:
        found = shop.execute(
            "select count(*) from metrics_data_alerts where list_contains($names, kind) "
            "and from_at < $last + interval 1 day and to_at > $first",
            {"names": list(names), "first": first, "last": last},
        ).fetchone() or (0,)
        stated = shop.execute(
            "select order_date, missing_revenue_amount::double from metrics_daily_sales "
            "where missing_revenue_amount is not null"
        ).fetchall()
    lost = sum(planted.lost.get((day - FIRST_DAY).days, 0.0) for day, _ in stated)
    return found[0] > 0, lost, sum(amount for _, amount in stated)


def can_happen(kind: Kind, fault: str) -> bool:
    """Whether a fault is possible: a shop without carts cannot lose carts, for example."""
    if "carts" in fault:
        return kind.has_carts and not kind.is_orders_only
    return not (kind.is_orders_only and "purchases lost" in fault)


def alarm_table(detector: Detector, years: int) -> Iterator[str]:
    """Markdown: false alarms per clean year, by kind of shop."""
    yield f"| shop ({years} clean years each) | alerts a year | days called unusual a year |"
    yield "|---|---|---|"
    for kind in KINDS:
        found = sum((false_alarms(detector, kind, seed) for seed in range(years)), Counter())
        odd = found.pop("is_revenue_anomaly", 0)
        which = ", ".join(f"{name} {n}" for name, n in sorted(found.items()))
        alerts = f"{found.total() / years:.2g}" + (f" ({which})" if which else "")
        yield f"| {kind.name} | {alerts} | {odd / years:.2g} |"


def power_table(detector: Detector, years: int) -> Iterator[str]:
    """Markdown: the share of shops in which each fault was found."""
    yield f"| shop ({years} of {DAYS} days each) | {' | '.join(FAULTS)} |"
    yield "|---" * (len(FAULTS) + 1) + "|"
    for kind in KINDS:
        cells = []
        for fault in FAULTS:
            if not can_happen(kind, fault):
                cells.append("–")
                continue
            found = sum(is_found(detector, kind, seed, fault)[0] for seed in range(years))
            cells.append(f"{found / years:.0%}")
        yield f"| {kind.name} | {' | '.join(cells)} |"


#: Faults that lose orders, and the shops with enough orders to state an amount.
LOSSES = (
    "no purchases for 31 hours", "no events for 24 hours", "a quarter of purchases lost for 4 days",
)  # fmt: skip
LOSING = ("13 orders a day", "2,000 events a day", "100 orders a day", "100,000 events a day")


def loss_table(detector: Detector, seeds: int) -> Iterator[str]:
    """Markdown: the stated against the true loss of revenue, on the days with a stated loss."""
    yield f"| shop ({seeds} seeds each) | fault | found | stated | within ±25% | largest error |"
    yield "|---|---|---|---|---|---|"
    for kind in (kind for kind in KINDS if kind.name in LOSING):
        for fault in LOSSES:
            results = [is_found(detector, kind, seed, fault) for seed in range(seeds)]
            errors = [abs(stated / lost - 1) for _, lost, stated in results if stated and lost]
            within = sum(error <= 0.25 for error in errors)
            worst = f"{max(errors):.0%}" if errors else "–"
            found = sum(found for found, _, _ in results)
            yield f"| {kind.name} | {fault} | {found} | {len(errors)} | {within} | {worst} |"
