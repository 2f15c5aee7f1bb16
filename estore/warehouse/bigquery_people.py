"""BigQuery: the rows of people to forget; the warehouse is a BigQueryWarehouse."""

import json
import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from estore.warehouse.base import HISTORY, SEPARATORS
from estore.warehouse.dialect import BIGQUERY


def people_among(warehouse: Any, file_id: int, key: str, hashes: Sequence[str]) -> list[str]:
    """See Warehouse.people_among; the file's rows are still in a table of their own."""
    rows = warehouse.select(
        f"""
        select distinct id from (
            select user_id as id from `{warehouse.staged[file_id]}` where reason is null
            union all
            select id
            from `{warehouse.staged[file_id]}`,
                unnest(split(
                    regexp_replace(line_text, {BIGQUERY.quoted(SEPARATORS)}, ','), ','
                )) as id
            where reason is not null
        )
        where to_hex(sha256(concat($key, id))) in unnest(json_value_array($hashes))
        order by id
        """,
        key=key, hashes=json.dumps(list(hashes)),
    )  # fmt: skip
    return [person for (person,) in rows]


def remove_people(
    warehouse: Any, ids: Sequence[str], file_id: int | None = None
) -> list[tuple[int, date | None, int]]:
    """See Warehouse.remove_people; rows of loaded files go at the transaction's end."""
    listed = ", ".join(map(BIGQUERY.quoted, ids))
    theirs = f"user_id in ({listed})"
    named = " or ".join(
        "regexp_contains(line_text, "
        + BIGQUERY.quoted(f"(^|[^0-9A-Za-z]){re.escape(person)}($|[^0-9A-Za-z])")
        + ")"
        for person in ids
    )
    if file_id is not None:
        return _remove_staged(warehouse, file_id, theirs, named)
    held = [
        found
        for (found,) in warehouse.control_tables.execute(
            "select distinct file_id from raw.file_days order by file_id"
        ).fetchall()
    ]
    gone: list[tuple[int, date | None, int]] = []
    for table, day, condition in (
        ("raw.events", "date(event_time)", f"{theirs} and {warehouse.partitions(held or [0])}"),
        ("raw.rejects", "cast(null as date)", f"({named})"),
    ):
        gone += warehouse.select(
            f"select file_id, {day} as event_date, count(*) from {table} where {condition} "
            "group by file_id, event_date order by file_id, event_date"
        )
        warehouse.later(f"delete from {table} where {condition};")
    for table in HISTORY:
        if warehouse.has_table("snapshots", table):
            warehouse.later(f"delete from snapshots.{table} where {theirs};")
    return gone


def _remove_staged(
    warehouse: Any, file_id: int, theirs: str, named: str
) -> list[tuple[int, date | None, int]]:
    """Delete people's rows before they reach raw.events."""
    table = f"`{warehouse.staged[file_id]}`"
    condition = f"(reason is null and {theirs}) or (reason is not null and ({named}))"
    gone: list[tuple[int, date | None, int]] = warehouse.select(
        f"select {file_id}, case when reason is null then date(event_time) end as event_date, "
        f"count(*) from {table} where {condition} group by event_date order by event_date"
    )
    warehouse.run(f"delete from {table} where {condition}")
    return gone
