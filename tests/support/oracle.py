"""The numbers the warehouse must produce, in plain Python, written from the definitions alone.

Tests compare the marts that SQL builds with these results, so this file is simple: no SQL,
no data frames, every definition once, in the order of the data flow:

    lines -> events -> sessions and orders -> daily sales, funnel, users, RFM, churn, ...

Money is an exact Decimal, a rate is a float between 0 and 1, an instant is an aware UTC datetime.
Every function returns sorted rows and gives the same rows for any order of its input.
"""

import csv
import gzip
import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from math import floor, sqrt
from pathlib import Path
from typing import Any, TextIO
from zoneinfo import ZoneInfo

REQUIRED_COLUMNS = (
    "event_time",
    "event_type",
    "product_id",
    "category_id",
    "category_code",
    "brand",
    "price",
    "user_id",
    "user_session",
)


# --- Lines: the rows of a file -------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One accepted row of a file, cleaned. Ids are text, `price` is for one unit."""

    event_time: datetime
    event_type: str | None
    product_id: str
    category_id: str | None
    category_code: str | None
    brand: str | None
    price: Decimal
    user_id: str
    user_session: str
    order_id: str | None = None
    quantity: int = 1


def read_lines(paths: Iterable[Path | str]) -> list[Line]:
    """Accepted rows of CSV files (`.gz` or plain, with a header), in file order.

    A refused line is left out. Raises ValueError for a file without the columns needed and for a
    quantity that is not an integer, which no definition covers.
    """
    lines = []
    for path in map(Path, paths):
        with _open_text(path) as file:
            rows = csv.reader(file)
            header = [name.strip() for name in next(rows, [])]
            missing = [name for name in REQUIRED_COLUMNS if name not in header]
            if missing:
                raise ValueError(f"{path}: the header lacks {', '.join(missing)}")
            for row in rows:
                if len(row) != len(header):
                    continue
                line = _line(dict(zip(header, row, strict=True)))
                if line is not None:
                    lines.append(line)
    return lines


