"""The reader of snapshots: the newest one as tables that SQL can ask."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from estore.errors import EstoreError
from estore.settings import Settings
from estore.snapshot.manifest import Manifest, current_version, read_manifest
from estore.warehouse.quoting import exact_path


@contextmanager
def open_snapshot(
    settings: Settings, *, in_memory: bool = False
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Manifest]]:
    """The newest snapshot as views, or as copies that need no file access; all its tables by name.

    Raises EstoreError without one.
    """
    kind = "table" if in_memory else "view"
    folder = current_version(settings)
    if folder is None:
        raise EstoreError(f"{settings.home}: nothing published yet; `estore run PATH` does it")
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for path in sorted(folder.glob("*.parquet")):
            connection.execute(
                f'create {kind} "{path.stem}" as select * from read_parquet({exact_path(path)})'
            )
        yield connection, read_manifest(folder)
