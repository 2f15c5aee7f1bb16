"""Late files: files with days earlier than the data loaded before them, from the ledger.

The metrics do not show them: the same rows give the same tables in any load order.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from estore.findings.phrases import counted

#: Files that arrive within this many hours count as one delivery, in any order.
ONE_DELIVERY_HOURS = 6

_LATE = """
    select
        file.uri, file.first_date, file.last_date, file.loaded, max(known.last_date) as known_until,
        max(date_diff('hour', known.loaded_at, file.loaded_at)) as hours
    from {files} as file
    inner join {files} as known
        on
            known.uri <> file.uri
            and known.status <> 'refused'
            and known.last_date > file.first_date
            and known.loaded_at <= file.loaded_at - to_hours({hours})
    where file.status = 'loaded'
    group by all
    order by file.first_date, file.uri
"""


@dataclass(frozen=True)
class LateFile:
    """A file with days before `known_until`; that data had been loaded `hours` earlier."""

    uri: str
    first_date: date
    last_date: date
    rows: int
    known_until: date
    hours: int

    def in_words(self) -> str:
        """A sentence for the reader."""
        days = f"{self.first_date}"
        if self.last_date != self.first_date:
            days += f" to {self.last_date}"
        were = "was" if self.rows == 1 else "were"
        return (
            f"{Path(self.uri).name} arrived {counted(self.hours, 'hour')} after data up to "
            f"{self.known_until}: {counted(self.rows, 'row')} of {days} {were} missing from "
            "earlier reports."
        )


def late_files(connection: duckdb.DuckDBPyConnection, files: str) -> list[LateFile]:
    """The late files of a ledger, `raw.files` or its published copy, oldest days first."""
    sql = _LATE.format(files=files, hours=ONE_DELIVERY_HOURS)
    return [LateFile(*row) for row in connection.execute(sql).fetchall()]
