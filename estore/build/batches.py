"""Batches: pending days, split into groups that fit in memory, and each group's session window.

A batch replaces the events of its days. Sessions cross midnight: sessions that overlap the days,
or are within the timeout of them, are replaced too (docs/architecture.md, "Increments").
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import duckdb

from estore.warehouse import Warehouse

DAY = timedelta(days=1)
#: Share of new rows above which finding the changed users saves no time.
MUCH_IS_NEW = 0.2


@dataclass(frozen=True)
class Batch:
    """The shop's days, both included, that one run of the daily models builds.

    day_count counts pending days; days without events may be between them.
    """

    first_day: date
    last_day: date
    day_count: int = 0
    rows: int = 0


def note_pending_days(connection: duckdb.DuckDBPyConnection, time_zone: str) -> None:
    """Turn touched UTC days into pending days of the shop, in the caller's transaction."""
    reach = 0 if time_zone == "UTC" else 1
    connection.execute(
        """
        create or replace temp table touched as
        select event_date + cast(away as integer) as event_date, bool_or(is_removal) as is_removal
        from raw.touched_days, range(-$reach, $reach + 1) as nearby (away)
        group by all
        """,
        {"reach": reach},
    )
    connection.execute(
        "insert into build.pending_days select event_date from touched "
        "where event_date not in (select event_date from build.pending_days)"
    )
    connection.execute("insert into build.changed_days from touched")
    connection.execute("delete from raw.touched_days")


def pending_batches(connection: duckdb.DuckDBPyConnection, chunk_rows: int) -> list[Batch]:
    """The pending days as batches in time order, with at most chunk_rows rows each.

    A single day is never split. A batch skips days without events, and ends before a day that is
    not pending.
    """
    days = connection.execute(
        """
        select event_date, bool_or(waits), cast(sum(event_count) as bigint)
        from (
            select event_date, true as waits, 0 as event_count from build.pending_days
            union all
            select event_date, false as waits, event_count from raw.file_days
        )
        group by event_date
        order by event_date
        """
    ).fetchall()
    batches: list[Batch] = []
    is_open = False
    for day, waits, rows in days:
        if waits and is_open and batches[-1].rows + rows <= chunk_rows:
            last = batches[-1]
            batches[-1] = Batch(last.first_day, day, last.day_count + 1, last.rows + rows)
        elif waits:
            batches.append(Batch(day, day, 1, rows))
        is_open = waits
    return batches


def batch_variables(
    warehouse: Warehouse, batch: Batch, *, time_zone: str, timeout_minutes: int
) -> dict[str, str]:
    """The dbt variables of a batch, whose window depends on the sessions already built."""
    margin = timedelta(minutes=timeout_minutes) + _clock_margin(time_zone)
    session_window_from = _day_start(batch.first_day, time_zone) - margin
    session_window_to = _day_start(batch.last_day + DAY, time_zone) + margin
    sessions_from, sessions_to = batch.first_day, batch.last_day
    if warehouse.has_table("intermediate", "int_sessions"):
        ((first, last),) = warehouse.select(
            """
            select min(session_start_date), cast(max(session_end_at) as date)
            from intermediate.int_sessions
            where session_start_at <= $session_window_to and session_end_at >= $session_window_from
            """,
            session_window_from=session_window_from, session_window_to=session_window_to,
        )  # fmt: skip
        sessions_from = min(first or batch.first_day, batch.first_day)
        # The shop's day may be behind or ahead of the UTC date.
        sessions_to = max(last + DAY if last else batch.last_day, batch.last_day)
    return {
        "batch_from": str(batch.first_day),
        "batch_to": str(batch.last_day),
        "session_window_from": f"{session_window_from:%Y-%m-%d %H:%M:%S}",
        "session_window_to": f"{session_window_to:%Y-%m-%d %H:%M:%S}",
        "sessions_from": str(sessions_from),
        "sessions_to": str(sessions_to),
    }


