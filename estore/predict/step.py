"""Step: the part of a build between two runs of dbt, which fits cells and stores predictions.

Only cells and what is expected of them travel between the warehouse and this process.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from estore.predict.tables import CELLS, FITS, TABLES, Needs
from estore.warehouse import Warehouse
from estore.warehouse.quoting import quoted


def prepare(warehouse: Warehouse, folder: Path) -> None:
    """Create the tables of predictions, empty, unless they exist: models refer to them."""
    missing = [name for name in TABLES if not warehouse.has_table("intermediate", name)]
    if missing:
        with _workplace(folder) as (connection, path):
            for name in missing:
                _store(warehouse, connection, name, path)


def clear(warehouse: Warehouse, folder: Path) -> None:
    """Empty the tables of predictions, or create them."""
    prepare(warehouse, folder)
    if warehouse.scalar("select count(*) from intermediate.int_predicted_fits"):
        with _workplace(folder) as (connection, path):
            for name in TABLES:
                _store(warehouse, connection, name, path)


def predict(warehouse: Warehouse, needs: Needs, folder: Path, *, all_dates: bool) -> None:
    """Fit the cells of this build and store the predictions.

    all_dates: past month ends that are not in this build are not kept.
    """
    from estore.predict.forecast import fit  # scipy takes half a second to import

    with _workplace(folder) as (connection, path):
        _read(warehouse, connection, "int_prediction_cells", path)
        _read(warehouse, connection, "int_predicted_fits", path)
        for (day, observed), columns in _by_date(connection):
            row, predicted = fit(columns["orders"], columns["values"], needs)
            _insert_fit(connection, {"as_of_date": day, "observed_days": observed, **row})
            if predicted:
                _insert_cells(connection, day, {**columns["orders"], **predicted})
        if not all_dates:
            connection.execute(
                "insert into new_int_predicted_fits from int_predicted_fits where observed_days "
                "is not null and as_of_date not in (select as_of_date from new_int_predicted_fits "
                "where observed_days is not null)"
            )
        for name in TABLES:
            _store(warehouse, connection, name, path)


class _workplace:
    """An engine in memory with new, empty tables, and a file to exchange tables through."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder = TemporaryDirectory(dir=folder, prefix="predict-")
        self.connection = duckdb.connect()

    def __enter__(self) -> tuple[duckdb.DuckDBPyConnection, Path]:
        for name, columns in TABLES.items():
            described = ", ".join(f"{column} {kind}" for column, kind in columns.items())
            self.connection.execute(f"create table new_{name} ({described})")
        return self.connection, Path(self.folder.name) / "table.parquet"

    def __exit__(self, *_: object) -> None:
        self.connection.close()
        self.folder.cleanup()


def _read(
    warehouse: Warehouse, connection: duckdb.DuckDBPyConnection, table: str, path: Path
) -> None:
    warehouse.export(f"select * from intermediate.{table}", path)
    connection.execute(f"create table {table} as from read_parquet({quoted(str(path))})")


def _store(
    warehouse: Warehouse, connection: duckdb.DuckDBPyConnection, table: str, path: Path
) -> None:
    connection.execute(
        f"copy (from new_{table} order by all) to {quoted(str(path))} (format parquet)"
    )
    warehouse.replace_table("intermediate", table, TABLES[table], path)


def _by_date(
    connection: duckdb.DuckDBPyConnection,
) -> Iterator[tuple[tuple[date, int | None], dict[str, dict[str, Any]]]]:
    """The cells of each fitted date, in a fixed order, so that sums are always the same."""
    dates = connection.execute(
        "select distinct as_of_date, observed_days from int_prediction_cells order by all"
    ).fetchall()
    for day, observed in dates:
        kinds: dict[str, dict[str, Any]] = {
            kind: connection.execute(
                "select * from int_prediction_cells where kind = ? and as_of_date = ? "
                "and observed_days is not distinct from ? order by all",
                [kind, day, observed],
            ).fetchnumpy()
            for kind in ("orders", "values")
        }
        yield (day, observed), kinds


def _insert_fit(connection: duckdb.DuckDBPyConnection, row: dict[str, Any]) -> None:
    connection.execute(
        f"insert into new_int_predicted_fits values ({', '.join('?' * len(FITS))})",
        [row.get(column) for column in FITS],
    )


def _insert_cells(
    connection: duckdb.DuckDBPyConnection, day: date, columns: dict[str, Any]
) -> None:
    names = [name for name in CELLS if name != "as_of_date"]
    connection.register("predicted", {name: columns[name] for name in names})
    connection.execute(
        f"insert into new_int_predicted_cells select ?, {', '.join(names)} from predicted", [day]
    )
    connection.unregister("predicted")
