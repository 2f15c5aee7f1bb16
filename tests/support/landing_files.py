"""Good and bad event files of shops, and a home that loads them."""

import csv
import gzip
import io
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from backports import zstd

from estore.landing import find_files
from estore.load import LoadReport, load_files, withdraw
from estore.load.ledger import Entry
from estore.load.loader import Outcome
from estore.settings import Settings
from estore.shop import PLAIN_COLUMNS, ShopConfig
from estore.warehouse.duckdb import SCHEMA, DuckDBWarehouse

TABLES = ("raw.events", "raw.files", "raw.rejects", "raw.file_days", "raw.touched_days")
HEADER = ",".join(PLAIN_COLUMNS)
EVENT = {
    "event_time": "2019-10-01 12:00:00 UTC",
    "event_type": "view",
    "product_id": "1001",
    "category_id": "2103807459595387724",
    "category_code": "electronics.smartphone",
    "brand": "samsung",
    "price": "35.79",
    "user_id": "541312140",
    "user_session": "72d76fde-8bb3-4e00-8c23-a032dfed738c",
}


def line(columns: Sequence[str] = PLAIN_COLUMNS, **fields: str) -> str:
    """One row of a file. Only fields that differ from an ordinary view are needed."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow({**EVENT, **fields}[name] for name in columns)
    return buffer.getvalue()[:-1]


def lines(count: int, first: int = 1001) -> list[str]:
    """Good rows with distinct product_ids."""
    return [line(product_id=str(first + number)) for number in range(count)]


def text(rows: Iterable[str], header: str | None = HEADER, end: str = "\n") -> bytes:
    """A file with these rows."""
    return "".join(row + end for row in ([header] if header else []) + list(rows)).encode()


def gz(data: bytes) -> bytes:
    """The same, as gzip."""
    return gzip.compress(data, mtime=0)


def zst(data: bytes) -> bytes:
    """The same, as zstd."""
    return zstd.compress(data)


def parquet(path: Path, select: str) -> None:
    """Write the result of a query as Parquet."""
    with duckdb.connect() as connection:
        connection.execute(f"copy ({select}) to '{path}' (format parquet)")


@cache
def _warehouse() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'; set preserve_insertion_order = false")
    connection.execute(SCHEMA)
    return connection


def _empty_warehouse() -> duckdb.DuckDBPyConnection:
    """One in-memory warehouse for all tests: opening one per test takes a third of their time."""
    connection = _warehouse()
    connection.execute("drop table raw.events; " + SCHEMA)  # a test may have made its ids text
    for table in TABLES:
        connection.execute(f"delete from {table}")
    connection.execute("set threads = 1")
    return connection


class Home:
    """A landing folder and its warehouse; only one home at a time."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.landing = folder / "landing"
        self.landing.mkdir(parents=True, exist_ok=True)
        self.settings = Settings(home=folder / "home", **settings)
        self.connection = _empty_warehouse()
        self.warehouse = DuckDBWarehouse(self.connection)

    def write(self, name: str, data: bytes) -> Path:
        """Put a file into the landing folder."""
        path = self.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def load(
        self, *names: str, shop: ShopConfig | None = None, restore: bool = False
    ) -> LoadReport:
        """Load these files; without names, the complete folder."""
        files = find_files([str(self.landing / name) for name in names] or [str(self.landing)])
        report = load_files(
            self.warehouse, files, shop or ShopConfig(), self.settings, restore=restore
        )
        self.check_accounts()
        return report

    def load_one(
        self, name: str, data: bytes | None = None, *, shop: ShopConfig | None = None
    ) -> Outcome:
        """Write and load one file."""
        if data is not None:
            self.write(name, data)
        (outcome,) = self.load(name, shop=shop).outcomes
        return outcome

    def withdraw(self, name: str) -> tuple[Entry, Entry | None]:
        """Withdraw a file's rows."""
        taken = withdraw(self.warehouse, str(self.landing / name))
        self.check_accounts()
        return taken

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        return self.connection.execute(sql, list(parameters)).fetchall()

    def products(self) -> list[str]:
        """The product of every loaded row, in order."""
        rows = self.query("select product_id::varchar from raw.events order by 1")
        return [product for (product,) in rows]

    def events(self) -> list[tuple[Any, ...]]:
        """Every loaded row without its file, with ids as text."""
        return self.query(
            "select * exclude (file_id) replace (product_id::varchar as product_id, "
            "user_id::varchar as user_id, user_session::varchar as user_session) "
            "from raw.events order by all"
        )

    def rejects(self) -> list[tuple[Any, ...]]:
        """(line number, text, reason) of every rejected row."""
        return self.query(
            "select line_number, line_text, reason from raw.rejects order by uri, line_number"
        )

    def statuses(self) -> dict[str, str]:
        """The current status of each file, without older contents of a path."""
        rows = self.query("select uri, status from raw.files where status <> 'replaced'")
        assert len(rows) == len(dict(rows)), rows
        return {Path(uri).name: status for uri, status in rows}

    def check_accounts(self) -> None:
        """Every row of every loaded file is loaded or rejected, and there are no other rows."""
        assert not self.query(
            """
            with held as (
                select file_id, count(*) as rows_held from raw.events group by all
            ), refused as (
                select file_id, count(*) as lines_refused from raw.rejects group by all
            ), days as (
                select file_id, sum(event_count) as day_rows from raw.file_days group by all
            )
            select * from (from raw.files where status = 'loaded') as files
            full join held using (file_id)
            full join refused using (file_id)
            full join days using (file_id)
            where uri is null
                or lines <> loaded + rejected + coalesce(ignored, 0) + coalesce(forgotten, 0)
                or loaded <> coalesce(rows_held, 0)
                or loaded <> coalesce(day_rows, 0)
                or rejected <> coalesce(lines_refused, 0)
            """
        )
