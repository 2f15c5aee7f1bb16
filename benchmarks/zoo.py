"""The zoo: one year of many kinds of shops as hourly sums, as input for the alerts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

FIRST_DAY = date(2022, 3, 7)  # a Monday
OPEN = np.ones(24)
#: Visitors by the hour: few at night, most in the evening.
AROUND_THE_CLOCK = 1 + 0.9 * np.sin((np.arange(24) - 11) / 24 * 2 * np.pi)
NINE_TO_NINE = np.where((np.arange(24) >= 9) & (np.arange(24) < 21), AROUND_THE_CLOCK, 0)
WEEKLY = np.array([1, 0.95, 0.9, 1, 1.1, 1.3, 1.2])
VIEWS, BUYING, CARTING = 6.0, 0.06, 0.12  # views of a session; shares of sessions

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Kind:
    """A kind of shop. events, orders: average per day; without orders, a share of sessions."""

    name: str
    events: float
    orders: float | None = None
    hours: NDArray[np.float64] = field(default_factory=lambda: AROUND_THE_CLOCK)
    weekly: NDArray[np.float64] = field(default_factory=lambda: WEEKLY)
    growth: float = 1.0  # by the end of the year
    has_carts: bool = True
    is_orders_only: bool = False
    one_price: bool = False
    holidays: int = 0  # days with a third of the visitors and half of the purchase rate


KINDS = (
    Kind("20 events a day", 20),
    Kind("50 events a day", 50),
    Kind("240 events a day", 240),
    Kind("2,000 events a day", 2_000),
    Kind("100,000 events a day", 100_000),
    Kind("1 order a day", 100, orders=1),
    Kind("13 orders a day", 1_500, orders=13),
    Kind("100 orders a day", 10_000, orders=100),
    Kind("closed on Sundays", 2_000, weekly=np.array([1, 1, 1, 1, 1, 1.2, 0])),
    Kind("closed at night", 2_000, hours=NINE_TO_NINE),
    Kind("holidays", 2_000, holidays=10),
    Kind("growth tenfold", 2_000, growth=10),
    Kind("no carts", 2_000, has_carts=False),
    Kind("orders only", 100, orders=100, is_orders_only=True),
    Kind("one price", 2_000, one_price=True),
)


@dataclass
class Sums:
    """A shop's year by day and hour; the amount of each order with its day."""

    sessions: Counts
    with_cart: Counts
    with_purchase: Counts
    with_both: Counts
    views: Counts
    carts: Counts
    purchases: Counts
    repeats: Counts  # duplicate rows of purchases
    amounts: list[NDArray[np.float64]]


def simulate(kind: Kind, seed: int, days: int = 365) -> Sums:
    """A clean year of a shop: visits are random, with more visitors on some days."""
    rng = np.random.default_rng([seed, *kind.name.encode()])
    day = np.arange(days)
    level = kind.weekly[day % 7] / kind.weekly.mean() * kind.growth ** (day / days)
    level = level * rng.lognormal(0, 0.1, days)
    buying = rng.lognormal(0, 0.05, days)
    quiet = rng.choice(days, kind.holidays, replace=False)
    level[quiet] *= 1 / 3
    buying[quiet] *= 1 / 2
    per_session = 1.0 if kind.is_orders_only else VIEWS + 0.3
    visitors = kind.events / per_session
    share = min(1.0, kind.orders / visitors) if kind.orders else BUYING
    expected = np.outer(level, kind.hours / kind.hours.sum()) * visitors
    sessions = rng.poisson(expected)
    with_purchase = rng.binomial(sessions, np.minimum(1, share * buying)[:, None])
    carting = 0.9 if kind.has_carts and not kind.is_orders_only else 0.0
    with_both = rng.binomial(with_purchase, carting)
    others = sessions - with_purchase
    only_cart = rng.binomial(others, CARTING - BUYING if carting else 0.0)
    with_cart = with_both + only_cart
    views = np.zeros_like(sessions)
    if not kind.is_orders_only:
        views = sessions + _negative_binomial(rng, sessions, VIEWS)
    lines = with_purchase + rng.poisson(0.3 * with_purchase)
    orders = with_purchase.sum(axis=1)
    amounts = [
        np.full(n, 50.0) if kind.one_price else np.round(rng.lognormal(4, 0.9, n), 2)
        for n in orders
    ]
    return Sums(
        sessions=sessions, with_cart=with_cart, with_purchase=with_purchase, with_both=with_both,
        views=views, carts=with_cart + rng.poisson(0.5 * with_cart), purchases=lines,
        repeats=rng.binomial(lines, 0.003), amounts=amounts,
    )  # fmt: skip


