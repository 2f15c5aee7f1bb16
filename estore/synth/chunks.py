"""Chunks: the shop's rows in time order, in limited batches."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise

import numpy as np

from estore.synth import calibration as real
from estore.synth.catalog import Catalog
from estore.synth.customers import Behavior, Customers
from estore.synth.draws import Array, mixed
from estore.synth.faults import Fault, Rows, bot_rows, bot_sizes
from estore.synth.truth import Tally
from estore.synth.visits import (
    DAY,
    PURCHASE,
    VIEW,
    Crowd,
    Events,
    make_events,
    make_sessions,
    second_of_day,
)

CHUNK_ROWS = 400_000


@dataclass(frozen=True)
class _Slice:
    """A part of a day, between two shares of its traffic; small enough for memory."""

    month: int  # 0 is October 2019
    day: int  # 0 is the first
    midnight: int  # start of the day, seconds since 1970
    begin: float
    end: float
    rows: int
    closes_month: bool
    closes_shop: bool

    @property
    def until(self) -> int:
        """The second at which the next slice begins."""
        if self.end == 1:
            return self.midnight + DAY
        return self.midnight + int(second_of_day(np.array([self.end]))[0])


def month_start(month: int) -> date:
    """The first day of a month; 0 is October 2019."""
    year, index = real.FIRST_MONTH
    return date(year + (index - 1 + month) // 12, (index - 1 + month) % 12 + 1, 1)


def _slices(events: int, months: int, seed: int) -> Iterator[_Slice]:
    """All parts of all days, in order; their rows add up to the shop's."""
    days = list(_days(months, seed))
    edges = [0]
    for _, _, weight in days:
        edges.append(edges[-1] + weight)
    edges = [events * edge // edges[-1] for edge in edges]
    for index, ((month, day, _), (low, high)) in enumerate(zip(days, pairwise(edges), strict=True)):
        parts = 1 + (high - low) // CHUNK_ROWS
        is_last = index + 1 == len(days)
        for part in range(parts):
            yield _Slice(
                month=month,
                day=index,
                midnight=int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()),
                begin=part / parts,
                end=(part + 1) / parts,
                rows=(high - low) * (part + 1) // parts - (high - low) * part // parts,
                closes_month=part + 1 == parts and (is_last or days[index + 1][0] != month),
                closes_shop=is_last,
            )


def _days(months: int, seed: int) -> Iterator[tuple[int, date, int]]:
    """(month, day, weight): published days as they were, the others equal within 5 %."""
    rng = np.random.default_rng([seed, 1])
    for month in range(months):
        first, end = (month_start(month + k).toordinal() for k in (0, 1))
        days = [date.fromordinal(day) for day in range(first, end)]
        even = {day: 950 + int(101 * rng.random()) for day in days if day not in real.DAY_ROWS}
        left = 1000 * real.MONTH_ROWS[min(month, len(real.MONTH_ROWS) - 1)]
        left -= sum(1000 * real.DAY_ROWS.get(day, 0) for day in days)
        for day in days:
            listed = 1000 * real.DAY_ROWS.get(day, 0)
            yield month, day, listed or left * even[day] // sum(even.values())


_NO_ROWS: Rows = {
    "time": np.empty(0, np.int64),  # seconds since 1970
    "kind": np.empty(0, np.uint8),
    "product": np.empty(0, np.int32),
    "user_id": np.empty(0, np.int64),
    "session_high": np.empty(0, np.uint64),  # the uuid's first and second 64 bits
    "session_low": np.empty(0, np.uint64),
}


