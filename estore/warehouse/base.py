"""Engine: the operations that the pipeline needs from a warehouse besides its control tables.

The control tables are small: the ledger, the days of files, pending days and build state. They
are DuckDB tables on every engine, so decisions need only one implementation. The engine stores
events and the tables built from them.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

#: Tables that record customers over time; no build can make them again.
HISTORY = ("snap_user_rfm", "snap_user_status")
#: Separators between the values of a rejected row.
SEPARATORS = r"[\s,;|\"']+"

#: Schemas that are built from raw.events and can be rebuilt.
BUILT = ("staging", "intermediate", "marts", "metrics", "dashboard")


class Warehouse(ABC):
    """An open warehouse. SQL names tables as schema.table on every engine."""

    #: ESTORE_TARGET
    name: str
    #: The small tables; change them only in a transaction.
    control_tables: duckdb.DuckDBPyConnection

    @abstractmethod
    def transaction(self) -> AbstractContextManager[None]:
        """Changes of control tables and rows inside appear together or not at all."""

    @abstractmethod
    def select(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a query over built tables, with parameters as $name."""

    @abstractmethod
    def has_table(self, schema: str, table: str) -> bool:
        """Whether a built table exists."""

    @abstractmethod
    def drop_built(self) -> None:
        """Drop everything in the schemas of BUILT."""

    @abstractmethod
    def forget_batch(self) -> None:
        """Drop the tables that only a batch reads, unless the engine does so itself."""

    @abstractmethod
    def remove_rows(self, file_id: int) -> None:
        """Delete a file's events and rejects, at the latest at the end of the transaction."""

    @abstractmethod
    def people_among(self, file_id: int, key: str, hashes: Sequence[str]) -> list[str]:
        """Ids in a file's events and rejects whose SHA-256 after the key is one of the hashes."""

    @abstractmethod
    def remove_people(
        self, ids: Sequence[str], file_id: int | None = None
    ) -> list[tuple[int, date | None, int]]:
        """Delete people's events, rejects and recorded history, or their rows of one file.

        Returns (file, UTC day or None for rejects, rows). A reject is deleted if its text contains
        the id between other characters than letters and digits.
        """

    @abstractmethod
    def hand_over_rows(self, file_id: int, successor_id: int, successor_uri: str) -> None:
        """Move a file's events and rejects to another file, at the latest at that end."""

    @abstractmethod
    def replace_known_customers(self, path: Path) -> None:
        """Replace raw.known_customers by the rows of a Parquet file."""

    @abstractmethod
    def fingerprints(self, file_ids: Sequence[int]) -> dict[int, tuple[Any, ...]]:
        """A fingerprint per file of its events and rejects in any order; equal means equal rows."""

    @abstractmethod
    def snapshot_tables(self) -> list[tuple[str, str]]:
        """(schema, table) of all tables that are published in full."""

    @abstractmethod
    def export(self, query: str, path: Path) -> int:
        """Write a query's rows to a Parquet file; returns the number of rows."""

    @abstractmethod
    def replace_table(
        self, schema: str, table: str, columns: Mapping[str, str], path: Path
    ) -> None:
        """Replace a built table by the rows of a Parquet file, or create it.

        columns: name → DuckDB type.
        """

    @abstractmethod
    def count(self, table: str) -> int:
        """The number of rows of raw.events or raw.rejects."""

    def scalar(self, sql: str, **parameters: Any) -> Any:
        """The first value of the first row; None if there is no row."""
        rows = self.select(sql, **parameters)
        return rows[0][0] if rows else None
