"""Answers: findings, tables, alerts and bounded SQL over the newest snapshot, in memory.

The copy has only what may leave the shop, and no table with a row per customer, so that no SQL can
reach a customer's id or a file.
"""

import threading
from contextlib import ExitStack
from dataclasses import asdict, replace
from typing import Any

import duckdb

from estore.errors import EstoreError
from estore.escaping import shortened
from estore.export.source import EXPORTED, Source, open_source
from estore.findings.findings import as_json, key_findings
from estore.reading.limits import limited
from estore.reading.names import advice
from estore.settings import Settings
from estore.snapshot.manifest import current_name
from estore.snapshot.reader import LARGE, allow_files
from estore.tables import as_json_value, plain

#: Limits of one query: rows, seconds, and characters of a text.
MOST_ROWS, SECONDS, LONGEST = 1_000, 20, 2_000
#: The schema with the copies.
_COPIES = "shop"


class Answers:
    """The newest snapshot; a newer one is read when it is published."""

    def __init__(self, settings: Settings, *, with_ids: bool) -> None:
        self.settings, self.with_ids = settings, with_ids
        self._lock, self._stack = threading.Lock(), ExitStack()
        self._source: Source | None = None
        self._findings: dict[str, Any] | EstoreError = {}

    def findings(self) -> dict[str, Any]:
        """The key findings in words and numbers, with their period and caveat."""
        with self._lock:
            self._newest()
            if isinstance(self._findings, EstoreError):
                raise self._findings
            return self._findings

    def tables(self) -> list[dict[str, Any]]:
        """All tables: what one row is, and how many rows there are."""
        with self._lock:
            found = self._newest().tables.values()
            return [
                {"table": table.name, "description": table.description, "rows": table.rows}
                for table in found
            ]

    def columns(self, table: str) -> dict[str, Any]:
        """The columns of a table with types and definitions."""
        with self._lock:
            known = self._newest().tables
            name = table.lower().rsplit(".", 1)[-1]
            if name not in known:
                raise EstoreError(f"no table is named {table}; the tool `tables` lists all tables")
            found = known[name]
            return {
                "table": found.name, "description": found.description,
                "columns": [asdict(column) for column in found.columns],
            }  # fmt: skip

    def definitions(self, text: str) -> list[dict[str, str]]:
        """Tables and columns whose name or definition contains a text."""
        wanted = text.lower()
        with self._lock:
            return [
                {"table": table.name, "column": column, "definition": said}
                for table in self._newest().tables.values()
                for column, said in (
                    ("", table.description),
                    *((column.name, column.description) for column in table.columns),
                )
                if said and wanted in f"{column or table.name} {said}".lower()
            ][:MOST_ROWS]

    def alerts(self) -> list[dict[str, Any]]:
        """Issues in the data that make numbers of some days misleading."""
        found = self.query("select * from metrics_data_alerts order by from_at, kind, subject")
        rows: list[dict[str, Any]] = found["rows"]
        return rows

    def query(self, sql: str) -> dict[str, Any]:
        """The rows of one SELECT. Raises EstoreError for anything else, or beyond the limits."""
        with self._lock:
            source = self._newest()
            connection = source.connection
            try:
                kinds = [one.type.name for one in connection.extract_statements(sql)]
                if kinds != ["SELECT"]:
                    raise EstoreError("send one SELECT statement; nothing else is allowed")
                with limited(connection, SECONDS, None, None):
                    cursor = connection.execute(sql)
                    names = [column[0] for column in cursor.description or ()]
                    rows = cursor.fetchmany(MOST_ROWS + 1)
            except duckdb.Error as error:
                said = str(error)
                raise EstoreError(said + advice(connection, said, None)) from error
            return {
                "snapshot": source.manifest.version,
                "rows": [dict(zip(names, map(_value, row), strict=True))
                         for row in rows[:MOST_ROWS]],
                "is_cut": len(rows) > MOST_ROWS,
            }  # fmt: skip

    def close(self) -> None:
        """Free the memory."""
        self._stack.close()

    def _newest(self) -> Source:
        """The newest snapshot, read again only if there is a newer one."""
        if self._source and self._source.manifest.version == current_name(self.settings):
            return self._source
        self._stack.close()
        self._source = None
        source = self._stack.enter_context(open_source(self.settings, with_ids=self.with_ids))
        try:
            found = key_findings(source.connection, source.manifest)
            self._findings = as_json(found, source.manifest)
        except EstoreError as error:  # an older version published it
            self._findings = error
        small = {name: table for name, table in source.tables.items() if name not in LARGE}
        self._source = replace(source, tables=small)
        _isolate(self._source)
        return self._source


def _isolate(source: Source) -> None:
    """Keep only copies of the exported tables, and turn off access to files for good."""
    run = source.connection.execute
    run(f"create schema {_COPIES}")
    for table in source.tables.values():
        run(f'create table {_COPIES}."{table.name}" as from {table.sql}')
    run(f"set search_path = '{_COPIES}'")
    run(f"drop schema {EXPORTED} cascade")
    for (statement,) in run(
        "select format('drop {} main.\"{}\"', "
        "if(table_type = 'VIEW', 'view', 'table'), table_name) "
        "from information_schema.tables where table_schema = 'main'"
    ).fetchall():
        run(statement)
    allow_files(source.connection, [])
    run("set enable_external_access = false")
    run("set lock_configuration = true")


def _value(value: Any) -> Any:
    """A value in its JSON form; long texts are cut."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST else shortened(value, LONGEST)
    if value is None or isinstance(value, (bool, int, float, list, tuple, dict)):
        return as_json_value(value)
    return plain(value)
