"""BigQuery intake: loads a file through a table of its own.
A load job loads the rows as text; one statement types them into the file's own table and counts
them. The loader's transaction then inserts from there, so readers never see a partial load.
"""

import hashlib
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import IO, Any

import duckdb
from google.api_core.exceptions import BadRequest, Conflict, NotFound
from google.cloud import bigquery

from estore import clock
from estore.buckets import open_store, split_uri
from estore.errors import CHANGED, RefusedFile
from estore.landing import LandedFile, landed_file
from estore.load import event_types
from estore.load.content import Content, Text, check_kind, read_content
from estore.load.expansion import Expansion
from estore.load.header import Header, check_format, parquet_header, read_csv_header
from estore.load.intake.base import Intake, NotWellFormed, blank_note, twice_note
from estore.load.intake.load_jobs import as_text, csv_config, parquet_config
from estore.load.intake.transfer import listed, object_stream, plain, said
from estore.load.repair import BLANK, repair
from estore.load.rows import AHEAD, rejects_relation, repaired_relation, twice, typed_rows
from estore.warehouse.bigquery import BigQueryWarehouse
from estore.warehouse.dialect import BIGQUERY
from estore.warehouse.error_messages import advice
from estore.warehouse.quoting import quoted
from estore.warehouse.raw_events import RAW_COLUMNS

#: The first bytes of an object, which contain its header.
_HEAD = 1 << 20
#: Largest compressed object that a load job accepts.
_LARGEST_GZIP = 4 << 30
#: What a load job writes instead of bytes that are not text.
_NO_TEXT = "\ufffd"


@dataclass
class _Counted:
    """The counts of a file's typed table."""

    loaded: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    days: dict[date, int] = field(default_factory=dict)
    damaged: int = 0
    blank: int = 0
    others: int = 0  # loaded rows of unknown event types
    first_ahead: datetime | None = None  # among the rows rejected as too far in the future

    @property
    def rejected(self) -> int:
        return sum(self.reasons.values())


