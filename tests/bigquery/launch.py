"""Starts the Python emulator of BigQuery without the spatial extension, which needs a download.

The emulator reads rows and metadata in separate threads over the connection that runs queries.
DuckDB refuses that while a query runs. Here each of these threads gets its own connection, which
sees committed data.
"""

import threading
from typing import Any

from bqemulator.cli import main
from bqemulator.storage.engine import DuckDBEngine

_opened_by: dict[int, int] = {}
_pragmas = DuckDBEngine._apply_session_pragmas


def _note_thread(engine: Any) -> None:
    """Remember the connection and its thread, which will run the queries."""
    _opened_by[id(engine)] = threading.get_ident()
    _pragmas(engine)


def _execute(engine: Any, sql: str, parameters: list[Any] | None = None) -> Any:
    connection = engine.connection
    if threading.get_ident() != _opened_by[id(engine)]:
        connection = connection.cursor()
        connection.execute("set TimeZone = 'UTC'")
    return connection.execute(sql, parameters)


DuckDBEngine._apply_session_pragmas = _note_thread
DuckDBEngine.execute = _execute
DuckDBEngine._load_spatial = lambda engine: None
main()
