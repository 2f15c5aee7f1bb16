"""Rejects: rejected rows with their reasons, as a stream."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from estore.errors import EstoreError
from estore.queries.ask import Answer, asking
from estore.reading.base import Result
from estore.settings import Settings


@contextmanager
def rejected_rows(
    settings: Settings,
    uri: str | None = None,
    limit: int | None = None,
    on_stuck: Callable[[str], None] | None = None,
) -> Iterator[Result]:
    """The rejected rows of one file or of all files, by file and line.

    Raises EstoreError for a file that was never loaded.
    """
    what, parameters = "`estore rejects`", {"uri": uri} if uri else {}
    where = " where uri = $uri or ends_with(uri, concat('/', $uri))" if uri else ""
    if uri:
        known = f"select 1 from raw.files{where} limit 1"
        with asking(settings, known, parameters, what=what) as results:
            if not any(True for result in results for _ in result.batches()):
                raise EstoreError(
                    f"{uri}: this file was never loaded; `estore status` lists the files"
                )
    sql = (
        f"select uri, line_number, reason, line_text from raw.rejects{where} "
        "order by uri, line_number, line_text, reason"
        + (f" limit {int(limit)}" if limit is not None else "")
    )
    with asking(settings, sql, parameters, what=what, on_stuck=on_stuck) as results:
        yield next(results)


def rejects(settings: Settings, *, uri: str | None = None, limit: int | None = None) -> Answer:
    """All rejected rows, for callers that need no stream."""
    with rejected_rows(settings, uri, limit) as result:
        rows = [row for batch in result.batches() for row in batch]
        return Answer(result.columns, rows, result.source)
