"""Tables: rows on their way out, as a table for people, or CSV or JSON for programs."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

#: A spreadsheet takes a text that begins so for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def render(columns: Sequence[str], rows: Sequence[Sequence[Any]], form: str) -> str:
    """Rows in the form `table`, `csv` or `json`; the last is a list of objects."""
    if form == "json":
        return to_json([dict(zip(columns, row, strict=True)) for row in rows])
    if form == "csv":
        return to_csv(columns, rows)
    return to_table(columns, rows)


def to_json(value: Any) -> str:
    """JSON with decimals as numbers and days and instants as ISO text."""
    return json.dumps(value, default=_plain, indent=2, ensure_ascii=False)


def to_csv(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """CSV that is safe in a spreadsheet: no text cell can run as a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([_inert(column) for column in columns])
    writer.writerows([_inert(value) for value in row] for row in rows)
    return buffer.getvalue().rstrip("\n")


def to_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """An aligned table; numbers to the right, as wide as it needs to be."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for position, column in enumerate(columns):
        is_number = any(isinstance(row[position], (int, float, Decimal)) for row in rows)
        table.add_column(Text(column), justify="right" if is_number else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(_shown(value)) for value in row))
    buffer = io.StringIO()
    Console(file=buffer, width=10_000, no_color=True).print(table)
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines())


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4f}"
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return str(value)


def _inert(value: Any) -> Any:
    return "'" + value if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return str(value)
