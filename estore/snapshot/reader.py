"""Reader: the newest snapshot as tables for SQL."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from estore.errors import EstoreError
from estore.settings import Settings
from estore.snapshot.manifest import (
    Manifest,
    check_snapshot,
    current_snapshot,
    missing_snapshot,
)
from estore.warehouse.duckdb import engine_config
from estore.warehouse.quoting import exact_path, quoted

#: Tables with a row per customer: too large to copy. They stay readable without file access.
LARGE = ("dim_customers",)


@contextmanager
def open_snapshot(
    settings: Settings, *, in_memory: bool = False, is_bounded: bool = False
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Manifest]]:
    """The newest snapshot as views, or as tables that need no further file access, by name.

    is_bounded: for a user's own SQL, within the memory setting. Raises EstoreError without a
    snapshot, Damaged if a file has changed.
    """
    kind = "table" if in_memory else "view"
    config = engine_config(settings) if is_bounded else {}
    with current_snapshot(settings) as folder, duckdb.connect(config=config) as connection:
        if folder is None:
            raise EstoreError(missing_snapshot(settings))
        manifest = check_snapshot(folder)
        connection.execute("set TimeZone = 'UTC'")
        for path in sorted(folder.glob("*.parquet")):
            made = "view" if path.stem in LARGE else kind
            connection.execute(
                f'create {made} "{path.stem}" as select * from read_parquet({exact_path(path)})'
            )
        allow_files(connection, [folder / f"{table}.parquet" for table in LARGE])
        yield connection, manifest


def allow_files(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path]) -> None:
    """Let a connection read these files after it has lost access to all others."""
    listed = ", ".join(quoted(str(path)) for path in paths)
    connection.execute(f"set allowed_paths = [{listed}]")
