"""Status as text: files with their counts, pending days, the last build and snapshot."""

from pathlib import Path
from typing import Any

from estore.escaping import one_line
from estore.findings.phrases import counted
from estore.load import event_types
from estore.tables import to_table

_COLUMNS = ["file", "status", "rows", "loaded", "rejected", "first day", "last day"]
_FIELDS = ["status", "lines", "loaded", "rejected", "first_date", "last_date"]


def as_text(status: dict[str, Any]) -> str:
    """The result of `estore.reading.status` as text."""
    rows = [[Path(file["uri"]).name, *(file[name] for name in _FIELDS)] for file in status["files"]]
    days = (
        f"days {status['first_date']} to {status['last_date']}"
        if status["first_date"]
        else "no days"
    )
    return "\n".join([
        to_table(_COLUMNS, rows),
        *(
            f"{one_line(Path(file['uri']).name)} {file['error']}"
            for file in status["files"] if file["error"]
        ),
        f"\n{status['loaded']:,} of {status['lines']:,} rows loaded from "
        f"{counted(status['loaded_files'], 'file')}, {status['rejected']:,} rejected"
        + _ignored(status)
        + (f", {status['forgotten']:,} of forgotten people" if status["forgotten"] else "")
        + f"; {days}",
        *status["other_event_types"],
        *(f"late: {late['sentence']}" for late in status["late_files"]),
        *_builds(status),
        f"snapshot {status['snapshot'] or 'none yet'}"
        + (f" as of {status['as_of_date']}, {status['published_at']}"
           if status["snapshot"] else ""),
        *_source(status),
    ])  # fmt: skip


def _ignored(status: dict[str, Any]) -> str:
    """Rows of types that the sources do not keep, if there are any."""
    if not status["ignored"]:
        return ""
    kept = [file["ignored_event_types"] for file in status["files"] if file["status"] == "loaded"]
    return f", {status['ignored']:,} ignored by type: {event_types.named(kept)}"


def _builds(status: dict[str, Any]) -> list[str]:
    """The build's state; only the warehouse knows it, not a snapshot."""
    if status["source"] != "warehouse":
        return []
    waiting = status["days_waiting"]
    return [
        (f"last build {status['built_at']}; " if status["built_at"] else "no complete build; ")
        + (f"{counted(waiting, 'pending day')}" if waiting else "no pending days")
    ]


def _source(status: dict[str, Any]) -> list[str]:
    if status["source"] == "warehouse":
        return []
    return ["(answered from the last snapshot: a run is writing to the warehouse)"]
