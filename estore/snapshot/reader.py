"""Reader: the newest snapshot as tables for SQL."""

from collections.abc import Iterator
from contextlib import contextmanager

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
from estore.warehouse.quoting import exact_path


@contextmanager
def open_snapshot(
    settings: Settings, *, in_memory: bool = False, is_bounded: bool = False
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Manifest]]:
    """The newest snapshot as views, or as copies that need no file access, by table name.

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
            connection.execute(
                f'create {kind} "{path.stem}" as select * from read_parquet({exact_path(path)})'
            )
        yield connection, manifest
