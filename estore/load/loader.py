"""Loader: decides what each landed file is, and brings new content in, one transaction a file."""

import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import duckdb

from estore.errors import EstoreError, RefusedFile
from estore.landing import LandedFile, landed_file, printable
from estore.load.content import Content, Text, read_content, read_text
from estore.load.header import Header, match_columns, read_csv_header
from estore.load.ledger import Entry, Ledger, duplicate_of, new_entry
from estore.load.repair import repair
from estore.load.rows import (
    ID_COLUMNS,
    RAW_COLUMNS,
    csv_relation,
    exact_path,
    numbered,
    parquet_relation,
    quoted,
    read_parquet,
    rejects_relation,
    repaired_relation,
    typed_rows,
)
from estore.settings import Settings
from estore.shop import ShopConfig
from estore.warehouse.duckdb import execute_watched

#: A smaller file is always hashed: its date and size alone may miss a quick second write.
_TRUSTED_BY_DATE = 64 << 20

OnBytes = Callable[[int], None]


@dataclass(frozen=True)
class Outcome:
    """What became of one file. status: loaded, unchanged, duplicate, withdrawn or refused."""

    uri: str
    status: str
    lines: int = 0
    loaded: int = 0
    rejected: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    error: str | None = None


@dataclass
class LoadReport:
    """What became of every file of one load."""

    outcomes: list[Outcome] = field(default_factory=list)

    def count(self, status: str) -> int:
        """How many files ended so."""
        return sum(outcome.status == status for outcome in self.outcomes)

    @property
    def refused(self) -> list[Outcome]:
        """Files that could not be loaded."""
        return [outcome for outcome in self.outcomes if outcome.status == "refused"]

    def total(self, counted: str) -> int:
        """Sum of lines, loaded or rejected over the files."""
        return sum(getattr(outcome, counted) for outcome in self.outcomes)


def load_files(
    connection: duckdb.DuckDBPyConnection,
    files: Iterable[LandedFile],
    shop: ShopConfig,
    settings: Settings,
    *,
    restore: bool = False,
    on_outcome: Callable[[Outcome], None] = lambda outcome: None,
    on_bytes: OnBytes = lambda done: None,
) -> LoadReport:
    """Load what is new among the files; one that is refused does not keep the others back.

    restore: also load content that was withdrawn. on_bytes is told bytes done over all files.
    """
    report, before = LoadReport(), 0
    for file in files:
        load = _Load(connection, file, shop, settings, lambda done, b=before: on_bytes(b + done))  # type: ignore[misc]
        outcome = load.run(restore=restore)
        report.outcomes.append(outcome)
        on_outcome(outcome)
        before += file.bytes
        on_bytes(before)
    return report


