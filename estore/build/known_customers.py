"""Known customers: the file that `customers_since` names, with dates of first orders."""

import csv
import hashlib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from unicodedata import category

import duckdb

from estore.errors import EstoreError
from estore.settings import Settings
from estore.warehouse import Warehouse
from estore.warehouse.quoting import quoted

#: The columns that the file must have; it may have others.
COLUMNS = ("user_id", "first_order_date")


#: What customers_since may be, as text.
ALLOWED = '"data": the shop began with the data, or a .csv file with user_id and first_order_date'


def check_since(value: Any, shop_file: Path) -> str:
    """The value of customers_since for SQL: "data", or the file's name, size and digest.

    The digest makes a build notice new content. Raises ValueError with the fix.
    """
    path = known_file(value, shop_file)
    if path is None:
        return "data"
    orders = first_orders(path, _digest(path))
    return f"{path.name} ({len(orders):,} customers, {_digest(path)})"


def known_file(value: Any, shop_file: Path) -> Path | None:
    """The file that customers_since names, if any; a relative path starts at shop.toml."""
    if value in (None, "data"):
        return None
    if not isinstance(value, str) or not value.lower().endswith(".csv"):
        raise ValueError(f"must be {ALLOWED}")
    try:
        path = shop_file.parent / Path(value).expanduser()
    except RuntimeError as error:
        raise ValueError(f"{error}; must be {ALLOWED}") from error
    if not path.is_file():
        raise ValueError(f"{path} is not a file; must be {ALLOWED}")
    return path


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error


@cache
def first_orders(path: Path, digest: str) -> dict[str, date]:
    """User → date of the first order; the earliest date if a user has several.

    digest: of the content, so that a changed file is read again. Raises EstoreError with file, row,
    column and fix.
    """
    found: dict[str, date] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.reader(stream, strict=True)
            header = [name.strip().lower() for name in next(rows, [])]
            if missing := [name for name in COLUMNS if name not in header]:
                raise EstoreError(
                    f'{path}: column "{missing[0]}" not found in the first row; '
                    f"write {','.join(COLUMNS)} there"
                )
            of_user, of_date = (header.index(name) for name in COLUMNS)
            for row in rows:
                if not any(row):
                    continue
                where = f"{path}: row {rows.line_num}"
                if len(row) != len(header):
                    raise EstoreError(
                        f"{where}: {len(row)} fields, but the first row has {len(header)}; "
                        "quote fields that contain commas"
                    )
                user, day = row[of_user].strip(), _day(row[of_date].strip(), where)
                if not user or any(category(letter) == "Cc" for letter in user):
                    raise EstoreError(
                        f'{where}, column "user_id": must be the id of a user in the data'
                    )
                found[user] = min(day, found.get(user, day))
    except UnicodeDecodeError as error:
        raise EstoreError(f"{path}: not UTF-8: {error.reason}; save it as UTF-8") from error
    except csv.Error as error:
        raise EstoreError(f"{path}: row {rows.line_num}: {error}; save it as plain CSV") from error
    if not found:
        raise EstoreError(f"{path}: no rows; add customers, or remove customers_since")
    return found


def _day(text: str, where: str) -> date:
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        shown = text if len(text) <= 40 else f"{text[:39]}…"
        raise EstoreError(
            f'{where}, column "first_order_date": {shown!r} is not a day; write it as 2019-04-30'
        ) from None


def write_known_customers(warehouse: Warehouse, settings: Settings, path: Path | None) -> None:
    """Replace raw.known_customers by the file's rows; without a file, it is empty."""
    orders = first_orders(path, _digest(path)) if path else {}
    settings.temp.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = settings.temp / "known_customers.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select unnest($users::varchar[]) as user_id, "
            "unnest($days::date[]) as first_order_date) "
            f"to {quoted(str(written))} (format parquet)",
            {"users": list(orders), "days": list(orders.values())},
        )
    try:
        warehouse.replace_known_customers(written)
    finally:
        written.unlink(missing_ok=True)
