"""Forgotten people: their rows leave raw.events and raw.rejects, and stay out of later loads.

The warehouse stores a keyed hash of each id, so it recognizes a forgotten person in a file without
storing the id.
"""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from datetime import date

import duckdb

from estore.warehouse import Warehouse

#: The name of the random key in build.state.
_KEY = "forget_key"


class Forgotten:
    """The forgotten people of a warehouse."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.connection = warehouse.control_tables

    def remember(self, ids: Iterable[str]) -> None:
        """Store the hashes of ids; call it in the transaction that removes their rows."""
        key = self._key() or secrets.token_hex(32)
        self.connection.execute("insert or replace into build.state values (?, ?)", [_KEY, key])
        for person in ids:
            hashed = hashlib.sha256((key + person).encode()).hexdigest()
            self.connection.execute("delete from raw.forgotten where user_hash = ?", [hashed])
            self.connection.execute("insert into raw.forgotten values (?)", [hashed])

    def remove(self, ids: Sequence[str]) -> int:
        """Delete people's rows, correct the ledger and mark their days as pending.

        Returns the number of deleted rows. Call it in a transaction.
        """
        gone = self.warehouse.remove_people(ids)
        for file_id, day, rows in gone:
            _take_from_ledger(self.connection, file_id, day, rows)
        self.connection.execute(
            "update raw.files set first_date = found.first_date, last_date = found.last_date from ("
            "  select file_id, min(event_date) as first_date, max(event_date) as last_date"
            "  from raw.file_days group by file_id"
            ") as found where files.file_id = found.file_id and status = 'loaded'"
        )
        for person in ids:
            self.connection.execute(
                "update raw.files set error = regexp_replace(error, "
                "'(^|[^0-9A-Za-z])' || regexp_escape($id) || '($|[^0-9A-Za-z])', "
                "'\\1[forgotten]\\2', 'g') where contains(error, $id)",
                {"id": person},
            )
        return sum(rows for *_, rows in gone)

    def keep_out(self, file_id: int) -> tuple[int, int]:
        """Delete the rows of forgotten people from a file that is being loaded.

        Returns the number of deleted events and rejects.
        """
        hashes = [found for (found,) in self.connection.execute("from raw.forgotten").fetchall()]
        key = self._key()
        if not hashes or not key:
            return 0, 0
        ids = self.warehouse.people_among(file_id, key, hashes)
        if not ids:
            return 0, 0
        gone = self.warehouse.remove_people(ids, file_id)
        for _, day, rows in gone:
            if day:
                _take_from_day(self.connection, file_id, day, rows)
        events = sum(rows for _, day, rows in gone if day)
        return events, sum(rows for *_, rows in gone) - events

    def _key(self) -> str | None:
        row = self.connection.execute(
            "select value from build.state where name = ?", [_KEY]
        ).fetchone()
        return row[0] if row else None


def _take_from_ledger(
    connection: duckdb.DuckDBPyConnection, file_id: int, day: date | None, rows: int
) -> None:
    """Move rows of a file from loaded or rejected to forgotten. day: None for rejects."""
    counted = "loaded" if day else "rejected"
    connection.execute(
        f"update raw.files set {counted} = {counted} - $rows, "
        "forgotten = coalesce(forgotten, 0) + $rows where file_id = $file",
        {"rows": rows, "file": file_id},
    )
    if day:
        _take_from_day(connection, file_id, day, rows)
        connection.execute("insert into raw.touched_days values (?, true)", [day])


def _take_from_day(
    connection: duckdb.DuckDBPyConnection, file_id: int, day: date, rows: int
) -> None:
    connection.execute(
        "update raw.file_days set event_count = event_count - ? "
        "where file_id = ? and event_date = ?",
        [rows, file_id, day],
    )
    connection.execute("delete from raw.file_days where file_id = ? and event_count = 0", [file_id])
