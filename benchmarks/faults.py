"""Faults planted in a year of the zoo, and the alerts that must report them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from benchmarks.zoo import Counts, Sums


@dataclass(frozen=True)
class Planted:
    """A fault's days, from 0 on, and the lost revenue of each."""

    sums: Sums
    first_day: int
    last_day: int
    lost: dict[int, float] = field(default_factory=dict)


def _day(sums: Sums, rng: np.random.Generator, lasting: int = 0) -> int:
    """A day with enough history before it, and after this many days."""
    return int(rng.integers(40, len(sums.sessions) - lasting - 45))


def _lost_orders(sums: Sums, day: int, share: float, rng: np.random.Generator) -> float:
    """Remove this number of orders from a day. Returns their revenue."""
    amounts = sums.amounts[day]
    is_lost = rng.random(len(amounts)) < share
    sums.amounts[day] = amounts[~is_lost]
    return float(amounts[is_lost].sum())


def _without(of: Counts, where: tuple[Any, ...]) -> Counts:
    kept = of.copy()
    kept[where] = 0
    return kept


def purchases_stop(sums: Sums, rng: np.random.Generator, hours: int = 31) -> Planted:
    """No purchase is recorded for 31 hours, from 9 o'clock on."""
    day = _day(sums, rng, hours // 48)
    slots = np.arange(day * 24 + 9, day * 24 + 9 + hours)
    where = (slots // 24, slots % 24)
    lost: dict[int, float] = {}
    for n in np.unique(where[0]):
        of_day = sums.with_purchase[n]
        gone = of_day[where[1][where[0] == n]].sum() / max(1, of_day.sum())
        lost[int(n)] = _lost_orders(sums, int(n), float(gone), rng)
    names = ("purchases", "with_purchase", "with_both", "repeats")
    changed: dict[str, Any] = {name: _without(getattr(sums, name), where) for name in names}
    return Planted(replace(sums, **changed), day, int(slots[-1] // 24), lost)


def all_events_stop(sums: Sums, rng: np.random.Generator, hours: int = 24) -> Planted:
    """Nothing is recorded for 24 hours, from 9 o'clock on."""
    day = _day(sums, rng, hours // 48)
    slots = np.arange(day * 24 + 9, day * 24 + 9 + hours)
    where = (slots // 24, slots % 24)
    lost: dict[int, float] = {}
    for n in np.unique(where[0]):
        of_day = sums.with_purchase[n]
        gone = of_day[where[1][where[0] == n]].sum() / max(1, of_day.sum())
        lost[int(n)] = _lost_orders(sums, int(n), float(gone), rng)
    names = ("sessions", "with_cart", "with_purchase", "with_both", "views", "carts", "purchases",
             "repeats")  # fmt: skip
    changed: dict[str, Any] = {name: _without(getattr(sums, name), where) for name in names}
    return Planted(replace(sums, **changed), day, int(slots[-1] // 24), lost)


def prices_in_cents(sums: Sums, rng: np.random.Generator) -> Planted:
    """All prices of a day are a hundred times too high."""
    day = _day(sums, rng)
    sums.amounts[day] = sums.amounts[day] * 100
    return Planted(sums, day, day)


def a_quarter_is_lost(sums: Sums, rng: np.random.Generator) -> Planted:
    """A quarter of the purchases of four days is not recorded."""
    day = _day(sums, rng)
    days = slice(day, day + 4)
    changed = {
        name: getattr(sums, name).copy() for name in ("purchases", "with_purchase", "with_both")
    }
    kept = rng.binomial(changed["with_purchase"][days], 0.75)
    share = kept / np.maximum(1, changed["with_purchase"][days])
    changed["with_purchase"][days] = kept
    changed["with_both"][days] = np.minimum(kept, changed["with_both"][days])
    changed["purchases"][days] = np.round(changed["purchases"][days] * share).astype(np.int64)
    lost = {n: _lost_orders(sums, n, 0.25, rng) for n in range(day, day + 4)}
    return Planted(replace(sums, **changed), day, day + 3, lost)


def carts_are_lost(sums: Sums, rng: np.random.Generator) -> Planted:
    """Two of three carts of five days are not recorded."""
    day = _day(sums, rng)
    days = slice(day, day + 5)
    changed = {name: getattr(sums, name).copy() for name in ("carts", "with_cart", "with_both")}
    for of in changed.values():
        of[days] = rng.binomial(of[days], 1 / 3)
    return Planted(replace(sums, **changed), day, day + 4)


def all_rows_come_twice(sums: Sums, rng: np.random.Generator) -> Planted:
    """Every row of a purchase is duplicated, from the first day on."""
    return Planted(replace(sums, repeats=sums.purchases.copy()), 0, len(sums.sessions) - 1)


#: Fault → its function, and the alerts that report it.
FAULTS: dict[str, tuple[Callable[[Sums, np.random.Generator], Planted], set[str]]] = {
    "no purchases for 31 hours": (purchases_stop, {"missing_events"}),
    "no events for 24 hours": (all_events_stop, {"missing_events", "no_events"}),
    "prices × 100 for a day": (prices_in_cents, {"odd_order_amounts"}),
    "a quarter of purchases lost for 4 days": (a_quarter_is_lost, {"low_events"}),
    "two of three carts lost for 5 days": (
        carts_are_lost, {"purchases_without_carts", "low_events"}
    ),
    "duplicates from day one": (all_rows_come_twice, {"duplicate_burst"}),
}  # fmt: skip
