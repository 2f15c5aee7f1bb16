"""A shop in its own folder: tests write files, load, build, and read every table back."""

import csv
import fcntl
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import pytest
from bigquery_emulator import bigquery, bigquery_server  # noqa: F401 (fixtures)
from emulators import buckets, cloud_storage, s3  # noqa: F401 (fixtures)
from parses import StoredParses

from estore import pipeline
from estore.build import dbt_project
from estore.build.builder import BuildReport, Transform
from estore.console import Console
from estore.landing import find_files
from estore.load import LoadReport, load_files, withdraw
from estore.settings import Settings
from estore.shop import PLAIN_COLUMNS, ShopConfig
from estore.warehouse import open_warehouse as open_engine
from estore.warehouse.duckdb import open_warehouse

SAMPLE = Path(__file__).resolve().parents[2] / "shared" / "data" / "2019-Oct-head.csv.gz"
needs_sample = pytest.mark.skipif(
    not SAMPLE.is_file(), reason="the license of the real sample does not allow its distribution"
)

dbt_project._parsed = StoredParses()

COMPARED_SCHEMAS = ("staging", "intermediate", "marts", "metrics", "dashboard")
#: The content of these tables depends on which files had the rows, or on the previous build.
NOT_COMPARED = (
    "stg_lines", "int_renamed_products", "int_changed_cube_cells",
    "int_backtest_customers", "int_prediction_cells", "int_predicted_cells",
)  # fmt: skip
#: schema.table of all other built tables.
COMPARED_TABLES = (
    "select table_schema || '.' || table_name from information_schema.tables "
    "where list_contains($schemas, table_schema) and not list_contains($not_compared, table_name) "
    "order by 1"
)


#: Tests that `make test` leaves to `make test-slow`: files, files::tests, or files::tests[case].
SLOW = [
    line.split("\t")[0]
    for line in (Path(__file__).parent / "slow.txt").read_text().splitlines()
    if line and not line.startswith("#")
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the slow tests."""
    for item in items:
        name = item.nodeid.removeprefix("tests/")
        if {name, name.partition("[")[0], name.partition("::")[0]} & {*SLOW}:
            item.add_marker("slow")


class Workshop:
    """One home with a landing folder."""

    def __init__(self, folder: Path, shop: ShopConfig | None = None, **settings: Any) -> None:
        self.landing = folder / "landing"
        self.landing.mkdir(parents=True, exist_ok=True)
        self.settings = Settings(home=folder / "home", **settings)
        self.shop = shop or ShopConfig()

    def write(self, name: str, rows: Iterable[Mapping[str, Any]]) -> Path:
        """Write a CSV of events. A row needs only the values that differ from an ordinary view."""
        path = self.landing / name
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, [*PLAIN_COLUMNS, "order_id", "quantity"])
            writer.writeheader()
            writer.writerows({**ORDINARY, **row} for row in rows)
        return path

    def load(self, *names: str | Path) -> LoadReport:
        """Load files of the landing folder; without names, all of them."""
        places = [str(self.landing / name) for name in names] or [str(self.landing)]
        with open_engine(self.settings) as warehouse:
            return load_files(warehouse, find_files(places), self.shop, self.settings)

    def withdraw(self, name: str) -> None:
        """Withdraw a file's rows."""
        with open_engine(self.settings) as warehouse:
            withdraw(warehouse, str((self.landing / name).resolve()))

    def build(
        self, *, until: Literal["days", "marts", "tests"] = "marts", full_refresh: bool = False
    ) -> BuildReport:
        """Build the pending days. Skips the data tests, for speed, unless requested."""
        return Transform(self.settings, self.shop).build(until=until, full_refresh=full_refresh)

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        with open_warehouse(self.settings) as connection:
            return connection.execute(sql, list(parameters)).fetchall()

    def rows(self, table: str, columns: str = "*") -> list[dict[str, Any]]:
        """A table as dicts."""
        with open_warehouse(self.settings) as connection:
            cursor = connection.execute(f"select {columns} from {table}")
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every built table, with its rows sorted by their values."""
        with open_warehouse(self.settings) as connection:
            names = connection.execute(
                COMPARED_TABLES, {"schemas": COMPARED_SCHEMAS, "not_compared": NOT_COMPARED}
            ).fetchall()
            return {
                name: connection.execute(f"select * from {name} order by all").fetchall()
                for (name,) in names
            }


@pytest.fixture
def published_home(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Workshop:
    """A copy of a home with one built and published day. Its file is in the landing folder."""
    base = tmp_path_factory.getbasetemp()
    original = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "published-home"
    with original.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (original / "home" / "published" / "CURRENT").is_file():
            made = Workshop(original)
            made.write("a.csv", [{"event_type": kind} for kind in ("view", "cart", "purchase")])
            files = find_files([str(made.landing)])
            pipeline.run(made.settings, made.shop, files, Console(quiet=True))
    for name in ("home", "landing"):
        shutil.copytree(original / name, tmp_path / name)
    return Workshop(tmp_path)


ORDINARY = {
    "event_time": "2019-10-01 12:00:00 UTC",
    "event_type": "view",
    "product_id": "1001",
    "category_id": "2053013555631882655",
    "category_code": "electronics.smartphone",
    "brand": "samsung",
    "price": "100.00",
    "user_id": "501",
    "user_session": "aaaa",
    "order_id": "",
    "quantity": "",
}


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """An empty shop."""
    return Workshop(tmp_path)


@pytest.fixture
def open_workshop(tmp_path: Path) -> Callable[..., Workshop]:
    """Opens further empty shops."""
    numbers = iter(range(1_000))

    def open_another(**options: Any) -> Workshop:
        return Workshop(tmp_path / f"shop{next(numbers)}", **options)

    return open_another
