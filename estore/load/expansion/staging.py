"""Staging: a file as the relation `source` of a connection that can reach nothing else.

For CSV, `source` has the file's columns as text; for JSON, one JSON text `record` per line or
element; for Parquet, the file's columns and `record`. All have `line_number`.
"""

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from estore.errors import RefusedFile
from estore.escaping import shortened
from estore.landing import LandedFile
from estore.load.content import count_lines, last_byte, open_bytes, read_text
from estore.load.expansion.query import LINE_NUMBER
from estore.load.header import Header, read_head
from estore.load.repair import MARK, MAX_RECORD, number_lines, repair
from estore.load.rows import csv_relation, read_parquet, rejects_relation, repaired_relation
from estore.sources import Query, Source
from estore.warehouse.quoting import exact_path, quoted

#: Bytes from the start of a file by which its form is recognized.
_START = 1 << 20


@dataclass
class Staged:
    """A staged file. records: the number of its records; rejects: a relation of those that are no
    records, as (line_number, line_text, reason); text: SQL for a record's text.
    """

    records: int
    text: str
    rejects: str | None = None


def form_of_json(file: LandedFile, source: Source) -> str:
    """How a JSON file is written: nd (a record per line), array, or unstructured."""
    with open_bytes(file, source.codec) as stream:
        start = stream.read(_START).decode("utf-8", errors="replace").lstrip("\ufeff \t\r\n")
    if not start:
        raise RefusedFile("is empty; export it again")
    if start.startswith("["):
        return "array"
    first, end, rest = start.partition("\n")
    if first.rstrip() in ("{", "") or (end and rest[:1] in (" ", "\t", "}")):
        try:
            json.loads(first)
        except (ValueError, RecursionError):
            return "unstructured"
    return "nd"


