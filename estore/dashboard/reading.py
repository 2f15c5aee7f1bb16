"""Reading: loads all data that pages need from a published version's files.

A server runs it in a separate process (`python -m estore.dashboard.reading FOLDER`), so the
engine's memory is freed and the server stays small.
"""

import pickle
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import numpy as np
from numpy.typing import NDArray

from estore.dashboard.cubes import MISSING, THOUSANDTHS, Cube, CubeAnswer
from estore.dashboard.pages import CubeShape, Pages, Query, read_pages
from estore.dashboard.selection import DataDays, Selection
from estore.dashboard.shown import EVENT_TYPES, Shown
from estore.errors import EstoreError
from estore.findings.findings import key_findings
from estore.snapshot.manifest import Manifest, check_snapshot, kept
from estore.warehouse.quoting import exact_path, quoted

#: The engine's settings while it reads a version; it is closed afterwards.
READING: dict[str, Any] = {"threads": 1, "memory_limit": "256MB"}
#: Decimal places of shares: more than any page shows, at half the bytes.
DIGITS = 6
#: Remainder values, which come last in lists.
REMAINDERS = ("other", "unknown")
Kind = TypeVar("Kind", np.int16, np.float64)


def read_version(folder: Path, pages: Pages) -> Shown:
    """All data that pages need from a version; it closes the engine afterwards."""
    manifest = check_snapshot(folder)
    tables = {path.stem: path for path in folder.glob("*.parquet")}
    with duckdb.connect(config=READING) as connection:
        connection.execute("set TimeZone = 'UTC'")
        for name, path in tables.items():
            connection.execute(
                f'create view "{name}" as select * from read_parquet({exact_path(path)})'
            )
        cubes = {
            name: read_cube(connection, tables[name], shape, *pages.columns_of(name))
            for name, shape in pages.cubes.items()
            if name in tables
        }
        return Shown(
            manifest,
            DataDays(*_row(connection, "select min(event_date), max(event_date), "
                           "max(event_date) filter (is_complete) from int_event_days")),
            cubes,
            {
                (query.page, query.name): _table(connection, query, tables.keys())
                for query in pages.all_queries() if query.table
            },
            _findings(connection, manifest),
            _options(cubes),
            _design_effects(connection) if "metrics_conversion_rates" in tables else {},
            _event_types(connection),
        )  # fmt: skip


def _design_effects(connection: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """Design effects by rate; older snapshots have none."""
    cursor = connection.execute("select * from metrics_conversion_rates where grain = 'overall'")
    names = [column[0] for column in cursor.description or ()]
    return {
        name.removesuffix("_design_effect"): value
        for name, value in zip(names, cursor.fetchone() or (), strict=False)
        if name.endswith("_design_effect") and value is not None
    }


def _event_types(connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """The types of which the source has sent any event."""
    counts = _row(connection, "select sum(view_count), sum(cart_add_count), sum(purchase_count) "
                  "from int_event_days")  # fmt: skip
    return tuple(name for name, count in zip(EVENT_TYPES, counts, strict=True) if count)


def read_cube(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    shape: CubeShape,
    dimensions: Sequence[str],
    measures: Sequence[str],
) -> Cube:
    """The requested columns of a published cube that exist in it."""
    source = f"read_parquet({exact_path(path)})"
    types = {
        name: kind for name, kind, *_ in connection.execute(f"describe from {source}").fetchall()
    }
    dimensions = [name for name in dimensions if name in types and name != shape.date]
    measures = [name for name in measures if name in types]
    amounts = frozenset(name for name in measures if types[name].startswith("DECIMAL"))
    values = {
        name: [value for (value,) in connection.execute(
            f"select distinct {name} from {source} order by 1").fetchall()]
        for name in dimensions
    }  # fmt: skip
    first, last = connection.execute(
        f"select min({shape.date}), max({shape.date}) from {source}"
    ).fetchone() or (None, None)
    values[shape.date] = _days(first, last)

    def column(said: str, kind: type[Kind], *parameters: object) -> NDArray[Kind]:
        # One by one: together they would need much more memory than the result.
        found = connection.execute(f"select {said} as value from {source}", parameters)
        return np.ascontiguousarray(found.fetchnumpy()["value"], dtype=kind)

    days = column(f"cast({shape.date} - ?::date as smallint)", np.int16, first)
    in_order = np.argsort(days, kind="stable")
    return Cube(
        shape, values,
        {shape.date: days[in_order]} | {
            name: column(f"cast(list_position(?, {name}) - 1 as smallint)", np.int16,
                         values[name])[in_order]
            for name in dimensions
        },
        {
            name: column(f"cast({name} * {THOUSANDTHS if name in amounts else 1} as double)",
                         np.float64)[in_order]
            for name in measures
        },
        amounts, first,
    )  # fmt: skip


def _days(first: date | None, last: date | None) -> list[str]:
    if first is None or last is None:
        return []
    return [str(first + timedelta(days=n)) for n in range((last - first).days + 1)]


def _table(connection: duckdb.DuckDBPyConnection, query: Query, known: Any) -> CubeAnswer:
    if query.table not in known:
        return MISSING
    described = connection.execute(f'describe "{query.table}"').fetchall()
    if not {*query.columns, *query.where} <= {name for name, *_ in described}:
        return MISSING
    columns = ", ".join(f'"{name}"' for name in query.columns)
    sql = f'select {columns} from "{query.table}"'
    if query.where:
        sql += " where " + " and ".join(
            f'"{name}" in ({", ".join(quoted(str(value)) for value in _values(asked))})'
            for name, asked in query.where.items()
        )
    if query.sort:
        sql += " order by " + ", ".join(f'"{name}"' for name in query.sort)
    rows = connection.execute(sql).fetchall()
    return CubeAnswer(query.columns, [[_plain(value) for value in row] for row in rows])


def _options(cubes: dict[str, Cube]) -> dict[str, list[str]]:
    """Filter values, highest revenue first."""
    plural = {"category": "categories", "brand": "brands", "segment": "segments"}
    return {named: _by_revenue(cubes, name) for name, named in plural.items()}


def _by_revenue(cubes: dict[str, Cube], name: str) -> list[str]:
    revenue: dict[str, float] = {}
    everything = Selection(None, None, None)
    for cube in cubes.values():
        column = cube.shape.filters.get(name)
        if column in cube.codes:
            asked = Query("", "", by=(column,), measures=("revenue_amount",))
            for value, amount in cube.answer(asked, everything).rows:
                revenue[value] = max(revenue.get(value, 0), amount)
    return sorted(revenue, key=lambda value: (value in REMAINDERS, -revenue[value], value))


def _row(connection: duckdb.DuckDBPyConnection, sql: str) -> Sequence[Any]:
    return connection.execute(sql).fetchone() or ()


def _values(asked: Any) -> list[Any]:
    """A filter's values as a list."""
    return asked if isinstance(asked, list) else [asked]


def _findings(connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> list[dict[str, Any]]:
    """The findings as JSON; empty if an older version lacks the columns for them."""
    try:
        found = [asdict(finding) for finding in key_findings(connection, manifest)]
    except EstoreError:
        return []
    return [
        {name: one[name] for name in ("topic", "sentence", "period", "caveat")} for one in found
    ]


def _plain(value: Any) -> Any:
    """The value in its JSON form."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, date) else value


if __name__ == "__main__":
    with kept(Path(sys.argv[1])) as asked:
        sys.stdout.buffer.write(pickle.dumps(read_version(asked, read_pages())))
