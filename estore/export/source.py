"""Source: the tables of the newest snapshot, described and without customers' ids.

All exports read it, so that they contain the same tables, columns and values.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import duckdb

from estore.load.advice import EXAMPLE
from estore.settings import Settings
from estore.snapshot.manifest import Manifest
from estore.snapshot.reader import open_snapshot

#: Columns that identify a customer or contain a row of a file; null without --with-ids.
PERSONAL = ("user_id", "user_session", "session_id", "order_id", "line_text")
_FILE_NAME = "regexp_extract(uri, '[^/\\\\]*$')"
#: Columns with a path or a quoted row → what is exported of them without --with-ids.
PARTLY = {
    "uri": _FILE_NAME,
    "error": f"split_part(replace(error, uri, {_FILE_NAME}), '{EXAMPLE}', 1)",
    "reason": "split_part(reason, ':', 1)",
}
#: The schema of the views that an export reads.
EXPORTED = "exported"
#: The table that describes the export itself.
ABOUT = "snapshot_info"
#: Descriptions of the tables that no dbt model describes.
_DESCRIPTIONS = {
    ABOUT: "One row: the snapshot that this export contains, and the shop's settings.",
    "audience_orders": "One row per order of a customer who was exported or held out, after it.",
    "audience_overview": "One row per audience: its size, its last export and its lift.",
    "build_tests": "One row per data test of the build, with its result.",
    "definitions": "One row per table and per column, with its description.",
    "lineage_edges": "One row per pair of tables of which one is computed from the other.",
    "lineage_models": "One row per table of the dbt project, with its description.",
    "raw_rejects": "One row per rejected row of a file, with the reason.",
    "raw_rejects_by_reason": "One row per file and reason, with the number of rejected rows.",
}


@dataclass(frozen=True)
class Added:
    """A table that exports add, computed from others. Older snapshots may lack their columns."""

    description: str
    sql: str


#: Tables in a form that spreadsheets and dashboards need.
ADDED = {
    "sales_months": Added(
        "One row per month, with the month before where both are complete.",
        """
        with months as (
            select
                date_trunc('month', order_date)::date as month_start,
                sum(revenue_amount)::decimal(18,3) as revenue_amount,
                sum(order_count)::bigint as order_count,
                sum(first_order_count)::bigint as first_order_count,
                count(*) filter (is_complete and not has_missing_sales) as complete_day_count,
                extract(day from last_day(min(order_date)))::bigint as day_count,
                avg(revenue_amount) filter (is_complete)::decimal(18,3)
                    as complete_day_revenue_amount
            from metrics_daily_sales
            group by 1
        ), before as (
            select *, complete_day_count = day_count as is_complete,
                lag(revenue_amount) over (order by month_start) as last_amount,
                lag(complete_day_count = day_count) over (order by month_start) as was_complete
            from months
        )
        select * exclude (last_amount, was_complete),
            case when is_complete and was_complete then last_amount end
                as last_month_revenue_amount
        from before
        order by month_start
        """,
    ),
    "funnel_stages": Added(
        "One row per stage of the funnel: sessions of the full period that reach it.",
        """
        select unnest([1, 2, 3])::bigint as stage_number,
            unnest(['View', 'Cart', 'Purchase']) as stage,
            unnest([sessions_with_view, sessions_with_cart, sessions_with_purchase])
                as session_count
        from metrics_conversion_rates_overall
        """,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A column. `kind` is the engine's type, such as `DECIMAL(18,3)`."""

    name: str
    kind: str
    description: str


@dataclass(frozen=True)
class Table:
    """A table of the snapshot."""

    name: str
    description: str
    columns: list[Column]
    rows: int

    @property
    def sql(self) -> str:
        """The table's name in a query of the source."""
        return f'{EXPORTED}."{self.name}"'

    def has(self, *names: str) -> bool:
        """Whether the table has all of these columns; older snapshots may lack some."""
        return set(names) <= {column.name for column in self.columns}


@dataclass(frozen=True)
class Source:
    """The tables of a snapshot, by name."""

    connection: duckdb.DuckDBPyConnection
    manifest: Manifest
    tables: dict[str, Table]

    def query(self, sql: str, *parameters: Any) -> list[dict[str, Any]]:
        """Rows as dicts. The SQL names tables without schema."""
        cursor = self.connection.execute(sql, list(parameters))
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def has(self, table: str, *columns: str) -> bool:
        """Whether the snapshot has a table with these columns."""
        return table in self.tables and self.tables[table].has(*columns)


@contextmanager
def open_source(settings: Settings, *, with_ids: bool) -> Iterator[Source]:
    """The newest snapshot; no publish deletes it meanwhile.

    Raises EstoreError without a snapshot, Damaged if a file has changed.
    """
    with open_snapshot(settings, is_bounded=True) as (connection, manifest):
        connection.execute("set preserve_insertion_order = true")
        connection.execute(f"create schema {EXPORTED}")
        connection.execute(
            f'create table main."{ABOUT}" as select ? as version, ?::timestamp as published_at, '
            "?::date as as_of_date, ? as shop_currency, ? as shop_timezone, "
            "?::decimal(18,3) as average_order_target",
            [manifest.version, manifest.published_at[:19], manifest.as_of_date,
             manifest.currency.code, manifest.thresholds.get("shop_timezone", "UTC"),
             manifest.thresholds.get("average_order_target")],
        )  # fmt: skip
        for name, added in ADDED.items():
            with suppress(duckdb.CatalogException, duckdb.BinderException):  # an older snapshot
                connection.execute(f"create table main.{name} as {added.sql}")
        tables = _tables(connection)
        for table in tables.values():
            columns = ", ".join(_shown(column, with_ids=with_ids) for column in table.columns)
            connection.execute(
                f'create view {table.sql} as select {columns} from main."{table.name}"'
            )
        connection.execute(f"set search_path = '{EXPORTED}'")
        yield Source(connection, manifest, tables)


def _tables(connection: duckdb.DuckDBPyConnection) -> dict[str, Table]:
    tables, columns = _descriptions(connection)
    kinds: dict[str, list[Column]] = {}
    for table, name, kind in connection.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where schema_name = 'main' and not internal order by table_name, column_index"
    ).fetchall():
        kinds.setdefault(table, []).append(Column(name, kind, columns.get((table, name), "")))
    return {
        name: Table(name, tables.get(name, ""), found, _count(connection, name))
        for name, found in kinds.items()
    }


def _descriptions(
    connection: duckdb.DuckDBPyConnection,
) -> tuple[dict[str, str], dict[tuple[str, str], str]]:
    """Descriptions of tables, and of their columns, as the snapshot states them."""
    tables = _DESCRIPTIONS | {name: added.description for name, added in ADDED.items()}
    columns: dict[tuple[str, str], str] = {}
    for name, description in connection.execute(
        "select replace(model_name, 'raw.', 'raw_'), description from lineage_models"
    ).fetchall():
        tables.setdefault(name, description)
    for name, column, description in connection.execute(
        "select table_name, column_name, description from definitions"
    ).fetchall():
        if column is None:
            tables[name] = description
        else:
            columns[name, column] = description
    return tables, columns


def _count(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    row = connection.execute(f'select count(*) from main."{name}"').fetchone()
    return int(row[0]) if row else 0


def _shown(column: Column, *, with_ids: bool) -> str:
    """SQL of a column as exported."""
    name = f'"{column.name}"'
    if not with_ids and column.name in PERSONAL:
        return f"cast(null as {column.kind}) as {name}"
    if not with_ids and column.name in PARTLY:
        return f"{PARTLY[column.name]} as {name}"
    return name
