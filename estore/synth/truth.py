"""Truth: what really happened in the shop and what its files contain, to check metrics."""

from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

import numpy as np

from estore.synth import calibration as real
from estore.synth.customers import NEVER, NEW, Behavior, Customers
from estore.synth.draws import Array, mixed
from estore.synth.visits import CART, PURCHASE, SIZE_DECK, VIEW, Sessions, stage_chances

WINDOWS = (30, 60, 90)  # days since the first order
STAGES = ("view", "cart", "purchase")


class Tally:
    """Counts the rows as they pass; bots are not part of the truth."""

    def __init__(self) -> None:
        self.sessions = np.zeros(8, np.int64)  # one bit per kind of event in the session
        self.planned = 0
        self.added = np.zeros(int(SIZE_DECK.max()) + 1, np.int64)  # by size
        self.orders = 0
        self.purchases = 0
        self.revenue_cents = 0
        self.rows = 0
        self.events = 0

    def count_sessions(self, kind: Array, session: Array, sessions: Sessions) -> None:
        """Count events before tracking."""
        self.planned += len(sessions.size)
        self.added += np.bincount(sessions.size[sessions.added], minlength=len(self.added))
        held = np.zeros(len(sessions.size), np.int64)
        for of in (VIEW, CART, PURCHASE):
            held[session[kind == of]] |= 1 << of
        counts = np.bincount(held, minlength=8)
        self.sessions += counts
        self.orders += int(counts[1 << PURCHASE :].sum())

    def count_sales(self, rows: dict[str, Array]) -> None:
        """Count real purchases: each counts once, however it is recorded."""
        bought = {name: column[rows["kind"] == PURCHASE] for name, column in rows.items()}
        _, first = np.unique(_keys(bought), return_index=True)
        self.purchases += len(first)
        self.revenue_cents += int(bought["cents"][first].sum())

    def count_lines(self, rows: dict[str, Array], *, are_known: bool = False) -> None:
        """Count the rows of a file; `are_known`: another file has them too."""
        self.rows += len(rows["time"])
        if not are_known:
            self.events += _distinct(_keys(rows))

    def holding(self, *stages: str) -> int:
        """The number of sessions with an event of each of these kinds."""
        bits = sum(1 << STAGES.index(stage) for stage in stages)
        return int(sum(self.sessions[held] for held in range(8) if held & bits == bits))


def _distinct(numbers: Array) -> int:
    """The number of distinct values; sorting is several times faster than numpy's `unique`."""
    return int(np.count_nonzero(np.diff(np.sort(numbers)))) + bool(len(numbers))


def _keys(rows: dict[str, Array]) -> Array:
    """A number for each row, equal for rows of the same event."""
    key = mixed(rows["session_low"] ^ mixed(rows["session_high"]))
    key = mixed(key ^ mixed(rows["user_id"]))
    keys: Array = mixed(key ^ mixed(rows["time"] * 4 + rows["kind"]) ^ mixed(rows["product"]))
    return keys


def repeat_truth(customers: Customers, months: Array) -> list[dict[str, Any]]:
    """Per cohort (month of the first order): the true and the observed share that reorders.

    `probability`: the long-run chance. `observed`: customers with at least that many days of
    history; `repeated`: those of them who reordered.
    """
    known = (customers.first_day != NEVER) & (customers.known_kind == NEW)
    first, second = customers.first_day[known].astype(int), customers.second_day[known].astype(int)
    last_day = len(months) - 1
    rows = []
    for month in range(int(months[-1]) + 1):
        here = months[first] == month
        row: dict[str, Any] = {"cohort": _month_name(month), "customers": int(here.sum())}
        for days in WINDOWS:
            observed = here & (first + days <= last_day)
            repeated = observed & (second != NEVER) & (second - first <= days)
            row[f"within_{days}_days"] = {
                "probability": round(customers.behavior.repeating(month, days), 6),
                "observed": int(observed.sum()),
                "repeated": int(repeated.sum()),
            }
        rows.append(row)
    return rows


def conversion_chances(tally: Tally, behavior: Behavior) -> dict[str, float | None]:
    """The rates that the shop's behavior has in the long run, whatever happened by chance.

    Of sessions as they are planned, and of those that buy because a customer is due.
    """
    size = np.arange(1, len(tally.added))
    share = np.bincount(SIZE_DECK, minlength=len(tally.added))[1:] / len(SIZE_DECK)
    added = stage_chances(size, behavior, 1) - stage_chances(size, behavior, 0)
    each = stage_chances(size, behavior) @ share * tally.planned + added @ tally.added[1:]
    view, cart, view_and_cart, cart_and_purchase, view_and_purchase = each.tolist()
    return {
        "view_to_cart_rate": _rate(view_and_cart, view),
        "cart_to_purchase_rate": _rate(cart_and_purchase, cart),
        "view_to_purchase_rate": _rate(view_and_purchase, view),
    }


def known_truth(customers: Customers) -> dict[str, Any]:
    """The customers who ordered before the data start and order in the data."""
    back = customers.first_day[customers.known_kind != NEW]
    return {
        "share_of_first_day_orders": customers.known_share,
        "customers": len(back),
        "back_within_90_days": int(np.count_nonzero(back < 90)),
    }


def lifetime_truth(behavior: Behavior) -> list[dict[str, float]]:
    """The kinds of customers: share, chance to buy on a day, chance to leave after an order."""
    return [
        {
            "share": share,
            "daily_hazard": behavior.hazard(kind, 0),
            "drop_out": behavior.leaving(kind),
        }
        for kind, (share, _, _) in enumerate(real.CUSTOMERS)
    ]


def shop_truth(
    tally: Tally, customers: Customers, users: int, months: Array, faults: list[dict[str, object]]
) -> dict[str, Any]:
    """The content of truth.json. Money in dollars, rates from 0 to 1, days of the shop."""
    stages = {f"with_{stage}": tally.holding(stage) for stage in STAGES}
    for pair in (("view", "cart"), ("cart", "purchase"), ("view", "purchase")):
        stages[f"with_{pair[0]}_and_{pair[1]}"] = tally.holding(*pair)
    return {
        "files": {
            "rows": tally.rows,
            "events": tally.events,
            "duplicates": tally.rows - tally.events,
        },
        "happened": {
            "users": users,
            "sessions": int(tally.sessions.sum() - tally.sessions[0]),
            "orders": tally.orders,
            "buyers": int(np.count_nonzero(customers.first_day != NEVER)),
            "purchases": tally.purchases,
            "revenue_amount": tally.revenue_cents / 100,
        },
        "conversion": {
            **stages,
            "view_to_cart_rate": _rate(stages["with_view_and_cart"], stages["with_view"]),
            "cart_to_purchase_rate": _rate(stages["with_cart_and_purchase"], stages["with_cart"]),
            "view_to_purchase_rate": _rate(stages["with_view_and_purchase"], stages["with_view"]),
            "chances": conversion_chances(tally, customers.behavior),
        },
        "repeat": repeat_truth(customers, months),
        "known_customers": known_truth(customers),
        "lifetime": lifetime_truth(customers.behavior),
        "behavior": asdict(customers.behavior),
        "faults": faults,
    }


def _rate(part: float, whole: float) -> float | None:
    return round(part / whole, 6) if whole else None


def _month_name(month: int) -> str:
    year, index = real.FIRST_MONTH
    start = date(year, index, 1)
    for _ in range(month):
        start = (start + timedelta(days=32)).replace(day=1)
    return f"{start:%Y-%m}"
