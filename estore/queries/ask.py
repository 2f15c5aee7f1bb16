"""Ask: runs a user's statements one by one and answers each in batches of rows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb

from estore.errors import Damaged, EstoreError
from estore.queries.limits import limited
from estore.queries.names import advice, name_snapshot, name_warehouse
from estore.reading import open_reader
from estore.settings import Settings
from estore.snapshot.manifest import current_version
from estore.tables import is_number
from estore.warehouse.duckdb import damage

EMPTY = 'the query is empty. Example: estore query "select 1"'
#: Rows in Python at a time.
BATCH = 2_000
#: Statements with an answer to print; SHOW and DESCRIBE count as SELECT.
ANSWERED = ("SELECT", "EXPLAIN", "PRAGMA", "CALL", "EXECUTE", "MULTI", "RELATION")


@dataclass(frozen=True)
class Result:
    """One statement's answer. kinds: the engine's column types as text."""

    columns: list[str]
    kinds: list[str]
    source: str
    batches: Callable[[], Iterator[list[tuple[Any, ...]]]]
    #: The rows with expressions over `c0`, `c1` … instead of their columns; None if the
    #: statement does not support it.
    selecting: Callable[[str], Iterator[list[tuple[Any, ...]]]] | None = None


@dataclass(frozen=True)
class Answer:
    """All rows of a query and their source: `warehouse` or a snapshot's version."""

    columns: list[str] = field(default_factory=list)
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    source: str = "warehouse"


def ask(settings: Settings, sql: str) -> Answer:
    """All rows of the last statement, for callers that need no stream."""
    answer = Answer()
    with asking(settings, sql) as results:
        for result in results:
            rows = [row for batch in result.batches() for row in batch]
            answer = Answer(result.columns, rows, result.source)
    return answer


@contextmanager
def asking(
    settings: Settings,
    sql: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    what: str = "",
    on_stuck: Callable[[str], None] | None = None,
) -> Iterator[Iterator[Result]]:
    """The answers, each to be read before the next; read-only, without access to files or
    the network.

    what: the reader's name for a waiting run. on_stuck: see `limited`. Raises EstoreError with the
    engine's message for wrong SQL.
    """
    if not sql.strip():
        raise EstoreError(EMPTY)
    if settings.target == "bigquery":
        yield iter([_of_bigquery(settings, sql, parameters or {})])
        return
    shown = what or f"`estore query`: {sql}"
    with open_reader(settings, shown, is_bounded=True) as (connection, source):
        is_warehouse = source == "warehouse"
        if is_warehouse:
            try:
                name_warehouse(connection, _intact_version(settings))
            except duckdb.Error:  # a damaged file of the snapshot must not block the warehouse
                name_warehouse(connection, None)
        else:
            name_snapshot(connection)
        connection.execute("set enable_external_access = false")
        connection.execute(
            "set lock_configuration = true"
        )  # otherwise a query could lift its limits
        home = settings.home if is_warehouse else None
        with limited(connection, settings.query_seconds, home, on_stuck):
            try:
                yield _results(connection, sql, parameters or {}, source)
            except (duckdb.InterruptException, duckdb.ConnectionException):
                raise
            except duckdb.Error as error:
                said = str(error)
                if is_warehouse and (broken := damage(said, settings)):
                    raise EstoreError(broken) from error
                hint = advice(connection, said, None if is_warehouse else source)
                raise EstoreError(said + hint) from error


def _intact_version(settings: Settings) -> Path | None:
    """The newest snapshot; None if it is damaged, which must not block the warehouse."""
    try:
        return current_version(settings)
    except Damaged:
        return None


def _results(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, Any], source: str
) -> Iterator[Result]:
    statements = connection.extract_statements(sql)
    if not statements:
        raise EstoreError(EMPTY)
    for statement in statements:
        text = statement.query.strip().removesuffix(";")
        kind = statement.type.name
        if kind == "SELECT" and (result := _selectable(connection, text, parameters, source)):
            yield result
            continue
        cursor = connection.execute(text, parameters)
        if kind in ANSWERED and cursor.description:
            columns = [column[0] for column in cursor.description]
            kinds = [str(column[1]) for column in cursor.description]
            yield Result(columns, kinds, source, partial(_batches, cursor))


def _selectable(
    connection: duckdb.DuckDBPyConnection, text: str, parameters: Mapping[str, Any], source: str
) -> Result | None:
    """A statement as a subquery; None if it is wrong or cannot be one."""
    try:
        found = connection.execute(f"select * from ({text}\n) limit 0", parameters).description
        if not found:
            return None
        names = ", ".join(f"c{place}" for place in range(len(found)))
        connection.execute(f"select 1 from ({text}\n) as t({names}) limit 0", parameters)
    except duckdb.InterruptException:
        raise
    except duckdb.Error:  # run alone, it gives the error and its position
        return None

    def selecting(expressions: str) -> Iterator[list[tuple[Any, ...]]]:
        sql = f"select {expressions} from ({text}\n) as t({names})"
        return _batches(connection.execute(sql, parameters))

    return Result(
        [column[0] for column in found], [str(column[1]) for column in found], source,
        lambda: _batches(connection.execute(text, parameters)), selecting,
    )  # fmt: skip


def _batches(cursor: duckdb.DuckDBPyConnection) -> Iterator[list[tuple[Any, ...]]]:
    while rows := cursor.fetchmany(BATCH):
        yield rows


def _of_bigquery(settings: Settings, sql: str, parameters: Mapping[str, Any]) -> Result:
    """BigQuery needs no lock between readers and a run; only the bytes are limited."""
    from estore.warehouse.bigquery import ask as ask_bigquery

    columns, rows = ask_bigquery(settings, sql, **parameters)
    kinds = [_kind(rows, place) for place in range(len(columns))]
    return Result(columns, kinds, "warehouse", lambda: _parts(rows))


def _kind(rows: Sequence[Sequence[Any]], place: int) -> str:
    """NUMBER for a column of numbers."""
    values = (row[place] for row in islice(rows, 1_000) if row[place] is not None)
    return "NUMBER" if all(is_number(value) for value in values) else "VARCHAR"


def _parts(rows: list[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]
