"""Ledger: every file content ever seen, and which file owns which rows of raw.events."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from estore import clock
from estore.landing import LandedFile
from estore.load.content import Content
from estore.warehouse import Warehouse

_FIELDS = (
    "file_id, uri, content_hash, generation, bytes, lines, loaded, rejected, status, same_as, "
    "other_event_types, recheck_at, ignored, ignored_event_types, source, forgotten"
)


@dataclass(frozen=True)
class Entry:
    """One row of raw.files, with the columns that decisions need."""

    file_id: int
    uri: str
    content_hash: str
    generation: str
    bytes: int
    lines: int | None
    loaded: int
    rejected: int
    status: str
    same_as: int | None
    other_event_types: str | None = None  # see estore/load/event_types.py
    recheck_at: datetime | None = None  # until then, rejected rows are in the future
    ignored: int | None = 0  # expanded rows of event types that the source does not keep
    ignored_event_types: str | None = None  # in the form of other_event_types
    source: str | None = None  # the preset or SQL that expanded the file, with a hash
    forgotten: int | None = None  # rows of forgotten people

    @property
    def is_due(self) -> bool:
        """Whether rejected rows were in the future when the file was read, but are not any more."""
        return (
            self.status == "loaded"
            and self.recheck_at is not None
            and self.recheck_at <= clock.now()
        )


class Ledger:
    """Reads and writes raw.files, within the caller's transaction."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse, self.connection = warehouse, warehouse.control_tables

    def entries(self, condition: str, *parameters: object) -> list[Entry]:
        """The entries that match an SQL condition, newest first."""
        rows = self.connection.execute(
            f"select {_FIELDS} from raw.files where {condition} order by file_id desc",
            list(parameters),
        ).fetchall()
        return [Entry(*row) for row in rows]

    def generations(self, *, and_withdrawn: bool) -> dict[tuple[str, str, int], Entry]:
        """Loaded (and optionally withdrawn) entries by (uri, generation, bytes)."""
        entries = self.entries(
            "status in ('loaded', 'duplicate') or status = 'withdrawn' and ?", and_withdrawn
        )
        return {(entry.uri, entry.generation, entry.bytes): entry for entry in entries}

    def next_id(self) -> int:
        """A new file id."""
        row = self.connection.execute("select nextval('raw.file_ids')").fetchone()
        return int(row[0]) if row else 0

    def record(self, entry: Entry, error: str | None = None) -> None:
        """Write an entry; it replaces one of the same path and content, and a refusal."""
        self.connection.execute(
            "delete from raw.files where uri = ? and (content_hash = ? or status = 'refused')",
            [entry.uri, entry.content_hash],
        )
        self.connection.execute(
            f"""
            insert into raw.files ({_FIELDS}, first_date, last_date, loaded_at, error)
            select {", ".join("?" for _ in vars(entry))}, min(event_date), max(event_date),
                timezone('UTC', now()), ?
            from raw.file_days where file_id = ?
            """,
            [*vars(entry).values(), error, entry.same_as or entry.file_id],
        )

    def set_status(self, entry: Entry, status: str) -> None:
        """Change an entry's status."""
        self.connection.execute(
            "update raw.files set status = ?, same_as = null where file_id = ?",
            [status, entry.file_id],
        )

    def refresh(self, entry: Entry, file: LandedFile) -> None:
        """Note that the same content is back, maybe with a new date or after a refused one."""
        self.connection.execute(
            "update raw.files set generation = ? where file_id = ?",
            [file.generation, entry.file_id],
        )
        self.connection.execute(
            "delete from raw.files where uri = ? and status = 'refused'", [entry.uri]
        )

    def retire(self, entry: Entry, status: str) -> Entry | None:
        """Remove a loaded file's rows, or give them to its first duplicate and return that."""
        self.set_status(entry, status)
        successors = self.entries("status = 'duplicate' and same_as = ?", entry.file_id)
        if successors:
            successor = successors[-1]
            self.warehouse.hand_over_rows(entry.file_id, successor.file_id, successor.uri)
            self.connection.execute(
                "update raw.file_days set file_id = ? where file_id = ?",
                [successor.file_id, entry.file_id],
            )
            self.connection.execute(
                "update raw.files set status = 'loaded', same_as = null, lines = ?, loaded = ?, "
                "rejected = ?, other_event_types = ?, recheck_at = ?, ignored = ?, "
                "ignored_event_types = ?, source = ?, forgotten = ? where file_id = ?",
                [
                    entry.lines,
                    entry.loaded,
                    entry.rejected,
                    entry.other_event_types,
                    entry.recheck_at,
                    entry.ignored,
                    entry.ignored_event_types,
                    entry.source,
                    entry.forgotten,
                    successor.file_id,
                ],
            )
            self.connection.execute(
                "update raw.files set same_as = ? where same_as = ? and status = 'duplicate'",
                [successor.file_id, entry.file_id],
            )
            return successor
        self.touch(entry.file_id, is_removal=True)
        self.warehouse.remove_rows(entry.file_id)
        self.connection.execute("delete from raw.file_days where file_id = ?", [entry.file_id])
        return None

    def touch(self, file_id: int, *, is_removal: bool = False) -> None:
        """Mark the days of a file's events as pending."""
        self.connection.execute(
            "insert into raw.touched_days "
            "select event_date, ? from raw.file_days where file_id = ?",
            [is_removal, file_id],
        )

    def days(self, file_id: int) -> dict[date, int]:
        """The UTC days of a file's events, with the number of events."""
        return dict(
            self.connection.execute(
                "select event_date, event_count from raw.file_days where file_id = ?", [file_id]
            ).fetchall()
        )

    def duplicate_of(self, entry: Entry) -> Entry | None:
        """A loaded file with exactly the same rows as this one, or None.

        It compares rows only for files with the same counts on the same days.
        """
        candidates = self.entries(
            """status = 'loaded' and file_id <> ? and loaded = ? and rejected = ? and not exists (
                select event_date, event_count from raw.file_days where file_id = raw.files.file_id
                except select event_date, event_count from raw.file_days where file_id = ?
            )""",
            *[entry.file_id, entry.loaded, entry.rejected, entry.file_id],
        )
        if not candidates or not entry.loaded:
            return None
        prints = self.warehouse.fingerprints(
            [entry.file_id, *(other.file_id for other in candidates)]
        )
        same = (other for other in candidates if prints[other.file_id] == prints[entry.file_id])
        return next(same, None)


def new_entry(file_id: int, file: LandedFile, content: Content, status: str) -> Entry:
    """A new entry for a file, before its rows are counted."""
    return Entry(
        file_id, file.uri, content.content_hash, file.generation, file.bytes, None, 0, 0, status,
        None,
    )  # fmt: skip


def duplicate_of(entry: Entry, original: Entry) -> Entry:
    """The entry of a file whose rows are already loaded from another file."""
    return replace(
        entry, status="duplicate", same_as=original.file_id, lines=original.lines, loaded=0,
        rejected=0,
    )  # fmt: skip
