"""Limits: how long a query may take, and how long a run waits for it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from estore.errors import EstoreError
from estore.runlock import GRACE, writer

#: Seconds between two checks, and for a query to end after a request.
LOOK, PATIENCE = 0.2, 2.0


class Limit:
    """A query's limit, with the reason if it was ended."""

    reason: str | None = None


@contextmanager
def limited(
    connection: duckdb.DuckDBPyConnection,
    seconds: int,
    home: Path | None,
    on_stuck: Callable[[str], None] | None = None,
) -> Iterator[Limit]:
    """Ends a connection's query after some seconds (0: never), or if a run waits for it.

    home: where a run would wait; None for a query that blocks no run. on_stuck: receives the
    reason if the query does not end by itself, e.g. if its output is not read. Raises EstoreError.
    """
    limit, ended = Limit(), threading.Event()
    watcher = threading.Thread(
        target=_watch, args=(connection, seconds, home, limit, ended, on_stuck), daemon=True
    )
    watcher.start()
    try:
        yield limit
    except (duckdb.InterruptException, duckdb.ConnectionException) as error:
        if limit.reason is None:
            raise
        raise EstoreError(limit.reason) from error
    finally:
        ended.set()
        watcher.join()


def _watch(
    connection: duckdb.DuckDBPyConnection,
    seconds: int,
    home: Path | None,
    limit: Limit,
    ended: threading.Event,
    on_stuck: Callable[[str], None] | None,
) -> None:
    began, waited_since = time.monotonic(), 0.0
    while not ended.wait(LOOK):
        now = time.monotonic()
        if limit.reason is None:
            run = writer(home) if home else None
            waited_since = (waited_since or now) if run else 0.0
            if run and now - waited_since > GRACE:
                limit.reason = (
                    f"the query was ended: {run} has waited for it for {GRACE:.0f} seconds. Run "
                    "it again: the last snapshot answers during a run"
                )
            elif seconds and now - began > seconds:
                limit.reason = (
                    f"the query was ended after {seconds} seconds. Query fewer rows, or raise "
                    "ESTORE_QUERY_SECONDS"
                )
            ended_at = now
        if limit.reason:
            connection.interrupt()
            if on_stuck and now - ended_at > PATIENCE:
                on_stuck(limit.reason)
