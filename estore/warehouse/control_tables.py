"""Control tables: the small tables in memory, and their changes for an engine that stores them
elsewhere.

Each table has a key. Comparing with the stored version gives the changes: keys to delete and rows
to insert. A concurrent writer changes the revision, and then nothing is written.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb

from estore.warehouse.dialect import BIGQUERY
from estore.warehouse.quoting import quoted

#: The small tables, with the same form on every engine.
CONTROL_TABLES = """
create schema if not exists raw;
create schema if not exists build;
create sequence if not exists raw.file_ids;

create table if not exists raw.files (
    file_id bigint not null,
    uri varchar not null,
    content_hash varchar not null,
    generation varchar not null,
    bytes bigint not null,
    lines bigint,
    loaded bigint not null,
    rejected bigint not null,
    first_date date,
    last_date date,
    status varchar not null, -- loaded, duplicate, replaced, withdrawn, refused
    same_as bigint, -- for a duplicate: the file with its rows
    loaded_at timestamp not null,
    error varchar,
    other_event_types varchar, -- JSON: type → rows, of types that are not view, cart or purchase
    recheck_at timestamp, -- until then, rejected rows are in the future
    ignored bigint, -- rows of event types that the source does not keep
    ignored_event_types varchar, -- JSON: type → rows
    source varchar, -- the preset or SQL that expanded the file, with a hash
    forgotten bigint -- rows of forgotten people
);
alter table raw.files add column if not exists other_event_types varchar; -- for older homes
alter table raw.files add column if not exists recheck_at timestamp;
alter table raw.files add column if not exists ignored bigint;
alter table raw.files add column if not exists ignored_event_types varchar;
alter table raw.files add column if not exists source varchar;
alter table raw.files add column if not exists forgotten bigint;
-- keyed hashes of the ids of forgotten people (estore/load/forgotten.py)
create table if not exists raw.forgotten (user_hash varchar not null);
-- UTC days of each file's events, and those that a load, replacement or withdrawal touched
create table if not exists raw.file_days (
    file_id bigint not null, event_date date not null, event_count bigint not null
);
create table if not exists raw.touched_days (
    event_date date not null, is_removal boolean not null
);
-- the shop's days that wait to be built, those that changed since the last complete build, and what
-- was built last
create table if not exists build.pending_days (event_date date not null);
create table if not exists build.changed_days (
    event_date date not null, is_removal boolean not null
);
create table if not exists build.state (name varchar primary key, value varchar);
"""

_ENGINE_TYPES = {
    "BIGINT": "INT64", "VARCHAR": "STRING", "DATE": "DATE", "TIMESTAMP": "TIMESTAMP",
    "BOOLEAN": "BOOL",
}  # fmt: skip
_KEYS = {"raw.files": "file_id", "raw.forgotten": "user_hash", "raw.file_days": "file_id",
         "raw.touched_days": "event_date", "build.pending_days": "event_date",
         "build.changed_days": "event_date", "build.state": "name"}  # fmt: skip
#: Tables with columns added later, as the last ones.
GROWN = ("raw.files",)
#: Tables that datasets of earlier versions lack.
NEW = ("raw.forgotten",)


@dataclass(frozen=True)
class Table:
    """A control table. columns: name → BigQuery type; rows are replaced by key."""

    full_name: str
    key: str
    columns: dict[str, str]

    @property
    def name(self) -> str:
        """The name without the schema."""
        return self.full_name.split(".")[1]


class ControlTables:
    """The control tables in memory, and a copy of the stored version."""

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("set TimeZone = 'UTC'")
        self.connection.execute(CONTROL_TABLES)
        self.connection.execute("create schema kept")
        for table in self.tables:
            self.connection.execute(
                f"create table kept.{table.name} as from {table.full_name} limit 0"
            )

    @cached_property
    def tables(self) -> list[Table]:
        """All tables; the state, with the revision, comes first."""
        rows = self.connection.execute(
            "select schema_name || '.' || table_name, column_name, data_type "
            "from duckdb_columns() where schema_name in ('raw', 'build') "
            "order by table_name <> 'state', table_name, column_index"
        ).fetchall()
        found: dict[str, dict[str, str]] = {}
        for table, column, kind in rows:
            found.setdefault(table, {})[column] = _ENGINE_TYPES[kind]
        return [Table(name, _KEYS[name], columns) for name, columns in found.items()]

    @property
    def names(self) -> set[str]:
        """schema.table of each control table."""
        return {table.full_name for table in self.tables}

    def ddl(self) -> str:
        """The DDL for BigQuery."""
        return "\n".join(
            f"create table if not exists {table.full_name} "
            f"({', '.join(f'{name} {kind}' for name, kind in table.columns.items())});"
            for table in self.tables
        )

    def fill(self, table: Table, rows: list[tuple[Any, ...]]) -> None:
        """Replace a table's rows with the stored ones."""
        columns = list(table.columns)
        self.connection.execute(f"delete from {table.full_name}")
        if rows:
            objects = json.dumps(
                [dict(zip(columns, row, strict=True)) for row in rows], default=str
            )
            self.connection.execute(
                f"insert into {table.full_name} by name "
                "select unnest(from_json($rows, $shape), recursive := true)",
                {"rows": objects, "shape": json.dumps([self._shape(table)])},
            )

    def keep(self) -> None:
        """Note that the control tables equal the stored ones."""
        for table in self.tables:
            self.connection.execute(f"delete from kept.{table.name}")
            self.connection.execute(f"insert into kept.{table.name} from {table.full_name}")
        (last,) = self.connection.execute("select max(file_id) from raw.files").fetchone() or (0,)
        (following,) = self.connection.execute(
            "select coalesce(last_value, 0) + 1 from duckdb_sequences()"
        ).fetchone() or (1,)
        if (last or 0) >= following:
            self.connection.execute(f"create or replace sequence raw.file_ids start {last + 1}")

    def check(self) -> str:
        """A statement that fails if another run has written since."""
        return (
            "select if(coalesce((select max(value) from build.state where name = 'revision'), '0') "
            f"= '{self._revision('kept')}', 0, "
            "error('estore: another run has changed the control tables'));"
        )

    def is_changed(self) -> bool:
        """Whether they differ from the stored version."""
        return any(self._differs(table) for table in self.tables)

    def changes(self) -> list[str]:
        """Statements that update the stored control tables, with a new unique revision.

        They contain values as quoted JSON, because not every engine passes parameters to a script.
        """
        changed = [table for table in self.tables if self._differs(table)]
        self.connection.execute(
            "insert or replace into build.state values ('revision', ?)", [uuid4().hex]
        )
        statements: list[str] = []
        for table in {table.full_name: table for table in [self.tables[0], *changed]}.values():
            gone, rows = self._changed(table)
            if gone:
                keys = ", ".join(BIGQUERY.quoted(key) for key in gone)
                statements.append(
                    f"delete from {table.full_name} where cast({table.key} as string) in ({keys});"
                )
            if rows:
                values_json = BIGQUERY.quoted(json.dumps(rows, default=str))
                values = ", ".join(
                    f"cast(json_value(row_, '$.{name}') as {kind.lower()})"
                    for name, kind in table.columns.items()
                )
                statements.append(
                    f"insert into {table.full_name} ({', '.join(table.columns)}) select {values} "
                    f"from unnest(json_query_array({values_json})) as row_;"
                )
        return statements

    def export(self, query: str, path: Path) -> int:
        """Write a query's rows to a Parquet file; returns the number of rows."""
        row = self.connection.execute(
            f"copy ({query}) to {quoted(str(path))} (format parquet)"
        ).fetchone()
        return int(row[0]) if row else 0

    @property
    def revision(self) -> str:
        """The revision after the changes are stored."""
        return self._revision("build")

    def _revision(self, schema: str) -> str:
        row = self.connection.execute(
            f"select value from {schema}.state where name = 'revision'"
        ).fetchone()
        return str(row[0]) if row else "0"

    def _differs(self, table: Table) -> bool:
        return bool(self.connection.execute(f"{self._difference(table)} limit 1").fetchall())

    def _difference(self, table: Table) -> str:
        now, then, key = table.full_name, f"kept.{table.name}", table.key
        return (
            f"select distinct {key} from ((from {now} except all from {then}) "
            f"union all (from {then} except all from {now}))"
        )

    def _changed(self, table: Table) -> tuple[list[str], list[dict[str, Any]]]:
        """Keys to delete, as text, and rows to insert."""
        gone = self.connection.execute(
            f"select distinct cast({table.key} as varchar) from kept.{table.name} "
            f"where {table.key} in ({self._difference(table)}) order by 1"
        ).fetchall()
        rows = self.connection.execute(
            f"select {', '.join(table.columns)} from {table.full_name} "
            f"where {table.key} in ({self._difference(table)}) order by all"
        ).fetchall()
        names = list(table.columns)
        return [key for (key,) in gone], [dict(zip(names, row, strict=True)) for row in rows]

    def _shape(self, table: Table) -> dict[str, str]:
        kinds = {kind: name for name, kind in _ENGINE_TYPES.items()}
        return {name: kinds[kind] for name, kind in table.columns.items()}
