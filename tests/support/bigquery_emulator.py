"""BigQuery without an account: the Python emulator, reading the objects of fake-gcs-server."""

import math
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from emulators import CloudStorage, free_port, wait_until_up

from estore.cli import main
from estore.console import Console
from estore.landing import find_files
from estore.pipeline import RunReport, run
from estore.settings import Settings
from estore.shop import ShopConfig
from estore.warehouse import open_warehouse
from estore.warehouse.base import BUILT

#: Columns for which DuckDB may use a different type until the marts.
TYPED_IDS = ("user_id", "user_session", "product_id")

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-bigquery" / "bin" / "python"
_NUMBERS = count(1)


@dataclass
class BigQuery:
    """A running emulator. `environment` has the variables that clients need to find it."""

    project: str
    storage: CloudStorage
    environment: dict[str, str] = field(default_factory=dict)

    def new_name(self) -> str:
        """An unused PROJECT.DATASET."""
        return f"{self.project}.shop_{next(_NUMBERS):04}"  # see parses.py


@pytest.fixture(scope="session")
def bigquery_server(
    cloud_storage: CloudStorage, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BigQuery]:
    """An empty BigQuery, together with Cloud Storage."""
    assert PYTHON.is_file(), "the emulator is not installed: make .venv-bigquery/.made"
    port, grpc_port = free_port(), free_port()
    endpoint = f"http://127.0.0.1:{port}"
    log = tmp_path_factory.mktemp("bigquery") / "log"
    command = [PYTHON, ROOT / "tests" / "bigquery" / "launch.py", "start", "--rest-port", str(port),
               "--grpc-port", str(grpc_port), "--project", "shop-ci"]  # fmt: skip
    environment = {**os.environ, "BQEMU_GCS_LOCAL_ROOT": str(cloud_storage.root)}
    with (
        log.open("wb") as output,
        subprocess.Popen(command, env=environment, stdout=output, stderr=output) as server,
    ):
        try:
            wait_until_up(f"{endpoint}/bigquery/v2/projects/shop-ci/datasets", server)
            client_environment = {**cloud_storage.environment, "BIGQUERY_EMULATOR_HOST": endpoint}
            yield BigQuery("shop-ci", cloud_storage, client_environment)
        finally:
            server.kill()


@pytest.fixture(scope="module")
def bigquery(bigquery_server: BigQuery) -> Iterator[BigQuery]:
    """The emulator, with its environment variables set."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in bigquery_server.environment.items():
            patch.setenv(name, value)
        yield bigquery_server


class CloudShop:
    """A bucket that one engine loads into its own home or datasets."""

    def __init__(self, folder: Path, bucket: str, **settings: Any) -> None:
        self.bucket = bucket
        self.settings = Settings(home=folder, **settings)
        self.shop = ShopConfig()

    def run(self) -> RunReport:
        """Load the files in the bucket, build, test, publish."""
        report = run(self.settings, self.shop, find_files([self.bucket]), Console(quiet=True))
        assert report.built.holds, report.built.problems
        return report

    def estore(self, *arguments: str) -> str:
        """The output of a command, which must succeed."""
        settings = self.settings
        environment = {"ESTORE_TARGET": settings.target, "ESTORE_BIGQUERY": settings.bigquery}
        result = CliRunner().invoke(
            main, ["--home", str(settings.home), *arguments], env=environment
        )
        assert result.exit_code == 0, result.output
        return result.stdout

    def table(self, name: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Columns and rows of a table, with the rows sorted by their values.

        Ids as text: until the marts, DuckDB keeps some in a type of their own.
        """
        with open_warehouse(self.settings) as warehouse:
            columns = columns_of(warehouse, name)
            values = (
                f"cast({column} as string) as {column}" if column in TYPED_IDS else column
                for column in columns
            )
            rows = warehouse.select(f"select {', '.join(values)} from {name}")
        return columns, sorted((tuple(map(_plain, row)) for row in rows), key=_order)


def tables_in(warehouse: Any, schema: str) -> set[str]:
    """The tables and views of a BigQuery dataset."""
    dataset = f"{warehouse.project}.{warehouse.dataset}_{schema}"
    return {found.table_id for found in warehouse.client.list_tables(dataset)}


def columns_of(warehouse: Any, name: str) -> list[str]:
    """The columns of a table or view, on either engine."""
    schema, table = name.split(".")
    if warehouse.name == "bigquery":
        return [
            column.name
            for column in warehouse.client.get_table(warehouse.table(schema, table)).schema
        ]
    rows = warehouse.select(f"select column_name from (describe {name})")
    return [column for (column,) in rows]


def built_tables(shop: CloudShop) -> list[str]:
    """schema.table of everything that is built, except the view that shows ids of files."""
    with open_warehouse(shop.settings) as warehouse:
        rows = warehouse.select(
            "select table_schema || '.' || table_name from information_schema.tables "
            "where list_contains($schemas, table_schema) and table_name <> 'stg_lines' order by 1",
            schemas=list(BUILT),
        )
    return [name for (name,) in rows]


def assert_equal(cloud: CloudShop, local: CloudShop) -> tuple[int, int, int]:
    """Assert that all built tables are equal. Returns the number of tables, rows and columns."""
    tables = rows = columns = 0
    faults: list[str] = []
    for name in built_tables(local):
        wanted_columns, wanted = local.table(name)
        found_columns, found = cloud.table(name)
        assert sorted(found_columns) == sorted(wanted_columns), name
        order = [found_columns.index(column) for column in wanted_columns]
        found = sorted((tuple(row[place] for place in order) for row in found), key=_order)
        assert len(found) == len(wanted), f"{name}: {len(found)} rows instead of {len(wanted)}"
        for one, other in zip(found, wanted, strict=True):
            different = [
                (column, value, expected)
                for column, value, expected in zip(wanted_columns, one, other, strict=True)
                if not same_value(value, expected)
            ]
            if different:
                faults.append(f"{name}: {different} in {other}")
                break
        tables, rows, columns = tables + 1, rows + len(wanted), columns + len(wanted_columns)
    assert not faults, "\n".join(faults)
    return tables, rows, columns


def same_value(value: Any, expected: Any) -> bool:
    """Whether two engines' values are equal; floats within 1e-9."""
    if isinstance(value, float) and isinstance(expected, float):
        return math.isclose(value, expected, rel_tol=1e-9, abs_tol=1e-9)
    return type(value) is type(expected) and value == expected


def _plain(value: Any) -> Any:
    """A comparable value: timestamps without zone, money without trailing zeros."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return value.normalize() if isinstance(value, Decimal) else value


def _order(row: tuple[Any, ...]) -> tuple[str, ...]:
    """A sort key with rounded floats last, so that a last digit cannot move a row."""
    exact = [repr(value) for value in row if not isinstance(value, float)]
    return (*exact, *(f"{value:.5g}" for value in row if isinstance(value, float)))
