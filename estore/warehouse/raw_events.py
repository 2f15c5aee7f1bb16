"""raw.events, raw.rejects and raw.known_customers: their columns, and the DDL for each engine."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A column of a raw table, with its type on each engine."""

    name: str
    duckdb: str
    bigquery: str
    is_required: bool = True


#: DuckDB stores ids that are whole numbers or UUIDs with that type, which makes builds faster. The
#: first file with another kind of id changes the column to text (decision 18).
EVENTS = (
    Column("file_id", "bigint", "int64"),
    Column("event_time", "timestamp", "timestamp"),
    Column("event_type", "varchar", "string"),
    Column("product_id", "bigint", "string"),
    Column("category_id", "varchar", "string", is_required=False),
    Column("category_code", "varchar", "string", is_required=False),
    Column("brand", "varchar", "string", is_required=False),
    Column("price", "decimal(18, 3)", "numeric", is_required=False),
    Column("user_id", "bigint", "string"),
    Column("user_session", "uuid", "string"),
    Column("order_id", "varchar", "string", is_required=False),
    Column("quantity", "bigint", "int64"),
)
REJECTS = (
    Column("file_id", "bigint", "int64"),
    Column("uri", "varchar", "string"),
    Column("line_number", "bigint", "int64", is_required=False),
    Column("line_text", "varchar", "string", is_required=False),
    Column("reason", "varchar", "string"),
)
#: First orders from before the data, of the shop's own file.
KNOWN_CUSTOMERS = (
    Column("user_id", "varchar", "string"),
    Column("first_order_date", "date", "date"),
)
#: Homes of earlier versions did not note when a rejected row of the future becomes valid: their
#: files are read again by the next load, which notes it.
NOTE_ROWS_AHEAD = """
update raw.files set recheck_at = loaded_at
where recheck_at is null and status = 'loaded' and rejected > 0 and file_id in (
    select file_id from raw.rejects where reason like 'event_time % more than a day in the future%'
);
"""
#: The columns of an event that come from the file's content.
RAW_COLUMNS = tuple(column.name for column in EVENTS[1:])


def duckdb_ddl() -> str:
    """The DDL of the tables for DuckDB."""
    return "".join(
        f"create table if not exists {table} ({_columns('duckdb', columns)});\n"
        for table, columns in (
            ("raw.events", EVENTS),
            ("raw.rejects", REJECTS),
            ("raw.known_customers", KNOWN_CUSTOMERS),
        )
    )


def bigquery_ddl() -> str:
    """The DDL of the tables for BigQuery."""
    return f"""
create table if not exists raw.events ({_columns("bigquery", EVENTS)})
partition by date(event_time)
cluster by user_id
options (require_partition_filter = true, description = 'One row per loaded row of a file, typed.');
create table if not exists raw.rejects ({_columns("bigquery", REJECTS)})
cluster by file_id
options (description = 'One row per rejected row of a file, with the reason.');
create table if not exists raw.known_customers ({_columns("bigquery", KNOWN_CUSTOMERS)})
options (description = 'One row per customer in the file of customers_since.');
"""


def _columns(engine: str, columns: tuple[Column, ...]) -> str:
    return ", ".join(
        f"{column.name} {getattr(column, engine)}{' not null' if column.is_required else ''}"
        for column in columns
    )
