"""Reads BigQuery: readers and a run need no lock there; only the bytes of a query are limited."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import duckdb

from estore.reading.base import BATCH, Reader, Result
from estore.tables import is_number
from estore.warehouse.bigquery import ask, open_bigquery


class BigQueryReader(Reader):
    """The datasets; the control tables are mirrored in memory."""

    @contextmanager
    def opened(self, what: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
        with open_bigquery(self.settings, for_writing=False) as warehouse:
            yield warehouse.control_tables, "warehouse"

    def row_counts(self, tables: list[str]) -> dict[str, int]:
        with open_bigquery(self.settings, for_writing=False) as warehouse:
            return {table: warehouse.count(table) for table in tables}

    @contextmanager
    def answers(
        self,
        sql: str,
        parameters: Mapping[str, Any],
        what: str,
        on_stuck: Callable[[str], None] | None,
    ) -> Iterator[Iterator[Result]]:
        columns, rows = ask(self.settings, sql, **parameters)
        kinds = [_kind(rows, place) for place in range(len(columns))]
        yield iter([Result(columns, kinds, "warehouse", lambda: _parts(rows))])


def _kind(rows: Sequence[Sequence[Any]], place: int) -> str:
    """NUMBER for a column of numbers."""
    values = (row[place] for row in islice(rows, 1_000) if row[place] is not None)
    return "NUMBER" if all(is_number(value) for value in values) else "VARCHAR"


def _parts(rows: list[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]
