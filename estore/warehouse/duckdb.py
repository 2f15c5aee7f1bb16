"""DuckDB: one file, which only the pipeline opens while it writes."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from estore.errors import Busy, Damaged, EstoreError, NothingLoaded, engine_advice
from estore.home import make_home
from estore.settings import Settings
from estore.warehouse.base import BUILT, HISTORY, SEPARATORS, Warehouse
from estore.warehouse.control_tables import CONTROL_TABLES
from estore.warehouse.quoting import quoted
from estore.warehouse.raw_events import NOTE_ROWS_AHEAD, RAW_COLUMNS, duckdb_ddl

#: All tables of a home before a build.
SCHEMA = CONTROL_TABLES + duckdb_ddl() + NOTE_ROWS_AHEAD

#: Table parts that one checkpoint may rewrite to free the space of deleted rows. The engine's 100
#: cost a tenth of a day's build; with this value, tables replaced by user stay as small.
VACUUM_TASKS = 4

#: Size of the write-ahead log. With the engine's 16 MB, a day's build lists all parts of all tables
#: several times, half a second each with 400 M events.
CHECKPOINT_AT = "256MB"


def engine_config(settings: Settings) -> dict[str, Any]:
    """Connection options that limit memory and disk; all connections must use the same."""
    make_home(settings.home)
    settings.temp.mkdir(exist_ok=True, mode=0o700)
    config: dict[str, Any] = {
        "memory_limit": settings.memory_limit,
        "temp_directory": str(settings.temp),
        "preserve_insertion_order": False,
        "max_vacuum_tasks": VACUUM_TASKS,
        "checkpoint_threshold": CHECKPOINT_AT,
        "block_allocator_memory": settings.block_memory,
        "threads": settings.threads or os.cpu_count() or 1,
    }
    return config


@contextmanager
def open_warehouse(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse for writing, with its raw tables.

    Raises Busy if another process has it open, Damaged if the file cannot be read. Connections of
    one process, including dbt's, share the engine if they use the same file and options.
    """
    with _connected(settings) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set enable_progress_bar = true")  # for query_progress()
        connection.execute("set enable_progress_bar_print = false")
        connection.execute(SCHEMA)
        yield connection