class BigQueryIntake(Intake):
    """BigQuery reads Cloud Storage objects itself; other files are sent to it."""

    reads_here = False
    warehouse: BigQueryWarehouse

    @cached_property
    def _client(self) -> bigquery.Client:
        return self.warehouse.client

    @cached_property
    def _name(self) -> str:
        """The name of the load job and tables; equal for the same content, path and settings."""
        identity = "|".join(
            (
                self.warehouse.dataset,
                self.file.uri,
                self.file.generation,
                self.source.delimiter,
                self.source.encoding,
                self.source.query.identity if self.source.query else "",
            )
        )
        return f"load_{hashlib.sha256(identity.encode()).hexdigest()[:24]}"

    @property
    def _is_in_reach(self) -> bool:
        """Whether a load job can read the file in place."""
        return (
            self.file.uri.startswith("gs://")
            and self.file.compression != "zstd"
            and self.source.codec == "utf-8"
        )

    def content(self) -> Content:
        """An object's identity: Cloud Storage's checksum and its size."""
        if not self.file.is_object:
            return read_content(self.file)
        scheme, bucket, key = split_uri(self.file.uri)
        if scheme != "gs":
            raise RefusedFile("is in S3, which BigQuery cannot load from; copy it to gs://")
        if checksum := open_store("gs").checksum(bucket, key):
            return Content(f"{checksum}-{self.file.bytes}", None)
        return Content(f"generation:{self.file.uri}#{self.file.generation}", None)

    def is_still(self) -> bool:
        """Whether the object is unchanged; a load job reads its current content."""
        if not self.file.is_object:
            return landed_file(self.file.path).generation == self.file.generation
        _, bucket, key = split_uri(self.file.uri)
        found = open_store("gs").find(bucket, key)
        return found is not None and found.generation == self.file.generation

    def header(self) -> Header:
        check_format(self.file)
        if self.file.compression == "gzip" and self.file.bytes > _LARGEST_GZIP:
            raise RefusedFile(
                "is larger than 4 GB compressed, which BigQuery does not load; split it or "
                "uncompress it"
            )
        if self.is_expanded:
            check_kind(self._local)
            return self._expansion.header()
        head = self._head()
        check_kind(head)
        if self.file.format == "csv":
            return read_csv_header(head, self.source)
        return parquet_header([(name, kind) for name, kind in self._parquet[0]], self.source)

    def insert_csv(self, file_id: int, header: Header, text: Callable[[], Text]) -> tuple[int, int]:
        """Load the fast way. A line break in a field fails the job, so every line is a row."""
        if header.is_odd:
            raise NotWellFormed
        try:
            self._load(csv_config(_columns(header), header.delimiter, skip=int(header.has_line)))
        except BadRequest as error:
            self._raise_if_general(error)
            raise NotWellFormed from error
        return self._typed(file_id, header, f"`{self._table()}`", is_checked=True)

    @cached_property
    def _local(self) -> LandedFile:
        """The file on this machine, until the load of the file ends."""
        if not self.file.is_object:
            return self.file
        self.scratch.mkdir(parents=True, exist_ok=True)
        path = self.scratch / "object"
        bucket, entry = listed(self.file)
        open_store("gs").download(bucket, entry, path, lambda done: self.on_progress(done, 0))
        return replace(self.file, copy=path)

    @cached_property
    def _expansion(self) -> Expansion:
        return self.open_expansion(self._local)

    def insert_expanded(self, file_id: int, header: Header) -> tuple[int, int]:
        """Expand the file on this machine and send the rows."""
        expanded = self._expansion.run()
        self._expansion.close()
        self.ignored = expanded.ignored
        self._send_rows(
            expanded.relation, ["cast(line_number as varchar) as line_number", *_columns(header)],
            "_repaired",
        )  # fmt: skip
        self._send_rows(
            expanded.rejects,
            ["cast(line_number as varchar) as line_number", "line_text", "reason"],
            "_rejects",
        )
        lines, loaded = self._typed(
            file_id, header, f"`{self._table('_repaired')}`",
            line_number="cast(line_number as int64)",
            refused=self._table("_rejects"),
        )  # fmt: skip
        self._note(header, f"`{self._table('_repaired')}`", 0)
        return lines + sum(self.ignored.values()), loaded

    def insert_parquet(self, file_id: int, header: Header) -> tuple[int, int]:
        try:
            self._load(parquet_config(self._parquet[0]))
        except BadRequest as error:
            self._raise_if_general(error)
            raise RefusedFile(f"is damaged: {said(error)}; export it again") from error
        kinds, lines = self._parquet
        texts = ", ".join(
            f"{as_text(f'`{name}`', kind)} as c{position}"
            for position, (name, kind) in enumerate(kinds)
        )
        rows, loaded = self._typed(file_id, header, f"(select {texts} from `{self._table()}`)")
        if self.counted.damaged and header.binary:
            raise RefusedFile(
                f"stores {', '.join(map(header.source_name, header.binary))} as bytes that are not "
                "UTF-8 text"
            )
        came = rows + self.counted.blank
        if came != lines:
            raise RefusedFile(f"does not add up: it has {lines} rows, but {came} were loaded")
        return rows, loaded

    def insert_repaired(self, file_id: int, header: Header) -> tuple[int, int]:
        """Load the careful way, through this machine."""
        with self._here() as here:
            repaired = repair(self.in_utf8(here), header, self.scratch)
            rows = repaired_relation(repaired.path, header)
            self._send_rows(rows, ["line_number", *_columns(header)], "_repaired")
            rows = rejects_relation(repaired.rejects)
            self._send_rows(rows, ["line_number", "line_text", "reason"], "_rejects")
        lines, loaded = self._typed(
            file_id, header, f"`{self._table('_repaired')}`",
            line_number="cast(line_number as int64)",
            refused=self._table("_rejects"),
        )  # fmt: skip
        came = lines + self.counted.blank
        if came != repaired.records:
            raise RefusedFile(
                f"does not add up: {repaired.records} records, but {came} were loaded"
            )
        self._note(header, f"`{self._table('_repaired')}`", repaired.blank)
        return lines, loaded

    def rejected(self, file_id: int) -> int:
        return self.counted.rejected

    def reasons(self, file_id: int) -> dict[str, int]:
        return dict(sorted(self.counted.reasons.items(), key=lambda item: (-item[1], item[0])))

    def first_rejected(self, file_id: int, kind: str) -> tuple[str, str]:
        ((reason, text),) = self.warehouse.select(
            f"select reason, coalesce(line_text, '') from `{self._table('_typed')}` "
            f"where starts_with(reason, {BIGQUERY.quoted(kind)}) order by line_number limit 1"
        )
        return reason, text

    def other_event_types(self, file_id: int) -> str | None:
        if not self.counted.others:
            return None
        rows = self.warehouse.select(
            f"select event_type, count(*) as row_count from `{self._table('_typed')}` "
            f"where reason is null and event_type not in {event_types.OURS} group by event_type "
            f"order by row_count desc, event_type limit {event_types.NAMED}"
        )
        return event_types.kept(((name, count) for name, count in rows), self.counted.others)

    def recheck_at(self, file_id: int) -> datetime | None:
        first = self.counted.first_ahead
        return first.replace(tzinfo=None) - clock.AHEAD if first else None

    def note_days(self, file_id: int) -> None:
        if self.counted.days:
            self.connection.executemany(
                "insert into raw.file_days values (?, ?, ?)",
                [[file_id, day, count] for day, count in sorted(self.counted.days.items())],
            )

    # ------------------------------------------------------------------ how

    def _raise_if_general(self, error: BadRequest) -> None:
        """Raise errors that affect every file, such as a bucket in another location."""
        if advice(str(error), self.warehouse.settings):
            raise error

    def _typed(
        self, file_id: int, header: Header, relation: str, *, line_number: str = "null",
        refused: str | None = None, is_checked: bool = False,
    ) -> tuple[int, int]:  # fmt: skip
        """Type the staged rows, count them, and insert them at the transaction's end."""
        rows = typed_rows(relation, header, self.source, line_number=line_number, dialect=BIGQUERY)
        columns = ", ".join(RAW_COLUMNS)
        if refused:
            nothing = ", ".join("null" for _ in RAW_COLUMNS)
            rows = (
                f"select * from ({rows}) union all select {nothing}, "
                f"cast(line_number as int64), line_text, reason from `{refused}`"
            )
        typed = self._table("_typed")
        self.warehouse.run(
            f"create or replace table `{typed}` {_EXPIRING} as select {columns}, "
            "cast(line_number as int64) as line_number, "
            f"case when reason is not null then line_text end as line_text, reason from ({rows})"
        )
        self.counted = self._count(typed)
        if is_checked and self.counted.damaged:
            raise NotWellFormed
        self._note(header, relation, 0)
        self.warehouse.staged[file_id] = typed
        self.warehouse.later(
            f"insert into raw.events (file_id, {columns}) "
            f"select {file_id}, {columns} from `{typed}` where reason is null;"
        )
        if self.counted.rejected:
            self.warehouse.later(
                "insert into raw.rejects (file_id, uri, line_number, line_text, reason) "
                f"select {file_id}, {BIGQUERY.quoted(self.file.uri)}, line_number, line_text, "
                f"reason from `{typed}` where reason <> '{BLANK}';"
            )
        return self.counted.loaded + self.counted.rejected, self.counted.loaded

    def _note(self, header: Header, relation: str, blank: int) -> None:
        """Count the typed rows. blank: rows left out before."""
        blank += self.counted.blank
        self.notes = [blank_note(blank)] if blank else []
        days = [datetime.combine(day, time()) for day in self.counted.days]
        if not days:
            return
        is_twice = twice(
            header, self.source, min(days) - timedelta(1), max(days) + timedelta(2), BIGQUERY
        )
        if is_twice:
            ((count,),) = self.warehouse.select(f"select countif({is_twice}) from {relation}")
            self.notes += [twice_note(count, self.source)] if count else []

    def _count(self, typed: str) -> _Counted:
        texts = ", ".join(
            f"coalesce({column}, '')"
            for column in (*RAW_COLUMNS, "line_text")
            if column not in ("event_time", "price", "quantity")
        )
        counted = _Counted()
        for kind, day, count, damaged, others, first in self.warehouse.select(
            f"""
            select kind, event_date, count(*), countif(is_damaged), countif(is_other),
                min(event_time)
            from (
                select
                    event_time, reason is null and event_type not in {event_types.OURS} as is_other,
                    regexp_extract(reason, '^[^:]*') as kind,
                    case when reason is null then date(event_time) end as event_date,
                    strpos(concat({texts}), '{_NO_TEXT}') > 0 as is_damaged
                from `{typed}`
            )
            group by kind, event_date
            """
        ):
            counted.damaged += damaged
            counted.others += others
            if kind == AHEAD:
                counted.first_ahead = first
            if kind is None:
                counted.loaded += count
                counted.days[day] = count
            elif kind == BLANK:
                counted.blank = count
            else:
                counted.reasons[kind] = count
        return counted

    def _table(self, ending: str = "") -> str:
        return f"{self.warehouse.table('raw', self._name + ending)}"

    def _load(self, config: bigquery.LoadJobConfig) -> None:
        """Load the file as it is."""
        if not self._is_in_reach:
            with self._here() as here, plain(self.in_utf8(here), self.scratch) as stream:
                self._send(stream, config, "")
            return
        try:
            self._end(self._load_job(config))
        except NotFound:
            if self.is_still():
                raise
            raise RefusedFile(CHANGED) from None

    def _load_job(self, config: bigquery.LoadJobConfig) -> Any:
        """The job that loads the object, started now or by an earlier run that did not end."""
        attempts = itertools.count()
        while True:
            job_id = f"estore_{self._name}_{next(attempts)}"
            try:
                return self._client.load_table_from_uri(
                    self.file.uri, self._table(), job_id=job_id, job_config=config
                )
            except Conflict:
                job: Any = self._client.get_job(job_id, location=self.warehouse.settings.location)
                if not job.done() or (not job.error_result and self._is_there()):
                    return job

    def _is_there(self) -> bool:
        try:
            self._client.get_table(self._table())
        except NotFound:
            return False
        return True

    def _send(self, stream: IO[bytes], config: bigquery.LoadJobConfig, ending: str) -> None:
        self._end(self._client.load_table_from_file(stream, self._table(ending), job_config=config))

    def _send_rows(self, relation: str, columns: list[str], ending: str) -> None:
        """Rows of text as Parquet, so two CSV readers cannot disagree."""
        path = self.scratch / f"rows{ending}.parquet"
        with duckdb.connect() as connection:
            connection.execute(
                f"copy (select {', '.join(columns)} from {relation}) "
                f"to {quoted(str(path))} (format parquet)"
            )
        names = [name.rpartition(" ")[2] for name in columns]
        with path.open("rb") as stream:
            self._send(stream, parquet_config([(name, "VARCHAR") for name in names]), ending)

    def _end(self, job: Any) -> None:
        job.result()
        found = self._client.get_table(job.destination)
        found.expires = _tomorrow()
        self._client.update_table(found, ["expires"])

    def _head(self) -> LandedFile:
        """The file, or a copy of an object's first bytes."""
        if not self.file.is_object:
            return self.file
        self.scratch.mkdir(parents=True, exist_ok=True)
        path = self.scratch / "head"
        path.write_bytes(open_store("gs").start(*listed(self.file), _HEAD))
        return replace(self.file, copy=path)

    @contextmanager
    def _here(self) -> Iterator[LandedFile]:
        """The file on this machine, while it is needed."""
        if not self.file.is_object:
            yield self.file
            return
        self.scratch.mkdir(parents=True, exist_ok=True)
        path = self.scratch / "object"
        bucket, entry = listed(self.file)
        open_store("gs").download(bucket, entry, path, lambda done: self.on_progress(done, 0))
        try:
            yield replace(self.file, copy=path)
        finally:
            path.unlink()

    @cached_property
    def _parquet(self) -> tuple[list[tuple[str, str]], int]:
        """(name, DuckDB type) of each column, and the number of rows."""
        from pyarrow import lib, parquet

        try:
            with (
                object_stream(self.file)
                if self.file.is_object
                else self.file.path.open("rb") as stream
            ):
                table = parquet.ParquetFile(stream)
                empty, rows = table.schema_arrow.empty_table(), table.metadata.num_rows
        except lib.ArrowException as error:
            raise RefusedFile(f"is not a Parquet file: {said(error)}; export it again") from error
        with duckdb.connect() as connection:
            connection.register("empty", empty)
            described = connection.execute("describe empty").fetchall()
        return [(name, kind) for name, kind, *_ in described], rows


_EXPIRING = "options (expiration_timestamp = timestamp_add(current_timestamp(), interval 1 day))"


def _tomorrow() -> Any:
    from datetime import UTC, datetime, timedelta

    return datetime.now(UTC) + timedelta(days=1)


def _columns(header: Header) -> list[str]:
    return [f"c{position}" for position in range(len(header.names))]
