"""BigQuery: rows in datasets NAME_raw, NAME_marts …; the control tables mirrored in memory for
as long as
a command runs, and written back with the rows in one script, which is one transaction.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
from google.api_core.exceptions import BadRequest, NotFound
from google.cloud import bigquery

from estore.errors import EstoreError, NothingLoaded
from estore.settings import Settings, bigquery_emulator
from estore.warehouse import bigquery_people
from estore.warehouse.base import BUILT, Warehouse
from estore.warehouse.control_tables import GROWN, NEW, ControlTables, Table
from estore.warehouse.dialect import BIGQUERY
from estore.warehouse.error_messages import reporting
from estore.warehouse.raw_events import KNOWN_CUSTOMERS, RAW_COLUMNS, bigquery_ddl

LABELS = {"app": "estore"}
#: Seconds without a byte after which a request counts as lost and is sent again.
_SILENCE = 300
#: Datasets by schema; each is created when first needed.
SCHEMAS = ("raw", "build", *BUILT, "snapshots")
#: Text, comments and quoted names, or a schema before a table.
_TOKENS = re.compile(
    r"""'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.)*"|`[^`]*`|(?:--|\#)[^\n]*|/\*.*?\*/"""
    rf"|(?<![\w.$@])(?P<schema>{'|'.join(SCHEMAS)})\.(?P<table>\w+)"
    r"|\$(?P<parameter>[a-z_]\w*)",
    re.DOTALL,
)
_TYPES = {bool: "BOOL", int: "INT64", float: "FLOAT64", str: "STRING", Decimal: "NUMERIC",
          datetime: "TIMESTAMP", date: "DATE"}  # fmt: skip
#: DuckDB types of computed tables.
_KINDS = {"bigint": "INT64", "double": "FLOAT64", "date": "DATE"}

_open: dict[str, "BigQueryWarehouse"] = {}


@contextmanager
def open_bigquery(settings: Settings, *, for_writing: bool = True) -> Iterator["BigQueryWarehouse"]:
    """The datasets with their raw tables; reused if they are already open.

    Raises EstoreError with the fix if settings, credentials or permissions are missing.
    """
    name = settings.bigquery or ""
    if name in _open:
        yield _open[name]
        return
    with reporting(settings):
        warehouse = BigQueryWarehouse(settings)
        warehouse.connect(for_writing=for_writing)
    _open[name] = warehouse
    try:
        with reporting(settings):
            yield warehouse
    finally:
        del _open[name]
        warehouse.close()


