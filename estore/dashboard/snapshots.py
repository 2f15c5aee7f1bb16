"""Snapshots: the newest published version in memory, replaced while the server runs.

All that a page can ask is read once a version, so that answers need no file and no engine, and a
version may be deleted while it is shown.
"""

import logging
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from estore.dashboard.cubes import MISSING, Answer, Cube, read_cube
from estore.dashboard.pages import Pages, Query, read_pages
from estore.dashboard.selection import DataDays, Selection
from estore.findings import key_findings
from estore.publish import Manifest, current_version, read_manifest
from estore.settings import Settings
from estore.warehouse.duckdb import exact_path, quoted

#: Of the engine while a version is read; afterwards it is closed.
READING: dict[str, Any] = {"threads": 1, "memory_limit": "256MB"}
#: A version may be deleted while it is read: then there is a newer one.
ATTEMPTS = 5
#: What is no choice among the others comes last.
REMAINDERS = ("other", "unknown")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shown:
    """A published version, as far as pages show it."""

    manifest: Manifest
    days: DataDays
    cubes: dict[str, Cube]
    tables: dict[tuple[str, str], Answer]  # (page, query) → rows
    findings: list[dict[str, Any]]
    options: dict[str, list[str]]

    @property
    def version(self) -> str:
        """The version's name."""
        return self.manifest.version

    def answer(self, query: Query, selection: Selection) -> Answer:
        """The rows that a query asks for; an older snapshot may lack them."""
        if query.table:
            return self.tables[query.page, query.name]
        cube = self.cubes.get(query.cube or "")
        return cube.answer(query, selection) if cube else MISSING

    def about(self) -> dict[str, Any]:
        """What every page says of the data."""
        return {
            "version": self.version,
            "published_at": self.manifest.published_at,
            "as_of_date": self.manifest.as_of_date,
            "first_date": _plain(self.days.first),
            "last_date": _plain(self.days.last),
            "last_complete_date": _plain(self.days.last_complete),
            "thresholds": self.manifest.thresholds,
        }


class Snapshots:
    """The newest version; `refresh` looks whether there is a newer one."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.shown: Shown | None = None
        self._reading = threading.Lock()
        self._unreadable: Path | None = None

    def refresh(self) -> None:
        """Show the version that CURRENT names; the one before stays if that cannot be read."""
        with self._reading:
            folder = current_version(self.settings)
            if folder is None or (self.shown and folder.name == self.shown.version):
                return
            try:
                self.shown = read_current(self.settings)
                self._unreadable = None
            except (OSError, duckdb.Error, ValueError, TypeError) as error:
                if folder != self._unreadable:
                    log.error("%s cannot be shown: %s", folder, error)
                self._unreadable = folder


def read_current(settings: Settings) -> Shown | None:
    """Read the newest version, if there is one."""
    for attempt in range(ATTEMPTS):
        folder = current_version(settings)
        if folder is None:
            return None
        try:
            return read_version(folder, read_pages())
        except (OSError, duckdb.Error):
            if attempt == ATTEMPTS - 1 or folder == current_version(settings):
                raise
    return None


def read_version(folder: Path, pages: Pages) -> Shown:
    """All that pages ask of a version, through an engine that is closed again."""
    manifest = read_manifest(folder)
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
            [_plain_finding(asdict(finding)) for finding in key_findings(connection, manifest)],
            _options(cubes),
        )  # fmt: skip


def _table(connection: duckdb.DuckDBPyConnection, query: Query, known: Any) -> Answer:
    if query.table not in known:
        return MISSING
    described = connection.execute(f'describe "{query.table}"').fetchall()
    if not {*query.columns, *query.where} <= {name for name, *_ in described}:
        return MISSING
    columns = ", ".join(f'"{name}"' for name in query.columns)
    sql = f'select {columns} from "{query.table}"'
    if query.where:
        sql += " where " + " and ".join(
            f'"{name}" = {quoted(str(value))}' for name, value in query.where.items()
        )
    if query.sort:
        sql += " order by " + ", ".join(f'"{name}"' for name in query.sort)
    rows = connection.execute(sql).fetchall()
    return Answer(query.columns, [[_plain(value) for value in row] for row in rows])


def _options(cubes: dict[str, Cube]) -> dict[str, list[str]]:
    """Values to filter by, those with most revenue first."""
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


def _plain_finding(finding: dict[str, Any]) -> dict[str, Any]:
    return {name: finding[name] for name in ("topic", "sentence", "period", "caveat")}


def _plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, date) else value
