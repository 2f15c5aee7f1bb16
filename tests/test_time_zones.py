"""The shop's clock in SQL against zoneinfo, in every time zone, around every change of a clock."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import duckdb
import jinja2
import pytest

MACROS = Path(__file__).resolve().parents[1] / "transform" / "macros"
#: Earlier and later rules differ between versions of the time zone database.
FIRST, LAST = datetime(1997, 1, 1, tzinfo=UTC), datetime(2022, 1, 1, tzinfo=UTC)
WEEK, HOUR, SECOND = timedelta(days=7), timedelta(hours=1), timedelta(seconds=1)
ZONES = sorted(available_timezones() - {"localtime", "Factory"})


class Clock:
    """The project's macros, rendered for DuckDB and one zone."""

    def __init__(self, zone: str) -> None:
        macros = [*(MACROS / "cross_db").glob("*.sql"), MACROS / "clock_hours.sql"]
        text = "\n".join(path.read_text() for path in macros)
        environment = jinja2.Environment(extensions=["jinja2.ext.do"])
        environment.globals.update(var={"shop_timezone": zone}.get, adapter=self)
        self.macros: Any = environment.from_string(text).module

    def dispatch(self, name: str, _package: str) -> Any:
        return getattr(self.macros, f"default__{name}")

    def sql(self, name: str, *arguments: str) -> str:
        return str(getattr(self.macros, name)(*arguments)).strip()


@pytest.fixture(scope="module")
def berlin() -> dict[str, str]:
    """The macros of one zone; its name is replaced by that of every other zone."""
    clock = Clock("Europe/Berlin")
    return {
        "date": clock.sql("shop_date", "instant"),
        "hour": clock.sql("shop_hour", "instant"),
        "day_start": clock.sql("day_start", "day"),
        "clock_start": clock.sql("clock_start", clock.sql("hour_number", "day", "hour")),
    }


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


def changes(zone: ZoneInfo) -> list[datetime]:
    """The instants at which the clock changes, to the second."""
    found = []
    weeks = [FIRST + n * WEEK for n in range((LAST - FIRST) // WEEK + 1)]
    offsets = [at.astimezone(zone).utcoffset() for at in weeks]
    for (before, early), (after, late) in pairwise(zip(weeks, offsets, strict=True)):
        if early == late:
            continue
        while after - before > SECOND:
            middle = before + (after - before) // 2
            if middle.astimezone(zone).utcoffset() == early:
                before = middle
            else:
                after = middle
        found.append(after.replace(microsecond=0))
    return found


def plain(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None)


def test_dates_and_hours_equal_those_of_zoneinfo_in_every_zone(
    berlin: dict[str, str], engine: duckdb.DuckDBPyConnection
) -> None:
    """At each change of the clock, in the hours around it, and 64 days apart between them."""
    wrong = []
    for name in ZONES:
        zone = ZoneInfo(name)
        times = [FIRST + n * (64 * 24 + 5) * HOUR for n in range(150)]
        for change in changes(zone):
            times += [
                change + step for step in (-HOUR, -SECOND, 0 * HOUR, HOUR / 2, HOUR, 2 * HOUR)
            ]
        local = [at.astimezone(zone) for at in times]
        assert not any(at.utcoffset() % timedelta(minutes=15) for at in local), (  # type: ignore
            f"{name}: int_event_hours counts by quarters of an hour"
        )
        asked = f"select {berlin['date']}, {berlin['hour']} from unnest($times) as times (instant)"
        found = engine.execute(
            asked.replace("Europe/Berlin", name), {"times": [plain(at) for at in times]}
        ).fetchall()
        wanted = [(at.date(), at.hour) for at in local]
        wrong += [
            (name, at, said, right)
            for at, said, right in zip(times, found, wanted, strict=True)
            if said != right
        ]
    assert not wrong, wrong[:5]


def hours_of(day: date, zone: ZoneInfo) -> dict[int, datetime]:
    """Hour → the first instant at which the clock shows the hour, or a later one, on this day."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    times = [noon + n * timedelta(minutes=15) for n in range(-120, 121)]
    shown = [(at, at.astimezone(zone)) for at in times]
    return {
        hour: min((at for at, clock in shown if clock.date() == day and clock.hour >= hour),
                  default=datetime.max.replace(tzinfo=UTC))
        for hour in range(24)
    }  # fmt: skip


def test_hours_begin_as_in_zoneinfo_on_the_days_around_every_change(
    berlin: dict[str, str], engine: duckdb.DuckDBPyConnection
) -> None:
    """On days of 23, 24 and 25 hours; a skipped hour begins with the next one."""
    wrong, checked = [], 0
    for name in [*ZONES[::20], "Pacific/Apia", "Australia/Lord_Howe", "America/Havana"]:
        zone = ZoneInfo(name)
        days = sorted({at.astimezone(zone).date() for at in changes(zone)[-4:]})
        asked = (
            f"select day, hour, {berlin['clock_start']}, {berlin['day_start']} "
            "from unnest($days::date[]) as days (day), generate_series(0, 23) as hours (hour)"
        )
        for day, hour, start, day_start in engine.execute(
            asked.replace("Europe/Berlin", name), {"days": days}
        ).fetchall():
            hours = hours_of(day, zone)
            if hours[hour] < datetime.max.replace(tzinfo=UTC):  # a later hour of the day exists
                checked += 1
                # A midnight that repeats may be either one: callers leave a margin of a day.
                is_near = abs(day_start - plain(hours[0])) <= HOUR
                if start != plain(hours[hour]) or not is_near:
                    wrong.append((name, day, hour, start, day_start, plain(hours[hour])))
    assert not wrong, wrong[:5]
    assert checked > 500
