"""Loader: decides what each landed file is, and brings new content in, one transaction a file."""

import shutil
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import duckdb

from estore.errors import EstoreError, RefusedFile
from estore.landing import LandedFile
from estore.load.content import Content, count_compressed_lines, read_content
from estore.load.header import Header, match_columns, read_csv_header
from estore.load.ledger import Entry, Ledger, duplicate_of, new_entry
from estore.load.repair import LINE_COLUMN, Repaired, repair
from estore.load.rows import (
    RAW_COLUMNS,
    csv_relation,
    identifier,
    parquet_relation,
    quoted,
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
        raise EstoreError(f"{uri}: no rows of this file are loaded; `estore status` lists the files")
    with _transaction(connection):
        if entries[0].status == "duplicate":
            originals = ledger.entries("file_id = ?", entries[0].same_as)
            ledger.set_status(entries[0], "withdrawn")
            return entries[0], originals[0]
        return entries[0], ledger.retire(entries[0], "withdrawn")


class _transaction:
    """Commits, or rolls back what an exception interrupts."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def __enter__(self) -> None:
        self.connection.execute("begin")

    def __exit__(self, kind: object, *rest: object) -> None:
        self.connection.execute("commit" if kind is None else "rollback")


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
        self.scratch = settings.temp / "repair"

    def run(self, *, restore: bool) -> Outcome:
        known = self.ledger.entries("uri = ? and status <> 'replaced'", self.file.uri)
        if known and self._looks_unchanged(known[0]) and not restore:
            return Outcome(self.file.uri, "unchanged")
        try:
            content = read_content(self.file)
        except OSError as error:
            return self._refused(None, f"cannot be read: {error}")
        held = [
            entry
            for entry in known
            if entry.content_hash == content.content_hash and entry.status != "refused"
        ]
        withdrawn = self.ledger.entries(
            "content_hash = ? and status = 'withdrawn'", content.content_hash
        )
        if held and not (restore and held[0].status == "withdrawn"):
            self.ledger.refresh(held[0], self.file)
            if held[0].status == "withdrawn":
                return self._still_withdrawn()
            return Outcome(self.file.uri, "unchanged")
        originals = self.ledger.entries(
            "content_hash = ? and status = 'loaded'", content.content_hash
        )
        if withdrawn and not restore and not originals:
            return self._still_withdrawn()
        try:
            with _transaction(self.connection):
                if originals:
                    return self._keep_duplicate(content, originals[0])
                return self._bring_in(content)
        except _SameRows as same:
            with _transaction(self.connection):
                return self._keep_duplicate(content, same.original)
        except RefusedFile as error:
            return self._refused(content, str(error))
        finally:
            shutil.rmtree(self.scratch, ignore_errors=True)

    def _looks_unchanged(self, entry: Entry) -> bool:
        return (
            entry.status in ("loaded", "duplicate", "withdrawn")
            and entry.generation == self.file.generation
            and self.file.bytes >= _TRUSTED_BY_DATE
        )

    def _still_withdrawn(self) -> Outcome:
        note = "its rows were withdrawn; load it with --restore to bring them back"
        return Outcome(self.file.uri, "withdrawn", notes=(note,))

    def _keep_duplicate(self, content: Content, original: Entry) -> Outcome:
        entry = new_entry(self.ledger.next_id(), self.file, content, "duplicate")
        self.ledger.record(duplicate_of(entry, original))
        self._retire_predecessor(entry)
        note = f"holds the same rows as {original.uri}; nothing was loaded twice"
        return Outcome(self.file.uri, "duplicate", notes=(note,))

    def _refused(self, content: Content | None, error: str) -> Outcome:
        content = content or Content("unread", None)
        entry = new_entry(self.ledger.next_id(), self.file, content, "refused")
        with _transaction(self.connection):
            self.ledger.record(entry, error)
        return Outcome(self.file.uri, "refused", error=f"{self.file.name} {error}")

    def _retire_predecessor(self, entry: Entry) -> None:
        """What the same path held before gives way, with what only it had brought."""
        for old in self.ledger.entries("uri = ? and file_id <> ?", entry.uri, entry.file_id):
            if old.status == "loaded":
                self.ledger.retire(old, "replaced")
            elif old.status in ("duplicate", "withdrawn"):
                self.ledger.set_status(old, "replaced")

    def _bring_in(self, content: Content) -> Outcome:
        """Rows, rejects and ledger of new content; the caller's transaction makes them one."""
        header = self._header()
        file_id = self.ledger.next_id()
        lines, loaded = self._insert(file_id, header, content)
        rejected = self._count("raw.rejects", file_id)
        if lines != loaded + rejected:
            raise RefusedFile(
                f"does not add up: {lines} lines, but {loaded} loaded and {rejected} rejected. "
                "Nothing of it was kept; please report this file's shape"
            )
        reasons = self._reasons(file_id)
        if rejected > self.settings.max_reject_share * lines:
            worst = "; ".join(f"{count} × {reason}" for reason, count in list(reasons.items())[:3])
            raise RefusedFile(
                f"was refused whole: {rejected} of its {lines} lines cannot be used ({worst}). "
                "Is a column mapped wrongly? See [columns] in shop.toml, or raise "
                f"ESTORE_MAX_REJECT_SHARE above {self.settings.max_reject_share:g}"
            )
        self.connection.execute(
            "insert into raw.file_days select file_id, cast(event_time as date), count(*) "
            "from raw.events where file_id = ? group by all",
            [file_id],
        )
        entry = replace(
            new_entry(file_id, self.file, content, "loaded"),
            lines=lines, loaded=loaded, rejected=rejected,
        )  # fmt: skip
        if original := self.ledger.twin(entry):
            raise _SameRows(original)
        self.ledger.record(entry)
        self._retire_predecessor(entry)
        self.ledger.touch(file_id)
        self._check_still()
        notes = []
        if header.extra:
            notes.append(f"columns kept out: {', '.join(header.extra)}")
        if absent := [c for c in header.absent if c not in ("order_id", "quantity")]:
            notes.append(f"columns left empty, as the file lacks them: {', '.join(absent)}")
        if not lines:
            notes.append("has a header but no lines")
        return Outcome(self.file.uri, "loaded", lines, loaded, rejected, reasons, tuple(notes))

    def _header(self) -> Header:
        if self.file.format == "csv":
            return read_csv_header(self.file, self.shop)
        try:
            described = self.connection.execute(
                f"describe select * from read_parquet({quoted(self.file.uri)})"
            ).fetchall()
        except duckdb.Error as error:
            raise RefusedFile(f"is not a Parquet file: {str(error).splitlines()[0]}") from error
        header = match_columns([name for name, *_ in described], self.shop)
        for column in ("category_id", "product_id", "user_id"):
            if column in header.ours and described[header.ours[column]][1] in ("DOUBLE", "FLOAT"):
                raise RefusedFile(
                    f"stores {header.names[header.ours[column]]} as a rounded number "
                    f"({described[header.ours[column]][1]}): ids above 2^53 have lost digits. "
                    "Write it as a whole number or as text"
                )
        return header

    def _insert(self, file_id: int, header: Header, content: Content) -> tuple[int, int]:
        """Insert the good lines and the rejects; returns (lines counted apart, lines loaded)."""
        if self.file.format == "parquet":
            relation = parquet_relation(self.file.uri, header)
            lines = self._scalar(
                f"select sum(num_rows) from parquet_file_metadata({quoted(self.file.uri)})"
            )
            loaded = self._insert_good(file_id, relation, header)
            if loaded < lines:
                self._insert_bad(file_id, relation, header)
            return lines, loaded
        relation = csv_relation(
            self.file.uri, header, self.shop.delimiter, self.file.compression
        )
        counted = _Counted(self.file, content.lines)
        try:
            loaded = self._insert_good(file_id, relation, header)
            lines = counted.lines() - header.has_line
            if loaded == lines:
                return lines, loaded
            self._insert_bad(file_id, relation, header)
            if lines == loaded + self._count("raw.rejects", file_id):
                return lines, loaded
        except (duckdb.InvalidInputException, duckdb.IOException):
            counted.lines()  # says so where the file is damaged rather than badly written
        return self._insert_repaired(file_id, header)

    def _insert_good(self, file_id: int, relation: str, header: Header) -> int:
        columns = ", ".join(RAW_COLUMNS)
        execute_watched(
            self.connection,
            f"insert into raw.events (file_id, {columns}) select {file_id}, {columns} "
            f"from ({typed_rows(relation, header, self.shop)}) where reason is null",
            {"latest": _latest()},
            lambda share: self.on_bytes(int(share * self.file.bytes)),
        )
        return self._count("raw.events", file_id)

    def _insert_bad(self, file_id: int, relation: str, header: Header) -> None:
        """Keep the refused lines. Their numbers count on the file's order, so it is kept here."""
        rows = typed_rows(relation, header, self.shop)
        number = identifier(LINE_COLUMN)
        if LINE_COLUMN not in relation:
            first = 1 + header.has_line
            rows = rows.replace(
                f"from {relation}",
                f"from (select *, row_number() over () - 1 + {first} as {number} from {relation})",
            ).replace(" end as reason", f" end as reason, {number}")
        self.connection.execute("set preserve_insertion_order = true")
        try:
            execute_watched(
                self.connection,
                f"insert into raw.rejects select {file_id}, {quoted(self.file.uri)}, "
                f"cast({number} as bigint), left(line_text, 2000), reason "
                f"from ({rows}) where reason is not null",
                {"latest": _latest()},
            )
        finally:
            self.connection.execute("set preserve_insertion_order = false")

    def _insert_repaired(self, file_id: int, header: Header) -> tuple[int, int]:
        """The careful way, for a file that the fast reader stumbles over or counts otherwise."""
        self.connection.execute("rollback")
        self.connection.execute("begin")
        repaired = repair(self.file, header, self.shop.delimiter, self.scratch)
        relation = csv_relation(str(repaired.path), header, ",", "none", repaired=True)
        loaded = self._insert_good(file_id, relation, header)
        self._insert_bad(file_id, relation, header)
        self._insert_misshapen(file_id, repaired)
        return repaired.records, loaded

    def _insert_misshapen(self, file_id: int, repaired: Repaired) -> None:
        self.connection.execute(
            f"insert into raw.rejects select {file_id}, {quoted(self.file.uri)}, "
            f"cast(n as bigint), t, r from read_csv({quoted(str(repaired.rejects))}, "
            "columns = {'n': 'VARCHAR', 't': 'VARCHAR', 'r': 'VARCHAR'}, auto_detect = false, "
            "header = false, max_line_size = 10000000)"
        )

    def _check_still(self) -> None:
        stat = self.file.path.stat()
        if f"{stat.st_mtime_ns}-{stat.st_size}" != self.file.generation:
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

    def __init__(self, file: LandedFile, lines: int | None) -> None:
        self._lines, self._error = lines, None
        self._thread: threading.Thread | None = None
        if lines is None:
            self._thread = threading.Thread(target=self._count, args=(file,), name="count")
            self._thread.start()

    def _count(self, file: LandedFile) -> None:
        try:
            self._lines = count_compressed_lines(file)
        except RefusedFile as error:
            self._error = error

    def lines(self) -> int:
        """Lines of text, the header included; raises RefusedFile for a damaged file."""
        if self._thread:
            self._thread.join()
        if self._error:
            raise self._error
        return self._lines or 0


class _SameRows(Exception):
    """The rows just read are those of another file: undo, and keep the file as its duplicate."""

    def __init__(self, original: Entry) -> None:
        self.original = original


def _latest() -> datetime:
    """An event later than this cannot have happened yet in any time zone."""
    return datetime.now(UTC).replace(tzinfo=None) + timedelta(days=1)