class Staging:
    """Stages one file. reads: json, columns or lines."""

    def __init__(self, file: LandedFile, source: Source, query: Query | None, folder: Path) -> None:
        """file: in UTF-8. folder: where repaired copies go."""
        self.file, self.source, self.folder = file, source, folder
        self.reads = (query.reads if query else None) or (
            "json" if file.format == "json" else "columns"
        )
        self.query = query
        self.head: Header | None = None
        if file.format == "csv" and self.reads == "json":
            raise RefusedFile(f"is CSV, but {query.name if query else ''} reads JSON")
        if file.format == "json" and self.reads == "columns":
            raise RefusedFile(f"is JSON, but {query.name if query else ''} reads CSV")
        if file.format == "parquet" and self.reads == "lines":
            raise RefusedFile(f"is Parquet, but {query.name if query else ''} reads lines of text")

    def prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Create `source` without rows; raises RefusedFile if the file is not of this source."""
        if self.file.format == "parquet":
            self._of_parquet(connection)
        elif self.reads == "columns":
            self.head = read_head(self.file, self.source)
            self._check_names(self.head.names)
            columns = ", ".join(f"c{n} varchar" for n in range(len(self.head.names)))
            connection.execute(f"create table lines ({columns}, line_number bigint)")
            self._view_columns(connection)
        else:
            connection.execute("create table lines (line varchar, line_number bigint)")
            self._view_lines(connection, is_checked=False)

    def fill(self, connection: duckdb.DuckDBPyConnection, run: Any) -> Staged:
        """Read the file. run: executes a long statement."""
        connection.execute("set preserve_insertion_order = true")  # rowid is the line number
        if self.file.format == "parquet":
            counted = connection.execute(
                f"select sum(num_rows) from parquet_file_metadata({exact_path(self.file.path)})"
            ).fetchone()
            return Staged(int(counted[0] or 0) if counted else 0, "cast(record as varchar)")
        if self.reads == "columns":
            return self._fill_columns(connection, run)
        if self.reads == "json" and (form := form_of_json(self.file, self.source)) != "nd":
            return self._fill_documents(connection, run, form)
        return self._fill_lines(connection, run)

    def check_records(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let `source` leave out records that are not valid JSON."""
        self._view_lines(connection, is_checked=True)

    def _fill_columns(self, connection: duckdb.DuckDBPyConnection, run: Any) -> Staged:
        assert self.head
        head, count = self.head, partial(read_text, self.file, self.head.delimiter)
        names = [f"c{n}" for n in range(len(head.names))]
        text = f"concat_ws({quoted(head.delimiter)}, {', '.join(names)})"
        if not head.is_odd:
            counted = count()
            rows = counted.lines - 1
            if counted.is_plain and counted.separators == counted.lines * (len(names) - 1):
                relation = csv_relation(self.file.path, head, self.file.compression)
                run(_table("*", relation))
                if _count(connection) == rows:
                    self._view_columns(connection, "rowid + 2")
                    return Staged(rows, text)
        repaired = repair(self.file, head, self.folder)
        run(
            "create or replace table lines as select * replace (cast(line_number as bigint) as "
            f"line_number) from {repaired_relation(repaired.path, head)}"
        )
        self._view_columns(connection)
        good = repaired.records - repaired.rejected
        return Staged(good, text, rejects_relation(repaired.rejects))

    def _fill_lines(self, connection: duckdb.DuckDBPyConnection, run: Any) -> Staged:
        lines = count_lines(self.file)
        if lines is not None:
            end = "\\r\\n" if _has_carriage_returns(self.file) else "\\n"
            relation = _read_lines(self.file.path, ["line"], end, self.file.compression)
            try:
                run(_table("line", relation))
                if _count(connection) == lines:
                    self._view_lines(connection, "rowid + 1")
                    return Staged(lines, "line")
            except duckdb.InvalidInputException:
                pass  # not text, or with control characters: line by line
        numbered = number_lines(self.file, self.folder)
        relation = _read_lines(numbered.path, ["line_number", "line"], "\\n", "none")
        run(
            "create or replace table lines as select line, cast(line_number as bigint) as "
            f"line_number from {relation}"
        )
        self._view_lines(connection)
        good = numbered.records - numbered.rejected
        return Staged(good, "line", rejects_relation(numbered.rejects))

    def _fill_documents(self, connection: duckdb.DuckDBPyConnection, run: Any, form: str) -> Staged:
        last = last_byte(self.file)
        if form == "array" and last != b"]":
            raise RefusedFile("is not valid JSON: the array has no end; copy or export it again")
        compression = "uncompressed" if self.file.compression == "none" else self.file.compression
        try:
            relation = (
                f"read_json_objects({exact_path(self.file.path)}, format = '{form}', "
                f"compression = '{compression}')"
            )
            run(_table("cast(json as varchar) as line", relation))
        except duckdb.InvalidInputException as error:
            said = str(error).splitlines()[0].replace(f' in file "{self.file.path}"', "")
            said = said.removeprefix("Invalid Input Error: ").rstrip(". ")
            raise RefusedFile(
                f"is not valid JSON: {shortened(said, 200)}. Export it again, best with one record "
                "per line"
            ) from error
        self._view_lines(connection, "rowid + 1")
        return Staged(_count(connection), "line")

    def _of_parquet(self, connection: duckdb.DuckDBPyConnection) -> None:
        try:
            described = connection.execute(
                f"describe select * from {read_parquet(self.file.path)}"
            ).fetchall()
        except duckdb.Error as error:
            said = str(error).splitlines()[0]
            raise RefusedFile(f"is not a Parquet file: {said}; export it again") from error
        names = [name for name, *_ in described]
        self._check_names(names)
        fields = ", ".join(f"{_named(name)} := {_named(name)}" for name in names)
        shown = [_named(name) for name in names if name.lower() not in ("record", LINE_NUMBER)]
        empty = self._absent(names) if self.reads == "columns" else []
        connection.execute(
            f"create or replace view source as select {', '.join([*shown, *empty])}, "
            f"to_json(struct_pack({fields})) as record, file_row_number + 1 as line_number "
            f"from read_parquet({exact_path(self.file.path)}, hive_partitioning = false, "
            "file_row_number = true)"
        )

    def _check_names(self, names: tuple[str, ...] | list[str]) -> None:
        held = [name.lower() for name in names]
        if LINE_NUMBER in held:
            raise RefusedFile("has a column line_number, which is a name of ours; rename it")
        if twice := sorted({name for name in names if name and held.count(name.lower()) > 1}):
            raise RefusedFile(f"has two columns named {twice[0]}; rename one of them")
        required = self.query.required if self.query else ()
        if missing := [name for name in required if name.lower() not in held]:
            raise RefusedFile(wrong_source(self.query, missing, names))

    def _absent(self, names: tuple[str, ...] | list[str]) -> list[str]:
        """The optional columns that the file lacks, as nulls."""
        held = {name.lower() for name in names}
        optional = self.query.optional if self.query else ()
        return [
            f"cast(null as varchar) as {_named(name)}"
            for name in optional
            if name.lower() not in held
        ]

    def _view_columns(
        self, connection: duckdb.DuckDBPyConnection, number: str = LINE_NUMBER
    ) -> None:
        assert self.head
        known = {name.lower(): name for name in (*self._required(), *self._optional())}
        columns = [
            f"c{n} as {_named(known.get(name.lower(), name))}"
            for n, name in enumerate(self.head.names)
            if name
        ]
        columns += self._absent(self.head.names)
        connection.execute(
            f"create or replace view source as select {', '.join(columns)}, "
            f"{number} as line_number from lines"
        )
        connection.execute(
            f"create or replace view numbered as select *, {number} as line_number_ from lines"
        )

    def _required(self) -> tuple[str, ...]:
        return self.query.required if self.query else ()

    def _optional(self) -> tuple[str, ...]:
        return self.query.optional if self.query else ()

    def _view_lines(
        self,
        connection: duckdb.DuckDBPyConnection,
        number: str | None = None,
        *,
        is_checked: bool = False,
    ) -> None:
        self._number = number or getattr(self, "_number", LINE_NUMBER)
        where = "true"
        if self.reads == "json":
            where = "(starts_with(line, '{') or starts_with(ltrim(line), '{'))"
            where += " and json_valid(line)" if is_checked else ""
        connection.execute(
            f"create or replace view source as select {self._number} as line_number, "
            f"line as record from lines where {where}"
        )
        connection.execute(
            f"create or replace view numbered as select *, {self._number} as line_number_ "
            "from lines"
        )