def _negative_binomial(rng: np.random.Generator, sessions: Counts, mean: float) -> Counts:
    """The views after the first one, for this number of geometric visits."""
    found = np.zeros_like(sessions)
    some = sessions > 0
    found[some] = rng.negative_binomial(sessions[some], 1 / mean)
    return found


def tables(sums: Sums) -> Mapping[str, dict[str, NDArray[np.generic] | list[date]]]:
    """The columns that the models of the alerts read, by table."""
    days = len(sums.sessions)
    dates = [FIRST_DAY + timedelta(days=n) for n in range(days)]
    events = sums.views + sums.carts + sums.purchases
    day, hour = np.nonzero(events)
    at = np.datetime64(FIRST_DAY, "us") + (day * 24 + hour) * np.timedelta64(3_600_000_000, "us")
    by_day = sums.sessions.sum(axis=1)
    seen = np.nonzero(by_day)[0]
    amounts = sums.amounts
    sold = [n for n in range(days) if len(amounts[n])]
    logs = [np.round(1000 * np.log(amounts[n])).astype(np.int64) for n in sold]

    def total(of: Counts, which: Counts = seen) -> Counts:
        found: Counts = of.sum(axis=1)[which]
        return found

    return {
        "int_event_hours": {
            "event_date": [dates[n] for n in day],
            "hour_of_day": hour,
            "view_count": sums.views[day, hour],
            "view_repeat_count": np.zeros(len(day), np.int64),
            "cart_add_count": sums.carts[day, hour],
            "cart_add_repeat_count": np.zeros(len(day), np.int64),
            "purchase_count": sums.purchases[day, hour],
            "purchase_repeat_count": sums.repeats[day, hour],
            "event_count": events[day, hour],
            "repeat_count": sums.repeats[day, hour],
            "repeat_revenue_amount": np.zeros(len(day)),
            "first_event_at": at,
            "last_event_at": at + np.timedelta64(3_599_000_000, "us"),
        },
        "int_session_cells": {
            "session_start_date": [dates[n] for n in seen],
            "session_count": total(sums.sessions),
            "bot_session_count": np.zeros(len(seen), np.int64),
            "view_count": total(sums.views),
            "sessions_with_view": np.where(total(sums.views) > 0, total(sums.sessions), 0),
            "sessions_with_cart": total(sums.with_cart),
            "sessions_with_purchase": total(sums.with_purchase),
            "sessions_with_view_and_cart": total(sums.with_cart),
            "sessions_with_cart_and_purchase": total(sums.with_both),
            "sessions_with_view_and_purchase": total(sums.with_purchase),
        },
        "int_order_days": {
            "order_date": [dates[n] for n in sold],
            "revenue_amount": np.array([amounts[n].sum() for n in sold]),
            "order_count": np.array([len(amounts[n]) for n in sold]),
            "buyer_count": np.array([len(amounts[n]) for n in sold]),
            "item_count": sums.purchases.sum(axis=1)[sold],
            "first_order_count": np.zeros(len(sold), np.int64),
            "customer_revenue_amount": np.array([amounts[n].sum() for n in sold]),
            "squared_amount": np.array([(amounts[n] ** 2).sum() for n in sold]),
            "priced_order_count": np.array([len(amounts[n]) for n in sold]),
            "log_amount": np.array([log.sum() for log in logs], np.int64),
            "squared_log_amount": np.array([(log**2).sum() for log in logs], np.int64),
        },
    }
