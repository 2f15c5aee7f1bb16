"""Parquet: BigQuery rows in the same file format that DuckDB writes."""

from pathlib import Path
from typing import Any

import duckdb

from estore.warehouse.quoting import quoted

#: BigQuery's Arrow types → the snapshot's types.
_AS_PUBLISHED = {"DECIMAL(38,9)": "decimal(18, 3)", "TIMESTAMP WITH TIME ZONE": "timestamp"}


def write_parquet(rows: Any, path: Path) -> int:
    """Write the rows of a client's iterator; returns the number of rows."""
    arrow = rows.to_arrow(create_bqstorage_client=False)
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.register("rows_", arrow)
        described = connection.execute("describe rows_").fetchall()
        columns = ", ".join(
            f'cast("{name}" as {_AS_PUBLISHED.get(kind, kind)}) as "{name}"'
            for name, kind, *_ in described
        )
        connection.execute(
            f"copy (select {columns} from rows_) to {quoted(str(path))} (format parquet)"
        )
    return int(arrow.num_rows)
