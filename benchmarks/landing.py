"""Landing: the input files of the benchmark, and the bare scan that serves as baseline."""

import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import duckdb

COLUMNS = {
    "event_time": "VARCHAR", "event_type": "VARCHAR", "product_id": "BIGINT",
    "category_id": "BIGINT", "category_code": "VARCHAR", "brand": "VARCHAR",
    "price": "DECIMAL(18, 3)", "user_id": "BIGINT", "user_session": "VARCHAR",
}  # fmt: skip
TEXT_IDS = {"product_id": "VARCHAR", "category_id": "VARCHAR", "user_id": "VARCHAR"}
LATE_DAYS, LATE_AGE = 3, 60  # days in the late file, days before the last one


def read_csv(paths: Sequence[Path], **types: str) -> str:
    """The SQL table of CSV files with declared column types."""
    listed = ", ".join(_quoted(path) for path in paths)
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in {**COLUMNS, **types}.items())
    return (
        f"read_csv([{listed}], auto_detect = false, header = true, delim = ',', quote = '\"', "
        f"timestampformat = '%Y-%m-%d %H:%M:%S UTC', columns = {{{columns}}})"
    )


def bare_scan(paths: Sequence[Path], *, threads: int, times: int) -> tuple[int, float]:
    """(lines, median seconds) of the least that any reader of these files does: read the bytes,
    make typed columns of them, look at a few.
    """
    sql = f"select count(*), sum(price), max(user_session) from {read_csv(paths)}"
    taken, lines = [], 0
    for _ in range(times):
        with duckdb.connect(config={"threads": threads}) as connection:
            started = time.perf_counter()
            lines = (connection.execute(sql).fetchone() or (0,))[0]
            taken.append(time.perf_counter() - started)
    return lines, median(taken)


def write_next_day(last_month: Path, path: Path, events: int) -> int:
    """A day that follows the history: the events of the last days, moved to the day after at the
    same time of day, in new sessions; 1 user in 7 is new. Returns the lines written.
    """
    with duckdb.connect() as connection:
        _read_last_days(connection, last_month, events)
        return _write(connection, path, "day + 1", "user_id % 7 = 0", "true")


def write_late_file(last_month: Path, path: Path, events_a_day: int) -> int:
    """A file that is two months late: this number of events of new users on each of three days."""
    with duckdb.connect() as connection:
        _read_last_days(connection, last_month, LATE_DAYS * events_a_day)
        day = f"day - {LATE_AGE} + cast(hash(user_session) % {LATE_DAYS} as integer)"
        return _write(connection, path, day, "true", "false")


def _read_last_days(connection: duckdb.DuckDBPyConnection, last_month: Path, events: int) -> None:
    """Table `rows` with sessions of about this many events, from as few days as possible."""
    table = read_csv([last_month], event_time="TIMESTAMP")
    connection.execute(f"""
        create table days as
        select cast(event_time as date) as day, count(*) as day_events from {table} group by all;
        create table first_day as
        select coalesce(
            max(day) filter (so_far >= {events}), min(day)) as first_day, max(day) as day
        from (select *, sum(day_events) over (order by day desc) as so_far from days);
        create table rows as
        select *, sum(1) over () as found from {table}, first_day
        where event_time >= first_day;
        delete from rows where hash(user_session, 1) % 1000000 >= 1000000.0 * {events} / found;
    """)


def _write(
    connection: duckdb.DuckDBPyConnection, path: Path, day: str, is_new: str, is_back: str
) -> int:
    """Write the rows with a different day and sessions, and new users if `is_new`."""
    written = connection.execute(f"""
        copy (
            select
                strftime({day} + cast(event_time as time), '%Y-%m-%d %H:%M:%S UTC') as event_time,
                event_type, product_id, category_id, category_code, brand,
                cast(price as decimal(18, 2)) as price,
                case when {is_new} then user_id + 4000000000 else user_id end as user_id,
                cast(md5(user_session || {is_back}) as uuid)::varchar as user_session
            from rows
            order by all
        ) to {_quoted(path)} (format csv, header)
    """).fetchone()
    return written[0] if written else 0


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
