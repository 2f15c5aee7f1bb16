"""Customers: who buys for the first time, and when each customer buys again."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from estore.synth import calibration as real
from estore.synth.draws import Array, mixed

CARDS = 1 << 14
NEVER = -1  # a day that never comes
NEW = -1  # a user without orders before the data start
TYPE_SALT = 0x5EED


@dataclass(frozen=True)
class Behavior:
    """The customers' behavior, as multiples of the calibrated values; 1 is the real shop.

    `repeat_hazards`: chance to buy again on a day, by month of the first order (0 is the shop's
    first); the last one continues. `buying`, `filling`: a session's chance to buy, or to fill a
    cart. `drop_out`: the chance to leave forever after an order. `spend`: all prices. Raises
    ValueError on a number out of range.
    """

    repeat_hazards: tuple[float, ...] = (1.0,)
    buying: float = 1.0
    filling: float = 1.0
    drop_out: float = 1.0
    spend: float = 1.0

    def __post_init__(self) -> None:
        ranges = {"buying": 4, "filling": 4, "drop_out": 2, "spend": 100}
        values = [(name, getattr(self, name), most) for name, most in ranges.items()]
        values += [("repeat_hazards", hazard, 4) for hazard in self.repeat_hazards or (-1,)]
        for name, value, most in values:
            if not 0 <= value <= most:
                raise ValueError(f"{name} is {value}: use 0 to {most}; 1 is the real shop's.")

    def hazard(self, kind: int, month: int) -> float:
        """The chance that an active customer of this kind and cohort buys on a day."""
        factor = self.repeat_hazards[min(month, len(self.repeat_hazards) - 1)]
        return real.CUSTOMERS[kind][1] * factor

    def leaving(self, kind: int) -> float:
        """The chance that an order is the last of a customer of this kind."""
        return min(1.0, real.CUSTOMERS[kind][2] * self.drop_out)

    def repeating(self, month: int, days: int) -> float:
        """The true share of a cohort with a second order within this many days."""
        return math.fsum(
            share * (1 - self.leaving(kind)) * float(np.mean(self.gaps(kind, month) <= days))
            for kind, (share, _, _) in enumerate(real.CUSTOMERS)
        )

    def gaps(self, kind: int, month: int) -> Array:
        """Days between orders: a geometric distribution from 1."""
        return _gap_deck(self.hazard(kind, month))


@lru_cache(maxsize=100)
def _gap_deck(hazard: float) -> Array:
    if hazard == 0:
        return np.full(1, 1 << 20)
    stay = math.log(1 - hazard)
    days: Array = np.array(
        [max(1, math.ceil(math.log(1 - (card + 0.5) / CARDS) / stay)) for card in range(CARDS)]
    )
    return days


class Customers:
    """All customers and the days of their future orders.

    It needs five bytes per user and four per future order.
    """

    def __init__(self, behavior: Behavior, months: Array, known_share: float = 0) -> None:
        """`months`: of each day of the shop. `known_share`: of the first day's orders, those of
        customers who ordered before the data start."""
        self.behavior, self.months, self.known_share = behavior, months, known_share
        self.known_kind = np.full(1024, NEW, np.int8)
        self.first_day = np.full(1024, NEVER, np.int16)
        self.second_day = np.full(1024, NEVER, np.int16)
        self._due: list[list[Array]] = [[] for _ in months]

    def due(self, day: int, begin: float, end: float) -> Array:
        """The users who reorder between two shares of a day."""
        users = np.concatenate([np.empty(0, np.int64), *self._due[day]])
        self._due[day] = [users]
        return users[int(begin * len(users)) : int(end * len(users))]

    def known(self, rng: np.random.Generator, day: int, orders: int) -> Array:
        """The kinds of known customers who first return on a day with this many orders.

        In a shop in steady state, (1 - leaving) / leaving repeat orders follow each new customer
        of a kind. Customers who have not returned yet return each day with the kind's hazard.
        """
        if not self.known_share:
            return np.empty(0, np.int8)
        kinds = range(len(real.CUSTOMERS))
        hazards = np.array([self.behavior.hazard(kind, 0) for kind in kinds])
        leaving = np.array([max(0.01, self.behavior.leaving(kind)) for kind in kinds])
        shares = np.array([share for share, _, _ in real.CUSTOMERS])
        weights = (hazards > 0) * shares * (1 - leaving) / leaving
        if not weights.any():
            return np.empty(0, np.int8)
        chances = self.known_share * weights / weights.sum() * (1 - hazards) ** day
        counts = rng.binomial(orders, chances)
        return np.repeat(np.arange(len(counts), dtype=np.int8), counts)[:orders]

    def admit(self, users: Array, kinds: Array) -> None:
        """Mark new users as customers from before the data."""
        self._hold(users)
        self.known_kind[users] = kinds

    def have_bought(self, users: Array) -> Array:
        """Whether each of these users is a customer."""
        self._hold(users)
        bought: Array = self.first_day[users] != NEVER
        return bought

    def order(self, rng: np.random.Generator, day: int, users: Array) -> None:
        """Note an order of each of these distinct users; some will order again."""
        if not len(users):
            return
        self._hold(users)
        is_first = self.first_day[users] == NEVER
        is_second = ~is_first & (self.second_day[users] == NEVER)
        self.first_day[users[is_first]] = day
        self.second_day[users[is_second]] = day
        again = self._next_days(rng, day, users)
        order = np.argsort(again, kind="stable")
        users, again = users[order], again[order]
        starts = np.flatnonzero(np.diff(again, prepend=-1))
        for of_day, group in zip(again[starts], np.split(users, starts[1:]), strict=True):
            if of_day < len(self.months):
                self._due[of_day].append(group)

    def postpone(self, day: int, users: Array) -> None:
        """Move these customers to the next day, because no session is left for them."""
        if len(users) and day + 1 < len(self.months):
            self._due[day + 1].append(users)

    def _next_days(self, rng: np.random.Generator, day: int, users: Array) -> Array:
        """The day of each next order; a day after the shop's last for customers who left."""
        edges = np.cumsum([share for share, _, _ in real.CUSTOMERS]) * (1 << 20)
        kind = np.searchsorted(edges[:-1], mixed(users ^ TYPE_SALT) >> np.uint64(44), side="right")
        known_kind = self.known_kind[users]
        kind = np.where(known_kind == NEW, kind, known_kind)
        month = self.months[self.first_day[users]]
        leaves, at = rng.random(len(users)), rng.random(len(users))
        again = np.full(len(users), len(self.months))
        for of_kind in range(len(real.CUSTOMERS)):
            stays = (kind == of_kind) & (leaves >= self.behavior.leaving(of_kind))
            for of_month in np.unique(month[stays]):
                here = stays & (month == of_month)
                gaps = self.behavior.gaps(of_kind, int(of_month))
                again[here] = day + gaps[(at[here] * len(gaps)).astype(np.int64)]
        return again

    def _hold(self, users: Array) -> None:
        needed = int(users.max(initial=0)) + 1
        if needed > len(self.first_day):
            more = np.full(max(needed, len(self.first_day) // 4), NEVER, np.int16)
            self.first_day = np.concatenate([self.first_day, more])
            self.second_day = np.concatenate([self.second_day, more])
            self.known_kind = np.concatenate([self.known_kind, np.full(len(more), NEW, np.int8)])
