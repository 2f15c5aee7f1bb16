"""What is bought together and next, in plain Python, written from the definitions alone.

It continues oracle.py: see there. `names`: product → its category, subcategory, brand, product.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import combinations
from math import exp, log, sqrt
from statistics import median

from oracle import Event, Order, Session, is_customer

LEVELS = ("category", "subcategory", "brand", "product")
Names = Mapping[str, Mapping[str, str | None]]
#: The products of each order, by user and order key.
Baskets = Mapping[tuple[str, str], set[str]]
#: The same with units and revenue.
Lines = dict[tuple[str, str], list[tuple[str, int, Decimal]]]


@dataclass(frozen=True)
class Affinity:
    """Two items of one level in the same orders."""

    level: str
    pair_rank: int
    item_a: str
    item_b: str
    order_count: int
    order_count_a: int
    order_count_b: int
    order_count_both: int
    support: float
    confidence_a_to_b: float
    confidence_b_to_a: float
    lift: float
    lift_low: float
    lift_high: float


def lines(events: Iterable[Event], orders: Iterable[Order], sessions: Iterable[Session]) -> Lines:
    """The products of each order with their units and revenue."""
    of_session: dict[tuple[str, str], list[Session]] = defaultdict(list)
    for session in sessions:
        of_session[session.user_id, session.user_session].append(session)
    found: dict[tuple[str, str], dict[str, tuple[int, Decimal]]] = defaultdict(dict)
    for event in events:
        if event.event_type != "purchase":
            continue
        key = event.order_id or next(
            session.session_id
            for session in of_session[event.user_id, event.user_session]
            if session.session_start_at <= event.event_time <= session.session_end_at
        )
        own = found[event.user_id, key]
        units, amount = own.get(event.product_id, (0, Decimal(0)))
        own[event.product_id] = units + event.quantity, amount + event.revenue_amount
    assert found.keys() == {(order.user_id, order.order_key) for order in orders}
    return {key: [(product, *sums) for product, sums in own.items()] for key, own in found.items()}


def affinity(baskets: Baskets, names: Names, min_orders: int, pairs: int) -> list[Affinity]:
    """The strongest pairs of each level."""
    result = []
    for level in LEVELS:
        alone: Counter[str] = Counter()
        together: Counter[tuple[str, str]] = Counter()
        for products in baskets.values():
            items = sorted({name for p in products if (name := names[p][level]) is not None})
            alone.update(items)
            together.update(combinations(items, 2))
        total = len(baskets)
        rows = []
        for (a, b), both in together.items():
            if both < min_orders:
                continue
            lift = (both / total) / ((alone[a] / total) * (alone[b] / total))
            deviation = sqrt(
                max(0, 1 / both - 1 / alone[a] - 1 / alone[b] + (2 * lift - 1) / total)
            )
            low, high = (
                exp(log(lift) + z * deviation) for z in (-1.959963984540054, 1.959963984540054)
            )
            rows.append((-round(low, 9), -both, a, b, lift, low, high))
        for rank, (_, minus_both, a, b, lift, low, high) in enumerate(sorted(rows)[:pairs], 1):
            result.append(
                Affinity(
                    level, rank, a, b, total, alone[a], alone[b], -minus_both, -minus_both / total,
                    -minus_both / alone[a], -minus_both / alone[b], lift, low, high,
                )
            )  # fmt: skip
    return result


@dataclass(frozen=True)
class NextPurchase:
    """Customers who went on from one category to a category."""

    relation: str
    category: str
    next_category: str
    customer_count: int
    of_customer_count: int
    customer_share: float
    customer_share_low: float
    customer_share_high: float
    median_days: float


def next_purchases(
    orders: Sequence[Order],
    baskets: Baskets,
    names: Names,
    as_of: date,
    *,
    min_customers: int,
    window_days: int = 90,
) -> list[NextPurchase]:
    """From each category to the next order, and to the next order of the same category."""
    by_user: dict[str, list[Order]] = defaultdict(list)
    for order in sorted(orders, key=lambda order: order.order_number):
        if is_customer(order.user_id):
            by_user[order.user_id].append(order)

    def categories(order: Order) -> set[str]:
        products = baskets[order.user_id, order.order_key]
        return {name for p in products if (name := names[p]["category"]) is not None}

    observed: Counter[str] = Counter()
    returning: Counter[str] = Counter()
    pauses: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for own in by_user.values():
        for category in set().union(*map(categories, own)):
            of_it = [order for order in own if category in categories(order)]
            first = of_it[0]
            if (as_of - first.order_date).days < window_days:
                continue
            observed[category] += 1
            later = own[first.order_number : first.order_number + 1]
            if later and (days := (later[0].order_date - first.order_date).days) <= window_days:
                returning[category] += 1
                for following in categories(later[0]):
                    pauses["next", category, following].append(days)
            if len(of_it) > 1:
                days = (of_it[1].order_date - first.order_date).days
                if days <= window_days:
                    pauses["again", category, category].append(days)

    result = []
    for (relation, category, following), days in sorted(pauses.items()):
        if len(days) < min_customers:
            continue
        of = (returning if relation == "next" else observed)[category]
        ends = _wilson(len(days), of)
        result.append(
            NextPurchase(
                relation, category, following, len(days), of, len(days) / of, *ends,
                float(median(days)),
            )
        )  # fmt: skip
    return result


def _wilson(part: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share of independent customers."""
    z = 1.959963984540054
    middle = (part + z**2 / 2) / (of + z**2)
    margin = z / (of + z**2) * sqrt(part * (of - part) / of + z**2 / 4)
    return max(0.0, middle - margin), min(1.0, middle + margin)
