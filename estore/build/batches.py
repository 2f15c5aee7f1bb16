"""Steps: which days wait to be built, cut into runs that fit in memory, and how far each reaches.

A batch replaces the events of its days. Sessions reach over midnight: those that overlap the days,
or lie within the timeout of them, are replaced with it (docs/architecture.md, "Increments").
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import duckdb

from estore.warehouse import Warehouse

DAY = timedelta(days=1)
#: Share of the lines above which finding the users that changed saves nothing.
MUCH_IS_NEW = 0.2


@dataclass(frozen=True)
class Batch:
    """Days of the shop, both included, that one pass of the daily models builds.

    day_count are those that wait; between them may lie days without an event.
    """

    first_day: date
    last_day: date
    day_count: int = 0
    rows: int = 0


def note_pending_days(connection: duckdb.DuckDBPyConnection, time_zone: str) -> None:
    """Turn touched UTC days into days of the shop that wait, in the caller's transaction."""
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
    """The waiting days as batches in order of time, at most chunk_rows lines each.

    A single day is never cut. A batch passes over days without an event, and ends before one whose
    events do not wait.
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
    """The dbt variables of a batch, as far as what is built already makes it reach."""
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
        # Of a shop's day that the UTC date may be behind or before.
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
    """The dbt variables for the tables by user: whose sessions changed since they were built.

    Where rows were taken away, or much is new, they are made anew.
    """
    first, last, is_removal = warehouse.control_tables.execute(
        "select min(event_date), max(event_date), bool_or(is_removal) from build.changed_days"
    ).fetchone() or (None, None, None)
    (is_much,) = warehouse.control_tables.execute(
        f"select coalesce(sum(event_count) filter (event_date between $first and $last) "
        f">= {MUCH_IS_NEW} * sum(event_count), true) from raw.file_days",
        {"first": first, "last": last},
    ).fetchone() or (True,)
    if is_removal or is_much:
        return {"all_users": "true"}
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
    return variables | {"all_users": "false", "changed_from": str(changed_from)}


def _extended_order_began(warehouse: Warehouse, days: Batch) -> date | None:
    """The day of the oldest order that purchases of these days belong to by the shop's own id."""
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
    """The day of the oldest order without such an id that goes on into these days or past them.

    A session that only looks around on them leaves the order that it began before as it was.
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
    """Let the days from first to last that have events be built anew; returns how many."""
    days = connection.execute(
        "select distinct event_date, true from raw.file_days where event_date between ? and ?",
        [first, last],
    ).fetchall()
    if days:
        connection.executemany("insert into raw.touched_days values (?, ?)", days)
    return len(days)


def finish_build(connection: duckdb.DuckDBPyConnection) -> None:
    """All that was made of the changed days is there."""
    connection.execute("delete from build.changed_days")


def finish_batch(connection: duckdb.DuckDBPyConnection, batch: Batch) -> None:
    """The days of a batch no longer wait."""
    connection.execute(
        "delete from build.pending_days where event_date between ? and ?",
        [batch.first_day, batch.last_day],
    )


def forget_built(warehouse: Warehouse) -> None:
    """Drop everything built from raw.events, and let all days wait: a full refresh.

    In the caller's transaction, before which what was built is noted as stale: where an engine
    cannot take a drop back, the next build finds it so.
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
    """Where clocks change at midnight two libraries may not agree on when a day begins; a wider
    reach costs nothing.
    """
    return timedelta(hours=0 if time_zone == "UTC" else 2)


def _shop_day(instant: datetime, time_zone: str) -> date:
    return instant.replace(tzinfo=UTC).astimezone(ZoneInfo(time_zone)).date()


def _day_start(day: date, time_zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(time_zone)).astimezone(UTC).replace(tzinfo=None)