def _open_text(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _line(row: dict[str, str]) -> Line | None:
    """The cleaned row, or None if it is rejected."""
    event_time = _instant(row["event_time"])
    price = _price(row["price"])
    product_id = _text(row["product_id"])
    user_id = _text(row["user_id"])
    user_session = _text(row["user_session"])
    if (
        event_time is None
        or price is None
        or product_id is None
        or user_id is None
        or user_session is None
    ):
        return None
    return Line(
        event_time=event_time,
        event_type=_lower(row["event_type"]),
        product_id=product_id,
        category_id=_text(row["category_id"]),
        category_code=_lower(row["category_code"]),
        brand=_lower(row["brand"]),
        price=price,
        user_id=user_id,
        user_session=user_session,
        order_id=_text(row.get("order_id", "")),
        quantity=int(_text(row.get("quantity", "")) or 1),
    )


def _text(field: str) -> str | None:
    # Only an empty field is null: `na` and `null` are brands that exist.
    return field.strip() or None


def _lower(field: str) -> str | None:
    return field.strip().lower() or None


def _instant(field: str) -> datetime | None:
    """`2019-10-01 00:00:00 UTC` or ISO 8601; a time without a zone is UTC."""
    try:
        instant = datetime.fromisoformat(field.strip().removesuffix(" UTC"))
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _price(field: str) -> Decimal | None:
    try:
        price = Decimal(field.strip())
    except InvalidOperation:
        return None
    return price if price.is_finite() and price >= 0 else None


# --- Events: rows without duplicates -------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Event(Line):
    """One distinct event with `duplicate_count` equal rows (1 = no duplicate)."""

    duplicate_count: int
    event_date: date
    revenue_amount: Decimal


def events(
    lines: Iterable[Line], shop_timezone: str = "UTC", repeated_purchases_are_units: bool = False
) -> list[Event]:
    """Distinct events by time. `event_date` is the day in the shop's time zone."""
    zone = ZoneInfo(shop_timezone)
    groups: dict[tuple[object, ...], list[Line]] = defaultdict(list)
    for line in lines:
        key = (
            line.event_time,
            line.event_type,
            line.product_id,
            line.user_id,
            line.user_session,
            line.order_id,
            line.quantity,
            line.price,
        )
        groups[key].append(line)

    result = []
    for same in groups.values():
        # The complete row is used, never a mix of columns of several rows.
        line = min(same, key=_rank_among_duplicates)
        is_purchase = line.event_type == "purchase"
        if is_purchase and repeated_purchases_are_units:
            line = replace(line, quantity=sum(row.quantity for row in same))
        result.append(
            Event(
                **vars(line),
                duplicate_count=len(same),
                event_date=line.event_time.astimezone(zone).date(),
                revenue_amount=line.price * line.quantity if is_purchase else Decimal(0),
            )
        )
    return sorted(result, key=_event_order)


def _rank_among_duplicates(line: Line) -> tuple[Any, ...]:
    return (
        _nulls_last(line.category_id),
        _nulls_last(line.category_code),
        _nulls_last(line.brand),
    )


def _nulls_last(text: str | None) -> tuple[bool, str]:
    return (text is None, text or "")


def _event_order(event: Event) -> tuple[Any, ...]:
    return (
        event.event_time,
        event.user_id,
        event.user_session,
        event.event_type or "",
        event.product_id,
        _nulls_last(event.order_id),
        event.quantity,
        event.price,
    )


def last_event_date(events: Iterable[Event]) -> date:
    """The default `as_of` of everything that is relative to now."""
    return max(event.event_date for event in events)


# --- Sessions ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Session:
    """One session of one user. Its key is (user_id, user_session, session_start_at)."""

    session_id: str

    user_id: str
    user_session: str
    session_start_at: datetime
    session_start_date: date
    session_end_at: datetime
    duration_seconds: int
    event_count: int
    view_count: int
    cart_add_count: int
    purchase_count: int
    item_count: int
    product_count: int
    revenue_amount: Decimal
    reached_view: bool
    reached_cart: bool
    reached_purchase: bool
    funnel_stage: str
    orders_before: int


def sessions(events: Iterable[Event], timeout_minutes: int = 60) -> list[Session]:
    """Sessions by (user_id, user_session, session_start_at)."""
    events = list(events)
    ordered_at_by_user: dict[str, list[datetime]] = defaultdict(list)
    for order in orders(events, timeout_minutes):
        ordered_at_by_user[order.user_id].append(order.ordered_at)

    result = []
    for own in _split_into_sessions(events, timeout_minutes):
        first, last = own[0], own[-1]
        count = Counter(event.event_type for event in own)
        if count["purchase"]:
            funnel_stage = "purchase"
        elif count["cart"]:
            funnel_stage = "cart"
        elif count["view"]:
            funnel_stage = "view"
        else:
            funnel_stage = "other"
        result.append(
            Session(
                session_id=session_id(
                    first.user_id, first.user_session, first.event_time, timeout_minutes
                ),
                user_id=first.user_id,
                user_session=first.user_session,
                session_start_at=first.event_time,
                session_start_date=first.event_date,
                session_end_at=last.event_time,
                duration_seconds=(last.event_time - first.event_time) // timedelta(seconds=1),
                event_count=len(own),
                view_count=count["view"],
                cart_add_count=count["cart"],
                purchase_count=count["purchase"],
                item_count=sum(e.quantity for e in own if e.event_type == "purchase"),
                product_count=len({event.product_id for event in own}),
                revenue_amount=sum((event.revenue_amount for event in own), Decimal(0)),
                reached_view=count["view"] > 0,
                reached_cart=count["cart"] > 0,
                reached_purchase=count["purchase"] > 0,
                funnel_stage=funnel_stage,
                # Strictly before: an order of this session is not known
                # when the session starts.
                orders_before=sum(
                    ordered_at < first.event_time
                    for ordered_at in ordered_at_by_user[first.user_id]
                ),
            )
        )
    return sorted(result, key=lambda s: (s.user_id, s.user_session, s.session_start_at))


def _split_into_sessions(events: Iterable[Event], timeout_minutes: int) -> list[list[Event]]:
    """Each session as its events by time."""
    timeout = timedelta(minutes=timeout_minutes)
    by_key: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in events:
        # Several users may share a session id, so the user belongs to the key.
        by_key[event.user_id, event.user_session].append(event)

    result = []
    for own in by_key.values():
        own.sort(key=_event_order)
        current = [own[0]]
        for event in own[1:]:
            if event.event_time - current[-1].event_time > timeout:
                result.append(current)
                current = []
            current.append(event)
        result.append(current)
    return result


# --- Orders --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Order:
    """One order. `order_id` is None if the file has none: then the order is a session's purchases.

    `order_key` is the order_id where there is one, else the id of the session.
    `user_session` and `session_start_at` name the session of the order's first purchase.
    """

    user_id: str
    order_key: str
    order_id: str | None
    user_session: str
    session_start_at: datetime
    ordered_at: datetime
    order_date: date
    item_count: int
    line_count: int
    order_amount: Decimal
    order_number: int
    days_since_previous_order: int | None
    first_order_date: date
    customer_since_date: date


def session_id(user_id: str, user_session: str, began_at: datetime, timeout_minutes: int) -> str:
    """20 hex digits of an md5 of texts, each with its length before it.

    Time since the year 1 is cut into slots as long as the timeout: it is the one of the start.
    """
    slot = (began_at - datetime(1, 1, 1, tzinfo=UTC)) // timedelta(minutes=timeout_minutes)
    key = f"{len(user_id)}:{user_id}|{len(user_session)}:{user_session}|{slot}"
    return hashlib.md5(key.encode()).hexdigest()[:20]


def orders(events: Iterable[Event], timeout_minutes: int = 60) -> list[Order]:
    """Orders by (user_id, order_number)."""
    # One order's purchases, each with the id and the start of its session.
    purchases_of: dict[tuple[object, ...], list[tuple[Event, str, datetime]]] = defaultdict(list)
    for own in _split_into_sessions(events, timeout_minutes):
        session_start_at = own[0].event_time
        own_id = session_id(own[0].user_id, own[0].user_session, session_start_at, timeout_minutes)
        for event in own:
            if event.event_type != "purchase":
                continue
            key: tuple[object, ...]
            if event.order_id is not None:
                key = ("order_id", event.user_id, event.order_id)
            else:
                key = ("session", event.user_id, event.user_session, session_start_at)
            purchases_of[key].append((event, own_id, session_start_at))

    by_user: dict[str, list[Order]] = defaultdict(list)
    for purchases in purchases_of.values():
        first, first_id, session_start_at = min(
            purchases, key=lambda purchase: (purchase[0].event_time, purchase[1])
        )
        by_user[first.user_id].append(
            Order(
                user_id=first.user_id,
                order_key=first.order_id or first_id,
                order_id=first.order_id,
                user_session=first.user_session,
                session_start_at=session_start_at,
                ordered_at=first.event_time,
                order_date=first.event_date,
                item_count=sum(event.quantity for event, *_ in purchases),
                line_count=len(purchases),
                order_amount=sum((event.revenue_amount for event, *_ in purchases), Decimal(0)),
                order_number=0,
                days_since_previous_order=None,
                first_order_date=first.event_date,
                customer_since_date=first.event_date,
            )
        )

    result = []
    for _, own_orders in sorted(by_user.items()):
        # An order_id may equal a session id; the order with an order_id then comes first.
        own_orders.sort(key=lambda o: (o.ordered_at, o.order_key, o.order_id is None))
        previous_date: date | None = None
        for number, order in enumerate(own_orders, start=1):
            days = None if previous_date is None else (order.order_date - previous_date).days
            result.append(
                replace(
                    order, order_number=number, days_since_previous_order=days,
                    first_order_date=own_orders[0].order_date,
                    customer_since_date=own_orders[0].order_date,
                )
            )  # fmt: skip
            previous_date = order.order_date
    return result


#: Anonymous user ids, in any case: their orders are sales, but they are not customers.
ANONYMOUS_IDS = {
    "null", "undefined", "none", "nil", "nan", "na", "n/a", "#n/a", "\\n", "(not set)", "not set",
    "(none)", "unknown", "anonymous", "guest", "-", "0", "-1",
    "00000000-0000-0000-0000-000000000000",
}  # fmt: skip


def is_customer(user_id: str) -> bool:
    """Whether the id identifies a person."""
    return user_id.lower() not in ANONYMOUS_IDS


def _orders_by_user(orders: Iterable[Order]) -> dict[str, list[Order]]:
    """Each customer's orders, first order first."""
    by_user: dict[str, list[Order]] = defaultdict(list)
    for order in sorted(orders, key=lambda order: (order.user_id, order.order_number)):
        if is_customer(order.user_id):
            by_user[order.user_id].append(order)
    return by_user


def _check_nothing_after(as_of: date, days: Iterable[date]) -> None:
    # An as-of date before the end of the data would give negative ages silently.
    last = max(days, default=as_of)
    if last > as_of:
        raise ValueError(f"as_of {as_of} is before {last}: leave out what came later first")


# --- Daily sales ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class DailySales:
    """One day of the shop: orders by the day they were made."""

    order_date: date
    revenue_amount: Decimal
    order_count: int
    buyer_count: int
    item_count: int
    average_order_amount: Decimal | None


def daily_sales(orders: Iterable[Order], events: Iterable[Event]) -> list[DailySales]:
    """Every day from the first to the last event, days without orders included."""
    orders_on: dict[date, list[Order]] = defaultdict(list)
    for order in orders:
        orders_on[order.order_date].append(order)

    days = {event.event_date for event in events}
    day, last_day = min(days), max(days)
    result = []
    while day <= last_day:
        own = orders_on[day]
        revenue = sum((order.order_amount for order in own), Decimal(0))
        result.append(
            DailySales(
                order_date=day,
                revenue_amount=revenue,
                order_count=len(own),
                buyer_count=len({o.user_id for o in own if is_customer(o.user_id)}),
                item_count=sum(order.item_count for order in own),
                average_order_amount=revenue / len(own) if own else None,
            )
        )
        day += timedelta(days=1)
    return result


# --- Funnel --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Funnel:
    """Sessions that reach each stage, for one start day or overall (no date)."""

    session_start_date: date | None
    sessions: int
    bots: int
    with_view: int
    with_cart: int
    with_purchase: int
    view_and_cart: int
    cart_and_purchase: int
    view_and_purchase: int
    view_to_cart: float | None
    cart_to_purchase: float | None
    view_to_purchase: float | None
    cart_abandonment: float | None
    # Ends of the 95 % intervals of the rates, in the same order.
    intervals: tuple[tuple[float, float] | None, ...] = field(default=(), compare=False)

    @property
    def ends(self) -> dict[str, float | None]:
        """rate_low and rate_high of each rate."""
        names = ("view_to_cart", "cart_to_purchase", "view_to_purchase", "cart_abandonment")
        return {
            f"{name}_rate_{side}": interval and interval[place]
            for name, interval in zip(names, self.intervals, strict=True)
            for place, side in enumerate(("low", "high"))
        }


def funnel(sessions: Iterable[Session], bot_events: int = 500) -> list[Funnel]:
    """The overall row first, then one for every day on which a session starts.

    A session of more than `bot_events` events is a bot's: counted as such, and in nothing else.
    """
    sessions = list(sessions)
    by_day: dict[date, list[Session]] = defaultdict(list)
    for session in sessions:
        by_day[session.session_start_date].append(session)
    rows = [_funnel_row(None, sessions, bot_events)] + [
        _funnel_row(day, own, bot_events) for day, own in sorted(by_day.items())
    ]
    # A source without such events: the number of sessions that reached the stage is unknown.
    if not rows[0].with_cart:
        rows = [replace(row, view_to_cart=None) for row in rows]
    if not rows[0].with_purchase:
        unknown = {"cart_to_purchase": None, "view_to_purchase": None, "cart_abandonment": None}
        rows = [replace(row, **unknown) for row in rows]
    return rows


def _funnel_row(day: date | None, all_sessions: Sequence[Session], bot_events: int) -> Funnel:
    sessions = [s for s in all_sessions if s.event_count <= bot_events]
    with_view = sum(s.reached_view for s in sessions)
    with_cart = sum(s.reached_cart for s in sessions)
    # Both stages, so that a purchase without a logged cart cannot push a rate above 1.
    view_and_cart = sum(s.reached_view and s.reached_cart for s in sessions)
    cart_and_purchase = sum(s.reached_cart and s.reached_purchase for s in sessions)
    view_and_purchase = sum(s.reached_view and s.reached_purchase for s in sessions)
    cart_to_purchase = _rate(cart_and_purchase, with_cart)
    return Funnel(
        session_start_date=day,
        sessions=len(sessions),
        bots=len(all_sessions) - len(sessions),
        with_view=with_view,
        with_cart=with_cart,
        with_purchase=sum(s.reached_purchase for s in sessions),
        view_and_cart=view_and_cart,
        cart_and_purchase=cart_and_purchase,
        view_and_purchase=view_and_purchase,
        view_to_cart=_rate(view_and_cart, with_view),
        cart_to_purchase=cart_to_purchase,
        view_to_purchase=_rate(view_and_purchase, with_view),
        cart_abandonment=None if cart_to_purchase is None else 1 - cart_to_purchase,
        intervals=(
            _clustered(sessions, lambda s: s.reached_view, lambda s: s.reached_cart),
            _clustered(sessions, lambda s: s.reached_cart, lambda s: s.reached_purchase),
            _clustered(sessions, lambda s: s.reached_view, lambda s: s.reached_purchase),
            _clustered(sessions, lambda s: s.reached_cart, lambda s: not s.reached_purchase),
        ),
    )


def _clustered(
    sessions: Iterable[Session],
    counts: Callable[[Session], bool],
    converts: Callable[[Session], bool],
) -> tuple[float, float] | None:
    return clustered((session.user_id, converts(session)) for session in filter(counts, sessions))


def clustered(converted: Iterable[tuple[str, bool]]) -> tuple[float, float] | None:
    """95 % interval of the share of (user, converted) that converts; users are drawn, not rows.

    Wilson's, of as many rows as would tell as much if each had a user of its own.
    """
    by_user: dict[str, list[bool]] = defaultdict(list)
    for user_id, has_converted in converted:
        by_user[user_id].append(has_converted)
    total = sum(map(len, by_user.values()))
    if not total:
        return None
    share = sum(map(sum, by_user.values())) / total
    if share in (0, 1) or len(by_user) == 1:
        effect = sum(len(own) ** 2 for own in by_user.values()) / total
    else:
        users = len(by_user)
        spread = sum((sum(own) - share * len(own)) ** 2 for own in by_user.values())
        variance = users / (users - 1) * spread / total**2
        effect = min(total, max(1, variance / (share * (1 - share) / total)))
    z = 1.959963984540054
    size = total / effect
    middle = (share + z**2 / (2 * size)) / (1 + z**2 / size)
    margin = z / (1 + z**2 / size) * sqrt(share * (1 - share) / size + z**2 / (4 * size**2))
    return max(0.0, middle - margin), min(1.0, middle + margin)


def _rate(numerator: int, denominator: int) -> float | None:
    return numerator / denominator if denominator else None


# --- Users ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class User:
    """One user. Order columns are None for users who never bought."""

    user_id: str
    first_event_at: datetime
    last_event_at: datetime
    session_count: int
    event_count: int
    order_count: int
    item_count: int
    revenue_amount: Decimal
    average_order_amount: Decimal | None
    first_order_date: date | None
    customer_since_date: date | None
    last_order_date: date | None
    days_since_last_activity: int
    days_since_last_order: int | None
    activity_status: str
    is_churned: bool


def users(
    events: Iterable[Event],
    sessions: Iterable[Session],
    orders: Iterable[Order],
    as_of: date | None = None,
) -> list[User]:
    """Users by user_id, as of a day (default: the last event's)."""
    events = list(events)
    as_of = last_event_date(events) if as_of is None else as_of
    _check_nothing_after(as_of, (event.event_date for event in events))
    session_count = Counter(session.user_id for session in sessions)
    orders_by_user = _orders_by_user(orders)
    events_by_user: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        events_by_user[event.user_id].append(event)

    result = []
    for user_id, own_events in sorted(events_by_user.items()):
        own_orders = orders_by_user.get(user_id, [])
        revenue = sum((order.order_amount for order in own_orders), Decimal(0))
        last_order_date = max((order.order_date for order in own_orders), default=None)
        idle_days = (as_of - max(event.event_date for event in own_events)).days
        order_days = None if last_order_date is None else (as_of - last_order_date).days
        status = activity_status(order_days, idle_days)
        result.append(
            User(
                user_id=user_id,
                first_event_at=min(event.event_time for event in own_events),
                last_event_at=max(event.event_time for event in own_events),
                session_count=session_count[user_id],
                event_count=len(own_events),
                order_count=len(own_orders),
                item_count=sum(order.item_count for order in own_orders),
                revenue_amount=revenue,
                average_order_amount=revenue / len(own_orders) if own_orders else None,
                first_order_date=min((order.order_date for order in own_orders), default=None),
                customer_since_date=min((order.order_date for order in own_orders), default=None),
                last_order_date=last_order_date,
                days_since_last_activity=idle_days,
                days_since_last_order=order_days,
                activity_status=status,
                is_churned=status == "churned",
            )
        )
    return result


def activity_status(days_since_last_order: int | None, days_since_last_activity: int) -> str:
    """A user's status, from days without an order and days without any event."""
    if days_since_last_order is None:
        return "prospect"
    if days_since_last_order < 30:
        return "active"
    if days_since_last_order < 45:
        return "declining"
    # A user with recent visits is not gone, however old the last order is.
    if days_since_last_order < 60 or days_since_last_activity < 60:
        return "at_risk"
    return "churned"


# --- RFM -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rfm:
    """One buyer's recency (days), frequency (orders) and monetary value, scored 1 to 5."""

    user_id: str
    recency_days: int
    frequency: int
    monetary_amount: Decimal
    recency_score: int
    frequency_score: int
    monetary_score: int
    rfm_segment: str


def rfm(orders: Iterable[Order], as_of: date) -> list[Rfm]:
    """Buyers by user_id."""
    by_user = _orders_by_user(orders)
    _check_nothing_after(as_of, (o.order_date for own in by_user.values() for o in own))
    user_ids = sorted(by_user)
    recency = [(as_of - max(o.order_date for o in by_user[user])).days for user in user_ids]
    frequency = [len(by_user[user]) for user in user_ids]
    monetary = [sum((o.order_amount for o in by_user[user]), Decimal(0)) for user in user_ids]

    # More days are worse, so the minus sign makes greater values better.
    recency_score = _scores([-days for days in recency])
    frequency_score = _scores(frequency)
    monetary_score = _scores(monetary)
    return [
        Rfm(
            user_id=user_ids[i],
            recency_days=recency[i],
            frequency=frequency[i],
            monetary_amount=monetary[i],
            recency_score=recency_score[i],
            frequency_score=frequency_score[i],
            monetary_score=monetary_score[i],
            # A single order never counts as frequent.
            rfm_segment=rfm_segment(
                recency_score[i],
                frequency_score[i] if frequency[i] > 1 else min(frequency_score[i], 2),
                monetary_score[i],
            ),
        )
        for i in range(len(user_ids))
    ]


@dataclass(frozen=True)
class Rhythm:
    """One buyer's mean days between own days with an order, and whether the pause is too long."""

    user_id: str
    usual_interval_days: float | None
    is_leaving: bool


def rhythms(orders: Iterable[Order], as_of: date) -> list[Rhythm]:
    """Buyers by user_id. Leaving: no order for 45 days, which at the own rate is rarer than 5 %."""
    result = []
    for user_id, own in sorted(_orders_by_user(orders).items()):
        days = sorted({order.order_date for order in own})
        intervals, span, pause = len(days) - 1, (days[-1] - days[0]).days, (as_of - days[-1]).days
        result.append(
            Rhythm(
                user_id=user_id,
                usual_interval_days=span / intervals if intervals else None,
                is_leaving=bool(intervals)
                and pause >= 45
                and (span / (span + pause)) ** intervals < 0.05,
            )
        )
    return result


@dataclass(frozen=True)
class Customer:
    """One buyer, with the names bought most often and the segment at the end of last month."""

    user_id: str
    rfm_segment: str
    rfm_segment_last_month: str | None
    order_count: int
    net_revenue_amount: Decimal
    first_order_date: date
    last_order_date: date
    cohort_month: date
    favorite_category: str | None
    favorite_brand: str | None


def customers(events: Iterable[Event], orders: Iterable[Order], as_of: date) -> list[Customer]:
    """Buyers by user_id. The favorite is the name of most purchases; ties go to the first name."""
    events, orders = list(events), list(orders)
    last_month = _month_start(as_of) - timedelta(days=1)
    until_then = [order for order in orders if order.order_date <= last_month]
    before = {row.user_id: row.rfm_segment for row in rfm(until_then, last_month)}
    category, brand = _product_names(events)
    bought: dict[str, list[str]] = defaultdict(list)
    for event in events:
        if event.event_type == "purchase":
            bought[event.user_id].append(event.product_id)

    def favorite(user: str, names: dict[str, str]) -> str | None:
        counts = Counter(names[product] for product in bought[user] if product in names)
        return min(counts, key=lambda name: (-counts[name], name), default=None)

    own_orders = _orders_by_user(orders)
    return [
        Customer(
            row.user_id, row.rfm_segment, before.get(row.user_id), row.frequency,
            row.monetary_amount, own_orders[row.user_id][0].order_date,
            own_orders[row.user_id][-1].order_date,
            _month_start(own_orders[row.user_id][0].order_date),
            favorite(row.user_id, category), favorite(row.user_id, brand),
        )
        for row in rfm(orders, as_of)
    ]  # fmt: skip


def _product_names(events: list[Event]) -> tuple[dict[str, str], dict[str, str]]:
    """Product → first level of its first category; product → the brand of most of its events."""
    first: dict[str, tuple[datetime, str]] = {}
    codes: dict[str, Counter[str]] = defaultdict(Counter)
    brands: dict[str, dict[str, tuple[int, datetime]]] = defaultdict(dict)
    for event in events:
        if event.category_id:
            seen = (event.event_time, event.category_id)
            first[event.product_id] = min(first.get(event.product_id, seen), seen)
            if event.category_code:
                codes[event.category_id][event.category_code] += 1
        if event.brand:
            count, last = brands[event.product_id].get(event.brand, (0, event.event_time))
            brands[event.product_id][event.brand] = (count + 1, max(last, event.event_time))
    code = {each: min(found, key=lambda c: (-found[c], c)) for each, found in codes.items()}
    levels = {
        product: code[category].split(".")[0]
        for product, (_, category) in first.items()
        if category in code
    }
    return levels, {
        product: min(
            sorted(found), key=lambda brand: (-found[brand][0], -found[brand][1].timestamp())
        )
        for product, found in brands.items()
    }


def month_ends(events: Iterable[Event]) -> list[date]:
    """Last days of the months of the data that are over on the last day with events."""
    days = sorted(event.event_date for event in events)
    ends, month = [], _month_start(days[0])
    while (end := _next_month(month) - timedelta(days=1)) <= days[-1]:
        ends.append(end)
        month = _next_month(month)
    return ends


def _scores(values: Sequence[Any]) -> list[int]:
    """min(5, 1 + floor(5 * percent_rank)) of each value, greater is better, equal shares equal.

    3, the middle, for all customers if all values are equal.
    """
    if len(set(values)) == 1:
        return [3] * len(values)
    worse: dict[Any, int] = {}
    for position, value in enumerate(sorted(values)):
        # The first of equal values comes right after the strictly worse ones.
        worse.setdefault(value, position)
    return [min(5, 1 + 5 * worse[value] // (len(values) - 1)) for value in values]


def rfm_segment(r: int, f: int, m: int) -> str:
    """The first matching rule."""
    rules = (
        ("Champions", r >= 4 and f >= 4 and m >= 4),
        ("At Risk", r <= 2 and f >= 4 and m >= 4),
        ("Loyal Customers", r >= 4 and f >= 3),
        ("Potential Loyalists", r >= 3 and f >= 3),
        ("Recent Customers", r >= 4 and f < 3),
        ("Promising", r == 3 and f < 3),
        ("About To Sleep", r <= 2 and f >= 3),
        ("Lost", r <= 2 and f <= 2 and m <= 2),
    )
    return next((name for name, holds in rules if holds), "Needs Attention")


# --- Cohorts: churn and retention ----------------------------------------------------------------


def _month_start(day: date) -> date:
    return day.replace(day=1)


def _week_start(day: date) -> date:
    """The Monday of the day's ISO week."""
    return day - timedelta(days=day.weekday())


def _next_month(month_start: date) -> date:
    return (month_start + timedelta(days=31)).replace(day=1)


def _next_week(week_start: date) -> date:
    return week_start + timedelta(days=7)


@dataclass(frozen=True)
class Churn:
    """One cohort by first order: `cohort_kind` overall, overall_uncensored, month or week.

    The overall ones have no start. Left-censored: its customers may have ordered before the data.
    """

    cohort_kind: str
    cohort_start: date | None
    is_left_censored: bool
    customers: int
    observed: int
    repeated: int
    churned: int
    churn_rate: float | None


def churn(
    orders: Iterable[Order], as_of: date, window_days: int = 90, *, first_date: date | None = None
) -> list[Churn]:
    """The overall rows, then months, then weeks, each by start. `first_date`: of the data.

    None: the shop began with the data, so no customer ordered before.
    """
    by_user = _orders_by_user(orders)
    _check_nothing_after(as_of, (o.order_date for own in by_user.values() for o in own))
    cohorts: dict[tuple[str, date], list[list[Order]]] = defaultdict(list)
    for own in by_user.values():
        first_order_date = own[0].order_date
        cohorts["month", _month_start(first_order_date)].append(own)
        cohorts["week", _week_start(first_order_date)].append(own)

    everyone = list(by_user.values())
    surely_new = [own for own in everyone if not _may_be_older(own, first_date, window_days)]
    return [
        _churn_row(kind, start, cohort, as_of, window_days, first_date)
        for kind, start, cohort in [
            ("overall", None, everyone),
            ("overall_uncensored", None, surely_new),
            *((kind, start, cohort) for (kind, start), cohort in sorted(cohorts.items())),
        ]
    ]


def _may_be_older(own: list[Order], first_date: date | None, window_days: int) -> bool:
    """Whether the customer's first order in the data is early enough to follow an older one."""
    if first_date is None:
        return False
    return own[0].order_date < first_date + timedelta(days=window_days)


def _churn_row(
    kind: str,
    start: date | None,
    cohort: list[list[Order]],
    as_of: date,
    window_days: int,
    first_date: date | None,
) -> Churn:
    # Only customers with a complete window of history may count as churned.
    observed = [own for own in cohort if (as_of - own[0].order_date).days >= window_days]
    repeated = [
        own
        for own in observed
        if len(own) >= 2 and (own[1].order_date - own[0].order_date).days <= window_days
    ]
    churned = len(observed) - len(repeated)
    return Churn(
        cohort_kind=kind,
        cohort_start=start,
        is_left_censored=any(_may_be_older(own, first_date, window_days) for own in cohort),
        customers=len(cohort),
        observed=len(observed),
        repeated=len(repeated),
        churned=churned,
        churn_rate=_rate(churned, len(observed)),
    )


@dataclass(frozen=True)
class Retention:
    """One cohort (month or week of first order) in one calendar period; 0 is its own."""

    cohort_kind: str
    cohort_start: date
    period_index: int
    period_start: date
    customers: int
    active: int
    is_complete: bool
    rate: float | None


def retention(orders: Iterable[Order], as_of: date) -> list[Retention]:
    """Months, then weeks, each by cohort and period, up to the period that holds `as_of`."""
    by_user = _orders_by_user(orders)
    _check_nothing_after(as_of, (o.order_date for own in by_user.values() for o in own))
    return _retention_rows("month", by_user, as_of, _month_start, _next_month) + _retention_rows(
        "week", by_user, as_of, _week_start, _next_week
    )


def _retention_rows(
    kind: str,
    by_user: dict[str, list[Order]],
    as_of: date,
    start_of: Callable[[date], date],
    next_start: Callable[[date], date],
) -> list[Retention]:
    # For each cohort, the set of periods with an order of each of its customers.
    cohorts: dict[date, list[set[date]]] = defaultdict(list)
    for own in by_user.values():
        cohorts[start_of(own[0].order_date)].append({start_of(o.order_date) for o in own})

    result = []
    for cohort_start, customers in sorted(cohorts.items()):
        period_index, period_start = 0, cohort_start
        while period_start <= as_of:
            following = next_start(period_start)
            active = sum(period_start in periods for periods in customers)
            is_complete = following - timedelta(days=1) <= as_of
            result.append(
                Retention(
                    cohort_kind=kind,
                    cohort_start=cohort_start,
                    period_index=period_index,
                    period_start=period_start,
                    customers=len(customers),
                    active=active,
                    is_complete=is_complete,
                    rate=active / len(customers) if is_complete else None,
                )
            )
            period_index, period_start = period_index + 1, following
    return result


# --- Lifetime value ------------------------------------------------------------------------------


@dataclass(frozen=True)
class LtvBucket:
    """Buyers whose revenue is at least `bucket_start` and less than 100 more."""

    bucket_start: int
    customers: int
    revenue_amount: Decimal


def ltv_buckets(users: Iterable[User]) -> list[LtvBucket]:
    """$100 buckets with at least one buyer, by start."""
    buckets: dict[int, list[User]] = defaultdict(list)
    for user in users:
        if user.order_count:
            buckets[floor(user.revenue_amount / 100) * 100].append(user)
    return [
        LtvBucket(start, len(own), sum((user.revenue_amount for user in own), Decimal(0)))
        for start, own in sorted(buckets.items())
    ]
