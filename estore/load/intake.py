"""Intake: one file's lines on their way into raw.events and raw.rejects (DuckDB).

The fast way reads the file once, strictly; the careful one repairs it first where that fails.
Which of them, and the transaction around it, is the loader's to say.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import duckdb

from estore.errors import RefusedFile
from estore.landing import FORMATS, LandedFile
from estore.load.content import Text
from estore.load.header import Header, match_columns, read_csv_header
from estore.load.repair import repair
from estore.load.rows import (
    ID_COLUMNS,
    RAW_COLUMNS,
    csv_relation,
    numbered,
    parquet_relation,
    read_parquet,
    rejects_relation,
    repaired_relation,
    typed_rows,
)
from estore.settings import Settings
from estore.shop import ShopConfig
from estore.warehouse.duckdb import exact_path, execute_watched, quoted

#: Told bytes and lines done; lines only where a file's are known before it is read.
OnProgress = Callable[[int, int], None]


class NotWellFormed(Exception):
    """The fast way does not fit this file: undo, and go the careful one."""


class Intake:
    """Inserts one file's lines. Each way returns (lines counted apart, lines loaded)."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        file: LandedFile,
        shop: ShopConfig,
        settings: Settings,
        on_progress: OnProgress,
    ) -> None:
        self.connection, self.file, self.shop = connection, file, shop
        self.on_progress = on_progress
        self.expected_lines = 0
        self.latest = _latest()
        self.scratch = settings.temp / "repair"

    def header(self) -> Header:
        """The file's columns; raises RefusedFile where it is no event file or lacks one."""
        if self.file.format == "unknown":
            raise RefusedFile(f"is not an event file by its name; name it {', '.join(FORMATS)}")
        if self.file.format == "csv":
            return read_csv_header(self.file, self.shop)
        with _file_faults(RefusedFile, "is not a Parquet file: "):
            described = self.connection.execute(
                f"describe select * from {read_parquet(self.file.path)}"
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

    def insert_parquet(self, file_id: int, header: Header) -> tuple[int, int]:
        """Insert the good rows and the rejects; returns (rows counted apart, rows loaded)."""
        relation = parquet_relation(self.file.path, header)
        with _file_faults(RefusedFile, "is damaged: "):
            lines = self._scalar(
                f"select sum(num_rows) from parquet_file_metadata({exact_path(self.file.path)})"
            )
            loaded = self._insert_good(file_id, relation, header)
            if loaded < lines:
                self._insert_bad(file_id, numbered(relation, 1), header)
        return lines, loaded

    def insert_csv(self, file_id: int, header: Header, text: Callable[[], Text]) -> tuple[int, int]:
        """The fast way; raises NotWellFormed where one line is not always one row.

        text: asked for the file's lines at the end; they may be counted meanwhile.
        """
        relation = csv_relation(self.file.path, header, self.shop.delimiter, self.file.compression)
        try:
            with _file_faults(NotWellFormed):
                loaded = self._insert_good(file_id, relation, header)
        except NotWellFormed:
            text()  # says so where the file is damaged rather than badly written
            raise
        counts = text()
        lines = counts.lines - header.has_line
        if loaded < lines:
            self._insert_bad(file_id, numbered(relation, 1 + header.has_line), header)
        if counts.has_zero or lines != loaded + self.count("raw.rejects", file_id):
            raise NotWellFormed
        return lines, loaded

    def insert_repaired(self, file_id: int, header: Header) -> tuple[int, int]:
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
            lambda share: self.on_progress(
                int(share * self.file.bytes), int(share * self.expected_lines)
            ),
        )
        return self.count("raw.events", file_id)

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

    def count(self, table: str, file_id: int) -> int:
        return self._scalar(f"select count(*) from {table} where file_id = {file_id}")

    def _scalar(self, sql: str) -> int:
        row = self.connection.execute(sql).fetchone()
        return int(row[0] or 0) if row else 0


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


def _latest() -> datetime:
    """An event later than this cannot have happened yet in any time zone."""
    return datetime.now(UTC).replace(tzinfo=None) + timedelta(days=1)
