"""Status as text: files with their counts, what waits to be built, the last build and snapshot."""

from pathlib import Path
from typing import Any

from estore.escaping import one_line
from estore.findings.phrases import counted
from estore.tables import to_table

_COLUMNS = ["file", "status", "lines", "loaded", "rejected", "first day", "last day"]
_FIELDS = ["status", "lines", "loaded", "rejected", "first_date", "last_date"]


def as_text(told: dict[str, Any]) -> str:
    """What `estore.reading.status` tells, for a person."""
    rows = [[Path(file["uri"]).name, *(file[name] for name in _FIELDS)] for file in told["files"]]
    days = f"days {told['first_date']} to {told['last_date']}" if told["first_date"] else "no days"
    return "\n".join([
        to_table(_COLUMNS, rows),
        *(
            f"{one_line(Path(file['uri']).name)} {file['error']}"
            for file in told["files"] if file["error"]
        ),
        f"\n{told['loaded']:,} rows of {told['lines']:,} lines in "
        f"{counted(told['loaded_files'], 'file')}, {told['rejected']:,} rejected; {days}",
        *told["other_event_types"],
        *(f"late: {late['sentence']}" for late in told["late_files"]),
        *_builds(told),
        f"snapshot {told['snapshot'] or 'none yet'}"
        + (f" as of {told['as_of_date']}, {told['published_at']}" if told["snapshot"] else ""),
        *_source(told),
    ])  # fmt: skip


def _builds(told: dict[str, Any]) -> list[str]:
    """Of the warehouse only: a snapshot does not know of the build after it."""
    if told["source"] != "warehouse":
        return []
    waiting = told["days_waiting"]
    return [
        (f"last build {told['built_at']}; " if told["built_at"] else "no complete build; ")
        + (f"to be built: {counted(waiting, 'day')}" if waiting else "no days wait to be built")
    ]


def _source(told: dict[str, Any]) -> list[str]:
    if told["source"] == "warehouse":
        return []
    return ["(told by the snapshot: the warehouse is being written to)"]
