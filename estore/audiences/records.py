"""Records: who was in each export, in HOME/audiences/NAME/000001.parquet.

One row per export and customer, in one file per export. They cannot be recomputed, so no build
touches them. docs/decisions/0021-records-of-exports.md gives the reasons.
"""

import fcntl
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from estore.errors import Busy, Damaged
from estore.home import make_home
from estore.settings import Settings
from estore.warehouse.quoting import exact_path, quoted

#: Results of a customer: in the file, held out as control, or left out with the reason.
EXPORTED, CONTROL, LEFT = "exported", "control", "left"
#: Results that put a customer into a test group.
ASSIGNED = (EXPORTED, CONTROL)
_FILE = re.compile(r"\d{6}\.parquet")


@dataclass(frozen=True)
class Member:
    """One customer of an export. change: entered, stayed or left since the export before.

    The orders and the revenue are those before the export.
    """

    user_id: str
    change: str
    result: str
    orders_before: int
    revenue_before: Decimal


@dataclass(frozen=True)
class Export:
    """One export: its number within the audience, its time, and the day of its data."""

    audience: str
    number: int
    exported_at: str
    as_of_date: str
    snapshot: str
    format: str
    control_share: float
    seed: str
    counts: dict[str, int]  # change or result → customers

    @property
    def day(self) -> date:
        """The last day of the data from which it selected."""
        return date.fromisoformat(self.as_of_date)


class Records:
    """The recorded exports of a home."""

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.home / "audiences"

    def file(self, audience: str, number: int) -> Path:
        """The file of an export."""
        return self.folder / audience / f"{number:06d}.parquet"

    def exports(self, audience: str) -> list[Export]:
        """The exports of an audience, oldest first; raises Damaged for an unreadable file."""
        found = self.folder / audience
        paths = sorted(path for path in found.glob("*.parquet") if _FILE.fullmatch(path.name))
        return [_read_export(path) for path in paths]

    def audiences(self) -> list[str]:
        """The names of all audiences with an export."""
        return sorted(path.parent.name for path in self.folder.glob("*/000001.parquet"))

    def members(self, export: Export) -> list[Member]:
        """The customers of an export, by user_id."""
        path = self.file(export.audience, export.number)
        sql = (
            "select user_id, change, result, orders_before, revenue_before "
            f"from read_parquet({exact_path(path)}) order by user_id"
        )
        with _reading(path) as connection:
            return [Member(*row) for row in connection.execute(sql).fetchall()]

    def assigned(self, audience: str) -> dict[str, date]:
        """Customer who was ever exported or held out → the last day of such an export."""
        if not self.exports(audience):
            return {}
        sql = (
            f"select user_id, max(as_of_date) from read_parquet({files_of(self, audience)}) "
            f"where result in {ASSIGNED} group by user_id"
        )
        with _reading(self.folder / audience) as connection:
            return dict(connection.execute(sql).fetchall())

    def write(self, path: Path, export: Export, members: Sequence[Member]) -> None:
        """Write an export to a file and make sure that it is on the disk."""
        columns: dict[str, Any] = {
            "user_id": np.array([each.user_id for each in members], dtype=object),
            "change": np.array([each.change for each in members], dtype=object),
            "result": np.array([each.result for each in members], dtype=object),
            "orders_before": np.array([each.orders_before for each in members], dtype=np.int64),
            "revenue_before": np.array([str(each.revenue_before) for each in members],
                                       dtype=object),
        }  # fmt: skip
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with duckdb.connect() as connection:
            connection.register("members", columns)
            connection.execute(
                f"""
                copy (
                    select
                        {quoted(export.audience)} as audience,
                        cast({export.number} as bigint) as export_number,
                        date {quoted(export.as_of_date)} as as_of_date,
                        cast(user_id as varchar) as user_id,
                        cast(change as varchar) as change,
                        cast(result as varchar) as result,
                        orders_before,
                        cast(revenue_before as decimal(18, 3)) as revenue_before
                    from members
                    order by user_id
                ) to {quoted(str(path))} (
                    format parquet, kv_metadata {{export: {quoted(json.dumps(asdict(export)))}}}
                )
                """
            )
        path.chmod(0o600)
        synced(path)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Holds the lock of all exports of a home; raises Busy if another process has it."""
        make_home(self.folder.parent)
        self.folder.mkdir(exist_ok=True, mode=0o700)
        lock = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Busy(
                    f"{self.folder}: another export is in progress; try again after it ends"
                ) from error
            yield
        finally:
            os.close(lock)


def files_of(records: Records, audience: str) -> str:
    """The files of all exports of an audience, as an SQL literal."""
    return exact_path(records.folder / audience).removesuffix("'") + "/*.parquet'"


def synced(path: Path) -> None:
    """Make sure that a file or folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _reading(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    try:
        with duckdb.connect() as connection:
            yield connection
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        said = str(error).split("\n")[0]
        raise Damaged(f"{path} cannot be read: {said}. Restore it from a backup") from error


def _read_export(path: Path) -> Export:
    sql = f"select value from parquet_kv_metadata({exact_path(path)}) where key = 'export'"
    with _reading(path) as connection:
        row = connection.execute(sql).fetchone()
    try:
        return Export(**json.loads(row[0] if row else "{}"))
    except (ValueError, TypeError) as error:
        raise Damaged(f"{path} cannot be read. Restore it from a backup") from error