class BigQueryWarehouse(Warehouse):
    """The client; every job has the labels and the limit on bytes."""

    name = "bigquery"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.project, self.dataset = split_name(settings)
        self.client = _client(settings, self.project)
        self._pending: list[str] | None = None
        #: Files of this transaction whose typed rows are in a table of their own.
        self.staged: dict[int, str] = {}

    @cached_property
    def _control_tables(self) -> ControlTables:
        return ControlTables()

    @property
    def control_tables(self) -> duckdb.DuckDBPyConnection:  # type: ignore[override]
        return self._control_tables.connection

    def connect(self, *, for_writing: bool) -> None:
        """Read the control tables; create missing ones if opened for writing."""
        try:
            self._read_control_tables(for_writing=for_writing)
        except NotFound:
            if not for_writing:
                raise NothingLoaded(
                    f"{self.project}.{self.dataset}: nothing loaded yet; start with "
                    "`estore run gs://BUCKET/FOLDER/`"
                ) from None
            self._create()
            self._read_control_tables(for_writing=True)

    def close(self) -> None:
        """Close the client's connections."""
        self._control_tables.connection.close()
        self.client.close()  # type: ignore[no-untyped-call]

    def _create(self) -> None:
        for schema in ("raw", "build"):
            self._create_dataset(schema)
        self.run(bigquery_ddl() + self._control_tables.ddl())

    def _create_dataset(self, schema: str) -> None:
        found = bigquery.Dataset(f"{self.project}.{self.dataset}_{schema}")
        found.location = self.settings.location
        found.labels = LABELS
        self.client.create_dataset(found, exists_ok=True)

    def _read_control_tables(self, *, for_writing: bool) -> None:
        """Read the state first: a commit detects a revision changed by another writer."""
        for table in self._control_tables.tables:
            reference = bigquery.TableReference.from_string(self._id(*table.full_name.split(".")))
            if table.full_name in NEW and not for_writing and not self._exists(reference):
                self._control_tables.fill(table, [])
                continue
            missing = self._missing_columns(table, reference)
            if missing and for_writing:
                added = (
                    f"add column if not exists {name} {table.columns[name]}" for name in missing
                )
                self.run(f"alter table {table.full_name} {', '.join(added)}")
            fields = [
                bigquery.SchemaField(name, kind)
                for name, kind in table.columns.items()
                if name not in missing
            ]
            rows = self.client.list_rows(reference, selected_fields=fields)
            nothing = [None] * len(missing)  # they come last
            self._control_tables.fill(table, [(*row.values(), *nothing) for row in rows])
        self._control_tables.keep()

    def _missing_columns(self, table: Table, reference: bigquery.TableReference) -> list[str]:
        """Columns missing in datasets of earlier versions."""
        if table.full_name not in GROWN:
            return []
        present = {field.name for field in self.client.get_table(reference).schema}
        return [name for name in table.columns if name not in present]

    # ------------------------------------------------------------------ statements

    def run(self, sql: str, *, job_id: str | None = None, **parameters: Any) -> Any:
        """Run SQL as one job and return its rows."""
        job = self.client.query(
            self.translated(sql),
            job_config=bigquery.QueryJobConfig(query_parameters=_parameters(parameters)),
            job_id=job_id,
        )
        return job.result()

    def select(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        return [
            tuple(_plain(value) for value in row.values()) for row in self.run(sql, **parameters)
        ]

    def translated(self, sql: str) -> str:
        """Translate schema.table to the dataset and $name to @name; text and comments stay."""

        def name(found: re.Match[str]) -> str:
            if found["schema"]:
                return f"`{self._id(found['schema'], found['table'])}`"
            return f"@{found['parameter']}" if found["parameter"] else found[0]

        return _TOKENS.sub(name, sql)

    def _id(self, schema: str, table: str) -> str:
        return f"{self.project}.{self.dataset}_{schema}.{table}"

    def table(self, schema: str, table: str) -> bigquery.TableReference:
        """The client's name of a table."""
        return bigquery.TableReference.from_string(self._id(schema, table))

    # ------------------------------------------------------------------ control tables and rows

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One script at the end makes all changes, or none."""
        self.control_tables.execute("begin")
        self._pending = []
        try:
            yield
            self._commit()
        except BaseException:
            self.control_tables.execute("rollback")
            raise
        finally:
            self._pending = None
            staged, self.staged = self.staged, {}
        self.control_tables.execute("commit")
        self._control_tables.keep()
        for table in staged.values():
            self.client.delete_table(table, not_found_ok=True)

    def later(self, statement: str) -> None:
        """Add a statement to run at the end of the transaction."""
        if self._pending is None:
            raise RuntimeError("rows can only be changed in a transaction")
        self._pending.append(statement)

    def _commit(self) -> None:
        if not self._pending and not self._control_tables.is_changed():
            return
        statements = [*(self._pending or ()), *self._control_tables.changes()]
        script = [
            "begin transaction;",
            self._control_tables.check(),
            *statements,
            "commit transaction;",
        ]
        try:
            self.run("\n".join(script))
        except BadRequest:
            if not self._is_committed():
                raise

    def _is_committed(self) -> bool:
        """Whether a script that was sent twice, because its answer was lost, has succeeded."""
        found = self.select("select value from build.state where name = 'revision'")
        return found == [(self._control_tables.revision,)]

    def partitions(self, file_ids: Sequence[int]) -> str:
        """The partitions of files as SQL."""
        listed = ", ".join(map(str, file_ids))
        first, last = self.control_tables.execute(
            "select min(event_date), max(event_date) + interval 1 day from raw.file_days "
            f"where file_id in ({listed})"
        ).fetchone() or (None, None)
        if first is None:
            return "false"
        return (
            f"event_time >= timestamp '{first} 00:00:00+00' "
            f"and event_time < timestamp '{last:%Y-%m-%d} 00:00:00+00'"
        )

    def remove_rows(self, file_id: int) -> None:
        self.later(
            f"delete from raw.events where file_id = {file_id} and {self.partitions([file_id])};"
        )
        self.later(f"delete from raw.rejects where file_id = {file_id};")

    def people_among(self, file_id: int, key: str, hashes: Sequence[str]) -> list[str]:
        return bigquery_people.people_among(self, file_id, key, hashes)

    def remove_people(
        self, ids: Sequence[str], file_id: int | None = None
    ) -> list[tuple[int, date | None, int]]:
        return bigquery_people.remove_people(self, ids, file_id)

    def hand_over_rows(self, file_id: int, successor_id: int, successor_uri: str) -> None:
        self.later(
            f"update raw.events set file_id = {successor_id} "
            f"where file_id = {file_id} and {self.partitions([file_id])};"
        )
        uri = BIGQUERY.quoted(successor_uri)
        self.later(
            f"update raw.rejects set file_id = {successor_id}, uri = {uri} "
            f"where file_id = {file_id};"
        )

    def replace_known_customers(self, path: Path) -> None:
        config = bigquery.LoadJobConfig(
            source_format="PARQUET",
            write_disposition="WRITE_TRUNCATE",
            schema=[
                bigquery.SchemaField(column.name, column.bigquery.upper())
                for column in KNOWN_CUSTOMERS
            ],
        )
        with path.open("rb") as stream:
            self.client.load_table_from_file(
                stream, self.table("raw", "known_customers"), job_config=config
            ).result()

    def fingerprints(self, file_ids: Sequence[int]) -> dict[int, tuple[Any, ...]]:
        columns = ", ".join(RAW_COLUMNS)
        held = [file_id for file_id in file_ids if file_id not in self.staged]
        parts = []
        for file_id, table in self.staged.items():
            parts.append(
                f"select {file_id} as file_id, {columns}, line_text, reason from `{table}`"
            )
        if held:
            listed = ", ".join(map(str, held))
            nothing = "cast(null as string) as line_text, cast(null as string) as reason"
            parts.append(
                f"select file_id, {columns}, {nothing} from raw.events "
                f"where file_id in ({listed}) and {self.partitions(held)}"
            )
            empty = ", ".join(f"null as {column}" for column in RAW_COLUMNS)
            parts.append(
                f"select file_id, {empty}, line_text, reason from raw.rejects "
                f"where file_id in ({listed})"
            )
        row = f"to_json_string(struct({columns}))"
        line = (
            "(select string_agg(field, ',' order by field) "
            "from unnest(split(line_text, ',')) as field)"
        )
        rows = self.select(
            f"""
            select
                file_id, count(*), cast(sum(cast(row_hash as bignumeric)) as string),
                bit_xor(row_hash)
            from (
                select
                    file_id,
                    farm_fingerprint(case when reason is null then {row} else {line} end)
                        as row_hash
                from ({" union all ".join(parts)})
            )
            group by file_id
            """
        )
        return {file_id: tuple(rest) for file_id, *rest in rows}

    # ------------------------------------------------------------------ what is built

    def has_table(self, schema: str, table: str) -> bool:
        return self._exists(self.table(schema, table))

    def _exists(self, reference: bigquery.TableReference) -> bool:
        try:
            self.client.get_table(reference)
        except NotFound:
            return False
        return True

    def drop_built(self) -> None:
        for schema in BUILT:
            self.client.delete_dataset(
                f"{self.project}.{self.dataset}_{schema}", delete_contents=True, not_found_ok=True
            )

    def forget_batch(self) -> None:
        for found in self.client.list_tables(f"{self.project}.{self.dataset}_intermediate"):
            if found.table_id.startswith("int_batch_"):
                self.client.delete_table(found, not_found_ok=True)

    def snapshot_tables(self) -> list[tuple[str, str]]:
        return sorted(
            (schema, found.table_id)
            for schema in ("metrics", "dashboard")
            for found in self.client.list_tables(f"{self.project}.{self.dataset}_{schema}")
            if found.table_type == "TABLE"
        )

    def count(self, table: str) -> int:
        return int(self.client.get_table(self.table(*table.split("."))).num_rows or 0)

    def export(self, query: str, path: Path) -> int:
        from estore.warehouse.parquet import write_parquet

        whole = re.fullmatch(r"select \* from (\w+)\.(\w+)", query)
        if whole and f"{whole[1]}.{whole[2]}" in self._control_tables.names:
            return self._control_tables.export(query, path)
        if whole:  # read in place: no query, no cost
            found = self.client.get_table(self.table(whole[1], whole[2]))
            if found.table_type == "TABLE":
                return write_parquet(self.client.list_rows(found), path)
        return write_parquet(self.run(query), path)

    def replace_table(
        self, schema: str, table: str, columns: Mapping[str, str], path: Path
    ) -> None:
        self._create_dataset(schema)
        config = bigquery.LoadJobConfig(
            source_format="PARQUET",
            write_disposition="WRITE_TRUNCATE",
            labels=LABELS,
            schema=[bigquery.SchemaField(name, _KINDS[kind]) for name, kind in columns.items()],
        )
        with path.open("rb") as stream:
            self.client.load_table_from_file(
                stream, self.table(schema, table), job_config=config
            ).result()


def ask(settings: Settings, sql: str, **parameters: Any) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Columns and rows of one query; raises EstoreError for SQL that is wrong or writes."""
    with reporting(settings):
        warehouse = BigQueryWarehouse(settings)
        dry_run = warehouse.client.query(
            warehouse.translated(sql),
            job_config=bigquery.QueryJobConfig(
                query_parameters=_parameters(parameters), dry_run=True
            ),
        )
        if dry_run.statement_type not in ("SELECT", None):
            raise EstoreError(
                f"only a SELECT is allowed, not {dry_run.statement_type}; nothing was run"
            )
        found = warehouse.run(sql, **parameters)
        columns = [column.name for column in found.schema]
        return columns, [tuple(_plain(value) for value in row.values()) for row in found]


def split_name(settings: Settings) -> tuple[str, str]:
    """ESTORE_BIGQUERY as (project, dataset)."""
    found = re.fullmatch(r"([a-z][a-z0-9:.-]{4,}[a-z0-9])\.(\w{1,1000})", settings.bigquery or "")
    if not found:
        raise EstoreError(
            f"ESTORE_BIGQUERY is {settings.bigquery or 'not set'}; with ESTORE_TARGET=bigquery it "
            "must be PROJECT.DATASET, e.g. my-project.estore"
        )
    return found[1], found[2]


def _client(settings: Settings, project: str) -> bigquery.Client:
    """Application-default credentials; an emulator needs none."""
    options: dict[str, Any] = {}
    if emulator := bigquery_emulator():
        from google.auth.credentials import AnonymousCredentials

        options = {
            "credentials": AnonymousCredentials(),  # type: ignore[no-untyped-call]
            "client_options": {"api_endpoint": emulator},
        }
    bound = settings.max_bytes_billed
    client = bigquery.Client(
        project=project,
        location=settings.location,
        default_query_job_config=bigquery.QueryJobConfig(
            labels=LABELS, **({"maximum_bytes_billed": bound} if bound else {})
        ),
        default_load_job_config=bigquery.LoadJobConfig(labels=LABELS),
        **options,
    )
    _bound_waiting(client)
    return client


def _bound_waiting(client: bigquery.Client) -> None:
    """Adds a timeout: the library would wait forever for an answer lost by a broken network."""
    request = client._http.request

    def bounded(*arguments: Any, timeout: Any = None, **options: Any) -> Any:
        return request(*arguments, timeout=timeout or _SILENCE, **options)

    client._http.request = bounded


def _parameters(values: dict[str, Any]) -> list[Any]:
    return [
        bigquery.ArrayQueryParameter(name, _TYPES[type(value[0])] if value else "STRING", value)
        if isinstance(value, list)
        else bigquery.ScalarQueryParameter(name, _TYPES.get(type(value), "STRING"), value)
        for name, value in values.items()
    ]


def _plain(value: Any) -> Any:
    """Instants in the project's form: UTC without a zone."""
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value
