"""Starts the Python emulator of BigQuery without the spatial extension, which needs a download.

It reads rows and table metadata in threads of their own, over the one connection that queries run
on; DuckDB refuses that while a query runs. Here such a thread gets a connection of its own, which
sees what is committed.
"""

import threading
from typing import Any

from bqemulator.cli import main
from bqemulator.storage.engine import DuckDBEngine

_opened_by: dict[int, int] = {}
_pragmas = DuckDBEngine._apply_session_pragmas


def _note_thread(engine: Any) -> None:
    """The connection has just been opened, by the thread that will run the queries."""
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
