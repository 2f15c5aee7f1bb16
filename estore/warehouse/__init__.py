"""Warehouse: the interface between the pipeline and the engines, one module per engine."""

from collections.abc import Iterator
from contextlib import contextmanager

from estore.errors import engine_advice
from estore.settings import Settings
from estore.warehouse.base import Warehouse

__all__ = ["Warehouse", "advice", "open_warehouse"]


@contextmanager
def open_warehouse(settings: Settings) -> Iterator[Warehouse]:
    """The warehouse for writing, with its raw tables; reused if it is already open.

    Raises EstoreError with the fix if it cannot be opened.
    """
    if settings.target == "bigquery":
        from estore.warehouse.bigquery import open_bigquery  # the libraries are optional

        with open_bigquery(settings) as dataset:
            yield dataset
    else:
        from estore.warehouse import duckdb

        with duckdb.open_warehouse(settings) as connection:
            yield duckdb.DuckDBWarehouse(connection)


def advice(said: str, settings: Settings) -> str | None:
    """What to do about an error of the engine or the machine; None for any other error."""
    if settings.target == "bigquery":
        from estore.warehouse import error_messages  # the libraries are optional

        return engine_advice(said) or error_messages.advice(said, settings)
    from estore.warehouse.duckdb import damage

    return engine_advice(said) or damage(said, settings)
