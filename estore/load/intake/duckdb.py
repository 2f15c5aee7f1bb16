"""DuckDB intake: DuckDB reads the file itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cached_property, partial

import duckdb

from estore import clock
from estore.errors import RefusedFile
from estore.landing import landed_file
from estore.load import event_types
from estore.load.content import Content, Text, read_content, read_text
from estore.load.expansion import Expanded, Expansion
from estore.load.header import ID_COLUMNS, Header, check_format, parquet_header, read_csv_header
from estore.load.intake.base import Intake, NotWellFormed, TextIds, blank_note, twice_note
from estore.load.repair import BLANK, repair
from estore.load.rows import (
    AHEAD,
    csv_relation,
    is_blank,
    not_text,
    numbered,
    parquet_relation,
    read_parquet,
    rejects_relation,
    repaired_relation,
    twice,
    typed_rows,
)
from estore.warehouse.base import BUILT
from estore.warehouse.duckdb import execute_watched
from estore.warehouse.quoting import exact_path, quoted
from estore.warehouse.raw_events import RAW_COLUMNS


class DuckDBIntake(Intake):
    """DuckDB reads the file itself."""

    _first_ahead: datetime | None = None  # among the rows rejected as too far in the future

    def content(self) -> Content:
        return read_content(self.file, self.source.delimiter)

    def header(self) -> Header:
        check_format(self.file)
        if self.is_expanded:
            return self._expansion.header()
        if self.file.format == "csv":
            return read_csv_header(self.file, self.source)
        with _file_faults(RefusedFile, "is not a Parquet file: "):
            described = self.connection.execute(
                f"describe select * from {read_parquet(self.file.path)}"
            ).fetchall()
        return parquet_header([(name, kind) for name, kind, *_ in described], self.source)

    @cached_property
    def _expansion(self) -> Expansion:
        return self.open_expansion(self.file)

    @cached_property
    def _expanded(self) -> Expanded:
        try:
            return self._expansion.run(
                lambda share: self.on_progress(int(share * self.file.bytes / 2), 0)
            )
        finally:
            self._expansion.close()

    def insert_expanded(self, file_id: int, header: Header) -> tuple[int, int]:
        expanded = self._expanded
        self.ignored = expanded.ignored
        relation = expanded.relation
        self._find_text_ids(relation, header)
        lines, loaded = self._insert(file_id, relation, relation, header, expanded.rows)
        self._insert_rejects(file_id, expanded.rejects)
        return lines + expanded.rejected + sum(self.ignored.values()), loaded

    def _find_text_ids(self, relation: str, header: Header) -> None:
        """Raises TextIds before the insert for ids of another type: a failed insert is costly."""
        for name, kind in self._id_types().items():
            text = f"trim(c{header.ours[name]})" if name in header.ours else "''"
            is_other = f"{text} <> '' and cast(try_cast({text} as {kind}) as varchar)"
            if self._scalar(
                f"select 1 from {relation} where {is_other} is distinct from {text} limit 1"
            ):
                raise TextIds(name)

    def insert_parquet(self, file_id: int, header: Header) -> tuple[int, int]:
        relation = parquet_relation(self.file.path, header)
        with _file_faults(RefusedFile, "is damaged: "):
            rows = self._scalar(
                f"select sum(num_rows) from parquet_file_metadata({exact_path(self.file.path)})"
            )
            for column, where in not_text(header).items():
                if self._scalar(f"select 1 from {relation} where {where} limit 1"):
                    raise RefusedFile(f"stores {column} as bytes that are not UTF-8 text")
            return self._insert(file_id, relation, numbered(relation, 1), header, rows)

    def insert_csv(self, file_id: int, header: Header, text: Callable[[], Text]) -> tuple[int, int]:
        if header.is_odd:
            raise NotWellFormed
        file = self.in_utf8(self.file)
        if file != self.file:
            text = partial(read_text, file, header.delimiter)
        relation = csv_relation(file.path, header, file.compression)
        try:
            with _file_faults(NotWellFormed):
                self._insert_good(file_id, relation, header)
        except NotWellFormed:
            text()  # raises if the file is damaged rather than badly written
            raise
        counts = text()
        if not counts.is_plain or counts.separators != counts.lines * (len(header.names) - 1):
            raise NotWellFormed
        rows = counts.lines - header.has_line
        lines = numbered(relation, 1 + header.has_line)
        return self._insert_rest(file_id, relation, lines, header, rows)

    def insert_repaired(self, file_id: int, header: Header) -> tuple[int, int]:
        repaired = repair(self.in_utf8(self.file), header, self.scratch)
        relation = repaired_relation(repaired.path, header)
        rows = repaired.records - repaired.rejected
        with _file_faults(RefusedFile, "cannot be read: "):
            lines, loaded = self._insert(file_id, relation, relation, header, rows, repaired.blank)
            self._insert_rejects(file_id, rejects_relation(repaired.rejects))
        return lines + repaired.rejected, loaded

    def _insert(
        self, file_id: int, relation: str, lines: str, header: Header, rows: int, blank: int = 0
    ) -> tuple[int, int]:
        """Insert all rows of a relation; lines: the same, numbered; blank: rows left out before."""
        self._insert_good(file_id, relation, header)
        return self._insert_rest(file_id, relation, lines, header, rows, blank)

    def _insert_rest(
        self, file_id: int, relation: str, lines: str, header: Header, rows: int, blank: int = 0
    ) -> tuple[int, int]:
        """Insert the rejected rows, without blank ones. Raises NotWellFormed unless all add up."""
        loaded = self.count("raw.events", file_id)
        if loaded < rows:
            self._insert_bad(file_id, lines, header)
        missing = rows - loaded - self.count("raw.rejects", file_id)
        if missing and missing != self._scalar(
            f"select count(*) from {relation} where {is_blank(header)}"
        ):
            raise NotWellFormed
        self._note(file_id, relation, header, missing + blank)
        return rows - missing, loaded

    def _note(self, file_id: int, relation: str, header: Header, blank: int) -> None:
        self.notes = [blank_note(blank)] if blank else []
        if self.source.time_zone == "UTC":
            return
        ((first, last),) = self.connection.execute(
            "select min(event_time), max(event_time) from raw.events where file_id = ?", [file_id]
        ).fetchall()
        day = timedelta(days=1)
        is_twice = first and twice(
            header,
            self.source,
            max(first, datetime.min + day) - day,
            min(last, datetime.max - day) + day,
        )
        if is_twice and (
            count := self._scalar(f"select count(*) from {relation} where {is_twice}")
        ):
            self.notes.append(twice_note(count, self.source))

    def _insert_good(self, file_id: int, relation: str, header: Header) -> int:
        self._first_ahead = None
        columns, id_types = ", ".join(RAW_COLUMNS), self._id_types()
        try:
            execute_watched(
                self.connection,
                f"insert into raw.events (file_id, {columns}) select {file_id}, {columns} "
                f"from ({typed_rows(relation, header, self.source, id_types=id_types)}) "
                "where reason is null",
                {"latest": _latest()},
                lambda share: self.on_progress(
                    int(share * self.file.bytes), int(share * self.expected_lines)
                ),
            )
        except duckdb.ConstraintException as error:
            raise TextIds(next(name for name in id_types if name in str(error))) from error
        return self.count("raw.events", file_id)

    def _id_types(self) -> dict[str, str]:
        """Id columns that contain only whole numbers or only UUIDs, and their type."""
        return dict(
            self.connection.execute(
                "select column_name, data_type from duckdb_columns() "
                "where schema_name = 'raw' and table_name = 'events' "
                "and list_contains($names, column_name) and data_type <> 'VARCHAR' order by 1",
                {"names": [*ID_COLUMNS, "user_session"]},
            ).fetchall()
        )

    def keep_as_text(self, column: str) -> None:
        for table in self._tables_without_text(column):
            self.connection.execute(f"alter table {table} alter {column} type varchar")

    def _tables_without_text(self, column: str) -> list[str]:
        """raw.events and the tables built from it: the next build adds rows to them."""
        rows = self.connection.execute(
            "select concat_ws('.', schema_name, table_name) "
            "from duckdb_columns() semi join duckdb_tables() using (database_oid, table_oid) "
            "where database_name = current_database() and list_contains(?, schema_name) "
            "and column_name = ? and data_type <> 'VARCHAR'",
            [["raw", *BUILT], column],
        ).fetchall()
        return [table for (table,) in rows]

    def _insert_bad(self, file_id: int, relation: str, header: Header) -> None:
        """Keep the rejected rows, in file order because their line numbers depend on it."""
        rows = typed_rows(relation, header, self.source, line_number="line_number")
        self.connection.execute("set preserve_insertion_order = true")
        try:
            execute_watched(
                self.connection,
                "create or replace temp table rejected as select line_number, line_text, reason, "
                f"event_time from ({rows}) where reason is not null",
                {"latest": _latest()},
            )
            self._insert_rejects(file_id, "rejected")
            self._first_ahead = self._first_instant_ahead()
        finally:
            self.connection.execute("set preserve_insertion_order = false")
            self.connection.execute("drop table if exists rejected")

    def _first_instant_ahead(self) -> datetime | None:
        row = self.connection.execute(
            "select min(event_time) from rejected where starts_with(reason, ?)", [AHEAD]
        ).fetchone()
        return row[0] if row else None

    def _insert_rejects(self, file_id: int, rows: str, parameters: object = None) -> None:
        execute_watched(
            self.connection,
            f"insert into raw.rejects select {file_id}, {quoted(self.file.uri)}, "
            f"cast(line_number as bigint), line_text, reason from {rows} where reason <> '{BLANK}'",
            parameters,
        )

    def rejected(self, file_id: int) -> int:
        return self.count("raw.rejects", file_id)

    def reasons(self, file_id: int) -> dict[str, int]:
        rows = self.connection.execute(
            "select split_part(reason, ':', 1) as kind, count(*) as lines from raw.rejects "
            "where file_id = ? group by kind order by lines desc, kind",
            [file_id],
        ).fetchall()
        return dict(rows)

    def first_rejected(self, file_id: int, kind: str) -> tuple[str, str]:
        ((reason, text),) = self.connection.execute(
            "select reason, coalesce(line_text, '') from raw.rejects "
            "where file_id = ? and starts_with(reason, ?) order by line_number limit 1",
            [file_id, kind],
        ).fetchall()
        return reason, text

    def other_event_types(self, file_id: int) -> str | None:
        rows = self.connection.execute(
            "select event_type, count(*) as rows_, sum(rows_) over () from raw.events "
            "where file_id = ? and event_type not in ? group by event_type "
            "order by rows_ desc, event_type limit ?",
            [file_id, list(event_types.OURS), event_types.NAMED],
        ).fetchall()
        return event_types.kept(
            ((name, count) for name, count, _ in rows), int(rows[0][2]) if rows else 0
        )

    def recheck_at(self, file_id: int) -> datetime | None:
        return self._first_ahead - clock.AHEAD if self._first_ahead else None

    def note_days(self, file_id: int) -> None:
        self.connection.execute(
            "insert into raw.file_days select file_id, cast(event_time as date), count(*) "
            "from raw.events where file_id = ? group by all",
            [file_id],
        )

    def is_still(self) -> bool:
        if self.file.is_object:
            return True  # its copy has the listed generation
        try:
            return landed_file(self.file.path).generation == self.file.generation
        except OSError:
            return False

    def count(self, table: str, file_id: int) -> int:
        return self._scalar(f"select count(*) from {table} where file_id = {file_id}")

    def _scalar(self, sql: str) -> int:
        row = self.connection.execute(sql).fetchone()
        return int(row[0] or 0) if row else 0


@contextmanager
def _file_faults(kind: type[Exception], said: str = "") -> Iterator[None]:
    """Turns the engine's error about a file into this kind of error.

    Errors about the machine (memory, disk, interruption) or the engine itself pass unchanged:
    they are not the file's fault.
    """
    try:
        yield
    except (duckdb.OutOfMemoryException, duckdb.InternalException, duckdb.FatalException):
        raise
    except duckdb.Error as error:
        text = str(error)
        if isinstance(error, duckdb.InterruptException) or any(sign in text for sign in _MACHINE):
            raise
        raise kind(f"{said}{text.splitlines()[0]}; export it again") from error


_MACHINE = ("No space left", "max_temp_directory_size", "Could not write", "Too many open files")


def _latest() -> datetime:
    """The latest possible event: a later one is in the future in every time zone."""
    return clock.now() + clock.AHEAD
