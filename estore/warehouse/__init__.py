"""The engine seam: what the pipeline asks of a warehouse, an engine a module."""

from collections.abc import Iterator
from contextlib import contextmanager

from estore.errors import engine_advice
from estore.settings import Settings
from estore.warehouse.base import Warehouse

__all__ = ["Warehouse", "advice", "open_warehouse"]


@contextmanager
def open_warehouse(settings: Settings) -> Iterator[Warehouse]:
    """The warehouse for writing, with its raw tables in place; the same one where it is open.

    Raises EstoreError that says what to do where it cannot be had.
    """
    if settings.target == "bigquery":
        from estore.warehouse.bigquery import open_bigquery  # its libraries are optional

        with open_bigquery(settings) as dataset:
            yield dataset
    else:
        from estore.warehouse import duckdb

        with duckdb.open_warehouse(settings) as connection:
            yield duckdb.DuckDBWarehouse(connection)


def advice(said: str, settings: Settings) -> str | None:
    """What to do about an error that the engine or the machine is to blame for; else None."""
    if settings.target == "bigquery":
        from estore.warehouse import error_messages  # its libraries are optional

        return engine_advice(said) or error_messages.advice(said, settings)
    from estore.warehouse.duckdb import damage

    return engine_advice(said) or damage(said, settings)
