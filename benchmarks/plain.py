"""The plain pipeline: the same marts with one statement each, as written in an afternoon.

    python -m benchmarks.plain load WAREHOUSE FILE…     text ids, typed times, straight into a table
    python -m benchmarks.plain build WAREHOUSE          plain/*.sql, prints the seconds of each

No ledger, no rejects, no increments, no data tests, no snapshot.
"""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb

from benchmarks.landing import TEXT_IDS, read_csv
from estore.build.dbt_project import project_folder

STATEMENTS = Path(__file__).parent / "plain"


def connect(warehouse: Path) -> duckdb.DuckDBPyConnection:
    """The same limits as the product's: ESTORE_THREADS, ESTORE_MEMORY_LIMIT."""
    return duckdb.connect(
        str(warehouse),
        config={
            "threads": int(os.environ.get("ESTORE_THREADS", 2)),
            "memory_limit": os.environ.get("ESTORE_MEMORY_LIMIT", "4GB"),
            "temp_directory": str(warehouse.parent / "tmp"),
            "preserve_insertion_order": False,
        },
    )


def load(warehouse: Path, files: Sequence[Path]) -> None:
    """Append files to raw_events."""
    table = read_csv(files, event_time="TIMESTAMP", **TEXT_IDS)
    with connect(warehouse) as connection:
        connection.execute(f"create table if not exists raw_events as from {table} limit 0")
        connection.execute(f"insert into raw_events from {table}")


def build(warehouse: Path) -> None:
    """Build all marts and metrics from raw_events. Prints `name: seconds` for each."""
    seed = str(project_folder() / "seeds" / "rfm_segments.csv")
    with connect(warehouse) as connection:
        connection.execute("create schema marts; create schema metrics")
        connection.execute("create table marts.rfm_segments as from read_csv($1)", [seed])
        for path in sorted(STATEMENTS.glob("*.sql")):
            for statement in connection.extract_statements(path.read_text()):
                started = time.perf_counter()
                connection.execute(statement)
                words = statement.query.split("create table", 1)[-1].split()
                print(f"{words[0]}: {time.perf_counter() - started:.2f}", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "load":
        load(Path(sys.argv[2]), [Path(word) for word in sys.argv[3:]])
    else:
        build(Path(sys.argv[2]))
