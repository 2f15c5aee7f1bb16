"""Reading: answers from the warehouse or, while a run writes, from the newest snapshot."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from estore.errors import Busy, Damaged, NothingLoaded
from estore.findings.lateness import late_files
from estore.load import event_types
from estore.reading.base import Reader
from estore.settings import Settings
from estore.snapshot.manifest import (
    Manifest,
    all_versions,
    check_snapshot,
    current_snapshot,
    missing_snapshot,
)

#: Ledger columns of a status; homes of earlier versions lack the last ones.
_OF_FILES = [
    "uri", "status", "lines", "loaded", "rejected", "first_date", "last_date", "loaded_at", "error",
    "other_event_types", "ignored", "ignored_event_types", "source", "forgotten",
]  # fmt: skip


def status(settings: Settings) -> dict[str, Any]:
    """Files with their counts, days covered, pending days, last build and snapshot."""
    with reader(settings).opened("a short question") as (connection, source):
        is_warehouse = source == "warehouse"
        files = "raw.files" if is_warehouse else "raw_files"
        cursor = connection.execute(f"select * from {files} order by uri, loaded_at")
        names = [column[0] for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        listed = [{name: row.get(name) for name in _OF_FILES} for row in rows]
        other_types = event_types.sentences(listed)
        held = [file for file in listed if file["status"] == "loaded"]
        late = late_files(connection, files)
        waiting = built = None
        if is_warehouse:
            waiting = _scalar(
                connection,
                "select count(*) from (select event_date from raw.touched_days "
                "union select event_date from build.pending_days)",
            )
            built = _scalar(connection, "select value from build.state where name = 'built_at'")
    manifest, snapshot_error = _newest_snapshot(settings)
    return {
        "home": str(settings.home),
        "source": source,
        "files": listed,
        "loaded_files": len(held),
        "lines": sum(file["lines"] or 0 for file in held),
        "loaded": sum(file["loaded"] for file in held),
        "rejected": sum(file["rejected"] for file in held),
        "ignored": sum(file["ignored"] or 0 for file in held),
        "forgotten": sum(file["forgotten"] or 0 for file in held),
        "first_date": min(
            (file["first_date"] for file in held if file["first_date"]), default=None
        ),
        "last_date": max((file["last_date"] for file in held if file["last_date"]), default=None),
        "other_event_types": other_types,
        "late_files": [{**vars(file), "sentence": file.in_words()} for file in late],
        "days_waiting": waiting,
        "built_at": built,
        "snapshot": manifest.version if manifest else None,
        "published_at": manifest.published_at if manifest else None,
        "as_of_date": manifest.as_of_date if manifest else None,
        "snapshot_error": snapshot_error,
    }


def _newest_snapshot(settings: Settings) -> tuple[Manifest | None, str | None]:
    """The snapshot's manifest, if any, and its error, if any."""
    try:
        with current_snapshot(settings) as folder:
            if folder:
                return check_snapshot(folder), None
    except Damaged as error:
        return None, str(error)
    is_lost = bool(all_versions(settings.published))
    return None, missing_snapshot(settings) if is_lost else None


@dataclass(frozen=True)
class Known:
    """A ledger entry for one content of a path."""

    uri: str
    generation: str
    status: str
    loaded_at: datetime
    error: str | None


def ledger(settings: Settings) -> list[Known]:
    """All contents ever seen, from the warehouse; empty before the first load.

    Raises Busy while a run writes, because a snapshot's file list may be old, and Damaged if the
    warehouse cannot be read.
    """
    try:
        with reader(settings).opened("a short question") as (connection, source):
            if source != "warehouse":
                raise Busy(f"{settings.home}: a run is writing to the warehouse; try again later")
            rows = connection.execute(
                "select uri, generation, status, loaded_at, error from raw.files order by file_id"
            ).fetchall()
    except NothingLoaded:
        return []
    return [Known(*row) for row in rows]


def row_counts(settings: Settings, tables: list[str]) -> dict[str, int]:
    """schema.table → rows; empty while a run writes."""
    return reader(settings).row_counts(tables) if tables else {}


def reader(settings: Settings) -> Reader:
    """The reader of a home's engine."""
    if settings.target == "bigquery":
        from estore.reading.bigquery_reader import BigQueryReader  # the libraries are optional

        return BigQueryReader(settings)
    from estore.reading.duckdb_reader import DuckDBReader

    return DuckDBReader(settings)


def _scalar(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    row = connection.execute(sql).fetchone()
    return row[0] if row else None
