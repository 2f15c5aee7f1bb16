"""Names: gives tables the same names in the warehouse and in a snapshot, with or without schema."""

import difflib
import re
from pathlib import Path

import duckdb

from estore.warehouse.quoting import exact_path

#: Schemas in which a name without schema is searched, in this order.
SCHEMAS = (
    "metrics", "marts", "dashboard", "raw", "snapshots", "intermediate", "staging",
)  # fmt: skip
#: Prefix of a table name in a snapshot, which is one folder → its schema.
PREFIXES = {
    "metrics_": "metrics", "dim_": "marts", "fct_": "marts", "int_": "intermediate",
    "stg_": "staging", "snap_": "snapshots",
}  # fmt: skip
#: Tables of a snapshot → the same from the warehouse; None: only in snapshots.
ONLY_PUBLISHED = {
    "raw_files": "select * from raw.files",
    "raw_rejects": "select uri, line_number, reason, line_text from raw.rejects",
    "raw_rejects_by_reason": (
        "select uri, regexp_extract(reason, '^[^:]*') as reason, count(*) as line_count "
        "from raw.rejects group by all"
    ),
    "definitions": None,
    "lineage_models": None,
    "lineage_edges": None,
    "build_tests": None,
}


def name_warehouse(connection: duckdb.DuckDBPyConnection, snapshot: Path | None) -> None:
    """Give the warehouse's tables names without schema, and add the snapshot's extra tables."""
    schemas = {
        name
        for (name,) in connection.execute(
            "select schema_name from duckdb_schemas() where database_name = current_database()"
        ).fetchall()
    }
    path = ",".join(["main", *(name for name in SCHEMAS if name in schemas)])
    connection.execute(f"set search_path = '{path}'")
    for name, sql in ONLY_PUBLISHED.items():
        file = snapshot / f"{name}.parquet" if snapshot else None
        if sql:
            connection.execute(f"create or replace temp view {name} as {sql}")
        elif file and file.is_file():
            connection.execute(
                f"create or replace temp table {name} as "
                f"select * from read_parquet({exact_path(file)})"
            )


def name_snapshot(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a snapshot's tables their schemas in the warehouse."""
    for schema in SCHEMAS:
        connection.execute(f"create schema if not exists {schema}")
    for name in _names(connection, "main"):
        if name in ("raw_files", "raw_rejects"):
            schema, known_as = "raw", name.removeprefix("raw_")
        elif name in ONLY_PUBLISHED:
            continue
        else:
            schema, known_as = schema_of(name), name
        connection.execute(f'create view {schema}."{known_as}" as select * from main."{name}"')


def schema_of(name: str) -> str:
    """A published table's schema in the warehouse."""
    return next(
        (schema for start, schema in PREFIXES.items() if name.startswith(start)), "dashboard"
    )


def advice(connection: duckdb.DuckDBPyConnection, said: str, version: str | None) -> str:
    """A suggestion after an engine error; version: that of the queried snapshot."""
    found = re.search(r'Table with name "?([\w.]+)"? does not exist', said)
    if not found:
        return ""
    asked = found[1].rsplit(".", 1)[-1]
    hint = ""
    if "Did you mean" not in said:
        known = [name for schema in ("main", *SCHEMAS) for name in _names(connection, schema)]
        close = difflib.get_close_matches(asked.lower(), known, n=1)
        hint = f'\nDid you mean "{close[0]}"?' if close else ""
    if version:
        hint += (
            f"\nSnapshot {version} answers while a run writes, and it has no table {asked}. "
            "Run the query again after the run ends."
        )
    return f"{hint}\n`estore tables` lists all tables."


def _names(connection: duckdb.DuckDBPyConnection, schema: str) -> list[str]:
    return [
        name
        for (name,) in connection.execute(
            "select table_name from information_schema.tables where table_schema = ? order by 1",
            [schema],
        ).fetchall()
    ]
