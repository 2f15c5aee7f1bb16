"""Selection: a visitor's period and at most one category, brand and segment."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from estore.dashboard.pages import Pages

DAY = timedelta(days=1)
#: Longer than any name in the data; a longer value could be an attack on memory.
LONGEST = 500


@dataclass(frozen=True)
class DataDays:
    """The days of a snapshot; all None in a shop without events."""

    first: date | None
    last: date | None
    last_complete: date | None


@dataclass(frozen=True)
class Selection:
    """Applied filters: both days included and within the data, None for no filter."""

    period: str | None
    first: date | None
    last: date | None
    category: str | None = None
    brand: str | None = None
    segment: str | None = None

    def days(self, *, before: bool = False) -> tuple[date, date] | None:
        """The period, or the same number of days before it."""
        if self.first is None or self.last is None:
            return None
        if before:
            return self.first - (self.last - self.first) - DAY, self.first - DAY
        return self.first, self.last

    def as_json(self) -> dict[str, Any]:
        """The selection as JSON for the page."""
        fields = asdict(self)
        days = {"from": fields.pop("first"), "to": fields.pop("last")}
        return {**fields, **{name: str(day) if day else None for name, day in days.items()}}


def select(asked: Mapping[str, str], days: DataDays, pages: Pages) -> Selection:
    """The selection from a URL's parameters; raises ValueError with a message."""
    known = {"period", "from", "to", "category", "brand", "segment"}
    if unknown := sorted(set(asked) - known):
        raise ValueError(
            f"unknown filter {unknown[0][:50]}; filters are {', '.join(sorted(known))}"
        )
    values = {name: asked[name] for name in ("category", "brand", "segment") if asked.get(name)}
    if too_long := [name for name, value in values.items() if len(value) > LONGEST]:
        raise ValueError(f"{too_long[0]} is longer than {LONGEST} characters")
    if asked.get("from") or asked.get("to"):
        period, (first, last) = None, _free_period(asked, days)
    else:
        period = asked.get("period") or pages.default_period
        if period not in pages.periods:
            raise ValueError(
                f"unknown period {period[:50]}; periods are {', '.join(pages.periods)}"
            )
        first, last = _named_period(period, pages.periods[period], days)
    return Selection(period, first, last, **values)


def filters_of(asked: Mapping[str, str]) -> list[str]:
    """The filters in a URL's parameters, by name; `from` and `to` form a period."""
    given = (name for name, value in asked.items() if value)
    return list(dict.fromkeys("period" if name in ("from", "to") else name for name in given))


def _free_period(asked: Mapping[str, str], days: DataDays) -> tuple[date | None, date | None]:
    first = _day("from", asked["from"]) if asked.get("from") else None
    last = _day("to", asked["to"]) if asked.get("to") else None
    if first and last and first > last:
        raise ValueError(f"the period ends on {last}, before its start on {first}")
    if days.first is None or days.last is None:
        return None, None
    first, last = first or days.first, last or days.last
    return min(max(first, days.first), days.last), min(max(last, days.first), days.last)


def _named_period(
    period: str, length: int | None, days: DataDays
) -> tuple[date | None, date | None]:
    """Periods end with the last complete day: a partial day would look like a drop."""
    end = days.last_complete or days.last
    if days.first is None or end is None:
        return None, None
    if period == "all":
        return days.first, days.last
    if length:
        return max(end - DAY * (length - 1), days.first), end
    first = end.replace(day=1)
    if period == "last-month":
        end = max(first - DAY, days.first)
        first = end.replace(day=1)
    return max(first, days.first), end


def _day(name: str, text: str) -> date:
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{name}={text[:50]} is not a day; write it as 2020-01-31") from None
