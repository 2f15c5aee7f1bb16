"""The shop's own file, `shop.toml`: how its columns map to ours, and its thresholds."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from estore.errors import EstoreError

#: Our columns in the order of a file without a header; True: a file must have it.
COLUMNS = {
    "event_time": True,
    "event_type": True,
    "product_id": True,
    "category_id": False,
    "category_code": False,
    "brand": False,
    "price": True,
    "user_id": True,
    "user_session": True,
    "order_id": False,
    "quantity": False,
}
#: What a file without a header holds, in this order.
PLAIN_COLUMNS = tuple(COLUMNS)[:9]

_TABLES = {
    "columns", "event_types", "time_zone", "delimiter", "earliest_date", "thresholds",
    "orchestration",
}  # fmt: skip
#: No online shop is older.
EARLIEST_DATE = "1995-01-01"

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class ShopConfig:
    """What one shop says about its files and its analytics; all empty by default."""

    columns: dict[str, str] = field(default_factory=dict)  # source column → ours
    event_types: dict[str, str] = field(default_factory=dict)  # source name → ours
    time_zone: str = "UTC"  # of times that name no zone themselves
    delimiter: str = ","
    earliest_date: str = EARLIEST_DATE  # a row of an earlier UTC day is rejected
    thresholds: dict[str, Any] = field(default_factory=dict)  # dbt var → value
    orchestration: dict[str, Any] = field(default_factory=dict)  # see estore/orchestration

    def source_of(self, column: str) -> str:
        """The source's name of one of our columns."""
        return next((theirs for theirs, ours in self.columns.items() if ours == column), column)


def read_shop(path: Path, *, must_exist: bool = False) -> ShopConfig:
    """Read a shop.toml; an absent one means all defaults unless it must exist.

    Raises EstoreError that names the file, the entry and the fix.
    """
    if not path.is_file():
        if must_exist:
            raise EstoreError(f"{path}: no such file; --mapping and ESTORE_SHOP name a shop.toml")
        return ShopConfig()
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EstoreError(f"{path}: not valid TOML: {error}") from error
    except OSError as error:
        raise EstoreError(f"{path}: cannot be read: {error.strerror}") from error
    if unknown := set(entries) - _TABLES:
        raise EstoreError(f"{path}: unknown entry {_names(unknown)}; known are {_names(_TABLES)}")
    if isinstance(first := entries.get("earliest_date"), date) and not isinstance(first, datetime):
        entries["earliest_date"] = str(first)
    config = ShopConfig(**entries)
    _check(path, config)
    return config


def _check(path: Path, config: ShopConfig) -> None:
    for table in ("columns", "event_types", "thresholds", "orchestration"):
        if not isinstance(getattr(config, table), dict):
            raise EstoreError(f"{path}: [{table}] must be a table of name = value lines")
    for entry in ("time_zone", "delimiter"):
        if not isinstance(getattr(config, entry), str):
            raise EstoreError(f"{path}: {entry} must be text in quotes")
    for table, entries in (("columns", config.columns), ("event_types", config.event_types)):
        for theirs, ours in entries.items():
            if not isinstance(ours, str) or not ours:
                raise EstoreError(f"{path}: [{table}] {theirs!r} must be set to a name in quotes")
    if not _DAY.fullmatch(str(config.earliest_date)) or not _is_day(config.earliest_date):
        raise EstoreError(
            f"{path}: earliest_date = {config.earliest_date!r} must be a day, as in 1995-01-01"
        )
    for theirs, ours in config.columns.items():
        if ours not in COLUMNS:
            raise EstoreError(
                f"{path}: [columns] {theirs!r} is mapped to {ours!r}, which is none of ours; "
                f"choose from {_names(COLUMNS)}"
            )
    _check_twice(path, "columns", "columns are mapped to", config.columns.values())
    types = [name.lower() for name in config.event_types]
    _check_twice(path, "event_types", "entries are, but for capitals, named", types)
    # The engine does not know the machine's own "localtime".
    if config.time_zone not in available_timezones() - {"localtime"}:
        raise EstoreError(
            f"{path}: time_zone {config.time_zone!r} is not known; use a name such as Europe/Berlin"
        )
    if len(config.delimiter) != 1 or config.delimiter.isalnum() or config.delimiter in '"\r\n\0 ':
        raise EstoreError(
            f"{path}: delimiter {config.delimiter!r} must be one character such as ; or \\t"
        )


def _is_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _check_twice(path: Path, table: str, said: str, names: Iterable[str]) -> None:
    counted = Counter(names)
    if twice := [name for name, count in counted.items() if count > 1]:
        raise EstoreError(f"{path}: [{table}] two {said} {_names(twice)}; keep one")


def _names(names: Any) -> str:
    return ", ".join(sorted(names))