def _table(columns: str, relation: str) -> str:
    """A table of all records in their order, so that rowid gives their number."""
    return (
        f"create or replace table lines as select {columns}, cast(null as bigint) as line_number "
        f"from {relation}"
    )


def wrong_source(query: Query | None, missing: list[str], names: Any) -> str:
    """Why a file is not one of this source."""
    name = query.name if query else "this source"
    shown = shortened(", ".join(each or "(unnamed)" for each in names), 200)
    return (
        f"is not a file of {name}: it has no {', '.join(missing)}; it has {shown}. "
        "`estore inspect` shows what the file is"
    )


def _named(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _count(connection: duckdb.DuckDBPyConnection) -> int:
    row = connection.execute("select count(*) from lines").fetchone()
    return int(row[0]) if row else 0


def _has_carriage_returns(file: LandedFile) -> bool:
    with open_bytes(file) as stream:
        return stream.readline(MAX_RECORD).endswith(b"\r\n")


def _read_lines(path: Path, columns: list[str], end: str, compression: str) -> str:
    types = ", ".join(f"{column}: 'VARCHAR'" for column in columns)
    return (
        f"read_csv({exact_path(path)}, columns = {{{types}}}, header = false, "
        f"delim = {quoted(MARK)}, quote = '', escape = '', nullstr = '\x02\x03\x02', "
        f"new_line = '{end}', compression = {quoted(compression)}, auto_detect = false, "
        f"max_line_size = {8 * MAX_RECORD}, strict_mode = true, hive_partitioning = false)"
    )
