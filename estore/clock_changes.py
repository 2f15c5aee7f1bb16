"""Clock changes: a zone's local times that were skipped or occurred twice."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

_FIRST, _LAST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2050, 1, 1, tzinfo=UTC)


class Change(NamedTuple):
    """Local times from `start` to before `end` that were skipped (a gap) or occurred twice."""

    is_gap: bool
    start: datetime
    end: datetime


@lru_cache
def changes(zone: str) -> tuple[Change, ...]:
    """All clock changes of a zone from 1990 to 2050."""
    place, found = ZoneInfo(zone), []
    day = _FIRST
    while day < _LAST:
        following = day + timedelta(days=1)
        before, after = _offset(place, day), _offset(place, following)
        if before != after:
            found.append(_change(place, day, following))
        day = following
    return tuple(found)


def gap_hours(zone: str) -> list[int]:
    """The hours of the day with skipped local times."""
    hours = set()
    for change in changes(zone):
        moment = change.start.replace(minute=0, second=0)
        while change.is_gap and moment < change.end:
            hours.add(moment.hour)
            moment += timedelta(hours=1)
    return sorted(hours)


def _change(place: ZoneInfo, low: datetime, high: datetime) -> Change:
    """The clock change between two instants."""
    before, after = _offset(place, low), _offset(place, high)
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if _offset(place, middle) == before:
            low = middle
        else:
            high = middle
    instant = high.replace(tzinfo=None)
    return Change(after > before, instant + min(before, after), instant + max(before, after))


def _offset(place: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(place).utcoffset() or timedelta()
