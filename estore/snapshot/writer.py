"""Writer: publishes the small tables of a tested build as a versioned Parquet snapshot.

`published/v000123/*.parquet` with a manifest; `CURRENT` names the newest. Readers use only this
folder, so they never wait for the pipeline or see a partial version.
"""

import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from estore.build.builder import Transform
from estore.errors import Damaged
from estore.settings import Settings
from estore.snapshot.manifest import (
    MANIFEST,
    Manifest,
    all_versions,
    current_name,
    digest,
    remove_version,
    version_number,
)
from estore.warehouse import Warehouse, open_warehouse
from estore.warehouse.quoting import quoted

#: Name in the snapshot → query, in addition to all tables of the schemas metrics and dashboard.
EXTRA_TABLES = {
    "dim_categories": "select * from marts.dim_categories",
    "dim_customers": "select * from marts.dim_customers",
    "int_event_days": "select * from intermediate.int_event_days",
    "raw_files": "select * from raw.files",
    "raw_rejects": "select uri, line_number, reason, line_text from raw.rejects",
    "raw_rejects_by_reason": """
        select uri, regexp_extract(reason, '^[^:]*') as reason, count(*) as line_count
        from raw.rejects
        group by uri, regexp_extract(reason, '^[^:]*')
    """,
}


#: Tables that document the project → their columns.
TOLD_TABLES = {
    "definitions": {"table_name": "VARCHAR", "column_name": "VARCHAR", "description": "VARCHAR"},
    "lineage_models": {"model_name": "VARCHAR", "layer": "VARCHAR", "description": "VARCHAR"},
    "lineage_edges": {"from_model": "VARCHAR", "to_model": "VARCHAR"},
    "build_tests": {
        "test_name": "VARCHAR", "table_name": "VARCHAR", "status": "VARCHAR",
        "failure_count": "BIGINT", "description": "VARCHAR",
    },
}  # fmt: skip


#: Adds tables to an unfinished snapshot in this folder; returns table → rows.
AddTables = Callable[[Warehouse, Path], dict[str, int]]


def publish(
    settings: Settings, transform: Transform, add: AddTables = lambda warehouse, folder: {}
) -> Manifest:
    """Write the next snapshot and make it current; keep the last `keep_versions`."""
    settings.published.mkdir(parents=True, exist_ok=True)
    name = f"v{_last_number(settings) + 1:06d}"
    folder, unfinished = settings.published / name, settings.published / f"{name}.tmp"
    for leftover in settings.published.glob("*.tmp"):
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    unfinished.mkdir()
    with open_warehouse(settings) as warehouse:
        queries = {
            table: f"select * from {schema}.{table}"
            for schema, table in warehouse.snapshot_tables()
        }
        rows = {
            table: warehouse.export(query, unfinished / f"{table}.parquet")
            for table, query in {**queries, **EXTRA_TABLES}.items()
        }
        for table, rows_of_table in transform.documentation().items():
            rows[table] = _write_rows(unfinished / f"{table}.parquet", table, rows_of_table)
        rows |= add(warehouse, unfinished)
        as_of_date = str(warehouse.scalar("select as_of_date from intermediate.int_as_of"))
        sizes = {table: warehouse.count(table) for table in ("raw.events", "raw.rejects")}
    manifest = Manifest(
        version=name,
        published_at=datetime.now(UTC).isoformat(timespec="seconds"),
        as_of_date=as_of_date,
        tables={**rows, **sizes},
        tests=transform.last_tests(),
        versions={
            package: version(package) for package in ("estore-analytics", "dbt-core", "duckdb")
        },
        thresholds=transform.project.thresholds,
        digests={table: digest(unfinished / f"{table}.parquet") for table in rows},
    )
    (unfinished / MANIFEST).write_text(json.dumps(asdict(manifest), indent=2) + "\n")
    for path in [*unfinished.iterdir(), unfinished]:
        _sync(path)
    unfinished.rename(folder)
    pointer = settings.published / "CURRENT.tmp"
    pointer.write_text(name + "\n")
    _sync(pointer)
    pointer.replace(settings.published / "CURRENT")
    _sync(settings.published)
    for old in all_versions(settings.published)[: -settings.keep_versions]:
        remove_version(old)
    return manifest


def _last_number(settings: Settings) -> int:
    """The last number used, including lost snapshots, whose names must not be reused."""
    known = all_versions(settings.published)
    with suppress(Damaged):
        known += [Path(name)] if (name := current_name(settings)) else []
    return max(map(version_number, known), default=0)


def _write_rows(path: Path, table: str, rows: list[dict[str, Any]]) -> int:
    """Write rows to a Parquet file in order, through JSON because the engine accepts no rows."""
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select unnest(from_json($rows, $shape), recursive := true)) "
            f"to {quoted(str(path))} (format parquet)",
            {"rows": json.dumps(rows), "shape": json.dumps([TOLD_TABLES[table]])},
        )
    return len(rows)


def _sync(path: Path) -> None:
    """Make sure that a file or folder is on the disk before anything refers to it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
