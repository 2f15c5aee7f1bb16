"""Reads DuckDB: the warehouse file or, while a run writes to it, the newest snapshot."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from estore.errors import Busy, Damaged, EstoreError
from estore.reading.base import BATCH, EMPTY, Reader, Result
from estore.reading.limits import limited
from estore.reading.names import advice, name_snapshot, name_warehouse
from estore.runlock import reading_lock
from estore.snapshot.manifest import current_version
from estore.snapshot.reader import open_snapshot
from estore.warehouse.duckdb import damage, read_warehouse

#: Statements with an answer to print; SHOW and DESCRIBE count as SELECT.
ANSWERED = ("SELECT", "EXPLAIN", "PRAGMA", "CALL", "EXECUTE", "MULTI", "RELATION")


class DuckDBReader(Reader):
    """One file, which a run locks while it writes."""

    @contextmanager
    def opened(
        self, what: str, *, is_bounded: bool = False
    ) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
        """is_bounded: see `open_snapshot`."""
        settings = self.settings
        with ExitStack() as stack:
            connection = None
            busy = Busy(
                f"{settings.home}: the first run is in progress, and nothing is published yet; "
                "try again after it ends"
            )
            if stack.enter_context(reading_lock(settings.home, what)):
                try:
                    connection = stack.enter_context(read_warehouse(settings))
                except Busy as error:
                    busy = error
            if connection:
                yield connection, "warehouse"
            elif current_version(settings) is None:
                raise busy
            else:
                connection, manifest = stack.enter_context(
                    open_snapshot(settings, in_memory=True, is_bounded=is_bounded)
                )
                yield connection, manifest.version

    def row_counts(self, tables: list[str]) -> dict[str, int]:
        with self.opened("a short question") as (connection, source):
            if source != "warehouse":
                return {}
            counts = (f"select '{table}', count(*) from {table}" for table in tables)
            return dict(connection.execute(" union all ".join(counts)).fetchall())

    @contextmanager
    def answers(
        self,
        sql: str,
        parameters: Mapping[str, Any],
        what: str,
        on_stuck: Callable[[str], None] | None,
    ) -> Iterator[Iterator[Result]]:
        settings = self.settings
        with self.opened(what, is_bounded=True) as (connection, source):
            is_warehouse = source == "warehouse"
            if is_warehouse:
                try:
                    name_warehouse(connection, self._intact_version())
                except duckdb.Error:  # a damaged file of the snapshot must not block the warehouse
                    name_warehouse(connection, None)
            else:
                name_snapshot(connection)
            connection.execute("set enable_external_access = false")
            # Otherwise a query could lift its limits.
            connection.execute("set lock_configuration = true")
            home = settings.home if is_warehouse else None
            with limited(connection, settings.query_seconds, home, on_stuck):
                try:
                    yield _results(connection, sql, parameters, source)
                except (duckdb.InterruptException, duckdb.ConnectionException):
                    raise
                except duckdb.Error as error:
                    said = str(error)
                    if is_warehouse and (broken := damage(said, settings)):
                        raise EstoreError(broken) from error
                    hint = advice(connection, said, None if is_warehouse else source)
                    raise EstoreError(said + hint) from error

    def _intact_version(self) -> Path | None:
        """The newest snapshot; None if it is damaged, which must not block the warehouse."""
        try:
            return current_version(self.settings)
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
