"""Visits: users, their sessions, and the events of a session."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from estore.synth import calibration as real
from estore.synth.catalog import Catalog
from estore.synth.customers import Behavior, Customers
from estore.synth.draws import Array, deck, drawn, positions, spread

DAY = 86_400
LONGEST_GAP = 3_600  # seconds: shorter gaps belong to one session by the usual rule
VIEW, CART, PURCHASE = 0, 1, 2
BROWSE, FILL_CART, BUY, BUY_NOW = 0, 1, 2, 3  # what a session plans
STEPS = np.array(
    [[VIEW, VIEW, VIEW], [CART, VIEW, VIEW], [CART, PURCHASE, VIEW], [PURCHASE, VIEW, VIEW]],
    np.uint8,
)
ROUND = np.array([1, 2, 3, 2])  # how many of a plan's steps make a round
ANOTHER_ROUND = np.array([0, real.MORE_CARTS, real.MORE_PURCHASES, real.MORE_AT_ONCE])


def _size_deck() -> Array:
    """The distribution of session sizes."""
    shares = np.zeros(1 + real.SESSION_SIZES[-1][1])
    for smallest, largest, percent, fall, *_ in real.SESSION_SIZES:
        steps = [fall**size for size in range(1 + largest - smallest)]
        shares[smallest : largest + 1] = percent * np.array(steps) / math.fsum(steps)
    return deck(shares, 1 << 20)


def _gap_deck() -> Array:
    """The distribution of seconds between two events of a session."""
    normal, cards = NormalDist(math.log(real.GAP_MEDIAN), real.GAP_SIGMA), 1 << 14
    gaps = (math.exp(normal.inv_cdf((card + 0.5) / cards)) for card in range(cards))
    return np.array([min(round(gap), LONGEST_GAP) for gap in gaps])


SIZE_DECK, GAP_DECK = _size_deck(), _gap_deck()
SMALLEST, BUYING, FILLING = (np.array([row[k] for row in real.SESSION_SIZES]) for k in (0, 4, 5))


def second_of_day(share: Array) -> Array:
    """The second (0 to 86,399) at which a share (0 to 1) of the day's traffic is reached."""
    midnight_share, lead = real.HOUR_SHARES[0], real.START_LEAD
    wrapped = midnight_share * lead / 3600
    shares = [midnight_share - wrapped, *real.HOUR_SHARES[1:], wrapped]
    seconds = spread(share, shares, [0, *range(3600 - lead, DAY, 3600), DAY])
    return np.minimum(seconds, DAY - 1).astype(np.int64)


class Crowd:
    """The users so far, numbered by first visit, in cohorts by its day."""

    def __init__(self, days: int) -> None:
        self.sizes = np.zeros(days, np.int64)
        self._pull = 1 / (1 + np.arange(days) / real.RETURN_DAYS)

    def visitors(self, rng: np.random.Generator, day: int, count: int) -> Array:
        """The user of each of `count` sessions of a day; new users join the crowd."""
        known = int(np.sum(self.sizes))
        is_new = rng.random(count) < (
            real.NEW_USERS + real.NEW_USERS_AT_FIRST / (1 + day / real.NEW_USERS_DAYS)
        )
        is_new[0] |= known == 0
        newcomers = int(np.count_nonzero(is_new))
        self.newcomers(day, newcomers)

        users = np.empty(count, np.int64)
        users[is_new] = known + np.arange(newcomers)
        users[~is_new] = self._returning(rng, day, count - newcomers)
        return users

    def newcomers(self, day: int, count: int) -> Array:
        """Add this many new users."""
        known = int(np.sum(self.sizes))
        self.sizes[day] += count
        return known + np.arange(count)

    def _returning(self, rng: np.random.Generator, day: int, count: int) -> Array:
        """Draw a cohort by size and age, then one of its users; some users are much likelier."""
        weights = np.cumsum(self.sizes[: day + 1] * self._pull[day::-1])
        cohort = np.searchsorted(weights, rng.random(count) * weights[-1], side="right")
        cohort = np.minimum(cohort, day)
        rank = spread(rng.random(count), real.RETURN_SHARES, real.RETURN_RANKS)
        size = self.sizes[cohort]
        first: Array = (np.cumsum(self.sizes) - self.sizes)[cohort]
        first += np.minimum(rank * size, size - 1).astype(np.int64)
        return first


@dataclass(frozen=True)
class Sessions:
    """One element per session."""

    size: Array  # events
    user: Array
    share: Array  # of the day's traffic before it
    plan: Array
    rounds: Array  # how often the plan's steps repeat
    added: Array  # positions of those that buy only because a customer is due


