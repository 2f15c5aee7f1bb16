"""Growth of a shop, in plain Python, written from the definitions alone.

It continues oracle.py: see there. `groups`: product → its category and brand.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from math import log

from oracle import Order, Session, is_customer
from oracle import _month_start as month_start
from oracle import _next_month as next_month
from oracle import _next_week as next_week
from oracle import _week_start as week_start

DAY = timedelta(days=1)
GRAINS: dict[str, tuple[Callable[[date], date], Callable[[date], date]]] = {
    "month": (month_start, next_month),
    "week": (week_start, next_week),
}
#: Products of each order, by user and order key: (product, items, revenue).
Lines = Mapping[tuple[str, str], Collection[tuple[str, int, Decimal]]]


def _periods(grain: str, first_date: date, as_of: date) -> list[date]:
    start, following = GRAINS[grain]
    periods = [start(first_date)]
    while following(periods[-1]) <= as_of:
        periods.append(following(periods[-1]))
    return periods


def _is_complete(grain: str, period: date, first_date: date, as_of: date) -> bool:
    return period >= first_date and GRAINS[grain][1](period) - DAY <= as_of


@dataclass(frozen=True)
class Lifecycle:
    """The customers of one period."""

    grain: str
    period_start: date
    active_count: int
    new_count: int
    returning_count: int
    resurrected_count: int
    dormant_count: int | None
    gained_count: int
    quick_ratio: float | None
    is_complete: bool


def lifecycle(orders: Iterable[Order], first_date: date, as_of: date) -> list[Lifecycle]:
    """Months, then weeks."""
    result = []
    orders = [order for order in orders if is_customer(order.user_id)]
    for grain, (start, _) in GRAINS.items():
        active: dict[date, set[str]] = defaultdict(set)
        began = {order.user_id: start(order.first_order_date) for order in orders}
        for order in orders:
            active[start(order.order_date)].add(order.user_id)
        before: date | None = None
        for period in _periods(grain, first_date, as_of):
            now = active[period]
            earlier = active[before] if before else set()
            new = {user for user in now if began[user] == period}
            returning = now & earlier
            is_complete = _is_complete(grain, period, first_date, as_of)
            is_known = is_complete and before is not None and _is_complete(
                grain, before, first_date, as_of
            )  # fmt: skip
            dormant = len(earlier - now) if is_known else None
            gained = len(now) - len(returning)
            result.append(
                Lifecycle(
                    grain, period, len(now), len(new), len(returning),
                    len(now - new - returning), dormant, gained,
                    gained / dormant if dormant else None, is_complete,
                )
            )  # fmt: skip
            before = period
    return result


@dataclass(frozen=True)
class CohortLtv:
    """One cohort of customers by the month of the first order, up to one month."""

    breakdown: str
    item: str
    cohort_start: date
    month_index: int
    month_start: date
    customer_count: int
    revenue_amount: Decimal | None
    is_complete: bool


def cohort_ltv(
    orders: Sequence[Order],
    lines: Lines,
    groups: Mapping[str, tuple[str, str]],
    first_date: date,
    as_of: date,
) -> list[CohortLtv]:
    """All customers, then by the category and brand of the first product."""
    cohorts: dict[tuple[str, str, date], list[str]] = defaultdict(list)
    spent: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
    for order in orders:
        if not is_customer(order.user_id):
            continue
        spent[order.user_id].append((order.order_date, order.order_amount))
        if order.order_number == 1:
            own = lines[order.user_id, order.order_key]
            product, *_ = min(own, key=lambda line: (-line[2], line[0]))
            category, brand = groups[product]
            began = month_start(order.order_date)
            for key in (("all", "all"), ("category", category), ("brand", brand)):
                cohorts[*key, began].append(order.user_id)
    result = []
    for (breakdown, item, began), users in sorted(cohorts.items()):
        months = [m for m in _periods("month", first_date, as_of) if m >= began]
        for index, month in enumerate(months):
            is_complete = next_month(month) - DAY <= as_of
            total = sum(
                (
                    amount
                    for user in users
                    for day, amount in spent[user]
                    if day < next_month(month)
                ),
                Decimal(0),
            )
            result.append(
                CohortLtv(
                    breakdown, item, began, index, month, len(users),
                    total if is_complete else None, is_complete,
                )
            )  # fmt: skip
    return result


@dataclass(frozen=True)
class Driver:
    """One part of the change of revenue between two periods."""

    grain: str
    period_start: date
    previous_period_start: date
    breakdown: str
    item: str
    effect: str
    change: float


def revenue_drivers(
    orders: Sequence[Order],
    lines: Lines,
    groups: Mapping[str, tuple[str, str]],
    first_date: date,
    as_of: date,
) -> list[Driver]:
    """Every part, by the logarithmic mean of both periods (LMDI)."""
    result = []
    for grain, (start, _) in GRAINS.items():
        of_period: dict[date, list[Order]] = defaultdict(list)
        for order in orders:
            of_period[start(order.order_date)].append(order)
        complete = [
            period
            for period in _periods(grain, first_date, as_of)
            if _is_complete(grain, period, first_date, as_of)
        ]
        for before, period in pairwise(complete):
            parts: list[tuple[str, str, str, float]] = []
            sides = [of_period[before], of_period[period]]
            parts.append(("total", "all", "revenue", _change([_amount(own) for own in sides])))
            known = [[order for order in own if is_customer(order.user_id)] for own in sides]
            new = [
                [order for order in own if start(order.first_order_date) == at]
                for own, at in zip(known, (before, period), strict=True)
            ]
            amounts = [_amount(own) for own in known]
            added = [_amount(own) for own in new]
            parts.append(("customers", "new", "revenue", _change(added)))
            rest = [all_ - new_ for all_, new_ in zip(amounts, added, strict=True)]
            parts.append(("customers", "returning", "revenue", _change(rest)))
            anonymous = [_amount(all_) - own for all_, own in zip(sides, amounts, strict=True)]
            parts.append(("customers", "placeholder", "revenue", _change(anonymous)))
            if all(amounts):
                factors = [_factors(own) for own in known]
                for name in factors[0]:
                    effect = _log_mean(amounts) * log(factors[1][name] / factors[0][name])
                    parts.append(("driver", "customers", name, effect))
            if grain == "month":
                parts += _mix(sides, lines, groups)
            result += [Driver(grain, period, before, *part) for part in parts]
    return result


def _amount(orders: Iterable[Order]) -> float:
    return float(sum((order.order_amount for order in orders), Decimal(0)))


def _change(sides: Sequence[float]) -> float:
    return sides[1] - sides[0]


def _log_mean(sides: Sequence[float]) -> float:
    if sides[0] == sides[1]:
        return sides[0]
    return (sides[1] - sides[0]) / (log(sides[1]) - log(sides[0]))


def _factors(orders: Sequence[Order]) -> dict[str, float]:
    buyers = len({order.user_id for order in orders})
    items = sum(order.item_count for order in orders)
    return {
        "buyers": buyers,
        "orders_per_buyer": len(orders) / buyers,
        "items_per_order": items / len(orders),
        "price_per_item": _amount(orders) / items,
    }


def _mix(
    sides: Sequence[Sequence[Order]], lines: Lines, groups: Mapping[str, tuple[str, str]]
) -> list[tuple[str, str, str, float]]:
    sums: list[dict[str, list[float]]] = []
    for own in sides:
        found: dict[str, list[float]] = defaultdict(lambda: [0, 0])
        for order in own:
            for product, items, revenue in lines[order.user_id, order.order_key]:
                found[groups[product][0]][0] += items
                found[groups[product][0]][1] += float(revenue)
        sums.append(found)
    totals = [sum(items for items, _ in found.values()) for found in sums]
    parts = []
    for category in sorted(set().union(*sums)):
        (items_0, revenue_0), (items_1, revenue_1) = (f.get(category, [0, 0]) for f in sums)
        if revenue_0 > 0 and revenue_1 > 0:
            weight = _log_mean([revenue_0, revenue_1])
            effects = {
                "volume": weight * log(totals[1] / totals[0]),
                "mix": weight * log((items_1 / totals[1]) / (items_0 / totals[0])),
                "price": weight * log((revenue_1 / items_1) / (revenue_0 / items_0)),
            }
        else:  # a logarithm of 0 does not exist
            effects = {"volume": 0, "mix": revenue_1 - revenue_0, "price": 0}
        parts += [("category", category, name, effect) for name, effect in effects.items()]
    return parts


@dataclass(frozen=True)
class WeekdayHour:
    """One hour of one weekday over several weeks."""

    weekday: int
    hour_of_day: int
    session_count: int
    sessions_with_view: int
    sessions_with_view_and_purchase: int
    order_count: int
    revenue_amount: Decimal


def weekday_hours(
    sessions: Iterable[Session], orders: Iterable[Order], days: Collection[date]
) -> list[WeekdayHour]:
    """Every hour of the week, on these days, for a shop in UTC."""
    weekdays = {day.isoweekday() for day in days}
    own = [s for s in sessions if s.session_start_date in days and s.event_count <= 500]
    sold = [order for order in orders if order.order_date in days]
    result = []
    for weekday in sorted(weekdays):
        for hour in range(24):
            here = [
                s for s in own
                if (s.session_start_date.isoweekday(), s.session_start_at.hour) == (weekday, hour)
            ]  # fmt: skip
            there = [
                o for o in sold
                if (o.order_date.isoweekday(), o.ordered_at.hour) == (weekday, hour)
            ]  # fmt: skip
            result.append(
                WeekdayHour(
                    weekday, hour, len(here), sum(s.reached_view for s in here),
                    sum(s.reached_view and s.reached_purchase for s in here), len(there),
                    sum((o.order_amount for o in there), Decimal(0)),
                )
            )  # fmt: skip
    return result