def withdraw(connection: duckdb.DuckDBPyConnection, uri: str) -> tuple[Entry, Entry | None]:
    """Take a file's rows back; returns its entry and the duplicate that keeps the rows, if any.

    Raises EstoreError when no rows of such a file are held.
    """
    ledger = Ledger(connection)
    entries = ledger.entries("uri = ? and status in ('loaded', 'duplicate')", uri)
    if not entries:
        raise EstoreError(
            f"{uri}: no rows of this file are loaded; `estore status` lists the files"
        )
    with _transaction(connection):
        if entries[0].status == "duplicate":
            originals = ledger.entries("file_id = ?", entries[0].same_as)
            ledger.set_status(entries[0], "withdrawn")
            return entries[0], originals[0]
        return entries[0], ledger.retire(entries[0], "withdrawn")


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commits, or rolls back what an exception interrupts."""
    connection.execute("begin")
    try:
        yield
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")


class _Load:
    """One file on its way in."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        file: LandedFile,
        shop: ShopConfig,
        settings: Settings,
        on_bytes: OnBytes,
    ) -> None:
        self.connection, self.file, self.shop, self.settings = connection, file, shop, settings
        self.on_bytes = on_bytes
        self.ledger = Ledger(connection)
        self.content = Content("unread", None)
        self.latest = _latest()
        self.scratch = settings.temp / "repair"

    def run(self, *, restore: bool) -> Outcome:
        if (shown := printable(self.file.uri)) != self.file.uri:
            return Outcome(
                shown, "refused", error=f"{shown} has a name that is not UTF-8; rename it"
            )
        try:
            return self._decide(restore=restore)
        except RefusedFile as error:
            entry = self._new_entry("refused")
            with _transaction(self.connection):
                self.ledger.record(entry, str(error))
            return Outcome(self.file.uri, "refused", error=f"{self.file.name} {error}")
        finally:
            shutil.rmtree(self.scratch, ignore_errors=True)

    def _decide(self, *, restore: bool) -> Outcome:
        known = self.ledger.entries("uri = ? and status <> 'replaced'", self.file.uri)
        if known and self._looks_unchanged(known[0]) and not restore:
            return Outcome(self.file.uri, "unchanged")
        self.content = read_content(self.file)
        same = self.ledger.entries("content_hash = ?", self.content.content_hash)
        here = [
            entry
            for entry in same
            if entry.uri == self.file.uri and entry.status not in ("refused", "replaced")
        ]
        if here and not (restore and here[0].status == "withdrawn"):
            self.ledger.refresh(here[0], self.file)
            return _still_withdrawn(here[0]) if here[0].status == "withdrawn" else Outcome(
                self.file.uri, "unchanged"
            )  # fmt: skip
        if originals := [entry for entry in same if entry.status == "loaded"]:
            return self._keep_duplicate(originals[0])
        if not restore and any(entry.status == "withdrawn" for entry in same):
            return self._keep_out()
        return self._bring_in()

    def _looks_unchanged(self, entry: Entry) -> bool:
        return (
            entry.status in ("loaded", "duplicate", "withdrawn")
            and entry.generation == self.file.generation
            and self.file.bytes >= _TRUSTED_BY_DATE
        )

    def _new_entry(self, status: str) -> Entry:
        return new_entry(self.ledger.next_id(), self.file, self.content, status)

    def _keep_duplicate(self, original: Entry) -> Outcome:
        """The path's rows are held already, for another path or for this one in another form."""
        with _transaction(self.connection):
            entry = duplicate_of(self._new_entry("duplicate"), original)
            self.ledger.record(entry)
            self._retire_predecessor(entry)
        note = f"holds the same rows as {original.uri}; nothing was loaded twice"
        if original.uri == self.file.uri:
            note = "holds the same rows as before; nothing was loaded twice"
        return Outcome(self.file.uri, "duplicate", notes=(note,))

    def _keep_out(self) -> Outcome:
        """Rows that were withdrawn under another name stay out under this one."""
        with _transaction(self.connection):
            entry = self._new_entry("withdrawn")
            self.ledger.record(entry)
            self._retire_predecessor(entry)
        return _still_withdrawn(entry)

    def _retire_predecessor(self, entry: Entry) -> None:
        """What the same path held before gives way, with what only it had brought."""
        for old in self.ledger.entries("uri = ? and file_id <> ?", entry.uri, entry.file_id):
            if old.status == "loaded":
                self.ledger.retire(old, "replaced")
            elif old.status in ("duplicate", "withdrawn"):
                self.ledger.set_status(old, "replaced")

    def _bring_in(self) -> Outcome:
        """New content: the fast way where it can be gone, else the careful one."""
        header = self._header()
        try:
            if self.file.format == "parquet":
                return self._keep_rows(header, self._insert_parquet)
            try:
                return self._keep_rows(header, self._insert_csv)
            except _NotWellFormed:
                return self._keep_rows(header, self._insert_repaired)
        except _SameRows as same:
            return self._keep_duplicate(same.original)

    def _keep_rows(self, header: Header, insert: "_Insert") -> Outcome:
        """Rows, rejects and ledger as one transaction, in which all must add up."""
        with _transaction(self.connection):
            file_id = self.ledger.next_id()
            lines, loaded = insert(file_id, header)
            rejected = self._count("raw.rejects", file_id)
            if lines != loaded + rejected:
                raise RefusedFile(
                    f"does not add up: {lines} lines, but {loaded} loaded and {rejected} rejected. "
                    "Nothing of it was kept; please report this file's shape"
                )
            reasons = self._reasons(file_id)
            self._check_share(lines, rejected, reasons)
            self.connection.execute(
                "insert into raw.file_days select file_id, cast(event_time as date), count(*) "
                "from raw.events where file_id = ? group by all",
                [file_id],
            )
            entry = replace(
                new_entry(file_id, self.file, self.content, "loaded"),
                lines=lines, loaded=loaded, rejected=rejected,
            )  # fmt: skip
            if original := self.ledger.twin(entry):
                raise _SameRows(original)
            self.ledger.record(entry)
            self._retire_predecessor(entry)
            self.ledger.touch(file_id)
            self._check_still()
        notes = header.notes if lines else (*header.notes, "has a header but no lines")
        return Outcome(self.file.uri, "loaded", lines, loaded, rejected, reasons, notes)

    def _header(self) -> Header:
        if self.file.format == "csv":
            return read_csv_header(self.file, self.shop)
        with _file_faults(RefusedFile, "is not a Parquet file: "):
            described = self.connection.execute(
                f"describe select * from {read_parquet(self.file.uri)}"
            ).fetchall()
        header = match_columns([name for name, *_ in described], self.shop, has_line=False)
        for column in ID_COLUMNS:
            kind = described[header.ours[column]][1] if column in header.ours else None
            if kind in ("DOUBLE", "FLOAT"):
                raise RefusedFile(
                    f"stores {header.names[header.ours[column]]} as a rounded number "
                    f"({kind}): ids above 2^53 have lost digits. "
                    "Write it as a whole number or as text"
                )
        return header

    def _insert_parquet(self, file_id: int, header: Header) -> tuple[int, int]:
        """Insert the good rows and the rejects; returns (rows counted apart, rows loaded)."""
        relation = parquet_relation(self.file.uri, header)
        with _file_faults(RefusedFile, "is damaged: "):
            lines = self._scalar(
                f"select sum(num_rows) from parquet_file_metadata({exact_path(self.file.uri)})"
            )
            loaded = self._insert_good(file_id, relation, header)
            if loaded < lines:
                self._insert_bad(file_id, numbered(relation, 1), header)
        return lines, loaded

    def _insert_csv(self, file_id: int, header: Header) -> tuple[int, int]:
        """The fast way; raises _NotWellFormed where one line is not always one row."""
        counted = _Counted(self.file, self.content.text)
        relation = csv_relation(self.file.uri, header, self.shop.delimiter, self.file.compression)
        try:
            with _file_faults(_NotWellFormed):
                loaded = self._insert_good(file_id, relation, header)
        except _NotWellFormed:
            counted.text()  # says so where the file is damaged rather than badly written
            raise
        text = counted.text()
        lines = text.lines - header.has_line
        if loaded < lines:
            self._insert_bad(file_id, numbered(relation, 1 + header.has_line), header)
        if text.has_zero or lines != loaded + self._count("raw.rejects", file_id):
            raise _NotWellFormed
        return lines, loaded

    def _insert_repaired(self, file_id: int, header: Header) -> tuple[int, int]:
        """The careful way."""
        repaired = repair(self.file, header, self.shop.delimiter, self.scratch)
        relation = repaired_relation(repaired.path, header, self.shop.delimiter)
        with _file_faults(RefusedFile, "cannot be read: "):
            loaded = self._insert_good(file_id, relation, header)
            if loaded + repaired.rejected < repaired.records:
                self._insert_bad(file_id, relation, header)
            self._insert_rejects(file_id, rejects_relation(repaired.rejects))
        return repaired.records, loaded

    def _insert_good(self, file_id: int, relation: str, header: Header) -> int:
        columns = ", ".join(RAW_COLUMNS)
        execute_watched(
            self.connection,
            f"insert into raw.events (file_id, {columns}) select {file_id}, {columns} "
            f"from ({typed_rows(relation, header, self.shop)}) where reason is null",
            {"latest": self.latest},
            lambda share: self.on_bytes(int(share * self.file.bytes)),
        )
        return self._count("raw.events", file_id)

    def _insert_bad(self, file_id: int, relation: str, header: Header) -> None:
        """Keep the refused lines. Their numbers count on the file's order, so it is kept here."""
        rows = typed_rows(relation, header, self.shop, line_number="line_number")
        self.connection.execute("set preserve_insertion_order = true")
        try:
            self._insert_rejects(file_id, f"({rows})", {"latest": self.latest})
        finally:
            self.connection.execute("set preserve_insertion_order = false")

    def _insert_rejects(self, file_id: int, rows: str, parameters: object = None) -> None:
        execute_watched(
            self.connection,
            f"insert into raw.rejects select {file_id}, {quoted(self.file.uri)}, "
            f"cast(line_number as bigint), line_text, reason from {rows} where reason is not null",
            parameters,
        )

    def _check_share(self, lines: int, rejected: int, reasons: dict[str, int]) -> None:
        if rejected and rejected / lines > self.settings.max_reject_share:
            worst = "; ".join(f"{reason}: {count}" for reason, count in list(reasons.items())[:3])
            raise RefusedFile(
                f"was refused whole: {rejected} of its {lines} lines cannot be used ({worst}). "
                "Is a column mapped wrongly? See [columns] in shop.toml, or raise "
                f"ESTORE_MAX_REJECT_SHARE above {self.settings.max_reject_share:g}"
            )

    def _check_still(self) -> None:
        try:
            is_still = landed_file(self.file.path).generation == self.file.generation
        except OSError:
            is_still = False
        if not is_still:
            raise RefusedFile("changed while it was being read; run again once it is complete")

    def _reasons(self, file_id: int) -> dict[str, int]:
        """Rejects of a file by the kind of reason, most frequent first."""
        rows = self.connection.execute(
            "select split_part(reason, ':', 1) as kind, count(*) as lines from raw.rejects "
            "where file_id = ? group by kind order by lines desc, kind",
            [file_id],
        ).fetchall()
        return dict(rows)

    def _count(self, table: str, file_id: int) -> int:
        return self._scalar(f"select count(*) from {table} where file_id = {file_id}")

    def _scalar(self, sql: str) -> int:
        row = self.connection.execute(sql).fetchone()
        return int(row[0] or 0) if row else 0