@contextmanager
def read_warehouse(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, read-only.

    Raises NothingLoaded if there is none, Busy during writes, Damaged if it cannot be read.
    """
    if not settings.warehouse.exists():
        raise NothingLoaded(missing(settings))
    with _connected(settings, read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


@contextmanager
def _connected(
    settings: Settings, *, read_only: bool = False
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection; damage found during use raises the same error as damage found on opening."""
    try:
        with _connect(settings, engine_config(settings), read_only=read_only) as connection:
            yield connection
    except duckdb.Error as error:
        if said := damage(str(error), settings):
            raise Damaged(said) from error
        raise


def _connect(
    settings: Settings, config: dict[str, Any], *, read_only: bool
) -> duckdb.DuckDBPyConnection:
    path = settings.warehouse
    try:
        return duckdb.connect(str(path.resolve()), config=config, read_only=read_only)
    except duckdb.IOException as error:
        said = str(error)
        if _LOCKED in said:
            raise Busy(
                f"{path} is in use by another process (another `estore run`?); "
                f"wait until it ends. {_holder(said)}"
            ) from error
        if advice := engine_advice(said):
            raise EstoreError(advice) from error
        raise Damaged(damage(said, settings) or _advice(said, settings)) from error
    except (duckdb.InvalidInputException, duckdb.ParserException) as error:
        raise EstoreError(f"{error}; check ESTORE_MEMORY_LIMIT (e.g. 4GB)") from error


def missing(settings: Settings) -> str:
    """What to do if there is no warehouse file: in a new home, or after it was lost."""
    if (settings.published / "CURRENT").exists():
        return (
            f"{settings.warehouse} is missing, although {settings.published} has a snapshot. "
            "Restore it from a backup, or load all files again: `estore run PATH`"
        )
    return f"{settings.home}: nothing loaded yet; start with `estore run PATH`"


#: The only error which means that another process has the file open.
_LOCKED = "Could not set lock on file"
#: The engine's errors for a damaged database file, and for any unreadable file, which they name.
_DAMAGE = ("not a valid DuckDB database file", "Corrupt database file", "Failed to deserialize")
_UNREADABLE = ("Could not read", "Input/output error")


def damage(said: str, settings: Settings) -> str | None:
    """What to do about an error from a damaged warehouse file; None for any other error."""
    signs = (*_DAMAGE, *(_UNREADABLE if str(settings.warehouse.resolve()) in said else ()))
    return _advice(said, settings) if any(sign in said for sign in signs) else None


def _advice(said: str, settings: Settings) -> str:
    first = said.strip().split("\n")[0].removeprefix("IO Error: ").rstrip(".! ")
    return (
        f"{settings.warehouse} cannot be read: {first}. Restore it from a backup, or move it away "
        "and load all files again: `estore run PATH`"
    )


def _holder(message: str) -> str:
    start = message.find("PID ")
    return message[start:].split(")")[0].strip() if start >= 0 else ""


def execute_watched(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    parameters: object = None,
    on_progress: Callable[[float], None] | None = None,
) -> duckdb.DuckDBPyConnection:
    """Execute a long statement in a thread while the main thread reports progress (0 to 1).

    An interrupt (Ctrl-C) stops the statement before it is raised.
    """
    failures: list[BaseException] = []
    ended = threading.Event()

    def work() -> None:
        try:
            connection.execute(sql, parameters)
        except BaseException as error:  # re-raised in the caller's thread
            failures.append(error)
        finally:
            ended.set()

    # Before Python 3.13 an interrupted join treats the thread as ended, so it uses an event.
    threading.Thread(target=work, name="statement").start()
    try:
        pause = 0.005
        while not ended.wait(pause):
            pause = min(0.2, pause * 2)
            if on_progress and (share := connection.query_progress()) > 0:
                on_progress(min(share / 100, 1.0))
    except BaseException:
        while not ended.wait(0.05):
            connection.interrupt()
        raise
    if failures:
        raise failures[0]
    return connection


class DuckDBWarehouse(Warehouse):
    """Control tables, rows and built tables in one file."""

    name = "duckdb"

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.control_tables = connection

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.control_tables.execute("begin")
        try:
            yield
        except BaseException:
            self.control_tables.execute("rollback")
            raise
        self.control_tables.execute("commit")

    def select(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        return self.control_tables.execute(sql, parameters).fetchall()

    def has_table(self, schema: str, table: str) -> bool:
        return bool(
            self.select(
                "select 1 from duckdb_tables() where schema_name = $schema and table_name = $table",
                schema=schema, table=table,
            )
        )  # fmt: skip

    def drop_built(self) -> None:
        for schema in BUILT:
            self.control_tables.execute(f"drop schema if exists {schema} cascade")

    def forget_batch(self) -> None:
        self.control_tables.execute("detach database if exists batch")

    def remove_rows(self, file_id: int) -> None:
        for table in ("raw.events", "raw.rejects"):
            self.control_tables.execute(f"delete from {table} where file_id = ?", [file_id])

    def people_among(self, file_id: int, key: str, hashes: Sequence[str]) -> list[str]:
        rows = self.select(
            """
            select id from (
                select distinct cast(user_id as varchar) as id from raw.events where file_id = $file
                union
                select unnest(regexp_split_to_array(line_text, $separators)) from raw.rejects
                where file_id = $file
            )
            where list_contains($hashes, sha256($key || id)) order by id
            """,
            file=file_id, key=key, hashes=list(hashes), separators=SEPARATORS,
        )  # fmt: skip
        return [person for (person,) in rows]

    def remove_people(
        self, ids: Sequence[str], file_id: int | None = None
    ) -> list[tuple[int, date | None, int]]:
        here = "" if file_id is None else f" and file_id = {file_id}"
        kind = self.scalar(
            "select data_type from duckdb_columns() where schema_name = 'raw' "
            "and table_name = 'events' and column_name = 'user_id'"
        )
        # Typed ids: the filter can use the table's statistics, and "007" is not 7.
        theirs = (
            f"user_id in (select try_cast(id as {kind}) from unnest($ids) as people (id) "
            f"where cast(try_cast(id as {kind}) as varchar) = id)"
        )
        named = (
            "exists (select 1 from unnest($ids) as people (id) where regexp_matches(line_text, "
            "'(^|[^0-9A-Za-z])' || regexp_escape(id) || '($|[^0-9A-Za-z])'))"
        )
        gone: list[tuple[int, date | None, int]] = []
        for table, day, condition in (
            ("raw.events", "cast(event_time as date)", theirs),
            ("raw.rejects", "cast(null as date)", named),
        ):
            gone += self.select(
                f"select file_id, {day} as event_date, count(*) from {table} "
                f"where {condition}{here} group by all order by all",
                ids=list(ids),
            )
            self.select(f"delete from {table} where {condition}{here}", ids=list(ids))
        if file_id is None:
            for table in HISTORY:
                if self.has_table("snapshots", table):
                    self.select(
                        f"delete from snapshots.{table} "
                        "where list_contains($ids, cast(user_id as varchar))",
                        ids=list(ids),
                    )
        return gone

    def hand_over_rows(self, file_id: int, successor_id: int, successor_uri: str) -> None:
        self.control_tables.execute(
            "update raw.events set file_id = ? where file_id = ?", [successor_id, file_id]
        )
        self.control_tables.execute(
            "update raw.rejects set file_id = ?, uri = ? where file_id = ?",
            [successor_id, successor_uri, file_id],
        )

    def replace_known_customers(self, path: Path) -> None:
        self.control_tables.execute(
            f"create or replace table raw.known_customers as from read_parquet({quoted(str(path))})"
        )

    def fingerprints(self, file_ids: Sequence[int]) -> dict[int, tuple[Any, ...]]:
        listed = ", ".join(map(str, file_ids))
        rows = self.select(
            f"""
            select file_id, count(*), sum(cast(row_hash as hugeint)), bit_xor(row_hash)
            from (
                select file_id, hash({", ".join(RAW_COLUMNS)}) as row_hash from raw.events
                where file_id in ({listed})
                union all
                select file_id, hash(list_sort(string_split(line_text, ','))) from raw.rejects
                where file_id in ({listed})
            )
            group by file_id
            """
        )
        return {file_id: tuple(rest) for file_id, *rest in rows}

    def snapshot_tables(self) -> list[tuple[str, str]]:
        return [
            (schema, table)
            for schema, table in self.select(
                "select schema_name, table_name from duckdb_tables() "
                "where schema_name in ('metrics', 'dashboard') order by all"
            )
        ]

    def count(self, table: str) -> int:
        return int(self.scalar(f"select count(*) from {table}"))

    def export(self, query: str, path: Path) -> int:
        (row,) = self.select(f"copy ({query}) to {quoted(str(path))} (format parquet)")
        return int(row[0])

    def replace_table(
        self, schema: str, table: str, columns: Mapping[str, str], path: Path
    ) -> None:
        self.control_tables.execute(f"create schema if not exists {schema}")
        self.control_tables.execute(
            f"create or replace table {schema}.{table} as from read_parquet({quoted(str(path))})"
        )
