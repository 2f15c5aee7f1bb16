"""Faults: the tracking faults of the real files, placed by the seed.

A fault changes only what is recorded, not what customers do.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from estore.synth.draws import Array, mixed
from estore.synth.visits import CART, DAY, PURCHASE, VIEW

HOUR = 3600
#: Faults with their own days → the maximum duration in hours. Each causes an alert, except for the
#: late file, which the ledger reports.
TIMED = {
    "purchase-outage": 31,
    "view-outage": 28,
    "doubled-purchases": 5 * 24,
    "unlogged-carts": 5 * 24,
    "unpriced-purchases": 2 * 24,
    "missing-day": 24,
    "overlapping-file": 24,
    "late-file": 24,
    "bots": 3,
}
WHOLE_DAYS = ("missing-day", "overlapping-file", "late-file")
#: Faults on all days, or on all days after a change.
LASTING = ("taxonomy-break", "session-ids", "zero-prices", "price-cap")
ALL_FAULTS = (*TIMED, *LASTING)
#: Common faults of the real files, at a small scale.
USUAL_FAULTS = tuple(
    name for name in ALL_FAULTS if name not in ("unpriced-purchases", "missing-day", "price-cap")
)
GROUPS = {"usual": USUAL_FAULTS, "all": ALL_FAULTS, "none": ()}
BOT_EVENTS, BOT_STEP = (600, 1_400), 7  # minimum and maximum per session, seconds between them
FEWEST_EVENTS_A_ROBOT = 250_000
BOT_USER = 900_000_000


@dataclass(frozen=True)
class Fault:
    """A fault from one second to another (exclusive), since 1970."""

    kind: str
    begin: int
    end: int

    def as_record(self) -> dict[str, object]:
        """The fault with its days as text."""
        first, last = (datetime.fromtimestamp(at, UTC) for at in (self.begin, self.end - 1))
        return {
            "fault": self.kind,
            "from_at": f"{first:%Y-%m-%d %H:%M:%S}",
            "to_at": f"{datetime.fromtimestamp(self.end, UTC):%Y-%m-%d %H:%M:%S}",
            "from_date": f"{first:%Y-%m-%d}",
            "to_date": f"{last:%Y-%m-%d}",
        }


def named_faults(text: str) -> tuple[str, ...]:
    """The faults named by `usual`, `all`, `none`, or names separated by commas."""
    return GROUPS[text] if text in GROUPS else tuple(name.strip() for name in text.split(","))


def place_faults(kinds: Iterable[str], midnight: int, days: int, seed: int) -> list[Fault]:
    """Places each fault with its own days at a different time; `midnight` starts the first day.

    The first and the last three days have none, and a day separates two faults. A short shop has
    short faults; a shop of two weeks or less has none.
    """
    chosen = set(kinds)
    kinds = [kind for kind in TIMED if kind in chosen]
    if days < 15 or not kinds:
        return []
    rng = np.random.default_rng([seed, 3])
    room = (days - 6) // len(kinds)
    faults = []
    for place, index in enumerate(np.argsort(rng.random(len(kinds)), kind="stable")):
        kind = kinds[index]
        hours = min(TIMED[kind], 24 * max(1, room - 2))
        spare = max(0, room - 1 - -(-(hours + 12) // 24))
        begin = midnight + DAY * (3 + int(place) * room + int(rng.random() * (spare + 1)))
        if kind not in WHOLE_DAYS:  # they start and end while there is traffic
            begin += 9 * HOUR + int(rng.random() * 2 * HOUR)
            hours = 7 if hours == 24 else hours
        faults.append(Fault(kind, begin, begin + hours * HOUR))
    return sorted(faults, key=lambda fault: fault.begin)


Rows = dict[str, Array]


class Tracker:
    """Records events with faults. It receives the chunks in time order."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = [fault for fault in faults if fault.kind != "bots"]

    def files(self, rows: Rows) -> Iterator[tuple[str, Rows]]:
        """The rows for each file of the month: `` is its own, `late` and `again` are extra."""
        counts = np.ones(len(rows["time"]), np.int64)
        belated = np.zeros(len(counts), bool)
        again = np.zeros(len(counts), bool)
        for fault in self.faults:
            low, high = np.searchsorted(rows["time"], [fault.begin, fault.end])
            here = slice(int(low), int(high))
            if low == high:
                continue
            if fault.kind == "late-file":
                belated[here] = True
            elif fault.kind == "overlapping-file":
                again[here] = True
            elif fault.kind == "unpriced-purchases":
                cents = rows["cents"][here]
                prices = rows["cents"].copy()
                prices[here] = np.where(rows["kind"][here] == PURCHASE, 0, cents)
                rows = rows | {"cents": prices}
            else:
                counts[here] *= _times(fault.kind, {k: v[here] for k, v in rows.items()})
        for name, which in (("", ~belated), ("late", belated), ("again", again)):
            times = counts * which
            if name == "" and (times == 1).all():
                yield name, rows
            elif name == "" or which.any():
                row = np.repeat(np.arange(len(times)), times)
                yield name, {column: of[row] for column, of in rows.items()}


def _times(kind: str, rows: Rows) -> Array:
    """The number of times each row is written."""
    of = rows["kind"]
    if kind == "purchase-outage":
        return np.where(of == PURCHASE, 0, 1)
    if kind == "view-outage":
        return np.where((of == VIEW) | (of == CART), 0, 1)
    if kind == "doubled-purchases":
        return np.where(of == PURCHASE, 2, 1)
    if kind == "unlogged-carts":
        is_lost = mixed(rows["session_low"]) % np.uint64(3) > 0
        return np.where((of == CART) & is_lost, 0, 1)
    return np.zeros(len(of), np.int64)  # a day that was not delivered


def bot_sizes(events: int, seed: int) -> list[int]:
    """The size of each bot session; a small shop has none."""
    rng = np.random.default_rng([seed, 4])
    fewest, most = BOT_EVENTS
    return [
        fewest + int(rng.random() * (most - fewest)) for _ in range(events // FEWEST_EVENTS_A_ROBOT)
    ]


def bot_rows(rng: np.random.Generator, fault: Fault, sizes: list[int], cards: Array) -> Rows:
    """Sessions that view one product after another for hours."""
    size = np.array(sizes)
    bot = np.repeat(np.arange(len(size)), size)
    step = np.arange(len(bot)) - np.repeat(np.cumsum(size) - size, size)
    bits = rng.bit_generator.random_raw((2, len(size)))
    return {
        "time": fault.begin + BOT_STEP * step + bot,
        "kind": np.full(len(bot), VIEW, np.uint8),
        "product": cards[(rng.random(len(bot)) * len(cards)).astype(np.int64)],
        "user_id": BOT_USER + bot,
        "session_high": bits[0][bot],
        "session_low": bits[1][bot],
    }
