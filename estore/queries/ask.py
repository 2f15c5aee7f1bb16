"""Ask: runs a user's statements one by one and answers each in batches of rows."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from estore.errors import EstoreError
from estore.reading import reader
from estore.reading.base import EMPTY, Result
from estore.settings import Settings


@dataclass(frozen=True)
class Answer:
    """All rows of a query and their source: `warehouse` or a snapshot's version."""

    columns: list[str] = field(default_factory=list)
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    source: str = "warehouse"


def ask(settings: Settings, sql: str) -> Answer:
    """All rows of the last statement, for callers that need no stream."""
    answer = Answer()
    with asking(settings, sql) as results:
        for result in results:
            rows = [row for batch in result.batches() for row in batch]
            answer = Answer(result.columns, rows, result.source)
    return answer


@contextmanager
def asking(
    settings: Settings,
    sql: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    what: str = "",
    on_stuck: Callable[[str], None] | None = None,
) -> Iterator[Iterator[Result]]:
    """The answers, each to be read before the next; see `Reader.answers`."""
    if not sql.strip():
        raise EstoreError(EMPTY)
    shown = what or f"`estore query`: {sql}"
    with reader(settings).answers(sql, parameters or {}, shown, on_stuck) as results:
        yield results
