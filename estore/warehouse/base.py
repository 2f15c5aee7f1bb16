"""Engine: the handful of things that the pipeline asks of a warehouse beyond its control tables.

The control tables are the small tables: the ledger, the days of files, what waits, what was
built. They are DuckDB tables on every engine, so what is decided over them is decided once. The
rows of events and all that is built of them belong to the engine.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import duckdb

#: Schemas that are made of raw.events, and can be made again.
BUILT = ("staging", "intermediate", "marts", "metrics", "dashboard")


class Warehouse(ABC):
    """An open warehouse. SQL names tables as schema.table on every engine."""

    #: ESTORE_TARGET
    name: str
    #: The small tables; to be changed in a transaction only.
    control_tables: duckdb.DuckDBPyConnection

    @abstractmethod
    def transaction(self) -> AbstractContextManager[None]:
        """All changes of the control tables and rows inside appear together, or not at all."""

    @abstractmethod
    def select(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of a query over built tables, with parameters as $name."""

    @abstractmethod
    def has_table(self, schema: str, table: str) -> bool:
        """Whether a built table is there."""

    @abstractmethod
    def drop_built(self) -> None:
        """Drop everything in the schemas of BUILT."""

    @abstractmethod
    def forget_batch(self) -> None:
        """Drop what only the models of a build batch read, where an engine does not by itself."""

    @abstractmethod
    def remove_rows(self, file_id: int) -> None:
        """Delete a file's events and rejects, at the end of the transaction at the latest."""

    @abstractmethod
    def hand_over_rows(self, file_id: int, successor_id: int, successor_uri: str) -> None:
        """Give a file's events and rejects to another one, likewise."""

    @abstractmethod
    def fingerprints(self, file_ids: Sequence[int]) -> dict[int, tuple[Any, ...]]:
        """Of each file's events and rejects in any order; equal ones mean equal rows."""

    @abstractmethod
    def snapshot_tables(self) -> list[tuple[str, str]]:
        """(schema, table) of all that is published whole."""

    @abstractmethod
    def export(self, query: str, path: Path) -> int:
        """Write a query's rows to a Parquet file; returns how many."""

    @abstractmethod
    def count(self, table: str) -> int:
        """Rows of raw.events or raw.rejects."""

    def scalar(self, sql: str, **parameters: Any) -> Any:
        """The first value of the first row; None without any."""
        rows = self.select(sql, **parameters)
        return rows[0][0] if rows else None
