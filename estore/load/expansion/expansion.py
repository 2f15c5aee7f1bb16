"""Expansion: runs a source's SQL over one file, on a connection that can reach nothing else.

The result is a Parquet file of our columns with the line number of each row. Rows of event types
that the source does not keep are counted, not loaded. A record that gives no row is rejected.
"""

import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from estore.errors import RefusedFile
from estore.escaping import shortened
from estore.landing import LandedFile
from estore.load.content import open_bytes
from estore.load.expansion.query import LINE_NUMBER, check_query, failure, select
from estore.load.expansion.staging import Staged, Staging, form_of_json, wrong_source
from estore.load.header import Header, match_columns, parquet_header
from estore.load.repair import BLANK, MAX_TEXT
from estore.load.rows import event_type_of, read_parquet
from estore.settings import Settings
from estore.sources import Query, Source
from estore.warehouse.dialect import DUCKDB
from estore.warehouse.duckdb import execute_watched
from estore.warehouse.quoting import quoted

#: Records of a JSON file in which keys are looked for.
_SAMPLE = 1_000
#: The event type of an expanded row, as it is compared with the types to keep.
_TYPE = "type_"


@dataclass(frozen=True)
class Expanded:
    """The expanded rows of a file.

    relation: the rows to load as text columns c0, c1, …, with `line_number`. rejects: a relation of
    the records without a row (line_number, line_text, reason). ignored: event type → rows.
    """

    relation: str
    rows: int
    rejects: str
    rejected: int
    ignored: Mapping[str, int] = field(default_factory=dict)


class Expansion:
    """Expands one file."""

    def __init__(self, file: LandedFile, source: Source, settings: Settings, folder: Path) -> None:
        """file: in UTF-8, on this machine. folder: for all that is written; the caller removes it.

        source: with its query; a JSON file needs none if its keys are our columns.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.file, self.source, self.folder = file, source, folder
        if source.query is None:
            self.source = replace(source, query=_flat_query(file, source), columns={})
        elif file.format == "json" and source.query.reads == "json" and source.query.required:
            _check_keys(file, source, source.query)
        assert self.source.query
        self.query: Query = self.source.query
        self._connection = self._connect(settings)
        self._staging = Staging(file, self.source, self.query, folder)

    def header(self) -> Header:
        """The columns that the SQL returns; raises RefusedFile if they are not ours."""
        self._staging.prepare(self._connection)
        columns = check_query(self._connection, self.query, self.source.constants)
        header = parquet_header(columns, self.source)
        self._columns = [name for name, _ in columns]
        # With its number, no row counts as blank.
        return replace(header, names=(*header.names, LINE_NUMBER), notes=())

    def run(self, on_progress: Callable[[float], None] = lambda share: None) -> Expanded:
        """Expand the file; raises RefusedFile if it cannot be read."""
        run = partial(self._run, on_progress)
        staged = self._staging.fill(self._connection, run)
        self._lock()
        path = self.folder / "expanded.parquet"
        self._expand(path, run)
        rows = read_parquet(path)
        if self._scalar(f"select count(*) from {rows} where line_number is null"):
            raise RefusedFile(
                f"cannot be read with {self.query.name}: it returns rows without line_number; "
                "return the line_number of source"
            )
        kept, ignored = "true", {}
        if self.source.kept_event_types is not None:
            types = ", ".join(quoted(name.lower()) for name in self.source.kept_event_types)
            kept = f"coalesce({_TYPE} in ({types}), true)" if types else f"{_TYPE} is null"
            ignored = dict(
                self._connection.execute(
                    f"select {_TYPE}, count(*) from {rows} where not ({kept}) "
                    "group by 1 order by 2 desc, 1"
                ).fetchall()
            )
        rejects, rejected = self._rejects(staged, rows)
        columns = [*self._columns, LINE_NUMBER]
        texts = ", ".join(f"cast({name} as varchar) as c{n}" for n, name in enumerate(columns))
        relation = f"(select {texts}, line_number from {rows} where {kept})"
        total = self._scalar(f"select count(*) from {rows} where {kept}")
        return Expanded(relation, total, rejects, rejected, ignored)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _expand(self, path: Path, run: Callable[[str], None]) -> None:
        event_type = "cast(event_type as varchar)"
        if "event_type" not in self._columns:
            event_type = quoted(str(self.source.constants["event_type"]))
        named = event_type_of(event_type, DUCKDB.trimmed(event_type), self.source, DUCKDB)
        sql = (
            f"copy (select {', '.join(self._columns)}, cast(line_number as bigint) as line_number, "
            f"{named} as {_TYPE} {select(self.query)}) to {quoted(str(path))} (format parquet)"
        )
        try:
            try:
                run(sql)
            except duckdb.InvalidInputException as error:
                if "Malformed JSON" not in str(error) or self._staging.reads != "json":
                    raise
                self._staging.check_records(self._connection)
                run(sql)
        except (duckdb.OutOfMemoryException, duckdb.InternalException, duckdb.FatalException):
            raise
        except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
            raise RefusedFile(failure(self.query, error)) from error
        except (duckdb.OutOfRangeException, duckdb.PermissionException) as error:
            raise RefusedFile(failure(self.query, error)) from error

    def _rejects(self, staged: Staged, rows: str) -> tuple[str, int]:
        """The records that are no records or give no row."""
        path = self.folder / "rejected.parquet"
        given = self._scalar(f"select count(distinct line_number) from {rows}")
        parts = [f"select line_number, line_text, reason from {staged.rejects}"]
        if staged.rejects is None:
            parts = ["select 0 as line_number, '' as line_text, '' as reason where false"]
        if given < staged.records:
            table = "source" if self.file.format == "parquet" else "numbered"
            number = LINE_NUMBER if table == "source" else f"{LINE_NUMBER}_"
            none = quoted(f"{self.query.name} returns no row for this record")
            reason = none
            if self._staging.reads == "json" and table == "numbered":
                reason = (
                    f"case when nullif(trim(line), '') is null then '{BLANK}' "
                    "when not json_valid(line) then 'not JSON' "
                    f"when json_type(line) <> 'OBJECT' then 'not a JSON object' else {none} end"
                )
            parts.append(
                f"select {number}, left({staged.text}, {MAX_TEXT}), {reason} from {table} "
                f"anti join (select distinct line_number as {number} from {rows}) as given "
                f"using ({number})"
            )
        union = " union all ".join(parts)
        self._connection.execute(
            f"copy (select cast(line_number as bigint) as line_number, line_text, reason "
            f"from ({union}) where reason <> '{BLANK}') to {quoted(str(path))} (format parquet)"
        )
        relation = read_parquet(path)
        return relation, self._scalar(f"select count(*) from {relation}")

    def _run(self, on_progress: Callable[[float], None], sql: str) -> None:
        execute_watched(self._connection, sql, None, on_progress)

    def _scalar(self, sql: str) -> int:
        row = self._connection.execute(sql).fetchone()
        return int(row[0] or 0) if row else 0

    def _connect(self, settings: Settings) -> duckdb.DuckDBPyConnection:
        spill = self.folder / "spill"
        shutil.rmtree(spill, ignore_errors=True)
        connection = duckdb.connect(
            config={
                "memory_limit": settings.memory_limit,
                "temp_directory": str(spill),
                "threads": settings.threads or os.cpu_count() or 1,
            }
        )
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set enable_progress_bar = true")
        connection.execute("set enable_progress_bar_print = false")
        return connection

    def _lock(self) -> None:
        """From now on, the connection reads this file and its own folder only."""
        self._connection.execute("set preserve_insertion_order = false")
        self._connection.execute("set allowed_paths = $paths", {"paths": [str(self.file.path)]})
        self._connection.execute(
            "set allowed_directories = $folders", {"folders": [f"{self.folder}/"]}
        )
        self._connection.execute("set enable_external_access = false")
        self._connection.execute("set lock_configuration = true")


def keys_of(file: LandedFile, source: Source) -> list[str]:
    """The keys of a JSON file's first records, in the order in which they first occur."""
    keys: dict[str, None] = {}
    for record in sample_of(file, source):
        keys |= dict.fromkeys(record)
    return list(keys)