def make_sessions(
    rng: np.random.Generator,
    crowd: Crowd,
    customers: Customers,
    day: int,
    events: int,
    begin: float,
    end: float,
) -> Sessions:
    """Sessions of at least `events` (> 0) events that start between two shares of a day."""
    # A session has 4.6 events on average, so half as many sessions as events are enough.
    size = drawn(rng, SIZE_DECK, events // 2 + 50)
    size = size[: int(np.searchsorted(np.cumsum(size), events)) + 1]
    share = begin + rng.random(len(size)) * (end - begin)
    again = customers.due(day, begin, end)
    plan, added = _plans(rng, size, customers.behavior, len(again))
    user = _users(rng, crowd, customers, day, plan, again)
    luck, chance, rounds = rng.random(len(size)), np.ones(len(size)), np.ones(len(size), np.int64)
    for _ in range(8):
        chance = chance * ANOTHER_ROUND[plan]
        rounds += luck < chance
    rounds = np.minimum(rounds, np.maximum(1, size // ROUND[plan]))
    return Sessions(size, user, share, plan, rounds, added)


def stage_chances(size: Array, behavior: Behavior, buying: float | None = None) -> Array:
    """The chances of a session by its size, a row each: a view, a cart, and each pair of stages.

    As `_plans` draws them and `_kinds` places them. `buying`: instead of its chance to buy.
    """
    band = np.searchsorted(SMALLEST, size, side="right") - 1
    own = np.minimum(1, BUYING[band] * behavior.buying)
    buys = own if buying is None else np.full(len(size), buying)
    fills = (1 - buys) * np.minimum(1, FILLING[band] * behavior.filling)
    in_cart = buys * np.where(size < 3, 0, 1 - real.BUYS_WITHOUT_CART)
    # A purchase alone has no view; every other session starts with one.
    view, both = np.where(size == 1, 1 - buys, 1), np.where(size == 1, 0, buys)
    return np.array([view, fills + in_cart, fills + in_cart, in_cart, both])


def _plans(
    rng: np.random.Generator, size: Array, behavior: Behavior, again: int
) -> tuple[Array, Array]:
    """Each session's plan; at least `again` sessions buy, if there are enough."""
    band = np.searchsorted(SMALLEST, size, side="right") - 1
    buys = rng.random(len(size)) < BUYING[band] * behavior.buying
    lacking = max(0, again - int(np.count_nonzero(buys)))
    added = np.flatnonzero(~buys & (size > 1))[:lacking]
    buys[added] = True
    fills = rng.random(len(size)) < FILLING[band] * behavior.filling
    at_once = (size < 3) | (rng.random(len(size)) < real.BUYS_WITHOUT_CART)
    plan = np.select([buys & at_once, buys, fills], [BUY_NOW, BUY, FILL_CART], BROWSE)
    return plan, added


def _users(
    rng: np.random.Generator,
    crowd: Crowd,
    customers: Customers,
    day: int,
    plan: Array,
    again: Array,
) -> Array:
    """Each session's user: customers with a due order, first-time buyers, and others.

    Only customers with a due order reorder, so the customers follow the given behavior.
    """
    user = crowd.visitors(rng, day, len(plan))
    buying = np.flatnonzero((plan == BUY) | (plan == BUY_NOW))
    buying = buying[np.argsort(rng.random(len(buying)), kind="stable")]
    due, first = buying[: len(again)], buying[len(again) :]
    customers.postpone(day, again[len(due) :])
    user[due] = again[: len(due)]
    kinds = customers.known(rng, day, len(buying))[: len(first)]
    back, first = first[: len(kinds)], first[len(kinds) :]
    user[back] = crowd.newcomers(day, len(back))
    customers.admit(user[back], kinds)
    is_other = np.ones(len(first), bool)
    is_other[np.unique(user[first], return_index=True)[1]] = False
    is_other |= customers.have_bought(user[first])
    user[first[is_other]] = crowd.newcomers(day, int(np.count_nonzero(is_other)))
    customers.order(rng, day, user[buying])
    return user


@dataclass(frozen=True)
class Events:
    """One element per event, session by session."""

    session: Array  # position in the sessions
    elapsed: Array  # seconds since the session's first event, less than a day
    kind: Array  # VIEW, CART, PURCHASE
    product: Array  # position in the catalog


def make_events(rng: np.random.Generator, sessions: Sessions, catalog: Catalog) -> Events:
    """The events of each session: views, and the plan's steps on the product viewed before."""
    size = sessions.size
    first = np.cumsum(size) - size
    session = np.repeat(np.arange(len(size)), size)
    kind = _kinds(rng, sessions, first)
    gap = drawn(rng, GAP_DECK, len(session))
    gap[first] = 0
    elapsed = np.cumsum(gap)
    elapsed = np.minimum(elapsed - np.repeat(elapsed[first], size), DAY - 1)
    turns = (kind == VIEW) & (rng.random(len(session)) < real.NEXT_PRODUCT)
    turns[first] = True
    product = _viewed(rng, catalog, len(size), session[turns])[np.cumsum(turns) - 1]
    return Events(session, elapsed, kind, product)


def _kinds(rng: np.random.Generator, sessions: Sessions, first: Array) -> Array:
    """Views, some replaced by the plan's steps, but never the first of several."""
    kind = np.full(int(np.sum(sessions.size)), VIEW, np.uint8)
    at = np.flatnonzero(sessions.plan != BROWSE)
    plan, size = sessions.plan[at], sessions.size[at]
    length = sessions.rounds[at] * ROUND[plan] - 1
    begin = size - length - (rng.random(len(at)) * (size - length)).astype(np.int64)
    step, plan = positions(length), np.repeat(plan, length)
    kind[np.repeat(first[at] + begin, length) + step] = STEPS[plan, step % ROUND[plan]]
    return kind


def _viewed(rng: np.random.Generator, catalog: Catalog, sessions: int, session: Array) -> Array:
    """A product for each view of another product, mostly from the session's main code."""
    about = catalog.code[0][drawn(rng, catalog.deck, sessions)][session]
    stays = rng.random(len(session)) < real.SAME_CATEGORY
    low = np.where(stays, catalog.card_edges[about], 0)
    high = np.where(stays, catalog.card_edges[about + 1], len(catalog.deck))
    card = low + (rng.random(len(session)) * (high - low)).astype(np.int64)
    viewed: Array = catalog.deck[card]
    return viewed
