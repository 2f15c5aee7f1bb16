"""Open carts and their recovery, in plain Python, written from the definitions alone.

It continues oracle.py: see there.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import median

from oracle import Event, clustered, is_customer

#: Column of a period in which a cart may be recovered → its days.
PERIODS = {"recovered_1d": 1, "recovered_3d": 3, "recovered": 7}


@dataclass(frozen=True)
class OpenCart:
    """A product that a user put into a cart and neither bought nor removed since."""

    user_id: str
    product_id: str
    added_at: datetime
    added_date: date
    days_in_cart: int
    quantity: int
    last_price_amount: Decimal
    cart_amount: Decimal
    later_view_count: int
    last_viewed_at: datetime | None


def open_carts(events: Iterable[Event], as_of: date, window_days: int = 7) -> list[OpenCart]:
    """Open carts by user and product."""
    by_pair: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in events:
        if is_customer(event.user_id):
            by_pair[event.user_id, event.product_id].append(event)
    result = []
    for (user_id, product_id), own in sorted(by_pair.items()):
        adds = [
            event
            for event in own
            if event.event_type == "cart" and (as_of - event.event_date).days < window_days
        ]
        if not adds:
            continue
        last = max(adds, key=lambda event: (event.event_time, event.price, event.quantity))
        later = [event for event in own if event.event_time >= last.event_time]
        if any(event.event_type in ("purchase", "remove_from_cart") for event in later):
            continue
        views = {
            event.event_time
            for event in later
            if event.event_type == "view" and event.event_time > last.event_time
        }
        result.append(
            OpenCart(
                user_id=user_id,
                product_id=product_id,
                added_at=last.event_time,
                added_date=last.event_date,
                days_in_cart=(as_of - last.event_date).days,
                quantity=last.quantity,
                last_price_amount=last.price,
                cart_amount=last.price * last.quantity,
                later_view_count=len(views),
                last_viewed_at=max(views, default=None),
            )
        )
    return result


@dataclass(frozen=True)
class CartRecovery:
    """The carts of one day; what is not over yet is None."""

    cart_date: date
    cart_count: int
    customer_count: int
    cart_amount: Decimal
    recovered_1d_count: int | None
    recovered_1d_rate: float | None
    recovered_3d_count: int | None
    recovered_3d_rate: float | None
    recovered_count: int | None
    recovered_rate: float | None
    recovered_rate_low: float | None
    recovered_rate_high: float | None
    recovered_amount: Decimal | None
    median_hours_to_purchase: float | None
    is_complete: bool


def cart_recovery(events: Sequence[Event], as_of: date) -> list[CartRecovery]:
    """One row per day with carts."""
    carts: dict[date, dict[tuple[str, str], list[Event]]] = defaultdict(lambda: defaultdict(list))
    bought: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for event in events:
        key = event.user_id, event.product_id
        if event.event_type == "cart" and is_customer(event.user_id):
            carts[event.event_date][key].append(event)
        if event.event_type == "purchase":
            bought[key].append(event.event_time)

    result = []
    for day, own in sorted(carts.items()):
        values = {key: max(add.price * add.quantity for add in adds) for key, adds in own.items()}
        pauses: dict[tuple[str, str], timedelta] = {}
        for key, adds in own.items():
            added_at = min(add.event_time for add in adds)
            later = [at - added_at for at in bought[key] if at >= added_at]
            if later:
                pauses[key] = min(later)
        within = {
            name: {key for key, pause in pauses.items() if pause <= timedelta(days=days)}
            for name, days in PERIODS.items()
        }
        is_over = {name: day + timedelta(days=days) < as_of for name, days in PERIODS.items()}
        counts = {name: len(within[name]) if is_over[name] else None for name in PERIODS}
        rates = {
            name: None if count is None or not bought else count / len(own)
            for name, count in counts.items()
        }
        recovered, complete = within["recovered"], is_over["recovered"]
        ends = clustered((key[0], key in recovered) for key in own) if complete else None
        hours = [pauses[key] / timedelta(hours=1) for key in recovered]
        result.append(
            CartRecovery(
                cart_date=day,
                cart_count=len(own),
                customer_count=len({user for user, _ in own}),
                cart_amount=sum(values.values(), Decimal(0)),
                recovered_1d_count=counts["recovered_1d"],
                recovered_1d_rate=rates["recovered_1d"],
                recovered_3d_count=counts["recovered_3d"],
                recovered_3d_rate=rates["recovered_3d"],
                recovered_count=counts["recovered"],
                recovered_rate=rates["recovered"],
                recovered_rate_low=ends[0] if ends else None,
                recovered_rate_high=ends[1] if ends else None,
                recovered_amount=(
                    sum((values[key] for key in recovered), Decimal(0)) if complete else None
                ),
                median_hours_to_purchase=median(hours) if complete and hours else None,
                is_complete=complete,
            )
        )
    return result
