"""Reader: what readers need from an engine; each engine has its own module."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import duckdb

from estore.settings import Settings

#: The error of a query without a statement.
EMPTY = 'the query is empty. Example: estore query "select 1"'
#: Rows in Python at a time.
BATCH = 2_000


@dataclass(frozen=True)
class Result:
    """One statement's answer. kinds: the engine's column types as text."""

    columns: list[str]
    kinds: list[str]
    source: str
    batches: Callable[[], Iterator[list[tuple[Any, ...]]]]
    #: The rows with expressions over `c0`, `c1` … instead of their columns; None if the
    #: statement does not support it.
    selecting: Callable[[str], Iterator[list[tuple[Any, ...]]]] | None = None


class Reader(ABC):
    """Reads one home; a run may write at the same time."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @abstractmethod
    def opened(self, what: str) -> AbstractContextManager[tuple[duckdb.DuckDBPyConnection, str]]:
        """The control tables, and where they are: `warehouse`, or a snapshot's version while a run
        writes.

        what: the reader's name for a waiting run. Raises NothingLoaded without a warehouse, and
        Damaged if it cannot be read: only a lock means that a run is writing.
        """

    @abstractmethod
    def row_counts(self, tables: list[str]) -> dict[str, int]:
        """schema.table → rows; empty while a run writes."""

    @abstractmethod
    def answers(
        self,
        sql: str,
        parameters: Mapping[str, Any],
        what: str,
        on_stuck: Callable[[str], None] | None,
    ) -> AbstractContextManager[Iterator[Result]]:
        """The answers of a user's statements, each to be read before the next; read-only, without
        access to files or the network.

        what: the reader's name for a waiting run. on_stuck: see `limited`. Raises EstoreError with
        the engine's message for wrong SQL.
        """