class _Counted:
    """The file's lines, counted beside the load where that means decompressing it."""

    def __init__(self, file: LandedFile, text: Text | None) -> None:
        self._file, self._text = file, text
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None
        if text is None:
            self._thread = threading.Thread(target=self._count, name="count", daemon=True)
            self._thread.start()

    def _count(self) -> None:
        try:
            self._text = read_text(self._file)
        except BaseException as error:  # handed to the caller's thread
            self._failure = error

    def text(self) -> Text:
        """The counts, the header's line included; raises RefusedFile for a damaged file."""
        if self._thread:
            self._thread.join()
        if self._failure:
            raise self._failure
        assert self._text is not None
        return self._text


class _NotWellFormed(Exception):
    """The fast way does not fit this file: undo, and go the careful one."""


class _SameRows(Exception):
    """The rows just read are those of another file: undo, and keep the file as its duplicate."""

    def __init__(self, original: Entry) -> None:
        self.original = original


#: Inserts a file's rows and rejects; returns (lines counted apart, lines loaded).
_Insert = Callable[[int, Header], tuple[int, int]]


@contextmanager
def _file_faults(kind: type[Exception], said: str = "") -> Iterator[None]:
    """Turns what the engine says of a file into an error of this kind.

    What it says of the machine (memory, disk, interruption) or of itself passes: it is no
    fault of the file.
    """
    try:
        yield
    except (duckdb.OutOfMemoryException, duckdb.InternalException, duckdb.FatalException):
        raise
    except duckdb.Error as error:
        text = str(error)
        if isinstance(error, duckdb.InterruptException) or any(sign in text for sign in _MACHINE):
            raise
        raise kind(f"{said}{text.splitlines()[0]}; write it again from its source") from error


_MACHINE = ("No space left", "max_temp_directory_size", "Could not write", "Too many open files")


def _still_withdrawn(entry: Entry) -> Outcome:
    note = "its rows were withdrawn; load it with --restore to bring them back"
    return Outcome(entry.uri, "withdrawn", notes=(note,))


def _latest() -> datetime:
    """An event later than this cannot have happened yet in any time zone."""
    return datetime.now(UTC).replace(tzinfo=None) + timedelta(days=1)
