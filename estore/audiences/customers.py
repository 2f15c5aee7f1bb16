"""Customers: the published rows of dim_customers, from which audiences select."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from estore.audiences.conditions import TABLE
from estore.audiences.definitions import Audience, Definitions
from estore.errors import EstoreError
from estore.settings import Settings
from estore.snapshot.manifest import (
    Manifest,
    check_snapshot,
    current_snapshot,
    missing_snapshot,
)
from estore.snapshot.reader import allow_files
from estore.warehouse.duckdb import engine_config
from estore.warehouse.quoting import exact_path

#: The columns that `estore audience show` prints.
SHOWN = ("user_id", "rfm_segment", "activity_status", "order_count", "net_revenue_amount",
         "last_order_date", "favorite_category", "favorite_brand")  # fmt: skip


class Customers:
    """The customers of one snapshot. Its connection can read their file and nothing else."""

    #: The snapshot's description, where the file is part of a complete one.
    manifest: Manifest

    def __init__(self, connection: duckdb.DuckDBPyConnection, definitions: Definitions) -> None:
        self.connection, self.definitions = connection, definitions

    def sizes(self, audiences: Sequence[Audience]) -> dict[str, int]:
        """Audience → customers in it, at most its limit."""
        for audience in audiences:
            self._check(audience)
        counts = ", ".join(f"count(*) filter ({_condition(each)})" for each in audiences)
        try:
            found = list(self.connection.execute(f"select {counts} from {TABLE}").fetchone() or ())
        except duckdb.Error:  # one by one, the error names its audience
            found = [
                self._rows(each, f"select count(*) from {TABLE} where {_condition(each)}")[0][0]
                for each in audiences
            ]
        return {
            each.name: min(count, each.limit or count)
            for each, count in zip(audiences, found, strict=True)
        }

    def count(self) -> int:
        """All customers."""
        row = self.connection.execute(f"select count(*) from {TABLE}").fetchone()
        return int(row[0]) if row else 0

    def as_of(self) -> date | None:
        """The day treated as today; None without customers."""
        row = self.connection.execute(f"select max(as_of_date) from {TABLE}").fetchone()
        return row[0] if row else None

    def rows(
        self, audience: Audience, columns: Sequence[str], limit: int | None = None
    ) -> list[tuple[Any, ...]]:
        """The audience's customers in its order; ties are ordered by user_id."""
        order = f"{audience.order_by}\n, user_id" if audience.order_by else "user_id"
        sql = (
            f"select {', '.join(columns)} from {TABLE} where {_condition(audience)} "
            f"order by {order}" + (f" limit {int(limit)}" if limit is not None else "")
        )
        return self._rows(audience, sql)

    def _check(self, audience: Audience) -> None:
        """Raises EstoreError unless the engine can compare what the condition compares."""
        sql = f"select typeof({_condition(audience)}) from {TABLE} limit 1"
        for (kind,) in self._rows(audience, sql):
            if kind not in ("BOOLEAN", '"NULL"'):
                raise EstoreError(
                    f"{self._said(audience)} is a value and no condition; compare it, as in "
                    "order_count > 1"
                )

    def _rows(self, audience: Audience, sql: str) -> list[tuple[Any, ...]]:
        try:
            return self.connection.execute(sql).fetchall()
        except duckdb.Error as error:
            said = str(error).split("\n")[0]
            raise EstoreError(f"{self._said(audience)}: {said}") from error

    def _said(self, audience: Audience) -> str:
        return f"{self.definitions.path}: [{audience.name}] where"


def _condition(audience: Audience) -> str:
    return f"(\n{audience.where}\n)"


@contextmanager
def open_customers(settings: Settings, definitions: Definitions) -> Iterator[Customers]:
    """The customers of the newest snapshot; works while a run is in progress.

    Raises EstoreError without a snapshot, Damaged if a file has changed.
    """
    with current_snapshot(settings) as folder:
        if folder is None:
            raise EstoreError(missing_snapshot(settings))
        manifest = check_snapshot(folder)
        if TABLE not in manifest.tables:
            raise EstoreError(
                f"{folder} has no {TABLE}: an older version published it. Run `estore build`"
            )
        with reading_customers(settings, folder / f"{TABLE}.parquet", definitions) as customers:
            customers.manifest = manifest
            yield customers


@contextmanager
def reading_customers(
    settings: Settings, file: Path, definitions: Definitions
) -> Iterator[Customers]:
    """The customers of a file, through a connection that can read nothing else."""
    with duckdb.connect(config=engine_config(settings)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"create view {TABLE} as select * from read_parquet({exact_path(file)})")
        allow_files(connection, [file])
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        yield Customers(connection, definitions)
