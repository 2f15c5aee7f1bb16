"""Published: the tables of audiences in a snapshot, and the lift computed from it.

audience_orders: orders of exported and held-out customers after their export. audience_overview:
one row per audience, only counts, for the dashboard.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from estore.audiences.customers import Customers, reading_customers
from estore.audiences.definitions import Audience, Definitions, read_definitions
from estore.audiences.exports import complete_export, is_interrupted
from estore.audiences.lift import Lift, measure
from estore.audiences.records import (
    ASSIGNED,
    CONTROL,
    EXPORTED,
    Export,
    Records,
    files_of,
)
from estore.currency import Currency
from estore.errors import Busy, EstoreError
from estore.settings import Settings
from estore.snapshot.manifest import check_snapshot, current_snapshot, missing_snapshot
from estore.warehouse import Warehouse
from estore.warehouse.quoting import exact_path, quoted

ORDERS, OVERVIEW = "audience_orders", "audience_overview"
#: Days after an export for which orders are published.
LONGEST = 400
#: The period of the lift on the dashboard.
DAYS = 30
_COLUMNS = {
    "audience": "varchar", "description": "varchar", "is_ready": "boolean",
    "customer_count": "bigint", "total_customer_count": "bigint", "as_of_date": "date",
    "export_count": "bigint", "last_export_date": "date", "exported_count": "bigint",
    "control_count": "bigint", "entered_count": "bigint", "left_count": "bigint",
    "lift_days": "bigint", "treated_observed_count": "bigint", "control_observed_count": "bigint",
    "treated_orders": "double", "control_orders": "double", "orders_difference": "double",
    "orders_difference_low": "double", "orders_difference_high": "double",
    "treated_revenue_amount": "double", "control_revenue_amount": "double",
    "revenue_difference": "double", "revenue_difference_low": "double",
    "revenue_difference_high": "double", "is_imbalanced": "boolean",
}  # fmt: skip


def write_tables(settings: Settings, warehouse: Warehouse, folder: Path) -> dict[str, int]:
    """Add the tables of audiences to an unfinished snapshot; returns table → rows.

    Raises EstoreError for wrong definitions; the snapshot is then published without them.
    """
    records = Records(settings)
    if is_interrupted(settings):
        with suppress(Busy), records.alone():  # another export completes itself
            complete_export(settings)
    orders = _write_orders(warehouse, records, folder / f"{ORDERS}.parquet")
    definitions = read_definitions(settings)
    last = warehouse.scalar(
        "select max(event_date) from intermediate.int_event_days where is_complete"
    )
    with reading_customers(settings, folder / "dim_customers.parquet", definitions) as customers:
        rows = list(_overview(records, definitions, customers, folder, last))
    return {ORDERS: orders, OVERVIEW: _write_overview(folder / f"{OVERVIEW}.parquet", rows)}


def snapshot_lift(
    settings: Settings, audience: str, days: int, export: int | None
) -> tuple[Lift, Currency]:
    """The lift of an audience from the newest snapshot, and the currency of its amounts."""
    with current_snapshot(settings) as folder:
        if folder is None:
            raise EstoreError(missing_snapshot(settings))
        manifest = check_snapshot(folder)
        orders = folder / f"{ORDERS}.parquet"
        if ORDERS not in manifest.tables:
            raise EstoreError(
                f"{folder} has no {ORDERS}: run `estore publish`, and if that fails `estore build`"
            )
        if audience not in Records(settings).audiences():
            read_definitions(settings).named(audience)  # a wrong name has its own message
        last = _last_day(folder)
        found = measure(Records(settings), audience, orders, last, days, export=export)
        return found, manifest.currency


def _last_day(folder: Path) -> date:
    """The last complete day of a snapshot."""
    file = exact_path(folder / "int_event_days.parquet")
    with duckdb.connect() as connection:
        row = connection.execute(
            f"select max(event_date) from read_parquet({file}) where is_complete"
        ).fetchone()
    last: date | None = row[0] if row else None
    return last or date.min


def _write_orders(warehouse: Warehouse, records: Records, path: Path) -> int:
    """The later orders of all customers who were exported or held out."""
    columns = "user_id, order_date, order_amount as net_revenue_amount"
    all_orders = path.with_suffix(".all")
    source = (
        "(select '' as user_id, date '1970-01-01' as order_date, "
        "cast(0 as decimal(18, 3)) as net_revenue_amount)"
    )
    of_members = "false"
    if audiences := records.audiences():
        files = ", ".join(files_of(records, name) for name in audiences)
        of_members = (
            f"user_id in (select user_id from read_parquet([{files}]) where result in {ASSIGNED})"
        )
        sql = f"select {columns} from marts.fct_orders where order_date > date '{{}}'"
        is_local = warehouse.name == "duckdb"  # the cloud cannot read the records
        warehouse.export(
            sql.format(_since(records, warehouse)) + (f" and {of_members}" if is_local else ""),
            all_orders,
        )
        source = f"read_parquet({exact_path(all_orders)})"
    with duckdb.connect() as connection:
        row = connection.execute(
            f"copy (select * from {source} where {of_members} order by all) "
            f"to {quoted(str(path))} (format parquet)"
        ).fetchone()
    all_orders.unlink(missing_ok=True)
    return int(row[0]) if row else 0


def _since(records: Records, warehouse: Warehouse) -> date:
    """The day before the first order that any lift counts."""
    as_of: date = warehouse.scalar("select as_of_date from intermediate.int_as_of")
    days = [each.day for name in records.audiences() for each in records.exports(name)[:1]]
    return max(min(days, default=as_of), as_of - timedelta(days=LONGEST))


def _overview(
    records: Records, definitions: Definitions, customers: Customers, folder: Path,
    last: date | None,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    audiences = list(definitions.audiences.values())
    sizes, total, as_of = customers.sizes(audiences), customers.count(), customers.as_of()
    for audience in audiences:
        row: dict[str, Any] = dict.fromkeys(_COLUMNS)
        row |= {
            "audience": audience.name, "description": audience.description or audience.where,
            "is_ready": audience.is_ready, "customer_count": sizes[audience.name],
            "total_customer_count": total, "as_of_date": as_of, "export_count": 0,
        }  # fmt: skip
        exports = records.exports(audience.name)
        if exports:
            row |= _since_last(records, customers, audience, exports)
            row |= _lift_columns(records, audience, folder, last)
        yield row


def _since_last(
    records: Records, customers: Customers, audience: Audience, exports: Sequence[Export]
) -> dict[str, Any]:
    """Who entered and left since the last export; limits apply only to exports."""
    then = {each.user_id for each in records.members(exports[-1]) if each.change != "left"}
    now = {user_id for (user_id,) in customers.rows(audience, ["user_id"], audience.limit)}
    return {
        "export_count": len(exports), "last_export_date": exports[-1].as_of_date,
        "exported_count": exports[-1].counts.get(EXPORTED, 0),
        "control_count": exports[-1].counts.get(CONTROL, 0),
        "entered_count": len(now - then), "left_count": len(then - now),
    }  # fmt: skip


def _lift_columns(
    records: Records, audience: Audience, folder: Path, last: date | None
) -> dict[str, Any]:
    try:
        found = measure(
            records, audience.name, folder / f"{ORDERS}.parquet", last or date.min, DAYS
        )
    except EstoreError:  # no result yet
        return {"lift_days": DAYS}
    return {
        "lift_days": DAYS, "treated_observed_count": found.treated_count,
        "control_observed_count": found.control_count,
        "treated_orders": found.orders.treated, "control_orders": found.orders.control,
        "orders_difference": found.orders.difference,
        "orders_difference_low": found.orders.low, "orders_difference_high": found.orders.high,
        "treated_revenue_amount": found.revenue.treated,
        "control_revenue_amount": found.revenue.control,
        "revenue_difference": found.revenue.difference,
        "revenue_difference_low": found.revenue.low,
        "revenue_difference_high": found.revenue.high, "is_imbalanced": bool(found.imbalances),
    }  # fmt: skip


def _write_overview(path: Path, rows: list[dict[str, Any]]) -> int:
    typed = ", ".join(f"cast(? as {kind}) as {name}" for name, kind in _COLUMNS.items())
    sql = " union all by name ".join(f"(select {typed})" for _ in rows)
    with duckdb.connect() as connection:
        connection.execute(
            f"copy ({sql}) to {quoted(str(path))} (format parquet)",
            [row[name] for row in rows for name in _COLUMNS],
        )
    return len(rows)
