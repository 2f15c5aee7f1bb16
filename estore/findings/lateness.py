"""Late files: data of days before those that were there already, told by the ledger.

No table of metrics knows of them: the same rows give the same tables in whatever order they came.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from estore.findings.phrases import counted

#: Files that come within so many hours are of one delivery, in whatever order.
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
    """A file with days before `known_until`, which was there for so many hours."""

    uri: str
    first_date: date
    last_date: date
    rows: int
    known_until: date
    hours: int

    def in_words(self) -> str:
        """A sentence for a person."""
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