def user_variables(warehouse: Warehouse, *, time_zone: str, timeout_minutes: int) -> dict[str, str]:
    """The dbt variables for tables by user: the users whose sessions changed since the last build.

    If rows were removed, or much is new, these tables are rebuilt.
    """
    (last_day,) = warehouse.control_tables.execute(
        "select coalesce(max(event_date), '1970-01-01') from raw.file_days"
    ).fetchone() or ("1970-01-01",)
    always = {"last_day": str(last_day)}
    first, last, is_removal = warehouse.control_tables.execute(
        "select min(event_date), max(event_date), bool_or(is_removal) from build.changed_days"
    ).fetchone() or (None, None, None)
    (is_much,) = warehouse.control_tables.execute(
        f"select coalesce(sum(event_count) filter (event_date between $first and $last) "
        f">= {MUCH_IS_NEW} * sum(event_count), true) from raw.file_days",
        {"first": first, "last": last},
    ).fetchone() or (True,)
    if is_removal or is_much:
        return always | {"all_users": "true"}
    days = Batch(first, last)
    variables = batch_variables(
        warehouse, days, time_zone=time_zone, timeout_minutes=timeout_minutes
    )
    changed = [
        first,
        _extended_order_began(warehouse, days),
        _joined_order_began(warehouse, days, time_zone),
    ]
    changed_from = min(day for day in changed if day)
    return always | variables | {"all_users": "false", "changed_from": str(changed_from)}


def _extended_order_began(warehouse: Warehouse, days: Batch) -> date | None:
    """The day of the oldest order that purchases of these days belong to, by order id."""
    if not warehouse.has_table("intermediate", "int_orders"):
        return None
    began: date | None = warehouse.scalar(
        """
        select min(orders.order_date)
        from intermediate.int_purchases as purchases
        inner join intermediate.int_orders as orders
            on
                cast(purchases.user_id as string) = orders.user_id
                and purchases.order_id = orders.order_id
        where purchases.event_date between $first and $last
        """,
        first=days.first_day, last=days.last_day,
    )  # fmt: skip
    return began


def _joined_order_began(warehouse: Warehouse, days: Batch, time_zone: str) -> date | None:
    """The day of the oldest order without an order id that continues into these days or past them.

    A session that only views products on these days does not change an order it began before.
    """
    margin = _clock_margin(time_zone)
    start, end = _day_start(days.first_day, time_zone), _day_start(days.last_day + DAY, time_zone)
    began: datetime | None = warehouse.scalar(
        """
        select min(sessions.own_order_at)
        from intermediate.int_buying_sessions as sessions
        left join intermediate.int_purchases as purchases
            on
                sessions.user_id = purchases.user_id
                and sessions.user_session = purchases.user_session
                and purchases.event_at between sessions.session_start_at and sessions.session_end_at
                and purchases.event_date between $first_day and $last_day
        where
            sessions.own_order_at < $before
            and sessions.session_end_at >= $start
            and (sessions.session_end_at >= $end or purchases.event_at is not null)
        """,
        first_day=days.first_day, last_day=days.last_day,
        before=start + margin, start=start - margin, end=end - margin,
    )  # fmt: skip
    return _shop_day(began - margin, time_zone) if began else None


def wait_again(connection: duckdb.DuckDBPyConnection, first: date, last: date) -> int:
    """Mark days with events from first to last for rebuilding; returns how many."""
    days = connection.execute(
        "select distinct event_date, true from raw.file_days where event_date between ? and ?",
        [first, last],
    ).fetchall()
    if days:
        connection.executemany("insert into raw.touched_days values (?, ?)", days)
    return len(days)


def finish_build(connection: duckdb.DuckDBPyConnection) -> None:
    """Note that all tables include the changed days."""
    connection.execute("delete from build.changed_days")


def finish_batch(connection: duckdb.DuckDBPyConnection, batch: Batch) -> None:
    """Note that the days of a batch are no longer pending."""
    connection.execute(
        "delete from build.pending_days where event_date between ? and ?",
        [batch.first_day, batch.last_day],
    )


def forget_built(warehouse: Warehouse) -> None:
    """Drop everything built from raw.events and mark all days as pending: a full refresh.

    It runs in the caller's transaction. The build is marked stale before it, because some engines
    cannot roll back a drop.
    """
    warehouse.drop_built()
    connection = warehouse.control_tables
    connection.execute("delete from build.pending_days")
    connection.execute("delete from raw.touched_days")
    connection.execute("delete from build.changed_days")
    connection.execute(
        "insert into raw.touched_days select distinct event_date, true from raw.file_days"
    )
    connection.execute("delete from build.state where name <> 'revision'")


def _clock_margin(time_zone: str) -> timedelta:
    """The session window's margin. Libraries may disagree on when a day begins if clocks change at
    midnight; a wider window costs nothing.
    """
    return timedelta(hours=0 if time_zone == "UTC" else 2)


def _shop_day(instant: datetime, time_zone: str) -> date:
    return instant.replace(tzinfo=UTC).astimezone(ZoneInfo(time_zone)).date()


def _day_start(day: date, time_zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(time_zone)).astimezone(UTC).replace(tzinfo=None)