class Life:
    """A shop's events as rows in time order, and then their totals.

    `bots`: when bots come, if any. `has_odd_ids`: some session ids are shared by two users, and
    some stay with a user forever.
    """

    def __init__(
        self,
        events: int,
        months: int,
        seed: int,
        catalog: Catalog,
        *,
        behavior: Behavior,
        known_customers: float = 0,
        bots: Fault | None = None,
        has_odd_ids: bool = False,
    ) -> None:
        self.events, self.seed, self.catalog = events, seed, catalog
        self.bots, self.has_odd_ids = bots, has_odd_ids
        self._slices = list(_slices(events, months, seed))
        month_of_day = {piece.day: piece.month for piece in self._slices}
        self.months = np.array([month_of_day[day] for day in sorted(month_of_day)])
        self.crowd = Crowd(len(self.months))
        self.customers = Customers(behavior, self.months, known_customers)
        self.tally = Tally()

    def chunks(self) -> Iterator[tuple[int, Rows]]:
        """(month, columns) in time order, at least one per month; `events` rows plus bot rows.

        The columns are `time` in seconds since 1970, `kind` (VIEW, CART, PURCHASE), `product_id`,
        `category_id`, `code` and `brand` as the catalog numbers them, price in `cents`,
        `user_id`, and the uuid's halves `session_high` and `session_low`.
        A session belongs to the slice in which it starts; its rows after the slice wait.
        """
        waiting = [_NO_ROWS]
        for index, piece in enumerate(self._slices):
            rng = np.random.default_rng([self.seed, 2, index])
            if piece.rows:
                waiting.append(self._slice_rows(rng, piece))
            if self.bots and piece.begin == 0 and 0 <= self.bots.begin - piece.midnight < DAY:
                sizes = bot_sizes(self.events, self.seed)
                waiting.append(bot_rows(rng, self.bots, sizes, self.catalog.deck))
            if piece.closes_month or sum(len(rows["time"]) for rows in waiting) > CHUNK_ROWS:
                rows = _in_time_order(waiting)
                due = int(np.searchsorted(rows["time"], piece.until))
                whole = _with_products(_part(rows, slice(due)), self.catalog, piece.month)
                self.tally.count_sales(whole)
                yield piece.month, whole
                waiting = [_part(rows, slice(due, None))]

    def _slice_rows(self, rng: np.random.Generator, piece: _Slice) -> Rows:
        """Exactly the slice's rows, session by session; some events repeat."""
        sessions = make_sessions(
            rng, self.crowd, self.customers, piece.day, piece.rows, piece.begin, piece.end
        )
        events = make_events(rng, sessions, self.catalog)
        begins = piece.midnight + second_of_day(sessions.share)
        elapsed = events.elapsed
        if piece.closes_shop:  # no later file could contain rows after the last midnight
            length = np.maximum.reduceat(elapsed, np.cumsum(sessions.size) - sessions.size)
            time_left = np.minimum(length, piece.midnight + DAY - 1 - begins)
            elapsed = elapsed * time_left[events.session] // np.maximum(length, 1)[events.session]
        repeated = rng.random(len(events.kind)) < np.array(real.DUPLICATES)[events.kind]
        row = _fitted(events, np.repeat(np.arange(len(events.kind)), 1 + repeated), piece.rows)
        session = events.session[row]
        self.tally.count_sessions(events.kind[row], session, sessions)
        user_id, high, low = _ids(rng, sessions.user, has_odd_ids=self.has_odd_ids)
        return {
            "time": begins[session] + elapsed[row],
            "kind": events.kind[row],
            "product": events.product[row],
            "user_id": user_id[session],
            "session_high": high[session],
            "session_low": low[session],
        }


def _fitted(events: Events, row: Array, wanted: int) -> Array:
    """Remove surplus views from the ends of sessions.

    It keeps all purchases, and no gap between two events grows.
    """
    at, session = np.arange(len(row)), events.session[row]
    is_view, opens = events.kind[row] == VIEW, np.diff(events.session, prepend=-1) > 0
    last_deed = np.full(len(row), -1)
    last_deed[session[~is_view]] = at[~is_view]
    spare = np.flatnonzero(is_view & ~opens[row] & (at > last_deed[session]))
    surplus = len(row) - wanted
    return np.delete(row, spare[len(spare) - min(surplus, len(spare)) :])[:wanted]


def _ids(rng: np.random.Generator, user: Array, *, has_odd_ids: bool) -> tuple[Array, Array, Array]:
    """(user id, first and second half of a version 4 uuid) of each session."""
    user_id = 512_000_000 + 8 * user + (mixed(user) % np.uint64(8)).astype(np.int64)
    bits = rng.bit_generator.random_raw((2, len(user)))
    if has_odd_ids:
        kept = mixed(user + 1) < np.uint64(int(real.KEPT_SESSION_IDS * 2**32) << 32)
        bits[:, kept] = mixed(user[kept]), mixed(user[kept] + (1 << 40))
        shared = np.flatnonzero(rng.random(len(user) - 1) < real.SHARED_SESSION_IDS)
        bits[:, shared + 1] = bits[:, shared]
    high = bits[0] & np.uint64(0xFFFFFFFFFFFF0FFF) | np.uint64(0x4000)
    low = bits[1] & np.uint64(0x3FFFFFFFFFFFFFFF) | np.uint64(0x8000000000000000)
    return user_id, high, low


def _in_time_order(parts: list[Rows]) -> Rows:
    """The parts merged by time; rows of the same second keep their order."""
    rows = {name: np.concatenate([part[name] for part in parts]) for name in _NO_ROWS}
    time = rows["time"]
    start = time.min(initial=1 << 40)
    # Sorting second and position, packed into one number, is faster than a stable argsort.
    order = np.sort((time - start) << 32 | np.arange(len(time))) & 0xFFFFFFFF
    return {name: column[order] for name, column in rows.items()}


def _part(rows: Rows, which: slice) -> Rows:
    return {name: column[which] for name, column in rows.items()}


def _with_products(rows: Rows, catalog: Catalog, month: int) -> Rows:
    """The rows with each product's attributes in that month."""
    product, later = rows["product"], month >= real.NEW_TAXONOMY
    shows_no_price = catalog.is_unpriced[product] & (rows["kind"] != PURCHASE)
    return rows | {
        "product_id": catalog.product_id[product],
        "category_id": catalog.category_id[later][product],
        "code": catalog.code[later][product],
        "brand": catalog.brand[later][product],
        "cents": np.where(shows_no_price, 0, catalog.cents(month)[product]),
    }