def sample_of(file: LandedFile, source: Source) -> list[dict[str, Any]]:
    """The first valid records of a JSON file."""
    import json

    form = form_of_json(file, source)
    found: list[dict[str, Any]] = []
    with open_bytes(file, source.codec) as stream:
        if form == "nd":
            for _ in range(_SAMPLE):
                if not (line := stream.readline(1 << 24)):
                    break
                with suppress(ValueError, RecursionError):
                    found.append(json.loads(line.decode("utf-8-sig")))
            return [record for record in found if isinstance(record, dict)]
        text = stream.read(1 << 22).decode("utf-8-sig", errors="replace").lstrip()
    at, decoder = int(form == "array"), json.JSONDecoder()
    with suppress(ValueError, RecursionError):
        while len(found) < _SAMPLE:
            at += len(text[at:]) - len(text[at:].lstrip(" \t\r\n,"))
            record, at = decoder.raw_decode(text, at)
            found.append(record)
    return [record for record in found if isinstance(record, dict)]


def _check_keys(file: LandedFile, source: Source, query: Query) -> None:
    """Refuse a JSON file without the keys that the source requires."""
    keys = keys_of(file, source)
    if keys and (missing := [key for key in query.required if key not in keys]):
        raise RefusedFile(wrong_source(query, missing, keys))


def _flat_query(file: LandedFile, source: Source) -> Query:
    """The query of a JSON file whose keys are mapped to our columns by name."""
    if file.format != "json":
        raise RefusedFile("needs no expansion")
    keys = keys_of(file, source)
    if not keys:
        raise RefusedFile("has no JSON object in its first lines; `estore inspect` shows it")
    try:
        header = match_columns(keys, source)
    except RefusedFile as error:
        raise RefusedFile(
            f"{shortened(str(error), 600)}; or name a preset: `estore inspect` shows which fits"
        ) from error
    paths = ", ".join(
        quoted("/" + header.source_name(name).replace("~", "~0").replace("/", "~1"))
        for name in header.ours
    )
    fields = ", ".join(f"fields[{n}] as {name}" for n, name in enumerate(header.ours, start=1))
    return Query(
        "its keys",
        f"select line_number, {fields} from (select line_number, "
        f"json_extract_string(record, [{paths}]) as fields from source)",
        "json",
    )
